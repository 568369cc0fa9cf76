#ifndef PPLCNET_TRAIN_TRAINING_STEP_HPP
#define PPLCNET_TRAIN_TRAINING_STEP_HPP

#include <cstddef>
#include <cstdint>

#include "pplcnet/abi.hpp"
#include "pplcnet/graph/activation.hpp"
#include "pplcnet/graph/shape.hpp"

// What a network is made of in training: steps, the values that they compute, and the tensors that
// they learn.

namespace pplcnet::inline PPLCNET_ABI {

/// The list of training's operators. The backward pass has the same steps, from last to first.
enum class TrainingOperator : unsigned char {
  picture,       ///< planar images [3][height][width] become a map
  product,       ///< rows times a matrix, plus a bias: pointwise convolutions and dense layers
  convolution,   ///< dense, with any kernel, stride, dilation and padding
  depthwise,     ///< each channel alone, with any kernel
  normalise,     ///< batch norm, and an activation
  affine,        ///< one learnable scale and shift for all channels
  activate,      ///< an activation alone
  dropout,       ///< values are kept with a chance of keep_percent, and not scaled; else 0
  add,           ///< the sum of two maps, or of two vectors
  gate,          ///< a map times a vector, channel by channel
  mean,          ///< over all pixels: a map becomes a vector
  max_pool,      ///< maximum of a window; the gradient goes to the first of equal ones
  average_pool,  ///< mean of a window
  copy,          ///< channels of a map become channels of another one: concat, slice, shuffle
};
inline constexpr std::size_t kTrainingOperators =
    static_cast<std::size_t>(TrainingOperator::copy) + 1;

/// Channels of values and outputs of weights are padded to a multiple of this; what pads is zero,
/// in gradients, too.
inline constexpr int kTrainingPanel = 8;

/// Values and tensors begin at multiples of so many floats.
inline constexpr int kTrainingAlignment = 16;

/// Returns how many floats a number of channels takes.
constexpr int padded_channels(int channels) {
  return static_cast<int>(round_up(channels, kTrainingPanel));
}

/// A value of all images of a batch: [image][pixel][channel], channels padded.
struct TrainingValue {
  Shape shape = {};
  int pitch = 0;              ///< floats from pixel to pixel
  std::size_t values = 0;     ///< where they are in the arena, in floats; a multiple of 16
  std::size_t gradients = 0;  ///< of the loss by them; the same layout
  bool has_gradients = false;

  /// Returns the pixels of a batch.
  constexpr std::int64_t rows(int images) const { return std::int64_t{images} * shape.pixels(); }
  /// Returns the floats of a batch.
  constexpr std::size_t floats(int images) const {
    return static_cast<std::size_t>(rows(images) * pitch);
  }
  constexpr bool operator==(const TrainingValue&) const = default;
};

/// A tensor that is learnt, or statistics that move. In memory a weight is [tap][input][output],
/// outputs padded; of a depthwise convolution [tap][channel]; all others are [channel].
struct TrainingTensor {
  enum class Kind : unsigned char { weight, bias, gamma, beta, mean, variance, scale, shift };

  Kind kind = Kind::weight;
  int node = -1;      ///< of the graph
  int branch = -1;    ///< of its training form; -1: none, or what follows their sum
  bool last = false;  ///< scale and shift: those after the activation
  int stage = 0;      ///< 0: the first weights; then the graph's stages; the last: all after them
  Pair kernel = 1;    ///< of a weight
  int inputs = 1, outputs = 1;
  std::size_t place = 0;  ///< in the parameters; of a mean and a variance in the statistics

  constexpr bool is_statistic() const { return kind == Kind::mean || kind == Kind::variance; }
  /// Returns whether it is part of a batch norm.
  constexpr bool is_norm() const {
    return is_statistic() || kind == Kind::gamma || kind == Kind::beta;
  }
  constexpr int taps() const { return kernel.height * kernel.width; }
  constexpr int pitch() const { return padded_channels(outputs); }
  constexpr std::size_t floats() const {
    return static_cast<std::size_t>(taps()) * static_cast<std::size_t>(inputs) *
           static_cast<std::size_t>(pitch());
  }
  constexpr bool operator==(const TrainingTensor&) const = default;
};

/// One step: what to compute, from which values, with which tensors.
struct TrainingStep {
  TrainingOperator op = TrainingOperator::picture;
  int node = -1, branch = -1;                ///< of the graph that it comes from
  int input = -1, second = -1, output = -1;  ///< values; second: an addend, or a gate's factors
  Window window = {};
  Activation activation = Activation::none;  ///< of normalise and activate
  double epsilon = 0;                        ///< of a batch norm
  int keep_percent = 100;                    ///< of dropout
  bool count_padding = false;                ///< of average_pool
  // Of a copy: channel first_output + i * write_step is channel first + i * read_step of the input.
  int first = 0, first_output = 0, channels = 0;
  int read_step = 1, write_step = 1;
  bool clears = false;         ///< of a copy: the first to write its output sets what pads it, too
  int weight = -1, bias = -1;  ///< tensors; of an affine its scale and its shift
  int gamma = -1, beta = -1, mean = -1, variance = -1;
  /// Of normalise: where the mean and 1 / √(variance + epsilon) that it normalised by are in the
  /// arena, 2 × pitch floats.
  std::size_t moments = 0;
  // In the backward pass: which gradients are asked for, and whether they are added to what is
  // there, because the value has other readers; otherwise all of them are written.
  bool input_gradients = false, second_gradients = false;
  bool adds_input = false, adds_second = false;

  constexpr bool operator==(const TrainingStep&) const = default;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TRAINING_STEP_HPP
