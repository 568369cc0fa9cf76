// Maxima and means of windows of pixels. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The part of a window that lies on the map, and how many pixels a mean counts.
struct WindowPart {
  int begin, end, counted;
};

/// Returns the part along one axis. A window that reaches beyond the padding (ceil mode) ends
/// there.
HWY_INLINE WindowPart window_part(int output, int stride, int kernel, int before, int after,
                                  int size) {
  const int begin = output * stride - before;
  const int end = std::min(begin + kernel, size + after);
  return {std::max(begin, 0), std::min(end, size), end - begin};
}

/// The part of one output's window that lies on the map.
struct WindowPixels {
  const float* first;
  std::size_t row_pitch, pixel_pitch;
  int rows, columns;
  float share;  // of one pixel in a mean
};

struct WindowMaximum {
  template <class V>
  HWY_INLINE V combine(V a, V b) const {
    return hn::Max(a, b);
  }
  template <class D, class V>
  HWY_INLINE V result(D, V maximum, float) const {
    return maximum;
  }
};

struct WindowMean {
  template <class V>
  HWY_INLINE V combine(V a, V b) const {
    return hn::Add(a, b);
  }
  template <class D, class V>
  HWY_INLINE V result(D d, V sum, float share) const {
    return hn::Mul(sum, hn::Set(d, share));
  }
};

/// Computes kVectors vectors of one output's channels: its pixels, combined in raster order.
template <class What, class D, int... kVector>
HWY_INLINE void window_pixel(const What& what, D d, const WindowPixels& window, int channel,
                             float* output, std::integer_sequence<int, kVector...>) {
  constexpr std::size_t kStep = hn::MaxLanes(D());
  const float* row = window.first + channel;
  hn::Vec<D> sums[] = {hn::LoadU(d, row + kVector * kStep)...};
  for (int y = 0; y < window.rows; ++y, row += window.row_pitch) {
    const float* pixel = row;
    for (int x = 0; x < window.columns; ++x, pixel += window.pixel_pitch)
      if (x > 0 || y > 0)
        ((sums[kVector] = what.combine(sums[kVector], hn::LoadU(d, pixel + kVector * kStep))), ...);
  }
  (hn::StoreU(what.result(d, sums[kVector], window.share), d, output + channel + kVector * kStep),
   ...);
}

/// Computes rows [begin, end) of a layer whose pixels each combine a window of pixels; what is
/// outside of the map does not count.
template <class What>
HWY_NOINLINE void windows(const Context& context, const Layer& layer, int begin, int end) {
  float* const maps = context.run.maps;
  constexpr int kTogether = 4 * kLanes, kStep = static_cast<int>(hn::MaxLanes(Lanes8()));
  const Map &source = layer.source, &target = layer.target;
  const Padding& padding = layer.padding;
  for (int y = begin; y < end; ++y) {
    const WindowPart rows = window_part(y, layer.stride.height, layer.kernel.height, padding.top,
                                        padding.bottom, layer.input.height);
    for (int x = 0; x < layer.output.width; ++x) {
      const WindowPart columns = window_part(x, layer.stride.width, layer.kernel.width,
                                             padding.left, padding.right, layer.input.width);
      const WindowPixels window = {
          .first = maps + source.pixels(rows.begin) + columns.begin * source.pixel_pitch,
          .row_pitch = source.row_pitch(),
          .pixel_pitch = static_cast<std::size_t>(source.pixel_pitch),
          .rows = rows.end - rows.begin,
          .columns = columns.end - columns.begin,
          .share =
              1.0f / static_cast<float>(layer.count_padding ? rows.counted * columns.counted
                                                            : (rows.end - rows.begin) *
                                                                  (columns.end - columns.begin))};
      float* const output = maps + target.pixels(y) + x * target.pixel_pitch;
      int channel = 0;
      for (; channel + kTogether <= layer.padded_channels(); channel += kTogether)
        window_pixel(What(), Lanes16(), window, channel, output,
                     std::make_integer_sequence<int, 4>());
      for (; channel < layer.padded_channels(); channel += kStep)
        window_pixel(What(), Lanes8(), window, channel, output, std::integer_sequence<int, 0>());
    }
  }
}

template <>
inline constexpr MapRows kMapKernel<Operator::max_pool> = windows<WindowMaximum>;
template <>
inline constexpr MapRows kMapKernel<Operator::average_pool> = windows<WindowMean>;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
