// A map of another height and width. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The pixels of the input that one of the output lies between, along one axis: `share` of the way
/// from the first one to the second.
struct Between {
  int first, second;
  float share;
};

/// Returns those of output `i`: they are around `at` / `whole`, whose rounding is the same on every
/// CPU. At the longest side both are below 2^31.
inline Between between(int i, int size, int outputs) {
  const int whole = 2 * outputs, at = std::max((2 * i + 1) * size - outputs, 0);
  const int first = at / whole;
  return {first, std::min(first + 1, size - 1),
          static_cast<float>(at % whole) / static_cast<float>(whole)};
}

/// Computes a row of nearest pixels: `from` and `to` are pixels 0.
inline void nearest_row(const Layer& layer, const float* from, float* to) {
  const int channels = layer.padded_channels(), outputs = layer.output.width;
  for (int x = 0, rest = 0; x < outputs; ++x, to += layer.target.pixel_pitch) {
    for_each_channel(channels, [&](auto d, int channel) HWY_ATTR {
      hn::StoreU(hn::LoadU(d, from + channel), d, to + channel);
    });
    for (rest += layer.input.width; rest >= outputs; rest -= outputs)
      from += layer.source.pixel_pitch;
  }
}

/// Computes a row between two rows of the input.
inline void bilinear_row(const Layer& layer, const float* above, const float* below, float down,
                         float* to) {
  const Lanes8 d;
  const int channels = layer.padded_channels();
  const auto mix = [&](auto share, auto a, auto b)
                       HWY_ATTR { return hn::MulAdd(share, hn::Sub(b, a), a); };
  for (int x = 0; x < layer.output.width; ++x, to += layer.target.pixel_pitch) {
    const auto [first, second, across] = between(x, layer.input.width, layer.output.width);
    const int left = first * layer.source.pixel_pitch, right = second * layer.source.pixel_pitch;
    const auto rows = hn::Set(d, down), columns = hn::Set(d, across);
    for (int i = 0; i < channels; i += static_cast<int>(hn::MaxLanes(d))) {
      const auto top =
          mix(columns, hn::LoadU(d, above + left + i), hn::LoadU(d, above + right + i));
      const auto bottom =
          mix(columns, hn::LoadU(d, below + left + i), hn::LoadU(d, below + right + i));
      hn::StoreU(mix(rows, top, bottom), d, to + i);
    }
  }
}

/// Computes rows [begin, end) of a resized map.
inline HWY_NOINLINE void resize_rows(const Context& context, const Layer& layer, int begin,
                                     int end) {
  float* const maps = context.run.maps;
  const Map& source = layer.source;
  for (int y = begin; y < end; ++y) {
    float* const to = context.pixels(layer.target, y);
    if (layer.resampling == Resampling::nearest) {
      nearest_row(layer, maps + source.pixels(y * layer.input.height / layer.output.height), to);
    } else {
      const auto [above, below, down] = between(y, layer.input.height, layer.output.height);
      bilinear_row(layer, maps + source.pixels(above), maps + source.pixels(below), down, to);
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::resize> = resize_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
