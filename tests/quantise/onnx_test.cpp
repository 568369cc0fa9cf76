// A network in bytes leaves as ONNX and comes back bit for bit; what no file may have is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "pplcnet/models/models.hpp"
#include "pplcnet/open/any_classifier.hpp"
#include "pplcnet/open/registry.hpp"
#include "pplcnet/open/weight_file.hpp"
#include "pplcnet/plan/make_plan.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/quantise/onnx/save.hpp"
#include "pplcnet/weights/onnx/load.hpp"
#include "quantise/synthetic_model.hpp"
#include "weights/contents.hpp"
#include "weights/problem.hpp"

namespace pplcnet_test::onnx_test {
namespace {

using pplcnet::KnownModel;
using pplcnet::Plan;
using pplcnet::QuantisedModel;
using pplcnet::WeightFile;

class QuantisedOnnxTest : public testing::TestWithParam<const char*> {
 protected:
  std::string save(const QuantisedModel& made, const pplcnet::OnnxOptions& options = {}) {
    return pplcnet::save_quantised_onnx(path, made, *plan, options,
                                        {.labels = {},
                                         .preprocessing = "paddle_direct",
                                         .model = std::string(published.model.name)})
        .message();
  }

  /// Replaces the first place of some bytes in the file by as many others.
  void replace(const std::string& found, const std::string& by) {
    std::ostringstream contents;
    contents << std::ifstream(path, std::ios::binary).rdbuf();  // closed before it is written
    std::string bytes = contents.str();
    const std::size_t place = bytes.find(found);
    ASSERT_NE(place, bytes.npos);
    write(path, bytes.replace(place, found.size(), by));
  }

  /// Returns what is said of the file, without its path.
  std::string problem_of_file() const {
    WeightFile file;
    QuantisedModel found;
    auto error = WeightFile::open(path, "", file);
    if (!error) error = file.read_quantised(layers, plan->traits, found);
    const std::string message = error.message();
    if (message.empty()) return "";
    EXPECT_TRUE(message.starts_with(path + ": ")) << message;
    return message.substr(std::min(message.size(), path.size() + 2));
  }

  TemporaryFolder folder;
  std::string path = folder.file("line.onnx");
  const KnownModel& published = *pplcnet::find_model(GetParam());
  std::unique_ptr<pplcnet::Graph> graph = std::make_unique<pplcnet::Graph>(published.graph());
  std::unique_ptr<Plan> plan = std::make_unique<Plan>(pplcnet::make_plan(*graph));
  std::span<const pplcnet::Layer> layers = {plan->layers,
                                            static_cast<std::size_t>(plan->layer_count)};
  QuantisedModel model = packable_model(layers);
};

TEST_P(QuantisedOnnxTest, ComesBackBitForBit) {
  const auto same = [](const auto& one, const auto& other) {
    return std::ranges::equal(std::as_bytes(std::span(one)), std::as_bytes(std::span(other)));
  };
  for (const int opset : {13, 17, 24}) {
    ASSERT_EQ(save(model, {.opset = opset, .batch = 0}), "");
    WeightFile file;
    ASSERT_STREQ(WeightFile::open(path, "", file).message(), "");
    EXPECT_EQ(file.format(), pplcnet::FileFormat::onnx);
    ASSERT_TRUE(file.is_quantised());
    QuantisedModel found;
    ASSERT_STREQ(file.read_quantised(layers, plan->traits, found).message(), "");
    EXPECT_EQ(found.picture_scales, model.picture_scales);
    EXPECT_EQ(found.picture_zeros, model.picture_zeros);
    ASSERT_EQ(found.layers.size(), model.layers.size());
    for (std::size_t i = 0; i < model.layers.size(); ++i) {
      EXPECT_TRUE(same(found.layers[i].weights, model.layers[i].weights)) << i;
      EXPECT_TRUE(same(found.layers[i].weight_scales, model.layers[i].weight_scales)) << i;
      EXPECT_TRUE(same(found.layers[i].biases, model.layers[i].biases)) << i;
      EXPECT_TRUE(same(found.layers[i].scales, model.layers[i].scales)) << i;
      EXPECT_TRUE(same(found.layers[i].zeros, model.layers[i].zeros)) << i;
    }
  }
}

TEST_P(QuantisedOnnxTest, AClassifierOpensIt) {
  ASSERT_EQ(save(model), "");
  std::optional<pplcnet::AnyClassifier> classifier;
  ASSERT_STREQ(pplcnet::AnyClassifier::open(path, classifier).message(), "");
  EXPECT_EQ(classifier->name(), published.model.name);
  EXPECT_TRUE(classifier->network().is_quantised());
}

TEST_P(QuantisedOnnxTest, WhatNoFileMayHaveIsNotWritten) {
  EXPECT_EQ(save(model, {.opset = 12}), path + ": expected an opset from 13 to 24, found 12");
  QuantisedModel wrong = model;
  wrong.picture_scales[1] = 0;
  EXPECT_EQ(save(wrong), path +
                             ": tensor 'picture.scale': expected finite numbers above 0, found "
                             "0 (number 1)");
  wrong = model;
  wrong.layers.pop_back();
  EXPECT_EQ(save(wrong), path + ": expected " + std::to_string(layers.size()) +
                             " quantised layers, found " + std::to_string(layers.size() - 1));
  EXPECT_FALSE(std::ifstream(path).is_open());
}

TEST_P(QuantisedOnnxTest, DamagedFilesAreRefused) {
  const float scale = model.layers[1].scales[0];
  for (const float wrong : {0.0F, -1.0F, std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()}) {
    ASSERT_EQ(save(model), "");
    replace(f32({&scale, 1}), f32({&wrong, 1}));
    EXPECT_NE(problem_of_file().find(".scale': expected finite numbers above 0, found "),
              std::string::npos)
        << problem_of_file();
  }
  ASSERT_EQ(save(model), "");
  constexpr float kBeyond[] = {-1, 0, 300};
  replace(f32(model.picture_zeros), f32(kBeyond));
  EXPECT_EQ(problem_of_file(),
            "tensor 'picture.zero_point': expected numbers from 0 to 255, found -1 (number 0)");
  ASSERT_EQ(save(model), "");
  replace("picture.scale", "picture.scald");
  EXPECT_NE(problem_of_file(), "");
}

TEST_P(QuantisedOnnxTest, ItIsNotTakenForFloats) {
  ASSERT_EQ(save(model), "");
  std::vector<float> weights(plan->weight_floats);
  pplcnet::FileBytes bytes;
  ASSERT_STREQ(pplcnet::read_file(path, bytes).message(), "");
  EXPECT_EQ(std::string(pplcnet::loading::load_onnx(std::as_const(bytes).bytes(), path, layers,
                                                    plan->traits, weights)
                            .message()),
            path + ": its weights are int8; this needs a network in floats");
}

INSTANTIATE_TEST_SUITE_P(, QuantisedOnnxTest,
                         testing::Values("PP-LCNet_x0_25_textline_ori", "PPLCNetV2_small"));

}  // namespace
}  // namespace pplcnet_test::onnx_test
