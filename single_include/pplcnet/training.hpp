// pplcnet 0.2.0: PP-LCNet and other lightweight networks on CPUs.
// SPDX-License-Identifier: Apache-2.0
//
// Made by single_include/amalgamate.py from the headers in include/; change those, not this file.

#include "pplcnet/pplcnet.hpp"

// from pplcnet/training.hpp
#ifndef PPLCNET_TRAINING_HPP
#define PPLCNET_TRAINING_HPP

// Table of contents of what trains networks. In a program whose files are compiled with
// PPLCNET_COMPILED one of them is training.cpp (CMake's target pplcnet::training).

// from pplcnet/any_trainer.hpp
#ifndef PPLCNET_ANY_TRAINER_HPP
#define PPLCNET_ANY_TRAINER_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

// from pplcnet/train/training_plan.hpp
#ifndef PPLCNET_TRAIN_TRAINING_PLAN_HPP
#define PPLCNET_TRAIN_TRAINING_PLAN_HPP

#include <cstddef>
#include <cstdint>

// from pplcnet/train/training_flaw.hpp
#ifndef PPLCNET_TRAIN_TRAINING_FLAW_HPP
#define PPLCNET_TRAIN_TRAINING_FLAW_HPP


// What a network must keep to, so that it can be trained.

namespace pplcnet::inline PPLCNET_ABI {

// clang-format off
/// Every rule: its name, and what it says.
#define PPLCNET_TRAINING_RULES(rule)                                                               \
  rule(classes, "Training: the network has one result, a vector of classes")                       \
  rule(operators, "Training: convolutions, dense layers, batch norms, activations, pools, means "  \
       "over all pixels, gates, sums, concats, slices and shuffles")                               \
  rule(weights, "Training: each operator has weights of its own, for each channel")                \
  rule(slopes, "Training: no activation has slopes (Activation::prelu)")                           \
  rule(branches, "Training: branches have odd kernels around the same pixel as the whole")         \
  rule(unused, "Training: all weights have to do with the classes")                                \
  rule(images, "Training: a batch has from 1 to TrainingOptions::kMostImages images")              \
  rule(size, "Training: at most TrainingPlan::kMostSteps steps and kMostTensors tensors")
// clang-format on

/// A rule by its name; `none`: nothing is wrong.
enum class TrainingRule : unsigned char {
  none,
#define PPLCNET_NAME(rule, text) rule,
  PPLCNET_TRAINING_RULES(PPLCNET_NAME)
#undef PPLCNET_NAME
};

/// Returns what a rule says.
constexpr const char* text_of(TrainingRule rule) {
  switch (rule) {
    case TrainingRule::none:
      break;
#define PPLCNET_CASE(rule, text) \
  case TrainingRule::rule:       \
    return text;
      PPLCNET_TRAINING_RULES(PPLCNET_CASE)
#undef PPLCNET_CASE
  }
  return "nothing is wrong";
}

/// Why a network cannot be trained: the rule that it breaks, and the first node that does.
struct TrainingFlaw {
  TrainingRule broken = TrainingRule::none;
  int node = -1;

  constexpr explicit operator bool() const { return broken != TrainingRule::none; }
  constexpr bool operator==(const TrainingFlaw&) const = default;
};

/// Has the compiler say which rule is broken, and by which operator.
template <TrainingRule kBroken, int kOperator>
struct Trainable {
#define PPLCNET_ASSERT(rule, text) static_assert(kBroken != TrainingRule::rule, text);
  PPLCNET_TRAINING_RULES(PPLCNET_ASSERT)
#undef PPLCNET_ASSERT
  static constexpr bool value = kBroken == TrainingRule::none;
};
#undef PPLCNET_TRAINING_RULES

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TRAINING_FLAW_HPP
// from pplcnet/train/training_step.hpp
#ifndef PPLCNET_TRAIN_TRAINING_STEP_HPP
#define PPLCNET_TRAIN_TRAINING_STEP_HPP

#include <cstddef>
#include <cstdint>


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

namespace pplcnet::inline PPLCNET_ABI {

/// What is chosen of a network in training, besides the network.
struct TrainingOptions {
  static constexpr int kMostImages = 4096;

  int images = 32;           ///< of a batch, at most
  bool as_deployed = false;  ///< a convolution with branches is trained as the one that it becomes
  bool picture_gradients = false;  ///< the loss by the pixels of the pictures is asked for, too

  constexpr bool operator==(const TrainingOptions&) const = default;
};

/// A network in training, laid out: its steps in the order of the forward pass, and the memory they
/// need. Sizes and places count floats.
struct TrainingPlan {
  static constexpr int kMostSteps = 1024, kMostValues = kMostSteps + 1, kMostTensors = 2048;

  TrainingFlaw flaw = {};  ///< if there is one, nothing else is said
  TrainingOptions options = {};
  Shape picture = {};
  TrainingStep steps[kMostSteps] = {};
  int step_count = 0;
  TrainingValue values[kMostValues] = {};
  int value_count = 0;
  TrainingTensor tensors[kMostTensors] = {};
  int tensor_count = 0;
  int logits = -1;  ///< value
  int stages = 0;   ///< that tensors are of

  std::size_t arena_floats = 0;  ///< values and gradients, by liveness, and moments
  std::size_t parameter_floats = 0;
  std::size_t statistic_floats = 0;  ///< means and variances
  std::size_t scratch_floats = 0;    ///< of the step that needs most
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TRAINING_PLAN_HPP
// from pplcnet/train/transfer.hpp
#ifndef PPLCNET_TRAIN_TRANSFER_HPP
#define PPLCNET_TRAIN_TRANSFER_HPP

#include <span>

// from pplcnet/train/training_state.hpp
#ifndef PPLCNET_TRAIN_TRAINING_STATE_HPP
#define PPLCNET_TRAIN_TRAINING_STATE_HPP

#include <cstddef>
#include <span>


namespace pplcnet::inline PPLCNET_ABI {

/// A network that is trained: its graph, and the layers that it becomes.
struct TrainedNetwork {
  const Graph& graph;
  std::span<const Layer> layers;
  const NetworkTraits& traits;
  bool as_deployed = false;  ///< convolutions with branches are trained as what they become
};

/// What a network has learnt: its tensors, and where their values are.
struct TrainingState {
  std::span<const TrainingTensor> tensors;
  std::span<float> parameters, statistics;

  /// Returns the values of a tensor, padding included.
  std::span<float> of(const TrainingTensor& tensor) const {
    return (tensor.is_statistic() ? statistics : parameters).subspan(tensor.place, tensor.floats());
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TRAINING_STATE_HPP
// from pplcnet/weights/tensor.hpp
#ifndef PPLCNET_WEIGHTS_TENSOR_HPP
#define PPLCNET_WEIGHTS_TENSOR_HPP

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// from pplcnet/weights/data_type.hpp
#ifndef PPLCNET_WEIGHTS_DATA_TYPE_HPP
#define PPLCNET_WEIGHTS_DATA_TYPE_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// The type of a stored element: all that safetensors knows (safetensors/src/tensor.rs, `Dtype`).
enum class DataType : std::uint8_t {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64,
};

/// A data type, as formats write it.
struct DataTypeRow {
  DataType type;
  std::string_view name;  ///< as in a safetensors header
  int bits;               ///< of one element; elements below 8 bits are packed without gaps
};

/// One row for each type, in the order of the enumeration.
inline constexpr DataTypeRow kDataTypes[] = {
    {DataType::boolean, "BOOL", 8},
    {DataType::f4, "F4", 4},
    {DataType::f6_e2m3, "F6_E2M3", 6},
    {DataType::f6_e3m2, "F6_E3M2", 6},
    {DataType::u8, "U8", 8},
    {DataType::i8, "I8", 8},
    {DataType::f8_e5m2, "F8_E5M2", 8},
    {DataType::f8_e4m3, "F8_E4M3", 8},
    {DataType::f8_e8m0, "F8_E8M0", 8},
    {DataType::f8_e4m3fnuz, "F8_E4M3FNUZ", 8},
    {DataType::f8_e5m2fnuz, "F8_E5M2FNUZ", 8},
    {DataType::i16, "I16", 16},
    {DataType::u16, "U16", 16},
    {DataType::f16, "F16", 16},
    {DataType::bf16, "BF16", 16},
    {DataType::i32, "I32", 32},
    {DataType::u32, "U32", 32},
    {DataType::f32, "F32", 32},
    {DataType::c64, "C64", 64},
    {DataType::f64, "F64", 64},
    {DataType::i64, "I64", 64},
    {DataType::u64, "U64", 64},
};

constexpr std::string_view name_of(DataType type) {
  return kDataTypes[static_cast<std::size_t>(type)].name;
}

constexpr int bits_of(DataType type) { return kDataTypes[static_cast<std::size_t>(type)].bits; }

constexpr std::optional<DataType> data_type_named(std::string_view name) {
  for (const DataTypeRow& row : kDataTypes) {
    if (row.name == name) return row.type;
  }
  return std::nullopt;
}

/// Returns the value of an IEEE 754 binary16, exactly: subnormal numbers, infinities and the
/// payload of a NaN are kept.
constexpr float float_from_f16(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t{half} >> 15 << 31;
  const std::uint32_t exponent = half >> 10 & 0x1f;
  const std::uint32_t fraction = half & 0x3ff;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
  }
  const std::uint32_t float_exponent = exponent == 0x1f ? 0xff : exponent - 15 + 127;
  return std::bit_cast<float>(sign | float_exponent << 23 | fraction << 13);
}

/// Returns the nearest binary16, halfway cases to even; what is too large becomes infinite.
constexpr std::uint16_t f16_from_float(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000);
  const auto magnitude = std::bit_cast<float>(bits & 0x7fffffff);
  if (magnitude != magnitude) return static_cast<std::uint16_t>(sign | 0x7e00);
  if (magnitude >= 65520.0f) return static_cast<std::uint16_t>(sign | 0x7c00);
  // Below 2^-14 numbers are multiples of 2^-24; adding 0.5, whose last bit is 2^-24, rounds to
  // them.
  if (magnitude < 0x1p-14f)
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(magnitude + 0.5f) -
                                              std::bit_cast<std::uint32_t>(0.5f)));
  const std::uint32_t rebased =
      std::bit_cast<std::uint32_t>(magnitude) - (std::uint32_t{127 - 15} << 23);
  const std::uint32_t rounded = rebased + 0xfff + (rebased >> 13 & 1);
  return static_cast<std::uint16_t>(sign | rounded >> 13);
}

/// Returns the value of a bfloat16, which is the upper half of a float.
constexpr float float_from_bf16(std::uint16_t half) {
  return std::bit_cast<float>(std::uint32_t{half} << 16);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_DATA_TYPE_HPP
// from pplcnet/weights/little_endian.hpp
#ifndef PPLCNET_WEIGHTS_LITTLE_ENDIAN_HPP
#define PPLCNET_WEIGHTS_LITTLE_ENDIAN_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <span>


namespace pplcnet::inline PPLCNET_ABI {

/// Returns the number in the first sizeof(Number) of `bytes`, lowest byte first; any alignment.
template <std::unsigned_integral Number>
constexpr Number read_little_endian(std::span<const std::byte> bytes) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    number = static_cast<Number>(number | static_cast<Number>(bytes[i]) << (8 * i));
  }
  return number;
}

/// Returns the bytes of `number`, lowest first.
template <std::unsigned_integral Number>
constexpr std::array<std::byte, sizeof(Number)> to_little_endian(Number number) {
  std::array<std::byte, sizeof(Number)> bytes;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    bytes[i] = static_cast<std::byte>(number >> (8 * i));
  }
  return bytes;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_LITTLE_ENDIAN_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// What the readers accept at most: far above any network, and low enough that a hostile file
/// cannot make them allocate much more than its own size.
inline constexpr std::size_t kMaxTensors = 1 << 15;
inline constexpr std::size_t kMaxRank = 32;

/// A stored array: a view of bytes that another object owns.
struct Tensor {
  std::string name;  ///< empty where the format has no names
  DataType type = DataType::f32;
  std::vector<std::int64_t> shape;  ///< none negative; empty for a single value
  std::span<const std::byte> data;  ///< little-endian, row-major, packed; any alignment

  std::int64_t element_count() const {
    std::int64_t count = 1;
    for (const std::int64_t dimension : shape) count *= dimension;
    return count;
  }
};

/// The contents of a weight file. The tensors view the bytes that were parsed, which must outlive
/// this object, or `unpacked`; everything else is owned.
struct TensorFile {
  std::vector<Tensor> tensors;                                ///< in file order
  std::vector<std::pair<std::string, std::string>> metadata;  ///< key, value; in file order
  std::string path;                                           ///< for messages

  /// Data that do not lie in the file as a tensor has them; copies of this object share them.
  std::vector<std::shared_ptr<std::byte[]>> unpacked = {};

  /// Returns the tensor of that name, or null.
  const Tensor* find(std::string_view name) const {
    const auto found = std::ranges::find(tensors, name, &Tensor::name);
    return found == tensors.end() ? nullptr : &*found;
  }
};

/// Returns the bytes that elements of this type and shape take. Nothing if a dimension is negative,
/// if 64 bits cannot count the bits of it, or if packed elements do not end on a whole byte.
constexpr std::optional<std::uint64_t> byte_count(DataType type,
                                                  std::span<const std::int64_t> shape) {
  auto bits = static_cast<std::uint64_t>(bits_of(type));
  for (const std::int64_t dimension : shape) {
    const auto factor = static_cast<std::uint64_t>(dimension);
    if (dimension < 0) return std::nullopt;
    if (factor != 0 && bits > std::numeric_limits<std::uint64_t>::max() / factor) {
      return std::nullopt;
    }
    bits *= factor;
  }
  if (bits % 8 != 0) return std::nullopt;
  return bits / 8;
}

/// Returns type and shape for a message: `F32 [16, 3, 3, 3]`.
PPLCNET_INLINE std::string describe(DataType type, std::span<const std::int64_t> shape);

/// Returns whether to_float can read elements of this type.
constexpr bool converts_to_float(DataType type) {
  return type == DataType::f32 || type == DataType::f16 || type == DataType::bf16 ||
         type == DataType::f64;
}

/// Copies all elements. f32, f16 and bf16 keep every bit of their value, f64 is rounded to the
/// nearest float. Requires converts_to_float(tensor.type) and as many values as elements.
inline void to_float(const Tensor& tensor, std::span<float> values) {
  assert(converts_to_float(tensor.type));
  assert(values.size() * static_cast<std::size_t>(bits_of(tensor.type) / 8) == tensor.data.size());
  const auto convert = [&]<typename Bits>(Bits, auto to_value) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = to_value(read_little_endian<Bits>(tensor.data.subspan(i * sizeof(Bits))));
    }
  };
  if (tensor.type == DataType::f32 && std::endian::native == std::endian::little) {
    std::ranges::copy(tensor.data, std::as_writable_bytes(values).begin());
  } else if (tensor.type == DataType::f32) {
    convert(std::uint32_t{}, [](std::uint32_t bits) { return std::bit_cast<float>(bits); });
  } else if (tensor.type == DataType::f16) {
    convert(std::uint16_t{}, float_from_f16);
  } else if (tensor.type == DataType::bf16) {
    convert(std::uint16_t{}, float_from_bf16);
  } else if (tensor.type == DataType::f64) {
    convert(std::uint64_t{},
            [](std::uint64_t bits) { return static_cast<float>(std::bit_cast<double>(bits)); });
  }
}

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::string describe(DataType type, std::span<const std::int64_t> shape) {
  std::string text(name_of(type));
  text += " [";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += join({i == 0 ? "" : ", ", shape[i]});
  }
  return text + "]";
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_TENSOR_HPP

#if PPLCNET_HAS_TRAINING_DEFINITIONS
// from pplcnet/train/read_state_dict.hpp
#ifndef PPLCNET_TRAIN_READ_STATE_DICT_HPP
#define PPLCNET_TRAIN_READ_STATE_DICT_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// from pplcnet/train/trained_layer.hpp
#ifndef PPLCNET_TRAIN_TRAINED_LAYER_HPP
#define PPLCNET_TRAIN_TRAINED_LAYER_HPP


namespace pplcnet::inline PPLCNET_ABI {

/// Returns the layer that computes a node of a graph once it is deployed: what its tensors are
/// called and how files hold them follows from it.
constexpr Layer trained_layer(const Graph& graph, int index) {
  const Node& node = graph.nodes[index];
  Layer layer = planning::layer_of(node);
  if (node.groups > 1 || node.op == Operator::affine)
    layer.op = Operator::depthwise;
  else if (node.op == Operator::convolution && node.window == Window{})
    layer.op = Operator::pointwise;
  if (node.input >= 0) layer.input = graph.nodes[node.input].shape;
  if (node.reads_group) layer.input.channels /= node.group_count;
  return layer;
}

namespace training {

/// Returns whether a node of a graph becomes a layer with weights.
constexpr bool becomes_weights(const Node& node) {
  return node.op == Operator::convolution || node.op == Operator::dense ||
         node.op == Operator::affine;
}

}  // namespace training

/// Returns what a convolution consists of in training; no branches if it is trained as deployed.
constexpr TrainingForm trained_form(const Layer& layer, bool as_deployed) {
  return as_deployed ? TrainingForm{} : training_form(layer);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TRAINED_LAYER_HPP
// from pplcnet/train/training_parameters.hpp
#ifndef PPLCNET_TRAIN_TRAINING_PARAMETERS_HPP
#define PPLCNET_TRAIN_TRAINING_PARAMETERS_HPP

#include <cstddef>
#include <span>
#include <vector>

// from pplcnet/train/tensor_in_file.hpp
#ifndef PPLCNET_TRAIN_TENSOR_IN_FILE_HPP
#define PPLCNET_TRAIN_TENSOR_IN_FILE_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

// from pplcnet/weights/naming/names.hpp
#ifndef PPLCNET_WEIGHTS_NAMING_NAMES_HPP
#define PPLCNET_WEIGHTS_NAMING_NAMES_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// from pplcnet/weights/naming/layer_name.hpp
#ifndef PPLCNET_WEIGHTS_NAMING_LAYER_NAME_HPP
#define PPLCNET_WEIGHTS_NAMING_LAYER_NAME_HPP

#include <cstddef>
#include <string>
#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// Returns a name as one string.
PPLCNET_INLINE std::string text_of(const Name& name);

/// Returns the project's own name of a layer.
PPLCNET_INLINE std::string layer_name(const Layer& layer);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::string text_of(const Name& name) {
  std::string text;
  std::size_t next = 0;
  for (const std::string_view part : {name.pattern, name.leaf})
    for (const char c : part) {
      if (c == '#')
        text += std::to_string(name.numbers[next++]);
      else
        text += c;
    }
  return text;
}

PPLCNET_INLINE std::string layer_name(const Layer& layer) {
  if (layer.group_count > 1) return join({text_of(layer.name), ".group", layer.group});
  return text_of(layer.name);
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_LAYER_NAME_HPP

// What the tensors of a layer are called in the files of a framework.

namespace pplcnet::inline PPLCNET_ABI {

/// The names of a layer's tensors in a file; empty where the layer has no such tensor.
struct ParameterNames {
  std::string weight = {}, bias = {}, gamma = {}, beta = {}, mean = {}, variance = {};
  std::string slopes = {};  ///< of a PReLU
};

/// Returns how files name the tensors of a network: at least one way. Paddle's modules are known in
/// PyTorch, too, where batch norms and linear layers are otherwise.
PPLCNET_INLINE std::vector<Naming> namings_of(const NetworkTraits& traits);

namespace naming {

/// Returns the names of the module that a graph calls `own`.
inline ModuleNames module_names(const Name& own, const Naming& naming) {
  return naming.module == nullptr ? ModuleNames{own} : naming.module(own);
}

/// Adds a batch norm's four.
inline void add_batch_norm(ParameterNames& names, std::string_view module,
                           const TensorNames& tensors) {
  names.gamma = join({module, ".weight"});
  names.beta = join({module, ".bias"});
  names.mean = join({module, tensors.mean});
  names.variance = join({module, tensors.variance});
}

/// Returns the name of the batch norm after the weights of a module.
PPLCNET_INLINE std::string norm_name(const Layer& layer, const ModuleNames& module,
                                     const TensorNames& tensors);

/// Returns the name of a PReLU's slopes: beside a batch norm, or the module's own.
PPLCNET_INLINE std::string slopes_name(const Layer& layer, const ModuleNames& module,
                                       const TensorNames& tensors);

}  // namespace naming

/// Returns the names of a layer as it is deployed; all empty for one without weights.
PPLCNET_INLINE ParameterNames parameter_names(const Layer& layer, const Naming& naming);

/// Names of a layer's scalars: before the activation, and after it.
struct AffineNames {
  std::string scale, bias, last_scale, last_bias;
};

PPLCNET_INLINE AffineNames affine_names(const Layer& layer, const Naming& naming);

/// The tensors of a training checkpoint that one layer is made of.
struct TrainingNames {
  std::vector<ParameterNames> branches;  ///< one for each of `training_form`
  ParameterNames after;                  ///< the batch norm after their sum
};

PPLCNET_INLINE TrainingNames training_names(const Layer& layer, const Naming& naming);

/// Returns how a file of a naming holds a layer's weight.
inline Layout layout_in(const Layer& layer, const Naming& naming) {
  const bool own = !is_linear(layer.layout) || naming.linear == Layout::convolution;
  return own ? layer.layout : naming.linear;
}

/// Returns the shape of a layer's weight in files: [out, in, kernel, kernel], in = 1 for depthwise;
/// [out, in] or [in, out] of a linear layer; see Layout.
PPLCNET_INLINE std::vector<std::int64_t> weight_shape(const Layer& layer, const Naming& naming);

/// Returns the shape of a layer's vectors in files: biases, and what a batch norm has.
inline std::vector<std::int64_t> vector_shape(const Layer& layer) {
  return {layer.output.channels / layer.repeats};
}
/// Returns the shape of its own bias.
inline std::vector<std::int64_t> bias_shape(const Layer& layer) {
  if (layer.layout == Layout::pixel) return {1, layer.output.channels / layer.repeats, 1, 1};
  return vector_shape(layer);
}

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::vector<Naming> namings_of(const NetworkTraits& traits) {
  constexpr std::string_view kPaddle = "paddle", kPyTorch = "pytorch";
  std::vector<Naming> namings(traits.namings.begin(), traits.namings.end());
  const TensorNames torch;
  // The graph's own names; its layers say how linear layers are laid out.
  if (namings.empty())
    namings.push_back({.framework = traits.tensor_names.mean == torch.mean ? kPyTorch : kPaddle,
                       .tensors = traits.tensor_names,
                       .linear = Layout::convolution});
  for (std::size_t i = 0, count = namings.size(); i < count; ++i) {
    if (namings[i].framework != kPaddle) continue;
    Naming naming = namings[i];
    naming.framework = kPyTorch;
    naming.tensors.mean = torch.mean;
    naming.tensors.variance = torch.variance;
    naming.linear = Layout::out_in;
    namings.push_back(naming);
  }
  return namings;
}

namespace naming {

PPLCNET_INLINE std::string norm_name(const Layer& layer, const ModuleNames& module,
                                     const TensorNames& tensors) {
  if (!module.norm.empty()) return text_of(module.norm);
  if (!layer.norm_name.empty()) return text_of(layer.norm_name);
  Name name = module.weights;
  if (tensors.norm_is_next) ++name.numbers[static_cast<std::size_t>(name.count() - 1)];
  return text_of(name).append(tensors.norm);
}

PPLCNET_INLINE std::string slopes_name(const Layer& layer, const ModuleNames& module,
                                       const TensorNames& tensors) {
  std::string name = text_of(module.weights);
  if (layer.batch_norm) name += tensors.slopes;
  return name + ".weight";
}

}  // namespace naming

PPLCNET_INLINE ParameterNames parameter_names(const Layer& layer, const Naming& naming) {
  const ModuleNames module = naming::module_names(layer.name, naming);
  if (module.weights.empty()) return {};
  ParameterNames names;
  std::string weights = text_of(module.weights);
  weights += training_form(layer).deployed;
  // A module whose batch norm is named, too, is named in full.
  if (layer.batch_norm && module.norm.empty()) weights += naming.tensors.weights;
  if (layer.layout != Layout::none) {
    const bool pixel = layer.layout == Layout::pixel;  // whose names have no point
    names.weight = weights + (layer.op == Operator::l1 ? ".adder" : pixel ? "weight" : ".weight");
    if (layer.bias) names.bias = weights + (pixel ? "bias" : ".bias");
  }
  if (layer.has_slopes()) names.slopes = naming::slopes_name(layer, module, naming.tensors);
  if (layer.batch_norm)
    naming::add_batch_norm(names, naming::norm_name(layer, module, naming.tensors), naming.tensors);
  return names;
}

PPLCNET_INLINE AffineNames affine_names(const Layer& layer, const Naming& naming) {
  const TrainingForm form = training_form(layer);
  if (form.affine.empty()) return {};
  const std::string module = text_of(naming::module_names(layer.name, naming).weights);
  const std::string first = join({module, form.affine}), last = join({module, form.last_affine});
  return {first + ".scale", first + ".bias", last + ".scale", last + ".bias"};
}

PPLCNET_INLINE TrainingNames training_names(const Layer& layer, const Naming& naming) {
  const TrainingForm form = training_form(layer);
  const std::string module = text_of(naming::module_names(layer.name, naming).weights);
  TrainingNames names;
  for (const Branch& branch : std::span(form.branches, static_cast<std::size_t>(form.count))) {
    ParameterNames& own = names.branches.emplace_back();
    if (!branch.identity) own.weight = join({module, branch.weight, ".weight"});
    if (!branch.norm.empty())
      naming::add_batch_norm(own, join({module, branch.norm}), naming.tensors);
  }
  if (!form.norm.empty())
    naming::add_batch_norm(names.after, join({module, form.norm}), naming.tensors);
  return names;
}

PPLCNET_INLINE std::vector<std::int64_t> weight_shape(const Layer& layer, const Naming& naming) {
  const std::int64_t in = layer.input.channels, out = layer.output.channels;
  const auto [height, width] = layer.kernel;
  const std::int64_t depth = layer.op == Operator::depthwise ? 1 : in;
  switch (layout_in(layer, naming)) {
    case Layout::out_in:
      return {out, in};
    case Layout::in_out:
      return {in, out};
    case Layout::none:
      return {};
    case Layout::line:
      return {out, depth, width};
    case Layout::vector:
      return {out / layer.repeats};
    case Layout::pixel:
      return {1, out / layer.repeats, 1, 1};
    case Layout::transposed: {
      std::int64_t side = 1;
      while (side * side < layer.repeats) ++side;
      return {in, out / layer.repeats, side, side};
    }
    case Layout::convolution:
      break;
  }
  return {out, depth, height, width};
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_NAMES_HPP

// What tensors of training are called in state dicts, and how these hold them.

namespace pplcnet::inline PPLCNET_ABI {

/// A tensor in a state dict.
struct TensorInFile {
  std::string name;
  std::vector<std::int64_t> shape;
  bool in_out = false;  ///< a matrix [in][out]; otherwise [out][in][kernel][kernel]
};

namespace training {

/// Returns the names of the part of a layer that a tensor belongs to.
inline ParameterNames names_of_part(const Layer& layer, const TrainingTensor& tensor,
                                    bool as_deployed, const Naming& naming) {
  if (trained_form(layer, as_deployed).count == 0) return parameter_names(layer, naming);
  const TrainingNames names = training_names(layer, naming);
  return tensor.branch < 0 ? names.after : names.branches[static_cast<std::size_t>(tensor.branch)];
}

}  // namespace training

/// Returns what a tensor of a network is in the state dicts of a naming.
inline TensorInFile tensor_in_file(const TrainedNetwork& network, const TrainingTensor& tensor,
                                   const Naming& naming) {
  using Kind = TrainingTensor::Kind;
  const Layer layer = trained_layer(network.graph, tensor.node);
  const ParameterNames names = training::names_of_part(layer, tensor, network.as_deployed, naming);
  const AffineNames scalars = affine_names(layer, naming);
  switch (tensor.kind) {
    case Kind::weight: {
      TensorInFile result = {names.weight, weight_shape(layer, naming),
                             layout_in(layer, naming) == Layout::in_out};
      if (tensor.branch >= 0) result.shape[2] = result.shape[3] = tensor.kernel.height;
      return result;
    }
    case Kind::bias:
      return {names.bias, bias_shape(layer)};
    case Kind::gamma:
      return {names.gamma, vector_shape(layer)};
    case Kind::beta:
      return {names.beta, vector_shape(layer)};
    case Kind::mean:
      return {names.mean, vector_shape(layer)};
    case Kind::variance:
      return {names.variance, vector_shape(layer)};
    case Kind::scale:
      return {tensor.last ? scalars.last_scale : scalars.scale, {1}};
    case Kind::shift:
      return {tensor.last ? scalars.last_bias : scalars.bias, {1}};
  }
  return {};
}

namespace training {

/// Calls `visit(in memory, in the file)` for the place of each value of a tensor.
template <class Visit>
void for_each_place(const TrainingTensor& tensor, bool in_out, const Visit& visit) {
  const auto taps = static_cast<std::size_t>(tensor.taps());
  const auto inputs = static_cast<std::size_t>(tensor.inputs);
  const auto outputs = static_cast<std::size_t>(tensor.outputs);
  const auto pitch = static_cast<std::size_t>(tensor.pitch());
  for (std::size_t tap = 0; tap < taps; ++tap)
    for (std::size_t in = 0; in < inputs; ++in)
      for (std::size_t out = 0; out < outputs; ++out)
        visit((tap * inputs + in) * pitch + out,
              in_out ? in * outputs + out : (out * inputs + in) * taps + tap);
}

}  // namespace training

/// Returns the values of a tensor in the order of files.
inline std::vector<float> file_values(const TrainingTensor& tensor, bool in_out,
                                      std::span<const float> memory) {
  std::vector<float> values(static_cast<std::size_t>(tensor.taps()) *
                            static_cast<std::size_t>(tensor.inputs) *
                            static_cast<std::size_t>(tensor.outputs));
  training::for_each_place(tensor, in_out,
                           [&](std::size_t at, std::size_t file) { values[file] = memory[at]; });
  return values;
}

/// Sets a tensor from values in the order of files.
inline void set_from_file(const TrainingTensor& tensor, bool in_out, std::span<const float> values,
                          std::span<float> memory) {
  training::for_each_place(tensor, in_out,
                           [&](std::size_t at, std::size_t file) { memory[at] = values[file]; });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TENSOR_IN_FILE_HPP
// from pplcnet/weights/fold.hpp
#ifndef PPLCNET_WEIGHTS_FOLD_HPP
#define PPLCNET_WEIGHTS_FOLD_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <span>
#include <utility>
#include <vector>


namespace pplcnet::inline PPLCNET_ABI {

/// A layer's parameters as a file holds them, [out][in][kernel][kernel]; empty: not there. An
/// affine is the scale and the shift after the activation, slopes are those of a PReLU.
struct Parameters {
  std::vector<float> weight, bias, gamma, beta, mean, variance, affine, slopes;
};

/// Returns those that are one after the other by output channels.
inline std::array<std::vector<float>*, 7> by_channel(Parameters& parameters) {
  return {&parameters.weight, &parameters.bias,     &parameters.gamma, &parameters.beta,
          &parameters.mean,   &parameters.variance, &parameters.slopes};
}

/// Returns a matrix of `count` rows the other way round: some files hold a dense layer's weight as
/// [in][out], this library as [out][in].
inline std::vector<float> transposed(std::span<const float> matrix, int count) {
  const auto rows = static_cast<std::size_t>(count);
  const std::size_t columns = matrix.size() / rows;
  std::vector<float> result(matrix.size());
  constexpr std::size_t kLine = 16;  // floats of a cache line, which is written at once
  for (std::size_t first = 0; first < rows; first += kLine)
    for (std::size_t column = 0; column < columns; ++column)
      for (std::size_t row = first; row < std::min(first + kLine, rows); ++row)
        result[column * rows + row] = matrix[row * columns + column];
  return result;
}

/// Reorders a transposed convolution's weight, [in][out][kernel][kernel], to
/// [kernel][kernel][out][in]: those of the channels that it gives before they become pixels.
PPLCNET_INLINE void spread(const Layer& layer, std::vector<float>& weight);

/// Gives channels that share parameters their own.
PPLCNET_INLINE void repeat(const Layer& layer, Parameters& parameters);

/// Batch norm as an affine map of its input: x * factor + offset.
struct Linear {
  double factor = 1, offset = 0;
};

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta, for output `o`; nothing without it.
inline Linear batch_norm_of(const Parameters& parameters, std::size_t o,
                            double epsilon = kBatchNormEpsilon) {
  if (parameters.gamma.empty()) return {};
  const double factor = parameters.gamma[o] / std::sqrt(parameters.variance[o] + epsilon);
  return {factor, std::fma(-parameters.mean[o], factor, parameters.beta[o])};
}

/// Folds what is constant at inference into weight and bias: batch norm, and the layer's scales
/// (dropout in front of it or after it). Computed in double, with every fused step written out, so
/// that all compilers get the same bits; leaves one weight and one bias per output.
PPLCNET_INLINE void fold(const Layer& layer, Parameters& parameters);

/// Undoes `fold` where a layer's scale is all that is folded; false, and nothing changes, if a
/// weight is none that the scale makes of another, bit for bit.
PPLCNET_INLINE bool unfold_scale(const Layer& layer, Parameters& folded);

/// Returns the place of weight [output][k] among a layer's packed weights; k counts
/// [in][kernel][kernel] as files do. In memory a convolution's sum runs over [kernel
/// row][in][kernel column], in the order in which it keeps the picture's rows; a product's over
/// [kernel row][kernel column][in].
constexpr std::size_t packed_index(const Layer& layer, std::size_t output, std::size_t k) {
  const auto depth = static_cast<std::size_t>(layer.depth());
  if (layer.op == Operator::convolution || layer.is_product()) {
    const auto height = static_cast<std::size_t>(layer.kernel.height);
    const auto width = static_cast<std::size_t>(layer.kernel.width);
    const std::size_t channels = depth / (height * width);
    const std::size_t column = k % width, row = k / width % height, in = k / width / height;
    k = layer.is_stem() ? (row * channels + in) * width + column
                        : (row * width + column) * channels + in;
  }
  return (output / kPanel * depth + k) * kPanel + output % kPanel;
}

/// Returns how far from an output's first weight its others are packed, in the order of files.
inline std::vector<std::size_t> packed_steps(const Layer& layer) {
  std::vector<std::size_t> steps(static_cast<std::size_t>(layer.depth()));
  for (std::size_t k = 0; k < steps.size(); ++k) steps[k] = packed_index(layer, 0, k);
  return steps;
}

/// A layer's packed weights among a network's, whatever type they are stored in.
inline void store_weight(const Layer& layer, std::span<float> weights, std::size_t index,
                         float value) {
  float* const packed = weights.data() + layer.weights;
  if (!layer.half) {
    packed[index] = value;
    return;
  }
  const std::uint16_t half = f16_from_float(value);
  std::memcpy(reinterpret_cast<std::byte*>(packed) + index * sizeof(half), &half, sizeof(half));
}

inline float load_weight(const Layer& layer, std::span<const float> weights, std::size_t index) {
  const float* const packed = weights.data() + layer.weights;
  if (!layer.half) return packed[index];
  std::uint16_t half = 0;
  std::memcpy(&half, reinterpret_cast<const std::byte*>(packed) + index * sizeof(half),
              sizeof(half));
  return float_from_f16(half);
}

/// Writes folded parameters to their place among a network's packed weights; what pads the last
/// panel is zero.
PPLCNET_INLINE void pack(const Layer& layer, const Parameters& folded, std::span<float> weights);

/// Returns the opposite of `pack`: weight [out][in][kernel][kernel] and bias.
PPLCNET_INLINE Parameters unpack(const Layer& layer, std::span<const float> weights);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE void spread(const Layer& layer, std::vector<float>& weight) {
  const auto in = static_cast<std::size_t>(layer.input.channels);
  const auto taps = static_cast<std::size_t>(layer.repeats);
  const auto out = static_cast<std::size_t>(layer.output.channels) / taps;
  std::vector<float> result(weight.size());
  for (std::size_t i = 0; i < in; ++i)
    for (std::size_t o = 0; o < out; ++o)
      for (std::size_t tap = 0; tap < taps; ++tap)
        result[(tap * out + o) * in + i] = weight[(i * out + o) * taps + tap];
  weight = std::move(result);
}

PPLCNET_INLINE void repeat(const Layer& layer, Parameters& parameters) {
  if (layer.layout == Layout::transposed) spread(layer, parameters.weight);
  for (std::vector<float>* values : by_channel(parameters)) {
    const std::size_t count = values->size();
    if (count * static_cast<std::size_t>(layer.repeats) !=
        static_cast<std::size_t>(layer.output.channels))
      continue;
    for (int i = 1; i < layer.repeats; ++i)
      for (std::size_t k = 0; k < count; ++k) values->push_back((*values)[k]);
  }
}

PPLCNET_INLINE void fold(const Layer& layer, Parameters& parameters) {
  const auto outputs = static_cast<std::size_t>(layer.output.channels);
  const auto depth = static_cast<std::size_t>(layer.depth());
  const double keep = layer.scale_percent / 100.0, share = layer.output_percent / 100.0;
  if (parameters.weight.empty()) parameters.weight.assign(outputs * depth, 1);  // Layout::none
  parameters.bias.resize(outputs);
  for (std::size_t o = 0; o < outputs; ++o) {
    const Linear norm = batch_norm_of(parameters, o, layer.norm_epsilon);
    const double factor = norm.factor * share;
    for (std::size_t k = 0; k < depth; ++k) {
      float& weight = parameters.weight[o * depth + k];
      weight = static_cast<float>(weight * factor * keep);
    }
    parameters.bias[o] = static_cast<float>(std::fma(parameters.bias[o], factor, norm.offset));
  }
}

PPLCNET_INLINE bool unfold_scale(const Layer& layer, Parameters& folded) {
  const double keep = layer.scale_percent / 100.0;
  std::vector<float> result;
  for (const float weight : folded.weight) {
    constexpr float kFar = std::numeric_limits<float>::infinity();
    const auto nearest = static_cast<float>(weight / keep);
    const float candidates[] = {nearest, std::nextafter(nearest, -kFar),
                                std::nextafter(nearest, kFar)};
    const auto* const found = std::ranges::find_if(
        candidates, [&](float one) { return static_cast<float>(one * keep) == weight; });
    if (found == std::end(candidates)) return false;
    result.push_back(*found);
  }
  folded.weight = std::move(result);
  return true;
}

PPLCNET_INLINE void pack(const Layer& layer, const Parameters& folded, std::span<float> weights) {
  const auto outputs = static_cast<std::size_t>(layer.output.channels);
  const auto depth = static_cast<std::size_t>(layer.depth());
  const std::span<float> packed = weights.subspan(layer.weights, layer.weight_floats());
  const std::span<float> biases = weights.subspan(layer.biases, layer.bias_floats());
  std::fill(packed.begin(), packed.end(), 0.0f);
  std::fill(biases.begin(), biases.end(), 0.0f);
  const std::vector<std::size_t> steps = packed_steps(layer);
  for (std::size_t o = 0; o < outputs; ++o) {
    const std::size_t first = packed_index(layer, o, 0);
    for (std::size_t k = 0; k < depth; ++k)
      store_weight(layer, weights, first + steps[k], folded.weight[o * depth + k]);
    biases[o] = folded.bias[o];
  }
  std::ranges::copy(folded.affine, weights.data() + layer.affine_place());
  if (layer.has_slopes()) std::ranges::copy(folded.slopes, weights.data() + layer.slopes_place());
}

PPLCNET_INLINE Parameters unpack(const Layer& layer, std::span<const float> weights) {
  const auto outputs = static_cast<std::size_t>(layer.output.channels);
  const auto depth = static_cast<std::size_t>(layer.depth());
  Parameters folded;
  folded.weight.resize(outputs * depth);
  const std::vector<std::size_t> steps = packed_steps(layer);
  for (std::size_t o = 0; o < outputs; ++o) {
    const std::size_t first = packed_index(layer, o, 0);
    for (std::size_t k = 0; k < depth; ++k)
      folded.weight[o * depth + k] = load_weight(layer, weights, first + steps[k]);
  }
  const auto biases = weights.subspan(layer.biases, outputs);
  folded.bias.assign(biases.begin(), biases.end());
  if (layer.affine) {
    const auto affine = weights.subspan(layer.affine_place(), 2);
    folded.affine.assign(affine.begin(), affine.end());
  }
  if (layer.has_slopes()) {
    const auto slopes = weights.subspan(layer.slopes_place(), outputs);
    folded.slopes.assign(slopes.begin(), slopes.end());
  }
  return folded;
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_FOLD_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// The parameters of one node in training, weights [out][in][kernel][kernel]: of its branches, and
/// of the whole, or of what follows their sum. An affine is a scale and a shift.
struct TrainingParameters {
  std::vector<Parameters> branches;
  Parameters whole;
  std::vector<float> affine = {1, 0}, last_affine = {1, 0};

  /// Returns the values of a tensor of the node.
  std::span<const float> of(const TrainingTensor& tensor) const {
    using Kind = TrainingTensor::Kind;
    const Parameters& part =
        tensor.branch < 0 ? whole : branches[static_cast<std::size_t>(tensor.branch)];
    const std::span<const float> scalars = tensor.last ? last_affine : affine;
    switch (tensor.kind) {
      case Kind::weight:
        return part.weight;
      case Kind::bias:
        return part.bias;
      case Kind::gamma:
        return part.gamma;
      case Kind::beta:
        return part.beta;
      case Kind::mean:
        return part.mean;
      case Kind::variance:
        return part.variance;
      case Kind::scale:
        return scalars.first(1);
      case Kind::shift:
        return scalars.subspan(1, 1);
    }
    return {};
  }
};

namespace training {

/// Sets all tensors of a node.
inline void set_parameters(const TrainingState& state, int node,
                           const TrainingParameters& parameters) {
  for (const TrainingTensor& tensor : state.tensors)
    if (tensor.node == node)
      set_from_file(tensor, /*in_out=*/false, parameters.of(tensor), state.of(tensor));
}

/// Returns whether a node of a graph has anything that is learnt.
inline bool has_parameters(const TrainingState& state, int node) {
  for (const TrainingTensor& tensor : state.tensors)
    if (tensor.node == node) return true;
  return false;
}

}  // namespace training

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TRAINING_PARAMETERS_HPP
// from pplcnet/weights/state_dict.hpp
#ifndef PPLCNET_WEIGHTS_STATE_DICT_HPP
#define PPLCNET_WEIGHTS_STATE_DICT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// from pplcnet/weights/check_values.hpp
#ifndef PPLCNET_WEIGHTS_CHECK_VALUES_HPP
#define PPLCNET_WEIGHTS_CHECK_VALUES_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>


// No NaN and no infinity gets into a network: each makes an output meaningless without an error.
// What a file has is checked as it is read, and what was made of it as it lies in memory.

namespace pplcnet::inline PPLCNET_ABI {

namespace checking {

/// Returns the first of packed numbers whose exponent has all of these bits, as NaN and infinities
/// have; the count of numbers if there is none.
template <class Bits>
std::size_t first_not_finite(std::span<const std::byte> numbers, Bits exponent) {
  const std::size_t count = numbers.size() / sizeof(Bits);
  const auto is_finite = [&](std::size_t i) {
    Bits bits = 0;
    std::memcpy(&bits, numbers.data() + i * sizeof(Bits), sizeof(Bits));
    return (bits & exponent) != exponent;
  };
  bool all = true;  // without a way out, so that compilers make vectors of it
  for (std::size_t i = 0; i < count; ++i) all = is_finite(i) && all;
  std::size_t first = all ? count : 0;
  while (first < count && is_finite(first)) ++first;
  return first;
}

inline std::size_t first_not_finite(std::span<const float> values) {
  return first_not_finite<std::uint32_t>(std::as_bytes(values), 0x7f800000);
}

PPLCNET_INLINE std::string text_of(float number);

template <class... Expected>
Error wrong(std::string_view path, std::string_view tensor, std::size_t index, float found,
            const Expected&... expected) {
  return Error::of(path, ": tensor ", quote(tensor), ": expected ", expected..., ", found ",
                   text_of(found), " (number ", index, ")")
      .with_progress(Error::kAllSteps);
}

}  // namespace checking

/// Keeps an error: wrong values are reported when everything else is right: of a file of another
/// network it is not what matters.
inline void keep_first(Error& first, Error next) {
  if (!first) first = std::move(next);
}

/// Copies all elements as `to_float` does; an error that names the tensor if one is not finite, or
/// too large for float32.
PPLCNET_INLINE Error read_values(const Tensor& tensor, std::string_view path,
                                 std::span<float> values);

/// Checks the same for variances, of which none is negative.
PPLCNET_INLINE Error read_variances(const Tensor& tensor, std::string_view path,
                                    std::span<float> values);

/// Checks a layer's packed weights, among a network's: an error that names the tensor of a native
/// file which they are. `when` is what was done to them: for the message.
inline Error check_packed(const Layer& layer, std::span<const float> weights, std::string_view path,
                          std::string_view when = "") {
  const auto packed = weights.subspan(layer.weights, layer.weight_floats());
  const std::size_t index =
      layer.half ? checking::first_not_finite<std::uint16_t>(std::as_bytes(packed), 0x7c00)
                 : checking::first_not_finite(packed);
  if (index < packed.size() * (layer.half ? 2 : 1))
    return checking::wrong(path, layer_name(layer) + ".weight", index,
                           load_weight(layer, weights, index), "finite ",
                           layer.half ? "float16 numbers, at most 65504" : "float32 numbers", when);
  const auto biases = weights.subspan(layer.biases, layer.bias_floats());
  const std::size_t bias = checking::first_not_finite(biases);
  if (bias == biases.size()) return {};
  const bool affine = layer.affine && layer.biases + bias >= layer.affine_place();
  return checking::wrong(path, layer_name(layer) + (affine ? ".affine" : ".bias"), bias,
                         biases[bias], "finite float32 numbers", when);
}

/// What was done to weights that a file has in a framework's form.
inline constexpr std::string_view kWhenFolded = " when batch norm and scales are part of it";

/// What was done to weights of another storage.
inline constexpr std::string_view kWhenStored = " in the storage that is asked for";

/// Checks the same for all layers: some milliseconds for the largest network.
inline Error check_packed(std::span<const Layer> layers, std::span<const float> weights,
                          std::string_view path, std::string_view when = "") {
  for (const Layer& layer : layers)
    if (layer.has_weights())
      if (auto error = check_packed(layer, weights, path, when)) return error;
  return {};
}

#if PPLCNET_HAS_DEFINITIONS
namespace checking {

PPLCNET_INLINE std::string text_of(float number) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof(digits), number).ptr};
}

}  // namespace checking

PPLCNET_INLINE Error read_values(const Tensor& tensor, std::string_view path,
                                 std::span<float> values) {
  to_float(tensor, values);
  const std::size_t index = checking::first_not_finite(values);
  if (index == values.size()) return {};
  return checking::wrong(path, tensor.name, index, values[index], "finite float32 numbers");
}

PPLCNET_INLINE Error read_variances(const Tensor& tensor, std::string_view path,
                                    std::span<float> values) {
  if (auto error = read_values(tensor, path, values)) return error;
  const auto negative = std::ranges::find_if(values, [](float value) { return value < 0; });
  if (negative == values.end()) return {};
  return checking::wrong(path, tensor.name, static_cast<std::size_t>(negative - values.begin()),
                         *negative, "variances, which are not negative");
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_CHECK_VALUES_HPP
// from pplcnet/weights/naming/known_files.hpp
#ifndef PPLCNET_WEIGHTS_NAMING_KNOWN_FILES_HPP
#define PPLCNET_WEIGHTS_NAMING_KNOWN_FILES_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>


// Whose tensors a state dict holds, by names that are theirs alone, for messages.

namespace pplcnet::inline PPLCNET_ABI {

/// Returns where `end` begins in a name, after a prefix that ends with a point; npos if it does
/// not.
inline std::size_t place_in(std::string_view name, std::string_view end) {
  if (!name.ends_with(end)) return std::string_view::npos;
  const std::size_t begin = name.size() - end.size();
  return begin == 0 || name[begin - 1] == '.' ? begin : std::string_view::npos;
}

/// Returns what a network is, in a sentence.
PPLCNET_INLINE std::string what_of(const NetworkTraits& traits);

/// Returns whose tensors a file holds, as `Naming::what` says it; nothing if that is not known.
PPLCNET_INLINE std::string_view known_as(const TensorFile& file);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::string what_of(const NetworkTraits& traits) {
  return traits.what.empty() ? "network " + quote(traits.name) : std::string(traits.what);
}

PPLCNET_INLINE std::string_view known_as(const TensorFile& file) {
  constexpr struct {
    std::string_view tensor, what;
  } kKnown[] = {
      {"blocks.0.0.dw_conv.conv.weight", tensors_of::kLightCnnsV1},
      {"conv1.conv.weight", tensors_of::kPaddleV1},
      {"conv_stem.weight", tensors_of::kTimmV1},
      {"features.0.weight", tensors_of::kPyTorchV1},
      {"encoder.convolution.convolution.weight", tensors_of::kHuggingFaceV1},
      {"embedder.convolution.convolution.weight", tensors_of::kHuggingFaceV1},
      {"stem.0.conv.weight", tensors_of::kV2},
      {"stem.stem1.conv.weight", tensors_of::kV4Detection},
      {"conv1.stem1.conv.weight", tensors_of::kV4Recognition},
      {"conv1.0.conv.weight", tensors_of::kV4TinyRecognition},
  };
  // What a network is part of may have a module of that name, too, but deeper inside.
  std::string_view found;
  std::ptrdiff_t least = -1;
  const auto holds = [&](std::string_view end) {
    return std::ranges::any_of(file.tensors,
                               [&](const Tensor& one) { return one.name.ends_with(end); });
  };
  for (const auto& [tensor, what] : kKnown)
    for (const Tensor& one : file.tensors) {
      const std::size_t begin = place_in(one.name, tensor);
      if (begin == std::string::npos) continue;
      const auto depth = std::ranges::count(one.name.substr(0, begin), '.');
      if (least >= 0 && depth >= least) continue;
      least = depth;
      found = what;
    }
  // V1 and V3 call their first layers the same.
  if (found == tensors_of::kPaddleV1 && holds(".lab.scale"))
    return holds("layer_list.0.weight") ? tensors_of::kV3Detection : tensors_of::kV3Recognition;
  return found;
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_KNOWN_FILES_HPP
// from pplcnet/weights/naming/parts.hpp
#ifndef PPLCNET_WEIGHTS_NAMING_PARTS_HPP
#define PPLCNET_WEIGHTS_NAMING_PARTS_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>


// What a distillation saves (PaddleClas and PaddleOCR, DistillationModel): several networks, whose
// names begin with those of their parts, `Student.` and `Teacher.`.

namespace pplcnet::inline PPLCNET_ABI {

namespace naming {

/// Returns the first word of a name, without the point after it.
constexpr std::string_view first_word(std::string_view name) {
  return name.substr(0, name.find('.'));
}

/// Returns whether two words are the same but for capital letters.
constexpr bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// Student, Student2, teacher ..
constexpr bool is_part(std::string_view word) {
  constexpr std::size_t kLength = 7;
  return same_word(word.substr(0, kLength), "student") ||
         same_word(word.substr(0, kLength), "teacher");
}

}  // namespace naming

/// Returns the parts of a distillation, in the file's order; none in a file of one network. There
/// are few.
PPLCNET_INLINE std::vector<std::string> parts_of(const TensorFile& file);

/// Returns the same for messages: `'Student', 'Teacher'`.
PPLCNET_INLINE std::string quote(const std::vector<std::string>& parts);

/// Leaves the tensors of one part, with the names that they have in a file of their own. Capital
/// letters do not matter.
PPLCNET_INLINE Error take_part(TensorFile& file, std::string_view part);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::vector<std::string> parts_of(const TensorFile& file) {
  constexpr std::size_t kMost = 8;
  std::vector<std::string> parts;
  for (const Tensor& tensor : file.tensors) {
    const std::string_view word = naming::first_word(tensor.name);
    if (parts.size() < kMost && naming::is_part(word) &&
        std::ranges::find(parts, word) == parts.end())
      parts.emplace_back(word);
  }
  return parts;
}

PPLCNET_INLINE std::string quote(const std::vector<std::string>& parts) {
  std::string names;
  for (const std::string& part : parts) names += (names.empty() ? "" : ", ") + quote(part);
  return names;
}

PPLCNET_INLINE Error take_part(TensorFile& file, std::string_view part) {
  const std::vector<std::string> parts = parts_of(file);
  const auto found =
      std::ranges::find_if(parts, [&](const auto& one) { return naming::same_word(one, part); });
  if (found == parts.end())
    return Error::of(file.path, ": has no part ", quote(part), ", ",
                     parts.empty() ? "it is of one network" : "it has " + quote(parts));
  const std::string prefix = *found + ".";
  std::erase_if(file.tensors, [&](const Tensor& one) { return !one.name.starts_with(prefix); });
  for (Tensor& tensor : file.tensors) tensor.name.erase(0, prefix.size());
  return {};
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_PARTS_HPP
// from pplcnet/weights/reparameterise.hpp
#ifndef PPLCNET_WEIGHTS_REPARAMETERISE_HPP
#define PPLCNET_WEIGHTS_REPARAMETERISE_HPP

#include <cmath>
#include <cstddef>
#include <vector>


namespace pplcnet::inline PPLCNET_ABI {

/// Adds up the branches of a layer, which become one convolution with a bias. In double precision:
/// what is rounded is the result.
class BranchSum {
 public:
  explicit BranchSum(const Layer& layer)
      : outputs_(static_cast<std::size_t>(layer.output.channels)),
        kernel_(static_cast<std::size_t>(layer.kernel.height)),
        inputs_(static_cast<std::size_t>(layer.depth()) / (kernel_ * kernel_)),
        depthwise_(layer.op == Operator::depthwise),
        weight_(outputs_ * inputs_ * kernel_ * kernel_),
        bias_(outputs_) {}

  /// Adds a branch: a smaller kernel, and the one of an identity, lies in the middle.
  void add(const Branch& branch, const Parameters& parameters) {
    const auto kernel = static_cast<std::size_t>(branch.kernel);
    const std::size_t margin = (kernel_ - kernel) / 2;
    for (std::size_t o = 0; o < outputs_; ++o) {
      const Linear norm = batch_norm_of(parameters, o);
      bias_[o] += parameters.bias.empty() ? norm.offset
                                          : std::fma(parameters.bias[o], norm.factor, norm.offset);
      if (branch.identity) {
        at(o, depthwise_ ? 0 : o, kernel_ / 2, kernel_ / 2) += norm.factor;
        continue;
      }
      const float* weight = parameters.weight.data() + o * inputs_ * kernel * kernel;
      for (std::size_t i = 0; i < inputs_; ++i)
        for (std::size_t y = 0; y < kernel; ++y)
          for (std::size_t x = 0; x < kernel; ++x)
            at(o, i, margin + y, margin + x) += rounded(*weight++ * norm.factor);
    }
  }

  /// What follows the sum, output by output.
  void scale(std::size_t o, const Linear& linear) {
    const std::size_t depth = inputs_ * kernel_ * kernel_;
    for (std::size_t k = 0; k < depth; ++k) weight_[o * depth + k] *= linear.factor;
    bias_[o] = std::fma(bias_[o], linear.factor, linear.offset);
  }

  /// Sets weight and bias.
  void round_to(Parameters& parameters) const {
    parameters.weight.assign(weight_.begin(), weight_.end());
    parameters.bias.assign(bias_.begin(), bias_.end());
  }

 private:
  double& at(std::size_t o, std::size_t i, std::size_t y, std::size_t x) {
    return weight_[((o * inputs_ + i) * kernel_ + y) * kernel_ + x];
  }

  std::size_t outputs_, kernel_, inputs_;
  bool depthwise_;
  std::vector<double> weight_, bias_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_REPARAMETERISE_HPP
// from pplcnet/weights/state_dict_tensors.hpp
#ifndef PPLCNET_WEIGHTS_STATE_DICT_TENSORS_HPP
#define PPLCNET_WEIGHTS_STATE_DICT_TENSORS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>


namespace pplcnet::inline PPLCNET_ABI {

/// The tensors of a state dict by the names that a framework gives them, and which of them have
/// been read.
class StateDictTensors {
 protected:
  explicit StateDictTensors(const TensorFile& file) : file_(file) {}

  /// Returns a tensor's name in the file.
  std::string full_name(const std::string& name) const;

  const Tensor* find(const std::string& name) const {
    return name.empty() ? nullptr : file_.find(full_name(name));
  }

  /// Returns the names of a layer: older ones, where the file has them in place of today's.
  ParameterNames names_of(const Layer& layer) const;

  /// Returns the names that the weights of the first layer may have, as it is trained or deployed.
  static std::vector<std::string> first_names(const Layer& layer, const Naming& naming);

  /// Returns whether the file has any tensor of a layer's training form; `own` is the deployed one.
  bool has_branches(const TrainingNames& names, const ParameterNames& own) const;

  /// `check` is `read_values` or `read_variances`.
  Error read(const std::string& name, const std::vector<std::int64_t>& shape,
             std::vector<float>& values, decltype(read_values)& check = read_values);

  void mark(const std::string& full) { read_.insert(std::ranges::upper_bound(read_, full), full); }

  const TensorFile& file_;
  std::string prefix_;  // of all names
  Naming naming_;
  std::vector<std::string> read_;  // sorted
  Error wrong_value_;              // the first
};

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::string StateDictTensors::full_name(const std::string& name) const {
  constexpr std::string_view kNeck = "neck.", kBackbone = "backbone.";
  // The neck is not inside the backbone.
  if (name.starts_with(kNeck) && prefix_.ends_with(kBackbone))
    return prefix_.substr(0, prefix_.size() - kBackbone.size()) + name;
  return prefix_ + name;
}

PPLCNET_INLINE ParameterNames StateDictTensors::names_of(const Layer& layer) const {
  ParameterNames names = parameter_names(layer, naming_);
  if (naming_.older_module == nullptr) return names;
  const ParameterNames older = parameter_names(layer, naming_.older());
  for (const auto member : {&ParameterNames::weight, &ParameterNames::bias, &ParameterNames::gamma,
                            &ParameterNames::beta, &ParameterNames::mean, &ParameterNames::variance,
                            &ParameterNames::slopes})
    if (find(names.*member) == nullptr && find(older.*member) != nullptr)
      names.*member = older.*member;
  return names;
}

PPLCNET_INLINE std::vector<std::string> StateDictTensors::first_names(const Layer& layer,
                                                                      const Naming& naming) {
  std::vector<std::string> names = {parameter_names(layer, naming).weight};
  if (naming.older_module != nullptr)
    names.push_back(parameter_names(layer, naming.older()).weight);
  for (const ParameterNames& branch : training_names(layer, naming).branches)
    if (!branch.weight.empty() && branch.weight != names.front()) names.push_back(branch.weight);
  return names;
}

PPLCNET_INLINE bool StateDictTensors::has_branches(const TrainingNames& names,
                                                   const ParameterNames& own) const {
  const auto is_there = [&](const ParameterNames& part) {
    return (part.weight != own.weight && find(part.weight)) || find(part.gamma) ||
           find(part.beta) || find(part.mean) || find(part.variance);
  };
  return std::ranges::any_of(names.branches, is_there) || is_there(names.after);
}

PPLCNET_INLINE Error StateDictTensors::read(const std::string& name,
                                            const std::vector<std::int64_t>& shape,
                                            std::vector<float>& values,
                                            decltype(read_values)& check) {
  if (name.empty()) return {};
  const std::string full = full_name(name);
  const Tensor* tensor = file_.find(full);
  if (tensor == nullptr)
    return Error::of(file_.path, ": tensor ", quote(full), " ", describe(DataType::f32, shape),
                     " is missing");
  if (!converts_to_float(tensor->type) || tensor->shape != shape)
    return Error::of(file_.path, ": tensor ", quote(full), ": expected ",
                     describe(DataType::f32, shape), ", found ",
                     describe(tensor->type, tensor->shape));
  values.resize(static_cast<std::size_t>(tensor->element_count()));
  mark(full);
  keep_first(wrong_value_, check(*tensor, file_.path, values));
  return {};
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_STATE_DICT_TENSORS_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Takes a framework's parameters out of a file by name. Frameworks put prefixes before the names
/// (`module.`, `backbone.`, `base_model.`): whatever stands before the stem's name is one.
class StateDict : protected StateDictTensors {
 public:
  StateDict(const TensorFile& file, std::span<const Layer> layers, const NetworkTraits& traits)
      : StateDictTensors(file), layers_(layers), traits_(traits) {}

  /// Detects the naming; an error if it is unknown, or another network's.
  Error open();

  /// Reads all parameters of a layer, with the shapes that the layer must have; branches become one
  /// weight and bias.
  Error read(const Layer& layer, Parameters& parameters);

  /// Checks a layer's packed weights.
  void check(const Layer& layer, std::span<const float> weights) {
    if (!wrong_value_) wrong_value_ = check_packed(layer, weights, file_.path, kWhenFolded);
  }

  /// Returns, after everything was read, an error that names the first tensor that is not part of
  /// the network, or the first with a value that no network can have.
  Error close() const;

 protected:
  using StateDictTensors::read;

  Error read(const Layer& layer, const ParameterNames& names,
             std::vector<std::int64_t> weight_shape, Parameters& parameters);

  /// Leaves the part of a convolution's values that a layer of it has.
  static void take_group(const Layer& layer, std::vector<float>& values);

  bool is_logits(const Layer& layer) const {
    return traits_.logits >= 0 &&
           layer.name == layers_[static_cast<std::size_t>(traits_.logits)].name;
  }

 private:
  /// Where a network has been found: what it is called before all names is `prefix_`.
  struct Place {
    bool is_there = false;
    std::string second_prefix;  ///< another prefix of the same depth
  };

  /// Chooses, of namings with the same names for weights, the one that names the batch norm as the
  /// file does.
  void choose_framework(const Layer& layer, const std::vector<Naming>& namings);

  /// Finds what stands before the name of the first weights. What a network is part of may have a
  /// module of that name, too, but deeper inside.
  void find_prefix(const std::string& name, const Naming& naming, Place& found);

  /// Reads a layer that has branches where it was trained, from a file of either form.
  Error read_branches(const Layer& layer, Parameters& result);

  /// Reads scalars: those before the activation are part of the sum; those after it have no use
  /// where there is no activation.
  Error read_affine(const Layer& layer, Linear& before, std::vector<float>& after);

  /// Returns whether a tensor belongs to what a network was trained in: it is of a module that the
  /// network has no use for, or lies beside the prefix of a backbone.
  bool is_around(std::string_view name) const;

  /// Checks what depends on the type's options: the commonest mistakes deserve the plainest words.
  Error check_optional() const;

  Error check_classes(const Layer& layer, const std::string& name) const;

  std::span<const Layer> layers_;
  const NetworkTraits& traits_;
};

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE Error StateDict::open() {
  if (const auto parts = parts_of(file_); parts.size() > 1)
    return Error::of(file_.path, ": holds several networks, take one of them: ", quote(parts));
  const auto first = std::ranges::find_if(layers_, &Layer::has_weights);
  if (first == layers_.end()) return {};
  const std::vector<Naming> namings = namings_of(traits_);
  const std::string_view known = known_as(file_);
  const bool other = !known.empty() && !traits_.namings.empty() &&
                     std::ranges::find(namings, known, &Naming::what) == namings.end();
  if (other)
    return Error::of(file_.path, ": holds tensors of ", known, ", the type is ", what_of(traits_));
  Place found;
  std::string names;
  for (const Naming& naming : namings)
    for (const std::string& name : first_names(*first, naming)) {
      if (names.find(quote(name)) == names.npos) names += (names.empty() ? "" : ", ") + quote(name);
      find_prefix(name, naming, found);
    }
  if (!found.second_prefix.empty())
    return Error::of(file_.path, ": holds two networks, ", quote(found.second_prefix), " and ",
                     quote(prefix_));
  if (found.is_there) {
    choose_framework(*first, namings);
    return check_optional().with_progress(1);
  }
  return Error::of(file_.path, ": no tensor is named as in ", what_of(traits_), " (", names,
                   "); the first is ",
                   file_.tensors.empty() ? "none" : quote(file_.tensors.front().name));
}

PPLCNET_INLINE Error StateDict::read(const Layer& layer, Parameters& parameters) {
  if (training_form(layer).count > 0) return read_branches(layer, parameters);
  const ParameterNames names = names_of(layer);
  if (auto error = check_classes(layer, names.weight)) return error;
  if (auto error = read(layer, names, weight_shape(layer, naming_), parameters)) return error;
  if (layout_in(layer, naming_) == Layout::in_out)
    parameters.weight = transposed(parameters.weight, layer.input.channels);
  repeat(layer, parameters);
  return {};
}

PPLCNET_INLINE Error StateDict::read(const Layer& layer, const ParameterNames& names,
                                     std::vector<std::int64_t> weight_shape,
                                     Parameters& parameters) {
  std::vector<std::int64_t> vector = vector_shape(layer);
  vector.front() *= layer.group_count;
  const auto bias = layer.group_count > 1 ? vector : bias_shape(layer);
  if (!weight_shape.empty()) weight_shape.front() *= layer.group_count;
  if (auto error = read(names.weight, weight_shape, parameters.weight)) return error;
  if (auto error = read(names.bias, bias, parameters.bias)) return error;
  if (auto error = read(names.slopes, vector, parameters.slopes)) return error;
  if (auto error = read(names.gamma, vector, parameters.gamma)) return error;
  if (auto error = read(names.beta, vector, parameters.beta)) return error;
  if (auto error = read(names.mean, vector, parameters.mean)) return error;
  if (auto error = read(names.variance, vector, parameters.variance, read_variances)) return error;
  for (std::vector<float>* values : by_channel(parameters)) take_group(layer, *values);
  return {};
}

PPLCNET_INLINE Error StateDict::close() const {
  for (const Tensor& tensor : file_.tensors) {
    const bool counter = tensor.name.ends_with(".num_batches_tracked");
    if (counter || std::ranges::binary_search(read_, tensor.name)) continue;
    if (is_around(tensor.name)) continue;
    return Error::of(file_.path, ": tensor ", quote(tensor.name), " ",
                     describe(tensor.type, tensor.shape), " is not part of the type's network");
  }
  return wrong_value_;
}

PPLCNET_INLINE void StateDict::take_group(const Layer& layer, std::vector<float>& values) {
  const std::size_t size = values.size() / static_cast<std::size_t>(layer.group_count);
  const auto first = values.begin() + static_cast<std::ptrdiff_t>(size) * layer.group;
  if (layer.group_count > 1)
    values = std::vector<float>(first, first + static_cast<std::ptrdiff_t>(size));
}

PPLCNET_INLINE void StateDict::choose_framework(const Layer& layer,
                                                const std::vector<Naming>& namings) {
  for (const Naming& naming : namings) {
    if (naming.module != naming_.module) continue;
    std::vector<ParameterNames> norms = training_names(layer, naming).branches;
    norms.push_back(parameter_names(layer, naming));
    if (std::ranges::any_of(norms, [&](const auto& names) { return find(names.mean); })) {
      naming_ = naming;
      return;
    }
  }
}

PPLCNET_INLINE void StateDict::find_prefix(const std::string& name, const Naming& naming,
                                           Place& found) {
  for (const Tensor& tensor : file_.tensors) {
    const std::size_t begin = place_in(tensor.name, name);
    if (begin == std::string::npos) continue;
    const std::string prefix = tensor.name.substr(0, begin);
    const auto deeper = std::ranges::count(prefix, '.') - std::ranges::count(prefix_, '.');
    if (found.is_there && (deeper > 0 || prefix == prefix_)) continue;
    found.second_prefix = found.is_there && deeper == 0 ? prefix_ : "";
    found.is_there = true;
    naming_ = naming;
    prefix_ = prefix;
  }
}

PPLCNET_INLINE Error StateDict::read_branches(const Layer& layer, Parameters& result) {
  const TrainingForm form = training_form(layer);
  const TrainingNames names = training_names(layer, naming_);
  const ParameterNames own = parameter_names(layer, naming_);
  BranchSum sum(layer);
  Parameters norm;
  if (has_branches(names, own)) {
    for (std::size_t i = 0; i < names.branches.size(); ++i) {
      auto shape = weight_shape(layer, naming_);
      shape[2] = shape[3] = form.branches[i].kernel;
      Parameters branch;
      if (auto error = read(layer, names.branches[i], shape, branch)) return error;
      sum.add(form.branches[i], branch);
    }
    if (auto error = read(layer, names.after, {}, norm)) return error;
    if (form.keeps_deployed) {
      mark(full_name(own.weight));
      mark(full_name(own.bias));
    }
  } else {
    Parameters deployed;
    if (auto error = read(layer, own, weight_shape(layer, naming_), deployed)) return error;
    sum.add({.kernel = layer.kernel.height}, deployed);
  }
  for (std::size_t o = 0; o < static_cast<std::size_t>(layer.output.channels); ++o)
    sum.scale(o, batch_norm_of(norm, o));
  if (!form.affine.empty()) {
    Linear affine;
    if (auto error = read_affine(layer, affine, result.affine)) return error;
    for (std::size_t o = 0; o < static_cast<std::size_t>(layer.output.channels); ++o)
      sum.scale(o, affine);
  }
  sum.round_to(result);
  return {};
}

PPLCNET_INLINE Error StateDict::read_affine(const Layer& layer, Linear& before,
                                            std::vector<float>& after) {
  const AffineNames names = affine_names(layer, naming_);
  std::vector<float> scale, shift;
  if (auto error = read(names.scale, {1}, scale)) return error;
  if (auto error = read(names.bias, {1}, shift)) return error;
  before = {scale[0], shift[0]};
  if (!layer.affine) {
    mark(full_name(names.last_scale));
    mark(full_name(names.last_bias));
    return {};
  }
  if (auto error = read(names.last_scale, {1}, scale)) return error;
  if (auto error = read(names.last_bias, {1}, shift)) return error;
  after = {scale[0], shift[0]};
  return {};
}

PPLCNET_INLINE bool StateDict::is_around(std::string_view name) const {
  const bool backbone = traits_.classes == 0 && !traits_.namings.empty();
  if (backbone && !name.starts_with(prefix_)) return true;
  return std::ranges::any_of(traits_.unused, [&](const Name& module) {
    const std::string weight = full_name(names_of({{.name = module}}).weight);
    return name.starts_with(weight.substr(0, weight.rfind('.') + 1));
  });
}

PPLCNET_INLINE Error StateDict::check_optional() const {
  for (const OptionalModule& one : traits_.optional) {
    const auto is_it = [&](const Layer& layer) {
      return layer.name == one.module || layer.norm_name == one.module;
    };
    const auto layer = std::ranges::find_if(layers_, is_it);
    const int width = layer == layers_.end() ? 0 : layer->output.channels;
    const std::string name = text_of(naming::module_names(one.module, naming_).weights) + ".weight";
    const bool there = find(name) != nullptr;
    if (there == (width > 0)) continue;
    const std::string value = one.is_flag ? (width > 0 ? "true" : "false") : join({width});
    return Error::of(file_.path, ": has ", there ? "a" : "no", " tensor ", quote(full_name(name)),
                     ", the type has ", one.option, " = ", value);
  }
  return {};
}

PPLCNET_INLINE Error StateDict::check_classes(const Layer& layer, const std::string& name) const {
  const Tensor* tensor = find(name);
  const auto shape = weight_shape(layer, naming_);
  if (!is_logits(layer) || tensor == nullptr || tensor->shape.size() != shape.size()) return {};
  const std::size_t out = shape[0] == layer.output.channels ? 0 : 1;
  if (tensor->shape[1 - out] != shape[1 - out] || tensor->shape[out] == shape[out]) return {};
  return Error::of(file_.path, ": has ", tensor->shape[out], " classes (", quote(tensor->name),
                   "), the type has ", shape[out]);
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_STATE_DICT_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Takes what a network has learnt out of a framework's state dict: batch norms and branches stay
/// apart.
class TrainingStateDict : public StateDict {
 public:
  TrainingStateDict(const TensorFile& file, const TrainedNetwork& network)
      : StateDict(file, network.layers, network.traits), network_(network) {}

  /// Sets all tensors of a network; after an error some of them. Where the file has another number
  /// of classes, the classifier's may stay as they are.
  Error take(const TrainingState& state, bool of_other_classes) {
    if (auto error = open()) return error;
    for (int node = 0; node < network_.graph.node_count; ++node) {
      if (!training::has_parameters(state, node)) continue;
      const Layer layer = trained_layer(network_.graph, node);
      const int classes = classes_in_file(layer);
      const bool fits = classes == layer.output.channels;
      TrainingParameters parameters;
      if (fits || !of_other_classes) {
        if (auto error = read_parts(layer, parameters)) return error;
        training::set_parameters(state, node, parameters);
      } else {
        Layer other = layer;
        other.output.channels = classes;
        if (auto error = StateDict::read(other, parameters.whole)) return error;
      }
    }
    return close();
  }

 private:
  using StateDict::read;

  /// Returns how many classes the file's classifier has; of other layers their outputs.
  int classes_in_file(const Layer& layer) const {
    const Tensor* weight = is_logits(layer) ? find(names_of(layer).weight) : nullptr;
    const std::vector<std::int64_t> shape = weight_shape(layer, naming_);
    if (weight == nullptr || weight->shape.size() != shape.size()) return layer.output.channels;
    const std::size_t out = layout_in(layer, naming_) == Layout::in_out ? 1 : 0;
    const std::int64_t classes = weight->shape[out];
    const bool sound = classes >= 1 && classes <= Graph::kMostOutputs;
    return sound ? static_cast<int>(classes) : layer.output.channels;
  }

  Error read_parts(const Layer& layer, TrainingParameters& parameters) {
    if (trained_form(layer, network_.as_deployed).count > 0)
      return read_branches_apart(layer, parameters);
    if (auto error = StateDict::read(layer, parameters.whole)) return error;
    if (!parameters.whole.affine.empty()) parameters.last_affine = parameters.whole.affine;
    return {};
  }

  Error read_branches_apart(const Layer& layer, TrainingParameters& parameters) {
    const TrainingForm form = training_form(layer);
    const TrainingNames names = training_names(layer, naming_);
    const ParameterNames own = parameter_names(layer, naming_);
    if (!has_branches(names, own))
      return Error::of(file_.path, ": ", layer_name(layer),
                       " has no branches: it is trained as it is deployed, or not at all");
    for (std::size_t i = 0; i < names.branches.size(); ++i) {
      auto shape = weight_shape(layer, naming_);
      shape[2] = shape[3] = form.branches[i].kernel;
      if (form.branches[i].identity) shape.clear();
      Parameters& branch = parameters.branches.emplace_back();
      if (auto error = read(layer, names.branches[i], shape, branch)) return error;
    }
    if (auto error = read(layer, names.after, {}, parameters.whole)) return error;
    if (form.keeps_deployed) {
      mark(full_name(own.weight));
      mark(full_name(own.bias));
    }
    return read_scalars(layer, parameters);
  }

  Error read_scalars(const Layer& layer, TrainingParameters& parameters) {
    const AffineNames names = affine_names(layer, naming_);
    if (auto error = read_scalar(names.scale, parameters.affine[0])) return error;
    if (auto error = read_scalar(names.bias, parameters.affine[1])) return error;
    if (!layer.affine) {
      mark(full_name(names.last_scale));
      mark(full_name(names.last_bias));
      return {};
    }
    if (auto error = read_scalar(names.last_scale, parameters.last_affine[0])) return error;
    return read_scalar(names.last_bias, parameters.last_affine[1]);
  }

  Error read_scalar(const std::string& name, float& value) {
    std::vector<float> values = {value};
    if (auto error = read(name, {1}, values)) return error;
    value = values.front();
    return {};
  }

  TrainedNetwork network_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_READ_STATE_DICT_HPP
// from pplcnet/train/trained_state_dict.hpp
#ifndef PPLCNET_TRAIN_TRAINED_STATE_DICT_HPP
#define PPLCNET_TRAIN_TRAINED_STATE_DICT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


namespace pplcnet::inline PPLCNET_ABI {

/// What a network has learnt as a state dict, with the names that it has where it comes from,
/// branches and batch norms apart: what any loader of the library reads, and `write_safetensors`
/// writes. It has copies of all values.
class TrainedStateDict {
 public:
  /// `path` is for messages.
  TrainedStateDict(const TrainedNetwork& network, const TrainingState& state,
                   std::string_view path) {
    const Naming naming = namings_of(network.traits).front();
    file_.path = path;
    for (const TrainingTensor& tensor : state.tensors) {
      TensorInFile place = tensor_in_file(network, tensor, naming);
      add(std::move(place.name), std::move(place.shape),
          file_values(tensor, place.in_out, state.of(tensor)));
    }
    add_unused_scalars(network, naming);
  }

  TrainedStateDict(const TrainedStateDict&) = delete;
  TrainedStateDict& operator=(const TrainedStateDict&) = delete;

  /// Returns the tensors, which refer to this.
  const TensorFile& file() const { return file_; }

 private:
  /// Adds a tensor, or a group's part of one that is there.
  void add(std::string name, std::vector<std::int64_t> shape, const std::vector<float>& values) {
    auto tensor = std::ranges::find(file_.tensors, name, &Tensor::name);
    if (tensor == file_.tensors.end()) {
      values_.push_back(values);
      file_.tensors.push_back({.name = std::move(name),
                               .type = DataType::f32,
                               .shape = std::move(shape),
                               .data = std::as_bytes(std::span(values_.back()))});
      return;
    }
    std::vector<float>& all = values_[static_cast<std::size_t>(tensor - file_.tensors.begin())];
    all.insert(all.end(), values.begin(), values.end());
    tensor->shape.front() += shape.front();
    tensor->data = std::as_bytes(std::span(all));
  }

  /// Adds the scalars that files of a network have and its training does not: those that are part
  /// of deployed weights, and those after an activation that is not there.
  void add_unused_scalars(const TrainedNetwork& network, const Naming& naming) {
    for (int i = 0; i < network.graph.node_count; ++i) {
      if (network.graph.nodes[i].op != Operator::convolution) continue;
      const AffineNames names = affine_names(trained_layer(network.graph, i), naming);
      for (const auto& [name, value] :
           {std::pair{names.scale, 1.0F}, std::pair{names.bias, 0.0F},
            std::pair{names.last_scale, 1.0F}, std::pair{names.last_bias, 0.0F}})
        if (!name.empty() && file_.find(name) == nullptr) add(name, {1}, {value});
    }
  }

  TensorFile file_;
  std::deque<std::vector<float>> values_;  // of each tensor
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TRAINED_STATE_DICT_HPP
#endif

// What a network has learnt comes from files, and becomes weights for inference.

namespace pplcnet::inline PPLCNET_ABI {

/// What becomes of the classifier's weights where a file has another number of classes.
enum class OtherClasses : unsigned char {
  are_errors,
  keep_weights,  ///< the network's stay as they are
};

/// Sets what a network has learnt from a framework's state dict, branches and batch norms apart.
PPLCNET_TRAINING_INLINE Error take_state_dict(const TensorFile& file, const TrainedNetwork& network,
                                              const TrainingState& state,
                                              OtherClasses other_classes);

/// Folds what a network has learnt into packed weights for inference.
PPLCNET_TRAINING_INLINE Error fold_trained(const TrainedNetwork& network,
                                           const TrainingState& state, std::span<float> weights);

#if PPLCNET_HAS_TRAINING_DEFINITIONS
PPLCNET_TRAINING_INLINE Error take_state_dict(const TensorFile& file, const TrainedNetwork& network,
                                              const TrainingState& state,
                                              OtherClasses other_classes) {
  return with_memory_for(file.path, [&]() -> Error {
    return TrainingStateDict(file, network)
        .take(state, other_classes == OtherClasses::keep_weights);
  });
}

PPLCNET_TRAINING_INLINE Error fold_trained(const TrainedNetwork& network,
                                           const TrainingState& state, std::span<float> weights) {
  return with_memory_for(network.traits.name, [&]() -> Error {
    const TrainedStateDict trained(network, state, network.traits.name);
    return loading::load_tensors(trained.file(), network.layers, network.traits, weights);
  });
}
#endif  // PPLCNET_HAS_TRAINING_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TRANSFER_HPP
// from pplcnet/training_passes.hpp
#ifndef PPLCNET_TRAINING_PASSES_HPP
#define PPLCNET_TRAINING_PASSES_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

// from pplcnet/kernels/training/run.hpp
#ifndef PPLCNET_KERNELS_TRAINING_RUN_HPP
#define PPLCNET_KERNELS_TRAINING_RUN_HPP

#include <cstdint>
#include <span>


namespace pplcnet::inline PPLCNET_ABI {

class TrainingExchange;

/// One pass over a batch: what the kernels are given. The order of its sums follows from the shapes
/// alone, never from the number of threads or the width of vectors.
struct TrainingRun {
  std::span<const TrainingStep> steps;
  std::span<const TrainingValue> values;
  std::span<const TrainingTensor> tensors;
  int images = 1;                      ///< at most those of the plan
  int first_step = 0;                  ///< the backward pass ends with it
  const float* pictures = nullptr;     ///< [image][3][height][width], normalised
  float* picture_gradients = nullptr;  ///< the same layout; where the plan has them

  float* arena = nullptr;        ///< plan.arena_floats; begins at a multiple of 64 bytes, as all do
  float* parameters = nullptr;   ///< plan.parameter_floats
  float* gradients = nullptr;    ///< of the parameters, the same layout
  float* statistics = nullptr;   ///< plan.statistic_floats
  float* scratch = nullptr;      ///< plan.scratch_floats; shared by all threads of a step
  bool batch_statistics = true;  ///< batch norms use the batch's; otherwise the running ones
  bool moves_statistics = true;  ///< running = 0.9 × running + 0.1 × the batch's, biased variance
  bool drops = true;             ///< dropout; otherwise values are multiplied by keep_percent / 100
  std::uint64_t dropout_seed = 0;  ///< another one for each step of training
  Executor executor = {};
  TrainingExchange* exchange = nullptr;  ///< with the processes that have the batch's other images
  int batch = 0;                         ///< then: the images of all of them
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_TRAINING_RUN_HPP
// from pplcnet/kernels/training/training.hpp
#ifndef PPLCNET_KERNELS_TRAINING_TRAINING_HPP
#define PPLCNET_KERNELS_TRAINING_TRAINING_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>


namespace pplcnet::inline PPLCNET_ABI {

/// A step of stochastic gradient descent with momentum, as PaddlePaddle does it:
/// v = momentum * v + (gradient_scale * g + l2 * w), then w = w - rate * v.
struct ParameterUpdate {
  float* parameters = nullptr;
  float* velocities = nullptr;
  const float* gradients = nullptr;
  std::size_t count = 0;  ///< a multiple of 8
  float rate = 0, momentum = 0.9F, l2 = 0;
  float gradient_scale = 1;  ///< below 1 where gradients are clipped

  /// Returns the update of parameters [begin, end), both multiples of 8.
  constexpr ParameterUpdate part(std::int64_t begin, std::int64_t end) const {
    ParameterUpdate result = *this;
    result.parameters += begin;
    result.velocities += begin;
    result.gradients += begin;
    result.count = static_cast<std::size_t>(end - begin);
    return result;
  }
};

/// Computes the values of a batch, with the kernels of one instruction set, or the best one that
/// this CPU has. The same bits on all that have fused multiply-adds, whatever the executor.
PPLCNET_TRAINING_INLINE void training_forward(const TrainingRun& run, Isa isa) noexcept;

/// Computes the gradients of parameters, from the last step to `run.first_step`, after
/// training_forward: those of the last step's output are there. What is there of the parameters'
/// gradients is overwritten.
PPLCNET_TRAINING_INLINE void training_backward(const TrainingRun& run, Isa isa) noexcept;

/// Returns the sum of the squares of numbers, in doubles: that of eight chains, whatever the
/// machine.
inline double sum_of_squares(std::span<const float> numbers) noexcept {
  std::array<double, 8> sums = {};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto number = static_cast<double>(numbers[i]);
    sums[i % sums.size()] += number * number;  // which is exact, so that a fused one is the same
  }
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/// Moves parameters, with the threads of a run.
PPLCNET_TRAINING_INLINE void update_parameters(const TrainingRun& run,
                                               const ParameterUpdate& update, Isa isa) noexcept;

}  // namespace pplcnet::inline PPLCNET_ABI

// from pplcnet/kernels/training/kernels.hpp
#ifndef PPLCNET_KERNELS_TRAINING_KERNELS_HPP
#define PPLCNET_KERNELS_TRAINING_KERNELS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

// from pplcnet/kernels/training/arguments.hpp
#ifndef PPLCNET_KERNELS_TRAINING_ARGUMENTS_HPP
#define PPLCNET_KERNELS_TRAINING_ARGUMENTS_HPP

#include <array>
#include <cstddef>


namespace pplcnet::inline PPLCNET_ABI {

/// Computes a step, or its gradients.
using TrainingKernel = void (*)(const TrainingRun&, const TrainingStep&);

/// The kernels of an instruction set.
struct TrainingKernels {
  std::array<TrainingKernel, kTrainingOperators> forward = {}, backward = {};
  void (*update)(const ParameterUpdate&) = nullptr;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_TRAINING_ARGUMENTS_HPP
// from pplcnet/train/random.hpp
#ifndef PPLCNET_TRAIN_RANDOM_HPP
#define PPLCNET_TRAIN_RANDOM_HPP

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

// from pplcnet/train/elementary.hpp
#ifndef PPLCNET_TRAIN_ELEMENTARY_HPP
#define PPLCNET_TRAIN_ELEMENTARY_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>


// Functions of doubles whose bits are the same on every machine: C libraries differ in the last
// ones. Each operation is rounded on its own.

namespace pplcnet::inline PPLCNET_ABI {

namespace elementary {

/// Returns c[0] + c[1] x + c[2] x² + …
constexpr double polynomial(std::span<const double> coefficients, double x) {
  double sum = 0;
  for (std::size_t i = coefficients.size(); i-- > 0;) sum = coefficients[i] + rounded(sum * x);
  return sum;
}

/// Returns the coefficients of a Taylor series whose terms are (-1)^k x^2k / (2k + first)!.
template <std::size_t kTerms>
constexpr std::array<double, kTerms> alternating_series(int first) {
  std::array<double, kTerms> series = {};
  double term = 1;
  for (std::size_t k = 0; k < kTerms; ++k) {
    series[k] = term;
    const int next = static_cast<int>(2 * k) + first + 1;
    term = -term / (next * (next + 1));
  }
  return series;
}

/// Returns the sine and cosine of an angle from -π/4 to π/4.
struct SineAndCosine {
  double sine, cosine;
};
constexpr SineAndCosine of_small_angle(double angle) {
  constexpr auto kSine = alternating_series<9>(1), kCosine = alternating_series<9>(0);
  const double square = rounded(angle * angle);
  return {rounded(angle * polynomial(kSine, square)), polynomial(kCosine, square)};
}

}  // namespace elementary

/// Returns the sine and cosine of an angle of so many turns, within 1e-15: a turn is 2π.
/// |turns| < 2^40.
constexpr elementary::SineAndCosine sine_and_cosine(double turns) {
  constexpr double kTwoPi = 6.283185307179586;
  const auto quarter = round_half_even(4 * turns);
  const double rest = turns - static_cast<double>(quarter) / 4;  // exact
  const auto [sine, cosine] = elementary::of_small_angle(rounded(kTwoPi * rest));
  switch (quarter & 3) {
    case 0:
      return {sine, cosine};
    case 1:
      return {cosine, -sine};
    case 2:
      return {-sine, -cosine};
    default:
      return {-cosine, sine};
  }
}

/// Returns the natural logarithm of a positive, finite number, within 1e-15 of it or of 1.
inline double natural_logarithm(double x) {
  constexpr double kLogarithmOf2 = 0.6931471805599453, kRootOfHalf = 0.7071067811865476;
  constexpr std::array<double, 12> kSeries = [] {  // of artanh(√x) / √x
    std::array<double, 12> series = {};
    for (std::size_t k = 0; k < series.size(); ++k)
      series[k] = 1.0 / (2.0 * static_cast<double>(k) + 1);
    return series;
  }();
  int exponent = 0;
  double fraction = std::frexp(x, &exponent);  // exact
  if (fraction < kRootOfHalf) {
    fraction *= 2;
    --exponent;
  }
  const double s = (fraction - 1) / (fraction + 1);
  const double series = elementary::polynomial(kSeries, rounded(s * s));
  return rounded(exponent * kLogarithmOf2) + rounded(2 * rounded(s * series));
}

/// Returns the exponential function of a number, within 1e-15 of it; 0 below -745, and infinity
/// above 709.
inline double exponential(double x) {
  constexpr double kInverseOfLogarithm = 1.4426950408889634;
  constexpr double kUpper = 0x1.62e42feep-1, kLower = 0x1.a39ef35793c76p-33;  // ln 2, in two parts
  constexpr std::array<double, 15> kSeries = [] {
    std::array<double, 15> series = {1};
    for (std::size_t k = 1; k < series.size(); ++k)
      series[k] = series[k - 1] / static_cast<double>(k);
    return series;
  }();
  if (!(x > -746)) return x <= -746 ? 0 : x;  // also what is no number
  if (x > 710) return std::numeric_limits<double>::infinity();
  const auto power = round_half_even(rounded(x * kInverseOfLogarithm));
  const auto times = static_cast<double>(power);
  const double rest = x - rounded(times * kUpper) - rounded(times * kLower);
  return std::ldexp(elementary::polynomial(kSeries, rest), static_cast<int>(power));
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_ELEMENTARY_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// What SplitMix64 adds to its state for each number.
inline constexpr std::uint64_t kSplitMixStep = 0x9E3779B97F4A7C15;

/// Returns SplitMix64's number after a state: all of its bits depend on all bits of that.
constexpr std::uint64_t split_mix(std::uint64_t state) {
  std::uint64_t word = state + kSplitMixStep;
  word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9U;
  word = (word ^ (word >> 27)) * 0x94D049BB133111EBU;
  return word ^ (word >> 31);
}

/// What random numbers are drawn for. Numbers for one purpose say nothing about those for another;
/// the values are part of what makes a run repeatable.
enum class RandomPurpose : unsigned char {
  weights = 1,
  order = 2,    ///< of the pictures of an epoch
  picture = 3,  ///< how it is cropped, turned, coloured
  mixing = 4,   ///< of the pictures of a batch
  dropout = 5,
};

/// Random numbers that depend on nothing but what they are for: a seed, a purpose, an epoch and a
/// picture (or a step, or a tensor). No state is shared, so threads draw the same ones in any
/// order, and a run that continues draws those that it would have drawn.
class Random {
 public:
  constexpr Random(std::uint64_t seed, RandomPurpose purpose, std::uint64_t epoch = 0,
                   std::uint64_t picture = 0) {
    for (const std::uint64_t word :
         {seed, std::uint64_t{static_cast<unsigned char>(purpose)}, epoch, picture})
      key_ = split_mix(key_ + word);
  }

  /// Returns 64 random bits (SplitMix64).
  constexpr std::uint64_t bits() { return split_mix(key_ + kSplitMixStep * count_++); }

  /// Returns a number from 0 up to, and without, 1: a multiple of 2^-53.
  constexpr double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  /// Returns a number from `low` to `high`.
  constexpr double uniform(double low, double high) {
    return low + rounded((high - low) * uniform());
  }

  /// Returns a whole number from `first` to `last`, each with the same chance.
  constexpr std::int64_t integer(std::int64_t first, std::int64_t last) {
    const std::uint64_t most = static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first);
    const int unused = std::countl_zero(most);
    std::uint64_t value = most;
    if (most > 0) do {
        value = bits() >> unused;
      } while (value > most);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(first) + value);
  }

  /// Returns true with a probability from 0 to 1.
  constexpr bool chance(double probability) { return uniform() < probability; }

  /// Returns a number of the normal distribution (Box and Muller); its bits are the same on every
  /// machine.
  double normal() {
    const double radius = std::sqrt(rounded(-2 * natural_logarithm(1 - uniform())));
    return rounded(radius * sine_and_cosine(uniform()).cosine);
  }

  /// Puts values into a random order.
  template <class Value>
  constexpr void shuffle(std::span<Value> values) {
    for (std::size_t i = values.size(); i > 1; --i)
      std::swap(values[i - 1],
                values[static_cast<std::size_t>(integer(0, static_cast<std::int64_t>(i) - 1))]);
  }

 private:
  std::uint64_t key_ = 0, count_ = 0;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_RANDOM_HPP
// from pplcnet/train/scratch.hpp
#ifndef PPLCNET_TRAIN_SCRATCH_HPP
#define PPLCNET_TRAIN_SCRATCH_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>


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

#if PPLCNET_HAS_TRAINING_DEFINITIONS
// from pplcnet/kernels/training/moments.hpp
#ifndef PPLCNET_KERNELS_TRAINING_MOMENTS_HPP
#define PPLCNET_KERNELS_TRAINING_MOMENTS_HPP

#include <cmath>
#include <cstdint>

// from pplcnet/kernels/training/work.hpp
#ifndef PPLCNET_KERNELS_TRAINING_WORK_HPP
#define PPLCNET_KERNELS_TRAINING_WORK_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

// from pplcnet/train/exchange.hpp
#ifndef PPLCNET_TRAIN_EXCHANGE_HPP
#define PPLCNET_TRAIN_EXCHANGE_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>


namespace pplcnet::inline PPLCNET_ABI {

/// What processes that train one network tell each other: each has some images of every batch, and
/// all learn the same, to the bit, as a single process with the whole batch. `MpiExchange` is one.
/// All of them take the same steps with the same parameters.
class TrainingExchange {
 public:
  static constexpr int kMostRanks = kTrainingParts;

  TrainingExchange(const TrainingExchange&) = delete;
  TrainingExchange& operator=(const TrainingExchange&) = delete;
  virtual ~TrainingExchange() = default;

  /// Returns the number of this process, from 0 to ranks() - 1.
  int rank() const noexcept { return rank_; }
  int ranks() const noexcept { return ranks_; }

  /// Returns which images of a batch this process has.
  TrainingRows images(int batch) const noexcept { return of_rank(batch, rank_); }

  /// Gathers the numbers of all processes: of `count` things of `floats` numbers each every process
  /// has those that `images(count)` says, which are in their place. All processes call it.
  void gather(float* numbers, int count, std::size_t floats) noexcept;

  /// Returns memory for so many numbers, which lasts until the next call; null, and an error, where
  /// there is none.
  float* memory(std::size_t floats) noexcept;

  /// Returns what went wrong first. After that nothing is exchanged, and nothing is learnt.
  const Error& error() const noexcept { return error_; }

  /// Returns whether all is well, and this process has the images of a batch that it should have.
  bool expects(int images, int batch) noexcept;

 protected:
  /// Of each process: how many numbers it has, and where they begin.
  using Places = std::array<std::size_t, kMostRanks>;

  TrainingExchange(int rank, int ranks) : rank_(rank), ranks_(ranks) {}
  TrainingExchange(TrainingExchange&&) = default;
  TrainingExchange& operator=(TrainingExchange&&) = default;

  /// Returns an error where a number of processes has no shares of batches.
  static Error check_ranks(int ranks) {
    if (ranks <= kMostRanks && std::has_single_bit(static_cast<unsigned>(ranks))) return {};
    return Error::of("training: expected 1, 2, 4, 8 or 16 processes, found ", ranks);
  }

  /// Fills the numbers of the other processes in.
  virtual Error fill(float* numbers, const Places& counts, const Places& begins) = 0;

 private:
  TrainingRows of_rank(std::int64_t count, int rank) const noexcept {
    return {count * rank / ranks_, count * (rank + 1) / ranks_};
  }

  int rank_, ranks_;
  Error error_;
  std::unique_ptr<float[]> memory_;
  std::size_t memory_floats_ = 0;
};

inline void TrainingExchange::gather(float* numbers, int count, std::size_t floats) noexcept {
  if (error_) return;
  Places counts = {}, begins = {};
  for (int rank = 0; rank < ranks_; ++rank) {
    const TrainingRows own = of_rank(count, rank);
    counts[static_cast<std::size_t>(rank)] = static_cast<std::size_t>(own.count()) * floats;
    begins[static_cast<std::size_t>(rank)] = static_cast<std::size_t>(own.begin) * floats;
  }
  error_ = fill(numbers, counts, begins);
}

inline float* TrainingExchange::memory(std::size_t floats) noexcept {
  if (error_) return nullptr;
  if (floats > memory_floats_) {
    memory_.reset(new (std::nothrow) float[floats]());
    memory_floats_ = memory_ == nullptr ? 0 : floats;
    if (memory_ == nullptr)
      error_ = Error::of("training: no memory for ", floats, " numbers of all processes");
  }
  return memory_.get();
}

inline bool TrainingExchange::expects(int images, int batch) noexcept {
  const auto own = this->images(batch).count();
  if (!error_ && batch < ranks_)
    error_ = Error::of("training: expected a batch of an image for each of ", ranks_,
                       " processes, found ", batch, " images");
  if (!error_ && images != own)
    error_ = Error::of("training: expected ", own, " images of a batch of ", batch, " in process ",
                       rank_, ", found ", images);
  return !error_;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_EXCHANGE_HPP

namespace pplcnet::inline PPLCNET_ABI {
namespace training {

/// Multiply-adds that are worth waking another thread for.
inline constexpr std::int64_t kSharedWork = 1 << 16;
/// A parameter that is moved, which comes from memory and goes back, takes as long as so many.
inline constexpr std::int64_t kParameterWork = 4;

/// Splits `count` units among the threads, if there is work enough, and runs
/// `body(worker, begin, end)` for each. There are at most kTrainingParts workers.
template <class Body>
void share(const TrainingRun& run, std::int64_t work, std::int64_t count, const Body& body) {
  const std::int64_t workers =
      work < kSharedWork ? 1
                         : std::min<std::int64_t>({run.executor.threads(), count, kTrainingParts});
  if (workers <= 1) return body(0, std::int64_t{0}, count);
  const auto part = [&](int i) { body(i, count * i / workers, count * (i + 1) / workers); };
  run.executor(static_cast<int>(workers), Task(part));
}

/// Returns how many images the batch of all processes has.
inline int images_of_all(const TrainingRun& run) {
  return run.exchange == nullptr ? run.images : run.batch;
}

/// Returns which of them is the first one of this process.
inline std::int64_t first_image(const TrainingRun& run) {
  return run.exchange == nullptr ? 0 : run.exchange->images(run.batch).begin;
}

/// The parts of a sum over the batch of all processes that this one makes: those of its images.
struct OwnParts {
  TrainingParts all;
  TrainingExchange* exchange = nullptr;  ///< null: all are its own
  int first = 0, count = 0;
  std::int64_t first_row = 0;

  explicit OwnParts(const TrainingParts& parts) : all(parts), count(parts.count()) {}
  OwnParts(const TrainingRun& run, const TrainingParts& parts) : OwnParts(parts) {
    if (run.exchange == nullptr) return;
    const TrainingRows own = run.exchange->images(parts.count());
    exchange = run.exchange;
    first = static_cast<int>(own.begin);
    count = static_cast<int>(own.count());
    first_row = first_image(run) * parts.rows;
  }

  /// Returns the rows of an own part, counted from the first row of this process.
  TrainingRows operator[](int part) const {
    const TrainingRows rows = all[first + part];
    return {rows.begin - first_row, rows.end - first_row};
  }
};

/// Runs `body(worker, part, rows)` for each own part.
template <class Body>
void for_parts(const TrainingRun& run, const OwnParts& parts, std::int64_t work, const Body& body) {
  share(run, work, parts.count, [&](int worker, std::int64_t begin, std::int64_t end) {
    for (auto part = static_cast<int>(begin); part < end; ++part) body(worker, part, parts[part]);
  });
}

/// Gathers the sums of all parts, of so many numbers each; own ones are in their place.
inline void gather_parts(const OwnParts& parts, float* sums, int floats) {
  if (parts.exchange != nullptr) parts.exchange->gather(sums, parts.all.count(), size(floats));
}

/// The values of a batch, or their gradients: rows of padded channels.
template <class Float>
struct Matrix {
  Float* values;
  std::int64_t rows;
  int pitch;

  Float* operator[](std::int64_t row) const { return values + row * pitch; }
};

/// What a step reads and writes.
class StepValues {
 public:
  StepValues(const TrainingRun& run, const TrainingStep& step) : run_(run), step_(step) {}

  const TrainingValue& input() const { return value(step_.input); }
  const TrainingValue& output() const { return value(step_.output); }
  const TrainingValue& value(int index) const { return run_.values[size(index)]; }

  Matrix<const float> inputs() const { return matrix<const float>(input(), input().values); }
  Matrix<const float> seconds() const {
    return matrix<const float>(value(step_.second), value(step_.second).values);
  }
  Matrix<float> outputs() const { return matrix<float>(output(), output().values); }
  Matrix<const float> output_gradients() const {
    return matrix<const float>(output(), output().gradients);
  }
  Matrix<float> input_gradients() const { return matrix<float>(input(), input().gradients); }
  Matrix<float> second_gradients() const {
    return matrix<float>(value(step_.second), value(step_.second).gradients);
  }

  const TrainingTensor& tensor(int index) const { return run_.tensors[size(index)]; }
  const float* parameters(int index) const {
    return index < 0 ? nullptr : run_.parameters + tensor(index).place;
  }
  float* gradients(int index) const { return run_.gradients + tensor(index).place; }
  float* statistics(int index) const { return run_.statistics + tensor(index).place; }

 private:
  template <class Float>
  Matrix<Float> matrix(const TrainingValue& value, std::size_t place) const {
    return {run_.arena + place, value.rows(run_.images), value.pitch};
  }

  const TrainingRun& run_;
  const TrainingStep& step_;
};

}  // namespace training
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_TRAINING_WORK_HPP

// What of a batch norm is computed once for a channel: in doubles, each operation rounded.

namespace pplcnet::inline PPLCNET_ABI {
namespace training {

/// How much of the running statistics is kept in each step.
inline constexpr double kKeptStatistics = 0.9;

/// The moments of some rows: mean, and sum of the squares of the differences from it.
struct Moments {
  double count = 0, mean = 0, squares = 0;

  /// Adds those of other rows.
  void add(const Moments& other) {
    const double sum = count + other.count, difference = other.mean - mean;
    mean += rounded(difference * (other.count / sum));
    squares += other.squares;
    squares += rounded(rounded(difference * difference) * (count * other.count / sum));
    count = sum;
  }
  double variance() const { return squares / count; }
};

/// Returns a running statistic after a step.
inline float moved(float running, double batch) {
  return static_cast<float>(rounded(kKeptStatistics * static_cast<double>(running)) +
                            rounded((1 - kKeptStatistics) * batch));
}

/// Returns 1 / √(variance + ε).
inline float inverse_deviation(double variance, double epsilon) {
  return static_cast<float>(1 / std::sqrt(variance + epsilon));
}

/// Combines the moments of all parts, of which each has a row of means and one of squares: writes
/// the means and inverse deviations, and moves the running statistics.
inline void combine_moments(const TrainingRun& run, const TrainingStep& step,
                            const TrainingParts& parts, const float* sums, int pitch, float* to) {
  const StepValues values(run, step);
  for (int channel = 0; channel < pitch; ++channel) {
    Moments all;
    for (int part = 0; part < parts.count(); ++part) {
      const float* const own = sums + std::int64_t{part} * 2 * pitch + channel;
      all.add({static_cast<double>(parts[part].count()), static_cast<double>(own[0]),
               static_cast<double>(own[pitch])});
    }
    to[channel] = static_cast<float>(all.mean);
    to[pitch + channel] = inverse_deviation(all.variance(), step.epsilon);
    if (!run.moves_statistics) continue;
    float& mean = values.statistics(step.mean)[channel];
    float& variance = values.statistics(step.variance)[channel];
    mean = moved(mean, all.mean);
    variance = moved(variance, all.variance());
  }
}

/// Writes the running means and their inverse deviations.
inline void take_running_moments(const TrainingRun& run, const TrainingStep& step, int pitch,
                                 float* to) {
  const StepValues values(run, step);
  for (int channel = 0; channel < pitch; ++channel) {
    to[channel] = values.statistics(step.mean)[channel];
    to[pitch + channel] = inverse_deviation(
        static_cast<double>(values.statistics(step.variance)[channel]), step.epsilon);
  }
}

/// Sums the gradients of all parts, of which each has a row of Σ dz and one of Σ dz (x - mean):
/// writes the gradients of beta and gamma, and, unless the statistics were fixed, what gradients of
/// the input have less than γ r dz: `less` + `slope` * (x - mean).
inline void combine_gradients(const float* sums, int parts, int pitch, const float* moments,
                              const float* gamma, double rows, bool batch_statistics,
                              float* beta_gradients, float* gamma_gradients, float* less,
                              float* slope) {
  for (int channel = 0; channel < pitch; ++channel) {
    double first = 0, second = 0;
    for (int part = 0; part < parts; ++part) {
      const float* const own = sums + std::int64_t{part} * 2 * pitch + channel;
      first += static_cast<double>(own[0]);
      second += static_cast<double>(own[pitch]);
    }
    const auto r = static_cast<double>(moments[pitch + channel]);
    const double of_gamma = rounded(second * r);
    beta_gradients[channel] = static_cast<float>(first);
    gamma_gradients[channel] = static_cast<float>(of_gamma);
    const double scale = batch_statistics ? static_cast<double>(gamma[channel]) * r / rows : 0;
    less[channel] = static_cast<float>(rounded(scale * first));
    slope[channel] = static_cast<float>(rounded(rounded(scale * r) * of_gamma));
  }
}

}  // namespace training
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_TRAINING_MOMENTS_HPP
// from pplcnet/kernels/training/taps.hpp
#ifndef PPLCNET_KERNELS_TRAINING_TAPS_HPP
#define PPLCNET_KERNELS_TRAINING_TAPS_HPP

#include <algorithm>
#include <cstdint>


namespace pplcnet::inline PPLCNET_ABI {
namespace training {

/// One axis of a window that moves over a map, forward or, for gradients of its input, backward.
struct TapAxis {
  int kernel, stride, dilation, before;
  int inputs, outputs;

  static TapAxis rows(const Window& w, const Shape& input, const Shape& output) {
    return {w.kernel.height, w.stride.height, w.dilation.height,
            w.padding.top,   input.height,    output.height};
  }
  static TapAxis columns(const Window& w, const Shape& input, const Shape& output) {
    return {w.kernel.width, w.stride.width, w.dilation.width,
            w.padding.left, input.width,    output.width};
  }

  /// Returns the input that a tap of an output reads, which may be outside of the map.
  constexpr int input(int output, int tap) const {
    return output * stride + tap * dilation - before;
  }
  constexpr bool has_input(int input) const { return input >= 0 && input < inputs; }

  /// Consecutive outputs.
  struct Range {
    int begin, end;
  };
  /// Returns the outputs whose tap is on the map.
  constexpr Range outputs_of(int tap) const {
    const int first = before - tap * dilation;  // is read by output 0 as its -first
    const auto up = [&](int n) { return n <= 0 ? 0 : (n + stride - 1) / stride; };
    const int begin = std::min(up(first), outputs);
    return {begin, std::max(begin, std::min(up(inputs + first), outputs))};
  }
};

}  // namespace training
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_TRAINING_TAPS_HPP
// from pplcnet/kernels/training/weight_rows.hpp
#ifndef PPLCNET_KERNELS_TRAINING_WEIGHT_ROWS_HPP
#define PPLCNET_KERNELS_TRAINING_WEIGHT_ROWS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>


namespace pplcnet::inline PPLCNET_ABI {
namespace training {

/// What the gradients of weights are summed of: this process' rows of a batch. Where these are in
/// fewer shares than there are processes they are few, and each process has those of all of them.
class WeightRows {
 public:
  WeightRows(const TrainingRun& run, const TrainingStep& step)
      : WeightRows(run, step, StepValues(run, step)) {}

  /// Returns how many numbers are summed.
  std::int64_t weights() const { return static_cast<std::int64_t>(scratch_.weights()); }
  /// Returns memory for the rows that a worker packs.
  float* packed(int worker) const { return memory + scratch_.packed_rows(worker); }

  Matrix<const float> inputs, gradients;
  OwnParts parts;
  float* memory;  ///< for the parts' sums, if they are several

 private:
  WeightRows(const TrainingRun& run, const TrainingStep& step, const StepValues& values)
      : inputs(values.inputs()),
        gradients(values.output_gradients()),
        parts(run, parts_of(run, step, images_of_all(run))),
        memory(run.scratch),
        scratch_(product_scratch(step, run.values, run.tensors, run.images)) {
    if (run.exchange != nullptr && parts.all.shares < run.exchange->ranks())
      take_all(run, step, values);
  }

  static TrainingParts parts_of(const TrainingRun& run, const TrainingStep& step, int images) {
    return weight_parts(images, run.values[size(step.output)].shape.pixels(),
                        weight_chunk(step, run.values, run.tensors));
  }

  /// Takes the rows of all processes, and sums all parts.
  void take_all(const TrainingRun& run, const TrainingStep& step, const StepValues& values) {
    const std::size_t floats = values.input().floats(run.batch);
    const ProductScratch scratch = product_scratch(step, run.values, run.tensors, run.batch);
    float* const all = run.exchange->memory(floats + values.output().floats(run.batch) +
                                            scratch.packed_rows(scratch.parts));
    parts = OwnParts(parts_of(run, step, all == nullptr ? run.images : run.batch));
    if (all == nullptr) return;
    inputs = gathered(run, inputs, all);
    gradients = gathered(run, gradients, all + floats);
    memory = all + floats + values.output().floats(run.batch);
    scratch_ = scratch;
  }

  /// Returns the values of all processes, which are gathered there.
  static Matrix<const float> gathered(const TrainingRun& run, const Matrix<const float>& own,
                                      float* to) {
    const std::int64_t rows = own.rows / run.images;  // of an image
    std::copy_n(own.values, own.rows * own.pitch, to + first_image(run) * rows * own.pitch);
    run.exchange->gather(to, run.batch, size(rows * own.pitch));
    return {to, rows * run.batch, own.pitch};
  }

  ProductScratch scratch_;
};

}  // namespace training
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_TRAINING_WEIGHT_ROWS_HPP

#if !PPLCNET_HAS_DEFINITIONS && PPLCNET_HAS_QUANTISED_DEFINITIONS
#error "pplcnet: training.cpp and quantised.cpp are files of their own"
#endif

// Compiles the kernels once for each instruction set, in the order of kernels/kernels.hpp.
#if PPLCNET_CHOOSE_ISA
#undef HWY_TARGET
#define HWY_TARGET HWY_AVX2
// from pplcnet/kernels/training/set_target-inl.hpp
// Compiles what comes after it for HWY_TARGET. A file that has the kernels for inference has
// Highway's operations for it, too: once is enough.
#if PPLCNET_HAS_DEFINITIONS
#include <hwy/ops/set_macros-inl.h>
#else
// from pplcnet/kernels/flip_target-inl.hpp
// Highway's protocol of hwy/foreach_target.h: a flip opens the guards of hwy's own -inl headers for
// the new HWY_TARGET, whose operations are then included.
#ifdef HWY_TARGET_TOGGLE
#undef HWY_TARGET_TOGGLE
#else
#define HWY_TARGET_TOGGLE
#endif
#include <hwy/highway.h>
#endif
#if PPLCNET_HAS_AVX2
// from pplcnet/kernels/training/kernels-inl.hpp
// All kernels of training. Compiled once per instruction set.
#if !PPLCNET_HAS_DEFINITIONS
// from pplcnet/kernels/arithmetic-inl.hpp
// Arithmetic whose bits Highway leaves to the target or the compiler. Compiled once per instruction
// set, but for the one that has all of it in sse2-inl.hpp.
#if !PPLCNET_OWN_SSE2 || HWY_TARGET != PPLCNET_BASELINE
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
/// Highway, but for the functions that are here.
namespace HWY_NAMESPACE::hn {

using namespace hwy::HWY_NAMESPACE;  // NOLINT(google-build-using-namespace): what is here hides it

/// Returns `function` of the lanes of three vectors, one after the other.
template <class V, class Function>
HWY_INLINE V lane_by_lane(V a, V b, V c, const Function& function) {
  constexpr DFromV<V> d;
  alignas(16) float x[MaxLanes(d)], y[MaxLanes(d)], z[MaxLanes(d)];
  Store(a, d, x);
  Store(b, d, y);
  Store(c, d, z);
  for (std::size_t i = 0; i < MaxLanes(d); ++i) x[i] = function(x[i], y[i], z[i]);
  return Load(d, x);
}

// Highway's MulAdd is fused where vectors have an instruction for that. On other targets it is a
// product and a sum, which a compiler fuses or not, where the CPU can; so it does with a Mul that
// is part of a sum.
#if (HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128) && PPLCNET_SCALAR_FMA
template <class V>
HWY_INLINE V Mul(V a, V b) {
  return lane_by_lane(a, b, b, [](float x, float y, float) { return rounded(x * y); });
}
template <class V>
HWY_INLINE V MulAdd(V a, V b, V c) {
  return lane_by_lane(a, b, c, [](float x, float y, float z) { return std::fma(x, y, z); });
}
template <class V>
HWY_INLINE V NegMulAdd(V a, V b, V c) {
  return lane_by_lane(a, b, c, [](float x, float y, float z) { return std::fma(-x, y, z); });
}
#elif HWY_COMPILER_GCC_ACTUAL && (HWY_ARCH_ARM_A64 || (HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR))
template <class V>
HWY_INLINE V Mul(V a, V b) {
  V product = hwy::HWY_NAMESPACE::Mul(a, b);
#if HWY_ARCH_X86
  __asm__("" : "+v"(product.raw));  // what has been in a register, for all that g++ knows
#else
  __asm__("" : "+w"(product.raw));
#endif
  return product;
}
#endif

#if HWY_ARCH_ARM_V7 && HWY_TARGET == HWY_NEON && defined(__ARM_FEATURE_FMA)
// g++ does not define the name that Highway looks for.
template <std::size_t kCount>
HWY_INLINE Vec128<float, kCount> MulAdd(Vec128<float, kCount> a, Vec128<float, kCount> b,
                                        Vec128<float, kCount> c) {
  if constexpr (kCount == 4)
    return Vec128<float, kCount>(vfmaq_f32(c.raw, a.raw, b.raw));
  else
    return Vec128<float, kCount>(vfma_f32(c.raw, a.raw, b.raw));
}
template <std::size_t kCount>
HWY_INLINE Vec128<float, kCount> NegMulAdd(Vec128<float, kCount> a, Vec128<float, kCount> b,
                                           Vec128<float, kCount> c) {
  if constexpr (kCount == 4)
    return Vec128<float, kCount>(vfmsq_f32(c.raw, a.raw, b.raw));
  else
    return Vec128<float, kCount>(vfms_f32(c.raw, a.raw, b.raw));
}
#elif HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4
template <class V>
HWY_INLINE V MulAdd(V a, V b, V c) {
  return Add(hn::Mul(a, b), c);
}
template <class V>
HWY_INLINE V NegMulAdd(V a, V b, V c) {
  return Sub(c, hn::Mul(a, b));
}
#endif

#if HWY_ARCH_ARM_V7 && HWY_TARGET == HWY_NEON  // has approximations alone
template <class V>
HWY_INLINE V Div(V a, V b) {
  return lane_by_lane(a, b, b, [](float x, float y, float) { return x / y; });
}
template <class V>
HWY_INLINE V Sqrt(V a) {
  return lane_by_lane(a, a, a, [](float x, float, float) { return std::sqrt(x); });
}
#endif

}  // namespace HWY_NAMESPACE::hn
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif
// from pplcnet/kernels/lanes-inl.hpp
// Vectors. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Lanes of the widest vector that a panel of 16 channels can use; 8 of them for odd half panels.
using Lanes16 = hn::CappedTag<float, kPanel>;
using Lanes8 = hn::CappedTag<float, kPanel / 2>;
inline constexpr int kLanes = static_cast<int>(hn::MaxLanes(Lanes16()));

/// Returns where the channels of [begin, end) end that Lanes16 compute; the rest, half a panel at
/// most, is for Lanes8, where these are others.
constexpr int whole_panels(int begin, int end) {
  return kLanes > kHalfPanel ? begin + (end - begin) / kPanel * kPanel : end;
}

/// Returns weights as float32, whatever they are stored as.
template <class D>
HWY_INLINE hn::Vec<D> load_weights(D d, const float* weights) {
  return hn::Load(d, weights);
}
#if HWY_TARGET == HWY_SCALAR
template <class D>  // many instructions, for each of which no vector would help
HWY_NOINLINE hn::Vec<D> load_weights(D d, const hwy::float16_t* weights) {
#else
template <class D>
HWY_INLINE hn::Vec<D> load_weights(D d, const hwy::float16_t* weights) {
#endif
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<hwy::float16_t, D>(), weights));
}

/// g++ would rather read the same value from memory for every use than keep it in a register, and
/// then waits for the load ports.
template <class V>
HWY_INLINE V in_register(V vector) {
#if HWY_COMPILER_GCC_ACTUAL && HWY_ARCH_X86
  __asm__("" : "+v"(vector.raw));
#endif
  return vector;
}

/// Asks for the cache line at `place`, for the cache of the first level (3) or the second (2).
template <int kLocality>
HWY_INLINE void prefetch([[maybe_unused]] const void* place) {
#if defined(__GNUC__) || defined(__clang__)
  __builtin_prefetch(place, 0, kLocality);
#elif HWY_ARCH_X86
  _mm_prefetch(static_cast<const char*>(place), kLocality == 3 ? _MM_HINT_T0 : _MM_HINT_T1);
#endif
}

/// g++ would compute the addresses of all stores before the first one, and then spill them: a pitch
/// that it cannot see through makes it compute a few at a time.
HWY_INLINE std::size_t opaque(std::size_t pitch) {
#if HWY_COMPILER_GCC_ACTUAL
  __asm__("" : "+r"(pitch));
#endif
  return pitch;
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// The file below uses those above.
// from pplcnet/kernels/activation-inl.hpp
// Activations. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// clamp(x, low, high): relu, relu6, and, with infinite bounds, nothing.
struct Clamp {
  float low, high;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Min(hn::Max(x, hn::Set(d, low)), hn::Set(d, high));
  }
};

/// clamp(x * slope + offset, 0, 1).
struct Hardsigmoid {
  float slope = 1.0f / 6.0f, offset = 0.5f;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return Clamp{0.0f, 1.0f}(d, hn::MulAdd(x, hn::Set(d, slope), hn::Set(d, offset)));
  }
};

struct Hardswish {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Mul(x, Hardsigmoid()(d, x));
  }
};

/// Returns (first * x + next) * x + …, one coefficient after the other.
template <class D, class V = hn::Vec<D>, class... Coefficients>
HWY_INLINE V polynomial(D d, V x, float first, Coefficients... next) {
  V sum = hn::Set(d, first);
  ((sum = hn::MulAdd(sum, x, hn::Set(d, next))), ...);
  return sum;
}

/// Returns exp(x) for x in [-87, 0]: 2^n times a polynomial.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_of_negative(D d, V x) {
  constexpr float kLog2High = 0.693359375f, kLog2Low = -2.12194440e-4f;  // their sum is log(2)
  const auto n = hn::NearestInt(hn::Mul(x, hn::Set(d, 1.44269504f)));
  const V whole = hn::ConvertTo(d, n);
  V r = hn::NegMulAdd(whole, hn::Set(d, kLog2High), x);
  r = hn::NegMulAdd(whole, hn::Set(d, kLog2Low), r);
  const V sum =
      polynomial(d, r, 1.0f / 5040, 1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f);
  const hn::RebindToSigned<D> integers;
  constexpr int kMantissa = 23, kExponentBias = 127;
  const auto power = hn::ShiftLeft<kMantissa>(hn::Add(n, hn::Set(integers, kExponentBias)));
  return hn::Mul(sum, hn::BitCast(d, power));
}

struct Sigmoid {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    const V one = hn::Set(d, 1.0f);
    const V e = exp_of_negative(d, hn::Max(hn::Neg(hn::Abs(x)), hn::Set(d, -87.0f)));
    const V numerator = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one);
    return hn::Div(numerator, hn::Add(one, e));
  }
};

/// x * P(x) = max(x, 0) - |x| * P(-|x|), where P is the normal distribution function: its tail is
/// the exponential of a polynomial (within 1e-8 of x * P(x); beyond 6 the tail is below 1e-9).
struct Gelu {
  /// Returns P(-size); size >= 0.
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V tail(D d, V size) {
    const V t = hn::Min(size, hn::Set(d, 6.0f));
    const V sum = polynomial(d, t, 1.40014411e-9f, -5.43687602e-8f, 9.34702337e-7f, -9.27709976e-6f,
                             5.69027313e-5f, -1.94814193e-4f, -1.6009156e-5f, 4.85146856e-3f,
                             -3.63833008e-2f, -3.18293748e-1f, -7.97886648e-1f, -6.93147136e-1f);
    return exp_of_negative(d, hn::Min(sum, hn::Zero(d)));
  }

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    const V size = hn::Abs(x);
    return hn::NegMulAdd(size, tail(d, size), hn::Max(x, hn::Zero(d)));
  }
};

/// Returns any activation of a vector; without kExponentials, none that needs one.
template <bool kExponentials, class D, class V = hn::Vec<D>>
HWY_INLINE V activated(D d, V x, const Activation& activation) {
  using Kind = Activation::Kind;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  switch (activation.kind) {
    case Kind::none:
    case Kind::prelu:  // see prelu-inl.hpp
      break;
    case Kind::relu:
      return Clamp{0.0f, kInfinity}(d, x);
    case Kind::relu6:
      return Clamp{0.0f, 6.0f}(d, x);
    case Kind::hardswish:
      return Hardswish()(d, x);
    case Kind::hardsigmoid:
      return Hardsigmoid{activation.slope, activation.offset}(d, x);
    case Kind::sigmoid:
      if constexpr (kExponentials) return Sigmoid()(d, x);
      break;
    case Kind::silu:
      if constexpr (kExponentials) return hn::Mul(x, Sigmoid()(d, x));
      break;
    case Kind::gelu:
      if constexpr (kExponentials) return Gelu()(d, x);
      break;
    case Kind::linear:
      return hn::MulAdd(x, hn::Set(d, activation.slope), hn::Set(d, activation.offset));
    case Kind::root:
      return hn::Sqrt(hn::Max(hn::Add(x, hn::Set(d, activation.offset)), hn::Zero(d)));
  }
  return x;
}

/// Activates values in registers.
template <class D, class Activate, int... kValue>
HWY_INLINE void activate_all(const Activate& activate, hn::Vec<D>* values,
                             std::integer_sequence<int, kValue...>) {
  ((values[kValue] = activate(D(), values[kValue])), ...);
}

/// Finishes a register tile: activates it and, unless it says otherwise, stores it. The choice is
/// made once per tile, not per vector, and between few: what is compiled is a copy of the tile's
/// end for each.
template <TileEnds kEnds = TileEnds(), class Tile>
HWY_INLINE void finish(Tile&& tile, Activation::Kind activation) {
  using Kind = Activation::Kind;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if constexpr (!kEnds.clamp) return tile.finish(Hardswish());
  if constexpr (kEnds.hardswish)
    if (activation == Kind::hardswish) return tile.finish(Hardswish());
  const bool relu = activation == Kind::relu || activation == Kind::relu6;
  tile.finish(Clamp{relu ? 0.0f : -kInfinity, activation == Kind::relu6 ? 6.0f : kInfinity});
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif
// from pplcnet/kernels/training/vectors-inl.hpp
// Vectors of channels, and sums over rows. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

using namespace pplcnet::training;  // NOLINT(google-build-using-namespace): of all instruction sets

/// Calls `body(d, channel)` for all vectors of so many channels, a multiple of 8.
template <class Body>
HWY_INLINE void for_vectors(int channels, const Body& body) {
  int channel = 0;
  for (; channel + kLanes <= channels; channel += kLanes) body(Lanes16(), channel);
  if constexpr (kLanes > kTrainingPanel)
    if (channel < channels) body(Lanes8(), channel);
}

/// Stores a vector, or adds it to what is there.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void store_or_add(D d, V vector, bool adds, float* to) {
  hn::StoreU(adds ? hn::Add(hn::LoadU(d, to), vector) : vector, d, to);
}

inline void clear(float* to, std::int64_t count) { std::fill_n(to, count, 0.0F); }

/// Two sums that are made at once.
template <class V>
struct TwoSums {
  V first, second;

  HWY_INLINE TwoSums operator+(const TwoSums& other) const {
    return {hn::Add(first, other.first), hn::Add(second, other.second)};
  }
};

/// Returns the sums over rows of what `add(row, sums)` adds for each, in four chains, so that one
/// need not wait for the other.
template <class D, class Add>
HWY_INLINE TwoSums<hn::Vec<D>> sum_rows(D d, std::int64_t rows, const Add& add) {
  const TwoSums<hn::Vec<D>> zero = {hn::Zero(d), hn::Zero(d)};
  TwoSums<hn::Vec<D>> a = zero, b = zero, c = zero, e = zero;
  std::int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    add(row, a);
    add(row + 1, b);
    add(row + 2, c);
    add(row + 3, e);
  }
  if (row < rows) add(row, a);
  if (row + 1 < rows) add(row + 1, b);
  if (row + 2 < rows) add(row + 2, c);
  return (a + b) + (c + e);
}

/// Returns the sum of a vector of so many shares, each of which consists of `parts` ones.
template <int kShares, class D>
HWY_INLINE hn::Vec<D> sum_shares(D d, const float* sums, int parts, std::int64_t pitch) {
  if constexpr (kShares > 1) {
    const auto half = sum_shares<kShares / 2>(d, sums, parts, pitch);
    return hn::Add(half,
                   sum_shares<kShares / 2>(d, sums + kShares / 2 * parts * pitch, parts, pitch));
  } else {
    auto sum = hn::LoadU(d, sums);
    for (int part = 1; part < parts; ++part) sum = hn::Add(sum, hn::LoadU(d, sums + part * pitch));
    return sum;
  }
}

/// Sums `count` numbers of so many shares.
inline HWY_NOINLINE void add_shares(const float* sums, int shares, int parts, std::int64_t pitch,
                                    std::int64_t count, float* to) {
  const auto add = [&]<int kShares>(std::integral_constant<int, kShares>) HWY_ATTR {
    for_vectors(static_cast<int>(count), [&](auto d, int i) HWY_ATTR {
      hn::StoreU(sum_shares<kShares>(d, sums + i, parts, pitch), d, to + i);
    });
  };
  switch (shares) {
    case 16:
      return add(std::integral_constant<int, 16>());
    case 8:
      return add(std::integral_constant<int, 8>());
    case 4:
      return add(std::integral_constant<int, 4>());
    case 2:
      return add(std::integral_constant<int, 2>());
    default:
      return add(std::integral_constant<int, 1>());
  }
}

/// Adds the own parts' sums, of `count` numbers each, and those of the other processes. A single
/// one may be where the sum is asked for.
inline void add_parts(const TrainingRun& run, const OwnParts& parts, const float* sums,
                      std::int64_t count, float* to) {
  const auto add = [&](const float* from, int shares, int of_share, float* sum) {
    if (from == sum) return;
    share(run, shares * of_share * count, count / kTrainingPanel,
          [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
            const std::int64_t first = begin * kTrainingPanel;
            add_shares(from + first, shares, of_share, count, (end - begin) * kTrainingPanel,
                       sum + first);
          });
  };
  TrainingExchange* const exchange = parts.exchange;
  if (exchange == nullptr) return add(sums, parts.all.shares, parts.all.per_share(), to);
  const int ranks = exchange->ranks();
  float* const of_ranks = exchange->memory(size(ranks * count));
  if (of_ranks == nullptr) return;
  add(sums, parts.all.shares / ranks, parts.all.per_share(), of_ranks + exchange->rank() * count);
  exchange->gather(of_ranks, ranks, size(count));
  add(of_ranks, ranks, 1, to);
}

/// Sums a matrix over its rows, a bias's gradient; `scratch` has a row for each part.
inline HWY_NOINLINE void sum_columns(const TrainingRun& run, const Matrix<const float>& matrix,
                                     float* scratch, float* to) {
  const int pitch = matrix.pitch;
  const OwnParts parts(run, channel_parts(images_of_all(run), matrix.rows / run.images, pitch));
  for_parts(run, parts, matrix.rows * pitch, [&](int, int part, const TrainingRows& rows) HWY_ATTR {
    float* const sums = scratch + std::int64_t{part} * pitch;
    clear(sums, pitch);
    for (std::int64_t begin = rows.begin; begin < rows.end; begin += parts.all.chunk) {
      const std::int64_t count = std::min<std::int64_t>(parts.all.chunk, rows.end - begin);
      for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
        const float* const column = matrix[begin] + channel;
        const auto sum = sum_rows(d, count, [&](std::int64_t row, auto& both) HWY_ATTR {
          both.first = hn::Add(both.first, hn::LoadU(d, column + row * pitch));
        });
        store_or_add(d, sum.first, true, sums + channel);
      });
    }
  });
  add_parts(run, parts, scratch, pitch, to);
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// The file above is used by those below.
// from pplcnet/kernels/training/activations-inl.hpp
// Activations and their slopes. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Returns `inside` where low < x < high, `below` where x <= low, else `above`.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V between(D d, V x, float low, float high, V below, V inside, V above) {
  return hn::IfThenElse(hn::Lt(hn::Set(d, low), x),
                        hn::IfThenElse(hn::Lt(x, hn::Set(d, high)), inside, above), below);
}

struct NoActivation {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V value(D, V x) const {
    return x;
  }
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V gradient(D, V, V dy) const {
    return dy;
  }
};

struct Relu {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V value(D d, V x) const {
    return hn::Max(x, hn::Zero(d));
  }
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V gradient(D d, V x, V dy) const {
    return hn::IfThenElse(hn::Lt(hn::Zero(d), x), dy, hn::Zero(d));
  }
};

struct TrainedHardswish {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V value(D d, V x) const {
    return Hardswish()(d, x);
  }
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V gradient(D d, V x, V dy) const {
    const V slope = hn::MulAdd(x, hn::Set(d, 1.0F / 3), hn::Set(d, 0.5F));
    return between(d, x, -3, 3, hn::Zero(d), hn::Mul(dy, slope), dy);
  }
};

/// Returns the slope of x · Φ(x), where Φ is the normal distribution function: Φ(x) + x φ(x).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V gelu_slope(D d, V x) {
  const V square = hn::Mul(x, x);
  const V density =
      hn::Mul(exp_of_negative(d, hn::Max(hn::Mul(square, hn::Set(d, -0.5F)), hn::Set(d, -87.0F))),
              hn::Set(d, 0.39894228F));  // 1 / √(2π)
  const V tail = Gelu::tail(d, hn::Abs(x));
  const V distribution =
      hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(hn::Set(d, 1.0F), tail));
  return hn::MulAdd(x, density, distribution);
}

struct AnyActivation {
  const Activation& activation;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V value(D d, V x) const {
    return activated<true>(d, x, activation);
  }

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V gradient(D d, V x, V dy) const {
    using Kind = Activation::Kind;
    const V zero = hn::Zero(d), one = hn::Set(d, 1.0F);
    switch (activation.kind) {
      case Kind::none:
      case Kind::prelu:  // is not trained
        break;
      case Kind::relu:
        return Relu().gradient(d, x, dy);
      case Kind::relu6:
        return between(d, x, 0, 6, zero, dy, zero);
      case Kind::hardswish:
        return TrainedHardswish().gradient(d, x, dy);
      case Kind::hardsigmoid: {
        const V slope = hn::Set(d, activation.slope);
        const V y = hn::MulAdd(x, slope, hn::Set(d, activation.offset));
        return between(d, y, 0, 1, zero, hn::Mul(dy, slope), zero);
      }
      case Kind::sigmoid: {
        const V y = Sigmoid()(d, x);
        return hn::Mul(dy, hn::Mul(y, hn::Sub(one, y)));
      }
      case Kind::silu: {
        const V y = Sigmoid()(d, x);
        return hn::Mul(dy, hn::Mul(y, hn::MulAdd(x, hn::Sub(one, y), one)));
      }
      case Kind::gelu:
        return hn::Mul(dy, gelu_slope(d, x));
      case Kind::linear:
        return hn::Mul(dy, hn::Set(d, activation.slope));
      case Kind::root: {
        const V y = hn::Add(x, hn::Set(d, activation.offset));
        const V slope = hn::Div(hn::Set(d, 0.5F), hn::Sqrt(y));
        return hn::IfThenElse(hn::Lt(zero, y), hn::Mul(dy, slope), zero);
      }
    }
    return dy;
  }
};

/// Calls `body` with an activation, whose kind is chosen once.
template <class Body>
HWY_INLINE void with_activation(const Activation& activation, const Body& body) {
  using Kind = Activation::Kind;
  switch (activation.kind) {
    case Kind::none:
      return body(NoActivation());
    case Kind::relu:
      return body(Relu());
    case Kind::hardswish:
      return body(TrainedHardswish());
    default:
      return body(AnyActivation{activation});
  }
}

/// Returns whether an activation may make something of the zeros that pad channels.
inline bool moves_zero(const Activation& activation) {
  using Kind = Activation::Kind;
  return activation.kind == Kind::hardsigmoid || activation.kind == Kind::sigmoid ||
         activation.kind == Kind::linear || activation.kind == Kind::root;
}

/// Sets what pads the channels of rows to zero.
inline void clear_padding(float* rows, std::int64_t count, int pitch, int channels) {
  if (channels < pitch)
    for (std::int64_t row = 0; row < count; ++row)
      clear(rows + row * pitch + channels, pitch - channels);
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/matrix-inl.hpp
// The product of two matrices. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Vectors of a tile's columns, and its rows: as many as registers hold, and enough to hide the
/// latency of a multiply-add.
inline constexpr int kTileVectors = 2;
inline constexpr int kGroupColumns = std::max(kTileVectors * kLanes, kTrainingPanel);
inline constexpr bool kManyRegisters = HWY_ARCH_ARM_A64 || kLanes == 16;
static_assert(kGroupColumns <= kProductColumns);

/// How a factor's numbers lie: those of a row beside each other, or those of a column.
enum class Order { rows, columns };

/// C(m, n) = Σ A(m, k) B(k, n), in the order of k, whatever the tiles. B's columns are in groups:
/// those of one are all rows of it, one after the other.
struct MatrixProduct {
  const float* a;
  std::int64_t a_pitch;  ///< from row to row, or from column to column
  const float* b;        ///< of the first group
  const float* bias;     ///< that sums begin with; null: zeros
  float* c;
  std::int64_t c_pitch;
  std::int64_t depth;
  bool adds = false;  ///< to what is there
};

/// Calls `body(columns)` for the groups of so many columns, a multiple of 8, where `columns` has
/// their vectors' type, how many there are, and the first one's number.
template <class D, int kCount>
struct ColumnGroup {
  using Vectors = D;
  static constexpr int kVectors = kCount;
  static constexpr int kColumns = kCount * static_cast<int>(hn::MaxLanes(D()));
  int column;
};
template <class Body>
HWY_INLINE void for_groups(int columns, const Body& body) {
  int column = 0;
  for (; column + kGroupColumns <= columns; column += kGroupColumns)
    body(ColumnGroup<Lanes16, kGroupColumns / kLanes>{column});
  if constexpr (kGroupColumns > 2 * kTrainingPanel)
    for (; column + kLanes <= columns; column += kLanes) body(ColumnGroup<Lanes16, 1>{column});
  if constexpr (kGroupColumns > kTrainingPanel)
    if (column < columns)
      body(ColumnGroup<Lanes8, kTrainingPanel / static_cast<int>(hn::MaxLanes(Lanes8()))>{column});
}

/// The sums of a few rows and a group's columns.
template <Order kOrder, class Group, int kRows>
class MatrixTile {
  using D = typename Group::Vectors;
  using V = hn::Vec<D>;
  static constexpr int kVectors = Group::kVectors;
  static constexpr int kStep = static_cast<int>(hn::MaxLanes(D()));
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  HWY_INLINE MatrixTile(const MatrixProduct& product, const Group& group, const float* a,
                        float* c) {
    start(product.bias == nullptr ? nullptr : product.bias + group.column,
          Indices<kRows * kVectors>());
    set_rows(a, product.a_pitch, Indices<kRows>());
    const float* b = product.b + group.column * product.depth;
    for (std::int64_t k = 0; k < product.depth; ++k, b += Group::kColumns)
      add(k, product.a_pitch, b, Indices<kVectors>());
    if (product.adds)
      store<true>(c + group.column, opaque(size(product.c_pitch)), Indices<kRows>());
    else
      store<false>(c + group.column, opaque(size(product.c_pitch)), Indices<kRows>());
  }

 private:
  template <int... kIndex>
  HWY_INLINE void start(const float* bias, std::integer_sequence<int, kIndex...>) {
    const D d;
    if (bias == nullptr)
      ((sums_[kIndex] = kIndex < 0 ? V() : hn::Zero(d)), ...);
    else
      ((sums_[kIndex] = hn::LoadU(d, bias + kIndex % kVectors * kStep)), ...);
  }

  template <int... kRow>
  HWY_INLINE void set_rows(const float* a, std::int64_t pitch,
                           std::integer_sequence<int, kRow...>) {
    ((rows_[kRow] = kOrder == Order::rows ? a + kRow * pitch : a + kRow), ...);
  }

  template <int... kVector>
  HWY_INLINE void add(std::int64_t k, std::int64_t pitch, const float* b,
                      std::integer_sequence<int, kVector...>) {
    const V row[kVectors] = {hn::LoadU(D(), b + kVector * kStep)...};
    add_rows(kOrder == Order::rows ? k : k * pitch, row, Indices<kRows>());
  }

  template <int... kRow>
  HWY_INLINE void add_rows(std::int64_t offset, const V* row, std::integer_sequence<int, kRow...>) {
    (add_row<kRow>(in_register(hn::Set(D(), rows_[kRow][offset])), row, Indices<kVectors>()), ...);
  }

  template <int kRow, int... kVector>
  HWY_INLINE void add_row(V factor, const V* row, std::integer_sequence<int, kVector...>) {
    ((sums_[kRow * kVectors + kVector] =
          hn::MulAdd(factor, row[kVector], sums_[kRow * kVectors + kVector])),
     ...);
  }

  template <bool kAdds, int... kRow>
  HWY_INLINE void store(float* c, std::size_t pitch, std::integer_sequence<int, kRow...>) const {
    (store_row<kAdds, kRow>(c + kRow * pitch, Indices<kVectors>()), ...);
  }

  template <bool kAdds, int kRow, int... kVector>
  HWY_INLINE void store_row(float* c, std::integer_sequence<int, kVector...>) const {
    const D d;
    (store_or_add(d, sums_[kRow * kVectors + kVector], kAdds, c + kVector * kStep), ...);
  }

  V sums_[kRows * kVectors];
  const float* rows_[kRows];
};

/// Computes `rows` rows of a group's columns.
template <Order kOrder, class Group>
HWY_NOINLINE void multiply_group(const MatrixProduct& product, const Group& group,
                                 std::int64_t rows) {
  constexpr int kMost = kManyRegisters || Group::kVectors == 1 ? 8 : 4;
  std::int64_t row = 0;
  const auto tiles = [&]<int kRows>(std::integral_constant<int, kRows>) HWY_ATTR {
    for (; row + kRows <= rows; row += kRows)
      MatrixTile<kOrder, Group, kRows>(
          product, group, product.a + row * (kOrder == Order::rows ? product.a_pitch : 1),
          product.c + row * product.c_pitch);
  };
  tiles(std::integral_constant<int, kMost>());
  if constexpr (kMost > 4) tiles(std::integral_constant<int, 4>());
  tiles(std::integral_constant<int, 2>());
  tiles(std::integral_constant<int, 1>());
}

/// Computes `rows` rows of so many columns, a block of rows at a time, which stays in cache.
template <Order kOrder>
HWY_NOINLINE void multiply(MatrixProduct product, std::int64_t rows, int columns) {
  constexpr std::int64_t kBlock = 64;
  const std::int64_t a_step = kOrder == Order::rows ? product.a_pitch : 1;
  for (; rows > 0; rows -= kBlock) {
    for_groups(columns, [&](auto group) HWY_ATTR {
      multiply_group<kOrder>(product, group, std::min(rows, kBlock));
    });
    product.a += kBlock * a_step;
    product.c += kBlock * product.c_pitch;
  }
}

/// Copies a matrix into the form of a product's second factor.
inline HWY_NOINLINE void pack(const float* from, std::int64_t pitch, std::int64_t depth,
                              int columns, float* to) {
  for_groups(columns, [&](auto group) HWY_ATTR {
    float* column = to + group.column * depth;
    for (std::int64_t k = 0; k < depth; ++k, column += group.kColumns)
      std::copy_n(from + k * pitch + group.column, group.kColumns, column);
  });
}

/// Copies weights, transposed, into the form of a product's second factor: its columns are the taps
/// of the input's padded channels, its depth the outputs.
inline HWY_NOINLINE void pack_transposed(const float* from, const TrainingTensor& weight,
                                         int input_pitch, float* to) {
  const std::int64_t pitch = weight.pitch(), depth = weight.outputs;
  for_groups(weight.taps() * input_pitch, [&](auto group) HWY_ATTR {
    for (int i = 0; i < group.kColumns; ++i) {
      const int tap = (group.column + i) / input_pitch, input = (group.column + i) % input_pitch;
      const float* const row = from + (std::int64_t{tap} * weight.inputs + input) * pitch;
      float* const column = to + group.column * depth + i;
      for (std::int64_t k = 0; k < depth; ++k)
        column[k * group.kColumns] = input < weight.inputs ? row[k] : 0;
    }
  });
}

/// Adds the rows' part of the weights' gradients, inputsᵀ × gradients, for up to kProductChunk rows
/// of both: `to` is [inputs][outputs], `packed` scratch.
inline HWY_NOINLINE void add_weight_gradients(const float* inputs, std::int64_t input_pitch,
                                              int depth, const float* gradients, int pitch,
                                              std::int64_t rows, bool adds, float* packed,
                                              float* to) {
  for_groups(pitch, [&](auto group) HWY_ATTR {
    const float* b = gradients;
    if (group.kColumns != pitch) {
      for (std::int64_t row = 0; row < rows; ++row)
        std::copy_n(gradients + row * pitch + group.column, group.kColumns,
                    packed + row * group.kColumns);
      b = packed;
    }
    using Group = decltype(group);
    const MatrixProduct product = {.a = inputs,
                                   .a_pitch = input_pitch,
                                   .b = b,
                                   .bias = nullptr,
                                   .c = to + group.column,
                                   .c_pitch = pitch,
                                   .depth = rows,
                                   .adds = adds};
    multiply_group<Order::columns>(product, Group{0}, depth);
  });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// These, too.
// from pplcnet/kernels/training/depthwise-inl.hpp
// Depthwise convolutions: outputs, and gradients of inputs, which are sums over taps, too. Compiled
// once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// What a tap adds to a row of sums: to those of [begin, end), from row[first + i * step].
struct Tap {
  const float* row;
  std::int64_t first;
  const float* weights;
  int begin, end;
};

/// The taps of a row of sums: of those that are on the map no more than kMost at a time.
class TapRow {
 public:
  static constexpr int kMost = 64;

  explicit TapRow(std::int64_t step) : step_(step) {}

  void add(const Tap& tap) {
    if (tap.begin < tap.end) taps_[count_++] = tap;
  }
  bool full() const { return count_ == kMost; }

  /// Computes sums [0, count) of all channels, one every to_step floats.
  HWY_NOINLINE void compute(int count, int channels, const float* bias, bool adds, float* to,
                            std::int64_t to_step) {
    int begin = 0, end = count;
    for (int i = 0; i < count_; ++i) {
      begin = std::max(begin, taps_[i].begin);
      end = std::min(end, taps_[i].end);
    }
    if (begin >= end) begin = end = count;
    for (int i = 0; i < begin; ++i) edge(i, channels, bias, adds, to + i * to_step);
    for_vectors(channels, [&](auto d, int channel) HWY_ATTR {
      int i = begin;
      for (; i + kMany <= end; i += kMany) inner<kMany>(d, i, channel, bias, adds, to, to_step);
      for (; i + 4 <= end; i += 4) inner<4>(d, i, channel, bias, adds, to, to_step);
      for (; i < end; ++i) inner<1>(d, i, channel, bias, adds, to, to_step);
    });
    for (int i = end; i < count; ++i) edge(i, channels, bias, adds, to + i * to_step);
    count_ = 0;
  }

 private:
  static constexpr int kMany = 8;

  /// Computes sums that all taps add to.
  template <int kSums, class D>
  HWY_INLINE void inner(D d, int i, int channel, const float* bias, bool adds, float* to,
                        std::int64_t to_step) const {
    inner_sums(d, i, channel, bias, adds, to + i * to_step + channel, to_step,
               std::make_integer_sequence<int, kSums>());
  }
  template <class D, int... kSum>
  HWY_INLINE void inner_sums(D d, int i, int channel, const float* bias, bool adds, float* to,
                             std::int64_t to_step, std::integer_sequence<int, kSum...>) const {
    const auto start = bias == nullptr ? hn::Zero(d) : hn::LoadU(d, bias + channel);
    hn::Vec<D> sums[] = {(kSum < 0 ? hn::Zero(d) : start)...};
    if (adds) ((sums[kSum] = hn::LoadU(d, to + kSum * to_step)), ...);
    for (int t = 0; t < count_; ++t) {
      const Tap& tap = taps_[t];
      const float* const from = tap.row + (tap.first + i * step_ + channel);
      const auto weights = hn::LoadU(d, tap.weights + channel);
      ((sums[kSum] = hn::MulAdd(hn::LoadU(d, from + kSum * step_), weights, sums[kSum])), ...);
    }
    (hn::StoreU(sums[kSum], d, to + kSum * to_step), ...);
  }

  /// Computes a sum that some taps do not add to, four vectors at a time.
  HWY_INLINE void edge(int i, int channels, const float* bias, bool adds, float* to) const {
    int channel = 0;
    for (; channel + 4 * kLanes <= channels; channel += 4 * kLanes)
      edge_vectors(Lanes16(), i, channel, bias, adds, to, std::make_integer_sequence<int, 4>());
    for_vectors(channels - channel, [&](auto d, int rest) HWY_ATTR {
      edge_vectors(d, i, channel + rest, bias, adds, to, std::integer_sequence<int, 0>());
    });
  }
  template <class D, int... kVector>
  HWY_INLINE void edge_vectors(D d, int i, int channel, const float* bias, bool adds, float* to,
                               std::integer_sequence<int, kVector...>) const {
    constexpr int kStep = static_cast<int>(hn::MaxLanes(D()));
    to += channel;
    hn::Vec<D> sums[] = {(kVector < 0 ? hn::Vec<D>() : hn::Zero(d))...};
    if (bias != nullptr) ((sums[kVector] = hn::LoadU(d, bias + channel + kVector * kStep)), ...);
    if (adds) ((sums[kVector] = hn::LoadU(d, to + kVector * kStep)), ...);
    for (int t = 0; t < count_; ++t) {
      const Tap& tap = taps_[t];
      if (i < tap.begin || i >= tap.end) continue;
      const float* const from = tap.row + (tap.first + i * step_ + channel);
      ((sums[kVector] =
            hn::MulAdd(hn::LoadU(d, from + kVector * kStep),
                       hn::LoadU(d, tap.weights + channel + kVector * kStep), sums[kVector])),
       ...);
    }
    (hn::StoreU(sums[kVector], d, to + kVector * kStep), ...);
  }

  std::int64_t step_;
  int count_ = 0;
  Tap taps_[kMost];
};

inline void depthwise_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto rows = TapAxis::rows(step.window, input, output);
  const auto columns = TapAxis::columns(step.window, input, output);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const int pitch = outputs.pitch;
  const float* const weights = values.parameters(step.weight);
  share(run, outputs.rows * pitch * rows.kernel * columns.kernel,
        std::int64_t{run.images} * output.height,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          TapRow taps(std::int64_t{columns.stride} * pitch);
          for (std::int64_t row = begin; row < end; ++row) {
            const std::int64_t image = row / output.height;
            const auto i = static_cast<int>(row % output.height);
            const float* bias = values.parameters(step.bias);
            bool adds = false;
            const auto compute = [&]() HWY_ATTR {
              taps.compute(output.width, pitch, bias, adds, outputs[row * output.width], pitch);
              adds = true;
            };
            for (int a = 0; a < rows.kernel; ++a) {
              const int y = rows.input(i, a);
              if (!rows.has_input(y)) continue;
              for (int b = 0; b < columns.kernel; ++b) {
                const auto range = columns.outputs_of(b);
                taps.add({inputs[(image * input.height + y) * input.width],
                          std::int64_t{columns.input(0, b)} * pitch,
                          weights + (a * columns.kernel + b) * pitch, range.begin, range.end});
                if (taps.full()) compute();
              }
            }
            compute();
          }
        });
}

/// Computes a row of gradients of the input: those columns first, whose taps are the same, of every
/// stride of them.
HWY_INLINE void depthwise_input_row(const Matrix<const float>& gradients, const TapAxis& rows,
                                    const TapAxis& columns, const float* weights,
                                    std::int64_t image, int y, bool adds_input, float* to) {
  const std::int64_t pitch = gradients.pitch;
  TapRow taps(pitch);
  for (int phase = 0; phase < std::min(columns.stride, columns.inputs); ++phase) {
    const int count = (columns.inputs - phase + columns.stride - 1) / columns.stride;
    bool adds = adds_input;
    const auto compute = [&]() HWY_ATTR {
      taps.compute(count, gradients.pitch, nullptr, adds, to + phase * pitch,
                   columns.stride * pitch);
      adds = true;
    };
    for (int a = 0; a < rows.kernel; ++a) {
      const int row = y + rows.before - a * rows.dilation, i = row / rows.stride;
      if (row < 0 || row % rows.stride != 0 || i >= rows.outputs) continue;
      for (int b = 0; b < columns.kernel; ++b) {
        const int column = phase + columns.before - b * columns.dilation;
        if (column % columns.stride != 0) continue;
        const int first = column / columns.stride;
        taps.add({gradients[(image * rows.outputs + i) * columns.outputs], first * pitch,
                  weights + (a * columns.kernel + b) * pitch, std::max(0, -first),
                  std::min(count, columns.outputs - first)});
        if (taps.full()) compute();
      }
    }
    compute();
  }
}

inline void depthwise_input_gradients(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto rows = TapAxis::rows(step.window, input, output);
  const auto columns = TapAxis::columns(step.window, input, output);
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  share(run, gradients.rows * gradients.pitch * rows.kernel * columns.kernel,
        std::int64_t{run.images} * input.height,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          for (std::int64_t row = begin; row < end; ++row)
            depthwise_input_row(gradients, rows, columns, values.parameters(step.weight),
                                row / input.height, static_cast<int>(row % input.height),
                                step.adds_input, input_gradients[row * input.width]);
        });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/elementwise-inl.hpp
// Steps whose outputs are each computed from one value, or from two. Compiled once per instruction
// set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Splits rows of `pitch` channels and calls `body(d, row, channel)` for all vectors of them.
template <class Body>
HWY_INLINE void for_rows(const TrainingRun& run, std::int64_t rows, int pitch, const Body& body) {
  share(run, rows * pitch, rows, [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
    for (std::int64_t row = begin; row < end; ++row)
      for_vectors(pitch, [&](auto d, int channel) HWY_ATTR { body(d, row, channel); });
  });
}

inline void activate_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
    for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
      const auto x = hn::LoadU(d, inputs[row] + channel);
      hn::StoreU(activation.value(d, x), d, outputs[row] + channel);
    });
  });
  if (moves_zero(step.activation))
    clear_padding(outputs.values, outputs.rows, outputs.pitch, values.output().shape.channels);
}

inline void activate_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
    for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
      const auto x = hn::LoadU(d, inputs[row] + channel);
      const auto dy = hn::LoadU(d, gradients[row] + channel);
      store_or_add(d, activation.gradient(d, x, dy), step.adds_input,
                   input_gradients[row] + channel);
    });
  });
}

inline void add_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto seconds = values.seconds();
  const auto outputs = values.outputs();
  for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
    const auto x = hn::LoadU(d, inputs[row] + channel);
    hn::StoreU(hn::Add(x, hn::LoadU(d, seconds[row] + channel)), d, outputs[row] + channel);
  });
}

/// Writes gradients, or adds them to what is there.
inline void pass_gradients(const TrainingRun& run, const Matrix<const float>& from, bool adds,
                           const Matrix<float>& to) {
  for_rows(run, from.rows, from.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
    store_or_add(d, hn::LoadU(d, from[row] + channel), adds, to[row] + channel);
  });
}

inline void add_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  if (step.input_gradients)
    pass_gradients(run, gradients, step.adds_input, values.input_gradients());
  if (step.second_gradients)
    pass_gradients(run, gradients, step.adds_second, values.second_gradients());
}

/// What happens to a value when it is dropped out: each is kept or not, by its place in the
/// batch of all processes.
class Dropout {
 public:
  Dropout(const TrainingRun& run, const TrainingStep& step)
      : seed_(split_mix(run.dropout_seed + split_mix(static_cast<std::uint64_t>(step.output)))),
        kept_((std::uint64_t{1} << 32) / 100 * static_cast<std::uint64_t>(step.keep_percent)),
        factor_(static_cast<float>(step.keep_percent) / 100),
        drops_(run.drops) {}

  /// Returns what the value at a place, of those that are not padding, is multiplied by.
  float operator()(std::int64_t place) const {
    if (!drops_) return factor_;
    return split_mix(seed_ + static_cast<std::uint64_t>(place)) >> 32 < kept_ ? 1.0F : 0.0F;
  }

 private:
  std::uint64_t seed_, kept_;
  float factor_;
  bool drops_;
};

/// Passes values, or their gradients, as far as they are kept.
inline void drop(const TrainingRun& run, const TrainingStep& step, const Matrix<const float>& from,
                 int channels, bool adds, const Matrix<float>& to) {
  const Dropout dropout(run, step);
  const std::int64_t first = first_image(run) * (from.rows / run.images);
  share(run, from.rows * from.pitch, from.rows, [&](int, std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      if (!adds) clear(to[row], to.pitch);
      for (int channel = 0; channel < channels; ++channel) {
        const float kept =
            rounded(from[row][channel] * dropout((first + row) * channels + channel));
        to[row][channel] += kept;
      }
    }
  });
}

inline void dropout_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  drop(run, step, values.inputs(), values.output().shape.channels, false, values.outputs());
}

inline void dropout_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  if (step.input_gradients)
    drop(run, step, values.output_gradients(), values.output().shape.channels, step.adds_input,
         values.input_gradients());
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/picture-inl.hpp
// Pictures, and channels that become those of another map. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

inline void picture_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto outputs = values.outputs();
  const std::int64_t pixels = values.output().shape.pixels();
  const int channels = values.output().shape.channels;
  share(run, outputs.rows * outputs.pitch, run.images,
        [&](int, std::int64_t begin, std::int64_t end) {
          for (std::int64_t image = begin; image < end; ++image) {
            const float* const planes = run.pictures + image * channels * pixels;
            for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
              float* const to = outputs[image * pixels + pixel];
              clear(to, outputs.pitch);
              for (int channel = 0; channel < channels; ++channel)
                to[channel] = planes[channel * pixels + pixel];
            }
          }
        });
}

inline void picture_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients || run.picture_gradients == nullptr) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const std::int64_t pixels = values.output().shape.pixels();
  const int channels = values.output().shape.channels;
  for (std::int64_t row = 0; row < gradients.rows; ++row)
    for (int channel = 0; channel < channels; ++channel) {
      const std::int64_t plane = row / pixels * channels + channel;
      run.picture_gradients[plane * pixels + row % pixels] = gradients[row][channel];
    }
}

inline void copy_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const int channels = values.output().shape.channels;
  share(run, inputs.rows * step.channels, inputs.rows,
        [&](int, std::int64_t begin, std::int64_t end) {
          for (std::int64_t row = begin; row < end; ++row) {
            const float* const from = inputs[row] + step.first;
            float* const to = outputs[row] + step.first_output;
            for (int i = 0; i < step.channels; ++i)
              to[i * step.write_step] = from[i * step.read_step];
          }
          if (step.clears) clear_padding(outputs[begin], end - begin, outputs.pitch, channels);
        });
}

inline void copy_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  share(run, gradients.rows * step.channels, gradients.rows,
        [&](int, std::int64_t begin, std::int64_t end) {
          for (std::int64_t row = begin; row < end; ++row) {
            const float* const from = gradients[row] + step.first_output;
            float* const to = input_gradients[row];
            if (!step.adds_input) clear(to, input_gradients.pitch);
            for (int i = 0; i < step.channels; ++i)
              to[step.first + i * step.read_step] += from[i * step.write_step];
          }
        });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/product-inl.hpp
// Pointwise convolutions and dense layers: rows times a matrix. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

inline void product_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TrainingTensor& weight = values.tensor(step.weight);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  pack(values.parameters(step.weight), weight.pitch(), weight.inputs, weight.pitch(), run.scratch);
  const float* const bias = values.parameters(step.bias);
  share(run, outputs.rows * weight.inputs * weight.pitch(), outputs.rows,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          multiply<Order::rows>({.a = inputs[begin],
                                 .a_pitch = inputs.pitch,
                                 .b = run.scratch,
                                 .bias = bias,
                                 .c = outputs[begin],
                                 .c_pitch = outputs.pitch,
                                 .depth = weight.inputs},
                                end - begin, outputs.pitch);
        });
}

/// Sums the gradients of weights: `add(worker, begin, end, adds, to)` computes those of up to a
/// chunk of rows.
template <class Add>
HWY_INLINE void sum_weight_gradients(const TrainingRun& run, const WeightRows& rows, const Add& add,
                                     float* to) {
  const std::int64_t count = rows.weights(), chunk = rows.parts.all.chunk;
  float* const sums = rows.parts.count > 1 ? rows.memory : to;
  for_parts(run, rows.parts, rows.gradients.rows * count,
            [&](int worker, int part, const TrainingRows& own) HWY_ATTR {
              for (std::int64_t begin = own.begin; begin < own.end; begin += chunk)
                add(worker, begin, std::min(begin + chunk, own.end), begin != own.begin,
                    sums + part * count);
            });
  add_parts(run, rows.parts, sums, count, to);
}

inline void product_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TrainingTensor& weight = values.tensor(step.weight);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const std::int64_t work = gradients.rows * weight.inputs * weight.pitch();
  if (step.bias >= 0) sum_columns(run, gradients, run.scratch, values.gradients(step.bias));
  const WeightRows rows(run, step);
  sum_weight_gradients(
      run, rows,
      [&](int worker, std::int64_t begin, std::int64_t end, bool adds, float* to) HWY_ATTR {
        add_weight_gradients(rows.inputs[begin], inputs.pitch, weight.inputs, rows.gradients[begin],
                             gradients.pitch, end - begin, adds, rows.packed(worker), to);
      },
      values.gradients(step.weight));
  if (!step.input_gradients) return;
  pack_transposed(values.parameters(step.weight), weight, inputs.pitch, run.scratch);
  const auto input_gradients = values.input_gradients();
  share(run, work, gradients.rows, [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
    multiply<Order::rows>({.a = gradients[begin],
                           .a_pitch = gradients.pitch,
                           .b = run.scratch,
                           .bias = nullptr,
                           .c = input_gradients[begin],
                           .c_pitch = input_gradients.pitch,
                           .depth = weight.outputs,
                           .adds = step.adds_input},
                          end - begin, input_gradients.pitch);
  });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/update-inl.hpp
// Stochastic gradient descent with momentum. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

inline void update(const ParameterUpdate& update) {
  for (std::size_t begin = 0; begin < update.count; begin += kTrainingPanel)
    for_vectors(kTrainingPanel, [&](auto d, int lane) HWY_ATTR {
      const std::size_t i = begin + size(lane);
      const auto w = hn::LoadU(d, update.parameters + i);
      const auto decayed =
          hn::MulAdd(hn::LoadU(d, update.gradients + i), hn::Set(d, update.gradient_scale),
                     hn::Mul(w, hn::Set(d, update.l2)));
      const auto velocity =
          hn::MulAdd(hn::LoadU(d, update.velocities + i), hn::Set(d, update.momentum), decayed);
      hn::StoreU(velocity, d, update.velocities + i);
      hn::StoreU(hn::NegMulAdd(velocity, hn::Set(d, update.rate), w), d, update.parameters + i);
    });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// Those that use another one.
// from pplcnet/kernels/training/affine-inl.hpp
// One learnable scale and shift for all channels. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

inline void affine_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const float scale = *values.parameters(step.weight), shift = *values.parameters(step.bias);
  for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
    const auto x = hn::LoadU(d, inputs[row] + channel);
    hn::StoreU(hn::MulAdd(x, hn::Set(d, scale), hn::Set(d, shift)), d, outputs[row] + channel);
  });
  clear_padding(outputs.values, outputs.rows, outputs.pitch, values.output().shape.channels);
}

/// Computes the gradients of the scale and the shift.
inline void affine_gradients(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const int pitch = inputs.pitch;
  const OwnParts parts(run,
                       channel_parts(images_of_all(run), values.input().shape.pixels(), pitch));
  for_parts(run, parts, inputs.rows * pitch, [&](int, int part, const TrainingRows& rows) HWY_ATTR {
    float* const sums = run.scratch + std::int64_t{parts.first + part} * 2 * pitch;
    clear(sums, 2 * pitch);
    for (std::int64_t begin = rows.begin; begin < rows.end; begin += parts.all.chunk) {
      const std::int64_t count = std::min<std::int64_t>(parts.all.chunk, rows.end - begin);
      for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
        const auto sum = sum_rows(d, count, [&](std::int64_t row, auto& both) HWY_ATTR {
          const auto gradient = hn::LoadU(d, gradients[begin + row] + channel);
          const auto x = hn::LoadU(d, inputs[begin + row] + channel);
          both.first = hn::MulAdd(gradient, x, both.first);
          both.second = hn::Add(both.second, gradient);
        });
        store_or_add(d, sum.first, true, sums + channel);
        store_or_add(d, sum.second, true, sums + pitch + channel);
      });
    }
  });
  gather_parts(parts, run.scratch, 2 * pitch);
  double scale = 0, shift = 0;
  for (int part = 0; part < parts.all.count(); ++part)
    for (int channel = 0; channel < pitch; ++channel) {
      const float* const sums = run.scratch + std::int64_t{part} * 2 * pitch + channel;
      scale += static_cast<double>(sums[0]);
      shift += static_cast<double>(sums[pitch]);
    }
  clear(values.gradients(step.weight), kTrainingPanel);
  clear(values.gradients(step.bias), kTrainingPanel);
  *values.gradients(step.weight) = static_cast<float>(scale);
  *values.gradients(step.bias) = static_cast<float>(shift);
}

inline void affine_backward(const TrainingRun& run, const TrainingStep& step) {
  affine_gradients(run, step);
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto to = values.input_gradients();
  const float scale = *values.parameters(step.weight);
  for_rows(
      run, gradients.rows, gradients.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
        const auto gradient = hn::LoadU(d, gradients[row] + channel);
        store_or_add(d, hn::Mul(gradient, hn::Set(d, scale)), step.adds_input, to[row] + channel);
      });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/convolution-inl.hpp
// Dense convolutions: a product whose rows are gathered, each a pixel's taps. Compiled once per
// instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// The taps of outputs, numbered through all images of a batch.
struct TapGeometry {
  Shape input, output;
  Window window;
  int pitch;   ///< of the input
  int inputs;  ///< channels that are gathered of each tap

  /// Calls `body(input pixel)` for the taps of outputs [begin, end), one output after the other;
  /// the input pixel is numbered like outputs, -1 outside of the map.
  template <class Body>
  HWY_INLINE void for_taps(std::int64_t begin, std::int64_t end, const Body& body) const {
    const std::int64_t line = begin / output.width;
    auto x = static_cast<int>(begin % output.width), y = static_cast<int>(line % output.height);
    std::int64_t image = line / output.height;
    for (std::int64_t pixel = begin; pixel < end; ++pixel) {
      for_window(image, y, x, body);
      if (++x < output.width) continue;
      x = 0;
      if (++y < output.height) continue;
      y = 0;
      ++image;
    }
  }

  template <class Body>
  HWY_INLINE void for_window(std::int64_t image, int y, int x, const Body& body) const {
    const int left = x * window.stride.width - window.padding.left;
    int row = y * window.stride.height - window.padding.top;
    for (int i = 0; i < window.kernel.height; ++i, row += window.dilation.height) {
      const bool row_inside = row >= 0 && row < input.height;
      const std::int64_t first = (image * input.height + row) * input.width;
      int column = left;
      for (int j = 0; j < window.kernel.width; ++j, column += window.dilation.width)
        body(row_inside && column >= 0 && column < input.width ? first + column : -1);
    }
  }

  std::int64_t depth() const {
    return std::int64_t{window.kernel.height} * window.kernel.width * inputs;
  }
  /// Returns how many pixels are gathered at a time.
  int chunk() const {
    return gathered_pixels(std::int64_t{window.kernel.height} * window.kernel.width * pitch);
  }
};

inline TapGeometry geometry_of(const StepValues& values, const TrainingStep& step) {
  return {.input = values.input().shape,
          .output = values.output().shape,
          .window = step.window,
          .pitch = values.input().pitch,
          .inputs = values.tensor(step.weight).inputs};
}

/// Gathers the taps of pixels [begin, end), of so many channels with those that pad. What pads a
/// tap is overwritten by the next one; that of the last tap of all is after the rows.
HWY_INLINE void gather_channels(const TapGeometry& geometry, const float* maps, int pitch,
                                std::int64_t begin, std::int64_t end, float* to) {
  const std::int64_t step = geometry.inputs;
  geometry.for_taps(begin, end, [&](std::int64_t from) HWY_ATTR {
    for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
      hn::StoreU(from < 0 ? hn::Zero(d) : hn::LoadU(d, maps + from * pitch + channel), d,
                 to + channel);
    });
    to += step;
  });
}
inline HWY_NOINLINE void gather(const TapGeometry& geometry, const float* maps, std::int64_t begin,
                                std::int64_t end, float* to) {
  if (geometry.pitch == kTrainingPanel)  // as the picture's: no loop over vectors
    gather_channels(geometry, maps, kTrainingPanel, begin, end, to);
  else
    gather_channels(geometry, maps, geometry.pitch, begin, end, to);
}

/// Adds the gradients of the taps of pixels [begin, end), which are all of padded channels.
inline HWY_NOINLINE void scatter(const TapGeometry& geometry, const float* taps, std::int64_t begin,
                                 std::int64_t end, float* gradients) {
  const std::int64_t pitch = geometry.pitch;
  geometry.for_taps(begin, end, [&](std::int64_t to) HWY_ATTR {
    if (to >= 0)
      for_vectors(geometry.pitch, [&](auto d, int channel) HWY_ATTR {
        store_or_add(d, hn::LoadU(d, taps + channel), true, gradients + to * pitch + channel);
      });
    taps += pitch;
  });
}

/// Returns where a worker's gathered taps are.
inline float* gathered(const TrainingRun& run, const TrainingStep& step, int worker) {
  return run.scratch + product_scratch(step, run.values, run.tensors, run.images).floats() +
         size(worker) * gathered_floats(step, run.values, run.tensors);
}

inline void convolution_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TrainingTensor& weight = values.tensor(step.weight);
  const TapGeometry geometry = geometry_of(values, step);
  const auto outputs = values.outputs();
  const std::int64_t depth = geometry.depth(), chunk = geometry.chunk();
  pack(values.parameters(step.weight), weight.pitch(), depth, weight.pitch(), run.scratch);
  share(run, outputs.rows * depth * weight.pitch(), outputs.rows,
        [&](int worker, std::int64_t begin, std::int64_t end) HWY_ATTR {
          float* const taps = gathered(run, step, worker);
          for (std::int64_t row = begin; row < end; row += chunk) {
            const std::int64_t last = std::min(row + chunk, end);
            gather(geometry, values.inputs().values, row, last, taps);
            multiply<Order::rows>({.a = taps,
                                   .a_pitch = depth,
                                   .b = run.scratch,
                                   .bias = values.parameters(step.bias),
                                   .c = outputs[row],
                                   .c_pitch = outputs.pitch,
                                   .depth = depth},
                                  last - row, outputs.pitch);
          }
        });
}

/// Adds the gradients of the inputs, image by image: windows overlap.
inline void convolution_input_gradients(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TrainingTensor& weight = values.tensor(step.weight);
  const TapGeometry geometry = geometry_of(values, step);
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  const int columns = weight.taps() * geometry.pitch;
  const std::int64_t chunk = geometry.chunk(), pixels = geometry.output.pixels();
  pack_transposed(values.parameters(step.weight), weight, geometry.pitch, run.scratch);
  share(run, gradients.rows * columns * weight.pitch(), run.images,
        [&](int worker, std::int64_t begin, std::int64_t end) HWY_ATTR {
          float* const taps = gathered(run, step, worker);
          const std::int64_t first = begin * geometry.input.pixels();
          if (!step.adds_input)
            clear(input_gradients[first], (end - begin) * geometry.input.pixels() * geometry.pitch);
          for (std::int64_t row = begin * pixels; row < end * pixels; row += chunk) {
            const std::int64_t last = std::min(row + chunk, end * pixels);
            multiply<Order::rows>({.a = gradients[row],
                                   .a_pitch = gradients.pitch,
                                   .b = run.scratch,
                                   .bias = nullptr,
                                   .c = taps,
                                   .c_pitch = columns,
                                   .depth = weight.outputs},
                                  last - row, columns);
            scatter(geometry, taps, row, last, input_gradients.values);
          }
        });
}

inline void convolution_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TapGeometry geometry = geometry_of(values, step);
  const auto gradients = values.output_gradients();
  const std::int64_t depth = geometry.depth();
  if (step.bias >= 0) sum_columns(run, gradients, run.scratch, values.gradients(step.bias));
  const WeightRows rows(run, step);
  sum_weight_gradients(
      run, rows,
      [&](int worker, std::int64_t begin, std::int64_t end, bool adds, float* to) HWY_ATTR {
        float* const taps = gathered(run, step, worker);
        gather(geometry, rows.inputs.values, begin, end, taps);
        add_weight_gradients(taps, depth, static_cast<int>(depth), rows.gradients[begin],
                             gradients.pitch, end - begin, adds, rows.packed(worker), to);
      },
      values.gradients(step.weight));
  if (step.input_gradients) convolution_input_gradients(run, step);
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/depthwise_weights-inl.hpp
// Gradients of the weights of depthwise convolutions. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// What a row of output gradients adds to the gradients of a kernel's rows.
struct WeightRow {
  const float* gradients;        ///< of the row's first pixel
  const float* inputs;           ///< of the row that tap (0, 0) reads; column 0
  std::int64_t input_row_pitch;  ///< from a row of taps to the next
  int pitch;
  const TapAxis* columns;
  float* sums;  ///< of tap (0, 0)
};

/// Sums kRows × kColumns taps of a kernel's columns from `tap` on, of a vector of channels, over
/// the pixels of a row in their order.
template <class D, int kRows, int kColumns>
class WeightSums {
  using V = hn::Vec<D>;
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  HWY_INLINE WeightSums(const WeightRow& row, int channel, int tap)
      : row_(row), step_(std::int64_t{row.columns->stride} * row.pitch) {
    start(tap, channel, Indices<kColumns>());
    clear_sums(Indices<kRows * kColumns>());
    int begin = 0, end = row.columns->outputs;
    for (const auto& range : ranges_) {
      begin = std::max(begin, range.begin);
      end = std::min(end, range.end);
    }
    begin = std::min(begin, end);
    const float* gradient = row.gradients + channel;
    int i = 0;
    for (; i < begin; ++i) add_pixel<true>(i, gradient, Indices<kColumns>());
    for (; i < end; ++i) add_pixel<false>(i, gradient, Indices<kColumns>());
    for (; i < row.columns->outputs; ++i) add_pixel<true>(i, gradient, Indices<kColumns>());
    float* const to = row.sums + std::int64_t{tap} * row.pitch + channel;
    store(to, Indices<kRows * kColumns>());
  }

 private:
  template <int... kColumn>
  HWY_INLINE void start(int tap, int channel, std::integer_sequence<int, kColumn...>) {
    ((ranges_[kColumn] = row_.columns->outputs_of(tap + kColumn)), ...);
    ((from_[kColumn] =
          row_.inputs + channel + std::int64_t{row_.columns->input(0, tap + kColumn)} * row_.pitch),
     ...);
  }
  template <int... kSum>
  HWY_INLINE void clear_sums(std::integer_sequence<int, kSum...>) {
    ((sums_[kSum] = kSum < 0 ? V() : hn::Zero(D())), ...);
  }

  template <bool kEdge, int... kColumn>
  HWY_INLINE void add_pixel(int i, const float* gradient, std::integer_sequence<int, kColumn...>) {
    const V dy = hn::LoadU(D(), gradient + std::int64_t{i} * row_.pitch);
    (add_column<kEdge, kColumn>(i, dy, Indices<kRows>()), ...);
  }
  template <bool kEdge, int kColumn, int... kRow>
  HWY_INLINE void add_column(int i, V dy, std::integer_sequence<int, kRow...>) {
    if constexpr (kEdge)
      if (i < ranges_[kColumn].begin || i >= ranges_[kColumn].end) return;
    const float* const from = from_[kColumn] + i * step_;
    ((sums_[kRow * kColumns + kColumn] =
          hn::MulAdd(hn::LoadU(D(), from + kRow * row_.input_row_pitch), dy,
                     sums_[kRow * kColumns + kColumn])),
     ...);
  }

  template <int... kSum>
  HWY_INLINE void store(float* to, std::integer_sequence<int, kSum...>) const {
    const std::int64_t row_pitch = std::int64_t{row_.columns->kernel} * row_.pitch;
    (store_or_add(D(), sums_[kSum], true,
                  to + kSum / kColumns * row_pitch + kSum % kColumns * row_.pitch),
     ...);
  }

  const WeightRow& row_;
  std::int64_t step_;
  const float* from_[kColumns];
  TapAxis::Range ranges_[kColumns];
  V sums_[kRows * kColumns];
};

/// Adds what a row of output gradients adds to kRows rows of a kernel.
template <int kRows>
HWY_NOINLINE void add_weight_rows(const WeightRow& row) {
  for_vectors(row.pitch, [&](auto d, int channel) HWY_ATTR {
    using D = decltype(d);
    const int kernel = row.columns->kernel;
    if (kernel == 3) return void(WeightSums<D, kRows, 3>(row, channel, 0));
    if constexpr (kRows <= 2)
      if (kernel == 5) return void(WeightSums<D, kRows, 5>(row, channel, 0));
    for (int tap = 0; tap < kernel; ++tap) WeightSums<D, kRows, 1>(row, channel, tap);
  });
}

/// Sums rows [begin, end) of output gradients.
inline HWY_NOINLINE void sum_weight_rows(const StepValues& values, const TapAxis& rows,
                                         const TapAxis& columns, std::int64_t begin,
                                         std::int64_t end, float* sums) {
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const int together = columns.kernel == 3 ? 3 : columns.kernel == 5 ? 2 : 1;
  for (std::int64_t row = begin; row < end; ++row) {
    const std::int64_t image = row / rows.outputs;
    const auto i = static_cast<int>(row % rows.outputs);
    for (int a = 0; a < rows.kernel;) {
      int count = 0;
      const int first = rows.input(i, a);
      while (count < together && a + count < rows.kernel &&
             rows.has_input(rows.input(i, a + count)))
        ++count;
      if (count > 0) {
        const std::int64_t row_floats = std::int64_t{columns.inputs} * inputs.pitch;
        const WeightRow sum = {.gradients = gradients[row * columns.outputs],
                               .inputs = inputs.values + (image * rows.inputs + first) * row_floats,
                               .input_row_pitch = rows.dilation * row_floats,
                               .pitch = inputs.pitch,
                               .columns = &columns,
                               .sums = sums + std::int64_t{a} * columns.kernel * inputs.pitch};
        count == 3   ? add_weight_rows<3>(sum)
        : count == 2 ? add_weight_rows<2>(sum)
                     : add_weight_rows<1>(sum);
      }
      a += std::max(count, 1);
    }
  }
}

inline void depthwise_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto rows = TapAxis::rows(step.window, input, output);
  const auto columns = TapAxis::columns(step.window, input, output);
  const auto gradients = values.output_gradients();
  if (step.bias >= 0) sum_columns(run, gradients, run.scratch, values.gradients(step.bias));
  const auto count = static_cast<std::int64_t>(values.tensor(step.weight).floats());
  const OwnParts parts(run, weight_parts(images_of_all(run), output.height, 1));
  for_parts(run, parts, gradients.rows * count, [&](int, int part, const TrainingRows& own) {
    float* const sums = run.scratch + part * count;
    clear(sums, count);
    sum_weight_rows(values, rows, columns, own.begin, own.end, sums);
  });
  add_parts(run, parts, run.scratch, count, values.gradients(step.weight));
  if (step.input_gradients) depthwise_input_gradients(run, step);
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/gate-inl.hpp
// Maps and vectors: the product channel by channel, and the mean over all pixels. Compiled once per
// instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Calls `body(d, channel, rows, sum)` for all vectors of an image's channels; sum(add) is that
/// over its pixels of what `add(d, row)` returns, chunk by chunk.
template <class Value>
HWY_INLINE void sum_pixels(const TrainingRows& pixels, int pitch, const Value& value, float* to) {
  constexpr std::int64_t kChunk = 256;
  clear(to, pitch);
  for (std::int64_t begin = pixels.begin; begin < pixels.end; begin += kChunk)
    for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
      const auto sum = sum_rows(d, std::min(kChunk, pixels.end - begin),
                                [&](std::int64_t row, auto& sums) HWY_ATTR {
                                  sums.first = hn::Add(sums.first, value(d, begin + row, channel));
                                });
      store_or_add(d, sum.first, true, to + channel);
    });
}

/// Multiplies a vector by a number, and writes it or adds it to what is there.
inline void scale_vector(const float* from, int pitch, float factor, bool adds, float* to) {
  for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
    store_or_add(d, hn::Mul(hn::LoadU(d, from + channel), hn::Set(d, factor)), adds, to + channel);
  });
}

inline void mean_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const std::int64_t pixels = values.input().shape.pixels();
  share(run, inputs.rows * inputs.pitch, run.images,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          for (std::int64_t image = begin; image < end; ++image) {
            float* const to = outputs[image];
            sum_pixels(
                {image * pixels, (image + 1) * pixels}, inputs.pitch,
                [&](auto d, std::int64_t row, int channel)
                    HWY_ATTR { return hn::LoadU(d, inputs[row] + channel); },
                to);
            scale_vector(to, inputs.pitch, 1 / static_cast<float>(pixels), false, to);
          }
        });
}

inline void mean_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  const std::int64_t pixels = values.input().shape.pixels();
  share(run, input_gradients.rows * gradients.pitch, input_gradients.rows,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          for (std::int64_t row = begin; row < end; ++row)
            scale_vector(gradients[row / pixels], gradients.pitch, 1 / static_cast<float>(pixels),
                         step.adds_input, input_gradients[row]);
        });
}

inline void gate_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto factors = values.seconds();
  const auto outputs = values.outputs();
  const std::int64_t pixels = values.input().shape.pixels();
  for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
    const auto factor = hn::LoadU(d, factors[row / pixels] + channel);
    hn::StoreU(hn::Mul(hn::LoadU(d, inputs[row] + channel), factor), d, outputs[row] + channel);
  });
}

/// Computes the gradients of a gate's factors: sums over the pixels of each image.
inline void factor_gradients(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const auto to = values.second_gradients();
  const std::int64_t pixels = values.input().shape.pixels();
  share(run, inputs.rows * inputs.pitch, run.images,
        [&](int worker, std::int64_t begin, std::int64_t end) HWY_ATTR {
          float* const sums = run.scratch + std::int64_t{worker} * to.pitch;
          for (std::int64_t image = begin; image < end; ++image) {
            sum_pixels(
                {image * pixels, (image + 1) * pixels}, inputs.pitch,
                [&](auto d, std::int64_t row, int channel) HWY_ATTR {
                  return hn::Mul(hn::LoadU(d, inputs[row] + channel),
                                 hn::LoadU(d, gradients[row] + channel));
                },
                sums);
            scale_vector(sums, to.pitch, 1, step.adds_second, to[image]);
          }
        });
}

inline void gate_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto factors = values.seconds();
  const std::int64_t pixels = values.input().shape.pixels();
  if (step.second_gradients) factor_gradients(run, step);
  if (!step.input_gradients) return;
  const auto to = values.input_gradients();
  for_rows(run, gradients.rows, gradients.pitch,
           [&](auto d, std::int64_t row, int channel) HWY_ATTR {
             const auto factor = hn::LoadU(d, factors[row / pixels] + channel);
             store_or_add(d, hn::Mul(hn::LoadU(d, gradients[row] + channel), factor),
                          step.adds_input, to[row] + channel);
           });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/normalise-inl.hpp
// Batch norms, each with an activation. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// A batch norm's numbers of each channel.
struct Norm {
  const float *mean, *inverse_deviation, *gamma, *beta;

  Norm(const TrainingRun& run, const TrainingStep& step) {
    const StepValues values(run, step);
    mean = run.arena + step.moments;
    inverse_deviation = mean + values.output().pitch;
    gamma = values.parameters(step.gamma);
    beta = values.parameters(step.beta);
  }

  template <class D>
  HWY_INLINE hn::Vec<D> scale(D d, int channel) const {
    return hn::Mul(hn::LoadU(d, gamma + channel), hn::LoadU(d, inverse_deviation + channel));
  }
};

/// A batch norm of a single pixel of a single image, as PaddlePaddle computes it, does nothing.
inline bool does_nothing(const TrainingRun& run, const StepValues& values) {
  return run.batch_statistics && values.output().rows(images_of_all(run)) == 1;
}

/// Sums the moments of a part's rows: [mean][squares], chunk by chunk, each while it is in cache.
inline HWY_NOINLINE void sum_moments(const Matrix<const float>& inputs, const TrainingRows& rows,
                                     int chunk, float* to) {
  const int pitch = inputs.pitch;
  clear(to, 2 * pitch);
  for (std::int64_t begin = rows.begin; begin < rows.end; begin += chunk) {
    const std::int64_t count = std::min<std::int64_t>(chunk, rows.end - begin);
    const auto before = static_cast<float>(begin - rows.begin), own = static_cast<float>(count);
    const float share = own / (before + own), both = before * share;
    for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
      const float* const column = inputs[begin] + channel;
      const auto sum = sum_rows(d, count, [&](std::int64_t row, auto& sums) HWY_ATTR {
        sums.first = hn::Add(sums.first, hn::LoadU(d, column + row * pitch));
      });
      const auto mean = hn::Mul(sum.first, hn::Set(d, 1 / own));
      const auto squares = sum_rows(d, count, [&](std::int64_t row, auto& sums) HWY_ATTR {
        const auto difference = hn::Sub(hn::LoadU(d, column + row * pitch), mean);
        sums.first = hn::MulAdd(difference, difference, sums.first);
      });
      const auto mean_before = hn::LoadU(d, to + channel);
      const auto difference = hn::Sub(mean, mean_before);
      hn::StoreU(hn::MulAdd(difference, hn::Set(d, share), mean_before), d, to + channel);
      const auto square = hn::Mul(difference, difference);
      store_or_add(d, hn::MulAdd(square, hn::Set(d, both), squares.first), true,
                   to + pitch + channel);
    });
  }
}

/// Returns the parts of a batch norm's sums.
inline OwnParts norm_parts(const TrainingRun& run, const StepValues& values) {
  const TrainingValue& input = values.input();
  return {run, channel_parts(images_of_all(run), input.shape.pixels(), input.pitch)};
}

inline void find_moments(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  float* const moments = run.arena + step.moments;
  if (!run.batch_statistics) return take_running_moments(run, step, inputs.pitch, moments);
  const OwnParts parts = norm_parts(run, values);
  const int floats = 2 * inputs.pitch;
  for_parts(run, parts, inputs.rows * inputs.pitch,
            [&](int, int part, const TrainingRows& rows) HWY_ATTR {
              sum_moments(inputs, rows, parts.all.chunk,
                          run.scratch + std::int64_t{parts.first + part} * floats);
            });
  gather_parts(parts, run.scratch, floats);
  combine_moments(run, step, parts.all, run.scratch, inputs.pitch, moments);
}

/// Calls `body(d, channel, begin, end)` for all vectors of rows, in the order in which they lie in
/// memory: where one is a row, for all rows at once, so that its channels' numbers stay in
/// registers.
template <class Body>
HWY_INLINE void for_columns(std::int64_t begin, std::int64_t end, int pitch, const Body& body) {
  const std::int64_t rows = pitch <= kLanes ? end - begin : 1;
  for (; begin < end; begin += rows)
    for_vectors(pitch,
                [&](auto d, int channel) HWY_ATTR { body(d, channel, begin, begin + rows); });
}

/// Computes rows [begin, end) of the output.
template <class Activate>
HWY_INLINE void normalise_rows(const Norm& norm, const Activate& activation,
                               const Matrix<const float>& inputs, const Matrix<float>& outputs,
                               std::int64_t begin, std::int64_t end) {
  for_columns(begin, end, inputs.pitch, [&](auto d, int channel, auto first, auto last) HWY_ATTR {
    const auto mean = hn::LoadU(d, norm.mean + channel), scale = norm.scale(d, channel);
    const auto beta = hn::LoadU(d, norm.beta + channel);
    for (auto row = first; row < last; ++row) {
      const auto difference = hn::Sub(hn::LoadU(d, inputs[row] + channel), mean);
      hn::StoreU(activation.value(d, hn::MulAdd(difference, scale, beta)), d,
                 outputs[row] + channel);
    }
  });
}

inline void normalise_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  if (does_nothing(run, values)) return activate_forward(run, step);
  find_moments(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const Norm norm(run, step);
  share(run, inputs.rows * inputs.pitch, inputs.rows,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
            normalise_rows(norm, activation, inputs, outputs, begin, end);
          });
          if (moves_zero(step.activation))
            clear_padding(outputs[begin], end - begin, outputs.pitch,
                          values.output().shape.channels);
        });
}

/// The gradient of a batch norm's output before its activation, and the input less its mean.
template <class V>
struct NormGradient {
  V gradient, difference;
};

/// A batch norm's numbers of a vector of channels.
template <class D, class Activate>
class NormVector {
  using V = hn::Vec<D>;

 public:
  HWY_INLINE NormVector(D d, const Norm& norm, const Activate& activation, int channel)
      : mean_(hn::LoadU(d, norm.mean + channel)),
        scale_(norm.scale(d, channel)),
        beta_(hn::LoadU(d, norm.beta + channel)),
        activation_(activation) {}

  HWY_INLINE V scale() const { return scale_; }
  HWY_INLINE NormGradient<V> gradient(V input, V gradient) const {
    const V difference = hn::Sub(input, mean_);
    return {activation_.gradient(D(), hn::MulAdd(difference, scale_, beta_), gradient), difference};
  }

 private:
  V mean_, scale_, beta_;
  const Activate& activation_;
};

/// Sums the gradients of a part's rows: [Σ dz][Σ dz (x - mean)].
template <class Activate>
HWY_INLINE void sum_norm_gradients(const Norm& norm, const Activate& activation,
                                   const Matrix<const float>& inputs,
                                   const Matrix<const float>& gradients, const TrainingRows& rows,
                                   int chunk, float* to) {
  const int pitch = inputs.pitch;
  clear(to, 2 * pitch);
  for (std::int64_t begin = rows.begin; begin < rows.end; begin += chunk) {
    const std::int64_t count = std::min<std::int64_t>(chunk, rows.end - begin);
    for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
      const NormVector<decltype(d), Activate> vector(d, norm, activation, channel);
      const auto sums = sum_rows(d, count, [&](std::int64_t row, auto& both) HWY_ATTR {
        const auto [gradient, difference] =
            vector.gradient(hn::LoadU(d, inputs[begin + row] + channel),
                            hn::LoadU(d, gradients[begin + row] + channel));
        both.first = hn::Add(both.first, gradient);
        both.second = hn::MulAdd(gradient, difference, both.second);
      });
      store_or_add(d, sums.first, true, to + channel);
      store_or_add(d, sums.second, true, to + pitch + channel);
    });
  }
}

/// Computes the gradients of beta and gamma, and what those of the input have less, in scratch.
inline void find_norm_gradients(const TrainingRun& run, const TrainingStep& step, float* less) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const Norm norm(run, step);
  const OwnParts parts = norm_parts(run, values);
  const int floats = 2 * inputs.pitch;
  for_parts(run, parts, inputs.rows * inputs.pitch,
            [&](int, int part, const TrainingRows& rows) HWY_ATTR {
              with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
                sum_norm_gradients(norm, activation, inputs, gradients, rows, parts.all.chunk,
                                   run.scratch + std::int64_t{parts.first + part} * floats);
              });
            });
  gather_parts(parts, run.scratch, floats);
  combine_gradients(run.scratch, parts.all.count(), inputs.pitch, norm.mean, norm.gamma,
                    static_cast<double>(values.input().rows(images_of_all(run))),
                    run.batch_statistics, values.gradients(step.beta), values.gradients(step.gamma),
                    less, less + inputs.pitch);
}

/// Computes rows [begin, end) of the gradients of the input.
template <class Activate>
HWY_INLINE void norm_input_rows(const Norm& norm, const Activate& activation, const float* less,
                                const Matrix<const float>& inputs,
                                const Matrix<const float>& gradients, std::int64_t begin,
                                std::int64_t end, bool adds, const Matrix<float>& to) {
  for_columns(begin, end, inputs.pitch, [&](auto d, int channel, auto first, auto last) HWY_ATTR {
    const NormVector<decltype(d), Activate> vector(d, norm, activation, channel);
    const auto constant = hn::LoadU(d, less + channel);
    const auto slope = hn::LoadU(d, less + inputs.pitch + channel);
    for (auto row = first; row < last; ++row) {
      const auto [gradient, difference] = vector.gradient(hn::LoadU(d, inputs[row] + channel),
                                                          hn::LoadU(d, gradients[row] + channel));
      const auto removed = hn::MulAdd(difference, slope, constant);
      store_or_add(d, hn::Sub(hn::Mul(gradient, vector.scale()), removed), adds, to[row] + channel);
    }
  });
}

inline void normalise_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const int pitch = values.input().pitch;
  if (does_nothing(run, values)) {
    clear(values.gradients(step.beta), pitch);
    clear(values.gradients(step.gamma), pitch);
    return activate_backward(run, step);
  }
  float* const less = run.scratch + std::int64_t{2} * kTrainingParts * pitch;
  find_norm_gradients(run, step, less);
  if (!step.input_gradients) return;
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const auto to = values.input_gradients();
  const Norm norm(run, step);
  share(run, inputs.rows * pitch, inputs.rows,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
            norm_input_rows(norm, activation, less, inputs, gradients, begin, end, step.adds_input,
                            to);
          });
        });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// This one, too.
// from pplcnet/kernels/training/pool-inl.hpp
// Maxima and means of windows of pixels. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// The part of a window that lies on the map, along one axis, and how many pixels a mean counts. A
/// window that reaches beyond the padding (ceil mode) ends there.
struct PoolRange {
  int begin, end, counted;

  PoolRange(int output, int stride, int kernel, int before, int after, int inputs) {
    const int first = output * stride - before, last = std::min(first + kernel, inputs + after);
    begin = std::max(first, 0);
    end = std::min(last, inputs);
    counted = last - first;
  }
  int count() const { return end - begin; }
};

/// The part of an output's window that lies on the map.
struct PoolWindow {
  PoolRange rows, columns;
  std::int64_t first_row;  ///< of the image

  PoolWindow(const Window& w, const Shape& input, const Shape& output, std::int64_t pixel)
      : rows(static_cast<int>(pixel % output.pixels() / output.width), w.stride.height,
             w.kernel.height, w.padding.top, w.padding.bottom, input.height),
        columns(static_cast<int>(pixel % output.width), w.stride.width, w.kernel.width,
                w.padding.left, w.padding.right, input.width),
        first_row(pixel / output.pixels() * input.height),
        width_(input.width) {}

  /// Calls `body(tap, pixel)` for its pixels in raster order.
  template <class Body>
  HWY_INLINE void for_pixels(const Body& body) const {
    int tap = 0;
    for (int y = rows.begin; y < rows.end; ++y)
      for (int x = columns.begin; x < columns.end; ++x, ++tap)
        body(tap, (first_row + y) * width_ + x);
  }
  float share(bool count_padding) const {
    return 1 / static_cast<float>(count_padding ? rows.counted * columns.counted
                                                : rows.count() * columns.count());
  }

 private:
  int width_;
};

/// The greatest of a window's values, and the number of the first tap that has it.
template <class V>
struct Greatest {
  V value, tap;
};
template <class D>
HWY_INLINE Greatest<hn::Vec<D>> greatest(D d, const PoolWindow& window,
                                         const Matrix<const float>& inputs, int channel) {
  Greatest<hn::Vec<D>> best = {hn::Zero(d), hn::Zero(d)};
  window.for_pixels([&](int tap, std::int64_t pixel) HWY_ATTR {
    const auto x = hn::LoadU(d, inputs[pixel] + channel);
    if (tap == 0) {
      best.value = x;
      return;
    }
    const auto greater = hn::Lt(best.value, x);
    best.value = hn::IfThenElse(greater, x, best.value);
    best.tap = hn::IfThenElse(greater, hn::Set(d, static_cast<float>(tap)), best.tap);
  });
  return best;
}

/// Splits the outputs of a pool and calls `body(window, row)` for each.
template <class Body>
HWY_INLINE void for_windows(const TrainingRun& run, const TrainingStep& step, const Body& body) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto outputs = values.outputs();
  share(run, outputs.rows * outputs.pitch * step.window.kernel.height * step.window.kernel.width,
        outputs.rows, [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          for (std::int64_t row = begin; row < end; ++row)
            body(PoolWindow(step.window, input, output, row), row);
        });
}

/// Splits the images of a pool, whose windows overlap, and calls `body(window, row)` for the
/// outputs of each in their order.
template <class Body>
HWY_INLINE void for_image_windows(const TrainingRun& run, const TrainingStep& step,
                                  const Body& body) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto input_gradients = values.input_gradients();
  share(run, input_gradients.rows * input_gradients.pitch, run.images,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          if (!step.adds_input)
            clear(input_gradients[begin * input.pixels()],
                  (end - begin) * input.pixels() * input_gradients.pitch);
          for (std::int64_t row = begin * output.pixels(); row < end * output.pixels(); ++row)
            body(PoolWindow(step.window, input, output, row), row);
        });
}

inline void max_pool_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  for_windows(run, step, [&](const PoolWindow& window, std::int64_t row) HWY_ATTR {
    for_vectors(outputs.pitch, [&](auto d, int channel) HWY_ATTR {
      hn::StoreU(greatest(d, window, inputs, channel).value, d, outputs[row] + channel);
    });
  });
}

inline void max_pool_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const auto to = values.input_gradients();
  for_image_windows(run, step, [&](const PoolWindow& window, std::int64_t row) HWY_ATTR {
    for_vectors(gradients.pitch, [&](auto d, int channel) HWY_ATTR {
      const auto best = greatest(d, window, inputs, channel).tap;
      const auto gradient = hn::LoadU(d, gradients[row] + channel), zero = hn::Zero(d);
      window.for_pixels([&](int tap, std::int64_t pixel) HWY_ATTR {
        const auto number = static_cast<float>(tap);
        store_or_add(d, between(d, best, number - 0.5F, number + 0.5F, zero, gradient, zero), true,
                     to[pixel] + channel);
      });
    });
  });
}

inline void average_pool_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  for_windows(run, step, [&](const PoolWindow& window, std::int64_t row) HWY_ATTR {
    for_vectors(outputs.pitch, [&](auto d, int channel) HWY_ATTR {
      auto sum = hn::Zero(d);
      window.for_pixels([&](int, std::int64_t pixel) HWY_ATTR {
        sum = hn::Add(sum, hn::LoadU(d, inputs[pixel] + channel));
      });
      const auto share = hn::Set(d, window.share(step.count_padding));
      hn::StoreU(hn::Mul(sum, share), d, outputs[row] + channel);
    });
  });
}

inline void average_pool_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto to = values.input_gradients();
  for_image_windows(run, step, [&](const PoolWindow& window, std::int64_t row) HWY_ATTR {
    const float share = window.share(step.count_padding);
    window.for_pixels([&](int, std::int64_t pixel) HWY_ATTR {
      scale_vector(gradients[row], gradients.pitch, share, true, to[pixel]);
    });
  });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Returns the kernels of this instruction set, in the order of TrainingOperator.
inline const TrainingKernels& kernels() {
  static constexpr TrainingKernels kKernels = {
      .forward = {picture_forward, product_forward, convolution_forward, depthwise_forward,
                  normalise_forward, affine_forward, activate_forward, dropout_forward, add_forward,
                  gate_forward, mean_forward, max_pool_forward, average_pool_forward, copy_forward},
      .backward = {picture_backward, product_backward, convolution_backward, depthwise_backward,
                   normalise_backward, affine_backward, activate_backward, dropout_backward,
                   add_backward, gate_backward, mean_backward, max_pool_backward,
                   average_pool_backward, copy_backward},
      .update = update};
  return kKernels;
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif

#undef HWY_TARGET
#define HWY_TARGET HWY_AVX3
// from pplcnet/kernels/training/set_target-inl.hpp
// Compiles what comes after it for HWY_TARGET. A file that has the kernels for inference has
// Highway's operations for it, too: once is enough.
#if PPLCNET_HAS_DEFINITIONS
#include <hwy/ops/set_macros-inl.h>
#else
// from pplcnet/kernels/flip_target-inl.hpp
// Highway's protocol of hwy/foreach_target.h: a flip opens the guards of hwy's own -inl headers for
// the new HWY_TARGET, whose operations are then included.
#ifdef HWY_TARGET_TOGGLE
#undef HWY_TARGET_TOGGLE
#else
#define HWY_TARGET_TOGGLE
#endif
#include <hwy/highway.h>
#endif
#if PPLCNET_HAS_AVX512
// from pplcnet/kernels/training/kernels-inl.hpp
// All kernels of training. Compiled once per instruction set.
#if !PPLCNET_HAS_DEFINITIONS
// from pplcnet/kernels/arithmetic-inl.hpp
// Arithmetic whose bits Highway leaves to the target or the compiler. Compiled once per instruction
// set, but for the one that has all of it in sse2-inl.hpp.
#if !PPLCNET_OWN_SSE2 || HWY_TARGET != PPLCNET_BASELINE
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
/// Highway, but for the functions that are here.
namespace HWY_NAMESPACE::hn {

using namespace hwy::HWY_NAMESPACE;  // NOLINT(google-build-using-namespace): what is here hides it

/// Returns `function` of the lanes of three vectors, one after the other.
template <class V, class Function>
HWY_INLINE V lane_by_lane(V a, V b, V c, const Function& function) {
  constexpr DFromV<V> d;
  alignas(16) float x[MaxLanes(d)], y[MaxLanes(d)], z[MaxLanes(d)];
  Store(a, d, x);
  Store(b, d, y);
  Store(c, d, z);
  for (std::size_t i = 0; i < MaxLanes(d); ++i) x[i] = function(x[i], y[i], z[i]);
  return Load(d, x);
}

// Highway's MulAdd is fused where vectors have an instruction for that. On other targets it is a
// product and a sum, which a compiler fuses or not, where the CPU can; so it does with a Mul that
// is part of a sum.
#if (HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128) && PPLCNET_SCALAR_FMA
template <class V>
HWY_INLINE V Mul(V a, V b) {
  return lane_by_lane(a, b, b, [](float x, float y, float) { return rounded(x * y); });
}
template <class V>
HWY_INLINE V MulAdd(V a, V b, V c) {
  return lane_by_lane(a, b, c, [](float x, float y, float z) { return std::fma(x, y, z); });
}
template <class V>
HWY_INLINE V NegMulAdd(V a, V b, V c) {
  return lane_by_lane(a, b, c, [](float x, float y, float z) { return std::fma(-x, y, z); });
}
#elif HWY_COMPILER_GCC_ACTUAL && (HWY_ARCH_ARM_A64 || (HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR))
template <class V>
HWY_INLINE V Mul(V a, V b) {
  V product = hwy::HWY_NAMESPACE::Mul(a, b);
#if HWY_ARCH_X86
  __asm__("" : "+v"(product.raw));  // what has been in a register, for all that g++ knows
#else
  __asm__("" : "+w"(product.raw));
#endif
  return product;
}
#endif

#if HWY_ARCH_ARM_V7 && HWY_TARGET == HWY_NEON && defined(__ARM_FEATURE_FMA)
// g++ does not define the name that Highway looks for.
template <std::size_t kCount>
HWY_INLINE Vec128<float, kCount> MulAdd(Vec128<float, kCount> a, Vec128<float, kCount> b,
                                        Vec128<float, kCount> c) {
  if constexpr (kCount == 4)
    return Vec128<float, kCount>(vfmaq_f32(c.raw, a.raw, b.raw));
  else
    return Vec128<float, kCount>(vfma_f32(c.raw, a.raw, b.raw));
}
template <std::size_t kCount>
HWY_INLINE Vec128<float, kCount> NegMulAdd(Vec128<float, kCount> a, Vec128<float, kCount> b,
                                           Vec128<float, kCount> c) {
  if constexpr (kCount == 4)
    return Vec128<float, kCount>(vfmsq_f32(c.raw, a.raw, b.raw));
  else
    return Vec128<float, kCount>(vfms_f32(c.raw, a.raw, b.raw));
}
#elif HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4
template <class V>
HWY_INLINE V MulAdd(V a, V b, V c) {
  return Add(hn::Mul(a, b), c);
}
template <class V>
HWY_INLINE V NegMulAdd(V a, V b, V c) {
  return Sub(c, hn::Mul(a, b));
}
#endif

#if HWY_ARCH_ARM_V7 && HWY_TARGET == HWY_NEON  // has approximations alone
template <class V>
HWY_INLINE V Div(V a, V b) {
  return lane_by_lane(a, b, b, [](float x, float y, float) { return x / y; });
}
template <class V>
HWY_INLINE V Sqrt(V a) {
  return lane_by_lane(a, a, a, [](float x, float, float) { return std::sqrt(x); });
}
#endif

}  // namespace HWY_NAMESPACE::hn
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif
// from pplcnet/kernels/lanes-inl.hpp
// Vectors. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Lanes of the widest vector that a panel of 16 channels can use; 8 of them for odd half panels.
using Lanes16 = hn::CappedTag<float, kPanel>;
using Lanes8 = hn::CappedTag<float, kPanel / 2>;
inline constexpr int kLanes = static_cast<int>(hn::MaxLanes(Lanes16()));

/// Returns where the channels of [begin, end) end that Lanes16 compute; the rest, half a panel at
/// most, is for Lanes8, where these are others.
constexpr int whole_panels(int begin, int end) {
  return kLanes > kHalfPanel ? begin + (end - begin) / kPanel * kPanel : end;
}

/// Returns weights as float32, whatever they are stored as.
template <class D>
HWY_INLINE hn::Vec<D> load_weights(D d, const float* weights) {
  return hn::Load(d, weights);
}
#if HWY_TARGET == HWY_SCALAR
template <class D>  // many instructions, for each of which no vector would help
HWY_NOINLINE hn::Vec<D> load_weights(D d, const hwy::float16_t* weights) {
#else
template <class D>
HWY_INLINE hn::Vec<D> load_weights(D d, const hwy::float16_t* weights) {
#endif
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<hwy::float16_t, D>(), weights));
}

/// g++ would rather read the same value from memory for every use than keep it in a register, and
/// then waits for the load ports.
template <class V>
HWY_INLINE V in_register(V vector) {
#if HWY_COMPILER_GCC_ACTUAL && HWY_ARCH_X86
  __asm__("" : "+v"(vector.raw));
#endif
  return vector;
}

/// Asks for the cache line at `place`, for the cache of the first level (3) or the second (2).
template <int kLocality>
HWY_INLINE void prefetch([[maybe_unused]] const void* place) {
#if defined(__GNUC__) || defined(__clang__)
  __builtin_prefetch(place, 0, kLocality);
#elif HWY_ARCH_X86
  _mm_prefetch(static_cast<const char*>(place), kLocality == 3 ? _MM_HINT_T0 : _MM_HINT_T1);
#endif
}

/// g++ would compute the addresses of all stores before the first one, and then spill them: a pitch
/// that it cannot see through makes it compute a few at a time.
HWY_INLINE std::size_t opaque(std::size_t pitch) {
#if HWY_COMPILER_GCC_ACTUAL
  __asm__("" : "+r"(pitch));
#endif
  return pitch;
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// The file below uses those above.
// from pplcnet/kernels/activation-inl.hpp
// Activations. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// clamp(x, low, high): relu, relu6, and, with infinite bounds, nothing.
struct Clamp {
  float low, high;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Min(hn::Max(x, hn::Set(d, low)), hn::Set(d, high));
  }
};

/// clamp(x * slope + offset, 0, 1).
struct Hardsigmoid {
  float slope = 1.0f / 6.0f, offset = 0.5f;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return Clamp{0.0f, 1.0f}(d, hn::MulAdd(x, hn::Set(d, slope), hn::Set(d, offset)));
  }
};

struct Hardswish {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Mul(x, Hardsigmoid()(d, x));
  }
};

/// Returns (first * x + next) * x + …, one coefficient after the other.
template <class D, class V = hn::Vec<D>, class... Coefficients>
HWY_INLINE V polynomial(D d, V x, float first, Coefficients... next) {
  V sum = hn::Set(d, first);
  ((sum = hn::MulAdd(sum, x, hn::Set(d, next))), ...);
  return sum;
}

/// Returns exp(x) for x in [-87, 0]: 2^n times a polynomial.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_of_negative(D d, V x) {
  constexpr float kLog2High = 0.693359375f, kLog2Low = -2.12194440e-4f;  // their sum is log(2)
  const auto n = hn::NearestInt(hn::Mul(x, hn::Set(d, 1.44269504f)));
  const V whole = hn::ConvertTo(d, n);
  V r = hn::NegMulAdd(whole, hn::Set(d, kLog2High), x);
  r = hn::NegMulAdd(whole, hn::Set(d, kLog2Low), r);
  const V sum =
      polynomial(d, r, 1.0f / 5040, 1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f);
  const hn::RebindToSigned<D> integers;
  constexpr int kMantissa = 23, kExponentBias = 127;
  const auto power = hn::ShiftLeft<kMantissa>(hn::Add(n, hn::Set(integers, kExponentBias)));
  return hn::Mul(sum, hn::BitCast(d, power));
}

struct Sigmoid {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    const V one = hn::Set(d, 1.0f);
    const V e = exp_of_negative(d, hn::Max(hn::Neg(hn::Abs(x)), hn::Set(d, -87.0f)));
    const V numerator = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one);
    return hn::Div(numerator, hn::Add(one, e));
  }
};

/// x * P(x) = max(x, 0) - |x| * P(-|x|), where P is the normal distribution function: its tail is
/// the exponential of a polynomial (within 1e-8 of x * P(x); beyond 6 the tail is below 1e-9).
struct Gelu {
  /// Returns P(-size); size >= 0.
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V tail(D d, V size) {
    const V t = hn::Min(size, hn::Set(d, 6.0f));
    const V sum = polynomial(d, t, 1.40014411e-9f, -5.43687602e-8f, 9.34702337e-7f, -9.27709976e-6f,
                             5.69027313e-5f, -1.94814193e-4f, -1.6009156e-5f, 4.85146856e-3f,
                             -3.63833008e-2f, -3.18293748e-1f, -7.97886648e-1f, -6.93147136e-1f);
    return exp_of_negative(d, hn::Min(sum, hn::Zero(d)));
  }

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    const V size = hn::Abs(x);
    return hn::NegMulAdd(size, tail(d, size), hn::Max(x, hn::Zero(d)));
  }
};

/// Returns any activation of a vector; without kExponentials, none that needs one.
template <bool kExponentials, class D, class V = hn::Vec<D>>
HWY_INLINE V activated(D d, V x, const Activation& activation) {
  using Kind = Activation::Kind;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  switch (activation.kind) {
    case Kind::none:
    case Kind::prelu:  // see prelu-inl.hpp
      break;
    case Kind::relu:
      return Clamp{0.0f, kInfinity}(d, x);
    case Kind::relu6:
      return Clamp{0.0f, 6.0f}(d, x);
    case Kind::hardswish:
      return Hardswish()(d, x);
    case Kind::hardsigmoid:
      return Hardsigmoid{activation.slope, activation.offset}(d, x);
    case Kind::sigmoid:
      if constexpr (kExponentials) return Sigmoid()(d, x);
      break;
    case Kind::silu:
      if constexpr (kExponentials) return hn::Mul(x, Sigmoid()(d, x));
      break;
    case Kind::gelu:
      if constexpr (kExponentials) return Gelu()(d, x);
      break;
    case Kind::linear:
      return hn::MulAdd(x, hn::Set(d, activation.slope), hn::Set(d, activation.offset));
    case Kind::root:
      return hn::Sqrt(hn::Max(hn::Add(x, hn::Set(d, activation.offset)), hn::Zero(d)));
  }
  return x;
}

/// Activates values in registers.
template <class D, class Activate, int... kValue>
HWY_INLINE void activate_all(const Activate& activate, hn::Vec<D>* values,
                             std::integer_sequence<int, kValue...>) {
  ((values[kValue] = activate(D(), values[kValue])), ...);
}

/// Finishes a register tile: activates it and, unless it says otherwise, stores it. The choice is
/// made once per tile, not per vector, and between few: what is compiled is a copy of the tile's
/// end for each.
template <TileEnds kEnds = TileEnds(), class Tile>
HWY_INLINE void finish(Tile&& tile, Activation::Kind activation) {
  using Kind = Activation::Kind;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if constexpr (!kEnds.clamp) return tile.finish(Hardswish());
  if constexpr (kEnds.hardswish)
    if (activation == Kind::hardswish) return tile.finish(Hardswish());
  const bool relu = activation == Kind::relu || activation == Kind::relu6;
  tile.finish(Clamp{relu ? 0.0f : -kInfinity, activation == Kind::relu6 ? 6.0f : kInfinity});
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif
// from pplcnet/kernels/training/vectors-inl.hpp
// Vectors of channels, and sums over rows. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

using namespace pplcnet::training;  // NOLINT(google-build-using-namespace): of all instruction sets

/// Calls `body(d, channel)` for all vectors of so many channels, a multiple of 8.
template <class Body>
HWY_INLINE void for_vectors(int channels, const Body& body) {
  int channel = 0;
  for (; channel + kLanes <= channels; channel += kLanes) body(Lanes16(), channel);
  if constexpr (kLanes > kTrainingPanel)
    if (channel < channels) body(Lanes8(), channel);
}

/// Stores a vector, or adds it to what is there.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void store_or_add(D d, V vector, bool adds, float* to) {
  hn::StoreU(adds ? hn::Add(hn::LoadU(d, to), vector) : vector, d, to);
}

inline void clear(float* to, std::int64_t count) { std::fill_n(to, count, 0.0F); }

/// Two sums that are made at once.
template <class V>
struct TwoSums {
  V first, second;

  HWY_INLINE TwoSums operator+(const TwoSums& other) const {
    return {hn::Add(first, other.first), hn::Add(second, other.second)};
  }
};

/// Returns the sums over rows of what `add(row, sums)` adds for each, in four chains, so that one
/// need not wait for the other.
template <class D, class Add>
HWY_INLINE TwoSums<hn::Vec<D>> sum_rows(D d, std::int64_t rows, const Add& add) {
  const TwoSums<hn::Vec<D>> zero = {hn::Zero(d), hn::Zero(d)};
  TwoSums<hn::Vec<D>> a = zero, b = zero, c = zero, e = zero;
  std::int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    add(row, a);
    add(row + 1, b);
    add(row + 2, c);
    add(row + 3, e);
  }
  if (row < rows) add(row, a);
  if (row + 1 < rows) add(row + 1, b);
  if (row + 2 < rows) add(row + 2, c);
  return (a + b) + (c + e);
}

/// Returns the sum of a vector of so many shares, each of which consists of `parts` ones.
template <int kShares, class D>
HWY_INLINE hn::Vec<D> sum_shares(D d, const float* sums, int parts, std::int64_t pitch) {
  if constexpr (kShares > 1) {
    const auto half = sum_shares<kShares / 2>(d, sums, parts, pitch);
    return hn::Add(half,
                   sum_shares<kShares / 2>(d, sums + kShares / 2 * parts * pitch, parts, pitch));
  } else {
    auto sum = hn::LoadU(d, sums);
    for (int part = 1; part < parts; ++part) sum = hn::Add(sum, hn::LoadU(d, sums + part * pitch));
    return sum;
  }
}

/// Sums `count` numbers of so many shares.
inline HWY_NOINLINE void add_shares(const float* sums, int shares, int parts, std::int64_t pitch,
                                    std::int64_t count, float* to) {
  const auto add = [&]<int kShares>(std::integral_constant<int, kShares>) HWY_ATTR {
    for_vectors(static_cast<int>(count), [&](auto d, int i) HWY_ATTR {
      hn::StoreU(sum_shares<kShares>(d, sums + i, parts, pitch), d, to + i);
    });
  };
  switch (shares) {
    case 16:
      return add(std::integral_constant<int, 16>());
    case 8:
      return add(std::integral_constant<int, 8>());
    case 4:
      return add(std::integral_constant<int, 4>());
    case 2:
      return add(std::integral_constant<int, 2>());
    default:
      return add(std::integral_constant<int, 1>());
  }
}

/// Adds the own parts' sums, of `count` numbers each, and those of the other processes. A single
/// one may be where the sum is asked for.
inline void add_parts(const TrainingRun& run, const OwnParts& parts, const float* sums,
                      std::int64_t count, float* to) {
  const auto add = [&](const float* from, int shares, int of_share, float* sum) {
    if (from == sum) return;
    share(run, shares * of_share * count, count / kTrainingPanel,
          [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
            const std::int64_t first = begin * kTrainingPanel;
            add_shares(from + first, shares, of_share, count, (end - begin) * kTrainingPanel,
                       sum + first);
          });
  };
  TrainingExchange* const exchange = parts.exchange;
  if (exchange == nullptr) return add(sums, parts.all.shares, parts.all.per_share(), to);
  const int ranks = exchange->ranks();
  float* const of_ranks = exchange->memory(size(ranks * count));
  if (of_ranks == nullptr) return;
  add(sums, parts.all.shares / ranks, parts.all.per_share(), of_ranks + exchange->rank() * count);
  exchange->gather(of_ranks, ranks, size(count));
  add(of_ranks, ranks, 1, to);
}

/// Sums a matrix over its rows, a bias's gradient; `scratch` has a row for each part.
inline HWY_NOINLINE void sum_columns(const TrainingRun& run, const Matrix<const float>& matrix,
                                     float* scratch, float* to) {
  const int pitch = matrix.pitch;
  const OwnParts parts(run, channel_parts(images_of_all(run), matrix.rows / run.images, pitch));
  for_parts(run, parts, matrix.rows * pitch, [&](int, int part, const TrainingRows& rows) HWY_ATTR {
    float* const sums = scratch + std::int64_t{part} * pitch;
    clear(sums, pitch);
    for (std::int64_t begin = rows.begin; begin < rows.end; begin += parts.all.chunk) {
      const std::int64_t count = std::min<std::int64_t>(parts.all.chunk, rows.end - begin);
      for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
        const float* const column = matrix[begin] + channel;
        const auto sum = sum_rows(d, count, [&](std::int64_t row, auto& both) HWY_ATTR {
          both.first = hn::Add(both.first, hn::LoadU(d, column + row * pitch));
        });
        store_or_add(d, sum.first, true, sums + channel);
      });
    }
  });
  add_parts(run, parts, scratch, pitch, to);
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// The file above is used by those below.
// from pplcnet/kernels/training/activations-inl.hpp
// Activations and their slopes. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Returns `inside` where low < x < high, `below` where x <= low, else `above`.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V between(D d, V x, float low, float high, V below, V inside, V above) {
  return hn::IfThenElse(hn::Lt(hn::Set(d, low), x),
                        hn::IfThenElse(hn::Lt(x, hn::Set(d, high)), inside, above), below);
}

struct NoActivation {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V value(D, V x) const {
    return x;
  }
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V gradient(D, V, V dy) const {
    return dy;
  }
};

struct Relu {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V value(D d, V x) const {
    return hn::Max(x, hn::Zero(d));
  }
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V gradient(D d, V x, V dy) const {
    return hn::IfThenElse(hn::Lt(hn::Zero(d), x), dy, hn::Zero(d));
  }
};

struct TrainedHardswish {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V value(D d, V x) const {
    return Hardswish()(d, x);
  }
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V gradient(D d, V x, V dy) const {
    const V slope = hn::MulAdd(x, hn::Set(d, 1.0F / 3), hn::Set(d, 0.5F));
    return between(d, x, -3, 3, hn::Zero(d), hn::Mul(dy, slope), dy);
  }
};

/// Returns the slope of x · Φ(x), where Φ is the normal distribution function: Φ(x) + x φ(x).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V gelu_slope(D d, V x) {
  const V square = hn::Mul(x, x);
  const V density =
      hn::Mul(exp_of_negative(d, hn::Max(hn::Mul(square, hn::Set(d, -0.5F)), hn::Set(d, -87.0F))),
              hn::Set(d, 0.39894228F));  // 1 / √(2π)
  const V tail = Gelu::tail(d, hn::Abs(x));
  const V distribution =
      hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(hn::Set(d, 1.0F), tail));
  return hn::MulAdd(x, density, distribution);
}

struct AnyActivation {
  const Activation& activation;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V value(D d, V x) const {
    return activated<true>(d, x, activation);
  }

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V gradient(D d, V x, V dy) const {
    using Kind = Activation::Kind;
    const V zero = hn::Zero(d), one = hn::Set(d, 1.0F);
    switch (activation.kind) {
      case Kind::none:
      case Kind::prelu:  // is not trained
        break;
      case Kind::relu:
        return Relu().gradient(d, x, dy);
      case Kind::relu6:
        return between(d, x, 0, 6, zero, dy, zero);
      case Kind::hardswish:
        return TrainedHardswish().gradient(d, x, dy);
      case Kind::hardsigmoid: {
        const V slope = hn::Set(d, activation.slope);
        const V y = hn::MulAdd(x, slope, hn::Set(d, activation.offset));
        return between(d, y, 0, 1, zero, hn::Mul(dy, slope), zero);
      }
      case Kind::sigmoid: {
        const V y = Sigmoid()(d, x);
        return hn::Mul(dy, hn::Mul(y, hn::Sub(one, y)));
      }
      case Kind::silu: {
        const V y = Sigmoid()(d, x);
        return hn::Mul(dy, hn::Mul(y, hn::MulAdd(x, hn::Sub(one, y), one)));
      }
      case Kind::gelu:
        return hn::Mul(dy, gelu_slope(d, x));
      case Kind::linear:
        return hn::Mul(dy, hn::Set(d, activation.slope));
      case Kind::root: {
        const V y = hn::Add(x, hn::Set(d, activation.offset));
        const V slope = hn::Div(hn::Set(d, 0.5F), hn::Sqrt(y));
        return hn::IfThenElse(hn::Lt(zero, y), hn::Mul(dy, slope), zero);
      }
    }
    return dy;
  }
};

/// Calls `body` with an activation, whose kind is chosen once.
template <class Body>
HWY_INLINE void with_activation(const Activation& activation, const Body& body) {
  using Kind = Activation::Kind;
  switch (activation.kind) {
    case Kind::none:
      return body(NoActivation());
    case Kind::relu:
      return body(Relu());
    case Kind::hardswish:
      return body(TrainedHardswish());
    default:
      return body(AnyActivation{activation});
  }
}

/// Returns whether an activation may make something of the zeros that pad channels.
inline bool moves_zero(const Activation& activation) {
  using Kind = Activation::Kind;
  return activation.kind == Kind::hardsigmoid || activation.kind == Kind::sigmoid ||
         activation.kind == Kind::linear || activation.kind == Kind::root;
}

/// Sets what pads the channels of rows to zero.
inline void clear_padding(float* rows, std::int64_t count, int pitch, int channels) {
  if (channels < pitch)
    for (std::int64_t row = 0; row < count; ++row)
      clear(rows + row * pitch + channels, pitch - channels);
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/matrix-inl.hpp
// The product of two matrices. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Vectors of a tile's columns, and its rows: as many as registers hold, and enough to hide the
/// latency of a multiply-add.
inline constexpr int kTileVectors = 2;
inline constexpr int kGroupColumns = std::max(kTileVectors * kLanes, kTrainingPanel);
inline constexpr bool kManyRegisters = HWY_ARCH_ARM_A64 || kLanes == 16;
static_assert(kGroupColumns <= kProductColumns);

/// How a factor's numbers lie: those of a row beside each other, or those of a column.
enum class Order { rows, columns };

/// C(m, n) = Σ A(m, k) B(k, n), in the order of k, whatever the tiles. B's columns are in groups:
/// those of one are all rows of it, one after the other.
struct MatrixProduct {
  const float* a;
  std::int64_t a_pitch;  ///< from row to row, or from column to column
  const float* b;        ///< of the first group
  const float* bias;     ///< that sums begin with; null: zeros
  float* c;
  std::int64_t c_pitch;
  std::int64_t depth;
  bool adds = false;  ///< to what is there
};

/// Calls `body(columns)` for the groups of so many columns, a multiple of 8, where `columns` has
/// their vectors' type, how many there are, and the first one's number.
template <class D, int kCount>
struct ColumnGroup {
  using Vectors = D;
  static constexpr int kVectors = kCount;
  static constexpr int kColumns = kCount * static_cast<int>(hn::MaxLanes(D()));
  int column;
};
template <class Body>
HWY_INLINE void for_groups(int columns, const Body& body) {
  int column = 0;
  for (; column + kGroupColumns <= columns; column += kGroupColumns)
    body(ColumnGroup<Lanes16, kGroupColumns / kLanes>{column});
  if constexpr (kGroupColumns > 2 * kTrainingPanel)
    for (; column + kLanes <= columns; column += kLanes) body(ColumnGroup<Lanes16, 1>{column});
  if constexpr (kGroupColumns > kTrainingPanel)
    if (column < columns)
      body(ColumnGroup<Lanes8, kTrainingPanel / static_cast<int>(hn::MaxLanes(Lanes8()))>{column});
}

/// The sums of a few rows and a group's columns.
template <Order kOrder, class Group, int kRows>
class MatrixTile {
  using D = typename Group::Vectors;
  using V = hn::Vec<D>;
  static constexpr int kVectors = Group::kVectors;
  static constexpr int kStep = static_cast<int>(hn::MaxLanes(D()));
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  HWY_INLINE MatrixTile(const MatrixProduct& product, const Group& group, const float* a,
                        float* c) {
    start(product.bias == nullptr ? nullptr : product.bias + group.column,
          Indices<kRows * kVectors>());
    set_rows(a, product.a_pitch, Indices<kRows>());
    const float* b = product.b + group.column * product.depth;
    for (std::int64_t k = 0; k < product.depth; ++k, b += Group::kColumns)
      add(k, product.a_pitch, b, Indices<kVectors>());
    if (product.adds)
      store<true>(c + group.column, opaque(size(product.c_pitch)), Indices<kRows>());
    else
      store<false>(c + group.column, opaque(size(product.c_pitch)), Indices<kRows>());
  }

 private:
  template <int... kIndex>
  HWY_INLINE void start(const float* bias, std::integer_sequence<int, kIndex...>) {
    const D d;
    if (bias == nullptr)
      ((sums_[kIndex] = kIndex < 0 ? V() : hn::Zero(d)), ...);
    else
      ((sums_[kIndex] = hn::LoadU(d, bias + kIndex % kVectors * kStep)), ...);
  }

  template <int... kRow>
  HWY_INLINE void set_rows(const float* a, std::int64_t pitch,
                           std::integer_sequence<int, kRow...>) {
    ((rows_[kRow] = kOrder == Order::rows ? a + kRow * pitch : a + kRow), ...);
  }

  template <int... kVector>
  HWY_INLINE void add(std::int64_t k, std::int64_t pitch, const float* b,
                      std::integer_sequence<int, kVector...>) {
    const V row[kVectors] = {hn::LoadU(D(), b + kVector * kStep)...};
    add_rows(kOrder == Order::rows ? k : k * pitch, row, Indices<kRows>());
  }

  template <int... kRow>
  HWY_INLINE void add_rows(std::int64_t offset, const V* row, std::integer_sequence<int, kRow...>) {
    (add_row<kRow>(in_register(hn::Set(D(), rows_[kRow][offset])), row, Indices<kVectors>()), ...);
  }

  template <int kRow, int... kVector>
  HWY_INLINE void add_row(V factor, const V* row, std::integer_sequence<int, kVector...>) {
    ((sums_[kRow * kVectors + kVector] =
          hn::MulAdd(factor, row[kVector], sums_[kRow * kVectors + kVector])),
     ...);
  }

  template <bool kAdds, int... kRow>
  HWY_INLINE void store(float* c, std::size_t pitch, std::integer_sequence<int, kRow...>) const {
    (store_row<kAdds, kRow>(c + kRow * pitch, Indices<kVectors>()), ...);
  }

  template <bool kAdds, int kRow, int... kVector>
  HWY_INLINE void store_row(float* c, std::integer_sequence<int, kVector...>) const {
    const D d;
    (store_or_add(d, sums_[kRow * kVectors + kVector], kAdds, c + kVector * kStep), ...);
  }

  V sums_[kRows * kVectors];
  const float* rows_[kRows];
};

/// Computes `rows` rows of a group's columns.
template <Order kOrder, class Group>
HWY_NOINLINE void multiply_group(const MatrixProduct& product, const Group& group,
                                 std::int64_t rows) {
  constexpr int kMost = kManyRegisters || Group::kVectors == 1 ? 8 : 4;
  std::int64_t row = 0;
  const auto tiles = [&]<int kRows>(std::integral_constant<int, kRows>) HWY_ATTR {
    for (; row + kRows <= rows; row += kRows)
      MatrixTile<kOrder, Group, kRows>(
          product, group, product.a + row * (kOrder == Order::rows ? product.a_pitch : 1),
          product.c + row * product.c_pitch);
  };
  tiles(std::integral_constant<int, kMost>());
  if constexpr (kMost > 4) tiles(std::integral_constant<int, 4>());
  tiles(std::integral_constant<int, 2>());
  tiles(std::integral_constant<int, 1>());
}

/// Computes `rows` rows of so many columns, a block of rows at a time, which stays in cache.
template <Order kOrder>
HWY_NOINLINE void multiply(MatrixProduct product, std::int64_t rows, int columns) {
  constexpr std::int64_t kBlock = 64;
  const std::int64_t a_step = kOrder == Order::rows ? product.a_pitch : 1;
  for (; rows > 0; rows -= kBlock) {
    for_groups(columns, [&](auto group) HWY_ATTR {
      multiply_group<kOrder>(product, group, std::min(rows, kBlock));
    });
    product.a += kBlock * a_step;
    product.c += kBlock * product.c_pitch;
  }
}

/// Copies a matrix into the form of a product's second factor.
inline HWY_NOINLINE void pack(const float* from, std::int64_t pitch, std::int64_t depth,
                              int columns, float* to) {
  for_groups(columns, [&](auto group) HWY_ATTR {
    float* column = to + group.column * depth;
    for (std::int64_t k = 0; k < depth; ++k, column += group.kColumns)
      std::copy_n(from + k * pitch + group.column, group.kColumns, column);
  });
}

/// Copies weights, transposed, into the form of a product's second factor: its columns are the taps
/// of the input's padded channels, its depth the outputs.
inline HWY_NOINLINE void pack_transposed(const float* from, const TrainingTensor& weight,
                                         int input_pitch, float* to) {
  const std::int64_t pitch = weight.pitch(), depth = weight.outputs;
  for_groups(weight.taps() * input_pitch, [&](auto group) HWY_ATTR {
    for (int i = 0; i < group.kColumns; ++i) {
      const int tap = (group.column + i) / input_pitch, input = (group.column + i) % input_pitch;
      const float* const row = from + (std::int64_t{tap} * weight.inputs + input) * pitch;
      float* const column = to + group.column * depth + i;
      for (std::int64_t k = 0; k < depth; ++k)
        column[k * group.kColumns] = input < weight.inputs ? row[k] : 0;
    }
  });
}

/// Adds the rows' part of the weights' gradients, inputsᵀ × gradients, for up to kProductChunk rows
/// of both: `to` is [inputs][outputs], `packed` scratch.
inline HWY_NOINLINE void add_weight_gradients(const float* inputs, std::int64_t input_pitch,
                                              int depth, const float* gradients, int pitch,
                                              std::int64_t rows, bool adds, float* packed,
                                              float* to) {
  for_groups(pitch, [&](auto group) HWY_ATTR {
    const float* b = gradients;
    if (group.kColumns != pitch) {
      for (std::int64_t row = 0; row < rows; ++row)
        std::copy_n(gradients + row * pitch + group.column, group.kColumns,
                    packed + row * group.kColumns);
      b = packed;
    }
    using Group = decltype(group);
    const MatrixProduct product = {.a = inputs,
                                   .a_pitch = input_pitch,
                                   .b = b,
                                   .bias = nullptr,
                                   .c = to + group.column,
                                   .c_pitch = pitch,
                                   .depth = rows,
                                   .adds = adds};
    multiply_group<Order::columns>(product, Group{0}, depth);
  });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// These, too.
// from pplcnet/kernels/training/depthwise-inl.hpp
// Depthwise convolutions: outputs, and gradients of inputs, which are sums over taps, too. Compiled
// once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// What a tap adds to a row of sums: to those of [begin, end), from row[first + i * step].
struct Tap {
  const float* row;
  std::int64_t first;
  const float* weights;
  int begin, end;
};

/// The taps of a row of sums: of those that are on the map no more than kMost at a time.
class TapRow {
 public:
  static constexpr int kMost = 64;

  explicit TapRow(std::int64_t step) : step_(step) {}

  void add(const Tap& tap) {
    if (tap.begin < tap.end) taps_[count_++] = tap;
  }
  bool full() const { return count_ == kMost; }

  /// Computes sums [0, count) of all channels, one every to_step floats.
  HWY_NOINLINE void compute(int count, int channels, const float* bias, bool adds, float* to,
                            std::int64_t to_step) {
    int begin = 0, end = count;
    for (int i = 0; i < count_; ++i) {
      begin = std::max(begin, taps_[i].begin);
      end = std::min(end, taps_[i].end);
    }
    if (begin >= end) begin = end = count;
    for (int i = 0; i < begin; ++i) edge(i, channels, bias, adds, to + i * to_step);
    for_vectors(channels, [&](auto d, int channel) HWY_ATTR {
      int i = begin;
      for (; i + kMany <= end; i += kMany) inner<kMany>(d, i, channel, bias, adds, to, to_step);
      for (; i + 4 <= end; i += 4) inner<4>(d, i, channel, bias, adds, to, to_step);
      for (; i < end; ++i) inner<1>(d, i, channel, bias, adds, to, to_step);
    });
    for (int i = end; i < count; ++i) edge(i, channels, bias, adds, to + i * to_step);
    count_ = 0;
  }

 private:
  static constexpr int kMany = 8;

  /// Computes sums that all taps add to.
  template <int kSums, class D>
  HWY_INLINE void inner(D d, int i, int channel, const float* bias, bool adds, float* to,
                        std::int64_t to_step) const {
    inner_sums(d, i, channel, bias, adds, to + i * to_step + channel, to_step,
               std::make_integer_sequence<int, kSums>());
  }
  template <class D, int... kSum>
  HWY_INLINE void inner_sums(D d, int i, int channel, const float* bias, bool adds, float* to,
                             std::int64_t to_step, std::integer_sequence<int, kSum...>) const {
    const auto start = bias == nullptr ? hn::Zero(d) : hn::LoadU(d, bias + channel);
    hn::Vec<D> sums[] = {(kSum < 0 ? hn::Zero(d) : start)...};
    if (adds) ((sums[kSum] = hn::LoadU(d, to + kSum * to_step)), ...);
    for (int t = 0; t < count_; ++t) {
      const Tap& tap = taps_[t];
      const float* const from = tap.row + (tap.first + i * step_ + channel);
      const auto weights = hn::LoadU(d, tap.weights + channel);
      ((sums[kSum] = hn::MulAdd(hn::LoadU(d, from + kSum * step_), weights, sums[kSum])), ...);
    }
    (hn::StoreU(sums[kSum], d, to + kSum * to_step), ...);
  }

  /// Computes a sum that some taps do not add to, four vectors at a time.
  HWY_INLINE void edge(int i, int channels, const float* bias, bool adds, float* to) const {
    int channel = 0;
    for (; channel + 4 * kLanes <= channels; channel += 4 * kLanes)
      edge_vectors(Lanes16(), i, channel, bias, adds, to, std::make_integer_sequence<int, 4>());
    for_vectors(channels - channel, [&](auto d, int rest) HWY_ATTR {
      edge_vectors(d, i, channel + rest, bias, adds, to, std::integer_sequence<int, 0>());
    });
  }
  template <class D, int... kVector>
  HWY_INLINE void edge_vectors(D d, int i, int channel, const float* bias, bool adds, float* to,
                               std::integer_sequence<int, kVector...>) const {
    constexpr int kStep = static_cast<int>(hn::MaxLanes(D()));
    to += channel;
    hn::Vec<D> sums[] = {(kVector < 0 ? hn::Vec<D>() : hn::Zero(d))...};
    if (bias != nullptr) ((sums[kVector] = hn::LoadU(d, bias + channel + kVector * kStep)), ...);
    if (adds) ((sums[kVector] = hn::LoadU(d, to + kVector * kStep)), ...);
    for (int t = 0; t < count_; ++t) {
      const Tap& tap = taps_[t];
      if (i < tap.begin || i >= tap.end) continue;
      const float* const from = tap.row + (tap.first + i * step_ + channel);
      ((sums[kVector] =
            hn::MulAdd(hn::LoadU(d, from + kVector * kStep),
                       hn::LoadU(d, tap.weights + channel + kVector * kStep), sums[kVector])),
       ...);
    }
    (hn::StoreU(sums[kVector], d, to + kVector * kStep), ...);
  }

  std::int64_t step_;
  int count_ = 0;
  Tap taps_[kMost];
};

inline void depthwise_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto rows = TapAxis::rows(step.window, input, output);
  const auto columns = TapAxis::columns(step.window, input, output);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const int pitch = outputs.pitch;
  const float* const weights = values.parameters(step.weight);
  share(run, outputs.rows * pitch * rows.kernel * columns.kernel,
        std::int64_t{run.images} * output.height,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          TapRow taps(std::int64_t{columns.stride} * pitch);
          for (std::int64_t row = begin; row < end; ++row) {
            const std::int64_t image = row / output.height;
            const auto i = static_cast<int>(row % output.height);
            const float* bias = values.parameters(step.bias);
            bool adds = false;
            const auto compute = [&]() HWY_ATTR {
              taps.compute(output.width, pitch, bias, adds, outputs[row * output.width], pitch);
              adds = true;
            };
            for (int a = 0; a < rows.kernel; ++a) {
              const int y = rows.input(i, a);
              if (!rows.has_input(y)) continue;
              for (int b = 0; b < columns.kernel; ++b) {
                const auto range = columns.outputs_of(b);
                taps.add({inputs[(image * input.height + y) * input.width],
                          std::int64_t{columns.input(0, b)} * pitch,
                          weights + (a * columns.kernel + b) * pitch, range.begin, range.end});
                if (taps.full()) compute();
              }
            }
            compute();
          }
        });
}

/// Computes a row of gradients of the input: those columns first, whose taps are the same, of every
/// stride of them.
HWY_INLINE void depthwise_input_row(const Matrix<const float>& gradients, const TapAxis& rows,
                                    const TapAxis& columns, const float* weights,
                                    std::int64_t image, int y, bool adds_input, float* to) {
  const std::int64_t pitch = gradients.pitch;
  TapRow taps(pitch);
  for (int phase = 0; phase < std::min(columns.stride, columns.inputs); ++phase) {
    const int count = (columns.inputs - phase + columns.stride - 1) / columns.stride;
    bool adds = adds_input;
    const auto compute = [&]() HWY_ATTR {
      taps.compute(count, gradients.pitch, nullptr, adds, to + phase * pitch,
                   columns.stride * pitch);
      adds = true;
    };
    for (int a = 0; a < rows.kernel; ++a) {
      const int row = y + rows.before - a * rows.dilation, i = row / rows.stride;
      if (row < 0 || row % rows.stride != 0 || i >= rows.outputs) continue;
      for (int b = 0; b < columns.kernel; ++b) {
        const int column = phase + columns.before - b * columns.dilation;
        if (column % columns.stride != 0) continue;
        const int first = column / columns.stride;
        taps.add({gradients[(image * rows.outputs + i) * columns.outputs], first * pitch,
                  weights + (a * columns.kernel + b) * pitch, std::max(0, -first),
                  std::min(count, columns.outputs - first)});
        if (taps.full()) compute();
      }
    }
    compute();
  }
}

inline void depthwise_input_gradients(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto rows = TapAxis::rows(step.window, input, output);
  const auto columns = TapAxis::columns(step.window, input, output);
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  share(run, gradients.rows * gradients.pitch * rows.kernel * columns.kernel,
        std::int64_t{run.images} * input.height,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          for (std::int64_t row = begin; row < end; ++row)
            depthwise_input_row(gradients, rows, columns, values.parameters(step.weight),
                                row / input.height, static_cast<int>(row % input.height),
                                step.adds_input, input_gradients[row * input.width]);
        });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/elementwise-inl.hpp
// Steps whose outputs are each computed from one value, or from two. Compiled once per instruction
// set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Splits rows of `pitch` channels and calls `body(d, row, channel)` for all vectors of them.
template <class Body>
HWY_INLINE void for_rows(const TrainingRun& run, std::int64_t rows, int pitch, const Body& body) {
  share(run, rows * pitch, rows, [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
    for (std::int64_t row = begin; row < end; ++row)
      for_vectors(pitch, [&](auto d, int channel) HWY_ATTR { body(d, row, channel); });
  });
}

inline void activate_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
    for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
      const auto x = hn::LoadU(d, inputs[row] + channel);
      hn::StoreU(activation.value(d, x), d, outputs[row] + channel);
    });
  });
  if (moves_zero(step.activation))
    clear_padding(outputs.values, outputs.rows, outputs.pitch, values.output().shape.channels);
}

inline void activate_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
    for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
      const auto x = hn::LoadU(d, inputs[row] + channel);
      const auto dy = hn::LoadU(d, gradients[row] + channel);
      store_or_add(d, activation.gradient(d, x, dy), step.adds_input,
                   input_gradients[row] + channel);
    });
  });
}

inline void add_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto seconds = values.seconds();
  const auto outputs = values.outputs();
  for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
    const auto x = hn::LoadU(d, inputs[row] + channel);
    hn::StoreU(hn::Add(x, hn::LoadU(d, seconds[row] + channel)), d, outputs[row] + channel);
  });
}

/// Writes gradients, or adds them to what is there.
inline void pass_gradients(const TrainingRun& run, const Matrix<const float>& from, bool adds,
                           const Matrix<float>& to) {
  for_rows(run, from.rows, from.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
    store_or_add(d, hn::LoadU(d, from[row] + channel), adds, to[row] + channel);
  });
}

inline void add_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  if (step.input_gradients)
    pass_gradients(run, gradients, step.adds_input, values.input_gradients());
  if (step.second_gradients)
    pass_gradients(run, gradients, step.adds_second, values.second_gradients());
}

/// What happens to a value when it is dropped out: each is kept or not, by its place in the
/// batch of all processes.
class Dropout {
 public:
  Dropout(const TrainingRun& run, const TrainingStep& step)
      : seed_(split_mix(run.dropout_seed + split_mix(static_cast<std::uint64_t>(step.output)))),
        kept_((std::uint64_t{1} << 32) / 100 * static_cast<std::uint64_t>(step.keep_percent)),
        factor_(static_cast<float>(step.keep_percent) / 100),
        drops_(run.drops) {}

  /// Returns what the value at a place, of those that are not padding, is multiplied by.
  float operator()(std::int64_t place) const {
    if (!drops_) return factor_;
    return split_mix(seed_ + static_cast<std::uint64_t>(place)) >> 32 < kept_ ? 1.0F : 0.0F;
  }

 private:
  std::uint64_t seed_, kept_;
  float factor_;
  bool drops_;
};

/// Passes values, or their gradients, as far as they are kept.
inline void drop(const TrainingRun& run, const TrainingStep& step, const Matrix<const float>& from,
                 int channels, bool adds, const Matrix<float>& to) {
  const Dropout dropout(run, step);
  const std::int64_t first = first_image(run) * (from.rows / run.images);
  share(run, from.rows * from.pitch, from.rows, [&](int, std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      if (!adds) clear(to[row], to.pitch);
      for (int channel = 0; channel < channels; ++channel) {
        const float kept =
            rounded(from[row][channel] * dropout((first + row) * channels + channel));
        to[row][channel] += kept;
      }
    }
  });
}

inline void dropout_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  drop(run, step, values.inputs(), values.output().shape.channels, false, values.outputs());
}

inline void dropout_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  if (step.input_gradients)
    drop(run, step, values.output_gradients(), values.output().shape.channels, step.adds_input,
         values.input_gradients());
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/picture-inl.hpp
// Pictures, and channels that become those of another map. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

inline void picture_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto outputs = values.outputs();
  const std::int64_t pixels = values.output().shape.pixels();
  const int channels = values.output().shape.channels;
  share(run, outputs.rows * outputs.pitch, run.images,
        [&](int, std::int64_t begin, std::int64_t end) {
          for (std::int64_t image = begin; image < end; ++image) {
            const float* const planes = run.pictures + image * channels * pixels;
            for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
              float* const to = outputs[image * pixels + pixel];
              clear(to, outputs.pitch);
              for (int channel = 0; channel < channels; ++channel)
                to[channel] = planes[channel * pixels + pixel];
            }
          }
        });
}

inline void picture_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients || run.picture_gradients == nullptr) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const std::int64_t pixels = values.output().shape.pixels();
  const int channels = values.output().shape.channels;
  for (std::int64_t row = 0; row < gradients.rows; ++row)
    for (int channel = 0; channel < channels; ++channel) {
      const std::int64_t plane = row / pixels * channels + channel;
      run.picture_gradients[plane * pixels + row % pixels] = gradients[row][channel];
    }
}

inline void copy_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const int channels = values.output().shape.channels;
  share(run, inputs.rows * step.channels, inputs.rows,
        [&](int, std::int64_t begin, std::int64_t end) {
          for (std::int64_t row = begin; row < end; ++row) {
            const float* const from = inputs[row] + step.first;
            float* const to = outputs[row] + step.first_output;
            for (int i = 0; i < step.channels; ++i)
              to[i * step.write_step] = from[i * step.read_step];
          }
          if (step.clears) clear_padding(outputs[begin], end - begin, outputs.pitch, channels);
        });
}

inline void copy_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  share(run, gradients.rows * step.channels, gradients.rows,
        [&](int, std::int64_t begin, std::int64_t end) {
          for (std::int64_t row = begin; row < end; ++row) {
            const float* const from = gradients[row] + step.first_output;
            float* const to = input_gradients[row];
            if (!step.adds_input) clear(to, input_gradients.pitch);
            for (int i = 0; i < step.channels; ++i)
              to[step.first + i * step.read_step] += from[i * step.write_step];
          }
        });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/product-inl.hpp
// Pointwise convolutions and dense layers: rows times a matrix. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

inline void product_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TrainingTensor& weight = values.tensor(step.weight);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  pack(values.parameters(step.weight), weight.pitch(), weight.inputs, weight.pitch(), run.scratch);
  const float* const bias = values.parameters(step.bias);
  share(run, outputs.rows * weight.inputs * weight.pitch(), outputs.rows,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          multiply<Order::rows>({.a = inputs[begin],
                                 .a_pitch = inputs.pitch,
                                 .b = run.scratch,
                                 .bias = bias,
                                 .c = outputs[begin],
                                 .c_pitch = outputs.pitch,
                                 .depth = weight.inputs},
                                end - begin, outputs.pitch);
        });
}

/// Sums the gradients of weights: `add(worker, begin, end, adds, to)` computes those of up to a
/// chunk of rows.
template <class Add>
HWY_INLINE void sum_weight_gradients(const TrainingRun& run, const WeightRows& rows, const Add& add,
                                     float* to) {
  const std::int64_t count = rows.weights(), chunk = rows.parts.all.chunk;
  float* const sums = rows.parts.count > 1 ? rows.memory : to;
  for_parts(run, rows.parts, rows.gradients.rows * count,
            [&](int worker, int part, const TrainingRows& own) HWY_ATTR {
              for (std::int64_t begin = own.begin; begin < own.end; begin += chunk)
                add(worker, begin, std::min(begin + chunk, own.end), begin != own.begin,
                    sums + part * count);
            });
  add_parts(run, rows.parts, sums, count, to);
}

inline void product_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TrainingTensor& weight = values.tensor(step.weight);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const std::int64_t work = gradients.rows * weight.inputs * weight.pitch();
  if (step.bias >= 0) sum_columns(run, gradients, run.scratch, values.gradients(step.bias));
  const WeightRows rows(run, step);
  sum_weight_gradients(
      run, rows,
      [&](int worker, std::int64_t begin, std::int64_t end, bool adds, float* to) HWY_ATTR {
        add_weight_gradients(rows.inputs[begin], inputs.pitch, weight.inputs, rows.gradients[begin],
                             gradients.pitch, end - begin, adds, rows.packed(worker), to);
      },
      values.gradients(step.weight));
  if (!step.input_gradients) return;
  pack_transposed(values.parameters(step.weight), weight, inputs.pitch, run.scratch);
  const auto input_gradients = values.input_gradients();
  share(run, work, gradients.rows, [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
    multiply<Order::rows>({.a = gradients[begin],
                           .a_pitch = gradients.pitch,
                           .b = run.scratch,
                           .bias = nullptr,
                           .c = input_gradients[begin],
                           .c_pitch = input_gradients.pitch,
                           .depth = weight.outputs,
                           .adds = step.adds_input},
                          end - begin, input_gradients.pitch);
  });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/update-inl.hpp
// Stochastic gradient descent with momentum. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

inline void update(const ParameterUpdate& update) {
  for (std::size_t begin = 0; begin < update.count; begin += kTrainingPanel)
    for_vectors(kTrainingPanel, [&](auto d, int lane) HWY_ATTR {
      const std::size_t i = begin + size(lane);
      const auto w = hn::LoadU(d, update.parameters + i);
      const auto decayed =
          hn::MulAdd(hn::LoadU(d, update.gradients + i), hn::Set(d, update.gradient_scale),
                     hn::Mul(w, hn::Set(d, update.l2)));
      const auto velocity =
          hn::MulAdd(hn::LoadU(d, update.velocities + i), hn::Set(d, update.momentum), decayed);
      hn::StoreU(velocity, d, update.velocities + i);
      hn::StoreU(hn::NegMulAdd(velocity, hn::Set(d, update.rate), w), d, update.parameters + i);
    });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// Those that use another one.
// from pplcnet/kernels/training/affine-inl.hpp
// One learnable scale and shift for all channels. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

inline void affine_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const float scale = *values.parameters(step.weight), shift = *values.parameters(step.bias);
  for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
    const auto x = hn::LoadU(d, inputs[row] + channel);
    hn::StoreU(hn::MulAdd(x, hn::Set(d, scale), hn::Set(d, shift)), d, outputs[row] + channel);
  });
  clear_padding(outputs.values, outputs.rows, outputs.pitch, values.output().shape.channels);
}

/// Computes the gradients of the scale and the shift.
inline void affine_gradients(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const int pitch = inputs.pitch;
  const OwnParts parts(run,
                       channel_parts(images_of_all(run), values.input().shape.pixels(), pitch));
  for_parts(run, parts, inputs.rows * pitch, [&](int, int part, const TrainingRows& rows) HWY_ATTR {
    float* const sums = run.scratch + std::int64_t{parts.first + part} * 2 * pitch;
    clear(sums, 2 * pitch);
    for (std::int64_t begin = rows.begin; begin < rows.end; begin += parts.all.chunk) {
      const std::int64_t count = std::min<std::int64_t>(parts.all.chunk, rows.end - begin);
      for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
        const auto sum = sum_rows(d, count, [&](std::int64_t row, auto& both) HWY_ATTR {
          const auto gradient = hn::LoadU(d, gradients[begin + row] + channel);
          const auto x = hn::LoadU(d, inputs[begin + row] + channel);
          both.first = hn::MulAdd(gradient, x, both.first);
          both.second = hn::Add(both.second, gradient);
        });
        store_or_add(d, sum.first, true, sums + channel);
        store_or_add(d, sum.second, true, sums + pitch + channel);
      });
    }
  });
  gather_parts(parts, run.scratch, 2 * pitch);
  double scale = 0, shift = 0;
  for (int part = 0; part < parts.all.count(); ++part)
    for (int channel = 0; channel < pitch; ++channel) {
      const float* const sums = run.scratch + std::int64_t{part} * 2 * pitch + channel;
      scale += static_cast<double>(sums[0]);
      shift += static_cast<double>(sums[pitch]);
    }
  clear(values.gradients(step.weight), kTrainingPanel);
  clear(values.gradients(step.bias), kTrainingPanel);
  *values.gradients(step.weight) = static_cast<float>(scale);
  *values.gradients(step.bias) = static_cast<float>(shift);
}

inline void affine_backward(const TrainingRun& run, const TrainingStep& step) {
  affine_gradients(run, step);
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto to = values.input_gradients();
  const float scale = *values.parameters(step.weight);
  for_rows(
      run, gradients.rows, gradients.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
        const auto gradient = hn::LoadU(d, gradients[row] + channel);
        store_or_add(d, hn::Mul(gradient, hn::Set(d, scale)), step.adds_input, to[row] + channel);
      });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/convolution-inl.hpp
// Dense convolutions: a product whose rows are gathered, each a pixel's taps. Compiled once per
// instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// The taps of outputs, numbered through all images of a batch.
struct TapGeometry {
  Shape input, output;
  Window window;
  int pitch;   ///< of the input
  int inputs;  ///< channels that are gathered of each tap

  /// Calls `body(input pixel)` for the taps of outputs [begin, end), one output after the other;
  /// the input pixel is numbered like outputs, -1 outside of the map.
  template <class Body>
  HWY_INLINE void for_taps(std::int64_t begin, std::int64_t end, const Body& body) const {
    const std::int64_t line = begin / output.width;
    auto x = static_cast<int>(begin % output.width), y = static_cast<int>(line % output.height);
    std::int64_t image = line / output.height;
    for (std::int64_t pixel = begin; pixel < end; ++pixel) {
      for_window(image, y, x, body);
      if (++x < output.width) continue;
      x = 0;
      if (++y < output.height) continue;
      y = 0;
      ++image;
    }
  }

  template <class Body>
  HWY_INLINE void for_window(std::int64_t image, int y, int x, const Body& body) const {
    const int left = x * window.stride.width - window.padding.left;
    int row = y * window.stride.height - window.padding.top;
    for (int i = 0; i < window.kernel.height; ++i, row += window.dilation.height) {
      const bool row_inside = row >= 0 && row < input.height;
      const std::int64_t first = (image * input.height + row) * input.width;
      int column = left;
      for (int j = 0; j < window.kernel.width; ++j, column += window.dilation.width)
        body(row_inside && column >= 0 && column < input.width ? first + column : -1);
    }
  }

  std::int64_t depth() const {
    return std::int64_t{window.kernel.height} * window.kernel.width * inputs;
  }
  /// Returns how many pixels are gathered at a time.
  int chunk() const {
    return gathered_pixels(std::int64_t{window.kernel.height} * window.kernel.width * pitch);
  }
};

inline TapGeometry geometry_of(const StepValues& values, const TrainingStep& step) {
  return {.input = values.input().shape,
          .output = values.output().shape,
          .window = step.window,
          .pitch = values.input().pitch,
          .inputs = values.tensor(step.weight).inputs};
}

/// Gathers the taps of pixels [begin, end), of so many channels with those that pad. What pads a
/// tap is overwritten by the next one; that of the last tap of all is after the rows.
HWY_INLINE void gather_channels(const TapGeometry& geometry, const float* maps, int pitch,
                                std::int64_t begin, std::int64_t end, float* to) {
  const std::int64_t step = geometry.inputs;
  geometry.for_taps(begin, end, [&](std::int64_t from) HWY_ATTR {
    for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
      hn::StoreU(from < 0 ? hn::Zero(d) : hn::LoadU(d, maps + from * pitch + channel), d,
                 to + channel);
    });
    to += step;
  });
}
inline HWY_NOINLINE void gather(const TapGeometry& geometry, const float* maps, std::int64_t begin,
                                std::int64_t end, float* to) {
  if (geometry.pitch == kTrainingPanel)  // as the picture's: no loop over vectors
    gather_channels(geometry, maps, kTrainingPanel, begin, end, to);
  else
    gather_channels(geometry, maps, geometry.pitch, begin, end, to);
}

/// Adds the gradients of the taps of pixels [begin, end), which are all of padded channels.
inline HWY_NOINLINE void scatter(const TapGeometry& geometry, const float* taps, std::int64_t begin,
                                 std::int64_t end, float* gradients) {
  const std::int64_t pitch = geometry.pitch;
  geometry.for_taps(begin, end, [&](std::int64_t to) HWY_ATTR {
    if (to >= 0)
      for_vectors(geometry.pitch, [&](auto d, int channel) HWY_ATTR {
        store_or_add(d, hn::LoadU(d, taps + channel), true, gradients + to * pitch + channel);
      });
    taps += pitch;
  });
}

/// Returns where a worker's gathered taps are.
inline float* gathered(const TrainingRun& run, const TrainingStep& step, int worker) {
  return run.scratch + product_scratch(step, run.values, run.tensors, run.images).floats() +
         size(worker) * gathered_floats(step, run.values, run.tensors);
}

inline void convolution_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TrainingTensor& weight = values.tensor(step.weight);
  const TapGeometry geometry = geometry_of(values, step);
  const auto outputs = values.outputs();
  const std::int64_t depth = geometry.depth(), chunk = geometry.chunk();
  pack(values.parameters(step.weight), weight.pitch(), depth, weight.pitch(), run.scratch);
  share(run, outputs.rows * depth * weight.pitch(), outputs.rows,
        [&](int worker, std::int64_t begin, std::int64_t end) HWY_ATTR {
          float* const taps = gathered(run, step, worker);
          for (std::int64_t row = begin; row < end; row += chunk) {
            const std::int64_t last = std::min(row + chunk, end);
            gather(geometry, values.inputs().values, row, last, taps);
            multiply<Order::rows>({.a = taps,
                                   .a_pitch = depth,
                                   .b = run.scratch,
                                   .bias = values.parameters(step.bias),
                                   .c = outputs[row],
                                   .c_pitch = outputs.pitch,
                                   .depth = depth},
                                  last - row, outputs.pitch);
          }
        });
}

/// Adds the gradients of the inputs, image by image: windows overlap.
inline void convolution_input_gradients(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TrainingTensor& weight = values.tensor(step.weight);
  const TapGeometry geometry = geometry_of(values, step);
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  const int columns = weight.taps() * geometry.pitch;
  const std::int64_t chunk = geometry.chunk(), pixels = geometry.output.pixels();
  pack_transposed(values.parameters(step.weight), weight, geometry.pitch, run.scratch);
  share(run, gradients.rows * columns * weight.pitch(), run.images,
        [&](int worker, std::int64_t begin, std::int64_t end) HWY_ATTR {
          float* const taps = gathered(run, step, worker);
          const std::int64_t first = begin * geometry.input.pixels();
          if (!step.adds_input)
            clear(input_gradients[first], (end - begin) * geometry.input.pixels() * geometry.pitch);
          for (std::int64_t row = begin * pixels; row < end * pixels; row += chunk) {
            const std::int64_t last = std::min(row + chunk, end * pixels);
            multiply<Order::rows>({.a = gradients[row],
                                   .a_pitch = gradients.pitch,
                                   .b = run.scratch,
                                   .bias = nullptr,
                                   .c = taps,
                                   .c_pitch = columns,
                                   .depth = weight.outputs},
                                  last - row, columns);
            scatter(geometry, taps, row, last, input_gradients.values);
          }
        });
}

inline void convolution_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TapGeometry geometry = geometry_of(values, step);
  const auto gradients = values.output_gradients();
  const std::int64_t depth = geometry.depth();
  if (step.bias >= 0) sum_columns(run, gradients, run.scratch, values.gradients(step.bias));
  const WeightRows rows(run, step);
  sum_weight_gradients(
      run, rows,
      [&](int worker, std::int64_t begin, std::int64_t end, bool adds, float* to) HWY_ATTR {
        float* const taps = gathered(run, step, worker);
        gather(geometry, rows.inputs.values, begin, end, taps);
        add_weight_gradients(taps, depth, static_cast<int>(depth), rows.gradients[begin],
                             gradients.pitch, end - begin, adds, rows.packed(worker), to);
      },
      values.gradients(step.weight));
  if (step.input_gradients) convolution_input_gradients(run, step);
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/depthwise_weights-inl.hpp
// Gradients of the weights of depthwise convolutions. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// What a row of output gradients adds to the gradients of a kernel's rows.
struct WeightRow {
  const float* gradients;        ///< of the row's first pixel
  const float* inputs;           ///< of the row that tap (0, 0) reads; column 0
  std::int64_t input_row_pitch;  ///< from a row of taps to the next
  int pitch;
  const TapAxis* columns;
  float* sums;  ///< of tap (0, 0)
};

/// Sums kRows × kColumns taps of a kernel's columns from `tap` on, of a vector of channels, over
/// the pixels of a row in their order.
template <class D, int kRows, int kColumns>
class WeightSums {
  using V = hn::Vec<D>;
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  HWY_INLINE WeightSums(const WeightRow& row, int channel, int tap)
      : row_(row), step_(std::int64_t{row.columns->stride} * row.pitch) {
    start(tap, channel, Indices<kColumns>());
    clear_sums(Indices<kRows * kColumns>());
    int begin = 0, end = row.columns->outputs;
    for (const auto& range : ranges_) {
      begin = std::max(begin, range.begin);
      end = std::min(end, range.end);
    }
    begin = std::min(begin, end);
    const float* gradient = row.gradients + channel;
    int i = 0;
    for (; i < begin; ++i) add_pixel<true>(i, gradient, Indices<kColumns>());
    for (; i < end; ++i) add_pixel<false>(i, gradient, Indices<kColumns>());
    for (; i < row.columns->outputs; ++i) add_pixel<true>(i, gradient, Indices<kColumns>());
    float* const to = row.sums + std::int64_t{tap} * row.pitch + channel;
    store(to, Indices<kRows * kColumns>());
  }

 private:
  template <int... kColumn>
  HWY_INLINE void start(int tap, int channel, std::integer_sequence<int, kColumn...>) {
    ((ranges_[kColumn] = row_.columns->outputs_of(tap + kColumn)), ...);
    ((from_[kColumn] =
          row_.inputs + channel + std::int64_t{row_.columns->input(0, tap + kColumn)} * row_.pitch),
     ...);
  }
  template <int... kSum>
  HWY_INLINE void clear_sums(std::integer_sequence<int, kSum...>) {
    ((sums_[kSum] = kSum < 0 ? V() : hn::Zero(D())), ...);
  }

  template <bool kEdge, int... kColumn>
  HWY_INLINE void add_pixel(int i, const float* gradient, std::integer_sequence<int, kColumn...>) {
    const V dy = hn::LoadU(D(), gradient + std::int64_t{i} * row_.pitch);
    (add_column<kEdge, kColumn>(i, dy, Indices<kRows>()), ...);
  }
  template <bool kEdge, int kColumn, int... kRow>
  HWY_INLINE void add_column(int i, V dy, std::integer_sequence<int, kRow...>) {
    if constexpr (kEdge)
      if (i < ranges_[kColumn].begin || i >= ranges_[kColumn].end) return;
    const float* const from = from_[kColumn] + i * step_;
    ((sums_[kRow * kColumns + kColumn] =
          hn::MulAdd(hn::LoadU(D(), from + kRow * row_.input_row_pitch), dy,
                     sums_[kRow * kColumns + kColumn])),
     ...);
  }

  template <int... kSum>
  HWY_INLINE void store(float* to, std::integer_sequence<int, kSum...>) const {
    const std::int64_t row_pitch = std::int64_t{row_.columns->kernel} * row_.pitch;
    (store_or_add(D(), sums_[kSum], true,
                  to + kSum / kColumns * row_pitch + kSum % kColumns * row_.pitch),
     ...);
  }

  const WeightRow& row_;
  std::int64_t step_;
  const float* from_[kColumns];
  TapAxis::Range ranges_[kColumns];
  V sums_[kRows * kColumns];
};

/// Adds what a row of output gradients adds to kRows rows of a kernel.
template <int kRows>
HWY_NOINLINE void add_weight_rows(const WeightRow& row) {
  for_vectors(row.pitch, [&](auto d, int channel) HWY_ATTR {
    using D = decltype(d);
    const int kernel = row.columns->kernel;
    if (kernel == 3) return void(WeightSums<D, kRows, 3>(row, channel, 0));
    if constexpr (kRows <= 2)
      if (kernel == 5) return void(WeightSums<D, kRows, 5>(row, channel, 0));
    for (int tap = 0; tap < kernel; ++tap) WeightSums<D, kRows, 1>(row, channel, tap);
  });
}

/// Sums rows [begin, end) of output gradients.
inline HWY_NOINLINE void sum_weight_rows(const StepValues& values, const TapAxis& rows,
                                         const TapAxis& columns, std::int64_t begin,
                                         std::int64_t end, float* sums) {
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const int together = columns.kernel == 3 ? 3 : columns.kernel == 5 ? 2 : 1;
  for (std::int64_t row = begin; row < end; ++row) {
    const std::int64_t image = row / rows.outputs;
    const auto i = static_cast<int>(row % rows.outputs);
    for (int a = 0; a < rows.kernel;) {
      int count = 0;
      const int first = rows.input(i, a);
      while (count < together && a + count < rows.kernel &&
             rows.has_input(rows.input(i, a + count)))
        ++count;
      if (count > 0) {
        const std::int64_t row_floats = std::int64_t{columns.inputs} * inputs.pitch;
        const WeightRow sum = {.gradients = gradients[row * columns.outputs],
                               .inputs = inputs.values + (image * rows.inputs + first) * row_floats,
                               .input_row_pitch = rows.dilation * row_floats,
                               .pitch = inputs.pitch,
                               .columns = &columns,
                               .sums = sums + std::int64_t{a} * columns.kernel * inputs.pitch};
        count == 3   ? add_weight_rows<3>(sum)
        : count == 2 ? add_weight_rows<2>(sum)
                     : add_weight_rows<1>(sum);
      }
      a += std::max(count, 1);
    }
  }
}

inline void depthwise_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto rows = TapAxis::rows(step.window, input, output);
  const auto columns = TapAxis::columns(step.window, input, output);
  const auto gradients = values.output_gradients();
  if (step.bias >= 0) sum_columns(run, gradients, run.scratch, values.gradients(step.bias));
  const auto count = static_cast<std::int64_t>(values.tensor(step.weight).floats());
  const OwnParts parts(run, weight_parts(images_of_all(run), output.height, 1));
  for_parts(run, parts, gradients.rows * count, [&](int, int part, const TrainingRows& own) {
    float* const sums = run.scratch + part * count;
    clear(sums, count);
    sum_weight_rows(values, rows, columns, own.begin, own.end, sums);
  });
  add_parts(run, parts, run.scratch, count, values.gradients(step.weight));
  if (step.input_gradients) depthwise_input_gradients(run, step);
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/gate-inl.hpp
// Maps and vectors: the product channel by channel, and the mean over all pixels. Compiled once per
// instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Calls `body(d, channel, rows, sum)` for all vectors of an image's channels; sum(add) is that
/// over its pixels of what `add(d, row)` returns, chunk by chunk.
template <class Value>
HWY_INLINE void sum_pixels(const TrainingRows& pixels, int pitch, const Value& value, float* to) {
  constexpr std::int64_t kChunk = 256;
  clear(to, pitch);
  for (std::int64_t begin = pixels.begin; begin < pixels.end; begin += kChunk)
    for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
      const auto sum = sum_rows(d, std::min(kChunk, pixels.end - begin),
                                [&](std::int64_t row, auto& sums) HWY_ATTR {
                                  sums.first = hn::Add(sums.first, value(d, begin + row, channel));
                                });
      store_or_add(d, sum.first, true, to + channel);
    });
}

/// Multiplies a vector by a number, and writes it or adds it to what is there.
inline void scale_vector(const float* from, int pitch, float factor, bool adds, float* to) {
  for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
    store_or_add(d, hn::Mul(hn::LoadU(d, from + channel), hn::Set(d, factor)), adds, to + channel);
  });
}

inline void mean_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const std::int64_t pixels = values.input().shape.pixels();
  share(run, inputs.rows * inputs.pitch, run.images,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          for (std::int64_t image = begin; image < end; ++image) {
            float* const to = outputs[image];
            sum_pixels(
                {image * pixels, (image + 1) * pixels}, inputs.pitch,
                [&](auto d, std::int64_t row, int channel)
                    HWY_ATTR { return hn::LoadU(d, inputs[row] + channel); },
                to);
            scale_vector(to, inputs.pitch, 1 / static_cast<float>(pixels), false, to);
          }
        });
}

inline void mean_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  const std::int64_t pixels = values.input().shape.pixels();
  share(run, input_gradients.rows * gradients.pitch, input_gradients.rows,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          for (std::int64_t row = begin; row < end; ++row)
            scale_vector(gradients[row / pixels], gradients.pitch, 1 / static_cast<float>(pixels),
                         step.adds_input, input_gradients[row]);
        });
}

inline void gate_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto factors = values.seconds();
  const auto outputs = values.outputs();
  const std::int64_t pixels = values.input().shape.pixels();
  for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
    const auto factor = hn::LoadU(d, factors[row / pixels] + channel);
    hn::StoreU(hn::Mul(hn::LoadU(d, inputs[row] + channel), factor), d, outputs[row] + channel);
  });
}

/// Computes the gradients of a gate's factors: sums over the pixels of each image.
inline void factor_gradients(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const auto to = values.second_gradients();
  const std::int64_t pixels = values.input().shape.pixels();
  share(run, inputs.rows * inputs.pitch, run.images,
        [&](int worker, std::int64_t begin, std::int64_t end) HWY_ATTR {
          float* const sums = run.scratch + std::int64_t{worker} * to.pitch;
          for (std::int64_t image = begin; image < end; ++image) {
            sum_pixels(
                {image * pixels, (image + 1) * pixels}, inputs.pitch,
                [&](auto d, std::int64_t row, int channel) HWY_ATTR {
                  return hn::Mul(hn::LoadU(d, inputs[row] + channel),
                                 hn::LoadU(d, gradients[row] + channel));
                },
                sums);
            scale_vector(sums, to.pitch, 1, step.adds_second, to[image]);
          }
        });
}

inline void gate_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto factors = values.seconds();
  const std::int64_t pixels = values.input().shape.pixels();
  if (step.second_gradients) factor_gradients(run, step);
  if (!step.input_gradients) return;
  const auto to = values.input_gradients();
  for_rows(run, gradients.rows, gradients.pitch,
           [&](auto d, std::int64_t row, int channel) HWY_ATTR {
             const auto factor = hn::LoadU(d, factors[row / pixels] + channel);
             store_or_add(d, hn::Mul(hn::LoadU(d, gradients[row] + channel), factor),
                          step.adds_input, to[row] + channel);
           });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/normalise-inl.hpp
// Batch norms, each with an activation. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// A batch norm's numbers of each channel.
struct Norm {
  const float *mean, *inverse_deviation, *gamma, *beta;

  Norm(const TrainingRun& run, const TrainingStep& step) {
    const StepValues values(run, step);
    mean = run.arena + step.moments;
    inverse_deviation = mean + values.output().pitch;
    gamma = values.parameters(step.gamma);
    beta = values.parameters(step.beta);
  }

  template <class D>
  HWY_INLINE hn::Vec<D> scale(D d, int channel) const {
    return hn::Mul(hn::LoadU(d, gamma + channel), hn::LoadU(d, inverse_deviation + channel));
  }
};

/// A batch norm of a single pixel of a single image, as PaddlePaddle computes it, does nothing.
inline bool does_nothing(const TrainingRun& run, const StepValues& values) {
  return run.batch_statistics && values.output().rows(images_of_all(run)) == 1;
}

/// Sums the moments of a part's rows: [mean][squares], chunk by chunk, each while it is in cache.
inline HWY_NOINLINE void sum_moments(const Matrix<const float>& inputs, const TrainingRows& rows,
                                     int chunk, float* to) {
  const int pitch = inputs.pitch;
  clear(to, 2 * pitch);
  for (std::int64_t begin = rows.begin; begin < rows.end; begin += chunk) {
    const std::int64_t count = std::min<std::int64_t>(chunk, rows.end - begin);
    const auto before = static_cast<float>(begin - rows.begin), own = static_cast<float>(count);
    const float share = own / (before + own), both = before * share;
    for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
      const float* const column = inputs[begin] + channel;
      const auto sum = sum_rows(d, count, [&](std::int64_t row, auto& sums) HWY_ATTR {
        sums.first = hn::Add(sums.first, hn::LoadU(d, column + row * pitch));
      });
      const auto mean = hn::Mul(sum.first, hn::Set(d, 1 / own));
      const auto squares = sum_rows(d, count, [&](std::int64_t row, auto& sums) HWY_ATTR {
        const auto difference = hn::Sub(hn::LoadU(d, column + row * pitch), mean);
        sums.first = hn::MulAdd(difference, difference, sums.first);
      });
      const auto mean_before = hn::LoadU(d, to + channel);
      const auto difference = hn::Sub(mean, mean_before);
      hn::StoreU(hn::MulAdd(difference, hn::Set(d, share), mean_before), d, to + channel);
      const auto square = hn::Mul(difference, difference);
      store_or_add(d, hn::MulAdd(square, hn::Set(d, both), squares.first), true,
                   to + pitch + channel);
    });
  }
}

/// Returns the parts of a batch norm's sums.
inline OwnParts norm_parts(const TrainingRun& run, const StepValues& values) {
  const TrainingValue& input = values.input();
  return {run, channel_parts(images_of_all(run), input.shape.pixels(), input.pitch)};
}

inline void find_moments(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  float* const moments = run.arena + step.moments;
  if (!run.batch_statistics) return take_running_moments(run, step, inputs.pitch, moments);
  const OwnParts parts = norm_parts(run, values);
  const int floats = 2 * inputs.pitch;
  for_parts(run, parts, inputs.rows * inputs.pitch,
            [&](int, int part, const TrainingRows& rows) HWY_ATTR {
              sum_moments(inputs, rows, parts.all.chunk,
                          run.scratch + std::int64_t{parts.first + part} * floats);
            });
  gather_parts(parts, run.scratch, floats);
  combine_moments(run, step, parts.all, run.scratch, inputs.pitch, moments);
}

/// Calls `body(d, channel, begin, end)` for all vectors of rows, in the order in which they lie in
/// memory: where one is a row, for all rows at once, so that its channels' numbers stay in
/// registers.
template <class Body>
HWY_INLINE void for_columns(std::int64_t begin, std::int64_t end, int pitch, const Body& body) {
  const std::int64_t rows = pitch <= kLanes ? end - begin : 1;
  for (; begin < end; begin += rows)
    for_vectors(pitch,
                [&](auto d, int channel) HWY_ATTR { body(d, channel, begin, begin + rows); });
}

/// Computes rows [begin, end) of the output.
template <class Activate>
HWY_INLINE void normalise_rows(const Norm& norm, const Activate& activation,
                               const Matrix<const float>& inputs, const Matrix<float>& outputs,
                               std::int64_t begin, std::int64_t end) {
  for_columns(begin, end, inputs.pitch, [&](auto d, int channel, auto first, auto last) HWY_ATTR {
    const auto mean = hn::LoadU(d, norm.mean + channel), scale = norm.scale(d, channel);
    const auto beta = hn::LoadU(d, norm.beta + channel);
    for (auto row = first; row < last; ++row) {
      const auto difference = hn::Sub(hn::LoadU(d, inputs[row] + channel), mean);
      hn::StoreU(activation.value(d, hn::MulAdd(difference, scale, beta)), d,
                 outputs[row] + channel);
    }
  });
}

inline void normalise_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  if (does_nothing(run, values)) return activate_forward(run, step);
  find_moments(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const Norm norm(run, step);
  share(run, inputs.rows * inputs.pitch, inputs.rows,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
            normalise_rows(norm, activation, inputs, outputs, begin, end);
          });
          if (moves_zero(step.activation))
            clear_padding(outputs[begin], end - begin, outputs.pitch,
                          values.output().shape.channels);
        });
}

/// The gradient of a batch norm's output before its activation, and the input less its mean.
template <class V>
struct NormGradient {
  V gradient, difference;
};

/// A batch norm's numbers of a vector of channels.
template <class D, class Activate>
class NormVector {
  using V = hn::Vec<D>;

 public:
  HWY_INLINE NormVector(D d, const Norm& norm, const Activate& activation, int channel)
      : mean_(hn::LoadU(d, norm.mean + channel)),
        scale_(norm.scale(d, channel)),
        beta_(hn::LoadU(d, norm.beta + channel)),
        activation_(activation) {}

  HWY_INLINE V scale() const { return scale_; }
  HWY_INLINE NormGradient<V> gradient(V input, V gradient) const {
    const V difference = hn::Sub(input, mean_);
    return {activation_.gradient(D(), hn::MulAdd(difference, scale_, beta_), gradient), difference};
  }

 private:
  V mean_, scale_, beta_;
  const Activate& activation_;
};

/// Sums the gradients of a part's rows: [Σ dz][Σ dz (x - mean)].
template <class Activate>
HWY_INLINE void sum_norm_gradients(const Norm& norm, const Activate& activation,
                                   const Matrix<const float>& inputs,
                                   const Matrix<const float>& gradients, const TrainingRows& rows,
                                   int chunk, float* to) {
  const int pitch = inputs.pitch;
  clear(to, 2 * pitch);
  for (std::int64_t begin = rows.begin; begin < rows.end; begin += chunk) {
    const std::int64_t count = std::min<std::int64_t>(chunk, rows.end - begin);
    for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
      const NormVector<decltype(d), Activate> vector(d, norm, activation, channel);
      const auto sums = sum_rows(d, count, [&](std::int64_t row, auto& both) HWY_ATTR {
        const auto [gradient, difference] =
            vector.gradient(hn::LoadU(d, inputs[begin + row] + channel),
                            hn::LoadU(d, gradients[begin + row] + channel));
        both.first = hn::Add(both.first, gradient);
        both.second = hn::MulAdd(gradient, difference, both.second);
      });
      store_or_add(d, sums.first, true, to + channel);
      store_or_add(d, sums.second, true, to + pitch + channel);
    });
  }
}

/// Computes the gradients of beta and gamma, and what those of the input have less, in scratch.
inline void find_norm_gradients(const TrainingRun& run, const TrainingStep& step, float* less) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const Norm norm(run, step);
  const OwnParts parts = norm_parts(run, values);
  const int floats = 2 * inputs.pitch;
  for_parts(run, parts, inputs.rows * inputs.pitch,
            [&](int, int part, const TrainingRows& rows) HWY_ATTR {
              with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
                sum_norm_gradients(norm, activation, inputs, gradients, rows, parts.all.chunk,
                                   run.scratch + std::int64_t{parts.first + part} * floats);
              });
            });
  gather_parts(parts, run.scratch, floats);
  combine_gradients(run.scratch, parts.all.count(), inputs.pitch, norm.mean, norm.gamma,
                    static_cast<double>(values.input().rows(images_of_all(run))),
                    run.batch_statistics, values.gradients(step.beta), values.gradients(step.gamma),
                    less, less + inputs.pitch);
}

/// Computes rows [begin, end) of the gradients of the input.
template <class Activate>
HWY_INLINE void norm_input_rows(const Norm& norm, const Activate& activation, const float* less,
                                const Matrix<const float>& inputs,
                                const Matrix<const float>& gradients, std::int64_t begin,
                                std::int64_t end, bool adds, const Matrix<float>& to) {
  for_columns(begin, end, inputs.pitch, [&](auto d, int channel, auto first, auto last) HWY_ATTR {
    const NormVector<decltype(d), Activate> vector(d, norm, activation, channel);
    const auto constant = hn::LoadU(d, less + channel);
    const auto slope = hn::LoadU(d, less + inputs.pitch + channel);
    for (auto row = first; row < last; ++row) {
      const auto [gradient, difference] = vector.gradient(hn::LoadU(d, inputs[row] + channel),
                                                          hn::LoadU(d, gradients[row] + channel));
      const auto removed = hn::MulAdd(difference, slope, constant);
      store_or_add(d, hn::Sub(hn::Mul(gradient, vector.scale()), removed), adds, to[row] + channel);
    }
  });
}

inline void normalise_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const int pitch = values.input().pitch;
  if (does_nothing(run, values)) {
    clear(values.gradients(step.beta), pitch);
    clear(values.gradients(step.gamma), pitch);
    return activate_backward(run, step);
  }
  float* const less = run.scratch + std::int64_t{2} * kTrainingParts * pitch;
  find_norm_gradients(run, step, less);
  if (!step.input_gradients) return;
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const auto to = values.input_gradients();
  const Norm norm(run, step);
  share(run, inputs.rows * pitch, inputs.rows,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
            norm_input_rows(norm, activation, less, inputs, gradients, begin, end, step.adds_input,
                            to);
          });
        });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// This one, too.
// from pplcnet/kernels/training/pool-inl.hpp
// Maxima and means of windows of pixels. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// The part of a window that lies on the map, along one axis, and how many pixels a mean counts. A
/// window that reaches beyond the padding (ceil mode) ends there.
struct PoolRange {
  int begin, end, counted;

  PoolRange(int output, int stride, int kernel, int before, int after, int inputs) {
    const int first = output * stride - before, last = std::min(first + kernel, inputs + after);
    begin = std::max(first, 0);
    end = std::min(last, inputs);
    counted = last - first;
  }
  int count() const { return end - begin; }
};

/// The part of an output's window that lies on the map.
struct PoolWindow {
  PoolRange rows, columns;
  std::int64_t first_row;  ///< of the image

  PoolWindow(const Window& w, const Shape& input, const Shape& output, std::int64_t pixel)
      : rows(static_cast<int>(pixel % output.pixels() / output.width), w.stride.height,
             w.kernel.height, w.padding.top, w.padding.bottom, input.height),
        columns(static_cast<int>(pixel % output.width), w.stride.width, w.kernel.width,
                w.padding.left, w.padding.right, input.width),
        first_row(pixel / output.pixels() * input.height),
        width_(input.width) {}

  /// Calls `body(tap, pixel)` for its pixels in raster order.
  template <class Body>
  HWY_INLINE void for_pixels(const Body& body) const {
    int tap = 0;
    for (int y = rows.begin; y < rows.end; ++y)
      for (int x = columns.begin; x < columns.end; ++x, ++tap)
        body(tap, (first_row + y) * width_ + x);
  }
  float share(bool count_padding) const {
    return 1 / static_cast<float>(count_padding ? rows.counted * columns.counted
                                                : rows.count() * columns.count());
  }

 private:
  int width_;
};

/// The greatest of a window's values, and the number of the first tap that has it.
template <class V>
struct Greatest {
  V value, tap;
};
template <class D>
HWY_INLINE Greatest<hn::Vec<D>> greatest(D d, const PoolWindow& window,
                                         const Matrix<const float>& inputs, int channel) {
  Greatest<hn::Vec<D>> best = {hn::Zero(d), hn::Zero(d)};
  window.for_pixels([&](int tap, std::int64_t pixel) HWY_ATTR {
    const auto x = hn::LoadU(d, inputs[pixel] + channel);
    if (tap == 0) {
      best.value = x;
      return;
    }
    const auto greater = hn::Lt(best.value, x);
    best.value = hn::IfThenElse(greater, x, best.value);
    best.tap = hn::IfThenElse(greater, hn::Set(d, static_cast<float>(tap)), best.tap);
  });
  return best;
}

/// Splits the outputs of a pool and calls `body(window, row)` for each.
template <class Body>
HWY_INLINE void for_windows(const TrainingRun& run, const TrainingStep& step, const Body& body) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto outputs = values.outputs();
  share(run, outputs.rows * outputs.pitch * step.window.kernel.height * step.window.kernel.width,
        outputs.rows, [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          for (std::int64_t row = begin; row < end; ++row)
            body(PoolWindow(step.window, input, output, row), row);
        });
}

/// Splits the images of a pool, whose windows overlap, and calls `body(window, row)` for the
/// outputs of each in their order.
template <class Body>
HWY_INLINE void for_image_windows(const TrainingRun& run, const TrainingStep& step,
                                  const Body& body) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto input_gradients = values.input_gradients();
  share(run, input_gradients.rows * input_gradients.pitch, run.images,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          if (!step.adds_input)
            clear(input_gradients[begin * input.pixels()],
                  (end - begin) * input.pixels() * input_gradients.pitch);
          for (std::int64_t row = begin * output.pixels(); row < end * output.pixels(); ++row)
            body(PoolWindow(step.window, input, output, row), row);
        });
}

inline void max_pool_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  for_windows(run, step, [&](const PoolWindow& window, std::int64_t row) HWY_ATTR {
    for_vectors(outputs.pitch, [&](auto d, int channel) HWY_ATTR {
      hn::StoreU(greatest(d, window, inputs, channel).value, d, outputs[row] + channel);
    });
  });
}

inline void max_pool_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const auto to = values.input_gradients();
  for_image_windows(run, step, [&](const PoolWindow& window, std::int64_t row) HWY_ATTR {
    for_vectors(gradients.pitch, [&](auto d, int channel) HWY_ATTR {
      const auto best = greatest(d, window, inputs, channel).tap;
      const auto gradient = hn::LoadU(d, gradients[row] + channel), zero = hn::Zero(d);
      window.for_pixels([&](int tap, std::int64_t pixel) HWY_ATTR {
        const auto number = static_cast<float>(tap);
        store_or_add(d, between(d, best, number - 0.5F, number + 0.5F, zero, gradient, zero), true,
                     to[pixel] + channel);
      });
    });
  });
}

inline void average_pool_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  for_windows(run, step, [&](const PoolWindow& window, std::int64_t row) HWY_ATTR {
    for_vectors(outputs.pitch, [&](auto d, int channel) HWY_ATTR {
      auto sum = hn::Zero(d);
      window.for_pixels([&](int, std::int64_t pixel) HWY_ATTR {
        sum = hn::Add(sum, hn::LoadU(d, inputs[pixel] + channel));
      });
      const auto share = hn::Set(d, window.share(step.count_padding));
      hn::StoreU(hn::Mul(sum, share), d, outputs[row] + channel);
    });
  });
}

inline void average_pool_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto to = values.input_gradients();
  for_image_windows(run, step, [&](const PoolWindow& window, std::int64_t row) HWY_ATTR {
    const float share = window.share(step.count_padding);
    window.for_pixels([&](int, std::int64_t pixel) HWY_ATTR {
      scale_vector(gradients[row], gradients.pitch, share, true, to[pixel]);
    });
  });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Returns the kernels of this instruction set, in the order of TrainingOperator.
inline const TrainingKernels& kernels() {
  static constexpr TrainingKernels kKernels = {
      .forward = {picture_forward, product_forward, convolution_forward, depthwise_forward,
                  normalise_forward, affine_forward, activate_forward, dropout_forward, add_forward,
                  gate_forward, mean_forward, max_pool_forward, average_pool_forward, copy_forward},
      .backward = {picture_backward, product_backward, convolution_backward, depthwise_backward,
                   normalise_backward, affine_backward, activate_backward, dropout_backward,
                   add_backward, gate_backward, mean_backward, max_pool_backward,
                   average_pool_backward, copy_backward},
      .update = update};
  return kKernels;
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif

#undef HWY_TARGET
#define HWY_TARGET HWY_STATIC_TARGET
#include <hwy/ops/set_macros-inl.h>
#endif

#if PPLCNET_BASELINE != HWY_STATIC_TARGET
#undef HWY_TARGET
#define HWY_TARGET PPLCNET_BASELINE
#if PPLCNET_OWN_SSE2
#undef HWY_NAMESPACE
#define HWY_NAMESPACE PPLCNET_BASELINE_NAMESPACE
#undef HWY_ALIGN
#define HWY_ALIGN alignas(16)
#if !PPLCNET_HAS_DEFINITIONS
// from pplcnet/kernels/sse2-inl.hpp
// Highway's operations, as far as the kernels use them, for SSE2, which every 64-bit x86 has.
// Highway has it from 1.0.7 on; before, it has nothing below SSSE3 but one value at a time.
#include <emmintrin.h>

namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::hn {

// NOLINTBEGIN(readability-identifier-naming): the names are Highway's.

/// A number of values of a kind.
template <class T, std::size_t kCount>
struct Simd {
  using Value = T;
};

template <class T, std::size_t kCount>
constexpr std::size_t MaxLanes(Simd<T, kCount>) {
  return kCount;
}

template <class T, std::size_t kMost>
using CappedTag = Simd<T, std::min(kMost, 16 / sizeof(T))>;
template <class T, class D>
using Rebind = Simd<T, MaxLanes(D())>;
template <class D>
using RebindToSigned = Rebind<std::int32_t, D>;
template <class D>
using RebindToUnsigned = Rebind<std::uint32_t, D>;
template <class D>
using RepartitionToWide = Simd<std::uint64_t, MaxLanes(D()) / 2>;

template <class T>
struct Vector {
  __m128i raw;
};
template <>
struct Vector<float> {
  __m128 raw;
};
template <class D>
using Vec = Vector<typename D::Value>;

using Floats = Vector<float>;
using Integers = Vector<std::int32_t>;
using Pairs = Vector<std::uint64_t>;

/// All bits of a lane are set, or none.
struct Mask {
  __m128 raw;
};

// Values.

template <std::size_t kCount>
HWY_INLINE Floats Set(Simd<float, kCount>, float value) {
  return {_mm_set1_ps(value)};
}
template <std::size_t kCount>
HWY_INLINE Integers Set(Simd<std::int32_t, kCount>, std::int32_t value) {
  return {_mm_set1_epi32(value)};
}
template <std::size_t kCount>
HWY_INLINE Floats Zero(Simd<float, kCount>) {
  return {_mm_setzero_ps()};
}
HWY_INLINE float GetLane(Floats a) { return _mm_cvtss_f32(a.raw); }

// Memory.

HWY_INLINE Floats Load(Simd<float, 4>, const float* from) { return {_mm_load_ps(from)}; }
HWY_INLINE Floats LoadU(Simd<float, 4>, const float* from) { return {_mm_loadu_ps(from)}; }
HWY_INLINE Floats LoadU(Simd<float, 1>, const float* from) { return {_mm_load_ss(from)}; }
HWY_INLINE Vector<hwy::float16_t> LoadU(Simd<hwy::float16_t, 4>, const hwy::float16_t* from) {
  return {_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))};
}
HWY_INLINE void Store(Floats a, Simd<float, 4>, float* to) { _mm_store_ps(to, a.raw); }
HWY_INLINE void StoreU(Floats a, Simd<float, 4>, float* to) { _mm_storeu_ps(to, a.raw); }
HWY_INLINE void StoreU(Floats a, Simd<float, 1>, float* to) { _mm_store_ss(to, a.raw); }

// Arithmetic. A multiply-add rounds twice, as on every CPU that has none.

HWY_INLINE Floats Add(Floats a, Floats b) { return {_mm_add_ps(a.raw, b.raw)}; }
HWY_INLINE Floats Sub(Floats a, Floats b) { return {_mm_sub_ps(a.raw, b.raw)}; }
HWY_INLINE Floats Mul(Floats a, Floats b) { return {_mm_mul_ps(a.raw, b.raw)}; }
HWY_INLINE Floats Div(Floats a, Floats b) { return {_mm_div_ps(a.raw, b.raw)}; }
HWY_INLINE Floats Sqrt(Floats a) { return {_mm_sqrt_ps(a.raw)}; }
HWY_INLINE Floats Min(Floats a, Floats b) { return {_mm_min_ps(a.raw, b.raw)}; }
HWY_INLINE Floats Max(Floats a, Floats b) { return {_mm_max_ps(a.raw, b.raw)}; }
HWY_INLINE Floats MulAdd(Floats a, Floats b, Floats sum) {
  return {_mm_add_ps(_mm_mul_ps(a.raw, b.raw), sum.raw)};
}
HWY_INLINE Floats NegMulAdd(Floats a, Floats b, Floats sum) {
  return {_mm_sub_ps(sum.raw, _mm_mul_ps(a.raw, b.raw))};
}
HWY_INLINE Floats Neg(Floats a) { return {_mm_xor_ps(a.raw, _mm_set1_ps(-0.0f))}; }
HWY_INLINE Floats Abs(Floats a) { return {_mm_andnot_ps(_mm_set1_ps(-0.0f), a.raw)}; }

HWY_INLINE Mask Lt(Floats a, Floats b) { return {_mm_cmplt_ps(a.raw, b.raw)}; }
HWY_INLINE Floats IfThenElse(Mask mask, Floats yes, Floats no) {
  return {_mm_or_ps(_mm_and_ps(mask.raw, yes.raw), _mm_andnot_ps(mask.raw, no.raw))};
}

HWY_INLINE Integers Add(Integers a, Integers b) { return {_mm_add_epi32(a.raw, b.raw)}; }
template <int kBits>
HWY_INLINE Integers ShiftLeft(Integers a) {
  return {_mm_slli_epi32(a.raw, kBits)};
}

// From one kind to another.

HWY_INLINE Integers NearestInt(Floats a) { return {_mm_cvtps_epi32(a.raw)}; }
template <std::size_t kCount>
HWY_INLINE Floats ConvertTo(Simd<float, kCount>, Integers a) {
  return {_mm_cvtepi32_ps(a.raw)};
}
template <std::size_t kCount>
HWY_INLINE Floats BitCast(Simd<float, kCount>, Integers a) {
  return {_mm_castsi128_ps(a.raw)};
}
HWY_INLINE Floats BitCast(Simd<float, 4>, Pairs a) { return {_mm_castsi128_ps(a.raw)}; }
HWY_INLINE Pairs BitCast(Simd<std::uint64_t, 2>, Floats a) { return {_mm_castps_si128(a.raw)}; }

/// The exponents of the two kinds differ by a factor, which is exact for subnormal numbers, too.
HWY_INLINE Floats PromoteTo(Simd<float, 4>, Vector<hwy::float16_t> a) {
  const __m128i bits = _mm_unpacklo_epi16(a.raw, _mm_setzero_si128());
  const __m128i size = _mm_slli_epi32(_mm_and_si128(bits, _mm_set1_epi32(0x7FFF)), 13);
  const __m128i sign = _mm_slli_epi32(_mm_srli_epi32(bits, 15), 31);
  const __m128 value = _mm_mul_ps(_mm_castsi128_ps(size), _mm_set1_ps(0x1p112f));
  return {_mm_or_ps(value, _mm_castsi128_ps(sign))};
}

// From lane to lane.

HWY_INLINE Floats InterleaveLower(Simd<float, 4>, Floats a, Floats b) {
  return {_mm_unpacklo_ps(a.raw, b.raw)};
}
HWY_INLINE Floats InterleaveUpper(Simd<float, 4>, Floats a, Floats b) {
  return {_mm_unpackhi_ps(a.raw, b.raw)};
}
HWY_INLINE Pairs InterleaveLower(Simd<std::uint64_t, 2>, Pairs a, Pairs b) {
  return {_mm_unpacklo_epi64(a.raw, b.raw)};
}
HWY_INLINE Pairs InterleaveUpper(Simd<std::uint64_t, 2>, Pairs a, Pairs b) {
  return {_mm_unpackhi_epi64(a.raw, b.raw)};
}
HWY_INLINE Floats ConcatEven(Simd<float, 4>, Floats upper, Floats lower) {
  return {_mm_shuffle_ps(lower.raw, upper.raw, _MM_SHUFFLE(2, 0, 2, 0))};
}
HWY_INLINE Floats ConcatOdd(Simd<float, 4>, Floats upper, Floats lower) {
  return {_mm_shuffle_ps(lower.raw, upper.raw, _MM_SHUFFLE(3, 1, 3, 1))};
}
HWY_INLINE void LoadInterleaved2(Simd<float, 4> d, const float* from, Floats& even, Floats& odd) {
  const Floats lower = LoadU(d, from), upper = LoadU(d, from + 4);
  even = ConcatEven(d, upper, lower);
  odd = ConcatOdd(d, upper, lower);
}
HWY_INLINE void StoreInterleaved2(Floats even, Floats odd, Simd<float, 4> d, float* to) {
  StoreU(InterleaveLower(d, even, odd), d, to);
  StoreU(InterleaveUpper(d, even, odd), d, to + 4);
}

// NOLINTEND(readability-identifier-naming)

}  // namespace HWY_NAMESPACE::hn
}  // namespace pplcnet::inline PPLCNET_ABI
#endif
#else
// from pplcnet/kernels/training/set_target-inl.hpp
// Compiles what comes after it for HWY_TARGET. A file that has the kernels for inference has
// Highway's operations for it, too: once is enough.
#if PPLCNET_HAS_DEFINITIONS
#include <hwy/ops/set_macros-inl.h>
#else
// from pplcnet/kernels/flip_target-inl.hpp
// Highway's protocol of hwy/foreach_target.h: a flip opens the guards of hwy's own -inl headers for
// the new HWY_TARGET, whose operations are then included.
#ifdef HWY_TARGET_TOGGLE
#undef HWY_TARGET_TOGGLE
#else
#define HWY_TARGET_TOGGLE
#endif
#include <hwy/highway.h>
#endif
#endif
#endif

// from pplcnet/kernels/training/kernels-inl.hpp
// All kernels of training. Compiled once per instruction set.
#if !PPLCNET_HAS_DEFINITIONS
// from pplcnet/kernels/arithmetic-inl.hpp
// Arithmetic whose bits Highway leaves to the target or the compiler. Compiled once per instruction
// set, but for the one that has all of it in sse2-inl.hpp.
#if !PPLCNET_OWN_SSE2 || HWY_TARGET != PPLCNET_BASELINE
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
/// Highway, but for the functions that are here.
namespace HWY_NAMESPACE::hn {

using namespace hwy::HWY_NAMESPACE;  // NOLINT(google-build-using-namespace): what is here hides it

/// Returns `function` of the lanes of three vectors, one after the other.
template <class V, class Function>
HWY_INLINE V lane_by_lane(V a, V b, V c, const Function& function) {
  constexpr DFromV<V> d;
  alignas(16) float x[MaxLanes(d)], y[MaxLanes(d)], z[MaxLanes(d)];
  Store(a, d, x);
  Store(b, d, y);
  Store(c, d, z);
  for (std::size_t i = 0; i < MaxLanes(d); ++i) x[i] = function(x[i], y[i], z[i]);
  return Load(d, x);
}

// Highway's MulAdd is fused where vectors have an instruction for that. On other targets it is a
// product and a sum, which a compiler fuses or not, where the CPU can; so it does with a Mul that
// is part of a sum.
#if (HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128) && PPLCNET_SCALAR_FMA
template <class V>
HWY_INLINE V Mul(V a, V b) {
  return lane_by_lane(a, b, b, [](float x, float y, float) { return rounded(x * y); });
}
template <class V>
HWY_INLINE V MulAdd(V a, V b, V c) {
  return lane_by_lane(a, b, c, [](float x, float y, float z) { return std::fma(x, y, z); });
}
template <class V>
HWY_INLINE V NegMulAdd(V a, V b, V c) {
  return lane_by_lane(a, b, c, [](float x, float y, float z) { return std::fma(-x, y, z); });
}
#elif HWY_COMPILER_GCC_ACTUAL && (HWY_ARCH_ARM_A64 || (HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR))
template <class V>
HWY_INLINE V Mul(V a, V b) {
  V product = hwy::HWY_NAMESPACE::Mul(a, b);
#if HWY_ARCH_X86
  __asm__("" : "+v"(product.raw));  // what has been in a register, for all that g++ knows
#else
  __asm__("" : "+w"(product.raw));
#endif
  return product;
}
#endif

#if HWY_ARCH_ARM_V7 && HWY_TARGET == HWY_NEON && defined(__ARM_FEATURE_FMA)
// g++ does not define the name that Highway looks for.
template <std::size_t kCount>
HWY_INLINE Vec128<float, kCount> MulAdd(Vec128<float, kCount> a, Vec128<float, kCount> b,
                                        Vec128<float, kCount> c) {
  if constexpr (kCount == 4)
    return Vec128<float, kCount>(vfmaq_f32(c.raw, a.raw, b.raw));
  else
    return Vec128<float, kCount>(vfma_f32(c.raw, a.raw, b.raw));
}
template <std::size_t kCount>
HWY_INLINE Vec128<float, kCount> NegMulAdd(Vec128<float, kCount> a, Vec128<float, kCount> b,
                                           Vec128<float, kCount> c) {
  if constexpr (kCount == 4)
    return Vec128<float, kCount>(vfmsq_f32(c.raw, a.raw, b.raw));
  else
    return Vec128<float, kCount>(vfms_f32(c.raw, a.raw, b.raw));
}
#elif HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4
template <class V>
HWY_INLINE V MulAdd(V a, V b, V c) {
  return Add(hn::Mul(a, b), c);
}
template <class V>
HWY_INLINE V NegMulAdd(V a, V b, V c) {
  return Sub(c, hn::Mul(a, b));
}
#endif

#if HWY_ARCH_ARM_V7 && HWY_TARGET == HWY_NEON  // has approximations alone
template <class V>
HWY_INLINE V Div(V a, V b) {
  return lane_by_lane(a, b, b, [](float x, float y, float) { return x / y; });
}
template <class V>
HWY_INLINE V Sqrt(V a) {
  return lane_by_lane(a, a, a, [](float x, float, float) { return std::sqrt(x); });
}
#endif

}  // namespace HWY_NAMESPACE::hn
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif
// from pplcnet/kernels/lanes-inl.hpp
// Vectors. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Lanes of the widest vector that a panel of 16 channels can use; 8 of them for odd half panels.
using Lanes16 = hn::CappedTag<float, kPanel>;
using Lanes8 = hn::CappedTag<float, kPanel / 2>;
inline constexpr int kLanes = static_cast<int>(hn::MaxLanes(Lanes16()));

/// Returns where the channels of [begin, end) end that Lanes16 compute; the rest, half a panel at
/// most, is for Lanes8, where these are others.
constexpr int whole_panels(int begin, int end) {
  return kLanes > kHalfPanel ? begin + (end - begin) / kPanel * kPanel : end;
}

/// Returns weights as float32, whatever they are stored as.
template <class D>
HWY_INLINE hn::Vec<D> load_weights(D d, const float* weights) {
  return hn::Load(d, weights);
}
#if HWY_TARGET == HWY_SCALAR
template <class D>  // many instructions, for each of which no vector would help
HWY_NOINLINE hn::Vec<D> load_weights(D d, const hwy::float16_t* weights) {
#else
template <class D>
HWY_INLINE hn::Vec<D> load_weights(D d, const hwy::float16_t* weights) {
#endif
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<hwy::float16_t, D>(), weights));
}

/// g++ would rather read the same value from memory for every use than keep it in a register, and
/// then waits for the load ports.
template <class V>
HWY_INLINE V in_register(V vector) {
#if HWY_COMPILER_GCC_ACTUAL && HWY_ARCH_X86
  __asm__("" : "+v"(vector.raw));
#endif
  return vector;
}

/// Asks for the cache line at `place`, for the cache of the first level (3) or the second (2).
template <int kLocality>
HWY_INLINE void prefetch([[maybe_unused]] const void* place) {
#if defined(__GNUC__) || defined(__clang__)
  __builtin_prefetch(place, 0, kLocality);
#elif HWY_ARCH_X86
  _mm_prefetch(static_cast<const char*>(place), kLocality == 3 ? _MM_HINT_T0 : _MM_HINT_T1);
#endif
}

/// g++ would compute the addresses of all stores before the first one, and then spill them: a pitch
/// that it cannot see through makes it compute a few at a time.
HWY_INLINE std::size_t opaque(std::size_t pitch) {
#if HWY_COMPILER_GCC_ACTUAL
  __asm__("" : "+r"(pitch));
#endif
  return pitch;
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// The file below uses those above.
// from pplcnet/kernels/activation-inl.hpp
// Activations. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// clamp(x, low, high): relu, relu6, and, with infinite bounds, nothing.
struct Clamp {
  float low, high;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Min(hn::Max(x, hn::Set(d, low)), hn::Set(d, high));
  }
};

/// clamp(x * slope + offset, 0, 1).
struct Hardsigmoid {
  float slope = 1.0f / 6.0f, offset = 0.5f;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return Clamp{0.0f, 1.0f}(d, hn::MulAdd(x, hn::Set(d, slope), hn::Set(d, offset)));
  }
};

struct Hardswish {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Mul(x, Hardsigmoid()(d, x));
  }
};

/// Returns (first * x + next) * x + …, one coefficient after the other.
template <class D, class V = hn::Vec<D>, class... Coefficients>
HWY_INLINE V polynomial(D d, V x, float first, Coefficients... next) {
  V sum = hn::Set(d, first);
  ((sum = hn::MulAdd(sum, x, hn::Set(d, next))), ...);
  return sum;
}

/// Returns exp(x) for x in [-87, 0]: 2^n times a polynomial.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_of_negative(D d, V x) {
  constexpr float kLog2High = 0.693359375f, kLog2Low = -2.12194440e-4f;  // their sum is log(2)
  const auto n = hn::NearestInt(hn::Mul(x, hn::Set(d, 1.44269504f)));
  const V whole = hn::ConvertTo(d, n);
  V r = hn::NegMulAdd(whole, hn::Set(d, kLog2High), x);
  r = hn::NegMulAdd(whole, hn::Set(d, kLog2Low), r);
  const V sum =
      polynomial(d, r, 1.0f / 5040, 1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f);
  const hn::RebindToSigned<D> integers;
  constexpr int kMantissa = 23, kExponentBias = 127;
  const auto power = hn::ShiftLeft<kMantissa>(hn::Add(n, hn::Set(integers, kExponentBias)));
  return hn::Mul(sum, hn::BitCast(d, power));
}

struct Sigmoid {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    const V one = hn::Set(d, 1.0f);
    const V e = exp_of_negative(d, hn::Max(hn::Neg(hn::Abs(x)), hn::Set(d, -87.0f)));
    const V numerator = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one);
    return hn::Div(numerator, hn::Add(one, e));
  }
};

/// x * P(x) = max(x, 0) - |x| * P(-|x|), where P is the normal distribution function: its tail is
/// the exponential of a polynomial (within 1e-8 of x * P(x); beyond 6 the tail is below 1e-9).
struct Gelu {
  /// Returns P(-size); size >= 0.
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V tail(D d, V size) {
    const V t = hn::Min(size, hn::Set(d, 6.0f));
    const V sum = polynomial(d, t, 1.40014411e-9f, -5.43687602e-8f, 9.34702337e-7f, -9.27709976e-6f,
                             5.69027313e-5f, -1.94814193e-4f, -1.6009156e-5f, 4.85146856e-3f,
                             -3.63833008e-2f, -3.18293748e-1f, -7.97886648e-1f, -6.93147136e-1f);
    return exp_of_negative(d, hn::Min(sum, hn::Zero(d)));
  }

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    const V size = hn::Abs(x);
    return hn::NegMulAdd(size, tail(d, size), hn::Max(x, hn::Zero(d)));
  }
};

/// Returns any activation of a vector; without kExponentials, none that needs one.
template <bool kExponentials, class D, class V = hn::Vec<D>>
HWY_INLINE V activated(D d, V x, const Activation& activation) {
  using Kind = Activation::Kind;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  switch (activation.kind) {
    case Kind::none:
    case Kind::prelu:  // see prelu-inl.hpp
      break;
    case Kind::relu:
      return Clamp{0.0f, kInfinity}(d, x);
    case Kind::relu6:
      return Clamp{0.0f, 6.0f}(d, x);
    case Kind::hardswish:
      return Hardswish()(d, x);
    case Kind::hardsigmoid:
      return Hardsigmoid{activation.slope, activation.offset}(d, x);
    case Kind::sigmoid:
      if constexpr (kExponentials) return Sigmoid()(d, x);
      break;
    case Kind::silu:
      if constexpr (kExponentials) return hn::Mul(x, Sigmoid()(d, x));
      break;
    case Kind::gelu:
      if constexpr (kExponentials) return Gelu()(d, x);
      break;
    case Kind::linear:
      return hn::MulAdd(x, hn::Set(d, activation.slope), hn::Set(d, activation.offset));
    case Kind::root:
      return hn::Sqrt(hn::Max(hn::Add(x, hn::Set(d, activation.offset)), hn::Zero(d)));
  }
  return x;
}

/// Activates values in registers.
template <class D, class Activate, int... kValue>
HWY_INLINE void activate_all(const Activate& activate, hn::Vec<D>* values,
                             std::integer_sequence<int, kValue...>) {
  ((values[kValue] = activate(D(), values[kValue])), ...);
}

/// Finishes a register tile: activates it and, unless it says otherwise, stores it. The choice is
/// made once per tile, not per vector, and between few: what is compiled is a copy of the tile's
/// end for each.
template <TileEnds kEnds = TileEnds(), class Tile>
HWY_INLINE void finish(Tile&& tile, Activation::Kind activation) {
  using Kind = Activation::Kind;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if constexpr (!kEnds.clamp) return tile.finish(Hardswish());
  if constexpr (kEnds.hardswish)
    if (activation == Kind::hardswish) return tile.finish(Hardswish());
  const bool relu = activation == Kind::relu || activation == Kind::relu6;
  tile.finish(Clamp{relu ? 0.0f : -kInfinity, activation == Kind::relu6 ? 6.0f : kInfinity});
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif
// from pplcnet/kernels/training/vectors-inl.hpp
// Vectors of channels, and sums over rows. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

using namespace pplcnet::training;  // NOLINT(google-build-using-namespace): of all instruction sets

/// Calls `body(d, channel)` for all vectors of so many channels, a multiple of 8.
template <class Body>
HWY_INLINE void for_vectors(int channels, const Body& body) {
  int channel = 0;
  for (; channel + kLanes <= channels; channel += kLanes) body(Lanes16(), channel);
  if constexpr (kLanes > kTrainingPanel)
    if (channel < channels) body(Lanes8(), channel);
}

/// Stores a vector, or adds it to what is there.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void store_or_add(D d, V vector, bool adds, float* to) {
  hn::StoreU(adds ? hn::Add(hn::LoadU(d, to), vector) : vector, d, to);
}

inline void clear(float* to, std::int64_t count) { std::fill_n(to, count, 0.0F); }

/// Two sums that are made at once.
template <class V>
struct TwoSums {
  V first, second;

  HWY_INLINE TwoSums operator+(const TwoSums& other) const {
    return {hn::Add(first, other.first), hn::Add(second, other.second)};
  }
};

/// Returns the sums over rows of what `add(row, sums)` adds for each, in four chains, so that one
/// need not wait for the other.
template <class D, class Add>
HWY_INLINE TwoSums<hn::Vec<D>> sum_rows(D d, std::int64_t rows, const Add& add) {
  const TwoSums<hn::Vec<D>> zero = {hn::Zero(d), hn::Zero(d)};
  TwoSums<hn::Vec<D>> a = zero, b = zero, c = zero, e = zero;
  std::int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    add(row, a);
    add(row + 1, b);
    add(row + 2, c);
    add(row + 3, e);
  }
  if (row < rows) add(row, a);
  if (row + 1 < rows) add(row + 1, b);
  if (row + 2 < rows) add(row + 2, c);
  return (a + b) + (c + e);
}

/// Returns the sum of a vector of so many shares, each of which consists of `parts` ones.
template <int kShares, class D>
HWY_INLINE hn::Vec<D> sum_shares(D d, const float* sums, int parts, std::int64_t pitch) {
  if constexpr (kShares > 1) {
    const auto half = sum_shares<kShares / 2>(d, sums, parts, pitch);
    return hn::Add(half,
                   sum_shares<kShares / 2>(d, sums + kShares / 2 * parts * pitch, parts, pitch));
  } else {
    auto sum = hn::LoadU(d, sums);
    for (int part = 1; part < parts; ++part) sum = hn::Add(sum, hn::LoadU(d, sums + part * pitch));
    return sum;
  }
}

/// Sums `count` numbers of so many shares.
inline HWY_NOINLINE void add_shares(const float* sums, int shares, int parts, std::int64_t pitch,
                                    std::int64_t count, float* to) {
  const auto add = [&]<int kShares>(std::integral_constant<int, kShares>) HWY_ATTR {
    for_vectors(static_cast<int>(count), [&](auto d, int i) HWY_ATTR {
      hn::StoreU(sum_shares<kShares>(d, sums + i, parts, pitch), d, to + i);
    });
  };
  switch (shares) {
    case 16:
      return add(std::integral_constant<int, 16>());
    case 8:
      return add(std::integral_constant<int, 8>());
    case 4:
      return add(std::integral_constant<int, 4>());
    case 2:
      return add(std::integral_constant<int, 2>());
    default:
      return add(std::integral_constant<int, 1>());
  }
}

/// Adds the own parts' sums, of `count` numbers each, and those of the other processes. A single
/// one may be where the sum is asked for.
inline void add_parts(const TrainingRun& run, const OwnParts& parts, const float* sums,
                      std::int64_t count, float* to) {
  const auto add = [&](const float* from, int shares, int of_share, float* sum) {
    if (from == sum) return;
    share(run, shares * of_share * count, count / kTrainingPanel,
          [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
            const std::int64_t first = begin * kTrainingPanel;
            add_shares(from + first, shares, of_share, count, (end - begin) * kTrainingPanel,
                       sum + first);
          });
  };
  TrainingExchange* const exchange = parts.exchange;
  if (exchange == nullptr) return add(sums, parts.all.shares, parts.all.per_share(), to);
  const int ranks = exchange->ranks();
  float* const of_ranks = exchange->memory(size(ranks * count));
  if (of_ranks == nullptr) return;
  add(sums, parts.all.shares / ranks, parts.all.per_share(), of_ranks + exchange->rank() * count);
  exchange->gather(of_ranks, ranks, size(count));
  add(of_ranks, ranks, 1, to);
}

/// Sums a matrix over its rows, a bias's gradient; `scratch` has a row for each part.
inline HWY_NOINLINE void sum_columns(const TrainingRun& run, const Matrix<const float>& matrix,
                                     float* scratch, float* to) {
  const int pitch = matrix.pitch;
  const OwnParts parts(run, channel_parts(images_of_all(run), matrix.rows / run.images, pitch));
  for_parts(run, parts, matrix.rows * pitch, [&](int, int part, const TrainingRows& rows) HWY_ATTR {
    float* const sums = scratch + std::int64_t{part} * pitch;
    clear(sums, pitch);
    for (std::int64_t begin = rows.begin; begin < rows.end; begin += parts.all.chunk) {
      const std::int64_t count = std::min<std::int64_t>(parts.all.chunk, rows.end - begin);
      for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
        const float* const column = matrix[begin] + channel;
        const auto sum = sum_rows(d, count, [&](std::int64_t row, auto& both) HWY_ATTR {
          both.first = hn::Add(both.first, hn::LoadU(d, column + row * pitch));
        });
        store_or_add(d, sum.first, true, sums + channel);
      });
    }
  });
  add_parts(run, parts, scratch, pitch, to);
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// The file above is used by those below.
// from pplcnet/kernels/training/activations-inl.hpp
// Activations and their slopes. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Returns `inside` where low < x < high, `below` where x <= low, else `above`.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V between(D d, V x, float low, float high, V below, V inside, V above) {
  return hn::IfThenElse(hn::Lt(hn::Set(d, low), x),
                        hn::IfThenElse(hn::Lt(x, hn::Set(d, high)), inside, above), below);
}

struct NoActivation {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V value(D, V x) const {
    return x;
  }
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V gradient(D, V, V dy) const {
    return dy;
  }
};

struct Relu {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V value(D d, V x) const {
    return hn::Max(x, hn::Zero(d));
  }
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V gradient(D d, V x, V dy) const {
    return hn::IfThenElse(hn::Lt(hn::Zero(d), x), dy, hn::Zero(d));
  }
};

struct TrainedHardswish {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V value(D d, V x) const {
    return Hardswish()(d, x);
  }
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V gradient(D d, V x, V dy) const {
    const V slope = hn::MulAdd(x, hn::Set(d, 1.0F / 3), hn::Set(d, 0.5F));
    return between(d, x, -3, 3, hn::Zero(d), hn::Mul(dy, slope), dy);
  }
};

/// Returns the slope of x · Φ(x), where Φ is the normal distribution function: Φ(x) + x φ(x).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V gelu_slope(D d, V x) {
  const V square = hn::Mul(x, x);
  const V density =
      hn::Mul(exp_of_negative(d, hn::Max(hn::Mul(square, hn::Set(d, -0.5F)), hn::Set(d, -87.0F))),
              hn::Set(d, 0.39894228F));  // 1 / √(2π)
  const V tail = Gelu::tail(d, hn::Abs(x));
  const V distribution =
      hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(hn::Set(d, 1.0F), tail));
  return hn::MulAdd(x, density, distribution);
}

struct AnyActivation {
  const Activation& activation;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V value(D d, V x) const {
    return activated<true>(d, x, activation);
  }

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V gradient(D d, V x, V dy) const {
    using Kind = Activation::Kind;
    const V zero = hn::Zero(d), one = hn::Set(d, 1.0F);
    switch (activation.kind) {
      case Kind::none:
      case Kind::prelu:  // is not trained
        break;
      case Kind::relu:
        return Relu().gradient(d, x, dy);
      case Kind::relu6:
        return between(d, x, 0, 6, zero, dy, zero);
      case Kind::hardswish:
        return TrainedHardswish().gradient(d, x, dy);
      case Kind::hardsigmoid: {
        const V slope = hn::Set(d, activation.slope);
        const V y = hn::MulAdd(x, slope, hn::Set(d, activation.offset));
        return between(d, y, 0, 1, zero, hn::Mul(dy, slope), zero);
      }
      case Kind::sigmoid: {
        const V y = Sigmoid()(d, x);
        return hn::Mul(dy, hn::Mul(y, hn::Sub(one, y)));
      }
      case Kind::silu: {
        const V y = Sigmoid()(d, x);
        return hn::Mul(dy, hn::Mul(y, hn::MulAdd(x, hn::Sub(one, y), one)));
      }
      case Kind::gelu:
        return hn::Mul(dy, gelu_slope(d, x));
      case Kind::linear:
        return hn::Mul(dy, hn::Set(d, activation.slope));
      case Kind::root: {
        const V y = hn::Add(x, hn::Set(d, activation.offset));
        const V slope = hn::Div(hn::Set(d, 0.5F), hn::Sqrt(y));
        return hn::IfThenElse(hn::Lt(zero, y), hn::Mul(dy, slope), zero);
      }
    }
    return dy;
  }
};

/// Calls `body` with an activation, whose kind is chosen once.
template <class Body>
HWY_INLINE void with_activation(const Activation& activation, const Body& body) {
  using Kind = Activation::Kind;
  switch (activation.kind) {
    case Kind::none:
      return body(NoActivation());
    case Kind::relu:
      return body(Relu());
    case Kind::hardswish:
      return body(TrainedHardswish());
    default:
      return body(AnyActivation{activation});
  }
}

/// Returns whether an activation may make something of the zeros that pad channels.
inline bool moves_zero(const Activation& activation) {
  using Kind = Activation::Kind;
  return activation.kind == Kind::hardsigmoid || activation.kind == Kind::sigmoid ||
         activation.kind == Kind::linear || activation.kind == Kind::root;
}

/// Sets what pads the channels of rows to zero.
inline void clear_padding(float* rows, std::int64_t count, int pitch, int channels) {
  if (channels < pitch)
    for (std::int64_t row = 0; row < count; ++row)
      clear(rows + row * pitch + channels, pitch - channels);
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/matrix-inl.hpp
// The product of two matrices. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Vectors of a tile's columns, and its rows: as many as registers hold, and enough to hide the
/// latency of a multiply-add.
inline constexpr int kTileVectors = 2;
inline constexpr int kGroupColumns = std::max(kTileVectors * kLanes, kTrainingPanel);
inline constexpr bool kManyRegisters = HWY_ARCH_ARM_A64 || kLanes == 16;
static_assert(kGroupColumns <= kProductColumns);

/// How a factor's numbers lie: those of a row beside each other, or those of a column.
enum class Order { rows, columns };

/// C(m, n) = Σ A(m, k) B(k, n), in the order of k, whatever the tiles. B's columns are in groups:
/// those of one are all rows of it, one after the other.
struct MatrixProduct {
  const float* a;
  std::int64_t a_pitch;  ///< from row to row, or from column to column
  const float* b;        ///< of the first group
  const float* bias;     ///< that sums begin with; null: zeros
  float* c;
  std::int64_t c_pitch;
  std::int64_t depth;
  bool adds = false;  ///< to what is there
};

/// Calls `body(columns)` for the groups of so many columns, a multiple of 8, where `columns` has
/// their vectors' type, how many there are, and the first one's number.
template <class D, int kCount>
struct ColumnGroup {
  using Vectors = D;
  static constexpr int kVectors = kCount;
  static constexpr int kColumns = kCount * static_cast<int>(hn::MaxLanes(D()));
  int column;
};
template <class Body>
HWY_INLINE void for_groups(int columns, const Body& body) {
  int column = 0;
  for (; column + kGroupColumns <= columns; column += kGroupColumns)
    body(ColumnGroup<Lanes16, kGroupColumns / kLanes>{column});
  if constexpr (kGroupColumns > 2 * kTrainingPanel)
    for (; column + kLanes <= columns; column += kLanes) body(ColumnGroup<Lanes16, 1>{column});
  if constexpr (kGroupColumns > kTrainingPanel)
    if (column < columns)
      body(ColumnGroup<Lanes8, kTrainingPanel / static_cast<int>(hn::MaxLanes(Lanes8()))>{column});
}

/// The sums of a few rows and a group's columns.
template <Order kOrder, class Group, int kRows>
class MatrixTile {
  using D = typename Group::Vectors;
  using V = hn::Vec<D>;
  static constexpr int kVectors = Group::kVectors;
  static constexpr int kStep = static_cast<int>(hn::MaxLanes(D()));
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  HWY_INLINE MatrixTile(const MatrixProduct& product, const Group& group, const float* a,
                        float* c) {
    start(product.bias == nullptr ? nullptr : product.bias + group.column,
          Indices<kRows * kVectors>());
    set_rows(a, product.a_pitch, Indices<kRows>());
    const float* b = product.b + group.column * product.depth;
    for (std::int64_t k = 0; k < product.depth; ++k, b += Group::kColumns)
      add(k, product.a_pitch, b, Indices<kVectors>());
    if (product.adds)
      store<true>(c + group.column, opaque(size(product.c_pitch)), Indices<kRows>());
    else
      store<false>(c + group.column, opaque(size(product.c_pitch)), Indices<kRows>());
  }

 private:
  template <int... kIndex>
  HWY_INLINE void start(const float* bias, std::integer_sequence<int, kIndex...>) {
    const D d;
    if (bias == nullptr)
      ((sums_[kIndex] = kIndex < 0 ? V() : hn::Zero(d)), ...);
    else
      ((sums_[kIndex] = hn::LoadU(d, bias + kIndex % kVectors * kStep)), ...);
  }

  template <int... kRow>
  HWY_INLINE void set_rows(const float* a, std::int64_t pitch,
                           std::integer_sequence<int, kRow...>) {
    ((rows_[kRow] = kOrder == Order::rows ? a + kRow * pitch : a + kRow), ...);
  }

  template <int... kVector>
  HWY_INLINE void add(std::int64_t k, std::int64_t pitch, const float* b,
                      std::integer_sequence<int, kVector...>) {
    const V row[kVectors] = {hn::LoadU(D(), b + kVector * kStep)...};
    add_rows(kOrder == Order::rows ? k : k * pitch, row, Indices<kRows>());
  }

  template <int... kRow>
  HWY_INLINE void add_rows(std::int64_t offset, const V* row, std::integer_sequence<int, kRow...>) {
    (add_row<kRow>(in_register(hn::Set(D(), rows_[kRow][offset])), row, Indices<kVectors>()), ...);
  }

  template <int kRow, int... kVector>
  HWY_INLINE void add_row(V factor, const V* row, std::integer_sequence<int, kVector...>) {
    ((sums_[kRow * kVectors + kVector] =
          hn::MulAdd(factor, row[kVector], sums_[kRow * kVectors + kVector])),
     ...);
  }

  template <bool kAdds, int... kRow>
  HWY_INLINE void store(float* c, std::size_t pitch, std::integer_sequence<int, kRow...>) const {
    (store_row<kAdds, kRow>(c + kRow * pitch, Indices<kVectors>()), ...);
  }

  template <bool kAdds, int kRow, int... kVector>
  HWY_INLINE void store_row(float* c, std::integer_sequence<int, kVector...>) const {
    const D d;
    (store_or_add(d, sums_[kRow * kVectors + kVector], kAdds, c + kVector * kStep), ...);
  }

  V sums_[kRows * kVectors];
  const float* rows_[kRows];
};

/// Computes `rows` rows of a group's columns.
template <Order kOrder, class Group>
HWY_NOINLINE void multiply_group(const MatrixProduct& product, const Group& group,
                                 std::int64_t rows) {
  constexpr int kMost = kManyRegisters || Group::kVectors == 1 ? 8 : 4;
  std::int64_t row = 0;
  const auto tiles = [&]<int kRows>(std::integral_constant<int, kRows>) HWY_ATTR {
    for (; row + kRows <= rows; row += kRows)
      MatrixTile<kOrder, Group, kRows>(
          product, group, product.a + row * (kOrder == Order::rows ? product.a_pitch : 1),
          product.c + row * product.c_pitch);
  };
  tiles(std::integral_constant<int, kMost>());
  if constexpr (kMost > 4) tiles(std::integral_constant<int, 4>());
  tiles(std::integral_constant<int, 2>());
  tiles(std::integral_constant<int, 1>());
}

/// Computes `rows` rows of so many columns, a block of rows at a time, which stays in cache.
template <Order kOrder>
HWY_NOINLINE void multiply(MatrixProduct product, std::int64_t rows, int columns) {
  constexpr std::int64_t kBlock = 64;
  const std::int64_t a_step = kOrder == Order::rows ? product.a_pitch : 1;
  for (; rows > 0; rows -= kBlock) {
    for_groups(columns, [&](auto group) HWY_ATTR {
      multiply_group<kOrder>(product, group, std::min(rows, kBlock));
    });
    product.a += kBlock * a_step;
    product.c += kBlock * product.c_pitch;
  }
}

/// Copies a matrix into the form of a product's second factor.
inline HWY_NOINLINE void pack(const float* from, std::int64_t pitch, std::int64_t depth,
                              int columns, float* to) {
  for_groups(columns, [&](auto group) HWY_ATTR {
    float* column = to + group.column * depth;
    for (std::int64_t k = 0; k < depth; ++k, column += group.kColumns)
      std::copy_n(from + k * pitch + group.column, group.kColumns, column);
  });
}

/// Copies weights, transposed, into the form of a product's second factor: its columns are the taps
/// of the input's padded channels, its depth the outputs.
inline HWY_NOINLINE void pack_transposed(const float* from, const TrainingTensor& weight,
                                         int input_pitch, float* to) {
  const std::int64_t pitch = weight.pitch(), depth = weight.outputs;
  for_groups(weight.taps() * input_pitch, [&](auto group) HWY_ATTR {
    for (int i = 0; i < group.kColumns; ++i) {
      const int tap = (group.column + i) / input_pitch, input = (group.column + i) % input_pitch;
      const float* const row = from + (std::int64_t{tap} * weight.inputs + input) * pitch;
      float* const column = to + group.column * depth + i;
      for (std::int64_t k = 0; k < depth; ++k)
        column[k * group.kColumns] = input < weight.inputs ? row[k] : 0;
    }
  });
}

/// Adds the rows' part of the weights' gradients, inputsᵀ × gradients, for up to kProductChunk rows
/// of both: `to` is [inputs][outputs], `packed` scratch.
inline HWY_NOINLINE void add_weight_gradients(const float* inputs, std::int64_t input_pitch,
                                              int depth, const float* gradients, int pitch,
                                              std::int64_t rows, bool adds, float* packed,
                                              float* to) {
  for_groups(pitch, [&](auto group) HWY_ATTR {
    const float* b = gradients;
    if (group.kColumns != pitch) {
      for (std::int64_t row = 0; row < rows; ++row)
        std::copy_n(gradients + row * pitch + group.column, group.kColumns,
                    packed + row * group.kColumns);
      b = packed;
    }
    using Group = decltype(group);
    const MatrixProduct product = {.a = inputs,
                                   .a_pitch = input_pitch,
                                   .b = b,
                                   .bias = nullptr,
                                   .c = to + group.column,
                                   .c_pitch = pitch,
                                   .depth = rows,
                                   .adds = adds};
    multiply_group<Order::columns>(product, Group{0}, depth);
  });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// These, too.
// from pplcnet/kernels/training/depthwise-inl.hpp
// Depthwise convolutions: outputs, and gradients of inputs, which are sums over taps, too. Compiled
// once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// What a tap adds to a row of sums: to those of [begin, end), from row[first + i * step].
struct Tap {
  const float* row;
  std::int64_t first;
  const float* weights;
  int begin, end;
};

/// The taps of a row of sums: of those that are on the map no more than kMost at a time.
class TapRow {
 public:
  static constexpr int kMost = 64;

  explicit TapRow(std::int64_t step) : step_(step) {}

  void add(const Tap& tap) {
    if (tap.begin < tap.end) taps_[count_++] = tap;
  }
  bool full() const { return count_ == kMost; }

  /// Computes sums [0, count) of all channels, one every to_step floats.
  HWY_NOINLINE void compute(int count, int channels, const float* bias, bool adds, float* to,
                            std::int64_t to_step) {
    int begin = 0, end = count;
    for (int i = 0; i < count_; ++i) {
      begin = std::max(begin, taps_[i].begin);
      end = std::min(end, taps_[i].end);
    }
    if (begin >= end) begin = end = count;
    for (int i = 0; i < begin; ++i) edge(i, channels, bias, adds, to + i * to_step);
    for_vectors(channels, [&](auto d, int channel) HWY_ATTR {
      int i = begin;
      for (; i + kMany <= end; i += kMany) inner<kMany>(d, i, channel, bias, adds, to, to_step);
      for (; i + 4 <= end; i += 4) inner<4>(d, i, channel, bias, adds, to, to_step);
      for (; i < end; ++i) inner<1>(d, i, channel, bias, adds, to, to_step);
    });
    for (int i = end; i < count; ++i) edge(i, channels, bias, adds, to + i * to_step);
    count_ = 0;
  }

 private:
  static constexpr int kMany = 8;

  /// Computes sums that all taps add to.
  template <int kSums, class D>
  HWY_INLINE void inner(D d, int i, int channel, const float* bias, bool adds, float* to,
                        std::int64_t to_step) const {
    inner_sums(d, i, channel, bias, adds, to + i * to_step + channel, to_step,
               std::make_integer_sequence<int, kSums>());
  }
  template <class D, int... kSum>
  HWY_INLINE void inner_sums(D d, int i, int channel, const float* bias, bool adds, float* to,
                             std::int64_t to_step, std::integer_sequence<int, kSum...>) const {
    const auto start = bias == nullptr ? hn::Zero(d) : hn::LoadU(d, bias + channel);
    hn::Vec<D> sums[] = {(kSum < 0 ? hn::Zero(d) : start)...};
    if (adds) ((sums[kSum] = hn::LoadU(d, to + kSum * to_step)), ...);
    for (int t = 0; t < count_; ++t) {
      const Tap& tap = taps_[t];
      const float* const from = tap.row + (tap.first + i * step_ + channel);
      const auto weights = hn::LoadU(d, tap.weights + channel);
      ((sums[kSum] = hn::MulAdd(hn::LoadU(d, from + kSum * step_), weights, sums[kSum])), ...);
    }
    (hn::StoreU(sums[kSum], d, to + kSum * to_step), ...);
  }

  /// Computes a sum that some taps do not add to, four vectors at a time.
  HWY_INLINE void edge(int i, int channels, const float* bias, bool adds, float* to) const {
    int channel = 0;
    for (; channel + 4 * kLanes <= channels; channel += 4 * kLanes)
      edge_vectors(Lanes16(), i, channel, bias, adds, to, std::make_integer_sequence<int, 4>());
    for_vectors(channels - channel, [&](auto d, int rest) HWY_ATTR {
      edge_vectors(d, i, channel + rest, bias, adds, to, std::integer_sequence<int, 0>());
    });
  }
  template <class D, int... kVector>
  HWY_INLINE void edge_vectors(D d, int i, int channel, const float* bias, bool adds, float* to,
                               std::integer_sequence<int, kVector...>) const {
    constexpr int kStep = static_cast<int>(hn::MaxLanes(D()));
    to += channel;
    hn::Vec<D> sums[] = {(kVector < 0 ? hn::Vec<D>() : hn::Zero(d))...};
    if (bias != nullptr) ((sums[kVector] = hn::LoadU(d, bias + channel + kVector * kStep)), ...);
    if (adds) ((sums[kVector] = hn::LoadU(d, to + kVector * kStep)), ...);
    for (int t = 0; t < count_; ++t) {
      const Tap& tap = taps_[t];
      if (i < tap.begin || i >= tap.end) continue;
      const float* const from = tap.row + (tap.first + i * step_ + channel);
      ((sums[kVector] =
            hn::MulAdd(hn::LoadU(d, from + kVector * kStep),
                       hn::LoadU(d, tap.weights + channel + kVector * kStep), sums[kVector])),
       ...);
    }
    (hn::StoreU(sums[kVector], d, to + kVector * kStep), ...);
  }

  std::int64_t step_;
  int count_ = 0;
  Tap taps_[kMost];
};

inline void depthwise_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto rows = TapAxis::rows(step.window, input, output);
  const auto columns = TapAxis::columns(step.window, input, output);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const int pitch = outputs.pitch;
  const float* const weights = values.parameters(step.weight);
  share(run, outputs.rows * pitch * rows.kernel * columns.kernel,
        std::int64_t{run.images} * output.height,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          TapRow taps(std::int64_t{columns.stride} * pitch);
          for (std::int64_t row = begin; row < end; ++row) {
            const std::int64_t image = row / output.height;
            const auto i = static_cast<int>(row % output.height);
            const float* bias = values.parameters(step.bias);
            bool adds = false;
            const auto compute = [&]() HWY_ATTR {
              taps.compute(output.width, pitch, bias, adds, outputs[row * output.width], pitch);
              adds = true;
            };
            for (int a = 0; a < rows.kernel; ++a) {
              const int y = rows.input(i, a);
              if (!rows.has_input(y)) continue;
              for (int b = 0; b < columns.kernel; ++b) {
                const auto range = columns.outputs_of(b);
                taps.add({inputs[(image * input.height + y) * input.width],
                          std::int64_t{columns.input(0, b)} * pitch,
                          weights + (a * columns.kernel + b) * pitch, range.begin, range.end});
                if (taps.full()) compute();
              }
            }
            compute();
          }
        });
}

/// Computes a row of gradients of the input: those columns first, whose taps are the same, of every
/// stride of them.
HWY_INLINE void depthwise_input_row(const Matrix<const float>& gradients, const TapAxis& rows,
                                    const TapAxis& columns, const float* weights,
                                    std::int64_t image, int y, bool adds_input, float* to) {
  const std::int64_t pitch = gradients.pitch;
  TapRow taps(pitch);
  for (int phase = 0; phase < std::min(columns.stride, columns.inputs); ++phase) {
    const int count = (columns.inputs - phase + columns.stride - 1) / columns.stride;
    bool adds = adds_input;
    const auto compute = [&]() HWY_ATTR {
      taps.compute(count, gradients.pitch, nullptr, adds, to + phase * pitch,
                   columns.stride * pitch);
      adds = true;
    };
    for (int a = 0; a < rows.kernel; ++a) {
      const int row = y + rows.before - a * rows.dilation, i = row / rows.stride;
      if (row < 0 || row % rows.stride != 0 || i >= rows.outputs) continue;
      for (int b = 0; b < columns.kernel; ++b) {
        const int column = phase + columns.before - b * columns.dilation;
        if (column % columns.stride != 0) continue;
        const int first = column / columns.stride;
        taps.add({gradients[(image * rows.outputs + i) * columns.outputs], first * pitch,
                  weights + (a * columns.kernel + b) * pitch, std::max(0, -first),
                  std::min(count, columns.outputs - first)});
        if (taps.full()) compute();
      }
    }
    compute();
  }
}

inline void depthwise_input_gradients(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto rows = TapAxis::rows(step.window, input, output);
  const auto columns = TapAxis::columns(step.window, input, output);
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  share(run, gradients.rows * gradients.pitch * rows.kernel * columns.kernel,
        std::int64_t{run.images} * input.height,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          for (std::int64_t row = begin; row < end; ++row)
            depthwise_input_row(gradients, rows, columns, values.parameters(step.weight),
                                row / input.height, static_cast<int>(row % input.height),
                                step.adds_input, input_gradients[row * input.width]);
        });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/elementwise-inl.hpp
// Steps whose outputs are each computed from one value, or from two. Compiled once per instruction
// set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Splits rows of `pitch` channels and calls `body(d, row, channel)` for all vectors of them.
template <class Body>
HWY_INLINE void for_rows(const TrainingRun& run, std::int64_t rows, int pitch, const Body& body) {
  share(run, rows * pitch, rows, [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
    for (std::int64_t row = begin; row < end; ++row)
      for_vectors(pitch, [&](auto d, int channel) HWY_ATTR { body(d, row, channel); });
  });
}

inline void activate_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
    for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
      const auto x = hn::LoadU(d, inputs[row] + channel);
      hn::StoreU(activation.value(d, x), d, outputs[row] + channel);
    });
  });
  if (moves_zero(step.activation))
    clear_padding(outputs.values, outputs.rows, outputs.pitch, values.output().shape.channels);
}

inline void activate_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
    for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
      const auto x = hn::LoadU(d, inputs[row] + channel);
      const auto dy = hn::LoadU(d, gradients[row] + channel);
      store_or_add(d, activation.gradient(d, x, dy), step.adds_input,
                   input_gradients[row] + channel);
    });
  });
}

inline void add_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto seconds = values.seconds();
  const auto outputs = values.outputs();
  for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
    const auto x = hn::LoadU(d, inputs[row] + channel);
    hn::StoreU(hn::Add(x, hn::LoadU(d, seconds[row] + channel)), d, outputs[row] + channel);
  });
}

/// Writes gradients, or adds them to what is there.
inline void pass_gradients(const TrainingRun& run, const Matrix<const float>& from, bool adds,
                           const Matrix<float>& to) {
  for_rows(run, from.rows, from.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
    store_or_add(d, hn::LoadU(d, from[row] + channel), adds, to[row] + channel);
  });
}

inline void add_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  if (step.input_gradients)
    pass_gradients(run, gradients, step.adds_input, values.input_gradients());
  if (step.second_gradients)
    pass_gradients(run, gradients, step.adds_second, values.second_gradients());
}

/// What happens to a value when it is dropped out: each is kept or not, by its place in the
/// batch of all processes.
class Dropout {
 public:
  Dropout(const TrainingRun& run, const TrainingStep& step)
      : seed_(split_mix(run.dropout_seed + split_mix(static_cast<std::uint64_t>(step.output)))),
        kept_((std::uint64_t{1} << 32) / 100 * static_cast<std::uint64_t>(step.keep_percent)),
        factor_(static_cast<float>(step.keep_percent) / 100),
        drops_(run.drops) {}

  /// Returns what the value at a place, of those that are not padding, is multiplied by.
  float operator()(std::int64_t place) const {
    if (!drops_) return factor_;
    return split_mix(seed_ + static_cast<std::uint64_t>(place)) >> 32 < kept_ ? 1.0F : 0.0F;
  }

 private:
  std::uint64_t seed_, kept_;
  float factor_;
  bool drops_;
};

/// Passes values, or their gradients, as far as they are kept.
inline void drop(const TrainingRun& run, const TrainingStep& step, const Matrix<const float>& from,
                 int channels, bool adds, const Matrix<float>& to) {
  const Dropout dropout(run, step);
  const std::int64_t first = first_image(run) * (from.rows / run.images);
  share(run, from.rows * from.pitch, from.rows, [&](int, std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      if (!adds) clear(to[row], to.pitch);
      for (int channel = 0; channel < channels; ++channel) {
        const float kept =
            rounded(from[row][channel] * dropout((first + row) * channels + channel));
        to[row][channel] += kept;
      }
    }
  });
}

inline void dropout_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  drop(run, step, values.inputs(), values.output().shape.channels, false, values.outputs());
}

inline void dropout_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  if (step.input_gradients)
    drop(run, step, values.output_gradients(), values.output().shape.channels, step.adds_input,
         values.input_gradients());
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/picture-inl.hpp
// Pictures, and channels that become those of another map. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

inline void picture_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto outputs = values.outputs();
  const std::int64_t pixels = values.output().shape.pixels();
  const int channels = values.output().shape.channels;
  share(run, outputs.rows * outputs.pitch, run.images,
        [&](int, std::int64_t begin, std::int64_t end) {
          for (std::int64_t image = begin; image < end; ++image) {
            const float* const planes = run.pictures + image * channels * pixels;
            for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
              float* const to = outputs[image * pixels + pixel];
              clear(to, outputs.pitch);
              for (int channel = 0; channel < channels; ++channel)
                to[channel] = planes[channel * pixels + pixel];
            }
          }
        });
}

inline void picture_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients || run.picture_gradients == nullptr) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const std::int64_t pixels = values.output().shape.pixels();
  const int channels = values.output().shape.channels;
  for (std::int64_t row = 0; row < gradients.rows; ++row)
    for (int channel = 0; channel < channels; ++channel) {
      const std::int64_t plane = row / pixels * channels + channel;
      run.picture_gradients[plane * pixels + row % pixels] = gradients[row][channel];
    }
}

inline void copy_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const int channels = values.output().shape.channels;
  share(run, inputs.rows * step.channels, inputs.rows,
        [&](int, std::int64_t begin, std::int64_t end) {
          for (std::int64_t row = begin; row < end; ++row) {
            const float* const from = inputs[row] + step.first;
            float* const to = outputs[row] + step.first_output;
            for (int i = 0; i < step.channels; ++i)
              to[i * step.write_step] = from[i * step.read_step];
          }
          if (step.clears) clear_padding(outputs[begin], end - begin, outputs.pitch, channels);
        });
}

inline void copy_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  share(run, gradients.rows * step.channels, gradients.rows,
        [&](int, std::int64_t begin, std::int64_t end) {
          for (std::int64_t row = begin; row < end; ++row) {
            const float* const from = gradients[row] + step.first_output;
            float* const to = input_gradients[row];
            if (!step.adds_input) clear(to, input_gradients.pitch);
            for (int i = 0; i < step.channels; ++i)
              to[step.first + i * step.read_step] += from[i * step.write_step];
          }
        });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/product-inl.hpp
// Pointwise convolutions and dense layers: rows times a matrix. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

inline void product_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TrainingTensor& weight = values.tensor(step.weight);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  pack(values.parameters(step.weight), weight.pitch(), weight.inputs, weight.pitch(), run.scratch);
  const float* const bias = values.parameters(step.bias);
  share(run, outputs.rows * weight.inputs * weight.pitch(), outputs.rows,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          multiply<Order::rows>({.a = inputs[begin],
                                 .a_pitch = inputs.pitch,
                                 .b = run.scratch,
                                 .bias = bias,
                                 .c = outputs[begin],
                                 .c_pitch = outputs.pitch,
                                 .depth = weight.inputs},
                                end - begin, outputs.pitch);
        });
}

/// Sums the gradients of weights: `add(worker, begin, end, adds, to)` computes those of up to a
/// chunk of rows.
template <class Add>
HWY_INLINE void sum_weight_gradients(const TrainingRun& run, const WeightRows& rows, const Add& add,
                                     float* to) {
  const std::int64_t count = rows.weights(), chunk = rows.parts.all.chunk;
  float* const sums = rows.parts.count > 1 ? rows.memory : to;
  for_parts(run, rows.parts, rows.gradients.rows * count,
            [&](int worker, int part, const TrainingRows& own) HWY_ATTR {
              for (std::int64_t begin = own.begin; begin < own.end; begin += chunk)
                add(worker, begin, std::min(begin + chunk, own.end), begin != own.begin,
                    sums + part * count);
            });
  add_parts(run, rows.parts, sums, count, to);
}

inline void product_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TrainingTensor& weight = values.tensor(step.weight);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const std::int64_t work = gradients.rows * weight.inputs * weight.pitch();
  if (step.bias >= 0) sum_columns(run, gradients, run.scratch, values.gradients(step.bias));
  const WeightRows rows(run, step);
  sum_weight_gradients(
      run, rows,
      [&](int worker, std::int64_t begin, std::int64_t end, bool adds, float* to) HWY_ATTR {
        add_weight_gradients(rows.inputs[begin], inputs.pitch, weight.inputs, rows.gradients[begin],
                             gradients.pitch, end - begin, adds, rows.packed(worker), to);
      },
      values.gradients(step.weight));
  if (!step.input_gradients) return;
  pack_transposed(values.parameters(step.weight), weight, inputs.pitch, run.scratch);
  const auto input_gradients = values.input_gradients();
  share(run, work, gradients.rows, [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
    multiply<Order::rows>({.a = gradients[begin],
                           .a_pitch = gradients.pitch,
                           .b = run.scratch,
                           .bias = nullptr,
                           .c = input_gradients[begin],
                           .c_pitch = input_gradients.pitch,
                           .depth = weight.outputs,
                           .adds = step.adds_input},
                          end - begin, input_gradients.pitch);
  });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/update-inl.hpp
// Stochastic gradient descent with momentum. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

inline void update(const ParameterUpdate& update) {
  for (std::size_t begin = 0; begin < update.count; begin += kTrainingPanel)
    for_vectors(kTrainingPanel, [&](auto d, int lane) HWY_ATTR {
      const std::size_t i = begin + size(lane);
      const auto w = hn::LoadU(d, update.parameters + i);
      const auto decayed =
          hn::MulAdd(hn::LoadU(d, update.gradients + i), hn::Set(d, update.gradient_scale),
                     hn::Mul(w, hn::Set(d, update.l2)));
      const auto velocity =
          hn::MulAdd(hn::LoadU(d, update.velocities + i), hn::Set(d, update.momentum), decayed);
      hn::StoreU(velocity, d, update.velocities + i);
      hn::StoreU(hn::NegMulAdd(velocity, hn::Set(d, update.rate), w), d, update.parameters + i);
    });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// Those that use another one.
// from pplcnet/kernels/training/affine-inl.hpp
// One learnable scale and shift for all channels. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

inline void affine_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const float scale = *values.parameters(step.weight), shift = *values.parameters(step.bias);
  for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
    const auto x = hn::LoadU(d, inputs[row] + channel);
    hn::StoreU(hn::MulAdd(x, hn::Set(d, scale), hn::Set(d, shift)), d, outputs[row] + channel);
  });
  clear_padding(outputs.values, outputs.rows, outputs.pitch, values.output().shape.channels);
}

/// Computes the gradients of the scale and the shift.
inline void affine_gradients(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const int pitch = inputs.pitch;
  const OwnParts parts(run,
                       channel_parts(images_of_all(run), values.input().shape.pixels(), pitch));
  for_parts(run, parts, inputs.rows * pitch, [&](int, int part, const TrainingRows& rows) HWY_ATTR {
    float* const sums = run.scratch + std::int64_t{parts.first + part} * 2 * pitch;
    clear(sums, 2 * pitch);
    for (std::int64_t begin = rows.begin; begin < rows.end; begin += parts.all.chunk) {
      const std::int64_t count = std::min<std::int64_t>(parts.all.chunk, rows.end - begin);
      for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
        const auto sum = sum_rows(d, count, [&](std::int64_t row, auto& both) HWY_ATTR {
          const auto gradient = hn::LoadU(d, gradients[begin + row] + channel);
          const auto x = hn::LoadU(d, inputs[begin + row] + channel);
          both.first = hn::MulAdd(gradient, x, both.first);
          both.second = hn::Add(both.second, gradient);
        });
        store_or_add(d, sum.first, true, sums + channel);
        store_or_add(d, sum.second, true, sums + pitch + channel);
      });
    }
  });
  gather_parts(parts, run.scratch, 2 * pitch);
  double scale = 0, shift = 0;
  for (int part = 0; part < parts.all.count(); ++part)
    for (int channel = 0; channel < pitch; ++channel) {
      const float* const sums = run.scratch + std::int64_t{part} * 2 * pitch + channel;
      scale += static_cast<double>(sums[0]);
      shift += static_cast<double>(sums[pitch]);
    }
  clear(values.gradients(step.weight), kTrainingPanel);
  clear(values.gradients(step.bias), kTrainingPanel);
  *values.gradients(step.weight) = static_cast<float>(scale);
  *values.gradients(step.bias) = static_cast<float>(shift);
}

inline void affine_backward(const TrainingRun& run, const TrainingStep& step) {
  affine_gradients(run, step);
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto to = values.input_gradients();
  const float scale = *values.parameters(step.weight);
  for_rows(
      run, gradients.rows, gradients.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
        const auto gradient = hn::LoadU(d, gradients[row] + channel);
        store_or_add(d, hn::Mul(gradient, hn::Set(d, scale)), step.adds_input, to[row] + channel);
      });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/convolution-inl.hpp
// Dense convolutions: a product whose rows are gathered, each a pixel's taps. Compiled once per
// instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// The taps of outputs, numbered through all images of a batch.
struct TapGeometry {
  Shape input, output;
  Window window;
  int pitch;   ///< of the input
  int inputs;  ///< channels that are gathered of each tap

  /// Calls `body(input pixel)` for the taps of outputs [begin, end), one output after the other;
  /// the input pixel is numbered like outputs, -1 outside of the map.
  template <class Body>
  HWY_INLINE void for_taps(std::int64_t begin, std::int64_t end, const Body& body) const {
    const std::int64_t line = begin / output.width;
    auto x = static_cast<int>(begin % output.width), y = static_cast<int>(line % output.height);
    std::int64_t image = line / output.height;
    for (std::int64_t pixel = begin; pixel < end; ++pixel) {
      for_window(image, y, x, body);
      if (++x < output.width) continue;
      x = 0;
      if (++y < output.height) continue;
      y = 0;
      ++image;
    }
  }

  template <class Body>
  HWY_INLINE void for_window(std::int64_t image, int y, int x, const Body& body) const {
    const int left = x * window.stride.width - window.padding.left;
    int row = y * window.stride.height - window.padding.top;
    for (int i = 0; i < window.kernel.height; ++i, row += window.dilation.height) {
      const bool row_inside = row >= 0 && row < input.height;
      const std::int64_t first = (image * input.height + row) * input.width;
      int column = left;
      for (int j = 0; j < window.kernel.width; ++j, column += window.dilation.width)
        body(row_inside && column >= 0 && column < input.width ? first + column : -1);
    }
  }

  std::int64_t depth() const {
    return std::int64_t{window.kernel.height} * window.kernel.width * inputs;
  }
  /// Returns how many pixels are gathered at a time.
  int chunk() const {
    return gathered_pixels(std::int64_t{window.kernel.height} * window.kernel.width * pitch);
  }
};

inline TapGeometry geometry_of(const StepValues& values, const TrainingStep& step) {
  return {.input = values.input().shape,
          .output = values.output().shape,
          .window = step.window,
          .pitch = values.input().pitch,
          .inputs = values.tensor(step.weight).inputs};
}

/// Gathers the taps of pixels [begin, end), of so many channels with those that pad. What pads a
/// tap is overwritten by the next one; that of the last tap of all is after the rows.
HWY_INLINE void gather_channels(const TapGeometry& geometry, const float* maps, int pitch,
                                std::int64_t begin, std::int64_t end, float* to) {
  const std::int64_t step = geometry.inputs;
  geometry.for_taps(begin, end, [&](std::int64_t from) HWY_ATTR {
    for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
      hn::StoreU(from < 0 ? hn::Zero(d) : hn::LoadU(d, maps + from * pitch + channel), d,
                 to + channel);
    });
    to += step;
  });
}
inline HWY_NOINLINE void gather(const TapGeometry& geometry, const float* maps, std::int64_t begin,
                                std::int64_t end, float* to) {
  if (geometry.pitch == kTrainingPanel)  // as the picture's: no loop over vectors
    gather_channels(geometry, maps, kTrainingPanel, begin, end, to);
  else
    gather_channels(geometry, maps, geometry.pitch, begin, end, to);
}

/// Adds the gradients of the taps of pixels [begin, end), which are all of padded channels.
inline HWY_NOINLINE void scatter(const TapGeometry& geometry, const float* taps, std::int64_t begin,
                                 std::int64_t end, float* gradients) {
  const std::int64_t pitch = geometry.pitch;
  geometry.for_taps(begin, end, [&](std::int64_t to) HWY_ATTR {
    if (to >= 0)
      for_vectors(geometry.pitch, [&](auto d, int channel) HWY_ATTR {
        store_or_add(d, hn::LoadU(d, taps + channel), true, gradients + to * pitch + channel);
      });
    taps += pitch;
  });
}

/// Returns where a worker's gathered taps are.
inline float* gathered(const TrainingRun& run, const TrainingStep& step, int worker) {
  return run.scratch + product_scratch(step, run.values, run.tensors, run.images).floats() +
         size(worker) * gathered_floats(step, run.values, run.tensors);
}

inline void convolution_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TrainingTensor& weight = values.tensor(step.weight);
  const TapGeometry geometry = geometry_of(values, step);
  const auto outputs = values.outputs();
  const std::int64_t depth = geometry.depth(), chunk = geometry.chunk();
  pack(values.parameters(step.weight), weight.pitch(), depth, weight.pitch(), run.scratch);
  share(run, outputs.rows * depth * weight.pitch(), outputs.rows,
        [&](int worker, std::int64_t begin, std::int64_t end) HWY_ATTR {
          float* const taps = gathered(run, step, worker);
          for (std::int64_t row = begin; row < end; row += chunk) {
            const std::int64_t last = std::min(row + chunk, end);
            gather(geometry, values.inputs().values, row, last, taps);
            multiply<Order::rows>({.a = taps,
                                   .a_pitch = depth,
                                   .b = run.scratch,
                                   .bias = values.parameters(step.bias),
                                   .c = outputs[row],
                                   .c_pitch = outputs.pitch,
                                   .depth = depth},
                                  last - row, outputs.pitch);
          }
        });
}

/// Adds the gradients of the inputs, image by image: windows overlap.
inline void convolution_input_gradients(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TrainingTensor& weight = values.tensor(step.weight);
  const TapGeometry geometry = geometry_of(values, step);
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  const int columns = weight.taps() * geometry.pitch;
  const std::int64_t chunk = geometry.chunk(), pixels = geometry.output.pixels();
  pack_transposed(values.parameters(step.weight), weight, geometry.pitch, run.scratch);
  share(run, gradients.rows * columns * weight.pitch(), run.images,
        [&](int worker, std::int64_t begin, std::int64_t end) HWY_ATTR {
          float* const taps = gathered(run, step, worker);
          const std::int64_t first = begin * geometry.input.pixels();
          if (!step.adds_input)
            clear(input_gradients[first], (end - begin) * geometry.input.pixels() * geometry.pitch);
          for (std::int64_t row = begin * pixels; row < end * pixels; row += chunk) {
            const std::int64_t last = std::min(row + chunk, end * pixels);
            multiply<Order::rows>({.a = gradients[row],
                                   .a_pitch = gradients.pitch,
                                   .b = run.scratch,
                                   .bias = nullptr,
                                   .c = taps,
                                   .c_pitch = columns,
                                   .depth = weight.outputs},
                                  last - row, columns);
            scatter(geometry, taps, row, last, input_gradients.values);
          }
        });
}

inline void convolution_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TapGeometry geometry = geometry_of(values, step);
  const auto gradients = values.output_gradients();
  const std::int64_t depth = geometry.depth();
  if (step.bias >= 0) sum_columns(run, gradients, run.scratch, values.gradients(step.bias));
  const WeightRows rows(run, step);
  sum_weight_gradients(
      run, rows,
      [&](int worker, std::int64_t begin, std::int64_t end, bool adds, float* to) HWY_ATTR {
        float* const taps = gathered(run, step, worker);
        gather(geometry, rows.inputs.values, begin, end, taps);
        add_weight_gradients(taps, depth, static_cast<int>(depth), rows.gradients[begin],
                             gradients.pitch, end - begin, adds, rows.packed(worker), to);
      },
      values.gradients(step.weight));
  if (step.input_gradients) convolution_input_gradients(run, step);
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/depthwise_weights-inl.hpp
// Gradients of the weights of depthwise convolutions. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// What a row of output gradients adds to the gradients of a kernel's rows.
struct WeightRow {
  const float* gradients;        ///< of the row's first pixel
  const float* inputs;           ///< of the row that tap (0, 0) reads; column 0
  std::int64_t input_row_pitch;  ///< from a row of taps to the next
  int pitch;
  const TapAxis* columns;
  float* sums;  ///< of tap (0, 0)
};

/// Sums kRows × kColumns taps of a kernel's columns from `tap` on, of a vector of channels, over
/// the pixels of a row in their order.
template <class D, int kRows, int kColumns>
class WeightSums {
  using V = hn::Vec<D>;
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  HWY_INLINE WeightSums(const WeightRow& row, int channel, int tap)
      : row_(row), step_(std::int64_t{row.columns->stride} * row.pitch) {
    start(tap, channel, Indices<kColumns>());
    clear_sums(Indices<kRows * kColumns>());
    int begin = 0, end = row.columns->outputs;
    for (const auto& range : ranges_) {
      begin = std::max(begin, range.begin);
      end = std::min(end, range.end);
    }
    begin = std::min(begin, end);
    const float* gradient = row.gradients + channel;
    int i = 0;
    for (; i < begin; ++i) add_pixel<true>(i, gradient, Indices<kColumns>());
    for (; i < end; ++i) add_pixel<false>(i, gradient, Indices<kColumns>());
    for (; i < row.columns->outputs; ++i) add_pixel<true>(i, gradient, Indices<kColumns>());
    float* const to = row.sums + std::int64_t{tap} * row.pitch + channel;
    store(to, Indices<kRows * kColumns>());
  }

 private:
  template <int... kColumn>
  HWY_INLINE void start(int tap, int channel, std::integer_sequence<int, kColumn...>) {
    ((ranges_[kColumn] = row_.columns->outputs_of(tap + kColumn)), ...);
    ((from_[kColumn] =
          row_.inputs + channel + std::int64_t{row_.columns->input(0, tap + kColumn)} * row_.pitch),
     ...);
  }
  template <int... kSum>
  HWY_INLINE void clear_sums(std::integer_sequence<int, kSum...>) {
    ((sums_[kSum] = kSum < 0 ? V() : hn::Zero(D())), ...);
  }

  template <bool kEdge, int... kColumn>
  HWY_INLINE void add_pixel(int i, const float* gradient, std::integer_sequence<int, kColumn...>) {
    const V dy = hn::LoadU(D(), gradient + std::int64_t{i} * row_.pitch);
    (add_column<kEdge, kColumn>(i, dy, Indices<kRows>()), ...);
  }
  template <bool kEdge, int kColumn, int... kRow>
  HWY_INLINE void add_column(int i, V dy, std::integer_sequence<int, kRow...>) {
    if constexpr (kEdge)
      if (i < ranges_[kColumn].begin || i >= ranges_[kColumn].end) return;
    const float* const from = from_[kColumn] + i * step_;
    ((sums_[kRow * kColumns + kColumn] =
          hn::MulAdd(hn::LoadU(D(), from + kRow * row_.input_row_pitch), dy,
                     sums_[kRow * kColumns + kColumn])),
     ...);
  }

  template <int... kSum>
  HWY_INLINE void store(float* to, std::integer_sequence<int, kSum...>) const {
    const std::int64_t row_pitch = std::int64_t{row_.columns->kernel} * row_.pitch;
    (store_or_add(D(), sums_[kSum], true,
                  to + kSum / kColumns * row_pitch + kSum % kColumns * row_.pitch),
     ...);
  }

  const WeightRow& row_;
  std::int64_t step_;
  const float* from_[kColumns];
  TapAxis::Range ranges_[kColumns];
  V sums_[kRows * kColumns];
};

/// Adds what a row of output gradients adds to kRows rows of a kernel.
template <int kRows>
HWY_NOINLINE void add_weight_rows(const WeightRow& row) {
  for_vectors(row.pitch, [&](auto d, int channel) HWY_ATTR {
    using D = decltype(d);
    const int kernel = row.columns->kernel;
    if (kernel == 3) return void(WeightSums<D, kRows, 3>(row, channel, 0));
    if constexpr (kRows <= 2)
      if (kernel == 5) return void(WeightSums<D, kRows, 5>(row, channel, 0));
    for (int tap = 0; tap < kernel; ++tap) WeightSums<D, kRows, 1>(row, channel, tap);
  });
}

/// Sums rows [begin, end) of output gradients.
inline HWY_NOINLINE void sum_weight_rows(const StepValues& values, const TapAxis& rows,
                                         const TapAxis& columns, std::int64_t begin,
                                         std::int64_t end, float* sums) {
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const int together = columns.kernel == 3 ? 3 : columns.kernel == 5 ? 2 : 1;
  for (std::int64_t row = begin; row < end; ++row) {
    const std::int64_t image = row / rows.outputs;
    const auto i = static_cast<int>(row % rows.outputs);
    for (int a = 0; a < rows.kernel;) {
      int count = 0;
      const int first = rows.input(i, a);
      while (count < together && a + count < rows.kernel &&
             rows.has_input(rows.input(i, a + count)))
        ++count;
      if (count > 0) {
        const std::int64_t row_floats = std::int64_t{columns.inputs} * inputs.pitch;
        const WeightRow sum = {.gradients = gradients[row * columns.outputs],
                               .inputs = inputs.values + (image * rows.inputs + first) * row_floats,
                               .input_row_pitch = rows.dilation * row_floats,
                               .pitch = inputs.pitch,
                               .columns = &columns,
                               .sums = sums + std::int64_t{a} * columns.kernel * inputs.pitch};
        count == 3   ? add_weight_rows<3>(sum)
        : count == 2 ? add_weight_rows<2>(sum)
                     : add_weight_rows<1>(sum);
      }
      a += std::max(count, 1);
    }
  }
}

inline void depthwise_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto rows = TapAxis::rows(step.window, input, output);
  const auto columns = TapAxis::columns(step.window, input, output);
  const auto gradients = values.output_gradients();
  if (step.bias >= 0) sum_columns(run, gradients, run.scratch, values.gradients(step.bias));
  const auto count = static_cast<std::int64_t>(values.tensor(step.weight).floats());
  const OwnParts parts(run, weight_parts(images_of_all(run), output.height, 1));
  for_parts(run, parts, gradients.rows * count, [&](int, int part, const TrainingRows& own) {
    float* const sums = run.scratch + part * count;
    clear(sums, count);
    sum_weight_rows(values, rows, columns, own.begin, own.end, sums);
  });
  add_parts(run, parts, run.scratch, count, values.gradients(step.weight));
  if (step.input_gradients) depthwise_input_gradients(run, step);
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/gate-inl.hpp
// Maps and vectors: the product channel by channel, and the mean over all pixels. Compiled once per
// instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Calls `body(d, channel, rows, sum)` for all vectors of an image's channels; sum(add) is that
/// over its pixels of what `add(d, row)` returns, chunk by chunk.
template <class Value>
HWY_INLINE void sum_pixels(const TrainingRows& pixels, int pitch, const Value& value, float* to) {
  constexpr std::int64_t kChunk = 256;
  clear(to, pitch);
  for (std::int64_t begin = pixels.begin; begin < pixels.end; begin += kChunk)
    for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
      const auto sum = sum_rows(d, std::min(kChunk, pixels.end - begin),
                                [&](std::int64_t row, auto& sums) HWY_ATTR {
                                  sums.first = hn::Add(sums.first, value(d, begin + row, channel));
                                });
      store_or_add(d, sum.first, true, to + channel);
    });
}

/// Multiplies a vector by a number, and writes it or adds it to what is there.
inline void scale_vector(const float* from, int pitch, float factor, bool adds, float* to) {
  for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
    store_or_add(d, hn::Mul(hn::LoadU(d, from + channel), hn::Set(d, factor)), adds, to + channel);
  });
}

inline void mean_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const std::int64_t pixels = values.input().shape.pixels();
  share(run, inputs.rows * inputs.pitch, run.images,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          for (std::int64_t image = begin; image < end; ++image) {
            float* const to = outputs[image];
            sum_pixels(
                {image * pixels, (image + 1) * pixels}, inputs.pitch,
                [&](auto d, std::int64_t row, int channel)
                    HWY_ATTR { return hn::LoadU(d, inputs[row] + channel); },
                to);
            scale_vector(to, inputs.pitch, 1 / static_cast<float>(pixels), false, to);
          }
        });
}

inline void mean_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  const std::int64_t pixels = values.input().shape.pixels();
  share(run, input_gradients.rows * gradients.pitch, input_gradients.rows,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          for (std::int64_t row = begin; row < end; ++row)
            scale_vector(gradients[row / pixels], gradients.pitch, 1 / static_cast<float>(pixels),
                         step.adds_input, input_gradients[row]);
        });
}

inline void gate_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto factors = values.seconds();
  const auto outputs = values.outputs();
  const std::int64_t pixels = values.input().shape.pixels();
  for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
    const auto factor = hn::LoadU(d, factors[row / pixels] + channel);
    hn::StoreU(hn::Mul(hn::LoadU(d, inputs[row] + channel), factor), d, outputs[row] + channel);
  });
}

/// Computes the gradients of a gate's factors: sums over the pixels of each image.
inline void factor_gradients(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const auto to = values.second_gradients();
  const std::int64_t pixels = values.input().shape.pixels();
  share(run, inputs.rows * inputs.pitch, run.images,
        [&](int worker, std::int64_t begin, std::int64_t end) HWY_ATTR {
          float* const sums = run.scratch + std::int64_t{worker} * to.pitch;
          for (std::int64_t image = begin; image < end; ++image) {
            sum_pixels(
                {image * pixels, (image + 1) * pixels}, inputs.pitch,
                [&](auto d, std::int64_t row, int channel) HWY_ATTR {
                  return hn::Mul(hn::LoadU(d, inputs[row] + channel),
                                 hn::LoadU(d, gradients[row] + channel));
                },
                sums);
            scale_vector(sums, to.pitch, 1, step.adds_second, to[image]);
          }
        });
}

inline void gate_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto factors = values.seconds();
  const std::int64_t pixels = values.input().shape.pixels();
  if (step.second_gradients) factor_gradients(run, step);
  if (!step.input_gradients) return;
  const auto to = values.input_gradients();
  for_rows(run, gradients.rows, gradients.pitch,
           [&](auto d, std::int64_t row, int channel) HWY_ATTR {
             const auto factor = hn::LoadU(d, factors[row / pixels] + channel);
             store_or_add(d, hn::Mul(hn::LoadU(d, gradients[row] + channel), factor),
                          step.adds_input, to[row] + channel);
           });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/training/normalise-inl.hpp
// Batch norms, each with an activation. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// A batch norm's numbers of each channel.
struct Norm {
  const float *mean, *inverse_deviation, *gamma, *beta;

  Norm(const TrainingRun& run, const TrainingStep& step) {
    const StepValues values(run, step);
    mean = run.arena + step.moments;
    inverse_deviation = mean + values.output().pitch;
    gamma = values.parameters(step.gamma);
    beta = values.parameters(step.beta);
  }

  template <class D>
  HWY_INLINE hn::Vec<D> scale(D d, int channel) const {
    return hn::Mul(hn::LoadU(d, gamma + channel), hn::LoadU(d, inverse_deviation + channel));
  }
};

/// A batch norm of a single pixel of a single image, as PaddlePaddle computes it, does nothing.
inline bool does_nothing(const TrainingRun& run, const StepValues& values) {
  return run.batch_statistics && values.output().rows(images_of_all(run)) == 1;
}

/// Sums the moments of a part's rows: [mean][squares], chunk by chunk, each while it is in cache.
inline HWY_NOINLINE void sum_moments(const Matrix<const float>& inputs, const TrainingRows& rows,
                                     int chunk, float* to) {
  const int pitch = inputs.pitch;
  clear(to, 2 * pitch);
  for (std::int64_t begin = rows.begin; begin < rows.end; begin += chunk) {
    const std::int64_t count = std::min<std::int64_t>(chunk, rows.end - begin);
    const auto before = static_cast<float>(begin - rows.begin), own = static_cast<float>(count);
    const float share = own / (before + own), both = before * share;
    for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
      const float* const column = inputs[begin] + channel;
      const auto sum = sum_rows(d, count, [&](std::int64_t row, auto& sums) HWY_ATTR {
        sums.first = hn::Add(sums.first, hn::LoadU(d, column + row * pitch));
      });
      const auto mean = hn::Mul(sum.first, hn::Set(d, 1 / own));
      const auto squares = sum_rows(d, count, [&](std::int64_t row, auto& sums) HWY_ATTR {
        const auto difference = hn::Sub(hn::LoadU(d, column + row * pitch), mean);
        sums.first = hn::MulAdd(difference, difference, sums.first);
      });
      const auto mean_before = hn::LoadU(d, to + channel);
      const auto difference = hn::Sub(mean, mean_before);
      hn::StoreU(hn::MulAdd(difference, hn::Set(d, share), mean_before), d, to + channel);
      const auto square = hn::Mul(difference, difference);
      store_or_add(d, hn::MulAdd(square, hn::Set(d, both), squares.first), true,
                   to + pitch + channel);
    });
  }
}

/// Returns the parts of a batch norm's sums.
inline OwnParts norm_parts(const TrainingRun& run, const StepValues& values) {
  const TrainingValue& input = values.input();
  return {run, channel_parts(images_of_all(run), input.shape.pixels(), input.pitch)};
}

inline void find_moments(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  float* const moments = run.arena + step.moments;
  if (!run.batch_statistics) return take_running_moments(run, step, inputs.pitch, moments);
  const OwnParts parts = norm_parts(run, values);
  const int floats = 2 * inputs.pitch;
  for_parts(run, parts, inputs.rows * inputs.pitch,
            [&](int, int part, const TrainingRows& rows) HWY_ATTR {
              sum_moments(inputs, rows, parts.all.chunk,
                          run.scratch + std::int64_t{parts.first + part} * floats);
            });
  gather_parts(parts, run.scratch, floats);
  combine_moments(run, step, parts.all, run.scratch, inputs.pitch, moments);
}

/// Calls `body(d, channel, begin, end)` for all vectors of rows, in the order in which they lie in
/// memory: where one is a row, for all rows at once, so that its channels' numbers stay in
/// registers.
template <class Body>
HWY_INLINE void for_columns(std::int64_t begin, std::int64_t end, int pitch, const Body& body) {
  const std::int64_t rows = pitch <= kLanes ? end - begin : 1;
  for (; begin < end; begin += rows)
    for_vectors(pitch,
                [&](auto d, int channel) HWY_ATTR { body(d, channel, begin, begin + rows); });
}

/// Computes rows [begin, end) of the output.
template <class Activate>
HWY_INLINE void normalise_rows(const Norm& norm, const Activate& activation,
                               const Matrix<const float>& inputs, const Matrix<float>& outputs,
                               std::int64_t begin, std::int64_t end) {
  for_columns(begin, end, inputs.pitch, [&](auto d, int channel, auto first, auto last) HWY_ATTR {
    const auto mean = hn::LoadU(d, norm.mean + channel), scale = norm.scale(d, channel);
    const auto beta = hn::LoadU(d, norm.beta + channel);
    for (auto row = first; row < last; ++row) {
      const auto difference = hn::Sub(hn::LoadU(d, inputs[row] + channel), mean);
      hn::StoreU(activation.value(d, hn::MulAdd(difference, scale, beta)), d,
                 outputs[row] + channel);
    }
  });
}

inline void normalise_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  if (does_nothing(run, values)) return activate_forward(run, step);
  find_moments(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const Norm norm(run, step);
  share(run, inputs.rows * inputs.pitch, inputs.rows,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
            normalise_rows(norm, activation, inputs, outputs, begin, end);
          });
          if (moves_zero(step.activation))
            clear_padding(outputs[begin], end - begin, outputs.pitch,
                          values.output().shape.channels);
        });
}

/// The gradient of a batch norm's output before its activation, and the input less its mean.
template <class V>
struct NormGradient {
  V gradient, difference;
};

/// A batch norm's numbers of a vector of channels.
template <class D, class Activate>
class NormVector {
  using V = hn::Vec<D>;

 public:
  HWY_INLINE NormVector(D d, const Norm& norm, const Activate& activation, int channel)
      : mean_(hn::LoadU(d, norm.mean + channel)),
        scale_(norm.scale(d, channel)),
        beta_(hn::LoadU(d, norm.beta + channel)),
        activation_(activation) {}

  HWY_INLINE V scale() const { return scale_; }
  HWY_INLINE NormGradient<V> gradient(V input, V gradient) const {
    const V difference = hn::Sub(input, mean_);
    return {activation_.gradient(D(), hn::MulAdd(difference, scale_, beta_), gradient), difference};
  }

 private:
  V mean_, scale_, beta_;
  const Activate& activation_;
};

/// Sums the gradients of a part's rows: [Σ dz][Σ dz (x - mean)].
template <class Activate>
HWY_INLINE void sum_norm_gradients(const Norm& norm, const Activate& activation,
                                   const Matrix<const float>& inputs,
                                   const Matrix<const float>& gradients, const TrainingRows& rows,
                                   int chunk, float* to) {
  const int pitch = inputs.pitch;
  clear(to, 2 * pitch);
  for (std::int64_t begin = rows.begin; begin < rows.end; begin += chunk) {
    const std::int64_t count = std::min<std::int64_t>(chunk, rows.end - begin);
    for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
      const NormVector<decltype(d), Activate> vector(d, norm, activation, channel);
      const auto sums = sum_rows(d, count, [&](std::int64_t row, auto& both) HWY_ATTR {
        const auto [gradient, difference] =
            vector.gradient(hn::LoadU(d, inputs[begin + row] + channel),
                            hn::LoadU(d, gradients[begin + row] + channel));
        both.first = hn::Add(both.first, gradient);
        both.second = hn::MulAdd(gradient, difference, both.second);
      });
      store_or_add(d, sums.first, true, to + channel);
      store_or_add(d, sums.second, true, to + pitch + channel);
    });
  }
}

/// Computes the gradients of beta and gamma, and what those of the input have less, in scratch.
inline void find_norm_gradients(const TrainingRun& run, const TrainingStep& step, float* less) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const Norm norm(run, step);
  const OwnParts parts = norm_parts(run, values);
  const int floats = 2 * inputs.pitch;
  for_parts(run, parts, inputs.rows * inputs.pitch,
            [&](int, int part, const TrainingRows& rows) HWY_ATTR {
              with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
                sum_norm_gradients(norm, activation, inputs, gradients, rows, parts.all.chunk,
                                   run.scratch + std::int64_t{parts.first + part} * floats);
              });
            });
  gather_parts(parts, run.scratch, floats);
  combine_gradients(run.scratch, parts.all.count(), inputs.pitch, norm.mean, norm.gamma,
                    static_cast<double>(values.input().rows(images_of_all(run))),
                    run.batch_statistics, values.gradients(step.beta), values.gradients(step.gamma),
                    less, less + inputs.pitch);
}

/// Computes rows [begin, end) of the gradients of the input.
template <class Activate>
HWY_INLINE void norm_input_rows(const Norm& norm, const Activate& activation, const float* less,
                                const Matrix<const float>& inputs,
                                const Matrix<const float>& gradients, std::int64_t begin,
                                std::int64_t end, bool adds, const Matrix<float>& to) {
  for_columns(begin, end, inputs.pitch, [&](auto d, int channel, auto first, auto last) HWY_ATTR {
    const NormVector<decltype(d), Activate> vector(d, norm, activation, channel);
    const auto constant = hn::LoadU(d, less + channel);
    const auto slope = hn::LoadU(d, less + inputs.pitch + channel);
    for (auto row = first; row < last; ++row) {
      const auto [gradient, difference] = vector.gradient(hn::LoadU(d, inputs[row] + channel),
                                                          hn::LoadU(d, gradients[row] + channel));
      const auto removed = hn::MulAdd(difference, slope, constant);
      store_or_add(d, hn::Sub(hn::Mul(gradient, vector.scale()), removed), adds, to[row] + channel);
    }
  });
}

inline void normalise_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const int pitch = values.input().pitch;
  if (does_nothing(run, values)) {
    clear(values.gradients(step.beta), pitch);
    clear(values.gradients(step.gamma), pitch);
    return activate_backward(run, step);
  }
  float* const less = run.scratch + std::int64_t{2} * kTrainingParts * pitch;
  find_norm_gradients(run, step, less);
  if (!step.input_gradients) return;
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const auto to = values.input_gradients();
  const Norm norm(run, step);
  share(run, inputs.rows * pitch, inputs.rows,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
            norm_input_rows(norm, activation, less, inputs, gradients, begin, end, step.adds_input,
                            to);
          });
        });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// This one, too.
// from pplcnet/kernels/training/pool-inl.hpp
// Maxima and means of windows of pixels. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// The part of a window that lies on the map, along one axis, and how many pixels a mean counts. A
/// window that reaches beyond the padding (ceil mode) ends there.
struct PoolRange {
  int begin, end, counted;

  PoolRange(int output, int stride, int kernel, int before, int after, int inputs) {
    const int first = output * stride - before, last = std::min(first + kernel, inputs + after);
    begin = std::max(first, 0);
    end = std::min(last, inputs);
    counted = last - first;
  }
  int count() const { return end - begin; }
};

/// The part of an output's window that lies on the map.
struct PoolWindow {
  PoolRange rows, columns;
  std::int64_t first_row;  ///< of the image

  PoolWindow(const Window& w, const Shape& input, const Shape& output, std::int64_t pixel)
      : rows(static_cast<int>(pixel % output.pixels() / output.width), w.stride.height,
             w.kernel.height, w.padding.top, w.padding.bottom, input.height),
        columns(static_cast<int>(pixel % output.width), w.stride.width, w.kernel.width,
                w.padding.left, w.padding.right, input.width),
        first_row(pixel / output.pixels() * input.height),
        width_(input.width) {}

  /// Calls `body(tap, pixel)` for its pixels in raster order.
  template <class Body>
  HWY_INLINE void for_pixels(const Body& body) const {
    int tap = 0;
    for (int y = rows.begin; y < rows.end; ++y)
      for (int x = columns.begin; x < columns.end; ++x, ++tap)
        body(tap, (first_row + y) * width_ + x);
  }
  float share(bool count_padding) const {
    return 1 / static_cast<float>(count_padding ? rows.counted * columns.counted
                                                : rows.count() * columns.count());
  }

 private:
  int width_;
};

/// The greatest of a window's values, and the number of the first tap that has it.
template <class V>
struct Greatest {
  V value, tap;
};
template <class D>
HWY_INLINE Greatest<hn::Vec<D>> greatest(D d, const PoolWindow& window,
                                         const Matrix<const float>& inputs, int channel) {
  Greatest<hn::Vec<D>> best = {hn::Zero(d), hn::Zero(d)};
  window.for_pixels([&](int tap, std::int64_t pixel) HWY_ATTR {
    const auto x = hn::LoadU(d, inputs[pixel] + channel);
    if (tap == 0) {
      best.value = x;
      return;
    }
    const auto greater = hn::Lt(best.value, x);
    best.value = hn::IfThenElse(greater, x, best.value);
    best.tap = hn::IfThenElse(greater, hn::Set(d, static_cast<float>(tap)), best.tap);
  });
  return best;
}

/// Splits the outputs of a pool and calls `body(window, row)` for each.
template <class Body>
HWY_INLINE void for_windows(const TrainingRun& run, const TrainingStep& step, const Body& body) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto outputs = values.outputs();
  share(run, outputs.rows * outputs.pitch * step.window.kernel.height * step.window.kernel.width,
        outputs.rows, [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          for (std::int64_t row = begin; row < end; ++row)
            body(PoolWindow(step.window, input, output, row), row);
        });
}

/// Splits the images of a pool, whose windows overlap, and calls `body(window, row)` for the
/// outputs of each in their order.
template <class Body>
HWY_INLINE void for_image_windows(const TrainingRun& run, const TrainingStep& step,
                                  const Body& body) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto input_gradients = values.input_gradients();
  share(run, input_gradients.rows * input_gradients.pitch, run.images,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          if (!step.adds_input)
            clear(input_gradients[begin * input.pixels()],
                  (end - begin) * input.pixels() * input_gradients.pitch);
          for (std::int64_t row = begin * output.pixels(); row < end * output.pixels(); ++row)
            body(PoolWindow(step.window, input, output, row), row);
        });
}

inline void max_pool_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  for_windows(run, step, [&](const PoolWindow& window, std::int64_t row) HWY_ATTR {
    for_vectors(outputs.pitch, [&](auto d, int channel) HWY_ATTR {
      hn::StoreU(greatest(d, window, inputs, channel).value, d, outputs[row] + channel);
    });
  });
}

inline void max_pool_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const auto to = values.input_gradients();
  for_image_windows(run, step, [&](const PoolWindow& window, std::int64_t row) HWY_ATTR {
    for_vectors(gradients.pitch, [&](auto d, int channel) HWY_ATTR {
      const auto best = greatest(d, window, inputs, channel).tap;
      const auto gradient = hn::LoadU(d, gradients[row] + channel), zero = hn::Zero(d);
      window.for_pixels([&](int tap, std::int64_t pixel) HWY_ATTR {
        const auto number = static_cast<float>(tap);
        store_or_add(d, between(d, best, number - 0.5F, number + 0.5F, zero, gradient, zero), true,
                     to[pixel] + channel);
      });
    });
  });
}

inline void average_pool_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  for_windows(run, step, [&](const PoolWindow& window, std::int64_t row) HWY_ATTR {
    for_vectors(outputs.pitch, [&](auto d, int channel) HWY_ATTR {
      auto sum = hn::Zero(d);
      window.for_pixels([&](int, std::int64_t pixel) HWY_ATTR {
        sum = hn::Add(sum, hn::LoadU(d, inputs[pixel] + channel));
      });
      const auto share = hn::Set(d, window.share(step.count_padding));
      hn::StoreU(hn::Mul(sum, share), d, outputs[row] + channel);
    });
  });
}

inline void average_pool_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto to = values.input_gradients();
  for_image_windows(run, step, [&](const PoolWindow& window, std::int64_t row) HWY_ATTR {
    const float share = window.share(step.count_padding);
    window.for_pixels([&](int, std::int64_t pixel) HWY_ATTR {
      scale_vector(gradients[row], gradients.pitch, share, true, to[pixel]);
    });
  });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Returns the kernels of this instruction set, in the order of TrainingOperator.
inline const TrainingKernels& kernels() {
  static constexpr TrainingKernels kKernels = {
      .forward = {picture_forward, product_forward, convolution_forward, depthwise_forward,
                  normalise_forward, affine_forward, activate_forward, dropout_forward, add_forward,
                  gate_forward, mean_forward, max_pool_forward, average_pool_forward, copy_forward},
      .backward = {picture_backward, product_backward, convolution_backward, depthwise_backward,
                   normalise_backward, affine_backward, activate_backward, dropout_backward,
                   add_backward, gate_backward, mean_backward, max_pool_backward,
                   average_pool_backward, copy_backward},
      .update = update};
  return kKernels;
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();

#if PPLCNET_BASELINE != HWY_STATIC_TARGET
#undef HWY_TARGET
#define HWY_TARGET HWY_STATIC_TARGET
#include <hwy/ops/set_macros-inl.h>
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the kernels of an instruction set, or of the best one that this CPU has.
inline const TrainingKernels& training_kernels(Isa isa) noexcept {
  isa = std::min(isa, best_isa());
#if PPLCNET_HAS_AVX512
  if (isa == Isa::avx512) return N_AVX3::training::kernels();
#endif
#if PPLCNET_HAS_AVX2
  if (isa >= Isa::avx2) return N_AVX2::training::kernels();
#endif
  return PPLCNET_BASELINE_NAMESPACE::training::kernels();
}

PPLCNET_TRAINING_INLINE void training_forward(const TrainingRun& run, Isa isa) noexcept {
  const TrainingKernels& kernels = training_kernels(isa);
  for (const TrainingStep& step : run.steps)
    kernels.forward[static_cast<std::size_t>(step.op)](run, step);
}

PPLCNET_TRAINING_INLINE void training_backward(const TrainingRun& run, Isa isa) noexcept {
  const TrainingKernels& kernels = training_kernels(isa);
  for (auto i = run.steps.size(); i-- > static_cast<std::size_t>(run.first_step);) {
    const TrainingStep& step = run.steps[i];
    kernels.backward[static_cast<std::size_t>(step.op)](run, step);
  }
}

PPLCNET_TRAINING_INLINE void update_parameters(const TrainingRun& run,
                                               const ParameterUpdate& update, Isa isa) noexcept {
  const TrainingKernels& kernels = training_kernels(isa);
  const auto count = static_cast<std::int64_t>(update.count);
  training::share(run, count * training::kParameterWork, count / kTrainingPanel,
                  [&](int, std::int64_t begin, std::int64_t end) {
                    kernels.update(update.part(begin * kTrainingPanel, end * kTrainingPanel));
                  });
}

}  // namespace pplcnet::inline PPLCNET_ABI
#endif  // PPLCNET_HAS_TRAINING_DEFINITIONS

#endif  // PPLCNET_KERNELS_TRAINING_KERNELS_HPP

#endif  // PPLCNET_KERNELS_TRAINING_TRAINING_HPP
// from pplcnet/train/batch_logits.hpp
#ifndef PPLCNET_TRAIN_BATCH_LOGITS_HPP
#define PPLCNET_TRAIN_BATCH_LOGITS_HPP


namespace pplcnet::inline PPLCNET_ABI {

/// A batch's logits, and where the loss by them is written: [image][pitch], of which so many are
/// classes.
struct BatchLogits {
  const float* logits;
  float* gradients;
  int images, classes, pitch;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_BATCH_LOGITS_HPP
// from pplcnet/train/exchange.hpp
#ifndef PPLCNET_TRAIN_EXCHANGE_HPP
#define PPLCNET_TRAIN_EXCHANGE_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>


namespace pplcnet::inline PPLCNET_ABI {

/// What processes that train one network tell each other: each has some images of every batch, and
/// all learn the same, to the bit, as a single process with the whole batch. `MpiExchange` is one.
/// All of them take the same steps with the same parameters.
class TrainingExchange {
 public:
  static constexpr int kMostRanks = kTrainingParts;

  TrainingExchange(const TrainingExchange&) = delete;
  TrainingExchange& operator=(const TrainingExchange&) = delete;
  virtual ~TrainingExchange() = default;

  /// Returns the number of this process, from 0 to ranks() - 1.
  int rank() const noexcept { return rank_; }
  int ranks() const noexcept { return ranks_; }

  /// Returns which images of a batch this process has.
  TrainingRows images(int batch) const noexcept { return of_rank(batch, rank_); }

  /// Gathers the numbers of all processes: of `count` things of `floats` numbers each every process
  /// has those that `images(count)` says, which are in their place. All processes call it.
  void gather(float* numbers, int count, std::size_t floats) noexcept;

  /// Returns memory for so many numbers, which lasts until the next call; null, and an error, where
  /// there is none.
  float* memory(std::size_t floats) noexcept;

  /// Returns what went wrong first. After that nothing is exchanged, and nothing is learnt.
  const Error& error() const noexcept { return error_; }

  /// Returns whether all is well, and this process has the images of a batch that it should have.
  bool expects(int images, int batch) noexcept;

 protected:
  /// Of each process: how many numbers it has, and where they begin.
  using Places = std::array<std::size_t, kMostRanks>;

  TrainingExchange(int rank, int ranks) : rank_(rank), ranks_(ranks) {}
  TrainingExchange(TrainingExchange&&) = default;
  TrainingExchange& operator=(TrainingExchange&&) = default;

  /// Returns an error where a number of processes has no shares of batches.
  static Error check_ranks(int ranks) {
    if (ranks <= kMostRanks && std::has_single_bit(static_cast<unsigned>(ranks))) return {};
    return Error::of("training: expected 1, 2, 4, 8 or 16 processes, found ", ranks);
  }

  /// Fills the numbers of the other processes in.
  virtual Error fill(float* numbers, const Places& counts, const Places& begins) = 0;

 private:
  TrainingRows of_rank(std::int64_t count, int rank) const noexcept {
    return {count * rank / ranks_, count * (rank + 1) / ranks_};
  }

  int rank_, ranks_;
  Error error_;
  std::unique_ptr<float[]> memory_;
  std::size_t memory_floats_ = 0;
};

inline void TrainingExchange::gather(float* numbers, int count, std::size_t floats) noexcept {
  if (error_) return;
  Places counts = {}, begins = {};
  for (int rank = 0; rank < ranks_; ++rank) {
    const TrainingRows own = of_rank(count, rank);
    counts[static_cast<std::size_t>(rank)] = static_cast<std::size_t>(own.count()) * floats;
    begins[static_cast<std::size_t>(rank)] = static_cast<std::size_t>(own.begin) * floats;
  }
  error_ = fill(numbers, counts, begins);
}

inline float* TrainingExchange::memory(std::size_t floats) noexcept {
  if (error_) return nullptr;
  if (floats > memory_floats_) {
    memory_.reset(new (std::nothrow) float[floats]());
    memory_floats_ = memory_ == nullptr ? 0 : floats;
    if (memory_ == nullptr)
      error_ = Error::of("training: no memory for ", floats, " numbers of all processes");
  }
  return memory_.get();
}

inline bool TrainingExchange::expects(int images, int batch) noexcept {
  const auto own = this->images(batch).count();
  if (!error_ && batch < ranks_)
    error_ = Error::of("training: expected a batch of an image for each of ", ranks_,
                       " processes, found ", batch, " images");
  if (!error_ && images != own)
    error_ = Error::of("training: expected ", own, " images of a batch of ", batch, " in process ",
                       rank_, ", found ", images);
  return !error_;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_EXCHANGE_HPP
// from pplcnet/train/initial_weights.hpp
#ifndef PPLCNET_TRAIN_INITIAL_WEIGHTS_HPP
#define PPLCNET_TRAIN_INITIAL_WEIGHTS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>


namespace pplcnet::inline PPLCNET_ABI {

namespace training {

/// Sets a weight as PaddleClas does: of a linear layer from ±√(6 / (inputs + outputs)), each number
/// with the same chance (Xavier); all others by the normal distribution of deviation
/// √(2 / (inputs × taps)) (Kaiming).
inline void set_initial_weight(const TrainingTensor& tensor, bool linear, Random& random,
                               std::span<float> values) {
  const double inputs = tensor.inputs, taps = tensor.taps();
  const double most = std::sqrt(6 / (inputs + tensor.outputs));
  const double deviation = std::sqrt(2 / (inputs * taps));
  const auto pitch = static_cast<std::size_t>(tensor.pitch());
  for (std::size_t row = 0; row < values.size(); row += pitch)
    for (std::size_t out = 0; out < static_cast<std::size_t>(tensor.outputs); ++out)
      values[row + out] = static_cast<float>(linear ? random.uniform(-most, most)
                                                    : rounded(deviation * random.normal()));
}

}  // namespace training

/// Sets one tensor to what it is before it has learnt anything. `index` is its number in the plan:
/// with the seed it says which random numbers a weight gets.
inline void initialise(const Graph& graph, const TrainingState& state, std::size_t index,
                       std::uint64_t seed) {
  using Kind = TrainingTensor::Kind;
  const TrainingTensor& tensor = state.tensors[index];
  const std::span<float> values = state.of(tensor);
  std::ranges::fill(values, 0.0F);
  const Node& node = graph.nodes[tensor.node];
  if (tensor.kind == Kind::weight && node.op != Operator::affine) {
    Random random(seed, RandomPurpose::weights, 0, index);
    training::set_initial_weight(tensor, is_linear(node.layout), random, values);
  } else if (tensor.kind == Kind::weight || tensor.kind == Kind::gamma ||
             tensor.kind == Kind::variance || tensor.kind == Kind::scale) {
    std::ranges::fill(values.first(static_cast<std::size_t>(tensor.outputs)), 1.0F);
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_INITIAL_WEIGHTS_HPP
// from pplcnet/train/optimiser.hpp
#ifndef PPLCNET_TRAIN_OPTIMISER_HPP
#define PPLCNET_TRAIN_OPTIMISER_HPP

#include <span>


namespace pplcnet::inline PPLCNET_ABI {

/// Stochastic gradient descent with momentum, as PaddlePaddle does it: of each parameter
/// v = momentum × v + (gradient + l2 × w), then w = w - learning_rate × factor × v.
struct Optimiser {
  double learning_rate = 0;
  double momentum = 0.9;
  double l2 = 0;              ///< weights decay by this
  bool decays_norms = false;  ///< so do the scales and shifts of batch norms
  /// All gradients are scaled so that their norm is at most this; 0: they are not.
  double largest_norm = 0;
  /// Of the learning rate, one for each tensor, statistics included; empty: 1. A tensor of factor 0
  /// stays, and has a velocity.
  std::span<const float> factors = {};
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_OPTIMISER_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// What a forward pass does; its backward pass does the same. Instruction sets and numbers of
/// threads give the same bits (but for the baseline of x86, which does not fuse multiply and add).
struct TrainingPass {
  bool batch_statistics = true;    ///< batch norms use the batch's; otherwise the running ones
  bool moves_statistics = true;    ///< running = 0.9 × running + 0.1 × the batch's
  bool drops = true;               ///< dropout; otherwise what it is at inference
  std::uint64_t dropout_seed = 0;  ///< another one for each step of training
  Isa isa = best_isa();
  Executor executor = {};
  /// Other processes that train the same network with the other images of each batch; null: none.
  /// Then the batch of all is this large, and of them this process has `exchange->images(batch)`.
  TrainingExchange* exchange = nullptr;
  int batch = 0;

  /// Returns a pass that computes what the network gives at inference.
  static TrainingPass inference() {
    return {.batch_statistics = false, .moves_statistics = false, .drops = false};
  }
};

/// The memory of a network in training, and what is done with it: the base of `Trainer` and
/// `AnyTrainer`. A step is `forward`, a loss, which fills `logits_gradients`, `backward` and
/// `update`; none of them allocates or can fail, unless there is an exchange with other processes.
/// One thread calls them.
class TrainingPasses {
 public:
  TrainingPasses(const TrainingPasses&) = delete;
  TrainingPasses& operator=(const TrainingPasses&) = delete;

  /// Returns the network's input: one image of a batch.
  const Shape& picture() const { return picture_; }
  /// Returns the most images of a batch.
  int images() const { return most_images_; }
  int classes() const { return logits_value().shape.channels; }
  /// Returns the floats from one image's logits to the next one's.
  int logits_pitch() const { return logits_value().pitch; }

  /// Computes the logits of up to `images()` pictures, [image][3][height][width], normalised as the
  /// network expects them. They must stay where they are until `backward` is done.
  void forward(std::span<const float> pictures, int images,
               const TrainingPass& pass = {}) noexcept {
    run_.pictures = pictures.data();
    run_.images = images;
    run_.batch_statistics = pass.batch_statistics;
    run_.moves_statistics = pass.moves_statistics;
    run_.drops = pass.drops;
    run_.dropout_seed = pass.dropout_seed;
    run_.executor = pass.executor;
    run_.exchange = pass.exchange;
    run_.batch = pass.batch;
    isa_ = pass.isa;
    if (pass.exchange == nullptr || pass.exchange->expects(images, pass.batch))
      training_forward(run_, isa_);
  }

  /// Returns the last forward pass' logits, [image][logits_pitch()].
  std::span<const float> logits() const {
    return {run_.arena + logits_value().values, logits_value().floats(run_.images)};
  }
  /// Returns the loss by them, for the loss to fill; what pads them is zero.
  std::span<float> logits_gradients() {
    return {run_.arena + logits_value().gradients, logits_value().floats(run_.images)};
  }

  /// Returns both, for `loss_and_gradients`.
  BatchLogits batch_logits() {
    return {.logits = logits().data(),
            .gradients = logits_gradients().data(),
            .images = run_.images,
            .classes = classes(),
            .pitch = logits_pitch()};
  }

  /// Computes the gradients of what is learnt from `first_step` on, after `forward` and a loss;
  /// and those of the pixels, where the options ask for them.
  void backward(int first_step = 0, float* picture_gradients = nullptr) noexcept {
    run_.first_step = first_step;
    run_.picture_gradients = picture_gradients;
    if (!failed()) training_backward(run_, isa_);
  }

  /// Learns: changes the parameters that the last backward pass has gradients of. Returns the norm
  /// of these gradients, before they are clipped; infinite or NaN: no parameter has changed, as
  /// after an error of an exchange.
  double update(const Optimiser& optimiser) noexcept {
    if (failed()) return std::numeric_limits<double>::quiet_NaN();
    const std::size_t first = first_tensor(run_.first_step);
    const double norm = gradient_norm(first);
    if (!std::isfinite(norm)) return norm;
    const bool clips = optimiser.largest_norm > 0 && norm > optimiser.largest_norm;
    for (std::size_t i = first; i < run_.tensors.size(); ++i) {
      const TrainingTensor& tensor = run_.tensors[i];
      if (tensor.is_statistic()) continue;
      const double factor = optimiser.factors.empty() ? 1 : optimiser.factors[i];
      const bool decays = optimiser.decays_norms || !tensor.is_norm();
      update_parameters(
          run_,
          {.parameters = run_.parameters + tensor.place,
           .velocities = memory_.velocities.data() + tensor.place,
           .gradients = run_.gradients + tensor.place,
           .count = tensor.floats(),
           .rate = static_cast<float>(optimiser.learning_rate * factor),
           .momentum = static_cast<float>(optimiser.momentum),
           .l2 = decays ? static_cast<float>(optimiser.l2) : 0,
           .gradient_scale = clips ? static_cast<float>(optimiser.largest_norm / norm) : 1},
          isa_);
    }
    return norm;
  }

  /// Returns the first step of a stage (see TrainingTensor::stage): from it on `backward` leaves
  /// the stages before it as they are.
  int first_step_of_stage(int stage) const {
    for (std::size_t i = 0; i < run_.steps.size(); ++i)
      for (const int tensor : {run_.steps[i].weight, run_.steps[i].gamma})
        if (tensor >= 0 && run_.tensors[static_cast<std::size_t>(tensor)].stage >= stage)
          return static_cast<int>(i);
    return static_cast<int>(run_.steps.size());
  }

  /// What is learnt, and what a training that continues needs: all values of one kind, with the
  /// layout of `tensors()`; what pads them is zero.
  // NOLINTBEGIN(readability-make-member-function-const): a const trainer has const values
  std::span<float> parameters() { return memory_.parameters; }
  std::span<const float> parameters() const { return memory_.parameters; }
  std::span<float> velocities() { return memory_.velocities; }
  std::span<const float> velocities() const { return memory_.velocities; }
  std::span<float> statistics() { return memory_.statistics; }
  std::span<const float> statistics() const { return memory_.statistics; }
  // NOLINTEND(readability-make-member-function-const)
  std::span<const float> gradients() const { return memory_.gradients; }
  TrainingState state() { return {run_.tensors, parameters(), statistics()}; }

  std::span<const TrainingStep> steps() const { return run_.steps; }
  std::span<const TrainingValue> values() const { return run_.values; }
  std::span<const TrainingTensor> tensors() const { return run_.tensors; }

  /// Returns what a value holds, [image][pixel][channel padded], as long as its place in the arena
  /// is not used again; and the loss by it.
  std::span<const float> value(int index) const { return in_arena(index, &TrainingValue::values); }
  std::span<const float> value_gradients(int index) const {
    return in_arena(index, &TrainingValue::gradients);
  }

 protected:
  /// What is done, and with what.
  struct Layout {
    std::span<const TrainingStep> steps;
    std::span<const TrainingValue> values;
    std::span<const TrainingTensor> tensors;
    Shape picture;
    int images, logits;  ///< of a batch; the value
  };
  /// Where the numbers are; each begins at a multiple of 64 bytes, and is zero.
  struct Memory {
    float* arena;
    float* scratch;
    std::span<float> parameters, gradients, velocities, statistics;
  };

  TrainingPasses() = default;
  TrainingPasses(TrainingPasses&&) = default;
  TrainingPasses& operator=(TrainingPasses&&) = default;
  ~TrainingPasses() = default;

  void take(const Layout& layout, const Memory& memory) {
    picture_ = layout.picture;
    most_images_ = layout.images;
    logits_ = layout.logits;
    memory_ = memory;
    run_.steps = layout.steps;
    run_.values = layout.values;
    run_.tensors = layout.tensors;
    run_.arena = memory.arena;
    run_.scratch = memory.scratch;
    run_.parameters = memory.parameters.data();
    run_.gradients = memory.gradients.data();
    run_.statistics = memory.statistics.data();
  }

  /// Sets all parameters and statistics to what they are before anything is learnt.
  void initialise(const Graph& graph, std::uint64_t seed) {
    for (std::size_t i = 0; i < run_.tensors.size(); ++i)
      pplcnet::initialise(graph, state(), i, seed);
  }

 private:
  bool failed() const { return run_.exchange != nullptr && run_.exchange->error(); }

  const TrainingValue& logits_value() const {
    return run_.values[static_cast<std::size_t>(logits_)];
  }

  std::span<const float> in_arena(int index, std::size_t TrainingValue::*place) const {
    const TrainingValue& value = run_.values[static_cast<std::size_t>(index)];
    return {run_.arena + value.*place, value.floats(run_.images)};
  }

  /// Returns the first tensor that is of a step from that one on: they have the steps' order.
  std::size_t first_tensor(int first_step) const {
    for (auto i = static_cast<std::size_t>(first_step); i < run_.steps.size(); ++i)
      for (const int tensor : {run_.steps[i].weight, run_.steps[i].gamma})
        if (tensor >= 0) return static_cast<std::size_t>(tensor);
    return run_.tensors.size();
  }

  /// Returns the norm of the gradients from one tensor on.
  double gradient_norm(std::size_t first) const {
    double sum = 0;
    for (std::size_t i = first; i < run_.tensors.size(); ++i) {
      const TrainingTensor& tensor = run_.tensors[i];
      if (!tensor.is_statistic())
        sum += sum_of_squares({run_.gradients + tensor.place, tensor.floats()});
    }
    return std::sqrt(sum);
  }

  TrainingRun run_;
  Shape picture_;
  int most_images_ = 0, logits_ = -1;
  Memory memory_ = {};
  Isa isa_ = Isa::baseline;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAINING_PASSES_HPP

#if PPLCNET_HAS_TRAINING_DEFINITIONS
#include <algorithm>
#include <utility>
#include <vector>

// from pplcnet/train/make_training_plan.hpp
#ifndef PPLCNET_TRAIN_MAKE_TRAINING_PLAN_HPP
#define PPLCNET_TRAIN_MAKE_TRAINING_PLAN_HPP

#include <algorithm>
#include <cstddef>
#include <span>

// from pplcnet/train/check_trainable.hpp
#ifndef PPLCNET_TRAIN_CHECK_TRAINABLE_HPP
#define PPLCNET_TRAIN_CHECK_TRAINABLE_HPP


namespace pplcnet::inline PPLCNET_ABI {

namespace training {

/// Returns the node that gives the logits; -1: the network has no such result, or another one.
constexpr int logits_of(const Graph& graph) {
  int found = -1;
  for (int i = 0; i < graph.output_count; ++i) {
    const Graph::Output& output = graph.outputs[i];
    if (output.role == Role::stage) continue;
    if (output.role != Role::result || found >= 0 || !graph.nodes[output.node].vector) return -1;
    found = output.node;
  }
  return found;
}

/// Returns whether the kernels of a convolution's branches lie around the same pixel as the whole.
constexpr bool has_sound_branches(const Node& node, const TrainingForm& form) {
  const Window& window = node.window;
  const Padding& padding = window.padding;
  if (form.count > 0 && (window.kernel.height != window.kernel.width || window.dilation != Pair(1)))
    return false;
  for (int i = 0; i < form.count; ++i) {
    const Branch& branch = form.branches[i];
    const int kernel = branch.identity ? 1 : branch.kernel;
    const int margin = window.kernel.height - kernel;
    if (margin < 0 || margin % 2 != 0) return false;
    for (const int side : {padding.top, padding.left, padding.bottom, padding.right})
      if (margin / 2 > side) return false;
  }
  return true;
}

/// Returns the rule that a node breaks.
constexpr TrainingRule rule_broken_by(const Graph& graph, int index, bool as_deployed) {
  const Node& node = graph.nodes[index];
  switch (node.op) {
    case Operator::picture:
    case Operator::convolution:
    case Operator::dense:
    case Operator::max_pool:
    case Operator::average_pool:
    case Operator::pool:
    case Operator::gate:
    case Operator::add:
    case Operator::concat:
    case Operator::slice:
    case Operator::shuffle:
    case Operator::affine:
      break;
    default:
      return TrainingRule::operators;
  }
  if (node.weights_of >= 0 || node.repeats != 1 || node.layout == Layout::transposed)
    return TrainingRule::weights;
  if (node.activation.kind == Activation::Kind::prelu) return TrainingRule::slopes;
  if (node.op == Operator::convolution &&
      !has_sound_branches(node, trained_form(trained_layer(graph, index), as_deployed)))
    return TrainingRule::branches;
  return TrainingRule::none;
}

}  // namespace training

/// Returns why a graph cannot be trained; nothing if it can, but for its size.
constexpr TrainingFlaw training_flaw(const Graph& graph, const TrainingOptions& options) {
  if (options.images < 1 || options.images > TrainingOptions::kMostImages)
    return {TrainingRule::images, 0};
  if (training::logits_of(graph) < 0) return {TrainingRule::classes, graph.node_count - 1};
  for (int i = 0; i < graph.node_count; ++i)
    if (const TrainingRule broken = training::rule_broken_by(graph, i, options.as_deployed);
        broken != TrainingRule::none)
      return {broken, i};
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_CHECK_TRAINABLE_HPP
// from pplcnet/train/lower_training.hpp
#ifndef PPLCNET_TRAIN_LOWER_TRAINING_HPP
#define PPLCNET_TRAIN_LOWER_TRAINING_HPP

#include <algorithm>

// from pplcnet/train/append_steps.hpp
#ifndef PPLCNET_TRAIN_APPEND_STEPS_HPP
#define PPLCNET_TRAIN_APPEND_STEPS_HPP

#include <cstddef>
#include <cstdint>


namespace pplcnet::inline PPLCNET_ABI {

namespace training {

/// Appends steps, values and tensors to a plan; once there is no room, the plan has a flaw.
class StepAppender {
 public:
  constexpr StepAppender(const Graph& graph, TrainingPlan& plan) : graph_(graph), plan_(plan) {}

 protected:
  /// Says which node the next steps and tensors are of, and of which stage.
  constexpr void begin(int node, int stage) {
    node_ = node;
    stage_ = stage;
  }
  /// Returns that node.
  constexpr const Node& node() const { return graph_.nodes[node_]; }
  constexpr int node_number() const { return node_; }

  constexpr int activate(int x, Activation activation) {
    if (activation == Activation::none) return x;
    return append({.op = TrainingOperator::activate, .input = x, .activation = activation},
                  plan_.values[x].shape);
  }

  constexpr int drop(int x, int keep_percent) {
    if (keep_percent == 100) return x;
    return append({.op = TrainingOperator::dropout, .input = x, .keep_percent = keep_percent},
                  plan_.values[x].shape);
  }

  /// Appends a value of some channels of another.
  constexpr int copy(int x, int first, int read_step, const Shape& shape) {
    return append({.op = TrainingOperator::copy,
                   .input = x,
                   .first = first,
                   .channels = shape.channels,
                   .read_step = read_step,
                   .clears = true},
                  shape);
  }

  constexpr int add_vector(TrainingTensor::Kind kind, int branch) {
    return add_tensor({.kind = kind, .branch = branch, .outputs = node().shape.channels});
  }

  constexpr int add_tensor(TrainingTensor tensor) {
    if (plan_.tensor_count == TrainingPlan::kMostTensors) return overflow();
    tensor.node = node_;
    tensor.stage = stage_;
    std::size_t& end = tensor.is_statistic() ? plan_.statistic_floats : plan_.parameter_floats;
    tensor.place = end;
    end += static_cast<std::size_t>(
        round_up(static_cast<std::int64_t>(tensor.floats()), kTrainingAlignment));
    plan_.tensors[plan_.tensor_count] = tensor;
    return plan_.tensor_count++;
  }

  constexpr int add_value(const Shape& shape) {
    if (plan_.value_count == TrainingPlan::kMostValues) return overflow();
    plan_.values[plan_.value_count] = {.shape = shape, .pitch = padded_channels(shape.channels)};
    return plan_.value_count++;
  }

  constexpr void append_step(TrainingStep step) {
    step.node = node_;
    if (plan_.step_count == TrainingPlan::kMostSteps)
      overflow();
    else
      plan_.steps[plan_.step_count++] = step;
  }

  /// Appends a step that gives a value, and returns the value.
  constexpr int append(TrainingStep step, const Shape& shape) {
    step.output = add_value(shape);
    append_step(step);
    return step.output;
  }

  constexpr int overflow() {
    plan_.flaw = {TrainingRule::size, node_};
    return 0;
  }

  const Graph& graph_;
  TrainingPlan& plan_;

 private:
  int node_ = 0, stage_ = 0;
};

}  // namespace training

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_APPEND_STEPS_HPP

// From a graph's nodes to the steps of its training.

namespace pplcnet::inline PPLCNET_ABI {

namespace training {

/// Appends steps to a plan, node by node, and the values and tensors that they need. A node that
/// the logits do not depend on becomes nothing; it has no weights.
class TrainingLowering : private StepAppender {
 public:
  using StepAppender::StepAppender;

  constexpr void run(int logits) {
    find_needed(logits);
    find_stages();
    plan_.picture = graph_.nodes[0].shape;
    for (int node = 0; node < graph_.node_count && !plan_.flaw; ++node) {
      if (needed_[node])
        values_[node] = lower(node);
      else if (becomes_weights(graph_.nodes[node]))
        plan_.flaw = {TrainingRule::unused, node};
    }
    plan_.logits = values_[logits];
  }

 private:
  static constexpr int kWhole = -1;  ///< in the place of a branch

  constexpr void need(int node) {
    if (node >= 0) needed_[node] = true;
  }

  constexpr void find_needed(int logits) {
    needed_[0] = needed_[logits] = true;
    for (int i = logits; i > 0; --i) {
      const Node& node = graph_.nodes[i];
      if (!needed_[i]) continue;
      need(node.input);
      need(node.second);
      for (int part = 0; part < node.part_count; ++part) need(graph_.parts[node.first_part + part]);
    }
  }

  /// Finds the stages: the first weights are one of their own; then the graph's; then what follows.
  constexpr void find_stages() {
    int first = 1;
    while (first < graph_.node_count && graph_.nodes[first].op != Operator::convolution) ++first;
    for (int i = 0; i < graph_.node_count; ++i) {
      stages_[i] = i > first ? 1 : 0;
      for (int output = 0; output < graph_.output_count; ++output)
        if (graph_.outputs[output].role == Role::stage && graph_.outputs[output].node < i)
          ++stages_[i];
      plan_.stages = std::max(plan_.stages, stages_[i] + 1);
    }
  }

  constexpr int lower(int index) {
    begin(index, stages_[index]);
    const Node& node = this->node();
    switch (node.op) {
      case Operator::picture:
        return append({.op = TrainingOperator::picture}, node.shape);
      case Operator::convolution:
        return lower_convolution();
      case Operator::dense:
      case Operator::affine:
        return lower_weights(values_[node.input]);
      case Operator::gate:
      case Operator::add:
        return activate(append({.op = node.op == Operator::gate ? TrainingOperator::gate
                                                                : TrainingOperator::add,
                                .input = values_[node.input],
                                .second = values_[node.second]},
                               node.shape),
                        node.activation);
      case Operator::concat:
        return lower_concat();
      case Operator::slice:
        return copy(values_[node.input], node.first, node.step, node.shape);
      case Operator::shuffle:
        return lower_shuffle();
      default:
        return append({.op = node.op == Operator::max_pool       ? TrainingOperator::max_pool
                             : node.op == Operator::average_pool ? TrainingOperator::average_pool
                                                                 : TrainingOperator::mean,
                       .input = values_[node.input],
                       .window = node.window,
                       .count_padding = node.count_padding},
                      node.shape);
    }
  }

  constexpr int lower_convolution() {
    const Node& node = this->node();
    int x = values_[node.input];
    if (node.reads_group) {
      const Shape& shape = plan_.values[x].shape;
      const int channels = shape.channels / node.group_count;
      x = copy(x, node.group * channels, 1, {shape.height, shape.width, channels});
    }
    const TrainingForm form =
        trained_form(trained_layer(graph_, node_number()), plan_.options.as_deployed);
    return form.count > 0 ? lower_branches(x, form) : lower_weights(x);
  }

  /// Appends weights, a batch norm, an activation, a scale and a shift, as far as they are there.
  constexpr int lower_weights(int x) {
    const Node& node = this->node();
    x = drop(x, node.input_percent);
    if (node.layout != Layout::none) x = weigh(kWhole, x, node.window, node.bias);
    x = drop(x, node.output_percent);
    x = node.norm ? normalise(kWhole, x, node.norm_epsilon, node.activation)
                  : activate(x, node.activation);
    return node.affine ? scale(x, /*last=*/true) : x;
  }

  /// Appends the sum of branches, and what follows it.
  constexpr int lower_branches(int x, const TrainingForm& form) {
    const Node& node = this->node();
    const bool scales = !form.affine.empty();
    int sum = -1;
    for (int i = 0; i < form.count && !plan_.flaw; ++i) {
      const Branch& branch = form.branches[i];
      const bool alone = form.count == 1 && form.norm.empty() && !scales;
      int y = x;
      if (!branch.identity) y = weigh(i, x, window_of(node.window, branch.kernel), false);
      if (!branch.norm.empty())
        y = normalise(i, y, kBatchNormEpsilon, alone ? node.activation : Activation::none);
      sum = sum < 0 ? y
                    : append({.op = TrainingOperator::add, .input = sum, .second = y}, node.shape);
      if (alone && !branch.norm.empty()) return node.affine ? scale(sum, true) : sum;
    }
    if (!form.norm.empty())
      sum = normalise(kWhole, sum, kBatchNormEpsilon, scales ? Activation::none : node.activation);
    if (scales) sum = scale(sum, /*last=*/false);
    if (form.norm.empty() || scales) sum = activate(sum, node.activation);
    return node.affine ? scale(sum, /*last=*/true) : sum;
  }

  /// Returns the window of a branch's kernel: in the middle of the whole one's.
  static constexpr Window window_of(const Window& whole, int kernel) {
    const int margin = (whole.kernel.height - kernel) / 2;
    const Padding& padding = whole.padding;
    return {.kernel = kernel,
            .stride = whole.stride,
            .padding = {padding.top - margin, padding.left - margin, padding.bottom - margin,
                        padding.right - margin}};
  }

  /// Appends weights times a value.
  constexpr int weigh(int branch, int x, const Window& window, bool bias) {
    const Node& node = this->node();
    const bool alone = node.groups > 1 || node.op == Operator::affine;
    const bool product = !alone && (node.op == Operator::dense || window == Window{});
    const int inputs = alone ? 1 : plan_.values[x].shape.channels;
    TrainingStep step = {.op = alone     ? TrainingOperator::depthwise
                               : product ? TrainingOperator::product
                                         : TrainingOperator::convolution,
                         .branch = branch,
                         .input = x,
                         .window = window};
    step.weight = add_tensor({.kind = TrainingTensor::Kind::weight,
                              .branch = branch,
                              .kernel = window.kernel,
                              .inputs = inputs,
                              .outputs = node.shape.channels});
    if (bias) step.bias = add_vector(TrainingTensor::Kind::bias, branch);
    return append(step, node.shape);
  }

  constexpr int normalise(int branch, int x, double epsilon, Activation activation) {
    using Kind = TrainingTensor::Kind;
    TrainingStep step = {.op = TrainingOperator::normalise,
                         .branch = branch,
                         .input = x,
                         .activation = activation,
                         .epsilon = epsilon};
    step.gamma = add_vector(Kind::gamma, branch);
    step.beta = add_vector(Kind::beta, branch);
    step.mean = add_vector(Kind::mean, branch);
    step.variance = add_vector(Kind::variance, branch);
    return append(step, node().shape);
  }

  /// Appends one scale and one shift for all channels.
  constexpr int scale(int x, bool last) {
    using Kind = TrainingTensor::Kind;
    TrainingStep step = {.op = TrainingOperator::affine, .input = x};
    step.weight = add_tensor({.kind = Kind::scale, .last = last});
    step.bias = add_tensor({.kind = Kind::shift, .last = last});
    return append(step, plan_.values[x].shape);
  }

  constexpr int lower_concat() {
    const Node& node = this->node();
    const int output = add_value(node.shape);
    for (int i = 0, channel = 0; i < node.part_count; ++i) {
      const int part = values_[graph_.parts[node.first_part + i]];
      const int channels = plan_.values[part].shape.channels;
      append_step({.op = TrainingOperator::copy,
                   .input = part,
                   .output = output,
                   .first_output = channel,
                   .channels = channels,
                   .clears = i == 0});
      channel += channels;
    }
    return output;
  }

  /// Appends copies by which each group of channels becomes every so many channels.
  constexpr int lower_shuffle() {
    const Node& node = this->node();
    const int output = add_value(node.shape);
    const int channels = node.shape.channels / node.groups;
    for (int i = 0; i < node.groups; ++i)
      append_step({.op = TrainingOperator::copy,
                   .input = values_[node.input],
                   .output = output,
                   .first = i * channels,
                   .first_output = i,
                   .channels = channels,
                   .write_step = node.groups,
                   .clears = i == 0});
    return output;
  }

  int values_[Graph::kMaxNodes] = {};
  int stages_[Graph::kMaxNodes] = {};
  bool needed_[Graph::kMaxNodes] = {};
};

}  // namespace training

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_LOWER_TRAINING_HPP
// from pplcnet/train/mark_gradients.hpp
#ifndef PPLCNET_TRAIN_MARK_GRADIENTS_HPP
#define PPLCNET_TRAIN_MARK_GRADIENTS_HPP


namespace pplcnet::inline PPLCNET_ABI {

namespace training {

/// Returns whether a step learns anything.
constexpr bool learns(const TrainingStep& step) { return step.weight >= 0 || step.gamma >= 0; }

/// Says which values have gradients: those that depend on something that is learnt, or, if they are
/// asked for, on the pixels.
constexpr void find_gradients(TrainingPlan& plan) {
  for (int i = 0; i < plan.step_count; ++i) {
    TrainingStep& step = plan.steps[i];
    if (step.op == TrainingOperator::picture)
      step.input_gradients = plan.options.picture_gradients;
    else
      step.input_gradients = plan.values[step.input].has_gradients;
    step.second_gradients = step.second >= 0 && plan.values[step.second].has_gradients;
    if (learns(step) || step.input_gradients || step.second_gradients)
      plan.values[step.output].has_gradients = true;
  }
}

/// Says who writes a value's gradients: the last of its readers, which is the first in the backward
/// pass; the others add theirs.
constexpr void find_first_writers(TrainingPlan& plan) {
  bool written[TrainingPlan::kMostValues] = {};
  written[plan.logits] = true;
  for (int i = plan.step_count - 1; i >= 0; --i) {
    TrainingStep& step = plan.steps[i];
    if (step.input_gradients && step.input >= 0) {
      step.adds_input = written[step.input];
      written[step.input] = true;
    }
    if (step.second_gradients) {
      step.adds_second = written[step.second];
      written[step.second] = true;
    }
  }
}

/// Says which gradients the backward pass computes.
constexpr void mark_gradients(TrainingPlan& plan) {
  find_gradients(plan);
  find_first_writers(plan);
}

}  // namespace training

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_MARK_GRADIENTS_HPP
// from pplcnet/train/place_values.hpp
#ifndef PPLCNET_TRAIN_PLACE_VALUES_HPP
#define PPLCNET_TRAIN_PLACE_VALUES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>


// Where values, their gradients and moments are in the arena.

namespace pplcnet::inline PPLCNET_ABI {

namespace training {

/// A part of the arena, and when it is in use, in steps of both passes: the forward one counts from
/// 0, the loss is in the middle, the backward one follows.
struct Block {
  std::size_t size = 0;
  int begin = 0, end = 0;        ///< the first and the last time
  std::size_t* place = nullptr;  ///< what is to be set

  constexpr bool meets(const Block& other) const {
    return begin <= other.end && other.begin <= end;
  }
};

/// Returns whether the backward pass of a step reads its input, and its second operand.
constexpr bool keeps_input(const TrainingStep& step) {
  switch (step.op) {
    case TrainingOperator::product:
    case TrainingOperator::convolution:
    case TrainingOperator::depthwise:
    case TrainingOperator::normalise:
    case TrainingOperator::affine:
    case TrainingOperator::activate:
    case TrainingOperator::gate:
    case TrainingOperator::max_pool:
      return true;
    default:
      return false;
  }
}

/// When values and gradients are in use.
class Lifetimes {
 public:
  constexpr explicit Lifetimes(const TrainingPlan& plan) : last_time_(2 * plan.step_count) {
    for (int i = plan.step_count - 1; i >= 0; --i) {
      const TrainingStep& step = plan.steps[i];
      first_step_[step.output] = i;
      for (const int value : {step.input, step.second}) {
        if (value < 0) continue;
        last_reader_[value] = std::max(last_reader_[value], i);
        last_use_[value] = std::max(last_use_[value], keeps_input(step) ? backward(i) : i);
      }
    }
    // The loss reads the logits, which can be read after both passes, too.
    last_reader_[plan.logits] = plan.step_count;
    last_use_[plan.logits] = last_time_;
  }

  /// Returns the time of the backward pass of a step; of the loss, after the last one.
  constexpr int backward(int step) const { return last_time_ - step; }

  constexpr Block values(int value) const {
    return {.begin = first_step_[value], .end = std::max(first_step_[value], last_use_[value])};
  }
  constexpr Block gradients(int value) const {
    return {.begin = backward(last_reader_[value]), .end = backward(first_step_[value])};
  }

 private:
  int last_time_;
  int first_step_[TrainingPlan::kMostValues] = {};
  int last_reader_[TrainingPlan::kMostValues] = {};
  int last_use_[TrainingPlan::kMostValues] = {};
};

/// Blocks of the arena, of which those that are in use at the same time do not overlap.
class Blocks {
 public:
  constexpr void add(Block block, std::int64_t floats, std::size_t& place) {
    block.size = static_cast<std::size_t>(round_up(floats, kTrainingAlignment));
    block.place = &place;
    blocks_[count_++] = block;
  }

  /// Gives each block the lowest place that is free, the largest first; returns the arena's size.
  constexpr std::size_t place() {
    std::sort(blocks_, blocks_ + count_, [](const Block& a, const Block& b) {
      return a.size != b.size ? a.size > b.size : a.begin < b.begin;
    });
    std::size_t end = 0;
    for (int i = 0; i < count_; ++i) {
      const Block& block = blocks_[i];
      std::size_t place = 0;
      for (int k = 0; k < i; ++k) {  // by place
        const Block& other = blocks_[order_[k]];
        if (!block.meets(other)) continue;
        if (*other.place >= place + block.size) break;
        place = std::max(place, *other.place + other.size);
      }
      *block.place = place;
      end = std::max(end, place + block.size);
      insert(i);
    }
    return end;
  }

 private:
  static constexpr int kMost = 2 * TrainingPlan::kMostValues + TrainingPlan::kMostSteps;

  /// Puts a block among those before it, which are ordered by their places.
  constexpr void insert(int index) {
    int k = index;
    for (; k > 0 && *blocks_[order_[k - 1]].place > *blocks_[index].place; --k)
      order_[k] = order_[k - 1];
    order_[k] = index;
  }

  Block blocks_[kMost] = {};
  int order_[kMost] = {};
  int count_ = 0;
};

/// Places values, gradients and moments of a plan.
constexpr void place_values(TrainingPlan& plan) {
  const Lifetimes lifetimes(plan);
  const int images = plan.options.images;
  Blocks blocks;
  for (int i = 0; i < plan.value_count; ++i) {
    TrainingValue& value = plan.values[i];
    const auto floats = static_cast<std::int64_t>(value.floats(images));
    blocks.add(lifetimes.values(i), floats, value.values);
    if (value.has_gradients) blocks.add(lifetimes.gradients(i), floats, value.gradients);
  }
  for (int i = 0; i < plan.step_count; ++i) {
    TrainingStep& step = plan.steps[i];
    if (step.op != TrainingOperator::normalise) continue;
    blocks.add({.begin = i, .end = lifetimes.backward(i)},
               2 * std::int64_t{plan.values[step.output].pitch}, step.moments);
  }
  plan.arena_floats = blocks.place();
}

}  // namespace training

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_PLACE_VALUES_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Lays the training of a graph without a flaw out; the plan says so, if it cannot be trained.
constexpr TrainingPlan make_training_plan(const Graph& graph, const TrainingOptions& options = {}) {
  TrainingPlan plan;
  plan.options = options;
  plan.flaw = training_flaw(graph, options);
  if (plan.flaw) return plan;
  training::TrainingLowering(graph, plan).run(training::logits_of(graph));
  if (plan.flaw) return plan;
  training::mark_gradients(plan);
  training::place_values(plan);
  const std::span values(plan.values, static_cast<std::size_t>(plan.value_count));
  const std::span tensors(plan.tensors, static_cast<std::size_t>(plan.tensor_count));
  for (int i = 0; i < plan.step_count; ++i)
    plan.scratch_floats = std::max(plan.scratch_floats,
                                   scratch_floats(plan.steps[i], values, tensors, options.images));
  return plan;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_MAKE_TRAINING_PLAN_HPP
// from pplcnet/train/norm_moments.hpp
#ifndef PPLCNET_TRAIN_NORM_MOMENTS_HPP
#define PPLCNET_TRAIN_NORM_MOMENTS_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>


namespace pplcnet::inline PPLCNET_ABI {

/// Mean and variance of each channel of what a batch norm reads, over any number of batches.
class NormMoments {
 public:
  /// Adds rows of `pitch` floats.
  void add(std::span<const float> values, std::size_t pitch) {
    const std::size_t rows = values.size() / pitch;
    mean_.resize(pitch);
    squares_.resize(pitch);
    for (std::size_t c = 0; c < pitch; ++c) {
      double sum = 0, squares = 0;
      for (std::size_t row = 0; row < rows; ++row) sum += values[row * pitch + c];
      const double mean = sum / static_cast<double>(rows);
      for (std::size_t row = 0; row < rows; ++row) {
        const double distance = values[row * pitch + c] - mean;
        squares += rounded(distance * distance);
      }
      join(c, static_cast<double>(rows), mean, squares);
    }
    rows_ += static_cast<double>(rows);
  }

  /// Has a batch norm of mean 0 and variance 1 compute the same with these.
  void apply(const TrainingStep& step, const TrainingState& state) const {
    const auto of = [&](int tensor) {
      return state.of(state.tensors[static_cast<std::size_t>(tensor)]);
    };
    const std::span<float> gamma = of(step.gamma), beta = of(step.beta), mean = of(step.mean),
                           variance = of(step.variance);
    const TrainingTensor& tensor = state.tensors[static_cast<std::size_t>(step.gamma)];
    for (std::size_t c = 0; c < static_cast<std::size_t>(tensor.outputs); ++c) {
      const double factor = gamma[c] / std::sqrt(1 + step.epsilon);
      mean[c] = static_cast<float>(mean_[c]);
      variance[c] = static_cast<float>(squares_[c] / rows_);
      gamma[c] = static_cast<float>(rounded(factor * std::sqrt(variance[c] + step.epsilon)));
      beta[c] = static_cast<float>(beta[c] + rounded(factor * mean[c]));
    }
  }

 private:
  /// Joins the moments of a channel and those of other rows (Chan).
  void join(std::size_t c, double rows, double mean, double squares) {
    const double all = rows_ + rows, distance = mean - mean_[c];
    squares_[c] += squares + rounded(rounded(distance * distance) * (rows_ * rows / all));
    mean_[c] += rounded(distance * (rows / all));
  }

  double rows_ = 0;
  std::vector<double> mean_, squares_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_NORM_MOMENTS_HPP
// from pplcnet/train/unfold.hpp
#ifndef PPLCNET_TRAIN_UNFOLD_HPP
#define PPLCNET_TRAIN_UNFOLD_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>


// What a network learns, from weights that batch norms are folded into.

namespace pplcnet::inline PPLCNET_ABI {

namespace training {

/// Returns parameters that compute what folded ones do: the batch norm has mean 0 and variance 1.
inline TrainingParameters unfolded(const Node& node, Parameters folded) {
  const double keep = node.input_percent / 100.0, share = node.output_percent / 100.0;
  const double deviation = std::sqrt(1 + node.norm_epsilon);
  const std::size_t outputs = folded.bias.size();
  TrainingParameters result;
  Parameters& whole = result.whole;
  for (float& weight : folded.weight) weight = static_cast<float>(weight / (keep * share));
  if (node.norm) {
    whole.gamma.assign(outputs, static_cast<float>(deviation));
    if (node.layout == Layout::none)
      for (std::size_t o = 0; o < outputs; ++o)
        whole.gamma[o] = static_cast<float>(deviation * folded.weight[o]);
    whole.beta = folded.bias;
    whole.mean.assign(outputs, 0);
    whole.variance.assign(outputs, 1);
    whole.bias.assign(outputs, 0);
  } else {
    whole.bias = std::move(folded.bias);
    for (float& bias : whole.bias) bias = static_cast<float>(bias / share);
  }
  whole.weight = std::move(folded.weight);
  if (!folded.affine.empty()) result.last_affine = std::move(folded.affine);
  return result;
}

}  // namespace training

/// Sets what a network has learnt from folded weights, so that it computes the same with running
/// statistics: its batch norms have mean 0 and variance 1, which `NormMoments` replaces. `network`
/// is trained as it is deployed; where `from` has another number of classes, the classifier's
/// weights stay as they are if `of_other_classes` says so.
inline Error unfold(const AnyNetwork& from, const TrainedNetwork& network,
                    const TrainingState& state, bool of_other_classes) {
  auto layer = from.layers().begin();
  for (int i = 0; i < network.graph.node_count; ++i) {
    const Node& node = network.graph.nodes[i];
    if (!training::becomes_weights(node)) continue;
    while (layer != from.layers().end() && !layer->owns_weights()) ++layer;
    const Layer own = trained_layer(network.graph, i);
    if (layer == from.layers().end() || layer->kernel != own.kernel ||
        layer->input.channels != own.input.channels)
      return Error::of(from.traits().name, ": is another network than ", network.traits.name,
                       " at ", layer_name(own));
    if (trained_form(own, network.as_deployed).count > 0)
      return Error::of(from.traits().name, ": ", layer_name(own),
                       " has no branches: it is trained as it is deployed, or not at all");
    const bool fits = layer->output.channels == own.output.channels;
    const bool classifier =
        &*layer == &from.layers()[static_cast<std::size_t>(std::max(0, from.traits().logits))];
    if (!fits && !(classifier && of_other_classes))
      return Error::of(from.traits().name, ": ", layer_name(own), ": expected ",
                       own.output.channels, " outputs, found ", layer->output.channels);
    if (fits && training::has_parameters(state, i))
      training::set_parameters(state, i, training::unfolded(node, unpack(*layer, from.weights())));
    ++layer;
  }
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_UNFOLD_HPP
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// A network in training that is known only when the program runs: what a `Trainer` is for a type.
/// Its memory is allocated when it is made, and not again.
class AnyTrainer : public TrainingPasses {
 public:
  static constexpr std::size_t kMostFloats = std::size_t{1} << 32;  ///< 16 GiB

  /// Makes the training of a graph, with parameters that only depend on the seed. It is an error if
  /// the graph cannot be trained, or if there is no memory.
  static Error make(const Graph& graph, const TrainingOptions& options, std::uint64_t seed,
                    std::optional<AnyTrainer>& result);

  AnyTrainer(AnyTrainer&&) = default;
  AnyTrainer& operator=(AnyTrainer&&) = default;
  ~AnyTrainer() = default;

  const Graph& graph() const { return *graph_; }
  const TrainingPlan& plan() const { return *plan_; }
  const NetworkTraits& traits() const { return network_plan_->traits; }
  /// Returns the bytes of all memory of a step, but for the pictures.
  std::size_t memory_bytes() const { return storage_.get_deleter().bytes; }

  /// Sets what is learnt to what it is before that, and the velocities to zero.
  void initialise(std::uint64_t seed);

  /// Returns the name of a tensor in a state dict of this network.
  std::string name_of(const TrainingTensor& tensor) const;

  /// Takes what was learnt from a framework's state dict. After an error some of it is taken.
  Error load(const TensorFile& file, OtherClasses other_classes = OtherClasses::are_errors) {
    return take_state_dict(file, network(), state(), other_classes);
  }

  /// Takes folded weights, as native files and those of other engines have them, of a network that
  /// is trained as it is deployed. What its batch norms were is found again from pictures,
  /// [image][3][height][width], at least one: the network computes the same. After an error some of
  /// it is taken.
  Error load(const AnyNetwork& folded, std::span<const float> pictures,
             OtherClasses other_classes = OtherClasses::are_errors, const Executor& executor = {});

  /// Makes a network for inference of what has been learnt.
  Error network(std::optional<AnyNetwork>& result);

  /// Returns what it is that learns, for `TrainedStateDict` and others.
  TrainedNetwork network() const {
    return {*graph_,
            {network_plan_->layers, static_cast<std::size_t>(network_plan_->layer_count)},
            network_plan_->traits,
            plan_->options.as_deployed};
  }

 private:
  AnyTrainer() = default;

  /// Lays the memory out, and allocates it; false if there is none.
  bool allocate();
  Error find_norms(std::span<const float> pictures, const Executor& executor);

  std::unique_ptr<const Graph> graph_;
  std::unique_ptr<const Plan> network_plan_;
  std::unique_ptr<const TrainingPlan> plan_;
  HugePageArray<float> storage_;
};

#if PPLCNET_HAS_TRAINING_DEFINITIONS
namespace training {

/// Returns how many floats there are of each kind: values, then parameters, gradients, velocities,
/// statistics and scratch, each rounded up so that the next begins at a multiple of 64 bytes.
inline std::vector<std::size_t> floats_of(const TrainingPlan& plan) {
  std::vector<std::size_t> floats = {plan.arena_floats,     plan.parameter_floats,
                                     plan.parameter_floats, plan.parameter_floats,
                                     plan.statistic_floats, plan.scratch_floats};
  for (std::size_t& count : floats)
    count = static_cast<std::size_t>(round_up(static_cast<std::int64_t>(count), 16));
  return floats;
}

}  // namespace training

PPLCNET_TRAINING_INLINE bool AnyTrainer::allocate() {
  std::size_t count = 0;
  for (const std::size_t part : training::floats_of(*plan_)) count += part;
  storage_ = zeros_in_huge_pages<float>(count);
  if (storage_ == nullptr) return false;
  std::vector<std::span<float>> parts;
  float* next = storage_.get();
  for (const std::size_t part : training::floats_of(*plan_)) {
    parts.emplace_back(next, part);
    next += part;
  }
  take({.steps = {plan_->steps, static_cast<std::size_t>(plan_->step_count)},
        .values = {plan_->values, static_cast<std::size_t>(plan_->value_count)},
        .tensors = {plan_->tensors, static_cast<std::size_t>(plan_->tensor_count)},
        .picture = plan_->picture,
        .images = plan_->options.images,
        .logits = plan_->logits},
       {.arena = parts[0].data(),
        .scratch = parts[5].data(),
        .parameters = parts[1],
        .gradients = parts[2],
        .velocities = parts[3],
        .statistics = parts[4]});
  return true;
}

PPLCNET_TRAINING_INLINE Error AnyTrainer::make(const Graph& graph, const TrainingOptions& options,
                                               std::uint64_t seed,
                                               std::optional<AnyTrainer>& result) {
  result.reset();
  if (auto error = check_graph(graph)) return error;
  return with_memory_for(graph.title, [&]() -> Error {
    AnyTrainer trainer;
    trainer.graph_ = std::make_unique<const Graph>(graph);
    trainer.network_plan_ = new_plan(graph, Storage::single);
    if (trainer.network_plan_ == nullptr) return out_of_memory(graph.title);
    trainer.plan_ = std::make_unique<TrainingPlan>(make_training_plan(graph, options));
    const TrainingPlan& plan = *trainer.plan_;
    if (plan.flaw)
      return Error::of(graph.title, ": operator ", plan.flaw.node, ": ", text_of(plan.flaw.broken));
    std::size_t floats = 0;
    for (const std::size_t part : training::floats_of(plan)) floats += part;
    if (floats > kMostFloats)
      return Error::of(graph.title, ": needs memory for ", floats, " numbers, of at most ",
                       kMostFloats, ": take a smaller batch");
    if (!trainer.allocate()) return out_of_memory(graph.title);
    trainer.initialise(seed);
    result.emplace(std::move(trainer));
    return {};
  });
}

PPLCNET_TRAINING_INLINE void AnyTrainer::initialise(std::uint64_t seed) {
  TrainingPasses::initialise(*graph_, seed);
  std::ranges::fill(velocities(), 0.0F);
}

PPLCNET_TRAINING_INLINE std::string AnyTrainer::name_of(const TrainingTensor& tensor) const {
  return tensor_in_file(network(), tensor, namings_of(traits()).front()).name;
}

PPLCNET_TRAINING_INLINE Error AnyTrainer::load(const AnyNetwork& folded,
                                               std::span<const float> pictures,
                                               OtherClasses other_classes,
                                               const Executor& executor) {
  return with_memory_for(traits().name, [&]() -> Error {
    const bool keeps = other_classes == OtherClasses::keep_weights;
    if (auto error = unfold(folded, network(), state(), keeps)) return error;
    return find_norms(pictures, executor);
  });
}

/// Replaces means of 0 and variances of 1 by those of pictures. All batch norms keep what they read
/// until the backward pass.
PPLCNET_TRAINING_INLINE Error AnyTrainer::find_norms(std::span<const float> pictures,
                                                     const Executor& executor) {
  const auto size = static_cast<std::size_t>(picture().size());
  const std::size_t count = pictures.size() / size;
  if (count == 0 || pictures.size() % size != 0)
    return Error::of(traits().name, ": expected pictures of ", size, " numbers, found ",
                     pictures.size(), " numbers");
  std::vector<NormMoments> moments(steps().size());
  TrainingPass pass = TrainingPass::inference();
  pass.executor = executor;
  for (std::size_t first = 0; first < count;) {
    const std::size_t batch = std::min(count - first, static_cast<std::size_t>(images()));
    forward(pictures.subspan(first * size, batch * size), static_cast<int>(batch), pass);
    for (std::size_t i = 0; i < steps().size(); ++i) {
      const TrainingStep& step = steps()[i];
      if (step.op != TrainingOperator::normalise) continue;
      const TrainingValue& input = values()[static_cast<std::size_t>(step.input)];
      moments[i].add(value(step.input), static_cast<std::size_t>(input.pitch));
    }
    first += batch;
  }
  for (std::size_t i = 0; i < steps().size(); ++i)
    if (steps()[i].op == TrainingOperator::normalise) moments[i].apply(steps()[i], state());
  return {};
}

PPLCNET_TRAINING_INLINE Error AnyTrainer::network(std::optional<AnyNetwork>& result) {
  if (auto error = AnyNetwork::make(*graph_, /*threads=*/1, result)) return error;
  return fold_trained(network(), state(), result->weights());
}
#endif  // PPLCNET_HAS_TRAINING_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_ANY_TRAINER_HPP
// from pplcnet/train/trained_state_dict.hpp
#ifndef PPLCNET_TRAIN_TRAINED_STATE_DICT_HPP
#define PPLCNET_TRAIN_TRAINED_STATE_DICT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// from pplcnet/train/tensor_in_file.hpp
#ifndef PPLCNET_TRAIN_TENSOR_IN_FILE_HPP
#define PPLCNET_TRAIN_TENSOR_IN_FILE_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

// from pplcnet/train/trained_layer.hpp
#ifndef PPLCNET_TRAIN_TRAINED_LAYER_HPP
#define PPLCNET_TRAIN_TRAINED_LAYER_HPP


namespace pplcnet::inline PPLCNET_ABI {

/// Returns the layer that computes a node of a graph once it is deployed: what its tensors are
/// called and how files hold them follows from it.
constexpr Layer trained_layer(const Graph& graph, int index) {
  const Node& node = graph.nodes[index];
  Layer layer = planning::layer_of(node);
  if (node.groups > 1 || node.op == Operator::affine)
    layer.op = Operator::depthwise;
  else if (node.op == Operator::convolution && node.window == Window{})
    layer.op = Operator::pointwise;
  if (node.input >= 0) layer.input = graph.nodes[node.input].shape;
  if (node.reads_group) layer.input.channels /= node.group_count;
  return layer;
}

namespace training {

/// Returns whether a node of a graph becomes a layer with weights.
constexpr bool becomes_weights(const Node& node) {
  return node.op == Operator::convolution || node.op == Operator::dense ||
         node.op == Operator::affine;
}

}  // namespace training

/// Returns what a convolution consists of in training; no branches if it is trained as deployed.
constexpr TrainingForm trained_form(const Layer& layer, bool as_deployed) {
  return as_deployed ? TrainingForm{} : training_form(layer);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TRAINED_LAYER_HPP
// from pplcnet/weights/naming/names.hpp
#ifndef PPLCNET_WEIGHTS_NAMING_NAMES_HPP
#define PPLCNET_WEIGHTS_NAMING_NAMES_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// from pplcnet/weights/naming/layer_name.hpp
#ifndef PPLCNET_WEIGHTS_NAMING_LAYER_NAME_HPP
#define PPLCNET_WEIGHTS_NAMING_LAYER_NAME_HPP

#include <cstddef>
#include <string>
#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// Returns a name as one string.
PPLCNET_INLINE std::string text_of(const Name& name);

/// Returns the project's own name of a layer.
PPLCNET_INLINE std::string layer_name(const Layer& layer);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::string text_of(const Name& name) {
  std::string text;
  std::size_t next = 0;
  for (const std::string_view part : {name.pattern, name.leaf})
    for (const char c : part) {
      if (c == '#')
        text += std::to_string(name.numbers[next++]);
      else
        text += c;
    }
  return text;
}

PPLCNET_INLINE std::string layer_name(const Layer& layer) {
  if (layer.group_count > 1) return join({text_of(layer.name), ".group", layer.group});
  return text_of(layer.name);
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_LAYER_NAME_HPP

// What the tensors of a layer are called in the files of a framework.

namespace pplcnet::inline PPLCNET_ABI {

/// The names of a layer's tensors in a file; empty where the layer has no such tensor.
struct ParameterNames {
  std::string weight = {}, bias = {}, gamma = {}, beta = {}, mean = {}, variance = {};
  std::string slopes = {};  ///< of a PReLU
};

/// Returns how files name the tensors of a network: at least one way. Paddle's modules are known in
/// PyTorch, too, where batch norms and linear layers are otherwise.
PPLCNET_INLINE std::vector<Naming> namings_of(const NetworkTraits& traits);

namespace naming {

/// Returns the names of the module that a graph calls `own`.
inline ModuleNames module_names(const Name& own, const Naming& naming) {
  return naming.module == nullptr ? ModuleNames{own} : naming.module(own);
}

/// Adds a batch norm's four.
inline void add_batch_norm(ParameterNames& names, std::string_view module,
                           const TensorNames& tensors) {
  names.gamma = join({module, ".weight"});
  names.beta = join({module, ".bias"});
  names.mean = join({module, tensors.mean});
  names.variance = join({module, tensors.variance});
}

/// Returns the name of the batch norm after the weights of a module.
PPLCNET_INLINE std::string norm_name(const Layer& layer, const ModuleNames& module,
                                     const TensorNames& tensors);

/// Returns the name of a PReLU's slopes: beside a batch norm, or the module's own.
PPLCNET_INLINE std::string slopes_name(const Layer& layer, const ModuleNames& module,
                                       const TensorNames& tensors);

}  // namespace naming

/// Returns the names of a layer as it is deployed; all empty for one without weights.
PPLCNET_INLINE ParameterNames parameter_names(const Layer& layer, const Naming& naming);

/// Names of a layer's scalars: before the activation, and after it.
struct AffineNames {
  std::string scale, bias, last_scale, last_bias;
};

PPLCNET_INLINE AffineNames affine_names(const Layer& layer, const Naming& naming);

/// The tensors of a training checkpoint that one layer is made of.
struct TrainingNames {
  std::vector<ParameterNames> branches;  ///< one for each of `training_form`
  ParameterNames after;                  ///< the batch norm after their sum
};

PPLCNET_INLINE TrainingNames training_names(const Layer& layer, const Naming& naming);

/// Returns how a file of a naming holds a layer's weight.
inline Layout layout_in(const Layer& layer, const Naming& naming) {
  const bool own = !is_linear(layer.layout) || naming.linear == Layout::convolution;
  return own ? layer.layout : naming.linear;
}

/// Returns the shape of a layer's weight in files: [out, in, kernel, kernel], in = 1 for depthwise;
/// [out, in] or [in, out] of a linear layer; see Layout.
PPLCNET_INLINE std::vector<std::int64_t> weight_shape(const Layer& layer, const Naming& naming);

/// Returns the shape of a layer's vectors in files: biases, and what a batch norm has.
inline std::vector<std::int64_t> vector_shape(const Layer& layer) {
  return {layer.output.channels / layer.repeats};
}
/// Returns the shape of its own bias.
inline std::vector<std::int64_t> bias_shape(const Layer& layer) {
  if (layer.layout == Layout::pixel) return {1, layer.output.channels / layer.repeats, 1, 1};
  return vector_shape(layer);
}

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::vector<Naming> namings_of(const NetworkTraits& traits) {
  constexpr std::string_view kPaddle = "paddle", kPyTorch = "pytorch";
  std::vector<Naming> namings(traits.namings.begin(), traits.namings.end());
  const TensorNames torch;
  // The graph's own names; its layers say how linear layers are laid out.
  if (namings.empty())
    namings.push_back({.framework = traits.tensor_names.mean == torch.mean ? kPyTorch : kPaddle,
                       .tensors = traits.tensor_names,
                       .linear = Layout::convolution});
  for (std::size_t i = 0, count = namings.size(); i < count; ++i) {
    if (namings[i].framework != kPaddle) continue;
    Naming naming = namings[i];
    naming.framework = kPyTorch;
    naming.tensors.mean = torch.mean;
    naming.tensors.variance = torch.variance;
    naming.linear = Layout::out_in;
    namings.push_back(naming);
  }
  return namings;
}

namespace naming {

PPLCNET_INLINE std::string norm_name(const Layer& layer, const ModuleNames& module,
                                     const TensorNames& tensors) {
  if (!module.norm.empty()) return text_of(module.norm);
  if (!layer.norm_name.empty()) return text_of(layer.norm_name);
  Name name = module.weights;
  if (tensors.norm_is_next) ++name.numbers[static_cast<std::size_t>(name.count() - 1)];
  return text_of(name).append(tensors.norm);
}

PPLCNET_INLINE std::string slopes_name(const Layer& layer, const ModuleNames& module,
                                       const TensorNames& tensors) {
  std::string name = text_of(module.weights);
  if (layer.batch_norm) name += tensors.slopes;
  return name + ".weight";
}

}  // namespace naming

PPLCNET_INLINE ParameterNames parameter_names(const Layer& layer, const Naming& naming) {
  const ModuleNames module = naming::module_names(layer.name, naming);
  if (module.weights.empty()) return {};
  ParameterNames names;
  std::string weights = text_of(module.weights);
  weights += training_form(layer).deployed;
  // A module whose batch norm is named, too, is named in full.
  if (layer.batch_norm && module.norm.empty()) weights += naming.tensors.weights;
  if (layer.layout != Layout::none) {
    const bool pixel = layer.layout == Layout::pixel;  // whose names have no point
    names.weight = weights + (layer.op == Operator::l1 ? ".adder" : pixel ? "weight" : ".weight");
    if (layer.bias) names.bias = weights + (pixel ? "bias" : ".bias");
  }
  if (layer.has_slopes()) names.slopes = naming::slopes_name(layer, module, naming.tensors);
  if (layer.batch_norm)
    naming::add_batch_norm(names, naming::norm_name(layer, module, naming.tensors), naming.tensors);
  return names;
}

PPLCNET_INLINE AffineNames affine_names(const Layer& layer, const Naming& naming) {
  const TrainingForm form = training_form(layer);
  if (form.affine.empty()) return {};
  const std::string module = text_of(naming::module_names(layer.name, naming).weights);
  const std::string first = join({module, form.affine}), last = join({module, form.last_affine});
  return {first + ".scale", first + ".bias", last + ".scale", last + ".bias"};
}

PPLCNET_INLINE TrainingNames training_names(const Layer& layer, const Naming& naming) {
  const TrainingForm form = training_form(layer);
  const std::string module = text_of(naming::module_names(layer.name, naming).weights);
  TrainingNames names;
  for (const Branch& branch : std::span(form.branches, static_cast<std::size_t>(form.count))) {
    ParameterNames& own = names.branches.emplace_back();
    if (!branch.identity) own.weight = join({module, branch.weight, ".weight"});
    if (!branch.norm.empty())
      naming::add_batch_norm(own, join({module, branch.norm}), naming.tensors);
  }
  if (!form.norm.empty())
    naming::add_batch_norm(names.after, join({module, form.norm}), naming.tensors);
  return names;
}

PPLCNET_INLINE std::vector<std::int64_t> weight_shape(const Layer& layer, const Naming& naming) {
  const std::int64_t in = layer.input.channels, out = layer.output.channels;
  const auto [height, width] = layer.kernel;
  const std::int64_t depth = layer.op == Operator::depthwise ? 1 : in;
  switch (layout_in(layer, naming)) {
    case Layout::out_in:
      return {out, in};
    case Layout::in_out:
      return {in, out};
    case Layout::none:
      return {};
    case Layout::line:
      return {out, depth, width};
    case Layout::vector:
      return {out / layer.repeats};
    case Layout::pixel:
      return {1, out / layer.repeats, 1, 1};
    case Layout::transposed: {
      std::int64_t side = 1;
      while (side * side < layer.repeats) ++side;
      return {in, out / layer.repeats, side, side};
    }
    case Layout::convolution:
      break;
  }
  return {out, depth, height, width};
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_NAMES_HPP

// What tensors of training are called in state dicts, and how these hold them.

namespace pplcnet::inline PPLCNET_ABI {

/// A tensor in a state dict.
struct TensorInFile {
  std::string name;
  std::vector<std::int64_t> shape;
  bool in_out = false;  ///< a matrix [in][out]; otherwise [out][in][kernel][kernel]
};

namespace training {

/// Returns the names of the part of a layer that a tensor belongs to.
inline ParameterNames names_of_part(const Layer& layer, const TrainingTensor& tensor,
                                    bool as_deployed, const Naming& naming) {
  if (trained_form(layer, as_deployed).count == 0) return parameter_names(layer, naming);
  const TrainingNames names = training_names(layer, naming);
  return tensor.branch < 0 ? names.after : names.branches[static_cast<std::size_t>(tensor.branch)];
}

}  // namespace training

/// Returns what a tensor of a network is in the state dicts of a naming.
inline TensorInFile tensor_in_file(const TrainedNetwork& network, const TrainingTensor& tensor,
                                   const Naming& naming) {
  using Kind = TrainingTensor::Kind;
  const Layer layer = trained_layer(network.graph, tensor.node);
  const ParameterNames names = training::names_of_part(layer, tensor, network.as_deployed, naming);
  const AffineNames scalars = affine_names(layer, naming);
  switch (tensor.kind) {
    case Kind::weight: {
      TensorInFile result = {names.weight, weight_shape(layer, naming),
                             layout_in(layer, naming) == Layout::in_out};
      if (tensor.branch >= 0) result.shape[2] = result.shape[3] = tensor.kernel.height;
      return result;
    }
    case Kind::bias:
      return {names.bias, bias_shape(layer)};
    case Kind::gamma:
      return {names.gamma, vector_shape(layer)};
    case Kind::beta:
      return {names.beta, vector_shape(layer)};
    case Kind::mean:
      return {names.mean, vector_shape(layer)};
    case Kind::variance:
      return {names.variance, vector_shape(layer)};
    case Kind::scale:
      return {tensor.last ? scalars.last_scale : scalars.scale, {1}};
    case Kind::shift:
      return {tensor.last ? scalars.last_bias : scalars.bias, {1}};
  }
  return {};
}

namespace training {

/// Calls `visit(in memory, in the file)` for the place of each value of a tensor.
template <class Visit>
void for_each_place(const TrainingTensor& tensor, bool in_out, const Visit& visit) {
  const auto taps = static_cast<std::size_t>(tensor.taps());
  const auto inputs = static_cast<std::size_t>(tensor.inputs);
  const auto outputs = static_cast<std::size_t>(tensor.outputs);
  const auto pitch = static_cast<std::size_t>(tensor.pitch());
  for (std::size_t tap = 0; tap < taps; ++tap)
    for (std::size_t in = 0; in < inputs; ++in)
      for (std::size_t out = 0; out < outputs; ++out)
        visit((tap * inputs + in) * pitch + out,
              in_out ? in * outputs + out : (out * inputs + in) * taps + tap);
}

}  // namespace training

/// Returns the values of a tensor in the order of files.
inline std::vector<float> file_values(const TrainingTensor& tensor, bool in_out,
                                      std::span<const float> memory) {
  std::vector<float> values(static_cast<std::size_t>(tensor.taps()) *
                            static_cast<std::size_t>(tensor.inputs) *
                            static_cast<std::size_t>(tensor.outputs));
  training::for_each_place(tensor, in_out,
                           [&](std::size_t at, std::size_t file) { values[file] = memory[at]; });
  return values;
}

/// Sets a tensor from values in the order of files.
inline void set_from_file(const TrainingTensor& tensor, bool in_out, std::span<const float> values,
                          std::span<float> memory) {
  training::for_each_place(tensor, in_out,
                           [&](std::size_t at, std::size_t file) { memory[at] = values[file]; });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TENSOR_IN_FILE_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// What a network has learnt as a state dict, with the names that it has where it comes from,
/// branches and batch norms apart: what any loader of the library reads, and `write_safetensors`
/// writes. It has copies of all values.
class TrainedStateDict {
 public:
  /// `path` is for messages.
  TrainedStateDict(const TrainedNetwork& network, const TrainingState& state,
                   std::string_view path) {
    const Naming naming = namings_of(network.traits).front();
    file_.path = path;
    for (const TrainingTensor& tensor : state.tensors) {
      TensorInFile place = tensor_in_file(network, tensor, naming);
      add(std::move(place.name), std::move(place.shape),
          file_values(tensor, place.in_out, state.of(tensor)));
    }
    add_unused_scalars(network, naming);
  }

  TrainedStateDict(const TrainedStateDict&) = delete;
  TrainedStateDict& operator=(const TrainedStateDict&) = delete;

  /// Returns the tensors, which refer to this.
  const TensorFile& file() const { return file_; }

 private:
  /// Adds a tensor, or a group's part of one that is there.
  void add(std::string name, std::vector<std::int64_t> shape, const std::vector<float>& values) {
    auto tensor = std::ranges::find(file_.tensors, name, &Tensor::name);
    if (tensor == file_.tensors.end()) {
      values_.push_back(values);
      file_.tensors.push_back({.name = std::move(name),
                               .type = DataType::f32,
                               .shape = std::move(shape),
                               .data = std::as_bytes(std::span(values_.back()))});
      return;
    }
    std::vector<float>& all = values_[static_cast<std::size_t>(tensor - file_.tensors.begin())];
    all.insert(all.end(), values.begin(), values.end());
    tensor->shape.front() += shape.front();
    tensor->data = std::as_bytes(std::span(all));
  }

  /// Adds the scalars that files of a network have and its training does not: those that are part
  /// of deployed weights, and those after an activation that is not there.
  void add_unused_scalars(const TrainedNetwork& network, const Naming& naming) {
    for (int i = 0; i < network.graph.node_count; ++i) {
      if (network.graph.nodes[i].op != Operator::convolution) continue;
      const AffineNames names = affine_names(trained_layer(network.graph, i), naming);
      for (const auto& [name, value] :
           {std::pair{names.scale, 1.0F}, std::pair{names.bias, 0.0F},
            std::pair{names.last_scale, 1.0F}, std::pair{names.last_bias, 0.0F}})
        if (!name.empty() && file_.find(name) == nullptr) add(name, {1}, {value});
    }
  }

  TensorFile file_;
  std::deque<std::vector<float>> values_;  // of each tensor
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TRAINED_STATE_DICT_HPP
// from pplcnet/trainer.hpp
#ifndef PPLCNET_TRAINER_HPP
#define PPLCNET_TRAINER_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

// from pplcnet/train/make_training_plan.hpp
#ifndef PPLCNET_TRAIN_MAKE_TRAINING_PLAN_HPP
#define PPLCNET_TRAIN_MAKE_TRAINING_PLAN_HPP

#include <algorithm>
#include <cstddef>
#include <span>

// from pplcnet/train/check_trainable.hpp
#ifndef PPLCNET_TRAIN_CHECK_TRAINABLE_HPP
#define PPLCNET_TRAIN_CHECK_TRAINABLE_HPP


namespace pplcnet::inline PPLCNET_ABI {

namespace training {

/// Returns the node that gives the logits; -1: the network has no such result, or another one.
constexpr int logits_of(const Graph& graph) {
  int found = -1;
  for (int i = 0; i < graph.output_count; ++i) {
    const Graph::Output& output = graph.outputs[i];
    if (output.role == Role::stage) continue;
    if (output.role != Role::result || found >= 0 || !graph.nodes[output.node].vector) return -1;
    found = output.node;
  }
  return found;
}

/// Returns whether the kernels of a convolution's branches lie around the same pixel as the whole.
constexpr bool has_sound_branches(const Node& node, const TrainingForm& form) {
  const Window& window = node.window;
  const Padding& padding = window.padding;
  if (form.count > 0 && (window.kernel.height != window.kernel.width || window.dilation != Pair(1)))
    return false;
  for (int i = 0; i < form.count; ++i) {
    const Branch& branch = form.branches[i];
    const int kernel = branch.identity ? 1 : branch.kernel;
    const int margin = window.kernel.height - kernel;
    if (margin < 0 || margin % 2 != 0) return false;
    for (const int side : {padding.top, padding.left, padding.bottom, padding.right})
      if (margin / 2 > side) return false;
  }
  return true;
}

/// Returns the rule that a node breaks.
constexpr TrainingRule rule_broken_by(const Graph& graph, int index, bool as_deployed) {
  const Node& node = graph.nodes[index];
  switch (node.op) {
    case Operator::picture:
    case Operator::convolution:
    case Operator::dense:
    case Operator::max_pool:
    case Operator::average_pool:
    case Operator::pool:
    case Operator::gate:
    case Operator::add:
    case Operator::concat:
    case Operator::slice:
    case Operator::shuffle:
    case Operator::affine:
      break;
    default:
      return TrainingRule::operators;
  }
  if (node.weights_of >= 0 || node.repeats != 1 || node.layout == Layout::transposed)
    return TrainingRule::weights;
  if (node.activation.kind == Activation::Kind::prelu) return TrainingRule::slopes;
  if (node.op == Operator::convolution &&
      !has_sound_branches(node, trained_form(trained_layer(graph, index), as_deployed)))
    return TrainingRule::branches;
  return TrainingRule::none;
}

}  // namespace training

/// Returns why a graph cannot be trained; nothing if it can, but for its size.
constexpr TrainingFlaw training_flaw(const Graph& graph, const TrainingOptions& options) {
  if (options.images < 1 || options.images > TrainingOptions::kMostImages)
    return {TrainingRule::images, 0};
  if (training::logits_of(graph) < 0) return {TrainingRule::classes, graph.node_count - 1};
  for (int i = 0; i < graph.node_count; ++i)
    if (const TrainingRule broken = training::rule_broken_by(graph, i, options.as_deployed);
        broken != TrainingRule::none)
      return {broken, i};
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_CHECK_TRAINABLE_HPP
// from pplcnet/train/lower_training.hpp
#ifndef PPLCNET_TRAIN_LOWER_TRAINING_HPP
#define PPLCNET_TRAIN_LOWER_TRAINING_HPP

#include <algorithm>

// from pplcnet/train/append_steps.hpp
#ifndef PPLCNET_TRAIN_APPEND_STEPS_HPP
#define PPLCNET_TRAIN_APPEND_STEPS_HPP

#include <cstddef>
#include <cstdint>


namespace pplcnet::inline PPLCNET_ABI {

namespace training {

/// Appends steps, values and tensors to a plan; once there is no room, the plan has a flaw.
class StepAppender {
 public:
  constexpr StepAppender(const Graph& graph, TrainingPlan& plan) : graph_(graph), plan_(plan) {}

 protected:
  /// Says which node the next steps and tensors are of, and of which stage.
  constexpr void begin(int node, int stage) {
    node_ = node;
    stage_ = stage;
  }
  /// Returns that node.
  constexpr const Node& node() const { return graph_.nodes[node_]; }
  constexpr int node_number() const { return node_; }

  constexpr int activate(int x, Activation activation) {
    if (activation == Activation::none) return x;
    return append({.op = TrainingOperator::activate, .input = x, .activation = activation},
                  plan_.values[x].shape);
  }

  constexpr int drop(int x, int keep_percent) {
    if (keep_percent == 100) return x;
    return append({.op = TrainingOperator::dropout, .input = x, .keep_percent = keep_percent},
                  plan_.values[x].shape);
  }

  /// Appends a value of some channels of another.
  constexpr int copy(int x, int first, int read_step, const Shape& shape) {
    return append({.op = TrainingOperator::copy,
                   .input = x,
                   .first = first,
                   .channels = shape.channels,
                   .read_step = read_step,
                   .clears = true},
                  shape);
  }

  constexpr int add_vector(TrainingTensor::Kind kind, int branch) {
    return add_tensor({.kind = kind, .branch = branch, .outputs = node().shape.channels});
  }

  constexpr int add_tensor(TrainingTensor tensor) {
    if (plan_.tensor_count == TrainingPlan::kMostTensors) return overflow();
    tensor.node = node_;
    tensor.stage = stage_;
    std::size_t& end = tensor.is_statistic() ? plan_.statistic_floats : plan_.parameter_floats;
    tensor.place = end;
    end += static_cast<std::size_t>(
        round_up(static_cast<std::int64_t>(tensor.floats()), kTrainingAlignment));
    plan_.tensors[plan_.tensor_count] = tensor;
    return plan_.tensor_count++;
  }

  constexpr int add_value(const Shape& shape) {
    if (plan_.value_count == TrainingPlan::kMostValues) return overflow();
    plan_.values[plan_.value_count] = {.shape = shape, .pitch = padded_channels(shape.channels)};
    return plan_.value_count++;
  }

  constexpr void append_step(TrainingStep step) {
    step.node = node_;
    if (plan_.step_count == TrainingPlan::kMostSteps)
      overflow();
    else
      plan_.steps[plan_.step_count++] = step;
  }

  /// Appends a step that gives a value, and returns the value.
  constexpr int append(TrainingStep step, const Shape& shape) {
    step.output = add_value(shape);
    append_step(step);
    return step.output;
  }

  constexpr int overflow() {
    plan_.flaw = {TrainingRule::size, node_};
    return 0;
  }

  const Graph& graph_;
  TrainingPlan& plan_;

 private:
  int node_ = 0, stage_ = 0;
};

}  // namespace training

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_APPEND_STEPS_HPP

// From a graph's nodes to the steps of its training.

namespace pplcnet::inline PPLCNET_ABI {

namespace training {

/// Appends steps to a plan, node by node, and the values and tensors that they need. A node that
/// the logits do not depend on becomes nothing; it has no weights.
class TrainingLowering : private StepAppender {
 public:
  using StepAppender::StepAppender;

  constexpr void run(int logits) {
    find_needed(logits);
    find_stages();
    plan_.picture = graph_.nodes[0].shape;
    for (int node = 0; node < graph_.node_count && !plan_.flaw; ++node) {
      if (needed_[node])
        values_[node] = lower(node);
      else if (becomes_weights(graph_.nodes[node]))
        plan_.flaw = {TrainingRule::unused, node};
    }
    plan_.logits = values_[logits];
  }

 private:
  static constexpr int kWhole = -1;  ///< in the place of a branch

  constexpr void need(int node) {
    if (node >= 0) needed_[node] = true;
  }

  constexpr void find_needed(int logits) {
    needed_[0] = needed_[logits] = true;
    for (int i = logits; i > 0; --i) {
      const Node& node = graph_.nodes[i];
      if (!needed_[i]) continue;
      need(node.input);
      need(node.second);
      for (int part = 0; part < node.part_count; ++part) need(graph_.parts[node.first_part + part]);
    }
  }

  /// Finds the stages: the first weights are one of their own; then the graph's; then what follows.
  constexpr void find_stages() {
    int first = 1;
    while (first < graph_.node_count && graph_.nodes[first].op != Operator::convolution) ++first;
    for (int i = 0; i < graph_.node_count; ++i) {
      stages_[i] = i > first ? 1 : 0;
      for (int output = 0; output < graph_.output_count; ++output)
        if (graph_.outputs[output].role == Role::stage && graph_.outputs[output].node < i)
          ++stages_[i];
      plan_.stages = std::max(plan_.stages, stages_[i] + 1);
    }
  }

  constexpr int lower(int index) {
    begin(index, stages_[index]);
    const Node& node = this->node();
    switch (node.op) {
      case Operator::picture:
        return append({.op = TrainingOperator::picture}, node.shape);
      case Operator::convolution:
        return lower_convolution();
      case Operator::dense:
      case Operator::affine:
        return lower_weights(values_[node.input]);
      case Operator::gate:
      case Operator::add:
        return activate(append({.op = node.op == Operator::gate ? TrainingOperator::gate
                                                                : TrainingOperator::add,
                                .input = values_[node.input],
                                .second = values_[node.second]},
                               node.shape),
                        node.activation);
      case Operator::concat:
        return lower_concat();
      case Operator::slice:
        return copy(values_[node.input], node.first, node.step, node.shape);
      case Operator::shuffle:
        return lower_shuffle();
      default:
        return append({.op = node.op == Operator::max_pool       ? TrainingOperator::max_pool
                             : node.op == Operator::average_pool ? TrainingOperator::average_pool
                                                                 : TrainingOperator::mean,
                       .input = values_[node.input],
                       .window = node.window,
                       .count_padding = node.count_padding},
                      node.shape);
    }
  }

  constexpr int lower_convolution() {
    const Node& node = this->node();
    int x = values_[node.input];
    if (node.reads_group) {
      const Shape& shape = plan_.values[x].shape;
      const int channels = shape.channels / node.group_count;
      x = copy(x, node.group * channels, 1, {shape.height, shape.width, channels});
    }
    const TrainingForm form =
        trained_form(trained_layer(graph_, node_number()), plan_.options.as_deployed);
    return form.count > 0 ? lower_branches(x, form) : lower_weights(x);
  }

  /// Appends weights, a batch norm, an activation, a scale and a shift, as far as they are there.
  constexpr int lower_weights(int x) {
    const Node& node = this->node();
    x = drop(x, node.input_percent);
    if (node.layout != Layout::none) x = weigh(kWhole, x, node.window, node.bias);
    x = drop(x, node.output_percent);
    x = node.norm ? normalise(kWhole, x, node.norm_epsilon, node.activation)
                  : activate(x, node.activation);
    return node.affine ? scale(x, /*last=*/true) : x;
  }

  /// Appends the sum of branches, and what follows it.
  constexpr int lower_branches(int x, const TrainingForm& form) {
    const Node& node = this->node();
    const bool scales = !form.affine.empty();
    int sum = -1;
    for (int i = 0; i < form.count && !plan_.flaw; ++i) {
      const Branch& branch = form.branches[i];
      const bool alone = form.count == 1 && form.norm.empty() && !scales;
      int y = x;
      if (!branch.identity) y = weigh(i, x, window_of(node.window, branch.kernel), false);
      if (!branch.norm.empty())
        y = normalise(i, y, kBatchNormEpsilon, alone ? node.activation : Activation::none);
      sum = sum < 0 ? y
                    : append({.op = TrainingOperator::add, .input = sum, .second = y}, node.shape);
      if (alone && !branch.norm.empty()) return node.affine ? scale(sum, true) : sum;
    }
    if (!form.norm.empty())
      sum = normalise(kWhole, sum, kBatchNormEpsilon, scales ? Activation::none : node.activation);
    if (scales) sum = scale(sum, /*last=*/false);
    if (form.norm.empty() || scales) sum = activate(sum, node.activation);
    return node.affine ? scale(sum, /*last=*/true) : sum;
  }

  /// Returns the window of a branch's kernel: in the middle of the whole one's.
  static constexpr Window window_of(const Window& whole, int kernel) {
    const int margin = (whole.kernel.height - kernel) / 2;
    const Padding& padding = whole.padding;
    return {.kernel = kernel,
            .stride = whole.stride,
            .padding = {padding.top - margin, padding.left - margin, padding.bottom - margin,
                        padding.right - margin}};
  }

  /// Appends weights times a value.
  constexpr int weigh(int branch, int x, const Window& window, bool bias) {
    const Node& node = this->node();
    const bool alone = node.groups > 1 || node.op == Operator::affine;
    const bool product = !alone && (node.op == Operator::dense || window == Window{});
    const int inputs = alone ? 1 : plan_.values[x].shape.channels;
    TrainingStep step = {.op = alone     ? TrainingOperator::depthwise
                               : product ? TrainingOperator::product
                                         : TrainingOperator::convolution,
                         .branch = branch,
                         .input = x,
                         .window = window};
    step.weight = add_tensor({.kind = TrainingTensor::Kind::weight,
                              .branch = branch,
                              .kernel = window.kernel,
                              .inputs = inputs,
                              .outputs = node.shape.channels});
    if (bias) step.bias = add_vector(TrainingTensor::Kind::bias, branch);
    return append(step, node.shape);
  }

  constexpr int normalise(int branch, int x, double epsilon, Activation activation) {
    using Kind = TrainingTensor::Kind;
    TrainingStep step = {.op = TrainingOperator::normalise,
                         .branch = branch,
                         .input = x,
                         .activation = activation,
                         .epsilon = epsilon};
    step.gamma = add_vector(Kind::gamma, branch);
    step.beta = add_vector(Kind::beta, branch);
    step.mean = add_vector(Kind::mean, branch);
    step.variance = add_vector(Kind::variance, branch);
    return append(step, node().shape);
  }

  /// Appends one scale and one shift for all channels.
  constexpr int scale(int x, bool last) {
    using Kind = TrainingTensor::Kind;
    TrainingStep step = {.op = TrainingOperator::affine, .input = x};
    step.weight = add_tensor({.kind = Kind::scale, .last = last});
    step.bias = add_tensor({.kind = Kind::shift, .last = last});
    return append(step, plan_.values[x].shape);
  }

  constexpr int lower_concat() {
    const Node& node = this->node();
    const int output = add_value(node.shape);
    for (int i = 0, channel = 0; i < node.part_count; ++i) {
      const int part = values_[graph_.parts[node.first_part + i]];
      const int channels = plan_.values[part].shape.channels;
      append_step({.op = TrainingOperator::copy,
                   .input = part,
                   .output = output,
                   .first_output = channel,
                   .channels = channels,
                   .clears = i == 0});
      channel += channels;
    }
    return output;
  }

  /// Appends copies by which each group of channels becomes every so many channels.
  constexpr int lower_shuffle() {
    const Node& node = this->node();
    const int output = add_value(node.shape);
    const int channels = node.shape.channels / node.groups;
    for (int i = 0; i < node.groups; ++i)
      append_step({.op = TrainingOperator::copy,
                   .input = values_[node.input],
                   .output = output,
                   .first = i * channels,
                   .first_output = i,
                   .channels = channels,
                   .write_step = node.groups,
                   .clears = i == 0});
    return output;
  }

  int values_[Graph::kMaxNodes] = {};
  int stages_[Graph::kMaxNodes] = {};
  bool needed_[Graph::kMaxNodes] = {};
};

}  // namespace training

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_LOWER_TRAINING_HPP
// from pplcnet/train/mark_gradients.hpp
#ifndef PPLCNET_TRAIN_MARK_GRADIENTS_HPP
#define PPLCNET_TRAIN_MARK_GRADIENTS_HPP


namespace pplcnet::inline PPLCNET_ABI {

namespace training {

/// Returns whether a step learns anything.
constexpr bool learns(const TrainingStep& step) { return step.weight >= 0 || step.gamma >= 0; }

/// Says which values have gradients: those that depend on something that is learnt, or, if they are
/// asked for, on the pixels.
constexpr void find_gradients(TrainingPlan& plan) {
  for (int i = 0; i < plan.step_count; ++i) {
    TrainingStep& step = plan.steps[i];
    if (step.op == TrainingOperator::picture)
      step.input_gradients = plan.options.picture_gradients;
    else
      step.input_gradients = plan.values[step.input].has_gradients;
    step.second_gradients = step.second >= 0 && plan.values[step.second].has_gradients;
    if (learns(step) || step.input_gradients || step.second_gradients)
      plan.values[step.output].has_gradients = true;
  }
}

/// Says who writes a value's gradients: the last of its readers, which is the first in the backward
/// pass; the others add theirs.
constexpr void find_first_writers(TrainingPlan& plan) {
  bool written[TrainingPlan::kMostValues] = {};
  written[plan.logits] = true;
  for (int i = plan.step_count - 1; i >= 0; --i) {
    TrainingStep& step = plan.steps[i];
    if (step.input_gradients && step.input >= 0) {
      step.adds_input = written[step.input];
      written[step.input] = true;
    }
    if (step.second_gradients) {
      step.adds_second = written[step.second];
      written[step.second] = true;
    }
  }
}

/// Says which gradients the backward pass computes.
constexpr void mark_gradients(TrainingPlan& plan) {
  find_gradients(plan);
  find_first_writers(plan);
}

}  // namespace training

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_MARK_GRADIENTS_HPP
// from pplcnet/train/place_values.hpp
#ifndef PPLCNET_TRAIN_PLACE_VALUES_HPP
#define PPLCNET_TRAIN_PLACE_VALUES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>


// Where values, their gradients and moments are in the arena.

namespace pplcnet::inline PPLCNET_ABI {

namespace training {

/// A part of the arena, and when it is in use, in steps of both passes: the forward one counts from
/// 0, the loss is in the middle, the backward one follows.
struct Block {
  std::size_t size = 0;
  int begin = 0, end = 0;        ///< the first and the last time
  std::size_t* place = nullptr;  ///< what is to be set

  constexpr bool meets(const Block& other) const {
    return begin <= other.end && other.begin <= end;
  }
};

/// Returns whether the backward pass of a step reads its input, and its second operand.
constexpr bool keeps_input(const TrainingStep& step) {
  switch (step.op) {
    case TrainingOperator::product:
    case TrainingOperator::convolution:
    case TrainingOperator::depthwise:
    case TrainingOperator::normalise:
    case TrainingOperator::affine:
    case TrainingOperator::activate:
    case TrainingOperator::gate:
    case TrainingOperator::max_pool:
      return true;
    default:
      return false;
  }
}

/// When values and gradients are in use.
class Lifetimes {
 public:
  constexpr explicit Lifetimes(const TrainingPlan& plan) : last_time_(2 * plan.step_count) {
    for (int i = plan.step_count - 1; i >= 0; --i) {
      const TrainingStep& step = plan.steps[i];
      first_step_[step.output] = i;
      for (const int value : {step.input, step.second}) {
        if (value < 0) continue;
        last_reader_[value] = std::max(last_reader_[value], i);
        last_use_[value] = std::max(last_use_[value], keeps_input(step) ? backward(i) : i);
      }
    }
    // The loss reads the logits, which can be read after both passes, too.
    last_reader_[plan.logits] = plan.step_count;
    last_use_[plan.logits] = last_time_;
  }

  /// Returns the time of the backward pass of a step; of the loss, after the last one.
  constexpr int backward(int step) const { return last_time_ - step; }

  constexpr Block values(int value) const {
    return {.begin = first_step_[value], .end = std::max(first_step_[value], last_use_[value])};
  }
  constexpr Block gradients(int value) const {
    return {.begin = backward(last_reader_[value]), .end = backward(first_step_[value])};
  }

 private:
  int last_time_;
  int first_step_[TrainingPlan::kMostValues] = {};
  int last_reader_[TrainingPlan::kMostValues] = {};
  int last_use_[TrainingPlan::kMostValues] = {};
};

/// Blocks of the arena, of which those that are in use at the same time do not overlap.
class Blocks {
 public:
  constexpr void add(Block block, std::int64_t floats, std::size_t& place) {
    block.size = static_cast<std::size_t>(round_up(floats, kTrainingAlignment));
    block.place = &place;
    blocks_[count_++] = block;
  }

  /// Gives each block the lowest place that is free, the largest first; returns the arena's size.
  constexpr std::size_t place() {
    std::sort(blocks_, blocks_ + count_, [](const Block& a, const Block& b) {
      return a.size != b.size ? a.size > b.size : a.begin < b.begin;
    });
    std::size_t end = 0;
    for (int i = 0; i < count_; ++i) {
      const Block& block = blocks_[i];
      std::size_t place = 0;
      for (int k = 0; k < i; ++k) {  // by place
        const Block& other = blocks_[order_[k]];
        if (!block.meets(other)) continue;
        if (*other.place >= place + block.size) break;
        place = std::max(place, *other.place + other.size);
      }
      *block.place = place;
      end = std::max(end, place + block.size);
      insert(i);
    }
    return end;
  }

 private:
  static constexpr int kMost = 2 * TrainingPlan::kMostValues + TrainingPlan::kMostSteps;

  /// Puts a block among those before it, which are ordered by their places.
  constexpr void insert(int index) {
    int k = index;
    for (; k > 0 && *blocks_[order_[k - 1]].place > *blocks_[index].place; --k)
      order_[k] = order_[k - 1];
    order_[k] = index;
  }

  Block blocks_[kMost] = {};
  int order_[kMost] = {};
  int count_ = 0;
};

/// Places values, gradients and moments of a plan.
constexpr void place_values(TrainingPlan& plan) {
  const Lifetimes lifetimes(plan);
  const int images = plan.options.images;
  Blocks blocks;
  for (int i = 0; i < plan.value_count; ++i) {
    TrainingValue& value = plan.values[i];
    const auto floats = static_cast<std::int64_t>(value.floats(images));
    blocks.add(lifetimes.values(i), floats, value.values);
    if (value.has_gradients) blocks.add(lifetimes.gradients(i), floats, value.gradients);
  }
  for (int i = 0; i < plan.step_count; ++i) {
    TrainingStep& step = plan.steps[i];
    if (step.op != TrainingOperator::normalise) continue;
    blocks.add({.begin = i, .end = lifetimes.backward(i)},
               2 * std::int64_t{plan.values[step.output].pitch}, step.moments);
  }
  plan.arena_floats = blocks.place();
}

}  // namespace training

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_PLACE_VALUES_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Lays the training of a graph without a flaw out; the plan says so, if it cannot be trained.
constexpr TrainingPlan make_training_plan(const Graph& graph, const TrainingOptions& options = {}) {
  TrainingPlan plan;
  plan.options = options;
  plan.flaw = training_flaw(graph, options);
  if (plan.flaw) return plan;
  training::TrainingLowering(graph, plan).run(training::logits_of(graph));
  if (plan.flaw) return plan;
  training::mark_gradients(plan);
  training::place_values(plan);
  const std::span values(plan.values, static_cast<std::size_t>(plan.value_count));
  const std::span tensors(plan.tensors, static_cast<std::size_t>(plan.tensor_count));
  for (int i = 0; i < plan.step_count; ++i)
    plan.scratch_floats = std::max(plan.scratch_floats,
                                   scratch_floats(plan.steps[i], values, tensors, options.images));
  return plan;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_MAKE_TRAINING_PLAN_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// A network in training, for batches of up to kBatch images: everything that training needs is in
/// an object of this type, whose size the compiler knows. Objects are large: make them by `new`. A
/// network that cannot be trained does not compile.
template <class Net, int kBatch, TrainingOptions kOptions = TrainingOptions{}>
class Trainer : public InHugePages, public TrainingPasses {
  static constexpr TrainingPlan kWhole = [] {
    TrainingOptions options = kOptions;
    options.images = kBatch;
    return make_training_plan(Net::Definition::graph(), options);
  }();
  // NOLINTNEXTLINE(bugprone-sizeof-expression): a type that is not complete says what is wrong
  static_assert(sizeof(Trainable<kWhole.flaw.broken, kWhole.flaw.node>) > 0);

 public:
  using Network = Net;
  static constexpr TrainingOptions options = kWhole.options;
  static constexpr int step_count = kWhole.step_count;
  static constexpr int batch = kBatch;

  /// The floats of values and their gradients, of parameters, of means and variances.
  static constexpr std::size_t arena_floats = kWhole.arena_floats;
  static constexpr std::size_t parameter_floats = kWhole.parameter_floats;
  static constexpr std::size_t statistic_floats = kWhole.statistic_floats;
  static constexpr std::size_t scratch_floats = kWhole.scratch_floats;
  /// All memory of a step, but for the pictures.
  static constexpr std::size_t memory_bytes =
      sizeof(float) * (arena_floats + 3 * parameter_floats + statistic_floats + scratch_floats);

  /// Begins with parameters that only depend on the seed.
  explicit Trainer(std::uint64_t seed = 0) {
    take({.steps = kSteps,
          .values = kValues,
          .tensors = kTensors,
          .picture = Net::input_shape,
          .images = kBatch,
          .logits = kWhole.logits},
         {.arena = storage_.arena.data(),
          .scratch = storage_.scratch.data(),
          .parameters = storage_.parameters,
          .gradients = storage_.gradients,
          .velocities = storage_.velocities,
          .statistics = storage_.statistics});
    initialise(seed);
  }

  /// Sets what is learnt to what it is before that, and the velocities to zero.
  void initialise(std::uint64_t seed) {
    TrainingPasses::initialise(Net::Definition::graph(), seed);
    storage_.velocities.fill(0);
  }

  /// Takes what was learnt from a framework's state dict. After an error some of it is taken.
  Error load(const TensorFile& file, OtherClasses other_classes = OtherClasses::are_errors) {
    const Graph graph = Net::Definition::graph();
    return take_state_dict(file, network(graph), state(), other_classes);
  }

  /// Folds what has been learnt into weights for inference.
  Error fold(typename Net::Weights& weights) {
    const Graph graph = Net::Definition::graph();
    return fold_trained(network(graph), state(), weights.values);
  }

 private:
  static constexpr auto kSteps = first_of<kWhole.step_count>(kWhole.steps);
  static constexpr auto kValues = first_of<kWhole.value_count>(kWhole.values);
  static constexpr auto kTensors = first_of<kWhole.tensor_count>(kWhole.tensors);

  static TrainedNetwork network(const Graph& graph) {
    return {graph, Net::layers, Net::traits, options.as_deployed};
  }

  struct Arrays {
    alignas(64) std::array<float, arena_floats> arena = {};
    alignas(64) std::array<float, parameter_floats> parameters = {};
    alignas(64) std::array<float, parameter_floats> gradients = {};
    alignas(64) std::array<float, parameter_floats> velocities = {};
    alignas(64) std::array<float, statistic_floats> statistics = {};
    alignas(64) std::array<float, scratch_floats> scratch = {};
  };
  Arrays storage_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAINER_HPP

#endif  // PPLCNET_TRAINING_HPP
