#ifndef PPLCNET_MODELS_TIMM_MOBILEVIT_HPP
#define PPLCNET_MODELS_TIMM_MOBILEVIT_HPP

#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/imagenet_labels.hpp"
#include "pplcnet/models/published.hpp"
#include "pplcnet/networks/timm_mobilevit.hpp"

// MobileViT-S of timm, with the figures of its results-imagenet.csv; light_cnns' is another
// network.

namespace pplcnet::inline PPLCNET_ABI {
namespace models::timm {

inline constexpr Published kMobileVit[] = {{{.name = "timm_mobilevit_s",
                                             .preprocessing = timm_mobilevit(),
                                             .labels = kImageNetLabels,
                                             .top1 = 78.302,
                                             .parameters = 5.58},
                                            timm_mobilevit_s,
                                            100,
                                            {256, 256}}};

using mobilevit_s = NetworkOf<Row<kMobileVit, 0>>;  // NOLINT(readability-identifier-naming)

using MobileVitModels = RowsOf<kMobileVit>::List;

}  // namespace models::timm
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_TIMM_MOBILEVIT_HPP
