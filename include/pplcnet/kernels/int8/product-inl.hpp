// The register-tiled product of bytes: pointwise and dense layers, and the picture's convolution.
// Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Pixels × panels of sums that fit the registers, together with weights and inputs: 24 vectors of
/// 32 (AVX-512, NEON), 8 of 16 (AVX2, SSE2).
inline constexpr int kBytePanels = kWords == 1 ? 2 : 1;
inline constexpr int kBytePixels = kWords == 1 ? 12 : kWords == 2 ? 4 : HWY_ARCH_ARM ? 4 : 2;

template <class Dot, int kPixels, int kPanels>
class ByteTile {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  static constexpr int kVectors = kPanels * kWords;

 public:
  /// `starts` has what the sums of each channel begin with.
  HWY_INLINE ByteTile(const ByteProduct& product, const std::int8_t* weights,
                      std::size_t panel_pitch, int pixel, const std::int32_t* starts)
      : pitch_(product.pixel_pitch), panel_pitch_(panel_pitch) {
    start(starts, Indices<kPixels * kVectors>());
    for (int row = 0; row < product.kernel_rows; ++row) {
      point(product.rows[row] + static_cast<std::size_t>(pixel) * pitch_, Indices<kGroups>());
      const std::int8_t* const end = weights + product.row_depth * kPanel;
      for (; weights != end; weights += kQuad * kPanel) {
        add_quad(weights, Indices<kVectors>());
        advance(Indices<kGroups>());
      }
    }
  }

  /// Stores the sums [panel][`pixels` of them][16].
  HWY_INLINE void store(std::int32_t* sums, int pixels) const {
    store(sums, pixels, Indices<kPixels * kVectors>());
  }

 private:
  // Every third pixel has a pointer of its own; its neighbours are one and two pitches away.
  static constexpr int kGroup = 3;
  static constexpr int kGroups = (kPixels + kGroup - 1) / kGroup;

  template <int... kIndex>
  HWY_INLINE void start(const std::int32_t* starts, std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] =
          load_words(starts + kIndex % kVectors / kWords * kPanel, kIndex % kVectors % kWords)),
     ...);
  }
  template <int... kIndex>
  HWY_INLINE void point(const std::uint8_t* input, std::integer_sequence<int, kIndex...>) {
    ((pixels_[kIndex] = input + kGroup * kIndex * pitch_), ...);
  }
  template <int... kIndex>
  HWY_INLINE void advance(std::integer_sequence<int, kIndex...>) {
    ((pixels_[kIndex] += kQuad), ...);
  }
  template <int... kVector>
  HWY_INLINE void add_quad(const std::int8_t* weights, std::integer_sequence<int, kVector...>) {
    const Operand row[kVectors] = {
        Dot::weights(load_words(weights + kVector / kWords * panel_pitch_, kVector % kWords))...};
    add_pixels(row, Indices<kPixels>());
  }
  template <int... kPixel>
  HWY_INLINE void add_pixels(const Operand* row, std::integer_sequence<int, kPixel...>) {
    (add_pixel<kPixel>(Dot::bytes(repeat_quad(pixels_[kPixel / kGroup] + kPixel % kGroup * pitch_)),
                       row, Indices<kVectors>()),
     ...);
  }
  template <int kPixel, int... kVector>
  HWY_INLINE void add_pixel(const Operand& bytes, const Operand* row,
                            std::integer_sequence<int, kVector...>) {
    ((sums_[kPixel * kVectors + kVector] =
          Dot::add(sums_[kPixel * kVectors + kVector], bytes, row[kVector])),
     ...);
  }
  template <int... kIndex>
  HWY_INLINE void store(std::int32_t* sums, int pixels,
                        std::integer_sequence<int, kIndex...>) const {
    (store_words(sums_[kIndex],
                 sums + (kIndex % kVectors / kWords * pixels + kIndex / kVectors) * kPanel,
                 kIndex % kVectors % kWords),
     ...);
  }

  std::size_t pitch_, panel_pitch_;
  const std::uint8_t* pixels_[kGroups];
  Words sums_[kPixels * kVectors];
};

/// Ends the sums [panel][`pixels` of them][16] of `count` pixels; those of the last unit are there,
/// whatever they are.
inline HWY_NOINLINE void end_panels(const ByteProduct& product, const std::int32_t* sums, int panel,
                                    int panels, int pixel, int count, int pixels) {
  const PixelPlaces<std::uint8_t> outputs(product.output, pixel, count);
  if (product.ending.kind != Ending::bytes) {
    for (int i = 0; i < panels; ++i, sums += pixels * kPanel)
      end_values(product.ending, panel + i, sums, count, outputs.from(0));
    return;
  }
  const bool adds = product.addend.pixels != nullptr;
  const PixelPlaces<const std::uint8_t> addends(product.addend, pixel, count);
  with_steps(product.ending, adds, [&](auto steps) {
    for (int i = 0; i < panels; ++i)
      end_bytes<decltype(steps)::value>(
          product.ending.constants, static_cast<std::size_t>((panel + i) * kPanel),
          sums + i * pixels * kPanel, count, outputs.from(0), adds ? addends.from(0) : nullptr);
  });
}

/// Computes what sums begin with: the bias, without what the offset of bytes adds to them.
template <class Dot>
HWY_NOINLINE void start_sums(const std::int8_t* weights, std::size_t bytes,
                             const std::int32_t* biases, std::int32_t* starts) {
  for (int i = 0; i < kWords; ++i) {
    Words offset = subtract_words(load_words(biases, i), load_words(biases, i));
    const auto none = Dot::bytes(offset);
    if constexpr (Dot::kOffset != 0)
      for (std::size_t k = 0; k < bytes; k += kQuad * kPanel)
        offset = Dot::add(offset, none, Dot::weights(load_words(weights + k, i)));
    store_words(subtract_words(load_words(biases, i), offset), starts, i);
  }
}

/// Some panels of a product, and what all of their tiles need.
template <class Dot, int kPixels, int kPanels>
class ProductPanels {
  static constexpr int kFew = std::min(kUnitPixels, kPixels);

 public:
  HWY_INLINE ProductPanels(const ByteProduct& product, int panel)
      : product_(product),
        panel_(panel),
        pitch_(static_cast<std::size_t>(product.kernel_rows) *
               static_cast<std::size_t>(product.row_depth) * kPanel),
        weights_(product.weights + static_cast<std::size_t>(panel) * pitch_) {
    for (int i = 0; i < kPanels; ++i)
      start_sums<Dot>(weights_ + static_cast<std::size_t>(i) * pitch_, pitch_,
                      product.ending.constants.bias + (panel + i) * kPanel, starts_ + i * kPanel);
  }

  /// Computes `count` pixels, at most kMostEnded. The last tile may overlap the one before it.
  HWY_INLINE void compute(int pixel, int count) {
    int done = 0;
    for (; done + kPixels <= count; done += kPixels) add_tile<kPixels>(pixel, done);
    if (count < kFew)
      for (; done < count; ++done) add_tile<1>(pixel, done);
    for (; done < count; done += kFew) add_tile<kFew>(pixel, std::min(done, count - kFew));
    end_panels(product_, sums_, panel_, kPanels, pixel, count, kMostEnded);
  }

 private:
  template <int kTilePixels>
  HWY_INLINE void add_tile(int pixel, int done) {
    const ByteTile<Dot, kTilePixels, kPanels> tile(product_, weights_, pitch_, pixel + done,
                                                   starts_);
    tile.store(sums_ + done * kPanel, kMostEnded);
  }

  const ByteProduct& product_;
  int panel_;
  std::size_t pitch_;  // from a panel's weights to the next one's
  const std::int8_t* weights_;
  HWY_ALIGN std::int32_t starts_[kPanels * kPanel];
  HWY_ALIGN std::int32_t sums_[kPanels * kMostEnded * kPanel];
};

/// Computes kPanels panels for all pixels.
template <class Dot, int kPixels, int kPanels>
HWY_NOINLINE void product_panels(const ByteProduct& product, int pixels, int panel) {
  static_assert(kMostEnded % kPixels == 0);
  ProductPanels<Dot, kPixels, kPanels> panels(product, panel);
  for (int pixel = 0; pixel < pixels; pixel += kMostEnded)
    panels.compute(pixel, std::min(kMostEnded, pixels - pixel));
}

/// Computes panels [begin, end) of a product over `pixels` pixels.
template <bool kVnni>
void byte_product(const ByteProduct& product, int pixels, int begin, int end) {
  using Dot = ProductDot<kVnni>;
  int panel = begin;
  if constexpr (kBytePanels > 1) {
    for (; panel + kBytePanels <= end; panel += kBytePanels)
      product_panels<Dot, kBytePixels, kBytePanels>(product, pixels, panel);
    for (; panel < end; ++panel)
      product_panels<Dot, kBytePixels * kBytePanels, 1>(product, pixels, panel);
  } else {
    for (; panel < end; ++panel) product_panels<Dot, kBytePixels, 1>(product, pixels, panel);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
