// Only maps of one shape have a sum.
// expect: Graph::add: both maps have the same shape
// errors: 1
#include "graph.hpp"

using Net = Tiny<[](Graph& g, Value x) { return g.add(x, g.depthwise(x, {.kernel = 3}, "a")); },
                 [](Graph& g, Value x) {
                   return g.add(x, g.depthwise(x, {.kernel = 3, .stride = 2}, "a"));
                 }>;
static_assert(Net::parameter_count > 0);
