#include "html.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "pplcnet/weights/utf8.hpp"

namespace {

/// Returns the bytes of the character at the front; 0 if it is not UTF-8.
std::size_t bytes_of_first(std::string_view text) {
  constexpr std::size_t kMost = 4;
  for (std::size_t count = 1; count <= std::min(kMost, text.size()); ++count)
    if (pplcnet::is_utf8(text.substr(0, count))) return count;
  return 0;
}

/// Returns whether a character in UTF-8 is a control character, of ASCII or of C1.
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

}  // namespace

std::string html_text(std::string_view text) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  std::string result;
  while (!text.empty()) {
    const std::size_t count = bytes_of_first(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(count, 1));
    text.remove_prefix(character.size());
    if (count == 0 || is_control(character)) {
      for (const char byte : character) {
        const auto value = static_cast<unsigned char>(byte);
        result += {'\\', 'x', kHexDigits[value >> 4], kHexDigits[value & 15]};
      }
    } else if (character == "&") {
      result += "&amp;";
    } else if (character == "<") {
      result += "&lt;";
    } else if (character == ">") {
      result += "&gt;";
    } else if (character == "\"") {
      result += "&quot;";
    } else if (character == "'") {
      result += "&#39;";
    } else {
      result += character;
    }
  }
  return result;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t triple = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j)
      triple = triple << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j)
      text += j <= count ? kDigits[triple >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}
