// The file of a quantised network says what it gives for one picture, to the last bit.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pplcnet/any_quantised_network.hpp"
#include "pplcnet/networks/pplcnet_v1.hpp"
#include "pplcnet/plan/make_plan.hpp"
#include "pplcnet/quantise/load.hpp"
#include "pplcnet/quantise/save.hpp"
#include "pplcnet/quantise/self_test.hpp"
#include "quantise/synthetic_model.hpp"
#include "weights/contents.hpp"

namespace pplcnet_test::self_test_test {
namespace {

using pplcnet::AnyQuantisedNetwork;

class QuantisedSelfTestTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_STREQ(AnyQuantisedNetwork::make(*graph, model, 1, network).message(), "");
    pplcnet::NewFile file(path);
    ASSERT_STREQ(pplcnet::save_quantised(file, *network, model).message(), "");
    ASSERT_STREQ(file.publish().message(), "");
    ASSERT_STREQ(pplcnet::read_file(path, bytes).message(), "");
  }

  std::string test(const AnyQuantisedNetwork& one) const {
    return pplcnet::self_test_quantised(bytes.bytes(), path, one).message();
  }

  TemporaryFolder folder;
  std::string path = folder.file("network.safetensors");
  std::unique_ptr<pplcnet::Graph> graph = std::make_unique<pplcnet::Graph>(
      pplcnet::V1<pplcnet::Scale::x0_25,
                  pplcnet::Options{.classes = 5, .input = {32, 48}}>::graph());
  std::unique_ptr<pplcnet::Plan> plan = std::make_unique<pplcnet::Plan>(pplcnet::make_plan(*graph));
  std::span<const pplcnet::Layer> layers = {plan->layers,
                                            static_cast<std::size_t>(plan->layer_count)};
  pplcnet::QuantisedModel model = packable_model(layers);
  std::optional<AnyQuantisedNetwork> network;
  pplcnet::FileBytes bytes;
};

TEST_F(QuantisedSelfTestTest, WhatIsReadBackPassesIt) {
  pplcnet::QuantisedModel again;
  ASSERT_STREQ(pplcnet::load_quantised(path, layers, plan->traits, again).message(), "");
  std::optional<AnyQuantisedNetwork> loaded;
  ASSERT_STREQ(AnyQuantisedNetwork::make(*graph, again, 1, loaded).message(), "");
  EXPECT_EQ(test(*loaded), "");
}

TEST_F(QuantisedSelfTestTest, OneStepOfOneWeightFails) {
  std::int8_t& weight = model.layers.back().weights[7];
  weight = static_cast<std::int8_t>(weight < 0 ? weight + 1 : weight - 1);
  std::optional<AnyQuantisedNetwork> other;
  ASSERT_STREQ(AnyQuantisedNetwork::make(*graph, model, 1, other).message(), "");
  const std::string message = test(*other);
  EXPECT_TRUE(message.starts_with(path + ": self-test: number 0 of the output is ")) << message;
}

TEST_F(QuantisedSelfTestTest, AnAnswerOfAnotherNetworkIsRefused) {
  const std::vector<float> answer(6);
  pplcnet::NewFile file(path);
  ASSERT_STREQ(pplcnet::save_quantised(file, model, layers, plan->traits, {}, answer).message(),
               "");
  ASSERT_STREQ(file.publish().message(), "");
  pplcnet::QuantisedModel again;
  EXPECT_EQ(pplcnet::load_quantised(path, layers, plan->traits, again).message(),
            path + ": tensor 'self_test.answer': expected 5 classes, found 6");
}

}  // namespace
}  // namespace pplcnet_test::self_test_test
