#ifndef PPLCNET_NETWORKS_ADDERNET_HPP
#define PPLCNET_NETWORKS_ADDERNET_HPP

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns ResNet-20 of AdderNet (arXiv 1912.13200), for pictures of 32×32: distances in the place
/// of products in all layers but the first and the last. Source: light_cnns `AdderNet/resnet20.py`.
constexpr Graph addernet_resnet20(const WidthOptions& options = {.input = {32, 32},
                                                                 .classes = 10}) {
  constexpr Activation kRelu = Activation::relu;
  Graph g(options.input, {}, "addernet_resnet20");
  check_only_width(g, options);
  const auto distances = [&g](Value x, int channels, int kernel, int stride, Name name) {
    x = g.l1_conv(x, channels, {.kernel = kernel, .stride = stride, .norm = false}, name);
    return g.output(x, Role::stage, name);
  };
  Value x = g.conv(g.image(), 16, {.kernel = 3, .activation = kRelu, .norm_name = "bn1"}, "conv1");
  for (int layer = 1; layer <= 3; ++layer)
    for (int i = 0; i < 3; ++i) {
      const Name block("layer#.#", layer, i);
      const int channels = 8 << layer, stride = i == 0 && layer > 1 ? 2 : 1;
      Value shortcut = x;
      if (stride > 1) {
        shortcut = distances(x, channels, 1, stride, block + ".downsample.0");
        shortcut = g.affine(shortcut, {.norm_name = block + ".downsample.1"});
      }
      x = distances(x, channels, 3, stride, block + ".conv1");
      x = g.affine(x, {.activation = kRelu, .norm_name = block + ".bn1"});
      x = distances(x, channels, 3, 1, block + ".conv2");
      x = g.affine(x, {.norm_name = block + ".bn2"});
      x = g.output(g.add(shortcut, x, kRelu), Role::stage, block);
    }
  x = g.output(g.global_mean(x), Role::stage, "avgpool");
  g.output(g.dense(x, options.classes,
                   {.norm = true, .bias = false, .layout = Layout::convolution, .norm_name = "bn2"},
                   "fc"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_ADDERNET_HPP
