// The 3×3 convolution over the picture. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Returns how many columns of frame the phase of kernel column `column` begins with.
template <int kStride>
constexpr std::size_t framed_before(std::size_t column) {
  constexpr std::size_t kPad = 1;
  return column % kStride < kPad ? 1 : 0;
}

/// Copies the values at columns [0, count) to their phases.
template <int kStride, class Phase, class Value>
HWY_INLINE void copy_columns(std::size_t count, const Phase& phase, const Value& value) {
  float* to[kStride];
  for (std::size_t offset = 0; offset < kStride; ++offset) to[offset] = phase(offset);
  constexpr std::size_t kUnroll = 8;
  std::size_t x = 0;
  for (; x + kUnroll <= count; x += kUnroll) {
    PPLCNET_UNROLL
    for (std::size_t i = 0; i < kUnroll; ++i)
      to[i % kStride][x / kStride + i / kStride] = value(static_cast<std::ptrdiff_t>(x + i));
  }
  for (; x < count; ++x) to[x % kStride][x / kStride] = value(static_cast<std::ptrdiff_t>(x));
}

/// Copies two vectors of values, of which the even ones go to `even` and the odd ones to `odd`.
template <class D>
HWY_INLINE void copy_pairs(D d, const float* from, float* even, float* odd) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
  // g++ would read both twice, which takes twice as long where a picture begins anywhere.
  const auto a = in_register(hn::LoadU(d, from));
  const auto b = in_register(hn::LoadU(d, from + hn::MaxLanes(d)));
  hn::StoreU(hn::ConcatEven(d, b, a), d, even);
  hn::StoreU(hn::ConcatOdd(d, b, a), d, odd);
#else
  hn::Vec<D> a, b;
  hn::LoadInterleaved2(d, from, a, b);
  hn::StoreU(a, d, even);
  hn::StoreU(b, d, odd);
#endif
}

/// Fetches what follows two vectors of a picture 1 KiB later: other work has left it in L3, and its
/// lines are too short for a CPU to foresee all of the next one.
HWY_INLINE void fetch_picture([[maybe_unused]] const float* from) {
  [[maybe_unused]] constexpr int kAhead = 256, kCacheLine = 16;
#if HWY_ARCH_X86  // on NEON it would be every twelfth instruction of convolutions
  PPLCNET_UNROLL
  for (int i = 0; i < 2 * kLanes; i += kCacheLine) prefetch<3>(from + kAhead + i);
#endif
}

/// Copies columns like copy_columns, for values that lie side by side.
template <int kStride, class Phase>
HWY_INLINE void copy_planar_columns(std::size_t count, const Phase& phase, const float* from) {
  using D = Lanes16;
  float* const even = phase(0);
  if constexpr (kStride == 1) {
    std::memcpy(even, from, count * sizeof(float));
  } else {
    float* const odd = phase(1);
    std::size_t i = 0;
    for (; 2 * (i + hn::MaxLanes(D())) <= count; i += hn::MaxLanes(D())) {
      fetch_picture(from + 2 * i);
      copy_pairs(D(), from + 2 * i, even + i, odd + i);
    }
    for (; 2 * i < count; ++i) {
      even[i] = from[2 * i];
      if (2 * i + 1 < count) odd[i] = from[2 * i + 1];
    }
  }
}

/// Copies rows [begin, end) of the picture into lines, [row][in][phase][column], inside the frame
/// of zeros. With a stride of two the even and the odd columns of the frame are two phases, so that
/// what neighbouring outputs read lies side by side. The frame's columns end at a panel's end: what
/// is copied begins with one.
template <int kStride>
HWY_NOINLINE void load_lines(const Layer& layer, const Picture& input, int begin, int end,
                             float* lines) {
  const Shape& picture = layer.input;
  const auto pad = static_cast<std::size_t>(layer.padding.left);
  const std::size_t phase_pitch = layer.phase_columns();
  const std::size_t used = std::min(static_cast<std::size_t>(picture.width),
                                    static_cast<std::size_t>(layer.framed_columns()) - pad);
  // Where the picture's columns offset, offset + kStride, … go.
  const auto phase = [&](std::size_t offset) {
    float* const line = lines + (pad + offset) % kStride * phase_pitch;
    const std::size_t count = (used + kStride - 1 - offset) / kStride;
    clear(line, line + kPanel);
    clear(line + kPanel + count / kPanel * kPanel, line + phase_pitch);
    return line + kPanel;
  };
  for (int y = begin; y < end; ++y)
    for (int c = 0; c < picture.channels; ++c, lines += kStride * phase_pitch) {
      if (y < 0 || y >= picture.height) {
        clear(lines, lines + kStride * phase_pitch);
        continue;
      }
      const std::ptrdiff_t first = c * input.channel + y * input.row;
      if (input.values == nullptr) {
        const ByteTable& lookup = input.lookup[c];
        copy_columns<kStride>(used, phase, [&](std::ptrdiff_t x) {
          return lookup[input.bytes[first + x * input.pixel]];
        });
      } else if (input.pixel == 1) {
        copy_planar_columns<kStride>(used, phase, input.values + first);
      } else {
        copy_columns<kStride>(
            used, phase, [&](std::ptrdiff_t x) { return input.values[first + x * input.pixel]; });
      }
    }
}

/// kChannels channels of two rows of one vector of outputs; the sum's order is that of the weights.
template <class D, int kStride, int kChannels>
class ConvolutionTile {
  using V = hn::Vec<D>;
  static constexpr int kKernel = 3;
  static constexpr int kQuads = kChannels / 4;
  /// Where in its phase the first output's input for a kernel column is.
  template <int kColumn>
  static constexpr std::size_t kFirst = kPanel -
                                        framed_before<kStride>(kColumn) + kColumn / kStride;
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  HWY_INLINE ConvolutionTile(const ConvolutionRows& rows, const float* weights, const float* biases,
                             std::size_t column, float* upper_output, float* lower_output,
                             std::size_t pixel_pitch)
      : upper_output_(upper_output), lower_output_(lower_output), pixel_pitch_(pixel_pitch) {
    start(biases, Indices<2 * kChannels>());
    const float* upper = rows.upper + column;
    const float* lower = rows.lower + column;
    for (int i = 0; i < rows.lines; ++i, weights += kKernel * kPanel) {
      add_columns(upper, lower, rows.phase_pitch, weights, Indices<kKernel>());
      upper += kStride * rows.phase_pitch;
      lower += kStride * rows.phase_pitch;
    }
  }

  template <class Activate>
  HWY_INLINE void finish(const Activate& activate) const {
    store_row<0>(activate, upper_output_, Indices<kQuads>());
    store_row<kChannels>(activate, lower_output_, Indices<kQuads>());
  }

 private:
  template <int... kSum>
  HWY_INLINE void start(const float* biases, std::integer_sequence<int, kSum...>) {
    ((sums_[kSum] = hn::Set(D(), biases[kSum % kChannels])), ...);
  }

  template <int... kColumn>
  HWY_INLINE void add_columns(const float* upper, const float* lower, std::size_t phase_pitch,
                              const float* weights, std::integer_sequence<int, kColumn...>) {
    (add_column(hn::LoadU(D(), upper + kColumn % kStride * phase_pitch + kFirst<kColumn>),
                hn::LoadU(D(), lower + kColumn % kStride * phase_pitch + kFirst<kColumn>),
                weights + kColumn * kPanel, Indices<kChannels>()),
     ...);
  }

  template <int... kChannel>
  HWY_INLINE void add_column(V upper, V lower, const float* weights,
                             std::integer_sequence<int, kChannel...>) {
    (add_products<kChannel>(upper, lower, in_register(hn::Set(D(), weights[kChannel]))), ...);
  }

  template <int kChannel>
  HWY_INLINE void add_products(V upper, V lower, V weight) {
    sums_[kChannel] = hn::MulAdd(upper, weight, sums_[kChannel]);
    sums_[kChannels + kChannel] = hn::MulAdd(lower, weight, sums_[kChannels + kChannel]);
  }

  template <int kFirst, class Activate, int... kQuad>
  HWY_INLINE void store_row(const Activate& activate, float* to,
                            std::integer_sequence<int, kQuad...>) const {
    (store_quad<kFirst + 4 * kQuad>(activate, to + 4 * kQuad), ...);
  }

  /// Stores four vectors of one channel each as pixels of four channels each.
  template <int kSum, class Activate>
  HWY_INLINE void store_quad(const Activate& activate, float* to) const {
    const D d;
    const V a = activate(d, sums_[kSum]), b = activate(d, sums_[kSum + 1]);
    const V c = activate(d, sums_[kSum + 2]), e = activate(d, sums_[kSum + 3]);
#if HWY_TARGET == HWY_SCALAR
    const V quad[] = {a, b, c, e};
    for (int i = 0; i < 4; ++i) hn::StoreU(quad[i], d, to + i);
#else
    const std::size_t pixel_pitch = opaque(pixel_pitch_);
    const hn::RepartitionToWide<hn::RebindToUnsigned<D>> pairs;
    const auto ab = hn::BitCast(pairs, hn::InterleaveLower(d, a, b));
    const auto ce = hn::BitCast(pairs, hn::InterleaveLower(d, c, e));
    const auto upper_ab = hn::BitCast(pairs, hn::InterleaveUpper(d, a, b));
    const auto upper_ce = hn::BitCast(pairs, hn::InterleaveUpper(d, c, e));
    store_blocks(d, hn::BitCast(d, hn::InterleaveLower(pairs, ab, ce)), to, pixel_pitch);
    store_blocks(d, hn::BitCast(d, hn::InterleaveUpper(pairs, ab, ce)), to + pixel_pitch,
                 pixel_pitch);
    store_blocks(d, hn::BitCast(d, hn::InterleaveLower(pairs, upper_ab, upper_ce)),
                 to + 2 * pixel_pitch, pixel_pitch);
    store_blocks(d, hn::BitCast(d, hn::InterleaveUpper(pairs, upper_ab, upper_ce)),
                 to + 3 * pixel_pitch, pixel_pitch);
#endif
  }

  /// Stores four channels of every fourth pixel.
  template <class Blocks>
  HWY_INLINE void store_blocks(Blocks d, hn::Vec<Blocks> vector, float* to,
                               [[maybe_unused]] std::size_t pixel_pitch) const {
#if HWY_CAP_GE256
    if constexpr (hn::MaxLanes(Blocks()) > 4) {
      const hn::Half<Blocks> half;
      store_blocks(half, hn::LowerHalf(half, vector), to, pixel_pitch);
      store_blocks(half, hn::UpperHalf(half, vector), to + hn::MaxLanes(d) / 2 * pixel_pitch,
                   pixel_pitch);
      return;
    }
#endif
    hn::StoreU(vector, d, to);
  }

  float *upper_output_, *lower_output_;
  std::size_t pixel_pitch_;
  V sums_[2 * kChannels];
};

/// Computes two output rows.
template <TileEnds kEnds, int kStride>
HWY_NOINLINE void convolution_rows(const ConvolutionRows& rows) {
  using D = Lanes16;
  constexpr int kChannels = kLanes == 16 || HWY_ARCH_ARM ? 8 : 4;
  const auto width = static_cast<std::size_t>(rows.width);
  const std::size_t panel = static_cast<std::size_t>(rows.lines) * 3 * kPanel;
  for (std::size_t x = 0; x < width; x += kLanes) {
    // The last tile may overlap the one before it: what it computes again has the same bits.
    const std::size_t column = width < kLanes ? 0 : std::min(x, width - kLanes);
    for (std::size_t c = 0; c < static_cast<std::size_t>(rows.channels); c += kChannels) {
      const float* const weights = rows.weights + c / kPanel * panel + c % kPanel;
      const auto tile = [&](float* upper, float* lower, std::size_t pixel_pitch) HWY_ATTR {
        finish<kEnds>(ConvolutionTile<D, kStride, kChannels>(rows, weights, rows.biases + c, column,
                                                             upper, lower, pixel_pitch),
                      rows.activation);
      };
      float* const upper = rows.upper_output + column * rows.pixel_pitch + c;
      float* const lower = rows.lower_output + column * rows.pixel_pitch + c;
      if (width >= kLanes) {
        tile(upper, lower, rows.pixel_pitch);
        continue;
      }
      // A tile wider than the output: only what is inside is kept.
      float pixels[2][kLanes * kChannels];
      tile(pixels[0], pixels[1], kChannels);
      for (std::size_t i = 0; i < width; ++i)
        for (std::size_t k = 0; k < kChannels; ++k) {
          upper[i * rows.pixel_pitch + k] = pixels[0][i * kChannels + k];
          lower[i * rows.pixel_pitch + k] = pixels[1][i * kChannels + k];
        }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
