// Multiply-adds are counted in 64 bits.
// expect: Graph::conv: at most 2^52 multiply-adds
// errors: 1
#include "pplcnet/network.hpp"

template <int kSide>
constexpr pplcnet::Graph wide() {
  pplcnet::Graph g({kSide, kSide});
  const pplcnet::Value x = g.conv(g.image(), 1024, {}, "a");
  g.output(g.conv(x, 1024, {.kernel = 63}, "b"));
  return g;
}

#ifdef MUST_NOT_COMPILE
static_assert(pplcnet::Network<wide<2048>>::parameter_count > 0);
#else
static_assert(pplcnet::Network<wide<32>>::parameter_count > 0);
#endif
