// Files of another family, and damaged checkpoints of networks with branches: each is refused in
// one sentence that says why.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "weights/contents.hpp"
#include "weights/problem.hpp"

namespace pplcnet_test::wrong_family_test {
namespace {

using pplcnet::BackboneOptions;
using pplcnet::Dialect;
using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::PPLCNetBackbone;
using pplcnet::PPLCNetV2;
using pplcnet::PPLCNetV3;
using pplcnet::PPLCNetV4;
using pplcnet::Scale;
using pplcnet::Size;
using pplcnet::TextOptions;
using pplcnet::V2;
using pplcnet::V2Options;
using pplcnet::V3;
using pplcnet::V4;

constexpr pplcnet::Extent kInput = {32, 32};
constexpr TextOptions kText = {.input = {48, 64}};
using Classifier = PPLCNet<Scale::x0_75, Options{.classes = 5, .input = kInput}>;
using Backbone = PPLCNetBackbone<Scale::x0_75, BackboneOptions{.input = kInput}>;
using Timm =
    PPLCNetBackbone<Scale::x0_75, BackboneOptions{.input = kInput, .dialect = Dialect::timm}>;
using Small = PPLCNetV2<V2::small, V2Options{.classes = 5, .input = kInput}>;
using Base = PPLCNetV2<V2::base, V2Options{.classes = 5, .input = kInput}>;
using Features =
    PPLCNetV2<V2::base, V2Options{.classes = 0, .input = kInput, .head = 512, .features = true}>;
using Detection3 = PPLCNetV3<Scale::x0_75, V3::detection, kText>;
using Recognition3 = PPLCNetV3<Scale::x0_75, V3::recognition, kText>;
using Detection4 = PPLCNetV4<Size::tiny, V4::detection, kText>;
using Recognition4 = PPLCNetV4<Size::small, V4::recognition, kText>;
using TinyRecognition4 = PPLCNetV4<Size::tiny, V4::recognition, kText>;

class WrongFamilyTest : public testing::Test {
 protected:
  /// What `To` says of a checkpoint of `From`, which is damaged first.
  template <class From, class To>
  std::string refusal(
      Form form = Form::training,
      const std::function<void(SyntheticStateDict&)>& damage = [](SyntheticStateDict&) {}) {
    SyntheticStateDict state = synthetic_state_dict(From::layers, From::traits, form);
    damage(state);
    write_tensors(path, state.file);
    return problem<To>(path);
  }

  TemporaryFolder folder;
  std::string path = folder.file("weights");
};

TEST_F(WrongFamilyTest, AnotherFamilyIsSaid) {
  const std::string v1 = "holds tensors of Paddle's V1 (dialect paddle), the type is a PP-LCNet ";
  for (const Form form : {Form::training, Form::deployed}) {
    EXPECT_EQ((refusal<Classifier, Small>(form)), v1 + "V2");
    EXPECT_EQ((refusal<Classifier, Detection3>(form)), v1 + "V3 for detection");
    EXPECT_EQ((refusal<Classifier, Detection4>(form)), v1 + "V4 for detection");
    EXPECT_EQ((refusal<Small, Classifier>(form)),
              "holds tensors of V2, the type is a PP-LCNet V1 with Dialect::paddle");
    EXPECT_EQ((refusal<Small, Backbone>(form)),
              "holds tensors of V2, the type is a backbone of PP-LCNet V1 with Dialect::paddle");
    EXPECT_EQ((refusal<Detection3, Backbone>(form)),
              "holds tensors of V3 for detection, the type is a backbone of PP-LCNet V1 with "
              "Dialect::paddle");
    EXPECT_EQ((refusal<Recognition3, Small>(form)),
              "holds tensors of V3 for recognition, the type is a PP-LCNet V2");
    EXPECT_EQ((refusal<Detection4, Recognition3>(form)),
              "holds tensors of V4 for detection, the type is a PP-LCNet V3 for recognition");
    EXPECT_EQ((refusal<Detection4, Recognition4>(form)),
              "holds tensors of V4 for detection, the type is a PP-LCNet V4 for recognition");
    EXPECT_EQ((refusal<Recognition4, Detection4>(form)),
              "holds tensors of V4 for recognition, the type is a PP-LCNet V4 for detection");
    EXPECT_EQ((refusal<TinyRecognition4, Detection4>(form)),
              "holds tensors of V4 tiny for recognition, the type is a PP-LCNet V4 for detection");
  }
}

TEST_F(WrongFamilyTest, AnotherSizeOrTaskIsSaid) {
  for (const Form form : {Form::training, Form::deployed}) {
    EXPECT_EQ((refusal<Small, Base>(form)),
              "tensor 'stem.0.conv.weight': expected F32 [32, 3, 3, 3], found F32 [24, 3, 3, 3]");
    EXPECT_EQ(
        (refusal<TinyRecognition4, Recognition4>(form)),
        "holds tensors of V4 tiny for recognition, the type is a PP-LCNet V4 for recognition");
    EXPECT_EQ((refusal<Recognition3, Detection3>(form)),
              "holds tensors of V3 for recognition, the type is a PP-LCNet V3 for detection");
    EXPECT_EQ((refusal<Detection3, Recognition3>(form)),
              "holds tensors of V3 for detection, the type is a PP-LCNet V3 for recognition");
    EXPECT_EQ((refusal<Base, Features>(form)),
              "has no tensor 'neck.feat_bn.weight', the type has V2Options::features = true");
    EXPECT_EQ((refusal<Features, Base>(form)),
              "has a tensor 'neck.feat_bn.weight', the type has V2Options::features = false");
  }
}

TEST_F(WrongFamilyTest, AMissingTensorOfABranchIsNamed) {
  const auto lack = [](const char* name) {
    return [name](SyntheticStateDict& state) { remove(state.file, name); };
  };
  const auto expect_named = [&]<class Net>(Net*, Form form, const std::string& name,
                                           const std::string& shape) {
    EXPECT_EQ((refusal<Net, Net>(form, lack(name.c_str()))),
              "tensor '" + name + "' F32 " + shape + " is missing");
  };
  const Form trained = Form::training, deployed = Form::deployed;
  // The first branch's kernel: the placeholder of the deployed one must not take its place.
  Small* small = nullptr;
  expect_named(small, trained, "stages.2.1.dw_conv_list.0.conv.weight", "[384, 1, 5, 5]");
  expect_named(small, trained, "stages.2.1.dw_conv_list.0.bn.weight", "[384]");
  expect_named(small, trained, "stages.2.1.dw_conv_list.1.bn._mean", "[384]");
  expect_named(small, trained, "stages.3.1.dw_conv_list.2.conv.weight", "[768, 1, 1, 1]");
  expect_named(small, deployed, "stages.2.1.dw_conv.bias", "[384]");
  Detection3* v3 = nullptr;
  expect_named(v3, trained, "blocks3.1.dw_conv.identity.weight", "[48]");
  expect_named(v3, trained, "blocks2.0.pw_conv.conv_kxk.2.conv.weight", "[32, 16, 1, 1]");
  expect_named(v3, trained, "blocks6.1.dw_conv.conv_1x1.bn._variance", "[384]");
  expect_named(v3, trained, "blocks2.0.dw_conv.act.lab.scale", "[1]");
  expect_named(v3, deployed, "blocks2.0.dw_conv.reparam_conv.weight", "[16, 1, 3, 3]");
  expect_named(v3, deployed, "blocks2.0.dw_conv.lab.bias", "[1]");
  Detection4* v4 = nullptr;
  expect_named(v4, trained, "stem.stem2a.bn.weight", "[8]");
  expect_named(v4, trained, "blocks_s1.0.token_mixer.rep_dw.conv.conv.weight", "[32, 1, 3, 3]");
  expect_named(v4, trained, "blocks_s1.0.token_mixer.rep_dw.conv1.weight", "[32, 1, 1, 1]");
  expect_named(v4, trained, "blocks_s1.0.token_mixer.rep_dw.bn._variance", "[32]");
  expect_named(v4, trained, "blocks_s2.0.token_mixer.dw_conv.conv.weight", "[32, 1, 3, 3]");
  expect_named(v4, trained, "blocks_s2.0.channel_mixer.expand.bn.bias", "[64]");
  expect_named(v4, deployed, "blocks_s1.0.token_mixer.rep_dw.reparam_conv.bias", "[32]");
}

TEST_F(WrongFamilyTest, WhatTheNetworkDoesNotUseMayBeMissing) {
  EXPECT_EQ((refusal<Small, Small>(Form::training,
                                   [](SyntheticStateDict& state) {
                                     remove(state.file, "stages.2.1.dw_conv.weight");
                                     remove(state.file, "stages.2.1.dw_conv.bias");
                                   })),
            "");
  // After a stride of 2 there is no activation.
  EXPECT_EQ((refusal<Detection3, Detection3>(Form::training,
                                             [](SyntheticStateDict& state) {
                                               remove(state.file, "blocks3.0.dw_conv.act.lab.bias");
                                             })),
            "");
}

TEST_F(WrongFamilyTest, ASuperfluousTensorIsNamed) {
  for (const Form form : {Form::training, Form::deployed}) {
    EXPECT_EQ(
        (refusal<Small, Small>(form,
                               [](SyntheticStateDict& state) {
                                 state.add("stages.2.1.pw_conv.conv.weight", {384, 384, 1, 1});
                               })),
        "tensor 'stages.2.1.pw_conv.conv.weight' F32 [384, 384, 1, 1] is not part of the "
        "type's network");
    EXPECT_EQ((refusal<Detection3, Detection3>(
                  form, [](SyntheticStateDict& state) { state.add("layer_list.4.bias", {12}); })),
              "tensor 'layer_list.4.bias' F32 [12] is not part of the type's network");
    EXPECT_EQ((refusal<Recognition4, Recognition4>(form,
                                                   [](SyntheticStateDict& state) {
                                                     state.add("fc.weight", {384, 5});
                                                   })),
              "tensor 'fc.weight' F32 [384, 5] is not part of the type's network");
  }
}

/// A detector's checkpoint: the backbone, and what reads its maps.
void surround(SyntheticStateDict& state) {
  SyntheticStateDict whole;
  // The same name as the backbone's first layer, but deeper inside.
  whole.add("a_neck.blocks.0.conv1.conv.weight", {8, 8, 3, 3});
  whole.add("a_neck.blocks.0.stem.0.conv.weight", {8, 8, 3, 3});
  for (pplcnet::Tensor one : state.file.tensors) {
    one.name = "backbone." + one.name;
    whole.file.tensors.push_back(one);
  }
  whole.add("head.fc.weight", {8, 8});
  std::swap(whole.file.tensors, state.file.tensors);
  for (auto& values : whole.values) state.values.push_back(std::move(values));
}

TEST_F(WrongFamilyTest, ABackboneIsFoundInsideALargerNetwork) {
  for (const Form form : {Form::training, Form::deployed}) {
    EXPECT_EQ((refusal<Backbone, Backbone>(form, surround)), "");
    EXPECT_EQ((refusal<Timm, Timm>(form, surround)), "");
    EXPECT_EQ((refusal<Detection3, Detection3>(form, surround)), "");
    EXPECT_EQ((refusal<Recognition3, Recognition3>(form, surround)), "");
    EXPECT_EQ((refusal<Detection4, Detection4>(form, surround)), "");
    EXPECT_EQ((refusal<Recognition4, Recognition4>(form, surround)), "");
    // A classifier is the whole.
    EXPECT_EQ((refusal<Classifier, Classifier>(form, surround)),
              "tensor 'a_neck.blocks.0.conv1.conv.weight' F32 [8, 8, 3, 3] is not part of the "
              "type's network");
    EXPECT_EQ((refusal<Small, Small>(form, surround)),
              "tensor 'a_neck.blocks.0.conv1.conv.weight' F32 [8, 8, 3, 3] is not part of the "
              "type's network");
  }
}

TEST_F(WrongFamilyTest, TwoNetworksInOneFileAreRefused) {
  const auto double_it = [](SyntheticStateDict& state) {
    std::vector<pplcnet::Tensor> both;
    for (const std::string prefix : {"first.backbone.", "second.backbone."})
      for (pplcnet::Tensor one : state.file.tensors) {
        one.name = prefix + one.name;
        both.push_back(one);
      }
    state.file.tensors = both;
  };
  const std::string expected = "holds two networks, 'first.backbone.' and 'second.backbone.'";
  EXPECT_EQ((refusal<Detection3, Detection3>(Form::training, double_it)), expected);
  EXPECT_EQ((refusal<Classifier, Classifier>(Form::training, double_it)), expected);
}

TEST_F(WrongFamilyTest, PaddlesDataFilesHaveAsManyTensorsAsTheNetwork) {
  write(path,
        pdiparams_record(description(5, std::vector<std::uint64_t>{1}), std::string(4, '\0')));
  const std::string expected = "holds 1 tensors, the type's network has ";
  EXPECT_EQ(problem<Small>(path), expected + "136");
  EXPECT_EQ(problem<Detection3>(path), expected + "181");
  EXPECT_EQ(problem<Recognition4>(path), expected + "108");
  EXPECT_EQ(problem<Backbone>(path), expected + "143");
}

}  // namespace
}  // namespace pplcnet_test::wrong_family_test
