#ifndef PPLCNET_TRAIN_MARK_GRADIENTS_HPP
#define PPLCNET_TRAIN_MARK_GRADIENTS_HPP

#include "pplcnet/train/training_plan.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace training {

/// Returns whether a step learns anything.
constexpr bool learns(const TrainingStep& step) { return step.weight >= 0 || step.gamma >= 0; }

/// Says which values have gradients: those that depend on something that is learnt, or, if they are
/// asked for, on the pixels.
constexpr void find_gradients(TrainingPlan& plan) {
  for (int i = 0; i < plan.step_count; ++i) {
    TrainingStep& step = plan.steps[i];
    if (step.op == TrainingOperator::picture)
      step.input_gradients = plan.options.picture_gradients;
    else
      step.input_gradients = plan.values[step.input].has_gradients;
    step.second_gradients = step.second >= 0 && plan.values[step.second].has_gradients;
    if (learns(step) || step.input_gradients || step.second_gradients)
      plan.values[step.output].has_gradients = true;
  }
}

/// Says who writes a value's gradients: the last of its readers, which is the first in the backward
/// pass; the others add theirs.
constexpr void find_first_writers(TrainingPlan& plan) {
  bool written[TrainingPlan::kMostValues] = {};
  written[plan.logits] = true;
  for (int i = plan.step_count - 1; i >= 0; --i) {
    TrainingStep& step = plan.steps[i];
    if (step.input_gradients && step.input >= 0) {
      step.adds_input = written[step.input];
      written[step.input] = true;
    }
    if (step.second_gradients) {
      step.adds_second = written[step.second];
      written[step.second] = true;
    }
  }
}

/// Says which gradients the backward pass computes.
constexpr void mark_gradients(TrainingPlan& plan) {
  find_gradients(plan);
  find_first_writers(plan);
}

}  // namespace training

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_MARK_GRADIENTS_HPP
