// Softmax over channels. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Returns exp(x - most), never quite 0.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_below(D d, V x, V most) {
  return exp_of_negative(d, hn::Max(hn::Sub(x, most), hn::Set(d, -87.0f)));
}

/// Computes the softmax of values; `from` and `to` may be the same.
inline void softmax(const float* from, float* to, int count) {
  Partial largest(Maximum::kStart), sums(Sum::kStart);
  largest.add(from, count, Maximum());
  const float most = largest.total(Maximum());
  for_each_vector(count, [&](auto d, int i) HWY_ATTR {
    hn::StoreU(exp_below(d, hn::LoadU(d, from + i), hn::Set(d, most)), d, to + i);
  });
  sums.add(to, count, Sum());
  const float share = 1.0f / sums.total(Sum());
  for_each_vector(count, [&](auto d, int i) HWY_ATTR {
    hn::StoreU(hn::Mul(hn::LoadU(d, to + i), hn::Set(d, share)), d, to + i);
  });
}

/// Computes the softmax of each of the first `size` values with its likes in the other blocks.
inline void softmax_of_blocks(const float* from, float* to, int blocks, int size) {
  for_each_vector(size, [&](auto d, int i) HWY_ATTR {
    auto most = hn::LoadU(d, from + i);
    for (int block = 1; block < blocks; ++block)
      most = hn::Max(most, hn::LoadU(d, from + block * size + i));
    auto sum = hn::Zero(d);
    for (int block = 0; block < blocks; ++block) {
      const auto power = exp_below(d, hn::LoadU(d, from + block * size + i), most);
      hn::StoreU(power, d, to + block * size + i);
      sum = hn::Add(sum, power);
    }
    for (int block = 0; block < blocks; ++block) {
      float* const value = to + block * size + i;
      hn::StoreU(hn::Div(hn::LoadU(d, value), sum), d, value);
    }
  });
}

/// Computes rows [begin, end) of a softmax.
inline HWY_NOINLINE void softmax_rows(const Context& context, const Layer& layer, int begin,
                                      int end) {
  float* const maps = context.run.maps;
  const int channels = layer.output.channels, size = channels / layer.groups;
  for (int y = begin; y < end; ++y) {
    const float* from = maps + layer.source.pixels(y);
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x) {
      if (size == 1)
        softmax(from, to, channels);
      else
        softmax_of_blocks(from, to, layer.groups, size);
      from += layer.source.pixel_pitch;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::softmax> = softmax_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
