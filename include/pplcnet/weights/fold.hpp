#ifndef PPLCNET_WEIGHTS_FOLD_HPP
#define PPLCNET_WEIGHTS_FOLD_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "pplcnet/compiled.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/data_type.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A layer's parameters as a file holds them, [out][in][kernel][kernel]; empty: not there. An
/// affine is the scale and the shift after the activation, slopes are those of a PReLU.
struct Parameters {
  std::vector<float> weight, bias, gamma, beta, mean, variance, affine, slopes;
};

/// Returns those that are one after the other by output channels.
inline std::array<std::vector<float>*, 7> by_channel(Parameters& parameters) {
  return {&parameters.weight, &parameters.bias,     &parameters.gamma, &parameters.beta,
          &parameters.mean,   &parameters.variance, &parameters.slopes};
}

/// Returns a matrix of `count` rows the other way round: some files hold a dense layer's weight as
/// [in][out], this library as [out][in].
inline std::vector<float> transposed(std::span<const float> matrix, int count) {
  const auto rows = static_cast<std::size_t>(count);
  const std::size_t columns = matrix.size() / rows;
  std::vector<float> result(matrix.size());
  constexpr std::size_t kLine = 16;  // floats of a cache line, which is written at once
  for (std::size_t first = 0; first < rows; first += kLine)
    for (std::size_t column = 0; column < columns; ++column)
      for (std::size_t row = first; row < std::min(first + kLine, rows); ++row)
        result[column * rows + row] = matrix[row * columns + column];
  return result;
}

/// Reorders a transposed convolution's weight, [in][out][kernel][kernel], to
/// [kernel][kernel][out][in]: those of the channels that it gives before they become pixels.
PPLCNET_INLINE void spread(const Layer& layer, std::vector<float>& weight);

/// Gives channels that share parameters their own.
PPLCNET_INLINE void repeat(const Layer& layer, Parameters& parameters);

/// Batch norm as an affine map of its input: x * factor + offset.
struct Linear {
  double factor = 1, offset = 0;
};

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta, for output `o`; nothing without it.
inline Linear batch_norm_of(const Parameters& parameters, std::size_t o,
                            double epsilon = kBatchNormEpsilon) {
  if (parameters.gamma.empty()) return {};
  const double factor = parameters.gamma[o] / std::sqrt(parameters.variance[o] + epsilon);
  return {factor, std::fma(-parameters.mean[o], factor, parameters.beta[o])};
}

/// Folds what is constant at inference into weight and bias: batch norm, and the layer's scales
/// (dropout in front of it or after it). Computed in double, with every fused step written out, so
/// that all compilers get the same bits; leaves one weight and one bias per output.
PPLCNET_INLINE void fold(const Layer& layer, Parameters& parameters);

/// Undoes `fold` where a layer's scale is all that is folded; false, and nothing changes, if a
/// weight is none that the scale makes of another, bit for bit.
PPLCNET_INLINE bool unfold_scale(const Layer& layer, Parameters& folded);

/// Returns the place of weight [output][k] among a layer's packed weights; k counts
/// [in][kernel][kernel] as files do. In memory a convolution's sum runs over [kernel
/// row][in][kernel column], in the order in which it keeps the picture's rows; a product's over
/// [kernel row][kernel column][in].
constexpr std::size_t packed_index(const Layer& layer, std::size_t output, std::size_t k) {
  const auto depth = static_cast<std::size_t>(layer.depth());
  if (layer.op == Operator::convolution || layer.is_product()) {
    const auto height = static_cast<std::size_t>(layer.kernel.height);
    const auto width = static_cast<std::size_t>(layer.kernel.width);
    const std::size_t channels = depth / (height * width);
    const std::size_t column = k % width, row = k / width % height, in = k / width / height;
    k = layer.is_stem() ? (row * channels + in) * width + column
                        : (row * width + column) * channels + in;
  }
  return (output / kPanel * depth + k) * kPanel + output % kPanel;
}

/// Returns how far from an output's first weight its others are packed, in the order of files.
inline std::vector<std::size_t> packed_steps(const Layer& layer) {
  std::vector<std::size_t> steps(static_cast<std::size_t>(layer.depth()));
  for (std::size_t k = 0; k < steps.size(); ++k) steps[k] = packed_index(layer, 0, k);
  return steps;
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
PPLCNET_INLINE void pack(const Layer& layer, const Parameters& folded, std::span<float> weights);

/// Returns the opposite of `pack`: weight [out][in][kernel][kernel] and bias.
PPLCNET_INLINE Parameters unpack(const Layer& layer, std::span<const float> weights);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE void spread(const Layer& layer, std::vector<float>& weight) {
  const auto in = static_cast<std::size_t>(layer.input.channels);
  const auto taps = static_cast<std::size_t>(layer.repeats);
  const auto out = static_cast<std::size_t>(layer.output.channels) / taps;
  std::vector<float> result(weight.size());
  for (std::size_t i = 0; i < in; ++i)
    for (std::size_t o = 0; o < out; ++o)
      for (std::size_t tap = 0; tap < taps; ++tap)
        result[(tap * out + o) * in + i] = weight[(i * out + o) * taps + tap];
  weight = std::move(result);
}

PPLCNET_INLINE void repeat(const Layer& layer, Parameters& parameters) {
  if (layer.layout == Layout::transposed) spread(layer, parameters.weight);
  for (std::vector<float>* values : by_channel(parameters)) {
    const std::size_t count = values->size();
    if (count * static_cast<std::size_t>(layer.repeats) !=
        static_cast<std::size_t>(layer.output.channels))
      continue;
    for (int i = 1; i < layer.repeats; ++i)
      for (std::size_t k = 0; k < count; ++k) values->push_back((*values)[k]);
  }
}

PPLCNET_INLINE void fold(const Layer& layer, Parameters& parameters) {
  const auto outputs = static_cast<std::size_t>(layer.output.channels);
  const auto depth = static_cast<std::size_t>(layer.depth());
  const double keep = layer.scale_percent / 100.0, share = layer.output_percent / 100.0;
  if (parameters.weight.empty()) parameters.weight.assign(outputs * depth, 1);  // Layout::none
  parameters.bias.resize(outputs);
  for (std::size_t o = 0; o < outputs; ++o) {
    const Linear norm = batch_norm_of(parameters, o, layer.norm_epsilon);
    const double factor = norm.factor * share;
    for (std::size_t k = 0; k < depth; ++k) {
      float& weight = parameters.weight[o * depth + k];
      weight = static_cast<float>(weight * factor * keep);
    }
    parameters.bias[o] = static_cast<float>(std::fma(parameters.bias[o], factor, norm.offset));
  }
}

PPLCNET_INLINE bool unfold_scale(const Layer& layer, Parameters& folded) {
  const double keep = layer.scale_percent / 100.0;
  std::vector<float> result;
  for (const float weight : folded.weight) {
    constexpr float kFar = std::numeric_limits<float>::infinity();
    const auto nearest = static_cast<float>(weight / keep);
    const float candidates[] = {nearest, std::nextafter(nearest, -kFar),
                                std::nextafter(nearest, kFar)};
    const auto* const found = std::ranges::find_if(
        candidates, [&](float one) { return static_cast<float>(one * keep) == weight; });
    if (found == std::end(candidates)) return false;
    result.push_back(*found);
  }
  folded.weight = std::move(result);
  return true;
}

PPLCNET_INLINE void pack(const Layer& layer, const Parameters& folded, std::span<float> weights) {
  const auto outputs = static_cast<std::size_t>(layer.output.channels);
  const auto depth = static_cast<std::size_t>(layer.depth());
  const std::span<float> packed = weights.subspan(layer.weights, layer.weight_floats());
  const std::span<float> biases = weights.subspan(layer.biases, layer.bias_floats());
  std::fill(packed.begin(), packed.end(), 0.0f);
  std::fill(biases.begin(), biases.end(), 0.0f);
  const std::vector<std::size_t> steps = packed_steps(layer);
  for (std::size_t o = 0; o < outputs; ++o) {
    const std::size_t first = packed_index(layer, o, 0);
    for (std::size_t k = 0; k < depth; ++k)
      store_weight(layer, weights, first + steps[k], folded.weight[o * depth + k]);
    biases[o] = folded.bias[o];
  }
  std::ranges::copy(folded.affine, weights.data() + layer.affine_place());
  if (layer.has_slopes()) std::ranges::copy(folded.slopes, weights.data() + layer.slopes_place());
}

PPLCNET_INLINE Parameters unpack(const Layer& layer, std::span<const float> weights) {
  const auto outputs = static_cast<std::size_t>(layer.output.channels);
  const auto depth = static_cast<std::size_t>(layer.depth());
  Parameters folded;
  folded.weight.resize(outputs * depth);
  const std::vector<std::size_t> steps = packed_steps(layer);
  for (std::size_t o = 0; o < outputs; ++o) {
    const std::size_t first = packed_index(layer, o, 0);
    for (std::size_t k = 0; k < depth; ++k)
      folded.weight[o * depth + k] = load_weight(layer, weights, first + steps[k]);
  }
  const auto biases = weights.subspan(layer.biases, outputs);
  folded.bias.assign(biases.begin(), biases.end());
  if (layer.affine) {
    const auto affine = weights.subspan(layer.affine_place(), 2);
    folded.affine.assign(affine.begin(), affine.end());
  }
  if (layer.has_slopes()) {
    const auto slopes = weights.subspan(layer.slopes_place(), outputs);
    folded.slopes.assign(slopes.begin(), slopes.end());
  }
  return folded;
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_FOLD_HPP
