#ifndef PPLCNET_ARCHITECTURE_HPP
#define PPLCNET_ARCHITECTURE_HPP

#include <cstdint>
#include <string_view>

#include "pplcnet/abi.hpp"
#include "pplcnet/graph/activation.hpp"
#include "pplcnet/graph/name.hpp"
#include "pplcnet/graph/shape.hpp"

// What a network is, as data. The tables of the published families are in family/; `make_plan`
// turns an architecture into layers.

namespace pplcnet::inline PPLCNET_ABI {

/// Width multiplier in exact hundredths: the published scales; any other value works too,
/// `static_cast<Scale>(60)` is x0.60.
enum class Scale : int {
  x0_25 = 25,
  x0_35 = 35,
  x0_5 = 50,
  x0_75 = 75,
  x0_95 = 95,
  x1_0 = 100,
  x1_25 = 125,
  x1_5 = 150,
  x2_0 = 200,
  x2_5 = 250
};

/// The published families that share the name PP-LCNet: they differ in the parts of a block, and in
/// the names in files.
enum class Family : unsigned char {
  v1,
  v2,
  v3,
  v4,
  other,  ///< a graph whose layers have names of their own
};

/// The four published graphs of V1. They differ in the stem's batch norm, in the first kernel of
/// blocks5, in the gate, and in the head (see `v1_architecture`).
enum class Dialect : unsigned char { paddle, timm, pytorch, light_cnns };

/// How weights are kept in memory and in native files. Arithmetic is float32 whatever it is.
enum class Storage : unsigned char {
  single,     ///< float32
  half_head,  ///< float16 in the dense layers after the last pooling: most of a small network
  half,       ///< float16 in these, in pointwise and in squeeze-excite layers: nearly all
};

/// What is added to a block's output.
enum class Shortcut : unsigned char {
  none,
  input,      ///< the block's input (V2)
  depthwise,  ///< what its pointwise layers read (V4)
};

/// One row of a network's table: depthwise kernel × kernel, squeeze-excite, pointwise `in` → `out`.
struct Block {
  int stage;  ///< 3 in `blocks3.1`
  int kernel;
  int in, out;  ///< channels
  Stride stride;
  bool squeeze_excite;
  // What V1 has not.
  int expansion = 0;  ///< pointwise `in` → `expansion` → `out`, in two layers; 0: in one
  Shortcut shortcut = Shortcut::none;
  bool linear_depthwise = false;  ///< no activation behind the depthwise layer
  bool linear_pointwise = false;  ///< nor behind the last pointwise layer
  int dilation = 1;               ///< of the depthwise kernel: pixels from tap to tap

  constexpr bool operator==(const Block&) const = default;
};

/// What comes before the blocks.
enum class Stem : unsigned char {
  convolution,   ///< 3×3
  convolutions,  ///< 3×3 with stride 2, twice (V4)
  branches,      ///< V4's: 3×3, then two 2×2 beside a maximum of 2×2, then 3×3 and 1×1
};

/// What comes behind the blocks.
enum class Ending : unsigned char {
  classifier,  ///< pool, embedding (if `head`), classes (if `classes`)
  maps,        ///< nothing: the stages' maps are the answer, or their heads (`stage_heads`)
  columns,     ///< means of 3 × 2 pixels, windows side by side: a sequence, for text recognition
};

/// `channels * percent / 100` to the nearest multiple of `divisor`, at least one of it, and never
/// more than 10 % below the exact value: Paddle's `make_divisible`.
constexpr int scaled(int channels, Scale scale, int divisor = 8) {
  return make_divisible(channels * static_cast<int>(scale), divisor);
}

/// Everything that fixes a network, with all scales, options and dialects applied. Written by hand,
/// it makes a user's own network.
struct Architecture {
  static constexpr int kMaxBlocks = 32;
  static constexpr int kMaxStages = 8;

  std::string_view name = "custom";
  Family family = Family::v1;
  Dialect dialect = Dialect::paddle;
  Extent input = {224, 224};

  Stem stem = Stem::convolution;
  int stem_channels = 16;
  int stem_middle = 0;  ///< channels inside a stem of several layers
  Stride stem_stride = 2;
  bool stem_batch_norm = true;
  Activation stem_activation = Activation::hardswish;

  Block blocks[kMaxBlocks] = {};
  int block_count = 0;
  Activation activation = Activation::hardswish;  ///< of all layers in blocks, and of the embedding
  bool affine = false;      ///< a learnable scale and shift behind each activation (V3)
  int squeeze_divisor = 1;  ///< the squeezed width, channels / 4, is rounded to this multiple
  Activation gate = Activation::hardsigmoid_paddle;

  Ending ending = Ending::classifier;
  int stage_heads[kMaxStages] =
      {};           ///< width of a pointwise layer that reads a stage's map; 0: none
  int head = 1280;  ///< width of the embedding; 0: none
  bool head_bias = false;
  bool head_activation = true;
  bool neck = false;        ///< a batch norm behind the embedding (V2's features for retrieval)
  int dropout_percent = 0;  ///< the embedding is multiplied by 1 - this / 100
  int classes = 1000;       ///< 0: the answer is the embedding
  Storage storage = Storage::single;
  TensorNames tensor_names = {};  ///< of Family::other
  std::uint64_t fingerprint = 0;  ///< of the graph of Family::other

  constexpr bool operator==(const Architecture&) const = default;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_ARCHITECTURE_HPP
