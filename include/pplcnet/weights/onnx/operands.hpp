#ifndef PPLCNET_WEIGHTS_ONNX_OPERANDS_HPP
#define PPLCNET_WEIGHTS_ONNX_OPERANDS_HPP

// Needs protozero and exceptions, see tensor.hpp.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/onnx/node.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace onnx_file {

/// What newer files have as constants that a node reads, older ones as attributes.
class Attributes {
 public:
  void take(const Attribute& attribute) {
    constexpr std::size_t kMost = 8;
    if ((attribute.integers.count > 0 || !attribute.string.empty()) && attributes_.size() < kMost)
      attributes_.push_back(attribute);
  }

  /// Returns the text of an attribute, or what it is where there is none.
  std::string_view text(std::string_view name, std::string_view otherwise) const {
    const auto found = std::ranges::find(attributes_, name, &Attribute::name);
    return found == attributes_.end() ? otherwise : found->string;
  }

  /// Returns the integers of either; none if they are not known.
  std::vector<int> integers(std::string_view name, const Tensor* constant) const {
    if (constant != nullptr) return integers_of(constant);
    std::vector<int> result;
    const auto found = std::ranges::find(attributes_, name, &Attribute::name);
    if (found != attributes_.end() && found->integers.are_all())
      for (const std::int64_t integer : found->integers.span()) result.push_back(clamped(integer));
    return result;
  }

 private:
  std::vector<Attribute> attributes_;
};

/// Returns whether these are the axes of height and width.
inline bool are_height_and_width(std::vector<int> axes) {
  for (int& axis : axes) axis += axis < 0 ? 4 : 0;
  std::ranges::sort(axes);
  return axes == std::vector{2, 3};
}

/// Reads which channels a Slice leaves; false if it slices something else.
inline bool read_slice(const FileGraph& graph, const Attributes& attributes, GraphNode& node) {
  const auto one = [&](std::string_view name, std::size_t input) {
    return attributes.integers(name, graph.tensor(node.inputs[input]));
  };
  const auto starts = one("starts", 1), ends = one("ends", 2), axes = one("axes", 3);
  const auto steps = one("steps", 4);
  if (starts.size() != 1 || ends.size() != 1 || axes.size() != 1 || steps.size() > 1) return false;
  if (steps.empty() && node.inputs[4] != GraphNode::kNone) return false;
  node.first = starts[0];
  node.last = ends[0];
  node.step = steps.empty() ? 1 : steps[0];
  return axes[0] == 1 || axes[0] == -3;
}

/// Reads the zeros that a Pad puts around a map; false if it does something else.
inline bool read_pad(const FileGraph& graph, const Attributes& attributes, GraphNode& node) {
  const auto pads = attributes.integers("pads", graph.tensor(node.inputs[1]));
  if (pads.size() != 8 || node.inputs[3] != GraphNode::kNone) return false;
  if (node.inputs[2] != GraphNode::kNone && number_of(graph.tensor(node.inputs[2])) != 0.0F)
    return false;
  for (const std::size_t other : {0U, 1U, 4U, 5U})
    if (pads[other] != 0) return false;
  for (const std::size_t side : {2U, 3U, 6U, 7U})
    if (pads[side] < 0) return false;
  node.window.padding = {pads[2], pads[3], pads[6], pads[7]};
  return true;
}

/// Reads how a Resize computes pixels; false if they are none of ours. Of a whole factor the places
/// of rounded halves of pixels are those of whole ones.
inline bool read_interpolation(const Attributes& attributes, bool whole, GraphNode& node) {
  const bool old = node.what == "Upsample";
  const std::string_view mode = attributes.text("mode", "nearest");
  const std::string_view place =
      attributes.text("coordinate_transformation_mode", old ? "asymmetric" : "half_pixel");
  const std::string_view nearest =
      attributes.text("nearest_mode", old ? "floor" : "round_prefer_floor");
  const bool halves = place == "half_pixel" || place == "pytorch_half_pixel";
  if (mode == "nearest") {
    node.resampling = Resampling::nearest;
    return (place == "asymmetric" && nearest == "floor") ||
           (halves && whole && nearest.starts_with("round_prefer"));
  }
  node.resampling = Resampling::bilinear;
  return mode == "linear" && halves;
}

/// Reads the size of a resized map, and how its pixels are computed; false if it is none of ours.
inline bool read_resize(const FileGraph& graph, const Attributes& attributes, GraphNode& node) {
  const bool two = node.inputs[2] == GraphNode::kNone && node.inputs[3] == GraphNode::kNone;
  const Tensor* const factors = graph.tensor(node.inputs[two ? 1 : 2]);
  const std::vector<int> axes = attributes.integers("axes", nullptr);
  if (!axes.empty() && axes != std::vector{2, 3}) return false;
  constexpr std::size_t kAll = 4;
  const std::size_t dimensions = axes.empty() ? kAll : axes.size();
  bool whole = false;
  if (factors != nullptr && factors->element_count() > 0) {
    if (!converts_to_float(factors->type) ||
        std::cmp_not_equal(factors->element_count(), dimensions))
      return false;
    std::array<float, kAll> values = {1, 1};
    to_float(*factors, std::span(values).last(dimensions));
    node.alpha = values[2];
    node.beta = values[3];
    if (values[0] != 1 || values[1] != 1 || !(node.alpha > 0 && node.beta > 0)) return false;
    whole = node.alpha == std::floor(node.alpha) && node.beta == std::floor(node.beta);
  } else if (const auto sizes = integers_of(graph.tensor(node.inputs[3]));
             sizes.size() == dimensions) {
    node.size = {sizes[dimensions - 2], sizes[dimensions - 1]};
    if (node.size[0] < 1 || node.size[1] < 1) return false;
  }
  return read_interpolation(attributes, whole, node);
}

/// Reads what a node has in constants; one with unusual ones becomes an `other`.
inline void read_operands(const FileGraph& graph, const Attributes& attributes, GraphNode& node) {
  bool known = true;
  if (node.what == "ReduceMean") {
    const std::vector<int> axes = attributes.integers("axes", graph.tensor(node.inputs[1]));
    set_numbers(axes, node);
    known = are_height_and_width(axes);
  } else if (node.what == "Slice") {
    known = read_slice(graph, attributes, node);
  } else if (node.what == "Pad") {
    known = read_pad(graph, attributes, node);
  } else if (node.type == NodeType::resize) {
    known = read_resize(graph, attributes, node);
  } else if (node.what == "Reshape") {
    set_numbers(attributes.integers("shape", graph.tensor(node.inputs[1])), node);
  }
  if (!known) node.type = NodeType::other;
}

}  // namespace onnx_file

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ONNX_OPERANDS_HPP
