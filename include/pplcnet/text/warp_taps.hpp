#ifndef PPLCNET_TEXT_WARP_TAPS_HPP
#define PPLCNET_TEXT_WARP_TAPS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "pplcnet/abi.hpp"
#include "pplcnet/rounding.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// How much each of 4×4 pixels contributes to one between them: OpenCV's INTER_CUBIC of 8-bit
/// pictures (imgproc/src/imgwarp.cpp), for positions of 1/32 of a pixel, in fixed point.
struct WarpTaps {
  static constexpr int kBits = 5, kPositions = 1 << kBits;
  static constexpr int kWeightBits = 15, kOne = 1 << kWeightBits;

  std::array<std::int16_t, 16> weights = {};

  /// Returns the value of a channel; `rows` and `columns` are where the pixels are.
  std::uint8_t of(const std::array<const std::uint8_t*, 4>& rows,
                  const std::array<std::ptrdiff_t, 4>& columns, std::ptrdiff_t channel) const {
    int sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i)
      sum += weights[i] * rows[i / 4][columns[i % 4] + channel];
    return static_cast<std::uint8_t>(std::clamp((sum + kOne / 2) >> kWeightBits, 0, 255));
  }

  /// Returns the weights along one axis, at `x` from the second pixel.
  static constexpr std::array<float, 4> along_axis(float x) {
    constexpr float kA = -0.75F;
    const float y = 1 - x, z = x + 1;
    const float first = ((kA * z - 5 * kA) * z + 8 * kA) * z - 4 * kA;
    const float second = ((kA + 2) * x - (kA + 3)) * x * x + 1;
    const float third = ((kA + 2) * y - (kA + 3)) * y * y + 1;
    return {first, second, third, 1 - first - second - third};
  }

  static WarpTaps at(int x, int y) {
    const auto across = along_axis(static_cast<float>(x) / kPositions);
    const auto down = along_axis(static_cast<float>(y) / kPositions);
    WarpTaps taps;
    int rest = kOne;
    for (std::size_t i = 0; i < 16; ++i) {
      const std::int64_t weight = round_half_even(double{down[i / 4] * across[i % 4] * kOne});
      taps.weights[i] = static_cast<std::int16_t>(std::min<std::int64_t>(weight, INT16_MAX));
      rest -= taps.weights[i];
    }
    // What is missing to one goes to the largest of the last four, what is too much comes from the
    // smallest.
    constexpr std::array<std::size_t, 4> kLast = {10, 11, 14, 15};
    const auto value = [&](std::size_t i) { return taps.weights[i]; };
    const std::size_t chosen = rest > 0 ? *std::ranges::max_element(kLast, {}, value)
                                        : *std::ranges::min_element(kLast, {}, value);
    taps.weights[chosen] = static_cast<std::int16_t>(taps.weights[chosen] + rest);
    return taps;
  }
};

/// Returns the taps of a position, of whose coordinates the last bits count.
inline const WarpTaps& warp_taps(int x, int y) {
  constexpr int kMask = WarpTaps::kPositions - 1;
  static const auto kTable = [] {
    std::array<WarpTaps, WarpTaps::kPositions * WarpTaps::kPositions> table;
    for (std::size_t i = 0; i < table.size(); ++i)
      table[i] = WarpTaps::at(static_cast<int>(i) & kMask, static_cast<int>(i) >> WarpTaps::kBits);
    return table;
  }();
  return kTable[static_cast<std::size_t>((y & kMask) << WarpTaps::kBits | (x & kMask))];
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_WARP_TAPS_HPP
