// Means, maxima and variances along any axes of a map. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The pixels that one pixel of the output is made of.
struct PixelRange {
  int top, bottom, left, right;

  float count() const { return static_cast<float>((bottom - top) * (right - left)); }

  /// Calls `visit(pixel)` in raster order.
  template <class Visit>
  HWY_INLINE void for_each(const Map& map, const float* maps, const Visit& visit) const {
    for (int y = top; y < bottom; ++y) {
      const float* pixel = maps + map.pixels(y) + left * map.pixel_pitch;
      for (int x = left; x < right; ++x, pixel += map.pixel_pitch) visit(pixel);
    }
  }
};

/// Channels of a range of pixels, each alone; `count` vectors' lanes are read from `channel` on.
template <class D>
class ChannelReduction {
  using V = hn::Vec<D>;

 public:
  ChannelReduction(const Map& map, const float* maps, const PixelRange& range, int channel)
      : map_(map), maps_(maps), range_(range), channel_(channel) {}

  HWY_INLINE V mean() const {
    V sum = hn::Zero(D());
    range_.for_each(map_, maps_,
                    [&](const float* pixel) HWY_ATTR { sum = hn::Add(sum, load(pixel)); });
    return hn::Mul(sum, hn::Set(D(), 1.0f / range_.count()));
  }
  HWY_INLINE V maximum() const {
    V most = hn::Set(D(), Maximum::kStart);
    range_.for_each(map_, maps_,
                    [&](const float* pixel) HWY_ATTR { most = hn::Max(most, load(pixel)); });
    return most;
  }
  HWY_INLINE V variance(V mean) const {
    V sum = hn::Zero(D());
    range_.for_each(map_, maps_, [&](const float* pixel) HWY_ATTR {
      const V distance = hn::Sub(load(pixel), mean);
      sum = hn::MulAdd(distance, distance, sum);
    });
    return hn::Mul(sum, hn::Set(D(), 1.0f / range_.count()));
  }
  HWY_INLINE V result(Reduction reduction) const {
    if (reduction == Reduction::maximum) return maximum();
    const V mean_value = mean();
    return reduction == Reduction::mean ? mean_value : variance(mean_value);
  }

 private:
  HWY_INLINE V load(const float* pixel) const { return hn::LoadU(D(), pixel + channel_); }

  const Map& map_;
  const float* maps_;
  const PixelRange& range_;
  int channel_;
};

/// Returns all channels of a range of pixels.
inline float reduce_all(const Layer& layer, Reduction reduction, const float* maps,
                        const PixelRange& range) {
  const int channels = layer.input.channels;
  const float count = range.count() * static_cast<float>(channels);
  const auto reduced = [&](const auto& combine) HWY_ATTR {
    Partial partial(combine.kStart);
    range.for_each(layer.source, maps,
                   [&](const float* pixel) HWY_ATTR { partial.add(pixel, channels, combine); });
    return partial;
  };
  if (reduction == Reduction::maximum) return reduced(Maximum()).total(Maximum());
  const float mean = reduced(Sum()).total(Sum()) / count;
  if (reduction == Reduction::mean) return mean;
  return reduced(SquaredDistances{mean}).total(Sum()) / count;
}

/// Which axes are reduced.
struct ReducedAxes {
  bool rows, columns, channels;

  explicit ReducedAxes(const Layer& layer)
      : rows(layer.output.height == 1),
        columns(layer.output.width == 1),
        channels(layer.output.channels == 1) {
    if (layer.reduction != Reduction::maximum_and_mean) return;
    rows = layer.groups == static_cast<int>(Axis::rows);
    columns = layer.groups == static_cast<int>(Axis::columns);
    channels = layer.groups == static_cast<int>(Axis::channels);
  }
};

/// Computes rows [begin, end) of a reduction.
inline HWY_NOINLINE void reduce_rows(const Context& context, const Layer& layer, int begin,
                                     int end) {
  float* const maps = context.run.maps;
  const ReducedAxes axes(layer);
  const bool both = layer.reduction == Reduction::maximum_and_mean;
  const auto which = [&](int i) {
    return !both ? layer.reduction : i == 0 ? Reduction::maximum : Reduction::mean;
  };
  for (int y = begin; y < end; ++y)
    for (int x = 0; x < layer.output.width; ++x) {
      const PixelRange range = {axes.rows ? 0 : y, axes.rows ? layer.input.height : y + 1,
                                axes.columns ? 0 : x, axes.columns ? layer.input.width : x + 1};
      float* const to = maps + layer.target.pixels(y) + x * layer.target.pixel_pitch;
      if (axes.channels) {
        for (int i = 0; i < layer.output.channels; ++i)
          to[i] = reduce_all(layer, which(i), maps, range);
        continue;
      }
      const Reduction reduction = which(axes.rows ? y : x);
      for (int channel = 0; channel < layer.padded_channels();
           channel += static_cast<int>(hn::MaxLanes(Lanes8())))
        hn::StoreU(ChannelReduction<Lanes8>(layer.source, maps, range, channel).result(reduction),
                   Lanes8(), to + channel);
    }
}
template <>
inline constexpr MapRows kMapKernel<Operator::reduce> = reduce_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
