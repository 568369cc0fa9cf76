#ifndef PPLCNET_WEIGHTS_PADDLE_GRAPH_HPP
#define PPLCNET_WEIGHTS_PADDLE_GRAPH_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What the weights alone do not tell: the names of the tensors of a .pdiparams file, and strides.
/// It stands beside them, as inference.json (Paddle 3's "pir" form). Needs nlohmann/json.
struct PaddleGraph {
  struct Parameter {
    std::string name;  ///< internal: "conv2d_0.w_0", often with "_deepcopy_N" at its end
    std::vector<std::int64_t> shape;
  };

  std::vector<Parameter> parameters;             ///< by name, as the data file has them
  std::vector<std::array<int, 2>> conv_strides;  ///< height, width; convolutions as executed
  std::vector<std::int64_t> input_shape;  ///< batch, channels, height, width; -1: any; may be empty
  std::string path;                       ///< for messages
};

namespace paddle_graph {

/// A graph of our networks has about 0.1 MiB of text and 13 levels. In memory JSON is much larger
/// than as text, so there is a limit to both.
inline constexpr std::size_t kMaxBytes = 4 << 20;
inline constexpr int kMaxDepth = 64;

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

inline bool is_text(const Json* value, std::string_view text) {
  const auto* found = value ? value->get_ptr<const Json::string_t*>() : nullptr;
  return found && *found == text;
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

/// Reads an array of at most kMaxRank integers, none below `lowest`.
inline bool read_shape(const Json* value, std::int64_t lowest, std::vector<std::int64_t>& shape) {
  if (!value || !value->is_array() || value->size() > kMaxRank) return false;
  for (const Json& element : *value) {
    const auto* dimension = element.get_ptr<const Json::number_integer_t*>();
    if (!dimension || *dimension < lowest) return false;  // those above 2^63 look negative here
    shape.push_back(*dimension);
  }
  return true;
}

/// Reads a "p" operation: {"A": [.., name], "O": {"TT": {"D": [type, shape, ..]}}}.
inline bool read_parameter(const Json& operation, PaddleGraph& graph) {
  const Json* name = at_path(operation, "A", 3);
  const auto* text = name ? name->get_ptr<const Json::string_t*>() : nullptr;
  if (!text) return false;
  PaddleGraph::Parameter& parameter = graph.parameters.emplace_back();
  parameter.name = *text;
  return read_shape(at_path(operation, "O", "TT", "D", 1), 0, parameter.shape);
}

/// Reads the attribute {"N": "strides", "AT": {"D": [{"D": height}, {"D": width}]}}.
inline bool read_strides(const Json& operation, PaddleGraph& graph) {
  const Json* attributes = at_path(operation, "A");
  if (!attributes || !attributes->is_array()) return false;
  for (const Json& attribute : *attributes) {
    if (!is_text(at_path(attribute, "N"), "strides")) continue;
    const Json* values = at_path(attribute, "AT", "D");
    if (!values || !values->is_array() || values->size() != 2) return false;
    std::array<int, 2>& strides = graph.conv_strides.emplace_back();
    for (int axis = 0; axis < 2; ++axis) {
      const Json* value = at_path(*values, axis, "D");
      const auto* stride = value ? value->get_ptr<const Json::number_integer_t*>() : nullptr;
      if (!stride || *stride < 1 || *stride > std::numeric_limits<int>::max()) return false;
      strides[static_cast<std::size_t>(axis)] = static_cast<int>(*stride);
    }
    return true;
  }
  return false;
}

}  // namespace paddle_graph

/// Reads the text of an inference.json. `graph` changes only on success.
inline Error parse_paddle_graph(std::string_view json, std::string_view path, PaddleGraph& graph) {
  using paddle_graph::at_path, paddle_graph::is_text, paddle_graph::Json;
  if (json.size() > paddle_graph::kMaxBytes) {
    return Error::of(path, ": expected a graph of at most ", paddle_graph::kMaxBytes,
                     " bytes, found ", json.size());
  }
  if (paddle_graph::is_too_deep(json)) {
    return Error::of(path, ": expected at most ", paddle_graph::kMaxDepth,
                     " nested levels, found more");
  }
  const Json root = Json::parse(json.begin(), json.end(), nullptr, /*allow_exceptions=*/false);
  if (root.is_discarded()) return Error::of(path, ": expected JSON, found something else");
  const Json* operations = at_path(root, "program", "regions", 0, "blocks", 0, "ops");
  if (!is_text(at_path(root, "base_code", "magic"), "pir") || !operations ||
      !operations->is_array()) {
    return Error::of(path, ": expected a Paddle 3 program ('pir'), found other JSON");
  }

  PaddleGraph result;
  result.path = path;
  for (std::size_t i = 0; i < operations->size(); ++i) {
    const Json& operation = (*operations)[i];
    const Json* kind = at_path(operation, "#");
    if (is_text(kind, "p")) {
      if (!paddle_graph::read_parameter(operation, result)) {
        return Error::of(path, ": operation ", i, ": expected a parameter's name and shape");
      }
    } else if (is_text(kind, "1.conv2d") || is_text(kind, "1.depthwise_conv2d")) {
      if (!paddle_graph::read_strides(operation, result)) {
        return Error::of(path, ": operation ", i, ": expected 2 positive strides");
      }
    } else if (is_text(kind, "1.data") && result.input_shape.empty()) {
      if (!paddle_graph::read_shape(at_path(operation, "O", 0, "TT", "D", 1), -1,
                                    result.input_shape)) {
        return Error::of(path, ": operation ", i, ": expected the input's shape");
      }
    }
  }
  // The bytes of UTF-8 sort as its code points do, which is how Paddle sorts.
  std::ranges::sort(result.parameters, {}, &PaddleGraph::Parameter::name);
  const auto twice =
      std::ranges::adjacent_find(result.parameters, {}, &PaddleGraph::Parameter::name);
  if (twice != result.parameters.end()) {
    return Error::of(path, ": expected one parameter of the name ", quote(twice->name),
                     ", found several");
  }
  graph = std::move(result);
  return {};
}

/// Whether the tensors of a .pdiparams file are the parameters of the graph: as many, and each of
/// the same shape.
inline Error check_against_graph(const TensorFile& file, const PaddleGraph& graph) {
  if (file.tensors.size() != graph.parameters.size()) {
    return Error::of(file.path, ": expected ", graph.parameters.size(), " tensors, as ", graph.path,
                     " has, found ", file.tensors.size());
  }
  for (std::size_t i = 0; i < file.tensors.size(); ++i) {
    const Tensor& tensor = file.tensors[i];
    const PaddleGraph::Parameter& parameter = graph.parameters[i];
    if (tensor.shape != parameter.shape) {
      return Error::of(file.path, ": tensor ", i, " (", quote(parameter.name), "): expected ",
                       describe(tensor.type, parameter.shape), ", as ", graph.path, " has, found ",
                       describe(tensor.type, tensor.shape));
    }
  }
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PADDLE_GRAPH_HPP
