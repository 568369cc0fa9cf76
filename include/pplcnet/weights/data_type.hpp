#ifndef PPLCNET_WEIGHTS_DATA_TYPE_HPP
#define PPLCNET_WEIGHTS_DATA_TYPE_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The type of a stored element: all that safetensors knows (safetensors/src/tensor.rs, `Dtype`).
enum class DataType : std::uint8_t {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64,
};

/// A data type, as formats write it.
struct DataTypeRow {
  DataType type;
  std::string_view name;  ///< as in a safetensors header
  int bits;               ///< of one element; elements below 8 bits are packed without gaps
};

/// One row for each type, in the order of the enumeration.
inline constexpr DataTypeRow kDataTypes[] = {
    {DataType::boolean, "BOOL", 8},
    {DataType::f4, "F4", 4},
    {DataType::f6_e2m3, "F6_E2M3", 6},
    {DataType::f6_e3m2, "F6_E3M2", 6},
    {DataType::u8, "U8", 8},
    {DataType::i8, "I8", 8},
    {DataType::f8_e5m2, "F8_E5M2", 8},
    {DataType::f8_e4m3, "F8_E4M3", 8},
    {DataType::f8_e8m0, "F8_E8M0", 8},
    {DataType::f8_e4m3fnuz, "F8_E4M3FNUZ", 8},
    {DataType::f8_e5m2fnuz, "F8_E5M2FNUZ", 8},
    {DataType::i16, "I16", 16},
    {DataType::u16, "U16", 16},
    {DataType::f16, "F16", 16},
    {DataType::bf16, "BF16", 16},
    {DataType::i32, "I32", 32},
    {DataType::u32, "U32", 32},
    {DataType::f32, "F32", 32},
    {DataType::c64, "C64", 64},
    {DataType::f64, "F64", 64},
    {DataType::i64, "I64", 64},
    {DataType::u64, "U64", 64},
};

constexpr std::string_view name_of(DataType type) {
  return kDataTypes[static_cast<std::size_t>(type)].name;
}

constexpr int bits_of(DataType type) { return kDataTypes[static_cast<std::size_t>(type)].bits; }

constexpr std::optional<DataType> data_type_named(std::string_view name) {
  for (const DataTypeRow& row : kDataTypes) {
    if (row.name == name) return row.type;
  }
  return std::nullopt;
}

/// Returns the value of an IEEE 754 binary16, exactly: subnormal numbers, infinities and the
/// payload of a NaN are kept.
constexpr float float_from_f16(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t{half} >> 15 << 31;
  const std::uint32_t exponent = half >> 10 & 0x1f;
  const std::uint32_t fraction = half & 0x3ff;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
  }
  const std::uint32_t float_exponent = exponent == 0x1f ? 0xff : exponent - 15 + 127;
  return std::bit_cast<float>(sign | float_exponent << 23 | fraction << 13);
}

/// Returns the nearest binary16, halfway cases to even; what is too large becomes infinite.
constexpr std::uint16_t f16_from_float(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000);
  const auto magnitude = std::bit_cast<float>(bits & 0x7fffffff);
  if (magnitude != magnitude) return static_cast<std::uint16_t>(sign | 0x7e00);
  if (magnitude >= 65520.0f) return static_cast<std::uint16_t>(sign | 0x7c00);
  // Below 2^-14 numbers are multiples of 2^-24; adding 0.5, whose last bit is 2^-24, rounds to
  // them.
  if (magnitude < 0x1p-14f)
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(magnitude + 0.5f) -
                                              std::bit_cast<std::uint32_t>(0.5f)));
  const std::uint32_t rebased =
      std::bit_cast<std::uint32_t>(magnitude) - (std::uint32_t{127 - 15} << 23);
  const std::uint32_t rounded = rebased + 0xfff + (rebased >> 13 & 1);
  return static_cast<std::uint16_t>(sign | rounded >> 13);
}

/// Returns the value of a bfloat16, which is the upper half of a float.
constexpr float float_from_bf16(std::uint16_t half) {
  return std::bit_cast<float>(std::uint32_t{half} << 16);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_DATA_TYPE_HPP
