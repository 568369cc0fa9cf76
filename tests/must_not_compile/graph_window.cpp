// A window is no larger than the map and its padding.
// expect: Graph::conv, pool: kernels from 1 to 63, no larger than the padded input
// errors: 1
#include "graph.hpp"

using Net = Tiny<[](Graph& g, Value x) {
  return g.mean_pool(x, {.kernel = {3, 2}});
},
                 [](Graph& g, Value x) {
                   return g.mean_pool(x, {.kernel = {17, 2}});
                 }>;
static_assert(Net::parameter_count > 0);
