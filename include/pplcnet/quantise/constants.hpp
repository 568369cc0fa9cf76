#ifndef PPLCNET_QUANTISE_CONSTANTS_HPP
#define PPLCNET_QUANTISE_CONSTANTS_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "pplcnet/graph/activation.hpp"
#include "pplcnet/quantise/arithmetic.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/weights/error.hpp"

// A channel's integer constants from its real terms. In double, where no product is part of a sum:
// every machine gets the same. Errors are sentences about a channel, whose layer and number the
// caller puts in front.

namespace pplcnet::inline PPLCNET_ABI {

/// What a channel's bytes mean: x = scale · (byte - zero).
struct ByteScale {
  float scale = 1;
  std::uint8_t zero = 0;

  /// Returns the largest magnitude of a byte.
  constexpr double reach() const { return double{scale} * std::max<int>(zero, 255 - zero); }
  constexpr bool operator==(const ByteScale&) const = default;
};

/// The values that a channel takes.
struct Range {
  double low = 0, high = 0;
};

/// A channel's sum in real terms: weight_scale · Σ W · (q - z) + bias.
struct ChannelSum {
  float weight_scale = 1, bias = 0;
  std::int64_t reach = 0;  ///< Σ |W| · 255
  double offset = 0;       ///< Σ W · z
};

/// What becomes of the sums of a channel that gives bytes.
struct ByteEnding {
  Activation activation = Activation::none, last_activation = Activation::none;
  bool adds = false;  ///< a map
  ByteScale addend = {};

  /// Its values are not negative: byte 0 is 0.
  constexpr bool starts_at_zero() const {
    const Activation::Kind last = adds ? last_activation.kind : activation.kind;
    return last == Activation::Kind::relu || last == Activation::Kind::relu6;
  }
};

namespace constants {

inline constexpr double kHalves = 32768, kMost = 32767;
inline constexpr int kMostShift = 30;
/// Multipliers have ten bits or more where the sums have enough.
inline constexpr double kLeastMultiplier = 1024;
inline constexpr double kLeastFactorMultiplier = 4096;

/// Returns whether float32 has room for a number.
inline bool is_finite(double value) { return std::abs(value) <= std::numeric_limits<float>::max(); }

inline bool is_scale(float value) { return value > 0 && is_finite(value); }

/// Writes what is rounded to an integer of 16 bits, whose place in the arithmetic is `what`.
inline Error set(std::int16_t& constant, double value, const char* what) {
  if (!(std::abs(value) <= kMost + 0.5))
    return Error::of("its scales differ too much: its ", what, " needs more than 16 bits");
  constant = static_cast<std::int16_t>(
      std::min<std::int64_t>(round_half_even(value), static_cast<std::int64_t>(kMost)));
  return {};
}

/// A step of a sum in 16 bits, and what an output's step makes of it.
struct Steps {
  int shift = 0;
  double step = 0;        ///< real value of a step
  double multiplier = 0;  ///< of 2^15
};

/// Returns the steps with the smallest shift for which 16 bits reach so far and the multiplier, a
/// function of the step, is large enough.
template <class Multiplier>
Steps steps_of(float weight_scale, double reach, double least, const Multiplier& multiplier) {
  Steps steps;
  double power = 1;
  for (;; ++steps.shift, power *= 2) {
    steps.step = double{weight_scale} * power;
    steps.multiplier = multiplier(steps.step);
    if (steps.shift == kMostShift) break;
    if (steps.step * kMost >= reach && std::abs(steps.multiplier) > least - 0.5) break;
  }
  return steps;
}

/// Returns 2^15 times the steps of an output in one of a sum, for an output's step of 1.
inline double unit_of(const ByteEnding& ending, double step) {
  if (ending.adds) return step * (kHalves * kAddendSteps);
  if (ending.activation.kind != Activation::Kind::hardswish) return step * kHalves;
  return step * step * (kHalves * kHalves) / 6;
}

/// What a hardswish's sum reaches at least: 3 in 14 bits.
inline constexpr double kHardswishReach = 6 * (kMost / (kMost - 1));

inline Steps steps_of(float weight_scale, const ByteEnding& ending, const ByteScale& output) {
  const auto multiplier = [&](double step) { return unit_of(ending, step) / output.scale; };
  if (ending.activation.kind != Activation::Kind::hardswish) {
    double reach = output.reach();
    if (ending.adds) reach = reach + ending.addend.reach();
    return steps_of(weight_scale, reach, kLeastMultiplier, multiplier);
  }
  Steps steps = steps_of(weight_scale, std::max(output.reach(), kHardswishReach), kLeastMultiplier,
                         multiplier);
  // Bytes of coarse steps reach further than the values do.
  while (steps.shift > 0 && steps.multiplier > kMost + 0.5) {
    --steps.shift;
    steps.step /= 2;
    steps.multiplier = multiplier(steps.step);
  }
  return steps;
}

/// Sets the bias, with a half step for rounding.
inline Error set_sum(ChannelConstants& channel, const ChannelSum& sum, int shift) {
  if (!is_scale(sum.weight_scale))
    return Error::of("the scale of its weights is no positive number");
  if (!is_finite(sum.bias)) return Error::of("its bias is no finite number");
  const double half = shift > 0 ? static_cast<double>(std::int64_t{1} << (shift - 1)) : 0;
  const double bias = double{sum.bias} / double{sum.weight_scale} - sum.offset + half;
  if (!(std::abs(bias) + static_cast<double>(sum.reach) < 2147483647.0))
    return Error::of("its sums need more than 32 bits");
  channel.bias = static_cast<std::int32_t>(round_half_even(bias));
  channel.shift = shift;
  return {};
}

inline Error flaw_of(const ByteScale& output, bool starts_at_zero) {
  if (!is_scale(output.scale)) return Error::of("its scale is no positive number");
  if (!is_finite(output.reach())) return Error::of("its values can be infinite");
  if (starts_at_zero && output.zero != 0)
    return Error::of("its zero point is ", int{output.zero}, ", and after a ReLU it is 0");
  return {};
}

}  // namespace constants

/// Computes the constants of a channel that gives bytes.
inline Error constants_of(const ChannelSum& sum, const ByteEnding& ending, const ByteScale& output,
                          ChannelConstants& channel) {
  using Kind = Activation::Kind;
  if (auto error = constants::flaw_of(output, ending.starts_at_zero())) return error;
  if (ending.adds)
    if (auto error = constants::flaw_of(ending.addend, false)) return error;
  if (ending.activation.kind == Kind::relu6 && 255 * double{output.scale} > 6 + output.scale / 2.0)
    return Error::of("its bytes reach beyond the 6 of a ReLU6");
  const constants::Steps steps = constants::steps_of(sum.weight_scale, ending, output);
  if (auto error = constants::set_sum(channel, sum, steps.shift)) return error;
  channel.scale = output.scale;
  channel.zero = output.zero;
  if (ending.activation.kind == Kind::hardswish)
    if (auto error = constants::set(channel.three, 3 / steps.step, "3")) return error;
  if (ending.adds) {
    channel.addend_zero = ending.addend.zero;
    if (auto error = constants::set(channel.addend_multiplier,
                                    double{ending.addend.scale} * 8192 / double{output.scale},
                                    "addend's multiplier"))
      return error;
  }
  return constants::set(channel.multiplier, steps.multiplier, "multiplier");
}

/// Computes the constants of a channel that gives a gate's factors: of a map with one scale, for a
/// gated one with another.
inline Error factor_constants(const ChannelSum& sum, const Activation& activation, float map_scale,
                              float gated_scale, ChannelConstants& channel) {
  for (const float scale : {map_scale, gated_scale})
    if (!constants::is_scale(scale)) return Error::of("a scale of its gate is no positive number");
  const double one = 2048 * double{map_scale} / double{gated_scale};
  if (!constants::is_finite(1 / one)) return Error::of("the scales of its gate differ too much");
  if (auto error = constants::set(channel.three, one, "largest factor")) return error;
  double slope = kSigmoidOne, reach = 8;
  if (activation.kind != Activation::Kind::sigmoid) {
    const double offset = activation.offset;
    if (auto error = constants::set(channel.zero, offset * one, "offset")) return error;
    slope = double{activation.slope} * one;
    reach = activation.slope == 0 ? 0
                                  : std::max(std::abs(offset), std::abs(1 - offset)) /
                                        std::abs(double{activation.slope});
  }
  const double least = slope == 0 ? 0 : constants::kLeastFactorMultiplier;
  const constants::Steps steps =
      constants::steps_of(sum.weight_scale, reach, least,
                          [&](double step) { return step * slope * constants::kHalves; });
  if (auto error = constants::set_sum(channel, sum, steps.shift)) return error;
  channel.scale = static_cast<float>(1 / one);
  return constants::set(channel.multiplier, steps.multiplier, "multiplier");
}

/// Computes the constants of a channel that gives a logit.
inline Error logit_constants(const ChannelSum& sum, ChannelConstants& channel) {
  channel.scale = sum.weight_scale;
  if (auto error = constants::set_sum(channel, sum, 0)) return error;
  // Rounded as kernels do: no sum is larger than this one.
  const auto most = static_cast<float>(std::abs(std::int64_t{channel.bias}) + sum.reach);
  const double largest = double{most} * double{channel.scale};
  return constants::is_finite(largest) ? Error() : Error::of("its logits can be infinite");
}

/// Computes the constants of a pool's channel.
inline Error pool_constants(const ByteScale& input, const ByteScale& output,
                            ChannelConstants& channel) {
  for (const ByteScale& one : {input, output})
    if (auto error = constants::flaw_of(one, false)) return error;
  channel.scale = output.scale;
  channel.zero = output.zero;
  channel.addend_zero = input.zero;
  return constants::set(channel.multiplier, double{input.scale} * 256 / double{output.scale},
                        "multiplier");
}

/// Computes the constants of a gated channel; the factors have its scales.
inline Error gate_constants(const ByteScale& map, const Activation& activation,
                            const ByteScale& output, ChannelConstants& channel) {
  if (auto error = constants::flaw_of(map, false)) return error;
  if (auto error = constants::flaw_of(output, activation.kind == Activation::Kind::relu))
    return error;
  channel.scale = output.scale;
  channel.zero = output.zero;
  channel.addend_zero = map.zero;
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_CONSTANTS_HPP
