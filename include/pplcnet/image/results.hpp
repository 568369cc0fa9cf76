#ifndef PPLCNET_IMAGE_RESULTS_HPP
#define PPLCNET_IMAGE_RESULTS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns whether all are finite numbers: what a network computes is, unless its weights are
/// damaged or far too large.
inline bool all_finite(std::span<const float> values) noexcept {
  unsigned others = 0;  // without a branch, so that compilers use vectors
  for (const float value : values)
    others |= static_cast<unsigned>(!(std::abs(value) <= std::numeric_limits<float>::max()));
  return others == 0;
}

/// Makes probabilities of logits, in place, with the steps of Paddle's CPU kernel (phi
/// funcs/softmax_impl.h): differences to the maximum are cut off at -64, so that no probability is
/// below exp(-64) / sum, and the sum divides as a float reciprocal.
inline void softmax(std::span<float> values) noexcept {
  if (values.empty()) return;
  const float maximum = *std::max_element(values.begin(), values.end());
  float sum = 0.0F;
  for (float& value : values) {
    value = std::exp(std::max(value - maximum, -64.0F));
    sum += value;
  }
  const float reciprocal = 1.0F / sum;
  for (float& value : values) value *= reciprocal;
}

/// Makes independent probabilities of logits, in place: the last step of the attribute models.
inline void sigmoid(std::span<float> values) noexcept {
  for (float& value : values) value = 1.0F / (1.0F + std::exp(-value));
}

/// A class and its probability.
struct Prediction {
  int class_id = -1;
  float score = 0.0F;

  bool operator==(const Prediction&) const = default;
};

/// Returns whether `a` comes before `b`: the higher score, and not-a-number last of all.
inline bool ranks_higher(float a, float b) noexcept {
  return a > b || (std::isnan(b) && !std::isnan(a));
}

/// Fills `best` with the classes of the highest scores, highest first, and returns how many it
/// filled: fewer than best.size() only if there are fewer classes.
///
/// Of equal scores the lower class comes first, so that the first prediction is the argmax. (Paddle
/// reverses numpy's argsort, which leaves the order of equal scores open; up to 16 classes it
/// happens to put the higher class first.)
inline std::size_t top_k(std::span<const float> scores, std::span<Prediction> best) noexcept {
  std::size_t count = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    std::size_t rank = count;
    while (rank > 0 && ranks_higher(scores[i], best[rank - 1].score)) --rank;
    if (rank == best.size()) continue;
    if (count < best.size()) ++count;
    for (std::size_t j = count - 1; j > rank; --j) best[j] = best[j - 1];
    best[rank] = {static_cast<int>(i), scores[i]};
  }
  return count;
}

/// Returns the kCount best classes, highest score first (see above); where there are fewer, the
/// rest has class_id -1.
template <std::size_t kCount>
std::array<Prediction, kCount> top_k(std::span<const float> scores) noexcept {
  std::array<Prediction, kCount> best{};
  top_k(scores, best);
  return best;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_RESULTS_HPP
