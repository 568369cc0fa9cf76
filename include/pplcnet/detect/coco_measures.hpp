#ifndef PPLCNET_DETECT_COCO_MEASURES_HPP
#define PPLCNET_DETECT_COCO_MEASURES_HPP

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Intersections over union from which on a detection and an object match: numpy's
/// `linspace(0.5, 0.95, 10)`, of which one is not the nearest number.
inline constexpr std::array<double, 10> kCocoThresholds = {
    0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.8999999999999999, 0.95};

/// How many detections of a picture and class count, the best ones.
inline constexpr std::array<std::size_t, 3> kCocoMostDetections = {1, 10, 100};

/// The area of an object: any, up to 32², up to 96², more.
enum class ObjectSize : std::size_t { all, small, medium, large };
inline constexpr std::size_t kObjectSizes = 4;

/// One of the numbers of COCO's evaluation.
struct CocoMeasure {
  std::string_view name;
  bool is_recall = false;
  std::optional<std::size_t> threshold = {};  ///< by number; without one, the mean over all
  ObjectSize size = ObjectSize::all;
  std::size_t most = 2;  ///< by number of `kCocoMostDetections`; for a precision, 2
};

/// The twelve numbers of `COCOeval.summarize`, in its order.
inline constexpr std::array<CocoMeasure, 12> kCocoMeasures = {
    {{.name = "AP"},
     {.name = "AP50", .threshold = 0},
     {.name = "AP75", .threshold = 5},
     {.name = "AP_small", .size = ObjectSize::small},
     {.name = "AP_medium", .size = ObjectSize::medium},
     {.name = "AP_large", .size = ObjectSize::large},
     {.name = "AR_1", .is_recall = true, .most = 0},
     {.name = "AR_10", .is_recall = true, .most = 1},
     {.name = "AR_100", .is_recall = true},
     {.name = "AR_small", .is_recall = true, .size = ObjectSize::small},
     {.name = "AR_medium", .is_recall = true, .size = ObjectSize::medium},
     {.name = "AR_large", .is_recall = true, .size = ObjectSize::large}}};

/// The averages of one class.
struct CocoClassResult {
  using ByThreshold = std::array<double, kCocoThresholds.size()>;

  /// For objects of a size; without one there are no averages.
  struct Size {
    std::size_t objects = 0;  ///< crowds are not among them
    ByThreshold precision = {};
    std::array<ByThreshold, kCocoMostDetections.size()> recall = {};
  };
  std::array<Size, kObjectSizes> sizes = {};

  /// Returns one of the numbers; -1, as `COCOeval` does, if there are no objects for it.
  double operator[](const CocoMeasure& measure) const {
    const Size& size = sizes[static_cast<std::size_t>(measure.size)];
    if (size.objects == 0) return -1;
    const ByThreshold& values = measure.is_recall ? size.recall[measure.most] : size.precision;
    if (measure.threshold) return values[*measure.threshold];
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
  }
};

/// The averages of all classes.
struct CocoResult {
  std::vector<CocoClassResult> classes;

  /// Returns the mean over the classes that have such objects; -1 if there are none.
  double operator[](const CocoMeasure& measure) const {
    double sum = 0, count = 0;
    for (const CocoClassResult& one : classes) {
      if (one.sizes[static_cast<std::size_t>(measure.size)].objects == 0) continue;
      sum += one[measure];
      ++count;
    }
    return count == 0 ? -1 : sum / count;
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_DETECT_COCO_MEASURES_HPP
