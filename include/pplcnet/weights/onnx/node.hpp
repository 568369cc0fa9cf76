#ifndef PPLCNET_WEIGHTS_ONNX_NODE_HPP
#define PPLCNET_WEIGHTS_ONNX_NODE_HPP

// Needs protozero and exceptions, see tensor.hpp.
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/onnx/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace onnx_file {

/// What ONNX calls the operations of our networks.
struct OperationName {
  std::string_view name;
  NodeType type;
};
inline constexpr OperationName kOperations[] = {
    {"Add", NodeType::add},
    {"AveragePool", NodeType::window_mean},
    {"BatchNormalization", NodeType::batch_norm},
    {"Cast", NodeType::same},
    {"Clip", NodeType::clip},
    {"Concat", NodeType::concat},
    {"Conv", NodeType::convolution},
    {"ConvTranspose", NodeType::transposed_convolution},
    {"Div", NodeType::divide},
    {"Dropout", NodeType::same},
    {"Erf", NodeType::erf},
    {"Flatten", NodeType::same},
    {"Gelu", NodeType::gelu},
    {"Gemm", NodeType::product},
    {"GlobalAveragePool", NodeType::pool},
    {"HardSigmoid", NodeType::hardsigmoid},
    {"HardSwish", NodeType::hardswish},
    {"Identity", NodeType::same},
    {"LayerNormalization", NodeType::layer_norm},
    {"MatMul", NodeType::product},
    {"MaxPool", NodeType::window_max},
    {"Mul", NodeType::multiply},
    {"PRelu", NodeType::prelu},
    {"Pad", NodeType::pad},
    {"ReduceMean", NodeType::pool},
    {"Relu", NodeType::relu},
    {"Reshape", NodeType::reshape},
    {"Resize", NodeType::resize},
    {"Sigmoid", NodeType::sigmoid},
    {"Slice", NodeType::slice},
    {"Softmax", NodeType::softmax},
    {"Split", NodeType::slice},
    {"Sqrt", NodeType::sqrt},
    {"Squeeze", NodeType::same},
    {"Transpose", NodeType::transpose},
    {"Unsqueeze", NodeType::same},
    {"Upsample", NodeType::resize},
};

constexpr NodeType type_of(std::string_view name) {
  for (const OperationName& operation : kOperations)
    if (operation.name == name) return operation.type;
  return NodeType::other;
}

/// Returns an integer as `int`; one beyond it means nothing that we know.
inline int clamped(std::int64_t value) {
  using Limits = std::numeric_limits<int>;
  return static_cast<int>(std::clamp<std::int64_t>(value, Limits::min(), Limits::max()));
}

/// An AttributeProto, as far as our operations need it.
struct Attribute {
  std::string_view name = {}, string = {};
  float number = 0;
  std::int64_t integer = 0;
  FirstIntegers<8> integers = {};
  Message tensor = {};

  /// Reads rows and columns.
  bool get(Pair& pair) const {
    if (integers.count != 2) return false;
    pair = {clamped(integers.values[0]), clamped(integers.values[1])};
    return true;
  }
  /// Reads what is above, left of, below and right of a map.
  bool get(Padding& padding) const {
    if (integers.count != 4) return false;
    const auto at = [&](std::size_t place) { return clamped(integers.values[place]); };
    padding = {at(0), at(1), at(2), at(3)};
    return true;
  }
  bool get(PaddingRule& rule) const {
    if (string == "SAME_UPPER") rule = PaddingRule::same_upper;
    if (string == "SAME_LOWER") rule = PaddingRule::same_lower;
    return rule != PaddingRule::explicit_sizes || string == "NOTSET" || string == "VALID";
  }
};

inline Attribute read_attribute(Message message) {
  Attribute attribute;
  const auto add_integer = [&](std::int64_t value) { attribute.integers.add(value); };
  while (message.next()) {
    switch (message.tag_and_type()) {
      case field(1, Wire::length_delimited):
        attribute.name = text(message.get_view());
        break;
      case field(2, Wire::fixed32):
        attribute.number = std::bit_cast<float>(message.get_fixed32());
        break;
      case field(3, Wire::varint):
        attribute.integer = message.get_int64();
        break;
      case field(4, Wire::length_delimited):
        attribute.string = text(message.get_view());
        break;
      case field(5, Wire::length_delimited):
        attribute.tensor = message.get_message();
        break;
      case field(8, Wire::varint):
      case field(8, Wire::length_delimited):
        for_each_integer(message, add_integer);
        break;
      default:
        message.skip();
    }
  }
  return attribute;
}

/// Returns rows and columns of a TypeProto of four dimensions, 0 where the file leaves them open.
inline std::array<int, 2> read_size(Message type) {
  FirstIntegers<4> sizes;
  while (type.next(1, Wire::length_delimited))
    for (Message tensor = type.get_message(); tensor.next(2, Wire::length_delimited);)
      for (Message shape = tensor.get_message(); shape.next(1, Wire::length_delimited);) {
        Message dimension = shape.get_message();
        sizes.add(dimension.next(1, Wire::varint) ? dimension.get_int64() : 0);
      }
  if (sizes.count != 4) return {};
  const auto known = [&](std::size_t place) { return std::max(0, clamped(sizes.values[place])); };
  return {known(2), known(3)};
}

/// Sets the values of attributes that are not there.
inline void set_defaults(GraphNode& node) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  if (node.type == NodeType::batch_norm || node.type == NodeType::layer_norm) node.alpha = 1e-5f;
  if (node.type == NodeType::clip) node.alpha = -kLargest, node.beta = kLargest;
  if (node.type == NodeType::hardsigmoid) node.alpha = 0.2f, node.beta = 0.5f;
  if (node.type == NodeType::hardswish) node.alpha = 1.0f / 6, node.beta = 0.5f;
}

/// Takes a node's numbers, if it can have so many.
template <class Numbers>
void set_numbers(const Numbers& numbers, GraphNode& node) {
  if (numbers.size() > node.numbers.size()) return;
  node.number_count = static_cast<int>(numbers.size());
  std::ranges::transform(numbers, node.numbers.begin(), clamped);
}

/// Takes what an attribute of a convolution or a pool says; false if it is not known here.
inline bool apply_to_window(const Attribute& attribute, GraphNode& node) {
  const std::string_view name = attribute.name;
  if (name == "strides") return attribute.get(node.window.stride);
  if (name == "dilations") return attribute.get(node.window.dilation);
  if (name == "kernel_shape") return attribute.get(node.window.kernel);
  if (name == "pads") return attribute.get(node.window.padding);
  if (name == "auto_pad") return attribute.get(node.padding_rule);
  if (name == "group") node.groups = clamped(attribute.integer);
  if (name == "ceil_mode") node.window.ceil_mode = attribute.integer != 0;
  if (name == "count_include_pad") node.count_padding = attribute.integer != 0;
  if (name == "output_padding" || name == "output_shape") return false;
  return name != "storage_order" || attribute.integer == 0;
}

/// Takes what an attribute says; a node with one that is not known here becomes an `other`.
inline void apply(const Attribute& attribute, GraphNode& node) {
  const std::string_view name = attribute.name;
  bool known = true;
  switch (node.type) {
    case NodeType::convolution:
    case NodeType::transposed_convolution:
    case NodeType::window_mean:
    case NodeType::window_max:
      known = apply_to_window(attribute, node);
      break;
    case NodeType::product:
      if (name == "transB") node.transposed = attribute.integer != 0;
      if (name == "transA") known = attribute.integer == 0;
      if (name == "alpha" || name == "beta") known = attribute.number == 1;
      break;
    case NodeType::batch_norm:
      if (name == "epsilon") node.alpha = attribute.number;
      break;
    case NodeType::layer_norm:
      if (name == "epsilon") node.alpha = attribute.number;
      if (name == "axis") known = attribute.integer == -1 || attribute.integer == 2;
      break;
    case NodeType::clip:
      if (name == "min") node.alpha = attribute.number;
      if (name == "max") node.beta = attribute.number;
      break;
    case NodeType::softmax:
      if (name == "axis") node.first = clamped(attribute.integer);
      known = node.first == -1 || node.first == 1 || node.first == 2;
      break;
    case NodeType::hardsigmoid:
      if (name == "alpha") node.alpha = attribute.number;
      if (name == "beta") node.beta = attribute.number;
      break;
    case NodeType::gelu:
      if (name == "approximate") known = attribute.string == "none";
      break;
    case NodeType::concat:
      if (name == "axis") known = attribute.integer == 1 || attribute.integer == -3;
      break;
    case NodeType::pad:
      if (name == "mode") known = attribute.string == "constant";
      if (name == "value") known = attribute.number == 0;
      break;
    case NodeType::transpose:
      if (name == "perm") set_numbers(attribute.integers.span(), node);
      break;
    default:
      break;
  }
  if (!known) node.type = NodeType::other;
}

}  // namespace onnx_file

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ONNX_NODE_HPP
