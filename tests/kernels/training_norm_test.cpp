// Batch norms in training, on every instruction set: outputs, moments, running statistics and all
// gradients, against plain loops in doubles.
#include <gtest/gtest.h>

#include <tuple>

#include "kernels/oracle.hpp"
#include "kernels/training_case.hpp"
#include "kernels/training_slopes.hpp"

namespace pplcnet_test {
namespace {

using Kind = TrainingTensor::Kind;

constexpr double kEpsilon = 1e-5;

TrainingCase make(int images, const Shape& shape, Activation activation, float offset) {
  TrainingCase test(TrainingOperator::normalise, images, static_cast<unsigned>(shape.channels));
  test.step.input = test.value(shape);
  test.step.output = test.value(shape);
  test.step.activation = activation;
  test.step.epsilon = kEpsilon;
  test.step.gamma = test.tensor(Kind::gamma, 1, 1, shape.channels);
  test.step.beta = test.tensor(Kind::beta, 1, 1, shape.channels);
  test.step.mean = test.tensor(Kind::mean, 1, 1, shape.channels);
  test.step.variance = test.tensor(Kind::variance, 1, 1, shape.channels);
  test.fill();
  for (std::size_t i = 0; i < test.inputs.size(); ++i)
    if (test.inputs[i] != 0) test.inputs[i] += offset;
  return test;
}

/// What a batch norm should compute.
struct Oracle {
  Expected outputs, input_gradients, gradients, statistics;

  Oracle(TrainingCase& test, bool frozen)
      : outputs(test.inputs.size()),
        input_gradients(starting_with(test.inputs.size(), test.step.adds_input, test.before)),
        gradients(test.parameters.size()),
        statistics(test.statistics.size()),
        test_(test),
        frozen_(frozen) {
    const TrainingValue& value = test.values[place(test.step.input)];
    for (std::size_t i = 0; i < test.statistics.size(); ++i)
      statistics.add(static_cast<std::int64_t>(i), double{test.statistics[i]});
    for (int channel = 0; channel < value.shape.channels; ++channel) one(channel, value);
  }

 private:
  float& at(int tensor, int channel, std::vector<float>& of) {
    return of[test_.tensors[place(tensor)].place + place(channel)];
  }

  void one(int channel, const TrainingValue& value) {
    const std::int64_t n = value.rows(test_.images);
    const auto x = [&](std::int64_t row) {
      return double{test_.inputs[place(row * value.pitch + channel)]};
    };
    double mean = 0, variance = 0, size = 0;
    for (std::int64_t row = 0; row < n; ++row) {
      mean += x(row) / static_cast<double>(n);
      size = std::max(size, std::abs(x(row)));
    }
    for (std::int64_t row = 0; row < n; ++row)
      variance += std::pow(x(row) - mean, 2) / static_cast<double>(n);
    if (frozen_) {
      mean = double{at(test_.step.mean, channel, test_.statistics)};
      variance = double{at(test_.step.variance, channel, test_.statistics)};
      size += std::abs(mean);
    } else if (test_.moves_statistics) {
      move(test_.step.mean, channel, mean, size);
      move(test_.step.variance, channel, variance, size * size);
    }
    const double r = 1 / std::sqrt(variance + kEpsilon);
    gradients_of(channel, value, mean, r, size);
  }

  void move(int tensor, int channel, double batch, double size) {
    const std::size_t i = test_.tensors[place(tensor)].place + place(channel);
    statistics.values[i] = 0.9 * statistics.values[i] + 0.1 * batch;
    statistics.sizes[i] += size;
  }

  void gradients_of(int channel, const TrainingValue& value, double mean, double r, double size) {
    const std::int64_t n = value.rows(test_.images);
    const double gamma = double{at(test_.step.gamma, channel, test_.parameters)};
    const double beta = double{at(test_.step.beta, channel, test_.parameters)};
    const double error = size * r;  // of x̂, in units of the last bit
    std::vector<double> dz(place(n)), normal(place(n)), slope_error(place(n));
    double sum = 0, product = 0, sum_size = 0, product_size = 0;
    for (std::int64_t row = 0; row < n; ++row) {
      const auto i = place(row * value.pitch + channel);
      const double h = normal[place(row)] = (double{test_.inputs[i]} - mean) * r;
      const double z = gamma * h + beta,
                   z_error = std::abs(gamma) * (error + std::abs(h)) + std::abs(beta);
      outputs.add(static_cast<std::int64_t>(i), activated(test_.step.activation, z), 2 * z_error);
      if (near_kink(test_.step.activation, z)) test_.output_gradients[i] = 0;
      const double dy = double{test_.output_gradients[i]};
      dz[place(row)] = dy * slope(test_.step.activation, z);
      slope_error[place(row)] = std::abs(dy) * (1 + z_error);
      sum += dz[place(row)];
      product += dz[place(row)] * h;
      sum_size += slope_error[place(row)];
      product_size += slope_error[place(row)] * (std::abs(h) + error);
    }
    const auto gamma_at =
        static_cast<std::int64_t>(test_.tensors[place(test_.step.gamma)].place) + channel;
    const auto beta_at =
        static_cast<std::int64_t>(test_.tensors[place(test_.step.beta)].place) + channel;
    gradients.add(gamma_at, product, product_size);
    gradients.add(beta_at, sum, sum_size);
    const double share = frozen_ ? 0 : 1 / static_cast<double>(n);
    for (std::int64_t row = 0; row < n; ++row) {
      const double h = normal[place(row)];
      input_gradients.add(row * value.pitch + channel,
                          gamma * r * (dz[place(row)] - sum * share - h * product * share),
                          std::abs(gamma) * r *
                              (slope_error[place(row)] + sum_size * share +
                               (std::abs(h) + error) * product_size * share) *
                              2);
    }
  }

  TrainingCase& test_;
  bool frozen_;
};

void check(int images, const Shape& shape, Activation activation, bool frozen, float offset = 0) {
  SCOPED_TRACE(::testing::Message()
               << images << " x " << shape.height << " x " << shape.width << " x " << shape.channels
               << ", " << pplcnet::activation_name(activation) << (frozen ? ", frozen" : ""));
  TrainingCase test = make(images, shape, activation, offset);
  test.batch_statistics = !frozen;
  test.moves_statistics = !frozen && shape.channels != 9;
  test.step.adds_input = frozen == (shape.channels % 2 == 0);
  const Oracle oracle(test, frozen);
  constexpr double kRows = 256 + 64 + 16;  // of a chunk in one of four chains, chunks, parts
  test.check([&](const TrainingCase::Result& result) {
    expect_near(result.outputs, oracle.outputs, kRows, "output");
    expect_near(result.statistics, oracle.statistics, kRows, "running statistic");
    expect_near(result.gradients, oracle.gradients, kRows, "gradient of a parameter");
    expect_near(result.input_gradients, oracle.input_gradients, kRows, "gradient of the input");
  });
}

constexpr int kChannels[] = {1, 3, 8, 9, 24, 100};

TEST(TrainingNorm, IsThatOfPlainLoops) {
  for (const int channels : kChannels)
    for (const bool frozen : {false, true}) {
      check(1, {5, 3, channels}, Activation::none, frozen);
      check(3, {5, 3, channels}, Activation::hardswish, frozen);
      check(3, {1, 1, channels}, Activation::relu, frozen);
      check(3, {4, 7, channels}, Activation::relu6, frozen);
    }
}

TEST(TrainingNorm, HasAllActivations) {
  for (const Activation& activation : kTrainedActivations)
    for (const bool frozen : {false, true}) check(3, {5, 3, 9}, activation, frozen);
}

TEST(TrainingNorm, SumsManyRows) {
  check(3, {47, 31, 24}, Activation::hardswish, false);
  check(3, {61, 40, 8}, Activation::relu, false);
  check(3, {33, 9, 100}, Activation::none, true);
}

TEST(TrainingNorm, KeepsDigitsWhereTheMeanIsLarge) {
  check(3, {47, 31, 8}, Activation::none, false, 1000);
}

// As PaddlePaddle has it: a single pixel has no variance.
TEST(TrainingNorm, PassesASinglePixel) {
  for (const int channels : kChannels) {
    TrainingCase test = make(1, {1, 1, channels}, Activation::relu, 0);
    test.check([&](const TrainingCase::Result& result) {
      EXPECT_EQ(result.statistics, test.statistics);
      for (std::size_t i = 0; i < test.inputs.size(); ++i) {
        EXPECT_EQ(result.outputs[i], std::max(test.inputs[i], 0.0F));
        EXPECT_EQ(result.input_gradients[i], test.inputs[i] > 0 ? test.output_gradients[i] : 0);
      }
      for (const int tensor : {test.step.gamma, test.step.beta})
        for (int i = 0; i < pplcnet::padded_channels(channels); ++i)
          EXPECT_EQ(result.gradients[test.tensors[place(tensor)].place + place(i)], 0);
    });
  }
}

}  // namespace
}  // namespace pplcnet_test
