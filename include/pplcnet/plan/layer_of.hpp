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
  return layer;
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_LAYER_OF_HPP
