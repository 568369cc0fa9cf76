#ifndef PPLCNET_NETWORKS_OCR_RECOGNITION_HPP
#define PPLCNET_NETWORKS_OCR_RECOGNITION_HPP

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/blocks/svtr_neck.hpp"
#include "pplcnet/networks/names/ocr.hpp"
#include "pplcnet/networks/pplcnet_v3.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The branch of another decoder is only for training.
inline constexpr Name kOcrRecognitionUnused[] = {"head.before_gtc", "head.gtc_head"};
inline constexpr Naming kOcrRecognitionNamings[] = {
    paddle_naming(tensors_of::kV3Recognition, paddle_ocr_module)};

/// Returns the mobile text recogniser of PP-OCRv4 and v5 (PaddleOCR `rec_svtrnet.py`,
/// `rec_ctc_head.py`): PP-LCNet V3, a neck of SVTR and a CTC head, which gives the probability of
/// each class in each of W / 8 columns. The first class is the blank, the last one the space.
constexpr Graph ocr_recognition(const WidthOptions& o = {
                                    .width = 95, .input = {48, 320}, .classes = 6625}) {
  Graph g(o.input, kPaddleClas, "ocr_recognition");
  g.what = "a text recogniser on PP-LCNet V3";
  g.namings = kOcrRecognitionNamings;
  g.unused = kOcrRecognitionUnused;
  const auto scale = static_cast<Scale>(checked_width(g, o, 5));
  const auto end_block = [&](Value x, const v3::Block& block) {
    g.output(x, Role::stage, {"backbone.blocks#.#", block.stage, block.index});
  };
  Value x = v3::columns(g, v3::append_blocks(g, scale, V3::recognition, end_block));
  x = g.output(svtr_neck(g, x, 120), Role::stage, "head.ctc_encoder");
  x = g.conv(x, o.classes, {.norm = false, .bias = true, .layout = Layout::in_out},
             "head.ctc_head.fc");
  g.output(g.softmax(x, o.classes));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_OCR_RECOGNITION_HPP
