// V2's features for retrieval: what lies between the pooled vector and the output, against the
// formulas in double precision, from checkpoints with and without the prefix of a backbone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "weights/contents.hpp"

namespace pplcnet_test {
namespace {

using pplcnet::Isa;
using pplcnet::PPLCNetV2;
using pplcnet::PPLCNetV2Features;
using pplcnet::Shape;
using pplcnet::Tensor;
using pplcnet::TensorFile;
using pplcnet::V2;
using pplcnet::V2Options;

static_assert(PPLCNetV2Features::embedding_size == 512 && PPLCNetV2Features::classes == 0);
static_assert(PPLCNetV2Features::output_shape(0) == Shape{1, 1, 512});
static_assert(PPLCNetV2Features::stage_shape(3) == Shape{14, 14, 512});
static_assert(PPLCNetV2Features::stage_shape(4) == Shape{14, 14, 1024}, "not 7 × 7");

/// The same for a small picture.
using Net =
    PPLCNetV2<V2::base, V2Options{.classes = 0, .input = {64, 96}, .head = 512, .features = true}>;

std::vector<float> values(const TensorFile& file, const std::string& name) {
  const Tensor* tensor = file.find(name);
  EXPECT_NE(tensor, nullptr) << name;
  return tensor == nullptr ? std::vector<float>(512 * 1024) : floats_of(*tensor);
}

/// PaddleClas' RecModel: last_conv, dropout of 0.2 at inference, batch norm.
std::vector<double> embedding(const TensorFile& file, const std::string& backbone,
                              const std::vector<float>& pooled) {
  const auto weight = values(file, backbone + "last_conv.weight");
  const auto bias = values(file, backbone + "last_conv.bias");
  const auto gamma = values(file, "neck.feat_bn.weight"), beta = values(file, "neck.feat_bn.bias");
  const auto mean = values(file, "neck.feat_bn._mean");
  const auto variance = values(file, "neck.feat_bn._variance");
  std::vector<double> result;
  for (std::size_t o = 0; o < 512; ++o) {
    double sum = bias[o];
    for (std::size_t i = 0; i < pooled.size(); ++i)
      sum += double{weight[o * pooled.size() + i]} * pooled[i];
    result.push_back((sum * 0.8 - mean[o]) / std::sqrt(variance[o] + 1e-5) * gamma[o] + beta[o]);
  }
  return result;
}

class V2FeaturesTest : public testing::TestWithParam<Form> {};

TEST_P(V2FeaturesTest, BiasDropoutAndBatchNorm) {
  for (const std::string backbone : {"", "backbone."}) {
    SyntheticStateDict state = synthetic_state_dict(Net::layers, Net::traits, GetParam());
    for (Tensor& one : state.file.tensors)
      if (!one.name.starts_with("neck.")) one.name = backbone + one.name;
    // What the features were trained with lies beside the backbone, too.
    if (!backbone.empty()) state.add("head.weight", {512, 3});
    const auto weights = std::make_unique<Net::Weights>();
    ASSERT_STREQ(
        pplcnet::pack_state_dict(state.file, Net::layers, Net::traits, weights->values).message(),
        "");
    for (const Isa isa : available_isas()) {
      const std::vector<float> input = synthetic_input(1, 1, 3, 64, 96);
      std::vector<float> pooled(1024), found(512), output(512);
      Net::Features requested = {.pooled = pooled.data(), .embedding = found.data()};
      requested.outputs[0] = output.data();
      const auto workspace = std::make_unique<Net::Workspace>();
      Net::features(*weights, Net::Image(input), *workspace, requested, {.isa = isa});
      EXPECT_EQ(output, found);
      const std::vector<double> expected = embedding(state.file, backbone, pooled);
      double largest = 0;
      for (const double value : expected) largest = std::max(largest, std::abs(value));
      ASSERT_GT(largest, 1);
      EXPECT_TRUE(std::ranges::any_of(expected, [](double value) { return value < -0.5; }));
      for (std::size_t i = 0; i < expected.size(); ++i)
        ASSERT_NEAR(found[i], expected[i], 2e-6 * largest) << backbone << ", feature " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, V2FeaturesTest, testing::Values(Form::training, Form::deployed),
                         [](const auto& test) {
                           return test.param == Form::training ? "training" : "deployed";
                         });

}  // namespace
}  // namespace pplcnet_test
