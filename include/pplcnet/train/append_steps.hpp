#ifndef PPLCNET_TRAIN_APPEND_STEPS_HPP
#define PPLCNET_TRAIN_APPEND_STEPS_HPP

#include <cstddef>
#include <cstdint>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/train/training_plan.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace training {

/// Appends steps, values and tensors to a plan; once there is no room, the plan has a flaw.
class StepAppender {
 public:
  constexpr StepAppender(const Graph& graph, TrainingPlan& plan) : graph_(graph), plan_(plan) {}

 protected:
  /// Says which node the next steps and tensors are of, and of which stage.
  constexpr void begin(int node, int stage) {
    node_ = node;
    stage_ = stage;
  }
  /// Returns that node.
  constexpr const Node& node() const { return graph_.nodes[node_]; }
  constexpr int node_number() const { return node_; }

  constexpr int activate(int x, Activation activation) {
    if (activation == Activation::none) return x;
    return append({.op = TrainingOperator::activate, .input = x, .activation = activation},
                  plan_.values[x].shape);
  }

  constexpr int drop(int x, int keep_percent) {
    if (keep_percent == 100) return x;
    return append({.op = TrainingOperator::dropout, .input = x, .keep_percent = keep_percent},
                  plan_.values[x].shape);
  }

  /// Appends a value of some channels of another.
  constexpr int copy(int x, int first, int read_step, const Shape& shape) {
    return append({.op = TrainingOperator::copy,
                   .input = x,
                   .first = first,
                   .channels = shape.channels,
                   .read_step = read_step,
                   .clears = true},
                  shape);
  }

  constexpr int add_vector(TrainingTensor::Kind kind, int branch) {
    return add_tensor({.kind = kind, .branch = branch, .outputs = node().shape.channels});
  }

  constexpr int add_tensor(TrainingTensor tensor) {
    if (plan_.tensor_count == TrainingPlan::kMostTensors) return overflow();
    tensor.node = node_;
    tensor.stage = stage_;
    std::size_t& end = tensor.is_statistic() ? plan_.statistic_floats : plan_.parameter_floats;
    tensor.place = end;
    end += static_cast<std::size_t>(
        round_up(static_cast<std::int64_t>(tensor.floats()), kTrainingAlignment));
    plan_.tensors[plan_.tensor_count] = tensor;
    return plan_.tensor_count++;
  }

  constexpr int add_value(const Shape& shape) {
    if (plan_.value_count == TrainingPlan::kMostValues) return overflow();
    plan_.values[plan_.value_count] = {.shape = shape, .pitch = padded_channels(shape.channels)};
    return plan_.value_count++;
  }

  constexpr void append_step(TrainingStep step) {
    step.node = node_;
    if (plan_.step_count == TrainingPlan::kMostSteps)
      overflow();
    else
      plan_.steps[plan_.step_count++] = step;
  }

  /// Appends a step that gives a value, and returns the value.
  constexpr int append(TrainingStep step, const Shape& shape) {
    step.output = add_value(shape);
    append_step(step);
    return step.output;
  }

  constexpr int overflow() {
    plan_.flaw = {TrainingRule::size, node_};
    return 0;
  }

  const Graph& graph_;
  TrainingPlan& plan_;

 private:
  int node_ = 0, stage_ = 0;
};

}  // namespace training

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_APPEND_STEPS_HPP
