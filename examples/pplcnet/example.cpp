#include "example.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <numeric>
#include <optional>
#include <system_error>
#include <utility>

#include "pplcnet/image/labels.hpp"
#include "pplcnet/image/text_lines.hpp"
#include "pplcnet/weights/path.hpp"
#include "text_file.hpp"

using pplcnet::Error;

namespace {

/// Returns a whole number from 0 on.
std::optional<int> number_in(std::string_view text) {
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc() || stop != end || number < 0) return std::nullopt;
  return number;
}

}  // namespace

Error parse_examples(std::string_view text, const std::string& path, const std::string& root,
                     int classes, std::vector<Example>& examples) {
  std::vector<std::string_view> lines;
  if (auto error = pplcnet::split_lines(text, path, lines)) return error;
  constexpr const char* kBlanks = " \t";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t number = i + 1;
    if (pplcnet::is_blank(lines[i])) continue;
    const std::string_view line = lines[i].substr(0, lines[i].find_last_not_of(kBlanks) + 1);
    const std::size_t gap = line.find_last_of(kBlanks);
    const std::size_t end = gap == line.npos ? gap : line.find_last_not_of(kBlanks, gap);
    const auto class_id = end == line.npos ? std::nullopt : number_in(line.substr(gap + 1));
    if (!class_id)
      return Error::of(path, ": line ", number, ": expected a path and the number of its class, ",
                       "found ", pplcnet::quote(line));
    if (*class_id >= classes)
      return Error::of(path, ": line ", number, ": class ", *class_id, ", the network has 0 to ",
                       classes - 1);
    const std::string_view name = line.substr(0, end + 1);
    // A name that begins with / stays as it is.
    Example example = {pplcnet::name_in(root, name), *class_id};
    if (auto error = check_name(path, number, name, example.path)) return error;
    examples.push_back(std::move(example));
  }
  return {};
}

Error classes_of_folders(const std::vector<std::string>& names, const std::string& path,
                         const std::vector<std::string>& labels, int classes,
                         std::vector<int>& class_ids, Error& guess) {
  class_ids.clear();
  std::vector<std::string> unknown;
  for (const std::string& name : names) {
    const auto label = std::ranges::find(labels, name);
    if (label == labels.end()) {
      unknown.push_back(name);
    } else if (std::ranges::count(labels, name) > 1) {
      return Error::of(path, ": folder ", pplcnet::quote(name), ": two classes have this label");
    } else {
      class_ids.push_back(static_cast<int>(label - labels.begin()));
    }
  }
  if (unknown.empty()) return {};
  if (unknown.size() < names.size())
    return Error::of(path, ": folder ", pplcnet::quote(unknown[0]), ": no class has this label, ",
                     names.size() - unknown.size(), " of ", names.size(), " folders have one");
  class_ids.clear();
  for (const std::string& name : names)
    if (const auto id = number_in(name)) class_ids.push_back(*id);
  if (class_ids.size() == names.size()) {
    const std::size_t most =
        static_cast<std::size_t>(std::ranges::max_element(class_ids) - class_ids.begin());
    if (class_ids[most] >= classes)
      return Error::of(path, ": folder ", pplcnet::quote(names[most]), ": the network has classes ",
                       "0 to ", classes - 1);
    return {};
  }
  if (std::ssize(names) != classes)
    return Error::of(path, ": its ", names.size(),
                     " folders are neither labels nor numbers of the ", classes,
                     " classes, nor as many: which is which?");
  class_ids.resize(names.size());
  std::iota(class_ids.begin(), class_ids.end(), 0);
  guess =
      Error::of(path, ": its folders are neither labels nor numbers of classes, and are taken for ",
                "the classes in the order of their names: ", pplcnet::quote(names.front()), " for ",
                pplcnet::quote(pplcnet::label_of(0, labels)), " to ", pplcnet::quote(names.back()),
                " for ", pplcnet::quote(pplcnet::label_of(classes - 1, labels)));
  return {};
}
