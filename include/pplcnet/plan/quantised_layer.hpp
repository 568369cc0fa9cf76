#ifndef PPLCNET_PLAN_QUANTISED_LAYER_HPP
#define PPLCNET_PLAN_QUANTISED_LAYER_HPP

#include <cstddef>
#include <cstdint>

#include "pplcnet/graph/activation.hpp"
#include "pplcnet/graph/operator.hpp"
#include "pplcnet/graph/shape.hpp"
#include "pplcnet/plan/layer.hpp"

// The plan of a network in bytes. What its numbers mean is in quantise/README.md.

namespace pplcnet::inline PPLCNET_ABI {

/// Products that one instruction sums: four neighbours along the depth.
inline constexpr int kQuad = 4;
/// Weights and vectors begin at multiples of so many bytes.
inline constexpr int kByteAlignment = 64;
/// Of every network's input.
inline constexpr int kPictureChannels = 3;

/// Bytes in the workspace, channels last: a whole map with its frame, which has the zero point of
/// each channel; or, in scratch, a block of rows of one, without a frame.
struct ByteMap {
  std::size_t offset = 0;  ///< of the first byte: in the workspace's maps, or in a thread's scratch
  Shape shape = {};        ///< in scratch: height is the rows of a block
  Padding frame = {};      ///< in pixels
  int pixel_pitch = 0;     ///< bytes from a pixel to its right neighbour: whole panels
  bool local = false;      ///< in scratch: each thread has its own

  constexpr bool exists() const { return pixel_pitch > 0; }
  constexpr std::size_t row_pitch() const {
    return static_cast<std::size_t>(frame.left + shape.width + frame.right) *
           static_cast<std::size_t>(pixel_pitch);
  }
  constexpr std::size_t bytes() const {
    return static_cast<std::size_t>(round_up(
        static_cast<std::int64_t>(
            static_cast<std::size_t>(frame.top + shape.height + frame.bottom) * row_pitch()),
        kByteAlignment));
  }
  constexpr std::size_t size() const { return bytes(); }  ///< as a Map has
  /// Returns the offset of row y, from -frame.top on, left frame first.
  constexpr std::size_t row(int y) const {
    return offset + static_cast<std::size_t>(frame.top + y) * row_pitch();
  }
  /// Returns the offset of pixel (y, 0).
  constexpr std::size_t pixels(int y) const {
    return row(y) + static_cast<std::size_t>(frame.left) * static_cast<std::size_t>(pixel_pitch);
  }
};

/// How sums become a layer's output.
enum class Ending : unsigned char {
  bytes,    ///< with an activation, and perhaps an addend
  factors,  ///< of a gate: 16 bits
  logits,   ///< float32
};

/// One step of a plan in bytes: the layer of the same number in the plan in floats.
struct QuantisedLayer {
  Operator op =
      Operator::picture;  ///< convolution (of the picture), depthwise, pointwise, pool, dense, gate
  Ending ending = Ending::bytes;
  Activation activation = Activation::none;
  Activation last_activation = Activation::none;  ///< after the addend
  Pair kernel = 1;
  Stride stride = 1;
  Padding padding = {};
  Shape input = {}, output = {};

  int from = -1;     ///< ordinal of the layer that this one computes with; -1: the picture
  int addend = -1;   ///< whose map is added to its output; -1: nothing
  int factors = -1;  ///< of a gate: the vector that multiplies the map

  ByteMap source = {}, target = {};  ///< maps or blocks in scratch that are read and written
  ByteMap addend_map = {};
  std::size_t source_vector = 0,
              target_vector = 0;  ///< in the workspace's vectors, for each image of a chunk
  std::size_t scratch = 0;        ///< of a convolution: where a thread keeps rows of the picture
  int rows = 1;                   ///< output rows that a chain computes at a time
  int chain_end = 0;              ///< in the first layer of a chain: the layer after its last one
  bool fused = false;             ///< its rows go through scratch into the next layer
  bool optional_output = false;   ///< no layer reads it: computed only on request

  std::size_t weights = 0;    ///< in the weights: panels
  std::size_t constants = 0;  ///< in the weights: arrays, one after the other (see below)
  std::int64_t multiply_adds = 0;

  constexpr bool has_weights() const {
    return op == Operator::convolution || op == Operator::depthwise || op == Operator::pointwise ||
           op == Operator::dense;
  }
  constexpr bool gives_vector() const { return op == Operator::pool || op == Operator::dense; }
  constexpr int padded_channels() const {
    return static_cast<int>(round_up(output.channels, kPanel));
  }
  /// Returns the bytes of one kernel row, or of all columns of one, that a product reads.
  constexpr int row_depth() const {
    return static_cast<int>(round_up(input.channels * kernel.width, kQuad));
  }
  /// Returns the length of the packed sum of one output channel.
  constexpr int depth() const {
    if (op == Operator::depthwise)
      return kernel.width * static_cast<int>(round_up(kernel.height, kQuad));
    return op == Operator::convolution ? kernel.height * row_depth() : row_depth();
  }
  /// Returns the bytes from a row of the picture to the next one in a convolution's scratch: pixels
  /// as they lie side by side, frame included, as far as the kernel reads them.
  constexpr std::size_t picture_row_pitch() const {
    const std::int64_t last = std::int64_t{output.width - 1} * stride.width * input.channels;
    return static_cast<std::size_t>(round_up(last + row_depth(), kByteAlignment));
  }
  /// Returns the bytes of a convolution's scratch: what a block of rows is computed from.
  constexpr std::size_t picture_bytes() const {
    return static_cast<std::size_t>((rows - 1) * stride.height + kernel.height) *
           picture_row_pitch();
  }
  /// Returns the bytes from an image's vector of so many channels to the next image's.
  static constexpr std::size_t vector_pitch(int channels, Ending ending) {
    const std::int64_t size = ending == Ending::bytes ? 1 : ending == Ending::factors ? 2 : 4;
    return static_cast<std::size_t>(round_up(channels * size, kByteAlignment));
  }
  /// Returns the same of the vector that this layer gives.
  constexpr std::size_t vector_pitch() const { return vector_pitch(output.channels, ending); }

  constexpr std::size_t weight_bytes() const {
    if (!has_weights()) return 0;
    return static_cast<std::size_t>(padded_channels()) * static_cast<std::size_t>(depth());
  }

  // The arrays of constants, one entry for each of the padded channels. Those of four bytes first.
  static constexpr std::size_t kConstantBytes = 3 * sizeof(std::int32_t) + 5 * sizeof(std::int16_t);
  constexpr std::size_t constant_bytes() const {
    return static_cast<std::size_t>(round_up(
        static_cast<std::int64_t>(static_cast<std::size_t>(padded_channels()) * kConstantBytes),
        kByteAlignment));
  }
  constexpr std::size_t words(int number) const {
    return constants + static_cast<std::size_t>(number) *
                           static_cast<std::size_t>(padded_channels()) * sizeof(std::int32_t);
  }
  constexpr std::size_t halves(int number) const {
    return words(3) + static_cast<std::size_t>(number) *
                          static_cast<std::size_t>(padded_channels()) * sizeof(std::int16_t);
  }
};

/// The constants of a layer, in memory.
struct EndingConstants {
  const std::int32_t* bias = nullptr;
  const std::int32_t* shift = nullptr;
  const float* scale = nullptr;  ///< real value of a step of the output; of logits, of a sum's
  const std::int16_t* multiplier = nullptr;
  const std::int16_t* three = nullptr;  ///< of a hardswish; the largest factor of a gate
  const std::int16_t* zero = nullptr;   ///< of the output
  const std::int16_t* addend_multiplier = nullptr;
  const std::int16_t* addend_zero = nullptr;  ///< of the addend; of a gate's and a pool's input

  static EndingConstants of(const QuantisedLayer& layer, const std::byte* weights) {
    const auto words = [&](int number) { return weights + layer.words(number); };
    const auto halves = [&](int number) {
      return reinterpret_cast<const std::int16_t*>(weights + layer.halves(number));
    };
    return {.bias = reinterpret_cast<const std::int32_t*>(words(0)),
            .shift = reinterpret_cast<const std::int32_t*>(words(1)),
            .scale = reinterpret_cast<const float*>(words(2)),
            .multiplier = halves(0),
            .three = halves(1),
            .zero = halves(2),
            .addend_multiplier = halves(3),
            .addend_zero = halves(4)};
  }
};

/// What pictures are, besides their bytes: in front of all weights.
struct PictureConstants {
  float scale[kPictureChannels] = {};  ///< x = scale · (byte - zero)
  float zero[kPictureChannels] = {};
};

/// A network in bytes, laid out.
struct QuantisedPlan {
  NetworkTraits traits;
  QuantisedLayer layers[Plan::kMaxLayers] = {};
  int layer_count = 0;
  int outputs[Graph::kMaxOutputs] = {};
  int output_count = 0;

  std::size_t weight_bytes =
      0;  ///< PictureConstants (in 64 bytes), then each layer's weights and constants
  std::size_t map_bytes = 0;  ///< workspace: maps, shared by liveness
  std::size_t vector_bytes =
      0;  ///< workspace: pooled vectors, gates, embedding, for a chunk of images
  std::size_t scratch_bytes = 0;  ///< workspace: for each thread
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_QUANTISED_LAYER_HPP
