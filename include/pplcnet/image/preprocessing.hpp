#ifndef PPLCNET_IMAGE_PREPROCESSING_HPP
#define PPLCNET_IMAGE_PREPROCESSING_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/image/normalisation.hpp"
#include "pplcnet/image/resize_opencv.hpp"
#include "pplcnet/image/resize_opencv_cubic.hpp"
#include "pplcnet/image/resize_pillow.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/rounding.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The method by which a picture is resized to the height and width of the input tensor.
enum class Geometry {
  paddle_short_side,       ///< Short side to resize_short, both sides rounded; crop the centre.
  torchvision_short_side,  ///< Short side to resize_short, the long one truncated; crop the centre.
  direct,                  ///< Resize to the tensor's size whatever the shape; nothing is cropped.
};

enum class Interpolation { opencv_linear, opencv_cubic, pillow_bilinear, pillow_bicubic };

/// A pipeline from decoded pixels to the input tensor, as plain data. presets.hpp has the ones that
/// published weights were trained with.
struct Preprocessing {
  std::string_view name;  ///< Of the preset; find_preset() finds it again.
  Geometry geometry = Geometry::paddle_short_side;
  Interpolation interpolation = Interpolation::opencv_linear;
  int resize_short = 256;  ///< In pixels; Geometry::direct does not use it.
  int height = 224;        ///< Of the tensor.
  int width = 224;         ///< Of the tensor.
  ChannelOrder channel_order = ChannelOrder::rgb;
  Normalisation normalisation;

  /// Floats in the tensor, which is planar: channel, row, column.
  constexpr std::size_t tensor_size() const {
    return static_cast<std::size_t>(kImageChannels) * static_cast<std::size_t>(height) *
           static_cast<std::size_t>(width);
  }
};

/// The size to which a picture is resized, and the part of the result that the network sees.
struct ResizePlan {
  ImageSize resized;
  CropWindow window;
};

/// Returns the plan for a picture of size `source`; none if it is empty, or the crop is larger than
/// the resized picture, or a resized side does not fit an int.
PPLCNET_INLINE std::optional<ResizePlan> resize_plan(const Preprocessing& preprocessing,
                                                     ImageSize source);

/// Storage of preprocess(); reuse it, and pictures of a size seen before allocate nothing.
struct PreprocessScratch {
  OpenCvScratch opencv;
  OpenCvCubicScratch opencv_cubic;
  PillowScratch pillow;
  std::vector<std::uint8_t> pixels;  // resized and cropped, RGB interleaved
};

/// Turns `image` into scratch.pixels: as many as the network's input has, RGB interleaved bytes,
/// which normalisation_tables() map to values.
///
/// Returns false if the image is empty or resize_plan() has no plan: a crop larger than the resized
/// image.
PPLCNET_INLINE bool resize_and_crop(const Preprocessing& preprocessing, ImageView image,
                                    PreprocessScratch& scratch);

/// Turns `image` into the input tensor `chw`: float32, planar, preprocessing.tensor_size() values.
/// The bits are those of the reference pipeline, on every machine.
///
/// Returns false and leaves `chw` alone if `chw` has another size, or for resize_and_crop().
PPLCNET_INLINE bool preprocess(const Preprocessing& preprocessing, ImageView image,
                               std::span<float> chw, PreprocessScratch& scratch);

#if PPLCNET_HAS_DEFINITIONS
/// Returns the offset of a crop that leaves `rest` pixels outside, and of which half is left on the
/// near side. Paddle rounds an odd half down, torchvision to the even neighbour.
constexpr int centre_crop_offset(Geometry geometry, int rest) {
  return geometry == Geometry::torchvision_short_side
             ? static_cast<int>(round_half_even(rest / 2.0))
             : rest / 2;
}

PPLCNET_INLINE std::optional<ResizePlan> resize_plan(const Preprocessing& preprocessing,
                                                     ImageSize source) {
  const int height = preprocessing.height;
  const int width = preprocessing.width;
  if (std::min({source.width, source.height, width, height}) <= 0) return std::nullopt;
  if (preprocessing.geometry == Geometry::direct) {
    return ResizePlan{{width, height}, {0, 0, width, height}};
  }

  const int resize_short = preprocessing.resize_short;
  const int short_side = std::min(source.width, source.height);
  const double ratio = static_cast<double>(resize_short) / short_side;
  const auto resized_side = [&](int side) -> std::int64_t {
    if (preprocessing.geometry == Geometry::paddle_short_side) {
      return round_half_even(rounded(side * ratio));
    }
    return std::int64_t{resize_short} * side / short_side;
  };
  const std::int64_t resized_width = resized_side(source.width);
  const std::int64_t resized_height = resized_side(source.height);
  if (resized_width < width || resized_height < height ||
      std::max(resized_width, resized_height) > std::numeric_limits<int>::max()) {
    return std::nullopt;
  }
  const ImageSize resized{static_cast<int>(resized_width), static_cast<int>(resized_height)};
  return ResizePlan{
      resized,
      {centre_crop_offset(preprocessing.geometry, resized.width - width),
       centre_crop_offset(preprocessing.geometry, resized.height - height), width, height}};
}

PPLCNET_INLINE bool resize_and_crop(const Preprocessing& preprocessing, ImageView image,
                                    PreprocessScratch& scratch) {
  const std::optional<ResizePlan> plan = resize_plan(preprocessing, image.size());
  if (image.empty() || !plan) return false;

  std::vector<std::uint8_t>& pixels = scratch.pixels;
  pixels.resize(plan->window.byte_count());
  switch (preprocessing.interpolation) {
    case Interpolation::opencv_linear:
      resize_opencv_linear(image, plan->resized, plan->window, pixels, scratch.opencv);
      break;
    case Interpolation::opencv_cubic:
      resize_opencv_cubic(image, plan->resized, plan->window, pixels, scratch.opencv_cubic);
      break;
    case Interpolation::pillow_bilinear:
      resize_pillow(PillowFilter::bilinear, image, plan->resized, plan->window, pixels,
                    scratch.pillow);
      break;
    case Interpolation::pillow_bicubic:
      resize_pillow(PillowFilter::bicubic, image, plan->resized, plan->window, pixels,
                    scratch.pillow);
      break;
  }
  return true;
}

PPLCNET_INLINE bool preprocess(const Preprocessing& preprocessing, ImageView image,
                               std::span<float> chw, PreprocessScratch& scratch) {
  if (chw.size() != preprocessing.tensor_size() || !resize_and_crop(preprocessing, image, scratch))
    return false;
  normalise(preprocessing.normalisation, preprocessing.channel_order, scratch.pixels, chw);
  return true;
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_PREPROCESSING_HPP
