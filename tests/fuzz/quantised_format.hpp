#ifndef PPLCNET_TESTS_FUZZ_QUANTISED_FORMAT_HPP
#define PPLCNET_TESTS_FUZZ_QUANTISED_FORMAT_HPP

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/format.hpp"
#include "pplcnet/plan/make_quantised_plan.hpp"
#include "pplcnet/plan/quantised_layer.hpp"
#include "pplcnet/quantise/load.hpp"
#include "pplcnet/quantise/pack.hpp"
#include "pplcnet/quantise/save.hpp"
#include "pplcnet/weights/safetensors/writer.hpp"
#include "quantise/synthetic_model.hpp"
#include "weights/contents.hpp"

namespace pplcnet_test {

inline constexpr pplcnet::QuantisedPlan kQuantisedPlan = pplcnet::make_quantised_plan(kPlan);

/// Loads a network, and has it packed as kernels read it.
inline pplcnet::Error load_and_pack(std::string_view contents, std::vector<std::byte>& packed) {
  pplcnet::QuantisedModel model;
  pplcnet::ModelInfo info;
  if (auto error =
          pplcnet::load_quantised_bytes(bytes_of(contents), kPath, kLayers, kTraits, model, &info))
    return error;
  packed.resize(kQuantisedPlan.weight_bytes);
  const std::span layers(kQuantisedPlan.layers, kLayers.size());
  if (auto error = pplcnet::pack(model, layers, packed))
    return pplcnet::Error::of(kPath, ": ", error.message());
  return {};
}

inline Format quantised_format() {
  const pplcnet::QuantisedModel model = packable_model(kLayers);
  pplcnet::TensorFile file;
  file.metadata = pplcnet::quantised_file::metadata_of(
      kLayers, kTraits, {.labels = {"a", "b", "c"}, .preprocessing = "imagenet"});
  const pplcnet::Error unfit = pplcnet::quantised_file::add_tensors(kLayers, model, kPath, file);
  require(!unfit, unfit.message());
  std::vector<std::byte> begin;
  const pplcnet::Error error = pplcnet::safetensors::make_header(file, kPath, begin);
  require(!error, error.message());
  const std::string header(reinterpret_cast<const char*>(begin.data()), begin.size());
  std::string data;
  for (const pplcnet::Tensor& tensor : file.tensors)
    data.append(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size());
  return {.files = {{header.substr(8), data}},
          .read =
              [](std::string_view contents) {
                return run<std::vector<std::byte>>(
                    [&](auto& packed) { return load_and_pack(contents, packed); },
                    [](const auto& packed) { return !packed.empty(); });
              },
          .words = {"\"storage\":\"int8\"", "\"labels\":\"", "\\n", "\"I8\"", "\"U8\"", ".weight\"",
                    ".zero_point\"", "\x01\x80\x7f", std::string("\0\0\x80\x7f", 4)},
          .join = [](const Parts& parts) { return safetensors_file(parts.head, parts.tail); }};
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_FUZZ_QUANTISED_FORMAT_HPP
