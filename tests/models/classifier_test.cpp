// A classifier of a published model: preprocessing, labels, probabilities and predictions are its
// own.
#include "pplcnet/classifier.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "weights/contents.hpp"

#if defined(__linux__)
#include <sys/resource.h>
#endif

namespace pplcnet_test::classifier_test {
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
  EXPECT_EQ(Classifier<models::PPLCNet_x0_25>().labels().size(), 1000U);
  using Own = pplcnet::PPLCNet<pplcnet::Scale::x0_25, pplcnet::Options{.classes = 3}>;
  EXPECT_TRUE(Classifier<Own>().labels().empty());
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

  const auto prediction = classifier.predict(view());
  ASSERT_TRUE(prediction);
  const auto decoded =
      pplcnet::table_attributes(std::span<const float, 6>(expected.data(), expected.size()));
  EXPECT_EQ(prediction->bits, decoded.bits);
  EXPECT_EQ(prediction->scanned, expected[0] > 0.5F);
}

TEST_F(ClassifierOfAModel, AppliesSoftmaxAndTheThreshold) {
  auto classifier = loaded<pulc::code_exists>();
  const auto probabilities = classifier.probabilities(view());
  ASSERT_TRUE(probabilities);
  const float yes = (*probabilities)[1];
  EXPECT_NEAR((*probabilities)[0] + yes, 1.0F, 1e-6F);
  const auto prediction = classifier.predict(view());
  ASSERT_TRUE(prediction);
  EXPECT_EQ(prediction->class_id, yes >= 0.5F ? 1 : 0);
  EXPECT_EQ(prediction->score, yes >= 0.5F ? yes : 1.0F - yes);
}

#if defined(__linux__)
/// Pages that a call touches for the first time.
template <class Call>
std::int64_t faults(const Call& call) {
  const auto count = [] {
    rusage usage = {};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
  };
  const auto before = count();
  call();
  return count() - before;
}

TEST_F(ClassifierOfAModel, HasItsMemoryBeforeTheFirstPicture) {
  using Net = models::PPLCNet_x0_25;
  // The picture's pixels have their pages; the workspace's are more. Some lie in memory that was
  // used before, but not those of so many.
  constexpr std::int64_t kCopies = 64, kFew = 100;
  static_assert(Net::workspace_bytes > std::size_t{2 * kFew * 4096});
  const auto classifier = loaded<Net>();
  std::vector<Classifier<Net>> copies(kCopies, classifier);
  for (auto& copy : copies) ASSERT_STREQ(copy.prepare(1).message(), "");
  EXPECT_LT(faults([&] {
              for (auto& copy : copies) ASSERT_TRUE(copy.logits(view()));
            }),
            kCopies * kFew);
}
#endif

using TextLine = pplcnet::models::textline_orientation_x0_25;

/// Pictures of many sizes, two of which cannot have a prediction.
std::vector<pplcnet::ImageView> views_of(const std::vector<std::uint8_t>& pixels) {
  std::vector<pplcnet::ImageView> views;
  for (int i = 0; i < 21; ++i)
    views.emplace_back(pixels.data() + i, 100 + 13 * i, 20 + 7 * i, pplcnet::PixelFormat::bgr);
  views[4] = {};
  views[20] = {pixels.data(), 0, 5, pplcnet::PixelFormat::rgb};
  return views;
}

TEST_F(ClassifierOfAModel, ClassifiesManyPicturesWithTheBitsOfEach) {
  auto classifier = loaded<TextLine>();
  const auto views = views_of(pixels);
  std::vector<float> rows(2 * views.size());
  std::vector<pplcnet::Prediction> best(3 * views.size());
  for (const int threads : {1, 2, 5, 40}) {
    SCOPED_TRACE(threads);
    pplcnet::ThreadPool pool(threads);
    const pplcnet::RunOptions options = {.executor = pool.executor()};
    for (std::size_t count = 0; count <= views.size(); ++count) {
      const auto some = std::span(views).first(count);
      EXPECT_STREQ(
          classifier.probabilities(some, std::span(rows).first(2 * count), options).message(), "");
      EXPECT_STREQ(classifier.classify(some, std::span(best).first(3 * count), options).message(),
                   "");
    }
    for (std::size_t i = 0; i < views.size(); ++i) {
      const auto expected = classifier.probabilities(views[i]);
      ASSERT_EQ(expected.has_value(), i != 4 && i != 20);
      if (!expected) {
        EXPECT_TRUE(std::isnan(rows[2 * i]) && std::isnan(rows[2 * i + 1]));
        EXPECT_EQ(best[3 * i], pplcnet::Prediction());
        continue;
      }
      EXPECT_TRUE(std::ranges::equal(*expected, std::span(rows).subspan(2 * i, 2)));
      const auto top = classifier.top_k<3>(views[i]);  // the third does not exist
      EXPECT_TRUE(std::ranges::equal(top, std::span(best).subspan(3 * i, 3)));
    }
  }
}

TEST_F(ClassifierOfAModel, SaysWhyManyPicturesCannotBeClassified) {
  const auto views = views_of(pixels);
  std::vector<pplcnet::Prediction> best(views.size());
  std::vector<float> rows(views.size());
  EXPECT_STREQ(Classifier<TextLine>().classify(views, best).message(),
               "classifier: no weights were loaded");
  auto classifier = loaded<TextLine>();
  EXPECT_STREQ(
      classifier.classify(views, std::span(best).first(20)).message(),
      "classifier: expected as many predictions for each of 21 pictures, found room for 20");
  EXPECT_STREQ(classifier.probabilities(views, rows).message(),
               "classifier: expected room for 21 times 2 probabilities, found room for 21");
  auto preprocessing = classifier.preprocessing();
  preprocessing.height = 10;
  classifier.set_preprocessing(preprocessing);
  EXPECT_STREQ(classifier.classify(views, best).message(),
               "classifier: expected preprocessing for 38400 numbers, found 4800");
}

TEST_F(ClassifierOfAModel, LoadsBytesAndViewsThem) {
  auto expected = loaded<TextLine>({"up", "down"});
  pplcnet::FileBytes bytes;
  ASSERT_STREQ(pplcnet::read_file(folder.file("network.safetensors"), bytes).message(), "");
  const auto file = std::as_const(bytes).bytes();

  Classifier<TextLine> copied, viewed, bare;
  ASSERT_STREQ(copied.load(file, "bytes").message(), "");
  EXPECT_EQ(copied.labels(), (Labels{"up", "down"}));
  ASSERT_STREQ(viewed.view(file, "bytes").message(), "");
  EXPECT_EQ(viewed.labels(), (Labels{"up", "down"}));
  const auto weights = synthetic_weights<TextLine>();
  bare.view(*weights);
  EXPECT_EQ(bare.labels(), (Labels{"0_degree", "180_degree"}));

  const Classifier<TextLine> copy = viewed;
  for (Classifier<TextLine> classifier : {copied, viewed, bare, copy})
    EXPECT_EQ(classifier.top_k<2>(view()), expected.top_k<2>(view()));

  EXPECT_TRUE(viewed.view(file.subspan(1), "shifted"));
  EXPECT_TRUE(viewed.load(file.subspan(1), "shifted"));
  EXPECT_EQ(viewed.top_k<2>(view()), expected.top_k<2>(view()));  // as before
}

TEST_F(ClassifierOfAModel, HasNoAnswerWithoutWeights) {
  EXPECT_FALSE(Classifier<pulc::table_attribute>().predict(view()));
}

}  // namespace
}  // namespace pplcnet_test::classifier_test
