#ifndef PPLCNET_TEXT_LINE_BATCHES_HPP
#define PPLCNET_TEXT_LINE_BATCHES_HPP

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/text/crop.hpp"
#include "pplcnet/text/input.hpp"
#include "pplcnet/text/text_boxes.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Lines that PaddleOCR reads together (`predict_rec.py`, `rec_batch_num`): neighbours by their
/// shape, all of them padded to the widest. What a line says may depend on it.
class LineBatches {
 public:
  /// Allocates what so many boxes need.
  void reserve(std::size_t boxes) {
    ratios_.reserve(boxes);
    order_.reserve(boxes);
    widths_.reserve(boxes);
  }

  /// Returns the width of the recogniser's input of each box, in batches of so many; they stay
  /// until the next call.
  std::span<const int> widths(std::span<const TextBox> boxes, std::size_t batch) {
    const auto line_of = [&](std::size_t i) { return line_size(boxes[i].corners); };
    ratios_.clear();
    for (std::size_t i = 0; i < boxes.size(); ++i)
      ratios_.push_back(static_cast<double>(line_of(i).width) / std::max(line_of(i).height, 1));
    order_.resize(boxes.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::ranges::sort(order_, [&](std::size_t a, std::size_t b) {
      return ratios_[a] != ratios_[b] ? ratios_[a] < ratios_[b] : a < b;
    });
    widths_.resize(boxes.size());
    for (std::size_t begin = 0; begin < order_.size(); begin += batch) {
      const std::size_t end = std::min(begin + batch, order_.size());
      const ImageSize widest = line_of(order_[end - 1]);
      const int width = widest.height < 1 ? kLeastLineWidth : recogniser_width(widest);
      for (std::size_t i = begin; i < end; ++i) widths_[order_[i]] = width;
    }
    return widths_;
  }

 private:
  std::vector<double> ratios_;
  std::vector<std::size_t> order_;
  std::vector<int> widths_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_LINE_BATCHES_HPP
