// State dicts of torchvision and PaddleClas, as safetensors and as torch.save writes them: they
// load by their own names, give what PyTorch's modules give, and those of other networks are
// refused.
#include "weights/published_state_dicts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/networks/mobilenet_v2.hpp"
#include "pplcnet/networks/paddle_mobilenet_v2.hpp"
#include "pplcnet/networks/paddle_mobilenet_v3.hpp"
#include "pplcnet/networks/shufflenet_v2.hpp"
#include "pplcnet/networks/torchvision_mobilenet_v3.hpp"
#include "pplcnet/weights/load_any.hpp"

namespace pplcnet_test::published_state_dicts_test {
namespace {

using pplcnet::AnyNetwork;
using pplcnet::Graph;
using published::kShuffleWidths;
using published::kV3Large;
using published::kV3Small;
using published::StateDict;
using torch::Map;
using torch::Modules;

constexpr pplcnet::Extent kInput = {65, 97};

/// What is said of a file of a network.
std::string load(const std::string& contents, const Graph& graph,
                 std::optional<AnyNetwork>& network) {
  EXPECT_STREQ(AnyNetwork::make(graph, 1, network).message(), "");
  return pplcnet::loading::load_any_bytes(bytes_of(contents), "x", network->layers(),
                                          network->traits(), network->weights(), nullptr)
      .message();
}
std::string problem(const StateDict& state, const Graph& graph) {
  std::optional<AnyNetwork> network;
  return load(state.safetensors(), graph, network);
}

std::vector<float> picture() {
  return synthetic_input(1, 1, 3, std::size_t{kInput.height}, std::size_t{kInput.width});
}

/// The logits of a network with the weights of a state dict.
std::vector<float> logits(const StateDict& state, const Graph& graph,
                          pplcnet::Isa isa = pplcnet::best_isa()) {
  std::optional<AnyNetwork> network;
  EXPECT_EQ(load(state.safetensors(), graph, network), "");
  std::vector<float> result(static_cast<std::size_t>(network->classes()));
  network->run(pplcnet::Picture::planar(picture().data(), network->input_shape()),
               network->plan().outputs[0], result, {.isa = isa});
  return result;
}

/// Every published network, with its state dict.
struct Case {
  const char* name;
  StateDict state;
  Graph graph;
};
std::vector<Case> cases() {
  const pplcnet::WidthOptions plain = {.input = kInput};
  std::vector<Case> all = {
      {"torchvision mobilenet_v2", published::torchvision_mobilenet_v2(),
       pplcnet::torchvision_mobilenet_v2(plain)},
      {"PaddleClas MobileNetV2", published::paddle_mobilenet_v2(),
       pplcnet::paddle_mobilenet_v2(plain)},
      {"torchvision mobilenet_v3_small", published::torchvision_mobilenet_v3(kV3Small),
       pplcnet::torchvision_mobilenet_v3_small(plain)},
      {"torchvision mobilenet_v3_large", published::torchvision_mobilenet_v3(kV3Large),
       pplcnet::torchvision_mobilenet_v3_large(plain)},
      {"PaddleClas MobileNetV3_small", published::paddle_mobilenet_v3(kV3Small),
       pplcnet::paddle_mobilenet_v3_small(plain)},
      {"PaddleClas MobileNetV3_large", published::paddle_mobilenet_v3(kV3Large),
       pplcnet::paddle_mobilenet_v3_large(plain)},
  };
  for (const published::ShuffleWidths& widths : kShuffleWidths) {
    const pplcnet::WidthOptions options = {.width = widths.percent, .input = kInput};
    all.push_back({"torchvision shufflenet_v2", shufflenet_v2(widths, false),
                   pplcnet::torchvision_shufflenet_v2(options)});
    all.push_back({"PaddleClas ShuffleNetV2", shufflenet_v2(widths, true),
                   pplcnet::paddle_shufflenet_v2(options)});
  }
  return all;
}

TEST(PublishedStateDicts, LoadFromEveryFile) {
  for (const Case& one : cases()) {
    SCOPED_TRACE(one.name);
    std::optional<AnyNetwork> of_safetensors, of_pth;
    EXPECT_EQ(load(one.state.safetensors(), one.graph, of_safetensors), "");
    EXPECT_EQ(load(one.state.pth(), one.graph, of_pth), "");
    const auto a = of_safetensors->weights(), b = of_pth->weights();
    EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size_bytes()), 0);
  }
}

TEST(PublishedStateDicts, NothingIsMissingAndNothingIsLeft) {
  for (const Case& one : cases()) {
    SCOPED_TRACE(one.name);
    std::int64_t count = 0;
    for (const published::Tensor& tensor : one.state.tensors)
      count += static_cast<std::int64_t>(tensor.values.size());
    const pplcnet::Plan plan = make_plan(one.graph);
    EXPECT_EQ(count, plan.parameter_count + plan.buffer_count);
    // Any tensor can be missed.
    for (const std::size_t at : {std::size_t{0}, one.state.tensors.size() / 2}) {
      StateDict less = one.state;
      const std::string name = less.tensors[at].name;
      less.tensors.erase(less.tensors.begin() + static_cast<std::ptrdiff_t>(at));
      EXPECT_NE(problem(less, one.graph).find("'" + name + "'"), std::string::npos);
    }
    StateDict more = one.state;
    more.tensors.push_back({"classifier.9.bias", {2}, {0, 0}});
    EXPECT_EQ(problem(more, one.graph),
              "x: tensor 'classifier.9.bias' F32 [2] is not part of the type's network");
  }
}

TEST(PublishedStateDicts, ThoseOfOtherNetworksAreRefusedByName) {
  const pplcnet::WidthOptions plain = {.input = kInput};
  const StateDict v2 = published::torchvision_mobilenet_v2();
  EXPECT_EQ(problem(v2, pplcnet::light_cnns_mobilenet_v2(plain)),
            "x: tensor 'features.1.conv.0.weight' F32 [32, 1, 3, 3] is missing");
  EXPECT_EQ(problem(v2, pplcnet::paddle_mobilenet_v2(plain)),
            "x: no tensor is named as in network 'paddle_mobilenet_v2' ('conv1._conv.weight'); the "
            "first is 'features.0.0.weight'");
  EXPECT_EQ(problem(v2, pplcnet::torchvision_mobilenet_v3_large(plain)),
            "x: tensor 'features.0.0.weight': expected F32 [16, 3, 3, 3], found F32 [32, 3, 3, 3]");
  EXPECT_EQ(problem(published::torchvision_mobilenet_v3(kV3Small),
                    pplcnet::torchvision_mobilenet_v3_large(plain)),
            "x: tensor 'features.1.block.1.0.weight' F32 [16, 16, 1, 1] is missing");
  EXPECT_EQ(problem(published::paddle_mobilenet_v3(kV3Small),
                    pplcnet::torchvision_mobilenet_v3_small(plain)),
            "x: no tensor is named as in network 'torchvision_mobilenet_v3_small' "
            "('features.0.0.weight'); the first is 'conv.conv.weight'");
  EXPECT_EQ(
      problem(shufflenet_v2(kShuffleWidths[0], false),
              pplcnet::torchvision_shufflenet_v2({.width = 150, .input = kInput})),
      "x: tensor 'stage2.0.branch1.2.weight': expected F32 [88, 24, 1, 1], found F32 [24, 24, "
      "1, 1]");
  StateDict ten = v2;
  ten.find("classifier.1.weight").shape = {10, 1280};
  ten.find("classifier.1.weight").values.resize(12800);
  EXPECT_EQ(problem(ten, pplcnet::torchvision_mobilenet_v2(plain)),
            "x: has 10 classes ('classifier.1.weight'), the type has 1000");
}

// ---- What the networks of torchvision are, module by module ------------------------------------

Map image() {
  Map map(3, kInput.height, kInput.width);
  const std::vector<float> values = picture();
  map.values.assign(values.begin(), values.end());
  return map;
}

std::vector<double> mobilenet_v2(const Modules& torch) {
  Map x = torch.conv_norm(image(), "features.0", 2, torch::relu6);
  int feature = 1;
  for (const published::V2Block& block : published::kV2Blocks) {
    const std::string conv = "features." + std::to_string(feature++) + ".conv.";
    int module = 0;
    Map y = x;
    if (block.hidden != block.in)
      y = torch.conv_norm(y, conv + std::to_string(module++), 1, torch::relu6);
    y = torch.conv_norm(y, conv + std::to_string(module++), block.stride, torch::relu6);
    y = torch.norm(torch.conv(y, conv + std::to_string(module)), conv + std::to_string(module + 1));
    x = block.stride == 1 && block.in == block.out ? Modules::sum(y, x) : y;
  }
  x = torch.conv_norm(x, "features.18", 1, torch::relu6);
  return torch.linear(Modules::mean(x), "classifier.1").values;
}

std::vector<double> mobilenet_v3(const Modules& torch,
                                 const std::vector<published::V3Block>& blocks) {
  Map x = torch.conv_norm(image(), "features.0", 2, torch::hardswish);
  int feature = 1;
  for (const published::V3Block& block : blocks) {
    const auto activation = block.hardswish ? torch::hardswish : torch::relu;
    const std::string name = "features." + std::to_string(feature++) + ".block.";
    int module = 0;
    const auto next = [&] { return name + std::to_string(module++); };
    Map y = x;
    if (block.expanded != block.in) y = torch.conv_norm(y, next(), 1, activation);
    y = torch.conv_norm(y, next(), block.stride, activation);
    if (block.squeezed > 0) y = torch.squeeze_excite(y, next());
    y = torch.conv_norm(y, next());
    x = block.stride == 1 && block.in == block.out ? Modules::sum(y, x) : y;
  }
  x = torch.conv_norm(x, "features." + std::to_string(feature), 1, torch::hardswish);
  x = activated(torch.linear(Modules::mean(x), "classifier.0"), torch::hardswish);
  return torch.linear(x, "classifier.3").values;
}

std::vector<double> shufflenet_v2(const Modules& torch) {
  const auto layer = [&](const Map& x, const std::string& sequence, int module, int stride,
                         bool relu) {
    const std::string at = sequence + ".";
    Map y = torch.norm(torch.conv(x, at + std::to_string(module), stride),
                       at + std::to_string(module + 1));
    return relu ? activated(std::move(y), torch::relu) : y;
  };
  Map x = Modules::max_pool(layer(image(), "conv1", 0, 2, true));
  constexpr int kUnits[] = {4, 8, 4};
  for (int stage = 0; stage < 3; ++stage)
    for (int unit = 0; unit < kUnits[stage]; ++unit) {
      const std::string name = "stage" + std::to_string(stage + 2) + "." + std::to_string(unit);
      const int half = x.channels / 2, stride = unit == 0 ? 2 : 1;
      const Map first =
          unit == 0 ? layer(layer(x, name + ".branch1", 0, 2, false), name + ".branch1", 2, 1, true)
                    : Modules::slice(x, 0, half);
      Map second = unit == 0 ? x : Modules::slice(x, half, half);
      second = layer(second, name + ".branch2", 0, 1, true);
      second = layer(second, name + ".branch2", 3, stride, false);
      second = layer(second, name + ".branch2", 5, 1, true);
      x = Modules::shuffled(first, second);
    }
  x = layer(x, "conv5", 0, 1, true);
  return torch.linear(Modules::mean(x), "fc").values;
}

/// The largest difference, as a share of the largest expected value.
double difference(const std::vector<float>& output, const std::vector<double>& expected) {
  double largest = 0, difference = 0;
  EXPECT_EQ(output.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    difference = std::max(difference, std::abs(output[i] - expected[i]));
  }
  return difference / largest;
}

constexpr double kTolerance = 1e-5;  // of the largest logit

TEST(PublishedStateDicts, LogitsDependOnThePicture) {
  for (const Case& one : cases()) {
    std::optional<AnyNetwork> network;
    ASSERT_EQ(load(one.state.safetensors(), one.graph, network), "");
    std::vector<float> output(1000);
    const std::vector<float> other = synthetic_input(2, 1, 3, 65, 97);
    network->run(pplcnet::Picture::planar(other.data(), network->input_shape()),
                 network->plan().outputs[0], output);
    const std::vector<float> first = logits(one.state, one.graph);
    EXPECT_GT(difference(output, {first.begin(), first.end()}), 0.1) << one.name;
  }
}

TEST(PublishedStateDicts, MobileNetV2IsThatOfPyTorchsModules) {
  const StateDict state = published::torchvision_mobilenet_v2();
  const torch::StateDict tensors = state.modules();
  const auto expected = mobilenet_v2(Modules(tensors, 1e-5));
  for (const pplcnet::Isa isa : available_isas())
    EXPECT_LT(difference(logits(state, pplcnet::torchvision_mobilenet_v2({.input = kInput}), isa),
                         expected),
              kTolerance);
}

TEST(PublishedStateDicts, MobileNetV3IsThatOfPyTorchsModules) {
  for (const bool small : {true, false}) {
    const auto& blocks = small ? kV3Small : kV3Large;
    const StateDict state = published::torchvision_mobilenet_v3(blocks);
    const Graph graph = small ? pplcnet::torchvision_mobilenet_v3_small({.input = kInput})
                              : pplcnet::torchvision_mobilenet_v3_large({.input = kInput});
    const torch::StateDict tensors = state.modules();
    const auto expected = mobilenet_v3(Modules(tensors, 1e-3), blocks);
    for (const pplcnet::Isa isa : available_isas())
      EXPECT_LT(difference(logits(state, graph, isa), expected), kTolerance);
    // The usual epsilon would be seen.
    EXPECT_GT(difference(logits(state, graph), mobilenet_v3(Modules(tensors, 1e-5), blocks)),
              10 * kTolerance);
  }
}

TEST(PublishedStateDicts, ShuffleNetV2IsThatOfPyTorchsModules) {
  for (const published::ShuffleWidths& widths : kShuffleWidths) {
    const StateDict state = published::shufflenet_v2(widths, false);
    const Graph graph =
        pplcnet::torchvision_shufflenet_v2({.width = widths.percent, .input = kInput});
    const torch::StateDict tensors = state.modules();
    const auto expected = shufflenet_v2(Modules(tensors, 1e-5));
    for (const pplcnet::Isa isa : available_isas())
      EXPECT_LT(difference(logits(state, graph, isa), expected), kTolerance);
  }
}

TEST(PublishedStateDicts, ShuffleNetV2IsTheSameOfBothLibraries) {
  for (const published::ShuffleWidths& widths : kShuffleWidths) {
    const pplcnet::WidthOptions options = {.width = widths.percent, .input = kInput};
    EXPECT_EQ(
        logits(published::shufflenet_v2(widths, false),
               pplcnet::torchvision_shufflenet_v2(options)),
        logits(published::shufflenet_v2(widths, true), pplcnet::paddle_shufflenet_v2(options)));
  }
}

}  // namespace
}  // namespace pplcnet_test::published_state_dicts_test
