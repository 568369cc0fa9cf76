#ifndef PPLCNET_TRAIN_TRAINING_STATE_HPP
#define PPLCNET_TRAIN_TRAINING_STATE_HPP

#include <cstddef>
#include <span>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/train/training_step.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A network that is trained: its graph, and the layers that it becomes.
struct TrainedNetwork {
  const Graph& graph;
  std::span<const Layer> layers;
  const NetworkTraits& traits;
  bool as_deployed = false;  ///< convolutions with branches are trained as what they become
};

/// What a network has learnt: its tensors, and where their values are.
struct TrainingState {
  std::span<const TrainingTensor> tensors;
  std::span<float> parameters, statistics;

  /// Returns the values of a tensor, padding included.
  std::span<float> of(const TrainingTensor& tensor) const {
    return (tensor.is_statistic() ? statistics : parameters).subspan(tensor.place, tensor.floats());
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TRAINING_STATE_HPP
