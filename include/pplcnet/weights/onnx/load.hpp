#ifndef PPLCNET_WEIGHTS_ONNX_LOAD_HPP
#define PPLCNET_WEIGHTS_ONNX_LOAD_HPP

// Needs protozero (only headers; apt install libprotozero-dev), and exceptions, which protozero
// throws; none leaves this header. pplcnet.hpp does not include it.
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <protozero/exception.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/check_values.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/import/weights.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/onnx/load_own.hpp"
#include "pplcnet/weights/onnx/node.hpp"
#include "pplcnet/weights/onnx/operands.hpp"
#include "pplcnet/weights/onnx/tensor.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#include "pplcnet/weights/safetensors/native.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace onnx_file {

/// Reads a GraphProto.
class GraphReader {
 public:
  GraphReader(FileGraph& graph, MemoryBudget& budget) : graph_(graph), budget_(budget) {}

  Error read(const Message& message) {
    // Nodes come first in files, but read what follows them.
    for (Message constants = message; constants.next(5, Wire::length_delimited);)
      if (auto error = read_constant(constants.get_message())) return error;
    for (Message inputs = message; inputs.next(11, Wire::length_delimited);)
      if (auto error = read_input(inputs.get_message())) return error;
    for (Message nodes = message; nodes.next(1, Wire::length_delimited);)
      if (auto error = read_node(nodes.get_message())) return error;
    return {};
  }

 private:
  /// Makes room for nodes, which may be constants.
  Error make_room(std::size_t nodes = 1) {
    if (graph_.nodes.size() + nodes > FileGraph::kMaxNodes)
      return Error::of(graph_.path, ": expected at most ", FileGraph::kMaxNodes,
                       " nodes and constants, found more");
    if (budget_.reserve(graph_.nodes, graph_.nodes.size() + nodes) &&
        budget_.reserve(graph_.constants, graph_.constants.size() + 1))
      return {};
    return MemoryBudget::exceeded(graph_.path);
  }

  Error name_result(std::string_view name, int node) {
    if (numbers_.size() >= FileGraph::kMaxNodes)
      return Error::of(graph_.path, ": expected at most ", FileGraph::kMaxNodes,
                       " names of values, found more");
    if (!budget_.take(MemoryBudget::kEntry)) return MemoryBudget::exceeded(graph_.path);
    if (name.empty() || numbers_.emplace(name, node).second) return {};
    return Error::of(graph_.path, ": expected one value of the name ", quote(name),
                     ", found several");
  }

  Error read_constant(const Message& message) {
    if (auto error = make_room()) return error;
    Tensor tensor;
    std::string_view name;
    if (auto error = read_tensor(message, graph_, budget_, tensor, name)) return error;
    return add_constant(std::move(tensor), name);
  }

  Error add_constant(Tensor tensor, std::string_view name) {
    if (!budget_.reserve(tensor.name, name.size())) return MemoryBudget::exceeded(graph_.path);
    return name_result(name, graph_.add_constant(std::move(tensor), name));
  }

  /// Reads an input; older files list the constants among them.
  Error read_input(Message message) {
    if (!message.next(1, Wire::length_delimited)) return {};
    const std::string_view name = text(message.get_view());
    if (numbers_.contains(name)) return {};
    if (auto error = make_room()) return error;
    GraphNode node = {.type = NodeType::picture, .what = "input", .name = name};
    if (message.next(2, Wire::length_delimited)) node.size = read_size(message.get_message());
    return name_result(name, graph_.add(node));
  }

  Error read_node(const Message& message) {
    if (auto error = make_room()) return error;
    GraphNode node;
    std::string_view domain;
    std::vector<int> inputs;
    for (Message fields = message; fields.next();) {
      switch (fields.tag_and_type()) {
        case field(1, Wire::length_delimited):
          if (auto error = read_operand(text(fields.get_view()), inputs)) return error;
          break;
        case field(2, Wire::length_delimited):
          if (node.name.empty())
            node.name = text(fields.get_view());
          else
            fields.skip();
          break;
        case field(4, Wire::length_delimited):
          node.what = text(fields.get_view());
          break;
        case field(7, Wire::length_delimited):
          domain = text(fields.get_view());
          break;
        default:
          fields.skip();
      }
    }
    std::copy_n(inputs.begin(), std::min(inputs.size(), node.inputs.size()), node.inputs.begin());
    if (node.what == "Constant") return read_constant_node(message, node);
    if (domain.empty() || domain == "ai.onnx") node.type = type_of(node.what);
    set_defaults(node);
    Attributes attributes;
    for (Message fields = message; fields.next(5, Wire::length_delimited);) {
      const Attribute attribute = read_attribute(fields.get_message());
      apply(attribute, node);
      attributes.take(attribute);
    }
    read_operands(graph_, attributes, node);
    if (node.type == NodeType::concat) {
      if (auto error = make_room(FileGraph::kMostOfConcat)) return error;
      return name_results(message, graph_.add_concat(node, inputs));
    }
    if (node.type == NodeType::slice && node.what == "Split")
      return read_split(message, attributes, node);
    return name_results(message, graph_.add(node));
  }

  /// Reads a node, whose results are one.
  Error name_results(Message message, int number) {
    while (message.next(2, Wire::length_delimited))
      if (auto error = name_result(text(message.get_view()), number)) return error;
    return {};
  }

  /// Reads a split, each result of which is a slice.
  Error read_split(const Message& message, const Attributes& attributes, GraphNode node) {
    const std::vector<int> sizes = attributes.integers("split", graph_.tensor(node.inputs[1]));
    int count = 0, part = 0;
    for (Message outputs = message; outputs.next(2, Wire::length_delimited); outputs.skip())
      ++count;
    node.parts = sizes.empty() ? std::max(count, 1) : 1;
    node.last = 0;
    for (Message outputs = message; outputs.next(2, Wire::length_delimited); ++part) {
      if (auto error = make_room()) return error;
      node.name = text(outputs.get_view());
      node.part = part;
      node.first = node.last;
      if (static_cast<std::size_t>(part) < sizes.size())
        node.last = clamped(std::int64_t{node.first} + sizes[static_cast<std::size_t>(part)]);
      if (auto error = name_result(node.name, graph_.add(node))) return error;
    }
    return {};
  }

  Error read_operand(std::string_view name, std::vector<int>& inputs) const {
    constexpr std::size_t kMost = 64;
    const auto found = numbers_.find(name);
    if (!name.empty() && found == numbers_.end())
      return Error::of(graph_.path, ": the node after ", graph_.nodes.size(), " others reads ",
                       quote(name), ", which nothing before it is");
    if (inputs.size() < kMost) inputs.push_back(name.empty() ? GraphNode::kNone : found->second);
    return {};
  }

  Error read_constant_node(Message message, const GraphNode& node) {
    while (message.next(5, Wire::length_delimited)) {
      const Attribute attribute = read_attribute(message.get_message());
      if (attribute.name == "value_float") {
        if (!budget_.take(MemoryBudget::kEntry)) return MemoryBudget::exceeded(graph_.path);
        return name_result(node.name, graph_.add_constant(attribute.number));
      }
      if (attribute.name != "value") continue;
      Tensor tensor;
      std::string_view unused;
      if (auto error = read_tensor(attribute.tensor, graph_, budget_, tensor, unused)) return error;
      return add_constant(std::move(tensor), node.name);
    }
    return name_result(node.name, graph_.add(node));
  }

  FileGraph& graph_;
  MemoryBudget& budget_;
  std::map<std::string_view, int> numbers_;  // of nodes, by the names of their results
};

// Of a ModelProto.
inline constexpr auto kGraph = protozero::tag_and_type(7, Wire::length_delimited);
inline constexpr auto kMetadata = protozero::tag_and_type(14, Wire::length_delimited);

inline std::pair<std::string, std::string> read_metadata(Message entry) {
  std::pair<std::string, std::string> result;
  while (entry.next()) {
    std::string& text = entry.tag() == 1 ? result.first : result.second;
    if (entry.wire_type() == Wire::length_delimited && entry.tag() <= 2)
      text = entry.get_string();
    else
      entry.skip();
  }
  return result;
}

}  // namespace onnx_file

/// Reads an ONNX model (a ModelProto). `graph` views `bytes`; it changes only on success.
inline Error parse_onnx(std::span<const std::byte> bytes, std::string_view path, FileGraph& graph) {
  FileGraph result;
  result.path = path;
  MemoryBudget budget(bytes.size());
  constexpr std::size_t kMost = 64;  // words: this library writes about twenty
  try {
    onnx_file::Message model(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    bool found = false;
    while (model.next()) {
      if (model.tag_and_type() == onnx_file::kMetadata && result.metadata.size() < kMost) {
        const onnx_file::Message entry = model.get_message();
        if (!budget.take(entry.length()) ||
            !budget.append(result.metadata, onnx_file::read_metadata(entry)))
          return MemoryBudget::exceeded(path);
      } else if (model.tag_and_type() == onnx_file::kGraph) {
        if (found) return Error::of(path, ": expected one graph, found several");
        if (auto error = onnx_file::GraphReader(result, budget).read(model.get_message()))
          return error;
        found = true;
      } else {
        model.skip();
      }
    }
    if (!found) return Error::of(path, ": expected an ONNX model, found no graph in it");
  } catch (const protozero::exception& exception) {
    return Error::of(
        path, ": expected an ONNX model, found damage or something else: ", exception.what());
  }
  graph = std::move(result);
  return {};
}

namespace loading {

/// Fills packed weights from an ONNX model's bytes.
inline Error load_onnx(std::span<const std::byte> bytes, std::string_view path,
                       std::span<const Layer> layers, const NetworkTraits& traits,
                       std::span<float> weights) {
  FileGraph graph;
  if (auto error = parse_onnx(bytes, path, graph)) return error;
  TensorFile own = {.tensors = {}, .metadata = graph.metadata, .path = graph.path};
  if (native::find(own, kOnnxFolded) == nullptr)
    return GraphMatch(graph, layers, traits).pack(weights);
  own.tensors = graph.constants;
  return load_own_onnx(own, layers, traits, weights);
}

}  // namespace loading

/// Fills a network's weights from an ONNX model that computes what the type computes, or whose
/// beginning does. Batch norms may be nodes or part of the weights, activations nodes or written
/// out; names do not matter. After an error the weights are not usable.
template <class Weights>
Error load_onnx(std::string_view path, Weights& weights) {
  using Net = typename Weights::Network;
  return with_memory_for(path, [&]() -> Error {
    FileBytes bytes;
    if (auto error = read_file(path, bytes)) return error;
    return loading::load_onnx(std::as_const(bytes).bytes(), path, Net::layers, Net::traits,
                              weights.values);
  });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ONNX_LOAD_HPP
