// Products, convolutions and depthwise convolutions in training, on every instruction set: outputs
// and all gradients, against plain loops in doubles.
#include <gtest/gtest.h>

#include "kernels/training_case.hpp"

namespace pplcnet_test {
namespace {

using Kind = TrainingTensor::Kind;

/// Geometry of a convolution.
struct Form {
  TrainingOperator op;
  int images;
  Shape input;
  int outputs;
  Window window = {};
  bool bias = false, adds = false;
};

TrainingCase make(const Form& form, unsigned seed) {
  TrainingCase test(form.op, form.images, seed);
  test.step.window = form.window;
  test.step.input = test.value(form.input);
  test.step.output = test.value(form.window.output(form.input, form.outputs));
  const bool depthwise = form.op == TrainingOperator::depthwise;
  test.step.weight = test.tensor(Kind::weight, form.window.kernel,
                                 depthwise ? 1 : form.input.channels, form.outputs);
  if (form.bias) test.step.bias = test.tensor(Kind::bias, 1, 1, form.outputs);
  test.step.adds_input = form.adds;
  test.fill();
  return test;
}

/// What a convolution should compute.
struct Oracle {
  Expected outputs, input_gradients, gradients;

  explicit Oracle(const TrainingCase& test)
      : outputs(test.output_gradients.size()),
        input_gradients(starting_with(test.inputs.size(), test.step.adds_input, test.before)),
        gradients(test.parameters.size()),
        test_(test) {
    const Shape& output = test.values[place(test.step.output)].shape;
    for (int image = 0; image < test.images; ++image)
      for (int y = 0; y < output.height; ++y)
        for (int x = 0; x < output.width; ++x) pixel(image, y, x);
  }

 private:
  void pixel(int image, int y, int x) {
    const TrainingStep& step = test_.step;
    const TrainingValue &from = test_.values[place(step.input)],
                        &to = test_.values[place(step.output)];
    const std::int64_t own =
        ((std::int64_t{image} * to.shape.height + y) * to.shape.width + x) * to.pitch;
    if (step.bias >= 0)
      for (int o = 0; o < to.shape.channels; ++o) {
        const auto bias = static_cast<std::int64_t>(test_.tensors[place(step.bias)].place) + o;
        outputs.add(own + o, double{test_.parameters[place(bias)]});
        gradients.add(bias, double{test_.output_gradients[place(own + o)]});
      }
    const Window& w = step.window;
    for (int i = 0; i < w.kernel.height; ++i)
      for (int j = 0; j < w.kernel.width; ++j) {
        const int v = y * w.stride.height + i * w.dilation.height - w.padding.top;
        const int u = x * w.stride.width + j * w.dilation.width - w.padding.left;
        if (v < 0 || v >= from.shape.height || u < 0 || u >= from.shape.width) continue;
        tap(i * w.kernel.width + j,
            ((std::int64_t{image} * from.shape.height + v) * from.shape.width + u) * from.pitch,
            own);
      }
  }

  void tap(int tap, std::int64_t from, std::int64_t to) {
    const TrainingTensor& weight = test_.tensors[place(test_.step.weight)];
    const bool depthwise = test_.step.op == TrainingOperator::depthwise;
    for (int o = 0; o < weight.outputs; ++o)
      for (int c = depthwise ? o : 0; c < (depthwise ? o + 1 : weight.inputs); ++c) {
        const std::int64_t at =
            static_cast<std::int64_t>(weight.place) +
            (std::int64_t{tap} * weight.inputs + (depthwise ? 0 : c)) * weight.pitch() + o;
        const double x = test_.inputs[place(from + c)], w = test_.parameters[place(at)];
        const double dy = test_.output_gradients[place(to + o)];
        outputs.add(to + o, x * w);
        input_gradients.add(from + c, dy * w);
        gradients.add(at, dy * x);
      }
  }

  const TrainingCase& test_;
};

void check(const Form& form) {
  const Shape& s = form.input;
  SCOPED_TRACE(::testing::Message()
               << form.images << " x " << s.height << " x " << s.width << " x " << s.channels
               << " to " << form.outputs << ", kernel " << form.window.kernel.height << " x "
               << form.window.kernel.width << ", stride " << form.window.stride.height
               << ", dilation " << form.window.dilation.height << (form.adds ? ", adds" : ""));
  const TrainingCase test = make(form, static_cast<unsigned>(s.channels * 100 + form.outputs));
  const Oracle oracle(test);
  const int taps = form.window.kernel.height * form.window.kernel.width;
  const double depth = form.op == TrainingOperator::depthwise ? taps : taps * s.channels;
  // Sums of a chunk's rows, of a part's chunks, of all parts.
  const double rows = 256 + 64 + 16;
  test.check([&](const TrainingCase::Result& result) {
    expect_near(result.outputs, oracle.outputs, depth + 2, "output");
    expect_near(result.input_gradients, oracle.input_gradients, taps * form.outputs + 2,
                "gradient of the input");
    expect_near(result.gradients, oracle.gradients, rows, "gradient of a parameter");
  });
}

constexpr int kChannels[] = {1, 3, 8, 9, 24, 100};

TEST(TrainingProduct, IsThatOfPlainLoops) {
  for (const int inputs : kChannels)
    for (const int outputs : kChannels)
      for (const int images : {1, 3}) {
        const bool bias = (inputs + outputs + images) % 2 == 0;
        check({TrainingOperator::product, images, {1, 1, inputs}, outputs, {}, bias, !bias});
        check({TrainingOperator::product, images, {5, 3, inputs}, outputs, {}, !bias, bias});
      }
}

TEST(TrainingProduct, SumsManyRows) {
  check({TrainingOperator::product, 3, {33, 9, 24}, 100, {}, true, false});
  check({TrainingOperator::product, 3, {47, 31, 9}, 40, {}, false, true});
  check({TrainingOperator::product, 1, {71, 67, 3}, 8, {}, true, false});
  check({TrainingOperator::product, 1, {1, 1, 300}, 130, {}, true, false});
}

TEST(TrainingConvolution, IsThatOfPlainLoops) {
  for (const int kernel : {1, 2, 3, 5, 7})
    for (const int stride : {1, 2, 3})
      for (const auto& [inputs, outputs] : {std::pair(1, 9), {3, 8}, {8, 3}, {9, 24}, {24, 1}}) {
        const bool bias = (kernel + stride + inputs) % 2 == 0;
        const Window window = {kernel, stride, 1, kernel / 2};
        check({TrainingOperator::convolution, 3, {7, 10, inputs}, outputs, window, bias, !bias});
        check({TrainingOperator::convolution,
               1,
               {kernel, kernel, inputs},
               outputs,
               window,
               !bias,
               bias});
      }
}

TEST(TrainingConvolution, HasDilationAndUnevenWindows) {
  check({TrainingOperator::convolution, 3, {9, 11, 3}, 8, {3, 1, 2, 2}});
  check({TrainingOperator::convolution, 1, {12, 8, 9}, 8, {{3, 5}, {2, 1}, {1, 2}, {0, 3, 1, 1}}});
  check({TrainingOperator::convolution, 1, {1, 1, 3}, 8, {3, 2, 1, 1}});
  check({TrainingOperator::convolution, 3, {31, 23, 3}, 16, {3, 2, 1, 1}, true, false});
}

TEST(TrainingDepthwise, IsThatOfPlainLoops) {
  for (const int kernel : {1, 2, 3, 4, 5, 7})
    for (const int stride : {1, 2, 3})
      for (const int channels : kChannels) {
        const bool bias = (kernel + stride + channels) % 2 == 0;
        const Window window = {kernel, stride, 1, kernel / 2};
        check({TrainingOperator::depthwise, 3, {8, 11, channels}, channels, window, bias, !bias});
        check({TrainingOperator::depthwise,
               1,
               {1, 1, channels},
               channels,
               {kernel, stride, 1, kernel / 2}});
      }
}

TEST(TrainingDepthwise, HasRowsInNoWindow) {
  for (const int channels : {8, 24}) {  // the last row and column of an even map, without padding
    check({TrainingOperator::depthwise, 3, {8, 10, channels}, channels, {3, 2, 1, 0}});
    check({TrainingOperator::depthwise, 1, {9, 9, channels}, channels, {1, 2, 1, 0}, false, true});
    check({TrainingOperator::depthwise, 1, {9, 8, channels}, channels, {2, 3, 1, 0}});
  }
}

TEST(TrainingDepthwise, HasDilationUnevenAndLargeWindows) {
  check({TrainingOperator::depthwise, 3, {9, 11, 24}, 24, {3, 1, 2, 2}});
  check({TrainingOperator::depthwise, 1, {12, 8, 9}, 9, {{3, 5}, {2, 1}, {1, 2}, {0, 3, 1, 1}}});
  check(
      {TrainingOperator::depthwise, 1, {13, 30, 8}, 8, {{9, 11}, 1, 1, {4, 5, 4, 5}}, true, true});
  check({TrainingOperator::depthwise, 3, {40, 37, 100}, 100, {5, 1, 1, 2}});
  check({TrainingOperator::depthwise, 3, {40, 37, 24}, 24, {3, 2, 1, 1}});
}

}  // namespace
}  // namespace pplcnet_test
