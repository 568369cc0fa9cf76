#ifndef PPLCNET_KERNELS_INT8_ARGUMENTS_HPP
#define PPLCNET_KERNELS_INT8_ARGUMENTS_HPP

#include <cstddef>
#include <cstdint>

#include "pplcnet/abi.hpp"
#include "pplcnet/graph/activation.hpp"
#include "pplcnet/graph/shape.hpp"
#include "pplcnet/kernels/int8/picture_bytes.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan/quantised_layer.hpp"

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
