// What this library writes as ONNX is read again as anybody's: without its metadata, by what the
// graph computes alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "pplcnet/models/light_cnns.hpp"
#include "pplcnet/models/lightweight.hpp"
#include "pplcnet/models/torchvision.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/import/weights.hpp"
#include "pplcnet/weights/onnx/load.hpp"
#include "pplcnet/weights/onnx/save.hpp"
#include "synthetic_weights.hpp"
#include "weights/contents.hpp"
#include "weights/onnx_model.hpp"

namespace pplcnet_test::foreign_onnx_test {
namespace {

using pplcnet::Activation;
using pplcnet::AnyNetwork;
using pplcnet::FileGraph;
using pplcnet::Graph;
using pplcnet::Value;

AnyNetwork network(const Graph& graph) {
  AnyNetwork result(graph);
  for (const pplcnet::Layer& layer : result.layers())
    if (layer.has_weights()) pack(layer, synthetic_parameters(layer), result.weights());
  return result;
}

/// What is said of a network's ONNX as that of another graph; empty if it is read. The name is cut
/// away.
std::string problem(const std::string& model, AnyNetwork& network) {
  FileGraph graph;
  auto error = pplcnet::parse_onnx(bytes_of(model), "file", graph);
  if (!error)
    error = pplcnet::pack_graph(graph, network.layers(), network.traits(), network.weights());
  const std::string message = error.message();
  EXPECT_EQ(message.find('\n'), message.npos) << message;
  return message.substr(std::min<std::size_t>(message.size(), 6));
}

std::string problem(const Graph& written, const Graph& read) {
  AnyNetwork other(read);
  return problem(pplcnet::onnx_model(network(written), {}, {}), other);
}

/// All outputs of a network.
std::vector<float> outputs(AnyNetwork& network) {
  const pplcnet::Shape shape = network.input_shape();
  const std::vector<float> picture = synthetic_input(
      1, 1, 3, static_cast<std::size_t>(shape.height), static_cast<std::size_t>(shape.width));
  std::vector<float> all;
  const pplcnet::Plan& plan = network.plan();
  for (const int layer : std::span(plan.outputs, static_cast<std::size_t>(plan.output_count))) {
    std::vector<float> values(static_cast<std::size_t>(plan.layers[layer].output.size()));
    network.run(pplcnet::Picture::planar(picture.data(), shape), layer, values);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

/// Returns whether a network has layers that are not looked for in graphs: those that take a map as
/// a whole.
bool takes_maps_as_wholes(const AnyNetwork& network) {
  using pplcnet::Operator;
  constexpr Operator kOperators[] = {Operator::l1,        Operator::reduce,  Operator::multiply,
                                     Operator::normalise, Operator::softmax, Operator::attention,
                                     Operator::rearrange};
  return std::ranges::any_of(network.layers(), [&](const pplcnet::Layer& layer) {
    return std::ranges::find(kOperators, layer.op) != std::end(kOperators);
  });
}

void expect_the_same(const Graph& graph, int opset = 17) {
  SCOPED_TRACE(graph.title);
  if (takes_maps_as_wholes(AnyNetwork(graph))) {
    EXPECT_NE(problem(graph, graph), "");
    return;
  }
  AnyNetwork written = network(graph);
  const std::vector<float> expected = outputs(written);
  float most = 0;
  for (const float value : expected) most = std::max(most, std::abs(value));
  EXPECT_GT(most, 0);
  AnyNetwork read(graph);
  ASSERT_EQ(problem(pplcnet::onnx_model(written, {.opset = opset}, {}), read), "");
  const std::vector<float> found = outputs(read);
  ASSERT_EQ(found.size(), expected.size());
  float difference = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    difference = std::max(difference, std::abs(found[i] - expected[i]));
  EXPECT_LE(difference, 1e-6F * most);
}

template <std::size_t kRows>
void expect_the_same(const pplcnet::models::Published (&table)[kRows], int opset) {
  for (const auto& row : table)
    expect_the_same(row.network({.width = row.width, .input = {97, 131}, .classes = 10}), opset);
}

/// A map of another size, by factors and otherwise, and one of the mean.
Graph resized(pplcnet::Extent size, pplcnet::Resampling resampling) {
  Graph g({20, 26}, {}, "resized");
  const Value x = g.conv(g.image(), 8, {.kernel = 3, .stride = 2}, "a");
  const Value mean =
      g.reduce(x, pplcnet::Reduction::mean, {pplcnet::Axis::rows, pplcnet::Axis::columns});
  const Value spread = g.resize(g.conv(mean, 8, {}, "b"), size, pplcnet::Resampling::bilinear);
  g.output(g.conv(g.concat({g.resize(x, size, resampling), spread}), 5, {}, "c"));
  return g;
}

TEST(ForeignOnnxTest, ResizedMapsAreRead) {
  using pplcnet::Resampling;
  for (const auto how : {Resampling::nearest, Resampling::bilinear})
    for (const pplcnet::Extent size : {pplcnet::Extent{20, 26}, {30, 26}, {7, 13}, {10, 13}})
      for (const int opset : {13, 18}) {
        const Graph graph = resized(size, how);
        AnyNetwork written = network(graph), read(graph);
        ASSERT_EQ(problem(pplcnet::onnx_model(written, {.opset = opset}, {}), read), "");
        EXPECT_EQ(outputs(written), outputs(read));
      }
  EXPECT_EQ(
      problem(resized({20, 26}, Resampling::nearest), resized({20, 26}, Resampling::bilinear)),
      "the resized map after b: expected bilinear pixels, found nearest ('Resize')");
  EXPECT_EQ(problem(resized({20, 26}, Resampling::nearest), resized({30, 26}, Resampling::nearest)),
            "the resized map after b: expected 30x26 pixels, found 20x26 ('Resize')");
}

TEST(ForeignOnnxTest, PaddlesLightweightNetworksAreRead) {
  expect_the_same(pplcnet::models::lightweight::kPaddleModels, 17);
}

TEST(ForeignOnnxTest, TorchvisionsNetworksAreRead) {
  for (const int opset : {13, 17}) expect_the_same(pplcnet::models::torchvision::kModels, opset);
}

TEST(ForeignOnnxTest, NetworksOfLightCnnsAreRead) {
  for (const auto& row : pplcnet::models::light_cnns::kModels) {
    const bool window = row.model.name.starts_with("shufflenet");  // of 7×7 pixels
    expect_the_same(
        row.network({.width = row.width,
                     .input = window ? pplcnet::Extent{224, 224} : pplcnet::Extent{107, 139},
                     .classes = 10}));
  }
}

/// A network of two branches, and what may be otherwise in another one.
struct Branches {
  int kernel = 3, stride = 1, channels = 8, groups = 2;
  Activation activation = Activation::relu, last = Activation::none;
  bool adds = true, swaps = false, swaps_halves = false, means = false, pads = true;
};

Graph branches(const Branches& o) {
  Graph g({32, 32});
  Value x = g.conv(g.image(), 16, {.kernel = 3, .stride = 2, .activation = o.activation}, "stem");
  x = o.means ? g.mean_pool(x, {.kernel = 3, .stride = 2, .padding = 1, .count_padding = o.pads})
              : g.max_pool(x, {.kernel = o.pads ? 3 : 2, .stride = 2, .padding = o.pads ? 1 : 0});
  const Value first = g.conv(x, o.channels, {.kernel = o.kernel, .activation = o.last}, "first");
  const Value second = g.conv(x, 8, {.kernel = 1}, "second");
  Value y = o.swaps ? g.concat({second, first}) : g.concat({first, second});
  y = g.shuffle(y, o.groups);
  const int half = y.shape.channels / 2;
  const Value left = g.slice(y, o.swaps_halves ? half : 0, half);
  Value z = g.depthwise(left, {.kernel = 3, .stride = o.stride}, "depthwise");
  z = g.conv(z, half, {}, "pointwise");
  if (o.adds) z = g.add(left, z, o.activation);
  z = g.concat({z, o.stride == 1 ? g.slice(y, o.swaps_halves ? 0 : half, half) : z});
  g.output(g.dense(g.global_mean(z), 5, {}, "classes"));
  return g;
}

TEST(ForeignOnnxTest, WhatIsOtherwiseIsSaid) {
  const auto said = [](const Branches& file, const Branches& type = {}) {
    return problem(branches(file), branches(type));
  };
  EXPECT_EQ(said({}), "");
  EXPECT_EQ(said({.kernel = 5}),
            "first: expected weights F32 [8, 16, 3, 3], found F32 [8, 16, 5, 5] ('first')");
  EXPECT_EQ(said({.channels = 16}),
            "first: expected weights F32 [8, 16, 3, 3], found F32 [16, 16, 3, 3] ('first')");
  EXPECT_EQ(said({.activation = Activation::relu6}),
            "stem: the activation after it is relu6, in the type it is relu");
  EXPECT_EQ(said({.last = Activation::hardswish}),
            "first: the activation after it is hardswish, in the type it is none");
  EXPECT_EQ(said({}, {.last = Activation::hardswish}),
            "first: the activation after it is missing, in the type it is hardswish");
  EXPECT_EQ(said({.adds = false}),
            "pointwise: nothing is added to it, in the type the shortcut is");
  const std::string nothing = "nothing in the file puts the ";
  const std::string together = " channels side by side that it reads";
  EXPECT_EQ(said({}, {.adds = false}), "the mean after pointwise: " + nothing + "16" + together);
  EXPECT_EQ(said({.swaps = true}),
            "depthwise: reads 8 channels in another order than 'Slice' 'slice_2' gives");
  EXPECT_EQ(said({.swaps_halves = true}),
            "depthwise: not in the file in a form that is known; in its place is nothing");
  EXPECT_EQ(said({.groups = 4}), "depthwise: " + nothing + "8" + together);
  EXPECT_EQ(said({.groups = 1}), "depthwise: " + nothing + "8" + together);
  EXPECT_EQ(said({.pads = false}),
            "the pool after stem: expected windows of 3x3, found 2x2 ('MaxPool')");
  EXPECT_EQ(said({.means = true}),
            "the pool after stem: not in the file in a form that is known; in its place is "
            "'AveragePool'");
  EXPECT_EQ(said({.means = true, .pads = false}, {.means = true}),
            "the pool after stem: expected means that count the padding, found others "
            "('AveragePool')");
  Branches stride = {.stride = 2, .adds = false};
  EXPECT_EQ(said(stride, {.adds = false}),
            "the mean after pointwise: " + nothing + "16" + together);
}

/// Twins: convolutions of the same shape that read the same, and that only what follows tells
/// apart.
Graph twins(bool exchanged) {
  Graph g({16, 16});
  const Value x = g.conv(g.image(), 8, {.kernel = 3}, "stem");
  const auto twin = [&](const char* name) {
    return g.conv(x, 8, {.kernel = 1, .activation = Activation::relu}, name);
  };
  const Value first = twin(exchanged ? "b" : "a"), second = twin(exchanged ? "a" : "b");
  const Value a = exchanged ? second : first, b = exchanged ? first : second;
  g.output(
      g.concat({g.conv(a, 8, {.kernel = 3}, "after_a"), g.conv(b, 8, {.kernel = 5}, "after_b")}));
  return g;
}

TEST(ForeignOnnxTest, TwinsAreToldApartByWhatFollows) {
  AnyNetwork written = network(twins(true)), read(twins(false));
  ASSERT_EQ(problem(pplcnet::onnx_model(written, {}, {}), read), "");
  EXPECT_EQ(outputs(read), outputs(written));
}

/// As many nodes as a graph may have, each of a kind that could take much time or memory.
TEST(ForeignOnnxTest, HostileGraphsAreRefusedSoon) {
  constexpr int kNodes = 4000;
  AnyNetwork network(branches({}));
  for (const char* kind : {"Concat", "Add", "Mul", "Relu", "Slice", "MaxPool"}) {
    SCOPED_TRACE(kind);
    OnnxModel model("x");
    std::string value =
        model.node("Conv", {"x", model.constant({16, 3, 3, 3}, std::vector<float>(432))},
                   {OnnxModel::attribute("pads", std::vector<std::int64_t>(4, 1)),
                    OnnxModel::attribute("strides", std::vector<std::int64_t>(2, 2))});
    value = model.node("Relu", {value});
    model.add_initializer(OnnxModel::integers("one", {1}));
    model.add_initializer(OnnxModel::integers("end", {1 << 30}));
    // So that the file is large enough for its nodes.
    const std::string filler = OnnxModel::attribute("", std::vector<std::int64_t>(100));
    const std::string name = kind;
    std::vector<std::string> attributes = {filler};
    if (name == "Concat") attributes.push_back(OnnxModel::attribute("axis", std::int64_t{1}));
    for (int i = 0; i < kNodes; ++i) {
      std::vector<std::string> inputs = {value};
      if (name == "Slice") inputs = {value, "one", "end", "one", "one"};
      if (name == "Concat" || name == "Add" || name == "Mul") inputs.push_back(value);
      const std::string next = model.node(kind, inputs, attributes);
      if (i % 2 == 0) value = next;
    }
    const auto begin = std::chrono::steady_clock::now();
    const std::string message = problem(model.file(), network);
    EXPECT_TRUE(message.starts_with("the pool after stem: ") || message.starts_with("first: ") ||
                message.starts_with("second: "))
        << message;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  }
}

TEST(ForeignOnnxTest, EveryPublishedLcnetIsRead) {
  std::vector<std::uint64_t> seen;
  pplcnet::models::for_each([&]<class Net>() {
    const Graph graph = Net::Definition::graph();
    if (std::ranges::find(seen, graph.fingerprint()) != seen.end()) return;
    seen.push_back(graph.fingerprint());
    expect_the_same(graph, seen.size() % 2 == 0 ? 13 : 17);
  });
}

}  // namespace
}  // namespace pplcnet_test::foreign_onnx_test
