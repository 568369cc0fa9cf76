#ifndef PPLCNET_WEIGHTS_IMPORT_TOKEN_NODES_HPP
#define PPLCNET_WEIGHTS_IMPORT_TOKEN_NODES_HPP

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "pplcnet/weights/import/file_graph.hpp"

// What exporters write out in many nodes where a network computes with tokens, or in one of their
// own: layer norms and attention.

namespace pplcnet::inline PPLCNET_ABI {

/// A layer norm: what it reads, its scale and shift, and what it adds to the variance.
struct LayerNormNodes {
  int input = GraphNode::kNone, scale = GraphNode::kNone, shift = GraphNode::kNone;
  float epsilon = 0;
};

/// Recognises them by their last nodes.
class TokenNodes {
 public:
  explicit TokenNodes(const FileGraph& graph) : graph_(graph) {}

  /// Returns the layer norm over the last dimension that a node is, or an Add is the end of; none
  /// if there is none: (x - mean) / √(mean of (x - mean)² + ε) · scale + shift.
  std::optional<LayerNormNodes> layer_norm(int last) const {
    if (is(last, NodeType::layer_norm)) {
      const GraphNode& whole = node(last);
      return LayerNormNodes{whole.inputs[0], whole.inputs[1], whole.inputs[2], whole.alpha};
    }
    LayerNormNodes norm;
    const int scaled = with_constant(last, NodeType::add, norm.shift);
    const int unit = with_constant(scaled, NodeType::multiply, norm.scale);
    const int centred = input_of(unit, NodeType::divide);
    int epsilon = kNone, two = kNone;
    const int variance = with_constant(
        input_of(input_of(unit, NodeType::divide, 1), NodeType::sqrt), NodeType::add, epsilon);
    const int squares = mean_of(variance);
    norm.input = input_of(centred, Words{"Sub"});
    const auto number = number_of(graph_.tensor(epsilon));
    if (norm.input == kNone || !number ||
        mean_of(input_of(centred, Words{"Sub"}, 1)) != norm.input ||
        with_constant(squares, Words{"Pow"}, two) != centred ||
        number_of(graph_.tensor(two)) != 2.0F)
      return std::nullopt;
    norm.epsilon = *number;
    return norm;
  }

  /// Returns what the attention that a node is, or a reshape is the end of, reads: queries, keys
  /// and values side by side, each of all heads; kNone if there is none. `scale` becomes the factor
  /// of the products.
  int attention(int last, std::optional<float>& scale) const {
    last = origin(last);
    if (is(last, NodeType::attention)) {
      scale = node(last).alpha;
      return node(last).inputs[0];
    }
    constexpr NodeType kProduct = NodeType::product;
    const int means = transposed(input_of(last, NodeType::reshape), {0, 2, 1, 3});
    const int scores = input_of(input_of(means, kProduct), Words{"Softmax", "softmax"});
    int factor = kNone;
    const int queries = with_constant(input_of(scores, kProduct), NodeType::multiply, factor);
    const int keys = transposed(input_of(scores, kProduct, 1), {0, 1, 3, 2});
    const int values = input_of(means, kProduct, 1);
    const int all = part_of(queries, 0);
    if (all == kNone || part_of(keys, 1) != all || part_of(values, 2) != all) return kNone;
    scale = number_of(graph_.tensor(factor));
    return input_of(transposed(all, {2, 0, 3, 1, 4}), NodeType::reshape);
  }

 private:
  static constexpr int kNone = GraphNode::kNone;

  const GraphNode& node(int number) const { return graph_.nodes[static_cast<std::size_t>(number)]; }

  /// Returns a node, or what it passes on as it is.
  int origin(int number) const {
    while (number != kNone && node(number).type == NodeType::same) number = node(number).inputs[0];
    return number;
  }

  bool is(int number, NodeType type) const { return number != kNone && node(number).type == type; }

  /// An operation in the words of ONNX and of Paddle, for one whose type is none of ours.
  struct Words {
    std::string_view onnx, paddle = {};
  };
  bool is(int number, const Words& words) const {
    if (number == kNone) return false;
    const std::string_view what = node(number).what;
    return what == words.onnx || (!words.paddle.empty() && what == words.paddle);
  }

  /// Returns an input of such an operation; kNone of others.
  template <class Which>
  int input_of(int number, const Which& which, std::size_t input = 0) const {
    return is(number, which) ? origin(node(number).inputs[input]) : kNone;
  }

  /// Returns the input of an operation whose other one is a constant.
  template <class Which>
  int with_constant(int number, const Which& which, int& constant) const {
    if (!is(number, which)) return kNone;
    int inputs[] = {origin(node(number).inputs[0]), origin(node(number).inputs[1])};
    if (graph_.tensor(inputs[0]) != nullptr) std::swap(inputs[0], inputs[1]);
    if (graph_.tensor(inputs[1]) == nullptr) return kNone;
    constant = inputs[1];
    return inputs[0];
  }

  /// Returns what a node is the mean of, over the last dimension.
  int mean_of(int number) const {
    const bool last = number != kNone && node(number).number_count == 1 &&
                      (node(number).numbers[0] == -1 || node(number).numbers[0] == 2);
    return last ? input_of(number, Words{"ReduceMean"}) : kNone;
  }

  /// Returns the input of a transposition with these dimensions.
  int transposed(int number, std::initializer_list<int> order) const {
    if (!is(number, NodeType::transpose)) return kNone;
    const auto found =
        std::span(node(number).numbers).first(static_cast<std::size_t>(node(number).number_count));
    return std::ranges::equal(found, order) ? input_of(number, NodeType::transpose) : kNone;
  }

  /// Returns what a slice of one number, along the first dimension, is of.
  int part_of(int number, int part) const {
    constexpr Words kSlice = {"Slice", "slice"};
    const bool one = is(number, kSlice) && node(number).type == NodeType::other &&
                     node(number).first == part && node(number).last == part + 1;
    return one ? input_of(number, kSlice) : kNone;
  }

  const FileGraph& graph_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_TOKEN_NODES_HPP
