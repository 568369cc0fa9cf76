#ifndef PPLCNET_NETWORKS_LIGHT_CNNS_GHOSTNET_HPP
#define PPLCNET_NETWORKS_LIGHT_CNNS_GHOSTNET_HPP

#include "pplcnet/networks/blocks/ghostnet.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns GhostNet of light_cnns and timm (`ghostnet.py`): another gate, and a bias in the place
/// of the last batch norm.
constexpr Graph light_cnns_ghostnet(const WidthOptions& options = {}) {
  constexpr Activation kRelu = Activation::relu;
  Graph g(options.input, kTorchSequence, "light_cnns_ghostnet");
  const int percent = checked_width(g, options);
  const auto width = [&](int channels) { return make_divisible(channels * percent, 4); };
  Value x =
      g.conv(g.image(), width(16),
             {.kernel = 3, .stride = 2, .activation = kRelu, .norm_name = "bn1"}, "conv_stem");
  g.output(x, Role::stage, "act1");
  int stage = -1, index = 0, stride = 0;
  for (const GhostNetRow& row : kGhostNetTable) {
    // A stage ends before a stride and after it.
    index = row.stride == 2 || row.stride != stride ? 0 : index + 1;
    if (index == 0) ++stage;
    stride = row.stride;
    const Name block("blocks.#.#", stage, index);
    const int hidden = width(row.hidden);
    x = ghostnet_bottleneck(g, x, row, hidden, width(row.out),
                            {.squeezed = make_divisible(hidden * 25, 4)},
                            {.expansion = {block.inside(".ghost1.primary_conv.#", 0),
                                           block.inside(".ghost1.cheap_operation.#", 0)},
                             .projection = {block.inside(".ghost2.primary_conv.#", 0),
                                            block.inside(".ghost2.cheap_operation.#", 0)},
                             .depthwise = block + ".conv_dw",
                             .depthwise_norm = block + ".bn_dw",
                             .reduce = block + ".se.conv_reduce",
                             .expand = block + ".se.conv_expand",
                             .shortcut_depthwise = block.inside(".shortcut.#", 0),
                             .shortcut_linear = block.inside(".shortcut.#", 2)});
    g.output(x, Role::stage, block);
  }
  const Name last("blocks.#.0", stage + 1);
  x = g.conv(x, width(960), {.activation = kRelu, .norm_name = last + ".bn1"}, last + ".conv");
  g.output(x, Role::stage, last);
  x = g.global_mean(x);
  x = g.dense(x, 1280, {.activation = kRelu, .layout = Layout::convolution}, "conv_head");
  g.output(x, Role::stage, "act2");
  g.output(g.dense(x, options.classes, {}, "classifier"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_LIGHT_CNNS_GHOSTNET_HPP
