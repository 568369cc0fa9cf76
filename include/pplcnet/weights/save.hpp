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
#include "pplcnet/weights/safetensors_writer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The tensor behind the weights: logits for `self_test_input`, as the writer computed them.
inline constexpr std::string_view kSelfTest = "self_test.logits";

/// Element i of the self-test's input: in [-1, 1), exact in float32 on any machine.
constexpr float self_test_input(std::size_t i) {
  std::uint64_t bits = (static_cast<std::uint64_t>(i) + 1) * 0x9E3779B97F4A7C15u;
  bits = (bits ^ (bits >> 32)) * 0xD6E8FEB86659FD93u;
  bits = (bits ^ (bits >> 32)) >> 40;
  return static_cast<float>(static_cast<std::int64_t>(bits) - (1 << 23)) / (1 << 23);
}

namespace self_testing {

/// Logits of the self-test's input.
template <class Net>
std::vector<float> logits(const typename Net::Weights& weights) {
  std::vector<float> image(Net::input_size);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = self_test_input(i);
  const auto workspace = std::make_unique<typename Net::Workspace>();
  const auto result = std::make_unique<typename Net::Logits>();
  Net::forward(weights, typename Net::Image(image), *workspace, *result);
  return {result->begin(), result->end()};
}

}  // namespace self_testing

/// Writes a native file: packed weights, what the network is (metadata), labels, preprocessing,
/// and the logits that `self_test` checks. Either the whole file appears or none.
template <class Weights>
Error save(std::string_view path, const Weights& weights, const ModelInfo& info = {}) {
  using Net = typename Weights::Network;
  if (!info.labels.empty() && info.labels.size() != static_cast<std::size_t>(Net::classes))
    return Error::of(path, ": ", info.labels.size(), " labels for ", Net::classes, " classes");
  TensorFile file;
  file.metadata = {{"format", std::string(kNativeFormat)},
                   {"format_version", std::string(kNativeVersion)},
                   {"network", std::string(Net::architecture.name)},
                   {"input", std::to_string(Net::input_shape.height) + "x" +
                                 std::to_string(Net::input_shape.width)}};
  for (auto& entry : describe(Net::architecture)) file.metadata.push_back(std::move(entry));
  if (!info.preprocessing.empty()) file.metadata.emplace_back("preprocessing", info.preprocessing);
  std::string labels;
  for (const std::string& label : info.labels) {
    if (label.find('\n') != std::string::npos)
      return Error::of(path, ": label ", quote(label), " holds a line break");
    labels += label + "\n";
  }
  if (!labels.empty()) file.metadata.emplace_back("labels", labels);

  const std::span<const float> values = weights.values;
  native::for_each_tensor(Net::layers, [&](const std::string& name, DataType type,
                                           const std::vector<std::int64_t>& shape,
                                           std::size_t offset, std::size_t size) {
    file.tensors.push_back({.name = name,
                            .type = type,
                            .shape = shape,
                            .data = std::as_bytes(values.subspan(offset, size))});
  });
  const std::vector<float> logits = self_testing::logits<Net>(weights);
  file.tensors.push_back({.name = std::string(kSelfTest),
                          .type = DataType::f32,
                          .shape = {Net::classes},
                          .data = std::as_bytes(std::span(logits))});
  return write_safetensors(path, file);
}

/// Computes the self-test of a native file and compares it with what the writer got: within 1e-4
/// of the largest logit, which leaves room for a CPU without fused multiply-add.
template <class Weights>
Error self_test(std::string_view path, const Weights& weights) {
  using Net = typename Weights::Network;
  FileBytes bytes;
  if (auto error = read_file(path, bytes)) return error;
  TensorFile file;
  if (auto error = parse_safetensors(std::as_const(bytes).bytes(), path, file)) return error;
  const Tensor* tensor = file.find(kSelfTest);
  if (tensor == nullptr) return Error::of(path, ": has no self-test (", kSelfTest, ")");
  if (tensor->type != DataType::f32 || tensor->shape != std::vector<std::int64_t>{Net::classes})
    return Error::of(path, ": ", kSelfTest, ": expected F32 [", Net::classes, "], found ",
                     describe(tensor->type, tensor->shape));
  std::vector<float> expected(static_cast<std::size_t>(Net::classes));
  to_float(*tensor, expected);
  const std::vector<float> found = self_testing::logits<Net>(weights);
  float largest = 0;
  for (const float value : expected) largest = std::max(largest, std::abs(value));
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (!(std::abs(found[i] - expected[i]) <= 1e-4f * largest))
      return Error::of(path, ": self-test: logit ", i, " is ", std::to_string(found[i]),
                       ", the file says ", std::to_string(expected[i]));
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAVE_HPP
