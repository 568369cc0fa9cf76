// Layers that write a map from others, pixel by pixel. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Calls `visit(d, channel)` for every vector of a pixel's channels.
template <class Visit>
HWY_INLINE void for_each_channel(int channels, const Visit& visit) {
  int channel = 0;
  for (; channel + kPanel <= channels; channel += kLanes) visit(Lanes16(), channel);
  for (; channel < channels; channel += static_cast<int>(hn::MaxLanes(Lanes8())))
    visit(Lanes8(), channel);
}

/// Computes rows [begin, end) of a map times a vector.
inline HWY_NOINLINE void gate_rows(const Context& context, const Layer& layer, int begin, int end) {
  const float* const factors = context.vector(layer.source_vector, layer.output);
  for (int y = begin; y < end; ++y) {
    const float* from = context.pixels(layer.source, y);
    float* to = context.pixels(layer.target, y);
    for (int x = 0; x < layer.input.width; ++x) {
      for_each_channel(layer.input.channels, [&](auto d, int channel) HWY_ATTR {
        hn::StoreU(hn::Mul(hn::LoadU(d, from + channel), hn::LoadU(d, factors + channel)), d,
                   to + channel);
      });
      from += layer.source.pixel_pitch;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::gate> = gate_rows;

/// Computes rows [begin, end) of the sum of two maps.
inline HWY_NOINLINE void add_rows(const Context& context, const Layer& layer, int begin, int end) {
  for (int y = begin; y < end; ++y) {
    const float* a = context.pixels(layer.source, y);
    const float* b = context.pixels(layer.addend_map, y);
    float* to = context.pixels(layer.target, y);
    for (int x = 0; x < layer.output.width; ++x) {
      for_each_channel(layer.output.channels, [&](auto d, int channel) HWY_ATTR {
        hn::StoreU(hn::Add(hn::LoadU(d, a + channel), hn::LoadU(d, b + channel)), d, to + channel);
      });
      a += layer.source.pixel_pitch;
      b += layer.addend_map.pixel_pitch;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::add> = add_rows;

/// Copies values; every second one is read, or is written.
inline void copy_every_second(const float* from, float* to, int count, bool reads) {
  const Lanes8 d;
  constexpr int kStep = static_cast<int>(hn::MaxLanes(d));
  int i = 0;
  for (; i + kStep < count; i += kStep) {  // a last vector would reach into what is beside
    hn::Vec<Lanes8> even, odd;
    if (reads) {
      hn::LoadInterleaved2(d, from + 2 * i, even, odd);
      hn::StoreU(even, d, to + i);
    } else {
      hn::LoadInterleaved2(d, to + 2 * i, even, odd);
      hn::StoreInterleaved2(hn::LoadU(d, from + i), odd, d, to + 2 * i);
    }
  }
  for (; i < count; ++i) to[reads ? i : 2 * i] = from[reads ? 2 * i : i];
}

/// Computes rows [begin, end) of channels that go elsewhere.
inline HWY_NOINLINE void copy_rows(const Context& context, const Layer& layer, int begin, int end) {
  float* const maps = context.run.maps;
  for (int y = begin; y < end; ++y) {
    const float* from = maps + layer.source.pixels(y);
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x) {
      if (layer.read_step == 1 && layer.write_step == 1)
        std::memcpy(to, from, sizeof(float) * static_cast<std::size_t>(layer.output.channels));
      else if (layer.read_step * layer.write_step == 2)
        copy_every_second(from, to, layer.output.channels, layer.read_step == 2);
      else
        for (int channel = 0; channel < layer.output.channels; ++channel)
          to[channel * layer.write_step] = from[channel * layer.read_step];
      from += layer.source.pixel_pitch;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::copy> = copy_rows;

/// Computes rows [begin, end) of the picture.
inline HWY_NOINLINE void picture_rows(const Context& context, const Layer& layer, int begin,
                                      int end) {
  float* const maps = context.run.maps;
  const Picture& picture = context.picture();
  for (int y = begin; y < end; ++y) {
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x, to += layer.target.pixel_pitch)
      for (int channel = 0; channel < layer.output.channels; ++channel) {
        const std::ptrdiff_t place =
            channel * picture.channel + y * picture.row + x * picture.pixel;
        to[channel] = picture.values != nullptr ? picture.values[place]
                                                : picture.lookup[channel][picture.bytes[place]];
      }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::picture> = picture_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
