#include "train/session.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <utility>

#include "formatted.hpp"
#include "interruption.hpp"
#include "output_file.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/model_info.hpp"
#include "pplcnet/weights/safetensors/native.hpp"
#include "pplcnet/weights/save.hpp"
#include "train/start.hpp"
#include "train/summary.hpp"
#include "train/validation.hpp"

using pplcnet::Error;
using pplcnet::join;

namespace {

/// Returns facts that a recipe follows from.
RecipeFacts facts_of(const InitialFile& initial, const DataSet& data, const Checkpoint& state,
                     bool has_new_head) {
  std::int64_t least = 0, most = 0;
  for (const std::int64_t count : data.counts()) {
    if (count == 0) continue;
    least = least == 0 ? count : std::min(least, count);
    most = std::max(most, count);
  }
  return {.pictures = data.training.size(),
          .classes = data.classes(),
          .is_fine_tuned = static_cast<bool>(initial),
          .has_new_head = has_new_head,
          .squeezes = preprocessing_of(state.recipe).geometry == pplcnet::Geometry::direct,
          .tells_direction = tell_direction(data.labels),
          .imbalance =
              static_cast<double>(most) / static_cast<double>(std::max<std::int64_t>(1, least))};
}

}  // namespace

Error Session::begin(const Recipe& recipe) {
  state_.recipe = recipe;
  if (recipe.held_out == Recipe::kAuto) {
    state_.recipe.held_out = recipe.validation.empty() ? 0.2 : 0;
    if (recipe.validation.empty())
      state_.facts.emplace_back("held out 0.2: a fifth of each class, by the hash of their paths");
  }
  InitialFile initial;
  if (auto error = open_initial(recipe, initial)) return error;
  if (auto error = read_pictures(state_.recipe, initial, data_)) return error;
  if (auto error = claim_outputs()) return error;
  if (auto error = choose_network(initial, data_, state_)) return error;
  const bool has_new_head = initial && initial.opened->labels != data_.labels;
  for (std::string& line :
       complete_recipe(state_.recipe, facts_of(initial, data_, state_, has_new_head)))
    state_.facts.push_back(std::move(line));
  state_.pictures = data_.fingerprint();
  const pplcnet::Preprocessing preprocessing = preprocessing_of(state_.recipe);
  if (initial) {
    constexpr std::size_t kCalibration = 256;
    const auto some = [&] {
      return some_pictures(preprocessing, threads_, data_.training, kCalibration);
    };
    if (auto error = make_trainer(initial, has_new_head, some, pool_.executor(), state_, trainer_))
      return error;
  } else if (auto error = make_trainer(state_, trainer_)) {
    return error;
  }
  if (state_.recipe.average > 0) copy(*trainer_, state_.averages);
  return prepare();
}

Error Session::resume(const std::string& path) {
  if (auto error = load(path, state_)) return error;
  const Recipe& recipe = state_.recipe;
  const DataSource source = {.images = recipe.images,
                             .root = recipe.root,
                             .validation = recipe.validation,
                             .held_out = recipe.held_out,
                             .labels = state_.labels,
                             .rotations = recipe.rotations};
  if (auto error = read_data_set(source, data_)) return error;
  if (data_.fingerprint() != state_.pictures)
    return Error::of(path, ": the pictures of ", recipe.images, " are others than they were");
  if (auto error = claim_outputs()) return error;
  if (auto error = make_trainer(state_, trainer_)) return error;
  if (!put_weights())
    return Error::of(path, ": its weights are those of another network than ", state_.published);
  return prepare();
}

/// Gives the trainer what a checkpoint has; false if it is of another network.
bool Session::put_weights() {
  const auto put = [](const std::vector<float>& from, std::span<float> to) {
    if (from.size() != to.size()) return false;
    std::ranges::copy(from, to.begin());
    return true;
  };
  const std::size_t averages = state_.recipe.average > 0 ? trainer_->parameters().size() : 0;
  return put(state_.weights.parameters, trainer_->parameters()) &&
         put(state_.weights.statistics, trainer_->statistics()) &&
         put(state_.velocities, trainer_->velocities()) &&
         state_.averages.parameters.size() == averages;
}

Error Session::claim_outputs() const {
  const Recipe& recipe = state_.recipe;
  add_input(recipe.init);
  for (const auto* part : {&data_.training, &data_.validation})
    for (const Example& one : *part) add_input(one.path);
  for (const std::string& output : {recipe.output, recipe.page, checkpoint_path()})
    if (!output.empty())
      if (auto error = claim_output(output, Report::printed)) return error;
  return {};
}

Error Session::prepare() {
  const Recipe& recipe = state_.recipe;
  if (auto error = pplcnet::check_info(
          {.labels = state_.labels, .preprocessing = recipe.preset, .model = state_.model},
          state_.classes, recipe.output))
    return error;
  preprocessing_ = preprocessing_of(recipe);
  batches_.emplace(data_.training, preprocessing_, recipe.augmentation(),
                   static_cast<std::size_t>(recipe.batch), recipe.seed);
  stopping_ = pplcnet::EarlyStopping(recipe.patience);
  for (std::size_t i = 0; i < state_.history.size(); ++i)
    stopping_.add(static_cast<int>(i), {.accuracy = state_.history[i].validation_accuracy,
                                        .loss = state_.history[i].validation_loss});
  has_network_ = !state_.history.empty();
  learner_.emplace(recipe, preprocessing_, static_cast<std::int64_t>(batches_->count()), *trainer_,
                   pool_.executor());
  return learner_->open(data_, threads_);
}

std::int64_t Session::parameters() const {
  std::int64_t count = 0;
  for (const pplcnet::TrainingTensor& tensor : trainer_->tensors())
    if (!tensor.is_statistic())
      count += std::int64_t{tensor.taps()} * tensor.inputs * tensor.outputs;
  return count;
}

std::string Session::checkpoint_path() const {
  constexpr std::string_view kEnd = ".safetensors";
  std::string path = state_.recipe.output;
  if (path.ends_with(kEnd)) path.resize(path.size() - kEnd.size());
  return path + ".checkpoint";
}

Error Session::run(const std::function<void(const std::string&)>& say) {
  const Recipe& recipe = state_.recipe;
  const std::size_t per_epoch = data_.training.size();
  Progress progress(static_cast<std::size_t>(recipe.epochs) * per_epoch);
  progress.begin_at(static_cast<std::size_t>(state_.epoch) * per_epoch +
                    static_cast<std::size_t>(state_.seen));
  while (state_.epoch < recipe.epochs && !stopping_.is_over()) {
    const auto begin = Clock::now();
    const std::int64_t seen = state_.seen;
    if (auto error = run_epoch(progress)) return error;
    if (interruption::happened()) return {};
    progress.clear();
    if (auto error = end_epoch(begin, seen)) return error;
    if (interruption::happened()) return {};
    say(line_of_epoch(*this));
  }
  return {};
}

Error Session::run_epoch(Progress& progress) {
  Error problem;
  batches_->for_each(
      state_.epoch, static_cast<std::size_t>(state_.batch), threads_, [&](Batch& batch) {
        problem = learner_->learn(batch, state_);
        if (problem || interruption::happened()) return false;
        const auto seen = static_cast<double>(std::max<std::int64_t>(1, state_.seen));
        progress.say(
            join({"epoch ", state_.epoch + 1, "/", state_.recipe.epochs,
                  formatted(", loss %.3f", state_.loss_sum / seen),
                  formatted(", right %.1f %%", 100 * static_cast<double>(state_.right) / seen)}));
        progress.advance(static_cast<std::size_t>(batch.images()));
        const std::chrono::duration<double> since = Clock::now() - saved_;
        if (since.count() >= state_.recipe.checkpoint_seconds) problem = write_checkpoint();
        return !problem;
      });
  if (!problem && state_.seen == 0 && !interruption::happened())
    return Error::of(state_.recipe.images, ": no picture could be read");
  return problem;
}

Error Session::end_epoch(Clock::time_point begin, std::int64_t seen_before) {
  const std::chrono::duration<double> learning = Clock::now() - begin;
  const auto seen = static_cast<double>(state_.seen);
  EpochResult result = {.loss = state_.loss_sum / seen,
                        .accuracy = static_cast<double>(state_.right) / seen,
                        .rate = learner_->rate(state_.step - 1),
                        .pictures_per_second = static_cast<double>(state_.seen - seen_before) /
                                               std::max(1e-9, learning.count())};
  std::optional<pplcnet::AnyNetwork> network;
  if (auto error = make_network(network)) return error;
  measure(*network, result);
  if (interruption::happened()) return {};
  const std::chrono::duration<double> whole = Clock::now() - begin;
  result.seconds = whole.count();
  if (result.is_best) {
    if (auto error = write_network(*network)) return error;
    copy(*trainer_, state_.best);
    if (state_.recipe.average > 0) state_.best = state_.averages;
    state_.best_epoch = state_.epoch;
  }
  state_.history.push_back(result);
  state_.seconds += result.seconds;
  ++state_.epoch;
  state_.batch = state_.seen = state_.right = 0;
  state_.loss_sum = 0;
  return write_checkpoint();
}

/// Measures the network of an epoch with the pictures that are held out; without any, each is the
/// best so far.
void Session::measure(const pplcnet::AnyNetwork& network, EpochResult& result) {
  pplcnet::Score score = {.accuracy = result.accuracy, .loss = result.loss};
  const std::size_t held_out = data_.validation.size();
  if (held_out > 0) {
    score = validate(network, preprocessing_, threads_, data_.validation);
    if (interruption::happened()) return;
    if (data_.validation.size() < held_out) data_.complete = false;
  }
  result.validation_loss = score.loss;
  result.validation_accuracy = score.accuracy;
  result.is_best = stopping_.add(state_.epoch, score) || held_out == 0;
}

Error Session::make_network(std::optional<pplcnet::AnyNetwork>& network) {
  const bool averages = state_.recipe.average > 0;
  if (averages) exchange(*trainer_, state_.averages);
  Error error = trainer_->network(network);
  if (averages) exchange(*trainer_, state_.averages);
  return error;
}

Error Session::write_network(const pplcnet::AnyNetwork& network) {
  const pplcnet::ModelInfo info = {
      .labels = state_.labels, .preprocessing = state_.recipe.preset, .model = state_.model};
  OutputFile file(state_.recipe.output);
  if (auto error = pplcnet::save(file, network, info, pplcnet::Storage::single)) return error;
  if (auto error = pplcnet::self_test(file.temporary(), network)) return error;
  if (interruption::happened()) return {};
  if (auto error = file.publish()) return error;
  has_network_ = true;
  return {};
}

Error Session::write_checkpoint() {
  saved_ = Clock::now();
  if (!has_network_) {  // better one that has not learnt much than none
    std::optional<pplcnet::AnyNetwork> network;
    if (auto error = make_network(network)) return error;
    if (auto error = write_network(*network)) return error;
  }
  copy(*trainer_, state_.weights);
  state_.velocities.assign(trainer_->velocities().begin(), trainer_->velocities().end());
  return save(checkpoint_path(), state_);
}
