#ifndef PPLCNET_TESTS_FUZZ_QUANTISED_FORMAT_HPP
#define PPLCNET_TESTS_FUZZ_QUANTISED_FORMAT_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "fuzz/format.hpp"
#include "pplcnet/kernels/int8/forward.hpp"
#include "pplcnet/kernels/int8/run.hpp"
#include "pplcnet/kernels/isa.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan/make_quantised_plan.hpp"
#include "pplcnet/plan/quantised_layer.hpp"
#include "pplcnet/quantise/load.hpp"
#include "pplcnet/quantise/pack.hpp"
#include "pplcnet/quantise/save.hpp"
#include "pplcnet/weights/safetensors/writer.hpp"
#include "quantise/oracle.hpp"
#include "quantise/random_bytes.hpp"
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

/// Computes a picture with a network: whatever its numbers are, kernels give what the oracle does.
inline void check_kernels(std::span<const std::byte> packed, std::span<const std::uint8_t> pixels) {
  constexpr auto& kBytes = kQuantisedPlan;
  alignas(64) static std::array<std::byte, kBytes.weight_bytes> weights;
  alignas(64) static std::array<std::uint8_t, kBytes.map_bytes> maps;
  alignas(64) static std::array<std::uint8_t, kBytes.vector_bytes> vectors;
  alignas(64) static std::array<std::uint8_t, kBytes.scratch_bytes> scratch;
  std::ranges::copy(packed, weights.begin());
  const auto tables = tables_of(weights.data());
  const auto picture =
      pplcnet::Picture::interleaved(pixels.data(), tables.data(), kLayers.front().input);
  std::array<float, static_cast<std::size_t>(kTraits.classes)> logits = {};
  std::array<float*, kLayers.size()> destinations = {};
  destinations[static_cast<std::size_t>(kTraits.logits)] = logits.data();
  pplcnet::forward_quantised({.layers = kBytes.layers,
                              .layer_count = kBytes.layer_count,
                              .weights = weights.data(),
                              .pictures = &picture,
                              .destinations = destinations.data(),
                              .maps = maps.data(),
                              .vectors = vectors.data(),
                              .scratch = scratch.data(),
                              .scratch_bytes = kBytes.scratch_bytes},
                             pplcnet::best_isa());
  const ByteOracle oracle({kBytes.layers, kLayers.size()}, weights);
  require(std::ranges::equal(
              logits, oracle.outputs(pixels)[static_cast<std::size_t>(kTraits.logits)].logits),
          "logits that are not the oracle's");
}

/// Computes the darkest picture, the lightest, and one of noise, once for each packed network: most
/// damage changes none of its bytes.
inline bool check_kernels(std::span<const std::byte> packed) {
  static std::unordered_set<std::size_t> checked;  // hashes
  const std::string_view bytes(reinterpret_cast<const char*>(packed.data()), packed.size());
  if (!checked.insert(std::hash<std::string_view>()(bytes)).second) return true;
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(kLayers.front().input.size()));
  check_kernels(packed, pixels);
  std::ranges::fill(pixels, std::uint8_t{255});
  check_kernels(packed, pixels);
  std::uint32_t state = 1;
  for (std::uint8_t& pixel : pixels)
    pixel = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  check_kernels(packed, pixels);
  return true;
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
                    [](const auto& packed) { return check_kernels(packed); });
              },
          .words = {"\"storage\":\"int8\"", "\"labels\":\"", "\\n", "\"I8\"", "\"U8\"", ".weight\"",
                    ".zero_point\"", "\x01\x80\x7f", std::string("\0\0\x80\x7f", 4)},
          .join = [](const Parts& parts) { return safetensors_file(parts.head, parts.tail); }};
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_FUZZ_QUANTISED_FORMAT_HPP
