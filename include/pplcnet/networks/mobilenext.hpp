#ifndef PPLCNET_NETWORKS_MOBILENEXT_HPP
#define PPLCNET_NETWORKS_MOBILENEXT_HPP

#include <algorithm>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Rows of MobileNeXt's table: `repeats` sandglass blocks, of which the first has the stride.
struct MobileNextRow {
  int reduction, out, repeats, stride;
};
inline constexpr MobileNextRow kMobileNextTable[] = {
    {2, 96, 1, 2},  {6, 144, 1, 1}, {6, 192, 3, 2}, {6, 288, 3, 2},
    {6, 384, 4, 1}, {6, 576, 4, 2}, {6, 960, 3, 1}, {6, 1280, 1, 1},
};

/// Returns MobileNeXt. Source: light_cnns `mobilenext.py`, without the paper's identity multiplier,
/// in one width. A block that changes the number of channels begins without a depthwise layer, and
/// one that keeps the size ends there.
constexpr Graph light_cnns_mobilenext(const WidthOptions& options = {}) {
  constexpr Activation kRelu6 = Activation::relu6;
  Graph g(options.input, kTorchSequence, "light_cnns_mobilenext");
  check_only_width(g, options);
  Value x = g.conv(g.image(), 32, {.kernel = 3, .stride = 2, .activation = kRelu6},
                   {"features.#.#", 0, 0});
  g.output(x, Role::stage, {"features.#", 0});
  int i = 1;
  for (const MobileNextRow& row : kMobileNextTable)
    for (int repeat = 0; repeat < row.repeats; ++repeat, ++i) {
      const Value input = x;
      const int in = input.shape.channels, stride = repeat == 0 ? row.stride : 1;
      int hidden = in / row.reduction;
      if (6 * hidden < row.out) hidden = make_divisible((row.out + 5) / 6 * 100, 16);
      const bool alone = row.repeats == 1 && stride == 1;
      const bool begins = row.reduction == 2 || in == row.out || alone;
      const bool ends = begins || stride == 2;
      int module = 0;  // in the block's sequence
      if (begins)
        x = g.depthwise(x, {.kernel = 3, .activation = kRelu6}, {"features.#.conv.#", i, 0});
      if (begins) module = 3;
      x = g.conv(x, hidden, {}, {"features.#.conv.#", i, module});
      x = g.conv(x, row.out, {.activation = kRelu6}, {"features.#.conv.#", i, module + 2});
      if (ends)
        x = g.depthwise(x, {.kernel = 3, .stride = stride}, {"features.#.conv.#", i, module + 5});
      if (begins && in == row.out && stride == 1) x = g.add(input, x);
      g.output(x, Role::stage, {"features.#", i});
    }
  x = g.output(g.global_mean(x), Role::stage, "avgpool");
  g.output(g.dense(x, options.classes, {}, "classifier"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_MOBILENEXT_HPP
