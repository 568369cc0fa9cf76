#ifndef PPLCNET_TESTS_FUZZ_PICTURE_FORMATS_HPP
#define PPLCNET_TESTS_FUZZ_PICTURE_FORMATS_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/format.hpp"
#include "fuzz/picture_check.hpp"

/// Pictures as the program decodes them.
namespace pplcnet_test {

inline Outcome read_picture(std::string_view contents) {
  const auto read = [](std::string_view bytes) {
    return run<Picture>([&](Picture& picture) { return decode_picture(bytes, kPath, picture); },
                        [](const Picture& picture) {
                          const pplcnet::ImageView view = picture.view();
                          require(
                              !view.empty() && static_cast<std::uint64_t>(view.width) *
                                                       static_cast<std::uint64_t>(view.height) <=
                                                   kSmallLimits.pixels,
                              "the size");
                          require(sum_of(picture) <= 3 * 127 * kSmallLimits.pixels, "the pixels");
                          return true;
                        });
  };
  const Outcome outcome = read(contents);
  const std::string repaired = with_checksums(std::string(contents));
  return repaired == contents ? outcome : read(repaired);
}

inline std::string from_hex(std::string_view digits) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(16 * value(digits[i]) + value(digits[i + 1]));
  return bytes;
}

inline std::string number_bytes(std::uint32_t value, unsigned size, bool little_endian) {
  std::string bytes;
  for (unsigned i = 0; i < size; ++i)
    bytes += static_cast<char>(value >> 8 * (little_endian ? i : size - 1 - i) & 255);
  return bytes;
}

/// 16x16 pixels of a progressive JPEG with colours at half the resolution, and the same with an
/// Exif orientation; a CMYK one, of 8x8.
inline Format jpeg_format() {
  constexpr std::string_view kProgressive =
      "ffd8ffe000104a46494600010100000100010000ffdb004300281c1e231e19282321232d2b28303c64413c37373c"
      "7b585d4964918099968f808c8aa0b4e6c3a0aadaad8a8cc8ffcbdaeef5ffffff9bc1fffffffaffe6fdfff8ffdb00"
      "43012b2d2d3c353c76414176f8a58ca5f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8"
      "f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8ffc20011080010001003012200021101031101ffc40015000101"
      "00000000000000000000000000000003ffc4001501010100000000000000000000000000000103ffda000c030100"
      "0210031000000188b9ffc4001a100002020300000000000000000000000000020110111221ffda00080101000105"
      "0255d895c11cafffc400161100030000000000000000000000000000000111ffda0008010301013f0150ffc40017"
      "110003010000000000000000000000000000011161ffda0008010201013f0176e1ffc40016100003000000000000"
      "0000000000000000001031ffda0008010100063f0274ffc400191000020301000000000000000000000000001101"
      "213151ffda0008010100013f21b9691dac6c48a6747fffda000c0301000200030000001033ffc400161101010100"
      "000000000000000000000000010011ffda0008010301013f105a11bfffc400161101010100000000000000000000"
      "000000011100ffda0008010201013f1056ae7fffc4001c1000020202030000000000000000000000011100213171"
      "415161ffda0008010100013f10d24e1c640c9e280c687d54269243bb9fffd9";
  const std::string jpeg = from_hex(kProgressive);
  const std::string rotated = jpeg.substr(0, 2) +
                              from_hex(
                                  "ffe100224578696600004d4d002a000000080001011200040000000100000006"
                                  "00000000") +
                              jpeg.substr(2);
  return {.files = {{jpeg.substr(0, 160), jpeg.substr(160)},
                    {rotated.substr(0, 196), rotated.substr(196)},
                    {jpeg.substr(0, 160), jpeg.substr(160, jpeg.size() - 162)}},
          .read = read_picture,
          .words = {"\xFF\xDA", "\xFF\xC0", "\xFF\xC1", "\xFF\xC4", "\xFF\xDB", "\xFF\xD9",
                    "\xFF\xD0", std::string("\xFF\xDD\0\4\0\1", 6),
                    std::string("\xFF\xEE\0\x0E"
                                "Adobe\0d\0\0\0\0\2",
                                16),
                    "Exif", "JFIF", "II*", "MM"}};
}

/// A PNG file whose pixels are stored without compression.
inline std::string stored_png(std::uint32_t width, std::uint32_t height, char depth, char colour,
                              char interlaced, std::string_view chunks, std::size_t row_bytes_sum) {
  const auto chunk = [](std::string_view type, const std::string& data) {
    return number_bytes(static_cast<std::uint32_t>(data.size()), 4, false) + std::string(type) +
           data + std::string(4, '\0');
  };
  std::string header = number_bytes(width, 4, false) + number_bytes(height, 4, false);
  header += {depth, colour, '\0', '\0', interlaced};
  std::string rows;
  for (std::size_t i = 0; i < row_bytes_sum; ++i) rows += static_cast<char>(i % 5);
  const auto size = static_cast<std::uint32_t>(rows.size());
  const std::string stored = "\x78\x01\x01" + number_bytes(size, 2, true) +
                             number_bytes(~size, 2, true) + rows + std::string(4, '\0');
  return with_checksums(std::string(decoding::kPngSignature) + chunk("IHDR", header) +
                        std::string(chunks) + chunk("IDAT", stored) + chunk("IEND", ""));
}

inline Format png_format() {
  const std::string palette = from_hex("00000030504c5445") + std::string(48 + 4, '\x55') +
                              from_hex("0000000274524e53007f00000000");
  const std::string grey_key = from_hex("0000000274524e53000300000000");
  const std::string exif =
      from_hex("0000001a6558496649492a000800000001001201030001000000080000000000000000000000");
  std::vector<Parts> files;
  for (const std::string& png :
       {stored_png(4, 3, 8, 2, 0, exif, 39), stored_png(5, 5, 8, 6, 1, "", 114),
        stored_png(9, 2, 4, 3, 0, palette, 12), stored_png(9, 4, 1, 0, 1, grey_key, 24),
        stored_png(3, 2, 16, 4, 0, "", 26), stored_png(2, 2, 16, 0, 0, grey_key, 10)})
    files.push_back({png.substr(0, 33), png.substr(33)});
  return {.files = files,
          .read = read_picture,
          .large = {stored_png(1u << 30, 1u << 30, 16, 6, 1, "", 8)},
          .words = {"IHDR", "PLTE", "tRNS", "IDAT", "IEND", "eXIf", "acTL", "CgBI"},
          .factor = 4};
}

inline Format bmp_format() {
  const auto bmp = [](std::uint32_t header, int width, int height, unsigned bits,
                      std::uint32_t compression, const std::string& between, std::size_t bytes) {
    const auto offset = static_cast<std::uint32_t>(14 + header + between.size());
    std::string file =
        "BM" + number_bytes(0, 4, true) + number_bytes(0, 4, true) + number_bytes(offset, 4, true) +
        number_bytes(header, 4, true) +
        number_bytes(static_cast<std::uint32_t>(width), header == 12 ? 2 : 4, true) +
        number_bytes(static_cast<std::uint32_t>(height), header == 12 ? 2 : 4, true) +
        number_bytes(1, 2, true) + number_bytes(bits, 2, true);
    if (header > 12) file += number_bytes(compression, 4, true);
    file.resize(14 + header);
    file += between;
    for (std::size_t i = 0; i < bytes; ++i) file += static_cast<char>(i % 4);
    return Parts{file.substr(0, 30), file.substr(30)};
  };
  const std::string palette(16, '\x21'), masks = from_hex("00f80000e00700001f000000");
  return {.files = {bmp(40, 5, 3, 24, 0, "", 48), bmp(40, 5, -3, 8, 0, palette, 24),
                    bmp(12, 5, 3, 8, 0, palette.substr(0, 12), 24), bmp(40, 3, 2, 16, 3, masks, 16),
                    bmp(40, 3, 2, 32, 0, "", 24), bmp(40, 9, 3, 1, 0, palette, 12)},
          .read = read_picture};
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_FUZZ_PICTURE_FORMATS_HPP
