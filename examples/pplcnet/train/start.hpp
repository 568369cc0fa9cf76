#ifndef PPLCNET_EXAMPLES_TRAIN_START_HPP
#define PPLCNET_EXAMPLES_TRAIN_START_HPP

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pplcnet/any_trainer.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/kernels/executor.hpp"
#include "pplcnet/open/open_network.hpp"
#include "pplcnet/open/weight_file.hpp"
#include "pplcnet/weights/error.hpp"
#include "train/checkpoint.hpp"
#include "train/data_set.hpp"
#include "train/recipe.hpp"

// What training begins with: a network and its weights, from scratch, from a file, or from a
// checkpoint.

/// A file to fine-tune.
struct InitialFile {
  pplcnet::WeightFile file;
  std::optional<pplcnet::OpenedNetwork> opened;

  explicit operator bool() const { return opened.has_value(); }
};

/// Opens the file that a recipe begins with, if there is one.
pplcnet::Error open_initial(const Recipe& recipe, InitialFile& initial);

/// Reads the pictures of a recipe. Their classes are those of the file, where they are the same.
pplcnet::Error read_pictures(const Recipe& recipe, const InitialFile& initial, DataSet& data);

/// Says which network is trained, in a new checkpoint, for classes that are known; and completes
/// the input's size and the preset of the recipe.
pplcnet::Error choose_network(const InitialFile& initial, const DataSet& data,
                              Checkpoint& checkpoint);

/// Returns the preprocessing of a checkpoint's recipe.
pplcnet::Preprocessing preprocessing_of(const Recipe& recipe);

/// Makes the trainer of a checkpoint's network, with weights by its seed.
pplcnet::Error make_trainer(const Checkpoint& checkpoint,
                            std::optional<pplcnet::AnyTrainer>& trainer);

/// Makes the trainer of a checkpoint's network with the weights of a file. `pictures` brings some,
/// [image][3][height][width], which are needed where batch norms are found again in folded weights.
/// The head begins anew where the classes are others.
pplcnet::Error make_trainer(const InitialFile& initial, bool has_new_head,
                            const std::function<std::vector<float>()>& pictures,
                            const pplcnet::Executor& executor, Checkpoint& checkpoint,
                            std::optional<pplcnet::AnyTrainer>& trainer);

/// Returns the first step of the layer that gives the classes, and whether a tensor is its.
int first_step_of_head(const pplcnet::AnyTrainer& trainer);
bool is_of_head(const pplcnet::AnyTrainer& trainer, const pplcnet::TrainingTensor& tensor);

#endif  // PPLCNET_EXAMPLES_TRAIN_START_HPP
