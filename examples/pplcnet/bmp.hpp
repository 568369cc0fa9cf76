#ifndef PPLCNET_EXAMPLES_BMP_HPP
#define PPLCNET_EXAMPLES_BMP_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "picture_limits.hpp"
#include "pplcnet/image/orientation.hpp"
#include "pplcnet/weights/error.hpp"

namespace decoding {

/// A Windows or OS/2 bitmap that is not compressed: 1, 4, 8, 16, 24 or 32 bits for each pixel.
class BmpFile {
 public:
  /// Returns an error if the file ends early, or is of a kind that is not decoded.
  static pplcnet::Error parse(std::span<const std::byte> file, BmpFile& bmp) {
    bmp = BmpFile();
    bmp.reader_ = {file, true};
    return bmp.read_header();
  }

  std::uint64_t width() const { return width_; }
  std::uint64_t height() const { return height_; }
  bool has_alpha() const { return masks_[3] != 0; }

  /// Writes rows from the top, of three or, with alpha, four channels.
  pplcnet::Error decode(Pixels& pixels) const {
    std::uint8_t* out = pixels.memory.get();
    const std::uint64_t channels = static_cast<std::uint64_t>(pixels.channels);
    bool any_alpha = false;
    for (std::uint64_t y = 0; y < height_; ++y) {
      const std::uint64_t row = pixels_ + (from_top_ ? y : height_ - 1 - y) * stride();
      for (std::uint64_t x = 0; x < width_; ++x, out += channels) {
        const std::uint64_t value = pixel(row, x);
        if (bits_ <= 8) {
          if (value >= colours_)
            return pplcnet::Error::of("pixel ", x, ", ", y, " has colour ", value,
                                      " of a palette of ", colours_);
          for (std::uint64_t i = 0; i < 3; ++i)
            out[i] = byte(palette_ + value * colour_bytes_ + 2 - i);
          continue;
        }
        for (std::uint64_t i = 0; i < channels; ++i)
          out[i] = part(value, masks_[static_cast<std::size_t>(i)]);
        any_alpha = any_alpha || (channels == 4 && out[3] > 0);
      }
    }
    if (channels == 4 && !any_alpha)  // what was meant is not that there is nothing to see
      for (std::size_t i = 0; i < pixels.count(); ++i) pixels.memory[4 * i + 3] = 255;
    return {};
  }

 private:
  std::uint8_t byte(std::uint64_t offset) const {
    return static_cast<std::uint8_t>(reader_.number(offset, 1));
  }
  std::uint64_t row_bytes() const { return (width_ * bits_ + 7) / 8; }
  std::uint64_t stride() const { return (row_bytes() + 3) / 4 * 4; }

  std::uint64_t pixel(std::uint64_t row, std::uint64_t x) const {
    if (bits_ >= 8) return reader_.number(row + x * bits_ / 8, static_cast<unsigned>(bits_ / 8));
    return (byte(row + x * bits_ / 8) >> (8 - bits_ - x * bits_ % 8)) & ((1u << bits_) - 1);
  }

  /// Returns the bits of a mask, as a part of 255.
  static std::uint8_t part(std::uint64_t value, std::uint64_t mask) {
    const int low = std::countr_zero(mask);
    return static_cast<std::uint8_t>(((value & mask) >> low) * 255 / (mask >> low));
  }

  pplcnet::Error read_header() {
    constexpr std::uint64_t kFileHeader = 14;
    const std::uint64_t size = reader_.bytes.size();
    pixels_ = reader_.number(10, 4);
    const std::uint64_t header = reader_.number(kFileHeader, 4);
    const auto field = [&](std::uint64_t at, unsigned bytes) {
      return reader_.number(kFileHeader + at, bytes);
    };
    if (size < 18 || kFileHeader + header > size)
      return pplcnet::Error::of("it is truncated after ", size, " bytes");
    constexpr std::array kHeaders = {12, 40, 52, 56, 64, 108, 124};
    if (std::ranges::find(kHeaders, header) == kHeaders.end())
      return pplcnet::Error::of("its header of ", header, " bytes is of no known kind");
    std::uint64_t compression = 0, used = 0;
    if (header == 12) {
      width_ = field(4, 2);
      height_ = field(6, 2);
      bits_ = field(10, 2);
      colour_bytes_ = 3;
    } else {
      width_ = field(4, 4);
      height_ = field(8, 4);
      from_top_ = height_ >= 1u << 31;
      if (from_top_) height_ = (std::uint64_t{1} << 32) - height_;
      bits_ = field(14, 2);
      compression = field(16, 4);
      used = field(32, 4);
    }
    if (width_ >= 1u << 31) return pplcnet::Error::of("its width is ", width_);
    constexpr std::array kBits = {1, 4, 8, 16, 24, 32};
    if (std::ranges::find(kBits, bits_) == kBits.end())
      return pplcnet::Error::of("it has ", bits_, " bits for each pixel");
    const bool has_masks = compression == 3 && bits_ > 8 && bits_ != 24 && header != 64;
    if (compression == 1 || compression == 2)
      return pplcnet::Error::of("it is compressed by run lengths, which is not supported");
    if (compression != 0 && !has_masks)
      return pplcnet::Error::of("its compression ", compression, " is not supported");
    std::uint64_t end = kFileHeader + header;  // of all that comes before the pixels
    if (has_masks && header == 40) end += 12;
    if (auto error = read_masks(header, has_masks)) return error;
    if (pixels_ < end) return pplcnet::Error::of("its pixels begin at byte ", pixels_);
    palette_ = end;
    colours_ = std::min((pixels_ - end) / colour_bytes_,
                        std::uint64_t{1} << std::min(bits_, std::uint64_t{8}));
    if (used > 0) colours_ = std::min(colours_, used);
    // The last row may be without its filling.
    if (height_ > 0 && (pixels_ > size || stride() * (height_ - 1) + row_bytes() > size - pixels_))
      return pplcnet::Error::of("it is truncated after ", size, " bytes");
    return {};
  }

  /// Reads, or knows, which bits of a pixel are red, green, blue and alpha.
  pplcnet::Error read_masks(std::uint64_t header, bool has_masks) {
    constexpr std::uint64_t kMasks = 54;
    if (has_masks) {
      for (std::size_t i = 0; i < masks_.size(); ++i)
        masks_[i] = i < 3 || header >= 56 ? reader_.number(kMasks + 4 * i, 4) : 0;
    } else if (bits_ == 16) {
      masks_ = {31u << 10, 31u << 5, 31u, 0};
    } else {
      masks_ = {255u << 16, 255u << 8, 255u, 0};
    }
    for (std::size_t i = 0; i < masks_.size(); ++i) {
      const std::uint64_t mask = masks_[i];
      const bool contiguous =
          mask != 0 && std::has_single_bit((mask >> std::countr_zero(mask)) + 1);
      if (!contiguous && (i < 3 || mask != 0))
        return pplcnet::Error::of("its mask ", i, " of bits is ", mask);
    }
    return {};
  }

  pplcnet::ByteReader reader_;
  std::uint64_t width_ = 0, height_ = 0, bits_ = 0;
  std::uint64_t pixels_ = 0, palette_ = 0, colours_ = 0, colour_bytes_ = 4;
  bool from_top_ = false;
  std::array<std::uint64_t, 4> masks_ = {};  // of red, green, blue, alpha
};

inline pplcnet::Error decode_bmp(std::span<const std::byte> file, const PictureLimits& limits,
                                 std::uint64_t other_bytes, bool with_alpha, Pixels& pixels) {
  BmpFile bmp;
  if (auto error = BmpFile::parse(file, bmp)) return error;
  pixels.channels = with_alpha && bmp.has_alpha() ? 4 : 3;
  const std::uint64_t size =
      bmp.width() * bmp.height() * static_cast<std::uint64_t>(pixels.channels);
  if (auto error = check(limits, bmp.width(), bmp.height(), size + other_bytes)) return error;
  pixels.width = static_cast<int>(bmp.width());
  pixels.height = static_cast<int>(bmp.height());
  pixels.memory = allocate(static_cast<std::size_t>(size));
  if (!pixels.memory) return out_of_memory();
  return bmp.decode(pixels);
}

}  // namespace decoding

#endif  // PPLCNET_EXAMPLES_BMP_HPP
