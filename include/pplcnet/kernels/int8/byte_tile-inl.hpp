// The sums of a tile of pixels and panels, for products of bytes. Compiled once per instruction
// set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Pixels × panels of sums that fit the registers, together with weights and inputs: 28 vectors of
/// 32 (AVX-512), 16 (NEON), 8 of 16 (AVX2, SSE2).
inline constexpr int kBytePanels = kWords == 1 ? 2 : 1;
inline constexpr int kBytePixels = kWords == 1 ? 14 : kWords == 2 ? 4 : HWY_ARCH_ARM ? 4 : 2;

/// Quads that are added last, when the sums of some pixels end after the other.
inline constexpr int kLastQuads = kWords == 1 ? 8 : 0;

/// Whether sums are so fast that they would wait for weights that are not in L2.
inline constexpr bool kFetchesAhead = kWords == 1;

/// Asks L2 for what is read soon.
HWY_INLINE void fetch_ahead([[maybe_unused]] const void* place) {
#if defined(__GNUC__) || defined(__clang__)
  if constexpr (kFetchesAhead) __builtin_prefetch(place, 0, 2);
#endif
}

/// Sums of a tile of pixels × panels.
template <class Dot, int kPixels, int kPanels>
class ByteTile {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  static constexpr int kVectors = kPanels * kWords;  // of a pixel
  static constexpr int kSums = kPixels * kVectors;
  static constexpr int kStep = kUnitPixels / kPanels;  // pixels of a unit

 public:
  static constexpr int kTilePixels = kPixels;

  /// Adds all quads but the last ones. `starts` has what the sums of each channel begin with. Each
  /// quad asks for the weights that are so many bytes `ahead`.
  HWY_INLINE ByteTile(const ByteProduct& product, const std::int8_t* weights,
                      std::size_t panel_pitch, std::size_t offset, std::size_t ahead,
                      const std::int32_t* starts)
      : pitch_(product.pixel_pitch), panel_pitch_(panel_pitch) {
    start(starts, Indices<kSums>());
    const int last = product.kernel_rows - 1;
    for (int row = 0; row < last; ++row, weights += product.row_depth * kPanel)
      add_quads<0, kPixels>(product.rows[row] + offset, weights, product.row_depth, ahead);
    last_depth_ = product.row_depth < 2 * kLastQuads * kQuad ? 0 : kLastQuads * kQuad;
    const int depth = product.row_depth - last_depth_;
    add_quads<0, kPixels>(product.rows[last] + offset, weights, depth, ahead);
    last_input_ = product.rows[last] + offset + depth;
    last_weights_ = weights + depth * kPanel;
  }

  /// Adds the last quads to some pixels after the other, and ends their sums while they are in
  /// registers and those of the next pixels are added to.
  template <ByteSteps kSteps>
  HWY_INLINE void end(const BytePanel<kSteps, kPanels>& panels, std::size_t channel,
                      const PixelPlaces<std::uint8_t>& outputs,
                      const PixelPlaces<const std::uint8_t>& addends) {
    finish(Indices<kParts>(), [&](auto first, auto count) HWY_ATTR {
      end<first()>(panels, channel, outputs, addends, Indices<(count() + kStep - 1) / kStep>());
    });
  }

  /// Stores the sums [pixel][panel][16].
  HWY_INLINE void store(std::int32_t* sums) {
    finish(Indices<kParts>(), [](auto, auto) {});
    store(sums, Indices<kSums>());
  }

 private:
  // Every third pixel has a pointer of its own; its neighbours are one and two pitches away.
  static constexpr int kGroup = 3;
  // A part of the pixels has sums enough to hide the latency of one; the last one has the rest.
  static constexpr int kPartPixels = kLastQuads > 0 ? 8 / kVectors : kPixels;
  static constexpr int kParts = std::max(1, kPixels / kPartPixels);

  template <int... kIndex>
  HWY_INLINE void start(const std::int32_t* starts, std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] =
          load_words(starts + kIndex % kVectors / kWords * kPanel, kIndex % kVectors % kWords)),
     ...);
  }

  /// Adds `depth` bytes of pixels [kFirst, kFirst + kCount).
  template <int kFirst, int kCount>
  HWY_INLINE void add_quads(const std::uint8_t* input, const std::int8_t* weights, int depth,
                            [[maybe_unused]] std::size_t ahead) {
    constexpr int kGroups = (kCount + kGroup - 1) / kGroup;
    const std::uint8_t* pixels[kGroups];
    point(input + kFirst * pitch_, pixels, Indices<kGroups>());
    const std::int8_t* const end = weights + depth * kPanel;
    for (; weights != end; weights += kQuad * kPanel) {
      if constexpr (kFirst == 0) fetch_ahead(weights + ahead);
      add_quad<kFirst, kCount>(pixels, weights, Indices<kVectors>());
      advance(pixels, Indices<kGroups>());
    }
  }
  template <int... kIndex>
  HWY_INLINE void point(const std::uint8_t* input, const std::uint8_t** pixels,
                        std::integer_sequence<int, kIndex...>) const {
    ((pixels[kIndex] = input + kIndex * kGroup * pitch_), ...);
  }
  template <int... kIndex>
  HWY_INLINE void advance(const std::uint8_t** pixels,
                          std::integer_sequence<int, kIndex...>) const {
    ((pixels[kIndex] += kQuad), ...);
  }
  template <int kFirst, int kCount, int... kVector>
  HWY_INLINE void add_quad(const std::uint8_t* const* pixels, const std::int8_t* weights,
                           std::integer_sequence<int, kVector...>) {
    const Operand row[kVectors] = {
        Dot::weights(load_words(weights + kVector / kWords * panel_pitch_, kVector % kWords))...};
    add_pixels<kFirst>(pixels, row, Indices<kCount>());
  }
  template <int kFirst, int... kPixel>
  HWY_INLINE void add_pixels(const std::uint8_t* const* pixels, const Operand* row,
                             std::integer_sequence<int, kPixel...>) {
    (add_pixel<kFirst + kPixel>(
         Dot::bytes(repeat_quad(pixels[kPixel / kGroup] + kPixel % kGroup * pitch_)), row,
         Indices<kVectors>()),
     ...);
  }
  template <int kPixel, int... kVector>
  HWY_INLINE void add_pixel(const Operand& bytes, const Operand* row,
                            std::integer_sequence<int, kVector...>) {
    ((sums_[kPixel * kVectors + kVector] =
          Dot::add(sums_[kPixel * kVectors + kVector], bytes, row[kVector])),
     ...);
  }

  template <int... kPart, class Function>
  HWY_INLINE void finish(std::integer_sequence<int, kPart...>, const Function& function) {
    (finish < kPart * kPartPixels,
     kPart + 1 < kParts ? kPartPixels : kPixels - kPart * kPartPixels > (function), ...);
  }
  template <int kFirst, int kCount, class Function>
  HWY_INLINE void finish(const Function& function) {
    if constexpr (kLastQuads > 0)
      add_quads<kFirst, kCount>(last_input_, last_weights_, last_depth_, 0);
    function(std::integral_constant<int, kFirst>(), std::integral_constant<int, kCount>());
  }

  template <int kFirst, ByteSteps kSteps, int... kUnit>
  HWY_INLINE void end(const BytePanel<kSteps, kPanels>& panels, std::size_t channel,
                      const PixelPlaces<std::uint8_t>& outputs,
                      const PixelPlaces<const std::uint8_t>& addends,
                      std::integer_sequence<int, kUnit...>) const {
    (end_unit<kFirst + kUnit * kStep>(panels, channel, outputs, addends), ...);
  }
  /// Ends a unit; what it has after the tile's last pixel is not stored.
  template <int kPixel, ByteSteps kSteps>
  HWY_INLINE void end_unit(const BytePanel<kSteps, kPanels>& panels, std::size_t channel,
                           const PixelPlaces<std::uint8_t>& outputs,
                           const PixelPlaces<const std::uint8_t>& addends) const {
    constexpr int kFirst = kPixel * kVectors, kLast = kSums - 1;
    end_words(panels, channel, sums_[kFirst], sums_[std::min(kFirst + 1, kLast)],
              sums_[std::min(kFirst + 2, kLast)], sums_[std::min(kFirst + 3, kLast)],
              std::min(kStep, kPixels - kPixel), outputs.from(kPixel), addends.from(kPixel));
  }
  template <int... kIndex>
  HWY_INLINE void store(std::int32_t* sums, std::integer_sequence<int, kIndex...>) const {
    (store_words(sums_[kIndex], sums + kIndex / kWords * kPanel, kIndex % kWords), ...);
  }

  std::size_t pitch_, panel_pitch_;
  const std::uint8_t* last_input_;
  const std::int8_t* last_weights_;
  int last_depth_;
  Words sums_[kSums];
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
