// A network in bytes that the compiler knows takes its file, as a network in floats does.
#include "pplcnet/quantise/load.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pplcnet/any_quantised_network.hpp"
#include "pplcnet/classifier.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/models/pplcnet.hpp"
#include "pplcnet/models/pulc.hpp"
#include "pplcnet/quantise/self_test.hpp"
#include "pplcnet/quantised_network.hpp"
#include "pplcnet/thread_pool.hpp"
#include "quantise/synthetic_model.hpp"
#include "weights/contents.hpp"

namespace pplcnet_test::load_test {
namespace {

using pplcnet::AnyQuantisedNetwork;
using pplcnet::Classifier;
using pplcnet::ImageView;
using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::Precision;
using pplcnet::Scale;

using Net =
    PPLCNet<Scale::x0_25, Options{.classes = 5, .input = {32, 48}, .precision = Precision::int8}>;
using Floats = Net::Floats;
using Attributes = pplcnet::Quantised<pplcnet::pulc::table_attribute>;

/// Networks in files, and a picture.
class QuantisedLoadTest : public testing::Test {
 protected:
  /// Saves a network with made-up numbers; `network` is the same at run time.
  template <class TNet>
  void save(const pplcnet::ModelInfo& info) {
    const auto graph = std::make_unique<pplcnet::Graph>(TNet::Definition::graph());
    const pplcnet::QuantisedModel model = packable_model(TNet::Floats::layers);
    ASSERT_STREQ(AnyQuantisedNetwork::make(*graph, model, 1, network).message(), "");
    pplcnet::NewFile file(path);
    ASSERT_STREQ(pplcnet::save_quantised(file, *network, model, info).message(), "");
    ASSERT_STREQ(file.publish().message(), "");
    ASSERT_STREQ(pplcnet::read_file(path, bytes).message(), "");
  }

  void SetUp() override {
    for (std::size_t i = 0; i < pixels.size(); ++i)
      pixels[i] = static_cast<std::uint8_t>(i * i / 7 + i / 31);
  }

  TemporaryFolder folder;
  std::string path = folder.file("network.safetensors");
  pplcnet::FileBytes bytes;
  std::optional<AnyQuantisedNetwork> network;
  std::vector<std::uint8_t> pixels = std::vector<std::uint8_t>(3 * 61 * 47);
  const ImageView image = {pixels.data(), 61, 47, pplcnet::PixelFormat::rgb};
  const std::vector<std::string> labels = {"a", "b", "c", "d", "e"};
};

TEST_F(QuantisedLoadTest, WeightsOfATypeAreThoseThatAreMadeAtRunTime) {
  save<Net>({.labels = labels, .preprocessing = "paddle_direct"});
  const auto weights = std::make_unique<Net::Weights>();
  pplcnet::ModelInfo info;
  ASSERT_STREQ(pplcnet::load_quantised(path, *weights, &info).message(), "");
  EXPECT_EQ(info.labels, labels);
  EXPECT_EQ(info.preprocessing, "paddle_direct");
  EXPECT_TRUE(std::ranges::equal(weights->values, std::as_bytes(network->weights())));
  const auto again = std::make_unique<Net::Weights>();
  ASSERT_STREQ(pplcnet::load(path, *again).message(), "");
  EXPECT_EQ(again->values, weights->values);
  *again = {};
  ASSERT_STREQ(pplcnet::load_bytes(std::as_const(bytes).bytes(), path, *again).message(), "");
  EXPECT_EQ(again->values, weights->values);
}

TEST_F(QuantisedLoadTest, EachKindOfWeightsSaysWhatItExpects) {
  save<Net>({});
  const auto floats = std::make_unique<Floats::Weights>();
  EXPECT_EQ(pplcnet::load(path, *floats).message(),
            path + ": its weights are int8; this needs a network in floats");
  const std::string other = folder.file("floats.safetensors");
  ASSERT_STREQ(pplcnet::save(other, *floats).message(), "");
  const auto weights = std::make_unique<Net::Weights>();
  EXPECT_EQ(pplcnet::load(other, *weights).message(),
            other +
                ": expected a quantised network, found a native file in floats; "
                "`pplcnet quantise` makes one of it");
}

TEST_F(QuantisedLoadTest, AClassifierHasLabelsPreprocessingAndTheSameScores) {
  save<Net>({.labels = labels, .preprocessing = "paddle_direct"});
  Classifier<Net> classifier;
  ASSERT_STREQ(classifier.load(path).message(), "");
  EXPECT_EQ(classifier.labels(), labels);
  EXPECT_EQ(classifier.preprocessing().name, "paddle_direct");
  pplcnet::PreprocessScratch scratch;
  ASSERT_TRUE(pplcnet::resize_and_crop(classifier.preprocessing(), image, scratch));
  std::vector<float> expected(Net::classes);
  network->run(classifier.picture(scratch.pixels.data()), Net::traits.logits, expected);
  const auto logits = classifier.logits(image);
  ASSERT_TRUE(logits);
  EXPECT_TRUE(std::ranges::equal(*logits, expected));

  pplcnet::softmax(expected);
  const auto best = pplcnet::top_k<2>(std::span<const float>(expected));
  const auto found = classifier.top_k<2>(image);
  EXPECT_EQ(found[0].class_id, best[0].class_id);
  EXPECT_EQ(found[1].score, best[1].score);

  const std::vector images(pplcnet::kChunk + 3, image);
  std::vector<float> rows(images.size() * Net::classes);
  pplcnet::ThreadPool pool(2);
  ASSERT_STREQ(classifier.probabilities(images, rows, {.executor = pool.executor()}).message(), "");
  for (std::size_t i = 0; i < images.size(); ++i)
    EXPECT_TRUE(
        std::ranges::equal(std::span(rows).subspan(i * Net::classes, Net::classes), expected));
}

TEST_F(QuantisedLoadTest, AClassifierOfAPublishedModelPredictsAsItDoes) {
  save<Attributes>({});
  Classifier<Attributes> classifier;
  EXPECT_EQ(classifier.preprocessing().name, Classifier<Attributes::Floats>().preprocessing().name);
  EXPECT_EQ(classifier.labels(), Classifier<Attributes::Floats>().labels());
  EXPECT_FALSE(classifier.predict(image));
  ASSERT_STREQ(classifier.load(std::as_const(bytes).bytes(), path).message(), "");
  const auto predicted = classifier.predict(image);
  ASSERT_TRUE(predicted);
  const auto probabilities = classifier.probabilities(image);
  ASSERT_TRUE(probabilities);
  const auto expected = pplcnet::decode<Attributes>(
      probabilities->first<static_cast<std::size_t>(Attributes::classes)>());
  EXPECT_EQ(predicted->bits, expected.bits);
  EXPECT_EQ(predicted->horizontal, expected.horizontal);
}

}  // namespace
}  // namespace pplcnet_test::load_test
