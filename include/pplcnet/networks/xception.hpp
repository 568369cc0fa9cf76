#ifndef PPLCNET_NETWORKS_XCEPTION_HPP
#define PPLCNET_NETWORKS_XCEPTION_HPP

#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Blocks of the paper's figure 5: depthwise and pointwise layers of so many output channels, and
/// the stride of the max pool after them; without one the input is added as it is.
struct XceptionRow {
  int channels[3], stride, times = 1;
};
inline constexpr XceptionRow kXceptionTable[] = {
    {{128, 128}, 2}, {{256, 256}, 2}, {{728, 728}, 2}, {{728, 728, 728}, 1, 8}, {{728, 1024}, 2}};

/// Returns Xception of light_cnns (`Xception.py`), the network of Cadene's pretrained models and
/// timm. There is nothing between a depthwise layer and its pointwise one; a block's first ReLU is
/// applied to what its layers read, not to what its shortcut does.
constexpr Graph xception(const WidthOptions& options = {.input = {299, 299}}) {
  constexpr Activation kRelu = Activation::relu;
  Graph g(options.input, kTorchSequence, "xception");
  check_only_width(g, options);
  const auto conv = [&](Value from, int channels, int stride, Name name, Name norm) {
    return g.conv(
        from, channels,
        {.kernel = 3, .stride = stride, .padding = 0, .activation = kRelu, .norm_name = norm},
        name);
  };
  const auto separable = [&](Value from, int channels, Activation after, Name name, Name norm) {
    from = g.depthwise(from, {.kernel = 3, .norm = false}, name + ".conv1");
    return g.conv(from, channels, {.activation = after, .norm_name = norm}, name + ".pointwise");
  };
  Value x = g.output(conv(g.image(), 32, 2, "conv1", "bn1"), Role::stage, "act1");
  x = g.output(conv(x, 64, 1, "conv2", "bn2"), Role::stage, "act2");
  int i = 1;
  for (const XceptionRow& row : kXceptionTable)
    for (int repeat = 0; repeat < row.times; ++repeat, ++i) {
      const int layers = row.channels[2] > 0 ? 3 : 2;
      int module = i == 1 ? 0 : 1;  // the first block begins without an activation
      Value y = i == 1 ? x : g.activate(x, kRelu);
      for (int layer = 0; layer < layers; ++layer, module += 3)
        y = separable(y, row.channels[layer], layer + 1 < layers ? kRelu : Activation::none,
                      {"block#.rep.#", i, module}, {"block#.rep.#", i, module + 1});
      if (row.stride > 1) {
        y = g.max_pool(y, {.kernel = 3, .stride = row.stride, .padding = 1});
        x = g.conv(x, y.shape.channels, {.stride = row.stride, .norm_name = {"block#.skipbn", i}},
                   {"block#.skip", i});
      }
      x = g.output(g.add(x, y), Role::stage, {"block#", i});
    }
  x = separable(x, 1536, kRelu, "conv3", "bn3");
  x = separable(g.output(x, Role::stage, "act3"), 2048, kRelu, "conv4", "bn4");
  g.output(x, Role::stage, "act4");
  g.output(g.dense(g.global_mean(x), options.classes, {}, "fc"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_XCEPTION_HPP
