// One connection: a socket, TLS over it where that is wanted, and an nghttp2 session with the calls on it. Everything here is
// called with the channel's lock held; nothing blocks.
#pragma once
#include <nghttp2/nghttp2.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "address.h"
#include "call.h"
#include "output.h"
#include "tls.h"

namespace sink::http2 {

struct ConnectionSettings {
  /** `:authority` */
  std::string authority;
  /** Sent with every call: the token is among it. Names in lower case. */
  std::vector<std::pair<std::string, std::string>> metadata;
  std::string user_agent;
  /** Null: no TLS. */
  std::shared_ptr<const TlsContext> tls;
  Time keepalive = 10 * kSecond;
  Time keepalive_timeout = 5 * kSecond;
};

/** What a connection tells its channel. */
class ConnectionOwner : public Outbox {
 public:
  /** Nothing of the call went out, and nothing will on this connection: another one may take it. */
  virtual void NotSent(std::shared_ptr<Call> call) = 0;
};

class Connection {
 public:
  enum class State { kConnecting, kHandshake, kPreface, kOpen, kClosed };

  /**
   * Begins to connect; a failure is found in `state` and `failure`.
   * @param epoll where the socket is registered under `id`
   */
  Connection(const ConnectionSettings& settings, ConnectionOwner& owner, const Address& address, int epoll, uint64_t id);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  uint64_t id() const { return id_; }
  State state() const { return state_; }
  /** Takes new calls. */
  bool Usable() const;
  bool Idle() const { return streams_.empty(); }
  /** Nothing waits to be written. */
  bool Drained() const { return output_.pending() == 0; }
  /** Why it is closed; before it was open: why it did not come to that. */
  const std::string& failure() const { return failure_; }
  const std::string& peer() const { return address_.text; }

  /** The socket can be read or written (epoll's bits). */
  void OnEvents(uint32_t events);
  /** Puts the call onto the connection; `Pump` sends it. */
  void Submit(const std::shared_ptr<Call>& call);
  /** Tells the server that the call is given up. The channel has settled it. */
  void Withdraw(Call& call);
  /** Writes what can be written now. */
  void Pump();
  /** When `OnTime` is wanted: pings, and the answers to them. */
  Time Due() const;
  void OnTime(Time now);
  /** GOAWAY, as far as the socket takes it now. */
  void Goodbye();
  void Fail(std::string why);
  /** Gives up its calls: whoever closes it settles them. */
  std::vector<std::shared_ptr<Call>> TakeCalls();
  /** Those of which nothing went out: another connection may have them. */
  std::vector<std::shared_ptr<Call>> TakeUnsent();
  /** The server pings too often for its taste: the channel pings less from now on. */
  bool too_many_pings() const { return too_many_pings_; }

  /** nghttp2's, in session.cc. */
  struct Callbacks;
  /** More than this does not wait to be written: frames are made when there is room. */
  static constexpr size_t kHighWater = 256 << 10;

 private:
  friend struct Callbacks;

  void Begin();
  void Connected();
  void OnReadable();
  void Advance(const uint8_t* data, size_t size);
  void StartSession();
  void Receive(const uint8_t* data, size_t size);
  std::string Broken(const char* otherwise) const;
  bool Fill();
  void Write();
  bool Encrypt();
  void WantWrite(bool wanted);
  void Ping(Time now);
  void Settled(const std::shared_ptr<Call>& call);
  Call* Find(int32_t stream);

  const ConnectionSettings& settings_;
  ConnectionOwner& owner_;
  const Address address_;
  const int epoll_;
  const uint64_t id_;
  int socket_ = -1;
  State state_ = State::kConnecting;
  std::string failure_;
  /** What nghttp2 or the server says before the connection ends. */
  std::string complaint_;
  bool wants_write_ = false;
  /** Writing failed since the server is gone; what it said before is still to be read. */
  bool broken_ = false;

  std::unique_ptr<TlsStream> tls_;
  nghttp2_session* session_ = nullptr;
  std::unordered_map<int32_t, std::shared_ptr<Call>> streams_;
  Output output_;

  Time last_heard_ = 0;
  /** 0: no ping is on its way. */
  Time pinged_ = 0;
  bool too_many_pings_ = false;

  /** Frames of the server's without anything that brings a call on, since `idle_frames_since_`: a flood of them ends the connection. */
  uint32_t idle_frames_ = 0;
  Time idle_frames_since_ = 0;
};

}  // namespace sink::http2
