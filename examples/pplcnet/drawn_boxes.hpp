#ifndef PPLCNET_EXAMPLES_DRAWN_BOXES_HPP
#define PPLCNET_EXAMPLES_DRAWN_BOXES_HPP

#include <span>
#include <string>

#include "pplcnet/detect/detection.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/open/any_detector.hpp"

/// Returns the bytes of a PNG file: a picture with the boxes, labels and scores of detections.
std::string drawn_boxes_png(const pplcnet::AnyDetector& detector, pplcnet::ImageView image,
                            std::span<const pplcnet::Detection> detections);

#endif  // PPLCNET_EXAMPLES_DRAWN_BOXES_HPP
