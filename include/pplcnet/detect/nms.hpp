#ifndef PPLCNET_DETECT_NMS_HPP
#define PPLCNET_DETECT_NMS_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "pplcnet/detect/detection.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Which of a detector's boxes are answers; the defaults are PaddleDetection's for PicoDet.
struct NmsOptions {
  float score_threshold = 0.025F;  ///< scores above it count
  float iou_threshold = 0.6F;      ///< boxes of a class that share more than this are one object
  int top_k = 1000;                ///< candidates of each class, the best ones
  int keep = 100;                  ///< detections of a picture
};

/// Non-maximum suppression, class by class, with the results of Paddle's `multiclass_nms3`: of a
/// class the candidates by their scores, equal ones in the order of the anchors; one is kept unless
/// it overlaps one that was kept before it. Of all classes the best are left, of equal ones those
/// of lower classes. Boxes without finite coordinates are left out. All memory is allocated when it
/// is made.
class MulticlassNms {
 public:
  MulticlassNms() = default;
  MulticlassNms(int anchors, const NmsOptions& options)
      : options_(options),
        candidates_(static_cast<std::size_t>(std::max(anchors, 0))),
        selected_(most(options.top_k)),
        best_(most(options.keep)),
        detections_(most(options.keep)) {}

  const NmsOptions& options() const { return options_; }

  /// Forgets all detections.
  void clear() { best_count_ = 0; }

  /// Begins a class; classes come in ascending order.
  void begin(int class_id) {
    class_id_ = class_id;
    count_ = 0;
  }

  /// Offers the scores of anchors from `first` on, in ascending order.
  void offer(int first, std::span<const float> scores) {
    const bool is_full = best_count_ == best_.size() && !best_.empty();
    // What is no better than all that are kept would not be kept.
    const float least =
        is_full ? std::max(options_.score_threshold, best_.back().score) : options_.score_threshold;
    for (std::size_t i = 0; i < scores.size() && count_ < candidates_.size(); ++i)
      if (scores[i] > least) candidates_[count_++] = {scores[i], first + static_cast<int>(i)};
  }

  /// Ends a class: `box_of(anchor)` is the box of an anchor.
  template <class BoxOf>
  void end(const BoxOf& box_of) {
    const std::size_t taken = std::min(count_, selected_.size());
    const std::span candidates = std::span(candidates_).first(count_);
    std::ranges::partial_sort(candidates, candidates.begin() + static_cast<std::ptrdiff_t>(taken),
                              comes_first);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < taken; ++i) {
      const Box box = box_of(candidates_[i].anchor);
      if (!box.is_finite()) continue;
      const auto is_apart = [&](const Box& other) {
        return intersection_over_union(box, other) <= options_.iou_threshold;
      };
      if (!std::ranges::all_of(std::span(selected_).first(kept), is_apart)) continue;
      selected_[kept++] = box;
      if (!keep({class_id_, candidates_[i].score, box})) return;  // nor those after it
    }
  }

  /// Returns the detections ordered by class, and by score in a class; valid until the next call.
  std::span<const Detection> detections() {
    std::copy_n(best_.begin(), best_count_, detections_.begin());
    const std::span found = std::span(detections_).first(best_count_);
    // An insertion sort: it is stable, and there are few.
    for (std::size_t i = 1; i < found.size(); ++i)
      for (std::size_t j = i; j > 0 && found[j].class_id < found[j - 1].class_id; --j)
        std::swap(found[j], found[j - 1]);
    return found;
  }

 private:
  struct Candidate {
    float score = 0;
    int anchor = 0;
  };

  static std::size_t most(int count) { return static_cast<std::size_t>(std::max(count, 0)); }
  static bool comes_first(const Candidate& a, const Candidate& b) {
    return a.score > b.score || (a.score == b.score && a.anchor < b.anchor);
  }

  /// Puts a detection among the best, after those with the same score, and the last one leaves;
  /// false if it is none of them.
  bool keep(const Detection& one) {
    std::size_t place = best_count_;
    while (place > 0 && one.score > best_[place - 1].score) --place;
    if (place == best_.size()) return false;
    if (best_count_ < best_.size()) ++best_count_;
    for (std::size_t i = best_count_ - 1; i > place; --i) best_[i] = best_[i - 1];
    best_[place] = one;
    return true;
  }

  NmsOptions options_;
  std::vector<Candidate> candidates_;
  std::vector<Box> selected_;    // of the class
  std::vector<Detection> best_;  // of all classes, by score
  std::vector<Detection> detections_;
  std::size_t best_count_ = 0;
  int class_id_ = 0;
  std::size_t count_ = 0;  // candidates of the class
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_DETECT_NMS_HPP
