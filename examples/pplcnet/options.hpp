#ifndef PPLCNET_EXAMPLES_OPTIONS_HPP
#define PPLCNET_EXAMPLES_OPTIONS_HPP

#include <optional>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "pplcnet/detect/nms.hpp"
#include "pplcnet/open/any_classifier.hpp"
#include "pplcnet/open/any_detector.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/error.hpp"

// Options that several commands have.

/// The message where weights are missing.
inline constexpr const char* kWhereWeightsAre =
    "; PaddleOCR, PaddleClas and timm publish such files: see include/pplcnet/weights/README.md";

/// Which network.
struct NetworkOptions {
  std::string weights, part, model, labels;
  bool half_head = false;

  /// The option for weights is the result.
  CommandOption add_to(const Command& command);
  void add_labels_to(const Command& command);
  CommandOption add_half_head_to(const Command& command);

  /// Opens the classifier, with the labels that were asked for.
  pplcnet::Error open(std::optional<pplcnet::AnyClassifier>& classifier,
                      pplcnet::Purpose purpose = pplcnet::Purpose::classes) const;
  /// Opens a detector, with the labels that were asked for.
  pplcnet::Error open(std::optional<pplcnet::AnyDetector>& detector,
                      const pplcnet::NmsOptions& nms) const;
};

/// What `--half-head` does where weights are used.
inline constexpr const char* kHalfHead =
    "Keep the weights after the last pooling, which are most of a small network, as float16: "
    "faster, and logits change by less than a thousandth of the largest";

/// How a native file stores the weights that are written.
struct StorageOptions {
  bool half = false, half_head = false;

  void add_to(const Command& command);
  pplcnet::Storage storage() const;
};

void add_pictures(const Command& command, std::vector<std::string>& pictures);
void add_threads(const Command& command, int& threads);
CommandOption add_part(const Command& command, std::string& part);

#endif  // PPLCNET_EXAMPLES_OPTIONS_HPP
