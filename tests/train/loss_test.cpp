// Losses and their gradients by the logits, against plain loops of the C library's functions and
// their central differences.
#include "pplcnet/train/loss.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

namespace pplcnet_test::loss_test {
namespace {

using pplcnet::BatchLoss;
using pplcnet::LossOptions;
using pplcnet::LossTargets;

constexpr int kImages = 5, kClasses = 11, kPitch = 16;
using Rows = std::vector<std::vector<double>>;

std::vector<double> softmax(const std::vector<double>& z, double temperature) {
  std::vector<double> p;
  p.reserve(z.size());
  for (const double x : z) p.push_back(std::exp(x / temperature));
  const double sum = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& x : p) x /= sum;
  return p;
}

/// The loss as its definition has it.
double plain_loss(const LossOptions& o, const LossTargets& t, const Rows& logits,
                  const Rows& teacher) {
  double loss = 0, weights = 0, entropy = 0;
  for (std::size_t n = 0; n < logits.size(); ++n) {
    const auto p = softmax(logits[n], 1), q = softmax(teacher[n], 1);
    const auto hot = softmax(logits[n], o.temperature), other = softmax(teacher[n], o.temperature);
    double divergence = 0, mutual = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
      divergence += other[i] * std::log(other[i] / hot[i]);
      mutual += (q[i] * std::log((q[i] + 1e-12) / (p[i] + 1e-12)) +
                 p[i] * std::log((p[i] + 1e-12) / (q[i] + 1e-12))) /
                2;
    }
    loss += (o.divergence * o.temperature * o.temperature * divergence + o.mutual * mutual) /
            static_cast<double>(logits.size());
    if (t.labels.empty()) continue;
    const auto first = static_cast<std::size_t>(t.labels[n]);
    const auto second =
        t.second_labels.empty() ? first : static_cast<std::size_t>(t.second_labels[n]);
    const double share = t.first_shares.empty() ? 1 : double{t.first_shares[n]};
    const double weight = o.class_weights.empty()
                              ? 1
                              : share * double{o.class_weights[first]} +
                                    (1 - share) * double{o.class_weights[second]};
    double own = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
      const double target =
          (1 - o.smoothing) * ((i == first ? share : 0) + (i == second ? 1 - share : 0)) +
          o.smoothing / static_cast<double>(p.size());
      own -= target * std::log(p[i]);
    }
    entropy += weight * own;
    weights += weight;
  }
  return loss + (weights > 0 ? o.cross_entropy * entropy / weights : 0);
}

class Loss : public testing::Test {
 protected:
  Loss() {
    std::mt19937 random(3);
    std::uniform_real_distribution<float> number(-4, 4);
    for (int i = 0; i < kImages * kPitch; ++i) {
      logits_.push_back(i % kPitch < kClasses ? number(random) : 0);
      teacher_.push_back(i % kPitch < kClasses ? number(random) : 0);
    }
  }

  static Rows rows(const std::vector<float>& from) {
    Rows to;
    for (int n = 0; n < kImages; ++n)
      to.emplace_back(from.begin() + n * kPitch, from.begin() + n * kPitch + kClasses);
    return to;
  }

  BatchLoss compute(const LossOptions& options, const LossTargets& targets) {
    gradients_.assign(logits_.size(), std::numeric_limits<float>::quiet_NaN());
    std::vector<double> scratch(kClasses);
    return pplcnet::loss_and_gradients(
        options, targets, {logits_.data(), gradients_.data(), kImages, kClasses, kPitch}, scratch);
  }

  void check(const LossOptions& options, const LossTargets& targets) {
    const BatchLoss loss = compute(options, targets);
    Rows logits = rows(logits_);
    const Rows teacher = rows(teacher_);
    EXPECT_NEAR(loss.total, plain_loss(options, targets, logits, teacher), 1e-12);
    constexpr double kStep = 1e-5;
    for (int n = 0; n < kImages; ++n)
      for (int i = 0; i < kPitch; ++i) {
        const float gradient = gradients_[static_cast<std::size_t>(n * kPitch + i)];
        if (i >= kClasses) {
          EXPECT_EQ(gradient, 0);
          continue;
        }
        double& z = logits[static_cast<std::size_t>(n)][static_cast<std::size_t>(i)];
        const double before = z;
        z = before + kStep;
        const double above = plain_loss(options, targets, logits, teacher);
        z = before - kStep;
        const double below = plain_loss(options, targets, logits, teacher);
        z = before;
        EXPECT_NEAR(gradient, (above - below) / (2 * kStep),
                    1e-7 * std::abs(double{gradient}) + 1e-9);
      }
  }

  std::vector<float> logits_, teacher_, gradients_;
  std::vector<std::int32_t> labels_ = {0, 3, 10, 3, 7}, others_ = {1, 3, 0, 9, 2};
  std::vector<float> shares_ = {0.25F, 0.5F, 1, 0, 0.75F};
  std::vector<float> weights_ = {1, 2, 0.5F, 3, 1, 1, 1, 0.25F, 1, 1, 4};
};

TEST_F(Loss, IsCrossEntropy) { check({}, {.labels = labels_}); }

TEST_F(Loss, SmoothsLabels) { check({.smoothing = 0.1}, {.labels = labels_}); }

TEST_F(Loss, WeighsClasses) {
  check({.smoothing = 0.1, .class_weights = weights_}, {.labels = labels_});
}

TEST_F(Loss, MixesLabels) {
  const LossTargets targets = {
      .labels = labels_, .second_labels = others_, .first_shares = shares_};
  check({}, targets);
  check({.smoothing = 0.1, .class_weights = weights_}, targets);
}

TEST_F(Loss, DistilsByDivergence) {
  const LossTargets targets = {.teacher = teacher_.data()};
  check({.divergence = 1, .temperature = 1}, targets);
  check({.divergence = 0.5, .temperature = 4}, targets);
}

TEST_F(Loss, DistilsByMutualLearning) { check({.mutual = 1}, {.teacher = teacher_.data()}); }

TEST_F(Loss, IsASum) {
  check(
      {.cross_entropy = 0.3, .smoothing = 0.1, .divergence = 0.5, .temperature = 2, .mutual = 0.7},
      {.labels = labels_, .teacher = teacher_.data()});
}

TEST_F(Loss, CountsWhatIsRight) {
  logits_.assign(logits_.size(), 0);
  for (const int n : {0, 2, 3})
    logits_[static_cast<std::size_t>(n * kPitch + labels_[static_cast<std::size_t>(n)])] = 1;
  logits_[1 * kPitch + 4] = 1;
  logits_[4 * kPitch + 12] = 9;  // no class
  EXPECT_EQ(compute({}, {.labels = labels_}).right, 3);
}

TEST_F(Loss, IsFiniteWhereLogitsAreLarge) {
  for (float& logit : logits_) logit *= 1000;
  const BatchLoss loss = compute({.divergence = 1, .temperature = 1, .mutual = 1},
                                 {.labels = labels_, .teacher = teacher_.data()});
  EXPECT_TRUE(std::isfinite(loss.total));
  for (const float gradient : gradients_) EXPECT_TRUE(std::isfinite(gradient));
}

TEST_F(Loss, IsNotANumberWhereALogitIsNone) {
  logits_[2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(compute({}, {.labels = labels_}).total));
}

}  // namespace
}  // namespace pplcnet_test::loss_test
