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

/// Rows of a depthwise layer: what they are computed from, and where they go.
struct DepthwiseRows {
  const float* const* inputs;  // [kernel row]: the left frame of the first output row's inputs
  int row_step;                // from an output row's inputs to the next one's
  std::size_t input_pixel_pitch;
  const float* weights;  // [tap][channels, rounded up to 16]
  const float* biases;
  int channels;
  Activation activation;
  int count, width;
  float* output;
  std::size_t output_pixel_pitch, output_row_pitch;

  std::size_t tap_pitch() const { return static_cast<std::size_t>(round_up(channels, kPanel)); }
};

/// kPixels outputs of one vector of channels; taps are added in raster order.
template <class D, int kKernel, int kStride, int kPixels>
class DepthwiseTile {
  using V = hn::Vec<D>;
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  static constexpr int kInputs = (kPixels - 1) * kStride + kKernel;

 public:
  HWY_INLINE DepthwiseTile(const DepthwiseRows& rows, V bias, int channel, int column)
      : rows_(rows) {
    start(bias, Indices<kPixels>());
    output_ = rows.output + channel + static_cast<std::size_t>(column) * rows.output_pixel_pitch;
    const std::size_t first = static_cast<std::size_t>(channel) +
                              static_cast<std::size_t>(column * kStride) * rows.input_pixel_pitch;
    const float* weights = rows.weights + channel;
    for (int y = 0; y < kKernel; ++y) {
      V taps[kKernel];
      load(taps, weights, Indices<kKernel>());
      add_inputs(rows.inputs[y] + first, taps, Indices<kInputs>());
      weights += kKernel * rows.tap_pitch();
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
    ((taps[kTap] = hn::Load(D(), weights + kTap * rows_.tap_pitch())), ...);
  }

  template <int... kInput>
  HWY_INLINE void add_inputs(const float* input, const V* taps,
                             std::integer_sequence<int, kInput...>) {
    ((add_input<kInput>(in_register(hn::LoadU(D(), input)), taps, Indices<kPixels>()),
      input += rows_.input_pixel_pitch),
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
    (hn::StoreU(activate(D(), sums_[kPixel]), D(), output_ + kPixel * rows_.output_pixel_pitch),
     ...);
  }

  const DepthwiseRows& rows_;
  float* output_;
  V sums_[kPixels];
};

/// One vector of channels. Rows are innermost so that an input row is still in L1 when the next
/// output row needs it.
template <class D, int kKernel, int kStride>
HWY_INLINE void depthwise_channels(DepthwiseRows rows, int channel) {
  const auto bias = hn::Load(D(), rows.biases + channel);
  const auto whole = [&](int x) HWY_ATTR {
    finish(DepthwiseTile<D, kKernel, kStride, kDepthwisePixels>(rows, bias, channel, x),
           rows.activation);
  };
  for (int y = 0; y < rows.count; ++y) {
    int x = 0;
    for (; x + kDepthwisePixels <= rows.width; x += kDepthwisePixels) whole(x);
    if (x < rows.width && rows.width >= kDepthwisePixels) {
      whole(rows.width - kDepthwisePixels);  // overlaps: the same bits again
    } else {
      for (; x < rows.width; ++x)
        finish(DepthwiseTile<D, kKernel, kStride, 1>(rows, bias, channel, x), rows.activation);
    }
    rows.inputs += rows.row_step;
    rows.output += rows.output_row_pitch;
  }
}

template <int kKernel, int kStride>
HWY_NOINLINE void depthwise_kernel(const DepthwiseRows& rows) {
  constexpr int kLanes16 = static_cast<int>(hn::MaxLanes(Lanes16()));
  constexpr int kLanes8 = static_cast<int>(hn::MaxLanes(Lanes8()));
  int channel = 0;
  for (; channel + kLanes16 <= rows.channels; channel += kLanes16)
    depthwise_channels<Lanes16, kKernel, kStride>(rows, channel);
  if constexpr (kLanes8 < kLanes16)
    for (; channel < rows.channels; channel += kLanes8)
      depthwise_channels<Lanes8, kKernel, kStride>(rows, channel);
}

/// Eight channels fill half of the widest vector. But two neighbouring pixels lie side by side in
/// memory: they are one pixel of sixteen channels, whose right neighbour is two pixels away.
template <int kKernel>
HWY_NOINLINE void depthwise_pairs(DepthwiseRows rows) {
  constexpr int kHalf = kPanel / 2;
  HWY_ALIGN float doubled[(kKernel * kKernel + 1) * kPanel];
  for (int tap = 0; tap <= kKernel * kKernel; ++tap) {
    const float* from = tap == 0 ? rows.biases : rows.weights + (tap - 1) * kPanel;
    for (int i = 0; i < kPanel; ++i) doubled[tap * kPanel + i] = from[i % kHalf];
  }
  rows.biases = doubled;
  rows.weights = doubled + kPanel;
  rows.channels = kPanel;
  rows.width /= 2;
  rows.output_pixel_pitch *= 2;
  depthwise_kernel<kKernel, 2>(rows);
}

inline void depthwise(const DepthwiseRows& rows, int kernel, int stride) {
  const bool pairs = kLanes == kPanel && rows.channels == kPanel / 2 && stride == 1 &&
                     rows.width % 2 == 0 && rows.input_pixel_pitch == kPanel / 2 &&
                     rows.output_pixel_pitch == kPanel / 2;
  if (kernel == 3) {
    if (pairs) return depthwise_pairs<3>(rows);
    return stride == 2 ? depthwise_kernel<3, 2>(rows) : depthwise_kernel<3, 1>(rows);
  }
  if (pairs) return depthwise_pairs<5>(rows);
  return stride == 2 ? depthwise_kernel<5, 2>(rows) : depthwise_kernel<5, 1>(rows);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
