#include "png_folder.hpp"

#include <filesystem>
#include <system_error>

#include "output_file.hpp"

namespace fs = std::filesystem;
using pplcnet::Error;

Error PngFolder::open(const std::string& folder, PngFolder& result) {
  if (folder.empty()) return {};
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) return Error::of(folder, ": cannot be made: ", problem.message());
  result.folder_ = folder;
  return {};
}

Error PngFolder::write(const std::string& picture, const std::string& png) {
  const std::string stem = fs::path(picture).stem().string();
  std::string name = stem;
  for (int i = 2; !names_.insert(name).second; ++i) name = stem + "_" + std::to_string(i);
  if (auto error = write_output((fs::path(folder_) / (name + ".png")).string(), png,
                                OutputFile::Existing::kept))
    return Error::of(picture, ": ", error.message());
  return {};
}
