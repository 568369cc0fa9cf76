// How pictures are changed at random, each operation against plain arithmetic in doubles.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numbers>
#include <set>
#include <span>
#include <thread>
#include <vector>

#include "pplcnet/image/presets.hpp"
#include "pplcnet/train/augment/augmentation.hpp"
#include "pplcnet/train/augment/mix.hpp"

namespace pplcnet_test::augment_test {
namespace {

using pplcnet::CropWindow;
using pplcnet::ImageSize;
using pplcnet::ImageView;
using pplcnet::PixelFormat;
using pplcnet::Random;
using pplcnet::RandomPurpose;
using pplcnet::Warp;
using Bytes = std::vector<std::uint8_t>;

Random numbers(std::uint64_t picture = 0) { return Random(1, RandomPurpose::picture, 0, picture); }

Bytes noise(ImageSize size, int low = 0, int high = 255) {
  Random random(9, RandomPurpose::picture);
  Bytes pixels(static_cast<std::size_t>(size.width * size.height) * 3);
  for (std::uint8_t& value : pixels) value = static_cast<std::uint8_t>(random.integer(low, high));
  return pixels;
}

ImageView view_of(const Bytes& pixels, ImageSize size) {
  return {pixels.data(), size.width, size.height, PixelFormat::rgb};
}

std::uint64_t checksum(std::span<const std::uint8_t> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3U;
  return hash;
}

std::uint8_t at(const Bytes& pixels, ImageSize size, int x, int y, int channel) {
  return pixels[static_cast<std::size_t>((y * size.width + x) * 3 + channel)];
}

/// Returns what an operation makes of pixels.
Bytes changed(Bytes pixels, const std::function<void(pplcnet::Pixels)>& change) {
  change(pixels);
  return pixels;
}

int largest_difference(const Bytes& one, const Bytes& other) {
  int largest = one.size() == other.size() ? 0 : 256;
  for (std::size_t i = 0; i < std::min(one.size(), other.size()); ++i)
    largest = std::max(largest, std::abs(one[i] - other[i]));
  return largest;
}

// ---- Crops --------------------------------------------------------------------------------------

TEST(RandomCrop, IsInsideAndHasTheAreaAndAspectThatItMay) {
  const pplcnet::CropRange range;
  double least = 1, most = 0;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const ImageSize size = {400, 300};
    Random random = numbers(i);
    const CropWindow window = pplcnet::random_crop(size, range, random);
    ASSERT_GE(std::min({window.left, window.top, window.width - 1, window.height - 1}), 0);
    ASSERT_LE(window.left + window.width, size.width);
    ASSERT_LE(window.top + window.height, size.height);
    const double area = window.width * window.height / 120'000.0;
    const double aspect = static_cast<double>(window.width) / window.height;
    EXPECT_NEAR(aspect, std::clamp(aspect, 0.75, 4.0 / 3), 0.03);
    least = std::min(least, area);
    most = std::max(most, area);
  }
  EXPECT_NEAR(least, 0.08, 0.01);
  EXPECT_GT(most, 0.95);
}

// RandCropImage of PaddleClas, with the same numbers.
TEST(RandomCrop, IsThatOfPaddle) {
  const pplcnet::CropRange range = {.least_area = 0.3, .most_area = 0.9};
  for (std::uint64_t i = 0; i < 500; ++i) {
    const ImageSize size = {100 + static_cast<int>(i), 333};
    Random random = numbers(i), same = numbers(i);
    const CropWindow window = pplcnet::random_crop(size, range, random);
    const double aspect = std::sqrt(0.75 + (4.0 / 3 - 0.75) * same.uniform());
    const double w = aspect, h = 1 / aspect;
    const double wide = size.width, high = size.height;
    const double bound = std::min(wide / high / (w * w), high / wide / (h * h));
    const double most = std::min(0.9, bound), least = std::min(0.3, bound);
    const double target = std::sqrt(wide * high * (least + (most - least) * same.uniform()));
    EXPECT_NEAR(window.width, std::floor(target * w), 1) << i;
    EXPECT_NEAR(window.height, std::floor(target * h), 1) << i;
    EXPECT_EQ(window.left, same.integer(0, size.width - window.width));
    EXPECT_EQ(window.top, same.integer(0, size.height - window.height));
  }
}

TEST(RandomCrop, OfASliverIsNotEmpty) {
  for (std::uint64_t i = 0; i < 200; ++i)
    for (const ImageSize size : {ImageSize{1, 1}, ImageSize{1, 5000}, ImageSize{5000, 1}}) {
      Random random = numbers(i);
      const CropWindow window = pplcnet::random_crop(size, {}, random);
      EXPECT_GE(window.width, 1);
      EXPECT_GE(window.height, 1);
      EXPECT_LE(window.left + window.width, size.width);
      EXPECT_LE(window.top + window.height, size.height);
    }
}

TEST(Mirror, ExchangesLeftAndRight) {
  const ImageSize size = {7, 3};
  const Bytes pixels = noise(size);
  Bytes out(pixels.size());
  pplcnet::copy_window(pplcnet::mirrored(view_of(pixels, size)), {0, 0, 7, 3}, out.data());
  for (int y = 0; y < 3; ++y)
    for (int x = 0; x < 7; ++x)
      for (int channel = 0; channel < 3; ++channel)
        EXPECT_EQ(at(out, size, x, y, channel), at(pixels, size, 6 - x, y, channel));
}

// ---- Warps --------------------------------------------------------------------------------------

constexpr pplcnet::Colour kOutside = {10, 20, 30};

Bytes warped(const Bytes& pixels, ImageSize size, const Warp& how) {
  Bytes out(pixels.size());
  pplcnet::warp(pixels, size, how, kOutside, out);
  return out;
}

/// Bilinear, in doubles.
Bytes warped_plainly(const Bytes& pixels, ImageSize size, const Warp& how) {
  const auto value = [&](int x, int y, int channel) {
    const bool inside = x >= 0 && y >= 0 && x < size.width && y < size.height;
    return inside ? at(pixels, size, x, y, channel) : kOutside[static_cast<std::size_t>(channel)];
  };
  Bytes out;
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      const double dx = x - (size.width - 1) / 2.0, dy = y - (size.height - 1) / 2.0;
      const double sx = how.xx * dx + how.xy * dy + how.x0 + (size.width - 1) / 2.0;
      const double sy = how.yx * dx + how.yy * dy + how.y0 + (size.height - 1) / 2.0;
      const int left = static_cast<int>(std::floor(sx)), top = static_cast<int>(std::floor(sy));
      for (int channel = 0; channel < 3; ++channel) {
        const double u = sx - left, v = sy - top;
        out.push_back(static_cast<std::uint8_t>(std::lround(
            (value(left, top, channel) * (1 - u) + value(left + 1, top, channel) * u) * (1 - v) +
            (value(left, top + 1, channel) * (1 - u) + value(left + 1, top + 1, channel) * u) *
                v)));
      }
    }
  return out;
}

TEST(Warps, AreBilinear) {
  const ImageSize size = {33, 20};
  const Bytes pixels = noise(size);
  for (const Warp& how :
       {Warp::rotation(17), Warp::rotation(-3), Warp::shear_x(0.2), Warp::shear_y(-0.3),
        Warp::shift(2.3, -1.7), Warp{1.3, 0.2, 1, -0.1, 0.8, 2}})
    EXPECT_LE(largest_difference(warped(pixels, size, how), warped_plainly(pixels, size, how)), 3);
}

TEST(Warps, OfWholePixelsAreExact) {
  const ImageSize size = {16, 16};
  const Bytes pixels = noise(size);
  EXPECT_EQ(warped(pixels, size, {}), pixels);
  const Bytes quarter = warped(pixels, size, Warp::rotation(90));
  const Bytes half = warped(pixels, size, Warp::rotation(180));
  const Bytes moved = warped(pixels, size, Warp::shift(3, -2));
  for (int y = 0; y < 16; ++y)
    for (int x = 0; x < 16; ++x) {
      EXPECT_EQ(at(quarter, size, x, y, 0), at(pixels, size, y, 15 - x, 0));  // clockwise
      EXPECT_EQ(at(half, size, x, y, 1), at(pixels, size, 15 - x, 15 - y, 1));
      const bool inside = x + 3 < 16 && y - 2 >= 0;
      EXPECT_EQ(at(moved, size, x, y, 2), inside ? at(pixels, size, x + 3, y - 2, 2) : 30);
    }
}

TEST(Warps, TheBorderHasAMeanColour) {
  Bytes pixels(5 * 4 * 3, 255);
  for (int y = 1; y < 3; ++y)
    for (int x = 1; x < 4; ++x)
      for (int channel = 0; channel < 3; ++channel)
        pixels[static_cast<std::size_t>((y * 5 + x) * 3 + channel)] = 0;
  EXPECT_EQ(pplcnet::border_colour(pixels, {5, 4}), (pplcnet::Colour{255, 255, 255}));
}

// ---- Colours ------------------------------------------------------------------------------------

constexpr ImageSize kSize = {31, 17};

double grey(const Bytes& pixels, std::size_t first) {
  return 0.299 * pixels[first] + 0.587 * pixels[first + 1] + 0.114 * pixels[first + 2];
}

/// Returns `origin(i) + factor (value - origin)`, for each value.
Bytes blended(const Bytes& pixels, double factor,
              const std::function<double(std::size_t)>& origin) {
  Bytes out;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const double from = origin(i);
    out.push_back(static_cast<std::uint8_t>(
        std::lround(std::clamp(from + factor * (pixels[i] - from), 0.0, 255.0))));
  }
  return out;
}

TEST(Colours, ChangeByAFactor) {
  const Bytes pixels = noise(kSize);
  double mean = 0;
  for (std::size_t i = 0; i < pixels.size(); i += 3) mean += grey(pixels, i);
  mean = std::round(mean / (kSize.width * kSize.height));
  Bytes storage;
  for (const double factor : {0.0, 0.1, 0.73, 1.0, 1.4, 1.9}) {
    const auto check = [&](const Bytes& found, const Bytes& expected) {
      EXPECT_LE(largest_difference(found, expected), factor == 1 ? 0 : 2) << factor;
    };
    check(changed(pixels, [&](auto p) { pplcnet::change_brightness(p, factor); }),
          blended(pixels, factor, [](std::size_t) { return 0.0; }));
    check(changed(pixels, [&](auto p) { pplcnet::change_contrast(p, factor); }),
          blended(pixels, factor, [&](std::size_t) { return mean; }));
    check(changed(pixels, [&](auto p) { pplcnet::change_saturation(p, factor); }),
          blended(pixels, factor, [&](std::size_t i) { return grey(pixels, i - i % 3); }));
    check(changed(pixels, [&](auto p) { pplcnet::change_sharpness(p, kSize, factor, storage); }),
          blended(pixels, factor, [&](std::size_t i) {
            const int x = static_cast<int>(i / 3) % kSize.width;
            const int y = static_cast<int>(i / 3) / kSize.width;
            if (x == 0 || y == 0 || x == kSize.width - 1 || y == kSize.height - 1)
              return double{static_cast<double>(pixels[i])};
            double sum = 4.0 * pixels[i];
            for (int dy = -1; dy <= 1; ++dy)
              for (int dx = -1; dx <= 1; ++dx)
                sum += at(pixels, kSize, x + dx, y + dy, static_cast<int>(i % 3));
            return std::round(sum / 13);
          }));
  }
}

TEST(Colours, AreStretchedToTheWholeRange) {
  const Bytes pixels = noise(kSize, 50, 99);
  const Bytes out = changed(pixels, [](auto p) { pplcnet::stretch_contrast(p); });
  EXPECT_EQ(std::ranges::min(out), 0);
  EXPECT_EQ(std::ranges::max(out), 255);
  for (std::size_t i = 0; i < pixels.size(); ++i) EXPECT_EQ(out[i], (pixels[i] - 50) * 255 / 49);
  const Bytes flat(30, 77);
  EXPECT_EQ(changed(flat, [](auto p) { pplcnet::stretch_contrast(p); }), flat);
}

TEST(Colours, BecomeEquallyFrequent) {
  Bytes pixels = noise({200, 200}, 0, 255);
  for (std::uint8_t& value : pixels) value = static_cast<std::uint8_t>(value * value / 255 / 2);
  const Bytes out = changed(pixels, [](auto p) { pplcnet::equalise(p); });
  for (std::size_t channel = 0; channel < 3; ++channel) {
    std::vector<int> below(4);
    for (std::size_t i = channel; i < out.size(); i += 3) ++below[out[i] / 64];
    for (const int count : below) EXPECT_NEAR(count, 10'000, 1500);
    for (std::size_t i = channel + 3; i < out.size(); i += 3)  // the order of values stays
      if (pixels[i] < pixels[i - 3]) {
        EXPECT_LE(out[i], out[i - 3]);
      }
  }
  const Bytes flat(30, 77);
  EXPECT_EQ(changed(flat, [](auto p) { pplcnet::equalise(p); }), flat);
}

TEST(Colours, AreInvertedAndCut) {
  const Bytes pixels = {0, 99, 100, 101, 200, 255};
  EXPECT_EQ(changed(pixels, [](auto p) { pplcnet::solarise(p, 100); }),
            (Bytes{0, 99, 155, 154, 55, 0}));
  EXPECT_EQ(changed(pixels, [](auto p) { pplcnet::solarise(p, 256); }), pixels);
  EXPECT_EQ(changed(pixels, [](auto p) { pplcnet::posterise(p, 3); }),
            (Bytes{0, 96, 96, 96, 192, 224}));
  EXPECT_EQ(changed(pixels, [](auto p) { pplcnet::posterise(p, 8); }), pixels);
}

// ---- Whole recipes ------------------------------------------------------------------------------

TEST(RandAugment, DoesEveryOperationBothWays) {
  const Bytes pixels = noise(kSize);
  pplcnet::AugmentScratch scratch;
  std::set<Bytes> results;
  for (int i = 0; i < pplcnet::kRandOperations; ++i)
    for (const int sign : {-1, 1})
      results.insert(changed(pixels, [&](auto p) {
        pplcnet::augmenting::apply(static_cast<pplcnet::RandOperation>(i), 0.5, sign, p, kSize,
                                   scratch);
      }));
  // Four have one way: stretch_contrast (which changes nothing here: all values occur), equalise,
  // solarise, posterise.
  EXPECT_EQ(results.size(), 2u * pplcnet::kRandOperations - 4);
}

TEST(RandAugment, WithoutAChanceDoesNothing) {
  Bytes pixels = noise(kSize);
  const Bytes before = pixels;
  pplcnet::AugmentScratch scratch;
  Random random = numbers();
  pplcnet::rand_augment({.probability = 0}, pixels, kSize, random, scratch);
  EXPECT_EQ(pixels, before);
  pplcnet::rand_augment({.probability = 1, .magnitude = 0}, pixels, kSize, random, scratch);
}

TEST(Erase, MakesNoiseOfARectangle) {
  const ImageSize size = {60, 50};
  int erased = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    Bytes pixels(static_cast<std::size_t>(size.width * size.height) * 3, 1);
    Random random = numbers(i);
    pplcnet::random_erase({.probability = 0.5}, pixels, size, random);
    int left = size.width, top = size.height, right = -1, bottom = -1, count = 0;
    for (int y = 0; y < size.height; ++y)
      for (int x = 0; x < size.width; ++x) {
        if (at(pixels, size, x, y, 0) == 1 && at(pixels, size, x, y, 1) == 1) continue;
        ++count;
        left = std::min(left, x);
        right = std::max(right, x);
        top = std::min(top, y);
        bottom = std::max(bottom, y);
      }
    if (count == 0) continue;
    ++erased;
    const int area = (right - left + 1) * (bottom - top + 1);
    EXPECT_EQ(count, area);
    EXPECT_LE(area, 1001);
    EXPECT_GE(area, 45);
  }
  EXPECT_NEAR(erased, 100, 25);
}

TEST(Erase, ItsNoiseHasTheColoursOfPictures) {
  const ImageSize size = {300, 300};
  Bytes pixels(300 * 300 * 3);
  Random random = numbers();
  pplcnet::erasing::fill(pixels, size, {0, 0, 300, 300}, random);
  double mean = 0, square = 0;
  for (const std::uint8_t value : pixels) {
    mean += value / static_cast<double>(pixels.size());
    square += value * value / static_cast<double>(pixels.size());
  }
  EXPECT_NEAR(mean, 128, 1);
  EXPECT_NEAR(std::sqrt(square - mean * mean), 56.5, 0.5);  // 58, but for what is clipped
}

pplcnet::Augmentation everything() {
  return {.crops = true,
          .mirror = 0.5,
          .rand = {.probability = 0.7},
          .degrees = 5,
          .brightness = 0.2,
          .contrast = 0.2,
          .saturation = 0.2,
          .erase = {.probability = 0.5}};
}

std::vector<std::uint64_t> checksums(int threads) {
  const ImageSize size = {120, 90};
  const Bytes pixels = noise(size);
  std::vector<std::uint64_t> sums(24);
  std::vector<std::jthread> workers;
  for (int worker = 0; worker < threads; ++worker)
    workers.emplace_back([&, worker] {
      pplcnet::PreprocessScratch scratch;
      pplcnet::AugmentScratch more;
      for (std::size_t i = static_cast<std::size_t>(worker); i < sums.size();
           i += static_cast<std::size_t>(threads)) {
        const bool done = pplcnet::augment(pplcnet::paddle_imagenet(64, 48), everything(),
                                           view_of(pixels, size), numbers(i), scratch, more);
        sums[i] = done && scratch.pixels.size() == 64 * 48 * 3 ? checksum(scratch.pixels) : 0;
      }
    });
  workers.clear();
  return sums;
}

TEST(Augmentation, GivesTheSameBytesOnAnyNumberOfThreadsAndEveryMachine) {
  const std::vector<std::uint64_t> one = checksums(1);
  EXPECT_EQ(checksums(2), one);
  EXPECT_EQ(checksums(3), one);
  EXPECT_EQ(std::set(one.begin(), one.end()).size(), one.size());
  std::uint64_t hash = 0;
  for (const std::uint64_t sum : one) hash = hash * 31 + sum;
  EXPECT_EQ(hash, 4598871969397728250U);
}

TEST(Augmentation, ByDefaultGivesWhatTheNetworkSeesInUse) {
  const ImageSize size = {120, 90};
  const Bytes pixels = noise(size);
  pplcnet::PreprocessScratch scratch, expected;
  pplcnet::AugmentScratch more;
  const pplcnet::Preprocessing preprocessing = pplcnet::timm_bicubic(64, 64);
  ASSERT_TRUE(pplcnet::augment(preprocessing, {}, view_of(pixels, size), numbers(), scratch, more));
  ASSERT_TRUE(pplcnet::resize_and_crop(preprocessing, view_of(pixels, size), expected));
  EXPECT_EQ(scratch.pixels, expected.pixels);
  EXPECT_FALSE(pplcnet::augment(preprocessing, everything(), {}, numbers(), scratch, more));
}

// ---- Mixing -------------------------------------------------------------------------------------

TEST(Mixing, MixupIsAWeightedMean) {
  const Bytes one = noise(kSize), other(one.size(), 200);
  Bytes a = one, b = other;
  pplcnet::mix_pictures({.kind = pplcnet::Mix::Kind::mixup, .weight = 64, .share = 0.25}, kSize, a,
                        b);
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_NEAR(a[i], 0.25 * one[i] + 0.75 * other[i], 0.51);
    EXPECT_NEAR(b[i], 0.75 * one[i] + 0.25 * other[i], 0.51);
  }
}

TEST(Mixing, CutmixExchangesARectangle) {
  const Bytes one(31 * 17 * 3, 1), other(31 * 17 * 3, 2);
  Bytes a = one, b = other;
  const CropWindow window = {4, 5, 10, 7};
  pplcnet::mix_pictures({.kind = pplcnet::Mix::Kind::cutmix, .window = window}, kSize, a, b);
  for (int y = 0; y < kSize.height; ++y)
    for (int x = 0; x < kSize.width; ++x) {
      const bool cut = x >= 4 && x < 14 && y >= 5 && y < 12;
      EXPECT_EQ(at(a, kSize, x, y, 1), cut ? 2 : 1);
      EXPECT_EQ(at(b, kSize, x, y, 1), cut ? 1 : 2);
    }
}

TEST(Mixing, IsDrawnWithItsProbabilities) {
  int counts[3] = {};
  for (std::uint64_t i = 0; i < 4000; ++i) {
    const pplcnet::Mix mix = pplcnet::draw_mix({.mixup = 0.25, .cutmix = 0.5}, kSize, numbers(i));
    ++counts[static_cast<int>(mix.kind)];
    EXPECT_GE(mix.share, 0);
    EXPECT_LE(mix.share, 1);
    if (mix.kind != pplcnet::Mix::Kind::cutmix) continue;
    EXPECT_NEAR(mix.share, 1 - mix.window.width * mix.window.height / (31.0 * 17), 1e-12);
    EXPECT_LE(mix.window.left + mix.window.width, kSize.width);
    EXPECT_LE(mix.window.top + mix.window.height, kSize.height);
  }
  EXPECT_NEAR(counts[0], 1000, 120);
  EXPECT_NEAR(counts[1], 1000, 120);
  EXPECT_NEAR(counts[2], 2000, 140);
  EXPECT_EQ(pplcnet::draw_mix({}, kSize, numbers()).kind, pplcnet::Mix::Kind::none);
}

TEST(Mixing, EveryPictureHasAPartnerThatHasIt) {
  for (const int images : {1, 2, 7, 8})
    for (int i = 0; i < images; ++i)
      EXPECT_EQ(pplcnet::Mix::partner(pplcnet::Mix::partner(i, images), images), i);
}

}  // namespace
}  // namespace pplcnet_test::augment_test
