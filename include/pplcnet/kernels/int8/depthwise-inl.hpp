// Depthwise convolution of bytes, channels last. Quads are of four kernel rows. Compiled once per
// instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

inline constexpr int kMostKernel = 7;
inline constexpr int kMostRowQuads = 2;

/// Outputs of a strip: a unit or more, whose sums and a quad fit the registers.
inline constexpr int kStripOutputs = kWords == 4 && !HWY_ARCH_ARM ? 1 : 4;

/// Whether the registers have room for the sums of two rows of outputs, which share quads.
inline constexpr bool kSharesQuads = kWords == 1;

/// The weights of a panel, as Dot takes them: [kernel column][quad of rows][word].
template <class Dot>
struct DepthwiseWeights {
  typename Dot::Operand taps[kMostKernel * kMostRowQuads * kWords];
  HWY_ALIGN std::int32_t starts[kPanel];

  /// Those of output rows that begin `down` rows below the quads, which have room for them.
  HWY_INLINE DepthwiseWeights(const ByteDepthwise& rows, int panel, int down) {
    const int quads = static_cast<int>(round_up(rows.kernel.height, kQuad)) / kQuad;
    const int count = rows.kernel.width * quads;
    const auto bytes = static_cast<std::size_t>(count) * kQuad * kPanel;
    HWY_ALIGN std::int8_t moved[kMostKernel * kMostRowQuads * kQuad * kPanel];
    const std::int8_t* weights = rows.weights + static_cast<std::size_t>(panel) * bytes;
    if (down > 0) {
      for (int column = 0; column < rows.kernel.width; ++column)
        move(weights + column * quads * kQuad * kPanel, quads, down,
             moved + column * quads * kQuad * kPanel);
      weights = moved;
    }
    for (int i = 0; i < count * kWords; ++i)
      taps[i] = Dot::weights(load_words(weights + i / kWords * kQuad * kPanel, i % kWords));
    start_sums<Dot>(weights, bytes, rows.ending.constants.bias + panel * kPanel, starts);
  }

 private:
  /// Moves the weights of a column down: the lowest byte of a word is the highest row.
  static HWY_INLINE void move(const std::int8_t* from, int quads, int down, std::int8_t* to) {
    std::uint32_t above[kPanel] = {}, words[kPanel], lower[kPanel];
    for (int quad = 0; quad < quads; ++quad) {
      std::memcpy(words, from + quad * kQuad * kPanel, sizeof words);
      for (int i = 0; i < kPanel; ++i) {
        lower[i] = words[i] << (8 * down) | above[i];
        above[i] = words[i] >> (32 - 8 * down);
      }
      std::memcpy(to + quad * kQuad * kPanel, lower, sizeof lower);
    }
  }
};

/// The input rows of an output row, from its first column on; some more below the kernel's, whose
/// weights are zeros, are any.
struct WindowRows {
  const std::uint8_t* rows[kMostRowQuads * kQuad];

  HWY_INLINE WindowRows(const ByteDepthwise& depthwise, int y, int below) {
    const int height = depthwise.kernel.height + below;
    for (int i = 0; i < kMostRowQuads * kQuad; ++i)
      rows[i] = depthwise.input +
                static_cast<std::size_t>(y * depthwise.stride.height +
                                         std::min(i, height - 1) * depthwise.dilation.height) *
                    depthwise.row_pitch;
  }
};

/// kOutputs neighbouring outputs of a panel, in one row or in kRows of them: the lower one's
/// weights are those of the upper one, moved down.
template <class Dot, int kWidth, int kQuads, int kStride, int kOutputs, int kRows>
class DepthwiseStrip8 {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  static constexpr int kInputs = (kOutputs - 1) * kStride + kWidth;

 public:
  HWY_INLINE DepthwiseStrip8(const WindowRows& window, std::size_t offset, std::size_t pixel_pitch,
                             const DepthwiseWeights<Dot>* weights)
      : weights_(weights) {
    start(Indices<kRows * kOutputs * kWords>());
    add_inputs(window, offset, pixel_pitch, Indices<kInputs * kQuads>());
  }

  template <int kRow>
  HWY_INLINE void store(std::int32_t* sums) const {
    store<kRow>(sums, Indices<kOutputs * kWords>());
  }

 private:
  template <int... kIndex>
  HWY_INLINE void start(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = load_words(weights_[kIndex / (kOutputs * kWords)].starts, kIndex % kWords)),
     ...);
  }
  template <int... kIndex>
  HWY_INLINE void add_inputs(const WindowRows& window, std::size_t offset, std::size_t pixel_pitch,
                             std::integer_sequence<int, kIndex...>) {
    (add_input<kIndex / kQuads, kIndex % kQuads>(
         window.rows + kIndex % kQuads * kQuad,
         offset + static_cast<std::size_t>(kIndex / kQuads) * pixel_pitch),
     ...);
  }
  template <int kInput, int kNumber>
  HWY_INLINE void add_input(const std::uint8_t* const* rows, std::size_t offset) {
    Words quads[kWords];
    load_quads(rows, offset, quads);
    add_words_of<kInput, kNumber>(quads, Indices<kWords>());
  }
  template <int kInput, int kNumber, int... kWord>
  HWY_INLINE void add_words_of(const Words* quads, std::integer_sequence<int, kWord...>) {
    (add_outputs<kInput, kNumber, kWord>(Dot::bytes(quads[kWord]), Indices<kRows * kOutputs>()),
     ...);
  }
  template <int kInput, int kNumber, int kWord, int... kOutput>
  HWY_INLINE void add_outputs(const typename Dot::Operand& bytes,
                              std::integer_sequence<int, kOutput...>) {
    (add_output<kInput - kOutput % kOutputs * kStride, kNumber, kWord, kOutput>(bytes), ...);
  }
  template <int kColumn, int kNumber, int kWord, int kOutput>
  HWY_INLINE void add_output(const typename Dot::Operand& bytes) {
    if constexpr (kColumn >= 0 && kColumn < kWidth) {
      Words& sum = sums_[kOutput * kWords + kWord];
      sum = Dot::add(
          sum, bytes,
          weights_[kOutput / kOutputs].taps[(kColumn * kQuads + kNumber) * kWords + kWord]);
    }
  }
  template <int kRow, int... kIndex>
  HWY_INLINE void store(std::int32_t* sums, std::integer_sequence<int, kIndex...>) const {
    (store_words(sums_[kRow * kOutputs * kWords + kIndex], sums + kIndex / kWords * kPanel,
                 kIndex % kWords),
     ...);
  }

  const DepthwiseWeights<Dot>* weights_;
  Words sums_[kRows * kOutputs * kWords];
};

/// Ends the sums [pixel][16] of `count` neighbouring outputs of a panel.
template <ByteSteps kSteps>
HWY_INLINE void end_strip(const ByteDepthwise& rows, int panel, int pixel, int count,
                          const std::int32_t* sums) {
  const PixelPlaces<std::uint8_t> outputs(rows.output, pixel, count);
  const PixelPlaces<const std::uint8_t> addends(rows.addend, pixel, count);
  end_bytes<kSteps>(rows.ending.constants, static_cast<std::size_t>(panel * kPanel), sums, count,
                    outputs.from(0), rows.addend.pixels != nullptr ? addends.from(0) : nullptr);
}

/// Computes one output after the other, for any kernel.
template <class Dot>
HWY_INLINE void depthwise_outputs(const ByteDepthwise& rows, const DepthwiseWeights<Dot>& weights,
                                  const WindowRows& window, std::size_t offset,
                                  std::int32_t* sums) {
  const int quads = static_cast<int>(round_up(rows.kernel.height, kQuad)) / kQuad;
  Words total[kWords];
  for (int i = 0; i < kWords; ++i) total[i] = load_words(weights.starts, i);
  for (int tap = 0; tap < rows.kernel.width * quads; ++tap) {
    Words bytes[kWords];
    load_quads(
        window.rows + tap % quads * kQuad,
        offset + static_cast<std::size_t>(tap / quads * rows.dilation.width) * rows.pixel_pitch,
        bytes);
    for (int i = 0; i < kWords; ++i)
      total[i] = Dot::add(total[i], Dot::bytes(bytes[i]), weights.taps[tap * kWords + i]);
  }
  for (int i = 0; i < kWords; ++i) store_words(total[i], sums, i);
}

template <class Dot, ByteSteps kSteps>
HWY_NOINLINE void depthwise_any_panel(const ByteDepthwise& rows, int panel) {
  const DepthwiseWeights<Dot> weights(rows, panel, 0);
  HWY_ALIGN std::int32_t sums[kUnitPixels * kPanel] = {};
  const auto channel = static_cast<std::size_t>(panel * kPanel);
  const std::size_t step = static_cast<std::size_t>(rows.stride.width) * rows.pixel_pitch;
  for (int y = 0; y < rows.rows; ++y) {
    const WindowRows window(rows, y, 0);
    const int width = rows.output.width;
    for (int x = 0; x < width; x += kUnitPixels) {
      const int count = std::min(kUnitPixels, width - x);
      for (int i = 0; i < count; ++i)
        depthwise_outputs(rows, weights, window, channel + static_cast<std::size_t>(x + i) * step,
                          sums + i * kPanel);
      end_strip<kSteps>(rows, panel, y * width + x, count, sums);
    }
  }
}

/// Computes kRows rows of outputs, strip by strip. The last one may overlap the one before it.
template <class Dot, ByteSteps kSteps, int kWidth, int kQuads, int kStride, int kRows>
HWY_INLINE void depthwise_strips(const ByteDepthwise& rows, const DepthwiseWeights<Dot>* weights,
                                 int panel, int y) {
  constexpr int kOutputs = kStripOutputs;
  const WindowRows window(rows, y, (kRows - 1) * rows.stride.height);
  const int width = rows.output.width;
  HWY_ALIGN std::int32_t sums[kOutputs * kPanel];
  for (int start = 0; start < width; start += kOutputs) {
    const int x = std::min(start, width - kOutputs);
    const DepthwiseStrip8<Dot, kWidth, kQuads, kStride, kOutputs, kRows> strip(
        window,
        static_cast<std::size_t>(panel * kPanel) +
            static_cast<std::size_t>(x * kStride) * rows.pixel_pitch,
        rows.pixel_pitch, weights);
    strip.template store<0>(sums);
    end_strip<kSteps>(rows, panel, y * width + x, kOutputs, sums);
    if constexpr (kRows > 1) {
      strip.template store<1>(sums);
      end_strip<kSteps>(rows, panel, (y + 1) * width + x, kOutputs, sums);
    }
  }
}

/// Computes a panel of outputs of a kernel of kWidth columns and kQuads quads of rows.
template <class Dot, ByteSteps kSteps, int kWidth, int kQuads, int kStride>
HWY_NOINLINE void depthwise_panel(const ByteDepthwise& rows, int panel) {
  const int down = rows.stride.height;
  int y = 0;
  if constexpr (kSharesQuads)
    if (rows.kernel.height + down <= kQuads * kQuad && down < kQuad && rows.rows > 1) {
      const DepthwiseWeights<Dot> weights[] = {{rows, panel, 0}, {rows, panel, down}};
      for (; y + 2 <= rows.rows; y += 2)
        depthwise_strips<Dot, kSteps, kWidth, kQuads, kStride, 2>(rows, weights, panel, y);
    }
  if (y == rows.rows) return;
  const DepthwiseWeights<Dot> weights(rows, panel, 0);
  for (; y < rows.rows; ++y)
    depthwise_strips<Dot, kSteps, kWidth, kQuads, kStride, 1>(rows, &weights, panel, y);
}

template <class Dot, ByteSteps kSteps>
HWY_INLINE void depthwise_panel(const ByteDepthwise& rows, int panel) {
  const bool usual = rows.kernel.height == rows.kernel.width && rows.dilation == Pair(1) &&
                     rows.stride.width <= 2 && rows.output.width >= kStripOutputs;
  const bool strides = rows.stride.width == 2;
  if (usual && rows.kernel.width == 3)
    return strides ? depthwise_panel<Dot, kSteps, 3, 1, 2>(rows, panel)
                   : depthwise_panel<Dot, kSteps, 3, 1, 1>(rows, panel);
  if (usual && rows.kernel.width == 5)
    return strides ? depthwise_panel<Dot, kSteps, 5, 2, 2>(rows, panel)
                   : depthwise_panel<Dot, kSteps, 5, 2, 1>(rows, panel);
  depthwise_any_panel<Dot, kSteps>(rows, panel);
}

/// Computes panels [begin, end) of a depthwise layer's rows.
template <bool kVnni>
void byte_depthwise(const ByteDepthwise& rows, int begin, int end) {
  with_steps(rows.ending, rows.addend.pixels != nullptr, [&](auto steps) {
    for (int panel = begin; panel < end; ++panel)
      depthwise_panel<DepthwiseDot<kVnni>, decltype(steps)::value>(rows, panel);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
