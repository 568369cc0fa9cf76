#ifndef PPLCNET_WEIGHTS_PADDLE_OPERATION_HPP
#define PPLCNET_WEIGHTS_PADDLE_OPERATION_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
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

/// An attribute of an operation.
struct Attribute {
  std::string_view name = {};
  std::vector<std::int64_t> integers = {};  ///< also of truth values, and of a single integer
  double number = 0;
  std::vector<double> numbers = {};  ///< of a list of real numbers
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
  std::span<const double> numbers(std::string_view name) const {
    const Attribute* found = find(name);
    return found == nullptr ? std::span<const double>() : std::span(found->numbers);
  }
};

/// An operation of Paddle, and what it is in a graph.
struct OperationType {
  std::string_view name;
  NodeType type;
};
inline constexpr OperationType kOperationTypes[] = {
    {"add", NodeType::add},
    {"assign", NodeType::same},
    {"batch_norm", NodeType::batch_norm},
    {"batch_norm_", NodeType::batch_norm},
    {"bilinear_interp", NodeType::resize},
    {"bilinear_interp_v2", NodeType::resize},
    {"channel_shuffle", NodeType::shuffle},
    {"clip", NodeType::clip},
    {"concat", NodeType::concat},
    {"conv2d", NodeType::convolution},
    {"conv2d_transpose", NodeType::transposed_convolution},
    {"data", NodeType::picture},
    {"depthwise_conv2d", NodeType::convolution},
    {"divide", NodeType::divide},
    {"dropout", NodeType::multiply},
    {"elementwise_add", NodeType::add},
    {"elementwise_div", NodeType::divide},
    {"elementwise_mul", NodeType::multiply},
    {"erf", NodeType::erf},
    {"feed", NodeType::picture},
    {"fetch", NodeType::same},
    {"flatten", NodeType::same},
    {"flatten_contiguous_range", NodeType::same},
    {"gelu", NodeType::gelu},
    {"hard_sigmoid", NodeType::hardsigmoid},
    {"hard_swish", NodeType::hardswish},
    {"hardsigmoid", NodeType::hardsigmoid},
    {"hardswish", NodeType::hardswish},
    {"layer_norm", NodeType::layer_norm},
    {"matmul", NodeType::product},
    {"matmul_v2", NodeType::product},
    {"mean", NodeType::pool},
    {"multiply", NodeType::multiply},
    {"nearest_interp", NodeType::resize},
    {"nearest_interp_v2", NodeType::resize},
    {"pad3d", NodeType::pad},
    {"pool2d", NodeType::pool},
    {"reduce_mean", NodeType::pool},
    {"prelu", NodeType::prelu},
    {"relu", NodeType::relu},
    {"relu6", NodeType::clip},
    {"reshape", NodeType::reshape},
    {"reshape2", NodeType::reshape},
    {"scale", NodeType::multiply},
    {"shadow_output", NodeType::same},
    {"shuffle_channel", NodeType::shuffle},
    {"sigmoid", NodeType::sigmoid},
    {"silu", NodeType::silu},
    {"slice", NodeType::slice},
    {"softmax", NodeType::softmax},
    {"split", NodeType::slice},
    {"split_with_num", NodeType::slice},
    {"sqrt", NodeType::sqrt},
    {"squeeze", NodeType::same},
    {"squeeze2", NodeType::same},
    {"strided_slice", NodeType::slice},
    {"swish", NodeType::silu},
    {"transpose", NodeType::transpose},
    {"transpose2", NodeType::transpose},
    {"unsqueeze", NodeType::same},
    {"unsqueeze2", NodeType::same},
};

/// Sets the node's type, and the word for it, which needs no file.
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

/// By what dropout multiplies at inference.
inline float dropout_factor(const Operation& operation, float probability) {
  const std::string_view mode =
      operation.text("mode", operation.text("dropout_implementation", "downgrade_in_infer"));
  return mode == "downgrade_in_infer" ? 1 - probability : 1;
}

}  // namespace paddle

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PADDLE_OPERATION_HPP
