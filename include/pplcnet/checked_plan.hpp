#ifndef PPLCNET_CHECKED_PLAN_HPP
#define PPLCNET_CHECKED_PLAN_HPP

#include "pplcnet/architecture.hpp"
#include "pplcnet/check_architecture.hpp"
#include "pplcnet/graph/flaw.hpp"
#include "pplcnet/graph/graph.hpp"
#include "pplcnet/plan.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What a definition consists of, `graph()` or `architecture`: one with a flaw does not compile,
/// and nothing more is said of it.
template <class Definition>
class Checked {
  static constexpr bool kIsGraph = requires { Definition::graph(); };

  static constexpr auto flaw() {
    if constexpr (kIsGraph)
      return Definition::graph().flaw();
    else
      return find_flaw(Definition::architecture);
  }
  static constexpr auto kFlaw = flaw();

  template <GraphFlaw kBroken>
  static constexpr bool is_sound() {
    return SoundGraph<kBroken.broken, kBroken.node, kBroken.found>::value;
  }
  template <Flaw kBroken>
  static constexpr bool is_sound() {
    return Sound<kBroken.broken, kBroken.block>::value;
  }

  static constexpr Plan plan(bool sound) {
    if (!sound) return make_plan(Architecture{});
    if constexpr (!kIsGraph)
      return make_plan(Definition::architecture);
    else if constexpr (requires { Definition::storage; })
      return make_plan(Definition::graph(), Definition::storage);
    else
      return make_plan(Definition::graph());
  }

 public:
  /// Returns the plan of the definition.
  static constexpr Plan plan() { return plan(is_sound<kFlaw>()); }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_CHECKED_PLAN_HPP
