#ifndef PPLCNET_HUGE_PAGES_HPP
#define PPLCNET_HUGE_PAGES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

// A forward pass reads all weights once, and 4 KiB pages of weights and feature maps are more than
// a CPU's TLB holds. Linux gives huge pages on request; elsewhere nothing here does anything.

inline constexpr std::size_t kHugePage = std::size_t{2} << 20;

/// Asks for huge pages wherever `memory`, of `size` bytes, covers a whole one: for weights and
/// workspaces in memory of your own, such as an arena or an anonymous mapping, before it is written
/// for the first time. Pages of a mapped file or of the executable stay as they are on most
/// systems.
inline void prefer_huge_pages([[maybe_unused]] void* memory,
                              [[maybe_unused]] std::size_t size) noexcept {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t skipped = (kHugePage - address % kHugePage) % kHugePage;
  if (size < skipped + kHugePage) return;
  // A hint: a system that ignores it is slower, and computes the same.
  static_cast<void>(madvise(static_cast<char*>(memory) + skipped,
                            (size - skipped) / kHugePage * kHugePage, MADV_HUGEPAGE));
#endif
}

/// Allocates large objects in huge pages. A tail of less than half a page stays in small pages, and
/// so does an object that is smaller than that; others are rounded up to whole pages.
struct HugePageMemory {
  static constexpr std::size_t kCacheLine = 64;

  /// Returns null if there is no memory.
  static void* allocate(std::size_t size) noexcept {
    const std::size_t room = std::max(size, huge(size));
    void* const memory = ::operator new(room, alignment(size), std::nothrow);
    if (memory != nullptr) prefer_huge_pages(memory, room);
    return memory;
  }
  static void free(void* memory, std::size_t size) noexcept {
    ::operator delete(memory, alignment(size));
  }
  static constexpr std::align_val_t alignment(std::size_t size) {
    return std::align_val_t(huge(size) > 0 ? kHugePage : kCacheLine);
  }

 private:
  static constexpr std::size_t huge(std::size_t size) {
    return (size + kHugePage / 2) / kHugePage * kHugePage;
  }
};

/// Frees what HugePageMemory has allocated.
struct FreeHugePages {
  std::size_t bytes = 0;
  void operator()(void* memory) const noexcept { HugePageMemory::free(memory, bytes); }
};

/// An array whose deleter knows its size.
template <class Number>
using HugePageArray = std::unique_ptr<Number[], FreeHugePages>;

/// Returns so many zeros; null if there is no memory.
template <class Number>
HugePageArray<Number> zeros_in_huge_pages(std::size_t count) {
  const std::size_t bytes = count * sizeof(Number);
  void* const memory = HugePageMemory::allocate(bytes);
  if (memory == nullptr) return {};
  return {new (memory) Number[count](), FreeHugePages{bytes}};
}

/// Base of types whose objects lie in huge pages if they are made by `new`, and so by
/// std::make_unique; std::make_shared and containers allocate for themselves.
struct InHugePages {
  // Not inlined: where only one of the two were, g++ 12 would warn of a mismatched pair.
  // NOLINTNEXTLINE(misc-new-delete-overloads): the one that knows the size matches all.
  [[gnu::noinline]] static void* operator new(std::size_t size) {
    if (void* const memory = HugePageMemory::allocate(size)) return memory;
    return ::operator new(size, HugePageMemory::alignment(size));  // throws
  }
  [[gnu::noinline]] static void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return HugePageMemory::allocate(size);
  }
  static void* operator new(std::size_t, void* place) noexcept { return place; }
  [[gnu::noinline]] static void operator delete(void* memory, std::size_t size) noexcept {
    HugePageMemory::free(memory, size);
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_HUGE_PAGES_HPP
