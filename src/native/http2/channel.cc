#include "channel.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <random>
#include <system_error>
#include <utility>

namespace sink::http2 {

namespace {

/** Larger bodies are written by the channel's thread: JavaScript's is not to be held up by copying or encrypting. */
constexpr size_t kInline = 16 << 10;
/** gRPC's connection backoff grows by this. */
constexpr double kBackoffFactor = 1.6;
constexpr double kBackoffJitter = 0.2;
constexpr Time kMinAddressTimeout = 3 * kSecond;
/** So many connections may go away before a call was sent on them. */
constexpr int kMaxMoves = 3;
/** The most that a server can make of the pause between pings by complaining. */
constexpr Time kMaxKeepalive = 3600 * kSecond;

void Register(int epoll, int descriptor, uint64_t id) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = id;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
}

int Checked(int descriptor, const char* what) {
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), what);
  return descriptor;
}

void Drain(int descriptor) {
  uint64_t count;
  [[maybe_unused]] ssize_t size = read(descriptor, &count, sizeof count);
}

Time Jittered(Time pause) {
  thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_real_distribution<double> factor(1 - kBackoffJitter, 1 + kBackoffJitter);
  return static_cast<Time>(static_cast<double>(pause) * factor(random));
}

}  // namespace

Time Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

void Body::Set(const uint8_t* bytes, size_t length, std::shared_ptr<void> holder) {
  data = bytes;
  size = length;
  owner = std::move(holder);
  head[0] = 0;  // not compressed
  for (int i = 0; i < 4; i++) head[1 + i] = static_cast<uint8_t>(length >> (24 - 8 * i));
}

Channel::Channel(ChannelSettings settings, Outbox& outbox) : settings_(std::move(settings)), outbox_(outbox) {
  try {
    epoll_ = Checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    wake_ = Checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
    timer_ = Checked(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create");
    Register(epoll_, wake_, kWakeId);
    Register(epoll_, timer_, kTimerId);
  } catch (...) {
    for (int one : {epoll_, wake_, timer_}) {
      if (one >= 0) close(one);
    }
    throw;
  }
}

Channel::~Channel() {
  Close();
  for (int one : {epoll_, wake_, timer_}) close(one);
}

void Channel::Start(std::shared_ptr<Call> call) {
  if (closing_) throw std::runtime_error("the channel is closed");
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  if (call->body.size <= kInline) {
    std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock.owns_lock() && connection_ && connection_->Usable() && connection_->Drained()) {
      try {
        Handle();  // in the order in which they were made
        BeginOrFinish(call);
        if (connection_) connection_->Pump();
        Arm(Due());
        // What is more than sending is the other thread's.
        if (!connection_ || !connection_->Usable() || !waiting_.empty()) Send({});
      } catch (const std::exception& error) {
        GiveUp(error.what());
      }
      lock.unlock();
      outbox_.Flush();
      return;
    }
  }
  Send({std::move(call), 0});
}

void Channel::Cancel(uint64_t id) noexcept {
  try {
    Send({nullptr, id});
  } catch (...) {
    // No memory: the call ends at its deadline.
  }
}

void Channel::Close() noexcept {
  if (thread_.joinable()) {
    {
      std::lock_guard lock(inbox_mutex_);
      closing_ = true;
    }
    const uint64_t one = 1;
    [[maybe_unused]] ssize_t size = write(wake_, &one, sizeof one);
    thread_.join();
  }
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    FinishAll(kCancelled, "the channel is closed");
    connection_.reset();
    draining_.clear();
  }
  outbox_.Flush();
}

void Channel::Send(Post post) {
  bool wake;
  {
    std::lock_guard lock(inbox_mutex_);
    inbox_.push_back(std::move(post));
    wake = std::exchange(sleeping_, false);
  }
  if (!wake) return;  // it looks before it sleeps
  const uint64_t one = 1;
  [[maybe_unused]] ssize_t size = write(wake_, &one, sizeof one);
}

void Channel::Run() noexcept {
  // Signals are for JavaScript's threads.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pthread_setname_np(pthread_self(), "milvus-http2");
  bool closing = false;
  while (!closing) {
    try {
      Turn(closing);
    } catch (const std::exception& error) {
      std::lock_guard lock(mutex_);
      GiveUp(error.what());
    } catch (...) {
      std::lock_guard lock(mutex_);
      GiveUp("an unknown native error");
    }
    outbox_.Flush();
  }
  std::lock_guard lock(mutex_);
  try {
    if (connection_) connection_->Goodbye();
    for (auto& one : draining_) one->Goodbye();
  } catch (...) {
    // Nobody waits for a goodbye.
  }
}

/** Sleeps, and does what there is to do then. */
void Channel::Turn(bool& closing) {
  bool sleep;
  {
    std::lock_guard lock(inbox_mutex_);
    closing = closing_;
    if (closing) return;
    sleep = sleeping_ = inbox_.empty();
  }
  epoll_event events[16];
  int count = 0;
  if (sleep) {
    count = epoll_wait(epoll_, events, 16, -1);
    std::lock_guard lock(inbox_mutex_);
    sleeping_ = false;
  }
  std::lock_guard lock(mutex_);
  for (int i = 0; i < count; i++) {
    const uint64_t id = events[i].data.u64;
    if (id == kWakeId) {
      Drain(wake_);
    } else if (id == kTimerId) {
      Drain(timer_);
      armed_ = kNever;
      OnTime();
    } else if (connection_ && connection_->id() == id) {
      connection_->OnEvents(events[i].events);
      Look();
    } else {
      for (auto& one : draining_) {
        if (one->id() == id) one->OnEvents(events[i].events);
      }
      Look();
    }
  }
  TakeAddresses();
  Handle();
  if (connection_) connection_->Pump();
  Look();
  Arm(Due());
}

void Channel::Handle() {
  {
    std::lock_guard lock(inbox_mutex_);
    if (posts_.empty()) posts_.swap(inbox_);
  }
  while (!posts_.empty()) {
    Post post = std::move(posts_.front());
    posts_.pop_front();
    if (post.call) {
      BeginOrFinish(post.call);
    } else if (post.cancelled != 0) {
      Withdraw(post.cancelled);
    }
  }
}

void Channel::BeginOrFinish(const std::shared_ptr<Call>& call) {
  try {
    Begin(call);
  } catch (...) {
    Finish(call, kUnavailable, "the native HTTP/2 client could not begin the call");
    throw;
  }
}

void Channel::Begin(const std::shared_ptr<Call>& call) {
  calls_.emplace(call->id, call);
  if (connection_ && connection_->Usable()) return connection_->Submit(call);
  const Time now = Now();
  const bool connecting = attempt_started_ != kNever;
  if (!connecting && now < failing_until_) return Finish(call, kUnavailable, last_failure_);
  waiting_.push_back(call);
  if (!connecting) Connect(now);
}

void Channel::Withdraw(uint64_t id) {
  auto found = calls_.find(id);
  if (found == calls_.end()) return;
  Finish(found->second, kCancelled, "Call cancelled");
}

void Channel::Connect(Time now) {
  if (connection_) Retire();
  attempt_started_ = now;
  next_address_ = 0;
  addresses_ = NumericAddresses(settings_.host, settings_.port);
  if (!addresses_.empty()) return NextAddress();
  address_deadline_ = now + settings_.connect_timeout;
  // At each attempt, since a restarted server may have another address.
  resolution_ = Resolution::Start(settings_.host, settings_.port, wake_);
}

void Channel::TakeAddresses() {
  if (!resolution_ || !resolution_->Done()) return;
  std::string error;
  addresses_ = resolution_->Take(error);
  resolution_.reset();
  last_failure_ = error;
  NextAddress();
}

/** The next address of the attempt; after the last one it has failed. */
void Channel::NextAddress() {
  connection_.reset();
  while (next_address_ < addresses_.size()) {
    const Address& address = addresses_[next_address_++];
    const Time share = settings_.connect_timeout / static_cast<Time>(addresses_.size());
    address_deadline_ = Now() + std::max(share, kMinAddressTimeout);
    connection_ = std::make_unique<Connection>(settings_.connection, static_cast<ConnectionOwner&>(*this), address, epoll_, ++last_connection_);
    if (connection_->state() != Connection::State::kClosed) return;
    last_failure_ = connection_->failure();
    connection_.reset();
  }
  AttemptFailed(last_failure_);
}

void Channel::AttemptFailed(const std::string& why) {
  last_failure_ = why;
  backoff_ = backoff_ == 0 ? settings_.backoff_first
                           : std::min(settings_.backoff_max, static_cast<Time>(static_cast<double>(backoff_) * kBackoffFactor));
  failing_until_ = attempt_started_ + Jittered(backoff_);
  attempt_started_ = kNever;
  address_deadline_ = kNever;
  addresses_.clear();
  connection_.reset();
  while (!waiting_.empty()) {
    auto call = std::move(waiting_.front());
    waiting_.pop_front();
    Finish(call, kUnavailable, last_failure_);
  }
}

/** What became of the connections since the last look. */
void Channel::Look() {
  if (connection_ && connection_->too_many_pings()) {
    settings_.connection.keepalive = std::min(2 * settings_.connection.keepalive, kMaxKeepalive);
    Retire();
  }
  const bool connecting = attempt_started_ != kNever;
  if (connection_ && connecting) {
    if (connection_->state() == Connection::State::kClosed) {
      last_failure_ = connection_->failure();
      NextAddress();
    } else if (connection_->state() == Connection::State::kOpen) {
      attempt_started_ = kNever;
      address_deadline_ = kNever;
      addresses_.clear();
      backoff_ = 0;
    }
  }
  if (connection_ && attempt_started_ == kNever) {
    if (connection_->state() == Connection::State::kClosed) {
      Drop(std::move(connection_));
    } else if (!connection_->Usable()) {
      Retire();
    }
  }
  for (size_t i = 0; i < draining_.size();) {
    Connection& one = *draining_[i];
    if (one.state() == Connection::State::kClosed || (one.Idle() && one.Drained())) {
      if (one.state() != Connection::State::kClosed) one.Goodbye();
      auto gone = std::move(draining_[i]);
      draining_.erase(draining_.begin() + static_cast<std::ptrdiff_t>(i));
      Drop(std::move(gone));
    } else {
      i++;
    }
  }
  if (waiting_.empty() || attempt_started_ != kNever) return;
  if (!connection_) return Connect(Now());
  auto calls = std::move(waiting_);
  waiting_.clear();
  for (auto& call : calls) connection_->Submit(call);
  connection_->Pump();
}

/** It takes no more calls (GOAWAY, or its stream numbers are used up): those that it has are still answered. */
void Channel::Retire() {
  for (auto& call : connection_->TakeUnsent()) NotSent(std::move(call));
  draining_.push_back(std::move(connection_));
}

void Channel::Drop(std::unique_ptr<Connection> connection) {
  for (auto& call : connection->TakeUnsent()) NotSent(std::move(call));
  for (auto& call : connection->TakeCalls()) Finish(call, kUnavailable, connection->failure());
}

void Channel::OnTime() {
  const Time now = Now();
  std::vector<std::shared_ptr<Call>> late;
  for (auto& [id, call] : calls_) {
    if (call->deadline <= now) late.push_back(call);
  }
  for (auto& call : late) {
    std::string details = "Deadline exceeded after " + std::to_string((now - call->started) / kMillisecond) + " ms";
    if (call->connection == 0) {
      details += ", waiting for a connection to " + settings_.connection.authority;
    }
    Finish(call, kDeadlineExceeded, details);
  }
  if (attempt_started_ != kNever && now >= address_deadline_) {
    const std::string where = connection_ ? connection_->peer() : settings_.host;
    if (resolution_) {
      last_failure_ = "Name resolution failed for " + where + ": no answer";
    } else if (connection_ && connection_->state() != Connection::State::kConnecting) {
      last_failure_ = "Failed to connect to " + where + ": no HTTP/2 settings came";
    } else {
      last_failure_ = "connect ETIMEDOUT " + where;
    }
    resolution_.reset();
    NextAddress();
  }
  if (connection_) connection_->OnTime(now);
  for (auto& one : draining_) one->OnTime(now);
  Look();
}

Time Channel::Due() {
  Time due = address_deadline_;
  for (auto& [id, call] : calls_) due = std::min(due, call->deadline);
  if (connection_) due = std::min(due, connection_->Due());
  for (auto& one : draining_) due = std::min(due, one->Due());
  return due;
}

/**
 * The timer may go off too early, never too late: it is set only when something is due before it goes off, so that a
 * steady stream of calls sets it once in a deadline, and not at each call.
 */
void Channel::Arm(Time due) {
  if (due >= armed_) return;
  const Time when = std::max(due, Time{1});
  itimerspec time = {};
  time.it_value.tv_sec = when / kSecond;
  time.it_value.tv_nsec = when % kSecond;
  if (timerfd_settime(timer_, TFD_TIMER_ABSTIME, &time, nullptr) == 0) armed_ = due;
}

/** The end of a call, wherever it is. */
void Channel::Finish(const std::shared_ptr<Call>& call, int code, std::string_view details) noexcept {
  if (call->finished) return;
  auto kept = call;
  kept->response.Settle(code, details);
  try {
    std::erase(waiting_, kept);
    if (kept->connection != 0) {
      if (connection_ && connection_->id() == kept->connection) connection_->Withdraw(*kept);
      for (auto& one : draining_) {
        if (one->id() == kept->connection) one->Withdraw(*kept);
      }
    }
  } catch (...) {
    // The server is not told; the call ends all the same.
  }
  Finished(std::move(kept));
}

void Channel::Finished(std::shared_ptr<Call> call) noexcept {
  if (call->finished) return;
  call->finished = true;
  calls_.erase(call->id);
  outbox_.Finished(std::move(call));
}

void Channel::NotSent(std::shared_ptr<Call> call) {
  if (++call->moves > kMaxMoves) return Finish(call, kUnavailable, "the server closes its connections before a call is sent");
  call->framed = 0;
  waiting_.push_back(std::move(call));
}

void Channel::FinishAll(int code, const char* details) noexcept {
  for (auto* posts : {&posts_, &inbox_}) {
    std::lock_guard lock(inbox_mutex_);
    for (Post& post : *posts) {
      if (post.call) Finish(post.call, code, details);
    }
    posts->clear();
  }
  while (!calls_.empty()) {
    auto call = calls_.begin()->second;
    Finish(call, code, details);
  }
  waiting_.clear();
}

/** Something failed that should not have: the connections are given up, their calls end, and the next call begins anew. */
void Channel::GiveUp(const char* why) noexcept {
  connection_.reset();
  draining_.clear();
  resolution_.reset();
  addresses_.clear();
  attempt_started_ = kNever;
  address_deadline_ = kNever;
  char details[200] = "the native HTTP/2 client failed: ";
  strncat(details, why, sizeof details - strlen(details) - 1);
  FinishAll(kUnavailable, details);
}

}  // namespace sink::http2
