#ifndef PPLCNET_WEIGHTS_IMPORT_STRIDES_HPP
#define PPLCNET_WEIGHTS_IMPORT_STRIDES_HPP

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/graph/shape.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/join.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns whether the convolutions of a file have the strides of a network: those found and those
/// expected, in order of execution.
inline Error check_strides(const std::vector<std::pair<Stride, Stride>>& strides,
                           std::string_view path) {
  std::string found, expected;
  bool are_same = true;
  const auto add = [](std::string& text, const Stride& stride) {
    if (stride != Stride(1))
      text += join({text.empty() ? "(" : ", (", stride.height, ",", stride.width, ")"});
  };
  for (const auto& [one, other] : strides) {
    add(found, one);
    add(expected, other);
    are_same = are_same && one == other;
  }
  if (are_same) return {};
  return Error::of(path, ": strides in the file are ", found, "; the type has ", expected);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_STRIDES_HPP
