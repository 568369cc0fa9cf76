#ifndef PPLCNET_WEIGHTS_PADDLE_PROGRAM_HPP
#define PPLCNET_WEIGHTS_PADDLE_PROGRAM_HPP

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "pplcnet/compiled.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/tensor.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/import/weights.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/paddle/attributes.hpp"
#include "pplcnet/weights/paddle/operation.hpp"
#include "pplcnet/weights/paddle/pdiparams.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// A network as Paddle exports it for inference: operations in one file, and in another, a
/// `.pdiparams`, the data of the graph's parameters.
struct PaddleProgram {
  FileGraph graph;
  /// Which of the graph's constants are in the other file, and in which order: that of their names,
  /// by code points (Paddle `static/io.py`, `static/pir_io.py`).
  std::vector<std::size_t> parameters;
};

/// Gives a program's parameters the data of the tensors of a `.pdiparams` file, which must be as
/// many, and of the same shapes.
PPLCNET_INLINE Error attach_parameters(const TensorFile& file, PaddleProgram& program);

namespace loading {

/// Fills packed weights from a `.pdiparams` file and a program that `parse` reads.
PPLCNET_INLINE Error load_paddle(std::string_view pdiparams_path, std::string_view graph_path,
                                 Error (*parse)(std::span<const std::byte>, std::string_view,
                                                PaddleProgram&),
                                 std::span<const Layer> layers, const NetworkTraits& traits,
                                 std::span<float> weights);

}  // namespace loading

#if PPLCNET_HAS_OPEN_DEFINITIONS
namespace paddle {

/// Makes a program of operations, in whichever form they are read.
class ProgramBuilder {
 public:
  ProgramBuilder(std::string_view path, std::size_t file_size) : budget_(file_size) {
    program_.graph.path = path;
  }

  static constexpr std::size_t kMostParts = 16;

  FileGraph& graph() { return program_.graph; }
  std::string_view path() const { return program_.graph.path; }

  /// `name` lives as long as the graph. Returns the constant's node.
  int add_parameter(std::string_view name, std::vector<std::int64_t> shape) {
    program_.parameters.push_back(graph().constants.size());
    return graph().add_constant({.name = {}, .shape = std::move(shape), .data = {}}, name);
  }

  /// Appends an operation whose node has its inputs.
  int add_operation(const Operation& operation, GraphNode node) {
    set_type(operation.type, node);
    if (node.what.empty()) node.what = graph().keep(std::string(operation.type));
    if (operation.type == "dropout" && number_of(graph().tensor(node.inputs[1])) == 1.0F)
      node.type = NodeType::same;
    read_attributes(operation, node);
    const auto bias = static_cast<float>(operation.number("bias", 0));
    if (operation.type != "scale" || bias == 0) return graph().add(node);
    if (!operation.is_true("bias_after_scale")) node.type = NodeType::other;
    GraphNode sum = {.type = NodeType::add, .what = node.what};
    sum.inputs[0] = graph().add(node);
    sum.inputs[1] = graph().add_constant(bias);
    return graph().add(sum);
  }

  /// Appends a concat of any number of nodes.
  int add_concat(const Operation& operation, std::span<const int> inputs) {
    GraphNode node;
    set_type(operation.type, node);
    read_attributes(operation, node);
    return graph().add_concat(node, inputs);
  }

  /// Appends the parts that a split makes of a node, at most kMostParts.
  std::vector<int> add_parts(const Operation& operation, GraphNode node) {
    set_type(operation.type, node);
    read_attributes(operation, node);
    const auto sizes = operation.integers("sections");
    const auto count = operation.integer("num").value_or(0);
    const std::size_t parts = std::min(
        sizes.empty() ? static_cast<std::size_t>(std::max<std::int64_t>(count, 0)) : sizes.size(),
        kMostParts);
    std::vector<int> result;
    node.last = 0;
    for (std::size_t i = 0; i < parts; ++i) {
      node.parts = sizes.empty() ? static_cast<int>(parts) : 1;
      node.part = static_cast<int>(i);
      node.first = node.last;
      if (!sizes.empty()) node.last = clamped(node.first + std::max<std::int64_t>(sizes[i], 0));
      // One may be what the others leave.
      if (!sizes.empty() && sizes[i] < 0) {
        node.last = i + 1 == parts ? std::numeric_limits<int>::max() : node.first;
      }
      result.push_back(graph().add(node));
    }
    return result;
  }

  /// Makes room for one more operation or parameter.
  Error make_room() {
    constexpr std::size_t kMost = kMostParts;  // nodes that an operation becomes
    constexpr std::size_t kMostConstants = 2;  // and constants
    constexpr std::size_t kBeside = 128;       // names, shapes, and what finds values by number
    if (graph().nodes.size() + kMost > FileGraph::kMaxNodes)
      return Error::of(path(), ": expected at most ", FileGraph::kMaxNodes,
                       " operations and constants, found more");
    if (budget_.reserve(graph().nodes, graph().nodes.size() + kMost) &&
        budget_.reserve(graph().constants, graph().constants.size() + kMostConstants) &&
        budget_.take(kBeside))
      return {};
    return MemoryBudget::exceeded(path());
  }

  /// Sorts the parameters.
  Error finish(PaddleProgram& result) {
    const auto name_of = [&](std::size_t constant) -> std::string_view {
      return graph().constants[constant].name;
    };
    // The bytes of UTF-8 sort as its code points do.
    std::ranges::sort(program_.parameters, {}, name_of);
    const auto twice = std::ranges::adjacent_find(program_.parameters, {}, name_of);
    if (twice != program_.parameters.end())
      return Error::of(path(), ": expected one parameter of the name ", quote(name_of(*twice)),
                       ", found several");
    result = std::move(program_);
    return {};
  }

 private:
  MemoryBudget budget_;
  PaddleProgram program_;
};

}  // namespace paddle

PPLCNET_INLINE Error attach_parameters(const TensorFile& file, PaddleProgram& program) {
  const std::string_view graph_path = program.graph.path;
  if (file.tensors.size() != program.parameters.size())
    return Error::of(file.path, ": expected ", program.parameters.size(), " tensors, as ",
                     graph_path, " has, found ", file.tensors.size());
  for (std::size_t i = 0; i < file.tensors.size(); ++i) {
    const Tensor& tensor = file.tensors[i];
    Tensor& parameter = program.graph.constants[program.parameters[i]];
    if (tensor.shape != parameter.shape)
      return Error::of(file.path, ": tensor ", i, " (", quote(parameter.name), "): expected ",
                       describe(tensor.type, parameter.shape), ", as ", graph_path, " has, found ",
                       describe(tensor.type, tensor.shape));
    parameter.type = tensor.type;
    parameter.data = tensor.data;
  }
  return {};
}

PPLCNET_INLINE Error loading::load_paddle(
    std::string_view pdiparams_path, std::string_view graph_path,
    Error (*parse)(std::span<const std::byte>, std::string_view, PaddleProgram&),
    std::span<const Layer> layers, const NetworkTraits& traits, std::span<float> weights) {
  FileBytes data, text;
  if (auto error = read_file(pdiparams_path, data)) return error;
  if (auto error = read_file(graph_path, text)) return error;
  TensorFile file;
  if (auto error = parse_pdiparams(std::as_const(data).bytes(), pdiparams_path, file)) return error;
  PaddleProgram program;
  if (auto error = parse(std::as_const(text).bytes(), graph_path, program)) return error;
  if (auto error = attach_parameters(file, program)) return error;
  return pack_graph(program.graph, layers, traits, weights);
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PADDLE_PROGRAM_HPP
