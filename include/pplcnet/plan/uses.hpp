#ifndef PPLCNET_PLAN_USES_HPP
#define PPLCNET_PLAN_USES_HPP

#include "pplcnet/plan/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// What a plan's passes know of each layer.
struct Uses {
  int last_reader[Plan::kMaxLayers] = {};  ///< of its own output; -1: none
  int last[Plan::kMaxLayers] = {};  ///< the last layer that reads or writes its map; an owner's
};

constexpr Uses uses_of(const Plan& plan) {
  Uses uses;
  for (int i = 0; i < plan.layer_count; ++i) {
    uses.last_reader[i] = -1;
    uses.last[i] = i;
    const Layer& layer = plan.layers[i];
    for (const int read : {layer.from, layer.addend, layer.factors}) {
      if (read < 0) continue;
      uses.last_reader[read] = i;
      uses.last[plan.layers[read].owner] = i;
    }
    uses.last[layer.owner] = i;
    if (layer.owner != i) uses.last_reader[layer.owner] = i;
  }
  return uses;
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_USES_HPP
