#include "pplcnet/image/labels.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "image/reference_data.hpp"

namespace pplcnet_test {
namespace {

using pplcnet::parse_labels;
using pplcnet::Prediction;
using pplcnet::prediction_line;
using pplcnet::python_quoted;
using pplcnet::two_decimals;
using Labels = std::vector<std::string>;

TEST(ParseLabels, ImageNet) {
  const std::string path = "images/imagenet1k_label_list.txt";
  const std::string text = read_reference(path);
  if (text.empty()) GTEST_SKIP() << "reference data missing: " << path;
  const Labels labels = parse_labels(text);
  ASSERT_EQ(labels.size(), 1000U);
  EXPECT_EQ(labels[0], "tench, Tinca tinca");
  EXPECT_EQ(labels[8], "hen");
  EXPECT_EQ(labels[400], "academic gown, academic robe, judge's robe");
  EXPECT_EQ(labels[999].substr(0, 13), "toilet tissue");
}

TEST(ParseLabels, NumberedLinesInAnyOrder) {
  EXPECT_EQ(parse_labels("1 180\n0 0\n2 a  b \n"), (Labels{"0", "180", "a  b "}));
}

TEST(ParseLabels, PlainLines) {
  EXPECT_EQ(parse_labels("0_degree\n180_degree"), (Labels{"0_degree", "180_degree"}));
  EXPECT_EQ(parse_labels("0\n90\n180\n270\n"), (Labels{"0", "90", "180", "270"}));
  EXPECT_EQ(parse_labels("2 doors\n4 doors\n"), (Labels{"2 doors", "4 doors"}));
  EXPECT_EQ(parse_labels("0 a\n0 b\n"), (Labels{"0 a", "0 b"}));
  EXPECT_EQ(parse_labels("0 a\nb\n"), (Labels{"0 a", "b"}));
  EXPECT_EQ(parse_labels("-0 a\n"), (Labels{"-0 a"}));
  EXPECT_EQ(parse_labels("99999999999999999999 a\n"), (Labels{"99999999999999999999 a"}));
}

TEST(ParseLabels, LineEndsOfAllKinds) {
  EXPECT_EQ(parse_labels("\xEF\xBB\xBF"
                         "0 a\r\n1 b\r\n\r\n"),
            (Labels{"a", "b"}));
  EXPECT_EQ(parse_labels("a\n\nc\n\n\n"), (Labels{"a", "", "c"}));
  EXPECT_EQ(parse_labels(""), Labels{});
  EXPECT_EQ(parse_labels("\n"), Labels{});
  EXPECT_EQ(parse_labels("0 \n1 b"), (Labels{"", "b"}));
}

TEST(PythonQuoted, ChoosesQuotesAsPythonDoes) {
  EXPECT_EQ(python_quoted("hen"), "'hen'");
  EXPECT_EQ(python_quoted(""), "''");
  EXPECT_EQ(python_quoted("judge's robe"), "\"judge's robe\"");
  EXPECT_EQ(python_quoted("a \"b\""), "'a \"b\"'");
  EXPECT_EQ(python_quoted("'\""), R"('\'"')");
  EXPECT_EQ(python_quoted("a\\b"), R"('a\\b')");
  EXPECT_EQ(python_quoted("a\tb\nc\rd\x01"
                          "e\x7F"),
            R"('a\tb\nc\rd\x01e\x7f')");
  EXPECT_EQ(python_quoted("\xE6\x9C\x89\xE7\xBA\xBF"), "'\xE6\x9C\x89\xE7\xBA\xBF'");
}

TEST(TwoDecimals, RoundsFiveDecimalsThenTwo) {
  EXPECT_EQ(two_decimals(0.916F), "0.92");
  EXPECT_EQ(two_decimals(0.0F), "0.00");
  EXPECT_EQ(two_decimals(1.0F), "1.00");
  EXPECT_EQ(two_decimals(0.004F), "0.00");
  EXPECT_EQ(two_decimals(0.9974108F), "1.00");
  EXPECT_EQ(two_decimals(0.125F), "0.12");      // a tie in binary: to even
  EXPECT_EQ(two_decimals(0.375F), "0.38");      // likewise
  EXPECT_EQ(two_decimals(0.0049999F), "0.01");  // by way of 0.00500, a double above the tie
  EXPECT_EQ(two_decimals(-12.345F), "-12.35");
}

TEST(PredictionLine, IsPaddles) {
  const Labels labels = {"cock", "hen", "judge's robe"};
  const std::vector<Prediction> predictions = {{1, 0.916F}, {2, 0.0512F}};
  EXPECT_EQ(prediction_line("a b.jpg", predictions, labels),
            "a b.jpg:\tclass id(s): [1, 2], score(s): [0.92, 0.05], "
            "label_name(s): ['hen', \"judge's robe\"]");
}

TEST(PredictionLine, MissingLabels) {
  const std::vector<Prediction> predictions = {{7, 0.5F}};
  EXPECT_EQ(prediction_line("x", predictions, {}),
            "x:\tclass id(s): [7], score(s): [0.50], label_name(s): []");
  EXPECT_EQ(prediction_line("x", predictions, Labels{"a"}),
            "x:\tclass id(s): [7], score(s): [0.50], label_name(s): ['']");
  EXPECT_EQ(prediction_line("x", {}, Labels{"a"}),
            "x:\tclass id(s): [], score(s): [], label_name(s): []");
}

}  // namespace
}  // namespace pplcnet_test
