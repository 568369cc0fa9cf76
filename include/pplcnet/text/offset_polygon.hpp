#ifndef PPLCNET_TEXT_OFFSET_POLYGON_HPP
#define PPLCNET_TEXT_OFFSET_POLYGON_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>

#include "pplcnet/abi.hpp"
#include "pplcnet/text/quadrilateral.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A rectangle that has grown in all directions, with round corners: the points on its outline.
class OffsetPolygon {
 public:
  /// Points at most: of corners that are rounder, steps are larger.
  static constexpr std::size_t kMost = 1024;

  /// Offsets a rectangle by a distance as Clipper does it (`ClipperOffset` with JoinType::jtRound):
  /// in whole pixels, to which corners are cut and results rounded. The corners are clockwise.
  OffsetPolygon(const Quadrilateral& rectangle, double distance) {
    Quadrilateral corners;
    std::ranges::transform(rectangle, corners.begin(), [](Point point) {
      return Point{std::trunc(point.x), std::trunc(point.y)};
    });
    const double tolerance = std::min(kArcTolerance, distance * kArcTolerance);
    const double steps = std::min(std::numbers::pi / std::acos(1 - tolerance / distance),
                                  distance * std::numbers::pi);
    std::array<Point, 4> normals;
    for (std::size_t i = 0; i < 4; ++i) {
      const Point side = corners[(i + 1) % 4] - corners[i];
      const double size = length(side);
      if (size == 0) return;
      normals[i] = Point{side.y, -side.x} * (1 / size);
    }
    for (std::size_t i = 0; i < 4; ++i)
      round(corners[i], normals[(i + 3) % 4], normals[i], distance, steps);
  }

  std::span<const Point> points() const { return std::span(points_).first(count_); }

 private:
  static constexpr double kArcTolerance = 0.25;

  /// Adds the arc around a corner from the normal of the side before it to that of the next.
  void round(Point corner, Point from, Point to, double distance, double steps_of_circle) {
    const double turn = std::atan2(cross(from, to), dot(from, to));
    constexpr double kCircle = 2 * std::numbers::pi;
    const double count = std::round(steps_of_circle / kCircle * std::abs(turn));
    const auto steps = static_cast<int>(std::clamp(count, 1.0, double{kMost} / 4 - 1));
    const double angle = kCircle / steps_of_circle;
    const Point rotation = {std::cos(angle), std::sin(angle)};
    for (int i = 0; i < steps; ++i) {
      add(corner + from * distance);
      from = {dot(from, {rotation.x, -rotation.y}), dot(from, {rotation.y, rotation.x})};
    }
    add(corner + to * distance);
  }

  void add(Point point) { points_[count_++] = {std::round(point.x), std::round(point.y)}; }

  std::array<Point, kMost> points_;
  std::size_t count_ = 0;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_OFFSET_POLYGON_HPP
