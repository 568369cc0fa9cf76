#ifndef PPLCNET_NETWORKS_MOBILEVIT_HPP
#define PPLCNET_NETWORKS_MOBILEVIT_HPP

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Blocks of MobileViT-S: a bottleneck to so many channels; then, if `tokens` is not 0,
/// transformer layers of that width.
struct MobileVitRow {
  int out, stride, tokens, layers, hidden;
};
inline constexpr MobileVitRow kMobileVitTable[] = {
    {32, 1, 0, 0, 0},     {64, 2, 0, 0, 0},      {64, 1, 0, 0, 0},      {64, 1, 0, 0, 0},
    {96, 2, 144, 2, 288}, {128, 2, 192, 4, 768}, {160, 2, 240, 3, 960},
};

namespace mobilevit_parts {

/// Layers of a transformer over pixels of equal place in squares of 2×2: attention with one head of
/// 32, and two dense layers, each after a layer norm and with a residual.
constexpr Value transformer(Graph& g, Value x, const MobileVitRow& row, int block) {
  constexpr int kHead = 32;
  const auto name = [&](int layer, std::string_view module) {
    return Name("mvit.#.transformer.layers.#", block, layer) + module;
  };
  const int columns = x.shape.width;
  const Conv linear = {.norm = false, .bias = true, .layout = Layout::out_in};
  Conv no_bias = linear, silu = linear;
  no_bias.bias = false;
  silu.activation = Activation::silu;
  Value tokens = g.space_to_rows(x, 2);
  for (int i = 0; i < row.layers; ++i) {
    Value y = g.layer_norm(tokens, name(i, ".0.norm"));
    y = g.attention(g.conv(y, 3 * kHead, no_bias, name(i, ".0.fn.to_qkv")), 1);
    tokens = g.add(tokens, g.conv(y, row.tokens, linear, name(i, ".0.fn.to_out.0")));
    y = g.layer_norm(tokens, name(i, ".1.norm"));
    y = g.conv(y, row.hidden, silu, name(i, ".1.fn.ffn.0"));
    tokens = g.add(tokens, g.conv(y, row.tokens, linear, name(i, ".1.fn.ffn.3")));
  }
  return g.rows_to_space(tokens, 2, columns);
}

}  // namespace mobilevit_parts

/// MobileViT-S of light_cnns (`mobilevit.py`): convolutions around the transformers end in ReLU6,
/// attention has one head of 32, and no norm follows the last layer. Sides are multiples of 64.
constexpr Graph light_cnns_mobilevit_s(const WidthOptions& options = {.input = {256, 256}}) {
  constexpr Activation kRelu6 = Activation::relu6, kSilu = Activation::silu;
  Graph g(options.input, kTorchSequence, "light_cnns_mobilevit_s");
  check_only_width(g, options);
  const Conv dense3 = {.kernel = 3, .activation = kRelu6}, dense1 = {.activation = kRelu6};
  Value x = g.conv(g.image(), 16, {.kernel = 3, .stride = 2, .activation = kRelu6}, {"conv1.#", 0});
  g.output(x, Role::stage, "conv1");
  int block = 0, transformers = 0;
  for (const MobileVitRow& row : kMobileVitTable) {
    const Value input = x;
    x = g.conv(x, 4 * x.shape.channels, {.activation = kSilu}, {"mv2.#.conv.#", block, 0});
    x = g.depthwise(x, {.kernel = 3, .stride = row.stride, .activation = kSilu},
                    {"mv2.#.conv.#", block, 3});
    x = g.conv(x, row.out, {}, {"mv2.#.conv.#", block, 6});
    if (x.shape == input.shape) x = g.add(input, x);
    g.output(x, Role::stage, {"mv2.#", block++});
    if (row.tokens == 0) continue;
    const auto name = [&](std::string_view pattern) { return Name(pattern, transformers, 0); };
    Value y = g.conv(x, row.out, dense3, name("mvit.#.conv1.#"));
    y = g.conv(y, row.tokens, dense1, name("mvit.#.conv2.#"));
    y = mobilevit_parts::transformer(g, y, row, transformers);
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
