// Dilations begin at 1.
// expect: Graph::conv: dilations from 1 to 1024
// errors: 1
#include "graph.hpp"

using Net = Tiny<[](Graph& g, Value x) { return g.depthwise(x, {.kernel = 3, .dilation = 2}); },
                 [](Graph& g, Value x) { return g.depthwise(x, {.kernel = 3, .dilation = 0}); }>;
static_assert(Net::parameter_count > 0);
