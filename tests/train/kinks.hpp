#ifndef PPLCNET_TESTS_TRAIN_KINKS_HPP
#define PPLCNET_TESTS_TRAIN_KINKS_HPP

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "pplcnet/training.hpp"
#include "train/oracle.hpp"

namespace pplcnet_test {

/// Where the slope of an activation jumps.
inline std::vector<double> kinks_of(const pplcnet::Activation& activation) {
  using Kind = pplcnet::Activation::Kind;
  if (activation.kind == Kind::relu) return {0};
  if (activation.kind == Kind::hardswish) return {-3, 3};
  return {};
}

/// Returns the shifts that the channels of a step's output have: of its batch norm, or of one of
/// its branches before a sum.
inline std::span<float> shifts_of(pplcnet::AnyTrainer& trainer, const pplcnet::TrainingStep& step) {
  for (const pplcnet::TrainingTensor& tensor : trainer.tensors())
    if (tensor.node == step.node && tensor.kind == pplcnet::TrainingTensor::Kind::beta)
      return trainer.state().of(tensor);
  return {};
}

/// Activations of which float32 and double precision see other slopes, because they are within
/// rounding of a kink: one of them changes a gradient as much as everything else does. Moves the
/// shifts of their channels by as little as it takes for float32 to see what double precision does.
/// `oracle` has computed the same batch.
class Kinks {
 public:
  Kinks(pplcnet::AnyTrainer& trainer, TrainingOracle& oracle)
      : trainer_(trainer), oracle_(oracle) {}

  /// Returns how many activations it was for; after it the forward pass has to be repeated.
  int settle() {
    TrainingOracle seen(trainer_.plan(), oracle_.images());
    seen.parameters.assign(trainer_.parameters().begin(), trainer_.parameters().end());
    seen.statistics = oracle_.statistics;
    seen.batch_statistics = oracle_.batch_statistics;
    for (const pplcnet::TrainingStep& step : trainer_.steps()) {
      if (kinks_of(step.activation).empty()) continue;
      read(step.input, seen.values(step.input));
      compare(step, oracle_.before_activation(step), seen.before_activation(step));
    }
    return count_;
  }

 private:
  /// Reads a trainer's value as the oracle holds it.
  void read(int value, std::vector<double>& numbers) const {
    const auto& kept = trainer_.values()[static_cast<std::size_t>(value)];
    const auto pitch = static_cast<std::size_t>(kept.pitch);
    const auto channels = static_cast<std::size_t>(kept.shape.channels);
    for (std::size_t i = 0; i < numbers.size(); ++i)
      numbers[i] = trainer_.value(value)[i / channels * pitch + i % channels];
  }

  void compare(const pplcnet::TrainingStep& step, const std::vector<double>& exact,
               const std::vector<double>& rounded) {
    const auto channels = static_cast<std::size_t>(
        trainer_.values()[static_cast<std::size_t>(step.output)].shape.channels);
    for (std::size_t i = 0; i < exact.size(); ++i)
      for (const double kink : kinks_of(step.activation)) {
        if ((exact[i] > kink) == (rounded[i] > kink)) continue;
        ++count_;
        EXPECT_LE(std::abs(exact[i] - rounded[i]), kRounding) << "at " << exact[i];
        const std::span<float> shifts = shifts_of(trainer_, step);
        ASSERT_FALSE(shifts.empty());
        shifts[i % channels] += static_cast<float>(2 * (exact[i] - rounded[i]));
      }
  }

  /// What rounding makes of activations after dozens of layers.
  static constexpr double kRounding = 5e-5;

  pplcnet::AnyTrainer& trainer_;
  TrainingOracle& oracle_;
  int count_ = 0;
};

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_TRAIN_KINKS_HPP
