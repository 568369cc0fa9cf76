#include "system/memory.hpp"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

void system_memory::keep() {
#if defined(__GLIBC__)
  constexpr int kMegabyte = 1 << 20;
  mallopt(M_MMAP_THRESHOLD, 32 * kMegabyte);  // the most that glibc takes
  mallopt(M_TRIM_THRESHOLD, 64 * kMegabyte);
  mallopt(M_TOP_PAD, 4 * kMegabyte);
#endif
}
