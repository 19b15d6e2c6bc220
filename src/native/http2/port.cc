#include "port.h"

#include <utility>

#include "../node-api.h"

namespace sink::http2 {

std::shared_ptr<Port> Port::Open(napi_env env, ChannelSettings settings, napi_value deliver) {
  napi_valuetype type;
  Check(env, napi_typeof(env, deliver, &type), "a function is expected");
  if (type != napi_function) throw BadArgument("a function is expected");
  std::shared_ptr<Port> port(new Port(env));
  port->channel_ = std::make_unique<Channel>(std::move(settings), *port);
  napi_value name;
  Check(env, napi_create_string_utf8(env, "milvus-http2", NAPI_AUTO_LENGTH, &name), "name");
  // The function holds the port until it is finalized, whatever JavaScript forgets before.
  auto context = std::make_unique<std::shared_ptr<Port>>(port);
  auto finalize = [](napi_env, void*, void* data) { delete static_cast<std::shared_ptr<Port>*>(data); };
  Check(env,
        napi_create_threadsafe_function(env, deliver, nullptr, name, 0, 1, nullptr, finalize, context.get(), OnWake,
                                        &port->function_),
        "threadsafe function");
  (void)context.release();
  Check(env, napi_unref_threadsafe_function(env, port->function_), "unref");
  Check(env, napi_add_env_cleanup_hook(env, OnTeardown, port.get()), "cleanup hook");
  return port;
}

Port::~Port() = default;

void Port::Start(std::shared_ptr<Call> call) {
  channel_->Start(std::move(call));
  if (active_++ == 0) napi_ref_threadsafe_function(env_, function_);
}

void Port::Cancel(uint64_t id) {
  if (!closed_) channel_->Cancel(id);
}

void Port::Close() {
  if (closed_) return;
  closed_ = true;
  napi_remove_env_cleanup_hook(env_, OnTeardown, this);
  channel_->Close();  // what was open is on its way to `deliver`
  DropReferences();
  if (active_ == 0) ReleaseFunction();
}

void Port::ReleaseFunction() {
  {
    std::lock_guard lock(mutex_);
    if (dead_) return;
    dead_ = true;
  }
  napi_release_threadsafe_function(function_, napi_tsfn_release);
}

void Port::OnTeardown(void* data) {
  auto port = static_cast<Port*>(data)->shared_from_this();
  port->closed_ = true;
  {
    std::lock_guard lock(port->mutex_);
    port->dead_ = true;
  }
  port->channel_->Close();
  std::lock_guard lock(port->mutex_);
  // One by one: a list of shared pointers would be freed recursively. References go with their environment.
  while (port->first_) port->first_ = std::move(port->first_->next);
  port->last_.reset();
}

std::shared_ptr<void> Port::Hold(napi_value value) {
  auto held = std::make_unique<Held>();
  held->port = shared_from_this();
  Check(env_, napi_create_reference(env_, value, 1, &held->reference), "reference");
  return {held.release(), [](Held* one) { one->port->Release(one); }};
}

void Port::Release(Held* held) noexcept {
  auto self = std::move(held->port);  // maybe the last to hold it
  std::lock_guard lock(mutex_);
  if (dead_) {
    delete held;
    return;
  }
  held->next = unneeded_;
  unneeded_ = held;
}

void Port::Finished(std::shared_ptr<Call> call) noexcept {
  std::lock_guard lock(mutex_);
  call->next.reset();
  if (last_) {
    last_->next = call;
  } else {
    first_ = call;
  }
  last_ = std::move(call);
}

void Port::Flush() noexcept {
  {
    std::lock_guard lock(mutex_);
    if (dead_ || woken_ || (!first_ && !unneeded_)) return;
    woken_ = true;
  }
  if (napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking) != napi_ok) {
    std::lock_guard lock(mutex_);
    woken_ = false;
  }
}

void Port::OnWake(napi_env env, napi_value deliver, void* context, void*) {
  auto port = *static_cast<std::shared_ptr<Port>*>(context);
  if (env) port->Drain(deliver);
}

void Port::Drain(napi_value deliver) {
  std::shared_ptr<Call> call;
  {
    std::lock_guard lock(mutex_);
    woken_ = false;
    call = std::move(first_);
    last_.reset();
  }
  while (call) {
    napi_handle_scope scope;
    if (napi_open_handle_scope(env_, &scope) != napi_ok) break;
    Deliver(deliver, *call);
    bool pending = false;
    // One answer's trouble is not the others'.
    if (napi_is_exception_pending(env_, &pending) == napi_ok && pending) {
      napi_value error;
      if (napi_get_and_clear_last_exception(env_, &error) == napi_ok) napi_fatal_exception(env_, error);
    }
    napi_close_handle_scope(env_, scope);
    auto next = std::move(call->next);
    call = std::move(next);
    if (--active_ == 0 && !closed_) napi_unref_threadsafe_function(env_, function_);
  }
  DropReferences();
  if (closed_ && active_ == 0) ReleaseFunction();
}

void Port::Deliver(napi_value deliver, const Call& call) {
  const Response& response = call.response;
  napi_value arguments[4], self, result;
  napi_create_double(env_, static_cast<double>(call.id), &arguments[0]);
  napi_create_int32(env_, response.code(), &arguments[1]);
  const std::string& details = response.details();
  if (napi_create_string_utf8(env_, details.data(), details.size(), &arguments[2]) != napi_ok) {
    napi_create_string_utf8(env_, "", 0, &arguments[2]);
  }
  napi_get_undefined(env_, &arguments[3]);
  if (response.code() == kOk && response.has_message()) {
    const std::string& message = response.message();
    void* data = nullptr;
    if (napi_create_buffer_copy(env_, message.size(), message.data(), &data, &arguments[3]) != napi_ok) {
      napi_get_undefined(env_, &arguments[3]);
    }
  }
  napi_get_undefined(env_, &self);
  napi_call_function(env_, self, deliver, 4, arguments, &result);
}

void Port::DropReferences() {
  Held* held;
  {
    std::lock_guard lock(mutex_);
    held = std::exchange(unneeded_, nullptr);
  }
  while (held) {
    napi_delete_reference(env_, held->reference);
    delete std::exchange(held, held->next);
  }
}

}  // namespace sink::http2
