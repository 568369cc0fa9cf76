#ifndef PPLCNET_IMAGE_LABEL_LIST_HPP
#define PPLCNET_IMAGE_LABEL_LIST_HPP

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/yaml_scalar.hpp"

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

/// Returns whether a line begins a key without a value, or a document: what text for people does
/// not.
inline bool begins_document(std::string_view line) {
  const std::string_view text = trimmed(line);
  return text == "---" || (text.ends_with(':') && text.find_first_of(" \t") == text.npos);
}

}  // namespace yaml

/// Returns the line of `label_list:`; none if there is no such line.
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
