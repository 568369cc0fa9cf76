#ifndef PPLCNET_WEIGHTS_IMPORT_LAYER_SEARCH_HPP
#define PPLCNET_WEIGHTS_IMPORT_LAYER_SEARCH_HPP

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/graph/activation.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/import/channels.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/import/functions.hpp"
#include "pplcnet/weights/import/geometry.hpp"
#include "pplcnet/weights/import/parameters.hpp"
#include "pplcnet/weights/import/steps.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Finds single steps of a graph that read a step, and says what is there in their place.
class LayerSearch {
 public:
  /// Returns what the layers are, as many as have been found.
  const std::vector<LayerMatch>& matches() const { return matches_; }

 protected:
  static constexpr int kNone = GraphNode::kNone;
  static constexpr std::string_view kUnknown = "no graph is known that has such a layer";

  LayerSearch(const FileGraph& graph, std::span<const Layer> layers, const NetworkTraits& traits,
              const GraphSteps& steps)
      : graph_(graph), layers_(layers), traits_(traits), steps_(steps) {}

  template <class... Parts>
  Error problem(const Layer& layer, const Parts&... parts) const {
    return Error::of(graph_.path, ": ", text_of(layer), ": ", parts...);
  }

  /// Returns a layer's name, or what it is and after which one.
  std::string text_of(const Layer& layer) const {
    if (!layer.name.empty()) return layer_name(layer);
    for (const Layer* before = &layer; before != layers_.data(); --before)
      if (!before[-1].name.empty())
        return join({operator_name(layer.op), " after ", layer_name(before[-1])});
    return std::string(operator_name(layer.op));
  }

  static constexpr std::string_view operator_name(Operator op) {
    switch (op) {
      case Operator::add:
        return "the sum";
      case Operator::copy:
        return "what lies side by side";
      case Operator::max_pool:
      case Operator::average_pool:
        return "the pool";
      case Operator::pool:
        return "the mean";
      case Operator::gate:
        return "the gate";
      case Operator::resize:
        return "the resized map";
      case Operator::multiply:
        return "the product";
      default:
        return "the layer";
    }
  }

  /// Reports that what reads a layer's input, or stands there, is not what the type has.
  Error not_found(const Layer& layer, int input) const {
    const auto readers = steps_.readers(input);
    const std::string found =
        readers.empty() ? "nothing" : quote(steps_.node(readers.front()).what);
    return problem(layer, "not in the file in a form that is known; in its place is ", found);
  }

  /// Reports that channels are not side by side as in the type.
  Error not_arranged(const Layer& layer, const ChannelList& list) const {
    const int other = steps_.lists().find_permuted(list);
    if (other == kNone)
      return problem(layer, "nothing in the file puts the ", list.size(),
                     " channels side by side that it reads");
    return problem(layer, "reads ", list.size(), " channels in another order than ",
                   quote(steps_.node(other).what), " ", quote(steps_.node(other).name), " gives");
  }

  /// Moves after V3's scale and shift, if they are there.
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

  /// Returns the activation of that kind after a step.
  int activation_after(int step, const Activation& activation) const {
    for (const int reader : steps_.readers(step))
      if (steps_[reader].type == StepType::activation && steps_[reader].from == step &&
          is_same(steps_[reader].activation, activation))
        return reader;
    return kNone;
  }

  /// Moves a result after the activation.
  Error find_activation(const Layer& layer, const Activation& activation, int& result) const {
    const int other = steps_.reader_of(result, StepType::activation);
    if (activation == Activation::none) {
      // What follows the classes is looked at in the end, and what reads others' sums with them.
      const bool classes = static_cast<int>(matches_.size()) == traits_.logits;
      if (other == kNone || classes || steps_.readers(result).size() > 1) return {};
    } else if (const int found = activation_after(result, activation); found != kNone) {
      result = found;
      return {};
    }
    const int unknown = steps_.reader_of(result, StepType::other);
    return problem(layer, "the activation after it is ",
                   other != kNone     ? std::string(activation_name(steps_[other].activation))
                   : unknown != kNone ? quote(steps_.node(unknown).what)
                                      : "missing",
                   ", in the type it is ", activation_name(activation));
  }

  /// Returns the mean over all pixels, which may be that of one window.
  int find_mean(const Layer& layer, int input) const {
    const int mean = steps_.reader_of(input, StepType::pool);
    if (mean != kNone) return mean;
    for (const int reader : steps_.readers(input)) {
      const Window window = window_of(steps_[reader], steps_.node(reader), layer);
      if (steps_[reader].type == StepType::window_mean && window.padding == Padding(0) &&
          window.kernel == Pair(layer.input.height, layer.input.width))
        return reader;
    }
    // Of one pixel there is none to take.
    return layer.input.pixels() == 1 && !steps_.readers(input).empty() ? input : kNone;
  }

  /// Finds a pool of windows: of those that read a step the one that is the layer's.
  Error find_window(const Layer& layer, int input, int& result) const {
    const StepType type =
        layer.op == Operator::max_pool ? StepType::window_max : StepType::window_mean;
    Error first;
    for (const int reader : steps_.readers(input)) {
      if (steps_[reader].type != type) continue;
      const Window window = window_of(steps_[reader], steps_.node(reader), layer);
      auto error = check_pool(window, steps_[reader].count_padding, layer);
      result = reader;
      if (!error) return {};
      if (!first)
        first = problem(layer, error.message(), " (", quote(steps_.node(reader).what), ")");
    }
    return first;
  }

  /// Finds a resized map: of those that read a step the one that is the layer's.
  Error find_resize(const Layer& layer, int input, int& result) const {
    Error first;
    for (const int reader : steps_.readers(input)) {
      if (steps_[reader].type != StepType::resize) continue;
      auto error = check_resize(steps_.node(reader), layer);
      result = reader;
      if (!error) return {};
      if (!first)
        first = problem(layer, error.message(), " (", quote(steps_.node(reader).what), ")");
    }
    return first;
  }

  const FileGraph& graph_;
  std::span<const Layer> layers_;
  const NetworkTraits& traits_;
  const GraphSteps& steps_;
  std::vector<LayerMatch> matches_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_LAYER_SEARCH_HPP
