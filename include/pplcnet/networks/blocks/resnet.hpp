#ifndef PPLCNET_NETWORKS_BLOCKS_RESNET_HPP
#define PPLCNET_NETWORKS_BLOCKS_RESNET_HPP

#include "pplcnet/graph/graph.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Stages of ResNet-50: `blocks` bottlenecks of so many channels, which end in four times as many.
struct ResNetRow {
  int channels, blocks;
};
inline constexpr ResNetRow kResNet50Table[] = {{64, 3}, {128, 4}, {256, 6}, {512, 3}};

/// Appends ResNet-50 up to its last map. The first convolution is three of 3×3. With
/// `mean_shortcuts` the mean of 2×2 pixels makes a shortcut's map smaller, otherwise its
/// convolution's stride. `middle(x, channels, stride, layer, block)` appends a bottleneck's
/// convolution of 3×3, and what is around it.
template <class Middle>
constexpr Value resnet50_d(Graph& g, bool mean_shortcuts, const Middle& middle) {
  constexpr Activation kRelu = Activation::relu;
  Value x = g.conv(g.image(), 32, {.kernel = 3, .stride = 2, .activation = kRelu}, {"conv1.#", 0});
  x = g.conv(x, 32, {.kernel = 3, .activation = kRelu}, {"conv1.#", 3});
  x = g.conv(x, 64, {.kernel = 3, .activation = kRelu, .norm_name = "bn1"}, {"conv1.#", 6});
  x = g.output(g.max_pool(x, {.kernel = 3, .stride = 2, .padding = 1}), Role::stage, "maxpool");
  int layer = 1;
  for (const auto [channels, blocks] : kResNet50Table) {
    for (int i = 0; i < blocks; ++i) {
      const Name block("layer#.#", layer, i);
      const int stride = i == 0 && layer > 1 ? 2 : 1;
      const bool pools = mean_shortcuts && stride > 1;
      Value shortcut = pools ? g.mean_pool(x, {.kernel = 2, .stride = 2, .ceil_mode = true}) : x;
      if (i == 0)
        shortcut = g.conv(shortcut, 4 * channels, {.stride = pools ? 1 : stride},
                          {"layer#.#.downsample.#", layer, i, mean_shortcuts ? 1 : 0});
      x = g.conv(x, channels, {.activation = kRelu, .norm_name = block + ".bn1"}, block + ".conv1");
      x = middle(x, channels, stride, layer, i);
      x = g.conv(x, 4 * channels, {.norm_name = block + ".bn3"}, block + ".conv3");
      x = g.output(g.add(shortcut, x, kRelu), Role::stage, block);
    }
    ++layer;
  }
  return x;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_RESNET_HPP
