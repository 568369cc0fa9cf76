#include "train/session.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <string_view>
#include <utility>

#include "interruption.hpp"
#include "output_file.hpp"
#include "pplcnet/image/normalisation.hpp"
#include "pplcnet/train/augment/mix.hpp"
#include "pplcnet/train/class_weights.hpp"
#include "pplcnet/train/optimiser.hpp"
#include "pplcnet/train/random.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/model_info.hpp"
#include "pplcnet/weights/path.hpp"
#include "pplcnet/weights/safetensors/native.hpp"
#include "pplcnet/weights/save.hpp"
#include "train/start.hpp"
#include "train/validation.hpp"

using pplcnet::Error;
using pplcnet::join;

namespace {

/// Returns a number in a format of printf.
std::string formatted(const char* format, double number) {
  char text[40];
  std::snprintf(text, sizeof(text), format, number);
  return text;
}

void copy(std::span<const float> from, std::vector<float>& to) {
  to.assign(from.begin(), from.end());
}

void exchange(std::span<float> one, std::vector<float>& other) {
  std::swap_ranges(one.begin(), one.end(), other.begin());
}

/// Moves averages towards values, by 1 - `kept` of the way.
void move(std::span<const float> values, double kept, std::vector<float>& averages) {
  const auto share = static_cast<float>(1 - kept);
  for (std::size_t i = 0; i < averages.size(); ++i)
    averages[i] += pplcnet::rounded(share * (values[i] - averages[i]));
}

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
  if (state_.recipe.average > 0) {
    copy(trainer_->parameters(), state_.averages.parameters);
    copy(trainer_->statistics(), state_.averages.statistics);
  }
  return prepare();
}

Error Session::resume(const std::string& path) {
  if (auto error = load(path, state_)) return error;
  const Recipe& recipe = state_.recipe;
  const DataSource source = {.images = recipe.images,
                             .root = recipe.root,
                             .validation = recipe.validation,
                             .held_out = recipe.held_out,
                             .labels = state_.labels};
  if (auto error = read_data_set(source, data_)) return error;
  if (data_.fingerprint() != state_.pictures)
    return Error::of(path, ": the pictures of ", recipe.images, " are others than they were");
  if (auto error = make_trainer(state_, trainer_)) return error;
  const auto take = [&](const std::vector<float>& from, std::span<float> to) {
    if (from.size() != to.size()) return false;
    std::ranges::copy(from, to.begin());
    return true;
  };
  const std::size_t averages = recipe.average > 0 ? trainer_->parameters().size() : 0;
  if (!take(state_.weights.parameters, trainer_->parameters()) ||
      !take(state_.weights.statistics, trainer_->statistics()) ||
      !take(state_.velocities, trainer_->velocities()) ||
      state_.averages.parameters.size() != averages)
    return Error::of(path, ": its weights are those of another network than ", state_.published);
  return prepare();
}

Error Session::prepare() {
  const Recipe& recipe = state_.recipe;
  add_input(recipe.init);
  for (const auto* part : {&data_.training, &data_.validation})
    for (const Example& one : *part) add_input(one.path);
  for (const std::string& output : {recipe.output, recipe.page, checkpoint_path()})
    if (!output.empty())
      if (auto error = claim_output(output)) return error;
  if (auto error = pplcnet::check_info(
          {.labels = state_.labels, .preprocessing = recipe.preset, .model = state_.model},
          state_.classes, recipe.output))
    return error;
  preprocessing_ = preprocessing_of(recipe);
  tables_ = pplcnet::normalisation_tables(preprocessing_.normalisation);
  batches_.emplace(data_.training, preprocessing_, recipe.augmentation(),
                   static_cast<std::size_t>(recipe.batch), recipe.seed);
  if (recipe.class_weights == "balanced")
    class_weights_ = pplcnet::balanced_weights(data_.counts());
  head_step_ = first_step_of_head(*trainer_);
  for (const pplcnet::TrainingTensor& tensor : trainer_->tensors()) {
    const bool is_head = is_of_head(*trainer_, tensor);
    factors_.push_back(is_head ? 1.0F : static_cast<float>(recipe.body_rate));
    head_factors_.push_back(is_head ? 1.0F : 0.0F);
  }
  loss_scratch_.resize(static_cast<std::size_t>(state_.classes));
  stopping_ = pplcnet::EarlyStopping(recipe.patience);
  for (std::size_t i = 0; i < state_.history.size(); ++i)
    stopping_.add(static_cast<int>(i), {.accuracy = state_.history[i].validation_accuracy,
                                        .loss = state_.history[i].validation_loss});
  has_network_ = !state_.history.empty();
  if (recipe.teacher.empty()) return {};
  return teacher_.open(recipe.teacher, {recipe.height, recipe.width}, state_.labels, threads_);
}

pplcnet::Schedule Session::schedule() const {
  const Recipe& recipe = state_.recipe;
  const auto steps = static_cast<std::int64_t>(batches_->count());
  if (recipe.schedule == "stairs")
    return pplcnet::Schedule::stairs(recipe.rate, recipe.stair_factor, recipe.stair_epochs,
                                     recipe.warm_up, steps);
  pplcnet::Schedule schedule =
      pplcnet::Schedule::cosine(recipe.rate, recipe.epochs, recipe.warm_up, steps);
  if (recipe.schedule == "constant") schedule.form = pplcnet::Schedule::Form::constant;
  return schedule;
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
    say(line_of(state_.history.back()));
  }
  return {};
}

Error Session::run_epoch(Progress& progress) {
  Error problem;
  batches_->for_each(
      state_.epoch, static_cast<std::size_t>(state_.batch), threads_, [&](Batch& batch) {
        problem = learn(batch);
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

Error Session::learn(Batch& batch) {
  const Recipe& recipe = state_.recipe;
  const pplcnet::Mix mix = make_input(batch);
  const bool keeps_norms = is_frozen() || recipe.frozen_norms;
  const pplcnet::TrainingPass pass = {
      .batch_statistics = !keeps_norms,
      .moves_statistics = !keeps_norms,
      .drops = recipe.dropout > 0,
      .dropout_seed = pplcnet::Random(recipe.seed, pplcnet::RandomPurpose::dropout, 0,
                                      static_cast<std::uint64_t>(state_.step))
                          .bits(),
      .executor = pool_.executor()};
  trainer_->forward(input_, batch.images(), pass);
  const pplcnet::BatchLoss loss = compute_loss(batch, mix);
  if (!std::isfinite(loss.total)) return diverged("the loss");
  trainer_->backward(is_frozen() ? head_step_ : 0);
  const double norm = trainer_->update({.learning_rate = schedule().rate(state_.step),
                                        .momentum = recipe.momentum,
                                        .l2 = recipe.decay,
                                        .largest_norm = recipe.clip,
                                        .factors = is_frozen() ? head_factors_ : factors_});
  if (!std::isfinite(norm)) return diverged("a gradient");
  average();
  ++state_.step;
  ++state_.batch;
  state_.seen += batch.images();
  state_.right += loss.right;
  state_.loss_sum += pplcnet::rounded(loss.total * batch.images());
  return {};
}

pplcnet::Mix Session::make_input(Batch& batch) {
  const pplcnet::ImageSize size = {state_.recipe.width, state_.recipe.height};
  const auto bytes = preprocessing_.tensor_size();
  const int images = batch.images();
  const auto picture = [&](int i) {
    return std::span(batch.pixels).subspan(static_cast<std::size_t>(i) * bytes, bytes);
  };
  const pplcnet::Mix mix =
      pplcnet::draw_mix(state_.recipe.mixing(), size,
                        pplcnet::Random(state_.recipe.seed, pplcnet::RandomPurpose::mixing, 0,
                                        static_cast<std::uint64_t>(state_.step)));
  input_.resize(static_cast<std::size_t>(images) * bytes);
  const bool is_bgr = preprocessing_.channel_order == pplcnet::ChannelOrder::bgr;
  const auto mix_one = [&](int i) {
    const int other = pplcnet::Mix::partner(i, images);
    if (other > i) pplcnet::mix_pictures(mix, size, picture(i), picture(other));
  };
  const auto normalise_one = [&](int i) {
    const std::span<const std::uint8_t> rgb = picture(i);
    const std::size_t pixels = bytes / pplcnet::kImageChannels;
    for (std::size_t plane = 0; plane < pplcnet::kImageChannels; ++plane) {
      const pplcnet::ByteTable& table = tables_[plane];
      const std::size_t channel = is_bgr ? 2 - plane : plane;
      float* const out = input_.data() + static_cast<std::size_t>(i) * bytes + plane * pixels;
      for (std::size_t k = 0; k < pixels; ++k)
        out[k] = table[rgb[k * pplcnet::kImageChannels + channel]];
    }
  };
  if (mix.kind != pplcnet::Mix::Kind::none) pool_.executor()(images, pplcnet::Task(mix_one));
  pool_.executor()(images, pplcnet::Task(normalise_one));
  return mix;
}

pplcnet::BatchLoss Session::compute_loss(const Batch& batch, const pplcnet::Mix& mix) {
  const Recipe& recipe = state_.recipe;
  const int images = batch.images(), pitch = trainer_->logits_pitch();
  labels_.assign(batch.classes.begin(), batch.classes.end());
  pplcnet::LossOptions options = {.smoothing = recipe.smoothing, .class_weights = class_weights_};
  pplcnet::LossTargets targets = {.labels = labels_};
  if (mix.kind != pplcnet::Mix::Kind::none) {
    second_labels_.assign(labels_.rbegin(), labels_.rend());
    shares_.assign(labels_.size(), static_cast<float>(mix.share));
    targets.second_labels = second_labels_;
    targets.first_shares = shares_;
  }
  if (teacher_) {
    taught_.assign(static_cast<std::size_t>(images * pitch), 0);
    teacher_.run(batch.pixels, images, taught_, pitch, pool_.executor());
    targets.teacher = taught_.data();
    options.cross_entropy = 1 - recipe.teacher_share;
    options.temperature = recipe.temperature;
    (recipe.distillation == "dml" ? options.mutual : options.divergence) = recipe.teacher_share;
  }
  const pplcnet::BatchLogits logits = {.logits = trainer_->logits().data(),
                                       .gradients = trainer_->logits_gradients().data(),
                                       .images = images,
                                       .classes = state_.classes,
                                       .pitch = pitch};
  return loss_and_gradients(options, targets, logits, loss_scratch_);
}

void Session::average() {
  if (state_.recipe.average <= 0) return;
  // At first there is little to average over.
  const auto step = static_cast<double>(state_.step);
  const double kept = std::min(state_.recipe.average, (1 + step) / (10 + step));
  move(trainer_->parameters(), kept, state_.averages.parameters);
  move(trainer_->statistics(), kept, state_.averages.statistics);
}

Error Session::diverged(const char* what) const {
  return Error::of(
      "step ", state_.step + 1, " (epoch ", state_.epoch + 1, ", batch ", state_.batch + 1,
      "): ", what,
      " is no finite number: try a smaller --rate or --clip 5; what was written before "
      "stays");
}

Error Session::end_epoch(Clock::time_point begin, std::int64_t seen_before) {
  EpochResult result;
  const auto seen = static_cast<double>(state_.seen);
  const std::chrono::duration<double> learning = Clock::now() - begin;
  result.loss = state_.loss_sum / seen;
  result.accuracy = static_cast<double>(state_.right) / seen;
  result.rate = schedule().rate(state_.step - 1);
  result.pictures_per_second =
      static_cast<double>(state_.seen - seen_before) / std::max(1e-9, learning.count());
  std::optional<pplcnet::AnyNetwork> network;
  if (auto error = make_network(network)) return error;
  pplcnet::Score score = {.accuracy = result.accuracy, .loss = result.loss};
  const std::size_t held_out = data_.validation.size();
  if (held_out > 0) {
    score = validate(*network, preprocessing_, threads_, data_.validation);
    if (interruption::happened()) return {};
    if (data_.validation.size() < held_out) data_.complete = false;
  }
  result.validation_loss = score.loss;
  result.validation_accuracy = score.accuracy;
  result.is_best = stopping_.add(state_.epoch, score) || held_out == 0;
  const std::chrono::duration<double> whole = Clock::now() - begin;
  result.seconds = whole.count();
  if (result.is_best) {
    if (auto error = write_network(*network)) return error;
    const bool averages = state_.recipe.average > 0;
    copy(trainer_->parameters(), state_.best.parameters);
    copy(trainer_->statistics(), state_.best.statistics);
    if (averages) state_.best = state_.averages;
    state_.best_epoch = state_.epoch;
  }
  state_.history.push_back(result);
  state_.seconds += result.seconds;
  ++state_.epoch;
  state_.batch = state_.seen = state_.right = 0;
  state_.loss_sum = 0;
  return write_checkpoint();
}

Error Session::make_network(std::optional<pplcnet::AnyNetwork>& network) {
  const auto exchange_averages = [&] {
    if (state_.recipe.average <= 0) return;
    exchange(trainer_->parameters(), state_.averages.parameters);
    exchange(trainer_->statistics(), state_.averages.statistics);
  };
  exchange_averages();
  Error error = trainer_->network(network);
  exchange_averages();
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
  copy(trainer_->parameters(), state_.weights.parameters);
  copy(trainer_->statistics(), state_.weights.statistics);
  copy(trainer_->velocities(), state_.velocities);
  return save(checkpoint_path(), state_);
}

std::string Session::line_of(const EpochResult& result) const {
  const int left = state_.recipe.epochs - state_.epoch;
  const double seconds = state_.seconds / state_.epoch * left;
  std::string line = join({"epoch ", state_.epoch, "/", state_.recipe.epochs,
                           formatted(": loss %.4f", result.loss),
                           formatted(", right %.2f %%", 100 * result.accuracy)});
  if (!data_.validation.empty())
    line += join({formatted("; held out: loss %.4f", result.validation_loss),
                  formatted(", right %.2f %%", 100 * result.validation_accuracy)});
  line += formatted("; %.0f pictures/s", result.pictures_per_second);
  if (left > 0)
    line += formatted(seconds < 90 ? ", %.0f s left" : ", %.0f min left",
                      seconds < 90 ? seconds : seconds / 60);
  return line + (result.is_best ? " (best)" : "");
}
