// What is done with rows of maps besides arithmetic. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Zeroes [begin, end), a multiple of 8 floats: a few, for which memset, of which the compiler
/// would think, is slow.
HWY_INLINE void clear(float* begin, const float* end) {
  const Lanes8 d;
  const auto zero = in_register(hn::Zero(d));
  for (; begin != end; begin += hn::MaxLanes(d)) hn::StoreU(zero, d, begin);
}

/// Zeroes the frame at both ends of rows [begin, end) of a map.
inline HWY_NOINLINE void clear_frame(const Map& map, float* base, int begin, int end) {
  const auto pitch = static_cast<std::size_t>(map.pixel_pitch);
  const std::size_t left = static_cast<std::size_t>(map.left) * pitch;
  const std::size_t right = static_cast<std::size_t>(map.right) * pitch;
  for (int y = begin; y < end && left + right > 0; ++y) {
    float* const row = base + map.row(y);
    clear(row, row + left);
    clear(row + map.row_pitch() - right, row + map.row_pitch());
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
