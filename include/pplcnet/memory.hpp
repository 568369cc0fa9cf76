#ifndef PPLCNET_MEMORY_HPP
#define PPLCNET_MEMORY_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "pplcnet/layer.hpp"

// Where a plan's activations live, and how many rows of them at a time.

namespace pplcnet::inline PPLCNET_ABI {

/// The cost model: how much of each cache a block of rows may fill, in bytes. Rows of a depthwise
/// layer wait in scratch for the pointwise layer that reads them. Where the pointwise weights fit
/// L1 beside them, the rows should too; where the weights stream from L2 anyway, more rows share
/// each pass over them.
inline constexpr std::size_t kL1Share = 28 << 10;
inline constexpr std::size_t kL2Share = 256 << 10;
/// The lines of the picture that a block of a convolution's rows reads: less than other blocks, as
/// they are written first.
inline constexpr std::size_t kLinesShare = 14 << 10;

/// Panels of float16 weights that become float32 at a time: what a product's tile can use.
inline constexpr int kWidenedPanels = 2;

/// A map larger than this would not be in L2 any more when it is read: it is not stored whole, but
/// computed a few rows at a time, just before its reader needs them (a chain).
inline constexpr std::size_t kLargestMap = 640 << 10;

namespace planning {

/// Pixels whose distance is a multiple of 512 bytes compete for an eighth of L1 or less, and a 5×5
/// kernel reads dozens of them at a time: one more cache line between them spreads them over all
/// of it.
constexpr int spread_pitch(int channels) {
  return channels % 128 == 0 ? channels + kPanel : channels;
}

/// The layer whose map holds a layer's output: a gate works in place, and what lies beside another
/// output is in its map.
constexpr int owner(const Plan& plan, int layer) {
  while (layer >= 0) {
    if (plan.layers[layer].op == Operator::gate)
      layer = plan.layers[layer].from;
    else if (plan.layers[layer].beside >= 0)
      layer = plan.layers[layer].beside;
    else
      break;
  }
  return layer;
}

/// The last layer that reads or writes the map of `layer`; itself if no other does.
constexpr int last_use(const Plan& plan, int layer) {
  for (int i = plan.layer_count - 1; i > layer; --i)
    if (owner(plan, plan.layers[i].from) == layer || owner(plan, plan.layers[i].addend) == layer ||
        owner(plan, i) == layer)
      return i;
  return layer;
}

/// The map of a layer, stored whole, inside the frame that its readers need.
constexpr Map framed(const Plan& plan, int layer) {
  Map map = {.shape = plan.layers[layer].output, .ring = plan.layers[layer].output.height};
  for (int i = layer + 1; i < plan.layer_count; ++i) {
    const Layer& other = plan.layers[i];
    if (other.beside == layer) map.shape.channels += other.output.channels;
    if (!other.reads_neighbours() || owner(plan, other.from) != layer) continue;
    map.left = std::max(map.left, other.padding());
    map.right = std::max(map.right, other.framed_columns() - other.padding() - other.input.width);
  }
  map.pixel_pitch = spread_pitch(static_cast<int>(round_up(map.shape.channels, kHalfPanel)));
  return map;
}

/// Rows that fit, in blocks of nearly equal height; an even number where there is more than one
/// block, since depthwise tiles are two rows high.
constexpr int rows_of(std::size_t bytes, std::size_t bytes_per_row, int height) {
  const auto fit = static_cast<int>(
      std::clamp<std::size_t>(bytes / bytes_per_row, 2, static_cast<std::size_t>(height) + 1));
  const auto blocks = ceil_div(height, fit / 2 * 2);
  return std::min(height, static_cast<int>(round_up(ceil_div(height, blocks), 2)));
}

/// The last layer of the unit that `first` begins: layers whose rows go through scratch into the
/// next one, and the one behind them.
constexpr int unit_end(const Plan& plan, int first) {
  while (plan.layers[first].fused) ++first;
  return first;
}

/// Room for the row of zeros, which stands for the rows above and below any map.
constexpr std::size_t zero_row(const Plan& plan) {
  std::size_t zeros = 0;
  for (int i = 0; i < plan.layer_count; ++i)
    if (plan.layers[i].reads_neighbours())
      zeros = std::max(zeros, framed(plan, owner(plan, plan.layers[i].from)).row_pitch());
  return static_cast<std::size_t>(round_up(static_cast<std::int64_t>(zeros), kPanel));
}

/// Rows of a convolution, and the floats of scratch that their lines of the picture take.
constexpr std::size_t choose_convolution_rows(Layer& layer) {
  const std::size_t line =
      layer.phase_columns() * static_cast<std::size_t>(layer.input.channels * layer.stride.width);
  layer.rows =
      rows_of(kLinesShare, sizeof(float) * line * static_cast<std::size_t>(layer.stride.height),
              layer.output.height);
  return line * static_cast<std::size_t>((layer.rows - 1) * layer.stride.height + layer.kernel);
}

/// Rows of a unit of several layers, and the floats of scratch that they take.
constexpr std::size_t choose_unit_rows(Plan& plan, int first, int last) {
  std::size_t line = 0, weights = 0;
  for (int i = first; i <= last; ++i) {
    Layer& layer = plan.layers[i];
    if (layer.op == Operator::pointwise) weights += layer.weight_floats();
    if (i == last) break;
    layer.pitch = spread_pitch(layer.padded_channels());
    line += static_cast<std::size_t>(layer.output.width) * static_cast<std::size_t>(layer.pitch);
  }
  const bool small = weights * sizeof(float) <= kL1Share;
  const int rows =
      rows_of(small ? kL1Share : kL2Share, sizeof(float) * line, plan.layers[last].output.height);
  std::size_t place = plan.layers[first].scratch;
  for (int i = first; i <= last; ++i) {
    Layer& layer = plan.layers[i];
    layer.rows = rows;
    layer.scratch = place;
    place += static_cast<std::size_t>(layer.output.width) * static_cast<std::size_t>(layer.pitch) *
             static_cast<std::size_t>(rows);
  }
  return line * static_cast<std::size_t>(rows);
}

/// How many rows each layer computes at a time, and the scratch that takes.
constexpr void choose_rows(Plan& plan) {
  const std::size_t zeros = zero_row(plan);
  std::size_t blocks = zeros, widened = 0;  // behind each other
  for (int first = 0, last = 0; first < plan.layer_count; first = last + 1) {
    last = unit_end(plan, first);
    Layer& layer = plan.layers[first];
    std::size_t floats = 0;
    for (int i = first; i <= last; ++i) plan.layers[i].scratch = zeros;
    if (last > first)
      floats = choose_unit_rows(plan, first, last);
    else if (layer.op == Operator::convolution)
      floats = choose_convolution_rows(layer);
    else
      layer.rows = layer.output.height;
    blocks = std::max(blocks, static_cast<std::size_t>(
                                  round_up(static_cast<std::int64_t>(zeros + floats), kPanel)));
    for (int i = first; i <= last; ++i)
      if (plan.layers[i].half)
        widened = std::max(
            widened, static_cast<std::size_t>(kWidenedPanels * kPanel * plan.layers[i].depth()));
  }
  for (int i = 0; i < plan.layer_count; ++i) plan.layers[i].widened = blocks;
  plan.scratch_floats = blocks + widened;
}

/// Rows of `writer`'s map that must be kept while `reader` works through it block by block: what
/// one of its blocks needs, and what is written beyond it, the rest of the writer's block.
constexpr int ring_rows(const Layer& writer, const Layer& reader) {
  const int needed = (reader.rows - 1) * reader.stride.height + reader.reach() + writer.rows - 1;
  return std::min(writer.output.height, static_cast<int>(round_up(needed, writer.rows)));
}

/// Whether `layer` can be in one chain with the layer behind it, its only reader, and its output is
/// too large to be stored whole.
constexpr bool joins(const Plan& plan, int layer, const Map& whole) {
  const Layer& writer = plan.layers[layer];
  const Layer& reader = plan.layers[layer + 1];
  if (!writer.works_by_rows() || !reader.works_by_rows() || !reader.reads_neighbours())
    return false;
  if (reader.from != layer || last_use(plan, layer) != layer + 1) return false;
  return 2 * ring_rows(writer, reader) < writer.output.height &&
         whole.floats() * sizeof(float) > kLargestMap;
}

/// Joins layers into chains: a layer whose output is too large to be stored whole is in one chain
/// with its reader, and its output goes to a ring of rows in scratch. (Stored whole it is where a
/// chain would become too long, behind which another one begins.)
constexpr void form_chains(Plan& plan) {
  int first = 0;
  for (int i = 0; i < plan.layer_count; ++i) {
    Layer& layer = plan.layers[i];
    layer.leaf = !layer.gives_vector() && owner(plan, i) == i && last_use(plan, i) == i;
    bool joined = layer.fused;
    if (!layer.fused && !layer.gives_vector() && owner(plan, i) == i) {
      layer.target = framed(plan, i);
      joined = joins(plan, i, layer.target) && unit_end(plan, i + 1) - first < Plan::kMaxChain;
      if (joined) {
        layer.target.ring = ring_rows(layer, plan.layers[i + 1]);
        layer.target.local = true;
        layer.target.offset = plan.scratch_floats;
        plan.scratch_floats += layer.target.floats();
      }
    }
    if (joined) continue;
    plan.layers[first].chain_end = i + 1;
    first = i + 1;
  }
}

/// The map that a layer reads or writes: its own, or its part of another's.
constexpr Map map_of(const Plan& plan, int layer) {
  if (layer < 0) return {};
  const Layer& writer = plan.layers[layer];
  if (writer.op == Operator::gate) return map_of(plan, writer.from);
  Map map = plan.layers[owner(plan, layer)].target;
  if (writer.beside >= 0)
    map.offset += static_cast<std::size_t>(plan.layers[writer.beside].output.channels);
  return map;
}

/// Until when each layer's map lives: the end of the chain in which it is read last.
constexpr void find_last_uses(const Plan& plan, int* last_uses) {
  int chain_ends[Plan::kMaxLayers] = {};
  for (int first = 0; first < plan.layer_count; first = plan.layers[first].chain_end)
    for (int i = first; i < plan.layers[first].chain_end; ++i)
      chain_ends[i] = plan.layers[first].chain_end - 1;
  for (int i = 0; i < plan.layer_count; ++i) last_uses[i] = chain_ends[last_use(plan, i)];
}

/// Floats of the whole maps that live while layer `now` works.
constexpr std::size_t floats_alive(const Plan& plan, int now, const int* last_uses) {
  std::size_t sum = 0;
  for (int i = 0; i <= now; ++i) {
    const Map& map = plan.layers[i].target;
    if (map.exists() && !map.local && last_uses[i] >= now) sum += map.floats();
  }
  return sum;
}

/// Gives a whole map its place: the lowest or the highest one that is free while it lives.
constexpr void place_map(Plan& plan, int layer, bool low, const int* last_uses) {
  Map& map = plan.layers[layer].target;
  const std::size_t size = map.floats();
  map.offset = low ? 0 : plan.map_floats - size;
  for (int i = 0; i < layer;) {
    const Map& other = plan.layers[i].target;
    const bool alive = other.exists() && !other.local && last_uses[i] >= layer;
    const bool overlap =
        map.offset < other.offset + other.floats() && other.offset < map.offset + size;
    if (!alive || !overlap) {
      ++i;
      continue;
    }
    low = low || other.offset < size;  // there is no room below: look from below
    map.offset = low ? other.offset + other.floats() : other.offset - size;
    i = 0;
  }
  plan.map_floats = std::max(plan.map_floats, map.offset + size);
}

/// Gives every whole map and every vector its place. Mostly two maps live, the one being read and
/// the one being written: they take turns at the two ends of the region.
constexpr void place_maps(Plan& plan) {
  int last_uses[Plan::kMaxLayers] = {};
  find_last_uses(plan, last_uses);
  for (int i = 0; i < plan.layer_count; ++i)
    plan.map_floats = std::max(plan.map_floats, floats_alive(plan, i, last_uses));
  bool low = true;
  std::size_t vector = 0;
  for (int i = 0; i < plan.layer_count; ++i) {
    Layer& layer = plan.layers[i];
    if (layer.target.exists() && !layer.target.local) {
      place_map(plan, i, low, last_uses);
      low = !low;
    }
    layer.source_vector = vector;
    if (layer.gives_vector()) {
      layer.target_vector = vector = plan.vector_floats;
      plan.vector_floats +=
          static_cast<std::size_t>(round_up(layer.output.channels, kPanel) * kChunk);
    }
  }
  for (int i = 0; i < plan.layer_count; ++i) {
    Layer& layer = plan.layers[i];
    layer.source = map_of(plan, layer.from);
    if (!layer.gives_vector() && !layer.fused) layer.target = map_of(plan, i);
  }
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MEMORY_HPP
