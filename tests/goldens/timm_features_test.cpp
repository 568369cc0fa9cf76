// What timm's features_only, forward_features and forward_head give, from one network and its
// weights.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "goldens/golden.hpp"
#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"

namespace pplcnet_test {
namespace {

using nlohmann::json;
using pplcnet::BackboneOptions;
using pplcnet::Dialect;
using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::PPLCNetBackbone;
using pplcnet::Scale;
using pplcnet::Shape;
using pplcnet::Stride;

constexpr double kStageTolerance = 5e-3;  // of a stage's standard deviation

using Net = PPLCNet<Scale::x0_5, Options{.dialect = Dialect::timm}>;
using Backbone = PPLCNetBackbone<Scale::x0_5, BackboneOptions{.dialect = Dialect::timm}>;

template <class Network>
constexpr bool has_timms_stages() {
  constexpr Shape kShapes[] = {
      {112, 112, 16}, {56, 56, 32}, {28, 28, 64}, {14, 14, 128}, {7, 7, 256}};
  bool same = Network::stage_count == 5;
  for (int i = 0, stride = 2; i < 5; ++i, stride *= 2)
    same = same && Network::stage_shape(i) == kShapes[i] &&
           Network::stage_stride(i) == Stride(stride) && Network::stage_of_stride(stride) == i;
  return same && Network::stage_of_stride(1) == -1 && Network::stage_of_stride(64) == -1;
}
static_assert(has_timms_stages<Net>() && has_timms_stages<Backbone>());
static_assert(Net::embedding_size == 1280 && Net::classes == 1000);
static_assert(Backbone::output_count == 5);

/// The maps of the stages, then the vectors.
constexpr std::size_t kStages = Net::stage_count;
constexpr std::size_t kPooled = kStages, kEmbedding = kStages + 1, kLogits = kStages + 2;
constexpr std::size_t kFeatures = kStages + 3;
using FeatureValues = std::vector<std::vector<float>>;

const std::vector<float>& input() {
  static const std::vector<float> values = synthetic_input(1, 1, 3, 224, 224);
  return values;
}

/// The features whose bits are set in `requested`; the others are empty.
FeatureValues features(const Net::Weights& weights, unsigned requested) {
  FeatureValues values(kFeatures);
  Net::Features places;
  const auto place = [&](std::size_t i, std::int64_t size) -> float* {
    if ((requested >> i & 1) == 0) return nullptr;
    values[i].resize(static_cast<std::size_t>(size));
    return values[i].data();
  };
  for (std::size_t i = 0; i < kStages; ++i)
    places.stages[i] = place(i, Net::stage_shape(static_cast<int>(i)).size());
  places.pooled = place(kPooled, Net::stage_shape(kStages - 1).channels);
  places.embedding = place(kEmbedding, Net::embedding_size);
  places.logits = place(kLogits, Net::classes);
  const auto workspace = std::make_unique<Net::Workspace>();
  Net::features(weights, Net::Image(input()), *workspace, places);
  return values;
}
constexpr unsigned kAll = (1U << kFeatures) - 1;

TEST(TimmFeaturesTest, TimmsValues) {
  const json golden = Golden::read(own_goldens() / "timm_lcnet_050.json").numbers;
  // features_only's maps, of which the last is forward_features'; then forward_head(pre_logits).
  const char* const names[] = {"blocks.0.0", "blocks.1.1",  "blocks.2.1", "blocks.4.3",
                               "blocks.5.1", "global_pool", "act2"};
  const FeatureValues found = features(*synthetic_weights<Net>(), kAll);
  for (std::size_t i = 0; i < std::size(names); ++i) {
    const auto stage = std::ranges::find_if(
        golden.at("stages"), [&](const json& one) { return one.at("name") == names[i]; });
    ASSERT_NE(stage, golden.at("stages").end()) << names[i];
    const std::vector<std::size_t> positions = stage->at("idx");
    const std::vector<double> values = stage->at("values");
    ASSERT_FALSE(positions.empty());
    const double tolerance = kStageTolerance * stage->at("std").get<double>();
    for (std::size_t k = 0; k < positions.size(); ++k)
      ASSERT_NEAR(found[i].at(positions[k]), values[k], tolerance)
          << names[i] << " at " << positions[k];
  }
}

TEST(TimmFeaturesTest, AnySubsetHasTheSameBits) {
  const auto weights = synthetic_weights<Net>();
  const FeatureValues expected = features(*weights, kAll);
  for (unsigned requested = 1; requested < kAll; ++requested) {
    const FeatureValues found = features(*weights, requested);
    for (std::size_t i = 0; i < kFeatures; ++i) {
      if ((requested >> i & 1) == 0) continue;
      ASSERT_EQ(
          std::memcmp(found[i].data(), expected[i].data(), expected[i].size() * sizeof(float)), 0)
          << "feature " << i << " of " << requested;
    }
  }
}

TEST(TimmFeaturesTest, ABackboneFromTheClassifiersFileHasTheSameBits) {
  const auto state = synthetic_state_dict(Net::layers, Net::traits);
  const auto weights = std::make_unique<Backbone::Weights>();
  ASSERT_STREQ(
      pplcnet::pack_state_dict(state.file, Backbone::layers, Backbone::traits, weights->values)
          .message(),
      "");
  const FeatureValues expected = features(*synthetic_weights<Net>(), kAll);
  FeatureValues found(kStages);
  Backbone::Features places;
  for (std::size_t i = 0; i < kStages; ++i) {
    found[i].resize(expected[i].size());
    places.outputs[i] = found[i].data();
  }
  const auto workspace = std::make_unique<Backbone::Workspace>();
  Backbone::features(*weights, Backbone::Image(input()), *workspace, places);
  for (std::size_t i = 0; i < kStages; ++i) EXPECT_EQ(found[i], expected[i]) << "stage " << i;
}

}  // namespace
}  // namespace pplcnet_test
