#ifndef PPLCNET_NETWORKS_GHOSTNET_HPP
#define PPLCNET_NETWORKS_GHOSTNET_HPP

#include "pplcnet/networks/blocks/ghostnet.hpp"
#include "pplcnet/networks/names/paddle_ghostnet.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns GhostNet. Source: PaddleClas `ghostnet.py`.
constexpr Graph paddle_ghostnet(const WidthOptions& options = {}) {
  constexpr Activation kRelu = Activation::relu;
  Graph g(options.input, kOlderPaddleClas, "paddle_ghostnet");
  g.namings = paddle_ghostnet_names::kNamings;
  const int percent = checked_width(g, options);
  const auto width = [&](int channels) { return make_divisible(channels * percent, 4); };
  Value x = g.conv(g.image(), width(16), {.kernel = 3, .stride = 2, .activation = kRelu}, "conv1");
  g.output(x, Role::stage, "conv1");
  int i = 0;
  for (const GhostNetRow& row : kGhostNetTable) {
    const Name block("_ghostbottleneck_#", i++);
    const int hidden = width(row.hidden);
    x = ghostnet_bottleneck(
        g, x, row, hidden, width(row.out),
        {.squeezed = hidden / 4, .gate = Activation::clip, .layout = Layout::in_out},
        {.expansion = {block + ".ghost_module_1.primary_conv",
                       block + ".ghost_module_1.cheap_operation"},
         .projection = {block + ".ghost_module_2.primary_conv",
                        block + ".ghost_module_2.cheap_operation"},
         .depthwise = block + ".depthwise_conv",
         .depthwise_norm = {},
         .reduce = block + ".se_block.squeeze",
         .expand = block + ".se_block.excitation",
         .shortcut_depthwise = block + ".shortcut_depthwise",
         .shortcut_linear = block + ".shortcut_conv"});
    g.output(x, Role::stage, block);
  }
  x = g.conv(x, width(960), {.activation = kRelu}, "conv_last");
  g.output(x, Role::stage, "conv_last");
  x = g.output(g.global_mean(x), Role::stage, "pool2d_gap");
  x = g.dense(x, 1280,
              {.activation = kRelu, .norm = true, .bias = false, .layout = Layout::convolution},
              "fc_0");
  g.output(x, Role::stage, "fc_0");
  g.output(g.dense(x, options.classes, {.layout = Layout::in_out}, "fc_1"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_GHOSTNET_HPP
