#ifndef PPLCNET_NETWORKS_BLOCKS_SHUFFLENET_V2_HPP
#define PPLCNET_NETWORKS_BLOCKS_SHUFFLENET_V2_HPP

#include "pplcnet/graph/graph.hpp"

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

namespace shufflenet_v2_units {

/// Appends pointwise, depthwise and pointwise layers, by their names.
constexpr Value branch(Graph& g, Value x, int inside, int out, int stride, Name pointwise,
                       Name depthwise, Name linear) {
  constexpr Activation kRelu = Activation::relu;
  x = g.conv(x, inside, {.activation = kRelu}, pointwise);
  x = g.depthwise(x, {.kernel = 3, .stride = stride}, depthwise);
  return g.conv(x, out, {.activation = kRelu}, linear);
}

/// Appends a unit of PaddleClas and torchvision: half of the channels pass, what the other half
/// gives is shuffled with them. With a stride both ways are computed.
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

/// Appends a unit of light_cnns: the even channels pass, the odd ones are computed; nothing is
/// shuffled after the last unit.
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

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_SHUFFLENET_V2_HPP
