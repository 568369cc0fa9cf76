#include "train/data_set.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>

#include "command.hpp"
#include "orientation_reader.hpp"
#include "pictures.hpp"
#include "pplcnet/weights/path.hpp"
#include "text_file.hpp"

namespace {

namespace fs = std::filesystem;
using pplcnet::Error;

std::uint64_t hash_of(std::string_view text, std::uint64_t hash = 0xcbf29ce484222325U) {
  for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  return hash;
}

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(pplcnet::path_of(path), ignored);
}

/// Reads pictures in a folder for each class; without `labels`, the folders with pictures are they.
Error read_folders(const std::string& folder, DataSet& data, std::vector<Example>& examples) {
  std::vector<std::string> names;
  if (auto error = folders_in(folder, names, data.complete)) return error;
  const bool finds_labels = data.labels.empty();
  std::vector<int> classes;
  if (!finds_labels) {
    Error guess;
    if (auto error = classes_of_folders(names, folder, data.labels, data.classes(), classes, guess))
      return error;
    report(guess);
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string path = pplcnet::name_in(folder, names[i]);
    std::vector<std::string> pictures = pictures_in(path, data.complete);
    if (pictures.empty()) {
      data.complete = !report(Error::of(path, ": has no pictures: a class that cannot be learnt"));
      continue;
    }
    const int class_id = finds_labels ? data.classes() : classes[i];
    if (finds_labels) data.labels.push_back(names[i]);
    for (std::string& picture : pictures) examples.push_back({std::move(picture), class_id});
  }
  return {};
}

/// Reads Paddle's list; without labels, the numbers of its classes are they.
Error read_list(const std::string& path, const std::string& root, DataSet& data,
                std::vector<Example>& examples) {
  pplcnet::FileBytes file;
  if (auto error = read_text(path, file)) return error;
  constexpr int kMostClasses = 1 << 16;
  const std::string begin = root.empty() ? pplcnet::folder_of(path) : root;
  const int known = data.labels.empty() ? kMostClasses : data.classes();
  if (auto error = parse_examples(::text_of(file), path, begin, known, examples)) return error;
  int most = -1;
  for (const Example& one : examples) most = std::max(most, one.class_id);
  if (data.labels.empty())
    for (int i = 0; i <= most; ++i) data.labels.push_back(std::to_string(i));
  return {};
}

/// Reads upright pictures of a folder, each in all rotations, which are the classes.
Error read_rotations(const std::string& folder, int rotations, DataSet& data,
                     std::vector<Example>& examples) {
  if (!is_folder(folder)) return Error::of(folder, ": expected a folder of upright pictures");
  if (data.labels.empty())
    for (int i = 0; i < rotations; ++i) data.labels.push_back(std::to_string(i * 360 / rotations));
  std::vector<std::size_t> quarters;
  if (data.classes() != rotations)
    return Error::of(folder, ": expected labels of ", rotations, " rotations, found ",
                     data.classes());
  if (auto error = rotations_of(folder, data.classes(), data.labels, quarters)) return error;
  for (const std::string& picture : pictures_in(folder, data.complete))
    for (std::size_t i = 0; i < quarters.size(); ++i)
      examples.push_back({picture, static_cast<int>(i), quarters[i]});
  return {};
}

Error read_examples(const std::string& path, const DataSource& source, DataSet& data,
                    std::vector<Example>& examples) {
  if (source.rotations > 0) {
    if (auto error = read_rotations(path, source.rotations, data, examples)) return error;
    return examples.empty() ? Error::of(path, ": has no pictures") : Error();
  }
  const Error error = is_folder(path) ? read_folders(path, data, examples)
                                      : read_list(path, source.root, data, examples);
  if (error) return error;
  return examples.empty() ? Error::of(path, ": has no pictures") : Error();
}

/// Moves a share of each class from what is learnt from to what is held out.
void hold_out(const DataSource& source, DataSet& data) {
  struct Place {
    int class_id;
    std::uint64_t hash;
    std::size_t index;
    auto operator<=>(const Place&) const = default;
  };
  std::string folder = source.images;
  if (!is_folder(folder)) folder = source.root.empty() ? pplcnet::folder_of(folder) : source.root;
  std::vector<Place> places;
  for (std::size_t i = 0; i < data.training.size(); ++i) {
    std::string_view path = data.training[i].path;
    if (path.starts_with(folder)) path.remove_prefix(folder.size());
    while (path.starts_with('/')) path.remove_prefix(1);
    places.push_back({data.training[i].class_id, hash_of(path), i});
  }
  std::ranges::sort(places);
  std::vector<bool> is_held(places.size());
  for (auto first = places.begin(); first != places.end();) {
    const auto last = std::ranges::find_if(
        first, places.end(), [&](const Place& one) { return one.class_id != first->class_id; });
    const auto count = last - first;
    auto held =
        static_cast<std::ptrdiff_t>(std::llround(source.held_out * static_cast<double>(count)));
    if (source.held_out > 0) held = std::clamp<std::ptrdiff_t>(held, count > 1 ? 1 : 0, count - 1);
    for (auto place = first; place != first + held; ++place) is_held[place->index] = true;
    first = last;
  }
  std::vector<Example> all = std::exchange(data.training, {});
  for (std::size_t i = 0; i < all.size(); ++i)
    (is_held[i] ? data.validation : data.training).push_back(std::move(all[i]));
}

/// Checks that there is something to tell apart.
Error check(const DataSource& source, DataSet& data) {
  const std::vector<std::int64_t> counts = data.counts();
  const auto found = std::ranges::count_if(counts, [](std::int64_t count) { return count > 0; });
  if (found < 2)
    return Error::of(source.images, ": expected pictures of two classes or more, found ", found,
                     found == 1 ? " class" : " classes");
  if (!is_folder(source.images))
    for (std::size_t i = 0; i < counts.size(); ++i)
      if (counts[i] == 0)
        data.complete = !report(Error::of(source.images, ": class ", i,
                                          ": has no pictures: a class that cannot be learnt"));
  return {};
}

}  // namespace

std::vector<std::int64_t> DataSet::counts() const {
  std::vector<std::int64_t> result(labels.size());
  for (const Example& one : training) ++result[static_cast<std::size_t>(one.class_id)];
  return result;
}

std::uint64_t DataSet::fingerprint() const {
  std::uint64_t hash = hash_of("pictures");
  const auto add = [&](const std::vector<Example>& examples, std::string_view part) {
    hash = hash_of(part, hash);
    for (const Example& one : examples)
      hash = hash_of(std::to_string(one.class_id), hash_of(one.path, hash));
  };
  add(training, "training");
  add(validation, "validation");
  for (const std::string& label : labels) hash = hash_of(label, hash_of("label", hash));
  return hash;
}

Error read_data_set(const DataSource& source, DataSet& data) {
  data = {};
  data.labels = source.labels;
  if (auto error = read_examples(source.images, source, data, data.training)) return error;
  if (source.validation.empty()) {
    hold_out(source, data);
  } else if (auto error = read_examples(source.validation, source, data, data.validation)) {
    return error;
  }
  return check(source, data);
}
