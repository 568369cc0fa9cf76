#ifndef PPLCNET_TRAIN_NORM_MOMENTS_HPP
#define PPLCNET_TRAIN_NORM_MOMENTS_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pplcnet/rounding.hpp"
#include "pplcnet/train/training_state.hpp"
#include "pplcnet/train/training_step.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Mean and variance of each channel of what a batch norm reads, over any number of batches.
class NormMoments {
 public:
  /// Adds rows of `pitch` floats.
  void add(std::span<const float> values, std::size_t pitch) {
    const std::size_t rows = values.size() / pitch;
    mean_.resize(pitch);
    squares_.resize(pitch);
    for (std::size_t c = 0; c < pitch; ++c) {
      double sum = 0, squares = 0;
      for (std::size_t row = 0; row < rows; ++row) sum += values[row * pitch + c];
      const double mean = sum / static_cast<double>(rows);
      for (std::size_t row = 0; row < rows; ++row) {
        const double distance = values[row * pitch + c] - mean;
        squares += rounded(distance * distance);
      }
      join(c, static_cast<double>(rows), mean, squares);
    }
    rows_ += static_cast<double>(rows);
  }

  /// Has a batch norm of mean 0 and variance 1 compute the same with these.
  void apply(const TrainingStep& step, const TrainingState& state) const {
    const auto of = [&](int tensor) {
      return state.of(state.tensors[static_cast<std::size_t>(tensor)]);
    };
    const std::span<float> gamma = of(step.gamma), beta = of(step.beta), mean = of(step.mean),
                           variance = of(step.variance);
    const TrainingTensor& tensor = state.tensors[static_cast<std::size_t>(step.gamma)];
    for (std::size_t c = 0; c < static_cast<std::size_t>(tensor.outputs); ++c) {
      const double factor = gamma[c] / std::sqrt(1 + step.epsilon);
      mean[c] = static_cast<float>(mean_[c]);
      variance[c] = static_cast<float>(squares_[c] / rows_);
      gamma[c] = static_cast<float>(rounded(factor * std::sqrt(variance[c] + step.epsilon)));
      beta[c] = static_cast<float>(beta[c] + rounded(factor * mean[c]));
    }
  }

 private:
  /// Joins the moments of a channel and those of other rows (Chan).
  void join(std::size_t c, double rows, double mean, double squares) {
    const double all = rows_ + rows, distance = mean - mean_[c];
    squares_[c] += squares + rounded(rounded(distance * distance) * (rows_ * rows / all));
    mean_[c] += rounded(distance * (rows / all));
  }

  double rows_ = 0;
  std::vector<double> mean_, squares_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_NORM_MOMENTS_HPP
