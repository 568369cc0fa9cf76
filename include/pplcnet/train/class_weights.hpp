#ifndef PPLCNET_TRAIN_CLASS_WEIGHTS_HPP
#define PPLCNET_TRAIN_CLASS_WEIGHTS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns how much a picture of each class counts, so that all classes count the same: the inverse
/// of how many there are, 1 in the mean over all pictures. A class without any has 1.
inline std::vector<float> balanced_weights(std::span<const std::int64_t> counts) {
  const auto all =
      static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{}));
  const auto classes = static_cast<double>(
      std::ranges::count_if(counts, [](std::int64_t count) { return count > 0; }));
  std::vector<float> weights;
  for (const std::int64_t count : counts)
    weights.push_back(count > 0 ? static_cast<float>(all / (classes * static_cast<double>(count)))
                                : 1.0F);
  return weights;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_CLASS_WEIGHTS_HPP
