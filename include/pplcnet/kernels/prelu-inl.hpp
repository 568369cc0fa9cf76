// PReLU. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Computes some channels of `count` rows of a layer's output: max(x, 0) + min(x, 0) * slope.
inline HWY_NOINLINE void apply_prelu(const Layer& layer, const float* weights, const Rows& rows,
                                     int count, const ChannelRange& channels) {
  const float* const slopes = weights + layer.slopes_place();
  const Lanes8 d;
  const auto zero = hn::Zero(d);
  for (int y = 0; y < count; ++y)
    for (int x = 0; x < layer.output.width; ++x) {
      float* const pixel = rows.pixels + static_cast<std::size_t>(y) * rows.row_pitch +
                           static_cast<std::size_t>(x) * rows.pixel_pitch;
      for (int i = channels.begin; i < channels.end; i += static_cast<int>(hn::MaxLanes(d))) {
        const auto value = hn::LoadU(d, pixel + i);
        hn::StoreU(hn::MulAdd(hn::Min(value, zero), hn::LoadU(d, slopes + i), hn::Max(value, zero)),
                   d, pixel + i);
      }
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
