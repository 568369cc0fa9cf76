#ifndef PPLCNET_EXAMPLES_LABELS_HPP
#define PPLCNET_EXAMPLES_LABELS_HPP

#include <string>
#include <utility>
#include <vector>

#include "pplcnet/image/labels.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"

/// The names of the classes in a file.
inline pplcnet::Error read_labels(const std::string& path, std::vector<std::string>& labels) {
  pplcnet::FileBytes text;
  if (auto error = pplcnet::read_file(path, text)) return error;
  const auto bytes = std::as_const(text).bytes();
  labels = pplcnet::parse_labels({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return {};
}

#endif  // PPLCNET_EXAMPLES_LABELS_HPP
