#ifndef PPLCNET_WEIGHTS_NAMING_KNOWN_FILES_HPP
#define PPLCNET_WEIGHTS_NAMING_KNOWN_FILES_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "pplcnet/compiled.hpp"
#include "pplcnet/graph/naming.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/tensor.hpp"

// Whose tensors a state dict holds, by names that are theirs alone, for messages.

namespace pplcnet::inline PPLCNET_ABI {

/// Returns where `end` begins in a name, after a prefix that ends with a point; npos if it does
/// not.
inline std::size_t place_in(std::string_view name, std::string_view end) {
  if (!name.ends_with(end)) return std::string_view::npos;
  const std::size_t begin = name.size() - end.size();
  return begin == 0 || name[begin - 1] == '.' ? begin : std::string_view::npos;
}

/// Returns what a network is, in a sentence.
PPLCNET_INLINE std::string what_of(const NetworkTraits& traits);

/// Returns whose tensors a file holds, as `Naming::what` says it; nothing if that is not known.
PPLCNET_INLINE std::string_view known_as(const TensorFile& file);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::string what_of(const NetworkTraits& traits) {
  return traits.what.empty() ? "network " + quote(traits.name) : std::string(traits.what);
}

PPLCNET_INLINE std::string_view known_as(const TensorFile& file) {
  constexpr struct {
    std::string_view tensor, what;
  } kKnown[] = {
      {"blocks.0.0.dw_conv.conv.weight", tensors_of::kLightCnnsV1},
      {"conv1.conv.weight", tensors_of::kPaddleV1},
      {"conv_stem.weight", tensors_of::kTimmV1},
      {"features.0.weight", tensors_of::kPyTorchV1},
      {"encoder.convolution.convolution.weight", tensors_of::kHuggingFaceV1},
      {"embedder.convolution.convolution.weight", tensors_of::kHuggingFaceV1},
      {"stem.0.conv.weight", tensors_of::kV2},
      {"stem.stem1.conv.weight", tensors_of::kV4Detection},
      {"conv1.stem1.conv.weight", tensors_of::kV4Recognition},
      {"conv1.0.conv.weight", tensors_of::kV4TinyRecognition},
  };
  // What a network is part of may have a module of that name, too, but deeper inside.
  std::string_view found;
  std::ptrdiff_t least = -1;
  const auto holds = [&](std::string_view end) {
    return std::ranges::any_of(file.tensors,
                               [&](const Tensor& one) { return one.name.ends_with(end); });
  };
  for (const auto& [tensor, what] : kKnown)
    for (const Tensor& one : file.tensors) {
      const std::size_t begin = place_in(one.name, tensor);
      if (begin == std::string::npos) continue;
      const auto depth = std::ranges::count(one.name.substr(0, begin), '.');
      if (least >= 0 && depth >= least) continue;
      least = depth;
      found = what;
    }
  // V1 and V3 call their first layers the same.
  if (found == tensors_of::kPaddleV1 && holds(".lab.scale"))
    return holds("layer_list.0.weight") ? tensors_of::kV3Detection : tensors_of::kV3Recognition;
  return found;
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_KNOWN_FILES_HPP
