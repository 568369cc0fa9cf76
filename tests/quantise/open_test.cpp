// Programs that open any file compute a quantised one in bytes.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/any_quantised_network.hpp"
#include "pplcnet/image/labels.hpp"
#include "pplcnet/models/defaults.hpp"
#include "pplcnet/open/any_classifier.hpp"
#include "pplcnet/open/any_detector.hpp"
#include "pplcnet/open/registry.hpp"
#include "pplcnet/plan/make_plan.hpp"
#include "pplcnet/quantise/save.hpp"
#include "quantise/oracle.hpp"
#include "quantise/synthetic_model.hpp"
#include "weights/contents.hpp"

namespace pplcnet_test::open_test {
namespace {

using pplcnet::AnyClassifier;
using pplcnet::AnyQuantisedNetwork;
using pplcnet::KnownModel;
using pplcnet::Plan;

/// A published model with made-up numbers, in a file.
class QuantisedOpenTest : public testing::Test {
 protected:
  void save(const pplcnet::ModelInfo& info) {
    ASSERT_STREQ(pplcnet::save_quantised(path, model, layers, plan->traits, info).message(), "");
  }

  TemporaryFolder folder;
  std::string path = folder.file("line.safetensors");
  const KnownModel& published = *pplcnet::find_model("PP-LCNet_x0_25_textline_ori");
  std::unique_ptr<pplcnet::Graph> graph = std::make_unique<pplcnet::Graph>(published.graph());
  std::unique_ptr<Plan> plan = std::make_unique<Plan>(pplcnet::make_plan(*graph));
  std::span<const pplcnet::Layer> layers = {plan->layers,
                                            static_cast<std::size_t>(plan->layer_count)};
  pplcnet::QuantisedModel model = packable_model(layers);
};

TEST_F(QuantisedOpenTest, AClassifierComputesWhatTheOracleDoes) {
  save({.labels = {"0", "180"},
        .preprocessing = "paddle_direct",
        .model = "PP-LCNet_x0_25_textline_ori"});
  std::optional<AnyClassifier> classifier;
  ASSERT_STREQ(AnyClassifier::open(path, classifier).message(), "");
  EXPECT_EQ(classifier->name(), published.model.name);
  EXPECT_EQ(classifier->label(1), "180");
  ASSERT_TRUE(classifier->network().is_quantised());
  EXPECT_EQ(classifier->network().floats(), nullptr);

  const pplcnet::Shape shape = classifier->network().input_shape();
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<std::uint8_t>(i * i / 7 + i / 31);
  std::optional<AnyQuantisedNetwork> network;
  ASSERT_STREQ(AnyQuantisedNetwork::make(*graph, model, 1, network).message(), "");
  const pplcnet::QuantisedPlan& bytes = network->bytes_plan();
  const auto outputs =
      ByteOracle({bytes.layers, layers.size()}, std::as_bytes(network->weights())).outputs(pixels);
  const int logits = plan->traits.logits;
  const std::vector<float>& expected = outputs[static_cast<std::size_t>(logits)].logits;
  ASSERT_EQ(expected.size(), 2u);

  // Whatever tables the preprocessing has, the bytes are taken as the file's scales say.
  pplcnet::ByteTable tables[3];
  for (int c = 0; c < 3; ++c)
    for (int byte = 0; byte < 256; ++byte)
      tables[c][static_cast<std::size_t>(byte)] =
          model.picture_scales[static_cast<std::size_t>(c)] *
          (static_cast<float>(byte) - model.picture_zeros[static_cast<std::size_t>(c)]);
  std::vector<float> found(2);
  network->run(pplcnet::Picture::interleaved(pixels.data(), tables, shape), logits, found);
  EXPECT_EQ(found, expected);
  AnyClassifier copy = *classifier;  // shares the weights
  std::ranges::fill(found, 7.0F);
  copy.network().run(pplcnet::Picture::interleaved(pixels.data(), tables, shape), logits, found);
  EXPECT_EQ(found, expected);
  EXPECT_EQ(copy.network().weight_bytes().data(), classifier->network().weight_bytes().data());
}

TEST_F(QuantisedOpenTest, ItIsFoundAmongAllModelsByWhatTheFileSays) {
  save({.labels = {"0", "180"}, .preprocessing = "paddle_direct"});
  std::optional<AnyClassifier> classifier;
  ASSERT_STREQ(
      AnyClassifier::open(path, classifier, {.purpose = pplcnet::Purpose::orientation}).message(),
      "");
  EXPECT_EQ(classifier->name(), published.model.name);
  EXPECT_EQ(classifier->store_as(pplcnet::Storage::half_head, path).message(),
            path + ": its weights are int8, and stay so");
}

TEST_F(QuantisedOpenTest, WhatIsOnlyInFloatsSaysSo) {
  save({.labels = {}, .preprocessing = "", .model = "PP-LCNet_x0_25_textline_ori"});
  const std::string expected = path + ": its weights are int8; this needs a network in floats";
  std::optional<pplcnet::OpenedNetwork> opened;
  EXPECT_EQ(pplcnet::open_network(path, opened).message(), expected);
  std::optional<pplcnet::AnyDetector> detector;
  EXPECT_EQ(pplcnet::AnyDetector::open(path, detector).message(), expected);
}

TEST_F(QuantisedOpenTest, WhatIntegersCannotComputeIsRefused) {
  model.layers[1].weight_scales[2] = 1e-30F;
  model.layers[1].biases[2] = 1;
  save({.labels = {}, .preprocessing = "", .model = "PP-LCNet_x0_25_textline_ori"});
  std::optional<AnyClassifier> classifier;
  EXPECT_EQ(AnyClassifier::open(path, classifier).message(),
            path + ": quantised layer 1: channel 2: its sums need more than 32 bits");
  EXPECT_FALSE(classifier);
}

}  // namespace
}  // namespace pplcnet_test::open_test
