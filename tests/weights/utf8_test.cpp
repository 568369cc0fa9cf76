#include "pplcnet/weights/utf8.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace pplcnet_test::utf8_test {
namespace {

constexpr bool is_surrogate(std::uint32_t code_point) {
  return code_point >= 0xd800 && code_point <= 0xdfff;
}

/// How many texts of `size` bytes that begin with a byte in [first, last] are UTF-8.
std::uint32_t count_valid(std::size_t size, int first, int last) {
  std::uint32_t valid = 0;
  std::string text(size, '\0');
  for (int lead = first; lead <= last; ++lead) {
    text[0] = static_cast<char>(lead);
    for (std::uint32_t rest = 0; rest >> (8 * (size - 1)) == 0; ++rest) {
      for (std::size_t i = 1; i < size; ++i) text[i] = static_cast<char>(rest >> (8 * (i - 1)));
      valid += pplcnet::is_utf8(text);
    }
  }
  return valid;
}

TEST(Utf8Test, EveryCodePointIsValidAndInOrder) {
  std::string previous;
  for (std::uint32_t code_point = 0; code_point <= 0x10ffff; ++code_point) {
    if (is_surrogate(code_point)) continue;
    std::string text;
    pplcnet::append_utf8(text, code_point);
    ASSERT_TRUE(pplcnet::is_utf8(text)) << code_point;
    ASSERT_TRUE(code_point == 0 || previous < text) << code_point;
    for (std::size_t size = 1; size < text.size(); ++size) {
      ASSERT_FALSE(pplcnet::is_utf8(text.substr(0, size))) << code_point;
    }
    previous = text;
  }
}

// There are as many valid texts as there are code points: with the test above, exactly those.
TEST(Utf8Test, NothingElseIsValid) {
  constexpr std::uint32_t kOne = 0x80, kTwo = 0x800 - 0x80, kThree = 0x10000 - 0x800 - 0x800;
  EXPECT_TRUE(pplcnet::is_utf8(""));
  EXPECT_EQ(count_valid(1, 0, 255), kOne);
  EXPECT_EQ(count_valid(2, 0, 255), kOne * kOne + kTwo);
  EXPECT_EQ(count_valid(3, 0, 255), kOne * kOne * kOne + 2 * kOne * kTwo + kThree);
  EXPECT_EQ(count_valid(4, 0xf0, 0xf4), 0x110000u - 0x10000u);
  for (int lead = 0xf5; lead <= 0xff; ++lead) {
    EXPECT_FALSE(pplcnet::is_utf8(static_cast<char>(lead) + std::string(3, '\x80'))) << lead;
  }
}

}  // namespace
}  // namespace pplcnet_test::utf8_test
