#ifndef PPLCNET_EXAMPLES_DRAWN_BOXES_HPP
#define PPLCNET_EXAMPLES_DRAWN_BOXES_HPP

#include <set>
#include <span>
#include <string>

#include "pplcnet/detect/detection.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/open/any_detector.hpp"
#include "pplcnet/weights/error.hpp"

/// The bytes of a PNG file: a picture with the boxes, labels and scores of detections.
std::string drawn_boxes_png(const pplcnet::AnyDetector& detector, pplcnet::ImageView image,
                            std::span<const pplcnet::Detection> detections);

/// A folder for drawn pictures, which get the names of theirs.
class DrawnPictures {
 public:
  /// Makes the folder if it is not there.
  static pplcnet::Error open(const std::string& folder, DrawnPictures& result);

  bool is_open() const { return !folder_.empty(); }

  /// Writes the PNG file of a picture; one that is there is kept, which is an error.
  pplcnet::Error write(const std::string& path, const std::string& png);

 private:
  std::string folder_;
  std::set<std::string> names_;
};

#endif  // PPLCNET_EXAMPLES_DRAWN_BOXES_HPP
