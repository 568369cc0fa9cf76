#ifndef PPLCNET_FAMILY_V1_HPP
#define PPLCNET_FAMILY_V1_HPP

#include <algorithm>
#include <array>
#include <cstddef>

#include "pplcnet/architecture.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/words.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What a user chooses. All defaults are those of the published ImageNet networks.
struct Options {
  int classes = 1000;  ///< 0: no classifier, the answer is the embedding
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

/// What a user chooses of a backbone, whose answer is the maps of its stages.
struct BackboneOptions {
  Extent input = {224, 224};
  std::array<Stride, 5> strides = {2, 2, 2, 2, 2};
  /// The largest product of strides: further ones become dilation, so that maps stay larger
  /// (32, 16 or 8; timm's `output_stride`).
  int output_stride = 32;
  Activation activation = Activation::hardswish;
  Dialect dialect = Dialect::paddle;
  Storage storage = Storage::single;

  constexpr bool operator==(const BackboneOptions&) const = default;
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

/// PP-LCNet V1 in the dialect asked for. Sources: PaddleClas `pp_lcnet.py`, timm
/// `mobilenetv3.py` (`_gen_lcnet`), ngnquan/PP-LCNet `pplcnet.py`, light_cnns `lcnet.py`.
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
  net.stem_activation = options.activation;
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
  net.head_bias = (options.dialect == Dialect::timm || pytorch) && options.head > 0;
  net.dropout_percent = paddle && options.head > 0 ? options.dropout_percent : 0;
  net.classes = options.classes;
  net.storage = options.storage;
  return net;
}

/// Turns the strides that lead beyond `output_stride` into dilation: the block that had the stride
/// keeps its taps where they were, those behind it spread theirs (timm
/// `_efficientnet_builder.py`).
constexpr void dilate(Architecture& net, int output_stride) {
  Stride reached = net.stem_stride;
  int dilation = 1;
  for (Block& block : net.blocks) {
    block.dilation = dilation;
    const Stride next = {reached.height * block.stride.height, reached.width * block.stride.width};
    if (std::max(next.height, next.width) > output_stride) {
      dilation *= std::max(block.stride.height, block.stride.width);
      block.stride = 1;
    } else {
      reached = next;
    }
  }
}

constexpr Architecture v1_backbone(Scale scale, const BackboneOptions& options) {
  Architecture net = v1_architecture(scale, {.input = options.input,
                                             .strides = options.strides,
                                             .activation = options.activation,
                                             .dialect = options.dialect,
                                             .storage = options.storage});
  dilate(net, options.output_stride);
  net.ending = Ending::maps;
  net.head = net.classes = net.dropout_percent = 0;
  net.head_bias = false;
  return net;
}

namespace checking {

constexpr bool is_stride(Stride s) {
  return (s.height == 1 || s.height == 2) && (s.width == 1 || s.width == 2);
}

constexpr bool is_block_activation(Activation a) {
  return a == Activation::hardswish || a == Activation::relu || a == Activation::relu6;
}

}  // namespace checking

/// PP-LCNet V1 as a definition for `Network`; checks the options.
template <Scale kScale, Options kOptions>
struct V1 {
  static_assert(static_cast<int>(kScale) >= 5 && static_cast<int>(kScale) <= 1000,
                "Scale: from x0.05 to x10");
  static_assert(kOptions.classes >= 0, "Options::classes: a number, or 0 for no classifier");
  static_assert(kOptions.input.height >= 1 && kOptions.input.width >= 1,
                "Options::input: height and width are at least 1");
  static_assert(kOptions.head >= 0, "Options::head: a width, or 0 for no head");
  static_assert(kOptions.dropout_percent >= 0 && kOptions.dropout_percent < 100,
                "Options::dropout_percent: from 0 to 99");
  static_assert(std::ranges::all_of(kOptions.strides, checking::is_stride),
                "Options::strides: each is 1 or 2, in both directions");
  static_assert(checking::is_block_activation(kOptions.activation),
                "Options::activation: hardswish, relu or relu6");
  static constexpr Scale scale = kScale;
  static constexpr Options options = kOptions;
  static constexpr Architecture architecture = v1_architecture(kScale, kOptions);
};

/// The networks of the paper "PP-LCNet: A Lightweight CPU Convolutional Neural Network".
template <Scale kScale, Options kOptions = Options{}>
using PPLCNet = NetworkOf<V1<kScale, kOptions>>;

/// A backbone of V1 as a definition for `Network`; checks the options.
template <Scale kScale, BackboneOptions kOptions>
struct V1Backbone {
  static_assert(static_cast<int>(kScale) >= 5 && static_cast<int>(kScale) <= 1000,
                "Scale: from x0.05 to x10");
  static_assert(kOptions.input.height >= 1 && kOptions.input.width >= 1,
                "BackboneOptions::input: height and width are at least 1");
  static_assert(std::ranges::all_of(kOptions.strides, checking::is_stride),
                "BackboneOptions::strides: each is 1 or 2, in both directions");
  static_assert(kOptions.output_stride == 32 || kOptions.output_stride == 16 ||
                    kOptions.output_stride == 8,
                "BackboneOptions::output_stride: 32, 16 or 8");
  static_assert(checking::is_block_activation(kOptions.activation),
                "BackboneOptions::activation: hardswish, relu or relu6");
  static constexpr Architecture architecture = v1_backbone(kScale, kOptions);
};

/// The same without an end: feature maps for detectors (PaddleDetection `lcnet.py`) and for
/// segmentation.
template <Scale kScale, BackboneOptions kOptions = BackboneOptions{}>
using PPLCNetBackbone = NetworkOf<V1Backbone<kScale, kOptions>>;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_FAMILY_V1_HPP
