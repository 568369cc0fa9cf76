#ifndef PPLCNET_QUANTISE_WEIGHTS_HPP
#define PPLCNET_QUANTISE_WEIGHTS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <vector>

#include "pplcnet/plan/quantised_layer.hpp"
#include "pplcnet/rounding.hpp"

// Real weights to int8 ones, and their order in a sum.

namespace pplcnet::inline PPLCNET_ABI {

/// The largest weight, and the largest sum of two neighbours in a product.
inline constexpr int kLargestWeight = 127, kLargestPair = 128;

/// Returns the place in the packed sum of a weight whose number counts [in][rows][columns].
constexpr std::size_t place_in_sum(const QuantisedLayer& layer, std::size_t number) {
  const auto width = static_cast<std::size_t>(layer.kernel.width);
  const auto height = static_cast<std::size_t>(layer.kernel.height);
  const std::size_t column = number % width, row = number / width % height;
  const std::size_t in = number / width / height;
  if (layer.op == Operator::depthwise)
    return column * static_cast<std::size_t>(round_up(layer.kernel.height, kQuad)) + row;
  return row * static_cast<std::size_t>(layer.row_depth()) +
         column * static_cast<std::size_t>(layer.input.channels) + in;
}

/// Returns how many weights an output channel of a layer has.
constexpr std::size_t weights_of_channel(const QuantisedLayer& layer) {
  return static_cast<std::size_t>(layer.kernel.height) *
         static_cast<std::size_t>(layer.kernel.width) *
         static_cast<std::size_t>(layer.op == Operator::depthwise ? 1 : layer.input.channels);
}

/// Rounds the real weights of a layer's output channels, one after the other.
class WeightRounding {
 public:
  explicit WeightRounding(const QuantisedLayer& layer) {
    pairs_.assign(layer.op == Operator::depthwise ? 0 : static_cast<std::size_t>(layer.depth()) / 2,
                  {kNone, kNone});
    if (pairs_.empty()) return;
    for (std::size_t k = 0; k < weights_of_channel(layer); ++k) {
      const std::size_t place = place_in_sum(layer, k);
      pairs_[place / 2][place % 2] = k;
    }
  }

  /// Rounds weights, whose input's scales they have, with the scale that loses the least of those
  /// tried, which is returned. It is at least `least`, at most `most` if that is larger.
  float round(std::span<const double> weights, double least, double most,
              std::span<std::int8_t> rounded_weights) const {
    double largest = 0, widest = 0;
    for (const double weight : weights) largest = std::max(largest, std::abs(weight));
    for (const auto& [one, other] : pairs_)
      if (one != kNone && other != kNone)
        widest = std::max(widest, std::abs(weights[one]) + std::abs(weights[other]));
    const double first = largest / kLargestWeight;  // without clipping
    const double last = std::max(first, widest / kLargestPair);
    double best = std::numeric_limits<double>::infinity();
    auto scale = static_cast<float>(std::max(std::min(last, most), least));
    const int below = pairs_.empty() ? 6 : 12;  // a few of many weights may be clipped
    for (int i = -below; i <= kSteps && largest > 0; ++i) {
      const double part = static_cast<double>(i) / (i < 0 ? 2 * kSteps : kSteps);
      const double tried = first + rounded((i < 0 ? first : last - first) * part);
      const auto candidate = static_cast<float>(std::max(std::min(tried, most), least));
      const double error = error_of(weights, candidate, rounded_weights);
      if (error < best) {
        best = error;
        scale = candidate;
      }
    }
    error_of(weights, scale, rounded_weights);
    return scale;
  }

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  static constexpr int kSteps = 16;

  /// Rounds with one scale; returns the sum of squared errors.
  double error_of(std::span<const double> weights, float scale,
                  std::span<std::int8_t> result) const {
    const double inverse = 1 / double{scale};
    for (std::size_t k = 0; k < weights.size(); ++k)
      result[k] = static_cast<std::int8_t>(round_half_even(
          std::clamp<double>(weights[k] * inverse, -kLargestWeight, kLargestWeight)));
    for (const auto& [one, other] : pairs_)
      if (one != kNone && other != kNone)
        while (std::abs(result[one]) + std::abs(result[other]) > kLargestPair)
          shrink(lost(weights[one], inverse, result[one]) >
                         lost(weights[other], inverse, result[other])
                     ? result[other]
                     : result[one]);
    double sum = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const double error = weights[k] - rounded(double{scale} * result[k]);
      sum += rounded(error * error);
    }
    return sum;
  }

  /// Returns how far a weight is above its integer, both without signs, in steps.
  static double lost(double weight, double inverse, int integer) {
    return rounded(std::abs(weight) * inverse) - std::abs(integer);
  }

  static void shrink(std::int8_t& weight) {
    weight = static_cast<std::int8_t>(weight > 0 ? weight - 1 : weight + 1);
  }

  /// The numbers of neighbours in the packed sum; empty for depthwise layers.
  std::vector<std::array<std::size_t, 2>> pairs_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_WEIGHTS_HPP
