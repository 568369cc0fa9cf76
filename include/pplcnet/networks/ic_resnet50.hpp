#ifndef PPLCNET_NETWORKS_IC_RESNET50_HPP
#define PPLCNET_NETWORKS_IC_RESNET50_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pplcnet/networks/blocks/resnet.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What a search has found for each bottleneck of ResNet-50: how many channels of its convolution
/// of 3×3, `[i][j]`, have a dilation of i + 1 rows and j + 1 columns.
template <std::size_t kDilations>
using IcPattern = std::array<std::array<std::array<std::int16_t, kDilations>, kDilations>, 16>;

/// Returns Inception convolutions in ResNet-50 (IC-Conv). Source: light_cnns `inception_nas.py`.
/// Shortcuts become smaller by a stride, and the last pool is a window of 7×7.
template <std::size_t kDilations>
constexpr Graph ic_resnet50(const IcPattern<kDilations>& pattern,
                            const WidthOptions& options = {}) {
  Graph g(options.input, kTorchSequence, "ic_resnet50");
  check_only_width(g, options);
  std::size_t bottleneck = 0;
  Value x = resnet50_d(g, false, [&](Value map, int, int stride, int layer, int block) {
    std::array<Value, Graph::kMaxParts> parts;
    std::size_t count = 0;
    const auto& dilations = pattern[bottleneck++];
    for (std::size_t i = 0; i < kDilations; ++i)
      for (std::size_t j = 0; j < kDilations; ++j) {
        if (dilations[i][j] == 0) continue;
        if (count == parts.size()) g.fail(GraphRule::parts, Graph::kMaxParts + 1);
        if (count == parts.size()) return map;
        const Pair dilation(static_cast<int>(i) + 1, static_cast<int>(j) + 1);
        const int part = static_cast<int>(count);
        parts[count++] =
            g.conv(map, dilations[i][j],
                   {.kernel = 3, .stride = stride, .dilation = dilation, .norm = false},
                   {"layer#.#.conv2.conv_list.#", layer, block, part});
      }
    map = g.concat(std::span<const Value>(parts).first(count));
    g.output(map, Role::stage, {"layer#.#.conv2", layer, block});
    const Name norm("layer#.#.bn2", layer, block);
    return g.affine(map, {.activation = Activation::relu, .norm_name = norm}, norm);
  });
  x = g.output(g.mean_pool(x, {.kernel = 7, .stride = 1}), Role::stage, "avgpool");
  g.output(g.dense(x, options.classes, {}, "fc"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_IC_RESNET50_HPP
