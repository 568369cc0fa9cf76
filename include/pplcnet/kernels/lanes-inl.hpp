// Vectors. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Lanes of the widest vector that a panel of 16 channels can use; 8 of them for odd half panels.
using Lanes16 = hn::CappedTag<float, kPanel>;
using Lanes8 = hn::CappedTag<float, kPanel / 2>;
inline constexpr int kLanes = static_cast<int>(hn::MaxLanes(Lanes16()));

/// Returns where the channels of [begin, end) end that Lanes16 compute; the rest, half a panel at
/// most, is for Lanes8, where these are others.
constexpr int whole_panels(int begin, int end) {
  return kLanes > kHalfPanel ? begin + (end - begin) / kPanel * kPanel : end;
}

/// Returns weights as float32, whatever they are stored as.
template <class D>
HWY_INLINE hn::Vec<D> load_weights(D d, const float* weights) {
  return hn::Load(d, weights);
}
#if HWY_TARGET == HWY_SCALAR
template <class D>  // many instructions, for each of which no vector would help
HWY_NOINLINE hn::Vec<D> load_weights(D d, const hwy::float16_t* weights) {
#else
template <class D>
HWY_INLINE hn::Vec<D> load_weights(D d, const hwy::float16_t* weights) {
#endif
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<hwy::float16_t, D>(), weights));
}

/// g++ would rather read the same value from memory for every use than keep it in a register, and
/// then waits for the load ports.
template <class V>
HWY_INLINE V in_register(V vector) {
#if HWY_COMPILER_GCC_ACTUAL && HWY_ARCH_X86
  __asm__("" : "+v"(vector.raw));
#endif
  return vector;
}

/// Asks for the cache line at `place`, for the cache of the first level (3) or the second (2).
template <int kLocality>
HWY_INLINE void prefetch([[maybe_unused]] const void* place) {
#if defined(__GNUC__) || defined(__clang__)
  __builtin_prefetch(place, 0, kLocality);
#elif HWY_ARCH_X86
  _mm_prefetch(static_cast<const char*>(place), kLocality == 3 ? _MM_HINT_T0 : _MM_HINT_T1);
#endif
}

/// g++ would compute the addresses of all stores before the first one, and then spill them: a pitch
/// that it cannot see through makes it compute a few at a time.
HWY_INLINE std::size_t opaque(std::size_t pitch) {
#if HWY_COMPILER_GCC_ACTUAL
  __asm__("" : "+r"(pitch));
#endif
  return pitch;
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
