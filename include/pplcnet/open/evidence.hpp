#ifndef PPLCNET_OPEN_EVIDENCE_HPP
#define PPLCNET_OPEN_EVIDENCE_HPP

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/compiled.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/tensor.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <unordered_map>

#include "pplcnet/open/registry.hpp"
#include "pplcnet/weights/import/facts.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/naming/known_files.hpp"
#include "pplcnet/weights/safetensors/native.hpp"
#include "pplcnet/weights/safetensors/native_storage.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// What a weight file, or what lies beside it, says of its network and of what it is for. What
/// nothing says is empty: it is open, and must not be guessed from something else.
struct Evidence {
  bool is_own = false;    ///< a file of this project's, which says everything
  bool is_graph = false;  ///< the network is spelt out
  std::string model;      ///< a published model's name
  Extent input = {0, 0};  ///< each side 0 where it is open
  std::optional<Output> output;
  std::vector<std::string> labels;
  std::optional<Preprocessing> preprocessing;
  std::string preset;                  ///< the same by name
  std::string unknown_transform;       ///< what prepares pictures in a way that is not known
  int classes = 0;                     ///< 0: there is no classifier
  int mask_classes = 0;                ///< of pixels or columns of its only map; 0: open
  int objects = 0;                     ///< classes of what it detects; 0: open
  int features = 0;                    ///< what the classifier sees
  std::optional<int> head;             ///< width of the embedding; 0: none
  std::optional<int> dropout_percent;  ///< that the embedding is multiplied by
  bool head_bias = false;
  Storage storage = Storage::single;  ///< of weights in a file of this project's
  std::string path;                   ///< of what says how pictures are prepared, for messages

  bool knows_input() const { return input.height > 0 && input.width > 0; }
};

/// Adds what a graph says: its picture, the head, the factor after it, what follows the classes.
PPLCNET_INLINE void read_graph(const FileGraph& graph, Evidence& evidence);

/// Adds what tensors say: which are the classifier's, if any are.
PPLCNET_INLINE void read_classifier(const TensorFile& file, Evidence& evidence);

/// Adds what the metadata of a file of this project's say. An error if they cannot be of it.
PPLCNET_INLINE Error read_metadata(const TensorFile& file, Evidence& evidence);

/// Returns whether two pipelines give the same numbers but for how they round.
PPLCNET_INLINE bool same_pixels(const Preprocessing& a, const Preprocessing& b);

#if PPLCNET_HAS_OPEN_DEFINITIONS
namespace opening {

/// What has an element for each class of pixels, or of columns of text.
inline constexpr std::string_view kMaskBiases[] = {"head.decoder.conv.bias",
                                                   "head.ctc_head.fc.bias"};
/// The layer with a channel for each class of objects.
inline constexpr std::string_view kObjectLayer = "head.head_cls_list.0";

/// Returns a whole text as a number from 0 to a limit.
inline std::optional<int> number_in(std::string_view text, int most) {
  int number = 0;
  const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = problem == std::errc() && rest == text.data() + text.size();
  return whole && number >= 0 && number <= most ? std::optional(number) : std::nullopt;
}

/// Returns the name of the layer that a native file describes last, which is its classifier.
inline std::string last_layer(const TensorFile& file) {
  const std::string* layers = native::find(file, "layers");
  if (layers == nullptr) return "fc";  // as the first format of the description called it
  const std::string last = layers->substr(layers->rfind(' ') + 1);
  return last.substr(0, last.find(':'));
}

/// Returns how many channels a layer of a native file may have at most: its bias holds them.
inline int most_channels(const TensorFile& file, std::string_view layer) {
  const Tensor* bias = file.find(join({layer, ".bias"}));
  const std::int64_t held = bias != nullptr && !bias->shape.empty() ? bias->shape[0] : 0;
  return static_cast<int>(std::min<std::int64_t>(held, 1 << 24));
}

/// Returns the channels of a layer that a native file describes, as `NAME:IN-OUT`; 0 if there is no
/// such layer, or it says more than the bias holds.
inline int described_channels(const TensorFile& file, std::string_view layer) {
  const std::string* layers = native::find(file, "layers");
  if (layers == nullptr) return 0;
  const std::size_t place = join({" ", *layers}).find(join({" ", layer, ":"}));
  if (place == std::string::npos) return 0;
  std::string_view word = std::string_view(*layers).substr(place);
  word = word.substr(0, word.find(' '));
  word.remove_prefix(std::min(word.find('-') + 1, word.size()));
  return number_in(word.substr(0, word.find(':')), most_channels(file, layer)).value_or(0);
}

/// Adds what tensors say of their classifier, if it is one of these.
inline void read_classifier(const TensorFile& file, std::span<const EndNames> classifiers,
                            Evidence& evidence) {
  // What the classifier is called, and the stem of the same network: a detector has more matrices.
  std::vector<std::string_view> stems;
  for (const Tensor& tensor : file.tensors)
    for (const EndNames& known : classifiers)
      if (place_in(tensor.name, known.first) != std::string::npos) stems.push_back(tensor.name);
  std::unordered_map<std::string_view, const Tensor*> by_name;
  for (const Tensor& tensor : file.tensors) by_name.emplace(tensor.name, &tensor);
  const auto find = [&](const std::string& name) {
    const auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : found->second;
  };
  const Tensor* before = nullptr;  // whose record comes first
  const auto count = [&](std::string_view bias, int& classes) {
    for (const Tensor& tensor : file.tensors)
      if (place_in(tensor.name, bias) != std::string::npos && tensor.shape.size() == 1)
        classes = static_cast<int>(std::min<std::int64_t>(tensor.shape[0], 1 << 24));
  };
  for (const std::string_view bias : kMaskBiases) count(bias, evidence.mask_classes);
  count(join({kObjectLayer, ".bias"}), evidence.objects);
  for (const Tensor& matrix : file.tensors) {
    const Tensor* bias = before;
    before = &matrix;
    if (matrix.shape.size() != 2) continue;
    if (!matrix.name.empty()) {
      const std::string module = matrix.name.substr(0, matrix.name.rfind('.'));
      const std::size_t prefix = module.rfind('.') + 1;
      const bool known = std::ranges::find(classifiers, matrix.name.substr(prefix),
                                           &EndNames::classifier) != classifiers.end();
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

}  // namespace opening

PPLCNET_INLINE void read_graph(const FileGraph& graph, Evidence& evidence) {
  const GraphFacts facts = FactFinder(graph).find();
  evidence.is_graph = true;
  evidence.input = {facts.picture[0], facts.picture[1]};
  evidence.classes = facts.classes;
  evidence.mask_classes = facts.last_channels;
  evidence.objects = facts.scored;
  if (facts.classes == 0) return;
  evidence.head = facts.head;
  evidence.head_bias = facts.head_bias;
  const auto percent = static_cast<int>(std::lround(100 * std::clamp(facts.factor, 0.0F, 2.0F)));
  const bool whole = is_near(facts.factor, static_cast<float>(percent) / 100, 1e-4F);
  if (whole && percent > 0 && percent <= 100) evidence.dropout_percent = 100 - percent;
  if (facts.scores == Scores::softmax) evidence.output = Output::softmax;
  if (facts.scores == Scores::sigmoid) evidence.output = Output::sigmoid;
}

PPLCNET_INLINE void read_classifier(const TensorFile& file, Evidence& evidence) {
  opening::read_classifier(file, end_names(), evidence);
}

PPLCNET_INLINE Error read_metadata(const TensorFile& file, Evidence& evidence) {
  evidence.is_own = true;
  const ModelInfo info = read_info(file);
  evidence.model = info.model;
  evidence.labels = info.labels;
  evidence.preset = info.preprocessing;
  evidence.path = file.path;
  evidence.storage = storage_of(file, Storage::single);
  if (info.output == "sigmoid") evidence.output = Output::sigmoid;
  if (info.output == "softmax") evidence.output = Output::softmax;
  const auto say = [&](std::string_view key, auto&& read) {
    const std::string* words = native::find(file, key);
    if (words == nullptr || read(std::string_view(*words))) return Error();
    return Error::of(file.path, ": its network has ", key, " ", quote(*words),
                     ", which no network of this file's size has");
  };
  // Nothing is made as large as metadata say before the tensors can hold it.
  const std::string last = opening::last_layer(file);
  const auto read_number = [](int most, auto& target) {
    return [most, &target](std::string_view words) {
      const auto number = opening::number_in(words.substr(0, words.find(':')), most);
      if (number) target = *number;
      return number.has_value();
    };
  };
  const int most = opening::most_channels(file, last);
  if (auto error = say("classes", read_number(most, evidence.classes))) return error;
  if (evidence.classes == 0) {
    evidence.mask_classes = opening::described_channels(file, last);
    evidence.objects = opening::described_channels(file, opening::kObjectLayer);
  }
  if (auto error = say("head", read_number(1 << 14, evidence.head))) return error;
  if (auto error = say("dropout_percent", read_number(99, evidence.dropout_percent))) return error;
  return say("input", [&](std::string_view words) {
    constexpr int kMostPixels = 1 << 22;
    const std::size_t cross = std::min(words.find('x'), words.size());
    const auto height = opening::number_in(words.substr(0, cross), kMostPixels);
    const auto width =
        opening::number_in(words.substr(std::min(cross + 1, words.size())), kMostPixels);
    if (!height || !width || *height < 1 || *width < 1 || *height > kMostPixels / *width)
      return false;
    evidence.input = {*height, *width};
    return true;
  });
}

PPLCNET_INLINE bool same_pixels(const Preprocessing& a, const Preprocessing& b) {
  const auto is_close = [](double x, double y) { return std::abs(x - y) <= 1e-5 * std::abs(y); };
  const Normalisation &x = a.normalisation, &y = b.normalisation;
  const auto scale_of = [](const Normalisation& normalisation) {
    return normalisation.formula == NormalisationFormula::timm ? 1 / 255.0 : normalisation.scale;
  };
  return a.geometry == b.geometry && a.interpolation == b.interpolation && a.height == b.height &&
         a.width == b.width && a.channel_order == b.channel_order &&
         (a.geometry == Geometry::direct || a.resize_short == b.resize_short) &&
         is_close(scale_of(x), scale_of(y)) && std::ranges::equal(x.mean, y.mean, is_close) &&
         std::ranges::equal(x.deviation, y.deviation, is_close);
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_OPEN_EVIDENCE_HPP
