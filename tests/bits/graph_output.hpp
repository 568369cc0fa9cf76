#ifndef PPLCNET_TESTS_BITS_GRAPH_OUTPUT_HPP
#define PPLCNET_TESTS_BITS_GRAPH_OUTPUT_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "pplcnet/any_network.hpp"
#include "pplcnet/kernels/forward.hpp"
#include "synthetic_weights.hpp"
#include "threads.hpp"

namespace pplcnet_test {

using Bits = std::vector<std::uint32_t>;

/// Returns the network of a graph, without weights.
inline pplcnet::AnyNetwork network_of(const pplcnet::Graph& graph) {
  std::optional<pplcnet::AnyNetwork> network;
  if (const pplcnet::Error error = pplcnet::AnyNetwork::make(graph, 1, network)) {
    std::fprintf(stderr, "%s\n", error.message());
    std::abort();
  }
  return *std::move(network);
}

/// Gives a network synthetic weights.
inline void fill_with_synthetic_weights(pplcnet::AnyNetwork& network) {
  for (const pplcnet::Layer& layer : network.layers())
    if (layer.owns_weights()) pack(layer, synthetic_parameters(layer), network.weights());
}

/// Returns the network of a graph with synthetic weights.
inline pplcnet::AnyNetwork synthetic_network(const pplcnet::Graph& graph) {
  pplcnet::AnyNetwork network = network_of(graph);
  fill_with_synthetic_weights(network);
  return network;
}

/// A few synthetic pictures of a network's input size, each with other values.
class SyntheticPictures {
 public:
  SyntheticPictures(pplcnet::Shape shape, std::size_t count)
      : values_(synthetic_input(1, count, 3, static_cast<std::size_t>(shape.height),
                                static_cast<std::size_t>(shape.width))) {
    for (std::size_t i = 0; i < count; ++i)
      pictures_.push_back(pplcnet::Picture::planar(
          values_.data() + i * static_cast<std::size_t>(shape.size()), shape));
  }
  const std::vector<pplcnet::Picture>& pictures() const { return pictures_; }

 private:
  std::vector<float> values_;
  std::vector<pplcnet::Picture> pictures_;
};

/// Floats that begin at a cache line.
struct Floats {
  explicit Floats(std::size_t count) : values(count + kLine) {}
  float* data() {
    const std::size_t past = std::bit_cast<std::uintptr_t>(values.data()) / sizeof(float) % kLine;
    return values.data() + (kLine - past) % kLine;
  }
  static constexpr std::size_t kLine = 64 / sizeof(float);
  std::vector<float> values;
};

/// Returns which layer has an output of the network, and how many values that has.
inline std::pair<std::size_t, std::size_t> output_layer(const pplcnet::AnyNetwork& network,
                                                        int output) {
  const auto layer =
      static_cast<std::size_t>(network.plan().outputs[static_cast<std::size_t>(output)]);
  return {layer, static_cast<std::size_t>(network.layers()[layer].output.size())};
}

/// Returns an output of pictures in one batch.
inline Bits results(const pplcnet::AnyNetwork& network, int output,
                    const std::vector<pplcnet::Picture>& pictures, pplcnet::Isa isa, int threads) {
  const pplcnet::Plan& plan = network.plan();
  const auto layers = static_cast<std::size_t>(plan.layer_count);
  const auto [layer, size] = output_layer(network, output);
  std::vector<float> result(pictures.size() * size);
  std::vector<float*> destinations(pictures.size() * layers);
  for (std::size_t i = 0; i < pictures.size(); ++i)
    destinations[i * layers + layer] = result.data() + i * size;
  Floats maps(plan.map_floats), vectors(plan.vector_floats);
  Floats scratch(plan.scratch_of(threads) * static_cast<std::size_t>(threads));
  Threads team(threads);
  pplcnet::forward({.layers = plan.layers,
                    .layer_count = plan.layer_count,
                    .weights = network.weights().data(),
                    .pictures = pictures.data(),
                    .images = static_cast<int>(pictures.size()),
                    .destinations = destinations.data(),
                    .maps = maps.data(),
                    .vectors = vectors.data(),
                    .scratch = scratch.data(),
                    .scratch_floats = plan.scratch_of(threads),
                    .threads = threads,
                    .executor = team.executor()},
                   isa);
  Bits bits(result.size());
  std::ranges::transform(result, bits.begin(),
                         [](float value) { return std::bit_cast<std::uint32_t>(value); });
  return bits;
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_BITS_GRAPH_OUTPUT_HPP
