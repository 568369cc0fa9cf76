// A picture has the size that the network was made for.
// expect: 110592
// expect: 150528
#include "pplcnet/models/pplcnet.hpp"

using Net = pplcnet::PPLCNet<pplcnet::Scale::x0_25>;

#ifdef MUST_NOT_COMPILE
using Image = std::span<const float, 3 * 192 * 192>;
#else
using Image = std::span<const float, 3 * 224 * 224>;
#endif

void classify(const Net::Weights& weights, Image image, Net::Workspace& workspace,
              Net::Logits& logits) {
  Net::forward(weights, image, workspace, logits);
}
