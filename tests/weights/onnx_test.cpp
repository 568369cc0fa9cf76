// ONNX models: those of frameworks, and every form in which exporters write our networks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "goldens/golden.hpp"
#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/onnx/load.hpp"
#include "weights/contents.hpp"
#include "weights/onnx_model.hpp"

namespace pplcnet_test::onnx_test {
namespace {

using pplcnet::Activation;
using pplcnet::BackboneOptions;
using pplcnet::DataType;
using pplcnet::Dialect;
using pplcnet::FileGraph;
using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::PPLCNetBackbone;
using pplcnet::PPLCNetV2;
using pplcnet::PPLCNetV3;
using pplcnet::Scale;
using pplcnet::V2;
using pplcnet::V2Options;
using pplcnet::V3;

const std::string kModels = std::string(PPLCNET_TEST_DATA) + "/models/";

#define SKIP_WITHOUT(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing"

std::vector<float> read_floats(const std::string& path) {
  pplcnet::FileBytes file;
  EXPECT_STREQ(pplcnet::read_file(path, file).message(), "");
  std::vector<float> values(file.bytes().size() / sizeof(float));
  std::memcpy(values.data(), file.bytes().data(), values.size() * sizeof(float));
  return values;
}

double largest_difference(std::span<const float> a, std::span<const float> b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    largest = std::max(largest, std::abs(double{a[i]} - double{b[i]}));
  return largest;
}

/// The largest difference, as a part of the largest expected value.
double relative_error(std::span<const float> found, std::span<const float> expected) {
  return largest_difference(found, expected) /
         largest_difference(expected, std::vector<float>(expected.size()));
}

TEST(OnnxTest, TheSyntheticModelsGivePaddlesLogits) {
  using Net = PPLCNet<Scale::x0_25>;
  const std::string folder = PPLCNET_SYNTHETIC "/";
  const std::string original_path = folder + "pplcnet_x0_25.pdiparams";
  const std::string plain = folder + "pplcnet_x0_25_op13_bn.onnx";
  const std::string folded = folder + "pplcnet_x0_25_op13.onnx";
  for (const std::string& path : {original_path, plain, folded}) SKIP_WITHOUT(path);
  const Golden golden = Golden::read(own_goldens() / "v1_x0_25.json");
  const std::vector<float> input = golden.input();
  const std::vector<float> golden_logits =
      golden.numbers.at("outputs").at("logits").at("f64").at(0);
  const auto expected = std::make_unique<Net::Weights>();
  ASSERT_STREQ(pplcnet::load(original_path, *expected).message(), "");
  const auto workspace = std::make_unique<Net::Workspace>();
  for (const std::string& path : {plain, folded}) {
    SCOPED_TRACE(path);
    const auto weights = std::make_unique<Net::Weights>();
    ASSERT_STREQ(pplcnet::load_onnx(path, *weights).message(), "");
    Net::Logits logits;
    Net::forward(*weights, Net::Image(input), *workspace, logits);
    const double error = relative_error(logits, golden_logits);
    const double difference = largest_difference(weights->values, expected->values);
    EXPECT_LT(error, 1e-4);
    EXPECT_LT(difference, path == plain ? 1e-30 : 1e-6);
    std::printf("of the largest logit: within %.1e; weights within %.1e\n", error, difference);
  }
}

TEST(OnnxTest, ADetectorBeginsWithItsBackbone) {
  using Net = pplcnet::picodet::picodet_xs;
  const std::string folder = kModels + "picodet_xs_416/";
  const std::string path = folder + "picodet_xs_416_processed.onnx";
  SKIP_WITHOUT(path);
  const auto weights = std::make_unique<Net::Weights>();
  ASSERT_STREQ(pplcnet::load_onnx(path, *weights).message(), "");
  const std::vector<float> input = read_floats(folder + "bus_input_1x3x416x416.f32");
  ASSERT_EQ(input.size(), Net::input_size);
  const auto workspace = std::make_unique<Net::Workspace>();
  std::vector<float> maps[3];
  const std::string names[] = {"C3_s8", "C4_s16", "C5_s32"};
  Net::Features requested;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto stage = static_cast<std::size_t>(Net::stage_of_stride(8 << i));
    maps[i].resize(static_cast<std::size_t>(Net::stage_shape(static_cast<int>(stage)).size()));
    requested.stages[stage] = maps[i].data();
  }
  Net::features(*weights, Net::Image(input), *workspace, requested);
  for (std::size_t i = 0; i < 3; ++i) {
    const double error = relative_error(maps[i], read_floats(folder + "bus_" + names[i] + ".f32"));
    EXPECT_LT(error, 1e-4) << names[i];
    std::printf("%s: within %.1e of the largest\n", names[i].c_str(), error);
  }
}

// ---- Models made here ------------------------------------------------------------------------

constexpr pplcnet::Extent kSmall = {32, 32};
using Net = PPLCNet<Scale::x0_25, Options{.classes = 4, .input = kSmall}>;
using Backbone = PPLCNetBackbone<Scale::x0_25, BackboneOptions{.input = kSmall}>;

template <class Network>
OnnxNetwork network(const OnnxForm& form = {}) {
  const auto state = synthetic_state_dict(Network::layers, Network::traits);
  return {state.file, Network::layers, Network::traits, form};
}

/// What is said of a model; empty if it is read. The name is cut away.
template <class Network>
std::string problem(std::string_view contents, typename Network::Weights& weights) {
  const std::string message =
      pplcnet::loading::load_onnx(bytes_of(contents), "file", Network::layers, Network::traits,
                                  weights.values)
          .message();
  EXPECT_EQ(message.find('\n'), message.npos) << message;
  EXPECT_TRUE(message.empty() || message.starts_with("file: ")) << message;
  return message.substr(std::min<std::size_t>(message.size(), 6));
}

template <class Network>
std::string problem(std::string_view contents) {
  return problem<Network>(contents, *std::make_unique<typename Network::Weights>());
}

template <class Network>
void expect_the_same_weights() {
  using Hardswish = OnnxForm::Hardswish;
  const auto expected = synthetic_weights<Network>();
  const OnnxForm forms[] = {
      {.transposed = false},
      {.hardswish = Hardswish::gated, .reduce_mean = true},
      {.hardswish = Hardswish::written_out, .constant_nodes = true, .matrix_and_add = true},
      {.hardswish = Hardswish::written_out, .constant_nodes = true, .reduce_mean = true},
  };
  for (const OnnxForm& form : forms) {
    const auto weights = std::make_unique<typename Network::Weights>();
    ASSERT_EQ(problem<Network>(network<Network>(form).file(), *weights), "");
    EXPECT_EQ(weights->values, expected->values);
  }
}

TEST(OnnxTest, EveryFormGivesTheSameBits) {
  expect_the_same_weights<Net>();
  expect_the_same_weights<
      PPLCNet<Scale::x0_25, Options{.classes = 4, .input = kSmall, .dialect = Dialect::timm}>>();
  expect_the_same_weights<
      PPLCNet<Scale::x0_25, Options{.classes = 4, .input = kSmall, .dialect = Dialect::pytorch}>>();
  expect_the_same_weights<PPLCNet<
      Scale::x0_25,
      Options{.classes = 4, .input = kSmall, .head = 0, .activation = Activation::relu6}>>();
  expect_the_same_weights<PPLCNet<Scale::x0_35, Options{.classes = 0,
                                                        .input = kSmall,
                                                        .strides = {{1, {2, 1}, 2, 2, {1, 2}}},
                                                        .head = 64}>>();
  expect_the_same_weights<Backbone>();
  expect_the_same_weights<
      PPLCNetBackbone<Scale::x0_25, BackboneOptions{.input = kSmall, .output_stride = 8}>>();
}

TEST(OnnxTest, V2IsReadInItsDeployedForm) {
  expect_the_same_weights<PPLCNetV2<V2::small, V2Options{.classes = 4, .input = kSmall}>>();
  expect_the_same_weights<PPLCNetV2<
      V2::base, V2Options{.classes = 0, .input = kSmall, .head = 64, .features = true}>>();
}

TEST(OnnxTest, V3ForRecognitionEndsWithTheMeansOfWindows) {
  using Recognition =
      PPLCNetV3<Scale::x0_25, V3::recognition, pplcnet::TextOptions{.input = {48, 64}}>;
  const auto expected = synthetic_weights<Recognition>(Form::deployed);
  const auto state = synthetic_state_dict(Recognition::layers, Recognition::traits, Form::deployed);
  const auto file = [&](const OnnxForm& form) {
    return OnnxNetwork(state.file, Recognition::layers, Recognition::traits, form).file();
  };
  const auto weights = std::make_unique<Recognition::Weights>();
  ASSERT_EQ(problem<Recognition>(file({}), *weights), "");
  EXPECT_EQ(weights->values, expected->values);
  for (const std::int64_t height : {2, 4})
    EXPECT_EQ(
        problem<Recognition>(file({.window = std::vector<std::int64_t>{height, 2}})),
        "columns: expected windows of 3x2, found " + std::to_string(height) + "x2 ('AveragePool')");
}

TEST(OnnxTest, PublishedRecognitionIsRead) {
  using Published = PPLCNetV3<Scale::x0_95, V3::recognition>;
  const std::string path = kModels + "ppocr_v4/ch_PP-OCRv4_rec_infer.onnx";
  SKIP_WITHOUT(path);
  const auto weights = std::make_unique<Published::Weights>();
  EXPECT_STREQ(pplcnet::load_onnx(path, *weights).message(), "");
}

TEST(OnnxTest, ANeckMayReadTheMaps) {
  OnnxNetwork detector = network<Backbone>();
  OnnxModel& model = detector.model();
  for (const int stage : {1, 2, 4}) {
    const auto layer = static_cast<std::size_t>(Backbone::stage_layer(stage));
    const std::int64_t channels = Backbone::stage_shape(stage).channels;
    const std::string weights = model.constant(
        {8, channels, 1, 1}, std::vector<float>(static_cast<std::size_t>(8 * channels)));
    model.node("LeakyRelu", {model.node("Conv", {detector.results()[layer], weights})});
    model.node("Resize", {detector.results()[layer]});
  }
  const auto weights = std::make_unique<Backbone::Weights>();
  EXPECT_EQ(problem<Backbone>(detector.file(), *weights), "");
  EXPECT_EQ(weights->values, synthetic_weights<Backbone>()->values);
}

TEST(OnnxTest, WhatIsNotAsInTheTypeIsSaid) {
  const std::string file = network<Net>().file();
  using OtherScale = PPLCNet<Scale::x0_35, Options{.classes = 4, .input = kSmall}>;
  EXPECT_EQ(
      problem<OtherScale>(file),
      "blocks2.0.pw_conv: expected weights F32 [16, 8, 1, 1], found F32 [8, 8, 1, 1] ('v17')");
  using OtherClasses = PPLCNet<Scale::x0_25, Options{.input = kSmall}>;
  EXPECT_EQ(problem<OtherClasses>(file), "has 4 classes, the type has 1000");
  using NoClasses = PPLCNet<Scale::x0_25, Options{.classes = 0, .input = kSmall}>;
  EXPECT_EQ(problem<NoClasses>(file),
            "has more weights after those of last_conv, with which the type ends");
  using NoHead = PPLCNet<Scale::x0_25, Options{.classes = 4, .input = kSmall, .head = 0}>;
  EXPECT_EQ(problem<NoHead>(file),
            "has an embedding between pooling and classes, the type has Options::head = 0");
  EXPECT_EQ(problem<Net>(network<NoHead>().file()),
            "has no embedding between pooling and classes, the type has Options::head = 1280");
  using OtherHead = PPLCNet<Scale::x0_25, Options{.classes = 4, .input = kSmall, .head = 512}>;
  EXPECT_TRUE(problem<OtherHead>(file).starts_with(
      "last_conv: expected weights F32 [512, 128, 1, 1], found F32 [1280, 128, 1, 1]"));
  using OtherStrides =
      PPLCNet<Scale::x0_25,
              Options{.classes = 4, .input = kSmall, .strides = {{{1, 2}, {2, 1}, 2, 2, 2}}}>;
  EXPECT_EQ(problem<Net>(network<OtherStrides>().file()),
            "strides in the file are (1,2), (2,1), (2,2), (2,2), (2,2); the type has (2,2), (2,2), "
            "(2,2), (2,2), (2,2)");
  using NoDropout =
      PPLCNet<Scale::x0_25, Options{.classes = 4, .input = kSmall, .dropout_percent = 0}>;
  EXPECT_EQ(problem<NoDropout>(file), "multiplies the embedding by 0.8, the type by 1");
  EXPECT_EQ(problem<Net>(network<NoDropout>().file()),
            "multiplies the embedding by 1, the type by 0.8");
  using Relu =
      PPLCNet<Scale::x0_25, Options{.classes = 4, .input = kSmall, .activation = Activation::relu}>;
  EXPECT_EQ(problem<Relu>(file),
            "conv1: the activation after it is hardswish, in the type it is relu");
  EXPECT_EQ(problem<Net>(network<Relu>().file()),
            "conv1: the activation after it is relu, in the type it is hardswish");
  using Dilated =
      PPLCNetBackbone<Scale::x0_25, BackboneOptions{.input = kSmall, .output_stride = 16}>;
  EXPECT_EQ(problem<Dilated>(file), "blocks6.1.dw_conv: expected dilation 2, found 1");
  EXPECT_EQ(problem<Net>(network<Backbone>().file()),
            "avg_pool: not in the file in a form that is known; in its place is nothing");
  using Second = PPLCNetV2<V2::small, V2Options{.classes = 4, .input = kSmall}>;
  EXPECT_TRUE(problem<Second>(file).starts_with("conv1: expected weights F32 [24, 3, 3, 3]"));
  EXPECT_EQ(problem<pplcnet::text::PPLCNetV4_tiny_detection>(file),
            "conv1: expected weights F32 [16, 3, 3, 3], found F32 [8, 3, 3, 3] ('v1')");
}

TEST(OnnxTest, WhatIsNoNetworkOfOursIsSaid) {
  EXPECT_TRUE(problem<Net>("Hello, this is no model.\n")
                  .starts_with("expected an ONNX model, found damage or something else: "));
  EXPECT_EQ(problem<Net>(std::string_view("\x08\x08", 2)),
            "expected an ONNX model, found no graph in it");
  EXPECT_EQ(problem<Net>(OnnxModel("x").file()), "has no convolution");
  const std::string file = network<Net>().file();
  EXPECT_EQ(problem<Net>(file + file), "expected one graph, found several");

  const auto stem = [](OnnxModel& model, const std::string& input) {
    return model.node("Conv", {input, model.constant({8, 3, 3, 3}, std::vector<float>(216))},
                      {OnnxModel::attribute("pads", std::vector<std::int64_t>{1, 1, 1, 1})});
  };
  OnnxModel normalised("x");
  stem(normalised, normalised.node("Sub", {"x", normalised.constant({3, 1, 1}, {1, 2, 3})}));
  EXPECT_EQ(problem<Net>(normalised.file()),
            "the first convolution reads 'Sub', in the type's network it reads the picture");
  OnnxModel leaky("x");
  leaky.node("LeakyRelu", {stem(leaky, "x")});
  EXPECT_EQ(problem<Net>(leaky.file()),
            "conv1: the activation after it is 'LeakyRelu', in the type it is hardswish");
  OnnxModel wide("x");
  wide.node("Conv", {"x", wide.constant({8, 3, 3, 3}, std::vector<float>(216))});
  EXPECT_EQ(problem<Net>(wide.file()), "conv1: expected padding 1, found 0");
  OnnxModel order("x");
  order.node("Relu", {"y"});
  EXPECT_EQ(problem<Net>(order.file()),
            "the node after 1 others reads 'y', which nothing before it is");
  OnnxModel twice("x");
  for (int i = 0; i < 2; ++i) twice.add_initializer(OnnxModel::tensor("w", {1}, {1}));
  EXPECT_EQ(problem<Net>(twice.file()), "expected one value of the name 'w', found several");
  OnnxModel short_of_data("x");
  short_of_data.add_initializer(OnnxModel::tensor("w", {2, 3}, {1, 2, 3}));
  EXPECT_EQ(problem<Net>(short_of_data.file()),
            "tensor 'w': expected 24 bytes of data for F32 [2, 3], found 12");
  OnnxModel external("x");
  std::string elsewhere = OnnxModel::tensor("w", {1}, {1});
  OnnxModel::Writer(elsewhere).add_int32(14, 1);
  external.add_initializer(elsewhere);
  EXPECT_EQ(problem<Net>(external.file()),
            "tensor 'w': its data are in another file: save the model with them");
  OnnxModel many("x"), tiny("x");
  const std::string filler = OnnxModel::attribute("", std::vector<std::int64_t>(200));
  for (std::size_t i = 0; i < FileGraph::kMaxNodes; ++i) {
    many.node("Relu", {"x"}, {filler});
    tiny.node("Relu", {"x"});
  }
  EXPECT_EQ(problem<Net>(many.file()), "expected at most 8192 nodes and constants, found more");
  EXPECT_EQ(problem<Net>(tiny.file()),
            "expected to need at most 4 times the memory of the file, found more");
}

TEST(OnnxTest, EveryEncodingOfATensorIsRead) {
  const auto message = [](int type, const auto& fill) {
    std::string tensor;
    OnnxModel::Writer writer(tensor);
    writer.add_int64(1, 3);
    writer.add_int32(2, type);
    writer.add_string(8, "w");
    fill(writer);
    return tensor;
  };
  const std::vector<float> values = {1.5F, -2, 0.25F};
  const std::vector<double> doubles(values.begin(), values.end());
  std::vector<std::int32_t> halves, upper_halves;
  std::string raw;
  for (const float value : values) {
    halves.push_back(pplcnet::f16_from_float(value));
    upper_halves.push_back(static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(value) >> 16));
    raw += little_endian(pplcnet::f16_from_float(value));
  }
  using Writer = OnnxModel::Writer;
  const std::string tensors[] = {
      message(1, [&](Writer& w) { w.add_packed_float(4, values.begin(), values.end()); }),
      message(1,
              [&](Writer& w) {
                for (const float value : values) w.add_float(4, value);
              }),
      message(1,
              [&](Writer& w) {
                w.add_packed_float(4, values.begin(), values.begin() + 2);
                w.add_packed_float(4, values.begin() + 2, values.end());
              }),
      message(10, [&](Writer& w) { w.add_bytes(9, raw); }),
      message(10, [&](Writer& w) { w.add_packed_int32(5, halves.begin(), halves.end()); }),
      message(16,
              [&](Writer& w) {
                for (const std::int32_t value : upper_halves) w.add_int32(5, value);
              }),
      message(11, [&](Writer& w) { w.add_packed_double(10, doubles.begin(), doubles.end()); }),
      message(11,
              [&](Writer& w) {
                for (const double value : doubles) w.add_double(10, value);
              }),
  };
  for (const std::string& tensor : tensors) {
    OnnxModel model("x");
    model.add_initializer(tensor);
    const std::string file = model.file();
    FileGraph graph;
    ASSERT_STREQ(pplcnet::parse_onnx(bytes_of(file), "file", graph).message(), "");
    ASSERT_EQ(graph.constants.size(), 1u);
    EXPECT_EQ(floats_of(graph.constants[0]), values);
  }
}

TEST(OnnxTest, GraphsInsideOfNodesAreNotLookedAt) {
  std::string nested;  // a node with an attribute with a graph with a node ..
  for (int depth = 0; depth < 3000; ++depth) {
    std::string attribute, node, graph;
    OnnxModel::Writer(attribute).add_message(6, nested);
    OnnxModel::Writer(node).add_message(5, attribute);
    OnnxModel::Writer(graph).add_message(1, node);
    nested = graph;
  }
  std::string attribute;
  OnnxModel::Writer(attribute).add_message(6, nested);
  OnnxModel model("x");
  model.node("If", {"x"}, {attribute});
  EXPECT_EQ(problem<Net>(model.file()), "has no convolution");
}

TEST(OnnxTest, DamagedModelsAreReadOrRefused) {
  const std::string file =
      network<PPLCNet<Scale::x0_25, Options{.classes = 4, .input = kSmall, .head = 0}>>(
          {.hardswish = OnnxForm::Hardswish::written_out, .constant_nodes = true})
          .file();
  using Small = PPLCNet<Scale::x0_25, Options{.classes = 4, .input = kSmall, .head = 0}>;
  const auto weights = std::make_unique<Small::Weights>();
  ASSERT_EQ(problem<Small>(file, *weights), "");
  for (std::size_t size = file.size() - 1; size > 0; size -= size / 64 + 1)
    EXPECT_NE(problem<Small>(file.substr(0, size), *weights), "") << size;
  std::uint64_t state = 1;
  int refused = 0;
  for (int i = 0; i < 400; ++i) {
    std::string damaged = file;
    for (int times = 0; times < 8; ++times) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      // Most of a file are weights, where damage means nothing: half of it goes to the beginning.
      const std::size_t end =
          times % 2 == 0 ? std::min<std::size_t>(4096, file.size()) : file.size();
      damaged[(state >> 33) % end] = static_cast<char>(state >> 24);
    }
    refused += problem<Small>(damaged, *weights).empty() ? 0 : 1;
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace pplcnet_test::onnx_test
