#include "train/start.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string_view>
#include <utility>

#include "labels.hpp"
#include "orientation_reader.hpp"
#include "output_file.hpp"
#include "picture.hpp"
#include "pplcnet/image/presets.hpp"
#include "pplcnet/networks/adaptation.hpp"
#include "pplcnet/open/registry.hpp"
#include "pplcnet/train/initial_weights.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/safetensors/native.hpp"
#include "weights.hpp"

using pplcnet::Error;

namespace {

/// The network that learns from scratch where none is named.
constexpr std::string_view kSmallest = "PPLCNet_x0_25";

/// Returns the short side of pictures as most have it, of a few of them; 0 if none can be read.
int short_side_of(const std::vector<Example>& examples) {
  constexpr std::size_t kMost = 15;
  std::vector<int> sides;
  const std::size_t count = std::min(kMost, examples.size());
  for (std::size_t i = 0; i < count; ++i) {
    Picture picture;
    if (Picture::read(examples[i * examples.size() / count].path, picture)) continue;
    sides.push_back(std::min(picture.view().width, picture.view().height));
  }
  if (sides.empty()) return 0;
  std::ranges::sort(sides);
  return sides[sides.size() / 2];
}

/// Makes the input of a network that learns from scratch smaller where the pictures are small.
void choose_size(const DataSet& data, pplcnet::Extent& input, Checkpoint& checkpoint) {
  constexpr int kStep = 32;  // by which the networks shrink a picture
  const int side = short_side_of(data.training);
  const int fitting = std::max(kStep, (side + kStep / 2) / kStep * kStep);
  if (side == 0 || input.height != input.width || fitting > input.height / 2) return;
  input = {fitting, fitting};
  checkpoint.facts.push_back(
      pplcnet::join({"size ", fitting, ": most pictures have a short side of about ", side}));
}

/// Returns the graph of a checkpoint's network.
pplcnet::Graph graph_of(const Checkpoint& checkpoint) {
  pplcnet::Adaptation adaptation = {.input = pplcnet::Extent{checkpoint.height, checkpoint.width},
                                    .classes = checkpoint.classes,
                                    .framework = checkpoint.framework};
  if (checkpoint.head != Recipe::kAuto) adaptation.head = checkpoint.head;
  if (checkpoint.dropout_percent != Recipe::kAuto)
    adaptation.dropout_percent = checkpoint.dropout_percent;
  pplcnet::Graph graph = pplcnet::find_model(checkpoint.published)->adapted(adaptation);
  graph.set_classes(checkpoint.classes);
  return graph;
}

/// Sets the head to what it is before it has learnt anything.
void renew_head(std::uint64_t seed, pplcnet::AnyTrainer& trainer) {
  for (std::size_t i = 0; i < trainer.tensors().size(); ++i)
    if (is_of_head(trainer, trainer.tensors()[i]))
      pplcnet::initialise(trainer.graph(), trainer.state(), i, seed);
}

Error make(const Checkpoint& checkpoint, std::optional<pplcnet::AnyTrainer>& trainer) {
  return pplcnet::AnyTrainer::make(
      graph_of(checkpoint),
      {.images = checkpoint.recipe.batch, .as_deployed = checkpoint.is_deployed},
      checkpoint.recipe.seed, trainer);
}

}  // namespace

Error open_initial(const Recipe& recipe, InitialFile& initial) {
  if (recipe.init.empty()) return {};
  if (auto error = open_weights(recipe.init, "", initial.file, recipe.part)) return error;
  if (auto error = pplcnet::open_network(initial.file, recipe.model, pplcnet::Purpose::classes,
                                         initial.opened))
    return error;
  if (initial.opened->output != pplcnet::Output::softmax)
    return Error::of(recipe.init,
                     ": its classes are attributes, of which a picture may have several; training "
                     "is for one class of all");
  return {};
}

Error read_pictures(const Recipe& recipe, const InitialFile& initial, DataSet& data) {
  DataSource source = {.images = recipe.images,
                       .root = recipe.root,
                       .validation = recipe.validation,
                       .held_out = recipe.held_out,
                       .rotations = recipe.rotations};
  if (!recipe.labels.empty()) {
    add_input(recipe.labels);
    if (auto error = read_labels(recipe.labels, 0, source.labels)) return error;
    return read_data_set(source, data);
  }
  if (recipe.rotations > 0 && initial) {
    const std::vector<std::string>& known = initial.opened->labels;
    std::vector<std::size_t> quarters;
    const int classes = static_cast<int>(known.size());
    if (classes == recipe.rotations && !rotations_of("", classes, known, quarters))
      source.labels = known;
    return read_data_set(source, data);
  }
  if (auto error = read_data_set(source, data)) return error;
  if (!initial) return {};
  std::vector<std::string> found = data.labels, known = initial.opened->labels;
  const bool are_numbers = std::ranges::all_of(found, [](const std::string& label) {
    return label.find_first_not_of("0123456789") == label.npos;
  });
  const bool is_list = are_numbers && found.size() == known.size();
  std::ranges::sort(found);
  std::ranges::sort(known);
  if (!is_list && found != known) return {};
  source.labels = initial.opened->labels;
  return read_data_set(source, data);
}

Error choose_network(const InitialFile& initial, const DataSet& data, Checkpoint& checkpoint) {
  Recipe& recipe = checkpoint.recipe;
  if (recipe.model.empty() && !initial) {
    recipe.model = kSmallest;
    checkpoint.facts.push_back("model " + recipe.model +
                               ": the smallest, which few pictures can fill");
  }
  const pplcnet::KnownModel& published =
      initial ? *initial.opened->published : *pplcnet::find_model(recipe.model);
  if (published.classes == 0)
    return Error::of(published.model.name, ": has no classes: training is for classifiers");
  pplcnet::Preprocessing preprocessing = published.model.preprocessing;
  pplcnet::Extent input = published.input;
  checkpoint.published = published.model.name;
  checkpoint.classes = data.classes();
  checkpoint.labels = data.labels;
  if (initial) {
    const pplcnet::OpenedNetwork& opened = *initial.opened;
    input = opened.network.traits().input;
    preprocessing = opened.preprocessing;
    checkpoint.framework = opened.adaptation.framework;
    checkpoint.head = opened.adaptation.head.value_or(Recipe::kAuto);
    checkpoint.dropout_percent = opened.adaptation.dropout_percent.value_or(Recipe::kAuto);
    if (opened.is_published && opened.labels == data.labels)
      checkpoint.model = published.model.name;
  }
  if (!initial && recipe.height == Recipe::kAuto) choose_size(data, input, checkpoint);
  if (recipe.height == Recipe::kAuto) recipe.height = input.height;
  if (recipe.width == Recipe::kAuto) recipe.width = input.width;
  checkpoint.height = recipe.height;
  checkpoint.width = recipe.width;
  if (recipe.preset.empty() && recipe.height != recipe.width && input.height == input.width)
    recipe.preset = "paddle_direct";  // nothing is cropped to a shape that pictures do not have
  if (recipe.preset.empty()) recipe.preset = preprocessing.name;
  if (!pplcnet::find_preset(recipe.preset))
    return Error::of(recipe.init,
                     ": its pictures are prepared in a way that has no name, which is all that "
                     "files can keep; say another with --preset");
  return {};
}

pplcnet::Preprocessing preprocessing_of(const Recipe& recipe) {
  return *pplcnet::find_preset(recipe.preset, recipe.height, recipe.width);
}

Error make_trainer(const Checkpoint& checkpoint, std::optional<pplcnet::AnyTrainer>& trainer) {
  if (pplcnet::find_model(checkpoint.published) == nullptr)
    return Error::of("no model is called ", pplcnet::quote(checkpoint.published));
  return make(checkpoint, trainer);
}

Error make_trainer(const InitialFile& initial, bool has_new_head,
                   const std::function<std::vector<float>()>& pictures,
                   const pplcnet::Executor& executor, Checkpoint& checkpoint,
                   std::optional<pplcnet::AnyTrainer>& trainer) {
  const auto keeps = pplcnet::OtherClasses::keep_weights;
  const pplcnet::AnyNetwork& network = initial.opened->network;
  pplcnet::TensorFile tensors;
  bool is_loaded = false;
  checkpoint.is_deployed = false;
  const bool has_names =
      !initial.file.read_state_dict(network.layers(), network.traits(), tensors) &&
      !pplcnet::is_native(tensors);
  if (has_names) {
    if (auto error = make(checkpoint, trainer)) return error;
    is_loaded = !trainer->load(tensors, keeps);
  }
  if (!is_loaded) {  // batch norms and branches have become parts of convolutions
    checkpoint.is_deployed = true;
    if (auto error = make(checkpoint, trainer)) return error;
    if (auto error = trainer->load(network, pictures(), keeps, executor)) return error;
  }
  if (has_new_head) renew_head(checkpoint.recipe.seed, *trainer);
  return {};
}

int first_step_of_head(const pplcnet::AnyTrainer& trainer) {
  const auto steps = trainer.steps();
  const auto is_head = [&](const pplcnet::TrainingStep& step) {
    return step.weight >= 0 &&
           is_of_head(trainer, trainer.tensors()[static_cast<std::size_t>(step.weight)]);
  };
  return static_cast<int>(std::ranges::find_if(steps, is_head) - steps.begin());
}

bool is_of_head(const pplcnet::AnyTrainer& trainer, const pplcnet::TrainingTensor& tensor) {
  return tensor.node == trainer.tensors().back().node;
}
