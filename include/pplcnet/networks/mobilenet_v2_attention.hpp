#ifndef PPLCNET_NETWORKS_MOBILENET_V2_ATTENTION_HPP
#define PPLCNET_NETWORKS_MOBILENET_V2_ATTENTION_HPP

#include <string_view>

#include "pplcnet/networks/blocks/attention.hpp"
#include "pplcnet/networks/mobilenet_v2.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns MobileNetV2 of light_cnns with an attention in its blocks (`Attention/`).
constexpr Graph light_cnns_mobilenet_v2(std::string_view title, Attention attention,
                                        const WidthOptions& options) {
  MobileNetV2Names names = kLightCnnsMobileNetV2;
  names.title = title;
  names.classifier = {"classifier.#", 1};
  names.attention = attention;
  return mobilenet_v2(names, options);
}
/// With coordinate attention.
constexpr Graph light_cnns_mobilenet_v2_ca(const WidthOptions& options = {}) {
  return light_cnns_mobilenet_v2("light_cnns_mobilenet_v2_ca", coordinate_attention, options);
}
/// With efficient channel attention.
constexpr Graph light_cnns_mobilenet_v2_eca(const WidthOptions& options = {}) {
  return light_cnns_mobilenet_v2("light_cnns_mobilenet_v2_eca", efficient_channel_attention,
                                 options);
}
/// With shuffle attention.
constexpr Graph light_cnns_mobilenet_v2_sa(const WidthOptions& options = {}) {
  return light_cnns_mobilenet_v2("light_cnns_mobilenet_v2_sa", shuffle_attention, options);
}
/// With triplet attention.
constexpr Graph light_cnns_mobilenet_v2_triplet(const WidthOptions& options = {}) {
  return light_cnns_mobilenet_v2("light_cnns_mobilenet_v2_triplet", triplet_attention, options);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_MOBILENET_V2_ATTENTION_HPP
