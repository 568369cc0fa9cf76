#ifndef PPLCNET_EXAMPLES_PICTURE_NAME_HPP
#define PPLCNET_EXAMPLES_PICTURE_NAME_HPP

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

/// Returns whether a file's name ends as that of a picture: of those too that are not decoded, so
/// that they are named where they are met.
inline bool looks_like_picture(std::string_view path) {
  constexpr std::string_view kKnown[] = {
      ".jpg",  ".jpeg", ".jpe",  ".jfif", ".jif",  ".png", ".apng", ".bmp", ".dib", ".gif",
      ".webp", ".tif",  ".tiff", ".heic", ".heif", ".hif", ".avif", ".jxl", ".jp2", ".j2k",
      ".ppm",  ".pgm",  ".pbm",  ".pnm",  ".tga",  ".psd", ".hdr",  ".exr", ".ico", ".pcx",
      ".pic",  ".dng",  ".cr2",  ".cr3",  ".nef",  ".arw", ".orf",  ".raf", ".rw2"};
  const std::size_t dot = path.rfind('.');
  if (dot == path.npos) return false;
  std::string extension(path.substr(dot));
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::find(kKnown, extension) != std::end(kKnown);
}

#endif  // PPLCNET_EXAMPLES_PICTURE_NAME_HPP
