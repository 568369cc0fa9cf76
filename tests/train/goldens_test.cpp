// Losses, gradients, statistics and steps of training, against PaddleClas' own code in double
// precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/train/loss.hpp"
#include "train/kinks.hpp"
#include "train/oracle.hpp"
#include "train/training_golden.hpp"

namespace pplcnet_test::goldens_test {
namespace {

using pplcnet::AnyTrainer;
using pplcnet::Isa;
using pplcnet::TrainingPass;
using pplcnet_test::find_tensor;
using pplcnet_test::TrainingGolden;
using Json = nlohmann::json;

/// How far a number may be from what double precision gives: of the deviation of all of its kind,
/// and of what float32 makes of it in the golden's framework.
double tolerance(const Json& record, double of_deviation) {
  return of_deviation * record.at("std").get<double>() +
         10 * record.at("f32_max_abs_err").get<double>();
}
double gradient_tolerance(const Json& record) {
  return std::max(1e-2 * record.at("std").get<double>(),
                  10 * record.at("f32_max_abs_err").get<double>());
}

class TrainingGoldens : public testing::TestWithParam<Isa> {
 protected:
  static AnyTrainer trainer_of(const TrainingGolden& golden, int images) {
    std::optional<AnyTrainer> trainer;
    const auto error =
        AnyTrainer::make(golden.graph(), {.images = images, .picture_gradients = true},
                         /*seed=*/0, trainer);
    EXPECT_FALSE(error) << error.message();
    golden.load(*trainer);
    return std::move(*trainer);
  }

  /// Computes the loss of a batch, and its gradients by the logits.
  static double loss(const TrainingGolden& golden, AnyTrainer& trainer,
                     std::span<const int> labels) {
    const Json parts = golden.has("loss_parts") ? golden["loss_parts"] : Json{{"ce", 0}};
    const std::vector<float> teacher = teacher_logits(golden, trainer.logits_pitch());
    std::vector<double> scratch(static_cast<std::size_t>(trainer.classes()));
    return pplcnet::loss_and_gradients(
               {.cross_entropy = parts.contains("ce") ? 1.0 : 0.0,
                .smoothing = 0.1,
                .divergence = parts.contains("kl") ? 1.0 : 0.0,
                .temperature = 2,
                .mutual = parts.contains("dml") ? 1.0 : 0.0},
               {.labels = labels, .teacher = teacher.empty() ? nullptr : teacher.data()},
               trainer.batch_logits(), scratch)
        .total;
  }

  static std::vector<float> teacher_logits(const TrainingGolden& golden, int pitch) {
    std::vector<float> logits;
    if (!golden.has("teacher")) return logits;
    for (std::vector<float> row : golden["teacher"].at("logits")) {
      row.resize(static_cast<std::size_t>(pitch));
      logits.insert(logits.end(), row.begin(), row.end());
    }
    return logits;
  }

  /// Compares the gradients of a golden's parameters.
  static void expect_gradients(const TrainingGolden& golden, AnyTrainer& trainer) {
    const std::string prefix = "gradient:";
    double sum = 0;
    for (const Json& record : golden["gradients"]) {
      const std::string name = record.at("name");
      const auto values =
          find_tensor(trainer, name.substr(prefix.size())).values(trainer.gradients());
      for (const float value : values) sum += double{value} * value;
      pplcnet_test::expect_samples(record.at("values"), values, name, gradient_tolerance(record));
    }
    const double norm = golden["global_gradient_norm"];
    EXPECT_NEAR(std::sqrt(sum), norm, 1e-2 * norm);
  }

  static void expect_statistics(const TrainingGolden& golden, AnyTrainer& trainer) {
    const std::string prefix = "running:";
    for (const Json& record : golden["running_statistics_after_forward"]) {
      const std::string name = record.at("name");
      pplcnet_test::expect_samples(
          record.at("values"),
          find_tensor(trainer, name.substr(prefix.size())).values(trainer.statistics()), name,
          tolerance(record, 1e-4));
    }
  }

  static void expect_logits(const TrainingGolden& golden, const AnyTrainer& trainer) {
    const double error = golden["logits"].at("f32_max_abs_err");
    const auto pitch = static_cast<std::size_t>(trainer.logits_pitch());
    std::size_t row = 0;
    for (const std::vector<double> expected : golden["logits"].at("f64")) {
      for (std::size_t k = 0; k < expected.size(); ++k)
        EXPECT_NEAR(trainer.logits()[row * pitch + k], expected[k], 10 * error);
      ++row;
    }
  }

  /// A batch of a golden, both passes, and everything that it has of them.
  void expect_golden(const std::string& name, TrainingPass pass = {}) const {
    const TrainingGolden golden(name);
    const std::vector<int> labels = golden.labels();
    const int images = static_cast<int>(labels.size());
    AnyTrainer trainer = trainer_of(golden, images);
    const std::vector<float> pictures = golden.pictures();
    std::vector<float> picture_gradients(pictures.size());
    pass.isa = GetParam();
    settle_kinks(trainer, pictures, images, pass);
    trainer.forward(pictures, images, pass);
    expect_logits(golden, trainer);
    EXPECT_NEAR(loss(golden, trainer, labels), golden["loss"].get<double>(),
                10 * golden["loss_f32_err"].get<double>() + 1e-6);
    if (golden.has("running_statistics_after_forward")) expect_statistics(golden, trainer);
    trainer.backward(first_trained(golden, trainer), picture_gradients.data());
    expect_gradients(golden, trainer);
    if (golden.has("input_gradient"))
      pplcnet_test::expect_samples(golden["input_gradient"].at("values"), picture_gradients,
                                   golden["input_gradient"].at("name"),
                                   gradient_tolerance(golden["input_gradient"]));
    if (!golden.has("stage_gradients")) return;
    pass.moves_statistics = false;
    for (const Json& record : golden["stage_gradients"])
      expect_stage_gradient(golden, trainer, pictures, pass, record);
  }

  /// Has all activations on the side of their kinks where double precision has them.
  static void settle_kinks(AnyTrainer& trainer, const std::vector<float>& pictures, int images,
                           TrainingPass pass) {
    pass.moves_statistics = false;
    pplcnet_test::TrainingOracle oracle(trainer.plan(), images);
    oracle.parameters.assign(trainer.parameters().begin(), trainer.parameters().end());
    oracle.statistics.assign(trainer.statistics().begin(), trainer.statistics().end());
    oracle.pictures.assign(pictures.begin(), pictures.end());
    oracle.batch_statistics = pass.batch_statistics;
    oracle.logits();
    constexpr int kMost = 3;  // of hundreds of thousands
    int all = 0, found = 1;
    for (int i = 0; i < kMost && found > 0; ++i) {
      trainer.forward(pictures, images, pass);
      found = pplcnet_test::Kinks(trainer, oracle).settle();
      all += found;
    }
    EXPECT_EQ(found, 0);
    EXPECT_LE(all, kMost);
  }

  /// Where only the classifier is trained, the pass ends with it.
  static int first_trained(const TrainingGolden& golden, const AnyTrainer& trainer) {
    if (golden["gradients"].size() > 2) return 0;
    const pplcnet::TrainingTensor* weight = find_tensor(trainer, "fc.weight").tensor;
    for (std::size_t i = 0; i < trainer.steps().size(); ++i)
      if (trainer.steps()[i].weight >= 0 &&
          &trainer.tensors()[static_cast<std::size_t>(trainer.steps()[i].weight)] == weight)
        return static_cast<int>(i);
    return 0;
  }

  static void expect_stage_gradient(const TrainingGolden& golden, AnyTrainer& trainer,
                                    std::span<const float> pictures, const TrainingPass& pass,
                                    const Json& record) {
    const std::string name = record.at("name"), prefix = "gradient:stage:";
    const std::vector<int> labels = golden.labels();
    const int images = static_cast<int>(labels.size());
    const int value = pplcnet_test::find_value(trainer, name.substr(prefix.size()));
    ASSERT_GE(value, 0) << name;
    trainer.forward(pictures, images, pass);
    loss(golden, trainer, labels);
    trainer.backward(pplcnet_test::first_reader(trainer, value));
    pplcnet_test::expect_samples(
        record.at("values"),
        pplcnet_test::planar(trainer.values()[static_cast<std::size_t>(value)], images,
                             trainer.value_gradients(value)),
        name, gradient_tolerance(record));
  }

  /// Takes a golden's steps, and compares what has been learnt after some of them.
  void expect_steps(const std::string& name, int exact_steps) const {
    const TrainingGolden golden(name);
    constexpr int kImages = 8;
    AnyTrainer trainer = trainer_of(golden, kImages);
    const std::vector<float> pictures = golden.pictures();
    const std::vector<int> labels = golden.labels();
    const std::size_t size = pictures.size() / labels.size();
    std::vector<float> factors(trainer.tensors().size(), 1);
    for (const auto& [tensor, factor] : golden["lr_mult"].items())
      factors[static_cast<std::size_t>(find_tensor(trainer, tensor).tensor -
                                       trainer.tensors().data())] = factor;
    pplcnet::Optimiser optimiser = {.momentum = golden["optimizer"].at("momentum"),
                                    .l2 = golden["optimizer"].at("l2"),
                                    .factors = factors};
    TrainingPass pass;
    pass.isa = GetParam();
    for (std::size_t step = 0; step < golden["lr_per_step"].size(); ++step) {
      const std::size_t first = step * kImages;
      trainer.forward(std::span(pictures).subspan(first * size, kImages * size), kImages, pass);
      const double found = loss(golden, trainer, std::span(labels).subspan(first, kImages));
      trainer.backward();
      optimiser.learning_rate = golden["lr_per_step"].at(step);
      const double norm = trainer.update(optimiser);
      const int after = static_cast<int>(step) + 1;
      if (after > exact_steps) break;
      EXPECT_NEAR(found, golden["loss_per_step"].at(step).get<double>(),
                  10 * golden["loss_f32_err_per_step"].at(step).get<double>() + 1e-6)
          << step;
      const double expected = golden["gradient_norm_per_step"].at(step);
      EXPECT_NEAR(norm, expected, 1e-3 * expected) << step;
      expect_snapshot(golden, trainer, after);
    }
  }

  static void expect_snapshot(const TrainingGolden& golden, AnyTrainer& trainer, int after) {
    for (const Json& record : golden["weights_and_statistics"])
      for (const Json& snapshot : record.at("steps")) {
        if (snapshot.at("after") != after) continue;
        const auto tensor = find_tensor(trainer, record.at("name").get<std::string>());
        const bool statistic = tensor.tensor->is_statistic();
        pplcnet_test::expect_samples(
            snapshot.at("values"),
            tensor.values(statistic ? trainer.statistics() : trainer.parameters()),
            record.at("sample_name"),
            1e-2 * snapshot.at("moved_rms").get<double>() +
                10 * snapshot.at("f32_max_abs_err").get<double>() + 1e-9);
        if (!statistic) expect_velocity(snapshot, tensor.values(trainer.velocities()));
      }
  }

  static void expect_velocity(const Json& snapshot, const std::vector<float>& velocity) {
    double sum = 0, squares = 0;
    for (const float value : velocity) sum += value;
    const double count = static_cast<double>(velocity.size()), mean = sum / count;
    for (const float value : velocity) squares += (value - mean) * (value - mean);
    const double deviation = snapshot.at("velocity_std");
    EXPECT_NEAR(mean, snapshot.at("velocity_mean").get<double>(), 1e-2 * deviation + 1e-7);
    EXPECT_NEAR(std::sqrt(squares / count), deviation, 1e-2 * deviation + 1e-7);
  }
};

TEST_P(TrainingGoldens, OfV1) { expect_golden("train_a_v1_x0_25_64x64"); }
TEST_P(TrainingGoldens, OfOddSizes) { expect_golden("train_b_v1_x0_5_97x75"); }
TEST_P(TrainingGoldens, OfV2WithBranches) { expect_golden("train_c_v2_small_64x64"); }
TEST_P(TrainingGoldens, OfTextLines) { expect_golden("train_d_v1_x0_25_textline_80x160"); }

const TrainingPass kFrozen = {.batch_statistics = false, .moves_statistics = false};
TEST_P(TrainingGoldens, OfTheClassifierAlone) { expect_golden("train_e_v1_x0_25_head", kFrozen); }
TEST_P(TrainingGoldens, OfFrozenBatchNorms) {
  expect_golden("train_e2_v1_x0_25_frozen_bn_all", kFrozen);
}

TEST_P(TrainingGoldens, OfDistillation) { expect_golden("train_f_distill_kl_ce"); }
TEST_P(TrainingGoldens, OfMutualLearning) { expect_golden("train_f2_distill_dml"); }

// A learning rate of 0.01 makes rounding a thousand times as large in ten steps, in the code of the
// goldens, too: two are compared.
TEST_P(TrainingGoldens, OfSteps) { expect_steps("train_g1_sgd_constant", 2); }
TEST_P(TrainingGoldens, OfStepsWithWarmUp) { expect_steps("train_g2_sgd_warmup_cosine", 2); }
TEST_P(TrainingGoldens, OfStepsByStages) { expect_steps("train_g3_sgd_lr_mult", 2); }
TEST_P(TrainingGoldens, OfSmallSteps) { expect_steps("train_g4_sgd_small_lr", 10); }

/// What a network gives at inference is what its trainer gives with running statistics.
TEST_P(TrainingGoldens, OfATeacherAtInference) {
  const TrainingGolden golden("train_f_distill_kl_ce");
  std::optional<AnyTrainer> teacher;
  const auto error = AnyTrainer::make(golden.teacher(), {.images = 8}, /*seed=*/0, teacher);
  ASSERT_FALSE(error) << error.message();
  golden.load(*teacher);
  const std::vector<float> pictures = golden.pictures();
  TrainingPass pass = TrainingPass::inference();
  pass.isa = GetParam();
  teacher->forward(pictures, 8, pass);
  const std::vector<float> expected = teacher_logits(golden, teacher->logits_pitch());
  ASSERT_EQ(expected.size(), teacher->logits().size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(teacher->logits()[i], expected[i], 1e-5) << i;
}

std::string name_of(const testing::TestParamInfo<Isa>& info) {
  return pplcnet::isa_name(info.param);
}
INSTANTIATE_TEST_SUITE_P(Training, TrainingGoldens,
                         testing::ValuesIn(pplcnet_test::available_isas()), name_of);

}  // namespace
}  // namespace pplcnet_test::goldens_test
