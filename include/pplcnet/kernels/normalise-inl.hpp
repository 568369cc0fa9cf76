// Normalisation by a map's own means and variances: of the channels of a pixel, or of the pixels of
// a channel. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Returns (x - mean) * factor * scale + shift.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V normalised(D d, V x, V mean, V factor, const float* scale, const float* shift) {
  return hn::MulAdd(hn::Mul(hn::Sub(x, mean), factor), hn::LoadU(d, scale), hn::LoadU(d, shift));
}

/// Computes rows [begin, end), pixel by pixel.
inline HWY_NOINLINE void normalise_pixels(const Layer& layer, const float* weights, float* maps,
                                          int begin, int end) {
  const int channels = layer.input.channels;
  const auto count = static_cast<float>(channels);
  const auto epsilon = static_cast<float>(layer.norm_epsilon);
  for (int y = begin; y < end; ++y)
    for (int x = 0; x < layer.output.width; ++x) {
      const float* const from = maps + layer.source.pixels(y) + x * layer.source.pixel_pitch;
      float* const to = maps + layer.target.pixels(y) + x * layer.target.pixel_pitch;
      Partial sums(Sum::kStart), squares(Sum::kStart);
      sums.add(from, channels, Sum());
      const float mean = sums.total(Sum()) / count;
      squares.add(from, channels, SquaredDistances{mean});
      const float factor = 1.0f / std::sqrt(squares.total(Sum()) / count + epsilon);
      for_each_vector(channels, [&](auto d, int i) HWY_ATTR {
        hn::StoreU(normalised(d, hn::LoadU(d, from + i), hn::Set(d, mean), hn::Set(d, factor),
                              weights + layer.weights + i, weights + layer.biases + i),
                   d, to + i);
      });
    }
}

/// Computes rows [begin, end), channel by channel: the means are those of all rows.
inline HWY_NOINLINE void normalise_channels(const Layer& layer, const float* weights, float* maps,
                                            int begin, int end) {
  const PixelRange all = {0, layer.input.height, 0, layer.input.width};
  const auto epsilon = static_cast<float>(layer.norm_epsilon);
  for_each_vector(layer.input.channels, [&](auto d, int i) HWY_ATTR {
    const ChannelReduction<decltype(d)> reduction(layer.source, maps, all, i);
    const auto mean = reduction.mean();
    const auto deviation = hn::Sqrt(hn::Add(reduction.variance(mean), hn::Set(d, epsilon)));
    const auto factor = hn::Div(hn::Set(d, 1.0f), deviation);
    for (int y = begin; y < end; ++y) {
      const float* from = maps + layer.source.pixels(y) + i;
      float* to = maps + layer.target.pixels(y) + i;
      for (int x = 0; x < layer.output.width; ++x) {
        hn::StoreU(normalised(d, hn::LoadU(d, from), mean, factor, weights + layer.weights + i,
                              weights + layer.biases + i),
                   d, to);
        from += layer.source.pixel_pitch;
        to += layer.target.pixel_pitch;
      }
    }
  });
}

/// Computes rows [begin, end) of a normalisation.
inline void normalise_rows(const Context& context, const Layer& layer, int begin, int end) {
  const auto normalise = layer.groups == 1 ? normalise_pixels : normalise_channels;
  normalise(layer, context.run.weights, context.run.maps, begin, end);
}
template <>
inline constexpr MapRows kMapKernel<Operator::normalise> = normalise_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
