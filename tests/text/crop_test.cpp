// Lines cut out of pictures and prepared for networks, bit for bit as PaddleOCR does it with OpenCV
// 4.6; the sums are those of its bytes and floats.
#include "pplcnet/text/crop.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "image/sha256.hpp"
#include "pplcnet/text/input.hpp"

namespace pplcnet_test::crop_test {
namespace {

using pplcnet::Extent;
using pplcnet::ImageSize;
using pplcnet::ImageView;
using pplcnet::PixelFormat;
using pplcnet::Quadrilateral;
using pplcnet::RgbImage;

RgbImage picture(int width, int height) {
  RgbImage image;
  image.resize({width, height});
  std::uint8_t* out = image.pixels.data();
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c)
        *out++ = static_cast<std::uint8_t>(x * 7 + y * 13 + c * 50 + x * y % 31 * 5);
  return image;
}

template <class Value>
std::string sum_of(const std::vector<Value>& values) {
  return sha256(std::as_bytes(std::span(values)));
}

RgbImage copy_of(ImageView view) {
  RgbImage copy;
  copy.resize(view.size());
  pplcnet::copy_window(view, {0, 0, view.width, view.height}, copy.pixels.data());
  return copy;
}

TEST(Crop, IsOpenCvsPerspectiveWarp) {
  const struct {
    Quadrilateral box;
    ImageSize size;
    std::string sum, sum_of_rotated;
  } cases[] = {
      {{{{5, 6}, {50, 9}, {48, 30}, {3, 25}}},
       {45, 21},
       "cef05e0dc6a05d96bdbf0d6c5be605a27d371a84c6685c9a51eab15df6b726d5",
       "54bd58aae250938249d32283d17de707197a1960ca7c6911364ef412cac951c9"},
      // Partly outside of the picture.
      {{{{20, -4}, {58, 2}, {66, 20}, {18, 14}}},
       {48, 19},
       "eb726f2f8235cac895234f7f97785fcd79e6ceb44bf46f5c0e97b8d45ace198e",
       "0b82cf7919dab7b7c6ceb992dfe1afdb599c799588ee800287755ad06c229be8"},
      {{{{10, 5}, {20, 5}, {22, 40}, {9, 41}}},
       {13, 36},
       "bb9df84c3f8b016cb87e9c5b7c3a81b6887b51854bc318ebec21ac461aeec873",
       "35f9251077cbb63e04f46a9371bfb944133b8a53099dd71f1b562862d07071b5"},
  };
  const RgbImage source = picture(61, 47);
  RgbImage line;
  for (const auto& [box, size, sum, sum_of_rotated] : cases) {
    ASSERT_TRUE(pplcnet::crop(source.view(), box, line));
    EXPECT_EQ(line.size, size);
    EXPECT_EQ(sum_of(line.pixels), sum);
    const RgbImage rotated = copy_of(pplcnet::rotated(line.view(), 1));
    EXPECT_EQ(rotated.size, (ImageSize{size.height, size.width}));
    EXPECT_EQ(sum_of(rotated.pixels), sum_of_rotated);
  }
}

TEST(Crop, PicturesAreRotatedByQuarters) {
  const RgbImage source = picture(5, 3);
  for (int quarters = 0; quarters < 4; ++quarters) {
    const ImageView turned = pplcnet::rotated(source.view(), quarters);
    EXPECT_EQ(turned.size(), quarters % 2 == 0 ? (ImageSize{5, 3}) : (ImageSize{3, 5}));
    for (int y = 0; y < turned.height; ++y)
      for (int x = 0; x < turned.width; ++x) {
        const pplcnet::Point from = pplcnet::before_rotation(
            {static_cast<double>(x), static_cast<double>(y)}, quarters, source.size);
        EXPECT_EQ(turned.pixel(x, y),
                  source.view().pixel(static_cast<int>(from.x), static_cast<int>(from.y)));
      }
    const ImageView back = pplcnet::rotated(turned, (4 - quarters) % 4);
    EXPECT_EQ(copy_of(back).pixels, source.pixels);
  }
}

// Of a parallelogram many pixels lie just between two of 32 places, and a last bit decides.
TEST(Crop, PlacesBetweenTwoAreOpenCvs) {
  RgbImage line;
  const Quadrilateral box = {{{7, 3}, {135, 10}, {134, 26}, {6, 19}}};
  ASSERT_TRUE(pplcnet::crop(picture(139, 29).view(), box, line));
  EXPECT_EQ(sum_of(line.pixels),
            "1a32b533465d495bce79af5c6b0e5a34c324677589ae94638c390d9ba0b86711");
}

TEST(Crop, OtherFormatsGiveTheSame) {
  const RgbImage source = picture(61, 47);
  std::vector<std::uint8_t> bgr(source.pixels.size());
  for (std::size_t i = 0; i < bgr.size(); ++i) bgr[i] = source.pixels[i / 3 * 3 + 2 - i % 3];
  const Quadrilateral box = {{{5, 6}, {50, 9}, {48, 30}, {3, 25}}};
  RgbImage line, other;
  ASSERT_TRUE(pplcnet::crop(source.view(), box, line));
  ASSERT_TRUE(pplcnet::crop(ImageView(bgr.data(), 61, 47, PixelFormat::bgr), box, other));
  EXPECT_EQ(line.pixels, other.pixels);
}

TEST(Crop, EmptyBoxesHaveNoLine) {
  RgbImage line;
  const RgbImage source = picture(20, 10);
  EXPECT_FALSE(pplcnet::crop(source.view(), {{{3, 3}, {3, 3}, {3, 3}, {3, 3}}}, line));
  EXPECT_FALSE(pplcnet::crop({}, {{{0, 0}, {9, 0}, {9, 9}, {0, 9}}}, line));
  // All corners on a line: whatever it shows, it ends.
  EXPECT_TRUE(pplcnet::crop(source.view(), {{{0, 0}, {9, 9}, {9, 9}, {0, 0}}}, line) ||
              line.pixels.empty());
}

TEST(TextInput, LinesAreResizedAndPadded) {
  const struct {
    int width, height, input_width;
    std::string sum;
  } cases[] = {{61, 47, 320, "4dc1e81483347704f82467614c611e395e5c7c0365414b5287755844836da9b5"},
               {200, 17, 564, "dd0bde81546c0e35c0ce8ca1750bfad30f0f07f1ebbc0a392302782719ea960f"},
               {131, 9, 698, "1797126a7c02154221c25fbca267f51301cca8a188109f48dcc0f2216267bb01"}};
  pplcnet::LineScratch scratch;
  for (const auto& [width, height, input_width, sum] : cases) {
    const RgbImage line = picture(width, height);
    EXPECT_EQ(pplcnet::recogniser_width(line.size), input_width);
    std::vector<float> chw(static_cast<std::size_t>(3 * pplcnet::kLineHeight * input_width));
    pplcnet::prepare_line(line.view(), input_width, chw, scratch);
    EXPECT_EQ(sum_of(chw), sum) << width << "x" << height;
  }
}

TEST(TextInput, PagesHaveSidesThatAreMultiplesOf32) {
  const struct {
    ImageSize picture;
    Extent input;
  } cases[] = {{{1280, 720}, {544, 960}}, {{700, 720}, {704, 704}},  {{961, 5}, {32, 960}},
               {{1, 1}, {32, 32}},        {{20000, 10}, {32, 960}},  {{48, 80}, {64, 64}},
               {{16, 47}, {32, 32}},      {{1000, 1499}, {960, 640}}};
  for (const auto& [size, input] : cases)
    EXPECT_EQ(pplcnet::detector_input(size), input) << size.width << "x" << size.height;
}

// PaddleOCR 3's `limit_type` min, with its `max_side_limit`.
TEST(TextInput, SmallPagesAreEnlargedAsByPaddleOcr) {
  const struct {
    ImageSize size;
    int shortest;
    Extent input;
  } cases[] = {{{300, 100}, 736, {736, 2208}},    {{1000, 100}, 736, {384, 4000}},
               {{800, 1200}, 736, {1216, 800}},   {{700, 720}, 736, {768, 736}},
               {{5000, 3000}, 736, {2400, 4000}}, {{20000, 10}, 736, {32, 4000}},
               {{97, 33}, 64, {64, 192}},         {{640, 50}, 64, {64, 832}}};
  for (const auto& [size, shortest, input] : cases)
    EXPECT_EQ(pplcnet::detector_input(size, 4000, shortest), input)
        << size.width << "x" << size.height;
  EXPECT_EQ(pplcnet::detector_input({1 << 20, 1}, 4000, 4000), (Extent{32, 4000}));
  EXPECT_EQ(pplcnet::largest_detector_input({500, 2000}, 960, 0), (Extent{960, 512}));
  EXPECT_EQ(pplcnet::largest_detector_input({500, 2000}, 960, 64), (Extent{960, 960}));
}

TEST(TextInput, TinyPagesHaveBlackToTheirRightAndBelow) {
  const RgbImage tiny = picture(34, 21), large = picture(40, 24);
  RgbImage storage;
  const pplcnet::ImageView seen = pplcnet::with_least_size(tiny.view(), storage);
  ASSERT_EQ(seen.size(), (ImageSize{34, 32}));
  for (std::size_t i = 0; i < storage.pixels.size(); ++i)
    ASSERT_EQ(storage.pixels[i], i < tiny.pixels.size() ? tiny.pixels[i] : 0) << i;
  EXPECT_EQ(pplcnet::with_least_size(picture(9, 4).view(), storage).size(), (ImageSize{32, 32}));
  EXPECT_EQ(pplcnet::with_least_size(large.view(), storage).pixels, large.pixels.data());
}

TEST(TextInput, PagesAreNormalisedAsBgr) {
  const RgbImage page = picture(61, 47);
  const Extent input = pplcnet::detector_input(page.size);
  const pplcnet::Preprocessing preprocessing = pplcnet::detector_preprocessing(input);
  std::vector<float> chw(preprocessing.tensor_size());
  pplcnet::PreprocessScratch scratch;
  ASSERT_TRUE(pplcnet::preprocess(preprocessing, page.view(), chw, scratch));
  EXPECT_EQ(sum_of(chw), "4a196f76e46dafeb139330af84572f19a68be97a1dfb85f796b80a4cd302ffd9");
}

}  // namespace
}  // namespace pplcnet_test::crop_test
