#ifndef PPLCNET_EXAMPLES_LABEL_PLACES_HPP
#define PPLCNET_EXAMPLES_LABEL_PLACES_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "pplcnet/image/view.hpp"
#include "pplcnet/text/box_score.hpp"

/// A rectangle of a canvas, in pixels; right and bottom are outside of it.
struct Frame {
  int left = 0, top = 0, right = 0, bottom = 0;

  double area() const {
    return static_cast<double>(std::max(right - left, 0)) * std::max(bottom - top, 0);
  }
  /// Returns what two of them have in common.
  Frame operator&(const Frame& other) const {
    return {std::max(left, other.left), std::max(top, other.top), std::min(right, other.right),
            std::min(bottom, other.bottom)};
  }
};

/// Finds places for labels on a canvas, one after the other, where they hide as little as may be of
/// labels before them and of what they are labels of.
class LabelPlaces {
 public:
  /// `frames` are what is labelled.
  LabelPlaces(pplcnet::ImageSize canvas, std::span<const Frame> frames)
      : canvas_(canvas), frames_(frames.begin(), frames.end()) {}

  /// Returns the place of a label of a size: of those whose upper left corners are wished, the best
  /// first, the one that hides least. It is within the canvas if it fits.
  Frame place(pplcnet::ImageSize label, std::span<const pplcnet::Pixel> wishes) {
    constexpr double kWish = 0.02;      // how much more may be hidden for a better wish
    constexpr std::size_t kMost = 500;  // among more of them nobody finds a label
    Frame best;
    double least = 0;
    for (std::size_t i = 0; i < wishes.size(); ++i) {
      const int left = std::clamp(wishes[i].x, 0, std::max(0, canvas_.width - label.width));
      const int top = std::clamp(wishes[i].y, 0, std::max(0, canvas_.height - label.height));
      const Frame frame = {left, top, left + label.width, top + label.height};
      const double hidden = labels_.size() < kMost ? hidden_by(frame) : 0;
      const double cost = hidden + kWish * static_cast<double>(i);
      if (i == 0 || cost < least) {
        best = frame;
        least = cost;
      }
      if (least <= kWish * static_cast<double>(i + 1)) break;
    }
    labels_.push_back(best);
    return best;
  }

 private:
  /// Returns the parts of labels and frames that a label hides, summed; labels count for more.
  double hidden_by(const Frame& label) const {
    constexpr double kLabel = 4;
    double hidden = 0;
    const auto add = [&](const Frame& other, double factor) {
      const double common = (label & other).area();
      if (common > 0) hidden += factor * common / other.area();
    };
    for (const Frame& other : labels_) add(other, kLabel);
    for (const Frame& other : frames_) add(other, 1);
    return hidden;
  }

  pplcnet::ImageSize canvas_;
  std::vector<Frame> frames_, labels_;
};

#endif  // PPLCNET_EXAMPLES_LABEL_PLACES_HPP
