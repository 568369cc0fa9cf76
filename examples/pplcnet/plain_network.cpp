#include "plain_network.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <utility>

using pplcnet::Activation;
using pplcnet::Layer;
using pplcnet::Operator;
using pplcnet::Parameters;

namespace {

double activated(Activation activation, double x) {
  using Kind = Activation::Kind;
  switch (activation.kind) {
    case Kind::none:
      return x;
    case Kind::relu:
      return std::max(x, 0.0);
    case Kind::relu6:
      return std::clamp(x, 0.0, 6.0);
    case Kind::hardswish:
      return x * std::clamp(x / 6 + 0.5, 0.0, 1.0);
    case Kind::hardsigmoid:
      return std::clamp(x * double{activation.slope} + double{activation.offset}, 0.0, 1.0);
    case Kind::sigmoid:
      return 1 / (1 + std::exp(-x));
    case Kind::gelu:
      return x * (1 + std::erf(x / std::sqrt(2.0))) / 2;
    case Kind::silu:
      return x / (1 + std::exp(-x));
    case Kind::linear:
      return x * double{activation.slope} + double{activation.offset};
    case Kind::root:
      return std::sqrt(std::max(x + double{activation.offset}, 0.0));
    case Kind::prelu:  // of no network that is complete
      break;
  }
  return x;
}

double activated(const Layer& layer, double x, const Deviation& deviation) {
  const bool gate = layer.activation == Activation::hardsigmoid ||
                    layer.activation == Activation::hardsigmoid_paddle;
  if (gate && deviation.gate_slope) return std::clamp(x * *deviation.gate_slope + 0.5, 0.0, 1.0);
  if (layer.activation == Activation::hardswish && deviation.activation)
    return activated(*deviation.activation, x);
  return activated(layer.activation, x);
}

/// Returns the sum over the kernel for one output pixel of one channel.
double convolve(const Layer& layer, std::span<const double> input, std::span<const float> weight,
                int channel, int y, int x) {
  const bool depthwise = layer.op == Operator::depthwise;
  const int first = depthwise ? channel : 0;
  const int count = depthwise ? 1 : layer.input.channels;
  const int height = layer.input.height, width = layer.input.width;
  double sum = 0;
  std::size_t k = 0;
  for (int in = first; in < first + count; ++in)
    for (int row = 0; row < layer.kernel.height; ++row)
      for (int column = 0; column < layer.kernel.width; ++column, ++k) {
        const int from_y =
            y * layer.stride.height - layer.padding.top + row * layer.dilation.height;
        const int from_x =
            x * layer.stride.width - layer.padding.left + column * layer.dilation.width;
        if (from_y < 0 || from_y >= height || from_x < 0 || from_x >= width) continue;
        sum += double{weight[k]} *
               input[(static_cast<std::size_t>(in) * static_cast<std::size_t>(height) +
                      static_cast<std::size_t>(from_y)) *
                         static_cast<std::size_t>(width) +
                     static_cast<std::size_t>(from_x)];
      }
  return sum;
}

/// Returns the affine map between a channel's sum and its activation: x * factor + offset.
pplcnet::Linear linear_of(const Layer& layer, const Parameters& parameters, std::size_t channel,
                          const Deviation& deviation) {
  const double bias = parameters.bias.empty() ? 0 : double{parameters.bias[channel]};
  const double share = layer.output_percent / 100.0;
  if (parameters.gamma.empty()) return {share, bias * share};
  const double epsilon = deviation.batch_norm_epsilon.value_or(layer.norm_epsilon);
  const double factor =
      parameters.gamma[channel] / std::sqrt(parameters.variance[channel] + epsilon);
  return {share * factor,
          (bias * share - parameters.mean[channel]) * factor + parameters.beta[channel]};
}

std::vector<double> compute(const Layer& layer, const Parameters& parameters,
                            std::span<const double> input, const Deviation& deviation) {
  const auto pixels = static_cast<std::size_t>(layer.output.pixels());
  const auto depth = static_cast<std::size_t>(layer.depth());
  const bool scaled = layer.scale_percent != 100 && !deviation.no_dropout_scale;
  const double scale = scaled ? layer.scale_percent / 100.0 : 1;
  std::vector<double> output(static_cast<std::size_t>(layer.output.size()));
  for (std::size_t channel = 0; channel < output.size() / pixels; ++channel) {
    const auto weight = std::span(parameters.weight).subspan(channel * depth, depth);
    const auto [factor, offset] = linear_of(layer, parameters, channel, deviation);
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
      double sum = 0;
      if (layer.op == Operator::pointwise || layer.op == Operator::dense) {
        for (std::size_t in = 0; in < depth; ++in)
          sum += double{weight[in]} * input[in * pixels + pixel];
      } else {
        const int row = static_cast<int>(pixel) / layer.output.width;
        const int column = static_cast<int>(pixel) % layer.output.width;
        sum = convolve(layer, input, weight, static_cast<int>(channel), row, column);
      }
      double value = activated(layer, sum * scale * factor + offset, deviation);
      if (layer.affine) value = value * parameters.affine[0] + parameters.affine[1];
      output[channel * pixels + pixel] = value;
    }
  }
  return output;
}

}  // namespace

bool PlainNetwork::is_complete() const {
  static constexpr Operator kKnown[] = {Operator::convolution, Operator::depthwise,
                                        Operator::pointwise,   Operator::pool,
                                        Operator::dense,       Operator::gate};
  return std::ranges::all_of(layers_, [](const Layer& layer) {
    return std::ranges::find(kKnown, layer.op) != std::end(kKnown) && !layer.has_slopes() &&
           layer.owner_channel == 0 && layer.from_channel == 0;
  });
}

std::vector<double> PlainNetwork::run(std::span<const float> picture, int last,
                                      const Deviation& deviation) const {
  std::vector<std::vector<double>> outputs;
  const std::vector<double> first(picture.begin(), picture.end());
  for (int i = 0; i <= last; ++i) {
    const Layer& layer = layers_[static_cast<std::size_t>(i)];
    const std::vector<double>& input =
        layer.from < 0 ? first : outputs[static_cast<std::size_t>(layer.from)];
    std::vector<double> output;
    if (layer.op == Operator::pool) {
      const auto pixels = static_cast<std::size_t>(layer.input.pixels());
      for (std::size_t place = 0; place < input.size(); place += pixels) {
        double sum = 0;
        for (std::size_t pixel = 0; pixel < pixels; ++pixel) sum += input[place + pixel];
        output.push_back(sum / static_cast<double>(pixels));
      }
    } else if (layer.op == Operator::gate) {
      const auto pixels = static_cast<std::size_t>(layer.output.pixels());
      output = input;
      for (std::size_t place = 0; place < output.size(); ++place)
        output[place] *= outputs.back()[place / pixels];
    } else {
      output = compute(layer, parameters_[static_cast<std::size_t>(i)], input, deviation);
    }
    if (layer.addend >= 0)
      for (std::size_t place = 0; place < output.size(); ++place)
        output[place] += outputs[static_cast<std::size_t>(layer.addend)][place];
    outputs.push_back(std::move(output));
  }
  return outputs.back();
}
