#ifndef PPLCNET_PLAN_HPP
#define PPLCNET_PLAN_HPP

#include "pplcnet/append.hpp"
#include "pplcnet/architecture.hpp"
#include "pplcnet/layer.hpp"
#include "pplcnet/memory.hpp"
#include "pplcnet/stem.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

constexpr int append_squeeze_excite(Plan& plan, const Architecture& net, int depthwise) {
  const Layer& gated = plan.layers[depthwise];
  const int channels = gated.output.channels;
  int squeezed = channels / 4;
  if (net.squeeze_divisor > 1) squeezed = scaled(squeezed, Scale::x1_0, net.squeeze_divisor);
  Layer layer = {.stage = gated.stage, .index = gated.index, .block = gated.block};
  const Shape map = gated.output, wide = {1, 1, channels}, narrow = {1, 1, squeezed};

  layer.op = Operator::pool;
  layer.part = Part::squeeze_pool;
  layer.from = depthwise;
  layer.input = map;
  layer.output = wide;
  layer.from = append(plan, layer);

  layer.op = Operator::dense;
  layer.bias = true;
  layer.part = Part::squeeze_reduce;
  layer.activation = Activation::relu;
  layer.input = wide;
  layer.output = narrow;
  layer.from = append(plan, layer);

  layer.part = Part::squeeze_expand;
  layer.activation = net.gate;
  layer.input = narrow;
  layer.output = wide;
  append(plan, layer);

  layer.op = Operator::gate;
  layer.part = Part::squeeze_gate;
  layer.from = depthwise;
  layer.bias = false;
  layer.activation = Activation::none;
  layer.input = layer.output = map;
  return append(plan, layer);
}

/// How the depthwise layer of a block is trained.
constexpr Branches depthwise_branches(const Architecture& net, const Block& block) {
  switch (net.family) {
    case Family::v1:
      break;
    case Family::v2:  // stages of 5×5 kernels
      return block.kernel > 3 ? Branches::v2 : Branches::none;
    case Family::v3:
      return Branches::v3;
    case Family::v4:
      return block.shortcut != Shortcut::none ? Branches::v4 : Branches::batch_norm;
  }
  return Branches::none;
}

constexpr int append_block(Plan& plan, const Architecture& net, int ordinal, int input) {
  const Block& block = net.blocks[ordinal];
  Layer layer = {.activation = net.activation, .stage = block.stage, .block = ordinal};
  for (int i = 0; i < ordinal; ++i) layer.index += net.blocks[i].stage == block.stage ? 1 : 0;

  Layer depthwise = with_branches(layer, depthwise_branches(net, block));
  depthwise.op = Operator::depthwise;
  depthwise.part = Part::depthwise;
  if (block.linear_depthwise) depthwise.activation = Activation::none;
  depthwise.affine = net.affine && !block.linear_depthwise;
  depthwise.kernel = block.kernel;
  depthwise.stride = block.stride;
  depthwise.dilation = block.dilation;
  depthwise.from = input;
  depthwise.input = plan.layers[input].output;
  depthwise.output = convolved(depthwise.input, block.kernel, block.stride,
                               depthwise.input.channels, block.dilation);
  depthwise.fused = !block.squeeze_excite;
  const int spread = append(plan, depthwise);
  const int mixed = block.squeeze_excite ? append_squeeze_excite(plan, net, spread) : spread;

  layer = with_branches(layer, net.family == Family::v3   ? Branches::v3
                               : net.family == Family::v4 ? Branches::batch_norm
                                                          : Branches::none);
  layer.op = Operator::pointwise;
  layer.affine = net.affine;
  layer.from = mixed;
  layer.input = layer.output = depthwise.output;
  if (block.expansion > 0) {
    layer.part = Part::expansion;
    layer.fused = true;
    layer.output.channels = block.expansion;
    layer.from = append(plan, layer);
    layer.fused = false;
    layer.input = layer.output;
  }
  layer.part = Part::pointwise;
  if (block.linear_pointwise) layer.activation = Activation::none;
  layer.output.channels = block.out;
  if (block.shortcut == Shortcut::input) layer.addend = input;
  if (block.shortcut == Shortcut::depthwise) layer.addend = mixed;
  return append(plan, layer);
}

/// The blocks; behind each stage its head, where it has one.
constexpr int append_blocks(Plan& plan, const Architecture& net, int input) {
  for (int i = 0; i < net.block_count; ++i) {
    input = append_block(plan, net, i, input);
    if (i + 1 < net.block_count && net.blocks[i + 1].stage == net.blocks[i].stage) continue;
    const int width = net.stage_heads[plan.stage_count];
    plan.stages[plan.stage_count++] = input;
    if (width == 0) continue;
    const Shape map = plan.layers[input].output;
    plan.outputs[plan.output_count] = append(plan, {.op = Operator::pointwise,
                                                    .part = Part::stage_head,
                                                    .stage = net.blocks[i].stage,
                                                    .index = plan.output_count,
                                                    .input = map,
                                                    .output = {map.height, map.width, width},
                                                    .from = input,
                                                    .bias = true});
    ++plan.output_count;
  }
  return input;
}

/// Pool, embedding, classes.
constexpr int append_classifier(Plan& plan, const Architecture& net, int input) {
  Layer layer = {.op = Operator::pool, .part = Part::pool};
  layer.from = input;
  layer.input = plan.layers[input].output;
  layer.output = {1, 1, layer.input.channels};
  layer.from = append(plan, layer);
  layer.op = Operator::dense;
  layer.input = layer.output;
  if (net.head > 0) {
    layer.part = Part::head;
    layer.activation = net.head_activation ? net.activation : Activation::none;
    layer.bias = net.head_bias;
    layer.batch_norm = net.neck;
    if (net.neck) layer.output_percent = 100 - net.dropout_percent;
    layer.output = {1, 1, net.head};
    layer.from = append(plan, layer);
    layer.batch_norm = false;
    layer.output_percent = 100;
    layer.input = layer.output;
  }
  if (net.classes == 0) return layer.from;
  layer.part = Part::classifier;
  layer.activation = Activation::none;
  layer.bias = true;
  layer.scale_percent = 100 - net.dropout_percent;
  layer.output = {1, 1, net.classes};
  return append(plan, layer);
}

constexpr void append_ending(Plan& plan, const Architecture& net, int input) {
  if (net.ending == Ending::maps) {
    if (plan.output_count > 0) return;
    for (int i = 0; i < plan.stage_count; ++i) plan.outputs[i] = plan.stages[i];
    plan.output_count = plan.stage_count;
    return;
  }
  if (net.ending == Ending::classifier) {
    plan.outputs[plan.output_count++] = append_classifier(plan, net, input);
    return;
  }
  constexpr Stride kWindow = {3, 2};
  const Shape map = plan.layers[input].output;
  plan.outputs[plan.output_count++] = append(
      plan, {.op = Operator::average_pool,
             .part = Part::columns,
             .stride = kWindow,
             .input = map,
             .output = {map.height / kWindow.height, map.width / kWindow.width, map.channels},
             .from = input});
}

}  // namespace planning

/// Turns an architecture, in which `find_flaw` finds nothing, into layers: shapes, weights, blocks,
/// buffers and counts.
constexpr Plan make_plan(const Architecture& architecture) {
  Plan plan;
  plan.architecture = architecture;
  const int stem = planning::append_stem(plan, architecture);
  const int last = planning::append_blocks(plan, architecture, stem);
  planning::append_ending(plan, architecture, last);
  planning::choose_rows(plan);
  planning::form_chains(plan);
  planning::place_maps(plan);
  return plan;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_HPP
