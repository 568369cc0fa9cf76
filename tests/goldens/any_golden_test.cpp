// Goldens of any network, whether or not there is a type of it: the file says which, and the
// network is made when the program runs. `PPLCNET_GOLDENS=FOLDER` takes those of another folder.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "goldens/golden.hpp"
#include "goldens/golden_outputs.hpp"
#include "goldens/graph_golden.hpp"
#include "goldens/listed_state_dict.hpp"
#include "goldens/synthetic_network.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/pack_state_dict.hpp"

namespace pplcnet_test {
namespace {

using pplcnet::AnyNetwork;

/// Compares the network of a golden with it, on every instruction set.
void check_any(const Golden& golden) {
  std::optional<pplcnet::Graph> graph = graph_of_golden(golden);
  const bool is_described = !graph;
  if (is_described) {
    const GoldenNetwork described(golden);
    ASSERT_EQ(described.unknown(), "") << "of a network that is not known";
    graph = described.graph();
  }
  std::optional<AnyNetwork> network;
  const auto error = AnyNetwork::make(*graph, 1, network);
  ASSERT_FALSE(error) << error.message();
  const SyntheticStateDict state = golden.numbers.contains("tensors")
                                       ? listed_state_dict(golden)
                                       : synthetic_state_dict(network->layers(), network->traits(),
                                                              golden.form(), golden.seed());
  ASSERT_STREQ(
      pplcnet::pack_state_dict(state.file, network->layers(), network->traits(), network->weights())
          .message(),
      "");
  for (const pplcnet::Isa isa : available_isas()) {
    SCOPED_TRACE(pplcnet::isa_name(isa));
    const auto run = [&](const float* image, const std::vector<float*>& outputs) {
      network->run(pplcnet::Picture::planar(image, network->input_shape()), outputs, {.isa = isa});
    };
    if (is_described)
      check(golden, network->plan(), run);
    else
      check_graph(golden, *graph, network->plan(), run);
  }
}

TEST(AnyGolden, StagesAndLogits) {
  const std::vector<Golden> goldens = goldens_of(goldens_folder());
  EXPECT_FALSE(goldens.empty()) << goldens_folder() << " has none";
  for (const Golden& golden : goldens) {
    SCOPED_TRACE(golden.path);
    check_any(golden);
  }
  std::printf("%zu goldens of %s\n", goldens.size(), goldens_folder().string().c_str());
}

TEST(GoldenNetwork, WhatIsNotKnownIsSaid) {
  const Golden known = Golden::read(own_goldens() / "v1_x0_25.json");
  EXPECT_EQ(GoldenNetwork(known).unknown(), "");
  const auto unknown = [&](const char* key, const nlohmann::json& value) {
    Golden golden = known;
    golden.numbers[key] = value;
    return GoldenNetwork(golden).unknown();
  };
  EXPECT_EQ(unknown("source", "a blog"), "source 'a blog'");
  EXPECT_EQ(unknown("arch", "ResNet50"), "network 'ResNet50'");
  EXPECT_EQ(unknown("arch", "PPLCNet_x"), "network 'PPLCNet_x'");
  EXPECT_EQ(unknown("arch", "PPLCNet_x1_0_wide"), "network 'PPLCNet_x1_0_wide'");
  EXPECT_EQ(unknown("kwargs", {{"act", "mish"}}), "activation 'mish'");
  EXPECT_EQ(unknown("kwargs", {{"depth", 3}}), "argument 'depth': 3");
  EXPECT_EQ(unknown("kwargs", {{"class_num", 3}, {"stride_list", {2, {2, 1}, 2, 2, 1}}}), "");
}

}  // namespace
}  // namespace pplcnet_test
