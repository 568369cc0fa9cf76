#ifndef PPLCNET_IMAGE_RESIZE_PILLOW_HPP
#define PPLCNET_IMAGE_RESIZE_PILLOW_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/rounding.hpp"

// PIL.Image.resize() on 8-bit pictures, bit for bit (libImaging/Resample.c): a filter that widens
// when the picture shrinks, horizontally, rounded to 8 bits, then vertically, in fixed point.

namespace pplcnet::inline PPLCNET_ABI {

enum class PillowFilter { bilinear, bicubic };

/// Returns half width of a filter, in source pixels when the picture does not shrink.
constexpr double filter_support(PillowFilter filter) {
  return filter == PillowFilter::bilinear ? 1.0 : 2.0;
}

/// Returns the filter at distance `x` of its centre; the cubic one is Keys' with a = -1/2.
inline double filter_weight(PillowFilter filter, double x) {
  x = std::abs(rounded(x));
  if (filter == PillowFilter::bilinear) return x < 1.0 ? 1.0 - x : 0.0;
  if (x < 1.0) return rounded((rounded(1.5 * x) - 2.5) * x * x) + 1.0;
  if (x < 2.0) return (rounded((rounded((x - 5.0) * x) + 8.0) * x) - 4.0) * -0.5;
  return 0.0;
}

/// Weights of the output pixels of one axis: pixel i is the sum over k < count[i] of
/// weights[i * stride + k] times source pixel first[i] + k.
struct PillowAxis {
  static constexpr int kPrecisionBits = 22;  // of the weights, after the point

  std::vector<int> first;
  std::vector<int> count;
  std::vector<std::int32_t> weights;
  std::size_t stride = 0;
};

/// Storage of resize_pillow; reuse it, and pictures of a size seen before allocate nothing.
struct PillowScratch {
  PillowAxis horizontal, vertical;
  std::vector<double> kernel;      // of one output pixel
  std::vector<std::uint8_t> rows;  // after the horizontal pass
  std::vector<std::int32_t> sums;  // of one output row
};

/// Fills `axis` for the output pixels begin <= i < begin + size of an axis resized from `source`
/// to `resized` pixels.
inline void plan_axis(PillowFilter filter, int source, int resized, int begin, int size,
                      std::vector<double>& kernel, PillowAxis& axis) {
  const double scale = static_cast<double>(source) / static_cast<double>(resized);
  const double filter_scale = std::max(scale, 1.0);
  const double inverse_filter_scale = 1.0 / filter_scale;
  const double support = filter_support(filter) * filter_scale;
  axis.stride = static_cast<std::size_t>(std::ceil(support)) * 2 + 1;
  axis.first.clear();
  axis.count.clear();
  axis.weights.assign(axis.stride * static_cast<std::size_t>(size), 0);
  kernel.resize(axis.stride);

  for (int i = 0; i < size; ++i) {
    const double centre = rounded((begin + i + 0.5) * scale);
    // Truncated, and limited before that: what an int cannot hold must not be converted.
    const int first = static_cast<int>(std::max(0.0, centre - support + 0.5));
    const int end = static_cast<int>(std::min<double>(source, centre + support + 0.5));
    const auto count = static_cast<std::size_t>(end - first);
    double sum = 0.0;
    for (std::size_t k = 0; k < count; ++k) {
      const double distance = static_cast<double>(first + static_cast<int>(k)) - centre + 0.5;
      kernel[k] = filter_weight(filter, distance * inverse_filter_scale);
      sum += kernel[k];
    }
    std::int32_t* weights = axis.weights.data() + static_cast<std::size_t>(i) * axis.stride;
    for (std::size_t k = 0; k < count; ++k) {
      const double weight = sum == 0.0 ? kernel[k] : kernel[k] / sum;
      const double fixed = weight * (1 << PillowAxis::kPrecisionBits);
      weights[k] = static_cast<std::int32_t>(weight < 0 ? fixed - 0.5 : fixed + 0.5);
    }
    axis.first.push_back(first);
    axis.count.push_back(static_cast<int>(count));
  }
}

/// Returns a weighted sum (which starts at one half) as a pixel.
constexpr std::uint8_t pillow_pixel(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> PillowAxis::kPrecisionBits, 0, 255));
}

inline constexpr std::int32_t kPillowHalf = 1 << (PillowAxis::kPrecisionBits - 1);

/// Filters `row_count` rows of `source` from row `first_row` on, into RGB rows without gaps.
inline void filter_rows(ImageView source, int first_row, int row_count, const PillowAxis& axis,
                        std::uint8_t* out) {
  const PixelLayout layout = source.layout;
  for (int y = first_row; y < first_row + row_count; ++y) {
    const std::int32_t* weights = axis.weights.data();
    for (std::size_t i = 0; i < axis.first.size(); ++i, weights += axis.stride) {
      const std::uint8_t* pixel = source.pixel(axis.first[i], y);
      std::int32_t red = kPillowHalf;
      std::int32_t green = kPillowHalf;
      std::int32_t blue = kPillowHalf;
      for (int k = 0; k < axis.count[i]; ++k, pixel += layout.bytes) {
        red += pixel[layout.red] * weights[k];
        green += pixel[layout.green] * weights[k];
        blue += pixel[layout.blue] * weights[k];
      }
      *out++ = pillow_pixel(red);
      *out++ = pillow_pixel(green);
      *out++ = pillow_pixel(blue);
    }
  }
}

/// Filters all columns of `source`, which is RGB and whose row 0 is row `first_row` of the axis.
inline void filter_columns(ImageView source, int first_row, const PillowAxis& axis,
                           std::vector<std::int32_t>& sums, std::uint8_t* out) {
  const std::size_t row_values = static_cast<std::size_t>(source.width) * kImageChannels;
  sums.resize(row_values);
  const std::int32_t* weights = axis.weights.data();
  for (std::size_t i = 0; i < axis.first.size(); ++i, weights += axis.stride) {
    std::fill(sums.begin(), sums.end(), kPillowHalf);
    for (int k = 0; k < axis.count[i]; ++k) {
      const std::uint8_t* row = source.row(axis.first[i] - first_row + k);
      const std::int32_t weight = weights[k];
      for (std::size_t x = 0; x < row_values; ++x) sums[x] += row[x] * weight;
    }
    for (const std::int32_t sum : sums) *out++ = pillow_pixel(sum);
  }
}

/// Resizes `source` to `resized` and writes the part `window` of the result to `out`, RGB
/// interleaved without gaps; nothing outside the window is computed.
///
/// `source` is not empty, `window` lies inside `resized` and has pixels, `out` has
/// window.byte_count() bytes and does not overlap the source.
inline void resize_pillow(PillowFilter filter, ImageView source, ImageSize resized,
                          CropWindow window, std::span<std::uint8_t> out, PillowScratch& scratch) {
  // A pass over an axis that keeps its length is left out; `rows` then begins at first_row.
  int first_row = window.top;
  int row_count = window.height;
  if (resized.height != source.height) {
    plan_axis(filter, source.height, resized.height, window.top, window.height, scratch.kernel,
              scratch.vertical);
    first_row = scratch.vertical.first.front();
    row_count = scratch.vertical.first.back() + scratch.vertical.count.back() - first_row;
  }
  const CropWindow kept = {window.left, first_row, window.width, row_count};
  ImageView rows(source.pixel(kept.left, kept.top), kept.width, kept.height, source.layout,
                 source.row_bytes);
  if (resized.width != source.width) {
    plan_axis(filter, source.width, resized.width, window.left, window.width, scratch.kernel,
              scratch.horizontal);
    scratch.rows.resize(kept.byte_count());
    filter_rows(source, first_row, row_count, scratch.horizontal, scratch.rows.data());
    rows = {scratch.rows.data(), kept.width, kept.height, PixelFormat::rgb};
  } else if (!source.is_rgb()) {
    scratch.rows.resize(kept.byte_count());
    copy_window(source, kept, scratch.rows.data());
    rows = {scratch.rows.data(), kept.width, kept.height, PixelFormat::rgb};
  }
  if (resized.height != source.height) {
    filter_columns(rows, first_row, scratch.vertical, scratch.sums, out.data());
  } else {
    copy_window(rows, {0, 0, window.width, window.height}, out.data());
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_RESIZE_PILLOW_HPP
