// Sums of neighbouring panels side by side, in registers. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of kOpen neighbouring outputs in kRows rows, with kVectors of their vectors from kFirst on,
/// with what they are sums of: rows of inputs, and weights. All are copies whose indices are
/// constants, so that they can be in registers.
template <class Dot, class Weights, int kInputRows, int kRows, int kFirst, int kVectors, int kOpen>
class SideSums {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  static constexpr int kTaps = Weights::kTaps, kSums = kRows * kVectors;  // of an output

 public:
  HWY_INLINE SideSums(const Weights& weights, const WindowRows& window) : weights_(weights) {
    copy_rows(window, Indices<kInputRows>());
    copy_taps(Indices<kTaps * kSums>());
  }

  /// Starts the sums of outputs from this one on.
  template <int kOutput>
  HWY_INLINE void begin() {
    begin<kOutput>(Indices<(kOpen - kOutput) * kSums>());
  }
  /// Makes the next output the first one.
  HWY_INLINE void advance() {
    advance(Indices<(kOpen - 1) * kSums>());
    begin<kOpen - 1>();
  }
  /// Adds products of a vector of bytes and of a tap's weights to an output in a row.
  template <int kOutput, int kRow, int kTap, int kVector>
  HWY_INLINE void add(const Operand& bytes) {
    Words& sum = sums_[kOutput * kSums + kRow * kVectors + kVector];
    sum = Dot::add(sum, bytes, taps_[(kRow * kTaps + kTap) * kVectors + kVector]);
  }
  /// Returns the halves of two vectors of the first output.
  HWY_INLINE Halves halves(int row, int vector) const {
    return narrow(shifted(row, vector), shifted(row, vector + 1));
  }

  HWY_INLINE const std::uint8_t* const* rows() const { return rows_; }

 private:
  template <int... kIndex>
  HWY_INLINE void copy_rows(const WindowRows& window, std::integer_sequence<int, kIndex...>) {
    ((rows_[kIndex] = window.rows[kIndex]), ...);
  }
  /// Takes the weights of these vectors: [row][tap][vector].
  template <int... kIndex>
  HWY_INLINE void copy_taps(std::integer_sequence<int, kIndex...>) {
    ((taps_[kIndex] = weights_.taps[kIndex / (kTaps * kVectors)]
                                   [kIndex % (kTaps * kVectors) / kVectors * kLaneVectors + kFirst +
                                    kIndex % kVectors]),
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
  HWY_INLINE Words shifted(int row, int vector) const {
    return shift_words(sums_[row * kVectors + vector], weights_.shifts[kFirst + vector]);
  }

  const Weights& weights_;
  const std::uint8_t* rows_[kInputRows];
  Operand taps_[kTaps * kSums];
  Words sums_[kOpen * kSums];
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
