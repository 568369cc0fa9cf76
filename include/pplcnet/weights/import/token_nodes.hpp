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

// What exporters write out in many nodes where a network computes with tokens: layer norms and
// attention.

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

  /// Returns the layer norm over the last dimension that ends with an Add; none if there is none:
  /// (x - mean) / √(mean of (x - mean)² + ε) · scale + shift.
  std::optional<LayerNormNodes> layer_norm(int last) const {
    LayerNormNodes norm;
    const int scaled = with_constant(last, "Add", norm.shift);
    const int unit = with_constant(scaled, "Mul", norm.scale);
    const int centred = input_of(unit, "Div");
    int epsilon = kNone, two = kNone;
    const int variance = with_constant(input_of(input_of(unit, "Div", 1), "Sqrt"), "Add", epsilon);
    const int squares = mean_of(variance);
    norm.input = input_of(centred, "Sub");
    const auto number = number_of(graph_.tensor(epsilon));
    if (norm.input == kNone || !number || mean_of(input_of(centred, "Sub", 1)) != norm.input ||
        with_constant(squares, "Pow", two) != centred || number_of(graph_.tensor(two)) != 2.0F)
      return std::nullopt;
    norm.epsilon = *number;
    return norm;
  }

  /// Returns what the attention that ends with a Reshape reads, queries, keys and values side by
  /// side, each of all heads; kNone if there is none. `scale` becomes the factor of the products.
  int attention(int last, std::optional<float>& scale) const {
    const int means = transposed(input_of(last, "Reshape"), {0, 2, 1, 3});
    const int scores = input_of(input_of(means, "MatMul"), "Softmax");
    int factor = kNone;
    const int queries = with_constant(input_of(scores, "MatMul"), "Mul", factor);
    const int keys = transposed(input_of(scores, "MatMul", 1), {0, 1, 3, 2});
    const int values = input_of(means, "MatMul", 1);
    const int all = part_of(queries, 0);
    if (all == kNone || part_of(keys, 1) != all || part_of(values, 2) != all) return kNone;
    scale = number_of(graph_.tensor(factor));
    return input_of(transposed(all, {2, 0, 3, 1, 4}), "Reshape");
  }

 private:
  static constexpr int kNone = GraphNode::kNone;

  const GraphNode& node(int number) const { return graph_.nodes[static_cast<std::size_t>(number)]; }

  /// Returns a node, or what it passes on as it is.
  int origin(int number) const {
    while (number != kNone && node(number).type == NodeType::same) number = node(number).inputs[0];
    return number;
  }

  bool is(int number, std::string_view what) const {
    return number != kNone && node(number).what == what;
  }

  /// Returns an input of an operation of that name; kNone of others.
  int input_of(int number, std::string_view what, std::size_t input = 0) const {
    return is(number, what) ? origin(node(number).inputs[input]) : kNone;
  }

  /// Returns the input of an operation whose other one is a constant.
  int with_constant(int number, std::string_view what, int& constant) const {
    if (!is(number, what)) return kNone;
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
    return last ? input_of(number, "ReduceMean") : kNone;
  }

  /// Returns the input of a Transpose with these dimensions.
  int transposed(int number, std::initializer_list<int> order) const {
    if (!is(number, "Transpose")) return kNone;
    const auto found =
        std::span(node(number).numbers).first(static_cast<std::size_t>(node(number).number_count));
    return std::ranges::equal(found, order) ? input_of(number, "Transpose") : kNone;
  }

  /// Returns what a Slice of one number, along the first dimension, is of.
  int part_of(int number, int part) const {
    const bool one = is(number, "Slice") && node(number).type == NodeType::other &&
                     node(number).first == part && node(number).last == part + 1;
    return one ? input_of(number, "Slice") : kNone;
  }

  const FileGraph& graph_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_TOKEN_NODES_HPP
