#ifndef PPLCNET_QUANTISE_HISTOGRAM_HPP
#define PPLCNET_QUANTISE_HISTOGRAM_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/rounding.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The values of a channel: how many there were of each size, their extremes and their mean. All of
/// it is integers and extremes, so that neither the order of pictures nor their division among
/// threads changes a bit. It counts up to 2^32 values.
class Histogram {
 public:
  /// Values that count as one, from `low` to `high`.
  struct Bin {
    double low = 0, high = 0, count = 0;
    double middle() const { return (low + high) / 2; }
  };

  /// Adds the values of one picture.
  void add(std::span<const float> values) {
    double sum = 0;
    for (const float value : values) {
      ++bins_[bin_of(value)];
      low_ = std::min(low_, value);
      high_ = std::max(high_, value);
      sum += double{value};
    }
    finite_ = finite_ && std::abs(sum) <= kMostMean * static_cast<double>(values.size());
    if (!finite_ || values.empty()) return;
    sum_of_means_ += round_half_even(sum / static_cast<double>(values.size()) * kMeanSteps);
    count_ += values.size();
    ++pictures_;
  }

  /// Adds what another one has counted.
  void merge(const Histogram& other) {
    std::ranges::transform(bins_, other.bins_, bins_.begin(), std::plus<>());
    low_ = std::min(low_, other.low_);
    high_ = std::max(high_, other.high_);
    finite_ = finite_ && other.finite_;
    sum_of_means_ += other.sum_of_means_;
    count_ += other.count_;
    pictures_ += other.pictures_;
  }

  /// Returns false if there was an infinite number, or none, or one beyond all measure.
  bool is_finite() const { return finite_; }
  std::uint64_t count() const { return count_; }
  /// Return the extremes, and 0 if it is beyond them.
  float low() const { return low_; }
  float high() const { return high_; }
  double mean() const {
    if (pictures_ == 0) return 0;
    return static_cast<double>(sum_of_means_) / kMeanSteps / static_cast<double>(pictures_);
  }

  /// Returns the bins that are not empty, from the smallest values on, within the extremes.
  std::vector<Bin> bins() const {
    std::vector<Bin> result;
    for (std::size_t i = 0; i < kBins; ++i)
      if (bins_[i] > 0)
        result.push_back({i == 0 ? double{low_} : std::max(edge(i), double{low_}),
                          i + 1 == kBins ? double{high_} : std::min(edge(i + 1), double{high_}),
                          static_cast<double>(bins_[i])});
    return result;
  }

 private:
  // Of each sign there are 32 bins for each power of two from 2^-16 to 2^16: the first bits of a
  // float say which, so that no range need be known before.
  static constexpr int kDropped = 18;
  static constexpr std::uint32_t kFirst = std::bit_cast<std::uint32_t>(0x1p-16F) >> kDropped;
  static constexpr std::uint32_t kEnd = std::bit_cast<std::uint32_t>(0x1p16F) >> kDropped;
  static constexpr std::size_t kSide = kEnd - kFirst, kBins = 2 * kSide;
  static constexpr double kMeanSteps = 1 << 24, kMostMean = 1 << 16;

  static std::size_t bin_of(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t size = std::clamp((bits & 0x7FFFFFFFU) >> kDropped, kFirst, kEnd - 1);
    return (bits >> 31) != 0 ? kSide - 1 - (size - kFirst) : kSide + (size - kFirst);
  }
  /// Returns where a bin begins.
  static double edge(std::size_t bin) {
    const bool negative = bin < kSide;
    const auto steps = static_cast<std::uint32_t>(negative ? kSide - bin : bin - kSide);
    if (steps == 0) return 0;
    const double size = std::bit_cast<float>((kFirst + steps) << kDropped);
    return negative ? -size : size;
  }

  std::array<std::uint32_t, kBins> bins_ = {};
  float low_ = 0, high_ = 0;
  bool finite_ = true;
  std::int64_t sum_of_means_ = 0;
  std::uint64_t count_ = 0, pictures_ = 0;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_HISTOGRAM_HPP
