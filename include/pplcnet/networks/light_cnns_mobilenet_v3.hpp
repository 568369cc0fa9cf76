#ifndef PPLCNET_NETWORKS_LIGHT_CNNS_MOBILENET_V3_HPP
#define PPLCNET_NETWORKS_LIGHT_CNNS_MOBILENET_V3_HPP

#include "pplcnet/networks/blocks/mobilenet_v3.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns MobileNetV3 of light_cnns (`mobilenetv3.py`): the activation of a depthwise layer is
/// after squeeze-excite, but before it where a block has no expansion. It comes in one width.
constexpr Graph light_cnns_mobilenet_v3(MobileNetV3 network, const WidthOptions& options) {
  constexpr Activation kHardswish = Activation::hardswish;
  const bool small = network == MobileNetV3::small;
  Graph g(options.input, kTorchSequence,
          small ? "light_cnns_mobilenet_v3_small" : "light_cnns_mobilenet_v3_large");
  check_only_width(g, options);
  Value x = g.conv(g.image(), 16, {.kernel = 3, .stride = 2, .activation = kHardswish},
                   {"features.#.#", 0, 0});
  g.output(x, Role::stage, {"features.#", 0});
  int i = 1;
  for (const MobileNetV3Row& row : mobilenet_v3_table(network)) {
    const bool expands = row.expanded != x.shape.channels;
    const Name block("features.#", i);
    x = mobilenet_v3_block(g, x, row, row.expanded, row.out,
                           {.squeezed = make_divisible(row.expanded / 4 * 100, 8),
                            .layout = Layout::out_in,
                            .after = expands ? row.activation() : Activation::none},
                           {.expansion = expands ? block.inside(".conv.#", 0) : Name(),
                            .depthwise = block.inside(".conv.#", expands ? 3 : 0),
                            .reduce = block.inside(".conv.#.fc.0", expands ? 5 : 3),
                            .expand = block.inside(".conv.#.fc.2", expands ? 5 : 3),
                            .projection = block.inside(".conv.#", expands ? 7 : 4)});
    g.output(x, Role::stage, {"features.#", i++});
  }
  x = g.conv(x, small ? 576 : 960, {.activation = kHardswish}, {"conv.#", 0});
  g.output(x, Role::stage, "conv");
  x = g.output(g.global_mean(x), Role::stage, "avgpool");
  x = g.dense(x, small ? 1024 : 1280, {.activation = kHardswish}, {"classifier.#", 0});
  g.output(x, Role::stage, "classifier.1");
  g.output(g.dense(x, options.classes, {}, {"classifier.#", 3}));
  return g;
}
constexpr Graph light_cnns_mobilenet_v3_small(const WidthOptions& options = {}) {
  return light_cnns_mobilenet_v3(MobileNetV3::small, options);
}
constexpr Graph light_cnns_mobilenet_v3_large(const WidthOptions& options = {}) {
  return light_cnns_mobilenet_v3(MobileNetV3::large, options);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_LIGHT_CNNS_MOBILENET_V3_HPP
