#ifndef PPLCNET_WEIGHTS_SAFETENSORS_NATIVE_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_NATIVE_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/compiled.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/model_info.hpp"
#include "pplcnet/weights/naming/names.hpp"
#include "pplcnet/weights/safetensors/description.hpp"
#include "pplcnet/weights/safetensors/reader.hpp"
#include "pplcnet/weights/tensor.hpp"
#include "pplcnet/weights/utf8.hpp"

namespace pplcnet::inline PPLCNET_ABI {

// The native file is a safetensors file whose tensors are the packed weights, layer by layer, as
// they lie in memory: `NAME.weight` [panel][k][16], float32 or float16, `NAME.bias`, float32, and,
// where a scale and a shift follow an activation, `NAME.affine` (and zeros after these two), and
// `NAME.slopes` of a PReLU; batch
// norm and dropout are folded in, branches are one convolution. Loading is a copy; a mapped file
// needs not even that. Its metadata say what the network is and what it is for.

inline constexpr std::string_view kNativeFormat = "pplcnet";
inline constexpr std::string_view kNativeVersion = "1";

/// The tensor after the weights: the output for `self_test_input`, as the writer computed it:
/// logits, an embedding, or of each map the means of its channels.
inline constexpr std::string_view kSelfTest = "self_test.answer";

/// Key of the model's metadata which says that weights are as in memory: batch norm and branches
/// are part of them, and dropout where `kOnnxKeep` is not there.
inline constexpr std::string_view kOnnxFolded = "pplcnet.folded";

/// The factor that dropout leaves, where it is a node between the embedding and the classes'
/// weights and no part of these.
inline constexpr std::string_view kOnnxKeep = "dropout.keep";

namespace native {

/// Lists name, type, shape and place (in floats) of each tensor of the file, in order.
template <class Visit>
void for_each_tensor(std::span<const Layer> layers, Visit visit) {
  for (const Layer& layer : layers) {
    if (!layer.owns_weights()) continue;
    std::string name = layer_name(layer);
    if (name.empty()) name = join({"layer_", &layer - layers.data()});
    const auto channels = round_up(layer.output.channels, kPanel);
    visit(name + ".weight", layer.half ? DataType::f16 : DataType::f32,
          std::vector<std::int64_t>{channels / kPanel, layer.depth(), kPanel}, layer.weights,
          layer.weight_floats());
    visit(name + ".bias", DataType::f32, std::vector<std::int64_t>{channels}, layer.biases,
          static_cast<std::size_t>(channels));
    if (layer.affine)
      visit(name + ".affine", DataType::f32, std::vector<std::int64_t>{kPanel},
            layer.affine_place(), std::size_t{kPanel});
    if (layer.has_slopes())
      visit(name + ".slopes", DataType::f32, std::vector<std::int64_t>{channels},
            layer.slopes_place(), static_cast<std::size_t>(channels));
  }
}

}  // namespace native

/// Returns whether a safetensors file is one of ours.
inline bool is_native(const TensorFile& file) {
  const std::string* format = native::find(file, "format");
  return format != nullptr && *format == kNativeFormat;
}

/// The storage of a native file whose weights are integers.
inline constexpr std::string_view kQuantisedStorage = "int8";

/// Returns whether a native file's weights are integers; quantise/load.hpp reads those.
inline bool is_quantised(const TensorFile& file) {
  const std::string* storage = native::find(file, "storage");
  return is_native(file) && storage != nullptr && *storage == kQuantisedStorage;
}

/// Checks that a native file has the version that this library reads.
PPLCNET_INLINE Error check_version(const TensorFile& file);

/// Checks that a native file holds a network, and finds its packed weights: as many bytes as
/// the network's Weights, in the same order.
PPLCNET_INLINE Error find_native(const TensorFile& file, std::span<const Layer> layers,
                                 const NetworkTraits& traits, std::span<const std::byte>& packed);

/// Returns why labels cannot be stored.
PPLCNET_INLINE Error check_info(const ModelInfo& info, int classes, std::string_view path);

/// Adds model, preprocessing, output and labels to metadata, where read_info finds them.
PPLCNET_INLINE void add_info(const ModelInfo& info,
                             std::vector<std::pair<std::string, std::string>>& metadata);

/// Returns labels, preprocessing, output and model from a native file's metadata.
PPLCNET_INLINE ModelInfo read_info(const TensorFile& file);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE Error check_version(const TensorFile& file) {
  const std::string* version = native::find(file, "format_version");
  if (version != nullptr && *version == kNativeVersion) return {};
  return Error::of(file.path, ": format version ", version ? quote(*version) : "unknown",
                   ", this library reads version ", kNativeVersion);
}

PPLCNET_INLINE Error find_native(const TensorFile& file, std::span<const Layer> layers,
                                 const NetworkTraits& traits, std::span<const std::byte>& packed) {
  if (auto error = check_version(file)) return error;
  if (is_quantised(file))
    return Error::of(file.path, ": its weights are int8; this needs a network in floats")
        .with_progress(Error::kAllSteps);
  if (auto error = check_description(file, layers, traits, storage_name(traits.storage)))
    return error;
  Error error;
  std::size_t index = 0, floats = 0;
  native::for_each_tensor(layers, [&](const std::string& name, DataType type,
                                      const std::vector<std::int64_t>& shape, std::size_t,
                                      std::size_t size) {
    if (error) return;
    const Tensor* tensor = index < file.tensors.size() ? &file.tensors[index++] : nullptr;
    floats += size;
    if (tensor == nullptr || tensor->name != name || tensor->type != type || tensor->shape != shape)
      error = Error::of(
          file.path, ": expected tensor ", quote(name), " ", describe(type, shape), ", found ",
          tensor ? quote(tensor->name) + " " + describe(tensor->type, tensor->shape) : "the end");
  });
  if (error) return std::move(error).with_progress(layers.size());
  // A panel has room for more classes than the metadata may say.
  const Tensor* output = traits.classes > 0 ? file.find(kSelfTest) : nullptr;
  if (output != nullptr && output->element_count() != traits.classes)
    return Error::of(file.path, ": tensor ", quote(kSelfTest), ": expected ", traits.classes,
                     " classes, found ", output->element_count())
        .with_progress(Error::kAllSteps);
  // The reader has checked that tensors follow each other without a hole.
  packed = {file.tensors[0].data.data(), floats * sizeof(float)};
  return {};
}

PPLCNET_INLINE Error check_info(const ModelInfo& info, int classes, std::string_view path) {
  if (!info.labels.empty() && info.labels.size() != static_cast<std::size_t>(classes))
    return Error::of(path, ": ", info.labels.size(), " labels for ", classes, " classes");
  for (const std::string& label : info.labels)
    if (label.find('\n') != std::string::npos || !is_utf8(label))
      return Error::of(path, ": label ", quote(label), ": expected one line of UTF-8");
  return {};
}

PPLCNET_INLINE void add_info(const ModelInfo& info,
                             std::vector<std::pair<std::string, std::string>>& metadata) {
  std::string labels;
  for (const std::string& label : info.labels) labels += label + "\n";
  if (!info.model.empty()) metadata.emplace_back("model", info.model);
  if (!info.preprocessing.empty()) metadata.emplace_back("preprocessing", info.preprocessing);
  if (!info.output.empty()) metadata.emplace_back("output", info.output);
  if (!labels.empty()) metadata.emplace_back("labels", labels);
}

PPLCNET_INLINE ModelInfo read_info(const TensorFile& file) {
  ModelInfo info;
  if (const std::string* preset = native::find(file, "preprocessing")) info.preprocessing = *preset;
  if (const std::string* model = native::find(file, "model")) info.model = *model;
  if (const std::string* output = native::find(file, "output")) info.output = *output;
  if (const std::string* labels = native::find(file, "labels")) {
    // A hostile file may have a label for each byte, of which each would take many.
    constexpr std::ptrdiff_t kMostLabels = 1 << 16;
    std::string_view rest = *labels;
    const auto lines = std::min(std::ranges::count(rest, '\n') + 1, kMostLabels);
    info.labels.reserve(static_cast<std::size_t>(lines));
    while (!rest.empty() && std::ssize(info.labels) < kMostLabels) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      info.labels.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return info;
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_NATIVE_HPP
