#ifndef PPLCNET_TESTS_GOLDENS_GOLDEN_OUTPUTS_HPP
#define PPLCNET_TESTS_GOLDENS_GOLDEN_OUTPUTS_HPP

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "goldens/golden.hpp"
#include "pplcnet/plan/training_form.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"
#include "pplcnet/weights/naming/names.hpp"
#include "synthetic.hpp"

/// Compares a network with a golden of it: stage by stage, then its output.
namespace pplcnet_test {

inline constexpr double kLogitTolerance = 1e-4;  // of the largest golden logit
inline constexpr double kStageTolerance = 5e-3;  // of a stage's standard deviation

/// Names in the golden that stand for a product before its activation, which is never in memory.
inline const std::set<std::string> kNotInMemory = {"last_conv", "conv_stem", "conv_head", "fc"};

/// What a framework calls the module of a layer.
inline std::string module_in(const pplcnet::Layer& layer, const pplcnet::Naming& naming) {
  return pplcnet::text_of(pplcnet::naming::module_names(layer.name, naming).weights);
}

/// What the frameworks call the outputs of a network's layers.
inline std::map<std::string, std::size_t> stage_names(const pplcnet::Plan& plan) {
  const pplcnet::Naming naming = pplcnet::namings_of(plan.traits).front();
  const bool v1 = plan.traits.name.starts_with("x");
  std::map<std::string, std::size_t> names;
  for (std::size_t i = 0; i < static_cast<std::size_t>(plan.layer_count); ++i) {
    const pplcnet::Layer& layer = plan.layers[i];
    const std::string_view part = layer.name.leaf.empty() ? layer.name.pattern : layer.name.leaf;
    // V1's frameworks but Paddle name what is in memory like that here; the others are Paddle's.
    const std::string module = v1 ? pplcnet::layer_name(layer) : module_in(layer, naming);
    const std::string block = module.substr(0, module.rfind('.'));
    std::string timm, light, pytorch;
    if (v1 && !layer.name.leaf.empty()) {
      const int ordinal = pplcnet::v1::ordinal_of(layer.name);
      timm = module_in(layer, pplcnet::v1::kTimmNamings[0]);
      timm = timm.substr(0, timm.rfind('.'));
      light = pplcnet::join({"blocks.", ordinal});
      pytorch = pplcnet::join({"features.", ordinal + 2});
    }
    if (part == "conv#") {
      names[module] = names["bn1"] = names["features.1"] = i;
    } else if (part == ".dw_conv") {
      names[module] = names[block + ".act"] = names[timm + ".bn1"] = names[pytorch + ".conv.2"] = i;
    } else if (part == ".se") {
      names[module] = names[timm + ".se"] = names[light + ".0.se"] = names[pytorch + ".conv.3"] = i;
    } else if (part == ".expand") {
      names[module] = i;
    } else if (part == ".pw_conv") {
      names[block] = names[timm] = names[light] = names[pytorch] = i;
    } else if (part == "avg_pool") {
      names["avg_pool"] = names["avgpool"] = names["global_pool"] = names["flatten"] = i;
    } else if (part == "last_conv") {
      names["act"] = names["act2"] = names["hwish"] = names["hardswish"] = names["flatten"] = i;
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
  if (form == Form::deployed && !plan.traits.name.starts_with("v2")) return plan.parameter_count;
  std::int64_t sum = 0;
  for (const pplcnet::Layer& layer :
       std::span(plan.layers, static_cast<std::size_t>(plan.layer_count))) {
    sum += training_counts(layer).parameters;
    if (training_form(layer).keeps_deployed) sum += layer.parameters;
  }
  return sum;
}

/// Expects an output, all of it or samples, within the tolerance.
inline void expect_output(const nlohmann::json& golden, const std::vector<float>& found,
                          double tolerance = kLogitTolerance) {
  const double largest =
      std::max(std::abs(golden.at("max").get<double>()), std::abs(golden.at("min").get<double>()));
  if (golden.contains("idx")) {
    const nlohmann::json samples = {{"idx", golden.at("idx")}, {"values", golden.at("f64")}};
    return expect_samples("output", samples, found, 1, tolerance * largest);
  }
  std::vector<double> values;
  for (const std::vector<double> row : golden.at("f64"))
    values.insert(values.end(), row.begin(), row.end());
  ASSERT_EQ(values.size(), found.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    ASSERT_NEAR(found[i], values[i], tolerance * largest) << "logit " << i;
}

/// Computes all layers of a network, an image at a time, to where they are requested. One type for
/// all networks, so that what compares them is compiled once.
using Run = std::function<void(const float* image, const std::vector<float*>& destinations)>;

/// Compares a network with a golden; returns the output of the first image.
inline std::vector<float> check(const Golden& golden, const pplcnet::Plan& plan, const Run& run) {
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
    EXPECT_GE(compared, plan.traits.namings.front().framework == "light_cnns" ? 18u : 28u);

    const nlohmann::json& expected = numbers.at("outputs");
    ASSERT_EQ(expected.size(), static_cast<std::size_t>(plan.output_count));
    for (int i = 0; i < plan.output_count; ++i) {
      const std::string name = expected.contains("logits") ? "logits" : "out" + std::to_string(i);
      expect_output(expected.at(name), outputs[static_cast<std::size_t>(plan.outputs[i])]);
    }
  };
  compare();
  if (outputs.empty()) return {};
  outputs.back().resize(outputs.back().size() / images);
  return outputs.back();
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_GOLDENS_GOLDEN_OUTPUTS_HPP
