#ifndef PPLCNET_QUANTISE_LAYER_CONSTANTS_HPP
#define PPLCNET_QUANTISE_LAYER_CONSTANTS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "pplcnet/plan/quantised_layer.hpp"
#include "pplcnet/quantise/arithmetic.hpp"
#include "pplcnet/quantise/constants.hpp"
#include "pplcnet/quantise/quantised_model.hpp"
#include "pplcnet/quantise/weights.hpp"
#include "pplcnet/weights/error.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Checks a model against a plan, and computes the integer constants of its layers.
class LayerConstants {
 public:
  /// Refers to both.
  LayerConstants(const QuantisedModel& model, std::span<const QuantisedLayer> layers)
      : model_(model), layers_(layers) {}

  /// Checks that the model has what each layer of the plan needs, no more, of the right size.
  Error check() const {
    if (model_.layers.size() != layers_.size())
      return Error::of("quantised model: expected ", layers_.size(), " layers, found ",
                       model_.layers.size());
    for (int c = 0; c < kPictureChannels; ++c) {
      const float scale = model_.picture_scales[static_cast<std::size_t>(c)];
      const float zero = model_.picture_zeros[static_cast<std::size_t>(c)];
      if (!constants::is_scale(scale))
        return Error::of("quantised picture, channel ", c, ": its scale is no positive number");
      if (!(zero >= 0 && zero <= 255))
        return Error::of("quantised picture, channel ", c, ": its zero point is not in 0 to 255");
    }
    for (std::size_t i = 0; i < layers_.size(); ++i)
      if (auto error = check(i)) return error;
    return {};
  }

  /// Computes those of a layer's output channels, after `check`.
  Error of(std::size_t index, std::vector<ChannelConstants>& channels) const {
    const QuantisedLayer& layer = layers_[index];
    if (layer.op == Operator::picture) return {};
    channels.assign(static_cast<std::size_t>(layer.output.channels), {});
    for (std::size_t c = 0; c < channels.size(); ++c)
      if (auto error = compute(index, c, channels[c])) return problem(index, c, error.message());
    return {};
  }

  /// Returns the scale and the zero point of a channel that a layer gives.
  ByteScale scale_of(int layer, std::size_t channel) const {
    const QuantisedTensors& tensors = model_.layers[static_cast<std::size_t>(layer)];
    return {tensors.scales[channel], tensors.zeros[channel]};
  }

 private:
  template <class... Pieces>
  static Error problem(std::size_t layer, const Pieces&... pieces) {
    return Error::of("quantised layer ", layer, ": ", pieces...);
  }
  static Error problem(std::size_t layer, std::size_t channel, const char* what) {
    return problem(layer, "channel ", channel, ": ", what);
  }

  static Error check_count(std::size_t layer, const char* what, std::size_t found,
                           std::size_t expected) {
    if (found == expected) return {};
    return problem(layer, "expected ", expected, " ", what, ", found ", found);
  }

  Error check(std::size_t index) const {
    const QuantisedLayer& layer = layers_[index];
    const QuantisedTensors& tensors = model_.layers[index];
    const bool is_picture = layer.op == Operator::picture;
    const std::size_t outputs = is_picture ? 0 : static_cast<std::size_t>(layer.output.channels);
    const std::size_t summed = layer.has_weights() ? outputs : 0;
    const std::size_t bytes = layer.ending == Ending::bytes ? outputs : 0;
    const struct {
      const char* what;
      std::size_t found, expected;
    } counts[] = {{"weights", tensors.weights.size(), summed * weights_of_channel(layer)},
                  {"weight scales", tensors.weight_scales.size(), summed},
                  {"biases", tensors.biases.size(), summed},
                  {"scales", tensors.scales.size(), bytes},
                  {"zero points", tensors.zeros.size(), bytes}};
    for (const auto& [what, found, expected] : counts)
      if (auto error = check_count(index, what, found, expected)) return error;
    return check_weights(index);
  }

  Error check_weights(std::size_t index) const {
    const QuantisedLayer& layer = layers_[index];
    if (!layer.has_weights()) return {};
    const std::size_t depth = weights_of_channel(layer);
    const auto& weights = model_.layers[index].weights;
    std::vector<int> sum(static_cast<std::size_t>(layer.depth()));
    for (std::size_t first = 0; first < weights.size(); first += depth) {
      for (std::size_t k = 0; k < depth; ++k)
        sum[place_in_sum(layer, k)] = std::abs(int{weights[first + k]});
      if (std::ranges::max(sum) > kLargestWeight)
        return problem(index, first / depth, "a weight of -128, they are from -127 to 127");
      for (std::size_t k = 0; k < sum.size() && layer.op != Operator::depthwise; k += 2)
        if (sum[k] + sum[k + 1] > kLargestPair)
          return problem(index, first / depth, "neighbouring weights of more than 128 together");
    }
    return {};
  }

  /// Returns the sum of a channel; its bias and scale are not checked.
  ChannelSum sum_of(std::size_t index, std::size_t channel) const {
    const QuantisedLayer& layer = layers_[index];
    const QuantisedTensors& tensors = model_.layers[index];
    const std::size_t depth = weights_of_channel(layer);
    const std::size_t taps = layer.op == Operator::depthwise
                                 ? depth
                                 : depth / static_cast<std::size_t>(layer.input.channels);
    ChannelSum sum = {.weight_scale = tensors.weight_scales[channel],
                      .bias = tensors.biases[channel]};
    for (std::size_t k = 0; k < depth; ++k) {
      const int weight = int{tensors.weights[channel * depth + k]};
      const std::size_t in = layer.op == Operator::depthwise ? channel : k / taps;
      sum.reach += std::int64_t{255} * std::abs(weight);
      // Exact: a product of 8 and of 24 bits, and of sums as many as a layer has.
      sum.offset += rounded(weight * zero_of_input(layer, in));
    }
    return sum;
  }

  double zero_of_input(const QuantisedLayer& layer, std::size_t channel) const {
    if (layer.from < 0) return double{model_.picture_zeros[channel]};
    return model_.layers[static_cast<std::size_t>(layer.from)].zeros[channel];
  }

  Error compute(std::size_t index, std::size_t channel, ChannelConstants& result) const {
    const QuantisedLayer& layer = layers_[index];
    const int own = static_cast<int>(index);
    switch (layer.op) {
      case Operator::pool:
        return pool_constants(scale_of(layer.from, channel), scale_of(own, channel), result);
      case Operator::gate:
        return gate_constants(scale_of(layer.from, channel), layer.activation,
                              scale_of(own, channel), result);
      default:
        break;
    }
    const ChannelSum sum = sum_of(index, channel);
    if (layer.ending == Ending::logits) return logit_constants(sum, result);
    if (layer.ending == Ending::factors) {
      const auto gate = std::ranges::find(layers_, own, &QuantisedLayer::factors);
      return factor_constants(sum, layer.activation, scale_of(gate->from, channel).scale,
                              scale_of(static_cast<int>(gate - layers_.begin()), channel).scale,
                              result);
    }
    ByteEnding ending = {layer.activation, layer.last_activation, layer.addend >= 0, {}};
    if (ending.adds) ending.addend = scale_of(layer.addend, channel);
    return constants_of(sum, ending, scale_of(own, channel), result);
  }

  const QuantisedModel& model_;
  std::span<const QuantisedLayer> layers_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_LAYER_CONSTANTS_HPP
