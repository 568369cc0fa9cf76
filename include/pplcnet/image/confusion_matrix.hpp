#ifndef PPLCNET_IMAGE_CONFUSION_MATRIX_HPP
#define PPLCNET_IMAGE_CONFUSION_MATRIX_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "pplcnet/weights/error.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Counts pixels by what they are and what they were taken for, over any number of masks.
class ConfusionMatrix {
 public:
  /// What a mask has where nobody says what a pixel is.
  static constexpr std::uint8_t kIgnored = 255;

  /// `classes` is at most 255.
  explicit ConfusionMatrix(int classes)
      : classes_(static_cast<std::size_t>(classes)), counts_(classes_ * classes_) {}

  /// Adds a mask and what it should be; pixels that should be `kIgnored` do not count. An error,
  /// which adds nothing, if the masks differ in size or have a class that there is not.
  Error add(std::span<const std::uint8_t> truth, std::span<const std::uint8_t> predicted) {
    if (truth.size() != predicted.size())
      return Error::of("mask: expected ", truth.size(), " pixels, found ", predicted.size());
    for (std::size_t i = 0; i < truth.size(); ++i) {
      if (truth[i] == kIgnored) continue;
      for (const std::uint8_t found : {truth[i], predicted[i]})
        if (found >= classes_)
          return Error::of("mask: pixel ", i, ": expected one of ", classes_, " classes, found ",
                           int{found});
    }
    for (std::size_t i = 0; i < truth.size(); ++i)
      if (truth[i] != kIgnored) ++counts_[truth[i] * classes_ + predicted[i]];
    return {};
  }

  /// Returns how many pixels of a class were taken for another, or for itself.
  std::int64_t count(int truth, int predicted) const {
    return counts_[static_cast<std::size_t>(truth) * classes_ +
                   static_cast<std::size_t>(predicted)];
  }

  /// Returns intersection over union of a class: the pixels that rightly are of it, by those that
  /// are or were taken for it. Nothing if there are none of these.
  std::optional<double> iou(int class_id) const {
    std::int64_t either = -count(class_id, class_id);
    for (int other = 0; other < static_cast<int>(classes_); ++other)
      either += count(class_id, other) + count(other, class_id);
    if (either == 0) return std::nullopt;
    return static_cast<double>(count(class_id, class_id)) / static_cast<double>(either);
  }

  /// Returns the mean IoU of the classes that have one; PaddleSeg counts the others as 0.
  std::optional<double> mean_iou() const {
    double sum = 0;
    int found = 0;
    for (int class_id = 0; class_id < static_cast<int>(classes_); ++class_id)
      if (const auto one = iou(class_id)) {
        sum += *one;
        ++found;
      }
    return found > 0 ? std::optional(sum / found) : std::nullopt;
  }

  /// Returns the share of pixels that were taken for what they are; nothing if there are none.
  std::optional<double> accuracy() const {
    std::int64_t right = 0, all = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      all += counts_[i];
      if (i % (classes_ + 1) == 0) right += counts_[i];
    }
    if (all == 0) return std::nullopt;
    return static_cast<double>(right) / static_cast<double>(all);
  }

 private:
  std::size_t classes_;
  std::vector<std::int64_t> counts_;  // [truth][predicted]
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_CONFUSION_MATRIX_HPP
