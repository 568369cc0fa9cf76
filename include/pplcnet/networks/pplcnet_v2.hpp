#ifndef PPLCNET_NETWORKS_PPLCNET_V2_HPP
#define PPLCNET_NETWORKS_PPLCNET_V2_HPP

#include <string_view>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/graph/precision.hpp"
#include "pplcnet/graph/storage.hpp"
#include "pplcnet/networks/adaptation.hpp"
#include "pplcnet/networks/renaming.hpp"
#include "pplcnet/networks/scale.hpp"
#include "pplcnet/networks/squeeze_excite.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The published sizes of PP-LCNet V2.
enum class V2 : unsigned char { small, base, large };

/// What a user chooses of PP-LCNet V2.
struct V2Options {
  int classes = 1000;  ///< 0: no classifier, the result is the embedding
  Extent input = {224, 224};
  int head = 1280;           ///< width of the embedding
  int dropout_percent = 20;  ///< the embedding is multiplied by 1 - this / 100
  /// PPLCNetV2_base_ShiTu's changes: a larger last map, and an embedding with a bias, without
  /// activation, and with a batch norm after it: features for retrieval.
  bool features = false;
  Storage storage = Storage::single;
  Precision precision = Precision::float32;  ///< of `PPLCNetV2`; definitions are of the floats

  constexpr bool operator==(const V2Options&) const = default;
};

/// PaddleClas' NET_CONFIG at scale 1.0: a stage's first block doubles the channels and has
/// stride 2.
struct V2Stage {
  int in, kernel;
  bool split_pointwise, squeeze_excite, shortcut;
};
inline constexpr V2Stage kV2StemStage = {32, 3, false, false, false};
inline constexpr V2Stage kV2Table[] = {
    // in, kernel, split pointwise, squeeze-excite, shortcut
    {64, 3, false, false, false},
    {128, 3, false, false, false},
    {256, 5, true, true, false},
    {512, 5, false, false, true},
};

/// A published size: its width, and how many blocks each stage has.
struct V2Size {
  std::string_view name;
  Scale scale;
  int depths[4];
};
inline constexpr V2Size kV2Sizes[] = {{"v2_small", Scale::x0_75, {2, 2, 4, 2}},
                                      {"v2_base", Scale::x1_0, {2, 2, 6, 2}},
                                      {"v2_large", Scale::x1_25, {2, 2, 8, 2}}};

namespace v2 {

/// Kernels K, K - 2, …, each with a batch norm; the deployed kernel stays in checkpoints as a
/// placeholder.
constexpr TrainingForm training(const Window& window, bool /*same_channels*/) {
  constexpr Branch kBranches[] = {{5, "_list.0.conv", "_list.0.bn"},
                                  {3, "_list.1.conv", "_list.1.bn"},
                                  {1, "_list.2.conv", "_list.2.bn"}};
  TrainingForm form = {.keeps_deployed = true};
  const int count = window.stride == Stride(1) ? 3 : 2;  // no 1×1 where the map gets smaller
  for (int i = 0; i < count; ++i) form.add(kBranches[i]);
  return form;
}

inline constexpr Renaming kPaddle[] = {
    {"conv#", "stem.0"},
    {".dw_conv", ".dw_conv"},
    {".se.conv1", ".se.conv1"},
    {".se.conv2", ".se.conv2"},
    {".se", ".se"},
    {".expand", ".pw_conv_1"},
    {".pw_conv", ".pw_conv"},
    {"last_conv", "last_conv", "neck.feat_bn"},
    {"fc", "fc"},
    {"neck.feat_bn", "neck.feat_bn"},
};

/// Names a module as in PaddleClas `pp_lcnet_v2.py`: the stem has a block of its own, and stages
/// are counted from 0.
constexpr ModuleNames paddle_module(const Name& own) {
  const int stage = own.numbers[0], index = own.numbers[1];
  if (own.leaf.empty() || stage == 1) return renamed(own, kPaddle, "stem.1");
  const Name block("stages.#.#", stage - 2, index);
  const bool split = own.leaf == ".pw_conv" && kV2Table[stage - 2].split_pointwise;
  return split ? ModuleNames{block + ".pw_conv_2"} : renamed(own, kPaddle, block);
}

inline constexpr Naming kNamings[] = {paddle_naming(tensors_of::kV2, paddle_module)};

inline constexpr OptionalModule kOptional[] = {{"neck.feat_bn", "V2Options::features", true}};

/// Appends a block of a stage.
constexpr Value add_block(Graph& g, Value x, const V2Stage& row, int out, Stride stride,
                          Name block) {
  constexpr Activation kRelu = Activation::relu;
  const Value input = x;
  const bool branches = row.kernel > 3;
  x = g.depthwise(x,
                  {.kernel = row.kernel,
                   .stride = stride,
                   .activation = kRelu,
                   .norm = !branches,
                   .bias = branches,
                   .training = branches ? training : no_branches},
                  block + ".dw_conv");
  if (row.squeeze_excite)
    x = squeeze_excite(g, x, {.squeezed = x.shape.channels / 4, .gate = Activation::sigmoid},
                       block);
  if (row.split_pointwise) x = g.conv(x, out / 2, {.activation = kRelu}, block + ".expand");
  x = g.conv(x, out, {.activation = kRelu}, block + ".pw_conv");
  return row.shortcut && x.shape == input.shape ? g.add(input, x) : x;
}

}  // namespace v2

/// Returns PP-LCNet V2. Source: PaddleClas `pp_lcnet_v2.py`.
constexpr Graph pplcnet_v2(V2 size, const V2Options& o = {}) {
  const V2Size& published = kV2Sizes[static_cast<int>(size)];
  const auto width = [&](int channels) { return scaled(channels, published.scale); };
  Graph g(o.input, kPaddleClas, o.features ? "v2_base_features" : published.name);
  g.what = "a PP-LCNet V2";
  g.namings = v2::kNamings;
  g.optional = v2::kOptional;
  Value x = g.conv(g.image(), width(kV2StemStage.in),
                   {.kernel = 3, .stride = 2, .activation = Activation::relu}, {"conv#", 1});
  // The stem's own block, then the stages; they are counted from 1 on.
  x = v2::add_block(g, x, kV2StemStage, width(2 * kV2StemStage.in), 1, {"blocks#.#", 1, 0});
  g.output(x, Role::stage, {"stage#", 1});
  int stage = 2;
  for (const V2Stage& row : kV2Table) {
    for (int i = 0; i < published.depths[stage - 2]; ++i) {
      const bool halves = i == 0 && !(o.features && row.shortcut);
      x = v2::add_block(g, x, row, width(2 * row.in), halves ? 2 : 1, {"blocks#.#", stage, i});
    }
    g.output(x, Role::stage, {"stage#", stage++});
  }
  const int keep = 100 - o.dropout_percent;
  Dense head = {.activation = Activation::relu, .bias = false, .layout = Layout::convolution};
  if (o.features)
    head = {.norm = true,
            .layout = Layout::convolution,
            .output_percent = keep,
            .norm_name = "neck.feat_bn"};
  x = g.dense(g.global_mean(x, "avg_pool"), o.head, head, "last_conv");
  if (o.classes != 0)
    x = g.dense(x, o.classes, {.layout = Layout::in_out, .input_percent = keep}, "fc");
  g.output(x, o.classes != 0 ? Role::result : Role::embedding);
  return g;
}

/// PP-LCNet V2 as a definition for `NetworkOf`; checks the options.
template <V2 kSize, V2Options kOptions>
struct V2Definition {
  static_assert(kOptions.classes >= 0, "V2Options::classes: a number, or 0 for no classifier");
  static_assert(kOptions.input.height >= 1 && kOptions.input.width >= 1,
                "V2Options::input: height and width are at least 1");
  static_assert(kOptions.head >= 1, "V2Options::head: a width");
  static_assert(kOptions.dropout_percent >= 0 && kOptions.dropout_percent < 100,
                "V2Options::dropout_percent: from 0 to 99");
  static_assert(!kOptions.features || kOptions.classes == 0,
                "V2Options::features: there is no classifier after them (classes = 0)");
  static_assert(kOptions.precision == Precision::float32,
                "V2Options::precision: of PPLCNetV2<...>; a definition is in float32");
  static constexpr Storage storage = kOptions.storage;
  static constexpr Graph graph() { return pplcnet_v2(kSize, kOptions); }
  static constexpr Graph adapted(const Adaptation& adaptation) {
    V2Options o = kOptions;
    adaptation.apply(o.input, o.classes);
    if (adaptation.head) o.head = *adaptation.head;
    if (adaptation.dropout_percent) o.dropout_percent = *adaptation.dropout_percent;
    return pplcnet_v2(kSize, o);
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_PPLCNET_V2_HPP
