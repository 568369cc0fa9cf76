#ifndef PPLCNET_EXAMPLES_JPEG_UPSAMPLING_HPP
#define PPLCNET_EXAMPLES_JPEG_UPSAMPLING_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "picture_limits.hpp"

namespace decoding {

/// Samples of one component of a JPEG.
struct JpegPlane {
  const std::uint8_t* samples = nullptr;
  std::size_t stride = 0;                  ///< bytes from row to row
  int width = 0, height = 0;               ///< without what only fills up blocks
  int pixels_across = 1, pixels_down = 1;  ///< that have one sample

  const std::uint8_t* row(int y) const {
    return samples + static_cast<std::size_t>(std::clamp(y, 0, height - 1)) * stride;
  }
};

/// Gives each pixel of a row a sample of a component, as libjpeg does by default ("fancy
/// upsampling"): where two pixels have one sample, their values are three quarters of it and one of
/// the next nearest; at other ratios, and in planes of one or two columns, samples are repeated.
class UpsampledRows {
 public:
  /// False if there is not enough memory.
  bool begin(const JpegPlane& plane) {
    plane_ = plane;
    const bool is_wide = plane.width > 2;
    across_ = plane.pixels_across == 2 && plane.pixels_down <= 2 && is_wide;
    down_ = plane.pixels_down == 2 && (plane.pixels_across == 1 || across_);
    const auto width = static_cast<std::size_t>(plane.width);
    memory_ = allocate(2 * (width + 2) + width * static_cast<std::size_t>(plane.pixels_across));
    return memory_ != nullptr;
  }

  /// Returns the samples of the pixels of row `y`, until the next call.
  const std::uint8_t* row(int y) {
    const std::uint8_t* const nearest = plane_.row(y / plane_.pixels_down);
    if (!across_ && !down_) return plane_.pixels_across == 1 ? nearest : repeat(nearest);
    const bool is_upper = y % 2 == 0;
    const std::uint8_t* const next = plane_.row(y / 2 + (is_upper ? -1 : 1));
    if (!across_) return blend(nearest, next, is_upper ? 1 : 2);
    std::uint16_t* const sums = reinterpret_cast<std::uint16_t*>(memory_.get()) + 1;
    for (int x = 0; x < plane_.width; ++x)
      sums[x] = static_cast<std::uint16_t>(down_ ? 3 * nearest[x] + next[x] : nearest[x]);
    sums[-1] = sums[0];
    sums[plane_.width] = sums[plane_.width - 1];
    return down_ ? interpolate<4>(sums, 8, 7) : interpolate<2>(sums, 1, 2);
  }

 private:
  std::uint8_t* output() const {
    return memory_.get() + 2 * (static_cast<std::size_t>(plane_.width) + 2);
  }

  const std::uint8_t* repeat(const std::uint8_t* in) const {
    std::uint8_t* out = output();
    for (int x = 0; x < plane_.width; ++x)
      for (int i = 0; i < plane_.pixels_across; ++i) *out++ = in[x];
    return output();
  }

  const std::uint8_t* blend(const std::uint8_t* nearest, const std::uint8_t* next,
                            int rounding) const {
    std::uint8_t* const out = output();
    for (int x = 0; x < plane_.width; ++x)
      out[x] = static_cast<std::uint8_t>((3 * nearest[x] + next[x] + rounding) >> 2);
    return out;
  }

  /// Interpolates sums of which 2^`kBits` / 4 weigh a pixel. The roundings of left and right pixels
  /// differ, so that their mean is that of the samples.
  template <int kBits>
  const std::uint8_t* interpolate(const std::uint16_t* sums, int left, int right) const {
    std::uint8_t* const out = output();
    for (int x = 0; x < plane_.width; ++x) {
      const int nearest = 3 * sums[x];
      out[2 * x] = static_cast<std::uint8_t>((nearest + sums[x - 1] + left) >> kBits);
      out[2 * x + 1] = static_cast<std::uint8_t>((nearest + sums[x + 1] + right) >> kBits);
    }
    return out;
  }

  JpegPlane plane_;
  bool across_ = false, down_ = false;  // which are interpolated
  Memory memory_;                       // sums with one more at each end, then the row
};

}  // namespace decoding

#endif  // PPLCNET_EXAMPLES_JPEG_UPSAMPLING_HPP
