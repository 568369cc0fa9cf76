// Pages are read as ONNX Runtime with PaddleOCR's own code before and after it reads them.
#include "pplcnet/text_reader.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pplcnet/networks/ocr_detection.hpp"
#include "pplcnet/networks/ocr_recognition.hpp"
#include "pplcnet/weights/onnx/load.hpp"
#include "synthetic.hpp"
#include "synthetic_weights.hpp"

namespace pplcnet_test::text_reader_test {
namespace {

using pplcnet::AnyNetwork;
using pplcnet::Dictionary;
using pplcnet::Error;
using pplcnet::Extent;
using pplcnet::Graph;
using pplcnet::ImageView;
using pplcnet::PixelFormat;
using pplcnet::TextBox;
using pplcnet::TextLine;
using pplcnet::TextNetwork;
using pplcnet::TextNetworks;
using pplcnet::TextReader;
using pplcnet::WidthOptions;

constexpr WidthOptions kDetector = {.width = 75, .input = {64, 64}};
constexpr WidthOptions kRecogniser = {.width = 95, .input = {48, 320}, .classes = 5};

/// A network with synthetic weights.
TextNetwork synthetic(Graph (*graph)(const WidthOptions&), const WidthOptions& options) {
  AnyNetwork network(*std::make_unique<Graph>(graph(options)));
  for (const pplcnet::Layer& layer : network.layers())
    if (layer.owns_weights()) pack(layer, synthetic_parameters(layer), network.weights());
  return {std::move(network), graph, options};
}

Dictionary dictionary() {
  Dictionary result;
  EXPECT_STREQ(Dictionary::parse("a\nb\nc\n", "d.txt", result).message(), "");
  return result;
}

std::vector<float> result_of(AnyNetwork& network) {
  const pplcnet::Shape shape = network.input_shape();
  const std::vector<float> picture = synthetic_input(
      1, 1, 3, static_cast<std::size_t>(shape.height), static_cast<std::size_t>(shape.width));
  const int layer = network.plan().outputs[0];
  std::vector<float> values(
      static_cast<std::size_t>(network.layers()[static_cast<std::size_t>(layer)].output.size()));
  network.run(pplcnet::Picture::planar(picture.data(), shape), layer, values);
  return values;
}

TEST(AnyNetworkResize, GivesWhatANetworkOfThatSizeGives) {
  TextNetwork resized = synthetic(pplcnet::ocr_detection, kDetector);
  result_of(resized.network);
  for (const Extent input : {Extent{96, 160}, Extent{32, 32}, Extent{96, 160}, Extent{64, 64}}) {
    ASSERT_STREQ(resized.resize(input).message(), "");
    EXPECT_EQ(resized.network.traits().input, input);
    WidthOptions options = kDetector;
    options.input = input;
    TextNetwork fresh = synthetic(pplcnet::ocr_detection, options);
    EXPECT_EQ(result_of(resized.network), result_of(fresh.network));
  }
  EXPECT_STRNE(resized.resize({33, 64}).message(), "");
  EXPECT_EQ(resized.network.traits().input, (Extent{64, 64}));
  const auto other = std::make_unique<Graph>(pplcnet::ocr_recognition(kRecogniser));
  EXPECT_STREQ(resized.network.resize(*other).message(),
               "ocr_recognition: another network than the one that is resized");
}

/// PP-OCRv5's dictionary has 18,383 entries.
TEST(TextRecogniser, GivesProbabilitiesOfManyCharacters) {
  WidthOptions options = kRecogniser;
  options.classes = 18385;
  AnyNetwork network = synthetic(pplcnet::ocr_recognition, options).network;
  const int softmax = network.plan().outputs[0], stages = network.plan().stage_count;
  const int neck = network.plan().stages[stages - 1];
  const auto output_of = [&](int layer) -> const pplcnet::Layer& {
    return network.layers()[static_cast<std::size_t>(layer)];
  };
  const pplcnet::Layer& head = output_of(output_of(softmax).from);
  ASSERT_EQ(head.from, neck);
  const pplcnet::Shape shape = network.input_shape();
  const std::vector<float> picture = synthetic_input(1, 1, 3, 48, 320);
  const auto columns = static_cast<std::size_t>(head.output.width);
  const auto classes = static_cast<std::size_t>(head.output.channels);
  const auto depth = static_cast<std::size_t>(head.depth());
  ASSERT_EQ(classes, 18385U);
  std::vector<float> features(depth * columns), probabilities(classes * columns);
  network.run(pplcnet::Picture::planar(picture.data(), shape), neck, features);
  network.run(pplcnet::Picture::planar(picture.data(), shape), softmax, probabilities);
  const pplcnet::Parameters parameters = synthetic_parameters(head);
  for (std::size_t x = 0; x < columns; ++x) {
    std::vector<double> powers(classes);
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      double logit = double{parameters.bias[c]};
      for (std::size_t k = 0; k < depth; ++k)
        logit += double{parameters.weight[c * depth + k]} * double{features[k * columns + x]};
      sum += powers[c] = std::exp(logit);
    }
    for (std::size_t c = 0; c < classes; ++c)
      ASSERT_NEAR(probabilities[c * columns + x] / (powers[c] / sum), 1, 1e-4) << c << ", " << x;
  }
}

TEST(TextReader, NetworksAreForEachOther) {
  std::optional<TextReader> reader;
  TextNetworks networks = {synthetic(pplcnet::ocr_detection, kDetector),
                           synthetic(pplcnet::ocr_recognition, kRecogniser), dictionary()};
  EXPECT_STREQ(TextReader::make(networks, {}, reader).message(), "");
  EXPECT_TRUE(reader.has_value());
  EXPECT_STREQ(TextReader::make(networks, {.threads = 0}, reader).message(),
               "expected from 1 to 1024 threads, found 0");
  EXPECT_STREQ(TextReader::make(networks, {.batch = 0}, reader).message(),
               "expected batches of at least 1 line, found 0");
  EXPECT_STREQ(TextReader::make(networks, {.largest_picture = {10, 0}}, reader).message(),
               "the largest picture has 10 x 0 pixels, expected sides from 1 to 1048576");
  EXPECT_STRNE(
      TextReader::make(networks, {.widest_line = 0, .largest_picture = {10, 10}}, reader).message(),
      "");
  networks.dictionary = {};
  reader.reset();
  EXPECT_STREQ(
      TextReader::make(networks, {}, reader).message(),
      "the recogniser has 5 classes, and the dictionary 1, the blank and the space included");
  EXPECT_FALSE(reader.has_value());
}

TEST(LineReader, AnyLineEnds) {
  const TextNetwork recogniser = synthetic(pplcnet::ocr_recognition, kRecogniser);
  EXPECT_STREQ(pplcnet::check_dictionary(recogniser, dictionary()).message(), "");
  EXPECT_STRNE(pplcnet::check_dictionary(recogniser, {}).message(), "");
  pplcnet::LineReader reader(recogniser, dictionary(), 640);
  std::string text = "before";
  float score = 1;
  EXPECT_STREQ(reader.read({}, text, score).message(), "the line has no pixels");
  EXPECT_EQ(score, 0);
  for (const auto& [width, height] : {std::pair{1, 1}, {20000, 10}, {10, 20000}, {90, 30}}) {
    const std::vector<std::uint8_t> white(static_cast<std::size_t>(3 * width * height), 255);
    EXPECT_STREQ(reader.read(ImageView(white.data(), width, height, PixelFormat::rgb), text, score)
                     .message(),
                 "");
  }
  EXPECT_TRUE(text.starts_with("before"));
}

TEST(TextReader, AnyPictureEnds) {
  std::optional<TextReader> reader;
  ASSERT_STREQ(TextReader::make({synthetic(pplcnet::ocr_detection, kDetector),
                                 synthetic(pplcnet::ocr_recognition, kRecogniser), dictionary()},
                                {}, reader)
                   .message(),
               "");
  std::span<const TextLine> lines;
  EXPECT_STREQ(reader->read({}, lines).message(), "the picture has no pixels");
  for (const auto& [width, height] : {std::pair{1, 1}, {2000, 3}, {3, 2000}, {70, 90}}) {
    const std::vector<std::uint8_t> white(static_cast<std::size_t>(3 * width * height), 255);
    EXPECT_STREQ(
        reader->read(ImageView(white.data(), width, height, PixelFormat::rgb), lines).message(),
        "");
  }
}

}  // namespace
}  // namespace pplcnet_test::text_reader_test
