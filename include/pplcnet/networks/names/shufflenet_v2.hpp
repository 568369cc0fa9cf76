#ifndef PPLCNET_NETWORKS_NAMES_SHUFFLENET_V2_HPP
#define PPLCNET_NETWORKS_NAMES_SHUFFLENET_V2_HPP

#include <span>
#include <string_view>

#include "pplcnet/networks/blocks/shufflenet_v2.hpp"
#include "pplcnet/networks/renaming.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

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

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_NAMES_SHUFFLENET_V2_HPP
