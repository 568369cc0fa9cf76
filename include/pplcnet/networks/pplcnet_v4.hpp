#ifndef PPLCNET_NETWORKS_PPLCNET_V4_HPP
#define PPLCNET_NETWORKS_PPLCNET_V4_HPP

#include <string_view>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/adaptation.hpp"
#include "pplcnet/networks/names/pplcnet_v4.hpp"
#include "pplcnet/networks/squeeze_excite.hpp"
#include "pplcnet/networks/text_options.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The published sizes of PP-LCNet V4, and what it is the backbone of.
enum class Size : unsigned char { tiny, small, medium };
enum class V4 : unsigned char { detection, recognition };

/// A stage: channels, blocks, the first one's stride, and which blocks have squeeze-excite (bit i
/// is block i).
struct V4Stage {
  int out, blocks;
  Stride stride;
  unsigned squeeze_excite;
};

/// A variant: the stem's channels inside and after it, and its stages.
struct V4Variant {
  std::string_view name;
  bool branches;  ///< the stem is more than two convolutions in a row
  int stem_middle, stem_channels;
  V4Stage stages[4];
};

/// PaddleOCR's NET_CONFIG_DET and NET_CONFIG_REC, by task and size. All kernels are 3×3, and all
/// blocks double their channels in between.
inline constexpr V4Variant kV4Table[2][3] = {
    {{"v4_detection_tiny",
      true,
      16,
      32,
      {{32, 2, 1, 0b1}, {48, 3, 2, 0b10}, {64, 5, 2, 0b1010}, {160, 3, 2, 0b10}}},
     {"v4_detection_small",
      true,
      24,
      48,
      {{48, 2, 1, 0b1}, {96, 3, 2, 0b10}, {192, 5, 2, 0b1010}, {384, 3, 2, 0b10}}},
     {"v4_detection_medium",
      true,
      64,
      128,
      {{128, 2, 1, 0b1}, {256, 3, 2, 0b10}, {512, 5, 2, 0b1010}, {896, 3, 2, 0b10}}}},
    {{"v4_recognition_tiny",
      false,
      24,
      48,
      {{48, 1, 1, 0b1}, {48, 1, 1, 0}, {96, 3, {2, 1}, 0b10}, {160, 4, {2, 1}, 0b10}}},
     {"v4_recognition_small",
      true,
      48,
      96,
      {{96, 1, 1, 0b1}, {96, 2, 1, 0}, {192, 7, {2, 1}, 0b101010}, {384, 3, {2, 1}, 0b10}}},
     {"v4_recognition_medium",
      true,
      64,
      128,
      {{128, 1, 1, 0b1}, {256, 3, 1, 0b100}, {512, 7, {2, 1}, 0b101010}, {768, 3, {2, 1}, 0b10}}}}};

namespace v4 {

/// Returns a convolution and its batch norm.
constexpr TrainingForm norm_training(const Window& window, bool /*same_channels*/) {
  TrainingForm form;
  form.add({window.kernel.height, ".conv", ".bn"});
  return form;
}

/// Returns the same, whose deployed form keeps its place.
constexpr TrainingForm stem_training(const Window& window, bool same_channels) {
  TrainingForm form = norm_training(window, same_channels);
  form.deployed = ".conv";
  return form;
}

/// Returns the same in a token mixer.
constexpr TrainingForm mixer_training(const Window& window, bool /*same_channels*/) {
  TrainingForm form = {.deployed = ".dw_conv"};
  form.add({window.kernel.height, ".dw_conv.conv", ".dw_conv.bn"});
  return form;
}

/// Returns the form of a token mixer that changes no shape: a kernel with batch norm, 1×1,
/// identity, and a batch norm after their sum.
constexpr TrainingForm same_mixer_training(const Window& window, bool /*same_channels*/) {
  TrainingForm form = {.norm = ".rep_dw.bn", .deployed = ".rep_dw.reparam_conv"};
  form.add({window.kernel.height, ".rep_dw.conv.conv", ".rep_dw.conv.bn"});
  form.add({1, ".rep_dw.conv1"});
  form.add({.identity = true});
  return form;
}

/// Appends the stem: a convolution, whose map goes two ways, which lie side by side after them.
constexpr Value add_branches(Graph& g, const V4Variant& variant) {
  const int middle = variant.stem_middle;
  const auto conv = [&](Value x, int channels, int kernel, int stride, int number) {
    return g.conv(x, channels,
                  {.kernel = kernel,
                   .stride = stride,
                   .activation = Activation::relu,
                   .norm = false,
                   .bias = true,
                   .training = stem_training},
                  {"conv#", number});
  };
  const Value first = conv(g.image(), middle, 3, 2, 1);
  const Value pool =
      g.max_pool(first, {.kernel = 2, .stride = 1, .padding = Padding::same(2)}, "stem_pool");
  Value x = conv(first, middle / 2, 2, 1, 2);
  x = conv(x, middle, 2, 1, 3);
  x = conv(g.concat({pool, x}), middle, 3, 2, 4);
  return conv(x, variant.stem_channels, 1, 1, 5);
}

/// Appends the stem of the smallest recogniser: two convolutions in a row.
constexpr Value add_convolutions(Graph& g, const V4Variant& variant) {
  Conv conv = {.kernel = 3,
               .stride = 2,
               .activation = Activation::gelu,
               .norm = false,
               .bias = true,
               .training = stem_training};
  const Value x = g.conv(g.image(), variant.stem_middle, conv, {"conv#", 1});
  conv.activation = Activation::none;
  return g.conv(x, variant.stem_channels, conv, {"conv#", 2});
}

/// Appends a block: a token mixer and a channel mixer, whose shortcut is inside of it. A block
/// whose shape does not change adds what its pointwise layers read to what they give.
constexpr Value add_block(Graph& g, Value x, int out, Stride stride, bool excites, Name block) {
  const int in = x.shape.channels;
  const bool same = stride == Stride(1) && in == out;
  Conv conv = {.norm = false, .bias = true, .training = norm_training};
  Conv mixer = conv;
  mixer.kernel = 3;
  mixer.stride = stride;
  mixer.training = same ? same_mixer_training : mixer_training;
  x = g.depthwise(x, mixer, block + ".dw_conv");
  if (excites)
    x = squeeze_excite(g, x, {.squeezed = in / 4, .gate = Activation::hardsigmoid_paddle}, block);
  const Value mixed = x;
  conv.activation = Activation::gelu;
  x = g.conv(x, 2 * in, conv, block + ".expand");
  conv.activation = Activation::none;
  x = g.conv(x, out, conv, block + ".pw_conv");
  return same ? g.add(mixed, x) : x;
}

}  // namespace v4

/// Returns PP-LCNet V4. Source: PaddleOCR `rec_lcnetv4.py`.
constexpr Graph pplcnet_v4(Size size, V4 task, const TextOptions& o = {}) {
  const V4Variant& variant = kV4Table[static_cast<int>(task)][static_cast<int>(size)];
  const bool detection = task == V4::detection;
  Graph g(text_input(o, detection), kPaddleClas, variant.name);
  g.what = detection ? "a PP-LCNet V4 for detection" : "a PP-LCNet V4 for recognition";
  g.namings = detection          ? v4::kDetectionNamings
              : variant.branches ? v4::kRecognitionNamings
                                 : v4::kTinyRecognitionNamings;
  Value x = variant.branches ? v4::add_branches(g, variant) : v4::add_convolutions(g, variant);
  int stage = 2;
  for (const V4Stage& row : variant.stages) {
    for (int i = 0; i < row.blocks; ++i)
      x = v4::add_block(g, x, row.out, i == 0 ? row.stride : 1, (row.squeeze_excite >> i & 1) != 0,
                        {"blocks#.#", stage, i});
    g.output(x, Role::stage, {"stage#", stage});
    if (detection) g.output(x, Role::result, {"blocks#", stage});
    ++stage;
  }
  if (!detection) g.output(g.mean_pool(x, {.kernel = {3, 2}, .stride = {3, 2}}, "columns"));
  return g;
}

/// PP-LCNet V4 as a definition for `NetworkOf`; checks the options.
template <Size kSize, V4 kTask, TextOptions kOptions>
struct V4Definition {
  static_assert(kOptions.input.height >= 0 && kOptions.input.width >= 0,
                "TextOptions::input: height and width, or nothing for the usual ones");
  static constexpr Storage storage = kOptions.storage;
  static constexpr Graph graph() { return pplcnet_v4(kSize, kTask, kOptions); }
  static constexpr Graph adapted(const Adaptation& adaptation) {
    TextOptions o = kOptions;
    adaptation.apply(o.input);
    return pplcnet_v4(kSize, kTask, o);
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_PPLCNET_V4_HPP
