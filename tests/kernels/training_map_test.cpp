// All other steps of training, on every instruction set, against plain loops in doubles.
#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "kernels/oracle.hpp"
#include "kernels/training_case.hpp"
#include "kernels/training_slopes.hpp"

namespace pplcnet_test {
namespace {

using Kind = TrainingTensor::Kind;
using Result = TrainingCase::Result;

constexpr int kChannels[] = {1, 3, 8, 9, 24, 100};
constexpr std::pair<int, int> kSizes[] = {{1, 1}, {5, 3}, {8, 9}, {33, 31}};

/// Runs `body` with a step of one input and one output, of all sizes.
template <class Body>
void for_maps(TrainingOperator op, bool to_vector, const Body& body) {
  for (const int channels : kChannels)
    for (const auto& [height, width] : kSizes)
      for (const int images : {1, 3}) {
        SCOPED_TRACE(::testing::Message()
                     << images << " x " << height << " x " << width << " x " << channels);
        TrainingCase test(op, images, static_cast<unsigned>(channels + height));
        test.step.input = test.value({height, width, channels});
        test.step.output = test.value({to_vector ? 1 : height, to_vector ? 1 : width, channels});
        test.step.adds_input = (channels + images) % 2 == 0;
        body(test);
      }
}

int pitch_of(const TrainingCase& test) { return test.values[place(test.step.input)].pitch; }
bool is_padding(const TrainingCase& test, std::size_t i) {
  const TrainingValue& value = test.values[place(test.step.output)];
  return static_cast<int>(i % place(value.pitch)) >= value.shape.channels;
}

TEST(TrainingActivation, IsThatOfPlainLoops) {
  for (const Activation& activation : kTrainedActivations) {
    SCOPED_TRACE(pplcnet::activation_name(activation));
    for_maps(TrainingOperator::activate, false, [&](TrainingCase& test) {
      test.step.activation = activation;
      test.fill();
      for (float& x : test.inputs) x *= 3;
      Expected outputs(test.inputs.size());
      for (std::size_t i = 0; i < test.inputs.size(); ++i)
        if (near_kink(activation, double{test.inputs[i]})) test.output_gradients[i] = 0;
      Expected gradients = starting_with(test.inputs.size(), test.step.adds_input, test.before);
      for (std::size_t i = 0; i < test.inputs.size(); ++i) {
        const double x = double{test.inputs[i]}, dy = double{test.output_gradients[i]};
        if (is_padding(test, i)) continue;
        outputs.add(static_cast<std::int64_t>(i), activated(activation, x), 1 + std::abs(x));
        gradients.add(static_cast<std::int64_t>(i), dy * slope(activation, x),
                      std::abs(dy) * (1 + std::abs(x)));
      }
      test.check([&](const Result& result) {
        expect_near(result.outputs, outputs, 8, "output");
        expect_near(result.input_gradients, gradients, 8, "gradient");
      });
    });
  }
}

// Slopes at kinks are those of PaddlePaddle's kernels.
TEST(TrainingActivation, HasPaddlesSlopesAtKinks) {
  struct Kink {
    Activation activation;
    float x, slope;
  };
  for (const auto& [activation, x, slope] : {Kink{Activation::relu, 0, 0},
                                             {Activation::relu6, 0, 0},
                                             {Activation::relu6, 6, 0},
                                             {Activation::hardswish, -3, 0},
                                             {Activation::hardswish, 3, 1},
                                             {Activation::clip, 0, 0},
                                             {Activation::clip, 1, 0}}) {
    TrainingCase test(TrainingOperator::activate, 1, 1);
    test.step.input = test.value({1, 1, 24});
    test.step.output = test.value({1, 1, 24});
    test.step.activation = activation;
    test.fill();
    std::fill(test.inputs.begin(), test.inputs.end(), x);
    test.check([&, slope = slope](const Result& result) {
      for (std::size_t i = 0; i < test.inputs.size(); ++i)
        EXPECT_EQ(result.input_gradients[i], slope * test.output_gradients[i])
            << pplcnet::activation_name(test.step.activation) << " at " << test.inputs[i];
    });
  }
}

TEST(TrainingAdd, AddsAndPassesGradientsToBoth) {
  for_maps(TrainingOperator::add, false, [&](TrainingCase& test) {
    test.step.second = test.value(test.values[0].shape);
    test.step.adds_second = !test.step.adds_input;
    test.fill();
    test.check([&](const Result& result) {
      for (std::size_t i = 0; i < test.inputs.size(); ++i) {
        EXPECT_EQ(result.outputs[i], test.inputs[i] + test.seconds[i]);
        const float dy = test.output_gradients[i];
        EXPECT_EQ(result.input_gradients[i], test.step.adds_input ? test.before[i] + dy : dy);
        EXPECT_EQ(result.second_gradients[i],
                  test.step.adds_second ? test.second_before[i] + dy : dy);
      }
    });
  });
}

TEST(TrainingGate, IsThatOfPlainLoops) {
  for_maps(TrainingOperator::gate, false, [&](TrainingCase& test) {
    const Shape shape = test.values[0].shape;
    test.step.second = test.value({1, 1, shape.channels});
    test.step.adds_second = !test.step.adds_input;
    test.fill();
    Expected outputs(test.inputs.size());
    Expected gradients = starting_with(test.inputs.size(), test.step.adds_input, test.before);
    Expected of_factors =
        starting_with(test.seconds.size(), test.step.adds_second, test.second_before);
    const std::int64_t image = shape.pixels() * pitch_of(test);
    for (std::int64_t i = 0; i < std::ssize(test.inputs); ++i) {
      const std::int64_t j = i / image * pitch_of(test) + i % pitch_of(test);
      const double x = double{test.inputs[place(i)]}, g = double{test.seconds[place(j)]};
      const double dy = double{test.output_gradients[place(i)]};
      outputs.add(i, x * g);
      gradients.add(i, dy * g);
      of_factors.add(j, dy * x);
    }
    test.check([&](const Result& result) {
      expect_near(result.outputs, outputs, 1, "output");
      expect_near(result.input_gradients, gradients, 2, "gradient of the map");
      expect_near(result.second_gradients, of_factors, 64 + 16, "gradient of a factor");
    });
  });
}

TEST(TrainingMean, IsThatOfPlainLoops) {
  for_maps(TrainingOperator::mean, true, [&](TrainingCase& test) {
    test.fill();
    const auto pixels = test.values[0].shape.pixels();
    const std::int64_t image = pixels * pitch_of(test);
    Expected outputs(test.output_gradients.size());
    Expected gradients = starting_with(test.inputs.size(), test.step.adds_input, test.before);
    for (std::int64_t i = 0; i < std::ssize(test.inputs); ++i) {
      const std::int64_t j = i / image * pitch_of(test) + i % pitch_of(test);
      outputs.add(j, double{test.inputs[place(i)]} / static_cast<double>(pixels));
      gradients.add(i, double{test.output_gradients[place(j)]} / static_cast<double>(pixels));
    }
    test.check([&](const Result& result) {
      expect_near(result.outputs, outputs, 64 + 16, "output");
      expect_near(result.input_gradients, gradients, 3, "gradient");
    });
  });
}

TEST(TrainingAffine, IsThatOfPlainLoops) {
  for_maps(TrainingOperator::affine, false, [&](TrainingCase& test) {
    test.step.weight = test.tensor(Kind::scale, 1, 1, 1);
    test.step.bias = test.tensor(Kind::shift, 1, 1, 1);
    test.fill();
    const double scale = double{test.parameters[test.tensors[0].place]};
    const double shift = double{test.parameters[test.tensors[1].place]};
    Expected outputs(test.inputs.size()), parameters(test.parameters.size());
    Expected gradients = starting_with(test.inputs.size(), test.step.adds_input, test.before);
    for (std::size_t i = 0; i < test.inputs.size(); ++i) {
      if (is_padding(test, i)) continue;
      const double x = double{test.inputs[i]}, dy = double{test.output_gradients[i]};
      const auto at = static_cast<std::int64_t>(i);
      outputs.add(at, x * scale);
      outputs.add(at, shift);
      gradients.add(at, dy * scale);
      parameters.add(static_cast<std::int64_t>(test.tensors[0].place), dy * x);
      parameters.add(static_cast<std::int64_t>(test.tensors[1].place), dy);
    }
    test.check([&](const Result& result) {
      expect_near(result.outputs, outputs, 2, "output");
      expect_near(result.input_gradients, gradients, 2, "gradient");
      expect_near(result.gradients, parameters, 256 + 64, "gradient of a parameter");
    });
  });
}

TEST(TrainingDropout, KeepsSomeOfTheValuesAndTheirGradients) {
  for_maps(TrainingOperator::dropout, false, [&](TrainingCase& test) {
    test.step.keep_percent = 80;
    test.fill();
    test.check([&](const Result& result) {
      int kept = 0, all = 0;
      for (std::size_t i = 0; i < test.inputs.size(); ++i) {
        if (is_padding(test, i)) continue;
        ++all;
        const bool keeps = result.outputs[i] != 0;
        kept += keeps;
        EXPECT_EQ(result.outputs[i], keeps ? test.inputs[i] : 0);
        const float dy = keeps ? test.output_gradients[i] : 0;
        EXPECT_EQ(result.input_gradients[i], test.step.adds_input ? test.before[i] + dy : dy);
      }
      if (all > 1000) {
        EXPECT_NEAR(kept / static_cast<double>(all), 0.8, 0.05);
      }
    });
    test.drops = false;
    test.check([&](const Result& result) {
      for (std::size_t i = 0; i < test.inputs.size(); ++i)
        EXPECT_EQ(result.outputs[i], test.inputs[i] * 0.8F);
    });
  });
}

TEST(TrainingPicture, IsMadeOfPlanes) {
  TrainingCase test(TrainingOperator::picture, 3, 1);
  test.step.output = test.value({33, 130, 3});
  test.fill();
  test.step.input_gradients = true;
  for (int i = 0; i < 3 * 3 * 33 * 130; ++i) test.pictures.push_back(test.number());
  test.check([&](const Result& result) {
    for (std::size_t i = 0; i < result.outputs.size(); ++i) {
      const std::size_t pixels = 33 * 130, channel = i % 8, row = i / 8;
      if (channel >= 3) {
        EXPECT_EQ(result.outputs[i], 0);
        continue;
      }
      const std::size_t from = (row / pixels * 3 + channel) * pixels + row % pixels;
      EXPECT_EQ(result.outputs[i], test.pictures[from]);
      EXPECT_EQ(result.picture_gradients[from], test.output_gradients[i]);
    }
  });
}

TEST(TrainingCopy, MovesChannels) {
  for (const bool adds : {false, true}) {
    TrainingCase test(TrainingOperator::copy, 3, 1);
    test.step.input = test.value({33, 31, 20});
    test.step.output = test.value({33, 31, 13});
    test.step.first = 3;
    test.step.read_step = 2;
    test.step.first_output = 1;
    test.step.write_step = 3;
    test.step.channels = 4;
    test.step.clears = true;
    test.step.adds_input = adds;
    test.fill();
    test.check([&](const Result& result) {
      for (std::size_t row = 0; row < place(3 * 33 * 31); ++row) {
        std::set<std::size_t> read;
        for (std::size_t i = 0; i < 4; ++i) {
          const std::size_t from = row * 24 + 3 + 2 * i, to = row * 16 + 1 + 3 * i;
          EXPECT_EQ(result.outputs[to], test.inputs[from]);
          EXPECT_EQ(result.input_gradients[from],
                    test.output_gradients[to] + (adds ? test.before[from] : 0));
          read.insert(from);
        }
        for (std::size_t i = row * 24; i < (row + 1) * 24; ++i)
          if (!read.contains(i)) {
            EXPECT_EQ(result.input_gradients[i], adds ? test.before[i] : 0);
          }
        for (std::size_t i = 13; i < 16; ++i) EXPECT_EQ(result.outputs[row * 16 + i], 0);
      }
    });
  }
}

/// What a pool should compute: the pixels of each window, and how many a mean counts.
template <class Body>
void for_windows(const TrainingCase& test, const Body& body) {
  const TrainingValue &from = test.values[0], &to = test.values[1];
  const Window& w = test.step.window;
  for (int image = 0; image < test.images; ++image)
    for (int y = 0; y < to.shape.height; ++y)
      for (int x = 0; x < to.shape.width; ++x)
        for (int channel = 0; channel < to.shape.channels; ++channel) {
          std::vector<std::int64_t> pixels;
          int counted = 0;
          for (int i = 0; i < w.kernel.height; ++i)
            for (int j = 0; j < w.kernel.width; ++j) {
              const int v = y * w.stride.height + i - w.padding.top;
              const int u = x * w.stride.width + j - w.padding.left;
              counted += v < from.shape.height + w.padding.bottom &&
                         u < from.shape.width + w.padding.right;
              if (v >= 0 && v < from.shape.height && u >= 0 && u < from.shape.width)
                pixels.push_back(
                    ((std::int64_t{image} * from.shape.height + v) * from.shape.width + u) *
                        from.pitch +
                    channel);
            }
          body(((std::int64_t{image} * to.shape.height + y) * to.shape.width + x) * to.pitch +
                   channel,
               pixels, counted);
        }
}

template <class Body>
void for_pools(TrainingOperator op, const Body& body) {
  for (const int channels : kChannels)
    for (const Window& window :
         {Window{2, 2}, Window{3, 2, 1, 1}, Window{3, 1, 1, 1},
          Window{{3, 2}, {2, 1}, 1, {1, 0, 0, 1}}, Window{3, 2, 1, 0, true}, Window{7, 1, 1, 3}})
      for (const bool adds : {false, true}) {
        TrainingCase test(op, 3, static_cast<unsigned>(channels));
        test.step.window = window;
        test.step.input = test.value({9, 12, channels});
        test.step.output = test.value(window.output({9, 12, channels}, channels));
        test.step.adds_input = adds;
        test.step.count_padding = adds;
        test.fill();
        for (float& x : test.inputs) x = std::round(x * 4) / 4;  // many are equal
        body(test);
      }
}

TEST(TrainingMaxPool, GivesGradientsToTheFirstOfEqualMaxima) {
  for_pools(TrainingOperator::max_pool, [](const TrainingCase& test) {
    Expected outputs(test.output_gradients.size());
    Expected gradients = starting_with(test.inputs.size(), test.step.adds_input, test.before);
    for_windows(test, [&](std::int64_t to, const std::vector<std::int64_t>& pixels, int) {
      const auto best = *std::max_element(pixels.begin(), pixels.end(), [&](auto a, auto b) {
        return test.inputs[place(a)] < test.inputs[place(b)];
      });
      outputs.add(to, double{test.inputs[place(best)]});
      gradients.add(best, double{test.output_gradients[place(to)]});
    });
    test.check([&](const Result& result) {
      expect_near(result.outputs, outputs, 0, "output");
      expect_near(result.input_gradients, gradients, 50, "gradient");
    });
  });
}

TEST(TrainingAveragePool, IsThatOfPlainLoops) {
  for_pools(TrainingOperator::average_pool, [](const TrainingCase& test) {
    Expected outputs(test.output_gradients.size());
    Expected gradients = starting_with(test.inputs.size(), test.step.adds_input, test.before);
    for_windows(test, [&](std::int64_t to, const std::vector<std::int64_t>& pixels, int counted) {
      const double count = test.step.count_padding ? counted : static_cast<double>(pixels.size());
      for (const std::int64_t pixel : pixels) {
        outputs.add(to, double{test.inputs[place(pixel)]} / count);
        gradients.add(pixel, double{test.output_gradients[place(to)]} / count);
      }
    });
    test.check([&](const Result& result) {
      expect_near(result.outputs, outputs, 50, "output");
      expect_near(result.input_gradients, gradients, 50, "gradient");
    });
  });
}

TEST(TrainingUpdate, MovesParametersAsPaddlePaddleDoes) {
  for (const Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512}) {
    if (!pplcnet::has_isa(isa)) continue;
    std::vector<float> w(40), v(40), g(40);
    for (std::size_t i = 0; i < w.size(); ++i) {
      w[i] = static_cast<float>(i) - 20.5F;
      v[i] = static_cast<float>(i % 7) - 3;
      g[i] = static_cast<float>(i % 5) / 3;
    }
    std::vector<float> weights = w, velocities = v;
    pplcnet::update_parameters({},
                               {.parameters = weights.data(),
                                .velocities = velocities.data(),
                                .gradients = g.data(),
                                .count = 40,
                                .rate = 0.1F,
                                .momentum = 0.9F,
                                .l2 = 0.01F,
                                .gradient_scale = 0.5F},
                               isa);
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double velocity =
          double{0.9F} * double{v[i]} + 0.5 * double{g[i]} + double{0.01F} * double{w[i]};
      EXPECT_NEAR(velocities[i], velocity, 1e-6);
      EXPECT_NEAR(weights[i], double{w[i]} - double{0.1F} * velocity, 4e-6);
    }
  }
}

}  // namespace
}  // namespace pplcnet_test
