// State dicts of networks that are functions: tensors are found by the names of the operators.
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/widths.hpp"
#include "pplcnet/weights/pack_state_dict.hpp"

namespace pplcnet_test::graph_state_dict_test {
namespace {

using pplcnet::AnyNetwork;
using pplcnet::Graph;
using pplcnet::Layer;
using pplcnet::Layout;
using pplcnet::Value;
using pplcnet_test::SyntheticStateDict;

Graph network(const pplcnet::TensorNames& names, Layout layout) {
  Graph g({16, 16}, names, "small");
  Value x = g.conv(g.image(), 8, {.kernel = 3}, {"features.#.#", 0, 0});
  x = g.conv(x, 12, {.kernel = {1, 3}, .groups = 2, .bias = true}, {"features.#.#", 1, 0});
  x = g.depthwise(x, {.kernel = 3, .norm_name = "last_norm"}, {"features.#.#", 2, 0});
  g.output(g.dense(g.global_mean(x), 3, {.layout = layout}, "classes"));
  return g;
}

void add_norm(SyntheticStateDict& state, const std::string& name, std::int64_t channels,
              bool paddle) {
  for (const char* leaf : {".weight", ".bias"}) state.add(name + leaf, {channels});
  state.add(name + (paddle ? "._mean" : ".running_mean"), {channels});
  state.add(name + (paddle ? "._variance" : ".running_var"), {channels});
}

/// As torch's sequences name them.
SyntheticStateDict torch_state(const std::string& prefix) {
  SyntheticStateDict state;
  state.add(prefix + "features.0.0.weight", {8, 3, 3, 3});
  add_norm(state, prefix + "features.0.1", 8, false);
  state.add(prefix + "features.1.0.weight", {12, 4, 1, 3});
  state.add(prefix + "features.1.0.bias", {12});
  add_norm(state, prefix + "features.1.1", 12, false);
  state.add(prefix + "features.2.0.weight", {12, 1, 3, 3});
  add_norm(state, prefix + "last_norm", 12, false);
  state.add(prefix + "classes.weight", {3, 12});
  state.add(prefix + "classes.bias", {3});
  return state;
}

std::string load(const SyntheticStateDict& state, const Graph& graph,
                 std::optional<AnyNetwork>& network) {
  EXPECT_FALSE(AnyNetwork::make(graph, 1, network));
  const pplcnet::Error error = pplcnet::pack_state_dict(state.file, network->layers(),
                                                        network->traits(), network->weights());
  return error.message();
}

TEST(GraphStateDict, NamesOfSequences) {
  std::optional<AnyNetwork> plain, inside;
  const Graph graph = network(pplcnet::kTorchSequence, Layout::out_in);
  EXPECT_EQ(load(torch_state(""), graph, plain), "");
  EXPECT_EQ(load(torch_state("module."), graph, inside), "");
}

TEST(GraphStateDict, EachGroupHasItsPart) {
  std::optional<AnyNetwork> network;
  const SyntheticStateDict state = torch_state("");
  ASSERT_EQ(
      load(state, graph_state_dict_test::network(pplcnet::kTorchSequence, Layout::out_in), network),
      "");
  const auto tensor = [&](const std::string& name) {
    for (std::size_t i = 0; i < state.values.size(); ++i)
      if (state.file.tensors[i].name == name) return *state.values[i];
    return std::vector<float>{};
  };
  const std::vector<float> weights = tensor("features.1.0.weight");
  const std::vector<float> gamma = tensor("features.1.1.weight");
  const std::vector<float> variance = tensor("features.1.1.running_var");
  int groups = 0;
  for (const Layer& layer : network->layers()) {
    if (layer.group_count == 1 || !layer.has_weights()) continue;
    ++groups;
    const auto found = unpack(layer, network->weights()).weight;
    ASSERT_EQ(found.size(), weights.size() / 2);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const std::size_t at = i + static_cast<std::size_t>(layer.group) * found.size();
      const std::size_t channel = at / 12;
      EXPECT_FLOAT_EQ(found[i], static_cast<float>(weights[at] * gamma[channel] /
                                                   std::sqrt(variance[channel] + 1e-5)));
    }
  }
  EXPECT_EQ(groups, 2);
}

TEST(GraphStateDict, NamesOfPaddle) {
  SyntheticStateDict state;
  state.add("features.0.0.conv.weight", {8, 3, 3, 3});
  add_norm(state, "features.0.0.bn", 8, true);
  state.add("features.1.0.conv.weight", {12, 4, 1, 3});
  state.add("features.1.0.conv.bias", {12});
  add_norm(state, "features.1.0.bn", 12, true);
  state.add("features.2.0.conv.weight", {12, 1, 3, 3});
  add_norm(state, "last_norm", 12, true);
  state.add("classes.weight", {12, 3});
  state.add("classes.bias", {3});
  std::optional<AnyNetwork> network;
  EXPECT_EQ(
      load(state, graph_state_dict_test::network(pplcnet::kPaddleClas, Layout::in_out), network),
      "");
}

TEST(GraphStateDict, ModulesThatTheNetworkHasNoUseFor) {
  constexpr pplcnet::Name kUnused[] = {{"heads.#", 2}};
  Graph graph = network(pplcnet::kTorchSequence, Layout::out_in);
  graph.unused = kUnused;
  std::optional<AnyNetwork> network;
  SyntheticStateDict more = torch_state("module.");
  more.add("module.heads.2.0.conv.weight", {3});
  more.add("module.heads.2.bias", {3});
  EXPECT_EQ(load(more, graph, network), "");
  for (const char* name : {"module.heads.20.weight", "module.head.weight", "heads.2.weight"}) {
    SyntheticStateDict others = torch_state("module.");
    others.add(name, {3});
    EXPECT_EQ(load(others, graph, network),
              std::string(": tensor '") + name + "' F32 [3] is not part of the type's network");
  }
}

TEST(GraphStateDict, WhatDoesNotFitIsNamed) {
  const Graph graph = network(pplcnet::kTorchSequence, Layout::out_in);
  std::optional<AnyNetwork> network;
  SyntheticStateDict more = torch_state("");
  more.add("features.9.weight", {3});
  EXPECT_EQ(load(more, graph, network),
            ": tensor 'features.9.weight' F32 [3] is not part of the type's network");
  SyntheticStateDict less = torch_state("");
  less.file.tensors.pop_back();
  EXPECT_EQ(load(less, graph, network), ": tensor 'classes.bias' F32 [3] is missing");
  SyntheticStateDict other;
  other.add("stem.weight", {8, 3, 3, 3});
  EXPECT_EQ(load(other, graph, network),
            ": no tensor is named as in network 'small' ('features.0.0.weight'); the first is "
            "'stem.weight'");
  SyntheticStateDict wide = torch_state("");
  wide.file.tensors[5].shape = {8, 6, 1, 3};
  EXPECT_EQ(load(wide, graph, network),
            ": tensor 'features.1.0.weight': expected F32 [12, 4, 1, 3], found F32 [8, 6, 1, 3]");
}

}  // namespace
}  // namespace pplcnet_test::graph_state_dict_test
