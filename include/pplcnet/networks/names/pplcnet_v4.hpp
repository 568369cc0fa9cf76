#ifndef PPLCNET_NETWORKS_NAMES_PPLCNET_V4_HPP
#define PPLCNET_NETWORKS_NAMES_PPLCNET_V4_HPP

#include <string_view>

#include "pplcnet/graph/naming.hpp"
#include "pplcnet/networks/renaming.hpp"
#include "pplcnet/networks/widths.hpp"

// What PaddleOCR `rec_lcnetv4.py` calls the modules of PP-LCNet V4: detection and recognition call
// stem and stages differently.

namespace pplcnet::inline PPLCNET_ABI {

namespace v4 {

inline constexpr Renaming kBlock[] = {
    {".dw_conv", ".token_mixer"},           {".se.conv1", ".token_mixer.se.conv1"},
    {".se.conv2", ".token_mixer.se.conv2"}, {".se", ".token_mixer.se"},
    {".expand", ".channel_mixer.expand"},   {".pw_conv", ".channel_mixer.compress"},
};

/// The stem's convolutions, by number.
inline constexpr std::string_view kStem[] = {".stem1", ".stem2a", ".stem2b", ".stem3", ".stem4"};

constexpr ModuleNames stem_module(const Name& own, std::string_view stem) {
  return {Name(stem) + kStem[own.numbers[0] - 1]};
}

constexpr ModuleNames detection_module(const Name& own) {
  if (own.pattern == "conv#") return stem_module(own, "stem");
  return renamed(own, kBlock, {"blocks_s#.#", own.numbers[0] - 1, own.numbers[1]});
}

constexpr ModuleNames recognition_module(const Name& own) {
  if (own.pattern == "conv#") return stem_module(own, "conv1");
  return renamed(own, kBlock, {"blocks#.#", own.numbers[0], own.numbers[1]});
}

/// Names the smallest recogniser, whose stem is a sequence of convolutions and activations.
constexpr ModuleNames tiny_recognition_module(const Name& own) {
  if (own.pattern == "conv#") return {Name("conv1.#", 2 * (own.numbers[0] - 1))};
  return recognition_module(own);
}

inline constexpr Naming kDetectionNamings[] = {
    paddle_naming(tensors_of::kV4Detection, detection_module)};
inline constexpr Naming kRecognitionNamings[] = {
    paddle_naming(tensors_of::kV4Recognition, recognition_module)};
inline constexpr Naming kTinyRecognitionNamings[] = {
    paddle_naming(tensors_of::kV4TinyRecognition, tiny_recognition_module)};

}  // namespace v4

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_NAMES_PPLCNET_V4_HPP
