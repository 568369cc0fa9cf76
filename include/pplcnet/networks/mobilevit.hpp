#ifndef PPLCNET_NETWORKS_MOBILEVIT_HPP
#define PPLCNET_NETWORKS_MOBILEVIT_HPP

#include "pplcnet/networks/blocks/mobilevit.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns MobileViT-S of light_cnns (`mobilevit.py`): convolutions around the transformers end in
/// ReLU6, attention has one head of 32, and no norm follows the last layer. Sides are multiples of
/// 64.
constexpr Graph light_cnns_mobilevit_s(const WidthOptions& options = {.input = {256, 256}}) {
  constexpr Activation kRelu6 = Activation::relu6;
  Graph g(options.input, kTorchSequence, "light_cnns_mobilevit_s");
  check_only_width(g, options);
  const Conv dense3 = {.kernel = 3, .activation = kRelu6}, dense1 = {.activation = kRelu6};
  Value x = g.conv(g.image(), 16, {.kernel = 3, .stride = 2, .activation = kRelu6}, {"conv1.#", 0});
  g.output(x, Role::stage, "conv1");
  int block = 0, transformers = 0;
  for (const MobileVitRow& row : kMobileVitTable) {
    x = mobilevit_bottleneck(g, x, row, {"mv2.#.conv.#", block, 0}, {"mv2.#.conv.#", block, 3},
                             {"mv2.#.conv.#", block, 6});
    g.output(x, Role::stage, {"mv2.#", block++});
    if (row.tokens == 0) continue;
    const auto name = [&](std::string_view pattern) { return Name(pattern, transformers, 0); };
    Value y = g.conv(x, row.out, dense3, name("mvit.#.conv1.#"));
    y = g.conv(y, row.tokens, dense1, name("mvit.#.conv2.#"));
    y = g.space_to_rows(y, 2);
    for (int i = 0; i < row.layers; ++i)
      y = transformer_layer(g, y,
                            {.attention_width = 32,
                             .hidden = row.hidden,
                             .qkv_bias = false,
                             .attention_norm = ".0.norm",
                             .qkv = ".0.fn.to_qkv",
                             .projection = ".0.fn.to_out.0",
                             .norm = ".1.norm",
                             .expansion = ".1.fn.ffn.0",
                             .reduction = ".1.fn.ffn.3"},
                            {"mvit.#.transformer.layers.#", transformers, i});
    y = g.rows_to_space(y, 2, x.shape.width);
    y = g.concat({g.conv(y, row.out, dense1, name("mvit.#.conv3.#")), x});
    x = g.conv(y, row.out, dense3, name("mvit.#.conv4.#"));
    g.output(x, Role::stage, {"mvit.#", transformers++});
  }
  x = g.output(g.conv(x, 640, dense1, {"conv2.#", 0}), Role::stage, "conv2");
  x = g.global_mean(x);
  g.output(g.dense(x, options.classes, {.bias = false}, "fc"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_MOBILEVIT_HPP
