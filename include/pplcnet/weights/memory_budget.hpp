#ifndef PPLCNET_WEIGHTS_MEMORY_BUDGET_HPP
#define PPLCNET_WEIGHTS_MEMORY_BUDGET_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/error.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The memory that a reader may still ask for. Formats that refer to one thing many times, or
/// describe many small ones, need such a bound: a few times the size of the file.
class MemoryBudget {
 public:
  static constexpr std::size_t kFactor = 4;
  /// For small networks: the descriptions of a few hundred tensors or nodes, which take some
  /// hundred bytes each, may be larger than all of their weights.
  static constexpr std::size_t kAllowance = 1 << 19;
  /// No less than an entry of a map or a deque, or a shared pointer's counters.
  static constexpr std::size_t kEntry = 64;

  explicit MemoryBudget(std::size_t file_size) : left_(kFactor * file_size + kAllowance) {}

  /// Returns whether there was so much left; memory that is given back does not count.
  bool take(std::size_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }

  /// Makes room for `count` elements in all, at least doubling what there is.
  template <class T>
  bool reserve(std::vector<T>& values, std::size_t count) {
    if (count <= values.capacity()) return true;
    count = std::max(count, 2 * values.capacity());
    if (count > left_ / sizeof(T) || !take(count * sizeof(T))) return false;
    values.reserve(count);
    return true;
  }

  /// Makes room for a text of that size.
  bool reserve(std::string& text, std::size_t size) {
    if (size <= text.capacity()) return true;
    if (!take(std::max(size, 2 * text.capacity()) + 1)) return false;
    text.reserve(size);
    return true;
  }

  /// Adds an element.
  template <class T>
  bool append(std::vector<T>& values, T value) {
    if (!reserve(values, values.size() + 1)) return false;
    values.push_back(std::move(value));
    return true;
  }

  /// Returns the error for when not enough is left.
  static Error exceeded(std::string_view path) {
    return Error::of(path, ": expected to need at most ", kFactor,
                     " times the memory of the file, found more");
  }

 private:
  std::size_t left_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_MEMORY_BUDGET_HPP
