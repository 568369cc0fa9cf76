#ifndef PPLCNET_WEIGHTS_PADDLE_PIR_JSON_HPP
#define PPLCNET_WEIGHTS_PADDLE_PIR_JSON_HPP

// Needs nlohmann/json.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "pplcnet/weights/paddle/operation.hpp"
#include "pplcnet/weights/tensor.hpp"

// The values of an inference.json.

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

/// Returns the value at the end of a path of keys and indices, or null.
template <typename... Steps>
const Json* at_path(const Json& root, Steps... steps) {
  const Json* value = &root;
  ((value = child(value, steps)), ...);
  return value;
}

/// Returns the text of a value; empty if it is none.
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

/// Returns whether brackets nest deeper than kMaxDepth; for text that is not JSON the
/// result is unspecified.
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
    if (data && data->is_number_float()) result.numbers.push_back(data->get<double>());
  }
  return result;
}

}  // namespace pir

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PADDLE_PIR_JSON_HPP
