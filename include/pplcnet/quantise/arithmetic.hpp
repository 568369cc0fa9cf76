#ifndef PPLCNET_QUANTISE_ARITHMETIC_HPP
#define PPLCNET_QUANTISE_ARITHMETIC_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "pplcnet/graph/activation.hpp"
#include "pplcnet/rounding.hpp"

// The arithmetic of networks in bytes, one value at a time: integers alone, so that every machine
// computes the same. README.md says what it means.

namespace pplcnet::inline PPLCNET_ABI {

/// The constants of one channel: see EndingConstants.
struct ChannelConstants {
  std::int32_t bias = 0, shift = 0;
  float scale = 0;
  std::int16_t multiplier = 0, three = 0, zero = 0, addend_multiplier = 0, addend_zero = 0;

  constexpr bool operator==(const ChannelConstants&) const = default;
};

constexpr std::int16_t sat16(std::int32_t value) {
  using Limits = std::numeric_limits<std::int16_t>;
  return static_cast<std::int16_t>(std::clamp<std::int32_t>(value, Limits::min(), Limits::max()));
}

constexpr std::uint8_t satu8(std::int32_t value) {
  return static_cast<std::uint8_t>(std::clamp<std::int32_t>(value, 0, 255));
}

constexpr std::int16_t sat_add(std::int16_t a, std::int16_t b) {
  return sat16(std::int32_t{a} + b);
}

/// Returns a · b / 2^15, rounded. No constant is -2^15, with which instructions would disagree.
constexpr std::int16_t mulhrs(std::int16_t a, std::int16_t b) {
  return sat16((std::int32_t{a} * b + (1 << 14)) >> 15);
}

/// Returns a sum, whose bias has a half step for the rounding, in 16 bits.
constexpr std::int16_t half_of(std::int32_t sum, const ChannelConstants& channel) {
  return sat16(sum >> channel.shift);
}

/// Returns a value in the output's steps as a byte.
constexpr std::uint8_t byte_of(std::int16_t value, std::int16_t multiplier, std::int16_t zero) {
  return satu8(sat_add(mulhrs(value, multiplier), zero));
}

/// Ends a sum with an activation: none, relu, relu6 (their lower bound is byte 0, the upper one
/// byte 255) or hardswish.
constexpr std::uint8_t ended(std::int32_t sum, Activation::Kind activation,
                             const ChannelConstants& channel) {
  std::int16_t u = half_of(sum, channel);
  if (activation == Activation::Kind::hardswish) {
    const auto six = static_cast<std::int16_t>(2 * channel.three);
    u = mulhrs(u, std::clamp<std::int16_t>(sat_add(u, channel.three), 0, six));
  }
  return byte_of(u, channel.multiplier, channel.zero);
}

/// Fractions of a step in which addends are added.
inline constexpr int kAddendSteps = 16;

/// Ends a sum to which a map is added. `activation` comes before the addition, none or relu; a relu
/// after it is byte 0.
constexpr std::uint8_t ended_with(std::uint8_t addend, std::int32_t sum,
                                  Activation::Kind activation, const ChannelConstants& channel) {
  std::int16_t own = mulhrs(half_of(sum, channel), channel.multiplier);
  if (activation == Activation::Kind::relu) own = std::max<std::int16_t>(own, 0);
  const auto steps = static_cast<std::int16_t>((addend - channel.addend_zero) * 64);
  const std::int16_t total = sat_add(own, mulhrs(steps, channel.addend_multiplier));
  const auto whole = static_cast<std::int16_t>(sat_add(total, kAddendSteps / 2) >> 4);
  return satu8(sat_add(whole, channel.zero));
}

/// The most pixels that a pool takes the mean of: 128 · 255 · n + n / 2 has 31 bits.
inline constexpr int kMostPooledPixels = 65536;

/// Returns the mean of `pixels` bytes whose sum is given.
constexpr std::uint8_t pooled(std::int32_t sum, std::int32_t pixels,
                              const ChannelConstants& channel) {
  const std::int32_t mean = (sum * 128 + pixels / 2) / pixels;
  return byte_of(sat16(mean - channel.addend_zero * 128), channel.multiplier, channel.zero);
}

/// The sigmoid is a table of so many straight pieces from -8 to 8, each of 16 steps of 1/1024.
inline constexpr int kSigmoidPieces = 1024;
inline constexpr int kSigmoidSteps = 16;
/// Sums become so many steps of each 1 of a sigmoid's argument.
inline constexpr int kSigmoidOne = 1024;

namespace arithmetic {

/// Returns exp(-x) for 0 ≤ x ≤ 8 by multiplications that no compiler may fuse with a sum.
constexpr double exponential(double x) {
  const double part = x / 1024;
  double power = 1;
  for (int i = 6; i > 0; --i) power = 1 - rounded(part / i * power);
  for (int i = 0; i < 10; ++i) power = rounded(power * power);
  return power;
}

constexpr std::array<std::int16_t, kSigmoidPieces + 1> sigmoids() {
  std::array<std::int16_t, kSigmoidPieces + 1> table = {};
  constexpr std::size_t kHalf = kSigmoidPieces / 2;
  for (std::size_t i = 0; i <= kHalf; ++i) {
    const double power = exponential(static_cast<double>(i) / 64);
    const auto value = static_cast<std::int16_t>(round_half_even(32768 / (1 + power)));
    table[kHalf + i] = value;
    table[kHalf - i] = static_cast<std::int16_t>(32768 - value);
  }
  return table;
}

}  // namespace arithmetic

/// 2^15 times the sigmoid of -8, -8 + 1/64 … 8.
inline constexpr std::array<std::int16_t, kSigmoidPieces + 1> kSigmoidTable =
    arithmetic::sigmoids();

/// Returns 2^15 times the sigmoid of y / 1024.
constexpr std::int16_t sigmoid_of(std::int16_t y) {
  constexpr int kHalf = kSigmoidPieces / 2 * kSigmoidSteps;
  const int place = std::clamp<int>(y, -kHalf, kHalf - 1) + kHalf;
  const std::int16_t* const piece = kSigmoidTable.data() + (place >> 4);
  const int slope = piece[1] - piece[0];
  return static_cast<std::int16_t>(piece[0] + ((slope * (place & (kSigmoidSteps - 1))) >> 4));
}

/// Ends a sum as a gate's factor, by a hardsigmoid or a sigmoid.
constexpr std::int16_t factor_of(std::int32_t sum, Activation::Kind activation,
                                 const ChannelConstants& channel) {
  const std::int16_t y = mulhrs(half_of(sum, channel), channel.multiplier);
  if (activation == Activation::Kind::sigmoid) return mulhrs(sigmoid_of(y), channel.three);
  return std::clamp<std::int16_t>(sat_add(y, channel.zero), 0, channel.three);
}

/// Returns a byte of a map times its factor.
constexpr std::uint8_t gated(std::uint8_t value, std::int16_t factor,
                             const ChannelConstants& channel) {
  return byte_of(static_cast<std::int16_t>((value - channel.addend_zero) * 16), factor,
                 channel.zero);
}

/// Returns a logit: one conversion and one multiplication.
constexpr float logit_of(std::int32_t sum, const ChannelConstants& channel) {
  return static_cast<float>(sum) * channel.scale;
}

/// Returns the real value of a byte.
constexpr float dequantised(std::uint8_t value, float scale, std::int32_t zero) {
  return static_cast<float>(value - zero) * scale;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_ARITHMETIC_HPP
