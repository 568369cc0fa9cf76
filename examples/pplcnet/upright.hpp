#ifndef PPLCNET_EXAMPLES_UPRIGHT_HPP
#define PPLCNET_EXAMPLES_UPRIGHT_HPP

#include <string>

#include "pplcnet/weights/error.hpp"

/// Writes a copy of a picture into a folder, upright, where it was rotated by `angle` degrees
/// clockwise (0, 90, 180 or 270) when seen as its Exif orientation says. A JPEG keeps its data and
/// gets another Exif orientation; of a PNG the pixels are rotated, at their depth, and all else is
/// kept. An error if there is a file of that name, for other formats, or if something would be
/// lost.
pplcnet::Error write_upright(const std::string& path, const std::string& folder, int angle);

#endif  // PPLCNET_EXAMPLES_UPRIGHT_HPP
