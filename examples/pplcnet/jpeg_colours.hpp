#ifndef PPLCNET_EXAMPLES_JPEG_COLOURS_HPP
#define PPLCNET_EXAMPLES_JPEG_COLOURS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace decoding {

/// What the components of a JPEG are. Those of CMYK and YCCK are inverted: 0 is full ink.
enum class JpegColours { grey, rgb, ycc, cmyk, ycck };

/// Computes red, green and blue of YCbCr, with libjpeg's roundings. Its factors have 16 bits after
/// the point; what of them does not fit in a product of 16 by 16 bits is added.
struct YccToRgb {
  /// Converts up to the end of `rgb[i]`; in and out may be the same.
  static void convert(const std::uint8_t* const ycc[3], int count, std::uint8_t* const rgb[3]) {
    for (int x = 0; x < count; ++x) {
      const int y = ycc[0][x];
      const auto cb = static_cast<std::int16_t>(ycc[1][x] - 128);
      const auto cr = static_cast<std::int16_t>(ycc[2][x] - 128);
      rgb[0][x] = limited(y + cr + rounded(26345 * cr));
      rgb[1][x] = limited(y - cr + rounded(18734 * cr - 22554 * cb));
      rgb[2][x] = limited(y + 2 * cb + rounded(-14942 * cb));
    }
  }

 private:
  static int rounded(int value) { return (value + (1 << 15)) >> 16; }
  static std::uint8_t limited(int value) {
    const auto narrow = static_cast<std::int16_t>(value);
    return static_cast<std::uint8_t>(
        std::min<std::int16_t>(std::max<std::int16_t>(narrow, 0), 255));
  }
};

/// Writes `width` pixels of red, green and blue from rows of a JPEG's components, those of ink as
/// Pillow does.
inline void write_rgb(JpegColours colours, const std::uint8_t* const rows[4], int width,
                      std::uint8_t* out) {
  constexpr int kAtOnce = 256;
  std::uint8_t converted[3][kAtOnce];
  std::uint8_t* const parts[3] = {converted[0], converted[1], converted[2]};
  for (int begin = 0; begin < width; begin += kAtOnce) {
    const int count = std::min(kAtOnce, width - begin);
    const bool is_grey = colours == JpegColours::grey;
    const std::uint8_t* rgb[3] = {rows[0] + begin, rows[is_grey ? 0 : 1] + begin,
                                  rows[is_grey ? 0 : 2] + begin};
    if (colours == JpegColours::ycc || colours == JpegColours::ycck) {
      YccToRgb::convert(rgb, count, parts);
      std::copy_n(parts, 3, rgb);
    }
    if (colours == JpegColours::cmyk || colours == JpegColours::ycck) {
      const std::uint8_t* const black = rows[3] + begin;
      const int inverted = colours == JpegColours::ycck ? 255 : 0;
      for (int c = 0; c < 3; ++c)
        for (int x = 0; x < count; ++x)
          parts[c][x] = static_cast<std::uint8_t>(((rgb[c][x] ^ inverted) * black[x] + 127) / 255);
      std::copy_n(parts, 3, rgb);
    }
    const std::uint8_t *const red = rgb[0], *const green = rgb[1], *const blue = rgb[2];
    for (int x = 0; x < count; ++x, out += 3) {
      out[0] = red[x];
      out[1] = green[x];
      out[2] = blue[x];
    }
  }
}

}  // namespace decoding

#endif  // PPLCNET_EXAMPLES_JPEG_COLOURS_HPP
