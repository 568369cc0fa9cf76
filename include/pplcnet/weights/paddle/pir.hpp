#ifndef PPLCNET_WEIGHTS_PADDLE_PIR_HPP
#define PPLCNET_WEIGHTS_PADDLE_PIR_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#include "pplcnet/weights/paddle/operation.hpp"
#include "pplcnet/weights/paddle/program.hpp"
#include "pplcnet/weights/tensor.hpp"

// Paddle 3's inference.json: JSON of its "pir" form. Needs nlohmann/json.

namespace pplcnet::inline PPLCNET_ABI {

namespace pir {

/// A program of our networks has about 0.1 MiB of text and 13 levels.
inline constexpr std::size_t kMaxBytes = 4 << 20;
inline constexpr int kMaxDepth = 64;
inline constexpr int kMaxValues = 1 << 9;  ///< of an operation; they have up to two hundred

using Json = nlohmann::json;

inline const Json* child(const Json* value, const char* key) {
  if (!value || !value->is_object()) return nullptr;
  const auto found = value->find(key);
  return found == value->end() ? nullptr : &*found;
}

inline const Json* child(const Json* value, int index) {
  const auto position = static_cast<std::size_t>(index);
  if (!value || !value->is_array() || position >= value->size()) return nullptr;
  return &(*value)[position];
}

/// The value at the end of a path of keys and indices, or null.
template <typename... Steps>
const Json* at_path(const Json& root, Steps... steps) {
  const Json* value = &root;
  ((value = child(value, steps)), ...);
  return value;
}

/// Empty if the value is no text.
inline std::string_view text_of(const Json* value) {
  const auto* text = value ? value->get_ptr<const Json::string_t*>() : nullptr;
  return text ? std::string_view(*text) : std::string_view();
}

inline bool read_integer(const Json* value, std::int64_t& integer) {
  if (value && value->is_boolean()) {
    integer = value->get<bool>() ? 1 : 0;
    return true;
  }
  const auto* found = value ? value->get_ptr<const Json::number_integer_t*>() : nullptr;
  if (found) integer = *found;  // those above 2^63 look negative here
  return found != nullptr;
}

inline bool read_shape(const Json* value, std::vector<std::int64_t>& shape) {
  if (!value || !value->is_array() || value->size() > kMaxRank) return false;
  for (const Json& element : *value) {
    if (!element.is_number_integer() || !read_integer(&element, shape.emplace_back()) ||
        shape.back() < 0)
      return false;
  }
  return true;
}

/// Whether brackets nest deeper than kMaxDepth; for text that is not JSON the answer is anything.
inline bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char character = text[i];
    if (in_string) {
      if (character == '\\') ++i;
      if (character == '"') in_string = false;
    } else if (character == '"') {
      in_string = true;
    } else if (character == '[' || character == '{') {
      if (++depth > kMaxDepth) return true;
    } else if (character == ']' || character == '}') {
      --depth;
    }
  }
  return false;
}

/// Reads {"N": name, "AT": {"D": value}}; of an array its elements' {"D": value}.
inline paddle::Attribute read_attribute(const Json& attribute) {
  paddle::Attribute result = {.name = text_of(at_path(attribute, "N"))};
  const Json* value = at_path(attribute, "AT", "D");
  if (!value) return result;
  if (std::int64_t integer = 0; read_integer(value, integer)) result.integers = {integer};
  if (value->is_number()) result.number = value->get<double>();
  result.text = text_of(value);
  if (!value->is_array() || value->size() > kMaxRank) return result;
  for (const Json& element : *value) {
    std::int64_t integer = 0;
    const Json* data = element.is_object() ? at_path(element, "D") : &element;
    if (read_integer(data, integer)) result.integers.push_back(integer);
  }
  return result;
}

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
    std::vector<std::int64_t> window;
    if (const Json* inputs = at_path(json, "I"); inputs && inputs->is_array()) {
      for (std::size_t i = 0; i < inputs->size() && i < GraphNode::kMaxInputs; ++i) {
        std::int64_t value = 0;
        if (!read_integer(at_path((*inputs)[i], "%"), value))
          return Error::of(where, "expected the number of a value");
        if (value == 0) continue;  // none
        if (const auto integers = integers_.find(value); integers != integers_.end())
          window = integers->second;
        const auto found = numbers_.find(value);
        if (found == numbers_.end())
          return Error::of(where, "reads value ", value, ", which nothing before it is");
        node.inputs[i] = found->second;
      }
    }
    return add(json, where, operation, window, node);
  }

 private:
  Error read_parameter(const Json& json, std::string_view where) {
    const std::string_view name = text_of(at_path(json, "A", 3));
    std::vector<std::int64_t> shape;
    if (name.empty() || !read_shape(at_path(json, "O", "TT", "D", 1), shape))
      return Error::of(where, "expected a parameter's name and shape");
    const std::string_view kept = builder_.graph().keep(std::string(name));
    return name_value(at_path(json, "O", "%"), where,
                      builder_.add_parameter(kept, std::move(shape)));
  }

  Error name_value(const Json* value, std::string_view where, int node) {
    std::int64_t number = 0;
    if (!read_integer(value, number)) return Error::of(where, "expected the number of a value");
    if (numbers_.size() >= FileGraph::kMaxNodes)
      return Error::of(builder_.path(), ": expected at most ", FileGraph::kMaxNodes,
                       " values, found more");
    if (numbers_.emplace(number, node).second) return {};
    return Error::of(where, "gives value ", number, ", which another gives");
  }

  Error add(const Json& json, std::string_view where, const paddle::Operation& operation,
            std::span<const std::int64_t> window, GraphNode node) {
    if (operation.type == "batch_norm_" || operation.type == "batch_norm")
      node.inputs = {node.inputs[0], node.inputs[3], node.inputs[4], node.inputs[1],
                     node.inputs[2]};
    int number = GraphNode::kNone;
    if (operation.type == "full") {
      number = builder_.graph().add_constant(static_cast<float>(operation.number("value", 0)));
    } else {
      if (operation.type == "dropout") {
        const Tensor* tensor = builder_.graph().tensor(node.inputs[2]);
        const float probability = tensor ? number_of(*tensor).value_or(0) : 0;
        node.inputs = {
            node.inputs[0],
            builder_.graph().add_constant(paddle::dropout_factor(operation, probability)),
            GraphNode::kNone, GraphNode::kNone, GraphNode::kNone};
      }
      number = builder_.add_operation(operation, window, node);
    }
    const Json* outputs = at_path(json, "O");
    if (!outputs || !outputs->is_array()) return {};
    for (const Json& output : *outputs) {
      if (auto error = name_value(at_path(output, "%"), where, number)) return error;
      std::int64_t value = 0;
      if (operation.type == "full_int_array" && read_integer(at_path(output, "%"), value)) {
        const auto integers = operation.integers("value");
        integers_[value].assign(integers.begin(), integers.end());
      }
    }
    return {};
  }

  paddle::ProgramBuilder& builder_;
  std::size_t count_ = 0;
  std::map<std::int64_t, int> numbers_;                         // of nodes, by values
  std::map<std::int64_t, std::vector<std::int64_t>> integers_;  // constants, by values
};

}  // namespace pir

/// Reads an inference.json. `program` changes only on success; it owns what it has.
inline Error parse_pir(std::span<const std::byte> bytes, std::string_view path,
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
