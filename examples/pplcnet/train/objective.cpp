#include "train/objective.hpp"

#include <cstddef>

#include "pplcnet/train/class_weights.hpp"

using pplcnet::Error;

Error Objective::open(const Recipe& recipe, const DataSet& data, int threads) {
  if (recipe.class_weights == "balanced") class_weights_ = pplcnet::balanced_weights(data.counts());
  scratch_.resize(data.labels.size());
  options_ = {.smoothing = recipe.smoothing};
  if (recipe.teacher.empty()) return {};
  options_.cross_entropy = 1 - recipe.teacher_share;
  options_.temperature = recipe.temperature;
  (recipe.distillation == "dml" ? options_.mutual : options_.divergence) = recipe.teacher_share;
  return teacher_.open(recipe.teacher, {recipe.height, recipe.width}, data.labels, threads);
}

pplcnet::BatchLoss Objective::compute(const Batch& batch, const pplcnet::Mix& mix,
                                      const pplcnet::Executor& executor,
                                      pplcnet::AnyTrainer& trainer) {
  const int images = batch.images(), pitch = trainer.logits_pitch();
  labels_.assign(batch.classes.begin(), batch.classes.end());
  pplcnet::LossTargets targets = {.labels = labels_};
  if (mix.kind != pplcnet::Mix::Kind::none) {
    second_labels_.assign(labels_.rbegin(), labels_.rend());
    shares_.assign(labels_.size(), static_cast<float>(mix.share));
    targets.second_labels = second_labels_;
    targets.first_shares = shares_;
  }
  if (teacher_) {
    taught_.assign(static_cast<std::size_t>(images) * static_cast<std::size_t>(pitch), 0);
    teacher_.run(batch.pixels, images, taught_, pitch, executor);
    targets.teacher = taught_.data();
  }
  options_.class_weights = class_weights_;
  return loss_and_gradients(options_, targets, trainer.batch_logits(), scratch_);
}
