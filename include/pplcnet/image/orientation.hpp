#ifndef PPLCNET_IMAGE_ORIENTATION_HPP
#define PPLCNET_IMAGE_ORIENTATION_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/view.hpp"

// Cameras store a picture as the sensor lay and note in its Exif data how to rotate it. Decoders
// such as cv2.imread do so, stb_image and Pillow's Image.open do not.

namespace pplcnet::inline PPLCNET_ABI {

/// Reads numbers from untrusted bytes: what lies outside reads as 0.
struct ByteReader {
  std::span<const std::byte> bytes;
  bool little_endian = false;

  constexpr std::uint64_t number(std::uint64_t offset, unsigned size) const {
    if (offset > bytes.size() || bytes.size() - offset < size) return 0;
    const auto begin = static_cast<std::size_t>(offset);
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i) {
      const unsigned position = little_endian ? size - 1 - i : i;
      value = value << 8 | std::to_integer<std::uint64_t>(bytes[begin + position]);
    }
    return value;
  }

  constexpr bool has(std::uint64_t offset, std::string_view text) const {
    if (offset > bytes.size() || bytes.size() - offset < text.size()) return false;
    const auto begin = static_cast<std::size_t>(offset);
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (bytes[begin + i] != static_cast<std::byte>(text[i])) return false;
    }
    return true;
  }

  /// Returns at most `size` bytes from `offset` on.
  constexpr std::span<const std::byte> part(std::uint64_t offset, std::uint64_t size) const {
    const auto begin = static_cast<std::size_t>(std::min<std::uint64_t>(offset, bytes.size()));
    const auto rest = std::min<std::uint64_t>(size, bytes.size() - begin);
    return bytes.subspan(begin, static_cast<std::size_t>(rest));
  }
};

/// The orientation in Exif data.
struct ExifOrientation {
  int value = 1;           ///< 1 to 8; 1 is upright
  std::size_t offset = 0;  ///< of the byte in the file that says so; 0: none does
};

/// Returns that of Exif data, which are a TIFF file: tag 0x0112 of the first directory. They begin
/// at `begin` of `file`.
constexpr ExifOrientation tiff_orientation(std::span<const std::byte> file, std::uint64_t begin,
                                           std::uint64_t size) {
  using namespace std::string_view_literals;
  const ByteReader whole{file};
  ByteReader reader{whole.part(begin, size)};
  reader.little_endian = reader.has(0, "II*\0"sv);
  if (!reader.little_endian && !reader.has(0, "MM\0*"sv)) return {};
  const std::uint64_t directory = reader.number(4, 4);
  const std::uint64_t entry_count = reader.number(directory, 2);
  for (std::uint64_t i = 0; i < entry_count; ++i) {
    const std::uint64_t entry = directory + 2 + i * 12;
    if (reader.number(entry, 2) != 0x0112) continue;
    const std::uint64_t type = reader.number(entry + 2, 2);
    const unsigned value_bytes = type == 3 ? 2 : type == 4 ? 4 : 0;  // SHORT; LONG
    const std::uint64_t value = reader.number(entry + 8, value_bytes);
    if (reader.number(entry + 4, 4) != 1 || value < 1 || value > 8) return {};
    const std::uint64_t low_byte = begin + entry + 8 + (reader.little_endian ? 0 : value_bytes - 1);
    return {static_cast<int>(value), static_cast<std::size_t>(low_byte)};
  }
  return {};
}

/// Where Exif data are in a file: a TIFF file inside it.
struct ExifPlace {
  std::uint64_t begin = 0;  ///< 0: there are none
  std::uint64_t size = 0;   ///< as the file says; it may end before
};

/// Returns the first ones of a JPEG file (segment APP1) or PNG file (chunk eXIf); none for any
/// other or malformed bytes. Reads nothing outside `file`.
constexpr ExifPlace find_exif(std::span<const std::byte> file) {
  using namespace std::string_view_literals;
  const ByteReader reader{file};
  if (reader.has(0, "\xFF\xD8"sv)) {
    for (std::uint64_t offset = 2; reader.number(offset, 1) == 0xFF;) {
      const std::uint64_t marker = reader.number(offset + 1, 1);
      if (marker == 0xFF) {  // a fill byte
        ++offset;
        continue;
      }
      const std::uint64_t length = reader.number(offset + 2, 2);  // of itself and what follows
      const bool picture_begins = marker == 0xDA || marker == 0xD9;
      if (picture_begins || length < 2) return {};
      if (marker == 0xE1 && length >= 8 && reader.has(offset + 4, "Exif\0\0"sv))
        return {offset + 10, length - 8};
      offset += 2 + length;
    }
  } else if (reader.has(0, "\x89PNG\r\n\x1A\n"sv)) {
    for (std::uint64_t offset = 8; offset < file.size();) {
      const std::uint64_t length = reader.number(offset, 4);
      if (reader.has(offset + 4, "eXIf")) return {offset + 8, length};
      offset += 12 + length;  // length, type, data, checksum
    }
  }
  return {};
}

/// Returns the Exif orientation of a JPEG or PNG file; upright for any other or malformed bytes.
constexpr ExifOrientation find_exif_orientation(std::span<const std::byte> file) {
  const ExifPlace place = find_exif(file);
  return place.begin == 0 ? ExifOrientation() : tiff_orientation(file, place.begin, place.size);
}

/// Returns the same as a number from 1 to 8.
constexpr int exif_orientation(std::span<const std::byte> file) {
  return find_exif_orientation(file).value;
}

/// Writes the picture as it is meant to be seen, given its Exif orientation, 1 to 8, to `out`,
/// which has room for all of its pixels, as RGB. The result is a view of them.
inline ImageView write_oriented(ImageView image, int orientation, std::uint8_t* out) {
  // 5 to 8: the stored rows are seen as columns. The first stored row and column are seen at the
  // top and left (1), top right (2), bottom right (3), bottom left (4), left top (5), right top
  // (6), right bottom (7), left bottom (8); so the first pixel seen is in one of the stored
  // corners.
  const bool transposed = orientation >= 5;
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const std::uint8_t* origin =
      image.pixel(from_right ? image.width - 1 : 0, from_bottom ? image.height - 1 : 0);
  const auto [pixel_bytes, red, green, blue] = image.layout;
  const std::ptrdiff_t along_row = from_right ? -pixel_bytes : pixel_bytes;
  const std::ptrdiff_t along_column = from_bottom ? -image.row_bytes : image.row_bytes;
  const std::ptrdiff_t step_right = transposed ? along_column : along_row;
  const std::ptrdiff_t step_down = transposed ? along_row : along_column;

  const ImageView upright = {out, transposed ? image.height : image.width,
                             transposed ? image.width : image.height, PixelFormat::rgb};
  for (int y = 0; y < upright.height; ++y) {
    for (int x = 0; x < upright.width; ++x) {
      const std::uint8_t* pixel = origin + y * step_down + x * step_right;
      for (const std::ptrdiff_t channel : {red, green, blue}) *out++ = pixel[channel];
    }
  }
  return upright;
}

/// Returns the picture as it is meant to be seen, given its Exif orientation. For 2 to 8 the
/// rotated pixels are written to `storage`, as RGB, and the result is a view of them; otherwise it
/// is `image` itself.
inline ImageView oriented(ImageView image, int orientation, std::vector<std::uint8_t>& storage) {
  if (orientation < 2 || orientation > 8 || image.empty()) return image;
  storage.resize(CropWindow{0, 0, image.width, image.height}.byte_count());
  return write_oriented(image, orientation, storage.data());
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_ORIENTATION_HPP
