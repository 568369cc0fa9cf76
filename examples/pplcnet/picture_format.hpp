#ifndef PPLCNET_EXAMPLES_PICTURE_FORMAT_HPP
#define PPLCNET_EXAMPLES_PICTURE_FORMAT_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "pplcnet/image/orientation.hpp"

namespace decoding {

enum class Format { unknown, jpeg, png, bmp, other };

struct NamedFormat {
  Format format = Format::unknown;
  std::string_view name;
};

/// Returns the format of a file, by its first bytes; names are not looked at. Those that are not
/// decoded are named, too.
inline NamedFormat picture_format(std::span<const std::byte> file) {
  using namespace std::string_view_literals;
  struct Mark {
    std::uint64_t offset;
    std::string_view bytes;
    NamedFormat named;
  };
  static constexpr Mark kMarks[] = {
      {0, "\xFF\xD8\xFF"sv, {Format::jpeg, "JPEG"}},
      {0, "\x89PNG\r\n\x1A\n"sv, {Format::png, "PNG"}},
      {0, "BM"sv, {Format::bmp, "BMP"}},
      {0, "GIF8"sv, {Format::other, "GIF"}},
      {0, "II*\0"sv, {Format::other, "TIFF"}},
      {0, "MM\0*"sv, {Format::other, "TIFF"}},
      {0, "II+\0"sv, {Format::other, "TIFF"}},
      {0, "MM\0+"sv, {Format::other, "TIFF"}},
      {8, "WEBP"sv, {Format::other, "WebP"}},
      {4, "ftypavi"sv, {Format::other, "AVIF"}},
      {4, "ftyphei"sv, {Format::other, "HEIF"}},
      {4, "ftyphev"sv, {Format::other, "HEIF"}},
      {4, "ftypmif1"sv, {Format::other, "HEIF"}},
      {4, "ftypmsf1"sv, {Format::other, "HEIF"}},
      {0, "\0\0\0\x0CjP  "sv, {Format::other, "JPEG 2000"}},
      {0, "\xFF\x4F\xFF\x51"sv, {Format::other, "JPEG 2000"}},
      {0, "\0\0\0\x0CJXL "sv, {Format::other, "JPEG XL"}},
      {0, "\xFF\x0A"sv, {Format::other, "JPEG XL"}},
      {0, "8BPS"sv, {Format::other, "PSD"}},
      {0, "#?R"sv, {Format::other, "HDR"}},
      {0, "\x76\x2F\x31\x01"sv, {Format::other, "OpenEXR"}},
      {0, "\x53\x80\xF6\x34"sv, {Format::other, "PIC"}},
      {0, "\0\0\1\0"sv, {Format::other, "icon"}},
      {0, "\0\0\2\0"sv, {Format::other, "cursor or TGA"}},
      {0, "\0\0\x0A\0"sv, {Format::other, "TGA"}},
      {0, "DDS "sv, {Format::other, "DDS"}},
      {0, "qoif"sv, {Format::other, "QOI"}},
      {0, "%PDF"sv, {Format::other, "PDF"}},
      {0, "<svg"sv, {Format::other, "SVG"}},
      {0, "<?xml"sv, {Format::other, "XML or SVG"}},
  };
  const pplcnet::ByteReader reader{file};
  for (const Mark& mark : kMarks)
    if (reader.has(mark.offset, mark.bytes)) return mark.named;
  const std::uint64_t second = reader.number(1, 1), third = reader.number(2, 1);
  if (reader.has(0, "P"sv) &&
      ((second >= '1' && second <= '7') || second == 'F' || second == 'f') &&
      (third <= ' ' || third == '#'))
    return {Format::other, "PNM"};
  constexpr std::string_view kFooter = "TRUEVISION-XFILE.\0"sv;
  const bool tga_footer =
      file.size() >= kFooter.size() && reader.has(file.size() - kFooter.size(), kFooter);
  const std::uint64_t kind = third & ~std::uint64_t{8}, depth = reader.number(16, 1);
  const bool tga_header = file.size() >= 18 && second <= 1 && kind >= 1 && kind <= 3 &&
                          third < 12 &&
                          (depth == 15 || (depth > 0 && depth % 8 == 0 && depth <= 32));
  if (tga_footer || tga_header) return {Format::other, "TGA"};
  return {};
}

}  // namespace decoding

#endif  // PPLCNET_EXAMPLES_PICTURE_FORMAT_HPP
