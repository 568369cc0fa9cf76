// The register-tiled product of bytes: pointwise and dense layers, and the picture's convolution.
// Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Pixels × panels of sums that fit the registers, together with weights and inputs: 24 vectors of
/// 32 (AVX-512, NEON), 8 of 16 (AVX2, SSE2).
inline constexpr int kBytePanels = kWords == 1 ? 2 : 1;
inline constexpr int kBytePixels = kWords == 1 ? 12 : kWords == 2 ? 4 : HWY_ARCH_ARM ? 4 : 2;

/// Pixels of a tile that are reached from one pointer.
inline constexpr int kPixelGroup = 3;

/// Whether sums are so fast that they would wait for weights that are not in L2.
inline constexpr bool kFetchesAhead = kWords == 1;

/// Asks L2 for what is read soon.
HWY_INLINE void fetch_ahead([[maybe_unused]] const void* place) {
#if defined(__GNUC__) || defined(__clang__)
  if constexpr (kFetchesAhead) __builtin_prefetch(place, 0, 2);
#endif
}

template <class Dot, int kPixels, int kPanels>
class ByteTile {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  static constexpr int kVectors = kPanels * kWords;

 public:
  static constexpr int kTilePixels = kPixels;

  /// `starts` has what the sums of each channel begin with. Each quad asks for the weights that are
  /// so many bytes `ahead`.
  HWY_INLINE ByteTile(const ByteProduct& product, const std::int8_t* weights,
                      std::size_t panel_pitch, std::size_t group_pitch, std::size_t offset,
                      std::size_t ahead, const std::int32_t* starts)
      : pitch_(product.pixel_pitch), panel_pitch_(panel_pitch), group_pitch_(group_pitch) {
    start(starts, Indices<kPixels * kVectors>());
    for (int row = 0; row < product.kernel_rows; ++row) {
      point(product.rows[row] + offset, Indices<kGroups>());
      const std::int8_t* const end = weights + product.row_depth * kPanel;
      for (; weights != end; weights += kQuad * kPanel) {
        fetch_ahead(weights + ahead);
        add_quad(weights, Indices<kVectors>());
        advance(Indices<kGroups>());
      }
    }
  }

  /// Ends the sums of whole units while they are in registers.
  template <ByteSteps kSteps>
  HWY_INLINE void end(const BytePanel<kSteps, kPanels>& panels, std::size_t channel,
                      const PixelPlaces<std::uint8_t>& outputs,
                      const PixelPlaces<const std::uint8_t>& addends) const {
    end(panels, channel, outputs, addends, Indices<kPixels * kPanels / kUnitPixels>());
  }

  /// Stores the sums [pixel][panel][16].
  HWY_INLINE void store(std::int32_t* sums) const { store(sums, Indices<kPixels * kVectors>()); }

 private:
  // Every third pixel has a pointer of its own; its neighbours are one and two pitches away.
  static constexpr int kGroup = kPixelGroup;
  static constexpr int kGroups = (kPixels + kGroup - 1) / kGroup;

  template <int... kIndex>
  HWY_INLINE void start(const std::int32_t* starts, std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] =
          load_words(starts + kIndex % kVectors / kWords * kPanel, kIndex % kVectors % kWords)),
     ...);
  }
  template <int... kIndex>
  HWY_INLINE void point(const std::uint8_t* input, std::integer_sequence<int, kIndex...>) {
    ((pixels_[kIndex] = input, input += group_pitch_), ...);
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
  template <ByteSteps kSteps, int... kUnit>
  HWY_INLINE void end(const BytePanel<kSteps, kPanels>& panels, std::size_t channel,
                      const PixelPlaces<std::uint8_t>& outputs,
                      const PixelPlaces<const std::uint8_t>& addends,
                      std::integer_sequence<int, kUnit...>) const {
    constexpr int kStep = kUnitPixels / kPanels;
    (end_words(panels, channel, sums_[4 * kUnit], sums_[4 * kUnit + 1], sums_[4 * kUnit + 2],
               sums_[4 * kUnit + 3], kStep, outputs.from(kUnit * kStep),
               addends.from(kUnit * kStep)),
     ...);
  }
  template <int... kIndex>
  HWY_INLINE void store(std::int32_t* sums, std::integer_sequence<int, kIndex...>) const {
    (store_words(sums_[kIndex], sums + kIndex / kWords * kPanel, kIndex % kWords), ...);
  }

  std::size_t pitch_, panel_pitch_, group_pitch_;
  const std::uint8_t* pixels_[kGroups];
  Words sums_[kPixels * kVectors];
};

/// How the sums of tiles become bytes.
template <ByteSteps kSteps, int kPanels>
class TileBytes {
  static constexpr int kStep = kUnitPixels / kPanels;

 public:
  HWY_INLINE TileBytes(const ByteProduct& product, int panel)
      : channel_(static_cast<std::size_t>(panel * kPanel)), panels_(product.ending, channel_) {}

  /// Ends the sums of a tile whose first pixel is given: of whole units, or of one pixel.
  template <class Tile>
  HWY_INLINE void end(const Tile& tile, const ByteProduct& product, int pixel) const {
    const PixelPlaces<std::uint8_t> outputs(product.output, pixel, Tile::kTilePixels);
    const PixelPlaces<const std::uint8_t> addends(product.addend, pixel, Tile::kTilePixels);
    if constexpr (Tile::kTilePixels % kStep == 0) {
      tile.end(panels_, channel_, outputs, addends);
    } else {
      HWY_ALIGN std::int32_t unit[kUnitPixels * kPanel];
      for (int i = 0; i < kStep; ++i) tile.store(unit + i * kPanels * kPanel);
      end_unit(panels_, channel_, unit, 1, outputs.from(0), addends.from(0));
    }
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
  HWY_INLINE void end(const Tile& tile, const ByteProduct& product, int pixel) const {
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
        group_pitch_(kPixelGroup * product.pixel_pitch),
        weights_(product.weights + static_cast<std::size_t>(panel) * pitch_),
        ending_(product, panel) {
    for (int i = 0; i < kPanels; ++i)
      start_sums<Dot>(weights_ + static_cast<std::size_t>(i) * pitch_, pitch_,
                      product.ending.constants.bias + (panel + i) * kPanel, starts_ + i * kPanel);
  }

  /// Computes `count` pixels. The last tile may overlap the one before it.
  HWY_INLINE void compute(int count) {
    int done = 0;
    std::size_t offset = 0;
    const std::size_t step = kPixels * product_.pixel_pitch;
    for (; done + kPixels <= count; done += kPixels, offset += step)
      add_tile<kPixels>(done, offset);
    if (count < kFew)
      for (; done < count; ++done, offset += product_.pixel_pitch) add_tile<1>(done, offset);
    for (; done < count; done += kFew) {
      const int pixel = std::min(done, count - kFew);
      add_tile<kFew>(pixel, static_cast<std::size_t>(pixel) * product_.pixel_pitch);
    }
  }

 private:
  template <int kTilePixels>
  HWY_INLINE void add_tile(int pixel, std::size_t offset) {
    // The next panels' weights come while these are used: one panel's in each of the first tiles.
    const std::size_t ahead = tiles_ < kPanels ? (kPanels + tiles_++) * pitch_ : 0;
    const ByteTile<Dot, kTilePixels, kPanels> tile(product_, weights_, pitch_, group_pitch_, offset,
                                                   ahead, starts_);
    ending_.end(tile, product_, pixel);
  }

  const ByteProduct& product_;
  std::size_t pitch_;        // from a panel's weights to the next one's
  std::size_t group_pitch_;  // from kPixelGroup pixels to the next ones
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
  with_steps(product.ending, product.addend.pixels != nullptr, [&](auto steps) {
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
