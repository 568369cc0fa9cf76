#ifndef PPLCNET_WEIGHTS_JOIN_HPP
#define PPLCNET_WEIGHTS_JOIN_HPP

#include <charconv>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "pplcnet/abi.hpp"
#include "pplcnet/compiled.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A piece of a text: words that live elsewhere, or an integer.
class Piece {
 public:
  Piece(std::string_view text) : text_(text) {}    // NOLINT(google-explicit-constructor)
  Piece(const char* text) : text_(text) {}         // NOLINT(google-explicit-constructor)
  Piece(const std::string& text) : text_(text) {}  // NOLINT(google-explicit-constructor)
  Piece(std::integral auto number)                 // NOLINT(google-explicit-constructor)
      : text_(digits_,
              static_cast<std::size_t>(
                  std::to_chars(digits_, digits_ + sizeof(digits_), number).ptr - digits_)) {}
  Piece(const Piece&) = delete;  // it may refer to its own digits
  Piece& operator=(const Piece&) = delete;

  std::string_view text() const { return text_; }

 private:
  char digits_[24];
  std::string_view text_;
};

/// `join({"blocks", 3, ".", 1})` is "blocks3.1". One function, not a chain of `+`: texts are made
/// in many places, and this is compiled once.
PPLCNET_INLINE std::string join(std::initializer_list<Piece> pieces);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::string join(std::initializer_list<Piece> pieces) {
  std::string text;
  for (const Piece& piece : pieces) text += piece.text();
  return text;
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_JOIN_HPP
