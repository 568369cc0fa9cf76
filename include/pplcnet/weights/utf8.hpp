#ifndef PPLCNET_WEIGHTS_UTF8_HPP
#define PPLCNET_WEIGHTS_UTF8_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Appends a code point up to U+10FFFF that is not a surrogate.
inline void append_utf8(std::string& text, std::uint32_t code_point) {
  if (code_point < 0x80) {
    text += static_cast<char>(code_point);
    return;
  }
  const int continuations = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
  const std::uint32_t lead_mark = 0x7f80u >> continuations & 0xff;  // 110, 1110 or 11110 in front
  text += static_cast<char>(lead_mark | code_point >> (6 * continuations));
  for (int i = continuations - 1; i >= 0; --i) {
    text += static_cast<char>(0x80 | (code_point >> (6 * i) & 0x3f));
  }
}

/// Returns the number of a character that is UTF-8.
inline std::uint32_t code_point_of(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return lead;
  std::uint32_t code_point = lead & (0x7fu >> character.size());
  for (const char byte : character.substr(1)) {
    code_point = code_point << 6 | (static_cast<unsigned char>(byte) & 0x3f);
  }
  return code_point;
}

/// Returns whether a character moves a cursor, ends a line, or turns the direction of writing.
inline bool is_control(std::uint32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7f && code_point <= 0x9f) || code_point == 0x61c ||
         code_point == 0x200e || code_point == 0x200f ||
         (code_point >= 0x2028 && code_point <= 0x202e) ||
         (code_point >= 0x2066 && code_point <= 0x2069) || code_point == 0xfeff;
}

/// Returns whether `text` is UTF-8 as the Unicode standard has it (table 3-7): shortest forms only,
/// no surrogates, nothing above U+10FFFF.
inline bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const int continuations = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    std::uint32_t code_point = lead & (0x3fu >> continuations);
    for (int k = 0; k < continuations; ++k) {
      if (i == text.size()) return false;
      const auto byte = static_cast<unsigned char>(text[i++]);
      if (byte >> 6 != 2) return false;
      code_point = code_point << 6 | (byte & 0x3f);
    }
    if (continuations == 2 && code_point < 0x800) return false;
    if (continuations == 3 && (code_point < 0x10000 || code_point > 0x10ffff)) return false;
    if (code_point >= 0xd800 && code_point <= 0xdfff) return false;
  }
  return true;
}

/// Returns the bytes of the first character of `text`; none if it does not begin with UTF-8.
inline std::string_view first_character(std::string_view text) {
  for (std::size_t size = 1; size <= 4 && size <= text.size(); ++size) {
    if (is_utf8(text.substr(0, size))) return text.substr(0, size);
  }
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_UTF8_HPP
