#ifndef PPLCNET_WEIGHTS_IMPORT_WEIGHTS_HPP
#define PPLCNET_WEIGHTS_IMPORT_WEIGHTS_HPP

#include <span>

#include "pplcnet/compiled.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/import/file_graph.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <cstddef>
#include <utility>
#include <vector>

#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/import/candidates.hpp"
#include "pplcnet/weights/import/facts.hpp"
#include "pplcnet/weights/import/match.hpp"
#include "pplcnet/weights/import/parameters.hpp"
#include "pplcnet/weights/import/steps.hpp"
#include "pplcnet/weights/import/strides.hpp"
#include "pplcnet/weights/naming/likeness.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Finds all layers of a network in a graph, and folds and packs their weights. Names do not matter
/// there, and a batch norm may be part of the weights: a layer is what reads the results that the
/// layers before it have, and does what the type says. The network may be the beginning of a larger
/// one, whose rest is not looked at.
PPLCNET_INLINE Error pack_graph(const FileGraph& graph, std::span<const Layer> layers,
                                const NetworkTraits& traits, std::span<float> weights);

#if PPLCNET_HAS_OPEN_DEFINITIONS
/// A network that is looked for in a graph.
class GraphMatch {
 public:
  GraphMatch(const FileGraph& graph, std::span<const Layer> layers, const NetworkTraits& traits)
      : graph_(graph), layers_(layers), traits_(traits), steps_(graph) {}

  /// Finds all layers, and folds and packs their weights.
  Error pack(std::span<float> weights) {
    auto error = find();
    if (!error) error = read(weights);
    if (!error) return error;
    // Of networks that are equally like the graph, the nearer is the one that is found further on.
    const std::size_t steps = likeness(graph_.constants, layers_) * FileGraph::kMaxNodes;
    return std::move(error).with_progress(steps + found_);
  }

 private:
  static constexpr int kNone = GraphNode::kNone;

  Error find() {
    int picture = kNone;
    if (auto error = find_picture(picture)) return error;
    if (auto error = check_picture(graph_.path, steps_.node(picture), layers_.front().input))
      return error;
    constexpr int kMostAttempts = 64;
    Candidates candidates(steps_);
    Error furthest;
    for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
      candidates.begin();
      LayerFinder finder(graph_, layers_, traits_, steps_, candidates);
      auto error = finder.find(picture);
      if (!error) {
        matches_ = finder.matches();
        error = check(finder);
        found_ = layers_.size();
        return error;
      }
      if (attempt == 0 || finder.matches().size() > found_) {
        furthest = std::move(error);
        found_ = finder.matches().size();
      }
      if (!candidates.advance()) break;
    }
    return furthest;
  }

  Error find_picture(int& picture) const {
    for (const Step& step : steps_.steps()) {
      if (step.type != StepType::weights) continue;
      picture = step.from;
      if (picture != kNone && steps_[picture].type == StepType::picture) return {};
      return Error::of(graph_.path, ": the first convolution reads ",
                       picture == kNone ? "a constant" : quote(steps_.node(picture).what),
                       ", in the type's network it reads the picture");
    }
    return Error::of(graph_.path, ": has no convolution");
  }

  /// Checks what is compared when all layers are found.
  Error check(const LayerFinder& finder) const {
    if (auto error = check_strides(finder.strides(), graph_.path)) return error;
    const auto result_of = [&](int layer) {
      return matches_[static_cast<std::size_t>(layer)].result;
    };
    if (traits_.embedding >= 0) {
      const int last = traits_.logits >= 0 ? traits_.logits : traits_.embedding;
      if (steps_.next_weights(result_of(last)) != kNone)
        return Error::of(graph_.path, ": has more weights after those of ",
                         layer_name(layers_[static_cast<std::size_t>(last)]),
                         ", with which the type ends");
    }
    return traits_.classes > 0 ? check_scores(graph_, steps_, result_of(traits_.logits)) : Error();
  }

  Error read(std::span<float> weights) {
    GraphParameters reader(graph_, steps_);
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const Layer& layer = layers_[i];
      if (!layer.has_weights()) continue;
      Parameters parameters;
      if (auto error = reader.read(layer, matches_[i], parameters)) return error;
      Layer folded = layer;
      if (!matches_[i].is_scaled) folded.output_percent = 100;
      fold(folded, parameters);
      if (!layer.owns_weights()) {
        const Layer& owner = layers_[static_cast<std::size_t>(layer.weights_of)];
        if (unpack(owner, weights).weight == parameters.weight) continue;
        return Error::of(graph_.path, ": ", layer_name(layer), ": has other weights than ",
                         layer_name(owner), ", in the type they are the same");
      }
      pplcnet::pack(layer, parameters, weights);
      reader.check(layer, weights);
    }
    return reader.wrong_value();
  }

  const FileGraph& graph_;
  std::span<const Layer> layers_;
  const NetworkTraits& traits_;
  GraphSteps steps_;
  std::vector<LayerMatch> matches_;
  std::size_t found_ = 0;  // layers
};

PPLCNET_INLINE Error pack_graph(const FileGraph& graph, std::span<const Layer> layers,
                                const NetworkTraits& traits, std::span<float> weights) {
  return GraphMatch(graph, layers, traits).pack(weights);
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_WEIGHTS_HPP
