#ifndef PPLCNET_TRAIN_MAKE_TRAINING_PLAN_HPP
#define PPLCNET_TRAIN_MAKE_TRAINING_PLAN_HPP

#include <algorithm>
#include <cstddef>
#include <span>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/train/check_trainable.hpp"
#include "pplcnet/train/lower_training.hpp"
#include "pplcnet/train/mark_gradients.hpp"
#include "pplcnet/train/place_values.hpp"
#include "pplcnet/train/scratch.hpp"
#include "pplcnet/train/training_plan.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Lays the training of a graph without a flaw out; the plan says so, if it cannot be trained.
constexpr TrainingPlan make_training_plan(const Graph& graph, const TrainingOptions& options = {}) {
  TrainingPlan plan;
  plan.options = options;
  plan.flaw = training_flaw(graph, options);
  if (plan.flaw) return plan;
  training::TrainingLowering(graph, plan).run(training::logits_of(graph));
  if (plan.flaw) return plan;
  training::mark_gradients(plan);
  training::place_values(plan);
  const std::span values(plan.values, static_cast<std::size_t>(plan.value_count));
  const std::span tensors(plan.tensors, static_cast<std::size_t>(plan.tensor_count));
  for (int i = 0; i < plan.step_count; ++i)
    plan.scratch_floats = std::max(plan.scratch_floats,
                                   scratch_floats(plan.steps[i], values, tensors, options.images));
  return plan;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_MAKE_TRAINING_PLAN_HPP
