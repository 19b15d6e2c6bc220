// Our own native code, linked into the official client's addon so that both use one librdkafka and one OpenSSL: its parts
// register what they offer to JavaScript.
#include "decode/plan-of.h"
#include "decode/vectors.h"
#include "http2/register.h"
#include "kafka/poller-api.h"
#include "memory.h"
#include "node-api.h"
#include "rows/objects.h"

extern "C" void register_beside(napi_env env, napi_value exports);

extern "C" void register_beside(napi_env env, napi_value exports) {
  try {
    napi_value object;
    sink::Check(env, napi_create_object(env, &object), "sink");
    sink::RegisterDecode(env, object);
    sink::RegisterVectors(env, object);
    sink::http2::Register(env, object);
    sink::Check(env, napi_set_named_property(env, exports, "sink", object), "sink");
    sink::TuneAllocator();
    sink::RegisterRows(env, object);
    sink::RegisterPoller(env, object);
  } catch (...) {
    napi_throw_error(env, nullptr, "the sink's native code cannot be registered");
  }
}
