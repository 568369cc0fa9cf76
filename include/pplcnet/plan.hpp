#ifndef PPLCNET_PLAN_HPP
#define PPLCNET_PLAN_HPP

#include <cstdint>

#include "pplcnet/architecture.hpp"
#include "pplcnet/layer.hpp"
#include "pplcnet/memory.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

constexpr int strided(int size, int kernel, int stride) {
  return (size + 2 * ((kernel - 1) / 2) - kernel) / stride + 1;
}

constexpr Shape convolved(const Shape& in, int kernel, Stride stride, int channels) {
  return {strided(in.height, kernel, stride.height), strided(in.width, kernel, stride.width),
          channels};
}

/// Whether a layer's weights are stored as float16. A panel of odd depth would not end where the
/// next can begin.
constexpr bool stored_in_half(const Layer& layer, Storage storage) {
  const bool head = layer.part == Part::head || layer.part == Part::classifier;
  const bool dense = layer.op == Operator::pointwise || layer.op == Operator::dense;
  return layer.depth() % 2 == 0 &&
         (storage == Storage::half ? dense : storage == Storage::half_head && head);
}

/// Appends a layer whose input is `input`; counts its parameters and places its weights.
constexpr Layer& append(Plan& plan, Layer layer) {
  const std::int64_t weights = std::int64_t{layer.depth()} * layer.output.channels;
  layer.half = stored_in_half(layer, plan.architecture.storage);
  if (layer.has_weights()) {
    layer.parameters = weights + (layer.bias ? layer.output.channels : 0) +
                       (layer.batch_norm ? 2 * layer.output.channels : 0);
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
  return plan.layers[plan.layer_count++];
}

constexpr void append_squeeze_excite(Plan& plan, const Architecture& net, const Layer& depthwise) {
  const int channels = depthwise.output.channels;
  int squeezed = channels / 4;
  if (net.squeeze_divisor > 1) squeezed = scaled(squeezed, Scale::x1_0, net.squeeze_divisor);
  Layer layer = {.stage = depthwise.stage, .index = depthwise.index, .block = depthwise.block};
  const Shape wide = {1, 1, channels}, narrow = {1, 1, squeezed};

  layer.op = Operator::pool;
  layer.part = Part::squeeze_pool;
  layer.input = depthwise.output;
  layer.output = wide;
  append(plan, layer);

  layer.op = Operator::dense;
  layer.bias = true;
  layer.part = Part::squeeze_reduce;
  layer.activation = Activation::relu;
  layer.input = wide;
  layer.output = narrow;
  append(plan, layer);

  layer.part = Part::squeeze_expand;
  layer.activation = net.gate;
  layer.input = narrow;
  layer.output = wide;
  append(plan, layer);

  layer.op = Operator::gate;
  layer.part = Part::squeeze_gate;
  layer.bias = false;
  layer.activation = Activation::none;
  layer.input = layer.output = depthwise.output;
  append(plan, layer);
}

constexpr void append_block(Plan& plan, const Architecture& net, int ordinal) {
  const Block& block = net.blocks[ordinal];
  const bool first = ordinal == 0 || net.blocks[ordinal - 1].stage != block.stage;
  const Shape input = plan.back().output;
  Layer layer = {.activation = net.activation,
                 .stage = block.stage,
                 .index = first ? 0 : plan.back().index + 1,
                 .block = ordinal,
                 .batch_norm = true};
  layer.op = Operator::depthwise;
  layer.part = Part::depthwise;
  layer.kernel = block.kernel;
  layer.stride = block.stride;
  layer.input = input;
  layer.output = convolved(input, block.kernel, block.stride, input.channels);
  layer.fused = !block.squeeze_excite;
  const Layer depthwise = append(plan, layer);
  if (block.squeeze_excite) append_squeeze_excite(plan, net, depthwise);

  layer.op = Operator::pointwise;
  layer.part = Part::pointwise;
  layer.kernel = 1;
  layer.stride = 1;
  layer.fused = false;
  layer.input = depthwise.output;
  layer.output = {depthwise.output.height, depthwise.output.width, block.out};
  append(plan, layer);
  if (first) ++plan.stage_count;
  plan.stages[plan.stage_count - 1] = plan.layer_count - 1;
}

constexpr void append_layers(Plan& plan, const Architecture& net) {
  const Shape picture = {net.input.height, net.input.width, 3};
  append(plan, {.op = Operator::convolution,
                .part = Part::stem,
                .activation = net.activation,
                .stage = 1,
                .kernel = 3,
                .stride = net.stem_stride,
                .input = picture,
                .output = convolved(picture, 3, net.stem_stride, net.stem_channels),
                .batch_norm = net.stem_batch_norm});
  for (int i = 0; i < net.block_count; ++i) append_block(plan, net, i);

  Layer layer = {.op = Operator::pool, .part = Part::pool, .input = plan.back().output};
  layer.output = {1, 1, layer.input.channels};
  append(plan, layer);
  layer.op = Operator::dense;
  layer.input = layer.output;
  if (net.head > 0) {
    layer.part = Part::head;
    layer.activation = net.activation;
    layer.bias = net.head_bias;
    layer.output = {1, 1, net.head};
    append(plan, layer);
    layer.input = layer.output;
  }
  layer.part = Part::classifier;
  layer.activation = Activation::none;
  layer.bias = true;
  layer.scale_percent = 100 - net.dropout_percent;
  layer.output = {1, 1, net.classes};
  append(plan, layer);
}

}  // namespace planning

/// Turns an architecture into layers: shapes, weights, blocks, buffers and counts.
constexpr Plan make_plan(const Architecture& architecture) {
  Plan plan;
  plan.architecture = architecture;
  planning::append_layers(plan, architecture);
  planning::choose_rows(plan);
  planning::form_chains(plan);
  planning::place_maps(plan);
  return plan;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_HPP
