// Every network that is a function: the same bits whatever the instruction set (all that have fused
// multiply-add), the threads and the size of the batch.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pplcnet/any_network.hpp"
#include "pplcnet/kernels/forward.hpp"
#include "published_graphs.hpp"
#include "synthetic_weights.hpp"
#include "threads.hpp"

namespace {

using pplcnet::AnyNetwork;
using pplcnet::Isa;
using pplcnet::Picture;
using pplcnet::Plan;
using Bits = std::vector<std::uint32_t>;

constexpr std::size_t kImages = 3;

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

/// Returns which layer's output is the network's first result, and how many values that has.
std::pair<std::size_t, std::size_t> result_of(const AnyNetwork& network) {
  const auto layer = static_cast<std::size_t>(network.plan().outputs[0]);
  return {layer, static_cast<std::size_t>(network.layers()[layer].output.size())};
}

/// Logits, or the first map that is a result, of pictures in one batch.
Bits results(const AnyNetwork& network, const std::vector<Picture>& pictures, Isa isa,
             int threads) {
  const Plan& plan = network.plan();
  const auto layers = static_cast<std::size_t>(plan.layer_count);
  const auto [layer, size] = result_of(network);
  std::vector<float> result(pictures.size() * size);
  std::vector<float*> destinations(pictures.size() * layers);
  for (std::size_t i = 0; i < pictures.size(); ++i)
    destinations[i * layers + layer] = result.data() + i * size;
  Floats maps(plan.map_floats), vectors(plan.vector_floats);
  Floats scratch(plan.scratch_floats * static_cast<std::size_t>(threads));
  pplcnet_test::Threads team(threads);
  pplcnet::forward({.layers = plan.layers,
                    .layer_count = plan.layer_count,
                    .weights = network.weights().data(),
                    .pictures = pictures.data(),
                    .images = static_cast<int>(pictures.size()),
                    .destinations = destinations.data(),
                    .maps = maps.data(),
                    .vectors = vectors.data(),
                    .scratch = scratch.data(),
                    .scratch_floats = plan.scratch_floats,
                    .threads = threads,
                    .executor = team.executor()},
                   isa);
  Bits bits(result.size());
  std::ranges::transform(result, bits.begin(),
                         [](float value) { return std::bit_cast<std::uint32_t>(value); });
  return bits;
}

class PublishedGraphs : public testing::TestWithParam<pplcnet_test::PublishedGraph> {};

TEST_P(PublishedGraphs, SameBits) {
  std::optional<AnyNetwork> network;
  ASSERT_FALSE(AnyNetwork::make(GetParam().graph(), 1, network));
  for (const pplcnet::Layer& layer : network->layers())
    if (layer.owns_weights())
      pack(layer, pplcnet_test::synthetic_parameters(layer), network->weights());
  const pplcnet::Shape shape = network->input_shape();
  const std::vector<float> images = pplcnet_test::synthetic_input(
      1, kImages, 3, static_cast<std::size_t>(shape.height), static_cast<std::size_t>(shape.width));
  std::vector<Picture> pictures;
  for (std::size_t i = 0; i < kImages; ++i)
    pictures.push_back(
        Picture::planar(images.data() + i * static_cast<std::size_t>(shape.size()), shape));

  Bits expected;  // one by one
  for (const Picture& picture : pictures)
    std::ranges::copy(results(*network, {picture}, pplcnet::best_isa(), 1),
                      std::back_inserter(expected));
  const auto size = static_cast<std::ptrdiff_t>(result_of(*network).second);
  EXPECT_NE(Bits(expected.begin(), expected.begin() + size),
            Bits(expected.end() - size, expected.end()));
  EXPECT_EQ(results(*network, pictures, pplcnet::best_isa(), 2), expected) << "two threads";
  const Isa other = std::min(Isa::avx2, pplcnet::best_isa());
  EXPECT_EQ(results(*network, pictures, other, 1), expected) << pplcnet::isa_name(other);
}

INSTANTIATE_TEST_SUITE_P(Each, PublishedGraphs, testing::ValuesIn(pplcnet_test::kPublishedGraphs),
                         [](const auto& test) { return std::string(test.param.graph().title); });

}  // namespace
