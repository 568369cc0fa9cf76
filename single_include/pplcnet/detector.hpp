// pplcnet 0.2.0: PP-LCNet and other lightweight networks on CPUs.
// SPDX-License-Identifier: Apache-2.0
//
// Made by single_include/amalgamate.py from the headers in include/; change those, not this file.

#include "pplcnet/pplcnet.hpp"

// from pplcnet/detector.hpp
#ifndef PPLCNET_DETECTOR_HPP
#define PPLCNET_DETECTOR_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

// from pplcnet/detect/decoder.hpp
#ifndef PPLCNET_DETECT_DECODER_HPP
#define PPLCNET_DETECT_DECODER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

// from pplcnet/detect/boxes.hpp
#ifndef PPLCNET_DETECT_BOXES_HPP
#define PPLCNET_DETECT_BOXES_HPP

#include <array>
#include <cstddef>

// from pplcnet/detect/detection.hpp
#ifndef PPLCNET_DETECT_DETECTION_HPP
#define PPLCNET_DETECT_DETECTION_HPP

#include <algorithm>
#include <cmath>


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

// From what a detector's head gives to boxes (arXiv 2006.04388, distribution focal loss).

namespace pplcnet::inline PPLCNET_ABI {

/// Distances from 0 to 7 cells, of which each side of a box has a distribution.
inline constexpr int kBoxDistances = 8;

/// What a head gives for the cells of a map, each of which may be the middle of an object.
struct AnchorLevel {
  int stride = 8;  ///< the input's pixels per cell, in both directions
  int height = 0, width = 0;
  const float* scores = nullptr;     ///< [classes][height][width]
  const float* distances = nullptr;  ///< logits, [4][kBoxDistances][height][width]

  constexpr int anchors() const { return height * width; }
};

/// Returns the box of a cell in pixels of the input: from the cell's middle to the left, top, right
/// and bottom side it is as far as each one's distribution says on average.
inline Box box_of(const AnchorLevel& level, int anchor) {
  const auto cells = static_cast<std::size_t>(level.anchors());
  const float* logits = level.distances + anchor;
  float sides[4];
  for (float& side : sides) {
    std::array<float, kBoxDistances> shares;
    for (float& share : shares) {
      share = *logits;
      logits += cells;
    }
    softmax(shares);
    double mean = 0;  // a product is exact, and so the same whether or not it is fused with the sum
    for (std::size_t i = 0; i < shares.size(); ++i)
      mean += static_cast<double>(i) * double{shares[i]};
    side = static_cast<float>(mean);
  }
  const int row = anchor / level.width, column = anchor % level.width;
  const float x = static_cast<float>(column) + 0.5F, y = static_cast<float>(row) + 0.5F;
  const auto stride = static_cast<float>(level.stride);
  return {(x - sides[0]) * stride, (y - sides[1]) * stride, (x + sides[2]) * stride,
          (y + sides[3]) * stride};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_DETECT_BOXES_HPP
// from pplcnet/detect/nms.hpp
#ifndef PPLCNET_DETECT_NMS_HPP
#define PPLCNET_DETECT_NMS_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>


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
// from pplcnet/models/detectors.hpp
#ifndef PPLCNET_MODELS_DETECTORS_HPP
#define PPLCNET_MODELS_DETECTORS_HPP

#include <cstddef>
#include <iterator>
#include <string_view>

// from pplcnet/models/coco_labels.hpp
#ifndef PPLCNET_MODELS_COCO_LABELS_HPP
#define PPLCNET_MODELS_COCO_LABELS_HPP

#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// The 80 classes of COCO's objects, as detectors number them: in the order of its categories.
inline constexpr std::string_view kCocoLabels[] = {
    "person",        "bicycle",      "car",
    "motorcycle",    "airplane",     "bus",
    "train",         "truck",        "boat",
    "traffic light", "fire hydrant", "stop sign",
    "parking meter", "bench",        "bird",
    "cat",           "dog",          "horse",
    "sheep",         "cow",          "elephant",
    "bear",          "zebra",        "giraffe",
    "backpack",      "umbrella",     "handbag",
    "tie",           "suitcase",     "frisbee",
    "skis",          "snowboard",    "sports ball",
    "kite",          "baseball bat", "baseball glove",
    "skateboard",    "surfboard",    "tennis racket",
    "bottle",        "wine glass",   "cup",
    "fork",          "knife",        "spoon",
    "bowl",          "banana",       "apple",
    "sandwich",      "orange",       "broccoli",
    "carrot",        "hot dog",      "pizza",
    "donut",         "cake",         "chair",
    "couch",         "potted plant", "bed",
    "dining table",  "toilet",       "tv",
    "laptop",        "mouse",        "remote",
    "keyboard",      "cell phone",   "microwave",
    "oven",          "toaster",      "sink",
    "refrigerator",  "book",         "clock",
    "vase",          "scissors",     "teddy bear",
    "hair drier",    "toothbrush"};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_COCO_LABELS_HPP
// from pplcnet/networks/picodet.hpp
#ifndef PPLCNET_NETWORKS_PICODET_HPP
#define PPLCNET_NETWORKS_PICODET_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string_view>

// from pplcnet/networks/blocks/lc_pan.hpp
#ifndef PPLCNET_NETWORKS_BLOCKS_LC_PAN_HPP
#define PPLCNET_NETWORKS_BLOCKS_LC_PAN_HPP

#include <array>
#include <cstddef>


namespace pplcnet::inline PPLCNET_ABI {

namespace lc_pan {

inline constexpr Conv kPointwise = {.activation = Activation::hardswish};
inline constexpr Conv kDepthwise = {.kernel = 5, .activation = Activation::hardswish};
inline constexpr Conv kHalving = {.kernel = 5, .stride = 2, .activation = Activation::hardswish};

/// Appends two blocks of LCNet that make one map of two.
constexpr Value fuse(Graph& g, Value one, Value other, Name stage) {
  const int width = other.shape.channels;
  Value x = g.depthwise(g.concat({one, other}), kDepthwise, stage + ".0.dw_conv");
  x = g.conv(x, 2 * width, kPointwise, stage + ".0.pw_conv");
  x = g.depthwise(x, kDepthwise, stage + ".1.dw_conv");
  return g.output(g.conv(x, width, kPointwise, stage + ".1.pw_conv"), Role::stage, stage);
}

/// Appends a depthwise layer that halves a map, and a pointwise one.
constexpr Value halve(Graph& g, Value x, Name block) {
  x = g.depthwise(x, kHalving, block + ".dwconv");
  return g.conv(x, x.shape.channels, kPointwise, block + ".pwconv");
}

}  // namespace lc_pan

/// Appends PicoDet's neck (PaddleDetection `lc_pan.py`): of maps with strides of 8, 16 and 32 such
/// with strides of 8, 16, 32 and 64, all with `width` channels.
constexpr std::array<Value, 4> lc_pan_neck(Graph& g, const std::array<Value, 3>& maps, int width) {
  std::array<Value, 3> t;
  for (int i = 0; i < 3; ++i) {
    const Name name("neck.conv_t.convs.#", i);
    const auto level = static_cast<std::size_t>(i);
    t[level] = g.output(g.conv(maps[level], width, lc_pan::kPointwise, name), Role::stage, name);
  }
  const auto down = [&](Value coarse, Value fine, Name stage) {
    const Extent size = {fine.shape.height, fine.shape.width};
    return lc_pan::fuse(g, g.resize(coarse, size, Resampling::nearest), fine, stage);
  };
  const auto up = [&](Value fine, Value coarse, int i) {
    const Value smaller = lc_pan::halve(g, fine, {"neck.downsamples.#", i});
    return lc_pan::fuse(g, smaller, coarse, {"neck.bottom_up_blocks.#", i});
  };
  const Value i4 = down(t[2], t[1], "neck.top_down_blocks.0");
  const Value o3 = down(i4, t[0], "neck.top_down_blocks.1");
  const Value o4 = up(o3, i4, 0), o5 = up(o4, t[2], 1);
  const Value first = lc_pan::halve(g, t[2], "neck.first_top_conv");
  return {o3, o4, o5, g.add(first, lc_pan::halve(g, o5, "neck.second_top_conv"))};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_LC_PAN_HPP
// from pplcnet/networks/blocks/picodet_head.hpp
#ifndef PPLCNET_NETWORKS_BLOCKS_PICODET_HEAD_HPP
#define PPLCNET_NETWORKS_BLOCKS_PICODET_HEAD_HPP

#include <array>
#include <cstddef>


namespace pplcnet::inline PPLCNET_ABI {

/// Appends PicoDet's head (PaddleDetection `pico_head.py`, PicoHeadV2) to four maps, each of which
/// has weights of its own: √(class · alignment + 1e-9), and the logits of the distances of a box's
/// left, top, right and bottom side.
constexpr void picodet_head(Graph& g, const std::array<Value, 4>& maps, int layers, int classes) {
  constexpr Activation kSwish = Activation::hardswish, kSigmoid = Activation::sigmoid;
  constexpr float kLeast = 1e-9F;  // under the root
  constexpr int kDistances = 8;    // from 0 to 7 cells
  std::array<Value, 4> scores, distances;
  for (int level = 0; level < 4; ++level) {
    const auto i = static_cast<std::size_t>(level);
    const Name excitation("head.conv_feat.se.#", level), alignment("head.cls_align.#", level);
    Value x = maps[i];
    for (int j = 0; j < layers; ++j) {
      const Name pointwise("head.conv_feat.cls_conv_pw#.#", level, j);
      x = g.depthwise(x, {.kernel = 5, .activation = kSwish},
                      {"head.conv_feat.cls_conv_dw#.#", level, j});
      x = g.conv(x, x.shape.channels, {.activation = kSwish}, pointwise);
    }
    Value aligned = g.conv(x, 1, {.kernel = 5, .activation = kSwish}, alignment + ".dwconv");
    aligned = g.conv(aligned, 1, {.activation = kSigmoid}, alignment + ".pwconv");
    const Value factors =
        g.dense(g.global_mean(x), x.shape.channels,
                {.activation = kSigmoid, .layout = Layout::convolution}, excitation + ".fc");
    x = g.conv(g.gate(x, factors), x.shape.channels, {.activation = kSwish},
               {"head.conv_feat.se.#.conv", level});
    const Value seen = g.conv(x, classes, {.activation = kSigmoid, .norm = false, .bias = true},
                              {"head.head_cls_list.#", level});
    scores[i] = g.multiply(seen, aligned, Activation::root_of(kLeast));
    distances[i] =
        g.conv(x, 4 * kDistances, {.norm = false, .bias = true}, {"head.head_reg_list.#", level});
  }
  for (int level = 0; level < 4; ++level)
    g.output(scores[static_cast<std::size_t>(level)], Role::result, {"scores.#", level});
  for (int level = 0; level < 4; ++level)
    g.output(distances[static_cast<std::size_t>(level)], Role::result, {"distances.#", level});
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_PICODET_HEAD_HPP
// from pplcnet/networks/names/picodet.hpp
#ifndef PPLCNET_NETWORKS_NAMES_PICODET_HPP
#define PPLCNET_NETWORKS_NAMES_PICODET_HPP

#include <string_view>


// What PaddleDetection calls the modules of PicoDet. The project's own names are these, without
// `.conv`, `.bn` and the like.

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the names of modules whose batch norm is not called `.bn`.
constexpr ModuleNames picodet_module(const Name& own) {
  Name module = own;
  module.leaf = {};
  if (own.leaf == ".dwconv") return {own, module + ".bn1"};
  if (own.leaf == ".pwconv") return {own, module + ".bn2"};
  if (own.leaf.empty() && own.pattern.starts_with("head.conv_feat."))
    return {own + ".conv", own + ".norm"};
  return {own};
}

inline constexpr Naming kPicoDetNamings[] = {paddle_naming(tensors_of::kPaddleV1, picodet_module)};

/// Modules that a state dict has and the network does not use: scales of distances, the numbers
/// from 0 to 7, and second names of the last layers.
inline constexpr Name kPicoDetUnused[] = {"head.p3_feat",
                                          "head.p4_feat",
                                          "head.p5_feat",
                                          "head.p6_feat",
                                          "head.head_cls0",
                                          "head.head_cls1",
                                          "head.head_cls2",
                                          "head.head_cls3",
                                          "head.head_reg0",
                                          "head.head_reg1",
                                          "head.head_reg2",
                                          "head.head_reg3",
                                          "head.distribution_project"};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_NAMES_PICODET_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// PicoDet XS, S, M and L: the width of LCNet in percent, that of neck and head, and the pairs of
/// layers in the head.
struct PicoDetRow {
  int width, channels, head_layers;
};
inline constexpr PicoDetRow kPicoDetTable[] = {
    {35, 96, 2}, {75, 96, 2}, {150, 128, 4}, {200, 160, 4}};

/// Returns PicoDet on LCNet (PaddleDetection `configs/picodet/picodet_*_lcnet.yml`, `lcnet.py`,
/// `lc_pan.py`, `pico_head.py`): for strides of 8, 16, 32 and 64 the scores of all classes, and
/// then for each of them the distributions of a box's four sides, see detect/boxes.hpp. Height and
/// width of the picture are multiples of 32. A state dict has four scales more, which it does not
/// use.
constexpr Graph picodet_lcnet(const WidthOptions& options) {
  constexpr V1Names kBackbone = {"backbone.conv#", "backbone.blocks#.#", "backbone.blocks#"};
  const auto* const row = std::ranges::find(kPicoDetTable, options.width, &PicoDetRow::width);
  Graph g(options.input, kPaddleClas, "picodet");
  g.what = "a PicoDet on LCNet";
  g.namings = kPicoDetNamings;
  g.unused = kPicoDetUnused;
  if (row == std::end(kPicoDetTable)) {
    g.fail(GraphRule::width, options.width);
    return g;
  }
  v1::add_blocks(g, static_cast<Scale>(row->width), {}, kBackbone);
  std::array<Value, 3> maps;
  for (int i = 0; i < 3; ++i)  // after blocks4, blocks5 and blocks6
    maps[static_cast<std::size_t>(i)] = g.value(g.outputs[i + 2].node);
  picodet_head(g, lc_pan_neck(g, maps, row->channels), row->head_layers, options.classes);
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_PICODET_HPP

// PaddleDetection's PicoDet on LCNet (configs/picodet), as whole detectors.

namespace pplcnet::inline PPLCNET_ABI {
namespace models::picodet {

/// Returns a detector of COCO's 80 classes.
constexpr Published detector_model(std::string_view name, int width, int side) {
  return {
      .model = {.name = name, .preprocessing = paddle_detection(side, side), .labels = kCocoLabels},
      .network = picodet_lcnet,
      .width = width,
      .input = {side, side},
      .classes = static_cast<int>(std::size(kCocoLabels))};
}
inline constexpr Published kDetectors[] = {
    detector_model("picodet_xs_320_coco_lcnet", 35, 320),
    detector_model("picodet_xs_416_coco_lcnet", 35, 416),
    detector_model("picodet_s_320_coco_lcnet", 75, 320),
    detector_model("picodet_s_416_coco_lcnet", 75, 416),
    detector_model("picodet_m_320_coco_lcnet", 150, 320),
    detector_model("picodet_m_416_coco_lcnet", 150, 416),
    detector_model("picodet_l_320_coco_lcnet", 200, 320),
    detector_model("picodet_l_416_coco_lcnet", 200, 416),
    detector_model("picodet_l_640_coco_lcnet", 200, 640),
};

template <std::size_t kRow>
using DetectorModel = NetworkOf<Row<kDetectors, kRow>>;

// NOLINTBEGIN(readability-identifier-naming): the names are those of the published models.
using picodet_xs_320_coco_lcnet = DetectorModel<row_of(kDetectors, "picodet_xs_320_coco_lcnet")>;
using picodet_xs_416_coco_lcnet = DetectorModel<row_of(kDetectors, "picodet_xs_416_coco_lcnet")>;
using picodet_s_320_coco_lcnet = DetectorModel<row_of(kDetectors, "picodet_s_320_coco_lcnet")>;
using picodet_s_416_coco_lcnet = DetectorModel<row_of(kDetectors, "picodet_s_416_coco_lcnet")>;
using picodet_m_320_coco_lcnet = DetectorModel<row_of(kDetectors, "picodet_m_320_coco_lcnet")>;
using picodet_m_416_coco_lcnet = DetectorModel<row_of(kDetectors, "picodet_m_416_coco_lcnet")>;
using picodet_l_320_coco_lcnet = DetectorModel<row_of(kDetectors, "picodet_l_320_coco_lcnet")>;
using picodet_l_416_coco_lcnet = DetectorModel<row_of(kDetectors, "picodet_l_416_coco_lcnet")>;
using picodet_l_640_coco_lcnet = DetectorModel<row_of(kDetectors, "picodet_l_640_coco_lcnet")>;
// NOLINTEND(readability-identifier-naming)

using Detectors = RowsOf<kDetectors>::List;

}  // namespace models::picodet
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_DETECTORS_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// From decoded pixels to objects: a detector's network with its weights, preprocessing and labels,
/// and all memory that a picture needs, allocated when it is made. The executor of a call may use
/// up to kThreads threads. Copies share the weights and have everything else of their own: one copy
/// for each thread.
template <class Net, int kThreads = 1>
class Detector : public LoadedWeights<Net, Detector<Net, kThreads>> {
  using Loaded = LoadedWeights<Net, Detector<Net, kThreads>>;

 public:
  explicit Detector(const NmsOptions& options = {})
      : state_(std::make_unique<State>()),
        decoder_({Net::input_shape.height, Net::input_shape.width}, shapes(), options) {
    // A picture of one pixel, so that the buffers are there before the first one.
    const std::array<std::uint8_t, kImageChannels> pixel = {};
    resize_and_crop(this->preprocessing(), ImageView(pixel.data(), 1, 1, PixelFormat::rgb),
                    state_->scratch);
  }
  Detector(const Detector& other) : Detector(other.options()) {
    static_cast<Loaded&>(*this) = other;
  }
  Detector(Detector&&) noexcept = default;
  Detector& operator=(const Detector& other) {
    if (this != &other) *this = Detector(other);
    return *this;
  }
  Detector& operator=(Detector&&) noexcept = default;
  ~Detector() = default;

  const NmsOptions& options() const { return decoder_.options(); }

  /// Returns what is in a picture of any size, ordered by class, and by score in a class, with
  /// boxes in the picture's pixels, which may reach beyond it; nothing if weights were not loaded,
  /// the picture is empty, the preprocessing is none for the network, or an output is no finite
  /// number, as of damaged weights. Valid until the next call. Nothing is allocated.
  std::optional<std::span<const Detection>> detect(ImageView image,
                                                   const RunOptions& options = {}) {
    if (!this->weights() || this->preprocessing().tensor_size() != Net::input_size ||
        this->preprocessing().geometry != Geometry::direct ||
        !resize_and_crop(this->preprocessing(), image, state_->scratch))
      return std::nullopt;
    typename Net::Features requested;
    std::ranges::copy(decoder_.destinations(), requested.outputs.begin());
    Net::features(*this->weights(), this->picture(state_->scratch.pixels.data()), state_->workspace,
                  requested, options);
    return decoder_.decode(image.size());
  }

 private:
  struct State : InHugePages {
    PreprocessScratch scratch = {};
    typename Net::template ParallelWorkspace<kThreads> workspace;
  };

  static constexpr std::array<Shape, Net::output_count> shapes() {
    std::array<Shape, Net::output_count> all;
    for (int i = 0; i < Net::output_count; ++i)
      all[static_cast<std::size_t>(i)] = Net::output_shape(i);
    return all;
  }

  std::unique_ptr<State> state_;
  DetectionDecoder decoder_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_DETECTOR_HPP
