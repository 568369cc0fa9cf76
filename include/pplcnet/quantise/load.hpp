#ifndef PPLCNET_QUANTISE_LOAD_HPP
#define PPLCNET_QUANTISE_LOAD_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/quantise/check_model.hpp"
#include "pplcnet/quantise/file_tensors.hpp"
#include "pplcnet/quantise/pack.hpp"
#include "pplcnet/quantise/quantised_model.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/file_format.hpp"
#include "pplcnet/weights/model_info.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#include "pplcnet/weights/safetensors/description.hpp"
#include "pplcnet/weights/safetensors/native.hpp"
#include "pplcnet/weights/safetensors/reader.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace quantised_file {

template <class Value>
std::span<Value> room_for(std::vector<Value>& values, std::size_t count) {
  values.resize(count);
  return values;
}
template <class Value, std::size_t kCount>
std::span<Value> room_for(std::array<Value, kCount>& values, std::size_t /*count*/) {
  return values;
}

/// Reads a tensor, which must have this type and shape.
template <class Values>
Error read_tensor(const TensorFile& file, const std::string& name, const TensorShape& shape,
                  Values& values) {
  static_assert(std::endian::native == std::endian::little, "files are little-endian");
  constexpr DataType kType = type_of<typename Values::value_type>();
  const Tensor* tensor = file.find(name);
  if (tensor == nullptr)
    return Error::of(file.path, ": tensor ", quote(name), " ", describe(kType, shape),
                     " is missing");
  if (tensor->type != kType || tensor->shape != shape)
    return Error::of(file.path, ": tensor ", quote(name), ": expected ", describe(kType, shape),
                     ", found ", describe(tensor->type, tensor->shape));
  const auto room = room_for(values, static_cast<std::size_t>(tensor->element_count()));
  std::memcpy(room.data(), tensor->data.data(), room.size_bytes());
  return {};
}

/// Refuses tensors that were not read: `names`, in any order.
inline Error check_all_read(const TensorFile& file, std::vector<std::string>& names) {
  names.emplace_back(kSelfTest);
  std::ranges::sort(names);
  for (const Tensor& tensor : file.tensors)
    if (!std::ranges::binary_search(names, tensor.name))
      return Error::of(file.path, ": tensor ", quote(tensor.name),
                       " belongs to no layer of the network");
  return {};
}

/// Checks that the answer to the self-test, if there is one, has a number for each class.
inline Error check_answer(const TensorFile& file, const NetworkTraits& traits) {
  const Tensor* const answer = traits.classes > 0 ? file.find(kSelfTest) : nullptr;
  if (answer == nullptr || answer->element_count() == traits.classes) return {};
  return Error::of(file.path, ": tensor ", quote(kSelfTest), ": expected ", traits.classes,
                   " classes, found ", answer->element_count())
      .with_progress(Error::kAllSteps);
}

/// Says what a file holds that is not quantised.
inline Error not_quantised(const TensorFile& file) {
  return Error::of(file.path, ": expected a quantised network, found ",
                   is_native(file) ? "a native file" : "a state dict",
                   " in floats; `pplcnet quantise` makes one of it");
}

/// Parses the bytes of a file that is to be of a quantised network.
inline Error parse(std::span<const std::byte> bytes, std::string_view path, TensorFile& file) {
  const FileFormat format = detect_format(bytes);
  if (format != FileFormat::safetensors)
    return Error::of(path, ": expected a quantised network in safetensors, found ", name_of(format),
                     hint_for(format));
  return parse_safetensors(bytes, path, file);
}

}  // namespace quantised_file

/// Reads a network from the tensors of a quantised file: `layers` and `traits` are those of its
/// plan in floats. Numbers that no file may have are refused. After an error the model is of no
/// use.
inline Error read_quantised(const TensorFile& file, std::span<const Layer> layers,
                            const NetworkTraits& traits, QuantisedModel& model) {
  if (!is_quantised(file)) return quantised_file::not_quantised(file);
  if (auto error = check_version(file)) return error;
  if (auto error = check_description(file, layers, traits, kQuantisedStorage)) return error;
  model.layers.resize(layers.size());
  std::vector<std::string> names;
  const auto read = [&](const std::string& name, const quantised_file::TensorShape& shape,
                        auto& values) {
    names.push_back(name);
    return quantised_file::read_tensor(file, name, shape, values);
  };
  if (auto error = quantised_file::for_each_tensor(layers, model, read))
    return std::move(error).with_progress(layers.size());
  if (auto error = quantised_file::check_all_read(file, names)) return error;
  if (auto error = quantised_file::check_answer(file, traits)) return error;
  return quantised_file::check_model(layers, model, file.path);
}

/// Loads the same from the bytes of a file; `name` is for messages. Labels and preprocessing, where
/// the file has them, go to `info`.
inline Error load_quantised_bytes(std::span<const std::byte> bytes, std::string_view name,
                                  std::span<const Layer> layers, const NetworkTraits& traits,
                                  QuantisedModel& model, ModelInfo* info = nullptr) {
  return with_memory_for(name, [&]() -> Error {
    TensorFile file;
    if (auto error = quantised_file::parse(bytes, name, file)) return error;
    QuantisedModel found;
    if (auto error = read_quantised(file, layers, traits, found)) return error;
    ModelInfo about = read_info(file);
    if (auto error = check_info(about, traits.label_count, name)) return error;
    model = std::move(found);
    if (info != nullptr) *info = std::move(about);
    return {};
  });
}

/// Loads the same from a file.
inline Error load_quantised(std::string_view path, std::span<const Layer> layers,
                            const NetworkTraits& traits, QuantisedModel& model,
                            ModelInfo* info = nullptr) {
  return with_memory_for(path, [&]() -> Error {
    FileBytes bytes;
    if (auto error = read_file(path, bytes)) return error;
    return load_quantised_bytes(std::as_const(bytes).bytes(), path, layers, traits, model, info);
  });
}

/// Loads weights of `Quantised<Net>` from the bytes of a file, packed as kernels read them. After
/// an error they are not usable.
template <class Weights>
Error load_quantised_bytes(std::span<const std::byte> bytes, std::string_view name,
                           Weights& weights, ModelInfo* info = nullptr) {
  using Net = typename Weights::Network;
  using Floats = typename Net::Floats;
  QuantisedModel model;
  if (auto error = load_quantised_bytes(bytes, name, Floats::layers, Floats::traits, model, info))
    return error;
  const Error error = pack(model, Net::layers, weights.values);
  return error ? Error::of(name, ": ", error.message()) : Error();
}

/// Loads the same from a file.
template <class Weights>
Error load_quantised(std::string_view path, Weights& weights, ModelInfo* info = nullptr) {
  return with_memory_for(path, [&]() -> Error {
    FileBytes bytes;
    if (auto error = read_file(path, bytes)) return error;
    return load_quantised_bytes(std::as_const(bytes).bytes(), path, weights, info);
  });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_LOAD_HPP
