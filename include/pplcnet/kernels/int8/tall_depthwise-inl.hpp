// Depthwise convolution of 5×5 kernels, neighbouring panels side by side: quads of four rows in a
// column, and of four columns in the fifth row, so that 25 taps take seven of them. Compiled once
// per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

inline constexpr int kTallKernel = 5;

/// The weights of panels: of each column's first four rows, of the fifth row's columns but the
/// first one, and of that one, where it lies in the quad of the output before.
template <class Dot, int kStride>
struct TallWeights {
  static constexpr int kFifthRow = kTallKernel, kFirstColumn = kTallKernel + 1;
  static constexpr int kTaps = kTallKernel + 2;
  typename Dot::Operand taps[1][kTaps * kLaneVectors];
  Words starts[kLaneVectors];
  Shifts shifts[kLaneVectors];

  HWY_INLINE TallWeights(const ByteDepthwise& rows, const PanelLanes& panels) {
    for (int i = 0; i < kLaneVectors; ++i) {
      starts[i] = panels.load_words(rows.ending.constants.bias, i);
      shifts[i] = shifts_of(panels.load_words(rows.ending.constants.shift, i));
      const auto load = [&](int column, int quad) HWY_ATTR {
        return panels.load<Words>(rows.weights, std::size_t{kQuads * kTallKernel} * kQuad * kPanel,
                                  (kQuads * column + quad) * kLaneVectors + i);
      };
      Words fifth_row = load(1, 1);
      for (int column = 2; column < kTallKernel; ++column)
        fifth_row = add_words(fifth_row, move_down(load(column, 1), column - 1));
      for (int column = 0; column < kTallKernel; ++column)
        taps[0][column * kLaneVectors + i] = Dot::weights(load(column, 0));
      taps[0][kFifthRow * kLaneVectors + i] = Dot::weights(fifth_row);
      taps[0][kFirstColumn * kLaneVectors + i] = Dot::weights(move_down(load(0, 1), kStride - 1));
      subtract_offset<Dot, kTaps>(taps[0] + i, starts[i]);
    }
  }

 private:
  static constexpr int kQuads = 2;  // of a column, of which the second has the fifth row alone
};

/// Half of the vectors of neighbouring outputs in a row. Each quad of the input is added to all
/// outputs that it belongs to, so that sums stay in registers.
template <class Dot, int kHalf, int kStride>
class TallOutputs {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  using Weights = TallWeights<Dot, kStride>;
  static constexpr int kVectors = kHalfVectors;
  static constexpr int kOpen = (kTallKernel + kStride - 1) / kStride;  // outputs that are summed
  static constexpr int kShared = kTallKernel - kStride;  // columns that the next output reads, too

 public:
  HWY_INLINE TallOutputs(const Weights& weights, const WindowRows& window)
      : sums_(weights, window), fifth_row_(window.rows[kQuad]) {}

  /// Computes `count` outputs, the first of which has its first column at an offset, and gives
  /// `take` the halves of each one.
  template <class Take>
  HWY_INLINE void compute(std::size_t offset, std::size_t pitch, int count, const Take& take) {
    sums_.template begin<0>();
    add_columns<0>(offset, pitch, Indices<kShared>());
    // With a stride of two, the quad before the first one begins in the row above.
    add_fifth_row<false>(fifth_row_ + offset + pitch - kStride * pitch, pitch);
    for (int x = 0; x < count; ++x, offset += kStride * pitch) {
      add_columns<kShared>(offset + kShared * pitch, pitch, Indices<kStride>());
      add_fifth_row<true>(fifth_row_ + offset + pitch, pitch);
      take(0, x, sums_.halves(0, 0));
      sums_.advance();
    }
  }

 private:
  template <int kSkipped, int... kColumn>
  HWY_INLINE void add_columns(std::size_t offset, std::size_t pitch,
                              std::integer_sequence<int, kColumn...>) {
    (add_column<kSkipped + kColumn>(offset + kColumn * pitch, Indices<kOpen>()), ...);
  }
  template <int kColumn, int... kOutput>
  HWY_INLINE void add_column(std::size_t offset, std::integer_sequence<int, kOutput...>) {
    Words quads[kVectors];
    load_wide_quads<kHalf>(sums_.rows(), offset, quads);
    const Operand bytes[kVectors] = {Dot::bytes(quads[0]), Dot::bytes(quads[1])};
    (add<kColumn - kOutput * kStride, kOutput>(bytes), ...);
  }
  /// Adds four columns of the fifth row to the first output, if they are its last ones, and that
  /// of them to the next output which is its first one.
  template <bool kToFirst>
  HWY_INLINE void add_fifth_row(const std::uint8_t* columns, std::size_t pitch) {
    const std::uint8_t* const places[kQuad] = {columns, columns + pitch, columns + 2 * pitch,
                                               columns + 3 * pitch};
    Words quads[kVectors];
    load_wide_quads<kHalf>(places, 0, quads);
    const Operand bytes[kVectors] = {Dot::bytes(quads[0]), Dot::bytes(quads[1])};
    if constexpr (kToFirst) add<Weights::kFifthRow, 0>(bytes);
    add<Weights::kFirstColumn, kToFirst ? 1 : 0>(bytes);
  }
  template <int kTap, int kOutput>
  HWY_INLINE void add([[maybe_unused]] const Operand (&bytes)[kVectors]) {
    if constexpr (kTap >= 0) {
      sums_.template add<kOutput, 0, kTap, 0>(bytes[0]);
      sums_.template add<kOutput, 0, kTap, 1>(bytes[1]);
    }
  }

  SideSums<Dot, Weights, kQuad, 1, kHalf * kHalfVectors, kVectors, kOpen> sums_;
  const std::uint8_t* fifth_row_;
};

/// How panels are computed side by side: one row of outputs after the other.
template <class Dot, int kStep>
struct TallForm {
  static constexpr int kStride = kStep, kRows = 1, kGroups = 1;
  static constexpr bool kAtOnce = false;
  using Weights = TallWeights<Dot, kStride>;
  template <int kHalf>
  using Outputs = TallOutputs<Dot, kHalf, kStride>;
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
