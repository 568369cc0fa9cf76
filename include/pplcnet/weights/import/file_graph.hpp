#ifndef PPLCNET_WEIGHTS_IMPORT_FILE_GRAPH_HPP
#define PPLCNET_WEIGHTS_IMPORT_FILE_GRAPH_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/graph/node.hpp"
#include "pplcnet/graph/shape.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What a node computes, as far as it matters to our networks.
enum class NodeType : unsigned char {
  picture,      ///< an input of the graph
  constant,     ///< a tensor of the file
  same,         ///< its input, perhaps in another shape
  convolution,  ///< of input 0 with the weights 1 [out][in / groups][height][width], bias 2
  transposed_convolution,  ///< of input 0 with the weights 1 [in][out][height][width], bias 2
  product,                 ///< of input 0 with the matrix 1 [in][out], bias 2
  batch_norm,              ///< of input 0: gamma 1, beta 2, mean 3, variance 4; alpha is epsilon
  layer_norm,  ///< of input 0 over its last dimension: scale 1, shift 2; alpha is epsilon
  attention,   ///< `groups` heads; queries, keys, values side by side in 0; alpha is the scale
  add,
  multiply,
  divide,
  clip,  ///< input 0 to between alpha and beta, or inputs 1 and 2
  relu,
  sigmoid,
  softmax,      ///< over the channels
  hardsigmoid,  ///< clamp(alpha * x + beta, 0, 1)
  hardswish,    ///< x * clamp(alpha * x + beta, 0, 1)
  gelu,
  silu,
  prelu,  ///< of input 0, with a slope for each channel in 1
  erf,
  sqrt,
  pad,          ///< zeros around the maps of input 0
  pool,         ///< mean of height and width
  window_mean,  ///< means of windows
  window_max,   ///< maxima of windows
  concat,       ///< the inputs' channels, one after the other
  slice,        ///< some channels of input 0
  shuffle,      ///< `groups` rows of channels become columns
  reshape,      ///< input 0 with the dimensions `numbers`
  transpose,    ///< input 0 with its dimensions in the order `numbers`
  resize,       ///< maps of input 0 to `size`; or rows times alpha, columns times beta
  other,
};

/// How a file says what is around a map.
enum class PaddingRule : unsigned char {
  explicit_sizes,
  same_upper,  ///< as many pixels as keep the size, those that are odd below and right
  same_lower,  ///< .. above and left
};

/// One node of a graph: a picture, a constant, or an operation on nodes that come before it. It has
/// one result: what gives several is a node for each of them, or of type `other`.
struct GraphNode {
  static constexpr std::size_t kMaxInputs = 5;
  static constexpr std::size_t kMaxNumbers = 6;
  static constexpr int kNone = -1;

  NodeType type = NodeType::other;
  bool transposed = false;     ///< a product's matrix is [out][in]
  std::string_view what = {};  ///< the operation, in the word of the format
  std::string_view name = {};  ///< of the node's result
  /// Nodes, kNone where there is none; of an operation with more of them the first.
  std::array<int, kMaxInputs> inputs = {kNone, kNone, kNone, kNone, kNone};
  int constant = kNone;  ///< in FileGraph::constants

  // Of convolutions and windows.
  Window window = {};
  PaddingRule padding_rule = PaddingRule::explicit_sizes;
  bool count_padding = false;  ///< in the number that a mean is divided by
  int groups = 1;

  // Of a softmax: the dimension. Of a slice: channels `first`, `first + step`, … before `last`;
  // below 0: from the end on. Or one of several parts of equal size.
  int first = 0, last = std::numeric_limits<int>::max(), step = 1;
  int part = 0, parts = 1;

  std::array<int, kMaxNumbers> numbers = {};
  int number_count = 0;  ///< 0: they are not known

  std::array<int, 2> size = {};  ///< of a picture or a resized map: rows, columns; 0: any number

  Resampling resampling = Resampling::nearest;

  float alpha = 0, beta = 0;  ///< of a resized map, 0: they are not known
};

/// What an exchange format says of a network: operations and constants, without the layers' names.
/// Texts and tensors view the file's bytes, which must outlive this object, or what it keeps.
struct FileGraph {
  /// Far above any network. With this limit a hostile file takes, beside four times its size for
  /// constants, no more than 4 MiB.
  static constexpr std::size_t kMaxNodes = 1 << 13;

  std::vector<GraphNode> nodes;  ///< each after those that it reads
  std::vector<Tensor> constants;
  std::deque<std::vector<std::byte>> converted;  ///< of constants that no file has in that form
  std::deque<std::string> texts;                 ///< that no file has in that form
  std::vector<std::pair<std::string, std::string>> metadata;  ///< key, value
  std::string path;                                           ///< for messages

  /// Appends a node; returns its number.
  int add(const GraphNode& node) {
    nodes.push_back(node);
    return static_cast<int>(nodes.size() - 1);
  }

  /// The most nodes that a concat becomes.
  static constexpr std::size_t kMostOfConcat = 5;

  /// Appends a concat of any number of inputs, as many nodes as that takes, the first inputs first.
  int add_concat(GraphNode node, std::span<const int> inputs) {
    if (inputs.size() > 1 + kMostOfConcat * (GraphNode::kMaxInputs - 1)) {
      node.type = NodeType::other;
      return add(node);
    }
    int result = GraphNode::kNone;
    while (result == GraphNode::kNone || !inputs.empty()) {
      node.inputs.fill(GraphNode::kNone);
      std::size_t place = 0;
      if (result != GraphNode::kNone) node.inputs[place++] = result;
      const std::size_t count = std::min(inputs.size(), node.inputs.size() - place);
      std::copy_n(inputs.begin(), count, node.inputs.begin() + static_cast<std::ptrdiff_t>(place));
      inputs = inputs.subspan(count);
      result = add(node);
    }
    return result;
  }

  int add_constant(Tensor tensor, std::string_view name) {
    const int number = static_cast<int>(constants.size());
    constants.push_back(std::move(tensor));
    constants.back().name = name;
    return add({.type = NodeType::constant, .name = name, .constant = number});
  }

  /// Returns a text that lives as long as the graph.
  std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }

  /// Returns memory that lives as long as the graph.
  std::vector<std::byte>& new_bytes() { return converted.emplace_back(); }

  /// Adds a constant of one number.
  int add_constant(float value) {
    std::vector<std::byte>& bytes = new_bytes();
    const auto number = to_little_endian(std::bit_cast<std::uint32_t>(value));
    bytes.assign(number.begin(), number.end());
    return add_constant({.name = {}, .shape = {}, .data = bytes}, {});
  }

  /// Returns the tensor of a node; null if it is not a constant.
  const Tensor* tensor(int node) const {
    if (node == GraphNode::kNone) return nullptr;
    const int constant = nodes[static_cast<std::size_t>(node)].constant;
    return constant == GraphNode::kNone ? nullptr : &constants[static_cast<std::size_t>(constant)];
  }
};

/// Returns the integers of a constant, at most as many as any of our operations has; nothing if it
/// has others.
inline std::vector<int> integers_of(const Tensor* tensor) {
  constexpr std::size_t kMost = 16;
  using Limits = std::numeric_limits<int>;
  std::vector<int> result;
  if (tensor == nullptr || tensor->type != DataType::i64 || tensor->data.size() / 8 > kMost)
    return result;
  for (std::size_t i = 0; i < tensor->data.size() / 8; ++i)
    result.push_back(static_cast<int>(std::clamp<std::int64_t>(
        std::bit_cast<std::int64_t>(read_little_endian<std::uint64_t>(tensor->data.subspan(8 * i))),
        Limits::min(), Limits::max())));
  return result;
}

/// Returns the number of a constant that is only one; nothing of another, or of none.
inline std::optional<float> number_of(const Tensor* tensor) {
  if (tensor == nullptr || !converts_to_float(tensor->type) || tensor->element_count() != 1)
    return std::nullopt;
  float value = 0;
  to_float(*tensor, {&value, 1});
  return value;
}

/// Returns whether a graph's number is this one, rounded in one of many ways, or to float16: the
/// whole file may be stored like that.
inline bool is_near(float number, float expected, float tolerance) {
  return std::abs(number - expected) < tolerance ||
         number == float_from_f16(f16_from_float(expected));
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_FILE_GRAPH_HPP
