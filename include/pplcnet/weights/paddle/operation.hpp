#ifndef PPLCNET_WEIGHTS_PADDLE_OPERATION_HPP
#define PPLCNET_WEIGHTS_PADDLE_OPERATION_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "pplcnet/weights/import/file_graph.hpp"

// What the two forms of a Paddle program have in common: operations with attributes, whose names
// differ a little. Source: Paddle `phi/ops/yaml/ops.yaml` and `phi/ops/yaml/op_compat.yaml`.

namespace pplcnet::inline PPLCNET_ABI {

namespace paddle {

struct Attribute {
  std::string_view name = {};
  std::vector<std::int64_t> integers = {};  ///< also of truth values, and of a single integer
  double number = 0;
  std::string_view text = {};
};

/// An operation, in the words of either form. Texts view the file.
struct Operation {
  std::string_view type;
  std::vector<Attribute> attributes = {};

  const Attribute* find(std::string_view name) const {
    const auto found = std::ranges::find(attributes, name, &Attribute::name);
    return found == attributes.end() ? nullptr : &*found;
  }
  std::optional<std::int64_t> integer(std::string_view name) const {
    const Attribute* found = find(name);
    if (found == nullptr || found->integers.size() != 1) return std::nullopt;
    return found->integers[0];
  }
  bool is_true(std::string_view name) const { return integer(name).value_or(0) != 0; }
  double number(std::string_view name, double otherwise) const {
    const Attribute* found = find(name);
    return found == nullptr ? otherwise : found->number;
  }
  std::string_view text(std::string_view name, std::string_view otherwise) const {
    const Attribute* found = find(name);
    return found == nullptr ? otherwise : found->text;
  }
  std::span<const std::int64_t> integers(std::string_view name) const {
    const Attribute* found = find(name);
    return found == nullptr ? std::span<const std::int64_t>() : std::span(found->integers);
  }
};

struct OperationType {
  std::string_view name;
  NodeType type;
};
inline constexpr OperationType kOperationTypes[] = {
    {"add", NodeType::add},
    {"assign", NodeType::same},
    {"batch_norm", NodeType::batch_norm},
    {"batch_norm_", NodeType::batch_norm},
    {"conv2d", NodeType::convolution},
    {"data", NodeType::picture},
    {"depthwise_conv2d", NodeType::convolution},
    {"divide", NodeType::divide},
    {"dropout", NodeType::multiply},
    {"elementwise_add", NodeType::add},
    {"elementwise_div", NodeType::divide},
    {"elementwise_mul", NodeType::multiply},
    {"feed", NodeType::picture},
    {"fetch", NodeType::same},
    {"flatten", NodeType::same},
    {"flatten_contiguous_range", NodeType::same},
    {"hard_sigmoid", NodeType::hardsigmoid},
    {"hard_swish", NodeType::hardswish},
    {"hardsigmoid", NodeType::hardsigmoid},
    {"hardswish", NodeType::hardswish},
    {"matmul", NodeType::product},
    {"matmul_v2", NodeType::product},
    {"multiply", NodeType::multiply},
    {"pool2d", NodeType::pool},
    {"relu", NodeType::relu},
    {"relu6", NodeType::clip},
    {"reshape", NodeType::same},
    {"reshape2", NodeType::same},
    {"scale", NodeType::multiply},
    {"shadow_output", NodeType::same},
    {"sigmoid", NodeType::sigmoid},
    {"softmax", NodeType::softmax},
    {"squeeze", NodeType::same},
    {"squeeze2", NodeType::same},
};

/// The node's type, and the word for it, which needs no file.
inline void set_type(std::string_view name, GraphNode& node) {
  const auto* found = std::ranges::find(kOperationTypes, name, &OperationType::name);
  if (found == std::end(kOperationTypes)) return;
  node.type = found->type;
  node.what = found->name;
}

inline int clamped(std::int64_t value) {
  using Limits = std::numeric_limits<int>;
  return static_cast<int>(std::clamp<std::int64_t>(value, Limits::min(), Limits::max()));
}

inline bool read_pair(std::span<const std::int64_t> values, std::array<int, 2>& pair) {
  if (values.size() != 2) return false;
  pair = {clamped(values[0]), clamped(values[1])};
  return true;
}

/// Rows and columns of a picture [images][channels][rows][columns]; below 1: any number.
inline void read_size(std::span<const std::int64_t> shape, GraphNode& node) {
  if (shape.size() != 4) return;
  node.size = {std::max(0, clamped(shape[2])), std::max(0, clamped(shape[3]))};
}

/// Height and width, or above, below, left and right.
inline bool read_padding(std::span<const std::int64_t> values, std::array<int, 4>& padding) {
  if (values.size() == 4)
    padding = {clamped(values[0]), clamped(values[2]), clamped(values[1]), clamped(values[3])};
  else if (values.size() == 2)
    padding = {clamped(values[0]), clamped(values[1]), clamped(values[0]), clamped(values[1])};
  return values.size() == 2 || values.size() == 4;
}

inline bool read_convolution(const Operation& operation, GraphNode& node) {
  node.groups = clamped(operation.integer("groups").value_or(1));
  return read_pair(operation.integers("strides"), node.stride) &&
         read_pair(operation.integers("dilations"), node.dilation) &&
         read_padding(operation.integers("paddings"), node.padding) &&
         operation.text("padding_algorithm", "EXPLICIT") == "EXPLICIT" &&
         operation.text("data_format", "NCHW") != "NHWC";
}

/// `window` is the size that the mean is taken of.
inline bool read_pool(const Operation& operation, std::span<const std::int64_t> window,
                      GraphNode& node) {
  if (operation.text("pooling_type", "") != "avg") return false;
  const bool one = std::ranges::equal(window, std::array{1, 1});
  if (operation.is_true("global_pooling") || (operation.is_true("adaptive") && one)) return true;
  node.type = NodeType::window_mean;
  return !operation.is_true("adaptive") &&
         std::ranges::count(operation.integers("paddings"), 0) ==
             std::ssize(operation.integers("paddings")) &&
         read_pair(window, node.window) && read_pair(operation.integers("strides"), node.stride);
}

/// What the attributes say; a node with unusual ones is an `other`.
inline void read_attributes(const Operation& operation, std::span<const std::int64_t> window,
                            GraphNode& node) {
  const auto number = [&](std::string_view name, double otherwise) {
    return static_cast<float>(operation.number(name, otherwise));
  };
  bool known = true;
  switch (node.type) {
    case NodeType::convolution:
      known = read_convolution(operation, node);
      break;
    case NodeType::picture:
      read_size(operation.integers("shape"), node);
      break;
    case NodeType::multiply:
      known = number("bias", 0) == 0;  // of `scale`
      break;
    case NodeType::softmax:
      known = std::abs(operation.integer("axis").value_or(-1)) == 1;
      break;
    case NodeType::product:
      node.transposed = operation.is_true("transpose_y") || operation.is_true("trans_y");
      known = !operation.is_true("transpose_x") && !operation.is_true("trans_x");
      break;
    case NodeType::batch_norm:
      node.alpha = number("epsilon", 1e-5);
      break;
    case NodeType::hardsigmoid:
      node.alpha = number("slope", 0.2);
      node.beta = number("offset", 0.5);
      break;
    case NodeType::hardswish:
      known = number("threshold", 6) == number("scale", 6);
      node.alpha = 1 / number("scale", 6);
      node.beta = number("offset", 3) / number("scale", 6);
      break;
    case NodeType::clip:
      node.alpha = 0;
      node.beta = number("threshold", 6);
      break;
    case NodeType::pool:
      known = read_pool(operation, window, node);
      break;
    default:
      break;
  }
  if (!known) node.type = NodeType::other;
}

/// By what dropout multiplies at inference.
inline float dropout_factor(const Operation& operation, float probability) {
  const std::string_view mode =
      operation.text("mode", operation.text("dropout_implementation", "downgrade_in_infer"));
  return mode == "downgrade_in_infer" ? 1 - probability : 1;
}

}  // namespace paddle

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PADDLE_OPERATION_HPP
