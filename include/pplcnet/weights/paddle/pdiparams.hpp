#ifndef PPLCNET_WEIGHTS_PADDLE_PDIPARAMS_HPP
#define PPLCNET_WEIGHTS_PADDLE_PDIPARAMS_HPP

#include <cstddef>
#include <span>
#include <string_view>

#include "pplcnet/compiled.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/tensor.hpp"

#if PPLCNET_HAS_DEFINITIONS
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "pplcnet/weights/byte_stream.hpp"
#include "pplcnet/weights/data_type.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Reads a whole .pdiparams file from memory. Its tensors have no names; they stay in file order
/// and view `bytes`. The format does not say how many there are: a file cut between two of them is
/// a file with fewer. `file` changes only on success.
PPLCNET_INLINE Error parse_pdiparams(std::span<const std::byte> bytes, std::string_view path,
                                     TensorFile& file);

#if PPLCNET_HAS_DEFINITIONS
/// The format: one record after another (Paddle,
/// paddle/phi/core/framework/dense_tensor_serialize.cc and dense_tensor_tostream.cc), each
///   u32 version 0; u64 count of levels (of sequence lengths), for each u64 size and as many bytes;
///   u32 version 0; i32 size of a protobuf message; the message: type and dimensions; the data.
namespace pdiparams {

/// Returns the numbers of Paddle's framework.proto, VarType.Type.
constexpr std::optional<DataType> data_type_of(std::uint64_t code) {
  constexpr std::pair<std::uint64_t, DataType> kCodes[] = {
      {0, DataType::boolean}, {1, DataType::i16},      {2, DataType::i32},
      {3, DataType::i64},     {4, DataType::f16},      {5, DataType::f32},
      {6, DataType::f64},     {20, DataType::u8},      {21, DataType::i8},
      {22, DataType::bf16},   {32, DataType::f8_e4m3}, {33, DataType::f8_e5m2},
  };
  for (const auto& [known, type] : kCodes) {
    if (known == code) return type;
  }
  return std::nullopt;
}

inline bool take_dimension(ByteStream& reader, Tensor& tensor) {
  std::uint64_t dimension = 0;
  if (!reader.take_varint(dimension) || tensor.shape.size() == kMaxRank ||
      dimension > std::numeric_limits<std::int64_t>::max()) {
    return false;
  }
  tensor.shape.push_back(static_cast<std::int64_t>(dimension));
  return true;
}

/// Reads the message TensorDesc, into a tensor without dimensions: 1 = type, 2 = dimensions, one in
/// each field or packed into one.
inline bool read_description(ByteStream message, Tensor& tensor) {
  constexpr std::uint64_t kType = 1 << 3 | 0;
  constexpr std::uint64_t kDimension = 2 << 3 | 0;
  constexpr std::uint64_t kPackedDimensions = 2 << 3 | 2;
  std::optional<DataType> type;
  while (!message.bytes.empty()) {
    std::uint64_t field = 0;
    std::uint64_t number = 0;
    if (!message.take_varint(field)) return false;
    if (field == kType) {
      if (type || !message.take_varint(number)) return false;
      type = data_type_of(number);
      if (!type) return false;
    } else if (field == kDimension) {
      if (!take_dimension(message, tensor)) return false;
    } else if (field == kPackedDimensions) {
      ByteStream packed;
      if (!message.take_varint(number) || !message.take(number, packed.bytes)) return false;
      while (!packed.bytes.empty()) {
        if (!take_dimension(packed, tensor)) return false;
      }
    } else {
      return false;
    }
  }
  tensor.type = type.value_or(DataType::f32);
  return type.has_value();
}

/// Reads one record.
inline Error read_record(ByteStream& reader, Tensor& tensor) {
  const auto truncated = [&](std::string_view what) {
    return Error::of("expected ", what, ", found the end of the file");
  };
  std::uint32_t version = 0;
  std::uint64_t levels = 0;
  if (!reader.take(version)) return truncated("a version");
  if (version != 0) return Error::of("expected version 0, found ", version);
  if (!reader.take(levels)) return truncated("a count of levels");
  for (; levels > 0; --levels) {
    std::uint64_t size = 0;
    std::span<const std::byte> lengths;
    if (!reader.take(size) || !reader.take(size, lengths)) return truncated("levels");
  }
  if (!reader.take(version)) return truncated("a version");
  if (version != 0) return Error::of("expected version 0, found ", version);

  std::uint32_t size = 0;
  ByteStream message;
  if (!reader.take(size) || !reader.take(size, message.bytes)) return truncated("a description");
  if (!read_description(message, tensor)) {
    return Error::of("expected a type and at most ", kMaxRank,
                     " dimensions, none negative, found something else");
  }
  const std::optional<std::uint64_t> count = byte_count(tensor.type, tensor.shape);
  const std::size_t left = reader.bytes.size();
  if (!count || !reader.take(*count, tensor.data)) {
    return Error::of("expected ", count ? std::to_string(*count) : "fewer than 2^61",
                     " bytes of data for ", describe(tensor.type, tensor.shape), ", found ", left);
  }
  return {};
}

}  // namespace pdiparams

PPLCNET_INLINE Error parse_pdiparams(std::span<const std::byte> bytes, std::string_view path,
                                     TensorFile& file) {
  TensorFile result;
  result.path = path;
  MemoryBudget budget(bytes.size());
  ByteStream reader{bytes};
  Tensor tensor;  // one for all: its dimensions would grow anew in each
  if (bytes.empty()) return Error::of(path, ": expected tensors, found an empty file");
  while (!reader.bytes.empty()) {
    if (result.tensors.size() == kMaxTensors) {
      return Error::of(path, ": expected at most ", kMaxTensors, " tensors, found more");
    }
    const std::size_t begin = bytes.size() - reader.bytes.size();
    tensor.shape.clear();
    if (auto error = pdiparams::read_record(reader, tensor))
      return Error::of(path, ": tensor ", result.tensors.size(), " at byte ", begin, ": ",
                       error.message());
    if (!budget.take(tensor.shape.size() * sizeof(std::int64_t)) ||
        !budget.append(result.tensors, tensor))
      return MemoryBudget::exceeded(path);
  }
  file = std::move(result);
  return {};
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PADDLE_PDIPARAMS_HPP
