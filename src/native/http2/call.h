// One unary call: what is sent, what came back, and what it ends with. The channel's lock guards all of it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "response.h"

namespace sink::http2 {

/** Monotonic nanoseconds. */
using Time = int64_t;
constexpr Time kNever = INT64_MAX;
constexpr Time kMillisecond = 1'000'000;
constexpr Time kSecond = 1'000 * kMillisecond;

Time Now();

/** A request's message behind gRPC's frame head. It is never copied: whoever has bytes of it on their way holds the call. */
struct Body {
  static constexpr size_t kHead = 5;
  uint8_t head[kHead] = {};
  const uint8_t* data = nullptr;
  size_t size = 0;
  /** Keeps `data`. */
  std::shared_ptr<void> owner;

  /** @param size at most 4 GiB less a byte: the frame head has no more */
  void Set(const uint8_t* bytes, size_t length, std::shared_ptr<void> holder);
  size_t Total() const { return kHead + size; }
};

struct Call {
  uint64_t id = 0;
  std::string path;
  Body body;
  Time started = 0;
  Time deadline = kNever;
  /** As the server is told, `5000m`. */
  std::string timeout;

  /** Bytes of the body that have been framed. */
  size_t framed = 0;
  /** 0: on no connection. */
  uint64_t connection = 0;
  int32_t stream = -1;
  /** The request's HEADERS went out: the server may have seen it. */
  bool sent = false;
  bool reset_by_peer = false;
  bool finished = false;
  /** Connections that did not get to sending it. */
  int moves = 0;
  Response response;

  /** Where finished calls wait for JavaScript: a list through the calls themselves, so that it never lacks memory. */
  std::shared_ptr<Call> next;
};

/** Takes calls that are finished, on any thread. */
class Outbox {
 public:
  virtual ~Outbox() = default;
  /** With the channel's lock held. */
  virtual void Finished(std::shared_ptr<Call> call) noexcept = 0;
  /** No more follow for now; without the lock. */
  virtual void Flush() noexcept = 0;
};

}  // namespace sink::http2
