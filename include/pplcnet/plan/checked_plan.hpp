#ifndef PPLCNET_PLAN_CHECKED_PLAN_HPP
#define PPLCNET_PLAN_CHECKED_PLAN_HPP

#include "pplcnet/graph/flaw.hpp"
#include "pplcnet/graph/graph.hpp"
#include "pplcnet/plan/make_plan.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The plan of a definition, `graph()` and perhaps `storage`: one with a flaw does not compile, and
/// nothing more is said of it.
template <class Definition>
class Checked {
  static constexpr GraphFlaw kFlaw = Definition::graph().flaw();

  static constexpr Graph sound_graph() {
    if constexpr (SoundGraph<kFlaw.broken, kFlaw.node, kFlaw.found>::value) {
      return Definition::graph();
    } else {
      Graph nothing({1, 1});
      nothing.output(nothing.dense(nothing.global_mean(nothing.image()), 1, {}));
      return nothing;
    }
  }

 public:
  /// Returns the plan of the definition.
  static constexpr Plan plan() {
    if constexpr (requires { Definition::storage; })
      return make_plan(sound_graph(), Definition::storage);
    else
      return make_plan(sound_graph());
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_CHECKED_PLAN_HPP
