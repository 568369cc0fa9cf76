#ifndef PPLCNET_EXAMPLES_JPEG_TRANSFORM_HPP
#define PPLCNET_EXAMPLES_JPEG_TRANSFORM_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace decoding {

/// Inverse cosine transform of 8x8 coefficients, with the roundings of libjpeg's accurate one
/// (JDCT_ISLOW): the factors of Loeffler, Ligtenberg and Moschytz with 13 bits after the point, and
/// 2 bits more than the samples' between columns and rows.
class InverseTransform {
 public:
  /// Writes 8 rows of 8 samples, `stride` bytes apart. Of damaged files coefficients may be too
  /// large: as with libjpeg-turbo's instructions of x86, sums of 16 bits wrap, results of a pass
  /// saturate, and sums of 32 bits have room for all.
  static void run(const std::int16_t* coefficients, std::uint8_t* samples, std::ptrdiff_t stride) {
    if (std::all_of(coefficients + 1, coefficients + kValues, [](int one) { return one == 0; })) {
      const auto scaled = static_cast<std::int16_t>(coefficients[0] * (1 << kMoreBits));
      const int sample = std::clamp(((scaled + 16) >> 5) + 128, 0, 255);
      for (int y = 0; y < kSize; ++y) std::memset(samples + y * stride, sample, kSize);
      return;
    }
    std::int16_t values[kValues], transposed[kValues];
    transform<kFactorBits - kMoreBits>(coefficients, values);
    transpose(values, transposed);
    transform<kFactorBits + kMoreBits + 3>(transposed, values);
    transpose(values, transposed);
    std::uint8_t bytes[kValues];
    for (int i = 0; i < kValues; ++i) bytes[i] = sample_of(transposed[i]);
    for (int y = 0; y < kSize; ++y) std::memcpy(samples + y * stride, bytes + kSize * y, kSize);
  }

 private:
  static constexpr int kSize = 8, kValues = kSize * kSize, kFactorBits = 13, kMoreBits = 2;

  static std::uint8_t sample_of(std::int16_t value) {
    const auto bright = static_cast<std::int16_t>(value + 128);
    return static_cast<std::uint8_t>(
        std::min<std::int16_t>(std::max<std::int16_t>(bright, 0), 255));
  }

  static constexpr std::int16_t factor(double value) {
    return static_cast<std::int16_t>(value * (1 << kFactorBits) + 0.5);
  }
  static constexpr std::int16_t plus(std::int16_t a, std::int16_t b) {
    return static_cast<std::int16_t>(a + b);
  }
  static constexpr std::int16_t minus(std::int16_t a, std::int16_t b) {
    return static_cast<std::int16_t>(a - b);
  }
  template <int kDropped>
  static std::int16_t dropped(int sum) {
    const int value = sum >> kDropped;
    if constexpr (kDropped >= 16) return static_cast<std::int16_t>(value);  // it fits
    return static_cast<std::int16_t>(std::clamp(value, INT16_MIN, INT16_MAX));
  }
  static constexpr int rotated(std::int16_t a, std::int16_t by_a, std::int16_t b,
                               std::int16_t by_b) {
    return a * by_a + b * by_b;
  }

  /// Transforms eight columns; the lowest `kDropped` bits are rounded away. Every product is one of
  /// 16 by 16 bits, as vector instructions have it.
  template <int kDropped>
  static void transform(const std::int16_t* in, std::int16_t* out) {
    constexpr std::int16_t k0298 = factor(0.298631336), k0390 = factor(0.390180644),
                           k0541 = factor(0.541196100), k0765 = factor(0.765366865),
                           k0899 = factor(0.899976223), k1175 = factor(1.175875602),
                           k1501 = factor(1.501321110), k1847 = factor(1.847759065),
                           k1961 = factor(1.961570560), k2053 = factor(2.053119869),
                           k2562 = factor(2.562915447), k3072 = factor(3.072711026);
    for (int x = 0; x < kSize; ++x) {
      const std::int16_t in0 = in[x], in1 = in[8 + x], in2 = in[16 + x], in3 = in[24 + x],
                         in4 = in[32 + x], in5 = in[40 + x], in6 = in[48 + x], in7 = in[56 + x];
      const int sum = plus(in0, in4) * (1 << kFactorBits) + (1 << (kDropped - 1));
      const int difference = minus(in0, in4) * (1 << kFactorBits) + (1 << (kDropped - 1));
      const int outer = rotated(in2, plus(k0541, k0765), in6, k0541);
      const int inner = rotated(in2, k0541, in6, minus(k0541, k1847));
      const std::int16_t in37 = plus(in3, in7), in15 = plus(in1, in5);
      const int by37 = rotated(in37, minus(k1175, k1961), in15, k1175);
      const int by15 = rotated(in37, k1175, in15, minus(k1175, k0390));
      const auto put = [&](int y, int even, int odd) {
        out[kSize * y + x] = dropped<kDropped>(even + odd);
        out[kSize * (7 - y) + x] = dropped<kDropped>(even - odd);
      };
      put(0, sum + outer, by15 + rotated(in1, minus(k1501, k0899), in7, minus(0, k0899)));
      put(1, difference + inner, by37 + rotated(in3, minus(k3072, k2562), in5, minus(0, k2562)));
      put(2, difference - inner, by15 + rotated(in5, minus(k2053, k2562), in3, minus(0, k2562)));
      put(3, sum - outer, by37 + rotated(in7, minus(k0298, k0899), in1, minus(0, k0899)));
    }
  }

  /// Exchanges rows and columns: each time that halves are interleaved, places rotate by one of
  /// their six bits.
  static void transpose(const std::int16_t* in, std::int16_t* out) {
    std::int16_t once[kValues], twice[kValues];
    interleave(in, once);
    interleave(once, twice);
    interleave(twice, out);
  }
  static void interleave(const std::int16_t* in, std::int16_t* out) {
    for (int i = 0; i < kValues / 2; ++i) {
      out[2 * i] = in[i];
      out[2 * i + 1] = in[kValues / 2 + i];
    }
  }
};

}  // namespace decoding

#endif  // PPLCNET_EXAMPLES_JPEG_TRANSFORM_HPP
