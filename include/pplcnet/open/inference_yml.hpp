#ifndef PPLCNET_OPEN_INFERENCE_YML_HPP
#define PPLCNET_OPEN_INFERENCE_YML_HPP

#include <string>
#include <string_view>

#include "pplcnet/compiled.hpp"
#include "pplcnet/open/evidence.hpp"
#include "pplcnet/weights/error.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <vector>

#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/open/yaml.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Adds what an inference.yml says: the model's name, how pictures are prepared, the labels.
PPLCNET_INLINE Error read_inference_yml(std::string_view content, const std::string& path,
                                        Evidence& evidence);

#if PPLCNET_HAS_OPEN_DEFINITIONS
namespace opening {

/// Returns PaddleX's names of published models, where that is not the name they are known by here.
inline std::string published_name(std::string_view name) {
  if (name.ends_with("_pedestrian_attribute")) return "person_attribute";
  if (name.ends_with("_vehicle_attribute")) return "vehicle_attribute";
  constexpr std::string_view kGeneral = "PP-LCNet_x";
  const bool general = name.starts_with(kGeneral) &&
                       name.substr(kGeneral.size()).find_first_not_of("0123456789_") == name.npos;
  if (general || name.starts_with("PP-LCNetV2_")) return "PP" + std::string(name.substr(3));
  return std::string(name);
}

/// Returns a number of pixels; 0 if it is none that a picture has.
inline int pixels_of(double number) {
  constexpr double kMost = 1 << 14;
  return number >= 1 && number <= kMost ? static_cast<int>(number) : 0;
}

/// The operations of an inference.yml's PreProcess, one after the other.
class TransformReader {
 public:
  /// Returns whether the operation is known.
  bool read(std::string_view name, const Yaml& arguments) {
    if (name == "ResizeImage") return read_resize(arguments);
    if (name == "CropImage" || name == "CenterCropImage") return read_crop(arguments);
    if (name == "NormalizeImage") return read_normalisation(arguments);
    if (name == "DecodeImage") {
      const Yaml *rgb = arguments.find("to_rgb"), *mode = arguments.find("img_mode");
      const bool is_bgr = (rgb != nullptr && (rgb->text == "False" || rgb->text == "false")) ||
                          (mode != nullptr && mode->text == "BGR");
      if (is_bgr) result_.channel_order = ChannelOrder::bgr;
      return true;
    }
    return name == "ToCHWImage" || name == "KeepKeys" || name == "ToBatch";
  }

  /// Returns what all of them do; nothing without a size or without numbers.
  std::optional<Preprocessing> result() const {
    return sized_ && normalised_ ? std::optional(result_) : std::nullopt;
  }

 private:
  bool set_size(std::span<const double> sides) {  // width, height
    if (sides.empty()) return false;
    result_.width = pixels_of(sides.front());
    result_.height = pixels_of(sides.back());
    sized_ = result_.width > 0 && result_.height > 0;
    return sized_;
  }

  bool read_resize(const Yaml& arguments) {
    const auto word = [&](std::string_view name) {
      const Yaml* found = arguments.find(name);
      return found == nullptr || found->text == "null" ? std::string() : found->text;
    };
    const std::string interpolation = word("interpolation"), backend = word("backend");
    const bool linear =
        interpolation.empty() || interpolation == "bilinear" || interpolation == "LINEAR";
    const bool cubic = interpolation == "bicubic";
    const bool pillow = backend == "pil";
    if (!linear && !(cubic && pillow)) return false;
    result_.interpolation = cubic    ? Interpolation::pillow_bicubic
                            : pillow ? Interpolation::pillow_bilinear
                                     : Interpolation::opencv_linear;
    if (const Yaml* side = arguments.find("resize_short"); side != nullptr && side->number()) {
      result_.geometry = Geometry::paddle_short_side;
      result_.resize_short = pixels_of(*side->number());
      return result_.resize_short > 0;
    }
    result_.geometry = Geometry::direct;
    const Yaml *size = arguments.find("size"), *target = arguments.find("target_size");
    const Yaml* sides = size != nullptr ? size : target;
    return sides != nullptr && word("keep_ratio") != "true" && word("keep_ratio") != "True" &&
           set_size(sides->numbers());
  }

  bool read_crop(const Yaml& arguments) {
    const Yaml *size = arguments.find("size"), *side = arguments.find("crop_size");
    const Yaml* found = size != nullptr ? size : side;
    return found != nullptr && result_.geometry != Geometry::direct && set_size(found->numbers());
  }

  bool read_normalisation(const Yaml& arguments) {
    Normalisation& normalisation = result_.normalisation;
    if (const Yaml* scale = arguments.find("scale"); scale != nullptr && scale->text != "null") {
      if (!scale->number()) return false;
      normalisation.scale = *scale->number();
    }
    const auto read = [&](const char* name, std::array<double, 3>& values) {
      const Yaml* list = arguments.find(name);
      if (list == nullptr) return true;
      const std::vector<double> numbers = list->numbers();
      if (numbers.size() != values.size()) return false;
      std::ranges::copy(numbers, values.begin());
      return true;
    };
    normalised_ = read("mean", normalisation.mean) && read("std", normalisation.deviation);
    return normalised_;
  }

  Preprocessing result_ = {};
  bool sized_ = false, normalised_ = false;
};

}  // namespace opening

PPLCNET_INLINE Error read_inference_yml(std::string_view content, const std::string& path,
                                        Evidence& evidence) {
  Yaml file;
  if (auto error = parse_yaml(content, path, file)) return error;
  evidence.path = path;
  if (const Yaml* name = file.find("Global", "model_name"))
    evidence.model = opening::published_name(name->text);
  if (const Yaml* transforms = file.find("PreProcess", "transform_ops")) {
    opening::TransformReader reader;
    for (const Yaml& transform : transforms->list) {
      const std::string name = transform.map.empty() ? transform.text : transform.map[0].name;
      const Yaml none;
      if (!reader.read(name, transform.map.empty() ? none : transform.map[0].value) &&
          evidence.unknown_transform.empty())
        evidence.unknown_transform = name;
    }
    evidence.preprocessing = reader.result();
    if (evidence.preprocessing)
      evidence.input = {evidence.preprocessing->height, evidence.preprocessing->width};
  }
  const Yaml* post = file.find("PostProcess");
  if (post == nullptr) return {};
  for (const auto& [name, step] : post->map) {
    if (name.starts_with("MultiLabel") || name.ends_with("Attribute"))
      evidence.output = Output::sigmoid;
    if (name == "Topk" || name == "ThreshOutput") evidence.output = Output::softmax;
    if (const Yaml* labels = step.find("label_list"))
      for (const Yaml& label : labels->list) {
        if (!label.list.empty() || !label.map.empty() || label.text.empty())
          return Error::of(path, ": label ", evidence.labels.size(), ": expected a text");
        evidence.labels.push_back(label.text);
      }
  }
  return {};
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_OPEN_INFERENCE_YML_HPP
