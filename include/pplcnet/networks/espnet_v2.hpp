#ifndef PPLCNET_NETWORKS_ESPNET_V2_HPP
#define PPLCNET_NETWORKS_ESPNET_V2_HPP

#include <array>
#include <string_view>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/espnet_v1.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A level of ESPNetv2: a unit that halves the map, and `units` after it; with the dilations of its
/// depthwise layers.
struct EspNetV2Row {
  int out;
  std::array<int, 4> first;
  int units;
  std::array<int, 4> others;
};
inline constexpr EspNetV2Row kEspNetV2Table[] = {
    {64, {1, 2, 3, 4}, 0, {}},
    {128, {1, 2, 3, 4}, 3, {1, 2, 3, 4}},
    {256, {1, 2, 3, 4}, 7, {1, 1, 2, 3}},
    {512, {1, 1, 2, 3}, 3, {1, 1, 1, 2}},
};

/// Modules that a state dict has and the network does not use.
inline constexpr Name kEspNetV2Unused[] = {
    "level2_0.eesp.module_act", "level3_0.eesp.module_act",  "level4_0.eesp.module_act",
    "level5_0.eesp.module_act", "level5_0.inp_reinf.0.conv", "level5_0.inp_reinf.0.bn",
    "level5_0.inp_reinf.0.act", "level5_0.inp_reinf.1.conv", "level5_0.inp_reinf.1.bn"};

namespace espnet_parts {

/// Depthwise layers of one map, whose sums are side by side, between two layers with 4 groups.
constexpr Value eesp(Graph& g, Value x, int out, int stride, const std::array<int, 4>& dilations,
                     Name block) {
  constexpr std::string_view kNames[] = {".spp_dw.0.conv", ".spp_dw.1.conv", ".spp_dw.2.conv",
                                         ".spp_dw.3.conv"};
  const Value input =
      g.conv(x, out / 4, {.groups = 4, .activation = Activation::prelu}, block + ".proj_1x1");
  Value parts[4];
  for (std::size_t i = 0; i < 4; ++i) {
    parts[i] =
        g.depthwise(input, {.kernel = 3, .stride = stride, .dilation = dilations[i], .norm = false},
                    block + kNames[i]);
    if (i > 0) parts[i] = g.add(parts[i - 1], parts[i]);
  }
  Value y = g.affine(g.concat(parts), {.activation = Activation::prelu}, block + ".br_after_cat");
  y = g.conv(y, out, {.groups = 4}, block + ".conv_1x1_exp");
  if (stride > 1) return y;
  return g.activate(g.add(x, y), Activation::prelu, block + ".module_act");
}

}  // namespace espnet_parts

/// ESPNetv2 of light_cnns (`ESPNet/espnetv2.py`, arXiv 1811.11431): a smaller picture is added at
/// the beginning of each level but the last.
constexpr Graph light_cnns_espnet_v2(const WidthOptions& options = {}) {
  constexpr Activation kPrelu = Activation::prelu;
  constexpr Pool kHalve = {.kernel = 3, .stride = 2, .padding = 1, .count_padding = true};
  Graph g(options.input, kEspNet, "light_cnns_espnet_v2");
  check_only_width(g, options);
  g.unused = kEspNetV2Unused;
  Value picture = g.mean_pool(g.image(), kHalve);
  Value x = g.conv(g.image(), 32, {.kernel = 3, .stride = 2, .activation = kPrelu}, "level1");
  g.output(x, Role::stage, "level1");
  int level = 2;
  for (const EspNetV2Row& row : kEspNetV2Table) {
    const Name block("level#_0", level), reinforced("level#_0.inp_reinf", level);
    Value y = espnet_parts::eesp(g, x, row.out - x.shape.channels, 2, row.first,
                                 {"level#_0.eesp", level});
    x = g.concat({g.mean_pool(x, kHalve), y});
    if (level < 5) {
      picture = g.mean_pool(picture, kHalve);
      y = g.conv(picture, 3, {.kernel = 3, .activation = kPrelu}, reinforced + ".0");
      x = g.add(x, g.conv(y, row.out, {}, reinforced + ".1"));
    }
    x = g.output(g.activate(x, kPrelu, block + ".act"), Role::stage, block);
    for (int i = 0; i < row.units; ++i) {
      const Name unit("level#.#", level, i);
      x = g.output(espnet_parts::eesp(g, x, row.out, 1, row.others, unit), Role::stage, unit);
    }
    ++level;
  }
  x = g.depthwise(x, {.kernel = 3, .activation = kPrelu}, "level5.3");
  x = g.conv(x, 1024, {.groups = 4, .activation = kPrelu}, "level5.4");
  g.output(x, Role::stage, "level5.4");
  g.output(g.dense(g.global_mean(x), options.classes, {}, "classifier"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_ESPNET_V2_HPP
