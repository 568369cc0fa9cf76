#ifndef PPLCNET_PLAN_CHECKED_QUANTISED_PLAN_HPP
#define PPLCNET_PLAN_CHECKED_QUANTISED_PLAN_HPP

#include "pplcnet/plan/checked_plan.hpp"
#include "pplcnet/plan/make_quantised_plan.hpp"
#include "pplcnet/plan/quantised_flaw.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The plan in bytes of a definition that is `Checked`: one that cannot be quantised does not
/// compile, and nothing more is said of it.
template <class CheckedDefinition>
class CheckedQuantised {
  static constexpr Plan kFloats = CheckedDefinition::plan();
  static constexpr QuantisedFlaw kFlaw = quantised_flaw(kFloats);

  /// Is a definition of a network without a flaw, in the place of one that has one.
  struct Nothing {
    static constexpr Graph graph() {
      Graph nothing({1, 1});
      nothing.output(
          nothing.dense(nothing.global_mean(nothing.conv(nothing.image(), 1, {})), 1, {}));
      return nothing;
    }
  };

 public:
  /// Returns the plan of the definition.
  static constexpr QuantisedPlan plan() {
    if constexpr (Quantisable<kFlaw.broken, kFlaw.layer>::value)
      return make_quantised_plan(kFloats);
    else
      return make_quantised_plan(Checked<Nothing>::plan());
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_CHECKED_QUANTISED_PLAN_HPP
