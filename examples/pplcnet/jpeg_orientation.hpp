#ifndef PPLCNET_EXAMPLES_JPEG_ORIENTATION_HPP
#define PPLCNET_EXAMPLES_JPEG_ORIENTATION_HPP

#include <cstddef>
#include <span>
#include <string>

#include "pplcnet/weights/error.hpp"

/// Makes a JPEG with another Exif orientation, from 1 to 8; all else is kept. It is written into
/// the Exif data that are there, or into new ones if there are none. An error if those are damaged,
/// or have no room for it.
pplcnet::Error with_orientation(std::span<const std::byte> jpeg, int orientation,
                                std::string& copy);

#endif  // PPLCNET_EXAMPLES_JPEG_ORIENTATION_HPP
