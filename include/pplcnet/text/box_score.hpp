#ifndef PPLCNET_TEXT_BOX_SCORE_HPP
#define PPLCNET_TEXT_BOX_SCORE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <utility>

#include "pplcnet/abi.hpp"
#include "pplcnet/text/quadrilateral.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A pixel of a map.
struct Pixel {
  int x = 0, y = 0;
};

/// Calls `visit(pixel)` for each pixel of a line, from its left end on, as OpenCV draws it.
template <class Visit>
void for_each_pixel(Pixel from, Pixel to, const Visit& visit) {
  if (to.x < from.x) std::swap(from, to);
  const int width = to.x - from.x, height = std::abs(to.y - from.y);
  const int down = to.y < from.y ? -1 : 1;
  const bool steep = height > width;
  const int longer = std::max(width, height), shorter = std::min(width, height);
  int error = longer - 2 * shorter;
  for (int i = 0; i <= longer; ++i) {
    visit(from);
    const bool both = error < 0;
    error += (both ? 2 * longer : 0) - 2 * shorter;
    if (!steep || both) ++from.x;
    if (steep || both) from.y += down;
  }
}

/// Returns the mean of a map inside a rectangle in any direction, outline included: PaddleOCR's
/// `box_score_fast`. Corners are cut to whole pixels; `map` has rows of `columns` values.
inline double box_score(std::span<const float> map, int columns, const Quadrilateral& box) {
  const int rows = static_cast<int>(map.size() / static_cast<std::size_t>(columns));
  const auto bound = [](double value, int last) {
    return static_cast<int>(std::clamp(value, 0.0, static_cast<double>(last)));
  };
  const auto [left, right] = std::ranges::minmax(box, {}, &Point::x);
  const auto [upper, lower] = std::ranges::minmax(box, {}, &Point::y);
  const int first_column = bound(std::floor(left.x), columns - 1);
  const int last_column = bound(std::ceil(right.x), columns - 1);
  const int first_row = bound(std::floor(upper.y), rows - 1);
  const int last_row = bound(std::ceil(lower.y), rows - 1);
  Pixel corners[4];
  std::ranges::transform(box, corners, [&](Point corner) {
    return Pixel{first_column + static_cast<int>(corner.x - first_column),
                 first_row + static_cast<int>(corner.y - first_row)};
  });
  double sum = 0;
  std::int64_t count = 0;
  for (int y = first_row; y <= last_row; ++y) {
    int begin = std::numeric_limits<int>::max(), end = -1;
    for (std::size_t i = 0; i < 4; ++i)
      for_each_pixel(corners[i], corners[(i + 1) % 4], [&](Pixel pixel) {
        if (pixel.y != y) return;
        begin = std::min(begin, pixel.x);
        end = std::max(end, pixel.x);
      });
    begin = std::max(begin, first_column);
    end = std::min(end, last_column);
    for (int x = begin; x <= end; ++x)
      sum += double{map[static_cast<std::size_t>(y) * static_cast<std::size_t>(columns) +
                        static_cast<std::size_t>(x)]};
    count += std::max(0, end - begin + 1);
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_BOX_SCORE_HPP
