#ifndef PPLCNET_WEIGHTS_NCNN_LOAD_HPP
#define PPLCNET_WEIGHTS_NCNN_LOAD_HPP

// pplcnet.hpp does not include it.
#include <cstddef>
#include <span>
#include <string_view>

#include "pplcnet/compiled.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/out_of_memory.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/import/weights.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/ncnn/layer.hpp"
#include "pplcnet/weights/ncnn/param.hpp"
#include "pplcnet/weights/ncnn/weighted_layers.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Reads an ncnn network: its text (`.param`) and its weights (`.bin`). `graph` views both; it
/// changes only on success. What is after the first layer of an unknown type is left out.
PPLCNET_INLINE Error parse_ncnn(std::string_view text, std::string_view text_path,
                                std::span<const std::byte> weights, std::string_view weights_path,
                                FileGraph& graph);

namespace loading {

/// Fills packed weights from an ncnn network's two files.
PPLCNET_INLINE Error load_ncnn(std::string_view text_path, std::string_view weights_path,
                               std::span<const Layer> layers, const NetworkTraits& traits,
                               std::span<float> weights);

}  // namespace loading

#if PPLCNET_HAS_OPEN_DEFINITIONS
namespace ncnn_file {

/// Reads a `.param` and the weights that belong to it.
class GraphReader {
 public:
  GraphReader(std::span<const std::byte> weights, std::string_view path, MemoryBudget& budget,
              FileGraph& graph)
      : path_(path), budget_(budget), graph_(graph), weighted_(weights, path, budget, graph) {}

  Error read(std::string_view text) {
    constexpr std::string_view kMagic = "7767517";
    std::string_view first = take_line(text);
    if (take_word(first) != kMagic)
      return Error::of(graph_.path, ": expected the text of an ncnn network, which begins with ",
                       kMagic, ", found something else");
    take_line(text);  // counts of layers and of their results
    LayerLine layer;
    for (auto line = take_line(text); !line.empty(); line = take_line(text)) {
      if (!read_line(line, layer))
        return Error::of(graph_.path, ": expected a layer, found ", quote(line));
      bool known = true;
      if (auto error = add(layer, known)) return error;
      if (!known) return {};
    }
    if (weighted_.left() == 0) return {};
    return Error::of(path_, ": has ", weighted_.left(), " bytes more than the layers of ",
                     graph_.path, " take");
  }

 private:
  Error problem(const LayerLine& layer, std::string_view what) const {
    return weighted_.problem(layer, what);
  }

  Error add(const LayerLine& layer, bool& known) {
    // Nodes that a layer becomes.
    const std::size_t most = 8 + (layer.type == "Slice" ? layer.outputs.size() : 0);
    if (graph_.nodes.size() + most > FileGraph::kMaxNodes || numbers_.size() > FileGraph::kMaxNodes)
      return Error::of(graph_.path, ": expected at most ", FileGraph::kMaxNodes,
                       " layers and constants, found more");
    if (!budget_.reserve(graph_.nodes, graph_.nodes.size() + most) ||
        !budget_.reserve(graph_.constants, graph_.constants.size() + most) ||
        !budget_.take((1 + layer.outputs.size()) * MemoryBudget::kEntry))
      return MemoryBudget::exceeded(graph_.path);
    GraphNode node;
    node.what = layer.type;
    node.name = layer.name;
    std::vector<int> inputs;
    for (const std::string_view input : layer.inputs) {
      const auto found = numbers_.find(input);
      if (found == numbers_.end()) return problem(layer, "reads what no layer before it gives");
      inputs.push_back(found->second);
    }
    std::copy_n(inputs.begin(), std::min(inputs.size(), node.inputs.size()), node.inputs.begin());
    int result = GraphNode::kNone;
    if (const auto add_weighted = WeightedLayers::find(layer.type)) {
      if (auto error = (weighted_.*add_weighted)(layer, node, result)) return error;
    } else {
      const auto type = type_of(layer.type);
      known = type.has_value();
      node.type = type.value_or(NodeType::other);
      read_parameters(layer, graph_, node);
      if (layer.type == "BinaryOp" && layer.integer(1) == 1)
        node.inputs[1] = graph_.add_constant(layer.number(2));
      if (node.type == NodeType::slice && layer.type == "Slice") return add_slices(layer, node);
      result = node.type == NodeType::concat ? graph_.add_concat(node, inputs) : graph_.add(node);
    }
    for (const std::string_view output : layer.outputs)
      if (auto error = name_result(layer, output, result)) return error;
    return {};
  }

  Error name_result(const LayerLine& layer, std::string_view name, int node) {
    if (numbers_.emplace(name, node).second) return {};
    return problem(layer, "gives what another layer gives");
  }

  /// Reads a Slice, each result of which is a part of its input: of a number of channels, or of
  /// what is left, in equal parts.
  Error add_slices(const LayerLine& layer, GraphNode node) {
    constexpr int kRest = -233;
    std::string_view sizes = layer.text(0);
    node.last = 0;
    for (std::size_t i = 0; i < layer.outputs.size(); ++i) {
      const int size = number_in<int>(take_word(sizes, ",")).value_or(0);
      node.first = node.last;
      if (size == kRest) {
        const bool all = i == 0 || node.parts > 1;
        const bool last = i + 1 == layer.outputs.size();
        if (all) {
          node.parts = static_cast<int>(layer.outputs.size());
          node.part = static_cast<int>(i);
        } else {
          node.last = last ? std::numeric_limits<int>::max() : node.first;
        }
      } else {
        node.parts = 1;
        node.last =
            std::min(node.first, std::numeric_limits<int>::max() - std::max(size, 0)) + size;
      }
      node.name = layer.outputs[i];
      if (auto error = name_result(layer, node.name, graph_.add(node))) return error;
    }
    return {};
  }

  std::string_view path_;  // of the weights
  MemoryBudget& budget_;
  FileGraph& graph_;
  WeightedLayers weighted_;
  std::map<std::string_view, int> numbers_;  // of nodes, by the names of layers' results
};

}  // namespace ncnn_file

PPLCNET_INLINE Error parse_ncnn(std::string_view text, std::string_view text_path,
                                std::span<const std::byte> weights, std::string_view weights_path,
                                FileGraph& graph) {
  FileGraph result;
  result.path = text_path;
  MemoryBudget budget(text.size() + weights.size());
  if (auto error = ncnn_file::GraphReader(weights, weights_path, budget, result).read(text))
    return error;
  graph = std::move(result);
  return {};
}

PPLCNET_INLINE Error loading::load_ncnn(std::string_view text_path, std::string_view weights_path,
                                        std::span<const Layer> layers, const NetworkTraits& traits,
                                        std::span<float> weights) {
  FileBytes text, data;
  constexpr std::uint64_t kMaxTextBytes = 4 << 20;
  if (auto error = read_file(text_path, text, kMaxTextBytes)) return error;
  if (auto error = read_file(weights_path, data)) return error;
  const auto characters = std::as_const(text).bytes();
  FileGraph graph;
  if (auto error = parse_ncnn({reinterpret_cast<const char*>(characters.data()), characters.size()},
                              text_path, std::as_const(data).bytes(), weights_path, graph))
    return error;
  return pack_graph(graph, layers, traits, weights);
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

/// Fills a network's weights from an ncnn network (`.param` and `.bin`) that computes what the type
/// computes, or whose beginning does. After an error the weights are not usable.
template <class Weights>
Error load_ncnn(std::string_view param_path, std::string_view bin_path, Weights& weights) {
  using Net = typename Weights::Network;
  return with_memory_for(param_path, [&]() -> Error {
    return loading::load_ncnn(param_path, bin_path, Net::layers, Net::traits, weights.values);
  });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NCNN_LOAD_HPP
