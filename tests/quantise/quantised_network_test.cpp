// A network in bytes as a type: logits, batches and features are what the oracle gives.
#include "pplcnet/quantised_network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "pplcnet/models/pplcnet.hpp"
#include "pplcnet/plan/make_plan.hpp"
#include "pplcnet/quantise/check_plan.hpp"
#include "quantise/oracle.hpp"
#include "quantise/random_bytes.hpp"
#include "threads.hpp"

namespace pplcnet_test::quantised_network_test {
namespace {

using pplcnet::Options;
using pplcnet::Picture;
using pplcnet::PPLCNet;
using pplcnet::Precision;
using pplcnet::Scale;

template <int kHead>
constexpr Options kSmall = {
    .classes = 7, .input = {37, 40}, .head = kHead, .precision = Precision::int8};
using Net = PPLCNet<Scale::x0_25, kSmall<32>>;
using Headless = PPLCNet<Scale::x0_25, kSmall<0>>;

static_assert(std::is_same_v<Net, pplcnet::Quantised<Net::Floats>>);
static_assert(
    std::is_same_v<Net::Floats,
                   PPLCNet<Scale::x0_25, Options{.classes = 7, .input = {37, 40}, .head = 32}>>);
static_assert(std::is_same_v<pplcnet::PPLCNetV2<pplcnet::V2::small,
                                                pplcnet::V2Options{.precision = Precision::int8}>,
                             pplcnet::Quantised<pplcnet::PPLCNetV2<pplcnet::V2::small>>>);
static_assert(Net::layer_count == Net::Floats::layer_count && Net::classes == 7);
static_assert(PPLCNet<Scale::x1_0, Options{.precision = Precision::int8}>::weight_bytes * 7 <
              PPLCNet<Scale::x1_0>::weight_bytes * 2);
static_assert(PPLCNet<Scale::x1_0, Options{.precision = Precision::int8}>::workspace_bytes * 2 <
              PPLCNet<Scale::x1_0>::workspace_bytes);

/// A network with random weights, and pictures with what the oracle gives for them.
template <class TNet>
struct Case {
  static constexpr int kPictures = pplcnet::kChunk + 2;

  Case() {
    const auto plan = pplcnet::new_plan(TNet::Definition::graph(), pplcnet::Storage::single);
    const auto bytes = std::make_unique<pplcnet::QuantisedPlan>(make_quantised_plan(*plan));
    RandomWeights random_weights(*bytes);
    std::memcpy(weights->values.data(), random_weights.data(), random_weights.size());
    tables = tables_of(weights->values.data());
    std::mt19937 random(3);
    for (auto& picture : pixels) {
      picture.resize(TNet::input_size);
      for (std::uint8_t& byte : picture) byte = static_cast<std::uint8_t>(random());
      pictures.push_back(Picture::interleaved(picture.data(), tables.data(), TNet::input_shape));
    }
  }

  std::vector<float> expected_logits(std::size_t picture) const {
    const ByteOracle oracle(TNet::layers, weights->values);
    return oracle.outputs(pixels[picture]).back().logits;
  }

  std::unique_ptr<typename TNet::Weights> weights = std::make_unique<typename TNet::Weights>();
  std::vector<pplcnet::ByteTable> tables;
  std::array<std::vector<std::uint8_t>, kPictures> pixels;
  std::vector<Picture> pictures;
};

TEST(QuantisedNetwork, GivesTheLogitsOfBytesAndOfValues) {
  const Case<Net> test;
  const auto workspace = std::make_unique<Net::Workspace>();
  std::vector<float> image(Net::input_size);
  const auto pixel_count = static_cast<std::size_t>(Net::input_shape.pixels());
  for (std::size_t i = 0; i < image.size(); ++i) {
    const std::size_t channel = i / pixel_count;
    image[i] = test.tables[channel][test.pixels[0][i % pixel_count * 3 + channel]];
  }
  Net::Logits of_bytes{}, of_values{};
  Net::forward(*test.weights, test.pictures[0], *workspace, of_bytes);
  Net::forward(*test.weights, Net::Image(image), *workspace, of_values);
  EXPECT_TRUE(std::ranges::equal(of_bytes, test.expected_logits(0)));
  EXPECT_EQ(of_values, of_bytes);
}

TEST(QuantisedNetwork, GivesTheSameForBatchesAndThreads) {
  const Case<Net> test;
  const auto workspace = std::make_unique<Net::ParallelWorkspace<3>>();
  Threads threads(3);
  std::vector<float> logits(test.pictures.size() * Net::classes);
  Net::forward_batch(*test.weights, std::span(test.pictures), *workspace, logits,
                     {.executor = threads.executor()});
  for (std::size_t i = 0; i < test.pictures.size(); ++i)
    EXPECT_TRUE(std::ranges::equal(std::span(logits).subspan(i * Net::classes, Net::classes),
                                   test.expected_logits(i)));
}

TEST(QuantisedNetwork, GivesFeaturesByEachOfTheirNames) {
  const Case<Headless> test;
  const auto workspace = std::make_unique<Headless::Workspace>();
  constexpr int kStage = Headless::Floats::stage_layer(1);
  constexpr auto kSize = Headless::layers[kStage].output.size();
  std::vector<float> stage(kSize), layer(kSize), pooled(Headless::embedding_size),
      embedding(Headless::embedding_size);
  Headless::Logits logits{};
  Headless::Features features;
  features.stages[1] = stage.data();
  features.layers[kStage] = layer.data();
  features.pooled = pooled.data();
  features.embedding = embedding.data();
  features.logits = logits.data();
  Headless::features(*test.weights, test.pictures[0], *workspace, features);
  EXPECT_EQ(stage, layer);
  EXPECT_EQ(pooled, embedding);
  EXPECT_TRUE(std::ranges::equal(logits, test.expected_logits(0)));
  const ByteOracle oracle(Headless::layers, test.weights->values);
  const auto constants = pplcnet::EndingConstants::of(Headless::layers[Headless::traits.pooled],
                                                      test.weights->values.data());
  const auto means = oracle.outputs(test.pixels[0])[Headless::traits.pooled].values;
  for (std::size_t c = 0; c < pooled.size(); ++c)
    EXPECT_EQ(pooled[c], static_cast<float>(means[c] - constants.zero[c]) * constants.scale[c]);
}

TEST(QuantisedNetwork, SaysWhatCannotBeQuantised) {
  const auto plan = pplcnet::new_plan(Net::Definition::graph(), pplcnet::Storage::half_head);
  EXPECT_EQ(std::string(pplcnet::check_quantisable(*plan).message()),
            "x0_25: layer 0 (conv1): Quantised: weights are given in float32 (Storage::single)");
  const auto single = pplcnet::new_plan(Net::Definition::graph(), pplcnet::Storage::single);
  EXPECT_FALSE(pplcnet::check_quantisable(*single));
}

}  // namespace
}  // namespace pplcnet_test::quantised_network_test
