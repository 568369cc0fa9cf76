#ifndef PPLCNET_NETWORKS_BLOCKS_GHOSTNET_HPP
#define PPLCNET_NETWORKS_BLOCKS_GHOSTNET_HPP

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/squeeze_excite.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A bottleneck of the paper's table 1.
struct GhostNetRow {
  int kernel, hidden, out;
  bool squeeze_excite;
  int stride;
};
inline constexpr GhostNetRow kGhostNetTable[] = {
    {3, 16, 16, false, 1},   {3, 48, 24, false, 2},  {3, 72, 24, false, 1},
    {5, 72, 40, true, 2},    {5, 120, 40, true, 1},  {3, 240, 80, false, 2},
    {3, 200, 80, false, 1},  {3, 184, 80, false, 1}, {3, 184, 80, false, 1},
    {3, 480, 112, true, 1},  {3, 672, 112, true, 1}, {5, 672, 160, true, 2},
    {5, 960, 160, false, 1}, {5, 960, 160, true, 1}, {5, 960, 160, false, 1},
    {5, 960, 160, true, 1},
};

/// What a library calls the modules of a bottleneck.
struct GhostNetNames {
  /// The two convolutions of a ghost module.
  struct Module {
    Name primary, cheap;
  };
  Module expansion, projection;
  Name depthwise, depthwise_norm, reduce, expand, shortcut_depthwise, shortcut_linear;
};

/// Appends half of the channels by a pointwise layer, the others from these by a depthwise one.
constexpr Value ghost_module(Graph& g, Value x, int out, Activation activation,
                             const GhostNetNames::Module& name) {
  const Value half = g.conv(x, (out + 1) / 2, {.activation = activation}, name.primary);
  return g.concat({half, g.depthwise(half, {.kernel = 3, .activation = activation}, name.cheap)});
}

/// Appends a bottleneck, whose widths are `hidden` and `out`.
constexpr Value ghostnet_bottleneck(Graph& g, Value x, const GhostNetRow& row, int hidden, int out,
                                    const SqueezeExcite& gate, const GhostNetNames& names) {
  const Conv spatial = {.kernel = row.kernel, .stride = row.stride};
  Conv depthwise = spatial;
  depthwise.norm_name = names.depthwise_norm;
  Value y = ghost_module(g, x, hidden, Activation::relu, names.expansion);
  if (row.stride == 2) y = g.depthwise(y, depthwise, names.depthwise);
  if (row.squeeze_excite) y = squeeze_excite(g, y, gate, names.reduce, names.expand);
  y = ghost_module(g, y, out, Activation::none, names.projection);
  if (row.stride != 1 || x.shape.channels != out) {
    x = g.depthwise(x, spatial, names.shortcut_depthwise);
    x = g.conv(x, out, {}, names.shortcut_linear);
  }
  return g.add(y, x);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_GHOSTNET_HPP
