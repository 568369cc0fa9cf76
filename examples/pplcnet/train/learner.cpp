#include "train/learner.hpp"

#include <algorithm>
#include <cmath>

#include "pplcnet/rounding.hpp"
#include "pplcnet/train/optimiser.hpp"
#include "pplcnet/train/random.hpp"
#include "train/learnt.hpp"
#include "train/start.hpp"

using pplcnet::Error;

namespace {

pplcnet::Schedule schedule_of(const Recipe& recipe, std::int64_t steps_per_epoch) {
  if (recipe.schedule == "stairs")
    return pplcnet::Schedule::stairs(recipe.rate, recipe.stair_factor, recipe.stair_epochs,
                                     recipe.warm_up, steps_per_epoch);
  pplcnet::Schedule schedule =
      pplcnet::Schedule::cosine(recipe.rate, recipe.epochs, recipe.warm_up, steps_per_epoch);
  if (recipe.schedule == "constant") schedule.form = pplcnet::Schedule::Form::constant;
  return schedule;
}

/// Says where learning went wrong, before a checkpoint's next step.
Error diverged(const Checkpoint& state, const char* what) {
  return Error::of(
      "step ", state.step + 1, " (epoch ", state.epoch + 1, ", batch ", state.batch + 1,
      "): ", what,
      " is no finite number: try a smaller --rate or --clip 5; what was written before stays");
}

/// Returns how much of the averages is kept in a step: at first there is little to average over.
double kept_at(std::int64_t step, double kept) {
  const auto number = static_cast<double>(step);
  return std::min(kept, (1 + number) / (10 + number));
}

}  // namespace

Learner::Learner(const Recipe& recipe, const pplcnet::Preprocessing& preprocessing,
                 std::int64_t steps_per_epoch, pplcnet::AnyTrainer& trainer,
                 const pplcnet::Executor& executor)
    : recipe_(recipe),
      trainer_(trainer),
      executor_(executor),
      schedule_(schedule_of(recipe, steps_per_epoch)),
      input_(recipe, preprocessing),
      head_step_(first_step_of_head(trainer)) {
  for (const pplcnet::TrainingTensor& tensor : trainer.tensors()) {
    const bool is_head = is_of_head(trainer, tensor);
    factors_.push_back(is_head ? 1.0F : static_cast<float>(recipe.body_rate));
    head_factors_.push_back(is_head ? 1.0F : 0.0F);
  }
}

Error Learner::learn(Batch& batch, Checkpoint& state) {
  const pplcnet::Mix mix = input_.make(batch, state.step, executor_);
  const bool is_frozen = state.epoch < recipe_.frozen_epochs;
  const bool keeps_norms = is_frozen || recipe_.frozen_norms;
  pplcnet::Random dropout(recipe_.seed, pplcnet::RandomPurpose::dropout, 0,
                          static_cast<std::uint64_t>(state.step));
  trainer_.forward(input_.values(), batch.images(),
                   {.batch_statistics = !keeps_norms,
                    .moves_statistics = !keeps_norms,
                    .drops = recipe_.dropout > 0,
                    .dropout_seed = dropout.bits(),
                    .executor = executor_});
  const pplcnet::BatchLoss loss = objective_.compute(batch, mix, executor_, trainer_);
  if (!std::isfinite(loss.total)) return diverged(state, "the loss");
  trainer_.backward(is_frozen ? head_step_ : 0);
  const double norm = trainer_.update({.learning_rate = rate(state.step),
                                       .momentum = recipe_.momentum,
                                       .l2 = recipe_.decay,
                                       .largest_norm = recipe_.clip,
                                       .factors = is_frozen ? head_factors_ : factors_});
  if (!std::isfinite(norm)) return diverged(state, "a gradient");
  if (recipe_.average > 0) average(trainer_, kept_at(state.step, recipe_.average), state.averages);
  ++state.step;
  ++state.batch;
  state.seen += batch.images();
  state.right += loss.right;
  state.loss_sum += pplcnet::rounded(loss.total * batch.images());
  return {};
}
