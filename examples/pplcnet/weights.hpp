#ifndef PPLCNET_EXAMPLES_WEIGHTS_HPP
#define PPLCNET_EXAMPLES_WEIGHTS_HPP

#include <string>

#include "pplcnet/open/weight_file.hpp"
#include "pplcnet/weights/error.hpp"

/// Opens weights; no output takes the place of a file that they are read from.
pplcnet::Error open_weights(const std::string& path, const std::string& companion,
                            pplcnet::WeightFile& file, const std::string& part = "");

/// Says that an output's name is not that of weights as `fit`, `quantise` and `train` write them.
pplcnet::Error no_native_name(const std::string& path);
/// Says so of names that end as those of other formats do; what has no ending may be a pipe.
pplcnet::Error check_native_name(const std::string& path);

/// Returns what is wrong with a model's name; empty: nothing. For CommandOption::check.
std::string check_model(const std::string& name);

#endif  // PPLCNET_EXAMPLES_WEIGHTS_HPP
