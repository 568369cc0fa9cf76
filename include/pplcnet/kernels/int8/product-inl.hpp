// The register-tiled product of bytes: pointwise and dense layers, and the picture's convolution.
// Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// How the sums of tiles become bytes.
template <ByteSteps kSteps, int kPanels>
class TileBytes {
 public:
  HWY_INLINE TileBytes(const ByteProduct& product, int panel)
      : channel_(static_cast<std::size_t>(panel * kPanel)), panels_(product.ending, channel_) {}

  /// Ends the sums of a tile whose first pixel is given.
  template <class Tile>
  HWY_INLINE void end(Tile& tile, const ByteProduct& product, int pixel) const {
    PixelPlaces<const std::uint8_t> addends;
    if constexpr (BytePanel<kSteps>::kAdds) addends.find(product.addend, pixel, Tile::kTilePixels);
    tile.end(panels_, channel_, PixelPlaces<std::uint8_t>(product.output, pixel, Tile::kTilePixels),
             addends);
  }

 private:
  std::size_t channel_;
  BytePanel<kSteps, kPanels> panels_;
};

/// How they become factors or logits, which is rare.
template <int kPanels>
class TileValues {
 public:
  HWY_INLINE TileValues(const ByteProduct& product, int panel)
      : ending_(product.ending), panel_(panel) {}

  template <class Tile>
  HWY_INLINE void end(Tile& tile, const ByteProduct& product, int pixel) const {
    HWY_ALIGN std::int32_t sums[Tile::kTilePixels * kPanels * kPanel];
    tile.store(sums);
    const PixelPlaces<std::uint8_t> outputs(product.output, pixel, Tile::kTilePixels);
    for (int i = 0; i < kPanels; ++i)
      end_values(ending_, panel_ + i, sums + i * kPanel, kPanels * kPanel, Tile::kTilePixels,
                 outputs.from(0));
  }

 private:
  const SumEnding& ending_;
  int panel_;
};

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
template <class Dot, class TileEnding, int kPixels, int kPanels>
class ProductPanels {
  static constexpr int kFew = std::min(kUnitPixels, kPixels);

 public:
  HWY_INLINE ProductPanels(const ByteProduct& product, int panel)
      : product_(product),
        pitch_(static_cast<std::size_t>(product.kernel_rows) *
               static_cast<std::size_t>(product.row_depth) * kPanel),
        weights_(product.weights + static_cast<std::size_t>(panel) * pitch_),
        ending_(product, panel) {
    for (int i = 0; i < kPanels; ++i)
      start_sums<Dot>(weights_ + static_cast<std::size_t>(i) * pitch_, pitch_,
                      product.ending.constants.bias + (panel + i) * kPanel, starts_ + i * kPanel);
  }

  /// Computes `count` pixels. The last tile may overlap the one before it.
  HWY_INLINE void compute(int count) {
    int done = add_tiles<kPixels>(0, count);
    // Of 7×7 pixels half a tile is left.
    if constexpr (kPanels > 1) done = add_tiles<kPixels / 2>(done, count);
    if (count < kFew)
      for (; done < count; ++done) add_tile<1>(done);
    for (; done < count; done += kFew) add_tile<kFew>(std::min(done, count - kFew));
  }

 private:
  /// Computes whole tiles from pixel `done` on, and returns the first pixel that is left.
  template <int kTilePixels>
  HWY_INLINE int add_tiles(int done, int count) {
    for (; done + kTilePixels <= count; done += kTilePixels) add_tile<kTilePixels>(done);
    return done;
  }

  template <int kTilePixels>
  HWY_INLINE void add_tile(int pixel) {
    const std::size_t offset = static_cast<std::size_t>(pixel) * product_.pixel_pitch;
    // The next panels' weights come while these are used: one panel's in each of the first tiles.
    const std::size_t ahead = tiles_ < kPanels ? (kPanels + tiles_++) * pitch_ : 0;
    ByteTile<Dot, kTilePixels, kPanels> tile(product_, weights_, pitch_, offset, ahead, starts_);
    ending_.end(tile, product_, pixel);
  }

  const ByteProduct& product_;
  std::size_t pitch_;  // from a panel's weights to the next one's
  const std::int8_t* weights_;
  std::size_t tiles_ = 0;  // that have begun, as far as they ask for weights
  TileEnding ending_;
  HWY_ALIGN std::int32_t starts_[kPanels * kPanel];
};

/// Computes kPanels panels for all pixels.
template <class Dot, class TileEnding, int kPixels, int kPanels>
HWY_NOINLINE void product_panels(const ByteProduct& product, int pixels, int panel) {
  ProductPanels<Dot, TileEnding, kPixels, kPanels>(product, panel).compute(pixels);
}

/// Does so with the ending of the product.
template <class Dot, int kPixels, int kPanels>
HWY_INLINE void product_panels(const ByteProduct& product, int pixels, int panel) {
  if (product.ending.kind != Ending::bytes)
    return product_panels<Dot, TileValues<kPanels>, kPixels, kPanels>(product, pixels, panel);
  with_steps<Dot>(product.ending, product.addend.pixels != nullptr, [&](auto steps) {
    using TileEnding = TileBytes<decltype(steps)::value, kPanels>;
    product_panels<Dot, TileEnding, kPixels, kPanels>(product, pixels, panel);
  });
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
