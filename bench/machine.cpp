// What all programs here link: the library, compiled once, and the loops of machine.hpp, for each
// of the instruction sets of its kernels.
#define PPLCNET_IMPLEMENTATION
#include "machine.hpp"

#include "pplcnet/kernels/highway.hpp"
#include "pplcnet/pplcnet.cpp"

#if PPLCNET_CHOOSE_ISA
#undef HWY_TARGET
#define HWY_TARGET HWY_AVX2
#include <hwy/ops/set_macros-inl.h>

#include "machine-inl.hpp"
#undef HWY_TARGET
#define HWY_TARGET HWY_AVX3
#include <hwy/ops/set_macros-inl.h>

#include "machine-inl.hpp"
#undef HWY_TARGET
#define HWY_TARGET HWY_STATIC_TARGET
#include <hwy/ops/set_macros-inl.h>
#endif
#include "machine-inl.hpp"

float bench::multiply_adds(Isa isa, float factor, std::int64_t& count) {
#if PPLCNET_CHOOSE_ISA
  if (isa == Isa::avx512) return N_AVX3::multiply_adds(factor, count);
  if (isa == Isa::avx2) return N_AVX2::multiply_adds(factor, count);
#endif
  static_cast<void>(isa);
  return HWY_STATIC_DISPATCH(multiply_adds)(factor, count);
}

float bench::stream(Isa isa, const float* from, std::size_t count) {
#if PPLCNET_CHOOSE_ISA
  if (isa == Isa::avx512) return N_AVX3::stream(from, count);
  if (isa == Isa::avx2) return N_AVX2::stream(from, count);
#endif
  static_cast<void>(isa);
  return HWY_STATIC_DISPATCH(stream)(from, count);
}
