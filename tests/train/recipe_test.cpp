// What a recipe is made of: elementary functions and random numbers whose bits are the same on
// every machine, schedules, weights of classes, early stopping.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <numbers>
#include <numeric>
#include <span>
#include <vector>

#include "pplcnet/train/class_weights.hpp"
#include "pplcnet/train/early_stopping.hpp"
#include "pplcnet/train/elementary.hpp"
#include "pplcnet/train/random.hpp"
#include "pplcnet/train/schedule.hpp"

namespace pplcnet_test::recipe_test {
namespace {

using pplcnet::exponential;
using pplcnet::natural_logarithm;
using pplcnet::Random;
using pplcnet::RandomPurpose;
using pplcnet::Schedule;
using pplcnet::sine_and_cosine;

std::uint64_t mixed_into(std::uint64_t hash, double value) {
  return (hash ^ std::bit_cast<std::uint64_t>(value)) * 0x100000001b3U;
}

TEST(Elementary, SineAndCosineAreThoseOfTheLibrary) {
  for (int i = -40'000; i <= 40'000; ++i) {
    const double turns = i / 9973.0;
    const double angle = 2 * std::numbers::pi * (turns - std::round(turns));
    EXPECT_NEAR(sine_and_cosine(turns).sine, std::sin(angle), 1e-15) << turns;
    EXPECT_NEAR(sine_and_cosine(turns).cosine, std::cos(angle), 1e-15) << turns;
  }
}

TEST(Elementary, QuartersOfATurnAreExact) {
  static_assert(sine_and_cosine(0).sine == 0 && sine_and_cosine(0).cosine == 1);
  static_assert(sine_and_cosine(0.25).sine == 1 && sine_and_cosine(0.25).cosine == 0);
  static_assert(sine_and_cosine(0.5).sine == 0 && sine_and_cosine(0.5).cosine == -1);
  static_assert(sine_and_cosine(-0.25).sine == -1 && sine_and_cosine(0.75).sine == -1);
}

TEST(Elementary, LogarithmsAreThoseOfTheLibrary) {
  for (int i = 1; i <= 100'000; ++i) {
    const double x = i / 7919.0;
    const double expected = std::log(x);
    EXPECT_NEAR(natural_logarithm(x), expected, 1e-15 * std::max(1.0, std::abs(expected))) << x;
  }
  for (const double x : {0x1p-53, 1e-300, 1e300})
    EXPECT_NEAR(natural_logarithm(x), std::log(x), 1e-13) << x;
  EXPECT_EQ(natural_logarithm(1), 0);
}

TEST(Elementary, ExponentialsAreThoseOfTheLibrary) {
  for (int i = -200'000; i <= 200'000; ++i) {
    const double x = i / 7919.0;
    EXPECT_NEAR(exponential(x) / std::exp(x), 1, 1e-15) << x;
  }
  for (const double x : {-700.0, 700.0, -708.3})
    EXPECT_NEAR(exponential(x) / std::exp(x), 1, 1e-15) << x;
  EXPECT_EQ(exponential(0), 1);
  EXPECT_EQ(exponential(-1e9), 0);
  EXPECT_EQ(exponential(-std::numeric_limits<double>::infinity()), 0);
  EXPECT_EQ(exponential(711), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(exponential(std::numeric_limits<double>::quiet_NaN())));
}

// Numbers that a machine of another kind must give, too.
TEST(Elementary, TheBitsAreKnown) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (int i = 1; i < 5000; ++i) {
    hash = mixed_into(hash, natural_logarithm(i / 1024.0));
    hash = mixed_into(hash, exponential(i / 128.0 - 20));
    hash = mixed_into(hash, sine_and_cosine(i / 4096.0).cosine);
    hash = mixed_into(hash, sine_and_cosine(i / 4096.0).sine);
  }
  EXPECT_EQ(hash, 3155070430368879433U);
}

TEST(Random, DependsOnEverythingItIsFor) {
  const auto first = [](std::uint64_t seed, RandomPurpose purpose, std::uint64_t epoch,
                        std::uint64_t picture) {
    return Random(seed, purpose, epoch, picture).bits();
  };
  std::vector<std::uint64_t> values;
  for (const std::uint64_t seed : {0U, 1U})
    for (const auto purpose : {RandomPurpose::order, RandomPurpose::picture})
      for (const std::uint64_t epoch : {0U, 1U, 2U})
        for (const std::uint64_t picture : {0U, 1U, 2U, 3U})
          values.push_back(first(seed, purpose, epoch, picture));
  std::ranges::sort(values);
  EXPECT_EQ(std::ranges::adjacent_find(values), values.end());
  EXPECT_EQ(first(5, RandomPurpose::mixing, 3, 2), first(5, RandomPurpose::mixing, 3, 2));
}

TEST(Random, NeighbouringKeysHaveNothingInCommon) {
  constexpr int kCount = 4096;
  double sum = 0, product = 0;
  int equal_bits = 0;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    Random one(1, RandomPurpose::picture, 0, i), next(1, RandomPurpose::picture, 0, i + 1);
    equal_bits += 64 - std::popcount(one.bits() ^ next.bits());
    const double a = one.uniform() - 0.5, b = next.uniform() - 0.5;
    sum += a;
    product += a * b;
  }
  EXPECT_NEAR(equal_bits / (64.0 * kCount), 0.5, 0.005);
  EXPECT_NEAR(sum / kCount, 0, 0.02);
  EXPECT_NEAR(product / kCount, 0, 0.006);  // of independent ones the deviation is 0.0013
}

TEST(Random, IntegersHaveTheSameChance) {
  Random random(3, RandomPurpose::order);
  std::map<std::int64_t, int> counts;
  constexpr int kCount = 70'000;
  for (int i = 0; i < kCount; ++i) ++counts[random.integer(-3, 3)];
  EXPECT_EQ(counts.size(), 7u);
  double chi_square = 0;
  for (const auto& [value, count] : counts) {
    EXPECT_LE(std::abs(value), 3);
    chi_square += (count - 10'000.0) * (count - 10'000.0) / 10'000.0;
  }
  EXPECT_LT(chi_square, 22.5);  // 6 degrees of freedom: in one of 1000
  EXPECT_EQ(random.integer(9, 9), 9);
}

TEST(Random, NormalNumbersAreNormal) {
  Random random(11, RandomPurpose::weights);
  constexpr int kCount = 100'000;
  std::vector<double> values(kCount);
  for (double& value : values) value = random.normal();
  double moments[4] = {};
  for (const double value : values)
    for (int k = 0; k < 4; ++k) moments[k] += std::pow(value, k + 1) / kCount;
  EXPECT_NEAR(moments[0], 0, 0.015);
  EXPECT_NEAR(moments[1], 1, 0.02);
  EXPECT_NEAR(moments[2], 0, 0.06);
  EXPECT_NEAR(moments[3], 3, 0.15);
  std::ranges::sort(values);
  double distance = 0;
  for (int i = 0; i < kCount; ++i) {
    const double expected = std::erfc(-values[static_cast<std::size_t>(i)] / std::sqrt(2.0)) / 2;
    distance = std::max(distance, std::abs((i + 0.5) / kCount - expected));
  }
  EXPECT_LT(distance, 0.0062);  // Kolmogorov and Smirnov: in one of 1000
}

TEST(Random, ShufflesEvenly) {
  int first_at[5] = {};
  for (std::uint64_t epoch = 0; epoch < 10'000; ++epoch) {
    std::array<int, 5> order = {0, 1, 2, 3, 4};
    Random(1, RandomPurpose::order, epoch).shuffle(std::span<int>(order));
    std::array<int, 5> sorted = order;
    std::ranges::sort(sorted);
    EXPECT_EQ(sorted, (std::array<int, 5>{0, 1, 2, 3, 4}));
    ++first_at[std::ranges::find(order, 0) - order.begin()];
  }
  for (const int count : first_at) EXPECT_NEAR(count, 2000, 160);
}

TEST(Random, TheBitsAreKnown) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  Random random(42, RandomPurpose::picture, 7, 1000);
  for (int i = 0; i < 1000; ++i) {
    hash = mixed_into(hash, random.normal());
    hash = mixed_into(hash, random.uniform(-3, 5));
    hash = mixed_into(hash, static_cast<double>(random.integer(0, 99)));
  }
  EXPECT_EQ(hash, 12593583415752832956U);
}

TEST(Schedule, CosineIsThatOfPaddle) {
  constexpr int kSteps = 37;
  constexpr Schedule schedule = Schedule::cosine(0.8, 12, 5, kSteps);
  EXPECT_EQ(schedule.rate(0), 0);
  for (int step = 0; step < 12 * kSteps; ++step) {
    const int warm_up = 5 * kSteps, rest = 7 * kSteps;
    const double expected =
        step < warm_up ? 0.8 * step / warm_up
                       : 0.8 * (1 + std::cos(std::numbers::pi * (step - warm_up) / rest)) / 2;
    EXPECT_NEAR(schedule.rate(step), expected, 1e-15) << step;
  }
  EXPECT_EQ(schedule.rate(5 * kSteps), 0.8);
  EXPECT_EQ(schedule.rate(12 * kSteps), 0);
  EXPECT_EQ(schedule.rate(100 * kSteps), 0);
}

TEST(Schedule, AFractionOfAnEpochWarmsUp) {
  constexpr Schedule schedule = Schedule::cosine(0.1, 3, 0.2, 469);
  static_assert(schedule.warm_up == 94 && schedule.decline == 1313);
}

TEST(Schedule, AWarmUpThatIsTooLongIsCutAndTheRateStays) {
  constexpr Schedule schedule = Schedule::cosine(0.5, 2, 5, 10);
  EXPECT_EQ(schedule.warm_up, 20);
  EXPECT_EQ(schedule.rate(10), 0.25);
  EXPECT_EQ(schedule.rate(20), 0.5);
  EXPECT_EQ(schedule.rate(1000), 0.5);
}

TEST(Schedule, StairsFallAfterTheWarmUp) {
  constexpr Schedule schedule = Schedule::stairs(0.1, 0.1, 30, 5, 10);
  EXPECT_EQ(schedule.rate(25), 0.05);
  EXPECT_EQ(schedule.rate(50), 0.1);
  EXPECT_EQ(schedule.rate(349), 0.1);
  EXPECT_NEAR(schedule.rate(350), 0.01, 1e-17);
  EXPECT_NEAR(schedule.rate(650), 0.001, 1e-18);
  EXPECT_EQ(schedule.rate(std::int64_t{1} << 60), 0);
}

TEST(Schedule, AConstantOneWarmsUpToo) {
  constexpr Schedule schedule = {.form = Schedule::Form::constant, .peak = 0.3, .warm_up = 3};
  EXPECT_NEAR(schedule.rate(1), 0.1, 1e-16);
  EXPECT_EQ(schedule.rate(3), 0.3);
  EXPECT_EQ(schedule.rate(3000), 0.3);
}

TEST(ClassWeights, AllClassesCountTheSame) {
  const std::vector<std::int64_t> counts = {10, 40, 0, 50};
  const std::vector<float> weights = pplcnet::balanced_weights(counts);
  for (const std::size_t i : {0u, 1u, 3u})
    EXPECT_NEAR(weights[i] * static_cast<float>(counts[i]), 100.0 / 3, 1e-5);
  EXPECT_EQ(weights[2], 1);
}

TEST(EarlyStopping, EndsWhenNothingGetsBetter) {
  pplcnet::EarlyStopping stopping(2);
  EXPECT_FALSE(stopping.is_over());
  EXPECT_TRUE(stopping.add(0, {0.5, 1}));
  EXPECT_TRUE(stopping.add(1, {0.5, 0.9}));   // as many right, less loss
  EXPECT_FALSE(stopping.add(2, {0.5, 0.9}));  // the same is not better
  EXPECT_FALSE(stopping.is_over());
  EXPECT_TRUE(stopping.add(3, {0.6, 2}));
  EXPECT_FALSE(stopping.add(4, {0.4, 0}));
  EXPECT_FALSE(stopping.add(5, {0.4, 0}));
  EXPECT_TRUE(stopping.is_over());
  EXPECT_EQ(stopping.best_epoch(), 3);
  EXPECT_EQ(stopping.best().accuracy, 0.6);
}

TEST(EarlyStopping, NeverEndsWithoutPatience) {
  pplcnet::EarlyStopping stopping;
  for (int epoch = 0; epoch < 100; ++epoch) stopping.add(epoch, {1.0 - epoch, 0});
  EXPECT_FALSE(stopping.is_over());
  EXPECT_EQ(stopping.best_epoch(), 0);
}

}  // namespace
}  // namespace pplcnet_test::recipe_test
