// From floats to bytes: scales that constants represent exactly, weights and their neighbours, what
// is refused, and how far whole networks are from their floats.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "kernels/block_network.hpp"
#include "kernels/small_network.hpp"
#include "pplcnet/networks/pplcnet_v1.hpp"
#include "pplcnet/networks/pplcnet_v2.hpp"
#include "pplcnet/quantise/layer_constants.hpp"
#include "pplcnet/quantise/weights.hpp"
#include "quantise/byte_network.hpp"
#include "synthetic.hpp"

namespace pplcnet_test::model_test {
namespace {

using pplcnet::Activation;
using pplcnet::ChannelConstants;
using pplcnet::Ending;
using pplcnet::Operator;
using pplcnet::QuantisedLayer;
using pplcnet::QuantisedModel;
using Kind = Activation::Kind;

std::vector<BytePicture> pictures(int width, int height, std::uint64_t first, std::uint64_t count) {
  std::vector<BytePicture> result;
  for (std::uint64_t i = first; i < first + count; ++i)
    result.push_back(synthetic_image(i % 2 == 0 ? ImageKind::noise : ImageKind::smooth, i,
                                     static_cast<std::size_t>(width),
                                     static_cast<std::size_t>(height)));
  return result;
}

/// Squeeze-excite with both kinds of factors, sums with a map before and after a ReLU, kernels of
/// three sizes, strides, a vector between pool and classes.
BlockNetwork network(Activation activation, Activation gate) {
  BlockNetwork net;
  net.input = {19, 23};
  net.stem_stride = 2;
  net.stem_channels = 10;
  net.stem_activation = activation;
  net.activation = activation;
  net.gate = gate;
  net.blocks = {
      {.kernel = 3, .in = 10, .out = 18},
      {.kernel = 5,
       .in = 18,
       .out = 18,
       .squeeze_excite = true,
       .residual = Residual::input,
       .linear_pointwise = true},
      {.kernel = 3, .in = 18, .out = 33, .stride = 2, .expansion = 7, .linear_depthwise = true}};
  net.head = 21;
  net.classes = 5;
  return net;
}

const BlockNetwork kNetworks[] = {network(Activation::relu, Activation::sigmoid),
                                  network(Activation::hardswish, Activation::hardsigmoid_paddle),
                                  network(Activation::relu6, Activation::hardsigmoid_of(0.2F))};

/// Checks one channel's constants by their meaning, in another order of operations.
void judge(const ByteNetwork& net, std::size_t index, std::size_t c,
           const ChannelConstants& channel) {
  const QuantisedLayer& layer = net.layers()[index];
  const auto& tensors = net.model().layers[index];
  const auto of = [&](int i) -> const pplcnet::QuantisedTensors& {
    return net.model().layers[static_cast<std::size_t>(i)];
  };
  constexpr long double kExact = 1e-2L;
  if (layer.op == Operator::pool) {
    const long double ratio =
        static_cast<long double>(of(layer.from).scales[c]) / tensors.scales[c];
    EXPECT_LE(std::abs(channel.multiplier - 256 * ratio), kExact);
    EXPECT_EQ(channel.addend_zero, of(layer.from).zeros[c]);
    return;
  }
  if (layer.op == Operator::gate) {
    EXPECT_EQ(channel.addend_zero, of(layer.from).zeros[c]);
    EXPECT_EQ(channel.zero, tensors.zeros[c]);
    return;
  }
  const long double step =
      std::ldexp(static_cast<long double>(tensors.weight_scales[c]), channel.shift);
  long double offset = 0;
  const std::size_t depth = tensors.weights.size() / tensors.biases.size();
  for (std::size_t k = 0; k < depth; ++k) {
    const std::size_t in = layer.op == Operator::depthwise
                               ? c
                               : k * static_cast<std::size_t>(layer.input.channels) / depth;
    const long double zero = layer.from < 0
                                 ? static_cast<long double>(net.model().picture_zeros[in])
                                 : of(layer.from).zeros[in];
    offset += tensors.weights[c * depth + k] * zero;
  }
  const long double half = channel.shift == 0 ? 0 : std::ldexp(0.5L, channel.shift);
  const long double bias = static_cast<long double>(tensors.biases[c]) / tensors.weight_scales[c];
  EXPECT_LE(std::abs(channel.bias - (bias - offset + half)), 0.5L + 1e-6L);
  if (layer.ending == Ending::logits) {
    EXPECT_EQ(channel.shift, 0);
    EXPECT_EQ(channel.scale, tensors.weight_scales[c]);
    return;
  }
  if (layer.ending == Ending::factors) return;  // see arithmetic_test.cpp
  const long double output = tensors.scales[c];
  const long double real = layer.addend >= 0 ? 16 * step / output * 32768
                           : layer.activation.kind == Kind::hardswish
                               ? step * step / 6 / output * 32768 * 32768
                               : step / output * 32768;
  EXPECT_LE(std::abs(channel.multiplier - real), kExact) << "the scale is not exact";
  EXPECT_GE(channel.multiplier, channel.shift == 30 ? 0 : 1023);
  EXPECT_GE(step * 32767, output * std::max<int>(tensors.zeros[c], 255 - tensors.zeros[c]));
  if (layer.activation.kind == Kind::hardswish) {
    EXPECT_LE(std::abs(channel.three - 3 / step), 0.5L);
  }
  if (layer.activation.kind == Kind::relu6) {
    EXPECT_LE(255 * output, 6.0001L);
  }
}

TEST(Model, ConstantsMeanWhatTheyShouldAndScalesAreExact) {
  for (const BlockNetwork& one : kNetworks) {
    const SmallNetwork floats(one.graph());
    ByteNetwork net(floats);
    ASSERT_STREQ(net.quantise(pictures(23, 19, 0, 4)).message(), "");
    const pplcnet::LayerConstants constants(net.model(), net.layers());
    for (std::size_t i = 0; i < net.layers().size(); ++i) {
      std::vector<ChannelConstants> channels;
      ASSERT_STREQ(constants.of(i, channels).message(), "");
      for (std::size_t c = 0; c < channels.size(); ++c) {
        SCOPED_TRACE("layer " + std::to_string(i) + ", channel " + std::to_string(c));
        judge(net, i, c, channels[c]);
      }
    }
  }
}

/// Returns the signal-to-noise ratio of what each layer gives, in dB.
std::vector<double> ratios(const ByteNetwork& net, const std::vector<BytePicture>& seen) {
  const std::size_t count = net.layers().size();
  std::vector<double> signal(count), noise(count);
  for (const BytePicture& picture : seen) {
    const auto floats = net.float_outputs(picture);
    const auto bytes = net.outputs(picture);
    for (std::size_t i = 0; i < count; ++i) {
      const auto channels = static_cast<std::size_t>(net.layers()[i].output.channels);
      const auto pixels = static_cast<std::size_t>(net.layers()[i].output.pixels());
      for (std::size_t k = 0; k < bytes[i].values.size(); ++k) {
        const double value = double{floats[i][k % channels * pixels + k / channels]};
        signal[i] += value * value;
        noise[i] += std::pow(value - net.real(i, bytes[i], k), 2);
      }
    }
  }
  std::vector<double> result;
  for (std::size_t i = 0; i < count; ++i)
    result.push_back(10 * std::log10(signal[i] / std::max(noise[i], 1e-30)));
  return result;
}

/// Synthetic weights lose more than trained ones: depthwise kernels that sum to zero amplify noise.
TEST(Model, WholeNetworksAreNearTheirFloats) {
  struct Case {
    pplcnet::Graph graph;
    int width, height;
    double first, last;
  };
  std::vector<Case> cases;
  for (const BlockNetwork& one : kNetworks) cases.push_back({one.graph(), 23, 19, 33, 18});
  cases.push_back({pplcnet::pplcnet_v1(pplcnet::Scale::x0_25,
                                       pplcnet::Options{.classes = 7, .input = {33, 35}}),
                   35, 33, 33, 10});
  cases.push_back(
      {pplcnet::pplcnet_v2(pplcnet::V2::small, pplcnet::V2Options{.classes = 7, .input = {33, 33}}),
       33, 33, 33, 20});
  for (const Case& one : cases) {
    const SmallNetwork floats(one.graph);
    ByteNetwork net(floats);
    ASSERT_STREQ(net.quantise(pictures(one.width, one.height, 0, 8)).message(), "");
    const std::vector<double> found = ratios(net, pictures(one.width, one.height, 8, 2));
    EXPECT_GE(found.front(), one.first);
    EXPECT_GE(found.back(), one.last) << one.graph.title;
  }
}

TEST(Model, WeightsOfNeighboursFitAndLoseLittle) {
  for (const Operator op : {Operator::pointwise, Operator::convolution, Operator::depthwise})
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      QuantisedLayer layer;
      layer.op = op;
      layer.input.channels = op == Operator::pointwise ? 37 : 3;
      layer.kernel = op == Operator::pointwise ? 1 : 5;
      const Stream stream("weights", seed);
      std::vector<double> weights(pplcnet::weights_of_channel(layer));
      for (std::size_t k = 0; k < weights.size(); ++k)
        weights[k] = std::pow(stream.u(k), static_cast<int>(seed % 4) * 2 + 1);
      if (seed == 7) std::ranges::fill(weights, -1.0);
      if (seed == 8) std::ranges::fill(weights, 0.0);
      std::vector<std::int8_t> bytes(weights.size());
      const float scale = pplcnet::WeightRounding(layer).round(weights, 1e-9, 1e9, bytes);
      std::vector<int> sum(static_cast<std::size_t>(layer.depth()));
      double energy = 0, lost = 0;
      for (std::size_t k = 0; k < weights.size(); ++k) {
        sum[pplcnet::place_in_sum(layer, k)] = std::abs(int{bytes[k]});
        energy += weights[k] * weights[k];
        lost += std::pow(weights[k] - double{scale} * bytes[k], 2);
      }
      EXPECT_LE(std::ranges::max(sum), 127);
      for (std::size_t k = 0; k < sum.size() && op != Operator::depthwise; k += 2)
        EXPECT_LE(sum[k] + sum[k + 1], 128);
      EXPECT_LE(lost, energy * (seed % 4 > 1 ? 1e-3 : 3e-4)) << "seed " << seed;
    }
}

TEST(Model, RefusesWhatCannotBeComputed) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinite = std::numeric_limits<float>::infinity();
  const SmallNetwork floats(kNetworks[0].graph());
  ByteNetwork net(floats);
  ASSERT_STREQ(net.quantise(pictures(23, 19, 0, 2)).message(), "");
  const QuantisedModel right = net.model();
  const struct {
    std::string message;
    std::function<void(QuantisedModel&)> damage;
  } cases[] = {
      {"quantised model: expected ", [](auto& m) { m.layers.pop_back(); }},
      {"quantised picture, channel 1: its scale is no positive number",
       [](auto& m) { m.picture_scales[1] = 0; }},
      {"quantised picture, channel 2: its zero point is not in 0 to 255",
       [=](auto& m) { m.picture_zeros[2] = kNan; }},
      {"quantised layer 1: expected 90 weights, found 0",
       [](auto& m) { m.layers[1].weights.clear(); }},
      {"quantised layer 2: expected 18 biases, found 17",
       [](auto& m) { m.layers[2].biases.pop_back(); }},
      {"quantised layer 2: expected 18 scales, found 19",
       [](auto& m) { m.layers[2].scales.push_back(1); }},
      {"quantised layer 1: channel 2: a weight of -128, they are from -127 to 127",
       [](auto& m) { m.layers[1].weights[18] = -128; }},
      {"quantised layer 2: channel 0: neighbouring weights of more than 128 together",
       [](auto& m) { m.layers[2].weights[0] = m.layers[2].weights[1] = 65; }},
      {"quantised layer 2: channel 3: its scale is no positive number",
       [](auto& m) { m.layers[2].scales[3] = 0; }},
      {"quantised layer 2: channel 3: its scale is no positive number",
       [=](auto& m) { m.layers[2].scales[3] = kNan; }},
      {"quantised layer 2: channel 3: the scale of its weights is no positive number",
       [=](auto& m) { m.layers[2].weight_scales[3] = kInfinite; }},
      {"quantised layer 2: channel 3: the scale of its weights is no positive number",
       [](auto& m) { m.layers[2].weight_scales[3] = -1; }},
      {"quantised layer 2: channel 3: its bias is no finite number",
       [=](auto& m) { m.layers[2].biases[3] = -kInfinite; }},
      {"quantised layer 2: channel 3: its zero point is 9, and after a ReLU it is 0",
       [](auto& m) { m.layers[2].zeros[3] = 9; }},
      {"quantised layer 2: channel 3: its sums need more than 32 bits",
       [](auto& m) { m.layers[2].biases[3] = 3e9F * m.layers[2].weight_scales[3]; }},
      {"quantised layer 2: channel 3: its scales differ too much: its multiplier needs more than "
       "16 bits",
       [](auto& m) { m.layers[2].scales[3] = m.layers[2].weight_scales[3] / 2; }},
      {"quantised layer 2: channel 3: its values can be infinite",
       [](auto& m) { m.layers[2].scales[3] = 3e38F; }},
      {"quantised layer " + std::to_string(right.layers.size() - 1) +
           ": channel 4: its logits can be infinite",
       [](auto& m) { m.layers.back().weight_scales[4] = 3e38F; }},
  };
  for (const auto& [message, damage] : cases) {
    net.model() = right;
    damage(net.model());
    EXPECT_EQ(std::string(net.pack().message()).substr(0, message.size()), message);
  }
  net.model() = right;
  EXPECT_STREQ(net.pack().message(), "");
  ChannelConstants channel;
  EXPECT_STREQ(pplcnet::factor_constants({}, Activation::sigmoid, 1e-7F, 1e36F, channel).message(),
               "the scales of its gate differ too much");
}

TEST(Model, TheLargestScalesGiveFiniteNumbers) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  const pplcnet::ChannelSum sum = {.weight_scale = kLargest / 1024, .reach = 1024};
  ChannelConstants channel;
  EXPECT_STREQ(pplcnet::logit_constants(sum, channel).message(), "");
  EXPECT_TRUE(std::isfinite(1024 * channel.scale));
  const pplcnet::ByteScale output = {.scale = kLargest / 128, .zero = 128};
  EXPECT_STREQ(pplcnet::pool_constants(output, output, channel).message(), "");
  EXPECT_TRUE(std::isfinite(-128 * channel.scale));
}

}  // namespace
}  // namespace pplcnet_test::model_test
