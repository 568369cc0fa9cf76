#ifndef PPLCNET_KERNELS_TRAINING_TRAINING_HPP
#define PPLCNET_KERNELS_TRAINING_TRAINING_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pplcnet/abi.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/kernels/isa.hpp"
#include "pplcnet/kernels/training/run.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A step of stochastic gradient descent with momentum, as PaddlePaddle does it:
/// v = momentum * v + (gradient_scale * g + l2 * w), then w = w - rate * v.
struct ParameterUpdate {
  float* parameters = nullptr;
  float* velocities = nullptr;
  const float* gradients = nullptr;
  std::size_t count = 0;  ///< a multiple of 8
  float rate = 0, momentum = 0.9F, l2 = 0;
  float gradient_scale = 1;  ///< below 1 where gradients are clipped

  /// Returns the update of parameters [begin, end), both multiples of 8.
  constexpr ParameterUpdate part(std::int64_t begin, std::int64_t end) const {
    ParameterUpdate result = *this;
    result.parameters += begin;
    result.velocities += begin;
    result.gradients += begin;
    result.count = static_cast<std::size_t>(end - begin);
    return result;
  }
};

/// Computes the values of a batch, with the kernels of one instruction set, or the best one that
/// this CPU has. The same bits on all that have fused multiply-adds, whatever the executor.
PPLCNET_TRAINING_INLINE void training_forward(const TrainingRun& run, Isa isa) noexcept;

/// Computes the gradients of parameters, from the last step to `run.first_step`, after
/// training_forward: those of the last step's output are there. What is there of the parameters'
/// gradients is overwritten.
PPLCNET_TRAINING_INLINE void training_backward(const TrainingRun& run, Isa isa) noexcept;

/// Returns the sum of the squares of numbers, in doubles: that of eight chains, whatever the
/// machine.
inline double sum_of_squares(std::span<const float> numbers) noexcept {
  std::array<double, 8> sums = {};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto number = static_cast<double>(numbers[i]);
    sums[i % sums.size()] += number * number;  // which is exact, so that a fused one is the same
  }
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/// Moves parameters, with the threads of a run.
PPLCNET_TRAINING_INLINE void update_parameters(const TrainingRun& run,
                                               const ParameterUpdate& update, Isa isa) noexcept;

}  // namespace pplcnet::inline PPLCNET_ABI

#include "pplcnet/kernels/training/kernels.hpp"

#endif  // PPLCNET_KERNELS_TRAINING_TRAINING_HPP
