#ifndef PPLCNET_MODELS_IMAGENET_HPP
#define PPLCNET_MODELS_IMAGENET_HPP

#include <string_view>

#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/imagenet_labels.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/models/pplcnet.hpp"

// PaddleClas' classifiers of the 1000 classes of ImageNet, with the figures of its model list
// (docs/zh_CN/models/ImageNet1k/model_list.md).

namespace pplcnet::inline PPLCNET_ABI {
namespace models {

/// Returns a row of the model list: top-1 in percent, parameters and FLOPs in millions.
constexpr Model imagenet_model(std::string_view name, double top1, double parameters,
                               double flops) {
  return {.name = name,
          .preprocessing = paddle_imagenet(),
          .labels = kImageNetLabels,
          .top1 = top1,
          .parameters = parameters,
          .flops = flops};
}

template <Scale kScale>
inline constexpr Model kImageNetModel;
template <>
inline constexpr Model kImageNetModel<Scale::x0_25> = imagenet_model("PPLCNet_x0_25", 51.86, 1.52,
                                                                     18.25);
template <>
inline constexpr Model kImageNetModel<Scale::x0_35> = imagenet_model("PPLCNet_x0_35", 58.09, 1.65,
                                                                     29.46);
template <>
inline constexpr Model kImageNetModel<Scale::x0_5> = imagenet_model("PPLCNet_x0_5", 63.14, 1.89,
                                                                    47.28);
template <>
inline constexpr Model kImageNetModel<Scale::x0_75> = imagenet_model("PPLCNet_x0_75", 68.18, 2.37,
                                                                     98.82);
template <>
inline constexpr Model kImageNetModel<Scale::x1_0> = imagenet_model("PPLCNet_x1_0", 71.32, 2.96,
                                                                    160.81);
template <>
inline constexpr Model kImageNetModel<Scale::x1_5> = imagenet_model("PPLCNet_x1_5", 73.71, 4.52,
                                                                    341.86);
template <>
inline constexpr Model kImageNetModel<Scale::x2_0> = imagenet_model("PPLCNet_x2_0", 75.18, 6.54,
                                                                    590);
template <>
inline constexpr Model kImageNetModel<Scale::x2_5> = imagenet_model("PPLCNet_x2_5", 76.6, 9.04,
                                                                    906);

/// PPLCNet V1 for the classes of ImageNet, as Paddle publishes it.
template <Scale kScale>
struct ImageNet : V1<kScale, Options{}> {
  static constexpr Model model = kImageNetModel<kScale>;
};

// NOLINTBEGIN(readability-identifier-naming): the names are those of the published models.
using PPLCNet_x0_25 = NetworkOf<ImageNet<Scale::x0_25>>;
using PPLCNet_x0_35 = NetworkOf<ImageNet<Scale::x0_35>>;
using PPLCNet_x0_5 = NetworkOf<ImageNet<Scale::x0_5>>;
using PPLCNet_x0_75 = NetworkOf<ImageNet<Scale::x0_75>>;
using PPLCNet_x1_0 = NetworkOf<ImageNet<Scale::x1_0>>;
using PPLCNet_x1_5 = NetworkOf<ImageNet<Scale::x1_5>>;
using PPLCNet_x2_0 = NetworkOf<ImageNet<Scale::x2_0>>;
using PPLCNet_x2_5 = NetworkOf<ImageNet<Scale::x2_5>>;

/// Other weights of the same networks, by distillation (SSLD), which are more accurate.
using PPLCNet_x0_5_ssld = PPLCNet_x0_5;
using PPLCNet_x1_0_ssld = PPLCNet_x1_0;
using PPLCNet_x2_5_ssld = PPLCNet_x2_5;
// NOLINTEND(readability-identifier-naming)

using ImageNetModels = ModelList<PPLCNet_x0_25, PPLCNet_x0_35, PPLCNet_x0_5, PPLCNet_x0_75,
                                 PPLCNet_x1_0, PPLCNet_x1_5, PPLCNet_x2_0, PPLCNet_x2_5>;

}  // namespace models
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_IMAGENET_HPP
