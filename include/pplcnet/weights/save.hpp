#ifndef PPLCNET_WEIGHTS_SAVE_HPP
#define PPLCNET_WEIGHTS_SAVE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/weights/load.hpp"
#include "pplcnet/weights/safetensors/writer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The tensor behind the weights: the answer to `self_test_input`, as the writer computed it:
/// logits, an embedding, or of each map the means of its channels.
inline constexpr std::string_view kSelfTest = "self_test.answer";

/// Element i of the self-test's input: in [-1, 1), exact in float32 on any machine.
constexpr float self_test_input(std::size_t i) {
  std::uint64_t bits = (static_cast<std::uint64_t>(i) + 1) * 0x9E3779B97F4A7C15u;
  bits = (bits ^ (bits >> 32)) * 0xD6E8FEB86659FD93u;
  bits = (bits ^ (bits >> 32)) >> 40;
  return static_cast<float>(static_cast<std::int64_t>(bits) - (1 << 23)) / (1 << 23);
}

namespace self_testing {

/// How many numbers the answer of a network has.
template <class Net>
constexpr int answer_size() {
  int size = 0;
  for (int i = 0; i < Net::output_count; ++i) size += Net::output_shape(i).channels;
  return size;
}

/// The answer to the self-test's input.
template <class Net>
std::vector<float> answer(const typename Net::Weights& weights) {
  std::vector<float> image(Net::input_size);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = self_test_input(i);
  const auto workspace = std::make_unique<typename Net::Workspace>();
  std::vector<std::vector<float>> outputs(Net::output_count);
  typename Net::Features wanted;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i].resize(static_cast<std::size_t>(Net::output_shape(static_cast<int>(i)).size()));
    wanted.outputs[i] = outputs[i].data();
  }
  Net::features(weights, typename Net::Image(image), *workspace, wanted);
  std::vector<float> result;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Shape shape = Net::output_shape(static_cast<int>(i));
    const float* value = outputs[i].data();
    for (int channel = 0; channel < shape.channels; ++channel) {
      double sum = 0;
      for (std::int64_t pixel = 0; pixel < shape.pixels(); ++pixel) sum += *value++;
      result.push_back(static_cast<float>(sum / static_cast<double>(shape.pixels())));
    }
  }
  return result;
}

}  // namespace self_testing

/// Writes a native file: packed weights, what the network is (metadata), labels, preprocessing,
/// and the answer that `self_test` checks. `storage` may be another than the type's: with
/// Storage::half the file is half as large, and any type of the network loads it.
template <class Weights>
Error save(NewFile& target, const Weights& weights, ModelInfo info = {},
           Storage storage = Weights::Network::architecture.storage) {
  using Net = typename Weights::Network;
  if (auto error = check_info(info, Net::classes, target.path())) return error;
  if constexpr (requires { Net::Definition::model.name; }) info.model = Net::Definition::model.name;
  TensorFile file;
  file.metadata = {{"format", std::string(kNativeFormat)},
                   {"format_version", std::string(kNativeVersion)},
                   {"network", std::string(Net::architecture.name)},
                   {"input", std::to_string(Net::input_shape.height) + "x" +
                                 std::to_string(Net::input_shape.width)}};
  Architecture architecture = Net::architecture;
  architecture.storage = storage;
  for (auto& entry : describe(architecture)) file.metadata.push_back(std::move(entry));
  add_info(info, file.metadata);

  // In the file's storage; and as a type of this storage gets them back.
  const std::vector<Layer> layers = layers_in(storage, Net::layers);
  std::vector<float> stored(weight_count(layers));
  const auto loaded = std::make_unique<Weights>();
  copy_packed(Net::layers, weights.values, layers, stored);
  copy_packed(layers, stored, Net::layers, loaded->values);
  const std::span<const float> values = stored;
  native::for_each_tensor(
      layers, [&](const std::string& name, DataType type, const std::vector<std::int64_t>& shape,
                  std::size_t offset, std::size_t size) {
        file.tensors.push_back({.name = name,
                                .type = type,
                                .shape = shape,
                                .data = std::as_bytes(values.subspan(offset, size))});
      });
  const std::vector<float> answer = self_testing::answer<Net>(*loaded);
  file.tensors.push_back({.name = std::string(kSelfTest),
                          .type = DataType::f32,
                          .shape = {self_testing::answer_size<Net>()},
                          .data = std::as_bytes(std::span(answer))});
  return write_safetensors(target, file);
}

/// The same, and gives the file its name: either the whole file appears or none.
template <class Weights>
Error save(std::string_view path, const Weights& weights, const ModelInfo& info = {},
           Storage storage = Weights::Network::architecture.storage) {
  NewFile target(path);
  if (auto error = save(target, weights, info, storage)) return error;
  return target.publish();
}

/// Computes the self-test of a native file and compares it with what the writer got: within 1e-4
/// of its largest number, which leaves room for a CPU without fused multiply-add.
template <class Weights>
Error self_test_bytes(std::span<const std::byte> bytes, std::string_view path,
                      const Weights& weights) {
  using Net = typename Weights::Network;
  TensorFile file;
  if (auto error = parse_safetensors(bytes, path, file)) return error;
  const Tensor* tensor = file.find(kSelfTest);
  if (tensor == nullptr) return Error::of(path, ": has no self-test (", kSelfTest, ")");
  constexpr int kSize = self_testing::answer_size<Net>();
  if (tensor->type != DataType::f32 || tensor->shape != std::vector<std::int64_t>{kSize})
    return Error::of(path, ": ", kSelfTest, ": expected F32 [", kSize, "], found ",
                     describe(tensor->type, tensor->shape));
  std::vector<float> expected(static_cast<std::size_t>(kSize));
  to_float(*tensor, expected);
  const std::vector<float> found = self_testing::answer<Net>(weights);
  float largest = 0;
  for (const float value : expected) largest = std::max(largest, std::abs(value));
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (!(std::abs(found[i] - expected[i]) <= 1e-4f * largest))
      return Error::of(path, ": self-test: number ", i, " of the answer is ",
                       std::to_string(found[i]), ", the file says ", std::to_string(expected[i]));
  return {};
}

/// The same, from a file.
template <class Weights>
Error self_test(std::string_view path, const Weights& weights) {
  FileBytes bytes;
  if (auto error = read_file(path, bytes)) return error;
  return self_test_bytes(std::as_const(bytes).bytes(), path, weights);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAVE_HPP
