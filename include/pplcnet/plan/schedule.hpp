#ifndef PPLCNET_PLAN_SCHEDULE_HPP
#define PPLCNET_PLAN_SCHEDULE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/map_chains.hpp"
#include "pplcnet/plan/uses.hpp"

// Which layers are computed together, and how many rows at a time.

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

/// Queries of an attention whose scores are computed at a time: as many sums hide an FMA's latency.
inline constexpr int kQueries = 8;

/// Panels of float16 weights that become float32 at a time: what a product's tile can use.
inline constexpr int kConvertedPanels = 2;

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

/// Finds units: layers whose rows go through scratch into the next one, which is pointwise or
/// spreads pixels, and which have no reader outside of the unit. The map of a stage is stored.
constexpr void form_units(Plan& plan, const Uses& uses) {
  bool is_stage[Plan::kMaxLayers] = {};
  for (int i = 0; i < plan.stage_count; ++i) is_stage[plan.stages[i]] = true;
  int end = plan.layer_count - 1;  // the last layer of the unit that the next layer is in
  for (int i = plan.layer_count - 2; i >= 0; --i) {
    Layer& layer = plan.layers[i];
    const Layer& next = plan.layers[i + 1];
    const bool streams = layer.op == Operator::depthwise || layer.is_product();
    layer.fused = streams && !is_stage[i] &&
                  (next.op == Operator::pointwise || next.spreads_pixels()) && next.from == i &&
                  next.from_channel == 0 && uses.last_reader[i] <= end &&
                  uses.last[i] == uses.last_reader[i] && layer.owner == i &&
                  layer.map_channels == layer.output.channels;
    if (!layer.fused) end = i;
  }
}

/// Returns the last layer of the unit that `first` begins.
constexpr int unit_end(const Plan& plan, int first) {
  while (plan.layers[first].fused) ++first;
  return first;
}

/// Gives every map that is stored its shape, and the frame that its readers need.
constexpr void frame_maps(Plan& plan) {
  for (int i = 0; i < plan.layer_count; ++i) {
    Layer& layer = plan.layers[i];
    if (layer.owner == i && !layer.fused && !layer.gives_vector()) {
      layer.target.shape = layer.output;
      layer.target.shape.channels = layer.map_channels;
      layer.target.ring = layer.output.height;
      layer.target.pixel_pitch =
          spread_pitch(static_cast<int>(round_up(layer.map_channels, kHalfPanel)));
    }
    if (!layer.reads_neighbours() || layer.from < 0) continue;
    Map& source = plan.layers[plan.layers[layer.from].owner].target;
    source.left = std::max(source.left, layer.padding.left);
    source.right =
        std::max(source.right, layer.framed_columns() - layer.padding.left - layer.input.width);
  }
}

/// Returns rows that fit, in blocks of nearly equal height; an even number where there is more than
/// one block, since depthwise tiles are two rows high.
constexpr int rows_of(std::size_t bytes, std::size_t bytes_per_row, int height) {
  const auto fit = static_cast<int>(
      std::clamp<std::size_t>(bytes / bytes_per_row, 2, static_cast<std::size_t>(height) + 1));
  const auto blocks = ceil_div(height, fit / 2 * 2);
  return std::min(height, static_cast<int>(round_up(ceil_div(height, blocks), 2)));
}

/// Returns room for the row of zeros, which stands for the rows above and below any map.
constexpr std::size_t zero_row(const Plan& plan) {
  std::size_t zeros = 0;
  for (int i = 0; i < plan.layer_count; ++i) {
    const Layer& layer = plan.layers[i];
    if (layer.reads_neighbours())
      zeros = std::max(zeros, plan.layers[plan.layers[layer.from].owner].target.row_pitch());
  }
  return static_cast<std::size_t>(round_up(static_cast<std::int64_t>(zeros), kPanel));
}

/// Decides the rows of a convolution, and the floats of scratch that their lines of the picture
/// take.
constexpr std::size_t choose_convolution_rows(Layer& layer) {
  const std::size_t line =
      layer.phase_columns() * static_cast<std::size_t>(layer.input.channels * layer.stride.width);
  layer.rows =
      rows_of(kLinesShare, sizeof(float) * line * static_cast<std::size_t>(layer.stride.height),
              layer.output.height);
  return line *
         static_cast<std::size_t>((layer.rows - 1) * layer.stride.height + layer.kernel.height);
}

/// Returns the rows of a convolution of a map: those that it reads fit L2 while the weights pass
/// by, unless these are so many that one pass over all rows is cheaper. More rows share each pass
/// where weights do not stay in L2 themselves. A large map need not be stored whole.
constexpr int map_convolution_rows(const Layer& layer) {
  constexpr int kTileChannels = 2 * kPanel;  // for which the rows are read again
  if (static_cast<std::size_t>(layer.depth() * kTileChannels) * sizeof(float) > kL2Share)
    return layer.output.height;
  const auto values = static_cast<std::size_t>(layer.input.width) *
                      static_cast<std::size_t>(layer.input.channels * layer.stride.height);
  const bool weights_stay = layer.weight_floats() * sizeof(float) <= kLargestMap;
  return rows_of(weights_stay ? kL2Share : 2 * kL2Share, sizeof(float) * values,
                 layer.output.height);
}

/// Decides the rows of a unit of several layers, and the floats of scratch that they take.
constexpr std::size_t choose_unit_rows(Plan& plan, int first, int last) {
  std::size_t line = 0, weights = 0;
  for (int i = first; i <= last; ++i) {
    Layer& layer = plan.layers[i];
    if (layer.is_product()) weights += layer.weight_floats();
    if (i == last) break;
    layer.pitch = spread_pitch(layer.padded_channels());
    line += static_cast<std::size_t>(layer.output.width) * static_cast<std::size_t>(layer.pitch);
  }
  const bool small = weights * sizeof(float) <= kL1Share;
  const int rows =
      rows_of(small ? kL1Share : kL2Share, sizeof(float) * line, plan.layers[first].output.height);
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

/// Returns the floats of scratch that the kernel of a whole map takes: that of an attention for the
/// keys of a sequence, transposed, and the scores of some queries.
constexpr std::size_t map_scratch(const Layer& layer) {
  if (layer.op != Operator::attention) return 0;
  const std::int64_t depth = layer.output.channels / layer.groups;
  return static_cast<std::size_t>(round_up(layer.input.width, kPanel) * (depth + kQueries));
}

/// Decides how many rows each layer computes at a time, and the scratch that takes.
constexpr void choose_rows(Plan& plan) {
  const std::size_t zeros = zero_row(plan);
  std::size_t blocks = zeros, float32_scratch = 0;  // after each other
  for (int first = 0, last = 0; first < plan.layer_count; first = last + 1) {
    last = unit_end(plan, first);
    Layer& layer = plan.layers[first];
    std::size_t floats = 0;
    layer.rows = layer.output.height;
    for (int i = first; i <= last; ++i) plan.layers[i].scratch = zeros;
    if (last > first)
      floats = choose_unit_rows(plan, first, last);
    else if (layer.is_stem())
      floats = choose_convolution_rows(layer);
    else if (layer.is_map_convolution())
      layer.rows = map_convolution_rows(layer);
    else
      floats = map_scratch(layer);
    blocks = std::max(blocks, static_cast<std::size_t>(
                                  round_up(static_cast<std::int64_t>(zeros + floats), kPanel)));
    for (int i = first; i <= last; ++i)
      if (plan.layers[i].half)
        float32_scratch =
            std::max(float32_scratch,
                     kConvertedPanels * kPanel * static_cast<std::size_t>(plan.layers[i].depth()));
  }
  for (int i = 0; i < plan.layer_count; ++i) plan.layers[i].float32_scratch = blocks;
  plan.scratch_floats = blocks + float32_scratch;
}

/// Returns the rows of `writer`'s map that must be kept while `reader` works through it block by
/// block: what one of its blocks needs, and what is written beyond it, the rest of the writer's
/// block.
constexpr int ring_rows(const Layer& writer, const Layer& reader) {
  const int needed =
      (reader.rows - 1) * reader.stride.height + reader.reach().height + writer.rows - 1;
  return std::min(writer.output.height, static_cast<int>(round_up(needed, writer.rows)));
}

/// Returns whether `layer` can be in one chain with the layer after it, its only reader, and its
/// output is too large to be stored whole.
constexpr bool joins(const Plan& plan, const Uses& uses, int layer) {
  if (layer + 1 == plan.layer_count) return false;
  const Layer& writer = plan.layers[layer];
  const Layer& reader = plan.layers[layer + 1];
  if (!writer.works_by_rows() || !reader.reads_neighbours()) return false;
  if (reader.from != layer || uses.last[layer] != layer + 1) return false;
  return 2 * ring_rows(writer, reader) < writer.output.height &&
         writer.target.floats() * sizeof(float) > kLargestMap;
}

/// Joins layers into chains: a layer whose output is too large to be stored whole is in one chain
/// with its reader, and its output goes to a ring of rows in scratch. (Stored whole it is where a
/// chain would become too long, after which another one begins.) So does the output of a chain of
/// several layers if no layer reads it: it is copied block by block. Other chains are those of
/// map_chains.hpp.
constexpr void form_chains(Plan& plan, const Uses& uses) {
  int first = 0;
  for (int i = 0; i < plan.layer_count; ++i) {
    if (const int end = map_chain_end(plan, uses, i); first == i && end > i + 1) {
      form_map_chain(plan, uses, first, end, kL2Share);
      first = end;
      i = end - 1;
      continue;
    }
    Layer& layer = plan.layers[i];
    const bool owns = layer.owner == i && !layer.gives_vector();
    layer.optional_output = owns && uses.last[i] == i;
    bool joined = layer.fused;
    if (owns && !layer.fused && joins(plan, uses, i) &&
        unit_end(plan, i + 1) - first < Plan::kMaxChain) {
      joined = true;
      keep_rows(plan, layer, ring_rows(layer, plan.layers[i + 1]));
    }
    if (joined) continue;
    if (layer.optional_output && i > first)
      keep_rows(plan, layer, layer.rows * layer.rows_of_one());
    plan.layers[first].chain_end = i + 1;
    first = i + 1;
  }
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_SCHEDULE_HPP
