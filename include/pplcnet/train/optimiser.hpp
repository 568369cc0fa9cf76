#ifndef PPLCNET_TRAIN_OPTIMISER_HPP
#define PPLCNET_TRAIN_OPTIMISER_HPP

#include <span>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Stochastic gradient descent with momentum, as PaddlePaddle does it: of each parameter
/// v = momentum × v + (gradient + l2 × w), then w = w - learning_rate × factor × v.
struct Optimiser {
  double learning_rate = 0;
  double momentum = 0.9;
  double l2 = 0;              ///< weights decay by this
  bool decays_norms = false;  ///< so do the scales and shifts of batch norms
  /// All gradients are scaled so that their norm is at most this; 0: they are not.
  double largest_norm = 0;
  /// Of the learning rate, one for each tensor, statistics included; empty: 1. A tensor of factor 0
  /// stays, and has a velocity.
  std::span<const float> factors = {};
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_OPTIMISER_HPP
