#ifndef PPLCNET_WEIGHTS_YAML_SCALAR_HPP
#define PPLCNET_WEIGHTS_YAML_SCALAR_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "pplcnet/abi.hpp"
#include "pplcnet/weights/utf8.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace yaml {

/// Without spaces around it.
inline std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

/// Appends the character that an escape at the front of `text` stands for, and takes it away.
inline bool append_escaped(std::string_view& text, std::string& result) {
  constexpr std::string_view kShort = "\"\\/0abtnvfre ";
  constexpr std::string_view kMeaning("\"\\/\0\a\b\t\n\v\f\r\x1b ", 13);
  if (text.empty()) return false;
  const char kind = text.front();
  text.remove_prefix(1);
  if (const std::size_t place = kShort.find(kind); place != kShort.npos) {
    result += kMeaning[place];
    return true;
  }
  const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
  std::uint32_t code_point = 0;
  const char* const end = text.data() + std::min(digits, text.size());
  const auto [stop, problem] = std::from_chars(text.data(), end, code_point, 16);
  if (digits == 0 || text.size() < digits || problem != std::errc{} || stop != end ||
      code_point > 0x10ffff || (code_point >= 0xd800 && code_point < 0xe000))
    return false;
  append_utf8(result, code_point);
  text.remove_prefix(digits);
  return true;
}

/// Returns the text of a scalar in one line, whatever its style; none if it is something else.
inline std::optional<std::string> scalar(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return std::nullopt;
  const char quote = text.front();
  if (quote != '\'' && quote != '"') {
    const std::string_view plain = trimmed(text.substr(0, text.find(" #")));
    const bool is_other = std::string_view("[]{}&*!|>%@`,#?").find(quote) != plain.npos ||
                          plain.find(": ") != plain.npos || plain.ends_with(':');
    if (is_other || plain == "-" || plain.starts_with("- ")) return std::nullopt;
    return std::string(plain);
  }
  std::string result;
  text.remove_prefix(1);
  while (!text.empty()) {
    const char character = text.front();
    text.remove_prefix(1);
    if (character == quote && quote == '\'' && text.starts_with('\'')) {
      result += quote;
      text.remove_prefix(1);
    } else if (character == quote) {
      text = trimmed(text);
      if (text.empty() || text.starts_with('#')) return result;
      return std::nullopt;
    } else if (character == '\\' && quote == '"') {
      if (!append_escaped(text, result)) return std::nullopt;
    } else {
      result += character;
    }
  }
  return std::nullopt;
}

}  // namespace yaml

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_YAML_SCALAR_HPP
