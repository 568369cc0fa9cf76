#ifndef PPLCNET_NETWORKS_PPLCNET_V1_HPP
#define PPLCNET_NETWORKS_PPLCNET_V1_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/graph/precision.hpp"
#include "pplcnet/graph/storage.hpp"
#include "pplcnet/networks/adaptation.hpp"
#include "pplcnet/networks/names/pplcnet_v1.hpp"
#include "pplcnet/networks/scale.hpp"
#include "pplcnet/networks/squeeze_excite.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What a user chooses. All defaults are those of the published ImageNet networks.
struct Options {
  int classes = 1000;  ///< 0: no classifier, the result is the embedding
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
  Attention attention = {};                  ///< in the place of squeeze-excite
  Precision precision = Precision::float32;  ///< of `PPLCNet`; definitions are of the floats

  constexpr bool operator==(const Options&) const = default;
};

/// What a user chooses of a backbone, whose results are the maps of its stages.
struct BackboneOptions {
  Extent input = {224, 224};
  std::array<Stride, 5> strides = {2, 2, 2, 2, 2};
  /// The largest product of strides: further ones become dilation, so that maps stay larger
  /// (32, 16 or 8; timm's `output_stride`).
  int output_stride = 32;
  Activation activation = Activation::hardswish;
  Dialect dialect = Dialect::paddle;
  Storage storage = Storage::single;
  Attention attention = {};  ///< in the place of squeeze-excite

  constexpr bool operator==(const BackboneOptions&) const = default;
};

/// A row of Table 1 of the paper (arXiv:2109.15099) at scale 1.0, in the columns of Paddle's
/// NET_CONFIG. The first row of a stage takes its stride from the options.
struct V1Row {
  int stage, kernel, in, out, stride;
  bool squeeze_excite;
};
inline constexpr V1Row kV1Table[] = {
    // stage, kernel, in, out, stride, squeeze-excite
    {2, 3, 16, 32, 1, false},   {3, 3, 32, 64, 2, false},   {3, 3, 64, 64, 1, false},
    {4, 3, 64, 128, 2, false},  {4, 3, 128, 128, 1, false}, {5, 3, 128, 256, 2, false},
    {5, 5, 256, 256, 1, false}, {5, 5, 256, 256, 1, false}, {5, 5, 256, 256, 1, false},
    {5, 5, 256, 256, 1, false}, {5, 5, 256, 256, 1, false}, {6, 5, 256, 512, 2, true},
    {6, 5, 512, 512, 1, true},
};
inline constexpr int kV1StemChannels = 16;

/// What the stem, a block and the output of a stage are called in a network around V1.
struct V1Names {
  std::string_view stem = "conv#", block = "blocks#.#", stage = "stage#";
};

namespace v1 {

/// An output stride that no product of strides reaches.
inline constexpr int kAnyStride = 1 << 30;

/// Turns strides that lead beyond `most` into dilation: the layer that had the stride keeps its
/// taps where they were, those after it spread theirs (timm `_efficientnet_builder.py`).
class Dilation {
 public:
  constexpr Dilation(Stride reached, int most) : reached_(reached), most_(most) {}

  /// Sets the stride and the dilation of the next depthwise layer.
  constexpr void apply(Conv& conv) {
    conv.dilation = dilation_;
    const auto [height, width] = conv.stride;
    const Stride next = {reached_.height * height, reached_.width * width};
    if (std::max(next.height, next.width) <= most_) {
      reached_ = next;
      return;
    }
    dilation_ *= std::max(height, width);
    conv.stride = 1;
  }

 private:
  Stride reached_;
  int most_, dilation_ = 1;
};

/// Appends stem and blocks; returns the last map. Each stage's is an output.
constexpr Value add_blocks(Graph& g, Scale scale, const BackboneOptions& o,
                           const V1Names& names = {}) {
  const bool paddle = o.dialect == Dialect::paddle, pytorch = o.dialect == Dialect::pytorch;
  Value x =
      g.conv(g.image(), scaled(kV1StemChannels, scale),
             {.kernel = 3, .stride = o.strides[0], .activation = o.activation, .norm = !pytorch},
             {names.stem, 1});
  Dilation dilation(o.strides[0], o.output_stride);
  int stage = 0, index = 0;
  for (const V1Row& row : kV1Table) {
    const bool first = row.stage != stage;
    if (first && stage > 0) g.output(x, Role::stage, {names.stage, stage});
    index = first ? 0 : index + 1;
    stage = row.stage;
    const Name block(names.block, stage, index);
    Conv depthwise = {.kernel = first && stage == 5 && pytorch ? 5 : row.kernel,
                      .stride = row.stride,
                      .activation = o.activation};
    if (first && stage > 2) depthwise.stride = o.strides[static_cast<std::size_t>(stage - 2)];
    dilation.apply(depthwise);
    x = g.depthwise(x, depthwise, block + ".dw_conv");
    if (row.squeeze_excite && o.attention.is_there) {
      x = o.attention.append(g, x, {"blocks#.#.attention", stage, index});
    } else if (row.squeeze_excite) {
      const int quarter = x.shape.channels / 4;
      x = squeeze_excite(
          g, x,
          {.squeezed = pytorch ? make_divisible(100 * quarter, 8) : quarter,
           .gate = paddle ? Activation::hardsigmoid_paddle : Activation::hardsigmoid},
          block);
    }
    x = g.conv(x, scaled(row.out, scale), {.activation = o.activation}, block + ".pw_conv");
  }
  return g.output(x, Role::stage, {names.stage, stage});
}

}  // namespace v1

/// Returns PP-LCNet V1 in a dialect. Sources: PaddleClas `pp_lcnet.py`, timm `mobilenetv3.py`
/// (`_gen_lcnet`), ngnquan/PP-LCNet `pplcnet.py`, light_cnns `lcnet.py`.
constexpr Graph pplcnet_v1(Scale scale, const Options& o = {}) {
  Graph g(o.input, kPaddleClas, scale_name(scale));
  g.what = v1_what(o.dialect, /*backbone=*/false);
  g.namings = v1_namings(o.dialect);
  g.optional = kV1Optional;
  Value x = v1::add_blocks(g, scale,
                           {.strides = o.strides,
                            .output_stride = v1::kAnyStride,
                            .activation = o.activation,
                            .dialect = o.dialect,
                            .attention = o.attention});
  x = g.global_mean(x, "avg_pool");
  if (o.head != 0)
    x = g.dense(x, o.head,
                {.activation = o.activation,
                 .bias = o.dialect == Dialect::timm || o.dialect == Dialect::pytorch,
                 .layout = Layout::convolution},
                "last_conv");
  const bool drops = o.dialect == Dialect::paddle && o.head != 0;
  if (o.classes != 0)
    x = g.dense(x, o.classes,
                {.layout = Layout::in_out, .input_percent = drops ? 100 - o.dropout_percent : 100},
                "fc");
  g.output(x, o.classes != 0 ? Role::result : Role::embedding);
  return g;
}

/// Returns the same without an end: feature maps for detectors (PaddleDetection `lcnet.py`) and for
/// segmentation.
constexpr Graph pplcnet_v1_backbone(Scale scale, const BackboneOptions& o = {}) {
  Graph g(o.input, kPaddleClas, scale_name(scale));
  g.what = v1_what(o.dialect, /*backbone=*/true);
  g.namings = v1_namings(o.dialect);
  g.unused = kV1Ending;
  v1::add_blocks(g, scale, o);
  for (int i = 0, stages = g.output_count; i < stages; ++i)
    g.output(g.value(g.outputs[i].node), Role::result, {"blocks#", g.outputs[i].name.numbers[0]});
  return g;
}

namespace v1 {

constexpr bool is_stride(Stride s) {
  return (s.height == 1 || s.height == 2) && (s.width == 1 || s.width == 2);
}

constexpr bool is_activation(Activation a) {
  return a == Activation::hardswish || a == Activation::relu || a == Activation::relu6;
}

}  // namespace v1

/// PP-LCNet V1 as a definition for `NetworkOf`; checks the options.
template <Scale kScale, Options kOptions>
struct V1 {
  static_assert(is_scale(kScale), "Scale: from x0.05 to x10");
  static_assert(kOptions.classes >= 0, "Options::classes: a number, or 0 for no classifier");
  static_assert(kOptions.input.height >= 1 && kOptions.input.width >= 1,
                "Options::input: height and width are at least 1");
  static_assert(kOptions.head >= 0, "Options::head: a width, or 0 for no head");
  static_assert(kOptions.dropout_percent >= 0 && kOptions.dropout_percent < 100,
                "Options::dropout_percent: from 0 to 99");
  static_assert(std::ranges::all_of(kOptions.strides, v1::is_stride),
                "Options::strides: each is 1 or 2, in both directions");
  static_assert(v1::is_activation(kOptions.activation),
                "Options::activation: hardswish, relu or relu6");
  static_assert(kOptions.precision == Precision::float32,
                "Options::precision: of PPLCNet<...>; a definition is in float32");
  static constexpr Scale scale = kScale;
  static constexpr Options options = kOptions;
  static constexpr Storage storage = kOptions.storage;
  static constexpr Graph graph() { return pplcnet_v1(kScale, kOptions); }
  static constexpr Graph adapted(const Adaptation& adaptation) {
    Options o = kOptions;
    adaptation.apply(o.input, o.classes);
    if (adaptation.head) o.head = *adaptation.head;
    if (adaptation.dropout_percent) o.dropout_percent = *adaptation.dropout_percent;
    o.dialect = dialect_of(adaptation.framework, o.dialect);
    return pplcnet_v1(kScale, o);
  }
};

/// A backbone of V1 as a definition for `NetworkOf`; checks the options.
template <Scale kScale, BackboneOptions kOptions>
struct V1Backbone {
  static_assert(is_scale(kScale), "Scale: from x0.05 to x10");
  static_assert(kOptions.input.height >= 1 && kOptions.input.width >= 1,
                "BackboneOptions::input: height and width are at least 1");
  static_assert(std::ranges::all_of(kOptions.strides, v1::is_stride),
                "BackboneOptions::strides: each is 1 or 2, in both directions");
  static_assert(kOptions.output_stride == 32 || kOptions.output_stride == 16 ||
                    kOptions.output_stride == 8,
                "BackboneOptions::output_stride: 32, 16 or 8");
  static_assert(v1::is_activation(kOptions.activation),
                "BackboneOptions::activation: hardswish, relu or relu6");
  static constexpr Storage storage = kOptions.storage;
  static constexpr Graph graph() { return pplcnet_v1_backbone(kScale, kOptions); }
  static constexpr Graph adapted(const Adaptation& adaptation) {
    BackboneOptions o = kOptions;
    adaptation.apply(o.input);
    o.dialect = dialect_of(adaptation.framework, o.dialect);
    return pplcnet_v1_backbone(kScale, o);
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_PPLCNET_V1_HPP
