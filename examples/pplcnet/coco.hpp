#ifndef PPLCNET_EXAMPLES_COCO_HPP
#define PPLCNET_EXAMPLES_COCO_HPP

#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/detect/average_precision.hpp"
#include "pplcnet/weights/error.hpp"

/// A picture whose objects are known.
struct AnnotatedPicture {
  std::string path;
  std::vector<pplcnet::AnnotatedObject> objects;
};

inline const std::string& path_of(const AnnotatedPicture* picture) { return picture->path; }

/// The classes of a network, which the categories of annotations are.
struct NetworkClasses {
  int count = 0;
  const std::vector<std::string>& labels;  ///< one for each, or none
};

/// Reads annotations in COCO's JSON: pictures in the order of their ids, with paths that begin in
/// `folder`. Categories are classes by their names if each is a label; otherwise all classes in
/// the order of their ids. Annotations of other pictures or categories are passed over, as
/// pycocotools does.
pplcnet::Error parse_coco(std::string_view text, const std::string& path, const std::string& folder,
                          const NetworkClasses& classes, std::vector<AnnotatedPicture>& pictures);

#endif  // PPLCNET_EXAMPLES_COCO_HPP
