// Weights fit the network that they were loaded for.
// expect: no matching function for call to
// expect: Scale::x0_5,
#include "pplcnet/models/pplcnet.hpp"

using Net = pplcnet::PPLCNet<pplcnet::Scale::x0_25>;
using Other = pplcnet::PPLCNet<pplcnet::Scale::x0_5>;

#ifdef MUST_NOT_COMPILE
using Weights = Other::Weights;
#else
using Weights = Net::Weights;
#endif

void classify(const Weights& weights, Net::Image image, Net::Workspace& workspace,
              Net::Logits& logits) {
  Net::forward(weights, image, workspace, logits);
}
