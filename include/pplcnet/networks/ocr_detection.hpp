#ifndef PPLCNET_NETWORKS_OCR_DETECTION_HPP
#define PPLCNET_NETWORKS_OCR_DETECTION_HPP

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/blocks/rse_fpn.hpp"
#include "pplcnet/networks/names/ocr.hpp"
#include "pplcnet/networks/pplcnet_v3.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The branch `thresh` of a DB head is only for training.
inline constexpr Name kOcrDetectionUnused[] = {"head.thresh"};
inline constexpr Naming kOcrDetectionNamings[] = {
    paddle_naming(tensors_of::kV3Detection, paddle_ocr_module)};

/// Returns the mobile text detector of PP-OCRv4 and v5 (PaddleOCR `det_db_head.py`): PP-LCNet V3,
/// RSEFPN and a DB head, which gives the probability that a pixel is of text. Sides are multiples
/// of 32.
constexpr Graph ocr_detection(const WidthOptions& o = {.width = 75, .input = {640, 640}}) {
  constexpr Activation kRelu = Activation::relu;
  Graph g(o.input, kPaddleClas, "ocr_detection");
  g.what = "a text detector on PP-LCNet V3";
  g.namings = kOcrDetectionNamings;
  g.unused = kOcrDetectionUnused;
  const auto scale = static_cast<Scale>(checked_width(g, o, 5));
  Value maps[4];
  v3::append_blocks(g, scale, V3::detection, [&](Value x, const v3::Block& block) {
    g.output(x, Role::stage, {"backbone.blocks#.#", block.stage, block.index});
    if (block.is_last && block.stage >= 3)
      maps[block.stage - 3] = v3::detection_map(g, x, scale, block.stage);
  });
  const Name head = "head.binarize";
  Value x = g.conv(rse_fpn(g, maps, 96), 24, {.kernel = 3, .activation = kRelu}, head + ".conv1");
  x = g.transposed_conv(x, 24, 2, {.activation = kRelu, .bias = true}, head + ".conv2");
  g.output(g.transposed_conv(
      x, 1, 2, {.activation = Activation::sigmoid, .norm = false, .bias = true}, head + ".conv3"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_OCR_DETECTION_HPP
