#ifndef PPLCNET_NETWORKS_SHUFFLENET_V1_HPP
#define PPLCNET_NETWORKS_SHUFFLENET_V1_HPP

#include <array>
#include <span>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Stages of ShuffleNet: `units`, the first of which has a stride of 2.
struct ShuffleNetV1Row {
  int channels, units;
};
inline constexpr ShuffleNetV1Row kShuffleNetV1Table[] = {{480, 4}, {960, 8}, {1920, 4}};

namespace shufflenet_v1_units {

inline constexpr int kGroups = 3;

/// Appends a unit. Channels are shuffled after the depthwise layer, not before it as in the paper,
/// and the other way round: group `j` of the last convolution reads every third channel from `j`.
constexpr Value unit(Graph& g, Value x, int out, int stride, int i) {
  constexpr Activation kRelu = Activation::relu;
  const int middle = out / 4, computed = stride == 2 ? out - x.shape.channels : out;
  const auto first = [i](int module) { return Name("features.#.branch_main_1.#", i, module); };
  Value y = g.conv(x, middle, {.groups = i == 0 ? 1 : kGroups, .activation = kRelu}, first(0));
  y = g.depthwise(y, {.kernel = 3, .stride = stride}, first(3));
  std::array<Value, 1 + kGroups> parts;  // a mean of the input, where the stride is 2, and groups
  const int begin = stride == 2 ? 0 : 1;
  if (begin == 0)
    parts[0] = g.mean_pool(x, {.kernel = 3, .stride = 2, .padding = 1, .count_padding = true});
  for (int j = 0; j < kGroups; ++j) {
    const int size = computed / kGroups;
    const Value shortcut = begin == 1 ? g.slice(x, j * size, size) : x;
    Value part = g.conv(
        g.slice(y, j, middle / kGroups, kGroups), size,
        {.activation = begin == 0 ? kRelu : Activation::none, .group = j, .group_count = kGroups},
        {"features.#.branch_main_2.#", i, 0});
    if (begin == 1) part = g.add(shortcut, part, kRelu);
    parts[static_cast<std::size_t>(1 + j)] = part;
  }
  return g.concat(std::span<const Value>(parts).subspan(static_cast<std::size_t>(begin)));
}

}  // namespace shufflenet_v1_units

/// ShuffleNet 2× with 3 groups. Source: light_cnns `ShuffleNetv1.py`. The first unit's first
/// convolution has no groups, the last pool is a window of 7×7, the classifier has no bias.
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
      x = shufflenet_v1_units::unit(g, x, channels, unit == 0 ? 2 : 1, i);
      g.output(x, Role::stage, {"features.#", i});
    }
  x = g.output(g.mean_pool(x, {.kernel = 7, .stride = 7}), Role::stage, "globalpool");
  g.output(g.dense(x, options.classes, {.bias = false}, {"classifier.#", 0}));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_SHUFFLENET_V1_HPP
