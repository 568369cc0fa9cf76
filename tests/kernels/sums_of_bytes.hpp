#ifndef PPLCNET_TESTS_KERNELS_SUMS_OF_BYTES_HPP
#define PPLCNET_TESTS_KERNELS_SUMS_OF_BYTES_HPP

// The kernels that sum products of bytes, of all instruction sets, without what else a network
// needs, whether or not a library has the other kernels.
#if defined(PPLCNET_COMPILED)
#define PPLCNET_QUANTISED_IMPLEMENTATION
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <type_traits>
#include <utility>

#include "pplcnet/kernels/highway.hpp"
#include "pplcnet/kernels/int8/arguments.hpp"
#include "pplcnet/kernels/isa.hpp"
#include "pplcnet/quantise/arithmetic.hpp"

#if PPLCNET_CHOOSE_ISA
#undef HWY_TARGET
#define HWY_TARGET HWY_AVX2
#include "pplcnet/kernels/flip_target-inl.hpp"
#include "pplcnet/kernels/int8/sums-inl.hpp"
#undef HWY_TARGET
#define HWY_TARGET HWY_AVX3
#include "pplcnet/kernels/flip_target-inl.hpp"
#include "pplcnet/kernels/int8/sums-inl.hpp"
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
#include "pplcnet/kernels/flip_target-inl.hpp"
#endif
#endif
#include "pplcnet/kernels/int8/sums-inl.hpp"
#if PPLCNET_BASELINE != HWY_STATIC_TARGET
#undef HWY_TARGET
#define HWY_TARGET HWY_STATIC_TARGET
#include <hwy/ops/set_macros-inl.h>
#endif

namespace pplcnet_test {

/// Returns whether the CPU has instructions that sum four products of bytes, in the registers of a
/// copy of the kernels. Where there is one copy, its compiler knows.
inline bool has_vnni([[maybe_unused]] pplcnet::Isa isa) {
#if PPLCNET_CHOOSE_ISA
  if (isa == pplcnet::Isa::avx512) return __builtin_cpu_supports("avx512vnni") != 0;
  unsigned a = 0, b = 0, c = 0, d = 0;
  return isa == pplcnet::Isa::avx2 && __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 &&
         (a & 1u << 4) != 0;
#else
  return true;
#endif
}

/// Returns the kernels of an instruction set, with instructions that sum four products or without.
template <bool kVnni>
pplcnet::QuantisedKernels sums_of_bytes([[maybe_unused]] pplcnet::Isa isa) {
  using namespace pplcnet;  // NOLINT(google-build-using-namespace): copies are in it
#if PPLCNET_HAS_AVX512
  if (isa == Isa::avx512)
    return {.product = N_AVX3::byte_product<kVnni>, .depthwise = N_AVX3::byte_depthwise<kVnni>};
#endif
#if PPLCNET_HAS_AVX2
  if (isa == Isa::avx2)
    return {.product = N_AVX2::byte_product<kVnni>, .depthwise = N_AVX2::byte_depthwise<kVnni>};
#endif
  return {.product = PPLCNET_BASELINE_NAMESPACE::byte_product<kVnni>,
          .depthwise = PPLCNET_BASELINE_NAMESPACE::byte_depthwise<kVnni>};
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_KERNELS_SUMS_OF_BYTES_HPP
