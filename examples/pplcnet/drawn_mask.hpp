#ifndef PPLCNET_EXAMPLES_DRAWN_MASK_HPP
#define PPLCNET_EXAMPLES_DRAWN_MASK_HPP

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/image/view.hpp"

/// A class in a picture, and how much of it that is, from 0 to 1.
struct MaskShare {
  int class_id = 0;
  std::string label;
  double share = 0;
};

/// Returns the bytes of a PNG file: a picture under the colours of its mask, [height][width] of
/// classes, and beside or below it a legend of the classes, the largest first.
std::string drawn_mask_png(pplcnet::ImageView image, std::span<const std::uint8_t> mask,
                           const std::vector<MaskShare>& shares);

#endif  // PPLCNET_EXAMPLES_DRAWN_MASK_HPP
