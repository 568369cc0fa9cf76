#ifndef PPLCNET_EXAMPLES_PNG_PIXELS_HPP
#define PPLCNET_EXAMPLES_PNG_PIXELS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "picture_limits.hpp"
#include "png_file.hpp"
#include "pplcnet/image/orientation.hpp"
#include "pplcnet/weights/error.hpp"

namespace decoding {

/// Decodes a PNG to 8 bits for each value, of 16 the higher ones, as cv2 does; with alpha if that
/// is requested and there is any.
inline pplcnet::Error decode_png(std::span<const std::byte> file, const PictureLimits& limits,
                                 std::uint64_t other_bytes, bool with_alpha, Pixels& pixels) {
  PngFile png;
  if (auto error = PngFile::parse(file, png)) return error;
  const bool alpha = with_alpha && png.has_alpha();
  pixels.width = png.width;
  pixels.height = png.height;
  pixels.channels = alpha ? 4 : 3;
  const std::size_t size = pixels.count() * static_cast<std::size_t>(pixels.channels);
  if (auto error = check(limits, static_cast<std::uint64_t>(png.width),
                         static_cast<std::uint64_t>(png.height), png.bytes() + size + other_bytes))
    return error;
  PngRows rows;
  if (auto error = png.decode(rows)) return error;
  pixels.memory = allocate(size);
  if (!pixels.memory) return out_of_memory();
  std::uint8_t* out = pixels.memory.get();
  const auto put = [&](unsigned red, unsigned green, unsigned blue, unsigned opacity) {
    for (const unsigned value : {red, green, blue}) *out++ = static_cast<std::uint8_t>(value);
    if (alpha) *out++ = static_cast<std::uint8_t>(opacity);
  };
  const std::size_t channels = static_cast<std::size_t>(png.channels());
  const std::size_t sample_bytes = png.depth == 16 ? 2 : 1;
  const unsigned scale = png.depth < 8 ? 255 / ((1u << png.depth) - 1) : 1;
  const bool plain = png.depth == 8 && png.colour != PngFile::palette && !alpha;
  const pplcnet::ByteReader transparent{png.transparency};
  for (int y = 0; y < png.height; ++y) {
    const std::uint8_t* const row = rows.row(y);
    if (plain) {
      const std::uint8_t* pixel = row;
      const std::size_t green = channels < 3 ? 0 : 1, blue = channels < 3 ? 0 : 2;
      for (int x = 0; x < png.width; ++x, pixel += channels, out += 3) {
        out[0] = pixel[0];
        out[1] = pixel[green];
        out[2] = pixel[blue];
      }
      continue;
    }
    for (std::size_t x = 0; x < static_cast<std::size_t>(png.width); ++x) {
      if (png.colour == PngFile::palette) {
        const std::size_t index = png_sample(row, x, png.depth);
        if (index >= png.colours.size() / 3)
          return pplcnet::Error::of("pixel ", x, ", ", y, " has colour ", index,
                                    " of a palette of ", png.colours.size() / 3);
        const auto part = [&](std::size_t i) {
          return std::to_integer<unsigned>(png.colours[3 * index + i]);
        };
        const bool has_own = index < png.transparency.size();
        put(part(0), part(1), part(2),
            has_own ? std::to_integer<unsigned>(png.transparency[index]) : 255);
        continue;
      }
      std::array<unsigned, 4> values = {};  // of 8 bits
      bool is_key = !png.transparency.empty();
      for (std::size_t i = 0; i < channels; ++i) {
        unsigned value = 0;
        if (png.depth < 8) {
          value = png_sample(row, x, png.depth);
          values[i] = value * scale;
        } else {
          const std::uint8_t* const sample = row + (x * channels + i) * sample_bytes;
          values[i] = sample[0];
          value = sample_bytes == 2 ? 256u * sample[0] + sample[1] : sample[0];
        }
        is_key = is_key && transparent.number(2 * i, 2) == value;
      }
      const unsigned opacity = is_key ? 0 : channels % 2 == 0 ? values[channels - 1] : 255;
      if (channels < 3)
        put(values[0], values[0], values[0], opacity);
      else
        put(values[0], values[1], values[2], opacity);
    }
  }
  return {};
}

}  // namespace decoding

#endif  // PPLCNET_EXAMPLES_PNG_PIXELS_HPP
