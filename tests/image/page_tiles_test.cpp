// Tiles of pages: the numbers are those of examples/orientation/orientation.py (Pillow 9.4).
#include "pplcnet/image/page_tiles.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pplcnet_test::page_tiles_test {
namespace {

using pplcnet::ImageSize;
using pplcnet::PageTiling;

/// A page with something everywhere but at its left.
struct SyntheticPage {
  SyntheticPage(int width, int height) : size{width, height} {
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) {
        const bool empty = x < width / 3;
        for (const int value :
             {x * 7 + y * 3, x * x / 16 + y * 5, x / 9 % 2 * 160 + y / 13 % 2 * 90})
          pixels.push_back(static_cast<std::uint8_t>(empty ? 240 : value % 256));
      }
  }
  pplcnet::ImageView view() const {
    return {pixels.data(), size.width, size.height, pplcnet::PixelFormat::rgb};
  }

  ImageSize size;
  std::vector<std::uint8_t> pixels;
};

std::uint64_t checksum(std::span<const std::uint8_t> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3U;
  return hash;
}

TEST(PageTilesTest, TilesAreThoseOfTheReference) {
  struct Case {
    ImageSize page;
    std::vector<ImageSize> sizes;
    std::size_t tiles;
    std::uint64_t first, last;  // of 3000 bytes
  };
  const Case cases[] = {
      {{700, 500}, {{640, 457}, {1050, 750}}, 44, 0xcbd864597b7aae29, 0x9dfd871e28dd8e07},
      {{90, 400}, {{135, 600}}, 10, 0x0c83cb7c8351556a, 0x0416232a88c05bbc8},
      {{300, 200}, {{450, 300}}, 12, 0x161d2ecf98668cdd, 0x18e45ce56f3f2c05},
      {{1500, 2100},
       {{457, 640}, {800, 1120}, {1400, 1960}},
       68,
       0xc14fa37030a7394d,
       0xd92808dffb5daff1},
  };
  constexpr std::size_t kBytes = 3000;
  const PageTiling tiling;
  for (const Case& one : cases) {
    SCOPED_TRACE(one.page.width);
    EXPECT_EQ(pplcnet::tiling::sizes(tiling, one.page), one.sizes);
    const SyntheticPage page(one.page.width, one.page.height);
    const auto tiles = page_tiles(tiling, page.view());
    ASSERT_EQ(tiles.size(), one.tiles);
    EXPECT_EQ(checksum(std::span(tiles.front()).first(kBytes)), one.first);
    EXPECT_EQ(checksum(std::span(tiles.back()).first(kBytes)), one.last);
  }
}

TEST(PageTilesTest, TilesCoverASide) {
  using Places = std::vector<int>;
  EXPECT_EQ(pplcnet::tiling::places(128, 128), Places{0});
  EXPECT_EQ(pplcnet::tiling::places(129, 128), (Places{0, 1}));
  EXPECT_EQ(pplcnet::tiling::places(300, 128), (Places{0, 86, 172}));
  EXPECT_EQ(pplcnet::tiling::places(640, 128), (Places{0, 128, 256, 384, 512}));
}

TEST(PageTilesTest, AThreadOfPixelsHasNone) {
  const std::vector<std::uint8_t> pixels(3 * 100'000, 7);
  EXPECT_TRUE(
      page_tiles(PageTiling{}, {pixels.data(), 100'000, 1, pplcnet::PixelFormat::rgb}).empty());
  EXPECT_TRUE(page_tiles(PageTiling{}, {}).empty());
  EXPECT_FALSE(page_tiles(PageTiling{}, {pixels.data(), 1, 1, pplcnet::PixelFormat::rgb}).empty());
}

}  // namespace
}  // namespace pplcnet_test::page_tiles_test
