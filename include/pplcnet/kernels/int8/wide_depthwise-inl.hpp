// Depthwise convolution of 3×3 kernels, neighbouring panels side by side. Compiled once per
// instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

inline constexpr int kWideKernel = 3;

/// The weights of panels for kRows output rows, whose quads are the first one's.
template <class Dot, int kRows>
struct WideWeights {
  static constexpr int kTaps = kWideKernel;
  typename Dot::Operand taps[kRows][kTaps * kLaneVectors];
  Words starts[kLaneVectors];
  Shifts shifts[kLaneVectors];

  HWY_INLINE WideWeights(const ByteDepthwise& rows, const PanelLanes& panels) {
    for (int i = 0; i < kTaps * kLaneVectors; ++i) {
      const auto quad = panels.load<Words>(rows.weights, std::size_t{kTaps} * kQuad * kPanel, i);
      taps[0][i] = Dot::weights(quad);
      if constexpr (kRows == 2) taps[1][i] = Dot::weights(move_down(quad, rows.stride.height));
    }
    for (int i = 0; i < kLaneVectors; ++i) {
      starts[i] = panels.load_words(rows.ending.constants.bias, i);
      shifts[i] = shifts_of(panels.load_words(rows.ending.constants.shift, i));
      subtract_offset<Dot, kTaps>(taps[0] + i, starts[i]);
    }
  }
};

/// The vectors of neighbouring outputs in kRows rows, or half of them, and if there are two groups
/// of lanes, in so many below them. Each column of the input is added to all outputs that it
/// belongs to, so that weights and sums stay in registers.
template <class Dot, int kHalf, int kHalves, int kStride, int kRows, int kGroups>
class WideOutputs {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  using Weights = WideWeights<Dot, kRows>;
  static constexpr int kVectors = kHalves * kHalfVectors;
  static constexpr int kShared = kWideKernel - kStride;  // columns that the next output reads, too
  static constexpr int kOpen = (kWideKernel + kStride - 1) / kStride;  // outputs that are summed
  static constexpr int kDown = kRows * kStride;  // input rows from a group's to the next one's

 public:
  HWY_INLINE WideOutputs(const Weights& weights, const WindowRows& window)
      : sums_(weights, window) {}

  /// Computes `count` outputs, the first of which has its first column at an offset, and gives
  /// `take` the halves of each one in each row.
  template <class Take>
  HWY_INLINE void compute(std::size_t offset, std::size_t pitch, int count, const Take& take) {
    sums_.template begin<0>();
    add_columns<0>(offset, pitch, Indices<kShared>());
    offset += kShared * pitch;
    for (int x = 0; x < count; ++x, offset += kStride * pitch) {
      add_columns<kShared>(offset, pitch, Indices<kStride>());
      end(x, take, Indices<kRows>());
      sums_.advance();
    }
  }

 private:
  template <int kSkipped, int... kColumn>
  HWY_INLINE void add_columns(std::size_t offset, std::size_t pitch,
                              std::integer_sequence<int, kColumn...>) {
    (add_column<kSkipped + kColumn>(offset + kColumn * pitch), ...);
  }
  template <int kColumn>
  HWY_INLINE void add_column(std::size_t offset) {
    Words quads[kHalves][kHalfVectors];
    load<kHalf>(offset, quads[0]);
    if constexpr (kHalves == 2) load<1>(offset, quads[1]);
    add_quads<kColumn>(quads, Indices<kVectors>(), Indices<kOpen * kRows * kVectors>());
  }
  template <int kLoaded>
  HWY_INLINE void load(std::size_t offset, Words (&quads)[kHalfVectors]) const {
    constexpr int kLast = kWideKernel + kRows - 2;  // the last row that has weights
    if constexpr (kGroups == 2)
      load_two_rows<kLoaded, kLast, kDown>(sums_.rows(), offset, quads);
    else
      load_wide_quads<kLoaded, kLast>(sums_.rows(), offset, quads);
  }
  template <int kColumn, int... kVector, int... kIndex>
  HWY_INLINE void add_quads(const Words (&quads)[kHalves][kHalfVectors],
                            std::integer_sequence<int, kVector...>,
                            std::integer_sequence<int, kIndex...>) {
    const Operand bytes[] = {Dot::bytes(quads[kVector / kHalfVectors][kVector % kHalfVectors])...};
    (add<kColumn, kIndex / kVectors, kIndex % kVectors>(bytes[kIndex % kVectors]), ...);
  }
  /// Adds a column to a row of an output, if it is one of its columns.
  template <int kColumn, int kRowOfOutputs, int kVector>
  HWY_INLINE void add([[maybe_unused]] const Operand& bytes) {
    constexpr int kOutput = kRowOfOutputs / kRows, kTap = kColumn - kOutput * kStride;
    if constexpr (kTap >= 0)
      sums_.template add<kOutput, kRowOfOutputs % kRows, kTap, kVector>(bytes);
  }

  template <class Take, int... kRow>
  HWY_INLINE void end(int x, const Take& take, std::integer_sequence<int, kRow...>) const {
    if constexpr (kHalves == 2)
      (take(kRow, x, sums_.halves(kRow, 0), sums_.halves(kRow, kHalfVectors)), ...);
    else
      (take(kRow, x, sums_.halves(kRow, 0)), ...);
  }

  SideSums<Dot, Weights, kQuad + (kGroups - 1) * kDown, kRows, kHalf * kHalfVectors, kVectors,
           kOpen>
      sums_;
};

/// How panels are computed side by side: rows of outputs whose quads are the first one's, and
/// groups of lanes.
template <class Dot, int kStep, int kRowCount, int kGroupCount>
struct WideForm {
  static constexpr int kStride = kStep, kRows = kRowCount, kGroups = kGroupCount;
  // Whether the registers have room for all vectors of an output, so that inputs are loaded once.
  static constexpr bool kAtOnce = kWords == 1 && kRows == 1;
  using Weights = WideWeights<Dot, kRows>;
  template <int kHalf>
  using Outputs = WideOutputs<Dot, kHalf, kAtOnce ? 2 : 1, kStride, kRows, kGroups>;
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
