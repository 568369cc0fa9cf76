// A product's last 24 channels, where a vector holds a panel of 16: half of one would be wasted on
// the last 8, which two pixels share. Compiled once per instruction set.
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

template <template <int> class Inputs, class D, int kPixels>
class PairTile;

/// Tiles of 24 channels; see VectorTiles.
struct PairTiles {
  static constexpr int kChannels = kPanel + kHalfPanel, kPixels = 16, kFew = 8;
  template <template <int> class Inputs, int kSize>
  using Tile = PairTile<Inputs, Lanes16, kSize>;
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI

#if HWY_CAP_GE256
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// One and a half panels of the outputs of kPixels pixels: a vector for each pixel, and one for the
/// half panels of a pair of pixels. It computes what a ProductTile computes.
template <template <int> class Inputs, class D, int kPixels>
class PairTile {
  using V = hn::Vec<D>;
  using Half = hn::Half<D>;
  using TileInputs = Inputs<kPixels>;
  static constexpr int kSums = 3;  // of a pair: each pixel's own, and the shared one
  static constexpr int kPairs = (kPixels + 1) / 2;
  using Pairs = std::make_integer_sequence<int, kPairs>;

 public:
  HWY_INLINE PairTile(const Product& product, const float* weights, int channel, int pixel,
                      const char* ahead, std::size_t ahead_step)
      : product_(product), channel_(channel), pixel_(pixel) {
    start(product.biases + channel, Pairs());
    const std::size_t panel_pitch = static_cast<std::size_t>(product.depth) * kPanel;
    const std::size_t tap = static_cast<std::size_t>(product.tap_depth) * kPanel;
    TileInputs inputs(product, pixel);
    do {
      for (const float* const end = weights + tap; weights != end;
           weights += kPanel, ahead += ahead_step) {
        add_pairs(inputs, hn::Load(D(), weights), twice(weights + panel_pitch), Pairs());
        prefetch<2>(ahead);
        inputs.advance(1);
      }
    } while (inputs.next_tap());
  }

  template <class Activate>
  HWY_INLINE void finish(const Activate& activate) {
    activate_all<D>(activate, sums_, std::make_integer_sequence<int, kSums * kPairs>());
  }

  HWY_INLINE void store() const {
    const int row = pixel_ / product_.width;
    const int column = pixel_ - row * product_.width;
    store_pairs(product_.output + static_cast<std::size_t>(row) * product_.output_row_pitch +
                    static_cast<std::size_t>(column) * product_.output_pixel_pitch + channel_,
                column, Pairs());
  }

 private:
  /// Returns half a vector in both halves of one.
  static HWY_INLINE V twice(const float* values) {
    const auto half = hn::Load(Half(), values);
    return hn::Combine(D(), half, half);
  }

  /// The second pixel of a pair; where there is none, the first one.
  template <int kPair>
  static constexpr int kSecond = std::min(2 * kPair + 1, kPixels - 1);

  template <int... kPair>
  HWY_INLINE void start(const float* biases, std::integer_sequence<int, kPair...>) {
    const V whole = hn::Load(D(), biases), half = twice(biases + kPanel);
    ((sums_[kSums * kPair] = sums_[kSums * kPair + 1] = whole, sums_[kSums * kPair + 2] = half),
     ...);
  }

  template <int... kPair>
  HWY_INLINE void add_pairs(const TileInputs& inputs, V whole, V half,
                            std::integer_sequence<int, kPair...>) {
    (add_pair<kPair>(in_register(hn::Set(D(), *inputs.template address<2 * kPair>())),
                     in_register(hn::Set(D(), *inputs.template address<kSecond<kPair>>())), whole,
                     half),
     ...);
  }

  template <int kPair>
  HWY_INLINE void add_pair(V first, V second, V whole, V half) {
    V* const sums = sums_ + kSums * kPair;
    sums[0] = TileInputs::add(first, whole, sums[0]);
    sums[1] = TileInputs::add(second, whole, sums[1]);
    sums[2] = TileInputs::add(hn::ConcatUpperLower(D(), second, first), half, sums[2]);
  }

  template <int... kPair>
  HWY_INLINE void store_pairs(float* to, int column, std::integer_sequence<int, kPair...>) const {
    (store_pair<kPair>(to, column), ...);
  }

  template <int kPair>
  HWY_INLINE void store_pair(float*& to, int& column) const {
    const V* const sums = sums_ + kSums * kPair;
    store_pixel(sums[0], hn::LowerHalf(Half(), sums[2]), to, column);
    if constexpr (kSecond<kPair> != 2 * kPair)
      store_pixel(sums[1], hn::UpperHalf(Half(), sums[2]), to, column);
  }

  HWY_INLINE void store_pixel(V whole, hn::Vec<Half> half, float*& to, int& column) const {
    hn::StoreU(whole, D(), to);
    hn::StoreU(half, Half(), to + kPanel);
    to += product_.output_pixel_pitch;
    if (++column < product_.width) return;
    column = 0;
    to += product_.output_row_pitch -
          static_cast<std::size_t>(product_.width) * product_.output_pixel_pitch;
  }

  const Product& product_;
  int channel_, pixel_;
  V sums_[kSums * kPairs];
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif
