// The HTTP/2 client as JavaScript has it: `http2` of the addon's `sink`.
#pragma once
#include <node_api.h>

namespace sink::http2 {

/**
 * Adds `http2` to `exports`, an object with
 *   open(options, deliver) → channel      options and deliver: src/native.ts
 *   call(channel, id, path, body, timeoutMs)
 *   cancel(channel, id)
 *   close(channel)
 *   copy(bytes) → Buffer
 */
void Register(napi_env env, napi_value exports);

}  // namespace sink::http2
