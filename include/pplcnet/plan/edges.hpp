#ifndef PPLCNET_PLAN_EDGES_HPP
#define PPLCNET_PLAN_EDGES_HPP

#include <algorithm>
#include <cstddef>

#include "pplcnet/plan/layer.hpp"

// Threads share a chain's work by bands of its rows; a band's edge is where the next one begins.

namespace pplcnet::inline PPLCNET_ABI {

/// Rows around an edge that the chain's source has for both bands: the lower band reads so many
/// above the edge, the upper band so many below it.
struct EdgeRows {
  int above = 0, below = 0;
  int step = 1;  ///< rows of the source for one of the chain's last layer
};

/// Returns what layers [first, last] of a chain read around an edge.
constexpr EdgeRows rows_at_edge(const Layer* layers, int first, int last) {
  EdgeRows rows;
  for (int i = last; i >= first; --i) {
    const Layer& layer = layers[i];
    const int stride = layer.stride.height, top = layer.padding.top;
    rows.above = std::max(0, rows.above * stride + top);
    rows.below = std::max(0, (rows.below - 1) * stride - top + layer.reach().height);
    rows.step *= stride;
  }
  return rows;
}

/// Returns whether a thread copies the rows of the chain's source around its band's edges, before
/// it reads them several times: a cache line that two cores read travels between them each time
/// that one of them has written it.
constexpr bool copies_edges(const Layer& first) {
  return first.reads_neighbours() && first.from >= 0 && first.source.exists() &&
         !first.source.local;
}

namespace planning {

/// Makes room for the copies around both edges of a band.
constexpr void make_room_at_edges(Plan& plan) {
  for (int first = 0; first < plan.layer_count; first = plan.layers[first].chain_end) {
    Layer& layer = plan.layers[first];
    if (!copies_edges(layer)) continue;
    layer.edge_copies = plan.scratch_floats;
    const EdgeRows edge = rows_at_edge(plan.layers, first, layer.chain_end - 1);
    const int rows = std::min(layer.input.height, 2 * (edge.above + edge.below));
    plan.edge_floats =
        std::max(plan.edge_floats, layer.source.row_pitch() * static_cast<std::size_t>(rows));
  }
  plan.edge_floats =
      static_cast<std::size_t>(round_up(static_cast<std::int64_t>(plan.edge_floats), kPanel));
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_EDGES_HPP
