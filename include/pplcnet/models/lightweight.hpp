#ifndef PPLCNET_MODELS_LIGHTWEIGHT_HPP
#define PPLCNET_MODELS_LIGHTWEIGHT_HPP

#include "pplcnet/models/imagenet.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/networks/ghostnet.hpp"
#include "pplcnet/networks/mobilenet_v1.hpp"
#include "pplcnet/networks/mobilenet_v2.hpp"
#include "pplcnet/networks/mobilenet_v3.hpp"
#include "pplcnet/networks/shufflenet_v2.hpp"

// The networks that the PP-LCNet paper compares itself with (table 3), as PaddleClas publishes
// them, and GhostNet. Top-1, parameters and FLOPs: PaddleClas' model list
// (docs/zh_CN/models/ImageNet1k/model_list.md).

namespace pplcnet::inline PPLCNET_ABI {
namespace models::lightweight {

struct MobileNetV1 {
  static constexpr Model model = imagenet_model("MobileNetV1", 70.99, 4.25, 578.88);
  static constexpr Graph graph() { return paddle_mobilenet_v1(); }
};

template <int kWidth>
struct MobileNetV2 {
  static constexpr Model model =
      kWidth == 25   ? imagenet_model("MobileNetV2_x0_25", 53.21, 1.53, 34.18)
      : kWidth == 50 ? imagenet_model("MobileNetV2_x0_5", 65.03, 1.98, 99.48)
                     : imagenet_model("MobileNetV2", 72.15, 3.54, 327.84);
  static constexpr Graph graph() { return paddle_mobilenet_v2({.width = kWidth}); }
};

struct MobileNetV3SmallX035 {
  static constexpr Model model = imagenet_model("MobileNetV3_small_x0_35", 53.03, 1.67, 14.56);
  static constexpr Graph graph() {
    return paddle_mobilenet_v3_small({.width = 35});
  }
};
struct MobileNetV3SmallX125 {
  static constexpr Model model = imagenet_model("MobileNetV3_small_x1_25", 70.67, 3.64, 100.07);
  static constexpr Graph graph() {
    return paddle_mobilenet_v3_small({.width = 125});
  }
};
struct MobileNetV3LargeX035 {
  static constexpr Model model = imagenet_model("MobileNetV3_large_x0_35", 64.32, 2.11, 40.90);
  static constexpr Graph graph() {
    return paddle_mobilenet_v3_large({.width = 35});
  }
};

template <int kWidth>
struct ShuffleNetV2 {
  static constexpr Model model = kWidth == 33
                                     ? imagenet_model("ShuffleNetV2_x0_33", 53.73, 0.65, 24.04)
                                     : imagenet_model("ShuffleNetV2_x0_5", 60.32, 1.37, 42.58);
  static constexpr Graph graph() { return paddle_shufflenet_v2({.width = kWidth}); }
};

template <int kWidth>
struct GhostNet {
  static constexpr Model model = kWidth == 50 ? imagenet_model("GhostNet_x0_5", 66.8, 2.60, 46.15)
                                              : imagenet_model("GhostNet_x1_0", 74.0, 5.21, 148.79);
  static constexpr Graph graph() { return paddle_ghostnet({.width = kWidth}); }
};

// NOLINTBEGIN(readability-identifier-naming): the names are those of the published models.
using MobileNetV1_x1_0 = NetworkOf<MobileNetV1>;
using MobileNetV2_x0_25 = NetworkOf<MobileNetV2<25>>;
using MobileNetV2_x0_5 = NetworkOf<MobileNetV2<50>>;
using MobileNetV2_x1_0 = NetworkOf<MobileNetV2<100>>;
using MobileNetV3_small_x0_35 = NetworkOf<MobileNetV3SmallX035>;
using MobileNetV3_small_x1_25 = NetworkOf<MobileNetV3SmallX125>;
using MobileNetV3_large_x0_35 = NetworkOf<MobileNetV3LargeX035>;
using ShuffleNetV2_x0_33 = NetworkOf<ShuffleNetV2<33>>;
using ShuffleNetV2_x0_5 = NetworkOf<ShuffleNetV2<50>>;
using GhostNet_x0_5 = NetworkOf<GhostNet<50>>;
using GhostNet_x1_0 = NetworkOf<GhostNet<100>>;
// NOLINTEND(readability-identifier-naming)

using Models = ModelList<MobileNetV1_x1_0, MobileNetV2_x0_25, MobileNetV2_x0_5, MobileNetV2_x1_0,
                         MobileNetV3_small_x0_35, MobileNetV3_small_x1_25, MobileNetV3_large_x0_35,
                         ShuffleNetV2_x0_33, ShuffleNetV2_x0_5, GhostNet_x0_5, GhostNet_x1_0>;

}  // namespace models::lightweight

namespace lightweight = models::lightweight;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_LIGHTWEIGHT_HPP
