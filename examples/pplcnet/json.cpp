#include "json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "pplcnet/weights/utf8.hpp"
#include "printable.hpp"

namespace {

std::string quoted(std::string_view text) {
  constexpr std::string_view kEscaped = "\"\\\b\f\n\r\t", kLetters = "\"\\bfnrt";
  std::string result = "\"";
  while (!text.empty()) {
    const std::string_view character = pplcnet::first_character(text);
    text.remove_prefix(std::max<std::size_t>(character.size(), 1));
    const std::size_t letter = character.size() == 1 ? kEscaped.find(character[0]) : kEscaped.npos;
    if (character.empty())
      result += "\xef\xbf\xbd";
    else if (letter != kEscaped.npos)
      (result += '\\') += kLetters[letter];
    else if (const std::uint32_t code_point = pplcnet::code_point_of(character);
             pplcnet::is_control(code_point))
      result += hexadecimal("\\u%04x", code_point);
    else
      result += character;
  }
  return result + '"';
}

}  // namespace

Json::Json(std::string_view text) : text_(quoted(text)) {}

Json::Json(double number) : text_("null") {
  if (!std::isfinite(number)) return;
  const double size = std::abs(number);
  const bool is_plain = size == 0 || (size >= 1e-4 && size < 1e15);
  char digits[32];
  const auto [end, problem] =
      std::to_chars(digits, digits + sizeof(digits), number,
                    is_plain ? std::chars_format::fixed : std::chars_format::scientific);
  text_.assign(digits, end);
  if (is_plain && text_.find('.') == text_.npos) text_ += ".0";
}

Json Json::object(std::initializer_list<std::pair<std::string_view, Json>> members) {
  Json result('{');
  for (const auto& [name, value] : members) result.add(name, value);
  return result;
}

void Json::add(std::string_view name, Json value) {
  names_.push_back(quoted(name));
  values_.push_back(std::move(value));
}

void Json::add_file(std::string_view path) {
  add("file", path);
  if (pplcnet::is_utf8(path)) return;
  std::string bytes;
  for (const char character : path) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte <= 0x20 || byte >= 0x7f || byte == '%')
      bytes += hexadecimal("%%%02X", byte);
    else
      bytes += character;
  }
  add("file_bytes", bytes);
}

std::string Json::text(int indent) const {
  std::string result;
  write(result, indent, 0);
  return result;
}

void Json::write(std::string& text, int indent, std::size_t depth) const {
  if (bracket_ == 0) {
    text += text_;
    return;
  }
  const auto begin_line = [&](std::size_t level) {
    if (indent >= 0) (text += '\n').append(level * static_cast<std::size_t>(indent), ' ');
  };
  text += bracket_;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (i > 0) text += ',';
    begin_line(depth + 1);
    if (bracket_ == '{') (text += names_[i]) += indent >= 0 ? ": " : ":";
    values_[i].write(text, indent, depth + 1);
  }
  if (!values_.empty()) begin_line(depth);
  text += bracket_ == '{' ? '}' : ']';
}
