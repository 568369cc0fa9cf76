#ifndef PPLCNET_PLAN_LAYER_OF_HPP
#define PPLCNET_PLAN_LAYER_OF_HPP

#include "pplcnet/graph/node.hpp"
#include "pplcnet/plan/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// Returns a layer that computes a node, without its operator.
constexpr Layer layer_of(const Node& node) {
  Layer layer;
  layer.training = node.training;
  layer.affine = node.affine;
  layer.scale_percent = node.input_percent;
  layer.output_percent = node.output_percent;
  layer.activation = node.activation;
  layer.batch_norm = node.norm;
  layer.norm_epsilon = node.norm_epsilon;
  layer.bias = node.bias;
  layer.layout = node.layout;
  layer.count_padding = node.count_padding;
  layer.kernel = node.window.kernel;
  layer.stride = node.window.stride;
  layer.dilation = node.window.dilation;
  layer.padding = node.window.padding;
  layer.output = node.shape;
  layer.name = node.name;
  layer.norm_name = node.norm_name;
  layer.group = node.group;
  layer.group_count = node.group_count;
  layer.groups = node.groups;
  layer.reduction = node.reduction;
  layer.rearrangement = node.rearrangement;
  layer.resampling = node.resampling;
  layer.repeats = node.repeats;
  return layer;
}

/// Returns whether the kernel for stems computes a convolution of the picture.
constexpr bool is_stem(const Node& node) {
  const Window& window = node.window;
  return node.groups == 1 && !node.reads_group && window.kernel == Pair(3) &&
         window.dilation == Pair(1) && window.padding == Padding(1) && window.stride.height <= 2 &&
         window.stride.width <= 2;
}

/// Returns the operator of a node that reads one value.
constexpr Operator operator_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::max_pool:
      return Operator::max_pool;
    case NodeKind::mean_pool:
      return Operator::average_pool;
    case NodeKind::global_mean:
      return Operator::pool;
    case NodeKind::reduce:
      return Operator::reduce;
    case NodeKind::normalise:
      return Operator::normalise;
    case NodeKind::rearrange:
      return Operator::rearrange;
    case NodeKind::softmax:
      return Operator::softmax;
    case NodeKind::attention:
      return Operator::attention;
    case NodeKind::resize:
      return Operator::resize;
    default:
      return Operator::dense;
  }
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_LAYER_OF_HPP
