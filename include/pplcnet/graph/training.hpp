#ifndef PPLCNET_GRAPH_TRAINING_HPP
#define PPLCNET_GRAPH_TRAINING_HPP

#include <initializer_list>
#include <string_view>

#include "pplcnet/abi.hpp"
#include "pplcnet/graph/shape.hpp"

// Structural re-parameterisation: a convolution that was trained as several.

namespace pplcnet::inline PPLCNET_ABI {

/// One of the parallel paths that a convolution consists of in training; their sum is one
/// convolution. Names follow that of the convolution.
struct Branch {
  int kernel = 1;
  std::string_view weight = {};
  std::string_view norm = {};  ///< empty: no batch norm
  bool identity = false;       ///< has no weights of its own
};

/// What a convolution consists of in training, in the order of a state dict.
struct TrainingForm {
  static constexpr int kMost = 6;

  Branch branches[kMost] = {};
  int count = 0;
  std::string_view norm = {};  ///< the batch norm after the sum; empty: none
  /// The one convolution that is deployed.
  std::string_view deployed = {};
  bool keeps_deployed = false;  ///< a training checkpoint has it, too, and does not use it
  /// Learnable scalars, a scale and a shift: after the sum, and after the activation.
  std::string_view affine = {}, last_affine = {};

  constexpr void add(const Branch& branch) { branches[count++] = branch; }
};

/// Returns what a convolution of that window, with as many outputs as inputs or not, consists of.
using Training = TrainingForm (*)(const Window& window, bool same_channels);

/// It is trained as it is deployed.
constexpr TrainingForm no_branches(const Window& /*window*/, bool /*same_channels*/) {
  const TrainingForm none;
  return none;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_TRAINING_HPP
