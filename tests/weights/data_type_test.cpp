#include "pplcnet/weights/data_type.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "weights/contents.hpp"

namespace pplcnet_test::data_type_test {
namespace {

using pplcnet::DataType;

static_assert([] {
  for (std::size_t i = 0; i < std::size(pplcnet::kDataTypes); ++i) {
    if (static_cast<std::size_t>(pplcnet::kDataTypes[i].type) != i) return false;
    if (pplcnet::data_type_named(pplcnet::kDataTypes[i].name) != pplcnet::kDataTypes[i].type)
      return false;
  }
  return true;
}());
static_assert(std::size(pplcnet::kDataTypes) == static_cast<std::size_t>(DataType::u64) + 1);
static_assert(!pplcnet::data_type_named("f32") && !pplcnet::data_type_named(""));

/// The value of a small IEEE 754 number from its definition; exact in double.
double value_of(std::uint32_t bits, int exponent_bits, int fraction_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = static_cast<int>(bits >> fraction_bits) & ((1 << exponent_bits) - 1);
  const double fraction = static_cast<double>(bits & ((1u << fraction_bits) - 1));
  const double sign = bits >> (exponent_bits + fraction_bits) ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) {
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  }
  const double significand = std::ldexp(fraction, -fraction_bits) + (exponent == 0 ? 0 : 1);
  return sign * std::ldexp(significand, (exponent == 0 ? 1 : exponent) - bias);
}

void expect_same(float found, double expected, std::uint32_t bits) {
  if (std::isnan(expected)) {
    EXPECT_TRUE(std::isnan(found)) << bits;
  } else {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(found),
              std::bit_cast<std::uint32_t>(static_cast<float>(expected)))
        << bits;
  }
}

TEST(DataTypeTest, EveryHalfFloatKeepsItsValue) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = pplcnet::float_from_f16(static_cast<std::uint16_t>(bits));
    expect_same(value, value_of(bits, 5, 10), bits);
    if (std::isnan(value)) {  // sign and payload too
      EXPECT_EQ(std::bit_cast<std::uint32_t>(value),
                (bits & 0x8000) << 16 | 0x7f800000 | (bits & 0x3ff) << 13);
    }
  }
}

/// Every half float comes back, and between two neighbours the nearer one, in the middle the even
/// one.
TEST(DataTypeTest, HalfFloatsAreRoundedToTheNearest) {
  for (const std::uint32_t sign : {0U, 0x8000U}) {
    for (std::uint32_t magnitude = 0; magnitude < 0x7c00; ++magnitude) {
      const std::uint32_t half = sign | magnitude;
      const double value = value_of(half, 5, 10);
      EXPECT_EQ(pplcnet::f16_from_float(static_cast<float>(value)), half);
      // The neighbour of the largest number would be 65536: from its middle on all is infinite.
      const double next =
          magnitude == 0x7bff ? (sign != 0 ? -65536.0 : 65536.0) : value_of(half + 1, 5, 10);
      const auto middle = static_cast<float>((value + next) / 2);
      const auto towards = [&](double end) {
        return std::nextafter(middle, static_cast<float>(end));
      };
      EXPECT_EQ(pplcnet::f16_from_float(middle), half % 2 == 0 ? half : half + 1) << middle;
      EXPECT_EQ(pplcnet::f16_from_float(towards(value)), half) << middle;
      EXPECT_EQ(pplcnet::f16_from_float(towards(next)), half + 1) << middle;
    }
  }
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(pplcnet::f16_from_float(kInfinity), 0x7c00);
  EXPECT_EQ(pplcnet::f16_from_float(-1e30f), 0xfc00);
  EXPECT_TRUE(std::isnan(
      pplcnet::float_from_f16(pplcnet::f16_from_float(std::numeric_limits<float>::quiet_NaN()))));
}

TEST(DataTypeTest, EveryBrainFloatKeepsItsValue) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = pplcnet::float_from_bf16(static_cast<std::uint16_t>(bits));
    expect_same(value, value_of(bits, 8, 7), bits);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(value), bits << 16);
  }
}

TEST(TensorTest, ElementsAreConvertedAtAnyAlignment) {
  const double pi = 3.14159265358979;
  const std::string data = "x" + u64(std::bit_cast<std::uint64_t>(pi)) + u64(1) +
                           u64(std::bit_cast<std::uint64_t>(1e300));
  const auto tensor = [&](DataType type, std::int64_t count, std::size_t bytes) {
    return pplcnet::Tensor{"t", type, {count}, bytes_of(data).subspan(1, bytes)};
  };
  EXPECT_EQ(floats_of(tensor(DataType::f64, 3, 24)),
            (std::vector<float>{3.1415927f, 0, std::numeric_limits<float>::infinity()}));
  EXPECT_EQ(floats_of(tensor(DataType::f32, 2, 8))[1], 2.1426990f);  // the upper half of pi
  EXPECT_EQ(floats_of(tensor(DataType::bf16, 4, 8))[3], 2.140625f);
  EXPECT_EQ(floats_of(tensor(DataType::f16, 4, 8))[3], 2.017578125f);
}

TEST(TensorTest, FloatsKeepEveryBit) {
  const std::vector<std::uint32_t> patterns = {0,          0x80000000, 1,          0x007fffff,
                                               0x7f800000, 0xff800000, 0x7f800001, 0xffc12345};
  std::string data;
  for (const std::uint32_t bits : patterns) data += u32(bits);
  std::vector<float> values(patterns.size());
  pplcnet::to_float({"t", DataType::f32, {8}, bytes_of(data)}, values);
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(values[i]), patterns[i]);
  }
}

TEST(TensorTest, ByteCountIsCheckedArithmetic) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  const auto count = [](DataType type, std::vector<std::int64_t> shape) {
    return pplcnet::byte_count(type, shape);
  };
  EXPECT_EQ(count(DataType::f32, {}), 4u);
  EXPECT_EQ(count(DataType::f32, {2, 3}), 24u);
  EXPECT_EQ(count(DataType::f32, {2, 0, 3}), 0u);
  EXPECT_EQ(count(DataType::f4, {2, 3}), 3u);
  EXPECT_EQ(count(DataType::f4, {3}), std::nullopt);
  EXPECT_EQ(count(DataType::f6_e2m3, {4}), 3u);
  EXPECT_EQ(count(DataType::u8, {-1}), std::nullopt);
  EXPECT_EQ(count(DataType::f4, {kHuge - 1, 1}), std::nullopt);  // odd
  EXPECT_EQ(count(DataType::f4, {kHuge - 2}), (kHuge - 2) / 2);
  EXPECT_EQ(count(DataType::f4, {kHuge}), std::nullopt);  // 2^64 bits
  EXPECT_EQ(count(DataType::u8, {kHuge, kHuge}), std::nullopt);
  EXPECT_EQ(count(DataType::u8, {kHuge, kHuge, 0}), std::nullopt);
  EXPECT_EQ(count(DataType::u8, {0, kHuge, kHuge}), 0u);
}

}  // namespace
}  // namespace pplcnet_test::data_type_test
