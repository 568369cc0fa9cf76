#ifndef PPLCNET_STEM_HPP
#define PPLCNET_STEM_HPP

#include "pplcnet/append.hpp"
#include "pplcnet/architecture.hpp"
#include "pplcnet/layer.hpp"

// The layers in front of the blocks.

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// V4's stem: a picture's first map goes two ways, which lie side by side in one map behind them.
constexpr int append_branches(Plan& plan, const Architecture& net, Layer layer, int first) {
  const int middle = net.stem_middle;
  const Shape map = plan.layers[first].output;
  const int pool = append(plan, {.op = Operator::max_pool,
                                 .part = Part::stem_pool,
                                 .stage = 1,
                                 .kernel = 2,
                                 .input = map,
                                 .output = map,
                                 .from = first});
  layer.index = 1;
  const int narrow = append_convolution(plan, layer, first, 2, 1, middle / 2);
  layer.index = 2;
  layer.beside = pool;
  append_convolution(plan, layer, narrow, 2, 1, middle);
  layer.beside = -1;
  layer.index = 3;
  layer.input = {map.height, map.width, 2 * middle};
  const int third = append_convolution(plan, layer, pool, 3, 2, middle);
  layer.index = 4;
  layer.op = Operator::pointwise;
  layer.from = third;
  layer.input = layer.output = plan.layers[third].output;
  layer.output.channels = net.stem_channels;
  return append(plan, layer);
}

/// Returns the ordinal of the layer whose output the blocks begin with; so do the others below.
constexpr int append_stem(Plan& plan, const Architecture& net) {
  const Shape picture = {net.input.height, net.input.width, 3};
  const bool alone = net.stem == Stem::convolution;
  const int channels = alone ? net.stem_channels : net.stem_middle;
  Layer layer = {.part = Part::stem, .activation = net.stem_activation, .stage = 1};
  layer = with_branches(layer, alone ? Branches::none : Branches::batch_norm);
  layer.batch_norm = layer.batch_norm && net.stem_batch_norm;
  Layer first = layer;
  first.op = Operator::convolution;
  first.kernel = 3;
  first.stride = net.stem_stride;
  first.input = picture;
  first.output = convolved(picture, 3, net.stem_stride, channels);
  const int last = append(plan, first);
  if (alone) return last;
  if (net.stem == Stem::branches) return append_branches(plan, net, layer, last);
  layer.index = 1;
  layer.activation = Activation::none;
  return append_convolution(plan, layer, last, 3, 2, net.stem_channels);
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_STEM_HPP
