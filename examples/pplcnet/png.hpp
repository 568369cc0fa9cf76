#ifndef PPLCNET_EXAMPLES_PNG_HPP
#define PPLCNET_EXAMPLES_PNG_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/image/view.hpp"
#include "pplcnet/weights/error.hpp"

/// Returns the bytes of a PNG file: rows of pixels with 1 to 4 channels of 8 bits.
std::string encode_png(std::span<const std::uint8_t> pixels, int width, int height, int channels);

/// Decodes a PNG file whose pixels are numbers, such as of classes: grey ones, or those of colours
/// in its palette, of at most 8 bits.
pplcnet::Error decode_png_numbers(std::span<const std::byte> file, pplcnet::ImageSize& size,
                                  std::vector<std::uint8_t>& numbers);

/// Makes a PNG file whose pixels are rotated clockwise by quarters, at the depth that they have,
/// and whose Exif orientation, if it has one, says that it is upright. All other chunks are kept as
/// they are, but for a resolution, which is rotated, too, and Apple's index into the pixels. An
/// error for what would not be true of the rotated picture any more.
pplcnet::Error rotate_png(std::span<const std::byte> file, int quarters, std::string& rotated);

#endif  // PPLCNET_EXAMPLES_PNG_HPP
