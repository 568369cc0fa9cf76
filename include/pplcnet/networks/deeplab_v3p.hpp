#ifndef PPLCNET_NETWORKS_DEEPLAB_V3P_HPP
#define PPLCNET_NETWORKS_DEEPLAB_V3P_HPP

#include <array>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/blocks/deeplab_v3p.hpp"
#include "pplcnet/networks/names/deeplab_v3p.hpp"
#include "pplcnet/networks/pplcnet_v1.hpp"
#include "pplcnet/networks/scale.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What a user chooses of DeepLabV3+. Defaults are PaddleSeg's; the classes are those of
/// Cityscapes.
struct DeepLabOptions {
  int classes = 19;
  Extent input = {512, 1024};
  int output_stride = 32;  ///< of the backbone: 32, 16 or 8, see BackboneOptions
  /// Of the three separable convolutions side by side (Paddle's `aspp_ratios` after the first).
  std::array<int, 3> dilations = {6, 12, 18};
  Activation activation = Activation::hardswish;  ///< of the backbone

  constexpr bool operator==(const DeepLabOptions&) const = default;
};

/// Returns DeepLabV3+ (arXiv 1802.02611) on PP-LCNet V1: of each pixel a score for each class. This
/// is PaddleSeg's `DeepLabV3P`, which reads the backbone's maps of strides 4 and 32.
constexpr Graph deeplab_v3p(Scale scale, const DeepLabOptions& o = {}) {
  constexpr int kLowChannels = 48;
  Graph g(o.input, {}, "deeplab_v3p");
  g.what = "a DeepLabV3+ on PP-LCNet V1";
  g.namings = deeplab::kNamings;
  Value x =
      v1::add_blocks(g, scale, {.output_stride = o.output_stride, .activation = o.activation});
  for (int i = 0; i < g.output_count; ++i)
    g.outputs[i].name = {"backbone.net.blocks#", g.outputs[i].name.numbers[0]};
  Value low = g.value(g.outputs[1].node);
  x = deeplab::pyramid(g, x, o.dilations);
  x = g.resize(x, {low.shape.height, low.shape.width}, Resampling::bilinear);
  low = deeplab::conv(g, low, kLowChannels, "head.decoder.conv_bn_relu1");
  x = deeplab::separable(g, g.concat({x, low}), 1, "head.decoder.conv_bn_relu2");
  x = deeplab::separable(g, x, 1, "head.decoder.conv_bn_relu3");
  x = g.conv(x, o.classes, {.norm = false, .bias = true}, "head.decoder.conv");
  g.output(x, Role::stage, "head.decoder.conv");
  g.output(g.resize(x, o.input, Resampling::bilinear), Role::result, "scores");
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_DEEPLAB_V3P_HPP
