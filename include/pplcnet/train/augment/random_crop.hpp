#ifndef PPLCNET_TRAIN_AUGMENT_RANDOM_CROP_HPP
#define PPLCNET_TRAIN_AUGMENT_RANDOM_CROP_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/train/random.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What share of a picture's area a crop has, and its width by its height.
struct CropRange {
  double least_area = 0.08, most_area = 1;
  double least_aspect = 3.0 / 4, most_aspect = 4.0 / 3;

  constexpr bool is_whole() const { return least_area >= 1; }
};

/// Returns a part of a picture that is not empty, by PaddleClas' RandCropImage: the aspect is
/// uniform, the area is as far as the aspect allows it, and nothing is tried twice.
inline CropWindow random_crop(ImageSize size, const CropRange& range, Random& random) {
  const double aspect = random.uniform(range.least_aspect, range.most_aspect);
  const double width = size.width, height = size.height;
  const double bound = std::min(width / height / aspect, rounded(height / width * aspect));
  const double share =
      random.uniform(std::min(range.least_area, bound), std::min(range.most_area, bound));
  const double area = rounded(rounded(width * height) * share);
  const auto side = [](double square, int most) {
    return std::clamp(static_cast<int>(std::sqrt(square)), 1, most);
  };
  CropWindow window;
  window.width = side(rounded(area * aspect), size.width);
  window.height = side(area / aspect, size.height);
  window.left = static_cast<int>(random.integer(0, size.width - window.width));
  window.top = static_cast<int>(random.integer(0, size.height - window.height));
  return window;
}

/// Returns a part of a picture as a picture.
constexpr ImageView part_of(ImageView image, const CropWindow& window) {
  return {image.pixel(window.left, window.top), window.width, window.height, image.layout,
          image.row_bytes};
}

/// Returns a picture whose left is the other's right.
constexpr ImageView mirrored(ImageView image) {
  PixelLayout layout = image.layout;
  layout.bytes = -layout.bytes;
  return {image.pixel(image.width - 1, 0), image.width, image.height, layout, image.row_bytes};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_AUGMENT_RANDOM_CROP_HPP
