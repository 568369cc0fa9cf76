#ifndef PPLCNET_TEXT_TEXT_ACCURACY_HPP
#define PPLCNET_TEXT_TEXT_ACCURACY_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/weights/utf8.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the code points of a text, and for bytes that are no UTF-8 U+FFFD.
inline std::vector<std::uint32_t> code_points_of(std::string_view text) {
  constexpr std::uint32_t kReplacement = 0xfffd;
  std::vector<std::uint32_t> result;
  while (!text.empty()) {
    const std::string_view first = first_character(text);
    result.push_back(first.empty() ? kReplacement : code_point_of(first));
    text.remove_prefix(std::max<std::size_t>(first.size(), 1));
  }
  return result;
}

/// Returns the least number of characters to insert, delete or replace to make `b` of `a`
/// (Levenshtein's distance).
inline std::size_t edit_distance(std::span<const std::uint32_t> a,
                                 std::span<const std::uint32_t> b) {
  std::vector<std::size_t> row(b.size() + 1);  // from the first i of a to the first k of b
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t before = row[0];  // of i - 1 and k - 1
    row[0] = i;
    for (std::size_t k = 1; k <= b.size(); ++k) {
      const std::size_t replaced = before + (a[i - 1] == b[k - 1] ? 0 : 1);
      before = row[k];
      row[k] = std::min({replaced, row[k] + 1, row[k - 1] + 1});
    }
  }
  return row.back();
}

/// Compares lines of text that were read with what they say, over any number of them.
class TextAccuracy {
 public:
  /// Adds a line of text, both UTF-8; returns the edits that make one of the other.
  std::size_t add(std::string_view truth, std::string_view found) {
    constexpr std::uint32_t kSpace = ' ';
    std::vector<std::uint32_t> expected = code_points_of(truth), read = code_points_of(found);
    const std::size_t distance = edit_distance(expected, read);
    ++lines_;
    edits_ += distance;
    characters_ += expected.size();
    equal_ += distance == 0 ? 1 : 0;
    std::erase(expected, kSpace);
    std::erase(read, kSpace);
    const std::size_t rest = edit_distance(expected, read);
    equal_without_spaces_ += rest == 0 ? 1 : 0;
    if (rest > 0)
      distances_ +=
          static_cast<double>(rest) / static_cast<double>(std::max(expected.size(), read.size()));
    return distance;
  }

  std::size_t lines() const { return lines_; }
  std::size_t characters() const { return characters_; }  ///< that the lines have
  std::size_t edits() const { return edits_; }

  /// Returns the character error rate: edits by characters; nothing if there are none.
  std::optional<double> error_rate() const { return share(edits_, characters_); }

  /// Returns the share of lines that are equal; nothing without lines.
  std::optional<double> accuracy() const { return share(equal_, lines_); }

  /// Returns the share of lines that are equal without their spaces: `acc` of PaddleOCR's
  /// RecMetric.
  std::optional<double> accuracy_without_spaces() const {
    return share(equal_without_spaces_, lines_);
  }

  /// Returns 1 less the mean of edits by the longer text's characters, without spaces:
  /// `norm_edit_dis` of PaddleOCR's RecMetric.
  std::optional<double> similarity() const {
    if (lines_ == 0) return std::nullopt;
    return 1 - distances_ / static_cast<double>(lines_);
  }

 private:
  static std::optional<double> share(std::size_t part, std::size_t whole) {
    if (whole == 0) return std::nullopt;
    return static_cast<double>(part) / static_cast<double>(whole);
  }

  std::size_t lines_ = 0, characters_ = 0, edits_ = 0, equal_ = 0, equal_without_spaces_ = 0;
  double distances_ = 0;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_TEXT_ACCURACY_HPP
