#ifndef PPLCNET_WEIGHTS_ONNX_NODE_HPP
#define PPLCNET_WEIGHTS_ONNX_NODE_HPP

// Needs protozero and exceptions, see onnx_tensor.hpp.
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
    {"Conv", NodeType::convolution},
    {"Div", NodeType::divide},
    {"Dropout", NodeType::same},
    {"Flatten", NodeType::same},
    {"Gemm", NodeType::product},
    {"GlobalAveragePool", NodeType::pool},
    {"HardSigmoid", NodeType::hardsigmoid},
    {"HardSwish", NodeType::hardswish},
    {"Identity", NodeType::same},
    {"MatMul", NodeType::product},
    {"Mul", NodeType::multiply},
    {"ReduceMean", NodeType::pool},
    {"Relu", NodeType::relu},
    {"Reshape", NodeType::same},
    {"Sigmoid", NodeType::sigmoid},
    {"Softmax", NodeType::softmax},
    {"Squeeze", NodeType::same},
    {"Unsqueeze", NodeType::same},
};

constexpr NodeType type_of(std::string_view name) {
  for (const OperationName& operation : kOperations)
    if (operation.name == name) return operation.type;
  return NodeType::other;
}

/// An integer beyond `int` means nothing that we know.
inline int clamped(std::int64_t value) {
  using Limits = std::numeric_limits<int>;
  return static_cast<int>(std::clamp<std::int64_t>(value, Limits::min(), Limits::max()));
}

/// An AttributeProto, as far as our operations need it.
struct Attribute {
  std::string_view name = {}, string = {};
  float number = 0;
  std::int64_t integer = 0;
  FirstIntegers<4> integers = {};
  Message tensor = {};

  template <std::size_t kCount>
  bool get(std::array<int, kCount>& values) const {
    if (integers.count != kCount) return false;
    std::ranges::transform(integers.span(), values.begin(), clamped);
    return true;
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

/// Rows and columns of a TypeProto of four dimensions, 0 where the file leaves them open.
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

/// Whether numbers are the axes of height and width.
inline bool are_height_and_width(std::array<int, 2> axes) {
  for (int& axis : axes) axis += axis < 0 ? 4 : 0;
  std::ranges::sort(axes);
  return axes == std::array{2, 3};
}

/// The values of attributes that are not there.
inline void set_defaults(GraphNode& node) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  if (node.type == NodeType::batch_norm) node.alpha = 1e-5f;
  if (node.type == NodeType::clip) node.alpha = -kLargest, node.beta = kLargest;
  if (node.type == NodeType::hardsigmoid) node.alpha = 0.2f, node.beta = 0.5f;
  if (node.type == NodeType::hardswish) node.alpha = 1.0f / 6, node.beta = 0.5f;
}

/// What an attribute says; a node with one that is not known here becomes an `other`.
inline void apply(const Attribute& attribute, GraphNode& node) {
  const std::string_view name = attribute.name;
  bool known = true;
  switch (node.type) {
    case NodeType::convolution:
      if (name == "strides") known = attribute.get(node.stride);
      if (name == "dilations") known = attribute.get(node.dilation);
      if (name == "pads") known = attribute.get(node.padding);
      if (name == "group") node.groups = clamped(attribute.integer);
      if (name == "auto_pad") known = attribute.string == "NOTSET" || attribute.string == "VALID";
      break;
    case NodeType::product:
      if (name == "transB") node.transposed = attribute.integer != 0;
      if (name == "transA") known = attribute.integer == 0;
      if (name == "alpha" || name == "beta") known = attribute.number == 1;
      break;
    case NodeType::batch_norm:
      if (name == "epsilon") node.alpha = attribute.number;
      break;
    case NodeType::clip:
      if (name == "min") node.alpha = attribute.number;
      if (name == "max") node.beta = attribute.number;
      break;
    case NodeType::window_mean:
      if (name == "kernel_shape") known = attribute.get(node.window);
      if (name == "strides") known = attribute.get(node.stride);
      if (name == "pads") known = std::ranges::count(attribute.integers.span(), 0) == 4;
      if (name == "ceil_mode") known = attribute.integer == 0;
      if (name == "auto_pad") known = attribute.string == "NOTSET" || attribute.string == "VALID";
      break;
    case NodeType::softmax:
      if (name == "axis") known = attribute.integer == -1 || attribute.integer == 1;
      break;
    case NodeType::hardsigmoid:
      if (name == "alpha") node.alpha = attribute.number;
      if (name == "beta") node.beta = attribute.number;
      break;
    default:
      break;
  }
  if (!known) node.type = NodeType::other;
}

}  // namespace onnx_file

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ONNX_NODE_HPP
