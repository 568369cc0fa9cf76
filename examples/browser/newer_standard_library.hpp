#ifndef PPLCNET_EXAMPLES_BROWSER_NEWER_STANDARD_LIBRARY_HPP
#define PPLCNET_EXAMPLES_BROWSER_NEWER_STANDARD_LIBRARY_HPP

// What C++20 has and libc++ 13, which comes with Debian 12's Emscripten, does not: as much of it as
// is used here. Included before all else; with a newer library there is nothing in it.

#pragma GCC system_header
#include <version>

#if defined(_LIBCPP_VERSION) && _LIBCPP_VERSION < 15000
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>

// NOLINTBEGIN(cert-dcl58-cpp): it is the standard's own.
namespace std {

template <class To, class From>
constexpr To bit_cast(const From& from) noexcept {
  return __builtin_bit_cast(To, from);
}

template <class T>
unique_ptr<T> make_unique_for_overwrite() {
  return unique_ptr<T>(new T);
}

/// Writes a number for a message, with nine digits: `1.00000000e+05`. (printf would be a tenth of
/// the program.)
inline to_chars_result to_chars(char* begin, char* end, float value) {
  const auto write = [&](const char* text) {
    while (*text != 0 && begin < end) *begin++ = *text++;
  };
  double rest = value;
  if (rest < 0) write("-");
  rest = rest < 0 ? -rest : rest;
  if (!(rest <= 3.5e38)) {
    write(rest != rest ? "nan" : "inf");
    return {begin, errc()};
  }
  int power = 0;
  for (; rest >= 10; rest /= 10) ++power;
  for (; rest > 0 && rest < 1; rest *= 10) --power;
  for (int digit = 0; digit < 9; ++digit) {
    const int whole = static_cast<int>(rest);
    const char text[] = {static_cast<char>('0' + whole), digit == 0 ? '.' : '\0', '\0'};
    write(text);
    rest = (rest - whole) * 10;
  }
  write(power < 0 ? "e-" : "e+");
  return std::to_chars(begin, end, power < 0 ? -power : power);
}

/// Of PaddleClas' lines, which are not written here.
to_chars_result to_chars(char* begin, char* end, double value, chars_format, int precision);

namespace ranges {

/// Applies a function to what a projection makes of its arguments.
template <class Function, class Projection>
constexpr auto projected_by(Function& function, Projection& projection) {
  return [&](auto&&... values) -> decltype(auto) {
    return std::invoke(function,
                       std::invoke(projection, std::forward<decltype(values)>(values))...);
  };
}

#define PPLCNET_ALGORITHM_WITH_PREDICATE(name)                                          \
  template <class Range, class Predicate, class Projection = identity>                  \
  constexpr auto name(Range&& range, Predicate predicate, Projection projection = {}) { \
    return std::name(ranges::begin(range), ranges::end(range),                          \
                     projected_by(predicate, projection));                              \
  }
PPLCNET_ALGORITHM_WITH_PREDICATE(all_of)
PPLCNET_ALGORITHM_WITH_PREDICATE(any_of)
PPLCNET_ALGORITHM_WITH_PREDICATE(none_of)
PPLCNET_ALGORITHM_WITH_PREDICATE(find_if)
PPLCNET_ALGORITHM_WITH_PREDICATE(count_if)
#undef PPLCNET_ALGORITHM_WITH_PREDICATE

#define PPLCNET_ALGORITHM_WITH_ORDER(name)                                                       \
  template <class Range, class Order = ranges::less, class Projection = identity>                \
  constexpr auto name(Range&& range, Order order = {}, Projection projection = {}) {             \
    return std::name(ranges::begin(range), ranges::end(range), projected_by(order, projection)); \
  }
PPLCNET_ALGORITHM_WITH_ORDER(sort)
PPLCNET_ALGORITHM_WITH_ORDER(stable_sort)
PPLCNET_ALGORITHM_WITH_ORDER(is_sorted)
PPLCNET_ALGORITHM_WITH_ORDER(min_element)
PPLCNET_ALGORITHM_WITH_ORDER(max_element)
#undef PPLCNET_ALGORITHM_WITH_ORDER

template <class Range, class Order = ranges::equal_to, class Projection = identity>
constexpr auto adjacent_find(Range&& range, Order order = {}, Projection projection = {}) {
  return std::adjacent_find(ranges::begin(range), ranges::end(range),
                            projected_by(order, projection));
}

template <class Range, class Value, class Projection = identity>
constexpr auto find(Range&& range, const Value& value, Projection projection = {}) {
  return ranges::find_if(
      range, [&](const auto& other) { return other == value; }, projection);
}

template <class Range, class Value, class Projection = identity>
constexpr auto count(Range&& range, const Value& value, Projection projection = {}) {
  return ranges::count_if(
      range, [&](const auto& other) { return other == value; }, projection);
}

template <class Range, class Value, class Order = ranges::less, class Projection = identity>
constexpr auto lower_bound(Range&& range, const Value& value, Order order = {},
                           Projection projection = {}) {
  return std::lower_bound(
      ranges::begin(range), ranges::end(range), value,
      [&](auto&& a, const Value& b) { return std::invoke(order, std::invoke(projection, a), b); });
}

template <class Range, class Value>
constexpr auto upper_bound(Range&& range, const Value& value) {
  return std::upper_bound(ranges::begin(range), ranges::end(range), value);
}

template <class Range, class Value>
constexpr bool binary_search(Range&& range, const Value& value) {
  return std::binary_search(ranges::begin(range), ranges::end(range), value);
}

template <class Iterator, class Value, class Projection = identity>
constexpr Iterator find(Iterator begin, Iterator end, const Value& value,
                        Projection projection = {}) {
  return std::find_if(begin, end,
                      [&](const auto& other) { return std::invoke(projection, other) == value; });
}

template <class Range, class Order = ranges::less, class Projection = identity>
constexpr auto max(Range&& range, Order order = {}, Projection projection = {}) {
  return *ranges::max_element(range, order, projection);
}

template <class One, class Other, class Equal = ranges::equal_to, class Projection = identity,
          class OtherProjection = identity>
constexpr bool equal(One&& one, Other&& other, Equal same = {}, Projection projection = {},
                     OtherProjection other_projection = {}) {
  return std::equal(ranges::begin(one), ranges::end(one), ranges::begin(other), ranges::end(other),
                    [&](const auto& a, const auto& b) {
                      return same(std::invoke(projection, a), std::invoke(other_projection, b));
                    });
}

template <class One, class Other>
constexpr auto mismatch(One&& one, Other&& other) {
  const auto [in1, in2] =
      std::mismatch(ranges::begin(one), ranges::end(one), ranges::begin(other), ranges::end(other));
  struct Result {
    decltype(ranges::begin(one)) in1;
    decltype(ranges::begin(other)) in2;
  };
  return Result{in1, in2};
}

template <class Range, class Output>
constexpr auto copy(Range&& range, Output output) {
  return std::copy(ranges::begin(range), ranges::end(range), output);
}

template <class Range, class Output, class Predicate>
constexpr auto copy_if(Range&& range, Output output, Predicate predicate) {
  return std::copy_if(ranges::begin(range), ranges::end(range), output, predicate);
}

template <class Range, class Value>
constexpr auto fill(Range&& range, const Value& value) {
  return std::fill(ranges::begin(range), ranges::end(range), value);
}

template <class Range, class Output, class Function>
constexpr auto transform(Range&& range, Output output, Function function) {
  return std::transform(ranges::begin(range), ranges::end(range), output, function);
}

}  // namespace ranges
}  // namespace std
// NOLINTEND(cert-dcl58-cpp)
#endif

#endif  // PPLCNET_EXAMPLES_BROWSER_NEWER_STANDARD_LIBRARY_HPP
