// State dicts for other frameworks: what was written is read as the network of that framework, and
// computes what the source computes.
#include "pplcnet/weights/state_dict_out.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/models/pplcnet.hpp"
#include "pplcnet/networks/paddle_mobilenet_v3.hpp"

namespace pplcnet_test::state_dict_out_test {
namespace {

using pplcnet::AnyNetwork;
using pplcnet::Dialect;
using pplcnet::Graph;
using pplcnet::Naming;
using pplcnet::Scale;
using pplcnet::StateDictOut;

/// The results of a network for a synthetic picture.
std::vector<float> results(AnyNetwork& network) {
  const pplcnet::Shape shape = network.input_shape();
  const auto image = synthetic_input(1, 1, 3, static_cast<std::size_t>(shape.height),
                                     static_cast<std::size_t>(shape.width));
  const int layer = network.plan().outputs[0];
  std::vector<float> output(
      static_cast<std::size_t>(network.layers()[static_cast<std::size_t>(layer)].output.size()));
  network.run(pplcnet::Picture::planar(image.data(), shape), layer, output);
  return output;
}

/// Writes the synthetic state dict of `from` for a framework's `to`, reads it, and compares results
/// within `tolerance` of the largest; returns the names that were written.
std::vector<std::string> check(const Graph& from, const Graph& to, const std::string& framework,
                               double tolerance) {
  AnyNetwork source(from), target(to);
  const SyntheticStateDict state = synthetic_state_dict(source.layers(), source.traits());
  EXPECT_STREQ(
      pack_state_dict(state.file, source.layers(), source.traits(), source.weights()).message(),
      "");
  Naming naming;
  EXPECT_STREQ(find_naming(target.traits(), framework, "out", naming).message(), "");
  StateDictOut out({target.layers(), target.traits(), naming}, "out");
  EXPECT_STREQ(out.add(state.file, source.layers(), source.traits()).message(), "");
  EXPECT_STREQ(
      pack_state_dict(out.file(), target.layers(), target.traits(), target.weights()).message(),
      "");
  const std::vector<float> expected = results(source), found = results(target);
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::abs(double{expected[i]}));
    difference = std::max(difference, std::abs(double{expected[i]} - found[i]));
  }
  EXPECT_GT(largest, 0);
  EXPECT_LE(difference, tolerance * largest);
  std::vector<std::string> names;
  for (const pplcnet::Tensor& tensor : out.file().tensors) names.push_back(tensor.name);
  return names;
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

constexpr pplcnet::Options options(Dialect dialect) {
  return {.classes = 5, .input = {64, 64}, .dialect = dialect};
}
Graph v1(Dialect dialect) { return pplcnet_v1(Scale::x0_35, options(dialect)); }

TEST(StateDictOut, OfPaddleForHuggingFace) {
  const auto names = check(v1(Dialect::paddle), v1(Dialect::paddle), "huggingface", 0);
  EXPECT_TRUE(has(names, "encoder.blocks.0.layers.0.depthwise_convolution.convolution.weight"));
  EXPECT_TRUE(has(names, "encoder.convolution.normalization.running_var"));
  EXPECT_TRUE(has(names, "head.weight"));
}

TEST(StateDictOut, OfPaddleForPyTorch) {
  const auto names = check(v1(Dialect::paddle), v1(Dialect::paddle), "pytorch", 0);
  EXPECT_TRUE(has(names, "blocks6.1.pw_conv.bn.running_mean"));
  EXPECT_FALSE(has(names, "blocks6.1.pw_conv.bn._mean"));
}

TEST(StateDictOut, OfPaddleForTimm) {
  const auto names = check(v1(Dialect::paddle), v1(Dialect::timm), "timm", 1e-6);
  EXPECT_TRUE(has(names, "blocks.5.1.se.conv_reduce.weight"));
  EXPECT_TRUE(has(names, "conv_head.bias"));
}

TEST(StateDictOut, OfTrainedBranchesForPyTorch) {
  check(pplcnet_v2(pplcnet::V2::small, {.classes = 5, .input = {64, 64}}),
        pplcnet_v2(pplcnet::V2::small, {.classes = 5, .input = {64, 64}}), "pytorch", 0);
  for (const auto task : {pplcnet::V3::detection, pplcnet::V3::recognition}) {
    const Graph v3 = pplcnet_v3(Scale::x0_75, task, {.input = {48, 64}});
    check(v3, v3, "paddle", 1e-6);
    check(v3, v3, "pytorch", 1e-6);
  }
  const Graph v4 = pplcnet_v4(pplcnet::Size::tiny, pplcnet::V4::detection, {.input = {48, 64}});
  check(v4, v4, "pytorch", 0);
}

TEST(StateDictOut, OfAnyNetworkOfPaddle) {
  const Graph graph = pplcnet::paddle_mobilenet_v3_small({.input = {64, 64}, .classes = 5});
  const auto names = check(graph, graph, "pytorch", 0);
  EXPECT_TRUE(has(names, "blocks.0.expand_conv.bn.running_mean"));
}

TEST(StateDictOut, WhatCannotBeIsSaid) {
  const auto refusal = [](const Graph& from, const Graph& to, const std::string& framework) {
    const AnyNetwork source(from), target(to);
    const SyntheticStateDict state = synthetic_state_dict(source.layers(), source.traits());
    Naming naming;
    if (auto error = find_naming(target.traits(), framework, "out", naming))
      return std::string(error.message());
    StateDictOut out({target.layers(), target.traits(), naming}, "out");
    return std::string(out.add(state.file, source.layers(), source.traits()).message());
  };
  EXPECT_EQ(refusal(v1(Dialect::timm), v1(Dialect::paddle), "paddle"),
            "out: a PP-LCNet V1 with Dialect::paddle is another network: last_conv has no bias "
            "there");
  EXPECT_EQ(refusal(v1(Dialect::paddle), v1(Dialect::pytorch), "pytorch"),
            "out: a PP-LCNet V1 with Dialect::pytorch is another network: conv1 has no batch norm "
            "there");
  EXPECT_EQ(refusal(v1(Dialect::paddle), v1(Dialect::paddle), "keras"),
            "out: a PP-LCNet V1 with Dialect::paddle has no names in keras; it has in paddle, "
            "huggingface, pytorch");
}

}  // namespace
}  // namespace pplcnet_test::state_dict_out_test
