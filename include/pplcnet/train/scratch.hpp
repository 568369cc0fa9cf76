#ifndef PPLCNET_TRAIN_SCRATCH_HPP
#define PPLCNET_TRAIN_SCRATCH_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pplcnet/abi.hpp"
#include "pplcnet/graph/shape.hpp"
#include "pplcnet/train/training_step.hpp"

// How sums over the rows of a batch are divided, and what memory the steps need for that. All of it
// follows from shapes: with other numbers sums would have other bits.

namespace pplcnet::inline PPLCNET_ABI {

/// Sums over rows are made of at most so many partial ones, and work of at most so many parts.
inline constexpr int kTrainingParts = 16;
/// The rows of a product by which weights' gradients are summed, and the columns at a time.
inline constexpr int kProductChunk = 256, kProductColumns = 32;

/// Consecutive rows.
struct TrainingRows {
  std::int64_t begin = 0, end = 0;
  constexpr std::int64_t count() const { return end - begin; }
};

/// Rows in chunks, which are in at most kTrainingParts parts.
struct TrainingParts {
  std::int64_t rows = 0;
  int chunk = 1;

  constexpr std::int64_t chunks() const { return ceil_div(rows, chunk); }
  constexpr int count() const {
    return static_cast<int>(std::min<std::int64_t>(chunks(), kTrainingParts));
  }
  /// Returns the rows of a part: whole chunks, but for the last one.
  constexpr TrainingRows operator[](int part) const {
    const auto row = [&](int i) { return std::min(rows, chunks() * i / count() * chunk); };
    return {row(part), row(part + 1)};
  }
};

/// Returns the rows of a chunk whose sums are made channel by channel: what fits in the L2 cache.
constexpr int channel_chunk(int pitch) { return std::clamp(32768 / pitch, 64, 1024); }

/// Returns the pixels whose taps are gathered at a time.
constexpr int gathered_pixels(std::int64_t depth) {
  return static_cast<int>(std::clamp<std::int64_t>(16384 / depth, 8, kProductChunk));
}

/// What a product of matrices needs: rows times a matrix of depth × columns.
struct ProductScratch {
  std::size_t inputs = 1, outputs = 1;  ///< of the weights; outputs padded
  std::size_t transposed = 1;           ///< the transposed weights' columns
  TrainingParts parts = {};             ///< whose gradients of the weights are summed
  bool has_bias = false;

  constexpr std::size_t weights() const { return inputs * outputs; }
  constexpr std::size_t input_gradients() const { return outputs * transposed; }
  /// Returns the floats of all parts' gradients of the weights; those of a single part are the sum.
  constexpr std::size_t weight_gradients() const {
    return parts.count() > 1 ? static_cast<std::size_t>(parts.count()) * weights() : 0;
  }
  /// Returns where the rows are that a worker packs, behind these gradients. There are at most as
  /// many workers as parts.
  constexpr std::size_t packed_rows(int worker) const {
    return weight_gradients() +
           static_cast<std::size_t>(worker) * (kProductChunk * kProductColumns);
  }
  constexpr std::size_t bias_gradients() const {
    if (!has_bias) return 0;
    const TrainingParts sums = {parts.rows, channel_chunk(static_cast<int>(outputs))};
    return static_cast<std::size_t>(sums.count()) * outputs;
  }
  constexpr std::size_t floats() const {
    return std::max({weights(), input_gradients(), packed_rows(parts.count()), bias_gradients()});
  }
};

namespace training {

constexpr std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

constexpr ProductScratch product_scratch(const TrainingStep& step,
                                         std::span<const TrainingValue> values,
                                         std::span<const TrainingTensor> tensors, int images) {
  const TrainingTensor& weight = tensors[size(step.weight)];
  const std::int64_t taps = weight.taps(), pitch = values[size(step.input)].pitch;
  const bool gathers = step.op == TrainingOperator::convolution;
  return {.inputs = size(taps * weight.inputs),
          .outputs = size(weight.pitch()),
          .transposed = size(taps * pitch),
          .parts = {values[size(step.output)].rows(images),
                    gathers ? gathered_pixels(taps * pitch) : kProductChunk},
          .has_bias = step.bias >= 0};
}

/// Returns what each part of a convolution has for the taps of the pixels at hand: gathered ones,
/// or their gradients.
constexpr std::size_t gathered_floats(const TrainingStep& step,
                                      std::span<const TrainingValue> values,
                                      std::span<const TrainingTensor> tensors) {
  const std::int64_t depth =
      std::int64_t{tensors[size(step.weight)].taps()} * values[size(step.input)].pitch;
  return size(gathered_pixels(depth) * depth + kTrainingPanel);
}

}  // namespace training

/// Returns the floats of scratch memory that a step needs, forward and backward, with up to so many
/// images.
constexpr std::size_t scratch_floats(const TrainingStep& step,
                                     std::span<const TrainingValue> values,
                                     std::span<const TrainingTensor> tensors, int images) {
  using training::size;
  const std::size_t pitch = size(values[size(step.output)].pitch);
  switch (step.op) {
    case TrainingOperator::product:
      return training::product_scratch(step, values, tensors, images).floats();
    case TrainingOperator::convolution:
      return training::product_scratch(step, values, tensors, images).floats() +
             kTrainingParts * training::gathered_floats(step, values, tensors);
    case TrainingOperator::depthwise:
      return kTrainingParts * size(std::max(1, tensors[size(step.weight)].taps())) * pitch;
    case TrainingOperator::normalise:
      return (2 * kTrainingParts + 2) * pitch;
    case TrainingOperator::gate:
      return kTrainingParts * pitch;
    case TrainingOperator::affine:
      return 2 * kTrainingParts * pitch;
    default:
      return 0;
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_SCRATCH_HPP
