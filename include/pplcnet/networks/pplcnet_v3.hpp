#ifndef PPLCNET_NETWORKS_PPLCNET_V3_HPP
#define PPLCNET_NETWORKS_PPLCNET_V3_HPP

#include <cstddef>
#include <iterator>
#include <string_view>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/adaptation.hpp"
#include "pplcnet/networks/renaming.hpp"
#include "pplcnet/networks/scale.hpp"
#include "pplcnet/networks/squeeze_excite.hpp"
#include "pplcnet/networks/text_options.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What PP-LCNet V3 is the backbone of: the strides and the results differ.
enum class V3 : unsigned char { detection, recognition };

/// A row of V3's table: V1's columns, but the stride depends on the task.
struct V3Row {
  int stage, kernel, in, out;
  Stride detection, recognition;
  bool squeeze_excite;
};

/// PaddleOCR's NET_CONFIG_det and NET_CONFIG_rec at scale 1.0.
inline constexpr V3Row kV3Table[] = {
    // stage, kernel, in, out, stride for detection, for recognition, squeeze-excite
    {2, 3, 16, 32, 1, 1, false},        {3, 3, 32, 64, 2, 1, false},
    {3, 3, 64, 64, 1, 1, false},        {4, 3, 64, 128, 2, {2, 1}, false},
    {4, 3, 128, 128, 1, 1, false},      {5, 3, 128, 256, 2, {1, 2}, false},
    {5, 5, 256, 256, 1, 1, false},      {5, 5, 256, 256, 1, 1, false},
    {5, 5, 256, 256, 1, 1, false},      {5, 5, 256, 256, 1, 1, false},
    {6, 5, 256, 512, 2, {2, 1}, true},  {6, 5, 512, 512, 1, 1, true},
    {6, 5, 512, 512, 1, {2, 1}, false}, {6, 5, 512, 512, 1, 1, false},
};
inline constexpr int kV3StemChannels = 16;
inline constexpr int kV3Divisor = 16;
/// Widths, at scale 1.0, of the layers after blocks3 … blocks6 that give a detector its maps.
inline constexpr int kV3DetectionWidths[] = {16, 24, 56, 480};

namespace v3 {

/// Returns identity, four kernels, 1×1, each with a batch norm; a scale and a shift before the
/// activation and after it. Strides such as (2, 1) are not 1: no identity.
constexpr TrainingForm training(const Window& window, bool same_channels) {
  constexpr std::string_view kKernels[4][2] = {{".conv_kxk.0.conv", ".conv_kxk.0.bn"},
                                               {".conv_kxk.1.conv", ".conv_kxk.1.bn"},
                                               {".conv_kxk.2.conv", ".conv_kxk.2.bn"},
                                               {".conv_kxk.3.conv", ".conv_kxk.3.bn"}};
  TrainingForm form = {.deployed = ".reparam_conv", .affine = ".lab", .last_affine = ".act.lab"};
  if (window.stride == Stride(1) && same_channels)
    form.add({.norm = ".identity", .identity = true});
  const int kernel = window.kernel.height;
  for (const auto& [conv, norm] : kKernels) form.add({kernel, conv, norm});
  if (kernel > 1) form.add({1, ".conv_1x1.conv", ".conv_1x1.bn"});
  return form;
}

/// Names a module as PaddleOCR, which counts the layers that give a detector its maps.
constexpr ModuleNames paddle_module(const Name& own) {
  if (own.pattern == "blocks#.head") return {Name("layer_list.#", own.numbers[0] - 3)};
  return {own};
}

/// Names the same in a whole detector or recogniser, whose backbone is a module.
constexpr ModuleNames paddle_module_of_backbone(const Name& own) {
  constexpr std::string_view kPatterns[][2] = {{"conv#", "backbone.conv#"},
                                               {"blocks#.#", "backbone.blocks#.#"},
                                               {"layer_list.#", "backbone.layer_list.#"}};
  ModuleNames names = paddle_module(own);
  for (const auto& [alone, inside] : kPatterns)
    if (names.weights.pattern == alone) names.weights.pattern = inside;
  return names;
}

inline constexpr Naming kDetectionNamings[] = {
    paddle_naming(tensors_of::kV3Detection, paddle_module)};
inline constexpr Naming kRecognitionNamings[] = {
    paddle_naming(tensors_of::kV3Recognition, paddle_module)};

/// Returns what all layers of blocks have in common.
constexpr Conv layer(Activation activation) {
  return {.activation = activation,
          .norm = false,
          .bias = true,
          .training = training,
          .affine = activation != Activation::none};
}

/// A block: the stage, from 2 on, its number there, and whether it is the stage's last one.
struct Block {
  int stage, index;
  bool is_last;
};

/// Appends PP-LCNet V3's stem and blocks; after each block calls `end_block(x, block)`.
template <class EndBlock>
constexpr Value append_blocks(Graph& g, Scale scale, V3 task, const EndBlock& end_block) {
  const auto width = [&](int channels) { return scaled(channels, scale, kV3Divisor); };
  Value x = g.conv(g.image(), width(kV3StemChannels), {.kernel = 3, .stride = 2}, {"conv#", 1});
  int index = 0;
  for (std::size_t i = 0; i < std::size(kV3Table); ++i) {
    const V3Row& row = kV3Table[i];
    index = i > 0 && kV3Table[i - 1].stage == row.stage ? index + 1 : 0;
    const Name block("blocks#.#", row.stage, index);
    const Stride stride = task == V3::detection ? row.detection : row.recognition;
    Conv depthwise = layer(stride == Stride(2) ? Activation::none : Activation::hardswish);
    depthwise.kernel = row.kernel;
    depthwise.stride = stride;
    x = g.depthwise(x, depthwise, block + ".dw_conv");
    if (row.squeeze_excite)
      x = squeeze_excite(
          g, x, {.squeezed = x.shape.channels / 4, .gate = Activation::hardsigmoid_paddle}, block);
    x = g.conv(x, width(row.out), layer(Activation::hardswish), block + ".pw_conv");
    const bool is_last = i + 1 == std::size(kV3Table) || kV3Table[i + 1].stage != row.stage;
    end_block(x, Block{row.stage, index, is_last});
  }
  return x;
}

/// Appends the layer that gives a detector the map of a stage.
constexpr Value detection_map(Graph& g, Value x, Scale scale, int stage) {
  const int channels = kV3DetectionWidths[stage - 3] * static_cast<int>(scale) / 100;
  return g.conv(x, channels, {.norm = false, .bias = true}, {"blocks#.head", stage});
}

/// Appends the mean that gives a recogniser one row of columns.
constexpr Value columns(Graph& g, Value x) {
  return g.mean_pool(x, {.kernel = {3, 2}, .stride = {3, 2}}, "columns");
}

}  // namespace v3

/// Returns PP-LCNet V3. Source: PaddleOCR `rec_lcnetv3.py`. Every layer of a block has branches in
/// training, and a learnable scale and shift before its activation and after it; a depthwise layer
/// with stride 2 in both directions has no activation.
constexpr Graph pplcnet_v3(Scale scale, V3 task, const TextOptions& o = {}) {
  const bool detection = task == V3::detection;
  Graph g(text_input(o, detection), kPaddleClas, detection ? "v3_detection" : "v3_recognition");
  g.what = detection ? "a PP-LCNet V3 for detection" : "a PP-LCNet V3 for recognition";
  g.namings = detection ? v3::kDetectionNamings : v3::kRecognitionNamings;
  const Value x = v3::append_blocks(g, scale, task, [&](Value end, const v3::Block& block) {
    if (!block.is_last) return;
    g.output(end, Role::stage, {"stage#", block.stage});
    if (detection && block.stage >= 3) g.output(v3::detection_map(g, end, scale, block.stage));
  });
  if (!detection) g.output(v3::columns(g, x));
  return g;
}

/// PP-LCNet V3 as a definition for `NetworkOf`; checks the options.
template <Scale kScale, V3 kTask, TextOptions kOptions>
struct V3Definition {
  static_assert(is_scale(kScale), "Scale: from x0.05 to x10");
  static_assert(kOptions.input.height >= 0 && kOptions.input.width >= 0,
                "TextOptions::input: height and width, or nothing for the usual ones");
  static constexpr Storage storage = kOptions.storage;
  static constexpr Graph graph() { return pplcnet_v3(kScale, kTask, kOptions); }
  static constexpr Graph adapted(const Adaptation& adaptation) {
    TextOptions o = kOptions;
    adaptation.apply(o.input);
    return pplcnet_v3(kScale, kTask, o);
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_PPLCNET_V3_HPP
