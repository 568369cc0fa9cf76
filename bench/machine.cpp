// The loops of machine.hpp, for each of the instruction sets of the library's kernels.
#include "machine.hpp"

#if defined(__AVX512VBMI2__) && !defined(HWY_WANT_AVX3_DL)
#define HWY_WANT_AVX3_DL
#endif
#include <hwy/highway.h>

// The library's rule, see pplcnet/kernels/highway.hpp. But where Highway has no SSE2, the
// baseline's loops take value by value, and the kernels are faster than these.
#define BENCH_CHOOSES_ISA (HWY_ARCH_X86 && HWY_STATIC_TARGET > HWY_AVX2)

#if BENCH_CHOOSES_ISA
#undef HWY_TARGET
#define HWY_TARGET HWY_AVX2
#include "pplcnet/kernels/flip_target-inl.hpp"

#include "machine-inl.hpp"
#undef HWY_TARGET
#define HWY_TARGET HWY_AVX3
#include "pplcnet/kernels/flip_target-inl.hpp"

#include "machine-inl.hpp"
#undef HWY_TARGET
#define HWY_TARGET HWY_STATIC_TARGET
#include <hwy/ops/set_macros-inl.h>
#endif
#include "machine-inl.hpp"

float bench::multiply_adds(Isa isa, float factor, std::int64_t& count) {
#if BENCH_CHOOSES_ISA
  if (isa == Isa::avx512) return N_AVX3::multiply_adds(factor, count);
  if (isa == Isa::avx2) return N_AVX2::multiply_adds(factor, count);
#endif
  static_cast<void>(isa);
  return HWY_STATIC_DISPATCH(multiply_adds)(factor, count);
}

float bench::stream(Isa isa, const float* from, std::size_t count) {
#if BENCH_CHOOSES_ISA
  if (isa == Isa::avx512) return N_AVX3::stream(from, count);
  if (isa == Isa::avx2) return N_AVX2::stream(from, count);
#endif
  static_cast<void>(isa);
  return HWY_STATIC_DISPATCH(stream)(from, count);
}
