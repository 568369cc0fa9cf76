#ifndef PPLCNET_APPEND_HPP
#define PPLCNET_APPEND_HPP

#include <cstdint>

#include "pplcnet/architecture.hpp"
#include "pplcnet/layer.hpp"

// How a plan grows, layer by layer.

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// Zeros are kernel - 1 in all; an even kernel has one more of them at the end than in front.
constexpr int strided(int size, int kernel, int stride, int dilation) {
  return (size + (kernel - 1) % 2 + 2 * ((kernel - 1) / 2 * dilation) -
          ((kernel - 1) * dilation + 1)) /
             stride +
         1;
}

constexpr Shape convolved(const Shape& in, int kernel, Stride stride, int channels,
                          int dilation = 1) {
  return {strided(in.height, kernel, stride.height, dilation),
          strided(in.width, kernel, stride.width, dilation), channels};
}

/// Whether a layer's weights are stored as float16. A panel of odd depth would not end where the
/// next can begin.
constexpr bool stored_in_half(const Layer& layer, Storage storage) {
  const bool head = layer.part == Part::head || layer.part == Part::classifier;
  const bool dense = layer.op == Operator::pointwise || layer.op == Operator::dense;
  return layer.depth() % 2 == 0 &&
         (storage == Storage::half ? dense : storage == Storage::half_head && head);
}

/// Appends a layer; counts its parameters and places its weights. Returns its ordinal.
constexpr int append(Plan& plan, Layer layer) {
  const std::int64_t weights = std::int64_t{layer.depth()} * layer.output.channels;
  layer.half = stored_in_half(layer, plan.architecture.storage);
  if (layer.has_weights()) {
    constexpr int kAffine = 4;  // scale and shift, in front of the activation and behind it
    layer.parameters = weights + (layer.bias ? layer.output.channels : 0) +
                       (layer.batch_norm ? 2 * layer.output.channels : 0) +
                       (layer.branches == Branches::v3 ? kAffine : 0);
    layer.buffers = layer.batch_norm ? 2 * layer.output.channels : 0;
    layer.multiply_adds = weights * layer.output.pixels();
    layer.weights = plan.weight_floats;
    layer.biases = layer.weights + layer.weight_floats();
    plan.weight_floats = layer.biases + layer.bias_floats();
  }
  plan.parameter_count += layer.parameters;
  plan.buffer_count += layer.buffers;
  plan.multiply_add_count += layer.multiply_adds;
  plan.layers[plan.layer_count] = layer;
  return plan.layer_count++;
}

/// Says what a layer consists of in files: a batch norm, or branches that become a bias.
constexpr Layer with_branches(Layer layer, Branches branches) {
  layer.branches = branches;
  layer.bias = branches != Branches::none;
  layer.batch_norm = branches == Branches::none;
  return layer;
}

/// A dense kernel × kernel convolution of a map: `layer` says what is behind its sum.
constexpr int append_convolution(Plan& plan, Layer layer, int from, int kernel, Stride stride,
                                 int channels) {
  const Shape input = layer.input.channels > 0 ? layer.input : plan.layers[from].output;
  Layer patches = {.op = Operator::patches,
                   .part = Part::patches,
                   .stage = layer.stage,
                   .index = layer.index,
                   .kernel = kernel,
                   .stride = stride,
                   .input = input,
                   .output = convolved(input, kernel, stride, kernel * kernel * input.channels),
                   .from = from,
                   .fused = true};
  layer.from = append(plan, patches);
  layer.op = Operator::pointwise;
  layer.kernel = kernel;
  layer.input = patches.output;
  layer.output = patches.output;
  layer.output.channels = channels;
  return append(plan, layer);
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_APPEND_HPP
