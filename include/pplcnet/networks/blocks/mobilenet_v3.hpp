#ifndef PPLCNET_NETWORKS_BLOCKS_MOBILENET_V3_HPP
#define PPLCNET_NETWORKS_BLOCKS_MOBILENET_V3_HPP

#include <span>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/squeeze_excite.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The two networks of the paper.
enum class MobileNetV3 : unsigned char { small, large };

/// A block: the kernel of its depthwise layer, the channels inside and after it.
struct MobileNetV3Row {
  int kernel, expanded, out;
  bool squeeze_excite, hardswish;  ///< otherwise relu
  int stride;

  constexpr Activation activation() const {
    return hardswish ? Activation::hardswish : Activation::relu;
  }
};

/// The paper's tables 1 and 2.
inline constexpr MobileNetV3Row kMobileNetV3Large[] = {
    {3, 16, 16, false, false, 1}, {3, 64, 24, false, false, 2}, {3, 72, 24, false, false, 1},
    {5, 72, 40, true, false, 2},  {5, 120, 40, true, false, 1}, {5, 120, 40, true, false, 1},
    {3, 240, 80, false, true, 2}, {3, 200, 80, false, true, 1}, {3, 184, 80, false, true, 1},
    {3, 184, 80, false, true, 1}, {3, 480, 112, true, true, 1}, {3, 672, 112, true, true, 1},
    {5, 672, 160, true, true, 2}, {5, 960, 160, true, true, 1}, {5, 960, 160, true, true, 1},
};
inline constexpr MobileNetV3Row kMobileNetV3Small[] = {
    {3, 16, 16, true, false, 2}, {3, 72, 24, false, false, 2}, {3, 88, 24, false, false, 1},
    {5, 96, 40, true, true, 2},  {5, 240, 40, true, true, 1},  {5, 240, 40, true, true, 1},
    {5, 120, 48, true, true, 1}, {5, 144, 48, true, true, 1},  {5, 288, 96, true, true, 2},
    {5, 576, 96, true, true, 1}, {5, 576, 96, true, true, 1},
};

constexpr std::span<const MobileNetV3Row> mobilenet_v3_table(MobileNetV3 network) {
  if (network == MobileNetV3::small) return kMobileNetV3Small;
  return kMobileNetV3Large;
}

/// The modules of a block; without a name for it there is no expansion.
struct MobileNetV3BlockNames {
  Name expansion, depthwise, reduce, expand, projection;
};

/// Appends a block, whose widths are `expanded` and `out`. A gate with an activation after it has
/// that of the depthwise layer.
constexpr Value mobilenet_v3_block(Graph& g, Value x, const MobileNetV3Row& row, int expanded,
                                   int out, const SqueezeExcite& gate,
                                   const MobileNetV3BlockNames& names) {
  const Activation activation = row.activation();
  const bool late = row.squeeze_excite && gate.after != Activation::none;
  Value y = x;
  if (!names.expansion.empty())
    y = g.conv(y, expanded, {.activation = activation}, names.expansion);
  y = g.depthwise(y,
                  {.kernel = row.kernel,
                   .stride = row.stride,
                   .activation = late ? Activation::none : activation},
                  names.depthwise);
  if (row.squeeze_excite) y = squeeze_excite(g, y, gate, names.reduce, names.expand);
  y = g.conv(y, out, {}, names.projection);
  return row.stride == 1 && y.shape == x.shape ? g.add(x, y) : y;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_MOBILENET_V3_HPP
