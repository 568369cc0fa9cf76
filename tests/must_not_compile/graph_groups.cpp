// Groups are one, or one for each channel.
// expect: Graph::conv: at most Graph::kMaxParts groups of equally many channels
// errors: 1
#include "graph.hpp"

using Net = Tiny<[](Graph& g, Value x) { return g.conv(x, 16, {.kernel = 3, .groups = 16}, "a"); },
                 [](Graph& g, Value x) { return g.conv(x, 16, {.kernel = 3, .groups = 3}, "a"); }>;
static_assert(Net::parameter_count > 0);
