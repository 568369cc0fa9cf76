#ifndef PPLCNET_MODELS_PULC_HPP
#define PPLCNET_MODELS_PULC_HPP

#include <span>
#include <string_view>

#include "pplcnet/image/attributes.hpp"
#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/models/ocr.hpp"
#include "pplcnet/models/pplcnet.hpp"

// PaddleClas' practical ultra-lightweight classifiers: thirteen tasks, all of width x1_0 (networks
// from ppcls/configs/PULC, everything else from deploy/configs/PULC).

namespace pplcnet::inline PPLCNET_ABI {
namespace models::pulc {

inline constexpr std::string_view kPersonExistsLabels[] = {"nobody", "someone"};
inline constexpr std::string_view kCarExistsLabels[] = {"no_car", "contains_car"};
inline constexpr std::string_view kSafetyHelmetLabels[] = {"wearing_helmet", "unwearing_helmet"};
inline constexpr std::string_view kCodeExistsLabels[] = {"no_code", "contains_code"};
inline constexpr std::string_view kClarityAssessmentLabels[] = {"clear", "blur"};
inline constexpr std::string_view kLanguages[] = {"arabic", "chinese_cht", "cyrillic", "devanagari",
                                                  "japan",  "ka",          "korean",   "ta",
                                                  "te",     "latin"};

/// Of 224 × 224 pixels, cut from the middle of a picture; labels may be none.
constexpr Model centre_model(std::string_view name, std::span<const std::string_view> labels) {
  return {.name = name, .preprocessing = paddle_imagenet(), .labels = labels};
}

/// With two classes, of which the second must reach 0.5 (the configurations of training ask for 0.9
/// of person_exists and car_exists).
constexpr Model yes_or_no_model(std::string_view name, std::span<const std::string_view> labels) {
  Model model = centre_model(name, labels);
  model.threshold = 0.5;
  return model;
}

// ---- Yes or no -------------------------------------------------------------------------------

/// Whether there is a person, as PULC publishes it.
struct PersonExists : V1<Scale::x1_0, Options{.classes = 2}> {
  static constexpr Model model = yes_or_no_model("person_exists", kPersonExistsLabels);
};

/// Whether there is a car, as PULC publishes it.
struct CarExists : V1<Scale::x1_0, Options{.classes = 2}> {
  static constexpr Model model = yes_or_no_model("car_exists", kCarExistsLabels);
};

/// Whether a safety helmet is worn, as PULC publishes it.
struct SafetyHelmet : V1<Scale::x1_0, Options{.classes = 2}> {
  static constexpr Model model = yes_or_no_model("safety_helmet", kSafetyHelmetLabels);
};

/// Whether there is a code, as PULC publishes it.
struct CodeExists : V1<Scale::x1_0, Options{.classes = 2}> {
  static constexpr Model model = yes_or_no_model("code_exists", kCodeExistsLabels);
};

/// Whether a picture is sharp, as PULC publishes it.
struct ClarityAssessment : V1<Scale::x1_0, Options{.classes = 2, .head = 0}> {
  static constexpr Model model = yes_or_no_model("clarity_assessment", kClarityAssessmentLabels);
};

// ---- One of several --------------------------------------------------------------------------

/// The orientation of photographs, as PULC publishes it.
struct ImageOrientation : V1<Scale::x1_0, Options{.classes = 4, .head = 0}> {
  static constexpr Model model = centre_model("image_orientation", kQuarterRotations);
};

/// The orientation of pictures of text, as PULC publishes it.
struct TextImageOrientation : V1<Scale::x1_0, Options{.classes = 4}> {
  static constexpr Model model = centre_model("text_image_orientation", kQuarterRotations);
};

/// Its 232 labels are in PaddleClas' file traffic_sign_label_list.txt.
struct TrafficSign : V1<Scale::x1_0, Options{.classes = 232}> {
  static constexpr Model model = centre_model("traffic_sign", {});
};

/// The language of a line of text, as PULC publishes it.
struct LanguageClassification
    : V1<Scale::x1_0, Options{.classes = 10, .input = {80, 160}, .strides = kTextLineStrides}> {
  static constexpr Model model = {.name = "language_classification",
                                  .preprocessing = kLanguageClassification,
                                  .labels = kLanguages};
};

/// The orientation of lines of text, as PULC publishes it.
struct TextLineOrientation : V1<Scale::x1_0, kTextLineOptions> {
  static constexpr Model model = {.name = "textline_orientation",
                                  .preprocessing = paddle_direct_deploy(80, 160),
                                  .labels = kHalfRotations};
};

// ---- Attributes ------------------------------------------------------------------------------

/// Attributes of persons, as PULC publishes it.
struct PersonAttribute : V1<Scale::x1_0, Options{.classes = 26, .input = {256, 192}}> {
  static constexpr Model model = {.name = "person_attribute",
                                  .preprocessing = kPersonAttribute,
                                  .labels = kPersonAttributeNames,
                                  .output = Output::sigmoid};
  static constexpr PersonAttributes decode(std::span<const float, 26> probabilities) {
    return person_attributes(probabilities);
  }
};

/// Attributes of vehicles, as PULC publishes it.
struct VehicleAttribute : V1<Scale::x1_0, Options{.classes = 19, .input = {192, 256}}> {
  static constexpr Model model = {.name = "vehicle_attribute",
                                  .preprocessing = kVehicleAttribute,
                                  .labels = kVehicleAttributeNames,
                                  .output = Output::sigmoid};
  static constexpr VehicleAttributes decode(std::span<const float, 19> probabilities) {
    return vehicle_attributes(probabilities);
  }
};

/// Attributes of tables, as PULC publishes it.
struct TableAttribute : V1<Scale::x1_0, Options{.classes = 6}> {
  static constexpr Model model = {.name = "table_attribute",
                                  .preprocessing = kTableAttribute,
                                  .labels = kTableAttributeNames,
                                  .output = Output::sigmoid};
  static constexpr TableAttributes decode(std::span<const float, 6> probabilities) {
    return table_attributes(probabilities);
  }
};

// NOLINTBEGIN(readability-identifier-naming): the names are those of the published models.
using person_exists = NetworkOf<PersonExists>;
using car_exists = NetworkOf<CarExists>;
using safety_helmet = NetworkOf<SafetyHelmet>;
using code_exists = NetworkOf<CodeExists>;
using clarity_assessment = NetworkOf<ClarityAssessment>;
using image_orientation = NetworkOf<ImageOrientation>;
using text_image_orientation = NetworkOf<TextImageOrientation>;
using traffic_sign = NetworkOf<TrafficSign>;
using language_classification = NetworkOf<LanguageClassification>;
using textline_orientation = NetworkOf<TextLineOrientation>;
using person_attribute = NetworkOf<PersonAttribute>;
using vehicle_attribute = NetworkOf<VehicleAttribute>;
using table_attribute = NetworkOf<TableAttribute>;
// NOLINTEND(readability-identifier-naming)

using Models =
    ModelList<person_exists, car_exists, safety_helmet, code_exists, clarity_assessment,
              image_orientation, text_image_orientation, traffic_sign, language_classification,
              textline_orientation, person_attribute, vehicle_attribute, table_attribute>;

}  // namespace models::pulc

namespace pulc = models::pulc;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_PULC_HPP
