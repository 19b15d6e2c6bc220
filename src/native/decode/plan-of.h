// A plan as JavaScript describes it, and what of this folder JavaScript can call.
#pragma once
#include <memory>

#include "../node-api.h"
#include "decode.h"

namespace sink {

/**
 * @param description a NativePlan of src/milvus/collection/native-plan.ts
 * @throws BadArgument, Pending, std::bad_alloc
 */
std::shared_ptr<const Plan> PlanOf(napi_env env, napi_value description);

/** Puts `decode` into the addon's `sink`: src/decode/native.ts has its types. @throws BadArgument, Pending */
void RegisterDecode(napi_env env, napi_value sink);

}  // namespace sink
