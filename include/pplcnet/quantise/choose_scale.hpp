#ifndef PPLCNET_QUANTISE_CHOOSE_SCALE_HPP
#define PPLCNET_QUANTISE_CHOOSE_SCALE_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "pplcnet/graph/activation.hpp"
#include "pplcnet/quantise/arithmetic.hpp"
#include "pplcnet/quantise/constants.hpp"
#include "pplcnet/rounding.hpp"

// Scales for the values of a channel, such that integer constants represent them exactly: computed
// as those are.

namespace pplcnet::inline PPLCNET_ABI {

namespace constants {

/// Returns the smallest scale of a hardswish's bytes whose sum reaches so far: it is multiplied by
/// itself, so that the multiplier of large steps is large.
inline float least_hardswish_scale(float weight_scale, const ByteEnding& ending, double reach) {
  const Steps steps = steps_of(weight_scale, std::max(reach, kHardswishReach), 0,
                               [&](double step) { return unit_of(ending, step); });
  return static_cast<float>(steps.multiplier / kMost);
}

/// Returns a range with 0 in it, without what an activation never gives.
inline Range with_zero(Range range, bool starts_at_zero) {
  return {starts_at_zero ? 0 : std::min(range.low, 0.0), std::max(range.high, 0.0)};
}

inline std::uint8_t zero_of(const Range& range, float scale) {
  return satu8(
      static_cast<std::int32_t>(round_half_even(std::min(-range.low / double{scale}, 255.0))));
}

/// Returns the scale of about (high - low) / 255 that a multiplier represents exactly.
inline ByteScale exact_scale(const Range& range, double unit) {
  const double wanted = std::max((range.high - range.low) / 255, unit / kMost);
  const double multiplier = std::clamp(std::floor(unit / wanted), 1.0, kMost);
  const auto scale = static_cast<float>(unit / multiplier);
  return {scale, zero_of(range, scale)};
}

}  // namespace constants

/// Returns a scale and a zero point for a channel's sums that take values of a range.
inline ByteScale scale_of(Range range, float weight_scale, const ByteEnding& ending) {
  range = constants::with_zero(range, ending.starts_at_zero());
  const bool limited = ending.activation.kind == Activation::Kind::relu6 && !ending.adds;
  if (limited) range.high = std::min(range.high, 6.0);
  double wanted = std::max((range.high - range.low) / 255, double{weight_scale});
  // An addend's multiplier has 16 bits.
  if (ending.adds) wanted = std::max(wanted, double{ending.addend.scale} * 8192 / constants::kMost);
  auto first = static_cast<float>(wanted);
  if (ending.activation.kind == Activation::Kind::hardswish)
    first = std::max(first, constants::least_hardswish_scale(weight_scale, ending,
                                                             std::max(-range.low, range.high)));
  ByteScale result = {first, constants::zero_of(range, first)};
  for (int attempt = 0; attempt < 8; ++attempt) {
    const ByteScale before = result;
    const constants::Steps steps = constants::steps_of(weight_scale, ending, before);
    const double unit = constants::unit_of(ending, steps.step);
    double multiplier = std::floor(unit / wanted);
    if (limited && unit / wanted > multiplier) ++multiplier;  // no byte is beyond 6
    result.scale = static_cast<float>(unit / std::clamp(multiplier, 1.0, constants::kMost));
    result.zero = constants::zero_of(range, result.scale);
    if (result == before) break;
  }
  return result;
}

/// Returns whether a scale that was chosen for a range divides it, as far as its weights do. A
/// hardswish multiplies its sum by itself, for which 16 bits are too few if values are many
/// thousands: then not even eight steps are left.
inline bool divides(const Range& range, float weight_scale, const ByteEnding& ending,
                    const ByteScale& output) {
  if (ending.activation.kind != Activation::Kind::hardswish) return true;
  constexpr double kLeastSteps = 8, kSmall = 6;
  return kLeastSteps * output.scale <= std::max(range.high - range.low, kSmall) ||
         constants::steps_of(weight_scale, ending, output).shift == 0;
}

/// Returns whether the weights' steps are so coarse that all values of a range are less than one
/// step of the scale that was chosen.
inline bool is_too_coarse(const Range& range, float weight_scale, const ByteEnding& ending,
                          const ByteScale& output) {
  return ending.activation.kind == Activation::Kind::hardswish &&
         output.scale > range.high - range.low &&
         constants::steps_of(weight_scale, ending, output).shift == 0;
}

/// Returns a scale and a zero point for a pool's output.
inline ByteScale pool_scale(const Range& range, const ByteScale& input) {
  return constants::exact_scale(constants::with_zero(range, false), double{input.scale} * 256);
}

/// Returns a scale and a zero point for a gated channel, whose factors are an activation of sums
/// with weights of a scale: the largest factor is an integer, and the sums' multiplier has 16 bits.
inline ByteScale gate_scale(Range range, const Activation& activation, const ByteScale& map,
                            const Activation& factors, float weight_scale) {
  range = constants::with_zero(range, activation.kind == Activation::Kind::relu);
  const double unit = double{map.scale} * 2048;
  if (factors.kind != Activation::Kind::sigmoid) {
    const double least = unit * std::abs(double{factors.slope}) * double{weight_scale};
    range.high = std::max(range.high, range.low + rounded(255.5 * least));
  }
  return constants::exact_scale(range, unit);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_CHOOSE_SCALE_HPP
