// What stands for vectors of sums of bytes where there are none, or not of a known size. Compiled
// for such instruction sets alone.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of four channels, their quads of bytes, or eight halves.
struct Words {
  std::int32_t values[4];
};
struct Halves {
  std::int16_t values[8];
};
inline constexpr int kWords = 4;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 1;  // whose bytes fill a vector

HWY_INLINE std::int16_t saturate(std::int32_t value) {
  return static_cast<std::int16_t>(std::clamp(value, -32768, 32767));
}

HWY_INLINE Words load_words(const void* panel, int number) {
  Words words;
  std::memcpy(words.values, static_cast<const char*>(panel) + 16 * number, sizeof words);
  return words;
}
HWY_INLINE void store_words(const Words& a, std::int32_t* panel, int number) {
  std::memcpy(panel + 4 * number, a.values, sizeof a);
}
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return {{word, word, word, word}};
}
HWY_INLINE Words add_words(Words a, const Words& b) {
  for (int i = 0; i < 4; ++i) a.values[i] += b.values[i];
  return a;
}
HWY_INLINE Words subtract_words(Words a, const Words& b) {
  for (int i = 0; i < 4; ++i) a.values[i] -= b.values[i];
  return a;
}
using Shifts = Words;
HWY_INLINE Shifts shifts_of(const Words& counts) { return counts; }
HWY_INLINE Words shift_words(Words a, const Words& count) {
  for (int i = 0; i < 4; ++i) a.values[i] >>= count.values[i];
  return a;
}

template <int = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int part) {
  Halves halves;
  std::memcpy(halves.values, panel + 8 * part, sizeof halves);
  return halves;
}
/// Returns `function` of the lanes of two vectors.
template <class Function>
HWY_INLINE Halves halves_of(Halves a, const Halves& b, const Function& function) {
  for (int i = 0; i < 8; ++i)
    a.values[i] = static_cast<std::int16_t>(function(std::int32_t{a.values[i]}, b.values[i]));
  return a;
}
HWY_INLINE Halves set_halves(int value) {
  return halves_of({}, {}, [&](int, int) { return value; });
}
HWY_INLINE Halves narrow(const Words& a, const Words& b) {
  Halves halves;
  for (int i = 0; i < 8; ++i) halves.values[i] = saturate(i < 4 ? a.values[i] : b.values[i - 4]);
  return halves;
}
HWY_INLINE Halves add(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return saturate(x + y); });
}
HWY_INLINE Halves subtract(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return x - y; });
}
HWY_INLINE Halves scale(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return (x * y + (1 << 14)) >> 15; });
}
HWY_INLINE Halves lesser(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return std::min(x, y); });
}
HWY_INLINE Halves greater(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return std::max(x, y); });
}
template <int kBits>
HWY_INLINE Halves shift_left(const Halves& a) {
  return halves_of(a, a, [](int x, int) { return x * (1 << kBits); });
}
template <int kBits>
HWY_INLINE Halves shift_right(const Halves& a) {
  return halves_of(a, a, [](int x, int) { return x >> kBits; });
}

/// Loads the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  for (int i = 0; i < 16; ++i) unit[i / 8].values[i % 8] = pixels[0][channel + std::size_t(i)];
}

/// Stores the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int) {
  for (int i = 0; i < 16; ++i)
    pixels[0][channel + std::size_t(i)] =
        static_cast<std::uint8_t>(std::clamp<int>(unit[i / 8].values[i % 8], 0, 255));
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  for (int channel = 0; channel < 16; ++channel) {
    std::uint8_t quad[4];
    for (int y = 0; y < 4; ++y) quad[y] = rows[y][offset + static_cast<std::size_t>(channel)];
    std::memcpy(&quads[channel / 4].values[channel % 4], quad, sizeof quad);
  }
}

inline constexpr int kSidePanels = 1;       // panels that vectors hold side by side
inline constexpr bool kHasTwoRows = false;  // whether they hold panels of two rows

template <class Vector>
HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Vector& vector) {
  std::memcpy(vector.values, lanes[0], sizeof vector);
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(const Words& quads, int rows) {
  Words moved;
  for (int i = 0; i < 4; ++i) {
    std::int8_t bytes[4], lower[4] = {};
    std::memcpy(bytes, quads.values + i, sizeof bytes);
    for (int y = rows; y < 4; ++y) lower[y] = bytes[y - rows];
    std::memcpy(moved.values + i, lower, sizeof lower);
  }
  return moved;
}

/// Quads of four rows' bytes, for eight channels: the lower ones or the upper ones.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  for (int channel = 0; channel < 8; ++channel) {
    std::uint8_t quad[4];
    for (int y = 0; y < 4; ++y)
      quad[y] = rows[std::min(y, kLast)][offset + static_cast<std::size_t>(8 * kHalf + channel)];
    std::memcpy(&quads[channel / 4].values[channel % 4], quad, sizeof quad);
  }
}

/// Stores a pixel.
HWY_INLINE void store_lanes(const Halves& lower, const Halves& upper, std::uint8_t* pixel) {
  for (int i = 0; i < 16; ++i)
    pixel[i] =
        static_cast<std::uint8_t>(std::clamp<int>((i < 8 ? lower : upper).values[i % 8], 0, 255));
}

/// What multiplies quads of bytes with quads of weights, and adds to sums.
struct WideDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Words bytes(const Words& quads) { return quads; }
  static HWY_INLINE Words weights(const Words& quads) { return quads; }
  static HWY_INLINE Words add(Words sums, const Words& bytes, const Words& weights) {
    std::uint8_t x[16];
    std::int8_t w[16];
    std::memcpy(x, bytes.values, sizeof x);
    std::memcpy(w, weights.values, sizeof w);
    for (int i = 0; i < 16; ++i) sums.values[i / 4] += x[i] * w[i];
    return sums;
  }
};
using PairsDot = WideDot;

template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
