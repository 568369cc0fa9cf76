#ifndef PPLCNET_NETWORKS_MOBILENET_V2_HPP
#define PPLCNET_NETWORKS_MOBILENET_V2_HPP

#include "pplcnet/networks/blocks/mobilenet_v2.hpp"
#include "pplcnet/networks/names/mobilenet_v2.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns MobileNetV2 in which the first block has no expansion.
constexpr Graph mobilenet_v2(const MobileNetV2Names& names, const WidthOptions& options) {
  constexpr Activation kRelu6 = Activation::relu6;
  Graph g(options.input, kTorchSequence, names.title);
  const int percent = checked_width(g, options, names.least_width);
  const auto width = [&](int channels) { return make_divisible(channels * percent, 8); };
  Value x = g.conv(g.image(), width(32), {.kernel = 3, .stride = 2, .activation = kRelu6},
                   {"features.#.#", 0, 0});
  g.output(x, Role::stage, {"features.#", 0});
  int i = 1;
  for (const auto [expansion, out, repeats, stride] : kMobileNetV2Table)
    for (int repeat = 0; repeat < repeats; ++repeat, ++i) {
      const bool expands = expansion > 1, attends = expands && names.attention.is_there;
      const int depthwise = expands ? names.modules : 0;  // in the block's sequence
      const int next = depthwise + names.modules;
      x = inverted_residual(g, x, expansion, width(out), repeat == 0 ? stride : 1,
                            {.expansion = expands ? Name(names.convolution, i, 0) : Name(),
                             .depthwise = {names.convolution, i, depthwise},
                             .projection = {"features.#.conv.#", i, attends ? next + 1 : next},
                             .attention = {"features.#.conv.#", i, next}},
                            attends ? names.attention : Attention());
      g.output(x, Role::stage, {"features.#", i});
    }
  x = g.conv(x, percent > 100 ? width(1280) : 1280, {.activation = kRelu6}, names.last);
  g.output(x, Role::stage, names.last_stage);
  x = g.output(g.global_mean(x), Role::stage, "avgpool");
  g.output(g.dense(x, options.classes, {}, names.classifier));
  return g;
}

/// Returns MobileNetV2 of torchvision (`mobilenetv2.py`).
constexpr Graph torchvision_mobilenet_v2(const WidthOptions& options = {}) {
  return mobilenet_v2(kTorchvisionMobileNetV2, options);
}
/// Returns MobileNetV2 of light_cnns (`mobilenetv2.py`).
constexpr Graph light_cnns_mobilenet_v2(const WidthOptions& options = {}) {
  return mobilenet_v2(kLightCnnsMobileNetV2, options);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_MOBILENET_V2_HPP
