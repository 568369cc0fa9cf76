#ifndef PPLCNET_NETWORKS_NAMES_MOBILENET_V2_HPP
#define PPLCNET_NETWORKS_NAMES_MOBILENET_V2_HPP

#include <string_view>

#include "pplcnet/graph/name.hpp"
#include "pplcnet/networks/squeeze_excite.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What torchvision and light_cnns call the modules of the same network.
struct MobileNetV2Names {
  std::string_view title;
  std::string_view convolution;  ///< of a block, with an activation
  int modules;                   ///< that such a convolution takes in the block's sequence
  Name last, last_stage, classifier;
  int least_width;  ///< light_cnns rounds a width of 10 % in another way
  /// What is between a depthwise layer and its projection, where a block has an expansion.
  Attention attention = {};
};
inline constexpr MobileNetV2Names kTorchvisionMobileNetV2 = {
    "torchvision_mobilenet_v2", "features.#.conv.#.#", 1, {"features.#.#", 18, 0},
    {"features.#", 18},         {"classifier.#", 1},   1};
inline constexpr MobileNetV2Names kLightCnnsMobileNetV2 = {
    "light_cnns_mobilenet_v2", "features.#.conv.#", 3, {"conv.#", 0}, "conv", "classifier", 11};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_NAMES_MOBILENET_V2_HPP
