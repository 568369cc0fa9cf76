#ifndef PPLCNET_MODELS_TEXT_HPP
#define PPLCNET_MODELS_TEXT_HPP

#include <string_view>

#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/models/pplcnet.hpp"

// The backbones of PaddleOCR's text detection and recognition: PP-OCRv4's and v5's mobile models
// (PP-LCNetV3) and PP-OCRv6's (PP-LCNetV4). Detectors and recognisers prepare pictures in ways of
// their own, which are not here: the preprocessing is a plain resize.

namespace pplcnet::inline PPLCNET_ABI {
namespace models::text {

/// PPLCNetV3 of PP-OCR, as published.
template <Scale kScale, V3 kTask>
struct V3Model : V3Definition<kScale, kTask, TextOptions{}> {
  static constexpr Extent kInput = text_input({}, kTask == V3::detection);
  static constexpr Model model = {
      .name = kTask == V3::detection ? "PPLCNetV3_x0_75_detection" : "PPLCNetV3_x0_95_recognition",
      .preprocessing = paddle_direct(kInput.height, kInput.width)};
};

/// PPLCNetV4 of PP-OCR, as published.
template <Size kSize, V4 kTask>
struct V4Model : V4Definition<kSize, kTask, TextOptions{}> {
  static constexpr std::string_view kNames[2][3] = {
      {"PPLCNetV4_tiny_detection", "PPLCNetV4_small_detection", "PPLCNetV4_medium_detection"},
      {"PPLCNetV4_tiny_recognition", "PPLCNetV4_small_recognition",
       "PPLCNetV4_medium_recognition"}};
  static constexpr Extent kInput = text_input({}, kTask == V4::detection);
  static constexpr Model model = {.name = kNames[static_cast<int>(kTask)][static_cast<int>(kSize)],
                                  .preprocessing = paddle_direct(kInput.height, kInput.width)};
};

// NOLINTBEGIN(readability-identifier-naming): the names are those of the published models.
using PPLCNetV3_x0_75_detection = NetworkOf<V3Model<Scale::x0_75, V3::detection>>;
using PPLCNetV3_x0_95_recognition = NetworkOf<V3Model<Scale::x0_95, V3::recognition>>;
using PPLCNetV4_tiny_detection = NetworkOf<V4Model<Size::tiny, V4::detection>>;
using PPLCNetV4_small_detection = NetworkOf<V4Model<Size::small, V4::detection>>;
using PPLCNetV4_medium_detection = NetworkOf<V4Model<Size::medium, V4::detection>>;
using PPLCNetV4_tiny_recognition = NetworkOf<V4Model<Size::tiny, V4::recognition>>;
using PPLCNetV4_small_recognition = NetworkOf<V4Model<Size::small, V4::recognition>>;
using PPLCNetV4_medium_recognition = NetworkOf<V4Model<Size::medium, V4::recognition>>;
// NOLINTEND(readability-identifier-naming)

using Models =
    ModelList<PPLCNetV3_x0_75_detection, PPLCNetV3_x0_95_recognition, PPLCNetV4_tiny_detection,
              PPLCNetV4_small_detection, PPLCNetV4_medium_detection, PPLCNetV4_tiny_recognition,
              PPLCNetV4_small_recognition, PPLCNetV4_medium_recognition>;

}  // namespace models::text

namespace text = models::text;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_TEXT_HPP
