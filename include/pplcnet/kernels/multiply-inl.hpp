// A map times another one, which may be repeated along axes. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Computes rows [begin, end) of a product.
inline HWY_NOINLINE void multiply_rows(const Context& context, const Layer& layer, int begin,
                                       int end) {
  float* const maps = context.run.maps;
  const Lanes8 d;
  const Shape& factors = layer.factor_shape;
  const Map& map = layer.addend_map;
  const int step = factors.width > 1 ? map.pixel_pitch : 0;
  const bool single = factors.channels == 1 && layer.output.channels > 1;
  for (int y = begin; y < end; ++y) {
    const float* from = maps + layer.source.pixels(y);
    const float* factor = maps + map.pixels(factors.height > 1 ? y : 0);
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x) {
      const auto one = hn::Set(d, *factor);
      for (int channel = 0; channel < layer.padded_channels();
           channel += static_cast<int>(hn::MaxLanes(d))) {
        const auto value = hn::LoadU(d, from + channel);
        hn::StoreU(hn::Mul(value, single ? one : hn::LoadU(d, factor + channel)), d, to + channel);
      }
      from += layer.source.pixel_pitch;
      factor += step;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::multiply> = multiply_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
