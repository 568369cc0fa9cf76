#ifndef PPLCNET_PICTURE_HPP
#define PPLCNET_PICTURE_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include "pplcnet/plan/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A lookup table: the normalised value of each byte in one channel of the network's input.
using ByteTable = std::array<float, 256>;

/// Non-owning view of a picture of the network's input size, read in place: planar or interleaved,
/// as normalised float32 values or as bytes that are normalised through lookup tables.
struct Picture {
  const float* values = nullptr;        ///< channel 0, row 0, column 0; null if bytes are given
  const std::uint8_t* bytes = nullptr;  ///< channel 0, row 0, column 0; null if values are given
  const ByteTable* lookup = nullptr;    ///< one table for each channel, if bytes are given
  std::ptrdiff_t row = 0, channel = 0;  ///< elements to the next row, the next channel
  std::ptrdiff_t pixel = 1;             ///< elements to the right neighbour

  /// Returns a picture [channels][height][width].
  static constexpr Picture planar(const float* values, const Shape& shape) {
    return {.values = values,
            .row = shape.width,
            .channel = static_cast<std::ptrdiff_t>(shape.pixels())};
  }
  /// Returns a picture [height][width][channels]; a row may be longer.
  static constexpr Picture interleaved(const float* values, const Shape& shape,
                                       std::ptrdiff_t row = 0) {
    return {.values = values,
            .row = row != 0 ? row : std::ptrdiff_t{shape.width} * shape.channels,
            .channel = 1,
            .pixel = shape.channels};
  }
  /// Returns a picture [channels][height][width]; `lookup` points to a table for each channel.
  static constexpr Picture planar(const std::uint8_t* bytes, const ByteTable* lookup,
                                  const Shape& shape) {
    return {.bytes = bytes,
            .lookup = lookup,
            .row = shape.width,
            .channel = static_cast<std::ptrdiff_t>(shape.pixels())};
  }
  /// Returns a picture [height][width][channels]; a row may be longer.
  static constexpr Picture interleaved(const std::uint8_t* bytes, const ByteTable* lookup,
                                       const Shape& shape, std::ptrdiff_t row = 0) {
    return {.bytes = bytes,
            .lookup = lookup,
            .row = row != 0 ? row : std::ptrdiff_t{shape.width} * shape.channels,
            .channel = 1,
            .pixel = shape.channels};
  }
  /// Returns the same with its channels in the opposite order: BGR for a network that was trained
  /// on RGB, or the other way round. `lookup` stays in the order of the network's channels.
  constexpr Picture reversed(const Shape& shape) const {
    Picture other = *this;
    const std::ptrdiff_t last = (shape.channels - 1) * channel;
    if (values != nullptr) other.values += last;
    if (bytes != nullptr) other.bytes += last;
    other.channel = -channel;
    return other;
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PICTURE_HPP
