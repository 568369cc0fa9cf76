#ifndef PPLCNET_PLAN_LAYER_HPP
#define PPLCNET_PLAN_LAYER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/graph/storage.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Weights are stored in panels of this many output channels, the widest vector of any supported
/// CPU, so that one file of packed weights serves every instruction set.
inline constexpr int kPanel = 16;
/// Kernels compute channels by half panels; a map has room for whole ones.
inline constexpr int kHalfPanel = kPanel / 2;

/// Activations in the workspace, channels last. Each row has zeros at its left and right, as many
/// as the padding of the convolutions that read it, so that no kernel ever asks where the border
/// is; for the rows above and below there is one row of zeros. Rows are kept in a ring: all of them
/// where the map is stored whole, or only as many as their reader needs at a time.
struct Map {
  std::size_t offset =
      0;  ///< of the first float: in the workspace's maps, or in a thread's scratch
  Shape shape = {};
  int left = 0, right = 0;  ///< frame, in pixels
  int pixel_pitch = 0;      ///< floats from a pixel to its right neighbour
  int ring = 0;             ///< rows that are kept
  bool local = false;       ///< in scratch: each thread has its own

  constexpr bool exists() const { return pixel_pitch > 0; }
  constexpr std::size_t row_pitch() const {
    return static_cast<std::size_t>(left + shape.width + right) *
           static_cast<std::size_t>(pixel_pitch);
  }
  constexpr std::size_t floats() const {
    return static_cast<std::size_t>(
        round_up(std::int64_t{ring} * static_cast<std::int64_t>(row_pitch()), kPanel));
  }
  constexpr std::size_t size() const { return floats(); }  ///< as a ByteMap has
  /// Returns the offset of row y, left frame first.
  constexpr std::size_t row(int y) const {
    return offset + static_cast<std::size_t>(y % ring) * row_pitch();
  }
  /// Returns the offset of pixel (y, 0).
  constexpr std::size_t pixels(int y) const {
    return row(y) + static_cast<std::size_t>(left) * static_cast<std::size_t>(pixel_pitch);
  }
};

/// One step of the plan: what to compute, from where, to where, with which weights.
struct Layer : Attributes {
  Activation last_activation = Activation::none;  ///< after the addend
  Pair kernel = 1, dilation = 1;
  Stride stride = 1;
  Padding padding = {};
  Shape input = {}, output = {};

  // Which layers' outputs are read; ordinals in the plan, and the first channel there.
  int from = -1;  ///< what this layer computes with; -1: the picture
  int from_channel = 0;
  int addend = -1;  ///< what is added to its output, or multiplies it; -1: nothing
  int addend_channel = 0;
  int factors = -1;                   ///< of a gate: the vector that multiplies the map
  int read_step = 1, write_step = 1;  ///< of a copy: every so many channels
  Shape factor_shape = {};            ///< of the map that multiplies: along each axis all or one

  // Whose map holds its output: its own ordinal or that of a layer before it, and where.
  int owner = -1;
  int owner_channel = 0;
  int map_channels = 0;  ///< of the owner's map

  // In files.
  bool batch_norm = false;         ///< a batch norm follows the weights
  int weights_of = -1;             ///< the layer whose weights it has, too; -1: it has its own
  int scale_percent = 100;         ///< the input is multiplied by this / 100 (dropout)
  std::int64_t parameters = 0;     ///< trainable: weights, biases, gamma and beta, affine
  std::int64_t buffers = 0;        ///< batch norm's mean and variance
  std::int64_t multiply_adds = 0;  ///< without biases and activations

  // In memory; offsets count floats.
  bool half = false;        ///< the weights are stored as float16, two in the place of a float
  std::size_t weights = 0;  ///< in Weights: [panel][k][16]
  std::size_t biases = 0;   ///< in Weights: [channels rounded up to 16], then the affine's two
  Map source = {},
      target = {};  ///< maps that are read and written in full (target: unless `fused`)
  Map addend_map = {};
  std::size_t source_vector = 0, target_vector = 0;  ///< in the workspace, per image of a chunk
  int rows = 1;                                      ///< output rows that are computed at a time
  int chain_end = 0;  ///< in the first layer of a chain: the layer after its last one
  int pitch = 0;      ///< floats from pixel to pixel of its output in scratch
  std::size_t float32_scratch =
      0;                    ///< in scratch: where a panel of float16 weights becomes float32
  std::size_t scratch = 0;  ///< in scratch: where a block of rows goes, after the row of zeros
  std::size_t edge_copies =
      0;               ///< in scratch, of several threads: where rows around a band's edges go
  bool fused = false;  ///< its rows go through scratch into the next layer
  bool optional_output = false;  ///< no layer reads it: computed only on request

  /// Returns the length of the sum of one output channel.
  constexpr int depth() const {
    const int taps = kernel.height * kernel.width;
    if (op == Operator::normalise) return 1;
    return op == Operator::depthwise ? taps : taps * input.channels;
  }
  /// Returns the rows and columns from a kernel's first tap to its last.
  constexpr Pair reach() const {
    return {(kernel.height - 1) * dilation.height + 1, (kernel.width - 1) * dilation.width + 1};
  }
  /// Returns the columns of the framed input that the kernel reads.
  constexpr int framed_columns() const { return (output.width - 1) * stride.width + reach().width; }
  /// The picture's framed columns are taken apart by their remainder modulo the stride: so many
  /// floats are kept for each, a panel in front for the frame included, and what a vector reads
  /// that is wider than the output.
  constexpr std::size_t phase_columns() const {
    const int vectors = std::max(output.width, kPanel);
    return static_cast<std::size_t>(kPanel +
                                    round_up(vectors + (kernel.width - 1) / stride.width, kPanel));
  }
  /// It scales and shifts channels, which do not count as products.
  constexpr bool is_elementwise() const {
    return layout == Layout::none || layout == Layout::vector || layout == Layout::pixel;
  }
  /// It is a convolution of the picture, which has a kernel of its own.
  constexpr bool is_stem() const { return op == Operator::convolution && from < 0; }
  /// It is a dense convolution of a map.
  constexpr bool is_map_convolution() const { return op == Operator::convolution && from >= 0; }
  /// It is a matrix product over the channels of a map, tap by tap, or what has the form of one.
  constexpr bool is_product() const {
    return op == Operator::pointwise || op == Operator::l1 || is_map_convolution();
  }
  /// Returns whether its kernel reads several rows of a map inside its frame.
  constexpr bool reads_neighbours() const {
    return op == Operator::depthwise || (is_product() && op != Operator::pointwise);
  }
  /// It is computed by blocks of rows.
  constexpr bool works_by_rows() const {
    return op == Operator::convolution || op == Operator::depthwise || is_product();
  }
  /// Each of its pixels is a part of one of the input: rows can go through scratch into it.
  constexpr bool spreads_pixels() const {
    return op == Operator::rearrange && rearrangement.kind == Rearrangement::Kind::depth_to_space;
  }
  /// Returns how many rows of its output are made from one row that its unit computes.
  constexpr int rows_of_one() const { return spreads_pixels() ? rearrangement.first : 1; }
  constexpr bool gives_vector() const { return op == Operator::pool || op == Operator::dense; }
  constexpr bool has_weights() const {
    return op == Operator::convolution || op == Operator::depthwise || op == Operator::dense ||
           op == Operator::normalise || is_product();
  }
  /// It has weights that no layer before it has.
  constexpr bool owns_weights() const { return has_weights() && weights_of < 0; }
  constexpr bool has_slopes() const { return activation.kind == Activation::Kind::prelu; }
  /// Returns what the kernels compute.
  constexpr int padded_channels() const {
    return static_cast<int>(round_up(output.channels, kHalfPanel));
  }
  constexpr std::size_t weight_floats() const {
    if (!has_weights()) return 0;
    return static_cast<std::size_t>(round_up(output.channels, kPanel) * depth() / (half ? 2 : 1));
  }
  constexpr std::size_t bias_floats() const {
    if (!has_weights()) return 0;
    return static_cast<std::size_t>(round_up(output.channels, kPanel) * (has_slopes() ? 2 : 1) +
                                    (affine ? kPanel : 0));
  }
  /// Where a PReLU's slopes are.
  constexpr std::size_t slopes_place() const {
    return biases + bias_floats() - static_cast<std::size_t>(round_up(output.channels, kPanel));
  }
  /// Where the affine's scale is; its shift is after it.
  constexpr std::size_t affine_place() const {
    return biases + static_cast<std::size_t>(round_up(output.channels, kPanel));
  }
};

/// Images that share one pass over the weights of the head.
inline constexpr int kChunk = 8;

/// What a network is besides its layers.
struct NetworkTraits {
  std::string_view name = "custom", what = {};
  Extent input = {224, 224};
  int classes = 0;      ///< 0: no classifier
  int label_count = 0;  ///< labels that it may have: of its classes, or of the channels of its map
  int logits = -1;      ///< layer; -1: none, as in all of these
  int embedding = -1;   ///< what the classifier sees, or the result that is a vector
  int pooled = -1;      ///< the last mean over all pixels before these
  Storage storage = Storage::single;
  TensorNames tensor_names = {};
  std::span<const Naming> namings = {};
  std::span<const Name> unused = {};  ///< modules that files may have besides
  std::span<const OptionalModule> optional = {};
  std::uint64_t fingerprint = 0;  ///< of the graph, whatever its input's size
};

/// A network, laid out: its layers in order of execution, and the memory they need.
struct Plan {
  static constexpr int kMaxLayers = Graph::kMaxLayers;
  static constexpr int kMaxChain = 96;  ///< layers of a chain

  NetworkTraits traits;
  Layer layers[kMaxLayers] = {};
  int layer_count = 0;
  int stages[Graph::kMaxOutputs] = {};  ///< index of each stage's last layer
  Name stage_names[Graph::kMaxOutputs] = {};
  int stage_count = 0;
  /// What the network is for: logits, an embedding, or maps.
  int outputs[Graph::kMaxOutputs] = {};
  Name output_names[Graph::kMaxOutputs] = {};  ///< where they have names of their own
  int output_count = 0;

  std::size_t weight_floats = 0;
  std::size_t map_floats = 0;      ///< workspace: maps, shared by liveness
  std::size_t vector_floats = 0;   ///< workspace: pooled vectors, gates, embedding, logits
  std::size_t scratch_floats = 0;  ///< workspace: for each thread
  std::size_t edge_floats = 0;     ///< workspace: for each thread besides, if there are several

  std::int64_t parameter_count = 0;
  std::int64_t buffer_count = 0;
  std::int64_t multiply_add_count = 0;

  constexpr const Layer& back() const { return layers[layer_count - 1]; }
  /// Returns the floats of scratch that each of so many threads needs.
  constexpr std::size_t scratch_of(int threads) const {
    return scratch_floats + (threads > 1 ? edge_floats : 0);
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_LAYER_HPP
