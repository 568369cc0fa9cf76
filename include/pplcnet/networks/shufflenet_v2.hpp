#ifndef PPLCNET_NETWORKS_SHUFFLENET_V2_HPP
#define PPLCNET_NETWORKS_SHUFFLENET_V2_HPP

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Channels of the three stages and of the last convolution, by width in percent.
struct ShuffleNetV2Widths {
  int percent, stages[3], last;
};
inline constexpr ShuffleNetV2Widths kShuffleNetV2Table[] = {
    {25, {24, 48, 96}, 512},      {33, {32, 64, 128}, 512},     {50, {48, 96, 192}, 1024},
    {100, {116, 232, 464}, 1024}, {150, {176, 352, 704}, 1024}, {200, {244, 488, 976}, 2048},
};
inline constexpr int kShuffleNetV2Units[] = {4, 8, 4};

/// Returns the row of a width; that of x1.0 for a width that was not published.
constexpr const ShuffleNetV2Widths& shufflenet_v2_widths(int percent) {
  for (const ShuffleNetV2Widths& row : kShuffleNetV2Table)
    if (row.percent == percent) return row;
  return kShuffleNetV2Table[3];
}

namespace shufflenet_v2_units {

/// Pointwise, depthwise, pointwise; `names` are those of the three.
constexpr Value branch(Graph& g, Value x, int inside, int out, int stride, Name pointwise,
                       Name depthwise, Name linear) {
  constexpr Activation kRelu = Activation::relu;
  x = g.conv(x, inside, {.activation = kRelu}, pointwise);
  x = g.depthwise(x, {.kernel = 3, .stride = stride}, depthwise);
  return g.conv(x, out, {.activation = kRelu}, linear);
}

/// Half of the channels pass; what the other half gives is shuffled with them. With a stride both
/// ways are computed.
constexpr Value paddle(Graph& g, Value x, int out, bool strided, Name unit) {
  const int half = out / 2;
  if (!strided) {
    const Value kept = g.slice(x, 0, half);
    const Value changed = branch(g, g.slice(x, half, half), half, half, 1, unit + "._conv_pw",
                                 unit + "._conv_dw", unit + "._conv_linear");
    return g.shuffle(g.concat({kept, changed}), 2);
  }
  Value first = g.depthwise(x, {.kernel = 3, .stride = 2}, unit + "._conv_dw_1");
  first = g.conv(first, half, {.activation = Activation::relu}, unit + "._conv_linear_1");
  const Value second = branch(g, x, half, half, 2, unit + "._conv_pw_2", unit + "._conv_dw_2",
                              unit + "._conv_linear_2");
  return g.shuffle(g.concat({first, second}), 2);
}

/// The even channels pass, the odd ones are computed; nothing is shuffled after the last unit.
constexpr Value light_cnns(Graph& g, Value x, int out, bool strided, int i) {
  const int in = x.shape.channels, half = out / 2;
  const auto main = [&](Value input, int channels, int stride) {
    return branch(g, input, half, channels, stride, {"features.#.branch_main.#", i, 0},
                  {"features.#.branch_main.#", i, 3}, {"features.#.branch_main.#", i, 5});
  };
  if (!strided) {
    const Value kept = g.slice(x, 0, half, 2);
    return g.concat({kept, main(g.slice(x, 1, half, 2), half, 1)});
  }
  Value kept = g.depthwise(x, {.kernel = 3, .stride = 2}, {"features.#.branch_proj.#", i, 0});
  kept = g.conv(kept, in, {.activation = Activation::relu}, {"features.#.branch_proj.#", i, 2});
  return g.concat({kept, main(x, out - in, 2)});
}

}  // namespace shufflenet_v2_units

/// ShuffleNetV2. Source: PaddleClas `shufflenet_v2.py`.
constexpr Graph shufflenet_v2(const WidthOptions& options = {}) {
  constexpr Activation kRelu = Activation::relu;
  const ShuffleNetV2Widths& widths = shufflenet_v2_widths(options.width);
  Graph g(options.input, kOlderPaddleClas, "shufflenet_v2");
  Value x = g.conv(g.image(), 24, {.kernel = 3, .stride = 2, .activation = kRelu}, "_conv1");
  g.output(x, Role::stage, "_conv1");
  x = g.max_pool(x, {.kernel = 3, .stride = 2, .padding = 1});
  g.output(x, Role::stage, "_max_pool");
  for (int stage = 0; stage < 3; ++stage)
    for (int unit = 0; unit < kShuffleNetV2Units[stage]; ++unit) {
      const Name name("#_#", stage + 2, unit + 1);
      x = shufflenet_v2_units::paddle(g, x, widths.stages[stage], unit == 0, name);
      g.output(x, Role::stage, name);
    }
  x = g.conv(x, widths.last, {.activation = kRelu}, "_last_conv");
  g.output(x, Role::stage, "_last_conv");
  x = g.output(g.global_mean(x), Role::stage, "_pool2d_avg");
  g.output(g.dense(x, options.classes, {.layout = Layout::in_out}, "_fc"));
  return g;
}

/// ShuffleNetV2 of light_cnns (`shufflenetv2.py`): units begin with the shuffle, the last pool is a
/// window of 7×7, the classifier has no bias.
constexpr Graph light_cnns_shufflenet_v2(const WidthOptions& options = {.width = 150}) {
  constexpr Activation kRelu = Activation::relu;
  const ShuffleNetV2Widths& widths = shufflenet_v2_widths(options.width);
  Graph g(options.input, kTorchSequence, "light_cnns_shufflenet_v2");
  Value x =
      g.conv(g.image(), 24, {.kernel = 3, .stride = 2, .activation = kRelu}, {"first_conv.#", 0});
  g.output(x, Role::stage, "first_conv");
  x = g.max_pool(x, {.kernel = 3, .stride = 2, .padding = 1});
  g.output(x, Role::stage, "maxpool");
  int i = 0;
  for (int stage = 0; stage < 3; ++stage)
    for (int unit = 0; unit < kShuffleNetV2Units[stage]; ++unit) {
      x = shufflenet_v2_units::light_cnns(g, x, widths.stages[stage], unit == 0, i);
      g.output(x, Role::stage, {"features.#", i++});
    }
  x = g.conv(x, widths.last, {.activation = kRelu}, {"conv_last.#", 0});
  g.output(x, Role::stage, "conv_last");
  x = g.output(g.mean_pool(x, {.kernel = 7, .stride = 7}), Role::stage, "globalpool");
  g.output(g.dense(x, options.classes, {.bias = false}, {"classifier.#", 0}));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_SHUFFLENET_V2_HPP
