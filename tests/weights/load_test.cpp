// Files as they are published, from weights to predictions, against the frameworks that made them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "picture.hpp"
#include "pplcnet/pplcnet.hpp"
#include "weights/pickled_networks.hpp"

namespace pplcnet_test::load_test {
namespace {

using pplcnet::Dialect;
using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::Scale;

const std::string kData = PPLCNET_TEST_DATA;
const std::string kTextLineFolder = kData + "/models/textline_ori_x0_25/";
const std::string kTextLineWeights = kTextLineFolder + "inference.pdiparams";

using TextLine = PPLCNet<Scale::x0_25, Options{.classes = 2,
                                               .input = {80, 160},
                                               .strides = {{2, {2, 1}, {2, 1}, {2, 1}, {2, 1}}}}>;

/// The largest difference, as a part of the largest expected value.
double relative_error(std::span<const float> found, const std::vector<double>& expected) {
  EXPECT_EQ(found.size(), expected.size());
  double difference = 0, largest = 0;
  for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
    difference = std::max(difference, std::abs(double{found[i]} - expected[i]));
    largest = std::max(largest, std::abs(expected[i]));
  }
  return difference / largest;
}

TEST(LoadTest, PaddlesTextLineModelPredictsAsPaddleDoes) {
  SKIP_WITHOUT(kTextLineFolder + "expected.json");
  SKIP_WITHOUT(kTextLineWeights);
  std::ifstream text(kTextLineFolder + "expected.json");
  const auto expected = nlohmann::json::parse(text);
  pplcnet::Classifier<TextLine> classifier;
  ASSERT_STREQ(classifier.load(kTextLineWeights).message(), "");
  const auto weights = std::make_unique<TextLine::Weights>();
  ASSERT_STREQ(pplcnet::load(kTextLineWeights, *weights).message(), "");
  const auto workspace = std::make_unique<TextLine::Workspace>();

  double probability_error = 0, logit_error = 0, pooled_error = 0;
  ASSERT_EQ(expected.at("cases").size(), 4u);
  for (const auto& prediction : expected.at("cases")) {
    const std::string path = kData + "/images/" + prediction.at("image").get<std::string>();
    SCOPED_TRACE(path);
    SKIP_WITHOUT(path);
    Picture picture;
    ASSERT_STREQ(Picture::read(path, picture).message(), "");
    const auto probabilities = classifier.probabilities(picture.view());
    ASSERT_TRUE(probabilities);
    for (std::size_t i = 0; i < 2; ++i)
      probability_error =
          std::max(probability_error,
                   std::abs((*probabilities)[i] - prediction.at("prob")[i].get<double>()));
    const auto logits = classifier.logits(picture.view());
    ASSERT_TRUE(logits);
    logit_error = std::max(logit_error, relative_error(*logits, prediction.at("logits")));

    std::vector<float> tensor(TextLine::input_size);
    std::vector<float> pooled(TextLine::stage_shape(4).channels);
    pplcnet::PreprocessScratch scratch;
    ASSERT_TRUE(
        pplcnet::preprocess(pplcnet::kTextlineOrientation, picture.view(), tensor, scratch));
    TextLine::features(*weights, TextLine::Image(tensor), *workspace, {.pooled = pooled.data()});
    pooled_error = std::max(pooled_error, relative_error(pooled, prediction.at("gap")));
  }
  EXPECT_LT(probability_error, 1e-3);
  EXPECT_LT(logit_error, 1e-4);
  EXPECT_LT(pooled_error, 1e-4);
  std::printf("probabilities within %.1e; of the largest: logits within %.1e, pooled %.1e\n",
              probability_error, logit_error, pooled_error);
}

TEST(LoadTest, PaddlesDataFileGivesPaddlesLogits) {
  using Net = PPLCNet<Scale::x0_25>;
  expect_golden<Net>(
      "pplcnet_x0_25.pdiparams", "v1_x0_25",
      [](const std::string& path, Net::Weights& weights) { return pplcnet::load(path, weights); });
}

TEST(LoadTest, TimmsSafetensorsGiveTimmsLogits) {
  using Net = PPLCNet<Scale::x0_5, Options{.dialect = Dialect::timm}>;
  expect_golden<Net>(
      "timm_lcnet_050.safetensors", "timm_lcnet_050",
      [](const std::string& path, Net::Weights& weights) { return pplcnet::load(path, weights); });
}

}  // namespace
}  // namespace pplcnet_test::load_test
