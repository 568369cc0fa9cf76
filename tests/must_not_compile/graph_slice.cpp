// A slice is a part of a map.
// expect: Graph::slice: channels that the map has
// errors: 1
#include "graph.hpp"

using Net = Tiny<[](Graph& g, Value x) { return g.slice(x, 8, 8); },
                 [](Graph& g, Value x) { return g.slice(x, 12, 8); }>;
static_assert(Net::parameter_count > 0);
