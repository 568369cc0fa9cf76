#ifndef PPLCNET_MODELS_LIGHT_CNNS_HPP
#define PPLCNET_MODELS_LIGHT_CNNS_HPP

#include <string_view>

#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/imagenet_labels.hpp"
#include "pplcnet/models/lcnet_baseline.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/models/published.hpp"
#include "pplcnet/networks/addernet.hpp"
#include "pplcnet/networks/espnet_v1.hpp"
#include "pplcnet/networks/espnet_v2.hpp"
#include "pplcnet/networks/googlenet.hpp"
#include "pplcnet/networks/inception_resnet_v2.hpp"
#include "pplcnet/networks/inception_v3.hpp"
#include "pplcnet/networks/inception_v4.hpp"
#include "pplcnet/networks/light_cnns_ghostnet.hpp"
#include "pplcnet/networks/light_cnns_mobilenet_v3.hpp"
#include "pplcnet/networks/light_cnns_shufflenet_v2.hpp"
#include "pplcnet/networks/mobilenet_v1.hpp"
#include "pplcnet/networks/mobilenet_v2.hpp"
#include "pplcnet/networks/mobilenet_v2_attention.hpp"
#include "pplcnet/networks/mobilenext.hpp"
#include "pplcnet/networks/mobilevit.hpp"
#include "pplcnet/networks/resnest.hpp"
#include "pplcnet/networks/resnet_d.hpp"
#include "pplcnet/networks/shufflenet_v1.hpp"
#include "pplcnet/networks/xception.hpp"

// Networks of the collection awesome_lightweight_networks (package light_cnns), by the names that
// it gives them. It publishes no weights. Where graph and names of tensors are those of timm or
// torchvision, which do, pictures are prepared as for theirs; otherwise as for Paddle's.

namespace pplcnet::inline PPLCNET_ABI {
namespace models::light_cnns {

constexpr Model light_cnns_model(std::string_view name,
                                 const Preprocessing& preprocessing = paddle_imagenet()) {
  return {.name = name, .preprocessing = preprocessing, .labels = kImageNetLabels};
}

/// The size of pictures for which weights of the last networks are published.
inline constexpr Extent kLarger = {299, 299};

inline constexpr Published kModels[] = {
    {light_cnns_model("mbv1"), light_cnns_mobilenet_v1},
    {light_cnns_model("mbv2"), light_cnns_mobilenet_v2},
    {light_cnns_model("mbv2_ca"), light_cnns_mobilenet_v2_ca},
    {light_cnns_model("mbv2_eca"), light_cnns_mobilenet_v2_eca},
    {light_cnns_model("mbv2_sa"), light_cnns_mobilenet_v2_sa},
    {light_cnns_model("mbv2_triplet"), light_cnns_mobilenet_v2_triplet},
    {light_cnns_model("mbv3_small"), light_cnns_mobilenet_v3_small},
    {light_cnns_model("mbv3_large"), light_cnns_mobilenet_v3_large},
    {light_cnns_model("mobilenext"), light_cnns_mobilenext},
    {light_cnns_model("shufflenetv1"), light_cnns_shufflenet_v1},
    {light_cnns_model("shufflenetv2"), light_cnns_shufflenet_v2, 150},
    {light_cnns_model("ghostnet", timm_bicubic()), light_cnns_ghostnet},
    {light_cnns_model("resnest50_v1b"), light_cnns_resnest50},
    {light_cnns_model("mobilevit_s"), light_cnns_mobilevit_s, 100, {256, 256}},
    {light_cnns_model("espnetv2"), light_cnns_espnet_v2},
    {light_cnns_model("resnet50_v1b", timm_bicubic()), resnet50_d},
    {light_cnns_model("googlenet"), light_cnns_googlenet},
    {light_cnns_model("inception_v2", timm_inception_333()), inception_resnet_v2, 100, kLarger},
    {light_cnns_model("inception_v3", torchvision_inception()), inception_v3, 100, kLarger},
    {light_cnns_model("inception_v4", timm_inception()), inception_v4, 100, kLarger},
    {light_cnns_model("xception", timm_inception_333()), xception, 100, kLarger},
};

// NOLINTBEGIN(readability-identifier-naming): the names are those of the collection.
using mbv1 = NetworkOf<Row<kModels, row_of(kModels, "mbv1")>>;
using mbv2 = NetworkOf<Row<kModels, row_of(kModels, "mbv2")>>;
using mbv2_ca = NetworkOf<Row<kModels, row_of(kModels, "mbv2_ca")>>;
using mbv2_eca = NetworkOf<Row<kModels, row_of(kModels, "mbv2_eca")>>;
using mbv2_sa = NetworkOf<Row<kModels, row_of(kModels, "mbv2_sa")>>;
using mbv2_triplet = NetworkOf<Row<kModels, row_of(kModels, "mbv2_triplet")>>;
using mbv3_small = NetworkOf<Row<kModels, row_of(kModels, "mbv3_small")>>;
using mbv3_large = NetworkOf<Row<kModels, row_of(kModels, "mbv3_large")>>;
using mobilenext = NetworkOf<Row<kModels, row_of(kModels, "mobilenext")>>;
using shufflenetv1 = NetworkOf<Row<kModels, row_of(kModels, "shufflenetv1")>>;
using shufflenetv2 = NetworkOf<Row<kModels, row_of(kModels, "shufflenetv2")>>;
using ghostnet = NetworkOf<Row<kModels, row_of(kModels, "ghostnet")>>;
using resnest50_v1b = NetworkOf<Row<kModels, row_of(kModels, "resnest50_v1b")>>;
using mobilevit_s = NetworkOf<Row<kModels, row_of(kModels, "mobilevit_s")>>;
using espnetv2 = NetworkOf<Row<kModels, row_of(kModels, "espnetv2")>>;
using resnet50_v1b = NetworkOf<Row<kModels, row_of(kModels, "resnet50_v1b")>>;
using googlenet = NetworkOf<Row<kModels, row_of(kModels, "googlenet")>>;
using inception_v2 = NetworkOf<Row<kModels, row_of(kModels, "inception_v2")>>;
using inception_v3 = NetworkOf<Row<kModels, row_of(kModels, "inception_v3")>>;
using inception_v4 = NetworkOf<Row<kModels, row_of(kModels, "inception_v4")>>;
using xception = NetworkOf<Row<kModels, row_of(kModels, "xception")>>;
// NOLINTEND(readability-identifier-naming)

/// Those that are not for ImageNet: for 10 classes of small pictures, and for segmentation.
constexpr Graph resnet20_of_adders() { return addernet_resnet20(); }
constexpr Graph espnet_of_20_classes() { return light_cnns_espnet_v1(); }
using resnet20 = Network<resnet20_of_adders>;    // NOLINT(readability-identifier-naming)
using espnetv1 = Network<espnet_of_20_classes>;  // NOLINT(readability-identifier-naming)

using Models = RowsOf<kModels>::List;

}  // namespace models::light_cnns
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_LIGHT_CNNS_HPP
