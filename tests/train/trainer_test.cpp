// Trainers: what they begin with, what comes from files and goes out, and that they continue.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/models/pplcnet.hpp"
#include "pplcnet/networks/pplcnet_v1.hpp"
#include "pplcnet/networks/pplcnet_v2.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/train/loss.hpp"
#include "pplcnet/training.hpp"
#include "synthetic.hpp"
#include "threads.hpp"
#include "train/graphs.hpp"

namespace pplcnet_test::trainer_test {
namespace {

using pplcnet::AnyNetwork;
using pplcnet::AnyTrainer;
using pplcnet::Graph;
using pplcnet::OtherClasses;
using pplcnet::Scale;
using pplcnet::TrainingOptions;
using pplcnet::TrainingPass;
using pplcnet::TrainingPasses;
using pplcnet::TrainingTensor;
using Kind = TrainingTensor::Kind;

AnyTrainer trainer_of(const Graph& graph, const TrainingOptions& options, std::uint64_t seed = 1) {
  std::optional<AnyTrainer> trainer;
  const auto error = AnyTrainer::make(graph, options, seed, trainer);
  EXPECT_FALSE(error) << error.message();
  return std::move(*trainer);
}

std::vector<float> pictures_of(const TrainingPasses& trainer, int images, std::uint64_t seed = 1) {
  return pplcnet_test::synthetic_input(seed, static_cast<std::size_t>(images), 3,
                                       static_cast<std::size_t>(trainer.picture().height),
                                       static_cast<std::size_t>(trainer.picture().width));
}

/// One step of training on images whose labels follow from their numbers.
double step(TrainingPasses& trainer, int images, std::uint64_t seed, TrainingPass pass = {},
            int first_step = 0) {
  const std::vector<float> pictures = pictures_of(trainer, images, seed);
  std::vector<std::int32_t> labels;
  for (int i = 0; i < images; ++i)
    labels.push_back((i + static_cast<int>(seed)) % trainer.classes());
  std::vector<double> scratch(static_cast<std::size_t>(trainer.classes()));
  pass.dropout_seed = seed;
  trainer.forward(pictures, images, pass);
  const auto loss = pplcnet::loss_and_gradients({.smoothing = 0.1}, {.labels = labels},
                                                trainer.batch_logits(), scratch);
  trainer.backward(first_step);
  trainer.update({.learning_rate = 0.05, .l2 = 1e-4});
  return loss.total;
}

std::vector<float> copy(std::span<const float> values) { return {values.begin(), values.end()}; }

constexpr pplcnet::Options kSmall = {.classes = 4, .input = {48, 40}};

TEST(Trainer, BeginsAsPaddleDoes) {
  AnyTrainer trainer = trainer_of(pplcnet_v1(Scale::x1_0, {.input = {32, 32}}), {.images = 1});
  for (const TrainingTensor& tensor : trainer.tensors()) {
    const auto values = trainer.state().of(tensor);
    double squares = 0, greatest = 0, sum = 0;
    for (const float value : values) {
      squares += double{value} * value;
      sum += value;
      greatest = std::max(greatest, std::abs(double{value}));
    }
    const double count = static_cast<double>(tensor.taps()) * tensor.inputs * tensor.outputs;
    const std::string name = trainer.name_of(tensor);
    switch (tensor.kind) {
      case Kind::weight:
        if (name == "fc.weight") {
          const double most = std::sqrt(6.0 / (1280 + 1000));
          EXPECT_LE(greatest, most);
          EXPECT_NEAR(std::sqrt(squares / count), most / std::sqrt(3.0), 0.01 * most);
        } else {
          const double expected = std::sqrt(2.0 / (tensor.inputs * tensor.taps()));
          EXPECT_NEAR(std::sqrt(squares / count) / expected, 1, 4 / std::sqrt(2 * count)) << name;
          EXPECT_LE(std::abs(sum / count) / expected, 4 / std::sqrt(count)) << name;
        }
        break;
      case Kind::gamma:
      case Kind::variance:
      case Kind::scale:
        EXPECT_EQ(sum, count) << name;
        break;
      default:
        EXPECT_EQ(greatest, 0) << name;
        break;
    }
  }
}

TEST(Trainer, DependsOnItsSeed) {
  const Graph graph = pplcnet_v1(Scale::x0_25, kSmall);
  const AnyTrainer one = trainer_of(graph, {.images = 1}, 1),
                   two = trainer_of(graph, {.images = 1}, 2),
                   three = trainer_of(graph, {.images = 3}, 1);
  EXPECT_NE(copy(one.parameters()), copy(two.parameters()));
  EXPECT_EQ(copy(one.parameters()), copy(three.parameters()));
}

TEST(Trainer, LowersTheLoss) {
  AnyTrainer trainer = trainer_of(pplcnet_v1(Scale::x0_25, kSmall), {.images = 12});
  const double before = step(trainer, 12, 4);
  double after = before;
  for (int i = 0; i < 30; ++i) after = step(trainer, 12, 4);
  EXPECT_LT(after, 0.7 * before);
}

/// A type has the bits of its graph.
TEST(Trainer, OfATypeIsThatOfItsGraph) {
  using Net = pplcnet::PPLCNet<Scale::x0_25, kSmall>;
  using Trainer = pplcnet::Trainer<Net, 6>;
  static_assert(Trainer::memory_bytes < sizeof(Trainer) + 1024);
  static_assert(sizeof(Trainer) < Trainer::memory_bytes + 2048);
  const auto typed = std::make_unique<Trainer>(/*seed=*/1);
  AnyTrainer trainer = trainer_of(Net::Definition::graph(), {.images = 6});
  for (int i = 0; i < 3; ++i) {
    step(*typed, 6, static_cast<std::uint64_t>(i));
    step(trainer, 6, static_cast<std::uint64_t>(i));
  }
  EXPECT_EQ(copy(typed->parameters()), copy(trainer.parameters()));
  EXPECT_EQ(copy(typed->statistics()), copy(trainer.statistics()));

  // What it has learnt computes the same at inference.
  const auto weights = std::make_unique<Net::Weights>();
  auto error = typed->fold(*weights);
  ASSERT_FALSE(error) << error.message();
  const auto workspace = std::make_unique<Net::Workspace>();
  const std::vector<float> picture = pictures_of(*typed, 1);
  Net::Logits logits;
  Net::forward(*weights, Net::Image(picture.data(), Net::input_size), *workspace, logits);
  typed->forward(picture, 1, TrainingPass::inference());
  for (std::size_t k = 0; k < logits.size(); ++k) EXPECT_NEAR(logits[k], typed->logits()[k], 2e-4);

  // And it comes back from a state dict.
  const pplcnet::TrainedStateDict state(trainer.network(), trainer.state(), "trained");
  typed->initialise(5);
  error = typed->load(state.file());
  ASSERT_FALSE(error) << error.message();
  EXPECT_EQ(copy(typed->parameters()), copy(trainer.parameters()));
  EXPECT_EQ(copy(typed->statistics()), copy(trainer.statistics()));
}

/// A smaller batch computes what a trainer of that size does.
TEST(Trainer, TakesASmallerBatch) {
  const Graph graph = pplcnet_v1(Scale::x0_25, kSmall);
  AnyTrainer large = trainer_of(graph, {.images = 9}), small = trainer_of(graph, {.images = 2});
  step(large, 2, 7);
  step(small, 2, 7);
  EXPECT_EQ(copy(large.parameters()), copy(small.parameters()));
}

TEST(Trainer, ThatContinuesIsAsIfItHadNeverStopped) {
  const Graph graph = pplcnet_v1(Scale::x0_25, kSmall);
  AnyTrainer whole = trainer_of(graph, {.images = 5}), first = trainer_of(graph, {.images = 5}),
             second = trainer_of(graph, {.images = 5}, 99);
  for (std::uint64_t i = 0; i < 6; ++i) step(whole, 5, i);
  for (std::uint64_t i = 0; i < 3; ++i) step(first, 5, i);
  std::ranges::copy(first.parameters(), second.parameters().begin());
  std::ranges::copy(first.velocities(), second.velocities().begin());
  std::ranges::copy(first.statistics(), second.statistics().begin());
  for (std::uint64_t i = 3; i < 6; ++i) step(second, 5, i);
  EXPECT_EQ(copy(whole.parameters()), copy(second.parameters()));
  EXPECT_EQ(copy(whole.velocities()), copy(second.velocities()));
  EXPECT_EQ(copy(whole.statistics()), copy(second.statistics()));
}

/// A prefix of the network that is frozen stays, and what follows it learns as it would.
TEST(Trainer, FreezesStages) {
  const Graph graph = pplcnet_v1(Scale::x0_25, kSmall);
  AnyTrainer frozen = trainer_of(graph, {.images = 4}), whole = trainer_of(graph, {.images = 4});
  const TrainingPass pass = {.batch_statistics = false, .moves_statistics = false};
  const std::vector<float> before = copy(frozen.parameters());
  constexpr int kStage = 5;  // blocks6
  step(frozen, 4, 3, pass, frozen.first_step_of_stage(kStage));
  step(whole, 4, 3, pass);
  for (const TrainingTensor& tensor : frozen.tensors()) {
    if (tensor.is_statistic()) continue;
    const auto after = copy(frozen.state().of(tensor));
    const auto old = copy(std::span(before).subspan(tensor.place, tensor.floats()));
    const auto expected = tensor.stage < kStage ? old : copy(whole.state().of(tensor));
    EXPECT_EQ(after, expected) << frozen.name_of(tensor);
  }
  EXPECT_NE(copy(frozen.parameters()), before);
  EXPECT_EQ(frozen.first_step_of_stage(0), 1);
}

TEST(Trainer, ClipsGradients) {
  const Graph graph = pplcnet_v1(Scale::x0_25, kSmall);
  AnyTrainer trainer = trainer_of(graph, {.images = 4});
  const std::vector<float> before = copy(trainer.parameters());
  step(trainer, 4, 1);
  const double norm = trainer.update({.learning_rate = 0});
  ASSERT_GT(norm, 0.1);
  std::ranges::fill(trainer.velocities(), 0.0F);
  EXPECT_EQ(trainer.update({.learning_rate = 0, .largest_norm = norm / 8}), norm);
  double squares = 0;
  for (const float value : trainer.velocities()) squares += double{value} * value;
  EXPECT_NEAR(std::sqrt(squares), norm / 8, 1e-5 * norm);
}

TEST(Trainer, LearnsNothingFromWhatIsNoNumber) {
  AnyTrainer trainer = trainer_of(pplcnet_v1(Scale::x0_25, kSmall), {.images = 4});
  const std::vector<float> pictures = pictures_of(trainer, 4);
  trainer.forward(pictures, 4);
  std::ranges::fill(trainer.logits_gradients(), 0.0F);
  trainer.logits_gradients()[0] = std::numeric_limits<float>::quiet_NaN();
  trainer.backward();
  const std::vector<float> before = copy(trainer.parameters());
  EXPECT_FALSE(std::isfinite(trainer.update({.learning_rate = 0.1})));
  EXPECT_EQ(copy(trainer.parameters()), before);
}

/// Dropout keeps as many as it says, others each time, and none are scaled.
TEST(Trainer, DropsFeatures) {
  Graph g({1, 1}, {}, "dropout");
  g.output(g.dense(g.conv(g.image(), 2048, {.norm = false}, "conv"), 1,
                   {.bias = false, .input_percent = 80}, "fc"));
  AnyTrainer trainer = trainer_of(g, {.images = 2});
  const std::vector<float> pictures(6, 1.0F);
  for (const TrainingTensor& tensor : trainer.tensors()) {
    const auto values = trainer.state().of(tensor);
    const auto pitch = static_cast<std::size_t>(tensor.pitch());
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = i % pitch < static_cast<std::size_t>(tensor.outputs) ? 1.0F : 0.0F;
  }
  std::vector<float> kept;
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    trainer.forward(pictures, 2, {.dropout_seed = seed});
    for (std::size_t image = 0; image < 2; ++image) {
      const float sum = trainer.logits()[image * static_cast<std::size_t>(trainer.logits_pitch())];
      EXPECT_NEAR(sum / (3 * 2048), 0.8, 0.04);
      EXPECT_EQ(std::ranges::count(kept, sum), 0) << "the same features again";
      kept.push_back(sum);
    }
  }
  trainer.forward(pictures, 2, TrainingPass::inference());
  EXPECT_NEAR(trainer.logits()[0], 0.8 * 3 * 2048, 1e-4 * 3 * 2048);
}

// ---- Files
// ---------------------------------------------------------------------------------------

/// A state dict of any trained network is one of the network: it loads for inference, and comes
/// back.
void expect_round_trip(const Graph& graph, const TrainingOptions& options) {
  SCOPED_TRACE(std::string(graph.title) + (options.as_deployed ? ", as deployed" : ""));
  AnyTrainer trainer = trainer_of(graph, options), other = trainer_of(graph, options, 2);
  for (std::uint64_t i = 0; i < 2; ++i) step(trainer, options.images, i);
  const pplcnet::TrainedStateDict state(trainer.network(), trainer.state(), "trained");
  auto error = other.load(state.file());
  ASSERT_FALSE(error) << error.message();
  EXPECT_EQ(copy(other.parameters()), copy(trainer.parameters()));
  EXPECT_EQ(copy(other.statistics()), copy(trainer.statistics()));

  std::optional<AnyNetwork> network;
  error = trainer.network(network);
  ASSERT_FALSE(error) << error.message();
  const std::vector<float> pictures = pictures_of(trainer, 1, 5);
  trainer.forward(pictures, 1, TrainingPass::inference());
  std::vector<float> logits(static_cast<std::size_t>(trainer.classes()));
  network->run(pplcnet::Picture::planar(pictures.data(), trainer.picture()),
               network->plan().outputs[0], logits);
  float greatest = 0;
  for (const float one : logits) greatest = std::max(greatest, std::abs(one));
  for (std::size_t k = 0; k < logits.size(); ++k)
    EXPECT_NEAR(logits[k], trainer.logits()[k], 1e-4F * greatest) << k;
}

TEST(Trainer, GivesItsNetwork) {
  for (const bool as_deployed : {false, true}) {
    const TrainingOptions options = {.images = 3, .as_deployed = as_deployed};
    expect_round_trip(pplcnet_v1(Scale::x0_25, kSmall), options);
    expect_round_trip(pplcnet_v1(Scale::x0_25, {.classes = 3, .input = {32, 32}, .head = 0}),
                      options);
    expect_round_trip(pplcnet_v2(pplcnet::V2::small, {.classes = 4, .input = {64, 64}}), options);
    expect_round_trip(pplcnet_test::everything(), options);
  }
}

TEST(Trainer, TakesFoldedWeights) {
  const Graph graph = pplcnet_v1(Scale::x0_25, kSmall);
  AnyTrainer trained = trainer_of(graph, {.images = 6});
  for (std::uint64_t i = 0; i < 3; ++i) step(trained, 6, i);
  std::optional<AnyNetwork> folded;
  auto error = trained.network(folded);
  ASSERT_FALSE(error) << error.message();
  AnyTrainer trainer = trainer_of(graph, {.images = 6}, 2);
  const std::vector<float> pictures = pictures_of(trainer, 15, 3);
  error = trainer.load(*folded, pictures);
  ASSERT_FALSE(error) << error.message();
  // It computes the same, and its statistics are those of the pictures: so it does with them.
  const std::size_t size = pictures.size() / 15;
  for (const TrainingPass& pass : {TrainingPass::inference()}) {
    trained.forward(std::span(pictures).first(6 * size), 6, pass);
    trainer.forward(std::span(pictures).first(6 * size), 6, pass);
    for (std::size_t i = 0; i < trained.logits().size(); ++i)
      EXPECT_NEAR(trainer.logits()[i], trained.logits()[i], 1e-3) << i;
  }
  error = trainer.load(*folded, std::span(pictures).first(6 * size));
  ASSERT_FALSE(error) << error.message();
  TrainingPass frozen = TrainingPass::inference(), batch = frozen;
  batch.batch_statistics = true;
  trainer.forward(std::span(pictures).first(6 * size), 6, frozen);
  const std::vector<float> expected = copy(trainer.logits());
  trainer.forward(std::span(pictures).first(6 * size), 6, batch);
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(trainer.logits()[i], expected[i], 1e-3) << i;
  EXPECT_TRUE(trainer.load(*folded, {})) << "without pictures";
}

TEST(Trainer, KeepsAClassifierOfOtherClasses) {
  AnyTrainer four = trainer_of(pplcnet_v1(Scale::x0_25, kSmall), {.images = 2});
  pplcnet::Options options = kSmall;
  options.classes = 7;
  AnyTrainer seven = trainer_of(pplcnet_v1(Scale::x0_25, options), {.images = 2}, 2);
  const std::vector<float> before = copy(seven.parameters());
  const pplcnet::TrainedStateDict state(four.network(), four.state(), "four classes");
  auto error = seven.load(state.file());
  ASSERT_TRUE(error);
  EXPECT_STREQ(error.message(), "four classes: has 4 classes ('fc.weight'), the type has 7");
  const auto expect_taken = [&] {
    for (const TrainingTensor& tensor : seven.tensors()) {
      if (tensor.is_statistic() || seven.name_of(tensor).starts_with("fc.")) continue;
      EXPECT_NE(copy(seven.state().of(tensor)).size(), 0U);
    }
    const TrainingTensor& bias = seven.tensors().back();
    const TrainingTensor& weight = seven.tensors()[seven.tensors().size() - 2];
    for (const TrainingTensor& tensor : {bias, weight})
      EXPECT_EQ(copy(seven.state().of(tensor)),
                copy(std::span(before).subspan(tensor.place, tensor.floats())));
  };
  seven.initialise(2);
  error = seven.load(state.file(), OtherClasses::keep_weights);
  ASSERT_FALSE(error) << error.message();
  EXPECT_EQ(copy(seven.state().of(seven.tensors().front())),
            copy(four.state().of(four.tensors().front())));
  expect_taken();
  std::optional<AnyNetwork> folded;
  error = four.network(folded);
  ASSERT_FALSE(error) << error.message();
  const std::vector<float> pictures = pictures_of(seven, 2);
  EXPECT_TRUE(seven.load(*folded, pictures));
  seven.initialise(2);
  error = seven.load(*folded, pictures, OtherClasses::keep_weights);
  ASSERT_FALSE(error) << error.message();
  expect_taken();
}

TEST(Trainer, SaysWhatIsWrong) {
  std::optional<AnyTrainer> trainer;
  Graph g({8, 8}, {}, "some net");
  g.output(g.conv(g.image(), 4, {}, "stem"));
  auto error = AnyTrainer::make(g, {}, 1, trainer);
  EXPECT_STREQ(error.message(),
               "some net: operator 1: Training: the network has one result, a vector of classes");
  EXPECT_FALSE(trainer.has_value());
  error = AnyTrainer::make(pplcnet_v1(Scale::x2_5, {.input = {2048, 2048}}), {.images = 512}, 1,
                           trainer);
  EXPECT_NE(std::string(error.message()).find("take a smaller batch"), std::string::npos)
      << error.message();
  // Branches cannot be made of what is deployed.
  AnyTrainer branches =
      trainer_of(pplcnet_v2(pplcnet::V2::small, {.classes = 4, .input = {64, 64}}), {.images = 1});
  AnyTrainer deployed =
      trainer_of(pplcnet_v2(pplcnet::V2::small, {.classes = 4, .input = {64, 64}}),
                 {.images = 1, .as_deployed = true});
  const pplcnet::TrainedStateDict state(deployed.network(), deployed.state(), "deployed");
  error = branches.load(state.file());
  EXPECT_NE(std::string(error.message()).find("has no branches"), std::string::npos)
      << error.message();
  // Branches become what is deployed.
  const pplcnet::TrainedStateDict trained(branches.network(), branches.state(), "trained");
  error = deployed.load(trained.file());
  EXPECT_FALSE(error) << error.message();
}

}  // namespace
}  // namespace pplcnet_test::trainer_test
