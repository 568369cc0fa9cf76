#ifndef PPLCNET_WEIGHTS_NCNN_LOAD_HPP
#define PPLCNET_WEIGHTS_NCNN_LOAD_HPP

// pplcnet.hpp does not include it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/import/weights.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/ncnn/bin.hpp"
#include "pplcnet/weights/ncnn/layer.hpp"
#include "pplcnet/weights/ncnn/param.hpp"
#include "pplcnet/weights/out_of_memory.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace ncnn_file {

/// Reads a `.param` and the weights that belong to it.
class GraphReader {
 public:
  GraphReader(std::span<const std::byte> weights, std::string_view path, MemoryBudget& budget,
              FileGraph& graph)
      : weights_(weights, budget), path_(path), budget_(budget), graph_(graph) {}

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
    if (weights_.left() == 0) return {};
    return Error::of(path_, ": has ", weights_.left(), " bytes more than the layers of ",
                     graph_.path, " take");
  }

 private:
  Error problem(const LayerLine& layer, std::string_view what) const {
    return Error::of(graph_.path, ": layer ", quote(layer.name), " (", quote(layer.type),
                     "): ", what);
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
    if (layer.type == "Convolution" || layer.type == "ConvolutionDepthWise") {
      if (auto error = add_convolution(layer, node, result)) return error;
    } else if (layer.type == "InnerProduct") {
      if (auto error = add_product(layer, node, result)) return error;
    } else if (layer.type == "BatchNorm") {
      if (auto error = add_batch_norm(layer, node, result)) return error;
    } else if (layer.type == "MemoryData") {
      if (auto error = add_memory(layer, result)) return error;
    } else {
      const auto type = type_of(layer.type);
      known = type.has_value();
      node.type = type.value_or(NodeType::other);
      read_parameters(layer, node);
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

  /// Reads numbers that are stored as they are.
  Error add_floats(const LayerLine& layer, std::vector<std::int64_t> shape, int& node) {
    Tensor tensor = {.name = {}, .shape = std::move(shape), .data = {}};
    if (!weights_.take_floats(tensor)) return truncated(layer);
    return add_constant(layer, std::move(tensor), node);
  }

  Error add_weights(const LayerLine& layer, std::vector<std::int64_t> shape, int& node) {
    Tensor tensor = {.name = {}, .shape = std::move(shape), .data = {}};
    bool quantised = false;
    if (!weights_.take_tagged(tensor, graph_, quantised))
      return quantised ? this->quantised(layer) : truncated(layer);
    return add_constant(layer, std::move(tensor), node);
  }

  Error add_constant(const LayerLine& layer, Tensor tensor, int& node) {
    if (!budget_.take(MemoryBudget::kEntry) || !budget_.reserve(tensor.name, layer.name.size()))
      return MemoryBudget::exceeded(graph_.path);
    node = graph_.add_constant(std::move(tensor), layer.name);
    return {};
  }

  Error truncated(const LayerLine& layer) const {
    if (weights_.exceeded()) return MemoryBudget::exceeded(path_);
    return Error::of(path_, ": ends before the weights of ", quote(layer.name));
  }

  Error quantised(const LayerLine& layer) const {
    return problem(layer, "its weights are quantised to 8 bits: take the float network");
  }

  Error add_convolution(const LayerLine& layer, GraphNode& node, int& result) {
    const int out = layer.integer(0), width = layer.integer(1), height = layer.integer(11, width);
    const int count = layer.integer(6);
    const bool depthwise = layer.type == "ConvolutionDepthWise";
    if (layer.integer(8) != 0) return quantised(layer);
    const std::int64_t taps = std::int64_t{width} * height;
    if (layer.integer(19) != 0 || out <= 0 || width <= 0 || height <= 0 || count <= 0 ||
        taps > count || count % taps != 0 || count / taps % out != 0)
      return problem(layer, "its weights have no known shape");
    node.type = NodeType::convolution;
    node.groups = depthwise ? layer.integer(7, 1) : 1;
    node.window.dilation = {layer.integer(12, layer.integer(2, 1)), layer.integer(2, 1)};
    node.window.stride = {layer.integer(13, layer.integer(3, 1)), layer.integer(3, 1)};
    read_padding(layer, 4, 15, 14, 16, node);
    if (auto error = add_weights(layer, {out, count / taps / out, height, width}, node.inputs[1]))
      return error;
    return finish(layer, layer.integer(5) != 0 ? out : 0, node, result);
  }

  Error add_product(const LayerLine& layer, GraphNode& node, int& result) {
    const int out = layer.integer(0), count = layer.integer(2);
    if (layer.integer(8) != 0) return quantised(layer);
    if (out <= 0 || count <= 0 || count % out != 0)
      return problem(layer, "its weights have no known shape");
    node.type = NodeType::product;
    node.transposed = true;
    if (auto error = add_weights(layer, {out, count / out}, node.inputs[1])) return error;
    return finish(layer, layer.integer(1) != 0 ? out : 0, node, result);
  }

  /// Reads bias, and the activation that a layer with weights may have.
  Error finish(const LayerLine& layer, int biases, GraphNode& node, int& result) {
    node.inputs[2] = GraphNode::kNone;
    if (biases > 0)
      if (auto error = add_floats(layer, {biases}, node.inputs[2])) return error;
    result = graph_.add(node);
    if (layer.integer(9) != 0) result = graph_.add(activation_of(layer, result));
    return {};
  }

  Error add_batch_norm(const LayerLine& layer, GraphNode& node, int& result) {
    node.type = NodeType::batch_norm;
    node.alpha = layer.number(1);
    // In the file: gamma, mean, variance, beta.
    for (const std::size_t input : {1u, 3u, 4u, 2u})
      if (auto error = add_floats(layer, {layer.integer(0)}, node.inputs[input])) return error;
    result = graph_.add(node);
    return {};
  }

  Error add_memory(const LayerLine& layer, int& result) {
    std::vector<std::int64_t> shape;
    for (const int key : {2, 11, 1, 0})
      if (layer.integer(key) != 0) shape.push_back(layer.integer(key));
    if (layer.integer(21, 1) == 0) return add_weights(layer, std::move(shape), result);
    return add_floats(layer, std::move(shape), result);
  }

  WeightReader weights_;
  std::string_view path_;  // of the weights
  MemoryBudget& budget_;
  FileGraph& graph_;
  std::map<std::string_view, int> numbers_;  // of nodes, by the names of layers' results
};

}  // namespace ncnn_file

/// Reads an ncnn network: its text (`.param`) and its weights (`.bin`). `graph` views both; it
/// changes only on success. What is after the first layer of an unknown type is left out.
inline Error parse_ncnn(std::string_view text, std::string_view text_path,
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

namespace loading {

/// Fills packed weights from an ncnn network's two files.
inline Error load_ncnn(std::string_view text_path, std::string_view weights_path,
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
  return GraphMatch(graph, layers, traits).pack(weights);
}

}  // namespace loading

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
