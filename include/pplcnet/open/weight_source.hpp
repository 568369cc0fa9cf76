#ifndef PPLCNET_OPEN_WEIGHT_SOURCE_HPP
#define PPLCNET_OPEN_WEIGHT_SOURCE_HPP

#include <cstddef>
#include <deque>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/compiled.hpp"
#include "pplcnet/open/tar.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include "pplcnet/weights/file_format.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/path.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Where weights are, and what lies beside them: a file in a folder, a folder with one such file in
/// it, a tar archive of a folder, or memory.
class WeightSource {
 public:
  /// A part of the source: its bytes live as long as the source.
  struct Part {
    std::string path;
    std::span<const std::byte> bytes;
    bool is_there() const { return !path.empty(); }
    std::string_view text() const {
      return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
  };

  Error open(const std::string& path);
  void open(std::span<const std::byte> bytes, std::string name);

  /// Returns what was asked for.
  const std::string& path() const { return path_; }
  const Part& weights() const { return weights_; }
  /// Returns the paths of all files that were read, in order.
  std::span<const std::string> paths() const { return paths_; }

  /// Reads a file that was named.
  Error read(const std::string& path, Part& part);
  /// Reads what has the name of the weights with the first of these extensions that is there.
  Error read_beside(std::initializer_list<const char*> extensions, Part& part);

 private:
  Error open_archive();

  std::string path_;
  Part weights_;
  std::deque<FileBytes> files_;
  std::vector<std::string> paths_;
  std::vector<TarEntry> entries_;
  bool in_memory_ = false;
};

#if PPLCNET_HAS_OPEN_DEFINITIONS
namespace opening {

/// Returns whether a name is that of weights which need not be asked for by name.
inline bool is_weights(const std::string& name) {
  constexpr std::string_view kExtensions[] = {".pdiparams", ".onnx", ".safetensors",
                                              ".pdparams",  ".pth",  ".param"};
  const std::string extension = name_of(path_of(name).extension());
  return std::ranges::find(kExtensions, extension) != std::end(kExtensions);
}

/// Finds the one file of weights among the files of a folder or an archive: `inference.pdiparams`
/// where there are several, as it is called where Paddle exports.
inline Error choose(const std::string& where, std::vector<std::string> names, std::string& chosen) {
  std::erase_if(names, [](const std::string& name) { return !is_weights(name); });
  std::ranges::sort(names);
  const auto exported = std::ranges::find_if(names, [](const std::string& name) {
    return path_of(name).filename() == "inference.pdiparams";
  });
  if (names.empty()) return Error::of(where, ": there are no weights in it");
  if (names.size() > 1 && exported == names.end())
    return Error::of(where, ": there are several weight files in it, name one of them: ",
                     name_of(path_of(names[0]).filename()), ", ",
                     name_of(path_of(names[1]).filename()), names.size() > 2 ? ", …" : "");
  chosen = exported != names.end() ? *exported : names.front();
  return {};
}

/// Chooses the one file of weights in a folder.
inline Error choose_in_folder(const std::string& folder, std::string& chosen) {
  std::error_code problem;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator entry(path_of(folder), problem), end;
       !problem && entry != end; entry.increment(problem))
    names.push_back(name_of(entry->path()));
  if (problem) return Error::of(folder, ": cannot be read: ", problem.message());
  return choose(folder, std::move(names), chosen);
}

}  // namespace opening

PPLCNET_INLINE Error WeightSource::open(const std::string& path) {
  path_ = path;
  std::string file = path;
  std::error_code ignored;
  if (std::filesystem::is_directory(path_of(path), ignored))
    if (auto error = opening::choose_in_folder(path, file)) return error;
  if (auto error = read(file, weights_)) return error;
  const bool archive = detect_format(weights_.bytes) == FileFormat::tar;
  return archive ? open_archive() : Error();
}

PPLCNET_INLINE void WeightSource::open(std::span<const std::byte> bytes, std::string name) {
  path_ = name;
  weights_ = {std::move(name), bytes};
  in_memory_ = true;
}

PPLCNET_INLINE Error WeightSource::open_archive() {
  if (auto error = parse_tar(weights_.bytes, path_, entries_)) return error;
  std::vector<std::string> names;
  for (const TarEntry& entry : entries_) names.push_back(entry.name);
  std::string chosen;
  if (auto error = opening::choose(path_, std::move(names), chosen)) return error;
  const auto found = std::ranges::find(entries_, chosen, &TarEntry::name);
  weights_ = {join({path_, ": ", chosen}), found->bytes};
  if (found->bytes.empty()) return Error::of(weights_.path, ": the file is empty");
  return {};
}

PPLCNET_INLINE Error WeightSource::read(const std::string& path, Part& part) {
  paths_.push_back(path);
  if (auto error = read_file(path, files_.emplace_back())) return error;
  part = {path, std::as_const(files_.back()).bytes()};
  return {};
}

PPLCNET_INLINE Error WeightSource::read_beside(std::initializer_list<const char*> extensions,
                                               Part& part) {
  if (in_memory_) return {};
  for (const char* extension : extensions) {
    const std::string beside = name_of(path_of(weights_.path).replace_extension(extension));
    if (entries_.empty()) {
      std::error_code ignored;
      if (std::filesystem::exists(path_of(beside), ignored)) return read(beside, part);
      continue;
    }
    for (const TarEntry& entry : entries_)
      if (!entry.bytes.empty() && join({path_, ": ", entry.name}) == beside)
        part = {beside, entry.bytes};
    if (part.is_there()) return {};
  }
  return {};
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_OPEN_WEIGHT_SOURCE_HPP
