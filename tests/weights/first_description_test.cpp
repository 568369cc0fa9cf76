// The metadata of the first native files, which described PP-LCNet block by block: what they said
// of each family is what is expected of them today.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/models/pplcnet.hpp"
#include "pplcnet/weights/safetensors/description.hpp"

namespace pplcnet_test::first_description_test {
namespace {

using pplcnet::BackboneOptions, pplcnet::Options, pplcnet::Scale, pplcnet::Size;
using pplcnet::PPLCNet, pplcnet::PPLCNetBackbone, pplcnet::PPLCNetV2, pplcnet::PPLCNetV3;
using pplcnet::PPLCNetV4, pplcnet::V2, pplcnet::V3, pplcnet::V4;

template <class Net>
void check(std::vector<std::pair<std::string, std::string>> metadata) {
  pplcnet::TensorFile file;
  file.path = "old";
  file.metadata = std::move(metadata);
  const std::string_view storage = storage_name(Net::traits.storage);
  EXPECT_STREQ(check_description(file, Net::layers, Net::traits, storage).message(), "");
  for (auto& [key, value] : file.metadata) {
    if (key == "dropout_percent" && Net::classes == 0) continue;  // it has no effect there
    const std::string right = value;
    value += "0";
    EXPECT_TRUE(check_description(file, Net::layers, Net::traits, storage)) << key;
    value = right;
  }
}

TEST(FirstDescription, V1) {
  using Net = PPLCNet<Scale::x0_25, Options{.classes = 4}>;
  check<Net>({
      {"stem", "convolution:8:s2x2"},
      {"blocks",
       "2:k3:8-8:s1x1 3:k3:8-16:s2x2 3:k3:16-16:s1x1 4:k3:16-32:s2x2"
       " 4:k3:32-32:s1x1 5:k3:32-64:s2x2 5:k5:64-64:s1x1 5:k5:64-64:s1x1"
       " 5:k5:64-64:s1x1 5:k5:64-64:s1x1 5:k5:64-64:s1x1 6:k5:64-128:s2x2:se"
       " 6:k5:128-128:s1x1:se"},
      {"activation", "hardswish"},
      {"stem_activation", "hardswish"},
      {"gate", "hardsigmoid_paddle"},
      {"stage_heads", "none"},
      {"head", "1280"},
      {"dropout_percent", "20"},
      {"classes", "4"},
      {"storage", "single"},
  });
}

TEST(FirstDescription, Dialects) {
  using Net = PPLCNet<Scale::x0_35, Options{.classes = 2,
                                            .strides = {{{1, 2}, {2, 1}, {2, 1}, {2, 1}, {2, 1}}},
                                            .head = 0,
                                            .dialect = pplcnet::Dialect::pytorch,
                                            .storage = pplcnet::Storage::half}>;
  check<Net>({
      {"stem", "convolution:8:s1x2"},
      {"blocks",
       "2:k3:8-16:s1x1 3:k3:16-24:s2x1 3:k3:24-24:s1x1 4:k3:24-48:s2x1"
       " 4:k3:48-48:s1x1 5:k5:48-88:s2x1 5:k5:88-88:s1x1 5:k5:88-88:s1x1"
       " 5:k5:88-88:s1x1 5:k5:88-88:s1x1 5:k5:88-88:s1x1 6:k5:88-176:s2x1:se"
       " 6:k5:176-176:s1x1:se"},
      {"activation", "hardswish"},
      {"stem_activation", "hardswish"},
      {"gate", "hardsigmoid"},
      {"stage_heads", "none"},
      {"head", "0"},
      {"dropout_percent", "0"},
      {"classes", "2"},
      {"storage", "half"},
  });
}

TEST(FirstDescription, Backbones) {
  using Net =
      PPLCNetBackbone<Scale::x0_5, BackboneOptions{.output_stride = 8,
                                                   .activation = pplcnet::Activation::relu6}>;
  check<Net>({
      {"stem", "convolution:8:s2x2"},
      {"blocks",
       "2:k3:8-16:s1x1 3:k3:16-32:s2x2 3:k3:32-32:s1x1 4:k3:32-64:s2x2"
       " 4:k3:64-64:s1x1 5:k3:64-128:s1x1 5:k5:128-128:s1x1:d2"
       " 5:k5:128-128:s1x1:d2 5:k5:128-128:s1x1:d2 5:k5:128-128:s1x1:d2"
       " 5:k5:128-128:s1x1:d2 6:k5:128-256:s1x1:d2:se 6:k5:256-256:s1x1:d4:se"},
      {"activation", "relu6"},
      {"stem_activation", "relu6"},
      {"gate", "hardsigmoid_paddle"},
      {"stage_heads", "none"},
      {"head", "0"},
      {"dropout_percent", "0"},
      {"classes", "0"},
      {"storage", "single"},
  });
}

TEST(FirstDescription, V2) {
  using Net = PPLCNetV2<V2::small>;
  check<Net>({
      {"stem", "convolution:24:s2x2"},
      {"blocks",
       "1:k3:24-48:s1x1 2:k3:48-96:s2x2 2:k3:96-96:s1x1 3:k3:96-192:s2x2"
       " 3:k3:192-192:s1x1 4:k5:192-192-384:s2x2:se 4:k5:384-192-384:s1x1:se"
       " 4:k5:384-192-384:s1x1:se 4:k5:384-192-384:s1x1:se 5:k5:384-768:s2x2"
       " 5:k5:768-768:s1x1:add-input"},
      {"activation", "relu"},
      {"stem_activation", "relu"},
      {"gate", "sigmoid"},
      {"stage_heads", "none"},
      {"head", "1280"},
      {"dropout_percent", "20"},
      {"classes", "1000"},
      {"storage", "single"},
  });
}

TEST(FirstDescription, V2Features) {
  using Net = pplcnet::PPLCNetV2Features;
  check<Net>({
      {"stem", "convolution:32:s2x2"},
      {"blocks",
       "1:k3:32-64:s1x1 2:k3:64-128:s2x2 2:k3:128-128:s1x1 3:k3:128-256:s2x2"
       " 3:k3:256-256:s1x1 4:k5:256-256-512:s2x2:se 4:k5:512-256-512:s1x1:se"
       " 4:k5:512-256-512:s1x1:se 4:k5:512-256-512:s1x1:se"
       " 4:k5:512-256-512:s1x1:se 4:k5:512-256-512:s1x1:se 5:k5:512-1024:s1x1"
       " 5:k5:1024-1024:s1x1:add-input"},
      {"activation", "relu"},
      {"stem_activation", "relu"},
      {"gate", "sigmoid"},
      {"stage_heads", "none"},
      {"head", "512:linear:neck"},
      {"dropout_percent", "20"},
      {"classes", "0"},
      {"storage", "single"},
  });
}

TEST(FirstDescription, V3Detection) {
  using Net = PPLCNetV3<Scale::x0_75, V3::detection>;
  check<Net>({
      {"stem", "convolution:16:s2x2"},
      {"blocks",
       "2:k3:16-32:s1x1 3:k3:32-48:s2x2:linear-depthwise 3:k3:48-48:s1x1"
       " 4:k3:48-96:s2x2:linear-depthwise 4:k3:96-96:s1x1"
       " 5:k3:96-192:s2x2:linear-depthwise 5:k5:192-192:s1x1 5:k5:192-192:s1x1"
       " 5:k5:192-192:s1x1 5:k5:192-192:s1x1"
       " 6:k5:192-384:s2x2:se:linear-depthwise 6:k5:384-384:s1x1:se"
       " 6:k5:384-384:s1x1 6:k5:384-384:s1x1"},
      {"activation", "hardswish:affine"},
      {"stem_activation", "none"},
      {"gate", "hardsigmoid_paddle"},
      {"stage_heads", "0-12-18-42-360"},
      {"head", "0"},
      {"dropout_percent", "0"},
      {"classes", "0"},
      {"storage", "single"},
  });
}

TEST(FirstDescription, V3Recognition) {
  using Net = PPLCNetV3<Scale::x0_95, V3::recognition>;
  check<Net>({
      {"stem", "convolution:16:s2x2"},
      {"blocks",
       "2:k3:16-32:s1x1 3:k3:32-64:s1x1 3:k3:64-64:s1x1 4:k3:64-128:s2x1"
       " 4:k3:128-128:s1x1 5:k3:128-240:s1x2 5:k5:240-240:s1x1"
       " 5:k5:240-240:s1x1 5:k5:240-240:s1x1 5:k5:240-240:s1x1"
       " 6:k5:240-480:s2x1:se 6:k5:480-480:s1x1:se 6:k5:480-480:s2x1"
       " 6:k5:480-480:s1x1"},
      {"activation", "hardswish:affine"},
      {"stem_activation", "none"},
      {"gate", "hardsigmoid_paddle"},
      {"stage_heads", "none"},
      {"head", "0"},
      {"dropout_percent", "0"},
      {"classes", "0"},
      {"storage", "single"},
  });
}

TEST(FirstDescription, V4Detection) {
  using Net = PPLCNetV4<Size::tiny, V4::detection>;
  check<Net>({
      {"stem", "branches:16-32:s2x2"},
      {"blocks",
       "2:k3:32-64-32:s1x1:se:linear-depthwise:linear-pointwise:add-depthwise"
       " 2:k3:32-64-32:s1x1:linear-depthwise:linear-pointwise:add-depthwise"
       " 3:k3:32-64-48:s2x2:linear-depthwise:linear-pointwise"
       " 3:k3:48-96-48:s1x1:se:linear-depthwise:linear-pointwise:add-depthwise"
       " 3:k3:48-96-48:s1x1:linear-depthwise:linear-pointwise:add-depthwise"
       " 4:k3:48-96-64:s2x2:linear-depthwise:linear-pointwise"
       " 4:k3:64-128-64:s1x1:se:linear-depthwise:linear-pointwise:add-depthwise"
       " 4:k3:64-128-64:s1x1:linear-depthwise:linear-pointwise:add-depthwise"
       " 4:k3:64-128-64:s1x1:se:linear-depthwise:linear-pointwise:add-depthwise"
       " 4:k3:64-128-64:s1x1:linear-depthwise:linear-pointwise:add-depthwise"
       " 5:k3:64-128-160:s2x2:linear-depthwise:linear-pointwise"
       " 5:k3:160-320-160:s1x1:se:linear-depthwise:linear-pointwise:add-depthwise"
       " 5:k3:160-320-160:s1x1:linear-depthwise:linear-pointwise:add-depthwise"},
      {"activation", "gelu"},
      {"stem_activation", "relu"},
      {"gate", "hardsigmoid_paddle"},
      {"stage_heads", "none"},
      {"head", "0"},
      {"dropout_percent", "0"},
      {"classes", "0"},
      {"storage", "single"},
  });
}

TEST(FirstDescription, V4Recognition) {
  using Net = PPLCNetV4<Size::tiny, V4::recognition>;
  check<Net>({
      {"stem", "convolutions:24-48:s2x2"},
      {"blocks",
       "2:k3:48-96-48:s1x1:se:linear-depthwise:linear-pointwise:add-depthwise"
       " 3:k3:48-96-48:s1x1:linear-depthwise:linear-pointwise:add-depthwise"
       " 4:k3:48-96-96:s2x1:linear-depthwise:linear-pointwise"
       " 4:k3:96-192-96:s1x1:se:linear-depthwise:linear-pointwise:add-depthwise"
       " 4:k3:96-192-96:s1x1:linear-depthwise:linear-pointwise:add-depthwise"
       " 5:k3:96-192-160:s2x1:linear-depthwise:linear-pointwise"
       " 5:k3:160-320-160:s1x1:se:linear-depthwise:linear-pointwise:add-depthwise"
       " 5:k3:160-320-160:s1x1:linear-depthwise:linear-pointwise:add-depthwise"
       " 5:k3:160-320-160:s1x1:linear-depthwise:linear-pointwise:add-depthwise"},
      {"activation", "gelu"},
      {"stem_activation", "gelu"},
      {"gate", "hardsigmoid_paddle"},
      {"stage_heads", "none"},
      {"head", "0"},
      {"dropout_percent", "0"},
      {"classes", "0"},
      {"storage", "single"},
  });
}

}  // namespace
}  // namespace pplcnet_test::first_description_test
