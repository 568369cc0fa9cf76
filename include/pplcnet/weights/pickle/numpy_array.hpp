#ifndef PPLCNET_WEIGHTS_PICKLE_NUMPY_ARRAY_HPP
#define PPLCNET_WEIGHTS_PICKLE_NUMPY_ARRAY_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "pplcnet/weights/data_type.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/pickle/state_dict.hpp"
#include "pplcnet/weights/pickle/strided.hpp"
#include "pplcnet/weights/pickle/values.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// numpy arrays in a pickle (numpy/_core/src/multiarray/methods.c, `array_reduce` and
/// `array_setstate`).
namespace numpy {

using pickle::Global;
using pickle::Kind;
using pickle::Value;

/// numpy's names: a kind and the bytes of an element.
constexpr std::optional<DataType> data_type_of(std::string_view name) {
  constexpr std::pair<std::string_view, DataType> kTypes[] = {
      {"f4", DataType::f32},     {"f2", DataType::f16}, {"f8", DataType::f64},
      {"b1", DataType::boolean}, {"i1", DataType::i8},  {"i2", DataType::i16},
      {"i4", DataType::i32},     {"i8", DataType::i64}, {"u1", DataType::u8},
      {"u2", DataType::u16},     {"u4", DataType::u32}, {"u8", DataType::u64},
  };
  for (const auto& [known, type] : kTypes)
    if (known == name) return type;
  return std::nullopt;
}

/// The parts of an array, as the pickle has it.
struct Parts {
  Value shape, type, fortran_order, data;
};

/// Takes a pickled array apart; false if it is something else.
inline bool find_parts(const PickleValues& values, Value value, Parts& parts) {
  std::span<const Value> arguments;
  if (values.is_call(value, Global::tuple, arguments)) {  // Paddle's tensor is a name and an array
    if (arguments.size() != 1 || arguments[0].kind != Kind::tuple) return false;
    const std::span<const Value> pair = values.items(arguments[0]);
    if (pair.size() != 2) return false;
    value = pair[1];
  }
  if (values.is_call(value, Global::buffer, arguments)) {
    if (arguments.size() < 4 || !values.is_text(arguments[3])) return false;
    const std::string_view order = values.text(arguments[3]);
    if (order != "C" && order != "F") return false;
    parts = {arguments[2], arguments[1], {Kind::boolean, 0, order == "F"}, arguments[0]};
    return true;
  }
  if (!values.is_call(value, Global::array, arguments)) return false;
  const std::span<const Value> state = values.state(value);
  if (state.size() != 5 || state[3].kind != Kind::boolean) return false;
  parts = {state[1], state[2], state[3], state[4]};
  return true;
}

inline bool read_type(const PickleValues& values, const Value& value, DataType& type) {
  std::span<const Value> arguments;
  if (!values.is_call(value, Global::dtype, arguments) || arguments.empty() ||
      !values.is_text(arguments[0])) {
    return false;
  }
  const std::optional<DataType> found = data_type_of(values.text(arguments[0]));
  const std::span<const Value> state = values.state(value);
  if (!found || state.size() < 2 || !values.is_text(state[1])) return false;
  const std::string_view byte_order = values.text(state[1]);
  type = *found;
  return byte_order == "<" || byte_order == "|";
}

/// Reads the bytes whose values are the characters of a UTF-8 text: above 0x7f a character is 0xc2
/// or 0xc3, which adds 0x40, and a byte. Of the bytes of weights half are, at random, so that no
/// branch asks for it.
inline Error decode_latin1(std::span<const std::byte> text, MemoryBudget& budget, TensorFile& file,
                           std::span<const std::byte>& data) {
  constexpr std::byte kLow{0xc2}, kHigh{0xc3}, kFirst{0xc0};  // kFirst: of two or more bytes
  std::size_t size = 1;  // one more, for a text that ends too early
  for (const std::byte byte : text) size += static_cast<std::size_t>(byte < kFirst);
  std::byte* const begin = allocate_data(size, budget, file);
  if (begin == nullptr) return MemoryBudget::exceeded(file.path);
  std::byte* end = begin;
  std::byte last{};
  bool fits = true;
  for (const std::byte byte : text) {
    fits &= (byte >= kFirst) == (byte == kLow || byte == kHigh);
    fits &= ((byte >> 6) == std::byte{2}) == (last >= kFirst);
    *end = byte | std::byte{static_cast<unsigned char>((last == kHigh) << 6)};
    end += byte < kFirst;
    last = byte;
  }
  if (!fits || last >= kFirst)
    return Error::of(file.path, ": expected bytes as characters up to U+00FF, found others");
  data = {begin, end};
  return {};
}

/// Reads bytes as they are, or as protocol 2 has them: as many characters.
inline Error read_data(const PickleValues& values, const Value& value, const Tensor& tensor,
                       MemoryBudget& budget, TensorFile& file, std::span<const std::byte>& data) {
  std::span<const Value> arguments;
  if (value.kind == Kind::bytes) {
    data = values.bytes(value);
    return {};
  }
  if (values.is_call(value, Global::empty_bytes, arguments) && arguments.empty()) return {};
  if (values.is_call(value, Global::encode, arguments) && arguments.size() == 2 &&
      arguments[0].kind == Kind::text && values.is_text(arguments[1]) &&
      values.text(arguments[1]) == "latin1")
    return decode_latin1(values.bytes(arguments[0]), budget, file, data);
  return Error::of(file.path, ": tensor ", quote(tensor.name), ": expected its bytes, found ",
                   values.found(value));
}

}  // namespace numpy

/// Reads an array into a tensor, which has its name; its data are viewed, or owned by `file`.
inline Error read_numpy_array(const PickleValues& values, const pickle::Value& value,
                              MemoryBudget& budget, TensorFile& file, Tensor& tensor) {
  const auto expected = [&](std::string_view what, std::string_view found) {
    return Error::of(file.path, ": tensor ", quote(tensor.name), ": expected ", what, ", found ",
                     found);
  };
  numpy::Parts parts;
  if (!numpy::find_parts(values, value, parts)) return expected("an array", values.found(value));
  if (!numpy::read_type(values, parts.type, tensor.type))
    return expected("little-endian numbers", "others");
  if (auto error = pickle::read_extents(values, parts.shape, budget, file, tensor, tensor.shape))
    return error;
  std::span<const std::byte> data;
  if (auto error = numpy::read_data(values, parts.data, tensor, budget, file, data)) return error;
  if (byte_count(tensor.type, tensor.shape) != data.size())
    return expected(join({"the bytes of ", describe(tensor.type, tensor.shape)}),
                    join({data.size()}));
  if (parts.fortran_order.number == 0) {
    tensor.data = data;
    return {};
  }
  Strided array{.storage = data, .strides = {}};
  if (!budget.reserve(array.strides, tensor.shape.size())) return MemoryBudget::exceeded(file.path);
  std::int64_t stride = 1;
  for (const std::int64_t extent : tensor.shape) {
    array.strides.push_back(stride);
    stride *= extent;
  }
  return assign_data(tensor, array, budget, file);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PICKLE_NUMPY_ARRAY_HPP
