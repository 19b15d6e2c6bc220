// The poller as JavaScript sees it.
#pragma once
#include <rdkafka.h>
#include <node_api.h>

namespace sink {

/** Puts `poller` into the addon's `sink`: src/kafka/poller.ts has its types. */
void RegisterPoller(napi_env env, napi_value exports);

/**
 * The queue of the official client's consumer (its native object), to be destroyed by the caller.
 * @throws BadArgument when it is none, or is not connected; Pending
 */
rd_kafka_queue_t* ConsumerQueueOf(napi_env env, napi_value client);

}  // namespace sink
