#ifndef PPLCNET_TEXT_QUADRILATERAL_HPP
#define PPLCNET_TEXT_QUADRILATERAL_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include "pplcnet/abi.hpp"
#include "pplcnet/rounding.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A point in pixels, x to the right and y down.
struct Point {
  double x = 0, y = 0;

  constexpr bool operator==(const Point&) const = default;
  friend constexpr Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
  friend constexpr Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
  friend constexpr Point operator*(Point a, double factor) {
    return {rounded(a.x * factor), rounded(a.y * factor)};
  }
};

constexpr double dot(Point a, Point b) { return rounded(a.x * b.x) + rounded(a.y * b.y); }
constexpr double cross(Point a, Point b) { return rounded(a.x * b.y) - rounded(a.y * b.x); }
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

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_QUADRILATERAL_HPP
