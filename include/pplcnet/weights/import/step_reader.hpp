#ifndef PPLCNET_WEIGHTS_IMPORT_STEP_READER_HPP
#define PPLCNET_WEIGHTS_IMPORT_STEP_READER_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "pplcnet/graph/activation.hpp"
#include "pplcnet/graph/graph.hpp"
#include "pplcnet/weights/import/arrangement.hpp"
#include "pplcnet/weights/import/channels.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/import/functions.hpp"
#include "pplcnet/weights/import/node_function.hpp"
#include "pplcnet/weights/import/step.hpp"
#include "pplcnet/weights/import/step_list.hpp"
#include "pplcnet/weights/import/token_nodes.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Turns the nodes of a graph into steps.
class StepReader : public StepList {
 public:
  explicit StepReader(const FileGraph& graph)
      : StepList(graph.nodes.size()),
        graph_(graph),
        results_(graph.nodes.size()),
        uses_(graph.nodes.size()) {
    for (const GraphNode& node : graph.nodes)
      for (const int input : node.inputs)
        if (input != kNone) ++uses_[static_cast<std::size_t>(input)];
    for (std::size_t i = 0; i < graph.nodes.size(); ++i)
      results_[i] = read(static_cast<int>(i), graph.nodes[i]);
  }

  /// Returns the last node of a step.
  const GraphNode& node(int step) const {
    return graph_.nodes[static_cast<std::size_t>((*this)[step].node)];
  }

  /// Returns the constant that a node's input is, perhaps in another shape; null if it is none.
  const Tensor* constant(const GraphNode& node, std::size_t input) const {
    return graph_.tensor(result_of(node.inputs[input]).constant);
  }
  /// Returns the step that a node is; kNone if it is a constant.
  int step_of(int node) const { return result_of(node).step; }
  const Tensor* constant(int node) const { return graph_.tensor(result_of(node).constant); }

 private:
  /// What a node is: a step, or a constant.
  struct Result {
    int step = kNone, constant = kNone;
  };

  Result result_of(int node) const {
    return node == kNone ? Result{} : results_[static_cast<std::size_t>(node)];
  }

  /// Returns the same value, which has one more name.
  Result same(int number, Result input) {
    if (input.step == kNone) return input;
    int& uses = uses_[static_cast<std::size_t>((*this)[input.step].node)];
    uses += uses_[static_cast<std::size_t>(number)] - 1;
    return input;
  }

  Result other(int number, Result input) {
    return {.step = append({.node = number, .from = input.step})};
  }

  Result read(int number, const GraphNode& node) {
    const Result input = result_of(node.inputs[0]), second = result_of(node.inputs[1]);
    const auto step = [&](StepType type) {
      return Result{.step = append({.type = type, .node = number, .from = input.step})};
    };
    switch (node.type) {
      case NodeType::picture:
        return {.step = append({.type = StepType::picture, .node = number, .channels = 3})};
      case NodeType::constant:
        return {.constant = number};
      case NodeType::same:
        return same(number, input);
      case NodeType::convolution:
      case NodeType::transposed_convolution:
      case NodeType::product:
        return weights(number, node, input);
      case NodeType::batch_norm:
      case NodeType::layer_norm:
        return step(second.constant != kNone ? type_of_step(node.type) : StepType::other);
      case NodeType::add:
        return add(number, input, second);
      case NodeType::multiply:
        return multiply(number, input, second);
      case NodeType::divide:
        if (const auto divisor = number_of(second)) return scale(number, input, 1 / *divisor);
        return other(number, input);
      case NodeType::pool:
      case NodeType::resize:
      case NodeType::softmax:
        return step(type_of_step(node.type));
      case NodeType::prelu:
        if (second.constant == kNone) return other(number, input);
        return {.step = append({.type = StepType::activation,
                                .activation = Activation::prelu,
                                .node = number,
                                .from = input.step})};
      case NodeType::pad:
      case NodeType::window_mean:
      case NodeType::window_max:
        return window(number, node, input);
      case NodeType::concat:
      case NodeType::slice:
      case NodeType::shuffle:
      case NodeType::reshape:
      case NodeType::transpose:
        return arranged(number, node, input);
      case NodeType::attention:
      case NodeType::other:
        return other(number, input);
      default:
        return activation(number, node, input);
    }
  }

  static int count_of(std::int64_t channels) {
    return static_cast<int>(std::min<std::int64_t>(channels, Graph::kMostOutputs));
  }

  Result weights(int number, const GraphNode& node, Result input) {
    const Tensor* matrix = constant(node, 1);
    const int bias = result_of(node.inputs[2]).constant;
    if (matrix == nullptr || matrix->shape.size() < 2 || (node.inputs[2] != kNone && bias == kNone))
      return other(number, input);
    const bool in_first = node.type == NodeType::transposed_convolution ||
                          (node.type == NodeType::product && !node.transposed);
    const std::int64_t channels = matrix->shape[in_first ? 1 : 0];
    Step step = {.type = StepType::weights, .node = number, .from = input.step, .bias = bias};
    step.channels = count_of(channels);
    step.padding = node.window.padding;
    if (node.type == NodeType::convolution) skip_pad(step);
    // What is not known gives as many channels as are read of it.
    if (input.step != kNone && node.type == NodeType::product && (*this)[input.step].channels == 0)
      at(input.step).channels = count_of(matrix->shape[in_first ? 0 : 1]);
    return {.step = append(step)};
  }

  /// Has a step read what is inside of a border of zeros, which becomes part of its padding.
  bool skip_pad(Step& step) const {
    if (step.from == kNone || (*this)[step.from].type != StepType::pad) return false;
    const Padding pad = (*this)[step.from].padding, own = step.padding;
    step.padding = {own.top + pad.top, own.left + pad.left, own.bottom + pad.bottom,
                    own.right + pad.right};
    step.from = (*this)[step.from].from;
    return true;
  }

  Result window(int number, const GraphNode& node, Result input) {
    Step step = {.type = StepType::pad, .node = number, .from = input.step};
    step.padding = node.window.padding;
    step.count_padding = node.count_padding;
    const bool has_own = step.padding != Padding(0);
    const bool padded = skip_pad(step);
    if (node.type == NodeType::window_mean) {
      step.type = StepType::window_mean;
      if (padded && has_own && !node.count_padding) return other(number, input);
      step.count_padding = step.count_padding || padded;
    } else if (node.type == NodeType::window_max) {
      step.type = StepType::window_max;
      // Zeros change no maximum where nothing is negative.
      if (padded && !is_never_negative(step.from)) return other(number, input);
    }
    return {.step = append(step)};
  }

  /// What says where channels go.
  Result arranged(int number, const GraphNode& node, Result input) {
    if (input.step == kNone) return node.type == NodeType::reshape ? input : other(number, input);
    const Step from = (*this)[input.step];
    if (!lists().has_room(static_cast<std::size_t>(from.channels))) return other(number, input);
    const auto marked = [&](StepType type, int of, int groups) {
      Step step = {.type = type, .node = number, .from = of};
      step.groups = groups;
      return Result{.step = append(step)};
    };
    if (node.type == NodeType::transpose) {
      if (from.type != StepType::rows && is_of_tokens(node)) return same(number, input);
      const bool columns =
          from.type == StepType::rows && transposes_rows(node) &&
          graph_.nodes[static_cast<std::size_t>(from.node)].number_count == node.number_count;
      return columns ? marked(StepType::columns, from.from, from.groups) : other(number, input);
    }
    ChannelList list;
    if (node.type == NodeType::reshape && from.type != StepType::columns) {
      if (from.type == StepType::rows) return {.step = from.from};
      const int groups = rows_of(node, from.channels);
      return groups > 1 ? marked(StepType::rows, input.step, groups) : same(number, input);
    }
    if (node.type == NodeType::reshape)
      list = shuffled(channels_of(from.from), from.groups);
    else if (node.type == NodeType::slice)
      list = sliced(channels_of(input.step), node);
    else if (node.type == NodeType::concat)
      list = concat(node);
    else if (node.groups > 0 && from.channels % node.groups == 0)
      list = shuffled(channels_of(input.step), node.groups);
    const int step = append(number, std::move(list));
    return step == kNone ? other(number, input) : Result{.step = step};
  }

  ChannelList concat(const GraphNode& node) const {
    ChannelList list;
    for (const int input : node.inputs) {
      if (input == kNone) continue;
      const int step = result_of(input).step;
      if (step == kNone || (*this)[step].channels == 0) return {};
      if (!lists().has_room(list.size() + static_cast<std::size_t>((*this)[step].channels)))
        return {};
      const ChannelList part = channels_of(step);
      list.insert(list.end(), part.begin(), part.end());
    }
    return list;
  }

  std::optional<float> number_of(const Result& result) const {
    return pplcnet::number_of(graph_.tensor(result.constant));
  }

  Result activation(int number, const GraphNode& node, Result input) {
    if (input.step == kNone) return other(number, input);
    const float low = number_of(result_of(node.inputs[1])).value_or(node.alpha);
    const float high = number_of(result_of(node.inputs[2])).value_or(node.beta);
    return {.step = append({.node = number, .from = input.step},
                           [&](float x) { return value_of(node, low, high, x); })};
  }

  Result add(int number, Result a, Result b) {
    if (a.constant != kNone) std::swap(a, b);
    if (a.step == kNone) return other(number, a);
    Step sum = {.type = StepType::sum, .node = number, .from = a.step, .second = b.step};
    if (b.step != kNone) {
      int& known = sums_.emplace(std::minmax(a.step, b.step), kNone).first->second;
      if (known == kNone) known = append_of_two(sum, std::plus<>());
      return {.step = known};
    }
    Step& step = at(a.step);
    const auto value = number_of(b);
    const auto before = static_cast<std::size_t>(step.node);
    if (step.type == StepType::weights && step.bias == kNone && uses_[before] == 1 &&
        (!value || graph_.nodes[before].type != NodeType::convolution)) {
      step.bias = b.constant;
      return a;
    }
    if (!value) return layer_norm(number, a);
    if (*value == 0) return same(number, a);
    sum.type = StepType::shift;
    sum.number = *value;
    return {.step = append(sum, [&](float x) { return x + *value; })};
  }

  /// What ends with the addition of a constant for each channel.
  Result layer_norm(int number, Result input) {
    const auto norm = TokenNodes(graph_).layer_norm(number);
    const int from = norm ? result_of(norm->input).step : kNone;
    if (from == kNone) return other(number, input);
    return {.step = append({.type = StepType::layer_norm, .node = number, .from = from})};
  }

  Result multiply(int number, Result a, Result b) {
    if (a.constant != kNone) std::swap(a, b);
    if (const auto factor = number_of(b)) return scale(number, a, *factor);
    if (a.step == kNone || b.step == kNone) return other(number, a);
    Step both = {.type = StepType::product, .node = number, .from = a.step, .second = b.step};
    both.channels = std::max((*this)[a.step].channels, (*this)[b.step].channels);
    return {.step = append_of_two(both, std::multiplies<>())};
  }

  Result scale(int number, Result input, float factor) {
    if (input.step == kNone) return other(number, input);
    if (factor == 1) return same(number, input);
    return {.step = append(
                {.type = StepType::scale, .node = number, .from = input.step, .number = factor},
                [&](float x) { return x * factor; })};
  }

  const FileGraph& graph_;
  std::vector<Result> results_;
  std::vector<int> uses_;                    // of nodes
  std::map<std::pair<int, int>, int> sums_;  // of two steps: each once
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_STEP_READER_HPP
