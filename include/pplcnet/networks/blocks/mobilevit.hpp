#ifndef PPLCNET_NETWORKS_BLOCKS_MOBILEVIT_HPP
#define PPLCNET_NETWORKS_BLOCKS_MOBILEVIT_HPP

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/blocks/transformer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Blocks of MobileViT-S: a bottleneck to so many channels; then, if `tokens` is not 0,
/// transformer layers of that width, over pixels of equal place in squares of 2×2.
struct MobileVitRow {
  int out, stride, tokens, layers;
  int hidden;  ///< of the layers of light_cnns; those of timm have twice the tokens' channels
};
inline constexpr MobileVitRow kMobileVitTable[] = {
    {32, 1, 0, 0, 0},     {64, 2, 0, 0, 0},      {64, 1, 0, 0, 0},      {64, 1, 0, 0, 0},
    {96, 2, 144, 2, 288}, {128, 2, 192, 4, 768}, {160, 2, 240, 3, 960},
};

/// Appends a bottleneck: an inverted residual with SiLU, by the names of its three convolutions.
constexpr Value mobilevit_bottleneck(Graph& g, Value x, const MobileVitRow& row, Name expansion,
                                     Name depthwise, Name projection) {
  constexpr Activation kSilu = Activation::silu;
  Value y = g.conv(x, 4 * x.shape.channels, {.activation = kSilu}, expansion);
  y = g.depthwise(y, {.kernel = 3, .stride = row.stride, .activation = kSilu}, depthwise);
  y = g.conv(y, row.out, {}, projection);
  return y.shape == x.shape ? g.add(x, y) : y;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_MOBILEVIT_HPP
