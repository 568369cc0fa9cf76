#ifndef PPLCNET_WEIGHTS_NAMING_PARTS_HPP
#define PPLCNET_WEIGHTS_NAMING_PARTS_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/compiled.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/tensor.hpp"

// What a distillation saves (PaddleClas and PaddleOCR, DistillationModel): several networks, whose
// names begin with those of their parts, `Student.` and `Teacher.`.

namespace pplcnet::inline PPLCNET_ABI {

namespace naming {

/// Returns the first word of a name, without the point after it.
constexpr std::string_view first_word(std::string_view name) {
  return name.substr(0, name.find('.'));
}

/// Returns whether two words are the same but for capital letters.
constexpr bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// Student, Student2, teacher ..
constexpr bool is_part(std::string_view word) {
  constexpr std::size_t kLength = 7;
  return same_word(word.substr(0, kLength), "student") ||
         same_word(word.substr(0, kLength), "teacher");
}

}  // namespace naming

/// Returns the parts of a distillation, in the file's order; none in a file of one network. There
/// are few.
PPLCNET_INLINE std::vector<std::string> parts_of(const TensorFile& file);

/// Returns the same for messages: `'Student', 'Teacher'`.
PPLCNET_INLINE std::string quote(const std::vector<std::string>& parts);

/// Leaves the tensors of one part, with the names that they have in a file of their own. Capital
/// letters do not matter.
PPLCNET_INLINE Error take_part(TensorFile& file, std::string_view part);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::vector<std::string> parts_of(const TensorFile& file) {
  constexpr std::size_t kMost = 8;
  std::vector<std::string> parts;
  for (const Tensor& tensor : file.tensors) {
    const std::string_view word = naming::first_word(tensor.name);
    if (parts.size() < kMost && naming::is_part(word) &&
        std::ranges::find(parts, word) == parts.end())
      parts.emplace_back(word);
  }
  return parts;
}

PPLCNET_INLINE std::string quote(const std::vector<std::string>& parts) {
  std::string names;
  for (const std::string& part : parts) names += (names.empty() ? "" : ", ") + quote(part);
  return names;
}

PPLCNET_INLINE Error take_part(TensorFile& file, std::string_view part) {
  const std::vector<std::string> parts = parts_of(file);
  const auto found =
      std::ranges::find_if(parts, [&](const auto& one) { return naming::same_word(one, part); });
  if (found == parts.end())
    return Error::of(file.path, ": has no part ", quote(part), ", ",
                     parts.empty() ? "it is of one network" : "it has " + quote(parts));
  const std::string prefix = *found + ".";
  std::erase_if(file.tensors, [&](const Tensor& one) { return !one.name.starts_with(prefix); });
  for (Tensor& tensor : file.tensors) tensor.name.erase(0, prefix.size());
  return {};
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_PARTS_HPP
