#ifndef PPLCNET_KERNELS_INT8_DOT_INSTRUCTIONS_HPP
#define PPLCNET_KERNELS_INT8_DOT_INSTRUCTIONS_HPP

#include "pplcnet/abi.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/kernels/cpuid.hpp"
#include "pplcnet/kernels/highway.hpp"
#include "pplcnet/kernels/isa.hpp"

#if PPLCNET_HAS_QUANTISED_DEFINITIONS
namespace pplcnet::inline PPLCNET_ABI {

#if PPLCNET_CHOOSE_ISA
/// Returns whether the CPU has the instruction that sums four products of bytes, in the registers
/// of a copy of the kernels: AVX-512 VNNI, or AVX-VNNI. That the operating system keeps these
/// registers is a condition of the copy itself.
inline bool detect_dot_instructions(Isa isa) noexcept {
  if (isa == Isa::avx512) return (cpuid(7).c & 1u << 11) != 0;
  return isa == Isa::avx2 && cpuid(7).a >= 1 && (cpuid(7, 1).a & 1u << 4) != 0;
}

/// Returns the same; the CPU is asked once.
inline bool has_dot_instructions(Isa isa) noexcept {
  static const bool avx2 = detect_dot_instructions(Isa::avx2);
  static const bool avx512 = detect_dot_instructions(Isa::avx512);
  return isa == Isa::avx512 ? avx512 : isa == Isa::avx2 && avx2;
}
#else
/// Returns whether the one copy of the kernels may have such instructions: its compiler knows.
inline bool has_dot_instructions(Isa) noexcept { return true; }
#endif

}  // namespace pplcnet::inline PPLCNET_ABI
#endif  // PPLCNET_HAS_QUANTISED_DEFINITIONS

#endif  // PPLCNET_KERNELS_INT8_DOT_INSTRUCTIONS_HPP
