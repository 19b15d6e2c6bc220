#include "connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "session.h"

namespace sink::http2 {

namespace {

constexpr int kPieces = 64;
constexpr size_t kReadBuffer = 64 << 10;
constexpr size_t kPlainBuffer = 16 << 10;

}  // namespace

Connection::Connection(const ConnectionSettings& settings, ConnectionOwner& owner, const Address& address, int epoll,
                       uint64_t id)
    : settings_(settings), owner_(owner), address_(address), epoll_(epoll), id_(id) {
  try {
    Begin();
  } catch (...) {
    if (socket_ >= 0) close(socket_);
    throw;
  }
}

void Connection::Begin() {
  socket_ = socket(address_.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return Fail("socket " + ErrorName(errno));
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  epoll_event event = {};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP;
  event.data.u64 = id_;
  wants_write_ = true;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, socket_, &event) != 0) return Fail("epoll " + ErrorName(errno));
  last_heard_ = Now();
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address_.storage), address_.size) != 0 &&
      errno != EINPROGRESS) {
    Fail("connect " + ErrorName(errno) + " " + address_.text);
  }
}

Connection::~Connection() {
  if (session_) nghttp2_session_del(session_);
  if (socket_ >= 0) close(socket_);
}

bool Connection::Usable() const {
  return state_ == State::kOpen && nghttp2_session_check_request_allowed(session_) != 0;
}

void Connection::Fail(std::string why) {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  failure_ = std::move(why);
  if (socket_ >= 0) close(socket_);  // epoll forgets it
  socket_ = -1;
}

std::vector<std::shared_ptr<Call>> Connection::TakeCalls() {
  std::vector<std::shared_ptr<Call>> calls;
  calls.reserve(streams_.size());
  for (auto& [stream, call] : streams_) calls.push_back(std::move(call));
  streams_.clear();
  // In the order in which they were made.
  std::sort(calls.begin(), calls.end(), [](const auto& a, const auto& b) { return a->id < b->id; });
  return calls;
}

void Connection::OnEvents(uint32_t events) {
  if (state_ == State::kConnecting) {
    if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP))) return;
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) return Fail("connect " + ErrorName(error) + " " + address_.text);
    Connected();
  }
  if (state_ != State::kClosed && (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))) OnReadable();
  if (state_ == State::kPreface || state_ == State::kOpen) {
    Pump();
  } else if (state_ == State::kHandshake) {
    Write();
  }
}

void Connection::Connected() {
  if (!settings_.tls) return StartSession();
  tls_ = std::make_unique<TlsStream>(*settings_.tls);
  state_ = State::kHandshake;
  Advance(nullptr, 0);
}

void Connection::OnReadable() {
  // One read: what did not fit is told again. Few bytes come, so that a second read would find nothing.
  thread_local std::vector<uint8_t> buffer(kReadBuffer);
  const ssize_t size = recv(socket_, buffer.data(), buffer.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
  if (size > 0) {
    last_heard_ = Now();
    return Advance(buffer.data(), static_cast<size_t>(size));
  }
  std::string why = size < 0 ? "read " + ErrorName(errno) : "the server closed it";
  if (!complaint_.empty()) why += ": " + complaint_;
  Fail(state_ == State::kOpen ? "Connection dropped: " + why
                              : "Failed to connect to " + address_.text + " (HTTP/2): " + why);
}

void Connection::Advance(const uint8_t* data, size_t size) {
  if (!tls_) return Receive(data, size);
  tls_->Feed(data, size);
  if (state_ == State::kHandshake) {
    switch (tls_->Handshake()) {
      case TlsStream::Status::kMore: return;
      case TlsStream::Status::kFailed: {
        Write();  // the alert
        return Fail(tls_->error().empty() ? "TLS: the server closed the connection" : tls_->error());
      }
      case TlsStream::Status::kDone: StartSession();
    }
  }
  thread_local std::vector<uint8_t> plain(kPlainBuffer);
  while (state_ != State::kClosed) {
    size_t read = 0;
    const auto status = tls_->Read(plain.data(), plain.size(), read);
    if (status == TlsStream::Status::kMore) return;
    if (status == TlsStream::Status::kFailed) {
      if (tls_->error().empty()) return Fail("Connection dropped: the server closed it");
      return Fail(state_ == State::kOpen ? "Connection dropped: " + tls_->error() : tls_->error());
    }
    Receive(plain.data(), read);
  }
}

void Connection::StartSession() {
  session_ = NewSession(this);
  state_ = State::kPreface;
}

void Connection::Receive(const uint8_t* data, size_t size) {
  const ssize_t taken = nghttp2_session_mem_recv(session_, data, size);
  if (taken < 0) Fail(Broken(nghttp2_strerror(static_cast<int>(taken))));
}

std::string Connection::Broken(const char* otherwise) const {
  const char* where = state_ == State::kOpen ? "Connection dropped: " : "Failed to connect: Protocol error: ";
  return where + (complaint_.empty() ? otherwise : complaint_);
}

void Connection::Submit(const std::shared_ptr<Call>& call) {
  const int32_t stream = SubmitRequest(session_, settings_, *call);
  if (stream < 0) {
    if (stream == NGHTTP2_ERR_NOMEM) throw std::bad_alloc();
    return owner_.NotSent(call);
  }
  streams_.emplace(stream, call);
  call->stream = stream;
  call->connection = id_;
}

void Connection::Withdraw(Call& call) {
  auto found = streams_.find(call.stream);
  if (found == streams_.end()) return;
  // Its bytes that wait to be written keep the body on their own.
  streams_.erase(found);
  if (state_ != State::kClosed) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, call.stream, NGHTTP2_CANCEL);
    Pump();
  }
}

void Connection::Settled(const std::shared_ptr<Call>& call) {
  idle_frames_ = 0;
  owner_.Finished(call);
}

Call* Connection::Find(int32_t stream) {
  auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : found->second.get();
}

bool Connection::Fill() {
  while (output_.pending() < kHighWater) {
    const uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &data);
    if (size < 0) {
      Fail(std::string("Connection dropped: ") + nghttp2_strerror(static_cast<int>(size)));
      return false;
    }
    if (size == 0) break;
    output_.Append(data, static_cast<size_t>(size));
  }
  return true;
}

void Connection::Pump() {
  if (state_ != State::kPreface && state_ != State::kOpen) return;
  for (;;) {
    if (!Fill()) return;
    if (output_.pending() == 0 && !(tls_ && !tls_->out().empty())) {
      WantWrite(false);
      break;
    }
    Write();
    if (state_ == State::kClosed || wants_write_ || broken_) break;
  }
  if (state_ == State::kClosed) return;
  // After GOAWAY, ours or the server's, and the last stream: nghttp2's last word has been tried to be sent.
  if (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0) {
    Fail(Broken("it is finished"));
  }
}

std::vector<std::shared_ptr<Call>> Connection::TakeUnsent() {
  std::vector<std::shared_ptr<Call>> calls;
  for (auto& [stream, call] : streams_) {
    if (!call->sent) calls.push_back(call);
  }
  for (auto& call : calls) {
    streams_.erase(call->stream);
    // Out of nghttp2's queue, where it waits for another stream's end.
    if (state_ != State::kClosed) nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, call->stream, NGHTTP2_CANCEL);
    call->stream = -1;
    call->connection = 0;
  }
  std::sort(calls.begin(), calls.end(), [](const auto& a, const auto& b) { return a->id < b->id; });
  return calls;
}

void Connection::Write() {
  if (broken_) return;
  if (tls_ && !Encrypt()) return;
  for (;;) {
    iovec pieces[kPieces];
    int count = 0;
    if (tls_) {
      if (!tls_->out().empty()) pieces[count++] = {tls_->out().data(), tls_->out().size()};
    } else {
      count = output_.Pieces(pieces, kPieces);
    }
    if (count == 0) return WantWrite(false);
    msghdr message = {};
    message.msg_iov = pieces;
    message.msg_iovlen = static_cast<size_t>(count);
    const ssize_t sent = sendmsg(socket_, &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return WantWrite(true);
      // What the server said before it closed tells more, and is read first: reading then finds the end as well.
      if (errno == EPIPE || errno == ECONNRESET) {
        broken_ = true;
        return WantWrite(false);
      }
      return Fail("Connection dropped: write " + ErrorName(errno));
    }
    if (tls_) {
      auto& out = tls_->out();
      out.erase(out.begin(), out.begin() + sent);
    } else {
      output_.Consume(static_cast<size_t>(sent));
    }
  }
}

/**
 * Full TLS records, whatever the pieces: the copy stays in the processor's nearest cache and costs a fraction of the
 * encryption, while a record for each frame's nine bytes of head would double their number.
 */
bool Connection::Encrypt() {
  uint8_t record[16 << 10];
  while (output_.pending() > 0 && tls_->out().size() < kHighWater) {
    iovec pieces[kPieces];
    const int count = output_.Pieces(pieces, kPieces);
    size_t size = 0;
    for (int i = 0; i < count && size < sizeof record; i++) {
      const size_t part = std::min(pieces[i].iov_len, sizeof record - size);
      memcpy(record + size, pieces[i].iov_base, part);
      size += part;
    }
    if (!tls_->Write(record, size)) {
      Fail("Connection dropped: " + tls_->error());
      return false;
    }
    output_.Consume(size);
  }
  return true;
}

void Connection::WantWrite(bool wanted) {
  if (wanted == wants_write_ || socket_ < 0) return;
  wants_write_ = wanted;
  epoll_event event = {};
  event.events = EPOLLIN | EPOLLRDHUP | (wanted ? EPOLLOUT : 0u);
  event.data.u64 = id_;
  if (epoll_ctl(epoll_, EPOLL_CTL_MOD, socket_, &event) != 0) Fail("Connection dropped: epoll " + ErrorName(errno));
}

/** After a pause this is past at once: the connection may be dead without a word, and a ping tells sooner than TCP. */
Time Connection::Due() const {
  if (state_ != State::kOpen) return kNever;
  if (pinged_ != 0) return pinged_ + settings_.keepalive_timeout;
  return streams_.empty() ? kNever : last_heard_ + settings_.keepalive;
}

void Connection::OnTime(Time now) {
  if (state_ != State::kOpen) return;
  if (pinged_ != 0 && last_heard_ >= pinged_) pinged_ = 0;  // whatever came: somebody is there
  if (pinged_ != 0) {
    if (now >= pinged_ + settings_.keepalive_timeout) Fail("Connection dropped: no answer to a keepalive ping");
  } else if (!streams_.empty() && now - last_heard_ >= settings_.keepalive) {
    Ping(now);
    Pump();
  }
}

void Connection::Ping(Time now) {
  pinged_ = now;
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
}

void Connection::Goodbye() {
  if (state_ != State::kOpen && state_ != State::kPreface) return;
  nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR);
  Pump();
  if (tls_ && state_ != State::kClosed && output_.pending() == 0) {
    tls_->Shutdown();
    Write();
  }
}

}  // namespace sink::http2
