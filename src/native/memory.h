// glibc's allocator, which serves librdkafka and our own code (Bun has one of its own).
#pragma once
#include <malloc.h>

namespace sink {

/**
 * Fetches of a megabyte come and go: by default each is mapped anew and given back, a page fault every 4 KB of it. Kept
 * instead, within bounds (docs/performance.md has what that is worth).
 */
inline void TuneAllocator() {
  mallopt(M_MMAP_THRESHOLD, 16 << 20);
  mallopt(M_TRIM_THRESHOLD, 16 << 20);
  mallopt(M_TOP_PAD, 1 << 20);
}

}  // namespace sink
