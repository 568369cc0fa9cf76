#include "weight_source.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "output_file.hpp"
#include "pplcnet/weights/content.hpp"

namespace fs = std::filesystem;
using pplcnet::Error;

namespace {

/// Whether a name is that of weights which need not be asked for by name.
bool is_weights(const std::string& name) {
  constexpr std::string_view kExtensions[] = {".pdiparams", ".onnx", ".safetensors",
                                              ".pdparams",  ".pth",  ".param"};
  const std::string extension = fs::path(name).extension().string();
  return std::ranges::find(kExtensions, extension) != std::end(kExtensions);
}

/// The one file of weights among the files of a folder or an archive: `inference.pdiparams` where
/// there are several, as it is called where Paddle exports.
Error choose(const std::string& where, std::vector<std::string> names, std::string& chosen) {
  std::erase_if(names, [](const std::string& name) { return !is_weights(name); });
  std::ranges::sort(names);
  const auto exported = std::ranges::find_if(names, [](const std::string& name) {
    return fs::path(name).filename() == "inference.pdiparams";
  });
  if (names.empty()) return Error::of(where, ": there are no weights in it");
  if (names.size() > 1 && exported == names.end())
    return Error::of(where, ": there are several weight files in it, name one of them: ",
                     fs::path(names[0]).filename().string(), ", ",
                     fs::path(names[1]).filename().string(), names.size() > 2 ? ", …" : "");
  chosen = exported != names.end() ? *exported : names.front();
  return {};
}

}  // namespace

Error WeightSource::open(const std::string& path) {
  path_ = path;
  std::string file = path;
  std::error_code ignored;
  if (fs::is_directory(path, ignored))
    if (auto error = choose_in_folder(path, file)) return error;
  if (auto error = read(file, weights_)) return error;
  const bool archive = pplcnet::content_of(weights_.bytes) == pplcnet::Content::tar;
  return archive ? open_archive() : Error();
}

void WeightSource::open(std::span<const std::byte> bytes, std::string name) {
  path_ = name;
  weights_ = {std::move(name), bytes};
  in_memory_ = true;
}

Error WeightSource::choose_in_folder(const std::string& folder, std::string& chosen) const {
  std::error_code problem;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(folder, problem), end; !problem && entry != end;
       entry.increment(problem))
    names.push_back(entry->path().string());
  if (problem) return Error::of(folder, ": cannot be read: ", problem.message());
  return choose(folder, std::move(names), chosen);
}

Error WeightSource::open_archive() {
  if (auto error = parse_tar(weights_.bytes, path_, entries_)) return error;
  std::vector<std::string> names;
  for (const TarEntry& entry : entries_) names.push_back(entry.name);
  std::string chosen;
  if (auto error = choose(path_, std::move(names), chosen)) return error;
  const auto found = std::ranges::find(entries_, chosen, &TarEntry::name);
  weights_ = {pplcnet::join({path_, ": ", chosen}), found->bytes};
  if (found->bytes.empty()) return Error::of(weights_.path, ": the file is empty");
  return {};
}

Error WeightSource::read(const std::string& path, Part& part) {
  if (auto error = read_input(path, files_.emplace_back())) return error;
  part = {path, std::as_const(files_.back()).bytes()};
  return {};
}

Error WeightSource::read_beside(std::initializer_list<const char*> extensions, Part& part) {
  if (in_memory_) return {};
  for (const char* extension : extensions) {
    const std::string beside = fs::path(weights_.path).replace_extension(extension).string();
    if (entries_.empty()) {
      std::error_code ignored;
      if (fs::exists(beside, ignored)) return read(beside, part);
      continue;
    }
    for (const TarEntry& entry : entries_)
      if (!entry.bytes.empty() && pplcnet::join({path_, ": ", entry.name}) == beside)
        part = {beside, entry.bytes};
    if (part.is_there()) return {};
  }
  return {};
}
