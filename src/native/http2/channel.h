// The calls to one server: connections as they are needed, deadlines, and the thread that does the I/O.
//
// Each channel has a thread of its own: a server that floods or a body that is encrypted holds up no other connector, and
// the thread's life is the channel's. It sleeps in epoll without a timer as long as there is no call.
//
// A small call on an open connection is written by the thread that makes it: that spares waking the other one, and this is
// most of a small call's cost. Everything else is put into the inbox.
#pragma once
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "address.h"
#include "call.h"
#include "connection.h"

namespace sink::http2 {

struct ChannelSettings {
  std::string host;
  uint16_t port = 0;
  ConnectionSettings connection;
  Time backoff_first = 100 * kMillisecond;
  Time backoff_max = 2 * kSecond;
  /** Longest time for one attempt, over all addresses. */
  Time connect_timeout = 20 * kSecond;
};

class Channel final : private ConnectionOwner {
 public:
  /** @throws std::system_error when the system gives no descriptors */
  Channel(ChannelSettings settings, Outbox& outbox);
  ~Channel() override;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /**
   * Starts a call; its end reaches the outbox once, maybe before this returns. One thread at a time.
   * @throws std::bad_alloc, std::system_error: then the call has not begun and nothing follows
   */
  void Start(std::shared_ptr<Call> call);
  /** Ends the call with CANCELLED unless it has ended; the server is told. */
  void Cancel(uint64_t id) noexcept;
  /** Ends all calls with CANCELLED, says goodbye and waits for the thread, which does not block. */
  void Close() noexcept;

 private:
  struct Post {
    std::shared_ptr<Call> call;
    uint64_t cancelled = 0;
  };

  void Run() noexcept;
  void Turn(bool& closing);
  void Send(Post post);
  void Handle();
  void BeginOrFinish(const std::shared_ptr<Call>& call);
  void Begin(const std::shared_ptr<Call>& call);
  void Withdraw(uint64_t id);

  void Connect(Time now);
  void TakeAddresses();
  void NextAddress();
  void AttemptFailed(const std::string& why);
  void Look();
  void Retire();
  void Drop(std::unique_ptr<Connection> connection);

  void OnTime();
  Time Due();
  void Arm(Time due);
  void Finish(const std::shared_ptr<Call>& call, int code, std::string_view details) noexcept;
  void GiveUp(const char* why) noexcept;
  void FinishAll(int code, const char* details) noexcept;

  void Finished(std::shared_ptr<Call> call) noexcept override;
  void NotSent(std::shared_ptr<Call> call) override;
  void Flush() noexcept override {}

  ChannelSettings settings_;
  Outbox& outbox_;
  int epoll_ = -1, wake_ = -1, timer_ = -1;
  std::thread thread_;

  /** Guards what follows, up to the inbox. Held while a connection is worked on, never while anything is waited for. */
  std::mutex mutex_;
  std::unordered_map<uint64_t, std::shared_ptr<Call>> calls_;
  /** For a connection. */
  std::deque<std::shared_ptr<Call>> waiting_;
  std::unique_ptr<Connection> connection_;
  /** Going away: they end the calls that they have. */
  std::vector<std::unique_ptr<Connection>> draining_;
  uint64_t last_connection_ = kFirstConnection;
  std::shared_ptr<Resolution> resolution_;
  std::vector<Address> addresses_;
  size_t next_address_ = 0;
  /** kNever: no attempt is under way. */
  Time attempt_started_ = kNever;
  Time address_deadline_ = kNever;
  Time backoff_ = 0;
  /** Until then a call that wants a connection fails at once, with the last attempt's words. */
  Time failing_until_ = 0;
  std::string last_failure_;
  /** Taken from the inbox. */
  std::deque<Post> posts_;
  /** When the timer goes off. */
  Time armed_ = kNever;

  /** Guards what follows; the other lock may be held. */
  std::mutex inbox_mutex_;
  std::deque<Post> inbox_;
  bool sleeping_ = false;
  bool closing_ = false;

  static constexpr uint64_t kWakeId = 0, kTimerId = 1, kFirstConnection = 1;
};

}  // namespace sink::http2
