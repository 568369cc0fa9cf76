#ifndef PPLCNET_WEIGHTS_FOLD_HPP
#define PPLCNET_WEIGHTS_FOLD_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "pplcnet/layer.hpp"
#include "pplcnet/weights/data_type.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What batch norm adds to the variance, in every framework.
inline constexpr double kBatchNormEpsilon = 1e-5;

/// A layer's parameters as a file holds them, [out][in][kernel][kernel]; empty: not there.
struct Parameters {
  std::vector<float> weight, bias, gamma, beta, mean, variance;
};

/// Folds what is constant at inference into weight and bias: batch norm,
/// y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, and the layer's scale (dropout),
/// which multiplies the input. Computed in double, with every fused step written out, so that all
/// compilers get the same bits; leaves one weight and one bias per output.
inline void fold(const Layer& layer, Parameters& parameters) {
  const auto outputs = static_cast<std::size_t>(layer.output.channels);
  const auto depth = static_cast<std::size_t>(layer.depth());
  const double keep = layer.scale_percent / 100.0;
  parameters.bias.resize(outputs);
  for (std::size_t o = 0; o < outputs; ++o) {
    double factor = 1, offset = 0;
    if (layer.batch_norm) {
      factor = parameters.gamma[o] / std::sqrt(parameters.variance[o] + kBatchNormEpsilon);
      offset = std::fma(-parameters.mean[o], factor, parameters.beta[o]);
    }
    for (std::size_t k = 0; k < depth; ++k) {
      float& weight = parameters.weight[o * depth + k];
      weight = static_cast<float>(weight * factor * keep);
    }
    parameters.bias[o] = static_cast<float>(std::fma(parameters.bias[o], factor, offset));
  }
}

/// Place of weight [output][k] among a layer's packed weights; k counts [in][kernel][kernel] as
/// files do. In memory a convolution's sum runs over [kernel row][in][kernel column], in the order
/// in which it keeps the picture's rows.
constexpr std::size_t packed_index(const Layer& layer, std::size_t output, std::size_t k) {
  const auto depth = static_cast<std::size_t>(layer.depth());
  if (layer.op == Operator::convolution) {
    const auto kernel = static_cast<std::size_t>(layer.kernel);
    const auto channels = static_cast<std::size_t>(layer.input.channels);
    const std::size_t column = k % kernel, row = k / kernel % kernel;
    k = (row * channels + k / kernel / kernel) * kernel + column;
  }
  return (output / kPanel * depth + k) * kPanel + output % kPanel;
}

/// A layer's packed weights among a network's, whatever type they are stored in.
inline void store_weight(const Layer& layer, std::span<float> weights, std::size_t index,
                         float value) {
  float* const packed = weights.data() + layer.weights;
  if (!layer.half) {
    packed[index] = value;
    return;
  }
  const std::uint16_t half = f16_from_float(value);
  std::memcpy(reinterpret_cast<std::byte*>(packed) + index * sizeof(half), &half, sizeof(half));
}

inline float load_weight(const Layer& layer, std::span<const float> weights, std::size_t index) {
  const float* const packed = weights.data() + layer.weights;
  if (!layer.half) return packed[index];
  std::uint16_t half = 0;
  std::memcpy(&half, reinterpret_cast<const std::byte*>(packed) + index * sizeof(half),
              sizeof(half));
  return float_from_f16(half);
}

/// Writes folded parameters to their place among a network's packed weights; what pads the last
/// panel is zero.
inline void pack(const Layer& layer, const Parameters& folded, std::span<float> weights) {
  const auto outputs = static_cast<std::size_t>(layer.output.channels);
  const auto depth = static_cast<std::size_t>(layer.depth());
  const std::span<float> packed = weights.subspan(layer.weights, layer.weight_floats());
  const std::span<float> biases = weights.subspan(layer.biases, layer.bias_floats());
  std::fill(packed.begin(), packed.end(), 0.0f);
  std::fill(biases.begin(), biases.end(), 0.0f);
  for (std::size_t o = 0; o < outputs; ++o) {
    for (std::size_t k = 0; k < depth; ++k)
      store_weight(layer, weights, packed_index(layer, o, k), folded.weight[o * depth + k]);
    biases[o] = folded.bias[o];
  }
}

/// The opposite of `pack`: weight [out][in][kernel][kernel] and bias.
inline Parameters unpack(const Layer& layer, std::span<const float> weights) {
  const auto outputs = static_cast<std::size_t>(layer.output.channels);
  const auto depth = static_cast<std::size_t>(layer.depth());
  Parameters folded;
  folded.weight.resize(outputs * depth);
  for (std::size_t o = 0; o < outputs; ++o)
    for (std::size_t k = 0; k < depth; ++k)
      folded.weight[o * depth + k] = load_weight(layer, weights, packed_index(layer, o, k));
  const auto biases = weights.subspan(layer.biases, outputs);
  folded.bias.assign(biases.begin(), biases.end());
  return folded;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_FOLD_HPP
