#ifndef PPLCNET_WEIGHTS_SAFETENSORS_READER_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_READER_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "pplcnet/compiled.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/tensor.hpp"

#if PPLCNET_HAS_DEFINITIONS
#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pplcnet/weights/data_type.hpp"
#include "pplcnet/weights/little_endian.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/safetensors/json_header.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// The format: u64 header size, header (JSON, may end in spaces), data. For each tensor the header
/// has its type, shape, and where in the data its bytes begin and end; under kMetadataKey it has
/// texts. The rules are those of the reference reader (safetensors/src/tensor.rs), and stricter in
/// this: other fields, and shapes and counts above kMaxRank and kMaxTensors, are refused.
namespace safetensors {

inline constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
inline constexpr std::string_view kMetadataKey = "__metadata__";

/// More metadata than this are refused.
inline constexpr std::size_t kMaxTexts = 1 << 12;

}  // namespace safetensors

/// Reads a whole safetensors file from memory. The tensors of `file` are in the order of their
/// bytes and view `bytes`; `file` changes only on success.
PPLCNET_INLINE Error parse_safetensors(std::span<const std::byte> bytes, std::string_view path,
                                       TensorFile& file);

#if PPLCNET_HAS_DEFINITIONS
namespace safetensors {

inline Error read_type(JsonHeaderReader& reader, std::string_view path, Tensor& tensor) {
  std::string name;
  if (auto error = reader.read_string(name)) return error;
  const std::optional<DataType> type = data_type_named(name);
  if (!type) {
    return Error::of(path, ": tensor ", quote(tensor.name),
                     ": expected a type such as 'F32', found ", quote(name));
  }
  tensor.type = *type;
  return {};
}

inline Error read_shape(JsonHeaderReader& reader, std::string_view path, MemoryBudget& budget,
                        Tensor& tensor) {
  std::array<std::int64_t, kMaxRank> shape;
  std::size_t rank = 0;
  const auto read_dimension = [&]() -> Error {
    std::uint64_t dimension = 0;
    if (auto error = reader.read_integer(dimension)) return error;
    if (dimension > std::numeric_limits<std::int64_t>::max()) {
      return Error::of(path, ": tensor ", quote(tensor.name),
                       ": expected dimensions below 2^63, found ", dimension);
    }
    if (rank == kMaxRank) {
      return Error::of(path, ": tensor ", quote(tensor.name), ": expected at most ", kMaxRank,
                       " dimensions, found more");
    }
    shape[rank++] = static_cast<std::int64_t>(dimension);
    return {};
  };
  if (auto error = reader.read_array(read_dimension)) return error;
  if (!budget.reserve(tensor.shape, rank)) return MemoryBudget::exceeded(path);
  tensor.shape.assign(shape.begin(), shape.begin() + rank);
  return {};
}

/// Reads where in `data` the tensor's bytes begin and end.
inline Error read_offsets(JsonHeaderReader& reader, std::string_view path,
                          std::span<const std::byte> data, Tensor& tensor) {
  std::uint64_t begin = 0, end = 0;
  std::size_t count = 0;
  const auto read_offset = [&] {
    std::uint64_t surplus;
    const std::size_t index = count++;
    return reader.read_integer(index == 0 ? begin : index == 1 ? end : surplus);
  };
  if (auto error = reader.read_array(read_offset)) return error;
  if (count != 2) {
    return Error::of(path, ": tensor ", quote(tensor.name), ": expected 2 data_offsets, found ",
                     count);
  }
  if (end < begin || end > data.size()) {
    return Error::of(path, ": tensor ", quote(tensor.name), ": expected data that end between ",
                     begin, " and ", data.size(), ", found ", end);
  }
  tensor.data =
      data.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
  return {};
}

inline Error key_twice(std::string_view path, std::string_view key) {
  return Error::of(path, ": the header has the key ", quote(key), " twice in one object");
}

inline Error read_entry(JsonHeaderReader& reader, std::string_view path,
                        std::span<const std::byte> data, MemoryBudget& budget, Tensor& tensor) {
  bool has_type = false;
  bool has_shape = false;
  bool has_offsets = false;
  const auto read_field = [&](std::string_view field) {
    if (field == "dtype") {
      if (std::exchange(has_type, true)) return key_twice(path, field);
      return read_type(reader, path, tensor);
    }
    if (field == "shape") {
      if (std::exchange(has_shape, true)) return key_twice(path, field);
      return read_shape(reader, path, budget, tensor);
    }
    if (field == "data_offsets") {
      if (std::exchange(has_offsets, true)) return key_twice(path, field);
      return read_offsets(reader, path, data, tensor);
    }
    return Error::of(path, ": tensor ", quote(tensor.name),
                     ": expected dtype, shape and data_offsets, found ", quote(field));
  };
  if (auto error = reader.read_object(read_field)) return error;
  if (has_type && has_shape && has_offsets) return {};
  return Error::of(path, ": tensor ", quote(tensor.name),
                   ": expected dtype, shape and data_offsets, found no ",
                   !has_type    ? "dtype"
                   : !has_shape ? "shape"
                                : "data_offsets");
}

/// Checks that no two of the values have the same key.
template <class Value, class Key>
Error check_keys(const std::vector<Value>& values, Key Value::*key, std::string_view path,
                 MemoryBudget& budget) {
  std::vector<std::string_view> keys;
  if (!budget.reserve(keys, values.size())) return MemoryBudget::exceeded(path);
  for (const Value& value : values) keys.push_back(value.*key);
  std::ranges::sort(keys);
  const auto twice = std::ranges::adjacent_find(keys);
  return twice == keys.end() ? Error() : key_twice(path, *twice);
}

/// Reads the header's text into metadata and tensors, whose data are parts of `data`.
inline Error read_header(std::string_view text, std::span<const std::byte> data,
                         MemoryBudget& budget, TensorFile& file) {
  const std::string_view path = file.path;
  if (text.empty() || text.front() != '{') {
    return Error::of(path, ": expected a header that starts with '{', found ",
                     quote(text.substr(0, 1)));
  }
  // Each tensor has a brace of its own: no more room than for them, unless names have braces, too.
  const auto braces = static_cast<std::size_t>(std::ranges::count(text, '{'));
  if (!budget.reserve(file.tensors, std::min(braces - 1, kMaxTensors)))
    return MemoryBudget::exceeded(path);
  JsonHeaderReader reader(text, path, budget);
  bool has_metadata = false;
  const auto read_text = [&](std::string key) {
    if (file.metadata.size() == kMaxTexts) {
      return Error::of(path, ": expected at most ", kMaxTexts, " metadata, found more");
    }
    if (!budget.append(file.metadata, {std::move(key), ""})) return MemoryBudget::exceeded(path);
    return reader.read_string(file.metadata.back().second);
  };
  const auto read_member = [&](std::string name) {
    if (name == kMetadataKey) {
      if (std::exchange(has_metadata, true)) return key_twice(path, name);
      return reader.read_object(read_text);
    }
    if (file.tensors.size() == kMaxTensors) {
      return Error::of(path, ": expected at most ", kMaxTensors, " tensors, found more");
    }
    file.tensors.push_back({.name = std::move(name), .shape = {}, .data = {}});
    return read_entry(reader, path, data, budget, file.tensors.back());
  };
  if (auto error = reader.read_object(read_member)) return error;
  if (auto error = reader.read_end()) return error;
  if (auto error =
          check_keys(file.metadata, &decltype(file.metadata)::value_type::first, path, budget))
    return error;
  return check_keys(file.tensors, &Tensor::name, path, budget);
}

/// Puts the tensors into the order of their bytes, and checks that these fill `data` exactly.
inline Error sort_by_data(std::span<const std::byte> data, MemoryBudget& budget, TensorFile& file) {
  const auto problem = [&](const Tensor& tensor, const auto&... parts) {
    return Error::of(file.path, ": tensor ", quote(tensor.name), ": expected ", parts...);
  };
  const auto place = [](const Tensor& tensor) {
    return std::pair(tensor.data.data(), tensor.data.size());
  };
  if (!std::ranges::is_sorted(file.tensors, {}, place)) {
    // A tree takes less code than a sort, which moves tensors in many ways.
    using Tree = std::multimap<std::pair<const std::byte*, std::size_t>, Tensor>;
    constexpr std::size_t kNodeBytes = sizeof(Tree::value_type) + 4 * sizeof(void*);
    if (!budget.take(file.tensors.size() * kNodeBytes)) return MemoryBudget::exceeded(file.path);
    Tree sorted;
    for (Tensor& tensor : file.tensors) sorted.emplace(place(tensor), std::move(tensor));
    auto next = file.tensors.begin();
    for (auto& [begin, tensor] : sorted) *next++ = std::move(tensor);
  }
  std::size_t filled = 0;
  for (const Tensor& tensor : file.tensors) {
    const auto begin = static_cast<std::size_t>(tensor.data.data() - data.data());
    if (begin != filled)
      return problem(tensor, "data that begin at ", filled, ", where others end, found ", begin);
    const std::optional<std::uint64_t> size = byte_count(tensor.type, tensor.shape);
    if (size != tensor.data.size())
      return problem(tensor, size ? std::to_string(*size) : "a whole number below 2^61 of",
                     " bytes for ", describe(tensor.type, tensor.shape), ", found ",
                     tensor.data.size());
    filled += tensor.data.size();
  }
  if (filled == data.size()) return {};
  return Error::of(file.path, ": expected ", filled, " bytes of data for its tensors, found ",
                   data.size());
}

}  // namespace safetensors

PPLCNET_INLINE Error parse_safetensors(std::span<const std::byte> bytes, std::string_view path,
                                       TensorFile& file) {
  constexpr std::size_t kSizeBytes = sizeof(std::uint64_t);
  if (bytes.size() < kSizeBytes) {
    return Error::of(path, ": expected at least ", kSizeBytes, " bytes, found ", bytes.size());
  }
  const auto header_bytes = read_little_endian<std::uint64_t>(bytes);
  bytes = bytes.subspan(kSizeBytes);
  const std::uint64_t max_bytes =
      std::min<std::uint64_t>(safetensors::kMaxHeaderBytes, bytes.size());
  if (header_bytes > max_bytes) {
    return Error::of(path, ": expected a header of at most ", max_bytes, " bytes, found ",
                     header_bytes);
  }
  const auto header = bytes.first(static_cast<std::size_t>(header_bytes));
  const std::string_view text(reinterpret_cast<const char*>(header.data()), header.size());
  const auto data = bytes.subspan(header.size());

  MemoryBudget budget(bytes.size());
  TensorFile result;
  result.path = path;
  if (auto error = safetensors::read_header(text, data, budget, result)) return error;
  if (auto error = safetensors::sort_by_data(data, budget, result)) return error;
  file = std::move(result);
  return {};
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_READER_HPP
