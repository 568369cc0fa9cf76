#ifndef PPLCNET_PLAN_HPP
#define PPLCNET_PLAN_HPP

#include <memory>
#include <new>

#include "pplcnet/architecture.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/graph/graph.hpp"
#include "pplcnet/graph_of.hpp"
#include "pplcnet/layer.hpp"
#include "pplcnet/plan/lower.hpp"
#include "pplcnet/plan/place.hpp"
#include "pplcnet/plan/schedule.hpp"

namespace pplcnet::inline PPLCNET_ABI {

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
  planning::place_maps(plan, uses);
  planning::place_vectors(plan);
  planning::connect_maps(plan);
  plan.architecture.name = graph.title;
  plan.architecture.family = Family::other;
  plan.architecture.input = {graph.nodes[0].shape.height, graph.nodes[0].shape.width};
  plan.architecture.head = plan.architecture.classes = 0;
  const Layer& result = plan.layers[plan.outputs[0]];
  if (result.gives_vector()) plan.architecture.classes = result.output.channels;
  plan.architecture.storage = storage;
  plan.architecture.tensor_names = graph.tensor_names;
  plan.architecture.fingerprint = graph.fingerprint();
  return plan;
}

/// The same for an architecture in which `find_flaw` finds nothing.
constexpr Plan make_plan(const Architecture& architecture) {
  Plan plan = make_plan(graph_of(architecture), architecture.storage);
  plan.architecture = architecture;
  return plan;
}

/// The same when a program runs, compiled once; null if there is no memory.
PPLCNET_INLINE std::unique_ptr<const Plan> new_plan(const Graph& graph, Storage storage) noexcept;
PPLCNET_INLINE std::unique_ptr<const Plan> new_plan(const Architecture& architecture) noexcept;

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::unique_ptr<const Plan> new_plan(const Graph& graph, Storage storage) noexcept {
  return std::unique_ptr<const Plan>(new (std::nothrow) Plan(make_plan(graph, storage)));
}
PPLCNET_INLINE std::unique_ptr<const Plan> new_plan(const Architecture& architecture) noexcept {
  return std::unique_ptr<const Plan>(new (std::nothrow) Plan(make_plan(architecture)));
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_HPP
