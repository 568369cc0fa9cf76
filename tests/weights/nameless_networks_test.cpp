// Paddle's data files without a graph beside them: tensors of any of its networks, in the order of
// names that the file does not have.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/models/lightweight.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/paddle/pdiparams_names.hpp"
#include "weights/contents.hpp"

namespace pplcnet_test::nameless_networks_test {
namespace {

using pplcnet::AnyNetwork;
using pplcnet::Graph;

pplcnet::PaddleGraphNames names_of(const AnyNetwork& network) {
  return pplcnet::graph_names(network.layers(), pplcnet::namings_of(network.traits()).front());
}

/// What Paddle saves of a network as it is deployed.
std::string pdiparams(const AnyNetwork& network) {
  const auto state = synthetic_state_dict(network.layers(), network.traits(), Form::deployed);
  std::string contents;
  for (const auto& [internal, name] : names_of(network)) {
    const auto& tensor = *std::ranges::find(state.file.tensors, name, &pplcnet::Tensor::name);
    const std::string data(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size());
    contents += pdiparams_record(description(5, tensor.shape), data);
  }
  return contents;
}

/// What is said of a file; empty if it is read. The name is cut away.
std::string problem(const std::string& contents, AnyNetwork& network) {
  const std::string message =
      pplcnet::loading::load_bytes(bytes_of(contents), "file", network.layers(), network.traits(),
                                   network.weights(), nullptr)
          .message();
  EXPECT_EQ(message.find('\n'), message.npos) << message;
  return message.substr(std::min<std::size_t>(message.size(), 6));
}

std::string problem(const Graph& written, const Graph& read) {
  AnyNetwork network(read);
  return problem(pdiparams(AnyNetwork(written)), network);
}

void expect_the_same(const Graph& graph) {
  SCOPED_TRACE(graph.title);
  AnyNetwork network(graph), expected(graph);
  ASSERT_EQ(problem(pdiparams(network), network), "");
  const auto state = synthetic_state_dict(expected.layers(), expected.traits(), Form::deployed);
  ASSERT_STREQ(
      pplcnet::pack_state_dict(state.file, expected.layers(), expected.traits(), expected.weights())
          .message(),
      "");
  EXPECT_TRUE(std::ranges::equal(network.weights(), expected.weights()));
}

TEST(NamelessNetworksTest, AllOfPaddlesNetworksAreRead) {
  for (const auto& row : pplcnet::models::lightweight::kPaddleModels)
    expect_the_same(row.network({.width = row.width, .classes = 10}));
  expect_the_same(pplcnet::pplcnet_v2(pplcnet::V2::small));
  expect_the_same(pplcnet::pplcnet_v2(pplcnet::V2::base, {.classes = 0, .features = true}));
  for (const auto task : {pplcnet::V3::detection, pplcnet::V3::recognition})
    expect_the_same(pplcnet::pplcnet_v3(pplcnet::Scale::x0_5, task));
  for (const auto task : {pplcnet::V4::detection, pplcnet::V4::recognition})
    for (const auto size : {pplcnet::Size::tiny, pplcnet::Size::small})
      expect_the_same(pplcnet::pplcnet_v4(size, task));
}

TEST(NamelessNetworksTest, NamesAreThoseOfPaddlesGraphs) {
  const auto expect = [](const Graph& graph, std::size_t count,
                         const std::vector<std::pair<std::string, std::string>>& some) {
    const auto names = names_of(AnyNetwork(graph));
    EXPECT_EQ(names.size(), count) << graph.title;
    EXPECT_TRUE(std::ranges::is_sorted(names)) << graph.title;
    EXPECT_EQ(std::ranges::adjacent_find(names, {}, &std::pair<std::string, std::string>::first),
              names.end());
    for (const auto& one : some)
      EXPECT_NE(std::ranges::find(names, one), names.end()) << graph.title << " " << one.first;
  };
  // As the constructors of PaddleClas and PaddleOCR make and name them.
  expect(pplcnet::paddle_mobilenet_v1(), 137,
         {{"conv2d_0.w_0", "conv.conv.weight"},
          {"conv2d_26.w_0", "blocks.12.pointwise_conv.conv.weight"},
          {"batch_norm2d_26.w_2", "blocks.12.pointwise_conv.bn._variance"},
          {"linear_0.b_0", "fc.bias"}});
  expect(pplcnet::paddle_mobilenet_v2(), 267,
         {{"conv1_1_weights", "conv1._conv.weight"},
          {"conv2_1_expand_bn_mean", "conv2._first_block._expand_conv._batch_norm._mean"},
          {"conv5_4_dwise_weights", "conv5.conv5_4._bottleneck_conv._conv.weight"},
          {"conv9_bn_offset", "conv9._batch_norm.bias"},
          {"fc10_weights", "out.weight"}});
  expect(pplcnet::paddle_mobilenet_v3_small(), 214,
         {{"conv2d_0.w_0", "conv.conv.weight"},
          {"conv2d_3.b_0", "blocks.0.mid_se.conv1.bias"},
          {"conv2d_5.w_0", "blocks.0.linear_conv.conv.weight"},
          {"batch_norm2d_3.b_0", "blocks.0.linear_conv.bn.bias"},
          {"conv2d_53.w_0", "last_conv.weight"}});
  expect(pplcnet::paddle_shufflenet_v2(), 282,
         {{"stage1_conv_weights", "_conv1._conv.weight"},
          {"stage_2_1_conv4_weights", "2_1._conv_dw_1._conv.weight"},
          {"stage_4_4_conv3_bn_variance", "4_4._conv_linear._batch_norm._variance"},
          {"conv5_weights", "_last_conv._conv.weight"},
          {"fc6_offset", "_fc.bias"}});
  expect(pplcnet::paddle_ghostnet(), 435,
         {{"_ghostbottleneck_1_depthwise_depthwise_weights",
           "_ghostbottleneck_1.depthwise_conv._conv.weight"},
          {"_ghostbottleneck_3_se_2_offset", "_ghostbottleneck_3.se_block.excitation.bias"},
          {"fc_0_bn_scale", "fc_0._batch_norm.weight"},
          {"fc_1_weights", "fc_1.weight"}});
  // Branches have numbers, too.
  expect(pplcnet::pplcnet_v2(pplcnet::V2::base), 168,
         {{"conv2d_2.w_0", "stem.1.pw_conv.conv.weight"},
          {"conv2d_13.w_0", "stages.2.0.dw_conv.weight"},
          {"conv2d_13.b_0", "stages.2.0.dw_conv.bias"},
          {"conv2d_14.w_0", "stages.2.0.se.conv1.weight"}});
}

TEST(NamelessNetworksTest, AnotherNetworksFileIsRefused) {
  using pplcnet::WidthOptions;
  constexpr WidthOptions kHalf = {.width = 50, .classes = 10}, kWhole = {.classes = 10};
  EXPECT_EQ(problem(pplcnet::paddle_mobilenet_v1(kHalf), pplcnet::paddle_mobilenet_v1(kWhole)),
            "tensor 'conv.conv.weight': expected F32 [32, 3, 3, 3], found F32 [16, 3, 3, 3]");
  EXPECT_EQ(problem(pplcnet::paddle_mobilenet_v1(kWhole), pplcnet::paddle_mobilenet_v2(kWhole)),
            "holds 137 tensors, the type's network has 267");
  EXPECT_EQ(problem(pplcnet::paddle_ghostnet(kHalf), pplcnet::paddle_ghostnet(kWhole)),
            "tensor 'conv1._conv.weight': expected F32 [16, 3, 3, 3], found F32 [8, 3, 3, 3]");
  EXPECT_EQ(problem(pplcnet::paddle_ghostnet(), pplcnet::paddle_ghostnet(kWhole)),
            "has 1000 classes ('fc_1.weight'), the type has 10");
  EXPECT_EQ(
      problem(pplcnet::paddle_mobilenet_v2(kWhole), pplcnet::torchvision_mobilenet_v2(kWhole)),
      "a .pdiparams file, which does not name its tensors, fits networks of Paddle only; the type "
      "is network 'torchvision_mobilenet_v2'");
}

}  // namespace
}  // namespace pplcnet_test::nameless_networks_test
