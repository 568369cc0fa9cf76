#ifndef PPLCNET_TEXT_OUTLINES_HPP
#define PPLCNET_TEXT_OUTLINES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/text/quadrilateral.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Finds the regions of a map that are above a threshold, and the holes in them: what
/// cv2.findContours(…, RETR_LIST, …) gives an outline of. Allocates only where a map is larger than
/// all before it.
class OutlineFinder {
 public:
  /// Allocates what maps of so many rows and columns need.
  void reserve(int rows, int columns) {
    const auto grow = [](auto& values, std::size_t size) {
      if (values.size() < size) values.resize(size);
    };
    const std::size_t height = static_cast<std::size_t>(rows) + 2;
    const std::size_t width = static_cast<std::size_t>(columns) + 2;
    grow(marks_, height * width);
    grow(stack_, height * width);
    grow(rows_, height);
    grow(points_, 2 * height);
    grow(hull_, 2 * height + 1);
  }

  /// Calls `visit(hull)` with the convex hull of each outline, in the order of their first pixels;
  /// `visit` returns whether to go on. Pixels of a region touch each other, also at corners; those
  /// of a hole do not at corners, and its outline is what of the region touches it. `map` has
  /// `rows` rows of `columns` values.
  template <class Visit>
  void find(std::span<const float> map, int rows, int columns, float threshold,
            const Visit& visit) {
    reserve(rows, columns);
    mark(map, rows, columns, threshold);
    fill(0, background);  // what surrounds all
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(rows + 2) * width_; ++i) {
      const std::uint8_t mark = marks_[static_cast<std::size_t>(i)];
      if (mark == seen) continue;
      const bool hole = mark == background;
      top_ = bottom_ = i / width_ - (hole ? 1 : 0);
      rows_[static_cast<std::size_t>(top_)] = {};
      fill(i, mark);
      if (!visit(hull())) return;
    }
  }

 private:
  enum Mark : std::uint8_t { background, region, seen };

  struct Extent {
    int first = std::numeric_limits<int>::max(), last = -1;
  };

  /// Marks the pixels, with background around the map.
  void mark(std::span<const float> map, int rows, int columns, float threshold) {
    width_ = columns + 2;
    size_ = (rows + 2) * width_;
    std::fill_n(marks_.begin(), size_, background);
    for (int y = 0; y < rows; ++y) {
      const float* const values = map.data() + std::ptrdiff_t{y} * columns;
      std::uint8_t* const marks = marks_.data() + std::ptrdiff_t{y + 1} * width_ + 1;
      for (int x = 0; x < columns; ++x) marks[x] = values[x] > threshold ? region : background;
    }
  }

  /// Visits all pixels of a region or hole, from one of them on; notes how far its outline reaches.
  void fill(std::int32_t first, std::uint8_t mark) {
    const std::array<std::int32_t, 8> steps = {1,          -1,         width_,      -width_,
                                               width_ + 1, width_ - 1, -width_ + 1, -width_ - 1};
    const std::size_t step_count = mark == region ? 8 : 4;
    const bool notes = first != 0;
    std::size_t count = 0;
    const auto push = [&](std::int32_t pixel) {
      marks_[static_cast<std::size_t>(pixel)] = seen;
      stack_[count++] = pixel;
    };
    push(first);
    while (count > 0) {
      const std::int32_t pixel = stack_[--count];
      if (notes) note(pixel, mark == background);
      for (const std::int32_t step : std::span(steps).first(step_count)) {
        const std::int32_t next = pixel + step;
        if (next >= 0 && next < size_ && marks_[static_cast<std::size_t>(next)] == mark) push(next);
      }
    }
  }

  /// Notes a pixel of an outline, or those around a pixel of a hole.
  void note(std::int32_t pixel, bool hole) {
    const int x = pixel % width_, y = pixel / width_;
    if (hole) {
      extend(y - 1, x, x);
      extend(y, x - 1, x + 1);
      extend(y + 1, x, x);
    } else {
      extend(y, x, x);
    }
  }

  void extend(int y, int first, int last) {
    while (bottom_ < y) rows_[static_cast<std::size_t>(++bottom_)] = {};
    Extent& row = rows_[static_cast<std::size_t>(y)];
    row.first = std::min(row.first, first);
    row.last = std::max(row.last, last);
  }

  /// Returns the convex hull of what was noted, in the coordinates of the map; its top left corner
  /// is the last.
  std::span<const Point> hull() {
    std::size_t count = 0;
    for (int y = top_; y <= bottom_; ++y) {
      const Extent& row = rows_[static_cast<std::size_t>(y)];
      points_[count++] = {row.first - 1.0, y - 1.0};
      if (row.last > row.first) points_[count++] = {row.last - 1.0, y - 1.0};
    }
    const std::span<const Point> points = std::span(points_).first(count);
    const auto hull = std::span(hull_).first(convex_hull(points, hull_));
    // The original goes around from the top left corner, the other way.
    std::rotate(hull.begin(), hull.begin() + 1, hull.end());
    return hull;
  }

  std::vector<std::uint8_t> marks_;  // of the pixels, and of a border around them
  std::vector<std::int32_t> stack_;
  std::vector<Extent> rows_;  // of the outline that is being followed
  std::vector<Point> points_, hull_;
  int width_ = 0, size_ = 0, top_ = 0, bottom_ = 0;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_OUTLINES_HPP
