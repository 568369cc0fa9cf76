// Dense layers of bytes for one image or two: weights, of which each is used once, pass by as fast
// as memory gives them. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The sums of a panel for one image, in parts, by quad, which hide the latency of one.
template <class Dot>
class DenseSums {
  static constexpr int kParts = kWords == 1 ? 8 : kWords == 2 ? 4 : 2;
  static constexpr int kStep = kQuad * kPanel;  // bytes of a quad's weights
  static constexpr int kAhead = 4096;           // what the cache after the first one needs
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  HWY_INLINE DenseSums(const std::int8_t* weights, const std::uint8_t* input, int quads,
                       const std::int32_t* starts) {
    start(starts, Indices<kParts * kWords>());
    int quad = 0;
    for (; quad + kParts <= quads; quad += kParts, weights += kParts * kStep)
      add(weights, input + quad * kQuad, Indices<kParts * kWords>());
    for (; quad < quads; ++quad, weights += kStep)
      add(weights, input + quad * kQuad, Indices<kWords>());
    join(Indices<(kParts - 1) * kWords>());
  }

  HWY_INLINE void store(std::int32_t* sums) const {
    for (int i = 0; i < kWords; ++i) store_words(sums_[i], sums, i);
  }

 private:
  template <int... kIndex>
  HWY_INLINE void start(const std::int32_t* starts, std::integer_sequence<int, kIndex...>) {
    const Words first = load_words(starts, 0);
    ((sums_[kIndex] =
          kIndex < kWords ? load_words(starts, kIndex % kWords) : subtract_words(first, first)),
     ...);
  }
  template <int... kIndex>
  HWY_INLINE void add(const std::int8_t* weights, const std::uint8_t* input,
                      std::integer_sequence<int, kIndex...>) {
    (add_word<kIndex>(weights + kIndex / kWords * kStep, input + kIndex / kWords * kQuad), ...);
  }
  template <int kIndex>
  HWY_INLINE void add_word(const std::int8_t* weights, const std::uint8_t* quad) {
#if defined(__GNUC__) || defined(__clang__)
    if constexpr (kIndex % kWords == 0) __builtin_prefetch(weights + kAhead);
#endif
    sums_[kIndex] = Dot::add(sums_[kIndex], Dot::bytes(repeat_quad(quad)),
                             Dot::weights(load_words(weights, kIndex % kWords)));
  }
  template <int... kIndex>
  HWY_INLINE void join(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex % kWords] = sum_of(sums_[kIndex % kWords], sums_[kIndex + kWords])), ...);
  }

  static HWY_INLINE Words sum_of(Words a, Words b) {
    return subtract_words(a, subtract_words(subtract_words(b, b), b));
  }

  Words sums_[kParts * kWords];
};

/// Ends the sums of a panel for one image.
inline HWY_NOINLINE void end_dense(const ByteProduct& product, int panel, int image,
                                   const std::int32_t* sums) {
  const PixelPlaces<std::uint8_t> outputs(product.output, image, 1);
  if (product.ending.kind != Ending::bytes)
    return end_values(product.ending, panel, sums, kPanel, 1, outputs.from(0));
  end_bytes<ByteSteps::either>(product.ending, static_cast<std::size_t>(panel * kPanel), sums, 1,
                               outputs.from(0), nullptr);
}

/// Computes panels [begin, end) of a dense layer for so many images.
template <bool kVnni>
void byte_dense(const ByteProduct& product, int images, int begin, int end) {
  using Dot = ProductDot<kVnni>;
  constexpr int kFew = 2;  // images: as of more, a product uses each weight for several at a time
  if (images > kFew) return byte_product<kVnni>(product, images, begin, end);
  const auto pitch = static_cast<std::size_t>(product.row_depth) * kPanel;
  HWY_ALIGN std::int32_t starts[kPanel], sums[kUnitPixels * kPanel] = {};
  for (int panel = begin; panel < end; ++panel) {
    const std::int8_t* const weights = product.weights + static_cast<std::size_t>(panel) * pitch;
    start_sums<Dot>(weights, pitch, product.ending.constants.bias + panel * kPanel, starts);
    for (int image = 0; image < images; ++image) {
      const DenseSums<Dot> panel_sums(
          weights, product.rows[0] + static_cast<std::size_t>(image) * product.pixel_pitch,
          product.row_depth / kQuad, starts);
      panel_sums.store(sums);
      end_dense(product, panel, image, sums);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
