// What exporters write out where networks compute with tokens, and transposed convolutions: both
// are read from ONNX graphs as paddle2onnx writes them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pplcnet/any_network.hpp"
#include "pplcnet/weights/import/weights.hpp"
#include "pplcnet/weights/onnx/load.hpp"
#include "synthetic.hpp"
#include "weights/contents.hpp"
#include "weights/onnx_model.hpp"

namespace pplcnet_test::token_graphs_test {
namespace {

using pplcnet::Activation;
using pplcnet::AnyNetwork;
using pplcnet::Graph;
using pplcnet::Value;
using Floats = std::vector<float>;
using Ints = std::vector<std::int64_t>;

/// Numbers between -1 and 1 that a name stands for.
Floats numbers(const std::string& name, std::size_t count) {
  const Stream stream{name, 1};
  Floats values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(stream.u(i));
  return values;
}

/// Reads a model as a network; returns what is wrong with it, without its name.
std::string problem(const OnnxModel& model, AnyNetwork& network) {
  pplcnet::FileGraph graph;
  const std::string file = model.file();
  auto error = pplcnet::parse_onnx(bytes_of(file), "file", graph);
  if (!error)
    error = pplcnet::pack_graph(graph, network.layers(), network.traits(), network.weights());
  const std::string message = error.message();
  return message.substr(std::min<std::size_t>(message.size(), 6));
}

Floats result(AnyNetwork& network, const Floats& picture) {
  const int layer = network.plan().outputs[0];
  Floats values(
      static_cast<std::size_t>(network.layers()[static_cast<std::size_t>(layer)].output.size()));
  network.run(pplcnet::Picture::planar(picture.data(), network.input_shape()), layer, values);
  return values;
}

void expect_near(const Floats& found, const Floats& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-5) << i;
}

/// Each pixel times a matrix [out][in].
Floats product(const Floats& map, const Floats& matrix, const Floats& bias, std::size_t pixels) {
  const std::size_t in = map.size() / pixels, out = bias.size();
  Floats values(out * pixels);
  for (std::size_t o = 0; o < out; ++o)
    for (std::size_t p = 0; p < pixels; ++p) {
      double sum = bias[o];
      for (std::size_t i = 0; i < in; ++i) sum += double{matrix[o * in + i]} * map[i * pixels + p];
      values[o * pixels + p] = static_cast<float>(sum);
    }
  return values;
}

/// A matrix [out][in] as [in][out].
Floats turned(const Floats& matrix, std::size_t in) {
  const std::size_t out = matrix.size() / in;
  Floats values(matrix.size());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = matrix[i % out * in + i / out];
  return values;
}

// ---- Transposed convolutions --------------------------------------------------------------------

constexpr std::size_t kRows = 3, kColumns = 4, kIn = 5, kOut = 2;

Graph enlarging() {
  Graph g({kRows, kColumns});
  const Value x =
      g.conv(g.image(), kIn, {.activation = Activation::relu, .norm = false, .bias = true}, "stem");
  g.output(g.transposed_conv(
      x, kOut, 2, {.activation = Activation::sigmoid, .norm = false, .bias = true}, "up"));
  return g;
}

OnnxModel enlarging_model(std::int64_t stride = 2, std::int64_t kernel = 2) {
  OnnxModel model("x");
  std::string x = model.node("Conv", {"x", model.constant({kIn, 3, 1, 1}, numbers("stem", 3 * kIn)),
                                      model.constant({kIn}, numbers("stem.bias", kIn))});
  x = model.node("Relu", {x});
  const auto taps = static_cast<std::size_t>(kernel * kernel);
  const std::string weights =
      model.constant({kIn, kOut, kernel, kernel}, numbers("up", kIn * kOut * taps));
  x = model.node("ConvTranspose", {x, weights},
                 {OnnxModel::attribute("kernel_shape", Ints{kernel, kernel}),
                  OnnxModel::attribute("strides", Ints{stride, stride}),
                  OnnxModel::attribute("pads", Ints(4))});
  x = model.node("Add", {x, model.constant({1, kOut, 1, 1}, numbers("up.bias", kOut))});
  model.node("Sigmoid", {x});
  return model;
}

TEST(TransposedConvolution, IsReadFromAGraph) {
  AnyNetwork network(enlarging());
  ASSERT_EQ(problem(enlarging_model(), network), "");
  const Floats picture = numbers("picture", 3 * kRows * kColumns);
  Floats map =
      product(picture, numbers("stem", 3 * kIn), numbers("stem.bias", kIn), kRows * kColumns);
  for (float& value : map) value = std::max(value, 0.0F);
  const Floats weights = numbers("up", kIn * kOut * 4), bias = numbers("up.bias", kOut);
  Floats expected(kOut * 4 * kRows * kColumns);
  for (std::size_t o = 0; o < kOut; ++o)
    for (std::size_t y = 0; y < 2 * kRows; ++y)
      for (std::size_t x = 0; x < 2 * kColumns; ++x) {
        double sum = bias[o];
        for (std::size_t i = 0; i < kIn; ++i)
          sum += double{map[(i * kRows + y / 2) * kColumns + x / 2]} *
                 weights[(i * kOut + o) * 4 + y % 2 * 2 + x % 2];
        expected[(o * 2 * kRows + y) * 2 * kColumns + x] =
            static_cast<float>(1 / (1 + std::exp(-sum)));
      }
  expect_near(result(network, picture), expected);
}

TEST(TransposedConvolution, OthersAreRefused) {
  AnyNetwork network(enlarging());
  EXPECT_NE(problem(enlarging_model(3, 3), network), "");
  EXPECT_NE(problem(enlarging_model(1, 2), network), "");
  EXPECT_NE(problem(enlarging_model(2, 3), network), "");
}

// ---- Tokens -------------------------------------------------------------------------------------

constexpr std::size_t kTokens = 7, kWidth = 6, kHeads = 2, kClasses = 4;

Graph of_tokens() {
  constexpr pplcnet::Conv kLinear = {
      .norm = false, .bias = true, .layout = pplcnet::Layout::in_out};
  Graph g({1, kTokens});
  const Value x = g.conv(g.image(), kWidth, {.norm = false, .bias = true}, "stem");
  const Value qkv = g.conv(g.layer_norm(x, "norm"), 3 * kWidth, kLinear, "qkv");
  const Value sum = g.add(x, g.conv(g.attention(qkv, kHeads), kWidth, kLinear, "proj"));
  g.output(g.softmax(g.conv(sum, kClasses, kLinear, "fc"), kClasses));
  return g;
}

/// What a model may have otherwise.
struct TokenForm {
  float epsilon = 1e-5F;
  float scale = std::sqrt(static_cast<float>(kHeads) / kWidth);
  std::int64_t first = 0;  ///< which third the queries are
};

class TokenModel {
 public:
  explicit TokenModel(const TokenForm& form) : form_(form) {
    std::string x =
        model_.node("Conv", {"x", model_.constant({kWidth, 3, 1, 1}, numbers("stem", 3 * kWidth)),
                             model_.constant({kWidth}, numbers("stem.bias", kWidth))});
    const std::string shape = model_.node("Concat",
                                          {model_.node("Slice", {model_.node("Shape", {x})},
                                                       {OnnxModel::attribute("axes", Ints{0}),
                                                        OnnxModel::attribute("starts", Ints{0}),
                                                        OnnxModel::attribute("ends", Ints{2})})},
                                          {OnnxModel::attribute("axis", std::int64_t{0})});
    x = transposed(model_.node("Reshape", {x, shape}), {0, 2, 1});
    const std::string qkv = linear("qkv", layer_norm(x), kWidth, 3 * kWidth);
    x = model_.node("Add", {x, linear("proj", attention(qkv, shape), kWidth, kWidth)});
    model_.node("Softmax", {linear("fc", x, kWidth, kClasses)},
                {OnnxModel::attribute("axis", std::int64_t{2})});
  }

  const OnnxModel& model() const { return model_; }

 private:
  std::string number(float value) { return model_.constant({}, {value}); }
  std::string vector(const std::string& name, std::size_t size) {
    return model_.constant({static_cast<std::int64_t>(size)}, numbers(name, size));
  }
  std::string transposed(const std::string& x, const Ints& order) {
    return model_.node("Transpose", {x}, {OnnxModel::attribute("perm", order)});
  }
  std::string mean(const std::string& x) {
    return model_.node("ReduceMean", {x}, {OnnxModel::attribute("axes", Ints{-1})});
  }
  std::string linear(const std::string& name, const std::string& x, std::size_t in,
                     std::size_t out) {
    const std::string weights =
        model_.constant({static_cast<std::int64_t>(in), static_cast<std::int64_t>(out)},
                        turned(numbers(name, in * out), in));
    return model_.node("Add", {model_.node("MatMul", {x, weights}), vector(name + ".bias", out)});
  }

  std::string layer_norm(const std::string& x) {
    const std::string centred = model_.node("Sub", {x, mean(x)});
    const std::string squares = model_.node("Pow", {centred, number(2)});
    const std::string sum = model_.node("Add", {mean(squares), number(form_.epsilon)});
    const std::string unit = model_.node("Div", {centred, model_.node("Sqrt", {sum})});
    return model_.node(
        "Add", {model_.node("Mul", {unit, vector("norm", kWidth)}), vector("norm.bias", kWidth)});
  }

  std::string part(const std::string& all, std::int64_t which) {
    const std::string one = model_.node(
        "Slice", {all},
        {OnnxModel::attribute("axes", Ints{0}), OnnxModel::attribute("starts", Ints{which}),
         OnnxModel::attribute("ends", Ints{which + 1})});
    return model_.node("Squeeze", {one}, {OnnxModel::attribute("axes", Ints{0})});
  }

  std::string attention(const std::string& qkv, const std::string& shape) {
    const std::string all = transposed(model_.node("Reshape", {qkv, shape}), {2, 0, 3, 1, 4});
    const std::string q = model_.node("Mul", {part(all, form_.first), number(form_.scale)});
    const std::string k = transposed(part(all, 1 - form_.first), {0, 1, 3, 2});
    const std::string scores = model_.node("Softmax", {model_.node("MatMul", {q, k})},
                                           {OnnxModel::attribute("axis", std::int64_t{3})});
    const std::string means = model_.node("MatMul", {scores, part(all, 2)});
    return model_.node("Reshape", {transposed(means, {0, 2, 1, 3}), shape});
  }

  TokenForm form_;
  OnnxModel model_{"x"};
};

Floats normalised(const Floats& map) {
  const Floats scale = numbers("norm", kWidth), shift = numbers("norm.bias", kWidth);
  Floats values(map.size());
  for (std::size_t t = 0; t < kTokens; ++t) {
    double mean = 0, variance = 0;
    for (std::size_t c = 0; c < kWidth; ++c) mean += map[c * kTokens + t] / double{kWidth};
    for (std::size_t c = 0; c < kWidth; ++c)
      variance += std::pow(map[c * kTokens + t] - mean, 2) / double{kWidth};
    for (std::size_t c = 0; c < kWidth; ++c)
      values[c * kTokens + t] = static_cast<float>(
          (map[c * kTokens + t] - mean) / std::sqrt(variance + 1e-5) * scale[c] + shift[c]);
  }
  return values;
}

Floats attended(const Floats& qkv) {
  constexpr std::size_t kDepth = kWidth / kHeads;
  Floats values(kWidth * kTokens);
  const auto at = [&](std::size_t part, std::size_t head, std::size_t d, std::size_t token) {
    return double{qkv[((part * kHeads + head) * kDepth + d) * kTokens + token]};
  };
  for (std::size_t head = 0; head < kHeads; ++head)
    for (std::size_t t = 0; t < kTokens; ++t) {
      std::vector<double> shares(kTokens);
      double sum = 0;
      for (std::size_t s = 0; s < kTokens; ++s) {
        double score = 0;
        for (std::size_t d = 0; d < kDepth; ++d) score += at(0, head, d, t) * at(1, head, d, s);
        sum += shares[s] = std::exp(score / std::sqrt(double{kDepth}));
      }
      for (std::size_t d = 0; d < kDepth; ++d) {
        double mean = 0;
        for (std::size_t s = 0; s < kTokens; ++s) mean += shares[s] / sum * at(2, head, d, s);
        values[(head * kDepth + d) * kTokens + t] = static_cast<float>(mean);
      }
    }
  return values;
}

TEST(Tokens, LayerNormAndAttentionAreReadFromAGraph) {
  AnyNetwork network(of_tokens());
  ASSERT_EQ(problem(TokenModel({}).model(), network), "");
  const Floats picture = numbers("picture", 3 * kTokens);
  const auto linear = [](const std::string& name, const Floats& x, std::size_t in,
                         std::size_t out) {
    return product(x, numbers(name, in * out), numbers(name + ".bias", out), kTokens);
  };
  Floats x = linear("stem", picture, 3, kWidth);
  const Floats y =
      linear("proj", attended(linear("qkv", normalised(x), kWidth, 3 * kWidth)), kWidth, kWidth);
  std::ranges::transform(x, y, x.begin(), std::plus<>());
  Floats expected = linear("fc", x, kWidth, kClasses);
  for (std::size_t t = 0; t < kTokens; ++t) {
    double sum = 0;
    for (std::size_t c = 0; c < kClasses; ++c) sum += std::exp(expected[c * kTokens + t]);
    for (std::size_t c = 0; c < kClasses; ++c)
      expected[c * kTokens + t] = static_cast<float>(std::exp(expected[c * kTokens + t]) / sum);
  }
  expect_near(result(network, picture), expected);
}

TEST(Tokens, OthersAreRefused) {
  AnyNetwork network(of_tokens());
  EXPECT_EQ(problem(TokenModel({.epsilon = 1e-6F}).model(), network),
            "norm: has another epsilon than the network's");
  EXPECT_NE(problem(TokenModel({.scale = 0.5F}).model(), network), "");
  EXPECT_NE(problem(TokenModel({.first = 1}).model(), network), "");
}

}  // namespace
}  // namespace pplcnet_test::token_graphs_test
