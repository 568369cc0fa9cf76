#ifndef PPLCNET_WEIGHTS_SAFETENSORS_READER_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_READER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "pplcnet/weights/data_type.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/little_endian.hpp"
#include "pplcnet/weights/safetensors/json_header.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The format: u64 header size, header (JSON, may end in spaces), data. For each tensor the header
/// has its type, shape, and where in the data its bytes begin and end; under kMetadataKey it has
/// texts. The rules are those of the reference reader (safetensors/src/tensor.rs), and stricter in
/// this: other fields, and shapes and counts above kMaxRank and kMaxTensors, are refused.
namespace safetensors {

inline constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
inline constexpr std::string_view kMetadataKey = "__metadata__";

/// A tensor as the header has it: its data are still a range.
struct Entry {
  Tensor tensor;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

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

inline Error read_shape(JsonHeaderReader& reader, std::string_view path, Tensor& tensor) {
  return reader.read_array([&]() -> Error {
    std::uint64_t dimension = 0;
    if (auto error = reader.read_integer(dimension)) return error;
    if (dimension > std::numeric_limits<std::int64_t>::max()) {
      return Error::of(path, ": tensor ", quote(tensor.name),
                       ": expected dimensions below 2^63, found ", dimension);
    }
    if (tensor.shape.size() == kMaxRank) {
      return Error::of(path, ": tensor ", quote(tensor.name), ": expected at most ", kMaxRank,
                       " dimensions, found more");
    }
    tensor.shape.push_back(static_cast<std::int64_t>(dimension));
    return {};
  });
}

inline Error read_offsets(JsonHeaderReader& reader, std::string_view path, Entry& entry) {
  std::size_t count = 0;
  const auto read_offset = [&] {
    std::uint64_t surplus;
    const std::size_t index = count++;
    return reader.read_integer(index == 0 ? entry.begin : index == 1 ? entry.end : surplus);
  };
  if (auto error = reader.read_array(read_offset)) return error;
  if (count == 2) return {};
  return Error::of(path, ": tensor ", quote(entry.tensor.name), ": expected 2 data_offsets, found ",
                   count);
}

inline Error read_entry(JsonHeaderReader& reader, std::string_view path, Entry& entry) {
  bool has_type = false;
  bool has_shape = false;
  bool has_offsets = false;
  const auto read_field = [&](std::string_view field) {
    if (field == "dtype") {
      has_type = true;
      return read_type(reader, path, entry.tensor);
    }
    if (field == "shape") {
      has_shape = true;
      return read_shape(reader, path, entry.tensor);
    }
    if (field == "data_offsets") {
      has_offsets = true;
      return read_offsets(reader, path, entry);
    }
    return Error::of(path, ": tensor ", quote(entry.tensor.name),
                     ": expected dtype, shape and data_offsets, found ", quote(field));
  };
  if (auto error = reader.read_object(read_field)) return error;
  if (has_type && has_shape && has_offsets) return {};
  return Error::of(path, ": tensor ", quote(entry.tensor.name),
                   ": expected dtype, shape and data_offsets, found no ",
                   !has_type    ? "dtype"
                   : !has_shape ? "shape"
                                : "data_offsets");
}

/// Reads the header's text into entries, in its order, and metadata.
inline Error read_header(std::string_view text, std::string_view path, std::vector<Entry>& entries,
                         std::vector<std::pair<std::string, std::string>>& metadata) {
  if (text.empty() || text.front() != '{') {
    return Error::of(path, ": expected a header that starts with '{', found ",
                     quote(text.substr(0, 1)));
  }
  JsonHeaderReader reader(text, path);
  const auto read_text = [&](std::string key) {
    return reader.read_string(metadata.emplace_back(std::move(key), "").second);
  };
  const auto read_member = [&](std::string name) {
    if (name == kMetadataKey) return reader.read_object(read_text);
    if (entries.size() == kMaxTensors) {
      return Error::of(path, ": expected at most ", kMaxTensors, " tensors, found more");
    }
    Entry& entry = entries.emplace_back();
    entry.tensor.name = std::move(name);
    return read_entry(reader, path, entry);
  };
  if (auto error = reader.read_object(read_member)) return error;
  return reader.read_end();
}

/// Gives the tensors their data, in the order of their bytes, which they must fill exactly.
inline Error assign_data(std::vector<Entry>& entries, std::span<const std::byte> data,
                         std::string_view path, std::vector<Tensor>& tensors) {
  std::ranges::stable_sort(entries, {},
                           [](const Entry& entry) { return std::tuple(entry.begin, entry.end); });
  std::uint64_t filled = 0;
  for (auto& [tensor, begin, end] : entries) {
    const std::string name = quote(tensor.name);
    if (begin != filled) {
      return Error::of(path, ": tensor ", name, ": expected data that begin at ", filled,
                       ", where others end, found ", begin);
    }
    if (end < begin || end > data.size()) {
      return Error::of(path, ": tensor ", name, ": expected data that end between ", begin, " and ",
                       data.size(), ", found ", end);
    }
    const std::optional<std::uint64_t> size = byte_count(tensor.type, tensor.shape);
    if (!size || *size != end - begin) {
      return Error::of(path, ": tensor ", name, ": expected ",
                       size ? std::to_string(*size) : "a whole number below 2^61 of", " bytes for ",
                       describe(tensor.type, tensor.shape), ", found ", end - begin);
    }
    tensor.data = data.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(*size));
    filled = end;
    tensors.push_back(std::move(tensor));
  }
  if (filled == data.size()) return {};
  return Error::of(path, ": expected ", filled, " bytes of data for its tensors, found ",
                   data.size());
}

}  // namespace safetensors

/// Reads a whole safetensors file from memory. The tensors of `file` are in the order of their
/// bytes and view `bytes`; `file` changes only on success.
inline Error parse_safetensors(std::span<const std::byte> bytes, std::string_view path,
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

  TensorFile result;
  result.path = path;
  std::vector<safetensors::Entry> entries;
  if (auto error = safetensors::read_header(text, path, entries, result.metadata)) return error;
  if (auto error =
          safetensors::assign_data(entries, bytes.subspan(header.size()), path, result.tensors)) {
    return error;
  }
  file = std::move(result);
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_READER_HPP
