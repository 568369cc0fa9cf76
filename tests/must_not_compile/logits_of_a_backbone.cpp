// A backbone has no logits, only maps.
// expect: forward: the network has no classifier; ask for its features
#include <memory>

#include "pplcnet/models/pplcnet.hpp"

using Net = pplcnet::PPLCNetBackbone<pplcnet::Scale::x0_25>;

void run(const Net::Weights& weights, Net::Image image, Net::Workspace& workspace) {
#ifdef MUST_NOT_COMPILE
  Net::Logits logits;
  Net::forward(weights, image, workspace, logits);
#else
  Net::features(weights, image, workspace, {});
#endif
}
