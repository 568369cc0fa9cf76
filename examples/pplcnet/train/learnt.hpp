#ifndef PPLCNET_EXAMPLES_TRAIN_LEARNT_HPP
#define PPLCNET_EXAMPLES_TRAIN_LEARNT_HPP

#include <vector>

#include "pplcnet/any_trainer.hpp"

/// Everything that learns, at one step.
struct Weights {
  std::vector<float> parameters, statistics;

  bool empty() const { return parameters.empty(); }
};

/// Copies what a trainer has learnt.
void copy(const pplcnet::AnyTrainer& trainer, Weights& weights);

/// Exchanges what a trainer has learnt with other weights of its network.
void exchange(pplcnet::AnyTrainer& trainer, Weights& weights);

/// Moves averages towards what a trainer has learnt, by 1 - `kept` of the way.
void average(const pplcnet::AnyTrainer& trainer, double kept, Weights& averages);

#endif  // PPLCNET_EXAMPLES_TRAIN_LEARNT_HPP
