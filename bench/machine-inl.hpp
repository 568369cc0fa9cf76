// Loops that do nothing but one thing at full speed. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace bench::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Independent chains: enough to hide the latency of a multiply-add on two ports.
inline constexpr int kChains = 12;

class Chains {
  using D = hn::ScalableTag<float>;

 public:
  static constexpr std::size_t kLanes = hn::MaxLanes(D());

  /// kChains × kLanes multiply-adds.
  template <int... kIndex>
  HWY_INLINE void multiply_add(hn::Vec<D> factor, std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = hn::MulAdd(sums_[kIndex], factor, factor)), ...);
  }
  /// Adds kChains × kLanes numbers.
  template <int... kIndex>
  HWY_INLINE void add(const float* from, std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = hn::Add(sums_[kIndex], hn::LoadU(D(), from + kIndex * kLanes))), ...);
  }
  /// Each chain starts differently, or the compiler would make them one.
  template <int... kIndex>
  HWY_INLINE void start(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = hn::Set(D(), static_cast<float>(kIndex))), ...);
  }
  template <int... kIndex>
  HWY_INLINE float total(std::integer_sequence<int, kIndex...>) const {
    auto sum = hn::Zero(D());
    ((sum = hn::Add(sum, sums_[kIndex])), ...);
    return hn::GetLane(hn::SumOfLanes(D(), sum));
  }

 private:
  hn::Vec<D> sums_[kChains];
};

/// Does at least `count` multiply-adds whose results the compiler cannot predict; `count` becomes
/// how many.
HWY_NOINLINE float multiply_adds(float factor, std::int64_t& count) {
  constexpr std::make_integer_sequence<int, kChains> kAll;
  constexpr auto kStep = static_cast<std::int64_t>(kChains * Chains::kLanes);
  const std::int64_t steps = (count + kStep - 1) / kStep;
  const auto factors = hn::Set(hn::ScalableTag<float>(), factor);
  Chains chains;
  chains.start(kAll);
  for (std::int64_t i = 0; i < steps; ++i) chains.multiply_add(factors, kAll);
  count = steps * kStep;
  return chains.total(kAll);
}

/// Reads `count` floats; a remainder below kChains vectors is left out.
HWY_NOINLINE float stream(const float* from, std::size_t count) {
  constexpr std::make_integer_sequence<int, kChains> kAll;
  constexpr std::size_t kStep = kChains * Chains::kLanes;
  Chains chains;
  chains.start(kAll);
  for (std::size_t i = 0; i + kStep <= count; i += kStep) chains.add(from + i, kAll);
  return chains.total(kAll);
}

}  // namespace bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
