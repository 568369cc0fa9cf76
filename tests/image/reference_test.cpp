// Every pipeline against PaddleClas' operators (cv2) and timm's transform (Pillow), on synthetic
// pictures, bit for bit.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "image/reference_data.hpp"
#include "pplcnet/image/presets.hpp"
#include "synthetic.hpp"

namespace pplcnet_test::reference_test {
namespace {

using pplcnet::CropWindow;
using pplcnet::ImageSize;
using pplcnet::ImageView;
using pplcnet::Preprocessing;

std::vector<float> tensor_of(const Preprocessing& preprocessing, ImageView image) {
  std::vector<float> tensor(preprocessing.tensor_size());
  pplcnet::PreprocessScratch scratch;
  EXPECT_TRUE(pplcnet::preprocess(preprocessing, image, tensor, scratch));
  return tensor;
}

ImageSize resized_size(const Preprocessing& preprocessing, ImageView image) {
  return pplcnet::resize_plan(preprocessing, image.size())->resized;
}

std::vector<std::uint8_t> opencv(ImageView image, ImageSize size) {
  const CropWindow all{0, 0, size.width, size.height};
  std::vector<std::uint8_t> out(all.byte_count());
  pplcnet::OpenCvScratch scratch;
  pplcnet::resize_opencv_linear(image, size, all, out, scratch);
  return out;
}

std::vector<std::uint8_t> opencv_cubic(ImageView image, ImageSize size) {
  const CropWindow all{0, 0, size.width, size.height};
  std::vector<std::uint8_t> out(all.byte_count());
  pplcnet::OpenCvCubicScratch scratch;
  pplcnet::resize_opencv_cubic(image, size, all, out, scratch);
  return out;
}

std::vector<std::uint8_t> pillow(pplcnet::PillowFilter filter, ImageView image, ImageSize size) {
  const CropWindow all{0, 0, size.width, size.height};
  std::vector<std::uint8_t> out(all.byte_count());
  pplcnet::PillowScratch scratch;
  pplcnet::resize_pillow(filter, image, size, all, out, scratch);
  return out;
}

class Reference : public testing::TestWithParam<const char*> {};

TEST_P(Reference, EveryPipelineIsIdentical) {
  const std::string name = "preprocess_synthetic_" + std::string(GetParam()) + ".json";
  const nlohmann::json cases = read_pixels(name).at("cases");
  ASSERT_EQ(cases.size(), 11U);

  constexpr Preprocessing kPaddle = pplcnet::paddle_imagenet_training();
  constexpr Preprocessing kTimm = pplcnet::timm_bicubic();
  for (const nlohmann::json& reference : cases) {
    const std::size_t seed = reference.at("seed");
    const std::size_t width = reference.at("width");
    const std::size_t height = reference.at("height");
    SCOPED_TRACE("picture " + std::to_string(seed) + ", " + std::to_string(width) + " x " +
                 std::to_string(height));
    const ImageKind kind =
        std::string(GetParam()) == "noise" ? ImageKind::noise : ImageKind::smooth;
    const std::vector<std::uint8_t> pixels = synthetic_image(kind, seed, width, height);
    std::size_t sum = 0;
    for (const std::uint8_t value : pixels) sum += value;
    ASSERT_EQ(sum, reference.at("sum").get<std::size_t>());
    const ImageView image{pixels.data(), static_cast<int>(width), static_cast<int>(height),
                          pplcnet::PixelFormat::rgb};

    using pplcnet::PillowFilter;
    const auto expect_pixels = [&](const char* key, const std::vector<std::uint8_t>& actual) {
      SCOPED_TRACE(key);
      expect_identical<std::uint8_t>(actual, reference.at(key));
    };
    const auto expect_tensor = [&](const char* key, const std::vector<float>& actual) {
      SCOPED_TRACE(key);
      expect_identical<float>(actual, reference.at(key));
    };
    expect_pixels("paddle_resized_u8", opencv(image, resized_size(kPaddle, image)));
    expect_pixels("paddle_size160x80_u8", opencv(image, {160, 80}));
    expect_pixels("cv2_bilinear_224x224_u8", opencv(image, {224, 224}));
    expect_pixels("cv2_bicubic_224x224_u8", opencv_cubic(image, {224, 224}));
    expect_pixels("pil_bilinear_224x224_u8", pillow(PillowFilter::bilinear, image, {224, 224}));
    expect_pixels("pil_bicubic_224x224_u8", pillow(PillowFilter::bicubic, image, {224, 224}));
    expect_pixels("timm_resized_u8",
                  pillow(PillowFilter::bicubic, image, resized_size(kTimm, image)));
    expect_tensor("paddle_infer", tensor_of(kPaddle, image));
    expect_tensor("timm_bicubic", tensor_of(kTimm, image));
  }
}

INSTANTIATE_TEST_SUITE_P(Pictures, Reference, testing::Values("noise", "smooth"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST(Sha256, MatchesTheStandard) {
  const std::string abc = "abc";
  EXPECT_EQ(sha256(std::as_bytes(std::span(abc))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace pplcnet_test::reference_test
