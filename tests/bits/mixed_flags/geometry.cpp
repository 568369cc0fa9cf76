// Compiled twice: as plain_geometry, and with -march=native as native_geometry.
#include <random>
#include <span>
#include <vector>

#include "pplcnet/detect/detection.hpp"
#include "pplcnet/image/normalisation.hpp"
#include "pplcnet/image/resize_opencv.hpp"
#include "pplcnet/image/resize_opencv_cubic.hpp"
#include "pplcnet/image/resize_pillow.hpp"
#include "pplcnet/text/crop.hpp"
#include "pplcnet/text/offset_polygon.hpp"
#include "pplcnet/text/smallest_rectangle.hpp"

std::vector<double> GEOMETRY();

namespace {

using pplcnet::Point;
using pplcnet::Quadrilateral;

/// What is computed of boxes around lines of text, and of objects.
class Geometry {
 public:
  /// Computes all there is of a quadrilateral.
  void of(const Quadrilateral& box) {
    add(pplcnet::area_of(box));
    add(pplcnet::perimeter_of(box));
    const pplcnet::Homography map = pplcnet::homography_of(box, {97, 31});
    add(map);
    add(pplcnet::inverse_of(map));
    for (const Point corner : pplcnet::OffsetPolygon(box, 7.3).points()) add(corner);
    for (const Point corner : pplcnet::smallest_rectangle(box).corners) add(corner);
    const auto side = [](double value) { return static_cast<float>(value); };
    const pplcnet::Box a = {side(box[0].x), side(box[0].y), side(box[2].x), side(box[2].y)};
    const pplcnet::Box b = {side(box[0].x + 3), side(box[0].y), side(box[2].x), side(box[2].y + 2)};
    add(double{pplcnet::intersection_over_union(a, b)});
  }

  const std::vector<double>& values() const { return values_; }

 private:
  void add(double value) { values_.push_back(value); }
  void add(Point point) { values_.insert(values_.end(), {point.x, point.y}); }
  void add(std::span<const double> values) {
    values_.insert(values_.end(), values.begin(), values.end());
  }

  std::vector<double> values_;
};

/// Computes the weights of pixels in resized pictures.
void add_weights(std::vector<double>& values) {
  for (const double scale : {0.37, 1.21, 3.3})
    for (int i = 0; i < 200; ++i) {
      values.push_back(pplcnet::linear_taps(i, scale).weight1);
      for (const int weight : pplcnet::cubic_taps(i, scale).weights) values.push_back(weight);
    }
  std::vector<double> kernel;
  pplcnet::PillowAxis axis;
  for (const auto filter : {pplcnet::PillowFilter::bilinear, pplcnet::PillowFilter::bicubic}) {
    pplcnet::plan_axis(filter, 331, 224, 0, 224, kernel, axis);
    values.insert(values.end(), axis.weights.begin(), axis.weights.end());
  }
  for (int x = 0; x < 256; ++x) values.push_back(double{pplcnet::normalised({}, 1, x)});
}

}  // namespace

std::vector<double> GEOMETRY() {
  std::mt19937 random(1);
  const auto near = [&](double x, double y) {  // whose steps have the same bits everywhere
    return Point{x + static_cast<double>(random() % 4096) / 513,
                 y + static_cast<double>(random() % 4096) / 511};
  };
  Geometry geometry;
  for (int i = 0; i < 500; ++i) geometry.of({near(10, 12), near(90, 9), near(93, 40), near(8, 38)});
  std::vector<double> values = geometry.values();
  add_weights(values);
  return values;
}
