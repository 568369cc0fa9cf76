#ifndef PPLCNET_MODELS_SEGMENTATION_HPP
#define PPLCNET_MODELS_SEGMENTATION_HPP

#include <string_view>

#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/networks/adaptation.hpp"
#include "pplcnet/networks/deeplab_v3p.hpp"

// DeepLabV3+ on PP-LCNet, as PaddleSeg's configurations for Cityscapes have it: pictures of
// 512 × 1024 pixels and 19 classes. No weights are published.

namespace pplcnet::inline PPLCNET_ABI {
namespace models::segmentation {

/// The classes that Cityscapes evaluates, in the order of their training numbers.
inline constexpr std::string_view kCityscapes[] = {
    "road",         "sidewalk",   "building", "wall",       "fence",  "pole",  "traffic light",
    "traffic sign", "vegetation", "terrain",  "sky",        "person", "rider", "car",
    "truck",        "bus",        "train",    "motorcycle", "bicycle"};

/// DeepLabV3+ as a definition for `NetworkOf`; checks the options.
template <Scale kScale, DeepLabOptions kOptions = DeepLabOptions{}>
struct DeepLabV3p {
  static_assert(is_scale(kScale), "Scale: from x0.05 to x10");
  static_assert(kOptions.classes >= 1 && kOptions.classes <= 255,
                "DeepLabOptions::classes: from 1 to 255");
  static_assert(kOptions.output_stride == 32 || kOptions.output_stride == 16 ||
                    kOptions.output_stride == 8,
                "DeepLabOptions::output_stride: 32, 16 or 8");
  static_assert(v1::is_activation(kOptions.activation),
                "DeepLabOptions::activation: hardswish, relu or relu6");
  static constexpr Graph graph() { return deeplab_v3p(kScale, kOptions); }
  static constexpr Graph adapted(const Adaptation& adaptation) {
    DeepLabOptions o = kOptions;
    adaptation.apply(o.input, o.classes);
    return deeplab_v3p(kScale, o);
  }
};

constexpr Model deeplab_model(std::string_view name) {
  return {.name = name, .preprocessing = paddle_seg(512, 1024), .labels = kCityscapes};
}

/// DeepLabV3+ on PPLCNet x0_5, as published.
struct DeepLabX05 : DeepLabV3p<Scale::x0_5> {
  static constexpr Model model = deeplab_model("deeplabv3p_lcnet_x0_5");
};
/// DeepLabV3+ on PPLCNet x1_0, as published.
struct DeepLabX10 : DeepLabV3p<Scale::x1_0> {
  static constexpr Model model = deeplab_model("deeplabv3p_lcnet_x1_0");
};

// NOLINTBEGIN(readability-identifier-naming): network and width, as Paddle names models.
using deeplabv3p_lcnet_x0_5 = NetworkOf<DeepLabX05>;
using deeplabv3p_lcnet_x1_0 = NetworkOf<DeepLabX10>;
// NOLINTEND(readability-identifier-naming)

using Models = ModelList<deeplabv3p_lcnet_x0_5, deeplabv3p_lcnet_x1_0>;

}  // namespace models::segmentation

namespace segmentation = models::segmentation;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_SEGMENTATION_HPP
