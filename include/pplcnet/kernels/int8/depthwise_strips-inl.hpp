// Depthwise convolution of one panel of bytes with kernels of 3×3 and 5×5, in strips of outputs.
// Compiled for AVX-512 and AVX2 alone, where panels are left that do not fill vectors.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Outputs of a strip: whole units, and no fewer than a kernel's columns that the next one reads.
inline constexpr int kStripOutputs = 4;

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
    const bool usual = is_usual(rows) && rows.output.width >= kStripOutputs;
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
