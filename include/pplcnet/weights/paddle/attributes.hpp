#ifndef PPLCNET_WEIGHTS_PADDLE_ATTRIBUTES_HPP
#define PPLCNET_WEIGHTS_PADDLE_ATTRIBUTES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/paddle/operation.hpp"

// What the attributes of an operation say of a node.

namespace pplcnet::inline PPLCNET_ABI {

namespace paddle {

inline bool read_pair(std::span<const std::int64_t> values, Pair& pair) {
  if (values.size() != 2) return false;
  pair = {clamped(values[0]), clamped(values[1])};
  return true;
}

/// Reads rows and columns of a picture [images][channels][rows][columns]; below 1: any number.
inline void read_size(std::span<const std::int64_t> shape, GraphNode& node) {
  if (shape.size() != 4) return;
  node.size = {std::max(0, clamped(shape[2])), std::max(0, clamped(shape[3]))};
}

/// Reads a padding: height and width, or above, below, left and right.
inline bool read_padding(const Operation& operation, GraphNode& node) {
  const auto values = operation.integers("paddings");
  const auto at = [&](std::size_t place) { return clamped(values[place]); };
  if (values.size() == 4)
    node.window.padding = {at(0), at(2), at(1), at(3)};
  else if (values.size() == 2)
    node.window.padding = {at(0), at(1), at(0), at(1)};
  const std::string_view rule = operation.text("padding_algorithm", "EXPLICIT");
  if (rule == "SAME") node.padding_rule = PaddingRule::same_upper;
  if (rule == "VALID") node.window.padding = 0;
  return (values.size() == 2 || values.size() == 4) &&
         (rule == "SAME" || rule == "VALID" || rule == "EXPLICIT");
}

inline bool read_convolution(const Operation& operation, GraphNode& node) {
  node.groups = clamped(operation.integer("groups").value_or(1));
  return read_pair(operation.integers("strides"), node.window.stride) &&
         read_pair(operation.integers("dilations"), node.window.dilation) &&
         read_padding(operation, node) && operation.text("data_format", "NCHW") != "NHWC";
}

/// Reads a transposed convolution whose output is as large as its window makes it.
inline bool read_transposed(const Operation& operation, GraphNode& node) {
  const auto is_zero = [](std::int64_t one) { return one == 0; };
  return read_convolution(operation, node) && operation.integers("output_size").empty() &&
         std::ranges::all_of(operation.integers("output_padding"), is_zero);
}

inline bool read_pool(const Operation& operation, GraphNode& node) {
  const bool mean = operation.text("pooling_type", "") == "avg";
  const auto window = operation.integers("ksize");
  const bool one = std::ranges::equal(window, std::array{1, 1});
  if (operation.is_true("global_pooling") || (operation.is_true("adaptive") && one)) return mean;
  node.type = mean ? NodeType::window_mean : NodeType::window_max;
  node.window.ceil_mode = operation.is_true("ceil_mode");
  node.count_padding = operation.integer("exclusive") == 0;
  return !operation.is_true("adaptive") && read_padding(operation, node) &&
         read_pair(window, node.window.kernel) &&
         read_pair(operation.integers("strides"), node.window.stride);
}

/// Reads a border: left, right, above, below, in front, after.
inline bool read_pad(const Operation& operation, GraphNode& node) {
  const auto values = operation.integers("paddings");
  if (values.size() != 6 || values[4] != 0 || values[5] != 0) return false;
  if (std::ranges::any_of(values, [](std::int64_t one) { return one < 0; })) return false;
  node.window.padding = {clamped(values[2]), clamped(values[0]), clamped(values[3]),
                         clamped(values[1])};
  return operation.text("mode", "constant") == "constant" &&
         operation.number("value", operation.number("pad_value", 0)) == 0 &&
         operation.text("data_format", "NCDHW") == "NCDHW";
}

/// Returns whether an operation is along channels.
inline bool is_of_channels(const Operation& operation, std::string_view axis) {
  const auto axes = operation.integers(axis);
  return axes.size() == 1 && (axes[0] == 1 || axes[0] == -3);
}

/// Reads which channels a slice leaves.
inline bool read_slice(const Operation& operation, GraphNode& node) {
  if (operation.type.starts_with("split")) return is_of_channels(operation, "axis");
  const auto first = operation.integer("starts"), last = operation.integer("ends");
  node.first = clamped(first.value_or(0));
  node.last = clamped(last.value_or(0));
  const auto steps = operation.integers("strides");
  node.step = steps.empty() ? 1 : clamped(steps[0]);
  return first && last && steps.size() <= 1 && is_of_channels(operation, "axes") &&
         operation.integers("decrease_axis").empty();
}

inline void read_numbers(std::span<const std::int64_t> values, GraphNode& node) {
  if (values.size() > node.numbers.size()) return;
  node.number_count = static_cast<int>(values.size());
  std::ranges::transform(values, node.numbers.begin(), clamped);
}

/// Reads how maps are resized, and to what size, if it is said; returns false for pixels between
/// others than ours.
inline bool read_resize(const Operation& operation, GraphNode& node) {
  const bool nearest = operation.type.starts_with("nearest");
  node.resampling = nearest ? Resampling::nearest : Resampling::bilinear;
  const auto size = [&](std::string_view side) {
    return std::max(0, clamped(operation.integer(side).value_or(0)));
  };
  node.size = {size("out_h"), size("out_w")};
  if (const auto factors = operation.numbers("scale"); !factors.empty()) {
    node.alpha = static_cast<float>(factors.front());
    node.beta = static_cast<float>(factors.back());
  }
  // An align_mode of 0 takes the middles of pixels; nearest ones are without a mode.
  const bool middles = operation.integer("align_mode").value_or(1) == 0;
  return !operation.is_true("align_corners") && (nearest || middles) &&
         operation.text("data_layout", operation.text("data_format", "NCHW")) == "NCHW";
}

/// Returns whether a mean is that of height and width.
inline bool is_of_pixels(const Operation& operation) {
  auto axes = operation.integers("axis");
  if (axes.empty()) axes = operation.integers("dim");
  return !operation.is_true("reduce_all") && (std::ranges::equal(axes, std::array{2, 3}) ||
                                              std::ranges::equal(axes, std::array{-2, -1}));
}

/// Reads the attributes of an activation; returns false if it is unknown.
inline bool read_activation(const Operation& operation, GraphNode& node) {
  const auto number = [&](std::string_view name, double otherwise) {
    return static_cast<float>(operation.number(name, otherwise));
  };
  switch (node.type) {
    case NodeType::hardsigmoid:
      node.alpha = number("slope", 0.2);
      node.beta = number("offset", 0.5);
      return true;
    case NodeType::hardswish:
      node.alpha = 1 / number("scale", 6);
      node.beta = number("offset", 3) / number("scale", 6);
      return number("threshold", 6) == number("scale", 6);
    case NodeType::clip: {
      const bool relu6 = operation.type == "relu6";
      node.alpha = relu6 ? 0 : number("min", 0);
      node.beta = relu6 ? number("threshold", 6) : number("max", 0);
      return true;
    }
    case NodeType::gelu:
      return !operation.is_true("approximate");
    default:  // silu
      return number("beta", 1) == 1;
  }
}

/// The dimension of channels where tokens are in a row.
inline constexpr std::int64_t kTokenAxis = 2;

/// Returns whether a softmax is over the channels, of a map or of tokens.
inline bool is_over_channels(const Operation& operation) {
  const auto axis = operation.integer("axis").value_or(-1);
  return std::abs(axis) == 1 || axis == kTokenAxis;
}

/// Reads the attributes; a node with unusual ones is an `other`.
inline void read_attributes(const Operation& operation, GraphNode& node) {
  bool known = true;
  switch (node.type) {
    case NodeType::convolution:
      known = read_convolution(operation, node);
      break;
    case NodeType::transposed_convolution:
      known = read_transposed(operation, node);
      break;
    case NodeType::picture:
      read_size(operation.integers("shape"), node);
      break;
    case NodeType::softmax:
      known = is_over_channels(operation);
      break;
    case NodeType::product:
      node.transposed = operation.is_true("transpose_y") || operation.is_true("trans_y");
      known = !operation.is_true("transpose_x") && !operation.is_true("trans_x");
      break;
    case NodeType::batch_norm:
    case NodeType::layer_norm:
      node.alpha = static_cast<float>(operation.number("epsilon", 1e-5));
      known =
          node.type == NodeType::batch_norm || operation.integer("begin_norm_axis") == kTokenAxis;
      break;
    case NodeType::hardsigmoid:
    case NodeType::hardswish:
    case NodeType::clip:
    case NodeType::gelu:
    case NodeType::silu:
      known = read_activation(operation, node);
      break;
    case NodeType::pool:
      known = operation.type == "pool2d" ? read_pool(operation, node) : is_of_pixels(operation);
      break;
    case NodeType::pad:
      known = read_pad(operation, node);
      break;
    case NodeType::concat:
      known = is_of_channels(operation, "axis");
      break;
    case NodeType::slice:
      known = read_slice(operation, node);
      break;
    case NodeType::resize:
      known = read_resize(operation, node);
      break;
    case NodeType::shuffle:
      node.groups =
          clamped(operation.integer("groups").value_or(operation.integer("group").value_or(1)));
      break;
    case NodeType::reshape:
      read_numbers(operation.integers("shape"), node);
      break;
    case NodeType::transpose:
      read_numbers(operation.integers(operation.find("perm") != nullptr ? "perm" : "axis"), node);
      break;
    default:
      break;
  }
  if (!known) node.type = NodeType::other;
}

}  // namespace paddle

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PADDLE_ATTRIBUTES_HPP
