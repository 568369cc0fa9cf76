#ifndef PPLCNET_WEIGHTS_NCNN_PARAM_HPP
#define PPLCNET_WEIGHTS_NCNN_PARAM_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/weights/from_chars.hpp"

// The text of an ncnn network (`.param`), line by line. Source: ncnn `net.cpp`, `paramdict.cpp`.

namespace pplcnet::inline PPLCNET_ABI {

namespace ncnn_file {

/// Takes the first word off a text; empty at its end.
inline std::string_view take_word(std::string_view& text, std::string_view separators) {
  text.remove_prefix(std::min(text.find_first_not_of(separators), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(separators));
  text.remove_prefix(word.size());
  return word;
}

inline std::string_view take_word(std::string_view& line) { return take_word(line, " \t\r"); }
inline std::string_view take_line(std::string_view& text) { return take_word(text, "\r\n"); }

/// Returns the number that a text is, the whole of it.
template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number number = {};
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = from_chars(text.data(), end, number);
  if (problem != std::errc() || stop != end) return std::nullopt;
  return number;
}

/// One line: `Type name inputs outputs in… out… key=value…`.
struct LayerLine {
  std::string_view type, name;
  std::vector<std::string_view> inputs, outputs;
  std::vector<std::pair<int, std::string_view>> parameters;

  /// Returns the text of a parameter; empty where it is missing.
  std::string_view text(int key) const {
    for (const auto& [known, value] : parameters)
      if (known == key) return value;
    return {};
  }

  template <class Number>
  Number get(int key, Number otherwise) const {
    return number_in<Number>(text(key)).value_or(otherwise);
  }
  int integer(int key, int otherwise = 0) const { return get<int>(key, otherwise); }
  float number(int key, float otherwise = 0) const { return get<float>(key, otherwise); }

  /// Returns two of a list of numbers.
  std::array<float, 2> numbers(int key, std::array<float, 2> otherwise) const {
    std::string_view list = text(key);
    for (float& number : otherwise) {
      const auto found = number_in<float>(take_word(list, ","));
      if (found) number = *found;
    }
    return otherwise;
  }
};

/// Reads a line; false if it is none, or has more than any layer. `line` may be used again and
/// again, for its lists keep their memory.
inline bool read_line(std::string_view text, LayerLine& line) {
  constexpr int kMostNames = 256;
  constexpr std::size_t kMostParameters = 32;  // ncnn's own limit
  line.inputs.clear();
  line.outputs.clear();
  line.parameters.clear();
  line.type = take_word(text);
  line.name = take_word(text);
  const auto inputs = number_in<int>(take_word(text)), outputs = number_in<int>(take_word(text));
  if (!inputs || !outputs || *inputs > kMostNames || *outputs > kMostNames) return false;
  for (const auto& [count, names] : {std::pair(*inputs, &line.inputs), {*outputs, &line.outputs}})
    for (int i = 0; i < count; ++i) {
      const std::string_view name = take_word(text);
      if (name.empty()) return false;
      names->push_back(name);
    }
  constexpr int kList = 23300;  // the key k of a list is written -23300 - k, its length comes first
  for (auto word = take_word(text); !word.empty(); word = take_word(text)) {
    const std::size_t sign = word.find('=');
    if (sign == word.npos) return false;
    const auto key = number_in<int>(word.substr(0, sign));
    std::string_view value = word.substr(sign + 1);
    if (!key || line.parameters.size() == kMostParameters) return false;
    if (*key <= -kList) value.remove_prefix(std::min(value.find(','), value.size() - 1) + 1);
    line.parameters.emplace_back(*key <= -kList ? -kList - *key : *key, value);
  }
  return true;
}

}  // namespace ncnn_file

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NCNN_PARAM_HPP
