#ifndef PPLCNET_EXAMPLES_TRAIN_CHECKPOINT_HPP
#define PPLCNET_EXAMPLES_TRAIN_CHECKPOINT_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "pplcnet/weights/error.hpp"
#include "train/history.hpp"
#include "train/learnt.hpp"
#include "train/recipe.hpp"

/// How far training has come: with it and the same pictures the same bits follow as if it had never
/// stopped.
struct Checkpoint {
  Recipe recipe;
  // The network, as the library knows it.
  std::string published;  ///< the name of the model that it is, or was made from
  std::string framework;  ///< whose dialect
  int classes = 0, height = 0, width = 0;
  int head = Recipe::kAuto, dropout_percent = Recipe::kAuto;  ///< kAuto: as published
  bool is_deployed = false;                                   ///< without the branches of training
  std::vector<std::string> labels;
  std::string model;               ///< what the result is called; empty: nothing
  std::uint64_t pictures = 0;      ///< DataSet::fingerprint
  std::vector<std::string> facts;  ///< what was chosen, and why
  // Where it is.
  int epoch = 0;                     ///< that is under way
  std::int64_t batch = 0;            ///< of it, the next one
  std::int64_t step = 0;             ///< the next one, of all epochs
  double loss_sum = 0;               ///< of the epoch so far, by picture
  std::int64_t seen = 0, right = 0;  ///< of the epoch so far
  double seconds = 0;                ///< of all epochs so far
  int best_epoch = -1;               ///< -1: none has ended
  History history;
  Weights weights, averages, best;  ///< averages: empty without them; best: of best_epoch
  std::vector<float> velocities;
};

/// Writes a checkpoint as a safetensors file, which is whole or not there.
pplcnet::Error save(const std::string& path, const Checkpoint& checkpoint);

/// Reads one. How many numbers belong to the network, its trainer must check.
pplcnet::Error load(const std::string& path, Checkpoint& checkpoint);

#endif  // PPLCNET_EXAMPLES_TRAIN_CHECKPOINT_HPP
