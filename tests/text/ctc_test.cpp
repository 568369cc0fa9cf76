// From probabilities to a line of text.
#include "pplcnet/text/ctc.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <vector>

#include "pplcnet/text/dictionary.hpp"

namespace pplcnet_test::ctc_test {
namespace {

using pplcnet::CtcCharacter;
using pplcnet::CtcLine;
using pplcnet::Dictionary;

/// Probabilities in which each column has one class, the others share the rest.
std::vector<float> columns_of(std::size_t classes, const std::vector<std::size_t>& labels,
                              const std::vector<float>& shares) {
  std::vector<float> result(classes * labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i)
    for (std::size_t label = 0; label < classes; ++label)
      result[label * labels.size() + i] =
          label == labels[i] ? shares[i] : (1 - shares[i]) / static_cast<float>(classes - 1);
  return result;
}

TEST(Ctc, MergesRepeatsAndLeavesBlanksOut) {
  const std::vector<float> shares = {0.9F, 0.8F, 0.7F, 0.95F, 0.6F, 0.75F, 0.85F};
  const auto probabilities = columns_of(5, {0, 3, 3, 0, 3, 1, 1}, shares);
  std::array<CtcCharacter, 7> characters;
  const CtcLine line = pplcnet::decode_ctc(probabilities, 7, characters);
  ASSERT_EQ(line.count, 3u);
  EXPECT_EQ(characters[0].label, 3);
  EXPECT_EQ(characters[0].column, 1);
  EXPECT_EQ(characters[1].label, 3);
  EXPECT_EQ(characters[1].column, 4);
  EXPECT_EQ(characters[2].label, 1);
  EXPECT_EQ(characters[2].column, 5);
  EXPECT_FLOAT_EQ(line.score, (0.8F + 0.6F + 0.75F) / 3);
}

TEST(Ctc, OfEqualClassesTheFirstOne) {
  const std::vector<float> probabilities = {0.25F, 0.1F, 0.25F, 0.45F, 0.25F, 0.45F, 0.25F, 0};
  std::array<CtcCharacter, 2> characters;
  const CtcLine line = pplcnet::decode_ctc(probabilities, 2, characters);
  ASSERT_EQ(line.count, 1u);
  EXPECT_EQ(characters[0].label, 1);
  EXPECT_EQ(characters[0].column, 1);
}

TEST(Ctc, NothingToRead) {
  std::array<CtcCharacter, 3> characters;
  EXPECT_EQ(pplcnet::decode_ctc({}, 0, characters).count, 0u);
  EXPECT_EQ(pplcnet::decode_ctc(columns_of(4, {0, 0, 0}, {1, 1, 1}), 3, characters).count, 0u);
  EXPECT_EQ(pplcnet::decode_ctc(columns_of(4, {0, 0, 0}, {1, 1, 1}), 3, characters).score, 0.0F);
  const std::vector<float> unknown(12, std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(pplcnet::decode_ctc(unknown, 3, characters).count, 0u);
  // No room for a column.
  EXPECT_EQ(pplcnet::decode_ctc(unknown, 4, characters).count, 0u);
}

TEST(Dictionary, KeepsEntriesAsTheyAre) {
  Dictionary dictionary;
  EXPECT_EQ(dictionary.classes(), 1);
  ASSERT_FALSE(Dictionary::parse("a\r\n\xe3\x80\x80\n\n\xc3\xa9", "d.txt", dictionary));
  ASSERT_EQ(dictionary.classes(), 6);
  EXPECT_EQ(dictionary[0], "");
  EXPECT_EQ(dictionary[1], "a");
  EXPECT_EQ(dictionary[2], "\xe3\x80\x80");  // an ideographic space
  EXPECT_EQ(dictionary[3], "");
  EXPECT_EQ(dictionary[4], "\xc3\xa9");
  EXPECT_EQ(dictionary[5], " ");
  EXPECT_EQ(dictionary[6], "");
  EXPECT_EQ(dictionary[-1], "");
}

TEST(Dictionary, SaysWhichLineIsWrong) {
  Dictionary dictionary;
  EXPECT_STREQ(Dictionary::parse("a\n\xff\n", "d.txt", dictionary).message(),
               "d.txt: line 2: expected UTF-8, found '\\xff'");
  EXPECT_STREQ(Dictionary::parse("", "d.txt", dictionary).message(),
               "d.txt: expected a character on each line, found none");
  EXPECT_EQ(dictionary.classes(), 1);
}

}  // namespace
}  // namespace pplcnet_test::ctc_test
