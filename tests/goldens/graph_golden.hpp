#ifndef PPLCNET_TESTS_GOLDENS_GRAPH_GOLDEN_HPP
#define PPLCNET_TESTS_GOLDENS_GRAPH_GOLDEN_HPP

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "deeplab.hpp"
#include "goldens/golden.hpp"
#include "goldens/golden_outputs.hpp"
#include "ic_pattern.hpp"
#include "pplcnet/networks/addernet.hpp"
#include "pplcnet/networks/espnet_v1.hpp"
#include "pplcnet/networks/espnet_v2.hpp"
#include "pplcnet/networks/ghostnet.hpp"
#include "pplcnet/networks/googlenet.hpp"
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
#include "pplcnet/networks/mobilevit.hpp"
#include "pplcnet/networks/ocr_detection.hpp"
#include "pplcnet/networks/ocr_recognition.hpp"
#include "pplcnet/networks/paddle_mobilenet_v2.hpp"
#include "pplcnet/networks/paddle_mobilenet_v3.hpp"
#include "pplcnet/networks/picodet.hpp"
#include "pplcnet/networks/resnest.hpp"
#include "pplcnet/networks/resnet_d.hpp"
#include "pplcnet/networks/shufflenet_v1.hpp"
#include "pplcnet/networks/shufflenet_v2.hpp"
#include "pplcnet/networks/torchvision_mobilenet_v3.hpp"
#include "pplcnet/networks/xception.hpp"
#include "pplcnet/plan/make_plan.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"

/// Goldens of networks that are functions.
namespace pplcnet_test {

/// The networks by what the goldens call them, in front of a width and a size.
struct GraphOfGolden {
  std::string_view name;
  pplcnet::Graph (*graph)(const pplcnet::WidthOptions&);
  int width = 100;
};
inline constexpr GraphOfGolden kGraphsOfGoldens[] = {
    {"mbv1", pplcnet::light_cnns_mobilenet_v1},
    {"mbv2", pplcnet::light_cnns_mobilenet_v2},
    {"mbv2_ca", pplcnet::light_cnns_mobilenet_v2_ca},
    {"mbv2_eca", pplcnet::light_cnns_mobilenet_v2_eca},
    {"mbv2_sa", pplcnet::light_cnns_mobilenet_v2_sa},
    {"mbv2_triplet", pplcnet::light_cnns_mobilenet_v2_triplet},
    {"mbv3_small", pplcnet::light_cnns_mobilenet_v3_small},
    {"mbv3_large", pplcnet::light_cnns_mobilenet_v3_large},
    {"mobilenext", pplcnet::light_cnns_mobilenext},
    {"shufflenetv2", pplcnet::light_cnns_shufflenet_v2, 150},
    {"ghostnet", pplcnet::light_cnns_ghostnet},
    {"shufflenetv1", pplcnet::light_cnns_shufflenet_v1},
    {"resnet50_v1b", pplcnet::resnet50_d},
    {"googlenet", pplcnet::light_cnns_googlenet},
    {"inception_v2", pplcnet::inception_resnet_v2},
    {"inception_v3", pplcnet::inception_v3},
    {"inception_v4", pplcnet::inception_v4},
    {"xception", pplcnet::xception},
    {"ic_resnet50", ic_resnet50_for_detection},
    {"resnest50_v1b", pplcnet::light_cnns_resnest50},
    {"addernet_resnet20", pplcnet::addernet_resnet20},
    {"mobilevit_s", pplcnet::light_cnns_mobilevit_s},
    {"espnetv1", pplcnet::light_cnns_espnet_v1},
    {"espnetv2", pplcnet::light_cnns_espnet_v2},
    {"ppocr_mobile_det", pplcnet::ocr_detection, 75},
    {"ppocr_mobile_rec", pplcnet::ocr_recognition, 95},
    {"picodet_xs", pplcnet::picodet_lcnet, 35},
    {"picodet_s", pplcnet::picodet_lcnet, 75},
    {"picodet_m", pplcnet::picodet_lcnet, 150},
    {"picodet_l", pplcnet::picodet_lcnet, 200},
    {"paddle_mobilenetv1", pplcnet::paddle_mobilenet_v1},
    {"paddle_mobilenetv2", pplcnet::paddle_mobilenet_v2},
    {"paddle_mobilenetv3_small", pplcnet::paddle_mobilenet_v3_small},
    {"paddle_mobilenetv3_large", pplcnet::paddle_mobilenet_v3_large},
    {"paddle_shufflenetv2", pplcnet::paddle_shufflenet_v2},
    {"paddle_ghostnet", pplcnet::paddle_ghostnet},
    {"deeplabv3p_lcnet", deeplab_of_width},
};

/// `x1_25` anywhere in a name: 125; otherwise `width`.
inline int width_in(std::string_view name, int width) {
  const std::size_t place = name.find("_x");
  if (place == name.npos) return width;
  char* end = nullptr;
  const std::string digits(name.substr(place + 2));
  const long whole = std::strtol(digits.c_str(), &end, 10);
  std::string fraction = *end == '_' ? std::string(end + 1).substr(0, 2) : "0";
  if (fraction.size() == 1 || fraction[1] == '_') fraction = fraction.substr(0, 1) + "0";
  return static_cast<int>(100 * whole + std::strtol(fraction.c_str(), nullptr, 10));
}

/// What a golden's network computes: logits, the probability of each class of a sequence, or maps.
inline const nlohmann::json& output_of(const Golden& golden) {
  const nlohmann::json& outputs = golden.numbers.at("outputs");
  for (const char* name : {"probabilities", "maps", "out0", "raw_score0"})
    if (outputs.contains(name)) return outputs.at(name);
  return outputs.at("logits");
}

/// Whether a golden's values are [images][tokens][channels].
inline bool is_sequence(const nlohmann::json& values) { return values.at("shape").size() == 3; }

/// The channels of a golden's values.
inline int channels_of(const nlohmann::json& values) {
  return values.at("shape").at(is_sequence(values) ? 2 : 1);
}

/// A layer's output, [channels][pixels] of each image, in the order of a golden's values.
inline std::vector<float> in_order_of(const nlohmann::json& values, const pplcnet::Shape& shape,
                                      const std::vector<float>& output) {
  if (!is_sequence(values)) return output;
  const auto channels = static_cast<std::size_t>(shape.channels);
  const auto tokens = static_cast<std::size_t>(shape.pixels());
  std::vector<float> result(output.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t image = i / (tokens * channels), token = i / channels % tokens;
    result[i] = output[(image * channels + i % channels) * tokens + token];
  }
  return result;
}

/// The network of a golden; nothing if it is of another kind.
inline std::optional<pplcnet::Graph> graph_of_golden(const Golden& golden) {
  const std::string name = golden.numbers.at("arch");
  for (const GraphOfGolden& known : kGraphsOfGoldens) {
    if (!name.starts_with(known.name)) continue;
    const std::string rest = name.substr(known.name.size());
    const bool fits = rest.empty() || rest.starts_with("_x") ||
                      (rest[0] == '_' && rest[1] >= '0' && rest[1] <= '9');
    if (!fits) continue;
    const std::vector<int> size = golden.numbers.at("hw");
    return known.graph(
        {width_in(rest, known.width), {size.at(0), size.at(1)}, channels_of(output_of(golden))});
  }
  return std::nullopt;
}

/// Parameters of a golden's modules that the network has no use for.
inline std::int64_t unused_parameters(const Golden& golden, const pplcnet::NetworkTraits& traits) {
  std::int64_t sum = 0;
  for (const pplcnet::Name& module : traits.unused)
    for (const nlohmann::json& tensor : golden.numbers.at("tensors")) {
      const std::string name = tensor.at(0);
      if (!name.starts_with(pplcnet::text_of(module) + ".") ||
          name.find(".running_") != name.npos || name.ends_with("._mean") ||
          name.ends_with("._variance"))
        continue;
      std::int64_t size = 1;
      for (const std::int64_t extent : tensor.at(1)) size *= extent;
      sum += size;
    }
  return sum;
}

/// Compares what a detector's head gives with the golden: the scores of all levels, then the
/// distances.
inline void expect_raw_outputs(const nlohmann::json& answers, const pplcnet::Plan& plan,
                               const std::vector<std::vector<float>>& outputs) {
  constexpr double kTolerance = 1e-3;  // of the largest value
  const int levels = plan.output_count / 2;
  for (int i = 0; i < plan.output_count; ++i) {
    const auto layer = static_cast<std::size_t>(plan.outputs[i]);
    const nlohmann::json& expected =
        answers.at((i < levels ? "raw_score" : "raw_dist") + std::to_string(i % levels));
    expect_output(expected, in_order_of(expected, plan.layers[layer].output, outputs[layer]),
                  kTolerance);
  }
}

/// Compares a network with a golden.
inline void check_graph(const Golden& golden, const pplcnet::Graph& graph,
                        const pplcnet::Plan& plan, const Run& run) {
  ASSERT_EQ(golden.numbers.at("param_count"),
            parameters(plan, golden.form()) + unused_parameters(golden, plan.traits));
  const std::vector<std::size_t> shape = golden.input_shape();
  const std::vector<float> input = golden.input();
  ASSERT_FALSE(input.empty()) << "the golden is of another input";
  const std::size_t images = shape.at(0);
  std::vector<std::vector<float>> outputs;  // of every layer, all images
  for (int i = 0; i < plan.layer_count; ++i)
    outputs.emplace_back(images * static_cast<std::size_t>(plan.layers[i].output.size()));
  std::vector<float*> destinations(outputs.size());
  for (std::size_t n = 0; n < images; ++n) {
    for (std::size_t i = 0; i < outputs.size(); ++i)
      destinations[i] = outputs[i].data() + n * outputs[i].size() / images;
    run(input.data() + n * input.size() / images, destinations);
  }
  int compared = 0, stage = 0;
  for (int i = 0; i < graph.output_count; ++i) {
    const pplcnet::Graph::Output& output = graph.outputs[i];
    if (output.role != pplcnet::Role::stage) continue;
    const auto layer = static_cast<std::size_t>(plan.stages[stage++]);
    const std::string name = pplcnet::text_of(output.name);
    for (const nlohmann::json& golden_stage : golden.numbers.at("stages")) {
      if (golden_stage.at("name") != name) continue;
      const pplcnet::Shape& output_shape = plan.layers[layer].output;
      EXPECT_EQ(channels_of(golden_stage), output_shape.channels);
      expect_samples(name, golden_stage, in_order_of(golden_stage, output_shape, outputs[layer]), 1,
                     kStageTolerance * golden_stage.at("std").get<double>());
      ++compared;
    }
  }
  EXPECT_EQ(compared, plan.stage_count) << "stages that the golden does not have";
  EXPECT_GE(compared, 11);
  if (golden.numbers.at("outputs").contains("raw_score0"))
    return expect_raw_outputs(golden.numbers.at("outputs"), plan, outputs);
  const auto result = static_cast<std::size_t>(plan.outputs[0]);
  const nlohmann::json& expected = output_of(golden);
  expect_output(expected, in_order_of(expected, plan.layers[result].output, outputs[result]));
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_GOLDENS_GRAPH_GOLDEN_HPP
