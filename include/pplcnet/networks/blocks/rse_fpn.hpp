#ifndef PPLCNET_NETWORKS_BLOCKS_RSE_FPN_HPP
#define PPLCNET_NETWORKS_BLOCKS_RSE_FPN_HPP

#include <cstddef>
#include <span>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/squeeze_excite.hpp"

// RSEFPN, a feature pyramid of PaddleOCR (`db_fpn.py`).

namespace pplcnet::inline PPLCNET_ABI {

/// Appends a layer of RSEFPN: a convolution, and the same through a squeeze-excite as its residual.
constexpr Value rse_layer(Graph& g, Value x, int channels, int kernel, Name name) {
  x = g.conv(x, channels, {.kernel = kernel, .norm = false}, name + ".in_conv");
  const Value gated =
      squeeze_excite(g, x, {.squeezed = channels / 4, .gate = Activation::hardsigmoid_of(0.2F)},
                     name + ".se_block.conv1", name + ".se_block.conv2");
  return g.output(g.add(x, gated), Role::stage, name);
}

/// Appends a map that is so many times as large.
constexpr Value enlarged(Graph& g, Value x, int factor) {
  const Extent size = {x.shape.height * factor, x.shape.width * factor};
  return factor == 1 ? x : g.resize(x, size, Resampling::nearest);
}

/// Appends RSEFPN over maps of strides 4, 8, 16 and 32: each is added to the smaller ones, and
/// gives a quarter of the channels of one map of stride 4.
constexpr Value rse_fpn(Graph& g, std::span<const Value, 4> maps, int channels) {
  Value sums[4], levels[4];  // levels begin with the smallest map
  for (int i = 3; i >= 0; --i) {
    sums[i] = rse_layer(g, maps[static_cast<std::size_t>(i)], channels, 1, {"neck.ins_conv.#", i});
    if (i < 3) sums[i] = g.add(sums[i], enlarged(g, sums[i + 1], 2));
  }
  for (int i = 3; i >= 0; --i)
    levels[3 - i] =
        enlarged(g, rse_layer(g, sums[i], channels / 4, 3, {"neck.inp_conv.#", i}), 1 << i);
  return g.concat(levels);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_RSE_FPN_HPP
