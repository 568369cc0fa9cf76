// Paddle's weights with what stands beside them: both forms of a graph, and names.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/paddle/load.hpp"
#include "weights/contents.hpp"
#include "weights/paddle_model.hpp"

namespace pplcnet_test::paddle_program_test {
namespace {

using pplcnet::Activation;
using pplcnet::BackboneOptions;
using pplcnet::Dialect;
using pplcnet::Options;
using pplcnet::PaddleProgram;
using pplcnet::PPLCNet;
using pplcnet::PPLCNetBackbone;
using pplcnet::PPLCNetV2;
using pplcnet::PPLCNetV3;
using pplcnet::Scale;
using pplcnet::TensorFile;
using pplcnet::V2;
using pplcnet::V2Options;
using pplcnet::V3;

#define SKIP_WITHOUT(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing"

const std::string kModels = std::string(PPLCNET_TEST_DATA) + "/models/";

void write(const std::string& path, const std::string& contents) {
  std::ofstream(path, std::ios::binary) << contents;
}

// ---- Published files -------------------------------------------------------------------------

TEST(PaddleProgramTest, ThePublishedGraphFitsItsWeights) {
  const std::string graph = kModels + "textline_ori_x0_25/inference.json";
  const std::string data = kModels + "textline_ori_x0_25/inference.pdiparams";
  SKIP_WITHOUT(graph);
  SKIP_WITHOUT(data);
  using Net = pplcnet::models::textline_orientation_x0_25;
  const auto by_order = std::make_unique<Net::Weights>();
  const auto by_graph = std::make_unique<Net::Weights>();
  ASSERT_STREQ(pplcnet::load(data, *by_order).message(), "");
  ASSERT_STREQ(pplcnet::load_paddle(data, graph, *by_graph).message(), "");
  EXPECT_EQ(by_graph->values, by_order->values);

  // The weights of a network with other strides are the same: nothing but the graph can tell.
  using Square = PPLCNet<Scale::x0_25, Options{.classes = 2, .input = {80, 160}}>;
  const auto square = std::make_unique<Square::Weights>();
  EXPECT_STREQ(pplcnet::load(data, *square).message(), "");
  EXPECT_EQ(pplcnet::load_paddle(data, graph, *square).message(),
            graph +
                ": strides in the file are (2,2), (2,1), (2,1), (2,1), (2,1); the type has "
                "(2,2), (2,2), (2,2), (2,2), (2,2)");

  const std::string other = PPLCNET_SYNTHETIC "/pplcnet_x0_25.pdiparams";
  SKIP_WITHOUT(other);
  EXPECT_EQ(pplcnet::load_paddle(other, graph, *by_graph).message(),
            other + ": tensor 144 ('linear_0.b_0_deepcopy_145'): expected F32 [2], as " + graph +
                " has, found F32 [1000]");
}

TEST(PaddleProgramTest, ThePublishedNamesFitTheirWeights) {
  const std::string data = PPLCNET_SYNTHETIC "/pplcnet_x0_25.pdiparams", info = data + ".info";
  SKIP_WITHOUT(data);
  SKIP_WITHOUT(info);
  using Net = PPLCNet<Scale::x0_25>;
  const auto by_order = std::make_unique<Net::Weights>();
  const auto by_name = std::make_unique<Net::Weights>();
  ASSERT_STREQ(pplcnet::load(data, *by_order).message(), "");
  ASSERT_STREQ(pplcnet::load_paddle(data, info, *by_name).message(), "");
  EXPECT_EQ(by_name->values, by_order->values);
}

// ---- Graphs made here ------------------------------------------------------------------------

constexpr pplcnet::Extent kSmall = {32, 32};
using Net = PPLCNet<Scale::x0_25, Options{.classes = 4, .input = kSmall}>;
using Backbone = PPLCNetBackbone<Scale::x0_25, BackboneOptions{.input = kSmall}>;
constexpr PaddleForm kForms[] = {PaddleForm::pir, PaddleForm::pdmodel};

template <class Network>
PaddleNetwork network(PaddleForm form) {
  const auto state = synthetic_state_dict(Network::layers, Network::traits);
  return {state.file, Network::layers, Network::traits, form};
}

/// What is said of a network; empty if it is read.
template <class Network>
std::string problem(PaddleModel& model, typename Network::Weights& weights) {
  const TemporaryFolder folder;
  const std::string data = folder.file("data"), graph = folder.file("graph");
  write(data, model.data());
  write(graph, model.graph());
  std::string message = pplcnet::load_paddle(data, graph, weights).message();
  EXPECT_EQ(message.find('\n'), message.npos) << message;
  EXPECT_TRUE(message.empty() || message.starts_with(data) || message.starts_with(graph));
  return message.empty() ? "" : message.substr(folder.path.string().size() + 1);
}

template <class Network, class Model>
std::string problem(Model& model) {
  const auto weights = std::make_unique<typename Network::Weights>();
  return problem<Network>(model, *weights);
}

template <class Network>
void expect_the_same_weights(float tolerance = 0) {
  const auto expected = synthetic_weights<Network>();
  for (const PaddleForm form : kForms) {
    PaddleNetwork file = network<Network>(form);
    const auto weights = std::make_unique<typename Network::Weights>();
    ASSERT_EQ(problem<Network>(file.model(), *weights), "");
    if (tolerance == 0) {
      EXPECT_EQ(weights->values, expected->values);
      continue;
    }
    float difference = 0;
    for (std::size_t i = 0; i < weights->values.size(); ++i)
      difference = std::max(difference, std::abs(weights->values[i] - expected->values[i]));
    EXPECT_LT(difference, tolerance);
  }
}

TEST(PaddleProgramTest, BothFormsGiveTheSameBits) {
  expect_the_same_weights<Net>();
  expect_the_same_weights<PPLCNet<
      Scale::x0_35,
      Options{.classes = 4, .input = kSmall, .head = 0, .activation = Activation::relu6}>>();
  expect_the_same_weights<Backbone>();
  expect_the_same_weights<PPLCNetV2<V2::small, V2Options{.classes = 4, .input = kSmall}>>();
}

TEST(PaddleProgramTest, V3WithItsScalesIsRead) {
  expect_the_same_weights<
      PPLCNetV3<Scale::x0_5, V3::detection, pplcnet::TextOptions{.input = {64, 64}}>>(1e-6f);
  expect_the_same_weights<
      PPLCNetV3<Scale::x0_5, V3::recognition, pplcnet::TextOptions{.input = {48, 64}}>>(1e-6f);
}

TEST(PaddleProgramTest, WhatIsNotAsInTheTypeIsSaid) {
  for (const PaddleForm form : kForms) {
    PaddleNetwork file = network<Net>(form);
    using OtherClasses = PPLCNet<Scale::x0_25, Options{.input = kSmall}>;
    EXPECT_EQ(problem<OtherClasses>(file.model()), "graph: has 4 classes, the type has 1000");
    using NoHead = PPLCNet<Scale::x0_25, Options{.classes = 4, .input = kSmall, .head = 0}>;
    EXPECT_EQ(problem<NoHead>(file.model()),
              "graph: has an embedding between pooling and classes, the type has Options::head = "
              "0");
    using Timm =
        PPLCNet<Scale::x0_25, Options{.classes = 4, .input = kSmall, .dialect = Dialect::timm}>;
    EXPECT_EQ(problem<Timm>(file.model()), "graph: multiplies the embedding by 0.8, the type by 1");
    using Relu = PPLCNet<Scale::x0_25,
                         Options{.classes = 4, .input = kSmall, .activation = Activation::relu}>;
    EXPECT_EQ(problem<Relu>(file.model()),
              "graph: conv1: the activation after it is hardswish, in the type it is relu");
    using Wide = PPLCNet<Scale::x0_25, Options{.classes = 4,
                                               .input = {80, 160},
                                               .strides = pplcnet::models::kTextLineStrides}>;
    EXPECT_EQ(problem<Wide>(file.model()),
              "graph: strides in the file are (2,2), (2,2), (2,2), (2,2), (2,2); the type has "
              "(2,2), (2,1), (2,1), (2,1), (2,1)");
  }
}

TEST(PaddleProgramTest, ParametersAndDataMustFit) {
  for (const PaddleForm form : kForms) {
    PaddleNetwork file = network<Net>(form);
    file.model().parameter("zebra", {2}, {1, 2});  // which no operation reads
    EXPECT_EQ(problem<Net>(file.model()), "");
    PaddleNetwork other = network<Backbone>(form);
    const TemporaryFolder folder;
    write(folder.file("data"), other.model().data());
    write(folder.file("graph"), file.model().graph());
    const auto weights = std::make_unique<Net::Weights>();
    EXPECT_EQ(pplcnet::load_paddle(folder.file("data"), folder.file("graph"), *weights).message(),
              folder.file("data") + ": expected 147 tensors, as " + folder.file("graph") +
                  " has, found 143");
  }
}

// ---- Hostile files ---------------------------------------------------------------------------

std::string pir(const std::string& operations) {
  return R"({"base_code":{"magic":"pir","version":1},"program":{"regions":[{"blocks":[{"ops":[)" +
         operations + "]}]}]}}";
}

std::string parameter(const std::string& name, const std::string& shape,
                      const std::string& value = "1") {
  return R"({"#":"p","A":[0,1,1,)" + name + R"(],"O":{"%":)" + value +
         R"(,"TT":{"D":[{"#":"0.t_f32"},)" + shape + "]}}}";
}

std::string said_of_pir(const std::string& text, PaddleProgram& program) {
  return pplcnet::parse_pir(bytes_of(text), "x", program).message();
}

TEST(PaddleProgramTest, ParametersAreSortedByTheirNames) {
  PaddleProgram program;
  ASSERT_EQ(said_of_pir(pir(parameter("\"é\"", "[1]", "1") + "," + parameter("\"b_2\"", "[]", "2") +
                            "," + parameter("\"b_10\"", "[3,0]", "3")),
                        program),
            "");
  std::vector<std::string> names;
  for (const std::size_t constant : program.parameters)
    names.push_back(program.graph.constants[constant].name);
  EXPECT_EQ(names, (std::vector<std::string>{"b_10", "b_2", "é"}));
  EXPECT_EQ(program.graph.constants[program.parameters[0]].shape,
            (std::vector<std::int64_t>{3, 0}));
}

TEST(PaddleProgramTest, AFileCutAnywhereIsRefused) {
  const std::string text = pir(parameter("\"a\"", "[1]"));
  for (std::size_t size = 0; size < text.size(); ++size) {
    PaddleProgram program;
    EXPECT_NE(said_of_pir(text.substr(0, size), program), "") << size;
    EXPECT_TRUE(program.parameters.empty());
  }
  PaddleNetwork file = network<Net>(PaddleForm::pdmodel);
  const std::string graph = file.model().graph();
  for (std::size_t size = graph.size() - 1; size > 0; size -= size / 64 + 1) {
    PaddleProgram program;
    EXPECT_TRUE(pplcnet::parse_pdmodel(bytes_of(graph.substr(0, size)), "x", program)) << size;
  }
}

TEST(PaddleProgramTest, HostileTextsAreRefusedInOneSentence) {
  const std::string not_json = "x: expected JSON, found something else";
  const std::string other = "x: expected a Paddle 3 program ('pir'), found other JSON";
  const std::string no_parameter = "x: operation 0: expected a parameter's name and shape";
  const std::string no_value = "x: operation 0: expected the number of a value";
  const auto shape = [](const std::string& dimensions) {
    return pir(parameter("\"a\"", dimensions));
  };
  const HostileCase cases[] = {
      {"", not_json},
      {pir("") + "x", not_json},
      {pir("NaN"), not_json},
      {pir("1e999"), not_json},
      {pir("\"\xff\""), not_json},
      {pir("\"\\ud800\""), not_json},
      {pir("// a comment"), not_json},
      {std::string(1'000'000, '['), "x: expected at most 64 nested levels, found more"},
      {std::string(1'000'000, '{'), "x: expected at most 64 nested levels, found more"},
      {pir("\"\\\\\"," + std::string(1'000'000, '[')), "at most 64 nested levels"},
      {std::string((4 << 20) + 1, ' '), "x: expected a graph of at most 4194304 bytes, found"},
      {"null", other},
      {"[]", other},
      {"{}", other},
      {R"({"base_code":{"magic":"pir"},"program":[]})", other},
      {R"({"base_code":{"magic":"pir"},"program":{"regions":[]}})", other},
      {R"({"base_code":{"magic":"pir"},"program":{"regions":[{"blocks":[{"ops":{}}]}]}})", other},
      {R"({"base_code":{"magic":1},"program":{"regions":[{"blocks":[{"ops":[]}]}]}})", other},
      {R"({"base_code":7,"program":{"regions":[{"blocks":[{"ops":[]}]}]}})", other},
      {pir(R"({"#":"p"})"), no_parameter},
      {pir(R"({"#":"p","A":{}})"), no_parameter},
      {pir(R"({"#":"p","A":[0,1,1]})"), no_parameter},
      {pir(R"({"#":"p","A":[0,1,1,"a"],"O":[]})"), no_parameter},
      {pir(parameter("7", "[1]")), no_parameter},
      {shape("7"), no_parameter},
      {shape("[-1]"), no_parameter},
      {shape("[1.0]"), no_parameter},
      {shape("[\"1\"]"), no_parameter},
      {shape("[9223372036854775808]"), no_parameter},
      {shape("[18446744073709551615]"), no_parameter},
      {shape("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"), no_parameter},
      {pir(parameter("\"a\"", "[1]", "\"1\"")), no_value},
      {pir(parameter("\"a\"", "[1]") + "," + parameter("\"b\"", "[2]")),
       "x: operation 1: gives value 1, which another gives"},
      {pir(parameter("\"a\"", "[1]") + "," + parameter("\"a\"", "[2]", "2")),
       "x: expected one parameter of the name 'a', found several"},
      {pir(R"({"#":"1.relu","I":[{"%":7}]})"),
       "x: operation 0: reads value 7, which nothing before it is"},
      {pir(R"({"#":"1.relu","I":[{}]})"), no_value},
      {pir(R"({"#":"1.relu","O":[{}]})"), no_value},
      {pir(R"({"#":"1.relu","O":[7]})"), no_value},
  };
  for (const auto& [text, expected] : cases) {
    PaddleProgram program;
    const std::string message = said_of_pir(text, program);
    EXPECT_NE(message.find(expected), message.npos)
        << text.substr(0, 200) << "\nfound:    " << message << "\nexpected: " << expected;
    EXPECT_TRUE(program.parameters.empty() && program.graph.nodes.empty());
  }
}

TEST(PaddleProgramTest, AnOperationOfAnyFormIsReadOrUnknown) {
  for (const char* operation :
       {R"({})", R"(7)", R"({"#":7})", R"({"#":"conv2d","A":7,"I":7,"O":7})",
        R"({"#":"1.conv2d","A":[7,{"N":7},{"N":"strides"},{"N":"strides","AT":{"D":[[]]}}]})",
        R"({"#":"1.dropout"})", R"({"#":"1.full","A":[{"N":"value","AT":{"D":"x"}}]})",
        R"({"#":"1.full_int_array","O":[{"%":3}]})", R"({"#":"1.pool2d"})"}) {
    PaddleProgram program;
    EXPECT_EQ(said_of_pir(pir(operation), program), "") << operation;
  }
}

TEST(PaddleProgramTest, OtherMessagesAreNoPrograms) {
  const auto said = [](const std::string& bytes) {
    PaddleProgram program;
    return std::string(pplcnet::parse_pdmodel(bytes_of(bytes), "x", program).message());
  };
  EXPECT_EQ(said(""), "x: expected a Paddle program, found none");
  EXPECT_EQ(said("\x10\x01"), "x: expected a Paddle program, found none");
  EXPECT_TRUE(
      said("hello").starts_with("x: expected a Paddle program, found damage or something else: "));
  PaddleModel model(PaddleForm::pdmodel);
  model.picture();
  model.operation("relu", {{"X", 1}}, {});
  EXPECT_EQ(said(model.graph()), "");
}

TEST(PaddleProgramTest, NamesOfAnotherFormAreRefused) {
  const auto said = [](const std::string& bytes) {
    pplcnet::PdiparamsInfo info;
    return std::string(pplcnet::parse_pdiparams_info(bytes_of(bytes), "x", info).message());
  };
  EXPECT_EQ(said("\x80\x02]."), "x: expected a dict of names, found a list");
  EXPECT_EQ(said("\x80\x02}."), "");
  EXPECT_EQ(said("\x80\x02}U\x01"
                 "aK\x01s."),
            "x: expected names with a dict for each, found bytes with an integer");
  EXPECT_EQ(said("\x80\x02}U\x01"
                 "a}s."),
            "x: 'a' has no 'structured_name'");
}

}  // namespace
}  // namespace pplcnet_test::paddle_program_test
