#ifndef PPLCNET_PLAN_MAP_CHAINS_HPP
#define PPLCNET_PLAN_MAP_CHAINS_HPP

#include <algorithm>
#include <cstddef>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/uses.hpp"

// Chains of layers that write maps pixel by pixel: a gate, a sum, a map that is enlarged for one.

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// Has a layer's output go to a ring of so many rows in scratch.
constexpr void keep_rows(Plan& plan, Layer& layer, int rows) {
  layer.target.ring = rows;
  layer.target.local = true;
  layer.target.offset = plan.scratch_floats;
  plan.scratch_floats += layer.target.floats();
}

/// Returns whether a row of a layer's output is made from the same row of the maps that it reads,
/// or from one of a map of another height.
constexpr bool reads_same_row(const Layer& layer) {
  return layer.op == Operator::gate || layer.op == Operator::add ||
         (layer.op == Operator::resize && layer.resampling == Resampling::nearest);
}

/// Returns whether a layer can be in a chain: some layer reads its output, else it would be
/// computed on request only.
constexpr bool can_chain(const Plan& plan, const Uses& uses, int layer) {
  return reads_same_row(plan.layers[layer]) && uses.last[plan.layers[layer].owner] > layer;
}

/// Returns whether a layer writes to the map of another one's output.
constexpr bool shares_map(const Plan& plan, int layer, int other) {
  return plan.layers[layer].owner == plan.layers[other].owner;
}

/// Returns the end of the chain that layer `first` can begin: layers one after the other, whose
/// outputs have the same rows; what is resized is there before.
constexpr int map_chain_end(const Plan& plan, const Uses& uses, int first) {
  const auto continues = [&](int layer) {
    const Layer& next = plan.layers[layer];
    if (!can_chain(plan, uses, layer) || next.output.height != plan.layers[first].output.height)
      return false;
    if (next.op != Operator::resize) return true;
    for (int i = first; i < layer; ++i)
      if (shares_map(plan, i, next.from)) return false;
    return true;
  };
  int end = first;
  while (end < plan.layer_count && continues(end)) ++end;
  return end;
}

/// Makes layers [first, end) a chain: a few rows of all of them at a time, which fill `bytes` of a
/// cache. Maps that only they read are not stored whole.
constexpr void form_map_chain(Plan& plan, const Uses& uses, int first, int end, std::size_t bytes) {
  std::size_t row = 0;
  for (int i = first; i < end; ++i)
    row += sizeof(float) * plan.layers[plan.layers[i].owner].target.row_pitch();
  const auto height = static_cast<std::size_t>(plan.layers[first].output.height);
  const auto rows =
      static_cast<int>(std::clamp(bytes / std::max<std::size_t>(row, 1), std::size_t{1}, height));
  for (int i = first; i < end; ++i) {
    Layer& layer = plan.layers[i];
    layer.rows = rows;
    if (layer.owner == i && uses.last[i] < end) keep_rows(plan, layer, rows);
  }
  plan.layers[first].chain_end = end;
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_MAP_CHAINS_HPP
