// MobileViT-S of timm: its state dict, written down from its source (mobilevit.py, byobnet.py,
// vision_transformer.py), gives what PyTorch's modules give.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/networks/timm_mobilevit.hpp"
#include "pplcnet/weights/load_any.hpp"
#include "weights/published_state_dicts.hpp"

namespace pplcnet_test::timm_mobilevit_test {
namespace {

using published::StateDict;
using torch::Map;
using torch::Modules;

constexpr pplcnet::Extent kInput = {64, 128};
constexpr int kHeads = 4;

/// A block of a stage: an inverted residual, or MobileVitBlock(transformer_dim, transformer_depth).
struct Block {
  const char* name;
  int in, out, stride, dim, depth;
};
constexpr Block kBlocks[] = {
    {"stages.0.0", 16, 32, 1, 0, 0},   {"stages.1.0", 32, 64, 2, 0, 0},
    {"stages.1.1", 64, 64, 1, 0, 0},   {"stages.1.2", 64, 64, 1, 0, 0},
    {"stages.2.0", 64, 96, 2, 0, 0},   {"stages.2.1", 96, 96, 1, 144, 2},
    {"stages.3.0", 96, 128, 2, 0, 0},  {"stages.3.1", 128, 128, 1, 192, 4},
    {"stages.4.0", 128, 160, 2, 0, 0}, {"stages.4.1", 160, 160, 1, 240, 3},
};

StateDict state_dict() {
  StateDict state(/*paddle=*/false);
  const auto conv_norm = [&](const std::string& name, int out, int in, int kernel) {
    state.conv(name + ".conv", out, in, kernel);
    state.norm(name + ".bn", out);
  };
  const auto layer_norm = [&](const std::string& name, int dim) {
    state.parameter(name + ".weight", {dim});
    state.parameter(name + ".bias", {dim});
  };
  conv_norm("stem", 16, 3, 3);
  for (const auto& [block, in, out, stride, dim, depth] : kBlocks) {
    const std::string name = block;
    if (dim == 0) {
      conv_norm(name + ".conv1_1x1", 4 * in, in, 1);
      conv_norm(name + ".conv2_kxk", 4 * in, 1, 3);
      conv_norm(name + ".conv3_1x1", out, 4 * in, 1);
      continue;
    }
    conv_norm(name + ".conv_kxk", in, in, 3);
    state.conv(name + ".conv_1x1", dim, in, 1);
    for (int i = 0; i < depth; ++i) {
      const std::string layer = name + ".transformer." + std::to_string(i);
      layer_norm(layer + ".norm1", dim);
      state.linear(layer + ".attn.qkv", 3 * dim, dim);
      state.linear(layer + ".attn.proj", dim, dim);
      layer_norm(layer + ".norm2", dim);
      state.linear(layer + ".mlp.fc1", 2 * dim, dim);
      state.linear(layer + ".mlp.fc2", dim, 2 * dim);
    }
    layer_norm(name + ".norm", dim);
    conv_norm(name + ".conv_proj", out, dim, 1);
    conv_norm(name + ".conv_fusion", out, in + out, 3);
  }
  conv_norm("final_conv", 640, 160, 1);
  state.linear("head.fc", 1000, 640);
  return state;
}

double silu(double x) { return x / (1 + std::exp(-x)); }

/// Tokens of one sequence, each a vector.
using Tokens = std::vector<std::vector<double>>;

class Transformer {
 public:
  Transformer(const torch::StateDict& state, std::string name)
      : state_(state), name_(std::move(name)) {}

  Tokens linear(const Tokens& x, const std::string& module) const {
    const torch::Tensor &weight = state_.at(name_ + module + ".weight"),
                        &bias = state_.at(name_ + module + ".bias");
    Tokens y(x.size(), std::vector<double>(bias.values.size()));
    for (std::size_t t = 0; t < x.size(); ++t)
      for (std::size_t o = 0; o < y[t].size(); ++o) {
        y[t][o] = bias.values[o];
        for (std::size_t i = 0; i < x[t].size(); ++i)
          y[t][o] += double{weight.values[o * x[t].size() + i]} * x[t][i];
      }
    return y;
  }

  Tokens norm(Tokens x, const std::string& module) const {
    const torch::Tensor &weight = state_.at(name_ + module + ".weight"),
                        &bias = state_.at(name_ + module + ".bias");
    for (std::vector<double>& token : x) {
      const auto count = static_cast<double>(token.size());
      double mean = 0, variance = 0;
      for (const double value : token) mean += value / count;
      for (const double value : token) variance += (value - mean) * (value - mean) / count;
      for (std::size_t i = 0; i < token.size(); ++i)
        token[i] = (token[i] - mean) / std::sqrt(variance + 1e-5) * double{weight.values[i]} +
                   double{bias.values[i]};
    }
    return x;
  }

  /// Channels of `qkv` are [q, k, v][head][dimension].
  static Tokens attention(const Tokens& qkv) {
    const std::size_t dim = qkv[0].size() / 3, depth = dim / kHeads;
    Tokens y(qkv.size(), std::vector<double>(dim));
    for (std::size_t head = 0; head < dim; head += depth)
      for (std::size_t t = 0; t < qkv.size(); ++t) {
        std::vector<double> shares(qkv.size());
        double sum = 0;
        for (std::size_t key = 0; key < qkv.size(); ++key) {
          double score = 0;
          for (std::size_t i = head; i < head + depth; ++i) score += qkv[t][i] * qkv[key][dim + i];
          shares[key] = std::exp(score / std::sqrt(static_cast<double>(depth)));
          sum += shares[key];
        }
        for (std::size_t key = 0; key < qkv.size(); ++key)
          for (std::size_t i = head; i < head + depth; ++i)
            y[t][i] += shares[key] / sum * qkv[key][2 * dim + i];
      }
    return y;
  }

  static Tokens sum(Tokens a, const Tokens& b) {
    for (std::size_t t = 0; t < a.size(); ++t)
      for (std::size_t i = 0; i < a[t].size(); ++i) a[t][i] += b[t][i];
    return a;
  }

  Tokens layer(Tokens x, int i) const {
    const std::string at = ".transformer." + std::to_string(i);
    x = sum(x,
            linear(attention(linear(norm(x, at + ".norm1"), at + ".attn.qkv")), at + ".attn.proj"));
    Tokens y = linear(norm(x, at + ".norm2"), at + ".mlp.fc1");
    for (std::vector<double>& token : y)
      for (double& value : token) value = silu(value);
    return sum(x, linear(y, at + ".mlp.fc2"));
  }

 private:
  const torch::StateDict& state_;
  std::string name_;
};

/// A sequence is all pixels of one place in squares of 2×2.
Map transformed(Map map, const Transformer& transformer, int depth) {
  for (int top = 0; top < 2; ++top)
    for (int left = 0; left < 2; ++left) {
      Tokens tokens;
      for (int y = top; y < map.height; y += 2)
        for (int x = left; x < map.width; x += 2) {
          std::vector<double>& token = tokens.emplace_back();
          for (int c = 0; c < map.channels; ++c) token.push_back(map.at(c, y, x));
        }
      for (int i = 0; i < depth; ++i) tokens = transformer.layer(tokens, i);
      tokens = transformer.norm(tokens, ".norm");
      std::size_t t = 0;
      for (int y = top; y < map.height; y += 2)
        for (int x = left; x < map.width; x += 2, ++t)
          for (int c = 0; c < map.channels; ++c)
            map.at(c, y, x) = tokens[t][static_cast<std::size_t>(c)];
    }
  return map;
}

std::vector<double> expected_logits(const StateDict& state, const std::vector<float>& picture) {
  const torch::StateDict tensors = state.modules();
  const Modules torch(tensors, 1e-5);
  const auto linear = [&](const Map& x, const std::string& name, int stride = 1) {
    return torch.norm(torch.conv(x, name + ".conv", stride), name + ".bn");
  };
  const auto layer = [&](const Map& x, const std::string& name, int stride = 1) {
    return activated(linear(x, name, stride), silu);
  };
  Map x(3, kInput.height, kInput.width);
  x.values.assign(picture.begin(), picture.end());
  x = layer(x, "stem", 2);
  for (const auto& [block, in, out, stride, dim, depth] : kBlocks) {
    const std::string name = block;
    Map y = x;
    if (dim == 0) {
      y = layer(layer(x, name + ".conv1_1x1"), name + ".conv2_kxk", stride);
      y = linear(y, name + ".conv3_1x1");
      x = stride == 1 && in == out ? Modules::sum(y, x) : y;
      continue;
    }
    y = torch.conv(layer(x, name + ".conv_kxk"), name + ".conv_1x1");
    y = layer(transformed(y, Transformer(tensors, name), depth), name + ".conv_proj");
    x = layer(Modules::concat({x, y}), name + ".conv_fusion");
  }
  return torch.linear(Modules::mean(layer(x, "final_conv")), "head.fc").values;
}

TEST(MobileVit, OfTimmIsThatOfPyTorchsModules) {
  const StateDict state = state_dict();
  std::optional<pplcnet::AnyNetwork> network;
  ASSERT_STREQ(
      pplcnet::AnyNetwork::make(pplcnet::timm_mobilevit_s({.input = kInput}), 1, network).message(),
      "");
  const std::string contents = state.pth();
  ASSERT_STREQ(
      pplcnet::loading::load_any_bytes(bytes_of(contents), "mobilevit_s.pth", network->layers(),
                                       network->traits(), network->weights(), nullptr)
          .message(),
      "");
  const std::vector<float> picture =
      synthetic_input(1, 1, 3, std::size_t{kInput.height}, std::size_t{kInput.width});
  const std::vector<double> expected = expected_logits(state, picture);
  double largest = 0;
  for (const double logit : expected) largest = std::max(largest, std::abs(logit));
  for (const pplcnet::Isa isa : available_isas()) {
    std::vector<float> logits(expected.size());
    network->run(pplcnet::Picture::planar(picture.data(), network->input_shape()),
                 network->plan().outputs[0], logits, {.isa = isa});
    for (std::size_t i = 0; i < logits.size(); ++i)
      ASSERT_NEAR(double{logits[i]}, expected[i], 1e-5 * largest) << pplcnet::isa_name(isa);
  }
}

}  // namespace
}  // namespace pplcnet_test::timm_mobilevit_test
