// Real pictures through another JPEG decoder than the reference's: PNG files bit for bit, JPEG
// files within what the decoders differ by.

#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_STDIO
#include <stb/stb_image.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "image/reference_data.hpp"
#include "pplcnet/image/orientation.hpp"
#include "pplcnet/image/presets.hpp"

namespace pplcnet_test {
namespace {

using pplcnet::ImageView;
using pplcnet::Preprocessing;

/// How far stb_image's JPEG decoder is from the reference's, in the picture and in the tensors.
struct DecoderDifference {
  double pixel = 0, tensor = 0;
};

/// By file name without extension. Pictures that are the same for both decoders have zeros.
std::map<std::string, DecoderDifference> decoder_differences() {
  std::map<std::string, DecoderDifference> differences;
  for (const nlohmann::json& entry : read_pixels("stb_vs_libjpeg.json")) {
    const double paddle = entry.value("paddle_chw_maxabs", 0.0);
    const double timm = entry.value("timm_chw_maxabs", 0.0);
    differences[entry.at("image")] = {entry.at("max"), std::max(paddle, timm)};
  }
  return differences;
}

template <typename T>
void expect_near(std::span<const T> values, const nlohmann::json& reference, double tolerance) {
  if (tolerance == 0.0) return expect_identical(values, reference);
  const std::vector<std::size_t> positions = reference.at("idx");
  const std::vector<double> samples = reference.at("values");
  double sum = 0;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    ASSERT_LT(positions[i], values.size());
    const double difference = std::abs(static_cast<double>(values[positions[i]]) - samples[i]);
    // The tolerances are printed with four digits.
    EXPECT_LE(difference, tolerance * 1.001) << "at " << positions[i];
    sum += difference;
  }
  // Decoders differ in a few pixels; a wrong pipeline would in most.
  EXPECT_LE(sum / static_cast<double>(positions.size()), tolerance / 10);
}

TEST(Photos, EveryPipelineAgreesWithTheReference) {
  const std::map<std::string, DecoderDifference> differences = decoder_differences();

  const std::map<std::string, Preprocessing> pipelines = {
      {"paddle_infer", pplcnet::paddle_imagenet_training()},
      {"paddle_deploy_yaml_scale_0.00392157", pplcnet::paddle_imagenet()},
      {"paddle_textline_80x160", pplcnet::paddle_direct(80, 160)},
      {"timm_bicubic", pplcnet::timm_bicubic()}};
  pplcnet::PreprocessScratch scratch;
  std::size_t tensors = 0;
  const nlohmann::json references = read_pixels("preprocess_images.json");
  for (const nlohmann::json& reference : references.at("images")) {
    const std::string path = reference.at("file");
    const std::string name = path.substr(path.rfind('/') + 1);
    const std::string file = read_reference("images/" + name);
    if (file.empty()) continue;  // not every picture is kept
    SCOPED_TRACE(name);
    const auto bytes = std::as_bytes(std::span(file));
    EXPECT_EQ(sha256(bytes), reference.at("sha256").get<std::string>());
    EXPECT_EQ(pplcnet::exif_orientation(bytes), 1);

    int width = 0, height = 0, channels = 0;
    const std::unique_ptr<std::uint8_t, void (*)(void*)> pixels(
        stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(file.data()),
                              static_cast<int>(file.size()), &width, &height, &channels, 3),
        stbi_image_free);
    ASSERT_NE(pixels, nullptr);
    ASSERT_EQ(width, reference.at("width").get<int>());
    ASSERT_EQ(height, reference.at("height").get<int>());
    const ImageView image{pixels.get(), width, height, pplcnet::PixelFormat::rgb};

    const DecoderDifference difference = differences.at(name.substr(0, name.rfind('.')));
    const std::size_t size = static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3;
    expect_near(std::span<const std::uint8_t>(pixels.get(), size), reference.at("decoded_cv2_rgb"),
                difference.pixel);
    for (const auto& [key, preprocessing] : pipelines) {
      if (!reference.contains(key)) continue;
      SCOPED_TRACE(key);
      std::vector<float> tensor(preprocessing.tensor_size());
      ASSERT_TRUE(pplcnet::preprocess(preprocessing, image, tensor, scratch));
      expect_near(std::span<const float>(tensor), reference.at(key), difference.tensor);
      ++tensors;
    }
  }
  if (tensors == 0) GTEST_SKIP() << PPLCNET_TEST_DATA "/images is missing";
  RecordProperty("tensors", static_cast<int>(tensors));
}

}  // namespace
}  // namespace pplcnet_test
