#ifndef PPLCNET_NETWORKS_ESPNET_V2_HPP
#define PPLCNET_NETWORKS_ESPNET_V2_HPP

#include "pplcnet/networks/blocks/espnet.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A level of ESPNetv2: a unit that halves the map, and `units` after it; the dilations of the
/// depthwise layers of the first, and of the others.
struct EspNetV2Row {
  int level, out, units;
  std::array<int, 4> first, others;
};
inline constexpr EspNetV2Row kEspNetV2Table[] = {{2, 64, 0, {1, 2, 3, 4}, {}},
                                                 {3, 128, 3, {1, 2, 3, 4}, {1, 2, 3, 4}},
                                                 {4, 256, 7, {1, 2, 3, 4}, {1, 1, 2, 3}},
                                                 {5, 512, 3, {1, 1, 2, 3}, {1, 1, 1, 2}}};

/// Modules that a state dict has and the network does not use.
inline constexpr Name kEspNetV2Unused[] = {
    "level2_0.eesp.module_act", "level3_0.eesp.module_act",  "level4_0.eesp.module_act",
    "level5_0.eesp.module_act", "level5_0.inp_reinf.0.conv", "level5_0.inp_reinf.0.bn",
    "level5_0.inp_reinf.0.act", "level5_0.inp_reinf.1.conv", "level5_0.inp_reinf.1.bn"};

/// Returns ESPNetv2 of light_cnns (`ESPNet/espnetv2.py`, arXiv 1811.11431): a smaller picture is
/// added at the beginning of each level but the last.
constexpr Graph light_cnns_espnet_v2(const WidthOptions& options = {}) {
  using espnet::kHalve, espnet::kPrelu;
  Graph g(options.input, espnet::kNames, "light_cnns_espnet_v2");
  check_only_width(g, options);
  g.unused = kEspNetV2Unused;
  Value picture = g.mean_pool(g.image(), kHalve);
  Value x = g.conv(g.image(), 32, {.kernel = 3, .stride = 2, .activation = kPrelu}, "level1");
  g.output(x, Role::stage, "level1");
  for (const auto& [level, out, units, first, others] : kEspNetV2Table) {
    const Name block("level#_0", level);
    Value y = espnet::eesp(g, x, out - x.shape.channels, 2, first, {"level#_0.eesp", level});
    x = g.concat({g.mean_pool(x, kHalve), y});
    if (level < 5) {
      picture = g.mean_pool(picture, kHalve);
      y = g.conv(picture, 3, {.kernel = 3, .activation = kPrelu}, block + ".inp_reinf.0");
      x = g.add(x, g.conv(y, out, {}, block + ".inp_reinf.1"));
    }
    x = g.output(g.activate(x, kPrelu, block + ".act"), Role::stage, block);
    for (int i = 0; i < units; ++i) {
      const Name unit("level#.#", level, i);
      x = g.output(espnet::eesp(g, x, out, 1, others, unit), Role::stage, unit);
    }
  }
  x = g.depthwise(x, {.kernel = 3, .activation = kPrelu}, "level5.3");
  x = g.conv(x, 1024, {.groups = 4, .activation = kPrelu}, "level5.4");
  g.output(x, Role::stage, "level5.4");
  g.output(g.dense(g.global_mean(x), options.classes, {}, "classifier"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_ESPNET_V2_HPP
