#ifndef PPLCNET_TESTS_GOLDENS_GOLDEN_ANSWERS_HPP
#define PPLCNET_TESTS_GOLDENS_GOLDEN_ANSWERS_HPP

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "goldens/golden.hpp"
#include "pplcnet/branches.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/naming/modules.hpp"
#include "pplcnet/weights/naming/names.hpp"
#include "synthetic.hpp"

/// Compares a network with a golden of it: stage by stage, then the answer.
namespace pplcnet_test {

inline constexpr double kLogitTolerance = 1e-4;  // of the largest golden logit
inline constexpr double kStageTolerance = 5e-3;  // of a stage's standard deviation

/// Names in the golden that stand for a product before its activation, which is never in memory.
inline const std::set<std::string> kNotInMemory = {"last_conv", "conv_stem", "conv_head", "fc"};

/// What the frameworks call the outputs of a network's layers.
inline std::map<std::string, std::size_t> stage_names(const pplcnet::Plan& plan) {
  using pplcnet::Part;
  const pplcnet::Architecture& net = plan.architecture;
  std::map<std::string, std::size_t> names;
  for (std::size_t i = 0; i < static_cast<std::size_t>(plan.layer_count); ++i) {
    const pplcnet::Layer& layer = plan.layers[i];
    const std::string pytorch = "features." + std::to_string(layer.block + 2);
    const std::string module = pplcnet::module_name(layer, net);
    const std::string block = module.substr(0, module.rfind('.'));
    std::string timm_block;
    if (layer.block >= 0 && net.dialect == pplcnet::Dialect::timm) {
      const auto& numbers = pplcnet::naming::kTimmBlocks[layer.block];
      timm_block = pplcnet::join({"blocks.", numbers.stage, ".", numbers.index});
    }
    std::string light_block;
    if (layer.block >= 0 && net.dialect == pplcnet::Dialect::light_cnns)
      light_block = pplcnet::join({"blocks.", layer.block});
    switch (layer.part) {
      case Part::stem:
        names[module] = names["bn1"] = names["features.1"] = i;
        break;
      case Part::depthwise:
        names[module] = names[block + ".act"] = names[timm_block + ".bn1"] =
            names[pytorch + ".conv.2"] = i;
        break;
      case Part::squeeze_gate:
        names[module] = names[timm_block + ".se"] = names[light_block + ".0.se"] =
            names[pytorch + ".conv.3"] = i;
        break;
      case Part::expansion:
        names[module] = i;
        break;
      case Part::pointwise:
        names[block] = names[timm_block] = names[light_block] = names[pytorch] = i;
        break;
      case Part::pool:
        names["avg_pool"] = names["avgpool"] = names["global_pool"] = names["flatten"] = i;
        break;
      case Part::head:
        names["act"] = names["act2"] = names["hwish"] = names["hardswish"] = names["flatten"] = i;
        break;
      default:
        break;
    }
  }
  return names;
}

inline void expect_samples(const std::string& name, const nlohmann::json& golden,
                           const std::vector<float>& found, double scale, double tolerance) {
  const std::vector<std::size_t> positions = golden.at("idx");
  const std::vector<double> values = golden.at("values");
  ASSERT_FALSE(positions.empty());
  for (std::size_t i = 0; i < positions.size(); ++i)
    ASSERT_NEAR(found.at(positions[i]) * scale, values[i], tolerance)
        << name << " at " << positions[i];
}

/// Parameters as the golden's framework counts them: V2's modules keep branches and placeholder.
inline std::int64_t parameters(const pplcnet::Plan& plan, Form form) {
  if (form == Form::deployed && plan.architecture.family != pplcnet::Family::v2)
    return plan.parameter_count;
  std::int64_t sum = 0;
  for (const pplcnet::Layer& layer :
       std::span(plan.layers, static_cast<std::size_t>(plan.layer_count))) {
    sum += training_counts(layer).parameters;
    if (layer.branches == pplcnet::Branches::v2) sum += layer.parameters;
  }
  return sum;
}

/// An answer, all of it or samples, within the tolerance.
inline void expect_answer(const nlohmann::json& golden, const std::vector<float>& found) {
  const double largest =
      std::max(std::abs(golden.at("max").get<double>()), std::abs(golden.at("min").get<double>()));
  if (golden.contains("idx")) {
    const nlohmann::json samples = {{"idx", golden.at("idx")}, {"values", golden.at("f64")}};
    return expect_samples("output", samples, found, 1, kLogitTolerance * largest);
  }
  std::vector<double> values;
  for (const std::vector<double> row : golden.at("f64"))
    values.insert(values.end(), row.begin(), row.end());
  ASSERT_EQ(values.size(), found.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    ASSERT_NEAR(found[i], values[i], kLogitTolerance * largest) << "logit " << i;
}

/// `run(image, destinations)` computes all layers of a network, an image at a time, to where they
/// are wanted; returns the answer of the first image.
template <class Run>
std::vector<float> check(const Golden& golden, const pplcnet::Plan& plan, Run run) {
  const nlohmann::json& numbers = golden.numbers;
  const pplcnet::Shape picture = plan.layers[0].input;
  const std::vector<std::size_t> shape = golden.input_shape();
  const auto images = shape.at(0);
  std::vector<std::vector<float>> outputs;  // of every layer, all images
  const auto compare = [&] {
    ASSERT_EQ(shape, (std::vector<std::size_t>{images, 3, static_cast<std::size_t>(picture.height),
                                               static_cast<std::size_t>(picture.width)}));
    ASSERT_EQ(numbers.at("param_count"), parameters(plan, golden.form()));
    const std::vector<float> input = golden.input();
    ASSERT_FALSE(input.empty()) << "the golden is of another input";
    for (int i = 0; i < plan.layer_count; ++i)
      outputs.emplace_back(images * static_cast<std::size_t>(plan.layers[i].output.size()));
    std::vector<float*> destinations(outputs.size());
    for (std::size_t n = 0; n < images; ++n) {
      for (std::size_t i = 0; i < outputs.size(); ++i)
        destinations[i] = outputs[i].data() + n * outputs[i].size() / images;
      run(input.data() + n * input.size() / images, destinations);
    }

    const std::map<std::string, std::size_t> names = stage_names(plan);
    std::size_t compared = 0;
    for (const nlohmann::json& stage : numbers.at("stages")) {
      const std::string name = stage.at("name");
      if (kNotInMemory.contains(name)) continue;
      ASSERT_TRUE(names.contains(name)) << name;
      const std::size_t layer = names.at(name);
      const pplcnet::Shape& output = plan.layers[layer].output;
      std::vector<std::size_t> expected = stage.at("shape");
      expected.resize(4, 1);
      EXPECT_EQ(expected,
                (std::vector<std::size_t>{images, static_cast<std::size_t>(output.channels),
                                          static_cast<std::size_t>(output.height),
                                          static_cast<std::size_t>(output.width)}))
          << name;
      const double scale = name == "flatten" ? plan.back().scale_percent / 100.0 : 1.0;
      expect_samples(name, stage, outputs[layer], scale,
                     kStageTolerance * stage.at("std").get<double>());
      ++compared;
    }
    EXPECT_GE(compared, plan.architecture.dialect == pplcnet::Dialect::light_cnns ? 18u : 28u);

    const nlohmann::json& answers = numbers.at("outputs");
    ASSERT_EQ(answers.size(), static_cast<std::size_t>(plan.output_count));
    for (int i = 0; i < plan.output_count; ++i) {
      const std::string name = answers.contains("logits") ? "logits" : "out" + std::to_string(i);
      expect_answer(answers.at(name), outputs[static_cast<std::size_t>(plan.outputs[i])]);
    }
  };
  compare();
  if (outputs.empty()) return {};
  outputs.back().resize(outputs.back().size() / images);
  return outputs.back();
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_GOLDENS_GOLDEN_ANSWERS_HPP
