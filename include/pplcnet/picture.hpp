#ifndef PPLCNET_PICTURE_HPP
#define PPLCNET_PICTURE_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include "pplcnet/plan/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What each value of a byte stands for, in one channel of the network's input.
using ByteValues = std::array<float, 256>;

/// Somebody else's picture, as large as a network's input, which is read where it lies: planar or
/// interleaved; float32, normalised as the network was trained, or bytes and what they stand for.
struct Picture {
  const float* values = nullptr;        ///< of channel 0, row 0, column 0; or
  const std::uint8_t* bytes = nullptr;  ///< the same in bytes,
  const ByteValues* meaning = nullptr;  ///< one table for each channel
  std::ptrdiff_t row = 0, channel = 0;  ///< elements to the next row, the next channel
  std::ptrdiff_t pixel = 1;             ///< elements to the right neighbour

  /// [channels][height][width].
  static constexpr Picture planar(const float* values, const Shape& shape) {
    return {.values = values, .row = shape.width, .channel = shape.pixels()};
  }
  /// [height][width][channels]; a row may be longer.
  static constexpr Picture interleaved(const float* values, const Shape& shape,
                                       std::ptrdiff_t row = 0) {
    return {.values = values,
            .row = row != 0 ? row : std::ptrdiff_t{shape.width} * shape.channels,
            .channel = 1,
            .pixel = shape.channels};
  }
  /// [channels][height][width]; `meaning` points to a table for each channel.
  static constexpr Picture planar(const std::uint8_t* bytes, const ByteValues* meaning,
                                  const Shape& shape) {
    return {.bytes = bytes, .meaning = meaning, .row = shape.width, .channel = shape.pixels()};
  }
  /// [height][width][channels]; a row may be longer.
  static constexpr Picture interleaved(const std::uint8_t* bytes, const ByteValues* meaning,
                                       const Shape& shape, std::ptrdiff_t row = 0) {
    return {.bytes = bytes,
            .meaning = meaning,
            .row = row != 0 ? row : std::ptrdiff_t{shape.width} * shape.channels,
            .channel = 1,
            .pixel = shape.channels};
  }
  /// The same with its channels in the opposite order: BGR for a network that was trained on RGB,
  /// or the other way round. `meaning` stays in the order of the network's channels.
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
