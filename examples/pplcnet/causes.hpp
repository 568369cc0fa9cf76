#ifndef PPLCNET_EXAMPLES_CAUSES_HPP
#define PPLCNET_EXAMPLES_CAUSES_HPP

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/image/view.hpp"
#include "pplcnet/open/any_classifier.hpp"

/// A place where another program has other values.
struct DifferingPlace {
  int layer = 0;
  std::span<const float> own, reference;
  std::span<const float> input;  ///< planar: the input tensor
  bool same_input = false;       ///< the other program has it, too
};

/// Returns why they differ, if it is one of the usual causes: what the network computes,
/// probabilities instead of logits, or the preprocessing. `weights` is the file they are from,
/// `part` which network in it, `stored` the picture before Exif's orientation is applied.
std::optional<std::string> find_cause(pplcnet::AnyClassifier& classifier,
                                      const std::string& weights, const std::string& part,
                                      pplcnet::ImageView image, pplcnet::ImageView stored,
                                      const DifferingPlace& place);

#endif  // PPLCNET_EXAMPLES_CAUSES_HPP
