#ifndef PPLCNET_TESTS_BITS_ALLOCATIONS_HPP
#define PPLCNET_TESTS_BITS_ALLOCATIONS_HPP

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

// Counts what a test's program allocates, in all threads: for one file of it.

namespace pplcnet_test {
inline std::atomic<int> allocations = 0;
}  // namespace pplcnet_test

// Sanitizers bring a malloc of their own, other C libraries do not have these names of glibc's.
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
namespace pplcnet_test {
inline constexpr bool kCounted = true;
}  // namespace pplcnet_test

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) { return ++pplcnet_test::allocations, __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) {
  return ++pplcnet_test::allocations, __libc_calloc(count, size);
}
void* realloc(void* block, std::size_t size) {
  return ++pplcnet_test::allocations, __libc_realloc(block, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
  return ++pplcnet_test::allocations, __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }
int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  *block = memalign(alignment, size);
  return *block == nullptr ? ENOMEM : 0;
}
}
#else
namespace pplcnet_test {
inline constexpr bool kCounted = false;
}  // namespace pplcnet_test
#endif

namespace pplcnet_test {

/// How often `body` allocates, in any thread.
template <class Body>
int allocations_in(const Body& body) {
  const int before = allocations;
  body();
  return allocations - before;
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_BITS_ALLOCATIONS_HPP
