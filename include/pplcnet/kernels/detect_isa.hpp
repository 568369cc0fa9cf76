#ifndef PPLCNET_KERNELS_DETECT_ISA_HPP
#define PPLCNET_KERNELS_DETECT_ISA_HPP

#include "pplcnet/abi.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/kernels/cpuid.hpp"
#include "pplcnet/kernels/highway.hpp"
#include "pplcnet/kernels/isa.hpp"

#if PPLCNET_HAS_DEFINITIONS
namespace pplcnet::inline PPLCNET_ABI {

#if PPLCNET_CHOOSE_ISA
/// Returns the best of the copies that cpuid and the operating system (through xgetbv) allow; the
/// bits are those that Highway's targets AVX2 and AVX3 assume.
inline Isa detect_isa() noexcept {
  constexpr auto has = [](unsigned word, unsigned bits) { return (word & bits) == bits; };
  // SSE3, SSSE3, FMA, SSE4.1, SSE4.2, MOVBE, POPCNT, AES, PCLMULQDQ, OSXSAVE, AVX, F16C.
  constexpr unsigned kLeaf1 = 1u << 0 | 1u << 1 | 1u << 9 | 1u << 12 | 1u << 19 | 1u << 20 |
                              1u << 22 | 1u << 23 | 1u << 25 | 1u << 27 | 1u << 28 | 1u << 29;
  if (!has(cpuid(1).c, kLeaf1)) return Isa::baseline;
  const unsigned saved = saved_registers();
  if (!has(saved, 0x6)) return Isa::baseline;                     // XMM and YMM
  if (!has(cpuid(0x80000001u).c, 1u << 5)) return Isa::baseline;  // LZCNT
  const unsigned b = cpuid(7).b;
  if (!has(b, 1u << 3 | 1u << 5 | 1u << 8)) return Isa::baseline;  // BMI, AVX2, BMI2
  constexpr unsigned kAvx512 =
      1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;  // F DQ CD BW VL
  if (PPLCNET_HAS_AVX512 && has(b, kAvx512) && has(saved, 0xE6)) return Isa::avx512;
  return PPLCNET_HAS_AVX2 ? Isa::avx2 : Isa::baseline;
}

PPLCNET_INLINE Isa best_isa() noexcept {
  static const Isa isa = detect_isa();
  return isa;
}
#else
PPLCNET_INLINE Isa best_isa() noexcept { return Isa::baseline; }
#endif

PPLCNET_INLINE bool has_isa(Isa isa) noexcept {
  return isa <= best_isa() && (isa != Isa::avx2 || PPLCNET_HAS_AVX2);
}

PPLCNET_INLINE const char* isa_name(Isa isa) noexcept {
  switch (isa) {
    case Isa::avx512:
      return "AVX3";
    case Isa::avx2:
      return "AVX2";
    case Isa::baseline:
      break;
  }
  return PPLCNET_OWN_SSE2 ? "SSE2" : hwy::TargetName(PPLCNET_BASELINE);
}

}  // namespace pplcnet::inline PPLCNET_ABI
#endif  // PPLCNET_HAS_DEFINITIONS

#endif  // PPLCNET_KERNELS_DETECT_ISA_HPP
