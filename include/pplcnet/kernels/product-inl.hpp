// The register-tiled matrix product of pointwise layers. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
// g++ would load the next rows of weights far ahead, away from each other, and copy sums to make
// room.
#if HWY_COMPILER_GCC_ACTUAL && HWY_ARCH_ARM
#pragma GCC push_options
#pragma GCC optimize("no-schedule-insns")
#endif
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Pixels × two vectors of accumulators that fit the registers, together with a row of weights and
/// the inputs: 14 × 2 of 32 registers (AVX-512), 6 × 2 of 16 (AVX2, SSE2), 7 × 2 of 32 (NEON, which
/// keeps the inputs of all pixels).
inline constexpr int kTilePixels = kLanes == 16 ? 14 : HWY_ARCH_ARM ? 7 : kLanes > 1 ? 6 : 2;
inline constexpr int kTileChannels = std::max(2 * kLanes, kPanel / 2);

/// Pixels of the tiles that compute what whole tiles leave: half a tile or, where half a tile has
/// too few sums to hide the latency of a multiply-add, two thirds.
inline constexpr int kFewPixels = kTilePixels == 6 ? 4 : kTilePixels / 2;

template <template <int> class Inputs, class D, int kPixels, int kVectors>
class ProductTile {
  using V = hn::Vec<D>;
  using TileInputs = Inputs<kPixels>;
  static constexpr int kStep = static_cast<int>(hn::MaxLanes(D()));
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  /// Beside its work, a tile fetches the weights at `ahead`, `ahead_step` bytes for each k.
  HWY_INLINE ProductTile(const Product& product, const float* weights, int channel, int pixel,
                         const char* ahead, std::size_t ahead_step)
      : product_(product), channel_(channel), pixel_(pixel) {
    start(Indices<kPixels * kVectors>());
    const std::size_t panel_pitch = static_cast<std::size_t>(product.depth) * kPanel;
    const std::size_t tap = static_cast<std::size_t>(product.tap_depth) * kPanel;
    TileInputs inputs(product, pixel);
    do {
      const float* const end = weights + tap;
#if HWY_ARCH_ARM
      for (; weights + kUnroll * kPanel <= end; weights += kUnroll * kPanel) {
        add_quad<0>(inputs, weights, Indices<kPixels>());
        add_quad<4>(inputs, weights, Indices<kPixels>());
        prefetch<2>(ahead);
        ahead += kUnroll * ahead_step;
        inputs.advance(kUnroll);
      }
#endif
      for (; weights != end; weights += kPanel, ahead += ahead_step) {
        add_vectors(inputs, weights, panel_pitch, Indices<kVectors>());
        prefetch<2>(ahead);
        inputs.advance(1);
      }
    } while (inputs.next_tap());
  }

  template <class Activate>
  HWY_INLINE void finish(const Activate& activate) {
    activate_all<D>(activate, sums_, Indices<kPixels * kVectors>());
  }

  HWY_INLINE void store() const {
    const int row = pixel_ / product_.width;
    const int column = pixel_ - row * product_.width;
    store_pixels(product_.output + static_cast<std::size_t>(row) * product_.output_row_pitch +
                     static_cast<std::size_t>(column) * product_.output_pixel_pitch + channel_,
                 column, Indices<kPixels>());
  }

 private:
#if HWY_ARCH_ARM
  static constexpr int kUnroll = 8;  // channels: two quads
#endif

  template <int... kIndex>
  HWY_INLINE void start(std::integer_sequence<int, kIndex...>) {
    const D d;
    ((sums_[kIndex] = hn::Load(d, product_.biases + channel_ + kIndex % kVectors * kStep)), ...);
  }

#if HWY_ARCH_ARM
  /// Adds four products: a lane of a register can be a factor: a vector of inputs holds four k of a
  /// pixel.
  template <int kFirst, int... kPixel>
  HWY_INLINE void add_quad(const TileInputs& tile, const float* weights,
                           std::integer_sequence<int, kPixel...>) {
    const V inputs[kPixels] = {hn::LoadU(D(), tile.template address<kPixel>() + kFirst)...};
    add_row<0>(inputs, weights + kFirst * kPanel, Indices<kVectors>());
    add_row<1>(inputs, weights + (kFirst + 1) * kPanel, Indices<kVectors>());
    add_row<2>(inputs, weights + (kFirst + 2) * kPanel, Indices<kVectors>());
    add_row<3>(inputs, weights + (kFirst + 3) * kPanel, Indices<kVectors>());
  }

  template <int kLane, int... kVector>
  HWY_INLINE void add_row(const V* inputs, const float* weights,
                          std::integer_sequence<int, kVector...>) {
    const V row[kVectors] = {hn::Load(D(), weights + kVector * kStep)...};
    (add_lane<kLane, kVector>(inputs, row[kVector], Indices<kPixels>()), ...);
  }

  template <int kLane, int kVector, int... kPixel>
  HWY_INLINE void add_lane(const V* inputs, V weights, std::integer_sequence<int, kPixel...>) {
    ((sums_[kPixel * kVectors + kVector] = TileInputs::add(
          hn::Broadcast<kLane>(inputs[kPixel]), weights, sums_[kPixel * kVectors + kVector])),
     ...);
  }
#endif

  template <int... kVector>
  HWY_INLINE void add_vectors(const TileInputs& inputs, const float* weights,
                              std::size_t panel_pitch, std::integer_sequence<int, kVector...>) {
    const V row[kVectors] = {hn::Load(
        D(), weights + kVector * kStep / kPanel * panel_pitch + kVector * kStep % kPanel)...};
    add_pixels(inputs, row, Indices<kPixels>());
  }

  template <int... kPixel>
  HWY_INLINE void add_pixels(const TileInputs& inputs, const V* row,
                             std::integer_sequence<int, kPixel...>) {
    (add_pixel<kPixel>(hn::Set(D(), *inputs.template address<kPixel>()), row, Indices<kVectors>()),
     ...);
  }

  template <int kPixel, int... kVector>
  HWY_INLINE void add_pixel(V input, const V* row, std::integer_sequence<int, kVector...>) {
    ((sums_[kPixel * kVectors + kVector] =
          TileInputs::add(input, row[kVector], sums_[kPixel * kVectors + kVector])),
     ...);
  }

  template <int... kPixel>
  HWY_INLINE void store_pixels(float* to, int column, std::integer_sequence<int, kPixel...>) const {
    const std::size_t gap = product_.output_row_pitch -
                            static_cast<std::size_t>(product_.width) * product_.output_pixel_pitch;
    ((store_pixel<kPixel>(to, Indices<kVectors>()), next_pixel(to, column, gap)), ...);
  }

  HWY_INLINE void next_pixel(float*& to, int& column, std::size_t gap) const {
    to += product_.output_pixel_pitch;
    if (++column == product_.width) {
      column = 0;
      to += gap;
    }
  }

  template <int kPixel, int... kVector>
  HWY_INLINE void store_pixel(float* to, std::integer_sequence<int, kVector...>) const {
    (hn::StoreU(sums_[kPixel * kVectors + kVector], D(), to + kVector * kStep), ...);
  }

  const Product& product_;
  int channel_, pixel_;
  V sums_[kPixels * kVectors];
};

/// Weights of a product's columns, and what lies after them: the weights of the next ones.
struct ProductWeights {
  const float* here;
  const char* next;
  std::size_t next_bytes;
};

/// Tiles of kCount channels, in whole vectors.
template <class D, int kCount>
struct VectorTiles {
  static constexpr int kChannels = kCount, kPixels = kTilePixels, kFew = kFewPixels;
  template <template <int> class Inputs, int kSize>
  using Tile = ProductTile<Inputs, D, kSize, kCount / static_cast<int>(hn::MaxLanes(D()))>;
};

/// Computes a tile. Its pixels may be in several rows, so what stores it is long: it is compiled
/// once for all activations.
template <TileEnds kEnds, class Tile>
HWY_INLINE void product_tile(const Product& product, const float* weights, int channel, int pixel,
                             const char* ahead, std::size_t ahead_step) {
  Tile tile(product, weights, channel, pixel, ahead, ahead_step);
  finish<kEnds>(tile, product.activation);
  tile.store();
}

/// Returns how many tiles of kPixels pixels come before those of kFew: as many as fit but, where
/// two of the others compute more than one of them, one less if two take its place and compute what
/// it would leave, too, and one more, which overlaps, if two would be needed for what is left.
template <int kPixels, int kFew>
constexpr int whole_tiles(int pixels) {
  const int whole = pixels / kPixels, rest = pixels % kPixels, more = 2 * kFew - kPixels;
  if (whole == 0 || rest == 0 || more <= 0) return whole;
  return rest <= more ? whole - 1 : rest > kFew ? whole + 1 : whole;
}

/// Computes the output channels of a tile from `channel` on, for all pixels. The last tile may
/// overlap the one before it: what it computes again has the same bits.
template <template <int> class Inputs, TileEnds kEnds, class Tiles>
HWY_NOINLINE void product_columns(const Product& product, const ProductWeights& weights,
                                  int channel, int pixels) {
  constexpr int kPixels = Tiles::kPixels;
  // Weights come from L3 or from memory: the next ones are fetched evenly while all tiles are at
  // work.
  const auto tiles = static_cast<std::size_t>(std::max(1, pixels / kPixels));
  const std::size_t ahead_bytes = weights.next_bytes / tiles;
  const std::size_t ahead_step = ahead_bytes / static_cast<std::size_t>(product.depth);
  const char* ahead = weights.next;
  // A few rows of a small map are often all there is.
  constexpr int kFew = Tiles::kFew;
  using Whole = typename Tiles::template Tile<Inputs, kPixels>;
  using Few = typename Tiles::template Tile<Inputs, kFew>;
  using One = typename Tiles::template Tile<Inputs, 1>;
  int pixel = 0;
  for (const int end = whole_tiles<kPixels, kFew>(pixels) * kPixels; pixel < end;
       pixel += kPixels, ahead += ahead_bytes)
    product_tile<kEnds, Whole>(product, weights.here, channel, std::min(pixel, pixels - kPixels),
                               ahead, ahead_step);
  if (pixels < kFew) {
    for (; pixel < pixels; ++pixel, ahead += ahead_bytes)
      product_tile<kEnds, One>(product, weights.here, channel, pixel, ahead, ahead_step);
    return;
  }
  for (; pixel < pixels; pixel += kFew, ahead += ahead_bytes)
    product_tile<kEnds, Few>(product, weights.here, channel, std::min(pixel, pixels - kFew), ahead,
                             ahead_step);
}

/// Converts float16 to float32; `count` is a multiple of 16.
inline HWY_NOINLINE void convert_to_float(const hwy::float16_t* from, std::size_t count,
                                          float* to) {
  const Lanes16 d;
  for (std::size_t i = 0; i < count; i += hn::MaxLanes(d))
    hn::Store(load_weights(d, from + i), d, to + i);
}

/// Returns the weights of `count` channels from `channel` on; where they are stored in half
/// precision, whole panels are float32_scratch when their first channel is asked for.
template <Needs kNeeds>
HWY_NOINLINE ProductWeights weights_of(const Product& product, int channel, int count) {
  const auto depth = static_cast<std::size_t>(product.depth);
  const auto first = static_cast<std::size_t>(channel / kPanel * kPanel) * depth;
  const auto panels = static_cast<std::size_t>(round_up(count, kPanel)) * depth;
  const auto needed = static_cast<std::size_t>(count) * depth;
  const auto lane = static_cast<std::size_t>(channel % kPanel);
  const auto weights = [&](const float* here, const auto* stored) {
    return ProductWeights{here,
                          reinterpret_cast<const char*>(stored + first + panels + lane * depth),
                          needed * sizeof(*stored)};
  };
  if constexpr (!kNeeds.half_weights)
    return weights(product.weights + first + lane, product.weights);
  if (!product.half) return weights(product.weights + first + lane, product.weights);
  const auto* const stored = reinterpret_cast<const hwy::float16_t*>(product.weights);
  if (lane == 0) convert_to_float(stored + first, panels, product.float32_scratch);
  return weights(product.float32_scratch + lane, stored);
}

/// Computes channels [begin, end) of a product over `pixels` pixels; begin is a multiple of 16.
template <template <int> class Inputs, Needs kNeeds>
HWY_NOINLINE void product_rows(const Product& product, int pixels, int begin, int end) {
  static_assert(kTileChannels <= kConvertedPanels * kPanel);
  constexpr bool kPairs = kLanes == kPanel && kNeeds.panel_and_a_half;
  int channel = begin, whole = end;
  const auto columns = [&](auto tiles) {
    using Tiles = decltype(tiles);
    product_columns<Inputs, kNeeds.ends, Tiles>(
        product, weights_of<kNeeds>(product, channel, Tiles::kChannels), channel, pixels);
    channel += Tiles::kChannels;
  };
  if constexpr (kPairs)
    if ((end - begin) % kPanel != 0 && end - begin > kPanel) whole = end - PairTiles::kChannels;
  while (channel + kTileChannels <= whole) columns(VectorTiles<Lanes16, kTileChannels>());
  if constexpr (kTileChannels > kPanel)
    while (channel + kPanel <= whole) columns(VectorTiles<Lanes16, kPanel>());
  if constexpr (kPairs)
    if (whole < end) return columns(PairTiles());
  if constexpr (kTileChannels > kPanel / 2 && kNeeds.half_panels)
    if (channel < end) columns(VectorTiles<Lanes8, kPanel / 2>());
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
#if HWY_COMPILER_GCC_ACTUAL && HWY_ARCH_ARM
#pragma GCC pop_options
#endif
HWY_AFTER_NAMESPACE();
