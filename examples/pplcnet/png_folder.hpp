#ifndef PPLCNET_EXAMPLES_PNG_FOLDER_HPP
#define PPLCNET_EXAMPLES_PNG_FOLDER_HPP

#include <set>
#include <string>

#include "pplcnet/weights/error.hpp"

/// A folder for PNG files that get the names of pictures; those of one name get numbers.
class PngFolder {
 public:
  /// Makes the folder if it is not there; nothing if it has no name.
  static pplcnet::Error open(const std::string& folder, PngFolder& result);

  bool is_open() const { return !folder_.empty(); }

  /// Writes the file of a picture; one that is there is kept, which is an error.
  pplcnet::Error write(const std::string& picture, const std::string& png);

 private:
  std::string folder_;
  std::set<std::string> names_;
};

#endif  // PPLCNET_EXAMPLES_PNG_FOLDER_HPP
