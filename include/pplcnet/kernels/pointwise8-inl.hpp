// Pointwise layers from eight channels to eight. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

#if HWY_CAP_GE256
/// All weights of such a layer fit the registers, so that a pixel needs no tile around it. A vector
/// of sixteen holds two pixels: neighbours, which lie side by side in memory.
template <class D>
class Pointwise8Weights {
  using V = hn::Vec<D>;
  static constexpr int kChannels = kHalfPanel;
  using Depth = std::make_integer_sequence<int, kChannels>;

 public:
  static constexpr int kPixels = static_cast<int>(hn::MaxLanes(D())) / kChannels;

  HWY_INLINE explicit Pointwise8Weights(const Product& product) : biases_(each(product.biases)) {
    for (int k = 0; k < kChannels; ++k) rows_[k] = each(product.weights + k * kPanel);
  }

  /// Returns the outputs of kPixels pixels; products are added in the order of k.
  HWY_INLINE V product(const float* pixels) const { return product(pixels, Depth()); }

 private:
  /// Returns the same values for each pixel.
  static HWY_INLINE V each(const float* values) {
    HWY_ALIGN float lanes[kPanel];
    for (int i = 0; i < kPanel; ++i) lanes[i] = values[i % kChannels];
    return hn::Load(D(), lanes);
  }

  template <int... kK>
  HWY_INLINE V product(const float* pixels, std::integer_sequence<int, kK...>) const {
    V sum = biases_;
    if constexpr (kPixels > 1) {
      // Two blocks of four channels for each pixel: the first of both, twice, and the second.
      const V inputs = hn::LoadU(D(), pixels), swapped = hn::SwapAdjacentBlocks(inputs);
      const V blocks[] = {hn::OddEvenBlocks(swapped, inputs), hn::OddEvenBlocks(inputs, swapped)};
      ((sum = hn::MulAdd(hn::Broadcast<kK % 4>(blocks[kK / 4]), rows_[kK], sum)), ...);
    } else {
      ((sum = hn::MulAdd(hn::Set(D(), pixels[kK]), rows_[kK], sum)), ...);
    }
    return sum;
  }

  V biases_;
  V rows_[kChannels];
};

/// Rows of such a layer, which are activated while they are stored.
struct Pointwise8Rows {
  const Product& product;
  int count;

  template <class Activate>
  HWY_NOINLINE void finish(const Activate& activate) const {
    using D = Lanes16;
    const Pointwise8Weights<D> weights(product);
    constexpr int kPixels = Pointwise8Weights<D>::kPixels;
    const std::size_t input_step = kPixels * product.pixel_pitch;
    const std::size_t output_step = kPixels * product.output_pixel_pitch;
    const int width = product.width;
    const float* input = product.input;
    for (int y = 0; y < count; ++y) {
      float* output = product.output + static_cast<std::size_t>(y) * product.output_row_pitch;
      for (int x = 0; x < width; x += kPixels, input += input_step, output += output_step)
        hn::StoreU(activate(D(), weights.product(input)), D(), output);
    }
  }
};

/// Returns whether two pixels can share a vector.
inline bool has_pairs(const Product& product) {
  return product.width % 2 == 0 && product.pixel_pitch == kHalfPanel &&
         product.output_pixel_pitch == kHalfPanel;
}
#endif

/// Computes channels [begin, end) of a product over `pixels` pixels; begin is a multiple of 16.
template <Needs kNeeds>
void compute_product(const Product& product, int pixels, int begin, int end) {
#if HWY_CAP_GE256
  if constexpr (kNeeds.pointwise_8)
    if (product.depth == kHalfPanel && product.channels == kHalfPanel && !product.half &&
        (kLanes == kHalfPanel || has_pairs(product)))
      return finish(Pointwise8Rows{product, pixels / product.width}, product.activation);
#endif
  product_rows<PixelInputs, kNeeds>(product, pixels, begin, end);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
