#include "evidence.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "catalogue.hpp"
#include "pplcnet/weights/import/facts.hpp"
#include "pplcnet/weights/naming/known_files.hpp"
#include "pplcnet/weights/safetensors/native.hpp"
#include "pplcnet/weights/safetensors/native_storage.hpp"
#include "yaml.hpp"

using pplcnet::Error;
using pplcnet::Preprocessing;

namespace {

/// What PaddleX calls published models, where that is not the name they are known by here.
std::string published_name(std::string_view name) {
  if (name.ends_with("_pedestrian_attribute")) return "person_attribute";
  if (name.ends_with("_vehicle_attribute")) return "vehicle_attribute";
  constexpr std::string_view kGeneral = "PP-LCNet_x";
  const bool general = name.starts_with(kGeneral) &&
                       name.substr(kGeneral.size()).find_first_not_of("0123456789_") == name.npos;
  if (general || name.starts_with("PP-LCNetV2_")) return "PP" + std::string(name.substr(3));
  return std::string(name);
}

/// A number of pixels; 0 if it is none that a picture has.
int pixels_of(double number) {
  constexpr double kMost = 1 << 14;
  return number >= 1 && number <= kMost ? static_cast<int>(number) : 0;
}

/// The operations of an inference.yml's PreProcess, one after the other.
class TransformReader {
 public:
  /// Whether the operation is known.
  bool read(std::string_view name, const Yaml& arguments) {
    if (name == "ResizeImage") return read_resize(arguments);
    if (name == "CropImage" || name == "CenterCropImage") return read_crop(arguments);
    if (name == "NormalizeImage") return read_normalisation(arguments);
    if (name == "DecodeImage") {
      const Yaml *rgb = arguments.find("to_rgb"), *mode = arguments.find("img_mode");
      const bool is_bgr = (rgb != nullptr && (rgb->text == "False" || rgb->text == "false")) ||
                          (mode != nullptr && mode->text == "BGR");
      if (is_bgr) result_.channel_order = pplcnet::ChannelOrder::bgr;
      return true;
    }
    return name == "ToCHWImage" || name == "KeepKeys" || name == "ToBatch";
  }

  /// What all of them do; nothing without a size or without numbers.
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
    using pplcnet::Interpolation;
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
      result_.geometry = pplcnet::Geometry::paddle_short_side;
      result_.resize_short = pixels_of(*side->number());
      return result_.resize_short > 0;
    }
    result_.geometry = pplcnet::Geometry::direct;
    const Yaml *size = arguments.find("size"), *target = arguments.find("target_size");
    const Yaml* sides = size != nullptr ? size : target;
    return sides != nullptr && word("keep_ratio") != "true" && word("keep_ratio") != "True" &&
           set_size(sides->numbers());
  }

  bool read_crop(const Yaml& arguments) {
    const Yaml *size = arguments.find("size"), *side = arguments.find("crop_size");
    const Yaml* found = size != nullptr ? size : side;
    return found != nullptr && result_.geometry != pplcnet::Geometry::direct &&
           set_size(found->numbers());
  }

  bool read_normalisation(const Yaml& arguments) {
    pplcnet::Normalisation& normalisation = result_.normalisation;
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

/// A whole text as a number from 0 to a limit.
std::optional<int> number_in(std::string_view text, int most) {
  int number = 0;
  const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = problem == std::errc() && rest == text.data() + text.size();
  return whole && number >= 0 && number <= most ? std::optional(number) : std::nullopt;
}

}  // namespace

Error read_inference_yml(std::string_view content, const std::string& path, Evidence& evidence) {
  Yaml file;
  if (auto error = parse_yaml(content, path, file)) return error;
  evidence.path = path;
  if (const Yaml* name = file.find("Global", "model_name"))
    evidence.model = published_name(name->text);
  if (const Yaml* transforms = file.find("PreProcess", "transform_ops")) {
    TransformReader reader;
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
      evidence.output = pplcnet::Output::sigmoid;
    if (name == "Topk" || name == "ThreshOutput") evidence.output = pplcnet::Output::softmax;
    if (const Yaml* labels = step.find("label_list"))
      for (const Yaml& label : labels->list) {
        if (!label.list.empty() || !label.map.empty() || label.text.empty())
          return Error::of(path, ": label ", evidence.labels.size(), ": expected a text");
        evidence.labels.push_back(label.text);
      }
  }
  return {};
}

void read_graph(const pplcnet::FileGraph& graph, Evidence& evidence) {
  const pplcnet::GraphFacts facts = pplcnet::FactFinder(graph).find();
  evidence.is_graph = true;
  evidence.input = {facts.picture[0], facts.picture[1]};
  evidence.classes = facts.classes;
  if (facts.classes == 0) return;
  evidence.head = facts.head;
  evidence.head_bias = facts.head_bias;
  const auto percent = static_cast<int>(std::lround(100 * std::clamp(facts.factor, 0.0F, 2.0F)));
  const bool whole = pplcnet::is_near(facts.factor, static_cast<float>(percent) / 100, 1e-4F);
  if (whole && percent > 0 && percent <= 100) evidence.dropout_percent = 100 - percent;
  if (facts.scores == pplcnet::Scores::softmax) evidence.output = pplcnet::Output::softmax;
  if (facts.scores == pplcnet::Scores::sigmoid) evidence.output = pplcnet::Output::sigmoid;
}

void read_classifier(const pplcnet::TensorFile& file, Evidence& evidence) {
  // What the classifier is called, and the stem of the same network: a detector has more matrices.
  std::vector<std::string_view> stems;
  for (const pplcnet::Tensor& tensor : file.tensors)
    for (const EndNames& known : end_names())
      if (pplcnet::place_in(tensor.name, known.first) != std::string::npos)
        stems.push_back(tensor.name);
  std::unordered_map<std::string_view, const pplcnet::Tensor*> by_name;
  for (const pplcnet::Tensor& tensor : file.tensors) by_name.emplace(tensor.name, &tensor);
  const auto find = [&](const std::string& name) {
    const auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : found->second;
  };
  const pplcnet::Tensor* before = nullptr;  // whose record comes first
  for (const pplcnet::Tensor& matrix : file.tensors) {
    const pplcnet::Tensor* bias = before;
    before = &matrix;
    if (matrix.shape.size() != 2) continue;
    if (!matrix.name.empty()) {
      const std::string module = matrix.name.substr(0, matrix.name.rfind('.'));
      const std::size_t prefix = module.rfind('.') + 1;
      const bool known = std::ranges::find(end_names(), matrix.name.substr(prefix),
                                           &EndNames::classifier) != end_names().end();
      const bool stem = std::ranges::any_of(
          stems, [&](std::string_view name) { return name.starts_with(module.substr(0, prefix)); });
      bias = known && stem ? find(module + ".bias") : nullptr;
    }
    if (bias == nullptr || bias->shape.size() != 1) continue;
    const auto place = std::ranges::find(matrix.shape, bias->shape[0]) - matrix.shape.begin();
    constexpr std::int64_t kMost = 1 << 24;
    if (place == 2 || std::ranges::max(matrix.shape) > kMost) continue;
    evidence.classes = static_cast<int>(bias->shape[0]);
    evidence.features = static_cast<int>(matrix.shape[static_cast<std::size_t>(1 - place)]);
    return;
  }
}

Error read_metadata(const pplcnet::TensorFile& file, Evidence& evidence) {
  evidence.is_own = true;
  const pplcnet::ModelInfo info = pplcnet::read_info(file);
  evidence.model = info.model;
  evidence.labels = info.labels;
  evidence.preset = info.preprocessing;
  evidence.path = file.path;
  evidence.storage = pplcnet::storage_of(file, pplcnet::Storage::single);
  if (info.output == "sigmoid") evidence.output = pplcnet::Output::sigmoid;
  if (info.output == "softmax") evidence.output = pplcnet::Output::softmax;
  const auto say = [&](std::string_view key, auto&& read) {
    const std::string* words = pplcnet::native::find(file, key);
    if (words == nullptr || read(std::string_view(*words))) return Error();
    return Error::of(file.path, ": its network has ", key, " ", pplcnet::quote(*words),
                     ", which no network of this file's size has");
  };
  // Nothing is made as large as metadata say before the tensors can hold it.
  const pplcnet::Tensor* bias = file.find("fc.bias");
  const std::int64_t held = bias != nullptr && !bias->shape.empty() ? bias->shape[0] : 0;
  const auto read_number = [](int most, auto& target) {
    return [most, &target](std::string_view words) {
      const auto number = number_in(words.substr(0, words.find(':')), most);
      if (number) target = *number;
      return number.has_value();
    };
  };
  const auto most = static_cast<int>(std::min<std::int64_t>(held, 1 << 24));
  if (auto error = say("classes", read_number(most, evidence.classes))) return error;
  if (auto error = say("head", read_number(1 << 14, evidence.head))) return error;
  if (auto error = say("dropout_percent", read_number(99, evidence.dropout_percent))) return error;
  return say("input", [&](std::string_view words) {
    constexpr int kMostPixels = 1 << 22;
    const std::size_t cross = std::min(words.find('x'), words.size());
    const auto height = number_in(words.substr(0, cross), kMostPixels);
    const auto width = number_in(words.substr(std::min(cross + 1, words.size())), kMostPixels);
    if (!height || !width || *height < 1 || *width < 1 || *height > kMostPixels / *width)
      return false;
    evidence.input = {*height, *width};
    return true;
  });
}

bool same_pixels(const Preprocessing& a, const Preprocessing& b) {
  const auto near = [](double x, double y) { return std::abs(x - y) <= 1e-5 * std::abs(y); };
  const pplcnet::Normalisation &x = a.normalisation, &y = b.normalisation;
  const auto scale_of = [](const pplcnet::Normalisation& normalisation) {
    return normalisation.formula == pplcnet::NormalisationFormula::timm ? 1 / 255.0
                                                                        : normalisation.scale;
  };
  return a.geometry == b.geometry && a.interpolation == b.interpolation && a.height == b.height &&
         a.width == b.width && a.channel_order == b.channel_order &&
         (a.geometry == pplcnet::Geometry::direct || a.resize_short == b.resize_short) &&
         near(scale_of(x), scale_of(y)) && std::ranges::equal(x.mean, y.mean, near) &&
         std::ranges::equal(x.deviation, y.deviation, near);
}
