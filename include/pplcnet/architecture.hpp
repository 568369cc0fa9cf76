#ifndef PPLCNET_ARCHITECTURE_HPP
#define PPLCNET_ARCHITECTURE_HPP

#include <array>
#include <cstddef>
#include <string_view>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Width multiplier in exact hundredths: the eight published scales; any other value works too,
/// `static_cast<Scale>(60)` is x0.60.
enum class Scale : int {
  x0_25 = 25,
  x0_35 = 35,
  x0_5 = 50,
  x0_75 = 75,
  x1_0 = 100,
  x1_5 = 150,
  x2_0 = 200,
  x2_5 = 250
};

/// What follows a product or a convolution, element by element.
enum class Activation : unsigned char {
  none,
  relu,                ///< max(x, 0)
  relu6,               ///< min(max(x, 0), 6)
  hardswish,           ///< x * clamp(x / 6 + 0.5, 0, 1)
  hardsigmoid,         ///< clamp(x / 6 + 0.5, 0, 1)
  hardsigmoid_paddle,  ///< clamp(x * 0.1666667f + 0.5, 0, 1): Paddle's slope is not quite 1/6
};

/// The three published graphs that share the name PP-LCNet. They differ in the stem's batch norm,
/// in the first kernel of blocks5, in the gate, and in the head (see `v1_architecture`).
enum class Dialect : unsigned char { paddle, timm, pytorch };

/// How weights are kept in memory and in native files. Arithmetic is float32 whatever it is.
enum class Storage : unsigned char {
  single,     ///< float32
  half_head,  ///< float16 in the dense layers behind the last pooling: most of a small network
  half,       ///< float16 in these, in pointwise and in squeeze-excite layers: nearly all
};

/// Vertical and horizontal step of a convolution; a plain number means both.
struct Stride {
  int height = 1, width = 1;

  constexpr Stride() = default;
  constexpr Stride(int both) : height(both), width(both) {}  // NOLINT(google-explicit-constructor)
  constexpr Stride(int h, int w) : height(h), width(w) {}
  constexpr bool operator==(const Stride&) const = default;
};

/// Size of a picture in pixels.
struct Extent {
  int height = 224, width = 224;
  constexpr bool operator==(const Extent&) const = default;
};

/// What a user chooses. All defaults are those of the published ImageNet networks.
struct Options {
  int classes = 1000;
  Extent input = {224, 224};
  /// Stem, then the first block of blocks3, blocks4, blocks5, blocks6 (Paddle's `stride_list`).
  std::array<Stride, 5> strides = {2, 2, 2, 2, 2};
  /// Width of the embedding between pooling and classifier; 0: none, the pooled vector is used.
  int head = 1280;
  /// Paddle's dropout multiplies by 1 - p at inference; in percent. Other dialects ignore it.
  int dropout_percent = 20;
  Activation activation = Activation::hardswish;
  Dialect dialect = Dialect::paddle;
  Storage storage = Storage::single;

  constexpr bool operator==(const Options&) const = default;
};

/// One row of a network's table: depthwise kernel × kernel, then pointwise `in` → `out`.
struct Block {
  int stage;  ///< 3 in `blocks3.1`
  int kernel;
  int in, out;  ///< channels
  Stride stride;
  bool squeeze_excite;
};

/// Table 1 of the paper (arXiv:2109.15099) at scale 1.0, in the columns of Paddle's NET_CONFIG.
inline constexpr Block kV1Table[] = {
    // stage, kernel, in, out, stride, squeeze-excite
    {2, 3, 16, 32, 1, false},   {3, 3, 32, 64, 2, false},   {3, 3, 64, 64, 1, false},
    {4, 3, 64, 128, 2, false},  {4, 3, 128, 128, 1, false}, {5, 3, 128, 256, 2, false},
    {5, 5, 256, 256, 1, false}, {5, 5, 256, 256, 1, false}, {5, 5, 256, 256, 1, false},
    {5, 5, 256, 256, 1, false}, {5, 5, 256, 256, 1, false}, {6, 5, 256, 512, 2, true},
    {6, 5, 512, 512, 1, true},
};
inline constexpr int kV1StemChannels = 16;

/// Paddle's `make_divisible(channels * scale)`: the nearest multiple of `divisor`, at least one of
/// it, and never more than 10 % below the exact value.
constexpr int scaled(int channels, Scale scale, int divisor = 8) {
  const int hundredths = channels * static_cast<int>(scale);
  const int step = 100 * divisor;
  int rounded = (hundredths + step / 2) / step * divisor;
  if (rounded < divisor) rounded = divisor;
  return rounded * 1000 < hundredths * 9 ? rounded + divisor : rounded;
}

/// Everything that fixes a network, with all scales, options and dialects applied. `make_plan`
/// turns it into layers. Written by hand, it makes a user's own network.
struct Architecture {
  static constexpr int kMaxBlocks = 32;

  std::string_view name = "custom";
  Dialect dialect = Dialect::paddle;
  Extent input = {224, 224};
  int stem_channels = kV1StemChannels;
  Stride stem_stride = 2;
  bool stem_batch_norm = true;
  Block blocks[kMaxBlocks] = {};
  int block_count = 0;
  Activation activation = Activation::hardswish;
  int squeeze_divisor = 1;  ///< the squeezed width, channels / 4, is rounded to this multiple
  Activation gate = Activation::hardsigmoid_paddle;
  int head = 1280;
  bool head_bias = false;
  int dropout_percent = 0;  ///< the embedding is multiplied by 1 - this / 100
  int classes = 1000;
  Storage storage = Storage::single;
};

/// Name of a published width: "x1_0" for Scale::x1_0; "custom" for others.
constexpr std::string_view scale_name(Scale scale) {
  switch (scale) {
    case Scale::x0_25:
      return "x0_25";
    case Scale::x0_35:
      return "x0_35";
    case Scale::x0_5:
      return "x0_5";
    case Scale::x0_75:
      return "x0_75";
    case Scale::x1_0:
      return "x1_0";
    case Scale::x1_5:
      return "x1_5";
    case Scale::x2_0:
      return "x2_0";
    case Scale::x2_5:
      return "x2_5";
  }
  return "custom";
}

/// Name of an activation, as it is spelled in the enumeration.
constexpr std::string_view activation_name(Activation activation) {
  constexpr std::string_view kNames[] = {"none",      "relu",        "relu6",
                                         "hardswish", "hardsigmoid", "hardsigmoid_paddle"};
  return kNames[static_cast<int>(activation)];
}

/// Name of a dialect: "paddle", "timm", "pytorch".
constexpr std::string_view dialect_name(Dialect dialect) {
  return dialect == Dialect::paddle ? "paddle" : dialect == Dialect::timm ? "timm" : "pytorch";
}

/// Name of a storage: "single", "half_head", "half".
constexpr std::string_view storage_name(Storage storage) {
  return storage == Storage::single      ? "single"
         : storage == Storage::half_head ? "half_head"
                                         : "half";
}

/// PP-LCNet V1 in the dialect asked for. Sources: PaddleClas `pp_lcnet.py`, timm
/// `mobilenetv3.py` (`_gen_lcnet`), ngnquan/PP-LCNet `pplcnet.py`.
constexpr Architecture v1_architecture(Scale scale, const Options& options) {
  const bool paddle = options.dialect == Dialect::paddle;
  const bool pytorch = options.dialect == Dialect::pytorch;
  Architecture net;
  net.name = scale_name(scale);
  net.dialect = options.dialect;
  net.input = options.input;
  net.stem_channels = scaled(kV1StemChannels, scale);
  net.stem_stride = options.strides[0];
  net.stem_batch_norm = !pytorch;
  for (const Block& row : kV1Table) {
    Block block = row;
    const bool first = net.block_count == 0 || kV1Table[net.block_count - 1].stage != row.stage;
    block.in = scaled(row.in, scale);
    block.out = scaled(row.out, scale);
    if (first && row.stage > 2)
      block.stride = options.strides[static_cast<std::size_t>(row.stage - 2)];
    if (first && row.stage == 5 && pytorch) block.kernel = 5;
    net.blocks[net.block_count++] = block;
  }
  net.activation = options.activation;
  net.squeeze_divisor = pytorch ? 8 : 1;
  net.gate = paddle ? Activation::hardsigmoid_paddle : Activation::hardsigmoid;
  net.head = options.head;
  net.head_bias = !paddle && options.head > 0;
  net.dropout_percent = paddle && options.head > 0 ? options.dropout_percent : 0;
  net.classes = options.classes;
  net.storage = options.storage;
  return net;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_ARCHITECTURE_HPP
