// Depthwise convolution, channels last. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Neighbouring outputs that share their inputs in registers. Seven divides all widths from 112
/// down to 7 and leaves room for a row of a 5×5 kernel even among 16 registers.
inline constexpr int kDepthwisePixels = 7;

/// g++ would rather read the same input from memory for every tap than keep it in a register, and
/// then waits for the load ports.
template <class V>
HWY_INLINE V in_register(V vector) {
#if HWY_COMPILER_GCC_ACTUAL && HWY_ARCH_X86
  __asm__("" : "+v"(vector.raw));
#endif
  return vector;
}

struct DepthwiseRow {
  const float* const* inputs;  // [kernel row]: the first tap of the first output
  std::size_t input_pixel_pitch;
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
  HWY_INLINE DepthwiseTile(const DepthwiseRow& row, V bias, int channel, int column) : row_(row) {
    start(bias, Indices<kPixels>());
    output_ = row.output + channel + static_cast<std::size_t>(column) * row.output_pixel_pitch;
    const std::size_t first = static_cast<std::size_t>(channel) +
                              static_cast<std::size_t>(column * kStride) * row.input_pixel_pitch;
    const float* weights = row.weights + channel;
    for (int y = 0; y < kKernel; ++y) {
      V taps[kKernel];
      load(taps, weights, Indices<kKernel>());
      add_inputs(row.inputs[y] + first, taps, Indices<kInputs>());
      weights += kKernel * row.tap_pitch;
    }
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    store_pixels(activate, Indices<kPixels>());
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
    ((add_input<kInput>(in_register(hn::LoadU(D(), input)), taps, Indices<kPixels>()),
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

  template <class Activate, int... kPixel>
  HWY_INLINE void store_pixels(const Activate& activate,
                               std::integer_sequence<int, kPixel...>) const {
    (hn::StoreU(activate(D(), sums_[kPixel]), D(), output_ + kPixel * row_.output_pixel_pitch),
     ...);
  }

  const DepthwiseRow& row_;
  float* output_;
  V sums_[kPixels];
};

/// Rows of a depthwise layer: where their inputs are, and where they go.
struct DepthwiseRows {
  const float* const* inputs;  // [(rows - 1) * stride + kernel]: the left frame of each input row
  int count;
  float* output;
  std::size_t output_pixel_pitch, output_row_pitch;
};

/// One vector of channels. Rows are innermost so that an input row is still in L1 when the next
/// output row needs it.
template <class D, int kKernel, int kStride>
HWY_INLINE void depthwise_channels(const Layer& layer, const float* weights,
                                   const DepthwiseRows& rows, int channel) {
  DepthwiseRow row = {
      .inputs = rows.inputs,
      .input_pixel_pitch = static_cast<std::size_t>(layer.source.pixel_pitch),
      .weights = weights + layer.weights,
      .tap_pitch = static_cast<std::size_t>(round_up(layer.output.channels, kPanel)),
      .output = rows.output,
      .output_pixel_pitch = rows.output_pixel_pitch};
  const auto bias = hn::Load(D(), weights + layer.biases + channel);
  const int width = layer.output.width;
  const auto whole = [&](int x) HWY_ATTR {
    finish(DepthwiseTile<D, kKernel, kStride, kDepthwisePixels>(row, bias, channel, x),
           layer.activation);
  };
  for (int y = 0; y < rows.count; ++y) {
    int x = 0;
    for (; x + kDepthwisePixels <= width; x += kDepthwisePixels) whole(x);
    if (x < width && width >= kDepthwisePixels) {
      whole(width - kDepthwisePixels);  // overlaps: the same bits again
    } else {
      for (; x < width; ++x)
        finish(DepthwiseTile<D, kKernel, kStride, 1>(row, bias, channel, x), layer.activation);
    }
    row.inputs += layer.stride.height;
    row.output += rows.output_row_pitch;
  }
}

template <int kKernel, int kStride>
HWY_NOINLINE void depthwise_kernel(const Layer& layer, const float* weights,
                                   const DepthwiseRows& rows) {
  constexpr int kLanes16 = static_cast<int>(hn::MaxLanes(Lanes16()));
  constexpr int kLanes8 = static_cast<int>(hn::MaxLanes(Lanes8()));
  int channel = 0;
  for (; channel + kLanes16 <= layer.output.channels; channel += kLanes16)
    depthwise_channels<Lanes16, kKernel, kStride>(layer, weights, rows, channel);
  if constexpr (kLanes8 < kLanes16)
    for (; channel < layer.output.channels; channel += kLanes8)
      depthwise_channels<Lanes8, kKernel, kStride>(layer, weights, rows, channel);
}

inline void depthwise(const Layer& layer, const float* weights, const DepthwiseRows& rows) {
  const bool wide = layer.stride.width == 2;
  if (layer.kernel == 3) {
    return wide ? depthwise_kernel<3, 2>(layer, weights, rows)
                : depthwise_kernel<3, 1>(layer, weights, rows);
  }
  return wide ? depthwise_kernel<5, 2>(layer, weights, rows)
              : depthwise_kernel<5, 1>(layer, weights, rows);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
