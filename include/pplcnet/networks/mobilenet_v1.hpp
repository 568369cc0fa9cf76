#ifndef PPLCNET_NETWORKS_MOBILENET_V1_HPP
#define PPLCNET_NETWORKS_MOBILENET_V1_HPP

#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A block of MobileNetV1: depthwise 3×3, pointwise to `out` channels.
struct MobileNetV1Row {
  int out, stride;
};
inline constexpr MobileNetV1Row kMobileNetV1Table[] = {
    {64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2},  {512, 1},
    {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1},
};

/// Returns MobileNetV1. Source: PaddleClas `mobilenet_v1.py`; widths are cut to whole numbers.
constexpr Graph paddle_mobilenet_v1(const WidthOptions& options = {}) {
  constexpr Activation kRelu = Activation::relu;
  Graph g(options.input, kPaddleClas, "paddle_mobilenet_v1");
  const int percent = checked_width(g, options);
  const auto width = [&](int channels) { return cut_width(channels, percent); };
  Value x = g.conv(g.image(), width(32), {.kernel = 3, .stride = 2, .activation = kRelu}, "conv");
  g.output(x, Role::stage, "conv");
  int i = 0;
  for (const auto [out, stride] : kMobileNetV1Table) {
    x = g.depthwise(x, {.kernel = 3, .stride = stride, .activation = kRelu},
                    {"blocks.#.depthwise_conv", i});
    x = g.conv(x, width(out), {.activation = kRelu}, {"blocks.#.pointwise_conv", i});
    g.output(x, Role::stage, {"blocks.#", i++});
  }
  x = g.output(g.global_mean(x), Role::stage, "avg_pool");
  g.output(g.dense(x, options.classes, {.layout = Layout::in_out}, "fc"));
  return g;
}

/// Returns the network that light_cnns calls mbv1, which is not the paper's: the depthwise layers
/// have a bias and neither batch norm nor activation, the pointwise layers a ring of zeros around
/// their map. It comes in one width.
constexpr Graph light_cnns_mobilenet_v1(const WidthOptions& options = {}) {
  constexpr Activation kRelu = Activation::relu;
  Graph g(options.input, kTorchSequence, "light_cnns_mobilenet_v1");
  check_only_width(g, options);
  Value x = g.conv(g.image(), 32, {.kernel = 3, .stride = 2, .activation = kRelu}, {"conv1.#", 0});
  g.output(x, Role::stage, "conv1");
  int i = 0;
  for (const auto [out, stride] : kMobileNetV1Table) {
    x = g.depthwise(x, {.kernel = 3, .stride = stride, .norm = false, .bias = true},
                    {"model.#.conv_dw", i});
    x = g.conv(x, out, {.padding = 1, .activation = kRelu, .norm = false}, {"model.#.conv_pw", i});
    g.output(x, Role::stage, {"model.#", i++});
  }
  x = g.output(g.global_mean(x), Role::stage, "avg_pool");
  g.output(g.dense(x, options.classes, {}, "fc"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_MOBILENET_V1_HPP
