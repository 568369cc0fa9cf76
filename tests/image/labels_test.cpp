#include "pplcnet/image/labels.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "image/reference_data.hpp"

namespace pplcnet_test::labels_test {
namespace {

using pplcnet::parse_labels;
using pplcnet::Prediction;
using pplcnet::prediction_line;
using pplcnet::python_quoted;
using pplcnet::two_decimals;
using Labels = std::vector<std::string>;

/// The labels in a text, or the error.
Labels labels_of(std::string_view text, int classes = 0) {
  Labels labels;
  const auto error = parse_labels(text, "list", classes, labels);
  EXPECT_FALSE(error) << error.message();
  return labels;
}
std::string problem_of(std::string_view text, int classes = 0) {
  Labels labels = {"before"};
  const auto error = parse_labels(text, "list", classes, labels);
  EXPECT_EQ(labels, Labels{"before"}) << "an error changes nothing";
  return error.message();
}

TEST(ParseLabels, ImageNet) {
  const std::string path = "images/imagenet1k_label_list.txt";
  const std::string text = read_reference(path);
  if (text.empty()) GTEST_SKIP() << PPLCNET_TEST_DATA "/" << path << " is missing";
  const Labels labels = labels_of(text, 1000);
  ASSERT_EQ(labels.size(), 1000U);
  EXPECT_EQ(labels[0], "tench, Tinca tinca");
  EXPECT_EQ(labels[8], "hen");
  EXPECT_EQ(labels[400], "academic gown, academic robe, judge's robe");
  EXPECT_EQ(labels[999].substr(0, 13), "toilet tissue");
}

TEST(ParseLabels, NumberedLinesInAnyOrder) {
  EXPECT_EQ(labels_of("1 180\n0 0\n2 a  b \n"), (Labels{"0", "180", "a  b "}));
  EXPECT_EQ(labels_of("0\tcat\n1\tdog\n"), (Labels{"cat", "dog"}));
}

TEST(ParseLabels, PlainLines) {
  EXPECT_EQ(labels_of("0_degree\n180_degree"), (Labels{"0_degree", "180_degree"}));
  EXPECT_EQ(labels_of("0\n90\n180\n270\n"), (Labels{"0", "90", "180", "270"}));
  EXPECT_EQ(labels_of("-0 a\n"), (Labels{"-0 a"}));
}

TEST(ParseLabels, IdsAreEachOfTheClassesOnce) {
  EXPECT_EQ(problem_of("1 cat\n2 dog\n"), "list: line 1: the first id is 1: ids begin at 0");
  EXPECT_EQ(problem_of("2 dog\n1 cat\n"), "list: line 1: id 2: expected each of 0 to 1 once");
  EXPECT_EQ(problem_of("0 a\n2 c\n"), "list: line 2: id 2: expected each of 0 to 1 once");
  EXPECT_EQ(problem_of("0 a\n0 b\n"), "list: line 2: id 0 again, after line 1");
  EXPECT_EQ(problem_of("0 a\n1 b\n99999999999999999999 c\n"),
            "list: line 3: id 18446744073709551615: expected each of 0 to 2 once");
  EXPECT_EQ(problem_of("0 a\nb\n"),
            "list: line 2: 'b' begins with no id, line 1 does: expected ids in all lines, from 0 "
            "on, or in none");
  EXPECT_EQ(problem_of("sedan\n2 doors\n"),
            "list: line 2: '2 doors' begins with an id, line 1 with none: expected ids in all "
            "lines, from 0 on, or in none");
}

TEST(ParseLabels, ThereAreAsManyAsClasses) {
  EXPECT_EQ(problem_of("0 a\n1 b\n2 c\n3 d\n", 2),
            "list: line 3: expected 2 labels, one for each class, found 4");
  EXPECT_EQ(problem_of("a\n", 2), "list: line 1: expected 2 labels, one for each class, found 1");
  EXPECT_EQ(labels_of("a\nb\n", 2), (Labels{"a", "b"}));
}

TEST(ParseLabels, LineEndsOfAllKinds) {
  EXPECT_EQ(labels_of("\xEF\xBB\xBF"
                      "0 a\r\n1 b\r\n\r\n"),
            (Labels{"a", "b"}));
  EXPECT_EQ(labels_of("a\nb\n \n\t\r\n\n"), (Labels{"a", "b"}));
  EXPECT_EQ(labels_of("0 \n1 b"), (Labels{"", "b"}));
  EXPECT_EQ(problem_of("a\rb\r"),
            "list: line 1: expected lines that end with \\n or \\r\\n, found \\r alone");
}

TEST(ParseLabels, BlankLinesWouldShiftWhatFollows) {
  EXPECT_EQ(problem_of("0 a\n\n1 b\n"), "list: line 2: expected a label, found a blank line");
  EXPECT_EQ(problem_of("a\n \nc\n"), "list: line 2: expected a label, found a blank line");
  EXPECT_EQ(problem_of("\na\n"), "list: line 1: expected a label, found a blank line");
  EXPECT_EQ(problem_of(""), "list: has no labels");
  EXPECT_EQ(problem_of("\n \n"), "list: has no labels");
}

TEST(ParseLabels, OtherEncodingsAreNamed) {
  EXPECT_EQ(problem_of("0 a\n1 \xD5\xFD\n"), R"(list: line 2: not UTF-8: '1 \xd5\xfd')");
  const std::string utf16 =
      "list: line 1: expected UTF-8, found UTF-16 or UTF-32; iconv -f UTF-16 -t UTF-8 makes it so";
  EXPECT_EQ(problem_of({"\xFF\xFE"
                        "a\0\n\0",
                        6}),
            utf16);
  EXPECT_EQ(problem_of({"\xFE\xFF\0a\0\n", 6}), utf16);
  EXPECT_EQ(problem_of({"a\0\n\0", 4}), "list: line 1: expected text in UTF-8, found a zero byte");
}

TEST(ParseLabels, LabelListOfYaml) {
  EXPECT_EQ(labels_of("label_list:\n- cat\n- dog\n", 2), (Labels{"cat", "dog"}));
  EXPECT_EQ(
      labels_of("Global:\n  model_name: X\nPostProcess:\n  Topk:\n    topk: 1\n"
                "    label_list:\r\n    - 0_degree  # upright\n"
                "    - 'judge''s robe'\n    - \"\\u6C49 \\\"a\\\"\\x21\"\n\n"
                "    - black and gold\n      garden spider\n  Other: 1\n"),
      (Labels{"0_degree", "judge's robe", "\xE6\xB1\x89 \"a\"!", "black and gold garden spider"}));
  EXPECT_EQ(problem_of("label_list:\n- cat\n- dog\n- hen\n", 2),
            "list: line 4: expected 2 labels, one for each class, found 3");
  EXPECT_EQ(problem_of("label_list: [cat, dog]\n"),
            "list: line 1: expected a label, `- cat`, found 'label_list: [cat, dog]'");
  EXPECT_EQ(problem_of("label_list:\n- cat\n- dog: 1\n"),
            "list: line 3: expected a label, `- cat`, found '- dog: 1'");
  EXPECT_EQ(problem_of("label_list:\n- cat\n-\n"),
            "list: line 3: expected a label, `- cat`, found '-'");
  EXPECT_EQ(problem_of("a: 1\nlabel_list:\n"), "list: line 2: has no labels");
}

TEST(ParseLabels, OtherDocumentsAreRefused) {
  EXPECT_EQ(problem_of("Global:\n  model_name: X\n"),
            "list: line 1: expected a label, found YAML without a label_list");
  EXPECT_EQ(problem_of("---\na: b\n"),
            "list: line 1: expected a label, found YAML without a label_list");
  for (const char* text : {"{\"0\": \"cat\"}", "{0: 'tench'}", "[\"cat\", \"dog\"]", "[\n\"cat\"]"})
    EXPECT_EQ(problem_of(text), "list: line 1: expected a label, found JSON");
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
}  // namespace pplcnet_test::labels_test
