// Highway's operations, as far as the kernels use them, for SSE2, which every 64-bit x86 has.
// Highway has it from 1.0.7 on; before, it has nothing below SSSE3 but one value at a time.
#include <emmintrin.h>

namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::hn {

// NOLINTBEGIN(readability-identifier-naming): the names are Highway's.

/// A number of values of a kind.
template <class T, std::size_t kCount>
struct Simd {
  using Value = T;
};

template <class T, std::size_t kCount>
constexpr std::size_t MaxLanes(Simd<T, kCount>) {
  return kCount;
}

template <class T, std::size_t kMost>
using CappedTag = Simd<T, std::min(kMost, 16 / sizeof(T))>;
template <class T, class D>
using Rebind = Simd<T, MaxLanes(D())>;
template <class D>
using RebindToSigned = Rebind<std::int32_t, D>;
template <class D>
using RebindToUnsigned = Rebind<std::uint32_t, D>;
template <class D>
using RepartitionToWide = Simd<std::uint64_t, MaxLanes(D()) / 2>;

template <class T>
struct Vector {
  __m128i raw;
};
template <>
struct Vector<float> {
  __m128 raw;
};
template <class D>
using Vec = Vector<typename D::Value>;

using Floats = Vector<float>;
using Integers = Vector<std::int32_t>;
using Pairs = Vector<std::uint64_t>;

/// All bits of a lane are set, or none.
struct Mask {
  __m128 raw;
};

// Values.

template <std::size_t kCount>
HWY_INLINE Floats Set(Simd<float, kCount>, float value) {
  return {_mm_set1_ps(value)};
}
template <std::size_t kCount>
HWY_INLINE Integers Set(Simd<std::int32_t, kCount>, std::int32_t value) {
  return {_mm_set1_epi32(value)};
}
template <std::size_t kCount>
HWY_INLINE Floats Zero(Simd<float, kCount>) {
  return {_mm_setzero_ps()};
}
HWY_INLINE float GetLane(Floats a) { return _mm_cvtss_f32(a.raw); }

// Memory.

HWY_INLINE Floats Load(Simd<float, 4>, const float* from) { return {_mm_load_ps(from)}; }
HWY_INLINE Floats LoadU(Simd<float, 4>, const float* from) { return {_mm_loadu_ps(from)}; }
HWY_INLINE Floats LoadU(Simd<float, 1>, const float* from) { return {_mm_load_ss(from)}; }
HWY_INLINE Vector<hwy::float16_t> LoadU(Simd<hwy::float16_t, 4>, const hwy::float16_t* from) {
  return {_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))};
}
HWY_INLINE void Store(Floats a, Simd<float, 4>, float* to) { _mm_store_ps(to, a.raw); }
HWY_INLINE void StoreU(Floats a, Simd<float, 4>, float* to) { _mm_storeu_ps(to, a.raw); }
HWY_INLINE void StoreU(Floats a, Simd<float, 1>, float* to) { _mm_store_ss(to, a.raw); }

// Arithmetic. A multiply-add rounds twice, as on every CPU that has none.

HWY_INLINE Floats Add(Floats a, Floats b) { return {_mm_add_ps(a.raw, b.raw)}; }
HWY_INLINE Floats Sub(Floats a, Floats b) { return {_mm_sub_ps(a.raw, b.raw)}; }
HWY_INLINE Floats Mul(Floats a, Floats b) { return {_mm_mul_ps(a.raw, b.raw)}; }
HWY_INLINE Floats Div(Floats a, Floats b) { return {_mm_div_ps(a.raw, b.raw)}; }
HWY_INLINE Floats Sqrt(Floats a) { return {_mm_sqrt_ps(a.raw)}; }
HWY_INLINE Floats Min(Floats a, Floats b) { return {_mm_min_ps(a.raw, b.raw)}; }
HWY_INLINE Floats Max(Floats a, Floats b) { return {_mm_max_ps(a.raw, b.raw)}; }
HWY_INLINE Floats MulAdd(Floats a, Floats b, Floats sum) {
  return {_mm_add_ps(_mm_mul_ps(a.raw, b.raw), sum.raw)};
}
HWY_INLINE Floats NegMulAdd(Floats a, Floats b, Floats sum) {
  return {_mm_sub_ps(sum.raw, _mm_mul_ps(a.raw, b.raw))};
}
HWY_INLINE Floats Neg(Floats a) { return {_mm_xor_ps(a.raw, _mm_set1_ps(-0.0f))}; }
HWY_INLINE Floats Abs(Floats a) { return {_mm_andnot_ps(_mm_set1_ps(-0.0f), a.raw)}; }

HWY_INLINE Mask Lt(Floats a, Floats b) { return {_mm_cmplt_ps(a.raw, b.raw)}; }
HWY_INLINE Floats IfThenElse(Mask mask, Floats yes, Floats no) {
  return {_mm_or_ps(_mm_and_ps(mask.raw, yes.raw), _mm_andnot_ps(mask.raw, no.raw))};
}

HWY_INLINE Integers Add(Integers a, Integers b) { return {_mm_add_epi32(a.raw, b.raw)}; }
template <int kBits>
HWY_INLINE Integers ShiftLeft(Integers a) {
  return {_mm_slli_epi32(a.raw, kBits)};
}

// From one kind to another.

HWY_INLINE Integers NearestInt(Floats a) { return {_mm_cvtps_epi32(a.raw)}; }
template <std::size_t kCount>
HWY_INLINE Floats ConvertTo(Simd<float, kCount>, Integers a) {
  return {_mm_cvtepi32_ps(a.raw)};
}
template <std::size_t kCount>
HWY_INLINE Floats BitCast(Simd<float, kCount>, Integers a) {
  return {_mm_castsi128_ps(a.raw)};
}
HWY_INLINE Floats BitCast(Simd<float, 4>, Pairs a) { return {_mm_castsi128_ps(a.raw)}; }
HWY_INLINE Pairs BitCast(Simd<std::uint64_t, 2>, Floats a) { return {_mm_castps_si128(a.raw)}; }

/// The exponents of the two kinds differ by a factor, which is exact for subnormal numbers, too.
HWY_INLINE Floats PromoteTo(Simd<float, 4>, Vector<hwy::float16_t> a) {
  const __m128i bits = _mm_unpacklo_epi16(a.raw, _mm_setzero_si128());
  const __m128i size = _mm_slli_epi32(_mm_and_si128(bits, _mm_set1_epi32(0x7FFF)), 13);
  const __m128i sign = _mm_slli_epi32(_mm_srli_epi32(bits, 15), 31);
  const __m128 value = _mm_mul_ps(_mm_castsi128_ps(size), _mm_set1_ps(0x1p112f));
  return {_mm_or_ps(value, _mm_castsi128_ps(sign))};
}

// From lane to lane.

HWY_INLINE Floats InterleaveLower(Simd<float, 4>, Floats a, Floats b) {
  return {_mm_unpacklo_ps(a.raw, b.raw)};
}
HWY_INLINE Floats InterleaveUpper(Simd<float, 4>, Floats a, Floats b) {
  return {_mm_unpackhi_ps(a.raw, b.raw)};
}
HWY_INLINE Pairs InterleaveLower(Simd<std::uint64_t, 2>, Pairs a, Pairs b) {
  return {_mm_unpacklo_epi64(a.raw, b.raw)};
}
HWY_INLINE Pairs InterleaveUpper(Simd<std::uint64_t, 2>, Pairs a, Pairs b) {
  return {_mm_unpackhi_epi64(a.raw, b.raw)};
}
HWY_INLINE Floats ConcatEven(Simd<float, 4>, Floats upper, Floats lower) {
  return {_mm_shuffle_ps(lower.raw, upper.raw, _MM_SHUFFLE(2, 0, 2, 0))};
}
HWY_INLINE Floats ConcatOdd(Simd<float, 4>, Floats upper, Floats lower) {
  return {_mm_shuffle_ps(lower.raw, upper.raw, _MM_SHUFFLE(3, 1, 3, 1))};
}
HWY_INLINE void LoadInterleaved2(Simd<float, 4> d, const float* from, Floats& even, Floats& odd) {
  const Floats lower = LoadU(d, from), upper = LoadU(d, from + 4);
  even = ConcatEven(d, upper, lower);
  odd = ConcatOdd(d, upper, lower);
}
HWY_INLINE void StoreInterleaved2(Floats even, Floats odd, Simd<float, 4> d, float* to) {
  StoreU(InterleaveLower(d, even, odd), d, to);
  StoreU(InterleaveUpper(d, even, odd), d, to + 4);
}

// NOLINTEND(readability-identifier-naming)

}  // namespace HWY_NAMESPACE::hn
}  // namespace pplcnet::inline PPLCNET_ABI
