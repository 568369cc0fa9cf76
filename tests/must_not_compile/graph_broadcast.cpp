// A map is multiplied by one that has as many rows, columns and channels, or one.
// expect: Graph::multiply: along each axis as many factors as the map has, or one
// errors: 1
#include "graph.hpp"

using Net = Tiny<[](Graph& g, Value x) { return g.multiply(x, g.slice(x, 0, 1)); },
                 [](Graph& g, Value x) { return g.multiply(x, g.slice(x, 0, 2)); }>;
static_assert(Net::parameter_count > 0);
