#ifndef PPLCNET_NETWORKS_BLOCKS_DEEPLAB_V3P_HPP
#define PPLCNET_NETWORKS_BLOCKS_DEEPLAB_V3P_HPP

#include <array>

#include "pplcnet/graph/graph.hpp"

namespace pplcnet::inline PPLCNET_ABI {
namespace deeplab {

inline constexpr int kChannels = 256;  ///< of all maps of the head but one

/// Appends a convolution of 1×1; each is a stage.
constexpr Value conv(Graph& g, Value x, int channels, Name name) {
  const Conv options = {.activation = Activation::relu, .bias = true};
  return g.output(g.conv(x, channels, options, name), Role::stage, name);
}

/// Appends a separable convolution of 3×3.
constexpr Value separable(Graph& g, Value x, int dilation, Name name) {
  x = g.depthwise(x, {.kernel = 3, .dilation = dilation, .bias = true}, name + ".depthwise");
  x = g.conv(x, kChannels, {.activation = Activation::relu, .bias = true}, name + ".pointwise");
  return g.output(x, Role::stage, name);
}

/// Appends atrous spatial pyramid pooling: a map at several dilations, and its mean.
constexpr Value pyramid(Graph& g, Value x, const std::array<int, 3>& dilations) {
  const Name block = "head.aspp.aspp_blocks.#";
  Value parts[5] = {conv(g, x, kChannels, {block.pattern, 0})};
  for (int i = 1; i < 4; ++i)
    parts[i] = separable(g, x, dilations[static_cast<std::size_t>(i - 1)], {block.pattern, i});
  const Value mean = g.reduce(x, Reduction::mean, {Axis::rows, Axis::columns});
  parts[4] = g.output(
      g.conv(mean, kChannels, {.activation = Activation::relu}, "head.aspp.global_avg_pool.1"),
      Role::stage, "head.aspp.global_avg_pool");
  parts[4] = g.resize(parts[4], {x.shape.height, x.shape.width}, Resampling::bilinear);
  return conv(g, g.concat(parts), kChannels, "head.aspp.conv_bn_relu");
}

}  // namespace deeplab
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_DEEPLAB_V3P_HPP
