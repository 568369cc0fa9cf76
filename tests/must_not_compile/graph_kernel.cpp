// A kernel fits its padded map.
// expect: Graph::conv, pool: kernels from 1 to 63, no larger than the padded input
// errors: 1
#include "graph.hpp"

using Net = Tiny<[](Graph& g, Value x) { return g.conv(x, 8, {.kernel = 7}, "a"); },
                 [](Graph& g, Value x) { return g.conv(x, 8, {.kernel = 17, .padding = 0}, "a"); }>;
static_assert(Net::parameter_count > 0);
