#ifndef PPLCNET_EXAMPLES_EXAMPLE_HPP
#define PPLCNET_EXAMPLES_EXAMPLE_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/weights/error.hpp"

/// A picture whose class is known.
struct Example {
  std::string path;
  int class_id = 0;
  std::size_t quarters = 0;  ///< by which it is rotated, clockwise, before it is seen
};

/// Reads Paddle's list: a path, a space or tab, and the number of its class on each line. Relative
/// paths begin in `root`; classes are below `classes`.
pplcnet::Error parse_examples(std::string_view text, const std::string& path,
                              const std::string& root, int classes, std::vector<Example>& examples);

/// Finds the classes of folders by their names: labels, numbers of classes, or, if none is a label,
/// the names of all classes in their order, as of ImageNet. That is a guess, which `guess` says.
pplcnet::Error classes_of_folders(const std::vector<std::string>& names, const std::string& path,
                                  const std::vector<std::string>& labels, int classes,
                                  std::vector<int>& class_ids, pplcnet::Error& guess);

#endif  // PPLCNET_EXAMPLES_EXAMPLE_HPP
