// Depthwise convolution of 3×3 kernels, neighbouring panels side by side: rows of their bytes fill
// vectors, so quads and endings take fewer shuffles. Compiled for AVX-512 and AVX2 alone.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

inline constexpr int kWideKernel = 3;

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
template <class Dot, int kRows>
struct WideWeights {
  static constexpr int kTaps = kWideKernel;
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
      if constexpr (kRows == 2)
        taps[1][i] = Dot::weights(move_down(subtract_words(quad, quad), quad, rows.stride.height));
    }
  }
};

/// Half of the vectors of neighbouring outputs in kRows rows. Each column of the input is added to
/// all outputs that it belongs to, so that weights and sums stay in registers.
template <class Dot, int kHalf, int kStride, int kRows>
class WideOutputs {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  using Weights = WideWeights<Dot, kRows>;
  static constexpr int kVectors = kHalfVectors, kFirst = kHalf * kVectors;
  static constexpr int kOpen = (kWideKernel + kStride - 1) / kStride;  // outputs that are summed
  static constexpr int kSums = kRows * kVectors;                       // of an output

 public:
  HWY_INLINE WideOutputs(const Weights& weights, const WindowRows& window, int lanes)
      : weights_(weights), lanes_(lanes) {
    copy_rows(window, Indices<kQuad>());
    copy_taps(Indices<kRows * kWideKernel * kVectors>());
  }

  /// Computes `count` outputs, the first of which has its first column at an offset.
  HWY_INLINE void compute(std::size_t offset, std::size_t pitch, int count,
                          Halves (&halves)[kRows][kSpan]) {
    begin<0>(Indices<kOpen * kSums>());
    add_columns<0>(offset, pitch, Indices<kWideKernel - kStride>());
    offset += (kWideKernel - kStride) * pitch;
    for (int x = 0; x < count; ++x, offset += kStride * pitch) {
      add_columns<kWideKernel - kStride>(offset, pitch, Indices<kStride>());
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
  /// Takes those of these vectors: [row][column][vector].
  template <int... kIndex>
  HWY_INLINE void copy_taps(std::integer_sequence<int, kIndex...>) {
    ((taps_[kIndex] = weights_.taps[kIndex / (kWideKernel * kVectors)]
                                   [kIndex % (kWideKernel * kVectors) / kVectors * kLaneVectors +
                                    kFirst + kIndex % kVectors]),
     ...);
  }
  template <int kOutput, int... kIndex>
  HWY_INLINE void begin(std::integer_sequence<int, kIndex...>) {
    ((sums_[kOutput * kSums + kIndex] = weights_.starts[kFirst + kIndex % kVectors]), ...);
  }
  template <int... kIndex>
  HWY_INLINE void advance(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = sums_[kIndex + kSums]), ...);
  }

  template <int kSkipped, int... kColumn>
  HWY_INLINE void add_columns(std::size_t offset, std::size_t pitch,
                              std::integer_sequence<int, kColumn...>) {
    (add_column<kSkipped + kColumn>(offset + kColumn * pitch, Indices<kOpen * kSums>()), ...);
  }
  template <int kColumn, int... kIndex>
  HWY_INLINE void add_column(std::size_t offset, std::integer_sequence<int, kIndex...>) {
    Words quads[kVectors];
    load_wide_quads<kHalf>(rows_, offset, lanes_, quads);
    const Operand bytes[] = {Dot::bytes(quads[0]), Dot::bytes(quads[1])};
    (add<kColumn - kIndex / kSums * kStride, kIndex>(bytes[kIndex % kVectors]), ...);
  }
  template <int kColumn, int kIndex>
  HWY_INLINE void add([[maybe_unused]] const Operand& bytes) {
    if constexpr (kColumn >= 0)
      sums_[kIndex] =
          Dot::add(sums_[kIndex], bytes,
                   taps_[(kIndex % kSums / kVectors * kWideKernel + kColumn) * kVectors +
                         kIndex % kVectors]);
  }

  template <int... kRow>
  HWY_INLINE void store(int x, Halves (&halves)[kRows][kSpan],
                        std::integer_sequence<int, kRow...>) const {
    ((halves[kRow][x] = narrow(shifted(kRow * kVectors, 0), shifted(kRow * kVectors + 1, 1))), ...);
  }
  HWY_INLINE Words shifted(int sum, int vector) const {
    return shift_words(sums_[sum], weights_.shifts[kFirst + vector]);
  }

  const Weights& weights_;
  int lanes_;
  const std::uint8_t* rows_[kQuad];
  Operand taps_[kRows * kWideKernel * kVectors];
  Words sums_[kOpen * kSums];
};

/// Panels side by side.
template <class Dot, ByteSteps kSteps, int kStride, int kRows>
class WidePanels {
 public:
  HWY_INLINE WidePanels(const ByteDepthwise& rows, const PanelLanes& panels)
      : rows_(rows),
        panels_(panels),
        weights_(rows, panels),
        ending_(rows.ending.constants, panels),
        channel_(static_cast<std::size_t>(panels.first * kPanel)) {}

  HWY_INLINE void compute() {
    const int width = rows_.output.width, spans = (width + kSpan - 1) / kSpan;
    for (int y = 0; y < rows_.rows; y += kRows) {
      // What is below the last row is not stored.
      const int count = std::min(kRows, rows_.rows - y);
      const WindowRows window(rows_, y, (count - 1) * rows_.stride.height);
      for (int i = 0; i < spans; ++i) {
        const int x = width * i / spans, outputs = width * (i + 1) / spans - x;
        sum(window, x, outputs, std::make_integer_sequence<int, kLaneVectors / kHalfVectors>());
        for (int row = 0; row < count; ++row) end(row, y + row, x, outputs);
      }
    }
  }

 private:
  template <int... kHalf>
  HWY_INLINE void sum(const WindowRows& window, int x, int outputs,
                      std::integer_sequence<int, kHalf...>) {
    const std::size_t offset = channel_ + static_cast<std::size_t>(x * kStride) * rows_.pixel_pitch;
    (WideOutputs<Dot, kHalf, kStride, kRows>(weights_, window, panels_.count)
         .compute(offset, rows_.pixel_pitch, outputs, halves_[kHalf]),
     ...);
  }
  HWY_INLINE void end(int row, int y, int x, int outputs) const {
    std::uint8_t* to = rows_.output.pixels + static_cast<std::size_t>(y) * rows_.output.row_pitch +
                       static_cast<std::size_t>(x) * rows_.output.pixel_pitch + channel_;
    for (int i = 0; i < outputs; ++i, to += rows_.output.pixel_pitch)
      store_lanes(ending_.end(halves_[0][row][i], 0), ending_.end(halves_[1][row][i], 1), to,
                  panels_.count);
  }

  const ByteDepthwise& rows_;
  const PanelLanes panels_;
  const WideWeights<Dot, kRows> weights_;
  const BytePanel<kSteps> ending_;
  std::size_t channel_;
  Halves halves_[kLaneVectors / kHalfVectors][kRows][kSpan];
};

template <class Dot, ByteSteps kSteps, int kStride, int kRows>
HWY_NOINLINE void wide_panels(const ByteDepthwise& rows, const PanelLanes& panels) {
  WidePanels<Dot, kSteps, kStride, kRows>(rows, panels).compute();
}

template <class Dot, int kStride, int kRows>
void wide_depthwise(const ByteDepthwise& rows, const PanelLanes& panels) {
  with_steps(rows.ending, false, [&](auto steps) {
    wide_panels<Dot, decltype(steps)::value, kStride, kRows>(rows, panels);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
