// Memory for records and rows, in slabs that are used again: getting pages from the kernel and giving them back was a
// third of a row's CPU at dim 768 (docs/performance.md).
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace sink {

/** A run of bytes, filled from its start; goes back to the pool when nobody refers to it any more. */
struct Slab {
  uint8_t* data;
  size_t size;
};

class SlabPool {
 public:
  /** A row that stays for long keeps its slab: this bounds what one of them can hold back. */
  static constexpr size_t kSlabBytes = 256 << 10;
  /** Kept for the next poll; what is free beyond that goes back to the kernel. */
  static constexpr size_t kKeptSlabs = 48;

  static SlabPool& Get();
  /** @throws std::bad_alloc */
  std::shared_ptr<Slab> Take(size_t size);
  /** Gives all free slabs back to the kernel: nothing has come for a while. */
  void Trim();

 private:
  void Return(Slab* slab) noexcept;
  std::mutex mutex_;
  std::vector<uint8_t*> free_;
};

/** Gives out memory of slabs, one piece after the other. One thread at a time. */
class Arena {
 public:
  /** A piece of at least `size` bytes, aligned to 8, valid as long as `slab()` is held. @throws std::bad_alloc */
  uint8_t* Reserve(size_t size) {
    if (!slab_ || slab_->size - used_ < size) Renew(size);
    return slab_->data + used_;
  }
  /** So much of the reserved piece is used. */
  void Commit(size_t size) { used_ += Rounded(size); }
  /** That of the last reserved piece. */
  const std::shared_ptr<Slab>& slab() const { return slab_; }
  /** Lets go of a slab that is begun. */
  void Clear() { slab_.reset(); }

 private:
  static size_t Rounded(size_t size) { return (size + 7) & ~size_t{7}; }
  void Renew(size_t size) {
    // What is used never passes its end, however large a single piece is.
    slab_ = SlabPool::Get().Take(size > SlabPool::kSlabBytes ? Rounded(size) : SlabPool::kSlabBytes);
    used_ = 0;
  }
  std::shared_ptr<Slab> slab_;
  size_t used_ = 0;
};

}  // namespace sink
