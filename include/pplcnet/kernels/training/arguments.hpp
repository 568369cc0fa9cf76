#ifndef PPLCNET_KERNELS_TRAINING_ARGUMENTS_HPP
#define PPLCNET_KERNELS_TRAINING_ARGUMENTS_HPP

#include <array>
#include <cstddef>

#include "pplcnet/abi.hpp"
#include "pplcnet/kernels/training/run.hpp"
#include "pplcnet/kernels/training/training.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Computes a step, or its gradients.
using TrainingKernel = void (*)(const TrainingRun&, const TrainingStep&);

/// The kernels of an instruction set.
struct TrainingKernels {
  std::array<TrainingKernel, kTrainingOperators> forward = {}, backward = {};
  void (*update)(const ParameterUpdate&) = nullptr;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_TRAINING_ARGUMENTS_HPP
