// Depthwise convolution of bytes: of panels side by side where vectors have lanes for them, then of
// those that are left. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Computes panels [begin, end) of a depthwise layer's rows.
template <bool kVnni>
void byte_depthwise(const ByteDepthwise& rows, int begin, int end) {
  const bool adds = rows.addend.pixels != nullptr;
#if PPLCNET_PANEL_LANES
  if (!adds) begin = wide_depthwise<DepthwiseDot<kVnni>>(rows, begin, end);
#endif
  with_steps(rows.ending, adds, [&](auto steps) {
    for (int panel = begin; panel < end; ++panel)
      depthwise_panel<DepthwiseDot<kVnni>, decltype(steps)::value>(rows, panel);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
