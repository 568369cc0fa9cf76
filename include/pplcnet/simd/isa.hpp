#ifndef PPLCNET_SIMD_ISA_HPP
#define PPLCNET_SIMD_ISA_HPP

#include "pplcnet/abi.hpp"

#if !__has_include(<hwy/highway.h>)
#error "pplcnet needs the headers of Google Highway (Debian: apt install libhwy-dev)"
#endif
#ifdef HIGHWAY_HWY_FOREACH_TARGET_H_
#error "include pplcnet before hwy/foreach_target.h"
#endif
// Highway 1.0 refuses -march=native on Ice Lake and newer unless told that AVX3_DL is wanted.
#if defined(__AVX512VBMI2__) && !defined(HWY_WANT_AVX3_DL)
#define HWY_WANT_AVX3_DL
#endif
#include <hwy/highway.h>

// The one rule. x86 with a compiler target below AVX2: the kernels are compiled for the baseline,
// AVX2 and AVX-512, and the CPU chooses at run time. Anything else (-march=…, ARM): one copy.
// Highway numbers better targets lower.
#if HWY_ARCH_X86 && !HWY_IDE && (HWY_STATIC_TARGET > HWY_AVX2)
#define PPLCNET_CHOOSE_ISA 1
#include <cpuid.h>
#else
#define PPLCNET_CHOOSE_ISA 0
#endif

// The target of the baseline's kernels. They keep vectors in arrays, so their size must be known:
// an ARM with SVE runs them as NEON.
#if HWY_ARCH_ARM_A64
#define PPLCNET_BASELINE HWY_NEON
#define PPLCNET_BASELINE_NAMESPACE N_NEON
#else
#define PPLCNET_BASELINE HWY_STATIC_TARGET
#define PPLCNET_BASELINE_NAMESPACE HWY_NAMESPACE
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// A copy of the kernels. `baseline` is what the compiler was told to assume; where that is at
/// least AVX2, or on ARM, it is the only copy.
enum class Isa : unsigned char { baseline, avx2, avx512 };

#if PPLCNET_CHOOSE_ISA
/// What cpuid and the operating system (through xgetbv) allow; the bits are those that Highway's
/// targets AVX2 and AVX3 assume.
inline Isa detect_isa() noexcept {
  constexpr auto has = [](unsigned word, unsigned bits) { return (word & bits) == bits; };
  unsigned a = 0, b = 0, c = 0, d = 0;
  // SSE3, SSSE3, FMA, SSE4.1, SSE4.2, MOVBE, POPCNT, AES, PCLMULQDQ, OSXSAVE, AVX, F16C.
  constexpr unsigned kLeaf1 = 1u << 0 | 1u << 1 | 1u << 9 | 1u << 12 | 1u << 19 | 1u << 20 |
                              1u << 22 | 1u << 23 | 1u << 25 | 1u << 27 | 1u << 28 | 1u << 29;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || !has(c, kLeaf1)) return Isa::baseline;
  unsigned saved = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
  if (!has(saved, 0x6)) return Isa::baseline;  // XMM and YMM
  if (__get_cpuid(0x80000001u, &a, &b, &c, &d) == 0 || !has(c, 1u << 5)) return Isa::baseline;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return Isa::baseline;
  if (!has(b, 1u << 3 | 1u << 5 | 1u << 8)) return Isa::baseline;  // BMI, AVX2, BMI2
  constexpr unsigned kAvx512 =
      1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;  // F DQ CD BW VL
  return has(b, kAvx512) && has(saved, 0xE6) ? Isa::avx512 : Isa::avx2;
}

/// The best copy for this CPU; asked once.
inline Isa best_isa() noexcept {
  static const Isa isa = detect_isa();
  return isa;
}
#else
/// The best copy for this CPU.
constexpr Isa best_isa() noexcept { return Isa::baseline; }
#endif

/// Name of a copy in Highway's terms ("AVX3" is AVX-512), for logs and reports.
inline const char* isa_name(Isa isa = best_isa()) noexcept {
  switch (isa) {
    case Isa::avx512:
      return "AVX3";
    case Isa::avx2:
      return "AVX2";
    case Isa::baseline:
      break;
  }
  return hwy::TargetName(PPLCNET_BASELINE);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_SIMD_ISA_HPP
