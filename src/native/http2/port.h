// Between a channel and its JavaScript environment: finished calls go over in batches, one wake-up for all that are there,
// and references to request bodies are dropped where that may be done.
#pragma once
#include <node_api.h>

#include <memory>
#include <mutex>

#include "call.h"
#include "channel.h"

namespace sink::http2 {

class Port final : public Outbox, public std::enable_shared_from_this<Port> {
 public:
  /** @param deliver called as `deliver(id, code, details, message | undefined)` */
  static std::shared_ptr<Port> Open(napi_env env, ChannelSettings settings, napi_value deliver);
  ~Port() override;

  /** JavaScript's thread, all of these. */
  void Start(std::shared_ptr<Call> call);
  void Cancel(uint64_t id);
  void Close();
  /** The typed array is kept until nobody needs its bytes. */
  std::shared_ptr<void> Hold(napi_value value);

  void Finished(std::shared_ptr<Call> call) noexcept override;
  void Flush() noexcept override;

 private:
  /** A reference to JavaScript's bytes, and its place in the list of those that are needed no more. */
  struct Held {
    napi_ref reference = nullptr;
    std::shared_ptr<Port> port;
    Held* next = nullptr;
  };

  explicit Port(napi_env env) : env_(env) {}
  static void OnWake(napi_env env, napi_value deliver, void* context, void* data);
  static void OnTeardown(void* port);
  void Release(Held* held) noexcept;
  void Drain(napi_value deliver);
  void DropReferences();
  void Deliver(napi_value deliver, const Call& call);
  void ReleaseFunction();

  const napi_env env_;
  std::unique_ptr<Channel> channel_;
  napi_threadsafe_function function_ = nullptr;
  /** Calls that JavaScript waits for: with one the process stays alive. */
  size_t active_ = 0;
  bool closed_ = false;

  /** Guards what follows. */
  std::mutex mutex_;
  std::shared_ptr<Call> first_, last_;
  Held* unneeded_ = nullptr;
  bool woken_ = false;
  /** The environment goes away: nothing may be called there. */
  bool dead_ = false;
};

}  // namespace sink::http2
