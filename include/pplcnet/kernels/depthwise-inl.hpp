// Depthwise convolution, channels last. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// A tile of outputs: two strips: enough independent sums to hide the latency of a multiply-add, of
/// as many pixels as leave room in the registers for a kernel row's taps. Seven divides all widths
/// from 112 down to 7.
inline constexpr int kDepthwisePixels = kLanes == 16 || HWY_ARCH_ARM ? kLongestStrip : 4;

/// Channels that are worked through at a time, tile by tile: a few rows of them fit L1, and so do
/// their taps.
inline constexpr int kDepthwiseChannels = 4 * kPanel;

/// Whether the registers hold the taps of two kernel rows, so that two rows of outputs can share
/// what they read.
inline constexpr bool kSharesInputs = kLanes == 16 || HWY_ARCH_ARM;

/// Neighbouring outputs in a row: what they are computed from, and where they go.
struct DepthwiseStrip {
  const float* const* inputs;  // [kernel row]
  std::size_t offset;          // in each of them
  float* output;
};

/// Two strips of kPixels outputs of one vector of channels; taps are added in raster order.
template <class D, int kKernel, int kStride, int kPixels>
class DepthwiseTile {
  using V = hn::Vec<D>;
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  static constexpr int kInputs = (kPixels - 1) * kStride + kKernel;
  static constexpr std::size_t kRowOfTaps = kKernel * kPanel;

 public:
  HWY_INLINE DepthwiseTile(const DepthwiseStrip& first, const DepthwiseStrip& second,
                           std::size_t channel, std::size_t input_pitch, std::size_t output_pitch,
                           const float* weights, const float* biases)
      : DepthwiseTile(first, second, channel, output_pitch, biases) {
    for (int y = 0; y < kKernel; ++y, weights += kRowOfTaps) {
      V taps[kKernel];
      load(taps, weights, Indices<kKernel>());
      add_rows(first.inputs[y] + first.offset + channel, second.inputs[y] + second.offset + channel,
               input_pitch, taps, Indices<kInputs>());
    }
  }

  /// The second strip is below the first, whose inputs begin kDown rows further down: rows of
  /// inputs that both strips read are loaded once.
  template <int kDown>
  HWY_INLINE DepthwiseTile(const DepthwiseStrip& first, const DepthwiseStrip& second,
                           std::size_t channel, std::size_t input_pitch, std::size_t output_pitch,
                           const float* weights, const float* biases,
                           std::integral_constant<int, kDown>)
      : DepthwiseTile(first, second, channel, output_pitch, biases) {
    const std::size_t offset = first.offset + channel;
    V upper[kKernel], lower[kKernel];
    int y = 0;
    for (; y < kDown; ++y, weights += kRowOfTaps) {
      load(upper, weights, Indices<kKernel>());
      add_row<true, false>(first.inputs[y] + offset, input_pitch, upper, upper, Indices<kInputs>());
    }
    for (; y < kKernel; ++y, weights += kRowOfTaps) {
      load(upper, weights, Indices<kKernel>());
      load(lower, weights - kDown * kRowOfTaps, Indices<kKernel>());
      add_row<true, true>(first.inputs[y] + offset, input_pitch, upper, lower, Indices<kInputs>());
    }
    for (; y < kKernel + kDown; ++y, weights += kRowOfTaps) {
      load(lower, weights - kDown * kRowOfTaps, Indices<kKernel>());
      add_row<false, true>(first.inputs[y] + offset, input_pitch, lower, lower, Indices<kInputs>());
    }
  }

  template <class Activate>
  HWY_INLINE void finish(const Activate& activate) const {
    store_strip<0>(activate, first_, Indices<kPixels>());
    store_strip<kPixels>(activate, second_, Indices<kPixels>());
  }

 private:
  HWY_INLINE DepthwiseTile(const DepthwiseStrip& first, const DepthwiseStrip& second,
                           std::size_t channel, std::size_t output_pitch, const float* biases)
      : first_(first.output + channel), second_(second.output + channel), pitch_(output_pitch) {
    start(hn::Load(D(), biases), Indices<2 * kPixels>());
  }

  template <int... kSum>
  HWY_INLINE void start(V bias, std::integer_sequence<int, kSum...>) {
    ((sums_[kSum] = bias), ...);
  }

  template <int... kTap>
  static HWY_INLINE void load(V* taps, const float* weights, std::integer_sequence<int, kTap...>) {
    ((taps[kTap] = hn::Load(D(), weights + kTap * kPanel)), ...);
  }

  template <int... kInput>
  HWY_INLINE void add_rows(const float* first, const float* second, std::size_t pitch,
                           const V* taps, std::integer_sequence<int, kInput...>) {
    ((add_input<0, kInput>(in_register(hn::LoadU(D(), first)), taps, Indices<kPixels>()),
      add_input<kPixels, kInput>(in_register(hn::LoadU(D(), second)), taps, Indices<kPixels>()),
      first += pitch, second += pitch),
     ...);
  }

  template <bool kFirst, bool kSecond, int... kInput>
  HWY_INLINE void add_row(const float* from, std::size_t pitch, const V* first_taps,
                          const V* second_taps, std::integer_sequence<int, kInput...>) {
    const auto add = [&](auto index, V input) HWY_ATTR {
      constexpr int kIndex = decltype(index)::value;
      if constexpr (kFirst) add_input<0, kIndex>(input, first_taps, Indices<kPixels>());
      if constexpr (kSecond) add_input<kPixels, kIndex>(input, second_taps, Indices<kPixels>());
    };
    ((add(std::integral_constant<int, kInput>(), in_register(hn::LoadU(D(), from))), from += pitch),
     ...);
  }

  template <int kFirst, int kInput, int... kPixel>
  HWY_INLINE void add_input(V input, const V* taps, std::integer_sequence<int, kPixel...>) {
    (add_tap<kInput - kPixel * kStride, kFirst + kPixel>(input, taps), ...);
  }

  template <int kTap, int kSum>
  HWY_INLINE void add_tap(V input, const V* taps) {
    if constexpr (kTap >= 0 && kTap < kKernel)
      sums_[kSum] = hn::MulAdd(input, taps[kTap], sums_[kSum]);
  }

  template <int kFirst, class Activate, int... kPixel>
  HWY_INLINE void store_strip(const Activate& activate, float* to,
                              std::integer_sequence<int, kPixel...>) const {
    ((hn::StoreU(activate(D(), sums_[kFirst + kPixel]), D(), to), to += pitch_), ...);
  }

  float *first_, *second_;
  std::size_t pitch_;
  V sums_[2 * kPixels];
};

/// Computes channels [begin, end) of row `row`, and of the row below it if `two`; begin is a
/// multiple of 16. The two strips of a tile are one below the other or, in a single row, side by
/// side. A strip that would reach beyond the row's end overlaps the one before it: what is computed
/// again has the same bits. Of two rows that share their inputs, those of the second begin kDown
/// rows further down.
template <TileEnds kEnds, class D, int kKernel, int kStride, int kPixels, int... kDown>
HWY_NOINLINE void depthwise_rows(const DepthwiseRows& rows, int row, bool two, int begin, int end) {
  constexpr std::size_t kStep = hn::MaxLanes(D());
  const auto row_begin = [&](int y) HWY_ATTR {
    return DepthwiseStrip{
        .inputs = rows.inputs + y * rows.row_step,
        .offset = static_cast<std::size_t>(begin),
        .output = rows.output + begin + static_cast<std::size_t>(y) * rows.output_row_pitch};
  };
  const std::size_t input_pitch = rows.input_pixel_pitch, output_pitch = rows.output_pixel_pitch;
  const auto strip = [&](DepthwiseStrip place, int x) HWY_ATTR {
    const auto column = static_cast<std::size_t>(std::min(x, rows.width - kPixels));
    place.offset += column * kStride * input_pitch;
    place.output += column * output_pitch;
    return place;
  };
  const DepthwiseStrip upper = row_begin(row), lower = row_begin(row + (two ? 1 : 0));
  const int lower_shift = two ? 0 : kPixels, step = kPixels + lower_shift;
  const auto channels = static_cast<std::size_t>(end - begin);
  const float* const biases = rows.biases + begin;
  const Activation::Kind activation = rows.activation;
  for (int x = 0; x < rows.width; x += step) {
    const DepthwiseStrip first = strip(upper, x), second = strip(lower, x + lower_shift);
    const float* weights = rows.weights + begin * kKernel * kKernel;
    for (std::size_t channel = 0; channel < channels; channel += kStep) {
      finish<kEnds>(DepthwiseTile<D, kKernel, kStride, kPixels>(
                        first, second, channel, input_pitch, output_pitch, weights,
                        biases + channel, std::integral_constant<int, kDown>()...),
                    activation);
      const bool panel_ends = (channel + kStep) % kPanel == 0;
      weights += kStep + (panel_ends ? (kKernel * kKernel - 1) * kPanel : 0);
    }
  }
}

/// Computes the same, of which two rows share their inputs where they can.
template <Needs kNeeds, DepthwiseVector kVector, int kKernel, int kStride, int kPixels>
HWY_INLINE void depthwise_row_or_two(const DepthwiseRows& rows, int row, bool two, int begin,
                                     int end) {
  using D = std::conditional_t<kVector == DepthwiseVector::half, Lanes8, Lanes16>;
  constexpr auto has = [](int down) {
    return DepthwiseForm{kVector, kKernel, kStride, down, kPixels == 1}.is_in(kNeeds.depthwise);
  };
  if constexpr (kSharesInputs && has(1))
    if (two && rows.row_step == 1)
      return depthwise_rows<kNeeds.ends, D, kKernel, kStride, kPixels, 1>(rows, row, two, begin,
                                                                          end);
  if constexpr (kSharesInputs && has(2))
    if (two && rows.row_step == 2)
      return depthwise_rows<kNeeds.ends, D, kKernel, kStride, kPixels, 2>(rows, row, two, begin,
                                                                          end);
  depthwise_rows<kNeeds.ends, D, kKernel, kStride, kPixels>(rows, row, two, begin, end);
}

/// Computes channels [begin, end) of all rows.
template <Needs kNeeds, DepthwiseVector kVector, int kKernel, int kStride>
HWY_NOINLINE void depthwise_channels(const DepthwiseRows& rows, int begin, int end) {
  constexpr bool kNarrow =
      DepthwiseForm{kVector, kKernel, kStride, 0, true}.is_in(kNeeds.depthwise);
  for (int y = 0; y < rows.count; y += 2) {
    const bool two = y + 1 < rows.count;
    if constexpr (kNarrow)
      if (rows.width < kDepthwisePixels) {
        depthwise_row_or_two<kNeeds, kVector, kKernel, kStride, 1>(rows, y, two, begin, end);
        continue;
      }
    depthwise_row_or_two<kNeeds, kVector, kKernel, kStride, kDepthwisePixels>(rows, y, two, begin,
                                                                              end);
  }
}

template <Needs kNeeds, int kKernel, int kStride>
HWY_NOINLINE void depthwise_kernel(const DepthwiseRows& rows) {
  constexpr auto has = [](DepthwiseVector vector) {
    return DepthwiseForm{vector, kKernel, kStride, 0}.is_in(kNeeds.depthwise);
  };
  using enum DepthwiseVector;
  const int whole = rows.channels / kPanel * kPanel;
  if constexpr (has(panel))
    for (int begin = 0; begin < whole; begin += kDepthwiseChannels)
      depthwise_channels<kNeeds, panel, kKernel, kStride>(
          rows, begin, std::min(whole, begin + kDepthwiseChannels));
  if constexpr (has(half))
    if (whole < rows.channels)
      depthwise_channels<kNeeds, half, kKernel, kStride>(rows, whole, rows.channels);
}

/// Computes two pixels at a time: eight channels fill half of the widest vector. But two
/// neighbouring pixels lie side by side in memory: they are one pixel of sixteen channels, whose
/// right neighbour is two pixels away.
template <Needs kNeeds, int kKernel>
HWY_NOINLINE void depthwise_pairs(DepthwiseRows rows) {
  constexpr int kHalf = kPanel / 2;
  HWY_ALIGN float doubled[(kKernel * kKernel + 1) * kPanel];
  for (int tap = 0; tap <= kKernel * kKernel; ++tap) {
    const float* from = tap == 0 ? rows.biases : rows.weights + (tap - 1) * kPanel;
    for (int i = 0; i < kPanel; ++i) doubled[tap * kPanel + i] = from[i % kHalf];
  }
  rows.biases = doubled;
  rows.weights = doubled + kPanel;
  rows.width /= 2;
  rows.output_pixel_pitch *= 2;
  depthwise_channels<kNeeds, DepthwiseVector::pair, kKernel, 2>(rows, 0, kPanel);
}

template <Needs kNeeds, int kKernel>
HWY_INLINE void depthwise_stride(const DepthwiseRows& rows, int stride, bool pairs) {
  using enum DepthwiseVector;
  constexpr auto has = [](DepthwiseVector vector, int across) {
    return DepthwiseForm{vector, kKernel, across, 0}.is_in(kNeeds.depthwise);
  };
  if constexpr (kLanes == kPanel && has(pair, 2))
    if (pairs) return depthwise_pairs<kNeeds, kKernel>(rows);
  if constexpr (has(panel, 2) || has(half, 2))
    if (stride == 2) return depthwise_kernel<kNeeds, kKernel, 2>(rows);
  if constexpr (has(panel, 1) || has(half, 1)) depthwise_kernel<kNeeds, kKernel, 1>(rows);
}

template <Needs kNeeds>
void depthwise(const DepthwiseRows& rows, int kernel, int stride) {
  const bool pairs = kLanes == kPanel && rows.channels == kPanel / 2 && stride == 1 &&
                     rows.width % 2 == 0 && rows.input_pixel_pitch == kPanel / 2 &&
                     rows.output_pixel_pitch == kPanel / 2;
  if (kernel == 3) return depthwise_stride<kNeeds, 3>(rows, stride, pairs);
  depthwise_stride<kNeeds, 5>(rows, stride, pairs);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
