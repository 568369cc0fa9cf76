#ifndef PPLCNET_EXAMPLES_TRAIN_LEARNER_HPP
#define PPLCNET_EXAMPLES_TRAIN_LEARNER_HPP

#include <cstdint>
#include <vector>

#include "pplcnet/any_trainer.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/kernels/executor.hpp"
#include "pplcnet/train/schedule.hpp"
#include "pplcnet/weights/error.hpp"
#include "train/batch_input.hpp"
#include "train/batches.hpp"
#include "train/checkpoint.hpp"
#include "train/data_set.hpp"
#include "train/objective.hpp"
#include "train/recipe.hpp"

/// Takes the steps of a recipe: batch by batch its network learns.
class Learner {
 public:
  /// The epochs of `recipe` have so many steps; it, the trainer and the executor stay where they
  /// are.
  Learner(const Recipe& recipe, const pplcnet::Preprocessing& preprocessing,
          std::int64_t steps_per_epoch, pplcnet::AnyTrainer& trainer,
          const pplcnet::Executor& executor);

  /// Opens what it learns from beside pictures.
  pplcnet::Error open(const DataSet& data, int threads) {
    return objective_.open(recipe_, data, threads);
  }

  /// Learns from a batch: takes the next step of a checkpoint, and moves that on. An error if the
  /// loss or a gradient is not finite.
  pplcnet::Error learn(Batch& batch, Checkpoint& state);

  /// Returns the learning rate of a step.
  double rate(std::int64_t step) const { return schedule_.rate(step); }

 private:
  const Recipe& recipe_;
  pplcnet::AnyTrainer& trainer_;
  pplcnet::Executor executor_;
  pplcnet::Schedule schedule_;
  BatchInput input_;
  Objective objective_;
  std::vector<float> factors_, head_factors_;  // of the learning rate, by tensor
  int head_step_;
};

#endif  // PPLCNET_EXAMPLES_TRAIN_LEARNER_HPP
