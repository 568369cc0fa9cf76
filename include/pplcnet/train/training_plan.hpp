#ifndef PPLCNET_TRAIN_TRAINING_PLAN_HPP
#define PPLCNET_TRAIN_TRAINING_PLAN_HPP

#include <cstddef>
#include <cstdint>

#include "pplcnet/train/training_flaw.hpp"
#include "pplcnet/train/training_step.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What is chosen of a network in training, besides the network.
struct TrainingOptions {
  static constexpr int kMostImages = 4096;

  int images = 32;           ///< of a batch, at most
  bool as_deployed = false;  ///< a convolution with branches is trained as the one that it becomes
  bool picture_gradients = false;  ///< the loss by the pixels of the pictures is asked for, too

  constexpr bool operator==(const TrainingOptions&) const = default;
};

/// A network in training, laid out: its steps in the order of the forward pass, and the memory they
/// need. Sizes and places count floats.
struct TrainingPlan {
  static constexpr int kMostSteps = 1024, kMostValues = kMostSteps + 1, kMostTensors = 2048;

  TrainingFlaw flaw = {};  ///< if there is one, nothing else is said
  TrainingOptions options = {};
  Shape picture = {};
  TrainingStep steps[kMostSteps] = {};
  int step_count = 0;
  TrainingValue values[kMostValues] = {};
  int value_count = 0;
  TrainingTensor tensors[kMostTensors] = {};
  int tensor_count = 0;
  int logits = -1;  ///< value
  int stages = 0;   ///< that tensors are of

  std::size_t arena_floats = 0;  ///< values and gradients, by liveness, and moments
  std::size_t parameter_floats = 0;
  std::size_t statistic_floats = 0;  ///< means and variances
  std::size_t scratch_floats = 0;    ///< of the step that needs most
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TRAINING_PLAN_HPP
