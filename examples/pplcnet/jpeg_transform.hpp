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
    if (is_constant(coefficients)) {
      const std::uint8_t sample = sample_of(static_cast<std::int16_t>(
          (static_cast<std::int16_t>(coefficients[0] * (1 << kMoreBits)) + 16) >> 5));
      for (int y = 0; y < kSize; ++y) std::memset(samples + y * stride, sample, kSize);
      return;
    }
    std::int16_t columns[kValues], rows[kValues];
    transform<kFactorBits - kMoreBits>(coefficients, columns);
    transpose(columns, rows);
    transform<kFactorBits + kMoreBits + 3>(rows, columns);
    for (std::int16_t& value : columns) value = sample_of(value);
    transpose(columns, rows);
    for (int y = 0; y < kSize; ++y)
      for (int x = 0; x < kSize; ++x)
        samples[y * stride + x] = static_cast<std::uint8_t>(rows[kSize * y + x]);
  }

 private:
  static constexpr int kSize = 8, kValues = kSize * kSize, kFactorBits = 13, kMoreBits = 2;

  /// Says whether all coefficients but the first are zero.
  static bool is_constant(const std::int16_t* coefficients) {
    int others = 0;
    for (int i = 1; i < kValues; ++i) others |= coefficients[i];
    return others == 0;
  }

  static std::uint8_t sample_of(std::int16_t value) {
    return static_cast<std::uint8_t>(
        std::clamp<std::int16_t>(static_cast<std::int16_t>(value + 128), 0, 255));
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
  static std::int16_t saturated(int value) {
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
        out[kSize * y + x] = saturated((even + odd) >> kDropped);
        out[kSize * (7 - y) + x] = saturated((even - odd) >> kDropped);
      };
      put(0, sum + outer, by15 + rotated(in1, minus(k1501, k0899), in7, minus(0, k0899)));
      put(1, difference + inner, by37 + rotated(in3, minus(k3072, k2562), in5, minus(0, k2562)));
      put(2, difference - inner, by15 + rotated(in5, minus(k2053, k2562), in3, minus(0, k2562)));
      put(3, sum - outer, by37 + rotated(in7, minus(k0298, k0899), in1, minus(0, k0899)));
    }
  }

  static void transpose(const std::int16_t* in, std::int16_t* out) {
    for (int y = 0; y < kSize; ++y)
      for (int x = 0; x < kSize; ++x) out[kSize * x + y] = in[kSize * y + x];
  }
};

}  // namespace decoding

#endif  // PPLCNET_EXAMPLES_JPEG_TRANSFORM_HPP
