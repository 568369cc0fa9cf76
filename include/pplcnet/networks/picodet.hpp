#ifndef PPLCNET_NETWORKS_PICODET_HPP
#define PPLCNET_NETWORKS_PICODET_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string_view>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/blocks/lc_pan.hpp"
#include "pplcnet/networks/blocks/picodet_head.hpp"
#include "pplcnet/networks/names/picodet.hpp"
#include "pplcnet/networks/pplcnet_v1.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// PicoDet XS, S, M and L: the width of LCNet in percent, that of neck and head, and the pairs of
/// layers in the head.
struct PicoDetRow {
  int width, channels, head_layers;
};
inline constexpr PicoDetRow kPicoDetTable[] = {
    {35, 96, 2}, {75, 96, 2}, {150, 128, 4}, {200, 160, 4}};

/// Returns PicoDet on LCNet (PaddleDetection `configs/picodet/picodet_*_lcnet.yml`, `lcnet.py`,
/// `lc_pan.py`, `pico_head.py`): for strides of 8, 16, 32 and 64 the scores of all classes, and
/// then for each of them the distributions of a box's four sides, see detect/boxes.hpp. Height and
/// width of the picture are multiples of 32. A state dict has four scales more, which it does not
/// use.
constexpr Graph picodet_lcnet(const WidthOptions& options) {
  constexpr V1Names kBackbone = {"backbone.conv#", "backbone.blocks#.#", "backbone.blocks#"};
  const auto* const row = std::ranges::find(kPicoDetTable, options.width, &PicoDetRow::width);
  Graph g(options.input, kPaddleClas, "picodet");
  g.what = "a PicoDet on LCNet";
  g.namings = kPicoDetNamings;
  g.unused = kPicoDetUnused;
  if (row == std::end(kPicoDetTable)) {
    g.fail(GraphRule::width, options.width);
    return g;
  }
  v1::add_blocks(g, static_cast<Scale>(row->width), {}, kBackbone);
  std::array<Value, 3> maps;
  for (int i = 0; i < 3; ++i)  // after blocks4, blocks5 and blocks6
    maps[static_cast<std::size_t>(i)] = g.value(g.outputs[i + 2].node);
  picodet_head(g, lc_pan_neck(g, maps, row->channels), row->head_layers, options.classes);
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_PICODET_HPP
