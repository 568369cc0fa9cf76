#ifndef PPLCNET_WEIGHTS_IMPORT_WEIGHTS_HPP
#define PPLCNET_WEIGHTS_IMPORT_WEIGHTS_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/check_values.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/import/facts.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/import/parameters.hpp"
#include "pplcnet/weights/import/steps.hpp"
#include "pplcnet/weights/import/strides.hpp"
#include "pplcnet/weights/naming/known_files.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"
#include "pplcnet/weights/naming/likeness.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Finds a network's layers in a graph. Names do not matter there, and a batch norm may be part of
/// the weights: a layer is what reads the results that the layers before it have, and does what the
/// type says. The network may be the beginning of a larger one, whose rest is not looked at.
class GraphMatch {
 public:
  GraphMatch(const FileGraph& graph, std::span<const Layer> layers, const NetworkTraits& traits)
      : graph_(graph), layers_(layers), traits_(traits), steps_(graph), reader_(graph, steps_) {}

  /// Finds all layers, and folds and packs their weights.
  Error pack(std::span<float> weights) {
    auto error = find(weights);
    if (!error) return error;
    // Of networks that are equally like the graph, the nearer is the one that is found further on.
    const std::size_t steps = likeness(graph_.constants, layers_) * FileGraph::kMaxNodes;
    return std::move(error).after(steps + results_.size());
  }

 private:
  static constexpr int kNone = GraphNode::kNone;

  Error find(std::span<float> weights) {
    for (const Layer& layer : layers_)
      if (layer.is_map_convolution() || layer.op == Operator::max_pool ||
          layer.op == Operator::add || layer.op == Operator::copy || layer.op == Operator::picture)
        return Error::of(graph_.path, ": no graph of operations is read for ", what_of(traits_),
                         ", which has dense convolutions of maps, maxima, sums of more than one "
                         "reader, or concats");
    if (auto error = find_picture()) return error;
    if (auto error = check_picture(graph_.path, node(steps_[picture_]), layers_.front().input))
      return error;
    for (const Layer& layer : layers_) {
      Parameters parameters;
      if (auto error = match(layer, parameters)) return error;
      if (!layer.has_weights()) continue;
      fold(layer, parameters);
      pplcnet::pack(layer, parameters, weights);
      reader_.check(layer, weights);
    }
    if (auto error = check_strides(strides_, graph_.path, layers_)) return error;
    if (traits_.embedding >= 0 && steps_.next_weights(results_.back()) != kNone)
      return Error::of(graph_.path, ": has more weights after those of ",
                       layer_name(layers_.back()), ", with which the type ends");
    if (traits_.classes > 0)
      if (auto error = check_scores(graph_, steps_, results_.back())) return error;
    return reader_.wrong_value();
  }

  template <class... Parts>
  Error problem(const Layer& layer, const Parts&... parts) const {
    return Error::of(graph_.path, ": ", layer_name(layer), ": ", parts...);
  }

  const GraphNode& node(const Step& step) const {
    return graph_.nodes[static_cast<std::size_t>(step.node)];
  }

  /// Returns whether the layer that is looked for is that one.
  bool at(int layer) const { return static_cast<int>(results_.size()) == layer; }

  int result_of(int layer) const {
    return layer < 0 ? picture_ : results_[static_cast<std::size_t>(layer)];
  }

  Error find_picture() {
    for (const Step& step : steps_.steps()) {
      if (step.type != StepType::weights) continue;
      picture_ = step.from;
      if (picture_ != kNone && steps_[picture_].type == StepType::picture) return {};
      return Error::of(graph_.path, ": the first convolution reads ",
                       picture_ == kNone ? "a constant" : quote(node(steps_[picture_]).what),
                       ", in the type's network it reads the picture");
    }
    return Error::of(graph_.path, ": has no convolution");
  }

  /// What reads a layer's result, or stands there, is not what the type has.
  Error not_found(const Layer& layer, int from) const {
    std::string found = "nothing";
    for (const Step& step : steps_.steps()) {
      if (step.from != from && step.second != from) continue;
      found = quote(node(step).what);
      break;
    }
    return problem(layer, "not in the file in a form that is known; in its place is ", found);
  }

  Error match(const Layer& layer, Parameters& parameters) {
    const int input = result_of(layer.from);
    int result = kNone;
    switch (layer.op) {
      case Operator::pool:
        result = steps_.reader_of(input, StepType::pool);
        break;
      case Operator::gate:
        result = steps_.reader_of(input, StepType::product, results_.back());
        break;
      case Operator::convolution:
      case Operator::depthwise:
      case Operator::pointwise:
      case Operator::dense:
        if (auto error = match_weights(layer, input, result, parameters)) return error;
        if (auto error = match_activation(layer, result)) return error;
        if (layer.affine) {
          const Linear affine = take_linear(result);
          parameters.affine = {static_cast<float>(affine.factor),
                               static_cast<float>(affine.offset)};
        }
        break;
      case Operator::average_pool:
        result = steps_.reader_of(input, StepType::window_mean);
        if (result != kNone &&
            node(steps_[result]).stride != std::array{layer.stride.height, layer.stride.width})
          return problem(layer, "takes the mean of other windows than the type does");
        break;
      default:
        return problem(layer, "no graph is known that has such a layer");
    }
    if (result == kNone) return not_found(layer, input);
    if (layer.addend >= 0) {
      const int sum = steps_.reader_of(result, StepType::sum, result_of(layer.addend));
      if (sum == kNone)
        return problem(layer, "nothing is added to it, in the type the shortcut is");
      result = sum;
    }
    const bool pooled = at(traits_.pooled);
    results_.push_back(result);
    return pooled ? check_head(result) : Error();
  }

  /// Weights, and what is folded into them.
  Error match_weights(const Layer& layer, int input, int& result, Parameters& parameters) {
    const int scaled_input = steps_.reader_of(input, StepType::scale);
    int from = input;
    result = find_weights(layer, input);
    if (result == kNone && scaled_input != kNone) {
      from = scaled_input;
      result = find_weights(layer, from);
    }
    if (result == kNone) return not_found(layer, input);
    const GraphNode& found = node(steps_[result]);
    if (layer.layout == Layout::convolution) strides_.push_back(found.stride);
    if (auto error = reader_.read_weights(layer, steps_[result], parameters)) return error;
    if (auto error = check_factor(layer.scale_percent, from == input ? kNone : from)) return error;
    if (auto error = reader_.check_geometry(layer, found)) return error;

    const int scaled = steps_.reader_of(result, StepType::scale);
    if (layer.output_percent != 100) {
      if (auto error = check_factor(layer.output_percent, scaled)) return error;
      result = scaled;
    }
    if (!training_form(layer).affine.empty()) apply(take_linear(result), parameters);
    const int norm = steps_.reader_of(result, StepType::batch_norm);
    if (norm == kNone) return {};
    result = norm;
    return reader_.read_batch_norm(layer, node(steps_[norm]), parameters);
  }

  /// V3's scale and shift after a step, if they are there; moves after them.
  Linear take_linear(int& result) const {
    Linear linear;
    if (const int scale = steps_.reader_of(result, StepType::scale); scale != kNone) {
      linear.factor = double{steps_[scale].number};
      result = scale;
    }
    if (const int shift = steps_.reader_of(result, StepType::shift); shift != kNone) {
      linear.offset = double{steps_[shift].number};
      result = shift;
    }
    return linear;
  }

  static void apply(const Linear& linear, Parameters& parameters) {
    for (float& weight : parameters.weight) weight = static_cast<float>(weight * linear.factor);
    for (float& bias : parameters.bias)
      bias = static_cast<float>(std::fma(bias, linear.factor, linear.offset));
  }

  /// Of all weights that read a step those that are most like the layer's: a detector's neck reads
  /// the maps of its backbone, too.
  int find_weights(const Layer& layer, int from) const {
    int best = kNone, best_likeness = -1;
    for (int i = from + 1; i < static_cast<int>(steps_.steps().size()); ++i) {
      if (steps_[i].type != StepType::weights || steps_[i].from != from) continue;
      const GraphNode& candidate = node(steps_[i]);
      const int likeness =
          (steps_.constant(candidate, 1)->shape == GraphParameters::shape_for(layer, candidate)
               ? 2
               : 0) +
          (candidate.stride == std::array{layer.stride.height, layer.stride.width} ? 1 : 0);
      if (likeness > best_likeness) {
        best = i;
        best_likeness = likeness;
      }
    }
    return best;
  }

  Error check_factor(int percent, int scale) const {
    return pplcnet::check_factor(graph_.path, percent, scale == kNone ? 1 : steps_[scale].number);
  }

  static bool same(Activation found, Activation expected) {
    if (expected == Activation::hardsigmoid_paddle) expected = Activation::hardsigmoid;
    return found == expected;
  }

  /// Moves `result` after the activation.
  Error match_activation(const Layer& layer, int& result) const {
    int found = kNone;
    for (int i = result + 1; i < static_cast<int>(steps_.steps().size()); ++i) {
      const Step& step = steps_[i];
      if (step.type != StepType::activation || step.from != result) continue;
      found = i;
      if (same(step.activation, layer.activation)) break;
    }
    // What follows the classes is looked at in the end.
    if (layer.activation == Activation::none && (found == kNone || at(traits_.logits))) return {};
    if (found == kNone && layer.activation != Activation::none) {
      const int other = steps_.reader_of(result, StepType::other);
      return problem(layer, "the activation after it is ",
                     other == kNone ? "missing" : quote(node(steps_[other]).what),
                     ", in the type it is ", activation_name(layer.activation));
    }
    if (!same(steps_[found].activation, layer.activation))
      return problem(layer, "the activation after it is ",
                     activation_name(steps_[found].activation), ", in the type it is ",
                     activation_name(layer.activation));
    result = found;
    return {};
  }

  /// The commonest mistake deserves the plainest words: another head.
  Error check_head(int pooled) const {
    const int first = steps_.next_weights(pooled);
    const bool found = first != kNone && steps_.next_weights(first) != kNone;
    const bool expected = traits_.embedding != traits_.pooled;
    if (traits_.classes == 0 || found == expected) return {};
    for (const OptionalModule& one : traits_.optional)
      if (!one.is_flag)
        return Error::of(
            graph_.path, ": has ", found ? "an" : "no",
            " embedding between pooling and classes, the type has ", one.option, " = ",
            expected ? layers_[static_cast<std::size_t>(traits_.embedding)].output.channels : 0);
    return {};
  }

  const FileGraph& graph_;
  std::span<const Layer> layers_;
  const NetworkTraits& traits_;
  GraphSteps steps_;
  GraphParameters reader_;
  int picture_ = kNone;
  std::vector<int> results_;  // steps, by layer
  std::vector<std::array<int, 2>> strides_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_WEIGHTS_HPP
