#ifndef PPLCNET_KERNELS_ARGUMENTS_HPP
#define PPLCNET_KERNELS_ARGUMENTS_HPP

#include <array>
#include <cstddef>

#include "pplcnet/abi.hpp"
#include "pplcnet/kernels/rows.hpp"
#include "pplcnet/kernels/run.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Rows of the picture that two output rows are computed from, and where these go. A picture has
/// few channels and its output few more, so a vector holds neighbouring outputs of one channel,
/// which are turned into pixels when they are stored.
struct ConvolutionRows {
  const float *upper, *lower;  // [kernel row][in][phase][column], from load_lines
  std::size_t phase_pitch;
  int lines;             // kernel rows × input channels
  const float* weights;  // [panel][kernel row][in][kernel column][16]
  const float* biases;
  int channels;  // a multiple of 8
  Activation::Kind activation;
  int width;
  float *upper_output, *lower_output;
  std::size_t pixel_pitch;
};

/// Rows of a depthwise layer: what they are computed from, and where they go.
struct DepthwiseRows {
  const float* const* inputs;  // [kernel row]: the left frame of the first output row's inputs
  int row_step;                // from an output row's inputs to the next one's
  std::size_t input_pixel_pitch;
  const float* weights;  // [panel][tap][16]
  const float* biases;
  int channels;
  Activation::Kind activation;
  int count, width;
  float* output;
  std::size_t output_pixel_pitch, output_row_pitch;
};

/// output[m][o] = activation(bias[o] + sum_k input[m][k] * weights[k][o]), summed in the order of
/// k: in a convolution the channels of one tap after those of the other.
struct Product {
  const float* input = nullptr;  // of a pointwise layer
  std::size_t pixel_pitch = 0;
  int depth;               // taps × tap_depth
  int tap_depth;           // input channels
  const float* weights;    // [panel][k][16]
  bool half;               // they are float16, and become float32 at
  float* float32_scratch;  // kConvertedPanels panels
  const float* biases;
  int channels;  // a multiple of 8
  Activation::Kind activation;
  float* output;  // pixel m is at (m / width, m % width)
  int width;
  std::size_t output_pixel_pitch, output_row_pitch;
  // Of a convolution.
  const float* const* rows = nullptr;  // [output row][kernel row]: where the row's first input is
  int kernel_rows = 1, kernel_columns = 1;
  std::size_t tap_pitch = 0;  // floats from a tap to its right neighbour
};

/// Returns what products with a layer's weights have in common; the inputs are left out.
inline Product product_of(const Layer& layer, const float* weights, float* scratch,
                          const Rows& output) {
  return {.depth = layer.depth(),
          .tap_depth = layer.input.channels,
          .weights = weights + layer.weights,
          .half = layer.half,
          .float32_scratch = scratch + layer.float32_scratch,
          .biases = weights + layer.biases,
          .channels = layer.padded_channels(),
          .activation = layer.activation.kind,
          .output = output.pixels,
          .width = layer.output.width,
          .output_pixel_pitch = output.pixel_pitch,
          .output_row_pitch = output.row_pitch};
}

/// Each of `count` × `width` pixels becomes activation(x), x * scale + shift, x + addend; in this
/// order, and whatever of it there is.
struct Epilogue {
  Activation activation;
  const float* affine;  // scale and shift; null: none
  Rows addend;          // null: none
  Rows rows;
  int count, width;
};

/// Returns whether tiles compute an activation while they are stored. The others are dear or rare:
/// they come after. (So does a PReLU.)
inline bool fuses_into_tile(const Activation& activation) {
  using Kind = Activation::Kind;
  return activation.kind == Kind::none || activation.kind == Kind::relu ||
         activation.kind == Kind::relu6 || activation.kind == Kind::hardswish ||
         activation.kind == Kind::prelu;
}

/// One image's way through the layers, in one thread.
struct Context {
  const Run& run;
  int image;
  int thread;

  const Picture& picture() const { return run.pictures[image]; }
  /// Returns the image's vector at an offset, that of a layer or one that it reads.
  float* vector(std::size_t offset, const Shape& shape) const {
    return run.vectors + offset +
           static_cast<std::size_t>(image) *
               static_cast<std::size_t>(round_up(shape.channels, kPanel));
  }
  /// Returns what a map's offset counts from.
  float* base(const Map& map) const {
    if (!map.local) return run.maps;
    return run.scratch + static_cast<std::size_t>(thread) * run.scratch_floats;
  }
  float* pixels(const Map& map, int y) const { return base(map) + map.pixels(y); }
  /// Returns the floats of scratch that a layer asks for (`planning::map_scratch`).
  float* scratch(const Layer& layer) const {
    return run.scratch + layer.scratch + static_cast<std::size_t>(thread) * run.scratch_floats;
  }
};

/// Computes rows [begin, end) of a layer's output.
using MapRows = void (*)(const Context& context, const Layer& layer, int begin, int end);

/// The kernels of one instruction set: what `forward` calls. Those that a program does not need are
/// null.
struct Kernels {
  /// Computes some channels of a product over so many pixels.
  using ProductRows = void (*)(const Product&, int pixels, int begin, int end);
  /// Convolutions of the picture, of one stride.
  struct Stem {
    void (*load_lines)(const Layer&, const Picture&, int begin, int end, float* lines) = nullptr;
    void (*rows)(const ConvolutionRows&) = nullptr;
  };

  int share = kPanel;  ///< channels that a thread takes at least
  Stem stems[2] = {};  ///< by stride: 1, 2
  ProductRows pointwise = nullptr, convolution = nullptr, l1 = nullptr;
  void (*depthwise)(const DepthwiseRows&, int kernel, int stride) = nullptr;
  void (*depthwise_any)(const Layer&, const float* const* inputs, const float* weights, int begin,
                        int end, const Rows& output) = nullptr;
  void (*spread_pixels)(const Layer&, Rows from, int count, Rows to) = nullptr;
  void (*prelu)(const Layer&, const float* weights, const Rows&, int count,
                const ChannelRange&) = nullptr;
  void (*epilogue)(const Epilogue&, int begin, int end) = nullptr;
  void (*clear_frame)(const Map&, float* base, int begin, int end) = nullptr;
  void (*pool)(const Layer&, const float* maps, int begin, int end, float* output) = nullptr;
  /// Computes panels [begin, end) of a dense layer for so many images.
  void (*dense)(const Run&, const Layer&, int image, int images, int begin, int end) = nullptr;
  std::array<MapRows, kOperatorCount> maps = {};  ///< by the numbers of their operators
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_ARGUMENTS_HPP
