// A gate has a factor for each channel.
// expect: Graph::gate: a vector of as many factors as the map has channels
// errors: 1
#include "graph.hpp"

using Net =
    Tiny<[](Graph& g, Value x) { return g.gate(x, g.dense(g.global_mean(x), 16, {}, "a")); },
         [](Graph& g, Value x) { return g.gate(x, g.dense(g.global_mean(x), 4, {}, "a")); }>;
static_assert(Net::parameter_count > 0);
