#ifndef PPLCNET_NETWORKS_BLOCKS_MOBILENET_V2_HPP
#define PPLCNET_NETWORKS_BLOCKS_MOBILENET_V2_HPP

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/squeeze_excite.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Rows of the paper's table 2: `repeats` blocks, of which the first has the stride.
struct MobileNetV2Row {
  int expansion, out, repeats, stride;
};
inline constexpr MobileNetV2Row kMobileNetV2Table[] = {
    {1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2},  {6, 64, 4, 2},
    {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
};

/// The modules of an inverted residual; without a name for it there is no expansion.
struct InvertedResidualNames {
  Name expansion, depthwise, projection, attention = {};
};

/// Appends an inverted residual, with an attention before the projection, or without.
constexpr Value inverted_residual(Graph& g, Value x, int expansion, int out, int stride,
                                  const InvertedResidualNames& names, Attention attention = {}) {
  constexpr Activation kRelu6 = Activation::relu6;
  Value y = x;
  if (!names.expansion.empty())
    y = g.conv(y, expansion * x.shape.channels, {.activation = kRelu6}, names.expansion);
  y = g.depthwise(y, {.kernel = 3, .stride = stride, .activation = kRelu6}, names.depthwise);
  if (attention.is_there)
    y = g.output(attention.append(g, y, names.attention), Role::stage, names.attention);
  y = g.conv(y, out, {}, names.projection);
  return stride == 1 && y.shape == x.shape ? g.add(x, y) : y;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_MOBILENET_V2_HPP
