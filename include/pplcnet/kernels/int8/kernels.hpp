#ifndef PPLCNET_KERNELS_INT8_KERNELS_HPP
#define PPLCNET_KERNELS_INT8_KERNELS_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "pplcnet/abi.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/kernels/int8/arguments.hpp"
#include "pplcnet/kernels/int8/dot_instructions.hpp"
#include "pplcnet/kernels/int8/run.hpp"
#include "pplcnet/kernels/int8/walk.hpp"
#include "pplcnet/kernels/isa.hpp"
#include "pplcnet/kernels/kernels.hpp"
#include "pplcnet/quantise/arithmetic.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the kernels of one instruction set, or of the best one that this CPU has: with an
/// instruction that sums four products of bytes, if it is asked for and the CPU has it.
PPLCNET_QUANTISED_INLINE const QuantisedKernels& quantised_kernels(Isa isa, bool dot) noexcept;

}  // namespace pplcnet::inline PPLCNET_ABI

#if PPLCNET_HAS_QUANTISED_DEFINITIONS
#include "pplcnet/kernels/highway.hpp"

// Whether a copy of the kernels has Highway's operations for bytes: not if it is of single values,
// nor if it has sse2-inl.hpp.
#define PPLCNET_BYTE_VECTORS \
  (HWY_TARGET != HWY_SCALAR && !(PPLCNET_OWN_SSE2 && HWY_TARGET == PPLCNET_BASELINE))

// Compiles the kernels once for each instruction set, in the order of kernels/kernels.hpp.
#if PPLCNET_CHOOSE_ISA
#undef HWY_TARGET
#define HWY_TARGET HWY_AVX2
#include "pplcnet/kernels/int8/set_target-inl.hpp"
#if PPLCNET_HAS_AVX2
#include "pplcnet/kernels/int8/forward-inl.hpp"
#endif

#undef HWY_TARGET
#define HWY_TARGET HWY_AVX3
#include "pplcnet/kernels/int8/set_target-inl.hpp"
#if PPLCNET_HAS_AVX512
#include "pplcnet/kernels/int8/forward-inl.hpp"
#endif

#undef HWY_TARGET
#define HWY_TARGET HWY_STATIC_TARGET
#include <hwy/ops/set_macros-inl.h>
#endif

#if PPLCNET_BASELINE != HWY_STATIC_TARGET
#undef HWY_TARGET
#define HWY_TARGET PPLCNET_BASELINE
#if PPLCNET_OWN_SSE2
#undef HWY_NAMESPACE
#define HWY_NAMESPACE PPLCNET_BASELINE_NAMESPACE
#undef HWY_ALIGN
#define HWY_ALIGN alignas(16)
#else
#include "pplcnet/kernels/int8/set_target-inl.hpp"
#endif
#endif

#include "pplcnet/kernels/int8/forward-inl.hpp"

#if PPLCNET_BASELINE != HWY_STATIC_TARGET
#undef HWY_TARGET
#define HWY_TARGET HWY_STATIC_TARGET
#include <hwy/ops/set_macros-inl.h>
#endif

namespace pplcnet::inline PPLCNET_ABI {

PPLCNET_QUANTISED_INLINE const QuantisedKernels& quantised_kernels(Isa isa, bool dot) noexcept {
  isa = std::min(isa, best_isa());
  dot = dot && has_dot_instructions(isa);
#if PPLCNET_HAS_AVX512
  if (isa == Isa::avx512) return N_AVX3::quantised_kernels(dot);
#endif
#if PPLCNET_HAS_AVX2
  if (isa >= Isa::avx2) return N_AVX2::quantised_kernels(dot);
#endif
  return PPLCNET_BASELINE_NAMESPACE::quantised_kernels(dot);
}

PPLCNET_QUANTISED_INLINE void forward_quantised(const QuantisedRun& run, Isa isa) noexcept {
  walk(run, quantised_kernels(isa, run.dot_instructions));
}

}  // namespace pplcnet::inline PPLCNET_ABI
#endif  // PPLCNET_HAS_QUANTISED_DEFINITIONS

#endif  // PPLCNET_KERNELS_INT8_KERNELS_HPP
