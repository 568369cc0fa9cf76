#ifndef PPLCNET_TESTS_KERNELS_TRAINING_CASE_HPP
#define PPLCNET_TESTS_KERNELS_TRAINING_CASE_HPP

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "pplcnet/kernels/training/training.hpp"
#include "pplcnet/train/scratch.hpp"
#include "threads.hpp"

namespace pplcnet_test {

using pplcnet::Activation;
using pplcnet::Isa;
using pplcnet::Pair;
using pplcnet::Shape;
using pplcnet::TrainingOperator;
using pplcnet::TrainingStep;
using pplcnet::TrainingTensor;
using pplcnet::TrainingValue;
using pplcnet::Window;

inline std::size_t place(std::int64_t i) { return static_cast<std::size_t>(i); }

/// What a step should compute: the numbers, and the sizes of what was added up for each.
struct Expected {
  std::vector<double> values, sizes;

  explicit Expected(std::size_t count = 0) : values(count), sizes(count) {}
  void add(std::int64_t i, double term) { add(i, term, std::abs(term)); }
  void add(std::int64_t i, double term, double size) {
    values[place(i)] += term;
    sizes[place(i)] += size;
  }
};

/// A step alone, with its values and tensors, all of them random; what pads channels is zero, and
/// what a step writes is NaN before it does.
class TrainingCase {
 public:
  TrainingStep step;
  int images = 1;
  bool batch_statistics = true, moves_statistics = true, drops = true;
  std::vector<TrainingValue> values;
  std::vector<TrainingTensor> tensors;
  std::vector<float> inputs, seconds, output_gradients;  ///< of the step
  std::vector<float> parameters, statistics;
  std::vector<float> before, second_before;  ///< what gradients are added to
  std::vector<float> pictures;

  TrainingCase(TrainingOperator op, int image_count, unsigned seed) : images(image_count) {
    step.op = op;
    random_.seed(seed);
  }

  int value(const Shape& shape) {
    values.push_back({.shape = shape, .pitch = pplcnet::padded_channels(shape.channels)});
    return static_cast<int>(values.size()) - 1;
  }
  int tensor(TrainingTensor::Kind kind, Pair kernel, int channels, int outputs) {
    TrainingTensor t{.kind = kind, .kernel = kernel, .inputs = channels, .outputs = outputs};
    std::vector<float>& to = t.is_statistic() ? statistics : parameters;
    t.place = to.size();
    to.resize(to.size() + t.floats());
    for (std::size_t i = t.place; i < to.size(); ++i)
      if (static_cast<int>((i - t.place) % place(t.pitch())) < outputs)
        to[i] = kind == TrainingTensor::Kind::variance ? std::abs(number()) + 0.1F : number();
    to.resize(pplcnet::round_up(static_cast<std::int64_t>(to.size()), 16));
    tensors.push_back(t);
    return static_cast<int>(tensors.size()) - 1;
  }
  float number() { return std::uniform_real_distribution<float>(-2, 2)(random_); }

  /// Fills what the step reads.
  void fill() {
    inputs = rows(step.input);
    before = rows(step.input);
    seconds = rows(step.second);
    second_before = rows(step.second);
    output_gradients = rows(step.output);
    step.input_gradients = step.input >= 0;
    step.second_gradients = step.second >= 0;
  }

  /// What a step has computed.
  struct Result {
    std::vector<float> outputs, input_gradients, second_gradients, gradients, statistics;
    std::vector<float> picture_gradients;
    bool operator==(const Result& other) const {
      const auto same = [](const std::vector<float>& a, const std::vector<float>& b) {
        return a.size() == b.size() &&
               (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
      };
      return same(outputs, other.outputs) && same(input_gradients, other.input_gradients) &&
             same(second_gradients, other.second_gradients) && same(gradients, other.gradients) &&
             same(statistics, other.statistics) && same(picture_gradients, other.picture_gradients);
    }
  };

  Result run(Isa isa, int threads) const {
    std::vector<TrainingValue> placed = values;
    std::size_t end = 0;
    for (TrainingValue& v : placed) {
      v.values = end;
      v.gradients = end + v.floats(images);
      end += pplcnet::round_up(static_cast<std::int64_t>(2 * v.floats(images)), 16);
    }
    TrainingStep own = step;
    own.moments = end;
    constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> arena(end + 2 * place(placed[place(step.output)].pitch) + 64, kNan);
    std::vector<float> scratch(pplcnet::scratch_floats(own, placed, tensors, images) + 16, kNan);
    std::vector<float> gradients(parameters.size()), moved = statistics;
    for (const TrainingTensor& t : tensors)  // what lies between them is not written
      if (!t.is_statistic())
        std::fill_n(gradients.begin() + static_cast<std::ptrdiff_t>(t.place), t.floats(), kNan);
    std::vector<float> of_pictures(pictures.size(), kNan);
    std::vector<float> weights = parameters;
    const auto put = [&](int index, std::size_t TrainingValue::*where,
                         const std::vector<float>& from) {
      if (index >= 0)
        std::copy(from.begin(), from.end(),
                  arena.begin() + static_cast<std::ptrdiff_t>(placed[place(index)].*where));
    };
    put(step.input, &TrainingValue::values, inputs);
    put(step.second, &TrainingValue::values, seconds);
    put(step.output, &TrainingValue::gradients, output_gradients);
    if (step.adds_input) put(step.input, &TrainingValue::gradients, before);
    if (step.adds_second) put(step.second, &TrainingValue::gradients, second_before);
    Threads pool(threads);
    pplcnet::TrainingRun pass = {.steps = {&own, 1},
                                 .values = placed,
                                 .tensors = tensors,
                                 .images = images,
                                 .pictures = pictures.data(),
                                 .picture_gradients = of_pictures.data(),
                                 .arena = arena.data(),
                                 .parameters = weights.data(),
                                 .gradients = gradients.data(),
                                 .statistics = moved.data(),
                                 .scratch = scratch.data(),
                                 .batch_statistics = batch_statistics,
                                 .moves_statistics = moves_statistics,
                                 .drops = drops,
                                 .dropout_seed = 7,
                                 .executor = pool.executor()};
    pplcnet::training_forward(pass, isa);
    pplcnet::training_backward(pass, isa);
    for (std::size_t i = scratch.size() - 16; i < scratch.size(); ++i)
      EXPECT_TRUE(std::isnan(scratch[i])) << "written behind the scratch memory";
    const auto take = [&](int index, std::size_t TrainingValue::*where) {
      if (index < 0) return std::vector<float>();
      const auto begin = arena.begin() + static_cast<std::ptrdiff_t>(placed[place(index)].*where);
      return std::vector<float>(
          begin, begin + static_cast<std::ptrdiff_t>(placed[place(index)].floats(images)));
    };
    return {.outputs = take(step.output, &TrainingValue::values),
            .input_gradients = take(step.input, &TrainingValue::gradients),
            .second_gradients = take(step.second, &TrainingValue::gradients),
            .gradients = gradients,
            .statistics = moved,
            .picture_gradients = of_pictures};
  }

  /// Runs the step on every instruction set and with several threads; all but the baseline of a CPU
  /// without fused multiply-adds give the same bits.
  void check(const std::function<void(const Result&)>& compare) const {
    std::vector<Result> fused;
    for (const Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512}) {
      if (!pplcnet::has_isa(isa)) continue;
      SCOPED_TRACE(pplcnet::isa_name(isa));
      const Result one = run(isa, 1);
      compare(one);
      EXPECT_TRUE(one == run(isa, 2)) << "two threads give other bits";
      EXPECT_TRUE(one == run(isa, 3)) << "three threads give other bits";
      if (isa != Isa::baseline) fused.push_back(one);
    }
    for (const Result& other : fused) EXPECT_TRUE(other == fused[0]) << "AVX-512 gives other bits";
  }

 private:
  std::vector<float> rows(int index) {
    if (index < 0) return {};
    const TrainingValue& v = values[place(index)];
    std::vector<float> to(v.floats(images));
    for (std::size_t i = 0; i < to.size(); ++i)
      if (static_cast<int>(i % place(v.pitch)) < v.shape.channels) to[i] = number();
    return to;
  }
  std::mt19937 random_;
};

/// Compares numbers with what they should be: each step of a sum of float32 may round by half of
/// the last bit of what has been added up.
inline void expect_near(const std::vector<float>& actual, const Expected& expected, double steps,
                        const std::string& what) {
  ASSERT_EQ(actual.size(), expected.values.size()) << what;
  int wrong = 0;
  for (std::size_t i = 0; i < actual.size() && wrong < 5; ++i) {
    const double allowed = steps * 0x1p-24 * expected.sizes[i] + 1e-30;
    const double difference = std::abs(double{actual[i]} - expected.values[i]);
    if (difference <= allowed) continue;
    ++wrong;
    ADD_FAILURE() << what << " " << i << ": " << actual[i] << ", expected " << expected.values[i]
                  << " within " << allowed;
  }
}

/// Returns the gradients of a value before a step, if it adds to them.
inline Expected starting_with(std::size_t count, bool adds, const std::vector<float>& before) {
  Expected start(count);
  if (adds)
    for (std::size_t i = 0; i < count; ++i)
      start.add(static_cast<std::int64_t>(i), double{before[i]});
  return start;
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_KERNELS_TRAINING_CASE_HPP
