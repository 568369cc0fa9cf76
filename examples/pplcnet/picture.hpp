#ifndef PPLCNET_EXAMPLES_PICTURE_HPP
#define PPLCNET_EXAMPLES_PICTURE_HPP

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/image/orientation.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
#include <stb/stb_image.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

/// A decoded picture, turned upright as its Exif orientation says: what cv2.imread gives.
class Picture {
 public:
  enum class Exif { applied, ignored };

  static pplcnet::Error read(std::string_view path, Picture& picture, Exif exif = Exif::applied) {
    pplcnet::FileBytes file;
    if (auto error = pplcnet::read_file(path, file)) return error;
    const auto bytes = std::as_const(file).bytes();
    int width = 0, height = 0, channels = 0;
    const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
        stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(bytes.data()),
                              static_cast<int>(bytes.size()), &width, &height, &channels,
                              pplcnet::kImageChannels),
        stbi_image_free);
    if (pixels == nullptr)
      return pplcnet::Error::of(path, ": not a picture that can be decoded (",
                                stbi_failure_reason(), ")");
    const pplcnet::ImageView stored(pixels.get(), width, height, pplcnet::PixelFormat::rgb);
    const int orientation = exif == Exif::applied ? pplcnet::exif_orientation(bytes) : 1;
    const pplcnet::ImageView upright = pplcnet::oriented(stored, orientation, picture.pixels_);
    if (upright.pixels == stored.pixels) picture.pixels_.assign(stored.pixels, stored.row(height));
    picture.view_ = {picture.pixels_.data(), upright.width, upright.height,
                     pplcnet::PixelFormat::rgb};
    return {};
  }

  pplcnet::ImageView view() const { return view_; }

 private:
  std::vector<std::uint8_t> pixels_;
  pplcnet::ImageView view_;
};

#endif  // PPLCNET_EXAMPLES_PICTURE_HPP
