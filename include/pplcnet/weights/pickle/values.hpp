#ifndef PPLCNET_WEIGHTS_PICKLE_VALUES_HPP
#define PPLCNET_WEIGHTS_PICKLE_VALUES_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/pickle/globals.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace pickle {

enum class Kind : std::uint8_t {
  nothing,
  none,
  boolean,
  integer,
  real,
  text,
  bytes,
  tuple,
  list,
  dict,
  global,
  foreign,  ///< a name that has no meaning here
  call,
  storage,
};

/// With its article, for messages.
constexpr std::string_view name_of(Kind kind) {
  constexpr std::string_view kNames[] = {
      "nothing", "None",   "a bool", "an integer", "a float", "a text",    "bytes",
      "a tuple", "a list", "a dict", "a function", "a class", "an object", "a storage"};
  return kNames[static_cast<std::size_t>(kind)];
}

/// A Python value, or where it is: texts and bytes stay in the file, containers in the reader.
struct Value {
  Kind kind = Kind::nothing;
  std::uint32_t size = 0;   ///< of a text, bytes, or a foreign name
  std::int64_t number = 0;  ///< a bool's or integer's; a place, a container, or a row of kGlobals
};

}  // namespace pickle

/// Values read from pickles. Values refer to containers by number, and nothing follows such
/// references by itself, so neither depth nor cycles are of any concern.
struct PickleValues {
  using Kind = pickle::Kind;
  using Value = pickle::Value;

  std::span<const std::byte> file;             ///< must outlive this
  std::vector<std::vector<Value>> containers;  ///< see `items`
  std::vector<Value> storages;                 ///< all persistent ids: torch's storages

  std::span<const std::byte> bytes(const Value& value) const {
    return file.subspan(static_cast<std::size_t>(value.number), value.size);
  }

  /// A text, or bytes, which is what Python 2 calls a text.
  static bool is_text(const Value& value) {
    return value.kind == Kind::text || value.kind == Kind::bytes;
  }
  std::string_view text(const Value& value) const {
    return {reinterpret_cast<const char*>(bytes(value).data()), value.size};
  }

  /// Returns what is in a tuple, a list, a dict (a key, its value, ..), a call, or a storage (its
  /// id).
  std::span<const Value> items(const Value& value) const {
    return containers[static_cast<std::size_t>(value.number)];
  }

  static const pickle::GlobalRow& global(const Value& value) {
    return pickle::kGlobals[value.number];
  }
  static bool is_global(const Value& value, pickle::Global meaning) {
    return value.kind == Kind::global && global(value).meaning == meaning;
  }

  /// The arguments of a call of that meaning; none, and false, if it is no such call.
  bool is_call(const Value& value, pickle::Global meaning,
               std::span<const Value>& arguments) const {
    if (value.kind != Kind::call || !is_global(items(value)[0], meaning)) return false;
    arguments = items(items(value)[1]);
    return true;
  }
  /// Returns the state of a call; none if it has none that is a tuple.
  std::span<const Value> state(const Value& call) const {
    const std::span<const Value> parts = items(call);
    if (parts.size() < 3 || parts[2].kind != Kind::tuple) return {};
    return items(parts[2]);
  }

  /// Returns a name, which is part of the file, that has no meaning here.
  Value foreign_name(std::string_view name) const {
    return {Kind::foreign, static_cast<std::uint32_t>(name.size()),
            reinterpret_cast<const std::byte*>(name.data()) - file.data()};
  }
  /// Returns whether a value is an object of a class of such a name, whatever is in it.
  bool is_foreign_object(const Value& value) const {
    return value.kind == Kind::call && items(value)[0].kind == Kind::foreign;
  }

  /// Returns the error for a value of an unexpected kind.
  std::string found(const Value& value) const {
    if (value.kind == Kind::text) return quote(text(value));
    if (is_foreign_object(value)) return join({"an object of ", quote(text(items(value)[0]))});
    if (value.kind == Kind::call) return join({"a call of ", quote(global(items(value)[0]).name)});
    return std::string(name_of(value.kind));
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PICKLE_VALUES_HPP
