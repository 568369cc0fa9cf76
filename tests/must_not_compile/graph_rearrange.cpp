// Squares of pixels fill a map.
// expect: Graph::transpose: two axes; shuffle_blocks, space_to_rows, rows_to_space, depth_to_space
// errors: 1
#include "graph.hpp"

using Net = Tiny<[](Graph& g, Value x) { return g.space_to_rows(x, 4); },
                 [](Graph& g, Value x) { return g.space_to_rows(x, 3); }>;
static_assert(Net::parameter_count > 0);
