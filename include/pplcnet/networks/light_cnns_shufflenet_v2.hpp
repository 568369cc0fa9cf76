#ifndef PPLCNET_NETWORKS_LIGHT_CNNS_SHUFFLENET_V2_HPP
#define PPLCNET_NETWORKS_LIGHT_CNNS_SHUFFLENET_V2_HPP

#include "pplcnet/networks/blocks/shufflenet_v2.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns ShuffleNetV2 of light_cnns (`shufflenetv2.py`): units begin with the shuffle, the last
/// pool is a window of 7×7, the classifier has no bias.
constexpr Graph light_cnns_shufflenet_v2(const WidthOptions& options = {}) {
  constexpr Activation kRelu = Activation::relu;
  Graph g(options.input, kTorchSequence, "light_cnns_shufflenet_v2");
  const ShuffleNetV2Widths& widths = shufflenet_v2_widths(g, options.width, 50);
  Value x =
      g.conv(g.image(), 24, {.kernel = 3, .stride = 2, .activation = kRelu}, {"first_conv.#", 0});
  g.output(x, Role::stage, "first_conv");
  x = g.max_pool(x, {.kernel = 3, .stride = 2, .padding = 1});
  g.output(x, Role::stage, "maxpool");
  int i = 0;
  for (int stage = 0; stage < 3; ++stage)
    for (int unit = 0; unit < kShuffleNetV2Units[stage]; ++unit) {
      x = shufflenet_v2_units::light_cnns(g, x, widths.stages[stage], unit == 0, i);
      g.output(x, Role::stage, {"features.#", i++});
    }
  x = g.conv(x, widths.last, {.activation = kRelu}, {"conv_last.#", 0});
  g.output(x, Role::stage, "conv_last");
  x = g.output(g.mean_pool(x, {.kernel = 7, .stride = 7}), Role::stage, "globalpool");
  g.output(g.dense(x, options.classes, {.bias = false}, {"classifier.#", 0}));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_LIGHT_CNNS_SHUFFLENET_V2_HPP
