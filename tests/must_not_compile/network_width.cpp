// A network that is published in a few widths comes in no other.
// expect: WidthOptions::width: in percent, one of those that the network comes in
// errors: 1
#include "pplcnet/network.hpp"
#include "pplcnet/networks/shufflenet_v2.hpp"

#ifdef MUST_NOT_COMPILE
constexpr int kWidth = 75;
#else
constexpr int kWidth = 50;
#endif

constexpr pplcnet::Graph small() {
  return pplcnet::torchvision_shufflenet_v2({.width = kWidth, .input = {64, 64}});
}
static_assert(pplcnet::Network<small>::parameter_count > 0);
