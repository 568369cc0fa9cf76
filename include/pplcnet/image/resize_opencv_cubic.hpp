#ifndef PPLCNET_IMAGE_RESIZE_OPENCV_CUBIC_HPP
#define PPLCNET_IMAGE_RESIZE_OPENCV_CUBIC_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/image/resize_opencv.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/rounding.hpp"

// cv2.resize(..., INTER_CUBIC) on 8-bit pictures, bit for bit (imgproc/src/resize.cpp, as its x86
// builds compute it): four taps per axis whatever the scale; across in fixed point, down in floats,
// but for the last values of a row, which fill no vector of eight.

namespace pplcnet::inline PPLCNET_ABI {

/// Four neighbouring source pixels from `first` on, which may be outside the picture, and how much
/// each contributes, with 11 bits after the point.
struct CubicTaps {
  static constexpr int kCount = 4;
  int first = 0;
  std::array<int, kCount> weights = {};
};

/// Storage of resize_opencv_cubic; reuse it, and sizes seen before allocate nothing.
struct OpenCvCubicScratch {
  /// Where the values of a column of the result come from.
  struct Column {
    std::array<std::ptrdiff_t, CubicTaps::kCount> offsets;  // in bytes, inside a row
    std::array<int, CubicTaps::kCount> weights;
  };
  std::vector<Column> columns;
  std::array<std::vector<int>, CubicTaps::kCount> rows;  // of the source, interpolated across
};

/// Resizes `source` to `resized` and writes the part `window` of the result to `out`, as
/// resize_opencv_linear does.
PPLCNET_INLINE void resize_opencv_cubic(ImageView source, ImageSize resized, CropWindow window,
                                        std::span<std::uint8_t> out, OpenCvCubicScratch& scratch);

#if PPLCNET_HAS_DEFINITIONS
/// Returns the taps of pixel `i` of an axis that shrinks by `scale`.
inline CubicTaps cubic_taps(int i, double scale) {
  // Each operation of floats is done in double and rounded at once, as in normalisation.hpp.
  const auto sum = [](float a, float b) { return static_cast<float>(double{a} + double{b}); };
  const auto product = [](float a, float b) {
    return rounded(static_cast<float>(double{a} * double{b}));
  };
  constexpr float kA = -0.75F;
  const auto position = static_cast<float>(rounded((i + 0.5) * scale) - 0.5);
  const float floor = std::floor(position), x = sum(position, -floor);
  const float after = sum(x, 1), before = sum(1, -x);
  // The two inner ones: ((A + 2) · x - (A + 3)) · x² + 1.
  const auto inner = [&](float t) {
    return sum(product(product(sum(product(kA + 2, t), -(kA + 3)), t), t), 1);
  };
  const float first =
      sum(product(sum(product(sum(product(kA, after), -5 * kA), after), 8 * kA), after), -4 * kA);
  const float second = inner(x), third = inner(before);
  const float values[] = {first, second, third, sum(sum(sum(1, -first), -second), -third)};
  CubicTaps taps = {static_cast<int>(floor) - 1};
  for (std::size_t k = 0; k < taps.weights.size(); ++k)
    taps.weights[k] = static_cast<int>(round_half_even(double{values[k]} * LinearTaps::kOne));
  return taps;
}

/// Interpolates one source row at the planned columns, as RGB.
inline void interpolate_row(const std::uint8_t* row, PixelLayout layout,
                            std::span<const OpenCvCubicScratch::Column> columns, int* out) {
  for (const OpenCvCubicScratch::Column& column : columns)
    for (const std::ptrdiff_t channel : {layout.red, layout.green, layout.blue}) {
      int sum = 0;
      for (std::size_t k = 0; k < column.offsets.size(); ++k)
        sum += row[column.offsets[k] + channel] * column.weights[k];
      *out++ = sum;
    }
}

/// Returns one value of four rows, computed as in vectors.
inline std::uint8_t cubic_value_in_vector(const std::array<int, 4>& rows,
                                          const std::array<int, 4>& weights) {
  constexpr double kUnit = 1.0 / (LinearTaps::kOne * LinearTaps::kOne);
  const auto product = [&](std::size_t k) {
    return rounded(static_cast<float>(double{static_cast<float>(rows[k])} * (weights[k] * kUnit)));
  };
  float sum = product(3);
  for (const std::size_t k : {2U, 1U, 0U})
    sum = static_cast<float>(double{product(k)} + double{sum});
  return static_cast<std::uint8_t>(std::clamp<std::int64_t>(round_half_even(double{sum}), 0, 255));
}

/// Returns the same, computed alone.
inline std::uint8_t cubic_value_alone(const std::array<int, 4>& rows,
                                      const std::array<int, 4>& weights) {
  constexpr int kBits = 22;
  int sum = 1 << (kBits - 1);
  for (std::size_t k = 0; k < rows.size(); ++k) sum += rows[k] * weights[k];
  return static_cast<std::uint8_t>(std::clamp(sum >> kBits, 0, 255));
}

/// Plans the columns of `window`.
inline void plan_columns(ImageView source, int resized_width, CropWindow window,
                         std::vector<OpenCvCubicScratch::Column>& columns) {
  const double scale = linear_scale(source.width, resized_width);
  columns.clear();
  for (int x = window.left; x < window.left + window.width; ++x) {
    const CubicTaps taps = cubic_taps(x, scale);
    OpenCvCubicScratch::Column column = {.offsets = {}, .weights = taps.weights};
    for (int k = 0; k < CubicTaps::kCount; ++k)
      column.offsets[static_cast<std::size_t>(k)] =
          std::clamp(taps.first + k, 0, source.width - 1) * source.layout.bytes;
    columns.push_back(column);
  }
}

PPLCNET_INLINE void resize_opencv_cubic(ImageView source, ImageSize resized, CropWindow window,
                                        std::span<std::uint8_t> out, OpenCvCubicScratch& scratch) {
  if (resized == source.size()) return copy_window(source, window, out.data());
  plan_columns(source, resized.width, window, scratch.columns);
  constexpr std::size_t kVector = 8;
  const std::size_t first = static_cast<std::size_t>(window.left) * kImageChannels;
  const std::size_t whole =
      static_cast<std::size_t>(resized.width) * kImageChannels / kVector * kVector;
  const std::size_t values = static_cast<std::size_t>(window.width) * kImageChannels;
  const std::size_t in_vectors = std::clamp(whole, first, first + values) - first;
  for (std::vector<int>& row : scratch.rows) row.resize(values);

  std::array<int, CubicTaps::kCount> held;  // which source rows the buffers have
  held.fill(-1);
  const double scale = linear_scale(source.height, resized.height);
  std::uint8_t* pixel = out.data();
  for (int y = window.top; y < window.top + window.height; ++y) {
    const CubicTaps taps = cubic_taps(y, scale);
    std::array<const int*, CubicTaps::kCount> rows;
    for (int k = 0; k < CubicTaps::kCount; ++k) {
      // Any four rows of the source that follow each other are in four buffers.
      const int wanted = std::clamp(taps.first + k, 0, source.height - 1);
      const auto place = static_cast<std::size_t>(wanted % CubicTaps::kCount);
      if (held[place] != wanted)
        interpolate_row(source.row(wanted), source.layout, scratch.columns,
                        scratch.rows[place].data());
      held[place] = wanted;
      rows[static_cast<std::size_t>(k)] = scratch.rows[place].data();
    }
    const auto four = [&](std::size_t i) {
      return std::array{rows[0][i], rows[1][i], rows[2][i], rows[3][i]};
    };
    for (std::size_t i = 0; i < in_vectors; ++i)
      *pixel++ = cubic_value_in_vector(four(i), taps.weights);
    for (std::size_t i = in_vectors; i < values; ++i)
      *pixel++ = cubic_value_alone(four(i), taps.weights);
  }
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_RESIZE_OPENCV_CUBIC_HPP
