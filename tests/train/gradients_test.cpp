// Gradients of every operator, against differences of a forward pass in double precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/networks/pplcnet_v1.hpp"
#include "pplcnet/networks/pplcnet_v2.hpp"
#include "pplcnet/training.hpp"
#include "synthetic.hpp"
#include "train/graphs.hpp"
#include "train/oracle.hpp"

namespace pplcnet_test::gradients_test {
namespace {

using pplcnet::Activation;
using pplcnet::AnyTrainer;
using pplcnet::Graph;
using pplcnet::Isa;
using pplcnet::TrainingPass;
using pplcnet::TrainingTensor;
using pplcnet::Value;
using pplcnet_test::Stream;
using pplcnet_test::TrainingOracle;

/// Gives a network parameters that are not those in the beginning, which no scale and shift has.
void shake(AnyTrainer& trainer) {
  const Stream stream("parameters");
  for (const TrainingTensor& tensor : trainer.tensors()) {
    const std::span<float> values = trainer.state().of(tensor);
    if (tensor.kind == TrainingTensor::Kind::weight) continue;
    for (std::size_t i = 0; i < static_cast<std::size_t>(tensor.outputs); ++i)
      values[i] += static_cast<float>(stream.u(tensor.place + i)) * 0.3F;
  }
}

/// A loss: the sum of all logits, each times a number.
double factor(std::size_t image, std::size_t k) { return Stream("loss").u(image * 64 + k); }

class Gradients : public testing::TestWithParam<Isa> {
 protected:
  /// A network, its gradients of a batch, and what computes the same in double precision.
  struct Case {
    AnyTrainer trainer;
    std::vector<float> pictures, picture_gradients;
    std::optional<TrainingOracle> oracle;
  };

  /// Computes gradients of a network that has parameters of all kinds.
  static std::unique_ptr<Case> case_of(const Graph& graph, int images, bool batch_statistics) {
    std::optional<AnyTrainer> made;
    const auto error =
        AnyTrainer::make(graph, {.images = images, .picture_gradients = true}, 1, made);
    EXPECT_FALSE(error) << error.message();
    auto result = std::make_unique<Case>(Case{std::move(*made), {}, {}, {}});
    AnyTrainer& trainer = result->trainer;
    shake(trainer);
    result->pictures = pplcnet_test::synthetic_input(
        1, static_cast<std::size_t>(images), 3, static_cast<std::size_t>(trainer.picture().height),
        static_cast<std::size_t>(trainer.picture().width));
    result->picture_gradients.resize(result->pictures.size());
    TrainingOracle& oracle = result->oracle.emplace(trainer.plan(), images);
    oracle.parameters.assign(trainer.parameters().begin(), trainer.parameters().end());
    oracle.statistics.assign(trainer.statistics().begin(), trainer.statistics().end());
    oracle.pictures.assign(result->pictures.begin(), result->pictures.end());
    oracle.batch_statistics = batch_statistics;
    TrainingPass pass = {.batch_statistics = batch_statistics, .moves_statistics = false};
    pass.drops = false;
    pass.isa = GetParam();
    trainer.forward(result->pictures, images, pass);
    expect_logits(oracle, trainer);
    const auto pitch = static_cast<std::size_t>(trainer.logits_pitch());
    const auto classes = static_cast<std::size_t>(trainer.classes());
    for (std::size_t i = 0; i < trainer.logits_gradients().size(); ++i)
      trainer.logits_gradients()[i] =
          i % pitch < classes ? static_cast<float>(factor(i / pitch, i % pitch)) : 0;
    trainer.backward(0, result->picture_gradients.data());
    return result;
  }

  /// Compares gradients of a network with differences of the loss, number by number.
  static void expect_exact(const Graph& graph, int images, bool batch_statistics = true) {
    SCOPED_TRACE(std::string(graph.title) + (batch_statistics ? "" : ", frozen"));
    const auto tested = case_of(graph, images, batch_statistics);
    AnyTrainer& trainer = tested->trainer;
    TrainingOracle& oracle = *tested->oracle;
    for (const TrainingTensor& tensor : trainer.tensors())
      if (!tensor.is_statistic())
        expect_differences(oracle, oracle.parameters,
                           trainer.gradients().subspan(tensor.place, tensor.floats()), tensor.place,
                           tensor.outputs, tensor.pitch(), trainer.name_of(tensor));
    expect_differences(oracle, oracle.pictures, tested->picture_gradients, 0, 1, 1, "the picture");
  }

  /// Compares the slope of the loss along one direction that has a part in each parameter.
  static void expect_slope(const Graph& graph, int images, bool batch_statistics) {
    SCOPED_TRACE(std::string(graph.title));
    const auto tested = case_of(graph, images, batch_statistics);
    TrainingOracle& oracle = *tested->oracle;
    const std::span<const float> gradients = std::as_const(tested->trainer).gradients();
    const std::vector<double> before = oracle.parameters;
    const Stream direction("direction");
    double slope = 0, squares = 0;
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      slope += direction.u(i) * gradients[i];
      squares += double{gradients[i]} * gradients[i];
    }
    constexpr double kStep = 1e-7;
    const auto loss_at = [&](double step) {
      for (std::size_t i = 0; i < before.size(); ++i)
        oracle.parameters[i] = before[i] + step * direction.u(i);
      return loss(oracle);
    };
    const double difference = (loss_at(kStep) - loss_at(-kStep)) / (2 * kStep);
    EXPECT_NEAR(slope, difference, 1e-3 * std::sqrt(squares));
  }

  static void expect_logits(TrainingOracle& oracle, const AnyTrainer& trainer) {
    const std::vector<double>& logits = oracle.logits();
    const auto classes = static_cast<std::size_t>(trainer.classes());
    const auto pitch = static_cast<std::size_t>(trainer.logits_pitch());
    double greatest = 0;
    for (const double one : logits) greatest = std::max(greatest, std::abs(one));
    for (std::size_t i = 0; i < logits.size(); ++i)
      EXPECT_NEAR(trainer.logits()[i / classes * pitch + i % classes], logits[i], 1e-4 * greatest);
  }

  static double loss(TrainingOracle& oracle) {
    const std::vector<double>& logits = oracle.logits();
    const auto classes = logits.size() / static_cast<std::size_t>(oracle.images());
    double sum = 0;
    for (std::size_t i = 0; i < logits.size(); ++i)
      sum += logits[i] * factor(i / classes, i % classes);
    return sum;
  }

  /// Compares some gradients by numbers from `place` on with differences. What pads them is zero.
  static void expect_differences(TrainingOracle& oracle, std::vector<double>& numbers,
                                 std::span<const float> gradients, std::size_t place, int outputs,
                                 int pitch, const std::string& name) {
    constexpr double kStep = 1e-6;
    constexpr std::size_t kSamples = 3;
    double greatest = 0;
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      greatest = std::max(greatest, std::abs(double{gradients[i]}));
      const bool pads = static_cast<int>(i % static_cast<std::size_t>(pitch)) >= outputs;
      if (pads) {
        EXPECT_EQ(gradients[i], 0) << name << " is padded";
      }
    }
    const Stream stream("samples of " + name);
    for (std::size_t sample = 0; sample < kSamples; ++sample) {
      const std::size_t row =
          stream.bits(2 * sample) % (gradients.size() / static_cast<std::size_t>(pitch));
      const std::size_t i = row * static_cast<std::size_t>(pitch) +
                            stream.bits(2 * sample + 1) % static_cast<std::size_t>(outputs);
      double& number = numbers[place + i];
      const double before = number;
      number = before + kStep;
      const double above = loss(oracle);
      number = before - kStep;
      const double below = loss(oracle);
      number = before;
      EXPECT_NEAR(gradients[i], (above - below) / (2 * kStep), 2e-4 * greatest + 1e-6)
          << name << ", number " << i;
    }
  }
};

TEST_P(Gradients, OfEverything) {
  expect_exact(pplcnet_test::everything(), 3);
  expect_exact(pplcnet_test::everything(), 2, /*batch_statistics=*/false);
}

/// A network around one operator, on a map of odd sizes.
template <class Append>
Graph around(std::string_view title, const Append& append) {
  Graph g({19, 14}, {}, title);
  Value x = g.conv(g.image(), 10, {.kernel = 3, .stride = {1, 2}}, "stem");
  x = append(g, x);
  g.output(g.dense(g.global_mean(x), 3, {}, "fc"));
  return g;
}

TEST_P(Gradients, OfConvolutions) {
  for (const int kernel : {1, 2, 3, 5, 7})
    for (const pplcnet::Stride stride :
         {pplcnet::Stride(1), pplcnet::Stride(2, 1), pplcnet::Stride(3)}) {
      const pplcnet::Conv conv = {.kernel = kernel, .stride = stride, .norm = false, .bias = true};
      expect_exact(
          around("convolution", [&](Graph& g, Value x) { return g.conv(x, 9, conv, "c"); }), 2);
      expect_exact(
          around("depthwise", [&](Graph& g, Value x) { return g.depthwise(x, conv, "depthwise"); }),
          2);
    }
  const pplcnet::Conv spread = {.kernel = {3, 2}, .dilation = {2, 3}};
  expect_exact(around("dilation", [&](Graph& g, Value x) { return g.conv(x, 9, spread, "c"); }), 2);
  expect_exact(around("spread", [&](Graph& g, Value x) { return g.depthwise(x, spread, "d"); }), 2);
}

TEST_P(Gradients, OfActivations) {
  for (const Activation& activation :
       {Activation::relu, Activation::relu6, Activation::hardswish, Activation::hardsigmoid,
        Activation::hardsigmoid_paddle, Activation::clip, Activation::sigmoid, Activation::gelu,
        Activation::silu, Activation::linear_of(0.5F, 1), Activation::root_of(4)}) {
    expect_exact(around(activation_name(activation),
                        [&](Graph& g, Value x) {
                          x = g.conv(x, 8, {.activation = activation}, "norm");
                          return g.activate(g.conv(x, 8, {}, "alone"), activation);
                        }),
                 2);
  }
}

TEST_P(Gradients, OfPools) {
  for (const pplcnet::Pool& pool :
       {pplcnet::Pool{}, pplcnet::Pool{.kernel = 3, .stride = 2, .padding = 1},
        pplcnet::Pool{.kernel = 3, .stride = 1, .padding = 1, .count_padding = true},
        pplcnet::Pool{.kernel = {2, 3}, .stride = {2, 3}, .ceil_mode = true}}) {
    expect_exact(around("maximum", [&](Graph& g, Value x) { return g.max_pool(x, pool); }), 2);
    expect_exact(around("mean", [&](Graph& g, Value x) { return g.mean_pool(x, pool); }), 2);
  }
}

TEST_P(Gradients, OfOurNetworks) {
  expect_slope(pplcnet_v1(pplcnet::Scale::x0_25, {.classes = 4, .input = {33, 40}}), 3, true);
  expect_slope(pplcnet_v1(pplcnet::Scale::x0_25, {.classes = 4, .input = {33, 40}}), 3, false);
  expect_slope(pplcnet_v2(pplcnet::V2::small, {.classes = 4, .input = {32, 32}}), 3, false);
}

std::string name_of(const testing::TestParamInfo<Isa>& info) {
  return pplcnet::isa_name(info.param);
}
INSTANTIATE_TEST_SUITE_P(Training, Gradients, testing::ValuesIn(pplcnet_test::available_isas()),
                         name_of);

}  // namespace
}  // namespace pplcnet_test::gradients_test
