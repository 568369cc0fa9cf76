#ifndef PPLCNET_NETWORKS_NAMES_OCR_HPP
#define PPLCNET_NETWORKS_NAMES_OCR_HPP

#include <string_view>

#include "pplcnet/graph/naming.hpp"
#include "pplcnet/networks/pplcnet_v3.hpp"

// What PaddleOCR calls the modules of a whole text detector or recogniser. The project's own names
// are these, but for those of the backbone.

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the names of a module: those of the backbone are inside of one, and those of a head have
/// batch norms whose names do not follow from their convolutions'.
constexpr ModuleNames paddle_ocr_module(const Name& own) {
  constexpr std::string_view kNorms[][2] = {
      {".conv1", ".conv_bn1"},           {".conv2", ".conv_bn2"},
      {".conv1.conv", ".conv1.norm"},    {".conv2.conv", ".conv2.norm"},
      {".conv3.conv", ".conv3.norm"},    {".conv4.conv", ".conv4.norm"},
      {".conv1x1.conv", ".conv1x1.norm"}};
  if (own.pattern == "head.binarize" || own.pattern == "head.ctc_encoder.encoder")
    for (const auto& [weights, norm] : kNorms) {
      if (own.leaf != weights) continue;
      ModuleNames names = {own, own};
      names.norm.leaf = norm;
      return names;
    }
  return v3::paddle_module_of_backbone(own);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_NAMES_OCR_HPP
