#ifndef PPLCNET_NETWORKS_GHOSTNET_HPP
#define PPLCNET_NETWORKS_GHOSTNET_HPP

#include <string_view>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/renaming.hpp"
#include "pplcnet/networks/squeeze_excite.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A bottleneck of the paper's table 1.
struct GhostNetRow {
  int kernel, hidden, out;
  bool squeeze_excite;
  int stride;
};
inline constexpr GhostNetRow kGhostNetTable[] = {
    {3, 16, 16, false, 1},   {3, 48, 24, false, 2},  {3, 72, 24, false, 1},
    {5, 72, 40, true, 2},    {5, 120, 40, true, 1},  {3, 240, 80, false, 2},
    {3, 200, 80, false, 1},  {3, 184, 80, false, 1}, {3, 184, 80, false, 1},
    {3, 480, 112, true, 1},  {3, 672, 112, true, 1}, {5, 672, 160, true, 2},
    {5, 960, 160, false, 1}, {5, 960, 160, true, 1}, {5, 960, 160, false, 1},
    {5, 960, 160, true, 1},
};

namespace ghostnet_parts {

/// Half of the channels by a pointwise layer, the others from these by a depthwise one.
constexpr Value ghost(Graph& g, Value x, int out, Activation activation, Name primary, Name cheap) {
  const Value half = g.conv(x, (out + 1) / 2, {.activation = activation}, primary);
  return g.concat({half, g.depthwise(half, {.kernel = 3, .activation = activation}, cheap)});
}

}  // namespace ghostnet_parts

namespace paddle_ghostnet_names {

inline constexpr Renaming kParameters[] = {
    {"conv1", "conv1"},
    {".ghost_module_1.primary_conv", "_ghost_module_1_primary_conv"},
    {".ghost_module_1.cheap_operation", "_ghost_module_1_cheap_operation"},
    {".depthwise_conv", "_depthwise_depthwise"},
    {".se_block.squeeze", "_se_1"},
    {".se_block.excitation", "_se_2"},
    {".ghost_module_2.primary_conv", "_ghost_module_2_primary_conv"},
    {".ghost_module_2.cheap_operation", "_ghost_module_2_cheap_operation"},
    {".shortcut_depthwise", "_shortcut_depthwise_depthwise"},
    {".shortcut_conv", "_shortcut_conv"},
    {"conv_last", "conv_last"},
    {"fc_0", "fc_0"},
    {"fc_1", "fc_1"},
};

/// Returns what a graph calls the parameters of a module.
constexpr ModuleNames parameters(const Name& own) {
  return renamed(own, kParameters, {"_ghostbottleneck_#", own.numbers[0]});
}

inline constexpr Naming kNamings[] = {{.framework = "paddle",
                                       .what = "PaddleClas' GhostNet",
                                       .tensors = kOlderPaddleClas,
                                       .linear = Layout::in_out,
                                       .parameters = parameters}};

}  // namespace paddle_ghostnet_names

/// GhostNet. Source: PaddleClas `ghostnet.py`.
constexpr Graph paddle_ghostnet(const WidthOptions& options = {}) {
  constexpr Activation kRelu = Activation::relu;
  Graph g(options.input, kOlderPaddleClas, "paddle_ghostnet");
  g.namings = paddle_ghostnet_names::kNamings;
  const int percent = checked_width(g, options);
  const auto width = [&](int channels) { return make_divisible(channels * percent, 4); };
  Value x = g.conv(g.image(), width(16), {.kernel = 3, .stride = 2, .activation = kRelu}, "conv1");
  g.output(x, Role::stage, "conv1");
  int i = 0;
  for (const GhostNetRow& row : kGhostNetTable) {
    const Name block("_ghostbottleneck_#", i++);
    const Value input = x;
    const int hidden = width(row.hidden), out = width(row.out);
    x = ghostnet_parts::ghost(g, x, hidden, kRelu, block + ".ghost_module_1.primary_conv",
                              block + ".ghost_module_1.cheap_operation");
    if (row.stride == 2)
      x = g.depthwise(x, {.kernel = row.kernel, .stride = 2}, block + ".depthwise_conv");
    if (row.squeeze_excite)
      x = squeeze_excite(
          g, x, {.squeezed = hidden / 4, .gate = Activation::clip, .layout = Layout::in_out},
          block + ".se_block.squeeze", block + ".se_block.excitation");
    x = ghostnet_parts::ghost(g, x, out, Activation::none, block + ".ghost_module_2.primary_conv",
                              block + ".ghost_module_2.cheap_operation");
    Value shortcut = input;
    if (row.stride != 1 || input.shape.channels != out) {
      shortcut = g.depthwise(input, {.kernel = row.kernel, .stride = row.stride},
                             block + ".shortcut_depthwise");
      shortcut = g.conv(shortcut, out, {}, block + ".shortcut_conv");
    }
    x = g.output(g.add(x, shortcut), Role::stage, block);
  }
  x = g.conv(x, width(960), {.activation = kRelu}, "conv_last");
  g.output(x, Role::stage, "conv_last");
  x = g.output(g.global_mean(x), Role::stage, "pool2d_gap");
  x = g.dense(x, 1280,
              {.activation = kRelu, .norm = true, .bias = false, .layout = Layout::convolution},
              "fc_0");
  g.output(x, Role::stage, "fc_0");
  g.output(g.dense(x, options.classes, {.layout = Layout::in_out}, "fc_1"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_GHOSTNET_HPP
