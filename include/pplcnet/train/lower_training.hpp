#ifndef PPLCNET_TRAIN_LOWER_TRAINING_HPP
#define PPLCNET_TRAIN_LOWER_TRAINING_HPP

#include <algorithm>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/train/append_steps.hpp"
#include "pplcnet/train/trained_layer.hpp"
#include "pplcnet/train/training_plan.hpp"

// From a graph's nodes to the steps of its training.

namespace pplcnet::inline PPLCNET_ABI {

namespace training {

/// Appends steps to a plan, node by node, and the values and tensors that they need. A node that
/// the logits do not depend on becomes nothing; it has no weights.
class TrainingLowering : private StepAppender {
 public:
  using StepAppender::StepAppender;

  constexpr void run(int logits) {
    find_needed(logits);
    find_stages();
    plan_.picture = graph_.nodes[0].shape;
    for (int node = 0; node < graph_.node_count && !plan_.flaw; ++node) {
      if (needed_[node])
        values_[node] = lower(node);
      else if (becomes_weights(graph_.nodes[node]))
        plan_.flaw = {TrainingRule::unused, node};
    }
    plan_.logits = values_[logits];
  }

 private:
  static constexpr int kWhole = -1;  ///< in the place of a branch

  constexpr void need(int node) {
    if (node >= 0) needed_[node] = true;
  }

  constexpr void find_needed(int logits) {
    needed_[0] = needed_[logits] = true;
    for (int i = logits; i > 0; --i) {
      const Node& node = graph_.nodes[i];
      if (!needed_[i]) continue;
      need(node.input);
      need(node.second);
      for (int part = 0; part < node.part_count; ++part) need(graph_.parts[node.first_part + part]);
    }
  }

  /// Finds the stages: the first weights are one of their own; then the graph's; then what follows.
  constexpr void find_stages() {
    int first = 1;
    while (first < graph_.node_count && graph_.nodes[first].op != Operator::convolution) ++first;
    for (int i = 0; i < graph_.node_count; ++i) {
      stages_[i] = i > first ? 1 : 0;
      for (int output = 0; output < graph_.output_count; ++output)
        if (graph_.outputs[output].role == Role::stage && graph_.outputs[output].node < i)
          ++stages_[i];
      plan_.stages = std::max(plan_.stages, stages_[i] + 1);
    }
  }

  constexpr int lower(int index) {
    begin(index, stages_[index]);
    const Node& node = this->node();
    switch (node.op) {
      case Operator::picture:
        return append({.op = TrainingOperator::picture}, node.shape);
      case Operator::convolution:
        return lower_convolution();
      case Operator::dense:
      case Operator::affine:
        return lower_weights(values_[node.input]);
      case Operator::gate:
      case Operator::add:
        return activate(append({.op = node.op == Operator::gate ? TrainingOperator::gate
                                                                : TrainingOperator::add,
                                .input = values_[node.input],
                                .second = values_[node.second]},
                               node.shape),
                        node.activation);
      case Operator::concat:
        return lower_concat();
      case Operator::slice:
        return copy(values_[node.input], node.first, node.step, node.shape);
      case Operator::shuffle:
        return lower_shuffle();
      default:
        return append({.op = node.op == Operator::max_pool       ? TrainingOperator::max_pool
                             : node.op == Operator::average_pool ? TrainingOperator::average_pool
                                                                 : TrainingOperator::mean,
                       .input = values_[node.input],
                       .window = node.window,
                       .count_padding = node.count_padding},
                      node.shape);
    }
  }

  constexpr int lower_convolution() {
    const Node& node = this->node();
    int x = values_[node.input];
    if (node.reads_group) {
      const Shape& shape = plan_.values[x].shape;
      const int channels = shape.channels / node.group_count;
      x = copy(x, node.group * channels, 1, {shape.height, shape.width, channels});
    }
    const TrainingForm form =
        trained_form(trained_layer(graph_, node_number()), plan_.options.as_deployed);
    return form.count > 0 ? lower_branches(x, form) : lower_weights(x);
  }

  /// Appends weights, a batch norm, an activation, a scale and a shift, as far as they are there.
  constexpr int lower_weights(int x) {
    const Node& node = this->node();
    x = drop(x, node.input_percent);
    if (node.layout != Layout::none) x = weigh(kWhole, x, node.window, node.bias);
    x = drop(x, node.output_percent);
    x = node.norm ? normalise(kWhole, x, node.norm_epsilon, node.activation)
                  : activate(x, node.activation);
    return node.affine ? scale(x, /*last=*/true) : x;
  }

  /// Appends the sum of branches, and what follows it.
  constexpr int lower_branches(int x, const TrainingForm& form) {
    const Node& node = this->node();
    const bool scales = !form.affine.empty();
    int sum = -1;
    for (int i = 0; i < form.count && !plan_.flaw; ++i) {
      const Branch& branch = form.branches[i];
      const bool alone = form.count == 1 && form.norm.empty() && !scales;
      int y = x;
      if (!branch.identity) y = weigh(i, x, window_of(node.window, branch.kernel), false);
      if (!branch.norm.empty())
        y = normalise(i, y, kBatchNormEpsilon, alone ? node.activation : Activation::none);
      sum = sum < 0 ? y
                    : append({.op = TrainingOperator::add, .input = sum, .second = y}, node.shape);
      if (alone && !branch.norm.empty()) return node.affine ? scale(sum, true) : sum;
    }
    if (!form.norm.empty())
      sum = normalise(kWhole, sum, kBatchNormEpsilon, scales ? Activation::none : node.activation);
    if (scales) sum = scale(sum, /*last=*/false);
    if (form.norm.empty() || scales) sum = activate(sum, node.activation);
    return node.affine ? scale(sum, /*last=*/true) : sum;
  }

  /// Returns the window of a branch's kernel: in the middle of the whole one's.
  static constexpr Window window_of(const Window& whole, int kernel) {
    const int margin = (whole.kernel.height - kernel) / 2;
    const Padding& padding = whole.padding;
    return {.kernel = kernel,
            .stride = whole.stride,
            .padding = {padding.top - margin, padding.left - margin, padding.bottom - margin,
                        padding.right - margin}};
  }

  /// Appends weights times a value.
  constexpr int weigh(int branch, int x, const Window& window, bool bias) {
    const Node& node = this->node();
    const bool alone = node.groups > 1 || node.op == Operator::affine;
    const bool product = !alone && (node.op == Operator::dense || window == Window{});
    const int inputs = alone ? 1 : plan_.values[x].shape.channels;
    TrainingStep step = {.op = alone     ? TrainingOperator::depthwise
                               : product ? TrainingOperator::product
                                         : TrainingOperator::convolution,
                         .branch = branch,
                         .input = x,
                         .window = window};
    step.weight = add_tensor({.kind = TrainingTensor::Kind::weight,
                              .branch = branch,
                              .kernel = window.kernel,
                              .inputs = inputs,
                              .outputs = node.shape.channels});
    if (bias) step.bias = add_vector(TrainingTensor::Kind::bias, branch);
    return append(step, node.shape);
  }

  constexpr int normalise(int branch, int x, double epsilon, Activation activation) {
    using Kind = TrainingTensor::Kind;
    TrainingStep step = {.op = TrainingOperator::normalise,
                         .branch = branch,
                         .input = x,
                         .activation = activation,
                         .epsilon = epsilon};
    step.gamma = add_vector(Kind::gamma, branch);
    step.beta = add_vector(Kind::beta, branch);
    step.mean = add_vector(Kind::mean, branch);
    step.variance = add_vector(Kind::variance, branch);
    return append(step, node().shape);
  }

  /// Appends one scale and one shift for all channels.
  constexpr int scale(int x, bool last) {
    using Kind = TrainingTensor::Kind;
    TrainingStep step = {.op = TrainingOperator::affine, .input = x};
    step.weight = add_tensor({.kind = Kind::scale, .last = last});
    step.bias = add_tensor({.kind = Kind::shift, .last = last});
    return append(step, plan_.values[x].shape);
  }

  constexpr int lower_concat() {
    const Node& node = this->node();
    const int output = add_value(node.shape);
    for (int i = 0, channel = 0; i < node.part_count; ++i) {
      const int part = values_[graph_.parts[node.first_part + i]];
      const int channels = plan_.values[part].shape.channels;
      append_step({.op = TrainingOperator::copy,
                   .input = part,
                   .output = output,
                   .first_output = channel,
                   .channels = channels,
                   .clears = i == 0});
      channel += channels;
    }
    return output;
  }

  /// Appends copies by which each group of channels becomes every so many channels.
  constexpr int lower_shuffle() {
    const Node& node = this->node();
    const int output = add_value(node.shape);
    const int channels = node.shape.channels / node.groups;
    for (int i = 0; i < node.groups; ++i)
      append_step({.op = TrainingOperator::copy,
                   .input = values_[node.input],
                   .output = output,
                   .first = i * channels,
                   .first_output = i,
                   .channels = channels,
                   .write_step = node.groups,
                   .clears = i == 0});
    return output;
  }

  int values_[Graph::kMaxNodes] = {};
  int stages_[Graph::kMaxNodes] = {};
  bool needed_[Graph::kMaxNodes] = {};
};

}  // namespace training

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_LOWER_TRAINING_HPP
