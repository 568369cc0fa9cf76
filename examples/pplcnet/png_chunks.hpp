#ifndef PPLCNET_EXAMPLES_PNG_CHUNKS_HPP
#define PPLCNET_EXAMPLES_PNG_CHUNKS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "pplcnet/image/orientation.hpp"

namespace decoding {

inline constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1A\n";

/// Returns the checksum at the end of a chunk, of its type and its data.
inline std::uint32_t png_checksum(std::span<const std::byte> bytes) {
  static constexpr std::array<std::uint32_t, 256> kTable = [] {
    std::array<std::uint32_t, 256> table = {};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit)
        value = (value & 1) != 0 ? 0xEDB88320u ^ value >> 1 : value >> 1;
      table[i] = value;
    }
    return table;
  }();
  std::uint32_t value = ~0u;
  for (const std::byte byte : bytes)
    value = kTable[(value ^ std::to_integer<std::uint32_t>(byte)) & 255] ^ value >> 8;
  return ~value;
}

/// A chunk of a PNG file.
struct PngChunk {
  std::span<const std::byte> whole;  ///< length, type, data, checksum

  std::string_view type() const { return {reinterpret_cast<const char*>(&whole[4]), 4}; }
  std::span<const std::byte> data() const { return whole.subspan(8, whole.size() - 12); }
  bool is_critical() const { return (std::to_integer<int>(whole[4]) & 0x20) == 0; }
  bool is_intact() const {
    return png_checksum(whole.subspan(4, whole.size() - 8)) ==
           pplcnet::ByteReader{whole}.number(whole.size() - 4, 4);
  }
};

/// Takes the first chunk from what is left of a file; none if that is too short for it.
inline std::optional<PngChunk> take_chunk(std::span<const std::byte>& rest) {
  const std::uint64_t length = pplcnet::ByteReader{rest}.number(0, 4);
  if (rest.size() < 12 || rest.size() - 12 < length) return std::nullopt;
  const PngChunk chunk = {rest.first(static_cast<std::size_t>(12 + length))};
  rest = rest.subspan(chunk.whole.size());
  return chunk;
}

}  // namespace decoding

#endif  // PPLCNET_EXAMPLES_PNG_CHUNKS_HPP
