// Published models with published files: the type is all that has to be known, and the type of the
// other release is refused.
#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "picture.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/paddle/pir.hpp"

namespace pplcnet_test::published_files_test {
namespace {

namespace models = pplcnet::models;
using pplcnet::Options;
using pplcnet::Scale;

const std::string kData = PPLCNET_TEST_DATA;
const std::string kFolder = kData + "/models/textline_ori_x0_25/";
const std::string kWeights = kFolder + "inference.pdiparams";
const std::string kGraph = kFolder + "inference.json";

#define SKIP_WITHOUT(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing"

TEST(PublishedFiles, AnswerAsPaddleDoesWithNothingButTheType) {
  for (const std::string& path : {kWeights, kGraph, kFolder + "expected.json"}) SKIP_WITHOUT(path);
  using Net = models::textline_orientation_x0_25;
  const auto weights = std::make_unique<Net::Weights>();
  EXPECT_STREQ(pplcnet::load_pir(kWeights, kGraph, *weights).message(), "");
  pplcnet::Classifier<Net> classifier;
  ASSERT_STREQ(classifier.load(kWeights).message(), "");
  std::ifstream text(kFolder + "expected.json");
  const auto expected = nlohmann::json::parse(text);
  EXPECT_EQ(classifier.labels(), expected.at("labels"));
  ASSERT_FALSE(expected.at("cases").empty());
  for (const auto& picture : expected.at("cases")) {
    const std::string path = kData + "/images/" + picture.at("image").get<std::string>();
    SCOPED_TRACE(path);
    SKIP_WITHOUT(path);
    Picture pixels;
    ASSERT_STREQ(Picture::read(path, pixels).message(), "");
    const auto prediction = classifier.predict(pixels.view());
    ASSERT_TRUE(prediction);
    const auto probability = picture.at("prob");
    EXPECT_EQ(prediction->class_id, probability[1] > probability[0] ? 1 : 0);
    EXPECT_NEAR(prediction->score, probability[static_cast<std::size_t>(prediction->class_id)],
                1e-3);
  }
}

TEST(PublishedFiles, TheOtherReleaseIsRefused) {
  for (const std::string& path : {kWeights, kGraph}) SKIP_WITHOUT(path);
  using First = models::textline_orientation_x0_25_first;
  const auto weights = std::make_unique<First::Weights>();
  EXPECT_EQ(pplcnet::load(kWeights, *weights).message(),
            kWeights +
                ": holds 146 tensors, the type's network has 145; with a head (Options::head = "
                "1280) it has as many");
  EXPECT_EQ(pplcnet::load_pir(kWeights, kGraph, *weights).message(),
            kGraph +
                ": has an embedding between pooling and classes, the type has Options::head = "
                "0");

  // With the head the weights fit; the strides, which the first release had, still do not.
  using FirstStrides =
      pplcnet::PPLCNet<Scale::x0_25, Options{.classes = 2,
                                             .input = {80, 160},
                                             .strides = models::kFirstTextLineStrides}>;
  const auto with_head = std::make_unique<FirstStrides::Weights>();
  EXPECT_EQ(pplcnet::load_pir(kWeights, kGraph, *with_head).message(),
            kGraph +
                ": strides in the file are (2,2), (2,1), (2,1), (2,1), (2,1); the type has (1,2), "
                "(2,1), (2,1), (2,1), (2,1)");
}

TEST(PublishedFiles, AnotherModelIsRefused) {
  SKIP_WITHOUT(kWeights);
  const auto weights = std::make_unique<pplcnet::pulc::language_classification::Weights>();
  EXPECT_TRUE(pplcnet::load(kWeights, *weights));
}

}  // namespace
}  // namespace pplcnet_test::published_files_test
