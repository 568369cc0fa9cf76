// Vectors of 128 bits for sums of bytes on ARM. Compiled for NEON alone.
#include <arm_neon.h>
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of four channels, their quads of bytes, or eight halves.
using Words = int32x4_t;
using Halves = int16x8_t;
inline constexpr int kWords = 4;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 1;  // whose bytes fill a vector

HWY_INLINE Words load_words(const void* panel, int number) {
  return vreinterpretq_s32_u8(vld1q_u8(static_cast<const std::uint8_t*>(panel) + 16 * number));
}
HWY_INLINE void store_words(Words a, std::int32_t* panel, int number) {
  vst1q_s32(panel + 4 * number, a);
}
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return vdupq_n_s32(word);
}
HWY_INLINE Words add_words(Words a, Words b) { return vaddq_s32(a, b); }
HWY_INLINE Words subtract_words(Words a, Words b) { return vsubq_s32(a, b); }
using Shifts = Words;
HWY_INLINE Shifts shifts_of(Words counts) { return counts; }
HWY_INLINE Words shift_words(Words a, Words count) { return vshlq_s32(a, vnegq_s32(count)); }

template <int = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int part) {
  return vld1q_s16(panel + 8 * part);
}
HWY_INLINE Halves set_halves(int value) { return vdupq_n_s16(static_cast<std::int16_t>(value)); }
HWY_INLINE Halves narrow(Words a, Words b) { return vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)); }
HWY_INLINE Halves add(Halves a, Halves b) { return vqaddq_s16(a, b); }
HWY_INLINE Halves subtract(Halves a, Halves b) { return vsubq_s16(a, b); }
HWY_INLINE Halves scale(Halves a, Halves b) { return vqrdmulhq_s16(a, b); }
HWY_INLINE Halves lesser(Halves a, Halves b) { return vminq_s16(a, b); }
HWY_INLINE Halves greater(Halves a, Halves b) { return vmaxq_s16(a, b); }
template <int kBits>
HWY_INLINE Halves shift_left(Halves a) {
  return vshlq_n_s16(a, kBits);
}
template <int kBits>
HWY_INLINE Halves shift_right(Halves a) {
  return vshrq_n_s16(a, kBits);
}

/// Loads the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  const uint8x16_t bytes = vld1q_u8(pixels[0] + channel);
  unit[0] = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(bytes)));
  unit[1] = vreinterpretq_s16_u16(vmovl_u8(vget_high_u8(bytes)));
}

/// Stores the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int) {
  vst1q_u8(pixels[0] + channel, vcombine_u8(vqmovun_s16(unit[0]), vqmovun_s16(unit[1])));
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  const uint8x16x2_t ab = vzipq_u8(vld1q_u8(rows[0] + offset), vld1q_u8(rows[1] + offset));
  const uint8x16x2_t cd = vzipq_u8(vld1q_u8(rows[2] + offset), vld1q_u8(rows[3] + offset));
  for (int half = 0; half < 2; ++half) {
    const uint16x8x2_t both =
        vzipq_u16(vreinterpretq_u16_u8(ab.val[half]), vreinterpretq_u16_u8(cd.val[half]));
    quads[2 * half] = vreinterpretq_s32_u16(both.val[0]);
    quads[2 * half + 1] = vreinterpretq_s32_u16(both.val[1]);
  }
}

inline constexpr int kSidePanels = 1;       // panels that vectors hold side by side
inline constexpr bool kHasTwoRows = false;  // whether they hold panels of two rows

HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Words& vector) {
  vector = load_words(lanes[0], 0);
}
HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Halves& vector) {
  vector = vreinterpretq_s16_u8(vld1q_u8(lanes[0]));
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(Words quads, int rows) {
  return vshlq_s32(quads, vdupq_n_s32(8 * rows));
}

/// Quads of four rows' bytes, for eight channels: the lower ones or the upper ones.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  const auto pairs = [&](int y) {
    const std::uint8_t* const second = rows[std::min(y + 1, kLast)];
    const std::size_t half = offset + 8 * kHalf;
    const uint8x8x2_t both = vzip_u8(vld1_u8(rows[y] + half), vld1_u8(second + half));
    return vreinterpretq_u16_u8(vcombine_u8(both.val[0], both.val[1]));
  };
  const uint16x8x2_t both = vzipq_u16(pairs(0), pairs(2));
  quads[0] = vreinterpretq_s32_u16(both.val[0]);
  quads[1] = vreinterpretq_s32_u16(both.val[1]);
}

/// Stores a pixel.
HWY_INLINE void store_lanes(Halves lower, Halves upper, std::uint8_t* pixel) {
  vst1q_u8(pixel, vcombine_u8(vqmovun_s16(lower), vqmovun_s16(upper)));
}

#if defined(__ARM_FEATURE_MATMUL_INT8)
/// What multiplies quads of bytes with quads of weights, and adds to sums: one instruction.
struct WideDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = true;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
    return vusdotq_s32(sums, vreinterpretq_u8_s32(bytes), vreinterpretq_s8_s32(weights));
  }
};
#else
#if defined(__ARM_FEATURE_DOTPROD)
inline constexpr bool kHasDot = true;
#else
inline constexpr bool kHasDot = false;
#endif

/// What multiplies quads of bytes with quads of weights, and adds to sums. Both are signed: bytes
/// are less by kOffset, which sums make good in advance.
struct WideDot {
  using Operand = int8x16_t;
  static constexpr int kOffset = 128;
  static constexpr bool kOneInstruction = kHasDot;
  static HWY_INLINE Operand bytes(Words quads) {
    return vreinterpretq_s8_u8(veorq_u8(vreinterpretq_u8_s32(quads), vdupq_n_u8(0x80)));
  }
  static HWY_INLINE Operand weights(Words quads) { return vreinterpretq_s8_s32(quads); }
  static HWY_INLINE Words add(Words sums, Operand bytes, Operand weights) {
#if defined(__ARM_FEATURE_DOTPROD)
    return vdotq_s32(sums, bytes, weights);
#else
    // Two products of at most 127 · 128 fit 16 bits.
    const int16x8_t lower = vmull_s8(vget_low_s8(bytes), vget_low_s8(weights));
    const int16x8_t upper = vmull_s8(vget_high_s8(bytes), vget_high_s8(weights));
#if HWY_ARCH_ARM_A64
    return vpadalq_s16(sums, vpaddq_s16(lower, upper));
#else
    return vpadalq_s16(sums, vcombine_s16(vpadd_s16(vget_low_s16(lower), vget_high_s16(lower)),
                                          vpadd_s16(vget_low_s16(upper), vget_high_s16(upper))));
#endif
#endif
  }
};
#endif
using PairsDot = WideDot;

template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
