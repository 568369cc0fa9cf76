#ifndef PPLCNET_EXAMPLES_LABELS_HPP
#define PPLCNET_EXAMPLES_LABELS_HPP

#include <string>
#include <vector>

#include "pplcnet/image/labels.hpp"
#include "pplcnet/weights/error.hpp"
#include "text_file.hpp"

/// Reads the names of the classes in a file, of which there must be `classes` (0: any number).
inline pplcnet::Error read_labels(const std::string& path, int classes,
                                  std::vector<std::string>& labels) {
  pplcnet::FileBytes file;
  if (auto error = read_text(path, file)) return error;
  return pplcnet::parse_labels(text_of(file), path, classes, labels);
}

#endif  // PPLCNET_EXAMPLES_LABELS_HPP
