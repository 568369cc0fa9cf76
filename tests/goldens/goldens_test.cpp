// Every network against float64 runs of the code that it comes from: stage by stage and logits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"

namespace {

using nlohmann::json;
using pplcnet::Dialect;
using pplcnet::Isa;
using pplcnet::Layer;
using pplcnet::Options;
using pplcnet::Part;
using pplcnet::PPLCNet;
using pplcnet::Scale;

constexpr double kLogitTolerance = 1e-4;  // of the largest golden logit
constexpr double kStageTolerance = 5e-3;  // of a stage's standard deviation

/// Names in the golden that stand for a product before its activation, which is never in memory.
const std::set<std::string> kNotInMemory = {"last_conv", "conv_stem", "conv_head", "fc"};

/// What the frameworks call the outputs of a network's layers.
template <class Net>
std::map<std::string, std::size_t> stage_names() {
  std::map<std::string, std::size_t> names;
  for (std::size_t i = 0; i < Net::layers.size(); ++i) {
    const Layer& layer = Net::layers[i];
    const std::string pytorch = "features." + std::to_string(layer.block + 2);
    const std::string block = pplcnet::naming::numbered("blocks", layer.stage, ".", layer.index);
    std::string timm_block;
    if (layer.block >= 0) {
      const auto& numbers = pplcnet::naming::kTimmBlocks[layer.block];
      timm_block = pplcnet::naming::numbered("blocks.", numbers.stage, ".", numbers.index);
    }
    switch (layer.part) {
      case Part::stem:
        names["conv1"] = names["bn1"] = names["features.1"] = i;
        break;
      case Part::depthwise:
        names[block + ".dw_conv"] = names[timm_block + ".bn1"] = names[pytorch + ".conv.2"] = i;
        break;
      case Part::squeeze_gate:
        names[block + ".se"] = names[timm_block + ".se"] = names[pytorch + ".conv.3"] = i;
        break;
      case Part::pointwise:
        names[block] = names[timm_block] = names[pytorch] = i;
        break;
      case Part::pool:
        names["avg_pool"] = names["avgpool"] = names["global_pool"] = names["flatten"] = i;
        break;
      case Part::head:
        names["act"] = names["act2"] = names["hwish"] = names["flatten"] = i;
        break;
      default:
        break;
    }
  }
  return names;
}

void expect_samples(const std::string& name, const json& golden, const std::vector<float>& found,
                    double scale, double tolerance) {
  const std::vector<std::size_t> positions = golden.at("idx");
  const std::vector<double> values = golden.at("values");
  ASSERT_FALSE(positions.empty());
  for (std::size_t i = 0; i < positions.size(); ++i)
    ASSERT_NEAR(found.at(positions[i]) * scale, values[i], tolerance)
        << name << " at " << positions[i];
}

template <class Net>
void check(const json& golden, Isa isa) {
  const std::vector<int> shape = golden.at("input").at("shape");
  ASSERT_EQ(shape,
            (std::vector<int>{shape[0], 3, Net::input_shape.height, Net::input_shape.width}));
  ASSERT_EQ(golden.at("param_count"), Net::parameter_count);
  const auto images = static_cast<std::size_t>(shape[0]);
  const std::vector<float> input = pplcnet_test::synthetic_input(
      1, images, 3, static_cast<std::size_t>(shape[2]), static_cast<std::size_t>(shape[3]));
  const auto weights = pplcnet_test::synthetic_weights<Net>();
  const auto workspace = std::make_unique<typename Net::Workspace>();

  std::vector<std::vector<float>> outputs;  // of every layer, all images
  for (const Layer& layer : Net::layers)
    outputs.emplace_back(images * static_cast<std::size_t>(layer.output.size()));
  for (std::size_t n = 0; n < images; ++n) {
    typename Net::Features features;
    for (std::size_t i = 0; i < Net::layers.size(); ++i)
      features.layers[i] = outputs[i].data() + n * outputs[i].size() / images;
    Net::features(*weights,
                  typename Net::Image(input.data() + n * Net::input_size, Net::input_size),
                  *workspace, features, {.isa = isa});
  }

  const std::map<std::string, std::size_t> names = stage_names<Net>();
  std::size_t compared = 0;
  for (const json& stage : golden.at("stages")) {
    const std::string name = stage.at("name");
    if (kNotInMemory.contains(name)) continue;
    ASSERT_TRUE(names.contains(name)) << name;
    const std::size_t layer = names.at(name);
    const pplcnet::Shape& output = Net::layers[layer].output;
    std::vector<int> expected = stage.at("shape");
    expected.resize(4, 1);
    EXPECT_EQ(expected, (std::vector<int>{shape[0], output.channels, output.height, output.width}))
        << name;
    const double scale = name == "flatten" ? Net::layers.back().scale_percent / 100.0 : 1.0;
    expect_samples(name, stage, outputs[layer], scale,
                   kStageTolerance * stage.at("std").get<double>());
    ++compared;
  }
  EXPECT_GE(compared, 28u);

  const json& logits = golden.at("outputs").at("logits");
  std::vector<double> values;
  for (const std::vector<double> row : logits.at("f64"))
    values.insert(values.end(), row.begin(), row.end());
  const double largest =
      std::max(std::abs(logits.at("max").get<double>()), std::abs(logits.at("min").get<double>()));
  ASSERT_EQ(values.size(), outputs.back().size());
  for (std::size_t i = 0; i < values.size(); ++i)
    ASSERT_NEAR(outputs.back()[i], values[i], kLogitTolerance * largest) << "logit " << i;

  typename Net::Logits alone;
  Net::forward(*weights, typename Net::Image(input.data(), Net::input_size), *workspace, alone,
               {.isa = isa});
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), outputs.back().begin()))
      << "forward and features disagree";
}

constexpr std::array<pplcnet::Stride, 5> kTextLine = {{{2, 2}, {2, 1}, {2, 1}, {2, 1}, {2, 1}}};
constexpr Dialect kTimm = Dialect::timm, kPytorch = Dialect::pytorch;
constexpr auto kRelu = pplcnet::Activation::relu, kRelu6 = pplcnet::Activation::relu6;

struct Golden {
  const char* name;
  void (*check)(const json&, Isa);
};

constexpr Golden kGoldens[] = {
    {"v1_x0_25", check<PPLCNet<Scale::x0_25>>},
    {"v1_x0_35", check<PPLCNet<Scale::x0_35>>},
    {"v1_x0_5", check<PPLCNet<Scale::x0_5>>},
    {"v1_x0_75", check<PPLCNet<Scale::x0_75>>},
    {"v1_x1_0", check<PPLCNet<Scale::x1_0>>},
    {"v1_x1_5", check<PPLCNet<Scale::x1_5>>},
    {"v1_x2_0", check<PPLCNet<Scale::x2_0>>},
    {"v1_x2_5", check<PPLCNet<Scale::x2_5>>},
    {"v1_x0_25_1x1", check<PPLCNet<Scale::x0_25, Options{.input = {1, 1}}>>},
    {"v1_x0_25_32x32", check<PPLCNet<Scale::x0_25, Options{.input = {32, 32}}>>},
    {"v1_x0_25_33x63", check<PPLCNet<Scale::x0_25, Options{.input = {33, 63}}>>},
    {"v1_x0_25_97x131", check<PPLCNet<Scale::x0_25, Options{.input = {97, 131}}>>},
    {"v1_x1_0_97x131", check<PPLCNet<Scale::x1_0, Options{.input = {97, 131}}>>},
    {"v1_x1_0_192x192", check<PPLCNet<Scale::x1_0, Options{.input = {192, 192}}>>},
    {"v1_x0_25_nolastconv", check<PPLCNet<Scale::x0_25, Options{.head = 0}>>},
    {"v1_x1_0_nolastconv_c4", check<PPLCNet<Scale::x1_0, Options{.classes = 4, .head = 0}>>},
    {"v1_x0_25_textline_c2_48x192",
     check<PPLCNet<Scale::x0_25, Options{.classes = 2, .input = {48, 192}, .strides = kTextLine}>>},
    {"v1_x1_0_textline_c2_80x160",
     check<PPLCNet<Scale::x1_0, Options{.classes = 2, .input = {80, 160}, .strides = kTextLine}>>},
    {"v1_x1_0_textline_c4_80x160",
     check<PPLCNet<Scale::x1_0, Options{.classes = 4, .input = {80, 160}, .strides = kTextLine}>>},
    {"v1_x1_0_attr_c26_256x192",
     check<PPLCNet<Scale::x1_0, Options{.classes = 26, .input = {256, 192}}>>},
    {"v1_x0_5_expand512_drop0_c10",
     check<PPLCNet<Scale::x0_5,
                   Options{.classes = 10, .input = {128, 96}, .head = 512, .dropout_percent = 0}>>},
    {"v1_x0_5_relu", check<PPLCNet<Scale::x0_5, Options{.activation = kRelu}>>},
    {"v1_x0_5_relu6", check<PPLCNet<Scale::x0_5, Options{.activation = kRelu6}>>},
    {"timm_lcnet_035", check<PPLCNet<Scale::x0_35, Options{.dialect = kTimm}>>},
    {"timm_lcnet_050", check<PPLCNet<Scale::x0_5, Options{.dialect = kTimm}>>},
    {"timm_lcnet_050_97x131_c10",
     check<PPLCNet<Scale::x0_5, Options{.classes = 10, .input = {97, 131}, .dialect = kTimm}>>},
    {"timm_lcnet_075", check<PPLCNet<Scale::x0_75, Options{.dialect = kTimm}>>},
    {"timm_lcnet_100", check<PPLCNet<Scale::x1_0, Options{.dialect = kTimm}>>},
    {"timm_lcnet_150", check<PPLCNet<Scale::x1_5, Options{.dialect = kTimm}>>},
    {"torch_x0_25", check<PPLCNet<Scale::x0_25, Options{.dialect = kPytorch}>>},
    {"torch_x0_35", check<PPLCNet<Scale::x0_35, Options{.dialect = kPytorch}>>},
    {"torch_x1_0", check<PPLCNet<Scale::x1_0, Options{.dialect = kPytorch}>>},
};

class Goldens : public testing::TestWithParam<std::tuple<Golden, Isa>> {};

TEST_P(Goldens, StagesAndLogits) {
  const auto& [golden, isa] = GetParam();
  const std::string path = std::string(PPLCNET_TEST_DATA) + "/goldens/" + golden.name + ".json";
  std::ifstream file(path);
  if (!file) GTEST_SKIP() << path << " is missing";
  golden.check(json::parse(file), isa);
}

INSTANTIATE_TEST_SUITE_P(Each, Goldens,
                         testing::Combine(testing::ValuesIn(kGoldens),
                                          testing::ValuesIn(pplcnet_test::available_isas())),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param).name) + "_" +
                                  pplcnet::isa_name(std::get<1>(test.param));
                         });

}  // namespace
