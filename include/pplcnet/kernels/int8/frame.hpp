#ifndef PPLCNET_KERNELS_INT8_FRAME_HPP
#define PPLCNET_KERNELS_INT8_FRAME_HPP

#include <algorithm>
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
    if (begin == 0) fill_rows(-frame.top, frame.top);
    if (end == map_.shape.height) fill_rows(end, frame.bottom);
    if (frame.left + frame.right == 0) return;
    const std::size_t right =
        map_.pixels(0) - map_.row(0) + static_cast<std::size_t>(map_.shape.width) * pitch_;
    for (int y = begin; y < end; ++y) {
      std::uint8_t* const row = base_ + map_.row(y);
      fill_pixels(row, frame.left);
      fill_pixels(row + right, frame.right);
    }
  }

 private:
  void fill_rows(int y, int count) const {
    fill_pixels(base_ + map_.row(y),
                count * (map_.frame.left + map_.shape.width + map_.frame.right));
  }

  /// Writes the first pixel, and copies what is there until there are `count`.
  void fill_pixels(std::uint8_t* to, int count) const {
    if (count <= 0) return;
    for (std::size_t c = 0; c < pitch_; ++c) to[c] = static_cast<std::uint8_t>(zeros_[c]);
    const std::size_t size = static_cast<std::size_t>(count) * pitch_;
    for (std::size_t done = pitch_; done < size; done *= 2)
      std::memcpy(to + done, to, std::min(done, size - done));
  }

  const ByteMap& map_;
  const std::int16_t* zeros_;
  std::uint8_t* base_;
  std::size_t pitch_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_INT8_FRAME_HPP
