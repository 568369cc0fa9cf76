#ifndef PPLCNET_TEXT_TEXT_BOXES_HPP
#define PPLCNET_TEXT_TEXT_BOXES_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/text/box_score.hpp"
#include "pplcnet/text/offset_polygon.hpp"
#include "pplcnet/text/outlines.hpp"
#include "pplcnet/text/quadrilateral.hpp"
#include "pplcnet/text/smallest_rectangle.hpp"

// From a text detector's probabilities to boxes (PaddleOCR `db_postprocess.py`, boxes in quad mode,
// and what `predict_det.py` and `predict_system.py` do with them).

namespace pplcnet::inline PPLCNET_ABI {

/// A line of text in a picture: corners in whole pixels, clockwise from the top left one.
struct TextBox {
  Quadrilateral corners;
  float score = 0;  ///< the mean probability inside of it
};

/// When a region of a detector's probabilities is a line of text.
struct TextBoxOptions {
  float threshold = 0.3F;      ///< a pixel is of text above this probability
  double box_threshold = 0.6;  ///< a box has at least this score
  double unclip_ratio = 1.5;   ///< times area / perimeter: how far a box grows in all directions
  std::size_t most = 1000;     ///< outlines that are looked at
  double least_side = 3;       ///< of an outline's rectangle, in pixels of the map; 2 more of a box
  int least_side_in_source = 3;  ///< a box's sides are longer than this, in pixels of the picture
};

namespace text_boxes {

/// Returns a coordinate of a map in the picture that it is of, as numpy computes it in float32.
inline double scaled(double coordinate, int map, int source) {
  const float share = static_cast<float>(coordinate) / static_cast<float>(map);
  const std::int64_t value = round_half_even(share * static_cast<float>(source));
  return static_cast<double>(std::clamp<std::int64_t>(value, 0, source));
}

/// Returns the same corners from that with the smallest sum on, clockwise.
inline Quadrilateral clockwise(const Quadrilateral& box) {
  const auto sum = [](Point point) { return point.x + point.y; };
  const auto first = std::ranges::min_element(box, {}, sum) - box.begin();
  const auto third = std::ranges::max_element(box, {}, sum) - box.begin();
  Quadrilateral rest = box;
  std::size_t count = 0;
  for (std::ptrdiff_t i = 0; i < 4; ++i)
    if (i != first && i != third) rest[count++] = box[static_cast<std::size_t>(i)];
  if (count != 2) return box;
  if (rest[0].y - rest[0].x > rest[1].y - rest[1].x) std::swap(rest[0], rest[1]);
  return {box[static_cast<std::size_t>(first)], rest[0], box[static_cast<std::size_t>(third)],
          rest[1]};
}

}  // namespace text_boxes

/// Finds the boxes of lines in a detector's probabilities. Allocates only where a map is larger
/// than all before it.
class TextBoxFinder {
 public:
  /// Allocates what maps of so many rows and columns need, and so many boxes.
  void reserve(int rows, int columns, std::size_t boxes) {
    outlines_.reserve(rows, columns);
    boxes_.reserve(boxes);
  }

  /// Returns the boxes in the picture that the map is of, in reading order; they stay until the
  /// next call. `map` has `rows` rows of `columns` probabilities.
  std::span<const TextBox> find(std::span<const float> map, int rows, int columns, ImageSize source,
                                const TextBoxOptions& options = {}) {
    boxes_.clear();
    boxes_.reserve(options.most);
    std::size_t looked_at = 0;
    outlines_.find(map, rows, columns, options.threshold, [&](std::span<const Point> hull) {
      if (looked_at++ == options.most) return false;
      const RotatedRectangle inner = smallest_rectangle(hull);
      if (inner.short_side < options.least_side) return true;
      const double score = box_score(map, columns, inner.corners);
      if (!(score >= options.box_threshold)) return true;
      const RotatedRectangle box = unclip(inner, options);
      if (box.short_side >= options.least_side + 2)
        add(box.corners, static_cast<float>(score), {columns, rows}, source, options);
      return true;
    });
    sort();
    return boxes_;
  }

 private:
  static RotatedRectangle unclip(const RotatedRectangle& inner, const TextBoxOptions& options) {
    const double distance =
        area_of(inner.corners) * options.unclip_ratio / perimeter_of(inner.corners);
    const OffsetPolygon offset(inner.corners, distance);
    std::array<Point, OffsetPolygon::kMost> points;
    std::array<Point, OffsetPolygon::kMost + 1> hull;
    const auto end = std::ranges::copy(offset.points(), points.begin()).out;
    const std::span sorted(points.begin(), end);
    std::ranges::sort(sorted, [](Point a, Point b) { return a.y != b.y ? a.y < b.y : a.x < b.x; });
    const auto grown = std::span(hull).first(convex_hull(sorted, hull));
    if (grown.size() < 3) return {};
    // Clipper goes around to the top right corner.
    const int first = grown[1].y == grown[0].y ? 2 : 1;
    std::rotate(grown.begin(), grown.begin() + first, grown.end());
    return smallest_rectangle(grown);
  }

  /// Adds a box in the picture's pixels, if it is large enough there.
  void add(Quadrilateral corners, float score, ImageSize map, ImageSize source,
           const TextBoxOptions& options) {
    const double width = source.width, height = source.height;
    for (Point& corner : corners)
      corner = {text_boxes::scaled(corner.x, map.width, source.width),
                text_boxes::scaled(corner.y, map.height, source.height)};
    corners = text_boxes::clockwise(corners);
    for (Point& corner : corners)
      corner = {std::min(corner.x, width - 1), std::min(corner.y, height - 1)};
    const int across = static_cast<int>(length(corners[1] - corners[0]));
    const int down = static_cast<int>(length(corners[3] - corners[0]));
    if (std::min(across, down) > options.least_side_in_source) boxes_.push_back({corners, score});
  }

  /// Sorts boxes from top to bottom, and those of a row, which begin less than 10 pixels from each
  /// other, from left to right.
  void sort() {
    constexpr double kRow = 10;
    std::ranges::sort(boxes_, [](const TextBox& a, const TextBox& b) {
      const Point &p = a.corners[0], &q = b.corners[0];
      return p.y != q.y ? p.y < q.y : p.x < q.x;
    });
    for (std::size_t i = 1; i < boxes_.size(); ++i)
      for (std::size_t j = i; j > 0; --j) {
        const Point &p = boxes_[j - 1].corners[0], &q = boxes_[j].corners[0];
        if (!(std::abs(q.y - p.y) < kRow && q.x < p.x)) break;
        std::swap(boxes_[j - 1], boxes_[j]);
      }
  }

  OutlineFinder outlines_;
  std::vector<TextBox> boxes_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_TEXT_BOXES_HPP
