#ifndef PPLCNET_KERNELS_CPUID_HPP
#define PPLCNET_KERNELS_CPUID_HPP

#include "pplcnet/abi.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/kernels/highway.hpp"

#if (PPLCNET_HAS_DEFINITIONS || PPLCNET_HAS_QUANTISED_DEFINITIONS) && PPLCNET_CHOOSE_ISA
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#else
#include <cpuid.h>
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// What the instruction cpuid of an x86 says.
struct CpuidRegisters {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

/// Returns what it says of a leaf: zeros if the CPU has none of this number.
inline CpuidRegisters cpuid(unsigned leaf, unsigned subleaf = 0) noexcept {
  CpuidRegisters registers;
#if defined(_MSC_VER) && !defined(__clang__)
  int words[4] = {};
  __cpuid(words, static_cast<int>(leaf & 0x80000000u));
  if (static_cast<unsigned>(words[0]) < leaf) return registers;
  __cpuidex(words, static_cast<int>(leaf), static_cast<int>(subleaf));
  registers = {static_cast<unsigned>(words[0]), static_cast<unsigned>(words[1]),
               static_cast<unsigned>(words[2]), static_cast<unsigned>(words[3])};
#else
  __get_cpuid_count(leaf, subleaf, &registers.a, &registers.b, &registers.c, &registers.d);
#endif
  return registers;
}

/// Returns which registers the operating system keeps for each thread: the low half of XCR0. The
/// CPU must have the instruction xgetbv (cpuid's OSXSAVE).
inline unsigned saved_registers() noexcept {
#if defined(_MSC_VER) && !defined(__clang__)
  return static_cast<unsigned>(_xgetbv(0));
#else
  unsigned low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
#endif
}

}  // namespace pplcnet::inline PPLCNET_ABI
#endif  // definitions && PPLCNET_CHOOSE_ISA

#endif  // PPLCNET_KERNELS_CPUID_HPP
