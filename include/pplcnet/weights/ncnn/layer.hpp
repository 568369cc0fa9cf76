#ifndef PPLCNET_WEIGHTS_NCNN_LAYER_HPP
#define PPLCNET_WEIGHTS_NCNN_LAYER_HPP

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include "pplcnet/weights/import/file_graph.hpp"
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
    {"Concat", NodeType::other},
    {"Crop", NodeType::other},
    {"Dropout", NodeType::same},
    {"Eltwise", NodeType::other},
    {"Flatten", NodeType::same},
    {"HardSigmoid", NodeType::hardsigmoid},
    {"HardSwish", NodeType::hardswish},
    {"Input", NodeType::picture},
    {"Interp", NodeType::other},
    {"Noop", NodeType::same},
    {"Permute", NodeType::other},
    {"Pooling", NodeType::pool},
    {"ReLU", NodeType::relu},
    {"Reshape", NodeType::same},
    {"ShuffleChannel", NodeType::other},
    {"Sigmoid", NodeType::sigmoid},
    {"Slice", NodeType::other},
    {"Softmax", NodeType::softmax},
    {"Split", NodeType::same},
    {"Swish", NodeType::other},
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

/// What the parameters of a layer without weights say; with unusual ones it is an `other`.
inline void read_parameters(const LayerLine& layer, GraphNode& node) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  switch (node.type) {
    case NodeType::picture:
      node.size = {std::max(0, layer.integer(1)), std::max(0, layer.integer(0))};
      break;
    case NodeType::hardsigmoid:
    case NodeType::hardswish:
      node.alpha = layer.number(0, 0.2f);
      node.beta = layer.number(1, 0.5f);
      break;
    case NodeType::clip:
      node.alpha = layer.number(0, -kLargest);
      node.beta = layer.number(1, kLargest);
      break;
    case NodeType::relu:
      if (layer.number(0) != 0) node.type = NodeType::other;  // leaky
      break;
    case NodeType::pool: {
      const bool whole = layer.integer(4) == 1;
      const int width = layer.integer(8);
      const bool adaptive = layer.integer(7) == 1 && width == 1 && layer.integer(18, width) == 1;
      if (layer.integer(0) != 1 || !(whole || adaptive)) node.type = NodeType::other;
      break;
    }
    default:
      if (layer.type == "BinaryOp") node.type = type_of_binary(layer.integer(0));
  }
}

/// The activation inside of a layer with weights, as a node after it.
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
