#ifndef PPLCNET_WEIGHTS_NCNN_ARRANGEMENT_HPP
#define PPLCNET_WEIGHTS_NCNN_ARRANGEMENT_HPP

#include <algorithm>
#include <array>
#include <cstddef>

#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/ncnn/param.hpp"

// What lines of an ncnn network say of layers that compute nothing: where channels, pixels and
// tokens go. Source: ncnn `layer/*.cpp`.

namespace pplcnet::inline PPLCNET_ABI {

namespace ncnn_file {

/// Reads which channels a Crop leaves; false if it crops something else.
inline bool read_crop(const LayerLine& layer, GraphNode& node) {
  constexpr int kEnd = -233;
  const auto one = [&](int key) { return number_in<int>(layer.text(key)); };
  const auto start = one(9), end = one(10), axis = one(11);
  node.first = start.value_or(0);
  if (end != kEnd) node.last = end.value_or(0);
  return layer.inputs.size() == 1 && start && end && axis == 0;
}

/// Reads the rows of channels that a Reshape makes: of width and height, of width, height and
/// channels, or with depth.
inline void read_reshape(const LayerLine& layer, GraphNode& node) {
  if (layer.integer(11) != 0) {
    node.numbers = {1, layer.integer(2), layer.integer(11), layer.integer(1), layer.integer(0)};
    node.number_count = 5;
  } else if (layer.integer(2) > 0) {
    node.numbers = {1, layer.integer(2), layer.integer(1), layer.integer(0)};
    node.number_count = 4;
  } else if (layer.text(2).empty() && !layer.text(1).empty()) {
    node.numbers = {1, layer.integer(1), layer.integer(0)};
    node.number_count = 3;
  }
}

/// Returns how many dimensions a node's result has, as far as it follows from the node: a map has
/// three.
inline int dimensions_of(const FileGraph& graph, int number) {
  constexpr int kMap = 3;
  for (; number != GraphNode::kNone;
       number = graph.nodes[static_cast<std::size_t>(number)].inputs[0]) {
    const GraphNode& node = graph.nodes[static_cast<std::size_t>(number)];
    if (node.what == "Reshape") return node.number_count > 0 ? node.number_count - 1 : kMap;
    if (node.what == "Squeeze") return kMap - 1;
    if (node.type != NodeType::same) break;
  }
  return kMap;
}

/// Reads in which order a Permute has the dimensions, after that of pictures; false if it is none
/// of those that our networks have. ncnn counts the last dimension first.
inline bool read_permute(const LayerLine& layer, int dimensions, GraphNode& node) {
  struct Order {
    int dimensions, code;
    std::array<int, GraphNode::kMaxNumbers> numbers;
  };
  constexpr Order kOrders[] = {
      {2, 1, {0, 2, 1}},        // tokens
      {3, 2, {0, 2, 1, 3}},     // rows of channels
      {3, 3, {0, 2, 3, 1}},     // channels after the pixels
      {3, 4, {0, 3, 1, 2}},     // and back
      {4, 6, {0, 2, 1, 3, 4}},  // rows of channels
  };
  for (const auto& [known, code, numbers] : kOrders) {
    if (known != dimensions || code != layer.integer(0)) continue;
    node.numbers = numbers;
    node.number_count = dimensions + 1;
    return true;
  }
  return false;
}

/// Reads how a map is resized, and to what size, if it is said; false for pixels between others
/// than ours.
inline bool read_resize(const LayerLine& layer, GraphNode& node) {
  constexpr int kNearest = 1, kBilinear = 2;
  const int kind = layer.integer(0);
  const bool said = layer.inputs.size() == 1 && layer.integer(5) == 0 && layer.text(9).empty();
  node.resampling = kind == kNearest ? Resampling::nearest : Resampling::bilinear;
  if (said) {
    node.size = {std::max(0, layer.integer(3)), std::max(0, layer.integer(4))};
    node.alpha = layer.number(1, 1);
    node.beta = layer.number(2, 1);
  }
  return (kind == kNearest || kind == kBilinear) && layer.integer(6) == 0;
}

}  // namespace ncnn_file

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NCNN_ARRANGEMENT_HPP
