#ifndef PPLCNET_KERNELS_INT8_PICTURE_BYTES_HPP
#define PPLCNET_KERNELS_INT8_PICTURE_BYTES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "pplcnet/abi.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan/quantised_layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the byte whose real value is nearest to x, ties to the even one.
inline std::uint8_t picture_byte(float x, float scale, float zero) {
  const float step = x / scale + zero;
  // What is not a number becomes 0.
  const float inside = step > 0.0f ? std::min(step, 255.0f) : 0.0f;
  constexpr float kInteger = 8388608.0f;  // from 2^23 on, floats are integers
  return static_cast<std::uint8_t>(static_cast<int>((inside + kInteger) - kInteger));
}

/// How a picture becomes the bytes that a network in bytes is computed from.
struct PictureBytes {
  PictureConstants constants;
  std::uint8_t frame[kPictureChannels] = {};
  bool same = false;                               ///< the picture has these bytes
  std::uint8_t table[kPictureChannels][256] = {};  ///< of each of its bytes, if it has others

  PictureBytes(const Picture& picture, const PictureConstants& what) : constants(what) {
    for (int c = 0; c < kPictureChannels; ++c)
      frame[c] = picture_byte(0.0f, what.scale[c], what.zero[c]);
    if (picture.bytes == nullptr) return;
    same = true;
    for (int c = 0; c < kPictureChannels; ++c)
      for (int i = 0; i < 256; ++i) {
        const auto byte = static_cast<std::size_t>(i);
        table[c][i] = picture_byte(picture.lookup[c][byte], what.scale[c], what.zero[c]);
        same = same && table[c][i] == i;
      }
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_INT8_PICTURE_BYTES_HPP
