#ifndef PPLCNET_IMAGE_LINE_PIECES_HPP
#define PPLCNET_IMAGE_LINE_PIECES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/view.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns a line of text in equal pieces that are at most 8 times as wide as they are high:
/// letters of longer ones are too narrow to be read when they are squeezed into the input of a
/// network. They are views of the line. Of a line with more than 64 pieces that many are given,
/// evenly spaced: what they say is enough, and no picture takes longer than that.
inline std::vector<ImageView> line_pieces(ImageView line) {
  constexpr std::int64_t kWidest = 8, kMostPieces = 64;
  std::vector<ImageView> pieces;
  if (line.empty()) return pieces;
  const std::int64_t widest = kWidest * line.height, count = (line.width + widest - 1) / widest;
  const std::int64_t given = std::min(count, kMostPieces);
  pieces.reserve(static_cast<std::size_t>(given));
  for (std::int64_t i = 0; i < given; ++i) {
    const std::int64_t piece = (2 * i + 1) * count / (2 * given);
    const auto left = static_cast<int>(piece * line.width / count);
    const auto right = static_cast<int>((piece + 1) * line.width / count);
    pieces.emplace_back(line.pixel(left, 0), right - left, line.height, line.layout,
                        line.row_bytes);
  }
  return pieces;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_LINE_PIECES_HPP
