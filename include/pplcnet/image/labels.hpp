#ifndef PPLCNET_IMAGE_LABELS_HPP
#define PPLCNET_IMAGE_LABELS_HPP

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/weights/error.hpp"

#if PPLCNET_HAS_DEFINITIONS
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include "pplcnet/image/label_list.hpp"
#include "pplcnet/image/text_lines.hpp"
#include "pplcnet/weights/utf8.hpp"
#endif

// Names of classes: reading Paddle's label files, and writing predictions as Paddle prints them.

namespace pplcnet::inline PPLCNET_ABI {

/// Checks that there is a label for each class, or none at all; `where` they are from.
PPLCNET_INLINE Error check_label_count(std::size_t count, int classes, std::string_view where);

/// Returns the label of a class, or its number where it has none.
PPLCNET_INLINE std::string label_of(int class_id, std::span<const std::string> labels);

/// Reads labels from the text of a file, in UTF-8: `id label` on each line, as Paddle has it, in
/// any order, or just the label of class 0, 1, ... on each line, or the `label_list` of an
/// inference.yml. `classes` is how many there must be, or 0. The error says which line is wrong:
/// blank ones and gaps would shift all labels after them.
PPLCNET_INLINE Error parse_labels(std::string_view text, std::string_view path, int classes,
                                  std::vector<std::string>& labels);

/// Returns `text` between quotes as Python prints a string inside a list: single quotes, or double
/// ones if it contains an apostrophe and no double quote; control characters, marks of direction
/// and bytes that are not UTF-8 are escaped.
PPLCNET_INLINE std::string python_quoted(std::string_view text);

/// Returns a score with two decimals. Paddle keeps five decimals of a score and prints two of
/// these.
PPLCNET_INLINE std::string two_decimals(float score);

/// Returns the line that Paddle's predict_cls.py prints, without line end: the file, a colon, a
/// tab, and `class id(s): [8, 7], score(s): [0.92, 0.05], label_name(s): ['hen', 'cock']`. Without
/// labels their list is empty; a class beyond the labels has an empty label.
PPLCNET_INLINE std::string prediction_line(std::string_view file,
                                           std::span<const Prediction> predictions,
                                           std::span<const std::string> labels);

#if PPLCNET_HAS_DEFINITIONS
namespace label_files {

/// Returns the number that a line begins with, before a space or tab; none if there is no such
/// number.
inline std::optional<std::uint64_t> leading_id(std::string_view line) {
  const std::size_t digits = line.find_first_not_of("0123456789");
  if (digits == 0 || digits == line.npos || (line[digits] != ' ' && line[digits] != '\t'))
    return std::nullopt;
  std::uint64_t id = 0;
  const auto [end, problem] = std::from_chars(line.data(), line.data() + digits, id);
  return problem == std::errc{} ? id : std::numeric_limits<std::uint64_t>::max();
}

/// Checks that the lines have the ids 0 ... n-1, each once.
inline Error check_ids(std::span<const std::string_view> lines, std::string_view path) {
  std::vector<std::size_t> line_of(lines.size());  // 0: not seen
  Error beyond;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto id = leading_id(lines[i]).value_or(0);
    if (id >= lines.size()) {
      if (!beyond)
        beyond = Error::of(path, ": line ", i + 1, ": id ", id, ": expected each of 0 to ",
                           lines.size() - 1, " once");
      continue;
    }
    std::size_t& line = line_of[static_cast<std::size_t>(id)];
    if (line > 0)
      return Error::of(path, ": line ", i + 1, ": id ", id, " again, after line ", line);
    line = i + 1;
  }
  if (beyond && line_of[0] == 0 && leading_id(lines[0]) == 1)
    return Error::of(path, ": line 1: the first id is 1: ids begin at 0");
  return beyond;
}

/// Reads lines `id label`, or lines of labels.
inline Error read_lines(std::span<const std::string_view> lines, std::string_view path,
                        std::vector<FoundLabel>& labels) {
  const auto has_id = [](std::string_view line) { return leading_id(line).has_value(); };
  const bool numbered = !lines.empty() && has_id(lines[0]);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (is_blank(lines[i]))
      return Error::of(path, ": line ", i + 1, ": expected a label, found a blank line");
    if (has_id(lines[i]) != numbered)
      return Error::of(path, ": line ", i + 1, ": ", quote(lines[i]), " begins with ",
                       numbered ? "no id, line 1 does" : "an id, line 1 with none",
                       ": expected ids in all lines, from 0 on, or in none");
  }
  if (numbered)
    if (auto error = check_ids(lines, path)) return error;
  labels.resize(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t digits = numbered ? lines[i].find_first_of(" \t") + 1 : 0;
    const std::size_t id = numbered ? static_cast<std::size_t>(*leading_id(lines[i])) : i;
    labels[id] = {std::string(lines[i].substr(digits)), i + 1};
  }
  return {};
}

}  // namespace label_files

PPLCNET_INLINE Error check_label_count(std::size_t count, int classes, std::string_view where) {
  if (count == 0 || count == static_cast<std::size_t>(classes)) return {};
  return Error::of(where, ": ", count, " labels for ", classes, " classes");
}

PPLCNET_INLINE std::string label_of(int class_id, std::span<const std::string> labels) {
  const auto index = static_cast<std::size_t>(class_id);
  return index < labels.size() ? labels[index] : std::to_string(class_id);
}

PPLCNET_INLINE Error parse_labels(std::string_view text, std::string_view path, int classes,
                                  std::vector<std::string>& labels) {
  std::vector<std::string_view> lines;
  if (auto error = split_lines(text, path, lines)) return error;
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (auto error = check_utf8(path, i + 1, lines[i])) return error;
  if (lines.empty()) return Error::of(path, ": has no labels");
  const std::string_view first = lines[0];
  if (first.starts_with('{') || first == "[" || first.starts_with("[\""))
    return Error::of(path, ": line 1: expected a label, found JSON");
  const auto label_list = find_label_list(lines);
  if (!label_list && yaml::begins_document(first))
    return Error::of(path, ": line 1: expected a label, found YAML without a label_list");
  std::vector<FoundLabel> found;
  if (auto error = label_list ? read_label_list(lines, *label_list, path, found)
                              : label_files::read_lines(lines, path, found))
    return error;
  if (found.empty()) return Error::of(path, ": line ", *label_list + 1, ": has no labels");
  const std::size_t expected = classes > 0 ? static_cast<std::size_t>(classes) : found.size();
  if (found.size() != expected) {
    // The line of the first label too many, or of the last one.
    std::size_t line = 0;
    for (std::size_t i = 0; i < std::min(found.size(), expected + 1); ++i)
      line = std::max(line, found[i].line);
    return Error::of(path, ": line ", line, ": expected ", expected,
                     " labels, one for each class, found ", found.size());
  }
  labels.resize(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) labels[i] = std::move(found[i].text);
  return {};
}

PPLCNET_INLINE std::string python_quoted(std::string_view text) {
  const bool has_apostrophe = text.find('\'') != std::string_view::npos;
  const bool has_double_quote = text.find('"') != std::string_view::npos;
  const char quote = has_apostrophe && !has_double_quote ? '"' : '\'';
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  std::string quoted{quote};
  const auto add_number = [&](std::uint32_t number) {
    quoted += number < 0x100 ? "\\x" : "\\u";
    for (int shift = number < 0x100 ? 4 : 12; shift >= 0; shift -= 4)
      quoted += kHexDigits[number >> shift & 15];
  };
  while (!text.empty()) {
    const std::string_view character = first_character(text);
    const char c = text[0];
    if (c == quote || c == '\\') {
      quoted += {'\\', c};
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\r') {
      quoted += "\\r";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (character.empty()) {
      add_number(static_cast<unsigned char>(c));
    } else if (is_control(code_point_of(character))) {
      add_number(code_point_of(character));
    } else {
      quoted += character;
    }
    text.remove_prefix(std::max<std::size_t>(character.size(), 1));
  }
  return quoted + quote;
}

PPLCNET_INLINE std::string two_decimals(float score) {
  const double five_decimals = std::nearbyint(double{score} * 1e5) / 1e5;
  std::array<char, 64> digits;  // a float below 1e38 has at most 39 digits, a sign and 2 decimals
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), five_decimals,
                                 std::chars_format::fixed, 2)
                       .ptr;
  return {digits.data(), end};
}

PPLCNET_INLINE std::string prediction_line(std::string_view file,
                                           std::span<const Prediction> predictions,
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
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_LABELS_HPP
