#ifndef PPLCNET_WEIGHTS_NAMING_KNOWN_FILES_HPP
#define PPLCNET_WEIGHTS_NAMING_KNOWN_FILES_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

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
inline std::string what_of(const NetworkTraits& traits) {
  return traits.what.empty() ? "network " + quote(traits.name) : std::string(traits.what);
}

/// Returns whose tensors a file holds, as `Naming::what` says it; nothing if that is not known.
inline std::string_view known_as(const TensorFile& file) {
  constexpr struct {
    std::string_view tensor, what;
  } kKnown[] = {
      {"blocks.0.0.dw_conv.conv.weight", "light_cnns' V1 (dialect light_cnns)"},
      {"conv1.conv.weight", "Paddle's V1 (dialect paddle)"},
      {"conv_stem.weight", "timm's V1 (dialect timm)"},
      {"features.0.weight", "the PyTorch reproduction's V1 (dialect pytorch)"},
      {"encoder.convolution.convolution.weight", "Hugging Face's V1 (dialect paddle)"},
      {"embedder.convolution.convolution.weight", "Hugging Face's V1 (dialect paddle)"},
      {"stem.0.conv.weight", "V2"},
      {"stem.stem1.conv.weight", "V4 for detection"},
      {"conv1.stem1.conv.weight", "V4 for recognition"},
      {"conv1.0.conv.weight", "V4 tiny for recognition"},
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
  if (found == kKnown[1].what && holds(".lab.scale"))
    return holds("layer_list.0.weight") ? "V3 for detection" : "V3 for recognition";
  return found;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_KNOWN_FILES_HPP
