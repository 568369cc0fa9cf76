#ifndef PPLCNET_IMAGE_PRESETS_HPP
#define PPLCNET_IMAGE_PRESETS_HPP

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/preprocessing.hpp"

// The pipelines of published weights. Each preset is a function of the tensor's height and width;
// its name, together with that size, is all a weights file has to keep.
//
// Two scales are around, which differ in the last bits of every value: Paddle's deployment files
// say 0.00392157, its training and PaddleOCR's inference.yml files 1/255.

namespace pplcnet::inline PPLCNET_ABI {

/// 1/255 as Paddle's deployment files write it.
inline constexpr double kPaddleDeployScale = 0.00392157;

/// Returns the short side for a tensor of height x width: 256 for 224 x 224, and for others the
/// same 8/7 of the longer side, rounded down, so that the crop always fits (timm: crop_pct 0.875).
constexpr int default_resize_short(int height, int width) {
  return static_cast<int>(std::int64_t{std::max(height, width)} * 8 / 7);
}

constexpr Preprocessing short_side_crop(std::string_view name, Geometry geometry,
                                        Interpolation interpolation, Normalisation normalisation,
                                        int height, int width) {
  return {.name = name,
          .geometry = geometry,
          .interpolation = interpolation,
          .resize_short = default_resize_short(height, width),
          .height = height,
          .width = width,
          .normalisation = normalisation};
}

constexpr Preprocessing direct_resize(std::string_view name, Normalisation normalisation,
                                      int height, int width) {
  return {.name = name,
          .geometry = Geometry::direct,
          .height = height,
          .width = width,
          .normalisation = normalisation};
}

/// Returns the inference of PaddleClas for ImageNet models and of most PULC models
/// (deploy/configs).
constexpr Preprocessing paddle_imagenet(int height = 224, int width = 224) {
  return short_side_crop("paddle_imagenet", Geometry::paddle_short_side,
                         Interpolation::opencv_linear, {.scale = kPaddleDeployScale}, height,
                         width);
}

/// Returns the evaluation of PaddleClas during training (ppcls/configs): the same with the scale
/// 1/255.
constexpr Preprocessing paddle_imagenet_training(int height = 224, int width = 224) {
  return short_side_crop("paddle_imagenet_training", Geometry::paddle_short_side,
                         Interpolation::opencv_linear, {}, height, width);
}

/// Returns the pipeline of PaddleX 3 and PaddleOCR 3 (document orientation, table classification).
constexpr Preprocessing paddlex_imagenet(int height = 224, int width = 224) {
  return short_side_crop("paddlex_imagenet", Geometry::paddle_short_side,
                         Interpolation::opencv_linear, {.formula = NormalisationFormula::paddlex},
                         height, width);
}

/// Returns a direct resize by PaddleClas operators, scale 1/255 (attribute models; inference.yml
/// files).
constexpr Preprocessing paddle_direct(int height, int width) {
  return direct_resize("paddle_direct", {}, height, width);
}

/// Returns a direct resize by PaddleClas operators, scale 0.00392157 (PULC language and text line
/// models).
constexpr Preprocessing paddle_direct_deploy(int height, int width) {
  return direct_resize("paddle_direct_deploy", {.scale = kPaddleDeployScale}, height, width);
}

/// Returns a direct resize by PaddleX 3 and PaddleOCR 3 (text line orientation).
constexpr Preprocessing paddlex_direct(int height, int width) {
  return direct_resize("paddlex_direct", {.formula = NormalisationFormula::paddlex}, height, width);
}

/// Returns PaddleSeg's direct resize, to values from -1 to 1.
constexpr Preprocessing paddle_seg(int height, int width) {
  constexpr std::array<double, 3> kHalf = {0.5, 0.5, 0.5};
  return direct_resize("paddle_seg",
                       {.formula = NormalisationFormula::timm, .mean = kHalf, .deviation = kHalf},
                       height, width);
}

/// Returns a direct resize by PaddleDetection operators, cubic (interp 2): PicoDet.
constexpr Preprocessing paddle_detection(int height, int width) {
  Preprocessing preset = direct_resize(
      "paddle_detection", {.formula = NormalisationFormula::paddle_detection}, height, width);
  preset.interpolation = Interpolation::opencv_cubic;
  return preset;
}

/// Returns timm's evaluation transform, bicubic: all of its lcnet weights.
constexpr Preprocessing timm_bicubic(int height = 224, int width = 224) {
  return short_side_crop("timm_bicubic", Geometry::torchvision_short_side,
                         Interpolation::pillow_bicubic, {.formula = NormalisationFormula::timm},
                         height, width);
}

/// Returns timm's evaluation transform, bilinear: torchvision's usual one.
constexpr Preprocessing timm_bilinear(int height = 224, int width = 224) {
  return short_side_crop("timm_bilinear", Geometry::torchvision_short_side,
                         Interpolation::pillow_bilinear, {.formula = NormalisationFormula::timm},
                         height, width);
}

/// Returns torchvision's transform of weights that it trained by its newer recipe: the short side
/// becomes 232 for 224 x 224 in place of 256.
constexpr Preprocessing torchvision_232(int height = 224, int width = 224) {
  Preprocessing preset = timm_bilinear(height, width);
  preset.name = "torchvision_232";
  preset.resize_short = static_cast<int>(std::int64_t{std::max(height, width)} * 29 / 28);
  return preset;
}

/// Returns a preset for weights that came from TensorFlow: values from -1 to 1, and the short side
/// becomes `numerator / denominator` of the longer side of the tensor.
constexpr Preprocessing with_values_of_tensorflow(std::string_view name, Preprocessing preset,
                                                  int numerator, int denominator) {
  const std::int64_t side = std::max(preset.height, preset.width);
  preset.name = name;
  preset.normalisation.mean = preset.normalisation.deviation = {0.5, 0.5, 0.5};
  preset.resize_short = static_cast<int>(side * numerator / denominator);
  return preset;
}

/// Returns timm's evaluation transform, bicubic: inception_v4.
constexpr Preprocessing timm_inception(int height = 299, int width = 299) {
  return with_values_of_tensorflow("timm_inception", timm_bicubic(height, width), 8, 7);
}
/// Returns the same with crop_pct 0.8975, 333 for 299 x 299: inception_resnet_v2, legacy_xception.
constexpr Preprocessing timm_inception_333(int height = 299, int width = 299) {
  return with_values_of_tensorflow("timm_inception_333", timm_bicubic(height, width), 10000, 8975);
}
/// Returns torchvision's transform, with `transform_input`: inception_v3, googlenet.
constexpr Preprocessing torchvision_inception(int height = 299, int width = 299) {
  return with_values_of_tensorflow("torchvision_inception", timm_bilinear(height, width), 342, 299);
}

/// Returns timm's evaluation transform, bicubic, with crop_pct 0.9 and values from 0 to 1:
/// mobilevit_s.
constexpr Preprocessing timm_mobilevit(int height = 256, int width = 256) {
  Preprocessing preset = timm_bicubic(height, width);
  preset.name = "timm_mobilevit";
  preset.normalisation.mean = {0, 0, 0};
  preset.normalisation.deviation = {1, 1, 1};
  preset.resize_short = static_cast<int>(std::int64_t{std::max(height, width)} * 10 / 9);
  return preset;
}

/// PP-LCNet_x*_textline_ori, by its inference.yml.
inline constexpr Preprocessing kTextlineOrientation = paddle_direct(80, 160);
/// PULC language_classification.
inline constexpr Preprocessing kLanguageClassification = paddle_direct_deploy(80, 160);
/// PULC person_attribute, vehicle_attribute and table_attribute.
inline constexpr Preprocessing kPersonAttribute = paddle_direct(256, 192);
inline constexpr Preprocessing kVehicleAttribute = paddle_direct(192, 256);
inline constexpr Preprocessing kTableAttribute = paddle_direct(224, 224);

/// All presets.
inline constexpr Preprocessing (*kPresets[])(int height, int width) = {
    paddle_imagenet,      paddle_imagenet_training,
    paddlex_imagenet,     paddle_direct,
    paddle_direct_deploy, paddlex_direct,
    timm_bicubic,         timm_bilinear,
    torchvision_232,      timm_inception,
    timm_inception_333,   torchvision_inception,
    timm_mobilevit,       paddle_seg,
    paddle_detection};

/// Returns the preset called `name` for a tensor of height x width; none if there is no such
/// preset.
constexpr std::optional<Preprocessing> find_preset(std::string_view name, int height = 224,
                                                   int width = 224) {
  for (const auto preset : kPresets) {
    const Preprocessing found = preset(height, width);
    if (found.name == name) return found;
  }
  return std::nullopt;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_PRESETS_HPP
