#ifndef PPLCNET_TEXT_INPUT_HPP
#define PPLCNET_TEXT_INPUT_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/graph/shape.hpp"
#include "pplcnet/image/normalisation.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/image/presets.hpp"
#include "pplcnet/image/resize_opencv.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/text/crop.hpp"

// How PaddleOCR prepares pictures for its detectors and recognisers of text (`operators.py`,
// DetResizeForTest and NormalizeImage; `predict_rec.py`, resize_norm_img).

namespace pplcnet::inline PPLCNET_ABI {

/// Height and width of a detector's input are multiples of it.
inline constexpr int kDetectorStep = 32;

/// Returns the size that a picture has for a detector: its shorter side is made no shorter than
/// `shortest_side`, then the longer one no longer than `longest_side`; then both become multiples
/// of 32. That is PaddleOCR's `limit_type` max with 0, and min with the largest `longest_side`.
inline Extent detector_input(ImageSize picture, int longest_side = 960, int shortest_side = 0) {
  const auto scaled = [](ImageSize size, double ratio) {
    const auto side = [&](int pixels) {
      constexpr double kMost = 1 << 30;
      return static_cast<int>(std::min(rounded(pixels * ratio), kMost));
    };
    return ImageSize{side(size.width), side(size.height)};
  };
  const int shorter = std::min(picture.width, picture.height);
  if (shorter < shortest_side)
    picture = scaled(picture, static_cast<double>(shortest_side) / shorter);
  const int longer = std::max(picture.width, picture.height);
  if (longer > longest_side) picture = scaled(picture, static_cast<double>(longest_side) / longer);
  const auto side = [](int pixels) {
    const auto steps =
        static_cast<int>(round_half_even(static_cast<double>(pixels) / kDetectorStep));
    return std::max(steps * kDetectorStep, kDetectorStep);
  };
  return {side(picture.height), side(picture.width)};
}

/// Returns the largest sides, each of them alone, that pictures up to a size have for a detector.
inline Extent largest_detector_input(ImageSize most, int longest_side, int shortest_side) {
  const int side = shortest_side > 0 ? longest_side : 0;  // any picture may be enlarged to it
  return detector_input(
      {std::clamp(most.width, side, longest_side), std::clamp(most.height, side, longest_side)},
      longest_side);
}

/// A picture whose sides are less than this together is tiny.
inline constexpr int kTinySides = 64;

/// Returns a picture as a detector sees it: a tiny one has
/// black to its right and below, up to 32 pixels each, in `storage`.
inline ImageView with_least_size(ImageView picture, RgbImage& storage) {
  const ImageSize size = picture.size();
  constexpr int kLeast = 32;
  if (size.width + size.height >= kTinySides) return picture;
  storage.resize({std::max(size.width, kLeast), std::max(size.height, kLeast)});
  std::ranges::fill(storage.pixels, std::uint8_t{0});
  const auto [bytes, red, green, blue] = picture.layout;
  for (int y = 0; y < size.height; ++y) {
    std::uint8_t* out = storage.pixels.data() + std::ptrdiff_t{y} * storage.size.width * 3;
    for (int x = 0; x < size.width; ++x) {
      const std::uint8_t* pixel = picture.row(y) + x * bytes;
      for (const std::ptrdiff_t channel : {red, green, blue}) *out++ = pixel[channel];
    }
  }
  return storage.view();
}

/// Returns how a picture becomes a detector's input of that size.
constexpr Preprocessing detector_preprocessing(Extent input) {
  Preprocessing preprocessing = paddle_direct(input.height, input.width);
  preprocessing.channel_order = ChannelOrder::bgr;
  return preprocessing;
}

/// Height of a recogniser's input, and the least width that lines are padded to.
inline constexpr int kLineHeight = 48, kLeastLineWidth = 320;

/// Returns the width of the input of a line, which is padded if it is shorter than `least`.
inline int recogniser_width(ImageSize line, int least = kLeastLineWidth) {
  const double ratio = static_cast<double>(line.width) / line.height;
  const double least_ratio = static_cast<double>(least) / kLineHeight;
  return static_cast<int>(rounded(kLineHeight * std::max(ratio, least_ratio)));
}

/// Storage of prepare_line(); reuse it, and lines of a size seen before allocate nothing.
struct LineScratch {
  OpenCvScratch opencv;
  std::vector<std::uint8_t> pixels;
};

/// Turns a line into a recogniser's input `chw` of kLineHeight × width: BGR planes of values from
/// -1 to 1, resized with its shape kept, then zeros.
inline void prepare_line(ImageView line, int width, std::span<float> chw, LineScratch& scratch) {
  constexpr Normalisation kNormalisation = {
      .formula = NormalisationFormula::timm, .mean = {0.5, 0.5, 0.5}, .deviation = {0.5, 0.5, 0.5}};
  static constexpr std::array<float, 256> kTable = normalisation_table(kNormalisation, 0);
  const double ratio = static_cast<double>(line.width) / line.height;
  const double longest = std::ceil(rounded(kLineHeight * ratio));
  const int resized = static_cast<int>(std::min(longest, static_cast<double>(width)));
  const CropWindow all = {0, 0, resized, kLineHeight};
  scratch.pixels.resize(all.byte_count());
  resize_opencv_linear(line, {resized, kLineHeight}, all, scratch.pixels, scratch.opencv);
  float* out = chw.data();
  for (int plane = 0; plane < kImageChannels; ++plane) {
    const std::uint8_t* pixel = scratch.pixels.data() + (kImageChannels - 1 - plane);
    for (int y = 0; y < kLineHeight; ++y) {
      for (int x = 0; x < resized; ++x, pixel += kImageChannels) *out++ = kTable[*pixel];
      out = std::fill_n(out, width - resized, 0.0F);
    }
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_INPUT_HPP
