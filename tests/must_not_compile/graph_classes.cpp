// Classes are counted in an int with room to spare.
// expect: Graph: an operator gives from 1 to 32768 channels, a dense layer to
// errors: 1
#include "pplcnet/network.hpp"
#include "pplcnet/networks/pplcnet_v1.hpp"

constexpr pplcnet::Graph own() {
#ifdef MUST_NOT_COMPILE
  return pplcnet_v1(pplcnet::Scale::x0_25, {.classes = 2000000000});
#else
  return pplcnet_v1(pplcnet::Scale::x0_25, {.classes = 2});
#endif
}
static_assert(pplcnet::Network<own>::parameter_count > 0);
