#ifndef PPLCNET_IMAGE_VIEW_HPP
#define PPLCNET_IMAGE_VIEW_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Channels of every picture: red, green, blue, in this order.
inline constexpr int kImageChannels = 3;

/// Width and height in pixels.
struct ImageSize {
  int width = 0;
  int height = 0;

  constexpr bool operator==(const ImageSize&) const = default;
};

/// A rectangle of pixels inside a picture.
struct CropWindow {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;

  /// Bytes of its pixels when its rows have no gaps.
  constexpr std::size_t byte_count() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * kImageChannels;
  }
};

/// Somebody else's decoded picture: 8 bits per channel, RGB interleaved, the first row on top.
struct ImageView {
  const std::uint8_t* pixels = nullptr;
  int width = 0;   ///< In pixels.
  int height = 0;  ///< In pixels.
  /// From a row to the next; more than 3 * width if there are gaps between them.
  std::ptrdiff_t row_bytes = std::ptrdiff_t{width} * kImageChannels;

  constexpr ImageSize size() const { return {width, height}; }
  constexpr bool empty() const { return pixels == nullptr || width <= 0 || height <= 0; }
  constexpr const std::uint8_t* row(int y) const { return pixels + y * row_bytes; }
};

/// Writes the pixels of `window`, a part of `source`, to `out`, rows without gaps.
inline void copy_window(ImageView source, CropWindow window, std::uint8_t* out) {
  const std::size_t row_bytes = static_cast<std::size_t>(window.width) * kImageChannels;
  for (int y = 0; y < window.height; ++y, out += row_bytes) {
    std::memcpy(out, source.row(window.top + y) + std::ptrdiff_t{window.left} * kImageChannels,
                row_bytes);
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_VIEW_HPP
