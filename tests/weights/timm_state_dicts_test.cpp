// State dicts of timm and of torchvision's Inception v3, by the names and shapes of their sources
// (ghostnet.py, resnet.py, xception.py, inception.py): they load into the networks of light_cnns
// that are the same.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "pplcnet/any_network.hpp"
#include "pplcnet/networks/inception_v3.hpp"
#include "pplcnet/networks/light_cnns_ghostnet.hpp"
#include "pplcnet/networks/resnet_d.hpp"
#include "pplcnet/networks/xception.hpp"
#include "pplcnet/weights/load_any.hpp"
#include "weights/published_state_dicts.hpp"

namespace pplcnet_test::timm_state_dicts_test {
namespace {

using pplcnet::AnyNetwork;
using pplcnet::Graph;
using published::StateDict;

std::string number(int i) { return std::to_string(i); }

// ---- ghostnet_100 ------------------------------------------------------------------------------

StateDict ghostnet_100() {
  struct Block {
    int kernel, hidden, out, squeezed, stride;
  };
  // GhostNet's cfgs: a list for each of `blocks`.
  const std::vector<std::vector<Block>> stages = {
      {{3, 16, 16, 0, 1}},
      {{3, 48, 24, 0, 2}},
      {{3, 72, 24, 0, 1}},
      {{5, 72, 40, 20, 2}},
      {{5, 120, 40, 32, 1}},
      {{3, 240, 80, 0, 2}},
      {{3, 200, 80, 0, 1},
       {3, 184, 80, 0, 1},
       {3, 184, 80, 0, 1},
       {3, 480, 112, 120, 1},
       {3, 672, 112, 168, 1}},
      {{5, 672, 160, 168, 2}},
      {{5, 960, 160, 0, 1}, {5, 960, 160, 240, 1}, {5, 960, 160, 0, 1}, {5, 960, 160, 240, 1}},
  };
  StateDict state(/*paddle=*/false);
  const auto ghost = [&](const std::string& name, int in, int out) {
    state.conv(name + ".primary_conv.0", out / 2, in, 1);
    state.norm(name + ".primary_conv.1", out / 2);
    state.conv(name + ".cheap_operation.0", out / 2, 1, 3);
    state.norm(name + ".cheap_operation.1", out / 2);
  };
  state.conv("conv_stem", 16, 3, 3);
  state.norm("bn1", 16);
  int in = 16;
  for (std::size_t i = 0; i < stages.size(); ++i)
    for (std::size_t j = 0; j < stages[i].size(); ++j) {
      const auto& [kernel, hidden, out, squeezed, stride] = stages[i][j];
      const std::string block = "blocks." + std::to_string(i) + "." + std::to_string(j) + ".";
      ghost(block + "ghost1", in, hidden);
      if (stride > 1) state.conv(block + "conv_dw", hidden, 1, kernel);
      if (stride > 1) state.norm(block + "bn_dw", hidden);
      if (squeezed > 0) {
        state.conv(block + "se.conv_reduce", squeezed, hidden, 1, true);
        state.conv(block + "se.conv_expand", hidden, squeezed, 1, true);
      }
      ghost(block + "ghost2", hidden, out);
      if (stride > 1 || in != out) {
        state.conv(block + "shortcut.0", in, 1, kernel);
        state.norm(block + "shortcut.1", in);
        state.conv(block + "shortcut.2", out, in, 1);
        state.norm(block + "shortcut.3", out);
      }
      in = out;
    }
  state.conv("blocks.9.0.conv", 960, in, 1);
  state.norm("blocks.9.0.bn1", 960);
  state.conv("conv_head", 1280, 960, 1, true);
  state.linear("classifier", 1000, 1280);
  return state;
}

// ---- resnet50d ---------------------------------------------------------------------------------

StateDict resnet50d() {
  StateDict state(/*paddle=*/false);
  const auto layer = [&](const std::string& conv, const std::string& norm, int out, int in,
                         int kernel) {
    state.conv(conv, out, in, kernel);
    state.norm(norm, out);
  };
  layer("conv1.0", "conv1.1", 32, 3, 3);
  layer("conv1.3", "conv1.4", 32, 32, 3);
  layer("conv1.6", "bn1", 64, 32, 3);
  constexpr int kBlocks[] = {3, 4, 6, 3};
  int in = 64;
  for (int stage = 0; stage < 4; ++stage)
    for (int i = 0; i < kBlocks[stage]; ++i) {
      const int width = 64 << stage, out = 4 * width;
      const std::string block = "layer" + number(stage + 1) + "." + number(i) + ".";
      layer(block + "conv1", block + "bn1", width, in, 1);
      layer(block + "conv2", block + "bn2", width, width, 3);
      layer(block + "conv3", block + "bn3", out, width, 1);
      // Module 0 is a pool, or an identity.
      if (i == 0) layer(block + "downsample.1", block + "downsample.2", out, in, 1);
      in = out;
    }
  state.linear("fc", 1000, 2048);
  return state;
}

// ---- legacy_xception, once xception ------------------------------------------------------------

StateDict xception() {
  StateDict state(/*paddle=*/false);
  const auto separable = [&](const std::string& name, int in, int out) {
    state.conv(name + ".conv1", in, 1, 3);
    state.conv(name + ".pointwise", out, in, 1);
  };
  state.conv("conv1", 32, 3, 3);
  state.norm("bn1", 32);
  state.conv("conv2", 64, 32, 3);
  state.norm("bn2", 64);
  const auto block = [&](int index, int in, int out, int layers, bool grow_first) {
    const std::string name = "block" + number(index) + ".";
    if (in != out) {
      state.conv(name + "skip", out, in, 1);
      state.norm(name + "skipbn", out);
    }
    // Modules: ReLU, separable convolution, batch norm; the first block begins without the ReLU.
    int module = index == 1 ? 0 : 1;
    for (int i = 0; i < layers; ++i, module += 3) {
      const bool grown = grow_first || i + 1 == layers;
      const int from = grow_first && i > 0 ? out : in, to = grown ? out : in;
      separable(name + "rep." + number(module), from, to);
      state.norm(name + "rep." + number(module + 1), to);
    }
  };
  block(1, 64, 128, 2, true);
  block(2, 128, 256, 2, true);
  block(3, 256, 728, 2, true);
  for (int i = 4; i < 12; ++i) block(i, 728, 728, 3, true);
  block(12, 728, 1024, 2, false);
  separable("conv3", 1024, 1536);
  state.norm("bn3", 1536);
  separable("conv4", 1536, 2048);
  state.norm("bn4", 2048);
  state.linear("fc", 1000, 2048);
  return state;
}

// ---- inception_v3 of torchvision, with its auxiliary classifier --------------------------------

StateDict inception_v3() {
  StateDict state(/*paddle=*/false);
  const auto basic = [&](const std::string& name, int out, int in, int height, int width) {
    state.parameter(name + ".conv.weight", {out, in, height, width});
    state.norm(name + ".bn", out);
  };
  const auto square = [&](const std::string& name, int out, int in, int kernel) {
    basic(name, out, in, kernel, kernel);
  };
  square("Conv2d_1a_3x3", 32, 3, 3);
  square("Conv2d_2a_3x3", 32, 32, 3);
  square("Conv2d_2b_3x3", 64, 32, 3);
  square("Conv2d_3b_1x1", 80, 64, 1);
  square("Conv2d_4a_3x3", 192, 80, 3);
  for (const auto& [mixed, in, pooled] :
       {std::tuple{"Mixed_5b.", 192, 32}, {"Mixed_5c.", 256, 64}, {"Mixed_5d.", 288, 64}}) {
    const std::string name = mixed;
    square(name + "branch1x1", 64, in, 1);
    square(name + "branch5x5_1", 48, in, 1);
    square(name + "branch5x5_2", 64, 48, 5);
    square(name + "branch3x3dbl_1", 64, in, 1);
    square(name + "branch3x3dbl_2", 96, 64, 3);
    square(name + "branch3x3dbl_3", 96, 96, 3);
    square(name + "branch_pool", pooled, in, 1);
  }
  square("Mixed_6a.branch3x3", 384, 288, 3);
  square("Mixed_6a.branch3x3dbl_1", 64, 288, 1);
  square("Mixed_6a.branch3x3dbl_2", 96, 64, 3);
  square("Mixed_6a.branch3x3dbl_3", 96, 96, 3);
  for (const auto& [mixed, c] :
       {std::pair{"Mixed_6b.", 128}, {"Mixed_6c.", 160}, {"Mixed_6d.", 160}, {"Mixed_6e.", 192}}) {
    const std::string name = mixed;
    square(name + "branch1x1", 192, 768, 1);
    square(name + "branch7x7_1", c, 768, 1);
    basic(name + "branch7x7_2", c, c, 1, 7);
    basic(name + "branch7x7_3", 192, c, 7, 1);
    square(name + "branch7x7dbl_1", c, 768, 1);
    basic(name + "branch7x7dbl_2", c, c, 7, 1);
    basic(name + "branch7x7dbl_3", c, c, 1, 7);
    basic(name + "branch7x7dbl_4", c, c, 7, 1);
    basic(name + "branch7x7dbl_5", 192, c, 1, 7);
    square(name + "branch_pool", 192, 768, 1);
  }
  square("AuxLogits.conv0", 128, 768, 1);
  square("AuxLogits.conv1", 768, 128, 5);
  state.linear("AuxLogits.fc", 1000, 768);
  square("Mixed_7a.branch3x3_1", 192, 768, 1);
  square("Mixed_7a.branch3x3_2", 320, 192, 3);
  square("Mixed_7a.branch7x7x3_1", 192, 768, 1);
  basic("Mixed_7a.branch7x7x3_2", 192, 192, 1, 7);
  basic("Mixed_7a.branch7x7x3_3", 192, 192, 7, 1);
  square("Mixed_7a.branch7x7x3_4", 192, 192, 3);
  for (const auto& [mixed, in] : {std::pair{"Mixed_7b.", 1280}, {"Mixed_7c.", 2048}}) {
    const std::string name = mixed;
    square(name + "branch1x1", 320, in, 1);
    square(name + "branch3x3_1", 384, in, 1);
    basic(name + "branch3x3_2a", 384, 384, 1, 3);
    basic(name + "branch3x3_2b", 384, 384, 3, 1);
    square(name + "branch3x3dbl_1", 448, in, 1);
    square(name + "branch3x3dbl_2", 384, 448, 3);
    basic(name + "branch3x3dbl_3a", 384, 384, 1, 3);
    basic(name + "branch3x3dbl_3b", 384, 384, 3, 1);
    square(name + "branch_pool", 192, in, 1);
  }
  state.linear("fc", 1000, 2048);
  return state;
}

// ---- Tests -------------------------------------------------------------------------------------

std::string load(const std::string& contents, const Graph& graph,
                 std::optional<AnyNetwork>& network) {
  EXPECT_STREQ(AnyNetwork::make(graph, 1, network).message(), "");
  return pplcnet::loading::load_any_bytes(bytes_of(contents), "x", network->layers(),
                                          network->traits(), network->weights(), nullptr)
      .message();
}

/// Both kinds of file load, and give the same; nothing is missing, and nothing is left, but for
/// `unused` numbers.
void expect_loads(StateDict state, const Graph& graph, std::int64_t unused = 0) {
  std::optional<AnyNetwork> of_safetensors, of_pth;
  EXPECT_EQ(load(state.safetensors(), graph, of_safetensors), "");
  EXPECT_EQ(load(state.pth(), graph, of_pth), "");
  const auto a = of_safetensors->weights(), b = of_pth->weights();
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size_bytes()), 0);
  std::int64_t count = -unused;
  for (const published::Tensor& tensor : state.tensors)
    count += static_cast<std::int64_t>(tensor.values.size());
  const auto plan = make_plan(graph);
  EXPECT_EQ(count, plan.parameter_count + plan.buffer_count);
  state.tensors.push_back({"classifier.9.bias", {2}, {0, 0}});
  EXPECT_EQ(load(state.safetensors(), graph, of_safetensors),
            "x: tensor 'classifier.9.bias' F32 [2] is not part of the type's network");
  state.tensors.pop_back();
  const std::size_t middle = state.tensors.size() / 2;
  const std::string name = state.tensors[middle].name;
  state.tensors.erase(state.tensors.begin() + static_cast<std::ptrdiff_t>(middle));
  EXPECT_NE(load(state.safetensors(), graph, of_safetensors).find("'" + name + "'"),
            std::string::npos);
}

TEST(TimmStateDicts, GhostNetIsThatOfLightCnns) {
  expect_loads(ghostnet_100(), pplcnet::light_cnns_ghostnet({.input = {64, 64}}));
}

TEST(TimmStateDicts, ResNet50DIsThatOfLightCnns) {
  expect_loads(resnet50d(), pplcnet::resnet50_d({.input = {64, 64}}));
}

TEST(TimmStateDicts, XceptionIsThatOfLightCnns) {
  expect_loads(xception(), pplcnet::xception({.input = {75, 75}}));
}

TEST(TorchvisionStateDicts, InceptionV3IsThatOfLightCnns) {
  // Convolutions of 768 · 128 and 128 · 768 · 25, their batch norms, and 1000 classes.
  constexpr std::int64_t kAuxiliary = 98'304 + 2'457'600 + 4 * (128 + 768) + 1000 * 769;
  expect_loads(inception_v3(), pplcnet::inception_v3({.input = {75, 75}}), kAuxiliary);
}

}  // namespace
}  // namespace pplcnet_test::timm_state_dicts_test
