#ifndef PPLCNET_NETWORKS_TIMM_MOBILEVIT_HPP
#define PPLCNET_NETWORKS_TIMM_MOBILEVIT_HPP

#include "pplcnet/networks/blocks/mobilevit.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns MobileViT-S of timm (`mobilevit.py`): attention has four heads, a layer norm follows the
/// last layer of a transformer, and every activation is SiLU. Sides are multiples of 64.
constexpr Graph timm_mobilevit_s(const WidthOptions& options = {.input = {256, 256}}) {
  constexpr Activation kSilu = Activation::silu;
  constexpr Conv kDense3 = {.kernel = 3, .activation = kSilu}, kDense1 = {.activation = kSilu};
  Graph g(options.input, {.weights = ".conv", .norm = ".bn"}, "timm_mobilevit_s");
  check_only_width(g, options);
  Value x = g.conv(g.image(), 16, {.kernel = 3, .stride = 2, .activation = kSilu}, "stem");
  g.output(x, Role::stage, "stem");
  int stage = -1, block = 0;
  for (const MobileVitRow& row : kMobileVitTable) {
    block = row.out == x.shape.channels ? block + 1 : 0;
    if (block == 0) ++stage;
    const Name bottleneck("stages.#.#", stage, block), unit("stages.#.#", stage, block + 1);
    x = mobilevit_bottleneck(g, x, row, bottleneck + ".conv1_1x1", bottleneck + ".conv2_kxk",
                             bottleneck + ".conv3_1x1");
    g.output(x, Role::stage, bottleneck);
    if (row.tokens == 0) continue;
    Value y = g.conv(x, row.out, kDense3, unit + ".conv_kxk");
    y = g.space_to_rows(g.conv(y, row.tokens, {.norm = false}, unit + ".conv_1x1"), 2);
    for (int i = 0; i < row.layers; ++i)
      y = transformer_layer(g, y,
                            {.heads = 4,
                             .attention_width = row.tokens,
                             .hidden = 2 * row.tokens,
                             .attention_norm = ".norm1",
                             .qkv = ".attn.qkv",
                             .projection = ".attn.proj",
                             .norm = ".norm2",
                             .expansion = ".mlp.fc1",
                             .reduction = ".mlp.fc2"},
                            {"stages.#.1.transformer.#", stage, i});
    y = g.rows_to_space(g.layer_norm(y, unit + ".norm"), 2, x.shape.width);
    y = g.concat({x, g.conv(y, row.out, kDense1, unit + ".conv_proj")});
    x = g.output(g.conv(y, row.out, kDense3, unit + ".conv_fusion"), Role::stage, unit);
  }
  x = g.output(g.conv(x, 640, kDense1, "final_conv"), Role::stage, "final_conv");
  g.output(g.dense(g.global_mean(x), options.classes, {}, "head.fc"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_TIMM_MOBILEVIT_HPP
