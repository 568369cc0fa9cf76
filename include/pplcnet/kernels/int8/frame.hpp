#ifndef PPLCNET_KERNELS_INT8_FRAME_HPP
#define PPLCNET_KERNELS_INT8_FRAME_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "pplcnet/abi.hpp"
#include "pplcnet/plan/quantised_layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Writes the zero point of each channel into the frame of a map: beside rows [begin, end) and,
/// if the first or the last one is among them, above or below.
class ByteFrame {
 public:
  ByteFrame(const ByteMap& map, const std::int16_t* zeros, std::uint8_t* base)
      : map_(map), zeros_(zeros), base_(base), pitch_(static_cast<std::size_t>(map.pixel_pitch)) {}

  void fill(int begin, int end) const {
    const Padding& frame = map_.frame;
    if (frame.left + frame.right + frame.top + frame.bottom == 0) return;
    const std::uint8_t* pixel = nullptr;
    if (begin == 0) fill_rows(-frame.top, frame.top, pixel);
    if (end == map_.shape.height) fill_rows(end, frame.bottom, pixel);
    const std::size_t right =
        map_.pixels(0) - map_.row(0) + static_cast<std::size_t>(map_.shape.width) * pitch_;
    for (int y = begin; y < end; ++y) {
      std::uint8_t* const row = base_ + map_.row(y);
      fill_pixels(row, frame.left, pixel);
      fill_pixels(row + right, frame.right, pixel);
    }
  }

 private:
  void fill_rows(int y, int count, const std::uint8_t*& pixel) const {
    const Padding& frame = map_.frame;
    fill_pixels(base_ + map_.row(y), count * (frame.left + map_.shape.width + frame.right), pixel);
  }

  /// Copies `pixel` or, if there is none yet, writes it.
  void fill_pixels(std::uint8_t* to, int count, const std::uint8_t*& pixel) const {
    for (int i = 0; i < count; ++i, to += pitch_) {
      if (pixel == nullptr) {
        for (std::size_t c = 0; c < pitch_; ++c) to[c] = static_cast<std::uint8_t>(zeros_[c]);
        pixel = to;
      } else {
        std::memcpy(to, pixel, pitch_);
      }
    }
  }

  const ByteMap& map_;
  const std::int16_t* zeros_;
  std::uint8_t* base_;
  std::size_t pitch_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_INT8_FRAME_HPP
