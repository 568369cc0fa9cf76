#ifndef PPLCNET_NETWORKS_RESNET_D_HPP
#define PPLCNET_NETWORKS_RESNET_D_HPP

#include "pplcnet/networks/blocks/resnet.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns ResNet-50-D: what timm calls resnet50d and light_cnns resnet50_v1b (`resnet_d.py`).
constexpr Graph resnet50_d(const WidthOptions& options = {}) {
  Graph g(options.input, kTorchSequence, "resnet50_d");
  check_only_width(g, options);
  Value x = resnet50_d(g, true, [&g](Value map, int channels, int stride, int layer, int i) {
    const Name block("layer#.#", layer, i);
    return g.conv(map, channels,
                  {.kernel = 3,
                   .stride = stride,
                   .activation = Activation::relu,
                   .norm_name = block + ".bn2"},
                  block + ".conv2");
  });
  x = g.output(g.global_mean(x), Role::stage, "avgpool");
  g.output(g.dense(x, options.classes, {}, "fc"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_RESNET_D_HPP
