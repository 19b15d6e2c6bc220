// Float vectors of records that are read in JavaScript.
#pragma once
#include <node_api.h>

namespace sink {

/** Puts `vectors` into the addon's `sink`: src/decode/json/addon.ts has its types. @throws BadArgument, Pending */
void RegisterVectors(napi_env env, napi_value sink);

}  // namespace sink
