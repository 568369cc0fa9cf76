// A workspace fits its network.
// expect: no matching function for call to
// expect: Scale::x0_5,
#include "pplcnet/models/pplcnet.hpp"

using Net = pplcnet::PPLCNet<pplcnet::Scale::x0_25>;
using Other = pplcnet::PPLCNet<pplcnet::Scale::x0_5>;

#ifdef MUST_NOT_COMPILE
using Workspace = Other::Workspace;
#else
using Workspace = Net::Workspace;
#endif

void classify(const Net::Weights& weights, Net::Image image, Workspace& workspace,
              Net::Logits& logits) {
  Net::forward(weights, image, workspace, logits);
}
