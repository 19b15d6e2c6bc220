#include "slab.h"

#include <sys/mman.h>

#include <new>

namespace sink {

SlabPool& SlabPool::Get() {
  static SlabPool* pool = new SlabPool;  // never destroyed: threads may outlive the exit
  return *pool;
}

std::shared_ptr<Slab> SlabPool::Take(size_t size) {
  uint8_t* data = nullptr;
  if (size == kSlabBytes) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!free_.empty()) {
      data = free_.back();
      free_.pop_back();
    }
  }
  if (!data) {
    void* mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    data = static_cast<uint8_t*>(mapped);
  }
  Slab* slab = new (std::nothrow) Slab{data, size};
  if (!slab) {
    munmap(data, size);
    throw std::bad_alloc();
  }
  return std::shared_ptr<Slab>(slab, [](Slab* s) { SlabPool::Get().Return(s); });
}

void SlabPool::Return(Slab* slab) noexcept {
  bool kept = false;
  if (slab->size == kSlabBytes) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (free_.size() < kKeptSlabs) {
      try {
        free_.push_back(slab->data);
        kept = true;
      } catch (const std::bad_alloc&) {  // then it goes back to the kernel
      }
    }
  }
  if (!kept) munmap(slab->data, slab->size);
  delete slab;
}

void SlabPool::Trim() {
  std::vector<uint8_t*> all;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    all.swap(free_);
  }
  for (uint8_t* data : all) munmap(data, kSlabBytes);
}

}  // namespace sink
