#ifndef PPLCNET_EXAMPLES_PICTURES_HPP
#define PPLCNET_EXAMPLES_PICTURES_HPP

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "pplcnet/weights/error.hpp"

/// Whether a file's name ends as that of a picture.
bool looks_like_picture(const std::string& path);

/// The pictures of a folder, and of those in it, sorted.
std::vector<std::string> pictures_in(const std::string& folder);

/// The names of the folders in a folder, sorted: of classes.
pplcnet::Error folders_in(const std::string& folder, std::vector<std::string>& names);

/// The pictures that arguments of a command line stand for, in order: files, folders, patterns with
/// `*` and `?`, and `-` for the names on standard input, one on each line, as they come.
class PictureNames {
 public:
  explicit PictureNames(std::vector<std::string> arguments);

  /// None at the end.
  std::optional<std::string> next();

  /// How many there are; 0 where standard input says so only at its end.
  std::size_t count() const { return reads_input_ ? 0 : count_; }

  /// Says which folders and patterns have no picture, and from which line on standard input cannot
  /// be read; each once. False if there is nothing to say.
  bool report_problems();

 private:
  std::optional<std::string> next_line();

  std::deque<std::string> names_;  // "-" for standard input
  std::size_t count_ = 0;
  bool reads_input_ = false;
  std::size_t line_ = 0;  // of standard input
  std::vector<pplcnet::Error> problems_;
};

#endif  // PPLCNET_EXAMPLES_PICTURES_HPP
