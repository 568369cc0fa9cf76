#ifndef PPLCNET_TEXT_SMALLEST_RECTANGLE_HPP
#define PPLCNET_TEXT_SMALLEST_RECTANGLE_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <span>
#include <utility>

#include "pplcnet/abi.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/text/quadrilateral.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A rectangle in any direction, and its shorter side.
struct RotatedRectangle {
  Quadrilateral corners;
  double short_side = 0;
};

namespace smallest_rectangle_parts {

// OpenCV computes in float32, and 12 may become 11.999998, which Clipper cuts to 11: results are
// equal only if each operation is rounded like its own. An operation on floats that is done in
// double and rounded is the same as one in float.

constexpr double single(double value) { return double{rounded(static_cast<float>(value))}; }
constexpr Point single(Point a) { return {single(a.x), single(a.y)}; }
constexpr double single_dot(Point a, Point b) {
  return single(single(a.x * b.x) + single(a.y * b.y));
}

/// Returns a vector turned back by so many right angles.
constexpr Point turned_back(Point a, std::size_t right_angles) {
  const std::array<Point, 4> turned = {a, {a.y, -a.x}, {-a.x, -a.y}, {-a.y, a.x}};
  return turned[right_angles];
}

constexpr Point across(Point along) { return {-along.y, along.x}; }

/// A rectangle around a polygon.
struct Fit {
  Point along;           ///< the direction of a side, of length 1
  double width, height;  ///< along that, and across
  Point left, bottom;    ///< corners of the polygon that it touches
};

/// Turns a rectangle around a convex polygon by a right angle, from side to side of the polygon,
/// and returns the smallest one on the way, the last of equal ones.
inline Fit smallest_fit(std::span<const Point> hull) {
  std::array<std::size_t, 4> touched = {};  // at the bottom, right, top and left
  for (std::size_t i = 0; i < hull.size(); ++i) {
    if (hull[i].y < hull[touched[0]].y) touched[0] = i;
    if (hull[i].x > hull[touched[1]].x) touched[1] = i;
    if (hull[i].y > hull[touched[2]].y) touched[2] = i;
    if (hull[i].x < hull[touched[3]].x) touched[3] = i;
  }
  const auto corner = [&](std::size_t side) { return hull[touched[side]]; };
  const auto next_side = [&](std::size_t side) {
    return turned_back(hull[(touched[side] + 1) % hull.size()] - corner(side), side);
  };
  Fit best = {};
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t k = 0; k < hull.size(); ++k) {
    std::size_t nearest = 0;
    for (std::size_t side = 1; side < 4; ++side)
      if (cross(next_side(nearest), next_side(side)) < 0) nearest = side;
    const Point side = next_side(nearest);
    const Point along = single(side * single(1 / length(side)));
    touched[nearest] = (touched[nearest] + 1) % hull.size();
    const double width = single_dot(corner(1) - corner(3), along);
    const double height = single_dot(corner(2) - corner(0), across(along));
    if (single(width * height) > least) continue;
    least = single(width * height);
    best = {along, width, height, corner(3), corner(0)};
  }
  return best;
}

/// Returns a rectangle as cv2.minAreaRect and cv2.boxPoints do, by its centre, sides and angle.
inline RotatedRectangle rectangle_of(const Fit& fit) {
  const Point along = fit.along;
  const double first = single_dot(along, fit.left), second = single_dot(across(along), fit.bottom);
  const double scale = single(1 / single_dot(along, along));
  const Point origin = {single(single_dot({first, second}, {along.x, -along.y}) * scale),
                        single(single_dot({second, first}, along) * scale)};
  const Point wide = single(along * fit.width), high = single(across(along) * fit.height);
  const Point centre = single(origin + single(wide + high) * 0.5);
  const double width = single(length(wide)), height = single(length(high));
  const double degrees =
      single(single(single(std::atan2(wide.y, wide.x)) * 180) / std::numbers::pi);
  const double angle = degrees * std::numbers::pi / 180;
  const double cosine = single(std::cos(angle)) / 2, sine = single(std::sin(angle)) / 2;
  const Point right = single(Point{cosine, sine} * width);
  const Point up = single(Point{-sine, cosine} * height);
  const Point a = single(single(centre + up) - right), b = single(single(centre - up) - right);
  return {.corners = {a, b, single(centre * 2 - a), single(centre * 2 - b)},
          .short_side = std::min(width, height)};
}

}  // namespace smallest_rectangle_parts

/// Returns the smallest rectangle around a convex polygon, counter-clockwise where y points up, to
/// the last bit as OpenCV 4.6 does; where several are equally small, the corner decides from which
/// on the polygon's are listed. Corners are in the order in which PaddleOCR has them: of the two
/// leftmost ones the upper, of the others the upper and the lower, and the last.
inline RotatedRectangle smallest_rectangle(std::span<const Point> hull) {
  if (hull.empty()) return {};
  RotatedRectangle result = {.corners = {hull.front(), hull.front(), hull.back(), hull.back()}};
  if (hull.size() > 2)
    result = smallest_rectangle_parts::rectangle_of(smallest_rectangle_parts::smallest_fit(hull));
  Quadrilateral& corners = result.corners;
  std::ranges::sort(corners, {}, &Point::x);
  if (corners[0].y > corners[1].y) std::swap(corners[0], corners[1]);
  if (corners[2].y > corners[3].y) std::swap(corners[2], corners[3]);
  corners = {corners[0], corners[2], corners[3], corners[1]};
  return result;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_SMALLEST_RECTANGLE_HPP
