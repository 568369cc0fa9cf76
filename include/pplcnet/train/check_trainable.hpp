#ifndef PPLCNET_TRAIN_CHECK_TRAINABLE_HPP
#define PPLCNET_TRAIN_CHECK_TRAINABLE_HPP

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/train/trained_layer.hpp"
#include "pplcnet/train/training_flaw.hpp"
#include "pplcnet/train/training_plan.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace training {

/// Returns the node that gives the logits; -1: the network has no such result, or another one.
constexpr int logits_of(const Graph& graph) {
  int found = -1;
  for (int i = 0; i < graph.output_count; ++i) {
    const Graph::Output& output = graph.outputs[i];
    if (output.role == Role::stage) continue;
    if (output.role != Role::result || found >= 0 || !graph.nodes[output.node].vector) return -1;
    found = output.node;
  }
  return found;
}

/// Returns whether the kernels of a convolution's branches lie around the same pixel as the whole.
constexpr bool has_sound_branches(const Node& node, const TrainingForm& form) {
  const Window& window = node.window;
  const Padding& padding = window.padding;
  if (form.count > 0 && (window.kernel.height != window.kernel.width || window.dilation != Pair(1)))
    return false;
  for (int i = 0; i < form.count; ++i) {
    const Branch& branch = form.branches[i];
    const int kernel = branch.identity ? 1 : branch.kernel;
    const int margin = window.kernel.height - kernel;
    if (margin < 0 || margin % 2 != 0) return false;
    for (const int side : {padding.top, padding.left, padding.bottom, padding.right})
      if (margin / 2 > side) return false;
  }
  return true;
}

/// Returns the rule that a node breaks.
constexpr TrainingRule rule_broken_by(const Graph& graph, int index, bool as_deployed) {
  const Node& node = graph.nodes[index];
  switch (node.op) {
    case Operator::picture:
    case Operator::convolution:
    case Operator::dense:
    case Operator::max_pool:
    case Operator::average_pool:
    case Operator::pool:
    case Operator::gate:
    case Operator::add:
    case Operator::concat:
    case Operator::slice:
    case Operator::shuffle:
    case Operator::affine:
      break;
    default:
      return TrainingRule::operators;
  }
  if (node.weights_of >= 0 || node.repeats != 1 || node.layout == Layout::transposed)
    return TrainingRule::weights;
  if (node.activation.kind == Activation::Kind::prelu) return TrainingRule::slopes;
  if (node.op == Operator::convolution &&
      !has_sound_branches(node, trained_form(trained_layer(graph, index), as_deployed)))
    return TrainingRule::branches;
  return TrainingRule::none;
}

}  // namespace training

/// Returns why a graph cannot be trained; nothing if it can, but for its size.
constexpr TrainingFlaw training_flaw(const Graph& graph, const TrainingOptions& options) {
  if (options.images < 1 || options.images > TrainingOptions::kMostImages)
    return {TrainingRule::images, 0};
  if (training::logits_of(graph) < 0) return {TrainingRule::classes, graph.node_count - 1};
  for (int i = 0; i < graph.node_count; ++i)
    if (const TrainingRule broken = training::rule_broken_by(graph, i, options.as_deployed);
        broken != TrainingRule::none)
      return {broken, i};
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_CHECK_TRAINABLE_HPP
