// The numbers of a map in other places. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Where the channels of one pixel of the output come from: every `step`-th float.
struct PixelSource {
  const float* first;
  std::ptrdiff_t step = 1;
};

/// Returns where pixel (y, x) of the output comes from.
inline PixelSource source_of(const Layer& layer, const float* maps, int y, int x) {
  using Kind = Rearrangement::Kind;
  const Map& map = layer.source;
  const auto [kind, first, second] = layer.rearrangement;
  const auto place = [&](int row, int column, int channel) {
    return maps + map.pixels(row) + column * map.pixel_pitch + channel;
  };
  switch (kind) {
    case Kind::transpose: {
      int at[3] = {};
      at[first] = y;
      at[second] = x;
      const std::ptrdiff_t steps[] = {static_cast<std::ptrdiff_t>(map.row_pitch()), map.pixel_pitch,
                                      1};
      return {place(at[0], at[1], at[2]), steps[3 - first - second]};
    }
    case Kind::space_to_rows: {
      const int across = layer.input.width / first;
      return {place(x / across * first + y / first, x % across * first + y % first, 0)};
    }
    case Kind::rows_to_space:
      return {place(y % first * first + x % first, y / first * (second / first) + x / first, 0)};
    case Kind::depth_to_space:
      return {place(y / first, x / first, (y % first * first + x % first) * layer.output.channels)};
    case Kind::shuffle:
      break;
  }
  return {place(y, x, 0)};
}

/// Computes channels [first][second][rest] become [second][first][rest].
inline void shuffle_blocks(const Rearrangement& how, int channels, const float* from, float* to) {
  const int size = channels / (how.first * how.second);
  for (int j = 0; j < how.second; ++j)
    for (int i = 0; i < how.first; ++i, to += size)
      std::memcpy(to, from + (i * how.second + j) * size,
                  static_cast<std::size_t>(size) * sizeof(float));
}

/// Computes what `count` rows become, each of whose pixels is a square of the output's; for one row
/// as many as a square has.
inline HWY_NOINLINE void spread_pixels(const Layer& layer, Rows from, int count, Rows to) {
  const Lanes8 d;
  const int side = layer.rearrangement.first, channels = layer.output.channels;
  const auto copy = [&](const float* values, float* pixel) HWY_ATTR {
    if (channels % kHalfPanel != 0) {
      // One is usual, for which a call takes longer than the copy.
      if (channels == 1) return static_cast<void>(*pixel = *values);
      std::memcpy(pixel, values, static_cast<std::size_t>(channels) * sizeof(float));
      return;
    }
    for (int i = 0; i < channels; i += static_cast<int>(hn::MaxLanes(d)))
      hn::StoreU(hn::LoadU(d, values + i), d, pixel + i);
  };
  for (int y = 0; y < count; ++y, from.pixels += from.row_pitch)
    for (int row = 0; row < side; ++row, to.pixels += to.row_pitch) {
      const float* values = from.pixels + row * side * channels;
      float* pixel = to.pixels;
      for (int x = 0; x < layer.input.width; ++x, values += from.pixel_pitch)
        for (int i = 0; i < side * channels; i += channels, pixel += to.pixel_pitch)
          copy(values + i, pixel);
    }
}

/// Computes rows [begin, end) of a rearrangement.
inline HWY_NOINLINE void rearrange_rows(const Context& context, const Layer& layer, int begin,
                                        int end) {
  float* const maps = context.run.maps;
  const int channels = layer.output.channels;
  for (int y = begin; y < end; ++y) {
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x, to += layer.target.pixel_pitch) {
      const auto [from, step] = source_of(layer, maps, y, x);
      if (layer.rearrangement.kind == Rearrangement::Kind::shuffle)
        shuffle_blocks(layer.rearrangement, channels, from, to);
      else if (step == 1)
        std::memcpy(to, from, static_cast<std::size_t>(channels) * sizeof(float));
      else
        for (int i = 0; i < channels; ++i) to[i] = from[i * step];
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::rearrange> = rearrange_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
