#include "pictures.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

#include <glob.h>

#include "command.hpp"
#include "pplcnet/image/text_lines.hpp"
#include "text_file.hpp"

namespace fs = std::filesystem;
using pplcnet::Error;

bool looks_like_picture(const std::string& path) {
  std::string extension = fs::path(path).extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::string_view kKnown[] = {".jpg", ".jpeg", ".png", ".bmp", ".gif",
                                         ".ppm", ".pgm",  ".tga", ".psd"};
  return std::ranges::find(kKnown, extension) != std::end(kKnown);
}

std::vector<std::string> pictures_in(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code problem;
  for (fs::recursive_directory_iterator entry(folder, problem), end; !problem && entry != end;
       entry.increment(problem))
    if (entry->is_regular_file() && looks_like_picture(entry->path().string()))
      found.push_back(entry->path().string());
  std::ranges::sort(found);
  return found;
}

Error folders_in(const std::string& folder, std::vector<std::string>& names) {
  std::error_code problem;
  for (fs::directory_iterator entry(folder, problem), end; !problem && entry != end;
       entry.increment(problem))
    if (entry->is_directory()) names.push_back(entry->path().filename().string());
  if (problem) return Error::of(folder, ": ", problem.message());
  std::ranges::sort(names);
  return {};
}

PictureNames::PictureNames(std::vector<std::string> arguments) {
  const auto add = [&](const std::string& argument, std::vector<std::string> found,
                       std::string_view what) {
    if (found.empty()) problems_.push_back(Error::of(argument, ": no pictures ", what));
    count_ += found.size();
    std::ranges::move(found, std::back_inserter(names_));
  };
  for (std::string& argument : arguments) {
    std::error_code ignored;
    if (argument == "-") {
      reads_input_ = true;
      names_.push_back(std::move(argument));
    } else if (fs::is_directory(argument, ignored)) {
      add(argument, pictures_in(argument), "in this folder");
    } else if (argument.find_first_of("*?[") != std::string::npos &&
               !fs::exists(argument, ignored)) {
      glob_t matches = {};
      std::vector<std::string> found;
      if (glob(argument.c_str(), 0, nullptr, &matches) == 0)
        found.assign(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
      globfree(&matches);
      add(argument, std::move(found), "have such names");
    } else {
      ++count_;
      names_.push_back(std::move(argument));
    }
  }
}

std::optional<std::string> PictureNames::next() {
  while (!names_.empty()) {
    if (names_.front() == "-" && reads_input_) {
      if (auto name = next_line()) return name;
      names_.pop_front();
      continue;
    }
    std::string name = std::move(names_.front());
    names_.pop_front();
    return name;
  }
  return std::nullopt;
}

std::optional<std::string> PictureNames::next_line() {
  std::string bytes;
  while (std::getline(std::cin, bytes)) {
    ++line_;
    std::string_view name = bytes;
    if (auto error = pplcnet::clean_line("standard input", line_, name)) {
      problems_.push_back(std::move(error));
      break;
    }
    if (pplcnet::is_blank(name)) continue;
    std::string path(name);
    auto error = check_name("standard input", line_, name, path);
    if (!error) return path;
    problems_.push_back(std::move(error));
  }
  return std::nullopt;
}

bool PictureNames::report_problems() {
  for (const Error& problem : problems_) report(problem);
  const bool any = !problems_.empty();
  problems_.clear();
  return any;
}
