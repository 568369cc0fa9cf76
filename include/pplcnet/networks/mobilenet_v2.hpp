#ifndef PPLCNET_NETWORKS_MOBILENET_V2_HPP
#define PPLCNET_NETWORKS_MOBILENET_V2_HPP

#include <string_view>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/attention.hpp"
#include "pplcnet/networks/renaming.hpp"
#include "pplcnet/networks/squeeze_excite.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Rows of the paper's table 2: `repeats` blocks, of which the first has the stride.
struct MobileNetV2Row {
  int expansion, out, repeats, stride;
};
inline constexpr MobileNetV2Row kMobileNetV2Table[] = {
    {1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2},  {6, 64, 4, 2},
    {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
};

/// What torchvision and light_cnns call the modules of the same network.
struct MobileNetV2Names {
  std::string_view title;
  std::string_view convolution;  ///< of a block, with an activation
  int modules;                   ///< that such a convolution takes in the block's sequence
  Name last, last_stage, classifier;
  int least_width;  ///< light_cnns rounds a width of 10 % in another way
  /// What is between a depthwise layer and its projection, where a block has an expansion.
  Attention attention = {};
};
inline constexpr MobileNetV2Names kTorchvisionMobileNetV2 = {
    "torchvision_mobilenet_v2", "features.#.conv.#.#", 1, {"features.#.#", 18, 0},
    {"features.#", 18},         {"classifier.#", 1},   1};
inline constexpr MobileNetV2Names kLightCnnsMobileNetV2 = {
    "light_cnns_mobilenet_v2", "features.#.conv.#", 3, {"conv.#", 0}, "conv", "classifier", 11};

/// MobileNetV2 in which the first block has no expansion.
constexpr Graph mobilenet_v2(const MobileNetV2Names& names, const WidthOptions& options) {
  constexpr Activation kRelu6 = Activation::relu6;
  Graph g(options.input, kTorchSequence, names.title);
  const int percent = checked_width(g, options, names.least_width);
  const auto width = [&](int channels) { return make_divisible(channels * percent, 8); };
  Value x = g.conv(g.image(), width(32), {.kernel = 3, .stride = 2, .activation = kRelu6},
                   {"features.#.#", 0, 0});
  g.output(x, Role::stage, {"features.#", 0});
  int i = 1;
  for (const MobileNetV2Row& row : kMobileNetV2Table)
    for (int repeat = 0; repeat < row.repeats; ++repeat, ++i) {
      const Value input = x;
      int module = 0;  // in the block's sequence
      if (row.expansion > 1) {
        x = g.conv(x, row.expansion * input.shape.channels, {.activation = kRelu6},
                   {names.convolution, i, module});
        module += names.modules;
      }
      const int stride = repeat == 0 ? row.stride : 1;
      x = g.depthwise(x, {.kernel = 3, .stride = stride, .activation = kRelu6},
                      {names.convolution, i, module});
      module += names.modules;
      if (names.attention.is_there && row.expansion > 1) {
        const Name attention("features.#.conv.#", i, module++);
        x = g.output(names.attention.append(g, x, attention), Role::stage, attention);
      }
      x = g.conv(x, width(row.out), {}, {"features.#.conv.#", i, module});
      if (stride == 1 && x.shape == input.shape) x = g.add(input, x);
      g.output(x, Role::stage, {"features.#", i});
    }
  x = g.conv(x, percent > 100 ? width(1280) : 1280, {.activation = kRelu6}, names.last);
  g.output(x, Role::stage, names.last_stage);
  x = g.output(g.global_mean(x), Role::stage, "avgpool");
  g.output(g.dense(x, options.classes, {}, names.classifier));
  return g;
}

/// MobileNetV2 of torchvision (`mobilenetv2.py`).
constexpr Graph torchvision_mobilenet_v2(const WidthOptions& options = {}) {
  return mobilenet_v2(kTorchvisionMobileNetV2, options);
}
/// MobileNetV2 of light_cnns (`mobilenetv2.py`).
constexpr Graph light_cnns_mobilenet_v2(const WidthOptions& options = {}) {
  return mobilenet_v2(kLightCnnsMobileNetV2, options);
}

/// MobileNetV2 of light_cnns with an attention in its blocks (`Attention/`).
constexpr Graph light_cnns_mobilenet_v2(std::string_view title, Attention attention,
                                        const WidthOptions& options) {
  MobileNetV2Names names = kLightCnnsMobileNetV2;
  names.title = title;
  names.classifier = {"classifier.#", 1};
  names.attention = attention;
  return mobilenet_v2(names, options);
}
/// With coordinate attention.
constexpr Graph light_cnns_mobilenet_v2_ca(const WidthOptions& options = {}) {
  return light_cnns_mobilenet_v2("light_cnns_mobilenet_v2_ca", coordinate_attention, options);
}
/// With efficient channel attention.
constexpr Graph light_cnns_mobilenet_v2_eca(const WidthOptions& options = {}) {
  return light_cnns_mobilenet_v2("light_cnns_mobilenet_v2_eca", efficient_channel_attention,
                                 options);
}
/// With shuffle attention.
constexpr Graph light_cnns_mobilenet_v2_sa(const WidthOptions& options = {}) {
  return light_cnns_mobilenet_v2("light_cnns_mobilenet_v2_sa", shuffle_attention, options);
}
/// With triplet attention.
constexpr Graph light_cnns_mobilenet_v2_triplet(const WidthOptions& options = {}) {
  return light_cnns_mobilenet_v2("light_cnns_mobilenet_v2_triplet", triplet_attention, options);
}

namespace paddle_mobilenet_v2_names {

inline constexpr Renaming kParameters[] = {
    {"conv1", "conv1_1"},         {"._expand_conv", "_expand"}, {"._bottleneck_conv", "_dwise"},
    {"._linear_conv", "_linear"}, {"conv9", "conv9"},           {"out", "fc10"},
};

/// Returns what a graph calls the parameters of a module.
constexpr ModuleNames parameters(const Name& own) {
  const bool first = own.pattern == "conv#._first_block";
  return renamed(own, kParameters, {"conv#_#", own.numbers[0], first ? 1 : own.numbers[2]});
}

inline constexpr Naming kNamings[] = {{.framework = "paddle",
                                       .what = "PaddleClas' MobileNetV2",
                                       .tensors = kOlderPaddleClas,
                                       .linear = Layout::in_out,
                                       .parameters = parameters}};

}  // namespace paddle_mobilenet_v2_names

/// MobileNetV2 of PaddleClas (`mobilenet_v2.py`): the first block has an expansion, too, and widths
/// are cut to whole numbers.
constexpr Graph paddle_mobilenet_v2(const WidthOptions& options = {}) {
  constexpr Activation kRelu6 = Activation::relu6;
  Graph g(options.input, kOlderPaddleClas, "paddle_mobilenet_v2");
  g.namings = paddle_mobilenet_v2_names::kNamings;
  const int percent = checked_width(g, options);
  const auto width = [&](int channels) { return cut_width(channels, percent); };
  Value x = g.conv(g.image(), width(32), {.kernel = 3, .stride = 2, .activation = kRelu6}, "conv1");
  g.output(x, Role::stage, "conv1");
  int stage = 2;
  for (const MobileNetV2Row& row : kMobileNetV2Table) {
    for (int repeat = 0; repeat < row.repeats; ++repeat) {
      const Name block = repeat == 0 ? Name("conv#._first_block", stage)
                                     : Name("conv#.conv#_#", stage, stage, repeat + 1);
      const Value input = x;
      x = g.conv(x, row.expansion * input.shape.channels, {.activation = kRelu6},
                 block + "._expand_conv");
      const int stride = repeat == 0 ? row.stride : 1;
      x = g.depthwise(x, {.kernel = 3, .stride = stride, .activation = kRelu6},
                      block + "._bottleneck_conv");
      x = g.conv(x, width(row.out), {}, block + "._linear_conv");
      if (repeat > 0) x = g.add(input, x);
      g.output(x, Role::stage, block);
    }
    ++stage;
  }
  x = g.conv(x, percent > 100 ? width(1280) : 1280, {.activation = kRelu6}, "conv9");
  g.output(x, Role::stage, "conv9");
  x = g.output(g.global_mean(x), Role::stage, "pool2d_avg");
  g.output(g.dense(x, options.classes, {.layout = Layout::in_out}, "out"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_MOBILENET_V2_HPP
