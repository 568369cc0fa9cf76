#ifndef PPLCNET_TESTS_WEIGHTS_WRITTEN_GRAPH_HPP
#define PPLCNET_TESTS_WEIGHTS_WRITTEN_GRAPH_HPP

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"

namespace pplcnet_test {

/// Writes a network with synthetic weights in the words of others, batch norms kept: each operator
/// by a function of `Target`, which returns a value of the file. Values are maps, or tokens: these
/// have the channels last.
template <class Target>
class WrittenGraph {
 public:
  using Value = typename Target::Value;

  WrittenGraph(const pplcnet::AnyNetwork& network, Target& target)
      : graph_(network.graph()),
        layers_(network.layers()),
        state_(synthetic_state_dict(layers_, network.traits())),
        reader_(state_.file, layers_, network.traits()),
        target_(target) {
    EXPECT_STREQ(reader_.open().message(), "");
    values_.push_back({target_.picture(), false});
    for (int i = 1; i < graph_.node_count; ++i)
      values_.push_back({write(graph_.nodes[i]), gives_tokens(graph_.nodes[i])});
  }

 private:
  using Operator = pplcnet::Operator;

  /// What a node is in the file.
  struct Written {
    Value value;
    bool is_tokens;
  };

  const Written& written(int node) const { return values_[static_cast<std::size_t>(node)]; }

  /// Returns a node as a map.
  Value at(int node) {
    Written& found = values_[static_cast<std::size_t>(node)];
    if (found.is_tokens) found = {target_.to_map(found.value, graph_.nodes[node].shape), false};
    return found.value;
  }
  /// Returns a node as tokens.
  Value tokens_at(int node) {
    Written& found = values_[static_cast<std::size_t>(node)];
    if (!found.is_tokens) found = {target_.to_tokens(found.value, graph_.nodes[node].shape), true};
    return found.value;
  }

  static bool is_linear(const pplcnet::Node& node) {
    return pplcnet::is_linear(node.layout) && !node.vector;
  }
  bool gives_tokens(const pplcnet::Node& node) const {
    return node.op == Operator::normalise || node.op == Operator::attention ||
           node.op == Operator::softmax || (node.op == Operator::convolution && is_linear(node)) ||
           (node.op == Operator::add && written(node.second).is_tokens);
  }

  Value write(const pplcnet::Node& node) {
    const pplcnet::Shape& in = graph_.nodes[node.input].shape;
    switch (node.op) {
      case Operator::convolution:
      case Operator::dense:
        return weighted(node);
      case Operator::max_pool:
      case Operator::average_pool:
        return target_.pool(node, at(node.input));
      case Operator::pool:
      case Operator::reduce:
        return target_.mean(at(node.input));
      case Operator::gate:
        return activated(node, target_.product(at(node.input), at(node.second)));
      case Operator::multiply:
        return activated(node, target_.product(at(node.input), at(node.second)));
      case Operator::add:
        if (written(node.second).is_tokens)
          return activated(node, target_.sum(tokens_at(node.input), tokens_at(node.second)));
        return activated(node, target_.sum(at(node.input), at(node.second)));
      case Operator::resize:
        return target_.resized(node, in, at(node.input));
      case Operator::rearrange:  // which the transposed convolution before it has done
        return at(node.input);
      case Operator::normalise:
        return normalised(node);
      case Operator::attention:
        return target_.attention(node, tokens_at(node.input));
      case Operator::softmax:
        return target_.softmax(tokens_at(node.input));
      case Operator::concat: {
        std::vector<Value> parts;
        for (int i = 0; i < node.part_count; ++i)
          parts.push_back(at(graph_.parts[node.first_part + i]));
        return target_.concat(parts);
      }
      case Operator::slice:
        return target_.slice(node, in, at(node.input));
      case Operator::shuffle:
        return target_.shuffle(node, in, at(node.input));
      default:
        ADD_FAILURE() << "no word for an operator";
        return at(node.input);
    }
  }

  const pplcnet::Layer& next_layer(pplcnet::Parameters& parameters) {
    while (!layers_[next_].owns_weights()) ++next_;
    const pplcnet::Layer& layer = layers_[next_++];
    EXPECT_STREQ(reader_.read(layer, parameters).message(), "");
    if (layer.layout == pplcnet::Layout::transposed) gather(layer, parameters);
    return layer;
  }

  /// Gives the weights of a transposed convolution, [pixel][out][in], the order of files, [in][out]
  /// [pixel]; the pixels of a channel have the same parameters.
  static void gather(const pplcnet::Layer& layer, pplcnet::Parameters& parameters) {
    const auto pixels = static_cast<std::size_t>(layer.repeats);
    const auto channels = static_cast<std::size_t>(layer.output.channels) / pixels;
    const auto inputs = static_cast<std::size_t>(layer.input.channels);
    const std::vector<float> weight = parameters.weight;
    for (std::size_t in = 0; in < inputs; ++in)
      for (std::size_t out = 0; out < channels; ++out)
        for (std::size_t pixel = 0; pixel < pixels; ++pixel)
          parameters.weight[(in * channels + out) * pixels + pixel] =
              weight[(pixel * channels + out) * inputs + in];
    for (auto* values : {&parameters.bias, &parameters.gamma, &parameters.beta, &parameters.mean,
                         &parameters.variance})
      values->resize(std::min(values->size(), channels));
  }

  Value normalised(const pplcnet::Node& node) {
    pplcnet::Parameters parameters;
    const pplcnet::Layer& layer = next_layer(parameters);
    return target_.layer_norm(layer, parameters, tokens_at(node.input));
  }

  Value weighted(const pplcnet::Node& node) {
    pplcnet::Parameters parameters;
    const pplcnet::Layer& layer = next_layer(parameters);
    const bool moved = !training_form(layer).affine.empty();
    if (moved) move(parameters);
    Value value = is_linear(node) ? tokens_at(node.input) : at(node.input);
    if (node.input_percent != 100) value = target_.scaled(value, node.input_percent);
    value = convolved(node, layer, parameters, value);
    if (moved) value = target_.affine(value, kScale, kShift);
    if (!parameters.gamma.empty()) value = target_.norm(layer, parameters, value);
    value = activated(node, value);
    if (layer.affine) value = target_.affine(value, parameters.affine[0], parameters.affine[1]);
    return value;
  }

  Value convolved(const pplcnet::Node& node, const pplcnet::Layer& layer,
                  const pplcnet::Parameters& parameters, const Value& x) {
    if (is_linear(node)) return target_.token_product(layer, parameters, x);
    if (pplcnet::is_linear(node.layout)) return target_.product(layer, parameters, x);
    if (node.layout == pplcnet::Layout::transposed)
      return target_.transposed_convolution(layer, parameters, x);
    return target_.convolution(layer, parameters, x);
  }

  /// Takes out of weights what V3 has after them, in front of its activations.
  static constexpr float kScale = 0.5F, kShift = 0.25F;
  static void move(pplcnet::Parameters& parameters) {
    for (float& weight : parameters.weight) weight /= kScale;
    for (float& bias : parameters.bias) bias = (bias - kShift) / kScale;
  }

  Value activated(const pplcnet::Node& node, const Value& value) {
    return node.activation == pplcnet::Activation::none
               ? value
               : target_.activation(node.activation, value);
  }

  const pplcnet::Graph& graph_;
  std::span<const pplcnet::Layer> layers_;
  std::size_t next_ = 0;
  SyntheticStateDict state_;
  pplcnet::StateDict reader_;
  Target& target_;
  std::vector<Written> values_;  // by node
};

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_WEIGHTS_WRITTEN_GRAPH_HPP
