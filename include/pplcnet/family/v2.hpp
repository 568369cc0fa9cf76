#ifndef PPLCNET_FAMILY_V2_HPP
#define PPLCNET_FAMILY_V2_HPP

#include <string_view>

#include "pplcnet/architecture.hpp"
#include "pplcnet/network.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The published sizes of PP-LCNet V2.
enum class V2 : unsigned char { small, base, large };

/// What a user chooses of PP-LCNet V2.
struct V2Options {
  int classes = 1000;  ///< 0: no classifier, the answer is the embedding
  Extent input = {224, 224};
  int head = 1280;           ///< width of the embedding
  int dropout_percent = 20;  ///< the embedding is multiplied by 1 - this / 100
  /// PPLCNetV2_base_ShiTu's changes: a larger last map, and an embedding with a bias, without
  /// activation, and with a batch norm behind it: features for retrieval.
  bool features = false;
  Storage storage = Storage::single;

  constexpr bool operator==(const V2Options&) const = default;
};

/// PaddleClas' NET_CONFIG at scale 1.0: a stage's first block doubles the channels and has
/// stride 2.
struct V2Stage {
  int in, kernel;
  bool split_pointwise, squeeze_excite, shortcut;
};
inline constexpr V2Stage kV2Table[] = {
    // in, kernel, split pointwise, squeeze-excite, shortcut
    {64, 3, false, false, false},
    {128, 3, false, false, false},
    {256, 5, true, true, false},
    {512, 5, false, false, true},
};
inline constexpr int kV2StemChannels = 32;

/// A published size: its width, and how many blocks each stage has.
struct V2Size {
  std::string_view name;
  Scale scale;
  int depths[4];
};
inline constexpr V2Size kV2Sizes[] = {{"v2_small", Scale::x0_75, {2, 2, 4, 2}},
                                      {"v2_base", Scale::x1_0, {2, 2, 6, 2}},
                                      {"v2_large", Scale::x1_25, {2, 2, 8, 2}}};

/// PP-LCNet V2. Source: PaddleClas `pp_lcnet_v2.py`.
constexpr Architecture v2_architecture(V2 size, const V2Options& options) {
  const V2Size& published = kV2Sizes[static_cast<int>(size)];
  Architecture net;
  net.name = options.features ? "v2_base_features" : published.name;
  net.family = Family::v2;
  net.input = options.input;
  net.stem_channels = scaled(kV2StemChannels, published.scale);
  net.stem_activation = net.activation = Activation::relu;
  net.gate = Activation::sigmoid;
  // The stem's own block, then the stages; they are counted from 1 on.
  net.blocks[net.block_count++] = {
      1, 3, net.stem_channels, scaled(2 * kV2StemChannels, published.scale), 1, false};
  int stage = 2;
  for (const V2Stage& row : kV2Table) {
    const int in = scaled(row.in, published.scale), out = scaled(2 * row.in, published.scale);
    for (int i = 0; i < published.depths[stage - 2]; ++i) {
      Block block = {stage, row.kernel, i == 0 ? in : out, out, i == 0 ? 2 : 1, row.squeeze_excite};
      if (row.split_pointwise) block.expansion = out / 2;
      if (row.shortcut && i > 0) block.shortcut = Shortcut::input;
      if (options.features && row.shortcut) block.stride = 1;
      net.blocks[net.block_count++] = block;
    }
    ++stage;
  }
  net.head = options.head;
  net.head_bias = net.neck = options.features;
  net.head_activation = !options.features;
  net.dropout_percent = options.dropout_percent;
  net.classes = options.classes;
  net.storage = options.storage;
  return net;
}

/// PP-LCNet V2 as a definition for `Network`; checks the options.
template <V2 kSize, V2Options kOptions>
struct V2Definition {
  static_assert(kOptions.classes >= 0, "V2Options::classes: a number, or 0 for no classifier");
  static_assert(kOptions.input.height >= 1 && kOptions.input.width >= 1,
                "V2Options::input: height and width are at least 1");
  static_assert(kOptions.head >= 1, "V2Options::head: a width");
  static_assert(kOptions.dropout_percent >= 0 && kOptions.dropout_percent < 100,
                "V2Options::dropout_percent: from 0 to 99");
  static_assert(!kOptions.features || kOptions.classes == 0,
                "V2Options::features: there is no classifier behind them (classes = 0)");
  static constexpr Architecture architecture = v2_architecture(kSize, kOptions);
};

/// PP-LCNet V2. Checkpoints in training form (with branches) and in deployed form load alike.
template <V2 kSize, V2Options kOptions = V2Options{}>
using PPLCNetV2 = NetworkOf<V2Definition<kSize, kOptions>>;

/// PPLCNetV2_base_ShiTu (PaddleClas, general recognition): 512 features of a picture.
using PPLCNetV2Features =
    PPLCNetV2<V2::base, V2Options{.classes = 0, .head = 512, .features = true}>;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_FAMILY_V2_HPP
