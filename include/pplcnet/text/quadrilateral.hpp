#ifndef PPLCNET_TEXT_QUADRILATERAL_HPP
#define PPLCNET_TEXT_QUADRILATERAL_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A point in pixels, x to the right and y down.
struct Point {
  double x = 0, y = 0;

  constexpr bool operator==(const Point&) const = default;
  friend constexpr Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
  friend constexpr Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
  friend constexpr Point operator*(Point a, double factor) { return {a.x * factor, a.y * factor}; }
};

constexpr double dot(Point a, Point b) { return a.x * b.x + a.y * b.y; }
constexpr double cross(Point a, Point b) { return a.x * b.y - a.y * b.x; }
inline double length(Point a) { return std::sqrt(dot(a, a)); }

/// Corners one after another: around a line of text from its top left one, clockwise.
using Quadrilateral = std::array<Point, 4>;

/// Returns the area that a polygon encloses.
inline double area_of(std::span<const Point> polygon) {
  double sum = 0;
  for (std::size_t i = 0; i < polygon.size(); ++i)
    sum += cross(polygon[i], polygon[(i + 1) % polygon.size()]);
  return std::abs(sum) / 2;
}

/// Returns the sum of a polygon's sides.
inline double perimeter_of(std::span<const Point> polygon) {
  double sum = 0;
  for (std::size_t i = 0; i < polygon.size(); ++i)
    sum += length(polygon[(i + 1) % polygon.size()] - polygon[i]);
  return sum;
}

/// Moves the convex hull of `points` to the front of `hull`, counter-clockwise where y points up,
/// and returns its size. The points are in the order of their y, equal ones in that of their x;
/// `hull` has room for one more than they are.
inline std::size_t convex_hull(std::span<const Point> points, std::span<Point> hull) {
  if (points.size() < 3) {
    std::ranges::copy(points, hull.begin());
    return points.size();
  }
  std::size_t count = 0;
  const auto add = [&](Point point, std::size_t least) {
    while (count > least && cross(hull[count - 1] - hull[count - 2], point - hull[count - 1]) <= 0)
      --count;
    hull[count++] = point;
  };
  for (const Point point : points) add(point, 1);
  const std::size_t half = count;
  for (std::size_t i = points.size() - 1; i-- > 0;) add(points[i], half);
  return count - 1;
}

/// A rectangle in any direction, and its shorter side.
struct RotatedRectangle {
  Quadrilateral corners;
  double short_side = 0;
};

/// Returns the smallest rectangle around a convex polygon; one of its sides lies on one of the
/// polygon's. Corners are in the order in which PaddleOCR has them: of the two leftmost ones the
/// upper, of the others the upper and the lower, and the last.
inline RotatedRectangle smallest_rectangle(std::span<const Point> hull) {
  RotatedRectangle best;
  double least = std::numeric_limits<double>::infinity();
  const auto attempt = [&](Point along) {
    const Point across = {-along.y, along.x};
    double ends[2][2] = {{dot(hull[0], along), dot(hull[0], along)},
                         {dot(hull[0], across), dot(hull[0], across)}};
    for (const Point point : hull) {
      const double u = dot(point, along), v = dot(point, across);
      ends[0][0] = std::min(ends[0][0], u);
      ends[0][1] = std::max(ends[0][1], u);
      ends[1][0] = std::min(ends[1][0], v);
      ends[1][1] = std::max(ends[1][1], v);
    }
    const double width = ends[0][1] - ends[0][0], height = ends[1][1] - ends[1][0];
    if (width * height >= least) return;
    least = width * height;
    best.short_side = std::min(width, height);
    for (std::size_t i = 0; i < 4; ++i) {
      const Point corner = along * ends[0][i / 2] + across * ends[1][i % 2];
      // Rounded like the original's: what is a whole number stays one.
      best.corners[i] = {double{static_cast<float>(corner.x)},
                         double{static_cast<float>(corner.y)}};
    }
  };
  if (hull.empty()) return best;
  for (std::size_t i = 0; i < hull.size(); ++i) {
    const Point side = hull[(i + 1) % hull.size()] - hull[i];
    if (const double size = length(side); size > 0) attempt(side * (1 / size));
  }
  if (hull.size() == 1) attempt({1, 0});
  Quadrilateral& corners = best.corners;
  std::ranges::sort(corners, {}, &Point::x);
  if (corners[0].y > corners[1].y) std::swap(corners[0], corners[1]);
  if (corners[2].y > corners[3].y) std::swap(corners[2], corners[3]);
  corners = {corners[0], corners[2], corners[3], corners[1]};
  return best;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_QUADRILATERAL_HPP
