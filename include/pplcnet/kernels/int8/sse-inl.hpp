// Vectors of 128 bits for sums of bytes on x86. Compiled for SSE2, or what is between it and AVX2.
#include <emmintrin.h>
#if HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4
#include <tmmintrin.h>
#endif
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of four channels, their quads of bytes, or eight halves.
using Words = __m128i;
using Halves = __m128i;
inline constexpr int kWords = 4;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 1;  // whose bytes fill a vector

HWY_INLINE __m128i load_128(const void* place) {
  return _mm_loadu_si128(static_cast<const __m128i*>(place));
}
HWY_INLINE Words load_words(const void* panel, int number) {
  return load_128(static_cast<const char*>(panel) + 16 * number);
}
HWY_INLINE void store_words(Words a, std::int32_t* panel, int number) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(panel) + number, a);
}
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return _mm_set1_epi32(word);
}
HWY_INLINE Words add_words(Words a, Words b) { return _mm_add_epi32(a, b); }
HWY_INLINE Words subtract_words(Words a, Words b) { return _mm_sub_epi32(a, b); }
/// What stands for counts of shifts, 0 to 31, of each lane: 2 to the power of 31 less the count.
/// Products of the lanes with odd numbers are made apart.
struct Shifts {
  Words powers, odd;
};
HWY_INLINE Shifts shifts_of(Words counts) {
  std::int32_t lanes[4];
  store_words(counts, lanes, 0);
  for (std::int32_t& lane : lanes) lane = static_cast<std::int32_t>(1U << (31 - lane));
  const Words powers = load_words(lanes, 0);
  return {powers, _mm_srli_epi64(powers, 32)};
}
/// Shifts a + 2^31, which is not negative, by a product, and subtracts 2^31 as shifted.
HWY_INLINE Words shift_words(Words a, const Shifts& shifts) {
  const Words positive = _mm_xor_si128(a, _mm_set1_epi32(-2147483647 - 1));
  const Words even = _mm_srli_epi64(_mm_mul_epu32(positive, shifts.powers), 31);
  const Words odd = _mm_srli_epi64(_mm_mul_epu32(_mm_srli_epi64(positive, 32), shifts.odd), 31);
  return _mm_sub_epi32(_mm_or_si128(even, _mm_slli_epi64(odd, 32)), shifts.powers);
}

template <int = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int part) {
  return load_128(panel + 8 * part);
}
HWY_INLINE Halves set_halves(int value) { return _mm_set1_epi16(static_cast<std::int16_t>(value)); }
HWY_INLINE Halves narrow(Words a, Words b) { return _mm_packs_epi32(a, b); }
HWY_INLINE Halves add(Halves a, Halves b) { return _mm_adds_epi16(a, b); }
HWY_INLINE Halves subtract(Halves a, Halves b) { return _mm_sub_epi16(a, b); }
HWY_INLINE Halves scale(Halves a, Halves b) {
#if HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4
  return _mm_mulhrs_epi16(a, b);
#else
  // The upper half of the product, doubled, and the two bits below it, rounded.
  const __m128i below = _mm_srli_epi16(_mm_mullo_epi16(a, b), 14);
  const __m128i rounded_bits = _mm_srli_epi16(_mm_add_epi16(below, _mm_set1_epi16(1)), 1);
  return _mm_add_epi16(_mm_slli_epi16(_mm_mulhi_epi16(a, b), 1), rounded_bits);
#endif
}
HWY_INLINE Halves lesser(Halves a, Halves b) { return _mm_min_epi16(a, b); }
HWY_INLINE Halves greater(Halves a, Halves b) { return _mm_max_epi16(a, b); }
template <int kBits>
HWY_INLINE Halves shift_left(Halves a) {
  return _mm_slli_epi16(a, kBits);
}
template <int kBits>
HWY_INLINE Halves shift_right(Halves a) {
  return _mm_srai_epi16(a, kBits);
}

/// Loads the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  const __m128i bytes = load_128(pixels[0] + channel);
  unit[0] = _mm_unpacklo_epi8(bytes, _mm_setzero_si128());
  unit[1] = _mm_unpackhi_epi8(bytes, _mm_setzero_si128());
}

/// Stores the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels[0] + channel),
                   _mm_packus_epi16(unit[0], unit[1]));
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  const __m128i a = load_128(rows[0] + offset), b = load_128(rows[1] + offset);
  const __m128i c = load_128(rows[2] + offset), d = load_128(rows[3] + offset);
  const __m128i ab = _mm_unpacklo_epi8(a, b), cd = _mm_unpacklo_epi8(c, d);
  quads[0] = _mm_unpacklo_epi16(ab, cd);
  quads[1] = _mm_unpackhi_epi16(ab, cd);
  const __m128i upper_ab = _mm_unpackhi_epi8(a, b), upper_cd = _mm_unpackhi_epi8(c, d);
  quads[2] = _mm_unpacklo_epi16(upper_ab, upper_cd);
  quads[3] = _mm_unpackhi_epi16(upper_ab, upper_cd);
}

inline constexpr int kSidePanels = 1;       // panels that vectors hold side by side
inline constexpr bool kHasTwoRows = false;  // whether they hold panels of two rows

HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Words& vector) {
  vector = load_128(lanes[0]);
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(Words quads, int rows) {
  return _mm_sll_epi32(quads, _mm_cvtsi32_si128(8 * rows));
}

/// Quads of four rows' bytes, for eight channels: the lower ones or the upper ones.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  const auto pairs = [&](int y) HWY_ATTR {
    const Words a = load_128(rows[y] + offset), b = load_128(rows[std::min(y + 1, kLast)] + offset);
    return kHalf == 0 ? _mm_unpacklo_epi8(a, b) : _mm_unpackhi_epi8(a, b);
  };
  const Words upper = pairs(0), lower = pairs(2);
  quads[0] = _mm_unpacklo_epi16(upper, lower);
  quads[1] = _mm_unpackhi_epi16(upper, lower);
}

/// Stores a pixel.
HWY_INLINE void store_lanes(Halves lower, Halves upper, std::uint8_t* pixel) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(pixel), _mm_packus_epi16(lower, upper));
}

/// What multiplies quads of bytes with quads of weights, and adds to sums: bytes 0 and 2 of each
/// quad, then bytes 1 and 3, as 16 bits.
struct WideDot {
  struct Operand {
    Words even, odd;
  };
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Operand bytes(Words quads) {
    return {_mm_and_si128(quads, _mm_set1_epi16(0xFF)), _mm_srli_epi16(quads, 8)};
  }
  static HWY_INLINE Operand weights(Words quads) {
    return {_mm_srai_epi16(_mm_slli_epi16(quads, 8), 8), _mm_srai_epi16(quads, 8)};
  }
  static HWY_INLINE Words add(Words sums, const Operand& bytes, const Operand& weights) {
    return _mm_add_epi32(sums, _mm_add_epi32(_mm_madd_epi16(bytes.even, weights.even),
                                             _mm_madd_epi16(bytes.odd, weights.odd)));
  }
};

#if HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4
/// The same where neighbouring weights keep their sum within 16 bits.
struct PairsDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
    return _mm_add_epi32(sums,
                         _mm_madd_epi16(_mm_maddubs_epi16(bytes, weights), _mm_set1_epi16(1)));
  }
};
#else
using PairsDot = WideDot;
#endif

template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
