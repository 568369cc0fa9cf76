#ifndef PPLCNET_EXAMPLES_RIVALS_HPP
#define PPLCNET_EXAMPLES_RIVALS_HPP

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/image/preprocessing.hpp"

/// A way to prepare a picture that is not the network's own: what other programs do.
struct Rival {
  std::string what;          ///< `BGR in place of RGB`
  std::vector<float> input;  ///< planar, of the network's size
};

/// All that are known. `stored` is the picture as it lies in the file, before Exif turns it.
std::vector<Rival> rivals_of(const pplcnet::Preprocessing& preprocessing, pplcnet::ImageView image,
                             pplcnet::ImageView stored);

/// The rival that a tensor comes from, if it is one of them; the crop may be moved as well.
std::optional<std::string> find_rival(const pplcnet::Preprocessing& preprocessing,
                                      pplcnet::ImageView image, pplcnet::ImageView stored,
                                      std::span<const float> tensor);

/// The input tensor of resized and cropped pixels [height][width][3], RGB from 0 to 255.
std::vector<float> tensor_of(const pplcnet::Preprocessing& preprocessing,
                             std::span<const float> pixels);

#endif  // PPLCNET_EXAMPLES_RIVALS_HPP
