#ifndef PPLCNET_EXAMPLES_WEIGHTS_HPP
#define PPLCNET_EXAMPLES_WEIGHTS_HPP

#include <string>

#include "pplcnet/open/weight_file.hpp"
#include "pplcnet/weights/error.hpp"

/// Opens weights; no output takes the place of a file that they are read from.
pplcnet::Error open_weights(const std::string& path, const std::string& companion,
                            pplcnet::WeightFile& file, const std::string& part = "");

/// Returns what is wrong with a model's name; empty: nothing. For CommandOption::check.
std::string check_model(const std::string& name);

#endif  // PPLCNET_EXAMPLES_WEIGHTS_HPP
