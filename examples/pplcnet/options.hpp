#ifndef PPLCNET_EXAMPLES_OPTIONS_HPP
#define PPLCNET_EXAMPLES_OPTIONS_HPP

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "classifier.hpp"
#include "pplcnet/weights/error.hpp"

// Options that several commands have.

/// What is said where weights are missing.
inline constexpr const char* kWhereWeightsAre =
    "; PaddleOCR, PaddleClas and timm publish such files, README.md says where (under Weights)";

/// Which network.
struct NetworkOptions {
  std::string weights, model, labels;

  /// The option for weights is the result.
  CLI::Option* add_to(CLI::App& command);
  void add_labels_to(CLI::App& command);

  /// The classifier, with the labels that were asked for.
  pplcnet::Error open(std::optional<Classifier>& classifier,
                      Purpose purpose = Purpose::classes) const;
};

void add_pictures(CLI::App& command, std::vector<std::string>& pictures);
void add_threads(CLI::App& command, int& threads);

#endif  // PPLCNET_EXAMPLES_OPTIONS_HPP
