#ifndef PPLCNET_TRAIN_TRAINED_LAYER_HPP
#define PPLCNET_TRAIN_TRAINED_LAYER_HPP

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/layer_of.hpp"
#include "pplcnet/plan/training_form.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the layer that computes a node of a graph once it is deployed: what its tensors are
/// called and how files hold them follows from it.
constexpr Layer trained_layer(const Graph& graph, int index) {
  const Node& node = graph.nodes[index];
  Layer layer = planning::layer_of(node);
  if (node.groups > 1 || node.op == Operator::affine)
    layer.op = Operator::depthwise;
  else if (node.op == Operator::convolution && node.window == Window{})
    layer.op = Operator::pointwise;
  if (node.input >= 0) layer.input = graph.nodes[node.input].shape;
  if (node.reads_group) layer.input.channels /= node.group_count;
  return layer;
}

namespace training {

/// Returns whether a node of a graph becomes a layer with weights.
constexpr bool becomes_weights(const Node& node) {
  return node.op == Operator::convolution || node.op == Operator::dense ||
         node.op == Operator::affine;
}

}  // namespace training

/// Returns what a convolution consists of in training; no branches if it is trained as deployed.
constexpr TrainingForm trained_form(const Layer& layer, bool as_deployed) {
  return as_deployed ? TrainingForm{} : training_form(layer);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TRAINED_LAYER_HPP
