#ifndef PPLCNET_WEIGHTS_IMPORT_PARAMETERS_HPP
#define PPLCNET_WEIGHTS_IMPORT_PARAMETERS_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pplcnet/weights/check_values.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/import/steps.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"
#include "pplcnet/weights/naming/names.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What a layer is in a graph.
struct LayerMatch {
  int result = GraphNode::kNone;   ///< a step
  int weights = GraphNode::kNone;  ///< a step
  int norm = GraphNode::kNone;     ///< a step
  int slopes = GraphNode::kNone;   ///< a step: a PReLU
  int parts = 1;                   ///< so many layers share the step's weights, side by side
  bool is_scaled = false;          ///< a step multiplies weight × input + bias
  Linear before, after;            ///< learnt scales and shifts before the activation, and after it
};

/// Takes a layer's parameters out of the nodes that were found for it, after a check that they are
/// what the layer must have.
class GraphParameters {
 public:
  GraphParameters(const FileGraph& graph, const GraphSteps& steps) : graph_(graph), steps_(steps) {}

  /// Returns the shape of the layer's weights where they are those of such a node.
  static std::vector<std::int64_t> shape_for(const Layer& layer, const GraphNode& node,
                                             int parts = 1) {
    const std::int64_t in = layer.input.channels, out = layer.output.channels;
    if (node.type == NodeType::product && layer.kernel == Pair(1))
      return node.transposed ? std::vector{out, in} : std::vector{in, out};
    if (layer.layout == Layout::transposed) return weight_shape(layer, {});
    if (is_linear(layer.layout)) return {out, in, 1, 1};
    const auto [height, width] = layer.kernel;
    return {out * parts, layer.depth() / (height * width), height, width};
  }

  /// Checks the shape of a step's weights.
  Error check_weights(const Layer& layer, const LayerMatch& match) const {
    const GraphNode& found = steps_.node(match.weights);
    const Tensor& tensor = *steps_.constant(found, 1);
    const auto expected = shape_for(layer, found, match.parts);
    const std::size_t in = found.type == NodeType::product && !found.transposed ? 0 : 1;
    const std::size_t out = 1 - in;
    if (is_linear(layer.layout) && tensor.shape.size() == expected.size() &&
        tensor.shape[in] == expected[in] && tensor.shape[out] != expected[out])
      return Error::of(graph_.path, ": has ", tensor.shape[out], " classes, the type has ",
                       expected[out]);
    if (!converts_to_float(tensor.type) || tensor.shape != expected)
      return problem(layer, "expected weights ", describe(DataType::f32, expected), ", found ",
                     describe(tensor.type, tensor.shape), " (", quote(found.name), ")");
    return {};
  }

  /// Reads all parameters of a layer, whose weights have been checked.
  Error read(const Layer& layer, const LayerMatch& match, Parameters& parameters) {
    if (layer.op == Operator::normalise) return read_layer_norm(layer, match, parameters);
    if (match.weights == kNone) return read_rest(layer, match, parameters);
    const GraphNode& found = steps_.node(match.weights);
    const Tensor& tensor = *steps_.constant(found, 1);
    parameters.weight.resize(static_cast<std::size_t>(tensor.element_count()));
    keep_first(wrong_value_, read_values(tensor, graph_.path, parameters.weight));
    if (found.type == NodeType::product && !found.transposed)
      parameters.weight = transposed(parameters.weight, layer.input.channels);
    take_part(layer, match, parameters.weight);
    if (const int bias = steps_[match.weights].bias; bias != kNone)
      if (auto error = read_vector(layer, match, steps_.constant(bias), parameters.bias))
        return error;
    for (float& weight : parameters.weight)
      weight = static_cast<float>(weight * match.before.factor);
    for (float& bias : parameters.bias)
      bias = static_cast<float>(std::fma(bias, match.before.factor, match.before.offset));
    if (auto error = read_rest(layer, match, parameters)) return error;
    repeat(layer, parameters);
    return {};
  }

  /// Checks a layer's packed weights.
  void check(const Layer& layer, std::span<const float> weights) {
    if (!wrong_value_) wrong_value_ = check_packed(layer, weights, graph_.path, kWhenFolded);
  }

  /// Returns the first tensor with a value that no network can have.
  const Error& wrong_value() const { return wrong_value_; }

 private:
  static constexpr int kNone = GraphNode::kNone;

  template <class... Parts>
  Error problem(const Layer& layer, const Parts&... parts) const {
    return Error::of(graph_.path, ": ", layer_name(layer), ": ", parts...);
  }

  Error read_layer_norm(const Layer& layer, const LayerMatch& match, Parameters& parameters) {
    const auto norm = TokenNodes(graph_).layer_norm(steps_[match.result].node);
    if (auto error = read_vector(layer, match, steps_.constant(norm->scale), parameters.weight))
      return error;
    return read_vector(layer, match, steps_.constant(norm->shift), parameters.bias);
  }

  /// Reads what follows a layer's weights.
  Error read_rest(const Layer& layer, const LayerMatch& match, Parameters& parameters) {
    if (layer.affine)
      parameters.affine = {static_cast<float>(match.after.factor),
                           static_cast<float>(match.after.offset)};
    if (layer.has_slopes())
      if (auto error = read_vector(layer, match, steps_.constant(steps_.node(match.slopes), 1),
                                   parameters.slopes))
        return error;
    return match.norm == kNone ? Error() : read_batch_norm(layer, match, parameters);
  }

  Error read_batch_norm(const Layer& layer, const LayerMatch& match, Parameters& parameters) {
    const GraphNode& norm = steps_.node(match.norm);
    if (!(std::abs(norm.alpha - layer.norm_epsilon) <= layer.norm_epsilon / 100))
      return problem(layer, "the batch norm after it has another epsilon than the network's");
    std::vector<float>* const values[] = {&parameters.gamma, &parameters.beta, &parameters.mean,
                                          &parameters.variance};
    for (std::size_t i = 0; i < std::size(values); ++i)
      if (auto error = read_vector(layer, match, steps_.constant(norm, i + 1), *values[i],
                                   i == 3 ? read_variances : read_values))
        return error;
    return {};
  }

  /// Reads one number for each of a layer's channels, whatever dimensions of 1 are around them.
  Error read_vector(const Layer& layer, const LayerMatch& match, const Tensor* tensor,
                    std::vector<float>& values, decltype(read_values)& check = read_values) {
    const std::int64_t channels = std::int64_t{layer.output.channels} * match.parts / layer.repeats;
    if (tensor == nullptr) return problem(layer, "expected ", channels, " constants, found others");
    if (!converts_to_float(tensor->type) || tensor->element_count() != channels)
      return problem(layer, "expected ", describe(DataType::f32, {&channels, 1}), ", found ",
                     describe(tensor->type, tensor->shape));
    values.resize(static_cast<std::size_t>(channels));
    keep_first(wrong_value_, check(*tensor, graph_.path, values));
    take_part(layer, match, values);
    return {};
  }

  /// Leaves the layer's part of what several share.
  static void take_part(const Layer& layer, const LayerMatch& match, std::vector<float>& values) {
    if (match.parts == 1) return;
    const std::size_t size = values.size() / static_cast<std::size_t>(match.parts);
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(size) * layer.group;
    values = std::vector<float>(first, first + static_cast<std::ptrdiff_t>(size));
  }

  const FileGraph& graph_;
  const GraphSteps& steps_;
  Error wrong_value_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_PARAMETERS_HPP
