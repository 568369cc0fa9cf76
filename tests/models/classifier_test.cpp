// A classifier of a published model: preprocessing, labels, probabilities and answers are its own.
#include "pplcnet/classifier.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "weights/contents.hpp"

namespace pplcnet_test {
namespace {

namespace models = pplcnet::models;
namespace pulc = pplcnet::pulc;
namespace timm = pplcnet::timm;
using pplcnet::Classifier;
using Labels = std::vector<std::string>;

/// A picture of noise, larger than any input.
class ClassifierOfAModel : public testing::Test {
 protected:
  static constexpr int kWidth = 400, kHeight = 300;

  ClassifierOfAModel() {
    std::uint32_t state = 1;
    for (std::uint8_t& pixel : pixels) {
      state = state * 1664525U + 1013904223U;
      pixel = static_cast<std::uint8_t>(state >> 24);
    }
  }
  pplcnet::ImageView view() const {
    return {pixels.data(), kWidth, kHeight, pplcnet::PixelFormat::rgb};
  }

  /// With synthetic weights, from a native file that has these labels.
  template <class Net>
  Classifier<Net> loaded(const Labels& labels = {}) {
    const std::string path = folder.file("network.safetensors");
    EXPECT_STREQ(
        pplcnet::save(path, *synthetic_weights<Net>(), {.labels = labels, .preprocessing = {}})
            .message(),
        "");
    Classifier<Net> classifier;
    EXPECT_STREQ(classifier.load(path).message(), "");
    return classifier;
  }

  TemporaryFolder folder;
  std::vector<std::uint8_t> pixels = std::vector<std::uint8_t>(3 * kWidth * kHeight);
};

TEST_F(ClassifierOfAModel, HasItsPreprocessing) {
  EXPECT_EQ(Classifier<pulc::person_attribute>().preprocessing().name, "paddle_direct");
  EXPECT_EQ(Classifier<pulc::person_attribute>().preprocessing().height, 256);
  EXPECT_EQ(Classifier<models::document_orientation>().preprocessing().name, "paddlex_imagenet");
  EXPECT_EQ(Classifier<timm::lcnet_150>().preprocessing().name, "timm_bilinear");
}

TEST_F(ClassifierOfAModel, HasItsLabelsUnlessTheFileHasOthers) {
  using Net = pulc::code_exists;
  EXPECT_EQ(Classifier<Net>().labels(), (Labels{"no_code", "contains_code"}));
  EXPECT_EQ(loaded<Net>().labels(), (Labels{"no_code", "contains_code"}));
  EXPECT_EQ(loaded<Net>({"ja", "nein"}).labels(), (Labels{"ja", "nein"}));
  EXPECT_TRUE(Classifier<models::PPLCNet_x0_25>().labels().empty());
}

TEST_F(ClassifierOfAModel, AppliesSigmoidToAttributes) {
  auto classifier = loaded<pulc::table_attribute>();
  const auto logits = classifier.logits(view());
  ASSERT_TRUE(logits);
  std::vector<float> expected(logits->begin(), logits->end());
  pplcnet::sigmoid(expected);
  const auto probabilities = classifier.probabilities(view());
  ASSERT_TRUE(probabilities);
  EXPECT_EQ(probabilities->size(), 6U);
  EXPECT_TRUE(std::ranges::equal(*probabilities, expected));

  const auto answer = classifier.answer(view());
  ASSERT_TRUE(answer);
  const auto decoded =
      pplcnet::table_attributes(std::span<const float, 6>(expected.data(), expected.size()));
  EXPECT_EQ(answer->bits, decoded.bits);
  EXPECT_EQ(answer->scanned, expected[0] > 0.5F);
}

TEST_F(ClassifierOfAModel, AppliesSoftmaxAndTheThreshold) {
  auto classifier = loaded<pulc::code_exists>();
  const auto probabilities = classifier.probabilities(view());
  ASSERT_TRUE(probabilities);
  const float yes = (*probabilities)[1];
  EXPECT_NEAR((*probabilities)[0] + yes, 1.0F, 1e-6F);
  const auto answer = classifier.answer(view());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->class_id, yes >= 0.5F ? 1 : 0);
  EXPECT_EQ(answer->score, yes >= 0.5F ? yes : 1.0F - yes);
}

TEST_F(ClassifierOfAModel, HasNoAnswerWithoutWeights) {
  EXPECT_FALSE(Classifier<pulc::table_attribute>().answer(view()));
}

}  // namespace
}  // namespace pplcnet_test
