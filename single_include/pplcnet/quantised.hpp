// pplcnet 0.2.0: PP-LCNet and other lightweight networks on CPUs.
// SPDX-License-Identifier: Apache-2.0
//
// Made by single_include/amalgamate.py from the headers in include/; change those, not this file.

#include "pplcnet/pplcnet.hpp"

// from pplcnet/quantised.hpp
#ifndef PPLCNET_QUANTISED_HPP
#define PPLCNET_QUANTISED_HPP

// Table of contents of what computes networks in bytes. In a program whose files are compiled with
// PPLCNET_COMPILED one of them is quantised.cpp (CMake's target pplcnet::quantised).

// from pplcnet/any_quantised_network.hpp
#ifndef PPLCNET_ANY_QUANTISED_NETWORK_HPP
#define PPLCNET_ANY_QUANTISED_NETWORK_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

// from pplcnet/kernels/int8/forward.hpp
#ifndef PPLCNET_KERNELS_INT8_FORWARD_HPP
#define PPLCNET_KERNELS_INT8_FORWARD_HPP

// from pplcnet/kernels/int8/run.hpp
#ifndef PPLCNET_KERNELS_INT8_RUN_HPP
#define PPLCNET_KERNELS_INT8_RUN_HPP

#include <cstddef>
#include <cstdint>

// from pplcnet/plan/quantised_layer.hpp
#ifndef PPLCNET_PLAN_QUANTISED_LAYER_HPP
#define PPLCNET_PLAN_QUANTISED_LAYER_HPP

#include <cstddef>
#include <cstdint>


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

namespace pplcnet::inline PPLCNET_ABI {

/// One call of forward_quantised: what the kernels are given.
struct QuantisedRun {
  const QuantisedLayer* layers = nullptr;
  int layer_count = 0;
  const std::byte* weights = nullptr;  ///< PictureConstants first; begin at a multiple of 64 bytes
  const Picture* pictures = nullptr;
  int images = 1;  ///< at most kChunk
  /// [images][layer_count]: where a layer's output goes as real numbers, planar
  /// [channels][height][width], as after its activation; null: not requested. Layers after the
  /// last requested one are not computed.
  float* const* destinations = nullptr;

  std::uint8_t* maps = nullptr;     ///< plan.map_bytes, from a multiple of 64 on, as are these two
  std::uint8_t* vectors = nullptr;  ///< plan.vector_bytes
  std::uint8_t* scratch = nullptr;  ///< threads × scratch_bytes
  std::size_t scratch_bytes = 0;
  int threads = 1;
  /// Multiply-adds for which a second thread is worth waiting for: some two microseconds.
  std::int64_t shared_work = 1 << 19;
  Executor executor = {};
  bool dot_instructions = true;  ///< where the CPU has them; for tests, which do without
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_INT8_RUN_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Runs a plan in bytes with the kernels of one instruction set, or the best one that this CPU has.
/// All give the same bits.
PPLCNET_QUANTISED_INLINE void forward_quantised(const QuantisedRun& run, Isa isa) noexcept;

}  // namespace pplcnet::inline PPLCNET_ABI

// from pplcnet/kernels/int8/kernels.hpp
#ifndef PPLCNET_KERNELS_INT8_KERNELS_HPP
#define PPLCNET_KERNELS_INT8_KERNELS_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

// from pplcnet/kernels/int8/arguments.hpp
#ifndef PPLCNET_KERNELS_INT8_ARGUMENTS_HPP
#define PPLCNET_KERNELS_INT8_ARGUMENTS_HPP

#include <cstddef>
#include <cstdint>

// from pplcnet/kernels/int8/picture_bytes.hpp
#ifndef PPLCNET_KERNELS_INT8_PICTURE_BYTES_HPP
#define PPLCNET_KERNELS_INT8_PICTURE_BYTES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>


namespace pplcnet::inline PPLCNET_ABI {

/// Returns the byte whose real value is nearest to x, ties to the even one.
inline std::uint8_t picture_byte(float x, float scale, float zero) {
  const float step = x / scale + zero;
  // What is not a number becomes 0.
  const float inside = step > 0.0f ? std::min(step, 255.0f) : 0.0f;
  constexpr float kInteger = 8388608.0f;  // from 2^23 on, floats are integers
  return static_cast<std::uint8_t>(static_cast<int>((inside + kInteger) - kInteger));
}

/// How a picture becomes the bytes that a network in bytes is computed from.
struct PictureBytes {
  PictureConstants constants;
  std::uint8_t frame[kPictureChannels] = {};
  bool same = false;                               ///< the picture has these bytes
  std::uint8_t table[kPictureChannels][256] = {};  ///< of each of its bytes, if it has others

  PictureBytes(const Picture& picture, const PictureConstants& what) : constants(what) {
    for (int c = 0; c < kPictureChannels; ++c)
      frame[c] = picture_byte(0.0f, what.scale[c], what.zero[c]);
    if (picture.bytes == nullptr) return;
    same = true;
    for (int c = 0; c < kPictureChannels; ++c)
      for (int i = 0; i < 256; ++i) {
        const auto byte = static_cast<std::size_t>(i);
        table[c][i] = picture_byte(picture.lookup[c][byte], what.scale[c], what.zero[c]);
        same = same && table[c][i] == i;
      }
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_INT8_PICTURE_BYTES_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// How sums of products become a layer's output. All channels are padded to whole panels.
struct SumEnding {
  EndingConstants constants;
  Ending kind = Ending::bytes;
  Activation::Kind activation = Activation::Kind::none;
  Activation::Kind last_activation = Activation::Kind::none;  ///< after the addend
  int channels = 0;  ///< without padding: so many logits are stored
};

/// Returns how a layer ends.
inline SumEnding ending_of(const QuantisedLayer& layer, const std::byte* weights) {
  return {.constants = EndingConstants::of(layer, weights),
          .kind = layer.ending,
          .activation = layer.activation.kind,
          .last_activation = layer.last_activation.kind,
          .channels = layer.output.channels};
}

/// Pixels in memory: pixel m of rows of `width` pixels is at (m / width, m % width). Pitches are
/// in bytes, also where elements are factors or logits.
template <class Byte>
struct BytePixels {
  Byte* pixels = nullptr;
  int width = 1;
  std::size_t pixel_pitch = 0, row_pitch = 0;
};

/// A product of pixels with weights: of a pointwise layer, of the picture's convolution, or of a
/// dense layer, whose pixels are the images. Input and output of a block of rows without frames
/// are one run of pixels.
struct ByteProduct {
  /// [kernel row]: the input of the first pixel; one for pointwise and dense layers.
  const std::uint8_t* const* rows = nullptr;
  int kernel_rows = 1;
  int row_depth = 0;                     ///< bytes of each kernel row, a multiple of 4
  std::size_t pixel_pitch = 0;           ///< bytes from an output pixel's input to the next one's
  const std::int8_t* weights = nullptr;  ///< [panel][depth / 4][16][4]
  SumEnding ending;
  BytePixels<std::uint8_t> output = {};
  BytePixels<const std::uint8_t> addend = {};  ///< null: none
};

/// Rows of a depthwise layer. The input has a frame, so all that is read is there.
struct ByteDepthwise {
  const std::uint8_t* input = nullptr;  ///< what the kernel's first tap meets at the first output
  std::size_t pixel_pitch = 0, row_pitch = 0;
  Pair kernel = 1;  ///< at most 7
  Pair stride = 1;
  Pair dilation = 1;
  const std::int8_t* weights = nullptr;  ///< [panel][kernel column][kernel rows / 4][16][4]
  SumEnding ending;                      ///< in bytes
  int rows = 1;                          ///< of the output, each of output.width pixels
  BytePixels<std::uint8_t> output = {};
  BytePixels<const std::uint8_t> addend = {};  ///< null: none
};

/// A map times a factor for each channel.
struct ByteGate {
  BytePixels<const std::uint8_t> input;
  const std::int16_t* factors = nullptr;
  EndingConstants constants;
  BytePixels<std::uint8_t> output;
};

/// The kernels of one instruction set: what a walk through a plan in bytes calls.
struct QuantisedKernels {
  /// Copies rows [begin, end) of the picture, inside its frame.
  void (*picture_rows)(const QuantisedLayer&, const Picture&, const PictureBytes&, int begin,
                       int end, std::uint8_t* to) = nullptr;
  /// Computes panels [begin, end) of output channels for so many pixels.
  void (*product)(const ByteProduct&, int pixels, int begin, int end) = nullptr;
  /// Computes the same for the images of a dense layer, of which there may be one.
  void (*dense)(const ByteProduct&, int images, int begin, int end) = nullptr;
  /// Computes panels [begin, end) of channels.
  void (*depthwise)(const ByteDepthwise&, int begin, int end) = nullptr;
  /// Computes panels [begin, end) of channels for so many pixels.
  void (*gate)(const ByteGate&, int pixels, int begin, int end) = nullptr;
  /// Computes panels [begin, end) of a mean over all pixels.
  void (*pool)(const QuantisedLayer&, const EndingConstants&, const std::uint8_t* maps, int begin,
               int end, std::uint8_t* to) = nullptr;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_INT8_ARGUMENTS_HPP
// from pplcnet/kernels/int8/dot_instructions.hpp
#ifndef PPLCNET_KERNELS_INT8_DOT_INSTRUCTIONS_HPP
#define PPLCNET_KERNELS_INT8_DOT_INSTRUCTIONS_HPP


#if PPLCNET_HAS_QUANTISED_DEFINITIONS
namespace pplcnet::inline PPLCNET_ABI {

#if PPLCNET_CHOOSE_ISA
/// Returns whether the CPU has the instruction that sums four products of bytes, in the registers
/// of a copy of the kernels: AVX-512 VNNI, or AVX-VNNI. That the operating system keeps these
/// registers is a condition of the copy itself.
inline bool detect_dot_instructions(Isa isa) noexcept {
  if (isa == Isa::avx512) return (cpuid(7).c & 1u << 11) != 0;
  return isa == Isa::avx2 && cpuid(7).a >= 1 && (cpuid(7, 1).a & 1u << 4) != 0;
}

/// Returns the same; the CPU is asked once.
inline bool has_dot_instructions(Isa isa) noexcept {
  static const bool avx2 = detect_dot_instructions(Isa::avx2);
  static const bool avx512 = detect_dot_instructions(Isa::avx512);
  return isa == Isa::avx512 ? avx512 : isa == Isa::avx2 && avx2;
}
#else
/// Returns whether the one copy of the kernels may have such instructions: its compiler knows.
inline bool has_dot_instructions(Isa) noexcept { return true; }
#endif

}  // namespace pplcnet::inline PPLCNET_ABI
#endif  // PPLCNET_HAS_QUANTISED_DEFINITIONS

#endif  // PPLCNET_KERNELS_INT8_DOT_INSTRUCTIONS_HPP
// from pplcnet/kernels/int8/walk.hpp
#ifndef PPLCNET_KERNELS_INT8_WALK_HPP
#define PPLCNET_KERNELS_INT8_WALK_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

// from pplcnet/kernels/int8/chain.hpp
#ifndef PPLCNET_KERNELS_INT8_CHAIN_HPP
#define PPLCNET_KERNELS_INT8_CHAIN_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

// from pplcnet/kernels/int8/frame.hpp
#ifndef PPLCNET_KERNELS_INT8_FRAME_HPP
#define PPLCNET_KERNELS_INT8_FRAME_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


namespace pplcnet::inline PPLCNET_ABI {

/// Writes the zero point of each channel into the frame of a map: beside rows [begin, end) and,
/// if the first or the last one is among them, above or below.
class ByteFrame {
 public:
  ByteFrame(const ByteMap& map, const std::int16_t* zeros, std::uint8_t* base)
      : map_(map), zeros_(zeros), base_(base), pitch_(static_cast<std::size_t>(map.pixel_pitch)) {}

  void fill(int begin, int end) const {
    const Padding& frame = map_.frame;
    if (frame.left + frame.right + frame.top + frame.bottom == 0) return;
    const std::uint8_t* pixel = nullptr;
    if (begin == 0) fill_rows(-frame.top, frame.top, pixel);
    if (end == map_.shape.height) fill_rows(end, frame.bottom, pixel);
    const std::size_t right =
        map_.pixels(0) - map_.row(0) + static_cast<std::size_t>(map_.shape.width) * pitch_;
    for (int y = begin; y < end; ++y) {
      std::uint8_t* const row = base_ + map_.row(y);
      fill_pixels(row, frame.left, pixel);
      fill_pixels(row + right, frame.right, pixel);
    }
  }

 private:
  void fill_rows(int y, int count, const std::uint8_t*& pixel) const {
    const Padding& frame = map_.frame;
    fill_pixels(base_ + map_.row(y), count * (frame.left + map_.shape.width + frame.right), pixel);
  }

  /// Copies `pixel` or, if there is none yet, writes it.
  void fill_pixels(std::uint8_t* to, int count, const std::uint8_t*& pixel) const {
    for (int i = 0; i < count; ++i, to += pitch_) {
      if (pixel == nullptr) {
        for (std::size_t c = 0; c < pitch_; ++c) to[c] = static_cast<std::uint8_t>(zeros_[c]);
        pixel = to;
      } else {
        std::memcpy(to, pixel, pitch_);
      }
    }
  }

  const ByteMap& map_;
  const std::int16_t* zeros_;
  std::uint8_t* base_;
  std::size_t pitch_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_INT8_FRAME_HPP
// from pplcnet/kernels/int8/real_numbers.hpp
#ifndef PPLCNET_KERNELS_INT8_REAL_NUMBERS_HPP
#define PPLCNET_KERNELS_INT8_REAL_NUMBERS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


namespace pplcnet::inline PPLCNET_ABI {

/// Copies rows [begin, end) of a layer's output, of which the first is at `from`, into a planar
/// destination, as real numbers.
inline void copy_real_rows(const QuantisedLayer& layer, const EndingConstants& constants,
                           BytePixels<const std::uint8_t> from, int begin, int end,
                           float* destination) {
  const Shape& shape = layer.output;
  for (int y = begin; y < end; ++y, from.pixels += from.row_pitch)
    for (int c = 0; c < shape.channels; ++c) {
      float* const to = destination + c * shape.pixels() + std::int64_t{y} * shape.width;
      for (int x = 0; x < shape.width; ++x) {
        const int q = from.pixels[static_cast<std::size_t>(x) * from.pixel_pitch +
                                  static_cast<std::size_t>(c)];
        to[x] = constants.scale[c] * static_cast<float>(q - constants.zero[c]);
      }
    }
}

/// Copies a vector as real numbers.
inline void copy_real_vector(const QuantisedLayer& layer, const EndingConstants& constants,
                             const std::uint8_t* vector, float* destination) {
  const int channels = layer.output.channels;
  if (layer.ending == Ending::logits) {
    std::memcpy(destination, vector, static_cast<std::size_t>(channels) * sizeof(float));
  } else if (layer.ending == Ending::factors) {
    const auto* factors = reinterpret_cast<const std::int16_t*>(vector);
    for (int c = 0; c < channels; ++c)
      destination[c] = constants.scale[c] * static_cast<float>(factors[c]);
  } else {
    for (int c = 0; c < channels; ++c)
      destination[c] = constants.scale[c] * static_cast<float>(vector[c] - constants.zero[c]);
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_INT8_REAL_NUMBERS_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Computes rows of a chain in one thread: of a layer, before it perhaps those of a layer that is
/// fused with it, whose rows wait in scratch.
class QuantisedChain {
 public:
  QuantisedChain(const QuantisedKernels& kernels, const QuantisedRun& run, int image,
                 const PictureBytes& picture, int part)
      : kernels_(kernels),
        run_(run),
        image_(image),
        picture_(picture),
        scratch_(run.scratch + static_cast<std::size_t>(part) * run.scratch_bytes) {}

  /// Computes rows [begin, end) of layers [first, last], a block at a time.
  void compute(int first, int last, int begin, int end) const {
    for (int y = begin, next; y < end; y = next) {
      next = std::min(end, y + run_.layers[last].rows);
      for (int i = first; i <= last; ++i)
        finish(i, y, next, compute_rows(i, y, next, 0, panels_of(i)));
    }
  }

  /// Computes panels [begin, end) of a whole layer, which is a chain by itself and no convolution.
  /// The frame, and the copy of what is requested, are left out.
  void compute_panels(int index, int begin, int end) const {
    compute_rows(index, 0, run_.layers[index].output.height, begin, end);
  }

  /// Fills the frame beside rows of a layer's output, and copies these if they are requested.
  void finish(int index) const {
    const QuantisedLayer& layer = run_.layers[index];
    finish(index, 0, layer.output.height, rows_of(layer.target, 0, 0));
  }

 private:
  int panels_of(int index) const { return run_.layers[index].padded_channels() / kPanel; }

  /// Returns rows of a map from y on; a block in scratch begins with row `begin`.
  BytePixels<std::uint8_t> rows_of(const ByteMap& map, int y, int begin) const {
    return {(map.local ? scratch_ : run_.maps) + map.pixels(map.local ? y - begin : y),
            map.shape.width, static_cast<std::size_t>(map.pixel_pitch), map.row_pitch()};
  }

  static BytePixels<const std::uint8_t> read(const BytePixels<std::uint8_t>& rows) {
    return {rows.pixels, rows.width, rows.pixel_pitch, rows.row_pitch};
  }

  /// Computes rows [begin, end) of some panels of a layer, and returns where they are.
  BytePixels<std::uint8_t> compute_rows(int index, int begin, int end, int panel,
                                        int end_panel) const {
    const QuantisedLayer& layer = run_.layers[index];
    const BytePixels<std::uint8_t> rows = rows_of(layer.target, begin, begin);
    if (layer.op == Operator::convolution)
      convolution(layer, rows, begin, end);
    else if (layer.op == Operator::depthwise)
      depthwise(layer, rows, begin, end, panel, end_panel);
    else if (layer.op == Operator::gate)
      gate(layer, rows, begin, end, panel, end_panel);
    else
      pointwise(layer, rows, begin, end, panel, end_panel);
    return rows;
  }

  void finish(int index, int begin, int end, const BytePixels<std::uint8_t>& rows) const {
    const QuantisedLayer& layer = run_.layers[index];
    const EndingConstants constants = EndingConstants::of(layer, run_.weights);
    if (!layer.target.local) ByteFrame(layer.target, constants.zero, run_.maps).fill(begin, end);
    float* const destination = run_.destinations[std::ptrdiff_t{image_} * run_.layer_count + index];
    if (destination != nullptr)
      copy_real_rows(layer, constants, read(rows), begin, end, destination);
  }

  BytePixels<const std::uint8_t> addend_of(const QuantisedLayer& layer, int begin) const {
    if (layer.addend < 0) return {};
    return read(rows_of(layer.addend_map, begin, begin));
  }

  ByteProduct product_of(const QuantisedLayer& layer) const {
    return {.kernel_rows = layer.op == Operator::convolution ? layer.kernel.height : 1,
            .row_depth = layer.row_depth(),
            .weights = reinterpret_cast<const std::int8_t*>(run_.weights + layer.weights),
            .ending = ending_of(layer, run_.weights)};
  }

  /// Computes rows of the picture's convolution, from those of the picture that it reads.
  void convolution(const QuantisedLayer& layer, BytePixels<std::uint8_t> rows, int begin,
                   int end) const {
    const int step = layer.stride.height, height = layer.kernel.height;
    const std::size_t pitch = layer.picture_row_pitch();
    std::uint8_t* const picture = scratch_ + layer.scratch;
    kernels_.picture_rows(layer, run_.pictures[image_], picture_, begin * step - layer.padding.top,
                          (end - 1) * step - layer.padding.top + height, picture);
    const std::uint8_t* inputs[Graph::kLargestKernel];
    ByteProduct product = product_of(layer);
    product.rows = inputs;
    product.pixel_pitch = static_cast<std::size_t>(layer.stride.width * layer.input.channels);
    for (int y = begin; y < end; ++y, rows.pixels += rows.row_pitch) {
      for (int i = 0; i < height; ++i)
        inputs[i] = picture + static_cast<std::size_t>((y - begin) * step + i) * pitch;
      product.output = rows;
      product.addend = addend_of(layer, y);
      kernels_.product(product, rows.width, 0, layer.padded_channels() / kPanel);
    }
  }

  /// Computes a product of all rows at once where no frame is between them.
  void pointwise(const QuantisedLayer& layer, BytePixels<std::uint8_t> rows, int begin, int end,
                 int panel, int end_panel) const {
    const BytePixels<std::uint8_t> source = rows_of(layer.source, begin, begin);
    const bool framed = layer.source.frame.left + layer.source.frame.right > 0;
    const int step = framed ? 1 : end - begin;
    const std::uint8_t* input = source.pixels;
    ByteProduct product = product_of(layer);
    product.rows = &input;
    product.pixel_pitch = source.pixel_pitch;
    for (int y = begin; y < end; y += step) {
      product.output = rows;
      product.addend = addend_of(layer, y);
      kernels_.product(product, step * source.width, panel, end_panel);
      input += source.row_pitch;
      rows.pixels += rows.row_pitch;
    }
  }

  void depthwise(const QuantisedLayer& layer, const BytePixels<std::uint8_t>& rows, int begin,
                 int end, int panel, int end_panel) const {
    const ByteMap& source = layer.source;
    const std::size_t first = source.row(begin * layer.stride.height - layer.padding.top) +
                              static_cast<std::size_t>(source.frame.left - layer.padding.left) *
                                  static_cast<std::size_t>(source.pixel_pitch);
    kernels_.depthwise(
        {.input = run_.maps + first,
         .pixel_pitch = static_cast<std::size_t>(source.pixel_pitch),
         .row_pitch = source.row_pitch(),
         .kernel = layer.kernel,
         .stride = {layer.stride.height, layer.stride.width},
         .weights = reinterpret_cast<const std::int8_t*>(run_.weights + layer.weights),
         .ending = ending_of(layer, run_.weights),
         .rows = end - begin,
         .output = rows,
         .addend = addend_of(layer, begin)},
        panel, end_panel);
  }

  void gate(const QuantisedLayer& layer, const BytePixels<std::uint8_t>& rows, int begin, int end,
            int panel, int end_panel) const {
    const QuantisedLayer& factors = run_.layers[layer.factors];
    const std::uint8_t* const vector = run_.vectors + factors.target_vector +
                                       static_cast<std::size_t>(image_) * factors.vector_pitch();
    kernels_.gate({.input = read(rows_of(layer.source, begin, begin)),
                   .factors = reinterpret_cast<const std::int16_t*>(vector),
                   .constants = EndingConstants::of(layer, run_.weights),
                   .output = rows},
                  (end - begin) * layer.output.width, panel, end_panel);
  }

  const QuantisedKernels& kernels_;
  const QuantisedRun& run_;
  int image_;
  const PictureBytes& picture_;
  std::uint8_t* scratch_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_INT8_CHAIN_HPP
// from pplcnet/kernels/work.hpp
#ifndef PPLCNET_KERNELS_WORK_HPP
#define PPLCNET_KERNELS_WORK_HPP

#include <algorithm>
#include <cstdint>


namespace pplcnet::inline PPLCNET_ABI {

/// What takes longer than it computes counts for so many multiply-adds: a weight that comes from
/// L3, and a value of a map that is used once.
inline constexpr std::int64_t kWeightWork = 8, kPixelWork = 4;

/// Splits `count` units into at most so many parts as there are threads, if there is work enough,
/// and runs `body(part, begin, end)` for each.
template <class AnyRun, class Body>
void split(const AnyRun& run, std::int64_t work, int count, const Body& body) {
  const int parts = work < run.shared_work ? 1 : std::min(run.threads, count);
  if (parts <= 1) return body(0, 0, count);
  const auto part = [&](int i) { body(i, count * i / parts, count * (i + 1) / parts); };
  run.executor(parts, Task(part));
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_WORK_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Computes a dense layer for `images` images from `image` on, which are a product's pixels.
inline void dense_layer(const QuantisedKernels& kernels, const QuantisedRun& run,
                        const QuantisedLayer& layer, int image, int images) {
  const std::size_t pitch = QuantisedLayer::vector_pitch(layer.input.channels, Ending::bytes);
  const auto skipped = static_cast<std::size_t>(image);
  const std::uint8_t* const input = run.vectors + layer.source_vector + skipped * pitch;
  std::uint8_t* const output = run.vectors + layer.target_vector + skipped * layer.vector_pitch();
  const ByteProduct product = {
      .rows = &input,
      .row_depth = layer.row_depth(),
      .pixel_pitch = pitch,
      .weights = reinterpret_cast<const std::int8_t*>(run.weights + layer.weights),
      .ending = ending_of(layer, run.weights),
      .output = {output, images, layer.vector_pitch(), 0}};
  split(run, layer.multiply_adds * kWeightWork, layer.padded_channels() / kPanel,
        [&](int, int begin, int end) { kernels.dense(product, images, begin, end); });
}

/// One image's way through the layers of a plan in bytes.
class QuantisedImage {
 public:
  QuantisedImage(const QuantisedKernels& kernels, const QuantisedRun& run, int image)
      : kernels_(kernels), run_(run), image_(image) {}

  /// Computes layers [begin, end).
  void layers(int begin, int end) const {
    const PictureBytes picture(run_.pictures[image_],
                               *reinterpret_cast<const PictureConstants*>(run_.weights));
    for (int i = begin, next; i < end; i = next) {
      const QuantisedLayer& layer = run_.layers[i];
      next = layer.chain_end;
      if (layer.op == Operator::picture) continue;
      if (run_.layers[next - 1].optional_output && !requested(i, next)) continue;
      if (layer.op == Operator::pool)
        pool(layer);
      else if (layer.op == Operator::dense)
        dense_layer(kernels_, run_, layer, image_, 1);
      else
        chain(i, next - 1, picture);
      copy_vector(i);
    }
  }

  /// Copies the vector that a layer has left in the workspace, if requested.
  void copy_vector(int index) const {
    const QuantisedLayer& layer = run_.layers[index];
    float* const destination = destination_of(index);
    if (destination != nullptr && layer.gives_vector())
      copy_real_vector(layer, EndingConstants::of(layer, run_.weights), vector_of(layer),
                       destination);
  }

 private:
  float* destination_of(int index) const {
    return run_.destinations[std::ptrdiff_t{image_} * run_.layer_count + index];
  }

  std::uint8_t* vector_of(const QuantisedLayer& layer) const {
    return run_.vectors + layer.target_vector +
           static_cast<std::size_t>(image_) * layer.vector_pitch();
  }

  /// Returns whether the output of one of these layers is requested.
  bool requested(int begin, int end) const {
    for (int i = begin; i < end; ++i)
      if (destination_of(i) != nullptr) return true;
    return false;
  }

  /// Computes a chain: each thread a band of its rows or, where there are few of them, some of its
  /// channels.
  void chain(int first, int last, const PictureBytes& picture) const {
    const QuantisedLayer& layer = run_.layers[last];
    const int panels = layer.padded_channels() / kPanel;
    std::int64_t work = 0;
    for (int i = first; i <= last; ++i) work += work_of(run_.layers[i]);
    const auto part_of = [&](int part) {
      return QuantisedChain(kernels_, run_, image_, picture, part);
    };
    if (run_.threads > 1 && layer.output.height < 4 * run_.threads && panels >= run_.threads &&
        first == last && layer.op != Operator::convolution) {
      split(run_, work, panels,
            [&](int part, int begin, int end) { part_of(part).compute_panels(first, begin, end); });
      return part_of(0).finish(first);
    }
    split(run_, work, layer.output.height,
          [&](int part, int begin, int end) { part_of(part).compute(first, last, begin, end); });
  }

  /// Returns multiply-adds, or what takes as long.
  static std::int64_t work_of(const QuantisedLayer& layer) {
    if (layer.has_weights()) return layer.multiply_adds;
    return std::max(layer.input.size(), layer.output.size()) * kPixelWork;
  }

  void pool(const QuantisedLayer& layer) const {
    const EndingConstants constants = EndingConstants::of(layer, run_.weights);
    split(run_, work_of(layer), layer.padded_channels() / kPanel, [&](int, int begin, int end) {
      kernels_.pool(layer, constants, run_.maps, begin, end, vector_of(layer));
    });
  }

  const QuantisedKernels& kernels_;
  const QuantisedRun& run_;
  int image_;
};

/// Runs a plan in bytes for up to kChunk images; the dense layers at its end, which are nearly all
/// weights, pass over them once for all images.
inline void walk(const QuantisedRun& run, const QuantisedKernels& kernels) noexcept {
  int last = run.layer_count;
  const auto requested = [&](int layer) {
    for (int image = 0; image < run.images; ++image)
      if (run.destinations[image * run.layer_count + layer] != nullptr) return true;
    return false;
  };
  while (last > 0 && !requested(last - 1)) --last;
  int head = last;
  while (head > 0 && run.layers[head - 1].op == Operator::dense) --head;
  for (int image = 0; image < run.images; ++image)
    QuantisedImage(kernels, run, image).layers(0, head);
  for (int layer = head; layer < last; ++layer) {
    dense_layer(kernels, run, run.layers[layer], 0, run.images);
    for (int image = 0; image < run.images; ++image)
      QuantisedImage(kernels, run, image).copy_vector(layer);
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_INT8_WALK_HPP
// from pplcnet/quantise/arithmetic.hpp
#ifndef PPLCNET_QUANTISE_ARITHMETIC_HPP
#define PPLCNET_QUANTISE_ARITHMETIC_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>


// The arithmetic of networks in bytes, one value at a time: integers alone, so that every machine
// computes the same. README.md says what it means.

namespace pplcnet::inline PPLCNET_ABI {

/// The constants of one channel: see EndingConstants.
struct ChannelConstants {
  std::int32_t bias = 0, shift = 0;
  float scale = 0;
  std::int16_t multiplier = 0, three = 0, zero = 0, addend_multiplier = 0, addend_zero = 0;

  constexpr bool operator==(const ChannelConstants&) const = default;
};

constexpr std::int16_t sat16(std::int32_t value) {
  using Limits = std::numeric_limits<std::int16_t>;
  return static_cast<std::int16_t>(std::clamp<std::int32_t>(value, Limits::min(), Limits::max()));
}

constexpr std::uint8_t satu8(std::int32_t value) {
  return static_cast<std::uint8_t>(std::clamp<std::int32_t>(value, 0, 255));
}

constexpr std::int16_t sat_add(std::int16_t a, std::int16_t b) {
  return sat16(std::int32_t{a} + b);
}

/// Returns a · b / 2^15, rounded. No constant is -2^15, with which instructions would disagree.
constexpr std::int16_t mulhrs(std::int16_t a, std::int16_t b) {
  return sat16((std::int32_t{a} * b + (1 << 14)) >> 15);
}

/// Returns a sum, whose bias has a half step for the rounding, in 16 bits.
constexpr std::int16_t half_of(std::int32_t sum, const ChannelConstants& channel) {
  return sat16(sum >> channel.shift);
}

/// Returns a value in the output's steps as a byte.
constexpr std::uint8_t byte_of(std::int16_t value, std::int16_t multiplier, std::int16_t zero) {
  return satu8(sat_add(mulhrs(value, multiplier), zero));
}

/// Ends a sum with an activation: none, relu, relu6 (their lower bound is byte 0, the upper one
/// byte 255) or hardswish.
constexpr std::uint8_t ended(std::int32_t sum, Activation::Kind activation,
                             const ChannelConstants& channel) {
  std::int16_t u = half_of(sum, channel);
  if (activation == Activation::Kind::hardswish) {
    const auto six = static_cast<std::int16_t>(2 * channel.three);
    u = mulhrs(u, std::clamp<std::int16_t>(sat_add(u, channel.three), 0, six));
  }
  return byte_of(u, channel.multiplier, channel.zero);
}

/// Fractions of a step in which addends are added.
inline constexpr int kAddendSteps = 16;

/// Ends a sum to which a map is added. `activation` comes before the addition, none or relu; a relu
/// after it is byte 0.
constexpr std::uint8_t ended_with(std::uint8_t addend, std::int32_t sum,
                                  Activation::Kind activation, const ChannelConstants& channel) {
  std::int16_t own = mulhrs(half_of(sum, channel), channel.multiplier);
  if (activation == Activation::Kind::relu) own = std::max<std::int16_t>(own, 0);
  const auto steps = static_cast<std::int16_t>((addend - channel.addend_zero) * 64);
  const std::int16_t total = sat_add(own, mulhrs(steps, channel.addend_multiplier));
  const auto whole = static_cast<std::int16_t>(sat_add(total, kAddendSteps / 2) >> 4);
  return satu8(sat_add(whole, channel.zero));
}

/// The most pixels that a pool takes the mean of: 128 · 255 · n + n / 2 has 31 bits.
inline constexpr int kMostPooledPixels = 65536;

/// Returns the mean of `pixels` bytes whose sum is given.
constexpr std::uint8_t pooled(std::int32_t sum, std::int32_t pixels,
                              const ChannelConstants& channel) {
  const std::int32_t mean = (sum * 128 + pixels / 2) / pixels;
  return byte_of(sat16(mean - channel.addend_zero * 128), channel.multiplier, channel.zero);
}

/// The sigmoid is a table of so many straight pieces from -8 to 8, each of 16 steps of 1/1024.
inline constexpr int kSigmoidPieces = 1024;
inline constexpr int kSigmoidSteps = 16;
/// Sums become so many steps of each 1 of a sigmoid's argument.
inline constexpr int kSigmoidOne = 1024;

namespace arithmetic {

/// Returns exp(-x) for 0 ≤ x ≤ 8 by multiplications that no compiler may fuse with a sum.
constexpr double exponential(double x) {
  const double part = x / 1024;
  double power = 1;
  for (int i = 6; i > 0; --i) power = 1 - rounded(part / i * power);
  for (int i = 0; i < 10; ++i) power = rounded(power * power);
  return power;
}

constexpr std::array<std::int16_t, kSigmoidPieces + 1> sigmoids() {
  std::array<std::int16_t, kSigmoidPieces + 1> table = {};
  constexpr std::size_t kHalf = kSigmoidPieces / 2;
  for (std::size_t i = 0; i <= kHalf; ++i) {
    const double power = exponential(static_cast<double>(i) / 64);
    const auto value = static_cast<std::int16_t>(round_half_even(32768 / (1 + power)));
    table[kHalf + i] = value;
    table[kHalf - i] = static_cast<std::int16_t>(32768 - value);
  }
  return table;
}

}  // namespace arithmetic

/// 2^15 times the sigmoid of -8, -8 + 1/64 … 8.
inline constexpr std::array<std::int16_t, kSigmoidPieces + 1> kSigmoidTable =
    arithmetic::sigmoids();

/// Returns 2^15 times the sigmoid of y / 1024.
constexpr std::int16_t sigmoid_of(std::int16_t y) {
  constexpr int kHalf = kSigmoidPieces / 2 * kSigmoidSteps;
  const int place = std::clamp<int>(y, -kHalf, kHalf - 1) + kHalf;
  const std::int16_t* const piece = kSigmoidTable.data() + (place >> 4);
  const int slope = piece[1] - piece[0];
  return static_cast<std::int16_t>(piece[0] + ((slope * (place & (kSigmoidSteps - 1))) >> 4));
}

/// Ends a sum as a gate's factor, by a hardsigmoid or a sigmoid.
constexpr std::int16_t factor_of(std::int32_t sum, Activation::Kind activation,
                                 const ChannelConstants& channel) {
  const std::int16_t y = mulhrs(half_of(sum, channel), channel.multiplier);
  if (activation == Activation::Kind::sigmoid) return mulhrs(sigmoid_of(y), channel.three);
  return std::clamp<std::int16_t>(sat_add(y, channel.zero), 0, channel.three);
}

/// Returns a byte of a map times its factor.
constexpr std::uint8_t gated(std::uint8_t value, std::int16_t factor,
                             const ChannelConstants& channel) {
  return byte_of(static_cast<std::int16_t>((value - channel.addend_zero) * 16), factor,
                 channel.zero);
}

/// Returns a logit: one conversion and one multiplication.
constexpr float logit_of(std::int32_t sum, const ChannelConstants& channel) {
  return static_cast<float>(sum) * channel.scale;
}

/// Returns the real value of a byte.
constexpr float dequantised(std::uint8_t value, float scale, std::int32_t zero) {
  return static_cast<float>(value - zero) * scale;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_ARITHMETIC_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the kernels of one instruction set, or of the best one that this CPU has: with an
/// instruction that sums four products of bytes, if it is asked for and the CPU has it.
PPLCNET_QUANTISED_INLINE const QuantisedKernels& quantised_kernels(Isa isa, bool dot) noexcept;

}  // namespace pplcnet::inline PPLCNET_ABI

#if PPLCNET_HAS_QUANTISED_DEFINITIONS

// Whether a copy of the kernels has Highway's operations for bytes: not if it is of single values,
// nor if it has sse2-inl.hpp.
#define PPLCNET_BYTE_VECTORS \
  (HWY_TARGET != HWY_SCALAR && !(PPLCNET_OWN_SSE2 && HWY_TARGET == PPLCNET_BASELINE))

// Compiles the kernels once for each instruction set, in the order of kernels/kernels.hpp.
#if PPLCNET_CHOOSE_ISA
#undef HWY_TARGET
#define HWY_TARGET HWY_AVX2
// from pplcnet/kernels/int8/set_target-inl.hpp
// Compiles what comes after it for HWY_TARGET. A file that has the kernels for floats has Highway's
// operations for it, too: once is enough.
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
// from pplcnet/kernels/int8/forward-inl.hpp
// All kernels of networks in bytes. Compiled once per instruction set.
#if PPLCNET_BYTE_VECTORS
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::hn {
using namespace hwy::HWY_NAMESPACE;  // NOLINT(google-build-using-namespace): it is Highway's name
}  // namespace HWY_NAMESPACE::hn
}  // namespace pplcnet::inline PPLCNET_ABI
#endif
// from pplcnet/kernels/int8/picture_rows-inl.hpp
// Rows of the picture as bytes. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Puts `count` pixels of three planes side by side.
HWY_INLINE void interleave(const std::uint8_t* const* planes, std::size_t count, std::uint8_t* to) {
  std::size_t x = 0;
#if PPLCNET_BYTE_VECTORS
  const hn::ScalableTag<std::uint8_t> d;
  for (; x + hn::Lanes(d) <= count; x += hn::Lanes(d))
    hn::StoreInterleaved3(hn::LoadU(d, planes[0] + x), hn::LoadU(d, planes[1] + x),
                          hn::LoadU(d, planes[2] + x), d, to + kPictureChannels * x);
#endif
  for (; x < count; ++x)
    for (std::size_t c = 0; c < kPictureChannels; ++c) to[kPictureChannels * x + c] = planes[c][x];
}

/// Copies `count` pixels, of which `from` is channel 0, whose channels lie in the opposite order.
HWY_INLINE void reverse_pixels(const std::uint8_t* from, std::size_t count, std::uint8_t* to) {
  from -= kPictureChannels - 1;
  std::size_t x = 0;
#if PPLCNET_BYTE_VECTORS
  const hn::ScalableTag<std::uint8_t> d;
  for (; x + hn::Lanes(d) <= count; x += hn::Lanes(d)) {
    hn::Vec<decltype(d)> a, b, c;
    hn::LoadInterleaved3(d, from + kPictureChannels * x, a, b, c);
    hn::StoreInterleaved3(c, b, a, d, to + kPictureChannels * x);
  }
#endif
  for (; x < count; ++x)
    for (std::size_t c = 0; c < kPictureChannels; ++c)
      to[kPictureChannels * x + c] = from[kPictureChannels * (x + 1) - 1 - c];
}

/// Rounds `count` values of a channel, side by side, as picture_byte does.
HWY_INLINE void round_values(const float* from, float scale, float zero, std::size_t count,
                             std::uint8_t* to) {
  std::size_t x = 0;
#if PPLCNET_BYTE_VECTORS && HWY_HAVE_FLOAT64  // without float64, Highway's quotients are not exact
  const hn::ScalableTag<float> d;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  const hn::Rebind<std::uint32_t, decltype(d)> words;
  for (; x + hn::Lanes(d) <= count; x += hn::Lanes(d)) {
    const auto quotient = hn::Div(hn::LoadU(d, from + x), hn::Set(d, scale));
    const auto step = hn::Add(quotient, hn::Set(d, zero));
    const auto inside =
        hn::IfThenElseZero(hn::Gt(step, hn::Zero(d)), hn::Min(step, hn::Set(d, 255)));
    // From 2^23 on, floats are integers, whose lowest byte is the one.
    const auto integer = hn::BitCast(words, hn::Add(inside, hn::Set(d, 8388608)));
    hn::StoreU(hn::TruncateTo(bytes, integer), bytes, to + x);
  }
#endif
  for (; x < count; ++x) to[x] = picture_byte(from[x], scale, zero);
}

/// Copies pixels whose bytes are others in the network, or lie anywhere: some at a time, so that
/// what is computed for each channel is in cache.
HWY_INLINE void convert_pixels(const Picture& picture, const PictureBytes& bytes,
                               std::ptrdiff_t row, std::size_t count, std::uint8_t* to) {
  constexpr std::size_t kBlock = 256;
  std::uint8_t blocks[kPictureChannels][kBlock];
  for (std::size_t begin = 0; begin < count; begin += kBlock, to += kPictureChannels * kBlock) {
    const std::size_t length = std::min(kBlock, count - begin);
    const std::uint8_t* planes[kPictureChannels];
    for (std::ptrdiff_t c = 0; c < kPictureChannels; ++c) {
      const std::ptrdiff_t first =
          row + c * picture.channel + static_cast<std::ptrdiff_t>(begin) * picture.pixel;
      planes[c] = blocks[c];
      if (picture.values != nullptr && picture.pixel == 1) {
        round_values(picture.values + first, bytes.constants.scale[c], bytes.constants.zero[c],
                     length, blocks[c]);
      } else if (picture.values != nullptr) {
        for (std::size_t i = 0; i < length; ++i)
          blocks[c][i] =
              picture_byte(picture.values[first + static_cast<std::ptrdiff_t>(i) * picture.pixel],
                           bytes.constants.scale[c], bytes.constants.zero[c]);
      } else if (bytes.same && picture.pixel == 1) {
        planes[c] = picture.bytes + first;
      } else {
        for (std::size_t i = 0; i < length; ++i)
          blocks[c][i] =
              bytes.table[c][picture.bytes[first + static_cast<std::ptrdiff_t>(i) * picture.pixel]];
      }
    }
    interleave(planes, length, to);
  }
}

/// Copies rows [begin, end) of the picture, of which some may be outside of it, inside their frame,
/// as far as a convolution reads them.
inline HWY_NOINLINE void load_picture_rows(const QuantisedLayer& layer, const Picture& picture,
                                           const PictureBytes& bytes, int begin, int end,
                                           std::uint8_t* to) {
  constexpr std::size_t kPixel = kPictureChannels;
  const std::size_t pitch = layer.picture_row_pitch();
  const std::size_t left = kPixel * static_cast<std::size_t>(layer.padding.left);
  const std::size_t count =
      std::min(static_cast<std::size_t>(layer.input.width), (pitch - left) / kPixel);
  constexpr std::size_t kPattern = 16 * kPixel;
  std::uint8_t pattern[kPixel + kPattern];
  for (std::size_t i = 0; i < sizeof pattern; ++i) pattern[i] = bytes.frame[i % kPixel];
  const auto fill_frame = [&](std::size_t from, std::size_t until) {
    const std::uint8_t* const first = pattern + from % kPixel;
    for (; from + kPattern <= until; from += kPattern) std::memcpy(to + from, first, kPattern);
    std::memcpy(to + from, first, until - from);
  };
  for (int y = begin; y < end; ++y, to += pitch) {
    if (y < 0 || y >= layer.input.height) {
      fill_frame(0, pitch);
      continue;
    }
    const bool interleaved = bytes.same && picture.pixel == kPictureChannels;
    const std::ptrdiff_t row = y * picture.row;
    fill_frame(0, left);
    if (interleaved && picture.channel == 1)
      std::memcpy(to + left, picture.bytes + row, kPixel * count);
    else if (interleaved && picture.channel == -1)
      reverse_pixels(picture.bytes + row, count, to + left);
    else
      convert_pixels(picture, bytes, row, count, to + left);
    fill_frame(left + kPixel * count, pitch);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/pool-inl.hpp
// Means over all pixels of a map in bytes. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

#if PPLCNET_BYTE_VECTORS
/// Sums of neighbouring panels over all pixels of a map.
template <int kPanels>
class PixelSums {
  using Sums = hn::CappedTag<std::uint16_t, std::min(kPanels, 2) * kPanel>;
  static constexpr int kLanes = static_cast<int>(hn::MaxLanes(Sums()));
  static constexpr int kMost = 256;  // bytes whose sum fits 16 bits
  using Indices = std::make_integer_sequence<int, kPanels * kPanel / kLanes>;

 public:
  /// Adds them to `sums`.
  HWY_INLINE PixelSums(const QuantisedLayer& layer, const std::uint8_t* panels,
                       std::uint32_t* sums) {
    const ByteMap& source = layer.source;
    const auto pitch = static_cast<std::size_t>(source.pixel_pitch);
    const int width = layer.input.width;
    int room = kMost;
    begin(Indices());
    for (int y = 0; y < layer.input.height; ++y) {
      const std::uint8_t* pixel = panels + source.pixels(y);
      for (int x = 0, end; x < width; x = end) {
        end = std::min(width, x + room);
        room -= end - x;
        for (int i = x; i < end; ++i, pixel += pitch) add(pixel, Indices());
        if (room > 0) continue;
        room = kMost;
        end_block(sums, Indices());
      }
    }
    end_block(sums, Indices());
  }

 private:
  template <int... kIndex>
  HWY_INLINE void begin(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = hn::Zero(Sums())), ...);
  }
  template <int... kIndex>
  HWY_INLINE void add(const std::uint8_t* pixel, std::integer_sequence<int, kIndex...>) {
    const hn::Rebind<std::uint8_t, Sums> bytes;
    ((sums_[kIndex] =
          hn::Add(sums_[kIndex], hn::PromoteTo(Sums(), hn::LoadU(bytes, pixel + kIndex * kLanes)))),
     ...);
  }
  template <int... kIndex>
  HWY_INLINE void end_block(std::uint32_t* sums, std::integer_sequence<int, kIndex...>) {
    std::uint16_t block[kPanels * kPanel];
    (hn::StoreU(sums_[kIndex], Sums(), block + kIndex * kLanes), ...);
    const hn::CappedTag<std::uint32_t, kPanel> d;
    const hn::Rebind<std::uint16_t, decltype(d)> narrow;
    for (std::size_t c = 0; c < kPanels * kPanel; c += hn::Lanes(d))
      hn::StoreU(hn::Add(hn::LoadU(d, sums + c), hn::PromoteTo(d, hn::LoadU(narrow, block + c))), d,
                 sums + c);
    begin(Indices());
  }

  hn::Vec<Sums> sums_[kPanels * kPanel / kLanes];
};
#else
/// Sums of a panel over all pixels of a map.
template <int>
struct PixelSums {
  PixelSums(const QuantisedLayer& layer, const std::uint8_t* panel, std::uint32_t* sums) {
    for (int y = 0; y < layer.input.height; ++y) {
      const std::uint8_t* pixel = panel + layer.source.pixels(y);
      for (int x = 0; x < layer.input.width; ++x, pixel += layer.source.pixel_pitch)
        for (int c = 0; c < kPanel; ++c) sums[c] += pixel[c];
    }
  }
};
#endif

/// Divides by a number of pixels, rounding down: a product and a shift give the quotients of
/// numbers of 31 bits.
class PixelQuotient {
 public:
  explicit PixelQuotient(std::uint32_t pixels)
      : shift_(31 + static_cast<int>(std::bit_width(pixels - 1))),
        reciprocal_(static_cast<std::uint32_t>((std::uint64_t{1} << shift_) / pixels + 1)) {}

  std::uint32_t of(std::uint32_t number) const {
    return static_cast<std::uint32_t>(std::uint64_t{number} * reciprocal_ >> shift_);
  }
#if PPLCNET_BYTE_VECTORS
  template <class D, class Numbers = hn::Vec<D>>
  HWY_INLINE Numbers of(D d, Numbers numbers) const {
    const hn::RepartitionToWide<D> wide;
    const auto reciprocal = hn::Set(d, reciprocal_);
    const auto odd_numbers = hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(wide, numbers)));
    const auto even = hn::ShiftRightSame(hn::MulEven(numbers, reciprocal), shift_);
    const auto odd = hn::ShiftRightSame(hn::MulEven(odd_numbers, reciprocal), shift_);
    return hn::BitCast(d, hn::Or(even, hn::ShiftLeft<32>(odd)));
  }
#endif

 private:
  int shift_;
  std::uint32_t reciprocal_;
};

/// Computes kPanels panels, so that all of a cache line is read at once where there are four.
template <int kPanels>
HWY_NOINLINE void pool_panels(const QuantisedLayer& layer, const EndingConstants& constants,
                              const std::uint8_t* maps, int panel, std::uint8_t* to) {
  const auto pixels = static_cast<std::uint32_t>(layer.input.pixels());
  const PixelQuotient quotient(pixels);
  std::uint32_t sums[kPanels * kPanel] = {};
  PixelSums<kPanels>(layer, maps + panel * kPanel, sums);
#if PPLCNET_BYTE_VECTORS
  const hn::CappedTag<std::int32_t, kPanel> d;
  const hn::RebindToUnsigned<decltype(d)> unsigned_d;
  const hn::Rebind<std::int16_t, decltype(d)> halves;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  const auto half = hn::Set(unsigned_d, pixels / 2);
  for (int i = 0; i < kPanels * kPanel; i += static_cast<int>(hn::Lanes(d))) {
    const int c = panel * kPanel + i;
    const auto number = hn::Add(hn::ShiftLeft<7>(hn::LoadU(unsigned_d, sums + i)), half);
    const auto mean = hn::BitCast(d, quotient.of(unsigned_d, number));
    const auto zero = hn::PromoteTo(d, hn::LoadU(halves, constants.addend_zero + c));
    const auto above = hn::DemoteTo(halves, hn::Sub(mean, hn::ShiftLeft<7>(zero)));
    const auto product = hn::MulFixedPoint15(above, hn::LoadU(halves, constants.multiplier + c));
    const auto sum = hn::SaturatedAdd(product, hn::LoadU(halves, constants.zero + c));
    hn::StoreU(hn::DemoteTo(bytes, sum), bytes, to + c);
  }
#else
  for (int i = 0; i < kPanels * kPanel; ++i) {
    const int c = panel * kPanel + i;
    const auto mean = static_cast<std::int32_t>(quotient.of(sums[i] * 128 + pixels / 2));
    const std::int32_t above = std::clamp(mean - constants.addend_zero[c] * 128, -32768, 32767);
    const std::int32_t product = (above * constants.multiplier[c] + (1 << 14)) >> 15;
    to[c] = static_cast<std::uint8_t>(std::clamp(product + constants.zero[c], 0, 255));
  }
#endif
}

/// Computes panels [begin, end) of a pooling layer.
inline void pool_panels(const QuantisedLayer& layer, const EndingConstants& constants,
                        const std::uint8_t* maps, int begin, int end, std::uint8_t* to) {
  int panel = begin;
#if PPLCNET_BYTE_VECTORS
  constexpr int kMany = 4;
  for (; panel + kMany <= end; panel += kMany)
    pool_panels<kMany>(layer, constants, maps, panel, to);
#endif
  for (; panel < end; ++panel) pool_panels<1>(layer, constants, maps, panel, to);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/sums-inl.hpp
// The kernels that sum products of bytes. Compiled once per instruction set. Each file uses those
// above it:
// clang-format off
// from pplcnet/kernels/int8/dot-inl.hpp
// Sums of four products of a byte and a signed byte each, and what becomes of them: a few
// operations that all instruction sets have in some form. Compiled once per instruction set.
#undef PPLCNET_PANEL_LANES
#define PPLCNET_PANEL_LANES (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2)  // vectors have several lanes
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
// from pplcnet/kernels/int8/plain-inl.hpp
// What stands for vectors of sums of bytes where there are none, or not of a known size. Compiled
// for such instruction sets alone.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of four channels, their quads of bytes, or eight halves.
struct Words {
  std::int32_t values[4];
};
struct Halves {
  std::int16_t values[8];
};
inline constexpr int kWords = 4;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 1;  // whose bytes fill a vector

HWY_INLINE std::int16_t saturate(std::int32_t value) {
  return static_cast<std::int16_t>(std::clamp(value, -32768, 32767));
}

HWY_INLINE Words load_words(const void* panel, int number) {
  Words words;
  std::memcpy(words.values, static_cast<const char*>(panel) + 16 * number, sizeof words);
  return words;
}
HWY_INLINE void store_words(const Words& a, std::int32_t* panel, int number) {
  std::memcpy(panel + 4 * number, a.values, sizeof a);
}
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return {{word, word, word, word}};
}
HWY_INLINE Words add_words(Words a, const Words& b) {
  for (int i = 0; i < 4; ++i) a.values[i] += b.values[i];
  return a;
}
HWY_INLINE Words subtract_words(Words a, const Words& b) {
  for (int i = 0; i < 4; ++i) a.values[i] -= b.values[i];
  return a;
}
using Shifts = Words;
HWY_INLINE Shifts shifts_of(const Words& counts) { return counts; }
HWY_INLINE Words shift_words(Words a, const Words& count) {
  for (int i = 0; i < 4; ++i) a.values[i] >>= count.values[i];
  return a;
}

template <int = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int part) {
  Halves halves;
  std::memcpy(halves.values, panel + 8 * part, sizeof halves);
  return halves;
}
/// Returns `function` of the lanes of two vectors.
template <class Function>
HWY_INLINE Halves halves_of(Halves a, const Halves& b, const Function& function) {
  for (int i = 0; i < 8; ++i)
    a.values[i] = static_cast<std::int16_t>(function(std::int32_t{a.values[i]}, b.values[i]));
  return a;
}
HWY_INLINE Halves set_halves(int value) {
  return halves_of({}, {}, [&](int, int) { return value; });
}
HWY_INLINE Halves narrow(const Words& a, const Words& b) {
  Halves halves;
  for (int i = 0; i < 8; ++i) halves.values[i] = saturate(i < 4 ? a.values[i] : b.values[i - 4]);
  return halves;
}
HWY_INLINE Halves add(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return saturate(x + y); });
}
HWY_INLINE Halves subtract(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return x - y; });
}
HWY_INLINE Halves scale(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return (x * y + (1 << 14)) >> 15; });
}
HWY_INLINE Halves lesser(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return std::min(x, y); });
}
HWY_INLINE Halves greater(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return std::max(x, y); });
}
template <int kBits>
HWY_INLINE Halves shift_left(const Halves& a) {
  return halves_of(a, a, [](int x, int) { return x * (1 << kBits); });
}
template <int kBits>
HWY_INLINE Halves shift_right(const Halves& a) {
  return halves_of(a, a, [](int x, int) { return x >> kBits; });
}

/// Loads the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  for (int i = 0; i < 16; ++i) unit[i / 8].values[i % 8] = pixels[0][channel + std::size_t(i)];
}

/// Stores the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int) {
  for (int i = 0; i < 16; ++i)
    pixels[0][channel + std::size_t(i)] =
        static_cast<std::uint8_t>(std::clamp<int>(unit[i / 8].values[i % 8], 0, 255));
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  for (int channel = 0; channel < 16; ++channel) {
    std::uint8_t quad[4];
    for (int y = 0; y < 4; ++y) quad[y] = rows[y][offset + static_cast<std::size_t>(channel)];
    std::memcpy(&quads[channel / 4].values[channel % 4], quad, sizeof quad);
  }
}

inline constexpr int kSidePanels = 1;       // panels that vectors hold side by side
inline constexpr bool kHasTwoRows = false;  // whether they hold panels of two rows

template <class Vector>
HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Vector& vector) {
  std::memcpy(vector.values, lanes[0], sizeof vector);
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(const Words& quads, int rows) {
  Words moved;
  for (int i = 0; i < 4; ++i) {
    std::int8_t bytes[4], lower[4] = {};
    std::memcpy(bytes, quads.values + i, sizeof bytes);
    for (int y = rows; y < 4; ++y) lower[y] = bytes[y - rows];
    std::memcpy(moved.values + i, lower, sizeof lower);
  }
  return moved;
}

/// Quads of four rows' bytes, for eight channels: the lower ones or the upper ones.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  for (int channel = 0; channel < 8; ++channel) {
    std::uint8_t quad[4];
    for (int y = 0; y < 4; ++y)
      quad[y] = rows[std::min(y, kLast)][offset + static_cast<std::size_t>(8 * kHalf + channel)];
    std::memcpy(&quads[channel / 4].values[channel % 4], quad, sizeof quad);
  }
}

/// Stores a pixel.
HWY_INLINE void store_lanes(const Halves& lower, const Halves& upper, std::uint8_t* pixel) {
  for (int i = 0; i < 16; ++i)
    pixel[i] =
        static_cast<std::uint8_t>(std::clamp<int>((i < 8 ? lower : upper).values[i % 8], 0, 255));
}

/// What multiplies quads of bytes with quads of weights, and adds to sums.
struct WideDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Words bytes(const Words& quads) { return quads; }
  static HWY_INLINE Words weights(const Words& quads) { return quads; }
  static HWY_INLINE Words add(Words sums, const Words& bytes, const Words& weights) {
    std::uint8_t x[16];
    std::int8_t w[16];
    std::memcpy(x, bytes.values, sizeof x);
    std::memcpy(w, weights.values, sizeof w);
    for (int i = 0; i < 16; ++i) sums.values[i / 4] += x[i] * w[i];
    return sums;
  }
};
using PairsDot = WideDot;

template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#elif HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
// from pplcnet/kernels/int8/avx512-inl.hpp
// Vectors of 512 bits for sums of bytes. Compiled for AVX-512 alone.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of 16 channels, their quads of bytes, or 32 halves: four channels of one vector of sums and
/// of another one, then the next four.
using Words = __m512i;
using Halves = __m512i;
inline constexpr int kWords = 1;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 4;  // of a panel, whose bytes fill a vector

HWY_INLINE Words load_words(const void* panel, int) { return _mm512_loadu_si512(panel); }
HWY_INLINE void store_words(Words a, std::int32_t* panel, int) { _mm512_storeu_si512(panel, a); }
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return _mm512_set1_epi32(word);
}
HWY_INLINE Words add_words(Words a, Words b) { return _mm512_add_epi32(a, b); }
HWY_INLINE Words subtract_words(Words a, Words b) { return _mm512_sub_epi32(a, b); }
using Shifts = Words;
HWY_INLINE Shifts shifts_of(Words counts) { return counts; }
HWY_INLINE Words shift_words(Words a, Words count) { return _mm512_srav_epi32(a, count); }

/// Loads the halves of a panel, for two pixels, or those of two panels.
template <int kPanels = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int) {
  if constexpr (kPanels == 2)
    return _mm512_permutexvar_epi64(_mm512_set_epi64(7, 3, 6, 2, 5, 1, 4, 0),
                                    _mm512_loadu_si512(panel));
  const __m512i twice = _mm512_set_epi64(3, 3, 2, 2, 1, 1, 0, 0);
  return _mm512_permutexvar_epi64(
      twice, _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel))));
}
HWY_INLINE Halves set_halves(int value) {
  return _mm512_set1_epi16(static_cast<std::int16_t>(value));
}
HWY_INLINE Halves narrow(Words a, Words b) { return _mm512_packs_epi32(a, b); }
HWY_INLINE Halves add(Halves a, Halves b) { return _mm512_adds_epi16(a, b); }
HWY_INLINE Halves subtract(Halves a, Halves b) { return _mm512_sub_epi16(a, b); }
HWY_INLINE Halves scale(Halves a, Halves b) { return _mm512_mulhrs_epi16(a, b); }
HWY_INLINE Halves lesser(Halves a, Halves b) { return _mm512_min_epi16(a, b); }
HWY_INLINE Halves greater(Halves a, Halves b) { return _mm512_max_epi16(a, b); }
template <int kBits>
HWY_INLINE Halves shift_left(Halves a) {
  return _mm512_slli_epi16(a, kBits);
}
template <int kBits>
HWY_INLINE Halves shift_right(Halves a) {
  return _mm512_srai_epi16(a, kBits);
}

/// Turns 16 fours of bytes, of which four make 16 channels, into such channels, and back.
HWY_INLINE __m512i transpose_fours(__m512i a) {
  return _mm512_permutexvar_epi32(
      _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0), a);
}

HWY_INLINE __m512i load_four(const std::uint8_t* a, const std::uint8_t* b, const std::uint8_t* c,
                             const std::uint8_t* d) {
  const auto at = [](const std::uint8_t* place)
                      HWY_ATTR { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(place)); };
  __m512i all = _mm512_castsi128_si512(at(a));
  all = _mm512_mask_broadcast_i32x4(all, 0x00F0, at(b));
  all = _mm512_mask_broadcast_i32x4(all, 0x0F00, at(c));
  return _mm512_mask_broadcast_i32x4(all, 0xF000, at(d));
}

/// Loads the bytes of a unit: of a panel for four pixels, or of two panels for two.
template <int kPanels = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  const auto place = [&](int number) {
    return pixels[number / kPanels] + channel + number % kPanels * kPanel;
  };
  const __m512i fours = transpose_fours(load_four(place(0), place(1), place(2), place(3)));
  unit[0] = _mm512_unpacklo_epi8(fours, _mm512_setzero_si512());
  unit[1] = _mm512_unpackhi_epi8(fours, _mm512_setzero_si512());
}

/// Stores the bytes of the first `count` of a unit's pixels.
template <int kPanels = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int count) {
  const __m512i bytes = transpose_fours(_mm512_packus_epi16(unit[0], unit[1]));
  if constexpr (kPanels == 2) {
    const auto store = [&](int pixel, __m256i part) HWY_ATTR {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(pixels[pixel] + channel), part);
    };
    store(0, _mm512_castsi512_si256(bytes));
    if (count > 1) store(1, _mm512_extracti64x4_epi64(bytes, 1));
  } else {
    const auto store = [&](int pixel, __m128i part) HWY_ATTR {
      if (pixel < count)
        _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels[pixel] + channel), part);
    };
    store(0, _mm512_castsi512_si128(bytes));
    store(1, _mm512_extracti32x4_epi32(bytes, 1));
    store(2, _mm512_extracti32x4_epi32(bytes, 2));
    store(3, _mm512_extracti32x4_epi32(bytes, 3));
  }
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  const __m512i fours = transpose_fours(
      load_four(rows[0] + offset, rows[1] + offset, rows[2] + offset, rows[3] + offset));
  quads[0] = _mm512_shuffle_epi8(fours, _mm512_broadcast_i32x4(_mm_set_epi8(
                                            15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0)));
}

inline constexpr int kSidePanels = 4;  // panels that vectors hold side by side

HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Words& vector) {
  vector = load_four(lanes[0], lanes[1], lanes[2], lanes[3]);
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(Words quads, int rows) {
  return _mm512_sll_epi32(quads, _mm_cvtsi32_si128(8 * rows));
}

/// Turns four rows' bytes into quads, for eight channels of each lane: the lower ones or the upper
/// ones.
template <int kHalf>
HWY_INLINE void make_wide_quads(Words a, Words b, Words c, Words d, Words (&quads)[2]) {
  Words upper, lower;
  if constexpr (kHalf == 0) {
    upper = _mm512_unpacklo_epi8(a, b);
    lower = _mm512_unpacklo_epi8(c, d);
  } else {
    upper = _mm512_unpackhi_epi8(a, b);
    lower = _mm512_unpackhi_epi8(c, d);
  }
  quads[0] = _mm512_unpacklo_epi16(upper, lower);
  quads[1] = _mm512_unpackhi_epi16(upper, lower);
}

/// Loads the quads of four rows' bytes; those after row kLast are any.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  const auto row = [&](int y) HWY_ATTR { return _mm512_loadu_si512(rows[y] + offset); };
  make_wide_quads<kHalf>(row(0), row(1), row(2), row(kLast), quads);
}

/// Stores a pixel of all lanes' panels.
HWY_INLINE void store_lanes(Halves lower, Halves upper, std::uint8_t* pixel) {
  _mm512_storeu_si512(pixel, _mm512_packus_epi16(lower, upper));
}

/// Whether two panels can be in the lower lanes, and the same of rows below in the upper ones.
inline constexpr bool kHasTwoRows = true;

/// Loads the quads of two panels: of four rows in the lower lanes, and of those kDown rows below in
/// the upper ones.
template <int kHalf, int kLast, int kDown>
HWY_INLINE void load_two_rows(const std::uint8_t* const* rows, std::size_t offset,
                              Words (&quads)[2]) {
  const auto row = [&](int y) HWY_ATTR {
    const auto at = [&](const std::uint8_t* place) HWY_ATTR {
      return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(place + offset));
    };
    return _mm512_inserti64x4(_mm512_castsi256_si512(at(rows[y])), at(rows[y + kDown]), 1);
  };
  make_wide_quads<kHalf>(row(0), row(1), row(2), row(kLast), quads);
}

/// Stores the lower lanes, and the upper ones if there is a place for them.
HWY_INLINE void store_two_rows(Halves lower, Halves upper, std::uint8_t* first,
                               std::uint8_t* second) {
  const __m512i bytes = _mm512_packus_epi16(lower, upper);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(first), _mm512_castsi512_si256(bytes));
  if (second != nullptr)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(second), _mm512_extracti64x4_epi64(bytes, 1));
}

/// What multiplies quads of bytes with quads of weights, and adds to sums: one instruction.
struct VnniDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = true;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
#if HWY_COMPILER_MSVC
    return _mm512_dpbusd_epi32(sums, bytes, weights);
#else
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(bytes), "vm"(weights));
    return sums;
#endif
  }
};

/// The same where neighbouring weights keep their sum within 16 bits.
struct PairsDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
#if HWY_COMPILER_MSVC
    return _mm512_add_epi32(
        sums, _mm512_madd_epi16(_mm512_maddubs_epi16(bytes, weights), _mm512_set1_epi16(1)));
#else
    // g++ would multiply all first, and keep sums in memory.
    Words products;
    __asm__(
        "vpmaddubsw %[weights], %[bytes], %[products]\n\t"
        "vpmaddwd %[ones], %[products], %[products]\n\t"
        "vpaddd %[products], %[sums], %[sums]"
        : [sums] "+v"(sums), [products] "=&v"(products)
        : [bytes] "v"(bytes), [weights] "vm"(weights), [ones] "v"(_mm512_set1_epi16(1)));
    return sums;
#endif
  }
};

/// The same for all weights: bytes 0 and 2 of each quad, then bytes 1 and 3, as 16 bits.
struct WideDot {
  struct Operand {
    Words even, odd;
  };
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Operand bytes(Words quads) {
    return {_mm512_and_si512(quads, _mm512_set1_epi16(0xFF)), _mm512_srli_epi16(quads, 8)};
  }
  static HWY_INLINE Operand weights(Words quads) {
    return {_mm512_srai_epi16(_mm512_slli_epi16(quads, 8), 8), _mm512_srai_epi16(quads, 8)};
  }
  static HWY_INLINE Words add(Words sums, const Operand& bytes, const Operand& weights) {
    return _mm512_add_epi32(sums, _mm512_add_epi32(_mm512_madd_epi16(bytes.even, weights.even),
                                                   _mm512_madd_epi16(bytes.odd, weights.odd)));
  }
};

// Where there is one copy for all CPUs that the compiler knows of, it says what these have.
#if PPLCNET_CHOOSE_ISA || defined(__AVX512VNNI__)
template <bool kVnni>
using ProductDot = std::conditional_t<kVnni, VnniDot, PairsDot>;
template <bool kVnni>
using DepthwiseDot = std::conditional_t<kVnni, VnniDot, WideDot>;
#else
template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;
#endif

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#elif HWY_ARCH_X86 && HWY_TARGET == HWY_AVX2
// from pplcnet/kernels/int8/avx2-inl.hpp
// Vectors of 256 bits for sums of bytes. Compiled for AVX2 alone.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of channels 0 to 3 and 8 to 11, or of the others, so that halves are in order; their quads
/// of bytes; or 16 halves.
using Words = __m256i;
using Halves = __m256i;
inline constexpr int kWords = 2;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 2;  // whose bytes fill a vector

HWY_INLINE __m128i load_128(const void* place) {
  return _mm_loadu_si128(static_cast<const __m128i*>(place));
}
HWY_INLINE Words load_words(const void* panel, int number) {
  const auto* const place = static_cast<const char*>(panel) + 16 * number;
  return _mm256_inserti128_si256(_mm256_castsi128_si256(load_128(place)), load_128(place + 32), 1);
}
HWY_INLINE void store_words(Words a, std::int32_t* panel, int number) {
  auto* const place = reinterpret_cast<__m128i*>(panel) + number;
  _mm_storeu_si128(place, _mm256_castsi256_si128(a));
  _mm_storeu_si128(place + 2, _mm256_extracti128_si256(a, 1));
}
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return _mm256_set1_epi32(word);
}
HWY_INLINE Words add_words(Words a, Words b) { return _mm256_add_epi32(a, b); }
HWY_INLINE Words subtract_words(Words a, Words b) { return _mm256_sub_epi32(a, b); }
using Shifts = Words;
HWY_INLINE Shifts shifts_of(Words counts) { return counts; }
HWY_INLINE Words shift_words(Words a, Words count) { return _mm256_srav_epi32(a, count); }

template <int = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel));
}
HWY_INLINE Halves set_halves(int value) {
  return _mm256_set1_epi16(static_cast<std::int16_t>(value));
}
HWY_INLINE Halves narrow(Words a, Words b) { return _mm256_packs_epi32(a, b); }
HWY_INLINE Halves add(Halves a, Halves b) { return _mm256_adds_epi16(a, b); }
HWY_INLINE Halves subtract(Halves a, Halves b) { return _mm256_sub_epi16(a, b); }
HWY_INLINE Halves scale(Halves a, Halves b) { return _mm256_mulhrs_epi16(a, b); }
HWY_INLINE Halves lesser(Halves a, Halves b) { return _mm256_min_epi16(a, b); }
HWY_INLINE Halves greater(Halves a, Halves b) { return _mm256_max_epi16(a, b); }
template <int kBits>
HWY_INLINE Halves shift_left(Halves a) {
  return _mm256_slli_epi16(a, kBits);
}
template <int kBits>
HWY_INLINE Halves shift_right(Halves a) {
  return _mm256_srai_epi16(a, kBits);
}

/// Loads the bytes of a unit's pixels.
template <int = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  unit[0] = _mm256_cvtepu8_epi16(load_128(pixels[0] + channel));
  unit[1] = _mm256_cvtepu8_epi16(load_128(pixels[1] + channel));
}

/// Stores the bytes of the first `count` of a unit's pixels.
template <int = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int count) {
  const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(unit[0], unit[1]), 0xD8);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels[0] + channel), _mm256_castsi256_si128(bytes));
  if (count > 1)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels[1] + channel),
                     _mm256_extracti128_si256(bytes, 1));
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  const auto row = [&](int y) HWY_ATTR {
    return _mm256_permute4x64_epi64(_mm256_castsi128_si256(load_128(rows[y] + offset)), 0x10);
  };
  const __m256i upper = _mm256_unpacklo_epi8(row(0), row(1));
  const __m256i lower = _mm256_unpacklo_epi8(row(2), row(3));
  quads[0] = _mm256_unpacklo_epi16(upper, lower);
  quads[1] = _mm256_unpackhi_epi16(upper, lower);
}

inline constexpr int kSidePanels = 2;       // panels that vectors hold side by side
inline constexpr bool kHasTwoRows = false;  // whether they hold panels of two rows

HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Words& vector) {
  vector =
      _mm256_inserti128_si256(_mm256_castsi128_si256(load_128(lanes[0])), load_128(lanes[1]), 1);
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(Words quads, int rows) {
  return _mm256_sll_epi32(quads, _mm_cvtsi32_si128(8 * rows));
}

/// Quads of four rows' bytes, for eight channels of each lane: the lower ones or the upper ones.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  const auto row = [&](int y) HWY_ATTR {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows[y] + offset));
  };
  const auto pairs = [&](int y) HWY_ATTR {
    const Words a = row(y), b = row(std::min(y + 1, kLast));
    return kHalf == 0 ? _mm256_unpacklo_epi8(a, b) : _mm256_unpackhi_epi8(a, b);
  };
  const __m256i upper = pairs(0), lower = pairs(2);
  quads[0] = _mm256_unpacklo_epi16(upper, lower);
  quads[1] = _mm256_unpackhi_epi16(upper, lower);
}

/// Stores a pixel of both lanes' panels.
HWY_INLINE void store_lanes(Halves lower, Halves upper, std::uint8_t* pixel) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(pixel), _mm256_packus_epi16(lower, upper));
}

/// What multiplies quads of bytes with quads of weights, and adds to sums: one instruction.
struct VnniDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = true;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
#if HWY_COMPILER_MSVC
    return _mm256_dpbusd_avx_epi32(sums, bytes, weights);
#else
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sums) : "x"(bytes), "xm"(weights));
    return sums;
#endif
  }
};

/// The same where neighbouring weights keep their sum within 16 bits.
struct PairsDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
#if HWY_COMPILER_MSVC
    return _mm256_add_epi32(
        sums, _mm256_madd_epi16(_mm256_maddubs_epi16(bytes, weights), _mm256_set1_epi16(1)));
#else
    // g++ would multiply all first, and keep sums in memory.
    Words products;
    __asm__(
        "vpmaddubsw %[weights], %[bytes], %[products]\n\t"
        "vpmaddwd %[ones], %[products], %[products]\n\t"
        "vpaddd %[products], %[sums], %[sums]"
        : [sums] "+x"(sums), [products] "=&x"(products)
        : [bytes] "x"(bytes), [weights] "xm"(weights), [ones] "x"(_mm256_set1_epi16(1)));
    return sums;
#endif
  }
};

/// The same for all weights: bytes 0 and 2 of each quad, then bytes 1 and 3, as 16 bits.
struct WideDot {
  struct Operand {
    Words even, odd;
  };
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Operand bytes(Words quads) {
    return {_mm256_and_si256(quads, _mm256_set1_epi16(0xFF)), _mm256_srli_epi16(quads, 8)};
  }
  static HWY_INLINE Operand weights(Words quads) {
    return {_mm256_srai_epi16(_mm256_slli_epi16(quads, 8), 8), _mm256_srai_epi16(quads, 8)};
  }
  static HWY_INLINE Words add(Words sums, const Operand& bytes, const Operand& weights) {
#if HWY_COMPILER_MSVC
    return _mm256_add_epi32(sums, _mm256_add_epi32(_mm256_madd_epi16(bytes.even, weights.even),
                                                   _mm256_madd_epi16(bytes.odd, weights.odd)));
#else
    Words products;
    __asm__(
        "vpmaddwd %[even], %[bytes_even], %[products]\n\t"
        "vpaddd %[products], %[sums], %[sums]\n\t"
        "vpmaddwd %[odd], %[bytes_odd], %[products]\n\t"
        "vpaddd %[products], %[sums], %[sums]"
        : [sums] "+x"(sums), [products] "=&x"(products)
        : [bytes_even] "x"(bytes.even), [bytes_odd] "x"(bytes.odd), [even] "xm"(weights.even),
          [odd] "xm"(weights.odd));
    return sums;
#endif
  }
};

// Where there is one copy for all CPUs that the compiler knows of, it says what these have.
#if PPLCNET_CHOOSE_ISA || defined(__AVXVNNI__)
template <bool kVnni>
using ProductDot = std::conditional_t<kVnni, VnniDot, PairsDot>;
template <bool kVnni>
using DepthwiseDot = std::conditional_t<kVnni, VnniDot, WideDot>;
#else
template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;
#endif

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#elif HWY_ARCH_X86
// from pplcnet/kernels/int8/sse-inl.hpp
// Vectors of 128 bits for sums of bytes on x86. Compiled for SSE2, or what is between it and AVX2.
#include <emmintrin.h>
#if HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4
#include <tmmintrin.h>
#endif
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of four channels, their quads of bytes, or eight halves.
using Words = __m128i;
using Halves = __m128i;
inline constexpr int kWords = 4;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 1;  // whose bytes fill a vector

HWY_INLINE __m128i load_128(const void* place) {
  return _mm_loadu_si128(static_cast<const __m128i*>(place));
}
HWY_INLINE Words load_words(const void* panel, int number) {
  return load_128(static_cast<const char*>(panel) + 16 * number);
}
HWY_INLINE void store_words(Words a, std::int32_t* panel, int number) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(panel) + number, a);
}
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return _mm_set1_epi32(word);
}
HWY_INLINE Words add_words(Words a, Words b) { return _mm_add_epi32(a, b); }
HWY_INLINE Words subtract_words(Words a, Words b) { return _mm_sub_epi32(a, b); }
/// What stands for counts of shifts, 0 to 31, of each lane: 2 to the power of 31 less the count.
/// Products of the lanes with odd numbers are made apart.
struct Shifts {
  Words powers, odd;
};
HWY_INLINE Shifts shifts_of(Words counts) {
  std::int32_t lanes[4];
  store_words(counts, lanes, 0);
  for (std::int32_t& lane : lanes) lane = static_cast<std::int32_t>(1U << (31 - lane));
  const Words powers = load_words(lanes, 0);
  return {powers, _mm_srli_epi64(powers, 32)};
}
/// Shifts a + 2^31, which is not negative, by a product, and subtracts 2^31 as shifted.
HWY_INLINE Words shift_words(Words a, const Shifts& shifts) {
  const Words positive = _mm_xor_si128(a, _mm_set1_epi32(-2147483647 - 1));
  const Words even = _mm_srli_epi64(_mm_mul_epu32(positive, shifts.powers), 31);
  const Words odd = _mm_srli_epi64(_mm_mul_epu32(_mm_srli_epi64(positive, 32), shifts.odd), 31);
  return _mm_sub_epi32(_mm_or_si128(even, _mm_slli_epi64(odd, 32)), shifts.powers);
}

template <int = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int part) {
  return load_128(panel + 8 * part);
}
HWY_INLINE Halves set_halves(int value) { return _mm_set1_epi16(static_cast<std::int16_t>(value)); }
HWY_INLINE Halves narrow(Words a, Words b) { return _mm_packs_epi32(a, b); }
HWY_INLINE Halves add(Halves a, Halves b) { return _mm_adds_epi16(a, b); }
HWY_INLINE Halves subtract(Halves a, Halves b) { return _mm_sub_epi16(a, b); }
HWY_INLINE Halves scale(Halves a, Halves b) {
#if HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4
  return _mm_mulhrs_epi16(a, b);
#else
  // The upper half of the product, doubled, and the two bits below it, rounded.
  const __m128i below = _mm_srli_epi16(_mm_mullo_epi16(a, b), 14);
  const __m128i rounded_bits = _mm_srli_epi16(_mm_add_epi16(below, _mm_set1_epi16(1)), 1);
  return _mm_add_epi16(_mm_slli_epi16(_mm_mulhi_epi16(a, b), 1), rounded_bits);
#endif
}
HWY_INLINE Halves lesser(Halves a, Halves b) { return _mm_min_epi16(a, b); }
HWY_INLINE Halves greater(Halves a, Halves b) { return _mm_max_epi16(a, b); }
template <int kBits>
HWY_INLINE Halves shift_left(Halves a) {
  return _mm_slli_epi16(a, kBits);
}
template <int kBits>
HWY_INLINE Halves shift_right(Halves a) {
  return _mm_srai_epi16(a, kBits);
}

/// Loads the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  const __m128i bytes = load_128(pixels[0] + channel);
  unit[0] = _mm_unpacklo_epi8(bytes, _mm_setzero_si128());
  unit[1] = _mm_unpackhi_epi8(bytes, _mm_setzero_si128());
}

/// Stores the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels[0] + channel),
                   _mm_packus_epi16(unit[0], unit[1]));
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  const __m128i a = load_128(rows[0] + offset), b = load_128(rows[1] + offset);
  const __m128i c = load_128(rows[2] + offset), d = load_128(rows[3] + offset);
  const __m128i ab = _mm_unpacklo_epi8(a, b), cd = _mm_unpacklo_epi8(c, d);
  quads[0] = _mm_unpacklo_epi16(ab, cd);
  quads[1] = _mm_unpackhi_epi16(ab, cd);
  const __m128i upper_ab = _mm_unpackhi_epi8(a, b), upper_cd = _mm_unpackhi_epi8(c, d);
  quads[2] = _mm_unpacklo_epi16(upper_ab, upper_cd);
  quads[3] = _mm_unpackhi_epi16(upper_ab, upper_cd);
}

inline constexpr int kSidePanels = 1;       // panels that vectors hold side by side
inline constexpr bool kHasTwoRows = false;  // whether they hold panels of two rows

HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Words& vector) {
  vector = load_128(lanes[0]);
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(Words quads, int rows) {
  return _mm_sll_epi32(quads, _mm_cvtsi32_si128(8 * rows));
}

/// Quads of four rows' bytes, for eight channels: the lower ones or the upper ones.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  const auto pairs = [&](int y) HWY_ATTR {
    const Words a = load_128(rows[y] + offset), b = load_128(rows[std::min(y + 1, kLast)] + offset);
    return kHalf == 0 ? _mm_unpacklo_epi8(a, b) : _mm_unpackhi_epi8(a, b);
  };
  const Words upper = pairs(0), lower = pairs(2);
  quads[0] = _mm_unpacklo_epi16(upper, lower);
  quads[1] = _mm_unpackhi_epi16(upper, lower);
}

/// Stores a pixel.
HWY_INLINE void store_lanes(Halves lower, Halves upper, std::uint8_t* pixel) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(pixel), _mm_packus_epi16(lower, upper));
}

/// What multiplies quads of bytes with quads of weights, and adds to sums: bytes 0 and 2 of each
/// quad, then bytes 1 and 3, as 16 bits.
struct WideDot {
  struct Operand {
    Words even, odd;
  };
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Operand bytes(Words quads) {
    return {_mm_and_si128(quads, _mm_set1_epi16(0xFF)), _mm_srli_epi16(quads, 8)};
  }
  static HWY_INLINE Operand weights(Words quads) {
    return {_mm_srai_epi16(_mm_slli_epi16(quads, 8), 8), _mm_srai_epi16(quads, 8)};
  }
  static HWY_INLINE Words add(Words sums, const Operand& bytes, const Operand& weights) {
    return _mm_add_epi32(sums, _mm_add_epi32(_mm_madd_epi16(bytes.even, weights.even),
                                             _mm_madd_epi16(bytes.odd, weights.odd)));
  }
};

#if HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4
/// The same where neighbouring weights keep their sum within 16 bits.
struct PairsDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
    return _mm_add_epi32(sums,
                         _mm_madd_epi16(_mm_maddubs_epi16(bytes, weights), _mm_set1_epi16(1)));
  }
};
#else
using PairsDot = WideDot;
#endif

template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#elif HWY_ARCH_ARM && defined(__ARM_NEON)
// from pplcnet/kernels/int8/neon-inl.hpp
// Vectors of 128 bits for sums of bytes on ARM. Compiled for NEON alone.
#include <arm_neon.h>
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of four channels, their quads of bytes, or eight halves.
using Words = int32x4_t;
using Halves = int16x8_t;
inline constexpr int kWords = 4;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 1;  // whose bytes fill a vector

HWY_INLINE Words load_words(const void* panel, int number) {
  return vreinterpretq_s32_u8(vld1q_u8(static_cast<const std::uint8_t*>(panel) + 16 * number));
}
HWY_INLINE void store_words(Words a, std::int32_t* panel, int number) {
  vst1q_s32(panel + 4 * number, a);
}
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return vdupq_n_s32(word);
}
HWY_INLINE Words add_words(Words a, Words b) { return vaddq_s32(a, b); }
HWY_INLINE Words subtract_words(Words a, Words b) { return vsubq_s32(a, b); }
using Shifts = Words;
HWY_INLINE Shifts shifts_of(Words counts) { return counts; }
HWY_INLINE Words shift_words(Words a, Words count) { return vshlq_s32(a, vnegq_s32(count)); }

template <int = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int part) {
  return vld1q_s16(panel + 8 * part);
}
HWY_INLINE Halves set_halves(int value) { return vdupq_n_s16(static_cast<std::int16_t>(value)); }
HWY_INLINE Halves narrow(Words a, Words b) { return vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)); }
HWY_INLINE Halves add(Halves a, Halves b) { return vqaddq_s16(a, b); }
HWY_INLINE Halves subtract(Halves a, Halves b) { return vsubq_s16(a, b); }
HWY_INLINE Halves scale(Halves a, Halves b) { return vqrdmulhq_s16(a, b); }
HWY_INLINE Halves lesser(Halves a, Halves b) { return vminq_s16(a, b); }
HWY_INLINE Halves greater(Halves a, Halves b) { return vmaxq_s16(a, b); }
template <int kBits>
HWY_INLINE Halves shift_left(Halves a) {
  return vshlq_n_s16(a, kBits);
}
template <int kBits>
HWY_INLINE Halves shift_right(Halves a) {
  return vshrq_n_s16(a, kBits);
}

/// Loads the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  const uint8x16_t bytes = vld1q_u8(pixels[0] + channel);
  unit[0] = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(bytes)));
  unit[1] = vreinterpretq_s16_u16(vmovl_u8(vget_high_u8(bytes)));
}

/// Stores the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int) {
  vst1q_u8(pixels[0] + channel, vcombine_u8(vqmovun_s16(unit[0]), vqmovun_s16(unit[1])));
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  const uint8x16x2_t ab = vzipq_u8(vld1q_u8(rows[0] + offset), vld1q_u8(rows[1] + offset));
  const uint8x16x2_t cd = vzipq_u8(vld1q_u8(rows[2] + offset), vld1q_u8(rows[3] + offset));
  for (int half = 0; half < 2; ++half) {
    const uint16x8x2_t both =
        vzipq_u16(vreinterpretq_u16_u8(ab.val[half]), vreinterpretq_u16_u8(cd.val[half]));
    quads[2 * half] = vreinterpretq_s32_u16(both.val[0]);
    quads[2 * half + 1] = vreinterpretq_s32_u16(both.val[1]);
  }
}

inline constexpr int kSidePanels = 1;       // panels that vectors hold side by side
inline constexpr bool kHasTwoRows = false;  // whether they hold panels of two rows

HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Words& vector) {
  vector = load_words(lanes[0], 0);
}
HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Halves& vector) {
  vector = vreinterpretq_s16_u8(vld1q_u8(lanes[0]));
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(Words quads, int rows) {
  return vshlq_s32(quads, vdupq_n_s32(8 * rows));
}

/// Quads of four rows' bytes, for eight channels: the lower ones or the upper ones.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  const auto pairs = [&](int y) {
    const std::uint8_t* const second = rows[std::min(y + 1, kLast)];
    const std::size_t half = offset + 8 * kHalf;
    const uint8x8x2_t both = vzip_u8(vld1_u8(rows[y] + half), vld1_u8(second + half));
    return vreinterpretq_u16_u8(vcombine_u8(both.val[0], both.val[1]));
  };
  const uint16x8x2_t both = vzipq_u16(pairs(0), pairs(2));
  quads[0] = vreinterpretq_s32_u16(both.val[0]);
  quads[1] = vreinterpretq_s32_u16(both.val[1]);
}

/// Stores a pixel.
HWY_INLINE void store_lanes(Halves lower, Halves upper, std::uint8_t* pixel) {
  vst1q_u8(pixel, vcombine_u8(vqmovun_s16(lower), vqmovun_s16(upper)));
}

#if defined(__ARM_FEATURE_MATMUL_INT8)
/// What multiplies quads of bytes with quads of weights, and adds to sums: one instruction.
struct WideDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = true;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
    return vusdotq_s32(sums, vreinterpretq_u8_s32(bytes), vreinterpretq_s8_s32(weights));
  }
};
#else
#if defined(__ARM_FEATURE_DOTPROD)
inline constexpr bool kHasDot = true;
#else
inline constexpr bool kHasDot = false;
#endif

/// What multiplies quads of bytes with quads of weights, and adds to sums. Both are signed: bytes
/// are less by kOffset, which sums make good in advance.
struct WideDot {
  using Operand = int8x16_t;
  static constexpr int kOffset = 128;
  static constexpr bool kOneInstruction = kHasDot;
  static HWY_INLINE Operand bytes(Words quads) {
    return vreinterpretq_s8_u8(veorq_u8(vreinterpretq_u8_s32(quads), vdupq_n_u8(0x80)));
  }
  static HWY_INLINE Operand weights(Words quads) { return vreinterpretq_s8_s32(quads); }
  static HWY_INLINE Words add(Words sums, Operand bytes, Operand weights) {
#if defined(__ARM_FEATURE_DOTPROD)
    return vdotq_s32(sums, bytes, weights);
#else
    // Two products of at most 127 · 128 fit 16 bits.
    const int16x8_t lower = vmull_s8(vget_low_s8(bytes), vget_low_s8(weights));
    const int16x8_t upper = vmull_s8(vget_high_s8(bytes), vget_high_s8(weights));
#if HWY_ARCH_ARM_A64
    return vpadalq_s16(sums, vpaddq_s16(lower, upper));
#else
    return vpadalq_s16(sums, vcombine_s16(vpadd_s16(vget_low_s16(lower), vget_high_s16(lower)),
                                          vpadd_s16(vget_low_s16(upper), vget_high_s16(upper))));
#endif
#endif
  }
};
#endif
using PairsDot = WideDot;

template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#else
// from pplcnet/kernels/int8/plain-inl.hpp
// What stands for vectors of sums of bytes where there are none, or not of a known size. Compiled
// for such instruction sets alone.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of four channels, their quads of bytes, or eight halves.
struct Words {
  std::int32_t values[4];
};
struct Halves {
  std::int16_t values[8];
};
inline constexpr int kWords = 4;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 1;  // whose bytes fill a vector

HWY_INLINE std::int16_t saturate(std::int32_t value) {
  return static_cast<std::int16_t>(std::clamp(value, -32768, 32767));
}

HWY_INLINE Words load_words(const void* panel, int number) {
  Words words;
  std::memcpy(words.values, static_cast<const char*>(panel) + 16 * number, sizeof words);
  return words;
}
HWY_INLINE void store_words(const Words& a, std::int32_t* panel, int number) {
  std::memcpy(panel + 4 * number, a.values, sizeof a);
}
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return {{word, word, word, word}};
}
HWY_INLINE Words add_words(Words a, const Words& b) {
  for (int i = 0; i < 4; ++i) a.values[i] += b.values[i];
  return a;
}
HWY_INLINE Words subtract_words(Words a, const Words& b) {
  for (int i = 0; i < 4; ++i) a.values[i] -= b.values[i];
  return a;
}
using Shifts = Words;
HWY_INLINE Shifts shifts_of(const Words& counts) { return counts; }
HWY_INLINE Words shift_words(Words a, const Words& count) {
  for (int i = 0; i < 4; ++i) a.values[i] >>= count.values[i];
  return a;
}

template <int = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int part) {
  Halves halves;
  std::memcpy(halves.values, panel + 8 * part, sizeof halves);
  return halves;
}
/// Returns `function` of the lanes of two vectors.
template <class Function>
HWY_INLINE Halves halves_of(Halves a, const Halves& b, const Function& function) {
  for (int i = 0; i < 8; ++i)
    a.values[i] = static_cast<std::int16_t>(function(std::int32_t{a.values[i]}, b.values[i]));
  return a;
}
HWY_INLINE Halves set_halves(int value) {
  return halves_of({}, {}, [&](int, int) { return value; });
}
HWY_INLINE Halves narrow(const Words& a, const Words& b) {
  Halves halves;
  for (int i = 0; i < 8; ++i) halves.values[i] = saturate(i < 4 ? a.values[i] : b.values[i - 4]);
  return halves;
}
HWY_INLINE Halves add(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return saturate(x + y); });
}
HWY_INLINE Halves subtract(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return x - y; });
}
HWY_INLINE Halves scale(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return (x * y + (1 << 14)) >> 15; });
}
HWY_INLINE Halves lesser(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return std::min(x, y); });
}
HWY_INLINE Halves greater(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return std::max(x, y); });
}
template <int kBits>
HWY_INLINE Halves shift_left(const Halves& a) {
  return halves_of(a, a, [](int x, int) { return x * (1 << kBits); });
}
template <int kBits>
HWY_INLINE Halves shift_right(const Halves& a) {
  return halves_of(a, a, [](int x, int) { return x >> kBits; });
}

/// Loads the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  for (int i = 0; i < 16; ++i) unit[i / 8].values[i % 8] = pixels[0][channel + std::size_t(i)];
}

/// Stores the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int) {
  for (int i = 0; i < 16; ++i)
    pixels[0][channel + std::size_t(i)] =
        static_cast<std::uint8_t>(std::clamp<int>(unit[i / 8].values[i % 8], 0, 255));
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  for (int channel = 0; channel < 16; ++channel) {
    std::uint8_t quad[4];
    for (int y = 0; y < 4; ++y) quad[y] = rows[y][offset + static_cast<std::size_t>(channel)];
    std::memcpy(&quads[channel / 4].values[channel % 4], quad, sizeof quad);
  }
}

inline constexpr int kSidePanels = 1;       // panels that vectors hold side by side
inline constexpr bool kHasTwoRows = false;  // whether they hold panels of two rows

template <class Vector>
HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Vector& vector) {
  std::memcpy(vector.values, lanes[0], sizeof vector);
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(const Words& quads, int rows) {
  Words moved;
  for (int i = 0; i < 4; ++i) {
    std::int8_t bytes[4], lower[4] = {};
    std::memcpy(bytes, quads.values + i, sizeof bytes);
    for (int y = rows; y < 4; ++y) lower[y] = bytes[y - rows];
    std::memcpy(moved.values + i, lower, sizeof lower);
  }
  return moved;
}

/// Quads of four rows' bytes, for eight channels: the lower ones or the upper ones.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  for (int channel = 0; channel < 8; ++channel) {
    std::uint8_t quad[4];
    for (int y = 0; y < 4; ++y)
      quad[y] = rows[std::min(y, kLast)][offset + static_cast<std::size_t>(8 * kHalf + channel)];
    std::memcpy(&quads[channel / 4].values[channel % 4], quad, sizeof quad);
  }
}

/// Stores a pixel.
HWY_INLINE void store_lanes(const Halves& lower, const Halves& upper, std::uint8_t* pixel) {
  for (int i = 0; i < 16; ++i)
    pixel[i] =
        static_cast<std::uint8_t>(std::clamp<int>((i < 8 ? lower : upper).values[i % 8], 0, 255));
}

/// What multiplies quads of bytes with quads of weights, and adds to sums.
struct WideDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Words bytes(const Words& quads) { return quads; }
  static HWY_INLINE Words weights(const Words& quads) { return quads; }
  static HWY_INLINE Words add(Words sums, const Words& bytes, const Words& weights) {
    std::uint8_t x[16];
    std::int8_t w[16];
    std::memcpy(x, bytes.values, sizeof x);
    std::memcpy(w, weights.values, sizeof w);
    for (int i = 0; i < 16; ++i) sums.values[i / 4] += x[i] * w[i];
    return sums;
  }
};
using PairsDot = WideDot;

template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif
// from pplcnet/kernels/int8/ending-inl.hpp
// How sums of products become bytes, factors of gates, or logits. Compiled once per instruction
// set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The most pixels whose sums end together, in whole units.
inline constexpr int kMostEnded = 28;

/// Where some pixels are. The last one is repeated, so that there is a whole unit of them.
template <class Byte>
class PixelPlaces {
 public:
  PixelPlaces() = default;
  HWY_INLINE PixelPlaces(const BytePixels<Byte>& map, int pixel, int count) {
    find(map, pixel, count);
  }
  /// Finds pixels [pixel, pixel + count) of rows of pixels.
  HWY_INLINE void find(const BytePixels<Byte>& map, int pixel, int count) {
    if (map.pixels == nullptr) {
      for (Byte*& place : places_) place = nullptr;
      return;
    }
    const int row = pixel / map.width;
    int column = pixel - row * map.width;
    const std::size_t gap = map.row_pitch - static_cast<std::size_t>(map.width) * map.pixel_pitch;
    Byte* place = map.pixels + static_cast<std::size_t>(row) * map.row_pitch +
                  static_cast<std::size_t>(column) * map.pixel_pitch;
    if (gap == 0 || column + count <= map.width) {
      for (int i = 0; i < count; ++i, place += map.pixel_pitch) places_[i] = place;
    } else {
      for (int i = 0; i < count; ++i, place += map.pixel_pitch) {
        places_[i] = place;
        if (++column < map.width) continue;
        column = 0;
        place += gap;
      }
    }
    for (int i = count; i % kUnitPixels != 0; ++i) places_[i] = places_[count - 1];
  }
  HWY_INLINE Byte* const* from(int pixel) const { return places_ + pixel; }

 private:
  Byte* places_[kMostEnded];
};

/// Where the pixels of a unit are that are in one row.
template <class Byte>
struct UnitPlaces {
  Byte* places[kUnitPixels];

  HWY_INLINE UnitPlaces(const BytePixels<Byte>& map, int y, int x) {
    Byte* const first = map.pixels + static_cast<std::size_t>(y) * map.row_pitch +
                        static_cast<std::size_t>(x) * map.pixel_pitch;
    for (int i = 0; i < kUnitPixels; ++i)
      places[i] = first + static_cast<std::size_t>(i) * map.pixel_pitch;
  }
};

/// How sums become bytes: with what is computed between the two. `either` is the first or the
/// second, as a layer says.
enum class ByteSteps : unsigned char { scale, hardswish, either, add };

/// The constants of a panel of channels, or of two, in vectors.
template <ByteSteps kSteps, int kPanels = 1>
class BytePanel {
 public:
  static constexpr bool kAdds = kSteps == ByteSteps::add;

  HWY_INLINE BytePanel(const SumEnding& ending, std::size_t channel)
      : hardswish_(ending.activation == Activation::Kind::hardswish) {
    const EndingConstants& constants = ending.constants;
    for (int i = 0; i < kVectors; ++i)
      shift_[i] =
          shifts_of(load_words(constants.shift + channel + i / kWords * kPanel, i % kWords));
    for (int i = 0; i < 2; ++i) {
      multiplier_[i] = load_halves<kPanels>(constants.multiplier + channel, i);
      zero_[i] = load_halves<kPanels>(constants.zero + channel, i);
      if constexpr (kMayActivate) set_three(load_halves<kPanels>(constants.three + channel, i), i);
      if constexpr (kAdds) {
        least_ = set_halves(ending.activation == Activation::Kind::relu ? 0 : -32768);
        addend_zero_[i] = load_halves<kPanels>(constants.addend_zero + channel, i);
        addend_multiplier_[i] = load_halves<kPanels>(constants.addend_multiplier + channel, i);
      }
    }
  }

  /// Those of panels side by side, for halves alone.
  template <class Lanes>
  HWY_INLINE BytePanel(const SumEnding& ending, const Lanes& panels)
      : hardswish_(ending.activation == Activation::Kind::hardswish) {
    const EndingConstants& constants = ending.constants;
    for (int i = 0; i < 2; ++i) {
      multiplier_[i] = panels(constants.multiplier, i);
      zero_[i] = panels(constants.zero, i);
      if constexpr (kMayActivate) set_three(panels(constants.three, i), i);
    }
  }

  /// Turns a unit's sums into the halves that saturate to its bytes. There are addends where they
  /// are added.
  HWY_INLINE void end(Words a, Words b, Words c, Words d, const Halves (&addends)[2],
                      Halves (&unit)[2]) const {
    // No loop, so that none of them is in memory.
    Halves lower = narrow(shift_words(a, shift_[0]), shift_words(b, shift_[1 % kVectors]));
    Halves upper =
        narrow(shift_words(c, shift_[2 % kVectors]), shift_words(d, shift_[3 % kVectors]));
    if (activates()) {
      lower = activate(lower, 0);
      upper = activate(upper, 1);
    }
    unit[0] = scale_and_add(lower, 0, addends[0]);
    unit[1] = scale_and_add(upper, 1, addends[1]);
  }

  /// Turns halves, the lower ones (0) or the upper ones (1), into those that saturate to bytes.
  HWY_INLINE Halves end(Halves sum, int i) const {
    static_assert(!kAdds, "there is no addend");
    return scale_and_add(activates() ? activate(sum, i) : sum, i, sum);
  }

 private:
  static constexpr int kVectors = kPanels * kWords;  // of a pixel's sums
  static constexpr bool kMayActivate =
      kSteps == ByteSteps::hardswish || kSteps == ByteSteps::either;

  HWY_INLINE void set_three(Halves three, int i) {
    three_[i] = three;
    minus_three_[i] = subtract(set_halves(0), three);
  }
  HWY_INLINE bool activates() const {
    return kSteps == ByteSteps::hardswish || (kSteps == ByteSteps::either && hardswish_);
  }
  HWY_INLINE Halves activate(Halves sum, int i) const {
    // From 0 to 6, in operations for which there are more ports than for one that saturates.
    const Halves within = lesser(greater(sum, minus_three_[i]), three_[i]);
    return scale(sum, subtract(within, minus_three_[i]));
  }
  HWY_INLINE Halves scale_and_add(Halves sum, int i, [[maybe_unused]] Halves addend) const {
    Halves value = scale(sum, multiplier_[i]);
    if constexpr (kAdds) {
      value = greater(value, least_);
      const Halves other =
          scale(shift_left<6>(subtract(addend, addend_zero_[i])), addend_multiplier_[i]);
      value = shift_right<4>(add(add(value, other), set_halves(8)));
    }
    return add(value, zero_[i]);
  }

  bool hardswish_;
  Shifts shift_[kVectors];
  Halves multiplier_[2], zero_[2], three_[2], minus_three_[2], addend_zero_[2],
      addend_multiplier_[2], least_;
};

/// Calls a function with the steps of an ending in bytes that adds nothing, as a constant. If Dot
/// takes several instructions, a branch in each ending costs little beside them, and halves the
/// kernels.
template <class Dot, class Function>
HWY_INLINE void with_activation(const SumEnding& ending, const Function& function) {
  using enum ByteSteps;
  if constexpr (!Dot::kOneInstruction)
    function(std::integral_constant<ByteSteps, either>());
  else if (ending.activation == Activation::Kind::hardswish)
    function(std::integral_constant<ByteSteps, hardswish>());
  else
    function(std::integral_constant<ByteSteps, scale>());
}

/// Calls it with those of an ending that may add.
template <class Dot, class Function>
HWY_INLINE void with_steps(const SumEnding& ending, bool adds, const Function& function) {
  if (adds)
    function(std::integral_constant<ByteSteps, ByteSteps::add>());
  else
    with_activation<Dot>(ending, function);
}

/// Ends the sums of a unit. The first `count` of its pixels are stored.
template <ByteSteps kSteps, int kPanels>
HWY_INLINE void end_words(const BytePanel<kSteps, kPanels>& panels, std::size_t channel, Words a,
                          Words b, Words c, Words d, int count, std::uint8_t* const* outputs,
                          const std::uint8_t* const* addends) {
  Halves added[2] = {}, unit[2];
  if constexpr (BytePanel<kSteps, kPanels>::kAdds) load_unit<kPanels>(addends, channel, added);
  panels.end(a, b, c, d, added, unit);
  constexpr int kPixels = kUnitPixels / kPanels;
  if (count >= kPixels)
    store_unit<kPanels>(unit, outputs, channel, kPixels);
  else
    store_unit<kPanels>(unit, outputs, channel, count);
}

/// Does so with sums [pixel][16 of each panel] in memory.
template <ByteSteps kSteps, int kPanels>
HWY_INLINE void end_unit(const BytePanel<kSteps, kPanels>& panels, std::size_t channel,
                         const std::int32_t* sums, int count, std::uint8_t* const* outputs,
                         const std::uint8_t* const* addends) {
  const auto word = [&](int i)
                        HWY_ATTR { return load_words(sums + i / kWords * kPanel, i % kWords); };
  end_words(panels, channel, word(0), word(1), word(2), word(3), count, outputs, addends);
}

/// Ends the sums [pixel][16] of a panel in bytes; those of the last unit are there, whatever they
/// are.
template <ByteSteps kSteps>
HWY_NOINLINE void end_bytes(const SumEnding& ending, std::size_t channel, const std::int32_t* sums,
                            int count, std::uint8_t* const* outputs,
                            const std::uint8_t* const* addends) {
  const BytePanel<kSteps> panel(ending, channel);
  for (int pixel = 0; pixel < count; pixel += kUnitPixels)
    end_unit(panel, channel, sums + pixel * kPanel, count - pixel, outputs + pixel,
             addends + pixel);
}

#if PPLCNET_BYTE_VECTORS
/// Returns 2^15 times the sigmoids of y / 1024. Pieces are looked up one by one.
template <class D, class Values = hn::Vec<D>>
HWY_INLINE Values sigmoids_of(D d, Values y) {
  constexpr std::int16_t kHalf = kSigmoidPieces / 2 * kSigmoidSteps;
  const auto place =
      hn::Add(hn::Min(hn::Max(y, hn::Set(d, -kHalf)), hn::Set(d, kHalf - 1)), hn::Set(d, kHalf));
  std::int16_t pieces[kPanel], starts[kPanel], slopes[kPanel];
  hn::StoreU(hn::ShiftRight<4>(place), d, pieces);
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) {
    const std::int16_t* const piece = kSigmoidTable.data() + pieces[i];
    starts[i] = piece[0];
    slopes[i] = static_cast<std::int16_t>(piece[1] - piece[0]);
  }
  const auto step = hn::And(place, hn::Set(d, kSigmoidSteps - 1));
  return hn::Add(hn::LoadU(d, starts), hn::ShiftRight<4>(hn::Mul(hn::LoadU(d, slopes), step)));
}

/// Ends the sums of a panel as factors.
HWY_INLINE void end_factors(const SumEnding& ending, std::size_t channel, const std::int32_t* sums,
                            std::uint8_t* to) {
  const hn::CappedTag<std::int32_t, kPanel> d;
  const hn::Rebind<std::int16_t, decltype(d)> halves;
  const EndingConstants& constants = ending.constants;
  for (std::size_t i = 0; i < kPanel; i += hn::Lanes(d)) {
    const std::size_t c = channel + i;
    const auto load = [&](const std::int16_t* array)
                          HWY_ATTR { return hn::LoadU(halves, array + c); };
    const auto u =
        hn::DemoteTo(halves, hn::Shr(hn::LoadU(d, sums + i), hn::LoadU(d, constants.shift + c)));
    const auto y = hn::MulFixedPoint15(u, load(constants.multiplier));
    const auto three = load(constants.three);
    const auto factor =
        ending.activation == Activation::Kind::sigmoid
            ? hn::MulFixedPoint15(sigmoids_of(halves, y), three)
            : hn::Min(hn::Max(hn::SaturatedAdd(y, load(constants.zero)), hn::Zero(halves)), three);
    hn::StoreU(factor, halves, reinterpret_cast<std::int16_t*>(to) + c);
  }
}
#endif

/// Ends the sums of a panel as factors or logits; those of a pixel are so many after the last
/// one's.
inline HWY_NOINLINE void end_values(const SumEnding& ending, int panel, const std::int32_t* sums,
                                    int pitch, int count, std::uint8_t* const* outputs) {
  const EndingConstants& constants = ending.constants;
  const auto first = static_cast<std::size_t>(panel * kPanel);
  const int end =
      ending.kind == Ending::logits ? std::min(kPanel, ending.channels - panel * kPanel) : kPanel;
  for (int pixel = 0; pixel < count; ++pixel, sums += pitch) {
#if PPLCNET_BYTE_VECTORS
    if (ending.kind == Ending::factors) {
      end_factors(ending, first, sums, outputs[pixel]);
      continue;
    }
#endif
    for (int i = 0; i < end; ++i) {
      const std::size_t channel = first + static_cast<std::size_t>(i);
      if (ending.kind == Ending::logits) {
        const float logit = static_cast<float>(sums[i]) * constants.scale[channel];
        std::memcpy(outputs[pixel] + channel * sizeof logit, &logit, sizeof logit);
        continue;
      }
      const std::int16_t factor = factor_of(sums[i], ending.activation,
                                            {.shift = constants.shift[channel],
                                             .multiplier = constants.multiplier[channel],
                                             .three = constants.three[channel],
                                             .zero = constants.zero[channel]});
      std::memcpy(outputs[pixel] + channel * sizeof factor, &factor, sizeof factor);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/byte_tile-inl.hpp
// The sums of a tile of pixels and panels, for products of bytes. Compiled once per instruction
// set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Pixels × panels of sums that fit the registers, together with weights and inputs: 28 vectors of
/// 32 (AVX-512), 16 (NEON), 8 of 16 (AVX2, SSE2).
inline constexpr int kBytePanels = kWords == 1 ? 2 : 1;
inline constexpr int kBytePixels = kWords == 1 ? 14 : kWords == 2 ? 4 : HWY_ARCH_ARM ? 4 : 2;

/// Quads that are added last, when the sums of some pixels end after the other.
inline constexpr int kLastQuads = kWords == 1 ? 8 : 0;

/// Whether sums are so fast that they would wait for weights that are not in L2.
inline constexpr bool kFetchesAhead = kWords == 1;

/// Asks L2 for what is read soon.
HWY_INLINE void fetch_ahead([[maybe_unused]] const void* place) {
#if defined(__GNUC__) || defined(__clang__)
  if constexpr (kFetchesAhead) __builtin_prefetch(place, 0, 2);
#endif
}

/// Sums of a tile of pixels × panels.
template <class Dot, int kPixels, int kPanels>
class ByteTile {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  static constexpr int kVectors = kPanels * kWords;  // of a pixel
  static constexpr int kSums = kPixels * kVectors;
  static constexpr int kStep = kUnitPixels / kPanels;  // pixels of a unit

 public:
  static constexpr int kTilePixels = kPixels;

  /// Adds all quads but the last ones. `starts` has what the sums of each channel begin with. Each
  /// quad asks for the weights that are so many bytes `ahead`.
  HWY_INLINE ByteTile(const ByteProduct& product, const std::int8_t* weights,
                      std::size_t panel_pitch, std::size_t offset, std::size_t ahead,
                      const std::int32_t* starts)
      : pitch_(product.pixel_pitch), panel_pitch_(panel_pitch) {
    start(starts, Indices<kSums>());
    const int last = product.kernel_rows - 1;
    for (int row = 0; row < last; ++row, weights += product.row_depth * kPanel)
      add_quads<0, kPixels>(product.rows[row] + offset, weights, product.row_depth, ahead);
    last_depth_ = product.row_depth < 2 * kLastQuads * kQuad ? 0 : kLastQuads * kQuad;
    const int depth = product.row_depth - last_depth_;
    add_quads<0, kPixels>(product.rows[last] + offset, weights, depth, ahead);
    last_input_ = product.rows[last] + offset + depth;
    last_weights_ = weights + depth * kPanel;
  }

  /// Adds the last quads to some pixels after the other, and ends their sums while they are in
  /// registers and those of the next pixels are added to.
  template <ByteSteps kSteps>
  HWY_INLINE void end(const BytePanel<kSteps, kPanels>& panels, std::size_t channel,
                      const PixelPlaces<std::uint8_t>& outputs,
                      const PixelPlaces<const std::uint8_t>& addends) {
    finish(Indices<kParts>(), [&](auto first, auto count) HWY_ATTR {
      end<first()>(panels, channel, outputs, addends, Indices<(count() + kStep - 1) / kStep>());
    });
  }

  /// Stores the sums [pixel][panel][16].
  HWY_INLINE void store(std::int32_t* sums) {
    finish(Indices<kParts>(), [](auto, auto) {});
    store(sums, Indices<kSums>());
  }

 private:
  // Every third pixel has a pointer of its own; its neighbours are one and two pitches away.
  static constexpr int kGroup = 3;
  // A part of the pixels has sums enough to hide the latency of one; the last one has the rest.
  static constexpr int kPartPixels = kLastQuads > 0 ? 8 / kVectors : kPixels;
  static constexpr int kParts = std::max(1, kPixels / kPartPixels);

  template <int... kIndex>
  HWY_INLINE void start(const std::int32_t* starts, std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] =
          load_words(starts + kIndex % kVectors / kWords * kPanel, kIndex % kVectors % kWords)),
     ...);
  }

  /// Adds `depth` bytes of pixels [kFirst, kFirst + kCount).
  template <int kFirst, int kCount>
  HWY_INLINE void add_quads(const std::uint8_t* input, const std::int8_t* weights, int depth,
                            [[maybe_unused]] std::size_t ahead) {
    constexpr int kGroups = (kCount + kGroup - 1) / kGroup;
    const std::uint8_t* pixels[kGroups];
    point(input + kFirst * pitch_, pixels, Indices<kGroups>());
    const std::int8_t* const end = weights + depth * kPanel;
    for (; weights != end; weights += kQuad * kPanel) {
      if constexpr (kFirst == 0) fetch_ahead(weights + ahead);
      add_quad<kFirst, kCount>(pixels, weights, Indices<kVectors>());
      advance(pixels, Indices<kGroups>());
    }
  }
  template <int... kIndex>
  HWY_INLINE void point(const std::uint8_t* input, const std::uint8_t** pixels,
                        std::integer_sequence<int, kIndex...>) const {
    ((pixels[kIndex] = input + kIndex * kGroup * pitch_), ...);
  }
  template <int... kIndex>
  HWY_INLINE void advance(const std::uint8_t** pixels,
                          std::integer_sequence<int, kIndex...>) const {
    ((pixels[kIndex] += kQuad), ...);
  }
  template <int kFirst, int kCount, int... kVector>
  HWY_INLINE void add_quad(const std::uint8_t* const* pixels, const std::int8_t* weights,
                           std::integer_sequence<int, kVector...>) {
    const Operand row[kVectors] = {
        Dot::weights(load_words(weights + kVector / kWords * panel_pitch_, kVector % kWords))...};
    add_pixels<kFirst>(pixels, row, Indices<kCount>());
  }
  template <int kFirst, int... kPixel>
  HWY_INLINE void add_pixels(const std::uint8_t* const* pixels, const Operand* row,
                             std::integer_sequence<int, kPixel...>) {
    (add_pixel<kFirst + kPixel>(
         Dot::bytes(repeat_quad(pixels[kPixel / kGroup] + kPixel % kGroup * pitch_)), row,
         Indices<kVectors>()),
     ...);
  }
  template <int kPixel, int... kVector>
  HWY_INLINE void add_pixel(const Operand& bytes, const Operand* row,
                            std::integer_sequence<int, kVector...>) {
    ((sums_[kPixel * kVectors + kVector] =
          Dot::add(sums_[kPixel * kVectors + kVector], bytes, row[kVector])),
     ...);
  }

  template <int... kPart, class Function>
  HWY_INLINE void finish(std::integer_sequence<int, kPart...>, const Function& function) {
    (finish < kPart * kPartPixels,
     kPart + 1 < kParts ? kPartPixels : kPixels - kPart * kPartPixels > (function), ...);
  }
  template <int kFirst, int kCount, class Function>
  HWY_INLINE void finish(const Function& function) {
    if constexpr (kLastQuads > 0)
      add_quads<kFirst, kCount>(last_input_, last_weights_, last_depth_, 0);
    function(std::integral_constant<int, kFirst>(), std::integral_constant<int, kCount>());
  }

  template <int kFirst, ByteSteps kSteps, int... kUnit>
  HWY_INLINE void end(const BytePanel<kSteps, kPanels>& panels, std::size_t channel,
                      const PixelPlaces<std::uint8_t>& outputs,
                      const PixelPlaces<const std::uint8_t>& addends,
                      std::integer_sequence<int, kUnit...>) const {
    (end_unit<kFirst + kUnit * kStep>(panels, channel, outputs, addends), ...);
  }
  /// Ends a unit; what it has after the tile's last pixel is not stored.
  template <int kPixel, ByteSteps kSteps>
  HWY_INLINE void end_unit(const BytePanel<kSteps, kPanels>& panels, std::size_t channel,
                           const PixelPlaces<std::uint8_t>& outputs,
                           const PixelPlaces<const std::uint8_t>& addends) const {
    constexpr int kFirst = kPixel * kVectors, kLast = kSums - 1;
    end_words(panels, channel, sums_[kFirst], sums_[std::min(kFirst + 1, kLast)],
              sums_[std::min(kFirst + 2, kLast)], sums_[std::min(kFirst + 3, kLast)],
              std::min(kStep, kPixels - kPixel), outputs.from(kPixel), addends.from(kPixel));
  }
  template <int... kIndex>
  HWY_INLINE void store(std::int32_t* sums, std::integer_sequence<int, kIndex...>) const {
    (store_words(sums_[kIndex], sums + kIndex / kWords * kPanel, kIndex % kWords), ...);
  }

  std::size_t pitch_, panel_pitch_;
  const std::uint8_t* last_input_;
  const std::int8_t* last_weights_;
  int last_depth_;
  Words sums_[kSums];
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/product-inl.hpp
// The register-tiled product of bytes: pointwise and dense layers, and the picture's convolution.
// Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// How the sums of tiles become bytes.
template <ByteSteps kSteps, int kPanels>
class TileBytes {
 public:
  HWY_INLINE TileBytes(const ByteProduct& product, int panel)
      : channel_(static_cast<std::size_t>(panel * kPanel)), panels_(product.ending, channel_) {}

  /// Ends the sums of a tile whose first pixel is given.
  template <class Tile>
  HWY_INLINE void end(Tile& tile, const ByteProduct& product, int pixel) const {
    PixelPlaces<const std::uint8_t> addends;
    if constexpr (BytePanel<kSteps>::kAdds) addends.find(product.addend, pixel, Tile::kTilePixels);
    tile.end(panels_, channel_, PixelPlaces<std::uint8_t>(product.output, pixel, Tile::kTilePixels),
             addends);
  }

 private:
  std::size_t channel_;
  BytePanel<kSteps, kPanels> panels_;
};

/// How they become factors or logits, which is rare.
template <int kPanels>
class TileValues {
 public:
  HWY_INLINE TileValues(const ByteProduct& product, int panel)
      : ending_(product.ending), panel_(panel) {}

  template <class Tile>
  HWY_INLINE void end(Tile& tile, const ByteProduct& product, int pixel) const {
    HWY_ALIGN std::int32_t sums[Tile::kTilePixels * kPanels * kPanel];
    tile.store(sums);
    const PixelPlaces<std::uint8_t> outputs(product.output, pixel, Tile::kTilePixels);
    for (int i = 0; i < kPanels; ++i)
      end_values(ending_, panel_ + i, sums + i * kPanel, kPanels * kPanel, Tile::kTilePixels,
                 outputs.from(0));
  }

 private:
  const SumEnding& ending_;
  int panel_;
};

/// Computes what sums begin with: the bias, without what the offset of bytes adds to them.
template <class Dot>
HWY_NOINLINE void start_sums(const std::int8_t* weights, std::size_t bytes,
                             const std::int32_t* biases, std::int32_t* starts) {
  for (int i = 0; i < kWords; ++i) {
    Words offset = subtract_words(load_words(biases, i), load_words(biases, i));
    const auto none = Dot::bytes(offset);
    if constexpr (Dot::kOffset != 0)
      for (std::size_t k = 0; k < bytes; k += kQuad * kPanel)
        offset = Dot::add(offset, none, Dot::weights(load_words(weights + k, i)));
    store_words(subtract_words(load_words(biases, i), offset), starts, i);
  }
}

/// Some panels of a product, and what all of their tiles need.
template <class Dot, class TileEnding, int kPixels, int kPanels>
class ProductPanels {
  static constexpr int kFew = std::min(kUnitPixels, kPixels);

 public:
  HWY_INLINE ProductPanels(const ByteProduct& product, int panel)
      : product_(product),
        pitch_(static_cast<std::size_t>(product.kernel_rows) *
               static_cast<std::size_t>(product.row_depth) * kPanel),
        weights_(product.weights + static_cast<std::size_t>(panel) * pitch_),
        ending_(product, panel) {
    for (int i = 0; i < kPanels; ++i)
      start_sums<Dot>(weights_ + static_cast<std::size_t>(i) * pitch_, pitch_,
                      product.ending.constants.bias + (panel + i) * kPanel, starts_ + i * kPanel);
  }

  /// Computes `count` pixels. The last tile may overlap the one before it.
  HWY_INLINE void compute(int count) {
    int done = add_tiles<kPixels>(0, count);
    // Of 7×7 pixels half a tile is left.
    if constexpr (kPanels > 1) done = add_tiles<kPixels / 2>(done, count);
    if (count < kFew)
      for (; done < count; ++done) add_tile<1>(done);
    for (; done < count; done += kFew) add_tile<kFew>(std::min(done, count - kFew));
  }

 private:
  /// Computes whole tiles from pixel `done` on, and returns the first pixel that is left.
  template <int kTilePixels>
  HWY_INLINE int add_tiles(int done, int count) {
    for (; done + kTilePixels <= count; done += kTilePixels) add_tile<kTilePixels>(done);
    return done;
  }

  template <int kTilePixels>
  HWY_INLINE void add_tile(int pixel) {
    const std::size_t offset = static_cast<std::size_t>(pixel) * product_.pixel_pitch;
    // The next panels' weights come while these are used: one panel's in each of the first tiles.
    const std::size_t ahead = tiles_ < kPanels ? (kPanels + tiles_++) * pitch_ : 0;
    ByteTile<Dot, kTilePixels, kPanels> tile(product_, weights_, pitch_, offset, ahead, starts_);
    ending_.end(tile, product_, pixel);
  }

  const ByteProduct& product_;
  std::size_t pitch_;  // from a panel's weights to the next one's
  const std::int8_t* weights_;
  std::size_t tiles_ = 0;  // that have begun, as far as they ask for weights
  TileEnding ending_;
  HWY_ALIGN std::int32_t starts_[kPanels * kPanel];
};

/// Computes kPanels panels for all pixels.
template <class Dot, class TileEnding, int kPixels, int kPanels>
HWY_NOINLINE void product_panels(const ByteProduct& product, int pixels, int panel) {
  ProductPanels<Dot, TileEnding, kPixels, kPanels>(product, panel).compute(pixels);
}

/// Does so with the ending of the product.
template <class Dot, int kPixels, int kPanels>
HWY_INLINE void product_panels(const ByteProduct& product, int pixels, int panel) {
  if (product.ending.kind != Ending::bytes)
    return product_panels<Dot, TileValues<kPanels>, kPixels, kPanels>(product, pixels, panel);
  with_steps<Dot>(product.ending, product.addend.pixels != nullptr, [&](auto steps) {
    using TileEnding = TileBytes<decltype(steps)::value, kPanels>;
    product_panels<Dot, TileEnding, kPixels, kPanels>(product, pixels, panel);
  });
}

/// Computes panels [begin, end) of a product over `pixels` pixels.
template <bool kVnni>
void byte_product(const ByteProduct& product, int pixels, int begin, int end) {
  using Dot = ProductDot<kVnni>;
  int panel = begin;
  if constexpr (kBytePanels > 1) {
    for (; panel + kBytePanels <= end; panel += kBytePanels)
      product_panels<Dot, kBytePixels, kBytePanels>(product, pixels, panel);
    for (; panel < end; ++panel)
      product_panels<Dot, kBytePixels * kBytePanels, 1>(product, pixels, panel);
  } else {
    for (; panel < end; ++panel) product_panels<Dot, kBytePixels, 1>(product, pixels, panel);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/depthwise-inl.hpp
// Depthwise convolution of one panel of bytes, channels last, with any kernel. Quads are of four
// kernel rows. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

inline constexpr int kMostKernel = 7;
inline constexpr int kMostRowQuads = 2;

/// Whether the registers have room for the sums of two rows of outputs, which share quads.
inline constexpr bool kSharesQuads = kWords == 1;

/// The weights of a panel, as Dot takes them: [kernel column][quad of rows][word].
template <class Dot>
struct DepthwiseWeights {
  typename Dot::Operand taps[kMostKernel * kMostRowQuads * kWords];
  HWY_ALIGN std::int32_t starts[kPanel];

  /// Those of output rows that begin `down` rows below the quads, which have room for them.
  HWY_INLINE DepthwiseWeights(const ByteDepthwise& rows, int panel, int down) {
    const int quads = static_cast<int>(round_up(rows.kernel.height, kQuad)) / kQuad;
    const int count = rows.kernel.width * quads;
    const auto bytes = static_cast<std::size_t>(count) * kQuad * kPanel;
    HWY_ALIGN std::int8_t moved[kMostKernel * kMostRowQuads * kQuad * kPanel];
    const std::int8_t* weights = rows.weights + static_cast<std::size_t>(panel) * bytes;
    if (down > 0) {
      for (int column = 0; column < rows.kernel.width; ++column)
        move(weights + column * quads * kQuad * kPanel, quads, down,
             moved + column * quads * kQuad * kPanel);
      weights = moved;
    }
    for (int i = 0; i < count * kWords; ++i)
      taps[i] = Dot::weights(load_words(weights + i / kWords * kQuad * kPanel, i % kWords));
    start_sums<Dot>(weights, bytes, rows.ending.constants.bias + panel * kPanel, starts);
  }

 private:
  /// Moves the weights of a column down: the lowest byte of a word is the highest row.
  static HWY_INLINE void move(const std::int8_t* from, int quads, int down, std::int8_t* to) {
    std::uint32_t above[kPanel] = {}, words[kPanel], lower[kPanel];
    for (int quad = 0; quad < quads; ++quad) {
      std::memcpy(words, from + quad * kQuad * kPanel, sizeof words);
      for (int i = 0; i < kPanel; ++i) {
        lower[i] = words[i] << (8 * down) | above[i];
        above[i] = words[i] >> (32 - 8 * down);
      }
      std::memcpy(to + quad * kQuad * kPanel, lower, sizeof lower);
    }
  }
};

/// The input rows of an output row, from its first column on; some more below the kernel's, whose
/// weights are zeros, are any.
struct WindowRows {
  const std::uint8_t* rows[kMostRowQuads * kQuad];

  HWY_INLINE WindowRows(const ByteDepthwise& depthwise, int y, int below) {
    const int height = depthwise.kernel.height + below;
    for (int i = 0; i < kMostRowQuads * kQuad; ++i)
      rows[i] = depthwise.input +
                static_cast<std::size_t>(y * depthwise.stride.height +
                                         std::min(i, height - 1) * depthwise.dilation.height) *
                    depthwise.row_pitch;
  }
};

/// Whether a layer's kernel is of 3×3 or 5×5 neighbouring pixels, as most are.
HWY_INLINE bool is_usual(const ByteDepthwise& rows) {
  return (rows.kernel == Pair(3) || rows.kernel == Pair(5)) && rows.dilation == Pair(1) &&
         rows.stride.width <= 2;
}

/// Ends the sums [pixel][16] of `count` neighbouring outputs of a panel.
template <ByteSteps kSteps>
HWY_INLINE void end_outputs(const ByteDepthwise& rows, int panel, int pixel, int count,
                            const std::int32_t* sums) {
  const PixelPlaces<std::uint8_t> outputs(rows.output, pixel, count);
  const PixelPlaces<const std::uint8_t> addends(rows.addend, pixel, count);
  end_bytes<kSteps>(rows.ending, static_cast<std::size_t>(panel * kPanel), sums, count,
                    outputs.from(0), addends.from(0));
}

/// Computes one output after the other, for any kernel.
template <class Dot>
HWY_INLINE void depthwise_outputs(const ByteDepthwise& rows, const DepthwiseWeights<Dot>& weights,
                                  const WindowRows& window, std::size_t offset,
                                  std::int32_t* sums) {
  const int quads = static_cast<int>(round_up(rows.kernel.height, kQuad)) / kQuad;
  Words total[kWords];
  for (int i = 0; i < kWords; ++i) total[i] = load_words(weights.starts, i);
  for (int tap = 0; tap < rows.kernel.width * quads; ++tap) {
    Words bytes[kWords];
    load_quads(
        window.rows + tap % quads * kQuad,
        offset + static_cast<std::size_t>(tap / quads * rows.dilation.width) * rows.pixel_pitch,
        bytes);
    for (int i = 0; i < kWords; ++i)
      total[i] = Dot::add(total[i], Dot::bytes(bytes[i]), weights.taps[tap * kWords + i]);
  }
  for (int i = 0; i < kWords; ++i) store_words(total[i], sums, i);
}

template <class Dot, ByteSteps kSteps>
HWY_NOINLINE void depthwise_any_panel(const ByteDepthwise& rows, int panel) {
  const DepthwiseWeights<Dot> weights(rows, panel, 0);
  HWY_ALIGN std::int32_t sums[kUnitPixels * kPanel] = {};
  const auto channel = static_cast<std::size_t>(panel * kPanel);
  const std::size_t step = static_cast<std::size_t>(rows.stride.width) * rows.pixel_pitch;
  for (int y = 0; y < rows.rows; ++y) {
    const WindowRows window(rows, y, 0);
    const int width = rows.output.width;
    for (int x = 0; x < width; x += kUnitPixels) {
      const int count = std::min(kUnitPixels, width - x);
      for (int i = 0; i < count; ++i)
        depthwise_outputs(rows, weights, window, channel + static_cast<std::size_t>(x + i) * step,
                          sums + i * kPanel);
      end_outputs<kSteps>(rows, panel, y * width + x, count, sums);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#if PPLCNET_PANEL_LANES
// from pplcnet/kernels/int8/depthwise_strips-inl.hpp
// Depthwise convolution of one panel of bytes with kernels of 3×3 and 5×5, in strips of outputs.
// Compiled for AVX-512 and AVX2 alone, where panels are left that do not fill vectors.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Outputs of a strip: whole units, and no fewer than a kernel's columns that the next one reads.
inline constexpr int kStripOutputs = 4;

/// Neighbouring outputs of a panel, strip by strip, in one row or in kRows of them: the lower one's
/// weights are those of the upper one, moved down. Quads that the next strip reads, too, are kept.
template <class Dot, ByteSteps kSteps, int kWidth, int kQuads, int kStride, int kRows>
class DepthwiseStrips {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  static constexpr int kOutputs = kStripOutputs;
  static constexpr int kKept = kWidth - kStride, kInputs = kOutputs * kStride;  // then new ones
  static_assert(kKept <= kInputs);
  static constexpr int kVectors = kQuads * kWords;  // of an input

 public:
  HWY_INLINE DepthwiseStrips(const ByteDepthwise& rows, const DepthwiseWeights<Dot>* weights,
                             const BytePanel<kSteps>& ending, int panel, int y)
      : rows_(rows),
        window_(rows, y, (kRows - 1) * rows.stride.height),
        weights_(weights),
        ending_(ending),
        channel_(static_cast<std::size_t>(panel * kPanel)),
        y_(y) {}

  /// The last strip may overlap the one before it: what it computes again is the same.
  HWY_INLINE void compute() {
    const int width = rows_.output.width;
    for (int start = 0; start < width; start += kOutputs) {
      const int x = std::min(start, width - kOutputs);
      const std::size_t offset =
          channel_ + static_cast<std::size_t>(x * kStride) * rows_.pixel_pitch;
      if (start == 0 || x != start) keep(offset, Indices<kKept>());
      begin(Indices<kRows * kOutputs * kWords>());
      add_kept(Indices<kKept>());
      add_inputs(offset + kKept * rows_.pixel_pitch, Indices<kInputs>());
      end_rows(x, Indices<kRows>());
    }
  }

 private:
  template <int... kInput>
  HWY_INLINE void keep(std::size_t offset, std::integer_sequence<int, kInput...>) {
    (load(offset + kInput * rows_.pixel_pitch, kept_ + kInput * kVectors), ...);
  }
  HWY_INLINE void load(std::size_t offset, Operand* input) const {
    load(offset, input, Indices<kQuads>());
  }
  template <int... kQuad>
  HWY_INLINE void load(std::size_t offset, Operand* input,
                       std::integer_sequence<int, kQuad...>) const {
    (load_quad<kQuad>(offset, input, Indices<kWords>()), ...);
  }
  template <int kNumber, int... kWord>
  HWY_INLINE void load_quad(std::size_t offset, Operand* input,
                            std::integer_sequence<int, kWord...>) const {
    Words quads[kWords];
    load_quads(window_.rows + kNumber * kQuad, offset, quads);
    ((input[kNumber * kWords + kWord] = Dot::bytes(quads[kWord])), ...);
  }

  template <int... kIndex>
  HWY_INLINE void begin(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = load_words(weights_[kIndex / (kOutputs * kWords)].starts, kIndex % kWords)),
     ...);
  }
  template <int... kInput>
  HWY_INLINE void add_kept(std::integer_sequence<int, kInput...>) {
    (add_input<kInput>(kept_ + kInput * kVectors, Indices<kRows * kOutputs>()), ...);
  }
  template <int... kInput>
  HWY_INLINE void add_inputs(std::size_t offset, std::integer_sequence<int, kInput...>) {
    (add_new<kInput>(offset + kInput * rows_.pixel_pitch), ...);
  }
  template <int kInput>
  HWY_INLINE void add_new(std::size_t offset) {
    Operand input[kVectors];
    load(offset, input);
    add_input<kKept + kInput>(input, Indices<kRows * kOutputs>());
    if constexpr (kKept + kInput >= kInputs)
      copy(input, kept_ + (kKept + kInput - kInputs) * kVectors, Indices<kVectors>());
  }
  template <int... kIndex>
  HWY_INLINE void copy(const Operand* from, Operand* to, std::integer_sequence<int, kIndex...>) {
    ((to[kIndex] = from[kIndex]), ...);
  }

  template <int kInput, int... kOutput>
  HWY_INLINE void add_input(const Operand* input, std::integer_sequence<int, kOutput...>) {
    (add_output<kInput - kOutput % kOutputs * kStride, kOutput>(input, Indices<kVectors>()), ...);
  }
  template <int kColumn, int kOutput, int... kIndex>
  HWY_INLINE void add_output([[maybe_unused]] const Operand* input,
                             std::integer_sequence<int, kIndex...>) {
    if constexpr (kColumn >= 0 && kColumn < kWidth)
      ((sums_[kOutput * kWords + kIndex % kWords] =
            Dot::add(sums_[kOutput * kWords + kIndex % kWords], input[kIndex],
                     weights_[kOutput / kOutputs].taps[kColumn * kVectors + kIndex])),
       ...);
  }

  template <int... kRow>
  HWY_INLINE void end_rows(int x, std::integer_sequence<int, kRow...>) const {
    (end_row<kRow>(x, Indices<kOutputs / kUnitPixels>()), ...);
  }
  template <int kRow, int... kUnit>
  HWY_INLINE void end_row(int x, std::integer_sequence<int, kUnit...>) const {
    (end_unit<kUnit * kUnitPixels>(y_ + kRow, x,
                                   sums_ + (kRow * kOutputs + kUnit * kUnitPixels) * kWords),
     ...);
  }
  template <int kPixel>
  HWY_INLINE void end_unit(int y, int x, const Words* sums) const {
    const Halves none[2] = {};
    Halves unit[2];
    ending_.end(sums[0], sums[1], sums[2], sums[3], none, unit);
    store_unit(unit, UnitPlaces<std::uint8_t>(rows_.output, y, x + kPixel).places, channel_,
               kUnitPixels);
  }

  const ByteDepthwise& rows_;
  const WindowRows window_;
  const DepthwiseWeights<Dot>* weights_;
  const BytePanel<kSteps>& ending_;
  std::size_t channel_;
  int y_;
  Operand kept_[std::max(1, kKept* kVectors)];
  Words sums_[kRows * kOutputs * kWords];
};

/// Computes a panel of outputs of a kernel of kWidth columns and kQuads quads of rows.
template <class Dot, ByteSteps kSteps, int kWidth, int kQuads, int kStride>
HWY_NOINLINE void depthwise_panel(const ByteDepthwise& rows, int panel) {
  const BytePanel<kSteps> ending(rows.ending, static_cast<std::size_t>(panel * kPanel));
  const DepthwiseWeights<Dot> weights(rows, panel, 0);
  int y = 0;
  if constexpr (kSharesQuads) {
    const int down = rows.stride.height;
    if (rows.kernel.height + down <= kQuads * kQuad && down < kQuad && rows.rows > 1) {
      const DepthwiseWeights<Dot> both[] = {weights, {rows, panel, down}};
      for (; y + 2 <= rows.rows; y += 2)
        DepthwiseStrips<Dot, kSteps, kWidth, kQuads, kStride, 2>(rows, both, ending, panel, y)
            .compute();
    }
  }
  for (; y < rows.rows; ++y)
    DepthwiseStrips<Dot, kSteps, kWidth, kQuads, kStride, 1>(rows, &weights, ending, panel, y)
        .compute();
}

template <class Dot, ByteSteps kSteps>
HWY_INLINE void depthwise_panel(const ByteDepthwise& rows, int panel) {
  if constexpr (!BytePanel<kSteps>::kAdds) {  // addends are rare
    const bool usual = is_usual(rows) && rows.output.width >= kStripOutputs;
    const bool strides = rows.stride.width == 2;
    if (usual && rows.kernel.width == 3)
      return strides ? depthwise_panel<Dot, kSteps, 3, 1, 2>(rows, panel)
                     : depthwise_panel<Dot, kSteps, 3, 1, 1>(rows, panel);
    if (usual && rows.kernel.width == 5)
      return strides ? depthwise_panel<Dot, kSteps, 5, 2, 2>(rows, panel)
                     : depthwise_panel<Dot, kSteps, 5, 2, 1>(rows, panel);
  }
  depthwise_any_panel<Dot, kSteps>(rows, panel);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif
// from pplcnet/kernels/int8/panel_lanes-inl.hpp
// Neighbouring panels of a depthwise layer side by side: rows of their bytes fill vectors, so quads
// and endings take fewer shuffles. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Vectors of words that have a panel in each lane: vector v has channels 4v to 4v + 3. Halves of a
/// panel, lower or upper, come from two of them.
inline constexpr int kLaneVectors = 4;
inline constexpr int kHalfVectors = 2;

/// `count` panels side by side, in the first lanes; in those after them are the same ones, of other
/// rows.
struct PanelLanes {
  int first;
  std::size_t panels[kSidePanels];

  HWY_INLINE PanelLanes(int begin, int count) : first(begin) {
    for (int i = 0; i < kSidePanels; ++i)
      panels[i] = static_cast<std::size_t>(first + (i < count ? i : i - count));
  }

  /// Loads 16 bytes of each panel's array: those of number `part`.
  template <class Vector>
  HWY_INLINE Vector load(const void* arrays, std::size_t panel_bytes, int part) const {
    const std::uint8_t* lanes[kSidePanels];
    for (int i = 0; i < kSidePanels; ++i)
      lanes[i] = static_cast<const std::uint8_t*>(arrays) + 16 * part + panels[i] * panel_bytes;
    Vector vector;
    load_lanes(lanes, vector);
    return vector;
  }
  HWY_INLINE Words load_words(const std::int32_t* array, int part) const {
    return load<Words>(array, kPanel * sizeof *array, part);
  }
  HWY_INLINE Halves operator()(const std::int16_t* array, int part) const {
    return load<Halves>(array, kPanel * sizeof *array, part);
  }
};

/// Subtracts what the offset of bytes adds to sums of products with these weights.
template <class Dot, int kTaps>
HWY_INLINE void subtract_offset(const typename Dot::Operand* taps, Words& start) {
  if constexpr (Dot::kOffset != 0) {
    const Words none = subtract_words(start, start);
    Words offset = none;
    for (int tap = 0; tap < kTaps; ++tap)
      offset = Dot::add(offset, Dot::bytes(none), taps[tap * kLaneVectors]);
    start = subtract_words(start, offset);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/side_sums-inl.hpp
// Sums of neighbouring panels side by side, in registers. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of kOpen neighbouring outputs in kRows rows, with kVectors of their vectors from kFirst on,
/// with what they are sums of: rows of inputs, and weights. All are copies whose indices are
/// constants, so that they can be in registers.
template <class Dot, class Weights, int kInputRows, int kRows, int kFirst, int kVectors, int kOpen>
class SideSums {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  static constexpr int kTaps = Weights::kTaps, kSums = kRows * kVectors;  // of an output

 public:
  HWY_INLINE SideSums(const Weights& weights, const WindowRows& window) : weights_(weights) {
    copy_rows(window, Indices<kInputRows>());
    copy_taps(Indices<kTaps * kSums>());
  }

  /// Starts the sums of outputs from this one on.
  template <int kOutput>
  HWY_INLINE void begin() {
    begin<kOutput>(Indices<(kOpen - kOutput) * kSums>());
  }
  /// Makes the next output the first one.
  HWY_INLINE void advance() {
    advance(Indices<(kOpen - 1) * kSums>());
    begin<kOpen - 1>();
  }
  /// Adds products of a vector of bytes and of a tap's weights to an output in a row.
  template <int kOutput, int kRow, int kTap, int kVector>
  HWY_INLINE void add(const Operand& bytes) {
    Words& sum = sums_[kOutput * kSums + kRow * kVectors + kVector];
    sum = Dot::add(sum, bytes, taps_[(kRow * kTaps + kTap) * kVectors + kVector]);
  }
  /// Returns the halves of two vectors of the first output.
  HWY_INLINE Halves halves(int row, int vector) const {
    return narrow(shifted(row, vector), shifted(row, vector + 1));
  }

  HWY_INLINE const std::uint8_t* const* rows() const { return rows_; }

 private:
  template <int... kIndex>
  HWY_INLINE void copy_rows(const WindowRows& window, std::integer_sequence<int, kIndex...>) {
    ((rows_[kIndex] = window.rows[kIndex]), ...);
  }
  /// Takes the weights of these vectors: [row][tap][vector].
  template <int... kIndex>
  HWY_INLINE void copy_taps(std::integer_sequence<int, kIndex...>) {
    ((taps_[kIndex] = weights_.taps[kIndex / (kTaps * kVectors)]
                                   [kIndex % (kTaps * kVectors) / kVectors * kLaneVectors + kFirst +
                                    kIndex % kVectors]),
     ...);
  }
  template <int kOutput, int... kIndex>
  HWY_INLINE void begin(std::integer_sequence<int, kIndex...>) {
    ((sums_[kOutput * kSums + kIndex] = weights_.starts[kFirst + kIndex % kVectors]), ...);
  }
  template <int... kIndex>
  HWY_INLINE void advance(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = sums_[kIndex + kSums]), ...);
  }
  HWY_INLINE Words shifted(int row, int vector) const {
    return shift_words(sums_[row * kVectors + vector], weights_.shifts[kFirst + vector]);
  }

  const Weights& weights_;
  const std::uint8_t* rows_[kInputRows];
  Operand taps_[kTaps * kSums];
  Words sums_[kOpen * kSums];
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/wide_depthwise-inl.hpp
// Depthwise convolution of 3×3 kernels, neighbouring panels side by side. Compiled once per
// instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

inline constexpr int kWideKernel = 3;

/// The weights of panels for kRows output rows, whose quads are the first one's.
template <class Dot, int kRows>
struct WideWeights {
  static constexpr int kTaps = kWideKernel;
  typename Dot::Operand taps[kRows][kTaps * kLaneVectors];
  Words starts[kLaneVectors];
  Shifts shifts[kLaneVectors];

  HWY_INLINE WideWeights(const ByteDepthwise& rows, const PanelLanes& panels) {
    for (int i = 0; i < kTaps * kLaneVectors; ++i) {
      const auto quad = panels.load<Words>(rows.weights, std::size_t{kTaps} * kQuad * kPanel, i);
      taps[0][i] = Dot::weights(quad);
      if constexpr (kRows == 2) taps[1][i] = Dot::weights(move_down(quad, rows.stride.height));
    }
    for (int i = 0; i < kLaneVectors; ++i) {
      starts[i] = panels.load_words(rows.ending.constants.bias, i);
      shifts[i] = shifts_of(panels.load_words(rows.ending.constants.shift, i));
      subtract_offset<Dot, kTaps>(taps[0] + i, starts[i]);
    }
  }
};

/// The vectors of neighbouring outputs in kRows rows, or half of them, and if there are two groups
/// of lanes, in so many below them. Each column of the input is added to all outputs that it
/// belongs to, so that weights and sums stay in registers.
template <class Dot, int kHalf, int kHalves, int kStride, int kRows, int kGroups>
class WideOutputs {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  using Weights = WideWeights<Dot, kRows>;
  static constexpr int kVectors = kHalves * kHalfVectors;
  static constexpr int kShared = kWideKernel - kStride;  // columns that the next output reads, too
  static constexpr int kOpen = (kWideKernel + kStride - 1) / kStride;  // outputs that are summed
  static constexpr int kDown = kRows * kStride;  // input rows from a group's to the next one's

 public:
  HWY_INLINE WideOutputs(const Weights& weights, const WindowRows& window)
      : sums_(weights, window) {}

  /// Computes `count` outputs, the first of which has its first column at an offset, and gives
  /// `take` the halves of each one in each row.
  template <class Take>
  HWY_INLINE void compute(std::size_t offset, std::size_t pitch, int count, const Take& take) {
    sums_.template begin<0>();
    add_columns<0>(offset, pitch, Indices<kShared>());
    offset += kShared * pitch;
    for (int x = 0; x < count; ++x, offset += kStride * pitch) {
      add_columns<kShared>(offset, pitch, Indices<kStride>());
      end(x, take, Indices<kRows>());
      sums_.advance();
    }
  }

 private:
  template <int kSkipped, int... kColumn>
  HWY_INLINE void add_columns(std::size_t offset, std::size_t pitch,
                              std::integer_sequence<int, kColumn...>) {
    (add_column<kSkipped + kColumn>(offset + kColumn * pitch), ...);
  }
  template <int kColumn>
  HWY_INLINE void add_column(std::size_t offset) {
    Words quads[kHalves][kHalfVectors];
    load<kHalf>(offset, quads[0]);
    if constexpr (kHalves == 2) load<1>(offset, quads[1]);
    add_quads<kColumn>(quads, Indices<kVectors>(), Indices<kOpen * kRows * kVectors>());
  }
  template <int kLoaded>
  HWY_INLINE void load(std::size_t offset, Words (&quads)[kHalfVectors]) const {
    constexpr int kLast = kWideKernel + kRows - 2;  // the last row that has weights
    if constexpr (kGroups == 2)
      load_two_rows<kLoaded, kLast, kDown>(sums_.rows(), offset, quads);
    else
      load_wide_quads<kLoaded, kLast>(sums_.rows(), offset, quads);
  }
  template <int kColumn, int... kVector, int... kIndex>
  HWY_INLINE void add_quads(const Words (&quads)[kHalves][kHalfVectors],
                            std::integer_sequence<int, kVector...>,
                            std::integer_sequence<int, kIndex...>) {
    const Operand bytes[] = {Dot::bytes(quads[kVector / kHalfVectors][kVector % kHalfVectors])...};
    (add<kColumn, kIndex / kVectors, kIndex % kVectors>(bytes[kIndex % kVectors]), ...);
  }
  /// Adds a column to a row of an output, if it is one of its columns.
  template <int kColumn, int kRowOfOutputs, int kVector>
  HWY_INLINE void add([[maybe_unused]] const Operand& bytes) {
    constexpr int kOutput = kRowOfOutputs / kRows, kTap = kColumn - kOutput * kStride;
    if constexpr (kTap >= 0)
      sums_.template add<kOutput, kRowOfOutputs % kRows, kTap, kVector>(bytes);
  }

  template <class Take, int... kRow>
  HWY_INLINE void end(int x, const Take& take, std::integer_sequence<int, kRow...>) const {
    if constexpr (kHalves == 2)
      (take(kRow, x, sums_.halves(kRow, 0), sums_.halves(kRow, kHalfVectors)), ...);
    else
      (take(kRow, x, sums_.halves(kRow, 0)), ...);
  }

  SideSums<Dot, Weights, kQuad + (kGroups - 1) * kDown, kRows, kHalf * kHalfVectors, kVectors,
           kOpen>
      sums_;
};

/// How panels are computed side by side: rows of outputs whose quads are the first one's, and
/// groups of lanes.
template <class Dot, int kStep, int kRowCount, int kGroupCount>
struct WideForm {
  static constexpr int kStride = kStep, kRows = kRowCount, kGroups = kGroupCount;
  // Whether the registers have room for all vectors of an output, so that inputs are loaded once.
  static constexpr bool kAtOnce = kWords == 1 && kRows == 1;
  using Weights = WideWeights<Dot, kRows>;
  template <int kHalf>
  using Outputs = WideOutputs<Dot, kHalf, kAtOnce ? 2 : 1, kStride, kRows, kGroups>;
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/tall_depthwise-inl.hpp
// Depthwise convolution of 5×5 kernels, neighbouring panels side by side: quads of four rows in a
// column, and of four columns in the fifth row, so that 25 taps take seven of them. Compiled once
// per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

inline constexpr int kTallKernel = 5;

/// The weights of panels: of each column's first four rows, of the fifth row's columns but the
/// first one, and of that one, where it lies in the quad of the output before.
template <class Dot, int kStride>
struct TallWeights {
  static constexpr int kFifthRow = kTallKernel, kFirstColumn = kTallKernel + 1;
  static constexpr int kTaps = kTallKernel + 2;
  typename Dot::Operand taps[1][kTaps * kLaneVectors];
  Words starts[kLaneVectors];
  Shifts shifts[kLaneVectors];

  HWY_INLINE TallWeights(const ByteDepthwise& rows, const PanelLanes& panels) {
    for (int i = 0; i < kLaneVectors; ++i) {
      starts[i] = panels.load_words(rows.ending.constants.bias, i);
      shifts[i] = shifts_of(panels.load_words(rows.ending.constants.shift, i));
      const auto load = [&](int column, int quad) HWY_ATTR {
        return panels.load<Words>(rows.weights, std::size_t{kQuads * kTallKernel} * kQuad * kPanel,
                                  (kQuads * column + quad) * kLaneVectors + i);
      };
      Words fifth_row = load(1, 1);
      for (int column = 2; column < kTallKernel; ++column)
        fifth_row = add_words(fifth_row, move_down(load(column, 1), column - 1));
      for (int column = 0; column < kTallKernel; ++column)
        taps[0][column * kLaneVectors + i] = Dot::weights(load(column, 0));
      taps[0][kFifthRow * kLaneVectors + i] = Dot::weights(fifth_row);
      taps[0][kFirstColumn * kLaneVectors + i] = Dot::weights(move_down(load(0, 1), kStride - 1));
      subtract_offset<Dot, kTaps>(taps[0] + i, starts[i]);
    }
  }

 private:
  static constexpr int kQuads = 2;  // of a column, of which the second has the fifth row alone
};

/// Half of the vectors of neighbouring outputs in a row. Each quad of the input is added to all
/// outputs that it belongs to, so that sums stay in registers.
template <class Dot, int kHalf, int kStride>
class TallOutputs {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  using Weights = TallWeights<Dot, kStride>;
  static constexpr int kVectors = kHalfVectors;
  static constexpr int kOpen = (kTallKernel + kStride - 1) / kStride;  // outputs that are summed
  static constexpr int kShared = kTallKernel - kStride;  // columns that the next output reads, too

 public:
  HWY_INLINE TallOutputs(const Weights& weights, const WindowRows& window)
      : sums_(weights, window), fifth_row_(window.rows[kQuad]) {}

  /// Computes `count` outputs, the first of which has its first column at an offset, and gives
  /// `take` the halves of each one.
  template <class Take>
  HWY_INLINE void compute(std::size_t offset, std::size_t pitch, int count, const Take& take) {
    sums_.template begin<0>();
    add_columns<0>(offset, pitch, Indices<kShared>());
    // With a stride of two, the quad before the first one begins in the row above.
    add_fifth_row<false>(fifth_row_ + offset + pitch - kStride * pitch, pitch);
    for (int x = 0; x < count; ++x, offset += kStride * pitch) {
      add_columns<kShared>(offset + kShared * pitch, pitch, Indices<kStride>());
      add_fifth_row<true>(fifth_row_ + offset + pitch, pitch);
      take(0, x, sums_.halves(0, 0));
      sums_.advance();
    }
  }

 private:
  template <int kSkipped, int... kColumn>
  HWY_INLINE void add_columns(std::size_t offset, std::size_t pitch,
                              std::integer_sequence<int, kColumn...>) {
    (add_column<kSkipped + kColumn>(offset + kColumn * pitch, Indices<kOpen>()), ...);
  }
  template <int kColumn, int... kOutput>
  HWY_INLINE void add_column(std::size_t offset, std::integer_sequence<int, kOutput...>) {
    Words quads[kVectors];
    load_wide_quads<kHalf>(sums_.rows(), offset, quads);
    const Operand bytes[kVectors] = {Dot::bytes(quads[0]), Dot::bytes(quads[1])};
    (add<kColumn - kOutput * kStride, kOutput>(bytes), ...);
  }
  /// Adds four columns of the fifth row to the first output, if they are its last ones, and that
  /// of them to the next output which is its first one.
  template <bool kToFirst>
  HWY_INLINE void add_fifth_row(const std::uint8_t* columns, std::size_t pitch) {
    const std::uint8_t* const places[kQuad] = {columns, columns + pitch, columns + 2 * pitch,
                                               columns + 3 * pitch};
    Words quads[kVectors];
    load_wide_quads<kHalf>(places, 0, quads);
    const Operand bytes[kVectors] = {Dot::bytes(quads[0]), Dot::bytes(quads[1])};
    if constexpr (kToFirst) add<Weights::kFifthRow, 0>(bytes);
    add<Weights::kFirstColumn, kToFirst ? 1 : 0>(bytes);
  }
  template <int kTap, int kOutput>
  HWY_INLINE void add([[maybe_unused]] const Operand (&bytes)[kVectors]) {
    if constexpr (kTap >= 0) {
      sums_.template add<kOutput, 0, kTap, 0>(bytes[0]);
      sums_.template add<kOutput, 0, kTap, 1>(bytes[1]);
    }
  }

  SideSums<Dot, Weights, kQuad, 1, kHalf * kHalfVectors, kVectors, kOpen> sums_;
  const std::uint8_t* fifth_row_;
};

/// How panels are computed side by side: one row of outputs after the other.
template <class Dot, int kStep>
struct TallForm {
  static constexpr int kStride = kStep, kRows = 1, kGroups = 1;
  static constexpr bool kAtOnce = false;
  using Weights = TallWeights<Dot, kStride>;
  template <int kHalf>
  using Outputs = TallOutputs<Dot, kHalf, kStride>;
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/side_panels-inl.hpp
// A depthwise layer's rows, of neighbouring panels side by side: their sums become bytes. Compiled
// once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Outputs of a row whose halves wait for their ending.
inline constexpr int kSpan = 28;

/// Makes bytes of an output's halves. Rows from `rows` on are not stored.
template <ByteSteps kSteps, int kRows, int kGroups>
struct OutputBytes {
  const BytePanel<kSteps>& ending;
  int rows;
  std::uint8_t* to;
  std::size_t pixel_pitch, row_pitch;

  HWY_INLINE void operator()(int row, int x, Halves lower, Halves upper) const {
    if (row >= rows) return;
    const Halves first = ending.end(lower, 0), second = ending.end(upper, 1);
    if constexpr (kGroups == 2)
      store_two_rows(first, second, place(row, x),
                     row + kRows < rows ? place(row + kRows, x) : nullptr);
    else
      store_lanes(first, second, place(row, x));
  }
  HWY_INLINE std::uint8_t* place(int row, int x) const {
    return to + static_cast<std::size_t>(row) * row_pitch +
           static_cast<std::size_t>(x) * pixel_pitch;
  }
};

/// Keeps the lower halves of outputs: [row][output].
struct LowerHalves {
  Halves (*halves)[kSpan];

  HWY_INLINE void operator()(int row, int x, Halves lower) const { halves[row][x] = lower; }
};

/// Makes bytes of them and of the upper halves, while the next ones are summed.
template <class Bytes>
struct UpperHalves {
  const Halves (*halves)[kSpan];
  const Bytes& bytes;

  HWY_INLINE void operator()(int row, int x, Halves upper) const {
    bytes(row, x, halves[row][x], upper);
  }
};

/// Panels side by side.
template <class Form, ByteSteps kSteps>
class SidePanels {
  static constexpr int kStride = Form::kStride, kRows = Form::kRows, kGroups = Form::kGroups;

 public:
  HWY_INLINE SidePanels(const ByteDepthwise& rows, const PanelLanes& panels)
      : rows_(rows),
        weights_(rows, panels),
        ending_(rows.ending, panels),
        channel_(static_cast<std::size_t>(panels.first * kPanel)) {}

  HWY_INLINE void compute() {
    const int width = rows_.output.width, spans = (width + kSpan - 1) / kSpan;
    for (int y = 0; y < rows_.rows; y += kRows * kGroups) {
      // What is below the last row is not stored.
      const int count = std::min(kRows * kGroups, rows_.rows - y);
      const WindowRows window(rows_, y, (count - 1) * rows_.stride.height);
      for (int i = 0; i < spans; ++i) {
        const int x = width * i / spans, outputs = width * (i + 1) / spans - x;
        compute_outputs(window, y, count, x, outputs);
      }
    }
  }

 private:
  HWY_INLINE void compute_outputs(const WindowRows& window, int y, int rows, int x, int outputs) {
    const std::size_t offset = channel_ + static_cast<std::size_t>(x * kStride) * rows_.pixel_pitch;
    const BytePixels<std::uint8_t>& output = rows_.output;
    std::uint8_t* const to = output.pixels + static_cast<std::size_t>(y) * output.row_pitch +
                             static_cast<std::size_t>(x) * output.pixel_pitch + channel_;
    const OutputBytes<kSteps, kRows, kGroups> bytes = {ending_, rows, to, output.pixel_pitch,
                                                       output.row_pitch};
    typename Form::template Outputs<0> first(weights_, window);
    if constexpr (Form::kAtOnce) {
      first.compute(offset, rows_.pixel_pitch, outputs, bytes);
    } else {
      first.compute(offset, rows_.pixel_pitch, outputs, LowerHalves{halves_});
      typename Form::template Outputs<1>(weights_, window)
          .compute(offset, rows_.pixel_pitch, outputs,
                   UpperHalves<OutputBytes<kSteps, kRows, kGroups>>{halves_, bytes});
    }
  }

  const ByteDepthwise& rows_;
  const typename Form::Weights weights_;
  const BytePanel<kSteps> ending_;
  std::size_t channel_;
  Halves halves_[kRows][kSpan];  // the lower ones
};

template <class Form, ByteSteps kSteps>
HWY_NOINLINE void side_panels(const ByteDepthwise& rows, const PanelLanes& panels) {
  SidePanels<Form, kSteps>(rows, panels).compute();
}

/// Computes panels side by side.
template <class Dot, class Form>
void side_panels(const ByteDepthwise& rows, const PanelLanes& panels) {
  with_activation<Dot>(
      rows.ending, [&](auto steps) { side_panels<Form, decltype(steps)::value>(rows, panels); });
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/byte_depthwise-inl.hpp
// Depthwise convolution of bytes: of panels side by side, as many as vectors have lanes for, then
// of those that are left. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Computes panels from `begin` on side by side, as long as they fill vectors, then two of them for
/// two rows at a time where vectors hold these, and returns the first one that is left.
template <class Dot>
HWY_INLINE int side_depthwise(const ByteDepthwise& rows, int begin, int end) {
  constexpr int kRows = kSharesQuads ? 2 : 1;  // of kernels that leave room in a quad
  const bool narrow = rows.kernel.width == 3, strides = rows.stride.width == 2;
  if (!is_usual(rows) || (narrow && !strides && kRows == 2 && rows.stride.height > 1)) return begin;
  const auto wide = strides ? side_panels<Dot, WideForm<Dot, 2, 1, 1>>
                            : side_panels<Dot, WideForm<Dot, 1, kRows, 1>>;
  const auto tall =
      strides ? side_panels<Dot, TallForm<Dot, 2>> : side_panels<Dot, TallForm<Dot, 1>>;
  const auto compute = narrow ? wide : tall;
  for (; end - begin >= kSidePanels; begin += kSidePanels) compute(rows, {begin, kSidePanels});
  if constexpr (kHasTwoRows) {
    constexpr int kHalf = kSidePanels / 2;
    if (end - begin >= kHalf && narrow && rows.stride.height == rows.stride.width) {
      const auto two_rows = strides ? side_panels<Dot, WideForm<Dot, 2, 1, 2>>
                                    : side_panels<Dot, WideForm<Dot, 1, kRows, 2>>;
      two_rows(rows, {begin, kHalf});
      begin += kHalf;
    }
  }
  return begin;
}

/// Computes panels [begin, end) of a depthwise layer's rows.
template <bool kVnni>
void byte_depthwise(const ByteDepthwise& rows, int begin, int end) {
  using Dot = DepthwiseDot<kVnni>;
  const bool adds = rows.addend.pixels != nullptr;
  if (!adds) begin = side_depthwise<Dot>(rows, begin, end);
  with_steps<Dot>(rows.ending, adds, [&](auto steps) {
    for (int panel = begin; panel < end; ++panel) {
#if PPLCNET_PANEL_LANES
      depthwise_panel<Dot, decltype(steps)::value>(rows, panel);
#else
      depthwise_any_panel<Dot, decltype(steps)::value>(rows, panel);
#endif
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// clang-format on
// These need some of what is before them.
// from pplcnet/kernels/int8/dense-inl.hpp
// Dense layers of bytes for one image or two: weights, of which each is used once, pass by as fast
// as memory gives them. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The sums of a panel for one image, in parts, by quad, which hide the latency of one.
template <class Dot>
class DenseSums {
  static constexpr int kParts = kWords == 1 ? 8 : kWords == 2 ? 4 : 2;
  static constexpr int kStep = kQuad * kPanel;  // bytes of a quad's weights
  static constexpr int kAhead = 4096;           // what the cache after the first one needs
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  HWY_INLINE DenseSums(const std::int8_t* weights, const std::uint8_t* input, int quads,
                       const std::int32_t* starts) {
    start(starts, Indices<kParts * kWords>());
    int quad = 0;
    for (; quad + kParts <= quads; quad += kParts, weights += kParts * kStep)
      add(weights, input + quad * kQuad, Indices<kParts * kWords>());
    for (; quad < quads; ++quad, weights += kStep)
      add(weights, input + quad * kQuad, Indices<kWords>());
    join(Indices<(kParts - 1) * kWords>());
  }

  HWY_INLINE void store(std::int32_t* sums) const {
    for (int i = 0; i < kWords; ++i) store_words(sums_[i], sums, i);
  }

 private:
  template <int... kIndex>
  HWY_INLINE void start(const std::int32_t* starts, std::integer_sequence<int, kIndex...>) {
    const Words first = load_words(starts, 0);
    ((sums_[kIndex] =
          kIndex < kWords ? load_words(starts, kIndex % kWords) : subtract_words(first, first)),
     ...);
  }
  template <int... kIndex>
  HWY_INLINE void add(const std::int8_t* weights, const std::uint8_t* input,
                      std::integer_sequence<int, kIndex...>) {
    (add_word<kIndex>(weights + kIndex / kWords * kStep, input + kIndex / kWords * kQuad), ...);
  }
  template <int kIndex>
  HWY_INLINE void add_word(const std::int8_t* weights, const std::uint8_t* quad) {
#if defined(__GNUC__) || defined(__clang__)
    if constexpr (kIndex % kWords == 0) __builtin_prefetch(weights + kAhead);
#endif
    sums_[kIndex] = Dot::add(sums_[kIndex], Dot::bytes(repeat_quad(quad)),
                             Dot::weights(load_words(weights, kIndex % kWords)));
  }
  template <int... kIndex>
  HWY_INLINE void join(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex % kWords] = sum_of(sums_[kIndex % kWords], sums_[kIndex + kWords])), ...);
  }

  static HWY_INLINE Words sum_of(Words a, Words b) {
    return subtract_words(a, subtract_words(subtract_words(b, b), b));
  }

  Words sums_[kParts * kWords];
};

/// Ends the sums of a panel for one image.
inline HWY_NOINLINE void end_dense(const ByteProduct& product, int panel, int image,
                                   const std::int32_t* sums) {
  const PixelPlaces<std::uint8_t> outputs(product.output, image, 1);
  if (product.ending.kind != Ending::bytes)
    return end_values(product.ending, panel, sums, kPanel, 1, outputs.from(0));
  end_bytes<ByteSteps::either>(product.ending, static_cast<std::size_t>(panel * kPanel), sums, 1,
                               outputs.from(0), nullptr);
}

/// Computes panels [begin, end) of a dense layer for so many images.
template <bool kVnni>
void byte_dense(const ByteProduct& product, int images, int begin, int end) {
  using Dot = ProductDot<kVnni>;
  constexpr int kFew = 2;  // images: as of more, a product uses each weight for several at a time
  if (images > kFew) return byte_product<kVnni>(product, images, begin, end);
  const auto pitch = static_cast<std::size_t>(product.row_depth) * kPanel;
  HWY_ALIGN std::int32_t starts[kPanel], sums[kUnitPixels * kPanel] = {};
  for (int panel = begin; panel < end; ++panel) {
    const std::int8_t* const weights = product.weights + static_cast<std::size_t>(panel) * pitch;
    start_sums<Dot>(weights, pitch, product.ending.constants.bias + panel * kPanel, starts);
    for (int image = 0; image < images; ++image) {
      const DenseSums<Dot> panel_sums(
          weights, product.rows[0] + static_cast<std::size_t>(image) * product.pixel_pitch,
          product.row_depth / kQuad, starts);
      panel_sums.store(sums);
      end_dense(product, panel, image, sums);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/gate-inl.hpp
// A map in bytes times a factor for each channel. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

#if PPLCNET_BYTE_VECTORS
/// Multiplies channels of pixel `from`, as many at a time as a vector of halves has, up to kMost,
/// and returns the first one that is left.
template <int kMost>
HWY_INLINE int gate_channels(const ByteGate& gate, const std::uint8_t* from, int begin, int end,
                             std::uint8_t* to) {
  const hn::CappedTag<std::int16_t, kMost> d;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  const int lanes = static_cast<int>(hn::Lanes(d));
  int c = begin;
  for (; c + lanes <= end; c += lanes) {
    const auto map = hn::PromoteTo(d, hn::LoadU(bytes, from + c));
    const auto steps = hn::ShiftLeft<4>(hn::Sub(map, hn::LoadU(d, gate.constants.addend_zero + c)));
    const auto product = hn::MulFixedPoint15(steps, hn::LoadU(d, gate.factors + c));
    const auto sum = hn::SaturatedAdd(product, hn::LoadU(d, gate.constants.zero + c));
    hn::StoreU(hn::DemoteTo(bytes, sum), bytes, to + c);
  }
  return c;
}
#endif

/// Multiplies channels [begin, end) of pixel `from`; both are multiples of 16.
HWY_INLINE void gate_pixel(const ByteGate& gate, const std::uint8_t* from, int begin, int end,
                           std::uint8_t* to) {
#if PPLCNET_BYTE_VECTORS
  gate_channels<kPanel>(gate, from, gate_channels<2 * kPanel>(gate, from, begin, end, to), end, to);
#else
  for (int c = begin; c < end; ++c) {
    const int steps = (from[c] - gate.constants.addend_zero[c]) * 16;
    const int product = (steps * gate.factors[c] + (1 << 14)) >> 15;
    to[c] = static_cast<std::uint8_t>(std::clamp(product + gate.constants.zero[c], 0, 255));
  }
#endif
}

/// Computes panels [begin, end) of channels of so many pixels.
inline HWY_NOINLINE void gate_pixels(const ByteGate& gate, int pixels, int begin, int end) {
  for (int row = 0; row * gate.input.width < pixels; ++row) {
    const std::uint8_t* from =
        gate.input.pixels + static_cast<std::size_t>(row) * gate.input.row_pitch;
    std::uint8_t* to = gate.output.pixels + static_cast<std::size_t>(row) * gate.output.row_pitch;
    for (int x = 0; x < gate.input.width; ++x) {
      gate_pixel(gate, from, begin * kPanel, end * kPanel, to);
      from += gate.input.pixel_pitch;
      to += gate.output.pixel_pitch;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The kernels of this instruction set, with an instruction that sums four products or without.
template <bool kDot>
inline constexpr QuantisedKernels kQuantisedKernels = {.picture_rows = load_picture_rows,
                                                       .product = byte_product<kDot>,
                                                       .dense = byte_dense<kDot>,
                                                       .depthwise = byte_depthwise<kDot>,
                                                       .gate = gate_pixels,
                                                       .pool = pool_panels};

/// Returns the ones or the others.
inline const QuantisedKernels& quantised_kernels(bool dot) {
  return dot ? kQuantisedKernels<true> : kQuantisedKernels<false>;
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif

#undef HWY_TARGET
#define HWY_TARGET HWY_AVX3
// from pplcnet/kernels/int8/set_target-inl.hpp
// Compiles what comes after it for HWY_TARGET. A file that has the kernels for floats has Highway's
// operations for it, too: once is enough.
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
// from pplcnet/kernels/int8/forward-inl.hpp
// All kernels of networks in bytes. Compiled once per instruction set.
#if PPLCNET_BYTE_VECTORS
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::hn {
using namespace hwy::HWY_NAMESPACE;  // NOLINT(google-build-using-namespace): it is Highway's name
}  // namespace HWY_NAMESPACE::hn
}  // namespace pplcnet::inline PPLCNET_ABI
#endif
// from pplcnet/kernels/int8/picture_rows-inl.hpp
// Rows of the picture as bytes. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Puts `count` pixels of three planes side by side.
HWY_INLINE void interleave(const std::uint8_t* const* planes, std::size_t count, std::uint8_t* to) {
  std::size_t x = 0;
#if PPLCNET_BYTE_VECTORS
  const hn::ScalableTag<std::uint8_t> d;
  for (; x + hn::Lanes(d) <= count; x += hn::Lanes(d))
    hn::StoreInterleaved3(hn::LoadU(d, planes[0] + x), hn::LoadU(d, planes[1] + x),
                          hn::LoadU(d, planes[2] + x), d, to + kPictureChannels * x);
#endif
  for (; x < count; ++x)
    for (std::size_t c = 0; c < kPictureChannels; ++c) to[kPictureChannels * x + c] = planes[c][x];
}

/// Copies `count` pixels, of which `from` is channel 0, whose channels lie in the opposite order.
HWY_INLINE void reverse_pixels(const std::uint8_t* from, std::size_t count, std::uint8_t* to) {
  from -= kPictureChannels - 1;
  std::size_t x = 0;
#if PPLCNET_BYTE_VECTORS
  const hn::ScalableTag<std::uint8_t> d;
  for (; x + hn::Lanes(d) <= count; x += hn::Lanes(d)) {
    hn::Vec<decltype(d)> a, b, c;
    hn::LoadInterleaved3(d, from + kPictureChannels * x, a, b, c);
    hn::StoreInterleaved3(c, b, a, d, to + kPictureChannels * x);
  }
#endif
  for (; x < count; ++x)
    for (std::size_t c = 0; c < kPictureChannels; ++c)
      to[kPictureChannels * x + c] = from[kPictureChannels * (x + 1) - 1 - c];
}

/// Rounds `count` values of a channel, side by side, as picture_byte does.
HWY_INLINE void round_values(const float* from, float scale, float zero, std::size_t count,
                             std::uint8_t* to) {
  std::size_t x = 0;
#if PPLCNET_BYTE_VECTORS && HWY_HAVE_FLOAT64  // without float64, Highway's quotients are not exact
  const hn::ScalableTag<float> d;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  const hn::Rebind<std::uint32_t, decltype(d)> words;
  for (; x + hn::Lanes(d) <= count; x += hn::Lanes(d)) {
    const auto quotient = hn::Div(hn::LoadU(d, from + x), hn::Set(d, scale));
    const auto step = hn::Add(quotient, hn::Set(d, zero));
    const auto inside =
        hn::IfThenElseZero(hn::Gt(step, hn::Zero(d)), hn::Min(step, hn::Set(d, 255)));
    // From 2^23 on, floats are integers, whose lowest byte is the one.
    const auto integer = hn::BitCast(words, hn::Add(inside, hn::Set(d, 8388608)));
    hn::StoreU(hn::TruncateTo(bytes, integer), bytes, to + x);
  }
#endif
  for (; x < count; ++x) to[x] = picture_byte(from[x], scale, zero);
}

/// Copies pixels whose bytes are others in the network, or lie anywhere: some at a time, so that
/// what is computed for each channel is in cache.
HWY_INLINE void convert_pixels(const Picture& picture, const PictureBytes& bytes,
                               std::ptrdiff_t row, std::size_t count, std::uint8_t* to) {
  constexpr std::size_t kBlock = 256;
  std::uint8_t blocks[kPictureChannels][kBlock];
  for (std::size_t begin = 0; begin < count; begin += kBlock, to += kPictureChannels * kBlock) {
    const std::size_t length = std::min(kBlock, count - begin);
    const std::uint8_t* planes[kPictureChannels];
    for (std::ptrdiff_t c = 0; c < kPictureChannels; ++c) {
      const std::ptrdiff_t first =
          row + c * picture.channel + static_cast<std::ptrdiff_t>(begin) * picture.pixel;
      planes[c] = blocks[c];
      if (picture.values != nullptr && picture.pixel == 1) {
        round_values(picture.values + first, bytes.constants.scale[c], bytes.constants.zero[c],
                     length, blocks[c]);
      } else if (picture.values != nullptr) {
        for (std::size_t i = 0; i < length; ++i)
          blocks[c][i] =
              picture_byte(picture.values[first + static_cast<std::ptrdiff_t>(i) * picture.pixel],
                           bytes.constants.scale[c], bytes.constants.zero[c]);
      } else if (bytes.same && picture.pixel == 1) {
        planes[c] = picture.bytes + first;
      } else {
        for (std::size_t i = 0; i < length; ++i)
          blocks[c][i] =
              bytes.table[c][picture.bytes[first + static_cast<std::ptrdiff_t>(i) * picture.pixel]];
      }
    }
    interleave(planes, length, to);
  }
}

/// Copies rows [begin, end) of the picture, of which some may be outside of it, inside their frame,
/// as far as a convolution reads them.
inline HWY_NOINLINE void load_picture_rows(const QuantisedLayer& layer, const Picture& picture,
                                           const PictureBytes& bytes, int begin, int end,
                                           std::uint8_t* to) {
  constexpr std::size_t kPixel = kPictureChannels;
  const std::size_t pitch = layer.picture_row_pitch();
  const std::size_t left = kPixel * static_cast<std::size_t>(layer.padding.left);
  const std::size_t count =
      std::min(static_cast<std::size_t>(layer.input.width), (pitch - left) / kPixel);
  constexpr std::size_t kPattern = 16 * kPixel;
  std::uint8_t pattern[kPixel + kPattern];
  for (std::size_t i = 0; i < sizeof pattern; ++i) pattern[i] = bytes.frame[i % kPixel];
  const auto fill_frame = [&](std::size_t from, std::size_t until) {
    const std::uint8_t* const first = pattern + from % kPixel;
    for (; from + kPattern <= until; from += kPattern) std::memcpy(to + from, first, kPattern);
    std::memcpy(to + from, first, until - from);
  };
  for (int y = begin; y < end; ++y, to += pitch) {
    if (y < 0 || y >= layer.input.height) {
      fill_frame(0, pitch);
      continue;
    }
    const bool interleaved = bytes.same && picture.pixel == kPictureChannels;
    const std::ptrdiff_t row = y * picture.row;
    fill_frame(0, left);
    if (interleaved && picture.channel == 1)
      std::memcpy(to + left, picture.bytes + row, kPixel * count);
    else if (interleaved && picture.channel == -1)
      reverse_pixels(picture.bytes + row, count, to + left);
    else
      convert_pixels(picture, bytes, row, count, to + left);
    fill_frame(left + kPixel * count, pitch);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/pool-inl.hpp
// Means over all pixels of a map in bytes. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

#if PPLCNET_BYTE_VECTORS
/// Sums of neighbouring panels over all pixels of a map.
template <int kPanels>
class PixelSums {
  using Sums = hn::CappedTag<std::uint16_t, std::min(kPanels, 2) * kPanel>;
  static constexpr int kLanes = static_cast<int>(hn::MaxLanes(Sums()));
  static constexpr int kMost = 256;  // bytes whose sum fits 16 bits
  using Indices = std::make_integer_sequence<int, kPanels * kPanel / kLanes>;

 public:
  /// Adds them to `sums`.
  HWY_INLINE PixelSums(const QuantisedLayer& layer, const std::uint8_t* panels,
                       std::uint32_t* sums) {
    const ByteMap& source = layer.source;
    const auto pitch = static_cast<std::size_t>(source.pixel_pitch);
    const int width = layer.input.width;
    int room = kMost;
    begin(Indices());
    for (int y = 0; y < layer.input.height; ++y) {
      const std::uint8_t* pixel = panels + source.pixels(y);
      for (int x = 0, end; x < width; x = end) {
        end = std::min(width, x + room);
        room -= end - x;
        for (int i = x; i < end; ++i, pixel += pitch) add(pixel, Indices());
        if (room > 0) continue;
        room = kMost;
        end_block(sums, Indices());
      }
    }
    end_block(sums, Indices());
  }

 private:
  template <int... kIndex>
  HWY_INLINE void begin(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = hn::Zero(Sums())), ...);
  }
  template <int... kIndex>
  HWY_INLINE void add(const std::uint8_t* pixel, std::integer_sequence<int, kIndex...>) {
    const hn::Rebind<std::uint8_t, Sums> bytes;
    ((sums_[kIndex] =
          hn::Add(sums_[kIndex], hn::PromoteTo(Sums(), hn::LoadU(bytes, pixel + kIndex * kLanes)))),
     ...);
  }
  template <int... kIndex>
  HWY_INLINE void end_block(std::uint32_t* sums, std::integer_sequence<int, kIndex...>) {
    std::uint16_t block[kPanels * kPanel];
    (hn::StoreU(sums_[kIndex], Sums(), block + kIndex * kLanes), ...);
    const hn::CappedTag<std::uint32_t, kPanel> d;
    const hn::Rebind<std::uint16_t, decltype(d)> narrow;
    for (std::size_t c = 0; c < kPanels * kPanel; c += hn::Lanes(d))
      hn::StoreU(hn::Add(hn::LoadU(d, sums + c), hn::PromoteTo(d, hn::LoadU(narrow, block + c))), d,
                 sums + c);
    begin(Indices());
  }

  hn::Vec<Sums> sums_[kPanels * kPanel / kLanes];
};
#else
/// Sums of a panel over all pixels of a map.
template <int>
struct PixelSums {
  PixelSums(const QuantisedLayer& layer, const std::uint8_t* panel, std::uint32_t* sums) {
    for (int y = 0; y < layer.input.height; ++y) {
      const std::uint8_t* pixel = panel + layer.source.pixels(y);
      for (int x = 0; x < layer.input.width; ++x, pixel += layer.source.pixel_pitch)
        for (int c = 0; c < kPanel; ++c) sums[c] += pixel[c];
    }
  }
};
#endif

/// Divides by a number of pixels, rounding down: a product and a shift give the quotients of
/// numbers of 31 bits.
class PixelQuotient {
 public:
  explicit PixelQuotient(std::uint32_t pixels)
      : shift_(31 + static_cast<int>(std::bit_width(pixels - 1))),
        reciprocal_(static_cast<std::uint32_t>((std::uint64_t{1} << shift_) / pixels + 1)) {}

  std::uint32_t of(std::uint32_t number) const {
    return static_cast<std::uint32_t>(std::uint64_t{number} * reciprocal_ >> shift_);
  }
#if PPLCNET_BYTE_VECTORS
  template <class D, class Numbers = hn::Vec<D>>
  HWY_INLINE Numbers of(D d, Numbers numbers) const {
    const hn::RepartitionToWide<D> wide;
    const auto reciprocal = hn::Set(d, reciprocal_);
    const auto odd_numbers = hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(wide, numbers)));
    const auto even = hn::ShiftRightSame(hn::MulEven(numbers, reciprocal), shift_);
    const auto odd = hn::ShiftRightSame(hn::MulEven(odd_numbers, reciprocal), shift_);
    return hn::BitCast(d, hn::Or(even, hn::ShiftLeft<32>(odd)));
  }
#endif

 private:
  int shift_;
  std::uint32_t reciprocal_;
};

/// Computes kPanels panels, so that all of a cache line is read at once where there are four.
template <int kPanels>
HWY_NOINLINE void pool_panels(const QuantisedLayer& layer, const EndingConstants& constants,
                              const std::uint8_t* maps, int panel, std::uint8_t* to) {
  const auto pixels = static_cast<std::uint32_t>(layer.input.pixels());
  const PixelQuotient quotient(pixels);
  std::uint32_t sums[kPanels * kPanel] = {};
  PixelSums<kPanels>(layer, maps + panel * kPanel, sums);
#if PPLCNET_BYTE_VECTORS
  const hn::CappedTag<std::int32_t, kPanel> d;
  const hn::RebindToUnsigned<decltype(d)> unsigned_d;
  const hn::Rebind<std::int16_t, decltype(d)> halves;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  const auto half = hn::Set(unsigned_d, pixels / 2);
  for (int i = 0; i < kPanels * kPanel; i += static_cast<int>(hn::Lanes(d))) {
    const int c = panel * kPanel + i;
    const auto number = hn::Add(hn::ShiftLeft<7>(hn::LoadU(unsigned_d, sums + i)), half);
    const auto mean = hn::BitCast(d, quotient.of(unsigned_d, number));
    const auto zero = hn::PromoteTo(d, hn::LoadU(halves, constants.addend_zero + c));
    const auto above = hn::DemoteTo(halves, hn::Sub(mean, hn::ShiftLeft<7>(zero)));
    const auto product = hn::MulFixedPoint15(above, hn::LoadU(halves, constants.multiplier + c));
    const auto sum = hn::SaturatedAdd(product, hn::LoadU(halves, constants.zero + c));
    hn::StoreU(hn::DemoteTo(bytes, sum), bytes, to + c);
  }
#else
  for (int i = 0; i < kPanels * kPanel; ++i) {
    const int c = panel * kPanel + i;
    const auto mean = static_cast<std::int32_t>(quotient.of(sums[i] * 128 + pixels / 2));
    const std::int32_t above = std::clamp(mean - constants.addend_zero[c] * 128, -32768, 32767);
    const std::int32_t product = (above * constants.multiplier[c] + (1 << 14)) >> 15;
    to[c] = static_cast<std::uint8_t>(std::clamp(product + constants.zero[c], 0, 255));
  }
#endif
}

/// Computes panels [begin, end) of a pooling layer.
inline void pool_panels(const QuantisedLayer& layer, const EndingConstants& constants,
                        const std::uint8_t* maps, int begin, int end, std::uint8_t* to) {
  int panel = begin;
#if PPLCNET_BYTE_VECTORS
  constexpr int kMany = 4;
  for (; panel + kMany <= end; panel += kMany)
    pool_panels<kMany>(layer, constants, maps, panel, to);
#endif
  for (; panel < end; ++panel) pool_panels<1>(layer, constants, maps, panel, to);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/sums-inl.hpp
// The kernels that sum products of bytes. Compiled once per instruction set. Each file uses those
// above it:
// clang-format off
// from pplcnet/kernels/int8/dot-inl.hpp
// Sums of four products of a byte and a signed byte each, and what becomes of them: a few
// operations that all instruction sets have in some form. Compiled once per instruction set.
#undef PPLCNET_PANEL_LANES
#define PPLCNET_PANEL_LANES (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2)  // vectors have several lanes
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
// from pplcnet/kernels/int8/plain-inl.hpp
// What stands for vectors of sums of bytes where there are none, or not of a known size. Compiled
// for such instruction sets alone.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of four channels, their quads of bytes, or eight halves.
struct Words {
  std::int32_t values[4];
};
struct Halves {
  std::int16_t values[8];
};
inline constexpr int kWords = 4;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 1;  // whose bytes fill a vector

HWY_INLINE std::int16_t saturate(std::int32_t value) {
  return static_cast<std::int16_t>(std::clamp(value, -32768, 32767));
}

HWY_INLINE Words load_words(const void* panel, int number) {
  Words words;
  std::memcpy(words.values, static_cast<const char*>(panel) + 16 * number, sizeof words);
  return words;
}
HWY_INLINE void store_words(const Words& a, std::int32_t* panel, int number) {
  std::memcpy(panel + 4 * number, a.values, sizeof a);
}
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return {{word, word, word, word}};
}
HWY_INLINE Words add_words(Words a, const Words& b) {
  for (int i = 0; i < 4; ++i) a.values[i] += b.values[i];
  return a;
}
HWY_INLINE Words subtract_words(Words a, const Words& b) {
  for (int i = 0; i < 4; ++i) a.values[i] -= b.values[i];
  return a;
}
using Shifts = Words;
HWY_INLINE Shifts shifts_of(const Words& counts) { return counts; }
HWY_INLINE Words shift_words(Words a, const Words& count) {
  for (int i = 0; i < 4; ++i) a.values[i] >>= count.values[i];
  return a;
}

template <int = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int part) {
  Halves halves;
  std::memcpy(halves.values, panel + 8 * part, sizeof halves);
  return halves;
}
/// Returns `function` of the lanes of two vectors.
template <class Function>
HWY_INLINE Halves halves_of(Halves a, const Halves& b, const Function& function) {
  for (int i = 0; i < 8; ++i)
    a.values[i] = static_cast<std::int16_t>(function(std::int32_t{a.values[i]}, b.values[i]));
  return a;
}
HWY_INLINE Halves set_halves(int value) {
  return halves_of({}, {}, [&](int, int) { return value; });
}
HWY_INLINE Halves narrow(const Words& a, const Words& b) {
  Halves halves;
  for (int i = 0; i < 8; ++i) halves.values[i] = saturate(i < 4 ? a.values[i] : b.values[i - 4]);
  return halves;
}
HWY_INLINE Halves add(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return saturate(x + y); });
}
HWY_INLINE Halves subtract(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return x - y; });
}
HWY_INLINE Halves scale(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return (x * y + (1 << 14)) >> 15; });
}
HWY_INLINE Halves lesser(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return std::min(x, y); });
}
HWY_INLINE Halves greater(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return std::max(x, y); });
}
template <int kBits>
HWY_INLINE Halves shift_left(const Halves& a) {
  return halves_of(a, a, [](int x, int) { return x * (1 << kBits); });
}
template <int kBits>
HWY_INLINE Halves shift_right(const Halves& a) {
  return halves_of(a, a, [](int x, int) { return x >> kBits; });
}

/// Loads the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  for (int i = 0; i < 16; ++i) unit[i / 8].values[i % 8] = pixels[0][channel + std::size_t(i)];
}

/// Stores the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int) {
  for (int i = 0; i < 16; ++i)
    pixels[0][channel + std::size_t(i)] =
        static_cast<std::uint8_t>(std::clamp<int>(unit[i / 8].values[i % 8], 0, 255));
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  for (int channel = 0; channel < 16; ++channel) {
    std::uint8_t quad[4];
    for (int y = 0; y < 4; ++y) quad[y] = rows[y][offset + static_cast<std::size_t>(channel)];
    std::memcpy(&quads[channel / 4].values[channel % 4], quad, sizeof quad);
  }
}

inline constexpr int kSidePanels = 1;       // panels that vectors hold side by side
inline constexpr bool kHasTwoRows = false;  // whether they hold panels of two rows

template <class Vector>
HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Vector& vector) {
  std::memcpy(vector.values, lanes[0], sizeof vector);
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(const Words& quads, int rows) {
  Words moved;
  for (int i = 0; i < 4; ++i) {
    std::int8_t bytes[4], lower[4] = {};
    std::memcpy(bytes, quads.values + i, sizeof bytes);
    for (int y = rows; y < 4; ++y) lower[y] = bytes[y - rows];
    std::memcpy(moved.values + i, lower, sizeof lower);
  }
  return moved;
}

/// Quads of four rows' bytes, for eight channels: the lower ones or the upper ones.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  for (int channel = 0; channel < 8; ++channel) {
    std::uint8_t quad[4];
    for (int y = 0; y < 4; ++y)
      quad[y] = rows[std::min(y, kLast)][offset + static_cast<std::size_t>(8 * kHalf + channel)];
    std::memcpy(&quads[channel / 4].values[channel % 4], quad, sizeof quad);
  }
}

/// Stores a pixel.
HWY_INLINE void store_lanes(const Halves& lower, const Halves& upper, std::uint8_t* pixel) {
  for (int i = 0; i < 16; ++i)
    pixel[i] =
        static_cast<std::uint8_t>(std::clamp<int>((i < 8 ? lower : upper).values[i % 8], 0, 255));
}

/// What multiplies quads of bytes with quads of weights, and adds to sums.
struct WideDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Words bytes(const Words& quads) { return quads; }
  static HWY_INLINE Words weights(const Words& quads) { return quads; }
  static HWY_INLINE Words add(Words sums, const Words& bytes, const Words& weights) {
    std::uint8_t x[16];
    std::int8_t w[16];
    std::memcpy(x, bytes.values, sizeof x);
    std::memcpy(w, weights.values, sizeof w);
    for (int i = 0; i < 16; ++i) sums.values[i / 4] += x[i] * w[i];
    return sums;
  }
};
using PairsDot = WideDot;

template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#elif HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
// from pplcnet/kernels/int8/avx512-inl.hpp
// Vectors of 512 bits for sums of bytes. Compiled for AVX-512 alone.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of 16 channels, their quads of bytes, or 32 halves: four channels of one vector of sums and
/// of another one, then the next four.
using Words = __m512i;
using Halves = __m512i;
inline constexpr int kWords = 1;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 4;  // of a panel, whose bytes fill a vector

HWY_INLINE Words load_words(const void* panel, int) { return _mm512_loadu_si512(panel); }
HWY_INLINE void store_words(Words a, std::int32_t* panel, int) { _mm512_storeu_si512(panel, a); }
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return _mm512_set1_epi32(word);
}
HWY_INLINE Words add_words(Words a, Words b) { return _mm512_add_epi32(a, b); }
HWY_INLINE Words subtract_words(Words a, Words b) { return _mm512_sub_epi32(a, b); }
using Shifts = Words;
HWY_INLINE Shifts shifts_of(Words counts) { return counts; }
HWY_INLINE Words shift_words(Words a, Words count) { return _mm512_srav_epi32(a, count); }

/// Loads the halves of a panel, for two pixels, or those of two panels.
template <int kPanels = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int) {
  if constexpr (kPanels == 2)
    return _mm512_permutexvar_epi64(_mm512_set_epi64(7, 3, 6, 2, 5, 1, 4, 0),
                                    _mm512_loadu_si512(panel));
  const __m512i twice = _mm512_set_epi64(3, 3, 2, 2, 1, 1, 0, 0);
  return _mm512_permutexvar_epi64(
      twice, _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel))));
}
HWY_INLINE Halves set_halves(int value) {
  return _mm512_set1_epi16(static_cast<std::int16_t>(value));
}
HWY_INLINE Halves narrow(Words a, Words b) { return _mm512_packs_epi32(a, b); }
HWY_INLINE Halves add(Halves a, Halves b) { return _mm512_adds_epi16(a, b); }
HWY_INLINE Halves subtract(Halves a, Halves b) { return _mm512_sub_epi16(a, b); }
HWY_INLINE Halves scale(Halves a, Halves b) { return _mm512_mulhrs_epi16(a, b); }
HWY_INLINE Halves lesser(Halves a, Halves b) { return _mm512_min_epi16(a, b); }
HWY_INLINE Halves greater(Halves a, Halves b) { return _mm512_max_epi16(a, b); }
template <int kBits>
HWY_INLINE Halves shift_left(Halves a) {
  return _mm512_slli_epi16(a, kBits);
}
template <int kBits>
HWY_INLINE Halves shift_right(Halves a) {
  return _mm512_srai_epi16(a, kBits);
}

/// Turns 16 fours of bytes, of which four make 16 channels, into such channels, and back.
HWY_INLINE __m512i transpose_fours(__m512i a) {
  return _mm512_permutexvar_epi32(
      _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0), a);
}

HWY_INLINE __m512i load_four(const std::uint8_t* a, const std::uint8_t* b, const std::uint8_t* c,
                             const std::uint8_t* d) {
  const auto at = [](const std::uint8_t* place)
                      HWY_ATTR { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(place)); };
  __m512i all = _mm512_castsi128_si512(at(a));
  all = _mm512_mask_broadcast_i32x4(all, 0x00F0, at(b));
  all = _mm512_mask_broadcast_i32x4(all, 0x0F00, at(c));
  return _mm512_mask_broadcast_i32x4(all, 0xF000, at(d));
}

/// Loads the bytes of a unit: of a panel for four pixels, or of two panels for two.
template <int kPanels = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  const auto place = [&](int number) {
    return pixels[number / kPanels] + channel + number % kPanels * kPanel;
  };
  const __m512i fours = transpose_fours(load_four(place(0), place(1), place(2), place(3)));
  unit[0] = _mm512_unpacklo_epi8(fours, _mm512_setzero_si512());
  unit[1] = _mm512_unpackhi_epi8(fours, _mm512_setzero_si512());
}

/// Stores the bytes of the first `count` of a unit's pixels.
template <int kPanels = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int count) {
  const __m512i bytes = transpose_fours(_mm512_packus_epi16(unit[0], unit[1]));
  if constexpr (kPanels == 2) {
    const auto store = [&](int pixel, __m256i part) HWY_ATTR {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(pixels[pixel] + channel), part);
    };
    store(0, _mm512_castsi512_si256(bytes));
    if (count > 1) store(1, _mm512_extracti64x4_epi64(bytes, 1));
  } else {
    const auto store = [&](int pixel, __m128i part) HWY_ATTR {
      if (pixel < count)
        _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels[pixel] + channel), part);
    };
    store(0, _mm512_castsi512_si128(bytes));
    store(1, _mm512_extracti32x4_epi32(bytes, 1));
    store(2, _mm512_extracti32x4_epi32(bytes, 2));
    store(3, _mm512_extracti32x4_epi32(bytes, 3));
  }
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  const __m512i fours = transpose_fours(
      load_four(rows[0] + offset, rows[1] + offset, rows[2] + offset, rows[3] + offset));
  quads[0] = _mm512_shuffle_epi8(fours, _mm512_broadcast_i32x4(_mm_set_epi8(
                                            15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0)));
}

inline constexpr int kSidePanels = 4;  // panels that vectors hold side by side

HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Words& vector) {
  vector = load_four(lanes[0], lanes[1], lanes[2], lanes[3]);
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(Words quads, int rows) {
  return _mm512_sll_epi32(quads, _mm_cvtsi32_si128(8 * rows));
}

/// Turns four rows' bytes into quads, for eight channels of each lane: the lower ones or the upper
/// ones.
template <int kHalf>
HWY_INLINE void make_wide_quads(Words a, Words b, Words c, Words d, Words (&quads)[2]) {
  Words upper, lower;
  if constexpr (kHalf == 0) {
    upper = _mm512_unpacklo_epi8(a, b);
    lower = _mm512_unpacklo_epi8(c, d);
  } else {
    upper = _mm512_unpackhi_epi8(a, b);
    lower = _mm512_unpackhi_epi8(c, d);
  }
  quads[0] = _mm512_unpacklo_epi16(upper, lower);
  quads[1] = _mm512_unpackhi_epi16(upper, lower);
}

/// Loads the quads of four rows' bytes; those after row kLast are any.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  const auto row = [&](int y) HWY_ATTR { return _mm512_loadu_si512(rows[y] + offset); };
  make_wide_quads<kHalf>(row(0), row(1), row(2), row(kLast), quads);
}

/// Stores a pixel of all lanes' panels.
HWY_INLINE void store_lanes(Halves lower, Halves upper, std::uint8_t* pixel) {
  _mm512_storeu_si512(pixel, _mm512_packus_epi16(lower, upper));
}

/// Whether two panels can be in the lower lanes, and the same of rows below in the upper ones.
inline constexpr bool kHasTwoRows = true;

/// Loads the quads of two panels: of four rows in the lower lanes, and of those kDown rows below in
/// the upper ones.
template <int kHalf, int kLast, int kDown>
HWY_INLINE void load_two_rows(const std::uint8_t* const* rows, std::size_t offset,
                              Words (&quads)[2]) {
  const auto row = [&](int y) HWY_ATTR {
    const auto at = [&](const std::uint8_t* place) HWY_ATTR {
      return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(place + offset));
    };
    return _mm512_inserti64x4(_mm512_castsi256_si512(at(rows[y])), at(rows[y + kDown]), 1);
  };
  make_wide_quads<kHalf>(row(0), row(1), row(2), row(kLast), quads);
}

/// Stores the lower lanes, and the upper ones if there is a place for them.
HWY_INLINE void store_two_rows(Halves lower, Halves upper, std::uint8_t* first,
                               std::uint8_t* second) {
  const __m512i bytes = _mm512_packus_epi16(lower, upper);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(first), _mm512_castsi512_si256(bytes));
  if (second != nullptr)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(second), _mm512_extracti64x4_epi64(bytes, 1));
}

/// What multiplies quads of bytes with quads of weights, and adds to sums: one instruction.
struct VnniDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = true;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
#if HWY_COMPILER_MSVC
    return _mm512_dpbusd_epi32(sums, bytes, weights);
#else
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(bytes), "vm"(weights));
    return sums;
#endif
  }
};

/// The same where neighbouring weights keep their sum within 16 bits.
struct PairsDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
#if HWY_COMPILER_MSVC
    return _mm512_add_epi32(
        sums, _mm512_madd_epi16(_mm512_maddubs_epi16(bytes, weights), _mm512_set1_epi16(1)));
#else
    // g++ would multiply all first, and keep sums in memory.
    Words products;
    __asm__(
        "vpmaddubsw %[weights], %[bytes], %[products]\n\t"
        "vpmaddwd %[ones], %[products], %[products]\n\t"
        "vpaddd %[products], %[sums], %[sums]"
        : [sums] "+v"(sums), [products] "=&v"(products)
        : [bytes] "v"(bytes), [weights] "vm"(weights), [ones] "v"(_mm512_set1_epi16(1)));
    return sums;
#endif
  }
};

/// The same for all weights: bytes 0 and 2 of each quad, then bytes 1 and 3, as 16 bits.
struct WideDot {
  struct Operand {
    Words even, odd;
  };
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Operand bytes(Words quads) {
    return {_mm512_and_si512(quads, _mm512_set1_epi16(0xFF)), _mm512_srli_epi16(quads, 8)};
  }
  static HWY_INLINE Operand weights(Words quads) {
    return {_mm512_srai_epi16(_mm512_slli_epi16(quads, 8), 8), _mm512_srai_epi16(quads, 8)};
  }
  static HWY_INLINE Words add(Words sums, const Operand& bytes, const Operand& weights) {
    return _mm512_add_epi32(sums, _mm512_add_epi32(_mm512_madd_epi16(bytes.even, weights.even),
                                                   _mm512_madd_epi16(bytes.odd, weights.odd)));
  }
};

// Where there is one copy for all CPUs that the compiler knows of, it says what these have.
#if PPLCNET_CHOOSE_ISA || defined(__AVX512VNNI__)
template <bool kVnni>
using ProductDot = std::conditional_t<kVnni, VnniDot, PairsDot>;
template <bool kVnni>
using DepthwiseDot = std::conditional_t<kVnni, VnniDot, WideDot>;
#else
template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;
#endif

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#elif HWY_ARCH_X86 && HWY_TARGET == HWY_AVX2
// from pplcnet/kernels/int8/avx2-inl.hpp
// Vectors of 256 bits for sums of bytes. Compiled for AVX2 alone.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of channels 0 to 3 and 8 to 11, or of the others, so that halves are in order; their quads
/// of bytes; or 16 halves.
using Words = __m256i;
using Halves = __m256i;
inline constexpr int kWords = 2;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 2;  // whose bytes fill a vector

HWY_INLINE __m128i load_128(const void* place) {
  return _mm_loadu_si128(static_cast<const __m128i*>(place));
}
HWY_INLINE Words load_words(const void* panel, int number) {
  const auto* const place = static_cast<const char*>(panel) + 16 * number;
  return _mm256_inserti128_si256(_mm256_castsi128_si256(load_128(place)), load_128(place + 32), 1);
}
HWY_INLINE void store_words(Words a, std::int32_t* panel, int number) {
  auto* const place = reinterpret_cast<__m128i*>(panel) + number;
  _mm_storeu_si128(place, _mm256_castsi256_si128(a));
  _mm_storeu_si128(place + 2, _mm256_extracti128_si256(a, 1));
}
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return _mm256_set1_epi32(word);
}
HWY_INLINE Words add_words(Words a, Words b) { return _mm256_add_epi32(a, b); }
HWY_INLINE Words subtract_words(Words a, Words b) { return _mm256_sub_epi32(a, b); }
using Shifts = Words;
HWY_INLINE Shifts shifts_of(Words counts) { return counts; }
HWY_INLINE Words shift_words(Words a, Words count) { return _mm256_srav_epi32(a, count); }

template <int = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel));
}
HWY_INLINE Halves set_halves(int value) {
  return _mm256_set1_epi16(static_cast<std::int16_t>(value));
}
HWY_INLINE Halves narrow(Words a, Words b) { return _mm256_packs_epi32(a, b); }
HWY_INLINE Halves add(Halves a, Halves b) { return _mm256_adds_epi16(a, b); }
HWY_INLINE Halves subtract(Halves a, Halves b) { return _mm256_sub_epi16(a, b); }
HWY_INLINE Halves scale(Halves a, Halves b) { return _mm256_mulhrs_epi16(a, b); }
HWY_INLINE Halves lesser(Halves a, Halves b) { return _mm256_min_epi16(a, b); }
HWY_INLINE Halves greater(Halves a, Halves b) { return _mm256_max_epi16(a, b); }
template <int kBits>
HWY_INLINE Halves shift_left(Halves a) {
  return _mm256_slli_epi16(a, kBits);
}
template <int kBits>
HWY_INLINE Halves shift_right(Halves a) {
  return _mm256_srai_epi16(a, kBits);
}

/// Loads the bytes of a unit's pixels.
template <int = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  unit[0] = _mm256_cvtepu8_epi16(load_128(pixels[0] + channel));
  unit[1] = _mm256_cvtepu8_epi16(load_128(pixels[1] + channel));
}

/// Stores the bytes of the first `count` of a unit's pixels.
template <int = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int count) {
  const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(unit[0], unit[1]), 0xD8);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels[0] + channel), _mm256_castsi256_si128(bytes));
  if (count > 1)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels[1] + channel),
                     _mm256_extracti128_si256(bytes, 1));
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  const auto row = [&](int y) HWY_ATTR {
    return _mm256_permute4x64_epi64(_mm256_castsi128_si256(load_128(rows[y] + offset)), 0x10);
  };
  const __m256i upper = _mm256_unpacklo_epi8(row(0), row(1));
  const __m256i lower = _mm256_unpacklo_epi8(row(2), row(3));
  quads[0] = _mm256_unpacklo_epi16(upper, lower);
  quads[1] = _mm256_unpackhi_epi16(upper, lower);
}

inline constexpr int kSidePanels = 2;       // panels that vectors hold side by side
inline constexpr bool kHasTwoRows = false;  // whether they hold panels of two rows

HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Words& vector) {
  vector =
      _mm256_inserti128_si256(_mm256_castsi128_si256(load_128(lanes[0])), load_128(lanes[1]), 1);
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(Words quads, int rows) {
  return _mm256_sll_epi32(quads, _mm_cvtsi32_si128(8 * rows));
}

/// Quads of four rows' bytes, for eight channels of each lane: the lower ones or the upper ones.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  const auto row = [&](int y) HWY_ATTR {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows[y] + offset));
  };
  const auto pairs = [&](int y) HWY_ATTR {
    const Words a = row(y), b = row(std::min(y + 1, kLast));
    return kHalf == 0 ? _mm256_unpacklo_epi8(a, b) : _mm256_unpackhi_epi8(a, b);
  };
  const __m256i upper = pairs(0), lower = pairs(2);
  quads[0] = _mm256_unpacklo_epi16(upper, lower);
  quads[1] = _mm256_unpackhi_epi16(upper, lower);
}

/// Stores a pixel of both lanes' panels.
HWY_INLINE void store_lanes(Halves lower, Halves upper, std::uint8_t* pixel) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(pixel), _mm256_packus_epi16(lower, upper));
}

/// What multiplies quads of bytes with quads of weights, and adds to sums: one instruction.
struct VnniDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = true;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
#if HWY_COMPILER_MSVC
    return _mm256_dpbusd_avx_epi32(sums, bytes, weights);
#else
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sums) : "x"(bytes), "xm"(weights));
    return sums;
#endif
  }
};

/// The same where neighbouring weights keep their sum within 16 bits.
struct PairsDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
#if HWY_COMPILER_MSVC
    return _mm256_add_epi32(
        sums, _mm256_madd_epi16(_mm256_maddubs_epi16(bytes, weights), _mm256_set1_epi16(1)));
#else
    // g++ would multiply all first, and keep sums in memory.
    Words products;
    __asm__(
        "vpmaddubsw %[weights], %[bytes], %[products]\n\t"
        "vpmaddwd %[ones], %[products], %[products]\n\t"
        "vpaddd %[products], %[sums], %[sums]"
        : [sums] "+x"(sums), [products] "=&x"(products)
        : [bytes] "x"(bytes), [weights] "xm"(weights), [ones] "x"(_mm256_set1_epi16(1)));
    return sums;
#endif
  }
};

/// The same for all weights: bytes 0 and 2 of each quad, then bytes 1 and 3, as 16 bits.
struct WideDot {
  struct Operand {
    Words even, odd;
  };
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Operand bytes(Words quads) {
    return {_mm256_and_si256(quads, _mm256_set1_epi16(0xFF)), _mm256_srli_epi16(quads, 8)};
  }
  static HWY_INLINE Operand weights(Words quads) {
    return {_mm256_srai_epi16(_mm256_slli_epi16(quads, 8), 8), _mm256_srai_epi16(quads, 8)};
  }
  static HWY_INLINE Words add(Words sums, const Operand& bytes, const Operand& weights) {
#if HWY_COMPILER_MSVC
    return _mm256_add_epi32(sums, _mm256_add_epi32(_mm256_madd_epi16(bytes.even, weights.even),
                                                   _mm256_madd_epi16(bytes.odd, weights.odd)));
#else
    Words products;
    __asm__(
        "vpmaddwd %[even], %[bytes_even], %[products]\n\t"
        "vpaddd %[products], %[sums], %[sums]\n\t"
        "vpmaddwd %[odd], %[bytes_odd], %[products]\n\t"
        "vpaddd %[products], %[sums], %[sums]"
        : [sums] "+x"(sums), [products] "=&x"(products)
        : [bytes_even] "x"(bytes.even), [bytes_odd] "x"(bytes.odd), [even] "xm"(weights.even),
          [odd] "xm"(weights.odd));
    return sums;
#endif
  }
};

// Where there is one copy for all CPUs that the compiler knows of, it says what these have.
#if PPLCNET_CHOOSE_ISA || defined(__AVXVNNI__)
template <bool kVnni>
using ProductDot = std::conditional_t<kVnni, VnniDot, PairsDot>;
template <bool kVnni>
using DepthwiseDot = std::conditional_t<kVnni, VnniDot, WideDot>;
#else
template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;
#endif

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#elif HWY_ARCH_X86
// from pplcnet/kernels/int8/sse-inl.hpp
// Vectors of 128 bits for sums of bytes on x86. Compiled for SSE2, or what is between it and AVX2.
#include <emmintrin.h>
#if HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4
#include <tmmintrin.h>
#endif
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of four channels, their quads of bytes, or eight halves.
using Words = __m128i;
using Halves = __m128i;
inline constexpr int kWords = 4;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 1;  // whose bytes fill a vector

HWY_INLINE __m128i load_128(const void* place) {
  return _mm_loadu_si128(static_cast<const __m128i*>(place));
}
HWY_INLINE Words load_words(const void* panel, int number) {
  return load_128(static_cast<const char*>(panel) + 16 * number);
}
HWY_INLINE void store_words(Words a, std::int32_t* panel, int number) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(panel) + number, a);
}
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return _mm_set1_epi32(word);
}
HWY_INLINE Words add_words(Words a, Words b) { return _mm_add_epi32(a, b); }
HWY_INLINE Words subtract_words(Words a, Words b) { return _mm_sub_epi32(a, b); }
/// What stands for counts of shifts, 0 to 31, of each lane: 2 to the power of 31 less the count.
/// Products of the lanes with odd numbers are made apart.
struct Shifts {
  Words powers, odd;
};
HWY_INLINE Shifts shifts_of(Words counts) {
  std::int32_t lanes[4];
  store_words(counts, lanes, 0);
  for (std::int32_t& lane : lanes) lane = static_cast<std::int32_t>(1U << (31 - lane));
  const Words powers = load_words(lanes, 0);
  return {powers, _mm_srli_epi64(powers, 32)};
}
/// Shifts a + 2^31, which is not negative, by a product, and subtracts 2^31 as shifted.
HWY_INLINE Words shift_words(Words a, const Shifts& shifts) {
  const Words positive = _mm_xor_si128(a, _mm_set1_epi32(-2147483647 - 1));
  const Words even = _mm_srli_epi64(_mm_mul_epu32(positive, shifts.powers), 31);
  const Words odd = _mm_srli_epi64(_mm_mul_epu32(_mm_srli_epi64(positive, 32), shifts.odd), 31);
  return _mm_sub_epi32(_mm_or_si128(even, _mm_slli_epi64(odd, 32)), shifts.powers);
}

template <int = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int part) {
  return load_128(panel + 8 * part);
}
HWY_INLINE Halves set_halves(int value) { return _mm_set1_epi16(static_cast<std::int16_t>(value)); }
HWY_INLINE Halves narrow(Words a, Words b) { return _mm_packs_epi32(a, b); }
HWY_INLINE Halves add(Halves a, Halves b) { return _mm_adds_epi16(a, b); }
HWY_INLINE Halves subtract(Halves a, Halves b) { return _mm_sub_epi16(a, b); }
HWY_INLINE Halves scale(Halves a, Halves b) {
#if HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4
  return _mm_mulhrs_epi16(a, b);
#else
  // The upper half of the product, doubled, and the two bits below it, rounded.
  const __m128i below = _mm_srli_epi16(_mm_mullo_epi16(a, b), 14);
  const __m128i rounded_bits = _mm_srli_epi16(_mm_add_epi16(below, _mm_set1_epi16(1)), 1);
  return _mm_add_epi16(_mm_slli_epi16(_mm_mulhi_epi16(a, b), 1), rounded_bits);
#endif
}
HWY_INLINE Halves lesser(Halves a, Halves b) { return _mm_min_epi16(a, b); }
HWY_INLINE Halves greater(Halves a, Halves b) { return _mm_max_epi16(a, b); }
template <int kBits>
HWY_INLINE Halves shift_left(Halves a) {
  return _mm_slli_epi16(a, kBits);
}
template <int kBits>
HWY_INLINE Halves shift_right(Halves a) {
  return _mm_srai_epi16(a, kBits);
}

/// Loads the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  const __m128i bytes = load_128(pixels[0] + channel);
  unit[0] = _mm_unpacklo_epi8(bytes, _mm_setzero_si128());
  unit[1] = _mm_unpackhi_epi8(bytes, _mm_setzero_si128());
}

/// Stores the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels[0] + channel),
                   _mm_packus_epi16(unit[0], unit[1]));
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  const __m128i a = load_128(rows[0] + offset), b = load_128(rows[1] + offset);
  const __m128i c = load_128(rows[2] + offset), d = load_128(rows[3] + offset);
  const __m128i ab = _mm_unpacklo_epi8(a, b), cd = _mm_unpacklo_epi8(c, d);
  quads[0] = _mm_unpacklo_epi16(ab, cd);
  quads[1] = _mm_unpackhi_epi16(ab, cd);
  const __m128i upper_ab = _mm_unpackhi_epi8(a, b), upper_cd = _mm_unpackhi_epi8(c, d);
  quads[2] = _mm_unpacklo_epi16(upper_ab, upper_cd);
  quads[3] = _mm_unpackhi_epi16(upper_ab, upper_cd);
}

inline constexpr int kSidePanels = 1;       // panels that vectors hold side by side
inline constexpr bool kHasTwoRows = false;  // whether they hold panels of two rows

HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Words& vector) {
  vector = load_128(lanes[0]);
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(Words quads, int rows) {
  return _mm_sll_epi32(quads, _mm_cvtsi32_si128(8 * rows));
}

/// Quads of four rows' bytes, for eight channels: the lower ones or the upper ones.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  const auto pairs = [&](int y) HWY_ATTR {
    const Words a = load_128(rows[y] + offset), b = load_128(rows[std::min(y + 1, kLast)] + offset);
    return kHalf == 0 ? _mm_unpacklo_epi8(a, b) : _mm_unpackhi_epi8(a, b);
  };
  const Words upper = pairs(0), lower = pairs(2);
  quads[0] = _mm_unpacklo_epi16(upper, lower);
  quads[1] = _mm_unpackhi_epi16(upper, lower);
}

/// Stores a pixel.
HWY_INLINE void store_lanes(Halves lower, Halves upper, std::uint8_t* pixel) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(pixel), _mm_packus_epi16(lower, upper));
}

/// What multiplies quads of bytes with quads of weights, and adds to sums: bytes 0 and 2 of each
/// quad, then bytes 1 and 3, as 16 bits.
struct WideDot {
  struct Operand {
    Words even, odd;
  };
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Operand bytes(Words quads) {
    return {_mm_and_si128(quads, _mm_set1_epi16(0xFF)), _mm_srli_epi16(quads, 8)};
  }
  static HWY_INLINE Operand weights(Words quads) {
    return {_mm_srai_epi16(_mm_slli_epi16(quads, 8), 8), _mm_srai_epi16(quads, 8)};
  }
  static HWY_INLINE Words add(Words sums, const Operand& bytes, const Operand& weights) {
    return _mm_add_epi32(sums, _mm_add_epi32(_mm_madd_epi16(bytes.even, weights.even),
                                             _mm_madd_epi16(bytes.odd, weights.odd)));
  }
};

#if HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4
/// The same where neighbouring weights keep their sum within 16 bits.
struct PairsDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
    return _mm_add_epi32(sums,
                         _mm_madd_epi16(_mm_maddubs_epi16(bytes, weights), _mm_set1_epi16(1)));
  }
};
#else
using PairsDot = WideDot;
#endif

template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#elif HWY_ARCH_ARM && defined(__ARM_NEON)
// from pplcnet/kernels/int8/neon-inl.hpp
// Vectors of 128 bits for sums of bytes on ARM. Compiled for NEON alone.
#include <arm_neon.h>
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of four channels, their quads of bytes, or eight halves.
using Words = int32x4_t;
using Halves = int16x8_t;
inline constexpr int kWords = 4;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 1;  // whose bytes fill a vector

HWY_INLINE Words load_words(const void* panel, int number) {
  return vreinterpretq_s32_u8(vld1q_u8(static_cast<const std::uint8_t*>(panel) + 16 * number));
}
HWY_INLINE void store_words(Words a, std::int32_t* panel, int number) {
  vst1q_s32(panel + 4 * number, a);
}
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return vdupq_n_s32(word);
}
HWY_INLINE Words add_words(Words a, Words b) { return vaddq_s32(a, b); }
HWY_INLINE Words subtract_words(Words a, Words b) { return vsubq_s32(a, b); }
using Shifts = Words;
HWY_INLINE Shifts shifts_of(Words counts) { return counts; }
HWY_INLINE Words shift_words(Words a, Words count) { return vshlq_s32(a, vnegq_s32(count)); }

template <int = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int part) {
  return vld1q_s16(panel + 8 * part);
}
HWY_INLINE Halves set_halves(int value) { return vdupq_n_s16(static_cast<std::int16_t>(value)); }
HWY_INLINE Halves narrow(Words a, Words b) { return vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)); }
HWY_INLINE Halves add(Halves a, Halves b) { return vqaddq_s16(a, b); }
HWY_INLINE Halves subtract(Halves a, Halves b) { return vsubq_s16(a, b); }
HWY_INLINE Halves scale(Halves a, Halves b) { return vqrdmulhq_s16(a, b); }
HWY_INLINE Halves lesser(Halves a, Halves b) { return vminq_s16(a, b); }
HWY_INLINE Halves greater(Halves a, Halves b) { return vmaxq_s16(a, b); }
template <int kBits>
HWY_INLINE Halves shift_left(Halves a) {
  return vshlq_n_s16(a, kBits);
}
template <int kBits>
HWY_INLINE Halves shift_right(Halves a) {
  return vshrq_n_s16(a, kBits);
}

/// Loads the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  const uint8x16_t bytes = vld1q_u8(pixels[0] + channel);
  unit[0] = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(bytes)));
  unit[1] = vreinterpretq_s16_u16(vmovl_u8(vget_high_u8(bytes)));
}

/// Stores the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int) {
  vst1q_u8(pixels[0] + channel, vcombine_u8(vqmovun_s16(unit[0]), vqmovun_s16(unit[1])));
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  const uint8x16x2_t ab = vzipq_u8(vld1q_u8(rows[0] + offset), vld1q_u8(rows[1] + offset));
  const uint8x16x2_t cd = vzipq_u8(vld1q_u8(rows[2] + offset), vld1q_u8(rows[3] + offset));
  for (int half = 0; half < 2; ++half) {
    const uint16x8x2_t both =
        vzipq_u16(vreinterpretq_u16_u8(ab.val[half]), vreinterpretq_u16_u8(cd.val[half]));
    quads[2 * half] = vreinterpretq_s32_u16(both.val[0]);
    quads[2 * half + 1] = vreinterpretq_s32_u16(both.val[1]);
  }
}

inline constexpr int kSidePanels = 1;       // panels that vectors hold side by side
inline constexpr bool kHasTwoRows = false;  // whether they hold panels of two rows

HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Words& vector) {
  vector = load_words(lanes[0], 0);
}
HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Halves& vector) {
  vector = vreinterpretq_s16_u8(vld1q_u8(lanes[0]));
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(Words quads, int rows) {
  return vshlq_s32(quads, vdupq_n_s32(8 * rows));
}

/// Quads of four rows' bytes, for eight channels: the lower ones or the upper ones.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  const auto pairs = [&](int y) {
    const std::uint8_t* const second = rows[std::min(y + 1, kLast)];
    const std::size_t half = offset + 8 * kHalf;
    const uint8x8x2_t both = vzip_u8(vld1_u8(rows[y] + half), vld1_u8(second + half));
    return vreinterpretq_u16_u8(vcombine_u8(both.val[0], both.val[1]));
  };
  const uint16x8x2_t both = vzipq_u16(pairs(0), pairs(2));
  quads[0] = vreinterpretq_s32_u16(both.val[0]);
  quads[1] = vreinterpretq_s32_u16(both.val[1]);
}

/// Stores a pixel.
HWY_INLINE void store_lanes(Halves lower, Halves upper, std::uint8_t* pixel) {
  vst1q_u8(pixel, vcombine_u8(vqmovun_s16(lower), vqmovun_s16(upper)));
}

#if defined(__ARM_FEATURE_MATMUL_INT8)
/// What multiplies quads of bytes with quads of weights, and adds to sums: one instruction.
struct WideDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = true;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
    return vusdotq_s32(sums, vreinterpretq_u8_s32(bytes), vreinterpretq_s8_s32(weights));
  }
};
#else
#if defined(__ARM_FEATURE_DOTPROD)
inline constexpr bool kHasDot = true;
#else
inline constexpr bool kHasDot = false;
#endif

/// What multiplies quads of bytes with quads of weights, and adds to sums. Both are signed: bytes
/// are less by kOffset, which sums make good in advance.
struct WideDot {
  using Operand = int8x16_t;
  static constexpr int kOffset = 128;
  static constexpr bool kOneInstruction = kHasDot;
  static HWY_INLINE Operand bytes(Words quads) {
    return vreinterpretq_s8_u8(veorq_u8(vreinterpretq_u8_s32(quads), vdupq_n_u8(0x80)));
  }
  static HWY_INLINE Operand weights(Words quads) { return vreinterpretq_s8_s32(quads); }
  static HWY_INLINE Words add(Words sums, Operand bytes, Operand weights) {
#if defined(__ARM_FEATURE_DOTPROD)
    return vdotq_s32(sums, bytes, weights);
#else
    // Two products of at most 127 · 128 fit 16 bits.
    const int16x8_t lower = vmull_s8(vget_low_s8(bytes), vget_low_s8(weights));
    const int16x8_t upper = vmull_s8(vget_high_s8(bytes), vget_high_s8(weights));
#if HWY_ARCH_ARM_A64
    return vpadalq_s16(sums, vpaddq_s16(lower, upper));
#else
    return vpadalq_s16(sums, vcombine_s16(vpadd_s16(vget_low_s16(lower), vget_high_s16(lower)),
                                          vpadd_s16(vget_low_s16(upper), vget_high_s16(upper))));
#endif
#endif
  }
};
#endif
using PairsDot = WideDot;

template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#else
// from pplcnet/kernels/int8/plain-inl.hpp
// What stands for vectors of sums of bytes where there are none, or not of a known size. Compiled
// for such instruction sets alone.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of four channels, their quads of bytes, or eight halves.
struct Words {
  std::int32_t values[4];
};
struct Halves {
  std::int16_t values[8];
};
inline constexpr int kWords = 4;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 1;  // whose bytes fill a vector

HWY_INLINE std::int16_t saturate(std::int32_t value) {
  return static_cast<std::int16_t>(std::clamp(value, -32768, 32767));
}

HWY_INLINE Words load_words(const void* panel, int number) {
  Words words;
  std::memcpy(words.values, static_cast<const char*>(panel) + 16 * number, sizeof words);
  return words;
}
HWY_INLINE void store_words(const Words& a, std::int32_t* panel, int number) {
  std::memcpy(panel + 4 * number, a.values, sizeof a);
}
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return {{word, word, word, word}};
}
HWY_INLINE Words add_words(Words a, const Words& b) {
  for (int i = 0; i < 4; ++i) a.values[i] += b.values[i];
  return a;
}
HWY_INLINE Words subtract_words(Words a, const Words& b) {
  for (int i = 0; i < 4; ++i) a.values[i] -= b.values[i];
  return a;
}
using Shifts = Words;
HWY_INLINE Shifts shifts_of(const Words& counts) { return counts; }
HWY_INLINE Words shift_words(Words a, const Words& count) {
  for (int i = 0; i < 4; ++i) a.values[i] >>= count.values[i];
  return a;
}

template <int = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int part) {
  Halves halves;
  std::memcpy(halves.values, panel + 8 * part, sizeof halves);
  return halves;
}
/// Returns `function` of the lanes of two vectors.
template <class Function>
HWY_INLINE Halves halves_of(Halves a, const Halves& b, const Function& function) {
  for (int i = 0; i < 8; ++i)
    a.values[i] = static_cast<std::int16_t>(function(std::int32_t{a.values[i]}, b.values[i]));
  return a;
}
HWY_INLINE Halves set_halves(int value) {
  return halves_of({}, {}, [&](int, int) { return value; });
}
HWY_INLINE Halves narrow(const Words& a, const Words& b) {
  Halves halves;
  for (int i = 0; i < 8; ++i) halves.values[i] = saturate(i < 4 ? a.values[i] : b.values[i - 4]);
  return halves;
}
HWY_INLINE Halves add(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return saturate(x + y); });
}
HWY_INLINE Halves subtract(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return x - y; });
}
HWY_INLINE Halves scale(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return (x * y + (1 << 14)) >> 15; });
}
HWY_INLINE Halves lesser(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return std::min(x, y); });
}
HWY_INLINE Halves greater(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return std::max(x, y); });
}
template <int kBits>
HWY_INLINE Halves shift_left(const Halves& a) {
  return halves_of(a, a, [](int x, int) { return x * (1 << kBits); });
}
template <int kBits>
HWY_INLINE Halves shift_right(const Halves& a) {
  return halves_of(a, a, [](int x, int) { return x >> kBits; });
}

/// Loads the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  for (int i = 0; i < 16; ++i) unit[i / 8].values[i % 8] = pixels[0][channel + std::size_t(i)];
}

/// Stores the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int) {
  for (int i = 0; i < 16; ++i)
    pixels[0][channel + std::size_t(i)] =
        static_cast<std::uint8_t>(std::clamp<int>(unit[i / 8].values[i % 8], 0, 255));
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  for (int channel = 0; channel < 16; ++channel) {
    std::uint8_t quad[4];
    for (int y = 0; y < 4; ++y) quad[y] = rows[y][offset + static_cast<std::size_t>(channel)];
    std::memcpy(&quads[channel / 4].values[channel % 4], quad, sizeof quad);
  }
}

inline constexpr int kSidePanels = 1;       // panels that vectors hold side by side
inline constexpr bool kHasTwoRows = false;  // whether they hold panels of two rows

template <class Vector>
HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Vector& vector) {
  std::memcpy(vector.values, lanes[0], sizeof vector);
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(const Words& quads, int rows) {
  Words moved;
  for (int i = 0; i < 4; ++i) {
    std::int8_t bytes[4], lower[4] = {};
    std::memcpy(bytes, quads.values + i, sizeof bytes);
    for (int y = rows; y < 4; ++y) lower[y] = bytes[y - rows];
    std::memcpy(moved.values + i, lower, sizeof lower);
  }
  return moved;
}

/// Quads of four rows' bytes, for eight channels: the lower ones or the upper ones.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  for (int channel = 0; channel < 8; ++channel) {
    std::uint8_t quad[4];
    for (int y = 0; y < 4; ++y)
      quad[y] = rows[std::min(y, kLast)][offset + static_cast<std::size_t>(8 * kHalf + channel)];
    std::memcpy(&quads[channel / 4].values[channel % 4], quad, sizeof quad);
  }
}

/// Stores a pixel.
HWY_INLINE void store_lanes(const Halves& lower, const Halves& upper, std::uint8_t* pixel) {
  for (int i = 0; i < 16; ++i)
    pixel[i] =
        static_cast<std::uint8_t>(std::clamp<int>((i < 8 ? lower : upper).values[i % 8], 0, 255));
}

/// What multiplies quads of bytes with quads of weights, and adds to sums.
struct WideDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Words bytes(const Words& quads) { return quads; }
  static HWY_INLINE Words weights(const Words& quads) { return quads; }
  static HWY_INLINE Words add(Words sums, const Words& bytes, const Words& weights) {
    std::uint8_t x[16];
    std::int8_t w[16];
    std::memcpy(x, bytes.values, sizeof x);
    std::memcpy(w, weights.values, sizeof w);
    for (int i = 0; i < 16; ++i) sums.values[i / 4] += x[i] * w[i];
    return sums;
  }
};
using PairsDot = WideDot;

template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif
// from pplcnet/kernels/int8/ending-inl.hpp
// How sums of products become bytes, factors of gates, or logits. Compiled once per instruction
// set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The most pixels whose sums end together, in whole units.
inline constexpr int kMostEnded = 28;

/// Where some pixels are. The last one is repeated, so that there is a whole unit of them.
template <class Byte>
class PixelPlaces {
 public:
  PixelPlaces() = default;
  HWY_INLINE PixelPlaces(const BytePixels<Byte>& map, int pixel, int count) {
    find(map, pixel, count);
  }
  /// Finds pixels [pixel, pixel + count) of rows of pixels.
  HWY_INLINE void find(const BytePixels<Byte>& map, int pixel, int count) {
    if (map.pixels == nullptr) {
      for (Byte*& place : places_) place = nullptr;
      return;
    }
    const int row = pixel / map.width;
    int column = pixel - row * map.width;
    const std::size_t gap = map.row_pitch - static_cast<std::size_t>(map.width) * map.pixel_pitch;
    Byte* place = map.pixels + static_cast<std::size_t>(row) * map.row_pitch +
                  static_cast<std::size_t>(column) * map.pixel_pitch;
    if (gap == 0 || column + count <= map.width) {
      for (int i = 0; i < count; ++i, place += map.pixel_pitch) places_[i] = place;
    } else {
      for (int i = 0; i < count; ++i, place += map.pixel_pitch) {
        places_[i] = place;
        if (++column < map.width) continue;
        column = 0;
        place += gap;
      }
    }
    for (int i = count; i % kUnitPixels != 0; ++i) places_[i] = places_[count - 1];
  }
  HWY_INLINE Byte* const* from(int pixel) const { return places_ + pixel; }

 private:
  Byte* places_[kMostEnded];
};

/// Where the pixels of a unit are that are in one row.
template <class Byte>
struct UnitPlaces {
  Byte* places[kUnitPixels];

  HWY_INLINE UnitPlaces(const BytePixels<Byte>& map, int y, int x) {
    Byte* const first = map.pixels + static_cast<std::size_t>(y) * map.row_pitch +
                        static_cast<std::size_t>(x) * map.pixel_pitch;
    for (int i = 0; i < kUnitPixels; ++i)
      places[i] = first + static_cast<std::size_t>(i) * map.pixel_pitch;
  }
};

/// How sums become bytes: with what is computed between the two. `either` is the first or the
/// second, as a layer says.
enum class ByteSteps : unsigned char { scale, hardswish, either, add };

/// The constants of a panel of channels, or of two, in vectors.
template <ByteSteps kSteps, int kPanels = 1>
class BytePanel {
 public:
  static constexpr bool kAdds = kSteps == ByteSteps::add;

  HWY_INLINE BytePanel(const SumEnding& ending, std::size_t channel)
      : hardswish_(ending.activation == Activation::Kind::hardswish) {
    const EndingConstants& constants = ending.constants;
    for (int i = 0; i < kVectors; ++i)
      shift_[i] =
          shifts_of(load_words(constants.shift + channel + i / kWords * kPanel, i % kWords));
    for (int i = 0; i < 2; ++i) {
      multiplier_[i] = load_halves<kPanels>(constants.multiplier + channel, i);
      zero_[i] = load_halves<kPanels>(constants.zero + channel, i);
      if constexpr (kMayActivate) set_three(load_halves<kPanels>(constants.three + channel, i), i);
      if constexpr (kAdds) {
        least_ = set_halves(ending.activation == Activation::Kind::relu ? 0 : -32768);
        addend_zero_[i] = load_halves<kPanels>(constants.addend_zero + channel, i);
        addend_multiplier_[i] = load_halves<kPanels>(constants.addend_multiplier + channel, i);
      }
    }
  }

  /// Those of panels side by side, for halves alone.
  template <class Lanes>
  HWY_INLINE BytePanel(const SumEnding& ending, const Lanes& panels)
      : hardswish_(ending.activation == Activation::Kind::hardswish) {
    const EndingConstants& constants = ending.constants;
    for (int i = 0; i < 2; ++i) {
      multiplier_[i] = panels(constants.multiplier, i);
      zero_[i] = panels(constants.zero, i);
      if constexpr (kMayActivate) set_three(panels(constants.three, i), i);
    }
  }

  /// Turns a unit's sums into the halves that saturate to its bytes. There are addends where they
  /// are added.
  HWY_INLINE void end(Words a, Words b, Words c, Words d, const Halves (&addends)[2],
                      Halves (&unit)[2]) const {
    // No loop, so that none of them is in memory.
    Halves lower = narrow(shift_words(a, shift_[0]), shift_words(b, shift_[1 % kVectors]));
    Halves upper =
        narrow(shift_words(c, shift_[2 % kVectors]), shift_words(d, shift_[3 % kVectors]));
    if (activates()) {
      lower = activate(lower, 0);
      upper = activate(upper, 1);
    }
    unit[0] = scale_and_add(lower, 0, addends[0]);
    unit[1] = scale_and_add(upper, 1, addends[1]);
  }

  /// Turns halves, the lower ones (0) or the upper ones (1), into those that saturate to bytes.
  HWY_INLINE Halves end(Halves sum, int i) const {
    static_assert(!kAdds, "there is no addend");
    return scale_and_add(activates() ? activate(sum, i) : sum, i, sum);
  }

 private:
  static constexpr int kVectors = kPanels * kWords;  // of a pixel's sums
  static constexpr bool kMayActivate =
      kSteps == ByteSteps::hardswish || kSteps == ByteSteps::either;

  HWY_INLINE void set_three(Halves three, int i) {
    three_[i] = three;
    minus_three_[i] = subtract(set_halves(0), three);
  }
  HWY_INLINE bool activates() const {
    return kSteps == ByteSteps::hardswish || (kSteps == ByteSteps::either && hardswish_);
  }
  HWY_INLINE Halves activate(Halves sum, int i) const {
    // From 0 to 6, in operations for which there are more ports than for one that saturates.
    const Halves within = lesser(greater(sum, minus_three_[i]), three_[i]);
    return scale(sum, subtract(within, minus_three_[i]));
  }
  HWY_INLINE Halves scale_and_add(Halves sum, int i, [[maybe_unused]] Halves addend) const {
    Halves value = scale(sum, multiplier_[i]);
    if constexpr (kAdds) {
      value = greater(value, least_);
      const Halves other =
          scale(shift_left<6>(subtract(addend, addend_zero_[i])), addend_multiplier_[i]);
      value = shift_right<4>(add(add(value, other), set_halves(8)));
    }
    return add(value, zero_[i]);
  }

  bool hardswish_;
  Shifts shift_[kVectors];
  Halves multiplier_[2], zero_[2], three_[2], minus_three_[2], addend_zero_[2],
      addend_multiplier_[2], least_;
};

/// Calls a function with the steps of an ending in bytes that adds nothing, as a constant. If Dot
/// takes several instructions, a branch in each ending costs little beside them, and halves the
/// kernels.
template <class Dot, class Function>
HWY_INLINE void with_activation(const SumEnding& ending, const Function& function) {
  using enum ByteSteps;
  if constexpr (!Dot::kOneInstruction)
    function(std::integral_constant<ByteSteps, either>());
  else if (ending.activation == Activation::Kind::hardswish)
    function(std::integral_constant<ByteSteps, hardswish>());
  else
    function(std::integral_constant<ByteSteps, scale>());
}

/// Calls it with those of an ending that may add.
template <class Dot, class Function>
HWY_INLINE void with_steps(const SumEnding& ending, bool adds, const Function& function) {
  if (adds)
    function(std::integral_constant<ByteSteps, ByteSteps::add>());
  else
    with_activation<Dot>(ending, function);
}

/// Ends the sums of a unit. The first `count` of its pixels are stored.
template <ByteSteps kSteps, int kPanels>
HWY_INLINE void end_words(const BytePanel<kSteps, kPanels>& panels, std::size_t channel, Words a,
                          Words b, Words c, Words d, int count, std::uint8_t* const* outputs,
                          const std::uint8_t* const* addends) {
  Halves added[2] = {}, unit[2];
  if constexpr (BytePanel<kSteps, kPanels>::kAdds) load_unit<kPanels>(addends, channel, added);
  panels.end(a, b, c, d, added, unit);
  constexpr int kPixels = kUnitPixels / kPanels;
  if (count >= kPixels)
    store_unit<kPanels>(unit, outputs, channel, kPixels);
  else
    store_unit<kPanels>(unit, outputs, channel, count);
}

/// Does so with sums [pixel][16 of each panel] in memory.
template <ByteSteps kSteps, int kPanels>
HWY_INLINE void end_unit(const BytePanel<kSteps, kPanels>& panels, std::size_t channel,
                         const std::int32_t* sums, int count, std::uint8_t* const* outputs,
                         const std::uint8_t* const* addends) {
  const auto word = [&](int i)
                        HWY_ATTR { return load_words(sums + i / kWords * kPanel, i % kWords); };
  end_words(panels, channel, word(0), word(1), word(2), word(3), count, outputs, addends);
}

/// Ends the sums [pixel][16] of a panel in bytes; those of the last unit are there, whatever they
/// are.
template <ByteSteps kSteps>
HWY_NOINLINE void end_bytes(const SumEnding& ending, std::size_t channel, const std::int32_t* sums,
                            int count, std::uint8_t* const* outputs,
                            const std::uint8_t* const* addends) {
  const BytePanel<kSteps> panel(ending, channel);
  for (int pixel = 0; pixel < count; pixel += kUnitPixels)
    end_unit(panel, channel, sums + pixel * kPanel, count - pixel, outputs + pixel,
             addends + pixel);
}

#if PPLCNET_BYTE_VECTORS
/// Returns 2^15 times the sigmoids of y / 1024. Pieces are looked up one by one.
template <class D, class Values = hn::Vec<D>>
HWY_INLINE Values sigmoids_of(D d, Values y) {
  constexpr std::int16_t kHalf = kSigmoidPieces / 2 * kSigmoidSteps;
  const auto place =
      hn::Add(hn::Min(hn::Max(y, hn::Set(d, -kHalf)), hn::Set(d, kHalf - 1)), hn::Set(d, kHalf));
  std::int16_t pieces[kPanel], starts[kPanel], slopes[kPanel];
  hn::StoreU(hn::ShiftRight<4>(place), d, pieces);
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) {
    const std::int16_t* const piece = kSigmoidTable.data() + pieces[i];
    starts[i] = piece[0];
    slopes[i] = static_cast<std::int16_t>(piece[1] - piece[0]);
  }
  const auto step = hn::And(place, hn::Set(d, kSigmoidSteps - 1));
  return hn::Add(hn::LoadU(d, starts), hn::ShiftRight<4>(hn::Mul(hn::LoadU(d, slopes), step)));
}

/// Ends the sums of a panel as factors.
HWY_INLINE void end_factors(const SumEnding& ending, std::size_t channel, const std::int32_t* sums,
                            std::uint8_t* to) {
  const hn::CappedTag<std::int32_t, kPanel> d;
  const hn::Rebind<std::int16_t, decltype(d)> halves;
  const EndingConstants& constants = ending.constants;
  for (std::size_t i = 0; i < kPanel; i += hn::Lanes(d)) {
    const std::size_t c = channel + i;
    const auto load = [&](const std::int16_t* array)
                          HWY_ATTR { return hn::LoadU(halves, array + c); };
    const auto u =
        hn::DemoteTo(halves, hn::Shr(hn::LoadU(d, sums + i), hn::LoadU(d, constants.shift + c)));
    const auto y = hn::MulFixedPoint15(u, load(constants.multiplier));
    const auto three = load(constants.three);
    const auto factor =
        ending.activation == Activation::Kind::sigmoid
            ? hn::MulFixedPoint15(sigmoids_of(halves, y), three)
            : hn::Min(hn::Max(hn::SaturatedAdd(y, load(constants.zero)), hn::Zero(halves)), three);
    hn::StoreU(factor, halves, reinterpret_cast<std::int16_t*>(to) + c);
  }
}
#endif

/// Ends the sums of a panel as factors or logits; those of a pixel are so many after the last
/// one's.
inline HWY_NOINLINE void end_values(const SumEnding& ending, int panel, const std::int32_t* sums,
                                    int pitch, int count, std::uint8_t* const* outputs) {
  const EndingConstants& constants = ending.constants;
  const auto first = static_cast<std::size_t>(panel * kPanel);
  const int end =
      ending.kind == Ending::logits ? std::min(kPanel, ending.channels - panel * kPanel) : kPanel;
  for (int pixel = 0; pixel < count; ++pixel, sums += pitch) {
#if PPLCNET_BYTE_VECTORS
    if (ending.kind == Ending::factors) {
      end_factors(ending, first, sums, outputs[pixel]);
      continue;
    }
#endif
    for (int i = 0; i < end; ++i) {
      const std::size_t channel = first + static_cast<std::size_t>(i);
      if (ending.kind == Ending::logits) {
        const float logit = static_cast<float>(sums[i]) * constants.scale[channel];
        std::memcpy(outputs[pixel] + channel * sizeof logit, &logit, sizeof logit);
        continue;
      }
      const std::int16_t factor = factor_of(sums[i], ending.activation,
                                            {.shift = constants.shift[channel],
                                             .multiplier = constants.multiplier[channel],
                                             .three = constants.three[channel],
                                             .zero = constants.zero[channel]});
      std::memcpy(outputs[pixel] + channel * sizeof factor, &factor, sizeof factor);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/byte_tile-inl.hpp
// The sums of a tile of pixels and panels, for products of bytes. Compiled once per instruction
// set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Pixels × panels of sums that fit the registers, together with weights and inputs: 28 vectors of
/// 32 (AVX-512), 16 (NEON), 8 of 16 (AVX2, SSE2).
inline constexpr int kBytePanels = kWords == 1 ? 2 : 1;
inline constexpr int kBytePixels = kWords == 1 ? 14 : kWords == 2 ? 4 : HWY_ARCH_ARM ? 4 : 2;

/// Quads that are added last, when the sums of some pixels end after the other.
inline constexpr int kLastQuads = kWords == 1 ? 8 : 0;

/// Whether sums are so fast that they would wait for weights that are not in L2.
inline constexpr bool kFetchesAhead = kWords == 1;

/// Asks L2 for what is read soon.
HWY_INLINE void fetch_ahead([[maybe_unused]] const void* place) {
#if defined(__GNUC__) || defined(__clang__)
  if constexpr (kFetchesAhead) __builtin_prefetch(place, 0, 2);
#endif
}

/// Sums of a tile of pixels × panels.
template <class Dot, int kPixels, int kPanels>
class ByteTile {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  static constexpr int kVectors = kPanels * kWords;  // of a pixel
  static constexpr int kSums = kPixels * kVectors;
  static constexpr int kStep = kUnitPixels / kPanels;  // pixels of a unit

 public:
  static constexpr int kTilePixels = kPixels;

  /// Adds all quads but the last ones. `starts` has what the sums of each channel begin with. Each
  /// quad asks for the weights that are so many bytes `ahead`.
  HWY_INLINE ByteTile(const ByteProduct& product, const std::int8_t* weights,
                      std::size_t panel_pitch, std::size_t offset, std::size_t ahead,
                      const std::int32_t* starts)
      : pitch_(product.pixel_pitch), panel_pitch_(panel_pitch) {
    start(starts, Indices<kSums>());
    const int last = product.kernel_rows - 1;
    for (int row = 0; row < last; ++row, weights += product.row_depth * kPanel)
      add_quads<0, kPixels>(product.rows[row] + offset, weights, product.row_depth, ahead);
    last_depth_ = product.row_depth < 2 * kLastQuads * kQuad ? 0 : kLastQuads * kQuad;
    const int depth = product.row_depth - last_depth_;
    add_quads<0, kPixels>(product.rows[last] + offset, weights, depth, ahead);
    last_input_ = product.rows[last] + offset + depth;
    last_weights_ = weights + depth * kPanel;
  }

  /// Adds the last quads to some pixels after the other, and ends their sums while they are in
  /// registers and those of the next pixels are added to.
  template <ByteSteps kSteps>
  HWY_INLINE void end(const BytePanel<kSteps, kPanels>& panels, std::size_t channel,
                      const PixelPlaces<std::uint8_t>& outputs,
                      const PixelPlaces<const std::uint8_t>& addends) {
    finish(Indices<kParts>(), [&](auto first, auto count) HWY_ATTR {
      end<first()>(panels, channel, outputs, addends, Indices<(count() + kStep - 1) / kStep>());
    });
  }

  /// Stores the sums [pixel][panel][16].
  HWY_INLINE void store(std::int32_t* sums) {
    finish(Indices<kParts>(), [](auto, auto) {});
    store(sums, Indices<kSums>());
  }

 private:
  // Every third pixel has a pointer of its own; its neighbours are one and two pitches away.
  static constexpr int kGroup = 3;
  // A part of the pixels has sums enough to hide the latency of one; the last one has the rest.
  static constexpr int kPartPixels = kLastQuads > 0 ? 8 / kVectors : kPixels;
  static constexpr int kParts = std::max(1, kPixels / kPartPixels);

  template <int... kIndex>
  HWY_INLINE void start(const std::int32_t* starts, std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] =
          load_words(starts + kIndex % kVectors / kWords * kPanel, kIndex % kVectors % kWords)),
     ...);
  }

  /// Adds `depth` bytes of pixels [kFirst, kFirst + kCount).
  template <int kFirst, int kCount>
  HWY_INLINE void add_quads(const std::uint8_t* input, const std::int8_t* weights, int depth,
                            [[maybe_unused]] std::size_t ahead) {
    constexpr int kGroups = (kCount + kGroup - 1) / kGroup;
    const std::uint8_t* pixels[kGroups];
    point(input + kFirst * pitch_, pixels, Indices<kGroups>());
    const std::int8_t* const end = weights + depth * kPanel;
    for (; weights != end; weights += kQuad * kPanel) {
      if constexpr (kFirst == 0) fetch_ahead(weights + ahead);
      add_quad<kFirst, kCount>(pixels, weights, Indices<kVectors>());
      advance(pixels, Indices<kGroups>());
    }
  }
  template <int... kIndex>
  HWY_INLINE void point(const std::uint8_t* input, const std::uint8_t** pixels,
                        std::integer_sequence<int, kIndex...>) const {
    ((pixels[kIndex] = input + kIndex * kGroup * pitch_), ...);
  }
  template <int... kIndex>
  HWY_INLINE void advance(const std::uint8_t** pixels,
                          std::integer_sequence<int, kIndex...>) const {
    ((pixels[kIndex] += kQuad), ...);
  }
  template <int kFirst, int kCount, int... kVector>
  HWY_INLINE void add_quad(const std::uint8_t* const* pixels, const std::int8_t* weights,
                           std::integer_sequence<int, kVector...>) {
    const Operand row[kVectors] = {
        Dot::weights(load_words(weights + kVector / kWords * panel_pitch_, kVector % kWords))...};
    add_pixels<kFirst>(pixels, row, Indices<kCount>());
  }
  template <int kFirst, int... kPixel>
  HWY_INLINE void add_pixels(const std::uint8_t* const* pixels, const Operand* row,
                             std::integer_sequence<int, kPixel...>) {
    (add_pixel<kFirst + kPixel>(
         Dot::bytes(repeat_quad(pixels[kPixel / kGroup] + kPixel % kGroup * pitch_)), row,
         Indices<kVectors>()),
     ...);
  }
  template <int kPixel, int... kVector>
  HWY_INLINE void add_pixel(const Operand& bytes, const Operand* row,
                            std::integer_sequence<int, kVector...>) {
    ((sums_[kPixel * kVectors + kVector] =
          Dot::add(sums_[kPixel * kVectors + kVector], bytes, row[kVector])),
     ...);
  }

  template <int... kPart, class Function>
  HWY_INLINE void finish(std::integer_sequence<int, kPart...>, const Function& function) {
    (finish < kPart * kPartPixels,
     kPart + 1 < kParts ? kPartPixels : kPixels - kPart * kPartPixels > (function), ...);
  }
  template <int kFirst, int kCount, class Function>
  HWY_INLINE void finish(const Function& function) {
    if constexpr (kLastQuads > 0)
      add_quads<kFirst, kCount>(last_input_, last_weights_, last_depth_, 0);
    function(std::integral_constant<int, kFirst>(), std::integral_constant<int, kCount>());
  }

  template <int kFirst, ByteSteps kSteps, int... kUnit>
  HWY_INLINE void end(const BytePanel<kSteps, kPanels>& panels, std::size_t channel,
                      const PixelPlaces<std::uint8_t>& outputs,
                      const PixelPlaces<const std::uint8_t>& addends,
                      std::integer_sequence<int, kUnit...>) const {
    (end_unit<kFirst + kUnit * kStep>(panels, channel, outputs, addends), ...);
  }
  /// Ends a unit; what it has after the tile's last pixel is not stored.
  template <int kPixel, ByteSteps kSteps>
  HWY_INLINE void end_unit(const BytePanel<kSteps, kPanels>& panels, std::size_t channel,
                           const PixelPlaces<std::uint8_t>& outputs,
                           const PixelPlaces<const std::uint8_t>& addends) const {
    constexpr int kFirst = kPixel * kVectors, kLast = kSums - 1;
    end_words(panels, channel, sums_[kFirst], sums_[std::min(kFirst + 1, kLast)],
              sums_[std::min(kFirst + 2, kLast)], sums_[std::min(kFirst + 3, kLast)],
              std::min(kStep, kPixels - kPixel), outputs.from(kPixel), addends.from(kPixel));
  }
  template <int... kIndex>
  HWY_INLINE void store(std::int32_t* sums, std::integer_sequence<int, kIndex...>) const {
    (store_words(sums_[kIndex], sums + kIndex / kWords * kPanel, kIndex % kWords), ...);
  }

  std::size_t pitch_, panel_pitch_;
  const std::uint8_t* last_input_;
  const std::int8_t* last_weights_;
  int last_depth_;
  Words sums_[kSums];
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/product-inl.hpp
// The register-tiled product of bytes: pointwise and dense layers, and the picture's convolution.
// Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// How the sums of tiles become bytes.
template <ByteSteps kSteps, int kPanels>
class TileBytes {
 public:
  HWY_INLINE TileBytes(const ByteProduct& product, int panel)
      : channel_(static_cast<std::size_t>(panel * kPanel)), panels_(product.ending, channel_) {}

  /// Ends the sums of a tile whose first pixel is given.
  template <class Tile>
  HWY_INLINE void end(Tile& tile, const ByteProduct& product, int pixel) const {
    PixelPlaces<const std::uint8_t> addends;
    if constexpr (BytePanel<kSteps>::kAdds) addends.find(product.addend, pixel, Tile::kTilePixels);
    tile.end(panels_, channel_, PixelPlaces<std::uint8_t>(product.output, pixel, Tile::kTilePixels),
             addends);
  }

 private:
  std::size_t channel_;
  BytePanel<kSteps, kPanels> panels_;
};

/// How they become factors or logits, which is rare.
template <int kPanels>
class TileValues {
 public:
  HWY_INLINE TileValues(const ByteProduct& product, int panel)
      : ending_(product.ending), panel_(panel) {}

  template <class Tile>
  HWY_INLINE void end(Tile& tile, const ByteProduct& product, int pixel) const {
    HWY_ALIGN std::int32_t sums[Tile::kTilePixels * kPanels * kPanel];
    tile.store(sums);
    const PixelPlaces<std::uint8_t> outputs(product.output, pixel, Tile::kTilePixels);
    for (int i = 0; i < kPanels; ++i)
      end_values(ending_, panel_ + i, sums + i * kPanel, kPanels * kPanel, Tile::kTilePixels,
                 outputs.from(0));
  }

 private:
  const SumEnding& ending_;
  int panel_;
};

/// Computes what sums begin with: the bias, without what the offset of bytes adds to them.
template <class Dot>
HWY_NOINLINE void start_sums(const std::int8_t* weights, std::size_t bytes,
                             const std::int32_t* biases, std::int32_t* starts) {
  for (int i = 0; i < kWords; ++i) {
    Words offset = subtract_words(load_words(biases, i), load_words(biases, i));
    const auto none = Dot::bytes(offset);
    if constexpr (Dot::kOffset != 0)
      for (std::size_t k = 0; k < bytes; k += kQuad * kPanel)
        offset = Dot::add(offset, none, Dot::weights(load_words(weights + k, i)));
    store_words(subtract_words(load_words(biases, i), offset), starts, i);
  }
}

/// Some panels of a product, and what all of their tiles need.
template <class Dot, class TileEnding, int kPixels, int kPanels>
class ProductPanels {
  static constexpr int kFew = std::min(kUnitPixels, kPixels);

 public:
  HWY_INLINE ProductPanels(const ByteProduct& product, int panel)
      : product_(product),
        pitch_(static_cast<std::size_t>(product.kernel_rows) *
               static_cast<std::size_t>(product.row_depth) * kPanel),
        weights_(product.weights + static_cast<std::size_t>(panel) * pitch_),
        ending_(product, panel) {
    for (int i = 0; i < kPanels; ++i)
      start_sums<Dot>(weights_ + static_cast<std::size_t>(i) * pitch_, pitch_,
                      product.ending.constants.bias + (panel + i) * kPanel, starts_ + i * kPanel);
  }

  /// Computes `count` pixels. The last tile may overlap the one before it.
  HWY_INLINE void compute(int count) {
    int done = add_tiles<kPixels>(0, count);
    // Of 7×7 pixels half a tile is left.
    if constexpr (kPanels > 1) done = add_tiles<kPixels / 2>(done, count);
    if (count < kFew)
      for (; done < count; ++done) add_tile<1>(done);
    for (; done < count; done += kFew) add_tile<kFew>(std::min(done, count - kFew));
  }

 private:
  /// Computes whole tiles from pixel `done` on, and returns the first pixel that is left.
  template <int kTilePixels>
  HWY_INLINE int add_tiles(int done, int count) {
    for (; done + kTilePixels <= count; done += kTilePixels) add_tile<kTilePixels>(done);
    return done;
  }

  template <int kTilePixels>
  HWY_INLINE void add_tile(int pixel) {
    const std::size_t offset = static_cast<std::size_t>(pixel) * product_.pixel_pitch;
    // The next panels' weights come while these are used: one panel's in each of the first tiles.
    const std::size_t ahead = tiles_ < kPanels ? (kPanels + tiles_++) * pitch_ : 0;
    ByteTile<Dot, kTilePixels, kPanels> tile(product_, weights_, pitch_, offset, ahead, starts_);
    ending_.end(tile, product_, pixel);
  }

  const ByteProduct& product_;
  std::size_t pitch_;  // from a panel's weights to the next one's
  const std::int8_t* weights_;
  std::size_t tiles_ = 0;  // that have begun, as far as they ask for weights
  TileEnding ending_;
  HWY_ALIGN std::int32_t starts_[kPanels * kPanel];
};

/// Computes kPanels panels for all pixels.
template <class Dot, class TileEnding, int kPixels, int kPanels>
HWY_NOINLINE void product_panels(const ByteProduct& product, int pixels, int panel) {
  ProductPanels<Dot, TileEnding, kPixels, kPanels>(product, panel).compute(pixels);
}

/// Does so with the ending of the product.
template <class Dot, int kPixels, int kPanels>
HWY_INLINE void product_panels(const ByteProduct& product, int pixels, int panel) {
  if (product.ending.kind != Ending::bytes)
    return product_panels<Dot, TileValues<kPanels>, kPixels, kPanels>(product, pixels, panel);
  with_steps<Dot>(product.ending, product.addend.pixels != nullptr, [&](auto steps) {
    using TileEnding = TileBytes<decltype(steps)::value, kPanels>;
    product_panels<Dot, TileEnding, kPixels, kPanels>(product, pixels, panel);
  });
}

/// Computes panels [begin, end) of a product over `pixels` pixels.
template <bool kVnni>
void byte_product(const ByteProduct& product, int pixels, int begin, int end) {
  using Dot = ProductDot<kVnni>;
  int panel = begin;
  if constexpr (kBytePanels > 1) {
    for (; panel + kBytePanels <= end; panel += kBytePanels)
      product_panels<Dot, kBytePixels, kBytePanels>(product, pixels, panel);
    for (; panel < end; ++panel)
      product_panels<Dot, kBytePixels * kBytePanels, 1>(product, pixels, panel);
  } else {
    for (; panel < end; ++panel) product_panels<Dot, kBytePixels, 1>(product, pixels, panel);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/depthwise-inl.hpp
// Depthwise convolution of one panel of bytes, channels last, with any kernel. Quads are of four
// kernel rows. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

inline constexpr int kMostKernel = 7;
inline constexpr int kMostRowQuads = 2;

/// Whether the registers have room for the sums of two rows of outputs, which share quads.
inline constexpr bool kSharesQuads = kWords == 1;

/// The weights of a panel, as Dot takes them: [kernel column][quad of rows][word].
template <class Dot>
struct DepthwiseWeights {
  typename Dot::Operand taps[kMostKernel * kMostRowQuads * kWords];
  HWY_ALIGN std::int32_t starts[kPanel];

  /// Those of output rows that begin `down` rows below the quads, which have room for them.
  HWY_INLINE DepthwiseWeights(const ByteDepthwise& rows, int panel, int down) {
    const int quads = static_cast<int>(round_up(rows.kernel.height, kQuad)) / kQuad;
    const int count = rows.kernel.width * quads;
    const auto bytes = static_cast<std::size_t>(count) * kQuad * kPanel;
    HWY_ALIGN std::int8_t moved[kMostKernel * kMostRowQuads * kQuad * kPanel];
    const std::int8_t* weights = rows.weights + static_cast<std::size_t>(panel) * bytes;
    if (down > 0) {
      for (int column = 0; column < rows.kernel.width; ++column)
        move(weights + column * quads * kQuad * kPanel, quads, down,
             moved + column * quads * kQuad * kPanel);
      weights = moved;
    }
    for (int i = 0; i < count * kWords; ++i)
      taps[i] = Dot::weights(load_words(weights + i / kWords * kQuad * kPanel, i % kWords));
    start_sums<Dot>(weights, bytes, rows.ending.constants.bias + panel * kPanel, starts);
  }

 private:
  /// Moves the weights of a column down: the lowest byte of a word is the highest row.
  static HWY_INLINE void move(const std::int8_t* from, int quads, int down, std::int8_t* to) {
    std::uint32_t above[kPanel] = {}, words[kPanel], lower[kPanel];
    for (int quad = 0; quad < quads; ++quad) {
      std::memcpy(words, from + quad * kQuad * kPanel, sizeof words);
      for (int i = 0; i < kPanel; ++i) {
        lower[i] = words[i] << (8 * down) | above[i];
        above[i] = words[i] >> (32 - 8 * down);
      }
      std::memcpy(to + quad * kQuad * kPanel, lower, sizeof lower);
    }
  }
};

/// The input rows of an output row, from its first column on; some more below the kernel's, whose
/// weights are zeros, are any.
struct WindowRows {
  const std::uint8_t* rows[kMostRowQuads * kQuad];

  HWY_INLINE WindowRows(const ByteDepthwise& depthwise, int y, int below) {
    const int height = depthwise.kernel.height + below;
    for (int i = 0; i < kMostRowQuads * kQuad; ++i)
      rows[i] = depthwise.input +
                static_cast<std::size_t>(y * depthwise.stride.height +
                                         std::min(i, height - 1) * depthwise.dilation.height) *
                    depthwise.row_pitch;
  }
};

/// Whether a layer's kernel is of 3×3 or 5×5 neighbouring pixels, as most are.
HWY_INLINE bool is_usual(const ByteDepthwise& rows) {
  return (rows.kernel == Pair(3) || rows.kernel == Pair(5)) && rows.dilation == Pair(1) &&
         rows.stride.width <= 2;
}

/// Ends the sums [pixel][16] of `count` neighbouring outputs of a panel.
template <ByteSteps kSteps>
HWY_INLINE void end_outputs(const ByteDepthwise& rows, int panel, int pixel, int count,
                            const std::int32_t* sums) {
  const PixelPlaces<std::uint8_t> outputs(rows.output, pixel, count);
  const PixelPlaces<const std::uint8_t> addends(rows.addend, pixel, count);
  end_bytes<kSteps>(rows.ending, static_cast<std::size_t>(panel * kPanel), sums, count,
                    outputs.from(0), addends.from(0));
}

/// Computes one output after the other, for any kernel.
template <class Dot>
HWY_INLINE void depthwise_outputs(const ByteDepthwise& rows, const DepthwiseWeights<Dot>& weights,
                                  const WindowRows& window, std::size_t offset,
                                  std::int32_t* sums) {
  const int quads = static_cast<int>(round_up(rows.kernel.height, kQuad)) / kQuad;
  Words total[kWords];
  for (int i = 0; i < kWords; ++i) total[i] = load_words(weights.starts, i);
  for (int tap = 0; tap < rows.kernel.width * quads; ++tap) {
    Words bytes[kWords];
    load_quads(
        window.rows + tap % quads * kQuad,
        offset + static_cast<std::size_t>(tap / quads * rows.dilation.width) * rows.pixel_pitch,
        bytes);
    for (int i = 0; i < kWords; ++i)
      total[i] = Dot::add(total[i], Dot::bytes(bytes[i]), weights.taps[tap * kWords + i]);
  }
  for (int i = 0; i < kWords; ++i) store_words(total[i], sums, i);
}

template <class Dot, ByteSteps kSteps>
HWY_NOINLINE void depthwise_any_panel(const ByteDepthwise& rows, int panel) {
  const DepthwiseWeights<Dot> weights(rows, panel, 0);
  HWY_ALIGN std::int32_t sums[kUnitPixels * kPanel] = {};
  const auto channel = static_cast<std::size_t>(panel * kPanel);
  const std::size_t step = static_cast<std::size_t>(rows.stride.width) * rows.pixel_pitch;
  for (int y = 0; y < rows.rows; ++y) {
    const WindowRows window(rows, y, 0);
    const int width = rows.output.width;
    for (int x = 0; x < width; x += kUnitPixels) {
      const int count = std::min(kUnitPixels, width - x);
      for (int i = 0; i < count; ++i)
        depthwise_outputs(rows, weights, window, channel + static_cast<std::size_t>(x + i) * step,
                          sums + i * kPanel);
      end_outputs<kSteps>(rows, panel, y * width + x, count, sums);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#if PPLCNET_PANEL_LANES
// from pplcnet/kernels/int8/depthwise_strips-inl.hpp
// Depthwise convolution of one panel of bytes with kernels of 3×3 and 5×5, in strips of outputs.
// Compiled for AVX-512 and AVX2 alone, where panels are left that do not fill vectors.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Outputs of a strip: whole units, and no fewer than a kernel's columns that the next one reads.
inline constexpr int kStripOutputs = 4;

/// Neighbouring outputs of a panel, strip by strip, in one row or in kRows of them: the lower one's
/// weights are those of the upper one, moved down. Quads that the next strip reads, too, are kept.
template <class Dot, ByteSteps kSteps, int kWidth, int kQuads, int kStride, int kRows>
class DepthwiseStrips {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  static constexpr int kOutputs = kStripOutputs;
  static constexpr int kKept = kWidth - kStride, kInputs = kOutputs * kStride;  // then new ones
  static_assert(kKept <= kInputs);
  static constexpr int kVectors = kQuads * kWords;  // of an input

 public:
  HWY_INLINE DepthwiseStrips(const ByteDepthwise& rows, const DepthwiseWeights<Dot>* weights,
                             const BytePanel<kSteps>& ending, int panel, int y)
      : rows_(rows),
        window_(rows, y, (kRows - 1) * rows.stride.height),
        weights_(weights),
        ending_(ending),
        channel_(static_cast<std::size_t>(panel * kPanel)),
        y_(y) {}

  /// The last strip may overlap the one before it: what it computes again is the same.
  HWY_INLINE void compute() {
    const int width = rows_.output.width;
    for (int start = 0; start < width; start += kOutputs) {
      const int x = std::min(start, width - kOutputs);
      const std::size_t offset =
          channel_ + static_cast<std::size_t>(x * kStride) * rows_.pixel_pitch;
      if (start == 0 || x != start) keep(offset, Indices<kKept>());
      begin(Indices<kRows * kOutputs * kWords>());
      add_kept(Indices<kKept>());
      add_inputs(offset + kKept * rows_.pixel_pitch, Indices<kInputs>());
      end_rows(x, Indices<kRows>());
    }
  }

 private:
  template <int... kInput>
  HWY_INLINE void keep(std::size_t offset, std::integer_sequence<int, kInput...>) {
    (load(offset + kInput * rows_.pixel_pitch, kept_ + kInput * kVectors), ...);
  }
  HWY_INLINE void load(std::size_t offset, Operand* input) const {
    load(offset, input, Indices<kQuads>());
  }
  template <int... kQuad>
  HWY_INLINE void load(std::size_t offset, Operand* input,
                       std::integer_sequence<int, kQuad...>) const {
    (load_quad<kQuad>(offset, input, Indices<kWords>()), ...);
  }
  template <int kNumber, int... kWord>
  HWY_INLINE void load_quad(std::size_t offset, Operand* input,
                            std::integer_sequence<int, kWord...>) const {
    Words quads[kWords];
    load_quads(window_.rows + kNumber * kQuad, offset, quads);
    ((input[kNumber * kWords + kWord] = Dot::bytes(quads[kWord])), ...);
  }

  template <int... kIndex>
  HWY_INLINE void begin(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = load_words(weights_[kIndex / (kOutputs * kWords)].starts, kIndex % kWords)),
     ...);
  }
  template <int... kInput>
  HWY_INLINE void add_kept(std::integer_sequence<int, kInput...>) {
    (add_input<kInput>(kept_ + kInput * kVectors, Indices<kRows * kOutputs>()), ...);
  }
  template <int... kInput>
  HWY_INLINE void add_inputs(std::size_t offset, std::integer_sequence<int, kInput...>) {
    (add_new<kInput>(offset + kInput * rows_.pixel_pitch), ...);
  }
  template <int kInput>
  HWY_INLINE void add_new(std::size_t offset) {
    Operand input[kVectors];
    load(offset, input);
    add_input<kKept + kInput>(input, Indices<kRows * kOutputs>());
    if constexpr (kKept + kInput >= kInputs)
      copy(input, kept_ + (kKept + kInput - kInputs) * kVectors, Indices<kVectors>());
  }
  template <int... kIndex>
  HWY_INLINE void copy(const Operand* from, Operand* to, std::integer_sequence<int, kIndex...>) {
    ((to[kIndex] = from[kIndex]), ...);
  }

  template <int kInput, int... kOutput>
  HWY_INLINE void add_input(const Operand* input, std::integer_sequence<int, kOutput...>) {
    (add_output<kInput - kOutput % kOutputs * kStride, kOutput>(input, Indices<kVectors>()), ...);
  }
  template <int kColumn, int kOutput, int... kIndex>
  HWY_INLINE void add_output([[maybe_unused]] const Operand* input,
                             std::integer_sequence<int, kIndex...>) {
    if constexpr (kColumn >= 0 && kColumn < kWidth)
      ((sums_[kOutput * kWords + kIndex % kWords] =
            Dot::add(sums_[kOutput * kWords + kIndex % kWords], input[kIndex],
                     weights_[kOutput / kOutputs].taps[kColumn * kVectors + kIndex])),
       ...);
  }

  template <int... kRow>
  HWY_INLINE void end_rows(int x, std::integer_sequence<int, kRow...>) const {
    (end_row<kRow>(x, Indices<kOutputs / kUnitPixels>()), ...);
  }
  template <int kRow, int... kUnit>
  HWY_INLINE void end_row(int x, std::integer_sequence<int, kUnit...>) const {
    (end_unit<kUnit * kUnitPixels>(y_ + kRow, x,
                                   sums_ + (kRow * kOutputs + kUnit * kUnitPixels) * kWords),
     ...);
  }
  template <int kPixel>
  HWY_INLINE void end_unit(int y, int x, const Words* sums) const {
    const Halves none[2] = {};
    Halves unit[2];
    ending_.end(sums[0], sums[1], sums[2], sums[3], none, unit);
    store_unit(unit, UnitPlaces<std::uint8_t>(rows_.output, y, x + kPixel).places, channel_,
               kUnitPixels);
  }

  const ByteDepthwise& rows_;
  const WindowRows window_;
  const DepthwiseWeights<Dot>* weights_;
  const BytePanel<kSteps>& ending_;
  std::size_t channel_;
  int y_;
  Operand kept_[std::max(1, kKept* kVectors)];
  Words sums_[kRows * kOutputs * kWords];
};

/// Computes a panel of outputs of a kernel of kWidth columns and kQuads quads of rows.
template <class Dot, ByteSteps kSteps, int kWidth, int kQuads, int kStride>
HWY_NOINLINE void depthwise_panel(const ByteDepthwise& rows, int panel) {
  const BytePanel<kSteps> ending(rows.ending, static_cast<std::size_t>(panel * kPanel));
  const DepthwiseWeights<Dot> weights(rows, panel, 0);
  int y = 0;
  if constexpr (kSharesQuads) {
    const int down = rows.stride.height;
    if (rows.kernel.height + down <= kQuads * kQuad && down < kQuad && rows.rows > 1) {
      const DepthwiseWeights<Dot> both[] = {weights, {rows, panel, down}};
      for (; y + 2 <= rows.rows; y += 2)
        DepthwiseStrips<Dot, kSteps, kWidth, kQuads, kStride, 2>(rows, both, ending, panel, y)
            .compute();
    }
  }
  for (; y < rows.rows; ++y)
    DepthwiseStrips<Dot, kSteps, kWidth, kQuads, kStride, 1>(rows, &weights, ending, panel, y)
        .compute();
}

template <class Dot, ByteSteps kSteps>
HWY_INLINE void depthwise_panel(const ByteDepthwise& rows, int panel) {
  if constexpr (!BytePanel<kSteps>::kAdds) {  // addends are rare
    const bool usual = is_usual(rows) && rows.output.width >= kStripOutputs;
    const bool strides = rows.stride.width == 2;
    if (usual && rows.kernel.width == 3)
      return strides ? depthwise_panel<Dot, kSteps, 3, 1, 2>(rows, panel)
                     : depthwise_panel<Dot, kSteps, 3, 1, 1>(rows, panel);
    if (usual && rows.kernel.width == 5)
      return strides ? depthwise_panel<Dot, kSteps, 5, 2, 2>(rows, panel)
                     : depthwise_panel<Dot, kSteps, 5, 2, 1>(rows, panel);
  }
  depthwise_any_panel<Dot, kSteps>(rows, panel);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif
// from pplcnet/kernels/int8/panel_lanes-inl.hpp
// Neighbouring panels of a depthwise layer side by side: rows of their bytes fill vectors, so quads
// and endings take fewer shuffles. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Vectors of words that have a panel in each lane: vector v has channels 4v to 4v + 3. Halves of a
/// panel, lower or upper, come from two of them.
inline constexpr int kLaneVectors = 4;
inline constexpr int kHalfVectors = 2;

/// `count` panels side by side, in the first lanes; in those after them are the same ones, of other
/// rows.
struct PanelLanes {
  int first;
  std::size_t panels[kSidePanels];

  HWY_INLINE PanelLanes(int begin, int count) : first(begin) {
    for (int i = 0; i < kSidePanels; ++i)
      panels[i] = static_cast<std::size_t>(first + (i < count ? i : i - count));
  }

  /// Loads 16 bytes of each panel's array: those of number `part`.
  template <class Vector>
  HWY_INLINE Vector load(const void* arrays, std::size_t panel_bytes, int part) const {
    const std::uint8_t* lanes[kSidePanels];
    for (int i = 0; i < kSidePanels; ++i)
      lanes[i] = static_cast<const std::uint8_t*>(arrays) + 16 * part + panels[i] * panel_bytes;
    Vector vector;
    load_lanes(lanes, vector);
    return vector;
  }
  HWY_INLINE Words load_words(const std::int32_t* array, int part) const {
    return load<Words>(array, kPanel * sizeof *array, part);
  }
  HWY_INLINE Halves operator()(const std::int16_t* array, int part) const {
    return load<Halves>(array, kPanel * sizeof *array, part);
  }
};

/// Subtracts what the offset of bytes adds to sums of products with these weights.
template <class Dot, int kTaps>
HWY_INLINE void subtract_offset(const typename Dot::Operand* taps, Words& start) {
  if constexpr (Dot::kOffset != 0) {
    const Words none = subtract_words(start, start);
    Words offset = none;
    for (int tap = 0; tap < kTaps; ++tap)
      offset = Dot::add(offset, Dot::bytes(none), taps[tap * kLaneVectors]);
    start = subtract_words(start, offset);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/side_sums-inl.hpp
// Sums of neighbouring panels side by side, in registers. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of kOpen neighbouring outputs in kRows rows, with kVectors of their vectors from kFirst on,
/// with what they are sums of: rows of inputs, and weights. All are copies whose indices are
/// constants, so that they can be in registers.
template <class Dot, class Weights, int kInputRows, int kRows, int kFirst, int kVectors, int kOpen>
class SideSums {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  static constexpr int kTaps = Weights::kTaps, kSums = kRows * kVectors;  // of an output

 public:
  HWY_INLINE SideSums(const Weights& weights, const WindowRows& window) : weights_(weights) {
    copy_rows(window, Indices<kInputRows>());
    copy_taps(Indices<kTaps * kSums>());
  }

  /// Starts the sums of outputs from this one on.
  template <int kOutput>
  HWY_INLINE void begin() {
    begin<kOutput>(Indices<(kOpen - kOutput) * kSums>());
  }
  /// Makes the next output the first one.
  HWY_INLINE void advance() {
    advance(Indices<(kOpen - 1) * kSums>());
    begin<kOpen - 1>();
  }
  /// Adds products of a vector of bytes and of a tap's weights to an output in a row.
  template <int kOutput, int kRow, int kTap, int kVector>
  HWY_INLINE void add(const Operand& bytes) {
    Words& sum = sums_[kOutput * kSums + kRow * kVectors + kVector];
    sum = Dot::add(sum, bytes, taps_[(kRow * kTaps + kTap) * kVectors + kVector]);
  }
  /// Returns the halves of two vectors of the first output.
  HWY_INLINE Halves halves(int row, int vector) const {
    return narrow(shifted(row, vector), shifted(row, vector + 1));
  }

  HWY_INLINE const std::uint8_t* const* rows() const { return rows_; }

 private:
  template <int... kIndex>
  HWY_INLINE void copy_rows(const WindowRows& window, std::integer_sequence<int, kIndex...>) {
    ((rows_[kIndex] = window.rows[kIndex]), ...);
  }
  /// Takes the weights of these vectors: [row][tap][vector].
  template <int... kIndex>
  HWY_INLINE void copy_taps(std::integer_sequence<int, kIndex...>) {
    ((taps_[kIndex] = weights_.taps[kIndex / (kTaps * kVectors)]
                                   [kIndex % (kTaps * kVectors) / kVectors * kLaneVectors + kFirst +
                                    kIndex % kVectors]),
     ...);
  }
  template <int kOutput, int... kIndex>
  HWY_INLINE void begin(std::integer_sequence<int, kIndex...>) {
    ((sums_[kOutput * kSums + kIndex] = weights_.starts[kFirst + kIndex % kVectors]), ...);
  }
  template <int... kIndex>
  HWY_INLINE void advance(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = sums_[kIndex + kSums]), ...);
  }
  HWY_INLINE Words shifted(int row, int vector) const {
    return shift_words(sums_[row * kVectors + vector], weights_.shifts[kFirst + vector]);
  }

  const Weights& weights_;
  const std::uint8_t* rows_[kInputRows];
  Operand taps_[kTaps * kSums];
  Words sums_[kOpen * kSums];
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/wide_depthwise-inl.hpp
// Depthwise convolution of 3×3 kernels, neighbouring panels side by side. Compiled once per
// instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

inline constexpr int kWideKernel = 3;

/// The weights of panels for kRows output rows, whose quads are the first one's.
template <class Dot, int kRows>
struct WideWeights {
  static constexpr int kTaps = kWideKernel;
  typename Dot::Operand taps[kRows][kTaps * kLaneVectors];
  Words starts[kLaneVectors];
  Shifts shifts[kLaneVectors];

  HWY_INLINE WideWeights(const ByteDepthwise& rows, const PanelLanes& panels) {
    for (int i = 0; i < kTaps * kLaneVectors; ++i) {
      const auto quad = panels.load<Words>(rows.weights, std::size_t{kTaps} * kQuad * kPanel, i);
      taps[0][i] = Dot::weights(quad);
      if constexpr (kRows == 2) taps[1][i] = Dot::weights(move_down(quad, rows.stride.height));
    }
    for (int i = 0; i < kLaneVectors; ++i) {
      starts[i] = panels.load_words(rows.ending.constants.bias, i);
      shifts[i] = shifts_of(panels.load_words(rows.ending.constants.shift, i));
      subtract_offset<Dot, kTaps>(taps[0] + i, starts[i]);
    }
  }
};

/// The vectors of neighbouring outputs in kRows rows, or half of them, and if there are two groups
/// of lanes, in so many below them. Each column of the input is added to all outputs that it
/// belongs to, so that weights and sums stay in registers.
template <class Dot, int kHalf, int kHalves, int kStride, int kRows, int kGroups>
class WideOutputs {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  using Weights = WideWeights<Dot, kRows>;
  static constexpr int kVectors = kHalves * kHalfVectors;
  static constexpr int kShared = kWideKernel - kStride;  // columns that the next output reads, too
  static constexpr int kOpen = (kWideKernel + kStride - 1) / kStride;  // outputs that are summed
  static constexpr int kDown = kRows * kStride;  // input rows from a group's to the next one's

 public:
  HWY_INLINE WideOutputs(const Weights& weights, const WindowRows& window)
      : sums_(weights, window) {}

  /// Computes `count` outputs, the first of which has its first column at an offset, and gives
  /// `take` the halves of each one in each row.
  template <class Take>
  HWY_INLINE void compute(std::size_t offset, std::size_t pitch, int count, const Take& take) {
    sums_.template begin<0>();
    add_columns<0>(offset, pitch, Indices<kShared>());
    offset += kShared * pitch;
    for (int x = 0; x < count; ++x, offset += kStride * pitch) {
      add_columns<kShared>(offset, pitch, Indices<kStride>());
      end(x, take, Indices<kRows>());
      sums_.advance();
    }
  }

 private:
  template <int kSkipped, int... kColumn>
  HWY_INLINE void add_columns(std::size_t offset, std::size_t pitch,
                              std::integer_sequence<int, kColumn...>) {
    (add_column<kSkipped + kColumn>(offset + kColumn * pitch), ...);
  }
  template <int kColumn>
  HWY_INLINE void add_column(std::size_t offset) {
    Words quads[kHalves][kHalfVectors];
    load<kHalf>(offset, quads[0]);
    if constexpr (kHalves == 2) load<1>(offset, quads[1]);
    add_quads<kColumn>(quads, Indices<kVectors>(), Indices<kOpen * kRows * kVectors>());
  }
  template <int kLoaded>
  HWY_INLINE void load(std::size_t offset, Words (&quads)[kHalfVectors]) const {
    constexpr int kLast = kWideKernel + kRows - 2;  // the last row that has weights
    if constexpr (kGroups == 2)
      load_two_rows<kLoaded, kLast, kDown>(sums_.rows(), offset, quads);
    else
      load_wide_quads<kLoaded, kLast>(sums_.rows(), offset, quads);
  }
  template <int kColumn, int... kVector, int... kIndex>
  HWY_INLINE void add_quads(const Words (&quads)[kHalves][kHalfVectors],
                            std::integer_sequence<int, kVector...>,
                            std::integer_sequence<int, kIndex...>) {
    const Operand bytes[] = {Dot::bytes(quads[kVector / kHalfVectors][kVector % kHalfVectors])...};
    (add<kColumn, kIndex / kVectors, kIndex % kVectors>(bytes[kIndex % kVectors]), ...);
  }
  /// Adds a column to a row of an output, if it is one of its columns.
  template <int kColumn, int kRowOfOutputs, int kVector>
  HWY_INLINE void add([[maybe_unused]] const Operand& bytes) {
    constexpr int kOutput = kRowOfOutputs / kRows, kTap = kColumn - kOutput * kStride;
    if constexpr (kTap >= 0)
      sums_.template add<kOutput, kRowOfOutputs % kRows, kTap, kVector>(bytes);
  }

  template <class Take, int... kRow>
  HWY_INLINE void end(int x, const Take& take, std::integer_sequence<int, kRow...>) const {
    if constexpr (kHalves == 2)
      (take(kRow, x, sums_.halves(kRow, 0), sums_.halves(kRow, kHalfVectors)), ...);
    else
      (take(kRow, x, sums_.halves(kRow, 0)), ...);
  }

  SideSums<Dot, Weights, kQuad + (kGroups - 1) * kDown, kRows, kHalf * kHalfVectors, kVectors,
           kOpen>
      sums_;
};

/// How panels are computed side by side: rows of outputs whose quads are the first one's, and
/// groups of lanes.
template <class Dot, int kStep, int kRowCount, int kGroupCount>
struct WideForm {
  static constexpr int kStride = kStep, kRows = kRowCount, kGroups = kGroupCount;
  // Whether the registers have room for all vectors of an output, so that inputs are loaded once.
  static constexpr bool kAtOnce = kWords == 1 && kRows == 1;
  using Weights = WideWeights<Dot, kRows>;
  template <int kHalf>
  using Outputs = WideOutputs<Dot, kHalf, kAtOnce ? 2 : 1, kStride, kRows, kGroups>;
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/tall_depthwise-inl.hpp
// Depthwise convolution of 5×5 kernels, neighbouring panels side by side: quads of four rows in a
// column, and of four columns in the fifth row, so that 25 taps take seven of them. Compiled once
// per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

inline constexpr int kTallKernel = 5;

/// The weights of panels: of each column's first four rows, of the fifth row's columns but the
/// first one, and of that one, where it lies in the quad of the output before.
template <class Dot, int kStride>
struct TallWeights {
  static constexpr int kFifthRow = kTallKernel, kFirstColumn = kTallKernel + 1;
  static constexpr int kTaps = kTallKernel + 2;
  typename Dot::Operand taps[1][kTaps * kLaneVectors];
  Words starts[kLaneVectors];
  Shifts shifts[kLaneVectors];

  HWY_INLINE TallWeights(const ByteDepthwise& rows, const PanelLanes& panels) {
    for (int i = 0; i < kLaneVectors; ++i) {
      starts[i] = panels.load_words(rows.ending.constants.bias, i);
      shifts[i] = shifts_of(panels.load_words(rows.ending.constants.shift, i));
      const auto load = [&](int column, int quad) HWY_ATTR {
        return panels.load<Words>(rows.weights, std::size_t{kQuads * kTallKernel} * kQuad * kPanel,
                                  (kQuads * column + quad) * kLaneVectors + i);
      };
      Words fifth_row = load(1, 1);
      for (int column = 2; column < kTallKernel; ++column)
        fifth_row = add_words(fifth_row, move_down(load(column, 1), column - 1));
      for (int column = 0; column < kTallKernel; ++column)
        taps[0][column * kLaneVectors + i] = Dot::weights(load(column, 0));
      taps[0][kFifthRow * kLaneVectors + i] = Dot::weights(fifth_row);
      taps[0][kFirstColumn * kLaneVectors + i] = Dot::weights(move_down(load(0, 1), kStride - 1));
      subtract_offset<Dot, kTaps>(taps[0] + i, starts[i]);
    }
  }

 private:
  static constexpr int kQuads = 2;  // of a column, of which the second has the fifth row alone
};

/// Half of the vectors of neighbouring outputs in a row. Each quad of the input is added to all
/// outputs that it belongs to, so that sums stay in registers.
template <class Dot, int kHalf, int kStride>
class TallOutputs {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  using Weights = TallWeights<Dot, kStride>;
  static constexpr int kVectors = kHalfVectors;
  static constexpr int kOpen = (kTallKernel + kStride - 1) / kStride;  // outputs that are summed
  static constexpr int kShared = kTallKernel - kStride;  // columns that the next output reads, too

 public:
  HWY_INLINE TallOutputs(const Weights& weights, const WindowRows& window)
      : sums_(weights, window), fifth_row_(window.rows[kQuad]) {}

  /// Computes `count` outputs, the first of which has its first column at an offset, and gives
  /// `take` the halves of each one.
  template <class Take>
  HWY_INLINE void compute(std::size_t offset, std::size_t pitch, int count, const Take& take) {
    sums_.template begin<0>();
    add_columns<0>(offset, pitch, Indices<kShared>());
    // With a stride of two, the quad before the first one begins in the row above.
    add_fifth_row<false>(fifth_row_ + offset + pitch - kStride * pitch, pitch);
    for (int x = 0; x < count; ++x, offset += kStride * pitch) {
      add_columns<kShared>(offset + kShared * pitch, pitch, Indices<kStride>());
      add_fifth_row<true>(fifth_row_ + offset + pitch, pitch);
      take(0, x, sums_.halves(0, 0));
      sums_.advance();
    }
  }

 private:
  template <int kSkipped, int... kColumn>
  HWY_INLINE void add_columns(std::size_t offset, std::size_t pitch,
                              std::integer_sequence<int, kColumn...>) {
    (add_column<kSkipped + kColumn>(offset + kColumn * pitch, Indices<kOpen>()), ...);
  }
  template <int kColumn, int... kOutput>
  HWY_INLINE void add_column(std::size_t offset, std::integer_sequence<int, kOutput...>) {
    Words quads[kVectors];
    load_wide_quads<kHalf>(sums_.rows(), offset, quads);
    const Operand bytes[kVectors] = {Dot::bytes(quads[0]), Dot::bytes(quads[1])};
    (add<kColumn - kOutput * kStride, kOutput>(bytes), ...);
  }
  /// Adds four columns of the fifth row to the first output, if they are its last ones, and that
  /// of them to the next output which is its first one.
  template <bool kToFirst>
  HWY_INLINE void add_fifth_row(const std::uint8_t* columns, std::size_t pitch) {
    const std::uint8_t* const places[kQuad] = {columns, columns + pitch, columns + 2 * pitch,
                                               columns + 3 * pitch};
    Words quads[kVectors];
    load_wide_quads<kHalf>(places, 0, quads);
    const Operand bytes[kVectors] = {Dot::bytes(quads[0]), Dot::bytes(quads[1])};
    if constexpr (kToFirst) add<Weights::kFifthRow, 0>(bytes);
    add<Weights::kFirstColumn, kToFirst ? 1 : 0>(bytes);
  }
  template <int kTap, int kOutput>
  HWY_INLINE void add([[maybe_unused]] const Operand (&bytes)[kVectors]) {
    if constexpr (kTap >= 0) {
      sums_.template add<kOutput, 0, kTap, 0>(bytes[0]);
      sums_.template add<kOutput, 0, kTap, 1>(bytes[1]);
    }
  }

  SideSums<Dot, Weights, kQuad, 1, kHalf * kHalfVectors, kVectors, kOpen> sums_;
  const std::uint8_t* fifth_row_;
};

/// How panels are computed side by side: one row of outputs after the other.
template <class Dot, int kStep>
struct TallForm {
  static constexpr int kStride = kStep, kRows = 1, kGroups = 1;
  static constexpr bool kAtOnce = false;
  using Weights = TallWeights<Dot, kStride>;
  template <int kHalf>
  using Outputs = TallOutputs<Dot, kHalf, kStride>;
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/side_panels-inl.hpp
// A depthwise layer's rows, of neighbouring panels side by side: their sums become bytes. Compiled
// once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Outputs of a row whose halves wait for their ending.
inline constexpr int kSpan = 28;

/// Makes bytes of an output's halves. Rows from `rows` on are not stored.
template <ByteSteps kSteps, int kRows, int kGroups>
struct OutputBytes {
  const BytePanel<kSteps>& ending;
  int rows;
  std::uint8_t* to;
  std::size_t pixel_pitch, row_pitch;

  HWY_INLINE void operator()(int row, int x, Halves lower, Halves upper) const {
    if (row >= rows) return;
    const Halves first = ending.end(lower, 0), second = ending.end(upper, 1);
    if constexpr (kGroups == 2)
      store_two_rows(first, second, place(row, x),
                     row + kRows < rows ? place(row + kRows, x) : nullptr);
    else
      store_lanes(first, second, place(row, x));
  }
  HWY_INLINE std::uint8_t* place(int row, int x) const {
    return to + static_cast<std::size_t>(row) * row_pitch +
           static_cast<std::size_t>(x) * pixel_pitch;
  }
};

/// Keeps the lower halves of outputs: [row][output].
struct LowerHalves {
  Halves (*halves)[kSpan];

  HWY_INLINE void operator()(int row, int x, Halves lower) const { halves[row][x] = lower; }
};

/// Makes bytes of them and of the upper halves, while the next ones are summed.
template <class Bytes>
struct UpperHalves {
  const Halves (*halves)[kSpan];
  const Bytes& bytes;

  HWY_INLINE void operator()(int row, int x, Halves upper) const {
    bytes(row, x, halves[row][x], upper);
  }
};

/// Panels side by side.
template <class Form, ByteSteps kSteps>
class SidePanels {
  static constexpr int kStride = Form::kStride, kRows = Form::kRows, kGroups = Form::kGroups;

 public:
  HWY_INLINE SidePanels(const ByteDepthwise& rows, const PanelLanes& panels)
      : rows_(rows),
        weights_(rows, panels),
        ending_(rows.ending, panels),
        channel_(static_cast<std::size_t>(panels.first * kPanel)) {}

  HWY_INLINE void compute() {
    const int width = rows_.output.width, spans = (width + kSpan - 1) / kSpan;
    for (int y = 0; y < rows_.rows; y += kRows * kGroups) {
      // What is below the last row is not stored.
      const int count = std::min(kRows * kGroups, rows_.rows - y);
      const WindowRows window(rows_, y, (count - 1) * rows_.stride.height);
      for (int i = 0; i < spans; ++i) {
        const int x = width * i / spans, outputs = width * (i + 1) / spans - x;
        compute_outputs(window, y, count, x, outputs);
      }
    }
  }

 private:
  HWY_INLINE void compute_outputs(const WindowRows& window, int y, int rows, int x, int outputs) {
    const std::size_t offset = channel_ + static_cast<std::size_t>(x * kStride) * rows_.pixel_pitch;
    const BytePixels<std::uint8_t>& output = rows_.output;
    std::uint8_t* const to = output.pixels + static_cast<std::size_t>(y) * output.row_pitch +
                             static_cast<std::size_t>(x) * output.pixel_pitch + channel_;
    const OutputBytes<kSteps, kRows, kGroups> bytes = {ending_, rows, to, output.pixel_pitch,
                                                       output.row_pitch};
    typename Form::template Outputs<0> first(weights_, window);
    if constexpr (Form::kAtOnce) {
      first.compute(offset, rows_.pixel_pitch, outputs, bytes);
    } else {
      first.compute(offset, rows_.pixel_pitch, outputs, LowerHalves{halves_});
      typename Form::template Outputs<1>(weights_, window)
          .compute(offset, rows_.pixel_pitch, outputs,
                   UpperHalves<OutputBytes<kSteps, kRows, kGroups>>{halves_, bytes});
    }
  }

  const ByteDepthwise& rows_;
  const typename Form::Weights weights_;
  const BytePanel<kSteps> ending_;
  std::size_t channel_;
  Halves halves_[kRows][kSpan];  // the lower ones
};

template <class Form, ByteSteps kSteps>
HWY_NOINLINE void side_panels(const ByteDepthwise& rows, const PanelLanes& panels) {
  SidePanels<Form, kSteps>(rows, panels).compute();
}

/// Computes panels side by side.
template <class Dot, class Form>
void side_panels(const ByteDepthwise& rows, const PanelLanes& panels) {
  with_activation<Dot>(
      rows.ending, [&](auto steps) { side_panels<Form, decltype(steps)::value>(rows, panels); });
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/byte_depthwise-inl.hpp
// Depthwise convolution of bytes: of panels side by side, as many as vectors have lanes for, then
// of those that are left. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Computes panels from `begin` on side by side, as long as they fill vectors, then two of them for
/// two rows at a time where vectors hold these, and returns the first one that is left.
template <class Dot>
HWY_INLINE int side_depthwise(const ByteDepthwise& rows, int begin, int end) {
  constexpr int kRows = kSharesQuads ? 2 : 1;  // of kernels that leave room in a quad
  const bool narrow = rows.kernel.width == 3, strides = rows.stride.width == 2;
  if (!is_usual(rows) || (narrow && !strides && kRows == 2 && rows.stride.height > 1)) return begin;
  const auto wide = strides ? side_panels<Dot, WideForm<Dot, 2, 1, 1>>
                            : side_panels<Dot, WideForm<Dot, 1, kRows, 1>>;
  const auto tall =
      strides ? side_panels<Dot, TallForm<Dot, 2>> : side_panels<Dot, TallForm<Dot, 1>>;
  const auto compute = narrow ? wide : tall;
  for (; end - begin >= kSidePanels; begin += kSidePanels) compute(rows, {begin, kSidePanels});
  if constexpr (kHasTwoRows) {
    constexpr int kHalf = kSidePanels / 2;
    if (end - begin >= kHalf && narrow && rows.stride.height == rows.stride.width) {
      const auto two_rows = strides ? side_panels<Dot, WideForm<Dot, 2, 1, 2>>
                                    : side_panels<Dot, WideForm<Dot, 1, kRows, 2>>;
      two_rows(rows, {begin, kHalf});
      begin += kHalf;
    }
  }
  return begin;
}

/// Computes panels [begin, end) of a depthwise layer's rows.
template <bool kVnni>
void byte_depthwise(const ByteDepthwise& rows, int begin, int end) {
  using Dot = DepthwiseDot<kVnni>;
  const bool adds = rows.addend.pixels != nullptr;
  if (!adds) begin = side_depthwise<Dot>(rows, begin, end);
  with_steps<Dot>(rows.ending, adds, [&](auto steps) {
    for (int panel = begin; panel < end; ++panel) {
#if PPLCNET_PANEL_LANES
      depthwise_panel<Dot, decltype(steps)::value>(rows, panel);
#else
      depthwise_any_panel<Dot, decltype(steps)::value>(rows, panel);
#endif
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// clang-format on
// These need some of what is before them.
// from pplcnet/kernels/int8/dense-inl.hpp
// Dense layers of bytes for one image or two: weights, of which each is used once, pass by as fast
// as memory gives them. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The sums of a panel for one image, in parts, by quad, which hide the latency of one.
template <class Dot>
class DenseSums {
  static constexpr int kParts = kWords == 1 ? 8 : kWords == 2 ? 4 : 2;
  static constexpr int kStep = kQuad * kPanel;  // bytes of a quad's weights
  static constexpr int kAhead = 4096;           // what the cache after the first one needs
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  HWY_INLINE DenseSums(const std::int8_t* weights, const std::uint8_t* input, int quads,
                       const std::int32_t* starts) {
    start(starts, Indices<kParts * kWords>());
    int quad = 0;
    for (; quad + kParts <= quads; quad += kParts, weights += kParts * kStep)
      add(weights, input + quad * kQuad, Indices<kParts * kWords>());
    for (; quad < quads; ++quad, weights += kStep)
      add(weights, input + quad * kQuad, Indices<kWords>());
    join(Indices<(kParts - 1) * kWords>());
  }

  HWY_INLINE void store(std::int32_t* sums) const {
    for (int i = 0; i < kWords; ++i) store_words(sums_[i], sums, i);
  }

 private:
  template <int... kIndex>
  HWY_INLINE void start(const std::int32_t* starts, std::integer_sequence<int, kIndex...>) {
    const Words first = load_words(starts, 0);
    ((sums_[kIndex] =
          kIndex < kWords ? load_words(starts, kIndex % kWords) : subtract_words(first, first)),
     ...);
  }
  template <int... kIndex>
  HWY_INLINE void add(const std::int8_t* weights, const std::uint8_t* input,
                      std::integer_sequence<int, kIndex...>) {
    (add_word<kIndex>(weights + kIndex / kWords * kStep, input + kIndex / kWords * kQuad), ...);
  }
  template <int kIndex>
  HWY_INLINE void add_word(const std::int8_t* weights, const std::uint8_t* quad) {
#if defined(__GNUC__) || defined(__clang__)
    if constexpr (kIndex % kWords == 0) __builtin_prefetch(weights + kAhead);
#endif
    sums_[kIndex] = Dot::add(sums_[kIndex], Dot::bytes(repeat_quad(quad)),
                             Dot::weights(load_words(weights, kIndex % kWords)));
  }
  template <int... kIndex>
  HWY_INLINE void join(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex % kWords] = sum_of(sums_[kIndex % kWords], sums_[kIndex + kWords])), ...);
  }

  static HWY_INLINE Words sum_of(Words a, Words b) {
    return subtract_words(a, subtract_words(subtract_words(b, b), b));
  }

  Words sums_[kParts * kWords];
};

/// Ends the sums of a panel for one image.
inline HWY_NOINLINE void end_dense(const ByteProduct& product, int panel, int image,
                                   const std::int32_t* sums) {
  const PixelPlaces<std::uint8_t> outputs(product.output, image, 1);
  if (product.ending.kind != Ending::bytes)
    return end_values(product.ending, panel, sums, kPanel, 1, outputs.from(0));
  end_bytes<ByteSteps::either>(product.ending, static_cast<std::size_t>(panel * kPanel), sums, 1,
                               outputs.from(0), nullptr);
}

/// Computes panels [begin, end) of a dense layer for so many images.
template <bool kVnni>
void byte_dense(const ByteProduct& product, int images, int begin, int end) {
  using Dot = ProductDot<kVnni>;
  constexpr int kFew = 2;  // images: as of more, a product uses each weight for several at a time
  if (images > kFew) return byte_product<kVnni>(product, images, begin, end);
  const auto pitch = static_cast<std::size_t>(product.row_depth) * kPanel;
  HWY_ALIGN std::int32_t starts[kPanel], sums[kUnitPixels * kPanel] = {};
  for (int panel = begin; panel < end; ++panel) {
    const std::int8_t* const weights = product.weights + static_cast<std::size_t>(panel) * pitch;
    start_sums<Dot>(weights, pitch, product.ending.constants.bias + panel * kPanel, starts);
    for (int image = 0; image < images; ++image) {
      const DenseSums<Dot> panel_sums(
          weights, product.rows[0] + static_cast<std::size_t>(image) * product.pixel_pitch,
          product.row_depth / kQuad, starts);
      panel_sums.store(sums);
      end_dense(product, panel, image, sums);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/gate-inl.hpp
// A map in bytes times a factor for each channel. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

#if PPLCNET_BYTE_VECTORS
/// Multiplies channels of pixel `from`, as many at a time as a vector of halves has, up to kMost,
/// and returns the first one that is left.
template <int kMost>
HWY_INLINE int gate_channels(const ByteGate& gate, const std::uint8_t* from, int begin, int end,
                             std::uint8_t* to) {
  const hn::CappedTag<std::int16_t, kMost> d;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  const int lanes = static_cast<int>(hn::Lanes(d));
  int c = begin;
  for (; c + lanes <= end; c += lanes) {
    const auto map = hn::PromoteTo(d, hn::LoadU(bytes, from + c));
    const auto steps = hn::ShiftLeft<4>(hn::Sub(map, hn::LoadU(d, gate.constants.addend_zero + c)));
    const auto product = hn::MulFixedPoint15(steps, hn::LoadU(d, gate.factors + c));
    const auto sum = hn::SaturatedAdd(product, hn::LoadU(d, gate.constants.zero + c));
    hn::StoreU(hn::DemoteTo(bytes, sum), bytes, to + c);
  }
  return c;
}
#endif

/// Multiplies channels [begin, end) of pixel `from`; both are multiples of 16.
HWY_INLINE void gate_pixel(const ByteGate& gate, const std::uint8_t* from, int begin, int end,
                           std::uint8_t* to) {
#if PPLCNET_BYTE_VECTORS
  gate_channels<kPanel>(gate, from, gate_channels<2 * kPanel>(gate, from, begin, end, to), end, to);
#else
  for (int c = begin; c < end; ++c) {
    const int steps = (from[c] - gate.constants.addend_zero[c]) * 16;
    const int product = (steps * gate.factors[c] + (1 << 14)) >> 15;
    to[c] = static_cast<std::uint8_t>(std::clamp(product + gate.constants.zero[c], 0, 255));
  }
#endif
}

/// Computes panels [begin, end) of channels of so many pixels.
inline HWY_NOINLINE void gate_pixels(const ByteGate& gate, int pixels, int begin, int end) {
  for (int row = 0; row * gate.input.width < pixels; ++row) {
    const std::uint8_t* from =
        gate.input.pixels + static_cast<std::size_t>(row) * gate.input.row_pitch;
    std::uint8_t* to = gate.output.pixels + static_cast<std::size_t>(row) * gate.output.row_pitch;
    for (int x = 0; x < gate.input.width; ++x) {
      gate_pixel(gate, from, begin * kPanel, end * kPanel, to);
      from += gate.input.pixel_pitch;
      to += gate.output.pixel_pitch;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The kernels of this instruction set, with an instruction that sums four products or without.
template <bool kDot>
inline constexpr QuantisedKernels kQuantisedKernels = {.picture_rows = load_picture_rows,
                                                       .product = byte_product<kDot>,
                                                       .dense = byte_dense<kDot>,
                                                       .depthwise = byte_depthwise<kDot>,
                                                       .gate = gate_pixels,
                                                       .pool = pool_panels};

/// Returns the ones or the others.
inline const QuantisedKernels& quantised_kernels(bool dot) {
  return dot ? kQuantisedKernels<true> : kQuantisedKernels<false>;
}

}  // namespace HWY_NAMESPACE
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
#else
// from pplcnet/kernels/int8/set_target-inl.hpp
// Compiles what comes after it for HWY_TARGET. A file that has the kernels for floats has Highway's
// operations for it, too: once is enough.
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

// from pplcnet/kernels/int8/forward-inl.hpp
// All kernels of networks in bytes. Compiled once per instruction set.
#if PPLCNET_BYTE_VECTORS
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::hn {
using namespace hwy::HWY_NAMESPACE;  // NOLINT(google-build-using-namespace): it is Highway's name
}  // namespace HWY_NAMESPACE::hn
}  // namespace pplcnet::inline PPLCNET_ABI
#endif
// from pplcnet/kernels/int8/picture_rows-inl.hpp
// Rows of the picture as bytes. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Puts `count` pixels of three planes side by side.
HWY_INLINE void interleave(const std::uint8_t* const* planes, std::size_t count, std::uint8_t* to) {
  std::size_t x = 0;
#if PPLCNET_BYTE_VECTORS
  const hn::ScalableTag<std::uint8_t> d;
  for (; x + hn::Lanes(d) <= count; x += hn::Lanes(d))
    hn::StoreInterleaved3(hn::LoadU(d, planes[0] + x), hn::LoadU(d, planes[1] + x),
                          hn::LoadU(d, planes[2] + x), d, to + kPictureChannels * x);
#endif
  for (; x < count; ++x)
    for (std::size_t c = 0; c < kPictureChannels; ++c) to[kPictureChannels * x + c] = planes[c][x];
}

/// Copies `count` pixels, of which `from` is channel 0, whose channels lie in the opposite order.
HWY_INLINE void reverse_pixels(const std::uint8_t* from, std::size_t count, std::uint8_t* to) {
  from -= kPictureChannels - 1;
  std::size_t x = 0;
#if PPLCNET_BYTE_VECTORS
  const hn::ScalableTag<std::uint8_t> d;
  for (; x + hn::Lanes(d) <= count; x += hn::Lanes(d)) {
    hn::Vec<decltype(d)> a, b, c;
    hn::LoadInterleaved3(d, from + kPictureChannels * x, a, b, c);
    hn::StoreInterleaved3(c, b, a, d, to + kPictureChannels * x);
  }
#endif
  for (; x < count; ++x)
    for (std::size_t c = 0; c < kPictureChannels; ++c)
      to[kPictureChannels * x + c] = from[kPictureChannels * (x + 1) - 1 - c];
}

/// Rounds `count` values of a channel, side by side, as picture_byte does.
HWY_INLINE void round_values(const float* from, float scale, float zero, std::size_t count,
                             std::uint8_t* to) {
  std::size_t x = 0;
#if PPLCNET_BYTE_VECTORS && HWY_HAVE_FLOAT64  // without float64, Highway's quotients are not exact
  const hn::ScalableTag<float> d;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  const hn::Rebind<std::uint32_t, decltype(d)> words;
  for (; x + hn::Lanes(d) <= count; x += hn::Lanes(d)) {
    const auto quotient = hn::Div(hn::LoadU(d, from + x), hn::Set(d, scale));
    const auto step = hn::Add(quotient, hn::Set(d, zero));
    const auto inside =
        hn::IfThenElseZero(hn::Gt(step, hn::Zero(d)), hn::Min(step, hn::Set(d, 255)));
    // From 2^23 on, floats are integers, whose lowest byte is the one.
    const auto integer = hn::BitCast(words, hn::Add(inside, hn::Set(d, 8388608)));
    hn::StoreU(hn::TruncateTo(bytes, integer), bytes, to + x);
  }
#endif
  for (; x < count; ++x) to[x] = picture_byte(from[x], scale, zero);
}

/// Copies pixels whose bytes are others in the network, or lie anywhere: some at a time, so that
/// what is computed for each channel is in cache.
HWY_INLINE void convert_pixels(const Picture& picture, const PictureBytes& bytes,
                               std::ptrdiff_t row, std::size_t count, std::uint8_t* to) {
  constexpr std::size_t kBlock = 256;
  std::uint8_t blocks[kPictureChannels][kBlock];
  for (std::size_t begin = 0; begin < count; begin += kBlock, to += kPictureChannels * kBlock) {
    const std::size_t length = std::min(kBlock, count - begin);
    const std::uint8_t* planes[kPictureChannels];
    for (std::ptrdiff_t c = 0; c < kPictureChannels; ++c) {
      const std::ptrdiff_t first =
          row + c * picture.channel + static_cast<std::ptrdiff_t>(begin) * picture.pixel;
      planes[c] = blocks[c];
      if (picture.values != nullptr && picture.pixel == 1) {
        round_values(picture.values + first, bytes.constants.scale[c], bytes.constants.zero[c],
                     length, blocks[c]);
      } else if (picture.values != nullptr) {
        for (std::size_t i = 0; i < length; ++i)
          blocks[c][i] =
              picture_byte(picture.values[first + static_cast<std::ptrdiff_t>(i) * picture.pixel],
                           bytes.constants.scale[c], bytes.constants.zero[c]);
      } else if (bytes.same && picture.pixel == 1) {
        planes[c] = picture.bytes + first;
      } else {
        for (std::size_t i = 0; i < length; ++i)
          blocks[c][i] =
              bytes.table[c][picture.bytes[first + static_cast<std::ptrdiff_t>(i) * picture.pixel]];
      }
    }
    interleave(planes, length, to);
  }
}

/// Copies rows [begin, end) of the picture, of which some may be outside of it, inside their frame,
/// as far as a convolution reads them.
inline HWY_NOINLINE void load_picture_rows(const QuantisedLayer& layer, const Picture& picture,
                                           const PictureBytes& bytes, int begin, int end,
                                           std::uint8_t* to) {
  constexpr std::size_t kPixel = kPictureChannels;
  const std::size_t pitch = layer.picture_row_pitch();
  const std::size_t left = kPixel * static_cast<std::size_t>(layer.padding.left);
  const std::size_t count =
      std::min(static_cast<std::size_t>(layer.input.width), (pitch - left) / kPixel);
  constexpr std::size_t kPattern = 16 * kPixel;
  std::uint8_t pattern[kPixel + kPattern];
  for (std::size_t i = 0; i < sizeof pattern; ++i) pattern[i] = bytes.frame[i % kPixel];
  const auto fill_frame = [&](std::size_t from, std::size_t until) {
    const std::uint8_t* const first = pattern + from % kPixel;
    for (; from + kPattern <= until; from += kPattern) std::memcpy(to + from, first, kPattern);
    std::memcpy(to + from, first, until - from);
  };
  for (int y = begin; y < end; ++y, to += pitch) {
    if (y < 0 || y >= layer.input.height) {
      fill_frame(0, pitch);
      continue;
    }
    const bool interleaved = bytes.same && picture.pixel == kPictureChannels;
    const std::ptrdiff_t row = y * picture.row;
    fill_frame(0, left);
    if (interleaved && picture.channel == 1)
      std::memcpy(to + left, picture.bytes + row, kPixel * count);
    else if (interleaved && picture.channel == -1)
      reverse_pixels(picture.bytes + row, count, to + left);
    else
      convert_pixels(picture, bytes, row, count, to + left);
    fill_frame(left + kPixel * count, pitch);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/pool-inl.hpp
// Means over all pixels of a map in bytes. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

#if PPLCNET_BYTE_VECTORS
/// Sums of neighbouring panels over all pixels of a map.
template <int kPanels>
class PixelSums {
  using Sums = hn::CappedTag<std::uint16_t, std::min(kPanels, 2) * kPanel>;
  static constexpr int kLanes = static_cast<int>(hn::MaxLanes(Sums()));
  static constexpr int kMost = 256;  // bytes whose sum fits 16 bits
  using Indices = std::make_integer_sequence<int, kPanels * kPanel / kLanes>;

 public:
  /// Adds them to `sums`.
  HWY_INLINE PixelSums(const QuantisedLayer& layer, const std::uint8_t* panels,
                       std::uint32_t* sums) {
    const ByteMap& source = layer.source;
    const auto pitch = static_cast<std::size_t>(source.pixel_pitch);
    const int width = layer.input.width;
    int room = kMost;
    begin(Indices());
    for (int y = 0; y < layer.input.height; ++y) {
      const std::uint8_t* pixel = panels + source.pixels(y);
      for (int x = 0, end; x < width; x = end) {
        end = std::min(width, x + room);
        room -= end - x;
        for (int i = x; i < end; ++i, pixel += pitch) add(pixel, Indices());
        if (room > 0) continue;
        room = kMost;
        end_block(sums, Indices());
      }
    }
    end_block(sums, Indices());
  }

 private:
  template <int... kIndex>
  HWY_INLINE void begin(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = hn::Zero(Sums())), ...);
  }
  template <int... kIndex>
  HWY_INLINE void add(const std::uint8_t* pixel, std::integer_sequence<int, kIndex...>) {
    const hn::Rebind<std::uint8_t, Sums> bytes;
    ((sums_[kIndex] =
          hn::Add(sums_[kIndex], hn::PromoteTo(Sums(), hn::LoadU(bytes, pixel + kIndex * kLanes)))),
     ...);
  }
  template <int... kIndex>
  HWY_INLINE void end_block(std::uint32_t* sums, std::integer_sequence<int, kIndex...>) {
    std::uint16_t block[kPanels * kPanel];
    (hn::StoreU(sums_[kIndex], Sums(), block + kIndex * kLanes), ...);
    const hn::CappedTag<std::uint32_t, kPanel> d;
    const hn::Rebind<std::uint16_t, decltype(d)> narrow;
    for (std::size_t c = 0; c < kPanels * kPanel; c += hn::Lanes(d))
      hn::StoreU(hn::Add(hn::LoadU(d, sums + c), hn::PromoteTo(d, hn::LoadU(narrow, block + c))), d,
                 sums + c);
    begin(Indices());
  }

  hn::Vec<Sums> sums_[kPanels * kPanel / kLanes];
};
#else
/// Sums of a panel over all pixels of a map.
template <int>
struct PixelSums {
  PixelSums(const QuantisedLayer& layer, const std::uint8_t* panel, std::uint32_t* sums) {
    for (int y = 0; y < layer.input.height; ++y) {
      const std::uint8_t* pixel = panel + layer.source.pixels(y);
      for (int x = 0; x < layer.input.width; ++x, pixel += layer.source.pixel_pitch)
        for (int c = 0; c < kPanel; ++c) sums[c] += pixel[c];
    }
  }
};
#endif

/// Divides by a number of pixels, rounding down: a product and a shift give the quotients of
/// numbers of 31 bits.
class PixelQuotient {
 public:
  explicit PixelQuotient(std::uint32_t pixels)
      : shift_(31 + static_cast<int>(std::bit_width(pixels - 1))),
        reciprocal_(static_cast<std::uint32_t>((std::uint64_t{1} << shift_) / pixels + 1)) {}

  std::uint32_t of(std::uint32_t number) const {
    return static_cast<std::uint32_t>(std::uint64_t{number} * reciprocal_ >> shift_);
  }
#if PPLCNET_BYTE_VECTORS
  template <class D, class Numbers = hn::Vec<D>>
  HWY_INLINE Numbers of(D d, Numbers numbers) const {
    const hn::RepartitionToWide<D> wide;
    const auto reciprocal = hn::Set(d, reciprocal_);
    const auto odd_numbers = hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(wide, numbers)));
    const auto even = hn::ShiftRightSame(hn::MulEven(numbers, reciprocal), shift_);
    const auto odd = hn::ShiftRightSame(hn::MulEven(odd_numbers, reciprocal), shift_);
    return hn::BitCast(d, hn::Or(even, hn::ShiftLeft<32>(odd)));
  }
#endif

 private:
  int shift_;
  std::uint32_t reciprocal_;
};

/// Computes kPanels panels, so that all of a cache line is read at once where there are four.
template <int kPanels>
HWY_NOINLINE void pool_panels(const QuantisedLayer& layer, const EndingConstants& constants,
                              const std::uint8_t* maps, int panel, std::uint8_t* to) {
  const auto pixels = static_cast<std::uint32_t>(layer.input.pixels());
  const PixelQuotient quotient(pixels);
  std::uint32_t sums[kPanels * kPanel] = {};
  PixelSums<kPanels>(layer, maps + panel * kPanel, sums);
#if PPLCNET_BYTE_VECTORS
  const hn::CappedTag<std::int32_t, kPanel> d;
  const hn::RebindToUnsigned<decltype(d)> unsigned_d;
  const hn::Rebind<std::int16_t, decltype(d)> halves;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  const auto half = hn::Set(unsigned_d, pixels / 2);
  for (int i = 0; i < kPanels * kPanel; i += static_cast<int>(hn::Lanes(d))) {
    const int c = panel * kPanel + i;
    const auto number = hn::Add(hn::ShiftLeft<7>(hn::LoadU(unsigned_d, sums + i)), half);
    const auto mean = hn::BitCast(d, quotient.of(unsigned_d, number));
    const auto zero = hn::PromoteTo(d, hn::LoadU(halves, constants.addend_zero + c));
    const auto above = hn::DemoteTo(halves, hn::Sub(mean, hn::ShiftLeft<7>(zero)));
    const auto product = hn::MulFixedPoint15(above, hn::LoadU(halves, constants.multiplier + c));
    const auto sum = hn::SaturatedAdd(product, hn::LoadU(halves, constants.zero + c));
    hn::StoreU(hn::DemoteTo(bytes, sum), bytes, to + c);
  }
#else
  for (int i = 0; i < kPanels * kPanel; ++i) {
    const int c = panel * kPanel + i;
    const auto mean = static_cast<std::int32_t>(quotient.of(sums[i] * 128 + pixels / 2));
    const std::int32_t above = std::clamp(mean - constants.addend_zero[c] * 128, -32768, 32767);
    const std::int32_t product = (above * constants.multiplier[c] + (1 << 14)) >> 15;
    to[c] = static_cast<std::uint8_t>(std::clamp(product + constants.zero[c], 0, 255));
  }
#endif
}

/// Computes panels [begin, end) of a pooling layer.
inline void pool_panels(const QuantisedLayer& layer, const EndingConstants& constants,
                        const std::uint8_t* maps, int begin, int end, std::uint8_t* to) {
  int panel = begin;
#if PPLCNET_BYTE_VECTORS
  constexpr int kMany = 4;
  for (; panel + kMany <= end; panel += kMany)
    pool_panels<kMany>(layer, constants, maps, panel, to);
#endif
  for (; panel < end; ++panel) pool_panels<1>(layer, constants, maps, panel, to);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/sums-inl.hpp
// The kernels that sum products of bytes. Compiled once per instruction set. Each file uses those
// above it:
// clang-format off
// from pplcnet/kernels/int8/dot-inl.hpp
// Sums of four products of a byte and a signed byte each, and what becomes of them: a few
// operations that all instruction sets have in some form. Compiled once per instruction set.
#undef PPLCNET_PANEL_LANES
#define PPLCNET_PANEL_LANES (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2)  // vectors have several lanes
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
// from pplcnet/kernels/int8/plain-inl.hpp
// What stands for vectors of sums of bytes where there are none, or not of a known size. Compiled
// for such instruction sets alone.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of four channels, their quads of bytes, or eight halves.
struct Words {
  std::int32_t values[4];
};
struct Halves {
  std::int16_t values[8];
};
inline constexpr int kWords = 4;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 1;  // whose bytes fill a vector

HWY_INLINE std::int16_t saturate(std::int32_t value) {
  return static_cast<std::int16_t>(std::clamp(value, -32768, 32767));
}

HWY_INLINE Words load_words(const void* panel, int number) {
  Words words;
  std::memcpy(words.values, static_cast<const char*>(panel) + 16 * number, sizeof words);
  return words;
}
HWY_INLINE void store_words(const Words& a, std::int32_t* panel, int number) {
  std::memcpy(panel + 4 * number, a.values, sizeof a);
}
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return {{word, word, word, word}};
}
HWY_INLINE Words add_words(Words a, const Words& b) {
  for (int i = 0; i < 4; ++i) a.values[i] += b.values[i];
  return a;
}
HWY_INLINE Words subtract_words(Words a, const Words& b) {
  for (int i = 0; i < 4; ++i) a.values[i] -= b.values[i];
  return a;
}
using Shifts = Words;
HWY_INLINE Shifts shifts_of(const Words& counts) { return counts; }
HWY_INLINE Words shift_words(Words a, const Words& count) {
  for (int i = 0; i < 4; ++i) a.values[i] >>= count.values[i];
  return a;
}

template <int = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int part) {
  Halves halves;
  std::memcpy(halves.values, panel + 8 * part, sizeof halves);
  return halves;
}
/// Returns `function` of the lanes of two vectors.
template <class Function>
HWY_INLINE Halves halves_of(Halves a, const Halves& b, const Function& function) {
  for (int i = 0; i < 8; ++i)
    a.values[i] = static_cast<std::int16_t>(function(std::int32_t{a.values[i]}, b.values[i]));
  return a;
}
HWY_INLINE Halves set_halves(int value) {
  return halves_of({}, {}, [&](int, int) { return value; });
}
HWY_INLINE Halves narrow(const Words& a, const Words& b) {
  Halves halves;
  for (int i = 0; i < 8; ++i) halves.values[i] = saturate(i < 4 ? a.values[i] : b.values[i - 4]);
  return halves;
}
HWY_INLINE Halves add(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return saturate(x + y); });
}
HWY_INLINE Halves subtract(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return x - y; });
}
HWY_INLINE Halves scale(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return (x * y + (1 << 14)) >> 15; });
}
HWY_INLINE Halves lesser(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return std::min(x, y); });
}
HWY_INLINE Halves greater(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return std::max(x, y); });
}
template <int kBits>
HWY_INLINE Halves shift_left(const Halves& a) {
  return halves_of(a, a, [](int x, int) { return x * (1 << kBits); });
}
template <int kBits>
HWY_INLINE Halves shift_right(const Halves& a) {
  return halves_of(a, a, [](int x, int) { return x >> kBits; });
}

/// Loads the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  for (int i = 0; i < 16; ++i) unit[i / 8].values[i % 8] = pixels[0][channel + std::size_t(i)];
}

/// Stores the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int) {
  for (int i = 0; i < 16; ++i)
    pixels[0][channel + std::size_t(i)] =
        static_cast<std::uint8_t>(std::clamp<int>(unit[i / 8].values[i % 8], 0, 255));
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  for (int channel = 0; channel < 16; ++channel) {
    std::uint8_t quad[4];
    for (int y = 0; y < 4; ++y) quad[y] = rows[y][offset + static_cast<std::size_t>(channel)];
    std::memcpy(&quads[channel / 4].values[channel % 4], quad, sizeof quad);
  }
}

inline constexpr int kSidePanels = 1;       // panels that vectors hold side by side
inline constexpr bool kHasTwoRows = false;  // whether they hold panels of two rows

template <class Vector>
HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Vector& vector) {
  std::memcpy(vector.values, lanes[0], sizeof vector);
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(const Words& quads, int rows) {
  Words moved;
  for (int i = 0; i < 4; ++i) {
    std::int8_t bytes[4], lower[4] = {};
    std::memcpy(bytes, quads.values + i, sizeof bytes);
    for (int y = rows; y < 4; ++y) lower[y] = bytes[y - rows];
    std::memcpy(moved.values + i, lower, sizeof lower);
  }
  return moved;
}

/// Quads of four rows' bytes, for eight channels: the lower ones or the upper ones.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  for (int channel = 0; channel < 8; ++channel) {
    std::uint8_t quad[4];
    for (int y = 0; y < 4; ++y)
      quad[y] = rows[std::min(y, kLast)][offset + static_cast<std::size_t>(8 * kHalf + channel)];
    std::memcpy(&quads[channel / 4].values[channel % 4], quad, sizeof quad);
  }
}

/// Stores a pixel.
HWY_INLINE void store_lanes(const Halves& lower, const Halves& upper, std::uint8_t* pixel) {
  for (int i = 0; i < 16; ++i)
    pixel[i] =
        static_cast<std::uint8_t>(std::clamp<int>((i < 8 ? lower : upper).values[i % 8], 0, 255));
}

/// What multiplies quads of bytes with quads of weights, and adds to sums.
struct WideDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Words bytes(const Words& quads) { return quads; }
  static HWY_INLINE Words weights(const Words& quads) { return quads; }
  static HWY_INLINE Words add(Words sums, const Words& bytes, const Words& weights) {
    std::uint8_t x[16];
    std::int8_t w[16];
    std::memcpy(x, bytes.values, sizeof x);
    std::memcpy(w, weights.values, sizeof w);
    for (int i = 0; i < 16; ++i) sums.values[i / 4] += x[i] * w[i];
    return sums;
  }
};
using PairsDot = WideDot;

template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#elif HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
// from pplcnet/kernels/int8/avx512-inl.hpp
// Vectors of 512 bits for sums of bytes. Compiled for AVX-512 alone.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of 16 channels, their quads of bytes, or 32 halves: four channels of one vector of sums and
/// of another one, then the next four.
using Words = __m512i;
using Halves = __m512i;
inline constexpr int kWords = 1;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 4;  // of a panel, whose bytes fill a vector

HWY_INLINE Words load_words(const void* panel, int) { return _mm512_loadu_si512(panel); }
HWY_INLINE void store_words(Words a, std::int32_t* panel, int) { _mm512_storeu_si512(panel, a); }
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return _mm512_set1_epi32(word);
}
HWY_INLINE Words add_words(Words a, Words b) { return _mm512_add_epi32(a, b); }
HWY_INLINE Words subtract_words(Words a, Words b) { return _mm512_sub_epi32(a, b); }
using Shifts = Words;
HWY_INLINE Shifts shifts_of(Words counts) { return counts; }
HWY_INLINE Words shift_words(Words a, Words count) { return _mm512_srav_epi32(a, count); }

/// Loads the halves of a panel, for two pixels, or those of two panels.
template <int kPanels = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int) {
  if constexpr (kPanels == 2)
    return _mm512_permutexvar_epi64(_mm512_set_epi64(7, 3, 6, 2, 5, 1, 4, 0),
                                    _mm512_loadu_si512(panel));
  const __m512i twice = _mm512_set_epi64(3, 3, 2, 2, 1, 1, 0, 0);
  return _mm512_permutexvar_epi64(
      twice, _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel))));
}
HWY_INLINE Halves set_halves(int value) {
  return _mm512_set1_epi16(static_cast<std::int16_t>(value));
}
HWY_INLINE Halves narrow(Words a, Words b) { return _mm512_packs_epi32(a, b); }
HWY_INLINE Halves add(Halves a, Halves b) { return _mm512_adds_epi16(a, b); }
HWY_INLINE Halves subtract(Halves a, Halves b) { return _mm512_sub_epi16(a, b); }
HWY_INLINE Halves scale(Halves a, Halves b) { return _mm512_mulhrs_epi16(a, b); }
HWY_INLINE Halves lesser(Halves a, Halves b) { return _mm512_min_epi16(a, b); }
HWY_INLINE Halves greater(Halves a, Halves b) { return _mm512_max_epi16(a, b); }
template <int kBits>
HWY_INLINE Halves shift_left(Halves a) {
  return _mm512_slli_epi16(a, kBits);
}
template <int kBits>
HWY_INLINE Halves shift_right(Halves a) {
  return _mm512_srai_epi16(a, kBits);
}

/// Turns 16 fours of bytes, of which four make 16 channels, into such channels, and back.
HWY_INLINE __m512i transpose_fours(__m512i a) {
  return _mm512_permutexvar_epi32(
      _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0), a);
}

HWY_INLINE __m512i load_four(const std::uint8_t* a, const std::uint8_t* b, const std::uint8_t* c,
                             const std::uint8_t* d) {
  const auto at = [](const std::uint8_t* place)
                      HWY_ATTR { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(place)); };
  __m512i all = _mm512_castsi128_si512(at(a));
  all = _mm512_mask_broadcast_i32x4(all, 0x00F0, at(b));
  all = _mm512_mask_broadcast_i32x4(all, 0x0F00, at(c));
  return _mm512_mask_broadcast_i32x4(all, 0xF000, at(d));
}

/// Loads the bytes of a unit: of a panel for four pixels, or of two panels for two.
template <int kPanels = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  const auto place = [&](int number) {
    return pixels[number / kPanels] + channel + number % kPanels * kPanel;
  };
  const __m512i fours = transpose_fours(load_four(place(0), place(1), place(2), place(3)));
  unit[0] = _mm512_unpacklo_epi8(fours, _mm512_setzero_si512());
  unit[1] = _mm512_unpackhi_epi8(fours, _mm512_setzero_si512());
}

/// Stores the bytes of the first `count` of a unit's pixels.
template <int kPanels = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int count) {
  const __m512i bytes = transpose_fours(_mm512_packus_epi16(unit[0], unit[1]));
  if constexpr (kPanels == 2) {
    const auto store = [&](int pixel, __m256i part) HWY_ATTR {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(pixels[pixel] + channel), part);
    };
    store(0, _mm512_castsi512_si256(bytes));
    if (count > 1) store(1, _mm512_extracti64x4_epi64(bytes, 1));
  } else {
    const auto store = [&](int pixel, __m128i part) HWY_ATTR {
      if (pixel < count)
        _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels[pixel] + channel), part);
    };
    store(0, _mm512_castsi512_si128(bytes));
    store(1, _mm512_extracti32x4_epi32(bytes, 1));
    store(2, _mm512_extracti32x4_epi32(bytes, 2));
    store(3, _mm512_extracti32x4_epi32(bytes, 3));
  }
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  const __m512i fours = transpose_fours(
      load_four(rows[0] + offset, rows[1] + offset, rows[2] + offset, rows[3] + offset));
  quads[0] = _mm512_shuffle_epi8(fours, _mm512_broadcast_i32x4(_mm_set_epi8(
                                            15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0)));
}

inline constexpr int kSidePanels = 4;  // panels that vectors hold side by side

HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Words& vector) {
  vector = load_four(lanes[0], lanes[1], lanes[2], lanes[3]);
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(Words quads, int rows) {
  return _mm512_sll_epi32(quads, _mm_cvtsi32_si128(8 * rows));
}

/// Turns four rows' bytes into quads, for eight channels of each lane: the lower ones or the upper
/// ones.
template <int kHalf>
HWY_INLINE void make_wide_quads(Words a, Words b, Words c, Words d, Words (&quads)[2]) {
  Words upper, lower;
  if constexpr (kHalf == 0) {
    upper = _mm512_unpacklo_epi8(a, b);
    lower = _mm512_unpacklo_epi8(c, d);
  } else {
    upper = _mm512_unpackhi_epi8(a, b);
    lower = _mm512_unpackhi_epi8(c, d);
  }
  quads[0] = _mm512_unpacklo_epi16(upper, lower);
  quads[1] = _mm512_unpackhi_epi16(upper, lower);
}

/// Loads the quads of four rows' bytes; those after row kLast are any.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  const auto row = [&](int y) HWY_ATTR { return _mm512_loadu_si512(rows[y] + offset); };
  make_wide_quads<kHalf>(row(0), row(1), row(2), row(kLast), quads);
}

/// Stores a pixel of all lanes' panels.
HWY_INLINE void store_lanes(Halves lower, Halves upper, std::uint8_t* pixel) {
  _mm512_storeu_si512(pixel, _mm512_packus_epi16(lower, upper));
}

/// Whether two panels can be in the lower lanes, and the same of rows below in the upper ones.
inline constexpr bool kHasTwoRows = true;

/// Loads the quads of two panels: of four rows in the lower lanes, and of those kDown rows below in
/// the upper ones.
template <int kHalf, int kLast, int kDown>
HWY_INLINE void load_two_rows(const std::uint8_t* const* rows, std::size_t offset,
                              Words (&quads)[2]) {
  const auto row = [&](int y) HWY_ATTR {
    const auto at = [&](const std::uint8_t* place) HWY_ATTR {
      return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(place + offset));
    };
    return _mm512_inserti64x4(_mm512_castsi256_si512(at(rows[y])), at(rows[y + kDown]), 1);
  };
  make_wide_quads<kHalf>(row(0), row(1), row(2), row(kLast), quads);
}

/// Stores the lower lanes, and the upper ones if there is a place for them.
HWY_INLINE void store_two_rows(Halves lower, Halves upper, std::uint8_t* first,
                               std::uint8_t* second) {
  const __m512i bytes = _mm512_packus_epi16(lower, upper);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(first), _mm512_castsi512_si256(bytes));
  if (second != nullptr)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(second), _mm512_extracti64x4_epi64(bytes, 1));
}

/// What multiplies quads of bytes with quads of weights, and adds to sums: one instruction.
struct VnniDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = true;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
#if HWY_COMPILER_MSVC
    return _mm512_dpbusd_epi32(sums, bytes, weights);
#else
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(bytes), "vm"(weights));
    return sums;
#endif
  }
};

/// The same where neighbouring weights keep their sum within 16 bits.
struct PairsDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
#if HWY_COMPILER_MSVC
    return _mm512_add_epi32(
        sums, _mm512_madd_epi16(_mm512_maddubs_epi16(bytes, weights), _mm512_set1_epi16(1)));
#else
    // g++ would multiply all first, and keep sums in memory.
    Words products;
    __asm__(
        "vpmaddubsw %[weights], %[bytes], %[products]\n\t"
        "vpmaddwd %[ones], %[products], %[products]\n\t"
        "vpaddd %[products], %[sums], %[sums]"
        : [sums] "+v"(sums), [products] "=&v"(products)
        : [bytes] "v"(bytes), [weights] "vm"(weights), [ones] "v"(_mm512_set1_epi16(1)));
    return sums;
#endif
  }
};

/// The same for all weights: bytes 0 and 2 of each quad, then bytes 1 and 3, as 16 bits.
struct WideDot {
  struct Operand {
    Words even, odd;
  };
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Operand bytes(Words quads) {
    return {_mm512_and_si512(quads, _mm512_set1_epi16(0xFF)), _mm512_srli_epi16(quads, 8)};
  }
  static HWY_INLINE Operand weights(Words quads) {
    return {_mm512_srai_epi16(_mm512_slli_epi16(quads, 8), 8), _mm512_srai_epi16(quads, 8)};
  }
  static HWY_INLINE Words add(Words sums, const Operand& bytes, const Operand& weights) {
    return _mm512_add_epi32(sums, _mm512_add_epi32(_mm512_madd_epi16(bytes.even, weights.even),
                                                   _mm512_madd_epi16(bytes.odd, weights.odd)));
  }
};

// Where there is one copy for all CPUs that the compiler knows of, it says what these have.
#if PPLCNET_CHOOSE_ISA || defined(__AVX512VNNI__)
template <bool kVnni>
using ProductDot = std::conditional_t<kVnni, VnniDot, PairsDot>;
template <bool kVnni>
using DepthwiseDot = std::conditional_t<kVnni, VnniDot, WideDot>;
#else
template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;
#endif

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#elif HWY_ARCH_X86 && HWY_TARGET == HWY_AVX2
// from pplcnet/kernels/int8/avx2-inl.hpp
// Vectors of 256 bits for sums of bytes. Compiled for AVX2 alone.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of channels 0 to 3 and 8 to 11, or of the others, so that halves are in order; their quads
/// of bytes; or 16 halves.
using Words = __m256i;
using Halves = __m256i;
inline constexpr int kWords = 2;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 2;  // whose bytes fill a vector

HWY_INLINE __m128i load_128(const void* place) {
  return _mm_loadu_si128(static_cast<const __m128i*>(place));
}
HWY_INLINE Words load_words(const void* panel, int number) {
  const auto* const place = static_cast<const char*>(panel) + 16 * number;
  return _mm256_inserti128_si256(_mm256_castsi128_si256(load_128(place)), load_128(place + 32), 1);
}
HWY_INLINE void store_words(Words a, std::int32_t* panel, int number) {
  auto* const place = reinterpret_cast<__m128i*>(panel) + number;
  _mm_storeu_si128(place, _mm256_castsi256_si128(a));
  _mm_storeu_si128(place + 2, _mm256_extracti128_si256(a, 1));
}
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return _mm256_set1_epi32(word);
}
HWY_INLINE Words add_words(Words a, Words b) { return _mm256_add_epi32(a, b); }
HWY_INLINE Words subtract_words(Words a, Words b) { return _mm256_sub_epi32(a, b); }
using Shifts = Words;
HWY_INLINE Shifts shifts_of(Words counts) { return counts; }
HWY_INLINE Words shift_words(Words a, Words count) { return _mm256_srav_epi32(a, count); }

template <int = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel));
}
HWY_INLINE Halves set_halves(int value) {
  return _mm256_set1_epi16(static_cast<std::int16_t>(value));
}
HWY_INLINE Halves narrow(Words a, Words b) { return _mm256_packs_epi32(a, b); }
HWY_INLINE Halves add(Halves a, Halves b) { return _mm256_adds_epi16(a, b); }
HWY_INLINE Halves subtract(Halves a, Halves b) { return _mm256_sub_epi16(a, b); }
HWY_INLINE Halves scale(Halves a, Halves b) { return _mm256_mulhrs_epi16(a, b); }
HWY_INLINE Halves lesser(Halves a, Halves b) { return _mm256_min_epi16(a, b); }
HWY_INLINE Halves greater(Halves a, Halves b) { return _mm256_max_epi16(a, b); }
template <int kBits>
HWY_INLINE Halves shift_left(Halves a) {
  return _mm256_slli_epi16(a, kBits);
}
template <int kBits>
HWY_INLINE Halves shift_right(Halves a) {
  return _mm256_srai_epi16(a, kBits);
}

/// Loads the bytes of a unit's pixels.
template <int = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  unit[0] = _mm256_cvtepu8_epi16(load_128(pixels[0] + channel));
  unit[1] = _mm256_cvtepu8_epi16(load_128(pixels[1] + channel));
}

/// Stores the bytes of the first `count` of a unit's pixels.
template <int = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int count) {
  const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(unit[0], unit[1]), 0xD8);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels[0] + channel), _mm256_castsi256_si128(bytes));
  if (count > 1)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels[1] + channel),
                     _mm256_extracti128_si256(bytes, 1));
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  const auto row = [&](int y) HWY_ATTR {
    return _mm256_permute4x64_epi64(_mm256_castsi128_si256(load_128(rows[y] + offset)), 0x10);
  };
  const __m256i upper = _mm256_unpacklo_epi8(row(0), row(1));
  const __m256i lower = _mm256_unpacklo_epi8(row(2), row(3));
  quads[0] = _mm256_unpacklo_epi16(upper, lower);
  quads[1] = _mm256_unpackhi_epi16(upper, lower);
}

inline constexpr int kSidePanels = 2;       // panels that vectors hold side by side
inline constexpr bool kHasTwoRows = false;  // whether they hold panels of two rows

HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Words& vector) {
  vector =
      _mm256_inserti128_si256(_mm256_castsi128_si256(load_128(lanes[0])), load_128(lanes[1]), 1);
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(Words quads, int rows) {
  return _mm256_sll_epi32(quads, _mm_cvtsi32_si128(8 * rows));
}

/// Quads of four rows' bytes, for eight channels of each lane: the lower ones or the upper ones.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  const auto row = [&](int y) HWY_ATTR {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows[y] + offset));
  };
  const auto pairs = [&](int y) HWY_ATTR {
    const Words a = row(y), b = row(std::min(y + 1, kLast));
    return kHalf == 0 ? _mm256_unpacklo_epi8(a, b) : _mm256_unpackhi_epi8(a, b);
  };
  const __m256i upper = pairs(0), lower = pairs(2);
  quads[0] = _mm256_unpacklo_epi16(upper, lower);
  quads[1] = _mm256_unpackhi_epi16(upper, lower);
}

/// Stores a pixel of both lanes' panels.
HWY_INLINE void store_lanes(Halves lower, Halves upper, std::uint8_t* pixel) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(pixel), _mm256_packus_epi16(lower, upper));
}

/// What multiplies quads of bytes with quads of weights, and adds to sums: one instruction.
struct VnniDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = true;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
#if HWY_COMPILER_MSVC
    return _mm256_dpbusd_avx_epi32(sums, bytes, weights);
#else
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sums) : "x"(bytes), "xm"(weights));
    return sums;
#endif
  }
};

/// The same where neighbouring weights keep their sum within 16 bits.
struct PairsDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
#if HWY_COMPILER_MSVC
    return _mm256_add_epi32(
        sums, _mm256_madd_epi16(_mm256_maddubs_epi16(bytes, weights), _mm256_set1_epi16(1)));
#else
    // g++ would multiply all first, and keep sums in memory.
    Words products;
    __asm__(
        "vpmaddubsw %[weights], %[bytes], %[products]\n\t"
        "vpmaddwd %[ones], %[products], %[products]\n\t"
        "vpaddd %[products], %[sums], %[sums]"
        : [sums] "+x"(sums), [products] "=&x"(products)
        : [bytes] "x"(bytes), [weights] "xm"(weights), [ones] "x"(_mm256_set1_epi16(1)));
    return sums;
#endif
  }
};

/// The same for all weights: bytes 0 and 2 of each quad, then bytes 1 and 3, as 16 bits.
struct WideDot {
  struct Operand {
    Words even, odd;
  };
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Operand bytes(Words quads) {
    return {_mm256_and_si256(quads, _mm256_set1_epi16(0xFF)), _mm256_srli_epi16(quads, 8)};
  }
  static HWY_INLINE Operand weights(Words quads) {
    return {_mm256_srai_epi16(_mm256_slli_epi16(quads, 8), 8), _mm256_srai_epi16(quads, 8)};
  }
  static HWY_INLINE Words add(Words sums, const Operand& bytes, const Operand& weights) {
#if HWY_COMPILER_MSVC
    return _mm256_add_epi32(sums, _mm256_add_epi32(_mm256_madd_epi16(bytes.even, weights.even),
                                                   _mm256_madd_epi16(bytes.odd, weights.odd)));
#else
    Words products;
    __asm__(
        "vpmaddwd %[even], %[bytes_even], %[products]\n\t"
        "vpaddd %[products], %[sums], %[sums]\n\t"
        "vpmaddwd %[odd], %[bytes_odd], %[products]\n\t"
        "vpaddd %[products], %[sums], %[sums]"
        : [sums] "+x"(sums), [products] "=&x"(products)
        : [bytes_even] "x"(bytes.even), [bytes_odd] "x"(bytes.odd), [even] "xm"(weights.even),
          [odd] "xm"(weights.odd));
    return sums;
#endif
  }
};

// Where there is one copy for all CPUs that the compiler knows of, it says what these have.
#if PPLCNET_CHOOSE_ISA || defined(__AVXVNNI__)
template <bool kVnni>
using ProductDot = std::conditional_t<kVnni, VnniDot, PairsDot>;
template <bool kVnni>
using DepthwiseDot = std::conditional_t<kVnni, VnniDot, WideDot>;
#else
template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;
#endif

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#elif HWY_ARCH_X86
// from pplcnet/kernels/int8/sse-inl.hpp
// Vectors of 128 bits for sums of bytes on x86. Compiled for SSE2, or what is between it and AVX2.
#include <emmintrin.h>
#if HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4
#include <tmmintrin.h>
#endif
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of four channels, their quads of bytes, or eight halves.
using Words = __m128i;
using Halves = __m128i;
inline constexpr int kWords = 4;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 1;  // whose bytes fill a vector

HWY_INLINE __m128i load_128(const void* place) {
  return _mm_loadu_si128(static_cast<const __m128i*>(place));
}
HWY_INLINE Words load_words(const void* panel, int number) {
  return load_128(static_cast<const char*>(panel) + 16 * number);
}
HWY_INLINE void store_words(Words a, std::int32_t* panel, int number) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(panel) + number, a);
}
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return _mm_set1_epi32(word);
}
HWY_INLINE Words add_words(Words a, Words b) { return _mm_add_epi32(a, b); }
HWY_INLINE Words subtract_words(Words a, Words b) { return _mm_sub_epi32(a, b); }
/// What stands for counts of shifts, 0 to 31, of each lane: 2 to the power of 31 less the count.
/// Products of the lanes with odd numbers are made apart.
struct Shifts {
  Words powers, odd;
};
HWY_INLINE Shifts shifts_of(Words counts) {
  std::int32_t lanes[4];
  store_words(counts, lanes, 0);
  for (std::int32_t& lane : lanes) lane = static_cast<std::int32_t>(1U << (31 - lane));
  const Words powers = load_words(lanes, 0);
  return {powers, _mm_srli_epi64(powers, 32)};
}
/// Shifts a + 2^31, which is not negative, by a product, and subtracts 2^31 as shifted.
HWY_INLINE Words shift_words(Words a, const Shifts& shifts) {
  const Words positive = _mm_xor_si128(a, _mm_set1_epi32(-2147483647 - 1));
  const Words even = _mm_srli_epi64(_mm_mul_epu32(positive, shifts.powers), 31);
  const Words odd = _mm_srli_epi64(_mm_mul_epu32(_mm_srli_epi64(positive, 32), shifts.odd), 31);
  return _mm_sub_epi32(_mm_or_si128(even, _mm_slli_epi64(odd, 32)), shifts.powers);
}

template <int = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int part) {
  return load_128(panel + 8 * part);
}
HWY_INLINE Halves set_halves(int value) { return _mm_set1_epi16(static_cast<std::int16_t>(value)); }
HWY_INLINE Halves narrow(Words a, Words b) { return _mm_packs_epi32(a, b); }
HWY_INLINE Halves add(Halves a, Halves b) { return _mm_adds_epi16(a, b); }
HWY_INLINE Halves subtract(Halves a, Halves b) { return _mm_sub_epi16(a, b); }
HWY_INLINE Halves scale(Halves a, Halves b) {
#if HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4
  return _mm_mulhrs_epi16(a, b);
#else
  // The upper half of the product, doubled, and the two bits below it, rounded.
  const __m128i below = _mm_srli_epi16(_mm_mullo_epi16(a, b), 14);
  const __m128i rounded_bits = _mm_srli_epi16(_mm_add_epi16(below, _mm_set1_epi16(1)), 1);
  return _mm_add_epi16(_mm_slli_epi16(_mm_mulhi_epi16(a, b), 1), rounded_bits);
#endif
}
HWY_INLINE Halves lesser(Halves a, Halves b) { return _mm_min_epi16(a, b); }
HWY_INLINE Halves greater(Halves a, Halves b) { return _mm_max_epi16(a, b); }
template <int kBits>
HWY_INLINE Halves shift_left(Halves a) {
  return _mm_slli_epi16(a, kBits);
}
template <int kBits>
HWY_INLINE Halves shift_right(Halves a) {
  return _mm_srai_epi16(a, kBits);
}

/// Loads the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  const __m128i bytes = load_128(pixels[0] + channel);
  unit[0] = _mm_unpacklo_epi8(bytes, _mm_setzero_si128());
  unit[1] = _mm_unpackhi_epi8(bytes, _mm_setzero_si128());
}

/// Stores the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels[0] + channel),
                   _mm_packus_epi16(unit[0], unit[1]));
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  const __m128i a = load_128(rows[0] + offset), b = load_128(rows[1] + offset);
  const __m128i c = load_128(rows[2] + offset), d = load_128(rows[3] + offset);
  const __m128i ab = _mm_unpacklo_epi8(a, b), cd = _mm_unpacklo_epi8(c, d);
  quads[0] = _mm_unpacklo_epi16(ab, cd);
  quads[1] = _mm_unpackhi_epi16(ab, cd);
  const __m128i upper_ab = _mm_unpackhi_epi8(a, b), upper_cd = _mm_unpackhi_epi8(c, d);
  quads[2] = _mm_unpacklo_epi16(upper_ab, upper_cd);
  quads[3] = _mm_unpackhi_epi16(upper_ab, upper_cd);
}

inline constexpr int kSidePanels = 1;       // panels that vectors hold side by side
inline constexpr bool kHasTwoRows = false;  // whether they hold panels of two rows

HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Words& vector) {
  vector = load_128(lanes[0]);
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(Words quads, int rows) {
  return _mm_sll_epi32(quads, _mm_cvtsi32_si128(8 * rows));
}

/// Quads of four rows' bytes, for eight channels: the lower ones or the upper ones.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  const auto pairs = [&](int y) HWY_ATTR {
    const Words a = load_128(rows[y] + offset), b = load_128(rows[std::min(y + 1, kLast)] + offset);
    return kHalf == 0 ? _mm_unpacklo_epi8(a, b) : _mm_unpackhi_epi8(a, b);
  };
  const Words upper = pairs(0), lower = pairs(2);
  quads[0] = _mm_unpacklo_epi16(upper, lower);
  quads[1] = _mm_unpackhi_epi16(upper, lower);
}

/// Stores a pixel.
HWY_INLINE void store_lanes(Halves lower, Halves upper, std::uint8_t* pixel) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(pixel), _mm_packus_epi16(lower, upper));
}

/// What multiplies quads of bytes with quads of weights, and adds to sums: bytes 0 and 2 of each
/// quad, then bytes 1 and 3, as 16 bits.
struct WideDot {
  struct Operand {
    Words even, odd;
  };
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Operand bytes(Words quads) {
    return {_mm_and_si128(quads, _mm_set1_epi16(0xFF)), _mm_srli_epi16(quads, 8)};
  }
  static HWY_INLINE Operand weights(Words quads) {
    return {_mm_srai_epi16(_mm_slli_epi16(quads, 8), 8), _mm_srai_epi16(quads, 8)};
  }
  static HWY_INLINE Words add(Words sums, const Operand& bytes, const Operand& weights) {
    return _mm_add_epi32(sums, _mm_add_epi32(_mm_madd_epi16(bytes.even, weights.even),
                                             _mm_madd_epi16(bytes.odd, weights.odd)));
  }
};

#if HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4
/// The same where neighbouring weights keep their sum within 16 bits.
struct PairsDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
    return _mm_add_epi32(sums,
                         _mm_madd_epi16(_mm_maddubs_epi16(bytes, weights), _mm_set1_epi16(1)));
  }
};
#else
using PairsDot = WideDot;
#endif

template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#elif HWY_ARCH_ARM && defined(__ARM_NEON)
// from pplcnet/kernels/int8/neon-inl.hpp
// Vectors of 128 bits for sums of bytes on ARM. Compiled for NEON alone.
#include <arm_neon.h>
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of four channels, their quads of bytes, or eight halves.
using Words = int32x4_t;
using Halves = int16x8_t;
inline constexpr int kWords = 4;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 1;  // whose bytes fill a vector

HWY_INLINE Words load_words(const void* panel, int number) {
  return vreinterpretq_s32_u8(vld1q_u8(static_cast<const std::uint8_t*>(panel) + 16 * number));
}
HWY_INLINE void store_words(Words a, std::int32_t* panel, int number) {
  vst1q_s32(panel + 4 * number, a);
}
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return vdupq_n_s32(word);
}
HWY_INLINE Words add_words(Words a, Words b) { return vaddq_s32(a, b); }
HWY_INLINE Words subtract_words(Words a, Words b) { return vsubq_s32(a, b); }
using Shifts = Words;
HWY_INLINE Shifts shifts_of(Words counts) { return counts; }
HWY_INLINE Words shift_words(Words a, Words count) { return vshlq_s32(a, vnegq_s32(count)); }

template <int = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int part) {
  return vld1q_s16(panel + 8 * part);
}
HWY_INLINE Halves set_halves(int value) { return vdupq_n_s16(static_cast<std::int16_t>(value)); }
HWY_INLINE Halves narrow(Words a, Words b) { return vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)); }
HWY_INLINE Halves add(Halves a, Halves b) { return vqaddq_s16(a, b); }
HWY_INLINE Halves subtract(Halves a, Halves b) { return vsubq_s16(a, b); }
HWY_INLINE Halves scale(Halves a, Halves b) { return vqrdmulhq_s16(a, b); }
HWY_INLINE Halves lesser(Halves a, Halves b) { return vminq_s16(a, b); }
HWY_INLINE Halves greater(Halves a, Halves b) { return vmaxq_s16(a, b); }
template <int kBits>
HWY_INLINE Halves shift_left(Halves a) {
  return vshlq_n_s16(a, kBits);
}
template <int kBits>
HWY_INLINE Halves shift_right(Halves a) {
  return vshrq_n_s16(a, kBits);
}

/// Loads the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  const uint8x16_t bytes = vld1q_u8(pixels[0] + channel);
  unit[0] = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(bytes)));
  unit[1] = vreinterpretq_s16_u16(vmovl_u8(vget_high_u8(bytes)));
}

/// Stores the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int) {
  vst1q_u8(pixels[0] + channel, vcombine_u8(vqmovun_s16(unit[0]), vqmovun_s16(unit[1])));
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  const uint8x16x2_t ab = vzipq_u8(vld1q_u8(rows[0] + offset), vld1q_u8(rows[1] + offset));
  const uint8x16x2_t cd = vzipq_u8(vld1q_u8(rows[2] + offset), vld1q_u8(rows[3] + offset));
  for (int half = 0; half < 2; ++half) {
    const uint16x8x2_t both =
        vzipq_u16(vreinterpretq_u16_u8(ab.val[half]), vreinterpretq_u16_u8(cd.val[half]));
    quads[2 * half] = vreinterpretq_s32_u16(both.val[0]);
    quads[2 * half + 1] = vreinterpretq_s32_u16(both.val[1]);
  }
}

inline constexpr int kSidePanels = 1;       // panels that vectors hold side by side
inline constexpr bool kHasTwoRows = false;  // whether they hold panels of two rows

HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Words& vector) {
  vector = load_words(lanes[0], 0);
}
HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Halves& vector) {
  vector = vreinterpretq_s16_u8(vld1q_u8(lanes[0]));
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(Words quads, int rows) {
  return vshlq_s32(quads, vdupq_n_s32(8 * rows));
}

/// Quads of four rows' bytes, for eight channels: the lower ones or the upper ones.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  const auto pairs = [&](int y) {
    const std::uint8_t* const second = rows[std::min(y + 1, kLast)];
    const std::size_t half = offset + 8 * kHalf;
    const uint8x8x2_t both = vzip_u8(vld1_u8(rows[y] + half), vld1_u8(second + half));
    return vreinterpretq_u16_u8(vcombine_u8(both.val[0], both.val[1]));
  };
  const uint16x8x2_t both = vzipq_u16(pairs(0), pairs(2));
  quads[0] = vreinterpretq_s32_u16(both.val[0]);
  quads[1] = vreinterpretq_s32_u16(both.val[1]);
}

/// Stores a pixel.
HWY_INLINE void store_lanes(Halves lower, Halves upper, std::uint8_t* pixel) {
  vst1q_u8(pixel, vcombine_u8(vqmovun_s16(lower), vqmovun_s16(upper)));
}

#if defined(__ARM_FEATURE_MATMUL_INT8)
/// What multiplies quads of bytes with quads of weights, and adds to sums: one instruction.
struct WideDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = true;
  static HWY_INLINE Words bytes(Words quads) { return quads; }
  static HWY_INLINE Words weights(Words quads) { return quads; }
  static HWY_INLINE Words add(Words sums, Words bytes, Words weights) {
    return vusdotq_s32(sums, vreinterpretq_u8_s32(bytes), vreinterpretq_s8_s32(weights));
  }
};
#else
#if defined(__ARM_FEATURE_DOTPROD)
inline constexpr bool kHasDot = true;
#else
inline constexpr bool kHasDot = false;
#endif

/// What multiplies quads of bytes with quads of weights, and adds to sums. Both are signed: bytes
/// are less by kOffset, which sums make good in advance.
struct WideDot {
  using Operand = int8x16_t;
  static constexpr int kOffset = 128;
  static constexpr bool kOneInstruction = kHasDot;
  static HWY_INLINE Operand bytes(Words quads) {
    return vreinterpretq_s8_u8(veorq_u8(vreinterpretq_u8_s32(quads), vdupq_n_u8(0x80)));
  }
  static HWY_INLINE Operand weights(Words quads) { return vreinterpretq_s8_s32(quads); }
  static HWY_INLINE Words add(Words sums, Operand bytes, Operand weights) {
#if defined(__ARM_FEATURE_DOTPROD)
    return vdotq_s32(sums, bytes, weights);
#else
    // Two products of at most 127 · 128 fit 16 bits.
    const int16x8_t lower = vmull_s8(vget_low_s8(bytes), vget_low_s8(weights));
    const int16x8_t upper = vmull_s8(vget_high_s8(bytes), vget_high_s8(weights));
#if HWY_ARCH_ARM_A64
    return vpadalq_s16(sums, vpaddq_s16(lower, upper));
#else
    return vpadalq_s16(sums, vcombine_s16(vpadd_s16(vget_low_s16(lower), vget_high_s16(lower)),
                                          vpadd_s16(vget_low_s16(upper), vget_high_s16(upper))));
#endif
#endif
  }
};
#endif
using PairsDot = WideDot;

template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#else
// from pplcnet/kernels/int8/plain-inl.hpp
// What stands for vectors of sums of bytes where there are none, or not of a known size. Compiled
// for such instruction sets alone.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of four channels, their quads of bytes, or eight halves.
struct Words {
  std::int32_t values[4];
};
struct Halves {
  std::int16_t values[8];
};
inline constexpr int kWords = 4;       // vectors that hold a panel's sums
inline constexpr int kUnitPixels = 1;  // whose bytes fill a vector

HWY_INLINE std::int16_t saturate(std::int32_t value) {
  return static_cast<std::int16_t>(std::clamp(value, -32768, 32767));
}

HWY_INLINE Words load_words(const void* panel, int number) {
  Words words;
  std::memcpy(words.values, static_cast<const char*>(panel) + 16 * number, sizeof words);
  return words;
}
HWY_INLINE void store_words(const Words& a, std::int32_t* panel, int number) {
  std::memcpy(panel + 4 * number, a.values, sizeof a);
}
HWY_INLINE Words repeat_quad(const std::uint8_t* quad) {
  std::int32_t word;
  std::memcpy(&word, quad, sizeof word);
  return {{word, word, word, word}};
}
HWY_INLINE Words add_words(Words a, const Words& b) {
  for (int i = 0; i < 4; ++i) a.values[i] += b.values[i];
  return a;
}
HWY_INLINE Words subtract_words(Words a, const Words& b) {
  for (int i = 0; i < 4; ++i) a.values[i] -= b.values[i];
  return a;
}
using Shifts = Words;
HWY_INLINE Shifts shifts_of(const Words& counts) { return counts; }
HWY_INLINE Words shift_words(Words a, const Words& count) {
  for (int i = 0; i < 4; ++i) a.values[i] >>= count.values[i];
  return a;
}

template <int = 1>
HWY_INLINE Halves load_halves(const std::int16_t* panel, int part) {
  Halves halves;
  std::memcpy(halves.values, panel + 8 * part, sizeof halves);
  return halves;
}
/// Returns `function` of the lanes of two vectors.
template <class Function>
HWY_INLINE Halves halves_of(Halves a, const Halves& b, const Function& function) {
  for (int i = 0; i < 8; ++i)
    a.values[i] = static_cast<std::int16_t>(function(std::int32_t{a.values[i]}, b.values[i]));
  return a;
}
HWY_INLINE Halves set_halves(int value) {
  return halves_of({}, {}, [&](int, int) { return value; });
}
HWY_INLINE Halves narrow(const Words& a, const Words& b) {
  Halves halves;
  for (int i = 0; i < 8; ++i) halves.values[i] = saturate(i < 4 ? a.values[i] : b.values[i - 4]);
  return halves;
}
HWY_INLINE Halves add(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return saturate(x + y); });
}
HWY_INLINE Halves subtract(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return x - y; });
}
HWY_INLINE Halves scale(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return (x * y + (1 << 14)) >> 15; });
}
HWY_INLINE Halves lesser(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return std::min(x, y); });
}
HWY_INLINE Halves greater(const Halves& a, const Halves& b) {
  return halves_of(a, b, [](int x, int y) { return std::max(x, y); });
}
template <int kBits>
HWY_INLINE Halves shift_left(const Halves& a) {
  return halves_of(a, a, [](int x, int) { return x * (1 << kBits); });
}
template <int kBits>
HWY_INLINE Halves shift_right(const Halves& a) {
  return halves_of(a, a, [](int x, int) { return x >> kBits; });
}

/// Loads the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void load_unit(const std::uint8_t* const* pixels, std::size_t channel,
                          Halves (&unit)[2]) {
  for (int i = 0; i < 16; ++i) unit[i / 8].values[i % 8] = pixels[0][channel + std::size_t(i)];
}

/// Stores the bytes of a unit's pixel.
template <int = 1>
HWY_INLINE void store_unit(const Halves (&unit)[2], std::uint8_t* const* pixels,
                           std::size_t channel, int) {
  for (int i = 0; i < 16; ++i)
    pixels[0][channel + std::size_t(i)] =
        static_cast<std::uint8_t>(std::clamp<int>(unit[i / 8].values[i % 8], 0, 255));
}

/// Quads of four rows' bytes, for each of 16 channels.
HWY_INLINE void load_quads(const std::uint8_t* const* rows, std::size_t offset,
                           Words (&quads)[kWords]) {
  for (int channel = 0; channel < 16; ++channel) {
    std::uint8_t quad[4];
    for (int y = 0; y < 4; ++y) quad[y] = rows[y][offset + static_cast<std::size_t>(channel)];
    std::memcpy(&quads[channel / 4].values[channel % 4], quad, sizeof quad);
  }
}

inline constexpr int kSidePanels = 1;       // panels that vectors hold side by side
inline constexpr bool kHasTwoRows = false;  // whether they hold panels of two rows

template <class Vector>
HWY_INLINE void load_lanes(const std::uint8_t* const* lanes, Vector& vector) {
  std::memcpy(vector.values, lanes[0], sizeof vector);
}

/// Moves weights down by so many rows, 0 to 3: the lowest byte of a word is the highest row.
HWY_INLINE Words move_down(const Words& quads, int rows) {
  Words moved;
  for (int i = 0; i < 4; ++i) {
    std::int8_t bytes[4], lower[4] = {};
    std::memcpy(bytes, quads.values + i, sizeof bytes);
    for (int y = rows; y < 4; ++y) lower[y] = bytes[y - rows];
    std::memcpy(moved.values + i, lower, sizeof lower);
  }
  return moved;
}

/// Quads of four rows' bytes, for eight channels: the lower ones or the upper ones.
template <int kHalf, int kLast = 3>
HWY_INLINE void load_wide_quads(const std::uint8_t* const* rows, std::size_t offset,
                                Words (&quads)[2]) {
  for (int channel = 0; channel < 8; ++channel) {
    std::uint8_t quad[4];
    for (int y = 0; y < 4; ++y)
      quad[y] = rows[std::min(y, kLast)][offset + static_cast<std::size_t>(8 * kHalf + channel)];
    std::memcpy(&quads[channel / 4].values[channel % 4], quad, sizeof quad);
  }
}

/// Stores a pixel.
HWY_INLINE void store_lanes(const Halves& lower, const Halves& upper, std::uint8_t* pixel) {
  for (int i = 0; i < 16; ++i)
    pixel[i] =
        static_cast<std::uint8_t>(std::clamp<int>((i < 8 ? lower : upper).values[i % 8], 0, 255));
}

/// What multiplies quads of bytes with quads of weights, and adds to sums.
struct WideDot {
  using Operand = Words;
  static constexpr int kOffset = 0;
  static constexpr bool kOneInstruction = false;
  static HWY_INLINE Words bytes(const Words& quads) { return quads; }
  static HWY_INLINE Words weights(const Words& quads) { return quads; }
  static HWY_INLINE Words add(Words sums, const Words& bytes, const Words& weights) {
    std::uint8_t x[16];
    std::int8_t w[16];
    std::memcpy(x, bytes.values, sizeof x);
    std::memcpy(w, weights.values, sizeof w);
    for (int i = 0; i < 16; ++i) sums.values[i / 4] += x[i] * w[i];
    return sums;
  }
};
using PairsDot = WideDot;

template <bool>
using ProductDot = PairsDot;
template <bool>
using DepthwiseDot = WideDot;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif
// from pplcnet/kernels/int8/ending-inl.hpp
// How sums of products become bytes, factors of gates, or logits. Compiled once per instruction
// set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The most pixels whose sums end together, in whole units.
inline constexpr int kMostEnded = 28;

/// Where some pixels are. The last one is repeated, so that there is a whole unit of them.
template <class Byte>
class PixelPlaces {
 public:
  PixelPlaces() = default;
  HWY_INLINE PixelPlaces(const BytePixels<Byte>& map, int pixel, int count) {
    find(map, pixel, count);
  }
  /// Finds pixels [pixel, pixel + count) of rows of pixels.
  HWY_INLINE void find(const BytePixels<Byte>& map, int pixel, int count) {
    if (map.pixels == nullptr) {
      for (Byte*& place : places_) place = nullptr;
      return;
    }
    const int row = pixel / map.width;
    int column = pixel - row * map.width;
    const std::size_t gap = map.row_pitch - static_cast<std::size_t>(map.width) * map.pixel_pitch;
    Byte* place = map.pixels + static_cast<std::size_t>(row) * map.row_pitch +
                  static_cast<std::size_t>(column) * map.pixel_pitch;
    if (gap == 0 || column + count <= map.width) {
      for (int i = 0; i < count; ++i, place += map.pixel_pitch) places_[i] = place;
    } else {
      for (int i = 0; i < count; ++i, place += map.pixel_pitch) {
        places_[i] = place;
        if (++column < map.width) continue;
        column = 0;
        place += gap;
      }
    }
    for (int i = count; i % kUnitPixels != 0; ++i) places_[i] = places_[count - 1];
  }
  HWY_INLINE Byte* const* from(int pixel) const { return places_ + pixel; }

 private:
  Byte* places_[kMostEnded];
};

/// Where the pixels of a unit are that are in one row.
template <class Byte>
struct UnitPlaces {
  Byte* places[kUnitPixels];

  HWY_INLINE UnitPlaces(const BytePixels<Byte>& map, int y, int x) {
    Byte* const first = map.pixels + static_cast<std::size_t>(y) * map.row_pitch +
                        static_cast<std::size_t>(x) * map.pixel_pitch;
    for (int i = 0; i < kUnitPixels; ++i)
      places[i] = first + static_cast<std::size_t>(i) * map.pixel_pitch;
  }
};

/// How sums become bytes: with what is computed between the two. `either` is the first or the
/// second, as a layer says.
enum class ByteSteps : unsigned char { scale, hardswish, either, add };

/// The constants of a panel of channels, or of two, in vectors.
template <ByteSteps kSteps, int kPanels = 1>
class BytePanel {
 public:
  static constexpr bool kAdds = kSteps == ByteSteps::add;

  HWY_INLINE BytePanel(const SumEnding& ending, std::size_t channel)
      : hardswish_(ending.activation == Activation::Kind::hardswish) {
    const EndingConstants& constants = ending.constants;
    for (int i = 0; i < kVectors; ++i)
      shift_[i] =
          shifts_of(load_words(constants.shift + channel + i / kWords * kPanel, i % kWords));
    for (int i = 0; i < 2; ++i) {
      multiplier_[i] = load_halves<kPanels>(constants.multiplier + channel, i);
      zero_[i] = load_halves<kPanels>(constants.zero + channel, i);
      if constexpr (kMayActivate) set_three(load_halves<kPanels>(constants.three + channel, i), i);
      if constexpr (kAdds) {
        least_ = set_halves(ending.activation == Activation::Kind::relu ? 0 : -32768);
        addend_zero_[i] = load_halves<kPanels>(constants.addend_zero + channel, i);
        addend_multiplier_[i] = load_halves<kPanels>(constants.addend_multiplier + channel, i);
      }
    }
  }

  /// Those of panels side by side, for halves alone.
  template <class Lanes>
  HWY_INLINE BytePanel(const SumEnding& ending, const Lanes& panels)
      : hardswish_(ending.activation == Activation::Kind::hardswish) {
    const EndingConstants& constants = ending.constants;
    for (int i = 0; i < 2; ++i) {
      multiplier_[i] = panels(constants.multiplier, i);
      zero_[i] = panels(constants.zero, i);
      if constexpr (kMayActivate) set_three(panels(constants.three, i), i);
    }
  }

  /// Turns a unit's sums into the halves that saturate to its bytes. There are addends where they
  /// are added.
  HWY_INLINE void end(Words a, Words b, Words c, Words d, const Halves (&addends)[2],
                      Halves (&unit)[2]) const {
    // No loop, so that none of them is in memory.
    Halves lower = narrow(shift_words(a, shift_[0]), shift_words(b, shift_[1 % kVectors]));
    Halves upper =
        narrow(shift_words(c, shift_[2 % kVectors]), shift_words(d, shift_[3 % kVectors]));
    if (activates()) {
      lower = activate(lower, 0);
      upper = activate(upper, 1);
    }
    unit[0] = scale_and_add(lower, 0, addends[0]);
    unit[1] = scale_and_add(upper, 1, addends[1]);
  }

  /// Turns halves, the lower ones (0) or the upper ones (1), into those that saturate to bytes.
  HWY_INLINE Halves end(Halves sum, int i) const {
    static_assert(!kAdds, "there is no addend");
    return scale_and_add(activates() ? activate(sum, i) : sum, i, sum);
  }

 private:
  static constexpr int kVectors = kPanels * kWords;  // of a pixel's sums
  static constexpr bool kMayActivate =
      kSteps == ByteSteps::hardswish || kSteps == ByteSteps::either;

  HWY_INLINE void set_three(Halves three, int i) {
    three_[i] = three;
    minus_three_[i] = subtract(set_halves(0), three);
  }
  HWY_INLINE bool activates() const {
    return kSteps == ByteSteps::hardswish || (kSteps == ByteSteps::either && hardswish_);
  }
  HWY_INLINE Halves activate(Halves sum, int i) const {
    // From 0 to 6, in operations for which there are more ports than for one that saturates.
    const Halves within = lesser(greater(sum, minus_three_[i]), three_[i]);
    return scale(sum, subtract(within, minus_three_[i]));
  }
  HWY_INLINE Halves scale_and_add(Halves sum, int i, [[maybe_unused]] Halves addend) const {
    Halves value = scale(sum, multiplier_[i]);
    if constexpr (kAdds) {
      value = greater(value, least_);
      const Halves other =
          scale(shift_left<6>(subtract(addend, addend_zero_[i])), addend_multiplier_[i]);
      value = shift_right<4>(add(add(value, other), set_halves(8)));
    }
    return add(value, zero_[i]);
  }

  bool hardswish_;
  Shifts shift_[kVectors];
  Halves multiplier_[2], zero_[2], three_[2], minus_three_[2], addend_zero_[2],
      addend_multiplier_[2], least_;
};

/// Calls a function with the steps of an ending in bytes that adds nothing, as a constant. If Dot
/// takes several instructions, a branch in each ending costs little beside them, and halves the
/// kernels.
template <class Dot, class Function>
HWY_INLINE void with_activation(const SumEnding& ending, const Function& function) {
  using enum ByteSteps;
  if constexpr (!Dot::kOneInstruction)
    function(std::integral_constant<ByteSteps, either>());
  else if (ending.activation == Activation::Kind::hardswish)
    function(std::integral_constant<ByteSteps, hardswish>());
  else
    function(std::integral_constant<ByteSteps, scale>());
}

/// Calls it with those of an ending that may add.
template <class Dot, class Function>
HWY_INLINE void with_steps(const SumEnding& ending, bool adds, const Function& function) {
  if (adds)
    function(std::integral_constant<ByteSteps, ByteSteps::add>());
  else
    with_activation<Dot>(ending, function);
}

/// Ends the sums of a unit. The first `count` of its pixels are stored.
template <ByteSteps kSteps, int kPanels>
HWY_INLINE void end_words(const BytePanel<kSteps, kPanels>& panels, std::size_t channel, Words a,
                          Words b, Words c, Words d, int count, std::uint8_t* const* outputs,
                          const std::uint8_t* const* addends) {
  Halves added[2] = {}, unit[2];
  if constexpr (BytePanel<kSteps, kPanels>::kAdds) load_unit<kPanels>(addends, channel, added);
  panels.end(a, b, c, d, added, unit);
  constexpr int kPixels = kUnitPixels / kPanels;
  if (count >= kPixels)
    store_unit<kPanels>(unit, outputs, channel, kPixels);
  else
    store_unit<kPanels>(unit, outputs, channel, count);
}

/// Does so with sums [pixel][16 of each panel] in memory.
template <ByteSteps kSteps, int kPanels>
HWY_INLINE void end_unit(const BytePanel<kSteps, kPanels>& panels, std::size_t channel,
                         const std::int32_t* sums, int count, std::uint8_t* const* outputs,
                         const std::uint8_t* const* addends) {
  const auto word = [&](int i)
                        HWY_ATTR { return load_words(sums + i / kWords * kPanel, i % kWords); };
  end_words(panels, channel, word(0), word(1), word(2), word(3), count, outputs, addends);
}

/// Ends the sums [pixel][16] of a panel in bytes; those of the last unit are there, whatever they
/// are.
template <ByteSteps kSteps>
HWY_NOINLINE void end_bytes(const SumEnding& ending, std::size_t channel, const std::int32_t* sums,
                            int count, std::uint8_t* const* outputs,
                            const std::uint8_t* const* addends) {
  const BytePanel<kSteps> panel(ending, channel);
  for (int pixel = 0; pixel < count; pixel += kUnitPixels)
    end_unit(panel, channel, sums + pixel * kPanel, count - pixel, outputs + pixel,
             addends + pixel);
}

#if PPLCNET_BYTE_VECTORS
/// Returns 2^15 times the sigmoids of y / 1024. Pieces are looked up one by one.
template <class D, class Values = hn::Vec<D>>
HWY_INLINE Values sigmoids_of(D d, Values y) {
  constexpr std::int16_t kHalf = kSigmoidPieces / 2 * kSigmoidSteps;
  const auto place =
      hn::Add(hn::Min(hn::Max(y, hn::Set(d, -kHalf)), hn::Set(d, kHalf - 1)), hn::Set(d, kHalf));
  std::int16_t pieces[kPanel], starts[kPanel], slopes[kPanel];
  hn::StoreU(hn::ShiftRight<4>(place), d, pieces);
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) {
    const std::int16_t* const piece = kSigmoidTable.data() + pieces[i];
    starts[i] = piece[0];
    slopes[i] = static_cast<std::int16_t>(piece[1] - piece[0]);
  }
  const auto step = hn::And(place, hn::Set(d, kSigmoidSteps - 1));
  return hn::Add(hn::LoadU(d, starts), hn::ShiftRight<4>(hn::Mul(hn::LoadU(d, slopes), step)));
}

/// Ends the sums of a panel as factors.
HWY_INLINE void end_factors(const SumEnding& ending, std::size_t channel, const std::int32_t* sums,
                            std::uint8_t* to) {
  const hn::CappedTag<std::int32_t, kPanel> d;
  const hn::Rebind<std::int16_t, decltype(d)> halves;
  const EndingConstants& constants = ending.constants;
  for (std::size_t i = 0; i < kPanel; i += hn::Lanes(d)) {
    const std::size_t c = channel + i;
    const auto load = [&](const std::int16_t* array)
                          HWY_ATTR { return hn::LoadU(halves, array + c); };
    const auto u =
        hn::DemoteTo(halves, hn::Shr(hn::LoadU(d, sums + i), hn::LoadU(d, constants.shift + c)));
    const auto y = hn::MulFixedPoint15(u, load(constants.multiplier));
    const auto three = load(constants.three);
    const auto factor =
        ending.activation == Activation::Kind::sigmoid
            ? hn::MulFixedPoint15(sigmoids_of(halves, y), three)
            : hn::Min(hn::Max(hn::SaturatedAdd(y, load(constants.zero)), hn::Zero(halves)), three);
    hn::StoreU(factor, halves, reinterpret_cast<std::int16_t*>(to) + c);
  }
}
#endif

/// Ends the sums of a panel as factors or logits; those of a pixel are so many after the last
/// one's.
inline HWY_NOINLINE void end_values(const SumEnding& ending, int panel, const std::int32_t* sums,
                                    int pitch, int count, std::uint8_t* const* outputs) {
  const EndingConstants& constants = ending.constants;
  const auto first = static_cast<std::size_t>(panel * kPanel);
  const int end =
      ending.kind == Ending::logits ? std::min(kPanel, ending.channels - panel * kPanel) : kPanel;
  for (int pixel = 0; pixel < count; ++pixel, sums += pitch) {
#if PPLCNET_BYTE_VECTORS
    if (ending.kind == Ending::factors) {
      end_factors(ending, first, sums, outputs[pixel]);
      continue;
    }
#endif
    for (int i = 0; i < end; ++i) {
      const std::size_t channel = first + static_cast<std::size_t>(i);
      if (ending.kind == Ending::logits) {
        const float logit = static_cast<float>(sums[i]) * constants.scale[channel];
        std::memcpy(outputs[pixel] + channel * sizeof logit, &logit, sizeof logit);
        continue;
      }
      const std::int16_t factor = factor_of(sums[i], ending.activation,
                                            {.shift = constants.shift[channel],
                                             .multiplier = constants.multiplier[channel],
                                             .three = constants.three[channel],
                                             .zero = constants.zero[channel]});
      std::memcpy(outputs[pixel] + channel * sizeof factor, &factor, sizeof factor);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/byte_tile-inl.hpp
// The sums of a tile of pixels and panels, for products of bytes. Compiled once per instruction
// set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Pixels × panels of sums that fit the registers, together with weights and inputs: 28 vectors of
/// 32 (AVX-512), 16 (NEON), 8 of 16 (AVX2, SSE2).
inline constexpr int kBytePanels = kWords == 1 ? 2 : 1;
inline constexpr int kBytePixels = kWords == 1 ? 14 : kWords == 2 ? 4 : HWY_ARCH_ARM ? 4 : 2;

/// Quads that are added last, when the sums of some pixels end after the other.
inline constexpr int kLastQuads = kWords == 1 ? 8 : 0;

/// Whether sums are so fast that they would wait for weights that are not in L2.
inline constexpr bool kFetchesAhead = kWords == 1;

/// Asks L2 for what is read soon.
HWY_INLINE void fetch_ahead([[maybe_unused]] const void* place) {
#if defined(__GNUC__) || defined(__clang__)
  if constexpr (kFetchesAhead) __builtin_prefetch(place, 0, 2);
#endif
}

/// Sums of a tile of pixels × panels.
template <class Dot, int kPixels, int kPanels>
class ByteTile {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  static constexpr int kVectors = kPanels * kWords;  // of a pixel
  static constexpr int kSums = kPixels * kVectors;
  static constexpr int kStep = kUnitPixels / kPanels;  // pixels of a unit

 public:
  static constexpr int kTilePixels = kPixels;

  /// Adds all quads but the last ones. `starts` has what the sums of each channel begin with. Each
  /// quad asks for the weights that are so many bytes `ahead`.
  HWY_INLINE ByteTile(const ByteProduct& product, const std::int8_t* weights,
                      std::size_t panel_pitch, std::size_t offset, std::size_t ahead,
                      const std::int32_t* starts)
      : pitch_(product.pixel_pitch), panel_pitch_(panel_pitch) {
    start(starts, Indices<kSums>());
    const int last = product.kernel_rows - 1;
    for (int row = 0; row < last; ++row, weights += product.row_depth * kPanel)
      add_quads<0, kPixels>(product.rows[row] + offset, weights, product.row_depth, ahead);
    last_depth_ = product.row_depth < 2 * kLastQuads * kQuad ? 0 : kLastQuads * kQuad;
    const int depth = product.row_depth - last_depth_;
    add_quads<0, kPixels>(product.rows[last] + offset, weights, depth, ahead);
    last_input_ = product.rows[last] + offset + depth;
    last_weights_ = weights + depth * kPanel;
  }

  /// Adds the last quads to some pixels after the other, and ends their sums while they are in
  /// registers and those of the next pixels are added to.
  template <ByteSteps kSteps>
  HWY_INLINE void end(const BytePanel<kSteps, kPanels>& panels, std::size_t channel,
                      const PixelPlaces<std::uint8_t>& outputs,
                      const PixelPlaces<const std::uint8_t>& addends) {
    finish(Indices<kParts>(), [&](auto first, auto count) HWY_ATTR {
      end<first()>(panels, channel, outputs, addends, Indices<(count() + kStep - 1) / kStep>());
    });
  }

  /// Stores the sums [pixel][panel][16].
  HWY_INLINE void store(std::int32_t* sums) {
    finish(Indices<kParts>(), [](auto, auto) {});
    store(sums, Indices<kSums>());
  }

 private:
  // Every third pixel has a pointer of its own; its neighbours are one and two pitches away.
  static constexpr int kGroup = 3;
  // A part of the pixels has sums enough to hide the latency of one; the last one has the rest.
  static constexpr int kPartPixels = kLastQuads > 0 ? 8 / kVectors : kPixels;
  static constexpr int kParts = std::max(1, kPixels / kPartPixels);

  template <int... kIndex>
  HWY_INLINE void start(const std::int32_t* starts, std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] =
          load_words(starts + kIndex % kVectors / kWords * kPanel, kIndex % kVectors % kWords)),
     ...);
  }

  /// Adds `depth` bytes of pixels [kFirst, kFirst + kCount).
  template <int kFirst, int kCount>
  HWY_INLINE void add_quads(const std::uint8_t* input, const std::int8_t* weights, int depth,
                            [[maybe_unused]] std::size_t ahead) {
    constexpr int kGroups = (kCount + kGroup - 1) / kGroup;
    const std::uint8_t* pixels[kGroups];
    point(input + kFirst * pitch_, pixels, Indices<kGroups>());
    const std::int8_t* const end = weights + depth * kPanel;
    for (; weights != end; weights += kQuad * kPanel) {
      if constexpr (kFirst == 0) fetch_ahead(weights + ahead);
      add_quad<kFirst, kCount>(pixels, weights, Indices<kVectors>());
      advance(pixels, Indices<kGroups>());
    }
  }
  template <int... kIndex>
  HWY_INLINE void point(const std::uint8_t* input, const std::uint8_t** pixels,
                        std::integer_sequence<int, kIndex...>) const {
    ((pixels[kIndex] = input + kIndex * kGroup * pitch_), ...);
  }
  template <int... kIndex>
  HWY_INLINE void advance(const std::uint8_t** pixels,
                          std::integer_sequence<int, kIndex...>) const {
    ((pixels[kIndex] += kQuad), ...);
  }
  template <int kFirst, int kCount, int... kVector>
  HWY_INLINE void add_quad(const std::uint8_t* const* pixels, const std::int8_t* weights,
                           std::integer_sequence<int, kVector...>) {
    const Operand row[kVectors] = {
        Dot::weights(load_words(weights + kVector / kWords * panel_pitch_, kVector % kWords))...};
    add_pixels<kFirst>(pixels, row, Indices<kCount>());
  }
  template <int kFirst, int... kPixel>
  HWY_INLINE void add_pixels(const std::uint8_t* const* pixels, const Operand* row,
                             std::integer_sequence<int, kPixel...>) {
    (add_pixel<kFirst + kPixel>(
         Dot::bytes(repeat_quad(pixels[kPixel / kGroup] + kPixel % kGroup * pitch_)), row,
         Indices<kVectors>()),
     ...);
  }
  template <int kPixel, int... kVector>
  HWY_INLINE void add_pixel(const Operand& bytes, const Operand* row,
                            std::integer_sequence<int, kVector...>) {
    ((sums_[kPixel * kVectors + kVector] =
          Dot::add(sums_[kPixel * kVectors + kVector], bytes, row[kVector])),
     ...);
  }

  template <int... kPart, class Function>
  HWY_INLINE void finish(std::integer_sequence<int, kPart...>, const Function& function) {
    (finish < kPart * kPartPixels,
     kPart + 1 < kParts ? kPartPixels : kPixels - kPart * kPartPixels > (function), ...);
  }
  template <int kFirst, int kCount, class Function>
  HWY_INLINE void finish(const Function& function) {
    if constexpr (kLastQuads > 0)
      add_quads<kFirst, kCount>(last_input_, last_weights_, last_depth_, 0);
    function(std::integral_constant<int, kFirst>(), std::integral_constant<int, kCount>());
  }

  template <int kFirst, ByteSteps kSteps, int... kUnit>
  HWY_INLINE void end(const BytePanel<kSteps, kPanels>& panels, std::size_t channel,
                      const PixelPlaces<std::uint8_t>& outputs,
                      const PixelPlaces<const std::uint8_t>& addends,
                      std::integer_sequence<int, kUnit...>) const {
    (end_unit<kFirst + kUnit * kStep>(panels, channel, outputs, addends), ...);
  }
  /// Ends a unit; what it has after the tile's last pixel is not stored.
  template <int kPixel, ByteSteps kSteps>
  HWY_INLINE void end_unit(const BytePanel<kSteps, kPanels>& panels, std::size_t channel,
                           const PixelPlaces<std::uint8_t>& outputs,
                           const PixelPlaces<const std::uint8_t>& addends) const {
    constexpr int kFirst = kPixel * kVectors, kLast = kSums - 1;
    end_words(panels, channel, sums_[kFirst], sums_[std::min(kFirst + 1, kLast)],
              sums_[std::min(kFirst + 2, kLast)], sums_[std::min(kFirst + 3, kLast)],
              std::min(kStep, kPixels - kPixel), outputs.from(kPixel), addends.from(kPixel));
  }
  template <int... kIndex>
  HWY_INLINE void store(std::int32_t* sums, std::integer_sequence<int, kIndex...>) const {
    (store_words(sums_[kIndex], sums + kIndex / kWords * kPanel, kIndex % kWords), ...);
  }

  std::size_t pitch_, panel_pitch_;
  const std::uint8_t* last_input_;
  const std::int8_t* last_weights_;
  int last_depth_;
  Words sums_[kSums];
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/product-inl.hpp
// The register-tiled product of bytes: pointwise and dense layers, and the picture's convolution.
// Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// How the sums of tiles become bytes.
template <ByteSteps kSteps, int kPanels>
class TileBytes {
 public:
  HWY_INLINE TileBytes(const ByteProduct& product, int panel)
      : channel_(static_cast<std::size_t>(panel * kPanel)), panels_(product.ending, channel_) {}

  /// Ends the sums of a tile whose first pixel is given.
  template <class Tile>
  HWY_INLINE void end(Tile& tile, const ByteProduct& product, int pixel) const {
    PixelPlaces<const std::uint8_t> addends;
    if constexpr (BytePanel<kSteps>::kAdds) addends.find(product.addend, pixel, Tile::kTilePixels);
    tile.end(panels_, channel_, PixelPlaces<std::uint8_t>(product.output, pixel, Tile::kTilePixels),
             addends);
  }

 private:
  std::size_t channel_;
  BytePanel<kSteps, kPanels> panels_;
};

/// How they become factors or logits, which is rare.
template <int kPanels>
class TileValues {
 public:
  HWY_INLINE TileValues(const ByteProduct& product, int panel)
      : ending_(product.ending), panel_(panel) {}

  template <class Tile>
  HWY_INLINE void end(Tile& tile, const ByteProduct& product, int pixel) const {
    HWY_ALIGN std::int32_t sums[Tile::kTilePixels * kPanels * kPanel];
    tile.store(sums);
    const PixelPlaces<std::uint8_t> outputs(product.output, pixel, Tile::kTilePixels);
    for (int i = 0; i < kPanels; ++i)
      end_values(ending_, panel_ + i, sums + i * kPanel, kPanels * kPanel, Tile::kTilePixels,
                 outputs.from(0));
  }

 private:
  const SumEnding& ending_;
  int panel_;
};

/// Computes what sums begin with: the bias, without what the offset of bytes adds to them.
template <class Dot>
HWY_NOINLINE void start_sums(const std::int8_t* weights, std::size_t bytes,
                             const std::int32_t* biases, std::int32_t* starts) {
  for (int i = 0; i < kWords; ++i) {
    Words offset = subtract_words(load_words(biases, i), load_words(biases, i));
    const auto none = Dot::bytes(offset);
    if constexpr (Dot::kOffset != 0)
      for (std::size_t k = 0; k < bytes; k += kQuad * kPanel)
        offset = Dot::add(offset, none, Dot::weights(load_words(weights + k, i)));
    store_words(subtract_words(load_words(biases, i), offset), starts, i);
  }
}

/// Some panels of a product, and what all of their tiles need.
template <class Dot, class TileEnding, int kPixels, int kPanels>
class ProductPanels {
  static constexpr int kFew = std::min(kUnitPixels, kPixels);

 public:
  HWY_INLINE ProductPanels(const ByteProduct& product, int panel)
      : product_(product),
        pitch_(static_cast<std::size_t>(product.kernel_rows) *
               static_cast<std::size_t>(product.row_depth) * kPanel),
        weights_(product.weights + static_cast<std::size_t>(panel) * pitch_),
        ending_(product, panel) {
    for (int i = 0; i < kPanels; ++i)
      start_sums<Dot>(weights_ + static_cast<std::size_t>(i) * pitch_, pitch_,
                      product.ending.constants.bias + (panel + i) * kPanel, starts_ + i * kPanel);
  }

  /// Computes `count` pixels. The last tile may overlap the one before it.
  HWY_INLINE void compute(int count) {
    int done = add_tiles<kPixels>(0, count);
    // Of 7×7 pixels half a tile is left.
    if constexpr (kPanels > 1) done = add_tiles<kPixels / 2>(done, count);
    if (count < kFew)
      for (; done < count; ++done) add_tile<1>(done);
    for (; done < count; done += kFew) add_tile<kFew>(std::min(done, count - kFew));
  }

 private:
  /// Computes whole tiles from pixel `done` on, and returns the first pixel that is left.
  template <int kTilePixels>
  HWY_INLINE int add_tiles(int done, int count) {
    for (; done + kTilePixels <= count; done += kTilePixels) add_tile<kTilePixels>(done);
    return done;
  }

  template <int kTilePixels>
  HWY_INLINE void add_tile(int pixel) {
    const std::size_t offset = static_cast<std::size_t>(pixel) * product_.pixel_pitch;
    // The next panels' weights come while these are used: one panel's in each of the first tiles.
    const std::size_t ahead = tiles_ < kPanels ? (kPanels + tiles_++) * pitch_ : 0;
    ByteTile<Dot, kTilePixels, kPanels> tile(product_, weights_, pitch_, offset, ahead, starts_);
    ending_.end(tile, product_, pixel);
  }

  const ByteProduct& product_;
  std::size_t pitch_;  // from a panel's weights to the next one's
  const std::int8_t* weights_;
  std::size_t tiles_ = 0;  // that have begun, as far as they ask for weights
  TileEnding ending_;
  HWY_ALIGN std::int32_t starts_[kPanels * kPanel];
};

/// Computes kPanels panels for all pixels.
template <class Dot, class TileEnding, int kPixels, int kPanels>
HWY_NOINLINE void product_panels(const ByteProduct& product, int pixels, int panel) {
  ProductPanels<Dot, TileEnding, kPixels, kPanels>(product, panel).compute(pixels);
}

/// Does so with the ending of the product.
template <class Dot, int kPixels, int kPanels>
HWY_INLINE void product_panels(const ByteProduct& product, int pixels, int panel) {
  if (product.ending.kind != Ending::bytes)
    return product_panels<Dot, TileValues<kPanels>, kPixels, kPanels>(product, pixels, panel);
  with_steps<Dot>(product.ending, product.addend.pixels != nullptr, [&](auto steps) {
    using TileEnding = TileBytes<decltype(steps)::value, kPanels>;
    product_panels<Dot, TileEnding, kPixels, kPanels>(product, pixels, panel);
  });
}

/// Computes panels [begin, end) of a product over `pixels` pixels.
template <bool kVnni>
void byte_product(const ByteProduct& product, int pixels, int begin, int end) {
  using Dot = ProductDot<kVnni>;
  int panel = begin;
  if constexpr (kBytePanels > 1) {
    for (; panel + kBytePanels <= end; panel += kBytePanels)
      product_panels<Dot, kBytePixels, kBytePanels>(product, pixels, panel);
    for (; panel < end; ++panel)
      product_panels<Dot, kBytePixels * kBytePanels, 1>(product, pixels, panel);
  } else {
    for (; panel < end; ++panel) product_panels<Dot, kBytePixels, 1>(product, pixels, panel);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/depthwise-inl.hpp
// Depthwise convolution of one panel of bytes, channels last, with any kernel. Quads are of four
// kernel rows. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

inline constexpr int kMostKernel = 7;
inline constexpr int kMostRowQuads = 2;

/// Whether the registers have room for the sums of two rows of outputs, which share quads.
inline constexpr bool kSharesQuads = kWords == 1;

/// The weights of a panel, as Dot takes them: [kernel column][quad of rows][word].
template <class Dot>
struct DepthwiseWeights {
  typename Dot::Operand taps[kMostKernel * kMostRowQuads * kWords];
  HWY_ALIGN std::int32_t starts[kPanel];

  /// Those of output rows that begin `down` rows below the quads, which have room for them.
  HWY_INLINE DepthwiseWeights(const ByteDepthwise& rows, int panel, int down) {
    const int quads = static_cast<int>(round_up(rows.kernel.height, kQuad)) / kQuad;
    const int count = rows.kernel.width * quads;
    const auto bytes = static_cast<std::size_t>(count) * kQuad * kPanel;
    HWY_ALIGN std::int8_t moved[kMostKernel * kMostRowQuads * kQuad * kPanel];
    const std::int8_t* weights = rows.weights + static_cast<std::size_t>(panel) * bytes;
    if (down > 0) {
      for (int column = 0; column < rows.kernel.width; ++column)
        move(weights + column * quads * kQuad * kPanel, quads, down,
             moved + column * quads * kQuad * kPanel);
      weights = moved;
    }
    for (int i = 0; i < count * kWords; ++i)
      taps[i] = Dot::weights(load_words(weights + i / kWords * kQuad * kPanel, i % kWords));
    start_sums<Dot>(weights, bytes, rows.ending.constants.bias + panel * kPanel, starts);
  }

 private:
  /// Moves the weights of a column down: the lowest byte of a word is the highest row.
  static HWY_INLINE void move(const std::int8_t* from, int quads, int down, std::int8_t* to) {
    std::uint32_t above[kPanel] = {}, words[kPanel], lower[kPanel];
    for (int quad = 0; quad < quads; ++quad) {
      std::memcpy(words, from + quad * kQuad * kPanel, sizeof words);
      for (int i = 0; i < kPanel; ++i) {
        lower[i] = words[i] << (8 * down) | above[i];
        above[i] = words[i] >> (32 - 8 * down);
      }
      std::memcpy(to + quad * kQuad * kPanel, lower, sizeof lower);
    }
  }
};

/// The input rows of an output row, from its first column on; some more below the kernel's, whose
/// weights are zeros, are any.
struct WindowRows {
  const std::uint8_t* rows[kMostRowQuads * kQuad];

  HWY_INLINE WindowRows(const ByteDepthwise& depthwise, int y, int below) {
    const int height = depthwise.kernel.height + below;
    for (int i = 0; i < kMostRowQuads * kQuad; ++i)
      rows[i] = depthwise.input +
                static_cast<std::size_t>(y * depthwise.stride.height +
                                         std::min(i, height - 1) * depthwise.dilation.height) *
                    depthwise.row_pitch;
  }
};

/// Whether a layer's kernel is of 3×3 or 5×5 neighbouring pixels, as most are.
HWY_INLINE bool is_usual(const ByteDepthwise& rows) {
  return (rows.kernel == Pair(3) || rows.kernel == Pair(5)) && rows.dilation == Pair(1) &&
         rows.stride.width <= 2;
}

/// Ends the sums [pixel][16] of `count` neighbouring outputs of a panel.
template <ByteSteps kSteps>
HWY_INLINE void end_outputs(const ByteDepthwise& rows, int panel, int pixel, int count,
                            const std::int32_t* sums) {
  const PixelPlaces<std::uint8_t> outputs(rows.output, pixel, count);
  const PixelPlaces<const std::uint8_t> addends(rows.addend, pixel, count);
  end_bytes<kSteps>(rows.ending, static_cast<std::size_t>(panel * kPanel), sums, count,
                    outputs.from(0), addends.from(0));
}

/// Computes one output after the other, for any kernel.
template <class Dot>
HWY_INLINE void depthwise_outputs(const ByteDepthwise& rows, const DepthwiseWeights<Dot>& weights,
                                  const WindowRows& window, std::size_t offset,
                                  std::int32_t* sums) {
  const int quads = static_cast<int>(round_up(rows.kernel.height, kQuad)) / kQuad;
  Words total[kWords];
  for (int i = 0; i < kWords; ++i) total[i] = load_words(weights.starts, i);
  for (int tap = 0; tap < rows.kernel.width * quads; ++tap) {
    Words bytes[kWords];
    load_quads(
        window.rows + tap % quads * kQuad,
        offset + static_cast<std::size_t>(tap / quads * rows.dilation.width) * rows.pixel_pitch,
        bytes);
    for (int i = 0; i < kWords; ++i)
      total[i] = Dot::add(total[i], Dot::bytes(bytes[i]), weights.taps[tap * kWords + i]);
  }
  for (int i = 0; i < kWords; ++i) store_words(total[i], sums, i);
}

template <class Dot, ByteSteps kSteps>
HWY_NOINLINE void depthwise_any_panel(const ByteDepthwise& rows, int panel) {
  const DepthwiseWeights<Dot> weights(rows, panel, 0);
  HWY_ALIGN std::int32_t sums[kUnitPixels * kPanel] = {};
  const auto channel = static_cast<std::size_t>(panel * kPanel);
  const std::size_t step = static_cast<std::size_t>(rows.stride.width) * rows.pixel_pitch;
  for (int y = 0; y < rows.rows; ++y) {
    const WindowRows window(rows, y, 0);
    const int width = rows.output.width;
    for (int x = 0; x < width; x += kUnitPixels) {
      const int count = std::min(kUnitPixels, width - x);
      for (int i = 0; i < count; ++i)
        depthwise_outputs(rows, weights, window, channel + static_cast<std::size_t>(x + i) * step,
                          sums + i * kPanel);
      end_outputs<kSteps>(rows, panel, y * width + x, count, sums);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#if PPLCNET_PANEL_LANES
// from pplcnet/kernels/int8/depthwise_strips-inl.hpp
// Depthwise convolution of one panel of bytes with kernels of 3×3 and 5×5, in strips of outputs.
// Compiled for AVX-512 and AVX2 alone, where panels are left that do not fill vectors.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Outputs of a strip: whole units, and no fewer than a kernel's columns that the next one reads.
inline constexpr int kStripOutputs = 4;

/// Neighbouring outputs of a panel, strip by strip, in one row or in kRows of them: the lower one's
/// weights are those of the upper one, moved down. Quads that the next strip reads, too, are kept.
template <class Dot, ByteSteps kSteps, int kWidth, int kQuads, int kStride, int kRows>
class DepthwiseStrips {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  static constexpr int kOutputs = kStripOutputs;
  static constexpr int kKept = kWidth - kStride, kInputs = kOutputs * kStride;  // then new ones
  static_assert(kKept <= kInputs);
  static constexpr int kVectors = kQuads * kWords;  // of an input

 public:
  HWY_INLINE DepthwiseStrips(const ByteDepthwise& rows, const DepthwiseWeights<Dot>* weights,
                             const BytePanel<kSteps>& ending, int panel, int y)
      : rows_(rows),
        window_(rows, y, (kRows - 1) * rows.stride.height),
        weights_(weights),
        ending_(ending),
        channel_(static_cast<std::size_t>(panel * kPanel)),
        y_(y) {}

  /// The last strip may overlap the one before it: what it computes again is the same.
  HWY_INLINE void compute() {
    const int width = rows_.output.width;
    for (int start = 0; start < width; start += kOutputs) {
      const int x = std::min(start, width - kOutputs);
      const std::size_t offset =
          channel_ + static_cast<std::size_t>(x * kStride) * rows_.pixel_pitch;
      if (start == 0 || x != start) keep(offset, Indices<kKept>());
      begin(Indices<kRows * kOutputs * kWords>());
      add_kept(Indices<kKept>());
      add_inputs(offset + kKept * rows_.pixel_pitch, Indices<kInputs>());
      end_rows(x, Indices<kRows>());
    }
  }

 private:
  template <int... kInput>
  HWY_INLINE void keep(std::size_t offset, std::integer_sequence<int, kInput...>) {
    (load(offset + kInput * rows_.pixel_pitch, kept_ + kInput * kVectors), ...);
  }
  HWY_INLINE void load(std::size_t offset, Operand* input) const {
    load(offset, input, Indices<kQuads>());
  }
  template <int... kQuad>
  HWY_INLINE void load(std::size_t offset, Operand* input,
                       std::integer_sequence<int, kQuad...>) const {
    (load_quad<kQuad>(offset, input, Indices<kWords>()), ...);
  }
  template <int kNumber, int... kWord>
  HWY_INLINE void load_quad(std::size_t offset, Operand* input,
                            std::integer_sequence<int, kWord...>) const {
    Words quads[kWords];
    load_quads(window_.rows + kNumber * kQuad, offset, quads);
    ((input[kNumber * kWords + kWord] = Dot::bytes(quads[kWord])), ...);
  }

  template <int... kIndex>
  HWY_INLINE void begin(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = load_words(weights_[kIndex / (kOutputs * kWords)].starts, kIndex % kWords)),
     ...);
  }
  template <int... kInput>
  HWY_INLINE void add_kept(std::integer_sequence<int, kInput...>) {
    (add_input<kInput>(kept_ + kInput * kVectors, Indices<kRows * kOutputs>()), ...);
  }
  template <int... kInput>
  HWY_INLINE void add_inputs(std::size_t offset, std::integer_sequence<int, kInput...>) {
    (add_new<kInput>(offset + kInput * rows_.pixel_pitch), ...);
  }
  template <int kInput>
  HWY_INLINE void add_new(std::size_t offset) {
    Operand input[kVectors];
    load(offset, input);
    add_input<kKept + kInput>(input, Indices<kRows * kOutputs>());
    if constexpr (kKept + kInput >= kInputs)
      copy(input, kept_ + (kKept + kInput - kInputs) * kVectors, Indices<kVectors>());
  }
  template <int... kIndex>
  HWY_INLINE void copy(const Operand* from, Operand* to, std::integer_sequence<int, kIndex...>) {
    ((to[kIndex] = from[kIndex]), ...);
  }

  template <int kInput, int... kOutput>
  HWY_INLINE void add_input(const Operand* input, std::integer_sequence<int, kOutput...>) {
    (add_output<kInput - kOutput % kOutputs * kStride, kOutput>(input, Indices<kVectors>()), ...);
  }
  template <int kColumn, int kOutput, int... kIndex>
  HWY_INLINE void add_output([[maybe_unused]] const Operand* input,
                             std::integer_sequence<int, kIndex...>) {
    if constexpr (kColumn >= 0 && kColumn < kWidth)
      ((sums_[kOutput * kWords + kIndex % kWords] =
            Dot::add(sums_[kOutput * kWords + kIndex % kWords], input[kIndex],
                     weights_[kOutput / kOutputs].taps[kColumn * kVectors + kIndex])),
       ...);
  }

  template <int... kRow>
  HWY_INLINE void end_rows(int x, std::integer_sequence<int, kRow...>) const {
    (end_row<kRow>(x, Indices<kOutputs / kUnitPixels>()), ...);
  }
  template <int kRow, int... kUnit>
  HWY_INLINE void end_row(int x, std::integer_sequence<int, kUnit...>) const {
    (end_unit<kUnit * kUnitPixels>(y_ + kRow, x,
                                   sums_ + (kRow * kOutputs + kUnit * kUnitPixels) * kWords),
     ...);
  }
  template <int kPixel>
  HWY_INLINE void end_unit(int y, int x, const Words* sums) const {
    const Halves none[2] = {};
    Halves unit[2];
    ending_.end(sums[0], sums[1], sums[2], sums[3], none, unit);
    store_unit(unit, UnitPlaces<std::uint8_t>(rows_.output, y, x + kPixel).places, channel_,
               kUnitPixels);
  }

  const ByteDepthwise& rows_;
  const WindowRows window_;
  const DepthwiseWeights<Dot>* weights_;
  const BytePanel<kSteps>& ending_;
  std::size_t channel_;
  int y_;
  Operand kept_[std::max(1, kKept* kVectors)];
  Words sums_[kRows * kOutputs * kWords];
};

/// Computes a panel of outputs of a kernel of kWidth columns and kQuads quads of rows.
template <class Dot, ByteSteps kSteps, int kWidth, int kQuads, int kStride>
HWY_NOINLINE void depthwise_panel(const ByteDepthwise& rows, int panel) {
  const BytePanel<kSteps> ending(rows.ending, static_cast<std::size_t>(panel * kPanel));
  const DepthwiseWeights<Dot> weights(rows, panel, 0);
  int y = 0;
  if constexpr (kSharesQuads) {
    const int down = rows.stride.height;
    if (rows.kernel.height + down <= kQuads * kQuad && down < kQuad && rows.rows > 1) {
      const DepthwiseWeights<Dot> both[] = {weights, {rows, panel, down}};
      for (; y + 2 <= rows.rows; y += 2)
        DepthwiseStrips<Dot, kSteps, kWidth, kQuads, kStride, 2>(rows, both, ending, panel, y)
            .compute();
    }
  }
  for (; y < rows.rows; ++y)
    DepthwiseStrips<Dot, kSteps, kWidth, kQuads, kStride, 1>(rows, &weights, ending, panel, y)
        .compute();
}

template <class Dot, ByteSteps kSteps>
HWY_INLINE void depthwise_panel(const ByteDepthwise& rows, int panel) {
  if constexpr (!BytePanel<kSteps>::kAdds) {  // addends are rare
    const bool usual = is_usual(rows) && rows.output.width >= kStripOutputs;
    const bool strides = rows.stride.width == 2;
    if (usual && rows.kernel.width == 3)
      return strides ? depthwise_panel<Dot, kSteps, 3, 1, 2>(rows, panel)
                     : depthwise_panel<Dot, kSteps, 3, 1, 1>(rows, panel);
    if (usual && rows.kernel.width == 5)
      return strides ? depthwise_panel<Dot, kSteps, 5, 2, 2>(rows, panel)
                     : depthwise_panel<Dot, kSteps, 5, 2, 1>(rows, panel);
  }
  depthwise_any_panel<Dot, kSteps>(rows, panel);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif
// from pplcnet/kernels/int8/panel_lanes-inl.hpp
// Neighbouring panels of a depthwise layer side by side: rows of their bytes fill vectors, so quads
// and endings take fewer shuffles. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Vectors of words that have a panel in each lane: vector v has channels 4v to 4v + 3. Halves of a
/// panel, lower or upper, come from two of them.
inline constexpr int kLaneVectors = 4;
inline constexpr int kHalfVectors = 2;

/// `count` panels side by side, in the first lanes; in those after them are the same ones, of other
/// rows.
struct PanelLanes {
  int first;
  std::size_t panels[kSidePanels];

  HWY_INLINE PanelLanes(int begin, int count) : first(begin) {
    for (int i = 0; i < kSidePanels; ++i)
      panels[i] = static_cast<std::size_t>(first + (i < count ? i : i - count));
  }

  /// Loads 16 bytes of each panel's array: those of number `part`.
  template <class Vector>
  HWY_INLINE Vector load(const void* arrays, std::size_t panel_bytes, int part) const {
    const std::uint8_t* lanes[kSidePanels];
    for (int i = 0; i < kSidePanels; ++i)
      lanes[i] = static_cast<const std::uint8_t*>(arrays) + 16 * part + panels[i] * panel_bytes;
    Vector vector;
    load_lanes(lanes, vector);
    return vector;
  }
  HWY_INLINE Words load_words(const std::int32_t* array, int part) const {
    return load<Words>(array, kPanel * sizeof *array, part);
  }
  HWY_INLINE Halves operator()(const std::int16_t* array, int part) const {
    return load<Halves>(array, kPanel * sizeof *array, part);
  }
};

/// Subtracts what the offset of bytes adds to sums of products with these weights.
template <class Dot, int kTaps>
HWY_INLINE void subtract_offset(const typename Dot::Operand* taps, Words& start) {
  if constexpr (Dot::kOffset != 0) {
    const Words none = subtract_words(start, start);
    Words offset = none;
    for (int tap = 0; tap < kTaps; ++tap)
      offset = Dot::add(offset, Dot::bytes(none), taps[tap * kLaneVectors]);
    start = subtract_words(start, offset);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/side_sums-inl.hpp
// Sums of neighbouring panels side by side, in registers. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Sums of kOpen neighbouring outputs in kRows rows, with kVectors of their vectors from kFirst on,
/// with what they are sums of: rows of inputs, and weights. All are copies whose indices are
/// constants, so that they can be in registers.
template <class Dot, class Weights, int kInputRows, int kRows, int kFirst, int kVectors, int kOpen>
class SideSums {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  static constexpr int kTaps = Weights::kTaps, kSums = kRows * kVectors;  // of an output

 public:
  HWY_INLINE SideSums(const Weights& weights, const WindowRows& window) : weights_(weights) {
    copy_rows(window, Indices<kInputRows>());
    copy_taps(Indices<kTaps * kSums>());
  }

  /// Starts the sums of outputs from this one on.
  template <int kOutput>
  HWY_INLINE void begin() {
    begin<kOutput>(Indices<(kOpen - kOutput) * kSums>());
  }
  /// Makes the next output the first one.
  HWY_INLINE void advance() {
    advance(Indices<(kOpen - 1) * kSums>());
    begin<kOpen - 1>();
  }
  /// Adds products of a vector of bytes and of a tap's weights to an output in a row.
  template <int kOutput, int kRow, int kTap, int kVector>
  HWY_INLINE void add(const Operand& bytes) {
    Words& sum = sums_[kOutput * kSums + kRow * kVectors + kVector];
    sum = Dot::add(sum, bytes, taps_[(kRow * kTaps + kTap) * kVectors + kVector]);
  }
  /// Returns the halves of two vectors of the first output.
  HWY_INLINE Halves halves(int row, int vector) const {
    return narrow(shifted(row, vector), shifted(row, vector + 1));
  }

  HWY_INLINE const std::uint8_t* const* rows() const { return rows_; }

 private:
  template <int... kIndex>
  HWY_INLINE void copy_rows(const WindowRows& window, std::integer_sequence<int, kIndex...>) {
    ((rows_[kIndex] = window.rows[kIndex]), ...);
  }
  /// Takes the weights of these vectors: [row][tap][vector].
  template <int... kIndex>
  HWY_INLINE void copy_taps(std::integer_sequence<int, kIndex...>) {
    ((taps_[kIndex] = weights_.taps[kIndex / (kTaps * kVectors)]
                                   [kIndex % (kTaps * kVectors) / kVectors * kLaneVectors + kFirst +
                                    kIndex % kVectors]),
     ...);
  }
  template <int kOutput, int... kIndex>
  HWY_INLINE void begin(std::integer_sequence<int, kIndex...>) {
    ((sums_[kOutput * kSums + kIndex] = weights_.starts[kFirst + kIndex % kVectors]), ...);
  }
  template <int... kIndex>
  HWY_INLINE void advance(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = sums_[kIndex + kSums]), ...);
  }
  HWY_INLINE Words shifted(int row, int vector) const {
    return shift_words(sums_[row * kVectors + vector], weights_.shifts[kFirst + vector]);
  }

  const Weights& weights_;
  const std::uint8_t* rows_[kInputRows];
  Operand taps_[kTaps * kSums];
  Words sums_[kOpen * kSums];
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/wide_depthwise-inl.hpp
// Depthwise convolution of 3×3 kernels, neighbouring panels side by side. Compiled once per
// instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

inline constexpr int kWideKernel = 3;

/// The weights of panels for kRows output rows, whose quads are the first one's.
template <class Dot, int kRows>
struct WideWeights {
  static constexpr int kTaps = kWideKernel;
  typename Dot::Operand taps[kRows][kTaps * kLaneVectors];
  Words starts[kLaneVectors];
  Shifts shifts[kLaneVectors];

  HWY_INLINE WideWeights(const ByteDepthwise& rows, const PanelLanes& panels) {
    for (int i = 0; i < kTaps * kLaneVectors; ++i) {
      const auto quad = panels.load<Words>(rows.weights, std::size_t{kTaps} * kQuad * kPanel, i);
      taps[0][i] = Dot::weights(quad);
      if constexpr (kRows == 2) taps[1][i] = Dot::weights(move_down(quad, rows.stride.height));
    }
    for (int i = 0; i < kLaneVectors; ++i) {
      starts[i] = panels.load_words(rows.ending.constants.bias, i);
      shifts[i] = shifts_of(panels.load_words(rows.ending.constants.shift, i));
      subtract_offset<Dot, kTaps>(taps[0] + i, starts[i]);
    }
  }
};

/// The vectors of neighbouring outputs in kRows rows, or half of them, and if there are two groups
/// of lanes, in so many below them. Each column of the input is added to all outputs that it
/// belongs to, so that weights and sums stay in registers.
template <class Dot, int kHalf, int kHalves, int kStride, int kRows, int kGroups>
class WideOutputs {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  using Weights = WideWeights<Dot, kRows>;
  static constexpr int kVectors = kHalves * kHalfVectors;
  static constexpr int kShared = kWideKernel - kStride;  // columns that the next output reads, too
  static constexpr int kOpen = (kWideKernel + kStride - 1) / kStride;  // outputs that are summed
  static constexpr int kDown = kRows * kStride;  // input rows from a group's to the next one's

 public:
  HWY_INLINE WideOutputs(const Weights& weights, const WindowRows& window)
      : sums_(weights, window) {}

  /// Computes `count` outputs, the first of which has its first column at an offset, and gives
  /// `take` the halves of each one in each row.
  template <class Take>
  HWY_INLINE void compute(std::size_t offset, std::size_t pitch, int count, const Take& take) {
    sums_.template begin<0>();
    add_columns<0>(offset, pitch, Indices<kShared>());
    offset += kShared * pitch;
    for (int x = 0; x < count; ++x, offset += kStride * pitch) {
      add_columns<kShared>(offset, pitch, Indices<kStride>());
      end(x, take, Indices<kRows>());
      sums_.advance();
    }
  }

 private:
  template <int kSkipped, int... kColumn>
  HWY_INLINE void add_columns(std::size_t offset, std::size_t pitch,
                              std::integer_sequence<int, kColumn...>) {
    (add_column<kSkipped + kColumn>(offset + kColumn * pitch), ...);
  }
  template <int kColumn>
  HWY_INLINE void add_column(std::size_t offset) {
    Words quads[kHalves][kHalfVectors];
    load<kHalf>(offset, quads[0]);
    if constexpr (kHalves == 2) load<1>(offset, quads[1]);
    add_quads<kColumn>(quads, Indices<kVectors>(), Indices<kOpen * kRows * kVectors>());
  }
  template <int kLoaded>
  HWY_INLINE void load(std::size_t offset, Words (&quads)[kHalfVectors]) const {
    constexpr int kLast = kWideKernel + kRows - 2;  // the last row that has weights
    if constexpr (kGroups == 2)
      load_two_rows<kLoaded, kLast, kDown>(sums_.rows(), offset, quads);
    else
      load_wide_quads<kLoaded, kLast>(sums_.rows(), offset, quads);
  }
  template <int kColumn, int... kVector, int... kIndex>
  HWY_INLINE void add_quads(const Words (&quads)[kHalves][kHalfVectors],
                            std::integer_sequence<int, kVector...>,
                            std::integer_sequence<int, kIndex...>) {
    const Operand bytes[] = {Dot::bytes(quads[kVector / kHalfVectors][kVector % kHalfVectors])...};
    (add<kColumn, kIndex / kVectors, kIndex % kVectors>(bytes[kIndex % kVectors]), ...);
  }
  /// Adds a column to a row of an output, if it is one of its columns.
  template <int kColumn, int kRowOfOutputs, int kVector>
  HWY_INLINE void add([[maybe_unused]] const Operand& bytes) {
    constexpr int kOutput = kRowOfOutputs / kRows, kTap = kColumn - kOutput * kStride;
    if constexpr (kTap >= 0)
      sums_.template add<kOutput, kRowOfOutputs % kRows, kTap, kVector>(bytes);
  }

  template <class Take, int... kRow>
  HWY_INLINE void end(int x, const Take& take, std::integer_sequence<int, kRow...>) const {
    if constexpr (kHalves == 2)
      (take(kRow, x, sums_.halves(kRow, 0), sums_.halves(kRow, kHalfVectors)), ...);
    else
      (take(kRow, x, sums_.halves(kRow, 0)), ...);
  }

  SideSums<Dot, Weights, kQuad + (kGroups - 1) * kDown, kRows, kHalf * kHalfVectors, kVectors,
           kOpen>
      sums_;
};

/// How panels are computed side by side: rows of outputs whose quads are the first one's, and
/// groups of lanes.
template <class Dot, int kStep, int kRowCount, int kGroupCount>
struct WideForm {
  static constexpr int kStride = kStep, kRows = kRowCount, kGroups = kGroupCount;
  // Whether the registers have room for all vectors of an output, so that inputs are loaded once.
  static constexpr bool kAtOnce = kWords == 1 && kRows == 1;
  using Weights = WideWeights<Dot, kRows>;
  template <int kHalf>
  using Outputs = WideOutputs<Dot, kHalf, kAtOnce ? 2 : 1, kStride, kRows, kGroups>;
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/tall_depthwise-inl.hpp
// Depthwise convolution of 5×5 kernels, neighbouring panels side by side: quads of four rows in a
// column, and of four columns in the fifth row, so that 25 taps take seven of them. Compiled once
// per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

inline constexpr int kTallKernel = 5;

/// The weights of panels: of each column's first four rows, of the fifth row's columns but the
/// first one, and of that one, where it lies in the quad of the output before.
template <class Dot, int kStride>
struct TallWeights {
  static constexpr int kFifthRow = kTallKernel, kFirstColumn = kTallKernel + 1;
  static constexpr int kTaps = kTallKernel + 2;
  typename Dot::Operand taps[1][kTaps * kLaneVectors];
  Words starts[kLaneVectors];
  Shifts shifts[kLaneVectors];

  HWY_INLINE TallWeights(const ByteDepthwise& rows, const PanelLanes& panels) {
    for (int i = 0; i < kLaneVectors; ++i) {
      starts[i] = panels.load_words(rows.ending.constants.bias, i);
      shifts[i] = shifts_of(panels.load_words(rows.ending.constants.shift, i));
      const auto load = [&](int column, int quad) HWY_ATTR {
        return panels.load<Words>(rows.weights, std::size_t{kQuads * kTallKernel} * kQuad * kPanel,
                                  (kQuads * column + quad) * kLaneVectors + i);
      };
      Words fifth_row = load(1, 1);
      for (int column = 2; column < kTallKernel; ++column)
        fifth_row = add_words(fifth_row, move_down(load(column, 1), column - 1));
      for (int column = 0; column < kTallKernel; ++column)
        taps[0][column * kLaneVectors + i] = Dot::weights(load(column, 0));
      taps[0][kFifthRow * kLaneVectors + i] = Dot::weights(fifth_row);
      taps[0][kFirstColumn * kLaneVectors + i] = Dot::weights(move_down(load(0, 1), kStride - 1));
      subtract_offset<Dot, kTaps>(taps[0] + i, starts[i]);
    }
  }

 private:
  static constexpr int kQuads = 2;  // of a column, of which the second has the fifth row alone
};

/// Half of the vectors of neighbouring outputs in a row. Each quad of the input is added to all
/// outputs that it belongs to, so that sums stay in registers.
template <class Dot, int kHalf, int kStride>
class TallOutputs {
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  using Operand = typename Dot::Operand;
  using Weights = TallWeights<Dot, kStride>;
  static constexpr int kVectors = kHalfVectors;
  static constexpr int kOpen = (kTallKernel + kStride - 1) / kStride;  // outputs that are summed
  static constexpr int kShared = kTallKernel - kStride;  // columns that the next output reads, too

 public:
  HWY_INLINE TallOutputs(const Weights& weights, const WindowRows& window)
      : sums_(weights, window), fifth_row_(window.rows[kQuad]) {}

  /// Computes `count` outputs, the first of which has its first column at an offset, and gives
  /// `take` the halves of each one.
  template <class Take>
  HWY_INLINE void compute(std::size_t offset, std::size_t pitch, int count, const Take& take) {
    sums_.template begin<0>();
    add_columns<0>(offset, pitch, Indices<kShared>());
    // With a stride of two, the quad before the first one begins in the row above.
    add_fifth_row<false>(fifth_row_ + offset + pitch - kStride * pitch, pitch);
    for (int x = 0; x < count; ++x, offset += kStride * pitch) {
      add_columns<kShared>(offset + kShared * pitch, pitch, Indices<kStride>());
      add_fifth_row<true>(fifth_row_ + offset + pitch, pitch);
      take(0, x, sums_.halves(0, 0));
      sums_.advance();
    }
  }

 private:
  template <int kSkipped, int... kColumn>
  HWY_INLINE void add_columns(std::size_t offset, std::size_t pitch,
                              std::integer_sequence<int, kColumn...>) {
    (add_column<kSkipped + kColumn>(offset + kColumn * pitch, Indices<kOpen>()), ...);
  }
  template <int kColumn, int... kOutput>
  HWY_INLINE void add_column(std::size_t offset, std::integer_sequence<int, kOutput...>) {
    Words quads[kVectors];
    load_wide_quads<kHalf>(sums_.rows(), offset, quads);
    const Operand bytes[kVectors] = {Dot::bytes(quads[0]), Dot::bytes(quads[1])};
    (add<kColumn - kOutput * kStride, kOutput>(bytes), ...);
  }
  /// Adds four columns of the fifth row to the first output, if they are its last ones, and that
  /// of them to the next output which is its first one.
  template <bool kToFirst>
  HWY_INLINE void add_fifth_row(const std::uint8_t* columns, std::size_t pitch) {
    const std::uint8_t* const places[kQuad] = {columns, columns + pitch, columns + 2 * pitch,
                                               columns + 3 * pitch};
    Words quads[kVectors];
    load_wide_quads<kHalf>(places, 0, quads);
    const Operand bytes[kVectors] = {Dot::bytes(quads[0]), Dot::bytes(quads[1])};
    if constexpr (kToFirst) add<Weights::kFifthRow, 0>(bytes);
    add<Weights::kFirstColumn, kToFirst ? 1 : 0>(bytes);
  }
  template <int kTap, int kOutput>
  HWY_INLINE void add([[maybe_unused]] const Operand (&bytes)[kVectors]) {
    if constexpr (kTap >= 0) {
      sums_.template add<kOutput, 0, kTap, 0>(bytes[0]);
      sums_.template add<kOutput, 0, kTap, 1>(bytes[1]);
    }
  }

  SideSums<Dot, Weights, kQuad, 1, kHalf * kHalfVectors, kVectors, kOpen> sums_;
  const std::uint8_t* fifth_row_;
};

/// How panels are computed side by side: one row of outputs after the other.
template <class Dot, int kStep>
struct TallForm {
  static constexpr int kStride = kStep, kRows = 1, kGroups = 1;
  static constexpr bool kAtOnce = false;
  using Weights = TallWeights<Dot, kStride>;
  template <int kHalf>
  using Outputs = TallOutputs<Dot, kHalf, kStride>;
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/side_panels-inl.hpp
// A depthwise layer's rows, of neighbouring panels side by side: their sums become bytes. Compiled
// once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Outputs of a row whose halves wait for their ending.
inline constexpr int kSpan = 28;

/// Makes bytes of an output's halves. Rows from `rows` on are not stored.
template <ByteSteps kSteps, int kRows, int kGroups>
struct OutputBytes {
  const BytePanel<kSteps>& ending;
  int rows;
  std::uint8_t* to;
  std::size_t pixel_pitch, row_pitch;

  HWY_INLINE void operator()(int row, int x, Halves lower, Halves upper) const {
    if (row >= rows) return;
    const Halves first = ending.end(lower, 0), second = ending.end(upper, 1);
    if constexpr (kGroups == 2)
      store_two_rows(first, second, place(row, x),
                     row + kRows < rows ? place(row + kRows, x) : nullptr);
    else
      store_lanes(first, second, place(row, x));
  }
  HWY_INLINE std::uint8_t* place(int row, int x) const {
    return to + static_cast<std::size_t>(row) * row_pitch +
           static_cast<std::size_t>(x) * pixel_pitch;
  }
};

/// Keeps the lower halves of outputs: [row][output].
struct LowerHalves {
  Halves (*halves)[kSpan];

  HWY_INLINE void operator()(int row, int x, Halves lower) const { halves[row][x] = lower; }
};

/// Makes bytes of them and of the upper halves, while the next ones are summed.
template <class Bytes>
struct UpperHalves {
  const Halves (*halves)[kSpan];
  const Bytes& bytes;

  HWY_INLINE void operator()(int row, int x, Halves upper) const {
    bytes(row, x, halves[row][x], upper);
  }
};

/// Panels side by side.
template <class Form, ByteSteps kSteps>
class SidePanels {
  static constexpr int kStride = Form::kStride, kRows = Form::kRows, kGroups = Form::kGroups;

 public:
  HWY_INLINE SidePanels(const ByteDepthwise& rows, const PanelLanes& panels)
      : rows_(rows),
        weights_(rows, panels),
        ending_(rows.ending, panels),
        channel_(static_cast<std::size_t>(panels.first * kPanel)) {}

  HWY_INLINE void compute() {
    const int width = rows_.output.width, spans = (width + kSpan - 1) / kSpan;
    for (int y = 0; y < rows_.rows; y += kRows * kGroups) {
      // What is below the last row is not stored.
      const int count = std::min(kRows * kGroups, rows_.rows - y);
      const WindowRows window(rows_, y, (count - 1) * rows_.stride.height);
      for (int i = 0; i < spans; ++i) {
        const int x = width * i / spans, outputs = width * (i + 1) / spans - x;
        compute_outputs(window, y, count, x, outputs);
      }
    }
  }

 private:
  HWY_INLINE void compute_outputs(const WindowRows& window, int y, int rows, int x, int outputs) {
    const std::size_t offset = channel_ + static_cast<std::size_t>(x * kStride) * rows_.pixel_pitch;
    const BytePixels<std::uint8_t>& output = rows_.output;
    std::uint8_t* const to = output.pixels + static_cast<std::size_t>(y) * output.row_pitch +
                             static_cast<std::size_t>(x) * output.pixel_pitch + channel_;
    const OutputBytes<kSteps, kRows, kGroups> bytes = {ending_, rows, to, output.pixel_pitch,
                                                       output.row_pitch};
    typename Form::template Outputs<0> first(weights_, window);
    if constexpr (Form::kAtOnce) {
      first.compute(offset, rows_.pixel_pitch, outputs, bytes);
    } else {
      first.compute(offset, rows_.pixel_pitch, outputs, LowerHalves{halves_});
      typename Form::template Outputs<1>(weights_, window)
          .compute(offset, rows_.pixel_pitch, outputs,
                   UpperHalves<OutputBytes<kSteps, kRows, kGroups>>{halves_, bytes});
    }
  }

  const ByteDepthwise& rows_;
  const typename Form::Weights weights_;
  const BytePanel<kSteps> ending_;
  std::size_t channel_;
  Halves halves_[kRows][kSpan];  // the lower ones
};

template <class Form, ByteSteps kSteps>
HWY_NOINLINE void side_panels(const ByteDepthwise& rows, const PanelLanes& panels) {
  SidePanels<Form, kSteps>(rows, panels).compute();
}

/// Computes panels side by side.
template <class Dot, class Form>
void side_panels(const ByteDepthwise& rows, const PanelLanes& panels) {
  with_activation<Dot>(
      rows.ending, [&](auto steps) { side_panels<Form, decltype(steps)::value>(rows, panels); });
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/byte_depthwise-inl.hpp
// Depthwise convolution of bytes: of panels side by side, as many as vectors have lanes for, then
// of those that are left. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Computes panels from `begin` on side by side, as long as they fill vectors, then two of them for
/// two rows at a time where vectors hold these, and returns the first one that is left.
template <class Dot>
HWY_INLINE int side_depthwise(const ByteDepthwise& rows, int begin, int end) {
  constexpr int kRows = kSharesQuads ? 2 : 1;  // of kernels that leave room in a quad
  const bool narrow = rows.kernel.width == 3, strides = rows.stride.width == 2;
  if (!is_usual(rows) || (narrow && !strides && kRows == 2 && rows.stride.height > 1)) return begin;
  const auto wide = strides ? side_panels<Dot, WideForm<Dot, 2, 1, 1>>
                            : side_panels<Dot, WideForm<Dot, 1, kRows, 1>>;
  const auto tall =
      strides ? side_panels<Dot, TallForm<Dot, 2>> : side_panels<Dot, TallForm<Dot, 1>>;
  const auto compute = narrow ? wide : tall;
  for (; end - begin >= kSidePanels; begin += kSidePanels) compute(rows, {begin, kSidePanels});
  if constexpr (kHasTwoRows) {
    constexpr int kHalf = kSidePanels / 2;
    if (end - begin >= kHalf && narrow && rows.stride.height == rows.stride.width) {
      const auto two_rows = strides ? side_panels<Dot, WideForm<Dot, 2, 1, 2>>
                                    : side_panels<Dot, WideForm<Dot, 1, kRows, 2>>;
      two_rows(rows, {begin, kHalf});
      begin += kHalf;
    }
  }
  return begin;
}

/// Computes panels [begin, end) of a depthwise layer's rows.
template <bool kVnni>
void byte_depthwise(const ByteDepthwise& rows, int begin, int end) {
  using Dot = DepthwiseDot<kVnni>;
  const bool adds = rows.addend.pixels != nullptr;
  if (!adds) begin = side_depthwise<Dot>(rows, begin, end);
  with_steps<Dot>(rows.ending, adds, [&](auto steps) {
    for (int panel = begin; panel < end; ++panel) {
#if PPLCNET_PANEL_LANES
      depthwise_panel<Dot, decltype(steps)::value>(rows, panel);
#else
      depthwise_any_panel<Dot, decltype(steps)::value>(rows, panel);
#endif
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// clang-format on
// These need some of what is before them.
// from pplcnet/kernels/int8/dense-inl.hpp
// Dense layers of bytes for one image or two: weights, of which each is used once, pass by as fast
// as memory gives them. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The sums of a panel for one image, in parts, by quad, which hide the latency of one.
template <class Dot>
class DenseSums {
  static constexpr int kParts = kWords == 1 ? 8 : kWords == 2 ? 4 : 2;
  static constexpr int kStep = kQuad * kPanel;  // bytes of a quad's weights
  static constexpr int kAhead = 4096;           // what the cache after the first one needs
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  HWY_INLINE DenseSums(const std::int8_t* weights, const std::uint8_t* input, int quads,
                       const std::int32_t* starts) {
    start(starts, Indices<kParts * kWords>());
    int quad = 0;
    for (; quad + kParts <= quads; quad += kParts, weights += kParts * kStep)
      add(weights, input + quad * kQuad, Indices<kParts * kWords>());
    for (; quad < quads; ++quad, weights += kStep)
      add(weights, input + quad * kQuad, Indices<kWords>());
    join(Indices<(kParts - 1) * kWords>());
  }

  HWY_INLINE void store(std::int32_t* sums) const {
    for (int i = 0; i < kWords; ++i) store_words(sums_[i], sums, i);
  }

 private:
  template <int... kIndex>
  HWY_INLINE void start(const std::int32_t* starts, std::integer_sequence<int, kIndex...>) {
    const Words first = load_words(starts, 0);
    ((sums_[kIndex] =
          kIndex < kWords ? load_words(starts, kIndex % kWords) : subtract_words(first, first)),
     ...);
  }
  template <int... kIndex>
  HWY_INLINE void add(const std::int8_t* weights, const std::uint8_t* input,
                      std::integer_sequence<int, kIndex...>) {
    (add_word<kIndex>(weights + kIndex / kWords * kStep, input + kIndex / kWords * kQuad), ...);
  }
  template <int kIndex>
  HWY_INLINE void add_word(const std::int8_t* weights, const std::uint8_t* quad) {
#if defined(__GNUC__) || defined(__clang__)
    if constexpr (kIndex % kWords == 0) __builtin_prefetch(weights + kAhead);
#endif
    sums_[kIndex] = Dot::add(sums_[kIndex], Dot::bytes(repeat_quad(quad)),
                             Dot::weights(load_words(weights, kIndex % kWords)));
  }
  template <int... kIndex>
  HWY_INLINE void join(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex % kWords] = sum_of(sums_[kIndex % kWords], sums_[kIndex + kWords])), ...);
  }

  static HWY_INLINE Words sum_of(Words a, Words b) {
    return subtract_words(a, subtract_words(subtract_words(b, b), b));
  }

  Words sums_[kParts * kWords];
};

/// Ends the sums of a panel for one image.
inline HWY_NOINLINE void end_dense(const ByteProduct& product, int panel, int image,
                                   const std::int32_t* sums) {
  const PixelPlaces<std::uint8_t> outputs(product.output, image, 1);
  if (product.ending.kind != Ending::bytes)
    return end_values(product.ending, panel, sums, kPanel, 1, outputs.from(0));
  end_bytes<ByteSteps::either>(product.ending, static_cast<std::size_t>(panel * kPanel), sums, 1,
                               outputs.from(0), nullptr);
}

/// Computes panels [begin, end) of a dense layer for so many images.
template <bool kVnni>
void byte_dense(const ByteProduct& product, int images, int begin, int end) {
  using Dot = ProductDot<kVnni>;
  constexpr int kFew = 2;  // images: as of more, a product uses each weight for several at a time
  if (images > kFew) return byte_product<kVnni>(product, images, begin, end);
  const auto pitch = static_cast<std::size_t>(product.row_depth) * kPanel;
  HWY_ALIGN std::int32_t starts[kPanel], sums[kUnitPixels * kPanel] = {};
  for (int panel = begin; panel < end; ++panel) {
    const std::int8_t* const weights = product.weights + static_cast<std::size_t>(panel) * pitch;
    start_sums<Dot>(weights, pitch, product.ending.constants.bias + panel * kPanel, starts);
    for (int image = 0; image < images; ++image) {
      const DenseSums<Dot> panel_sums(
          weights, product.rows[0] + static_cast<std::size_t>(image) * product.pixel_pitch,
          product.row_depth / kQuad, starts);
      panel_sums.store(sums);
      end_dense(product, panel, image, sums);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/int8/gate-inl.hpp
// A map in bytes times a factor for each channel. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

#if PPLCNET_BYTE_VECTORS
/// Multiplies channels of pixel `from`, as many at a time as a vector of halves has, up to kMost,
/// and returns the first one that is left.
template <int kMost>
HWY_INLINE int gate_channels(const ByteGate& gate, const std::uint8_t* from, int begin, int end,
                             std::uint8_t* to) {
  const hn::CappedTag<std::int16_t, kMost> d;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  const int lanes = static_cast<int>(hn::Lanes(d));
  int c = begin;
  for (; c + lanes <= end; c += lanes) {
    const auto map = hn::PromoteTo(d, hn::LoadU(bytes, from + c));
    const auto steps = hn::ShiftLeft<4>(hn::Sub(map, hn::LoadU(d, gate.constants.addend_zero + c)));
    const auto product = hn::MulFixedPoint15(steps, hn::LoadU(d, gate.factors + c));
    const auto sum = hn::SaturatedAdd(product, hn::LoadU(d, gate.constants.zero + c));
    hn::StoreU(hn::DemoteTo(bytes, sum), bytes, to + c);
  }
  return c;
}
#endif

/// Multiplies channels [begin, end) of pixel `from`; both are multiples of 16.
HWY_INLINE void gate_pixel(const ByteGate& gate, const std::uint8_t* from, int begin, int end,
                           std::uint8_t* to) {
#if PPLCNET_BYTE_VECTORS
  gate_channels<kPanel>(gate, from, gate_channels<2 * kPanel>(gate, from, begin, end, to), end, to);
#else
  for (int c = begin; c < end; ++c) {
    const int steps = (from[c] - gate.constants.addend_zero[c]) * 16;
    const int product = (steps * gate.factors[c] + (1 << 14)) >> 15;
    to[c] = static_cast<std::uint8_t>(std::clamp(product + gate.constants.zero[c], 0, 255));
  }
#endif
}

/// Computes panels [begin, end) of channels of so many pixels.
inline HWY_NOINLINE void gate_pixels(const ByteGate& gate, int pixels, int begin, int end) {
  for (int row = 0; row * gate.input.width < pixels; ++row) {
    const std::uint8_t* from =
        gate.input.pixels + static_cast<std::size_t>(row) * gate.input.row_pitch;
    std::uint8_t* to = gate.output.pixels + static_cast<std::size_t>(row) * gate.output.row_pitch;
    for (int x = 0; x < gate.input.width; ++x) {
      gate_pixel(gate, from, begin * kPanel, end * kPanel, to);
      from += gate.input.pixel_pitch;
      to += gate.output.pixel_pitch;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The kernels of this instruction set, with an instruction that sums four products or without.
template <bool kDot>
inline constexpr QuantisedKernels kQuantisedKernels = {.picture_rows = load_picture_rows,
                                                       .product = byte_product<kDot>,
                                                       .dense = byte_dense<kDot>,
                                                       .depthwise = byte_depthwise<kDot>,
                                                       .gate = gate_pixels,
                                                       .pool = pool_panels};

/// Returns the ones or the others.
inline const QuantisedKernels& quantised_kernels(bool dot) {
  return dot ? kQuantisedKernels<true> : kQuantisedKernels<false>;
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();

#if PPLCNET_BASELINE != HWY_STATIC_TARGET
#undef HWY_TARGET
#define HWY_TARGET HWY_STATIC_TARGET
#include <hwy/ops/set_macros-inl.h>
#endif

namespace pplcnet::inline PPLCNET_ABI {

PPLCNET_QUANTISED_INLINE const QuantisedKernels& quantised_kernels(Isa isa, bool dot) noexcept {
  isa = std::min(isa, best_isa());
  dot = dot && has_dot_instructions(isa);
#if PPLCNET_HAS_AVX512
  if (isa == Isa::avx512) return N_AVX3::quantised_kernels(dot);
#endif
#if PPLCNET_HAS_AVX2
  if (isa >= Isa::avx2) return N_AVX2::quantised_kernels(dot);
#endif
  return PPLCNET_BASELINE_NAMESPACE::quantised_kernels(dot);
}

PPLCNET_QUANTISED_INLINE void forward_quantised(const QuantisedRun& run, Isa isa) noexcept {
  walk(run, quantised_kernels(isa, run.dot_instructions));
}

}  // namespace pplcnet::inline PPLCNET_ABI
#endif  // PPLCNET_HAS_QUANTISED_DEFINITIONS

#endif  // PPLCNET_KERNELS_INT8_KERNELS_HPP

#endif  // PPLCNET_KERNELS_INT8_FORWARD_HPP
// from pplcnet/quantise/quantised_model.hpp
#ifndef PPLCNET_QUANTISE_QUANTISED_MODEL_HPP
#define PPLCNET_QUANTISE_QUANTISED_MODEL_HPP

#include <array>
#include <cstdint>
#include <vector>


// What calibration decides and what files hold of a network in bytes: README.md says what it means.

namespace pplcnet::inline PPLCNET_ABI {

/// What one layer consists of, in real terms. Scales of its input are part of its weights.
struct QuantisedTensors {
  std::vector<std::int8_t> weights;  ///< [out][in][rows][columns]; depthwise: in = 1
  std::vector<float> weight_scales;  ///< [out]: the real value of a step of the sums
  std::vector<float> biases;         ///< [out]: real
  std::vector<float> scales;  ///< [out] of the output; none: it gives logits or a gate's factors
  std::vector<std::uint8_t> zeros;  ///< [out] of the output, with `scales`
};

/// A network in bytes, in real terms.
struct QuantisedModel {
  /// The picture is its bytes: x = scale · (byte - zero), where the zero is real.
  std::array<float, 3> picture_scales = {}, picture_zeros = {};
  std::vector<QuantisedTensors> layers;  ///< one for each layer of the plan
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_QUANTISED_MODEL_HPP

#if PPLCNET_HAS_QUANTISED_DEFINITIONS
// from pplcnet/plan/make_quantised_plan.hpp
#ifndef PPLCNET_PLAN_MAKE_QUANTISED_PLAN_HPP
#define PPLCNET_PLAN_MAKE_QUANTISED_PLAN_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

// from pplcnet/plan/quantised_chains.hpp
#ifndef PPLCNET_PLAN_QUANTISED_CHAINS_HPP
#define PPLCNET_PLAN_QUANTISED_CHAINS_HPP

#include <algorithm>
#include <cstddef>


// Which layers of a plan in bytes are computed together, how many rows at a time, and where these
// wait. A chain is one layer, or a depthwise layer or a gate and the pointwise layer that alone
// reads it.

namespace pplcnet::inline PPLCNET_ABI {

/// How many bytes of L1 a block of the picture's rows may fill.
inline constexpr std::size_t kPictureBytes = 32 << 10;

/// How many bytes of L2 another block of rows may fill. Each block reads all weights once, a few
/// panels at a time, which stay in L1 for all of its pixels.
inline constexpr std::size_t kBlockBytes = 128 << 10;

namespace planning {

constexpr Uses uses_of(const QuantisedPlan& plan) {
  Uses uses;
  for (int i = 0; i < plan.layer_count; ++i) {
    uses.last_reader[i] = -1;
    uses.last[i] = i;
    for (const int read : {plan.layers[i].from, plan.layers[i].addend, plan.layers[i].factors})
      if (read >= 0) uses.last_reader[read] = uses.last[read] = i;
  }
  return uses;
}

/// Returns bytes from a pixel of so many channels to the next one.
constexpr int byte_pitch(int channels) { return static_cast<int>(round_up(channels, kPanel)); }

/// Finds the depthwise layers and gates whose rows go through scratch into the next layer. Maps of
/// stages and results are stored.
constexpr void fuse_layers(QuantisedPlan& quantised, const Plan& plan, const Uses& uses) {
  for (int i = 0; i + 1 < plan.layer_count; ++i) {
    QuantisedLayer& layer = quantised.layers[i];
    const QuantisedLayer& next = quantised.layers[i + 1];
    layer.fused = (layer.op == Operator::depthwise || layer.op == Operator::gate) &&
                  next.op == Operator::pointwise && next.from == i && next.addend != i &&
                  uses.last_reader[i] == i + 1;
    for (int stage = 0; stage < plan.stage_count; ++stage)
      if (plan.stages[stage] == i) layer.fused = false;
    for (int output = 0; output < plan.output_count; ++output)
      if (plan.outputs[output] == i) layer.fused = false;
  }
}

/// Gives every map that is stored its shape, and the frame that its readers need.
constexpr void frame_maps(QuantisedPlan& plan) {
  for (int i = 0; i < plan.layer_count; ++i) {
    QuantisedLayer& layer = plan.layers[i];
    if (!layer.fused && !layer.gives_vector() && layer.op != Operator::picture) {
      layer.target.shape = layer.output;
      layer.target.pixel_pitch = byte_pitch(layer.output.channels);
    }
    if (layer.op != Operator::depthwise) continue;
    Padding& frame = plan.layers[layer.from].target.frame;
    frame.top = std::max(frame.top, layer.padding.top);
    frame.left = std::max(frame.left, layer.padding.left);
    frame.bottom = std::max(frame.bottom, layer.padding.bottom);
    frame.right = std::max(frame.right, layer.padding.right);
  }
}

/// Returns the bytes that a chain keeps in cache for one row of its output.
constexpr std::size_t bytes_of_row(const QuantisedLayer& first) {
  if (first.op == Operator::convolution)
    return first.picture_row_pitch() * static_cast<std::size_t>(first.stride.height);
  const Shape& kept = first.op == Operator::pointwise ? first.input : first.output;
  return static_cast<std::size_t>(kept.width) * static_cast<std::size_t>(byte_pitch(kept.channels));
}

/// Decides the rows of a chain, and what is in scratch while it is computed. Returns the bytes
/// there.
constexpr std::size_t choose_rows(QuantisedLayer& first, QuantisedLayer& last) {
  if (first.gives_vector() || first.op == Operator::picture) return 0;
  const std::size_t row = bytes_of_row(first);
  const std::size_t room = first.op == Operator::convolution ? kPictureBytes : kBlockBytes;
  const int height = first.output.height;
  first.rows = last.rows =
      row * static_cast<std::size_t>(height) <= room ? height : rows_of(room, row, height);
  if (first.op == Operator::convolution) return first.picture_bytes();
  if (!first.fused) return 0;
  first.target = {.shape = {first.rows, first.output.width, first.output.channels},
                  .pixel_pitch = byte_pitch(first.output.channels),
                  .local = true};
  return first.target.bytes();
}

/// Forms chains, and decides what each needs in scratch.
constexpr void form_chains(QuantisedPlan& plan, const Uses& uses) {
  for (int first = 0, last = 0; first < plan.layer_count; first = last + 1) {
    last = plan.layers[first].fused ? first + 1 : first;
    plan.layers[first].chain_end = last + 1;
    plan.layers[last].optional_output =
        !plan.layers[last].gives_vector() && uses.last_reader[last] < 0;
    plan.scratch_bytes =
        std::max(plan.scratch_bytes, choose_rows(plan.layers[first], plan.layers[last]));
  }
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_QUANTISED_CHAINS_HPP
// from pplcnet/plan/quantised_flaw.hpp
#ifndef PPLCNET_PLAN_QUANTISED_FLAW_HPP
#define PPLCNET_PLAN_QUANTISED_FLAW_HPP

#include <algorithm>


// What a network must keep to, so that it can be computed in bytes.

namespace pplcnet::inline PPLCNET_ABI {

// clang-format off
/// Every rule: its name, and what it says.
#define PPLCNET_QUANTISED_RULES(rule)                                                              \
  rule(storage, "Quantised: weights are given in float32 (Storage::single)")                       \
  rule(operators, "Quantised: convolutions, depthwise ones, means over all pixels, dense layers, " \
       "gates, and sums with what a pointwise convolution gives")                                  \
  rule(whole, "Quantised: layers read and write whole maps, no slices and no parts of concats")    \
  rule(picture, "Quantised: nothing but a dense convolution reads the picture, and nothing else is " \
       "one")                                                                                      \
  rule(kernel, "Quantised: kernels of 1, 3, 5 or 7 rows and columns, without dilation")            \
  rule(weights, "Quantised: each layer has weights of its own, for each channel")                  \
  rule(affine, "Quantised: no scale and shift after an activation")                                \
  rule(activation, "Quantised: activations are none, relu, relu6 and hardswish; none and relu "    \
       "around a sum and after a gate; none after a mean")                                         \
  rule(addend, "Quantised: only a pointwise convolution has an addend, which is a map")            \
  rule(vector, "Quantised: a mean reads a map, a dense layer reads a mean or a dense layer")       \
  rule(factors, "Quantised: a gate's factors come from a dense layer with hardsigmoid or sigmoid " \
       "that nothing else reads")                                                                  \
  rule(pixels, "Quantised: a mean is one of at most 65536 pixels")                                 \
  rule(depth, "Quantised: a sum has at most 32768 products")
// clang-format on

/// A rule by its name; `none`: nothing is wrong.
enum class QuantisedRule : unsigned char {
  none,
#define PPLCNET_NAME(rule, text) rule,
  PPLCNET_QUANTISED_RULES(PPLCNET_NAME)
#undef PPLCNET_NAME
};

/// Returns what a rule says.
constexpr const char* text_of(QuantisedRule rule) {
  switch (rule) {
    case QuantisedRule::none:
      break;
#define PPLCNET_CASE(rule, text) \
  case QuantisedRule::rule:      \
    return text;
      PPLCNET_QUANTISED_RULES(PPLCNET_CASE)
#undef PPLCNET_CASE
  }
  return "nothing is wrong";
}

/// Why a network cannot be computed in bytes: the rule that it breaks, and the first layer that
/// does.
struct QuantisedFlaw {
  QuantisedRule broken = QuantisedRule::none;
  int layer = -1;

  constexpr explicit operator bool() const { return broken != QuantisedRule::none; }
  constexpr bool operator==(const QuantisedFlaw&) const = default;
};

/// Has the compiler say which rule is broken, and by which layer.
template <QuantisedRule kBroken, int kLayer>
struct Quantisable {
#define PPLCNET_ASSERT(rule, text) static_assert(kBroken != QuantisedRule::rule, text);
  PPLCNET_QUANTISED_RULES(PPLCNET_ASSERT)
#undef PPLCNET_ASSERT
  static constexpr bool value = kBroken == QuantisedRule::none;
};
#undef PPLCNET_QUANTISED_RULES

namespace planning {

inline constexpr int kLargestByteKernel = 7;
/// Sums of so many products of a byte and a weight, which is 64 on average at most, and their bias
/// fit 31 bits; so does 128 times the sum of so many bytes.
inline constexpr int kMostProducts = 1 << 15, kMostPooledPixels = 1 << 16;

/// Finds the rule that a layer of a plan breaks.
class QuantisedRules {
 public:
  constexpr explicit QuantisedRules(const Plan& plan) : plan_(plan), uses_(uses_of(plan)) {
    for (int i = 0; i < plan.layer_count; ++i) ++reader_counts_[plan.layers[i].from + 1];
  }

  constexpr QuantisedRule broken_by(int index) const {
    using enum QuantisedRule;
    const Layer& layer = plan_.layers[index];
    if (!is_known(layer)) return operators;
    if (!is_whole(index)) return whole;
    if (!reads_picture_well(layer)) return picture;
    if (!has_known_kernel(layer)) return kernel;
    if (layer.weights_of >= 0 || (layer.has_weights() && layer.is_elementwise())) return weights;
    if (layer.affine) return affine;
    if (!has_known_addend(layer)) return addend;
    if (layer.gives_vector() && !reads_well(layer)) return vector;
    if (!has_known_factors(index)) return factors;
    if (!has_known_activations(index)) return activation;
    if (layer.op == Operator::pool && layer.input.pixels() > kMostPooledPixels) return pixels;
    if (layer.has_weights() && layer.depth() > kMostProducts) return depth;
    return none;
  }

 private:
  static constexpr bool is_known(const Layer& layer) {
    constexpr Operator kKnown[] = {Operator::picture,   Operator::convolution, Operator::depthwise,
                                   Operator::pointwise, Operator::pool,        Operator::dense,
                                   Operator::gate};
    return std::find(std::begin(kKnown), std::end(kKnown), layer.op) != std::end(kKnown);
  }

  /// The place of a gate's output in floats, where its map was, says nothing about bytes.
  constexpr bool is_whole(int index) const {
    const Layer& layer = plan_.layers[index];
    return (layer.owner == index || layer.op == Operator::gate) && layer.from_channel == 0 &&
           layer.addend_channel == 0 && layer.map_channels == layer.output.channels &&
           (layer.from < 0 || layer.input == plan_.layers[layer.from].output);
  }

  constexpr bool is_picture(int layer) const {
    return layer < 0 || plan_.layers[layer].op == Operator::picture;
  }

  constexpr bool reads_picture_well(const Layer& layer) const {
    return layer.op == Operator::picture ||
           (layer.op == Operator::convolution) == is_picture(layer.from);
  }

  static constexpr bool has_known_kernel(const Layer& layer) {
    const auto is_odd = [](int size) { return size % 2 == 1 && size <= kLargestByteKernel; };
    return is_odd(layer.kernel.height) && is_odd(layer.kernel.width) && layer.dilation == Pair(1);
  }

  constexpr bool has_known_addend(const Layer& layer) const {
    return layer.addend < 0 || (layer.op == Operator::pointwise && !is_picture(layer.addend) &&
                                !plan_.layers[layer.addend].gives_vector());
  }

  constexpr bool reads_well(const Layer& layer) const {
    return plan_.layers[layer.from].gives_vector() == (layer.op == Operator::dense);
  }

  static constexpr bool is_squashed(const Activation& activation) {
    return activation.kind == Activation::Kind::hardsigmoid ||
           activation.kind == Activation::Kind::sigmoid;
  }

  constexpr bool is_result(int layer) const {
    return std::find(plan_.outputs, plan_.outputs + plan_.output_count, layer) !=
               plan_.outputs + plan_.output_count ||
           std::find(plan_.stages, plan_.stages + plan_.stage_count, layer) !=
               plan_.stages + plan_.stage_count;
  }

  /// Returns whether a layer gives the factors of one gate, and nothing reads them besides.
  constexpr bool are_factors(int index) const {
    const int reader = uses_.last_reader[index];
    if (plan_.layers[index].op != Operator::dense || reader < 0 || is_result(index) ||
        plan_.layers[reader].factors != index || reader_counts_[index + 1] > 0)
      return false;
    for (int i = index + 1; i < reader; ++i)
      if (plan_.layers[i].factors == index) return false;
    return true;
  }

  /// Neither is a gate without them, nor are they of anything but a gate.
  constexpr bool has_known_factors(int index) const {
    const Layer& layer = plan_.layers[index];
    if (layer.op == Operator::dense) return !is_squashed(layer.activation) || are_factors(index);
    return layer.op != Operator::gate ||
           (are_factors(layer.factors) && is_squashed(plan_.layers[layer.factors].activation) &&
            !plan_.layers[layer.from].gives_vector());
  }

  constexpr bool has_known_activations(int index) const {
    using enum Activation::Kind;
    const Layer& layer = plan_.layers[index];
    const Activation::Kind kind = layer.activation.kind, last = layer.last_activation.kind;
    const bool is_simple = kind == none || kind == relu;
    if (layer.op == Operator::pool || layer.op == Operator::picture) return kind == none;
    if (layer.op == Operator::gate) return is_simple;
    if (layer.addend >= 0) return is_simple && (last == none || last == relu);
    return is_simple || kind == relu6 || kind == hardswish ||
           (layer.op == Operator::dense && is_squashed(layer.activation));
  }

  const Plan& plan_;
  Uses uses_;
  int reader_counts_[Plan::kMaxLayers + 1] = {};  // of each layer's output, but for other operands
};

}  // namespace planning

/// Returns why a plan cannot be computed in bytes; nothing if it can.
constexpr QuantisedFlaw quantised_flaw(const Plan& plan) {
  if (plan.traits.storage != Storage::single) return {QuantisedRule::storage, 0};
  const planning::QuantisedRules rules(plan);
  for (int i = 0; i < plan.layer_count; ++i)
    if (const QuantisedRule broken = rules.broken_by(i); broken != QuantisedRule::none)
      return {broken, i};
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_QUANTISED_FLAW_HPP

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// Says how the sums of a layer become its output.
constexpr Ending ending_of(const Plan& plan, const Uses& uses, int index) {
  const Layer& layer = plan.layers[index];
  if (layer.op != Operator::dense) return Ending::bytes;
  const int reader = uses.last_reader[index];
  if (reader >= 0 && plan.layers[reader].factors == index) return Ending::factors;
  return reader < 0 && layer.activation == Activation::none ? Ending::logits : Ending::bytes;
}

/// Returns what a layer computes in bytes: the same. A convolution reads the picture itself, not
/// the map of it that it would read in floats.
constexpr QuantisedLayer quantised(const Plan& plan, int index) {
  const Layer& layer = plan.layers[index];
  QuantisedLayer result;
  result.op = layer.op;
  result.activation = layer.activation;
  result.last_activation = layer.last_activation;
  result.kernel = layer.kernel;
  result.stride = layer.stride;
  result.padding = layer.padding;
  result.input = layer.input;
  result.output = layer.output;
  result.from = layer.op == Operator::convolution ? -1 : layer.from;
  result.addend = layer.addend;
  result.factors = layer.factors;
  result.multiply_adds = layer.multiply_adds;
  return result;
}

/// Places weights and constants: what pictures are, then layer after layer.
constexpr void place_weights(QuantisedPlan& plan) {
  static_assert(sizeof(PictureConstants) <= kByteAlignment);
  plan.weight_bytes = kByteAlignment;
  for (int i = 0; i < plan.layer_count; ++i) {
    QuantisedLayer& layer = plan.layers[i];
    if (layer.op == Operator::picture) continue;
    layer.weights = plan.weight_bytes;
    layer.constants = layer.weights + layer.weight_bytes();
    plan.weight_bytes = layer.constants + layer.constant_bytes();
  }
}

/// Places vectors: of a chunk of images each, one image after the other.
constexpr void place_vectors(QuantisedPlan& plan) {
  for (int i = 0; i < plan.layer_count; ++i) {
    QuantisedLayer& layer = plan.layers[i];
    const int vector = layer.factors >= 0 ? layer.factors : layer.from;
    if (vector >= 0) layer.source_vector = plan.layers[vector].target_vector;
    if (!layer.gives_vector()) continue;
    layer.target_vector = plan.vector_bytes;
    plan.vector_bytes += layer.vector_pitch() * kChunk;
  }
}

/// Tells every layer which maps it reads.
constexpr void connect_maps(QuantisedPlan& plan) {
  for (int i = 0; i < plan.layer_count; ++i) {
    QuantisedLayer& layer = plan.layers[i];
    if (layer.from >= 0) layer.source = plan.layers[layer.from].target;
    if (layer.addend >= 0) layer.addend_map = plan.layers[layer.addend].target;
  }
}

}  // namespace planning

/// Lays a network out in bytes, from its plan in floats, which has no quantised_flaw: the same
/// layers in the same order.
constexpr QuantisedPlan make_quantised_plan(const Plan& plan) {
  QuantisedPlan result;
  const planning::Uses float_uses = planning::uses_of(plan);
  result.traits = plan.traits;
  result.layer_count = plan.layer_count;
  for (int i = 0; i < plan.layer_count; ++i) {
    result.layers[i] = planning::quantised(plan, i);
    result.layers[i].ending = planning::ending_of(plan, float_uses, i);
  }
  result.output_count = plan.output_count;
  std::copy_n(plan.outputs, plan.output_count, result.outputs);
  const planning::Uses uses = planning::uses_of(result);
  planning::place_weights(result);
  planning::fuse_layers(result, plan, uses);
  planning::frame_maps(result);
  planning::form_chains(result, uses);
  result.map_bytes = planning::place_whole_maps(result, uses);
  planning::place_vectors(result);
  planning::connect_maps(result);
  return result;
}

/// Returns the same when a program runs, compiled once; null if there is no memory.
PPLCNET_QUANTISED_INLINE std::unique_ptr<QuantisedPlan> new_quantised_plan(
    const Plan& plan) noexcept;

#if PPLCNET_HAS_QUANTISED_DEFINITIONS
PPLCNET_QUANTISED_INLINE std::unique_ptr<QuantisedPlan> new_quantised_plan(
    const Plan& plan) noexcept {
  std::unique_ptr<QuantisedPlan> result(new (std::nothrow) QuantisedPlan);
  if (result != nullptr) *result = make_quantised_plan(plan);
  return result;
}
#endif  // PPLCNET_HAS_QUANTISED_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_MAKE_QUANTISED_PLAN_HPP
// from pplcnet/quantise/check_plan.hpp
#ifndef PPLCNET_QUANTISE_CHECK_PLAN_HPP
#define PPLCNET_QUANTISE_CHECK_PLAN_HPP

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

namespace pplcnet::inline PPLCNET_ABI {

/// Returns why a network cannot be computed in bytes.
inline Error check_quantisable(const Plan& plan) {
  const QuantisedFlaw flaw = quantised_flaw(plan);
  if (!flaw) return {};
  return Error::of(plan.traits.name, ": layer ", flaw.layer, " (",
                   layer_name(plan.layers[flaw.layer]), "): ", text_of(flaw.broken));
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_CHECK_PLAN_HPP
// from pplcnet/quantise/pack.hpp
#ifndef PPLCNET_QUANTISE_PACK_HPP
#define PPLCNET_QUANTISE_PACK_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

// from pplcnet/quantise/layer_constants.hpp
#ifndef PPLCNET_QUANTISE_LAYER_CONSTANTS_HPP
#define PPLCNET_QUANTISE_LAYER_CONSTANTS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

// from pplcnet/quantise/constants.hpp
#ifndef PPLCNET_QUANTISE_CONSTANTS_HPP
#define PPLCNET_QUANTISE_CONSTANTS_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>


// A channel's integer constants from its real terms. In double, where no product is part of a sum:
// every machine gets the same. Errors are sentences about a channel, whose layer and number the
// caller puts in front.

namespace pplcnet::inline PPLCNET_ABI {

/// What a channel's bytes mean: x = scale · (byte - zero).
struct ByteScale {
  float scale = 1;
  std::uint8_t zero = 0;

  /// Returns the largest magnitude of a byte.
  constexpr double reach() const { return double{scale} * std::max<int>(zero, 255 - zero); }
  constexpr bool operator==(const ByteScale&) const = default;
};

/// The values that a channel takes.
struct Range {
  double low = 0, high = 0;
};

/// A channel's sum in real terms: weight_scale · Σ W · (q - z) + bias.
struct ChannelSum {
  float weight_scale = 1, bias = 0;
  std::int64_t reach = 0;  ///< Σ |W| · 255
  double offset = 0;       ///< Σ W · z
};

/// What becomes of the sums of a channel that gives bytes.
struct ByteEnding {
  Activation activation = Activation::none, last_activation = Activation::none;
  bool adds = false;  ///< a map
  ByteScale addend = {};

  /// Its values are not negative: byte 0 is 0.
  constexpr bool starts_at_zero() const {
    const Activation::Kind last = adds ? last_activation.kind : activation.kind;
    return last == Activation::Kind::relu || last == Activation::Kind::relu6;
  }
};

namespace constants {

inline constexpr double kHalves = 32768, kMost = 32767;
inline constexpr int kMostShift = 30;
/// Multipliers have ten bits or more where the sums have enough.
inline constexpr double kLeastMultiplier = 1024;
inline constexpr double kLeastFactorMultiplier = 4096;

/// Returns whether float32 has room for a number.
inline bool is_finite(double value) { return std::abs(value) <= std::numeric_limits<float>::max(); }

inline bool is_scale(float value) { return value > 0 && is_finite(value); }

/// Writes what is rounded to an integer of 16 bits, whose place in the arithmetic is `what`.
inline Error set(std::int16_t& constant, double value, const char* what) {
  if (!(std::abs(value) <= kMost + 0.5))
    return Error::of("its scales differ too much: its ", what, " needs more than 16 bits");
  constant = static_cast<std::int16_t>(
      std::min<std::int64_t>(round_half_even(value), static_cast<std::int64_t>(kMost)));
  return {};
}

/// A step of a sum in 16 bits, and what an output's step makes of it.
struct Steps {
  int shift = 0;
  double step = 0;        ///< real value of a step
  double multiplier = 0;  ///< of 2^15
};

/// Returns the steps with the smallest shift for which 16 bits reach so far and the multiplier, a
/// function of the step, is large enough.
template <class Multiplier>
Steps steps_of(float weight_scale, double reach, double least, const Multiplier& multiplier) {
  Steps steps;
  double power = 1;
  for (;; ++steps.shift, power *= 2) {
    steps.step = double{weight_scale} * power;
    steps.multiplier = multiplier(steps.step);
    if (steps.shift == kMostShift) break;
    if (steps.step * kMost >= reach && std::abs(steps.multiplier) > least - 0.5) break;
  }
  return steps;
}

/// Returns 2^15 times the steps of an output in one of a sum, for an output's step of 1.
inline double unit_of(const ByteEnding& ending, double step) {
  if (ending.adds) return step * (kHalves * kAddendSteps);
  if (ending.activation.kind != Activation::Kind::hardswish) return step * kHalves;
  return step * step * (kHalves * kHalves) / 6;
}

/// What a hardswish's sum reaches at least: 3 in 14 bits.
inline constexpr double kHardswishReach = 6 * (kMost / (kMost - 1));

inline Steps steps_of(float weight_scale, const ByteEnding& ending, const ByteScale& output) {
  const auto multiplier = [&](double step) { return unit_of(ending, step) / output.scale; };
  if (ending.activation.kind != Activation::Kind::hardswish) {
    double reach = output.reach();
    if (ending.adds) reach = reach + ending.addend.reach();
    return steps_of(weight_scale, reach, kLeastMultiplier, multiplier);
  }
  Steps steps = steps_of(weight_scale, std::max(output.reach(), kHardswishReach), kLeastMultiplier,
                         multiplier);
  // Bytes of coarse steps reach further than the values do.
  while (steps.shift > 0 && steps.multiplier > kMost + 0.5) {
    --steps.shift;
    steps.step /= 2;
    steps.multiplier = multiplier(steps.step);
  }
  return steps;
}

/// Sets the bias, with a half step for rounding.
inline Error set_sum(ChannelConstants& channel, const ChannelSum& sum, int shift) {
  if (!is_scale(sum.weight_scale))
    return Error::of("the scale of its weights is no positive number");
  if (!is_finite(sum.bias)) return Error::of("its bias is no finite number");
  const double half = shift > 0 ? static_cast<double>(std::int64_t{1} << (shift - 1)) : 0;
  const double bias = double{sum.bias} / double{sum.weight_scale} - sum.offset + half;
  if (!(std::abs(bias) + static_cast<double>(sum.reach) < 2147483647.0))
    return Error::of("its sums need more than 32 bits");
  channel.bias = static_cast<std::int32_t>(round_half_even(bias));
  channel.shift = shift;
  return {};
}

inline Error flaw_of(const ByteScale& output, bool starts_at_zero) {
  if (!is_scale(output.scale)) return Error::of("its scale is no positive number");
  if (!is_finite(output.reach())) return Error::of("its values can be infinite");
  if (starts_at_zero && output.zero != 0)
    return Error::of("its zero point is ", int{output.zero}, ", and after a ReLU it is 0");
  return {};
}

}  // namespace constants

/// Computes the constants of a channel that gives bytes.
inline Error constants_of(const ChannelSum& sum, const ByteEnding& ending, const ByteScale& output,
                          ChannelConstants& channel) {
  using Kind = Activation::Kind;
  if (auto error = constants::flaw_of(output, ending.starts_at_zero())) return error;
  if (ending.adds)
    if (auto error = constants::flaw_of(ending.addend, false)) return error;
  if (ending.activation.kind == Kind::relu6 && 255 * double{output.scale} > 6 + output.scale / 2.0)
    return Error::of("its bytes reach beyond the 6 of a ReLU6");
  const constants::Steps steps = constants::steps_of(sum.weight_scale, ending, output);
  if (auto error = constants::set_sum(channel, sum, steps.shift)) return error;
  channel.scale = output.scale;
  channel.zero = output.zero;
  if (ending.activation.kind == Kind::hardswish)
    if (auto error = constants::set(channel.three, 3 / steps.step, "3")) return error;
  if (ending.adds) {
    channel.addend_zero = ending.addend.zero;
    if (auto error = constants::set(channel.addend_multiplier,
                                    double{ending.addend.scale} * 8192 / double{output.scale},
                                    "addend's multiplier"))
      return error;
  }
  return constants::set(channel.multiplier, steps.multiplier, "multiplier");
}

/// Computes the constants of a channel that gives a gate's factors: of a map with one scale, for a
/// gated one with another.
inline Error factor_constants(const ChannelSum& sum, const Activation& activation, float map_scale,
                              float gated_scale, ChannelConstants& channel) {
  for (const float scale : {map_scale, gated_scale})
    if (!constants::is_scale(scale)) return Error::of("a scale of its gate is no positive number");
  const double one = 2048 * double{map_scale} / double{gated_scale};
  if (!constants::is_finite(1 / one)) return Error::of("the scales of its gate differ too much");
  if (auto error = constants::set(channel.three, one, "largest factor")) return error;
  double slope = kSigmoidOne, reach = 8;
  if (activation.kind != Activation::Kind::sigmoid) {
    const double offset = activation.offset;
    if (auto error = constants::set(channel.zero, offset * one, "offset")) return error;
    slope = double{activation.slope} * one;
    reach = activation.slope == 0 ? 0
                                  : std::max(std::abs(offset), std::abs(1 - offset)) /
                                        std::abs(double{activation.slope});
  }
  const double least = slope == 0 ? 0 : constants::kLeastFactorMultiplier;
  const constants::Steps steps =
      constants::steps_of(sum.weight_scale, reach, least,
                          [&](double step) { return step * slope * constants::kHalves; });
  if (auto error = constants::set_sum(channel, sum, steps.shift)) return error;
  channel.scale = static_cast<float>(1 / one);
  return constants::set(channel.multiplier, steps.multiplier, "multiplier");
}

/// Computes the constants of a channel that gives a logit.
inline Error logit_constants(const ChannelSum& sum, ChannelConstants& channel) {
  channel.scale = sum.weight_scale;
  if (auto error = constants::set_sum(channel, sum, 0)) return error;
  // Rounded as kernels do: no sum is larger than this one.
  const auto most = static_cast<float>(std::abs(std::int64_t{channel.bias}) + sum.reach);
  const double largest = double{most} * double{channel.scale};
  return constants::is_finite(largest) ? Error() : Error::of("its logits can be infinite");
}

/// Computes the constants of a pool's channel.
inline Error pool_constants(const ByteScale& input, const ByteScale& output,
                            ChannelConstants& channel) {
  for (const ByteScale& one : {input, output})
    if (auto error = constants::flaw_of(one, false)) return error;
  channel.scale = output.scale;
  channel.zero = output.zero;
  channel.addend_zero = input.zero;
  return constants::set(channel.multiplier, double{input.scale} * 256 / double{output.scale},
                        "multiplier");
}

/// Computes the constants of a gated channel; the factors have its scales.
inline Error gate_constants(const ByteScale& map, const Activation& activation,
                            const ByteScale& output, ChannelConstants& channel) {
  if (auto error = constants::flaw_of(map, false)) return error;
  if (auto error = constants::flaw_of(output, activation.kind == Activation::Kind::relu))
    return error;
  channel.scale = output.scale;
  channel.zero = output.zero;
  channel.addend_zero = map.zero;
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_CONSTANTS_HPP
// from pplcnet/quantise/weights.hpp
#ifndef PPLCNET_QUANTISE_WEIGHTS_HPP
#define PPLCNET_QUANTISE_WEIGHTS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <vector>


// Real weights to int8 ones, and their order in a sum.

namespace pplcnet::inline PPLCNET_ABI {

/// The largest weight, and the largest sum of two neighbours in a product.
inline constexpr int kLargestWeight = 127, kLargestPair = 128;

/// Returns the place in the packed sum of a weight whose number counts [in][rows][columns].
constexpr std::size_t place_in_sum(const QuantisedLayer& layer, std::size_t number) {
  const auto width = static_cast<std::size_t>(layer.kernel.width);
  const auto height = static_cast<std::size_t>(layer.kernel.height);
  const std::size_t column = number % width, row = number / width % height;
  const std::size_t in = number / width / height;
  if (layer.op == Operator::depthwise)
    return column * static_cast<std::size_t>(round_up(layer.kernel.height, kQuad)) + row;
  return row * static_cast<std::size_t>(layer.row_depth()) +
         column * static_cast<std::size_t>(layer.input.channels) + in;
}

/// Returns how many weights an output channel of a layer has.
constexpr std::size_t weights_of_channel(const QuantisedLayer& layer) {
  return static_cast<std::size_t>(layer.kernel.height) *
         static_cast<std::size_t>(layer.kernel.width) *
         static_cast<std::size_t>(layer.op == Operator::depthwise ? 1 : layer.input.channels);
}

/// Rounds the real weights of a layer's output channels, one after the other.
class WeightRounding {
 public:
  explicit WeightRounding(const QuantisedLayer& layer) {
    pairs_.assign(layer.op == Operator::depthwise ? 0 : static_cast<std::size_t>(layer.depth()) / 2,
                  {kNone, kNone});
    if (pairs_.empty()) return;
    for (std::size_t k = 0; k < weights_of_channel(layer); ++k) {
      const std::size_t place = place_in_sum(layer, k);
      pairs_[place / 2][place % 2] = k;
    }
  }

  /// Rounds weights, whose input's scales they have, with the scale that loses the least of those
  /// tried, which is returned. It is at least `least`, at most `most` if that is larger.
  float round(std::span<const double> weights, double least, double most,
              std::span<std::int8_t> rounded_weights) const {
    double largest = 0, widest = 0;
    for (const double weight : weights) largest = std::max(largest, std::abs(weight));
    for (const auto& [one, other] : pairs_)
      if (one != kNone && other != kNone)
        widest = std::max(widest, std::abs(weights[one]) + std::abs(weights[other]));
    const double first = largest / kLargestWeight;  // without clipping
    const double last = std::max(first, widest / kLargestPair);
    double best = std::numeric_limits<double>::infinity();
    auto scale = static_cast<float>(std::max(std::min(last, most), least));
    const int below = pairs_.empty() ? 6 : 12;  // a few of many weights may be clipped
    for (int i = -below; i <= kSteps && largest > 0; ++i) {
      const double part = static_cast<double>(i) / (i < 0 ? 2 * kSteps : kSteps);
      const double tried = first + rounded((i < 0 ? first : last - first) * part);
      const auto candidate = static_cast<float>(std::max(std::min(tried, most), least));
      const double error = error_of(weights, candidate, rounded_weights);
      if (error < best) {
        best = error;
        scale = candidate;
      }
    }
    error_of(weights, scale, rounded_weights);
    return scale;
  }

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  static constexpr int kSteps = 16;

  /// Rounds with one scale; returns the sum of squared errors.
  double error_of(std::span<const double> weights, float scale,
                  std::span<std::int8_t> result) const {
    const double inverse = 1 / double{scale};
    for (std::size_t k = 0; k < weights.size(); ++k)
      result[k] = static_cast<std::int8_t>(round_half_even(
          std::clamp<double>(weights[k] * inverse, -kLargestWeight, kLargestWeight)));
    for (const auto& [one, other] : pairs_)
      if (one != kNone && other != kNone)
        while (std::abs(result[one]) + std::abs(result[other]) > kLargestPair)
          shrink(lost(weights[one], inverse, result[one]) >
                         lost(weights[other], inverse, result[other])
                     ? result[other]
                     : result[one]);
    double sum = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const double error = weights[k] - rounded(double{scale} * result[k]);
      sum += rounded(error * error);
    }
    return sum;
  }

  /// Returns how far a weight is above its integer, both without signs, in steps.
  static double lost(double weight, double inverse, int integer) {
    return rounded(std::abs(weight) * inverse) - std::abs(integer);
  }

  static void shrink(std::int8_t& weight) {
    weight = static_cast<std::int8_t>(weight > 0 ? weight - 1 : weight + 1);
  }

  /// The numbers of neighbours in the packed sum; empty for depthwise layers.
  std::vector<std::array<std::size_t, 2>> pairs_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_WEIGHTS_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Checks a model against a plan, and computes the integer constants of its layers.
class LayerConstants {
 public:
  /// Refers to both.
  LayerConstants(const QuantisedModel& model, std::span<const QuantisedLayer> layers)
      : model_(model), layers_(layers) {}

  /// Checks that the model has what each layer of the plan needs, no more, of the right size.
  Error check() const {
    if (model_.layers.size() != layers_.size())
      return Error::of("quantised model: expected ", layers_.size(), " layers, found ",
                       model_.layers.size());
    for (int c = 0; c < kPictureChannels; ++c) {
      const float scale = model_.picture_scales[static_cast<std::size_t>(c)];
      const float zero = model_.picture_zeros[static_cast<std::size_t>(c)];
      if (!constants::is_scale(scale))
        return Error::of("quantised picture, channel ", c, ": its scale is no positive number");
      if (!(zero >= 0 && zero <= 255))
        return Error::of("quantised picture, channel ", c, ": its zero point is not in 0 to 255");
    }
    for (std::size_t i = 0; i < layers_.size(); ++i)
      if (auto error = check(i)) return error;
    return {};
  }

  /// Computes those of a layer's output channels, after `check`.
  Error of(std::size_t index, std::vector<ChannelConstants>& channels) const {
    const QuantisedLayer& layer = layers_[index];
    if (layer.op == Operator::picture) return {};
    channels.assign(static_cast<std::size_t>(layer.output.channels), {});
    for (std::size_t c = 0; c < channels.size(); ++c)
      if (auto error = compute(index, c, channels[c])) return problem(index, c, error.message());
    return {};
  }

  /// Returns the scale and the zero point of a channel that a layer gives.
  ByteScale scale_of(int layer, std::size_t channel) const {
    const QuantisedTensors& tensors = model_.layers[static_cast<std::size_t>(layer)];
    return {tensors.scales[channel], tensors.zeros[channel]};
  }

 private:
  template <class... Pieces>
  static Error problem(std::size_t layer, const Pieces&... pieces) {
    return Error::of("quantised layer ", layer, ": ", pieces...);
  }
  static Error problem(std::size_t layer, std::size_t channel, const char* what) {
    return problem(layer, "channel ", channel, ": ", what);
  }

  static Error check_count(std::size_t layer, const char* what, std::size_t found,
                           std::size_t expected) {
    if (found == expected) return {};
    return problem(layer, "expected ", expected, " ", what, ", found ", found);
  }

  Error check(std::size_t index) const {
    const QuantisedLayer& layer = layers_[index];
    const QuantisedTensors& tensors = model_.layers[index];
    const bool is_picture = layer.op == Operator::picture;
    const std::size_t outputs = is_picture ? 0 : static_cast<std::size_t>(layer.output.channels);
    const std::size_t summed = layer.has_weights() ? outputs : 0;
    const std::size_t bytes = layer.ending == Ending::bytes ? outputs : 0;
    const struct {
      const char* what;
      std::size_t found, expected;
    } counts[] = {{"weights", tensors.weights.size(), summed * weights_of_channel(layer)},
                  {"weight scales", tensors.weight_scales.size(), summed},
                  {"biases", tensors.biases.size(), summed},
                  {"scales", tensors.scales.size(), bytes},
                  {"zero points", tensors.zeros.size(), bytes}};
    for (const auto& [what, found, expected] : counts)
      if (auto error = check_count(index, what, found, expected)) return error;
    return check_weights(index);
  }

  Error check_weights(std::size_t index) const {
    const QuantisedLayer& layer = layers_[index];
    if (!layer.has_weights()) return {};
    const std::size_t depth = weights_of_channel(layer);
    const auto& weights = model_.layers[index].weights;
    std::vector<int> sum(static_cast<std::size_t>(layer.depth()));
    for (std::size_t first = 0; first < weights.size(); first += depth) {
      for (std::size_t k = 0; k < depth; ++k)
        sum[place_in_sum(layer, k)] = std::abs(int{weights[first + k]});
      if (std::ranges::max(sum) > kLargestWeight)
        return problem(index, first / depth, "a weight of -128, they are from -127 to 127");
      for (std::size_t k = 0; k < sum.size() && layer.op != Operator::depthwise; k += 2)
        if (sum[k] + sum[k + 1] > kLargestPair)
          return problem(index, first / depth, "neighbouring weights of more than 128 together");
    }
    return {};
  }

  /// Returns the sum of a channel; its bias and scale are not checked.
  ChannelSum sum_of(std::size_t index, std::size_t channel) const {
    const QuantisedLayer& layer = layers_[index];
    const QuantisedTensors& tensors = model_.layers[index];
    const std::size_t depth = weights_of_channel(layer);
    const std::size_t taps = layer.op == Operator::depthwise
                                 ? depth
                                 : depth / static_cast<std::size_t>(layer.input.channels);
    ChannelSum sum = {.weight_scale = tensors.weight_scales[channel],
                      .bias = tensors.biases[channel]};
    for (std::size_t k = 0; k < depth; ++k) {
      const int weight = int{tensors.weights[channel * depth + k]};
      const std::size_t in = layer.op == Operator::depthwise ? channel : k / taps;
      sum.reach += std::int64_t{255} * std::abs(weight);
      // Exact: a product of 8 and of 24 bits, and of sums as many as a layer has.
      sum.offset += rounded(weight * zero_of_input(layer, in));
    }
    return sum;
  }

  double zero_of_input(const QuantisedLayer& layer, std::size_t channel) const {
    if (layer.from < 0) return double{model_.picture_zeros[channel]};
    return model_.layers[static_cast<std::size_t>(layer.from)].zeros[channel];
  }

  Error compute(std::size_t index, std::size_t channel, ChannelConstants& result) const {
    const QuantisedLayer& layer = layers_[index];
    const int own = static_cast<int>(index);
    switch (layer.op) {
      case Operator::pool:
        return pool_constants(scale_of(layer.from, channel), scale_of(own, channel), result);
      case Operator::gate:
        return gate_constants(scale_of(layer.from, channel), layer.activation,
                              scale_of(own, channel), result);
      default:
        break;
    }
    const ChannelSum sum = sum_of(index, channel);
    if (layer.ending == Ending::logits) return logit_constants(sum, result);
    if (layer.ending == Ending::factors) {
      const auto gate = std::ranges::find(layers_, own, &QuantisedLayer::factors);
      return factor_constants(sum, layer.activation, scale_of(gate->from, channel).scale,
                              scale_of(static_cast<int>(gate - layers_.begin()), channel).scale,
                              result);
    }
    ByteEnding ending = {layer.activation, layer.last_activation, layer.addend >= 0, {}};
    if (ending.adds) ending.addend = scale_of(layer.addend, channel);
    return constants_of(sum, ending, scale_of(own, channel), result);
  }

  const QuantisedModel& model_;
  std::span<const QuantisedLayer> layers_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_LAYER_CONSTANTS_HPP

namespace pplcnet::inline PPLCNET_ABI {

namespace packing {

/// Writes a value at a byte's place.
template <class Value>
void put(std::span<std::byte> bytes, std::size_t place, Value value) {
  std::memcpy(bytes.subspan(place, sizeof(value)).data(), &value, sizeof(value));
}

/// Writes a layer's weights in panels of quads.
inline void put_weights(const QuantisedLayer& layer, const QuantisedTensors& tensors,
                        std::span<std::byte> bytes) {
  const std::size_t count = weights_of_channel(layer);
  const auto depth = static_cast<std::size_t>(layer.depth());
  for (std::size_t i = 0; i < tensors.weights.size(); ++i) {
    const std::size_t out = i / count, place = place_in_sum(layer, i % count);
    const std::size_t quad = out / kPanel * (depth / kQuad) + place / kQuad;
    put(bytes, layer.weights + (quad * kPanel + out % kPanel) * kQuad + place % kQuad,
        tensors.weights[i]);
  }
}

/// Writes a layer's constants, array after array.
inline void put_constants(const QuantisedLayer& layer, std::span<const ChannelConstants> channels,
                          std::span<std::byte> bytes) {
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const ChannelConstants& channel = channels[c];
    const std::size_t word = c * sizeof(std::int32_t), half = c * sizeof(std::int16_t);
    put(bytes, layer.words(0) + word, channel.bias);
    put(bytes, layer.words(1) + word, channel.shift);
    put(bytes, layer.words(2) + word, channel.scale);
    put(bytes, layer.halves(0) + half, channel.multiplier);
    put(bytes, layer.halves(1) + half, channel.three);
    put(bytes, layer.halves(2) + half, channel.zero);
    put(bytes, layer.halves(3) + half, channel.addend_multiplier);
    put(bytes, layer.halves(4) + half, channel.addend_zero);
  }
}

}  // namespace packing

/// Writes what kernels read: as many bytes as the plan of the layers has weight_bytes. What the
/// model lacks, or has and cannot be, is an error.
inline Error pack(const QuantisedModel& model, std::span<const QuantisedLayer> layers,
                  std::span<std::byte> bytes) {
  const LayerConstants constants(model, layers);
  if (auto error = constants.check()) return error;
  std::ranges::fill(bytes, std::byte{0});
  PictureConstants picture;
  std::ranges::copy(model.picture_scales, picture.scale);
  std::ranges::copy(model.picture_zeros, picture.zero);
  packing::put(bytes, 0, picture);
  std::vector<ChannelConstants> channels;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].op == Operator::picture) continue;
    if (auto error = constants.of(i, channels)) return error;
    packing::put_weights(layers[i], model.layers[i], bytes);
    packing::put_constants(layers[i], channels, bytes);
  }
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_PACK_HPP
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// A network in bytes that is known only when the program runs: what `AnyNetwork` is in floats. Its
/// memory is allocated when it is made, and not again. Copies share the weights and have everything
/// else of their own: one copy for each thread.
class AnyQuantisedNetwork {
 public:
  /// Makes the network of a graph, with the weights of a model; the executor of a call may use up
  /// to `threads` threads. It is an error if the graph cannot be computed in bytes, if the model is
  /// not its, or if there is no memory.
  static Error make(const Graph& graph, const QuantisedModel& model, int threads,
                    std::optional<AnyQuantisedNetwork>& result);

  AnyQuantisedNetwork(const AnyQuantisedNetwork& other)
      : threads_(other.threads_),
        plan_(other.plan_),
        bytes_plan_(other.bytes_plan_),
        weights_(other.weights_) {
    if (!allocate()) fail_allocation();
  }
  AnyQuantisedNetwork(AnyQuantisedNetwork&&) noexcept = default;
  AnyQuantisedNetwork& operator=(const AnyQuantisedNetwork& other) {
    if (this != &other) *this = AnyQuantisedNetwork(other);
    return *this;
  }
  AnyQuantisedNetwork& operator=(AnyQuantisedNetwork&&) noexcept = default;
  ~AnyQuantisedNetwork() = default;

  const NetworkTraits& traits() const { return plan_->traits; }
  /// Returns the plan in floats, whose layers have the same numbers, names and shapes.
  const Plan& plan() const { return *plan_; }
  std::span<const Layer> layers() const {
    return {plan_->layers, static_cast<std::size_t>(plan_->layer_count)};
  }
  const QuantisedPlan& bytes_plan() const { return *bytes_plan_; }
  Shape input_shape() const { return plan_->layers[0].input; }
  int classes() const { return traits().classes; }

  /// Returns the packed weights, which all copies share.
  std::span<const std::uint8_t> weights() const {
    return {weights_.get(), bytes_plan_->weight_bytes};
  }

  /// Computes the layers that are asked for, as `AnyNetwork::run` does; what they give is as real
  /// numbers.
  void run(const Picture& picture, std::span<float* const> destinations,
           const RunOptions& options = {}) noexcept {
    forward_quantised({.layers = bytes_plan_->layers,
                       .layer_count = bytes_plan_->layer_count,
                       .weights = reinterpret_cast<const std::byte*>(weights_.get()),
                       .pictures = &picture,
                       .images = 1,
                       .destinations = destinations.data(),
                       .maps = maps_.get(),
                       .vectors = vectors_.get(),
                       .scratch = scratch_.get(),
                       .scratch_bytes = bytes_plan_->scratch_bytes,
                       .threads = std::clamp(options.executor.threads(), 1, threads_),
                       .executor = options.executor},
                      options.isa);
  }

  /// Computes the output of one layer.
  void run(const Picture& picture, int layer, std::span<float> output,
           const RunOptions& options = {}) noexcept {
    std::array<float*, Plan::kMaxLayers> destinations = {};
    destinations[static_cast<std::size_t>(layer)] = output.data();
    run(picture, std::span(destinations).first(layers().size()), options);
  }

 private:
  using Bytes = HugePageArray<std::uint8_t>;

  explicit AnyQuantisedNetwork(int threads) : threads_(threads) {}

  std::span<const QuantisedLayer> byte_layers() const {
    return {bytes_plan_->layers, static_cast<std::size_t>(bytes_plan_->layer_count)};
  }

  /// Allocates what is not shared; returns false if there is no memory.
  bool allocate() {
    maps_ = zeros_in_huge_pages<std::uint8_t>(bytes_plan_->map_bytes);
    vectors_ = zeros_in_huge_pages<std::uint8_t>(bytes_plan_->vector_bytes);
    scratch_ = zeros_in_huge_pages<std::uint8_t>(bytes_plan_->scratch_bytes *
                                                 static_cast<std::size_t>(threads_));
    return maps_ != nullptr && vectors_ != nullptr && scratch_ != nullptr;
  }

  int threads_;
  std::shared_ptr<const Plan> plan_;
  std::shared_ptr<const QuantisedPlan> bytes_plan_;
  std::shared_ptr<const std::uint8_t[]> weights_;
  Bytes maps_, vectors_, scratch_;
};

#if PPLCNET_HAS_QUANTISED_DEFINITIONS
PPLCNET_QUANTISED_INLINE Error
AnyQuantisedNetwork::make(const Graph& graph, const QuantisedModel& model, int threads,
                          std::optional<AnyQuantisedNetwork>& result) {
  result.reset();
  if (auto error = check_graph(graph)) return error;
  if (threads < 1 || threads > AnyNetwork::kMostThreads)
    return Error::of("expected from 1 to ", AnyNetwork::kMostThreads, " threads, found ", threads);
  return with_memory_for(graph.title, [&] {
    AnyQuantisedNetwork network(threads);
    network.plan_ = new_plan(graph);
    if (network.plan_ == nullptr) return out_of_memory(graph.title);
    if (auto error = check_quantisable(*network.plan_)) return error;
    network.bytes_plan_ = new_quantised_plan(*network.plan_);
    if (network.bytes_plan_ == nullptr) return out_of_memory(graph.title);
    Bytes weights = zeros_in_huge_pages<std::uint8_t>(network.bytes_plan_->weight_bytes);
    if (weights == nullptr || !network.allocate()) return out_of_memory(graph.title);
    const auto bytes =
        std::as_writable_bytes(std::span(weights.get(), network.bytes_plan_->weight_bytes));
    if (auto error = pack(model, network.byte_layers(), bytes)) return error;
    network.weights_ = std::move(weights);
    result.emplace(std::move(network));
    return Error();
  });
}
#endif  // PPLCNET_HAS_QUANTISED_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_ANY_QUANTISED_NETWORK_HPP
// from pplcnet/quantise/load.hpp
#ifndef PPLCNET_QUANTISE_LOAD_HPP
#define PPLCNET_QUANTISE_LOAD_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// from pplcnet/quantise/check_model.hpp
#ifndef PPLCNET_QUANTISE_CHECK_MODEL_HPP
#define PPLCNET_QUANTISE_CHECK_MODEL_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

// from pplcnet/quantise/file_tensors.hpp
#ifndef PPLCNET_QUANTISE_FILE_TENSORS_HPP
#define PPLCNET_QUANTISE_FILE_TENSORS_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
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

// The file of a quantised network is a native file (weights/safetensors/native.hpp) whose storage
// is kQuantisedStorage. Its tensors are a QuantisedModel, by the names of layers: `NAME.weight` in
// int8 as frameworks order it, [out][in][rows][columns] or [out][in]; `NAME.weight_scale` and
// `NAME.bias`, float32 [out]; and of what a layer gives `NAME.scale`, float32, and
// `NAME.zero_point`, uint8, of each channel. The picture's are `picture.scale` and
// `picture.zero_point`, both float32.

namespace pplcnet::inline PPLCNET_ABI {

namespace quantised_file {

using TensorShape = std::vector<std::int64_t>;

template <class Value>
constexpr DataType type_of() {
  if constexpr (std::same_as<Value, std::int8_t>) return DataType::i8;
  if constexpr (std::same_as<Value, std::uint8_t>) return DataType::u8;
  return DataType::f32;
}

/// Returns the name that a layer's tensors begin with; pools, gates and sums may have none of their
/// own.
inline std::string name_of(std::span<const Layer> layers, std::size_t i) {
  std::string name = layer_name(layers[i]);
  return name.empty() ? join({"layer_", i}) : name;
}

/// Returns whether what a layer gives is quantised: not the picture, which has its own tensors, not
/// what a gate multiplies by, and not the result of a dense layer.
inline bool gives_bytes(std::span<const Layer> layers, std::size_t i) {
  if (layers[i].op != Operator::dense) return layers[i].op != Operator::picture;
  bool is_read = layers[i].activation != Activation::none;
  for (const Layer& layer : layers.subspan(i + 1)) {
    if (layer.factors == static_cast<int>(i)) return false;
    is_read = is_read || layer.from == static_cast<int>(i) || layer.addend == static_cast<int>(i);
  }
  return is_read;
}

/// Returns the shape of a layer's weights.
inline TensorShape weight_shape(const Layer& layer) {
  const std::int64_t in = layer.op == Operator::depthwise ? 1 : layer.input.channels;
  if (layer.op == Operator::dense) return {layer.output.channels, in};
  return {layer.output.channels, in, layer.kernel.height, layer.kernel.width};
}

/// Calls `Error visit(name, shape, values)` for each tensor of a file, in order, until there is an
/// error; `model`, which may be const, has a place for each layer.
template <class Model, class Visit>
Error for_each_tensor(std::span<const Layer> layers, Model& model, const Visit& visit) {
  const TensorShape picture = {static_cast<std::int64_t>(model.picture_scales.size())};
  if (auto error = visit("picture.scale", picture, model.picture_scales)) return error;
  if (auto error = visit("picture.zero_point", picture, model.picture_zeros)) return error;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string name = name_of(layers, i);
    auto& tensors = model.layers[i];
    const TensorShape vector = {layers[i].output.channels};
    if (layers[i].has_weights()) {
      if (auto error = visit(name + ".weight", weight_shape(layers[i]), tensors.weights))
        return error;
      if (auto error = visit(name + ".weight_scale", vector, tensors.weight_scales)) return error;
      if (auto error = visit(name + ".bias", vector, tensors.biases)) return error;
    }
    if (!gives_bytes(layers, i)) continue;
    if (auto error = visit(name + ".scale", vector, tensors.scales)) return error;
    if (auto error = visit(name + ".zero_point", vector, tensors.zeros)) return error;
  }
  return {};
}

}  // namespace quantised_file

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_FILE_TENSORS_HPP
// from pplcnet/quantise/weights.hpp
#ifndef PPLCNET_QUANTISE_WEIGHTS_HPP
#define PPLCNET_QUANTISE_WEIGHTS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <vector>


// Real weights to int8 ones, and their order in a sum.

namespace pplcnet::inline PPLCNET_ABI {

/// The largest weight, and the largest sum of two neighbours in a product.
inline constexpr int kLargestWeight = 127, kLargestPair = 128;

/// Returns the place in the packed sum of a weight whose number counts [in][rows][columns].
constexpr std::size_t place_in_sum(const QuantisedLayer& layer, std::size_t number) {
  const auto width = static_cast<std::size_t>(layer.kernel.width);
  const auto height = static_cast<std::size_t>(layer.kernel.height);
  const std::size_t column = number % width, row = number / width % height;
  const std::size_t in = number / width / height;
  if (layer.op == Operator::depthwise)
    return column * static_cast<std::size_t>(round_up(layer.kernel.height, kQuad)) + row;
  return row * static_cast<std::size_t>(layer.row_depth()) +
         column * static_cast<std::size_t>(layer.input.channels) + in;
}

/// Returns how many weights an output channel of a layer has.
constexpr std::size_t weights_of_channel(const QuantisedLayer& layer) {
  return static_cast<std::size_t>(layer.kernel.height) *
         static_cast<std::size_t>(layer.kernel.width) *
         static_cast<std::size_t>(layer.op == Operator::depthwise ? 1 : layer.input.channels);
}

/// Rounds the real weights of a layer's output channels, one after the other.
class WeightRounding {
 public:
  explicit WeightRounding(const QuantisedLayer& layer) {
    pairs_.assign(layer.op == Operator::depthwise ? 0 : static_cast<std::size_t>(layer.depth()) / 2,
                  {kNone, kNone});
    if (pairs_.empty()) return;
    for (std::size_t k = 0; k < weights_of_channel(layer); ++k) {
      const std::size_t place = place_in_sum(layer, k);
      pairs_[place / 2][place % 2] = k;
    }
  }

  /// Rounds weights, whose input's scales they have, with the scale that loses the least of those
  /// tried, which is returned. It is at least `least`, at most `most` if that is larger.
  float round(std::span<const double> weights, double least, double most,
              std::span<std::int8_t> rounded_weights) const {
    double largest = 0, widest = 0;
    for (const double weight : weights) largest = std::max(largest, std::abs(weight));
    for (const auto& [one, other] : pairs_)
      if (one != kNone && other != kNone)
        widest = std::max(widest, std::abs(weights[one]) + std::abs(weights[other]));
    const double first = largest / kLargestWeight;  // without clipping
    const double last = std::max(first, widest / kLargestPair);
    double best = std::numeric_limits<double>::infinity();
    auto scale = static_cast<float>(std::max(std::min(last, most), least));
    const int below = pairs_.empty() ? 6 : 12;  // a few of many weights may be clipped
    for (int i = -below; i <= kSteps && largest > 0; ++i) {
      const double part = static_cast<double>(i) / (i < 0 ? 2 * kSteps : kSteps);
      const double tried = first + rounded((i < 0 ? first : last - first) * part);
      const auto candidate = static_cast<float>(std::max(std::min(tried, most), least));
      const double error = error_of(weights, candidate, rounded_weights);
      if (error < best) {
        best = error;
        scale = candidate;
      }
    }
    error_of(weights, scale, rounded_weights);
    return scale;
  }

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  static constexpr int kSteps = 16;

  /// Rounds with one scale; returns the sum of squared errors.
  double error_of(std::span<const double> weights, float scale,
                  std::span<std::int8_t> result) const {
    const double inverse = 1 / double{scale};
    for (std::size_t k = 0; k < weights.size(); ++k)
      result[k] = static_cast<std::int8_t>(round_half_even(
          std::clamp<double>(weights[k] * inverse, -kLargestWeight, kLargestWeight)));
    for (const auto& [one, other] : pairs_)
      if (one != kNone && other != kNone)
        while (std::abs(result[one]) + std::abs(result[other]) > kLargestPair)
          shrink(lost(weights[one], inverse, result[one]) >
                         lost(weights[other], inverse, result[other])
                     ? result[other]
                     : result[one]);
    double sum = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const double error = weights[k] - rounded(double{scale} * result[k]);
      sum += rounded(error * error);
    }
    return sum;
  }

  /// Returns how far a weight is above its integer, both without signs, in steps.
  static double lost(double weight, double inverse, int integer) {
    return rounded(std::abs(weight) * inverse) - std::abs(integer);
  }

  static void shrink(std::int8_t& weight) {
    weight = static_cast<std::int8_t>(weight > 0 ? weight - 1 : weight + 1);
  }

  /// The numbers of neighbours in the packed sum; empty for depthwise layers.
  std::vector<std::array<std::size_t, 2>> pairs_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_WEIGHTS_HPP
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

// Which numbers a quantised network may have, tensor by tensor. Whether integers of 16 and 32 bits
// can do its arithmetic is seen when it is packed.

namespace pplcnet::inline PPLCNET_ABI {

namespace quantised_file {

template <class Values, class IsRight>
Error check_each(const Values& values, std::string_view path, const std::string& tensor,
                 std::string_view expected, const IsRight& is_right) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!is_right(values[i]))
      return checking::wrong(path, tensor, i, static_cast<float>(values[i]), expected);
  return {};
}

template <class Values>
Error check_scales(const Values& values, std::string_view path, const std::string& tensor) {
  return check_each(values, path, tensor, "finite numbers above 0",
                    [](float value) { return value > 0 && std::isfinite(value); });
}

/// Checks the neighbours of a product's weights, in the order in which they are summed: along each
/// row of the kernel, all channels of a column before the next.
inline Error check_pairs(const Layer& layer, std::span<const std::int8_t> weights,
                         std::string_view path, const std::string& tensor) {
  if (layer.op == Operator::depthwise) return {};
  const auto channels = static_cast<std::size_t>(layer.input.channels);
  const auto rows = static_cast<std::size_t>(layer.kernel.height);
  const auto columns = static_cast<std::size_t>(layer.kernel.width);
  const std::size_t plane = rows * columns;
  for (std::size_t out = 0; out < static_cast<std::size_t>(layer.output.channels); ++out)
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t k = 0; k + 1 < channels * columns; k += 2) {
        const auto place = [&](std::size_t next) {
          return (out * channels + next % channels) * plane + row * columns + next / channels;
        };
        const int one = int{weights[place(k)]}, other = int{weights[place(k + 1)]};
        if (std::abs(one) + std::abs(other) > kLargestPair)
          return Error::of(path, ": tensor ", quote(tensor), ": expected neighbours of at most ",
                           kLargestPair, " together, found ", one, " and ", other, " (numbers ",
                           place(k), " and ", place(k + 1), ")")
              .with_progress(Error::kAllSteps);
      }
  return {};
}

inline Error check_weights(const Layer& layer, const QuantisedTensors& tensors,
                           std::string_view path, const std::string& name) {
  if (auto error = check_each(tensors.weights, path, name + ".weight", "numbers from -127 to 127",
                              [](int weight) { return std::abs(weight) <= kLargestWeight; }))
    return error;
  if (auto error = check_pairs(layer, tensors.weights, path, name + ".weight")) return error;
  if (auto error = check_scales(tensors.weight_scales, path, name + ".weight_scale")) return error;
  return check_each(tensors.biases, path, name + ".bias", "finite float32 numbers",
                    [](float value) { return std::isfinite(value); });
}

/// Returns whether a layer gives nothing below zero because of how it ends: its zero point is 0.
inline bool ends_at_zero(const Layer& layer) {
  const Activation last =
      layer.last_activation != Activation::none ? layer.last_activation : layer.activation;
  const bool added = layer.addend >= 0 && layer.last_activation == Activation::none;
  return !added && (last == Activation::relu || last == Activation::relu6);
}

inline Error check_layer(std::span<const Layer> layers, std::size_t i,
                         const QuantisedTensors& tensors, std::string_view path) {
  const Layer& layer = layers[i];
  const std::string name = name_of(layers, i);
  if (layer.has_weights())
    if (auto error = check_weights(layer, tensors, path, name)) return error;
  if (auto error = check_scales(tensors.scales, path, name + ".scale")) return error;
  if (!ends_at_zero(layer)) return {};
  return check_each(tensors.zeros, path, name + ".zero_point", "only 0, as of what ends at zero",
                    [](int zero) { return zero == 0; });
}

/// Checks the numbers of a network: an error that names the tensor with a wrong one.
inline Error check_model(std::span<const Layer> layers, const QuantisedModel& model,
                         std::string_view path) {
  if (auto error = check_scales(model.picture_scales, path, "picture.scale")) return error;
  if (auto error =
          check_each(model.picture_zeros, path, "picture.zero_point", "numbers from 0 to 255",
                     [](float zero) { return zero >= 0 && zero <= 255; }))
    return error;
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (auto error = check_layer(layers, i, model.layers[i], path)) return error;
  return {};
}

}  // namespace quantised_file

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_CHECK_MODEL_HPP
// from pplcnet/quantise/pack.hpp
#ifndef PPLCNET_QUANTISE_PACK_HPP
#define PPLCNET_QUANTISE_PACK_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

// from pplcnet/quantise/layer_constants.hpp
#ifndef PPLCNET_QUANTISE_LAYER_CONSTANTS_HPP
#define PPLCNET_QUANTISE_LAYER_CONSTANTS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

// from pplcnet/quantise/constants.hpp
#ifndef PPLCNET_QUANTISE_CONSTANTS_HPP
#define PPLCNET_QUANTISE_CONSTANTS_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>


// A channel's integer constants from its real terms. In double, where no product is part of a sum:
// every machine gets the same. Errors are sentences about a channel, whose layer and number the
// caller puts in front.

namespace pplcnet::inline PPLCNET_ABI {

/// What a channel's bytes mean: x = scale · (byte - zero).
struct ByteScale {
  float scale = 1;
  std::uint8_t zero = 0;

  /// Returns the largest magnitude of a byte.
  constexpr double reach() const { return double{scale} * std::max<int>(zero, 255 - zero); }
  constexpr bool operator==(const ByteScale&) const = default;
};

/// The values that a channel takes.
struct Range {
  double low = 0, high = 0;
};

/// A channel's sum in real terms: weight_scale · Σ W · (q - z) + bias.
struct ChannelSum {
  float weight_scale = 1, bias = 0;
  std::int64_t reach = 0;  ///< Σ |W| · 255
  double offset = 0;       ///< Σ W · z
};

/// What becomes of the sums of a channel that gives bytes.
struct ByteEnding {
  Activation activation = Activation::none, last_activation = Activation::none;
  bool adds = false;  ///< a map
  ByteScale addend = {};

  /// Its values are not negative: byte 0 is 0.
  constexpr bool starts_at_zero() const {
    const Activation::Kind last = adds ? last_activation.kind : activation.kind;
    return last == Activation::Kind::relu || last == Activation::Kind::relu6;
  }
};

namespace constants {

inline constexpr double kHalves = 32768, kMost = 32767;
inline constexpr int kMostShift = 30;
/// Multipliers have ten bits or more where the sums have enough.
inline constexpr double kLeastMultiplier = 1024;
inline constexpr double kLeastFactorMultiplier = 4096;

/// Returns whether float32 has room for a number.
inline bool is_finite(double value) { return std::abs(value) <= std::numeric_limits<float>::max(); }

inline bool is_scale(float value) { return value > 0 && is_finite(value); }

/// Writes what is rounded to an integer of 16 bits, whose place in the arithmetic is `what`.
inline Error set(std::int16_t& constant, double value, const char* what) {
  if (!(std::abs(value) <= kMost + 0.5))
    return Error::of("its scales differ too much: its ", what, " needs more than 16 bits");
  constant = static_cast<std::int16_t>(
      std::min<std::int64_t>(round_half_even(value), static_cast<std::int64_t>(kMost)));
  return {};
}

/// A step of a sum in 16 bits, and what an output's step makes of it.
struct Steps {
  int shift = 0;
  double step = 0;        ///< real value of a step
  double multiplier = 0;  ///< of 2^15
};

/// Returns the steps with the smallest shift for which 16 bits reach so far and the multiplier, a
/// function of the step, is large enough.
template <class Multiplier>
Steps steps_of(float weight_scale, double reach, double least, const Multiplier& multiplier) {
  Steps steps;
  double power = 1;
  for (;; ++steps.shift, power *= 2) {
    steps.step = double{weight_scale} * power;
    steps.multiplier = multiplier(steps.step);
    if (steps.shift == kMostShift) break;
    if (steps.step * kMost >= reach && std::abs(steps.multiplier) > least - 0.5) break;
  }
  return steps;
}

/// Returns 2^15 times the steps of an output in one of a sum, for an output's step of 1.
inline double unit_of(const ByteEnding& ending, double step) {
  if (ending.adds) return step * (kHalves * kAddendSteps);
  if (ending.activation.kind != Activation::Kind::hardswish) return step * kHalves;
  return step * step * (kHalves * kHalves) / 6;
}

/// What a hardswish's sum reaches at least: 3 in 14 bits.
inline constexpr double kHardswishReach = 6 * (kMost / (kMost - 1));

inline Steps steps_of(float weight_scale, const ByteEnding& ending, const ByteScale& output) {
  const auto multiplier = [&](double step) { return unit_of(ending, step) / output.scale; };
  if (ending.activation.kind != Activation::Kind::hardswish) {
    double reach = output.reach();
    if (ending.adds) reach = reach + ending.addend.reach();
    return steps_of(weight_scale, reach, kLeastMultiplier, multiplier);
  }
  Steps steps = steps_of(weight_scale, std::max(output.reach(), kHardswishReach), kLeastMultiplier,
                         multiplier);
  // Bytes of coarse steps reach further than the values do.
  while (steps.shift > 0 && steps.multiplier > kMost + 0.5) {
    --steps.shift;
    steps.step /= 2;
    steps.multiplier = multiplier(steps.step);
  }
  return steps;
}

/// Sets the bias, with a half step for rounding.
inline Error set_sum(ChannelConstants& channel, const ChannelSum& sum, int shift) {
  if (!is_scale(sum.weight_scale))
    return Error::of("the scale of its weights is no positive number");
  if (!is_finite(sum.bias)) return Error::of("its bias is no finite number");
  const double half = shift > 0 ? static_cast<double>(std::int64_t{1} << (shift - 1)) : 0;
  const double bias = double{sum.bias} / double{sum.weight_scale} - sum.offset + half;
  if (!(std::abs(bias) + static_cast<double>(sum.reach) < 2147483647.0))
    return Error::of("its sums need more than 32 bits");
  channel.bias = static_cast<std::int32_t>(round_half_even(bias));
  channel.shift = shift;
  return {};
}

inline Error flaw_of(const ByteScale& output, bool starts_at_zero) {
  if (!is_scale(output.scale)) return Error::of("its scale is no positive number");
  if (!is_finite(output.reach())) return Error::of("its values can be infinite");
  if (starts_at_zero && output.zero != 0)
    return Error::of("its zero point is ", int{output.zero}, ", and after a ReLU it is 0");
  return {};
}

}  // namespace constants

/// Computes the constants of a channel that gives bytes.
inline Error constants_of(const ChannelSum& sum, const ByteEnding& ending, const ByteScale& output,
                          ChannelConstants& channel) {
  using Kind = Activation::Kind;
  if (auto error = constants::flaw_of(output, ending.starts_at_zero())) return error;
  if (ending.adds)
    if (auto error = constants::flaw_of(ending.addend, false)) return error;
  if (ending.activation.kind == Kind::relu6 && 255 * double{output.scale} > 6 + output.scale / 2.0)
    return Error::of("its bytes reach beyond the 6 of a ReLU6");
  const constants::Steps steps = constants::steps_of(sum.weight_scale, ending, output);
  if (auto error = constants::set_sum(channel, sum, steps.shift)) return error;
  channel.scale = output.scale;
  channel.zero = output.zero;
  if (ending.activation.kind == Kind::hardswish)
    if (auto error = constants::set(channel.three, 3 / steps.step, "3")) return error;
  if (ending.adds) {
    channel.addend_zero = ending.addend.zero;
    if (auto error = constants::set(channel.addend_multiplier,
                                    double{ending.addend.scale} * 8192 / double{output.scale},
                                    "addend's multiplier"))
      return error;
  }
  return constants::set(channel.multiplier, steps.multiplier, "multiplier");
}

/// Computes the constants of a channel that gives a gate's factors: of a map with one scale, for a
/// gated one with another.
inline Error factor_constants(const ChannelSum& sum, const Activation& activation, float map_scale,
                              float gated_scale, ChannelConstants& channel) {
  for (const float scale : {map_scale, gated_scale})
    if (!constants::is_scale(scale)) return Error::of("a scale of its gate is no positive number");
  const double one = 2048 * double{map_scale} / double{gated_scale};
  if (!constants::is_finite(1 / one)) return Error::of("the scales of its gate differ too much");
  if (auto error = constants::set(channel.three, one, "largest factor")) return error;
  double slope = kSigmoidOne, reach = 8;
  if (activation.kind != Activation::Kind::sigmoid) {
    const double offset = activation.offset;
    if (auto error = constants::set(channel.zero, offset * one, "offset")) return error;
    slope = double{activation.slope} * one;
    reach = activation.slope == 0 ? 0
                                  : std::max(std::abs(offset), std::abs(1 - offset)) /
                                        std::abs(double{activation.slope});
  }
  const double least = slope == 0 ? 0 : constants::kLeastFactorMultiplier;
  const constants::Steps steps =
      constants::steps_of(sum.weight_scale, reach, least,
                          [&](double step) { return step * slope * constants::kHalves; });
  if (auto error = constants::set_sum(channel, sum, steps.shift)) return error;
  channel.scale = static_cast<float>(1 / one);
  return constants::set(channel.multiplier, steps.multiplier, "multiplier");
}

/// Computes the constants of a channel that gives a logit.
inline Error logit_constants(const ChannelSum& sum, ChannelConstants& channel) {
  channel.scale = sum.weight_scale;
  if (auto error = constants::set_sum(channel, sum, 0)) return error;
  // Rounded as kernels do: no sum is larger than this one.
  const auto most = static_cast<float>(std::abs(std::int64_t{channel.bias}) + sum.reach);
  const double largest = double{most} * double{channel.scale};
  return constants::is_finite(largest) ? Error() : Error::of("its logits can be infinite");
}

/// Computes the constants of a pool's channel.
inline Error pool_constants(const ByteScale& input, const ByteScale& output,
                            ChannelConstants& channel) {
  for (const ByteScale& one : {input, output})
    if (auto error = constants::flaw_of(one, false)) return error;
  channel.scale = output.scale;
  channel.zero = output.zero;
  channel.addend_zero = input.zero;
  return constants::set(channel.multiplier, double{input.scale} * 256 / double{output.scale},
                        "multiplier");
}

/// Computes the constants of a gated channel; the factors have its scales.
inline Error gate_constants(const ByteScale& map, const Activation& activation,
                            const ByteScale& output, ChannelConstants& channel) {
  if (auto error = constants::flaw_of(map, false)) return error;
  if (auto error = constants::flaw_of(output, activation.kind == Activation::Kind::relu))
    return error;
  channel.scale = output.scale;
  channel.zero = output.zero;
  channel.addend_zero = map.zero;
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_CONSTANTS_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Checks a model against a plan, and computes the integer constants of its layers.
class LayerConstants {
 public:
  /// Refers to both.
  LayerConstants(const QuantisedModel& model, std::span<const QuantisedLayer> layers)
      : model_(model), layers_(layers) {}

  /// Checks that the model has what each layer of the plan needs, no more, of the right size.
  Error check() const {
    if (model_.layers.size() != layers_.size())
      return Error::of("quantised model: expected ", layers_.size(), " layers, found ",
                       model_.layers.size());
    for (int c = 0; c < kPictureChannels; ++c) {
      const float scale = model_.picture_scales[static_cast<std::size_t>(c)];
      const float zero = model_.picture_zeros[static_cast<std::size_t>(c)];
      if (!constants::is_scale(scale))
        return Error::of("quantised picture, channel ", c, ": its scale is no positive number");
      if (!(zero >= 0 && zero <= 255))
        return Error::of("quantised picture, channel ", c, ": its zero point is not in 0 to 255");
    }
    for (std::size_t i = 0; i < layers_.size(); ++i)
      if (auto error = check(i)) return error;
    return {};
  }

  /// Computes those of a layer's output channels, after `check`.
  Error of(std::size_t index, std::vector<ChannelConstants>& channels) const {
    const QuantisedLayer& layer = layers_[index];
    if (layer.op == Operator::picture) return {};
    channels.assign(static_cast<std::size_t>(layer.output.channels), {});
    for (std::size_t c = 0; c < channels.size(); ++c)
      if (auto error = compute(index, c, channels[c])) return problem(index, c, error.message());
    return {};
  }

  /// Returns the scale and the zero point of a channel that a layer gives.
  ByteScale scale_of(int layer, std::size_t channel) const {
    const QuantisedTensors& tensors = model_.layers[static_cast<std::size_t>(layer)];
    return {tensors.scales[channel], tensors.zeros[channel]};
  }

 private:
  template <class... Pieces>
  static Error problem(std::size_t layer, const Pieces&... pieces) {
    return Error::of("quantised layer ", layer, ": ", pieces...);
  }
  static Error problem(std::size_t layer, std::size_t channel, const char* what) {
    return problem(layer, "channel ", channel, ": ", what);
  }

  static Error check_count(std::size_t layer, const char* what, std::size_t found,
                           std::size_t expected) {
    if (found == expected) return {};
    return problem(layer, "expected ", expected, " ", what, ", found ", found);
  }

  Error check(std::size_t index) const {
    const QuantisedLayer& layer = layers_[index];
    const QuantisedTensors& tensors = model_.layers[index];
    const bool is_picture = layer.op == Operator::picture;
    const std::size_t outputs = is_picture ? 0 : static_cast<std::size_t>(layer.output.channels);
    const std::size_t summed = layer.has_weights() ? outputs : 0;
    const std::size_t bytes = layer.ending == Ending::bytes ? outputs : 0;
    const struct {
      const char* what;
      std::size_t found, expected;
    } counts[] = {{"weights", tensors.weights.size(), summed * weights_of_channel(layer)},
                  {"weight scales", tensors.weight_scales.size(), summed},
                  {"biases", tensors.biases.size(), summed},
                  {"scales", tensors.scales.size(), bytes},
                  {"zero points", tensors.zeros.size(), bytes}};
    for (const auto& [what, found, expected] : counts)
      if (auto error = check_count(index, what, found, expected)) return error;
    return check_weights(index);
  }

  Error check_weights(std::size_t index) const {
    const QuantisedLayer& layer = layers_[index];
    if (!layer.has_weights()) return {};
    const std::size_t depth = weights_of_channel(layer);
    const auto& weights = model_.layers[index].weights;
    std::vector<int> sum(static_cast<std::size_t>(layer.depth()));
    for (std::size_t first = 0; first < weights.size(); first += depth) {
      for (std::size_t k = 0; k < depth; ++k)
        sum[place_in_sum(layer, k)] = std::abs(int{weights[first + k]});
      if (std::ranges::max(sum) > kLargestWeight)
        return problem(index, first / depth, "a weight of -128, they are from -127 to 127");
      for (std::size_t k = 0; k < sum.size() && layer.op != Operator::depthwise; k += 2)
        if (sum[k] + sum[k + 1] > kLargestPair)
          return problem(index, first / depth, "neighbouring weights of more than 128 together");
    }
    return {};
  }

  /// Returns the sum of a channel; its bias and scale are not checked.
  ChannelSum sum_of(std::size_t index, std::size_t channel) const {
    const QuantisedLayer& layer = layers_[index];
    const QuantisedTensors& tensors = model_.layers[index];
    const std::size_t depth = weights_of_channel(layer);
    const std::size_t taps = layer.op == Operator::depthwise
                                 ? depth
                                 : depth / static_cast<std::size_t>(layer.input.channels);
    ChannelSum sum = {.weight_scale = tensors.weight_scales[channel],
                      .bias = tensors.biases[channel]};
    for (std::size_t k = 0; k < depth; ++k) {
      const int weight = int{tensors.weights[channel * depth + k]};
      const std::size_t in = layer.op == Operator::depthwise ? channel : k / taps;
      sum.reach += std::int64_t{255} * std::abs(weight);
      // Exact: a product of 8 and of 24 bits, and of sums as many as a layer has.
      sum.offset += rounded(weight * zero_of_input(layer, in));
    }
    return sum;
  }

  double zero_of_input(const QuantisedLayer& layer, std::size_t channel) const {
    if (layer.from < 0) return double{model_.picture_zeros[channel]};
    return model_.layers[static_cast<std::size_t>(layer.from)].zeros[channel];
  }

  Error compute(std::size_t index, std::size_t channel, ChannelConstants& result) const {
    const QuantisedLayer& layer = layers_[index];
    const int own = static_cast<int>(index);
    switch (layer.op) {
      case Operator::pool:
        return pool_constants(scale_of(layer.from, channel), scale_of(own, channel), result);
      case Operator::gate:
        return gate_constants(scale_of(layer.from, channel), layer.activation,
                              scale_of(own, channel), result);
      default:
        break;
    }
    const ChannelSum sum = sum_of(index, channel);
    if (layer.ending == Ending::logits) return logit_constants(sum, result);
    if (layer.ending == Ending::factors) {
      const auto gate = std::ranges::find(layers_, own, &QuantisedLayer::factors);
      return factor_constants(sum, layer.activation, scale_of(gate->from, channel).scale,
                              scale_of(static_cast<int>(gate - layers_.begin()), channel).scale,
                              result);
    }
    ByteEnding ending = {layer.activation, layer.last_activation, layer.addend >= 0, {}};
    if (ending.adds) ending.addend = scale_of(layer.addend, channel);
    return constants_of(sum, ending, scale_of(own, channel), result);
  }

  const QuantisedModel& model_;
  std::span<const QuantisedLayer> layers_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_LAYER_CONSTANTS_HPP

namespace pplcnet::inline PPLCNET_ABI {

namespace packing {

/// Writes a value at a byte's place.
template <class Value>
void put(std::span<std::byte> bytes, std::size_t place, Value value) {
  std::memcpy(bytes.subspan(place, sizeof(value)).data(), &value, sizeof(value));
}

/// Writes a layer's weights in panels of quads.
inline void put_weights(const QuantisedLayer& layer, const QuantisedTensors& tensors,
                        std::span<std::byte> bytes) {
  const std::size_t count = weights_of_channel(layer);
  const auto depth = static_cast<std::size_t>(layer.depth());
  for (std::size_t i = 0; i < tensors.weights.size(); ++i) {
    const std::size_t out = i / count, place = place_in_sum(layer, i % count);
    const std::size_t quad = out / kPanel * (depth / kQuad) + place / kQuad;
    put(bytes, layer.weights + (quad * kPanel + out % kPanel) * kQuad + place % kQuad,
        tensors.weights[i]);
  }
}

/// Writes a layer's constants, array after array.
inline void put_constants(const QuantisedLayer& layer, std::span<const ChannelConstants> channels,
                          std::span<std::byte> bytes) {
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const ChannelConstants& channel = channels[c];
    const std::size_t word = c * sizeof(std::int32_t), half = c * sizeof(std::int16_t);
    put(bytes, layer.words(0) + word, channel.bias);
    put(bytes, layer.words(1) + word, channel.shift);
    put(bytes, layer.words(2) + word, channel.scale);
    put(bytes, layer.halves(0) + half, channel.multiplier);
    put(bytes, layer.halves(1) + half, channel.three);
    put(bytes, layer.halves(2) + half, channel.zero);
    put(bytes, layer.halves(3) + half, channel.addend_multiplier);
    put(bytes, layer.halves(4) + half, channel.addend_zero);
  }
}

}  // namespace packing

/// Writes what kernels read: as many bytes as the plan of the layers has weight_bytes. What the
/// model lacks, or has and cannot be, is an error.
inline Error pack(const QuantisedModel& model, std::span<const QuantisedLayer> layers,
                  std::span<std::byte> bytes) {
  const LayerConstants constants(model, layers);
  if (auto error = constants.check()) return error;
  std::ranges::fill(bytes, std::byte{0});
  PictureConstants picture;
  std::ranges::copy(model.picture_scales, picture.scale);
  std::ranges::copy(model.picture_zeros, picture.zero);
  packing::put(bytes, 0, picture);
  std::vector<ChannelConstants> channels;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].op == Operator::picture) continue;
    if (auto error = constants.of(i, channels)) return error;
    packing::put_weights(layers[i], model.layers[i], bytes);
    packing::put_constants(layers[i], channels, bytes);
  }
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_PACK_HPP
// from pplcnet/weights/file_format.hpp
#ifndef PPLCNET_WEIGHTS_FILE_FORMAT_HPP
#define PPLCNET_WEIGHTS_FILE_FORMAT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// The format of a file, detected from its first bytes; the file name is ignored.
enum class FileFormat : std::uint8_t {
  unknown,
  safetensors,
  pdiparams,
  pickle,          ///< .pdparams, and .pth of PyTorch before 1.6
  zip,             ///< .pth
  onnx,            ///< a ModelProto
  ncnn,            ///< .param, the text
  json,            ///< inference.json, a Paddle 3 program
  pdmodel,         ///< a Paddle 2 program
  pdiparams_info,  ///< the names of a .pdiparams file's tensors
  tar,
  gzip,
  web_page,         ///< saved by a browser in place of a file
  git_lfs_pointer,  ///< fetched by git in place of a file
};

inline FileFormat detect_format(std::span<const std::byte> bytes) {
  constexpr std::size_t kBeginning = 4096;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                              std::min(bytes.size(), kBeginning));
  const auto has = [&](std::size_t place, std::string_view what) {
    return text.size() >= place && text.substr(place).starts_with(what);
  };
  // Eight bytes say how long a header is, which is no number of 2^56.
  if (has(7, std::string_view("\0{", 2))) return FileFormat::safetensors;
  // Two versions of 0, and no level of detail.
  if (has(0, std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16)))
    return FileFormat::pdiparams;
  if (has(0, "PK\3\4")) return FileFormat::zip;
  if (has(0, "\x80"))
    return text.find("structured_name") != text.npos ? FileFormat::pdiparams_info
                                                     : FileFormat::pickle;
  if (has(0, "7767517")) return FileFormat::ncnn;
  if (has(0, "{")) return FileFormat::json;
  // Field 1 of a ModelProto is a small version, and a field of text or of messages follows.
  if (has(0, "\x08") && text.size() > 2 && text[1] > 0 && text[1] < ' ' && (text[2] & 7) == 2)
    return FileFormat::onnx;
  // Field 1 of a ProgramDesc is a block: its size; its number, 0; and that of its parent.
  std::size_t block = 1;
  while (block < text.size() && (text[block] & 0x80) != 0)
    ++block;  // all bytes of a size but its last
  if (has(0, "\n") && has(block + 1, std::string_view("\x08\0\x10", 3))) return FileFormat::pdmodel;
  if (has(257, "ustar")) return FileFormat::tar;
  if (has(0, "\x1f\x8b")) return FileFormat::gzip;
  if (has(0, "<!") || has(0, "<html")) return FileFormat::web_page;
  if (has(0, "version https://git-lfs")) return FileFormat::git_lfs_pointer;
  return FileFormat::unknown;
}

/// Returns the format's name for messages: `found a zip archive, as .pth files are`.
constexpr std::string_view name_of(FileFormat format) {
  constexpr std::string_view kNames[] = {"something else",
                                         "safetensors",
                                         "Paddle's parameters (.pdiparams)",
                                         "a pickle, as .pdparams files are",
                                         "a zip archive, as .pth files are",
                                         "an ONNX model",
                                         "an ncnn network (.param)",
                                         "JSON, as Paddle's graph is (inference.json)",
                                         "an older graph of Paddle's (.pdmodel)",
                                         "a list of names (.pdiparams.info)",
                                         "a tar archive",
                                         "a gzip archive",
                                         "a web page",
                                         "Git LFS's pointer to a file"};
  return kNames[static_cast<std::size_t>(format)];
}

/// Returns a hint for the end of a message about a file that holds no weights, or nothing.
constexpr std::string_view hint_for(FileFormat format) {
  switch (format) {
    case FileFormat::json:
    case FileFormat::pdmodel:
    case FileFormat::pdiparams_info:
      return ": the weights are in the .pdiparams beside it";
    case FileFormat::tar:
    case FileFormat::gzip:
      return ": unpack it and take the weights inside";
    case FileFormat::web_page:
    case FileFormat::git_lfs_pointer:
      return ": download the file itself";
    default:
      return "";
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_FILE_FORMAT_HPP
// from pplcnet/weights/safetensors/description.hpp
#ifndef PPLCNET_WEIGHTS_SAFETENSORS_DESCRIPTION_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_DESCRIPTION_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// from pplcnet/weights/safetensors/first_description.hpp
#ifndef PPLCNET_WEIGHTS_SAFETENSORS_FIRST_DESCRIPTION_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_FIRST_DESCRIPTION_HPP

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


// The metadata of the first files of the project's own, which knew PP-LCNet alone and described it
// block by block. They are read for ever, and written no more.

namespace pplcnet::inline PPLCNET_ABI {

namespace native {

/// Returns the width of the layer between pooling and classes, or of the embedding; 0: none.
inline int head_width(std::span<const Layer> layers, const NetworkTraits& traits) {
  if (traits.embedding < 0 || traits.embedding == traits.pooled) return 0;
  return layers[static_cast<std::size_t>(traits.embedding)].output.channels;
}

/// Returns by how much dropout makes the embedding smaller.
inline int dropout_percent(std::span<const Layer> layers) {
  int percent = 0;
  for (const Layer& layer : layers)
    if (layer.scale_percent != 100 || layer.output_percent != 100)
      percent = 200 - layer.scale_percent - layer.output_percent;
  return percent;
}

/// What such a file says of its network, and how.
using FirstWords = std::vector<std::pair<std::string, std::string>>;

/// Returns the words of a network in such a file but for its family and its dialect, which change
/// nothing that the others do not.
PPLCNET_INLINE FirstWords first_description(std::span<const Layer> layers,
                                            const NetworkTraits& traits);

#if PPLCNET_HAS_DEFINITIONS
/// Writes down PP-LCNet's layers block by block.
class FirstDescription {
 public:
  FirstDescription(std::span<const Layer> layers, const NetworkTraits& traits)
      : layers_(layers), traits_(traits) {}

  FirstWords words() {
    for (std::size_t i = 0; i < layers_.size(); ++i) add(i);
    end_block();
    std::string middle = stem_middle_ > 0 ? join({stem_middle_, "-"}) : "";
    FirstWords words = {
        {"stem", join({stem_kind_, ":", middle, stem_.output.channels, ":s", stem_.stride.height,
                       "x", stem_.stride.width})},
        {"blocks", blocks_},
        {"activation", join({activation_name(activation_), affine_ ? ":affine" : ""})},
        {"stem_activation", std::string(activation_name(stem_.activation))},
        {"gate", std::string(activation_name(gate_))},
        {"stage_heads", heads_.empty() ? "none" : heads_},
        {"head", join({head_width(layers_, traits_), linear_head_ ? ":linear:neck" : ""})},
        {"classes", join({traits_.classes})},
        {"storage", std::string(storage_name(traits_.storage))}};
    if (traits_.classes > 0 || linear_head_)
      words.emplace_back("dropout_percent", join({dropout_percent(layers_)}));
    return words;
  }

 private:
  void add(std::size_t index) {
    const Layer& layer = layers_[index];
    const std::string_view part = layer.name.leaf.empty() ? layer.name.pattern : layer.name.leaf;
    affine_ = affine_ || layer.affine;
    if (part == "conv#") add_stem(layer);
    if (part == "stem_pool") stem_kind_ = "branches";
    if (part == ".dw_conv") begin_block(layer);
    if (part == ".se.conv2") gate_ = layer.activation;
    if (part == ".se") squeeze_excite_ = true;
    if (part == ".expand") expansion_ = layer.output.channels;
    if (part == ".pw_conv") add_pointwise(layer);
    if (part == "last_conv") linear_head_ = layer.activation == Activation::none;
    // The stages from blocks2 on; the ones before the first head have none.
    if (part == "blocks#.head")
      heads_ += join({heads_.empty() ? "0-" : "-", layer.output.channels});
    if (layer.name.pattern == "blocks#.#" && layer.has_weights() && !part.starts_with(".se") &&
        activation_ == Activation::none)
      activation_ = layer.activation;
  }

  void add_stem(const Layer& layer) {
    const int number = layer.name.numbers[0];
    if (number == 1) {
      stem_ = layer;
      return;
    }
    if (number == 2 && stem_kind_ == "convolution") stem_kind_ = "convolutions";
    if (stem_middle_ == 0) stem_middle_ = stem_.output.channels;
    stem_.output.channels = layer.output.channels;
  }

  void begin_block(const Layer& layer) {
    end_block();
    depthwise_ = layer;
    has_block_ = true;
  }

  void add_pointwise(const Layer& layer) {
    out_ = layer.output.channels;
    linear_pointwise_ = layer.activation == Activation::none;
    shortcut_ = layer.addend < 0                  ? ""
                : layer.addend == depthwise_.from ? ":add-input"
                                                  : ":add-depthwise";
  }

  void end_block() {
    if (!has_block_) return;
    const Layer& d = depthwise_;
    blocks_ += join({blocks_.empty() ? "" : " ", d.name.numbers[0], ":k", d.kernel.height, ":",
                     d.input.channels, "-"});
    if (expansion_ > 0) blocks_ += join({expansion_, "-"});
    blocks_ += join({out_, ":s", d.stride.height, "x", d.stride.width});
    if (d.dilation != Pair(1)) blocks_ += join({":d", d.dilation.height});
    blocks_ += join({squeeze_excite_ ? ":se" : "",
                     d.activation == Activation::none ? ":linear-depthwise" : "",
                     linear_pointwise_ ? ":linear-pointwise" : "", shortcut_});
    expansion_ = 0;
    squeeze_excite_ = false;
  }

  std::span<const Layer> layers_;
  const NetworkTraits& traits_;
  std::string_view stem_kind_ = "convolution", shortcut_;
  Layer stem_, depthwise_;
  int stem_middle_ = 0, expansion_ = 0, out_ = 0;
  bool has_block_ = false, squeeze_excite_ = false, linear_pointwise_ = false;
  bool affine_ = false, linear_head_ = false;
  Activation activation_ = Activation::none, gate_ = Activation::hardsigmoid_paddle;
  std::string blocks_, heads_;
};

PPLCNET_INLINE FirstWords first_description(std::span<const Layer> layers,
                                            const NetworkTraits& traits) {
  return FirstDescription(layers, traits).words();
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace native

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_FIRST_DESCRIPTION_HPP

// What fixes a network's arithmetic, as metadata of files of the project's own and for messages.

namespace pplcnet::inline PPLCNET_ABI {

namespace native {

inline std::string size_of(std::string_view before, Pair size) {
  return size == Pair(1) ? "" : join({":", before, size.height, "x", size.width});
}

/// Returns a layer as one word: its name, kernel, stride, dilation, channels, and what follows.
PPLCNET_INLINE std::string word_of(const Layer& layer);

}  // namespace native

/// Returns the words for everything that fixes a network's arithmetic with weights in a storage.
inline std::vector<std::pair<std::string, std::string>> describe(std::span<const Layer> layers,
                                                                 const NetworkTraits& traits,
                                                                 std::string_view storage) {
  std::string words;
  for (const Layer& layer : layers) {
    if (!layer.owns_weights()) continue;
    if (!words.empty()) words += ' ';
    words += native::word_of(layer);
  }
  return {{"head", join({native::head_width(layers, traits)})},
          {"dropout_percent", join({native::dropout_percent(layers)})},
          {"classes", join({traits.classes})},
          {"layers", words},
          {"graph", join({traits.fingerprint})},
          {"storage", std::string(storage)}};
}
inline std::vector<std::pair<std::string, std::string>> describe(std::span<const Layer> layers,
                                                                 const NetworkTraits& traits) {
  return describe(layers, traits, storage_name(traits.storage));
}

namespace native {

inline const std::string* find(const TensorFile& file, std::string_view key) {
  for (const auto& [name, value] : file.metadata)
    if (name == key) return &value;
  return nullptr;
}

/// Returns where two texts of words begin to differ: that word of `text`.
inline std::string_view differing_word(std::string_view text, std::string_view other) {
  const auto same = static_cast<std::size_t>(std::ranges::mismatch(text, other).in1 - text.begin());
  const std::size_t begin = text.substr(0, same).rfind(' ') + 1;  // 0 if there is no space
  return text.substr(begin, text.find(' ', same + 1) - begin);
}

/// Returns how many words two texts have in common at their beginning.
inline std::size_t count_same_words(std::string_view text, std::string_view other) {
  const auto same = std::ranges::mismatch(text, other).in1;
  return static_cast<std::size_t>(std::count(text.begin(), same, ' '));
}

}  // namespace native

/// Checks that a file's metadata describe a network with weights in a storage.
PPLCNET_INLINE Error check_description(const TensorFile& file, std::span<const Layer> layers,
                                       const NetworkTraits& traits, std::string_view storage);

#if PPLCNET_HAS_DEFINITIONS
namespace native {

PPLCNET_INLINE std::string word_of(const Layer& layer) {
  std::string word = join({layer_name(layer), size_of("k", layer.kernel),
                           size_of("s", layer.stride), size_of("d", layer.dilation), ":"});
  if (layer.op != Operator::depthwise) word += join({layer.input.channels, "-"});
  word += join({layer.output.channels});
  for (const Activation activation : {layer.activation, layer.last_activation})
    if (activation != Activation::none) word += join({":", activation_name(activation)});
  if (layer.affine) word += ":affine";
  if (layer.addend >= 0) word += ":add";
  return word;
}

}  // namespace native

PPLCNET_INLINE Error check_description(const TensorFile& file, std::span<const Layer> layers,
                                       const NetworkTraits& traits, std::string_view storage) {
  const bool first = native::find(file, "blocks") != nullptr;
  const auto words =
      first ? native::first_description(layers, traits) : describe(layers, traits, storage);
  // Of several networks that a file is not, the nearest has most of its layers.
  std::size_t same = 0;
  for (const auto& [key, expected] : words)
    if (const std::string* found = native::find(file, key); key == "layers" || key == "blocks")
      same = found == nullptr ? 0 : native::count_same_words(*found, expected);
  for (const auto& [key, expected] : words) {
    const std::string* found = native::find(file, key);
    if (found == nullptr)
      return Error::of(file.path, ": does not say what its network's ", key, " is");
    if (*found != expected)
      return Error::of(file.path, ": its network has ", key, " ",
                       quote(native::differing_word(*found, expected)), ", the type's (",
                       traits.name, ") has ", quote(native::differing_word(expected, *found)))
          .with_progress(same);
  }
  return {};
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_DESCRIPTION_HPP
// from pplcnet/weights/safetensors/native.hpp
#ifndef PPLCNET_WEIGHTS_SAFETENSORS_NATIVE_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_NATIVE_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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
// from pplcnet/weights/safetensors/reader.hpp
#ifndef PPLCNET_WEIGHTS_SAFETENSORS_READER_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_READER_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>


#if PPLCNET_HAS_DEFINITIONS
#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#endif

namespace pplcnet::inline PPLCNET_ABI {

/// The format: u64 header size, header (JSON, may end in spaces), data. For each tensor the header
/// has its type, shape, and where in the data its bytes begin and end; under kMetadataKey it has
/// texts. The rules are those of the reference reader (safetensors/src/tensor.rs), and stricter in
/// this: other fields, and shapes and counts above kMaxRank and kMaxTensors, are refused.
namespace safetensors {

inline constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
inline constexpr std::string_view kMetadataKey = "__metadata__";

/// More metadata than this are refused.
inline constexpr std::size_t kMaxTexts = 1 << 12;

}  // namespace safetensors

/// Reads a whole safetensors file from memory. The tensors of `file` are in the order of their
/// bytes and view `bytes`; `file` changes only on success.
PPLCNET_INLINE Error parse_safetensors(std::span<const std::byte> bytes, std::string_view path,
                                       TensorFile& file);

#if PPLCNET_HAS_DEFINITIONS
namespace safetensors {

inline Error read_type(JsonHeaderReader& reader, std::string_view path, Tensor& tensor) {
  std::string name;
  if (auto error = reader.read_string(name)) return error;
  const std::optional<DataType> type = data_type_named(name);
  if (!type) {
    return Error::of(path, ": tensor ", quote(tensor.name),
                     ": expected a type such as 'F32', found ", quote(name));
  }
  tensor.type = *type;
  return {};
}

inline Error read_shape(JsonHeaderReader& reader, std::string_view path, MemoryBudget& budget,
                        Tensor& tensor) {
  std::array<std::int64_t, kMaxRank> shape;
  std::size_t rank = 0;
  const auto read_dimension = [&]() -> Error {
    std::uint64_t dimension = 0;
    if (auto error = reader.read_integer(dimension)) return error;
    if (dimension > std::numeric_limits<std::int64_t>::max()) {
      return Error::of(path, ": tensor ", quote(tensor.name),
                       ": expected dimensions below 2^63, found ", dimension);
    }
    if (rank == kMaxRank) {
      return Error::of(path, ": tensor ", quote(tensor.name), ": expected at most ", kMaxRank,
                       " dimensions, found more");
    }
    shape[rank++] = static_cast<std::int64_t>(dimension);
    return {};
  };
  if (auto error = reader.read_array(read_dimension)) return error;
  if (!budget.reserve(tensor.shape, rank)) return MemoryBudget::exceeded(path);
  tensor.shape.assign(shape.begin(), shape.begin() + rank);
  return {};
}

/// Reads where in `data` the tensor's bytes begin and end.
inline Error read_offsets(JsonHeaderReader& reader, std::string_view path,
                          std::span<const std::byte> data, Tensor& tensor) {
  std::uint64_t begin = 0, end = 0;
  std::size_t count = 0;
  const auto read_offset = [&] {
    std::uint64_t surplus;
    const std::size_t index = count++;
    return reader.read_integer(index == 0 ? begin : index == 1 ? end : surplus);
  };
  if (auto error = reader.read_array(read_offset)) return error;
  if (count != 2) {
    return Error::of(path, ": tensor ", quote(tensor.name), ": expected 2 data_offsets, found ",
                     count);
  }
  if (end < begin || end > data.size()) {
    return Error::of(path, ": tensor ", quote(tensor.name), ": expected data that end between ",
                     begin, " and ", data.size(), ", found ", end);
  }
  tensor.data =
      data.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
  return {};
}

inline Error key_twice(std::string_view path, std::string_view key) {
  return Error::of(path, ": the header has the key ", quote(key), " twice in one object");
}

inline Error read_entry(JsonHeaderReader& reader, std::string_view path,
                        std::span<const std::byte> data, MemoryBudget& budget, Tensor& tensor) {
  bool has_type = false;
  bool has_shape = false;
  bool has_offsets = false;
  const auto read_field = [&](std::string_view field) {
    if (field == "dtype") {
      if (std::exchange(has_type, true)) return key_twice(path, field);
      return read_type(reader, path, tensor);
    }
    if (field == "shape") {
      if (std::exchange(has_shape, true)) return key_twice(path, field);
      return read_shape(reader, path, budget, tensor);
    }
    if (field == "data_offsets") {
      if (std::exchange(has_offsets, true)) return key_twice(path, field);
      return read_offsets(reader, path, data, tensor);
    }
    return Error::of(path, ": tensor ", quote(tensor.name),
                     ": expected dtype, shape and data_offsets, found ", quote(field));
  };
  if (auto error = reader.read_object(read_field)) return error;
  if (has_type && has_shape && has_offsets) return {};
  return Error::of(path, ": tensor ", quote(tensor.name),
                   ": expected dtype, shape and data_offsets, found no ",
                   !has_type    ? "dtype"
                   : !has_shape ? "shape"
                                : "data_offsets");
}

/// Checks that no two of the values have the same key.
template <class Value, class Key>
Error check_keys(const std::vector<Value>& values, Key Value::*key, std::string_view path,
                 MemoryBudget& budget) {
  std::vector<std::string_view> keys;
  if (!budget.reserve(keys, values.size())) return MemoryBudget::exceeded(path);
  for (const Value& value : values) keys.push_back(value.*key);
  std::ranges::sort(keys);
  const auto twice = std::ranges::adjacent_find(keys);
  return twice == keys.end() ? Error() : key_twice(path, *twice);
}

/// Reads the header's text into metadata and tensors, whose data are parts of `data`.
inline Error read_header(std::string_view text, std::span<const std::byte> data,
                         MemoryBudget& budget, TensorFile& file) {
  const std::string_view path = file.path;
  if (text.empty() || text.front() != '{') {
    return Error::of(path, ": expected a header that starts with '{', found ",
                     quote(text.substr(0, 1)));
  }
  // Each tensor has a brace of its own: no more room than for them, unless names have braces, too.
  const auto braces = static_cast<std::size_t>(std::ranges::count(text, '{'));
  if (!budget.reserve(file.tensors, std::min(braces - 1, kMaxTensors)))
    return MemoryBudget::exceeded(path);
  JsonHeaderReader reader(text, path, budget);
  bool has_metadata = false;
  const auto read_text = [&](std::string key) {
    if (file.metadata.size() == kMaxTexts) {
      return Error::of(path, ": expected at most ", kMaxTexts, " metadata, found more");
    }
    if (!budget.append(file.metadata, {std::move(key), ""})) return MemoryBudget::exceeded(path);
    return reader.read_string(file.metadata.back().second);
  };
  const auto read_member = [&](std::string name) {
    if (name == kMetadataKey) {
      if (std::exchange(has_metadata, true)) return key_twice(path, name);
      return reader.read_object(read_text);
    }
    if (file.tensors.size() == kMaxTensors) {
      return Error::of(path, ": expected at most ", kMaxTensors, " tensors, found more");
    }
    file.tensors.push_back({.name = std::move(name), .shape = {}, .data = {}});
    return read_entry(reader, path, data, budget, file.tensors.back());
  };
  if (auto error = reader.read_object(read_member)) return error;
  if (auto error = reader.read_end()) return error;
  if (auto error =
          check_keys(file.metadata, &decltype(file.metadata)::value_type::first, path, budget))
    return error;
  return check_keys(file.tensors, &Tensor::name, path, budget);
}

/// Puts the tensors into the order of their bytes, and checks that these fill `data` exactly.
inline Error sort_by_data(std::span<const std::byte> data, MemoryBudget& budget, TensorFile& file) {
  const auto problem = [&](const Tensor& tensor, const auto&... parts) {
    return Error::of(file.path, ": tensor ", quote(tensor.name), ": expected ", parts...);
  };
  const auto place = [](const Tensor& tensor) {
    return std::pair(tensor.data.data(), tensor.data.size());
  };
  if (!std::ranges::is_sorted(file.tensors, {}, place)) {
    // A tree takes less code than a sort, which moves tensors in many ways.
    using Tree = std::multimap<std::pair<const std::byte*, std::size_t>, Tensor>;
    constexpr std::size_t kNodeBytes = sizeof(Tree::value_type) + 4 * sizeof(void*);
    if (!budget.take(file.tensors.size() * kNodeBytes)) return MemoryBudget::exceeded(file.path);
    Tree sorted;
    for (Tensor& tensor : file.tensors) sorted.emplace(place(tensor), std::move(tensor));
    auto next = file.tensors.begin();
    for (auto& [begin, tensor] : sorted) *next++ = std::move(tensor);
  }
  std::size_t filled = 0;
  for (const Tensor& tensor : file.tensors) {
    const auto begin = static_cast<std::size_t>(tensor.data.data() - data.data());
    if (begin != filled)
      return problem(tensor, "data that begin at ", filled, ", where others end, found ", begin);
    const std::optional<std::uint64_t> size = byte_count(tensor.type, tensor.shape);
    if (size != tensor.data.size())
      return problem(tensor, size ? std::to_string(*size) : "a whole number below 2^61 of",
                     " bytes for ", describe(tensor.type, tensor.shape), ", found ",
                     tensor.data.size());
    filled += tensor.data.size();
  }
  if (filled == data.size()) return {};
  return Error::of(file.path, ": expected ", filled, " bytes of data for its tensors, found ",
                   data.size());
}

}  // namespace safetensors

PPLCNET_INLINE Error parse_safetensors(std::span<const std::byte> bytes, std::string_view path,
                                       TensorFile& file) {
  constexpr std::size_t kSizeBytes = sizeof(std::uint64_t);
  if (bytes.size() < kSizeBytes) {
    return Error::of(path, ": expected at least ", kSizeBytes, " bytes, found ", bytes.size());
  }
  const auto header_bytes = read_little_endian<std::uint64_t>(bytes);
  bytes = bytes.subspan(kSizeBytes);
  const std::uint64_t max_bytes =
      std::min<std::uint64_t>(safetensors::kMaxHeaderBytes, bytes.size());
  if (header_bytes > max_bytes) {
    return Error::of(path, ": expected a header of at most ", max_bytes, " bytes, found ",
                     header_bytes);
  }
  const auto header = bytes.first(static_cast<std::size_t>(header_bytes));
  const std::string_view text(reinterpret_cast<const char*>(header.data()), header.size());
  const auto data = bytes.subspan(header.size());

  MemoryBudget budget(bytes.size());
  TensorFile result;
  result.path = path;
  if (auto error = safetensors::read_header(text, data, budget, result)) return error;
  if (auto error = safetensors::sort_by_data(data, budget, result)) return error;
  file = std::move(result);
  return {};
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_READER_HPP
// from pplcnet/weights/utf8.hpp
#ifndef PPLCNET_WEIGHTS_UTF8_HPP
#define PPLCNET_WEIGHTS_UTF8_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// Appends a code point up to U+10FFFF that is not a surrogate.
inline void append_utf8(std::string& text, std::uint32_t code_point) {
  if (code_point < 0x80) {
    text += static_cast<char>(code_point);
    return;
  }
  const int continuations = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
  const std::uint32_t lead_mark = 0x7f80u >> continuations & 0xff;  // 110, 1110 or 11110 in front
  text += static_cast<char>(lead_mark | code_point >> (6 * continuations));
  for (int i = continuations - 1; i >= 0; --i) {
    text += static_cast<char>(0x80 | (code_point >> (6 * i) & 0x3f));
  }
}

/// Returns the number of a character that is UTF-8.
inline std::uint32_t code_point_of(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return lead;
  std::uint32_t code_point = lead & (0x7fu >> character.size());
  for (const char byte : character.substr(1)) {
    code_point = code_point << 6 | (static_cast<unsigned char>(byte) & 0x3f);
  }
  return code_point;
}

/// Returns whether a character moves a cursor, ends a line, or turns the direction of writing.
inline bool is_control(std::uint32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7f && code_point <= 0x9f) || code_point == 0x61c ||
         code_point == 0x200e || code_point == 0x200f ||
         (code_point >= 0x2028 && code_point <= 0x202e) ||
         (code_point >= 0x2066 && code_point <= 0x2069) || code_point == 0xfeff;
}

/// Returns whether `text` is UTF-8 as the Unicode standard has it (table 3-7): shortest forms only,
/// no surrogates, nothing above U+10FFFF.
inline bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const int continuations = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    std::uint32_t code_point = lead & (0x3fu >> continuations);
    for (int k = 0; k < continuations; ++k) {
      if (i == text.size()) return false;
      const auto byte = static_cast<unsigned char>(text[i++]);
      if (byte >> 6 != 2) return false;
      code_point = code_point << 6 | (byte & 0x3f);
    }
    if (continuations == 2 && code_point < 0x800) return false;
    if (continuations == 3 && (code_point < 0x10000 || code_point > 0x10ffff)) return false;
    if (code_point >= 0xd800 && code_point <= 0xdfff) return false;
  }
  return true;
}

/// Returns the bytes of the first character of `text`; none if it does not begin with UTF-8.
inline std::string_view first_character(std::string_view text) {
  for (std::size_t size = 1; size <= 4 && size <= text.size(); ++size) {
    if (is_utf8(text.substr(0, size))) return text.substr(0, size);
  }
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_UTF8_HPP

namespace pplcnet::inline PPLCNET_ABI {

// The native file is a safetensors file whose tensors are the packed weights, layer by layer, as
// they lie in memory: `NAME.weight` [panel][k][16], float32 or float16, `NAME.bias`, float32, and,
// where a scale and a shift follow an activation, `NAME.affine` (and zeros after these two), and
// `NAME.slopes` of a PReLU; batch
// norm and dropout are folded in, branches are one convolution. Loading is a copy; a mapped file
// needs not even that. Its metadata say what the network is and what it is for.

inline constexpr std::string_view kNativeFormat = "pplcnet";
inline constexpr std::string_view kNativeVersion = "1";

/// The tensor after the weights: the output for `self_test_input`, as the writer computed it:
/// logits, an embedding, or of each map the means of its channels.
inline constexpr std::string_view kSelfTest = "self_test.answer";

/// Key of the model's metadata which says that weights are as in memory: batch norm and branches
/// are part of them, and dropout where `kOnnxKeep` is not there.
inline constexpr std::string_view kOnnxFolded = "pplcnet.folded";

/// The factor that dropout leaves, where it is a node between the embedding and the classes'
/// weights and no part of these.
inline constexpr std::string_view kOnnxKeep = "dropout.keep";

namespace native {

/// Lists name, type, shape and place (in floats) of each tensor of the file, in order.
template <class Visit>
void for_each_tensor(std::span<const Layer> layers, Visit visit) {
  for (const Layer& layer : layers) {
    if (!layer.owns_weights()) continue;
    std::string name = layer_name(layer);
    if (name.empty()) name = join({"layer_", &layer - layers.data()});
    const auto channels = round_up(layer.output.channels, kPanel);
    visit(name + ".weight", layer.half ? DataType::f16 : DataType::f32,
          std::vector<std::int64_t>{channels / kPanel, layer.depth(), kPanel}, layer.weights,
          layer.weight_floats());
    visit(name + ".bias", DataType::f32, std::vector<std::int64_t>{channels}, layer.biases,
          static_cast<std::size_t>(channels));
    if (layer.affine)
      visit(name + ".affine", DataType::f32, std::vector<std::int64_t>{kPanel},
            layer.affine_place(), std::size_t{kPanel});
    if (layer.has_slopes())
      visit(name + ".slopes", DataType::f32, std::vector<std::int64_t>{channels},
            layer.slopes_place(), static_cast<std::size_t>(channels));
  }
}

}  // namespace native

/// Returns whether a safetensors file is one of ours.
inline bool is_native(const TensorFile& file) {
  const std::string* format = native::find(file, "format");
  return format != nullptr && *format == kNativeFormat;
}

/// The storage of a native file whose weights are integers.
inline constexpr std::string_view kQuantisedStorage = "int8";

/// Returns whether a native file's weights are integers; quantise/load.hpp reads those.
inline bool is_quantised(const TensorFile& file) {
  const std::string* storage = native::find(file, "storage");
  return is_native(file) && storage != nullptr && *storage == kQuantisedStorage;
}

/// Checks that a native file has the version that this library reads.
PPLCNET_INLINE Error check_version(const TensorFile& file);

/// Checks that a native file holds a network, and finds its packed weights: as many bytes as
/// the network's Weights, in the same order.
PPLCNET_INLINE Error find_native(const TensorFile& file, std::span<const Layer> layers,
                                 const NetworkTraits& traits, std::span<const std::byte>& packed);

/// Returns why labels cannot be stored.
PPLCNET_INLINE Error check_info(const ModelInfo& info, int classes, std::string_view path);

/// Adds model, preprocessing, output and labels to metadata, where read_info finds them.
PPLCNET_INLINE void add_info(const ModelInfo& info,
                             std::vector<std::pair<std::string, std::string>>& metadata);

/// Returns labels, preprocessing, output and model from a native file's metadata.
PPLCNET_INLINE ModelInfo read_info(const TensorFile& file);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE Error check_version(const TensorFile& file) {
  const std::string* version = native::find(file, "format_version");
  if (version != nullptr && *version == kNativeVersion) return {};
  return Error::of(file.path, ": format version ", version ? quote(*version) : "unknown",
                   ", this library reads version ", kNativeVersion);
}

PPLCNET_INLINE Error find_native(const TensorFile& file, std::span<const Layer> layers,
                                 const NetworkTraits& traits, std::span<const std::byte>& packed) {
  if (auto error = check_version(file)) return error;
  if (is_quantised(file))
    return Error::of(file.path, ": its weights are int8; this needs a network in floats")
        .with_progress(Error::kAllSteps);
  if (auto error = check_description(file, layers, traits, storage_name(traits.storage)))
    return error;
  Error error;
  std::size_t index = 0, floats = 0;
  native::for_each_tensor(layers, [&](const std::string& name, DataType type,
                                      const std::vector<std::int64_t>& shape, std::size_t,
                                      std::size_t size) {
    if (error) return;
    const Tensor* tensor = index < file.tensors.size() ? &file.tensors[index++] : nullptr;
    floats += size;
    if (tensor == nullptr || tensor->name != name || tensor->type != type || tensor->shape != shape)
      error = Error::of(
          file.path, ": expected tensor ", quote(name), " ", describe(type, shape), ", found ",
          tensor ? quote(tensor->name) + " " + describe(tensor->type, tensor->shape) : "the end");
  });
  if (error) return std::move(error).with_progress(layers.size());
  // A panel has room for more classes than the metadata may say.
  const Tensor* output = traits.classes > 0 ? file.find(kSelfTest) : nullptr;
  if (output != nullptr && output->element_count() != traits.classes)
    return Error::of(file.path, ": tensor ", quote(kSelfTest), ": expected ", traits.classes,
                     " classes, found ", output->element_count())
        .with_progress(Error::kAllSteps);
  // The reader has checked that tensors follow each other without a hole.
  packed = {file.tensors[0].data.data(), floats * sizeof(float)};
  return {};
}

PPLCNET_INLINE Error check_info(const ModelInfo& info, int classes, std::string_view path) {
  if (!info.labels.empty() && info.labels.size() != static_cast<std::size_t>(classes))
    return Error::of(path, ": ", info.labels.size(), " labels for ", classes, " classes");
  for (const std::string& label : info.labels)
    if (label.find('\n') != std::string::npos || !is_utf8(label))
      return Error::of(path, ": label ", quote(label), ": expected one line of UTF-8");
  return {};
}

PPLCNET_INLINE void add_info(const ModelInfo& info,
                             std::vector<std::pair<std::string, std::string>>& metadata) {
  std::string labels;
  for (const std::string& label : info.labels) labels += label + "\n";
  if (!info.model.empty()) metadata.emplace_back("model", info.model);
  if (!info.preprocessing.empty()) metadata.emplace_back("preprocessing", info.preprocessing);
  if (!info.output.empty()) metadata.emplace_back("output", info.output);
  if (!labels.empty()) metadata.emplace_back("labels", labels);
}

PPLCNET_INLINE ModelInfo read_info(const TensorFile& file) {
  ModelInfo info;
  if (const std::string* preset = native::find(file, "preprocessing")) info.preprocessing = *preset;
  if (const std::string* model = native::find(file, "model")) info.model = *model;
  if (const std::string* output = native::find(file, "output")) info.output = *output;
  if (const std::string* labels = native::find(file, "labels")) {
    // A hostile file may have a label for each byte, of which each would take many.
    constexpr std::ptrdiff_t kMostLabels = 1 << 16;
    std::string_view rest = *labels;
    const auto lines = std::min(std::ranges::count(rest, '\n') + 1, kMostLabels);
    info.labels.reserve(static_cast<std::size_t>(lines));
    while (!rest.empty() && std::ssize(info.labels) < kMostLabels) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      info.labels.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return info;
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_NATIVE_HPP

namespace pplcnet::inline PPLCNET_ABI {

namespace quantised_file {

template <class Value>
std::span<Value> room_for(std::vector<Value>& values, std::size_t count) {
  values.resize(count);
  return values;
}
template <class Value, std::size_t kCount>
std::span<Value> room_for(std::array<Value, kCount>& values, std::size_t /*count*/) {
  return values;
}

/// Reads a tensor, which must have this type and shape.
template <class Values>
Error read_tensor(const TensorFile& file, const std::string& name, const TensorShape& shape,
                  Values& values) {
  static_assert(std::endian::native == std::endian::little, "files are little-endian");
  constexpr DataType kType = type_of<typename Values::value_type>();
  const Tensor* tensor = file.find(name);
  if (tensor == nullptr)
    return Error::of(file.path, ": tensor ", quote(name), " ", describe(kType, shape),
                     " is missing");
  if (tensor->type != kType || tensor->shape != shape)
    return Error::of(file.path, ": tensor ", quote(name), ": expected ", describe(kType, shape),
                     ", found ", describe(tensor->type, tensor->shape));
  const auto room = room_for(values, static_cast<std::size_t>(tensor->element_count()));
  std::memcpy(room.data(), tensor->data.data(), room.size_bytes());
  return {};
}

/// Refuses tensors that were not read: `names`, in any order.
inline Error check_all_read(const TensorFile& file, std::vector<std::string>& names) {
  names.emplace_back(kSelfTest);
  std::ranges::sort(names);
  for (const Tensor& tensor : file.tensors)
    if (!std::ranges::binary_search(names, tensor.name))
      return Error::of(file.path, ": tensor ", quote(tensor.name),
                       " belongs to no layer of the network");
  return {};
}

/// Checks that the answer to the self-test, if there is one, has a number for each class.
inline Error check_answer(const TensorFile& file, const NetworkTraits& traits) {
  const Tensor* const answer = traits.classes > 0 ? file.find(kSelfTest) : nullptr;
  if (answer == nullptr || answer->element_count() == traits.classes) return {};
  return Error::of(file.path, ": tensor ", quote(kSelfTest), ": expected ", traits.classes,
                   " classes, found ", answer->element_count())
      .with_progress(Error::kAllSteps);
}

/// Says what a file holds that is not quantised.
inline Error not_quantised(const TensorFile& file) {
  return Error::of(file.path, ": expected a quantised network, found ",
                   is_native(file) ? "a native file" : "a state dict",
                   " in floats; `pplcnet quantise` makes one of it");
}

/// Parses the bytes of a file that is to be of a quantised network.
inline Error parse(std::span<const std::byte> bytes, std::string_view path, TensorFile& file) {
  const FileFormat format = detect_format(bytes);
  if (format != FileFormat::safetensors)
    return Error::of(path, ": expected a quantised network in safetensors, found ", name_of(format),
                     hint_for(format));
  return parse_safetensors(bytes, path, file);
}

}  // namespace quantised_file

/// Reads a network from the tensors of a quantised file: `layers` and `traits` are those of its
/// plan in floats. Numbers that no file may have are refused. After an error the model is of no
/// use.
inline Error read_quantised(const TensorFile& file, std::span<const Layer> layers,
                            const NetworkTraits& traits, QuantisedModel& model) {
  if (!is_quantised(file)) return quantised_file::not_quantised(file);
  if (auto error = check_version(file)) return error;
  if (auto error = check_description(file, layers, traits, kQuantisedStorage)) return error;
  model.layers.resize(layers.size());
  std::vector<std::string> names;
  const auto read = [&](const std::string& name, const quantised_file::TensorShape& shape,
                        auto& values) {
    names.push_back(name);
    return quantised_file::read_tensor(file, name, shape, values);
  };
  if (auto error = quantised_file::for_each_tensor(layers, model, read))
    return std::move(error).with_progress(layers.size());
  if (auto error = quantised_file::check_all_read(file, names)) return error;
  if (auto error = quantised_file::check_answer(file, traits)) return error;
  return quantised_file::check_model(layers, model, file.path);
}

/// Loads the same from the bytes of a file; `name` is for messages. Labels and preprocessing, where
/// the file has them, go to `info`.
inline Error load_quantised_bytes(std::span<const std::byte> bytes, std::string_view name,
                                  std::span<const Layer> layers, const NetworkTraits& traits,
                                  QuantisedModel& model, ModelInfo* info = nullptr) {
  return with_memory_for(name, [&]() -> Error {
    TensorFile file;
    if (auto error = quantised_file::parse(bytes, name, file)) return error;
    QuantisedModel found;
    if (auto error = read_quantised(file, layers, traits, found)) return error;
    ModelInfo about = read_info(file);
    if (auto error = check_info(about, traits.label_count, name)) return error;
    model = std::move(found);
    if (info != nullptr) *info = std::move(about);
    return {};
  });
}

/// Loads the same from a file.
inline Error load_quantised(std::string_view path, std::span<const Layer> layers,
                            const NetworkTraits& traits, QuantisedModel& model,
                            ModelInfo* info = nullptr) {
  return with_memory_for(path, [&]() -> Error {
    FileBytes bytes;
    if (auto error = read_file(path, bytes)) return error;
    return load_quantised_bytes(std::as_const(bytes).bytes(), path, layers, traits, model, info);
  });
}

/// Loads weights of `Quantised<Net>` from the bytes of a file, packed as kernels read them. After
/// an error they are not usable.
template <class Weights>
Error load_quantised_bytes(std::span<const std::byte> bytes, std::string_view name,
                           Weights& weights, ModelInfo* info = nullptr) {
  using Net = typename Weights::Network;
  using Floats = typename Net::Floats;
  QuantisedModel model;
  if (auto error = load_quantised_bytes(bytes, name, Floats::layers, Floats::traits, model, info))
    return error;
  const Error error = pack(model, Net::layers, weights.values);
  return error ? Error::of(name, ": ", error.message()) : Error();
}

/// Loads the same from a file.
template <class Weights>
Error load_quantised(std::string_view path, Weights& weights, ModelInfo* info = nullptr) {
  return with_memory_for(path, [&]() -> Error {
    FileBytes bytes;
    if (auto error = read_file(path, bytes)) return error;
    return load_quantised_bytes(std::as_const(bytes).bytes(), path, weights, info);
  });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_LOAD_HPP
// from pplcnet/quantise/save.hpp
#ifndef PPLCNET_QUANTISE_SAVE_HPP
#define PPLCNET_QUANTISE_SAVE_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// from pplcnet/weights/safetensors/writer.hpp
#ifndef PPLCNET_WEIGHTS_SAFETENSORS_WRITER_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_WRITER_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


namespace pplcnet::inline PPLCNET_ABI {

namespace safetensors {

/// The data begin at a multiple of this, so that a file in memory can be used in place.
inline constexpr std::size_t kDataAlignment = FileBytes::kAlignment;

/// `text` as a JSON string.
PPLCNET_INLINE std::string json_string(std::string_view text);

PPLCNET_INLINE std::string json_object(const std::vector<std::string>& members);

/// Says what makes the contents impossible to write.
PPLCNET_INLINE Error check_contents(const TensorFile& file, std::string_view path);

/// Writes the part of the file before the data: the header's size, and the header padded with
/// spaces.
PPLCNET_INLINE Error make_header(const TensorFile& file, std::string_view path,
                                 std::vector<std::byte>& header);

}  // namespace safetensors

/// Writes tensors and metadata, both in their order, as a safetensors file; `target` names it, not
/// `file.path`.
inline Error write_safetensors(NewFile& target, const TensorFile& file) {
  std::vector<std::byte> header;
  if (auto error = safetensors::make_header(file, target.path(), header)) return error;
  std::vector<std::span<const std::byte>> pieces = {header};
  for (const Tensor& tensor : file.tensors) pieces.push_back(tensor.data);
  return target.write(pieces);
}

/// Writes the same, and gives it its name: the file is complete or, after an error, not there.
inline Error write_safetensors(std::string_view path, const TensorFile& file) {
  NewFile target(path);
  if (auto error = write_safetensors(target, file)) return error;
  return target.publish();
}

#if PPLCNET_HAS_DEFINITIONS
namespace safetensors {

PPLCNET_INLINE std::string json_string(std::string_view text) {
  constexpr char kHexDigits[] = "0123456789abcdef";
  std::string json = "\"";
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\') {
      json += {'\\', character};
    } else if (byte < 0x20) {
      json += {'\\', 'u', '0', '0', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
    } else {
      json += character;
    }
  }
  return json + '"';
}

PPLCNET_INLINE std::string json_object(const std::vector<std::string>& members) {
  std::string json;
  for (const std::string& member : members) json += (json.empty() ? "" : ",") + member;
  return "{" + json + "}";
}

PPLCNET_INLINE Error check_contents(const TensorFile& file, std::string_view path) {
  if (file.tensors.size() > kMaxTensors || file.metadata.size() > kMaxTexts) {
    return Error::of(path, ": expected at most ", kMaxTensors, " tensors and ", kMaxTexts,
                     " metadata, found ", file.tensors.size(), " and ", file.metadata.size());
  }
  std::set<std::string_view> names = {kMetadataKey};
  for (const Tensor& tensor : file.tensors) {
    const std::string name = quote(tensor.name);
    if (!is_utf8(tensor.name)) {
      return Error::of(path, ": tensor ", name, ": expected a name in UTF-8");
    }
    if (!names.insert(tensor.name).second) {
      return Error::of(path, ": tensor ", name, ": expected a name that is not taken");
    }
    const std::optional<std::uint64_t> size = byte_count(tensor.type, tensor.shape);
    if (tensor.shape.size() > kMaxRank || size != tensor.data.size()) {
      return Error::of(path, ": tensor ", name, ": expected the bytes of ",
                       describe(tensor.type, tensor.shape), ", found ", tensor.data.size());
    }
  }
  std::set<std::string_view> keys;
  for (const auto& [key, value] : file.metadata) {
    if (!is_utf8(key) || !is_utf8(value) || !keys.insert(key).second) {
      return Error::of(path, ": metadata ", quote(key),
                       ": expected a key that is not taken and a value, both in UTF-8");
    }
  }
  return {};
}

PPLCNET_INLINE Error make_header(const TensorFile& file, std::string_view path,
                                 std::vector<std::byte>& header) {
  if (auto error = check_contents(file, path)) return error;
  std::vector<std::string> members;
  if (!file.metadata.empty()) {
    std::vector<std::string> texts;
    for (const auto& [key, value] : file.metadata) {
      texts.push_back(join({json_string(key), ":", json_string(value)}));
    }
    members.push_back(join({json_string(kMetadataKey), ":", json_object(texts)}));
  }
  std::size_t begin = 0;
  for (const Tensor& tensor : file.tensors) {
    const std::size_t end = begin + tensor.data.size();
    std::string shape;
    for (const std::int64_t dimension : tensor.shape) {
      shape += join({shape.empty() ? "" : ",", dimension});
    }
    members.push_back(
        join({json_string(tensor.name), ":{\"dtype\":\"", name_of(tensor.type), "\",\"shape\":[",
              shape, "],\"data_offsets\":[", begin, ",", end, "]}"}));
    begin = end;
  }
  std::string text = json_object(members);
  const std::size_t used = sizeof(std::uint64_t) + text.size();
  text.append((kDataAlignment - used % kDataAlignment) % kDataAlignment, ' ');
  if (text.size() > kMaxHeaderBytes) {
    return Error::of(path, ": expected a header of at most ", kMaxHeaderBytes, " bytes, found ",
                     text.size());
  }
  const auto size = to_little_endian(std::uint64_t{text.size()});
  const auto content = std::as_bytes(std::span(text));
  header.assign(size.begin(), size.end());
  header.insert(header.end(), content.begin(), content.end());
  return {};
}

}  // namespace safetensors
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_WRITER_HPP

namespace pplcnet::inline PPLCNET_ABI {

namespace quantised_file {

/// Adds a model's tensors, which refer to it.
inline Error add_tensors(std::span<const Layer> layers, const QuantisedModel& model,
                         std::string_view path, TensorFile& file) {
  if (model.layers.size() != layers.size())
    return Error::of(path, ": expected ", layers.size(), " quantised layers, found ",
                     model.layers.size());
  return for_each_tensor(
      layers, model, [&](const std::string& name, const TensorShape& shape, const auto& values) {
        constexpr DataType kType = type_of<std::remove_cvref_t<decltype(values[0])>>();
        const auto data = std::as_bytes(std::span(values));
        if (byte_count(kType, shape) != data.size())
          return Error::of(path, ": tensor ", quote(name), ": expected the numbers of ",
                           describe(kType, shape), ", found ", values.size());
        file.tensors.push_back({.name = name, .type = kType, .shape = shape, .data = data});
        return Error();
      });
}

/// Returns a file's metadata: what the network is, and what it is for.
inline std::vector<std::pair<std::string, std::string>> metadata_of(std::span<const Layer> layers,
                                                                    const NetworkTraits& traits,
                                                                    const ModelInfo& info) {
  std::vector<std::pair<std::string, std::string>> metadata = {
      {"format", std::string(kNativeFormat)},
      {"format_version", std::string(kNativeVersion)},
      {"network", std::string(traits.name)},
      {"input", join({traits.input.height, "x", traits.input.width})}};
  for (auto& entry : describe(layers, traits, kQuantisedStorage))
    metadata.push_back(std::move(entry));
  add_info(info, metadata);
  return metadata;
}

}  // namespace quantised_file

/// Writes the file of a quantised network: its tensors, what the network is (metadata), labels and
/// preprocessing. `layers` and `traits` are those of its plan in floats, `answer` is what it gives
/// for the self-test's picture, if anything (see self_test.hpp). What `load_quantised` would refuse
/// is not written.
inline Error save_quantised(NewFile& target, const QuantisedModel& model,
                            std::span<const Layer> layers, const NetworkTraits& traits,
                            const ModelInfo& info = {}, std::span<const float> answer = {}) {
  const std::string_view path = target.path();
  return with_memory_for(path, [&]() -> Error {
    if (auto error = check_info(info, traits.label_count, path)) return error;
    TensorFile file;
    file.metadata = quantised_file::metadata_of(layers, traits, info);
    if (auto error = quantised_file::add_tensors(layers, model, path, file)) return error;
    if (auto error = quantised_file::check_model(layers, model, path)) return error;
    if (!answer.empty())
      file.tensors.push_back({.name = std::string(kSelfTest),
                              .type = DataType::f32,
                              .shape = {static_cast<std::int64_t>(answer.size())},
                              .data = std::as_bytes(answer)});
    return write_safetensors(target, file);
  });
}

/// Writes the same, and gives the file its name: either the whole file appears or none.
inline Error save_quantised(std::string_view path, const QuantisedModel& model,
                            std::span<const Layer> layers, const NetworkTraits& traits,
                            const ModelInfo& info = {}) {
  return with_memory_for(path, [&]() -> Error {
    NewFile target(path);
    if (auto error = save_quantised(target, model, layers, traits, info)) return error;
    return target.publish();
  });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_SAVE_HPP
// from pplcnet/quantised_network.hpp
#ifndef PPLCNET_QUANTISED_NETWORK_HPP
#define PPLCNET_QUANTISED_NETWORK_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

// from pplcnet/plan/checked_quantised_plan.hpp
#ifndef PPLCNET_PLAN_CHECKED_QUANTISED_PLAN_HPP
#define PPLCNET_PLAN_CHECKED_QUANTISED_PLAN_HPP

// from pplcnet/plan/make_quantised_plan.hpp
#ifndef PPLCNET_PLAN_MAKE_QUANTISED_PLAN_HPP
#define PPLCNET_PLAN_MAKE_QUANTISED_PLAN_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

// from pplcnet/plan/quantised_chains.hpp
#ifndef PPLCNET_PLAN_QUANTISED_CHAINS_HPP
#define PPLCNET_PLAN_QUANTISED_CHAINS_HPP

#include <algorithm>
#include <cstddef>


// Which layers of a plan in bytes are computed together, how many rows at a time, and where these
// wait. A chain is one layer, or a depthwise layer or a gate and the pointwise layer that alone
// reads it.

namespace pplcnet::inline PPLCNET_ABI {

/// How many bytes of L1 a block of the picture's rows may fill.
inline constexpr std::size_t kPictureBytes = 32 << 10;

/// How many bytes of L2 another block of rows may fill. Each block reads all weights once, a few
/// panels at a time, which stay in L1 for all of its pixels.
inline constexpr std::size_t kBlockBytes = 128 << 10;

namespace planning {

constexpr Uses uses_of(const QuantisedPlan& plan) {
  Uses uses;
  for (int i = 0; i < plan.layer_count; ++i) {
    uses.last_reader[i] = -1;
    uses.last[i] = i;
    for (const int read : {plan.layers[i].from, plan.layers[i].addend, plan.layers[i].factors})
      if (read >= 0) uses.last_reader[read] = uses.last[read] = i;
  }
  return uses;
}

/// Returns bytes from a pixel of so many channels to the next one.
constexpr int byte_pitch(int channels) { return static_cast<int>(round_up(channels, kPanel)); }

/// Finds the depthwise layers and gates whose rows go through scratch into the next layer. Maps of
/// stages and results are stored.
constexpr void fuse_layers(QuantisedPlan& quantised, const Plan& plan, const Uses& uses) {
  for (int i = 0; i + 1 < plan.layer_count; ++i) {
    QuantisedLayer& layer = quantised.layers[i];
    const QuantisedLayer& next = quantised.layers[i + 1];
    layer.fused = (layer.op == Operator::depthwise || layer.op == Operator::gate) &&
                  next.op == Operator::pointwise && next.from == i && next.addend != i &&
                  uses.last_reader[i] == i + 1;
    for (int stage = 0; stage < plan.stage_count; ++stage)
      if (plan.stages[stage] == i) layer.fused = false;
    for (int output = 0; output < plan.output_count; ++output)
      if (plan.outputs[output] == i) layer.fused = false;
  }
}

/// Gives every map that is stored its shape, and the frame that its readers need.
constexpr void frame_maps(QuantisedPlan& plan) {
  for (int i = 0; i < plan.layer_count; ++i) {
    QuantisedLayer& layer = plan.layers[i];
    if (!layer.fused && !layer.gives_vector() && layer.op != Operator::picture) {
      layer.target.shape = layer.output;
      layer.target.pixel_pitch = byte_pitch(layer.output.channels);
    }
    if (layer.op != Operator::depthwise) continue;
    Padding& frame = plan.layers[layer.from].target.frame;
    frame.top = std::max(frame.top, layer.padding.top);
    frame.left = std::max(frame.left, layer.padding.left);
    frame.bottom = std::max(frame.bottom, layer.padding.bottom);
    frame.right = std::max(frame.right, layer.padding.right);
  }
}

/// Returns the bytes that a chain keeps in cache for one row of its output.
constexpr std::size_t bytes_of_row(const QuantisedLayer& first) {
  if (first.op == Operator::convolution)
    return first.picture_row_pitch() * static_cast<std::size_t>(first.stride.height);
  const Shape& kept = first.op == Operator::pointwise ? first.input : first.output;
  return static_cast<std::size_t>(kept.width) * static_cast<std::size_t>(byte_pitch(kept.channels));
}

/// Decides the rows of a chain, and what is in scratch while it is computed. Returns the bytes
/// there.
constexpr std::size_t choose_rows(QuantisedLayer& first, QuantisedLayer& last) {
  if (first.gives_vector() || first.op == Operator::picture) return 0;
  const std::size_t row = bytes_of_row(first);
  const std::size_t room = first.op == Operator::convolution ? kPictureBytes : kBlockBytes;
  const int height = first.output.height;
  first.rows = last.rows =
      row * static_cast<std::size_t>(height) <= room ? height : rows_of(room, row, height);
  if (first.op == Operator::convolution) return first.picture_bytes();
  if (!first.fused) return 0;
  first.target = {.shape = {first.rows, first.output.width, first.output.channels},
                  .pixel_pitch = byte_pitch(first.output.channels),
                  .local = true};
  return first.target.bytes();
}

/// Forms chains, and decides what each needs in scratch.
constexpr void form_chains(QuantisedPlan& plan, const Uses& uses) {
  for (int first = 0, last = 0; first < plan.layer_count; first = last + 1) {
    last = plan.layers[first].fused ? first + 1 : first;
    plan.layers[first].chain_end = last + 1;
    plan.layers[last].optional_output =
        !plan.layers[last].gives_vector() && uses.last_reader[last] < 0;
    plan.scratch_bytes =
        std::max(plan.scratch_bytes, choose_rows(plan.layers[first], plan.layers[last]));
  }
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_QUANTISED_CHAINS_HPP
// from pplcnet/plan/quantised_flaw.hpp
#ifndef PPLCNET_PLAN_QUANTISED_FLAW_HPP
#define PPLCNET_PLAN_QUANTISED_FLAW_HPP

#include <algorithm>


// What a network must keep to, so that it can be computed in bytes.

namespace pplcnet::inline PPLCNET_ABI {

// clang-format off
/// Every rule: its name, and what it says.
#define PPLCNET_QUANTISED_RULES(rule)                                                              \
  rule(storage, "Quantised: weights are given in float32 (Storage::single)")                       \
  rule(operators, "Quantised: convolutions, depthwise ones, means over all pixels, dense layers, " \
       "gates, and sums with what a pointwise convolution gives")                                  \
  rule(whole, "Quantised: layers read and write whole maps, no slices and no parts of concats")    \
  rule(picture, "Quantised: nothing but a dense convolution reads the picture, and nothing else is " \
       "one")                                                                                      \
  rule(kernel, "Quantised: kernels of 1, 3, 5 or 7 rows and columns, without dilation")            \
  rule(weights, "Quantised: each layer has weights of its own, for each channel")                  \
  rule(affine, "Quantised: no scale and shift after an activation")                                \
  rule(activation, "Quantised: activations are none, relu, relu6 and hardswish; none and relu "    \
       "around a sum and after a gate; none after a mean")                                         \
  rule(addend, "Quantised: only a pointwise convolution has an addend, which is a map")            \
  rule(vector, "Quantised: a mean reads a map, a dense layer reads a mean or a dense layer")       \
  rule(factors, "Quantised: a gate's factors come from a dense layer with hardsigmoid or sigmoid " \
       "that nothing else reads")                                                                  \
  rule(pixels, "Quantised: a mean is one of at most 65536 pixels")                                 \
  rule(depth, "Quantised: a sum has at most 32768 products")
// clang-format on

/// A rule by its name; `none`: nothing is wrong.
enum class QuantisedRule : unsigned char {
  none,
#define PPLCNET_NAME(rule, text) rule,
  PPLCNET_QUANTISED_RULES(PPLCNET_NAME)
#undef PPLCNET_NAME
};

/// Returns what a rule says.
constexpr const char* text_of(QuantisedRule rule) {
  switch (rule) {
    case QuantisedRule::none:
      break;
#define PPLCNET_CASE(rule, text) \
  case QuantisedRule::rule:      \
    return text;
      PPLCNET_QUANTISED_RULES(PPLCNET_CASE)
#undef PPLCNET_CASE
  }
  return "nothing is wrong";
}

/// Why a network cannot be computed in bytes: the rule that it breaks, and the first layer that
/// does.
struct QuantisedFlaw {
  QuantisedRule broken = QuantisedRule::none;
  int layer = -1;

  constexpr explicit operator bool() const { return broken != QuantisedRule::none; }
  constexpr bool operator==(const QuantisedFlaw&) const = default;
};

/// Has the compiler say which rule is broken, and by which layer.
template <QuantisedRule kBroken, int kLayer>
struct Quantisable {
#define PPLCNET_ASSERT(rule, text) static_assert(kBroken != QuantisedRule::rule, text);
  PPLCNET_QUANTISED_RULES(PPLCNET_ASSERT)
#undef PPLCNET_ASSERT
  static constexpr bool value = kBroken == QuantisedRule::none;
};
#undef PPLCNET_QUANTISED_RULES

namespace planning {

inline constexpr int kLargestByteKernel = 7;
/// Sums of so many products of a byte and a weight, which is 64 on average at most, and their bias
/// fit 31 bits; so does 128 times the sum of so many bytes.
inline constexpr int kMostProducts = 1 << 15, kMostPooledPixels = 1 << 16;

/// Finds the rule that a layer of a plan breaks.
class QuantisedRules {
 public:
  constexpr explicit QuantisedRules(const Plan& plan) : plan_(plan), uses_(uses_of(plan)) {
    for (int i = 0; i < plan.layer_count; ++i) ++reader_counts_[plan.layers[i].from + 1];
  }

  constexpr QuantisedRule broken_by(int index) const {
    using enum QuantisedRule;
    const Layer& layer = plan_.layers[index];
    if (!is_known(layer)) return operators;
    if (!is_whole(index)) return whole;
    if (!reads_picture_well(layer)) return picture;
    if (!has_known_kernel(layer)) return kernel;
    if (layer.weights_of >= 0 || (layer.has_weights() && layer.is_elementwise())) return weights;
    if (layer.affine) return affine;
    if (!has_known_addend(layer)) return addend;
    if (layer.gives_vector() && !reads_well(layer)) return vector;
    if (!has_known_factors(index)) return factors;
    if (!has_known_activations(index)) return activation;
    if (layer.op == Operator::pool && layer.input.pixels() > kMostPooledPixels) return pixels;
    if (layer.has_weights() && layer.depth() > kMostProducts) return depth;
    return none;
  }

 private:
  static constexpr bool is_known(const Layer& layer) {
    constexpr Operator kKnown[] = {Operator::picture,   Operator::convolution, Operator::depthwise,
                                   Operator::pointwise, Operator::pool,        Operator::dense,
                                   Operator::gate};
    return std::find(std::begin(kKnown), std::end(kKnown), layer.op) != std::end(kKnown);
  }

  /// The place of a gate's output in floats, where its map was, says nothing about bytes.
  constexpr bool is_whole(int index) const {
    const Layer& layer = plan_.layers[index];
    return (layer.owner == index || layer.op == Operator::gate) && layer.from_channel == 0 &&
           layer.addend_channel == 0 && layer.map_channels == layer.output.channels &&
           (layer.from < 0 || layer.input == plan_.layers[layer.from].output);
  }

  constexpr bool is_picture(int layer) const {
    return layer < 0 || plan_.layers[layer].op == Operator::picture;
  }

  constexpr bool reads_picture_well(const Layer& layer) const {
    return layer.op == Operator::picture ||
           (layer.op == Operator::convolution) == is_picture(layer.from);
  }

  static constexpr bool has_known_kernel(const Layer& layer) {
    const auto is_odd = [](int size) { return size % 2 == 1 && size <= kLargestByteKernel; };
    return is_odd(layer.kernel.height) && is_odd(layer.kernel.width) && layer.dilation == Pair(1);
  }

  constexpr bool has_known_addend(const Layer& layer) const {
    return layer.addend < 0 || (layer.op == Operator::pointwise && !is_picture(layer.addend) &&
                                !plan_.layers[layer.addend].gives_vector());
  }

  constexpr bool reads_well(const Layer& layer) const {
    return plan_.layers[layer.from].gives_vector() == (layer.op == Operator::dense);
  }

  static constexpr bool is_squashed(const Activation& activation) {
    return activation.kind == Activation::Kind::hardsigmoid ||
           activation.kind == Activation::Kind::sigmoid;
  }

  constexpr bool is_result(int layer) const {
    return std::find(plan_.outputs, plan_.outputs + plan_.output_count, layer) !=
               plan_.outputs + plan_.output_count ||
           std::find(plan_.stages, plan_.stages + plan_.stage_count, layer) !=
               plan_.stages + plan_.stage_count;
  }

  /// Returns whether a layer gives the factors of one gate, and nothing reads them besides.
  constexpr bool are_factors(int index) const {
    const int reader = uses_.last_reader[index];
    if (plan_.layers[index].op != Operator::dense || reader < 0 || is_result(index) ||
        plan_.layers[reader].factors != index || reader_counts_[index + 1] > 0)
      return false;
    for (int i = index + 1; i < reader; ++i)
      if (plan_.layers[i].factors == index) return false;
    return true;
  }

  /// Neither is a gate without them, nor are they of anything but a gate.
  constexpr bool has_known_factors(int index) const {
    const Layer& layer = plan_.layers[index];
    if (layer.op == Operator::dense) return !is_squashed(layer.activation) || are_factors(index);
    return layer.op != Operator::gate ||
           (are_factors(layer.factors) && is_squashed(plan_.layers[layer.factors].activation) &&
            !plan_.layers[layer.from].gives_vector());
  }

  constexpr bool has_known_activations(int index) const {
    using enum Activation::Kind;
    const Layer& layer = plan_.layers[index];
    const Activation::Kind kind = layer.activation.kind, last = layer.last_activation.kind;
    const bool is_simple = kind == none || kind == relu;
    if (layer.op == Operator::pool || layer.op == Operator::picture) return kind == none;
    if (layer.op == Operator::gate) return is_simple;
    if (layer.addend >= 0) return is_simple && (last == none || last == relu);
    return is_simple || kind == relu6 || kind == hardswish ||
           (layer.op == Operator::dense && is_squashed(layer.activation));
  }

  const Plan& plan_;
  Uses uses_;
  int reader_counts_[Plan::kMaxLayers + 1] = {};  // of each layer's output, but for other operands
};

}  // namespace planning

/// Returns why a plan cannot be computed in bytes; nothing if it can.
constexpr QuantisedFlaw quantised_flaw(const Plan& plan) {
  if (plan.traits.storage != Storage::single) return {QuantisedRule::storage, 0};
  const planning::QuantisedRules rules(plan);
  for (int i = 0; i < plan.layer_count; ++i)
    if (const QuantisedRule broken = rules.broken_by(i); broken != QuantisedRule::none)
      return {broken, i};
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_QUANTISED_FLAW_HPP

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// Says how the sums of a layer become its output.
constexpr Ending ending_of(const Plan& plan, const Uses& uses, int index) {
  const Layer& layer = plan.layers[index];
  if (layer.op != Operator::dense) return Ending::bytes;
  const int reader = uses.last_reader[index];
  if (reader >= 0 && plan.layers[reader].factors == index) return Ending::factors;
  return reader < 0 && layer.activation == Activation::none ? Ending::logits : Ending::bytes;
}

/// Returns what a layer computes in bytes: the same. A convolution reads the picture itself, not
/// the map of it that it would read in floats.
constexpr QuantisedLayer quantised(const Plan& plan, int index) {
  const Layer& layer = plan.layers[index];
  QuantisedLayer result;
  result.op = layer.op;
  result.activation = layer.activation;
  result.last_activation = layer.last_activation;
  result.kernel = layer.kernel;
  result.stride = layer.stride;
  result.padding = layer.padding;
  result.input = layer.input;
  result.output = layer.output;
  result.from = layer.op == Operator::convolution ? -1 : layer.from;
  result.addend = layer.addend;
  result.factors = layer.factors;
  result.multiply_adds = layer.multiply_adds;
  return result;
}

/// Places weights and constants: what pictures are, then layer after layer.
constexpr void place_weights(QuantisedPlan& plan) {
  static_assert(sizeof(PictureConstants) <= kByteAlignment);
  plan.weight_bytes = kByteAlignment;
  for (int i = 0; i < plan.layer_count; ++i) {
    QuantisedLayer& layer = plan.layers[i];
    if (layer.op == Operator::picture) continue;
    layer.weights = plan.weight_bytes;
    layer.constants = layer.weights + layer.weight_bytes();
    plan.weight_bytes = layer.constants + layer.constant_bytes();
  }
}

/// Places vectors: of a chunk of images each, one image after the other.
constexpr void place_vectors(QuantisedPlan& plan) {
  for (int i = 0; i < plan.layer_count; ++i) {
    QuantisedLayer& layer = plan.layers[i];
    const int vector = layer.factors >= 0 ? layer.factors : layer.from;
    if (vector >= 0) layer.source_vector = plan.layers[vector].target_vector;
    if (!layer.gives_vector()) continue;
    layer.target_vector = plan.vector_bytes;
    plan.vector_bytes += layer.vector_pitch() * kChunk;
  }
}

/// Tells every layer which maps it reads.
constexpr void connect_maps(QuantisedPlan& plan) {
  for (int i = 0; i < plan.layer_count; ++i) {
    QuantisedLayer& layer = plan.layers[i];
    if (layer.from >= 0) layer.source = plan.layers[layer.from].target;
    if (layer.addend >= 0) layer.addend_map = plan.layers[layer.addend].target;
  }
}

}  // namespace planning

/// Lays a network out in bytes, from its plan in floats, which has no quantised_flaw: the same
/// layers in the same order.
constexpr QuantisedPlan make_quantised_plan(const Plan& plan) {
  QuantisedPlan result;
  const planning::Uses float_uses = planning::uses_of(plan);
  result.traits = plan.traits;
  result.layer_count = plan.layer_count;
  for (int i = 0; i < plan.layer_count; ++i) {
    result.layers[i] = planning::quantised(plan, i);
    result.layers[i].ending = planning::ending_of(plan, float_uses, i);
  }
  result.output_count = plan.output_count;
  std::copy_n(plan.outputs, plan.output_count, result.outputs);
  const planning::Uses uses = planning::uses_of(result);
  planning::place_weights(result);
  planning::fuse_layers(result, plan, uses);
  planning::frame_maps(result);
  planning::form_chains(result, uses);
  result.map_bytes = planning::place_whole_maps(result, uses);
  planning::place_vectors(result);
  planning::connect_maps(result);
  return result;
}

/// Returns the same when a program runs, compiled once; null if there is no memory.
PPLCNET_QUANTISED_INLINE std::unique_ptr<QuantisedPlan> new_quantised_plan(
    const Plan& plan) noexcept;

#if PPLCNET_HAS_QUANTISED_DEFINITIONS
PPLCNET_QUANTISED_INLINE std::unique_ptr<QuantisedPlan> new_quantised_plan(
    const Plan& plan) noexcept {
  std::unique_ptr<QuantisedPlan> result(new (std::nothrow) QuantisedPlan);
  if (result != nullptr) *result = make_quantised_plan(plan);
  return result;
}
#endif  // PPLCNET_HAS_QUANTISED_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_MAKE_QUANTISED_PLAN_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// The plan in bytes of a definition that is `Checked`: one that cannot be quantised does not
/// compile, and nothing more is said of it.
template <class CheckedDefinition>
class CheckedQuantised {
  static constexpr Plan kFloats = CheckedDefinition::plan();
  static constexpr QuantisedFlaw kFlaw = quantised_flaw(kFloats);

  /// Is a definition of a network without a flaw, in the place of one that has one.
  struct Nothing {
    static constexpr Graph graph() {
      Graph nothing({1, 1});
      nothing.output(
          nothing.dense(nothing.global_mean(nothing.conv(nothing.image(), 1, {})), 1, {}));
      return nothing;
    }
  };

 public:
  /// Returns the plan of the definition.
  static constexpr QuantisedPlan plan() {
    if constexpr (Quantisable<kFlaw.broken, kFlaw.layer>::value)
      return make_quantised_plan(kFloats);
    else
      return make_quantised_plan(Checked<Nothing>::plan());
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_CHECKED_QUANTISED_PLAN_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// A network in bytes: what `TNet`, a network in floats, computes, with integers from the picture's
/// bytes to the logits. Every instruction set, thread count and batch gives the same bits. A
/// network that cannot be computed so does not compile.
template <class TNet>
class Quantised {
  static constexpr QuantisedPlan kWhole =
      CheckedQuantised<Checked<typename TNet::Definition>>::plan();

 public:
  using Floats = TNet;  ///< the same network in floats
  using Definition = typename TNet::Definition;
  static constexpr NetworkTraits traits = kWhole.traits;
  static constexpr int layer_count = kWhole.layer_count;
  /// Those of the network in floats, in the same order.
  static constexpr std::array<QuantisedLayer, layer_count> layers =
      first_of<layer_count>(kWhole.layers);
  static constexpr std::int64_t parameter_count = TNet::parameter_count;
  static constexpr std::int64_t multiply_add_count = TNet::multiply_add_count;

  static constexpr int classes = TNet::classes;  ///< 0: no classifier
  static constexpr Shape input_shape = TNet::input_shape;
  static constexpr std::size_t input_size = TNet::input_size;
  static constexpr int stage_count = TNet::stage_count;
  static constexpr int output_count = TNet::output_count;
  static constexpr int embedding_size = TNet::embedding_size;

  /// Packed weights and constants: immutable after loading, shared by any number of threads.
  struct Weights : InHugePages {
    using Network = Quantised<TNet>;
    alignas(kByteAlignment) std::array<std::byte, kWhole.weight_bytes> values;
  };
  static constexpr std::size_t weight_bytes = sizeof(Weights);

  /// Refers to packed weights that lie elsewhere: in a Weights, a mapped file, the executable.
  class WeightsView {
   public:
    WeightsView(const Weights& weights) noexcept  // NOLINT(google-explicit-constructor)
        : values_(weights.values.data()) {}
    /// `values` must be aligned to 64 bytes and stay where it is.
    explicit WeightsView(std::span<const std::byte, kWhole.weight_bytes> values) noexcept
        : values_(values.data()) {}
    const std::byte* values() const noexcept { return values_; }

   private:
    const std::byte* values_;
  };

  /// Buffers of one forward pass; one for each thread that calls forward. The executor of a call
  /// may use up to kThreads threads.
  template <int kThreads>
  struct ParallelWorkspace : InHugePages {
    static constexpr int threads = kThreads;
    alignas(kByteAlignment) std::array<std::uint8_t, kWhole.map_bytes> maps;
    alignas(kByteAlignment) std::array<std::uint8_t, kWhole.vector_bytes> vectors;
    alignas(kByteAlignment) std::array<std::uint8_t, kThreads * kWhole.scratch_bytes> scratch;
  };
  using Workspace = ParallelWorkspace<1>;
  static constexpr std::size_t workspace_bytes = sizeof(Workspace);

  using Image = typename TNet::Image;
  using Logits = typename TNet::Logits;
  using Features = typename TNet::Features;

  /// Class scores before softmax. No allocation, no lock, no failure. The picture is planar
  /// [3][height][width], normalised as the network was trained; its values become bytes.
  template <int kThreads>
  static void forward(WeightsView weights, Image image, ParallelWorkspace<kThreads>& workspace,
                      Logits& logits, const RunOptions& options = {}) noexcept {
    forward(weights, Picture::planar(image.data(), input_shape), workspace, logits, options);
  }

  /// Computes the same for a picture that lies elsewhere, planar or interleaved, float or bytes:
  /// bytes are taken as they are.
  template <int kThreads>
  static void forward(WeightsView weights, const Picture& picture,
                      ParallelWorkspace<kThreads>& workspace, Logits& logits,
                      const RunOptions& options = {}) noexcept {
    forward_batch(weights, std::span(&picture, 1), workspace, logits, options);
  }

  /// Computes kBatch images, one after the other, to kBatch rows of logits; the head's weights are
  /// read once for up to kChunk images.
  template <int kBatch, int kThreads>
  static void forward_batch(WeightsView weights, std::span<const float, kBatch * input_size> images,
                            ParallelWorkspace<kThreads>& workspace,
                            std::span<float, kBatch * std::size_t{classes}> logits,
                            const RunOptions& options = {}) noexcept {
    static_assert(kBatch > 0, "a batch has at least one image");
    Picture pictures[kBatch];
    for (int i = 0; i < kBatch; ++i)
      pictures[i] = Picture::planar(images.data() + i * input_shape.size(), input_shape);
    forward_batch(weights, std::span<const Picture>(pictures), workspace, logits, options);
  }

  /// Computes the same for any number of pictures that lie elsewhere; `logits` has a row for each.
  template <int kThreads>
  static void forward_batch(WeightsView weights, std::span<const Picture> pictures,
                            ParallelWorkspace<kThreads>& workspace, std::span<float> logits,
                            const RunOptions& options = {}) noexcept {
    static_assert(classes > 0, "forward, forward_batch: the network has no classifier");
    float* row = logits.data();
    while (!pictures.empty()) {
      const auto chunk = pictures.first(std::min(pictures.size(), std::size_t{kChunk}));
      float* destinations[kChunk * layer_count] = {};
      for (std::size_t i = 0; i < chunk.size(); ++i, row += classes)
        destinations[i * layer_count + traits.logits] = row;
      run(weights, chunk, workspace, destinations, options);
      pictures = pictures.subspan(chunk.size());
    }
  }

  /// Computes feature maps, pooled vector, embedding, logits, whatever `requested` points to: the
  /// real numbers that their bytes stand for.
  template <int kThreads>
  static void features(WeightsView weights, Image image, ParallelWorkspace<kThreads>& workspace,
                       const Features& requested, const RunOptions& options = {}) noexcept {
    features(weights, Picture::planar(image.data(), input_shape), workspace, requested, options);
  }

  /// Computes the same for a picture that lies elsewhere (see `forward`).
  template <int kThreads>
  static void features(WeightsView weights, const Picture& picture,
                       ParallelWorkspace<kThreads>& workspace, const Features& requested,
                       const RunOptions& options = {}) noexcept {
    float* destinations[layer_count] = {};
    const auto for_each_requested = [&](auto visit) {
      for (int i = 0; i < layer_count; ++i) visit(i, requested.layers.data()[i]);
      for (int i = 0; i < stage_count; ++i) visit(TNet::stage_layer(i), requested.stages.data()[i]);
      for (int i = 0; i < output_count; ++i)
        visit(TNet::output_layer(i), requested.outputs.data()[i]);
      visit(traits.pooled, requested.pooled);
      visit(traits.embedding, requested.embedding);
      visit(traits.logits, requested.logits);
    };
    for_each_requested([&](int layer, float* destination) {
      if (layer >= 0 && destination != nullptr) destinations[layer] = destination;
    });
    run(weights, std::span(&picture, 1), workspace, destinations, options);
    // One layer can be requested under two names: without a head the pooled vector is the
    // embedding.
    for_each_requested([&](int layer, float* destination) {
      if (layer >= 0 && destination != nullptr && destination != destinations[layer])
        std::copy_n(destinations[layer], layers.data()[layer].output.size(), destination);
    });
  }

 private:
  template <int kThreads>
  static void run(WeightsView weights, std::span<const Picture> pictures,
                  ParallelWorkspace<kThreads>& workspace, float* const* destinations,
                  const RunOptions& options) noexcept {
    forward_quantised({.layers = layers.data(),
                       .layer_count = layer_count,
                       .weights = weights.values(),
                       .pictures = pictures.data(),
                       .images = static_cast<int>(pictures.size()),
                       .destinations = destinations,
                       .maps = workspace.maps.data(),
                       .vectors = workspace.vectors.data(),
                       .scratch = workspace.scratch.data(),
                       .scratch_bytes = kWhole.scratch_bytes,
                       .threads = std::clamp(options.executor.threads(), 1, kThreads),
                       .executor = options.executor},
                      options.isa);
  }
};

/// That in bytes.
template <class TNet>
struct InPrecision<Precision::int8, TNet> {
  using Network = Quantised<TNet>;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISED_NETWORK_HPP

#endif  // PPLCNET_QUANTISED_HPP
