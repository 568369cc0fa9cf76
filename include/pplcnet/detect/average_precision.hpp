#ifndef PPLCNET_DETECT_AVERAGE_PRECISION_HPP
#define PPLCNET_DETECT_AVERAGE_PRECISION_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <span>
#include <vector>

#include "pplcnet/detect/coco_measures.hpp"
#include "pplcnet/detect/detection.hpp"
#include "pplcnet/rounding.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// An object that a picture has, as COCO annotates it: the upper left corner and the size of its
/// box in pixels.
struct AnnotatedObject {
  int class_id = -1;
  double x = 0, y = 0, width = 0, height = 0;
  double area = 0;        ///< of its outline, by which it is small, medium or large
  bool is_crowd = false;  ///< many objects: what is found among them is neither right nor wrong
};

/// Average precision and recall of detections over any number of pictures, with the numbers of
/// pycocotools (`COCOeval`, boxes): what is found is matched with what is there, picture by picture
/// and class by class, the highest score first.
class AveragePrecision {
 public:
  explicit AveragePrecision(int classes)
      : classes_(static_cast<std::size_t>(std::max(classes, 0))) {}

  /// Adds a picture: what is in it, and what was found in it. Pictures come in the order of their
  /// ids, which decides between equal scores; other classes than there are do not count.
  void add(std::span<const AnnotatedObject> objects, std::span<const Detection> detections) {
    for (std::size_t id = 0; id < classes_.size(); ++id) {
      const auto is_of_class = [id](const auto& one) {
        return one.class_id == static_cast<int>(id);
      };
      objects_.clear();
      std::ranges::copy_if(objects, std::back_inserter(objects_), is_of_class);
      detections_.clear();
      std::ranges::copy_if(detections, std::back_inserter(detections_), is_of_class);
      std::ranges::stable_sort(detections_, is_before, &Detection::score);
      if (detections_.size() > kMostDetections) detections_.resize(kMostDetections);
      overlaps_.clear();
      for (const Detection& detection : detections_)
        for (const AnnotatedObject& object : objects_)
          overlaps_.push_back(overlap(detection.box, object));
      for (std::size_t size = 0; size < kObjectSizes; ++size)
        match(kAreas[size], classes_[id][size]);
    }
  }

  /// Returns the averages over all pictures so far.
  CocoResult result() const {
    CocoResult result;
    for (const auto& sizes : classes_) {
      CocoClassResult& one = result.classes.emplace_back();
      for (std::size_t size = 0; size < kObjectSizes; ++size) average(sizes[size], one.sizes[size]);
    }
    return result;
  }

 private:
  static constexpr std::size_t kMostDetections = kCocoMostDetections.back();

  struct Area {
    double least, most;
    bool has(double area) const { return !(area < least || area > most); }
  };
  static constexpr std::array<Area, kObjectSizes> kAreas = {
      {{0, 1e10}, {0, 32 * 32}, {32 * 32, 96 * 96}, {96 * 96, 1e10}}};

  /// A detection, and what became of it; bits are by thresholds.
  struct Judged {
    float score = 0;
    std::uint16_t rank = 0;  // in its picture
    std::uint16_t is_matched = 0, is_ignored = 0;
  };
  struct Judgements {
    std::size_t objects = 0;  // that are not ignored
    std::vector<Judged> detections;
  };

  /// Returns whether a score comes before another one; not-a-numbers come last.
  static bool is_before(float a, float b) { return a > b || (std::isnan(b) && !std::isnan(a)); }

  /// Returns intersection over union; for a crowd, over the area of the detection.
  static double overlap(const Box& box, const AnnotatedObject& object) {
    const auto x = double{box.x1}, y = double{box.y1};
    const double width = double{box.x2} - x, height = double{box.y2} - y;
    const double across = std::min(x + width, object.x + object.width) - std::max(x, object.x);
    const double down = std::min(y + height, object.y + object.height) - std::max(y, object.y);
    if (!(across > 0 && down > 0)) return 0;
    const double common = rounded(across * down), area = rounded(width * height);
    const double own = rounded(object.width * object.height);
    return common / (object.is_crowd ? area : area + own - common);
  }

  /// Judges the detections of a picture and class, for objects of an area.
  void match(const Area& area, Judgements& judgements) {
    ignored_.clear();
    for (const AnnotatedObject& object : objects_)
      ignored_.push_back(object.is_crowd || !area.has(object.area));
    order_.resize(objects_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    const auto end = std::stable_partition(
        order_.begin(), order_.end(), [this](std::size_t object) { return !ignored_[object]; });
    judgements.objects += static_cast<std::size_t>(end - order_.begin());

    const std::size_t first = judgements.detections.size();
    for (std::size_t i = 0; i < detections_.size(); ++i)
      judgements.detections.push_back(
          {.score = detections_[i].score, .rank = static_cast<std::uint16_t>(i)});
    for (std::size_t threshold = 0; threshold < kCocoThresholds.size(); ++threshold) {
      const auto bit = static_cast<std::uint16_t>(1U << threshold);
      taken_.assign(objects_.size(), false);
      for (std::size_t i = 0; i < detections_.size(); ++i) {
        Judged& judged = judgements.detections[first + i];
        const std::size_t object = best_object(i, kCocoThresholds[threshold]);
        const bool is_matched = object < objects_.size();
        if (is_matched) {
          taken_[object] = true;
          judged.is_matched |= bit;
        }
        const auto [x1, y1, x2, y2] = detections_[i].box;
        const double own = (double{x2} - double{x1}) * (double{y2} - double{y1});
        if (is_matched ? ignored_[object] : !area.has(own)) judged.is_ignored |= bit;
      }
    }
  }

  /// Returns the object that a detection is matched with, one that is not ignored if there is one;
  /// the number of objects if there is none.
  std::size_t best_object(std::size_t detection, double least) const {
    std::size_t best = objects_.size();
    for (const std::size_t object : order_) {
      if (taken_[object] && !objects_[object].is_crowd) continue;
      if (best < objects_.size() && !ignored_[best] && ignored_[object]) break;
      const double overlap = overlaps_[detection * objects_.size() + object];
      if (!(overlap >= least)) continue;
      least = overlap;
      best = object;
    }
    return best;
  }

  /// Computes the averages of a class for objects of a size.
  static void average(const Judgements& judgements, CocoClassResult::Size& result) {
    result.objects = judgements.objects;
    if (result.objects == 0) return;
    std::vector<Judged> detections = judgements.detections;
    std::ranges::stable_sort(detections, is_before, &Judged::score);
    std::vector<double> precision, recall;
    for (std::size_t threshold = 0; threshold < kCocoThresholds.size(); ++threshold) {
      for (std::size_t most = 0; most < kCocoMostDetections.size(); ++most) {
        precision.clear();
        recall.clear();
        double right = 0, wrong = 0;
        for (const Judged& one : detections) {
          if (one.rank >= kCocoMostDetections[most]) continue;
          const unsigned bit = 1U << threshold;
          if (!(one.is_ignored & bit)) ++(one.is_matched & bit ? right : wrong);
          precision.push_back(right / (wrong + right + kEpsilon));
          recall.push_back(right / static_cast<double>(result.objects));
        }
        result.recall[most][threshold] = recall.empty() ? 0 : recall.back();
      }
      result.precision[threshold] = interpolate(precision, recall);
    }
  }

  /// Returns the mean, over 101 recalls, of the best precision at that recall or a higher one.
  static double interpolate(std::vector<double>& precision, const std::vector<double>& recall) {
    for (std::size_t i = precision.size(); i-- > 1;)
      precision[i - 1] = std::max(precision[i - 1], precision[i]);
    double sum = 0;
    for (int percent = 0; percent <= 100; ++percent) {
      const auto place = std::ranges::lower_bound(recall, percent * 0.01);
      if (place == recall.end()) break;
      sum += precision[static_cast<std::size_t>(place - recall.begin())];
    }
    return sum / 101;
  }

  static constexpr double kEpsilon = 2.220446049250313e-16;  // numpy.spacing(1)

  std::vector<std::array<Judgements, kObjectSizes>> classes_;
  // Of a picture and class.
  std::vector<AnnotatedObject> objects_;
  std::vector<Detection> detections_;
  std::vector<double> overlaps_;  // [detections][objects]
  std::vector<bool> ignored_, taken_;
  std::vector<std::size_t> order_;  // of the objects, ignored ones last
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_DETECT_AVERAGE_PRECISION_HPP
