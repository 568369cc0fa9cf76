// Maxima and means of windows of pixels. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Rows [begin, end) of a layer whose pixels each combine a window of pixels, in raster order; what
/// is outside of the map does not count. `last` turns a sum into a pixel.
template <class Combine, class Last>
HWY_INLINE void windows(const Layer& layer, const Extent& window, float* maps, int begin, int end,
                        const Combine& combine, const Last& last) {
  const Lanes8 d;
  const Map &source = layer.source, &target = layer.target;
  for (int y = begin; y < end; ++y)
    for (int x = 0; x < layer.output.width; ++x) {
      const int top = y * layer.stride.height, left = x * layer.stride.width;
      const int bottom = std::min(top + window.height, layer.input.height);
      const int right = std::min(left + window.width, layer.input.width);
      float* const output = maps + target.pixels(y) + x * target.pixel_pitch;
      for (int channel = 0; channel < layer.padded_channels();
           channel += static_cast<int>(hn::MaxLanes(d))) {
        const auto pixel = [&](int row, int column) HWY_ATTR {
          return hn::LoadU(d, maps + source.pixels(row) + column * source.pixel_pitch + channel);
        };
        auto sum = pixel(top, left);
        for (int row = top; row < bottom; ++row)
          for (int column = row == top ? left + 1 : left; column < right; ++column)
            sum = combine(sum, pixel(row, column));
        hn::StoreU(last(sum), d, output + channel);
      }
    }
}

/// Rows [begin, end) of a layer of maxima or of means.
inline HWY_NOINLINE void window_rows(const Layer& layer, float* maps, int begin, int end) {
  using V = hn::Vec<Lanes8>;
  if (layer.op == Operator::max_pool)
    return windows(
        layer, {layer.kernel, layer.kernel}, maps, begin, end,
        [](V a, V b) HWY_ATTR { return hn::Max(a, b); }, [](V x) HWY_ATTR { return x; });
  const Extent window = {layer.stride.height, layer.stride.width};
  const auto share = hn::Set(Lanes8(), 1.0f / static_cast<float>(window.height * window.width));
  windows(
      layer, window, maps, begin, end, [](V a, V b) HWY_ATTR { return hn::Add(a, b); },
      [&](V x) HWY_ATTR { return hn::Mul(x, share); });
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
