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
using pplcnet::Family;
using pplcnet::Isa;
using pplcnet::Layer;
using pplcnet::Options;
using pplcnet::Part;
using pplcnet::PPLCNet;
using pplcnet::PPLCNetV2;
using pplcnet::PPLCNetV3;
using pplcnet::Scale;
using pplcnet::TextOptions;
using pplcnet::V2;
using pplcnet::V2Options;
using pplcnet::V3;
using pplcnet_test::Form;

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
    const std::string module = pplcnet::module_name(layer, Net::architecture);
    const std::string block = module.substr(0, module.rfind('.'));
    std::string timm_block;
    if (layer.block >= 0 && Net::architecture.dialect == Dialect::timm) {
      const auto& numbers = pplcnet::naming::kTimmBlocks[layer.block];
      timm_block = pplcnet::join({"blocks.", numbers.stage, ".", numbers.index});
    }
    switch (layer.part) {
      case Part::stem:
        names[module] = names["bn1"] = names["features.1"] = i;
        break;
      case Part::depthwise:
        names[module] = names[block + ".act"] = names[timm_block + ".bn1"] =
            names[pytorch + ".conv.2"] = i;
        break;
      case Part::squeeze_gate:
        names[module] = names[timm_block + ".se"] = names[pytorch + ".conv.3"] = i;
        break;
      case Part::expansion:
        names[module] = i;
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

/// Parameters as the golden's framework counts them: V2's modules keep branches and placeholder.
template <class Net>
std::int64_t parameters(Form form) {
  if (form == Form::deployed && Net::architecture.family != Family::v2) return Net::parameter_count;
  std::int64_t sum = 0;
  for (const Layer& layer : Net::layers) {
    sum += training_counts(layer).parameters;
    if (layer.branches == pplcnet::Branches::v2) sum += layer.parameters;
  }
  return sum;
}

/// An answer, all of it or samples, within the tolerance.
void expect_answer(const json& golden, const std::vector<float>& found) {
  const double largest =
      std::max(std::abs(golden.at("max").get<double>()), std::abs(golden.at("min").get<double>()));
  if (golden.contains("idx")) {
    const json samples = {{"idx", golden.at("idx")}, {"values", golden.at("f64")}};
    return expect_samples("output", samples, found, 1, kLogitTolerance * largest);
  }
  std::vector<double> values;
  for (const std::vector<double> row : golden.at("f64"))
    values.insert(values.end(), row.begin(), row.end());
  ASSERT_EQ(values.size(), found.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    ASSERT_NEAR(found[i], values[i], kLogitTolerance * largest) << "logit " << i;
}

template <class Net, Form kForm = Form::training>
void check(const json& golden, Isa isa) {
  const std::vector<int> shape = golden.at("input").at("shape");
  ASSERT_EQ(shape,
            (std::vector<int>{shape[0], 3, Net::input_shape.height, Net::input_shape.width}));
  ASSERT_EQ(golden.at("param_count"), parameters<Net>(kForm));
  const auto images = static_cast<std::size_t>(shape[0]);
  const std::vector<float> input = pplcnet_test::synthetic_input(
      1, images, 3, static_cast<std::size_t>(shape[2]), static_cast<std::size_t>(shape[3]));
  const auto weights = pplcnet_test::synthetic_weights<Net>(kForm);
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

  const json& answers = golden.at("outputs");
  ASSERT_EQ(answers.size(), static_cast<std::size_t>(Net::output_count));
  for (int i = 0; i < Net::output_count; ++i) {
    const std::string name = answers.contains("logits") ? "logits" : "out" + std::to_string(i);
    expect_answer(answers.at(name), outputs[static_cast<std::size_t>(Net::output_layer(i))]);
  }

  if constexpr (Net::classes > 0) {
    typename Net::Logits alone;
    Net::forward(*weights, typename Net::Image(input.data(), Net::input_size), *workspace, alone,
                 {.isa = isa});
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), outputs.back().begin()))
        << "forward and features disagree";
  }
}

constexpr std::array<pplcnet::Stride, 5> kTextLine = {{{2, 2}, {2, 1}, {2, 1}, {2, 1}, {2, 1}}};
constexpr Dialect kTimm = Dialect::timm, kPytorch = Dialect::pytorch;
constexpr auto kRelu = pplcnet::Activation::relu, kRelu6 = pplcnet::Activation::relu6;

template <int kHeight, int kWidth>
using Detection = PPLCNetV3<Scale::x0_75, V3::detection, TextOptions{.input = {kHeight, kWidth}}>;
template <Scale kScale, int kWidth>
using Recognition = PPLCNetV3<kScale, V3::recognition, TextOptions{.input = {48, kWidth}}>;

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
    {"v2_small_train", check<PPLCNetV2<V2::small>>},
    {"v2_small_deploy", check<PPLCNetV2<V2::small>, Form::deployed>},
    {"v2_base_train", check<PPLCNetV2<V2::base>>},
    {"v2_base_deploy", check<PPLCNetV2<V2::base>, Form::deployed>},
    {"v2_large_train", check<PPLCNetV2<V2::large>>},
    {"v2_large_deploy", check<PPLCNetV2<V2::large>, Form::deployed>},
    {"v2_base_expand512_97x131_deploy",
     check<PPLCNetV2<V2::base, V2Options{.classes = 7, .input = {97, 131}, .head = 512}>,
           Form::deployed>},
    {"v3_det_x0_75_train", check<Detection<160, 160>>},
    {"v3_det_x0_75_deploy", check<Detection<160, 160>, Form::deployed>},
    {"v3_det_x0_75_97x131_train", check<Detection<97, 131>>},
    {"v3_det_x0_75_97x131_deploy", check<Detection<97, 131>, Form::deployed>},
    {"v3_rec_x0_5_48x100_train", check<Recognition<Scale::x0_5, 100>>},
    {"v3_rec_x0_5_48x100_deploy", check<Recognition<Scale::x0_5, 100>, Form::deployed>},
    {"v3_rec_x0_95_48x320_train", check<Recognition<Scale::x0_95, 320>>},
    {"v3_rec_x0_95_48x320_deploy", check<Recognition<Scale::x0_95, 320>, Form::deployed>},
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
