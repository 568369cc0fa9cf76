// Dropout leaves something.
// expect: Graph::conv, dense: percents from 1 to 100
// errors: 1
#include "pplcnet/network.hpp"
#include "pplcnet/networks/pplcnet_v1.hpp"

constexpr pplcnet::Graph own() {
#ifdef MUST_NOT_COMPILE
  return pplcnet_v1(pplcnet::Scale::x0_25, {.dropout_percent = 100});
#else
  return pplcnet_v1(pplcnet::Scale::x0_25, {.dropout_percent = 99});
#endif
}
static_assert(pplcnet::Network<own>::parameter_count > 0);
