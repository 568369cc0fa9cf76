#ifndef PPLCNET_TRAIN_AUGMENT_COLOUR_HPP
#define PPLCNET_TRAIN_AUGMENT_COLOUR_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/rounding.hpp"

// Operations of Pillow's ImageEnhance and ImageOps on RGB bytes, in whole numbers.

namespace pplcnet::inline PPLCNET_ABI {

using Pixels = std::span<std::uint8_t>;  ///< red, green, blue; rows without gaps

namespace colours {

inline constexpr int kFactorBits = 12;

/// Returns a factor in fixed point.
constexpr int fixed(double factor) {
  return static_cast<int>(round_half_even(factor * (1 << kFactorBits)));
}

constexpr std::uint8_t to_byte(int value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0, 255));
}

/// Goes from `origin` through `value`: factor 0 is the one, 1 the other.
constexpr std::uint8_t blend(int origin, int value, int factor) {
  constexpr int kHalf = 1 << (kFactorBits - 1);
  return to_byte(origin + (((value - origin) * factor + kHalf) >> kFactorBits));
}

/// Returns the grey of a pixel (ITU-R 601).
constexpr int grey(const std::uint8_t* pixel) {
  return (pixel[0] * 19595 + pixel[1] * 38470 + pixel[2] * 7471 + 0x8000) >> 16;
}

/// Counts how many pixels have which value of a channel.
using Histogram = std::array<std::int64_t, 256>;
inline Histogram histogram(std::span<const std::uint8_t> pixels, std::size_t channel) {
  Histogram counts = {};
  for (std::size_t i = channel; i < pixels.size(); i += kImageChannels) ++counts[pixels[i]];
  return counts;
}

/// Replaces each value of a channel by what stands for it.
inline void replace(Pixels pixels, std::size_t channel,
                    const std::array<std::uint8_t, 256>& table) {
  for (std::size_t i = channel; i < pixels.size(); i += kImageChannels)
    pixels[i] = table[pixels[i]];
}

}  // namespace colours

/// Changes the brightness: factor 0 makes all black, 1 leaves it as it is.
inline void change_brightness(Pixels pixels, double factor) {
  const int fixed = colours::fixed(factor);
  for (std::uint8_t& value : pixels) value = colours::blend(0, value, fixed);
}

/// Changes the contrast: factor 0 gives all the mean grey, 1 leaves it as it is.
inline void change_contrast(Pixels pixels, double factor) {
  const int fixed = colours::fixed(factor);
  std::int64_t sum = 0;
  const auto count = static_cast<std::int64_t>(pixels.size() / kImageChannels);
  for (std::size_t i = 0; i < pixels.size(); i += kImageChannels) sum += colours::grey(&pixels[i]);
  const int mean = static_cast<int>((sum + count / 2) / std::max<std::int64_t>(1, count));
  for (std::uint8_t& value : pixels) value = colours::blend(mean, value, fixed);
}

/// Changes the saturation: factor 0 makes all grey, 1 leaves it as it is.
inline void change_saturation(Pixels pixels, double factor) {
  const int fixed = colours::fixed(factor);
  for (std::size_t i = 0; i < pixels.size(); i += kImageChannels) {
    const int grey = colours::grey(&pixels[i]);
    for (std::size_t channel = 0; channel < kImageChannels; ++channel)
      pixels[i + channel] = colours::blend(grey, pixels[i + channel], fixed);
  }
}

/// Factor 0: smoothed, 1: as it is. Pixels of the border stay; `smooth` is storage.
inline void change_sharpness(Pixels pixels, ImageSize size, double factor,
                             std::vector<std::uint8_t>& smooth) {
  const int fixed = colours::fixed(factor);
  const std::ptrdiff_t row = std::ptrdiff_t{size.width} * kImageChannels;
  smooth.assign(pixels.begin(), pixels.end());
  for (std::ptrdiff_t y = 1; y + 1 < size.height; ++y)
    for (std::ptrdiff_t x = kImageChannels; x + kImageChannels < row; ++x) {
      const std::uint8_t* const centre = smooth.data() + y * row + x;
      int sum = 4 * centre[0];
      for (const std::ptrdiff_t dy : {-row, std::ptrdiff_t{0}, row})
        for (const std::ptrdiff_t dx : {-3, 0, 3}) sum += centre[dy + dx];
      std::uint8_t& value = pixels[static_cast<std::size_t>(y * row + x)];
      value = colours::blend((sum + 6) / 13, value, fixed);
    }
}

/// Stretches each channel to all values from 0 to 255.
inline void stretch_contrast(Pixels pixels) {
  for (std::size_t channel = 0; channel < kImageChannels; ++channel) {
    const colours::Histogram counts = colours::histogram(pixels, channel);
    int low = 0, high = 255;
    while (low < high && counts[static_cast<std::size_t>(low)] == 0) ++low;
    while (high > low && counts[static_cast<std::size_t>(high)] == 0) --high;
    if (low >= high) continue;
    std::array<std::uint8_t, 256> table = {};
    for (int value = 0; value < 256; ++value)
      table[static_cast<std::size_t>(value)] = colours::to_byte((value - low) * 255 / (high - low));
    colours::replace(pixels, channel, table);
  }
}

/// Makes the values of each channel equally frequent.
inline void equalise(Pixels pixels) {
  for (std::size_t channel = 0; channel < kImageChannels; ++channel) {
    const colours::Histogram counts = colours::histogram(pixels, channel);
    std::int64_t all = 0, last = 0;
    for (const std::int64_t count : counts) {
      all += count;
      if (count > 0) last = count;
    }
    const std::int64_t step = (all - last) / 255;
    if (step == 0) continue;
    std::array<std::uint8_t, 256> table = {};
    std::int64_t below = step / 2;
    for (std::size_t value = 0; value < 256; ++value) {
      table[value] = static_cast<std::uint8_t>(std::min<std::int64_t>(255, below / step));
      below += counts[value];
    }
    colours::replace(pixels, channel, table);
  }
}

/// Inverts values from `threshold` on.
inline void solarise(Pixels pixels, int threshold) {
  for (std::uint8_t& value : pixels)
    if (value >= threshold) value = static_cast<std::uint8_t>(255 - value);
}

/// Keeps the `bits` highest bits, of 8.
inline void posterise(Pixels pixels, int bits) {
  const int mask = 0xff << (8 - bits);
  for (std::uint8_t& value : pixels) value = static_cast<std::uint8_t>(value & mask);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_AUGMENT_COLOUR_HPP
