// Depthwise convolution of neighbouring panels side by side: rows of their bytes fill vectors, so
// quads and endings take fewer shuffles. Compiled for AVX-512 and AVX2 alone.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Vectors of words that have a panel in each lane: vector v has channels 4v to 4v + 3. Halves of a
/// panel, lower or upper, come from two of them.
inline constexpr int kLaneVectors = 4;
inline constexpr int kHalfVectors = 2;

/// Outputs of a row whose halves wait for their ending.
inline constexpr int kSpan = 28;

/// Panels side by side, in all lanes or in the first ones; the last one is in those after it, too.
struct PanelLanes {
  int first, count;

  /// Loads 16 bytes of each panel's array: those of number `part`.
  HWY_INLINE Words load(const void* arrays, std::size_t panel_bytes, int part) const {
    const std::uint8_t* lanes[kSidePanels];
    for (int i = 0; i < kSidePanels; ++i)
      lanes[i] = static_cast<const std::uint8_t*>(arrays) + 16 * part +
                 static_cast<std::size_t>(first + std::min(i, count - 1)) * panel_bytes;
    return load_lanes(lanes);
  }
  HWY_INLINE Words load_words(const std::int32_t* array, int part) const {
    return load(array, kPanel * sizeof *array, part);
  }
  HWY_INLINE Halves operator()(const std::int16_t* array, int part) const {
    return load(array, kPanel * sizeof *array, part);
  }
};

/// The weights of panels for kRows output rows, whose quads are the first one's.
template <class Dot, int kWidth, int kQuads, int kRows>
struct WideWeights {
  static constexpr int kTaps = kWidth * kQuads;
  typename Dot::Operand taps[kRows][kTaps * kLaneVectors];
  Words starts[kLaneVectors], shifts[kLaneVectors];

  HWY_INLINE WideWeights(const ByteDepthwise& rows, const PanelLanes& panels) {
    static_assert(Dot::kOffset == 0);
    for (int i = 0; i < kLaneVectors; ++i) {
      starts[i] = panels.load_words(rows.ending.constants.bias, i);
      shifts[i] = panels.load_words(rows.ending.constants.shift, i);
    }
    for (int i = 0; i < kTaps * kLaneVectors; ++i) {
      const Words quad = panels.load(rows.weights, std::size_t{kTaps} * kQuad * kPanel, i);
      taps[0][i] = Dot::weights(quad);
      if constexpr (kRows == 2) {
        const bool highest = i / kLaneVectors % kQuads == 0;
        const Words above = highest ? subtract_words(quad, quad)
                                    : panels.load(rows.weights, std::size_t{kTaps} * kQuad * kPanel,
                                                  i - kLaneVectors);
        taps[1][i] = Dot::weights(move_down(above, quad, rows.stride.height));
      }
    }
  }
};

/// Half of the channels of neighbouring outputs in kRows rows. Each column of the input is added to
/// all outputs that it belongs to, so that weights and sums stay in registers.
template <class Dot, int kHalf, int kWidth, int kQuads, int kStride, int kRows>
class WideOutputs {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  using Weights = WideWeights<Dot, kWidth, kQuads, kRows>;
  static constexpr int kVectors = kQuads * kHalfVectors;          // of an input
  static constexpr int kOpen = (kWidth + kStride - 1) / kStride;  // outputs that are summed
  static constexpr int kSums = kRows * kHalfVectors;              // of an output

 public:
  HWY_INLINE WideOutputs(const Weights& weights, const WindowRows& window, int lanes)
      : weights_(weights), lanes_(lanes) {
    copy_rows(window, Indices<kQuads * kQuad>());
    copy_taps(Indices<kRows * kWidth * kVectors>());
  }

  /// Computes `count` outputs, the first of which has its first column at an offset.
  HWY_INLINE void compute(std::size_t offset, std::size_t pitch, int count,
                          Halves (&halves)[kRows][kSpan]) {
    begin<0>(Indices<kOpen * kSums>());
    add_columns<0>(offset, pitch, Indices<kWidth - kStride>());
    offset += (kWidth - kStride) * pitch;
    for (int x = 0; x < count; ++x, offset += kStride * pitch) {
      add_columns<kWidth - kStride>(offset, pitch, Indices<kStride>());
      store(x, halves, Indices<kRows>());
      advance(Indices<(kOpen - 1) * kSums>());
      begin<kOpen - 1>(Indices<kSums>());
    }
  }

 private:
  template <int... kIndex>
  HWY_INLINE void copy_rows(const WindowRows& window, std::integer_sequence<int, kIndex...>) {
    ((rows_[kIndex] = window.rows[kIndex]), ...);
  }
  /// Takes this half's: [row][column][quad][vector].
  template <int... kIndex>
  HWY_INLINE void copy_taps(std::integer_sequence<int, kIndex...>) {
    ((taps_[kIndex] = weights_.taps[kIndex / (kWidth * kVectors)]
                                   [kIndex % (kWidth * kVectors) / kHalfVectors * kLaneVectors +
                                    kHalf * kHalfVectors + kIndex % kHalfVectors]),
     ...);
  }
  template <int kOutput, int... kIndex>
  HWY_INLINE void begin(std::integer_sequence<int, kIndex...>) {
    ((sums_[kOutput * kSums + kIndex] =
          weights_.starts[kHalf * kHalfVectors + kIndex % kHalfVectors]),
     ...);
  }
  template <int... kIndex>
  HWY_INLINE void advance(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = sums_[kIndex + kSums]), ...);
  }

  template <int kFirst, int... kColumn>
  HWY_INLINE void add_columns(std::size_t offset, std::size_t pitch,
                              std::integer_sequence<int, kColumn...>) {
    (add_column<kFirst + kColumn>(offset + kColumn * pitch, Indices<kQuads>()), ...);
  }
  template <int kColumn, int... kNumber>
  HWY_INLINE void add_column(std::size_t offset, std::integer_sequence<int, kNumber...>) {
    (add_quads<kColumn, kNumber>(offset, Indices<kOpen * kSums>()), ...);
  }
  template <int kColumn, int kNumber, int... kIndex>
  HWY_INLINE void add_quads(std::size_t offset, std::integer_sequence<int, kIndex...>) {
    Words quads[kHalfVectors];
    load_wide_quads<kHalf>(rows_ + kNumber * kQuad, offset, lanes_, quads);
    const Operand bytes[] = {Dot::bytes(quads[0]), Dot::bytes(quads[1])};
    (add<kColumn - kIndex / kSums * kStride, kNumber, kIndex>(bytes[kIndex % kHalfVectors]), ...);
  }
  template <int kColumn, int kNumber, int kIndex>
  HWY_INLINE void add([[maybe_unused]] const Operand& bytes) {
    if constexpr (kColumn >= 0)
      sums_[kIndex] =
          Dot::add(sums_[kIndex], bytes,
                   taps_[((kIndex % kSums / kHalfVectors * kWidth + kColumn) * kQuads + kNumber) *
                             kHalfVectors +
                         kIndex % kHalfVectors]);
  }

  template <int... kRow>
  HWY_INLINE void store(int x, Halves (&halves)[kRows][kSpan],
                        std::integer_sequence<int, kRow...>) const {
    const Words* const shifts = weights_.shifts + kHalf * kHalfVectors;
    ((halves[kRow][x] = narrow(shift_words(sums_[kRow * kHalfVectors], shifts[0]),
                               shift_words(sums_[kRow * kHalfVectors + 1], shifts[1]))),
     ...);
  }

  const Weights& weights_;
  int lanes_;
  const std::uint8_t* rows_[kQuads * kQuad];
  Operand taps_[kRows * kWidth * kVectors];
  Words sums_[kOpen * kSums];
};

/// Ends `count` neighbouring outputs.
template <ByteSteps kSteps>
HWY_NOINLINE void end_span(const EndingConstants& constants, const PanelLanes& panels,
                           const Halves* lower, const Halves* upper, int count, std::uint8_t* to,
                           std::size_t pitch) {
  const BytePanel<kSteps> ending(constants, panels);
  for (int i = 0; i < count; ++i, to += pitch)
    store_lanes(ending.end(lower[i], 0), ending.end(upper[i], 1), to, panels.count);
}

/// Computes panels side by side.
template <class Dot, int kWidth, int kQuads, int kStride, int kRows>
HWY_NOINLINE void wide_depthwise(const ByteDepthwise& rows, const PanelLanes& panels) {
  const WideWeights<Dot, kWidth, kQuads, kRows> weights(rows, panels);
  const auto channel = static_cast<std::size_t>(panels.first * kPanel);
  const int width = rows.output.width, spans = (width + kSpan - 1) / kSpan;
  Halves halves[2][kRows][kSpan];
  for (int y = 0; y < rows.rows; y += kRows) {
    const int count = std::min(kRows, rows.rows - y);  // what is below the last row is not stored
    const WindowRows window(rows, y, (count - 1) * rows.stride.height);
    for (int i = 0; i < spans; ++i) {
      const int x = width * i / spans, outputs = width * (i + 1) / spans - x;
      const std::size_t offset = channel + static_cast<std::size_t>(x * kStride) * rows.pixel_pitch;
      WideOutputs<Dot, 0, kWidth, kQuads, kStride, kRows>(weights, window, panels.count)
          .compute(offset, rows.pixel_pitch, outputs, halves[0]);
      WideOutputs<Dot, 1, kWidth, kQuads, kStride, kRows>(weights, window, panels.count)
          .compute(offset, rows.pixel_pitch, outputs, halves[1]);
      with_steps(rows.ending, false, [&](auto steps) {
        for (int row = 0; row < count; ++row)
          end_span<decltype(steps)::value>(
              rows.ending.constants, panels, halves[0][row], halves[1][row], outputs,
              rows.output.pixels + static_cast<std::size_t>(y + row) * rows.output.row_pitch +
                  static_cast<std::size_t>(x) * rows.output.pixel_pitch + channel,
              rows.output.pixel_pitch);
      });
    }
  }
}

/// Computes panels from `begin` on side by side, as long as that is worthwhile, and returns the
/// first one that is left.
template <class Dot>
HWY_INLINE int wide_depthwise(const ByteDepthwise& rows, int begin, int end) {
  constexpr int kRows = kSharesQuads ? 2 : 1;  // of kernels that leave room in a quad
  const bool narrow = rows.kernel.width == 3, strides = rows.stride.width == 2;
  if (!is_usual(rows) || (narrow && !strides && kRows == 2 && rows.stride.height > 1)) return begin;
  const auto compute =
      narrow    ? strides ? wide_depthwise<Dot, 3, 1, 2, 1> : wide_depthwise<Dot, 3, 1, 1, kRows>
         : strides ? wide_depthwise<Dot, 5, 2, 2, 1>
                : wide_depthwise<Dot, 5, 2, 1, 1>;
  for (int count; 2 * (end - begin) > kSidePanels; begin += count) {
    count = std::min(kSidePanels, end - begin);
    compute(rows, {begin, count});
  }
  return begin;
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
