#ifndef PPLCNET_FAMILY_V3_HPP
#define PPLCNET_FAMILY_V3_HPP

#include "pplcnet/architecture.hpp"
#include "pplcnet/network.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What PP-LCNet V3 is the backbone of: the strides and the answer differ.
enum class V3 : unsigned char { detection, recognition };

/// What a user chooses of the backbones of text detection and recognition, V3 and V4.
struct TextOptions {
  /// Height and width; 0: 640 × 640 for detection, 48 × 320 for recognition.
  Extent input = {0, 0};
  Storage storage = Storage::single;

  constexpr bool operator==(const TextOptions&) const = default;
};

/// Size of the pictures that the published text detectors and recognisers were trained on.
constexpr Extent text_input(const TextOptions& options, bool detection) {
  if (options.input != Extent{0, 0}) return options.input;
  return detection ? Extent{640, 640} : Extent{48, 320};
}

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
/// Widths, at scale 1.0, of the layers behind blocks3 … blocks6 that give a detector its maps.
inline constexpr int kV3DetectionWidths[] = {16, 24, 56, 480};

/// PP-LCNet V3. Source: PaddleOCR `rec_lcnetv3.py`. Every layer of a block has branches in
/// training, and a learnable scale and shift in front of its activation and behind it; a depthwise
/// layer with stride 2 in both directions has no activation.
constexpr Architecture v3_architecture(Scale scale, V3 task, const TextOptions& options) {
  const bool detection = task == V3::detection;
  Architecture net;
  net.name = detection ? "v3_detection" : "v3_recognition";
  net.family = Family::v3;
  net.input = text_input(options, detection);
  net.stem_channels = scaled(kV3StemChannels, scale, kV3Divisor);
  net.stem_activation = Activation::none;
  net.affine = true;
  for (const V3Row& row : kV3Table) {
    const Stride stride = detection ? row.detection : row.recognition;
    Block block = {row.stage,
                   row.kernel,
                   scaled(row.in, scale, kV3Divisor),
                   scaled(row.out, scale, kV3Divisor),
                   stride,
                   row.squeeze_excite};
    block.linear_depthwise = stride == Stride(2);
    net.blocks[net.block_count++] = block;
  }
  net.ending = detection ? Ending::maps : Ending::columns;
  for (int i = 0; i < 4 && detection; ++i)
    net.stage_heads[i + 1] = kV3DetectionWidths[i] * static_cast<int>(scale) / 100;
  net.head = net.classes = 0;
  net.storage = options.storage;
  return net;
}

/// PP-LCNet V3 as a definition for `Network`; checks the options.
template <Scale kScale, V3 kTask, TextOptions kOptions>
struct V3Definition {
  static_assert(static_cast<int>(kScale) >= 5 && static_cast<int>(kScale) <= 1000,
                "Scale: from x0.05 to x10");
  static_assert(kOptions.input.height >= 0 && kOptions.input.width >= 0,
                "TextOptions::input: height and width, or nothing for the usual ones");
  static constexpr Architecture architecture = v3_architecture(kScale, kTask, kOptions);
};

/// PP-LCNet V3, the backbone of PP-OCRv4's and v5's mobile text detection (x0.75: four maps, at
/// strides 4 to 32) and text recognition (x0.95: a sequence of columns). Checkpoints in training
/// form (with branches) and in deployed form load alike.
template <Scale kScale, V3 kTask, TextOptions kOptions = TextOptions{}>
using PPLCNetV3 = NetworkOf<V3Definition<kScale, kTask, kOptions>>;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_FAMILY_V3_HPP
