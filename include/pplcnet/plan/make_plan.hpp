#ifndef PPLCNET_PLAN_MAKE_PLAN_HPP
#define PPLCNET_PLAN_MAKE_PLAN_HPP

#include <memory>
#include <new>

#include "pplcnet/compiled.hpp"
#include "pplcnet/graph/graph.hpp"
#include "pplcnet/plan/edges.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/lower.hpp"
#include "pplcnet/plan/place.hpp"
#include "pplcnet/plan/schedule.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// Says what the graph is, and which layers are the logits and what leads to them.
constexpr void describe(Plan& plan, const Graph& graph, Storage storage) {
  NetworkTraits& traits = plan.traits;
  traits.name = graph.title;
  traits.what = graph.what;
  traits.input = {graph.nodes[0].shape.height, graph.nodes[0].shape.width};
  traits.storage = storage;
  traits.tensor_names = graph.tensor_names;
  traits.namings = graph.namings;
  traits.unused = graph.unused;
  traits.optional = graph.optional;
  traits.fingerprint = graph.fingerprint();
  const Layer& result = plan.layers[plan.outputs[0]];
  if (!result.gives_vector()) {
    // Of one map, or of a detector's first ones; a backbone's have different channels.
    const Layer& second = plan.layers[plan.outputs[plan.output_count > 1 ? 1 : 0]];
    if (second.output.channels == result.output.channels)
      traits.label_count = result.output.channels;
    return;
  }
  for (int i = 0; i < plan.layer_count; ++i)
    if (plan.layers[i].op == Operator::pool) traits.pooled = i;
  traits.embedding = plan.outputs[0];
  for (int i = 0; i < graph.output_count; ++i)
    if (graph.outputs[i].role == Role::embedding) return;
  traits.logits = plan.outputs[0];
  traits.classes = traits.label_count = result.output.channels;
  traits.embedding = result.from;
}

}  // namespace planning

/// Lays a graph without a flaw out: its layers in order of execution, with shapes, counts, weights,
/// blocks of rows and places in memory.
constexpr Plan make_plan(const Graph& graph, Storage storage = Storage::single) {
  Plan plan;
  planning::Lowering(graph, plan).run();
  planning::place_weights(plan, storage);
  const planning::Uses uses = planning::uses_of(plan);
  planning::form_units(plan, uses);
  planning::frame_maps(plan);
  planning::choose_rows(plan);
  planning::form_chains(plan, uses);
  plan.map_floats = planning::place_whole_maps(plan, uses);
  planning::place_vectors(plan);
  planning::connect_maps(plan);
  planning::make_room_at_edges(plan);
  planning::describe(plan, graph, storage);
  return plan;
}

/// Returns the same when a program runs, compiled once; null if there is no memory.
PPLCNET_INLINE std::unique_ptr<Plan> new_plan(const Graph& graph,
                                              Storage storage = Storage::single) noexcept;

/// Has a plan become that of another graph, in the same memory.
PPLCNET_INLINE void replace_plan(Plan& plan, const Graph& graph, Storage storage) noexcept;

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::unique_ptr<Plan> new_plan(const Graph& graph, Storage storage) noexcept {
  std::unique_ptr<Plan> plan(new (std::nothrow) Plan);
  if (plan != nullptr) replace_plan(*plan, graph, storage);
  return plan;
}

PPLCNET_INLINE void replace_plan(Plan& plan, const Graph& graph, Storage storage) noexcept {
  std::destroy_at(&plan);
  ::new (&plan) Plan(make_plan(graph, storage));
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_MAKE_PLAN_HPP
