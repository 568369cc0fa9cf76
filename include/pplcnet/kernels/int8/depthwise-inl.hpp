// Depthwise convolution of one panel of bytes, channels last, with any kernel. Quads are of four
// kernel rows. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

inline constexpr int kMostKernel = 7;
inline constexpr int kMostRowQuads = 2;

/// Whether the registers have room for the sums of two rows of outputs, which share quads.
inline constexpr bool kSharesQuads = kWords == 1;

/// The weights of a panel, as Dot takes them: [kernel column][quad of rows][word].
template <class Dot>
struct DepthwiseWeights {
  typename Dot::Operand taps[kMostKernel * kMostRowQuads * kWords];
  HWY_ALIGN std::int32_t starts[kPanel];

  /// Those of output rows that begin `down` rows below the quads, which have room for them.
  HWY_INLINE DepthwiseWeights(const ByteDepthwise& rows, int panel, int down) {
    const int quads = static_cast<int>(round_up(rows.kernel.height, kQuad)) / kQuad;
    const int count = rows.kernel.width * quads;
    const auto bytes = static_cast<std::size_t>(count) * kQuad * kPanel;
    HWY_ALIGN std::int8_t moved[kMostKernel * kMostRowQuads * kQuad * kPanel];
    const std::int8_t* weights = rows.weights + static_cast<std::size_t>(panel) * bytes;
    if (down > 0) {
      for (int column = 0; column < rows.kernel.width; ++column)
        move(weights + column * quads * kQuad * kPanel, quads, down,
             moved + column * quads * kQuad * kPanel);
      weights = moved;
    }
    for (int i = 0; i < count * kWords; ++i)
      taps[i] = Dot::weights(load_words(weights + i / kWords * kQuad * kPanel, i % kWords));
    start_sums<Dot>(weights, bytes, rows.ending.constants.bias + panel * kPanel, starts);
  }

 private:
  /// Moves the weights of a column down: the lowest byte of a word is the highest row.
  static HWY_INLINE void move(const std::int8_t* from, int quads, int down, std::int8_t* to) {
    std::uint32_t above[kPanel] = {}, words[kPanel], lower[kPanel];
    for (int quad = 0; quad < quads; ++quad) {
      std::memcpy(words, from + quad * kQuad * kPanel, sizeof words);
      for (int i = 0; i < kPanel; ++i) {
        lower[i] = words[i] << (8 * down) | above[i];
        above[i] = words[i] >> (32 - 8 * down);
      }
      std::memcpy(to + quad * kQuad * kPanel, lower, sizeof lower);
    }
  }
};

/// The input rows of an output row, from its first column on; some more below the kernel's, whose
/// weights are zeros, are any.
struct WindowRows {
  const std::uint8_t* rows[kMostRowQuads * kQuad];

  HWY_INLINE WindowRows(const ByteDepthwise& depthwise, int y, int below) {
    const int height = depthwise.kernel.height + below;
    for (int i = 0; i < kMostRowQuads * kQuad; ++i)
      rows[i] = depthwise.input +
                static_cast<std::size_t>(y * depthwise.stride.height +
                                         std::min(i, height - 1) * depthwise.dilation.height) *
                    depthwise.row_pitch;
  }
};

/// Whether a layer's kernel is of 3×3 or 5×5 neighbouring pixels, as most are.
HWY_INLINE bool is_usual(const ByteDepthwise& rows) {
  return (rows.kernel == Pair(3) || rows.kernel == Pair(5)) && rows.dilation == Pair(1) &&
         rows.stride.width <= 2;
}

/// Ends the sums [pixel][16] of `count` neighbouring outputs of a panel.
template <ByteSteps kSteps>
HWY_INLINE void end_outputs(const ByteDepthwise& rows, int panel, int pixel, int count,
                            const std::int32_t* sums) {
  const PixelPlaces<std::uint8_t> outputs(rows.output, pixel, count);
  const PixelPlaces<const std::uint8_t> addends(rows.addend, pixel, count);
  end_bytes<kSteps>(rows.ending, static_cast<std::size_t>(panel * kPanel), sums, count,
                    outputs.from(0), addends.from(0));
}

/// Computes one output after the other, for any kernel.
template <class Dot>
HWY_INLINE void depthwise_outputs(const ByteDepthwise& rows, const DepthwiseWeights<Dot>& weights,
                                  const WindowRows& window, std::size_t offset,
                                  std::int32_t* sums) {
  const int quads = static_cast<int>(round_up(rows.kernel.height, kQuad)) / kQuad;
  Words total[kWords];
  for (int i = 0; i < kWords; ++i) total[i] = load_words(weights.starts, i);
  for (int tap = 0; tap < rows.kernel.width * quads; ++tap) {
    Words bytes[kWords];
    load_quads(
        window.rows + tap % quads * kQuad,
        offset + static_cast<std::size_t>(tap / quads * rows.dilation.width) * rows.pixel_pitch,
        bytes);
    for (int i = 0; i < kWords; ++i)
      total[i] = Dot::add(total[i], Dot::bytes(bytes[i]), weights.taps[tap * kWords + i]);
  }
  for (int i = 0; i < kWords; ++i) store_words(total[i], sums, i);
}

template <class Dot, ByteSteps kSteps>
HWY_NOINLINE void depthwise_any_panel(const ByteDepthwise& rows, int panel) {
  const DepthwiseWeights<Dot> weights(rows, panel, 0);
  HWY_ALIGN std::int32_t sums[kUnitPixels * kPanel] = {};
  const auto channel = static_cast<std::size_t>(panel * kPanel);
  const std::size_t step = static_cast<std::size_t>(rows.stride.width) * rows.pixel_pitch;
  for (int y = 0; y < rows.rows; ++y) {
    const WindowRows window(rows, y, 0);
    const int width = rows.output.width;
    for (int x = 0; x < width; x += kUnitPixels) {
      const int count = std::min(kUnitPixels, width - x);
      for (int i = 0; i < count; ++i)
        depthwise_outputs(rows, weights, window, channel + static_cast<std::size_t>(x + i) * step,
                          sums + i * kPanel);
      end_outputs<kSteps>(rows, panel, y * width + x, count, sums);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
