// PP-LCNet V4 against an oracle of its own: the six variants, map by map, from checkpoints in
// training form and in deployed form.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "goldens/v4_oracle.hpp"
#include "pplcnet/pplcnet.hpp"

namespace {

using pplcnet::Isa;
using pplcnet::Layer;
using pplcnet::Part;
using pplcnet::Size;
using pplcnet::TextOptions;
using pplcnet::V4;
using pplcnet_test::Form;
using pplcnet_test::NamedMap;
using pplcnet_test::V4Variant;

constexpr double kTolerance = 1e-5;  // of the largest value

pplcnet::TensorFile file_of(const std::vector<pplcnet_test::NamedTensor>& tensors) {
  pplcnet::TensorFile file;
  file.path = "synthetic";
  for (const auto& tensor : tensors)
    file.tensors.push_back({.name = tensor.name,
                            .type = pplcnet::DataType::f32,
                            .shape = tensor.shape,
                            .data = std::as_bytes(std::span(tensor.values))});
  return file;
}

/// The oracle's name of a layer's output; empty for what it does not show.
std::string oracle_name(const Layer& layer, const pplcnet::Architecture& net) {
  const std::string module = module_name(layer, net);
  switch (layer.part) {
    case Part::stem:
    case Part::squeeze_gate:
      return module;
    case Part::stem_pool:
      return net.ending == pplcnet::Ending::maps ? "stem.pool" : "conv1.pool";
    case Part::depthwise:
      return module.substr(0, module.rfind('.')) + ".dw";
    case Part::pointwise:
      return module.substr(0, module.find(".channel_mixer"));
    case Part::columns:
      return "out0";
    default:
      return "";
  }
}

/// The largest difference between two maps, and of each what it is measured by.
void expect_near(const NamedMap& expected, std::span<const float> found) {
  ASSERT_EQ(expected.values.size(), found.size()) << expected.name;
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    largest = std::max(largest, std::abs(expected.values[i]));
    difference = std::max(difference, std::abs(expected.values[i] - found[i]));
  }
  EXPECT_LE(difference, kTolerance * largest) << expected.name;
}

template <Size kSize, V4 kTask, int kHeight, int kWidth>
void check(V4Variant variant, Form form, Isa isa) {
  using Net = pplcnet::PPLCNetV4<kSize, kTask, TextOptions{.input = {kHeight, kWidth}}>;
  const auto state = pplcnet_test::v4_state_dict(variant, form);
  const std::vector<float> input = pplcnet_test::synthetic_input(1, 1, 3, kHeight, kWidth);
  const auto maps = pplcnet_test::v4_outputs(variant, state, form, input, kHeight, kWidth);
  const auto weights = std::make_unique<typename Net::Weights>();
  const auto error =
      pplcnet::pack_state_dict(file_of(state), Net::layers, Net::architecture, weights->values);
  ASSERT_FALSE(error) << error.message();

  std::vector<std::vector<float>> outputs;
  typename Net::Features wanted;
  for (std::size_t i = 0; i < Net::layers.size(); ++i)
    wanted.layers[i] =
        outputs.emplace_back(static_cast<std::size_t>(Net::layers[i].output.size())).data();
  const auto workspace = std::make_unique<typename Net::Workspace>();
  Net::features(*weights, typename Net::Image(input), *workspace, wanted, {.isa = isa});

  std::map<std::string, std::span<const float>> found;
  for (std::size_t i = 0; i < Net::layers.size(); ++i)
    found[oracle_name(Net::layers[i], Net::architecture)] = outputs[i];
  for (int i = 0; i < Net::output_count; ++i)
    found["out" + std::to_string(i)] = outputs[static_cast<std::size_t>(Net::output_layer(i))];
  for (const NamedMap& map : maps) {
    ASSERT_TRUE(found.contains(map.name)) << map.name;
    expect_near(map, found[map.name]);
  }
}

struct Case {
  const char* name;
  V4Variant variant;
  void (*check)(V4Variant, Form, Isa);
};

constexpr auto kDetection = V4::detection, kRecognition = V4::recognition;
constexpr Case kCases[] = {
    {"det_tiny", V4Variant::det_tiny, check<Size::tiny, kDetection, 64, 96>},
    {"det_tiny_97x131", V4Variant::det_tiny, check<Size::tiny, kDetection, 97, 131>},
    {"det_small", V4Variant::det_small, check<Size::small, kDetection, 64, 96>},
    {"det_medium", V4Variant::det_medium, check<Size::medium, kDetection, 64, 64>},
    {"rec_tiny", V4Variant::rec_tiny, check<Size::tiny, kRecognition, 48, 100>},
    {"rec_small", V4Variant::rec_small, check<Size::small, kRecognition, 48, 100>},
    {"rec_medium", V4Variant::rec_medium, check<Size::medium, kRecognition, 48, 64>},
};

class V4Oracle : public testing::TestWithParam<std::tuple<Case, Isa>> {};

TEST_P(V4Oracle, TrainingForm) {
  const auto& [what, isa] = GetParam();
  what.check(what.variant, Form::training, isa);
}

TEST_P(V4Oracle, DeployedForm) {
  const auto& [what, isa] = GetParam();
  what.check(what.variant, Form::deployed, isa);
}

INSTANTIATE_TEST_SUITE_P(Each, V4Oracle,
                         testing::Combine(testing::ValuesIn(kCases),
                                          testing::ValuesIn(pplcnet_test::available_isas())),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param).name) + "_" +
                                  pplcnet::isa_name(std::get<1>(test.param));
                         });

}  // namespace
