#ifndef PPLCNET_NETWORKS_ESPNET_V1_HPP
#define PPLCNET_NETWORKS_ESPNET_V1_HPP

#include <initializer_list>

#include "pplcnet/networks/blocks/espnet.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns ESPNet for segmentation of light_cnns (`ESPNet/espnetv1.py`, arXiv 1803.06815): a map of
/// logits as large as the picture, whose sides are multiples of 8.
constexpr Graph light_cnns_espnet_v1(const WidthOptions& options = {.classes = 20}) {
  using espnet::kPrelu;
  constexpr Conv kPlain = {.norm = false};
  const int classes = options.classes;
  Graph g(options.input, espnet::kNames, "light_cnns_espnet_v1");
  check_only_width(g, options);
  const auto stage = [&g](Value x, Name name) { return g.output(x, Role::stage, name); };
  const auto join = [&g](std::initializer_list<Value> parts, Name norm) {
    return g.affine(g.concat(parts), {.activation = kPrelu}, norm);
  };
  Value x =
      g.conv(g.image(), 16, {.kernel = 3, .stride = 2, .activation = kPrelu}, "encoder.level1");
  const Value half = stage(g.mean_pool(g.image(), espnet::kHalve), "encoder.sample1");
  const Value quarter = stage(g.mean_pool(half, espnet::kHalve), "encoder.sample2");
  const Value b1 = join({x, half}, "encoder.b1");
  const espnet::Level level2 = espnet::level(g, b1, 64, 2, 2);
  const Value b2 = join({level2.last, level2.first, quarter}, "encoder.b2");
  const espnet::Level level3 = espnet::level(g, b2, 128, 3, 3);
  x = join({level3.first, level3.last}, "encoder.b3");
  x = stage(g.conv(x, classes, kPlain, "encoder.classifier.conv"), "encoder.classifier");
  x = stage(espnet::norm(g, x, {.norm_name = "br"}, {}), "br");
  x = stage(g.transposed_conv(x, classes, 2, kPlain, "up_l3.0"), "up_l3");
  const Value sides = g.conv(b2, classes, kPlain, "level3_C.conv");
  x = join({sides, x}, "combine_l2_l3.0");
  x = stage(espnet::esp(g, x, classes, false, "combine_l2_l3.1"), "combine_l2_l3");
  x = g.transposed_conv(x, classes, 2, kPlain, "up_l2.0");
  x = stage(g.affine(x, {.activation = kPrelu}, "up_l2.1"), "up_l2");
  x = g.conv(g.concat({x, b1}), classes, {.kernel = 3, .activation = kPrelu}, "conv");
  stage(x, "conv");
  g.output(g.transposed_conv(x, classes, 2, kPlain, "classifier"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_ESPNET_V1_HPP
