#ifndef PPLCNET_TESTS_WEIGHTS_WRITTEN_GRAPH_HPP
#define PPLCNET_TESTS_WEIGHTS_WRITTEN_GRAPH_HPP

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"

namespace pplcnet_test {

/// Writes a network with synthetic weights in the words of others, batch norms kept: each operator
/// by a function of `Target`, which returns a value of the file.
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
    values_.push_back(target_.picture());
    for (int i = 1; i < graph_.node_count; ++i) values_.push_back(write(graph_.nodes[i]));
  }

 private:
  using Operator = pplcnet::Operator;

  const Value& at(int node) const { return values_[static_cast<std::size_t>(node)]; }

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
        return target_.mean(at(node.input));
      case Operator::gate:
        return activated(node, target_.product(at(node.input), at(node.second)));
      case Operator::add:
        return activated(node, target_.sum(at(node.input), at(node.second)));
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

  Value weighted(const pplcnet::Node& node) {
    while (!layers_[next_].owns_weights()) ++next_;
    const pplcnet::Layer& layer = layers_[next_++];
    pplcnet::Parameters parameters;
    EXPECT_STREQ(reader_.read(layer, parameters).message(), "");
    Value value = at(node.input);
    if (node.input_percent != 100) value = target_.scaled(value, node.input_percent);
    value = pplcnet::is_linear(node.layout) ? target_.product(layer, parameters, value)
                                            : target_.convolution(layer, parameters, value);
    if (!parameters.gamma.empty()) value = target_.norm(layer, parameters, value);
    return activated(node, value);
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
  std::vector<Value> values_;  // by node
};

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_WEIGHTS_WRITTEN_GRAPH_HPP
