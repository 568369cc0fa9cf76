#ifndef PPLCNET_EXAMPLES_PREPROCESSING_VARIANTS_HPP
#define PPLCNET_EXAMPLES_PREPROCESSING_VARIANTS_HPP

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/image/preprocessing.hpp"

/// A picture as another program may have preprocessed it.
struct PreprocessingVariant {
  std::string what;          ///< `BGR in place of RGB`
  std::vector<float> input;  ///< planar, of the network's size
};

/// Returns the common variants of a preprocessing. `stored` is the picture as it is in the file,
/// before Exif's orientation is applied.
std::vector<PreprocessingVariant> common_variants(const pplcnet::Preprocessing& preprocessing,
                                                  pplcnet::ImageView image,
                                                  pplcnet::ImageView stored);

/// Returns the variant that explains a tensor, if one does; the crop may be shifted as well.
std::optional<std::string> find_variant(const pplcnet::Preprocessing& preprocessing,
                                        pplcnet::ImageView image, pplcnet::ImageView stored,
                                        std::span<const float> tensor);

/// Returns the input tensor of resized and cropped pixels [height][width][3], RGB from 0 to 255.
std::vector<float> tensor_of(const pplcnet::Preprocessing& preprocessing,
                             std::span<const float> pixels);

#endif  // PPLCNET_EXAMPLES_PREPROCESSING_VARIANTS_HPP
