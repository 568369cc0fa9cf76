// Hugging Face's names, today's and older ones: the weights are those under Paddle's names.
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "weights/contents.hpp"
#include "weights/problem.hpp"

namespace pplcnet_test::hugging_face_test {
namespace {

using pplcnet::BackboneOptions;
using pplcnet::DataType;
using pplcnet::Dialect;
using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::PPLCNetBackbone;
using pplcnet::Scale;
using pplcnet::Tensor;

using Net = PPLCNet<Scale::x0_35, Options{.classes = 5, .input = {32, 32}}>;
using NoHead = PPLCNet<Scale::x0_35, Options{.classes = 5, .input = {32, 32}, .head = 0}>;
using Backbone = PPLCNetBackbone<Scale::x0_35, BackboneOptions{.input = {32, 32}}>;
using Timm =
    PPLCNet<Scale::x0_35, Options{.classes = 5, .input = {32, 32}, .dialect = Dialect::timm}>;

/// What makes Paddle's names Hugging Face's, one after the other.
using Renames = std::vector<std::pair<std::string_view, std::string_view>>;

const Renames kToday = {{"conv1.conv.", "encoder.convolution.convolution."},
                        {"conv1.bn.", "encoder.convolution.normalization."},
                        {"last_conv.", "last_convolution."},
                        {"fc.", "head."},
                        {"blocks2.", "encoder.blocks.0.layers."},
                        {"blocks3.", "encoder.blocks.1.layers."},
                        {"blocks4.", "encoder.blocks.2.layers."},
                        {"blocks5.", "encoder.blocks.3.layers."},
                        {"blocks6.", "encoder.blocks.4.layers."},
                        {".dw_conv.conv.", ".depthwise_convolution.convolution."},
                        {".dw_conv.bn.", ".depthwise_convolution.normalization."},
                        {".pw_conv.conv.", ".pointwise_convolution.convolution."},
                        {".pw_conv.bn.", ".pointwise_convolution.normalization."},
                        {".se.conv1.", ".squeeze_excitation_module.convolutions.0."},
                        {".se.conv2.", ".squeeze_excitation_module.convolutions.2."},
                        {"._mean", ".running_mean"},
                        {"._variance", ".running_var"}};
const std::pair<std::string_view, std::string_view> kOlderStem = {"encoder.convolution.",
                                                                  "embedder.convolution."},
                                                    kOlderSqueeze = {".convolutions.0.",
                                                                     ".convolution1."},
                                                    kOlderExpand = {".convolutions.2.",
                                                                    ".convolution2."},
                                                    kOlderClassifier = {"head.", "fc."};

void rename(pplcnet::TensorFile& file, const Renames& renames) {
  for (Tensor& one : file.tensors)
    for (const auto& [from, to] : renames)
      if (const auto place = one.name.find(from);
          place != one.name.npos && (place == 0 || from.front() == '.'))
        one.name.replace(place, from.size(), to);
}

/// Paddle's synthetic state dict as PyTorch would save it in Hugging Face's model of today.
template <class Network>
SyntheticStateDict hugging_face_state_dict() {
  SyntheticStateDict state = synthetic_state_dict(Network::layers, Network::traits);
  Tensor& classifier = tensor(state.file, "fc.weight");
  const auto in = static_cast<std::size_t>(classifier.shape[0]);
  const auto out = static_cast<std::size_t>(classifier.shape[1]);
  const std::vector<float> values = floats_of(classifier);
  std::vector<float> transposed(values.size());
  for (std::size_t i = 0; i < in; ++i)
    for (std::size_t o = 0; o < out; ++o) transposed[o * in + i] = values[i * out + o];
  remove(state.file, "fc.weight");
  state.add("fc.weight", {Network::classes, static_cast<std::int64_t>(in)}, transposed);
  rename(state.file, kToday);
  return state;
}

/// The packed weights of a file, which must be read without complaint.
template <class Network>
std::unique_ptr<typename Network::Weights> loaded(const std::string& path) {
  auto weights = std::make_unique<typename Network::Weights>();
  std::ranges::fill(weights->values, 7.0f);
  EXPECT_STREQ(pplcnet::load(path, *weights).message(), "");
  return weights;
}

class HuggingFaceTest : public testing::Test {
 protected:
  template <class Network>
  void expect_paddles_weights(const pplcnet::TensorFile& file) {
    write_tensors(path, file);
    EXPECT_EQ(loaded<Network>(path)->values, synthetic_weights<Network>()->values);
  }

  TemporaryFolder folder;
  std::string path = folder.file("model.safetensors");
};

TEST_F(HuggingFaceTest, TodaysNames) {
  SyntheticStateDict state = hugging_face_state_dict<Net>();
  for (const std::string_view name :  // as written in transformers
       {"encoder.convolution.convolution.weight", "encoder.convolution.normalization.running_var",
        "encoder.blocks.0.layers.0.depthwise_convolution.convolution.weight",
        "encoder.blocks.3.layers.5.pointwise_convolution.normalization.running_mean",
        "encoder.blocks.4.layers.1.squeeze_excitation_module.convolutions.2.bias",
        "last_convolution.weight", "head.weight", "head.bias"})
    EXPECT_NE(state.file.find(name), nullptr) << name;
  expect_paddles_weights<Net>(state.file);

  const std::vector<std::byte> counter(8);
  state.file.tensors.push_back({.name = "encoder.convolution.normalization.num_batches_tracked",
                                .type = DataType::i64,
                                .shape = {},
                                .data = counter});
  expect_paddles_weights<Net>(state.file);
}

TEST_F(HuggingFaceTest, OlderNamesAllOrSome) {
  for (const Renames& older :
       {Renames{kOlderStem, kOlderSqueeze, kOlderExpand, kOlderClassifier}, Renames{kOlderStem},
        Renames{kOlderSqueeze, kOlderExpand}, Renames{kOlderClassifier}}) {
    SyntheticStateDict state = hugging_face_state_dict<Net>();
    rename(state.file, older);
    expect_paddles_weights<Net>(state.file);
  }
}

TEST_F(HuggingFaceTest, Prefixes) {
  for (const Renames& older :
       {Renames{}, Renames{kOlderStem, kOlderSqueeze, kOlderExpand, kOlderClassifier}})
    for (const std::string prefix : {"pp_lcnet.", "model.", "module.model."}) {
      SCOPED_TRACE(prefix);
      SyntheticStateDict state = hugging_face_state_dict<Net>();
      rename(state.file, older);
      for (Tensor& one : state.file.tensors) one.name = prefix + one.name;
      expect_paddles_weights<Net>(state.file);
    }
}

TEST_F(HuggingFaceTest, WithoutTheHeadOrAsABackbone) {
  for (const Renames& older :
       {Renames{}, Renames{kOlderStem, kOlderSqueeze, kOlderExpand, kOlderClassifier}}) {
    SyntheticStateDict state = hugging_face_state_dict<NoHead>();
    rename(state.file, older);
    expect_paddles_weights<NoHead>(state.file);
    state = hugging_face_state_dict<Net>();
    rename(state.file, older);
    expect_paddles_weights<Backbone>(state.file);
  }
}

TEST_F(HuggingFaceTest, WrongFilesAreRefused) {
  const auto expect_problem = [&](auto damage, const std::string& expected) {
    SyntheticStateDict state = hugging_face_state_dict<Net>();
    damage(state.file);
    write_tensors(path, state.file);
    EXPECT_EQ(problem<Net>(path), expected);
  };
  expect_problem([](pplcnet::TensorFile&) {}, "");
  EXPECT_EQ(problem<Timm>(path),
            "holds tensors of Hugging Face's V1 (dialect paddle), the type is a PP-LCNet V1 with "
            "Dialect::timm");
  EXPECT_EQ(problem<NoHead>(path),
            "has a tensor 'last_convolution.weight', the type has Options::head = 0");
  expect_problem(
      [](pplcnet::TensorFile& file) {
        remove(file, "encoder.blocks.4.layers.0.squeeze_excitation_module.convolutions.0.bias");
      },
      "tensor 'encoder.blocks.4.layers.0.squeeze_excitation_module.convolutions.0.bias' F32 [22] "
      "is missing");
  expect_problem(
      [](pplcnet::TensorFile& file) {
        rename(file, {kOlderClassifier});
        tensor(file, "fc.weight").shape = {1280, 5};
      },
      "tensor 'fc.weight': expected F32 [5, 1280], found F32 [1280, 5]");
  expect_problem(
      [](pplcnet::TensorFile& file) {
        Tensor copy = tensor(file, "head.weight");
        copy.name = "fc.weight";  // which of them?
        file.tensors.push_back(copy);
      },
      "tensor 'fc.weight' F32 [5, 1280] is not part of the type's network");
}

}  // namespace
}  // namespace pplcnet_test::hugging_face_test
