#ifndef PPLCNET_WEIGHTS_BYTE_STREAM_HPP
#define PPLCNET_WEIGHTS_BYTE_STREAM_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pplcnet/abi.hpp"
#include "pplcnet/weights/little_endian.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Bytes that are taken from the front; each function is false, and takes nothing useful, when
/// there are too few.
struct ByteStream {
  std::span<const std::byte> bytes;

  bool take(std::uint64_t count, std::span<const std::byte>& taken) {
    if (count > bytes.size()) return false;
    taken = bytes.first(static_cast<std::size_t>(count));
    bytes = bytes.subspan(taken.size());
    return true;
  }

  template <std::unsigned_integral Number>
  bool take(Number& number) {
    std::span<const std::byte> taken;
    if (!take(sizeof(Number), taken)) return false;
    number = read_little_endian<Number>(taken);
    return true;
  }

  /// Reads a number of at most 8 bytes.
  bool take(std::uint64_t size, std::uint64_t& number) {
    std::span<const std::byte> taken;
    if (!take(size, taken)) return false;
    number = 0;
    for (std::size_t i = taken.size(); i-- > 0;)
      number = number << 8 | static_cast<std::uint64_t>(taken[i]);
    return true;
  }

  /// Reads one of Protobuf's integers: seven bits in a byte, lowest first, of at most 64 bits.
  bool take_varint(std::uint64_t& number) {
    number = 0;
    for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
      const auto byte = static_cast<std::uint64_t>(bytes.front());
      bytes = bytes.subspan(1);
      const std::uint64_t seven_bits = byte & 0x7f;
      if (seven_bits << shift >> shift != seven_bits) return false;
      number |= seven_bits << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_BYTE_STREAM_HPP
