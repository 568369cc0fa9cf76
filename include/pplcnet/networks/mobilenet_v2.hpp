#ifndef PPLCNET_NETWORKS_MOBILENET_V2_HPP
#define PPLCNET_NETWORKS_MOBILENET_V2_HPP

#include "pplcnet/graph/graph.hpp"
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

/// MobileNetV2 as torchvision and light_cnns compute it: the first block has no expansion. Source,
/// also of the names: light_cnns `mobilenetv2.py`.
constexpr Graph mobilenet_v2(const WidthOptions& options = {}) {
  constexpr Activation kRelu6 = Activation::relu6;
  Graph g(options.input, kTorchSequence, "mobilenet_v2");
  const auto width = [&](int channels) { return make_divisible(channels * options.width, 8); };
  Value x = g.conv(g.image(), width(32), {.kernel = 3, .stride = 2, .activation = kRelu6},
                   {"features.#.#", 0, 0});
  g.output(x, Role::stage, {"features.#", 0});
  int i = 1;
  for (const MobileNetV2Row& row : kMobileNetV2Table)
    for (int repeat = 0; repeat < row.repeats; ++repeat, ++i) {
      const Value input = x;
      int module = 0;  // in the block's sequence: convolution, batch norm, activation
      if (row.expansion > 1) {
        x = g.conv(x, row.expansion * input.shape.channels, {.activation = kRelu6},
                   {"features.#.conv.#", i, module});
        module += 3;
      }
      const int stride = repeat == 0 ? row.stride : 1;
      x = g.depthwise(x, {.kernel = 3, .stride = stride, .activation = kRelu6},
                      {"features.#.conv.#", i, module});
      x = g.conv(x, width(row.out), {}, {"features.#.conv.#", i, module + 3});
      if (stride == 1 && x.shape == input.shape) x = g.add(input, x);
      g.output(x, Role::stage, {"features.#", i});
    }
  const int last = options.width > 100 ? width(1280) : 1280;
  x = g.conv(x, last, {.activation = kRelu6}, {"conv.#", 0});
  g.output(x, Role::stage, "conv");
  x = g.output(g.global_mean(x), Role::stage, "avgpool");
  g.output(g.dense(x, options.classes, {}, "classifier"));
  return g;
}

/// MobileNetV2 with an expansion in the first block, too. Source: PaddleClas `mobilenet_v2.py`;
/// widths are cut to whole numbers.
constexpr Graph paddle_mobilenet_v2(const WidthOptions& options = {}) {
  constexpr Activation kRelu6 = Activation::relu6;
  Graph g(options.input, kOlderPaddleClas, "paddle_mobilenet_v2");
  const auto width = [&](int channels) { return cut_width(channels, options.width); };
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
  const int last = options.width > 100 ? width(1280) : 1280;
  x = g.conv(x, last, {.activation = kRelu6}, "conv9");
  g.output(x, Role::stage, "conv9");
  x = g.output(g.global_mean(x), Role::stage, "pool2d_avg");
  g.output(g.dense(x, options.classes, {.layout = Layout::in_out}, "out"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_MOBILENET_V2_HPP
