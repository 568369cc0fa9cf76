// Layers that read or write vectors: pooling, matrix-vector products and gates. Compiled once per
// instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Mean over all pixels, in raster order, of channels [begin, end).
template <class D>
HWY_INLINE void pool_channels(const Layer& layer, const float* maps, int begin, int end,
                              float* output) {
  const D d;
  const Map& source = layer.source;
  const auto share = hn::Set(d, 1.0f / static_cast<float>(layer.input.pixels()));
  for (int channel = begin; channel < end; channel += static_cast<int>(hn::MaxLanes(d))) {
    auto sum = hn::Zero(d);
    for (int y = 0; y < layer.input.height; ++y) {
      const float* pixel = maps + source.row(y) + channel;
      for (int x = 0; x < layer.input.width; ++x, pixel += source.pixel_pitch)
        sum = hn::Add(sum, hn::LoadU(d, pixel));
    }
    hn::StoreU(hn::Mul(sum, share), d, output + channel);
  }
}

/// Channels [begin, end) of a pooling layer; both are multiples of 8.
HWY_NOINLINE void pool(const Layer& layer, const float* maps, int begin, int end, float* output) {
  const int whole = begin + (end - begin) / kPanel * kPanel;
  pool_channels<Lanes16>(layer, maps, begin, whole, output);
  pool_channels<Lanes8>(layer, maps, whole, end, output);
}

/// One panel of 16 outputs for kImages images, so that a pass over the weights serves them all.
/// Four partial sums, by k modulo 4, hide the latency of one; they are added in a fixed order.
template <int kImages>
HWY_INLINE void dense_panel(const Layer& layer, const float* weights, const float* biases,
                            const float* input, std::size_t input_pitch, float* output,
                            std::size_t output_pitch) {
  const Lanes16 d;
  using V = hn::Vec<Lanes16>;
  const int depth = layer.depth();
  for (std::size_t lane = 0; lane < kPanel; lane += hn::MaxLanes(d)) {
    V sums[4][kImages];
    for (int image = 0; image < kImages; ++image) {
      sums[0][image] = hn::Load(d, biases + lane);
      sums[1][image] = sums[2][image] = sums[3][image] = hn::Zero(d);
    }
    const float* row = weights + lane;
    int k = 0;
    for (; k + 4 <= depth; k += 4)
      for (int part = 0; part < 4; ++part, row += kPanel) {
        const V weight = hn::Load(d, row);
        for (int image = 0; image < kImages; ++image)
          sums[part][image] = hn::MulAdd(
              hn::Set(d, input[static_cast<std::size_t>(image) * input_pitch + k + part]), weight,
              sums[part][image]);
      }
    for (int part = 0; k < depth; ++k, ++part, row += kPanel)
      for (int image = 0; image < kImages; ++image)
        sums[part][image] =
            hn::MulAdd(hn::Set(d, input[static_cast<std::size_t>(image) * input_pitch + k]),
                       hn::Load(d, row), sums[part][image]);
    for (int image = 0; image < kImages; ++image) {
      const V sum =
          hn::Add(hn::Add(sums[0][image], sums[1][image]), hn::Add(sums[2][image], sums[3][image]));
      float* to = output + static_cast<std::size_t>(image) * output_pitch + lane;
      switch (layer.activation) {
        case Activation::none:
          hn::StoreU(sum, d, to);
          break;
        case Activation::relu:
          hn::StoreU(activate<Activation::relu>(d, sum), d, to);
          break;
        case Activation::relu6:
          hn::StoreU(activate<Activation::relu6>(d, sum), d, to);
          break;
        case Activation::hardswish:
          hn::StoreU(activate<Activation::hardswish>(d, sum), d, to);
          break;
        case Activation::hardsigmoid:
          hn::StoreU(activate<Activation::hardsigmoid>(d, sum), d, to);
          break;
        case Activation::hardsigmoid_paddle:
          hn::StoreU(activate<Activation::hardsigmoid_paddle>(d, sum), d, to);
          break;
      }
    }
  }
}

/// Panels [begin, end) of a dense layer for `images` vectors, one every `pitch` floats.
HWY_NOINLINE void dense(const Layer& layer, const float* weights, const float* input,
                        std::size_t input_pitch, float* output, std::size_t output_pitch,
                        int images, int begin, int end) {
  for (int panel = begin; panel < end; ++panel) {
    const auto channel = static_cast<std::size_t>(panel) * kPanel;
    const float* rows = weights + layer.weights + channel * static_cast<std::size_t>(layer.depth());
    const float* biases = weights + layer.biases + channel;
    int image = 0;
    for (; image + 2 <= images; image += 2)
      dense_panel<2>(layer, rows, biases, input + static_cast<std::size_t>(image) * input_pitch,
                     input_pitch, output + static_cast<std::size_t>(image) * output_pitch + channel,
                     output_pitch);
    if (image < images)
      dense_panel<1>(layer, rows, biases, input + static_cast<std::size_t>(image) * input_pitch,
                     input_pitch, output + static_cast<std::size_t>(image) * output_pitch + channel,
                     output_pitch);
  }
}

/// Rows [begin, end) of a map times a vector, in place.
HWY_NOINLINE void gate(const Layer& layer, float* maps, const float* gates, int begin, int end) {
  const Lanes8 d;
  const Map& source = layer.source;
  for (int y = begin; y < end; ++y) {
    float* pixel = maps + source.row(y);
    for (int x = 0; x < layer.input.width; ++x, pixel += source.pixel_pitch)
      for (int channel = 0; channel < layer.input.channels;
           channel += static_cast<int>(hn::MaxLanes(d)))
        hn::StoreU(hn::Mul(hn::LoadU(d, pixel + channel), hn::LoadU(d, gates + channel)), d,
                   pixel + channel);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
