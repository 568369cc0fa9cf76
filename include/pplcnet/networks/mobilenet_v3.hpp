#ifndef PPLCNET_NETWORKS_MOBILENET_V3_HPP
#define PPLCNET_NETWORKS_MOBILENET_V3_HPP

#include <span>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/squeeze_excite.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The two networks of the paper.
enum class MobileNetV3 : unsigned char { small, large };

/// A block: the kernel of its depthwise layer, the channels inside and after it.
struct MobileNetV3Row {
  int kernel, expanded, out;
  bool squeeze_excite, hardswish;  ///< otherwise relu
  int stride;
};

/// The paper's tables 1 and 2.
inline constexpr MobileNetV3Row kMobileNetV3Large[] = {
    {3, 16, 16, false, false, 1}, {3, 64, 24, false, false, 2}, {3, 72, 24, false, false, 1},
    {5, 72, 40, true, false, 2},  {5, 120, 40, true, false, 1}, {5, 120, 40, true, false, 1},
    {3, 240, 80, false, true, 2}, {3, 200, 80, false, true, 1}, {3, 184, 80, false, true, 1},
    {3, 184, 80, false, true, 1}, {3, 480, 112, true, true, 1}, {3, 672, 112, true, true, 1},
    {5, 672, 160, true, true, 2}, {5, 960, 160, true, true, 1}, {5, 960, 160, true, true, 1},
};
inline constexpr MobileNetV3Row kMobileNetV3Small[] = {
    {3, 16, 16, true, false, 2}, {3, 72, 24, false, false, 2}, {3, 88, 24, false, false, 1},
    {5, 96, 40, true, true, 2},  {5, 240, 40, true, true, 1},  {5, 240, 40, true, true, 1},
    {5, 120, 48, true, true, 1}, {5, 144, 48, true, true, 1},  {5, 288, 96, true, true, 2},
    {5, 576, 96, true, true, 1}, {5, 576, 96, true, true, 1},
};

constexpr std::span<const MobileNetV3Row> mobilenet_v3_table(MobileNetV3 network) {
  if (network == MobileNetV3::small) return kMobileNetV3Small;
  return kMobileNetV3Large;
}

/// MobileNetV3 of torchvision (`mobilenetv3.py`): the first block of the large one has no
/// expansion, squeeze-excite follows the activation, the last layers are scaled, too, and batch
/// norms have an epsilon of their own.
constexpr Graph torchvision_mobilenet_v3(MobileNetV3 network, const WidthOptions& options) {
  constexpr Activation kHardswish = Activation::hardswish;
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
    const Activation activation = row.hardswish ? kHardswish : Activation::relu;
    const Value input = x;
    const int expanded = width(row.expanded);
    int module = 0;  // in the block's sequence
    if (expanded != input.shape.channels)
      x = g.conv(x, expanded, {.activation = activation}, {"features.#.block.#.#", i, module++, 0});
    x = g.depthwise(x, {.kernel = row.kernel, .stride = row.stride, .activation = activation},
                    {"features.#.block.#.#", i, module++, 0});
    const Name gate("features.#.block.#", i, module);
    if (row.squeeze_excite)
      x = squeeze_excite(g, x, {.squeezed = make_divisible(expanded / 4 * 100, 8)}, gate + ".fc1",
                         gate + ".fc2");
    if (row.squeeze_excite) ++module;
    x = g.conv(x, width(row.out), {}, {"features.#.block.#.#", i, module, 0});
    if (row.stride == 1 && x.shape == input.shape) x = g.add(input, x);
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

/// MobileNetV3 of light_cnns (`mobilenetv3.py`): the activation of a depthwise layer is after
/// squeeze-excite, but before it where a block has no expansion. It comes in one width.
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
    const Activation activation = row.hardswish ? kHardswish : Activation::relu;
    const Value input = x;
    const bool expands = row.expanded != input.shape.channels;
    const int depthwise = expands ? 3 : 0;  // in the block's sequence
    if (expands)
      x = g.conv(x, row.expanded, {.activation = activation}, {"features.#.conv.#", i, 0});
    const bool activation_is_last = expands && row.squeeze_excite;
    x = g.depthwise(x,
                    {.kernel = row.kernel,
                     .stride = row.stride,
                     .activation = activation_is_last ? Activation::none : activation},
                    {"features.#.conv.#", i, depthwise});
    const Name gate("features.#.conv.#", i, expands ? 5 : 3);
    if (row.squeeze_excite)
      x = squeeze_excite(g, x,
                         {.squeezed = make_divisible(row.expanded / 4 * 100, 8),
                          .layout = Layout::out_in,
                          .after = activation_is_last ? activation : Activation::none},
                         gate + ".fc.0", gate + ".fc.2");
    x = g.conv(x, row.out, {}, {"features.#.conv.#", i, expands ? 7 : 4});
    if (row.stride == 1 && x.shape == input.shape) x = g.add(input, x);
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

/// MobileNetV3 of PaddleClas (`mobilenet_v3.py`): every block has an expansion, squeeze-excite
/// follows the activation, its gate has the slope 0.2, and dropout leaves a factor of 0.8.
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
    const Activation activation = row.hardswish ? kHardswish : Activation::relu;
    const Value input = x;
    const int expanded = width(row.expanded);
    x = g.conv(x, expanded, {.activation = activation}, {"blocks.#.expand_conv", i});
    x = g.depthwise(x, {.kernel = row.kernel, .stride = row.stride, .activation = activation},
                    {"blocks.#.bottleneck_conv", i});
    if (row.squeeze_excite)
      x = squeeze_excite(g, x, {.squeezed = expanded / 4, .gate = Activation::hardsigmoid_of(0.2F)},
                         {"blocks.#.mid_se.conv1", i}, {"blocks.#.mid_se.conv2", i});
    x = g.conv(x, width(row.out), {}, {"blocks.#.linear_conv", i});
    if (row.stride == 1 && x.shape == input.shape) x = g.add(input, x);
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

#endif  // PPLCNET_NETWORKS_MOBILENET_V3_HPP
