#ifndef PPLCNET_QUANTISE_PICTURE_SCALE_HPP
#define PPLCNET_QUANTISE_PICTURE_SCALE_HPP

#include <array>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What the bytes of a picture's channel stand for: scale · (byte - zero).
struct PictureScale {
  double scale = 0, zero = 0;

  /// Returns those of a table with the normalised value of each byte, which grow evenly.
  static constexpr PictureScale of(const std::array<float, 256>& table) {
    const double first = table.front(), step = (double{table.back()} - first) / 255;
    return {step, -first / step};
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_PICTURE_SCALE_HPP
