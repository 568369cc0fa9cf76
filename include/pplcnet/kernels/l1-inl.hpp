// Distances in the place of products: the layers of AdderNet. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Half a panel of outputs of `kPixels` pixels: bias - Σ|weight - x|, in the order of the weights.
template <int kPixels>
class L1Tile {
  using D = Lanes8;
  using V = hn::Vec<D>;
  static constexpr int kStep = static_cast<int>(hn::MaxLanes(D()));
  static constexpr int kVectors = kHalfPanel / kStep;

 public:
  HWY_INLINE L1Tile(const float* weights, const float* biases, const float* input,
                    std::size_t pixel_pitch, int depth, float* output, std::size_t output_pitch)
      : output_(output), output_pitch_(output_pitch) {
    for (int v = 0; v < kVectors; ++v)
      for (int i = 0; i < kPixels; ++i) sums_[i][v] = hn::LoadU(D(), biases + v * kStep);
    for (int k = 0; k < depth; ++k, weights += kPanel)
      for (int v = 0; v < kVectors; ++v) {
        const V weight = hn::LoadU(D(), weights + v * kStep);
        for (int i = 0; i < kPixels; ++i) {
          const V x = hn::Set(
              D(), input[static_cast<std::size_t>(i) * pixel_pitch + static_cast<std::size_t>(k)]);
          sums_[i][v] = hn::Sub(sums_[i][v], hn::Abs(hn::Sub(weight, x)));
        }
      }
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    for (int i = 0; i < kPixels; ++i)
      for (int v = 0; v < kVectors; ++v)
        hn::StoreU(activate(D(), sums_[i][v]), D(),
                   output_ + static_cast<std::size_t>(i) * output_pitch_ + v * kStep);
  }

 private:
  float* output_;
  std::size_t output_pitch_;
  V sums_[kPixels][kVectors];
};

/// A row of `width` pixels.
inline HWY_NOINLINE void l1_row(const Layer& layer, const float* all_weights, const float* input,
                                std::size_t pixel_pitch, float* output, std::size_t output_pitch) {
  constexpr int kPixels = 6;
  const auto depth = static_cast<std::size_t>(layer.depth());
  for (std::size_t channel = 0; channel < static_cast<std::size_t>(layer.padded_channels());
       channel += kHalfPanel) {
    const float* const weights =
        all_weights + layer.weights + channel / kPanel * kPanel * depth + channel % kPanel;
    const float* const biases = all_weights + layer.biases + channel;
    const auto tile = [&]<int kCount>(int x, std::integral_constant<int, kCount>) HWY_ATTR {
      const auto at = static_cast<std::size_t>(x);
      finish(L1Tile<kCount>(weights, biases, input + at * pixel_pitch, pixel_pitch, layer.depth(),
                            output + at * output_pitch + channel, output_pitch),
             layer.activation.kind);
    };
    int x = 0;
    for (; x + kPixels <= layer.output.width; x += kPixels)
      tile(x, std::integral_constant<int, kPixels>());
    for (; x < layer.output.width; ++x) tile(x, std::integral_constant<int, 1>());
  }
}

/// `count` rows.
inline void l1_rows(const Layer& layer, const float* weights, const Rows& input, int count,
                    const Rows& output) {
  for (std::size_t y = 0; y < static_cast<std::size_t>(count); ++y)
    l1_row(layer, weights, input.pixels + y * input.row_pitch, input.pixel_pitch,
           output.pixels + y * output.row_pitch, output.pixel_pitch);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
