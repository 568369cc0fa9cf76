// Arithmetic whose bits Highway leaves to the target or the compiler. Compiled once per instruction
// set, but for the one that has all of it in sse2-inl.hpp.
#if !PPLCNET_OWN_SSE2 || HWY_TARGET != PPLCNET_BASELINE
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
/// Highway, but for the functions that are here.
namespace HWY_NAMESPACE::hn {

using namespace hwy::HWY_NAMESPACE;  // NOLINT(google-build-using-namespace): what is here hides it

/// Returns `function` of the lanes of three vectors, one after the other.
template <class V, class Function>
HWY_INLINE V lane_by_lane(V a, V b, V c, const Function& function) {
  constexpr DFromV<V> d;
  alignas(16) float x[MaxLanes(d)], y[MaxLanes(d)], z[MaxLanes(d)];
  Store(a, d, x);
  Store(b, d, y);
  Store(c, d, z);
  for (std::size_t i = 0; i < MaxLanes(d); ++i) x[i] = function(x[i], y[i], z[i]);
  return Load(d, x);
}

// Highway's MulAdd is fused where vectors have an instruction for that. On other targets it is a
// product and a sum, which a compiler fuses or not, where the CPU can; so it does with a Mul that
// is part of a sum.
#if (HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128) && PPLCNET_SCALAR_FMA
template <class V>
HWY_INLINE V Mul(V a, V b) {
  return lane_by_lane(a, b, b, [](float x, float y, float) { return rounded(x * y); });
}
template <class V>
HWY_INLINE V MulAdd(V a, V b, V c) {
  return lane_by_lane(a, b, c, [](float x, float y, float z) { return std::fma(x, y, z); });
}
template <class V>
HWY_INLINE V NegMulAdd(V a, V b, V c) {
  return lane_by_lane(a, b, c, [](float x, float y, float z) { return std::fma(-x, y, z); });
}
#elif HWY_COMPILER_GCC_ACTUAL && (HWY_ARCH_ARM_A64 || (HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR))
template <class V>
HWY_INLINE V Mul(V a, V b) {
  V product = hwy::HWY_NAMESPACE::Mul(a, b);
#if HWY_ARCH_X86
  __asm__("" : "+v"(product.raw));  // what has been in a register, for all that g++ knows
#else
  __asm__("" : "+w"(product.raw));
#endif
  return product;
}
#endif

#if HWY_ARCH_ARM_V7 && HWY_TARGET == HWY_NEON && defined(__ARM_FEATURE_FMA)
// g++ does not define the name that Highway looks for.
template <std::size_t kCount>
HWY_INLINE Vec128<float, kCount> MulAdd(Vec128<float, kCount> a, Vec128<float, kCount> b,
                                        Vec128<float, kCount> c) {
  if constexpr (kCount == 4)
    return Vec128<float, kCount>(vfmaq_f32(c.raw, a.raw, b.raw));
  else
    return Vec128<float, kCount>(vfma_f32(c.raw, a.raw, b.raw));
}
template <std::size_t kCount>
HWY_INLINE Vec128<float, kCount> NegMulAdd(Vec128<float, kCount> a, Vec128<float, kCount> b,
                                           Vec128<float, kCount> c) {
  if constexpr (kCount == 4)
    return Vec128<float, kCount>(vfmsq_f32(c.raw, a.raw, b.raw));
  else
    return Vec128<float, kCount>(vfms_f32(c.raw, a.raw, b.raw));
}
#elif HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4
template <class V>
HWY_INLINE V MulAdd(V a, V b, V c) {
  return Add(hn::Mul(a, b), c);
}
template <class V>
HWY_INLINE V NegMulAdd(V a, V b, V c) {
  return Sub(c, hn::Mul(a, b));
}
#endif

#if HWY_ARCH_ARM_V7 && HWY_TARGET == HWY_NEON  // has approximations alone
template <class V>
HWY_INLINE V Div(V a, V b) {
  return lane_by_lane(a, b, b, [](float x, float y, float) { return x / y; });
}
template <class V>
HWY_INLINE V Sqrt(V a) {
  return lane_by_lane(a, a, a, [](float x, float, float) { return std::sqrt(x); });
}
#endif

}  // namespace HWY_NAMESPACE::hn
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif
