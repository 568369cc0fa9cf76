#ifndef PPLCNET_NETWORKS_SHUFFLENET_V2_HPP
#define PPLCNET_NETWORKS_SHUFFLENET_V2_HPP

#include "pplcnet/networks/names/shufflenet_v2.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns ShuffleNetV2 of PaddleClas and torchvision.
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

/// Returns ShuffleNetV2 of PaddleClas (`shufflenet_v2.py`).
constexpr Graph paddle_shufflenet_v2(const WidthOptions& options = {}) {
  return shufflenet_v2(kPaddleShuffleNetV2, options);
}
/// Returns ShuffleNetV2 of torchvision (`shufflenetv2.py`).
constexpr Graph torchvision_shufflenet_v2(const WidthOptions& options = {}) {
  return shufflenet_v2(kTorchvisionShuffleNetV2, options);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_SHUFFLENET_V2_HPP
