#ifndef PPLCNET_KERNELS_KERNELS_HPP
#define PPLCNET_KERNELS_KERNELS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "pplcnet/compiled.hpp"
#include "pplcnet/kernels/highway.hpp"
#include "pplcnet/kernels/isa.hpp"
#include "pplcnet/kernels/needs.hpp"
#include "pplcnet/kernels/run.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/make_plan.hpp"
#include "pplcnet/rounding.hpp"

#if PPLCNET_HAS_DEFINITIONS
#include "pplcnet/kernels/arguments.hpp"
#include "pplcnet/kernels/walk.hpp"

// Compiles the kernels once for each instruction set.
#if PPLCNET_CHOOSE_ISA
// Two flips leave Highway as it was, also where one of the copies is left out.
#undef HWY_TARGET
#define HWY_TARGET HWY_AVX2
#include "pplcnet/kernels/flip_target-inl.hpp"
#if PPLCNET_HAS_AVX2
#include "pplcnet/kernels/forward-inl.hpp"
#endif

#undef HWY_TARGET
#define HWY_TARGET HWY_AVX3
#include "pplcnet/kernels/flip_target-inl.hpp"
#if PPLCNET_HAS_AVX512
#include "pplcnet/kernels/forward-inl.hpp"
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
#include "pplcnet/kernels/sse2-inl.hpp"
#else
#include "pplcnet/kernels/flip_target-inl.hpp"
#endif
#endif

#include "pplcnet/kernels/forward-inl.hpp"

#if PPLCNET_BASELINE != HWY_STATIC_TARGET
#undef HWY_TARGET
#define HWY_TARGET HWY_STATIC_TARGET
#include <hwy/ops/set_macros-inl.h>
#endif

namespace pplcnet::inline PPLCNET_ABI {

template <Needs kNeeds>
void forward_by_isa(const Run& run, Isa isa) noexcept {
  isa = std::min(isa, best_isa());
#if PPLCNET_HAS_AVX512
  if (isa == Isa::avx512) return walk(run, N_AVX3::kKernels<kNeeds>);
#endif
#if PPLCNET_HAS_AVX2
  if (isa >= Isa::avx2) return walk(run, N_AVX2::kKernels<kNeeds>);
#endif
  walk(run, PPLCNET_BASELINE_NAMESPACE::kKernels<kNeeds>);
}

#if defined(PPLCNET_IMPLEMENTATION)
void forward(const Run& run, Isa isa) noexcept { forward_by_isa<Needs{}>(run, isa); }
#endif

}  // namespace pplcnet::inline PPLCNET_ABI
#endif  // PPLCNET_HAS_DEFINITIONS

#endif  // PPLCNET_KERNELS_KERNELS_HPP
