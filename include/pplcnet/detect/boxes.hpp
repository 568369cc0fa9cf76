#ifndef PPLCNET_DETECT_BOXES_HPP
#define PPLCNET_DETECT_BOXES_HPP

#include <array>
#include <cstddef>

#include "pplcnet/detect/detection.hpp"
#include "pplcnet/image/results.hpp"

// From what a detector's head gives to boxes (arXiv 2006.04388, distribution focal loss).

namespace pplcnet::inline PPLCNET_ABI {

/// Distances from 0 to 7 cells, of which each side of a box has a distribution.
inline constexpr int kBoxDistances = 8;

/// What a head gives for the cells of a map, each of which may be the middle of an object.
struct AnchorLevel {
  int stride = 8;  ///< the input's pixels per cell, in both directions
  int height = 0, width = 0;
  const float* scores = nullptr;     ///< [classes][height][width]
  const float* distances = nullptr;  ///< logits, [4][kBoxDistances][height][width]

  constexpr int anchors() const { return height * width; }
};

/// Returns the box of a cell in pixels of the input: from the cell's middle to the left, top, right
/// and bottom side it is as far as each one's distribution says on average.
inline Box box_of(const AnchorLevel& level, int anchor) {
  const auto cells = static_cast<std::size_t>(level.anchors());
  const float* logits = level.distances + anchor;
  float sides[4];
  for (float& side : sides) {
    std::array<float, kBoxDistances> shares;
    for (float& share : shares) {
      share = *logits;
      logits += cells;
    }
    softmax(shares);
    double mean = 0;  // a product is exact, and so the same whether or not it is fused with the sum
    for (std::size_t i = 0; i < shares.size(); ++i)
      mean += static_cast<double>(i) * double{shares[i]};
    side = static_cast<float>(mean);
  }
  const int row = anchor / level.width, column = anchor % level.width;
  const float x = static_cast<float>(column) + 0.5F, y = static_cast<float>(row) + 0.5F;
  const auto stride = static_cast<float>(level.stride);
  return {(x - sides[0]) * stride, (y - sides[1]) * stride, (x + sides[2]) * stride,
          (y + sides[3]) * stride};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_DETECT_BOXES_HPP
