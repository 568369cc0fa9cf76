// Vectors of 512 bits for sums of bytes. Compiled for AVX-512 alone.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of 16 channels, their quads of bytes, or 32 halves: four channels of one vector of sums and
/// of another one, then the next four.
using Words = __m512i;
using Halves = __m512i;
inline constexpr int kWords = 1;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 4;  // of a panel, whose bytes fill a vector

HWY_INLINE Words load_words(const void* panel, int) { return _mm512_loadu_si512(panel); }
HWY_INLINE void store_words(Words a, std::int32_t* panel, int) { _mm512_storeu_si512(panel, a); }
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return _mm512_set1_epi32(word);
}
HWY_INLINE Words add_words(Words a, Words b) { return _mm512_add_epi32(a, b); }
HWY_INLINE Words subtract_words(Words a, Words b) { return _mm512_sub_epi32(a, b); }
using Shifts = Words;
HWY_INLINE Shifts shifts_of(Words counts) { return counts; }
HWY_INLINE Words shift_words(Words a, Words count) { return _mm512_srav_epi32(a, count); }

/// Loads the halves of a panel, for two pixels, or those of two panels.
template <int kPanels = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int) {
  if constexpr (kPanels == 2)
    return _mm512_permutexvar_epi64(_mm512_set_epi64(7, 3, 6, 2, 5, 1, 4, 0),
                                    _mm512_loadu_si512(panel));
  const __m512i twice = _mm512_set_epi64(3, 3, 2, 2, 1, 1, 0, 0);
  return _mm512_permutexvar_epi64(
      twice, _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel))));
}
HWY_INLINE Halves set_halves(int value) {
  return _mm512_set1_epi16(static_cast<std::int16_t>(value));
}
HWY_INLINE Halves narrow(Words a, Words b) { return _mm512_packs_epi32(a, b); }
HWY_INLINE Halves add(Halves a, Halves b) { return _mm512_adds_epi16(a, b); }
HWY_INLINE Halves subtract(Halves a, Halves b) { return _mm512_sub_epi16(a, b); }
HWY_INLINE Halves scale(Halves a, Halves b) { return _mm512_mulhrs_epi16(a, b); }
HWY_INLINE Halves lesser(Halves a, Halves b) { return _mm512_min_epi16(a, b); }
HWY_INLINE Halves greater(Halves a, Halves b) { return _mm512_max_epi16(a, b); }
template <int kBits>
HWY_INLINE Halves shift_left(Halves a) {
  return _mm512_slli_epi16(a, kBits);
}
template <int kBits>
HWY_INLINE Halves shift_right(Halves a) {
  return _mm512_srai_epi16(a, kBits);
}

/// Turns 16 fours of bytes, of which four make 16 channels, into such channels, and back.
HWY_INLINE __m512i transpose_fours(__m512i a) {
  return _mm512_permutexvar_epi32(
      _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0), a);
}

HWY_INLINE __m512i load_four(const std::uint8_t* a, const std::uint8_t* b, const std::uint8_t* c,
                             const std::uint8_t* d) {
  const auto at = [](const std::uint8_t* place)
                      HWY_ATTR { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(place)); };
  __m512i all = _mm512_castsi128_si512(at(a));
  all = _mm512_mask_broadcast_i32x4(all, 0x00F0, at(b));
  all = _mm512_mask_broadcast_i32x4(all, 0x0F00, at(c));
  return _mm512_mask_broadcast_i32x4(all, 0xF000, at(d));
}

/// Loads the bytes of a unit: of a panel for four pixels, or of two panels for two.
template <int kPanels = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  const auto place = [&](int number) {
    return pixels[number / kPanels] + channel + number % kPanels * kPanel;
  };
  const __m512i fours = transpose_fours(load_four(place(0), place(1), place(2), place(3)));
  unit[0] = _mm512_unpacklo_epi8(fours, _mm512_setzero_si512());
  unit[1] = _mm512_unpackhi_epi8(fours, _mm512_setzero_si512());
}

/// Stores the bytes of the first `count` of a unit's pixels.
template <int kPanels = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int count) {
  const __m512i bytes = transpose_fours(_mm512_packus_epi16(unit[0], unit[1]));
  if constexpr (kPanels == 2) {
    const auto store = [&](int pixel, __m256i part) HWY_ATTR {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(pixels[pixel] + channel), part);
    };
    store(0, _mm512_castsi512_si256(bytes));
    if (count > 1) store(1, _mm512_extracti64x4_epi64(bytes, 1));
  } else {
    const auto store = [&](int pixel, __m128i part) HWY_ATTR {
      if (pixel < count)
        _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels[pixel] + channel), part);
    };
    store(0, _mm512_castsi512_si128(bytes));
    store(1, _mm512_extracti32x4_epi32(bytes, 1));
    store(2, _mm512_extracti32x4_epi32(bytes, 2));
    store(3, _mm512_extracti32x4_epi32(bytes, 3));
  }
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  const __m512i fours = transpose_fours(
      load_four(rows[0] + offset, rows[1] + offset, rows[2] + offset, rows[3] + offset));
  quads[0] = _mm512_shuffle_epi8(fours, _mm512_broadcast_i32x4(_mm_set_epi8(
                                            15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0)));
}

inline constexpr int kSidePanels = 4;  // panels that vectors hold side by side

HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Words& vector) {
  vector = load_four(lanes[0], lanes[1], lanes[2], lanes[3]);
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(Words quads, int rows) {
  return _mm512_sll_epi32(quads, _mm_cvtsi32_si128(8 * rows));
}

/// Turns four rows' bytes into quads, for eight channels of each lane: the lower ones or the upper
/// ones.
template <int kHalf>
HWY_INLINE void make_wide_quads(Words a, Words b, Words c, Words d, Words (&quads)[2]) {
  Words upper, lower;
  if constexpr (kHalf == 0) {
    upper = _mm512_unpacklo_epi8(a, b);
    lower = _mm512_unpacklo_epi8(c, d);
  } else {
    upper = _mm512_unpackhi_epi8(a, b);
    lower = _mm512_unpackhi_epi8(c, d);
  }
  quads[0] = _mm512_unpacklo_epi16(upper, lower);
  quads[1] = _mm512_unpackhi_epi16(upper, lower);
}

/// Loads the quads of four rows' bytes; those after row kLast are any.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  const auto row = [&](int y) HWY_ATTR { return _mm512_loadu_si512(rows[y] + offset); };
  make_wide_quads<kHalf>(row(0), row(1), row(2), row(kLast), quads);
}

/// Stores a pixel of all lanes' panels.
HWY_INLINE void store_lanes(Halves lower, Halves upper, std::uint8_t* pixel) {
  _mm512_storeu_si512(pixel, _mm512_packus_epi16(lower, upper));
}

/// Whether two panels can be in the lower lanes, and the same of rows below in the upper ones.
inline constexpr bool kHasTwoRows = true;

/// Loads the quads of two panels: of four rows in the lower lanes, and of those kDown rows below in
/// the upper ones.
template <int kHalf, int kLast, int kDown>
HWY_INLINE void load_two_rows(const std::uint8_t* const* rows, std::size_t offset,
                              Words (&quads)[2]) {
  const auto row = [&](int y) HWY_ATTR {
    const auto at = [&](const std::uint8_t* place) HWY_ATTR {
      return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(place + offset));
    };
    return _mm512_inserti64x4(_mm512_castsi256_si512(at(rows[y])), at(rows[y + kDown]), 1);
  };
  make_wide_quads<kHalf>(row(0), row(1), row(2), row(kLast), quads);
}

/// Stores the lower lanes, and the upper ones if there is a place for them.
HWY_INLINE void store_two_rows(Halves lower, Halves upper, std::uint8_t* first,
                               std::uint8_t* second) {
  const __m512i bytes = _mm512_packus_epi16(lower, upper);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(first), _mm512_castsi512_si256(bytes));
  if (second != nullptr)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(second), _mm512_extracti64x4_epi64(bytes, 1));
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
    return _mm512_dpbusd_epi32(sums, bytes, weights);
#else
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(bytes), "vm"(weights));
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
    return _mm512_add_epi32(
        sums, _mm512_madd_epi16(_mm512_maddubs_epi16(bytes, weights), _mm512_set1_epi16(1)));
#else
    // g++ would multiply all first, and keep sums in memory.
    Words products;
    __asm__(
        "vpmaddubsw %[weights], %[bytes], %[products]\n\t"
        "vpmaddwd %[ones], %[products], %[products]\n\t"
        "vpaddd %[products], %[sums], %[sums]"
        : [sums] "+v"(sums), [products] "=&v"(products)
        : [bytes] "v"(bytes), [weights] "vm"(weights), [ones] "v"(_mm512_set1_epi16(1)));
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
    return {_mm512_and_si512(quads, _mm512_set1_epi16(0xFF)), _mm512_srli_epi16(quads, 8)};
  }
  static HWY_INLINE Operand weights(Words quads) {
    return {_mm512_srai_epi16(_mm512_slli_epi16(quads, 8), 8), _mm512_srai_epi16(quads, 8)};
  }
  static HWY_INLINE Words add(Words sums, const Operand& bytes, const Operand& weights) {
    return _mm512_add_epi32(sums, _mm512_add_epi32(_mm512_madd_epi16(bytes.even, weights.even),
                                                   _mm512_madd_epi16(bytes.odd, weights.odd)));
  }
};

// Where there is one copy for all CPUs that the compiler knows of, it says what these have.
#if PPLCNET_CHOOSE_ISA || defined(__AVX512VNNI__)
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
