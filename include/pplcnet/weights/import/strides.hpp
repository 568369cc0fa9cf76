#ifndef PPLCNET_WEIGHTS_IMPORT_STRIDES_HPP
#define PPLCNET_WEIGHTS_IMPORT_STRIDES_HPP

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/error.hpp"

// Strides, which the shapes of weights do not tell.

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the strides of a network's convolutions in order of execution, as a graph lists them:
/// dense layers that are not linear are 1×1 convolutions there.
inline std::vector<std::array<int, 2>> conv_strides(std::span<const Layer> layers) {
  std::vector<std::array<int, 2>> strides;
  for (const Layer& layer : layers)
    if (layer.has_weights() && layer.layout == Layout::convolution)
      strides.push_back({layer.stride.height, layer.stride.width});
  return strides;
}

namespace checking {

inline std::string describe_strides(std::span<const std::array<int, 2>> strides) {
  std::string text;
  for (const auto& [height, width] : strides)
    if (height != 1 || width != 1)
      text += join({text.empty() ? "(" : ", (", height, ",", width, ")"});
  return text;
}

}  // namespace checking

/// Whether the convolutions of a file have the strides of a network.
inline Error check_strides(std::span<const std::array<int, 2>> found, std::string_view path,
                           std::span<const Layer> layers) {
  const auto expected = conv_strides(layers);
  if (std::ranges::equal(found, expected)) return {};
  return Error::of(path, ": strides in the file are ", checking::describe_strides(found),
                   "; the type has ", checking::describe_strides(expected));
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_STRIDES_HPP
