// Plans of training: what a network is made of, and where its values are.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/models/models.hpp"
#include "pplcnet/networks/pplcnet_v1.hpp"
#include "pplcnet/networks/pplcnet_v2.hpp"
#include "pplcnet/train/make_training_plan.hpp"
#include "published_graphs.hpp"
#include "train/graphs.hpp"

namespace pplcnet_test::plan_test {
namespace {

using pplcnet::Activation;
using pplcnet::Axis;
using pplcnet::Branch;
using pplcnet::Graph;
using pplcnet::Reduction;
using pplcnet::Role;
using pplcnet::Scale;
using pplcnet::TrainingForm;
using pplcnet::TrainingOperator;
using pplcnet::TrainingOptions;
using pplcnet::TrainingPlan;
using pplcnet::TrainingRule;
using pplcnet::TrainingStep;
using pplcnet::TrainingTensor;
using pplcnet::TrainingValue;
using pplcnet::V2;
using pplcnet::Value;
using pplcnet::Window;

// ---- Known to the compiler
// -----------------------------------------------------------------------

using Net = pplcnet::PPLCNet<Scale::x0_25, pplcnet::Options{.classes = 10, .input = {64, 64}}>;
constexpr TrainingPlan kPlan = make_training_plan(Net::Definition::graph(), {.images = 8});

constexpr std::int64_t values_of(const TrainingPlan& plan, bool statistics) {
  std::int64_t sum = 0;
  for (int i = 0; i < plan.tensor_count; ++i) {
    const TrainingTensor& tensor = plan.tensors[i];
    if (tensor.is_statistic() == statistics)
      sum += std::int64_t{tensor.taps()} * tensor.inputs * tensor.outputs;
  }
  return sum;
}
constexpr int count(const TrainingPlan& plan, TrainingOperator op) {
  int found = 0;
  for (int i = 0; i < plan.step_count; ++i) found += plan.steps[i].op == op ? 1 : 0;
  return found;
}

static_assert(!kPlan.flaw);
static_assert(values_of(kPlan, false) == Net::parameter_count);
static_assert(values_of(kPlan, true) == Net::buffer_count);
static_assert(count(kPlan, TrainingOperator::convolution) == 1);
static_assert(count(kPlan, TrainingOperator::depthwise) == 13);
static_assert(count(kPlan, TrainingOperator::normalise) == 27);
static_assert(count(kPlan, TrainingOperator::gate) == 2);
static_assert(count(kPlan, TrainingOperator::dropout) == 1);
static_assert(kPlan.values[kPlan.logits].shape.channels == 10);
static_assert(kPlan.values[kPlan.logits].pitch == 16);
// conv1, blocks2 to blocks6, and what follows them, as the learning rate's factors count them.
static_assert(kPlan.stages == 7);
static_assert(kPlan.tensors[0].stage == 0 && kPlan.tensors[kPlan.tensor_count - 1].stage == 6);
// Nothing is asked of the pixels: the gradients of the picture have no place.
static_assert(!kPlan.values[0].has_gradients && !kPlan.steps[1].input_gradients);
static_assert(make_training_plan(Net::Definition::graph(), {.images = 8, .picture_gradients = true})
                  .steps[0]
                  .input_gradients);
// Values of the forward pass that only it reads share their places with gradients.
static_assert([] {
  std::size_t sum = 0;
  for (int i = 0; i < kPlan.value_count; ++i)
    sum += (kPlan.values[i].has_gradients ? 2 : 1) * kPlan.values[i].floats(8);
  return kPlan.arena_floats < sum * 3 / 4;
}());

// ---- When a program runs
// -------------------------------------------------------------------------

std::unique_ptr<TrainingPlan> plan_of(const Graph& graph, const TrainingOptions& options) {
  return std::make_unique<TrainingPlan>(make_training_plan(graph, options));
}

/// Follows both passes over an arena whose every 16 floats know what is in them: whatever a step
/// reads must still be there.
class Arena {
 public:
  explicit Arena(const TrainingPlan& plan) : plan_(plan), owners_(plan.arena_floats / 16, -1) {}

  std::string check() {
    for (int i = 0; i < plan_.step_count; ++i) forward(plan_.steps[i], i);
    const int logits = plan_.logits;
    read(values(logits), "the logits");
    write(gradients(logits));
    for (int i = plan_.step_count - 1; i >= 0; --i) backward(plan_.steps[i], i);
    read(values(logits), "the logits in the end");
    return wrong_;
  }

 private:
  struct Range {
    int owner;
    std::size_t place, floats;
  };

  Range values(int value) const {
    const TrainingValue& one = plan_.values[value];
    return {3 * value, one.values, one.floats(plan_.options.images)};
  }
  Range gradients(int value) const {
    const TrainingValue& one = plan_.values[value];
    return {3 * value + 1, one.gradients, one.floats(plan_.options.images)};
  }
  Range moments(int step) const {
    const TrainingStep& one = plan_.steps[step];
    return {3 * step + 2, one.moments,
            2 * static_cast<std::size_t>(plan_.values[one.output].pitch)};
  }

  void write(const Range& range) {
    for (std::size_t i = range.place / 16; 16 * i < range.place + range.floats; ++i)
      owners_.at(i) = range.owner;
  }
  void read(const Range& range, const std::string& reader) {
    if (range.place % 16 != 0) wrong_ = reader + " is not aligned";
    for (std::size_t i = range.place / 16; 16 * i < range.place + range.floats; ++i)
      if (owners_.at(i) != range.owner) wrong_ = reader + " is not there";
  }

  void forward(const TrainingStep& step, int index) {
    const std::string name = "what step " + std::to_string(index) + " reads";
    for (const int value : {step.input, step.second})
      if (value >= 0) read(values(value), name);
    if (step.op == TrainingOperator::copy && !step.clears) read(values(step.output), name);
    write(values(step.output));
    if (step.op == TrainingOperator::normalise) write(moments(index));
    // What it has read is there until it is done.
    for (const int value : {step.input, step.second})
      if (value >= 0) read(values(value), name + ", in the end,");
  }

  /// What a gradient is computed from, operator by operator.
  void read_for_gradients(const TrainingStep& step, int index) {
    const std::string name = "what the gradients of step " + std::to_string(index) + " read";
    read(gradients(step.output), name);
    const bool learns = step.weight >= 0;
    switch (step.op) {
      case TrainingOperator::normalise:
        read(moments(index), name);
        [[fallthrough]];
      case TrainingOperator::activate:
      case TrainingOperator::max_pool:
        read(values(step.input), name);
        break;
      case TrainingOperator::gate:
        read(values(step.input), name);
        read(values(step.second), name);
        break;
      default:
        if (learns) read(values(step.input), name);
        break;
    }
  }

  void backward(const TrainingStep& step, int index) {
    if (!plan_.values[step.output].has_gradients) return;
    read_for_gradients(step, index);
    const std::string name = "what step " + std::to_string(index) + " adds to";
    if (step.input_gradients && step.input >= 0) {
      if (step.adds_input) read(gradients(step.input), name);
      write(gradients(step.input));
    }
    if (step.second_gradients) {
      if (step.adds_second) read(gradients(step.second), name);
      write(gradients(step.second));
    }
    read_for_gradients(step, index);
  }

  const TrainingPlan& plan_;
  std::vector<int> owners_;
  std::string wrong_;
};

/// Says whether the places of tensors are apart.
bool tensors_are_apart(const TrainingPlan& plan) {
  for (const bool statistics : {false, true}) {
    std::size_t end = 0;
    for (int i = 0; i < plan.tensor_count; ++i) {
      const TrainingTensor& tensor = plan.tensors[i];
      if (tensor.is_statistic() != statistics) continue;
      if (tensor.place < end || tensor.place % 16 != 0) return false;
      end = tensor.place + tensor.floats();
    }
    if (end > (statistics ? plan.statistic_floats : plan.parameter_floats)) return false;
  }
  return true;
}

void expect_sound(const Graph& graph) {
  for (const TrainingOptions& options :
       {TrainingOptions{.images = 3}, TrainingOptions{.images = 1, .picture_gradients = true},
        TrainingOptions{.images = 2, .as_deployed = true}}) {
    const auto plan = plan_of(graph, options);
    ASSERT_FALSE(plan->flaw) << graph.title << ": " << text_of(plan->flaw.broken);
    EXPECT_EQ(Arena(*plan).check(), "") << graph.title;
    EXPECT_TRUE(tensors_are_apart(*plan)) << graph.title;
  }
}

TEST(TrainingPlan, HasWhatEachStepReads) {
  expect_sound(pplcnet::pplcnet_v1(Scale::x0_5, {.input = {97, 75}}));
  expect_sound(pplcnet::pplcnet_v1(Scale::x0_25, {.input = {64, 64}, .head = 0}));
  expect_sound(pplcnet::pplcnet_v2(V2::small, {.input = {64, 64}}));
  expect_sound(pplcnet::pplcnet_v2(V2::large, {.input = {33, 47}}));
}

TEST(TrainingPlan, OfPublishedNetworksHasWhatEachStepReads) {
  int trainable = 0;
  for (const auto& published : pplcnet_test::kPublishedGraphs) {
    const Graph graph = published.graph();
    if (pplcnet::training_flaw(graph, {})) continue;
    expect_sound(graph);
    ++trainable;
  }
  EXPECT_GE(trainable, 8);
}

TEST(TrainingPlan, OfEverythingHasWhatEachStepReads) {
  const Graph graph = pplcnet_test::everything();
  ASSERT_FALSE(graph.flaw());
  expect_sound(graph);
  const auto plan = plan_of(graph, {.images = 2});
  EXPECT_EQ(count(*plan, TrainingOperator::max_pool), 1) << "the other one leads nowhere";
  EXPECT_EQ(count(*plan, TrainingOperator::affine), 2);
  const auto deployed = plan_of(graph, {.images = 2, .as_deployed = true});
  EXPECT_EQ(count(*deployed, TrainingOperator::affine), 1);
  EXPECT_EQ(count(*plan, TrainingOperator::depthwise), 2);
  EXPECT_EQ(count(*deployed, TrainingOperator::depthwise), 1);
}

TEST(TrainingPlan, SaysWhyANetworkCannotBeTrained) {
  const auto rule_of = [](const auto& change, const TrainingOptions& options = {}) {
    Graph g({32, 32});
    Value x = g.conv(g.image(), 8, {.kernel = 3, .stride = 2}, "stem");
    x = change(g, x);
    if (x.graph != nullptr) g.output(g.dense(g.global_mean(x), 3, {}, "fc"));
    EXPECT_FALSE(g.flaw());
    return plan_of(g, options)->flaw.broken;
  };
  const auto same = [](Graph&, Value x) { return x; };
  EXPECT_EQ(rule_of(same), TrainingRule::none);
  EXPECT_EQ(rule_of(same, {.images = 0}), TrainingRule::images);
  EXPECT_EQ(rule_of(same, {.images = TrainingOptions::kMostImages + 1}), TrainingRule::images);
  EXPECT_EQ(rule_of([](Graph& g, Value x) {
              g.output(x);
              return Value{};
            }),
            TrainingRule::classes);
  EXPECT_EQ(rule_of([](Graph& g, Value x) { return g.output(x); }), TrainingRule::classes);
  EXPECT_EQ(rule_of([](Graph& g, Value x) { return g.softmax(x, 2); }), TrainingRule::operators);
  EXPECT_EQ(
      rule_of([](Graph& g, Value x) { return g.reduce(x, Reduction::maximum, {Axis::channels}); }),
      TrainingRule::operators);
  EXPECT_EQ(rule_of([](Graph& g, Value x) {
              const Value y = g.conv(x, 8, {}, "one");
              return g.conv(y, 8, {.weights_of = y}, "two");
            }),
            TrainingRule::weights);
  EXPECT_EQ(rule_of([](Graph& g, Value x) { return g.transposed_conv(x, 8, 2, {}, "up"); }),
            TrainingRule::weights);
  EXPECT_EQ(rule_of([](Graph& g, Value x) { return g.activate(x, Activation::prelu, "slopes"); }),
            TrainingRule::slopes);
  EXPECT_EQ(rule_of([](Graph& g, Value x) {
              g.output(g.conv(x, 5, {}, "unused"), Role::stage);
              return x;
            }),
            TrainingRule::unused);
  const auto even = [](Graph& g, Value x) {
    return g.conv(x, 8, {.kernel = 2, .norm = false, .training = pplcnet_test::many_branches},
                  "even");
  };
  EXPECT_EQ(rule_of(even), TrainingRule::branches);
  EXPECT_EQ(rule_of(even, {.as_deployed = true}), TrainingRule::none);
}

TEST(TrainingPlan, TellsOfTooManySteps) {
  constexpr auto kSix = [](const Window& window, bool) {
    TrainingForm form;
    for (int i = 0; i < 6; ++i) form.add({window.kernel.height, ".conv", ".bn"});
    return form;
  };
  Graph g({16, 16});
  Value x = g.conv(g.image(), 8, {.kernel = 3}, "stem");
  for (int i = 0; i < 70; ++i)
    x = g.conv(x, 8, {.kernel = 3, .norm = false, .training = kSix}, "conv");
  g.output(g.dense(g.global_mean(x), 3, {}, "fc"));
  ASSERT_FALSE(g.flaw());
  EXPECT_EQ(plan_of(g, {})->flaw.broken, TrainingRule::size);
}

}  // namespace
}  // namespace pplcnet_test::plan_test
