#include "output.h"

#include <algorithm>

namespace sink::http2 {

namespace {
/** Above this the copied bytes that are out are given up although others wait. */
constexpr size_t kCompactAbove = 64 << 10;
}  // namespace

void Output::Append(const uint8_t* data, size_t size) {
  if (size == 0) return;
  copied_.insert(copied_.end(), data, data + size);
  if (!segments_.empty() && segments_.back().data == nullptr) {
    segments_.back().size += size;
  } else {
    segments_.push_back({nullptr, size, nullptr});
  }
  pending_ += size;
}

void Output::Append(const uint8_t* data, size_t size, std::shared_ptr<void> owner) {
  if (size == 0) return;
  segments_.push_back({data, size, std::move(owner)});
  pending_ += size;
}

int Output::Pieces(iovec* pieces, int most) const {
  int count = 0;
  size_t copied = copied_start_;
  for (const Segment& segment : segments_) {
    if (count == most) break;
    const uint8_t* data = segment.data;
    if (data == nullptr) {
      data = copied_.data() + copied;
      copied += segment.size;
    }
    pieces[count++] = {const_cast<uint8_t*>(data), segment.size};
  }
  return count;
}

void Output::Consume(size_t size) {
  pending_ -= size;
  while (size > 0) {
    Segment& first = segments_.front();
    const size_t part = std::min(size, first.size);
    if (first.data == nullptr) {
      copied_start_ += part;
    } else {
      first.data += part;
    }
    first.size -= part;
    size -= part;
    if (first.size == 0) segments_.pop_front();
  }
  if (segments_.empty()) {
    copied_.clear();
    copied_start_ = 0;
  } else if (copied_start_ > kCompactAbove) {
    copied_.erase(copied_.begin(), copied_.begin() + static_cast<std::ptrdiff_t>(copied_start_));
    copied_start_ = 0;
  }
}

}  // namespace sink::http2
