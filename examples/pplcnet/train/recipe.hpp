#ifndef PPLCNET_EXAMPLES_TRAIN_RECIPE_HPP
#define PPLCNET_EXAMPLES_TRAIN_RECIPE_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pplcnet/train/augment/augmentation.hpp"
#include "pplcnet/train/augment/mix.hpp"
#include "pplcnet/train/loss.hpp"
#include "pplcnet/weights/error.hpp"

/// How a network is trained: everything that its weights depend on beside the pictures and what
/// they begin with. A checkpoint has it as text.
struct Recipe {
  static constexpr int kAuto = -1;  ///< of a number that follows from the data

  // Of the network.
  std::string model, init, teacher, part;
  int height = kAuto, width = kAuto;
  std::string preset;
  // Of the pictures.
  std::string images, root, validation, labels;
  int rotations = 0;  ///< in which upright pictures are seen, which are the classes; 0: as they are
  double held_out = kAuto;
  std::string class_weights = "auto";  ///< none, balanced, auto
  // Of the steps.
  int epochs = kAuto, batch = kAuto, frozen_epochs = kAuto, patience = 0;
  double rate = kAuto, warm_up = kAuto, momentum = 0.9, decay = kAuto, smoothing = kAuto;
  double clip = 0, average = 0, dropout = kAuto;
  double body_rate = 1;  ///< of what lies before the head, as a share of the rate
  std::string schedule = "cosine";
  double stair_epochs = 30, stair_factor = 0.1;
  bool frozen_norms = false;
  std::uint64_t seed = 0;
  // Of distillation.
  std::string distillation = "kl";
  double teacher_share = 0.5, temperature = pplcnet::LossOptions{}.temperature;
  // Of augmentation.
  double least_crop = kAuto, mirror = kAuto, rand_probability = kAuto, rand_magnitude = 5;
  double degrees = 0, colour = kAuto, erase = kAuto, mixup = 0, cutmix = 0;
  // Of the output.
  std::string output, page;
  int checkpoint_seconds = 60;

  pplcnet::Augmentation augmentation() const;
  pplcnet::MixOptions mixing() const { return {.mixup = mixup, .cutmix = cutmix}; }
};

/// Facts that the choices follow from.
struct RecipeFacts {
  std::size_t pictures = 0;  ///< to learn from
  int classes = 0;
  bool is_fine_tuned = false;  ///< from the weights of a file
  bool has_new_head = false;
  bool squeezes = false;         ///< pictures become the input's size whatever their shape
  bool tells_direction = false;  ///< a mirrored picture is another class, by the labels
  double imbalance = 1;          ///< pictures of the largest class by those of the smallest
};

/// Returns whether labels tell directions or angles, which mirroring changes.
bool tell_direction(const std::vector<std::string>& labels);

/// Chooses what was not said. Returns a line for each choice: what, and why.
std::vector<std::string> complete_recipe(Recipe& recipe, const RecipeFacts& facts);

using RecipeTexts = std::vector<std::pair<std::string, std::string>>;
/// Returns all values as texts by name.
RecipeTexts texts_of(const Recipe& recipe);
/// Reads them back; an error names one that is missing or is none.
pplcnet::Error read_recipe(const RecipeTexts& texts, const std::string& path, Recipe& recipe);

#endif  // PPLCNET_EXAMPLES_TRAIN_RECIPE_HPP
