#ifndef PPLCNET_WEIGHTS_PADDLE_PIR_HPP
#define PPLCNET_WEIGHTS_PADDLE_PIR_HPP

#include <cstddef>
#include <span>
#include <string_view>

#include "pplcnet/compiled.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#include "pplcnet/weights/paddle/program.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/paddle/operation.hpp"
#include "pplcnet/weights/paddle/pir_json.hpp"
#include "pplcnet/weights/tensor.hpp"
#endif

// Paddle 3's inference.json: JSON of its "pir" form. Needs nlohmann/json.

namespace pplcnet::inline PPLCNET_ABI {

/// Reads an inference.json. `program` changes only on success; it owns what it has.
PPLCNET_INLINE Error parse_pir(std::span<const std::byte> bytes, std::string_view path,
                               PaddleProgram& program);

#if PPLCNET_HAS_OPEN_DEFINITIONS
namespace pir {

/// Reads one operation after the other:
/// {"#": type, "A": [attribute, ..], "I": [{"%": value}, ..], "O": [{"%": value}, ..]}.
class Reader {
 public:
  explicit Reader(paddle::ProgramBuilder& builder) : builder_(builder) {}

  Error read(const Json& json) {
    const std::string where = join({builder_.path(), ": operation ", count_++, ": "});
    if (auto error = builder_.make_room()) return error;
    std::string_view type = text_of(at_path(json, "#"));
    if (type == "p") return read_parameter(json, where);
    type.remove_prefix(std::min(type.size(), type.find('.') + 1));  // the dialect
    paddle::Operation operation = {.type = type};
    if (const Json* attributes = at_path(json, "A"); attributes && attributes->is_array())
      for (const Json& attribute : *attributes)
        operation.attributes.push_back(read_attribute(attribute));

    GraphNode node;
    std::vector<int> first;  // of the first input, which may be a list
    if (const Json* inputs = at_path(json, "I"); inputs && inputs->is_array()) {
      const std::size_t most =
          operation.type == "combine" ? paddle::ProgramBuilder::kMostParts : node.inputs.size();
      for (std::size_t i = 0; i < inputs->size() && i < most; ++i) {
        std::int64_t value = 0;
        if (!read_integer(at_path((*inputs)[i], "%"), value))
          return Error::of(where, "expected the number of a value");
        if (value == 0) continue;  // none
        const auto found = values_.find(value);
        if (found == values_.end())
          return Error::of(where, "reads value ", value, ", which nothing before it is");
        const Value& input = found->second;
        if (i == 0 || operation.type == "combine")
          first.insert(first.end(), input.nodes.begin(), input.nodes.end());
        if (const auto name = operand_name(operation.type, i); !name.empty())
          operation.attributes.push_back({.name = name, .integers = input.integers});
        else if (i < node.inputs.size() && !input.nodes.empty())
          node.inputs[i] = input.nodes.front();
      }
    }
    return add(json, where, operation, node, first);
  }

 private:
  Error read_parameter(const Json& json, std::string_view where) {
    const std::string_view name = text_of(at_path(json, "A", 3));
    std::vector<std::int64_t> shape;
    if (name.empty() || !read_shape(at_path(json, "O", "TT", "D", 1), shape))
      return Error::of(where, "expected a parameter's name and shape");
    const std::string_view kept = builder_.graph().keep(std::string(name));
    return name_value(at_path(json, "O", "%"), where,
                      {.nodes = {builder_.add_parameter(kept, std::move(shape))}});
  }

  /// What a value is: a node, or several, and integers, if it is a constant of these.
  struct Value {
    std::vector<int> nodes;
    std::vector<std::int64_t> integers = {};
  };

  Error name_value(const Json* value, std::string_view where, Value result) {
    std::int64_t number = 0;
    if (!read_integer(value, number)) return Error::of(where, "expected the number of a value");
    if (values_.size() >= FileGraph::kMaxNodes)
      return Error::of(builder_.path(), ": expected at most ", FileGraph::kMaxNodes,
                       " values, found more");
    if (values_.emplace(number, std::move(result)).second) return {};
    return Error::of(where, "gives value ", number, ", which another gives");
  }

  Error add(const Json& json, std::string_view where, const paddle::Operation& operation,
            GraphNode node, const std::vector<int>& first) {
    if (operation.type == "batch_norm_" || operation.type == "batch_norm")
      node.inputs = {node.inputs[0], node.inputs[3], node.inputs[4], node.inputs[1],
                     node.inputs[2]};
    Value result;
    const bool lists = json.is_object() && text_of(at_path(json, "#")).starts_with("0.");
    if (lists && (operation.type == "combine" || operation.type == "split")) {
      result.nodes = first;
    } else if (operation.type == "split" || operation.type == "split_with_num") {
      result.nodes = builder_.add_parts(operation, node);
    } else if (operation.type == "concat") {
      result.nodes = {builder_.add_concat(operation, first)};
    } else if (operation.type == "full") {
      const double number = operation.number("value", 0);
      result.nodes = {builder_.graph().add_constant(static_cast<float>(number))};
      if (std::abs(number) < 1 << 30) result.integers = {static_cast<std::int64_t>(number)};
    } else {
      if (operation.type == "dropout") {
        const float probability = number_of(builder_.graph().tensor(node.inputs[2])).value_or(0);
        node.inputs = {
            node.inputs[0],
            builder_.graph().add_constant(paddle::dropout_factor(operation, probability)),
            GraphNode::kNone, GraphNode::kNone, GraphNode::kNone};
      }
      result.nodes = {builder_.add_operation(operation, node)};
      const auto integers = operation.integers("value");
      if (operation.type == "full_int_array")
        result.integers.assign(integers.begin(), integers.end());
    }
    return name_results(json, where, operation, result, lists);
  }

  /// Names what an operation gives; of a list that is taken apart each its own.
  Error name_results(const Json& json, std::string_view where, const paddle::Operation& operation,
                     const Value& result, bool lists) {
    const Json* outputs = at_path(json, "O");
    if (!outputs || !outputs->is_array()) return {};
    const bool apart = lists && operation.type == "split";
    for (std::size_t i = 0; i < outputs->size(); ++i) {
      Value one = result;
      if (apart) one = {.nodes = {}};
      if (apart && i < result.nodes.size()) one.nodes = {result.nodes[i]};
      if (auto error = name_value(at_path((*outputs)[i], "%"), where, std::move(one))) return error;
    }
    return {};
  }

  /// Returns the name of the attribute that a constant input stands for.
  static std::string_view operand_name(std::string_view type, std::size_t input) {
    constexpr struct {
      std::string_view type;
      std::size_t input;
      std::string_view name;
    } kNames[] = {
        {"concat", 1, "axis"},
        {"conv2d_transpose", 2, "output_size"},
        {"pad3d", 1, "paddings"},
        {"pool2d", 1, "ksize"},
        {"reshape", 1, "shape"},
        {"slice", 1, "starts"},
        {"slice", 2, "ends"},
        {"split", 1, "sections"},
        {"split", 2, "axis"},
        {"split_with_num", 1, "axis"},
        {"strided_slice", 1, "starts"},
        {"strided_slice", 2, "ends"},
        {"strided_slice", 3, "strides"},
    };
    for (const auto& [known, place, name] : kNames)
      if (known == type && place == input) return name;
    return {};
  }

  paddle::ProgramBuilder& builder_;
  std::size_t count_ = 0;
  std::map<std::int64_t, Value> values_;
};

}  // namespace pir

PPLCNET_INLINE Error parse_pir(std::span<const std::byte> bytes, std::string_view path,
                               PaddleProgram& program) {
  using pir::Json;
  const std::string_view json(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (json.size() > pir::kMaxBytes)
    return Error::of(path, ": expected a graph of at most ", pir::kMaxBytes, " bytes, found ",
                     json.size());
  if (pir::is_too_deep(json))
    return Error::of(path, ": expected at most ", pir::kMaxDepth, " nested levels, found more");

  // Parsed JSON takes many times the memory of its text: nothing of it is kept but one operation
  // at a time, and of that one not more than any has.
  constexpr std::string_view kPath[] = {"", "program", "regions", "", "blocks", "", "ops"};
  constexpr int kOperations = std::size(kPath);
  std::array<std::string, kOperations> keys;
  bool is_pir = false, has_operations = false;
  int values = 0;
  Error problem;
  paddle::ProgramBuilder builder(path, bytes.size());
  pir::Reader reader(builder);
  const auto visit = [&](int depth, Json::parse_event_t event, Json& value) {
    using Event = Json::parse_event_t;
    if (event == Event::key && depth < kOperations)
      keys[static_cast<std::size_t>(depth)] = value.get_ref<const Json::string_t&>();
    const bool starts = event == Event::object_start || event == Event::array_start;
    const bool inside = std::ranges::equal(keys, kPath);
    if (inside && depth == kOperations - 1 && event == Event::array_start) has_operations = true;
    if (!inside || depth < kOperations) {
      const bool magic = depth == 2 && keys[1] == "base_code" && keys[2] == "magic";
      is_pir = is_pir || (magic && pir::text_of(&value) == "pir");
      return starts || event == Event::key || depth == 0;
    }
    if (depth > kOperations) return ++values <= pir::kMaxValues;
    if (event == Event::object_end && !problem) problem = reader.read(value);
    values = 0;
    return starts;
  };
  const Json root = Json::parse(json.begin(), json.end(), visit, /*allow_exceptions=*/false);
  if (root.is_discarded()) return Error::of(path, ": expected JSON, found something else");
  if (!is_pir || !has_operations)
    return Error::of(path, ": expected a Paddle 3 program ('pir'), found other JSON");
  if (problem) return problem;
  return builder.finish(program);
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

/// Fills a network's weights from a `.pdiparams` file and the `inference.json` that belongs to it,
/// whose network computes what the type computes. After an error the weights are not usable.
template <class Weights>
Error load_pir(std::string_view pdiparams_path, std::string_view json_path, Weights& weights) {
  using Net = typename Weights::Network;
  return with_memory_for(pdiparams_path, [&]() -> Error {
    return loading::load_paddle(pdiparams_path, json_path, parse_pir, Net::layers, Net::traits,
                                weights.values);
  });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PADDLE_PIR_HPP
