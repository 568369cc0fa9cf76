#ifndef PPLCNET_ROUNDING_HPP
#define PPLCNET_ROUNDING_HPP

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns a product rounded to its type, as the language defines it, before it is part of a sum.
///
/// A compiler may fuse both and so leave out the rounding between them: g++ does wherever the CPU
/// can, across variables and conversions (a product of doubles that is made a float is one of
/// floats to it). One different last bit can move a pixel by one.
template <std::floating_point Value>
constexpr Value rounded(Value value) {
  if (std::is_constant_evaluated()) return value;
#if defined(__SSE2_MATH__)  // what has been in a register, for all that a compiler knows
  __asm__("" : "+x"(value));
  return value;
#elif defined(__aarch64__)
  __asm__("" : "+w"(value));
  return value;
#elif defined(__riscv_flen) && __riscv_flen == 64
  __asm__("" : "+f"(value));
  return value;
#else  // what has been through a volatile object is rounded
  const volatile Value memory = value;
  return memory;
#endif
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

#endif  // PPLCNET_ROUNDING_HPP
