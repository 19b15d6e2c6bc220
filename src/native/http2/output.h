// Bytes on their way to a socket: frame heads and small frames are copied, a request's body is only pointed at.
#pragma once
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace sink::http2 {

class Output {
 public:
  /** Copies. */
  void Append(const uint8_t* data, size_t size);
  /** Keeps `owner` until these bytes are out. */
  void Append(const uint8_t* data, size_t size, std::shared_ptr<void> owner);
  size_t pending() const { return pending_; }
  /** The next bytes as at most `most` pieces. @returns how many */
  int Pieces(iovec* pieces, int most) const;
  void Consume(size_t size);

 private:
  struct Segment {
    /** Null: in `copied_`. */
    const uint8_t* data;
    size_t size;
    std::shared_ptr<void> owner;
  };
  std::deque<Segment> segments_;
  std::vector<uint8_t> copied_;
  /** Where the first copied segment begins. */
  size_t copied_start_ = 0;
  size_t pending_ = 0;
};

}  // namespace sink::http2
