// The arithmetic of the resizers in small cases, and what the reference pictures cannot show.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "pplcnet/image/orientation.hpp"
#include "pplcnet/image/resize_opencv.hpp"
#include "pplcnet/image/resize_pillow.hpp"
#include "pplcnet/rounding.hpp"
#include "synthetic.hpp"

namespace pplcnet_test::resize_test {
namespace {

using pplcnet::CropWindow;
using pplcnet::ImageSize;
using pplcnet::ImageView;
using pplcnet::PillowFilter;
using pplcnet::PixelFormat;
using Pixels = std::vector<std::uint8_t>;

enum class Resizer { opencv_linear, pillow_bilinear, pillow_bicubic };

constexpr Resizer kResizers[] = {Resizer::opencv_linear, Resizer::pillow_bilinear,
                                 Resizer::pillow_bicubic};

Pixels resize(Resizer resizer, ImageView image, ImageSize size, CropWindow window) {
  Pixels out(window.byte_count());
  if (resizer == Resizer::opencv_linear) {
    pplcnet::OpenCvScratch scratch;
    pplcnet::resize_opencv_linear(image, size, window, out, scratch);
  } else {
    const PillowFilter filter =
        resizer == Resizer::pillow_bilinear ? PillowFilter::bilinear : PillowFilter::bicubic;
    pplcnet::PillowScratch scratch;
    pplcnet::resize_pillow(filter, image, size, window, out, scratch);
  }
  return out;
}

Pixels resize(Resizer resizer, ImageView image, ImageSize size) {
  return resize(resizer, image, size, {0, 0, size.width, size.height});
}

Pixels crop(const Pixels& pixels, int width, CropWindow window) {
  Pixels out(window.byte_count());
  const int height = static_cast<int>(pixels.size()) / 3 / width;
  pplcnet::copy_window({pixels.data(), width, height, PixelFormat::rgb}, window, out.data());
  return out;
}

/// A grey picture, every value three times.
Pixels grey(const std::vector<std::uint8_t>& values) {
  Pixels pixels;
  for (const std::uint8_t value : values) pixels.insert(pixels.end(), 3, value);
  return pixels;
}

TEST(Rounding, TiesGoToTheEvenNeighbour) {
  using pplcnet::round_half_even;
  EXPECT_EQ(round_half_even(0.5), 0);
  EXPECT_EQ(round_half_even(1.5), 2);
  EXPECT_EQ(round_half_even(2.5), 2);
  EXPECT_EQ(round_half_even(-0.5), 0);
  EXPECT_EQ(round_half_even(-1.5), -2);
  EXPECT_EQ(round_half_even(-2.5), -2);
  EXPECT_EQ(round_half_even(0.49999999999999994), 0);
  EXPECT_EQ(round_half_even(2.5000000000000004), 3);
  EXPECT_EQ(round_half_even(-3.0), -3);
  EXPECT_EQ(round_half_even(1e15 + 0.5), 1'000'000'000'000'000);
}

// 0.1 * 10 is 1 after rounding and 1 + 5.6e-17 before: fused with the difference, the latter shows.
TEST(Rounding, ProductsAreNotFused) {
  volatile double tenth = 0.1;
  volatile double ten = 10.0;
  EXPECT_EQ(pplcnet::rounded(tenth * ten) - 1.0, 0.0);
}

TEST(OpenCvTaps, WeightsRoundTiesToEven) {
  // Scale 1 / 2048 puts pixel i at (i + 0.5) / 2048 - 0.5 = first + k / 2048 with k + 1/2 units.
  const double scale = 1.0 / 2048;
  for (const int i : {1024, 1025, 1026, 1027}) {
    const pplcnet::LinearTaps taps = pplcnet::linear_taps(i, scale);
    const int units = i - 1024;  // and a half
    EXPECT_EQ(taps.first, 0) << i;
    EXPECT_EQ(taps.weight1, units % 2 == 0 ? units : units + 1) << i;
    EXPECT_EQ(taps.weight0 + taps.weight1, 2048) << i;
  }
}

TEST(OpenCvTaps, BeginsOutsideThePicture) {
  const pplcnet::LinearTaps taps = pplcnet::linear_taps(0, 0.5);
  EXPECT_EQ(taps.first, -1);
  EXPECT_EQ(taps.weight0, 512);
  EXPECT_EQ(taps.weight1, 1536);
}

TEST(OpenCvResize, SameSizeIsACopy) {
  const Pixels pixels = synthetic_image(ImageKind::noise, 1, 7, 5);
  EXPECT_EQ(resize(Resizer::opencv_linear, {pixels.data(), 7, 5, PixelFormat::rgb}, {7, 5}),
            pixels);
}

TEST(OpenCvResize, HalfTheSizeIsTheMeanOfSquaresRoundedUp) {
  for (const ImageSize half : {ImageSize{1, 1}, ImageSize{300, 200}}) {
    const int width = 2 * half.width;
    const int height = 2 * half.height;
    const Pixels pixels = synthetic_image(ImageKind::noise, 7, static_cast<std::size_t>(width),
                                          static_cast<std::size_t>(height));
    const ImageView image{pixels.data(), width, height, PixelFormat::rgb};
    Pixels means;
    for (int y = 0; y < height; y += 2) {
      for (int i = 0; i < width * 3; i += i % 3 == 2 ? 4 : 1) {
        const int sum =
            image.row(y)[i] + image.row(y)[i + 3] + image.row(y + 1)[i] + image.row(y + 1)[i + 3];
        means.push_back(static_cast<std::uint8_t>((sum + 2) / 4));
      }
    }
    EXPECT_EQ(resize(Resizer::opencv_linear, image, half), means);
  }
}

TEST(OpenCvResize, VerticalStepCutsEachProduct) {
  // Two rows to six. The third lies a third of the way from 3 to 2, at 2.67, and yet becomes 2: in
  // quarters, (1365 * 384 >> 16) + (683 * 256 >> 16) = 7 + 2, while 7.998 + 2.668 would give 3.
  const Pixels pixels = grey({3, 2});
  EXPECT_EQ(resize(Resizer::opencv_linear, {pixels.data(), 1, 2, PixelFormat::rgb}, {1, 6}),
            grey({3, 3, 2, 2, 2, 2}));
}

TEST(PillowAxis, WeightsAreRoundedToTheNearest) {
  // Four pixels to two, bilinear: 0.75, 0.75 and 0.25 before they are made to sum to one.
  pplcnet::PillowAxis axis;
  std::vector<double> kernel;
  pplcnet::plan_axis(PillowFilter::bilinear, 4, 2, 0, 2, kernel, axis);
  EXPECT_EQ(axis.stride, 5U);
  EXPECT_EQ(axis.first, (std::vector<int>{0, 1}));
  EXPECT_EQ(axis.count, (std::vector<int>{3, 3}));
  EXPECT_EQ(axis.weights[0], 1797559);  // 3/7 * 2^22 = 1797558.86
  EXPECT_EQ(axis.weights[1], 1797559);
  EXPECT_EQ(axis.weights[2], 599186);  // 1/7 * 2^22 = 599186.29
}

TEST(PillowAxis, NegativeWeightsAreRoundedToTheNearest) {
  // Two pixels to eight, bicubic: the second lies at -0.125, and the weights are those of distances
  // 0.125 and 1.125 alone: the picture ends there.
  pplcnet::PillowAxis axis;
  std::vector<double> kernel;
  pplcnet::plan_axis(PillowFilter::bicubic, 2, 8, 1, 1, kernel, axis);
  EXPECT_EQ(axis.first, std::vector<int>{0});
  EXPECT_EQ(axis.count, std::vector<int>{2});
  const double near = 1.5 * 0.125 * 0.125 * 0.125 - 2.5 * 0.125 * 0.125 + 1;
  const double far = -0.5 * (1.125 * 1.125 * 1.125 - 5 * 1.125 * 1.125 + 8 * 1.125 - 4);
  EXPECT_LT(far, 0);
  EXPECT_EQ(axis.weights[0], std::lround(near / (near + far) * (1 << 22)));
  EXPECT_EQ(axis.weights[1], std::lround(far / (near + far) * (1 << 22)));
}

TEST(PillowPixel, RoundsHalfUpAndClips) {
  const std::int32_t one = 1 << 22;
  EXPECT_EQ(pplcnet::pillow_pixel(pplcnet::kPillowHalf + 3 * one / 2), 2);
  EXPECT_EQ(pplcnet::pillow_pixel(pplcnet::kPillowHalf + 3 * one / 2 - 1), 1);
  EXPECT_EQ(pplcnet::pillow_pixel(-1), 0);
  EXPECT_EQ(pplcnet::pillow_pixel(300 * one), 255);
}

TEST(Resize, WindowIsTheCropOfTheWholeResult) {
  const Pixels pixels = synthetic_image(ImageKind::noise, 3, 53, 37);
  const ImageView image{pixels.data(), 53, 37, PixelFormat::rgb};
  const ImageSize sizes[] = {{26, 18}, {80, 41}, {53, 37}, {53, 20}, {20, 37}, {530, 3}};
  for (const Resizer resizer : kResizers) {
    for (const ImageSize size : sizes) {
      const Pixels whole = resize(resizer, image, size);
      for (const CropWindow window :
           {CropWindow{0, 0, 1, 1}, CropWindow{size.width - 1, size.height - 1, 1, 1},
            CropWindow{size.width / 3, size.height / 3, size.width / 2, size.height / 2},
            CropWindow{0, size.height - 1, size.width, 1}}) {
        EXPECT_EQ(resize(resizer, image, size, window), crop(whole, size.width, window))
            << static_cast<int>(resizer) << ": " << size.width << " x " << size.height;
      }
    }
  }
}

/// A picture in another format: what each pixel's bytes are made of its red, green and blue.
Pixels converted(const Pixels& rgb, PixelFormat format) {
  Pixels result;
  for (std::size_t i = 0; i < rgb.size(); i += 3) {
    const std::uint8_t red = rgb[i], green = rgb[i + 1], blue = rgb[i + 2];
    const auto alpha = static_cast<std::uint8_t>(i * 7);  // is ignored
    switch (format) {
      case PixelFormat::rgb:
        result.insert(result.end(), {red, green, blue});
        break;
      case PixelFormat::bgr:
        result.insert(result.end(), {blue, green, red});
        break;
      case PixelFormat::rgba:
        result.insert(result.end(), {red, green, blue, alpha});
        break;
      case PixelFormat::bgra:
        result.insert(result.end(), {blue, green, red, alpha});
        break;
      case PixelFormat::grey:
        result.push_back(red);
        break;
    }
  }
  return result;
}

/// Expects two views of a picture of 31×23 to be the same at every size, by every resizer.
void expect_same_when_resized(ImageView view, ImageView expected) {
  for (const Resizer resizer : kResizers)
    for (const ImageSize size : {ImageSize{17, 40}, ImageSize{31, 23}, ImageSize{31, 9},
                                 ImageSize{40, 23}, ImageSize{62, 46}}) {
      const CropWindow window{3, 2, size.width - 5, size.height - 4};
      EXPECT_EQ(resize(resizer, view, size, window), resize(resizer, expected, size, window));
    }
}

TEST(Resize, EveryFormatGivesTheBitsOfRgb) {
  const Pixels colours = synthetic_image(ImageKind::noise, 5, 31, 23);
  Pixels greys;
  for (std::size_t i = 0; i < colours.size(); i += 3) greys.insert(greys.end(), 3, colours[i]);
  for (const PixelFormat format : {PixelFormat::rgb, PixelFormat::bgr, PixelFormat::rgba,
                                   PixelFormat::bgra, PixelFormat::grey}) {
    const Pixels& rgb = format == PixelFormat::grey ? greys : colours;
    const ImageView expected{rgb.data(), 31, 23, PixelFormat::rgb};
    const Pixels pixels = converted(rgb, format);
    const ImageView view{pixels.data(), 31, 23, format};
    expect_same_when_resized(view, expected);
    std::vector<std::uint8_t> rotated, expected_rotated;
    for (int orientation = 1; orientation <= 8; ++orientation) {
      const ImageView one = pplcnet::oriented(view, orientation, rotated);
      const ImageView other = pplcnet::oriented(expected, orientation, expected_rotated);
      EXPECT_TRUE(orientation == 1 || one.is_rgb());
      EXPECT_EQ(resize(Resizer::opencv_linear, one, {13, 11}),
                resize(Resizer::opencv_linear, other, {13, 11}));
    }
  }
}

TEST(Resize, AnyStridesGiveTheBitsOfRgb) {
  const Pixels pixels = synthetic_image(ImageKind::noise, 5, 31, 23);
  const ImageView expected{pixels.data(), 31, 23, PixelFormat::rgb};
  // Where each pixel of the picture is in an array of other strides, which has a gap everywhere.
  struct Strides {
    std::ptrdiff_t first, row, column, channel;
  };
  constexpr Strides kStrides[] = {
      {0, 31, 1, 31 * 23},                      // planes
      {0, 3, 3 * 23, 1},                        // columns one after another
      {22 * 31 * 3 + 30 * 3 + 2, -93, -3, -1},  // all turned around
      {0, 31 * 8, 8, 2},                        // every other byte of each second pixel
  };
  for (const auto& [first, row, column, channel] : kStrides) {
    Pixels strided(31 * 23 * 8, 77);
    for (int y = 0; y < 23; ++y)
      for (int x = 0; x < 31; ++x)
        for (int c = 0; c < 3; ++c)
          strided[static_cast<std::size_t>(first + y * row + x * column + c * channel)] =
              expected.pixel(x, y)[c];
    const ImageView view{strided.data() + first, 31, 23,
                         pplcnet::PixelLayout{column, 0, channel, 2 * channel}, row};
    expect_same_when_resized(view, expected);
    std::vector<std::uint8_t> rotated, expected_rotated;
    for (int orientation = 1; orientation <= 8; ++orientation)
      EXPECT_EQ(resize(Resizer::pillow_bilinear, oriented(view, orientation, rotated), {13, 11}),
                resize(Resizer::pillow_bilinear, oriented(expected, orientation, expected_rotated),
                       {13, 11}));
  }
}

TEST(Resize, GapsBetweenRowsAreNotRead) {
  const Pixels pixels = synthetic_image(ImageKind::noise, 5, 31, 23);
  const ImageView dense{pixels.data(), 31, 23, PixelFormat::rgb};
  constexpr std::ptrdiff_t kRowBytes = 31 * 3 + 14;
  for (const std::uint8_t filling : Pixels{0, 255}) {
    Pixels padded(23 * kRowBytes, filling);
    for (int y = 0; y < 23; ++y) {
      std::copy_n(dense.row(y), 31 * 3, padded.data() + y * kRowBytes);
    }
    for (const Resizer resizer : kResizers) {
      for (const ImageSize size : {ImageSize{17, 40}, ImageSize{31, 23}, ImageSize{31, 9}}) {
        EXPECT_EQ(resize(resizer, {padded.data(), 31, 23, PixelFormat::rgb, kRowBytes}, size),
                  resize(resizer, dense, size));
      }
    }
  }
}

TEST(Resize, RowsMayBeStoredUpsideDown) {
  const Pixels pixels = synthetic_image(ImageKind::smooth, 5, 9, 6);
  const ImageView image{pixels.data(), 9, 6, PixelFormat::rgb};
  Pixels flipped;
  for (int y = 5; y >= 0; --y) flipped.insert(flipped.end(), image.row(y), image.row(y) + 27);
  ImageView upside_down{image.row(5), 9, 6, PixelFormat::rgb};
  upside_down.row_bytes = -27;
  for (const Resizer resizer : kResizers) {
    EXPECT_EQ(resize(resizer, upside_down, {5, 4}),
              resize(resizer, {flipped.data(), 9, 6, PixelFormat::rgb}, {5, 4}));
  }
}

TEST(Resize, OneColourStaysThatColour) {
  const ImageSize sizes[] = {{1, 1}, {1, 9}, {9, 1}, {2, 2}, {7, 300}};
  const ImageSize targets[] = {{1, 1}, {2, 3}, {224, 224}, {1, 1000}, {3, 1}};
  for (const Resizer resizer : kResizers) {
    for (const ImageSize size : sizes) {
      for (const std::uint8_t colour : Pixels{0, 1, 127, 255}) {
        const Pixels pixels(CropWindow{0, 0, size.width, size.height}.byte_count(), colour);
        for (const ImageSize target : targets) {
          const Pixels out =
              resize(resizer, {pixels.data(), size.width, size.height, PixelFormat::rgb}, target);
          EXPECT_EQ(std::count(out.begin(), out.end(), colour),
                    static_cast<std::ptrdiff_t>(out.size()))
              << static_cast<int>(resizer) << ", colour " << int{colour};
        }
      }
    }
  }
}

TEST(Resize, HugeUpscaleComputesTheWindowAlone) {
  // 20 million x 20 million pixels, of which the middle ones lie between the four corners.
  const Pixels pixels = grey({0, 200, 0, 200});
  const int side = 20'000'000;
  const CropWindow window{side / 2 - 1, side / 2 - 1, 2, 2};
  for (const Resizer resizer : kResizers) {
    const Pixels out =
        resize(resizer, {pixels.data(), 2, 2, PixelFormat::rgb}, {side, side}, window);
    for (const std::uint8_t value : out) EXPECT_NEAR(value, 100, 1);
  }
}

}  // namespace
}  // namespace pplcnet_test::resize_test
