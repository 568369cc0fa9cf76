#include "pplcnet/image/preprocessing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>
#include <optional>
#include <vector>

#include "pplcnet/image/presets.hpp"
#include "synthetic.hpp"

namespace {
std::size_t allocation_count = 0;
}  // namespace

// Not inlined: g++ 12 sees a mismatch where it inlines the one and not the other.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocation_count;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace pplcnet_test {
namespace {

using pplcnet::ChannelOrder;
using pplcnet::Geometry;
using pplcnet::ImageSize;
using pplcnet::ImageView;
using pplcnet::Normalisation;
using pplcnet::NormalisationFormula;
using pplcnet::Preprocessing;
using pplcnet::PreprocessScratch;

ImageSize resized(const Preprocessing& preprocessing, ImageSize source) {
  const auto plan = pplcnet::resize_plan(preprocessing, source);
  return plan ? plan->resized : ImageSize{};
}

TEST(ResizePlan, PaddleRoundsTheLongSideTiesToEven) {
  constexpr Preprocessing kPaddle = pplcnet::paddle_imagenet();
  EXPECT_EQ(resized(kPaddle, {500, 375}), (ImageSize{341, 256}));  // 341.33
  EXPECT_EQ(resized(kPaddle, {640, 427}), (ImageSize{384, 256}));  // 383.7
  EXPECT_EQ(resized(kPaddle, {512, 515}), (ImageSize{256, 258}));  // 257.5
  EXPECT_EQ(resized(kPaddle, {512, 517}), (ImageSize{256, 258}));  // 258.5
  EXPECT_EQ(resized(kPaddle, {519, 512}), (ImageSize{260, 256}));  // 259.5
}

TEST(ResizePlan, TorchvisionTruncatesTheLongSide) {
  constexpr Preprocessing kTimm = pplcnet::timm_bicubic();
  EXPECT_EQ(resized(kTimm, {500, 375}), (ImageSize{341, 256}));
  EXPECT_EQ(resized(kTimm, {640, 427}), (ImageSize{383, 256}));
  EXPECT_EQ(resized(kTimm, {512, 519}), (ImageSize{256, 259}));
  EXPECT_EQ(resized(kTimm, {256, 999}), (ImageSize{256, 999}));
}

TEST(ResizePlan, OddRestIsRoundedDownByPaddleAndToEvenByTorchvision) {
  for (const auto& [long_side, paddle, torchvision] : std::vector<std::array<int, 3>>{
           {257, 16, 16}, {259, 17, 18}, {261, 18, 18}, {256, 16, 16}}) {
    EXPECT_EQ(
        pplcnet::resize_plan(pplcnet::paddle_imagenet(), ImageSize{long_side, 256})->window.left,
        paddle);
    EXPECT_EQ(pplcnet::resize_plan(pplcnet::timm_bicubic(), ImageSize{256, long_side})->window.top,
              torchvision);
  }
}

TEST(ResizePlan, DirectHasNoCrop) {
  const auto plan = pplcnet::resize_plan(pplcnet::paddle_direct(80, 160), {1000, 3});
  EXPECT_EQ(plan->resized, (ImageSize{160, 80}));
  EXPECT_EQ(plan->window.left, 0);
  EXPECT_EQ(plan->window.top, 0);
  EXPECT_EQ(plan->window.width, 160);
  EXPECT_EQ(plan->window.height, 80);
}

TEST(ResizePlan, RefusesWhatCannotBe) {
  Preprocessing preprocessing = pplcnet::paddle_imagenet();
  EXPECT_FALSE(pplcnet::resize_plan(preprocessing, {0, 10}));
  EXPECT_FALSE(pplcnet::resize_plan(preprocessing, {10, -1}));
  constexpr int kLargest = std::numeric_limits<int>::max();
  EXPECT_TRUE(pplcnet::resize_plan(preprocessing, {kLargest, 256}));
  EXPECT_FALSE(pplcnet::resize_plan(preprocessing, {kLargest, 255}));
  preprocessing.resize_short = 224;
  EXPECT_TRUE(pplcnet::resize_plan(preprocessing, {300, 500}));
  preprocessing.resize_short = 223;
  EXPECT_FALSE(pplcnet::resize_plan(preprocessing, {300, 500}));
  preprocessing.resize_short = 0;
  EXPECT_FALSE(pplcnet::resize_plan(preprocessing, {300, 500}));
}

// Every float operation on its own, with volatile in between: what the reference computes.
float plainly_normalised(const Normalisation& normalisation, std::size_t plane, int x) {
  const auto pixel = static_cast<float>(x);
  volatile float mean = static_cast<float>(normalisation.mean[plane]);
  volatile float deviation = static_cast<float>(normalisation.deviation[plane]);
  volatile float result = 0;
  if (normalisation.formula == NormalisationFormula::paddlex) {
    volatile float alpha = static_cast<float>(normalisation.scale / normalisation.deviation[plane]);
    volatile float beta =
        static_cast<float>(-normalisation.mean[plane] / normalisation.deviation[plane]);
    result = pixel * alpha;
    result = result + beta;
    return result;
  }
  volatile float scale = static_cast<float>(normalisation.scale);
  volatile float white = 255.0F;
  if (normalisation.formula == NormalisationFormula::timm) {
    result = pixel / white;
  } else {
    result = pixel * scale;
  }
  result = result - mean;
  result = result / deviation;
  return result;
}

TEST(Normalisation, EveryStepIsRoundedToFloat) {
  for (const Normalisation& normalisation :
       {pplcnet::paddle_imagenet().normalisation, pplcnet::paddle_imagenet_training().normalisation,
        pplcnet::timm_bicubic().normalisation, pplcnet::paddlex_imagenet().normalisation}) {
    for (std::size_t plane = 0; plane < 3; ++plane) {
      const std::array<float, 256> table = pplcnet::normalisation_table(normalisation, plane);
      for (int x = 0; x < 256; ++x) {
        EXPECT_EQ(std::bit_cast<std::uint32_t>(table[static_cast<std::size_t>(x)]),
                  std::bit_cast<std::uint32_t>(plainly_normalised(normalisation, plane, x)))
            << x;
      }
    }
  }
}

TEST(Normalisation, FormulasAndScalesDiffer) {
  const auto differing = [](const Preprocessing& a, const Preprocessing& b) {
    int count = 0;
    for (int x = 0; x < 256; ++x) {
      count +=
          pplcnet::normalised(a.normalisation, 0, x) != pplcnet::normalised(b.normalisation, 0, x);
    }
    return count;
  };
  EXPECT_GT(differing(pplcnet::paddle_imagenet(), pplcnet::paddle_imagenet_training()), 100);
  EXPECT_GT(differing(pplcnet::paddle_imagenet_training(), pplcnet::paddlex_imagenet()), 10);
  EXPECT_GT(differing(pplcnet::paddle_imagenet_training(), pplcnet::timm_bicubic()), 10);
}

TEST(Normalisation, IsKnownToTheCompiler) {
  constexpr auto kTable = pplcnet::normalisation_table(pplcnet::timm_bicubic().normalisation, 2);
  static_assert(kTable[0] < -1.8F && kTable[0] > -1.81F);
  EXPECT_EQ(kTable, pplcnet::normalisation_table(pplcnet::timm_bicubic().normalisation, 2));
}

TEST(Preprocess, WritesPlanesInTheRequestedOrder) {
  const std::vector<std::uint8_t> pixels = {10, 20, 30, 40, 50, 60};  // two pixels
  Preprocessing preprocessing = pplcnet::paddle_direct(1, 2);
  preprocessing.normalisation = {.scale = 1.0, .mean = {1, 2, 3}, .deviation = {1, 2, 1}};
  PreprocessScratch scratch;
  std::vector<float> tensor(6);
  ASSERT_TRUE(pplcnet::preprocess(preprocessing, {pixels.data(), 2, 1, pplcnet::PixelFormat::rgb},
                                  tensor, scratch));
  EXPECT_EQ(tensor, (std::vector<float>{9, 39, 9, 24, 27, 57}));
  preprocessing.channel_order = ChannelOrder::bgr;  // mean and deviation belong to the planes
  ASSERT_TRUE(pplcnet::preprocess(preprocessing, {pixels.data(), 2, 1, pplcnet::PixelFormat::rgb},
                                  tensor, scratch));
  EXPECT_EQ(tensor, (std::vector<float>{29, 59, 9, 24, 7, 37}));
}

TEST(Preprocess, RefusesAndLeavesTheTensorAlone) {
  const std::vector<std::uint8_t> pixels = synthetic_image(ImageKind::noise, 1, 8, 8);
  const ImageView image{pixels.data(), 8, 8, pplcnet::PixelFormat::rgb};
  PreprocessScratch scratch;
  Preprocessing preprocessing = pplcnet::timm_bicubic(32, 32);
  std::vector<float> tensor(preprocessing.tensor_size(), 7.0F);
  const std::vector<float> untouched = tensor;
  EXPECT_FALSE(pplcnet::preprocess(preprocessing, {}, tensor, scratch));
  EXPECT_FALSE(pplcnet::preprocess(preprocessing, {nullptr, 8, 8, pplcnet::PixelFormat::rgb},
                                   tensor, scratch));
  EXPECT_FALSE(pplcnet::preprocess(preprocessing, image, std::span(tensor).first(100), scratch));
  preprocessing.resize_short = 31;
  EXPECT_FALSE(pplcnet::preprocess(preprocessing, image, tensor, scratch));
  EXPECT_EQ(tensor, untouched);
  preprocessing.resize_short = 32;
  EXPECT_TRUE(pplcnet::preprocess(preprocessing, image, tensor, scratch));
}

TEST(Preprocess, ScratchOfOtherPicturesDoesNotMatter) {
  const std::vector<std::uint8_t> pixels = synthetic_image(ImageKind::noise, 2, 300, 200);
  PreprocessScratch used;
  for (const Preprocessing& preprocessing :
       {pplcnet::paddle_imagenet(), pplcnet::timm_bicubic(), pplcnet::timm_bilinear(),
        pplcnet::paddle_direct(80, 160)}) {
    for (const ImageSize size : {ImageSize{300, 200}, ImageSize{20, 30}, ImageSize{200, 300}}) {
      const ImageView image{pixels.data(), size.width, size.height, pplcnet::PixelFormat::rgb};
      PreprocessScratch fresh;
      std::vector<float> expected(preprocessing.tensor_size());
      std::vector<float> actual(preprocessing.tensor_size());
      ASSERT_TRUE(pplcnet::preprocess(preprocessing, image, expected, fresh));
      ASSERT_TRUE(pplcnet::preprocess(preprocessing, image, actual, used));
      EXPECT_EQ(actual, expected);
    }
  }
}

TEST(Preprocess, SecondPictureOfASizeAllocatesNothing) {
  const std::vector<std::uint8_t> pixels = synthetic_image(ImageKind::noise, 2, 500, 375);
  const ImageView image{pixels.data(), 500, 375, pplcnet::PixelFormat::rgb};
  for (const Preprocessing& preprocessing :
       {pplcnet::paddle_imagenet(), pplcnet::timm_bicubic(), pplcnet::timm_bilinear(),
        pplcnet::paddlex_direct(80, 160)}) {
    PreprocessScratch scratch;
    std::vector<float> tensor(preprocessing.tensor_size());
    const std::size_t before = allocation_count;
    ASSERT_TRUE(pplcnet::preprocess(preprocessing, image, tensor, scratch));
    const std::size_t after_first = allocation_count;
    ASSERT_TRUE(pplcnet::preprocess(preprocessing, image, tensor, scratch));
    const std::size_t after_second = allocation_count;
    EXPECT_GT(after_first, before);
    EXPECT_EQ(after_second, after_first) << preprocessing.name;
  }
}

TEST(Presets, AreFoundByName) {
  for (const Preprocessing& preset :
       {pplcnet::paddle_imagenet(64, 96), pplcnet::paddle_imagenet_training(64, 96),
        pplcnet::paddlex_imagenet(64, 96), pplcnet::paddle_direct(64, 96),
        pplcnet::paddle_direct_deploy(64, 96), pplcnet::paddlex_direct(64, 96),
        pplcnet::paddle_seg(64, 96), pplcnet::timm_bicubic(64, 96), pplcnet::timm_bilinear(64, 96),
        pplcnet::torchvision_232(64, 96), pplcnet::timm_inception(64, 96),
        pplcnet::timm_inception_333(64, 96), pplcnet::torchvision_inception(64, 96)}) {
    const std::optional<Preprocessing> found = pplcnet::find_preset(preset.name, 64, 96);
    ASSERT_TRUE(found) << preset.name;
    EXPECT_EQ(found->name, preset.name);
    EXPECT_EQ(found->geometry, preset.geometry);
    EXPECT_EQ(found->resize_short, preset.resize_short);
    EXPECT_EQ(found->interpolation, preset.interpolation);
    EXPECT_EQ(found->normalisation.formula, preset.normalisation.formula);
    EXPECT_EQ(found->normalisation.scale, preset.normalisation.scale);
    EXPECT_EQ(found->normalisation.mean, preset.normalisation.mean);
    EXPECT_EQ(found->normalisation.deviation, preset.normalisation.deviation);
    EXPECT_EQ(found->height, 64);
    EXPECT_EQ(found->width, 96);
  }
  EXPECT_FALSE(pplcnet::find_preset("paddle"));
  EXPECT_FALSE(pplcnet::find_preset(""));
}

/// torchvision's networks of TensorFlow undo ImageNet's mean and deviation themselves.
TEST(Presets, InceptionsSeeValuesFromMinusOneToOne) {
  const pplcnet::Normalisation once = pplcnet::torchvision_inception().normalisation;
  const pplcnet::Normalisation usual = pplcnet::timm_bilinear().normalisation;
  for (std::size_t plane = 0; plane < 3; ++plane)
    for (int x = 0; x < 256; ++x) {
      const double twice =
          double{pplcnet::normalised(usual, plane, x)} * (usual.deviation[plane] / 0.5) +
          (usual.mean[plane] - 0.5) / 0.5;
      EXPECT_NEAR(double{pplcnet::normalised(once, plane, x)}, twice, 1e-6);
    }
  EXPECT_EQ(pplcnet::normalised(once, 0, 0), -1);
  EXPECT_EQ(pplcnet::normalised(once, 2, 255), 1);
}

TEST(Presets, CropAlwaysFits) {
  static_assert(pplcnet::paddle_imagenet().resize_short == 256);
  static_assert(pplcnet::timm_bicubic(288, 288).resize_short == 329);
  static_assert(pplcnet::torchvision_232().resize_short == 232);
  static_assert(pplcnet::timm_inception().resize_short == 341);
  static_assert(pplcnet::timm_inception_333().resize_short == 333);
  static_assert(pplcnet::torchvision_inception().resize_short == 342);
  static_assert(pplcnet::torchvision_inception(224, 224).resize_short == 256);
  for (int side = 1; side < 700; side += 3) {
    EXPECT_TRUE(pplcnet::resize_plan(pplcnet::timm_bicubic(side, 100), {5, 7})) << side;
    EXPECT_TRUE(pplcnet::resize_plan(pplcnet::paddle_imagenet(100, side), {7, 5})) << side;
    EXPECT_TRUE(pplcnet::resize_plan(pplcnet::torchvision_232(100, side), {7, 5})) << side;
    EXPECT_TRUE(pplcnet::resize_plan(pplcnet::timm_inception_333(100, side), {7, 5})) << side;
    EXPECT_TRUE(pplcnet::resize_plan(pplcnet::torchvision_inception(side, 100), {7, 5})) << side;
  }
}

}  // namespace
}  // namespace pplcnet_test
