#ifndef PPLCNET_NETWORKS_SHUFFLENET_V2_HPP
#define PPLCNET_NETWORKS_SHUFFLENET_V2_HPP

#include <span>
#include <string_view>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/renaming.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Channels of the three stages and of the last convolution, by width in percent. The first two
/// widths are PaddleClas' own.
struct ShuffleNetV2Widths {
  int percent, stages[3], last;
};
inline constexpr ShuffleNetV2Widths kShuffleNetV2Table[] = {
    {25, {24, 48, 96}, 512},      {33, {32, 64, 128}, 512},     {50, {48, 96, 192}, 1024},
    {100, {116, 232, 464}, 1024}, {150, {176, 352, 704}, 1024}, {200, {244, 488, 976}, 2048},
};
inline constexpr int kShuffleNetV2Units[] = {4, 8, 4};

/// Returns the row of a width from `least` percent on; one that is not in the table is a flaw.
constexpr const ShuffleNetV2Widths& shufflenet_v2_widths(Graph& g, int percent, int least) {
  for (const ShuffleNetV2Widths& row : kShuffleNetV2Table)
    if (row.percent == percent && percent >= least) return row;
  g.fail(GraphRule::width, percent);
  return kShuffleNetV2Table[0];
}

/// What PaddleClas and torchvision call a unit and its convolutions: those of the way that is
/// there with a stride only, and those of the other.
struct ShuffleNetV2Unit {
  Name name, first_depthwise, first_linear, pointwise, depthwise, linear;
};
namespace paddle_shufflenet_v2_names {

inline constexpr Renaming kParameters[] = {
    {"_conv1", "stage1_conv"},
    {"._conv_pw", "_conv1"},
    {"._conv_dw", "_conv2"},
    {"._conv_linear", "_conv3"},
    {"._conv_dw_1", "_conv4"},
    {"._conv_linear_1", "_conv5"},
    {"._conv_pw_2", "_conv1"},
    {"._conv_dw_2", "_conv2"},
    {"._conv_linear_2", "_conv3"},
    {"_last_conv", "conv5"},
    {"_fc", "fc6"},
};

/// Returns what a graph calls the parameters of a module.
constexpr ModuleNames parameters(const Name& own) {
  return renamed(own, kParameters, {"stage_#_#", own.numbers[0], own.numbers[1]});
}

inline constexpr Naming kNamings[] = {{.framework = "paddle",
                                       .what = "PaddleClas' ShuffleNetV2",
                                       .tensors = kOlderPaddleClas,
                                       .linear = Layout::in_out,
                                       .parameters = parameters}};

}  // namespace paddle_shufflenet_v2_names

/// What they call the modules of the same network.
struct ShuffleNetV2Names {
  std::string_view title;
  TensorNames tensors;
  int least_width;
  Name stem, pool, last, mean, classifier;
  Layout classifier_layout;
  ShuffleNetV2Unit (*unit)(int stage, int number, bool strided);
  std::span<const Naming> namings = {};
};
inline constexpr ShuffleNetV2Names kPaddleShuffleNetV2 = {
    .title = "paddle_shufflenet_v2",
    .tensors = kOlderPaddleClas,
    .least_width = 25,
    .stem = "_conv1",
    .pool = "_max_pool",
    .last = "_last_conv",
    .mean = "_pool2d_avg",
    .classifier = "_fc",
    .classifier_layout = Layout::in_out,
    .unit = [](int stage, int number, bool strided) -> ShuffleNetV2Unit {
      const Name unit("#_#", stage + 2, number + 1);
      if (!strided)
        return {unit, {}, {}, unit + "._conv_pw", unit + "._conv_dw", unit + "._conv_linear"};
      return {unit,
              unit + "._conv_dw_1",
              unit + "._conv_linear_1",
              unit + "._conv_pw_2",
              unit + "._conv_dw_2",
              unit + "._conv_linear_2"};
    },
    .namings = paddle_shufflenet_v2_names::kNamings};
inline constexpr ShuffleNetV2Names kTorchvisionShuffleNetV2 = {
    .title = "torchvision_shufflenet_v2",
    .tensors = kTorchSequence,
    .least_width = 50,
    .stem = {"conv1.#", 0},
    .pool = "maxpool",
    .last = {"conv5.#", 0},
    .mean = "mean",
    .classifier = "fc",
    .classifier_layout = Layout::out_in,
    .unit = [](int stage, int number, bool) -> ShuffleNetV2Unit {
      constexpr std::string_view kFirst = "stage#.#.branch1.#", kSecond = "stage#.#.branch2.#";
      const int of = stage + 2;
      return {{"stage#.#", of, number}, {kFirst, of, number, 0},  {kFirst, of, number, 2},
              {kSecond, of, number, 0}, {kSecond, of, number, 3}, {kSecond, of, number, 5}};
    }};

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
constexpr Value shuffled(Graph& g, Value x, int out, bool strided, const ShuffleNetV2Unit& unit) {
  const int half = out / 2;
  Value first = x, second = x;
  if (strided) {
    first = g.depthwise(x, {.kernel = 3, .stride = 2}, unit.first_depthwise);
    first = g.conv(first, half, {.activation = Activation::relu}, unit.first_linear);
  } else {
    first = g.slice(x, 0, half);
    second = g.slice(x, half, half);
  }
  second =
      branch(g, second, half, half, strided ? 2 : 1, unit.pointwise, unit.depthwise, unit.linear);
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

/// ShuffleNetV2 of PaddleClas and torchvision.
constexpr Graph shufflenet_v2(const ShuffleNetV2Names& names, const WidthOptions& options) {
  constexpr Activation kRelu = Activation::relu;
  Graph g(options.input, names.tensors, names.title);
  g.namings = names.namings;
  const ShuffleNetV2Widths& widths = shufflenet_v2_widths(g, options.width, names.least_width);
  Value x = g.conv(g.image(), 24, {.kernel = 3, .stride = 2, .activation = kRelu}, names.stem);
  g.output(x, Role::stage, names.stem);
  x = g.max_pool(x, {.kernel = 3, .stride = 2, .padding = 1});
  g.output(x, Role::stage, names.pool);
  for (int stage = 0; stage < 3; ++stage)
    for (int number = 0; number < kShuffleNetV2Units[stage]; ++number) {
      const bool strided = number == 0;
      const ShuffleNetV2Unit unit = names.unit(stage, number, strided);
      x = shufflenet_v2_units::shuffled(g, x, widths.stages[stage], strided, unit);
      g.output(x, Role::stage, unit.name);
    }
  x = g.conv(x, widths.last, {.activation = kRelu}, names.last);
  g.output(x, Role::stage, names.last);
  x = g.output(g.global_mean(x), Role::stage, names.mean);
  g.output(g.dense(x, options.classes, {.layout = names.classifier_layout}, names.classifier));
  return g;
}

/// ShuffleNetV2 of PaddleClas (`shufflenet_v2.py`).
constexpr Graph paddle_shufflenet_v2(const WidthOptions& options = {}) {
  return shufflenet_v2(kPaddleShuffleNetV2, options);
}
/// ShuffleNetV2 of torchvision (`shufflenetv2.py`).
constexpr Graph torchvision_shufflenet_v2(const WidthOptions& options = {}) {
  return shufflenet_v2(kTorchvisionShuffleNetV2, options);
}

/// ShuffleNetV2 of light_cnns (`shufflenetv2.py`): units begin with the shuffle, the last pool is a
/// window of 7×7, the classifier has no bias.
constexpr Graph light_cnns_shufflenet_v2(const WidthOptions& options = {}) {
  constexpr Activation kRelu = Activation::relu;
  Graph g(options.input, kTorchSequence, "light_cnns_shufflenet_v2");
  const ShuffleNetV2Widths& widths = shufflenet_v2_widths(g, options.width, 50);
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
