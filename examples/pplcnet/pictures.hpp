#ifndef PPLCNET_EXAMPLES_PICTURES_HPP
#define PPLCNET_EXAMPLES_PICTURES_HPP

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "picture_name.hpp"
#include "pplcnet/weights/error.hpp"
#include "standard_streams.hpp"

/// Lists the pictures in a folder and its subfolders, by their names, sorted. What cannot be
/// read of it is reported, and then `complete` becomes false. Throws interruption::Happened.
std::vector<std::string> pictures_in(const std::string& folder, bool& complete);

/// Lists the names of the folders in a folder, sorted: of classes. Pictures beside them, which are
/// of no class, are reported, and then `complete` becomes false. Throws interruption::Happened.
pplcnet::Error folders_in(const std::string& folder, std::vector<std::string>& names,
                          bool& complete);

/// Returns what to say of a picture that is too narrow to crop from.
pplcnet::Error too_narrow(std::string_view path);
/// Returns what to say of one of which a network makes what is no finite number.
pplcnet::Error no_numbers(std::string_view path);
/// Says one or the other if a network has not seen a picture, or of its output.
pplcnet::Error check_output_of(std::string_view path, bool is_seen,
                               const std::vector<float>& output);

/// The pictures that arguments of a command line stand for, in order: files, folders, patterns with
/// `*` and `?`, and `-` for the names on standard input, one on each line, as they come.
class PictureNames {
 public:
  /// Reports folders that cannot be read, and folders and patterns without a picture.
  explicit PictureNames(std::vector<std::string> arguments);

  /// Returns none at the end.
  std::optional<std::string> next();

  /// Returns the number of pictures; 0 where standard input says so only at its end.
  std::size_t count() const { return reads_input_ ? 0 : count_; }

  /// Returns whether nothing has been reported so far.
  bool complete() const { return complete_; }

 private:
  void add(const std::string& argument, std::vector<std::string> found, std::string_view what);
  std::vector<std::string> matches_of(const std::string& pattern);
  std::optional<std::string> next_line();

  std::deque<std::string> names_;  // "-" for standard input
  InputLines input_;
  std::size_t count_ = 0;
  bool reads_input_ = false, complete_ = true;
  std::size_t line_ = 0;  // of standard input
};

#endif  // PPLCNET_EXAMPLES_PICTURES_HPP
