#ifndef PPLCNET_WEIGHTS_NCNN_LAYER_HPP
#define PPLCNET_WEIGHTS_NCNN_LAYER_HPP

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/ncnn/arrangement.hpp"
#include "pplcnet/weights/ncnn/param.hpp"

// What a line of an ncnn network says. Source: ncnn `layer/*.cpp`.

namespace pplcnet::inline PPLCNET_ABI {

namespace ncnn_file {

/// What ncnn calls layers without weights. Those of other networks are here because a backbone may
/// be the beginning of one: where a layer is not known, neither is where the next one's weights
/// are.
struct LayerType {
  std::string_view name;
  NodeType type;
};
inline constexpr LayerType kLayerTypes[] = {
    {"BinaryOp", NodeType::other},
    {"Clip", NodeType::clip},
    {"Concat", NodeType::concat},
    {"Crop", NodeType::slice},
    {"Dropout", NodeType::same},
    {"Eltwise", NodeType::other},
    {"Erf", NodeType::erf},
    {"ExpandDims", NodeType::same},
    {"Flatten", NodeType::same},
    {"GELU", NodeType::gelu},
    {"HardSigmoid", NodeType::hardsigmoid},
    {"HardSwish", NodeType::hardswish},
    {"Input", NodeType::picture},
    {"Interp", NodeType::resize},
    {"Noop", NodeType::same},
    {"Padding", NodeType::pad},
    {"Permute", NodeType::transpose},
    {"Pooling", NodeType::pool},
    {"ReLU", NodeType::relu},
    {"Reduction", NodeType::other},
    {"Reshape", NodeType::reshape},
    {"ShuffleChannel", NodeType::shuffle},
    {"Sigmoid", NodeType::sigmoid},
    {"Slice", NodeType::slice},
    {"Softmax", NodeType::softmax},
    {"Split", NodeType::same},
    {"Squeeze", NodeType::same},
    {"Swish", NodeType::silu},
    {"UnaryOp", NodeType::other},
};

constexpr std::optional<NodeType> type_of(std::string_view name) {
  for (const LayerType& type : kLayerTypes)
    if (type.name == name) return type.type;
  return std::nullopt;
}

constexpr NodeType type_of_binary(int operation) {
  switch (operation) {
    case 0:
      return NodeType::add;
    case 2:
      return NodeType::multiply;
    case 3:
      return NodeType::divide;
    default:
      return NodeType::other;
  }
}

/// Reads paddings, whose absence or a code stands for others: pixels left, right, above, below.
inline void read_padding(const LayerLine& layer, int left, int right, int top, int bottom,
                         GraphNode& node) {
  constexpr int kSameUpper = -233, kSameLower = -234;
  Padding& padding = node.window.padding;
  padding.left = layer.integer(left);
  padding.right = layer.integer(right, padding.left);
  padding.top = layer.integer(top, padding.left);
  padding.bottom = layer.integer(bottom, padding.top);
  if (padding.left != kSameUpper && padding.left != kSameLower) return;
  node.padding_rule =
      padding.left == kSameUpper ? PaddingRule::same_upper : PaddingRule::same_lower;
  padding = 0;
}

/// Reads a pool: of all pixels, or of windows; one of another kind is an `other`.
inline void read_pool(const LayerLine& layer, GraphNode& node) {
  constexpr int kMean = 1;
  const int kind = layer.integer(0), width = layer.integer(1);
  if (layer.integer(7) == 1) {  // as many outputs as are asked for
    const int columns = layer.integer(8);
    if (kind != kMean || columns != 1 || layer.integer(18, columns) != 1)
      node.type = NodeType::other;
    return;
  }
  if (layer.integer(4) == 1) {
    if (kind != kMean) node.type = NodeType::other;
    return;
  }
  node.type = kind == kMean ? NodeType::window_mean : NodeType::window_max;
  node.window.kernel = {layer.integer(11, width), width};
  const int stride = layer.integer(2, 1), mode = layer.integer(5);
  node.window.stride = {layer.integer(12, stride), stride};
  read_padding(layer, 3, 14, 13, 15, node);
  node.count_padding = layer.integer(6) != 0;
  // The last window may reach beyond the map; or as TensorFlow pads.
  node.window.ceil_mode = mode == 0;
  if (mode == 2) node.padding_rule = PaddingRule::same_upper;
  if (mode == 3) node.padding_rule = PaddingRule::same_lower;
}

/// Returns the type of what has no type of its own by its name.
inline NodeType type_of_other(const LayerLine& layer) {
  constexpr int kSquareRoot = 5;
  if (layer.type == "BinaryOp") return type_of_binary(layer.integer(0));
  if (layer.type == "UnaryOp" && layer.integer(0) == kSquareRoot) return NodeType::sqrt;
  // A sum without factors.
  if (layer.type == "Eltwise" && layer.inputs.size() == 2 && layer.integer(0) == 1 &&
      layer.text(1).empty())
    return NodeType::add;
  // A mean over height and width.
  if (layer.type == "Reduction" && layer.integer(0) == 3 && layer.integer(1) == 0 &&
      (layer.text(3) == "1,2" || layer.text(3) == "-2,-1") && layer.number(2, 1) == 1)
    return NodeType::pool;
  return NodeType::other;
}

/// Reads the parameters of an activation; returns false if it is unknown.
inline bool read_activation(const LayerLine& layer, GraphNode& node) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  switch (node.type) {
    case NodeType::hardsigmoid:
    case NodeType::hardswish:
      node.alpha = layer.number(0, 0.2f);
      node.beta = layer.number(1, 0.5f);
      return true;
    case NodeType::clip:
      node.alpha = layer.number(0, -kLargest);
      node.beta = layer.number(1, kLargest);
      return true;
    default:  // neither leaky nor an approximation
      return layer.number(0) == 0;
  }
}

/// Reads the parameters of a layer without weights, whose inputs are nodes of the graph; with
/// unusual ones it is an `other`.
inline void read_parameters(const LayerLine& layer, const FileGraph& graph, GraphNode& node) {
  bool known = true;
  switch (node.type) {
    case NodeType::picture:
      node.size = {std::max(0, layer.integer(1)), std::max(0, layer.integer(0))};
      break;
    case NodeType::hardsigmoid:
    case NodeType::hardswish:
    case NodeType::clip:
    case NodeType::relu:
    case NodeType::gelu:
      known = read_activation(layer, node);
      break;
    case NodeType::pool:
      read_pool(layer, node);
      break;
    case NodeType::pad:
      node.window.padding = {layer.integer(0), layer.integer(2), layer.integer(1),
                             layer.integer(3)};
      known = layer.integer(4) == 0 && layer.number(5) == 0 && layer.integer(7) == 0 &&
              layer.integer(8) == 0;
      break;
    case NodeType::concat:
      known = layer.integer(0) == 0;
      break;
    case NodeType::slice:
      known = layer.type == "Crop" ? read_crop(layer, node) : layer.integer(1) == 0;
      break;
    case NodeType::shuffle:
      node.groups = layer.integer(0, 1);
      known = layer.integer(1) == 0;
      break;
    case NodeType::reshape:
      read_reshape(layer, node);
      break;
    case NodeType::transpose:
      known = read_permute(layer, dimensions_of(graph, node.inputs[0]), node);
      break;
    case NodeType::resize:
      known = read_resize(layer, node);
      break;
    case NodeType::other:
      node.type = type_of_other(layer);
      break;
    default:
      break;
  }
  if (!known) node.type = NodeType::other;
}

/// Returns the activation inside of a layer with weights, as a node after it.
inline GraphNode activation_of(const LayerLine& layer, int weights) {
  GraphNode node = {.what = "activation of an unknown type", .name = layer.name};
  node.inputs[0] = weights;
  const auto [alpha, beta] = layer.numbers(10, {0, 0});
  node.alpha = alpha;
  node.beta = beta;
  switch (layer.integer(9)) {
    case 1:
      node.type = NodeType::relu;
      break;
    case 3:
      node.type = NodeType::clip;
      break;
    case 4:
      node.type = NodeType::sigmoid;
      break;
    case 6:
      node.type = NodeType::hardswish;
      break;
    default:
      break;
  }
  return node;
}

}  // namespace ncnn_file

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NCNN_LAYER_HPP
