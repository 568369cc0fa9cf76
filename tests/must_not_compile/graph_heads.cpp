// An attention reads queries, keys and values.
// expect: Graph::attention: a map of queries, keys and values, each for all heads
// errors: 1
#include "graph.hpp"

using Net = Tiny<[](Graph& g, Value x) { return g.attention(g.slice(x, 0, 12), 2); },
                 [](Graph& g, Value x) { return g.attention(x, 2); }>;
static_assert(Net::parameter_count > 0);
