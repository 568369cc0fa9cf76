#ifndef PPLCNET_EXAMPLES_TRAIN_HISTORY_HPP
#define PPLCNET_EXAMPLES_TRAIN_HISTORY_HPP

#include <string>
#include <string_view>
#include <vector>

#include "json.hpp"
#include "pplcnet/weights/error.hpp"

/// What became of an epoch.
struct EpochResult {
  double loss = 0, accuracy = 0;  ///< on the batches that were learnt from, while they were
  double validation_loss = 0, validation_accuracy = 0;  ///< afterwards, as the network is used
  double rate = 0;                                      ///< of the last step
  double seconds = 0, pictures_per_second = 0;
  bool is_best = false;  ///< so far
};

/// The epochs so far.
using History = std::vector<EpochResult>;

/// Returns a line of numbers for each epoch, which `parse_history` reads.
std::string text_of(const History& history);
pplcnet::Error parse_history(std::string_view text, const std::string& path, History& history);

Json to_json(const History& history);

/// Draws the losses and the shares of right pictures over the epochs, as one picture.
std::string learning_curves(const History& history);

/// Returns one page of HTML that needs nothing else: the curves, what was chosen, and the epochs.
std::string training_page(std::string_view title, const std::vector<std::string>& facts,
                          const History& history);

#endif  // PPLCNET_EXAMPLES_TRAIN_HISTORY_HPP
