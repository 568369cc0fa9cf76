#ifndef PPLCNET_WEIGHTS_SAFETENSORS_WRITER_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_WRITER_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/compiled.hpp"
#include "pplcnet/weights/data_type.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/little_endian.hpp"
#include "pplcnet/weights/safetensors/reader.hpp"
#include "pplcnet/weights/tensor.hpp"
#include "pplcnet/weights/utf8.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace safetensors {

/// The data begin at a multiple of this, so that a file in memory can be used in place.
inline constexpr std::size_t kDataAlignment = FileBytes::kAlignment;

/// `text` as a JSON string.
PPLCNET_INLINE std::string json_string(std::string_view text);

PPLCNET_INLINE std::string json_object(const std::vector<std::string>& members);

/// Says what makes the contents impossible to write.
PPLCNET_INLINE Error check_contents(const TensorFile& file, std::string_view path);

/// Writes the part of the file before the data: the header's size, and the header padded with
/// spaces.
PPLCNET_INLINE Error make_header(const TensorFile& file, std::string_view path,
                                 std::vector<std::byte>& header);

}  // namespace safetensors

/// Writes tensors and metadata, both in their order, as a safetensors file; `target` names it, not
/// `file.path`.
inline Error write_safetensors(NewFile& target, const TensorFile& file) {
  std::vector<std::byte> header;
  if (auto error = safetensors::make_header(file, target.path(), header)) return error;
  std::vector<std::span<const std::byte>> pieces = {header};
  for (const Tensor& tensor : file.tensors) pieces.push_back(tensor.data);
  return target.write(pieces);
}

/// Writes the same, and gives it its name: the file is complete or, after an error, not there.
inline Error write_safetensors(std::string_view path, const TensorFile& file) {
  NewFile target(path);
  if (auto error = write_safetensors(target, file)) return error;
  return target.publish();
}

#if PPLCNET_HAS_DEFINITIONS
namespace safetensors {

PPLCNET_INLINE std::string json_string(std::string_view text) {
  constexpr char kHexDigits[] = "0123456789abcdef";
  std::string json = "\"";
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\') {
      json += {'\\', character};
    } else if (byte < 0x20) {
      json += {'\\', 'u', '0', '0', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
    } else {
      json += character;
    }
  }
  return json + '"';
}

PPLCNET_INLINE std::string json_object(const std::vector<std::string>& members) {
  std::string json;
  for (const std::string& member : members) json += (json.empty() ? "" : ",") + member;
  return "{" + json + "}";
}

PPLCNET_INLINE Error check_contents(const TensorFile& file, std::string_view path) {
  if (file.tensors.size() > kMaxTensors || file.metadata.size() > kMaxTexts) {
    return Error::of(path, ": expected at most ", kMaxTensors, " tensors and ", kMaxTexts,
                     " metadata, found ", file.tensors.size(), " and ", file.metadata.size());
  }
  std::set<std::string_view> names = {kMetadataKey};
  for (const Tensor& tensor : file.tensors) {
    const std::string name = quote(tensor.name);
    if (!is_utf8(tensor.name)) {
      return Error::of(path, ": tensor ", name, ": expected a name in UTF-8");
    }
    if (!names.insert(tensor.name).second) {
      return Error::of(path, ": tensor ", name, ": expected a name that is not taken");
    }
    const std::optional<std::uint64_t> size = byte_count(tensor.type, tensor.shape);
    if (tensor.shape.size() > kMaxRank || size != tensor.data.size()) {
      return Error::of(path, ": tensor ", name, ": expected the bytes of ",
                       describe(tensor.type, tensor.shape), ", found ", tensor.data.size());
    }
  }
  std::set<std::string_view> keys;
  for (const auto& [key, value] : file.metadata) {
    if (!is_utf8(key) || !is_utf8(value) || !keys.insert(key).second) {
      return Error::of(path, ": metadata ", quote(key),
                       ": expected a key that is not taken and a value, both in UTF-8");
    }
  }
  return {};
}

PPLCNET_INLINE Error make_header(const TensorFile& file, std::string_view path,
                                 std::vector<std::byte>& header) {
  if (auto error = check_contents(file, path)) return error;
  std::vector<std::string> members;
  if (!file.metadata.empty()) {
    std::vector<std::string> texts;
    for (const auto& [key, value] : file.metadata) {
      texts.push_back(join({json_string(key), ":", json_string(value)}));
    }
    members.push_back(join({json_string(kMetadataKey), ":", json_object(texts)}));
  }
  std::size_t begin = 0;
  for (const Tensor& tensor : file.tensors) {
    const std::size_t end = begin + tensor.data.size();
    std::string shape;
    for (const std::int64_t dimension : tensor.shape) {
      shape += join({shape.empty() ? "" : ",", dimension});
    }
    members.push_back(
        join({json_string(tensor.name), ":{\"dtype\":\"", name_of(tensor.type), "\",\"shape\":[",
              shape, "],\"data_offsets\":[", begin, ",", end, "]}"}));
    begin = end;
  }
  std::string text = json_object(members);
  const std::size_t used = sizeof(std::uint64_t) + text.size();
  text.append((kDataAlignment - used % kDataAlignment) % kDataAlignment, ' ');
  if (text.size() > kMaxHeaderBytes) {
    return Error::of(path, ": expected a header of at most ", kMaxHeaderBytes, " bytes, found ",
                     text.size());
  }
  const auto size = to_little_endian(std::uint64_t{text.size()});
  const auto content = std::as_bytes(std::span(text));
  header.assign(size.begin(), size.end());
  header.insert(header.end(), content.begin(), content.end());
  return {};
}

}  // namespace safetensors
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_WRITER_HPP
