#ifndef PPLCNET_TRAIN_SCHEDULE_HPP
#define PPLCNET_TRAIN_SCHEDULE_HPP

#include <algorithm>
#include <cstdint>

#include "pplcnet/abi.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/train/elementary.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The learning rate of every step, by PaddleClas' formulas: it rises in a straight line from 0,
/// and then falls. Step 0 of a warm-up has the rate 0: it moves nothing but the running statistics,
/// and fills the velocities.
struct Schedule {
  enum class Form : unsigned char {
    constant,
    cosine,  ///< falls by half a period of the cosine, to `lowest`
    stairs,  ///< falls to `factor` of itself after every `stair` steps
  };

  Form form = Form::cosine;
  double peak = 0.1;
  double lowest = 0;         ///< of cosine
  double factor = 0.1;       ///< of stairs
  std::int64_t warm_up = 0;  ///< steps
  std::int64_t decline = 0;  ///< steps from the peak to `lowest`
  std::int64_t stair = 1;    ///< steps

  /// Returns the schedule of so many epochs. A warm-up that is longer than they are is cut, and
  /// then the rate stays at the peak.
  static constexpr Schedule cosine(double peak, double epochs, double warm_up_epochs,
                                   std::int64_t steps_per_epoch) {
    const double warm_up = std::min(warm_up_epochs, epochs);
    const auto steps = static_cast<double>(steps_per_epoch);
    return {.form = Form::cosine,
            .peak = peak,
            .warm_up = round_half_even(rounded(warm_up * steps)),
            .decline = round_half_even(rounded((epochs - warm_up) * steps))};
  }

  /// Returns one that falls to `factor` of itself after every `stair_epochs`, counted from the end
  /// of the warm-up.
  static constexpr Schedule stairs(double peak, double factor, double stair_epochs,
                                   double warm_up_epochs, std::int64_t steps_per_epoch) {
    const auto steps = static_cast<double>(steps_per_epoch);
    return {.form = Form::stairs,
            .peak = peak,
            .factor = factor,
            .warm_up = round_half_even(rounded(warm_up_epochs * steps)),
            .stair = std::max<std::int64_t>(1, round_half_even(rounded(stair_epochs * steps)))};
  }

  /// Returns the rate of a step, counted from 0. The bits are the same on every machine.
  constexpr double rate(std::int64_t step) const {
    if (step < warm_up)
      return rounded(peak * static_cast<double>(step)) / static_cast<double>(warm_up);
    const std::int64_t since = step - warm_up;
    if (form == Form::stairs) {
      double value = peak;
      for (std::int64_t i = 0; i < since / stair && value > 0; ++i) value = rounded(value * factor);
      return value;
    }
    if (form == Form::constant || decline <= 0) return peak;
    const double part =
        static_cast<double>(std::min(since, decline)) / static_cast<double>(decline);
    const double share = (1 + sine_and_cosine(part / 2).cosine) / 2;
    return lowest + rounded((peak - lowest) * share);
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_SCHEDULE_HPP
