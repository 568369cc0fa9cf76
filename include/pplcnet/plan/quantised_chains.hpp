#ifndef PPLCNET_PLAN_QUANTISED_CHAINS_HPP
#define PPLCNET_PLAN_QUANTISED_CHAINS_HPP

#include <algorithm>
#include <cstddef>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/quantised_layer.hpp"
#include "pplcnet/plan/schedule.hpp"
#include "pplcnet/plan/uses.hpp"

// Which layers of a plan in bytes are computed together, how many rows at a time, and where these
// wait. A chain is one layer, or a depthwise layer or a gate and the pointwise layer that alone
// reads it.

namespace pplcnet::inline PPLCNET_ABI {

/// How many bytes of L1 a block of the picture's rows may fill.
inline constexpr std::size_t kPictureBytes = 32 << 10;

/// How many bytes of L2 another block of rows may fill. Each block reads all weights once, a few
/// panels at a time, which stay in L1 for all of its pixels.
inline constexpr std::size_t kBlockBytes = 128 << 10;

namespace planning {

constexpr Uses uses_of(const QuantisedPlan& plan) {
  Uses uses;
  for (int i = 0; i < plan.layer_count; ++i) {
    uses.last_reader[i] = -1;
    uses.last[i] = i;
    for (const int read : {plan.layers[i].from, plan.layers[i].addend, plan.layers[i].factors})
      if (read >= 0) uses.last_reader[read] = uses.last[read] = i;
  }
  return uses;
}

/// Returns bytes from a pixel of so many channels to the next one.
constexpr int byte_pitch(int channels) { return static_cast<int>(round_up(channels, kPanel)); }

/// Finds the depthwise layers and gates whose rows go through scratch into the next layer. Maps of
/// stages and results are stored.
constexpr void fuse_layers(QuantisedPlan& quantised, const Plan& plan, const Uses& uses) {
  for (int i = 0; i + 1 < plan.layer_count; ++i) {
    QuantisedLayer& layer = quantised.layers[i];
    const QuantisedLayer& next = quantised.layers[i + 1];
    layer.fused = (layer.op == Operator::depthwise || layer.op == Operator::gate) &&
                  next.op == Operator::pointwise && next.from == i && next.addend != i &&
                  uses.last_reader[i] == i + 1;
    for (int stage = 0; stage < plan.stage_count; ++stage)
      if (plan.stages[stage] == i) layer.fused = false;
    for (int output = 0; output < plan.output_count; ++output)
      if (plan.outputs[output] == i) layer.fused = false;
  }
}

/// Gives every map that is stored its shape, and the frame that its readers need.
constexpr void frame_maps(QuantisedPlan& plan) {
  for (int i = 0; i < plan.layer_count; ++i) {
    QuantisedLayer& layer = plan.layers[i];
    if (!layer.fused && !layer.gives_vector() && layer.op != Operator::picture) {
      layer.target.shape = layer.output;
      layer.target.pixel_pitch = byte_pitch(layer.output.channels);
    }
    if (layer.op != Operator::depthwise) continue;
    Padding& frame = plan.layers[layer.from].target.frame;
    frame.top = std::max(frame.top, layer.padding.top);
    frame.left = std::max(frame.left, layer.padding.left);
    frame.bottom = std::max(frame.bottom, layer.padding.bottom);
    frame.right = std::max(frame.right, layer.padding.right);
  }
}

/// Returns the bytes that a chain keeps in cache for one row of its output.
constexpr std::size_t bytes_of_row(const QuantisedLayer& first) {
  if (first.op == Operator::convolution)
    return first.picture_row_pitch() * static_cast<std::size_t>(first.stride.height);
  const Shape& kept = first.op == Operator::pointwise ? first.input : first.output;
  return static_cast<std::size_t>(kept.width) * static_cast<std::size_t>(byte_pitch(kept.channels));
}

/// Decides the rows of a chain, and what is in scratch while it is computed. Returns the bytes
/// there.
constexpr std::size_t choose_rows(QuantisedLayer& first, QuantisedLayer& last) {
  if (first.gives_vector() || first.op == Operator::picture) return 0;
  const std::size_t row = bytes_of_row(first);
  const std::size_t room = first.op == Operator::convolution ? kPictureBytes : kBlockBytes;
  const int height = first.output.height;
  first.rows = last.rows =
      row * static_cast<std::size_t>(height) <= room ? height : rows_of(room, row, height);
  if (first.op == Operator::convolution) return first.picture_bytes();
  if (!first.fused) return 0;
  first.target = {.shape = {first.rows, first.output.width, first.output.channels},
                  .pixel_pitch = byte_pitch(first.output.channels),
                  .local = true};
  return first.target.bytes();
}

/// Forms chains, and decides what each needs in scratch.
constexpr void form_chains(QuantisedPlan& plan, const Uses& uses) {
  for (int first = 0, last = 0; first < plan.layer_count; first = last + 1) {
    last = plan.layers[first].fused ? first + 1 : first;
    plan.layers[first].chain_end = last + 1;
    plan.layers[last].optional_output =
        !plan.layers[last].gives_vector() && uses.last_reader[last] < 0;
    plan.scratch_bytes =
        std::max(plan.scratch_bytes, choose_rows(plan.layers[first], plan.layers[last]));
  }
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_QUANTISED_CHAINS_HPP
