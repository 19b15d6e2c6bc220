#include "poller-api.h"

#include <memory>
#include <utility>

#include "poller.h"
#include "rows/objects.h"
#include "rows/values.h"

namespace sink {

namespace {

/** A poller and the way back to JavaScript. Freed by the last of: the thread's end, and the External's. */
struct PollerHandle {
  std::unique_ptr<Poller> poller;
};

/** What the thread calls back with; released when the thread has ended. */
struct WayBack {
  napi_threadsafe_function function = nullptr;
  /** The environment is being torn down: the function may not be used any more. */
  bool closed = false;
};

napi_value ErrorsToJs(napi_env env, const std::vector<PollError>& errors) {
  napi_value array;
  Check(env, napi_create_array_with_length(env, errors.size(), &array), "errors");
  for (uint32_t i = 0; i < errors.size(); ++i) {
    napi_value object, code, message;
    Check(env, napi_create_object(env, &object), "an error");
    Check(env, napi_create_int32(env, errors[i].code, &code), "a code");
    Check(env, napi_create_string_utf8(env, errors[i].message.data(), errors[i].message.size(), &message), "a message");
    Set(env, object, "code", code);
    Set(env, object, "message", message);
    Check(env, napi_set_element(env, array, i, object), "an error");
  }
  return array;
}

/** Calls `polled(chunk | undefined, errors, failure, ended)`. */
void Deliver(napi_env env, napi_value callback, Polled polled) {
  napi_value undefined, failure, ended, arguments[4];
  Check(env, napi_get_undefined(env, &undefined), "undefined");
  Check(env, napi_create_string_utf8(env, polled.failure.data(), polled.failure.size(), &failure), "a failure");
  Check(env, napi_get_boolean(env, polled.ended, &ended), "a boolean");
  arguments[0] = polled.chunk ? ChunkToJs(env, std::move(polled.chunk)) : undefined;
  arguments[1] = ErrorsToJs(env, polled.errors);
  arguments[2] = failure;
  arguments[3] = ended;
  Check(env, napi_call_function(env, undefined, callback, 4, arguments, nullptr), "the poller's callback");
}

void OnJavaScriptThread(napi_env env, napi_value callback, void*, void* data) {
  std::unique_ptr<Polled> polled(static_cast<Polled*>(data));
  if (!env) return;  // it is being torn down
  try {
    Deliver(env, callback, std::move(*polled));
  } catch (const Pending&) {
    // What JavaScript has thrown goes on as an uncaught exception.
    napi_value error;
    if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
  } catch (const std::exception& error) {
    napi_value message, thrown;
    if (napi_create_string_utf8(env, error.what(), NAPI_AUTO_LENGTH, &message) == napi_ok &&
        napi_create_error(env, nullptr, message, &thrown) == napi_ok)
      napi_fatal_exception(env, thrown);
  }
}

/** makePoller(client, polled(chunk, errors, failure, ended)) */
napi_value MakePoller(napi_env env, napi_callback_info info) {
  Arguments<2> args(env, info);
  auto back = std::make_shared<WayBack>();
  napi_value name;
  Check(env, napi_create_string_utf8(env, "kafka poll", NAPI_AUTO_LENGTH, &name), "a name");
  rd_kafka_queue_t* queue = ConsumerQueueOf(env, args[0]);
  if (napi_create_threadsafe_function(env, args[1], nullptr, name, 0, 1, nullptr, nullptr, nullptr, OnJavaScriptThread,
                                      &back->function) != napi_ok) {
    rd_kafka_queue_destroy(queue);
    throw BadArgument("a function is expected");
  }
  const auto done = [back](std::unique_ptr<Polled> polled) {
    const bool ended = polled->ended;
    if (back->closed) return;
    const napi_status called = napi_call_threadsafe_function(back->function, polled.get(), napi_tsfn_blocking);
    if (called == napi_ok) polled.release();
    back->closed = called == napi_closing;
    if (ended && !back->closed) napi_release_threadsafe_function(back->function, napi_tsfn_release);
  };
  try {
    return OwnedExternal(env, PollerHandle{std::make_unique<Poller>(queue, done)});
  } catch (...) {
    rd_kafka_queue_destroy(queue);
    napi_release_threadsafe_function(back->function, napi_tsfn_release);
    throw;
  }
}

/** poll(poller, maxRecords, waitMs, plan | null): false when one is under way, or it has been stopped. */
napi_value Ask(napi_env env, napi_callback_info info) {
  Arguments<4> args(env, info);
  PollRequest request;
  request.max_records = static_cast<size_t>(NumberOf(env, args[1]));
  request.wait_ms = static_cast<int>(NumberOf(env, args[2]));
  if (!IsMissing(env, args[3])) request.plan = InExternal<std::shared_ptr<const WritePlan>>(env, args[3]);
  napi_value asked;
  Check(env, napi_get_boolean(env, InExternal<PollerHandle>(env, args[0]).poller->Ask(std::move(request)), &asked), "a boolean");
  return asked;
}

/** stop(poller): the callback says when it has ended. */
napi_value Stop(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  InExternal<PollerHandle>(env, args[0]).poller->Stop();
  napi_value undefined;
  Check(env, napi_get_undefined(env, &undefined), "undefined");
  return undefined;
}

}  // namespace

void RegisterPoller(napi_env env, napi_value exports) {
  napi_value poller;
  Check(env, napi_create_object(env, &poller), "poller");
  Method<MakePoller>(env, poller, "make");
  Method<Ask>(env, poller, "poll");
  Method<Stop>(env, poller, "stop");
  Set(env, exports, "poller", poller);
}

}  // namespace sink
