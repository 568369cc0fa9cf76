#ifndef PPLCNET_NETWORKS_BLOCKS_LC_PAN_HPP
#define PPLCNET_NETWORKS_BLOCKS_LC_PAN_HPP

#include <array>
#include <cstddef>

#include "pplcnet/graph/graph.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace lc_pan {

inline constexpr Conv kPointwise = {.activation = Activation::hardswish};
inline constexpr Conv kDepthwise = {.kernel = 5, .activation = Activation::hardswish};
inline constexpr Conv kHalving = {.kernel = 5, .stride = 2, .activation = Activation::hardswish};

/// Appends two blocks of LCNet that make one map of two.
constexpr Value fuse(Graph& g, Value one, Value other, Name stage) {
  const int width = other.shape.channels;
  Value x = g.depthwise(g.concat({one, other}), kDepthwise, stage + ".0.dw_conv");
  x = g.conv(x, 2 * width, kPointwise, stage + ".0.pw_conv");
  x = g.depthwise(x, kDepthwise, stage + ".1.dw_conv");
  return g.output(g.conv(x, width, kPointwise, stage + ".1.pw_conv"), Role::stage, stage);
}

/// Appends a depthwise layer that halves a map, and a pointwise one.
constexpr Value halve(Graph& g, Value x, Name block) {
  x = g.depthwise(x, kHalving, block + ".dwconv");
  return g.conv(x, x.shape.channels, kPointwise, block + ".pwconv");
}

}  // namespace lc_pan

/// Appends PicoDet's neck (PaddleDetection `lc_pan.py`): of maps with strides of 8, 16 and 32 such
/// with strides of 8, 16, 32 and 64, all with `width` channels.
constexpr std::array<Value, 4> lc_pan_neck(Graph& g, const std::array<Value, 3>& maps, int width) {
  std::array<Value, 3> t;
  for (int i = 0; i < 3; ++i) {
    const Name name("neck.conv_t.convs.#", i);
    const auto level = static_cast<std::size_t>(i);
    t[level] = g.output(g.conv(maps[level], width, lc_pan::kPointwise, name), Role::stage, name);
  }
  const auto down = [&](Value coarse, Value fine, Name stage) {
    const Extent size = {fine.shape.height, fine.shape.width};
    return lc_pan::fuse(g, g.resize(coarse, size, Resampling::nearest), fine, stage);
  };
  const auto up = [&](Value fine, Value coarse, int i) {
    const Value smaller = lc_pan::halve(g, fine, {"neck.downsamples.#", i});
    return lc_pan::fuse(g, smaller, coarse, {"neck.bottom_up_blocks.#", i});
  };
  const Value i4 = down(t[2], t[1], "neck.top_down_blocks.0");
  const Value o3 = down(i4, t[0], "neck.top_down_blocks.1");
  const Value o4 = up(o3, i4, 0), o5 = up(o4, t[2], 1);
  const Value first = lc_pan::halve(g, t[2], "neck.first_top_conv");
  return {o3, o4, o5, g.add(first, lc_pan::halve(g, o5, "neck.second_top_conv"))};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_LC_PAN_HPP
