#ifndef PPLCNET_WEIGHTS_ONNX_GRAPH_READER_HPP
#define PPLCNET_WEIGHTS_ONNX_GRAPH_READER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/onnx/dequantise.hpp"
#include "pplcnet/weights/onnx/node.hpp"
#include "pplcnet/weights/onnx/operands.hpp"
#include "pplcnet/weights/onnx/tensor.hpp"
#include "pplcnet/weights/tensor.hpp"

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
    int axis = 1;
    for (Message fields = message; fields.next(5, Wire::length_delimited);) {
      const Attribute attribute = read_attribute(fields.get_message());
      if (attribute.name == "axis") axis = clamped(attribute.integer);
      apply(attribute, node);
      attributes.take(attribute);
    }
    if (node.what == "QuantizeLinear" || node.what == "DequantizeLinear")
      return read_quantisation(message, axis, node);
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

  /// Reads a QuantizeLinear or DequantizeLinear: of a constant it is another one, in real numbers,
  /// and a value that is quantised and comes back by the same scales is itself.
  Error read_quantisation(const Message& message, int axis, GraphNode node) {
    QuantisedAs as;
    const bool known = as.read(graph_, node), restores = node.what == "DequantizeLinear";
    const Tensor* const tensor = graph_.tensor(node.inputs[0]);
    if (restores && known && IntegerTensor::has(tensor)) {
      if (const std::size_t inner = neighbours(*tensor, as.scales.size(), axis); inner > 0) {
        Tensor result;
        if (!dequantise(*tensor, as, inner, graph_, budget_, result) ||
            !budget_.reserve(result.name, node.name.size()))
          return MemoryBudget::exceeded(graph_.path);
        return name_results(message, graph_.add_constant(std::move(result), node.name));
      }
    }
    const auto before = quantised_.find(node.inputs[0]);
    if (known && tensor == nullptr &&
        (!restores || (before != quantised_.end() && before->second == as)))
      node.type = !restores && as.starts_at_zero() && is_sum(node.inputs[0]) ? NodeType::relu
                                                                             : NodeType::same;
    const int number = graph_.add(node);
    if (!restores && known) {
      if (!budget_.take(MemoryBudget::kEntry + as.scales.size() * kBytesOfScale))
        return MemoryBudget::exceeded(graph_.path);
      quantised_.emplace(number, std::move(as));
    }
    return name_results(message, number);
  }

  /// Returns whether a node may have been followed by a ReLU that quantisation has taken in.
  bool is_sum(int node) const {
    if (node == GraphNode::kNone) return false;
    const NodeType type = graph_.nodes[static_cast<std::size_t>(node)].type;
    return type == NodeType::convolution || type == NodeType::product || type == NodeType::add ||
           type == NodeType::batch_norm;
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

  static constexpr std::size_t kBytesOfScale = sizeof(float) + sizeof(std::int64_t);

  FileGraph& graph_;
  MemoryBudget& budget_;
  std::map<int, QuantisedAs> quantised_;     // by their nodes
  std::map<std::string_view, int> numbers_;  // of nodes, by the names of their results
};

}  // namespace onnx_file

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ONNX_GRAPH_READER_HPP
