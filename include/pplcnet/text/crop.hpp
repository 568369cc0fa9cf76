#ifndef PPLCNET_TEXT_CROP_HPP
#define PPLCNET_TEXT_CROP_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/line_pieces.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/text/quadrilateral.hpp"
#include "pplcnet/text/warp_taps.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A projective map of the plane, row by row.
using Homography = std::array<double, 9>;

/// Returns the map that takes the corners of a quadrilateral to those of a rectangle at the origin;
/// zeros if there is none. All steps are cv2.getPerspectiveTransform's: a last bit decides where
/// a pixel lies that is just between two.
inline Homography homography_of(const Quadrilateral& from, ImageSize rectangle) {
  const double w = rectangle.width, h = rectangle.height;
  const Quadrilateral to = {Point{0, 0}, Point{w, 0}, Point{w, h}, Point{0, h}};
  std::array<std::array<double, 9>, 8> m = {};  // eight equations, and what they are equal to
  for (std::size_t i = 0; i < 4; ++i) {
    const auto [x, y] = from[i];
    const auto [u, v] = to[i];
    m[i] = {x, y, 1, 0, 0, 0, -x * u, -y * u, u};
    m[i + 4] = {0, 0, 0, x, y, 1, -x * v, -y * v, v};
  }
  for (std::size_t column = 0; column < 8; ++column) {
    const auto below = m.begin() + static_cast<std::ptrdiff_t>(column);
    std::iter_swap(below, std::max_element(below, m.end(), [&](const auto& a, const auto& b) {
                     return std::abs(a[column]) < std::abs(b[column]);
                   }));
    if (std::abs(m[column][column]) < 100 * std::numeric_limits<double>::epsilon()) return {};
    const double inverse = -1 / m[column][column];
    for (std::size_t row = column + 1; row < 8; ++row) {
      const double factor = m[row][column] * inverse;
      for (std::size_t i = column + 1; i < 9; ++i) m[row][i] += rounded(factor * m[column][i]);
    }
  }
  Homography result = {};
  for (std::size_t i = 8; i-- > 0;) {
    double sum = m[i][8];
    for (std::size_t k = i + 1; k < 8; ++k) sum -= rounded(m[i][k] * result[k]);
    result[i] = sum / m[i][i];
  }
  result[8] = 1;
  return result;
}

/// Returns the inverse of a map, as cv2.invert does; zeros if there is none.
inline Homography inverse_of(const Homography& m) {
  const auto minor = [&](std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
    return rounded(m[a] * m[b]) - rounded(m[c] * m[d]);
  };
  const double determinant = rounded(m[0] * minor(4, 8, 5, 7)) - rounded(m[1] * minor(3, 8, 5, 6)) +
                             rounded(m[2] * minor(3, 7, 4, 6));
  if (determinant == 0) return {};
  const double scale = 1 / determinant;
  return {minor(4, 8, 5, 7) * scale, minor(2, 7, 1, 8) * scale, minor(1, 5, 2, 4) * scale,
          minor(5, 6, 3, 8) * scale, minor(0, 8, 2, 6) * scale, minor(2, 3, 0, 5) * scale,
          minor(3, 7, 4, 6) * scale, minor(1, 6, 0, 7) * scale, minor(0, 4, 1, 3) * scale};
}

/// Returns the size of the picture that a quadrilateral becomes: the longer ones of its sides.
inline ImageSize crop_size(const Quadrilateral& box) {
  const auto longer = [&](std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
    return static_cast<int>(std::max(length(box[a] - box[b]), length(box[c] - box[d])));
  };
  return {longer(0, 1, 2, 3), longer(0, 3, 1, 2)};
}

/// Returns the size of the line in a box when it is read.
inline ImageSize line_size(const Quadrilateral& box) {
  const ImageSize size = crop_size(box);
  return stands_on_end(size) ? ImageSize{size.height, size.width} : size;
}

/// A picture of its own, RGB without gaps.
struct RgbImage {
  std::vector<std::uint8_t> pixels;
  ImageSize size;

  ImageView view() const { return {pixels.data(), size.width, size.height, PixelFormat::rgb}; }
  void resize(ImageSize to) {
    size = to;
    pixels.resize(static_cast<std::size_t>(to.width) * static_cast<std::size_t>(to.height) *
                  kImageChannels);
  }
};

/// Cuts a line of text out of a picture and straightens it: cv2.warpPerspective with INTER_CUBIC
/// and BORDER_REPLICATE, in its fixed point. False if the box is empty.
inline bool crop(ImageView source, const Quadrilateral& box, RgbImage& result) {
  const ImageSize size = crop_size(box);
  if (source.empty() || size.width < 1 || size.height < 1) return false;
  const Homography m = inverse_of(homography_of(box, size));
  // OpenCV computes blocks, and coordinates from the left end of one.
  const int block = std::min(1024 / std::min(16, size.height), size.width);
  result.resize(size);
  const auto [bytes, red, green, blue] = source.layout;
  const std::array channels = {red, green, blue};
  std::uint8_t* out = result.pixels.data();
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const int left = x / block * block;
      const auto along = [&](std::size_t row) {
        return rounded(m[row] * left) + rounded(m[row + 1] * y) + m[row + 2] +
               rounded(m[row] * (x - left));
      };
      const double w = along(6);
      const double scale = w == 0 ? 0 : WarpTaps::kPositions / w;
      const auto place = [&](double value) {
        constexpr double kMost = 1 << 30;
        return static_cast<int>(round_half_even(std::clamp(value * scale, -kMost, kMost)));
      };
      const int px = place(along(0)), py = place(along(3));
      const WarpTaps& taps = warp_taps(px, py);
      std::array<const std::uint8_t*, 4> rows;
      std::array<std::ptrdiff_t, 4> columns;
      for (int i = 0; i < 4; ++i) {
        const auto tap = static_cast<std::size_t>(i);
        rows[tap] = source.row(std::clamp((py >> WarpTaps::kBits) + i - 1, 0, source.height - 1));
        columns[tap] = std::clamp((px >> WarpTaps::kBits) + i - 1, 0, source.width - 1) * bytes;
      }
      for (const std::ptrdiff_t channel : channels) *out++ = taps.of(rows, columns, channel);
    }
  }
  return true;
}

/// Returns where a pixel of a picture that was rotated counter-clockwise by quarters was before.
constexpr Point before_rotation(Point after, int quarters, ImageSize before) {
  switch (quarters) {
    case 1:
      return {before.width - 1 - after.y, after.x};
    case 2:
      return {before.width - 1 - after.x, before.height - 1 - after.y};
    case 3:
      return {after.y, before.height - 1 - after.x};
    default:
      return after;
  }
}

/// Returns a picture rotated counter-clockwise by quarters, from 0 to 3: a view of the same pixels.
constexpr ImageView rotated(ImageView source, int quarters) {
  const auto [width, height] = source.size();
  PixelLayout layout = source.layout;
  switch (quarters) {
    case 1:
      layout.bytes = source.row_bytes;
      return {source.pixel(width - 1, 0), height, width, layout, -source.layout.bytes};
    case 2:
      layout.bytes = -layout.bytes;
      return {source.pixel(width - 1, height - 1), width, height, layout, -source.row_bytes};
    case 3:
      layout.bytes = -source.row_bytes;
      return {source.pixel(0, height - 1), height, width, layout, source.layout.bytes};
    default:
      return source;
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_CROP_HPP
