#ifndef PPLCNET_EXAMPLES_PNG_HPP
#define PPLCNET_EXAMPLES_PNG_HPP

#include <cstdint>
#include <span>
#include <string>

/// The bytes of a PNG file: rows of pixels with 1 to 4 channels of 8 bits.
std::string encode_png(std::span<const std::uint8_t> pixels, int width, int height, int channels);

#endif  // PPLCNET_EXAMPLES_PNG_HPP
