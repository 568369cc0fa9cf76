// Sums and maxima over channels: of every 16th, then of these 16, whatever the width of a vector,
// so that all instruction sets get the same bits. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

using Lane = hn::CappedTag<float, 1>;

/// Adds values.
struct Sum {
  static constexpr float kStart = 0;
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D, V sum, V x) const {
    return hn::Add(sum, x);
  }
};

/// Keeps the largest.
struct Maximum {
  static constexpr float kStart = std::numeric_limits<float>::lowest();
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D, V most, V x) const {
    return hn::Max(most, x);
  }
};

/// Adds the squares of distances from a mean.
struct SquaredDistances {
  static constexpr float kStart = 0;
  float mean;
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V sum, V x) const {
    const V distance = hn::Sub(x, hn::Set(d, mean));
    return hn::MulAdd(distance, distance, sum);
  }
};

/// 16 partial results.
class Partial {
 public:
  explicit Partial(float start) { std::fill_n(results_, kPanel, start); }

  /// Takes `count` values.
  template <class Combine>
  HWY_INLINE void add(const float* values, int count, const Combine& combine) {
    const Lanes16 d;
    const int whole = count / kPanel * kPanel;
    for (int lane = 0; lane < kPanel && whole > 0; lane += kLanes) {
      auto result = hn::Load(d, results_ + lane);
      for (int i = lane; i < whole; i += kPanel)
        result = combine(d, result, hn::LoadU(d, values + i));
      hn::Store(result, d, results_ + lane);
    }
    for (int i = whole; i < count; ++i) results_[i - whole] = one(combine, i - whole, values[i]);
  }

  /// Returns the result of all.
  template <class Combine>
  HWY_INLINE float total(const Combine& combine) {
    for (int half = kPanel / 2; half > 0; half /= 2)
      for (int i = 0; i < half; ++i) results_[i] = one(combine, i, results_[i + half]);
    return results_[0];
  }

 private:
  template <class Combine>
  HWY_INLINE float one(const Combine& combine, int i, float value) const {
    const Lane d;
    return hn::GetLane(combine(d, hn::Set(d, results_[i]), hn::Set(d, value)));
  }

  alignas(64) float results_[kPanel];
};

/// Calls `visit(d, i)` for every vector of `count` values from the i-th on, single ones at the end.
template <class Visit>
HWY_INLINE void for_each_vector(int count, const Visit& visit) {
  const Lanes8 d;
  int i = 0;
  for (; i + static_cast<int>(hn::MaxLanes(d)) <= count; i += static_cast<int>(hn::MaxLanes(d)))
    visit(d, i);
  for (; i < count; ++i) visit(Lane(), i);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
