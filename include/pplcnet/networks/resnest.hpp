#ifndef PPLCNET_NETWORKS_RESNEST_HPP
#define PPLCNET_NETWORKS_RESNEST_HPP

#include <algorithm>

#include "pplcnet/networks/blocks/resnet.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Appends split attention (arXiv 2004.08955): two convolutions, each of half of the channels;
/// their sum says which share of each counts. light_cnns has no batch norm in it.
constexpr Value split_attention(Graph& g, Value x, int channels, int stride, Name name) {
  constexpr Activation kRelu = Activation::relu;
  x = g.conv(x, 2 * channels,
             {.kernel = 3, .stride = stride, .groups = 2, .activation = kRelu, .norm = false},
             name + ".spa.conv");
  const Value first = g.slice(x, 0, channels), second = g.slice(x, channels, channels);
  const int squeezed = std::max(32, make_divisible(100 * channels / 2, 8));
  Value shares = g.reduce(g.add(first, second), Reduction::mean, {Axis::rows, Axis::columns});
  shares = g.conv(shares, squeezed, {.activation = kRelu, .norm = false, .bias = true},
                  name + ".spa.fc1");
  shares =
      g.softmax(g.conv(shares, 2 * channels, {.norm = false, .bias = true}, name + ".spa.fc2"), 2);
  return g.add(g.multiply(first, g.slice(shares, 0, channels)),
               g.multiply(second, g.slice(shares, channels, channels)));
}

/// Returns ResNeSt-50 of light_cnns (`Attention/resnest.py`): ResNet-50-D with split attention.
constexpr Graph light_cnns_resnest50(const WidthOptions& options = {}) {
  Graph g(options.input, kTorchSequence, "light_cnns_resnest50");
  check_only_width(g, options);
  Value x = resnet50_d(g, true, [&g](Value map, int channels, int stride, int layer, int i) {
    const Name block("layer#.#", layer, i);
    const Value y = split_attention(g, map, channels, stride, block);
    return g.output(y, Role::stage, block + ".spa");
  });
  x = g.output(g.global_mean(x), Role::stage, "avgpool");
  g.output(g.dense(x, options.classes, {}, "fc"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_RESNEST_HPP
