#ifndef PPLCNET_MODELS_TIMM_HPP
#define PPLCNET_MODELS_TIMM_HPP

#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/imagenet_labels.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/models/pplcnet.hpp"

// timm's classifiers of the 1000 classes of ImageNet (models/mobilenetv3.py, default_cfgs).

namespace pplcnet::inline PPLCNET_ABI {
namespace models::timm {

template <Scale kScale>
inline constexpr Model kLcnetModel;
template <>
inline constexpr Model kLcnetModel<Scale::x0_35> = {.name = "lcnet_035",  // no weights published
                                                    .preprocessing = timm_bilinear(),
                                                    .labels = kImageNetLabels};
template <>
inline constexpr Model kLcnetModel<Scale::x0_5> = {
    .name = "lcnet_050", .preprocessing = timm_bicubic(), .labels = kImageNetLabels, .top1 = 63.1};
template <>
inline constexpr Model kLcnetModel<Scale::x0_75> = {
    .name = "lcnet_075", .preprocessing = timm_bicubic(), .labels = kImageNetLabels, .top1 = 68.8};
template <>
inline constexpr Model kLcnetModel<Scale::x1_0> = {
    .name = "lcnet_100", .preprocessing = timm_bicubic(), .labels = kImageNetLabels, .top1 = 72.1};
template <>
inline constexpr Model kLcnetModel<Scale::x1_5> = {.name = "lcnet_150",  // no weights published
                                                   .preprocessing = timm_bilinear(),
                                                   .labels = kImageNetLabels};

/// timm's lcnet, as published.
template <Scale kScale>
struct Lcnet : V1<kScale, Options{.dialect = Dialect::timm}> {
  static constexpr Model model = kLcnetModel<kScale>;
};

// NOLINTBEGIN(readability-identifier-naming): the names are those of the published models.
using lcnet_035 = NetworkOf<Lcnet<Scale::x0_35>>;
using lcnet_050 = NetworkOf<Lcnet<Scale::x0_5>>;
using lcnet_075 = NetworkOf<Lcnet<Scale::x0_75>>;
using lcnet_100 = NetworkOf<Lcnet<Scale::x1_0>>;
using lcnet_150 = NetworkOf<Lcnet<Scale::x1_5>>;
// NOLINTEND(readability-identifier-naming)

using Models = ModelList<lcnet_035, lcnet_050, lcnet_075, lcnet_100, lcnet_150>;

}  // namespace models::timm

namespace timm = models::timm;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_TIMM_HPP
