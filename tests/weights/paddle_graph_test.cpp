#include "pplcnet/weights/paddle/graph.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/paddle/pdiparams.hpp"
#include "weights/contents.hpp"

namespace pplcnet_test {
namespace {

using pplcnet::PaddleGraph;
using pplcnet::TensorFile;

std::string parse(const std::string& text, PaddleGraph& graph) {
  return pplcnet::parse_paddle_graph(text, "x", graph).message();
}

std::string program(const std::string& operations) {
  return R"({"base_code":{"magic":"pir","version":1},"program":{"regions":[{"blocks":[{"ops":[)" +
         operations + "]}]}]}}";
}

std::string parameter(const std::string& name, const std::string& shape) {
  return R"({"#":"p","A":[0,1,1,)" + name + R"(],"O":{"%":1,"TT":{"D":[{"#":"0.t_f32"},)" + shape +
         "]}}}";
}

std::string convolution(const std::string& kind, const std::string& strides) {
  return R"({"#":")" + kind + R"(","A":[{"N":"groups"},{"N":"strides","AT":{"D":)" + strides +
         "}}]}";
}

TEST(PaddleGraphTest, RealGraphFitsItsWeights) {
  const std::string folder = PPLCNET_TEST_DATA "/models/textline_ori_x0_25/";
  const std::string path = folder + "inference.json", weights = folder + "inference.pdiparams";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing";
  if (!std::filesystem::exists(weights)) GTEST_SKIP() << weights << " is missing";
  pplcnet::FileBytes text, bytes;
  ASSERT_STREQ(pplcnet::read_file(path, text).message(), "");
  ASSERT_STREQ(pplcnet::read_file(weights, bytes).message(), "");
  PaddleGraph graph;
  TensorFile file;
  ASSERT_STREQ(
      pplcnet::parse_paddle_graph(
          {reinterpret_cast<const char*>(text.bytes().data()), text.bytes().size()}, path, graph)
          .message(),
      "");
  ASSERT_STREQ(pplcnet::parse_pdiparams(bytes.bytes(), weights, file).message(), "");

  ASSERT_EQ(graph.parameters.size(), 146u);
  EXPECT_EQ(graph.parameters[0].name, "batch_norm2d_0.b_0_deepcopy_2");
  EXPECT_EQ(graph.parameters[0].shape, (std::vector<std::int64_t>{8}));
  EXPECT_EQ(graph.parameters[8].name, "batch_norm2d_10.b_0_deepcopy_52");  // not batch_norm2d_2
  EXPECT_EQ(graph.parameters[145].name, "linear_0.w_0_deepcopy_144");
  EXPECT_EQ(graph.parameters[145].shape, (std::vector<std::int64_t>{1280, 2}));
  EXPECT_EQ(graph.input_shape, (std::vector<std::int64_t>{-1, 3, 80, 160}));

  ASSERT_EQ(graph.conv_strides.size(), 32u);
  for (std::size_t i = 0; i < 32; ++i) {
    const bool downsamples = i == 3 || i == 7 || i == 11 || i == 23;
    const std::array<int, 2> expected = {i == 0 || downsamples ? 2 : 1, i == 0 ? 2 : 1};
    EXPECT_EQ(graph.conv_strides[i], expected) << i;
  }

  EXPECT_STREQ(pplcnet::check_against_graph(file, graph).message(), "");
  std::swap(file.tensors[145].shape[0], file.tensors[145].shape[1]);
  EXPECT_EQ(pplcnet::check_against_graph(file, graph).message(),
            weights + ": tensor 145 ('linear_0.w_0_deepcopy_144'): expected F32 [1280, 2], as " +
                path + " has, found F32 [2, 1280]");
  file.tensors.pop_back();
  EXPECT_EQ(pplcnet::check_against_graph(file, graph).message(),
            weights + ": expected 146 tensors, as " + path + " has, found 145");
}

TEST(PaddleGraphTest, ParametersAreSortedAndConvolutionsAreNot) {
  PaddleGraph graph;
  ASSERT_EQ(parse(program(parameter("\"é\"", "[1]") + "," + parameter("\"b_2\"", "[]") + "," +
                          parameter("\"b_10\"", "[3,0]") + "," +
                          convolution("1.conv2d", R"([{"D":2},{"D":1}])") + "," +
                          convolution("1.conv2d_transpose", R"([{"D":5},{"D":5}])") + "," +
                          convolution("1.depthwise_conv2d", R"([{"D":1},{"D":3}])")),
                  graph),
            "");
  ASSERT_EQ(graph.parameters.size(), 3u);
  EXPECT_EQ(graph.parameters[0].name, "b_10");
  EXPECT_EQ(graph.parameters[0].shape, (std::vector<std::int64_t>{3, 0}));
  EXPECT_EQ(graph.parameters[1].name, "b_2");
  EXPECT_EQ(graph.parameters[2].name, "é");
  EXPECT_EQ(graph.conv_strides, (std::vector<std::array<int, 2>>{{2, 1}, {1, 3}}));
  EXPECT_TRUE(graph.input_shape.empty());
  EXPECT_EQ(graph.path, "x");
}

TEST(PaddleGraphTest, ATextCutAnywhereIsRefused) {
  const std::string text = program(parameter("\"a\"", "[1]"));
  for (std::size_t size = 0; size < text.size(); ++size) {
    PaddleGraph graph;
    EXPECT_NE(parse(text.substr(0, size), graph), "") << size;
    EXPECT_TRUE(graph.parameters.empty());
  }
}

TEST(PaddleGraphTest, HostileTextsAreRefusedInOneSentence) {
  const std::string not_json = "x: expected JSON, found something else";
  const std::string other = "x: expected a Paddle 3 program ('pir'), found other JSON";
  const std::string no_parameter = "x: operation 0: expected a parameter's name and shape";
  const std::string no_strides = "x: operation 0: expected 2 positive strides";
  const auto shape = [](const std::string& dimensions) {
    return program(parameter("\"a\"", dimensions));
  };
  const auto strides = [](const std::string& values) {
    return program(convolution("1.conv2d", values));
  };
  const HostileCase cases[] = {
      {"", not_json},
      {program("") + "x", not_json},
      {program("NaN"), not_json},
      {program("1e999"), not_json},
      {program("\"\xff\""), not_json},
      {program("\"\\ud800\""), not_json},
      {program("// a comment"), not_json},
      {std::string(1'000'000, '['), "x: expected at most 64 nested levels, found more"},
      {std::string(1'000'000, '{'), "x: expected at most 64 nested levels, found more"},
      {program("\"\\\\\"," + std::string(1'000'000, '[')), "at most 64 nested levels"},
      {std::string((4 << 20) + 1, ' '), "x: expected a graph of at most 4194304 bytes, found"},
      {"null", other},
      {"[]", other},
      {"{}", other},
      {R"({"base_code":{"magic":"pir"},"program":[]})", other},
      {R"({"base_code":{"magic":"pir"},"program":{"regions":[]}})", other},
      {R"({"base_code":{"magic":"pir"},"program":{"regions":[{"blocks":[{"ops":{}}]}]}})", other},
      {R"({"base_code":{"magic":1},"program":{"regions":[{"blocks":[{"ops":[]}]}]}})", other},
      {R"({"base_code":7,"program":{"regions":[{"blocks":[{"ops":[]}]}]}})", other},
      {program(R"({"#":"p"})"), no_parameter},
      {program(R"({"#":"p","A":{}})"), no_parameter},
      {program(R"({"#":"p","A":[0,1,1]})"), no_parameter},
      {program(R"({"#":"p","A":[0,1,1,"a"],"O":[]})"), no_parameter},
      {program(parameter("7", "[1]")), no_parameter},
      {shape("7"), no_parameter},
      {shape("[-1]"), no_parameter},
      {shape("[1.0]"), no_parameter},
      {shape("[\"1\"]"), no_parameter},
      {shape("[9223372036854775808]"), no_parameter},
      {shape("[18446744073709551615]"), no_parameter},
      {shape("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"), no_parameter},
      {program(parameter("\"a\"", "[1]") + "," + parameter("\"a\"", "[2]")),
       "x: expected one parameter of the name 'a', found several"},
      {program(R"({"#":"1.conv2d"})"), no_strides},
      {program(R"({"#":"1.conv2d","A":[]})"), no_strides},
      {program(R"({"#":"1.conv2d","A":[0,{"N":"strides"}]})"), no_strides},
      {strides("2"), no_strides},
      {strides(R"([{"D":2}])"), no_strides},
      {strides(R"([{"D":2},{"D":2},{"D":2}])"), no_strides},
      {strides(R"([{"D":2},2])"), no_strides},
      {strides(R"([{"D":2},{"D":0}])"), no_strides},
      {strides(R"([{"D":2},{"D":-1}])"), no_strides},
      {strides(R"([{"D":2},{"D":2147483648}])"), no_strides},
      {strides(R"([{"D":2},{"D":true}])"), no_strides},
      {program(R"(7,{"#":"1.data","O":[]})"), "x: operation 1: expected the input's shape"},
  };
  for (const auto& [text, expected] : cases) {
    PaddleGraph graph;
    const std::string message = parse(text, graph);
    EXPECT_NE(message.find(expected), message.npos)
        << text.substr(0, 200) << "\nfound:    " << message << "\nexpected: " << expected;
    EXPECT_TRUE(graph.parameters.empty() && graph.conv_strides.empty());
  }
}

}  // namespace
}  // namespace pplcnet_test
