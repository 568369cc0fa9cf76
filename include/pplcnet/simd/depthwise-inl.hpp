// Depthwise convolution, channels last. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Neighbouring outputs that share their inputs in registers. Seven divides all widths from 112
/// down to 7 and leaves room for a row of a 5×5 kernel even among 16 registers.
inline constexpr int kDepthwisePixels = 7;

struct DepthwiseRow {
  const float* input;  // the first tap of the first output
  std::size_t input_row_pitch, input_pixel_pitch;
  const float* weights;  // [tap][channels]
  std::size_t tap_pitch;
  float* output;
  std::size_t output_pixel_pitch;
};

/// kPixels outputs of one vector of channels; taps are added in raster order.
template <class D, int kKernel, int kStride, int kPixels>
class DepthwiseTile {
  using V = hn::Vec<D>;
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  static constexpr int kInputs = (kPixels - 1) * kStride + kKernel;

 public:
  HWY_INLINE DepthwiseTile(const DepthwiseRow& row, V bias, int column) : row_(row) {
    start(bias, Indices<kPixels>());
    output_ = row.output + static_cast<std::size_t>(column) * row.output_pixel_pitch;
    const float* input =
        row.input + static_cast<std::size_t>(column * kStride) * row.input_pixel_pitch;
    const float* weights = row.weights;
    for (int y = 0; y < kKernel; ++y) {
      V taps[kKernel];
      load(taps, weights, Indices<kKernel>());
      add_inputs(input, taps, Indices<kInputs>());
      input += row.input_row_pitch;
      weights += kKernel * row.tap_pitch;
    }
  }

  template <Activation kActivation>
  HWY_INLINE void store() const {
    store_pixels<kActivation>(Indices<kPixels>());
  }

 private:
  template <int... kPixel>
  HWY_INLINE void start(V bias, std::integer_sequence<int, kPixel...>) {
    ((sums_[kPixel] = bias), ...);
  }

  template <int... kTap>
  HWY_INLINE void load(V* taps, const float* weights, std::integer_sequence<int, kTap...>) const {
    ((taps[kTap] = hn::Load(D(), weights + kTap * row_.tap_pitch)), ...);
  }

  template <int... kInput>
  HWY_INLINE void add_inputs(const float* input, const V* taps,
                             std::integer_sequence<int, kInput...>) {
    ((add_input<kInput>(hn::LoadU(D(), input), taps, Indices<kPixels>()),
      input += row_.input_pixel_pitch),
     ...);
  }

  template <int kInput, int... kPixel>
  HWY_INLINE void add_input(V input, const V* taps, std::integer_sequence<int, kPixel...>) {
    (add_tap<kInput - kPixel * kStride, kPixel>(input, taps), ...);
  }

  template <int kTap, int kPixel>
  HWY_INLINE void add_tap(V input, const V* taps) {
    if constexpr (kTap >= 0 && kTap < kKernel)
      sums_[kPixel] = hn::MulAdd(input, taps[kTap], sums_[kPixel]);
  }

  template <Activation kActivation, int... kPixel>
  HWY_INLINE void store_pixels(std::integer_sequence<int, kPixel...>) const {
    (hn::StoreU(activate<kActivation>(D(), sums_[kPixel]), D(),
                output_ + kPixel * row_.output_pixel_pitch),
     ...);
  }

  const DepthwiseRow& row_;
  float* output_;
  V sums_[kPixels];
};

/// Output rows [begin, end) of channels [channel, channel + lanes); `output` is where row `begin`
/// starts. Rows are innermost so that an input row is still in L1 when the next output row needs
/// it.
template <class D, int kKernel, int kStride>
HWY_INLINE void depthwise_channels(const Layer& layer, const float* weights, const float* biases,
                                   const float* maps, int channel, int begin, int end,
                                   float* output, std::size_t output_pixel_pitch,
                                   std::size_t output_row_pitch) {
  const Map& source = layer.source;
  DepthwiseRow row = {
      .input = nullptr,
      .input_row_pitch = source.row_pitch(),
      .input_pixel_pitch = static_cast<std::size_t>(source.pixel_pitch),
      .weights = weights + channel,
      .tap_pitch = static_cast<std::size_t>(round_up(layer.output.channels, kPanel)),
      .output = output + channel,
      .output_pixel_pitch = output_pixel_pitch};
  const auto bias = hn::Load(D(), biases + channel);
  const int width = layer.output.width;
  for (int y = begin; y < end; ++y, row.output += output_row_pitch) {
    row.input = maps + source.row(y * layer.stride.height - source.top) -
                static_cast<std::size_t>(source.left * source.pixel_pitch) + channel;
    int x = 0;
    for (; x + kDepthwisePixels <= width; x += kDepthwisePixels)
      finish(DepthwiseTile<D, kKernel, kStride, kDepthwisePixels>(row, bias, x), layer.activation);
    if (x < width && width >= kDepthwisePixels) {  // overlaps: the same bits again
      finish(
          DepthwiseTile<D, kKernel, kStride, kDepthwisePixels>(row, bias, width - kDepthwisePixels),
          layer.activation);
      continue;
    }
    for (; x < width; ++x)
      finish(DepthwiseTile<D, kKernel, kStride, 1>(row, bias, x), layer.activation);
  }
}

template <int kKernel, int kStride>
HWY_NOINLINE void depthwise_kernel(const Layer& layer, const float* weights, const float* biases,
                                   const float* maps, int begin, int end, float* output,
                                   std::size_t output_pixel_pitch, std::size_t output_row_pitch) {
  constexpr int kLanes16 = static_cast<int>(hn::MaxLanes(Lanes16()));
  constexpr int kLanes8 = static_cast<int>(hn::MaxLanes(Lanes8()));
  int channel = 0;
  for (; channel + kLanes16 <= layer.output.channels; channel += kLanes16)
    depthwise_channels<Lanes16, kKernel, kStride>(layer, weights, biases, maps, channel, begin, end,
                                                  output, output_pixel_pitch, output_row_pitch);
  if constexpr (kLanes8 < kLanes16)
    for (; channel < layer.output.channels; channel += kLanes8)
      depthwise_channels<Lanes8, kKernel, kStride>(layer, weights, biases, maps, channel, begin,
                                                   end, output, output_pixel_pitch,
                                                   output_row_pitch);
}

/// Output rows [begin, end) of a depthwise layer; `output` is where row `begin` starts.
HWY_INLINE void depthwise_rows(const Layer& layer, const float* weights, const float* maps,
                               int begin, int end, float* output, std::size_t output_pixel_pitch,
                               std::size_t output_row_pitch) {
  const auto kernel =
      layer.kernel == 5
          ? (layer.stride.width == 2 ? &depthwise_kernel<5, 2> : &depthwise_kernel<5, 1>)
          : (layer.stride.width == 2 ? &depthwise_kernel<3, 2> : &depthwise_kernel<3, 1>);
  kernel(layer, weights + layer.weights, weights + layer.biases, maps, begin, end, output,
         output_pixel_pitch, output_row_pitch);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
