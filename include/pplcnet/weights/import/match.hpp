#ifndef PPLCNET_WEIGHTS_IMPORT_MATCH_HPP
#define PPLCNET_WEIGHTS_IMPORT_MATCH_HPP

#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/training_form.hpp"
#include "pplcnet/weights/check_values.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/import/candidates.hpp"
#include "pplcnet/weights/import/facts.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/import/geometry.hpp"
#include "pplcnet/weights/import/layer_search.hpp"
#include "pplcnet/weights/import/map_channels.hpp"
#include "pplcnet/weights/import/parameters.hpp"
#include "pplcnet/weights/import/steps.hpp"
#include "pplcnet/weights/import/token_nodes.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Finds the steps of a graph that are a network's layers, from the picture on: the step of a layer
/// reads the very channels that the layer reads, and does the same with them.
class LayerFinder : public LayerSearch {
 public:
  LayerFinder(const FileGraph& graph, std::span<const Layer> layers, const NetworkTraits& traits,
              const GraphSteps& steps, Candidates& candidates)
      : LayerSearch(graph, layers, traits, steps), candidates_(candidates), maps_(layers) {}

  /// Finds all layers, of which the first reads `picture`.
  Error find(int picture) {
    picture_ = picture;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const Layer& layer = layers_[i];
      LayerMatch match;
      ChannelList result;
      if (auto error = find(layer, match, result)) return error;
      matches_.push_back(match);
      if (match.result != kNone && result.empty()) result = steps_.channels_of(match.result);
      maps_.write(layer, result);
      if (static_cast<int>(i) == traits_.pooled)
        if (auto error = check_head(match.result)) return error;
    }
    return check_maps();
  }

  /// Returns the steps' strides, of convolutions in order of execution, and the layers'.
  const std::vector<std::pair<Stride, Stride>>& strides() const { return strides_; }

 private:
  ChannelList channels(int layer, int first, int count, int step = 1) const {
    return layer < 0 ? steps_.channels_of(picture_) : maps_.read(layer, first, count, step);
  }

  /// Finds a layer; `result` is what it writes where that is not the whole result of a step.
  Error find(const Layer& layer, LayerMatch& match, ChannelList& result) {
    const ChannelList list =
        channels(layer.from, layer.from_channel, layer.input.channels, layer.read_step);
    if (layer.op == Operator::copy) {
      result = list;
      return {};
    }
    if (is_of_transposed(layer)) {
      // The step before it gives pixels already.
      result = ChannelList(list.begin(), list.begin() + layer.output.channels);
      match.result = steps_.find(result);
      return match.result == kNone ? not_arranged(layer, list) : Error();
    }
    const int input = steps_.find(list);
    const bool known = layer.op != Operator::l1 && layer.op != Operator::normalise;
    if (known && layer.has_weights()) return find_weights(layer, list, input, match, result);
    if (input == kNone) return not_arranged(layer, list);
    switch (layer.op) {
      case Operator::picture:
        match.result = picture_;
        return {};
      case Operator::reduce:
        if (layer.reduction != Reduction::mean || layer.output.pixels() > 1 ||
            layer.output.channels != layer.input.channels)
          return problem(layer, kUnknown);
        [[fallthrough]];
      case Operator::pool:
        match.result = find_mean(layer, input);
        break;
      case Operator::gate:
      case Operator::multiply:
        return find_product(layer, input, match.result);
      case Operator::max_pool:
      case Operator::average_pool:
        if (auto error = find_window(layer, input, match.result)) return error;
        break;
      case Operator::resize:
        if (auto error = find_resize(layer, input, match.result)) return error;
        break;
      case Operator::add:
        match.result = input;
        return find_sum(layer, match, layer.activation);
      case Operator::normalise:
        match.result = steps_.reader_of(input, StepType::layer_norm);
        if (match.result == kNone) break;
        return check_layer_norm(layer, match.result);
      case Operator::attention:
        match.result = find_attention(layer, input);
        break;
      case Operator::softmax:
        if (layer.groups == layer.input.channels)
          match.result = steps_.reader_of(input, StepType::softmax);
        break;
      default:
        return problem(layer, kUnknown);
    }
    return match.result == kNone ? not_found(layer, input) : Error();
  }

  /// Finds a map times factors, and its activation.
  Error find_product(const Layer& layer, int input, int& result) const {
    const bool gate = layer.op == Operator::gate;
    const int count = gate ? layer.output.channels : layer.factor_shape.channels;
    const auto list = channels(gate ? layer.factors : layer.addend, layer.addend_channel, count);
    result = steps_.reader_of(input, StepType::product, steps_.find(list));
    return result == kNone ? not_found(layer, input)
                           : find_activation(layer, layer.activation, result);
  }

  Error find_weights(const Layer& layer, const ChannelList& list, int input, LayerMatch& match,
                     ChannelList& result) {
    int scaled = input == kNone ? kNone : steps_.reader_of(input, StepType::scale);
    match.weights = input == kNone ? kNone : candidates_.choose(layer, input);
    if (match.weights == kNone && scaled != kNone)
      match.weights = candidates_.choose(layer, scaled);
    else
      scaled = kNone;
    if (match.weights == kNone && layer.group_count > 1) {
      match.weights = candidates_.find_group(layer, list);
      match.parts = layer.group_count;
    }
    // An activation or a batch norm alone.
    if (match.weights == kNone && input != kNone && layer.layout == Layout::none) {
      match.result = input;
      return find_rest(layer, match);
    }
    if (match.weights == kNone)
      return input == kNone ? not_arranged(layer, list) : not_found(layer, input);
    const Step& step = steps_[match.weights];
    const GraphNode& found = steps_.node(match.weights);
    const Window window = window_of(step, found, layer);
    if (layer.layout == Layout::convolution) strides_.emplace_back(window.stride, layer.stride);
    if (auto error = GraphParameters(graph_, steps_).check_weights(layer, match)) return error;
    if (layer.layout == Layout::transposed &&
        window.stride.height * window.stride.width != layer.repeats)
      return problem(layer, "expected a stride of its kernel's size, found ", window.stride.height,
                     "x", window.stride.width);
    if (auto error = check_factor(layer.scale_percent, scaled)) return error;
    const int groups = layer.op == Operator::depthwise ? layer.input.channels : match.parts;
    if (found.groups != groups)
      return problem(layer, "expected groups ", groups, ", found ", found.groups);
    if (auto error = check_window(window, layer, /*strides=*/false))
      return problem(layer, error.message());
    match.result = match.weights;
    if (auto error = find_rest(layer, match)) return error;
    if (match.parts > 1) result = part_of(match.result, layer, match);
    if (layer.layout == Layout::transposed) {
      const ChannelList one = steps_.channels_of(match.result);
      for (int i = 0; i < layer.repeats; ++i) result.insert(result.end(), one.begin(), one.end());
    }
    return {};
  }

  /// Returns whether a layer makes pixels of the channels of a transposed convolution.
  bool is_of_transposed(const Layer& layer) const {
    return layer.op == Operator::rearrange &&
           layer.rearrangement.kind == Rearrangement::Kind::depth_to_space &&
           layers_[static_cast<std::size_t>(layer.from)].layout == Layout::transposed;
  }

  Error check_layer_norm(const Layer& layer, int step) const {
    const auto norm = TokenNodes(graph_).layer_norm(steps_[step].node);
    const double epsilon = layer.norm_epsilon;
    if (layer.groups == 1 && std::abs(double{norm->epsilon} - epsilon) <= epsilon / 100) return {};
    return problem(layer, "has another epsilon than the network's");
  }

  /// Returns the attention over queries, keys and values, which the next weights read.
  int find_attention(const Layer& layer, int input) const {
    const int next = steps_.next_weights(input);
    const int result = next == kNone ? kNone : steps_[next].from;
    if (result == kNone) return kNone;
    std::optional<float> scale;
    const int read = TokenNodes(graph_).attention(steps_.node(next).inputs[0], scale);
    const double depth = static_cast<double>(layer.output.channels) / layer.groups;
    const bool found = read != kNone && steps_.step_of(read) == input && scale &&
                       std::abs(*scale - 1 / std::sqrt(depth)) < 1e-4;
    return found ? result : kNone;
  }

  /// Finds what follows a layer's weights: batch norm, activation, scales, sum.
  Error find_rest(const Layer& layer, LayerMatch& match) const {
    int& result = match.result;
    // Where there is none it is part of the weights, or of a batch norm.
    const int scaled = steps_.reader_of(result, StepType::scale);
    if (layer.output_percent != 100 && scaled != kNone) {
      const float factor = steps_[scaled].number;
      if (!is_near(factor, static_cast<float>(layer.output_percent) / 100, 1e-4F))
        return problem(layer, "is multiplied by ", checking::text_of(factor), ", in the type by ",
                       checking::text_of(static_cast<float>(layer.output_percent) / 100));
      match.is_scaled = true;
      result = scaled;
    }
    if (!training_form(layer).affine.empty()) {
      int moved = result;
      const Linear before = take_linear(moved);
      // Not the beginning of an activation that is written out.
      if (layer.activation == Activation::none ||
          activation_after(moved, layer.activation) != kNone) {
        match.before = before;
        result = moved;
      }
    }
    if (const int norm = steps_.reader_of(result, StepType::batch_norm); norm != kNone)
      result = match.norm = norm;
    if (auto error = find_activation(layer, layer.activation, result)) return error;
    if (layer.has_slopes()) match.slopes = result;
    if (layer.affine) match.after = take_linear(result);
    return layer.addend < 0 ? Error() : find_sum(layer, match, layer.last_activation);
  }

  Error check_factor(int percent, int scale) const {
    return pplcnet::check_factor(graph_.path, percent, scale == kNone ? 1 : steps_[scale].number);
  }

  /// Moves after the sum of a result and the addend, and its activation.
  Error find_sum(const Layer& layer, LayerMatch& match, const Activation& after) const {
    const ChannelList list = channels(layer.addend, layer.addend_channel, layer.output.channels);
    const int addend = steps_.find(list);
    int found = kNone;
    if (match.parts == 1 && addend == kNone) return not_arranged(layer, list);
    if (match.parts == 1) found = steps_.reader_of(match.result, StepType::sum, addend);
    for (const int reader : steps_.readers(match.result)) {
      const Step& sum = steps_[reader];
      if (match.parts == 1 || found != kNone || sum.type != StepType::sum) continue;
      const int other = sum.from == match.result ? sum.second : sum.from;
      if (part_of(other, layer, match) == list) found = reader;
    }
    if (found == kNone)
      return problem(layer, "nothing is added to it, in the type the shortcut is");
    match.result = found;
    return find_activation(layer, after, match.result);
  }

  /// Returns the channels of a step that are a layer's, which may share it with others.
  ChannelList part_of(int step, const Layer& layer, const LayerMatch& match) const {
    ChannelList all = steps_.channels_of(step);
    const auto size = static_cast<std::size_t>(layer.output.channels);
    if (match.parts == 1 || all.size() != size * static_cast<std::size_t>(match.parts)) return all;
    const auto first = all.begin() + std::ptrdiff_t{layer.group} * layer.output.channels;
    return {first, first + layer.output.channels};
  }

  /// Checks that what several layers write side by side is so in the file, whoever reads it.
  Error check_maps() const {
    for (const Layer& layer : layers_) {
      if (layer.layout == Layout::transposed) continue;
      const ChannelList& map = maps_.map_of(layer);
      if (steps_.find(map) != kNone) continue;
      return not_arranged(layer, map);
    }
    return {};
  }

  /// Reports the most common mistake with a message of its own: another head.
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

  Candidates& candidates_;
  MapChannels maps_;
  int picture_ = kNone;
  std::vector<std::pair<Stride, Stride>> strides_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_MATCH_HPP
