#ifndef PPLCNET_WEIGHTS_IMPORT_FILE_GRAPH_HPP
#define PPLCNET_WEIGHTS_IMPORT_FILE_GRAPH_HPP

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What a node computes, as far as it matters to our networks.
enum class NodeType : unsigned char {
  picture,      ///< an input of the graph
  constant,     ///< a tensor of the file
  same,         ///< its input, perhaps in another shape
  convolution,  ///< of input 0 with the weights 1 [out][in / groups][height][width], bias 2
  product,      ///< of input 0 with the matrix 1 [in][out], bias 2
  batch_norm,   ///< of input 0: gamma 1, beta 2, mean 3, variance 4; alpha is epsilon
  add,
  multiply,
  divide,
  clip,  ///< input 0 to between alpha and beta, or inputs 1 and 2
  relu,
  sigmoid,
  softmax,      ///< over the channels
  hardsigmoid,  ///< clamp(alpha * x + beta, 0, 1)
  hardswish,    ///< x * clamp(alpha * x + beta, 0, 1)
  pool,         ///< mean of height and width
  window_mean,  ///< means of windows, without a border
  other,
};

/// One node of a graph: a picture, a constant, or an operation on nodes that come before it. It has
/// one result; an operation with several is of type `other`.
struct GraphNode {
  static constexpr std::size_t kMaxInputs = 5;
  static constexpr int kNone = -1;

  NodeType type = NodeType::other;
  bool transposed = false;     ///< a product's matrix is [out][in]
  std::string_view what = {};  ///< the operation, in the word of the format
  std::string_view name = {};  ///< of the node's result
  /// Nodes, kNone where there is none; of an operation with more of them the first.
  std::array<int, kMaxInputs> inputs = {kNone, kNone, kNone, kNone, kNone};
  int constant = kNone;  ///< in FileGraph::constants

  // Of a convolution: rows, then columns.
  std::array<int, 2> stride = {1, 1}, dilation = {1, 1};
  std::array<int, 4> padding = {};  ///< above, left, below, right
  int groups = 1;
  std::array<int, 2> window = {1, 1};  ///< of a mean: rows, then columns

  std::array<int, 2> size = {};  ///< of a picture: rows, columns; 0: any number

  float alpha = 0, beta = 0;
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

  bool is_full() const { return nodes.size() >= kMaxNodes; }

  /// Appends a node; returns its number.
  int add(const GraphNode& node) {
    nodes.push_back(node);
    return static_cast<int>(nodes.size() - 1);
  }

  int add_constant(Tensor tensor, std::string_view name) {
    const int number = static_cast<int>(constants.size());
    constants.push_back(std::move(tensor));
    constants.back().name = name;
    return add({.type = NodeType::constant, .name = name, .constant = number});
  }

  /// A text that lives as long as the graph.
  std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }

  /// Memory that lives as long as the graph.
  std::vector<std::byte>& new_bytes() { return converted.emplace_back(); }

  /// A constant of one number.
  int add_constant(float value) {
    std::vector<std::byte>& bytes = new_bytes();
    const auto number = to_little_endian(std::bit_cast<std::uint32_t>(value));
    bytes.assign(number.begin(), number.end());
    return add_constant({.name = {}, .shape = {}, .data = bytes}, {});
  }

  /// The tensor of a node; null if it is not a constant.
  const Tensor* tensor(int node) const {
    if (node == GraphNode::kNone) return nullptr;
    const int constant = nodes[static_cast<std::size_t>(node)].constant;
    return constant == GraphNode::kNone ? nullptr : &constants[static_cast<std::size_t>(constant)];
  }
};

/// The number of a constant that is only one.
inline std::optional<float> number_of(const Tensor& tensor) {
  if (!converts_to_float(tensor.type) || tensor.element_count() != 1) return std::nullopt;
  float value = 0;
  to_float(tensor, {&value, 1});
  return value;
}

/// Whether a graph's number is this one, rounded in one of many ways, or to float16: the whole file
/// may be stored like that.
inline bool is_near(float number, float expected, float tolerance) {
  return std::abs(number - expected) < tolerance ||
         number == float_from_f16(f16_from_float(expected));
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_FILE_GRAPH_HPP
