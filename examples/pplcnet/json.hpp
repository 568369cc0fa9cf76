#ifndef PPLCNET_EXAMPLES_JSON_HPP
#define PPLCNET_EXAMPLES_JSON_HPP

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A value of JSON (RFC 8259) that is written: a text, a number, a boolean, an array or an object,
/// whose members stay in the order in which they were added.
class Json {
 public:
  /// Holds a text. Control characters and marks of direction are escaped; what is not UTF-8 is
  /// U+FFFD.
  Json(std::string_view text);
  Json(const std::string& text) : Json(std::string_view(text)) {}
  Json(const char* text) : Json(std::string_view(text)) {}
  /// Holds a number, with the fewest digits that tell it; null if it is not finite.
  Json(double number);
  /// Holds a whole number or a boolean.
  template <std::integral Value>
  Json(Value value) {
    if constexpr (std::same_as<Value, bool>)
      text_ = value ? "true" : "false";
    else
      text_ = std::to_string(value);
  }

  static Json array() { return Json('['); }
  static Json object(std::initializer_list<std::pair<std::string_view, Json>> members = {});

  /// Adds an element to an array.
  void add(Json element) { values_.push_back(std::move(element)); }
  /// Adds a member to an object that has none of that name.
  void add(std::string_view name, Json value);
  /// Adds `file`, and where the path is not UTF-8 `file_bytes`: the same, with all bytes that are
  /// not printable ASCII, and %, as %NN.
  void add_file(std::string_view path);

  /// Returns its text on one line (`indent` -1) or several, each level `indent` spaces further in.
  std::string text(int indent = -1) const;

 private:
  explicit Json(char bracket) : bracket_(bracket) {}
  void write(std::string& text, int indent, std::size_t depth) const;

  char bracket_ = 0;                // '[' or '{'; 0 if it is neither an array nor an object
  std::string text_;                // then
  std::vector<std::string> names_;  // of an object's members, quoted
  std::vector<Json> values_;
};

#endif  // PPLCNET_EXAMPLES_JSON_HPP
