// The arithmetic of networks in bytes against real numbers: every sum, byte and factor that has an
// influence.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "pplcnet/quantise/arithmetic.hpp"
#include "pplcnet/quantise/choose_scale.hpp"
#include "pplcnet/quantise/constants.hpp"

namespace pplcnet_test::arithmetic_test {
namespace {

using pplcnet::Activation;
using pplcnet::ByteEnding;
using pplcnet::ByteScale;
using pplcnet::ChannelConstants;
using pplcnet::ChannelSum;
using Kind = Activation::Kind;

long double activated(Kind kind, long double x) {
  switch (kind) {
    case Kind::relu:
      return std::max(x, 0.0L);
    case Kind::relu6:
      return std::clamp(x, 0.0L, 6.0L);
    case Kind::hardswish:
      return x * std::clamp(x + 3, 0.0L, 6.0L) / 6;
    default:
      return x;
  }
}

/// Returns how far a byte may be from the real value in steps of the output: half a step, and what
/// steps of `u`, of constants and of products in between add.
constexpr double kHalfStep = 0.5 + 0.25;

/// The byte that is nearest to a real value.
long double steps_of(long double value, const ByteScale& scale) {
  return std::clamp(value / scale.scale + scale.zero, 0.0L, 255.0L);
}

/// Sums at, below and above all values that give different bytes.
std::vector<std::int32_t> sums_of(const ChannelConstants& channel) {
  std::vector<std::int32_t> sums = {std::numeric_limits<std::int32_t>::min(),
                                    std::numeric_limits<std::int32_t>::max()};
  const std::int32_t step = std::max(1, (1 << channel.shift) / 3);
  for (std::int64_t u = -(40000LL << channel.shift); u <= (40000LL << channel.shift); u += step)
    if (std::abs(u) < 2147483647) sums.push_back(static_cast<std::int32_t>(u));
  return sums;
}

constexpr float kWeightScales[] = {1e-8F, 1.7e-6F, 3.1e-5F, 2.9e-4F};
constexpr pplcnet::Range kRanges[] = {{-0.375, 0.2}, {-0.375, 3}, {-1, 6}, {-2.5, 31}, {-90, 4}};

TEST(Arithmetic, EndsSumsWithinHalfAStep) {
  for (const Activation& activation :
       {Activation::none, Activation::relu, Activation::relu6, Activation::hardswish})
    for (const float weight_scale : kWeightScales)
      for (pplcnet::Range range : kRanges) {
        if (activation.kind == Kind::hardswish) range.low = std::max(range.low, -0.375);
        const ByteEnding ending{.activation = activation};
        const ByteScale output = scale_of(range, weight_scale, ending);
        ChannelConstants channel;
        const ChannelSum sum{.weight_scale = weight_scale, .bias = 0.125F, .offset = 5};
        ASSERT_STREQ(constants_of(sum, ending, output, channel).message(), "");
        for (const std::int32_t acc : sums_of(channel)) {
          const long double half = channel.shift > 0 ? 1 << (channel.shift - 1) : 0;
          const long double real = (acc - half) * weight_scale;
          const long double expected = steps_of(activated(activation.kind, real), output);
          const int found = pplcnet::ended(acc, activation.kind, channel);
          ASSERT_LE(std::abs(found - expected), kHalfStep)
              << "sum " << acc << ", " << activation_name(activation) << ", t " << weight_scale
              << ", range " << range.low << " to " << range.high << ", scale " << output.scale;
        }
      }
}

/// Returns the smallest step of a sum that reaches so far in 16 bits, of those that a shift gives.
double smallest_step(float weight_scale, double reach) {
  double step = double{weight_scale};
  while (step * 32767 < std::max(reach, 6.0002)) step *= 2;
  return step;
}

TEST(Arithmetic, AHardswishHasTheScaleThatItsReachAndItsWeightsAllow) {
  const ByteEnding ending{.activation = Activation::hardswish};
  for (const float weight_scale : {3.1e-5F, 7e-3F, 0.04F, 0.5F, 2.0F})
    for (double high = 1; high < 1e6; high *= 1.3) {
      SCOPED_TRACE("high " + std::to_string(high) + ", t " + std::to_string(weight_scale));
      const pplcnet::Range range = {-0.375, high};
      const ByteScale output = scale_of(range, weight_scale, ending);
      const double step = smallest_step(weight_scale, high);
      const double allowed = step * step * 0x1p30 / 6 / 32767;
      EXPECT_LE(output.scale,
                1.001 * std::max({allowed, (high + 0.375) / 255, double{weight_scale}}));
      EXPECT_GE(output.reach(), high * 0.98);
      const bool divides = pplcnet::divides(range, weight_scale, ending, output);
      EXPECT_TRUE(divides || high > 6000);
      EXPECT_FALSE(divides && high > 25'000 && step > double{weight_scale});
      ChannelConstants channel;
      ASSERT_STREQ(constants_of({.weight_scale = weight_scale}, ending, output, channel).message(),
                   "");
      const long double half = channel.shift > 0 ? 1 << (channel.shift - 1) : 0;
      for (const std::int32_t acc : sums_of(channel)) {
        const long double real = (acc - half) * static_cast<long double>(weight_scale);
        if (std::abs(real) > step * 32767) continue;
        const long double expected = steps_of(activated(Kind::hardswish, real), output);
        // `u * g` is rounded to a step of the output or less, 3 to a step of `u`.
        const long double rounding = kHalfStep + 0.5 + expected * std::min(1.0, step / 6);
        ASSERT_LE(std::abs(pplcnet::ended(acc, Kind::hardswish, channel) - expected), rounding)
            << "sum " << acc;
      }
    }
}

TEST(Arithmetic, AddsWithinHalfAStep) {
  for (const Activation& before : {Activation::none, Activation::relu})
    for (const Activation& after : {Activation::none, Activation::relu})
      for (const float weight_scale : kWeightScales)
        for (const pplcnet::Range& range : kRanges)
          for (const ByteScale& addend : {ByteScale{0.01F, 0}, ByteScale{0.003F, 77}}) {
            const ByteEnding ending{before, after, true, addend};
            const ByteScale output = scale_of(range, weight_scale, ending);
            ChannelConstants channel;
            ASSERT_STREQ(
                constants_of({.weight_scale = weight_scale}, ending, output, channel).message(),
                "");
            const long double half = channel.shift > 0 ? 1 << (channel.shift - 1) : 0;
            const auto sums = sums_of(channel);
            for (std::size_t i = 0; i < sums.size(); i += 7) {
              const auto byte = static_cast<std::uint8_t>(i * 31);
              long double real = activated(before.kind, (sums[i] - half) * weight_scale);
              real += static_cast<long double>(addend.scale) * (byte - addend.zero);
              const int found = pplcnet::ended_with(byte, sums[i], before.kind, channel);
              ASSERT_LE(std::abs(found - steps_of(activated(after.kind, real), output)), kHalfStep)
                  << "sum " << sums[i] << ", addend " << int{byte};
            }
          }
}

TEST(Arithmetic, PoolsWithinHalfAStep) {
  for (const ByteScale& input : {ByteScale{0.02F, 0}, ByteScale{0.5F, 19}, ByteScale{1, 255}})
    for (const double share : {1.0, 0.3, 0.05}) {
      const pplcnet::Range range = {-double{input.scale} * input.zero * share,
                                    double{input.scale} * (255 - input.zero) * share};
      const ByteScale output = pool_scale(range, input);
      ChannelConstants channel;
      ASSERT_STREQ(pool_constants(input, output, channel).message(), "");
      for (const std::int32_t pixels : {1, 49, 50, 65536})
        for (std::int64_t sum = 0; sum <= 255LL * pixels; sum += 1 + pixels / 7) {
          const long double real =
              (static_cast<long double>(sum) / pixels - input.zero) * input.scale;
          const int found = pplcnet::pooled(static_cast<std::int32_t>(sum), pixels, channel);
          ASSERT_LE(std::abs(found - steps_of(real, output)), kHalfStep) << sum << " / " << pixels;
        }
    }
}

TEST(Arithmetic, TheSigmoidIsWithinTwoOf32768) {
  for (int y = -32768; y < 32768; ++y) {
    const long double x = std::clamp(y / 1024.0L, -8.0L, 8.0L);
    const long double expected = 32768 / (1 + std::exp(-x));
    ASSERT_LE(std::abs(pplcnet::sigmoid_of(static_cast<std::int16_t>(y)) - expected), 2) << y;
  }
}

TEST(Arithmetic, GatesWithinHalfAStep) {
  for (const Activation& activation :
       {Activation::hardsigmoid, Activation::hardsigmoid_of(0.2F), Activation::clip,
        Activation::hardsigmoid_of(-0.25F, 0.75F), Activation::sigmoid})
    for (const float weight_scale : kWeightScales)
      for (const ByteScale& map : {ByteScale{0.02F, 0}, ByteScale{0.5F, 100}})
        for (const double share : {0.2, 0.9}) {
          const pplcnet::Range range = {-double{map.scale} * map.zero * share,
                                        double{map.scale} * (255 - map.zero) * share};
          const ByteScale output =
              gate_scale(range, Activation::none, map, activation, weight_scale);
          ChannelConstants dense, gate;
          ASSERT_STREQ(factor_constants({weight_scale}, activation, map.scale, output.scale, dense)
                           .message(),
                       "");
          ASSERT_STREQ(gate_constants(map, Activation::none, output, gate).message(), "");
          const long double half = dense.shift > 0 ? 1 << (dense.shift - 1) : 0;
          for (const std::int32_t sum : sums_of(dense)) {
            const long double x = (sum - half) * weight_scale;
            const long double factor =
                activation.kind == Kind::sigmoid
                    ? 1 / (1 + std::exp(-x))
                    : std::clamp(x * activation.slope + activation.offset, 0.0L, 1.0L);
            const std::int16_t found = pplcnet::factor_of(sum, activation.kind, dense);
            const long double one = 2048 * static_cast<long double>(map.scale) / output.scale;
            ASSERT_LE(std::abs(found - factor * one), 1.5 + one * 3e-4)
                << "sum " << sum << ", " << activation_name(activation) << ", " << dense.multiplier;
            const auto byte =
                static_cast<std::uint8_t>(static_cast<std::uint32_t>(sum) * 2654435761U >> 24);
            const long double real =
                map.scale * static_cast<long double>(byte - map.zero) * found / one;
            ASSERT_LE(std::abs(pplcnet::gated(byte, found, gate) - steps_of(real, output)), 0.51);
          }
        }
}

TEST(Arithmetic, SaturatesAndNeverWrapsAround) {
  EXPECT_EQ(pplcnet::sat16(40000), 32767);
  EXPECT_EQ(pplcnet::sat16(-40000), -32768);
  EXPECT_EQ(pplcnet::mulhrs(-32768, 32767), -32767);
  EXPECT_EQ(pplcnet::mulhrs(-3, 1 << 14), -1);  // -1.5 and 1.5 are rounded up
  EXPECT_EQ(pplcnet::mulhrs(3, 1 << 14), 2);
  EXPECT_EQ(pplcnet::sat_add(32767, 32767), 32767);
  EXPECT_EQ(pplcnet::satu8(-1), 0);
  EXPECT_EQ(pplcnet::satu8(256), 255);
}

}  // namespace
}  // namespace pplcnet_test::arithmetic_test
