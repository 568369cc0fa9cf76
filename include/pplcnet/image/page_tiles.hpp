#ifndef PPLCNET_IMAGE_PAGE_TILES_HPP
#define PPLCNET_IMAGE_PAGE_TILES_HPP

#include <array>
#include <cstdint>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/image/view.hpp"

#if PPLCNET_HAS_DEFINITIONS
#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/image/resize_pillow.hpp"
#include "pplcnet/rounding.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Cuts a page into tiles for a network: small squares in which letters are large enough. The page
/// is resized to several scales, and of each the tiles with the most edges are kept. A whole page
/// squeezed into one input keeps its layout but not its letters.
struct PageTiling {
  int side = 128;                                 ///< of a tile, in pixels
  std::array<int, 3> scales = {640, 1120, 1960};  ///< the page's longer side in each scale
  double max_upscale = 1.5;                       ///< largest factor by which a page is enlarged
  int max_tiles = 24;                             ///< most tiles of each scale
  int edge_clip = 64;  ///< differences of grey values are clipped to this
};

/// One tile: RGB interleaved, side × side.
using Tile = std::vector<std::uint8_t>;

/// Returns the tiles of a page with the most edges; none if it is empty, or a thread of pixels.
PPLCNET_INLINE std::vector<Tile> page_tiles(const PageTiling& tiling, ImageView page);

namespace tiling {

/// Returns the sizes of a page; none if it is so long and thin that it would have too many tiles.
PPLCNET_INLINE std::vector<ImageSize> sizes(const PageTiling& tiling, ImageSize page);

/// Returns where tiles that cover a side evenly begin.
PPLCNET_INLINE std::vector<int> places(int length, int side);

}  // namespace tiling

#if PPLCNET_HAS_DEFINITIONS
namespace tiling {

PPLCNET_INLINE std::vector<ImageSize> sizes(const PageTiling& tiling, ImageSize page) {
  constexpr double kDistinct = 1.1;  // closer scales show the same
  constexpr int kMostPixels = 1 << 25;
  std::vector<ImageSize> result;
  const int longer = std::max(page.width, page.height), shorter = std::min(page.width, page.height);
  double last = 0;
  result.reserve(tiling.scales.size());
  for (const int longer_side : tiling.scales) {
    double factor = std::min(static_cast<double>(longer_side) / longer, tiling.max_upscale);
    factor = std::max(factor, static_cast<double>(tiling.side) / shorter);
    if (factor <= kDistinct * last) continue;
    last = factor;
    const auto scaled = [&](int side) {
      return std::max<double>(tiling.side, static_cast<double>(round_half_even(side * factor)));
    };
    if (scaled(page.width) * scaled(page.height) > kMostPixels) continue;
    result.push_back({static_cast<int>(scaled(page.width)), static_cast<int>(scaled(page.height))});
  }
  return result;
}

PPLCNET_INLINE std::vector<int> places(int length, int side) {
  const int count = (length + side - 1) / side;
  std::vector<int> result;
  result.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    result.push_back(count == 1 ? 0
                                : static_cast<int>(round_half_even(static_cast<double>(i) *
                                                                   (length - side) / (count - 1))));
  return result;
}

/// Returns the edge energy of a tile of an RGB page: the sum of the differences between neighbours.
inline std::int64_t energy(const PageTiling& tiling, ImageView page, int left, int top) {
  const auto grey = [&](int x, int y) {
    const std::uint8_t* const pixel = page.pixel(x, y);
    return (pixel[0] + 2 * pixel[1] + pixel[2]) / 4;
  };
  std::int64_t sum = 0;
  for (int y = top; y < top + tiling.side; ++y)
    for (int x = left; x < left + tiling.side; ++x) {
      const int here = grey(x, y);
      const int right = x + 1 < page.width ? std::abs(grey(x + 1, y) - here) : 0;
      const int below = y + 1 < page.height ? std::abs(grey(x, y + 1) - here) : 0;
      sum += std::min(right + below, tiling.edge_clip);
    }
  return sum;
}

}  // namespace tiling

PPLCNET_INLINE std::vector<Tile> page_tiles(const PageTiling& tiling, ImageView page) {
  std::vector<Tile> result;
  if (page.empty()) return result;
  PillowScratch scratch;
  std::vector<std::uint8_t> pixels;
  for (const ImageSize size : tiling::sizes(tiling, page.size())) {
    const CropWindow whole = {0, 0, size.width, size.height};
    pixels.resize(whole.byte_count());
    resize_pillow(PillowFilter::bilinear, page, size, whole, pixels, scratch);
    const ImageView resized(pixels.data(), size.width, size.height, PixelFormat::rgb);
    struct Place {
      std::int64_t energy;
      int left, top;
    };
    std::vector<Place> places;
    for (const int top : tiling::places(size.height, tiling.side))
      for (const int left : tiling::places(size.width, tiling.side))
        places.push_back({tiling::energy(tiling, resized, left, top), left, top});
    std::stable_sort(places.begin(), places.end(),
                     [](const Place& a, const Place& b) { return a.energy > b.energy; });
    places.resize(std::min(places.size(), static_cast<std::size_t>(tiling.max_tiles)));
    for (const auto& [energy, left, top] : places) {
      Tile& tile = result.emplace_back();
      for (int y = top; y < top + tiling.side; ++y) {
        const std::uint8_t* const row = resized.pixel(left, y);
        tile.insert(tile.end(), row, row + std::ptrdiff_t{tiling.side} * kImageChannels);
      }
    }
  }
  return result;
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_PAGE_TILES_HPP
