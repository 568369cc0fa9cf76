#ifndef PPLCNET_IMAGE_LINE_PIECES_HPP
#define PPLCNET_IMAGE_LINE_PIECES_HPP

#include <cstdint>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/image/view.hpp"

#if PPLCNET_HAS_DEFINITIONS
#include <algorithm>
#include <cstddef>

#include "pplcnet/image/orientation.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Returns whether a line of text stands on end: then it is read after a quarter turn.
constexpr bool stands_on_end(ImageSize line) { return 2 * line.height >= 3 * line.width; }

/// Returns a line of text as it is read: one that stands on end after a quarter turn
/// counter-clockwise, as PaddleOCR turns it. Its pixels are written to `storage` then.
PPLCNET_INLINE ImageView lying_line(ImageView line, std::vector<std::uint8_t>& storage);

/// Returns a line of text in equal pieces that are at most 8 times as wide as they are high:
/// letters of longer ones are too narrow to be read when they are squeezed into the input of a
/// network. They are views of the line. Of a line with more than 64 pieces that many are given,
/// evenly spaced: what they say is enough, and no picture takes longer than that.
PPLCNET_INLINE std::vector<ImageView> line_pieces(ImageView line);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE ImageView lying_line(ImageView line, std::vector<std::uint8_t>& storage) {
  constexpr int kTop = 1, kTurned = 8;  // Exif orientations
  return oriented(line, stands_on_end(line.size()) ? kTurned : kTop, storage);
}

PPLCNET_INLINE std::vector<ImageView> line_pieces(ImageView line) {
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
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_LINE_PIECES_HPP
