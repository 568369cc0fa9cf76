// Real pictures, decoded as the program does: every pixel and every tensor is that of the
// reference, of JPEG files as of PNG files.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "image/reference_data.hpp"
#include "picture.hpp"
#include "pplcnet/image/orientation.hpp"
#include "pplcnet/image/presets.hpp"

namespace pplcnet_test::photos_test {
namespace {

using pplcnet::ImageView;
using pplcnet::Preprocessing;

TEST(Photos, EveryPipelineAgreesWithTheReference) {
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

    Picture picture;
    const pplcnet::Error error = Picture::decode(bytes, name, picture);
    ASSERT_FALSE(error) << error.message();
    const ImageView image = picture.view();
    ASSERT_EQ(image.width, reference.at("width").get<int>());
    ASSERT_EQ(image.height, reference.at("height").get<int>());
    const std::size_t size =
        static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) * 3;
    expect_identical(std::span(image.row(0), size), reference.at("decoded_cv2_rgb"));
    for (const auto& [key, preprocessing] : pipelines) {
      if (!reference.contains(key)) continue;
      SCOPED_TRACE(key);
      std::vector<float> tensor(preprocessing.tensor_size());
      ASSERT_TRUE(pplcnet::preprocess(preprocessing, image, tensor, scratch));
      expect_identical(std::span<const float>(tensor), reference.at(key));
      ++tensors;
    }
  }
  if (tensors == 0) GTEST_SKIP() << PPLCNET_TEST_DATA "/images is missing";
  RecordProperty("tensors", static_cast<int>(tensors));
}

}  // namespace
}  // namespace pplcnet_test::photos_test
