#ifndef PPLCNET_MODELS_ORIENTATION_HPP
#define PPLCNET_MODELS_ORIENTATION_HPP

#include <array>
#include <cstdint>
#include <vector>

#include "pplcnet/image/line_pieces.hpp"
#include "pplcnet/image/orientation_evidence.hpp"
#include "pplcnet/image/page_tiles.hpp"
#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/models/ocr.hpp"
#include "pplcnet/models/pplcnet.hpp"

// The networks that this project has trained itself; weights, and how they came about, are in
// examples/orientation. The one for lines of text is a textline_orientation_x0_25 like PaddleOCR's.

namespace pplcnet::inline PPLCNET_ABI {
namespace models {

/// Orientation of a page, from a tile of it: see page_rotation.
struct PageOrientation
    : V1<Scale::x0_35, Options{.classes = 4, .input = {PageTiling{}.side, PageTiling{}.side}}> {
  static constexpr Model model = {
      .name = "page_orientation",
      .preprocessing = paddle_direct(PageTiling{}.side, PageTiling{}.side),
      .labels = kQuarterRotations};
};

// NOLINTNEXTLINE(readability-identifier-naming): as all models.
using page_orientation = NetworkOf<PageOrientation>;

using OrientationModels = ModelList<page_orientation>;

}  // namespace models

/// Chosen on the validation sets of examples/orientation.
inline constexpr EvidenceCalibration kTileCalibration = {.uniform_weight = 0.01, .exponent = 0.08};
inline constexpr EvidenceCalibration kPieceCalibration = {.uniform_weight = 0.01, .exponent = 0.9};

/// Returns how probable it is that a page is rotated by 0, 90, 180 or 270 degrees, clockwise.
/// `predict(tile)` returns the probabilities of page_orientation for a tile, as a span of floats.
template <class Predict>
std::array<double, 4> page_rotation(ImageView page, const Predict& predict) {
  OrientationEvidence<4> evidence(kTileCalibration);
  const PageTiling tiling;
  for (const Tile& tile : page_tiles(tiling, page))
    evidence.add_rotations({tile.data(), tiling.side, tiling.side, PixelFormat::rgb}, predict);
  return evidence.probabilities();
}

/// Returns how probable it is that a line of text is upright, or upside down. `predict(piece)`
/// returns the probabilities of textline_orientation_x0_25 for a piece of it. What stands on end, a
/// column of letters or a line on its side, is turned before (see lying_line).
template <class Predict>
std::array<double, 2> line_rotation(ImageView line, const Predict& predict) {
  OrientationEvidence<2> evidence(kPieceCalibration);
  std::vector<std::uint8_t> storage;
  for (const ImageView piece : line_pieces(lying_line(line, storage)))
    evidence.add_rotations(piece, predict);
  return evidence.probabilities();
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_ORIENTATION_HPP
