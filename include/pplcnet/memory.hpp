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

/// A map stored whole, inside the frame that `reader` needs.
constexpr Map framed(const Shape& shape, const Layer& reader) {
  const bool taps = reader.op == Operator::depthwise || reader.op == Operator::convolution;
  const int pad = taps ? reader.padding() : 0;
  const int last_column = (reader.output.width - 1) * reader.stride.width + reader.kernel - pad;
  Map map = {.shape = shape,
             .left = pad,
             .right = taps ? std::max(0, last_column - shape.width) : 0,
             .pixel_pitch = spread_pitch(shape.channels)};
  map.ring = shape.height;
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

constexpr bool works_by_rows(const Layer& layer) {
  return layer.op == Operator::convolution || layer.op == Operator::depthwise ||
         layer.op == Operator::pointwise;
}

/// How many rows each layer computes at a time, and the scratch that takes.
constexpr void choose_rows(Plan& plan) {
  std::size_t zeros = 0;  // the row of zeros, in front of the blocks
  for (const Layer& layer : plan.layers)
    if (layer.op == Operator::depthwise)
      zeros = std::max(zeros, framed(layer.input, layer).row_pitch());
  zeros = static_cast<std::size_t>(round_up(static_cast<std::int64_t>(zeros), kPanel));
  std::size_t blocks = zeros, widened = 0;  // behind each other
  for (int i = 0; i < plan.layer_count; ++i) {
    Layer& layer = plan.layers[i];
    std::size_t bytes = 0;
    layer.scratch = zeros;
    if (layer.op == Operator::convolution) {
      const std::size_t line = sizeof(float) * layer.phase_columns() *
                               static_cast<std::size_t>(layer.input.channels * layer.stride.width);
      layer.rows = rows_of(kL1Share, line * static_cast<std::size_t>(layer.stride.height),
                           layer.output.height);
      bytes =
          line * static_cast<std::size_t>((layer.rows - 1) * layer.stride.height + layer.kernel);
    } else if (layer.op == Operator::depthwise) {
      const Layer& reader = plan.layers[i + 1];
      layer.pitch = spread_pitch(layer.output.channels);
      const std::size_t line = sizeof(float) * static_cast<std::size_t>(layer.output.width) *
                               static_cast<std::size_t>(layer.pitch);
      const bool small = reader.weight_floats() * sizeof(float) <= kL1Share;
      layer.rows = layer.fused ? rows_of(small ? kL1Share : kL2Share, line, layer.output.height)
                               : layer.output.height;
      if (layer.fused) bytes = line * static_cast<std::size_t>(layer.rows);
    } else if (layer.op == Operator::pointwise) {
      const Layer& writer = plan.layers[i - 1];
      layer.rows = writer.fused ? writer.rows : layer.output.height;
      layer.pitch = spread_pitch(layer.input.channels);
    }
    const auto floats = static_cast<std::int64_t>(zeros + bytes / sizeof(float));
    blocks = std::max(blocks, static_cast<std::size_t>(round_up(floats, kPanel)));
    if (layer.half)
      widened =
          std::max(widened, static_cast<std::size_t>(kWidenedPanels * kPanel * layer.depth()));
  }
  for (int i = 0; i < plan.layer_count; ++i) plan.layers[i].widened = blocks;
  plan.scratch_floats = blocks + widened;
}

/// Rows of `writer`'s map that must be kept while `reader` works through it block by block: what
/// one of its blocks needs, and what is written beyond it, the rest of the writer's block.
constexpr int ring_rows(const Layer& writer, const Layer& reader) {
  const int needed = (reader.rows - 1) * reader.stride.height + reader.kernel + writer.rows - 1;
  return std::min(writer.output.height, static_cast<int>(round_up(needed, writer.rows)));
}

/// Joins layers into chains: a layer whose output is too large to be stored whole is in one chain
/// with its reader, and its output goes to a ring of rows in scratch.
constexpr void form_chains(Plan& plan) {
  int first = 0;
  for (int i = 0; i < plan.layer_count; ++i) {
    Layer& layer = plan.layers[i];
    const Layer& reader = plan.layers[i + 1];
    bool joined = layer.fused;
    if (works_by_rows(layer) && !layer.fused) {
      layer.target = framed(layer.output, reader);
      const int ring = ring_rows(layer, reader);
      joined = reader.op == Operator::depthwise && 2 * ring < layer.output.height &&
               layer.target.floats() * sizeof(float) > kLargestMap;
      if (joined) {
        layer.target.ring = ring;
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

/// Gives every whole map and every vector its place. At any moment two maps live, the one being
/// read and the one being written: they take turns at the two ends of the region.
constexpr void place_maps(Plan& plan) {
  std::size_t previous = 0;
  for (const Layer& layer : plan.layers) {
    if (!layer.target.exists() || layer.target.local) continue;
    plan.map_floats = std::max(plan.map_floats, previous + layer.target.floats());
    previous = layer.target.floats();
  }
  bool low = true;
  Map current;
  std::size_t vector = 0;
  for (int i = 0; i < plan.layer_count; ++i) {
    Layer& layer = plan.layers[i];
    if (layer.target.exists() && !layer.target.local) {
      layer.target.offset = low ? 0 : plan.map_floats - layer.target.floats();
      low = !low;
    }
    layer.source = current;
    layer.source_vector = vector;
    if (layer.target.exists()) current = layer.target;
    if (layer.op == Operator::pool || layer.op == Operator::dense) {
      layer.target_vector = vector = plan.vector_floats;
      plan.vector_floats +=
          static_cast<std::size_t>(round_up(layer.output.channels, kPanel) * kChunk);
    }
  }
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MEMORY_HPP
