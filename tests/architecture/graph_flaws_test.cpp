// Graphs that cannot be computed are refused when a program runs, in one sentence that says at
// which operator, and what was found. (tests/must_not_compile has the same for the compiler.)
#include <gtest/gtest.h>

#include <climits>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "pplcnet/any_network.hpp"
#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/ghostnet.hpp"
#include "pplcnet/networks/googlenet.hpp"
#include "pplcnet/networks/ic_resnet50.hpp"
#include "pplcnet/networks/inception_resnet_v2.hpp"
#include "pplcnet/networks/inception_v3.hpp"
#include "pplcnet/networks/inception_v4.hpp"
#include "pplcnet/networks/light_cnns_ghostnet.hpp"
#include "pplcnet/networks/light_cnns_mobilenet_v3.hpp"
#include "pplcnet/networks/light_cnns_shufflenet_v2.hpp"
#include "pplcnet/networks/mobilenet_v1.hpp"
#include "pplcnet/networks/mobilenet_v2.hpp"
#include "pplcnet/networks/mobilenet_v2_attention.hpp"
#include "pplcnet/networks/mobilenext.hpp"
#include "pplcnet/networks/paddle_mobilenet_v2.hpp"
#include "pplcnet/networks/paddle_mobilenet_v3.hpp"
#include "pplcnet/networks/pplcnet_v1.hpp"
#include "pplcnet/networks/pplcnet_v2.hpp"
#include "pplcnet/networks/pplcnet_v3.hpp"
#include "pplcnet/networks/pplcnet_v4.hpp"
#include "pplcnet/networks/resnet_d.hpp"
#include "pplcnet/networks/shufflenet_v1.hpp"
#include "pplcnet/networks/shufflenet_v2.hpp"
#include "pplcnet/networks/torchvision_mobilenet_v3.hpp"
#include "pplcnet/networks/xception.hpp"

namespace {

using pplcnet::AnyNetwork;
using pplcnet::Conv;
using pplcnet::Graph;
using pplcnet::Padding;
using pplcnet::Value;

/// What is said of a stem of 16 channels, 16 × 16 pixels, and what `append` makes of it.
template <class Append>
std::string error_with(const Append& append) {
  Graph g({32, 32}, {}, "net");
  const Value x = g.conv(g.image(), 16, {.kernel = 3, .stride = 2}, "stem");
  g.output(append(g, x));
  std::optional<AnyNetwork> network;
  const pplcnet::Error error = AnyNetwork::make(g, 1, network);
  EXPECT_EQ(network.has_value(), !error);
  EXPECT_EQ(std::strchr(error.message(), '\n'), nullptr);
  return error.message();
}

std::string conv(const Conv& options) {
  return error_with([&](Graph& g, Value x) { return g.conv(x, 8, options, "a"); });
}

TEST(GraphFlaws, WhatIsRightIsMade) {
  EXPECT_EQ(error_with([](Graph&, Value x) { return x; }), "");
  EXPECT_EQ(conv({.kernel = 16, .padding = 0}), "");
  EXPECT_EQ(conv({.kernel = {1, 63}, .stride = 32}), "");
  EXPECT_EQ(conv({.kernel = 1, .padding = 1, .groups = 8}), "");
}

TEST(GraphFlaws, Windows) {
  const std::string kernels =
      "net: operator 2: Graph::conv, pool: kernels from 1 to 63, no larger than the padded input; "
      "found ";
  EXPECT_EQ(conv({.kernel = 17, .padding = 0}), kernels + "0");
  EXPECT_EQ(conv({.kernel = 0}), kernels + "0");
  EXPECT_EQ(conv({.kernel = 65}), kernels + "65");
  EXPECT_EQ(conv({.kernel = INT_MAX}), kernels + std::to_string(INT_MAX));
  EXPECT_EQ(conv({.kernel = 3, .stride = 0}),
            "net: operator 2: Graph::conv, pool: strides from 1 to 32; found 0");
  EXPECT_EQ(conv({.kernel = 3, .dilation = -1}),
            "net: operator 2: Graph::conv: dilations from 1 to 1024; found -1");
  EXPECT_EQ(conv({.kernel = 3, .padding = 3}),
            "net: operator 2: Graph::conv, pool: paddings from 0 to less than the kernel's reach; "
            "found 3");
  EXPECT_EQ(error_with([](Graph& g, Value x) {
              return g.max_pool(x, {.kernel = 1, .stride = 1, .padding = 1});
            }),
            "net: operator 2: Graph::conv, pool: paddings from 0 to less than the kernel's reach; "
            "found 1");
}

TEST(GraphFlaws, Channels) {
  const std::string channels =
      "net: operator 2: Graph: an operator gives from 1 to 32768 channels, a dense layer to "
      "4194304; "
      "found ";
  for (const int count : {0, -8, 32769, INT_MAX})
    EXPECT_EQ(error_with([&](Graph& g, Value x) { return g.conv(x, count, {}, "a"); }),
              channels + std::to_string(count));
  EXPECT_EQ(error_with([](Graph& g, Value x) { return g.dense(x, 3, {}, "a"); }),
            "net: operator 2: Graph::dense: reads a vector or a map of one pixel; found 256");
  for (const int groups : {0, 3, 32})
    EXPECT_EQ(conv({.groups = groups}),
              "net: operator 2: Graph::conv: at most Graph::kMaxParts groups of equally many "
              "channels, or each channel its own; found " +
                  std::to_string(groups));
}

TEST(GraphFlaws, MultiplyAdds) {
  const auto wide = [](int side, int kernel) {
    Graph g({side, side}, {}, "net");
    const Value x = g.conv(g.image(), Graph::kMostChannels, {}, "a");
    g.output(g.conv(x, Graph::kMostChannels, {.kernel = kernel}, "b"));
    std::optional<AnyNetwork> network;
    return std::string(AnyNetwork::make(g, 1, network).message());
  };
  const std::string most = "net: operator 2: Graph::conv: at most 2^52 multiply-adds; found ";
  EXPECT_EQ(wide(1024, 63), most + "4468696730258374656");
  EXPECT_EQ(wide(8192, 63), most + std::to_string(INT64_MAX));
  EXPECT_EQ(wide(1024, 1).find(most), std::string::npos) << "2^50";
}

TEST(GraphFlaws, Maps) {
  EXPECT_EQ(error_with([](Graph& g, Value x) {
              return g.add(x, g.depthwise(x, {.kernel = 3, .stride = 2}, "a"));
            }),
            "net: operator 3: Graph::add: both maps have the same shape; found 1024");
  EXPECT_EQ(error_with([](Graph& g, Value x) { return g.slice(x, 9, 8); }),
            "net: operator 2: Graph::slice: channels that the map has; found 8");
  EXPECT_EQ(error_with([](Graph& g, Value x) { return g.shuffle(x, 3); }),
            "net: operator 2: Graph::shuffle: the number of groups divides that of channels; "
            "found 3");
  EXPECT_EQ(
      error_with([](Graph& g, Value x) { return g.gate(x, g.dense(g.global_mean(x), 4, {})); }),
      "net: operator 4: Graph::gate: a vector of as many factors as the map has channels; "
      "found 4");
  EXPECT_EQ(error_with([](Graph& g, Value x) { return g.conv(g.global_mean(x), 4, {}); }),
            "net: operator 3: Graph: convolutions, pools, sums, concats and slices read maps; "
            "found 2");
  EXPECT_EQ(
      error_with([](Graph& g, Value x) {
        return g.concat({x, g.image()});
      }),
      "net: operator 2: Graph::concat: from 1 to Graph::kMaxParts maps of the same height and "
      "width; found 32");
}

TEST(GraphFlaws, Sizes) {
  using pplcnet::Extent;
  const auto resized = [](Extent size) {
    return error_with(
        [&](Graph& g, Value x) { return g.resize(x, size, pplcnet::Resampling::nearest); });
  };
  const std::string sizes =
      "net: operator 2: Graph::resize: to a height and a width from 1 to 32768, at most 2^26 "
      "pixels; found ";
  EXPECT_EQ(resized({1, 32768}), "");
  EXPECT_EQ(resized({0, 3}), sizes + "0");
  EXPECT_EQ(resized({3, -1}), sizes + "-1");
  EXPECT_EQ(resized({INT_MAX, 1}), sizes + std::to_string(INT_MAX));
  EXPECT_EQ(resized({32768, 2049}), sizes + "67141632");
  EXPECT_EQ(error_with([](Graph& g, Value x) {
              return g.resize(g.global_mean(x), {2, 2}, pplcnet::Resampling::bilinear);
            }),
            "net: operator 3: Graph: convolutions, pools, sums, concats and slices read maps; "
            "found 2");
}

/// What the compiler finds wrong, which accepts no sum that overflows.
template <class Append>
constexpr pplcnet::GraphRule rule_with(Append append) {
  Graph g({32, 32});
  g.output(append(g, g.conv(g.image(), 16, {.kernel = 3, .stride = 2})));
  return g.flaw().broken;
}
constexpr pplcnet::GraphRule rule_of(const Conv& options) {
  return rule_with([&](Graph& g, Value x) { return g.conv(x, 8, options); });
}
using pplcnet::GraphRule;
constexpr int kMost = INT_MAX, kLeast = INT_MIN;
static_assert(rule_of({.kernel = kMost, .dilation = kMost}) == GraphRule::kernel);
static_assert(rule_of({.kernel = kLeast}) == GraphRule::kernel);
static_assert(rule_of({.kernel = 3, .stride = kLeast}) == GraphRule::stride);
static_assert(rule_of({.kernel = 3, .dilation = kMost}) == GraphRule::dilation);
static_assert(rule_of({.kernel = 3, .dilation = kLeast, .padding = 1}) == GraphRule::dilation);
static_assert(rule_of({.kernel = 3, .padding = kMost}) == GraphRule::padding);
static_assert(rule_of({.kernel = 3, .padding = {0, 0, kLeast, 0}}) == GraphRule::padding);
static_assert(rule_of({.groups = kMost}) == GraphRule::groups);
static_assert(rule_of({.groups = kLeast}) == GraphRule::groups);
static_assert(rule_of({.group = -1, .group_count = 2}) == GraphRule::groups);
static_assert(rule_of({.group = 2, .group_count = 2}) == GraphRule::groups);
static_assert(rule_of({.group_count = kMost}) == GraphRule::groups);
static_assert(rule_of({.groups = 2, .group = 1}) == GraphRule::groups);

constexpr GraphRule rule_of_depthwise(int groups) {
  return rule_with([&](Graph& g, Value x) { return g.depthwise(x, {.groups = groups}); });
}
static_assert(rule_of_depthwise(1) == GraphRule::none && rule_of_depthwise(16) == GraphRule::none);
static_assert(rule_of_depthwise(2) == GraphRule::groups);

constexpr GraphRule rule_of_slice(int first, int channels, int step) {
  return rule_with([&](Graph& g, Value x) { return g.slice(x, first, channels, step); });
}
static_assert(rule_of_slice(1, 3, 7) == GraphRule::none);
static_assert(rule_of_slice(2, 3, 7) == GraphRule::slice);
static_assert(rule_of_slice(0, kMost, 2) == GraphRule::slice);
static_assert(rule_of_slice(0, 2, kMost) == GraphRule::slice);
static_assert(rule_of_slice(kMost, 8, 1) == GraphRule::slice);
static_assert(rule_of_slice(kLeast, kLeast, kLeast) == GraphRule::slice);

constexpr GraphRule rule_of_pool(const pplcnet::Pool& pool) {
  return rule_with([&](Graph& g, Value x) { return g.max_pool(x, pool); });
}
static_assert(rule_of_pool({.kernel = kMost}) == GraphRule::kernel);
static_assert(rule_of_pool({.kernel = kLeast}) == GraphRule::kernel);
static_assert(rule_of_pool({.kernel = 3, .padding = kMost}) == GraphRule::padding);

TEST(GraphFlaws, Graphs) {
  Graph other({8, 8});
  EXPECT_EQ(error_with([&](Graph& g, Value) { return g.conv(other.image(), 8, {}); }),
            "net: operator 2: Graph: an operator takes only values of the same graph; found 0");
  const std::string most =
      "Graph: at most Graph::kMaxNodes operators, which become at most Graph::kMaxLayers layers, "
      "and Graph::kMaxOutputs outputs; found ";
  const auto many = [](Graph& g, Value x) {
    for (int i = 0; i < 1000; ++i) x = g.conv(x, 8, {.kernel = 3}, "a");
    return x;
  };
  EXPECT_NE(error_with(many).find(most), std::string::npos);
  Graph wide({32, 32}, {}, "net");
  wide.output(wide.shuffle(wide.conv(wide.image(), 8192, {}, "a"), 8192));
  std::optional<AnyNetwork> network;
  EXPECT_NE(std::string(AnyNetwork::make(wide, 1, network).message()).find(most),
            std::string::npos);
  const Graph nothing({32, 32}, {}, "net");
  EXPECT_STREQ(AnyNetwork::make(nothing, 1, network).message(),
               "net: operator 1: Graph: a network has an output; found 0");
  for (const pplcnet::Extent input : {pplcnet::Extent{0, 8}, {8, 40000}, {32768, 32768}}) {
    Graph large(input, {}, "net");
    large.output(large.conv(large.image(), 8, {}, "a"));
    EXPECT_NE(std::string(AnyNetwork::make(large, 1, network).message())
                  .find("Graph: the picture has a height and a width from 1 to 32768"),
              std::string::npos);
  }
}

/// The functions of published networks, and the widths that each comes in.
struct Published {
  Graph (*network)(const pplcnet::WidthOptions&);
  std::vector<int> widths, others;
};
const std::vector<int> kPercent = {1, 37, 100, 250}, kNoPercent = {0, -50, 1001, INT_MAX};
const Published kPublished[] = {
    {pplcnet::paddle_mobilenet_v1, {25, 100, 250}, {0, -50, 1001, INT_MAX}},
    {pplcnet::light_cnns_mobilenet_v1, {100}, {0, -1, 50, 99, 101, INT_MAX}},
    {pplcnet::paddle_mobilenet_v2, {25, 100, 250}, kNoPercent},
    {pplcnet::torchvision_mobilenet_v2, kPercent, kNoPercent},
    {pplcnet::light_cnns_mobilenet_v2, {11, 37, 100, 250}, {0, -50, 10, 1001}},
    {pplcnet::paddle_mobilenet_v3_small, kPercent, kNoPercent},
    {pplcnet::paddle_mobilenet_v3_large, kPercent, kNoPercent},
    {pplcnet::torchvision_mobilenet_v3_small, kPercent, kNoPercent},
    {pplcnet::torchvision_mobilenet_v3_large, kPercent, kNoPercent},
    {pplcnet::light_cnns_mobilenet_v3_small, {100}, {0, -1, 75, INT_MAX}},
    {pplcnet::light_cnns_mobilenet_v3_large, {100}, {0, -1, 75, INT_MAX}},
    {pplcnet::light_cnns_mobilenext, {100}, {0, -1, 75, 140, INT_MAX}},
    {pplcnet::paddle_shufflenet_v2, {25, 33, 50, 100, 150, 200}, {0, -100, 35, 75, 125, INT_MAX}},
    {pplcnet::torchvision_shufflenet_v2, {50, 100, 150, 200}, {0, -100, 25, 33, 75, INT_MAX}},
    {pplcnet::light_cnns_shufflenet_v2, {50, 100, 150, 200}, {0, -100, 25, 33, 75, INT_MAX}},
    {pplcnet::paddle_ghostnet, kPercent, kNoPercent},
    {pplcnet::light_cnns_ghostnet, kPercent, kNoPercent},
    {pplcnet::light_cnns_shufflenet_v1, {100}, {0, 50, 200, INT_MIN}},
    {pplcnet::resnet50_d, {100}, {0, 50, 200, INT_MIN}},
    {pplcnet::light_cnns_googlenet, {100}, {0, 50, 200, INT_MIN}},
    {pplcnet::inception_v3, {100}, {0, 50, 200, INT_MIN}},
    {pplcnet::inception_v4, {100}, {0, 50, 200, INT_MIN}},
    {pplcnet::inception_resnet_v2, {100}, {0, 50, 200, INT_MIN}},
    {pplcnet::xception, {100}, {0, 50, 200, INT_MIN}},
};

/// What is said of a network of other options.
std::string error_of(const Published& published, const pplcnet::WidthOptions& options) {
  std::optional<AnyNetwork> network;
  return AnyNetwork::make(published.network(options), 1, network).message();
}

TEST(GraphFlaws, WidthsThatANetworkDoesNotComeIn) {
  for (const Published& published : kPublished) {
    const std::string name(published.network({}).title);
    for (const int width : published.widths)
      EXPECT_EQ(error_of(published, {.width = width, .input = {224, 224}, .classes = 2}), "");
    for (const int width : published.others)
      EXPECT_EQ(error_of(published, {.width = width}),
                name +
                    ": operator 1: WidthOptions::width: in percent, one of those that the network "
                    "comes in; found " +
                    std::to_string(width));
  }
}

TEST(GraphFlaws, EveryWidthIsAnotherNetwork) {
  for (const Published& published : kPublished) {
    std::int64_t last = 0;
    for (const int width : published.widths) {
      const pplcnet::Plan plan = make_plan(published.network({.width = width}));
      EXPECT_GT(plan.parameter_count, last) << published.network({}).title << " " << width;
      last = plan.parameter_count;
    }
  }
}

TEST(GraphFlaws, ClassesAndSizesOfPublishedNetworks) {
  for (const Published& published : kPublished) {
    for (const int classes : {0, -1, INT_MIN, INT_MAX})
      EXPECT_NE(error_of(published, {.classes = classes})
                    .find("a dense layer to 4194304; found " + std::to_string(classes)),
                std::string::npos);
    for (const pplcnet::Extent input : {pplcnet::Extent{0, 224}, {224, -3}, {INT_MAX, INT_MAX}})
      EXPECT_NE(error_of(published, {.input = input}).find("Graph: the picture has a height"),
                std::string::npos);
    std::optional<AnyNetwork> network;
    const Graph graph = published.network({.input = {193, 225}, .classes = 7});
    ASSERT_STREQ(AnyNetwork::make(graph, 1, network).message(), "");
    EXPECT_EQ(network->classes(), 7);
    EXPECT_EQ(network->input_shape(), (pplcnet::Shape{193, 225, 3}));
  }
}

TEST(GraphFlaws, Percents) {
  EXPECT_EQ(conv({.output_percent = 1}), "");
  EXPECT_EQ(conv({.groups = 2, .output_percent = 17}), "");
  for (const int wrong : {0, -17, 101, INT_MAX})
    EXPECT_EQ(conv({.output_percent = wrong}),
              "net: operator 2: Graph::conv, dense: percents from 1 to 100; found " +
                  std::to_string(wrong));
}

TEST(GraphFlaws, SlopesOfAHardSigmoid) {
  using pplcnet::Activation;
  const auto error_of = [](float slope, float offset) {
    return conv({.activation = Activation::hardsigmoid_of(slope, offset)});
  };
  EXPECT_EQ(error_of(-0.2F, 1000), "");
  for (const float wrong : {1000.1F, -2000.0F, INFINITY, NAN}) {
    EXPECT_EQ(error_of(wrong, 0),
              "net: operator 2: Activation::hardsigmoid_of: slope and offset from -1000 to 1000; "
              "found 2");
    EXPECT_NE(error_of(0, wrong), "");
  }
}

TEST(GraphFlaws, Epsilons) {
  const auto error_of = [](double epsilon) -> std::string {
    return error_with([&](Graph& g, Value x) {
      g.norm_epsilon = epsilon;
      return g.conv(x, 8, {}, "a");
    });
  };
  for (const double right : {0.0, 1e-9, 1e-5, 1e-3, 128.0, 1000.0}) EXPECT_EQ(error_of(right), "");
  for (const double wrong : {-1e-9, -1.0, 1000.1, 1e300, std::nan("")})
    EXPECT_NE(error_of(wrong).find("net: operator 2: Graph::norm_epsilon: a number from 0 to 1000"),
              std::string::npos);
}

/// The sentence about a published network with other options.
std::string error_of(const Graph& graph, int threads = 1) {
  std::optional<AnyNetwork> network;
  return AnyNetwork::make(graph, threads, network).message();
}

TEST(GraphFlaws, NotOfPublishedNetworks) {
  using pplcnet::Dialect, pplcnet::Scale, pplcnet::Size, pplcnet::V2, pplcnet::V3, pplcnet::V4;
  for (const int percent : {5, 25, 35, 50, 60, 75, 95, 100, 125, 150, 200, 250, 1000}) {
    const auto scale = static_cast<Scale>(percent);
    for (const auto dialect :
         {Dialect::paddle, Dialect::timm, Dialect::pytorch, Dialect::light_cnns})
      EXPECT_FALSE(pplcnet_v1(scale, {.dialect = dialect}).flaw());
    EXPECT_FALSE(pplcnet_v1_backbone(scale).flaw());
    // One of a detector's maps has no channels left at x0.05.
    EXPECT_EQ(static_cast<bool>(pplcnet_v3(scale, V3::detection).flaw()), percent == 5);
    EXPECT_FALSE(pplcnet_v3(scale, V3::recognition).flaw());
  }
  for (const auto size : {V2::small, V2::base, V2::large}) EXPECT_FALSE(pplcnet_v2(size).flaw());
  for (const auto size : {Size::tiny, Size::small, Size::medium})
    for (const auto task : {V4::detection, V4::recognition})
      EXPECT_FALSE(pplcnet_v4(size, task).flaw());
}

TEST(GraphFlaws, OptionsOfPublishedNetworks) {
  using pplcnet::Scale, pplcnet::V3;
  const std::string dense =
      "x0_25: operator 37: Graph: an operator gives from 1 to 32768 channels, a dense layer to "
      "4194304; found ";
  EXPECT_EQ(error_of(pplcnet_v1(Scale::x0_25, {.head = -8})), dense + "-8");
  EXPECT_EQ(error_of(pplcnet_v1(Scale::x0_25, {.classes = -1, .head = 0})), dense + "-1");
  EXPECT_EQ(error_of(pplcnet_v1(Scale::x0_25, {.dropout_percent = 100})),
            "x0_25: operator 38: Graph::conv, dense: percents from 1 to 100; found 0");
  EXPECT_EQ(error_of(pplcnet_v1(Scale::x0_25, {.strides = {2, 2, 33, 2, 2}})),
            "x0_25: operator 8: Graph::conv, pool: strides from 1 to 32; found 33");
  EXPECT_EQ(error_of(pplcnet_v3(Scale::x0_75, V3::recognition, {.input = {32, 64}})),
            "v3_recognition: operator 38: Graph::conv, pool: kernels from 1 to 63, no larger than "
            "the padded input; found 0");
}

TEST(GraphFlaws, PatternsOfDilations) {
  using Pattern = pplcnet::IcPattern<7>;
  const auto error_with = [](const auto& change) {
    Pattern pattern = {};
    for (auto& dilations : pattern) dilations[0][0] = 64;
    change(pattern);
    return error_of(pplcnet::ic_resnet50(pattern));
  };
  EXPECT_EQ(error_with([](Pattern&) {}), "");
  EXPECT_EQ(error_with([](Pattern& pattern) { pattern[2][1][1] = -1; }),
            "ic_resnet50: operator 20: Graph: an operator gives from 1 to 32768 channels, a dense "
            "layer to 4194304; found -1");
  EXPECT_EQ(error_with([](Pattern& pattern) { pattern[0][0][0] = 0; }),
            "ic_resnet50: operator 7: Graph::concat: from 1 to Graph::kMaxParts maps of the same "
            "height and width; found 0");
  EXPECT_EQ(error_with([](Pattern& pattern) {
              for (auto& row : pattern[0]) row.fill(1);
            }),
            "ic_resnet50: operator 43: Graph::concat: from 1 to Graph::kMaxParts maps of the same "
            "height and width; found 37");
  EXPECT_NE(error_of(pplcnet::ic_resnet50(Pattern{}, {.input = {256, 256}})), "");
}

TEST(GraphFlaws, Threads) {
  const Graph graph = pplcnet_v1(pplcnet::Scale::x0_25, {.classes = 4, .input = {32, 32}});
  EXPECT_EQ(error_of(graph, AnyNetwork::kMostThreads), "");
  for (const int threads : {0, -1, AnyNetwork::kMostThreads + 1})
    EXPECT_EQ(error_of(graph, threads),
              "expected from 1 to 1024 threads, found " + std::to_string(threads));
}

TEST(GraphFlaws, OperatorsOfWholeMaps) {
  using pplcnet::Axis;
  const auto said = [](const auto& append) {
    const std::string error = error_with(append);
    const std::string before = "net: operator ";
    return error.starts_with(before) ? error.substr(error.find(": ", before.size()) + 2) : error;
  };
  EXPECT_EQ(said([](Graph& g, Value x) { return g.multiply(x, g.slice(x, 0, 2)); }),
            "Graph::multiply: along each axis as many factors as the map has, or one; found 2");
  EXPECT_EQ(said([](Graph& g, Value x) {
              return g.multiply(x, g.max_pool(x, {.kernel = {2, 1}, .stride = {2, 1}}));
            }),
            "Graph::multiply: along each axis as many factors as the map has, or one; found 8");
  const std::string blocks =
      "Graph::softmax: the number of blocks divides that of channels; found ";
  EXPECT_EQ(said([](Graph& g, Value x) { return g.softmax(x, 3); }), blocks + "3");
  EXPECT_EQ(said([](Graph& g, Value x) { return g.softmax(x, 0); }), blocks + "0");
  const std::string heads =
      "Graph::attention: a map of queries, keys and values, each for all heads; found ";
  EXPECT_EQ(said([](Graph& g, Value x) { return g.attention(x, 1); }), heads + "1");
  EXPECT_EQ(said([](Graph& g, Value x) { return g.attention(x, INT_MAX); }),
            heads + std::to_string(INT_MAX));
  const std::string taken_apart =
      "Graph::transpose: two axes; shuffle_blocks, space_to_rows, rows_to_space, depth_to_space: "
      "what divides the axis that is taken apart; found ";
  EXPECT_EQ(said([](Graph& g, Value x) { return g.transpose(x, Axis::columns, Axis::columns); }),
            taken_apart + "1");
  EXPECT_EQ(said([](Graph& g, Value x) { return g.shuffle_blocks(x, INT_MAX, INT_MAX); }),
            taken_apart + std::to_string(INT_MAX));
  EXPECT_EQ(said([](Graph& g, Value x) { return g.shuffle_blocks(x, 8, 4); }), taken_apart + "8");
  EXPECT_EQ(said([](Graph& g, Value x) { return g.space_to_rows(x, 3); }), taken_apart + "3");
  EXPECT_EQ(said([](Graph& g, Value x) { return g.rows_to_space(x, 2, 4); }), taken_apart + "2");
  EXPECT_EQ(said([](Graph& g, Value x) { return g.depth_to_space(x, INT_MAX); }),
            taken_apart + std::to_string(INT_MAX));
  EXPECT_EQ(
      said([](Graph& g, Value x) { return g.instance_norm(x, "n", 3); }),
      "Graph::affine, instance_norm: the number of repeats divides that of channels; found 3");
  EXPECT_NE(said([](Graph& g, Value x) {
              return g.multiply(x, g.activate(x, pplcnet::Activation::linear_of(1e9F)));
            }),
            "");
}

}  // namespace
