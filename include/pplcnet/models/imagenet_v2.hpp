#ifndef PPLCNET_MODELS_IMAGENET_V2_HPP
#define PPLCNET_MODELS_IMAGENET_V2_HPP

#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/imagenet_labels.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/models/pplcnet.hpp"

// PaddleClas' PP-LCNetV2: classifiers of the 1000 classes of ImageNet, with the figures of its
// model page, and the features of its general recognition.

namespace pplcnet::inline PPLCNET_ABI {
namespace models {

/// PPLCNetV2_small, as published.
struct SmallV2 : V2Definition<V2::small, V2Options{}> {
  static constexpr Model model = {
      .name = "PPLCNetV2_small", .preprocessing = paddle_imagenet(), .labels = kImageNetLabels};
};

/// PPLCNetV2_base, as published.
struct BaseV2 : V2Definition<V2::base, V2Options{}> {
  static constexpr Model model = {.name = "PPLCNetV2_base",
                                  .preprocessing = paddle_imagenet(),
                                  .labels = kImageNetLabels,
                                  .parameters = 6.6,
                                  .flops = 604};
};

/// PPLCNetV2_large, as published.
struct LargeV2 : V2Definition<V2::large, V2Options{}> {
  static constexpr Model model = {
      .name = "PPLCNetV2_large", .preprocessing = paddle_imagenet(), .labels = kImageNetLabels};
};

/// 512 features, to be compared by their angle.
struct FeaturesV2 : V2Definition<V2::base, V2Options{.classes = 0, .head = 512, .features = true}> {
  static constexpr Model model = {.name = "PPLCNetV2_base_ShiTu",
                                  .preprocessing = paddle_direct_deploy(224, 224)};
};

// NOLINTBEGIN(readability-identifier-naming): the names are those of the published models.
using PPLCNetV2_small = NetworkOf<SmallV2>;
using PPLCNetV2_base = NetworkOf<BaseV2>;
using PPLCNetV2_large = NetworkOf<LargeV2>;
using PPLCNetV2_base_ShiTu = NetworkOf<FeaturesV2>;
// NOLINTEND(readability-identifier-naming)

using ImageNetV2Models =
    ModelList<PPLCNetV2_small, PPLCNetV2_base, PPLCNetV2_large, PPLCNetV2_base_ShiTu>;

}  // namespace models
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_IMAGENET_V2_HPP
