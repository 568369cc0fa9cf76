#ifndef PPLCNET_TRAIN_AUGMENT_WARP_HPP
#define PPLCNET_TRAIN_AUGMENT_WARP_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/train/elementary.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Where the pixels of a warped picture come from: the pixel (x, y) of the result, counted from the
/// centre, is what is at (xx x + xy y + x0, yx x + yy y + y0), counted from it too.
struct Warp {
  double xx = 1, xy = 0, x0 = 0;
  double yx = 0, yy = 1, y0 = 0;

  /// Turns what is seen clockwise.
  static constexpr Warp rotation(double degrees) {
    const auto [sine, cosine] = sine_and_cosine(degrees / 360);
    return {.xx = cosine, .xy = sine, .yx = -sine, .yy = cosine};
  }
  static constexpr Warp shear_x(double amount) { return {.xy = amount}; }
  static constexpr Warp shear_y(double amount) { return {.yx = amount}; }
  /// Moves what is seen to the left and up, in pixels.
  static constexpr Warp shift(double x, double y) { return {.x0 = x, .y0 = y}; }
};

using Colour = std::array<std::uint8_t, kImageChannels>;

/// Returns the mean colour of the pixels at the border of an RGB picture, which is not empty.
inline Colour border_colour(std::span<const std::uint8_t> pixels, ImageSize size) {
  const auto width = static_cast<std::size_t>(size.width);
  const auto height = static_cast<std::size_t>(size.height);
  std::array<std::size_t, kImageChannels> sums = {};
  const auto add = [&](std::size_t x, std::size_t y) {
    for (std::size_t channel = 0; channel < kImageChannels; ++channel)
      sums[channel] += pixels[(y * width + x) * kImageChannels + channel];
  };
  for (std::size_t x = 0; x < width; ++x) {
    add(x, 0);
    add(x, height - 1);
  }
  for (std::size_t y = 0; y < height; ++y) {
    add(0, y);
    add(width - 1, y);
  }
  Colour colour = {};
  const std::size_t count = 2 * (width + height);
  for (std::size_t channel = 0; channel < kImageChannels; ++channel)
    colour[channel] = static_cast<std::uint8_t>((sums[channel] + count / 2) / count);
  return colour;
}

/// Warps the RGB picture `source` (rows without gaps) into `out`, which has its size and does not
/// overlap it: bilinear, in fixed point. What comes from outside has the colour `outside`.
inline void warp(std::span<const std::uint8_t> source, ImageSize size, const Warp& how,
                 Colour outside, std::span<std::uint8_t> out) {
  constexpr int kBits = 16, kWeightBits = 8, kOne = 1 << kWeightBits;
  const auto fixed = [](double value) { return round_half_even(value * (1 << kBits)); };
  const std::int64_t xx = fixed(how.xx), xy = fixed(how.xy), yx = fixed(how.yx), yy = fixed(how.yy);
  const double centre_x = (size.width - 1) / 2.0, centre_y = (size.height - 1) / 2.0;
  const std::int64_t x0 = fixed(centre_x + how.x0), y0 = fixed(centre_y + how.y0);
  const std::int64_t middle_x = size.width - 1, middle_y = size.height - 1;  // twice the centre
  const auto value_at = [&](std::int64_t x, std::int64_t y, std::size_t channel) -> int {
    if (x < 0 || y < 0 || x >= size.width || y >= size.height) return outside[channel];
    const auto pixel = static_cast<std::size_t>(y * size.width + x);
    return source[pixel * kImageChannels + channel];
  };
  std::uint8_t* pixel = out.data();
  for (std::int64_t y = 0; y < size.height; ++y)
    for (std::int64_t x = 0; x < size.width; ++x) {
      const std::int64_t dx = 2 * x - middle_x, dy = 2 * y - middle_y;
      const std::int64_t from_x = x0 + (xx * dx + xy * dy) / 2;
      const std::int64_t from_y = y0 + (yx * dx + yy * dy) / 2;
      const std::int64_t left = from_x >> kBits, top = from_y >> kBits;
      const int right_weight = static_cast<int>((from_x >> (kBits - kWeightBits)) & (kOne - 1));
      const int lower_weight = static_cast<int>((from_y >> (kBits - kWeightBits)) & (kOne - 1));
      for (std::size_t channel = 0; channel < kImageChannels; ++channel) {
        const int upper = value_at(left, top, channel) * (kOne - right_weight) +
                          value_at(left + 1, top, channel) * right_weight;
        const int lower = value_at(left, top + 1, channel) * (kOne - right_weight) +
                          value_at(left + 1, top + 1, channel) * right_weight;
        const int sum = upper * (kOne - lower_weight) + lower * lower_weight;
        *pixel++ = static_cast<std::uint8_t>((sum + kOne * kOne / 2) >> (2 * kWeightBits));
      }
    }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_AUGMENT_WARP_HPP
