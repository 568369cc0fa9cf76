#include "png_folder.hpp"

#include <filesystem>
#include <system_error>

#include "output_file.hpp"
#include "pplcnet/weights/path.hpp"

namespace fs = std::filesystem;
using pplcnet::Error;

Error PngFolder::open(const std::string& folder, PngFolder& result) {
  if (folder.empty()) return {};
  std::error_code problem;
  fs::create_directories(pplcnet::path_of(folder), problem);
  if (problem) return Error::of(folder, ": cannot be made: ", problem.message());
  result.folder_ = folder;
  return {};
}

Error PngFolder::write(const std::string& picture, const std::string& png) {
  const std::string stem = pplcnet::name_of(pplcnet::path_of(picture).stem());
  std::string name = stem;
  for (int i = 2; !names_.insert(name).second; ++i) name = stem + "_" + std::to_string(i);
  if (auto error =
          write_output(pplcnet::name_in(folder_, name + ".png"), png, OutputFile::Existing::kept))
    return Error::of(picture, ": ", error.message());
  return {};
}
