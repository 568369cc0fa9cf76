#include "picture_views.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "orientation_reader.hpp"
#include "pplcnet/image/line_pieces.hpp"
#include "pplcnet/image/orientation.hpp"
#include "pplcnet/image/page_tiles.hpp"

PictureViews::PictureViews(const pplcnet::NetworkTraits& traits,
                           std::span<const std::string> labels) {
  std::vector<std::size_t> rotations;
  if (rotations_of("", traits.classes, labels, rotations) || rotations.empty()) return;
  if (rotations.size() == 2) kind_ = Kind::pieces;
  if (rotations.size() == 4 && sees_tiles(traits.input)) kind_ = Kind::tiles;
}

bool PictureViews::for_each(pplcnet::ImageView image,
                            const std::function<bool(pplcnet::ImageView)>& see) const {
  if (kind_ == Kind::whole) return see(image);
  std::vector<pplcnet::Tile> tiles;
  std::vector<pplcnet::ImageView> parts;
  std::vector<int> exif = {1, 3};  // the tags of rotations
  std::vector<std::uint8_t> lying;
  if (kind_ == Kind::pieces) {
    parts = pplcnet::line_pieces(pplcnet::lying_line(image, lying));
  } else {
    exif = {1, 6, 3, 8};
    const pplcnet::PageTiling tiling;
    tiles = pplcnet::page_tiles(tiling, image);
    for (const pplcnet::Tile& tile : tiles)
      parts.emplace_back(tile.data(), tiling.side, tiling.side, pplcnet::PixelFormat::rgb);
  }
  const std::size_t count = std::min(parts.size() * exif.size(), kMost);
  std::vector<std::uint8_t> storage;
  for (std::size_t i = 0; i < count; ++i) {
    const pplcnet::ImageView part = parts[i * parts.size() / count];
    if (!see(pplcnet::oriented(part, exif[i % exif.size()], storage))) return false;
  }
  return true;
}

Picture::Options PictureViews::options() const {
  if (kind_ == Kind::whole) return {};
  return {.transparency = Picture::Transparency::on_contrast};
}
