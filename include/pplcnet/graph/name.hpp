#ifndef PPLCNET_GRAPH_NAME_HPP
#define PPLCNET_GRAPH_NAME_HPP

#include <array>
#include <cstddef>
#include <string_view>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The name of a module of a network: a pattern in which each `#` stands for a number, and what
/// follows it. `Name("blocks.#.#", 3, 1) + ".conv_dw"` is `blocks.3.1.conv_dw`. Nothing is joined
/// by the compiler; `text_of` (weights/naming/) joins it.
struct Name {
  static constexpr int kMostNumbers = 3;

  std::string_view pattern;
  std::array<int, kMostNumbers> numbers = {};
  std::string_view leaf;

  constexpr Name() = default;
  constexpr Name(std::string_view text) : pattern(text) {}  // NOLINT(google-explicit-constructor)
  constexpr Name(const char* text) : pattern(text) {}       // NOLINT(google-explicit-constructor)
  constexpr Name(std::string_view text, int a, int b = 0, int c = 0)
      : pattern(text), numbers{a, b, c} {}

  constexpr bool empty() const { return pattern.empty() && leaf.empty(); }
  constexpr bool operator==(const Name&) const = default;

  /// Returns the number of `#` in the pattern and in what follows it.
  constexpr int count() const {
    int found = 0;
    for (const char c : pattern) found += c == '#' ? 1 : 0;
    for (const char c : leaf) found += c == '#' ? 1 : 0;
    return found;
  }

  /// Returns the name of a module inside this one; only one literal can be added.
  friend constexpr Name operator+(Name name, std::string_view module) {
    name.leaf = module;
    return name;
  }

  /// Returns the name of a module inside this one that has a number:
  /// `Name("blocks.#.#", 3, 1).inside(".conv.#", 2)` is `blocks.3.1.conv.2`.
  constexpr Name inside(std::string_view module, int number) const {
    Name name = *this + module;
    name.numbers[static_cast<std::size_t>(count())] = number;
    return name;
  }
};

/// What the tensors of a network are called beside the names of its modules: a convolution
/// `blocks.3` has `blocks.3.conv.weight` and `blocks.3.bn.weight`.
struct TensorNames {
  std::string_view weights = {}, norm = {};
  std::string_view mean = ".running_mean", variance = ".running_var";
  std::string_view slopes = {};  ///< of a PReLU, after a batch norm
  bool norm_is_next = false;     ///< a module of a sequence: the batch norm has the next number

  constexpr bool operator==(const TensorNames&) const = default;
};
inline constexpr TensorNames kTorchSequence = {.norm_is_next = true};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_NAME_HPP
