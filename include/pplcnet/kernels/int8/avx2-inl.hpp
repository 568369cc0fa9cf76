// Vectors of 256 bits for sums of bytes. Compiled for AVX2 alone.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of channels 0 to 3 and 8 to 11, or of the others, so that halves are in order; their quads
/// of bytes; or 16 halves.
using Words = __m256i;
using Halves = __m256i;
inline constexpr int kWords = 2;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 2;  // whose bytes fill a vector

HWY_INLINE __m128i load_128(const void* place) {
  return _mm_loadu_si128(static_cast<const __m128i*>(place));
}
HWY_INLINE Words load_words(const void* panel, int number) {
  const auto* const place = static_cast<const char*>(panel) + 16 * number;
  return _mm256_inserti128_si256(_mm256_castsi128_si256(load_128(place)), load_128(place + 32), 1);
}
HWY_INLINE void store_words(Words a, std::int32_t* panel, int number) {
  auto* const place = reinterpret_cast<__m128i*>(panel) + number;
  _mm_storeu_si128(place, _mm256_castsi256_si128(a));
  _mm_storeu_si128(place + 2, _mm256_extracti128_si256(a, 1));
}
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return _mm256_set1_epi32(word);
}
HWY_INLINE Words add_words(Words a, Words b) { return _mm256_add_epi32(a, b); }
HWY_INLINE Words subtract_words(Words a, Words b) { return _mm256_sub_epi32(a, b); }
using Shifts = Words;
HWY_INLINE Shifts shifts_of(Words counts) { return counts; }
HWY_INLINE Words shift_words(Words a, Words count) { return _mm256_srav_epi32(a, count); }

template <int = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel));
}
HWY_INLINE Halves set_halves(int value) {
  return _mm256_set1_epi16(static_cast<std::int16_t>(value));
}
HWY_INLINE Halves narrow(Words a, Words b) { return _mm256_packs_epi32(a, b); }
HWY_INLINE Halves add(Halves a, Halves b) { return _mm256_adds_epi16(a, b); }
HWY_INLINE Halves subtract(Halves a, Halves b) { return _mm256_sub_epi16(a, b); }
HWY_INLINE Halves scale(Halves a, Halves b) { return _mm256_mulhrs_epi16(a, b); }
HWY_INLINE Halves lesser(Halves a, Halves b) { return _mm256_min_epi16(a, b); }
HWY_INLINE Halves greater(Halves a, Halves b) { return _mm256_max_epi16(a, b); }
template <int kBits>
HWY_INLINE Halves shift_left(Halves a) {
  return _mm256_slli_epi16(a, kBits);
}
template <int kBits>
HWY_INLINE Halves shift_right(Halves a) {
  return _mm256_srai_epi16(a, kBits);
}

/// Loads the bytes of a unit's pixels.
template <int = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  unit[0] = _mm256_cvtepu8_epi16(load_128(pixels[0] + channel));
  unit[1] = _mm256_cvtepu8_epi16(load_128(pixels[1] + channel));
}

/// Stores the bytes of the first `count` of a unit's pixels.
template <int = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int count) {
  const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(unit[0], unit[1]), 0xD8);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels[0] + channel), _mm256_castsi256_si128(bytes));
  if (count > 1)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels[1] + channel),
                     _mm256_extracti128_si256(bytes, 1));
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  const auto row = [&](int y) HWY_ATTR {
    return _mm256_permute4x64_epi64(_mm256_castsi128_si256(load_128(rows[y] + offset)), 0x10);
  };
  const __m256i upper = _mm256_unpacklo_epi8(row(0), row(1));
  const __m256i lower = _mm256_unpacklo_epi8(row(2), row(3));
  quads[0] = _mm256_unpacklo_epi16(upper, lower);
  quads[1] = _mm256_unpackhi_epi16(upper, lower);
}

inline constexpr int kSidePanels = 2;       // panels that vectors hold side by side
inline constexpr bool kHasTwoRows = false;  // whether they hold panels of two rows

HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Words& vector) {
  vector =
      _mm256_inserti128_si256(_mm256_castsi128_si256(load_128(lanes[0])), load_128(lanes[1]), 1);
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(Words quads, int rows) {
  return _mm256_sll_epi32(quads, _mm_cvtsi32_si128(8 * rows));
}

/// Quads of four rows' bytes, for eight channels of each lane: the lower ones or the upper ones.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  const auto row = [&](int y) HWY_ATTR {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows[y] + offset));
  };
  const auto pairs = [&](int y) HWY_ATTR {
    const Words a = row(y), b = row(std::min(y + 1, kLast));
    return kHalf == 0 ? _mm256_unpacklo_epi8(a, b) : _mm256_unpackhi_epi8(a, b);
  };
  const __m256i upper = pairs(0), lower = pairs(2);
  quads[0] = _mm256_unpacklo_epi16(upper, lower);
  quads[1] = _mm256_unpackhi_epi16(upper, lower);
}

/// Stores a pixel of both lanes' panels.
HWY_INLINE void store_lanes(Halves lower, Halves upper, std::uint8_t* pixel) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(pixel), _mm256_packus_epi16(lower, upper));
}

/// What multiplies quads of bytes with quads of weights, and adds to sums: one instruction.
struct VnniDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = true;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
#if HWY_COMPILER_MSVC
    return _mm256_dpbusd_avx_epi32(sums, bytes, weights);
#else
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sums) : "x"(bytes), "xm"(weights));
    return sums;
#endif
  }
};

/// The same where neighbouring weights keep their sum within 16 bits.
struct PairsDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
#if HWY_COMPILER_MSVC
    return _mm256_add_epi32(
        sums, _mm256_madd_epi16(_mm256_maddubs_epi16(bytes, weights), _mm256_set1_epi16(1)));
#else
    // g++ would multiply all first, and keep sums in memory.
    Words products;
    __asm__(
        "vpmaddubsw %[weights], %[bytes], %[products]\n\t"
        "vpmaddwd %[ones], %[products], %[products]\n\t"
        "vpaddd %[products], %[sums], %[sums]"
        : [sums] "+x"(sums), [products] "=&x"(products)
        : [bytes] "x"(bytes), [weights] "xm"(weights), [ones] "x"(_mm256_set1_epi16(1)));
    return sums;
#endif
  }
};

/// The same for all weights: bytes 0 and 2 of each quad, then bytes 1 and 3, as 16 bits.
struct WideDot {
  struct Operand {
    Words even, odd;
  };
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Operand bytes(Words quads) {
    return {_mm256_and_si256(quads, _mm256_set1_epi16(0xFF)), _mm256_srli_epi16(quads, 8)};
  }
  static HWY_INLINE Operand weights(Words quads) {
    return {_mm256_srai_epi16(_mm256_slli_epi16(quads, 8), 8), _mm256_srai_epi16(quads, 8)};
  }
  static HWY_INLINE Words add(Words sums, const Operand& bytes, const Operand& weights) {
#if HWY_COMPILER_MSVC
    return _mm256_add_epi32(sums, _mm256_add_epi32(_mm256_madd_epi16(bytes.even, weights.even),
                                                   _mm256_madd_epi16(bytes.odd, weights.odd)));
#else
    Words products;
    __asm__(
        "vpmaddwd %[even], %[bytes_even], %[products]\n\t"
        "vpaddd %[products], %[sums], %[sums]\n\t"
        "vpmaddwd %[odd], %[bytes_odd], %[products]\n\t"
        "vpaddd %[products], %[sums], %[sums]"
        : [sums] "+x"(sums), [products] "=&x"(products)
        : [bytes_even] "x"(bytes.even), [bytes_odd] "x"(bytes.odd), [even] "xm"(weights.even),
          [odd] "xm"(weights.odd));
    return sums;
#endif
  }
};

// Where there is one copy for all CPUs that the compiler knows of, it says what these have.
#if PPLCNET_CHOOSE_ISA || defined(__AVXVNNI__)
template <bool kVnni>
using ProductDot = std::conditional_t<kVnni, VnniDot, PairsDot>;
template <bool kVnni>
using DepthwiseDot = std::conditional_t<kVnni, VnniDot, WideDot>;
#else
template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;
#endif

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
