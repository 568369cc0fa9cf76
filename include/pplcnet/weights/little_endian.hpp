#ifndef PPLCNET_WEIGHTS_LITTLE_ENDIAN_HPP
#define PPLCNET_WEIGHTS_LITTLE_ENDIAN_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <span>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the number in the first sizeof(Number) of `bytes`, lowest byte first; any alignment.
template <std::unsigned_integral Number>
constexpr Number read_little_endian(std::span<const std::byte> bytes) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    number = static_cast<Number>(number | static_cast<Number>(bytes[i]) << (8 * i));
  }
  return number;
}

/// Returns the bytes of `number`, lowest first.
template <std::unsigned_integral Number>
constexpr std::array<std::byte, sizeof(Number)> to_little_endian(Number number) {
  std::array<std::byte, sizeof(Number)> bytes;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    bytes[i] = static_cast<std::byte>(number >> (8 * i));
  }
  return bytes;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_LITTLE_ENDIAN_HPP
