#ifndef PPLCNET_IMAGE_PAGE_TILES_HPP
#define PPLCNET_IMAGE_PAGE_TILES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <span>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/image/resize_pillow.hpp"
#include "pplcnet/image/rounding.hpp"
#include "pplcnet/image/view.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// How a page is read by a network for tiles of it, small squares in which letters are large
/// enough: the page in several sizes, of each the tiles with most to see. A whole page that is
/// squeezed into one input keeps its layout but not its letters.
struct PageTiling {
  int side = 128;                                  ///< of a tile, in pixels
  std::array<int, 3> longest = {640, 1120, 1960};  ///< the page's longer side in each size
  double enlarge = 1.5;                            ///< at most
  int tiles = 24;                                  ///< of each size, at most
  int steepest = 64;  ///< difference of grey values above which an edge is no better
};

/// One tile: RGB interleaved, side × side.
using Tile = std::vector<std::uint8_t>;

namespace tiling {

/// The sizes of a page. None if it is so long and thin that tiles of it would be too many.
inline std::vector<ImageSize> sizes(const PageTiling& tiling, ImageSize page) {
  constexpr double kDistinct = 1.1;  // sizes nearer than that see the same
  constexpr int kMostPixels = 1 << 25;
  std::vector<ImageSize> result;
  const int longer = std::max(page.width, page.height), shorter = std::min(page.width, page.height);
  double last = 0;
  result.reserve(tiling.longest.size());
  for (const int longest : tiling.longest) {
    double factor = std::min(static_cast<double>(longest) / longer, tiling.enlarge);
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

/// Where tiles begin along a side that they cover, evenly.
inline std::vector<int> places(int length, int side) {
  const int count = (length + side - 1) / side;
  std::vector<int> result;
  result.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    result.push_back(count == 1 ? 0
                                : static_cast<int>(round_half_even(static_cast<double>(i) *
                                                                   (length - side) / (count - 1))));
  return result;
}

/// How much there is to see in a tile of an RGB page: the sum of the differences between
/// neighbours.
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
      sum += std::min(right + below, tiling.steepest);
    }
  return sum;
}

}  // namespace tiling

/// The tiles of a page that say most; none if it is empty, or a thread of pixels.
inline std::vector<Tile> page_tiles(const PageTiling& tiling, ImageView page) {
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
    std::ranges::stable_sort(places, std::greater(), &Place::energy);
    places.resize(std::min(places.size(), static_cast<std::size_t>(tiling.tiles)));
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

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_PAGE_TILES_HPP
