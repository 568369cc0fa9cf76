#ifndef PPLCNET_PLAN_LAYER_OF_HPP
#define PPLCNET_PLAN_LAYER_OF_HPP

#include "pplcnet/graph/node.hpp"
#include "pplcnet/plan/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// Returns a layer that computes a node.
constexpr Layer layer_of(const Node& node) {
  Layer layer;
  static_cast<Attributes&>(layer) = node;
  layer.batch_norm = node.norm;
  layer.scale_percent = node.input_percent;
  layer.kernel = node.window.kernel;
  layer.stride = node.window.stride;
  layer.dilation = node.window.dilation;
  layer.padding = node.window.padding;
  layer.output = node.shape;
  return layer;
}

/// Returns whether the kernel for stems computes a convolution of the picture.
constexpr bool is_stem(const Node& node) {
  const Window& window = node.window;
  return node.groups == 1 && !node.reads_group && window.kernel == Pair(3) &&
         window.dilation == Pair(1) && window.padding == Padding(1) && window.stride.height <= 2 &&
         window.stride.width <= 2;
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_LAYER_OF_HPP
