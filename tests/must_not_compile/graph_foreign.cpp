// A value of another graph is of no use.
// expect: Graph: an operator takes only values of the same graph
// errors: 1
#include "graph.hpp"

using Net = Tiny<[](Graph& g, Value x) {
  return g.concat({x, x});
},
                 [](Graph& g, Value x) {
                   const Graph other = g;
                   return g.concat({other.image(), x});
                 }>;
static_assert(Net::parameter_count > 0);
