#ifndef PPLCNET_TRAIN_TRAINING_PARAMETERS_HPP
#define PPLCNET_TRAIN_TRAINING_PARAMETERS_HPP

#include <cstddef>
#include <span>
#include <vector>

#include "pplcnet/train/tensor_in_file.hpp"
#include "pplcnet/train/training_state.hpp"
#include "pplcnet/weights/fold.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The parameters of one node in training, weights [out][in][kernel][kernel]: of its branches, and
/// of the whole, or of what follows their sum. An affine is a scale and a shift.
struct TrainingParameters {
  std::vector<Parameters> branches;
  Parameters whole;
  std::vector<float> affine = {1, 0}, last_affine = {1, 0};

  /// Returns the values of a tensor of the node.
  std::span<const float> of(const TrainingTensor& tensor) const {
    using Kind = TrainingTensor::Kind;
    const Parameters& part =
        tensor.branch < 0 ? whole : branches[static_cast<std::size_t>(tensor.branch)];
    const std::span<const float> scalars = tensor.last ? last_affine : affine;
    switch (tensor.kind) {
      case Kind::weight:
        return part.weight;
      case Kind::bias:
        return part.bias;
      case Kind::gamma:
        return part.gamma;
      case Kind::beta:
        return part.beta;
      case Kind::mean:
        return part.mean;
      case Kind::variance:
        return part.variance;
      case Kind::scale:
        return scalars.first(1);
      case Kind::shift:
        return scalars.subspan(1, 1);
    }
    return {};
  }
};

namespace training {

/// Sets all tensors of a node.
inline void set_parameters(const TrainingState& state, int node,
                           const TrainingParameters& parameters) {
  for (const TrainingTensor& tensor : state.tensors)
    if (tensor.node == node)
      set_from_file(tensor, /*in_out=*/false, parameters.of(tensor), state.of(tensor));
}

/// Returns whether a node of a graph has anything that is learnt.
inline bool has_parameters(const TrainingState& state, int node) {
  for (const TrainingTensor& tensor : state.tensors)
    if (tensor.node == node) return true;
  return false;
}

}  // namespace training

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TRAINING_PARAMETERS_HPP
