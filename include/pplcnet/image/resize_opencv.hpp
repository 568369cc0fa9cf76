#ifndef PPLCNET_IMAGE_RESIZE_OPENCV_HPP
#define PPLCNET_IMAGE_RESIZE_OPENCV_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/rounding.hpp"

// cv2.resize(..., INTER_LINEAR) on 8-bit pictures, bit for bit (imgproc/src/resize.cpp, as its x86
// builds compute it): two taps per axis whatever the scale, in fixed point. OpenCV computes exact
// halves by other code, the mean of each 2 x 2 square rounded half up; these taps give the same.

namespace pplcnet::inline PPLCNET_ABI {

/// Two neighbouring source pixels, `first` and `first + 1`, and how much each contributes.
struct LinearTaps {
  static constexpr int kOne = 2048;  // the weights' fixed point: 11 bits after the point

  int first = 0;
  int weight0 = kOne;
  int weight1 = 0;
};

/// Returns the taps of pixel `i` of an axis that shrinks by `scale`; `first` may be outside the
/// picture.
inline LinearTaps linear_taps(int i, double scale) {
  const auto position = static_cast<float>(rounded((i + 0.5) * scale) - 0.5);
  const float first = std::floor(position);
  // Float arithmetic done in double and rounded once gives the float result on every compiler.
  const auto fraction = static_cast<float>(double{position} - double{first});
  const auto complement = static_cast<float>(1.0 - double{fraction});
  return {static_cast<int>(first),
          static_cast<int>(round_half_even(double{complement} * LinearTaps::kOne)),
          static_cast<int>(round_half_even(double{fraction} * LinearTaps::kOne))};
}

/// Returns source pixels per output pixel; inverted twice like the original, for the sake of its
/// rounding.
inline double linear_scale(int source, int resized) {
  return 1.0 / (static_cast<double>(resized) / static_cast<double>(source));
}

/// Storage of resize_opencv_linear; reuse it, and pictures of a size seen before allocate nothing.
struct OpenCvScratch {
  /// Where the values of a column of the result come from.
  struct Column {
    std::ptrdiff_t offset0, offset1;  // in bytes, inside a row
    int weight0, weight1;
  };
  std::vector<Column> columns;
  std::vector<std::int16_t> upper, lower;  // two source rows, interpolated horizontally
};

/// Plans the columns of `window`. Outside the picture its border pixel counts alone.
inline void plan_columns(int source_width, std::ptrdiff_t pixel_bytes, int resized_width,
                         CropWindow window, std::vector<OpenCvScratch::Column>& columns) {
  const double scale = linear_scale(source_width, resized_width);
  columns.clear();
  for (int x = window.left; x < window.left + window.width; ++x) {
    LinearTaps taps = linear_taps(x, scale);
    const int last = source_width - 1;
    if (taps.first < 0 || taps.first >= last) taps = {std::clamp(taps.first, 0, last)};
    columns.push_back({taps.first * pixel_bytes, std::min(taps.first + 1, last) * pixel_bytes,
                       taps.weight0, taps.weight1});
  }
}

/// Interpolates one source row at the planned columns, as RGB. 7 bits after the point: the vertical
/// step drops 4 of 11.
inline void interpolate_row(const std::uint8_t* row, PixelLayout layout,
                            std::span<const OpenCvScratch::Column> columns, std::int16_t* out) {
  for (const OpenCvScratch::Column& column : columns) {
    for (const std::ptrdiff_t channel : {layout.red, layout.green, layout.blue}) {
      const int sum = row[column.offset0 + channel] * column.weight0 +
                      row[column.offset1 + channel] * column.weight1;
      *out++ = static_cast<std::int16_t>(sum >> 4);
    }
  }
}

/// Resizes `source` to `resized` and writes the part `window` of the result to `out`, RGB
/// interleaved without gaps; nothing outside the window is computed.
///
/// `source` is not empty, `window` lies inside `resized`, `out` has window.byte_count() bytes and
/// does not overlap the source.
inline void resize_opencv_linear(ImageView source, ImageSize resized, CropWindow window,
                                 std::span<std::uint8_t> out, OpenCvScratch& scratch) {
  if (resized == source.size()) return copy_window(source, window, out.data());

  const PixelLayout layout = source.layout;
  plan_columns(source.width, layout.bytes, resized.width, window, scratch.columns);
  const std::size_t row_values = static_cast<std::size_t>(window.width) * kImageChannels;
  scratch.upper.resize(row_values);
  scratch.lower.resize(row_values);
  int upper_row = -1;  // which source rows the buffers hold
  int lower_row = -1;

  const double scale = linear_scale(source.height, resized.height);
  std::uint8_t* pixel = out.data();
  for (int y = window.top; y < window.top + window.height; ++y) {
    // Unlike a column, a row outside the picture keeps its weights and reads the border row twice.
    const LinearTaps taps = linear_taps(y, scale);
    const int needed_upper = std::clamp(taps.first, 0, source.height - 1);
    const int needed_lower = std::clamp(taps.first + 1, 0, source.height - 1);
    if (needed_upper == lower_row) {
      std::swap(scratch.upper, scratch.lower);
      std::swap(upper_row, lower_row);
    }
    if (needed_upper != upper_row) {
      interpolate_row(source.row(needed_upper), layout, scratch.columns, scratch.upper.data());
      upper_row = needed_upper;
    }
    if (needed_lower != lower_row) {
      interpolate_row(source.row(needed_lower), layout, scratch.columns, scratch.lower.data());
      lower_row = needed_lower;
    }
    const std::int16_t* upper = scratch.upper.data();
    const std::int16_t* lower = scratch.lower.data();
    for (std::size_t i = 0; i < row_values; ++i) {
      // Each product is cut to 2 bits after the point on its own, then the sum is rounded.
      const int sum = ((taps.weight0 * upper[i]) >> 16) + ((taps.weight1 * lower[i]) >> 16);
      *pixel++ = static_cast<std::uint8_t>((sum + 2) >> 2);
    }
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_RESIZE_OPENCV_HPP
