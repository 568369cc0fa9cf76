#ifndef PPLCNET_MODELS_LCNET_BASELINE_HPP
#define PPLCNET_MODELS_LCNET_BASELINE_HPP

#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/imagenet_labels.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/models/pplcnet.hpp"

// PP-LCNet of the collection awesome_lightweight_networks (package light_cnns). No weights are
// published, its preprocessing is taken to be that of Paddle's.

namespace pplcnet::inline PPLCNET_ABI {
namespace models::light_cnns {

/// The network that light_cnns trains by this name.
struct LcnetBaseline : V1<Scale::x1_0, Options{.dialect = Dialect::light_cnns}> {
  static constexpr Model model = {
      .name = "lcnet_baseline", .preprocessing = paddle_imagenet(), .labels = kImageNetLabels};
};

using lcnet_baseline = NetworkOf<LcnetBaseline>;  // NOLINT(readability-identifier-naming)

}  // namespace models::light_cnns

namespace light_cnns = models::light_cnns;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_LCNET_BASELINE_HPP
