#ifndef PPLCNET_EXAMPLES_PICTURE_LIMITS_HPP
#define PPLCNET_EXAMPLES_PICTURE_LIMITS_HPP

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "pplcnet/weights/error.hpp"

/// Limits of a picture. All are checked before anything is decoded, from what the file says
/// of itself: 119 bytes can ask for gigabytes.
struct PictureLimits {
  std::uint64_t pixels = 89'478'485;               ///< width × height; Pillow warns of more
  std::uint64_t bytes = std::uint64_t{448} << 20;  ///< the file, and all memory for decoding it
  /// Of a grey JPEG with as many pixels; a smaller one may have more scans in proportion, and one
  /// with colours fewer. Those of usual progressive encoders add up to 8 or, in full colour, 14.
  std::uint64_t scans = 12;
};

namespace decoding {

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
/// Bytes that begin as zeros; null if the system has no more.
using Memory = std::unique_ptr<std::uint8_t[], Free>;
inline Memory allocate(std::size_t size) {
  return Memory(static_cast<std::uint8_t*>(std::calloc(size, 1)));
}
inline pplcnet::Error out_of_memory() {
  return pplcnet::Error::of("there is not enough memory for its pixels");
}

/// Decoded pixels: rows from the top without gaps, of red, green, blue and, with 4 channels, alpha.
struct Pixels {
  Memory memory;
  int width = 0, height = 0, channels = 3;

  std::size_t count() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  }
};

/// Returns an error if a picture is larger than it may be. `bytes` are those of decoding it.
inline pplcnet::Error check(const PictureLimits& limits, std::uint64_t width, std::uint64_t height,
                            std::uint64_t bytes) {
  if (width == 0 || height == 0)
    return pplcnet::Error::of("it has no pixels: ", width, "x", height);
  if (width * height > limits.pixels)
    return pplcnet::Error::of("it has ", width, "x", height, " pixels, more than the ",
                              limits.pixels, " that are allowed");
  if (bytes > limits.bytes)
    return pplcnet::Error::of("it would take ", bytes >> 20, " MB to decode, more than the ",
                              limits.bytes >> 20, " that are allowed");
  return {};
}

}  // namespace decoding

#endif  // PPLCNET_EXAMPLES_PICTURE_LIMITS_HPP
