#ifndef PPLCNET_NETWORKS_SHUFFLENET_V1_HPP
#define PPLCNET_NETWORKS_SHUFFLENET_V1_HPP

#include "pplcnet/networks/blocks/shufflenet_v1.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Stages of ShuffleNet: `units`, the first of which has a stride of 2.
struct ShuffleNetV1Row {
  int channels, units;
};
inline constexpr ShuffleNetV1Row kShuffleNetV1Table[] = {{480, 4}, {960, 8}, {1920, 4}};

/// Returns ShuffleNet 2× with 3 groups. Source: light_cnns `ShuffleNetv1.py`. The first unit's
/// first convolution has no groups, the last pool is a window of 7×7, the classifier has no bias.
constexpr Graph light_cnns_shufflenet_v1(const WidthOptions& options = {}) {
  constexpr Activation kRelu = Activation::relu;
  Graph g(options.input, kTorchSequence, "light_cnns_shufflenet_v1");
  check_only_width(g, options);
  Value x =
      g.conv(g.image(), 48, {.kernel = 3, .stride = 2, .activation = kRelu}, {"first_conv.#", 0});
  g.output(x, Role::stage, "first_conv");
  x = g.max_pool(x, {.kernel = 3, .stride = 2, .padding = 1});
  g.output(x, Role::stage, "maxpool");
  int i = 0;
  for (const auto [channels, units] : kShuffleNetV1Table)
    for (int unit = 0; unit < units; ++unit, ++i) {
      x = shufflenet_v1_unit(g, x, channels, unit == 0 ? 2 : 1, i);
      g.output(x, Role::stage, {"features.#", i});
    }
  x = g.output(g.mean_pool(x, {.kernel = 7, .stride = 7}), Role::stage, "globalpool");
  g.output(g.dense(x, options.classes, {.bias = false}, {"classifier.#", 0}));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_SHUFFLENET_V1_HPP
