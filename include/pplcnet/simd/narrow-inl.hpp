// Pointwise layers from eight channels to eight. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// All weights of such a layer fit the registers, so that a pixel needs no tile around it. A vector
/// of sixteen holds two pixels: neighbours, which lie side by side in memory.
template <class D>
class NarrowWeights {
  using V = hn::Vec<D>;
  static constexpr int kChannels = kHalfPanel;

 public:
  static constexpr int kPixels = static_cast<int>(hn::MaxLanes(D())) / kChannels;

  HWY_INLINE explicit NarrowWeights(const Product& product) : biases_(each(product.biases)) {
    for (int k = 0; k < kChannels; ++k) {
      rows_[k] = each(product.weights + k * kPanel);
      HWY_ALIGN std::int32_t lanes[kPanel];
      for (int i = 0; i < kPanel; ++i) lanes[i] = i / kChannels * kChannels + k;
      if constexpr (kPixels > 1) spread_[k] = hn::SetTableIndices(D(), lanes);
    }
  }

  /// The outputs of kPixels pixels; products are added in the order of k.
  HWY_INLINE V product(const float* pixels) const {
    V sum = biases_;
    if constexpr (kPixels > 1) {
      const V inputs = hn::LoadU(D(), pixels);
#pragma GCC unroll 8
      for (int k = 0; k < kChannels; ++k)
        sum = hn::MulAdd(hn::TableLookupLanes(inputs, spread_[k]), rows_[k], sum);
    } else {
#pragma GCC unroll 8
      for (int k = 0; k < kChannels; ++k) sum = hn::MulAdd(hn::Set(D(), pixels[k]), rows_[k], sum);
    }
    return sum;
  }

 private:
  /// The same values for each pixel.
  static HWY_INLINE V each(const float* values) {
    HWY_ALIGN float lanes[kPanel];
    for (int i = 0; i < kPanel; ++i) lanes[i] = values[i % kChannels];
    return hn::Load(D(), lanes);
  }

  V biases_;
  V rows_[kChannels];
  decltype(hn::SetTableIndices(D(), static_cast<const std::int32_t*>(nullptr))) spread_[kChannels];
};

/// Rows of such a layer, which are activated while they are stored.
struct NarrowRows {
  const Product& product;
  int count;

  template <class Activate>
  HWY_NOINLINE void store(const Activate& activate) const {
    using D = Lanes16;
    const NarrowWeights<D> weights(product);
    constexpr int kPixels = NarrowWeights<D>::kPixels;
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

/// Channels [begin, end) of a product over `pixels` pixels; begin is a multiple of 16.
inline void compute_product(const Product& product, int pixels, int begin, int end) {
  if constexpr (kLanes >= kHalfPanel) {
    const bool pairs = product.width % 2 == 0 && product.pixel_pitch == kHalfPanel &&
                       product.output_pixel_pitch == kHalfPanel;
    if (product.depth == kHalfPanel && product.channels == kHalfPanel && !product.half &&
        (kLanes == kHalfPanel || pairs))
      return finish(NarrowRows{product, pixels / product.width}, product.activation);
  }
  product_rows(product, pixels, begin, end);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
