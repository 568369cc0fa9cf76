#ifndef PPLCNET_DETECT_DECODER_HPP
#define PPLCNET_DETECT_DECODER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "pplcnet/compiled.hpp"
#include "pplcnet/detect/boxes.hpp"
#include "pplcnet/detect/detection.hpp"
#include "pplcnet/detect/nms.hpp"
#include "pplcnet/graph/shape.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/image/view.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// From the outputs of a detector with PicoDet's head to detections: where a network writes them,
/// and what becomes of them. All memory is allocated when it is made.
class DetectionDecoder {
 public:
  /// `outputs` are the shapes of the scores of all levels, the finest first, and then of their
  /// distances; `input` is that of the network.
  PPLCNET_INLINE DetectionDecoder(Extent input, std::span<const Shape> outputs,
                                  const NmsOptions& options);
  /// A copy is as new.
  PPLCNET_INLINE DetectionDecoder(const DetectionDecoder& other);
  PPLCNET_INLINE DetectionDecoder& operator=(const DetectionDecoder& other);
  PPLCNET_INLINE DetectionDecoder(DetectionDecoder&&) noexcept;
  PPLCNET_INLINE DetectionDecoder& operator=(DetectionDecoder&&) noexcept;
  PPLCNET_INLINE ~DetectionDecoder();

  const NmsOptions& options() const { return nms_.options(); }
  int classes() const { return classes_; }

  /// Returns where the outputs go, planar, in their order.
  std::span<float* const> destinations() { return destinations_; }

  /// Returns the detections in a picture of that size, ordered by class, and by score in a class;
  /// valid until the next call; nothing if an output is no finite number. A box may reach beyond
  /// the picture.
  PPLCNET_INLINE std::optional<std::span<const Detection>> decode(ImageSize picture);

 private:
  /// Returns the box of an anchor of all levels, computed once.
  PPLCNET_INLINE const Box& box_at(int anchor);

  Extent input_;
  std::vector<Shape> outputs_;
  std::vector<AnchorLevel> levels_;
  int classes_ = 0;
  std::vector<float> values_;
  std::vector<float*> destinations_;
  float scale_x_ = 1, scale_y_ = 1;
  std::vector<Box> boxes_;
  std::vector<std::uint8_t> is_known_;
  MulticlassNms nms_;
};

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE DetectionDecoder::DetectionDecoder(Extent input, std::span<const Shape> outputs,
                                                  const NmsOptions& options)
    : input_(input),
      outputs_(outputs.begin(), outputs.end()),
      levels_(outputs.size() / 2),
      classes_(outputs.front().channels) {
  std::size_t size = 0;
  for (const Shape& shape : outputs) size += static_cast<std::size_t>(shape.size());
  values_.resize(size);
  float* place = values_.data();
  for (const Shape& shape : outputs) {
    destinations_.push_back(place);
    place += shape.size();
  }
  int anchors = 0;
  constexpr int kFinest = 8;
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    levels_[i] = {.stride = kFinest << i,
                  .height = outputs[i].height,
                  .width = outputs[i].width,
                  .scores = destinations_[i],
                  .distances = destinations_[levels_.size() + i]};
    anchors += levels_[i].anchors();
  }
  boxes_.resize(static_cast<std::size_t>(anchors));
  is_known_.resize(boxes_.size());
  nms_ = MulticlassNms(anchors, options);
}

PPLCNET_INLINE DetectionDecoder::DetectionDecoder(const DetectionDecoder& other)
    : DetectionDecoder(other.input_, other.outputs_, other.options()) {}
PPLCNET_INLINE DetectionDecoder& DetectionDecoder::operator=(const DetectionDecoder& other) {
  if (this != &other) *this = DetectionDecoder(other);
  return *this;
}
PPLCNET_INLINE DetectionDecoder::DetectionDecoder(DetectionDecoder&&) noexcept = default;
PPLCNET_INLINE DetectionDecoder& DetectionDecoder::operator=(DetectionDecoder&&) noexcept = default;
PPLCNET_INLINE DetectionDecoder::~DetectionDecoder() = default;

PPLCNET_INLINE std::optional<std::span<const Detection>> DetectionDecoder::decode(
    ImageSize picture) {
  if (!all_finite(values_)) return std::nullopt;
  scale_x_ = static_cast<float>(static_cast<double>(input_.width) / picture.width);
  scale_y_ = static_cast<float>(static_cast<double>(input_.height) / picture.height);
  std::fill(is_known_.begin(), is_known_.end(), std::uint8_t{0});
  nms_.clear();
  for (int class_id = 0; class_id < classes_; ++class_id) {
    nms_.begin(class_id);
    int first = 0;
    for (const AnchorLevel& level : levels_) {
      const auto anchors = static_cast<std::size_t>(level.anchors());
      nms_.offer(first, {level.scores + static_cast<std::size_t>(class_id) * anchors, anchors});
      first += level.anchors();
    }
    nms_.end([&](int anchor) { return box_at(anchor); });
  }
  return nms_.detections();
}

PPLCNET_INLINE const Box& DetectionDecoder::box_at(int anchor) {
  const auto index = static_cast<std::size_t>(anchor);
  if (is_known_[index] == 0) {
    const AnchorLevel* level = levels_.data();
    for (; anchor >= level->anchors(); ++level) anchor -= level->anchors();
    const Box box = box_of(*level, anchor);
    boxes_[index] = {box.x1 / scale_x_, box.y1 / scale_y_, box.x2 / scale_x_, box.y2 / scale_y_};
    is_known_[index] = 1;
  }
  return boxes_[index];
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_DETECT_DECODER_HPP
