#ifndef PPLCNET_NETWORKS_PADDLE_MOBILENET_V2_HPP
#define PPLCNET_NETWORKS_PADDLE_MOBILENET_V2_HPP

#include "pplcnet/networks/blocks/mobilenet_v2.hpp"
#include "pplcnet/networks/names/paddle_mobilenet_v2.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns MobileNetV2 of PaddleClas (`mobilenet_v2.py`): the first block has an expansion, too,
/// and widths are cut to whole numbers.
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
      x = inverted_residual(g, x, row.expansion, width(row.out), repeat == 0 ? row.stride : 1,
                            {.expansion = block + "._expand_conv",
                             .depthwise = block + "._bottleneck_conv",
                             .projection = block + "._linear_conv"});
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

#endif  // PPLCNET_NETWORKS_PADDLE_MOBILENET_V2_HPP
