#include "pplcnet/image/results.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "image/reference_data.hpp"

namespace pplcnet_test::results_test {
namespace {

using pplcnet::Prediction;
using pplcnet::top_k;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(AllFinite, FindsWhatIsNot) {
  std::vector<float> values(37, -std::numeric_limits<float>::max());
  EXPECT_TRUE(pplcnet::all_finite(values));
  EXPECT_TRUE(pplcnet::all_finite({}));
  for (const float other : {kNan, -kNan, std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()})
    for (float& value : values) {
      const float before = std::exchange(value, other);
      EXPECT_FALSE(pplcnet::all_finite(values));
      value = before;
    }
}

TEST(Softmax, MatchesTheReference) {
  const std::string path = "models/textline_ori_x0_25/expected.json";
  const std::string text = read_reference(path);
  if (text.empty()) GTEST_SKIP() << PPLCNET_TEST_DATA "/" << path << " is missing";
  const nlohmann::json expected = nlohmann::json::parse(text);
  ASSERT_FALSE(expected.at("cases").empty());
  for (const nlohmann::json& picture : expected.at("cases")) {
    std::vector<float> values = picture.at("logits");
    const std::vector<float> probabilities = picture.at("prob");
    pplcnet::softmax(values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      EXPECT_NEAR(values[i], probabilities[i], 2e-6F * probabilities[i]);
    }
  }
}

TEST(Softmax, SumsToOneAtAnyOffset) {
  std::vector<float> values(1000);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = 1e4F + static_cast<float>(i % 17);
  }
  pplcnet::softmax(values);
  EXPECT_NEAR(std::accumulate(values.begin(), values.end(), 0.0), 1.0, 1e-5);
  EXPECT_NEAR(values[16] / values[15], std::exp(1.0F), 1e-4F);
}

TEST(Softmax, DifferencesAreCutOffAt64) {
  std::array<float, 3> values = {0.0F, -65.0F, -1e30F};
  pplcnet::softmax(values);
  EXPECT_EQ(values[0], 1.0F);
  EXPECT_EQ(values[1], std::exp(-64.0F));
  EXPECT_EQ(values[2], std::exp(-64.0F));
}

TEST(Softmax, MultipliesByTheReciprocalOfTheSum) {
  // 13 ones and exp(-1): one of the sums at which the quotient has another last bit.
  std::vector<float> values(14, 5.0F);
  values.back() = 4.0F;
  pplcnet::softmax(values);
  const float sum = 13.0F + std::exp(-1.0F);
  const float reciprocal = 1.0F / sum;
  EXPECT_EQ(values.back(), std::exp(-1.0F) * reciprocal);
  EXPECT_NE(values.back(), std::exp(-1.0F) / sum);
}

TEST(Softmax, NothingIsNothing) {
  pplcnet::softmax({});
  std::array<float, 1> one = {-3.0F};
  pplcnet::softmax(one);
  EXPECT_EQ(one[0], 1.0F);
}

TEST(Sigmoid, IsTheLogisticFunction) {
  std::array<float, 5> values = {0.0F, 2.0F, -2.0F, 200.0F, -200.0F};
  pplcnet::sigmoid(values);
  EXPECT_EQ(values[0], 0.5F);
  EXPECT_NEAR(values[1], 0.8807971F, 1e-6F);
  EXPECT_NEAR(values[2], 0.1192029F, 1e-6F);
  EXPECT_EQ(values[3], 1.0F);
  EXPECT_EQ(values[4], 0.0F);
}

TEST(TopK, HighestFirst) {
  const std::vector<float> scores = {0.1F, 0.4F, 0.05F, 0.3F, 0.15F};
  EXPECT_EQ(top_k<3>(scores), (std::array<Prediction, 3>{{{1, 0.4F}, {3, 0.3F}, {4, 0.15F}}}));
}

TEST(TopK, EqualScoresLowerClassFirst) {
  const std::vector<float> scores = {0.1F, 0.3F, 0.1F, 0.3F, 0.3F, 0.2F};
  EXPECT_EQ(top_k<5>(scores),
            (std::array<Prediction, 5>{{{1, 0.3F}, {3, 0.3F}, {4, 0.3F}, {5, 0.2F}, {0, 0.1F}}}));
}

TEST(TopK, MoreThanThereAre) {
  const std::vector<float> scores = {0.25F, 0.75F};
  EXPECT_EQ(top_k<3>(scores), (std::array<Prediction, 3>{{{1, 0.75F}, {0, 0.25F}, {-1, 0.0F}}}));
  std::vector<Prediction> best(7);
  EXPECT_EQ(top_k(scores, best), 2U);
  EXPECT_EQ(best[0], (Prediction{1, 0.75F}));
  EXPECT_EQ(top_k<2>({}), (std::array<Prediction, 2>{}));
  EXPECT_EQ(top_k(scores, {}), 0U);
  EXPECT_TRUE(top_k<0>(scores).empty());
}

TEST(TopK, NotANumberIsLast) {
  const std::vector<float> scores = {kNan, 0.2F, kNan, -std::numeric_limits<float>::infinity()};
  const auto best = top_k<4>(scores);
  EXPECT_EQ(best[0].class_id, 1);
  EXPECT_EQ(best[1].class_id, 3);
  EXPECT_EQ(best[2].class_id, 0);
  EXPECT_EQ(best[3].class_id, 2);
  EXPECT_EQ(top_k<1>(scores)[0].class_id, 1);
}

TEST(TopK, AgreesWithSorting) {
  std::vector<float> scores(1000);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    scores[i] = static_cast<float>(i * 7919 % 257);  // with ties
  }
  std::vector<int> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
  });
  std::vector<Prediction> best(50);
  ASSERT_EQ(top_k(scores, best), 50U);
  for (std::size_t i = 0; i < best.size(); ++i) EXPECT_EQ(best[i].class_id, order[i]);
}

}  // namespace
}  // namespace pplcnet_test::results_test
