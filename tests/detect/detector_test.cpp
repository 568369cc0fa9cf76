// Detectors: what the reference makes of its own outputs, and the published file of PicoDet-XS on a
// photograph. The latter needs the reference data.
#include "pplcnet/detector.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "goldens/golden.hpp"
#include "goldens/graph_golden.hpp"
#include "goldens/listed_state_dict.hpp"
#include "picture.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/detect/decoder.hpp"
#include "pplcnet/kernels/forward.hpp"
#include "pplcnet/models/detectors.hpp"
#include "pplcnet/weights/onnx/load.hpp"
#include "pplcnet/weights/pack_state_dict.hpp"
#include "pplcnet/weights/save.hpp"
#include "threads.hpp"
#include "weights/contents.hpp"

namespace pplcnet_test::detector_test {
namespace {

using pplcnet::Detection;
using pplcnet::ImageView;
using pplcnet::Isa;
using pplcnet::PixelFormat;
using Net = pplcnet::picodet::picodet_xs_416_coco_lcnet;
using Detector = pplcnet::Detector<Net>;
using Detections = std::vector<Detection>;

constexpr double kScore = 1e-3, kPlace = 0.5;

Detections copy(std::span<const Detection> detections) {
  return {detections.begin(), detections.end()};
}

/// Detections of the reference: class, score, x1, y1, x2, y2, anchor.
Detections detections_of(const nlohmann::json& rows, double across = 1, double down = 1) {
  Detections all;
  for (const nlohmann::json& row : rows) {
    const auto at = [&](std::size_t i, double scale) {
      return static_cast<float>(row.at(i).get<double>() * scale);
    };
    all.push_back({row.at(0), at(1, 1), {at(2, across), at(3, down), at(4, across), at(5, down)}});
  }
  return all;
}

/// Expects every one of some detections among others.
void expect_among(const Detections& expected, const Detections& found) {
  for (const Detection& one : expected) {
    const auto is_it = [&](const Detection& other) {
      const auto near = [](float a, float b) { return std::abs(double{a} - double{b}) < kPlace; };
      return one.class_id == other.class_id &&
             std::abs(double{one.score} - double{other.score}) < kScore &&
             near(one.box.x1, other.box.x1) && near(one.box.y1, other.box.y1) &&
             near(one.box.x2, other.box.x2) && near(one.box.y2, other.box.y2);
    };
    EXPECT_TRUE(std::ranges::any_of(found, is_it))
        << one.class_id << " " << one.score << " at " << one.box.x1 << " " << one.box.y1;
  }
}

TEST(DetectionDecoder, FindsWhatTheReferenceFinds) {
  int compared = 0;
  for (const Golden& golden : goldens_of(goldens_folder())) {
    if (!golden.numbers.contains("nms")) continue;
    SCOPED_TRACE(golden.path);
    std::optional<pplcnet::AnyNetwork> network;
    ASSERT_FALSE(pplcnet::AnyNetwork::make(*graph_of_golden(golden), 1, network));
    const SyntheticStateDict state = listed_state_dict(golden);
    ASSERT_STREQ(pplcnet::pack_state_dict(state.file, network->layers(), network->traits(),
                                          network->weights())
                     .message(),
                 "");
    const pplcnet::Plan& plan = network->plan();
    std::vector<pplcnet::Shape> shapes;
    for (int i = 0; i < plan.output_count; ++i)
      shapes.push_back(plan.layers[plan.outputs[i]].output);
    const pplcnet::Extent input = plan.traits.input;
    pplcnet::DetectionDecoder decoder(input, shapes, {});
    std::vector<float*> destinations(network->layers().size());
    for (int i = 0; i < plan.output_count; ++i)
      destinations[static_cast<std::size_t>(plan.outputs[i])] =
          decoder.destinations()[static_cast<std::size_t>(i)];
    const std::vector<float> image = golden.input();
    network->run(pplcnet::Picture::planar(image.data(), network->input_shape()), destinations);
    const nlohmann::json& rows = golden.numbers.at("nms").at("detections");
    const Detections found = copy(decoder.decode({input.width, input.height}).value());
    EXPECT_EQ(found.size(), rows.size());
    expect_among(detections_of(rows), found);
    ++compared;
  }
  EXPECT_GE(compared, 1);
}

class PublishedDetector : public testing::Test {
 protected:
  static const std::string& folder() {
    static const std::string kFolder = PPLCNET_TEST_DATA "/models/picodet_xs_416/";
    return kFolder;
  }
  static std::string photo() { return PPLCNET_TEST_DATA "/images/det_bus.jpg"; }

  void SetUp() override {
    for (const std::string& path : {folder() + "picodet_xs_416_processed.onnx", photo()})
      if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing";
    const auto read = [](std::string_view path, Net::Weights& weights, pplcnet::ModelInfo*) {
      return pplcnet::load_onnx(path, weights);
    };
    ASSERT_STREQ(detector_.load(folder() + "picodet_xs_416_processed.onnx", read).message(), "");
    ASSERT_STREQ(Picture::read(photo(), picture_).message(), "");
  }

  static nlohmann::json reference() {
    std::ifstream file(folder() + "picodet_xs_416_bus.json");
    return nlohmann::json::parse(file);
  }

  Detections detect(ImageView image, const pplcnet::RunOptions& options = {}) {
    const auto found = detector_.detect(image, options);
    EXPECT_TRUE(found.has_value());
    return found ? copy(*found) : Detections{};
  }

  Detector detector_;
  Picture picture_;
};

// The outputs of the file itself, sample by sample, and the detections.
TEST_F(PublishedDetector, ComputesWhatItsFileDoes) {
  std::ifstream file(folder() + "bus_input_1x3x416x416.f32", std::ios::binary);
  std::vector<float> input(Net::input_size);
  file.read(reinterpret_cast<char*>(input.data()),
            static_cast<std::streamsize>(input.size() * sizeof(float)));
  ASSERT_TRUE(file.good());
  const auto weights = std::make_unique<Net::Weights>();
  ASSERT_STREQ(pplcnet::load_onnx(folder() + "picodet_xs_416_processed.onnx", *weights).message(),
               "");
  const auto workspace = std::make_unique<Net::Workspace>();
  std::vector<pplcnet::Shape> shapes;
  for (int i = 0; i < Net::output_count; ++i) shapes.push_back(Net::output_shape(i));
  pplcnet::DetectionDecoder decoder({416, 416}, shapes, {});
  Net::Features requested;
  std::ranges::copy(decoder.destinations(), requested.outputs.begin());
  Net::features(*weights, Net::Image(input), *workspace, requested);

  const nlohmann::json numbers = reference();
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    // transpose_0, 2, 4, 6 are scores, 1, 3, 5, 7 distances, [cells][channels].
    const std::size_t place = i < 4 ? 2 * i : 2 * (i - 4) + 1;
    const nlohmann::json& expected =
        numbers.at("outputs").at("transpose_" + std::to_string(place) + ".tmp_0");
    const auto cells = static_cast<std::size_t>(shapes[i].pixels());
    const auto channels = static_cast<std::size_t>(shapes[i].channels);
    const std::vector<std::size_t> samples = expected.at("idx");
    const std::vector<double> values = expected.at("f64");
    const double largest = std::max(std::abs(expected.at("max").get<double>()),
                                    std::abs(expected.at("min").get<double>()));
    for (std::size_t k = 0; k < samples.size(); ++k) {
      const std::size_t at = samples[k] % channels * cells + samples[k] / channels;
      // Newer exports, and the network here, add 1e-9 under the root.
      EXPECT_NEAR(decoder.destinations()[i][at], values[k], 1e-3 * largest);
    }
  }
  const nlohmann::json& rows = numbers.at("nms").at("detections");
  const Detections found = copy(decoder.decode({416, 416}).value());
  EXPECT_EQ(found.size(), rows.size());
  expect_among(detections_of(rows), found);
}

TEST_F(PublishedDetector, FindsABusAndThreePersons) {
  const ImageView image = picture_.view();
  Detections best = detect(image);
  std::erase_if(best, [](const Detection& one) { return one.score < 0.5F; });
  Detections expected = detections_of(reference().at("nms").at("detections"), image.width / 416.0,
                                      image.height / 416.0);
  std::erase_if(expected, [](const Detection& one) { return one.score < 0.5F; });
  ASSERT_EQ(expected.size(), 4U);
  ASSERT_EQ(best.size(), 4U);
  expect_among(expected, best);
  EXPECT_EQ(detector_.label(best.front().class_id), "person");
  EXPECT_EQ(detector_.label(best.back().class_id), "bus");
}

TEST_F(PublishedDetector, IsTheSameOnEveryInstructionSetAndThread) {
  const Detections expected = detect(picture_.view());
  std::vector<Isa> isas = available_isas();
  if (isas.size() > 1) isas.erase(isas.begin());  // the baseline of x86 rounds twice
  for (const Isa isa : isas)
    EXPECT_EQ(detect(picture_.view(), {.isa = isa}), expected) << pplcnet::isa_name(isa);
  pplcnet::Detector<Net, 2> two;
  const auto read = [](std::string_view path, Net::Weights& weights, pplcnet::ModelInfo*) {
    return pplcnet::load_onnx(path, weights);
  };
  ASSERT_FALSE(two.load(folder() + "picodet_xs_416_processed.onnx", read));
  Threads threads(2);
  EXPECT_EQ(copy(*two.detect(picture_.view(), {.executor = threads.executor()})), expected);
  Detector other = detector_;
  EXPECT_EQ(copy(*other.detect(picture_.view())), expected);
}

TEST_F(PublishedDetector, ReadsPicturesWhereTheyAre) {
  const ImageView image = picture_.view();
  const Detections expected = detect(image);
  const std::size_t stride = static_cast<std::size_t>(image.width) * 4 + 12;
  std::vector<std::uint8_t> bgra(stride * static_cast<std::size_t>(image.height), 77);
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x)
      for (std::size_t c = 0; c < 3; ++c)
        bgra[static_cast<std::size_t>(y) * stride + static_cast<std::size_t>(x) * 4 + 2 - c] =
            image.pixel(x, y)[c];
  EXPECT_EQ(detect({bgra.data(), image.width, image.height, PixelFormat::bgra, stride}), expected);
}

TEST_F(PublishedDetector, TakesPicturesOfAnySize) {
  EXPECT_FALSE(detector_.detect({}).has_value());
  const std::vector<std::uint8_t> white(std::size_t{20'000} * 10 * 3, 255);
  for (const auto& [width, height] : {std::pair(1, 1), {20'000, 10}, {10, 20'000}, {416, 416}})
    for (const Detection& one : detect({white.data(), width, height, PixelFormat::rgb}))
      EXPECT_LT(one.score, 0.5F) << width << "x" << height;
}

TEST(DetectorTest, TakesLabelsAndPreprocessingOfANativeFile) {
  const TemporaryFolder folder;
  const auto weights = std::make_unique<Net::Weights>();
  const std::vector<std::uint8_t> grey(std::size_t{32} * 32, 128);
  const ImageView image(grey.data(), 32, 32, PixelFormat::grey);
  std::vector<std::string> labels(80, "thing");
  Detector detector;
  EXPECT_EQ(detector.preprocessing().name, "paddle_detection");
  for (const std::string preset : {"paddle_direct", "paddle_imagenet"}) {
    const std::string path = folder.file(preset + ".safetensors");
    ASSERT_STREQ(
        pplcnet::save(path, *weights, {.labels = labels, .preprocessing = preset}).message(), "");
    ASSERT_STREQ(detector.load(path).message(), "");
    EXPECT_EQ(detector.preprocessing().name, preset);
    EXPECT_EQ(detector.label(79), "thing");
    const Detector copy = detector;
    EXPECT_EQ(copy.preprocessing().name, preset);
    // A crop would say nothing of what is outside of it.
    EXPECT_EQ(detector.detect(image).has_value(), preset == "paddle_direct");
  }
  EXPECT_STREQ(detector.set_labels({"a"}).message(), "labels: 1 labels for 80 classes");
}

TEST(DetectorTest, HasNoAnswerWithoutNumbers) {
  const auto weights = std::make_unique<Net::Weights>();
  std::ranges::fill(weights->values, std::numeric_limits<float>::quiet_NaN());
  Detector detector;
  const std::vector<std::uint8_t> grey(std::size_t{32} * 32, 128);
  const ImageView image(grey.data(), 32, 32, PixelFormat::grey);
  EXPECT_FALSE(detector.detect(image).has_value());
  detector.view(*weights);
  EXPECT_FALSE(detector.detect(image).has_value());
}

}  // namespace
}  // namespace pplcnet_test::detector_test
