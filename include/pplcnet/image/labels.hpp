#ifndef PPLCNET_IMAGE_LABELS_HPP
#define PPLCNET_IMAGE_LABELS_HPP

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/results.hpp"

// Names of classes: reading Paddle's label files, and writing predictions as Paddle prints them.

namespace pplcnet::inline PPLCNET_ABI {

/// The lines of `text`, without line ends (\n or \r\n), byte order mark and empty lines at the end.
inline std::vector<std::string_view> split_lines(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

/// Labels of lines `id label...`, split at the first space, in order of their ids; none unless the
/// ids are exactly 0 ... n-1, in any order.
inline std::optional<std::vector<std::string>> parse_numbered_labels(
    std::span<const std::string_view> lines) {
  std::vector<std::string> labels(lines.size());
  std::vector<bool> seen(lines.size());
  for (const std::string_view line : lines) {
    std::size_t id = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), id);
    const auto digits = static_cast<std::size_t>(end - line.data());
    const bool separated = digits < line.size() && line[digits] == ' ';
    if (error != std::errc{} || !separated || id >= labels.size() || seen[id]) return std::nullopt;
    seen[id] = true;
    labels[id] = line.substr(digits + 1);
  }
  return labels;
}

/// Labels from the text of a file: `id label...` on each line, as Paddle has it, or, if not every
/// line has an id of its own, the label of class 0, 1, ... on one line each.
inline std::vector<std::string> parse_labels(std::string_view text) {
  const std::vector<std::string_view> lines = split_lines(text);
  if (auto labels = parse_numbered_labels(lines)) return *std::move(labels);
  return {lines.begin(), lines.end()};
}

/// `text` (UTF-8) between quotes as Python prints a string inside a list: single quotes, or double
/// ones if it contains an apostrophe and no double quote.
inline std::string python_quoted(std::string_view text) {
  const bool has_apostrophe = text.find('\'') != std::string_view::npos;
  const bool has_double_quote = text.find('"') != std::string_view::npos;
  const char quote = has_apostrophe && !has_double_quote ? '"' : '\'';
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  std::string quoted{quote};
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      quoted += {'\\', c};
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\r') {
      quoted += "\\r";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += {'\\', 'x', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
    } else {
      quoted += c;
    }
  }
  return quoted + quote;
}

/// A score with two decimals. Paddle keeps five decimals of a score and prints two of these.
inline std::string two_decimals(float score) {
  const double five_decimals = std::nearbyint(double{score} * 1e5) / 1e5;
  std::array<char, 64> digits;  // a float below 1e38 has at most 39 digits, a sign and 2 decimals
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), five_decimals,
                                 std::chars_format::fixed, 2)
                       .ptr;
  return {digits.data(), end};
}

/// The line that Paddle's predict_cls.py prints, without line end:
/// `<file>:<TAB>class id(s): [8, 7], score(s): [0.92, 0.05], label_name(s): ['hen', 'cock']`.
/// Without labels their list is empty; a class beyond the labels has the label ''.
inline std::string prediction_line(std::string_view file, std::span<const Prediction> predictions,
                                   std::span<const std::string> labels) {
  std::string ids;
  std::string scores;
  std::string names;
  std::string_view separator;
  for (const auto& [class_id, score] : predictions) {
    const auto index = static_cast<std::size_t>(class_id);
    ids.append(separator).append(std::to_string(class_id));
    scores.append(separator).append(two_decimals(score));
    names.append(separator).append(python_quoted(index < labels.size() ? labels[index] : ""));
    separator = ", ";
  }
  if (labels.empty()) names.clear();
  return std::string(file) + ":\tclass id(s): [" + ids + "], score(s): [" + scores +
         "], label_name(s): [" + names + "]";
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_LABELS_HPP
