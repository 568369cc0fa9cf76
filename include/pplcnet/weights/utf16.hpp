#ifndef PPLCNET_WEIGHTS_UTF16_HPP
#define PPLCNET_WEIGHTS_UTF16_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "pplcnet/abi.hpp"
#include "pplcnet/weights/utf8.hpp"

namespace pplcnet::inline PPLCNET_ABI {

// Windows has names in UTF-16, whose surrogates need not be pairs.

/// Returns UTF-8 as UTF-16, in units of type `Unit`. What is not well-formed becomes `?`, which no
/// file's name has there.
template <class Unit>
std::basic_string<Unit> utf16_of(std::string_view text) {
  std::basic_string<Unit> result;
  while (!text.empty()) {
    const std::string_view character = first_character(text);
    text.remove_prefix(std::max<std::size_t>(character.size(), 1));
    const std::uint32_t code = character.empty() ? '?' : code_point_of(character);
    if (code < 0x10000) {
      result += static_cast<Unit>(code);
    } else {
      result += static_cast<Unit>(0xd7c0 + (code >> 10));
      result += static_cast<Unit>(0xdc00 | (code & 0x3ff));
    }
  }
  return result;
}

/// Returns UTF-16 as UTF-8; U+FFFD for half a pair.
template <class Unit>
std::string utf8_of(std::basic_string_view<Unit> text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::uint32_t code = static_cast<std::uint16_t>(text[i]);
    const std::uint32_t next = i + 1 < text.size() ? static_cast<std::uint16_t>(text[i + 1]) : 0;
    if (code >> 10 == 0x36 && next >> 10 == 0x37) {
      code = (code << 10) + next - 0x35fdc00;
      ++i;
    } else if (code >> 11 == 0x1b) {
      code = 0xfffd;
    }
    append_utf8(result, code);
  }
  return result;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_UTF16_HPP
