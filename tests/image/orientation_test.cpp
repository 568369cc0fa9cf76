#include "pplcnet/image/orientation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "synthetic.hpp"

namespace pplcnet_test::orientation_test {
namespace {

using pplcnet::ImageView;
using namespace std::string_literals;

/// Reads a copy on the heap of exactly this size, so that AddressSanitizer sees a step outside.
int orientation(const std::string& file) {
  const auto copy = std::make_unique<std::byte[]>(file.size());
  std::copy_n(std::as_bytes(std::span(file)).begin(), file.size(), copy.get());
  return pplcnet::exif_orientation({copy.get(), file.size()});
}

std::string big(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = size - 1; i >= 0; --i) bytes += static_cast<char>(value >> 8 * i & 255);
  return bytes;
}

std::string little(std::uint64_t value, int size) {
  const std::string bytes = big(value, size);
  return {bytes.rbegin(), bytes.rend()};
}

/// Exif data with two entries, of which the second is the orientation.
std::string tiff(bool little_endian, unsigned value, unsigned type = 3, unsigned count = 1) {
  const auto number = little_endian ? little : big;
  return (little_endian ? "II*\0"s : "MM\0*"s) + number(10, 4) + "--" + number(2, 2) +
         number(0x0100, 2) + number(4, 2) + number(1, 4) + number(640, 4) +  // width
         number(0x0112, 2) + number(type, 2) + number(count, 4) +
         (type == 4 ? number(value, 4) : number(value, 2) + "\0\0"s);
}

std::string segment(int marker, const std::string& contents) {
  return "\xFF"s + static_cast<char>(marker) + big(contents.size() + 2, 2) + contents;
}

std::string jpeg(const std::string& exif) {
  return "\xFF\xD8"s + segment(0xE0, "JFIF\0\1\1\0\0\1\0\1\0\0"s) +
         segment(0xE1, "http://ns.adobe.com/xap/1.0/\0<x/>"s) + "\xFF\xFF"s +
         segment(0xE1, "Exif\0\0"s + exif) + segment(0xDB, std::string(65, '\1')) +
         segment(0xDA, "picture");
}

std::string chunk(const std::string& type, const std::string& contents) {
  return big(contents.size(), 4) + type + contents + "\1\2\3\4";
}

std::string png(const std::string& exif) {
  return "\x89PNG\r\n\x1A\n"s + chunk("IHDR", std::string(13, '\0')) + chunk("IDAT", "picture") +
         chunk("eXIf", exif) + chunk("IEND", "");
}

TEST(ExifOrientation, AllValuesOfJpegAndPng) {
  for (unsigned value = 1; value <= 8; ++value) {
    for (const bool little_endian : {false, true}) {
      EXPECT_EQ(orientation(jpeg(tiff(little_endian, value))), static_cast<int>(value));
      EXPECT_EQ(orientation(png(tiff(little_endian, value))), static_cast<int>(value));
      EXPECT_EQ(orientation(jpeg(tiff(little_endian, value, 4))), static_cast<int>(value));
    }
  }
}

TEST(ExifOrientation, OtherValuesAndTypesAreUpright) {
  for (const unsigned value : {0U, 9U, 256U, 0x0600U, 65535U}) {
    EXPECT_EQ(orientation(jpeg(tiff(true, value))), 1) << value;
    EXPECT_EQ(orientation(jpeg(tiff(false, value))), 1) << value;
  }
  EXPECT_EQ(orientation(jpeg(tiff(true, 6, 1))), 1);
  EXPECT_EQ(orientation(jpeg(tiff(true, 6 << 16, 4))), 1);
  EXPECT_EQ(orientation(jpeg(tiff(true, 6, 3, 2))), 1);
}

TEST(ExifOrientation, IsWhereItIsSaidToBe) {
  for (const bool little_endian : {false, true})
    for (const unsigned type : {3u, 4u}) {
      std::string file = jpeg(tiff(little_endian, 6, type));
      const auto found = pplcnet::find_exif_orientation(std::as_bytes(std::span(file)));
      ASSERT_GT(found.offset, 0u);
      file[found.offset] = 3;
      EXPECT_EQ(orientation(file), 3);
    }
}

TEST(ExifOrientation, OtherFilesAreUpright) {
  EXPECT_EQ(orientation(""), 1);
  EXPECT_EQ(orientation("\xFF\xD8"s), 1);
  EXPECT_EQ(orientation("GIF89a and so on"), 1);
  EXPECT_EQ(orientation(tiff(true, 6)), 1);
  EXPECT_EQ(orientation(jpeg("XX*\0"s + tiff(true, 6).substr(4))), 1);
}

TEST(ExifOrientation, WhatFollowsThePictureIsNotRead) {
  const std::string exif = segment(0xE1, "Exif\0\0"s + tiff(true, 6));
  EXPECT_EQ(orientation("\xFF\xD8"s + exif), 6);
  EXPECT_EQ(orientation("\xFF\xD8"s + segment(0xDA, "picture") + exif), 1);
}

TEST(ExifOrientation, EveryTruncationIsUprightOrRight) {
  for (const bool little_endian : {false, true}) {
    for (const std::string& file : {jpeg(tiff(little_endian, 6)), png(tiff(little_endian, 6))}) {
      // The value is in the file up to 2 bytes after its position.
      const std::size_t value =
          file.rfind(little_endian ? "\x12\x01\x03"s : "\x01\x12\0\x03"s) + 10;
      for (std::size_t size = 0; size <= file.size(); ++size) {
        EXPECT_EQ(orientation(file.substr(0, size)), size < value ? 1 : 6) << size;
      }
    }
  }
}

TEST(ExifOrientation, CorruptBytesDoNotHang) {
  for (const std::string& file : {jpeg(tiff(true, 6)), png(tiff(false, 6))}) {
    for (std::size_t i = 0; i < file.size(); ++i) {
      for (const int byte : {0x00, 0x01, 0x7F, 0x80, 0xFF}) {
        std::string corrupt = file;
        corrupt[i] = static_cast<char>(byte);
        const int result = orientation(corrupt);
        EXPECT_TRUE(result == 1 || result == 6 || result == 7) << i;
      }
    }
  }
  EXPECT_EQ(orientation("\xFF\xD8"s + std::string(100'000, '\xFF')), 1);
}

/// One letter per pixel, rows separated by spaces.
std::string letters(ImageView image) {
  std::string text;
  for (int y = 0; y < image.height; ++y) {
    if (y > 0) text += ' ';
    for (int x = 0; x < image.width; ++x) {
      const std::uint8_t* pixel = image.row(y) + x * 3;
      EXPECT_EQ(pixel[1], pixel[0] + 100);
      EXPECT_EQ(pixel[2], pixel[0] + 101);
      text += static_cast<char>(pixel[0]);
    }
  }
  return text;
}

TEST(Oriented, AllValues) {
  // Two rows of three pixels, with a gap between them.
  std::vector<std::uint8_t> pixels;
  for (const char c : "abc-def-"s) {
    for (const int offset : {0, 100, 101}) pixels.push_back(static_cast<std::uint8_t>(c + offset));
  }
  const ImageView image{pixels.data(), 3, 2, pplcnet::PixelFormat::rgb, 12};
  // Exif: the stored first row is seen on top (1, 2), at the bottom (3, 4), on the left (5, 8) or
  // on the right (6, 7).
  const std::vector<std::string> expected = {"abc def",  "cba fed",  "fed cba",  "def abc",
                                             "ad be cf", "da eb fc", "fc eb da", "cf be ad"};
  std::vector<std::uint8_t> storage;
  for (int value = 1; value <= 8; ++value) {
    EXPECT_EQ(letters(pplcnet::oriented(image, value, storage)),
              expected[static_cast<std::size_t>(value - 1)])
        << value;
  }
}

TEST(Oriented, UprightPicturesAreNotCopied) {
  const std::vector<std::uint8_t> pixels = synthetic_image(ImageKind::noise, 1, 3, 2);
  std::vector<std::uint8_t> storage;
  for (const int value : {1, 0, -1, 9}) {
    const ImageView same =
        pplcnet::oriented({pixels.data(), 3, 2, pplcnet::PixelFormat::rgb}, value, storage);
    EXPECT_EQ(same.pixels, pixels.data());
    EXPECT_EQ(same.width, 3);
    EXPECT_EQ(same.height, 2);
  }
  EXPECT_TRUE(pplcnet::oriented({}, 6, storage).empty());
  EXPECT_TRUE(storage.empty());
}

}  // namespace
}  // namespace pplcnet_test::orientation_test
