#ifndef PPLCNET_SIMD_FOREACH_ISA_HPP
#define PPLCNET_SIMD_FOREACH_ISA_HPP

// Compiles the kernels once for each instruction set.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

#include "pplcnet/layer.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan.hpp"
#include "pplcnet/simd/executor.hpp"
#include "pplcnet/simd/isa.hpp"
#include "pplcnet/simd/run.hpp"

#if PPLCNET_CHOOSE_ISA
// Two flips leave Highway as it was.
#undef HWY_TARGET
#define HWY_TARGET HWY_AVX2
#include "pplcnet/simd/flip_target-inl.hpp"
#include "pplcnet/simd/forward-inl.hpp"

#undef HWY_TARGET
#define HWY_TARGET HWY_AVX3
#include "pplcnet/simd/flip_target-inl.hpp"
#include "pplcnet/simd/forward-inl.hpp"

#undef HWY_TARGET
#define HWY_TARGET HWY_STATIC_TARGET
#include <hwy/ops/set_macros-inl.h>
#elif PPLCNET_BASELINE != HWY_STATIC_TARGET
#undef HWY_TARGET
#define HWY_TARGET PPLCNET_BASELINE
#include "pplcnet/simd/flip_target-inl.hpp"
#endif

#include "pplcnet/simd/forward-inl.hpp"

#if PPLCNET_BASELINE != HWY_STATIC_TARGET
#undef HWY_TARGET
#define HWY_TARGET HWY_STATIC_TARGET
#include <hwy/ops/set_macros-inl.h>
#endif

#endif  // PPLCNET_SIMD_FOREACH_ISA_HPP
