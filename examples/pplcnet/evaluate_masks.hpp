#ifndef PPLCNET_EXAMPLES_EVALUATE_MASKS_HPP
#define PPLCNET_EXAMPLES_EVALUATE_MASKS_HPP

#include <string>

#include "options.hpp"

/// Prints how well a network segments the pictures in a folder, whose masks are PNG files of their
/// names in another folder; returns the exit status.
int evaluate_masks(const NetworkOptions& network, const std::string& masks,
                   const std::string& folder, int threads, bool json);

#endif  // PPLCNET_EXAMPLES_EVALUATE_MASKS_HPP
