#ifndef PPLCNET_EXAMPLES_TRAIN_SUMMARY_HPP
#define PPLCNET_EXAMPLES_TRAIN_SUMMARY_HPP

#include <string>
#include <vector>

#include "json.hpp"
#include "pplcnet/weights/error.hpp"
#include "train/session.hpp"

// What is said of a training: while it goes on, and at its end.

/// Lists what is trained on what.
std::vector<std::string> facts_of(const Session& session);

/// Returns a line about the last epoch, with the time that is left.
std::string line_of_epoch(const Session& session);

/// Returns the lines about the end.
std::string end_of(const Session& session);

Json to_json(const Session& session);

/// Writes the curves, if a file is named, and the page of the recipe, if it has one.
pplcnet::Error write_curves(const std::string& curves, const Session& session);

#endif  // PPLCNET_EXAMPLES_TRAIN_SUMMARY_HPP
