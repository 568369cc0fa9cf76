// Groups of a shuffle are equally large.
// expect: Graph::shuffle: the number of groups divides that of channels
// errors: 1
#include "graph.hpp"

using Net = Tiny<[](Graph& g, Value x) { return g.shuffle(x, 4); },
                 [](Graph& g, Value x) { return g.shuffle(x, 3); }>;
static_assert(Net::parameter_count > 0);
