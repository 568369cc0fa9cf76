#ifndef PPLCNET_EXAMPLES_UPRIGHT_HPP
#define PPLCNET_EXAMPLES_UPRIGHT_HPP

#include <string>

#include "pplcnet/weights/error.hpp"

/// Writes a copy of a picture into a folder, upright, where it was turned by `angle` degrees
/// clockwise (0, 90, 180 or 270) when seen as its Exif orientation says. A JPEG keeps its data and
/// gets another Exif orientation; of another picture the pixels are turned and written as PNG, with
/// the channels that it has. An error if there is a file of that name, or something would be lost.
pplcnet::Error write_upright(const std::string& path, const std::string& folder, int angle);

#endif  // PPLCNET_EXAMPLES_UPRIGHT_HPP
