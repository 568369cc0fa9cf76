#ifndef PPLCNET_MODELS_TORCHVISION_GOOGLENET_HPP
#define PPLCNET_MODELS_TORCHVISION_GOOGLENET_HPP

#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/published.hpp"
#include "pplcnet/models/torchvision.hpp"
#include "pplcnet/networks/torchvision_googlenet.hpp"

// GoogLeNet of torchvision; light_cnns' is another network.

namespace pplcnet::inline PPLCNET_ABI {
namespace models::torchvision {

inline constexpr Published kGoogLeNet[] = {
    {torchvision_model("torchvision_googlenet", torchvision_inception(224, 224), 69.778, 6.624904,
                       1498),
     torchvision_googlenet}};

using googlenet = NetworkOf<Row<kGoogLeNet, 0>>;  // NOLINT(readability-identifier-naming)

using GoogLeNetModels = RowsOf<kGoogLeNet>::List;

}  // namespace models::torchvision
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_TORCHVISION_GOOGLENET_HPP
