#include "pictures.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <new>
#include <set>
#include <system_error>
#include <utility>

#include "command.hpp"
#include "interruption.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/image/text_lines.hpp"
#include "pplcnet/weights/path.hpp"
#include "system/files.hpp"
#include "text_file.hpp"

namespace fs = std::filesystem;
using pplcnet::Error;

namespace {

/// A walk over folders, each of which is seen once, however many links lead to it.
class Walk {
 public:
  /// Adds the pictures of a folder; what cannot be read is reported.
  void enter(const std::string& folder) {
    system_files::Facts facts;
    if (const int missing = system_files::find(folder, facts))
      return report_problem(folder, missing);
    if (!seen_.insert(facts.id).second) return;
    std::error_code problem;
    fs::directory_iterator entry(pplcnet::path_of(folder), problem);
    for (const fs::directory_iterator end; !problem && entry != end; entry.increment(problem)) {
      if (interruption::happened()) throw interruption::Happened();
      const std::string path = pplcnet::name_of(entry->path());
      std::error_code ignored;  // what is no folder and cannot be read is named when it is read
      if (entry->is_directory(ignored))
        enter(path);
      else if (looks_like_picture(path))
        found.push_back(path);
    }
    if (problem) report_problem(folder, problem.default_error_condition().value());
  }

  std::vector<std::string> found;
  bool complete = true;

 private:
  void report_problem(const std::string& folder, int number) {
    if (number == ENOMEM) throw std::bad_alloc();
    complete = !report(Error::of(
        folder, ": cannot be read: ", std::error_code(number, std::generic_category()).message()));
  }

  std::set<system_files::Id> seen_;
};

}  // namespace

std::vector<std::string> pictures_in(const std::string& folder, bool& complete) {
  Walk walk;
  walk.enter(folder);
  complete = complete && walk.complete;
  std::ranges::sort(walk.found);
  return std::move(walk.found);
}

Error folders_in(const std::string& folder, std::vector<std::string>& names, bool& complete) {
  std::error_code problem, ignored;
  for (fs::directory_iterator entry(pplcnet::path_of(folder), problem), end;
       !problem && entry != end; entry.increment(problem)) {
    if (interruption::happened()) throw interruption::Happened();
    const std::string path = pplcnet::name_of(entry->path());
    if (entry->is_directory(ignored))
      names.push_back(pplcnet::name_of(entry->path().filename()));
    else if (looks_like_picture(path))
      complete = !report(Error::of(path, ": lies in no class's folder, and is left out"));
  }
  if (problem) return Error::of(folder, ": cannot be read: ", problem.message());
  std::ranges::sort(names);
  return {};
}

void PictureNames::add(const std::string& argument, std::vector<std::string> found,
                       std::string_view what) {
  if (found.empty()) complete_ = !report(Error::of(argument, ": no pictures ", what));
  count_ += found.size();
  std::ranges::move(found, std::back_inserter(names_));
}

std::vector<std::string> PictureNames::matches_of(const std::string& pattern) {
  std::vector<std::string> found;
  if (const int number = system_files::match(pattern, found))
    complete_ = !report(
        Error::of(pattern, ": cannot be searched: ",
                  number == ENOMEM ? "out of memory"
                                   : std::error_code(number, std::generic_category()).message()));
  return found;
}

PictureNames::PictureNames(std::vector<std::string> arguments) {
  for (std::string& argument : arguments) {
    std::error_code ignored;
    if (argument == "-") {
      reads_input_ = true;
      names_.push_back(std::move(argument));
    } else if (fs::is_directory(pplcnet::path_of(argument), ignored)) {
      add(argument, pictures_in(argument, complete_), "in this folder");
    } else if (argument.find_first_of("*?[") != argument.npos &&
               !fs::exists(pplcnet::path_of(argument), ignored)) {
      add(argument, matches_of(argument), "have such names");
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
  constexpr std::string_view kInput = "standard input";
  while (const auto bytes = input_.next()) {
    ++line_;
    std::string_view name = *bytes;
    if (report(pplcnet::clean_line(kInput, line_, name))) {
      complete_ = false;
      return std::nullopt;
    }
    if (pplcnet::is_blank(name)) continue;
    std::string path(name);
    if (!report(check_name(kInput, line_, name, path))) return path;
    complete_ = false;
  }
  if (report(input_.error())) complete_ = false;
  return std::nullopt;
}

Error too_narrow(std::string_view path) {
  return Error::of(path, ": too narrow a picture to crop from");
}

Error no_numbers(std::string_view path) {
  return Error::of(path, ": the network's output is no finite number; its weights may be damaged");
}

Error check_output_of(std::string_view path, bool is_seen, const std::vector<float>& output) {
  if (!is_seen) return too_narrow(path);
  return pplcnet::all_finite(output) ? Error() : no_numbers(path);
}
