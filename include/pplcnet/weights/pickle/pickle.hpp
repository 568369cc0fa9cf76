#ifndef PPLCNET_WEIGHTS_PICKLE_PICKLE_HPP
#define PPLCNET_WEIGHTS_PICKLE_PICKLE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/byte_stream.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/pickle/globals.hpp"
#include "pplcnet/weights/pickle/values.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Reads pickles of the protocols 2 to 5 (CPython's Lib/pickletools.py describes the opcodes):
/// those opcodes that dicts, lists, tuples, texts, bytes, numbers, numpy arrays and torch tensors
/// need. Nothing is called: a `call` is the list of a name, the tuple of its arguments, and what it
/// was given besides. A name that is not in kGlobals stays one, or is refused.
class PickleReader {
 public:
  using Kind = pickle::Kind;
  using Value = pickle::Value;

  /// Begins at a place in the file, and adds to its values. All of it must outlive the reader; the
  /// path is for messages.
  PickleReader(PickleValues& values, std::size_t place, std::string_view path, MemoryBudget& budget)
      : values_(values), rest_{values.file.subspan(place)}, path_(path), budget_(budget) {}

  /// Reads the next pickle.
  Error read(Value& result) {
    stack_.clear();
    marks_.clear();
    memo_.clear();
    if (values_.file.size() > std::numeric_limits<std::uint32_t>::max())
      return Error::of(path_, ": expected less than 4 GiB, found ", values_.file.size(), " bytes");
    for (bool stopped = false; !stopped;) {
      begin_ = position();
      if (!step(stopped)) return std::move(error_);
    }
    result = stack_.back();
    return {};
  }

  /// Returns where the pickles that were read end.
  std::size_t position() const { return values_.file.size() - rest_.bytes.size(); }

 private:
  bool step(bool& stopped) {
    std::uint64_t number = 0;
    if (!take(1, number)) return false;
    switch (const auto opcode = static_cast<std::uint8_t>(number)) {
      case 0x80:  // PROTO
        if (!take(1, number)) return false;
        return (number >= 2 && number <= 5) || fail({"expected protocol 2 to 5, found ", number});
      case 0x95:  // FRAME: its size is for those who read from a stream
        return take(8, number);
      case '.':  // STOP
        stopped = true;
        return (stack_.size() == 1 && marks_.empty()) ||
               fail({"expected one value in the end, found ", stack_.size()});
      case '(':  // MARK
        return append(marks_, stack_.size());
      case 'N':  // NONE
        return push({Kind::none});
      case 0x88:  // NEWTRUE
      case 0x89:  // NEWFALSE
        return push({Kind::boolean, 0, opcode == 0x88});
      case 'K':  // BININT1
      case 'M':  // BININT2
        return push_integer(opcode == 'K' ? 1 : 2, false);
      case 'J':  // BININT
        return push_integer(4, true);
      case 0x8a:  // LONG1
        return take(1, number) && push_integer(number, true);
      case 'G':  // BINFLOAT
        return take(8, number) && push({Kind::real});
      case 0x8c:  // SHORT_BINUNICODE
      case 'X':   // BINUNICODE
      case 0x8d:  // BINUNICODE8
        return push_bytes(Kind::text, opcode == 0x8c ? 1 : opcode == 'X' ? 4 : 8);
      case 'U':  // SHORT_BINSTRING
      case 'C':  // SHORT_BINBYTES
        return push_bytes(Kind::bytes, 1);
      case 'T':  // BINSTRING
      case 'B':  // BINBYTES
        return push_bytes(Kind::bytes, 4);
      case 0x8e:  // BINBYTES8
      case 0x96:  // BYTEARRAY8
        return push_bytes(Kind::bytes, 8);
      default:
        return step_of_containers(opcode);
    }
  }

  /// Takes a step that makes, fills or calls something.
  bool step_of_containers(std::uint8_t opcode) {
    std::uint64_t number = opcode;
    switch (opcode) {
      case ')':   // EMPTY_TUPLE
      case 0x85:  // TUPLE1
      case 0x86:  // TUPLE2
      case 0x87:  // TUPLE3
        return gather(Kind::tuple, opcode == ')' ? 0 : opcode - 0x84u);
      case 't':  // TUPLE
        return pop_mark(number) && gather(Kind::tuple, number);
      case ']':  // EMPTY_LIST
        return gather(Kind::list, 0);
      case 'a':  // APPEND
        return extend(Kind::list, 1);
      case 'e':  // APPENDS
        return pop_mark(number) && extend(Kind::list, number);
      case '}':  // EMPTY_DICT
        return gather(Kind::dict, 0);
      case 's':  // SETITEM
        return extend(Kind::dict, 2);
      case 'u':  // SETITEMS
        return pop_mark(number) && extend(Kind::dict, number);
      case 'q':  // BINPUT
      case 'r':  // LONG_BINPUT
        return take(opcode == 'q' ? 1 : 4, number) && put(number);
      case 0x94:  // MEMOIZE
        return put(memo_.size());
      case 'h':  // BINGET
      case 'j':  // LONG_BINGET
        return take(opcode == 'h' ? 1 : 4, number) && get(number);
      case 'c':  // GLOBAL
        return push_global_of_lines();
      case 'i':  // INST, of protocol 0: read only for the name of what it calls
        return push_global_of_lines() &&
               fail({"expected an opcode that weights need, found ", number});
      case 0x93:  // STACK_GLOBAL
        return push_global_of_stack();
      case 'R':   // REDUCE
      case 0x81:  // NEWOBJ
        return call();
      case 'b':  // BUILD
        return set_state();
      case 'Q':  // BINPERSID
        return gather(Kind::storage, 1) && append(values_.storages, stack_.back());
      default:
        return fail({"expected an opcode that weights need, found ", number});
    }
  }
  bool fail(std::initializer_list<Piece> pieces) {
    error_ = Error::of(path_, ": byte ", begin_, " of the pickle: ", join(pieces));
    return false;
  }
  bool exceed() {
    error_ = MemoryBudget::exceeded(path_);
    return false;
  }
  template <class T>
  bool reserve(std::vector<T>& values, std::uint64_t count) {
    return budget_.reserve(values, static_cast<std::size_t>(count)) || exceed();
  }
  template <class T>
  bool append(std::vector<T>& values, T value) {
    return budget_.append(values, std::move(value)) || exceed();
  }
  bool has(std::uint64_t count) {
    const std::size_t found = stack_.size() - (marks_.empty() ? 0 : marks_.back());
    return found >= count || fail({"expected ", count, " values, found ", found});
  }
  /// Reads bytes, or a number of so many.
  template <class Taken>
  bool take(std::uint64_t size, Taken& taken) {
    return rest_.take(size, taken) ||
           fail({"expected ", size, " more bytes, found ", rest_.bytes.size()});
  }
  bool push(Value value) { return append(stack_, value); }
  bool push_integer(std::uint64_t size, bool is_signed) {
    std::uint64_t bits = 0;
    if (size > sizeof(bits)) return fail({"expected an integer of at most 8 bytes, found ", size});
    if (!take(static_cast<std::size_t>(size), bits)) return false;
    const std::uint64_t sign = size > 0 && is_signed ? std::uint64_t{1} << (8 * size - 1) : 0;
    return push({Kind::integer, 0, static_cast<std::int64_t>((bits ^ sign) - sign)});
  }
  bool push_bytes(Kind kind, std::size_t number_size) {
    std::uint64_t number = 0;
    std::span<const std::byte> taken;
    if (!take(number_size, number) || !take(number, taken)) return false;
    const std::size_t begin = position() - taken.size();
    return push({kind, static_cast<std::uint32_t>(number), static_cast<std::int64_t>(begin)});
  }
  /// Counts the values above the last mark, which is gone then.
  bool pop_mark(std::uint64_t& count) {
    if (marks_.empty()) return fail({"expected a mark, found none"});
    count = stack_.size() - marks_.back();
    marks_.pop_back();
    return true;
  }
  /// Puts the last values into a container.
  bool gather(Kind kind, std::uint64_t count) {
    if (!has(count)) return false;
    const auto begin = stack_.end() - static_cast<std::ptrdiff_t>(count);
    std::vector<Value> items;
    if (!reserve(items, count)) return false;
    items.assign(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    const auto number = static_cast<std::int64_t>(values_.containers.size());
    return append(values_.containers, std::move(items)) && push({kind, 0, number});
  }
  /// Adds the last values to the container before them.
  bool extend(Kind kind, std::uint64_t count) {
    if (!has(count + 1)) return false;
    const auto begin = stack_.end() - static_cast<std::ptrdiff_t>(count);
    const Value container = begin[-1];
    if (container.kind != kind && !values_.is_foreign_object(container))
      return fail({"expected ", name_of(kind), " to add to, found ", name_of(container.kind)});
    if (kind == Kind::dict && count % 2 != 0) return fail({"expected a value for each key"});
    std::vector<Value>& items = values_.containers[static_cast<std::size_t>(container.number)];
    if (!reserve(items, items.size() + count)) return false;
    items.insert(items.end(), begin, stack_.end());
    stack_.erase(begin, stack_.end());
    return true;
  }
  bool put(std::uint64_t number) {
    const auto index = static_cast<std::size_t>(number);
    if (!has(1) || !reserve(memo_, number + 1)) return false;
    if (index >= memo_.size()) memo_.resize(index + 1);
    memo_[index] = stack_.back();
    return true;
  }
  bool get(std::uint64_t number) {
    if (number >= memo_.size()) return fail({"expected ", number, " in the memo, found nothing"});
    return push(memo_[static_cast<std::size_t>(number)]);
  }
  bool push_global(std::string_view module, std::string_view name) {
    if (const auto* row = pickle::find_global(module, name); row != nullptr)
      return push({Kind::global, 0, row - pickle::kGlobals});
    if (!pickle::is_refused(module, name)) return push(values_.foreign_name(name));
    error_ = Error::of(path_, ": wants to call ", quote(join({module, ".", name})),
                       ", which is refused");
    return false;
  }
  bool push_global_of_lines() {
    std::string_view lines[2];
    for (std::string_view& line : lines) {
      const auto newline = std::ranges::find(rest_.bytes, std::byte{'\n'});
      std::span<const std::byte> taken;
      if (!take(static_cast<std::size_t>(newline - rest_.bytes.begin()) + 1, taken)) return false;
      line = {reinterpret_cast<const char*>(taken.data()), taken.size() - 1};
    }
    return push_global(lines[0], lines[1]);
  }
  bool push_global_of_stack() {
    if (!has(2)) return false;
    const Value module = stack_.end()[-2], name = stack_.end()[-1];
    if (!values_.is_text(module) || !values_.is_text(name)) return fail({"expected two texts"});
    stack_.resize(stack_.size() - 2);
    return push_global(values_.text(module), values_.text(name));
  }
  bool call() {
    if (!has(2)) return false;
    const Value function = stack_.end()[-2], arguments = stack_.end()[-1];
    const bool foreign = function.kind == Kind::foreign;
    if ((function.kind != Kind::global && !foreign) || arguments.kind != Kind::tuple)
      return fail({"expected a function and a tuple, found ", name_of(function.kind), " and ",
                   name_of(arguments.kind)});
    if (foreign || values_.global(function).meaning != pickle::Global::ordered_dict)
      return gather(Kind::call, 2);
    if (!values_.items(arguments).empty()) return fail({"expected an empty OrderedDict"});
    stack_.resize(stack_.size() - 2);
    return gather(Kind::dict, 0);
  }
  bool set_state() {
    if (!has(2)) return false;
    const Value object = stack_.end()[-2], state = stack_.end()[-1];
    if (object.kind != Kind::call && object.kind != Kind::dict)
      return fail({"expected an object that has a state, found ", name_of(object.kind)});
    stack_.pop_back();
    if (object.kind == Kind::dict) return true;  // a state dict's _metadata
    std::vector<Value>& parts = values_.containers[static_cast<std::size_t>(object.number)];
    if (parts.size() > 2 && !values_.is_foreign_object(object))
      return fail({"expected an object without a state"});
    return append(parts, state);
  }

  PickleValues& values_;
  ByteStream rest_;
  std::string_view path_;
  MemoryBudget& budget_;
  std::size_t begin_ = 0;  // of the opcode
  Error error_;
  std::vector<Value> stack_;
  std::vector<std::size_t> marks_;  // the sizes that the stack had
  std::vector<Value> memo_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PICKLE_PICKLE_HPP
