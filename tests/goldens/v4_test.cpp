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
std::string oracle_name(const Layer& layer, const pplcnet::NetworkTraits& traits) {
  const std::string_view part = layer.name.leaf.empty() ? layer.name.pattern : layer.name.leaf;
  const pplcnet::Naming naming = pplcnet::namings_of(traits).front();
  const std::string module =
      pplcnet::text_of(pplcnet::naming::module_names(layer.name, naming).weights);
  if (part == "conv#" || part == ".se") return module;
  if (part == "stem_pool")
    return traits.name.starts_with("v4_detection") ? "stem.pool" : "conv1.pool";
  if (part == ".dw_conv") return module + ".dw";
  if (part == ".pw_conv") return module.substr(0, module.find(".channel_mixer"));
  return part == "columns" ? "out0" : "";
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
      pplcnet::pack_state_dict(file_of(state), Net::layers, Net::traits, weights->values);
  ASSERT_FALSE(error) << error.message();

  std::vector<std::vector<float>> outputs;
  typename Net::Features requested;
  for (std::size_t i = 0; i < Net::layers.size(); ++i)
    requested.layers[i] =
        outputs.emplace_back(static_cast<std::size_t>(Net::layers[i].output.size())).data();
  const auto workspace = std::make_unique<typename Net::Workspace>();
  Net::features(*weights, typename Net::Image(input), *workspace, requested, {.isa = isa});

  std::map<std::string, std::span<const float>> found;
  for (std::size_t i = 0; i < Net::layers.size(); ++i)
    found[oracle_name(Net::layers[i], Net::traits)] = outputs[i];
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
