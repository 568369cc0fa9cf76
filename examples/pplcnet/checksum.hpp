#ifndef PPLCNET_EXAMPLES_CHECKSUM_HPP
#define PPLCNET_EXAMPLES_CHECKSUM_HPP

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>

/// Returns FNV-1a over the bytes, in hexadecimal: the same for the same bits, on any machine.
template <class Value>
std::string checksum(std::span<const Value> values) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const std::byte byte : std::as_bytes(values))
    hash = (hash ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3U;
  char digits[17];
  std::snprintf(digits, sizeof(digits), "%016llx", static_cast<unsigned long long>(hash));
  return digits;
}

#endif  // PPLCNET_EXAMPLES_CHECKSUM_HPP
