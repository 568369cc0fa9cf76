#ifndef PPLCNET_TRAIN_RANDOM_HPP
#define PPLCNET_TRAIN_RANDOM_HPP

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "pplcnet/abi.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/train/elementary.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What SplitMix64 adds to its state for each number.
inline constexpr std::uint64_t kSplitMixStep = 0x9E3779B97F4A7C15;

/// Returns SplitMix64's number after a state: all of its bits depend on all bits of that.
constexpr std::uint64_t split_mix(std::uint64_t state) {
  std::uint64_t word = state + kSplitMixStep;
  word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9U;
  word = (word ^ (word >> 27)) * 0x94D049BB133111EBU;
  return word ^ (word >> 31);
}

/// What random numbers are drawn for. Numbers for one purpose say nothing about those for another;
/// the values are part of what makes a run repeatable.
enum class RandomPurpose : unsigned char {
  weights = 1,
  order = 2,    ///< of the pictures of an epoch
  picture = 3,  ///< how it is cropped, turned, coloured
  mixing = 4,   ///< of the pictures of a batch
  dropout = 5,
};

/// Random numbers that depend on nothing but what they are for: a seed, a purpose, an epoch and a
/// picture (or a step, or a tensor). No state is shared, so threads draw the same ones in any
/// order, and a run that continues draws those that it would have drawn.
class Random {
 public:
  constexpr Random(std::uint64_t seed, RandomPurpose purpose, std::uint64_t epoch = 0,
                   std::uint64_t picture = 0) {
    for (const std::uint64_t word :
         {seed, std::uint64_t{static_cast<unsigned char>(purpose)}, epoch, picture})
      key_ = split_mix(key_ + word);
  }

  /// Returns 64 random bits (SplitMix64).
  constexpr std::uint64_t bits() { return split_mix(key_ + kSplitMixStep * count_++); }

  /// Returns a number from 0 up to, and without, 1: a multiple of 2^-53.
  constexpr double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  /// Returns a number from `low` to `high`.
  constexpr double uniform(double low, double high) {
    return low + rounded((high - low) * uniform());
  }

  /// Returns a whole number from `first` to `last`, each with the same chance.
  constexpr std::int64_t integer(std::int64_t first, std::int64_t last) {
    const std::uint64_t most = static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first);
    const int unused = std::countl_zero(most);
    std::uint64_t value = most;
    if (most > 0) do {
        value = bits() >> unused;
      } while (value > most);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(first) + value);
  }

  /// Returns true with a probability from 0 to 1.
  constexpr bool chance(double probability) { return uniform() < probability; }

  /// Returns a number of the normal distribution (Box and Muller); its bits are the same on every
  /// machine.
  double normal() {
    const double radius = std::sqrt(rounded(-2 * natural_logarithm(1 - uniform())));
    return rounded(radius * sine_and_cosine(uniform()).cosine);
  }

  /// Puts values into a random order.
  template <class Value>
  constexpr void shuffle(std::span<Value> values) {
    for (std::size_t i = values.size(); i > 1; --i)
      std::swap(values[i - 1],
                values[static_cast<std::size_t>(integer(0, static_cast<std::int64_t>(i) - 1))]);
  }

 private:
  std::uint64_t key_ = 0, count_ = 0;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_RANDOM_HPP
