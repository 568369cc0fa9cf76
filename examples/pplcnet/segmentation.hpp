#ifndef PPLCNET_EXAMPLES_SEGMENTATION_HPP
#define PPLCNET_EXAMPLES_SEGMENTATION_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "options.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/open/any_classifier.hpp"
#include "pplcnet/weights/error.hpp"

/// Opens a network that gives each pixel a class.
pplcnet::Error open_segmenter(const NetworkOptions& options,
                              std::optional<pplcnet::AnyClassifier>& network);

/// Computes the class of each pixel of a picture, [height][width]. `path` is for messages.
pplcnet::Error segment(pplcnet::AnyClassifier& network, const std::string& path,
                       pplcnet::ImageView image, std::vector<std::uint8_t>& mask);

#endif  // PPLCNET_EXAMPLES_SEGMENTATION_HPP
