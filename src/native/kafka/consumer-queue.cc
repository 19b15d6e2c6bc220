// The one place that knows the official package's classes: the librdkafka handle of its consumer.
#include "src/kafka-consumer.h"

#include "node-api.h"
#include "poller-api.h"

namespace sink {

rd_kafka_queue_t* ConsumerQueueOf(napi_env env, napi_value client) {
  shim::Frame frame(shim::Of(env), true);
  RdKafka::Handle* handle = nullptr;
  try {
    handle = Nan::ObjectWrap::Unwrap<NodeKafka::KafkaConsumer>(v8::Local<v8::Object>(client))->GetClient();
  } catch (const shim::Unwind&) {
    if (frame.error) napi_throw(env, frame.error);
    throw Pending{};
  }
  if (!handle) throw BadArgument("the consumer is not connected");
  rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(handle->c_ptr());
  if (!queue) throw BadArgument("the consumer has no queue");
  // The binding wakes the JavaScript thread each time that the queue is no longer empty, for a callback that nobody has set.
  rd_kafka_queue_cb_event_enable(queue, nullptr, nullptr);
  return queue;
}

}  // namespace sink
