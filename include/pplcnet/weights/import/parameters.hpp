#ifndef PPLCNET_WEIGHTS_IMPORT_PARAMETERS_HPP
#define PPLCNET_WEIGHTS_IMPORT_PARAMETERS_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "pplcnet/weights/check_values.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/import/steps.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"
#include "pplcnet/weights/naming/names.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Takes a layer's parameters out of the nodes that were found for it, after a check that they are
/// what the layer must have.
class GraphParameters {
 public:
  GraphParameters(const FileGraph& graph, const GraphSteps& steps) : graph_(graph), steps_(steps) {}

  /// The shape of the layer's weights where they are those of such a node.
  static std::vector<std::int64_t> shape_for(const Layer& layer, const GraphNode& node) {
    const std::int64_t in = layer.input.channels, out = layer.output.channels;
    if (node.type == NodeType::product && layer.op == Operator::dense)
      return node.transposed ? std::vector{out, in} : std::vector{in, out};
    if (layer.layout != Layout::convolution) return {out, in, 1, 1};
    return weight_shape(layer, Naming{});
  }

  /// Weights and bias.
  Error read_weights(const Layer& layer, const Step& step, Parameters& parameters) {
    const GraphNode& found = graph_.nodes[static_cast<std::size_t>(step.node)];
    const Tensor& tensor = *steps_.constant(found, 1);
    const auto expected = shape_for(layer, found);
    const std::size_t in = found.type == NodeType::product && !found.transposed ? 0 : 1;
    const std::size_t out = 1 - in;
    if (layer.layout != Layout::convolution && tensor.shape.size() == expected.size() &&
        tensor.shape[in] == expected[in] && tensor.shape[out] != expected[out])
      return Error::of(graph_.path, ": has ", tensor.shape[out], " classes, the type has ",
                       expected[out]);
    if (!converts_to_float(tensor.type) || tensor.shape != expected)
      return problem(layer, "expected weights ", describe(DataType::f32, expected), ", found ",
                     describe(tensor.type, tensor.shape), " (", quote(found.name), ")");
    parameters.weight.resize(static_cast<std::size_t>(tensor.element_count()));
    keep_first(wrong_value_, read_values(tensor, graph_.path, parameters.weight));
    if (in == 0) transpose(layer, parameters.weight);
    if (step.bias == kNone) return {};
    return read_vector(layer, steps_.constant(step.bias), parameters.bias);
  }

  Error read_batch_norm(const Layer& layer, const GraphNode& norm, Parameters& parameters) {
    if (!(std::abs(norm.alpha - layer.norm_epsilon) <= layer.norm_epsilon / 100))
      return problem(layer, "the batch norm after it has another epsilon than the network's");
    std::vector<float>* const values[] = {&parameters.gamma, &parameters.beta, &parameters.mean,
                                          &parameters.variance};
    for (std::size_t i = 0; i < std::size(values); ++i)
      if (auto error = read_vector(layer, steps_.constant(norm, i + 1), *values[i],
                                   i == 3 ? read_variances : read_values))
        return error;
    return {};
  }

  /// What the shape of the weights does not tell; strides are compared when all are known.
  Error check_geometry(const Layer& layer, const GraphNode& found) const {
    const int groups = layer.op == Operator::depthwise ? layer.input.channels : 1;
    const int dilation[] = {layer.dilation.height, layer.dilation.width};
    const int first[] = {layer.padding.top, layer.padding.left};
    const int last[] = {layer.padding.bottom, layer.padding.right};
    const auto expect = [&](std::string_view what, int value, int expected) {
      if (value == expected) return Error();
      return problem(layer, "expected ", what, " ", expected, ", found ", value);
    };
    if (auto error = expect("groups", found.groups, groups)) return error;
    for (std::size_t axis = 0; axis < 2; ++axis) {
      if (auto error = expect("dilation", found.dilation[axis], dilation[axis])) return error;
      if (auto error = expect("padding", found.padding[axis], first[axis])) return error;
      if (auto error = expect("padding", found.padding[axis + 2], last[axis])) return error;
    }
    return {};
  }

  /// Checks a layer's packed weights.
  void check(const Layer& layer, std::span<const float> weights) {
    if (!wrong_value_) wrong_value_ = check_packed(layer, weights, graph_.path, kWhenFolded);
  }

  /// The first tensor with a value that no network can have.
  const Error& wrong_value() const { return wrong_value_; }

 private:
  static constexpr int kNone = GraphNode::kNone;

  template <class... Parts>
  Error problem(const Layer& layer, const Parts&... parts) const {
    return Error::of(graph_.path, ": ", layer_name(layer), ": ", parts...);
  }

  /// One number for each of a layer's channels, whatever dimensions of 1 are around them.
  Error read_vector(const Layer& layer, const Tensor* tensor, std::vector<float>& values,
                    decltype(read_values)& check = read_values) {
    const std::int64_t channels = layer.output.channels;
    if (tensor == nullptr) return problem(layer, "expected ", channels, " constants, found others");
    if (!converts_to_float(tensor->type) || tensor->element_count() != channels)
      return problem(layer, "expected ", describe(DataType::f32, {&channels, 1}), ", found ",
                     describe(tensor->type, tensor->shape));
    values.resize(static_cast<std::size_t>(channels));
    keep_first(wrong_value_, check(*tensor, graph_.path, values));
    return {};
  }

  const FileGraph& graph_;
  const GraphSteps& steps_;
  Error wrong_value_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_PARAMETERS_HPP
