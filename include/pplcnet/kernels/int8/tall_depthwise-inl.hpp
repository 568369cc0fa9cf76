// Depthwise convolution of 5×5 kernels, neighbouring panels side by side. Two quads of rows have
// room for several rows of outputs, so they are made once, for all of these. Compiled for AVX-512
// and AVX2 alone.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

inline constexpr int kTallKernel = 5;
inline constexpr int kTallQuads = 2;  // of a column

/// Outputs of a row whose columns wait as quads.
template <int kStride>
inline constexpr int kTallSpan = kSpan / kStride;

/// The quads of neighbouring columns.
template <int kStride>
class QuadColumns {
  static constexpr int kColumns = (kTallSpan<kStride> - 1) * kStride + kTallKernel;

 public:
  /// Makes those of so many outputs, the first of which has its first column at an offset.
  HWY_INLINE void load(const WindowRows& window, std::size_t offset, std::size_t pitch, int outputs,
                       int lanes) {
    const int columns = (outputs - 1) * kStride + kTallKernel;
    for (int x = 0; x < columns; ++x, offset += pitch)
      for (int quad = 0; quad < kTallQuads; ++quad) {
        const std::uint8_t* const* const rows = window.rows + quad * kQuad;
        Words lower[kHalfVectors], upper[kHalfVectors];
        load_wide_quads<0>(rows, offset, lanes, lower);
        load_wide_quads<1>(rows, offset, lanes, upper);
        for (int i = 0; i < kHalfVectors; ++i) {
          quads_[i][x][quad] = lower[i];
          quads_[kHalfVectors + i][x][quad] = upper[i];
        }
      }
  }

  using Column = Words[kTallQuads];
  HWY_INLINE const Column* of(int vector) const { return quads_[vector]; }

 private:
  Words quads_[kLaneVectors][kColumns][kTallQuads];
};

/// Rows of outputs that share quads, at most.
inline constexpr int kTallRows = kTallQuads * kQuad - kTallKernel + 1;

/// The weights of panels, moved down for each row of outputs that shares quads, and what else each
/// sum needs.
struct TallWeights {
  static constexpr int kTaps = kTallKernel * kTallQuads;
  int rows;  // that share quads
  Words taps[kTallRows][kLaneVectors][kTaps], starts[kLaneVectors], shifts[kLaneVectors];

  HWY_INLINE TallWeights(const ByteDepthwise& depthwise, const PanelLanes& panels)
      : rows((kTallRows - 1) / depthwise.stride.height + 1) {
    const SumEnding& ending = depthwise.ending;
    for (int i = 0; i < kLaneVectors; ++i) {
      starts[i] = panels.load_words(ending.constants.bias, i);
      shifts[i] = panels.load_words(ending.constants.shift, i);
      for (int tap = 0; tap < kTaps; ++tap)
        taps[0][i][tap] = panels.load(depthwise.weights, std::size_t{kTaps} * kQuad * kPanel,
                                      tap * kLaneVectors + i);
      for (int row = 1; row < rows; ++row)
        move(taps[0][i], row * depthwise.stride.height, taps[row][i]);
    }
  }

 private:
  static HWY_INLINE void move(const Words* from, int down, Words* to) {
    const Words none = subtract_words(*from, *from);
    for (int tap = 0; tap < kTaps; tap += kTallQuads) {
      to[tap] = move_down(none, from[tap], down);
      to[tap + 1] = move_down(from[tap], from[tap + 1], down);
    }
  }
};

/// One vector of neighbouring outputs in a row. Each column of the input is added to all outputs
/// that it belongs to, so that weights and sums stay in registers. Each quad of a column has sums
/// of its own, which are joined in the end: one does not wait for the other.
template <class Dot, int kStride>
class TallOutputs {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Column = typename QuadColumns<kStride>::Column;
  static_assert(Dot::kOffset == 0);
  static constexpr int kShared = kTallKernel - kStride;  // columns that the next output reads, too
  static constexpr int kOpen = (kTallKernel + kStride - 1) / kStride;  // outputs that are summed

 public:
  /// `row`: of those that share quads.
  HWY_INLINE TallOutputs(const TallWeights& weights, int vector, int row)
      : start_(weights.starts[vector]), shift_(weights.shifts[vector]) {
    set_taps(weights.taps[row][vector], Indices<TallWeights::kTaps>());
  }

  /// Computes `count` outputs, no fewer than kOpen - 1. The second of two vectors finds the first
  /// one's words where it stores halves.
  template <bool kSecond>
  HWY_INLINE void compute(const Column* columns, int count, Halves* halves) {
    begin(Indices<kOpen>());
    add_first(columns, Indices<kShared>());
    columns += kShared;
    int x = 0;
    for (; x < count - (kOpen - 1); ++x, columns += kStride) {
      add_columns<0, kOpen>(columns, Indices<kStride>());
      store<kSecond>(0, halves[x]);
      advance(Indices<kTallQuads*(kOpen - 1)>());
      begin<kOpen - 1>();
    }
    end<kSecond>(columns, halves + x, Indices<kOpen - 1>());
  }

 private:
  template <int... kTap>
  HWY_INLINE void set_taps(const Words* taps, std::integer_sequence<int, kTap...>) {
    ((taps_[kTap] = Dot::weights(taps[kTap])), ...);
  }
  template <int... kOutput>
  HWY_INLINE void begin(std::integer_sequence<int, kOutput...>) {
    (begin<kOutput>(), ...);
  }
  template <int kOutput>
  HWY_INLINE void begin() {
    sums_[kTallQuads * kOutput] = start_;
    sums_[kTallQuads * kOutput + 1] = subtract_words(start_, start_);
  }
  template <int... kIndex>
  HWY_INLINE void advance(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = sums_[kIndex + kTallQuads]), ...);
  }
  template <bool kSecond>
  HWY_INLINE void store(int output, Halves& halves) const {
    const Words* const sums = sums_ + kTallQuads * output;
    const Words shifted = shift_words(add_words(sums[0], sums[1]), shift_);
    halves = kSecond ? narrow(halves, shifted) : shifted;
  }

  /// Adds the columns that are before the last ones of the first output.
  template <int... kColumn>
  HWY_INLINE void add_first(const Column* columns, std::integer_sequence<int, kColumn...>) {
    (add_column<kColumn, 0>(columns[kColumn], Indices<kOpen>()), ...);
  }
  /// Adds the last columns of output kFirst to it and to the open ones after it.
  template <int kFirst, int kEnd, int... kColumn>
  HWY_INLINE void add_columns(const Column* columns, std::integer_sequence<int, kColumn...>) {
    (add_column<kShared + kColumn, kFirst>(columns[kColumn], Indices<kEnd - kFirst>()), ...);
  }
  template <int kColumn, int kFirst, int... kOutput>
  HWY_INLINE void add_column(const Column& column, std::integer_sequence<int, kOutput...>) {
    const auto upper = Dot::bytes(column[0]), lower = Dot::bytes(column[1]);
    (add<kColumn - kOutput * kStride, kFirst + kOutput>(upper, lower), ...);
  }
  template <int kTap, int kOutput>
  HWY_INLINE void add([[maybe_unused]] const typename Dot::Operand& upper,
                      [[maybe_unused]] const typename Dot::Operand& lower) {
    if constexpr (kTap >= 0) {
      Words* const sums = sums_ + kTallQuads * kOutput;
      sums[0] = Dot::add(sums[0], upper, taps_[kTallQuads * kTap]);
      sums[1] = Dot::add(sums[1], lower, taps_[kTallQuads * kTap + 1]);
    }
  }

  /// Adds to the last outputs what they lack.
  template <bool kSecond, int... kOutput>
  HWY_INLINE void end(const Column* columns, Halves* halves,
                      std::integer_sequence<int, kOutput...>) {
    ((add_columns<kOutput, kOpen - 1>(columns + kOutput * kStride, Indices<kStride>()),
      store<kSecond>(kOutput, halves[kOutput])),
     ...);
  }

  Words start_, shift_;
  typename Dot::Operand taps_[kTallKernel * kTallQuads];
  Words sums_[kOpen * kTallQuads];
};

/// Panels side by side.
template <class Dot, ByteSteps kSteps, int kStride>
class TallPanels {
 public:
  HWY_INLINE TallPanels(const ByteDepthwise& rows, const PanelLanes& panels)
      : rows_(rows),
        panels_(panels),
        weights_(rows, panels),
        ending_(rows.ending, panels),
        channel_(static_cast<std::size_t>(panels.first * kPanel)) {}

  HWY_INLINE void compute() {
    const int step = rows_.stride.height;
    const int groups = (rows_.rows + weights_.rows - 1) / weights_.rows;
    const int width = rows_.output.width;
    const int spans = (width + kTallSpan<kStride> - 1) / kTallSpan<kStride>;
    for (int group = 0; group < groups; ++group) {
      const int y = rows_.rows * group / groups, end = rows_.rows * (group + 1) / groups;
      const WindowRows window(rows_, y, (end - y - 1) * step);
      for (int i = 0; i < spans; ++i) {
        const int x = width * i / spans, outputs = width * (i + 1) / spans - x;
        columns_.load(window, channel_ + static_cast<std::size_t>(x * kStride) * rows_.pixel_pitch,
                      rows_.pixel_pitch, outputs, panels_.count);
        for (int row = y; row < end; ++row) {
          sum(row - y, outputs);
          store(row, x, outputs);
        }
      }
    }
  }

 private:
  HWY_INLINE void sum(int row, int outputs) {
    for (int i = 0; i < kLaneVectors; i += kHalfVectors) {
      sum<false>(i, row, outputs);
      sum<true>(i + 1, row, outputs);
    }
  }
  template <bool kSecond>
  HWY_INLINE void sum(int vector, int row, int outputs) {
    TallOutputs<Dot, kStride>(weights_, vector, row)
        .template compute<kSecond>(columns_.of(vector), outputs, halves_[vector / kHalfVectors]);
  }
  HWY_INLINE void store(int y, int x, int outputs) const {
    std::uint8_t* to = rows_.output.pixels + static_cast<std::size_t>(y) * rows_.output.row_pitch +
                       static_cast<std::size_t>(x) * rows_.output.pixel_pitch + channel_;
    for (int i = 0; i < outputs; ++i, to += rows_.output.pixel_pitch)
      store_lanes(ending_.end(halves_[0][i], 0), ending_.end(halves_[1][i], 1), to, panels_.count);
  }

  const ByteDepthwise& rows_;
  const PanelLanes panels_;
  const TallWeights weights_;
  const BytePanel<kSteps> ending_;
  std::size_t channel_;
  QuadColumns<kStride> columns_;
  Halves halves_[kLaneVectors / kHalfVectors][kTallSpan<kStride>];
};

template <class Dot, ByteSteps kSteps, int kStride>
HWY_NOINLINE void tall_panels(const ByteDepthwise& rows, const PanelLanes& panels) {
  TallPanels<Dot, kSteps, kStride>(rows, panels).compute();
}

template <class Dot, int kStride>
void tall_depthwise(const ByteDepthwise& rows, const PanelLanes& panels) {
  with_activation<Dot>(rows.ending, [&](auto steps) {
    tall_panels<Dot, decltype(steps)::value, kStride>(rows, panels);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
