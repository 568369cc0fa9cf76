// ncnn networks: a published one, and every form in which converters write ours.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "picture.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/import/weights.hpp"
#include "pplcnet/weights/ncnn/load.hpp"
#include "weights/contents.hpp"
#include "weights/ncnn_model.hpp"

namespace pplcnet_test::ncnn_test {
namespace {

using pplcnet::Activation;
using pplcnet::BackboneOptions;
using pplcnet::Dialect;
using pplcnet::FileGraph;
using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::PPLCNetBackbone;
using pplcnet::PPLCNetV2;
using pplcnet::Scale;
using pplcnet::V2;
using pplcnet::V2Options;

#define SKIP_WITHOUT(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing"

using TextLine = PPLCNet<Scale::x0_25, Options{.classes = 2,
                                               .input = {80, 160},
                                               .strides = {{2, {2, 1}, {2, 1}, {2, 1}, {2, 1}}}}>;

TEST(NcnnTest, ThePublishedTextLineModelPredictsAsPaddlesDoes) {
  const std::string data = PPLCNET_TEST_DATA;
  const std::string name = data + "/models/textline_ori_x0_25_ncnn/PP-LCNet_x0_25_textline_ori";
  const std::string original_path = data + "/models/textline_ori_x0_25/inference.pdiparams";
  const std::string cases = data + "/models/textline_ori_x0_25/expected.json";
  for (const std::string& path : {name + ".param", name + ".bin", original_path, cases})
    SKIP_WITHOUT(path);
  std::ifstream text(cases);
  const auto expected = nlohmann::json::parse(text);
  const auto converted = std::make_unique<TextLine::Weights>();
  const auto original = std::make_unique<TextLine::Weights>();
  ASSERT_STREQ(pplcnet::load_ncnn(name + ".param", name + ".bin", *converted).message(), "");
  ASSERT_STREQ(pplcnet::load(original_path, *original).message(), "");
  const auto workspace = std::make_unique<TextLine::Workspace>();
  double difference = 0;
  ASSERT_EQ(expected.at("cases").size(), 4u);
  for (const auto& prediction : expected.at("cases")) {
    const std::string path = data + "/images/" + prediction.at("image").get<std::string>();
    SKIP_WITHOUT(path);
    Picture picture;
    ASSERT_STREQ(Picture::read(path, picture).message(), "");
    std::vector<float> tensor(TextLine::input_size);
    pplcnet::PreprocessScratch scratch;
    ASSERT_TRUE(
        pplcnet::preprocess(pplcnet::kTextlineOrientation, picture.view(), tensor, scratch));
    std::array<TextLine::Logits, 2> logits;
    TextLine::forward(*original, TextLine::Image(tensor), *workspace, logits[0]);
    TextLine::forward(*converted, TextLine::Image(tensor), *workspace, logits[1]);
    for (auto& one : logits) pplcnet::softmax(one);
    for (std::size_t i = 0; i < 2; ++i)
      difference = std::max(difference, std::abs(double{logits[0][i]} - double{logits[1][i]}));
  }
  EXPECT_LT(difference, 1e-5);
  std::printf("probabilities within %.1e\n", difference);

  using Square = PPLCNet<Scale::x0_25, Options{.classes = 2, .input = {80, 160}}>;
  const auto square = std::make_unique<Square::Weights>();
  EXPECT_EQ(pplcnet::load_ncnn(name + ".param", name + ".bin", *square).message(),
            name +
                ".param: strides in the file are (2,2), (2,1), (2,1), (2,1), (2,1); the type has "
                "(2,2), (2,2), (2,2), (2,2), (2,2)");
}

// ---- Networks made here ----------------------------------------------------------------------

constexpr pplcnet::Extent kSmall = {32, 32};
using Net = PPLCNet<Scale::x0_25, Options{.classes = 4, .input = kSmall}>;
using Backbone = PPLCNetBackbone<Scale::x0_25, BackboneOptions{.input = kSmall}>;

template <class Network>
NcnnNetwork network(const NcnnForm& form = {}) {
  const auto state = synthetic_state_dict(Network::layers, Network::traits);
  return {state.file, Network::layers, Network::traits, form};
}

/// What is said of a network; empty if it is read.
template <class Network>
std::string problem(std::string_view text, std::string_view contents,
                    typename Network::Weights& weights) {
  FileGraph graph;
  auto error = pplcnet::parse_ncnn(text, "param", bytes_of(contents), "bin", graph);
  if (!error) error = pplcnet::pack_graph(graph, Network::layers, Network::traits, weights.values);
  const std::string message = error.message();
  EXPECT_EQ(message.find('\n'), message.npos) << message;
  EXPECT_TRUE(message.empty() || message.starts_with("param: ") || message.starts_with("bin: "))
      << message;
  return message;
}

template <class Network, class Model>
std::string problem(const Model& model) {
  const auto weights = std::make_unique<typename Network::Weights>();
  return problem<Network>(model.text(), model.weights(), *weights);
}

template <class Network>
void expect_the_same_weights() {
  const auto expected = synthetic_weights<Network>();
  for (const NcnnForm& form : {NcnnForm{}, {.fused = true}, {.written_out = true}}) {
    const NcnnNetwork file = network<Network>(form);
    const auto weights = std::make_unique<typename Network::Weights>();
    ASSERT_EQ(problem<Network>(file.text(), file.weights(), *weights), "");
    EXPECT_EQ(weights->values, expected->values);
  }
}

TEST(NcnnTest, EveryFormGivesTheSameBits) {
  expect_the_same_weights<Net>();
  expect_the_same_weights<
      PPLCNet<Scale::x0_25, Options{.classes = 4, .input = kSmall, .dialect = Dialect::timm}>>();
  expect_the_same_weights<
      PPLCNet<Scale::x0_25, Options{.classes = 4, .input = kSmall, .dialect = Dialect::pytorch}>>();
  expect_the_same_weights<PPLCNet<
      Scale::x0_35,
      Options{.classes = 4, .input = kSmall, .head = 0, .activation = Activation::relu6}>>();
  expect_the_same_weights<Backbone>();
  expect_the_same_weights<PPLCNetV2<V2::small, V2Options{.classes = 4, .input = kSmall}>>();
}

TEST(NcnnTest, HalvesAndTablesAreRead) {
  const auto expected = synthetic_weights<Backbone>();
  const auto weights = std::make_unique<Backbone::Weights>();
  const NcnnNetwork halves = network<Backbone>({.tag = kNcnnHalf});
  ASSERT_EQ(problem<Backbone>(halves.text(), halves.weights(), *weights), "");
  double difference = 0;
  for (std::size_t i = 0; i < weights->values.size(); ++i)
    difference = std::max(difference, std::abs(double{weights->values[i]} - expected->values[i]));
  EXPECT_GT(difference, 0);
  EXPECT_LT(difference, 1e-2);

  const NcnnNetwork tables = network<Backbone>({.tag = kNcnnTable});
  FileGraph graph;
  ASSERT_STREQ(pplcnet::parse_ncnn(tables.text(), "param", bytes_of(tables.weights()), "bin", graph)
                   .message(),
               "");
  std::vector<float> counted(216);
  for (std::size_t i = 0; i < counted.size(); ++i) counted[i] = static_cast<float>(i);
  EXPECT_EQ(floats_of(graph.constants[0]), counted);
}

TEST(NcnnTest, WhatIsNotAsInTheTypeIsSaid) {
  const NcnnNetwork file = network<Net>();
  using OtherScale = PPLCNet<Scale::x0_35, Options{.classes = 4, .input = kSmall}>;
  EXPECT_EQ(problem<OtherScale>(file),
            "param: blocks2.0.pw_conv: expected weights F32 [16, 8, 1, 1], found F32 [8, 8, 1, 1] "
            "('l7')");
  using OtherClasses = PPLCNet<Scale::x0_25, Options{.input = kSmall}>;
  EXPECT_EQ(problem<OtherClasses>(file), "param: has 4 classes, the type has 1000");
  using NoHead = PPLCNet<Scale::x0_25, Options{.classes = 4, .input = kSmall, .head = 0}>;
  EXPECT_EQ(problem<NoHead>(file),
            "param: has an embedding between pooling and classes, the type has Options::head = 0");
  using NoDropout =
      PPLCNet<Scale::x0_25, Options{.classes = 4, .input = kSmall, .dropout_percent = 0}>;
  EXPECT_EQ(problem<NoDropout>(file), "param: multiplies the embedding by 0.8, the type by 1");
}

TEST(NcnnTest, WhatIsNoNetworkOfOursIsSaid) {
  const auto weights = std::make_unique<Net::Weights>();
  const auto said = [&](const std::string& lines, const std::string& data = "") {
    return problem<Net>("7767517\n1 1\n" + lines, data, *weights);
  };
  EXPECT_EQ(problem<Net>("7767518\n", "", *weights),
            "param: expected the text of an ncnn network, which begins with 7767517, found "
            "something else");
  EXPECT_EQ(said("Input in 0 1\n"), "param: expected a layer, found 'Input in 0 1'");
  EXPECT_EQ(said("Input in 0 1 a 0\n"), "param: expected a layer, found 'Input in 0 1 a 0'");
  EXPECT_EQ(said("Input in 0 1 a\n"), "param: has no convolution");
  EXPECT_EQ(said("Input in 0 1 a\n", "1234"),
            "bin: has 4 bytes more than the layers of param take");
  EXPECT_EQ(said("ReLU r 1 1 a b\n"),
            "param: layer 'r' ('ReLU'): reads what no layer before it gives");
  EXPECT_EQ(said("Input in 0 1 a\nInput in 0 1 a\n"),
            "param: layer 'in' ('Input'): gives what another layer gives");
  const std::string stem = "Input in 0 1 a\nConvolution c 1 1 a b 0=8 1=3 3=2 4=1 ";
  const std::string quantised =
      "param: layer 'c' ('Convolution'): its weights are quantised to 8 bits: take the float "
      "network";
  EXPECT_EQ(said(stem + "6=216 8=2\n"), quantised);
  EXPECT_EQ(said(stem + "6=216\n", u32(kNcnnInteger) + std::string(216, '1')), quantised);
  EXPECT_EQ(said(stem + "6=216\n", u32(0) + std::string(860, '1')),
            "bin: ends before the weights of 'c'");
  for (const char* count : {"6=217", "6=0", "6=-216", "", "6=99999999999", "6=9"})
    EXPECT_EQ(said(stem + count + "\n"),
              "param: layer 'c' ('Convolution'): its weights have no known shape");
  EXPECT_EQ(said(stem + "6=216\nMish m 1 1 b d\n", u32(0) + std::string(864, '\0')),
            "param: conv1: the activation after it is 'Mish', in the type it is hardswish");
  EXPECT_EQ(said(stem + "6=216 9=5\n", u32(0) + std::string(864, '\0')),
            "param: conv1: the activation after it is 'activation of an unknown type', in the "
            "type it is hardswish");
}

TEST(NcnnTest, WeightsOfNoKnownShapeAreRefused) {
  const auto weights = std::make_unique<Net::Weights>();
  const auto said = [&](const std::string& type, const std::string& parameters) {
    const std::string text = "7767517\n1 1\nInput in 0 1 a\n" + type + " l 1 1 a b " + parameters;
    return problem<Net>(text + "\n", u32(0), *weights);
  };
  const std::pair<std::string, std::string> shapeless[] = {
      {"Deconvolution", "0=2 1=2 6=7"},
      {"Deconvolution", "0=0 1=2 6=8"},
      {"Deconvolution", "0=2 1=2 6=8 28=1"},
      {"Gemm", "4=1 5=1 8=2 9=3"},
      {"Gemm", "5=1 8=0 9=3"},
      {"Gemm", "5=1 6=1 8=2 9=-3 10=4"},
      {"Gemm", "5=1 6=1 8=2 9=3 10=2"},
      {"MultiHeadAttention", "0=12 1=5 2=144"},
      {"MultiHeadAttention", "0=12 1=4 2=145"},
      {"MultiHeadAttention", "0=0 1=1 2=0"},
      {"MultiHeadAttention", "0=-12 1=4 2=144"},
  };
  for (const auto& [type, parameters] : shapeless)
    EXPECT_EQ(said(type, parameters),
              "param: layer 'l' ('" + type + "'): its weights have no known shape")
        << parameters;
  for (const char* parameters : {"3=24", "4=6", "5=1", "7=1"})
    EXPECT_EQ(
        said("MultiHeadAttention", std::string("0=12 1=4 2=144 ") + parameters),
        "param: layer 'l' ('MultiHeadAttention'): is an attention of a kind that is not known");
  for (const auto& [type, parameters] :
       {std::pair("Deconvolution", "0=2 1=2 6=24 5=1"), std::pair("Gemm", "3=1 5=1 8=2 9=3"),
        std::pair("MultiHeadAttention", "0=12 1=4 2=144"), std::pair("LayerNorm", "0=3"),
        std::pair("LayerNorm", "0=-3")})
    EXPECT_EQ(said(type, parameters), "bin: ends before the weights of 'l'") << type;
  for (const auto& [type, parameters] :
       {std::pair("Gemm", "5=1 18=1"), std::pair("MultiHeadAttention", "0=12 1=4 2=144 18=1")})
    EXPECT_NE(said(type, parameters).find("quantised to 8 bits"), std::string::npos) << type;
}

TEST(NcnnTest, MuchMemoryForFewBytesIsRefused) {
  const auto weights = std::make_unique<Net::Weights>();
  const auto said = [&](const std::string& lines, const std::string& data = "") {
    return problem<Net>("7767517\n1 1\n" + lines, data, *weights);
  };
  const std::string memory =
      ": expected to need at most 4 times the memory of the file, found more";
  std::string layers, norms;
  for (int i = 0; i < 8000; ++i) layers += "Noop a 0 0\n";
  for (int i = 0; i < 1500; ++i) norms += "BatchNorm a 0 0 0=0\n";
  EXPECT_EQ(said(layers), "param" + memory);
  EXPECT_EQ(said(norms), "param" + memory);
  // A table makes four bytes of one.
  const std::string table = u32(kNcnnTable) + std::string(1024, '\0');
  EXPECT_EQ(said("MemoryData a 0 0 0=4000000 21=0\n", table + std::string(4000000, '\0')),
            "param: has no convolution");
}

TEST(NcnnTest, WhatFollowsABackboneNeedNotBeKnown) {
  NcnnNetwork detector = network<Backbone>();
  NcnnModel& model = detector.model();
  model.layer("ANewLayer", {detector.results().back()}, "0=1 1=abc");
  model.add_floats({1, 2, 3});
  EXPECT_EQ(problem<Backbone>(detector), "");
}

TEST(NcnnTest, DamagedNetworksAreReadOrRefused) {
  using Small = PPLCNet<Scale::x0_25, Options{.classes = 4, .input = kSmall, .head = 0}>;
  const NcnnNetwork file = network<Small>({.written_out = true});
  const std::string text = file.text(), data = file.weights();
  const auto weights = std::make_unique<Small::Weights>();
  ASSERT_EQ(problem<Small>(text, data, *weights), "");
  for (std::size_t size = data.size() - 1; size > 0; size -= size / 64 + 1)
    EXPECT_NE(problem<Small>(text, data.substr(0, size), *weights), "") << size;
  for (std::size_t size = text.find("InnerProduct"); size > 0; size -= size / 64 + 1)
    EXPECT_NE(problem<Small>(text.substr(0, size), data, *weights), "") << size;
  std::uint64_t state = 1;
  int refused = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string damaged = text;
    state = state * 6364136223846793005u + 1442695040888963407u;
    damaged[(state >> 33) % damaged.size()] = static_cast<char>(state >> 24);
    refused += problem<Small>(damaged, data, *weights).empty() ? 0 : 1;
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace pplcnet_test::ncnn_test
