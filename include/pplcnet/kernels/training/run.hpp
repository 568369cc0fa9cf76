#ifndef PPLCNET_KERNELS_TRAINING_RUN_HPP
#define PPLCNET_KERNELS_TRAINING_RUN_HPP

#include <cstdint>
#include <span>

#include "pplcnet/abi.hpp"
#include "pplcnet/kernels/executor.hpp"
#include "pplcnet/train/training_step.hpp"

namespace pplcnet::inline PPLCNET_ABI {

class TrainingExchange;

/// One pass over a batch: what the kernels are given. The order of its sums follows from the shapes
/// alone, never from the number of threads or the width of vectors.
struct TrainingRun {
  std::span<const TrainingStep> steps;
  std::span<const TrainingValue> values;
  std::span<const TrainingTensor> tensors;
  int images = 1;                      ///< at most those of the plan
  int first_step = 0;                  ///< the backward pass ends with it
  const float* pictures = nullptr;     ///< [image][3][height][width], normalised
  float* picture_gradients = nullptr;  ///< the same layout; where the plan has them

  float* arena = nullptr;        ///< plan.arena_floats; begins at a multiple of 64 bytes, as all do
  float* parameters = nullptr;   ///< plan.parameter_floats
  float* gradients = nullptr;    ///< of the parameters, the same layout
  float* statistics = nullptr;   ///< plan.statistic_floats
  float* scratch = nullptr;      ///< plan.scratch_floats; shared by all threads of a step
  bool batch_statistics = true;  ///< batch norms use the batch's; otherwise the running ones
  bool moves_statistics = true;  ///< running = 0.9 × running + 0.1 × the batch's, biased variance
  bool drops = true;             ///< dropout; otherwise values are multiplied by keep_percent / 100
  std::uint64_t dropout_seed = 0;  ///< another one for each step of training
  Executor executor = {};
  TrainingExchange* exchange = nullptr;  ///< with the processes that have the batch's other images
  int batch = 0;                         ///< then: the images of all of them
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_TRAINING_RUN_HPP
