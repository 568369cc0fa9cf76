#ifndef PPLCNET_IMAGE_LABEL_LIST_HPP
#define PPLCNET_IMAGE_LABEL_LIST_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/utf8.hpp"

// The labels of Paddle's inference.yml: a block sequence of scalars under `label_list:`.

namespace pplcnet::inline PPLCNET_ABI {

/// A label and the line that it begins in, from 1.
struct FoundLabel {
  std::string text;
  std::size_t line = 0;
};

namespace yaml {

inline constexpr std::string_view kLabelList = "label_list:";

inline std::size_t indentation(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

/// Without spaces around it.
inline std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Whether a line begins a key without a value, or a document: what text for people does not.
inline bool begins_document(std::string_view line) {
  const std::string_view text = trimmed(line);
  return text == "---" || (text.ends_with(':') && text.find_first_of(" \t") == text.npos);
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

/// The text of a scalar in one line, whatever its style; none if it is something else.
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

/// The line of `label_list:`; none if there is no such line.
inline std::optional<std::size_t> find_label_list(std::span<const std::string_view> lines) {
  const auto found = std::ranges::find_if(lines, [](std::string_view line) {
    return yaml::trimmed(line).starts_with(yaml::kLabelList);
  });
  if (found == lines.end()) return std::nullopt;
  return static_cast<std::size_t>(found - lines.begin());
}

/// Reads the labels that follow line `begin` of a YAML file, which says `label_list:`.
inline Error read_label_list(std::span<const std::string_view> lines, std::size_t begin,
                             std::string_view path, std::vector<FoundLabel>& labels) {
  const auto problem = [&](std::size_t i) {
    return Error::of(path, ": line ", i + 1, ": expected a label, `- cat`, found ",
                     quote(yaml::trimmed(lines[i])));
  };
  const std::size_t outer = yaml::indentation(lines[begin]);
  if (yaml::trimmed(lines[begin]) != yaml::kLabelList) return problem(begin);
  labels.clear();
  for (std::size_t i = begin + 1; i < lines.size();) {
    const std::size_t indent = yaml::indentation(lines[i]);
    const std::string_view text = yaml::trimmed(lines[i]);
    const bool is_item = text == "-" || text.starts_with("- ");
    if (text.empty() || text.starts_with('#')) {
      ++i;
      continue;
    }
    if (indent < outer || (indent == outer && !is_item)) break;
    if (!is_item) return problem(i);
    // Long scalars go on in lines that stand further in.
    std::string joined(text.substr(1));
    std::size_t next = i + 1;
    for (; next < lines.size() && yaml::indentation(lines[next]) > indent; ++next)
      joined.append(" ").append(yaml::trimmed(lines[next]));
    const auto label = yaml::scalar(joined);
    if (!label || label->find('\n') != label->npos) return problem(i);
    labels.push_back({*label, i + 1});
    i = next;
  }
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_LABEL_LIST_HPP
