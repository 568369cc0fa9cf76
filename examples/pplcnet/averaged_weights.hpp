#ifndef PPLCNET_EXAMPLES_AVERAGED_WEIGHTS_HPP
#define PPLCNET_EXAMPLES_AVERAGED_WEIGHTS_HPP

#include <string>

#include "pplcnet/any_network.hpp"
#include "pplcnet/weights/error.hpp"

/// Averages a network's weights with a file's of the same network, whose part is `share`.
///
/// Weights that were trained on from others learn something new and forget something old; those
/// between the two keep most of both ("Robust fine-tuning of zero-shot models", CVPR 2022).
pplcnet::Error average_with(const std::string& path, float share, pplcnet::AnyNetwork& network);

#endif  // PPLCNET_EXAMPLES_AVERAGED_WEIGHTS_HPP
