#ifndef PPLCNET_TESTS_FUZZ_METADATA_FORMAT_HPP
#define PPLCNET_TESTS_FUZZ_METADATA_FORMAT_HPP

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "fuzz/format.hpp"
#include "fuzz/tensor_formats.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/kernels/forward.hpp"
#include "pplcnet/kernels/isa.hpp"
#include "pplcnet/kernels/needs.hpp"
#include "pplcnet/kernels/run.hpp"
#include "pplcnet/open/evidence.hpp"
#include "pplcnet/weights/load.hpp"
#include "pplcnet/weights/safetensors/native_storage.hpp"
#include "weights/contents.hpp"

namespace pplcnet_test {

/// Those of a network that is not run.
inline constexpr pplcnet::Needs kNoKernels = pplcnet::needs_of({});

}  // namespace pplcnet_test

template <>
inline void pplcnet::forward<pplcnet_test::kNoKernels>(const Run& /*run*/, Isa /*isa*/) noexcept {
  std::abort();
}

namespace pplcnet_test {

/// Makes the network that a native file's metadata describe, and loads the file into it.
inline pplcnet::Error make_and_load(std::string_view contents,
                                    std::optional<pplcnet::AnyNetwork>& network) {
  pplcnet::TensorFile file;
  if (auto error = pplcnet::parse_safetensors(bytes_of(contents), kPath, file)) return error;
  pplcnet::Evidence evidence;
  if (auto error = pplcnet::read_metadata(file, evidence)) return error;
  pplcnet::Options net = {.input = {16, 16}, .head = 8};
  net.classes = evidence.classes;
  net.head = evidence.head.value_or(net.head);
  net.dropout_percent = evidence.dropout_percent.value_or(net.dropout_percent);
  if (evidence.knows_input()) net.input = evidence.input;
  constexpr std::int64_t kMostPixels = 1 << 14;  // with more, memory is what takes the time
  if (std::int64_t{net.input.height} * net.input.width > kMostPixels)
    return pplcnet::Error::of(kPath, ": is for pictures that are larger than any here");
  const pplcnet::Storage storage = pplcnet::storage_of(file, pplcnet::Storage::single);
  if (auto error = pplcnet::AnyNetwork::make<kNoKernels>(fuzzed_graph(net), 1, network, storage))
    return pplcnet::Error::of(kPath, ": ", error.message());
  return pplcnet::loading::load_bytes(bytes_of(contents), kPath, network->layers(),
                                      network->traits(), network->weights(), nullptr);
}

inline Format metadata_format() {
  Format format = native_format();
  format.allowance += sizeof(pplcnet::Graph) + sizeof(pplcnet::Plan);  // of any network
  format.read = [](std::string_view contents) {
    return run<std::optional<pplcnet::AnyNetwork>>(
        [&](auto& network) { return make_and_load(contents, network); },
        [&](const auto& network) {
          require(network->classes() >= 0 &&
                      static_cast<std::size_t>(network->classes()) <= contents.size(),
                  "more classes than bytes");
          return true;
        });
  };
  format.words = {"\"classes\":\"",         "\"input\":\"16x16\"",  "\"head\":\"", "\"labels\":\"",
                  "\"dropout_percent\":\"", "\"storage\":\"half\"", "2147483648",  "-1"};
  return format;
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_FUZZ_METADATA_FORMAT_HPP
