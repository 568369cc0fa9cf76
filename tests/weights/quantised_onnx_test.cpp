// Quantised ONNX files of others become networks in floats: weights are what their integers stand
// for, and values that come back by the scales they left by are themselves.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/onnx/load.hpp"
#include "weights/contents.hpp"
#include "weights/onnx_model.hpp"

namespace pplcnet_test::quantised_onnx_test {
namespace {

constexpr pplcnet::Graph network() {
  pplcnet::Graph g({16, 16});
  pplcnet::Value x = g.conv(
      g.image(), 4, {.kernel = 3, .stride = 2, .activation = pplcnet::Activation::relu}, "stem");
  x = g.conv(x, 6, {.activation = pplcnet::Activation::hardswish}, "wide");
  g.output(g.dense(g.global_mean(x), 3, {}, "classes"));
  return g;
}
using Net = pplcnet::Network<network>;

/// Writes such a file; what is wrong with it is a member.
struct QuantisedFile {
  std::vector<float> weight_scales = {0.5F, 0.25F, 0.125F, 1};
  float restored_scale = 0.0625F;  // of what the stem gives, for the next layer
  std::uint8_t stem_zero = 0;
  bool has_other_zeros = false;

  /// A TensorProto of a type of integers, none of them raw.
  static std::string integers(const std::string& name, std::int32_t type,
                              const std::vector<std::int64_t>& shape,
                              const std::vector<std::int32_t>& values) {
    std::string message;
    OnnxModel::Writer writer(message);
    for (const std::int64_t size : shape) writer.add_int64(1, size);
    writer.add_int32(2, type);
    writer.add_packed_int32(5, values.begin(), values.end());
    writer.add_string(8, name);
    return message;
  }

  std::string contents() const {
    constexpr std::int32_t kUint8 = 2, kInt8 = 3, kInt32 = 6;
    OnnxModel model("x");
    const auto add = [&](const std::string& name, std::int32_t type,
                         const std::vector<std::int64_t>& shape,
                         const std::vector<std::int32_t>& values) {
      model.add_initializer(integers(name, type, shape, values));
    };
    const auto weights = [&](const std::string& name, std::vector<std::int64_t> shape) {
      std::size_t count = 1;
      for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
      std::vector<std::int32_t> values(count);
      for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<std::int32_t>(i % 200) - 100;
      add(name, kInt8, shape, values);
    };
    const auto through_bytes = [&](const std::string& value, float scale, float restored,
                                   std::int32_t zero, const std::string& zero_name) {
      add(zero_name, kUint8, {}, {zero});
      const std::string bytes =
          model.node("QuantizeLinear", {value, model.constant({}, {scale}), zero_name});
      std::string back = zero_name;
      if (has_other_zeros) add(back = zero_name + "_other", kUint8, {}, {zero + 1});
      return model.node("DequantizeLinear", {bytes, model.constant({}, {restored}), back});
    };
    const std::string picture = through_bytes("x", 0.02F, 0.02F, 110, "zero_x");
    weights("stem", {4, 3, 3, 3});
    add("stem_bias", kInt32, {4}, {1000, -2000, 0, 70000});
    add("stem_zeros", kInt8, {4}, {0, 0, 0, 0});
    const std::string stem_scales = model.constant({4}, weight_scales);
    const auto axis = OnnxModel::attribute("axis", std::int64_t{0});
    std::string value = model.node(
        "Conv",
        {picture, model.node("DequantizeLinear", {"stem", stem_scales, "stem_zeros"}, {axis}),
         model.node("DequantizeLinear", {"stem_bias", model.constant({4}, {1, 1, 1, 0.5F})},
                    {axis})},
        {OnnxModel::attribute("strides", std::vector<std::int64_t>{2, 2}),
         OnnxModel::attribute("pads", std::vector<std::int64_t>{1, 1, 1, 1})});
    value = through_bytes(value, 0.0625F, restored_scale, stem_zero, "zero_stem");
    weights("wide", {6, 4, 1, 1});
    add("wide_zero", kInt8, {}, {0});
    value = model.node(
        "Conv",
        {value, model.node("DequantizeLinear", {"wide", model.constant({}, {0.5F}), "wide_zero"})});
    value = model.node("HardSwish", {through_bytes(value, 0.1F, 0.1F, 128, "zero_wide")});
    value = model.node("GlobalAveragePool", {through_bytes(value, 0.1F, 0.1F, 3, "zero_map")});
    value = model.node("Flatten", {through_bytes(value, 0.1F, 0.1F, 3, "zero_mean")});
    weights("classes", {6, 3});
    value = model.node(
        "MatMul",
        {value, model.node("DequantizeLinear", {"classes", model.constant({3}, {1, 2, 4})},
                           {OnnxModel::attribute("axis", std::int64_t{1})})});
    return model.file();
  }

  std::string load(Net::Weights& weights) const {
    return pplcnet::loading::load_onnx(bytes_of(contents()), "q.onnx", Net::layers, Net::traits,
                                       weights.values)
        .message();
  }
};

TEST(QuantisedOnnx, IntegersAreWhatTheyStandFor) {
  const auto weights = std::make_unique<Net::Weights>();
  ASSERT_EQ(QuantisedFile().load(*weights), "");
  std::size_t seen = 0;
  for (const pplcnet::Layer& layer : Net::layers) {
    if (!layer.has_weights()) continue;
    const auto parameters = unpack(layer, weights->values);
    if (layer.name == "stem") {
      EXPECT_EQ(parameters.weight[0], -50);
      EXPECT_EQ(parameters.weight[27], -73 * 0.25F);
      EXPECT_EQ(parameters.weight[107], 7);
      EXPECT_EQ(parameters.bias, (std::vector<float>{1000, -2000, 0, 35000}));
      ++seen;
    }
    if (layer.name == "wide") {
      EXPECT_EQ(parameters.weight[23], -77 * 0.5F);
      ++seen;
    }
    if (layer.op == pplcnet::Operator::dense) {
      EXPECT_EQ(parameters.weight[0], -100);  // [out][in] of [in][out]
      EXPECT_EQ(parameters.weight[1], -97);
      EXPECT_EQ(parameters.weight[6], -99 * 2);
      ++seen;
    }
  }
  EXPECT_EQ(seen, 3u);
}

TEST(QuantisedOnnx, WhatDoesNotFitIsRefused) {
  const auto weights = std::make_unique<Net::Weights>();
  const QuantisedFile wrong[] = {{.weight_scales = {0.5F, 0, 0.125F, 1}},
                                 {.weight_scales = {0.5F, -1, 0.125F, 1}},
                                 {.weight_scales = {0.5F, 1, 1}},
                                 {.restored_scale = 0.125F},
                                 {.stem_zero = 1},
                                 {.has_other_zeros = true}};
  for (const QuantisedFile& file : wrong) {
    const std::string message = file.load(*weights);
    EXPECT_TRUE(message.starts_with("q.onnx: ")) << message;
    EXPECT_EQ(message.find('\n'), message.npos) << message;
  }
}

TEST(QuantisedOnnx, CutFilesAreRefused) {
  const auto weights = std::make_unique<Net::Weights>();
  const std::string whole = QuantisedFile().contents();
  for (std::size_t size = 0; size < whole.size(); size += 7)
    EXPECT_STRNE(pplcnet::loading::load_onnx(bytes_of(whole.substr(0, size)), "q.onnx", Net::layers,
                                             Net::traits, weights->values)
                     .message(),
                 "");
}

}  // namespace
}  // namespace pplcnet_test::quantised_onnx_test
