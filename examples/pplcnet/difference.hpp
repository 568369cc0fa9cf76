#ifndef PPLCNET_EXAMPLES_DIFFERENCE_HPP
#define PPLCNET_EXAMPLES_DIFFERENCE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

/// Counts the values that are NaN or infinite.
template <class Value>
std::size_t count_not_finite(std::span<const Value> values) {
  return static_cast<std::size_t>(
      std::ranges::count_if(values, [](Value value) { return !std::isfinite(value); }));
}

/// Returns the largest difference, as a part of the largest expected value; infinite if a value is
/// not finite, so that no tolerance allows it.
template <class Value>
double relative_difference(std::span<const float> found, std::span<const Value> expected) {
  if (count_not_finite(found) > 0 || count_not_finite(expected) > 0)
    return std::numeric_limits<double>::infinity();
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
    difference =
        std::max(difference, std::abs(double{found[i]} - static_cast<double>(expected[i])));
  }
  return difference / std::max(largest, 1e-30);
}

#endif  // PPLCNET_EXAMPLES_DIFFERENCE_HPP
