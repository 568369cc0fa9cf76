#include "train/learnt.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

#include "pplcnet/rounding.hpp"

namespace {

void move(std::span<const float> values, float share, std::vector<float>& averages) {
  for (std::size_t i = 0; i < averages.size(); ++i)
    averages[i] += pplcnet::rounded(share * (values[i] - averages[i]));
}

}  // namespace

void copy(const pplcnet::AnyTrainer& trainer, Weights& weights) {
  weights.parameters.assign(trainer.parameters().begin(), trainer.parameters().end());
  weights.statistics.assign(trainer.statistics().begin(), trainer.statistics().end());
}

void exchange(pplcnet::AnyTrainer& trainer, Weights& weights) {
  std::ranges::swap_ranges(trainer.parameters(), weights.parameters);
  std::ranges::swap_ranges(trainer.statistics(), weights.statistics);
}

void average(const pplcnet::AnyTrainer& trainer, double kept, Weights& averages) {
  const auto share = static_cast<float>(1 - kept);
  move(trainer.parameters(), share, averages.parameters);
  move(trainer.statistics(), share, averages.statistics);
}
