#ifndef PPLCNET_IMAGE_VIEW_HPP
#define PPLCNET_IMAGE_VIEW_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Channels of what a network sees: red, green and blue.
inline constexpr int kImageChannels = 3;

/// The order of a pixel's 8-bit channels in memory. OpenCV's pictures are `bgr`.
/// Alpha is ignored, as OpenCV's and Pillow's conversions to RGB do; `grey` stands for three equal
/// channels.
enum class PixelFormat : unsigned char { rgb, bgr, rgba, bgra, grey };

/// Where the channels of a pixel are, in bytes from where it is, and its right neighbour: of a
/// format, or of any array with strides, such as planes or a picture that is mirrored.
struct PixelLayout {
  std::ptrdiff_t bytes = kImageChannels;
  std::ptrdiff_t red = 0, green = 1, blue = 2;

  constexpr bool operator==(const PixelLayout&) const = default;
};

constexpr PixelLayout layout_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::bgr:
      return {.bytes = 3, .red = 2, .green = 1, .blue = 0};
    case PixelFormat::rgba:
      return {.bytes = 4, .red = 0, .green = 1, .blue = 2};
    case PixelFormat::bgra:
      return {.bytes = 4, .red = 2, .green = 1, .blue = 0};
    case PixelFormat::grey:
      return {.bytes = 1, .red = 0, .green = 0, .blue = 0};
    case PixelFormat::rgb:
      break;
  }
  return {};
}

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

  /// Returns the bytes of its pixels when its rows have no gaps.
  constexpr std::size_t byte_count() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * kImageChannels;
  }
};

/// Refers to a decoded picture of 8 bits a channel, the first row on top. It owns
/// nothing: the pixels must stay where they are while it is used.
///
///     ImageView(mat.data, mat.cols, mat.rows, PixelFormat::bgr, mat.step)  // a cv::Mat of CV_8UC3
struct ImageView {
  constexpr ImageView() = default;
  /// `row_stride` is in bytes from a row to the next, 0 for rows without gaps. The format has no
  /// default: of a picture whose channels are taken for others, a wrong class is all one would see.
  constexpr ImageView(const std::uint8_t* first_pixel, int columns, int rows,
                      PixelFormat pixel_format, std::size_t row_stride = 0)
      : ImageView(first_pixel, columns, rows, layout_of(pixel_format),
                  row_stride != 0 ? static_cast<std::ptrdiff_t>(row_stride)
                                  : columns * layout_of(pixel_format).bytes) {}
  /// Takes any strides in bytes, which may be negative.
  constexpr ImageView(const std::uint8_t* first_pixel, int columns, int rows,
                      const PixelLayout& pixel_layout, std::ptrdiff_t row_stride)
      : pixels(first_pixel),
        width(columns),
        height(rows),
        layout(pixel_layout),
        row_bytes(row_stride) {}

  constexpr ImageSize size() const { return {width, height}; }
  constexpr bool empty() const { return pixels == nullptr || width <= 0 || height <= 0; }
  constexpr bool is_rgb() const { return layout == PixelLayout{}; }
  constexpr const std::uint8_t* row(int y) const { return pixels + y * row_bytes; }
  constexpr const std::uint8_t* pixel(int x, int y) const { return row(y) + x * layout.bytes; }

  const std::uint8_t* pixels = nullptr;
  int width = 0;   ///< In pixels.
  int height = 0;  ///< In pixels.
  PixelLayout layout;
  std::ptrdiff_t row_bytes = 0;  ///< From a row to the next.
};

/// Writes the pixels of `window`, a part of `source`, to `out` as RGB, rows without gaps.
inline void copy_window(ImageView source, CropWindow window, std::uint8_t* out) {
  const std::size_t row_bytes = static_cast<std::size_t>(window.width) * kImageChannels;
  const auto [bytes, red, green, blue] = source.layout;
  for (int y = window.top; y < window.top + window.height; ++y) {
    const std::uint8_t* pixel = source.pixel(window.left, y);
    if (source.is_rgb()) {
      std::memcpy(out, pixel, row_bytes);
      out += row_bytes;
      continue;
    }
    for (int x = 0; x < window.width; ++x, pixel += bytes) {
      *out++ = pixel[red];
      *out++ = pixel[green];
      *out++ = pixel[blue];
    }
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_VIEW_HPP
