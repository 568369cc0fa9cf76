#ifndef PPLCNET_WEIGHTS_SAFETENSORS_JSON_HEADER_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_JSON_HEADER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/utf8.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Reads the JSON (RFC 8259) of a safetensors header: objects, arrays, strings and non-negative
/// integers; there is nothing else in one.
///
/// The caller asks for what must come next, so what it does not ask for is an error, and text
/// cannot nest deeper than the calls do. After an error nothing more may be read.
class JsonHeaderReader {
 public:
  /// `path` is the file's, for messages. All of it must outlive the reader.
  JsonHeaderReader(std::string_view text, std::string_view path, MemoryBudget& budget)
      : text_(text), path_(path), budget_(budget) {}

  /// Calls `Error read_value(std::string key)` for each member; it must read the value, and refuse
  /// a key that was there before.
  template <typename ReadValue>
  Error read_object(ReadValue&& read_value) {
    if (!take('{')) return expected("an object");
    if (take('}')) return {};
    do {
      std::string key;
      if (auto error = read_string(key)) return error;
      if (!take(':')) return expected("':'");
      if (auto error = read_value(std::move(key))) return error;
    } while (take(','));
    return take('}') ? Error() : expected("',' or '}'");
  }

  /// Calls `Error read_element()` for each element; it must read the element.
  template <typename ReadElement>
  Error read_array(ReadElement&& read_element) {
    if (!take('[')) return expected("an array");
    if (take(']')) return {};
    do {
      if (auto error = read_element()) return error;
    } while (take(','));
    return take(']') ? Error() : expected("',' or ']'");
  }

  /// Reads any Unicode text, in UTF-8.
  Error read_string(std::string& value) {
    if (!take('"')) return expected("a string");
    const std::size_t begin = position_;
    value.clear();
    if (!budget_.reserve(value, size_of_string())) return MemoryBudget::exceeded(path_);
    while (!at_end() && text_[position_] != '"') {
      const char character = text_[position_];
      if (static_cast<unsigned char>(character) < 0x20) return expected("no control character");
      if (character == '\\') {
        if (auto error = read_escape(value)) return error;
      } else {
        value += character;
        ++position_;
      }
    }
    if (at_end()) return expected("'\"'");
    ++position_;
    if (!is_utf8(value)) {
      return Error::of(path_, ": byte ", begin, " of the header: expected UTF-8, found ",
                       quote(value));
    }
    return {};
  }

  /// Reads decimal digits without a leading zero, of a value below 2^64.
  Error read_integer(std::uint64_t& value) {
    constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
    skip_space();
    const std::size_t begin = position_;
    value = 0;
    for (; !at_end() && text_[position_] >= '0' && text_[position_] <= '9'; ++position_) {
      const auto digit = static_cast<std::uint64_t>(text_[position_] - '0');
      const bool leading_zero = value == 0 && position_ > begin;
      if (leading_zero || value > (kMax - digit) / 10) {
        return expected("an integer below 2^64 without leading zeros");
      }
      value = 10 * value + digit;
    }
    return position_ > begin ? Error() : expected("a non-negative integer");
  }

  /// Checks that nothing but white space follows.
  Error read_end() {
    skip_space();
    return at_end() ? Error() : expected("the end");
  }

 private:
  bool at_end() const { return position_ == text_.size(); }

  void skip_space() {
    while (!at_end() && std::string_view(" \n\r\t").find(text_[position_]) != text_.npos) {
      ++position_;
    }
  }

  bool take(char character) {
    skip_space();
    if (at_end() || text_[position_] != character) return false;
    ++position_;
    return true;
  }

  /// Returns the bytes of the string that begins here, which it takes at most.
  std::size_t size_of_string() const {
    std::size_t end = position_;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2u : 1u;
    return std::min(end, text_.size()) - position_;
  }

  Error expected(std::string_view what) const {
    return Error::of(path_, ": byte ", position_, " of the header: expected ", what, ", found ",
                     at_end() ? "the end" : quote(text_.substr(position_, 1)));
  }

  Error read_escape(std::string& value) {
    constexpr std::string_view kEscapes = "\"\\/bfnrtu";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    ++position_;  // the backslash
    const std::size_t escape = at_end() ? kEscapes.npos : kEscapes.find(text_[position_]);
    if (escape == kEscapes.npos) return expected("one of \"\\/bfnrtu after '\\'");
    ++position_;
    if (escape < kMeanings.size()) {
      value += kMeanings[escape];
      return {};
    }
    std::uint32_t code_point = 0;
    if (auto error = read_hex_digits(code_point)) return error;
    if (code_point >= 0xd800 && code_point <= 0xdfff) {
      // Above U+FFFF there are two escapes: ten bits in each, high before low.
      std::uint32_t low = 0;
      if (code_point > 0xdbff) return expected("no low surrogate before a high one");
      if (text_.substr(position_, 2) != "\\u") return expected("'\\u' of a low surrogate");
      position_ += 2;
      if (auto error = read_hex_digits(low)) return error;
      if (low < 0xdc00 || low > 0xdfff) return expected("a low surrogate before this");
      code_point = 0x10000 + ((code_point - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(value, code_point);
    return {};
  }

  Error read_hex_digits(std::uint32_t& value) {
    for (int i = 0; i < 4; ++i) {
      constexpr std::string_view kDigits = "0123456789abcdefABCDEF";
      const std::size_t digit = at_end() ? kDigits.npos : kDigits.find(text_[position_]);
      if (digit == kDigits.npos) return expected("a hexadecimal digit");
      value = value << 4 | static_cast<std::uint32_t>(digit < 16 ? digit : digit - 6);
      ++position_;
    }
    return {};
  }

  std::string_view text_;
  std::string_view path_;
  MemoryBudget& budget_;
  std::size_t position_ = 0;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_JSON_HEADER_HPP
