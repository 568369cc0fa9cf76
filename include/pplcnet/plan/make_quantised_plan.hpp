#ifndef PPLCNET_PLAN_MAKE_QUANTISED_PLAN_HPP
#define PPLCNET_PLAN_MAKE_QUANTISED_PLAN_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "pplcnet/compiled.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/place.hpp"
#include "pplcnet/plan/quantised_chains.hpp"
#include "pplcnet/plan/quantised_flaw.hpp"
#include "pplcnet/plan/quantised_layer.hpp"
#include "pplcnet/plan/uses.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// Says how the sums of a layer become its output.
constexpr Ending ending_of(const Plan& plan, const Uses& uses, int index) {
  const Layer& layer = plan.layers[index];
  if (layer.op != Operator::dense) return Ending::bytes;
  const int reader = uses.last_reader[index];
  if (reader >= 0 && plan.layers[reader].factors == index) return Ending::factors;
  return reader < 0 && layer.activation == Activation::none ? Ending::logits : Ending::bytes;
}

/// Returns what a layer computes in bytes: the same. A convolution reads the picture itself, not
/// the map of it that it would read in floats.
constexpr QuantisedLayer quantised(const Plan& plan, int index) {
  const Layer& layer = plan.layers[index];
  QuantisedLayer result;
  result.op = layer.op;
  result.activation = layer.activation;
  result.last_activation = layer.last_activation;
  result.kernel = layer.kernel;
  result.stride = layer.stride;
  result.padding = layer.padding;
  result.input = layer.input;
  result.output = layer.output;
  result.from = layer.op == Operator::convolution ? -1 : layer.from;
  result.addend = layer.addend;
  result.factors = layer.factors;
  result.multiply_adds = layer.multiply_adds;
  return result;
}

/// Places weights and constants: what pictures are, then layer after layer.
constexpr void place_weights(QuantisedPlan& plan) {
  static_assert(sizeof(PictureConstants) <= kByteAlignment);
  plan.weight_bytes = kByteAlignment;
  for (int i = 0; i < plan.layer_count; ++i) {
    QuantisedLayer& layer = plan.layers[i];
    if (layer.op == Operator::picture) continue;
    layer.weights = plan.weight_bytes;
    layer.constants = layer.weights + layer.weight_bytes();
    plan.weight_bytes = layer.constants + layer.constant_bytes();
  }
}

/// Places vectors: of a chunk of images each, one image after the other.
constexpr void place_vectors(QuantisedPlan& plan) {
  for (int i = 0; i < plan.layer_count; ++i) {
    QuantisedLayer& layer = plan.layers[i];
    const int vector = layer.factors >= 0 ? layer.factors : layer.from;
    if (vector >= 0) layer.source_vector = plan.layers[vector].target_vector;
    if (!layer.gives_vector()) continue;
    layer.target_vector = plan.vector_bytes;
    plan.vector_bytes += layer.vector_pitch() * kChunk;
  }
}

/// Tells every layer which maps it reads.
constexpr void connect_maps(QuantisedPlan& plan) {
  for (int i = 0; i < plan.layer_count; ++i) {
    QuantisedLayer& layer = plan.layers[i];
    if (layer.from >= 0) layer.source = plan.layers[layer.from].target;
    if (layer.addend >= 0) layer.addend_map = plan.layers[layer.addend].target;
  }
}

}  // namespace planning

/// Lays a network out in bytes, from its plan in floats, which has no quantised_flaw: the same
/// layers in the same order.
constexpr QuantisedPlan make_quantised_plan(const Plan& plan) {
  QuantisedPlan result;
  const planning::Uses float_uses = planning::uses_of(plan);
  result.traits = plan.traits;
  result.layer_count = plan.layer_count;
  for (int i = 0; i < plan.layer_count; ++i) {
    result.layers[i] = planning::quantised(plan, i);
    result.layers[i].ending = planning::ending_of(plan, float_uses, i);
  }
  result.output_count = plan.output_count;
  std::copy_n(plan.outputs, plan.output_count, result.outputs);
  const planning::Uses uses = planning::uses_of(result);
  planning::place_weights(result);
  planning::fuse_layers(result, plan, uses);
  planning::frame_maps(result);
  planning::form_chains(result, uses);
  result.map_bytes = planning::place_whole_maps(result, uses);
  planning::place_vectors(result);
  planning::connect_maps(result);
  return result;
}

/// Returns the same when a program runs, compiled once; null if there is no memory.
PPLCNET_QUANTISED_INLINE std::unique_ptr<QuantisedPlan> new_quantised_plan(
    const Plan& plan) noexcept;

#if PPLCNET_HAS_QUANTISED_DEFINITIONS
PPLCNET_QUANTISED_INLINE std::unique_ptr<QuantisedPlan> new_quantised_plan(
    const Plan& plan) noexcept {
  std::unique_ptr<QuantisedPlan> result(new (std::nothrow) QuantisedPlan);
  if (result != nullptr) *result = make_quantised_plan(plan);
  return result;
}
#endif  // PPLCNET_HAS_QUANTISED_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_MAKE_QUANTISED_PLAN_HPP
