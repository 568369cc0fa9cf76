#ifndef PPLCNET_WEIGHTS_FROM_CHARS_HPP
#define PPLCNET_WEIGHTS_FROM_CHARS_HPP

#include <charconv>

#if !defined(__cpp_lib_to_chars)
#include <algorithm>
#include <cstddef>
#include <locale>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#endif

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Reads a number as std::from_chars does, which libc++ has for integers alone: there infinity and
/// not-a-number are none.
template <class Number>
std::from_chars_result from_chars(const char* first, const char* last, Number& number) {
#if defined(__cpp_lib_to_chars)
  return std::from_chars(first, last, number);
#else
  if constexpr (std::is_integral_v<Number>) {
    return std::from_chars(first, last, number);
  } else {
    constexpr std::string_view kOfNumbers = "0123456789.eE+-";
    const std::string word(first, std::find_if(first, last, [&](char c) {
                             return kOfNumbers.find(c) == std::string_view::npos;
                           }));
    std::istringstream stream(word);
    stream.imbue(std::locale::classic());
    if (word.starts_with('+') || !(stream >> number)) return {first, std::errc::invalid_argument};
    const auto size = stream.eof() ? static_cast<std::ptrdiff_t>(word.size())
                                   : static_cast<std::ptrdiff_t>(stream.tellg());
    return {first + size, std::errc()};
  }
#endif
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_FROM_CHARS_HPP
