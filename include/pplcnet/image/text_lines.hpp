#ifndef PPLCNET_IMAGE_TEXT_LINES_HPP
#define PPLCNET_IMAGE_TEXT_LINES_HPP

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/utf8.hpp"

// Text files that people write: labels, lists of pictures. Their lines end with \n or \r\n.

namespace pplcnet::inline PPLCNET_ABI {

/// Removes the byte order mark of UTF-8 and the carriage return at the end from line `number` (from
/// 1) of a text. It is an error if the text is UTF-16 or UTF-32, has zero bytes, or ends its lines
/// with carriage returns alone.
inline Error clean_line(std::string_view path, std::size_t number, std::string_view& line) {
  if (number == 1) {
    if (line.starts_with("\xFF\xFE") || line.starts_with("\xFE\xFF") ||
        line.starts_with(std::string_view("\0\0\xFE\xFF", 4)))
      return Error::of(path,
                       ": line 1: expected UTF-8, found UTF-16 or UTF-32; iconv -f UTF-16 -t ",
                       "UTF-8 makes it so");
    if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  }
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.find('\0') != line.npos)
    return Error::of(path, ": line ", number, ": expected text in UTF-8, found a zero byte");
  if (line.find('\r') != line.npos)
    return Error::of(path, ": line ", number,
                     ": expected lines that end with \\n or \\r\\n, found ", "\\r alone");
  return {};
}

/// Checks the encoding of line `number`: GBK or Latin-1 would be taken for other letters.
inline Error check_utf8(std::string_view path, std::size_t number, std::string_view line) {
  if (is_utf8(line)) return {};
  return Error::of(path, ": line ", number, ": not UTF-8: ", quote(line));
}

/// Returns whether there is nothing in a line but spaces.
inline bool is_blank(std::string_view line) { return line.find_first_not_of(" \t") == line.npos; }

/// Splits `text` into lines, cleaned, without blank ones at the end: line i + 1 is `lines[i]`.
inline Error split_lines(std::string_view text, std::string_view path,
                         std::vector<std::string_view>& lines) {
  lines.clear();
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (auto error = clean_line(path, lines.size() + 1, line)) return error;
    lines.push_back(line);
  }
  while (!lines.empty() && is_blank(lines.back())) lines.pop_back();
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_TEXT_LINES_HPP
