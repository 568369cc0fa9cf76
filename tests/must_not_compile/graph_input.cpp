// A picture has pixels, and not too many.
// expect: Graph: the picture has a height and a width from 1 to 32768
// errors: 1
#include "pplcnet/network.hpp"
#include "pplcnet/networks/pplcnet_v1.hpp"

constexpr pplcnet::Graph own() {
#ifdef MUST_NOT_COMPILE
  return pplcnet_v1(pplcnet::Scale::x0_25, {.input = {32768, 32768}});
#else
  return pplcnet_v1(pplcnet::Scale::x0_25, {.input = {32, 32}});
#endif
}
static_assert(pplcnet::Network<own>::parameter_count > 0);
