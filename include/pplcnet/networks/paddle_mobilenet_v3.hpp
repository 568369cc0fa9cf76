#ifndef PPLCNET_NETWORKS_PADDLE_MOBILENET_V3_HPP
#define PPLCNET_NETWORKS_PADDLE_MOBILENET_V3_HPP

#include "pplcnet/networks/blocks/mobilenet_v3.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns MobileNetV3 of PaddleClas (`mobilenet_v3.py`): every block has an expansion,
/// squeeze-excite follows the activation, its gate has the slope 0.2, and dropout leaves a factor
/// of 0.8.
constexpr Graph paddle_mobilenet_v3(MobileNetV3 network, const WidthOptions& options) {
  constexpr Activation kHardswish = Activation::hardswish;
  const bool small = network == MobileNetV3::small;
  Graph g(options.input, kPaddleClas,
          small ? "paddle_mobilenet_v3_small" : "paddle_mobilenet_v3_large");
  const int percent = checked_width(g, options);
  const auto width = [&](int channels) { return make_divisible(channels * percent, 8); };
  Value x =
      g.conv(g.image(), width(16), {.kernel = 3, .stride = 2, .activation = kHardswish}, "conv");
  g.output(x, Role::stage, "conv");
  int i = 0;
  for (const MobileNetV3Row& row : mobilenet_v3_table(network)) {
    const Name block("blocks.#", i);
    const int expanded = width(row.expanded);
    x = mobilenet_v3_block(g, x, row, expanded, width(row.out),
                           {.squeezed = expanded / 4, .gate = Activation::hardsigmoid_of(0.2F)},
                           {.expansion = block + ".expand_conv",
                            .depthwise = block + ".bottleneck_conv",
                            .reduce = block + ".mid_se.conv1",
                            .expand = block + ".mid_se.conv2",
                            .projection = block + ".linear_conv"});
    g.output(x, Role::stage, {"blocks.#", i++});
  }
  x = g.conv(x, width(small ? 576 : 960), {.activation = kHardswish}, "last_second_conv");
  g.output(x, Role::stage, "last_second_conv");
  x = g.output(g.global_mean(x), Role::stage, "avg_pool");
  x = g.dense(x, 1280, {.activation = kHardswish, .bias = false, .layout = Layout::convolution},
              "last_conv");
  g.output(g.dense(x, options.classes, {.layout = Layout::in_out, .input_percent = 80}, "fc"));
  return g;
}
constexpr Graph paddle_mobilenet_v3_small(const WidthOptions& options = {}) {
  return paddle_mobilenet_v3(MobileNetV3::small, options);
}
constexpr Graph paddle_mobilenet_v3_large(const WidthOptions& options = {}) {
  return paddle_mobilenet_v3(MobileNetV3::large, options);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_PADDLE_MOBILENET_V3_HPP
