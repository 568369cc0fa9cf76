#ifndef PPLCNET_NETWORKS_BLOCKS_PICODET_HEAD_HPP
#define PPLCNET_NETWORKS_BLOCKS_PICODET_HEAD_HPP

#include <array>
#include <cstddef>

#include "pplcnet/graph/graph.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Appends PicoDet's head (PaddleDetection `pico_head.py`, PicoHeadV2) to four maps, each of which
/// has weights of its own: √(class · alignment + 1e-9), and the logits of the distances of a box's
/// left, top, right and bottom side.
constexpr void picodet_head(Graph& g, const std::array<Value, 4>& maps, int layers, int classes) {
  constexpr Activation kSwish = Activation::hardswish, kSigmoid = Activation::sigmoid;
  constexpr float kLeast = 1e-9F;  // under the root
  constexpr int kDistances = 8;    // from 0 to 7 cells
  std::array<Value, 4> scores, distances;
  for (int level = 0; level < 4; ++level) {
    const auto i = static_cast<std::size_t>(level);
    const Name excitation("head.conv_feat.se.#", level), alignment("head.cls_align.#", level);
    Value x = maps[i];
    for (int j = 0; j < layers; ++j) {
      const Name pointwise("head.conv_feat.cls_conv_pw#.#", level, j);
      x = g.depthwise(x, {.kernel = 5, .activation = kSwish},
                      {"head.conv_feat.cls_conv_dw#.#", level, j});
      x = g.conv(x, x.shape.channels, {.activation = kSwish}, pointwise);
    }
    Value aligned = g.conv(x, 1, {.kernel = 5, .activation = kSwish}, alignment + ".dwconv");
    aligned = g.conv(aligned, 1, {.activation = kSigmoid}, alignment + ".pwconv");
    const Value factors =
        g.dense(g.global_mean(x), x.shape.channels,
                {.activation = kSigmoid, .layout = Layout::convolution}, excitation + ".fc");
    x = g.conv(g.gate(x, factors), x.shape.channels, {.activation = kSwish},
               {"head.conv_feat.se.#.conv", level});
    const Value seen = g.conv(x, classes, {.activation = kSigmoid, .norm = false, .bias = true},
                              {"head.head_cls_list.#", level});
    scores[i] = g.multiply(seen, aligned, Activation::root_of(kLeast));
    distances[i] =
        g.conv(x, 4 * kDistances, {.norm = false, .bias = true}, {"head.head_reg_list.#", level});
  }
  for (int level = 0; level < 4; ++level)
    g.output(scores[static_cast<std::size_t>(level)], Role::result, {"scores.#", level});
  for (int level = 0; level < 4; ++level)
    g.output(distances[static_cast<std::size_t>(level)], Role::result, {"distances.#", level});
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_PICODET_HEAD_HPP
