#ifndef PPLCNET_MODELS_PICODET_HPP
#define PPLCNET_MODELS_PICODET_HPP

#include <string_view>

#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/models/pplcnet.hpp"

// The backbones of PaddleDetection's PicoDet on LCNet (configs/picodet) at 416 × 416 pixels, of
// which C3, C4 and C5 are the stages of strides 8, 16 and 32. The whole detectors: detectors.hpp.

namespace pplcnet::inline PPLCNET_ABI {
namespace models::picodet {

constexpr Model backbone(std::string_view name) {
  return {.name = name, .preprocessing = paddle_direct(416, 416)};
}

template <Scale kScale, Activation kActivation = Activation::hardswish>
using Backbone =
    V1Backbone<kScale, BackboneOptions{.input = {416, 416}, .activation = kActivation}>;

/// The backbone of PicoDet XS, as published.
struct ExtraSmall : Backbone<Scale::x0_35> {
  static constexpr Model model = backbone("picodet_xs");
};
/// The backbone of PicoDet S, as published.
struct Small : Backbone<Scale::x0_75> {
  static constexpr Model model = backbone("picodet_s");
};
/// For processors without hardswish.
struct SmallRelu6 : Backbone<Scale::x0_75, Activation::relu6> {
  static constexpr Model model = backbone("picodet_s_npu");
};
/// The backbone of PicoDet M, as published.
struct Medium : Backbone<Scale::x1_5> {
  static constexpr Model model = backbone("picodet_m");
};
/// The backbone of PicoDet L, as published.
struct Large : Backbone<Scale::x2_0> {
  static constexpr Model model = backbone("picodet_l");
};

// NOLINTBEGIN(readability-identifier-naming): the names are those of the published models.
using picodet_xs = NetworkOf<ExtraSmall>;
using picodet_s = NetworkOf<Small>;
using picodet_s_npu = NetworkOf<SmallRelu6>;
using picodet_m = NetworkOf<Medium>;
using picodet_l = NetworkOf<Large>;
// NOLINTEND(readability-identifier-naming)

using Models = ModelList<picodet_xs, picodet_s, picodet_s_npu, picodet_m, picodet_l>;

}  // namespace models::picodet

namespace picodet = models::picodet;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_PICODET_HPP
