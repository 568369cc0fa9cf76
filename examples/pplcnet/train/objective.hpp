#ifndef PPLCNET_EXAMPLES_TRAIN_OBJECTIVE_HPP
#define PPLCNET_EXAMPLES_TRAIN_OBJECTIVE_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "pplcnet/any_trainer.hpp"
#include "pplcnet/kernels/executor.hpp"
#include "pplcnet/train/augment/mix.hpp"
#include "pplcnet/train/loss.hpp"
#include "pplcnet/weights/error.hpp"
#include "train/batches.hpp"
#include "train/data_set.hpp"
#include "train/recipe.hpp"
#include "train/teacher.hpp"

/// What a network should say of pictures: their labels, and what a teacher says.
class Objective {
 public:
  /// Opens the teacher of a recipe, if there is one, for so many threads.
  pplcnet::Error open(const Recipe& recipe, const DataSet& data, int threads);

  /// Computes the loss of the batch that a trainer has seen, and its gradients by the logits.
  pplcnet::BatchLoss compute(const Batch& batch, const pplcnet::Mix& mix,
                             const pplcnet::Executor& executor, pplcnet::AnyTrainer& trainer);

 private:
  pplcnet::LossOptions options_;
  Teacher teacher_;
  std::vector<float> class_weights_, taught_, shares_;
  std::vector<std::int32_t> labels_, second_labels_;
  std::vector<double> scratch_;
};

#endif  // PPLCNET_EXAMPLES_TRAIN_OBJECTIVE_HPP
