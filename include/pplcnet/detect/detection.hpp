#ifndef PPLCNET_DETECT_DETECTION_HPP
#define PPLCNET_DETECT_DETECTION_HPP

#include <algorithm>
#include <cmath>

#include "pplcnet/abi.hpp"
#include "pplcnet/rounding.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A rectangle in pixels, from its upper left corner to its lower right one.
struct Box {
  float x1 = 0, y1 = 0, x2 = 0, y2 = 0;

  constexpr bool operator==(const Box&) const = default;
  bool is_finite() const {
    return std::isfinite(x1) && std::isfinite(y1) && std::isfinite(x2) && std::isfinite(y2);
  }
  /// Returns 0 for a box that is turned inside out.
  constexpr float area() const { return x2 < x1 || y2 < y1 ? 0 : rounded((x2 - x1) * (y2 - y1)); }
};

/// An object in a picture.
struct Detection {
  int class_id = -1;
  float score = 0;
  Box box = {};

  constexpr bool operator==(const Detection&) const = default;
};

/// Returns the intersection of two boxes over their union, as Paddle computes it (phi
/// `multiclass_nms3_kernel.cc`, normalized); not-a-number for two boxes without an area that touch.
constexpr float intersection_over_union(const Box& a, const Box& b) {
  if (b.x1 > a.x2 || b.x2 < a.x1 || b.y1 > a.y2 || b.y2 < a.y1) return 0;
  const float width = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
  const float height = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  const float intersection = rounded(width * height);
  return intersection / (a.area() + b.area() - intersection);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_DETECT_DETECTION_HPP
