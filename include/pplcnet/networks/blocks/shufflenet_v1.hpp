#ifndef PPLCNET_NETWORKS_BLOCKS_SHUFFLENET_V1_HPP
#define PPLCNET_NETWORKS_BLOCKS_SHUFFLENET_V1_HPP

#include <array>
#include <cstddef>
#include <span>

#include "pplcnet/graph/graph.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Appends a unit of ShuffleNet with 3 groups, of light_cnns. Channels are shuffled after the
/// depthwise layer, not before it as in the paper, and the other way round: group `j` of the last
/// convolution reads every third channel from `j`.
constexpr Value shufflenet_v1_unit(Graph& g, Value x, int out, int stride, int i) {
  constexpr int kGroups = 3;
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

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_SHUFFLENET_V1_HPP
