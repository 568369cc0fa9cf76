#ifndef PPLCNET_WEIGHTS_SAVE_HPP
#define PPLCNET_WEIGHTS_SAVE_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "pplcnet/any_network.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/load.hpp"
#include "pplcnet/weights/model_info.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#include "pplcnet/weights/stored_as.hpp"

#if PPLCNET_HAS_DEFINITIONS
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pplcnet/weights/safetensors/native.hpp"
#include "pplcnet/weights/safetensors/reader.hpp"
#include "pplcnet/weights/safetensors/writer.hpp"
#include "pplcnet/weights/self_test_answer.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Returns element i of the self-test's input: in [-1, 1), exact in float32 on any machine.
constexpr float self_test_input(std::size_t i) {
  std::uint64_t bits = (static_cast<std::uint64_t>(i) + 1) * 0x9E3779B97F4A7C15u;
  bits = (bits ^ (bits >> 32)) * 0xD6E8FEB86659FD93u;
  bits = (bits ^ (bits >> 32)) >> 40;
  return static_cast<float>(static_cast<std::int64_t>(bits) - (1 << 23)) / (1 << 23);
}

/// Writes a native file: packed weights, what the network is (metadata), labels, preprocessing,
/// and the output that `self_test` checks. `storage` may be another than the network's: with
/// Storage::half the file is half as large, and any type of the network loads it.
PPLCNET_INLINE Error save(NewFile& target, const AnyNetwork& network, const ModelInfo& info,
                          Storage storage);

template <class Weights>
Error save(NewFile& target, const Weights& weights, ModelInfo info = {},
           Storage storage = Weights::Network::traits.storage) {
  using Net = typename Weights::Network;
  if constexpr (requires { Net::Definition::model.name; }) info.model = Net::Definition::model.name;
  return with_memory_for(target.path(), [&]() -> Error {
    return save(target, AnyNetwork::of(weights), info, storage);
  });
}

/// Writes the same, and gives the file its name: either the whole file appears or none.
template <class Weights>
Error save(std::string_view path, const Weights& weights, const ModelInfo& info = {},
           Storage storage = Weights::Network::traits.storage) {
  return with_memory_for(path, [&]() -> Error {
    NewFile target(path);
    if (auto error = save(target, weights, info, storage)) return error;
    return target.publish();
  });
}

PPLCNET_INLINE Error save(std::string_view path, const AnyNetwork& network, const ModelInfo& info,
                          Storage storage);

/// Computes the self-test of a native file and compares it with what the writer got: within 1e-4
/// of its largest number, which leaves room for a CPU without fused multiply-add.
PPLCNET_INLINE Error self_test_bytes(std::span<const std::byte> bytes, std::string_view path,
                                     const AnyNetwork& network);
PPLCNET_INLINE Error self_test(std::string_view path, const AnyNetwork& network);

template <class Weights>
Error self_test_bytes(std::span<const std::byte> bytes, std::string_view path,
                      const Weights& weights) {
  return with_memory_for(
      path, [&]() -> Error { return self_test_bytes(bytes, path, AnyNetwork::of(weights)); });
}

/// Saves the same, from a file.
template <class Weights>
Error self_test(std::string_view path, const Weights& weights) {
  return with_memory_for(path, [&]() -> Error { return self_test(path, AnyNetwork::of(weights)); });
}

#if PPLCNET_HAS_DEFINITIONS
namespace self_testing {

/// Computes the output for the self-test's input: of each output the means of its channels.
inline std::vector<float> output(AnyNetwork network) {
  const Shape input = network.input_shape();
  std::vector<float> image(static_cast<std::size_t>(input.size()));
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = self_test_input(i);
  return self_test_answer(network, Picture::planar(image.data(), input));
}

}  // namespace self_testing

PPLCNET_INLINE Error save(NewFile& target, const AnyNetwork& network, const ModelInfo& info,
                          Storage storage) {
  return with_memory_for(target.path(), [&]() -> Error {
    if (auto error = check_info(info, network.traits().label_count, target.path())) return error;
    std::optional<AnyNetwork> stored;
    if (auto error = store_as(storage, network, target.path(), stored)) return error;
    const NetworkTraits& traits = stored->traits();
    const Extent input = traits.input;
    TensorFile file;
    file.metadata = {{"format", std::string(kNativeFormat)},
                     {"format_version", std::string(kNativeVersion)},
                     {"network", std::string(traits.name)},
                     {"input", join({input.height, "x", input.width})}};
    for (auto& entry : describe(stored->layers(), traits))
      file.metadata.push_back(std::move(entry));
    add_info(info, file.metadata);
    const std::span<const float> values = std::as_const(*stored).weights();
    native::for_each_tensor(stored->layers(), [&](const std::string& name, DataType type,
                                                  const std::vector<std::int64_t>& shape,
                                                  std::size_t offset, std::size_t size) {
      file.tensors.push_back({.name = name,
                              .type = type,
                              .shape = shape,
                              .data = std::as_bytes(values.subspan(offset, size))});
    });
    const std::vector<float> output = self_testing::output(*stored);
    file.tensors.push_back({.name = std::string(kSelfTest),
                            .type = DataType::f32,
                            .shape = {static_cast<std::int64_t>(output.size())},
                            .data = std::as_bytes(std::span(output))});
    return write_safetensors(target, file);
  });
}

PPLCNET_INLINE Error save(std::string_view path, const AnyNetwork& network, const ModelInfo& info,
                          Storage storage) {
  return with_memory_for(path, [&]() -> Error {
    NewFile target(path);
    if (auto error = save(target, network, info, storage)) return error;
    return target.publish();
  });
}

PPLCNET_INLINE Error self_test_bytes(std::span<const std::byte> bytes, std::string_view path,
                                     const AnyNetwork& network) {
  return with_memory_for(path, [&]() -> Error {
    TensorFile file;
    if (auto error = parse_safetensors(bytes, path, file)) return error;
    const Tensor* tensor = file.find(kSelfTest);
    if (tensor == nullptr) return Error::of(path, ": has no self-test (", kSelfTest, ")");
    const std::vector<float> found = self_testing::output(network);
    if (tensor->type != DataType::f32 ||
        tensor->shape != std::vector{static_cast<std::int64_t>(found.size())})
      return Error::of(path, ": ", kSelfTest, ": expected F32 [", found.size(), "], found ",
                       describe(tensor->type, tensor->shape));
    std::vector<float> expected(found.size());
    to_float(*tensor, expected);
    float largest = 0;
    for (const float value : expected) largest = std::max(largest, std::abs(value));
    for (std::size_t i = 0; i < expected.size(); ++i)
      if (!(std::abs(found[i] - expected[i]) <= 1e-4f * largest))
        return Error::of(path, ": self-test: number ", i, " of the output is ",
                         std::to_string(found[i]), ", the file says ", std::to_string(expected[i]));
    return {};
  });
}

PPLCNET_INLINE Error self_test(std::string_view path, const AnyNetwork& network) {
  return with_memory_for(path, [&]() -> Error {
    FileBytes bytes;
    if (auto error = read_file(path, bytes)) return error;
    return self_test_bytes(std::as_const(bytes).bytes(), path, network);
  });
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAVE_HPP
