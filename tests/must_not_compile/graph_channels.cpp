// A layer has channels.
// expect: Graph: an operator gives from 1 to 32768 channels, a dense layer to 4194304
// errors: 1
#include "graph.hpp"

using Net = Tiny<[](Graph& g, Value x) { return g.conv(x, 1, {}, "a"); },
                 [](Graph& g, Value x) { return g.conv(x, 0, {}, "a"); }>;
static_assert(Net::parameter_count > 0);
