// How well lines of text were read.
#include "pplcnet/text/text_accuracy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pplcnet_test::text_accuracy_test {
namespace {

using pplcnet::TextAccuracy;

std::size_t distance(std::string_view a, std::string_view b) {
  return pplcnet::edit_distance(pplcnet::code_points_of(a), pplcnet::code_points_of(b));
}

/// The definition, letter by letter.
std::size_t slow_distance(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  if (a.empty() || b.empty()) return a.size() + b.size();
  const auto rest_a = a.subspan(1), rest_b = b.subspan(1);
  if (a[0] == b[0]) return slow_distance(rest_a, rest_b);
  return 1 + std::min({slow_distance(rest_a, b), slow_distance(a, rest_b),
                       slow_distance(rest_a, rest_b)});
}

TEST(EditDistance, IsThatOfLevenshtein) {
  EXPECT_EQ(distance("kitten", "sitting"), 3U);
  EXPECT_EQ(distance("", ""), 0U);
  EXPECT_EQ(distance("", "abc"), 3U);
  EXPECT_EQ(distance("abc", ""), 3U);
  EXPECT_EQ(distance("flaw", "lawn"), 2U);
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    std::uint32_t state = seed * 2654435761U + 1;
    const auto random = [&](std::uint32_t below) {
      state = state * 1664525U + 1013904223U;
      return (state >> 16) % below;
    };
    std::vector<std::uint32_t> a(random(7)), b(random(7));
    for (std::uint32_t& one : a) one = random(3);
    for (std::uint32_t& one : b) one = random(3);
    EXPECT_EQ(pplcnet::edit_distance(a, b), slow_distance(a, b)) << seed;
  }
}

TEST(EditDistance, CountsCharactersNotBytes) {
  EXPECT_EQ(distance("怪我咯", "怪我啊"), 1U);
  EXPECT_EQ(distance("naïve", "naive"), 1U);
  EXPECT_EQ(distance("\xff\xfe", ""), 2U);
  EXPECT_EQ(pplcnet::code_points_of("a\U0001F600"), (std::vector<std::uint32_t>{'a', 0x1F600}));
}

TEST(TextAccuracy, HasNothingOfNothing) {
  TextAccuracy accuracy;
  EXPECT_FALSE(accuracy.error_rate() || accuracy.accuracy() || accuracy.similarity());
  EXPECT_EQ(accuracy.add("", ""), 0U);
  EXPECT_FALSE(accuracy.error_rate());
  EXPECT_EQ(accuracy.accuracy(), 1.0);
  EXPECT_EQ(accuracy.similarity(), 1.0);
}

// As PaddleOCR's RecMetric (ignore_space, without its 1e-5) computes the last two.
TEST(TextAccuracy, SpacesAreCharactersButForPaddle) {
  TextAccuracy accuracy;
  EXPECT_EQ(accuracy.add("a b c", "abc"), 2U);     // equal without spaces
  EXPECT_EQ(accuracy.add("hello", "hallo!"), 2U);  // 2 / 6
  EXPECT_EQ(accuracy.add("same", "same"), 0U);
  EXPECT_EQ(accuracy.add("gone", ""), 4U);  // 1
  EXPECT_EQ(accuracy.lines(), 4U);
  EXPECT_EQ(accuracy.characters(), 18U);
  EXPECT_EQ(accuracy.edits(), 8U);
  EXPECT_DOUBLE_EQ(*accuracy.error_rate(), 8.0 / 18);
  EXPECT_DOUBLE_EQ(*accuracy.accuracy(), 0.25);
  EXPECT_DOUBLE_EQ(*accuracy.accuracy_without_spaces(), 0.5);
  EXPECT_DOUBLE_EQ(*accuracy.similarity(), 1 - (2.0 / 6 + 1) / 4);
}

}  // namespace
}  // namespace pplcnet_test::text_accuracy_test
