#ifndef PPLCNET_OPEN_YAML_HPP
#define PPLCNET_OPEN_YAML_HPP

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/compiled.hpp"
#include "pplcnet/weights/error.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <algorithm>
#include <cstddef>
#include <system_error>
#include <utility>

#include "pplcnet/weights/from_chars.hpp"
#include "pplcnet/weights/utf8.hpp"
#include "pplcnet/weights/yaml_scalar.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

struct YamlEntry;

/// A value of a YAML file: a text, a list, or values by name. Numbers are texts.
struct Yaml {
  std::string text;
  std::vector<Yaml> list;
  std::vector<YamlEntry> map;

  /// Returns the value of a name; null if there is none.
  const Yaml* find(std::string_view name) const;
  /// Returns the same at the end of a path of names.
  template <class... Names>
  const Yaml* find(std::string_view name, std::string_view next, Names... rest) const {
    const Yaml* child = find(name);
    return child == nullptr ? nullptr : child->find(next, rest...);
  }

  std::optional<double> number() const;
  /// Returns all of a list that are numbers, or a number alone.
  std::vector<double> numbers() const;
};

/// A value of a map, and its name.
struct YamlEntry {
  std::string name;
  Yaml value;
};

/// Reads the YAML that frameworks write: maps and lists by indentation, lists in brackets, texts
/// plain or in quotes, on one line or folded to several. Anchors and tags are texts. `path` is for
/// messages.
PPLCNET_INLINE Error parse_yaml(std::string_view content, std::string_view path, Yaml& result);

#if PPLCNET_HAS_OPEN_DEFINITIONS
PPLCNET_INLINE const Yaml* Yaml::find(std::string_view name) const {
  const auto found = std::ranges::find(map, name, &YamlEntry::name);
  return found == map.end() ? nullptr : &found->value;
}

PPLCNET_INLINE std::optional<double> Yaml::number() const {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = from_chars(text.data(), end, value);
  if (text.empty() || problem != std::errc()) return std::nullopt;
  if (rest == end) return value;
  // A quotient, as in `1.0/255.0`.
  double divisor = 0;
  if (*rest != '/') return std::nullopt;
  const auto [last, other_problem] = from_chars(rest + 1, end, divisor);
  const bool good =
      other_problem == std::errc() && divisor != 0 &&
      std::string_view(last, static_cast<std::size_t>(end - last)).find_first_not_of('.') ==
          std::string_view::npos;
  return good ? std::optional(value / divisor) : std::nullopt;
}

PPLCNET_INLINE std::vector<double> Yaml::numbers() const {
  std::vector<double> values;
  if (const auto alone = number()) values.push_back(*alone);
  for (const Yaml& one : list)
    if (const auto value = one.number()) values.push_back(*value);
  return values;
}

namespace yaml {

inline constexpr std::size_t kMaxBytes = 4 << 20;
inline constexpr int kMaxDepth = 32;

struct Line {
  std::size_t indent = 0;
  std::string_view text;
  std::size_t number = 0;
};

inline bool is_item(std::string_view text) { return text == "-" || text.starts_with("- "); }

/// Returns where the colon after a name is; npos if the text is none with a name.
inline std::size_t colon_in(std::string_view text) {
  if (text.empty() || std::string_view("'\"[{").find(text.front()) != text.npos) return text.npos;
  const std::size_t colon = text.find(": ");
  if (colon != text.npos) return colon;
  return text.ends_with(':') ? text.size() - 1 : text.npos;
}

inline bool is_quoted(std::string_view text) {
  return text.starts_with('\'') || text.starts_with('"');
}

/// Returns a text without its quotes, and without the comment after it; none if its quotes are
/// wrong.
inline std::optional<std::string> plain(std::string_view text) {
  text = trimmed(text);
  if (is_quoted(text)) return scalar(text);
  return std::string(trimmed(text.starts_with('#') ? "" : text.substr(0, text.find(" #"))));
}

/// Where a text in quotes at the front of another ends; its size if nothing closes it.
inline std::size_t end_of_quoted(std::string_view text) {
  const char quote = text.front();
  std::size_t end = 1;
  for (; end < text.size() && text[end] != quote; ++end)
    if (quote == '"' && text[end] == '\\') ++end;
  return std::min(end, text.size());
}

/// Returns a text, or a list in brackets; none if quotes in it are wrong.
inline std::optional<Yaml> value_of(std::string_view text) {
  text = trimmed(text);
  Yaml value;
  if (!text.starts_with('[') || !text.ends_with(']')) {
    auto whole = plain(text);
    if (!whole) return std::nullopt;
    value.text = *std::move(whole);
    return value;
  }
  text = text.substr(1, text.size() - 2);
  while (!trimmed(text).empty()) {
    text = trimmed(text);
    const std::size_t close = is_quoted(text) ? end_of_quoted(text) : 0;
    const std::size_t end = std::min(text.find(',', close), text.size());
    auto item = plain(text.substr(0, end));
    if (!item) return std::nullopt;
    value.list.push_back({.text = *std::move(item), .list = {}, .map = {}});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return value;
}

class Parser {
 public:
  Parser(std::string_view content, std::string_view path) : path_(path) {
    std::size_t number = 0;
    while (!content.empty()) {
      const std::size_t end = std::min(content.find('\n'), content.size());
      const std::string_view line = content.substr(0, end);
      content.remove_prefix(std::min(end + 1, content.size()));
      ++number;
      const std::string_view text = trimmed(line);
      if (text.empty() || text.front() == '#' || text == "---" || text == "...") continue;
      lines_.push_back({line.find_first_not_of(" \t"), text, number});
    }
  }

  Error parse(Yaml& result) {
    if (lines_.empty()) return {};
    if (auto error = read(lines_.front().indent, 0, result)) return error;
    return is_over() ? Error() : problem("expected a value of the same indentation");
  }

 private:
  bool is_over() const { return place_ >= lines_.size(); }
  Line& line() { return lines_[place_]; }

  Error problem(std::string_view what) const {
    return problem(what, lines_[std::min(place_, lines_.size() - 1)]);
  }
  Error problem(std::string_view what, const Line& line) const {
    return Error::of(path_, ": line ", line.number, ": ", what, ", found ", quote(line.text));
  }

  /// Reads the lines from here on that are indented by `indent`.
  Error read(std::size_t indent, int depth, Yaml& value) {
    if (depth > kMaxDepth) return problem("expected fewer levels");
    while (!is_over() && line().indent == indent) {
      if (is_item(line().text)) {
        if (!value.map.empty()) return {};  // the list of a name that is not indented
        if (auto error = read_item(indent, depth, value)) return error;
        continue;
      }
      if (!value.list.empty()) return {};
      const std::string_view text = line().text;
      const std::size_t colon = colon_in(text);
      if (colon == text.npos) {
        if (!value.map.empty()) return problem("expected a name and a colon");
        ++place_;
        return read_text(text, indent, value);
      }
      ++place_;
      Yaml child;
      if (auto error = read_value(trimmed(text.substr(colon + 1)), indent, depth, child))
        return error;
      value.map.push_back({std::string(trimmed(text.substr(0, colon))), std::move(child)});
    }
    return {};
  }

  Error read_item(std::size_t indent, int depth, Yaml& value) {
    Line& item = line();
    const std::string_view rest = trimmed(item.text.substr(1));
    Yaml& child = value.list.emplace_back();
    if (!rest.empty() && (is_item(rest) || colon_in(rest) != rest.npos)) {
      item.indent += item.text.size() - rest.size();
      item.text = rest;
      return read(item.indent, depth + 1, child);
    }
    ++place_;
    return read_value(rest, indent, depth, child);
  }

  /// Reads what follows a colon or a dash, or is below it.
  Error read_value(std::string_view text, std::size_t indent, int depth, Yaml& value) {
    const bool anchor = text.starts_with('&') && text.find(' ') == text.npos;
    if (!text.empty() && !anchor) return read_text(text, indent, value);
    if (is_over() || line().indent < indent) return {};
    if (line().indent == indent && !is_item(line().text)) return {};
    const bool is_list_of_item =
        line().indent == indent && lines_[place_ - 1].text.starts_with('-');
    return is_list_of_item ? Error() : read(line().indent, depth + 1, value);
  }

  /// Reads a text with its further lines, which are indented more.
  Error read_text(std::string_view text, std::size_t indent, Yaml& value) {
    std::string whole(text);
    const Line& first = lines_[place_ - 1];
    while (!is_over() && line().indent > indent) whole.append(" ").append(lines_[place_++].text);
    auto found = value_of(whole);
    if (!found) return problem("expected a text in quotes", first);
    value = *std::move(found);
    return {};
  }

  std::string_view path_;
  std::vector<Line> lines_;
  std::size_t place_ = 0;
};

}  // namespace yaml

PPLCNET_INLINE Error parse_yaml(std::string_view content, std::string_view path, Yaml& result) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  if (content.starts_with(kMark)) content.remove_prefix(kMark.size());
  if (content.size() > yaml::kMaxBytes)
    return Error::of(path, ": expected at most ", yaml::kMaxBytes, " bytes, found ",
                     content.size());
  if (!is_utf8(content)) return Error::of(path, ": expected YAML in UTF-8");
  return yaml::Parser(content, path).parse(result);
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_OPEN_YAML_HPP
