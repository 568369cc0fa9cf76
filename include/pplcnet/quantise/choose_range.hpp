#ifndef PPLCNET_QUANTISE_CHOOSE_RANGE_HPP
#define PPLCNET_QUANTISE_CHOOSE_RANGE_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/quantise/constants.hpp"
#include "pplcnet/quantise/histogram.hpp"
#include "pplcnet/rounding.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// How a channel's range is chosen among the values that it took.
enum class RangeMethod {
  min_max,        ///< all of them
  percentile,     ///< all but a few of the smallest and of the largest
  squared_error,  ///< those for which rounding and clipping together lose the least
};

/// What a program may choose of the way in which ranges are chosen.
struct RangeOptions {
  RangeMethod method = RangeMethod::min_max;
  /// So many per cent of the values are below the upper end, and as many above the lower one.
  double percentile = 99.99;
};

namespace ranges {

/// Returns the first bin of which more than `most` values are in it and those before.
template <class Bins>
auto after(Bins begin, Bins end, double most) {
  double count = 0;
  while (begin + 1 != end && (count += begin->count) <= most) ++begin;
  return begin;
}

inline Range percentile(std::span<const Histogram::Bin> bins, double count, double percent) {
  const double most = count * (100 - percent) / 100;
  return {after(bins.begin(), bins.end(), most)->low,
          after(bins.rbegin(), bins.rend(), most)->high};
}

/// Returns the sum of squared errors of values that become bytes of a range.
inline double squared_error(std::span<const Histogram::Bin> bins, const Range& range) {
  const double step = (range.high - range.low) / 255, inside = step * step / 12;
  double sum = 0;
  for (const Histogram::Bin& bin : bins) {
    const double value = bin.middle();
    const double clipped = value - std::clamp(value, range.low, range.high);
    const double one = clipped != 0 ? rounded(clipped * clipped) : value != 0 ? inside : 0;
    sum += rounded(one * bin.count);
  }
  return sum;
}

/// Moves one end of a range towards 0, to where the error is least.
inline void shrink(std::span<const Histogram::Bin> bins, double Range::*end, Range& range) {
  constexpr int kSteps = 64;
  Range tried = range;
  const double whole = range.*end;
  double least = squared_error(bins, range);
  for (int i = 1; i < kSteps; ++i) {
    tried.*end = whole * (kSteps - i) / kSteps;
    const double error = squared_error(bins, tried);
    if (error >= least) continue;
    least = error;
    range.*end = tried.*end;
  }
}

}  // namespace ranges

/// Chooses a channel's range, with 0 in it.
inline Range choose_range(const Histogram& histogram, const RangeOptions& options) {
  const Range whole = {histogram.low(), histogram.high()};
  if (options.method == RangeMethod::min_max || !(whole.high > whole.low)) return whole;
  const std::vector<Histogram::Bin> bins = histogram.bins();
  if (options.method == RangeMethod::percentile) {
    const Range most =
        ranges::percentile(bins, static_cast<double>(histogram.count()), options.percentile);
    const Range with_zero = {std::min(most.low, 0.0), std::max(most.high, 0.0)};
    return with_zero.high > with_zero.low ? with_zero : whole;
  }
  Range range = whole;
  ranges::shrink(bins, &Range::high, range);
  ranges::shrink(bins, &Range::low, range);
  return range;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_CHOOSE_RANGE_HPP
