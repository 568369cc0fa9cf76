#ifndef PPLCNET_EXAMPLES_EVALUATE_OBJECTS_HPP
#define PPLCNET_EXAMPLES_EVALUATE_OBJECTS_HPP

#include <string>

#include "options.hpp"

/// Prints the average precision of a detector on the pictures of COCO's annotations, whose paths
/// begin in `folder`; returns the exit status.
int evaluate_objects(const NetworkOptions& network, const std::string& annotations,
                     const std::string& folder, int threads, bool json);

#endif  // PPLCNET_EXAMPLES_EVALUATE_OBJECTS_HPP
