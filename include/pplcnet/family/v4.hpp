#ifndef PPLCNET_FAMILY_V4_HPP
#define PPLCNET_FAMILY_V4_HPP

#include <string_view>

#include "pplcnet/architecture.hpp"
#include "pplcnet/family/v3.hpp"
#include "pplcnet/network.hpp"

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

/// A variant: the stem's channels inside and behind it, and its stages.
struct V4Variant {
  std::string_view name;
  Stem stem;
  int stem_middle, stem_channels;
  V4Stage stages[4];
};

/// PaddleOCR's NET_CONFIG_DET and NET_CONFIG_REC, by task and size. All kernels are 3×3, and all
/// blocks double their channels in between.
inline constexpr V4Variant kV4Table[2][3] = {
    {{"v4_detection_tiny",
      Stem::branches,
      16,
      32,
      {{32, 2, 1, 0b1}, {48, 3, 2, 0b10}, {64, 5, 2, 0b1010}, {160, 3, 2, 0b10}}},
     {"v4_detection_small",
      Stem::branches,
      24,
      48,
      {{48, 2, 1, 0b1}, {96, 3, 2, 0b10}, {192, 5, 2, 0b1010}, {384, 3, 2, 0b10}}},
     {"v4_detection_medium",
      Stem::branches,
      64,
      128,
      {{128, 2, 1, 0b1}, {256, 3, 2, 0b10}, {512, 5, 2, 0b1010}, {896, 3, 2, 0b10}}}},
    {{"v4_recognition_tiny",
      Stem::convolutions,
      24,
      48,
      {{48, 1, 1, 0b1}, {48, 1, 1, 0}, {96, 3, {2, 1}, 0b10}, {160, 4, {2, 1}, 0b10}}},
     {"v4_recognition_small",
      Stem::branches,
      48,
      96,
      {{96, 1, 1, 0b1}, {96, 2, 1, 0}, {192, 7, {2, 1}, 0b101010}, {384, 3, {2, 1}, 0b10}}},
     {"v4_recognition_medium",
      Stem::branches,
      64,
      128,
      {{128, 1, 1, 0b1}, {256, 3, 1, 0b100}, {512, 7, {2, 1}, 0b101010}, {768, 3, {2, 1}, 0b10}}}}};

/// PP-LCNet V4. Source: PaddleOCR `rec_lcnetv4.py`. A block whose shape does not change adds what
/// its pointwise layers read to what they give.
constexpr Architecture v4_architecture(Size size, V4 task, const TextOptions& options) {
  const V4Variant& variant = kV4Table[static_cast<int>(task)][static_cast<int>(size)];
  const bool detection = task == V4::detection;
  Architecture net;
  net.name = variant.name;
  net.family = Family::v4;
  net.input = text_input(options, detection);
  net.stem = variant.stem;
  net.stem_middle = variant.stem_middle;
  net.stem_channels = variant.stem_channels;
  net.activation = Activation::gelu;
  net.stem_activation = variant.stem == Stem::branches ? Activation::relu : Activation::gelu;
  int in = variant.stem_channels, stage = 2;
  for (const V4Stage& row : variant.stages) {
    for (int i = 0; i < row.blocks; ++i) {
      Block block = {
          stage, 3, in, row.out, i == 0 ? row.stride : 1, (row.squeeze_excite >> i & 1) != 0};
      block.expansion = 2 * in;
      block.linear_depthwise = block.linear_pointwise = true;
      if (block.stride == Stride(1) && block.in == block.out) block.shortcut = Shortcut::depthwise;
      net.blocks[net.block_count++] = block;
      in = row.out;
    }
    ++stage;
  }
  net.ending = detection ? Ending::maps : Ending::columns;
  net.head = net.classes = 0;
  net.storage = options.storage;
  return net;
}

/// PP-LCNet V4 as a definition for `Network`; checks the options.
template <Size kSize, V4 kTask, TextOptions kOptions>
struct V4Definition {
  static_assert(kOptions.input.height >= 0 && kOptions.input.width >= 0,
                "TextOptions::input: height and width, or nothing for the usual ones");
  static constexpr Architecture architecture = v4_architecture(kSize, kTask, kOptions);
};

/// PP-LCNet V4, the backbone of PP-OCRv6's text detection (four maps, at strides 4 to 32) and text
/// recognition (a sequence of columns). Checkpoints in training form (with branches) and in
/// deployed form load alike.
template <Size kSize, V4 kTask, TextOptions kOptions = TextOptions{}>
using PPLCNetV4 = NetworkOf<V4Definition<kSize, kTask, kOptions>>;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_FAMILY_V4_HPP
