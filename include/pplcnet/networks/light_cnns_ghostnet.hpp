#ifndef PPLCNET_NETWORKS_LIGHT_CNNS_GHOSTNET_HPP
#define PPLCNET_NETWORKS_LIGHT_CNNS_GHOSTNET_HPP

#include <string_view>

#include "pplcnet/networks/ghostnet.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// GhostNet of light_cnns and timm (`ghostnet.py`): another gate, and a bias in the place of the
/// last batch norm.
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
    const auto module = [&](std::string_view pattern) { return Name(pattern, stage, index); };
    const Value input = x;
    const int hidden = width(row.hidden), out = width(row.out);
    x = ghostnet_parts::ghost(g, x, hidden, kRelu, module("blocks.#.#.ghost1.primary_conv.#"),
                              module("blocks.#.#.ghost1.cheap_operation.#"));
    if (row.stride == 2)
      x = g.depthwise(x, {.kernel = row.kernel, .stride = 2, .norm_name = block + ".bn_dw"},
                      block + ".conv_dw");
    if (row.squeeze_excite)
      x = squeeze_excite(g, x, {.squeezed = make_divisible(hidden * 25, 4)},
                         block + ".se.conv_reduce", block + ".se.conv_expand");
    x = ghostnet_parts::ghost(g, x, out, Activation::none,
                              module("blocks.#.#.ghost2.primary_conv.#"),
                              module("blocks.#.#.ghost2.cheap_operation.#"));
    Value shortcut = input;
    if (row.stride != 1 || input.shape.channels != out) {
      shortcut = g.depthwise(input, {.kernel = row.kernel, .stride = row.stride},
                             {"blocks.#.#.shortcut.#", stage, index, 0});
      shortcut = g.conv(shortcut, out, {}, {"blocks.#.#.shortcut.#", stage, index, 2});
    }
    x = g.output(g.add(x, shortcut), Role::stage, block);
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
