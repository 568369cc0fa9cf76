// A resized map has pixels.
// expect: Graph::resize: to a height and a width from 1 to 32768, at most 2^26 pixels
// errors: 1
#include "graph.hpp"

using pplcnet::Resampling;

using Net = Tiny<[](Graph& g, Value x) {
  return g.resize(x, {5, 7}, Resampling::bilinear);
},
                 [](Graph& g, Value x) {
                   return g.resize(x, {5, 0}, Resampling::bilinear);
                 }>;
static_assert(Net::parameter_count > 0);
