#ifndef PPLCNET_TESTS_TRAIN_ORACLE_HPP
#define PPLCNET_TESTS_TRAIN_ORACLE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "pplcnet/train/training_plan.hpp"

namespace pplcnet_test {

/// The forward pass of training in double precision and plain loops. Values are [image][row]
/// [column][channel], without padding.
class TrainingOracle {
 public:
  std::vector<double> parameters, statistics, pictures;
  bool batch_statistics = true;

  TrainingOracle(const pplcnet::TrainingPlan& plan, int images) : plan_(plan), images_(images) {
    for (int i = 0; i < plan.value_count; ++i)
      values_.emplace_back(static_cast<std::size_t>(images * plan.values[i].shape.size()));
  }

  int images() const { return images_; }

  /// Returns the logits: [image][class].
  const std::vector<double>& logits() {
    for (int i = 0; i < plan_.step_count; ++i) compute(plan_.steps[i]);
    return values_[static_cast<std::size_t>(plan_.logits)];
  }

  /// Returns what the activation of a step is applied to, from the values that the step reads.
  std::vector<double> before_activation(pplcnet::TrainingStep step) {
    step.activation = pplcnet::Activation::none;
    std::vector<double> kept = values(step.output);
    compute(step);
    std::swap(kept, values(step.output));
    return kept;
  }

  /// The numbers of a value.
  std::vector<double>& values(int value) { return values_[static_cast<std::size_t>(value)]; }

 private:
  using Step = pplcnet::TrainingStep;
  using Shape = pplcnet::Shape;
  using Kind = pplcnet::Activation::Kind;

  const Shape& shape(int value) const { return plan_.values[value].shape; }
  double& at(int value, int n, int y, int x, int c) {
    const Shape& s = shape(value);
    return values(
        value)[static_cast<std::size_t>(((n * s.height + y) * s.width + x) * s.channels + c)];
  }
  /// Returns a number of a tensor; none: 0.
  double learnt(int tensor, int tap, int in, int out) const {
    if (tensor < 0) return 0;
    const pplcnet::TrainingTensor& t = plan_.tensors[tensor];
    const auto place = t.place + static_cast<std::size_t>((tap * t.inputs + in) * t.pitch() + out);
    return t.is_statistic() ? statistics[place] : parameters[place];
  }

  template <class Body>
  void for_each(int value, const Body& body) const {
    const Shape& s = shape(value);
    for (int n = 0; n < images_; ++n)
      for (int y = 0; y < s.height; ++y)
        for (int x = 0; x < s.width; ++x)
          for (int c = 0; c < s.channels; ++c) body(n, y, x, c);
  }

  /// Calls `body(row, column, tap)` for the pixels under a window that are in the map.
  template <class Body>
  static void for_each_tap(const pplcnet::Window& window, const Shape& input, int y, int x,
                           const Body& body) {
    for (int i = 0; i < window.kernel.height; ++i)
      for (int j = 0; j < window.kernel.width; ++j) {
        const int row = y * window.stride.height + i * window.dilation.height - window.padding.top;
        const int column =
            x * window.stride.width + j * window.dilation.width - window.padding.left;
        if (row >= 0 && row < input.height && column >= 0 && column < input.width)
          body(row, column, i * window.kernel.width + j);
      }
  }

  static double activated(const pplcnet::Activation& activation, double x) {
    switch (activation.kind) {
      case Kind::none:
        return x;
      case Kind::relu:
        return std::max(x, 0.0);
      case Kind::relu6:
        return std::clamp(x, 0.0, 6.0);
      case Kind::hardswish:
        return x * std::clamp(x / 6 + 0.5, 0.0, 1.0);
      case Kind::hardsigmoid:
        return std::clamp(
            x * static_cast<double>(activation.slope) + static_cast<double>(activation.offset), 0.0,
            1.0);
      case Kind::sigmoid:
        return 1 / (1 + std::exp(-x));
      case Kind::gelu:
        return x * (1 + std::erf(x / std::sqrt(2.0))) / 2;
      case Kind::silu:
        return x / (1 + std::exp(-x));
      case Kind::linear:
        return x * static_cast<double>(activation.slope) + static_cast<double>(activation.offset);
      case Kind::root:
        return std::sqrt(std::max(x + static_cast<double>(activation.offset), 0.0));
      case Kind::prelu:
        break;
    }
    return std::numeric_limits<double>::quiet_NaN();
  }

  void normalise(const Step& step) {
    const Shape& s = shape(step.input);
    const double count = static_cast<double>(images_) * static_cast<double>(s.pixels());
    for (int c = 0; c < s.channels; ++c) {
      double mean = learnt(step.mean, 0, 0, c), variance = learnt(step.variance, 0, 0, c);
      if (batch_statistics) {
        mean = variance = 0;
        const auto add = [&](double& sum, const auto& term) {
          for (int n = 0; n < images_; ++n)
            for (int y = 0; y < s.height; ++y)
              for (int x = 0; x < s.width; ++x) sum += term(at(step.input, n, y, x, c)) / count;
        };
        add(mean, [](double x) { return x; });
        add(variance, [&](double x) { return (x - mean) * (x - mean); });
      }
      const double factor = learnt(step.gamma, 0, 0, c) / std::sqrt(variance + step.epsilon);
      for (int n = 0; n < images_; ++n)
        for (int y = 0; y < s.height; ++y)
          for (int x = 0; x < s.width; ++x)
            at(step.output, n, y, x, c) =
                activated(step.activation, (at(step.input, n, y, x, c) - mean) * factor +
                                               learnt(step.beta, 0, 0, c));
    }
  }

  double pooled(const Step& step, int n, int y, int x, int c) {
    const bool maximum = step.op == pplcnet::TrainingOperator::max_pool;
    double greatest = -std::numeric_limits<double>::infinity(), sum = 0;
    int count = 0;
    for_each_tap(step.window, shape(step.input), y, x, [&](int row, int column, int) {
      const double value = at(step.input, n, row, column, c);
      greatest = std::max(greatest, value);
      sum += value;
      ++count;
    });
    const pplcnet::Pair kernel = step.window.kernel;
    return maximum ? greatest : sum / (step.count_padding ? kernel.height * kernel.width : count);
  }

  double mean(const Step& step, int n, int c) {
    const Shape& s = shape(step.input);
    double sum = 0;
    for (int y = 0; y < s.height; ++y)
      for (int x = 0; x < s.width; ++x) sum += at(step.input, n, y, x, c);
    return sum / static_cast<double>(s.pixels());
  }

  double weighed(const Step& step, int n, int y, int x, int c) {
    const bool alone = step.op == pplcnet::TrainingOperator::depthwise;
    double sum = learnt(step.bias, 0, 0, c);
    for_each_tap(step.window, shape(step.input), y, x, [&](int row, int column, int tap) {
      if (alone) {
        sum += at(step.input, n, row, column, c) * learnt(step.weight, tap, 0, c);
        return;
      }
      for (int in = 0; in < shape(step.input).channels; ++in)
        sum += at(step.input, n, row, column, in) * learnt(step.weight, tap, in, c);
    });
    return sum;
  }

  double picture(int n, int y, int x, int c) const {
    const Shape& s = plan_.picture;
    return pictures[static_cast<std::size_t>(((n * 3 + c) * s.height + y) * s.width + x)];
  }

  void copy(const Step& step) {
    const Shape& s = shape(step.input);
    for (int n = 0; n < images_; ++n)
      for (int y = 0; y < s.height; ++y)
        for (int x = 0; x < s.width; ++x)
          for (int i = 0; i < step.channels; ++i)
            at(step.output, n, y, x, step.first_output + i * step.write_step) =
                at(step.input, n, y, x, step.first + i * step.read_step);
  }

  void compute(const Step& step) {
    if (step.op == pplcnet::TrainingOperator::normalise) return normalise(step);
    if (step.op == pplcnet::TrainingOperator::copy) return copy(step);
    for_each(step.output, [&](int n, int y, int x, int c) {
      at(step.output, n, y, x, c) = result(step, n, y, x, c);
    });
  }

  /// Returns one number of a step's output.
  double result(const Step& step, int n, int y, int x, int c) {
    using Op = pplcnet::TrainingOperator;
    switch (step.op) {
      case Op::picture:
        return picture(n, y, x, c);
      case Op::product:
      case Op::convolution:
      case Op::depthwise:
        return weighed(step, n, y, x, c);
      case Op::affine:
        return at(step.input, n, y, x, c) * learnt(step.weight, 0, 0, 0) +
               learnt(step.bias, 0, 0, 0);
      case Op::activate:
        return activated(step.activation, at(step.input, n, y, x, c));
      case Op::dropout:  // as at inference
        return at(step.input, n, y, x, c) * step.keep_percent / 100;
      case Op::add:
        return at(step.input, n, y, x, c) + at(step.second, n, y, x, c);
      case Op::gate:
        return at(step.input, n, y, x, c) * at(step.second, n, 0, 0, c);
      case Op::mean:
        return mean(step, n, c);
      case Op::max_pool:
      case Op::average_pool:
        return pooled(step, n, y, x, c);
      case Op::normalise:
      case Op::copy:
        break;
    }
    return std::numeric_limits<double>::quiet_NaN();
  }

  const pplcnet::TrainingPlan& plan_;
  int images_;
  std::vector<std::vector<double>> values_;
};

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_TRAIN_ORACLE_HPP
