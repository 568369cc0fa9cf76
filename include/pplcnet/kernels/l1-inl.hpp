// Distances in the place of products: the layers of AdderNet. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The inputs of a tile of outputs bias - Σ|weight - x|, in the order of the weights.
template <int kPixels>
class L1Inputs : public TapInputs<kPixels> {
 public:
  HWY_INLINE L1Inputs(const Product& product, int pixel) : TapInputs<kPixels>(product, pixel) {}

  template <class V>
  static HWY_INLINE V add(V x, V weight, V sum) {
    return hn::Sub(sum, hn::Abs(hn::Sub(weight, x)));
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
