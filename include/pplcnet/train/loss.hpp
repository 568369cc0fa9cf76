#ifndef PPLCNET_TRAIN_LOSS_HPP
#define PPLCNET_TRAIN_LOSS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pplcnet/abi.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/train/batch_logits.hpp"
#include "pplcnet/train/elementary.hpp"

// What training makes small. Sums are made of doubles, image after image, class after class.

namespace pplcnet::inline PPLCNET_ABI {

/// A loss is a sum of these, each with its weight; 0: none.
struct LossOptions {
  double cross_entropy = 1;                   ///< of the labels
  double smoothing = 0;                       ///< the share of a target that all classes have alike
  std::span<const float> class_weights = {};  ///< one for each class; empty: all the same
  /// Of the Kullback-Leibler divergence of the outputs from a teacher's, both at a temperature,
  /// times its square.
  double divergence = 0;
  double temperature = 2;  ///< with which networks of Fashion-MNIST gained most
  /// Of deep mutual learning: half the sum of both divergences, which is how PaddleClas distils.
  double mutual = 0;
};

/// What a batch should give.
struct LossTargets {
  std::span<const std::int32_t> labels = {};         ///< one for each image
  std::span<const std::int32_t> second_labels = {};  ///< of pictures that are mixed of two
  std::span<const float> first_shares = {};          ///< how much of a target is the first label
  const float* teacher = nullptr;                    ///< logits, which lie as those of the batch
};

/// The loss of a batch: means over its images.
struct BatchLoss {
  double total = 0;          ///< which the gradients are of
  double cross_entropy = 0;  ///< without its weight
  double distillation = 0;   ///< the divergence and the mutual part, without their weights
  int right = 0;             ///< images whose greatest logit is that of their (first) label
};

namespace training {

/// Logits of one image, and their probabilities at a temperature.
class Probabilities {
 public:
  Probabilities(const float* logits, int classes, double temperature)
      : logits_(logits), temperature_(temperature) {
    greatest_ = *std::max_element(logits, logits + classes);
    double sum = 0;
    for (int i = 0; i < classes; ++i) sum += exponential(shifted(i));
    logarithm_of_sum_ = natural_logarithm(sum);
  }

  double logarithm(int i) const { return shifted(i) - logarithm_of_sum_; }
  double operator[](int i) const { return exponential(logarithm(i)); }

 private:
  double shifted(int i) const {
    return (static_cast<double>(logits_[i]) - static_cast<double>(greatest_)) / temperature_;
  }

  const float* logits_;
  double temperature_;
  float greatest_ = 0;
  double logarithm_of_sum_ = 0;
};

/// The labels of one image.
struct Label {
  int first, second;
  double first_share;

  Label(const LossTargets& targets, std::size_t image)
      : first(targets.labels[image]),
        second(targets.second_labels.empty() ? first : targets.second_labels[image]),
        first_share(
            targets.first_shares.empty() ? 1.0 : static_cast<double>(targets.first_shares[image])) {
  }

  /// Returns how much of a target is a class.
  double share(int i) const {
    return (i == first ? first_share : 0.0) + (i == second ? 1 - first_share : 0.0);
  }
  double weight(std::span<const float> of_classes) const {
    if (of_classes.empty()) return 1;
    const auto of = [&](int i) {
      return static_cast<double>(of_classes[static_cast<std::size_t>(i)]);
    };
    return rounded(first_share * of(first)) + rounded((1 - first_share) * of(second));
  }
};

/// Adds an image's cross entropy, times `weight`, to gradients; returns it without the weight.
inline double add_cross_entropy(const Label& label, double smoothing, double weight,
                                const float* logits, int classes, std::span<double> gradients) {
  const Probabilities p(logits, classes, 1);
  double loss = 0;
  for (int i = 0; i < classes; ++i) {
    const double target = rounded((1 - smoothing) * label.share(i)) + smoothing / classes;
    loss -= rounded(target * p.logarithm(i));
    gradients[static_cast<std::size_t>(i)] += rounded(weight * (p[i] - target));
  }
  return loss;
}

/// Adds an image's divergence from a teacher, times `weight`; returns it without the weight.
inline double add_divergence(const float* teacher, double temperature, double weight,
                             const float* logits, int classes, std::span<double> gradients) {
  const Probabilities student(logits, classes, temperature), other(teacher, classes, temperature);
  double loss = 0;
  for (int i = 0; i < classes; ++i) {
    loss += rounded(other[i] * (other.logarithm(i) - student.logarithm(i)));
    gradients[static_cast<std::size_t>(i)] +=
        rounded(rounded(weight * temperature) * (student[i] - other[i]));
  }
  return rounded(rounded(temperature * temperature) * loss);
}

/// Adds an image's loss of mutual learning, times `weight`; returns it without the weight.
inline double add_mutual(const float* teacher, double weight, const float* logits, int classes,
                         std::span<double> gradients) {
  constexpr double kLeast = 1e-12;  // PaddleClas adds it to probabilities
  const Probabilities student(logits, classes, 1), other(teacher, classes, 1);
  // With p and q the two, r = p + least and s = q + least, the loss is half the sum of
  // q (log s - log r) + p (log r - log s), and its slope by p is half of this.
  const auto slope = [](double p, double q) {
    const double r = p + kLeast, s = q + kLeast;
    return natural_logarithm(r) - natural_logarithm(s) + (p - q) / r;
  };
  double loss = 0, mean = 0;
  for (int i = 0; i < classes; ++i) {
    const double p = student[i], q = other[i];
    loss += rounded((p - q) * (natural_logarithm(p + kLeast) - natural_logarithm(q + kLeast))) / 2;
    mean += rounded(p * slope(p, q));
  }
  for (int i = 0; i < classes; ++i) {
    const double p = student[i];
    gradients[static_cast<std::size_t>(i)] +=
        rounded(rounded(weight / 2 * p) * (slope(p, other[i]) - mean));
  }
  return loss;
}

/// Adds the losses of an image, whose share of the batch's cross entropy is given, to `loss`, and
/// their gradients to some.
inline void add_image(const LossOptions& options, const LossTargets& targets,
                      const BatchLogits& batch, int image, double share, BatchLoss& loss,
                      std::span<double> gradients) {
  const std::size_t place = static_cast<std::size_t>(image) * static_cast<std::size_t>(batch.pitch);
  const float* const logits = batch.logits + place;
  const double of_mean = 1.0 / batch.images;
  if (!targets.labels.empty()) {
    const Label label(targets, static_cast<std::size_t>(image));
    loss.cross_entropy +=
        rounded(share * add_cross_entropy(label, options.smoothing, options.cross_entropy * share,
                                          logits, batch.classes, gradients));
    loss.right += std::max_element(logits, logits + batch.classes) - logits == label.first;
  }
  if (targets.teacher == nullptr) return;
  const float* const teacher = targets.teacher + place;
  if (options.divergence > 0) {
    const double own = add_divergence(teacher, options.temperature, options.divergence * of_mean,
                                      logits, batch.classes, gradients);
    loss.distillation += rounded(of_mean * own);
    loss.total += rounded(options.divergence * rounded(of_mean * own));
  }
  if (options.mutual > 0) {
    const double own =
        add_mutual(teacher, options.mutual * of_mean, logits, batch.classes, gradients);
    loss.distillation += rounded(of_mean * own);
    loss.total += rounded(options.mutual * rounded(of_mean * own));
  }
}

}  // namespace training

/// Returns the loss of a batch and writes its gradients by the logits, zeros where those are
/// padded. Labels are from 0 to classes - 1. With class weights the cross entropy is a mean in
/// which images have those of their labels. `scratch` has room for one number for each class.
inline BatchLoss loss_and_gradients(const LossOptions& options, const LossTargets& targets,
                                    const BatchLogits& batch, std::span<double> scratch) {
  BatchLoss loss;
  const std::span<double> gradients = scratch.first(static_cast<std::size_t>(batch.classes));
  const auto weight = [&](int image) {
    return targets.labels.empty() ? 1.0
                                  : training::Label(targets, static_cast<std::size_t>(image))
                                        .weight(options.class_weights);
  };
  double weights = 0;
  for (int image = 0; image < batch.images; ++image) weights += weight(image);
  for (int image = 0; image < batch.images; ++image) {
    std::fill(gradients.begin(), gradients.end(), 0.0);
    const double share = weights > 0 ? weight(image) / weights : 0;
    training::add_image(options, targets, batch, image, share, loss, gradients);
    float* to =
        batch.gradients + static_cast<std::size_t>(image) * static_cast<std::size_t>(batch.pitch);
    to = std::transform(gradients.begin(), gradients.end(), to,
                        [](double gradient) { return static_cast<float>(gradient); });
    std::fill_n(to, batch.pitch - batch.classes, 0.0F);
  }
  loss.total += rounded(options.cross_entropy * loss.cross_entropy);
  return loss;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_LOSS_HPP
