// Strides end at 32.
// expect: Graph::conv, pool: strides from 1 to 32
// errors: 1
#include "graph.hpp"

using Net = Tiny<[](Graph& g, Value x) { return g.max_pool(x, {.kernel = 3, .stride = 3}); },
                 [](Graph& g, Value x) { return g.max_pool(x, {.kernel = 3, .stride = 0}); }>;
static_assert(Net::parameter_count > 0);
