// There is a logit for each class.
// expect: no matching function for call to
// expect: array<float, 10>
#include "pplcnet/models/pplcnet.hpp"

using Net = pplcnet::PPLCNet<pplcnet::Scale::x0_25>;

#ifdef MUST_NOT_COMPILE
using Logits = std::array<float, 10>;
#else
using Logits = std::array<float, 1000>;
#endif

void classify(const Net::Weights& weights, Net::Image image, Net::Workspace& workspace,
              Logits& logits) {
  Net::forward(weights, image, workspace, logits);
}
