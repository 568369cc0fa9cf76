#ifndef PPLCNET_KERNELS_TRAINING_MOMENTS_HPP
#define PPLCNET_KERNELS_TRAINING_MOMENTS_HPP

#include <cmath>
#include <cstdint>

#include "pplcnet/abi.hpp"
#include "pplcnet/kernels/training/work.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/train/scratch.hpp"

// What of a batch norm is computed once for a channel: in doubles, each operation rounded.

namespace pplcnet::inline PPLCNET_ABI {
namespace training {

/// How much of the running statistics is kept in each step.
inline constexpr double kKeptStatistics = 0.9;

/// The moments of some rows: mean, and sum of the squares of the differences from it.
struct Moments {
  double count = 0, mean = 0, squares = 0;

  /// Adds those of other rows.
  void add(const Moments& other) {
    const double sum = count + other.count, difference = other.mean - mean;
    mean += rounded(difference * (other.count / sum));
    squares += other.squares;
    squares += rounded(rounded(difference * difference) * (count * other.count / sum));
    count = sum;
  }
  double variance() const { return squares / count; }
};

/// Returns a running statistic after a step.
inline float moved(float running, double batch) {
  return static_cast<float>(rounded(kKeptStatistics * static_cast<double>(running)) +
                            rounded((1 - kKeptStatistics) * batch));
}

/// Returns 1 / √(variance + ε).
inline float inverse_deviation(double variance, double epsilon) {
  return static_cast<float>(1 / std::sqrt(variance + epsilon));
}

/// Combines the moments of all parts, of which each has a row of means and one of squares: writes
/// the means and inverse deviations, and moves the running statistics.
inline void combine_moments(const TrainingRun& run, const TrainingStep& step,
                            const TrainingParts& parts, const float* sums, int pitch, float* to) {
  const StepValues values(run, step);
  for (int channel = 0; channel < pitch; ++channel) {
    Moments all;
    for (int part = 0; part < parts.count(); ++part) {
      const float* const own = sums + std::int64_t{part} * 2 * pitch + channel;
      all.add({static_cast<double>(parts[part].count()), static_cast<double>(own[0]),
               static_cast<double>(own[pitch])});
    }
    to[channel] = static_cast<float>(all.mean);
    to[pitch + channel] = inverse_deviation(all.variance(), step.epsilon);
    if (!run.moves_statistics) continue;
    float& mean = values.statistics(step.mean)[channel];
    float& variance = values.statistics(step.variance)[channel];
    mean = moved(mean, all.mean);
    variance = moved(variance, all.variance());
  }
}

/// Writes the running means and their inverse deviations.
inline void take_running_moments(const TrainingRun& run, const TrainingStep& step, int pitch,
                                 float* to) {
  const StepValues values(run, step);
  for (int channel = 0; channel < pitch; ++channel) {
    to[channel] = values.statistics(step.mean)[channel];
    to[pitch + channel] = inverse_deviation(
        static_cast<double>(values.statistics(step.variance)[channel]), step.epsilon);
  }
}

/// Sums the gradients of all parts, of which each has a row of Σ dz and one of Σ dz (x - mean):
/// writes the gradients of beta and gamma, and, unless the statistics were fixed, what gradients of
/// the input have less than γ r dz: `less` + `slope` * (x - mean).
inline void combine_gradients(const float* sums, int parts, int pitch, const float* moments,
                              const float* gamma, double rows, bool batch_statistics,
                              float* beta_gradients, float* gamma_gradients, float* less,
                              float* slope) {
  for (int channel = 0; channel < pitch; ++channel) {
    double first = 0, second = 0;
    for (int part = 0; part < parts; ++part) {
      const float* const own = sums + std::int64_t{part} * 2 * pitch + channel;
      first += static_cast<double>(own[0]);
      second += static_cast<double>(own[pitch]);
    }
    const auto r = static_cast<double>(moments[pitch + channel]);
    const double of_gamma = rounded(second * r);
    beta_gradients[channel] = static_cast<float>(first);
    gamma_gradients[channel] = static_cast<float>(of_gamma);
    const double scale = batch_statistics ? static_cast<double>(gamma[channel]) * r / rows : 0;
    less[channel] = static_cast<float>(rounded(scale * first));
    slope[channel] = static_cast<float>(rounded(rounded(scale * r) * of_gamma));
  }
}

}  // namespace training
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_TRAINING_MOMENTS_HPP
