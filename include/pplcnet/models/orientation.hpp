#ifndef PPLCNET_MODELS_ORIENTATION_HPP
#define PPLCNET_MODELS_ORIENTATION_HPP

#include <array>

#include "pplcnet/image/line_pieces.hpp"
#include "pplcnet/image/page_tiles.hpp"
#include "pplcnet/image/presets.hpp"
#include "pplcnet/image/turn_evidence.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/models/ocr.hpp"
#include "pplcnet/models/pplcnet.hpp"

// The networks that this project has trained itself; weights, and how they came about, are in
// examples/orientation. The one for lines of text is a textline_orientation_x0_25 like PaddleOCR's.

namespace pplcnet::inline PPLCNET_ABI {
namespace models {

/// By how much a page is turned, from a tile of it: see page_turn.
struct PageOrientation
    : V1<Scale::x0_35, Options{.classes = 4, .input = {PageTiling{}.side, PageTiling{}.side}}> {
  static constexpr Model model = {
      .name = "page_orientation",
      .preprocessing = paddle_direct(PageTiling{}.side, PageTiling{}.side),
      .labels = kQuarterTurns};
};

// NOLINTNEXTLINE(readability-identifier-naming): as all models.
using page_orientation = NetworkOf<PageOrientation>;

using OrientationModels = ModelList<page_orientation>;

}  // namespace models

/// Chosen on the validation sets of examples/orientation.
inline constexpr LookTrust kTrustInTiles = {.doubt = 0.01, .sharpness = 0.08};
inline constexpr LookTrust kTrustInPieces = {.doubt = 0.01, .sharpness = 1};

/// How probable it is that a page is turned by 0, 90, 180 or 270 degrees, clockwise. `look(tile)`
/// gives the probabilities of page_orientation for a tile, as a span of floats.
template <class Look>
std::array<double, 4> page_turn(ImageView page, const Look& look) {
  TurnEvidence<4> evidence(kTrustInTiles);
  const PageTiling tiling;
  for (const Tile& tile : page_tiles(tiling, page))
    evidence.add_looks({tile.data(), tiling.side, tiling.side, PixelFormat::rgb}, look);
  return evidence.probabilities();
}

/// How probable it is that a line of text is upright, or upside down. `look(piece)` gives the
/// probabilities of textline_orientation_x0_25 for a piece of it.
template <class Look>
std::array<double, 2> line_turn(ImageView line, const Look& look) {
  TurnEvidence<2> evidence(kTrustInPieces);
  for (const ImageView piece : line_pieces(line)) evidence.add_looks(piece, look);
  return evidence.probabilities();
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_ORIENTATION_HPP
