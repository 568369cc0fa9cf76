#include "form.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <utility>

using pplcnet::Error;

namespace {

constexpr std::string_view kLineEnd = "\r\n";

/// Returns whether a text begins with a word in lower case, whatever its own case is.
bool begins_with(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::ranges::equal(text.substr(0, word.size()), word,
                            [](unsigned char a, char b) { return std::tolower(a) == b; });
}

/// Returns the value of a parameter among `; name=value; other="in \"quotes\""`; empty: none.
std::string parameter_of(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    text.remove_prefix(std::min(text.size(), text.find_first_not_of("; \t")));
    const std::size_t end = std::min(text.size(), text.find_first_of(";="));
    const bool is_it = end == name.size() && begins_with(text, name);
    text.remove_prefix(end);
    if (!text.starts_with('=')) continue;
    text.remove_prefix(1);
    std::string value;
    if (text.starts_with('"')) {
      std::size_t i = 1;
      for (; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        value += text[i];
      }
      text.remove_prefix(std::min(text.size(), i + 1));
    } else {
      value = text.substr(0, text.find_first_of("; \t"));
      text.remove_prefix(value.size());
    }
    if (is_it) return value;
  }
  return "";
}

/// Returns the name of a part with these headers.
std::string part_name(std::string_view headers) {
  while (!headers.empty()) {
    const std::string_view line = headers.substr(0, headers.find(kLineEnd));
    headers.remove_prefix(std::min(headers.size(), line.size() + kLineEnd.size()));
    if (!begins_with(line, "content-disposition:")) continue;
    const std::string_view disposition = line.substr(std::min(line.size(), line.find(';')));
    std::string name = parameter_of(disposition, "filename");
    return name.empty() ? parameter_of(disposition, "name") : name;
  }
  return "";
}

}  // namespace

Error split_form(std::string_view body, std::string_view parameters, std::vector<FormPart>& parts) {
  constexpr std::size_t kLongestBoundary = 70;  // as RFC 2046 has it
  const std::string boundary = parameter_of(parameters, "boundary");
  if (boundary.empty() || boundary.size() > kLongestBoundary)
    return Error::of("the form is damaged: its Content-Type has no boundary of 1 to ",
                     kLongestBoundary, " bytes");
  const std::string delimiter = "\r\n--" + boundary;
  const std::string_view first = std::string_view(delimiter).substr(kLineEnd.size());
  const std::size_t begin = body.starts_with(first) ? 0 : body.find(delimiter);
  if (begin == body.npos) return Error::of("the form is damaged: its boundary is not in it");
  body.remove_prefix(begin == 0 ? first.size() : begin + delimiter.size());
  while (!body.starts_with("--")) {
    const std::size_t number = parts.size() + 1;
    body.remove_prefix(std::min(body.size(), body.find_first_not_of(" \t")));
    const std::size_t head = body.find("\r\n\r\n"), end = body.find(delimiter);
    if (!body.starts_with(kLineEnd) || head == body.npos || end == body.npos)
      return Error::of("the form is damaged: part ", number, " does not end");
    const std::size_t content = head + 2 * kLineEnd.size();
    if (content > end + kLineEnd.size())
      return Error::of("the form is damaged: part ", number, " has no content");
    parts.push_back(
        {part_name(body.substr(kLineEnd.size(), head - std::min(head, kLineEnd.size()))),
         body.substr(content, end - std::min(content, end))});
    body.remove_prefix(end + delimiter.size());
  }
  return parts.empty() ? Error::of("the form has no parts") : Error();
}
