#include "printable.hpp"

#include <charconv>
#include <cstdio>
#include <system_error>

#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/utf8.hpp"

namespace {

using pplcnet::code_point_of;
using pplcnet::first_character;
using pplcnet::is_control;

std::string escaped(std::string_view bytes) {
  if (bytes == "\n") return "\\n";
  if (bytes == "\t") return "\\t";
  if (bytes == "\r") return "\\r";
  std::string text;
  for (const char byte : bytes) text += hexadecimal("\\x%02x", static_cast<unsigned char>(byte));
  return text;
}

/// Returns text whose characters are copied or, where they are not fit to be printed, escaped by
/// `escape`; of what is not UTF-8 each byte is.
template <class Escape>
std::string with_escapes(std::string_view text, Escape escape) {
  std::string result;
  while (!text.empty()) {
    std::string_view character = first_character(text);
    const bool is_valid = !character.empty();
    if (!is_valid) character = text.substr(0, 1);
    if (is_valid && !is_control(code_point_of(character)))
      result += character;
    else
      result += escape(character);
    text.remove_prefix(character.size());
  }
  return result;
}

bool begins_formula(std::string_view text) {
  if (text.empty() || std::string_view("=+-@\t\r").find(text[0]) == std::string_view::npos)
    return false;
  double number = 0;
  if (text[0] == '+') text.remove_prefix(1);
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem != std::errc() || end != text.data() + text.size();
}

}  // namespace

std::string without_controls(std::string_view text) { return with_escapes(text, escaped); }

std::string printable(std::string_view name) {
  std::string text = without_controls(name);
  if (text == name && !name.starts_with('"')) return text;
  std::string quoted(1, '"');
  for (const char byte : name) {
    if (byte == '"' || byte == '\\') quoted += '\\';
    quoted += byte;
  }
  return without_controls(quoted) + '"';
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of("\",\r\n") == text.npos) return std::string(text);
  std::string quoted = "\"";
  for (const char character : text) {
    if (character == '"') quoted += '"';
    quoted += character;
  }
  return quoted + '"';
}

std::string csv_file(std::string_view path) {
  return csv_field(pplcnet::join({begins_formula(path) ? "./" : "", path}));
}

std::string csv_label(std::string_view label) {
  return csv_field(pplcnet::join({begins_formula(label) ? "'" : "", label}));
}

std::string hexadecimal(const char* format, std::uint32_t number) {
  char text[16];
  std::snprintf(text, sizeof(text), format, static_cast<unsigned>(number));
  return text;
}
