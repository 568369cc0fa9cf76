#ifndef PPLCNET_TRAIN_SCRATCH_HPP
#define PPLCNET_TRAIN_SCRATCH_HPP

#include <algorithm>
#include <bit>
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

/// The rows of a batch in parts that sums are made of, and added in one order. Its images are in
/// shares, whose number is a power of two: sums over shares are added two by two, so that processes
/// which have some shares each add the same. The rows of a share are in parts of whole chunks.
struct TrainingParts {
  int images = 1;         ///< of the batch
  std::int64_t rows = 0;  ///< of an image
  int chunk = 1;          ///< rows
  int shares = 1;         ///< at most as many as there are images

  /// Returns the parts of a share.
  constexpr int per_share() const {
    return static_cast<int>(
        std::min<std::int64_t>(kTrainingParts / shares, ceil_div(images / shares * rows, chunk)));
  }
  constexpr int count() const { return shares * per_share(); }
  /// Returns the rows of a part.
  constexpr TrainingRows operator[](int part) const {
    const int share = part / per_share(), place = part % per_share();
    const auto first = [&](std::int64_t i) { return images * i / shares * rows; };
    const std::int64_t begin = first(share), own = first(share + 1) - begin;
    const auto row = [&](int i) {
      return begin + std::min(own, ceil_div(own, chunk) * i / per_share() * chunk);
    };
    return {row(place), row(place + 1)};
  }
};

/// Returns how many shares there are where there may be so many.
constexpr int training_shares(std::int64_t most) {
  const std::int64_t shares = std::min<std::int64_t>(most, kTrainingParts);
  return static_cast<int>(std::bit_floor(static_cast<std::uint64_t>(shares)));
}

/// Returns the parts of sums that are made channel by channel. Their chunks fit in the L2 cache.
constexpr TrainingParts channel_parts(int images, std::int64_t rows, int pitch) {
  return {images, rows, std::clamp(32768 / pitch, 64, 1024), training_shares(images)};
}

/// Returns the parts of the gradients of weights, each of which is as large as they are: about as
/// many as there are chunks.
constexpr TrainingParts weight_parts(int images, std::int64_t rows, int chunk) {
  return {images, rows, chunk,
          training_shares(std::min<std::int64_t>(images, ceil_div(images * rows, chunk)))};
}

/// Returns the most of these parts, of a batch, of any smaller one, or of a process' shares of a
/// larger one, of which it has so many images.
constexpr int most_weight_parts(int images, std::int64_t rows, int chunk) {
  const auto chunks = static_cast<std::uint64_t>(ceil_div(images * rows, chunk));
  return static_cast<int>(std::min<std::uint64_t>(std::bit_ceil(chunks), kTrainingParts));
}

/// Returns the pixels whose taps are gathered at a time.
constexpr int gathered_pixels(std::int64_t depth) {
  return static_cast<int>(std::clamp<std::int64_t>(16384 / depth, 8, kProductChunk));
}

/// What a product of matrices needs: rows times a matrix of depth × columns.
struct ProductScratch {
  std::size_t inputs = 1, outputs = 1;  ///< of the weights; outputs padded
  std::size_t transposed = 1;           ///< the transposed weights' columns
  int parts = 1;                        ///< of the gradients of the weights, at most

  constexpr std::size_t weights() const { return inputs * outputs; }
  constexpr std::size_t input_gradients() const { return outputs * transposed; }
  /// Returns the floats of all parts' gradients of the weights; those of a single part are the sum.
  constexpr std::size_t weight_gradients() const {
    return parts > 1 ? static_cast<std::size_t>(parts) * weights() : 0;
  }
  /// Returns where the rows are that a worker packs, after these gradients. There are at most as
  /// many workers as parts.
  constexpr std::size_t packed_rows(int worker) const {
    return weight_gradients() +
           static_cast<std::size_t>(worker) * (kProductChunk * kProductColumns);
  }
  constexpr std::size_t bias_gradients() const { return kTrainingParts * outputs; }
  constexpr std::size_t floats() const {
    return std::max({weights(), input_gradients(), packed_rows(parts), bias_gradients()});
  }
};

namespace training {

constexpr std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

/// Returns the rows by which the gradients of a step's weights are summed.
constexpr int weight_chunk(const TrainingStep& step, std::span<const TrainingValue> values,
                           std::span<const TrainingTensor> tensors) {
  if (step.op == TrainingOperator::product) return kProductChunk;
  return gathered_pixels(std::int64_t{tensors[size(step.weight)].taps()} *
                         values[size(step.input)].pitch);
}

constexpr ProductScratch product_scratch(const TrainingStep& step,
                                         std::span<const TrainingValue> values,
                                         std::span<const TrainingTensor> tensors, int images) {
  const TrainingTensor& weight = tensors[size(step.weight)];
  const std::int64_t taps = weight.taps();
  return {.inputs = size(taps * weight.inputs),
          .outputs = size(weight.pitch()),
          .transposed = size(taps * values[size(step.input)].pitch),
          .parts = most_weight_parts(images, values[size(step.output)].shape.pixels(),
                                     weight_chunk(step, values, tensors))};
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
