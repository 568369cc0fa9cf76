#ifndef PPLCNET_MODELS_TORCHVISION_HPP
#define PPLCNET_MODELS_TORCHVISION_HPP

#include <string_view>

#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/imagenet_labels.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/models/published.hpp"
#include "pplcnet/networks/mobilenet_v2.hpp"
#include "pplcnet/networks/shufflenet_v2.hpp"
#include "pplcnet/networks/torchvision_mobilenet_v3.hpp"

// MobileNet V2 and V3 and ShuffleNetV2 of torchvision, with its default weights for ImageNet.

namespace pplcnet::inline PPLCNET_ABI {
namespace models::torchvision {

/// Returns what torchvision says of weights: `acc@1`, `num_params` in millions, and `_ops`, which
/// are multiply-adds, in millions.
constexpr Model torchvision_model(std::string_view name, const Preprocessing& preprocessing,
                                  double top1, double parameters, double multiply_adds) {
  return {.name = name,
          .preprocessing = preprocessing,
          .labels = kImageNetLabels,
          .top1 = top1,
          .parameters = parameters,
          .flops = multiply_adds};
}

inline constexpr Published kModels[] = {
    {torchvision_model("mobilenet_v2", torchvision_232(), 72.154, 3.504872, 301),
     torchvision_mobilenet_v2, 100},
    {torchvision_model("mobilenet_v3_small", timm_bilinear(), 67.668, 2.542856, 57),
     torchvision_mobilenet_v3_small, 100},
    {torchvision_model("mobilenet_v3_large", torchvision_232(), 75.274, 5.483032, 217),
     torchvision_mobilenet_v3_large, 100},
    {torchvision_model("shufflenet_v2_x0_5", timm_bilinear(), 60.552, 1.366792, 40),
     torchvision_shufflenet_v2, 50},
    {torchvision_model("shufflenet_v2_x1_0", timm_bilinear(), 69.362, 2.278604, 145),
     torchvision_shufflenet_v2, 100},
    {torchvision_model("shufflenet_v2_x1_5", torchvision_232(), 72.996, 3.503624, 296),
     torchvision_shufflenet_v2, 150},
    {torchvision_model("shufflenet_v2_x2_0", torchvision_232(), 76.230, 7.393996, 583),
     torchvision_shufflenet_v2, 200},
};

// NOLINTBEGIN(readability-identifier-naming): the names are those of the published models.
using mobilenet_v2 = NetworkOf<Row<kModels, row_of(kModels, "mobilenet_v2")>>;
using mobilenet_v3_small = NetworkOf<Row<kModels, row_of(kModels, "mobilenet_v3_small")>>;
using mobilenet_v3_large = NetworkOf<Row<kModels, row_of(kModels, "mobilenet_v3_large")>>;
using shufflenet_v2_x0_5 = NetworkOf<Row<kModels, row_of(kModels, "shufflenet_v2_x0_5")>>;
using shufflenet_v2_x1_0 = NetworkOf<Row<kModels, row_of(kModels, "shufflenet_v2_x1_0")>>;
using shufflenet_v2_x1_5 = NetworkOf<Row<kModels, row_of(kModels, "shufflenet_v2_x1_5")>>;
using shufflenet_v2_x2_0 = NetworkOf<Row<kModels, row_of(kModels, "shufflenet_v2_x2_0")>>;
// NOLINTEND(readability-identifier-naming)

using Models = RowsOf<kModels>::List;

}  // namespace models::torchvision

namespace torchvision = models::torchvision;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_TORCHVISION_HPP
