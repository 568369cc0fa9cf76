// Depthwise convolution of bytes: of panels side by side, as many as vectors have lanes for, then
// of those that are left. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Computes panels from `begin` on side by side, as long as they fill vectors, then two of them for
/// two rows at a time where vectors hold these, and returns the first one that is left.
template <class Dot>
HWY_INLINE int side_depthwise(const ByteDepthwise& rows, int begin, int end) {
  constexpr int kRows = kSharesQuads ? 2 : 1;  // of kernels that leave room in a quad
  const bool narrow = rows.kernel.width == 3, strides = rows.stride.width == 2;
  if (!is_usual(rows) || (narrow && !strides && kRows == 2 && rows.stride.height > 1)) return begin;
  const auto wide = strides ? side_panels<Dot, WideForm<Dot, 2, 1, 1>>
                            : side_panels<Dot, WideForm<Dot, 1, kRows, 1>>;
  const auto tall =
      strides ? side_panels<Dot, TallForm<Dot, 2>> : side_panels<Dot, TallForm<Dot, 1>>;
  const auto compute = narrow ? wide : tall;
  for (; end - begin >= kSidePanels; begin += kSidePanels) compute(rows, {begin, kSidePanels});
  if constexpr (kHasTwoRows) {
    constexpr int kHalf = kSidePanels / 2;
    if (end - begin >= kHalf && narrow && rows.stride.height == rows.stride.width) {
      const auto two_rows = strides ? side_panels<Dot, WideForm<Dot, 2, 1, 2>>
                                    : side_panels<Dot, WideForm<Dot, 1, kRows, 2>>;
      two_rows(rows, {begin, kHalf});
      begin += kHalf;
    }
  }
  return begin;
}

/// Computes panels [begin, end) of a depthwise layer's rows.
template <bool kVnni>
void byte_depthwise(const ByteDepthwise& rows, int begin, int end) {
  using Dot = DepthwiseDot<kVnni>;
  const bool adds = rows.addend.pixels != nullptr;
  if (!adds) begin = side_depthwise<Dot>(rows, begin, end);
  with_steps<Dot>(rows.ending, adds, [&](auto steps) {
    for (int panel = begin; panel < end; ++panel) {
#if PPLCNET_PANEL_LANES
      depthwise_panel<Dot, decltype(steps)::value>(rows, panel);
#else
      depthwise_any_panel<Dot, decltype(steps)::value>(rows, panel);
#endif
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
