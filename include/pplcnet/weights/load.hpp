#ifndef PPLCNET_WEIGHTS_LOAD_HPP
#define PPLCNET_WEIGHTS_LOAD_HPP

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "pplcnet/compiled.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/model_info.hpp"

#if PPLCNET_HAS_DEFINITIONS
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "pplcnet/weights/check_values.hpp"
#include "pplcnet/weights/file_format.hpp"
#include "pplcnet/weights/naming/likeness.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#include "pplcnet/weights/pack_state_dict.hpp"
#include "pplcnet/weights/paddle/pdiparams.hpp"
#include "pplcnet/weights/paddle/pdiparams_names.hpp"
#include "pplcnet/weights/safetensors/native.hpp"
#include "pplcnet/weights/safetensors/native_storage.hpp"
#include "pplcnet/weights/safetensors/reader.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

struct TensorFile;

namespace loading {

/// A network in bytes, made from one in floats.
template <class Net>
concept IsQuantised = std::is_class_v<typename Net::Floats>;

/// Fills packed weights from a file's bytes.
PPLCNET_INLINE Error load_bytes(std::span<const std::byte> bytes, std::string_view path,
                                std::span<const Layer> layers, const NetworkTraits& traits,
                                std::span<float> weights, ModelInfo* info);

/// Fills packed weights from a file.
PPLCNET_INLINE Error load_file(std::string_view path, std::span<const Layer> layers,
                               const NetworkTraits& traits, std::span<float> weights,
                               ModelInfo* info);

/// Fills packed weights from a file's tensors.
PPLCNET_INLINE Error load_tensors(const TensorFile& file, std::span<const Layer> layers,
                                  const NetworkTraits& traits, std::span<float> weights);

/// Finds the packed weights of a native file, which begin at a multiple of `alignment`.
PPLCNET_INLINE Error view(std::span<const std::byte> bytes, std::string_view name,
                          std::span<const Layer> layers, const NetworkTraits& traits,
                          std::size_t alignment, std::span<const float>& weights, ModelInfo* info);

#if PPLCNET_HAS_DEFINITIONS

/// Returns the end of a message that names the header which reads a format that `load` does not.
inline std::string_view header_hint(FileFormat format) {
  switch (format) {
    case FileFormat::pickle:
    case FileFormat::zip:
      return ": weights/load_any.hpp reads them";
    case FileFormat::onnx:
      return ": weights/onnx/load.hpp reads it";
    case FileFormat::ncnn:
      return ": weights/ncnn/load.hpp reads it";
    default:
      return "";
  }
}

/// Reads tensors in any format and gives them names.
inline Error open(std::span<const std::byte> bytes, std::string_view path,
                  std::span<const Layer> layers, const NetworkTraits& traits, TensorFile& file) {
  const FileFormat format = detect_format(bytes);
  if (format == FileFormat::safetensors) return parse_safetensors(bytes, path, file);
  if (format != FileFormat::pdiparams)
    return Error::of(path, ": expected safetensors or Paddle's .pdiparams, found ", name_of(format),
                     header_hint(format), hint_for(format));
  if (auto error = parse_pdiparams(bytes, path, file)) return error;
  return name_pdiparams(file, layers, traits).with_progress(likeness(file.tensors, layers));
}

PPLCNET_INLINE Error load_tensors(const TensorFile& file, std::span<const Layer> layers,
                                  const NetworkTraits& traits, std::span<float> weights) {
  if (!is_native(file)) return pack_state_dict(file, layers, traits, weights);
  static_assert(std::endian::native == std::endian::little, "packed weights are little-endian");
  std::span<const std::byte> packed;
  const Storage storage = storage_of(file, traits.storage);
  if (storage == traits.storage) {
    if (auto error = find_native(file, layers, traits, packed)) return error;
    std::memcpy(weights.data(), packed.data(), packed.size());
    return check_packed(layers, weights, file.path);
  }
  NetworkTraits stored = traits;
  stored.storage = storage;
  const std::vector<Layer> stored_layers = layers_in(storage, layers);
  if (auto error = find_native(file, stored_layers, stored, packed)) return error;
  std::vector<float> values(weight_count(stored_layers));
  std::memcpy(values.data(), packed.data(), packed.size());
  if (auto error = check_packed(stored_layers, values, file.path)) return error;
  copy_packed(stored_layers, values, layers, weights);
  return check_packed(layers, weights, file.path, kWhenStored);
}

/// Reads a file's metadata and checks it.
inline Error take_info(const TensorFile& file, const NetworkTraits& traits, ModelInfo* info) {
  ModelInfo found = read_info(file);
  if (auto error = check_info(found, traits.label_count, file.path)) return error;
  if (info != nullptr) *info = std::move(found);
  return {};
}

/// Fills packed weights from a file's bytes.
inline Error load(std::span<const std::byte> bytes, std::string_view path,
                  std::span<const Layer> layers, const NetworkTraits& traits,
                  std::span<float> weights, ModelInfo* info) {
  TensorFile file;
  if (auto error = open(bytes, path, layers, traits, file)) return error;
  if (auto error = load_tensors(file, layers, traits, weights)) {
    if (detect_format(bytes) != FileFormat::pdiparams) return error;
    return std::move(error).with_progress(likeness(file.tensors, layers));
  }
  return take_info(file, traits, info).with_progress(layers.size() + 1);
}

PPLCNET_INLINE Error load_bytes(std::span<const std::byte> bytes, std::string_view path,
                                std::span<const Layer> layers, const NetworkTraits& traits,
                                std::span<float> weights, ModelInfo* info) {
  return with_memory_for(
      path, [&]() -> Error { return load(bytes, path, layers, traits, weights, info); });
}

PPLCNET_INLINE Error load_file(std::string_view path, std::span<const Layer> layers,
                               const NetworkTraits& traits, std::span<float> weights,
                               ModelInfo* info) {
  return with_memory_for(path, [&]() -> Error {
    FileBytes bytes;
    if (auto error = read_file(path, bytes)) return error;
    return load(std::as_const(bytes).bytes(), path, layers, traits, weights, info);
  });
}

PPLCNET_INLINE Error view(std::span<const std::byte> bytes, std::string_view name,
                          std::span<const Layer> layers, const NetworkTraits& traits,
                          std::size_t alignment, std::span<const float>& weights, ModelInfo* info) {
  return with_memory_for(name, [&]() -> Error {
    TensorFile file;
    if (auto error = parse_safetensors(bytes, name, file)) return error;
    if (!is_native(file))
      return Error::of(name, ": not a native file; load it, and save it as one");
    std::span<const std::byte> packed;
    if (auto error = find_native(file, layers, traits, packed)) return error;
    if (std::bit_cast<std::uintptr_t>(packed.data()) % alignment != 0)
      return Error::of(name, ": the weights are not aligned to ", alignment, " bytes in memory");
    weights = {reinterpret_cast<const float*>(packed.data()), packed.size() / sizeof(float)};
    if (auto error = check_packed(layers, weights, name)) return error;
    return take_info(file, traits, info);
  });
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace loading

/// Fills a network's weights from the bytes of a file: safetensors with the names of Paddle, timm,
/// Hugging Face or the PyTorch reproduction, the native safetensors, or Paddle's `.pdiparams`.
/// (What frameworks pickle is for load_any.hpp.) A network in bytes takes a quantised file, which
/// quantise/load.hpp reads. `name` is for messages. Labels and preprocessing, where the file has
/// them, go to `info`. After an error the weights are not usable.
template <class Weights>
Error load_bytes(std::span<const std::byte> bytes, std::string_view name, Weights& weights,
                 ModelInfo* info = nullptr) {
  using Net = typename Weights::Network;
  if constexpr (loading::IsQuantised<Net>)
    return load_quantised_bytes(bytes, name, weights, info);
  else
    return loading::load_bytes(bytes, name, Net::layers, Net::traits, weights.values, info);
}

/// Loads the same, from a file.
template <class Weights>
Error load(std::string_view path, Weights& weights, ModelInfo* info = nullptr) {
  using Net = typename Weights::Network;
  if constexpr (loading::IsQuantised<Net>)
    return load_quantised(path, weights, info);
  else
    return loading::load_file(path, Net::layers, Net::traits, weights.values, info);
}

/// Uses a native file that lies in memory (mapped, or part of the executable) where it is, without
/// a copy. Its bytes must begin at a multiple of 64 and stay as long as the view. All weights are
/// looked at once, for NaN and infinities, as `load` does: some milliseconds for the largest
/// network.
template <class Net>
Error view(std::span<const std::byte> bytes, std::string_view name,
           std::optional<typename Net::WeightsView>& result, ModelInfo* info = nullptr) {
  static_assert(!loading::IsQuantised<Net>, "view: a network in bytes packs its file; load it");
  std::span<const float> weights;
  if (auto error = loading::view(bytes, name, Net::layers, Net::traits,
                                 alignof(typename Net::Weights), weights, info))
    return error;
  result.emplace(weights.template first<Net::weight_count>());
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_LOAD_HPP
