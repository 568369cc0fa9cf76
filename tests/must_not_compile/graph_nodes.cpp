// A graph has room for so many operators.
// expect: Graph: at most Graph::kMaxNodes operators, which become at most Graph::kMaxLayers layers
// errors: 1
#include "graph.hpp"

using Net = Tiny<[](Graph& g, Value x) { return g.slice(x, 0, 8); },
                 [](Graph& g, Value x) {
                   for (int i = 0; i < Graph::kMaxNodes; ++i) x = g.slice(x, 0, 8);
                   return x;
                 }>;
static_assert(Net::parameter_count > 0);
