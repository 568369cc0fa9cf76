#ifndef PPLCNET_NETWORKS_ESPNET_V1_HPP
#define PPLCNET_NETWORKS_ESPNET_V1_HPP

#include <string_view>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Names of both generations of ESPNet in light_cnns.
inline constexpr TensorNames kEspNet = {.weights = ".conv", .norm = ".bn", .slopes = ".act"};

namespace espnet_parts {

/// Convolutions of one map, each more dilated than the one before it, whose sums are side by side.
constexpr Value pyramid(Graph& g, Value x, int out, Name block) {
  constexpr std::string_view kNames[] = {".d1.conv", ".d2.conv", ".d4.conv", ".d8.conv",
                                         ".d16.conv"};
  const int fifth = out / 5;
  Value parts[5];
  for (int i = 0; i < 5; ++i) {
    parts[i] = g.conv(x, i == 0 ? out - 4 * fifth : fifth,
                      {.kernel = 3, .dilation = 1 << i, .norm = false}, block + kNames[i]);
    if (i > 1) parts[i] = g.add(parts[i - 1], parts[i]);
  }
  return g.concat(parts);
}

/// A pyramid of the input with fewer channels; with its residual, or not.
constexpr Value esp(Graph& g, Value x, int out, bool residual, Name block) {
  Value y = g.conv(x, out / 5, {.norm = false}, block + ".c1.conv");
  y = pyramid(g, y, out, block);
  if (residual) y = g.add(x, y);
  return g.affine(y, {.activation = Activation::prelu}, block + ".bn");
}

/// A pyramid of half the size.
constexpr Value down(Graph& g, Value x, int out, Name block) {
  x = g.conv(x, out / 5, {.kernel = 3, .stride = 2, .norm = false}, block + ".c1.conv");
  x = pyramid(g, x, out, block);
  g.norm_epsilon = 1e-3;
  x = g.affine(x, {.activation = Activation::prelu}, block);
  g.norm_epsilon = kBatchNormEpsilon;
  return x;
}

}  // namespace espnet_parts

/// ESPNet for segmentation of light_cnns (`ESPNet/espnetv1.py`, arXiv 1803.06815): a map of logits
/// as large as the picture, whose sides are multiples of 8.
constexpr Graph light_cnns_espnet_v1(const WidthOptions& options = {.classes = 20}) {
  constexpr Activation kPrelu = Activation::prelu;
  constexpr Pool kHalve = {.kernel = 3, .stride = 2, .padding = 1, .count_padding = true};
  const int classes = options.classes;
  Graph g(options.input, kEspNet, "light_cnns_espnet_v1");
  check_only_width(g, options);
  const auto stage = [&g](Value x, Name name) { return g.output(x, Role::stage, name); };
  Value x =
      g.conv(g.image(), 16, {.kernel = 3, .stride = 2, .activation = kPrelu}, "encoder.level1");
  const Value half = stage(g.mean_pool(g.image(), kHalve), "encoder.sample1");
  const Value quarter = stage(g.mean_pool(half, kHalve), "encoder.sample2");
  const Value b1 = g.affine(g.concat({x, half}), {.activation = kPrelu}, "encoder.b1");
  const Value level2 = espnet_parts::down(g, b1, 64, "encoder.level2_0");
  x = stage(level2, "encoder.level2_0");
  for (int i = 0; i < 2; ++i) {
    const Name block("encoder.level2.#", i);
    x = stage(espnet_parts::esp(g, x, 64, true, block), block);
  }
  const Value b2 = g.affine(g.concat({x, level2, quarter}), {.activation = kPrelu}, "encoder.b2");
  const Value level3 = espnet_parts::down(g, b2, 128, "encoder.level3_0");
  x = stage(level3, "encoder.level3_0");
  for (int i = 0; i < 3; ++i) {
    const Name block("encoder.level3.#", i);
    x = stage(espnet_parts::esp(g, x, 128, true, block), block);
  }
  x = g.affine(g.concat({level3, x}), {.activation = kPrelu}, "encoder.b3");
  x = stage(g.conv(x, classes, {.norm = false}, "encoder.classifier.conv"), "encoder.classifier");
  g.norm_epsilon = 1e-3;
  x = stage(g.affine(x, {.norm_name = "br"}), "br");
  g.norm_epsilon = kBatchNormEpsilon;
  x = stage(g.transposed_conv(x, classes, 2, {.norm = false}, "up_l3.0"), "up_l3");
  const Value sides = g.conv(b2, classes, {.norm = false}, "level3_C.conv");
  x = g.affine(g.concat({sides, x}), {.activation = kPrelu}, "combine_l2_l3.0");
  x = stage(espnet_parts::esp(g, x, classes, false, "combine_l2_l3.1"), "combine_l2_l3");
  x = g.transposed_conv(x, classes, 2, {.norm = false}, "up_l2.0");
  x = stage(g.affine(x, {.activation = kPrelu}, "up_l2.1"), "up_l2");
  x = g.conv(g.concat({x, b1}), classes, {.kernel = 3, .activation = kPrelu}, "conv");
  stage(x, "conv");
  g.output(g.transposed_conv(x, classes, 2, {.norm = false}, "classifier"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_ESPNET_V1_HPP
