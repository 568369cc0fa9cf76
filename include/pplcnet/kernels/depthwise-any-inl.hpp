// Depthwise convolution with any kernel and any stride. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// One vector of channels of one pixel; taps are added in raster order.
template <class D>
class DepthwisePixel {
 public:
  /// `inputs` has a pointer for each row of the kernel.
  HWY_INLINE DepthwisePixel(const Layer& layer, const float* const* inputs, std::size_t offset,
                            const float* weights, const float* biases, float* output)
      : output_(output), sum_(hn::Load(D(), biases)) {
    const auto tap_pitch =
        static_cast<std::size_t>(layer.dilation.width * layer.source.pixel_pitch);
    for (int row = 0; row < layer.kernel.height; ++row) {
      const float* input = inputs[row] + offset;
      for (int column = 0; column < layer.kernel.width; ++column) {
        sum_ = hn::MulAdd(hn::LoadU(D(), input), hn::Load(D(), weights), sum_);
        input += tap_pitch;
        weights += kPanel;
      }
    }
  }

  template <class Activate>
  HWY_INLINE void finish(const Activate& activate) const {
    hn::StoreU(activate(D(), sum_), D(), output_);
  }

 private:
  float* output_;
  hn::Vec<D> sum_;
};

/// Computes channels [begin, end) of a row of outputs; `inputs` are the rows of the map that it
/// reads, left padding first.
inline HWY_NOINLINE void depthwise_row(const Layer& layer, const float* const* inputs,
                                       const float* all_weights, int begin, int end,
                                       const Rows& output) {
  using D = Lanes8;
  const auto depth = static_cast<std::size_t>(layer.depth());
  const auto step = static_cast<std::size_t>(layer.stride.width * layer.source.pixel_pitch);
  for (auto channel = static_cast<std::size_t>(begin); channel < static_cast<std::size_t>(end);
       channel += hn::MaxLanes(D())) {
    const float* const weights =
        all_weights + layer.weights + channel / kPanel * kPanel * depth + channel % kPanel;
    for (std::size_t x = 0; x < static_cast<std::size_t>(layer.output.width); ++x)
      finish(DepthwisePixel<D>(layer, inputs, x * step + channel, weights,
                               all_weights + layer.biases + channel,
                               output.pixels + x * output.pixel_pitch + channel),
             layer.activation.kind);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
