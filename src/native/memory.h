// What the process keeps of memory beside its data: glibc's allocator, which serves librdkafka and our own code (Bun has one of
// its own), and pages of code.
#pragma once
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

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

/**
 * Gives pages that are read from files back to the kernel: after the start most of Bun's code, of its constants and of what is
 * embedded in the executable is never looked at again, and what is comes back when it is touched. What is never written
 * to is dropped here and stays in the page cache: the price is a fault. The program's one writable part has the embedded files
 * in it: that is left to the kernel to page out, which keeps what was written (MADV_DONTNEED would lose it).
 */
inline void ReleaseFilePages() {
  bool seen = false;
  dl_iterate_phdr(
      [](dl_phdr_info* object, size_t, void* seen) {
        const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
        const bool is_program = !*static_cast<bool*>(seen);
        *static_cast<bool*>(seen) = true;
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          const ElfW(Phdr)& segment = object->dlpi_phdr[i];
          const bool written = segment.p_flags & PF_W;
          if (segment.p_type != PT_LOAD || (written && !is_program)) continue;
          const uintptr_t from = (object->dlpi_addr + segment.p_vaddr + page - 1) / page * page;
          const uintptr_t to = (object->dlpi_addr + segment.p_vaddr + segment.p_filesz) / page * page;
          if (from < to) madvise(reinterpret_cast<void*>(from), to - from, written ? MADV_PAGEOUT : MADV_DONTNEED);
        }
        return 0;
      },
      &seen);
}

/** After a burst: what was kept for the next one. */
inline void TrimAllocator() { malloc_trim(0); }

}  // namespace sink
