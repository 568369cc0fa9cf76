#ifndef PPLCNET_NETWORKS_TORCHVISION_MOBILENET_V3_HPP
#define PPLCNET_NETWORKS_TORCHVISION_MOBILENET_V3_HPP

#include <string_view>

#include "pplcnet/networks/blocks/mobilenet_v3.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns MobileNetV3 of torchvision (`mobilenetv3.py`): the first block of the large one has no
/// expansion, squeeze-excite follows the activation, the last layers are scaled, too, and batch
/// norms have an epsilon of their own.
constexpr Graph torchvision_mobilenet_v3(MobileNetV3 network, const WidthOptions& options) {
  constexpr Activation kHardswish = Activation::hardswish;
  constexpr std::string_view kModule = "features.#.block.#.#";
  const bool small = network == MobileNetV3::small;
  Graph g(options.input, kTorchSequence,
          small ? "torchvision_mobilenet_v3_small" : "torchvision_mobilenet_v3_large");
  g.norm_epsilon = 1e-3;
  const int percent = checked_width(g, options);
  const auto width = [&](int channels) { return make_divisible(channels * percent, 8); };
  Value x = g.conv(g.image(), width(16), {.kernel = 3, .stride = 2, .activation = kHardswish},
                   {"features.#.#", 0, 0});
  g.output(x, Role::stage, {"features.#", 0});
  int i = 1;
  for (const MobileNetV3Row& row : mobilenet_v3_table(network)) {
    const int expanded = width(row.expanded);
    const bool expands = expanded != x.shape.channels;
    const int depthwise = expands ? 1 : 0, gate = depthwise + 1;  // in the block's sequence
    const Name reduce("features.#.block.#.fc1", i, gate), expand("features.#.block.#.fc2", i, gate);
    x = mobilenet_v3_block(g, x, row, expanded, width(row.out),
                           {.squeezed = make_divisible(expanded / 4 * 100, 8)},
                           {.expansion = expands ? Name(kModule, i, 0) : Name(),
                            .depthwise = {kModule, i, depthwise},
                            .reduce = reduce,
                            .expand = expand,
                            .projection = {kModule, i, row.squeeze_excite ? gate + 1 : gate}});
    g.output(x, Role::stage, {"features.#", i++});
  }
  x = g.conv(x, 6 * x.shape.channels, {.activation = kHardswish}, {"features.#.#", i, 0});
  g.output(x, Role::stage, {"features.#", i});
  x = g.output(g.global_mean(x), Role::stage, "avgpool");
  x = g.dense(x, width(small ? 1024 : 1280), {.activation = kHardswish}, {"classifier.#", 0});
  g.output(x, Role::stage, {"classifier.#", 1});
  g.output(g.dense(x, options.classes, {}, {"classifier.#", 3}));
  return g;
}
constexpr Graph torchvision_mobilenet_v3_small(const WidthOptions& options = {}) {
  return torchvision_mobilenet_v3(MobileNetV3::small, options);
}
constexpr Graph torchvision_mobilenet_v3_large(const WidthOptions& options = {}) {
  return torchvision_mobilenet_v3(MobileNetV3::large, options);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_TORCHVISION_MOBILENET_V3_HPP
