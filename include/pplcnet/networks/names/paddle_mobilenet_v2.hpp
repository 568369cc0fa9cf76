#ifndef PPLCNET_NETWORKS_NAMES_PADDLE_MOBILENET_V2_HPP
#define PPLCNET_NETWORKS_NAMES_PADDLE_MOBILENET_V2_HPP

#include "pplcnet/networks/renaming.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace paddle_mobilenet_v2_names {

inline constexpr Renaming kParameters[] = {
    {"conv1", "conv1_1"},         {"._expand_conv", "_expand"}, {"._bottleneck_conv", "_dwise"},
    {"._linear_conv", "_linear"}, {"conv9", "conv9"},           {"out", "fc10"},
};

/// Returns what a graph calls the parameters of a module.
constexpr ModuleNames parameters(const Name& own) {
  const bool first = own.pattern == "conv#._first_block";
  return renamed(own, kParameters, {"conv#_#", own.numbers[0], first ? 1 : own.numbers[2]});
}

inline constexpr Naming kNamings[] = {{.framework = "paddle",
                                       .what = "PaddleClas' MobileNetV2",
                                       .tensors = kOlderPaddleClas,
                                       .linear = Layout::in_out,
                                       .parameters = parameters}};

}  // namespace paddle_mobilenet_v2_names

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_NAMES_PADDLE_MOBILENET_V2_HPP
