#ifndef PPLCNET_MODELS_LIGHTWEIGHT_HPP
#define PPLCNET_MODELS_LIGHTWEIGHT_HPP

#include <cstddef>

#include "pplcnet/models/imagenet.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/models/published.hpp"
#include "pplcnet/networks/ghostnet.hpp"
#include "pplcnet/networks/mobilenet_v1.hpp"
#include "pplcnet/networks/paddle_mobilenet_v2.hpp"
#include "pplcnet/networks/paddle_mobilenet_v3.hpp"
#include "pplcnet/networks/shufflenet_v2.hpp"

// MobileNet V1 to V3, ShuffleNetV2 and GhostNet as PaddleClas publishes them.

namespace pplcnet::inline PPLCNET_ABI {
namespace models::lightweight {

/// Top-1, parameters and FLOPs of PaddleClas' model list (docs/zh_CN/models/ImageNet1k/
/// model_list.md). Weights with `_ssld` are others of the same network, by distillation. The list's
/// ShuffleNetV2_x2_0 is left out: its figures are those of 224 channels in the first stage, where
/// the code has 244.
inline constexpr Published kPaddleModels[] = {
    {imagenet_model("MobileNetV1_x0_25", 51.43, 0.48, 43.56), paddle_mobilenet_v1, 25},
    {imagenet_model("MobileNetV1_x0_5", 63.52, 1.34, 154.57), paddle_mobilenet_v1, 50},
    {imagenet_model("MobileNetV1_x0_75", 68.81, 2.60, 333.00), paddle_mobilenet_v1, 75},
    {imagenet_model("MobileNetV1", 70.99, 4.25, 578.88), paddle_mobilenet_v1, 100},
    {imagenet_model("MobileNetV1_ssld", 77.89, 4.25, 578.88), paddle_mobilenet_v1, 100},
    {imagenet_model("MobileNetV2_x0_25", 53.21, 1.53, 34.18), paddle_mobilenet_v2, 25},
    {imagenet_model("MobileNetV2_x0_5", 65.03, 1.98, 99.48), paddle_mobilenet_v2, 50},
    {imagenet_model("MobileNetV2_x0_75", 69.83, 2.65, 197.37), paddle_mobilenet_v2, 75},
    {imagenet_model("MobileNetV2", 72.15, 3.54, 327.84), paddle_mobilenet_v2, 100},
    {imagenet_model("MobileNetV2_x1_5", 74.12, 6.90, 702.35), paddle_mobilenet_v2, 150},
    {imagenet_model("MobileNetV2_x2_0", 75.23, 11.33, 1217.25), paddle_mobilenet_v2, 200},
    {imagenet_model("MobileNetV2_ssld", 76.74, 3.54, 327.84), paddle_mobilenet_v2, 100},
    {imagenet_model("MobileNetV3_small_x0_35", 53.03, 1.67, 14.56), paddle_mobilenet_v3_small, 35},
    {imagenet_model("MobileNetV3_small_x0_5", 59.21, 1.91, 22.60), paddle_mobilenet_v3_small, 50},
    {imagenet_model("MobileNetV3_small_x0_75", 66.02, 2.38, 46.02), paddle_mobilenet_v3_small, 75},
    {imagenet_model("MobileNetV3_small_x1_0", 68.24, 2.95, 63.67), paddle_mobilenet_v3_small, 100},
    {imagenet_model("MobileNetV3_small_x1_25", 70.67, 3.64, 100.07), paddle_mobilenet_v3_small,
     125},
    {imagenet_model("MobileNetV3_small_x0_35_ssld", 55.55, 1.67, 14.56), paddle_mobilenet_v3_small,
     35},
    {imagenet_model("MobileNetV3_small_x1_0_ssld", 71.29, 2.95, 63.67), paddle_mobilenet_v3_small,
     100},
    {imagenet_model("MobileNetV3_large_x0_35", 64.32, 2.11, 40.90), paddle_mobilenet_v3_large, 35},
    {imagenet_model("MobileNetV3_large_x0_5", 69.24, 2.69, 71.83), paddle_mobilenet_v3_large, 50},
    {imagenet_model("MobileNetV3_large_x0_75", 73.14, 3.93, 151.70), paddle_mobilenet_v3_large, 75},
    {imagenet_model("MobileNetV3_large_x1_0", 75.32, 5.50, 229.66), paddle_mobilenet_v3_large, 100},
    {imagenet_model("MobileNetV3_large_x1_25", 76.41, 7.47, 362.70), paddle_mobilenet_v3_large,
     125},
    {imagenet_model("MobileNetV3_large_x1_0_ssld", 78.96, 5.50, 229.66), paddle_mobilenet_v3_large,
     100},
    {imagenet_model("ShuffleNetV2_x0_25", 49.90, 0.61, 18.95), paddle_shufflenet_v2, 25},
    {imagenet_model("ShuffleNetV2_x0_33", 53.73, 0.65, 24.04), paddle_shufflenet_v2, 33},
    {imagenet_model("ShuffleNetV2_x0_5", 60.32, 1.37, 42.58), paddle_shufflenet_v2, 50},
    {imagenet_model("ShuffleNetV2", 68.80, 2.29, 148.86), paddle_shufflenet_v2, 100},
    {imagenet_model("ShuffleNetV2_x1_5", 71.63, 3.53, 301.35), paddle_shufflenet_v2, 150},
    {imagenet_model("GhostNet_x0_5", 66.88, 2.60, 46.15), paddle_ghostnet, 50},
    {imagenet_model("GhostNet_x1_0", 74.02, 5.21, 148.78), paddle_ghostnet, 100},
    {imagenet_model("GhostNet_x1_3", 75.79, 7.38, 236.89), paddle_ghostnet, 130},
    {imagenet_model("GhostNet_x1_3_ssld", 79.38, 7.38, 236.89), paddle_ghostnet, 130},
};

template <std::size_t kRow>
using PaddleModel = NetworkOf<Row<kPaddleModels, kRow>>;

// NOLINTBEGIN(readability-identifier-naming): the names are those of the published models.
using MobileNetV1_x0_25 = PaddleModel<row_of(kPaddleModels, "MobileNetV1_x0_25")>;
using MobileNetV1_x0_5 = PaddleModel<row_of(kPaddleModels, "MobileNetV1_x0_5")>;
using MobileNetV1_x0_75 = PaddleModel<row_of(kPaddleModels, "MobileNetV1_x0_75")>;
using MobileNetV1_x1_0 = PaddleModel<row_of(kPaddleModels, "MobileNetV1")>;
using MobileNetV1_ssld = PaddleModel<row_of(kPaddleModels, "MobileNetV1_ssld")>;
using MobileNetV2_x0_25 = PaddleModel<row_of(kPaddleModels, "MobileNetV2_x0_25")>;
using MobileNetV2_x0_5 = PaddleModel<row_of(kPaddleModels, "MobileNetV2_x0_5")>;
using MobileNetV2_x0_75 = PaddleModel<row_of(kPaddleModels, "MobileNetV2_x0_75")>;
using MobileNetV2_x1_0 = PaddleModel<row_of(kPaddleModels, "MobileNetV2")>;
using MobileNetV2_x1_5 = PaddleModel<row_of(kPaddleModels, "MobileNetV2_x1_5")>;
using MobileNetV2_x2_0 = PaddleModel<row_of(kPaddleModels, "MobileNetV2_x2_0")>;
using MobileNetV2_ssld = PaddleModel<row_of(kPaddleModels, "MobileNetV2_ssld")>;
using MobileNetV3_small_x0_35 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_small_x0_35")>;
using MobileNetV3_small_x0_5 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_small_x0_5")>;
using MobileNetV3_small_x0_75 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_small_x0_75")>;
using MobileNetV3_small_x1_0 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_small_x1_0")>;
using MobileNetV3_small_x1_25 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_small_x1_25")>;
using MobileNetV3_small_x0_35_ssld =
    PaddleModel<row_of(kPaddleModels, "MobileNetV3_small_x0_35_ssld")>;
using MobileNetV3_small_x1_0_ssld =
    PaddleModel<row_of(kPaddleModels, "MobileNetV3_small_x1_0_ssld")>;
using MobileNetV3_large_x0_35 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_large_x0_35")>;
using MobileNetV3_large_x0_5 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_large_x0_5")>;
using MobileNetV3_large_x0_75 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_large_x0_75")>;
using MobileNetV3_large_x1_0 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_large_x1_0")>;
using MobileNetV3_large_x1_25 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_large_x1_25")>;
using MobileNetV3_large_x1_0_ssld =
    PaddleModel<row_of(kPaddleModels, "MobileNetV3_large_x1_0_ssld")>;
using ShuffleNetV2_x0_25 = PaddleModel<row_of(kPaddleModels, "ShuffleNetV2_x0_25")>;
using ShuffleNetV2_x0_33 = PaddleModel<row_of(kPaddleModels, "ShuffleNetV2_x0_33")>;
using ShuffleNetV2_x0_5 = PaddleModel<row_of(kPaddleModels, "ShuffleNetV2_x0_5")>;
using ShuffleNetV2_x1_0 = PaddleModel<row_of(kPaddleModels, "ShuffleNetV2")>;
using ShuffleNetV2_x1_5 = PaddleModel<row_of(kPaddleModels, "ShuffleNetV2_x1_5")>;
using GhostNet_x0_5 = PaddleModel<row_of(kPaddleModels, "GhostNet_x0_5")>;
using GhostNet_x1_0 = PaddleModel<row_of(kPaddleModels, "GhostNet_x1_0")>;
using GhostNet_x1_3 = PaddleModel<row_of(kPaddleModels, "GhostNet_x1_3")>;
using GhostNet_x1_3_ssld = PaddleModel<row_of(kPaddleModels, "GhostNet_x1_3_ssld")>;
// NOLINTEND(readability-identifier-naming)

using Models = RowsOf<kPaddleModels>::List;

}  // namespace models::lightweight

namespace lightweight = models::lightweight;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_LIGHTWEIGHT_HPP
