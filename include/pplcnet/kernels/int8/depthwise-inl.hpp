// Depthwise convolution of one panel of bytes, channels last. Quads are of four kernel rows.
// Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

inline constexpr int kMostKernel = 7;
inline constexpr int kMostRowQuads = 2;

/// Outputs of a strip: whole units, and no fewer than a kernel's columns that the next one reads.
inline constexpr int kStripOutputs = 4;

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

/// Neighbouring outputs of a panel, strip by strip, in one row or in kRows of them: the lower one's
/// weights are those of the upper one, moved down. Quads that the next strip reads, too, are kept.
template <class Dot, ByteSteps kSteps, int kWidth, int kQuads, int kStride, int kRows>
class DepthwiseStrips {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  static constexpr int kOutputs = kStripOutputs;
  static constexpr int kKept = kWidth - kStride, kInputs = kOutputs * kStride;  // then new ones
  static_assert(kKept <= kInputs);
  static constexpr int kVectors = kQuads * kWords;  // of an input

 public:
  HWY_INLINE DepthwiseStrips(const ByteDepthwise& rows, const DepthwiseWeights<Dot>* weights,
                             const BytePanel<kSteps>& ending, int panel, int y)
      : rows_(rows),
        window_(rows, y, (kRows - 1) * rows.stride.height),
        weights_(weights),
        ending_(ending),
        channel_(static_cast<std::size_t>(panel * kPanel)),
        y_(y) {}

  /// The last strip may overlap the one before it: what it computes again is the same.
  HWY_INLINE void compute() {
    const int width = rows_.output.width;
    for (int start = 0; start < width; start += kOutputs) {
      const int x = std::min(start, width - kOutputs);
      const std::size_t offset =
          channel_ + static_cast<std::size_t>(x * kStride) * rows_.pixel_pitch;
      if (start == 0 || x != start) keep(offset, Indices<kKept>());
      begin(Indices<kRows * kOutputs * kWords>());
      add_kept(Indices<kKept>());
      add_inputs(offset + kKept * rows_.pixel_pitch, Indices<kInputs>());
      end_rows(x, Indices<kRows>());
    }
  }

 private:
  template <int... kInput>
  HWY_INLINE void keep(std::size_t offset, std::integer_sequence<int, kInput...>) {
    (load(offset + kInput * rows_.pixel_pitch, kept_ + kInput * kVectors), ...);
  }
  HWY_INLINE void load(std::size_t offset, Operand* input) const {
    load(offset, input, Indices<kQuads>());
  }
  template <int... kQuad>
  HWY_INLINE void load(std::size_t offset, Operand* input,
                       std::integer_sequence<int, kQuad...>) const {
    (load_quad<kQuad>(offset, input, Indices<kWords>()), ...);
  }
  template <int kNumber, int... kWord>
  HWY_INLINE void load_quad(std::size_t offset, Operand* input,
                            std::integer_sequence<int, kWord...>) const {
    Words quads[kWords];
    load_quads(window_.rows + kNumber * kQuad, offset, quads);
    ((input[kNumber * kWords + kWord] = Dot::bytes(quads[kWord])), ...);
  }

  template <int... kIndex>
  HWY_INLINE void begin(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = load_words(weights_[kIndex / (kOutputs * kWords)].starts, kIndex % kWords)),
     ...);
  }
  template <int... kInput>
  HWY_INLINE void add_kept(std::integer_sequence<int, kInput...>) {
    (add_input<kInput>(kept_ + kInput * kVectors, Indices<kRows * kOutputs>()), ...);
  }
  template <int... kInput>
  HWY_INLINE void add_inputs(std::size_t offset, std::integer_sequence<int, kInput...>) {
    (add_new<kInput>(offset + kInput * rows_.pixel_pitch), ...);
  }
  template <int kInput>
  HWY_INLINE void add_new(std::size_t offset) {
    Operand input[kVectors];
    load(offset, input);
    add_input<kKept + kInput>(input, Indices<kRows * kOutputs>());
    if constexpr (kKept + kInput >= kInputs)
      copy(input, kept_ + (kKept + kInput - kInputs) * kVectors, Indices<kVectors>());
  }
  template <int... kIndex>
  HWY_INLINE void copy(const Operand* from, Operand* to, std::integer_sequence<int, kIndex...>) {
    ((to[kIndex] = from[kIndex]), ...);
  }

  template <int kInput, int... kOutput>
  HWY_INLINE void add_input(const Operand* input, std::integer_sequence<int, kOutput...>) {
    (add_output<kInput - kOutput % kOutputs * kStride, kOutput>(input, Indices<kVectors>()), ...);
  }
  template <int kColumn, int kOutput, int... kIndex>
  HWY_INLINE void add_output([[maybe_unused]] const Operand* input,
                             std::integer_sequence<int, kIndex...>) {
    if constexpr (kColumn >= 0 && kColumn < kWidth)
      ((sums_[kOutput * kWords + kIndex % kWords] =
            Dot::add(sums_[kOutput * kWords + kIndex % kWords], input[kIndex],
                     weights_[kOutput / kOutputs].taps[kColumn * kVectors + kIndex])),
       ...);
  }

  template <int... kRow>
  HWY_INLINE void end_rows(int x, std::integer_sequence<int, kRow...>) const {
    (end_row<kRow>(x, Indices<kOutputs / kUnitPixels>()), ...);
  }
  template <int kRow, int... kUnit>
  HWY_INLINE void end_row(int x, std::integer_sequence<int, kUnit...>) const {
    (end_unit<kUnit * kUnitPixels>(y_ + kRow, x,
                                   sums_ + (kRow * kOutputs + kUnit * kUnitPixels) * kWords),
     ...);
  }
  template <int kPixel>
  HWY_INLINE void end_unit(int y, int x, const Words* sums) const {
    const Halves none[2] = {};
    Halves unit[2];
    ending_.end(sums[0], sums[1], sums[2], sums[3], none, unit);
    store_unit(unit, UnitPlaces<std::uint8_t>(rows_.output, y, x + kPixel).places, channel_,
               kUnitPixels);
  }

  const ByteDepthwise& rows_;
  const WindowRows window_;
  const DepthwiseWeights<Dot>* weights_;
  const BytePanel<kSteps>& ending_;
  std::size_t channel_;
  int y_;
  Operand kept_[std::max(1, kKept* kVectors)];
  Words sums_[kRows * kOutputs * kWords];
};

/// Ends the sums [pixel][16] of `count` neighbouring outputs of a panel.
template <ByteSteps kSteps>
HWY_INLINE void end_strip(const ByteDepthwise& rows, int panel, int pixel, int count,
                          const std::int32_t* sums) {
  const PixelPlaces<std::uint8_t> outputs(rows.output, pixel, count);
  const PixelPlaces<const std::uint8_t> addends(rows.addend, pixel, count);
  end_bytes<kSteps>(rows.ending, static_cast<std::size_t>(panel * kPanel), sums, count,
                    outputs.from(0), addends.from(0));
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

/// Whether there are strips for a layer.
HWY_INLINE bool is_usual(const ByteDepthwise& rows) {
  return (rows.kernel == Pair(3) || rows.kernel == Pair(5)) && rows.dilation == Pair(1) &&
         rows.stride.width <= 2 && rows.output.width >= kStripOutputs;
}

/// Computes a panel of outputs of a kernel of kWidth columns and kQuads quads of rows.
template <class Dot, ByteSteps kSteps, int kWidth, int kQuads, int kStride>
HWY_NOINLINE void depthwise_panel(const ByteDepthwise& rows, int panel) {
  const BytePanel<kSteps> ending(rows.ending, static_cast<std::size_t>(panel * kPanel));
  const DepthwiseWeights<Dot> weights(rows, panel, 0);
  int y = 0;
  if constexpr (kSharesQuads) {
    const int down = rows.stride.height;
    if (rows.kernel.height + down <= kQuads * kQuad && down < kQuad && rows.rows > 1) {
      const DepthwiseWeights<Dot> both[] = {weights, {rows, panel, down}};
      for (; y + 2 <= rows.rows; y += 2)
        DepthwiseStrips<Dot, kSteps, kWidth, kQuads, kStride, 2>(rows, both, ending, panel, y)
            .compute();
    }
  }
  for (; y < rows.rows; ++y)
    DepthwiseStrips<Dot, kSteps, kWidth, kQuads, kStride, 1>(rows, &weights, ending, panel, y)
        .compute();
}

template <class Dot, ByteSteps kSteps>
HWY_INLINE void depthwise_panel(const ByteDepthwise& rows, int panel) {
  if constexpr (!BytePanel<kSteps>::kAdds) {  // addends are rare
    const bool usual = is_usual(rows);
    const bool strides = rows.stride.width == 2;
    if (usual && rows.kernel.width == 3)
      return strides ? depthwise_panel<Dot, kSteps, 3, 1, 2>(rows, panel)
                     : depthwise_panel<Dot, kSteps, 3, 1, 1>(rows, panel);
    if (usual && rows.kernel.width == 5)
      return strides ? depthwise_panel<Dot, kSteps, 5, 2, 2>(rows, panel)
                     : depthwise_panel<Dot, kSteps, 5, 2, 1>(rows, panel);
  }
  depthwise_any_panel<Dot, kSteps>(rows, panel);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
