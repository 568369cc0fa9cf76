#ifndef PPLCNET_IMAGE_ROUNDING_HPP
#define PPLCNET_IMAGE_ROUNDING_HPP

#include <cstdint>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the product, sum or quotient `value`, rounded to double as the language defines it.
///
/// A compiler may fuse a product with the addition that consumes it and so leave out the rounding
/// between them (g++ does under -march=native). The reference programs were built without; one
/// different last bit can move a pixel by one. What has been through a volatile object is rounded.
inline double rounded(double value) {
  const volatile double memory = value;
  return memory;
}

/// Returns the nearest integer, ties to the even one: Python's round(), the x86 conversion that
/// OpenCV uses.
/// |value| < 2^53.
constexpr std::int64_t round_half_even(double value) {
  auto floor = static_cast<std::int64_t>(value);
  if (static_cast<double>(floor) > value) --floor;
  const double fraction = value - static_cast<double>(floor);  // exact
  const bool up = fraction > 0.5 || (fraction == 0.5 && floor % 2 != 0);
  return up ? floor + 1 : floor;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_ROUNDING_HPP
