#ifndef PPLCNET_QUANTISE_QUANTISE_HPP
#define PPLCNET_QUANTISE_QUANTISE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/quantised_layer.hpp"
#include "pplcnet/quantise/choose_scale.hpp"
#include "pplcnet/quantise/constants.hpp"
#include "pplcnet/quantise/quantised_model.hpp"
#include "pplcnet/quantise/weights.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/fold.hpp"

// A network in bytes from one in floats.

namespace pplcnet::inline PPLCNET_ABI {

/// A network in floats and in bytes: the same layers, whose packed weights are float32.
struct QuantisedPair {
  std::span<const Layer> floats;
  std::span<const QuantisedLayer> bytes;
  std::span<const float> weights;
};

/// Makes a model, layer by layer.
class Quantisation {
 public:
  /// Refers to `network`. The model's picture is set.
  Quantisation(const QuantisedPair& network, QuantisedModel& model)
      : network_(network), model_(model) {
    model_.layers.assign(network.bytes.size(), {});
  }

  /// Sets what a layer consists of, after all before it: `ranges` are those of its channels, after
  /// its last activation; nothing is needed where it gives logits or factors.
  Error add(std::size_t index, std::span<const Range> ranges) {
    const QuantisedLayer& layer = network_.bytes[index];
    if (layer.op == Operator::picture) return {};
    if (layer.has_weights())
      if (auto error = round_weights(index)) return error;
    if (layer.ending != Ending::bytes) return {};
    QuantisedTensors& tensors = model_.layers[index];
    const auto outputs = static_cast<std::size_t>(layer.output.channels);
    if (ranges.size() != outputs)
      return Error::of("layer ", index, ": expected ranges of ", outputs, " channels, found ",
                       ranges.size());
    tensors.scales.resize(outputs);
    tensors.zeros.resize(outputs);
    for (std::size_t c = 0; c < outputs; ++c) {
      const auto [low, high] = ranges[c];
      if (!(low <= high && std::abs(low) < kLargest && std::abs(high) < kLargest))
        return Error::of("layer ", index, ", channel ", c, ": its range is none of finite numbers");
      ByteScale scale;
      if (auto error =
              choose_scale(index, c, layer.gives_vector() ? widened(ranges[c]) : ranges[c], scale))
        return error;
      tensors.scales[c] = scale.scale;
      tensors.zeros[c] = scale.zero;
    }
    return {};
  }

 private:
  static constexpr double kLargest = 1e30;

  /// Returns a larger range: calibration sees one value of a vector a picture, not the extremes.
  static Range widened(const Range& range) { return {range.low * 1.25, range.high * 1.25}; }

  ByteScale scale_of(int layer, std::size_t channel) const {
    const QuantisedTensors& tensors = model_.layers[static_cast<std::size_t>(layer)];
    return {tensors.scales[channel], tensors.zeros[channel]};
  }

  Error choose_scale(std::size_t index, std::size_t channel, const Range& range, ByteScale& scale) {
    const QuantisedLayer& layer = network_.bytes[index];
    if (layer.op == Operator::pool) {
      scale = pool_scale(range, scale_of(layer.from, channel));
      return {};
    }
    if (layer.op == Operator::gate) {
      const auto dense = static_cast<std::size_t>(layer.factors);
      scale =
          gate_scale(range, layer.activation, scale_of(layer.from, channel),
                     network_.bytes[dense].activation, model_.layers[dense].weight_scales[channel]);
      return {};
    }
    ByteEnding ending = {layer.activation, layer.last_activation, layer.addend >= 0, {}};
    if (ending.adds) ending.addend = scale_of(layer.addend, channel);
    const float& weight_scale = model_.layers[index].weight_scales[channel];
    scale = pplcnet::scale_of(range, weight_scale, ending);
    if (is_too_coarse(range, weight_scale, ending, scale)) {
      make_constant(index, channel, range);
      scale = pplcnet::scale_of(range, weight_scale, ending);
    }
    if (divides(range, weight_scale, ending, scale)) return {};
    const double width = std::min(range.high - range.low, 1e18);
    return Error::of("layer ", index, ", channel ", channel, ": its values differ by ",
                     static_cast<std::int64_t>(width),
                     ", of which 16 bits have not even eight steps");
  }

  /// Makes a channel with a hardswish one value: the middle of its range, or, as biases are
  /// corrected, that of its mean sum.
  void make_constant(std::size_t index, std::size_t channel, const Range& range) {
    QuantisedTensors& tensors = model_.layers[index];
    const std::size_t depth = weights_of_channel(network_.bytes[index]);
    std::ranges::fill(std::span(tensors.weights).subspan(channel * depth, depth), std::int8_t{0});
    const double middle = std::max((range.low + range.high) / 2, 0.0);
    const double sum = middle >= 3 ? middle : (std::sqrt(9 + 24 * middle) - 3) / 2;
    if (network_.bytes[index].from < 0) tensors.biases[channel] = static_cast<float>(sum);
    tensors.weight_scales[channel] =
        static_cast<float>(std::max(sum, constants::kHardswishReach) / constants::kMost);
  }

  /// Returns the scale of what a layer reads.
  double input_scale(const QuantisedLayer& layer, std::size_t channel) const {
    if (layer.from < 0) return double{model_.picture_scales[channel]};
    return double{model_.layers[static_cast<std::size_t>(layer.from)].scales[channel]};
  }

  Error round_weights(std::size_t index) {
    const QuantisedLayer& layer = network_.bytes[index];
    const Parameters parameters = unpack(network_.floats[index], network_.weights);
    const std::size_t depth = weights_of_channel(layer);
    const bool depthwise = layer.op == Operator::depthwise;
    const std::size_t taps =
        depthwise ? depth : depth / static_cast<std::size_t>(layer.input.channels);
    QuantisedTensors& tensors = model_.layers[index];
    tensors.biases = parameters.bias;
    tensors.weights.resize(parameters.weight.size());
    const WeightRounding rounding(layer);
    std::vector<double> scaled(depth);
    // A sigmoid's argument is counted in steps of 1/1024.
    const double most = layer.ending == Ending::factors && layer.activation == Activation::sigmoid
                            ? 1.0 / kSigmoidOne
                            : kLargest;
    for (std::size_t o = 0; o < tensors.biases.size(); ++o) {
      for (std::size_t k = 0; k < depth; ++k) {
        scaled[k] =
            double{parameters.weight[o * depth + k]} * input_scale(layer, depthwise ? o : k / taps);
        if (!(std::abs(scaled[k]) < kLargest))
          return Error::of("layer ", index, ", channel ", o, ": its weights are not finite");
      }
      // A bias has 29 bits of its own.
      const double least = std::max(0x1p-100, std::abs(double{tensors.biases[o]}) * 0x1p-29);
      tensors.weight_scales.push_back(rounding.round(
          scaled, least, most, std::span(tensors.weights).subspan(o * depth, depth)));
    }
    return {};
  }

  const QuantisedPair& network_;
  QuantisedModel& model_;
};

/// Makes a model of a network's weights and of the ranges of each layer's channels; its picture is
/// set.
inline Error quantise(const QuantisedPair& network, std::span<const std::vector<Range>> ranges,
                      QuantisedModel& model) {
  if (ranges.size() != network.bytes.size())
    return Error::of("expected ranges of ", network.bytes.size(), " layers, found ", ranges.size());
  Quantisation quantisation(network, model);
  for (std::size_t i = 0; i < ranges.size(); ++i)
    if (auto error = quantisation.add(i, ranges[i])) return error;
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_QUANTISE_HPP
