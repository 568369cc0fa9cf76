// Maxima and means of windows of pixels. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The part of a window that lies on the map, and how many pixels a mean counts.
struct WindowPart {
  int begin, end, counted;
};

/// Along one axis. A window that reaches beyond the padding (ceil mode) ends there.
HWY_INLINE WindowPart window_part(int output, int stride, int kernel, int before, int after,
                                  int size) {
  const int begin = output * stride - before;
  const int end = std::min(begin + kernel, size + after);
  return {std::max(begin, 0), std::min(end, size), end - begin};
}

/// Rows [begin, end) of a layer whose pixels each combine a window of pixels, in raster order; what
/// is outside of the map does not count. `last` turns a sum, and the share of one pixel in the
/// window, into a pixel.
template <class Combine, class Last>
HWY_INLINE void windows(const Layer& layer, float* maps, int begin, int end, const Combine& combine,
                        const Last& last) {
  const Lanes8 d;
  const Map &source = layer.source, &target = layer.target;
  const Padding& padding = layer.padding;
  for (int y = begin; y < end; ++y) {
    const WindowPart rows = window_part(y, layer.stride.height, layer.kernel.height, padding.top,
                                        padding.bottom, layer.input.height);
    for (int x = 0; x < layer.output.width; ++x) {
      const WindowPart columns = window_part(x, layer.stride.width, layer.kernel.width,
                                             padding.left, padding.right, layer.input.width);
      const int pixels = layer.count_padding
                             ? rows.counted * columns.counted
                             : (rows.end - rows.begin) * (columns.end - columns.begin);
      const float share = 1.0f / static_cast<float>(pixels);
      float* const output = maps + target.pixels(y) + x * target.pixel_pitch;
      for (int channel = 0; channel < layer.padded_channels();
           channel += static_cast<int>(hn::MaxLanes(d))) {
        const auto pixel = [&](int row, int column) HWY_ATTR {
          return hn::LoadU(d, maps + source.pixels(row) + column * source.pixel_pitch + channel);
        };
        auto sum = pixel(rows.begin, columns.begin);
        for (int row = rows.begin; row < rows.end; ++row)
          for (int column = row == rows.begin ? columns.begin + 1 : columns.begin;
               column < columns.end; ++column)
            sum = combine(sum, pixel(row, column));
        hn::StoreU(last(sum, share), d, output + channel);
      }
    }
  }
}

/// Rows [begin, end) of a layer of maxima or of means.
inline HWY_NOINLINE void window_rows(const Layer& layer, float* maps, int begin, int end) {
  using V = hn::Vec<Lanes8>;
  if (layer.op == Operator::max_pool)
    return windows(
        layer, maps, begin, end, [](V a, V b) HWY_ATTR { return hn::Max(a, b); },
        [](V x, float) HWY_ATTR { return x; });
  windows(
      layer, maps, begin, end, [](V a, V b) HWY_ATTR { return hn::Add(a, b); },
      [](V x, float share) HWY_ATTR { return hn::Mul(x, hn::Set(Lanes8(), share)); });
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
