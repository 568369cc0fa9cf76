// Blocks that a softmax compares are equally large.
// expect: Graph::softmax: the number of blocks divides that of channels
// errors: 1
#include "graph.hpp"

using Net = Tiny<[](Graph& g, Value x) { return g.softmax(x, 4); },
                 [](Graph& g, Value x) { return g.softmax(x, 3); }>;
static_assert(Net::parameter_count > 0);
