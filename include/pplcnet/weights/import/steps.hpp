#ifndef PPLCNET_WEIGHTS_IMPORT_STEPS_HPP
#define PPLCNET_WEIGHTS_IMPORT_STEPS_HPP

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/graph/activation.hpp"
#include "pplcnet/weights/import/file_graph.hpp"

// A graph in the terms of our networks: what a format writes in several nodes becomes one step.

namespace pplcnet::inline PPLCNET_ABI {

enum class StepType : unsigned char {
  picture,
  weights,  ///< a convolution or a product, with its bias
  batch_norm,
  activation,
  scale,  ///< times `number`
  shift,  ///< plus `number`
  pool,
  window_mean,  ///< of windows side by side
  softmax,
  product,  ///< of two steps, element by element
  sum,      ///< of two steps
  other,
  six_hardswish,  ///< x * relu6(x + 3): the beginning of a hardswish that is written out
};

struct Step {
  StepType type = StepType::other;
  Activation activation = Activation::none;                ///< hardsigmoid, whoever's slope it has
  int node = GraphNode::kNone;                             ///< the last of its nodes
  int from = GraphNode::kNone, second = GraphNode::kNone;  ///< steps
  int bias = GraphNode::kNone;                             ///< a node
  float number = 0;
};

/// Whether a step that reads classes leaves them what they are, or makes probabilities of them.
inline bool keeps_scores(const Step& step, const GraphNode& node) {
  constexpr std::string_view kOrderOnly[] = {"ArgMax", "TopK",     "LogSoftmax", "arg_max",
                                             "argmax", "top_k_v2", "topk",       "log_softmax"};
  return step.type == StepType::softmax || step.activation == Activation::sigmoid ||
         std::ranges::find(kOrderOnly, node.what) != std::end(kOrderOnly);
}

/// Turns the nodes of a graph into steps.
class GraphSteps {
 public:
  explicit GraphSteps(const FileGraph& graph) : graph_(graph), results_(graph.nodes.size()) {
    steps_.reserve(graph.nodes.size());
    for (std::size_t i = 0; i < graph.nodes.size(); ++i)
      results_[i] = read(static_cast<int>(i), graph.nodes[i]);
  }

  const std::vector<Step>& steps() const { return steps_; }
  const Step& operator[](int step) const { return steps_[static_cast<std::size_t>(step)]; }

  /// The constant that a node's input is, perhaps in another shape; null if it is none.
  const Tensor* constant(const GraphNode& node, std::size_t input) const {
    return graph_.tensor(result_of(node.inputs[input]).constant);
  }
  const Tensor* constant(int node) const { return graph_.tensor(result_of(node).constant); }

  /// Returns the first step of a type that reads another; kNone if there is none.
  int reader_of(int from, StepType type, int second = GraphNode::kNone) const {
    for (int i = from + 1; i < static_cast<int>(steps_.size()); ++i) {
      const Step& step = (*this)[i];
      const bool reads = second == GraphNode::kNone
                             ? step.from == from
                             : (step.from == from && step.second == second) ||
                                   (step.from == second && step.second == from);
      if (step.type == type && reads) return i;
    }
    return GraphNode::kNone;
  }

  /// Returns the first weights after a step, with anything but weights between them.
  int next_weights(int step) const {
    std::vector<bool> after(steps_.size());
    after[static_cast<std::size_t>(step)] = true;
    for (std::size_t i = 0; i < after.size(); ++i) {
      const int from = steps_[i].from;
      if (from == GraphNode::kNone || !after[static_cast<std::size_t>(from)]) continue;
      if (steps_[i].type == StepType::weights) return static_cast<int>(i);
      after[i] = true;
    }
    return GraphNode::kNone;
  }

 private:
  /// What a node is: a step, or a constant.
  struct Result {
    int step = GraphNode::kNone, constant = GraphNode::kNone;
  };

  static bool is_near(float value, float expected) {
    return pplcnet::is_near(value, expected, 1e-5f);  // frameworks round 1/6 in many ways
  }
  static bool is_standard(const GraphNode& node) {
    return is_near(node.alpha, 1.0f / 6) && is_near(node.beta, 0.5f);
  }

  Result result_of(int node) const {
    return node == GraphNode::kNone ? Result{} : results_[static_cast<std::size_t>(node)];
  }

  Result append(const Step& step) {
    steps_.push_back(step);
    return {.step = static_cast<int>(steps_.size() - 1)};
  }

  Result read(int number, const GraphNode& node) {
    const Result input = result_of(node.inputs[0]), second = result_of(node.inputs[1]);
    const auto step = [&](StepType type) {
      return append({.type = type, .node = number, .from = input.step});
    };
    const auto activation = [&](Activation which) {
      return append(
          {.type = StepType::activation, .activation = which, .node = number, .from = input.step});
    };
    const bool weighted = second.constant != GraphNode::kNone;
    switch (node.type) {
      case NodeType::picture:
        return step(StepType::picture);
      case NodeType::constant:
        return {.constant = number};
      case NodeType::same:
        return input;
      case NodeType::convolution:
      case NodeType::product: {
        const int bias = result_of(node.inputs[2]).constant;
        if (!weighted || (node.inputs[2] != GraphNode::kNone && bias == GraphNode::kNone)) break;
        return append(
            {.type = StepType::weights, .node = number, .from = input.step, .bias = bias});
      }
      case NodeType::batch_norm:
        return step(weighted ? StepType::batch_norm : StepType::other);
      case NodeType::add:
        return add(number, input, second);
      case NodeType::multiply:
        return multiply(number, input, second);
      case NodeType::divide:
        if (const auto divisor = number_of(second)) return scale(number, input, 1 / *divisor);
        break;
      case NodeType::clip: {
        const float low = number_of(second).value_or(node.alpha);
        const float high = number_of(result_of(node.inputs[2])).value_or(node.beta);
        if (low == 0 && high == 6) return activation(Activation::relu6);
        break;
      }
      case NodeType::relu:
        return activation(Activation::relu);
      case NodeType::sigmoid:
        return activation(Activation::sigmoid);
      case NodeType::softmax:
        return step(StepType::softmax);
      case NodeType::hardsigmoid:
        if (is_standard(node)) return activation(Activation::hardsigmoid);
        break;
      case NodeType::hardswish:
        if (is_standard(node)) return activation(Activation::hardswish);
        break;
      case NodeType::pool:
        return step(StepType::pool);
      case NodeType::window_mean:
        return step(node.window == node.stride ? StepType::window_mean : StepType::other);
      case NodeType::other:
        break;
    }
    return step(StepType::other);
  }

  std::optional<float> number_of(const Result& result) const {
    const Tensor* tensor = graph_.tensor(result.constant);
    return tensor == nullptr ? std::nullopt : pplcnet::number_of(*tensor);
  }

  Result add(int number, Result a, Result b) {
    if (a.constant != GraphNode::kNone) std::swap(a, b);
    if (a.step == GraphNode::kNone) return append({.node = number});
    if (b.step != GraphNode::kNone)
      return append({.type = StepType::sum, .node = number, .from = a.step, .second = b.step});
    Step& step = steps_[static_cast<std::size_t>(a.step)];
    const auto value = number_of(b);
    if (step.type == StepType::weights && step.bias == GraphNode::kNone &&
        (!value || graph_.nodes[static_cast<std::size_t>(step.node)].type == NodeType::product)) {
      step.bias = b.constant;
      return a;
    }
    if (!value) return append({.node = number, .from = a.step});
    return append({.type = StepType::shift, .node = number, .from = a.step, .number = *value});
  }

  /// What relu6(x + 3) is made of; kNone if the step is something else.
  int source_of_clip(int step) const {
    const Step& clip = (*this)[step];
    if (clip.type != StepType::activation || clip.activation != Activation::relu6)
      return GraphNode::kNone;
    if (clip.from == GraphNode::kNone) return GraphNode::kNone;
    const Step& shift = (*this)[clip.from];
    return shift.type == StepType::shift && shift.number == 3 ? shift.from : GraphNode::kNone;
  }

  Result multiply(int number, Result a, Result b) {
    if (a.constant != GraphNode::kNone) std::swap(a, b);
    if (const auto factor = number_of(b)) return scale(number, a, *factor);
    if (a.step == GraphNode::kNone || b.step == GraphNode::kNone)
      return append({.node = number, .from = a.step});
    for (const auto& [x, gate] : {std::pair(a.step, b.step), std::pair(b.step, a.step)}) {
      if ((*this)[gate].activation == Activation::hardsigmoid && (*this)[gate].from == x)
        return append({.type = StepType::activation,
                       .activation = Activation::hardswish,
                       .node = number,
                       .from = x});
      if (source_of_clip(gate) == x)
        return append({.type = StepType::six_hardswish, .node = number, .from = x});
    }
    return append({.type = StepType::product, .node = number, .from = a.step, .second = b.step});
  }

  Result scale(int number, Result input, float factor) {
    if (factor == 1) return input;
    if (input.step == GraphNode::kNone) return append({.node = number});
    if (is_near(factor, 1.0f / 6)) {
      const int source = source_of_clip(input.step);
      if (source != GraphNode::kNone)
        return append({.type = StepType::activation,
                       .activation = Activation::hardsigmoid,
                       .node = number,
                       .from = source});
      if ((*this)[input.step].type == StepType::six_hardswish)
        return append({.type = StepType::activation,
                       .activation = Activation::hardswish,
                       .node = number,
                       .from = (*this)[input.step].from});
    }
    return append({.type = StepType::scale, .node = number, .from = input.step, .number = factor});
  }

  const FileGraph& graph_;
  std::vector<Step> steps_;
  std::vector<Result> results_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_STEPS_HPP
