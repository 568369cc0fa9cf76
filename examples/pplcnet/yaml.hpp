#ifndef PPLCNET_EXAMPLES_YAML_HPP
#define PPLCNET_EXAMPLES_YAML_HPP

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/weights/error.hpp"

struct YamlEntry;

/// A value of a YAML file: a text, a list, or values by name. Numbers are texts.
struct Yaml {
  std::string text;
  std::vector<Yaml> list;
  std::vector<YamlEntry> map;

  /// The value of a name; null if there is none.
  const Yaml* find(std::string_view name) const;
  /// The same at the end of a path of names.
  template <class... Names>
  const Yaml* find(std::string_view name, std::string_view next, Names... rest) const {
    const Yaml* child = find(name);
    return child == nullptr ? nullptr : child->find(next, rest...);
  }

  std::optional<double> number() const;
  /// All of a list that are numbers, or a number alone.
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
pplcnet::Error parse_yaml(std::string_view content, std::string_view path, Yaml& result);

#endif  // PPLCNET_EXAMPLES_YAML_HPP
