#ifndef PPLCNET_QUANTISE_SAVE_HPP
#define PPLCNET_QUANTISE_SAVE_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/quantise/check_model.hpp"
#include "pplcnet/quantise/file_tensors.hpp"
#include "pplcnet/quantise/quantised_model.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/model_info.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#include "pplcnet/weights/safetensors/description.hpp"
#include "pplcnet/weights/safetensors/native.hpp"
#include "pplcnet/weights/safetensors/writer.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace quantised_file {

/// Adds a model's tensors, which refer to it.
inline Error add_tensors(std::span<const Layer> layers, const QuantisedModel& model,
                         std::string_view path, TensorFile& file) {
  if (model.layers.size() != layers.size())
    return Error::of(path, ": expected ", layers.size(), " quantised layers, found ",
                     model.layers.size());
  return for_each_tensor(
      layers, model, [&](const std::string& name, const TensorShape& shape, const auto& values) {
        constexpr DataType kType = type_of<std::remove_cvref_t<decltype(values[0])>>();
        const auto data = std::as_bytes(std::span(values));
        if (byte_count(kType, shape) != data.size())
          return Error::of(path, ": tensor ", quote(name), ": expected the numbers of ",
                           describe(kType, shape), ", found ", values.size());
        file.tensors.push_back({.name = name, .type = kType, .shape = shape, .data = data});
        return Error();
      });
}

/// Returns a file's metadata: what the network is, and what it is for.
inline std::vector<std::pair<std::string, std::string>> metadata_of(std::span<const Layer> layers,
                                                                    const NetworkTraits& traits,
                                                                    const ModelInfo& info) {
  std::vector<std::pair<std::string, std::string>> metadata = {
      {"format", std::string(kNativeFormat)},
      {"format_version", std::string(kNativeVersion)},
      {"network", std::string(traits.name)},
      {"input", join({traits.input.height, "x", traits.input.width})}};
  for (auto& entry : describe(layers, traits, kQuantisedStorage))
    metadata.push_back(std::move(entry));
  add_info(info, metadata);
  return metadata;
}

}  // namespace quantised_file

/// Writes the file of a quantised network: its tensors, what the network is (metadata), labels and
/// preprocessing. `layers` and `traits` are those of its plan in floats, `answer` is what it gives
/// for the self-test's picture, if anything (see self_test.hpp). What `load_quantised` would refuse
/// is not written.
inline Error save_quantised(NewFile& target, const QuantisedModel& model,
                            std::span<const Layer> layers, const NetworkTraits& traits,
                            const ModelInfo& info = {}, std::span<const float> answer = {}) {
  const std::string_view path = target.path();
  return with_memory_for(path, [&]() -> Error {
    if (auto error = check_info(info, traits.label_count, path)) return error;
    TensorFile file;
    file.metadata = quantised_file::metadata_of(layers, traits, info);
    if (auto error = quantised_file::add_tensors(layers, model, path, file)) return error;
    if (auto error = quantised_file::check_model(layers, model, path)) return error;
    if (!answer.empty())
      file.tensors.push_back({.name = std::string(kSelfTest),
                              .type = DataType::f32,
                              .shape = {static_cast<std::int64_t>(answer.size())},
                              .data = std::as_bytes(answer)});
    return write_safetensors(target, file);
  });
}

/// Writes the same, and gives the file its name: either the whole file appears or none.
inline Error save_quantised(std::string_view path, const QuantisedModel& model,
                            std::span<const Layer> layers, const NetworkTraits& traits,
                            const ModelInfo& info = {}) {
  return with_memory_for(path, [&]() -> Error {
    NewFile target(path);
    if (auto error = save_quantised(target, model, layers, traits, info)) return error;
    return target.publish();
  });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_SAVE_HPP
